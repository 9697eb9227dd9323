"""Bundles: which sides are the same ticket, what each said, and which texts are copies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Table, bindparam, delete, func, insert, or_, select, update

from connectors.base import NativeValue, Presence, Snapshot
from mappings.ticket import Field, Ref, Status
from sync.moves import Late
from sync.references import Names
from sync.seen import Kind, Mirror, Mirrors, Seen, TextId
from sync.sent import Notes, Sent, sent_of
from sync.sla.escalation import Taken
from sync.sla.facts import FactKind, StatusFact
from sync.store import schema as t
from sync.store import steps, timeline
from sync.store.database import Database
from sync.store.dialects import replacing
from sync.store.inbox import Claim, take, verify
from sync.store.journal import EDIT
from sync.store.outbox import Notification, enqueue, take_back
from sync.store.steps import Steps
from sync.store.timeline import Timelines

_NOT_LATE = Late()


@dataclass(frozen=True, slots=True)
class Adoption:
    """How a ticket that had lived on its own was linked."""

    at: datetime
    _: KW_ONLY
    history: bool
    """Whether what people wrote before travels too; else it stays where it is."""
    prefer: str | None
    """The connection to follow where the sides differ, until that was done once; None leaves both as they
    are."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a side said, in which version, and when it was read."""

    seen: Seen
    version: str
    read_at: datetime


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle as the hub remembers it. `id` is None for a ticket that is not linked yet."""

    id: int | None
    refs: tuple[Ref, ...]
    """Every side, in the order in which they were linked."""
    former: tuple[Ref, ...]
    """Sides that a person took out: no route makes them anew."""
    adopted: Mapping[Ref, Adoption]
    """How sides were linked that had lived on their own before; nothing for those that the hub made."""
    held: Mapping[Ref, Mapping[Ref, Seen]]
    """What the other sides had said when a side was last reached, for the sides that were not since."""
    urls: Mapping[Ref, str]
    """Where people open each side."""
    missing: Mapping[Ref, datetime]
    """Since when a side has not been found; whether it is gone is not known yet."""
    lost: Mapping[Ref, datetime]
    """Since when a side has been in the trash, or gone."""
    ended: Mapping[Ref, datetime]
    """Since when a side is linked in name only: a route's tag was removed."""
    seen: Mapping[Ref, Seen]
    mirrors: Mirrors
    timeline: Timelines
    """What is known to have happened on each side, oldest first."""
    steps: Steps = field(default_factory=dict)
    """Which steps of escalation were taken, missed or withdrawn, by the front side that they are of."""
    run: int | None = None
    """The run that made it: until the cutover live work leaves it alone."""
    sent: Notes = field(default_factory=dict)
    """What was sent to the fields of each side, and nobody heard the answer."""

    def statuses(self, ref: Ref) -> tuple[StatusFact, ...]:
        """Return the statuses that a side was found in, oldest first."""
        facts = (fact for fact in self.timeline.get(ref, ()) if fact.kind is FactKind.STATUS)
        return tuple(StatusFact(Status(fact.value), fact.after, fact.by) for fact in facts)

    @property
    def subject(self) -> str:
        """The name by which the bundle stands in the inbox and is claimed."""
        return subject_of(self.id, self.refs[0])


def subject_of(bundle: int | None, ref: Ref) -> str:
    """Return the inbox name of a bundle, or of a ticket that belongs to none."""
    return f"bundle:{bundle}" if bundle is not None else f"ref:{ref.connection}:{ref.key}"


