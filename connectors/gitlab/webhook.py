"""What a webhook of GitLab's names. Pure: no call is made, and its contents are never believed."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connectors.base import BadSignature, Hint
from connectors.errors import Rejected

_TOLERANCE = 300
"""Seconds that a signed delivery may be old (reference 8.2)."""

_LARGEST = 25 << 20
"""Bytes that a body may have: GitLab itself sends none that is larger (reference 8.2)."""

_NO_ID = 10**18
"""A number that no id reaches."""


def hear(
    connection: str,
    headers: Mapping[str, str],
    body: bytes,
    secret: str,
    now: datetime,
    me: int | None = None,
) -> tuple[Hint, ...]:
    """Return the issue that a delivery names; `me` is our account if known. Raises BadSignature, Rejected."""
    given = {name.lower(): value for name, value in headers.items()}
    if not _proven(given, body, secret, now):
        raise BadSignature(f"{connection}: the webhook's token or signature does not verify")
    if len(body) > _LARGEST:
        raise Rejected(connection, "webhook", f"the body has more than {_LARGEST} bytes")
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        raise Rejected(connection, "webhook", "the body is not JSON") from None
    if not isinstance(event, dict):
        raise Rejected(connection, "webhook", "the body is no object")
    key = _issue(connection, event)
    return (Hint(key, None, now, ours=_did(me, event)),) if key else ()


def _did(me: int | None, event: Mapping[str, Any]) -> bool:
    """Whether an account did what an event tells. Of an edited note it names the author, not the editor."""
    edited = (
        event.get("object_kind") == "note" and _part(event, "object_attributes").get("action") != "create"
    )
    return me is not None and not edited and _part(event, "user").get("id") == me


def _proven(headers: Mapping[str, str], body: bytes, secret: str, now: datetime) -> bool:
    """Whether a delivery carries our secret, or a signature made with it.

    Servers from 19.0 on sign by the Standard Webhooks rules; whether their key is the token's text or
    what base64 hides behind ``whsec_`` is not settled (reference 8.2), so either counts. Nor is the name of
    the header: the other one counts where no token is sent. Without a secret nothing is proven.
    """
    if not secret:
        return False
    signatures = headers.get("webhook-signature")
    if signatures is None and "x-gitlab-token" not in headers:
        signatures = headers.get("x-gitlab-signature")
    if signatures is None:
        return hmac.compare_digest(headers.get("x-gitlab-token", "").encode(), secret.encode())
    stamp = headers.get("webhook-timestamp", "")
    if not stamp.isdecimal() or abs(now.timestamp() - int(stamp[:15])) > _TOLERANCE:
        return False
    signed = f"{headers.get('webhook-id', '')}.{stamp}.".encode() + body
    wanted = [_signature(key, signed) for key in _keys(secret)]
    return any(hmac.compare_digest(one.encode(), ours) for one in signatures.split(" ") for ours in wanted)


def _keys(secret: str) -> list[bytes]:
    try:
        hidden = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        hidden = b""
    return [key for key in (secret.encode(), hidden) if key]


def _signature(key: bytes, signed: bytes) -> bytes:
    return b"v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256))


def _issue(connection: str, event: Mapping[str, Any]) -> str | None:
    """Return the key of the issue that an event is about; None for an event about something else.

    A Service Desk ticket of newer servers comes as a work item (reference 7.1).
    """
    kind = event.get("object_kind")
    if kind == "note":
        about = _part(event, "issue") or _part(event, "work_item")
    elif kind in ("issue", "work_item"):
        about = _part(event, "object_attributes")
    else:
        return None
    if not about:
        return None
    project = about.get("project_id") or event.get("project_id") or _part(event, "project").get("id")
    iid = about.get("iid")
    if not (_is_number(project) and _is_number(iid)):
        raise Rejected(connection, "webhook", "the event names no issue", {"iid": "it is no number"})
    return f"{project}:{iid}"


def _part(event: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = event.get(name)
    return part if isinstance(part, dict) else {}


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _NO_ID
