"""Who a connection is: its site and our account there, and how the hub goes on under another one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

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
    moved: tuple[str, str] | None = None
    """What the addresses of its tickets began with, and begin with now; None where they stay."""

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


def changed(name: str, known: tuple[str, str] | None, account: Account) -> list[str]:
    """Return what stands against a connection that answers as another one than the first time, if it does."""
    if known is None or known == (account.instance, account.key):
        return []
    was = " of ".join(reversed(known))
    now = f"is now account {account.key} of {account.instance}"
    way = f"point it back, or have the hub go on under it: `deskbridge connection adopt {name}`"
    return [f"connections.{name}: it was account {was}, and {now}; {way}"]


def change_of(store: Store, connector: Connector, signer: Signer) -> Change | None:
    """Return how a connection's identity changed; None if it did not, or if it was never used.

    Reads the newest linked tickets. Raises NotTheSame where it is another site, and WireError.
    """
    now, was = connector.whoami(), store.database.identity(connector.name)
    if was in (None, (now.instance, now.key)):
        return None
    looked_at, known, authors = 0, 0, set[str]()
    moved = None
    for ref, url in store.bundles.newest(connector.name, _LOOKED_AT):
        looked_at += 1
        try:
            side = connector.fetch(ref.key)
        except Gone:
            continue
        wrote = _authors(side, signer, connector.name)
        moved = moved or _moved(url, side.url)
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
        moved=moved,
    )


def adopt(store: Store, change: Change, now: Callable[[], datetime]) -> None:
    """Have the hub go on under the identity that a connection has now.

    The addresses of its tickets are those of today from then on; other changes of them (a project that was
    renamed) are met with each look.
    """
    with store.together():
        store.database.adopt(change.connection, change.now, change.former, now())
        if change.moved:
            store.bundles.readdress(change.connection, *change.moved)


def _moved(was: str, now: str) -> tuple[str, str] | None:
    """Return the beginnings of a ticket's former and present address, if nothing else of them differs."""
    parts = urlsplit(was)
    old = f"{parts.scheme}://{parts.netloc}/"
    rest = was.removeprefix(old)
    new = now.removesuffix(rest)
    same = bool(parts.netloc and rest) and now.endswith(f"/{rest}")
    return (old, new) if same and old != new else None


def _authors(side: Snapshot, signer: Signer, connection: str) -> set[str]:
    """Return who wrote the texts on a ticket that carry a marker of this hub for this connection."""
    found = set()
    for text in side.ticket.messages:
        marker = signer.find(read(text.body, text.attachments))
        if marker is not None and marker.target == connection:
            found.add(text.author.key)
    return found
