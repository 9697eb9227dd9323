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
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise ValueError("this is before or after all time") from None


def _listed(value: object) -> object:
    return [] if value is None else value


def _mapped(value: object) -> object:
    return {} if value is None else value


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
    """A person who is no agent."""

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
    group_ids: Annotated[list[int], BeforeValidator(_listed)] = Field(default_factory=list)
    deactivated: bool | None = None
    signature: str | None = Field(default=None, repr=False)
    """HTML; Freshdesk's editor puts it below what the agent writes (freshdesk-api 6.3)."""


class Company(_Part):
    """A customer organisation."""

    id: int
    name: str | None = None
    domains: Words = Field(default_factory=list)


class Companies(_Part):
    """What looking companies up by the beginning of a name finds."""

    companies: Annotated[list[Company], BeforeValidator(_listed)]


class Stats(_Part):
    """When what last happened to a ticket: only where it was asked for, and each may be missing (7)."""

    status_updated_at: Moment | None = None
    resolved_at: Moment | None = None
    closed_at: Moment | None = None


class Ticket(_Part):
    """A ticket as the single view and the answers to writes show it."""

    id: int
    subject: str | None = None
    description: str | None = Field(None, repr=False)
    description_text: str | None = Field(None, repr=False)
    status: int
    priority: int
    source: int | None = None
    type: str | None = None
    requester_id: int | None = None
    responder_id: int | None = None
    group_id: int | None = None
    company_id: int | None = None
    tags: Words = Field(default_factory=list)
    custom_fields: Annotated[dict[str, Any], BeforeValidator(_mapped)] = Field(default_factory=dict)
    attachments: Attachments = Field(default_factory=list)
    due_by: Moment | None = None
    fr_due_by: Moment | None = None
    cc_emails: Words = Field(default_factory=list, repr=False)
    association_type: int | None = None
    associated_tickets_list: Annotated[list[int], BeforeValidator(_listed)] = Field(default_factory=list)
    spam: bool | None = None
    deleted: bool | None = None
    archived: bool | None = None
    stats: Stats | None = None
    created_at: Moment
    updated_at: Moment


class Row(_Part):
    """A ticket as a list shows it; the description is there only when it was asked for."""

    id: int
    updated_at: Moment
    created_at: Moment | None = None
    status: int | None = None
    company_id: int | None = None
    description: str | None = Field(None, repr=False)


class Listed(Row):
    """A row with what tells tickets apart, for counting them."""

    status: int
    priority: int
    type: str | None = None
    requester_id: int | None = None
    responder_id: int | None = None
    company_id: int | None = None
    tags: Words = Field(default_factory=list)
    custom_fields: Annotated[dict[str, Any], BeforeValidator(_mapped)] = Field(default_factory=dict)
    created_at: Moment


class Conversation(_Part):
    """A reply, note, forward or customer message."""

    id: int
    body: str | None = Field(None, repr=False)
    body_text: str | None = Field(None, repr=False)
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


class Short(_Part):
    """A ticket as associations show it."""

    id: int


class Associated(_Part):
    """The tickets that are tied to one."""

    tickets: Annotated[list[Short], BeforeValidator(_listed)]


class Watchers(_Part):
    """The agents who watch a ticket."""

    watcher_ids: Annotated[list[int], BeforeValidator(_listed)]


class TimeEntry(_Part):
    """Booked work; the minutes stand in one or both of two forms."""

    id: int
    agent_id: int | None = None
    billable: bool | None = None
    note: str | None = Field(None, repr=False)
    timer_running: bool | None = None
    time_spent: str | None = None
    time_spent_in_seconds: int | None = None
    executed_at: Moment | None = None
    created_at: Moment


class Rating(_Part):
    """What a customer answered to a survey; its questions have ids of their own."""

    id: int
    ticket_id: int | None = None
    user_id: int | None = None
    feedback: str | None = Field(None, repr=False)
    ratings: Annotated[dict[str, int], BeforeValidator(_mapped)] = Field(default_factory=dict)
    created_at: Moment


class Rule(_Part):
    """An automation rule, as far as a webhook needs it; what it holds is compared, never relied on."""

    id: int
    name: str | None = None
    active: bool | None = None
    performer: Any = None
    events: Any = None
    conditions: Any = Field(None, repr=False)
    actions: Any = Field(None, repr=False)


class Rules(_Part):
    """The automation rules of one type."""

    rules: Annotated[list[Rule], BeforeValidator(_listed)]


class Level(_Part):
    """A lower level of a dependent field: a field of its own."""

    name: str
    label: str | None = None
    level: int


class TicketField(_Part):
    """A field of the account's ticket form; `choices` has a shape of its own for each type."""

    id: int
    name: str
    label: str | None = None
    type: str
    required_for_agents: bool | None = None
    required_for_closure: bool | None = None
    displayed_to_customers: bool | None = None
    archived: bool | None = None
    choices: Any = None
    nested_ticket_fields: Annotated[list[Level], BeforeValidator(_listed)] = Field(default_factory=list)


class Accepted(_Part):
    """The answer to a bulk call: the job that will do it."""

    job_id: str | int


class Job(_Part):
    """How far a job is."""

    status: str
