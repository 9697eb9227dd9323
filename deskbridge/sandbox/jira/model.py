"""What a Jira site remembers: small records, no rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from deskbridge.sandbox.packing import packed

Json = dict[str, Any]
Text = str | Json
"""A rich text as it was written: wiki markup, or an Atlassian document (ADF)."""


@dataclass(slots=True)
class User:
    """A person, a customer, or the account of an integration."""

    account_id: str
    name: str
    email: str
    token: str = ""
    """The API token of this account on Cloud, its personal access token on Data Center."""
    account_type: str = "atlassian"
    active: bool = True
    time_zone: str = "UTC"
    autowatch: bool = True
    project_admin: bool = False
    site_admin: bool = False
    agent: bool = False
    """Whether it has a service management licence."""
    username: str = ""
    """What Data Center calls the person by; ``key`` there is `account_id`'s counterpart."""
    key: str = ""
    password: str = ""
    scoped: dict[str, list[str]] = field(default_factory=dict)
    """Tokens that count at the gateway only, each with its scopes."""
    grants: dict[str, bool] = field(default_factory=dict)
    """Permissions given or taken by hand, whatever the schemes say."""

    @property
    def customer(self) -> bool:
        """Whether this is a customer: sees the portal only, cannot be assigned."""
        return self.account_type == "customer"


@dataclass(frozen=True, slots=True)
class Category:
    """One of the four constant status categories."""

    id: int
    key: str
    name: str
    color: str


@dataclass(frozen=True, slots=True)
class Status:
    """A status; `id` is a string on the wire."""

    id: str
    name: str
    category: str
    description: str = ""
    scope: str = ""
    """The team-managed project that it belongs to; empty when it is the site's."""


@dataclass(frozen=True, slots=True)
class Named:
    """A priority, a resolution, an option: an id and a name."""

    id: str
    name: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class IssueType:
    """A kind of issue."""

    id: str
    name: str
    description: str
    subtask: bool = False
    level: int = 0
    scope: str = ""


@dataclass(frozen=True, slots=True)
class LinkType:
    """A kind of link between issues, with its two phrases."""

    id: str
    name: str
    inward: str
    outward: str


@dataclass(slots=True)
class FieldDef:
    """A field: `kind` picks the rules by which it is read, written and compared."""

    id: str
    name: str
    kind: str
    schema: Json
    clauses: tuple[str, ...]
    screens: frozenset[str] = frozenset({"create", "edit"})
    required: bool = False
    options: list[Named] = field(default_factory=list)
    only: str = ""
    """The type of projects that have it, e.g. ``service_desk``; empty means all."""
    description: str = ""
    searcher: str = ""
    disabled: list[str] = field(default_factory=list)
    """The ids of options that can no longer be picked."""
    scope: str = ""
    """The team-managed project whose own copy it is."""

    @property
    def custom(self) -> bool:
        """Whether an administrator made it."""
        return self.id.startswith("customfield_")


@dataclass(slots=True)
class Component:
    """A component or a version of a project."""

    id: str
    name: str
    description: str = ""
    lead: str = ""
    assignee_type: str = "PROJECT_DEFAULT"
    released: bool = False
    archived: bool = False
    start_date: str = ""
    release_date: str = ""


@dataclass(slots=True)
class Project:
    """A project; ``next-gen`` style means team-managed."""

    id: str
    key: str
    name: str
    lead: str
    created: datetime
    kind: str = "software"
    """Its ``projectTypeKey``: software, service_desk or business."""
    style: str = "classic"
    workflow: str = "simplified"
    types: list[str] = field(default_factory=list)
    own_statuses: dict[str, str] = field(default_factory=dict)
    """A team-managed project's own copies of statuses, by the id of what they copy."""
    description: str = ""
    url: str = ""
    category: int = 0
    assignee_type: str = "UNASSIGNED"
    notification_scheme: int = 10000
    permission_scheme: int = 0
    security: bool = False
    """Whether it has a security scheme, whose levels then can be set on issues."""
    required: list[str] = field(default_factory=list)
    """The ids of the fields that its field configuration requires, where a screen shows them."""
    asked: dict[str, list[str]] = field(default_factory=dict)
    """The ids of the fields that were put on a transition's screen and are required there, by its id."""
    actors: dict[str, list[Json]] = field(default_factory=dict)
    """Who is in which role beyond the defaults, by the role's id."""
    archived: bool = False
    components: list[Component] = field(default_factory=list)
    versions: list[Component] = field(default_factory=list)
    properties: dict[str, Any] = field(default_factory=dict)
    counter: int = 0
    """The number of the newest issue's key."""