class Bundles:
    """The durable record of links and of what was last seen."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def subject(self, ref: Ref) -> str:
        """Return the inbox name under which a ticket is looked at."""
        with self._db.reading() as tx:
            return subject_of(tx.execute(_WHOSE, {"there": ref.connection, "of": ref.key}).scalar(), ref)

    def subjects(self) -> list[str]:
        """Return the inbox names of all bundles, oldest first."""
        with self._db.reading() as tx:
            return [
                f"bundle:{n}" for n in tx.execute(select(t.bundles.c.id).order_by(t.bundles.c.id)).scalars()
            ]

    def firsts(self) -> list[tuple[Ref, datetime | None]]:
        """Return each bundle's first side, and when one of its sides was linked without its older texts.

        None where every side has them. Bundles of runs are left out.
        """
        query = (
            select(t.links)
            .join(t.bundles, t.links.c.bundle == t.bundles.c.id)
            .where(t.links.c.unlinked.is_(None), t.bundles.c.run.is_(None))
            .order_by(t.links.c.bundle, t.links.c.created)
        )
        found: dict[int, tuple[Ref, datetime | None]] = {}
        with self._db.reading() as tx:
            for row in tx.execute(query):
                ref, without = found.get(row.bundle, (Ref(row.connection, row.key), None))
                short = row.adopted if row.adopted and not row.history else None
                found[row.bundle] = (ref, max(filter(None, (without, short)), default=None))
        return list(found.values())

    def with_history(self, claim: Claim, bundle: int) -> None:
        """Have the texts travel that are older than the links of a bundle."""
        with self._db.writing() as tx:
            verify(tx, claim)
            adopted = (t.links.c.bundle == bundle, t.links.c.adopted.is_not(None))
            tx.execute(update(t.links).where(*adopted).values(history=True))

    def called(self, name: str, connection: str = "") -> list[Ref]:
        """Return the linked sides that have a key, or are called by their tool, so; of one connection or any.

        A key alone names nothing: it must be said of which connection.
        """
        same = [t.links.c.display == name]
        if connection:
            same = [t.links.c.connection == connection, or_(t.links.c.key == name, *same)]
        query = select(t.links).where(*same, t.links.c.unlinked.is_(None)).order_by(t.links.c.connection)
        with self._db.reading() as tx:
            rows = [Ref(row.connection, row.key, row.display) for row in tx.execute(query)]
        return [ref for ref in rows if ref.key == name] or rows

    def counterparts(self, side: Ref, named: Names, target: str) -> dict[str, str]:
        """Return where tickets of a side's connection are on another one, by their names and addresses there.

        The side's own ticket is none of them, nor is one that has several counterparts: nobody can tell
        which is meant.
        """
        wanted = {*named.called.values(), *named.addresses}
        if not wanted:
            return {}
        there = t.links.alias()
        joined = t.links.join(there, t.links.c.bundle == there.c.bundle)
        query = (
            select(t.links.c.display, t.links.c.url, there.c.url.label("there"))
            .select_from(joined)
            .where(t.links.c.connection == side.connection, t.links.c.key != side.key)
            .where(or_(t.links.c.display.in_(wanted), t.links.c.url.in_(wanted)))
            .where(there.c.connection == target, t.links.c.unlinked.is_(None), there.c.unlinked.is_(None))
        )
        found: dict[str, set[str]] = {}
        with self._db.reading() as tx:
            for row in tx.execute(query):
                for name in {row.display, row.url.rstrip("/")} & wanted:
                    found.setdefault(name, set()).add(row.there)
        return {name: urls.pop() for name, urls in found.items() if len(urls) == 1 and "" not in urls}

    def load(self, subject: str) -> Bundle:
        """Return what is remembered under an inbox name; nothing but the ref for an unlinked ticket."""
        kind, _, rest = subject.partition(":")
        if kind == "ref":
            connection, _, key = rest.partition(":")
            subject = self.subject(Ref(connection, key))
            if subject.startswith("ref:"):
                ref = Ref(connection, key)
                return Bundle(None, (ref,), self._former(ref), {}, {}, {}, {}, {}, {}, {}, Mirrors(), {})
            rest = subject.partition(":")[2]
        with self._db.reading() as tx:
            return _load(tx, int(rest))

    def _former(self, ref: Ref) -> tuple[Ref, ...]:
        """Return the sides that a ticket had before a person took it out of its bundle."""
        with self._db.reading() as tx:
            rows = tx.execute(_FORMER, {"there": ref.connection, "of": ref.key}).all()
        return tuple(Ref(r.connection, r.key, r.display) for r in rows)

    def fresh(self, ref: Ref, version: str, changed: datetime, settle: timedelta) -> bool:
        """Whether this version of a linked ticket was read, later than the settle time after its stamp."""
        query = select(t.seen.c.version, t.seen.c.read_at).where(
            t.seen.c.connection == ref.connection, t.seen.c.key == ref.key
        )
        with self._db.reading() as tx:
            row = tx.execute(query).first()
        return row is not None and row.version == version and row.read_at > changed + settle

    def begin(self, claim: Claim, side: Snapshot, run: int | None = None) -> tuple[int, Claim]:
        """Make a bundle of a ticket that belongs to none yet; return its id and the claim of it.

        The bundle is claimed in the transaction that makes it, so that no other worker finds it free; if a
        run makes it, it is that run's.
        """
        with self._db.writing() as tx:
            verify(tx, claim)
            created = tx.execute(_BEGIN, {"created": side.read_at, "run": run})
            bundle = int((created.inserted_primary_key or (0,))[0])
            _link(tx, bundle, side.ref, side.url, side.read_at)
            return bundle, take(tx, subject_of(bundle, side.ref), side.read_at, self._db.holder)

    def link(
        self,
        claim: Claim,
        bundle: int,
        ref: Ref,
        url: str,
        at: datetime,
        adoption: Adoption | None = None,
    ) -> None:
        """Record that a side belongs to a bundle; saying it twice is fine.

        `adoption` is said of a ticket that a person linked: it had lived on its own before.
        """
        with self._db.writing() as tx:
            verify(tx, claim)
            _link(tx, bundle, ref, url, at)
            if adoption is not None:
                row = update(t.links).where(t.links.c.connection == ref.connection, t.links.c.key == ref.key)
                how = {"history": adoption.history, "prefer": adoption.prefer, "ended": None}
                tx.execute(row.values(adopted=adoption.at, **how))

    def created(
        self, claim: Claim, bundle: int, ref: Ref, url: str, at: datetime, said: Mapping[Ref, Said]
    ) -> None:
        """Record that a side which the hub made belongs to a bundle, and what the sides said by then.

        Both at once: a hub that is killed in between would leave a side without a past, and what people
        change there would count as having always been so.
        """
        with self._db.writing() as tx:
            verify(tx, claim)
            _link(tx, bundle, ref, url, at)
            for side, one in said.items():
                _saw(tx, bundle, side, one)

    def unsee(self, claim: Claim, ref: Ref) -> None:
        """Forget what a side said: the next look takes it as it is."""
        with self._db.writing() as tx:
            verify(tx, claim)
            tx.execute(delete(t.seen).where(t.seen.c.connection == ref.connection, t.seen.c.key == ref.key))

    def forget_seen(self, at: datetime) -> None:
        """Forget what every side said: the next look takes each as it is and writes no field.

        What stands on several sides already is paired then, as if a person had linked them.
        """
        with self._db.writing() as tx:
            tx.execute(delete(t.seen))
            tx.execute(update(t.links).values(adopted=at, history=True, prefer=None))

    def unlink(self, claim: Claim, ref: Ref, at: datetime) -> None:
        """Take a side out of its bundle and forget what it said; what was copied stays known."""
        here = (t.links.c.connection == ref.connection, t.links.c.key == ref.key)
        with self._db.writing() as tx:
            verify(tx, claim)
            tx.execute(update(t.links).where(*here).values(unlinked=at))
            for table in (t.seen, t.timeline):
                tx.execute(delete(table).where(table.c.connection == ref.connection, table.c.key == ref.key))

    def leave(self, claim: Claim, ref: Ref) -> None:
        """Have a side be no part of its bundle, so that a route may create another one in its stead.

        What was copied between it and the others stays known.
        """
        with self._db.writing() as tx:
            verify(tx, claim)
            for table in (t.links, t.seen, t.timeline):
                tx.execute(delete(table).where(table.c.connection == ref.connection, table.c.key == ref.key))

    def made_by_runs(self, connection: str) -> list[str]:
        """Return the keys of a connection's tickets that belong to bundles of runs."""
        joined = t.links.join(t.bundles, t.links.c.bundle == t.bundles.c.id)
        here = (
            t.links.c.connection == connection,
            t.bundles.c.run.is_not(None),
            t.links.c.unlinked.is_(None),
        )
        with self._db.reading() as tx:
            return list(tx.execute(select(t.links.c.key).select_from(joined).where(*here)).scalars())

    def forget(self, claim: Claim, bundle: int) -> None:
        """Forget a bundle whose created sides were deleted again: its tickets belong to none.

        What was decided stays in their histories; the numbers of the journal are never used again.
        """
        with self._db.writing() as tx:
            verify(tx, claim)
            for table in (t.links, t.seen, t.mirrors, t.timeline, t.intents):
                tx.execute(delete(table).where(table.c.bundle == bundle))

    def found(self, claim: Claim, ref: Ref, presence: Presence | None, at: datetime) -> None:
        """Remember whether a side was found; None means that it was not, which may pass.

        A side that is there again forgets that it was not. What is lost was so since the first time.
        """
        here = (t.links.c.connection == ref.connection, t.links.c.key == ref.key)
        row = update(t.links).where(*here)
        with self._db.writing() as tx:
            verify(tx, claim)
            if presence is Presence.PRESENT:
                tx.execute(row.values(missing=None, lost=None))
            elif presence is None:
                tx.execute(row.where(t.links.c.missing.is_(None)).values(missing=at))
            else:
                tx.execute(row.where(t.links.c.lost.is_(None)).values(lost=at))

    def end(self, claim: Claim, ref: Ref, at: datetime) -> None:
        """Have a side be linked in name only, from an instant on."""
        here = (t.links.c.connection == ref.connection, t.links.c.key == ref.key)
        with self._db.writing() as tx:
            verify(tx, claim)
            tx.execute(update(t.links).where(*here).values(ended=at))

    def resume(self, claim: Claim, ref: Ref, at: datetime) -> None:
        """Have a side take part again, as one that was just linked: what it said is not known any more."""
        with self._db.writing() as tx:
            verify(tx, claim)
            how = {"ended": None, "held": None, "adopted": at, "history": False, "prefer": None}
            here = (t.links.c.connection == ref.connection, t.links.c.key == ref.key)
            tx.execute(update(t.links).where(*here).values(**how))
            tx.execute(delete(t.seen).where(t.seen.c.connection == ref.connection, t.seen.c.key == ref.key))

    def moved(
        self, claim: Claim, old: Ref, new: Ref, url: str, ids: Mapping[str, str], late: Late = _NOT_LATE
    ) -> None:
        """Have a side, with all that is known of it, stand under another id; `ids` are its texts' new ids.

        What a move did not take along keeps its old id, and is known under the new ticket all the same; a
        copy that we wrote when the ticket was moved already, or edited, is `late`: not written by now.
        """
        here = {"connection": old.connection, "key": old.key}
        with self._db.writing() as tx:
            verify(tx, claim)
            kept = (t.served, t.clocks, t.happened, t.theirs)
            once = (t.seen, t.timeline, t.links, t.wordings, t.steps, *kept)
            for table in once:  # as another ticket it may have been kept already, or linked and unlinked
                there = (table.c.connection == new.connection, table.c.key == new.key)
                tx.execute(delete(table).where(*there))
            old_texts = (t.messages.c.connection == old.connection, t.messages.c.key == old.key)
            tx.execute(delete(t.messages).where(*old_texts))  # the next look knows them by their new ids
            for end in ("origin", "target"):
                mine = {f"{end}_connection": new.connection, f"{end}_key": new.key}
                tx.execute(delete(t.mirrors).filter_by(**mine))
            for table in (*once, t.amendments):
                same = [table.c[name] == value for name, value in here.items()]
                tx.execute(update(table).where(*same).values(key=new.key))
            names = {"display": new.display, "url": url, "lost": None, "missing": None}
            link = (t.links.c.connection == new.connection, t.links.c.key == new.key)
            tx.execute(update(t.links).where(*link).values(**names))
            _forget_late(tx, here, late)
            for end in ("origin", "target"):
                for table in (t.mirrors, t.intents):
                    same = [table.c[f"{end}_{name}"] == value for name, value in here.items()]
                    if f"{end}_id" in table.c:
                        _rename(tx, table, end, same, ids)
                    tx.execute(update(table).where(*same).values(**{f"{end}_key": new.key}))

    def absorb(self, claim: Claim, bundle: int, other_claim: Claim, other: int) -> None:
        """Have everything of another bundle belong to this one; both are claimed."""
        with self._db.writing() as tx:
            verify(tx, claim)
            verify(tx, other_claim)
            for table in (t.links, t.seen, t.mirrors, t.intents, t.timeline):
                tx.execute(update(table).where(table.c.bundle == other).values(bundle=bundle))
            # What still stands is found again by the next look, under the bundle that is left.
            gone = update(t.findings).where(t.findings.c.subject == f"bundle:{other}")
            tx.execute(gone.values(state="gone", settled=t.findings.c.found))

    def hold(self, claim: Claim, ref: Ref, seen: Mapping[Ref, Seen]) -> None:
        """Keep what the other sides had said when a side was last reached, until it is reached again."""
        values = [
            {
                "connection": side.connection,
                "key": side.key,
                "native": _json(said.native),
                "wanted": _json(said.wanted),
                "serial": said.serial,
            }
            for side, said in seen.items()
            if side != ref
        ]
        self._held(claim, ref, values)

    def caught_up(self, claim: Claim, ref: Ref) -> None:
        """Forget what was kept for a side: it has everything now that it missed."""
        self._held(claim, ref, None)

    def _held(self, claim: Claim, ref: Ref, values: list[dict[str, Any]] | None) -> None:
        here = (t.links.c.connection == ref.connection, t.links.c.key == ref.key)
        with self._db.writing() as tx:
            verify(tx, claim)
            tx.execute(update(t.links).where(*here).values(held=values))

    def linked(self) -> dict[str, int]:
        """Return how many tickets are linked on each connection."""
        query = select(t.links.c.connection, func.count()).where(t.links.c.unlinked.is_(None))
        with self._db.reading() as tx:
            rows = tx.execute(query.group_by(t.links.c.connection)).all()
        return {row[0]: int(row[1]) for row in rows}

    def newest(self, connection: str, limit: int) -> list[tuple[Ref, str]]:
        """Return the sides of a connection that were linked last, with their addresses; no lost ones."""
        there = (t.links.c.connection == connection, t.links.c.unlinked.is_(None), t.links.c.lost.is_(None))
        query = select(t.links).where(*there).order_by(t.links.c.created.desc(), t.links.c.key).limit(limit)
        with self._db.reading() as tx:
            return [(Ref(row.connection, row.key, row.display), row.url) for row in tx.execute(query)]

    def readdress(self, connection: str, old: str, new: str) -> None:
        """Have the addresses of a connection's tickets begin otherwise; what begins otherwise now stays."""
        with self._db.writing() as tx:
            for table in (t.links, t.served):
                mine = (table.c.connection == connection, func.substr(table.c.url, 1, len(old)) == old)
                fresh = new + func.substr(table.c.url, len(old) + 1)
                tx.execute(update(table).where(*mine).values(url=fresh))

    def named(self, claim: Claim, ref: Ref, url: str) -> None:
        """Remember what people call a linked side, and where they open it."""
        values = {"there": ref.connection, "of": ref.key, "display": ref.display, "url": url}
        with self._db.writing() as tx:
            verify(tx, claim)
            tx.execute(_NAMED, values)

    def newly_missing(self, connection: str, since: datetime) -> int:
        """Return how many sides of a connection have not been found since an instant, for the first time."""
        count = select(func.count()).select_from(t.links)
        here = (t.links.c.connection == connection, t.links.c.missing >= since, t.links.c.lost.is_(None))
        with self._db.reading() as tx:
            return int(tx.execute(count.where(*here)).scalar_one())

    def preferred(self, claim: Claim, bundle: int) -> None:
        """Remember that the sides of a bundle agree now as far as a person wanted when linking them."""
        with self._db.writing() as tx:
            verify(tx, claim)
            tx.execute(update(t.links).where(t.links.c.bundle == bundle).values(prefer=None))

    def copied(self, claim: Claim, bundle: int, copies: Iterable[Mirror], at: datetime) -> None:
        """Record copies, and that the intents to make them are done. Saying it twice is fine."""
        with self._db.writing() as tx:
            verify(tx, claim)
            for copy in copies:
                _copied(tx, bundle, copy, at)

    def saw(
        self,
        claim: Claim,
        bundle: int,
        ref: Ref,
        seen: Seen,
        version: str,
        read_at: datetime,
        sent: Iterable[Sent] = (),
    ) -> None:
        """Remember what a side said, in which version, when it was read, and what was `sent` unheard."""
        with self._db.writing() as tx:
            verify(tx, claim)
            tx.execute(_SAW_ALL(tx), {**_row(bundle, ref, Said(seen, version, read_at)), **_notes(sent)})

    def sending(self, claim: Claim, notes: Notes) -> None:
        """Note what is about to be sent to the fields of sides, until their answers are recorded."""
        with self._db.writing() as tx:
            verify(tx, claim)
            for ref, sent in notes.items():
                tx.execute(_SENDING, {"there": ref.connection, "of": ref.key, **_notes(sent)})

    def learned(self, claim: Claim, bundle: int, facts: Timelines) -> None:
        """Remember what became known of sides. Saying it twice is fine."""
        with self._db.writing() as tx:
            verify(tx, claim)
            for ref, told in facts.items():
                timeline.learn(tx, bundle, ref, told)

    def escalated(
        self, claim: Claim, ref: Ref, taken: Iterable[Taken], told: Iterable[tuple[Notification, str]] = ()
    ) -> None:
        """Record steps of a ticket, and put out what people are to be told of them: both, or neither.

        Beside each notification stands the key of the one that it takes back, or nothing.
        """
        with self._db.writing() as tx:
            verify(tx, claim)
            steps.keep(tx, ref, taken)
            for one, back in told:
                if back:
                    take_back(tx, back, one)
                else:
                    enqueue(tx, one)


