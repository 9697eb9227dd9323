"""An account written down as JSON, and made of it again (for snapshots). Keys are not part of it."""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from deskbridge.sandbox.freshdesk import searched
from deskbridge.sandbox.freshdesk.persons import Company, Group, User
from deskbridge.sandbox.freshdesk.records import Activity, Attachment, Job, Rating, Summary, Ticket, TimeEntry
from deskbridge.sandbox.freshdesk.setup import AutomationRule, Calendar, Policy, Section, Status, TicketField
from deskbridge.sandbox.freshdesk.state import Account
from deskbridge.sandbox.freshdesk.switches import Switches

# What is kept as rows by id, and what one row is.
_BY_ID: dict[str, type] = {
    "companies": Company,
    "groups": Group,
    "sections": Section,
    "rules": AutomationRule,
    "summaries": Summary,
    "jobs": Job,
    "archive": Ticket,
}
_LISTS: dict[str, type] = {
    "fields": TicketField,
    "policies": Policy,
    "calendars": Calendar,
    "activities": Activity,
}
_HANGING: dict[str, type] = {"time_entries": TimeEntry, "ratings": Rating}
_PLAIN: dict[str, Any] = {
    "support_email": str,
    "email_config_id": int,
    "role_ids": dict[str, int],
    "switches": Switches,
    "next_id": int,
    "last_ticket": int,
    "statuses": dict[int, Status],
    "shelves": dict[str, dict[int, dict[str, Any]]],
    "watchers": dict[int, list[int]],
    "viewers": dict[int, list[int]],
    "hook_hours": dict[int, int],
    "agenda": list[tuple[datetime, int, str, Any]],
    "created_at": datetime,
}


@functools.cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    """Return what writes and reads one kind; made when first needed, for that takes a while."""
    return TypeAdapter(kind)


def dump(account: Account) -> dict[str, Any]:
    """Return the account; rows are iterators, so that they are never all there at once."""
    state: dict[str, Any] = {
        name: _adapter(kind).dump_python(getattr(account, name), mode="json") for name, kind in _PLAIN.items()
    }
    state["agenda"] = iter(state["agenda"])
    state["users"] = _rows(User, account.users.values())
    state["tickets"] = _rows(Ticket, account.tickets.values())
    state["files"] = _rows(Attachment, account.files.index.values())
    for name, kind in (_BY_ID | _HANGING).items():
        state[name] = _rows(kind, getattr(account, name).values())
    for name, kind in _LISTS.items():
        state[name] = _rows(kind, getattr(account, name))
    return state


def _rows(kind: type, rows: Iterable[Any]) -> Iterable[Any]:
    return (_adapter(kind).dump_python(row, mode="json") for row in rows)


def restore(account: Account, state: dict[str, Any]) -> None:
    """Make a fresh `account` the one that was written down."""
    for name, kind in _PLAIN.items():
        setattr(account, name, _adapter(kind).validate_python(state[name]))
    account.agenda.sort()
    turns = max((entry[1] for entry in account.agenda), default=-1) + 1
    account.restart_turns(itertools.count(turns))
    for name, kind in _BY_ID.items():
        setattr(
            account,
            name,
            {row.id if name != "summaries" else row.ticket_id: row for row in _made(kind, state[name])},
        )
    for name, kind in _LISTS.items():
        setattr(account, name, list(_made(kind, state[name])))
    for name, kind in _HANGING.items():
        setattr(account, name, type(getattr(account, name))(_made(kind, state[name])))
    for attachment in _made(Attachment, state["files"]):
        account.files.index[attachment.id] = attachment
    for user in _made(User, state["users"]):
        account.people.put(user)
    _take_tickets(account, state["tickets"])
    _index(account)


def _made(kind: type, rows: Iterable[Any]) -> Iterable[Any]:
    return (_adapter(kind).validate_python(row) for row in rows)


def _take_tickets(account: Account, rows: Iterable[Any]) -> None:
    tickets = sorted(_made(Ticket, rows), key=lambda ticket: ticket.updated_at)
    for ticket in tickets:
        account.tickets.add(ticket)
        for conversation in ticket.conversations:
            account.conversations[conversation.id] = conversation
    for ticket in (*tickets, *account.archive.values()):
        _share_files(account, ticket)


def _share_files(account: Account, ticket: Ticket) -> None:
    """Let a message's file be the one in the store: it was written down twice."""
    for files in (ticket.attachments, *(c.attachments for c in ticket.conversations)):
        files[:] = [account.files.index.get(file.id, file) for file in files]


def _index(account: Account) -> None:
    """Fill the search's index; what was on its way there still is."""
    waiting = {tuple(entry[3]) for entry in account.agenda if entry[2] == "index"}
    records = {"tickets": account.tickets, "contacts": account.users, "companies": account.companies}
    for kind, rows in records.items():
        for number in rows:
            if (kind, number) not in waiting:
                searched.index(account, [kind, number])
        account.index[kind].waiting = {key for key in waiting if key[0] == kind}


def fresh(old: Account, new: Account) -> None:
    """Make `old`, which everybody holds, all that `new` is."""
    for field in dataclasses.fields(Account):
        setattr(old, field.name, getattr(new, field.name))
