"""Late replies: new tickets whose subject or first message names a ticket that was moved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from connectors.base import Connector, Presence, Snapshot
from connectors.capabilities import Part
from connectors.errors import ConfigError, Gone, Rejected
from deskbridge.bootstrap import Application
from deskbridge.migration.cutover import Step, cutover_of
from deskbridge.migration.redirects import by_address, left
from deskbridge.sla.spans import day_of
from mappings.markup import read
from mappings.ticket import MESSAGE_0, Ref, Relation, RelationKind
from sync.references import names
from sync.store.moved import Moved

_MOST = 20_000
"""Characters of a first message that are looked at: what it answers to stands at its beginning or its end."""


@dataclass(frozen=True, slots=True)
class Late:
    """A new ticket, and the moved one that it names."""

    new: Ref
    url: str
    subject: str
    about: Moved


def since_when(application: Application, said: str) -> datetime:
    """Return from when on tickets count as late: as said, else since the freeze. Raises ConfigError."""
    if said:
        return day_of("--since", said, before=application.now())
    if application.store.cutovers.newest() is not None:
        frozen = cutover_of(application).taken(Step.FROZEN)
        if frozen is not None:
            return frozen.at
    raise ConfigError(["--since: nothing was frozen yet, so say from when on"])


def replies(application: Application, source: str | None, since: datetime) -> Iterator[Late]:
    """Yield the new tickets that name a moved one, in every tool but the one that is left. Raises WireError.

    What was moved itself is none of them, nor is what names several: nobody can tell which is meant. What
    is tied to the one that it names is settled, whoever tied it.
    """
    store, home = application.store, left(application, source)
    for name, connector in application.connectors.items():
        if name == home:
            continue
        seen: set[str] = set()
        for hint in connector.changed(since):
            here = Ref(name, hint.key)
            if hint.presence is not Presence.PRESENT or hint.key in seen or store.movings.arrived(here, home):
                continue
            seen.add(hint.key)
            try:
                side = connector.fetch(hint.key)
            except (Gone, Rejected):
                continue
            about = set(_named(application, home, side)) if side.ticket.created >= since else set()
            if len(about) == 1:
                late = Late(side.ref, side.url, side.ticket.subject, about.pop())
                if not _tied(connector, late):
                    yield late


def _tied(connector: Connector, late: Late) -> bool:
    """Whether a late reply is tied to what it is about already."""
    if late.about.new.connection != late.new.connection:
        return False
    with suppress(Gone, Rejected):
        ties = connector.fetch(late.new.key, frozenset({Part.RELATIONS})).ticket.relations or ()
        return any(tie.key == late.about.new.key for tie in ties)
    return False


def tie(application: Application, late: Late) -> bool:
    """Tie a late reply to what it is about; False where its tool cannot, or they stand in different ones."""
    connector = application.connectors[late.new.connection]
    same = late.about.new.connection == late.new.connection
    if not same or RelationKind.RELATES_TO not in connector.capabilities.relates:
        return False
    try:
        connector.add_relation(late.new.key, Relation(RelationKind.RELATES_TO, late.about.new.key))
    except (Gone, Rejected):
        return False
    return True


def late_lines(found: Sequence[Late], tied: Sequence[Late], *, apply: bool) -> Iterator[str]:
    """Yield what was found, and what became of it."""
    for one in found:
        done = " (tied)" if one in tied else " (by hand: its tool cannot)" if apply else ""
        yield f"{one.new} {one.subject!r} names {one.about.old}, which is {one.about.new} now{done}"
        yield f"  {one.url} -> {one.about.new_url}"
    if not found:
        yield "Nothing is left: no new ticket names an old number that it is not tied to."


def late_json(found: Sequence[Late], tied: Sequence[Late]) -> list[dict[str, object]]:
    """Return the same as data."""
    return [
        {
            "ticket": f"{one.new.connection}:{one.new.key}",
            "url": one.url,
            "subject": one.subject,
            "names": f"{one.about.old.connection}:{one.about.old.key}",
            "is_now": f"{one.about.new.connection}:{one.about.new.key}",
            "is_now_at": one.about.new_url,
            "tied": one in tied,
        }
        for one in found
    ]


def _named(application: Application, home: str, side: Snapshot) -> Iterator[Moved]:
    first = side.ticket.message(MESSAGE_0)
    text = read(first.body, first.attachments) if first else ""
    found = names(f"{side.ticket.subject}\n\n{text[:_MOST]}", side.ref)
    store = application.store
    for written in found.called:
        number = written.removeprefix("#").removeprefix(f"{home}-")
        if number.isdigit():
            yield from (one for one in store.movings.of(number, home) if one.new != side.ref)
    for address in found.addresses:
        yield from by_address(store, application.connectors, address, home)
