"""Issues and everything that hangs on one; boards, files, to-dos and hooks."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from deskbridge.sandbox.gitlab.places import Label, Milestone, Owner, Project, Status, User

_SHORT = 256
TOUCH_INTERVAL = 60.0
"""Seconds within which a further note leaves an issue's `updated_at` alone (2.4)."""
EventKind = Literal["label", "state", "milestone", "iteration", "weight"]


def pack(text: str) -> bytes:
    """Return a text as it is kept: there are hundreds of thousands, so long ones are compressed."""
    data = text.encode()
    return data if len(data) < _SHORT and not data.startswith(b"\0") else b"\0" + zlib.compress(data, 1)


def unpack(packed: bytes) -> str:
    """Return a text that `pack` has made small."""
    return (zlib.decompress(packed[1:]) if packed.startswith(b"\0") else packed).decode()


@dataclass(slots=True, eq=False)
class Award:
    """One person's emoji on an issue or a note."""

    id: int
    name: str
    user: User
    created_at: datetime


@dataclass(slots=True, eq=False)
class Event:
    """A row of the label, state, milestone or weight events: what the notes list does not tell (3.7)."""

    id: int
    kind: EventKind
    user: User
    at: datetime
    action: str
    subject: Label | Milestone | None = None
    weight: int | None = None


@dataclass(slots=True, eq=False)
class Timelog:
    """Time that somebody spent, which REST tells the sum of and GraphQL each (3.6)."""

    id: int
    user: User
    seconds: int
    at: datetime
    summary: str | None = None


@dataclass(slots=True, eq=False)
class Note:
    """A comment, or the system's own line. There are very many, so it is kept small."""

    id: int
    issue: Issue
    author: User
    packed: bytes
    created_at: datetime
    updated_at: datetime
    thread: int = 0
    """The id of the first note of its discussion; 0 is its own."""
    system: bool = False
    internal: bool = False
    threaded: bool = False
    """Whether it is part of a thread (type ``DiscussionNote``)."""
    external: str = ""
    """The mail address of the customer who wrote it through the Support Bot."""
    refers: Issue | None = None
    """Where a cross-reference came from: who cannot read that cannot read this."""
    edited_at: datetime | None = None
    edited_by: User | None = None
    awards: list[Award] | None = None

    @property
    def body(self) -> str:
        """Return the text."""
        return unpack(self.packed)

    @body.setter
    def body(self, text: str) -> None:
        self.packed = pack(text)

    @property
    def discussion(self) -> str:
        """Return the id of its discussion, 40 hex digits."""
        seed = f"discussion {self.thread or self.id}".encode()
        return hashlib.sha1(seed, usedforsecurity=False).hexdigest()


@dataclass(slots=True, eq=False)
class Issue:
    """An issue, incident or ticket."""

    id: int
    iid: int
    project: Project
    author: User
    title: str
    packed: bytes | None
    """The description, small."""
    created_at: datetime
    stamp: datetime
    """What `updated_at` is."""
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
    start_date: date | None = None
    severity: str = "unknown"
    escalation: str = "triggered"
    status: Status | None = None
    """The status that was chosen; None is the default of the state."""
    weight: int | None = None
    health: str | None = None
    time_estimate: int = 0
    time_spent: int = 0
    time_change: int = 0
    reply_to: str | None = None
    """The requester's address: set on Service Desk tickets only (7.1)."""
    participants: list[str] = field(default_factory=list)
    """The external participants' addresses."""
    involved: list[User] = field(default_factory=list)
    """Who wrote here, was mentioned or subscribed, beside the author and the assignees."""
    muted: set[User] | None = None
    """Who unsubscribed."""
    moved_to: Issue | None = None
    duplicate_of: Issue | None = None
    position: float = 0.0
    updated_by: User | None = None
    edited_at: datetime | None = None
    edited_by: User | None = None
    comments: int = 0
    """How many of the notes are not the system's."""
    notes: dict[int, Note] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    awards: list[Award] | None = None
    links: list[Link] | None = None
    timelogs: list[Timelog] | None = None

    @property
    def description(self) -> str | None:
        """Return the text."""
        return None if self.packed is None else unpack(self.packed)

    @description.setter
    def description(self, text: str | None) -> None:
        self.packed = None if text is None else pack(text)

    @property
    def updated_at(self) -> datetime:
        """Return when it was last changed, as far as it tells."""
        return self.stamp

    @updated_at.setter
    def updated_at(self, at: datetime) -> None:
        self.stamp = at
        self.mark()

    def mark(self) -> None:
        """Tell the lists that something changed by which they select or sort."""
        self.project.changes.note(self)

    def touch(self, now: datetime) -> None:
        """Move `updated_at`, unless it moved less than a minute ago (2.4)."""
        if (now - self.stamp).total_seconds() > TOUCH_INTERVAL:
            self.updated_at = now

    def put(self, note: Note) -> None:
        """Take a note in."""
        self.notes[note.id] = note
        self.comments += not note.system

    def drop(self, note: Note) -> None:
        """Let a note go."""
        if self.notes.pop(note.id, None):
            self.comments -= not note.system

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
    uploaded_by: User | None
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


@dataclass(slots=True, eq=False)
class Todo:
    """Something that a user should look at."""

    id: int
    user: User
    author: User
    action: str
    issue: Issue
    created_at: datetime
    updated_at: datetime
    state: Literal["pending", "done"] = "pending"


@dataclass(slots=True, eq=False)
class Sent:
    """One delivery of a hook as its log shows it."""

    id: int
    trigger: str
    event: str
    url: str
    headers: dict[str, str]
    data: dict[str, Any]
    at: datetime
    status: int
    """0 when nothing answered."""
    seconds: float
    error: str = ""


@dataclass(slots=True, eq=False)
class Hook:
    """A webhook of a project, or (paid) of a group."""

    id: int
    owner: Owner
    uuid: str
    url: str
    created_at: datetime
    events: dict[str, bool]
    name: str | None = None
    description: str | None = None
    token: str = ""
    signing_token: str = ""
    verify: bool = True
    branch_filter: str | None = None
    branch_strategy: str = "wildcard"
    template: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    failures: int = 0
    disabled_until: datetime | None = None
    dead: bool = False
    """Whether it is disabled until somebody tests it."""
    log: list[Sent] = field(default_factory=list)
