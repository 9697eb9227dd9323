"""Who a connection is: its site and our account there, and how the hub goes on under another one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from connectors.base import Account, Connector, Snapshot
from connectors.errors import Gone, HubError
from mappings.markup import read
from mappings.provenance import Signer
from sync.store import Store

_LOOKED_AT = 10
"""The newest linked tickets that are read to see whether it is the same site."""


class NotTheSame(HubError):
    """A connection answers as a site that holds none of its tickets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A connection's identity, as it is kept and as it answers now."""

    connection: str
    was: tuple[str, str]
    """Its instance and our account's key there."""
    now: Account
    looked_at: int
    """How many linked tickets were read."""
    known: int
    """How many of them carry a text of this hub."""
    authors: frozenset[str]
    """The accounts that wrote those texts."""

    @property
    def former(self) -> str | None:
        """The account that was ours, where what it wrote there still counts as ours."""
        old = self.was[1]
        return (
            old if old != self.now.key and (self.was[0] == self.now.instance or old in self.authors) else None
        )

    def lines(self) -> list[str]:
        """Return it in a person's words."""
        instance, account = self.was
        there = f"{self.known} of its {self.looked_at} newest tickets have texts of ours there"
        lines = [
            f"{self.connection}: it was account {account} of {instance}",
            f"  it is now account {self.now.key} ({self.now.name}) of {self.now.instance}",
            f"  {there if self.looked_at else 'no ticket is linked there yet'}",
        ]
        ours = f"  what account {self.former} wrote until now counts as ours"
        return [*lines, ours] if self.former else lines


def change_of(store: Store, connector: Connector, signer: Signer) -> Change | None:
    """Return how a connection's identity changed; None if it did not, or if it was never used.

    Reads the newest linked tickets. Raises NotTheSame where it is another site, and WireError.
    """
    now, was = connector.whoami(), store.database.identity(connector.name)
    if was in (None, (now.instance, now.key)):
        return None
    looked_at, known, authors = 0, 0, set[str]()
    for ref in store.bundles.newest(connector.name, _LOOKED_AT):
        looked_at += 1
        try:
            wrote = _authors(connector.fetch(ref.key), signer, connector.name)
        except Gone:
            continue
        known += bool(wrote)
        authors |= wrote
    if was[0] != now.instance and looked_at and not known:
        raise NotTheSame(
            f"{connector.name}: none of its {looked_at} newest tickets has a text of this hub on "
            f"{now.instance}: that is another site; point it back, or give it a new name"
        )
    return Change(
        connection=connector.name,
        was=was,
        now=now,
        looked_at=looked_at,
        known=known,
        authors=frozenset(authors),
    )


def adopt(store: Store, change: Change, now: Callable[[], datetime]) -> None:
    """Have the hub go on under the identity that a connection has now."""
    store.database.adopt(change.connection, change.now, change.former, now())


def _authors(side: Snapshot, signer: Signer, connection: str) -> set[str]:
    """Return who wrote the texts on a ticket that carry a marker of this hub for this connection."""
    found = set()
    for text in side.ticket.messages:
        marker = signer.find(read(text.body, text.attachments))
        if marker is not None and marker.target == connection:
            found.add(text.author.key)
    return found