def _forget_late(tx: Connection, here: Mapping[str, str], late: Late) -> None:
    """Forget the copies that a move left behind; those whose edit it left behind are out of date."""
    mine = t.mirrors.c
    there = (mine.target_connection == here["connection"], mine.target_key == here["key"])
    tx.execute(delete(t.mirrors).where(*there, mine.target_id.in_(late.texts)))
    for id, (was, now) in late.edits.items():
        ours = (mine.target_id == id, mine.answer == was)  # nobody has edited it after us
        tx.execute(update(t.mirrors).where(*there, *ours).values(revision="moved", answer=now))


def _rename(tx: Connection, table: Table, end: str, same: list[Any], ids: Mapping[str, str]) -> None:
    """Give texts and files on a ticket the ids that a move gave them."""
    column = table.c[f"{end}_id"]
    for before in tx.execute(select(column).where(*same).distinct()).scalars().all():
        after = TextId("", "", before).after_move(ids).id
        if after != before:
            tx.execute(update(table).where(*same, column == before).values(**{column.name: after}))


_SIDE = ("connection", "key")
_SAW = replacing(t.seen, _SIDE, "native", "wanted", "serial", "version", "read_at", "bundle")
_LINK = replacing(t.links, _SIDE, "display", "url", "bundle", "unlinked")
_NAMED = (
    update(t.links)
    .where(t.links.c.connection == bindparam("there"), t.links.c.key == bindparam("of"))
    .values(display=bindparam("display"), url=bindparam("url"))
)
_BEGIN = insert(t.bundles)
_FORMER = select(t.links).where(
    t.links.c.bundle
    == select(t.links.c.bundle)
    .where(t.links.c.connection == bindparam("there"), t.links.c.key == bindparam("of"))
    .scalar_subquery()
)
_SAW_ALL = replacing(t.seen, _SIDE, "native", "wanted", "serial", "version", "read_at", "bundle", "sent")
_SENDING = (
    update(t.seen)
    .where(t.seen.c.connection == bindparam("there"), t.seen.c.key == bindparam("of"))
    .values(sent=bindparam("sent"))
)
_WHOSE = select(t.links.c.bundle).where(
    t.links.c.connection == bindparam("there"), t.links.c.key == bindparam("of"), t.links.c.unlinked.is_(None)
)
_LINKS = select(t.links).where(t.links.c.bundle == bindparam("of")).order_by(t.links.c.created)
_SEEN = select(t.seen).where(t.seen.c.bundle == bindparam("of"))
_RUN = select(t.bundles.c.run).where(t.bundles.c.id == bindparam("of"), t.bundles.c.switched.is_(None))
_MIRRORS = select(t.mirrors).where(t.mirrors.c.bundle == bindparam("of"))


