"""What Freshdesk shows of what it holds: each record as its JSON."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from deskbridge.sandbox.freshdesk import sla
from deskbridge.sandbox.freshdesk.fields import shown_custom
from deskbridge.sandbox.freshdesk.records import (
    Attachment,
    Company,
    Conversation,
    Group,
    Policy,
    Ticket,
    User,
)
from deskbridge.sandbox.freshdesk.state import Account
from deskbridge.sandbox.freshdesk.text import plain
from deskbridge.sandbox.freshdesk.wire import stamp


def ticket_row(account: Account, ticket: Ticket, includes: Sequence[str] = ()) -> dict[str, Any]:
    """Return a ticket as lists show it: no description, no files (4.1)."""
    row: dict[str, Any] = {
        "id": ticket.id,
        "subject": ticket.subject,
        "status": ticket.status,
        "priority": ticket.priority,
        "source": ticket.source,
        "type": ticket.type,
        "requester_id": ticket.requester_id,
        "responder_id": ticket.responder_id,
        "group_id": ticket.group_id,
        "company_id": ticket.company_id,
        "product_id": ticket.product_id,
        "email_config_id": ticket.email_config_id,
        "support_email": ticket.support_email,
        "to_emails": ticket.to_emails,
        "cc_emails": ticket.cc_emails,
        "ticket_cc_emails": ticket.ticket_cc_emails,
        "ticket_bcc_emails": None,
        "fwd_emails": [],
        "reply_cc_emails": ticket.reply_cc_emails or ticket.cc_emails,
        "spam": ticket.spam,
        "fr_escalated": ticket.fr_escalated,
        "nr_escalated": False,
        "is_escalated": ticket.is_escalated,
        "due_by": stamp(ticket.due.due_by),
        "fr_due_by": stamp(ticket.due.fr_due_by),
        "nr_due_by": None,
        "association_type": None,
        "associated_tickets_count": None,
        "structured_description": None,
        "form_id": None,
        "tags": ticket.tags,
        "custom_fields": shown_custom(account, ticket.custom_fields),
        "created_at": stamp(ticket.created_at),
        "updated_at": stamp(ticket.updated_at),
    }
    if ticket.trashed_at:
        row["deleted"] = True
    return row | _embedded(account, ticket, includes)


def ticket_view(account: Account, ticket: Ticket, includes: Sequence[str] = ()) -> dict[str, Any]:
    """Return a ticket as it is shown alone, created or updated."""
    whole = {
        "attachments": attachments(account, ticket.attachments),
        "source_additional_info": None,
        "associated_tickets_list": [],
    }
    return ticket_row(account, ticket, [*includes, "description"]) | whole


def _embedded(account: Account, ticket: Ticket, includes: Sequence[str]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    if "description" in includes:
        shown |= {"description": ticket.description, "description_text": plain(ticket.description)}
    if "requester" in includes:
        shown["requester"] = _requester(account.users.get(ticket.requester_id))
    if "company" in includes:
        company = account.companies.get(ticket.company_id or 0)
        shown["company"] = {"id": company.id, "name": company.name} if company else {}
    if "stats" in includes:
        shown["stats"] = {name: stamp(at) for name, at in dataclasses.asdict(ticket.stats).items()}
    if "conversations" in includes:
        # The oldest ten, and nothing says that there are more (7, number 7).
        shown["conversations"] = [conversation(account, c) for c in ticket.conversations[:10]]
    if "sla_policy" in includes:
        applied = sla.policy_of(account, ticket)
        shown["sla_policy"] = policy(applied) if applied else None
    return shown


def _requester(user: User | None) -> dict[str, Any] | None:
    if user is None:
        return None
    return {"id": user.id, "name": user.name, "email": user.email, "mobile": user.mobile, "phone": user.phone}


def conversation(account: Account, c: Conversation) -> dict[str, Any]:
    """Return a conversation as the list of a ticket's shows it (5.1)."""
    return {
        "id": c.id,
        "ticket_id": c.ticket_id,
        "body": c.body,
        "body_text": plain(c.body),
        "incoming": c.incoming,
        "private": c.private,
        "user_id": c.user_id,
        "source": c.source,
        "category": c.category,
        "support_email": c.support_email,
        "from_email": c.from_email,
        "to_emails": c.to_emails,
        "cc_emails": c.cc_emails,
        "bcc_emails": c.bcc_emails,
        "email_failure_count": None,
        "outgoing_failures": None,
        "thread_id": None,
        "thread_message_id": None,
        "last_edited_at": stamp(c.last_edited_at),
        "last_edited_user_id": c.last_edited_user_id,
        "auto_response": False,
        "automation_id": None,
        "automation_type_id": None,
        "source_additional_info": None,
        "attachments": attachments(account, c.attachments),
        "created_at": stamp(c.created_at),
        "updated_at": stamp(c.updated_at),
    }


def _written(account: Account, c: Conversation) -> dict[str, Any]:
    return {
        "id": c.id,
        "body": c.body,
        "body_text": plain(c.body),
        "user_id": c.user_id,
        "ticket_id": c.ticket_id,
        "attachments": attachments(account, c.attachments),
        "created_at": stamp(c.created_at),
        "updated_at": stamp(c.updated_at),
    }


