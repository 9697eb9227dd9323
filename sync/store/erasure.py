"""A person's data: where the store holds any, and how it is erased from every table.

A store knows people by what the tools call them: names mostly, addresses within texts. So a person is given
as words. Whatever holds one of them is found, in tables that were added later too: what has no rule of its
own here has the words replaced.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, select, update
from sqlalchemy.exc import IntegrityError

from mappings.ticket import Ref
from sync.store import schema as t
from sync.store.database import Database
from sync.store.derived import about, words_of

ERASED = "[erased]"
_SHORTEST = 3
SAID: Mapping[str, tuple[str, ...]] = {
    "admitted": ("name",),
    "amendments": ("who", "reason"),
    "audit": ("who", "subject", "detail", "place"),
    "carried": ("facts",),
    "corrections": ("what", "before", "after"),
    "cutovers": ("who", "why", "detail"),
    "decisions": ("name", "source", "value", "why", "readers", "mails", "result"),
    "findings": ("what", "reason", "answer"),
    "inbox": ("reason", "parked"),
    "intents": ("told",),
    "items": ("whose", "reason"),
    "links": ("held",),
    "messages": ("author", "files"),
    "mirrors": ("name",),
    "notifications": ("title", "body", "whom"),
    "pulse": ("why",),
    "quiets": ("who", "canary", "confirmed_by", "invited"),
    "ratings": ("remark",),
    "runs": ("who", "why", "accepted_by", "asked", "progress", "verified"),
    "seen": ("native", "wanted", "sent"),
    "served": ("owner", "type", "subject", "requester", "words", "assumed", "facts"),
    "shares": ("who",),
    "swaps": ("person", "who", "reason"),
    "ties": ("why",),
    "timeline": ("value",),
    "tokens": ("purpose",),
}
"""Where people's words may stand: these are replaced. All else is ids, and words of the hub's own."""
KEPT: Mapping[str, tuple[str, ...]] = {
    "accounts": ("name",),
    "editions": ("said",),
    "meta": ("value",),
    "quiets": ("before", "before_name", "silent"),
    "statements": ("who", "body"),
}
"""Where they may stand too, and nothing is changed: who signs in is removed by `account remove`; the settings
say it; what was silenced is set back by it; what was issued to a customer is frozen."""


class Words:
    """What a person is called, and what else is theirs: found as whole words, in any case of letters."""

    def __init__(self, said: Iterable[str]) -> None:
        """Raises ValueError for a word that is too short to mean anybody."""
        self.said = tuple(dict.fromkeys(word.strip() for word in said))
        if short := [word for word in self.said if len(word) < _SHORTEST]:
            raise ValueError(f"{short[0]!r} would be found everywhere")
        either = "|".join(map(re.escape, sorted(self.said, key=len, reverse=True)))
        self._pattern = re.compile(rf"(?<!\w)(?:{either})(?!\w)", re.IGNORECASE)

    def within(self, value: Any) -> bool:
        """Whether a text holds one of them, or anything that JSON keeps."""
        match value:
            case str():
                return self._pattern.search(value) is not None
            case Mapping():
                return any(self.within(k) or self.within(v) for k, v in value.items())
            case list() | tuple():
                return any(map(self.within, value))
            case _:
                return False

    def out_of(self, value: Any) -> Any:
        """Return the same without them."""
        match value:
            case str():
                return self._pattern.sub(ERASED, value)
            case Mapping():
                return {self.out_of(k): self.out_of(v) for k, v in value.items()}
            case list() | tuple():
                return [self.out_of(one) for one in value]
            case _:
                return value


@dataclass(slots=True)
class Side:
    """A ticket in one tool that has to do with a person."""

    ref: Ref
    url: str = ""
    theirs: bool = False
    """Whether they opened it, there or on the side that it was made of."""
    texts: set[str] = field(default_factory=set)
    """The ids of texts that they wrote, and of copies of these."""
    named: set[str] = field(default_factory=set)
    """The ids of other texts in which they are named."""
    files: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Found:
    """Where a store holds data of a person."""

    sides: dict[Ref, Side] = field(default_factory=dict)
    rows: Counter[str] = field(default_factory=Counter)
    """Table -> how many more rows of it name them."""
    kept: Counter[str] = field(default_factory=Counter)
    """The same of what is not changed."""

    def side(self, connection: str, key: str) -> Side:
        """Return a side; it is there from now on."""
        ref = Ref(connection, key)
        return self.sides.setdefault(ref, Side(ref))


def find(tx: Connection, words: Words) -> Found:
    """Return where a store holds any of these words, and what they wrote who are called so."""
    found = Found()
    for row in tx.execute(select(t.served)):
        if words.within(row.requester):
            found.side(row.connection, row.key).theirs = True
    _join(tx, found)
    for row in tx.execute(select(t.messages)):
        side = found.sides.get(Ref(row.connection, row.key))
        if words.within(row.author):
            side = found.side(row.connection, row.key)
            side.texts.add(row.id)
        if side is not None and (side.theirs or row.id in side.texts):
            side.files |= {str(file[0]) for file in row.files}
    _follow(tx, found)
    for connection, key, id in _naming(tx, words):
        side = found.side(connection, key)
        if id not in side.texts:
            side.named.add(id)
    _call(tx, found)
    for columns, count in ((SAID, found.rows), (KEPT, found.kept)):
        for name, said in columns.items():
            table = t.metadata.tables[name]
            rows = tx.execute(select(*(table.c[column] for column in said)))
            count[name] += sum(any(map(words.within, row)) for row in rows)
    found.rows[t.attempts.name] += sum(
        words.within(who) for who in tx.execute(select(t.attempts.c.who)).scalars()
    )
    return found


def erase(database: Database, found: Found, words: Words) -> None:
    """Erase what `find` found, in one transaction. Links, and whose copy is whose, stay.

    Of a ticket that is theirs all texts, decisions and findings go. What a field was last seen to say that
    names them is forgotten, so that the next look takes it as it is.
    """
    with database.writing() as tx:
        for side in found.sides.values():
            _forget(tx, side)
        for name, said in SAID.items():
            _scrub(tx, t.metadata.tables[name], said, words)
        for who in tx.execute(select(t.attempts.c.who)).scalars().all():
            if words.within(who):
                tx.execute(delete(t.attempts).where(t.attempts.c.who == who))
        _renumber(tx)


def _renumber(tx: Connection) -> None:
    """Have no number be kept that tells whether a subject said what it says no more."""
    here = and_(t.happened.c.connection == t.served.c.connection, t.happened.c.key == t.served.c.key)
    told = select(t.served.c.connection, t.served.c.key, t.served.c.subject, t.happened.c.about)
    for row in tx.execute(told.join(t.happened, here).where(t.happened.c.about.is_not(None))).all():
        if (number := about(row.subject)) != row.about:
            mine = (_at(t.happened, Ref(row.connection, row.key)), t.happened.c.about == row.about)
            tx.execute(update(t.happened).where(*mine).values(about=number))


def _join(tx: Connection, found: Found) -> None:
    """Add the other sides of tickets that are theirs."""
    linked = {Ref(r.connection, r.key): r.bundle for r in tx.execute(select(t.links))}
    bundles = {linked[ref] for ref in found.sides if ref in linked}
    for ref, bundle in linked.items():
        if bundle in bundles:
            found.side(ref.connection, ref.key).theirs = True


def _follow(tx: Connection, found: Found) -> None:
    """Add the copies of their texts."""
    wrote = {(s.ref.connection, s.ref.key, id) for s in found.sides.values() for id in s.texts}
    for row in tx.execute(select(t.mirrors)):
        if (row.origin_connection, row.origin_key, row.origin_id) in wrote:
            found.side(row.target_connection, row.target_key).texts.add(row.target_id)


def _naming(tx: Connection, words: Words) -> Iterator[tuple[str, str, str]]:
    """Yield (connection, key, id) of each text, old wordings too, that names them."""
    shas = {
        row.sha
        for row in tx.execute(select(t.texts.c.sha, t.texts.c.packed))
        if words.within(_unpacked(row.packed))
    }
    for row in tx.execute(select(t.wordings)):
        if row.sha in shas:
            yield row.connection, row.key, row.id


def _unpacked(packed: bytes) -> str:
    return zlib.decompress(packed).decode("utf-8", "surrogatepass")


def _call(tx: Connection, found: Found) -> None:
    """Add what people call the sides, and where they are."""
    for table in (t.served, t.links):
        for row in tx.execute(select(table.c.connection, table.c.key, table.c.display, table.c.url)):
            if (side := found.sides.get(Ref(row.connection, row.key))) is not None:
                side.ref = Ref(row.connection, row.key, row.display)
                side.url = row.url or side.url


def _forget(tx: Connection, side: Side) -> None:
    """Erase the texts of a side that are theirs or name them; all of a ticket that is theirs."""
    ids = sorted(side.texts | side.named)
    for table in (t.messages, t.wordings):
        here = _at(table, side.ref)
        if side.theirs:
            tx.execute(delete(table).where(here))
            continue
        which = sorted(side.texts) if table is t.messages else ids
        for start in range(0, len(which), 500):
            tx.execute(delete(table).where(here, table.c.id.in_(which[start : start + 500])))
    used = select(t.wordings.c.sha).where(t.wordings.c.sha == t.texts.c.sha).exists()
    tx.execute(delete(t.texts).where(~used))
    if not side.theirs:
        return
    bundle = tx.execute(select(t.links.c.bundle).where(_at(t.links, side.ref))).scalar()
    subjects = [f"ref:{side.ref.connection}:{side.ref.key}", f"bundle:{bundle}"]
    for table in (t.decisions, t.findings):
        tx.execute(delete(table).where(table.c.subject.in_(subjects)))
    answered = (t.intents.c.bundle == bundle, t.intents.c.done.is_not(None))
    tx.execute(update(t.intents).where(*answered).values(told=None))
    if (row := tx.execute(select(t.served).where(_at(t.served, side.ref))).mappings().first()) is not None:
        bare = {"subject": "", "requester": ""}
        words = words_of({**row, **bare})
        tx.execute(update(t.served).where(_at(t.served, side.ref)).values(**bare, words=words))
    for row in tx.execute(select(t.seen).where(_at(t.seen, side.ref))).mappings().all():
        known = {name: _without_subject(row[name]) for name in ("native", "wanted")} | {"sent": None}
        tx.execute(update(t.seen).where(_at(t.seen, side.ref)).values(**known))


def _without_subject(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: said for name, said in fields.items() if name != "subject"}


def _at(table: Table, ref: Ref) -> ColumnElement[bool]:
    return and_(table.c.connection == ref.connection, table.c.key == ref.key)


def _scrub(tx: Connection, table: Table, said: Iterable[str], words: Words) -> None:
    """Replace the words in every row of a table; a row that would stand there twice then goes."""
    key = list(table.primary_key.columns) or [c for c in table.columns if c.name not in said]
    for row in tx.execute(select(table)).mappings().all():
        hit = [name for name in said if words.within(row[name])]
        if not hit:
            continue
        here = and_(*(column.is_not_distinct_from(row[column.name]) for column in key))
        values = {name: _bare(table, row[name], words) for name in hit}
        try:
            with tx.begin_nested():
                tx.execute(update(table).where(here).values(**values))
        except IntegrityError:
            tx.execute(delete(table).where(here))


def _bare(table: Table, value: Any, words: Words) -> Any:
    """Return a value without the words; of what was last seen, without the fields that hold them."""
    if table is t.seen and isinstance(value, Mapping):
        return {name: said for name, said in value.items() if not words.within(said)}
    return words.out_of(value)
