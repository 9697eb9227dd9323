"""How an account is set up: statuses, the ticket form, policies, calendars, rules (reference 6.5 to 6.15)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

# A field's name where the ticket's own key is another (6.5).
_KEYS = {
    "ticket_type": "type",
    "group": "group_id",
    "agent": "responder_id",
    "product": "product_id",
    "company": "company_id",
}


@dataclass(frozen=True, slots=True)
class Status:
    """A ticket status: what agents and what customers call it, and whether SLA time passes in it."""

    label: str
    customer_label: str
    sla_timer: bool


@dataclass(slots=True)
class Choice:
    """One value that a field may have, and those that may follow it on the next level."""

    id: int
    value: str
    choices: list[Choice] = field(default_factory=list)


@dataclass(slots=True)
class Level:
    """The second or third part of a dependent field: a key of its own on each ticket."""

    id: int
    name: str
    label: str
    label_for_customers: str
    level: int


@dataclass(slots=True)
class TicketField:
    """One field of the form; `choices` are None where any value goes."""

    id: int
    name: str
    label: str
    type: str
    position: int
    created_at: datetime
    updated_at: datetime
    default: bool = True
    label_for_customers: str = ""
    required_for_agents: bool = False
    required_for_closure: bool = False
    required_for_customers: bool = False
    customers_can_edit: bool = False
    displayed_to_customers: bool = False
    choices: list[Choice] | None = None
    levels: list[Level] = field(default_factory=list)
    section_mappings: list[dict[str, int]] = field(default_factory=list)

    @property
    def key(self) -> str:
        """Return what the value is called on a ticket."""
        return _KEYS.get(self.name, self.name) if self.default else self.name


@dataclass(slots=True)
class Section:
    """A part of the form that is shown for some choices of a field."""

    id: int
    label: str
    parent_ticket_field_id: int
    choice_ids: list[int]
    is_fsm: bool = False


@dataclass(slots=True)
class Policy:
    """An SLA policy, its parts as the API has them; times are in seconds (6.8)."""

    id: int
    name: str
    description: str | None
    sla_target: dict[str, dict[str, Any]]
    applicable_to: dict[str, list[Any]]
    created_at: datetime
    updated_at: datetime
    escalation: dict[str, Any] = field(default_factory=dict)
    position: int = 1
    active: bool = True
    is_default: bool = False


@dataclass(slots=True)
class Calendar:
    """Business hours: "HH:MM" from and to by weekday (monday is 0), in a zone by its Rails name."""

    id: int
    name: str
    description: str | None
    time_zone: str
    hours: dict[int, tuple[str, str]]
    created_at: datetime
    is_default: bool = False
    holidays: list[str] = field(default_factory=list)
    """Days without work, as "2026-12-25": they count, and no call tells them (6.7)."""


@dataclass(slots=True)
class AutomationRule:
    """A rule that runs on creation (type 1), hourly (3) or on update (4); its parts as the API has them."""

    id: int
    automation_type_id: int
    name: str
    actions: list[dict[str, Any]]
    conditions: list[dict[str, Any]]
    created_at: datetime
    updated_at: datetime
    description: str | None = None
    position: int = 1
    active: bool = True
    operator: str | None = None
    performer: dict[str, Any] | None = None
    events: list[dict[str, Any]] = field(default_factory=list)
    last_updated_by: int | None = None
