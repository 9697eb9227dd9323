"""Properties that ride along in bodies, and the limits of all properties (reference, 3.5)."""

from __future__ import annotations

from typing import Any

from deskbridge.sandbox.jira import errors
from deskbridge.sandbox.jira.model import Json
from deskbridge.sandbox.jira.wire import optional

LONGEST_PROPERTY = 32_768
LONGEST_KEY = 255


def of(body: Json) -> dict[str, Any]:
    """Return the properties that ride along in a body."""
    found: dict[str, Any] = {}
    for entry in optional(body, "properties", list, []):
        if not isinstance(entry, dict) or not isinstance(entry.get("key"), str) or "value" not in entry:
            raise errors.invalid_payload()
        check_key(entry["key"])
        found[entry["key"]] = entry["value"]
    return found


def check_key(key: str) -> None:
    """Refuse a property's key that is empty or too long."""
    if not 0 < len(key) <= LONGEST_KEY:
        raise errors.refusal(400, f"The property key must be from 1 to {LONGEST_KEY} characters long.")


def check_room(have: int, most: int, what: str) -> None:
    """Refuse (413) what would go over a limit per issue (reference, 3.8)."""
    if have >= most:
        raise errors.refusal(413, f"The issue has reached the limit of {most} {what}.")


def history_item(name: str, old: tuple[str | None, str | None], new: tuple[str | None, str | None]) -> Json:
    """Return a changelog item of something that is no field."""
    pairs = {"from": old[0], "fromString": old[1], "to": new[0], "toString": new[1]}
    return {"field": name, "fieldtype": "jira", **pairs}
