"""What a Jira site remembers: small records, no rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

Json = dict[str, Any]
Text = str | Json
"""A rich text as it was written: wiki markup, or an Atlassian document (ADF)."""


@dataclass(slots=True)
class User:
    """A person, or the account of an integration."""

    account_id: str
    name: str
    email: str
    token: str = ""
    """The API token of this account; empty when it has none."""
    account_type: str = "atlassian"
    active: bool = True
    time_zone: str = "UTC"
    autowatch: bool = True
    project_admin: bool = False
    site_admin: bool = False


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


@dataclass(slots=True)
class Project:
    """A company-managed software project."""

    id: str
    key: str
    name: str
    lead: str
    created: datetime
    components: list[Component] = field(default_factory=list)
    versions: list[Component] = field(default_factory=list)
    properties: dict[str, Any] = field(default_factory=dict)
    counter: int = 0
    """The number of the newest issue's key."""


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
    path: Path


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
    resolved: datetime | None = None
    comments: list[Comment] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    worklogs: list[Worklog] = field(default_factory=list)
    remote_links: list[RemoteLink] = field(default_factory=list)
    links: list[IssueLink] = field(default_factory=list)
    children: list[int] = field(default_factory=list)
    watchers: list[str] = field(default_factory=list)
    history: list[Change] = field(default_factory=list)
    properties: dict[str, Any] = field(default_factory=dict)
    stale: tuple[datetime, Issue | None] | None = None
    """What the search index still shows until an instant; None inside: nothing yet."""


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


@dataclass(slots=True)
class Switches:
    """The uncertain or changeable facts of a real site, to be tried both ways."""

    index_lag: float = 0.0
    """Seconds until the search index shows a write."""
    unknown_jql: str = "empty"
    """``empty``: a query with an unknown name finds nothing; ``refuse``: 400 (reference, 2.1)."""
    adf_measure: str = "json"
    """Whether a document's length is that of its ``json`` or of its ``text`` (reference, 5)."""
    comment_page: int = 100
    """Longest page of comments; it was 5000 in 2024 (reference, 5)."""
    search_page: int = 100
    """Longest page of a search that asks for more than ids."""
    upload_limit: int = 1 << 30
    media_seconds: float = 600.0
    """Life of a signed file address."""
    workflow: str = "simplified"
