"""What a Freshdesk account holds: its records, one space of ids, and the look-ups over them."""

from __future__ import annotations

import contextlib
import heapq
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Any

from deskbridge.sandbox.freshdesk.events import Event
from deskbridge.sandbox.freshdesk.files import FileStore, Upload
from deskbridge.sandbox.freshdesk.index import Index
from deskbridge.sandbox.freshdesk.orders import Cursors, Hanging, Tickets
from deskbridge.sandbox.freshdesk.people import People
from deskbridge.sandbox.freshdesk.persons import Company, Group, User
from deskbridge.sandbox.freshdesk.records import (
    Activity,
    Attachment,
    Conversation,
    Job,
    Rating,
    Summary,
    Ticket,
    TimeEntry,
)
from deskbridge.sandbox.freshdesk.setup import AutomationRule, Calendar, Policy, Section, Status, TicketField
from deskbridge.sandbox.freshdesk.switches import Switches
from deskbridge.sandbox.world import World

FIRST_ID = 103000000001
_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+(; ?[\w.+-]+=[\w.+-]+)*", re.ASCII)


def new_index() -> dict[str, Index]:
    """Return what the searches know of a fresh account: nothing."""
    return {name: Index() for name in ("tickets", "contacts", "companies")}


@dataclass(slots=True)
class Account:
    """Everything in one Freshdesk account."""

    world: World
    base_url: str
    files: FileStore
    keys: dict[str, str]
    """Agents' e-mail addresses by API key. Keys outlive a reset."""
    hub_email: str
    plan: str = "enterprise"
    support_email: str = ""
    email_config_id: int = 0
    role_ids: dict[str, int] = field(default_factory=dict)
    switches: Switches = field(default_factory=Switches)
    next_id: int = FIRST_ID
    people: People = field(default_factory=People)
    companies: dict[int, Company] = field(default_factory=dict)
    groups: dict[int, Group] = field(default_factory=dict)
    statuses: dict[int, Status] = field(default_factory=dict)
    fields: list[TicketField] = field(default_factory=list)
    sections: dict[int, Section] = field(default_factory=dict)
    policies: list[Policy] = field(default_factory=list)
    calendars: list[Calendar] = field(default_factory=list)
    rules: dict[int, AutomationRule] = field(default_factory=dict)
    shelves: dict[str, dict[int, dict[str, Any]]] = field(default_factory=dict)
    """The plain resources (products, canned responses ...) as the API shows them, by id, by name."""
    tickets: Tickets = field(default_factory=Tickets)
    archive: dict[int, Ticket] = field(default_factory=dict)
    last_ticket: int = 0
    conversations: dict[int, Conversation] = field(default_factory=dict)
    summaries: dict[int, Summary] = field(default_factory=dict)
    watchers: dict[int, list[int]] = field(default_factory=dict)
    viewers: dict[int, list[int]] = field(default_factory=dict)
    time_entries: Hanging[TimeEntry] = field(default_factory=Hanging)
    ratings: Hanging[Rating] = field(default_factory=Hanging)
    activities: list[Activity] = field(default_factory=list)
    jobs: dict[str, Job] = field(default_factory=dict)
    hook_hours: dict[int, int] = field(default_factory=dict)
    """How many webhooks go out in which hour since 1970."""
    happened: list[tuple[int, int | None, Event]] = field(default_factory=list)
    """What happened to which ticket by whose doing since automation rules last ran."""
    agenda: list[tuple[datetime, int, str, Any]] = field(default_factory=list)
    """What happens by itself: when, in which turn, what, with what; a heap."""
    index: dict[str, Index] = field(default_factory=new_index)
    cursors: Cursors[Any] = field(default_factory=Cursors)
    created_at: datetime = field(init=False)
    _turns: Iterator[int] = field(default_factory=itertools.count)
    _at: datetime | None = None

    def __post_init__(self) -> None:
        self.created_at = self.now()

    def now(self) -> datetime:
        """Return the present second: Freshdesk keeps no fractions (1.1)."""
        return self._at or self.world.clock.now().replace(microsecond=0)

    @contextlib.contextmanager
    def at(self, instant: datetime) -> Iterator[None]:
        """Within the block the time is `instant`: for what is computed later than it happened."""
        self._at = instant
        try:
            yield
        finally:
            self._at = None

    def plan_for(self, at: datetime, what: str, key: Any) -> None:
        """Have `what` (see `upkeep.py`) happen at `at`, at once when that has passed: never in the past."""
        heapq.heappush(self.agenda, (max(at, self.now()), next(self._turns), what, key))

    def restart_turns(self, turns: Iterator[int]) -> None:
        """Number what is planned from now on by `turns`."""
        self._turns = turns

    def soon(self, seconds: float, what: str, key: Any) -> None:
        """Have `what` happen some seconds from now."""
        self.plan_for(self.now() + timedelta(seconds=seconds), what, key)

    def touch(self, ticket: Ticket) -> None:
        """Bump the ticket's `updated_at`; it never goes back, or a poll would miss what happened."""
        with self.tickets.moving(ticket):
            ticket.updated_at = max(ticket.updated_at, self.now())
        self.reindex("tickets", ticket.id)

    def new_id(self) -> int:
        """Return the next id of the one space that all but tickets share."""
        self.next_id += 1
        return self.next_id - 1

    @property
    def users(self) -> dict[int, User]:
        """Return contacts and agents by id."""
        return self.people.by_id

    def agent(self, user_id: int | None) -> User | None:
        """Return the agent with `user_id`, or None."""
        return self.people.staff.get(user_id or 0)

    def agents(self) -> list[User]:
        """Return all agents, oldest first."""
        return list(self.people.staff.values())

    def contact(self, user_id: int) -> User | None:
        """Return the contact with `user_id`; agents are no contacts (6.1)."""
        user = self.users.get(user_id)
        return user if user and not user.role else None

    def put_user(self, user: User) -> None:
        """Take in a user, or note that one has changed."""
        self.people.put(user)
        self.reindex("contacts", user.id)

    def by_email(self, address: str | None) -> User | None:
        """Return whoever owns `address`, contact or agent, also as a further address."""
        return self.people.owner("email", parseaddr(address or "")[1])

    def by_key(self, key: str) -> User | None:
        """Return the agent who owns an API key."""
        email = self.keys.get(key)
        return self.people.owner("email", email)

    def is_admin(self, user: User) -> bool:
        """Whether `user` may call what is for admins only."""
        if user.email == self.hub_email:
            return self.switches.hub_admin
        return user.role is not None and user.role.admin

    def company_of(self, email: str | None) -> int | None:
        """Return the company that lists the domain of `email` (6.1)."""
        domain = (email or "").rpartition("@")[2].lower()
        found = (company.id for company in self.companies.values() if domain and domain in company.domains)
        return next(found, None)

    def mailboxes(self) -> dict[int, dict[str, Any]]:
        """Return the account's mailboxes by id."""
        return self.shelves["mailboxes"]

    def calendar_of(self, group_id: int | None) -> Calendar:
        """Return whose hours count for a group's tickets: the group's own, else the default (6.7)."""
        group = self.groups.get(group_id or 0)
        wanted = group.business_hour_id if group else None
        default = next(calendar for calendar in self.calendars if calendar.is_default)
        return next((calendar for calendar in self.calendars if calendar.id == wanted), default)

    def reindex(self, kind: str, number: int) -> None:
        """Let the search know of a changed record, when its index gets there (3.4)."""
        index = self.index[kind]
        delay = self.switches.search_delay
        if number in index and not self.switches.search_lags_changes:
            delay = 0.0
        if (kind, number) not in index.waiting:
            index.waiting.add((kind, number))
            self.soon(delay, "index", [kind, number])

    def save(self, upload: Upload, ticket: int = 0, *, inline: bool = False) -> Attachment:
        """Keep an uploaded file under a new id."""
        kind = (
            upload.content_type if _MEDIA_TYPE.fullmatch(upload.content_type) else "application/octet-stream"
        )
        made = Attachment(self.new_id(), upload.name, kind, upload.size, self.now(), inline, ticket)
        self.files.write(made, upload)
        return made
