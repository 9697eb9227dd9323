"""The parts of GitLab's answers that are read, as types, and what its error bodies say.

Unknown keys are ignored and a missing list may be null; what is relied on must have its type.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlsplit

import requests
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, TypeAdapter, ValidationError

from connectors.http import no_json, passes, shown, unreadable
from connectors.letters import taken
from mappings.vocabulary import Native

T = TypeVar("T")

OPENED, CLOSED = "opened", "closed"
"""The only two states of an issue (reference 3.2); finer words are labels."""

_COMPLAINT = re.compile(r"(\w+) (is (?:missing|empty|invalid)|does not have a valid value)")


def _in_utc(at: datetime) -> datetime:
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise ValueError("a time outside of time") from None


Instant = Annotated[AwareDatetime, AfterValidator(_in_utc)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


class User(_Part):
    """Somebody with an account; whom a bot speaks for is not told (reference 0.10)."""

    id: int
    username: str
    name: str
    is_admin: bool | None = None


class References(_Part):
    """What an issue is called: ``group/project#5``."""

    full: str


class Row(_Part):
    """An issue in a list, as far as a list is read."""

    project_id: int
    iid: int
    description: str | None = None
    updated_at: Instant
    user_notes_count: int = 0


class Stated(_Part):
    """A status of paid tiers (reference 3.8); GraphQL alone knows it."""

    id: str
    name: str
    category: str | None = None

    @property
    def native(self) -> Native:
        """The status as a vocabulary reads it: by name, then by category."""
        return Native(self.name, (self.category or "").lower() or None)


class Issue(Row):
    """An issue whole."""

    id: int
    title: str
    state: Literal["opened", "closed"]
    created_at: Instant
    author: User
    assignees: tuple[User, ...] | None = None
    labels: tuple[str, ...] | None = None
    due_date: date | None = None
    references: References
    web_url: str
    moved_to_id: int | None = None
    service_desk_reply_to: str | None = None
    """The requester's address; set exactly on Service Desk tickets (reference 7.1)."""
    issue_type: str | None = None
    stated: Stated | None = None
    """Its status, where the connection uses that field. It is asked for apart from all this."""

    @property
    def project_path(self) -> str:
        """The project's path as it is today."""
        return self.references.full.rpartition("#")[0]

    @property
    def status(self) -> Native:
        """Its status, apart from what labels say: the field's, or opened and closed."""
        return self.stated.native if self.stated else Native(self.state)


class Note(_Part):
    """A comment, or a remark of GitLab's own (`system`)."""

    id: int
    body: str | None = None
    author: User
    created_at: Instant
    updated_at: Instant | None = None
    system: bool = False
    internal: bool | None = None
    confidential: bool | None = None
    """What `internal` was called before (reference 4.1)."""

    @property
    def inside(self) -> bool | None:
        """Whether staff alone read it; None where the server does not say."""
        return self.confidential if self.internal is None else self.internal


class Upload(_Part):
    """A file that was just uploaded."""

    url: str


class Access(_Part):
    """What a membership allows: 15 planner, 20 reporter, 50 owner (reference 1.1)."""

    access_level: int


class Permissions(_Part):
    """Our memberships in a project and in its group."""

    project_access: Access | None = None
    group_access: Access | None = None


class Group(_Part):
    """A group of projects."""

    id: int


class Project(_Part):
    """A project as its members see it."""

    id: int
    path_with_namespace: str
    archived: bool | None = None
    issues_enabled: bool | None = None
    service_desk_enabled: bool | None = None
    visibility: str = ""
    permissions: Permissions | None = None

    @property
    def access_level(self) -> int:
        """The widest of our memberships; 0 is none."""
        given = self.permissions or Permissions()
        return max(a.access_level if a else 0 for a in (given.project_access, given.group_access))


class Link(_Part):
    """An issue that another one is tied to, seen from that other one."""

    project_id: int
    iid: int
    link_type: str


class EventLabel(_Part):
    """A label as an event names it."""

    name: str


class Event(_Part):
    """What somebody did to an issue, of which only its kind counts: its list names that (reference 3.7)."""

    id: int
    user: User | None = None
    created_at: Instant


class LabelEvent(Event):
    """A label that came or went; the label is null when it was deleted later (reference 3.7)."""

    label: EventLabel | None = None
    action: Literal["add", "remove"]


