"""The parts of Jira's answers that are read, by Jira's own names; everything else is ignored.

A value that is not what Jira's reference says (jira-api 3 to 7) ends in `Rejected`, which names the call
and the field. `null` in place of a list is an empty list.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    AliasChoices,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    RootModel,
    ValidationError,
)

from connectors.errors import Rejected, Transient
from mappings.markup.adf_read import stored
from mappings.ticket import Raw, TextFormat

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")


def _utc(at: datetime) -> datetime:
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise ValueError("no moment that a calendar has") from None


When = Annotated[AwareDatetime, AfterValidator(_utc)]
"""A stamp in the caller's offset (``+0300``, without a colon: jira-api 2.2), brought to UTC."""
Many = Annotated[list[T], BeforeValidator(lambda found: [] if found is None else found)]
Id = Annotated[str, BeforeValidator(lambda found: str(found) if type(found) is int else found)]
"""Ids are strings in one call and numbers in another (jira-api 6, 7.1)."""


def _body(found: object) -> object:
    match found:
        case str():
            return Raw(TextFormat.WIKI, found)
        case {"type": "doc"}:
            try:
                return Raw(TextFormat.ADF, stored(found))
            except (RecursionError, ValueError):
                raise ValueError("no document that could be kept") from None
        case _:
            return found


Body = Annotated[Raw, BeforeValidator(_body)]
"""A text as it came: wiki markup from version 2 of the API, a document from version 3 (jira-api 5)."""


class Payload(BaseModel):
    """A part of an answer."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)


class ValuePage(Payload):
    """A page of a list that says whether it is the last one."""

    values: Many[Any]
    last: bool = Field(default=True, validation_alias=AliasChoices("isLast", "isLastPage"))


class User(Payload):
    """Somebody; apps and customers have accounts too. Data Center knows people by `key`, which stays."""

    id: str = Field("", validation_alias=AliasChoices("accountId", "key", "name"))
    type: str = Field("", alias="accountType")
    name: str = Field("", alias="displayName")
    username: str = Field("", alias="name")
    """Told by Data Center only, and may change."""
    email: str | None = Field(None, alias="emailAddress")
    zone: str = Field("", alias="timeZone")
    """Told of ourselves only: where our absolute times in JQL are (jira-api 2.2)."""


class Users(RootModel[list[User]]):
    """People who were looked for."""


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
    team_managed: bool = Field(default=False, alias="simplified")


class File(Payload):
    """A file of an issue; which text it belongs to, only the texts tell."""

    id: Id
    name: str = Field(alias="filename")
    content_type: str = Field("application/octet-stream", alias="mimeType")
    size: int | None = None
    content: str
    created: When
    author: User | None = None


class Property(Payload):
    """A value that is kept on a thing."""

    key: str = ""
    value: Any = None


class Comment(Payload):
    """A comment."""

    id: Id
    author: User | None = None
    body: Body
    rendered: str | None = Field(None, alias="renderedBody")
    """Its HTML, where that was asked for."""
    created: When
    updated: When
    visibility: dict[str, Any] | None = None
    """Named when only a role or a group may read it."""
    told_public: bool | None = Field(None, alias="jsdPublic")
    """Means something in service projects only; other projects show it too (jira-api 5)."""
    properties: list[Property] | None = None

    @property
    def public(self) -> bool | None:
        """Whether a service project shows it to the customer; None where Jira told neither way."""
        if self.told_public is not None or self.properties is None:
            return self.told_public
        flags = [kept.value for kept in self.properties if kept.key == "sd.public.comment"]
        return not any(isinstance(flag, dict) and flag.get("internal") in (True, "true") for flag in flags)


class CommentPage(Payload):
    """A page of an issue's comments."""

    comments: Many[Comment]
    total: int


class Worklog(Payload):
    """Work that somebody booked."""

    id: Id
    author: User | None = None
    started: When
    seconds: int = Field(alias="timeSpentSeconds", ge=0, le=10**10)
    comment: Body | None = None


class WorklogPage(Payload):
    """Worklogs, oldest first; those inside an issue are the first twenty."""

    worklogs: Many[Worklog]
    total: int


class LinkType(Payload):
    """A kind of issue link, with its phrases for both ends."""

    name: str
    inward: str = ""
    outward: str = ""


