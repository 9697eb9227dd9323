"""What of a ticket, a contact, a company can be searched (reference 3.4)."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any

from deskbridge.sandbox.freshdesk.index import Entry
from deskbridge.sandbox.freshdesk.persons import Company, User
from deskbridge.sandbox.freshdesk.records import Ticket
from deskbridge.sandbox.freshdesk.state import Account

TICKETS = {
    "agent_id": "integer",
    "group_id": "integer",
    "priority": "integer",
    "status": "integer",
    "tag": "string",
    "type": "string",
    "due_by": "date",
    "fr_due_by": "date",
    "created_at": "date",
    "updated_at": "date",
}
CONTACTS = {
    "active": "boolean",
    "company_id": "integer",
    "twitter_id": "string",
    "email": "string",
    "phone": "string",
    "mobile": "string",
    "tag": "string",
    "language": "string",
    "time_zone": "string",
    "created_at": "date",
    "updated_at": "date",
}
COMPANIES = {"domain": "string", "created_at": "date", "updated_at": "date"}
# Custom fields of these types can be searched, by their name.
CUSTOM = {
    "custom_text": "string",
    "custom_number": "integer",
    "custom_checkbox": "boolean",
    "custom_dropdown": "string",
    "custom_date": "date",
}


def keys(account: Account, kind: str) -> dict[str, str]:
    """Return what can be searched in a kind of records, and of which type it is."""
    if kind == "tickets":
        own = {f.name: CUSTOM[f.type] for f in account.fields if f.type in CUSTOM}
        return TICKETS | own | {"custom_string": "string"}
    shelf = account.shelves["contact_fields" if kind == "contacts" else "company_fields"]
    own = {row["name"]: CUSTOM[row["type"]] for row in shelf.values() if row["type"] in CUSTOM}
    return (CONTACTS if kind == "contacts" else COMPANIES) | own


def index(account: Account, key: list[Any]) -> None:
    """Let the index catch up with one record; what is deleted leaves it."""
    kind, number = key
    own = account.index[kind]
    own.waiting.discard((kind, number))
    own.put(number, _ENTRIES[kind](account, number))


def ticket_entry(ticket: Ticket) -> Entry:
    """Return what the index knows of a ticket."""
    entry: dict[str, Any] = {
        "agent_id": ticket.responder_id,
        "group_id": ticket.group_id,
        "priority": ticket.priority,
        "status": ticket.status,
        "tag": tuple(ticket.tags),
        "type": ticket.type,
        "due_by": _day(ticket.due.due_by),
        "fr_due_by": _day(ticket.due.fr_due_by),
        "created_at": _day(ticket.created_at),
        "updated_at": _day(ticket.updated_at),
    }
    custom = {name: value for name, value in ticket.custom_fields.items() if value is not None}
    texts = tuple(value for value in custom.values() if isinstance(value, str))
    return entry | custom | ({"custom_string": texts} if texts else {})


def contact_entry(user: User) -> Entry:
    """Return what the index knows of a contact."""
    names = ("active", "company_id", "twitter_id", "email", "phone", "mobile", "language", "time_zone")
    entry: dict[str, Any] = {name: getattr(user, name) for name in names}
    times = {"created_at": _day(user.created_at), "updated_at": _day(user.updated_at)}
    return entry | times | {"tag": tuple(user.tags)} | user.custom_fields


def company_entry(company: Company) -> Entry:
    """Return what the index knows of a company."""
    times = {"created_at": _day(company.created_at), "updated_at": _day(company.updated_at)}
    return {"domain": tuple(company.domains), **times, **company.custom_fields}


def _day(instant: datetime | None) -> str | None:
    return sys.intern(instant.strftime("%Y-%m-%d")) if instant else None


def _ticket(account: Account, number: int) -> Entry | None:
    ticket = account.tickets.get(number)
    return ticket_entry(ticket) if ticket and ticket.place == "normal" else None


def _contact(account: Account, number: int) -> Entry | None:
    user = account.contact(number)
    return contact_entry(user) if user and not (user.deleted or user.blocked) else None


def _company(account: Account, number: int) -> Entry | None:
    company = account.companies.get(number)
    return company_entry(company) if company else None


_ENTRIES: dict[str, Callable[[Account, int], Entry | None]] = {
    "tickets": _ticket,
    "contacts": _contact,
    "companies": _company,
}
