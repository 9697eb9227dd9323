"""People and where they work: users, tokens, groups, projects, and what these define for their issues."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import IntEnum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from deskbridge.sandbox.gitlab.records import Issue
    from deskbridge.sandbox.gitlab.views import Changes


class Level(IntEnum):
    """A member's access level (1.1)."""

    NONE = 0
    MINIMAL = 5
    GUEST = 10
    PLANNER = 15
    REPORTER = 20
    DEVELOPER = 30
    MAINTAINER = 40
    OWNER = 50


@dataclass(slots=True, eq=False)
class User:
    """A person, a token's bot, a service account, or one of GitLab's own."""

    id: int
    username: str
    name: str
    email: str
    created_at: datetime
    kind: Literal["human", "bot", "service", "support", "ghost"] = "human"
    state: Literal["active", "blocked"] = "active"
    public_email: str = ""


@dataclass(slots=True, eq=False)
class Token:
    """An access token, whose it is, and (for a bot's) which project or group it is for."""

    id: int
    value: str
    user: User
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: date | None
    revoked: bool = False
    owner: Owner | None = None
    level: Level = Level.NONE
    description: str = ""
    last_used_at: datetime | None = None


@dataclass(slots=True, eq=False)
class Group:
    """A top-level group."""

    id: int
    name: str
    path: str
    created_at: datetime
    members: dict[User, Level] = field(default_factory=dict)
    until: dict[User, date] = field(default_factory=dict)
    """When memberships end; one without an entry does not."""
    milestones: int = 0

    @property
    def full_path(self) -> str:
        """Return the path that names the group in URLs."""
        return self.path


@dataclass(slots=True, eq=False)
class Desk:
    """What people set on a project's Service Desk page; there is no public API for it (7.2)."""

    display_name: str = ""
    cc: bool = False
    """Whether those in Cc become external participants (17.0)."""
    reopen: bool = False
    """Whether a closed issue opens when a participant writes (16.7)."""
    confidential: bool = True
    thank_you: str = (
        "Thank you for your support request! We are tracking your request as ticket #%{ISSUE_ID}, and will "
        "respond as soon as we can."
    )
    new_participant: str = "You have been added as an external participant to ticket #%{ISSUE_ID}."
    new_note: str = "%{NOTE_TEXT}"


@dataclass(slots=True, eq=False)
class Project:
    """A private project of a group."""

    id: int
    name: str
    path: str
    group: Group
    created_at: datetime
    changes: Changes
    service_desk_enabled: bool = False
    description: str = ""
    emails_enabled: bool = True
    issues_enabled: bool = True
    archived: bool = False
    default_branch: str = "main"
    topics: list[str] = field(default_factory=list)
    desk: Desk = field(default_factory=Desk)
    members: dict[User, Level] = field(default_factory=dict)
    until: dict[User, date] = field(default_factory=dict)
    issues: dict[int, Issue] = field(default_factory=dict)
    last_iid: int = 0
    milestones: int = 0

    @property
    def full_path(self) -> str:
        """Return the path with the group, as in ``harbour/firmware``."""
        return f"{self.group.full_path}/{self.path}"


Owner = Group | Project
"""What labels, milestones, boards, hooks and access tokens belong to."""


@dataclass(slots=True, eq=False)
class Label:
    """A label of a project, or of a group and thereby of its projects."""

    id: int
    name: str
    owner: Owner
    color: str = "#6699cc"
    description: str | None = None
    priority: int | None = None
    created_at: datetime | None = None
    subscribers: list[User] = field(default_factory=list)


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
class Status:
    """A status of work items; ``done`` and ``canceled`` ones close (3.8)."""

    id: int
    name: str
    category: str
    color: str
    system: bool = True
    """Whether GitLab ships it; else it was made by people."""

    @property
    def closes(self) -> bool:
        """Whether an item with this status is closed."""
        return self.category in ("done", "canceled")
