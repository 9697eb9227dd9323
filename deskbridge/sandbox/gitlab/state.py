"""What the instance remembers: people, projects, issues and everything that hangs on an issue."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import IntEnum
from pathlib import Path
from typing import Literal

from deskbridge.sandbox.world import World

TOUCH_INTERVAL = 60.0
"""Seconds within which a further note leaves an issue's `updated_at` alone (2.4)."""


class Level(IntEnum):
    """A member's access level (1.1)."""

    NONE = 0
    GUEST = 10
    PLANNER = 15
    REPORTER = 20
    DEVELOPER = 30
    MAINTAINER = 40
    OWNER = 50


@dataclass(slots=True)
class Switches:
    """What differs between real instances, and what their admins set."""

    version: str = "18.5.0-ee"
    tier: Literal["free", "premium"] = "premium"
    notes_per_minute: int = 300
    issues_per_minute: int = 0
    """0 is no limit, as on a self-managed instance (1.3)."""
    searches_per_minute: int = 30
    requests_per_minute: int = 0
    """The rack throttle for each user; 0 is off, the default of a self-managed instance (1.3)."""
    refuse_failed_commands: bool = False
    """Whether a note with only inapplicable commands gets 400; else 202 and a summary that says so."""
    owners_delete_lists: bool = True
    """Whether board lists are removed by owners only, as documented; else by everyone who edits boards."""

    @property
    def release(self) -> tuple[int, int]:
        """Return the version's first two numbers."""
        major, minor = self.version.split(".")[:2]
        return int(major), int(minor)


@dataclass(slots=True, eq=False)
class User:
    """A person, a token's bot or GitLab's own Support Bot."""

    id: int
    username: str
    name: str
    email: str
    created_at: datetime
    kind: Literal["human", "bot", "support"] = "human"


@dataclass(slots=True, eq=False)
class Token:
    """An access token and whose it is."""

    id: int
    value: str
    user: User
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: date
    revoked: bool = False


@dataclass(slots=True, eq=False)
class Group:
    """A top-level group."""

    id: int
    name: str
    path: str
    created_at: datetime
    members: dict[User, Level] = field(default_factory=dict)
    milestones: int = 0

    @property
    def full_path(self) -> str:
        """Return the path that names the group in URLs."""
        return self.path


@dataclass(slots=True, eq=False)
class Project:
    """A private project of a group."""

    id: int
    name: str
    path: str
    group: Group
    created_at: datetime
    service_desk_enabled: bool = False
    description: str = ""
    emails_enabled: bool = True
    issues_enabled: bool = True
    archived: bool = False
    members: dict[User, Level] = field(default_factory=dict)
    issues: dict[int, Issue] = field(default_factory=dict)
    last_iid: int = 0
    milestones: int = 0

    @property
    def full_path(self) -> str:
        """Return the path with the group, as in ``harbour/firmware``."""
        return f"{self.group.full_path}/{self.path}"


Owner = Group | Project
"""What labels, milestones and boards belong to."""


@dataclass(slots=True, eq=False)
class Label:
    """A label of a project, or of a group and thereby of its projects."""

    id: int
    name: str
    owner: Owner
    color: str = "#6699cc"
    description: str | None = None
    priority: int | None = None


@dataclass(slots=True, eq=False)
class Milestone:
    """A milestone; issues name it by its instance-wide id."""

    id: int
    iid: int
    title: str
    owner: Owner
    created_at: datetime
    updated_at: datetime
    description: str = ""
    state: Literal["active", "closed"] = "active"
    start_date: date | None = None
    due_date: date | None = None


@dataclass(slots=True, eq=False)
class Award:
    """One person's emoji on an issue or a note."""

    id: int
    name: str
    user: User
    created_at: datetime


@dataclass(slots=True, eq=False)
class Event:
    """A row of the label, state or milestone events: what the notes list does not tell (3.7)."""

    id: int
    kind: Literal["label", "state", "milestone"]
    user: User
    at: datetime
    action: str
    subject: Label | Milestone | None = None


@dataclass(slots=True, eq=False)
class Note:
    """A comment, or the system's own line."""

    id: int
    issue: Issue
    author: User
    body: str
    created_at: datetime
    updated_at: datetime
    discussion: str
    system: bool = False
    internal: bool = False
    threaded: bool = False
    """Whether it is part of a thread (type ``DiscussionNote``)."""
    external: str = ""
    """The mail address of the customer who wrote it through the Support Bot."""
    refers: Issue | None = None
    """Where a cross-reference came from: who cannot read that cannot read this."""
    awards: list[Award] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Issue:
    """An issue, incident or ticket."""

    id: int
    iid: int
    project: Project
    author: User
    title: str
    description: str | None
    created_at: datetime
    updated_at: datetime
    kind: str = "issue"
    state: Literal["opened", "closed"] = "opened"
    closed_at: datetime | None = None
    closed_by: User | None = None
    labels: list[Label] = field(default_factory=list)
    assignees: list[User] = field(default_factory=list)
    milestone: Milestone | None = None
    confidential: bool = False
    locked: bool | None = None
    due_date: date | None = None
    severity: str = "unknown"
    weight: int | None = None
    time_estimate: int = 0
    time_spent: int = 0
    reply_to: str | None = None
    """The requester's address: set on Service Desk tickets only (7.1)."""
    participants: list[str] = field(default_factory=list)
    """The external participants' addresses."""
    involved: list[User] = field(default_factory=list)
    """Who wrote here, was mentioned or subscribed, beside the author and the assignees."""
    muted: set[User] = field(default_factory=set)
    """Who unsubscribed."""
    moved_to: Issue | None = None
    position: float = 0.0
    notes: dict[int, Note] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    awards: list[Award] = field(default_factory=list)

    def touch(self, now: datetime) -> None:
        """Move `updated_at`, unless it moved less than a minute ago (2.4)."""
        if (now - self.updated_at).total_seconds() > TOUCH_INTERVAL:
            self.updated_at = now

    @property
    def path(self) -> str:
        """Return the full reference, as in ``harbour/firmware#6``."""
        return f"{self.project.full_path}#{self.iid}"

    def seen_from(self, project: Project) -> str:
        """Return the reference as written in `project`: short where it is the issue's own."""
        return f"#{self.iid}" if project is self.project else self.path