def _load(tx: Connection, bundle: int) -> Bundle:
    of = {"of": bundle}
    links = {Ref(r.connection, r.key, r.display): r for r in tx.execute(_LINKS, of)}
    former = tuple(ref for ref, row in links.items() if row.unlinked)
    links = {ref: row for ref, row in links.items() if not row.unlinked}
    adopted = {
        ref: Adoption(row.adopted, history=row.history, prefer=row.prefer)
        for ref, row in links.items()
        if row.adopted
    }
    held = {ref: _held(row.held) for ref, row in links.items() if row.held}
    urls = {ref: row.url for ref, row in links.items()}
    missing = {ref: row.missing for ref, row in links.items() if row.missing}
    lost = {ref: row.lost for ref, row in links.items() if row.lost}
    kept = {Ref(r.connection, r.key): r for r in tx.execute(_SEEN, of)}
    mirrors = Mirrors(_mirror(r) for r in tx.execute(_MIRRORS, of))
    told = timeline.load(tx, bundle)
    ended = {ref: row.ended for ref, row in links.items() if row.ended}
    return Bundle(
        id=bundle,
        refs=tuple(links),
        former=former,
        adopted=adopted,
        held=held,
        urls=urls,
        missing=missing,
        lost=lost,
        ended=ended,
        seen={ref: _seen(row) for ref, row in kept.items()},
        mirrors=mirrors,
        timeline=told,
        steps=steps.load(tx, bundle),
        run=tx.execute(_RUN, of).scalar(),
        sent={ref: tuple(map(sent_of, row.sent)) for ref, row in kept.items() if row.sent},
    )


