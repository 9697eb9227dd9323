"""The parts of Freshdesk's answers that we read (freshdesk-api 4.1, 5.1, 5.4, 6).

Unknown keys are ignored and a list may be null (freshdesk-api 7, 21); what we rely on has its type.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AliasChoices,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
)


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC)


def _listed(value: object) -> object:
    return [] if value is None else value


def _mapped(value: object) -> object:
    return {} if value is None else value


def _embedded(value: object) -> object:
    """Nobody and no company may be embedded as an empty object."""
    return value or None


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")


class Attachment(_Part):
    """A file; its address is presigned and dies after five minutes."""

    id: int
    name: str
    content_type: str | None = None
    size: int | None = Field(None, validation_alias=AliasChoices("size", "file_size"))
    attachment_url: str | None = Field(None, repr=False)


Attachments = Annotated[list[Attachment], BeforeValidator(_listed)]
Moment = Annotated[AwareDatetime, AfterValidator(_utc)]
Words = Annotated[list[str], BeforeValidator(_listed)]


class Contact(_Part):
    """A person: an embedded requester, a contact, or the person that an agent is."""

    id: int
    name: str | None = None
    email: str | None = None


class Profile(_Part):
    """What is said about the person behind an agent."""

    name: str | None = None
    email: str | None = None


class Agent(_Part):
    """An agent; the id is the same number as in `user_id` and `responder_id`."""

    id: int
    contact: Profile


class Company(_Part):
    """A customer organisation as a ticket embeds it."""

    id: int
    name: str | None = None


class Ticket(_Part):
    """A ticket as the single view and the answers to writes show it."""

    id: int
    subject: str | None = None
    description: str | None = Field(None, repr=False)
    status: int
    priority: int
    source: int | None = None
    type: str | None = None
    requester_id: int | None = None
    responder_id: int | None = None
    company_id: int | None = None
    tags: Words = Field(default_factory=list)
    custom_fields: Annotated[dict[str, Any], BeforeValidator(_mapped)] = Field(default_factory=dict)
    attachments: Attachments = Field(default_factory=list)
    due_by: Moment | None = None
    fr_due_by: Moment | None = None
    spam: bool | None = None
    deleted: bool | None = None
    created_at: Moment
    updated_at: Moment
    requester: Annotated[Contact | None, BeforeValidator(_embedded)] = None
    company: Annotated[Company | None, BeforeValidator(_embedded)] = None


class Row(_Part):
    """A ticket as a list shows it; the description is there only when it was asked for."""

    id: int
    updated_at: Moment
    description: str | None = Field(None, repr=False)


class Conversation(_Part):
    """A reply, note, forward or customer message."""

    id: int
    body: str | None = Field(None, repr=False)
    incoming: bool | None = None
    private: bool | None = None
    user_id: int | None = None
    source: int | None = None
    category: int | None = None
    auto_response: bool | None = None
    automation_id: int | None = None
    attachments: Attachments = Field(default_factory=list)
    created_at: Moment
    last_edited_at: Moment | None = None


class TicketField(_Part):
    """A field of the account's ticket form; `choices` has a shape of its own for each type."""

    id: int
    name: str
    label: str | None = None
    type: str
    required_for_agents: bool | None = None
    required_for_closure: bool | None = None
    archived: bool | None = None
    choices: Any = None


class Accepted(_Part):
    """The answer to a bulk call: the job that will do it."""

    job_id: str | int


class Job(_Part):
    """How far a job is."""

    status: str
