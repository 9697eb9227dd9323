"""The records of a Freshdesk account that hang on tickets, each a plain dataclass."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from deskbridge.sandbox.packing import packed

OPEN, PENDING, RESOLVED, CLOSED = 2, 3, 4, 5
PARENT, CHILD, TRACKER, RELATED = 1, 2, 3, 4


@dataclass(slots=True)
class Attachment:
    """A file of a message. Inline pictures are reached by token and are listed nowhere (5.5)."""

    id: int
    name: str
    content_type: str
    size: int
    created_at: datetime
    inline: bool = False
    ticket_id: int = 0
    made_up: bool = False
    """Whether the bytes are drawn from the id when somebody asks: generated files fill no disk."""


@packed("body")
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
    category: int | None = 3
    support_email: str | None = None
    from_email: str | None = None
    to_emails: list[str] | None = None
    cc_emails: list[str] | None = None
    bcc_emails: list[str] | None = None
    attachments: list[Attachment] = field(default_factory=list)
    last_edited_at: datetime | None = None
    last_edited_user_id: int | None = None
    automation_id: int | None = None
    structured: dict[str, Any] | None = None


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
    nr_due_by: datetime | None = None
    by_hand: tuple[str, ...] = ()
    """Which of the first two somebody set: those are never recomputed."""
    changes_at: datetime | None = None
    """When freshly computed due times take the place of those shown."""
    off_since: datetime | None = None
    """Since when the ticket has been in a status in which no SLA time passes."""
    off: tuple[tuple[datetime, datetime], ...] = ()
    """The times in which it was in such a status."""
    asked_at: datetime | None = None
    """When the customer wrote what no agent has answered yet."""
    escalated: tuple[str, ...] = ()
    """Which escalations have been mailed, e.g. ``resolution level_1``."""


@packed("description")
@dataclass(slots=True)
class Ticket:
    """A ticket with its description (message 0) and its conversations, oldest first."""

    id: int
    subject: str | None
    description: str
    requester_id: int
    created_at: datetime
    updated_at: datetime
    status: int = OPEN
    priority: int = 1
    source: int = 2
    type: str | None = None
    responder_id: int | None = None
    group_id: int | None = None
    company_id: int | None = None
    product_id: int | None = None
    email_config_id: int | None = None
    internal_agent_id: int | None = None
    internal_group_id: int | None = None
    support_email: str | None = None
    to_emails: list[str] | None = None
    cc_emails: list[str] = field(default_factory=list)
    reply_cc_emails: list[str] | None = None
    ticket_cc_emails: list[str] = field(default_factory=list)
    fwd_emails: list[str] | None = field(default_factory=list)
    """null on seeded sample tickets (4.1)."""
    tags: list[str] = field(default_factory=list)
    custom_fields: dict[str, Any] = field(default_factory=dict)
    attachments: list[Attachment] = field(default_factory=list)
    conversations: list[Conversation] = field(default_factory=list)
    fr_escalated: bool = False
    nr_escalated: bool = False
    is_escalated: bool = False
    spam_since: datetime | None = None
    trashed_at: datetime | None = None
    association_type: int | None = None
    associated: list[int] | None = None
    stats: Stats = field(default_factory=Stats)
    due: Due = field(default_factory=Due)

    @property
    def spam(self) -> bool:
        """Whether the ticket is marked as spam."""
        return self.spam_since is not None

    @property
    def place(self) -> str:
        """Return in which of the three lists the ticket is: ``normal``, ``deleted`` or ``spam`` (3.2)."""
        return "deleted" if self.trashed_at else "spam" if self.spam_since else "normal"


@dataclass(slots=True)
class Summary:
    """The one summary note of a ticket (4.5)."""

    id: int
    ticket_id: int
    body: str
    user_id: int
    created_at: datetime
    updated_at: datetime
    attachments: list[Attachment] = field(default_factory=list)
    last_edited_at: datetime | None = None
    last_edited_user_id: int | None = None


@dataclass(slots=True)
class TimeEntry:
    """Work on a ticket; `spent` are whole seconds without those of a timer that runs (6.9)."""

    id: int
    ticket_id: int
    agent_id: int
    start_time: datetime
    executed_at: datetime
    created_at: datetime
    updated_at: datetime
    company_id: int | None = None
    billable: bool = True
    note: str | None = None
    timer_running: bool = False
    spent: int = 0


@dataclass(slots=True)
class Rating:
    """What a customer thought of the service (6.10)."""

    id: int
    survey_id: int
    user_id: int
    ticket_id: int
    ratings: dict[str, int]
    created_at: datetime
    agent_id: int | None = None
    group_id: int | None = None
    feedback: str | None = None


@dataclass(slots=True)
class Job:
    """Work that is done in the background at `at`: `kind` says what, `what` says of which."""

    id: str
    kind: str
    agent_id: int
    at: datetime
    created_at: datetime
    what: dict[str, Any]
    done: bool = False
    cancelled: bool = False
    results: Any = None


@dataclass(frozen=True, slots=True)
class Activity:
    """One line of the audit trail, which only the daily export shows (6.22)."""

    at: datetime
    ticket_id: int
    performer_type: str
    performer_id: int | None
    activity: dict[str, Any]