def _link(tx: Connection, bundle: int, ref: Ref, url: str, at: datetime) -> None:
    names = {"display": ref.display, "url": url, "bundle": bundle, "unlinked": None}
    tx.execute(_LINK(tx), {"connection": ref.connection, "key": ref.key, "created": at, **names})


def _saw(tx: Connection, bundle: int, ref: Ref, said: Said) -> None:
    tx.execute(_SAW(tx), _row(bundle, ref, said))


def _notes(sent: Iterable[Sent]) -> dict[str, Any]:
    return {"sent": [one.kept() for one in sent] or None}


def _row(bundle: int, ref: Ref, said: Said) -> dict[str, Any]:
    return {
        "connection": ref.connection,
        "key": ref.key,
        "native": _json(said.seen.native),
        "wanted": _json(said.seen.wanted),
        "serial": said.seen.serial,
        "version": said.version,
        "read_at": said.read_at,
        "bundle": bundle,
    }


_COPY = replacing(t.mirrors, ("kind", *t.TEXT_IDS), "target_id", "revision", "answer", "name")
_DONE = update(t.intents).where(
    *(t.intents.c[name] == bindparam(f"same_{name}") for name in t.TEXT_IDS),
    t.intents.c.kind.in_((bindparam("same_kind"), bindparam("or_kind"))),
    t.intents.c.done.is_(None),
)