class Linked(Payload):
    """The other end of a link, a parent or a sub-task."""

    id: Id


class Link(Payload):
    """A link as one of its ends shows it: what the other end is to this one."""

    type: LinkType
    outward: Linked | None = Field(None, alias="outwardIssue")
    inward: Linked | None = Field(None, alias="inwardIssue")


class Watched(Payload):
    """How many people watch an issue."""

    count: int = Field(0, alias="watchCount")


class Fields(Payload):
    """What the hub reads of an issue; custom fields are in `custom`."""

    model_config = ConfigDict(frozen=True, populate_by_name=True, extra="allow")

    summary: str
    description: Body | None = None
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
    archived: Any = Field(None, alias="archiveddate")
    comments: CommentPage | None = Field(None, alias="comment")
    worklogs: WorklogPage | None = Field(None, alias="worklog")
    links: Many[Link] = Field([], alias="issuelinks")
    parent: Linked | None = None
    subtasks: Many[Linked] = []
    watched: Watched | None = Field(None, alias="watches")
    resolved: When | None = Field(None, alias="resolutiondate")

    @property
    def custom(self) -> dict[str, Any]:
        """The fields that this site's people made, by id."""
        return self.model_extra or {}


class ChangeItem(Payload):
    """One field that a change changed; both values are ids where the field has them."""

    field: str = Field("", validation_alias=AliasChoices("fieldId", "field"))
    before: Any = Field(None, alias="from")
    after: Any = Field(None, alias="to")


class Change(Payload):
    """What one person changed at once."""

    id: Id
    author: User | None = None
    created: When
    items: Many[ChangeItem] = []


class ChangePage(Payload):
    """A page of the changelog; the one inside an issue is the newest part of it, newest first."""

    changes: Many[Change] = Field(validation_alias=AliasChoices("values", "histories"))
    total: int


class Issue(Payload):
    """An issue; `id` stays when it moves, `key` does not."""

    id: Id
    key: str
    fields: Fields
    changelog: ChangePage | None = None


class RenderedFields(Payload):
    """The HTML of an issue's description."""

    description: str | None = None


class Rendered(Payload):
    """An issue's texts as people see them."""

    fields: RenderedFields = Field(RenderedFields(), alias="renderedFields")


class HeadFields(Payload):
    """What must be known of an issue before a text or a file goes to it."""

    model_config = ConfigDict(frozen=True, populate_by_name=True, extra="allow")

    files: Many[File] = Field([], alias="attachment")
    project: Project
    reporter: User | None = None

    @property
    def custom(self) -> dict[str, Any]:
        """The fields that this site's people made, by id."""
        return self.model_extra or {}


class Head(Payload):
    """An issue without its texts."""

    id: Id
    fields: HeadFields


def head_of(issue: Issue) -> Head:
    """Return the part of an issue that must be known before a text or a file goes to it."""
    own = issue.fields.custom
    known = {"files": issue.fields.files, "project": issue.fields.project, "reporter": issue.fields.reporter}
    return Head(id=issue.id, fields=HeadFields.model_construct(None, **known, **own))


class Made(Payload):
    """What a POST answers about the thing it made."""

    id: Id
    key: str = ""


class Files(RootModel[list[File]]):
    """What an upload answers."""


class Moment(RootModel[When]):
    """A date-time custom field."""


def parse(model: type[M], payload: object, connection: str, call: str, *, answered: bool = False) -> M:
    """Return the payload as `model`. Raises Rejected, naming the call and the first field that is odd.

    An answer that is wholly something else raises Transient; an event that is so, Rejected.
    """
    try:
        return model.model_validate(payload)
    except ValidationError as error:
        odd = error.errors(include_url=False, include_input=False, include_context=False)[0]
        field = ".".join(str(part) for part in odd["loc"]) or "body"
        text = f"the answer's {field} is not as Jira documents it: {odd['msg']}"
        if answered and not odd["loc"]:
            raise Transient(connection, call, text) from None
        raise Rejected(connection, call, text, {field: odd["msg"]}) from None


def stamp(at: datetime) -> str:
    """Return a moment as the version and native values have it: UTC, so that equal moments are equal."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")
