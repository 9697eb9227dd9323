"""What Freshdesk's webhooks say: which ticket to look at, and nothing else (freshdesk-api 6.16). Pure.

Freshdesk signs nothing. Our rule sends a secret header. The body is put together by substitution, so
quotes in a subject break it: of what is no JSON only the ticket's number is taken.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Mapping
from typing import Any

from connectors.base import BadSignature
from connectors.errors import Rejected

HEADER = "X-Deskbridge-Token"
"""The header in which our rules send the secret."""
_LARGEST = 1 << 20
_ID = re.compile(rb'"(?:ticket_id|ticket\.id|id)"\s*:\s*"?#?([0-9]{1,18})\b')


def ticket_of(name: str, headers: Mapping[str, str], body: bytes, secret: str) -> str | None:
    """Return the number of the ticket that a webhook names; None for one that names none.

    Raises BadSignature before anything is read, Rejected for a body that is none of ours.
    """
    sent = next((value for key, value in headers.items() if key.lower() == HEADER.lower()), "")
    right = hmac.compare_digest(_bytes(sent), _bytes(secret))
    if not (right and secret):
        raise BadSignature(f"{name}: the webhook's {HEADER} is not the one that was agreed on")
    if len(body) > _LARGEST:
        raise Rejected(name, "webhook", f"the body is larger than {_LARGEST} bytes", {"body": "too large"})
    try:
        said: Any = json.loads(body)
    except (ValueError, RecursionError):
        return _found(name, body)
    if not isinstance(said, dict):
        raise Rejected(name, "webhook", "the body is no object", {"body": "not an object"})
    return _number(said)


def _found(name: str, body: bytes) -> str:
    """Return the first ticket number in what is no JSON."""
    if (found := _ID.search(body)) is None:
        raise Rejected(name, "webhook", "the body names no ticket", {"ticket_id": "missing"})
    return str(int(found[1]))


def _number(said: Mapping[str, Any]) -> str | None:
    """Return the ticket number of our own content, of Freshdesk's simple one, or of an app's event."""
    inner = said.get("freshdesk_webhook", said)
    ticket = inner.get("ticket") if isinstance(inner, dict) else None
    given = [part.get(key) for part, key in ((inner, "ticket_id"), (ticket, "id")) if isinstance(part, dict)]
    for id in given:
        text = str(id).strip() if isinstance(id, int | str) and not isinstance(id, bool) else ""
        if re.fullmatch(r"#?[0-9]{1,18}", text):
            return str(int(text.removeprefix("#")))
    return None


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