def _copied(tx: Connection, bundle: int, copy: Mirror, at: datetime) -> None:
    same = {"kind": copy.kind.value, **_ids(copy)}
    told = {"target_id": copy.target.id, "revision": copy.revision, "answer": copy.answer, "name": copy.name}
    tx.execute(_COPY(tx), {"bundle": bundle, **same, **told})
    noted = {f"same_{name}": value for name, value in same.items()}
    edit = EDIT if copy.kind is Kind.COMMENT else copy.kind.value
    tx.execute(_DONE, {"done": at, "or_kind": edit, **noted})


def _ids(copy: Mirror) -> dict[str, str]:
    return {
        "origin_connection": copy.origin.connection,
        "origin_key": copy.origin.key,
        "origin_id": copy.origin.id,
        "target_connection": copy.target.connection,
        "target_key": copy.target.key,
    }


def _mirror(row: Row[Any]) -> Mirror:
    origin = TextId(row.origin_connection, row.origin_key, row.origin_id)
    target = TextId(row.target_connection, row.target_key, row.target_id)
    return Mirror(Kind(row.kind), origin, target, row.revision, row.answer, row.name)


def _seen(row: Row[Any]) -> Seen:
    return Seen(_native(row.native), _native(row.wanted), row.serial, row.read_at)


def _held(values: Iterable[Mapping[str, Any]]) -> dict[Ref, Seen]:
    return {
        Ref(v["connection"], v["key"]): Seen(_native(v["native"]), _native(v["wanted"]), v["serial"])
        for v in values
    }


def _native(values: Mapping[Field, Any]) -> dict[Field, NativeValue]:
    return {name: tuple(v) if isinstance(v, list) else v for name, v in values.items()}


def _json(values: Mapping[Field, NativeValue]) -> dict[str, Any]:
    return {name: list(v) if isinstance(v, tuple) else v for name, v in values.items()}
