"""Texts as their servers returned them, kept once each by their sha, as long as their ticket is looked at."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, bindparam, delete, select

from mappings.ticket import Raw, Ref, TextFormat
from sync.store.database import Database
from sync.store.dialects import replacing
from sync.store.schema import texts, wordings

_ROUNDED = timedelta(days=1)
"""How old the note of the last reading may become: a look at a known text usually writes nothing."""


@dataclass(frozen=True, slots=True)
class Wording:
    """What a text of a ticket says, or said before it was edited."""

    id: str
    """The text's id on its side."""
    body: Raw
    read_at: datetime
    """When it was last read so, give or take a day."""


_LATELY = select(wordings.c.id, wordings.c.sha).where(
    wordings.c.connection == bindparam("there"),
    wordings.c.key == bindparam("of"),
    wordings.c.read_at > bindparam("since"),
)
_KEEP = replacing(texts, ["sha"], "format")
"""One that is known is updated to itself: whoever prunes at this moment waits, and finds it used."""
_READ = replacing(wordings, ["connection", "key", "id", "sha"], "read_at")


class Texts:
    """Every wording that was read, compressed. Pages show them; erasing a ticket reaches all of them."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def keep(self, ref: Ref, read: Iterable[tuple[str, Raw]], at: datetime) -> None:
        """Keep the texts, each with its id, that were read of a side; what is known is not written again."""
        wanted = {(id, body.sha): body for id, body in read if body.text}
        asked = {"there": ref.connection, "of": ref.key, "since": at - _ROUNDED}
        with self._db.reading() as tx:
            for known in tx.execute(_LATELY, asked):
                wanted.pop((known.id, known.sha), None)
        if not wanted:
            return
        side = {"connection": ref.connection, "key": ref.key, "read_at": at}
        said = [{**side, "id": id, "sha": sha} for id, sha in sorted(wanted)]
        with self._db.writing() as tx:
            bodies = {sha: body for (_, sha), body in wanted.items()}
            rows = [_row(sha, bodies[sha]) for sha in sorted(bodies)]
            tx.execute(_KEEP(tx), rows)
            tx.execute(_READ(tx), said)

    def of(self, ref: Ref) -> list[Wording]:
        """Return every wording that is kept of a side, each text's oldest first."""
        query = (
            select(wordings, texts).join(texts).where(*_here(ref)).order_by(wordings.c.id, wordings.c.read_at)
        )
        with self._db.reading() as tx:
            return [Wording(row.id, _raw(row.format, row.packed), row.read_at) for row in tx.execute(query)]

    def latest(self, ref: Ref, ids: Iterable[str]) -> dict[str, Raw]:
        """Return what some texts of a side say now, by their ids; nothing of those that are not kept."""
        wanted, found = sorted(set(ids)), dict[str, Raw]()
        with self._db.reading() as tx:
            for few in _parts(wanted):
                query = select(wordings.c.id, texts).join(texts).where(*_here(ref), wordings.c.id.in_(few))
                for row in tx.execute(query.order_by(wordings.c.read_at)):
                    found[row.id] = _raw(row.format, row.packed)
        return found

    def text(self, sha: str) -> Raw | None:
        """Return the text with a sha, or None if it is not kept, or not any more."""
        with self._db.reading() as tx:
            row = tx.execute(select(texts).where(texts.c.sha == sha)).first()
        return _raw(row.format, row.packed) if row else None

    def erase(self, ref: Ref) -> int:
        """Forget every wording of a side, and return how many; what another side says too stays there."""
        return self._forget(*_here(ref))

    def prune(self, before: datetime) -> int:
        """Forget what was not read since `before`, and return how many wordings that were."""
        return self._forget(wordings.c.read_at < before)

    def _forget(self, *which: ColumnElement[bool]) -> int:
        with self._db.writing() as tx:
            shas = set(tx.execute(select(wordings.c.sha).where(*which)).scalars())
            if not shas:
                return 0
            gone = tx.execute(delete(wordings).where(*which)).rowcount
            used = select(wordings.c.sha).where(wordings.c.sha == texts.c.sha).exists()
            for few in _parts(sorted(shas)):
                tx.execute(
                    select(texts.c.sha).where(texts.c.sha.in_(few)).order_by(texts.c.sha).with_for_update()
                )
                tx.execute(delete(texts).where(texts.c.sha.in_(few), ~used))
            return gone


def _parts(shas: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield the shas in lists that are short enough for one statement."""
    for start in range(0, len(shas), 500):
        yield shas[start : start + 500]


def _here(ref: Ref) -> tuple[ColumnElement[bool], ...]:
    return (wordings.c.connection == ref.connection, wordings.c.key == ref.key)


def _row(sha: str, body: Raw) -> dict[str, object]:
    packed = zlib.compress(body.text.encode("utf-8", "surrogatepass"))
    return {"sha": sha, "format": body.format.value, "packed": packed}


def _raw(form: str, packed: bytes) -> Raw:
    return Raw(TextFormat(form), zlib.decompress(packed).decode("utf-8", "surrogatepass"))
