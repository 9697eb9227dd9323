"""The parts of Jira Service Management's answers that are read (jira-api 8); see `wire`."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from connectors.jira.wire import Id, Many, Payload, User, ValuePage


class Organisation(Payload):
    """A customer organisation."""

    id: Id
    name: str


class OrganisationPage(ValuePage):
    """A page of them; never a total."""

    values: Many[Organisation]


class ParticipantPage(ValuePage):
    """A page of those who take part in a request."""

    values: Many[User]


class RequestField(Payload):
    """A field of a request type's form."""

    id: str = Field(alias="fieldId")
    name: str = ""
    required: bool = False
    visible: bool = True
    """Whether the customer sees it; hidden ones are listed on demand only."""
    defaults: Many[Any] = Field([], alias="defaultValues")
    presets: Many[Any] = Field([], alias="presetValues")


class RequestForm(Payload):
    """A request type's form."""

    fields: Many[RequestField] = Field(alias="requestTypeFields")


class RequestType(Payload):
    """A kind of request; one in no group is on no portal (8.1)."""

    id: Id
    name: str = ""
    kind: Id = Field("", alias="issueTypeId")
    """The issue type of its requests."""
    groups: Many[Any] = Field([], alias="groupIds")
    portal: Id = Field("", alias="portalId")
    form: RequestForm | None = Field(None, alias="fields")
    """Where it came along (``expand=field``)."""


class RequestTypePage(ValuePage):
    """A page of a desk's request types."""

    values: Many[RequestType]


class Request(Payload):
    """What making a request answers."""

    id: Id = Field(alias="issueId")


class Remark(Payload):
    """A customer's words about a rating."""

    body: str = ""


class Feedback(Payload):
    """A customer's rating, one to five; without one, Jira tells none."""

    type: str = ""
    rating: int | None = Field(None, ge=0, le=100)
    remark: Remark | None = Field(None, alias="comment")


class Temporary(Payload):
    """A file that waits to be attached."""

    id: str = Field(alias="temporaryAttachmentId")
    name: str = Field("", alias="fileName")


class Temporaries(Payload):
    """What uploading one answers."""

    files: Many[Temporary] = Field(alias="temporaryAttachments")


class SharedComment(Payload):
    """The comment that comes with shown files."""

    id: Id


class Shared(Payload):
    """What showing files to the customer answers."""

    comment: SharedComment


class Hooked(Payload):
    """A webhook that an administrator made (jira-api 9.1); its secret is never told."""

    self: str = ""
    name: str = ""
    url: str = ""
    description: str | None = None
    enabled: bool = True
    signed: bool | None = Field(None, alias="isSigned")
    events: Many[str] = Field([])
    filters: dict[str, Any] | None = None
    bodiless: bool = Field(default=False, alias="excludeBody")


class BulkError(Payload):
    """Why one of several issues was not created."""

    index: int = Field(alias="failedElementNumber", ge=0)
    errors: dict[str, Any] = Field({}, alias="elementErrors")
