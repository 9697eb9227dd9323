"""The parts of Jira's answers that are read, by Jira's own names; everything else is ignored.

A value that is not what Jira's reference says (jira-api 3 to 7) ends in `Rejected`, which names the call
and the field. `null` in place of a list is an empty list.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    RootModel,
    ValidationError,
)

from connectors.errors import Rejected

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")

When = Annotated[AwareDatetime, AfterValidator(lambda at: at.astimezone(UTC))]
"""A stamp in the caller's offset (``+0300``, without a colon: jira-api 2.2), brought to UTC."""
Many = Annotated[list[T], BeforeValidator(lambda found: [] if found is None else found)]
Id = Annotated[str, BeforeValidator(lambda found: str(found) if type(found) is int else found)]
"""Ids are strings in one call and numbers in another (jira-api 6, 7.1)."""


class Payload(BaseModel):
    """A part of an answer."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)


class User(Payload):
    """Somebody; apps and customers have accounts too."""

    id: str = Field("", alias="accountId")
    type: str = Field("", alias="accountType")
    name: str = Field("", alias="displayName")
    email: str | None = Field(None, alias="emailAddress")


class Named(Payload):
    """Anything with an id and a name: a priority, an issue type, a resolution."""

    id: Id
    name: str = ""


class IssueType(Named):
    """A type of issue; `level` is 0 for ordinary ones, above for epics, below for sub-tasks."""

    level: int = Field(0, alias="hierarchyLevel")
    subtask: bool = False


class Category(Payload):
    """A status category; its key is the same on every site (jira-api 4.2)."""

    key: str


class Status(Payload):
    """A status; the site chooses its id and name."""

    id: Id
    name: str = ""
    category: Category = Field(alias="statusCategory")


class Project(Payload):
    """A project; `type` is ``software``, ``service_desk`` or ``business``."""

    id: Id
    key: str
    name: str = ""
    type: str = Field("", alias="projectTypeKey")


class File(Payload):
    """A file of an issue; which text it belongs to, only the texts tell."""

    id: Id
    name: str = Field(alias="filename")
    content_type: str = Field("application/octet-stream", alias="mimeType")
    size: int | None = None
    content: str
    created: When
    author: User | None = None


class Comment(Payload):
    """A comment in the REST API's version 2, whose texts are wiki markup."""

    id: Id
    author: User | None = None
    body: str
    created: When
    updated: When
    visibility: dict[str, Any] | None = None
    """Named when only a role or a group may read it."""
    public: bool | None = Field(None, alias="jsdPublic")
    """Means something in service projects only; other projects show it too (jira-api 5)."""


class CommentPage(Payload):
    """A page of an issue's comments."""

    comments: Many[Comment]
    total: int


class Fields(Payload):
    """What the hub reads of an issue; custom fields are in `custom`."""

    model_config = ConfigDict(frozen=True, populate_by_name=True, extra="allow")

    summary: str
    description: str | None = None
    status: Status
    priority: Named | None = None
    type: Named = Field(alias="issuetype")
    labels: Many[str] = []
    due: date | None = Field(None, alias="duedate")
    resolution: Named | None = None
    files: Many[File] = Field([], alias="attachment")
    creator: User | None = None
    reporter: User | None = None
    assignee: User | None = None
    created: When
    updated: When
    project: Project

    @property
    def custom(self) -> dict[str, Any]:
        """The fields that this site's people made, by id."""
        return self.model_extra or {}


class Issue(Payload):
    """An issue; `id` stays when it moves, `key` does not."""

    id: Id
    key: str
    fields: Fields


class HeadFields(Payload):
    """What must be known of an issue before a text or a file goes to it."""

    files: Many[File] = Field([], alias="attachment")
    project: Project


class Head(Payload):
    """An issue without its texts."""

    id: Id
    fields: HeadFields


class StandingFields(Payload):
    """Where an issue stands."""

    status: Status


class Standing(Payload):
    """An issue's place in its workflow, and nothing else of it."""

    fields: StandingFields


class RowFields(Payload):
    """What a search is asked for."""

    updated: When | None = None
    description: str | None = None


class Row(Payload):
    """An issue in a search; the key is absent where no field was asked for (jira-api 2.1)."""

    id: Id
    key: str = ""
    fields: RowFields = RowFields()
    properties: dict[str, Any] = {}


class Page(Payload):
    """A page of a search on Cloud: no total, only a token for the next one."""

    issues: Many[Row]
    next: str | None = Field(None, alias="nextPageToken")
    last: bool = Field(default=False, alias="isLast")


class Made(Payload):
    """What a POST answers about the thing it made."""

    id: Id
    key: str = ""


class ScreenField(Payload):
    """A field on a transition's screen."""

    name: str = ""
    required: bool = False
    has_default: bool = Field(default=False, alias="hasDefaultValue")


class Transition(Payload):
    """A way out of the present status."""

    id: Id
    name: str = ""
    to: Status
    fields: dict[str, ScreenField] = {}

    @property
    def demands(self) -> list[str]:
        """The names of the fields that its screen insists on and the hub cannot fill."""
        return [f.name or key for key, f in self.fields.items() if f.required and not f.has_default]


class Transitions(Payload):
    """The ways out of the present status that the account may take."""

    transitions: Many[Transition]


class FieldSchema(Payload):
    """What a field holds: ``string``, ``option``, ``datetime``, ``array`` of `items` ..."""

    type: str = ""
    items: str = ""


class FieldInfo(Payload):
    """A field of the site."""

    id: str
    name: str = ""
    holds: FieldSchema = Field(FieldSchema(), alias="schema")


class Allowed(Payload):
    """Whether the account has a permission."""

    have: bool = Field(alias="havePermission")


class Permissions(Payload):
    """The account's permissions in a project, by their keys."""

    permissions: dict[str, Allowed]


class IssueTypes(Payload):
    """The issue types that may be created in a project."""

    types: Many[IssueType] = Field(alias="issueTypes")


class Property(Payload):
    """A value that the hub keeps on a thing."""

    value: Any = None


class Fieldlist(RootModel[list[FieldInfo]]):
    """All fields of the site."""


class Files(RootModel[list[File]]):
    """What an upload answers."""


class Moment(RootModel[When]):
    """A date-time custom field."""


def parse(model: type[M], payload: object, connection: str, call: str) -> M:
    """Return the payload as `model`. Raises Rejected, naming the call and the first field that is odd."""
    try:
        return model.model_validate(payload)
    except ValidationError as error:
        odd = error.errors(include_url=False, include_input=False, include_context=False)[0]
        field = ".".join(str(part) for part in odd["loc"]) or "body"
        text = f"the answer's {field} is not as Jira documents it: {odd['msg']}"
        raise Rejected(connection, call, text, {field: odd["msg"]}) from None


def stamp(at: datetime) -> str:
    """Return a moment as the version and native values have it: UTC, so that equal moments are equal."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")
