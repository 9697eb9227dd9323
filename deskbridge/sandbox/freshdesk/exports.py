"""Files that an account writes: all of it, its people, its audit trail (reference 6.21, 6.22)."""

from __future__ import annotations

import csv
import io
import json
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, BinaryIO, cast

from deskbridge.sandbox.freshdesk import show, show_people
from deskbridge.sandbox.freshdesk.files import Upload
from deskbridge.sandbox.freshdesk.form import instant
from deskbridge.sandbox.freshdesk.records import Conversation, Ticket
from deskbridge.sandbox.freshdesk.state import Account
from deskbridge.sandbox.freshdesk.text import plain

INCLUDES: Mapping[str, tuple[str, ...]] = {
    "tickets": ("notes", "attachments", "ticket_states", "schema_less_ticket", "requester"),
    "archive_tickets": ("notes", "attachments"),
    "contacts": (),
    "companies": ("company_domains",),
    "groups": ("agent_groups",),
    "forums": ("posts",),
    "canned_responses": ("all_canned_responses",),
    "surveys": ("survey_handles", "survey_results", "survey_questions"),
    "solutions": (),
}
_KEPT = timedelta(days=30)


def account_file(account: Account, what: dict[str, Any]) -> int:
    """Write the export of an account, a zip of JSON files; return the id of the file."""
    wanted = {row["name"]: row.get("include") or [] for row in what["resources"]}
    period = what.get("date_range") or {}
    first = instant(period.get("start_date") or "1970-01-01")
    last = instant(period["end_date"]) if period.get("end_date") else account.now()
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for name, included in wanted.items():
                with archive.open(f"{name}.json", "w", force_zip64=True) as member:
                    _write_rows(member, _rows(account, name, included, first, last))
        return _kept(account, "account_export.zip", "application/zip", cast(BinaryIO, file))


def _write_rows(member: Any, rows: Iterable[dict[str, Any]]) -> None:
    between = b"["
    for row in rows:
        member.write(between + json.dumps(row, ensure_ascii=False).encode())
        between = b",\n"
    member.write(b"[]" if between == b"[" else b"]")


def _rows(
    account: Account, name: str, included: list[str], first: datetime, last: datetime
) -> Iterable[dict[str, Any]]:
    tickets = {"tickets": account.tickets, "archive_tickets": account.archive}.get(name)
    if tickets is not None:
        for ticket in tickets.values():
            if first <= ticket.created_at <= last:
                yield {"helpdesk_ticket": _old_ticket(account, ticket, included)}
        return
    others: dict[str, Callable[[], Iterable[dict[str, Any]]]] = {
        "contacts": lambda: (
            {"user": show_people.contact_view(account, u)} for u in account.users.values() if not u.role
        ),
        "companies": lambda: (
            {"company": show_people.company_row(account, c)} for c in account.companies.values()
        ),
        "groups": lambda: ({"group": show_people.group_view(account, g)} for g in account.groups.values()),
        "canned_responses": account.shelves["canned_responses"].values,
        "surveys": account.shelves["surveys"].values,
    }
    yield from others.get(name, list)()


def _old_ticket(account: Account, ticket: Ticket, included: list[str]) -> dict[str, Any]:
    """Return a ticket with the names it had before the second version of the API (6.21)."""
    row = show.ticket_view(account, ticket)
    row["display_id"] = row.pop("id")
    row["ticket_type"], row["description_html"] = row.pop("type"), row.pop("description")
    row["description"] = row.pop("description_text")
    row["status_name"] = account.statuses[ticket.status].label
    if "notes" in included:
        row["helpdesk_notes"] = [_old_note(account, c, included) for c in ticket.conversations]
    if "attachments" not in included:
        row.pop("attachments")
    if "ticket_states" in included:
        row["ticket_states"] = show.stats(ticket)
    return row


def _old_note(account: Account, note: Conversation, included: list[str]) -> dict[str, Any]:
    row = {
        "id": note.id,
        "body": plain(note.body),
        "body_html": note.body,
        "user_id": note.user_id,
        "incoming": note.incoming,
        "private": note.private,
        "source": note.source,
        "created_at": show.stamp(note.created_at),
        "updated_at": show.stamp(note.updated_at),
    }
    if "attachments" in included:
        row["attachments"] = show.attachments(account, note.attachments)
    return {"helpdesk_note": row}


def contacts_file(account: Account, what: dict[str, Any]) -> int:
    """Write the contacts as CSV, the asked fields in their order; return the id of the file."""
    rows = (
        show_people.contact_view(account, account.users[number]) for number in account.people.contacts()[:]
    )
    return _csv(account, "contacts.csv", what["fields"], rows)


def companies_file(account: Account, what: dict[str, Any]) -> int:
    """Write the companies as CSV; return the id of the file."""
    rows = (show_people.company_row(account, company) for company in account.companies.values())
    return _csv(account, "companies.csv", what["fields"], rows)


def _csv(account: Account, name: str, fields: dict[str, list[str]], rows: Iterable[dict[str, Any]]) -> int:
    own, custom = fields.get("default_fields") or [], fields.get("custom_fields") or []
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow([*own, *custom])
    for row in rows:
        lines.writerow(
            [*(_cell(row.get(n)) for n in own), *(_cell(row["custom_fields"].get(n)) for n in custom)]
        )
    return _kept(account, name, "text/csv", io.BytesIO(text.getvalue().encode()))


def _cell(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)


def activities_file(account: Account, day: date) -> int | None:
    """Write what happened on a day; None when the day is not over, or was more than 30 days ago."""
    now = account.now()
    if not account.switches.activities_export or not now - _KEPT <= _midnight(day, now) <= now:
        return None
    rows = [
        {
            "performed_at": activity.at.strftime("%d-%m-%Y %H:%M:%S +0000"),
            "ticket_id": activity.ticket_id,
            "performer_type": activity.performer_type,
            "performer_id": activity.performer_id,
            "activity": activity.activity,
        }
        for activity in account.activities
        if activity.at.date() == day
    ]
    data = {"metadata": {"count": len(rows)}, "activities_data": rows}
    return _kept(account, f"activities_{day}.json", "application/json", io.BytesIO(json.dumps(data).encode()))


def _midnight(day: date, now: datetime) -> datetime:
    """Return when a day ends: only then is its file written."""
    return datetime(day.year, day.month, day.day, tzinfo=now.tzinfo) + timedelta(days=1)


def _kept(account: Account, name: str, kind: str, file: BinaryIO) -> int:
    return account.save(Upload(name, kind, file)).id


def url(account: Account, file_id: int) -> str:
    """Return an address of a written file that works for the usual five minutes."""
    return account.files.presigned_url(account.files.index[file_id], account.switches.presign_seconds)