def reply_answer(account: Account, c: Conversation) -> dict[str, Any]:
    """Return what the reply call answers (5.2)."""
    mail = {"from_email": c.from_email, "cc_emails": c.cc_emails, "bcc_emails": c.bcc_emails}
    return _written(account, c) | mail | {"replied_to": c.to_emails}


def note_answer(account: Account, c: Conversation) -> dict[str, Any]:
    """Return what the calls that write notes answer (5.2)."""
    kind = {"incoming": c.incoming, "private": c.private, "support_email": None}
    return _written(account, c) | kind | {"notified_to": c.to_emails or []}


def attachments(account: Account, files: Sequence[Attachment]) -> list[dict[str, Any]]:
    """Return files with addresses that work for five minutes (5.4)."""
    seconds = account.switches.presign_seconds
    return [
        {
            "id": file.id,
            "name": file.name,
            "content_type": file.content_type,
            "size": file.size,
            "created_at": stamp(file.created_at),
            "updated_at": stamp(file.created_at),
            "attachment_url": account.files.presigned_url(file, seconds),
        }
        for file in files
    ]


def contact_row(user: User) -> dict[str, Any]:
    """Return a contact as lists show it: without tags, further addresses and avatar (6.1)."""
    row = {
        "id": user.id,
        "name": user.name,
        "email": user.email,
        "phone": user.phone,
        "mobile": user.mobile,
        "twitter_id": user.twitter_id,
        "unique_external_id": user.unique_external_id,
        "address": user.address,
        "description": user.description,
        "job_title": user.job_title,
        "language": user.language,
        "time_zone": user.time_zone,
        "company_id": user.company_id,
        "view_all_tickets": user.view_all_tickets,
        "custom_fields": {},
        "active": user.active,
        "contact_type": "contact",
        "created_at": stamp(user.created_at),
        "updated_at": stamp(user.updated_at),
    }
    return row | {"deleted": True} if user.deleted else row


def contact_view(user: User) -> dict[str, Any]:
    """Return a contact as it is shown alone."""
    further = {"other_emails": user.other_emails, "other_companies": [], "tags": user.tags, "avatar": None}
    return contact_row(user) | further


def agent_row(account: Account, user: User) -> dict[str, Any]:
    """Return an agent; `id` is the user's (6.3)."""
    role = user.role
    assert role is not None
    return {
        "id": user.id,
        "occasional": False,
        "signature": f"<div>{user.name}</div>",
        "ticket_scope": 1,
        "type": "support_agent",
        "group_ids": role.group_ids,
        "role_ids": [account.role_ids["Account Administrator" if account.is_admin(user) else "Agent"]],
        "available": True,
        "available_since": None,
        "focus_mode": False,
        "created_at": stamp(user.created_at),
        "updated_at": stamp(user.updated_at),
        "contact": {
            "active": user.active,
            "email": user.email,
            "job_title": user.job_title,
            "language": user.language,
            "last_login_at": None,
            "mobile": user.mobile,
            "name": user.name,
            "phone": user.phone,
            "time_zone": user.time_zone,
            "created_at": stamp(user.created_at),
            "updated_at": stamp(user.updated_at),
        },
    }


def agent_view(account: Account, user: User) -> dict[str, Any]:
    """Return an agent alone: with skills (6.3)."""
    return agent_row(account, user) | {"skill_ids": []}


def group_row(group: Group) -> dict[str, Any]:
    """Return a group as lists show it: without its agents (6.4)."""
    return {
        "id": group.id,
        "name": group.name,
        "description": group.description,
        "business_hour_id": None,
        "escalate_to": None,
        "unassigned_for": None,
        "auto_ticket_assign": 0,
        "group_type": "support_agent_group",
        "created_at": stamp(group.created_at),
        "updated_at": stamp(group.updated_at),
    }


def group_view(account: Account, group: Group) -> dict[str, Any]:
    """Return a group alone: with its agents."""
    members = [agent.id for agent in account.agents() if agent.role and group.id in agent.role.group_ids]
    return group_row(group) | {"agent_ids": members}


def company_row(company: Company) -> dict[str, Any]:
    """Return a company (6.2)."""
    row = {
        "id": company.id,
        "name": company.name,
        "description": company.description,
        "note": company.note,
        "domains": company.domains,
        "health_score": company.health_score,
        "account_tier": company.account_tier,
        "renewal_date": stamp(company.renewal_date),
        "industry": company.industry,
    }
    times = {"created_at": stamp(company.created_at), "updated_at": stamp(company.updated_at)}
    return row | {"custom_fields": {}} | times


def policy(p: Policy) -> dict[str, Any]:
    """Return an SLA policy (6.8)."""
    return {
        "id": p.id,
        "name": p.name,
        "description": p.description,
        "active": p.active,
        "is_default": p.is_default,
        "position": p.position,
        "sla_target": {f"priority_{n}": _target(*p.targets[n]) for n in sorted(p.targets, reverse=True)},
        "applicable_to": p.applicable_to,
        "escalation": {
            "response": {"escalation_time": 0, "agent_ids": [-1]},
            "resolution": {"level_1": {"escalation_time": 0, "agent_ids": [-1]}},
        },
        "created_at": stamp(p.created_at),
        "updated_at": stamp(p.created_at),
    }


def _target(respond: int, resolve: int) -> dict[str, Any]:
    return {
        "respond_within": respond,
        "next_respond_within": None,
        "resolve_within": resolve,
        "business_hours": False,
        "escalation_enabled": True,
    }
