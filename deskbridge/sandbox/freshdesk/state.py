"""What a Freshdesk account holds: its records, one space of ids, and the look-ups over them."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parseaddr

from deskbridge.sandbox.freshdesk.files import FileStore, Upload
from deskbridge.sandbox.freshdesk.records import (
    Attachment,
    Company,
    Conversation,
    Group,
    Job,
    Policy,
    Status,
    Switches,
    Ticket,
    TicketField,
    User,
)
from deskbridge.sandbox.world import World

FIRST_ID = 103000000001
_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+(; ?[\w.+-]+=[\w.+-]+)*", re.ASCII)


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
    calendar_id: int = 0
    role_ids: dict[str, int] = field(default_factory=dict)
    switches: Switches = field(default_factory=Switches)
    next_id: int = FIRST_ID
    users: dict[int, User] = field(default_factory=dict)
    owners: dict[str, int] = field(default_factory=dict)
    """Users' ids by e-mail address in lower case."""
    companies: dict[int, Company] = field(default_factory=dict)
    groups: dict[int, Group] = field(default_factory=dict)
    statuses: dict[int, Status] = field(default_factory=dict)
    fields: list[TicketField] = field(default_factory=list)
    policies: list[Policy] = field(default_factory=list)
    tickets: dict[int, Ticket] = field(default_factory=dict)
    last_ticket: int = 0
    conversations: dict[int, Conversation] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    trash: set[int] = field(default_factory=set)
    unsettled: set[int] = field(default_factory=set)
    """Tickets whose due times are about to change."""
    sla_job_ran: datetime | None = None
    created_at: datetime = field(init=False)
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

    def new_id(self) -> int:
        """Return the next id of the one space that all but tickets share."""
        self.next_id += 1
        return self.next_id - 1

    def agent(self, user_id: int | None) -> User | None:
        """Return the agent with `user_id`, or None."""
        user = self.users.get(user_id or 0)
        return user if user and user.role else None

    def agents(self) -> list[User]:
        """Return all agents, oldest first."""
        return [user for user in self.users.values() if user.role]

    def contact(self, user_id: int) -> User | None:
        """Return the contact with `user_id`; agents are no contacts (6.1)."""
        user = self.users.get(user_id)
        return user if user and not user.role else None

    def put_user(self, user: User) -> None:
        """Take in a user, or note that the addresses of one have changed."""
        if user.id in self.users:
            self.owners = {address: owner for address, owner in self.owners.items() if owner != user.id}
        self.users[user.id] = user
        for address in [user.email or "", *user.other_emails]:
            self.owners[address.lower()] = user.id

    def by_email(self, address: str | None) -> User | None:
        """Return whoever owns `address`, contact or agent, also as a further address."""
        wanted = parseaddr(address or "")[1].lower()
        return self.users.get(self.owners.get(wanted, 0)) if wanted else None

    def by_key(self, key: str) -> User | None:
        """Return the agent who owns an API key."""
        email = self.keys.get(key)
        return self.by_email(email) if email else None

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

    def save(self, upload: Upload, *, inline: bool = False) -> Attachment:
        """Keep an uploaded file under a new id."""
        kind = (
            upload.content_type if _MEDIA_TYPE.fullmatch(upload.content_type) else "application/octet-stream"
        )
        attachment = Attachment(self.new_id(), upload.name, kind, upload.size, self.now(), inline)
        self.files.write(attachment, upload)
        return attachment
