"""Contacts from a CSV file (reference 6.1)."""

from __future__ import annotations

import csv
import io
from typing import Any

from deskbridge.sandbox.freshdesk import rules
from deskbridge.sandbox.freshdesk.state import Account

# Which fields of a contact an import can fill.
FIELDS = ("name", "email", "phone", "mobile", "job_title", "address", "twitter_id", "unique_external_id")


def rows_of(data: bytes) -> list[list[str]] | None:
    """Return the rows below the heading; None when the file is no CSV in UTF-8."""
    try:
        return list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))[1:]
    except (UnicodeDecodeError, csv.Error):
        return None


def contacts(account: Account, what: dict[str, Any]) -> dict[str, int]:
    """Create or update a contact for each row; return how many there were and how many failed."""
    done = sum(_one(account, row, what["fields"]) for row in what["rows"])
    return {"total": len(what["rows"]), "failed": len(what["rows"]) - done}


def _one(account: Account, row: list[str], columns: dict[str, int]) -> bool:
    """A row needs a name, and an address or a number."""
    facts = {name: row[at].strip() for name, at in columns.items() if at < len(row) and row[at].strip()}
    if "name" not in facts or not (facts.get("email") or facts.get("phone") or facts.get("mobile")):
        return False
    user = account.by_email(facts.get("email"))
    if user is None:
        rules.new_contact(account, **facts)
    elif user.role is None:
        for name, value in facts.items():
            setattr(user, name, value)
        user.updated_at = account.now()
        account.put_user(user)
    return user is None or user.role is None
