"""What Freshdesk shows of what it holds: each record as its JSON."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from deskbridge.sandbox.freshdesk import sla
from deskbridge.sandbox.freshdesk.fields import shown_custom
from deskbridge.sandbox.freshdesk.persons import User
from deskbridge.sandbox.freshdesk.records import Attachment, Conversation, Rating, Summary, Ticket, TimeEntry
from deskbridge.sandbox.freshdesk.setup import Policy
from deskbridge.sandbox.freshdesk.state import Account
from deskbridge.sandbox.freshdesk.text import plain


def stamp(instant: datetime | None) -> str | None:
    """Return an instant as Freshdesk writes it: UTC, whole seconds."""
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ") if instant else None


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
        "fwd_emails": ticket.fwd_emails,
        "reply_cc_emails": ticket.cc_emails if ticket.reply_cc_emails is None else ticket.reply_cc_emails,
        "spam": ticket.spam,
        "fr_escalated": ticket.fr_escalated,
        "nr_escalated": ticket.nr_escalated,
        "is_escalated": ticket.is_escalated,
        "due_by": stamp(ticket.due.due_by),
        "fr_due_by": stamp(ticket.due.fr_due_by),
        "nr_due_by": stamp(ticket.due.nr_due_by),
        "association_type": ticket.association_type,
        "associated_tickets_count": len(ticket.associated) if ticket.associated else None,
        "structured_description": None,
        "form_id": next(iter(account.shelves["ticket_forms"]), None),
        "tags": ticket.tags,
        "custom_fields": shown_custom(account, ticket.custom_fields),
        "created_at": stamp(ticket.created_at),
        "updated_at": stamp(ticket.updated_at),
    }
    if account.switches.shared_ownership:
        row["internal_agent_id"], row["internal_group_id"] = (
            ticket.internal_agent_id,
            ticket.internal_group_id,
        )
    if ticket.trashed_at:
        row["deleted"] = True
    return row | _embedded(account, ticket, includes)


def ticket_view(account: Account, ticket: Ticket, includes: Sequence[str] = ()) -> dict[str, Any]:
    """Return a ticket as it is shown alone, created or updated."""
    whole = {
        "attachments": attachments(account, ticket.attachments),
        "source_additional_info": None,
        "associated_tickets_list": list(ticket.associated or []),
    }
    return ticket_row(account, ticket, [*includes, "description"]) | whole


def short_ticket(ticket: Ticket) -> dict[str, Any]:
    """Return a ticket as the calls about associations show it (4.7)."""
    names = "id group_id priority requester_id responder_id source company_id status subject product_id type"
    row = {name: getattr(ticket, name) for name in names.split()}
    times = {"due_by": stamp(ticket.due.due_by), "fr_due_by": stamp(ticket.due.fr_due_by)}
    changed = {"created_at": stamp(ticket.created_at), "updated_at": stamp(ticket.updated_at)}
    return row | times | {"is_escalated": ticket.is_escalated} | changed


def stats(ticket: Ticket) -> dict[str, Any]:
    """Return when what happened to a ticket."""
    return {name: stamp(at) for name, at in dataclasses.asdict(ticket.stats).items()}


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
        shown["stats"] = stats(ticket)
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
    structured = {"structured_body": c.structured} if c.structured else {}
    return structured | {
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
        "automation_id": c.automation_id,
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
    return _written(account, c) | mail | {"structured_body": c.structured, "replied_to": c.to_emails}


def note_answer(account: Account, c: Conversation) -> dict[str, Any]:
    """Return what the calls that write notes answer (5.2)."""
    kind = {
        "incoming": c.incoming,
        "private": c.private,
        "support_email": None,
        "structured_body": c.structured,
    }
    return _written(account, c) | kind | {"notified_to": c.to_emails or []}


def forward_answer(account: Account, c: Conversation) -> dict[str, Any]:
    """Return what forwarding answers, and answering a forward (5.2)."""
    names = "incoming private support_email source category to_emails from_email cc_emails bcc_emails".split()
    kind = {name: getattr(c, name) for name in names}
    further: dict[str, Any] = {
        "email_failure_count": None,
        "outgoing_failures": None,
        "deleted": False,
        "cloud_files": [],
    }
    edited = {"last_edited_at": None, "last_edited_user_id": None, "has_quoted_text": True}
    return _written(account, c) | kind | further | edited


def summary(account: Account, s: Summary) -> dict[str, Any]:
    """Return the summary of a ticket (4.5)."""
    return {
        "id": s.id,
        "body": s.body,
        "body_text": plain(s.body),
        "user_id": s.user_id,
        "ticket_id": s.ticket_id,
        "attachments": attachments(account, s.attachments),
        "cloud_files": [],
        "last_edited_at": stamp(s.last_edited_at),
        "last_edited_user_id": s.last_edited_user_id,
        "created_at": stamp(s.created_at),
        "updated_at": stamp(s.updated_at),
    }


def time_entry(account: Account, entry: TimeEntry) -> dict[str, Any]:
    """Return a time entry; of a running timer what has passed counts (6.9)."""
    running = (account.now() - entry.start_time).total_seconds() if entry.timer_running else 0
    seconds = entry.spent + int(running)
    return {
        "id": entry.id,
        "ticket_id": entry.ticket_id,
        "agent_id": entry.agent_id,
        "company_id": entry.company_id,
        "billable": entry.billable,
        "note": entry.note,
        "timer_running": entry.timer_running,
        "time_spent": f"{seconds // 3600:02}:{seconds % 3600 // 60:02}",
        "time_spent_in_seconds": seconds,
        "start_time": stamp(entry.start_time),
        "executed_at": stamp(entry.executed_at),
        "created_at": stamp(entry.created_at),
        "updated_at": stamp(entry.updated_at),
    }


def rating(r: Rating) -> dict[str, Any]:
    """Return a satisfaction rating (6.10)."""
    names = "id survey_id user_id agent_id feedback group_id ticket_id ratings".split()
    times = {"created_at": stamp(r.created_at), "updated_at": stamp(r.created_at)}
    return {name: getattr(r, name) for name in names} | times


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


def policy(p: Policy) -> dict[str, Any]:
    """Return an SLA policy (6.8)."""
    row = {f.name: getattr(p, f.name) for f in dataclasses.fields(p)}
    return row | {"created_at": stamp(p.created_at), "updated_at": stamp(p.updated_at)}
