"""Who wrote which text of a ticket, when, for whom, and with which files: what people look at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, bindparam, delete, select

from mappings.ticket import Audience, Comment, CommentKind, PersonRole, Ref
from sync.store.database import Database
from sync.store.dialects import replacing
from sync.store.schema import messages as t

_ROUNDED = timedelta(days=1)
"""How old the note of the last reading may become: a look at what is known usually writes nothing."""
_KEPT = ("kind", "author", "role", "audience", "created", "edited", "files")


@dataclass(frozen=True, slots=True)
class File:
    """A file that came with a text."""

    name: str
    size: int | None
    """Bytes; None where the tool does not tell."""
    inline: bool
    """Whether it is a picture inside the text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A text of one side, without its words, which `Texts` has."""

    ref: Ref
    id: str
    kind: CommentKind
    author: str
    role: PersonRole
    audience: Audience
    created: datetime
    edited: datetime | None
    files: tuple[File, ...]


_SIDE = select(t).where(t.c.connection == bindparam("there"), t.c.key == bindparam("of"))


class Messages:
    """One row for each text that stands on a side, as it was last read. People's names are in it."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def keep(self, ref: Ref, read: Iterable[Comment], at: datetime) -> None:
        """Remember the texts of a side, all of them; nothing is written if nothing differs."""
        wanted, gone = {text.id: _values(text) for text in read}, []
        with self._db.reading() as tx:
            for row in tx.execute(_SIDE, {"there": ref.connection, "of": ref.key}).mappings():
                if row["id"] not in wanted:
                    gone.append(row["id"])
                elif row["read_at"] > at - _ROUNDED and wanted[row["id"]] == {n: row[n] for n in _KEPT}:
                    del wanted[row["id"]]
        if not (wanted or gone):
            return
        here = {"connection": ref.connection, "key": ref.key, "read_at": at}
        with self._db.writing() as tx:
            for id in sorted(gone):
                tx.execute(delete(t).where(*_here(ref), t.c.id == id))
            if wanted:
                tx.execute(_KEEP(tx), [{**here, "id": id, **wanted[id]} for id in sorted(wanted)])

    def of(self, ref: Ref) -> list[Message]:
        """Return what is known of a side's texts, oldest first."""
        with self._db.reading() as tx:
            rows = tx.execute(select(t).where(*_here(ref)).order_by(t.c.created, t.c.id)).all()
        return [
            Message(
                ref=ref,
                id=row.id,
                kind=CommentKind(row.kind),
                author=row.author,
                role=PersonRole(row.role),
                audience=Audience(row.audience),
                created=row.created,
                edited=row.edited,
                files=tuple(File(*file) for file in row.files),
            )
            for row in rows
        ]

    def erase(self, ref: Ref) -> int:
        """Forget every text of a side, and return how many."""
        with self._db.writing() as tx:
            return tx.execute(delete(t).where(*_here(ref))).rowcount

    def prune(self, before: datetime) -> int:
        """Forget what was not read since `before`, and return how many texts that were."""
        with self._db.writing() as tx:
            return tx.execute(delete(t).where(t.c.read_at < before)).rowcount


_KEEP = replacing(t, ("connection", "key", "id"), *_KEPT, "read_at")


def _here(ref: Ref) -> tuple[ColumnElement[bool], ...]:
    return (t.c.connection == ref.connection, t.c.key == ref.key)


def _values(text: Comment) -> Mapping[str, Any]:
    return {
        "kind": text.kind.value,
        "author": text.author.name or text.author.key,
        "role": text.author.role.value,
        "audience": text.audience.value,
        "created": text.created,
        "edited": text.edited,
        "files": [[file.name, file.size, file.inline] for file in text.attachments],
    }