@dataclass(slots=True, eq=False)
class Link:
    """A relation between two issues; `kind` reads from source to target."""

    id: int
    kind: Literal["relates_to", "blocks"]
    source: Issue
    target: Issue
    created_at: datetime


@dataclass(slots=True, eq=False)
class Upload:
    """A file; its bytes lie in the instance's folder under its secret."""

    id: int
    project: Project
    secret: str
    filename: str
    size: int
    uploaded_by: User
    created_at: datetime


@dataclass(slots=True, eq=False)
class BoardList:
    """A column: a label, or (on premium) an assignee or a milestone."""

    id: int
    label: Label | None = None
    assignee: User | None = None
    milestone: Milestone | None = None


@dataclass(slots=True, eq=False)
class Board:
    """A board of a project or a group. Its lists' positions are their places in `lists`."""

    id: int
    name: str
    owner: Owner
    hide_backlog_list: bool = False
    hide_closed_list: bool = False
    labels: list[Label] = field(default_factory=list)
    milestone: Milestone | None = None
    assignee: User | None = None
    weight: int | None = None
    lists: list[BoardList] = field(default_factory=list)


# Ids start apart from each other and from the iids, so that a mix-up shows.
_FIRST_IDS = {"issue": 84_001, "note": 302_001, "label": 901, "milestone": 51, "link": 601, "upload": 701}


class Site:
    """The whole instance. Used from one event loop, hence without locks."""

    def __init__(self, world: World, base_url: str, files: Path, switches: Switches) -> None:
        self.world, self.base_url, self.files, self.switches = world, base_url, files, switches
        self.clear()

    def clear(self) -> None:
        """Forget everything, the counters too."""
        self._last: dict[str, int] = {}
        self.users: dict[int, User] = {}
        self.tokens: dict[str, Token] = {}
        self.groups: dict[int, Group] = {}
        self.projects: dict[int, Project] = {}
        self.labels: dict[int, Label] = {}
        self.milestones: dict[int, Milestone] = {}
        self.issues: dict[int, Issue] = {}
        self.links: dict[int, Link] = {}
        self.uploads: dict[int, Upload] = {}
        self.boards: dict[int, Board] = {}

    def next(self, table: str) -> int:
        """Return the next id of a table; ids are never given twice."""
        self._last[table] = self._last.get(table, _FIRST_IDS.get(table, 1) - 1) + 1
        return self._last[table]

    def now(self) -> datetime:
        """Return the world's time."""
        return self.world.clock.now()

    @property
    def premium(self) -> bool:
        """Whether the instance has a paid tier."""
        return self.switches.tier == "premium"

    @property
    def support_bot(self) -> User:
        """Return the user who writes for everybody who has no account."""
        return next(user for user in self.users.values() if user.kind == "support")

    def user_named(self, username: str) -> User | None:
        """Return the user of that name in any case, or None."""
        wanted = username.lower()
        return next((user for user in self.users.values() if user.username.lower() == wanted), None)

    def project_at(self, path: str) -> Project | None:
        """Return the project with that full path in any case, or None."""
        wanted = path.lower()
        return next((p for p in self.projects.values() if p.full_path.lower() == wanted), None)

    def group_at(self, path: str) -> Group | None:
        """Return the group with that path in any case, or None."""
        return next((g for g in self.groups.values() if g.full_path.lower() == path.lower()), None)

    def labels_for(self, owner: Owner) -> Iterator[Label]:
        """Yield the labels usable in a project (its own and its group's) or in a group."""
        owners = (owner, owner.group) if isinstance(owner, Project) else (owner,)
        return (label for label in self.labels.values() if label.owner in owners)

    def milestones_for(self, owner: Owner) -> Iterator[Milestone]:
        """Yield the milestones usable in a project (its own and its group's) or in a group."""
        owners = (owner, owner.group) if isinstance(owner, Project) else (owner,)
        return (one for one in self.milestones.values() if one.owner in owners)

    def web_url(self, issue: Issue) -> str:
        """Return the address of an issue's page."""
        return f"{self.base_url}/{issue.project.full_path}/-/issues/{issue.iid}"
