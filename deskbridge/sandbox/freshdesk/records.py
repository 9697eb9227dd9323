"""The records of a Freshdesk account, each a plain dataclass."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

RESOLVED, CLOSED = 4, 5
# A field's name where the ticket's own key is another (6.5).
_KEYS = {
    "ticket_type": "type",
    "group": "group_id",
    "agent": "responder_id",
    "product": "product_id",
    "company": "company_id",
}


@dataclass(slots=True)
class Switches:
    """The facts that the documentation leaves open, and what an account's admin may turn off."""

    hub_admin: bool = True
    """Whether the hub's own key belongs to an admin."""
    due_delay: float = 3.0
    """Seconds until due times are filled or changed (reference 4.6)."""
    due_fill_bumps: bool = False
    edits_bump: bool = False
    """Whether an edited or deleted conversation bumps the ticket's `updated_at` (4.9: unknown)."""
    notify_new_ticket: bool = True
    notify_cc: bool = True
    notify_resolved: bool = True
    notify_closed: bool = True
    notify_public_note: bool = True
    notify_agents: bool = True
    reopen_on_reply: bool = True
    """The shipped rule that opens a ticket again when its customer writes (5.2)."""
    assume_identity: bool = True
    """Whether an agent may post as somebody else (5.3)."""
    multiple_companies: bool = True
    include_sla_policy: bool = False
    """Whether `include=sla_policy` still works (4.1: weak evidence)."""
    conversations_cost: int = 1
    """Credits of `include=conversations` on a ticket (2: 1 or 2)."""
    search_delay: float = 60.0
    """Seconds until the search index knows of a new ticket (3.4)."""
    presign_seconds: int = 300
    job_seconds: float = 1.0
    sla_job_seconds: float = 300.0
    """How often the job that marks breaches runs (4.6: seen 1-12 minutes late)."""
    bulk_status: int = 202
    """The status code of an accepted bulk call (1.2: 200 or 202)."""
    nested_choices_as_array: bool = False
    """Whether dependent fields show their choices as documented (6.5: real accounts differ)."""


@dataclass(slots=True)
class Role:
    """What makes a user an agent."""

    admin: bool
    group_ids: list[int] = field(default_factory=list)


@dataclass(slots=True)
class User:
    """A contact, or an agent when it has a role: both share ids and e-mail addresses (6.1)."""

    id: int
    name: str
    created_at: datetime
    updated_at: datetime
    email: str | None = None
    other_emails: list[str] = field(default_factory=list)
    phone: str | None = None
    mobile: str | None = None
    twitter_id: str | None = None
    unique_external_id: str | None = None
    company_id: int | None = None
    view_all_tickets: bool = False
    address: str | None = None
    description: str | None = None
    job_title: str | None = None
    language: str = "en"
    time_zone: str = "UTC"
    tags: list[str] = field(default_factory=list)
    active: bool = False
    deleted: bool = False
    role: Role | None = None


@dataclass(slots=True)
class Company:
    """A customers' company; `domains` decide to which one a new contact belongs."""

    id: int
    name: str
    created_at: datetime
    updated_at: datetime
    description: str | None = None
    note: str | None = None
    domains: list[str] = field(default_factory=list)
    health_score: str | None = None
    account_tier: str | None = None
    renewal_date: datetime | None = None
    industry: str | None = None


@dataclass(slots=True)
class Group:
    """A group of agents."""

    id: int
    name: str
    description: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Status:
    """A ticket status: what agents and what customers call it, and whether SLA time passes in it."""

    label: str
    customer_label: str
    sla_timer: bool


@dataclass(slots=True)
class Attachment:
    """A file of a message. Inline pictures are reached by token and are listed nowhere (5.5)."""

    id: int
    name: str
    content_type: str
    size: int
    created_at: datetime
    inline: bool = False


@dataclass(slots=True)
class Conversation:
    """A reply, a note or a customer's message on a ticket."""

    id: int
    ticket_id: int
    body: str
    user_id: int
    created_at: datetime
    updated_at: datetime
    incoming: bool = False
    private: bool = False
    source: int = 0
    category: int = 3
    support_email: str | None = None
    from_email: str | None = None
    to_emails: list[str] | None = None
    cc_emails: list[str] | None = None
    bcc_emails: list[str] | None = None
    attachments: list[Attachment] = field(default_factory=list)
    last_edited_at: datetime | None = None
    last_edited_user_id: int | None = None


@dataclass(slots=True)
class Stats:
    """When what first or last happened to a ticket (4.1, `include=stats`)."""

    agent_responded_at: datetime | None = None
    requester_responded_at: datetime | None = None
    first_responded_at: datetime | None = None
    status_updated_at: datetime | None = None
    reopened_at: datetime | None = None
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    pending_since: datetime | None = None


@dataclass(slots=True)
class Due:
    """The SLA of a ticket: what is shown, what is coming, and what must not be recomputed (4.6)."""

    due_by: datetime | None = None
    fr_due_by: datetime | None = None
    by_hand: set[str] = field(default_factory=set)
    """Which of the two somebody set: those are never recomputed."""
    changes_at: datetime | None = None
    """When freshly computed due times take the place of those shown."""
    off_since: datetime | None = None
    """Since when the ticket has been in a status in which no SLA time passes."""
    off_for: timedelta = timedelta()


@dataclass(slots=True)
class Ticket:
    """A ticket with its description (message 0) and its conversations, oldest first."""

    id: int
    subject: str
    description: str
    requester_id: int
    created_at: datetime
    updated_at: datetime
    status: int = 2
    priority: int = 1
    source: int = 2
    type: str | None = None
    responder_id: int | None = None
    group_id: int | None = None
    company_id: int | None = None
    product_id: int | None = None
    email_config_id: int | None = None
    support_email: str | None = None
    to_emails: list[str] | None = None
    cc_emails: list[str] = field(default_factory=list)
    reply_cc_emails: list[str] = field(default_factory=list)
    ticket_cc_emails: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    custom_fields: dict[str, Any] = field(default_factory=dict)
    attachments: list[Attachment] = field(default_factory=list)
    conversations: list[Conversation] = field(default_factory=list)
    fr_escalated: bool = False
    is_escalated: bool = False
    spam: bool = False
    trashed_at: datetime | None = None
    stats: Stats = field(default_factory=Stats)
    due: Due = field(default_factory=Due)


@dataclass(slots=True)
class Job:
    """A bulk call that takes effect at `at`."""

    id: str
    agent_id: int
    at: datetime
    created_at: datetime
    ids: list[int]
    properties: dict[str, Any]
    reply: dict[str, Any] | None = None
    done: bool = False
    results: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class Policy:
    """An SLA policy: seconds to respond and to resolve by priority, in calendar time."""

    id: int
    name: str
    description: str
    targets: dict[int, tuple[int, int]]
    applicable_to: dict[str, list[Any]]
    created_at: datetime
    position: int = 1
    active: bool = True
    is_default: bool = False


@dataclass(slots=True)
class TicketField:
    """One field of the form. `choices` are labels, or labels by label for a dependent field."""

    id: int
    name: str
    label: str
    type: str
    position: int
    created_at: datetime
    default: bool = True
    required_for_agents: bool = False
    required_for_closure: bool = False
    choices: Any = None
    levels: list[str] = field(default_factory=list)
    """The names of levels 2 and 3 of a dependent field."""

    @property
    def key(self) -> str:
        """Return what the value is called on a ticket."""
        return _KEYS.get(self.name, self.name)
