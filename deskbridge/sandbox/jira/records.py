"""What else a site remembers: sprints, schemes, webhooks, bulk tasks, and service management's records."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(slots=True)
class Sprint:
    """A stretch of a scrum board's work."""

    id: int
    name: str
    board: int
    created: datetime
    state: str = "future"
    start: datetime | None = None
    end: datetime | None = None
    completed: datetime | None = None
    goal: str = ""
    properties: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Scheme:
    """A notification scheme: by event id the kinds of people who get a mail."""

    id: int
    name: str
    description: str = ""
    events: dict[str, list[str]] = field(default_factory=dict)


@dataclass(slots=True)
class Hook:
    """An administrator's webhook; the secret is never shown again."""

    id: int
    name: str
    url: str
    events: list[str]
    jql: str
    by: str
    updated: datetime
    enabled: bool = True
    exclude_body: bool = False
    secret: str = ""
    description: str = ""


@dataclass(slots=True)
class Task:
    """A bulk operation; it is done at once and tells of it later."""

    id: str
    by: str
    created: datetime
    done: list[int]
    failed: dict[str, list[str]]
    unknown: int = 0
    total: int = 0
    cancelled: bool = False
    location: str = ""
    """What a property task answers with; empty for a bulk operation."""


@dataclass(slots=True)
class RequestType:
    """What a customer can ask for."""

    id: str
    desk: str
    name: str
    issue_type: str
    description: str = ""
    help_text: str = ""
    groups: list[str] = field(default_factory=list)
    """Without a group it is not on the portal."""
    fields: list[tuple[str, bool]] = field(default_factory=list)
    """Ids of fields and whether each is required."""
    approved: bool = False
    """Whether its requests wait for an approval first."""
    properties: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Desk:
    """A service desk; its portal has the same id."""

    id: str
    project: str
    groups: dict[str, str]
    request_types: list[RequestType] = field(default_factory=list)
    customers: list[str] = field(default_factory=list)
    organizations: list[int] = field(default_factory=list)
    open: bool = False
    """Whether anybody with an account may raise requests."""


@dataclass(slots=True)
class Organization:
    """A group of customers who see each other's shared requests."""

    id: int
    name: str
    uuid: str
    created: datetime
    users: list[str] = field(default_factory=list)
    properties: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Temporary:
    """An uploaded file that belongs to no request yet."""

    id: str
    desk: str
    filename: str
    mime: str
    size: int
    expires: float


@dataclass(slots=True)
class Screen:
    """Where fields stand; a field on the default screen can be set at creation and by edits."""

    id: int
    name: str
    fields: list[str]
    description: str = ""