@packed("body")
@dataclass(slots=True)
class Comment:
    """A comment; `visibility` narrows who may read it."""

    id: int
    issue: int
    author: str
    update_author: str
    body: Text
    created: datetime
    updated: datetime
    visibility: Json | None = None
    properties: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Attachment:
    """A file on an issue; its bytes are at `path`."""

    id: int
    issue: int
    author: str
    created: datetime
    filename: str
    size: int
    mime: str
    media: str
    """The id by which documents (ADF) show it; REST metadata never gives it (reference, 6)."""
    public: bool = False
    """Whether a customer sees it on the portal: only what came through service management's calls."""
    comment: int = 0
    """The comment that it came with, 0 for none."""


@dataclass(slots=True)
class Worklog:
    """Time that somebody spent on an issue."""

    id: int
    issue: int
    author: str
    created: datetime
    updated: datetime
    started: datetime
    seconds: int
    comment: Text
    update_author: str = ""
    visibility: Json | None = None
    properties: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class RemoteLink:
    """A link to somewhere outside; `data` is what the client sent."""

    id: int
    global_id: str
    data: Json


@dataclass(slots=True)
class IssueLink:
    """A link: `source` shows the outward phrase, `target` the inward one (reference, 3.5)."""

    id: int
    type: str
    source: int
    target: int
    created: datetime


@dataclass(slots=True)
class Change:
    """One entry of the changelog."""

    id: int
    author: str
    at: datetime
    items: list[Json]


@dataclass(slots=True)
class Approval:
    """One round of asking people whether a request may go on."""

    id: int
    name: str
    created: datetime
    approvers: dict[str, str]
    """``pending``, ``approved`` or ``declined`` by account."""
    decision: str = "pending"
    completed: datetime | None = None


@dataclass(slots=True)
class Request:
    """What service management keeps of an issue that is a customer's request."""

    channel: str = "portal"
    approvals: list[Approval] = field(default_factory=list)
    rating: int = 0
    rating_comment: str = ""
    rated: datetime | None = None
    muted: list[str] = field(default_factory=list)
    """Accounts that turned this request's mails off."""
    followers: list[str] = field(default_factory=list)
    """Accounts that turned them on: members of an organization get none by themselves."""


@dataclass(slots=True)
class Issue:
    """An issue. `values` holds the editable fields by id, in the site's own form."""

    id: int
    key: str
    project: str
    type: str
    status: str
    creator: str
    created: datetime
    updated: datetime
    status_since: datetime
    values: dict[str, Any]
    rank: int = 0
    resolved: datetime | None = None
    comments: list[Comment] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    worklogs: list[Worklog] = field(default_factory=list)
    remote_links: list[RemoteLink] = field(default_factory=list)
    links: list[IssueLink] = field(default_factory=list)
    children: list[int] = field(default_factory=list)
    watchers: list[str] = field(default_factory=list)
    votes: list[str] = field(default_factory=list)
    history: list[Change] = field(default_factory=list)
    properties: dict[str, Any] = field(default_factory=dict)
    request: Request | None = None
    """What makes it a customer's request; None on everything else."""
    archived: bool = False
    stale: tuple[datetime, Issue | None] | None = None
    """When it changed, and what the search index may still show; None inside: nothing yet."""


@dataclass(slots=True)
class Filter:
    """A saved search."""

    id: int
    name: str
    owner: str
    jql: str
    description: str = ""
    favourite: bool = False
    shares: list[Json] = field(default_factory=list)
    edit_shares: list[Json] = field(default_factory=list)


@dataclass(slots=True)
class Board:
    """A board over a filter."""

    id: int
    name: str
    type: str
    filter: int
    project: str | None
    owner: str
    properties: dict[str, Any] = field(default_factory=dict)
    columns: list[Json] = field(default_factory=list)
    """Columns that an administrator arranged; empty means one for each category."""
    quick_filters: list[Json] = field(default_factory=list)
    sub_query: str = "fixVersion in unreleasedVersions() OR fixVersion is EMPTY"
    kind: str = ""
    """``next-gen`` when a team-managed project owns it."""
