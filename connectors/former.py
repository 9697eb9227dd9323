"""Accounts that were the hub's own once: what they wrote until then is still the hub's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from connectors.base import Snapshot
from mappings.ticket import Comment, PersonRole


def known_again(side: Snapshot, former: Mapping[str, datetime]) -> Snapshot:
    """Return a ticket whose texts by a former account, up to the instant it was ours, count as the hub's.

    Later ones are a person's: the account may have been given to somebody.
    """
    if not former:
        return side

    def ours(text: Comment) -> bool:
        return text.author.key in former and text.created <= former[text.author.key]

    messages = tuple(
        replace(text, author=replace(text.author, role=PersonRole.HUB)) if ours(text) else text
        for text in side.ticket.messages
    )
    return replace(side, ticket=replace(side.ticket, messages=messages))
