"""Hears a webhook: whether it is Jira's, and which issues it names. Pure; nothing else of it is believed."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AliasChoices, BeforeValidator, Field, StringConstraints

from connectors.base import BadSignature, Hint
from connectors.errors import Rejected
from connectors.jira import wire

_SIGNATURE = "x-hub-signature"
_METHOD = "sha256"
"""The only one there is so far; the header names it (jira-api 9.2)."""
_LONGEST = 10_000_000
"""Bytes that a body may have: an issue with a full changelog stays far below."""

_Key = Annotated[
    str,
    BeforeValidator(lambda found: str(found) if type(found) is int else found),
    StringConstraints(pattern=r"^[0-9]{1,19}$"),
]
"""An issue's id. Addresses in a webhook are never followed, and one was seen malformed (9.4)."""


class _Named(wire.Payload):
    id: _Key


class _Booked(wire.Payload):
    issue: _Key | None = Field(None, alias="issueId")


class _Tie(wire.Payload):
    source: _Key | None = Field(None, validation_alias=AliasChoices("sourceIssueId", "source"))
    destination: _Key | None = Field(None, validation_alias=AliasChoices("destinationIssueId", "destination"))


class _Event(wire.Payload):
    """What an event may tell; every part is optional (jira-api 9.4)."""

    name: str = Field("", alias="webhookEvent")
    timestamp: int | None = Field(None, ge=0, le=253_402_300_799_000)
    """Milliseconds."""
    issue: _Named | None = None
    worklog: _Booked | None = None
    link: _Tie | None = Field(None, alias="issueLink")

    def named(self) -> list[str]:
        """Return the ids of the issues that it names, each once."""
        found = [
            self.issue.id if self.issue else None,
            self.worklog.issue if self.worklog else None,
            self.link.source if self.link else None,
            self.link.destination if self.link else None,
        ]
        return list(dict.fromkeys(key for key in found if key))


def hear(
    connection: str, now: datetime, headers: Mapping[str, str], body: bytes, secret: str, me: str = ""
) -> tuple[Hint, ...]:
    """Return the issues that a signed event names, a deleted one too. Raises BadSignature, Rejected.

    No version is told: what the event says of the issue may be older than what the next one said. `me` is
    our account, if it is known.
    """
    _verify(connection, headers, body, secret)
    said = _read(connection, body)
    event = wire.parse(_Event, said, connection, "webhook")
    stamp = event.timestamp
    at = now if stamp is None else datetime.fromtimestamp(stamp / 1000, UTC)
    ours = bool(me) and _actor(said) == me
    return tuple(Hint(key, None, at, ours=ours) for key in event.named())


def _actor(said: object) -> object:
    """Return the account that did what an event tells; of a comment, which names none, who wrote it last."""
    comment = _part(said, "comment")
    who = _part(said, "user") or _part(comment, "updateAuthor") or _part(comment, "author")
    return next((who[name] for name in ("accountId", "key", "name") if name in who), None)


def _part(said: object, name: str) -> Mapping[str, object]:
    part = said.get(name) if isinstance(said, dict) else None
    return part if isinstance(part, dict) else {}


def _verify(connection: str, headers: Mapping[str, str], body: bytes, secret: str) -> None:
    """Check the signature over the raw bytes, in constant time."""
    told = next((value for name, value in headers.items() if name.lower() == _SIGNATURE), "")
    method, _, signature = told.partition("=")
    if not secret or method != _METHOD:
        raise BadSignature(f"{connection}: the webhook is not signed with {_METHOD}")
    right = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(right.encode(), signature.strip().encode("utf-8", "replace")):
        raise BadSignature(f"{connection}: the webhook's signature does not verify")


def _read(connection: str, body: bytes) -> object:
    if len(body) > _LONGEST:
        raise Rejected(connection, "webhook", f"the body has more than {_LONGEST} bytes")
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise Rejected(connection, "webhook", "the body is not JSON") from None
