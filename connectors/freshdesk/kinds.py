"""The kinds of texts on a ticket: who reads each, and whether Freshdesk mails a customer about it. Pure.

What the reference does not name is for staff (freshdesk-api 5.1).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from connectors.capabilities import Mails, NativeKind
from connectors.freshdesk import wire
from mappings.ticket import Audience, CommentKind


class Kind(NamedTuple):
    """What a kind of text means."""

    native: NativeKind
    said: CommentKind


def _kind(audience: Audience, mails: Mails, said: CommentKind) -> Kind:
    return Kind(NativeKind(audience, mails), said)


KINDS: Mapping[str, Kind] = {
    "description": _kind(Audience.CUSTOMER, Mails.IF_CONFIGURED, CommentKind.DESCRIPTION),
    "customer message": _kind(Audience.CUSTOMER, Mails.NEVER, CommentKind.MESSAGE),
    "private message": _kind(Audience.STAFF, Mails.NEVER, CommentKind.MESSAGE),
    "reply": _kind(Audience.CUSTOMER, Mails.ALWAYS, CommentKind.REPLY),
    # A switch of the account decides; nothing tells how it stands (5.2).
    "public note": _kind(Audience.CUSTOMER, Mails.ALWAYS, CommentKind.NOTE),
    "private note": _kind(Audience.STAFF, Mails.NEVER, CommentKind.NOTE),
    # Mailed to somebody else, not to the customer.
    "forward": _kind(Audience.STAFF, Mails.NEVER, CommentKind.FORWARD),
    "reply to a forward": _kind(Audience.STAFF, Mails.NEVER, CommentKind.FORWARD),
    "survey feedback": _kind(Audience.CUSTOMER, Mails.NEVER, CommentKind.AUTOMATIC),
    "anything else": _kind(Audience.STAFF, Mails.NEVER, CommentKind.NOTE),
}

STAFFS = ("private note", "forward", "reply to a forward")
"""What nobody but staff can write."""
_REPLY_SOURCE, _NOTE_SOURCE, _FEEDBACK_SOURCE, _FORWARD_SOURCE = 0, 2, 6, 8
_REPLY_CATEGORY, _FORWARD_CATEGORY, _FEEDBACK_CATEGORY = 3, 6, 7


def kind_of(said: wire.Conversation) -> str:
    """Return which of KINDS a conversation is."""
    if said.category == _FORWARD_CATEGORY:
        return "reply to a forward"
    if said.source == _FORWARD_SOURCE:
        return "forward"
    if said.incoming and not _feedback(said):
        return "customer message" if said.private is False else "private message"
    if said.private is not False:
        return "private note"
    if _feedback(said):
        return "survey feedback"
    if said.source == _NOTE_SOURCE:
        return "public note"
    reply = said.source == _REPLY_SOURCE or said.category == _REPLY_CATEGORY
    return "reply" if reply else "anything else"


def audience(said: wire.Conversation) -> Audience:
    """Return who can read a conversation."""
    return KINDS[kind_of(said)].native.audience


def kind(said: wire.Conversation) -> CommentKind:
    """Return what a conversation is; what a rule, an answering machine or a survey made is automatic."""
    if said.auto_response or said.automation_id is not None or _feedback(said):
        return CommentKind.AUTOMATIC
    return KINDS[kind_of(said)].said


def _feedback(said: wire.Conversation) -> bool:
    return said.source == _FEEDBACK_SOURCE or said.category == _FEEDBACK_CATEGORY