class StateEvent(Event):
    """An issue that was closed or opened again."""

    state: str


class Installed(_Part):
    """A project's webhook."""

    id: int
    url: str
    issues_events: bool = False
    confidential_issues_events: bool | None = False
    note_events: bool = False
    confidential_note_events: bool | None = False
    alert_status: str | None = None
    """``executable``, or that it was switched off after failures (reference 8.1)."""


ISSUE, ROWS = TypeAdapter(Issue), TypeAdapter(list[Row])
NOTE, NOTES = TypeAdapter(Note), TypeAdapter(list[Note])


class Label(_Part):
    """A label of a project or its groups."""

    id: int
    name: str


class Column(_Part):
    """A list of a board; one of a milestone or person has no label."""

    label: EventLabel | None = None


class Board(_Part):
    """A board of a project or a group. The lists of open and closed issues are not told (reference 6.3)."""

    id: int
    name: str
    labels: tuple[EventLabel, ...] | None = None
    lists: tuple[Column, ...] | None = None

    @property
    def limits(self) -> bool:
        """Whether the tier limits boards to labels: on Free a board has no such key (reference 6.3)."""
        return self.labels is not None

    @property
    def scope(self) -> frozenset[str]:
        """The labels that every issue on the board has."""
        return frozenset(label.name for label in self.labels or ())

    @property
    def columns(self) -> frozenset[str]:
        """The labels that have a list."""
        return frozenset(column.label.name for column in self.lists or () if column.label)


BOARD, BOARDS, LABELS = TypeAdapter(Board), TypeAdapter(list[Board]), TypeAdapter(list[Label])
LINKS, USERS = TypeAdapter(list[Link]), TypeAdapter(list[User])
EVENTS = TypeAdapter(list[Event])
LABEL_EVENTS, STATE_EVENTS = TypeAdapter(list[LabelEvent]), TypeAdapter(list[StateEvent])
HOOKS, GROUP = TypeAdapter(list[Installed]), TypeAdapter(Group)
UPLOADED, PROJECT, USER = TypeAdapter(Upload), TypeAdapter(Project), TypeAdapter(User)


def parse(kind: TypeAdapter[T], connection: str, response: requests.Response, *, once: bool = False) -> T:
    """Return the answer as `kind`. Raises Rejected, naming the call and the field that is odd.

    One that is wholly something else (a proxy's page, half of it) is Transient. `once` says that the call
    was a write that must not be repeated: it happened, so an answer that cannot be read is as good as none
    and raises Uncertain.
    """
    try:
        return kind.validate_json(taken(response.content))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(step) for step in first["loc"]) or "the whole"
        call = f"{response.request.method} {urlsplit(response.url).path}"
        why = no_json(response) if first["type"] == "json_invalid" else f"{where}: {first['msg']}"
        text = f"the answer cannot be read: {why}"
        whole = not first["loc"] and passes(response)
        raise unreadable(connection, call, shown(response.request, text), once=once, whole=whole) from None


def explain(response: requests.Response) -> tuple[str, Mapping[str, str]]:
    """Return what an error body says, and its fields with what is wrong with each (reference 1.2)."""
    try:
        body = response.json()
    except (ValueError, RecursionError):
        plain = "html" not in response.headers.get("Content-Type", "")
        return response.text.strip() if plain else "", {}
    said = list(_complaints(body, ""))
    text = "; ".join(f"{field}: {words}" if field else words for field, words in said)
    text = text.removeprefix(f"{response.status_code} ")
    return text, {field: words for field, words in said if field}


def _complaints(said: Any, field: str, depth: int = 0) -> Iterator[tuple[str, str]]:
    """Yield (field, words) out of any shape; the field is empty where none is named."""
    if depth > 5 or said is None:
        return
    if isinstance(said, Mapping):
        for key, inner in said.items():
            if key not in ("scope", "needs_captcha_response", "spam_log_id", "captcha_site_key"):
                yield from _complaints(inner, field if key in _WRAPPERS else str(key), depth + 1)
    elif isinstance(said, list):
        words = [w for inner in said for f, w in _complaints(inner, field, depth + 1)]
        if words:
            yield field, ", ".join(words)
    elif field == "" and (found := _COMPLAINT.fullmatch(str(said))):
        yield found[1], found[2]
    else:
        yield field, str(said)


_WRAPPERS = ("message", "error", "error_description", "base")
"""Keys that say nothing about a field."""
