"""The journal: what is about to be written, noted before it is sent, so that a lost answer is looked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Null, bindparam, delete, insert, null, select, update

from mappings.ticket import Ref
from sync.seen import TextId
from sync.store.database import Database
from sync.store.inbox import Claim, verify
from sync.store.schema import TEXT_IDS, intents

CREATE, EDIT, TIME = "create", "edit", "time"
"""The kinds of an intent to create a ticket, edit a copy, book time; the others are `sync.seen.Kind`."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be written: a copy of `origin` on the connection `target`."""

    kind: str
    origin: TextId
    target: str
    revision: str
    key: str = ""
    """The ticket that is written to; empty for a create, whose key is not known yet."""
    readers: str = ""
    """Who could read a text's original, and whether the copy is published."""
    hops: int = 0
    """How many hubs had copied a text on before."""
    told: Mapping[str, Any] | None = None
    """What a create is sent with, and beside what: see `sync.takeover`; of an edit, what it says."""
    ahead: timedelta = timedelta(0)
    """How far our clock is ahead of the target's, of a create: it is looked for by the target's time."""


@dataclass(frozen=True, slots=True)
class Intent:
    """A wish that was noted. `open` tells that it had been noted before, and nobody heard the answer."""

    number: int
    token: str
    """The marker's text that the write carries; of one that was noted before, what a create was sent with."""
    sent: datetime
    open: bool
    told: Mapping[str, Any] | None = None
    """What was sent when it was sent last; None where that is not on record."""
    ahead: timedelta | None = None
    """How far our clock was ahead of the target's when a create was noted; None where that is not known."""


class Journal:
    """Intents. There is one open intent at most for each kind, origin and target."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def intend(
        self,
        claim: Claim,
        bundle: int,
        wish: Wish,
        sign: Callable[[int], str],
        at: datetime,
        *,
        first: bool = False,
    ) -> Intent:
        """Note a write before it is sent; `sign` makes the marker for the note's running number.

        If the same text was noted before and never answered, that note is returned, whatever its
        revision: it may have arrived. `first` says that it is known not to be.
        """
        with self._db.writing() as tx:
            verify(tx, claim)
            if not first and (found := tx.execute(_WAITING, _same(wish)).first()):
                ahead = None if found.ahead is None else timedelta(seconds=found.ahead)
                return Intent(found.number, found.token, found.sent, open=True, told=found.told, ahead=ahead)
            return _note(tx, bundle, wish, sign, at)

    def open(self, origin: Ref) -> set[tuple[str, ...]]:
        """Return the names (see `named`) of writes of what a ticket holds, whose answer nobody heard."""
        here = {"of_connection": origin.connection, "of_key": origin.key}
        with self._db.reading() as tx:
            return {tuple(row) for row in tx.execute(_OPEN, here)}

    def creating(self, connection: str) -> dict[str, TextId]:
        """Return marker -> origin of the tickets that are being made on a connection, as far as was heard."""
        open_creates = select(intents).where(
            intents.c.kind == CREATE,
            intents.c.target_connection == connection,
            intents.c.done.is_(None),
        )
        with self._db.reading() as tx:
            return {
                row.token: TextId(row.origin_connection, row.origin_key, row.origin_id)
                for row in tx.execute(open_creates)
            }

    def noted(self, number: int) -> tuple[TextId, Ref] | None:
        """Return (origin, ticket written to) of a text's note as they are called today; None if unknown."""
        query = select(intents).where(intents.c.number == number, intents.c.kind != CREATE)
        with self._db.reading() as tx:
            row = tx.execute(query).first()
        if row is None:
            return None
        origin = TextId(row.origin_connection, row.origin_key, row.origin_id)
        return origin, Ref(row.target_connection, row.target_key)

    def editing(self, origin: TextId, target: TextId) -> tuple[str, str] | None:
        """Return (revision, what it says) of the edit of a copy that nobody heard the answer to, or None."""
        copy = Wish(EDIT, origin, target.connection, "", target.key)
        with self._db.reading() as tx:
            row = tx.execute(_WAITING, _same(copy)).first()
        return (row.revision, row.told["says"]) if row is not None else None

    def created(self, bundle: int) -> set[tuple[str, str]]:
        """Return (connection, key) of the tickets that were created for a bundle."""
        made = select(intents.c.target_connection, intents.c.target_key).where(
            intents.c.bundle == bundle, intents.c.kind == CREATE, intents.c.done.is_not(None)
        )
        with self._db.reading() as tx:
            return {(row.target_connection, row.target_key) for row in tx.execute(made)}

    def unheard(self, bundle: int) -> set[str]:
        """Return the connections on which a ticket may have been created for a bundle: nobody heard."""
        begun = select(intents.c.target_connection).where(
            intents.c.bundle == bundle, intents.c.kind == CREATE, intents.c.done.is_(None)
        )
        with self._db.reading() as tx:
            return set(tx.execute(begun).scalars())

    def finished(self, bundle: int, kind: str, target: Ref) -> set[TextId]:
        """Return the origins of what was written of a kind for a bundle on a ticket, as far as was heard."""
        written = select(intents).where(
            intents.c.bundle == bundle,
            intents.c.kind == kind,
            intents.c.target_connection == target.connection,
            intents.c.target_key == target.key,
            intents.c.done.is_not(None),
        )
        with self._db.reading() as tx:
            rows = tx.execute(written)
            return {TextId(row.origin_connection, row.origin_key, row.origin_id) for row in rows}

    def resend(
        self, claim: Claim, intent: Intent, wish: Wish, sign: Callable[[int], str], at: datetime
    ) -> Intent:
        """Note that a write that proved absent is sent anew, in its present revision."""
        token = sign(intent.number)
        again = update(intents).where(intents.c.number == intent.number)
        kept = token if wish.kind == CREATE else ""
        with self._db.writing() as tx:
            verify(tx, claim)
            sent = {"sent": at, "token": kept, "revision": wish.revision, "told": _kept(wish), **_by(wish)}
            tx.execute(again.values(**sent))
        return Intent(intent.number, token, at, open=False, told=wish.told, ahead=wish.ahead)

    def renew(self, claim: Claim, intent: Intent, at: datetime) -> None:
        """Note that a write is about to be sent only now."""
        with self._db.writing() as tx:
            verify(tx, claim)
            tx.execute(update(intents).where(intents.c.number == intent.number).values(sent=at))

    def forget(self, claim: Claim, intent: Intent) -> None:
        """Take back a note whose write certainly did not happen: it was refused, or never sent."""
        with self._db.writing() as tx:
            verify(tx, claim)
            tx.execute(delete(intents).where(intents.c.number == intent.number))

    def done(self, claim: Claim, intent: Intent, key: str, at: datetime) -> None:
        """Note that the answer was heard; `key` is the ticket it was written to."""
        with self._db.writing() as tx:
            verify(tx, claim)
            tx.execute(_FINISHED, {"of": intent.number, "written_to": key, "at": at})


