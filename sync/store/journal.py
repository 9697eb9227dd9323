"""The journal: what is about to be written, noted before it is sent, so that a lost answer is looked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, update

from sync.seen import TextId
from sync.store.database import Database
from sync.store.inbox import Claim, verify
from sync.store.schema import intents

CREATE = "create"
"""The kind of an intent to create a ticket; the others are those of `sync.seen.Kind`."""


@dataclass(frozen=True, slots=True)
class Intent:
    """One unsafe write that was noted. `repeated` tells that it had been noted before and never answered."""

    number: int
    sent: datetime
    repeated: bool


class Journal:
    """Intents, unique on (kind, target connection, origin, revision): a second note finds the first."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def intend(
        self, claim: Claim, bundle: int, kind: str, origin: TextId, target: str, revision: str, at: datetime
    ) -> Intent:
        """Note a write before it is sent; if it was noted and not answered, return that note."""
        wanted = {
            "kind": kind,
            "target_connection": target,
            "origin_connection": origin.connection,
            "origin_key": origin.key,
            "origin_id": origin.id,
            "revision": revision,
        }
        same = [intents.c[name] == value for name, value in wanted.items()]
        with self._db.writing() as tx:
            verify(tx, claim)
            found = tx.execute(select(intents.c.number, intents.c.sent).where(*same)).first()
            if found is not None:
                return Intent(found.number, found.sent, repeated=True)
            row = insert(intents).values(bundle=bundle, target_key="", sent=at, **wanted)
            key = tx.execute(row).inserted_primary_key or (0,)
        return Intent(int(key[0]), at, repeated=False)

    def resend(self, claim: Claim, intent: Intent, at: datetime) -> None:
        """Note that a write that proved absent is being sent again."""
        with self._db.writing() as tx:
            verify(tx, claim)
            again = update(intents).where(intents.c.number == intent.number)
            tx.execute(again.values(sent=at, done=None))

    def forget(self, claim: Claim, intent: Intent) -> None:
        """Take back a note whose write certainly did not happen: it was refused, or never sent."""
        with self._db.writing() as tx:
            verify(tx, claim)
            tx.execute(intents.delete().where(intents.c.number == intent.number))

    def created(self, claim: Claim, intent: Intent, key: str, at: datetime) -> None:
        """Note that a ticket was created."""
        with self._db.writing() as tx:
            verify(tx, claim)
            done = update(intents).where(intents.c.number == intent.number)
            tx.execute(done.values(target_key=key, done=at))
