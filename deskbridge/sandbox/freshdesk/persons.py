"""Who is in an account: contacts, agents, their companies and groups (reference 6.1 to 6.4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from deskbridge.sandbox.freshdesk.records import Attachment


@dataclass(slots=True)
class Role:
    """What makes a user an agent (6.3)."""

    admin: bool
    group_ids: list[int] = field(default_factory=list)
    role_ids: list[int] = field(default_factory=list)
    skill_ids: list[int] = field(default_factory=list)
    occasional: bool = False
    signature: str | None = None
    ticket_scope: int = 1
    type: str = "support_agent"
    focus_mode: bool = True
    since: datetime | None = None
    """When the user became an agent; None means when it was created."""


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
    other_companies: list[dict[str, Any]] = field(default_factory=list)
    address: str | None = None
    description: str | None = None
    job_title: str | None = None
    language: str = "en"
    time_zone: str = "UTC"
    tags: list[str] = field(default_factory=list)
    custom_fields: dict[str, Any] = field(default_factory=dict)
    avatar: Attachment | None = None
    active: bool = False
    deleted: bool = False
    blocked: bool = False
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
    custom_fields: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Group:
    """A group of agents; its calendar says when SLA time passes for its tickets (6.7)."""

    id: int
    name: str
    created_at: datetime
    updated_at: datetime
    description: str | None = None
    business_hour_id: int | None = None
    escalate_to: int | None = None
    unassigned_for: str | None = "30m"
    auto_ticket_assign: int = 0
    group_type: str = "support_agent_group"
    allow_agents_to_change_availability: bool = False