_FINISHED = (
    update(intents)
    .where(intents.c.number == bindparam("of"))
    .values(target_key=bindparam("written_to"), done=bindparam("at"))
)
_KNOWN = ("kind", *TEXT_IDS)
_WAITING = select(intents).where(
    *(intents.c[name] == bindparam(name) for name in _KNOWN), intents.c.done.is_(None)
)
_OPEN = select(*(intents.c[name] for name in _KNOWN)).where(
    intents.c.origin_connection == bindparam("of_connection"),
    intents.c.origin_key == bindparam("of_key"),
    intents.c.done.is_(None),
)
_NOTE = insert(intents)
_SIGN = update(intents).where(intents.c.number == bindparam("noted"))


def _note(tx: Connection, bundle: int, wish: Wish, sign: Callable[[int], str], at: datetime) -> Intent:
    row = {"bundle": bundle, **_same(wish), "revision": wish.revision, "token": "", "sent": at, **_by(wish)}
    noted = tx.execute(_NOTE, row if wish.told is None else {**row, "told": wish.told})
    number = int((noted.inserted_primary_key or (0,))[0])
    token = sign(number)
    if wish.kind == CREATE:  # texts are looked for by what their markers say, files by their content
        tx.execute(_SIGN, {"noted": number, "token": token})
    return Intent(number, token, at, open=False, told=wish.told, ahead=wish.ahead)


def _by(wish: Wish) -> dict[str, float]:
    """Return by which clock a create is sent; nothing else is looked for by its time."""
    return {"ahead": wish.ahead.total_seconds()} if wish.kind == CREATE else {}


def _kept(wish: Wish) -> Mapping[str, Any] | Null:
    return null() if wish.told is None else wish.told


def named(wish: Wish) -> tuple[str, ...]:
    """Return what tells one write from another."""
    return tuple(_same(wish).values())


def _same(wish: Wish) -> dict[str, str]:
    return {
        "kind": wish.kind,
        "origin_connection": wish.origin.connection,
        "origin_key": wish.origin.key,
        "origin_id": wish.origin.id,
        "target_connection": wish.target,
        "target_key": wish.key,
    }
