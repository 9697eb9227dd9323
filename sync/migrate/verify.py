"""Verification: both sides read again, by counts and by what the servers send."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from connectors.base import Connector, Presence
from connectors.errors import Gone, Rejected
from connectors.recount import RawFile, Recount
from mappings.boards import STAFF, Readers
from mappings.ticket import MESSAGE_0, PersonRole, Ref
from sync.files import sha256_of
from sync.migrate.compare import CHANGED, Difference, compared, worth_reading
from sync.migrate.listing import BEGINNING, listed
from sync.migrate.recorded import SIGNED, by_a_program, copied, copies
from sync.migrate.reread import Reread
from sync.migrate.words import words
from sync.references import Names
from sync.seen import Kind
from sync.store import Store
from sync.store.bundles import Bundle
from sync.store.runs import State

_PARTED = "a person took it apart from what it was linked with: it stands nowhere else"
_NOWHERE = "it is linked with nothing: it stands nowhere else"
_TOGETHER = 8
"""Tickets that are read at once."""
_BEHIND = 5_000
"""Tickets that a verification behind a run takes at once: more than any run migrates in the overlap."""
_BEFORE, _OVERLAP = datetime(1970, 1, 2, tzinfo=UTC), timedelta(seconds=10)
"""How far it looks back for what was noted a little later than it happened."""


@dataclass(frozen=True, slots=True)
class Found:
    """What is wrong with a ticket, or is not there for a known reason."""

    ticket: Ref
    what: str
    why: str
    explained: bool = False
    changed: bool = False
    """Whether a person changed it since."""
    recorded: bool = False
    """Whether a finding tells it too."""


@dataclass(frozen=True, slots=True)
class _One:
    """What was compared of one ticket."""

    ref: Ref
    differences: list[Difference]
    counts: Mapping[str, int] = field(default_factory=dict)
    """How many of each kind, by what `Verified` calls them."""


@dataclass(slots=True)
class Verified:
    """What a verification found."""

    listed: int = 0
    """Tickets that the source's lists show now."""
    new: int = 0
    """Those of them that no run has met, or that changed since: run again."""
    issues: int = 0
    """Tickets that runs made and the target's lists show."""
    missing: int = 0
    """Tickets that runs made and the target's lists do not show."""
    checked: int = 0
    """Tickets that were compared."""
    texts: int = 0
    files: int = 0
    fields: int = 0
    times: int = 0
    """Entries of booked time."""
    ratings: int = 0
    found: list[Found] = field(default_factory=list)

    @property
    def well(self) -> bool:
        """Whether nothing is missing without a known reason."""
        return not (self.new or self.missing or any(not one.explained for one in self.found))


class Verifier:
    """Reads both sides of one migration again."""

    def __init__(
        self,
        store: Store,
        connectors: Mapping[str, Connector],
        source: str,
        targets: Collection[str],
        readers: Callable[[Ref], Readers],
        reads: frozenset[Presence],
        besides: Reread,
        now: Callable[[], datetime],
    ) -> None:
        """`readers` says who reads the place that a ticket of the target is in, as the settings have it."""
        self._store, self._connectors, self._source = store, connectors, source
        self._targets, self._readers, self._reads = tuple(targets), readers, reads
        self._besides, self._now = besides, now

    def counts(self, verified: Verified) -> None:
        """Count both sides by their lists. Raises WireError."""
        known, source = self._store.runs, self._connectors[self._source]
        met: set[str] = set()
        for hint in source.changed(BEGINNING):
            if hint.key in met:
                continue
            met.add(hint.key)
            row = listed(hint, self._reads, None, timedelta(0))
            item = known.item(Ref(self._source, hint.key))
            waits = item is None or item.state is State.WAITING
            # A version that a run read after its list may be newer than the list's; never older.
            stale = item is not None and item.version < row.version and item.state is State.MIGRATED
            verified.new += (waits or stale) and not row.skipped
        verified.listed = len(met)
        for name in self._targets:
            there = {hint.key for hint in self._connectors[name].walk()}
            for key in self._store.bundles.made_by_runs(name):
                verified.issues += key in there
                if key not in there:
                    verified.missing += 1
                    verified.found.append(
                        Found(Ref(name, key), "the ticket", "no list of the target shows it")
                    )

        verified.found += self._left_behind()

    def _left_behind(self) -> Iterator[Found]:
        """Yield the tickets that a rule leaves out by now, and of which a run had made something before."""
        for item in self._store.runs.walk(self._source, [State.SKIPPED]):
            subject = self._store.bundles.subject(item.ref)
            if not subject.startswith("bundle:"):
                continue
            bundle = self._store.bundles.load(subject)
            made = [str(ref) for ref in bundle.refs if ref.connection in self._targets]
            if bundle.run is not None and made:
                stays = f"{', '.join(made)} was made of it before and stays"
                way = f"`deskbridge migrate rollback --id {item.ref.key}` says whether it can go"
                yield Found(item.ref, "the ticket", f"{item.reason}; {stays}; {way}", explained=True)

    def contents(self, verified: Verified, sample: int | None) -> Iterator[int]:
        """Compare texts and files of so many migrated tickets by chance, or of all; yield how many so far."""
        keys = [item.ref for item in self._store.runs.walk(self._source, [State.MIGRATED])]
        if sample is not None and sample < len(keys):
            keys = sorted(random.sample(keys, sample), key=lambda ref: ref.key)
        with ThreadPoolExecutor(_TOGETHER) as pool:
            for start in range(0, len(keys), 100):
                self._compare(verified, pool, keys[start : start + 100])
                yield verified.checked

    def behind(
        self, verified: Verified, working: Callable[[], bool], pause: Callable[[], None]
    ) -> Iterator[int]:
        """Compare every ticket as it is migrated, for as long as a run is `working`; yield how many so far.

        One that the run writes to once more is compared once more. Where nothing is to be compared, it makes
        a `pause` and looks again.
        """
        since, lately = _BEFORE, dict[Ref, datetime]()
        with ThreadPoolExecutor(_TOGETHER) as pool:
            while True:
                goes_on = working()  # before the look: what it settles until now is found by it
                rows = self._store.runs.settled(self._source, since - _OVERLAP, _BEHIND)
                fresh = [(ref, at) for ref, at in rows if lately.get(ref) != at]
                if fresh:
                    lately |= fresh
                    since = max(at for _, at in rows)
                    lately = {ref: at for ref, at in lately.items() if at >= since - _OVERLAP}
                    self._compare(verified, pool, [ref for ref, _ in fresh])
                    yield verified.checked
                elif not goes_on:
                    return
                else:
                    pause()

    def _compare(self, verified: Verified, pool: ThreadPoolExecutor, keys: Sequence[Ref]) -> None:
        again = set(keys)
        verified.found = [one for one in verified.found if one.ticket not in again]
        self._besides.read_ratings(self._now())
        for one in pool.map(self._one, keys):
            verified.checked += 1
            for name, count in one.counts.items():
                setattr(verified, name, getattr(verified, name) + count)
            verified.found += [
                Found(one.ref, d.what, d.why, d.explained, d.changed, d.recorded) for d in one.differences
            ]

    def _one(self, ref: Ref) -> _One:
        bundle = self._store.bundles.load(self._store.bundles.subject(ref))
        target = next((side for side in bundle.refs if side.connection in self._targets), None)
        if bundle.refs == (ref,):
            parted = bool(bundle.former)
            why = _PARTED if parted else _NOWHERE
            return _One(ref, [Difference("the ticket", why, explained=parted, changed=parted)])
        if target is None or bundle.run is None:
            return _One(ref, [])  # live work's
        try:
            here = self._connectors[self._source].recount(ref.key, self._besides.of_source())
        except Gone:
            why = "the source does not have it any more"
            return _One(ref, [Difference("the ticket", why, explained=True)])
        try:
            staff_alone = self._readers(target) == STAFF
            also = self._besides.of_target(target.connection, here, staff_alone=staff_alone)
            there = self._connectors[target.connection].recount(target.key, also)
        except (Gone, Rejected) as error:
            return _One(ref, [Difference("the ticket", f"{target} cannot be read: {error.text}")])
        here, there = self._read(ref, here, there), self._read(target, there, here)
        differences = compared(
            here,
            there,
            copies(bundle, ref, target),
            self._reasons(bundle),
            staff_alone=staff_alone,
            read=lambda file: self._said(target, file),
            moved=lambda address: self._moved(ref, target, address),
            copied=lambda file: copied(bundle, ref, target, file),
        )
        besides = self._besides.compared(bundle, ref, target, here, there)
        differences += besides.differences
        if any(one.unsure for one in differences):
            differences = self._by_a_person(bundle, target, differences)
        if any(one.original for one in differences):
            differences = self._nobodys(ref, here, differences)
        differences += self._unknown(bundle, target, there)
        counts = {name: getattr(besides, name) for name in ("fields", "times", "ratings")}
        return _One(ref, differences, {"texts": len(here.texts), "files": len(here.files), **counts})

    def _unknown(self, bundle: Bundle, target: Ref, there: Recount) -> list[Difference]:
        """Return what the hub wrote there and nothing knows of: it stands there twice."""
        known = {m.target.id for m in bundle.mirrors if m.kind is Kind.COMMENT and m.target.ref == target}
        signed = {text.id for text in there.texts if SIGNED in text.text} - known - {MESSAGE_0}
        if not signed:
            return []  # who quotes a text of ours has its signature too: so it is asked who wrote it
        side = self._connectors[target.connection].fetch(target.key).ticket
        ours = [m.id for m in side.messages if m.id in signed and m.author.role is PersonRole.HUB]
        why = "the hub wrote it and knows nothing of it: look whether it stands there twice"
        return [Difference(f"text {id} of {target.connection}", why) for id in ours]

    def _by_a_person(
        self, bundle: Bundle, target: Ref, differences: Iterable[Difference]
    ) -> list[Difference]:
        """Return the differences; a copy that says no more what the hub had written was changed since.

        This is asked only where the server does not tell by whom a text was changed.
        """
        side = self._connectors[target.connection].fetch(target.key).ticket
        wrote = {m.target.id: m for m in bundle.mirrors if m.kind is Kind.COMMENT and m.target.ref == target}

        def changed(id: str) -> bool:
            copy, there = wrote.get(id), side.message(id)
            return copy is not None and there is not None and not copy.stands_in(there) and bool(copy.answer)

        return [
            replace(one, why=CHANGED, explained=True, changed=True) if any(map(changed, one.unsure)) else one
            for one in differences
        ]

    def _nobodys(self, ref: Ref, here: Recount, differences: Iterable[Difference]) -> list[Difference]:
        """Return the differences; some texts are meant to have no copy, whatever they say.

        That is what a program or the hub wrote there, and what the tool tells twice: a chat's first text.
        """
        said = {
            message.id: message for message in self._connectors[ref.connection].fetch(ref.key).ticket.messages
        }
        raw = {text.id: words(text.text) for text in here.texts}
        found = []
        for one in differences:
            message = said.get(one.original)
            if one.original and message is None and raw[one.original] == raw.get(MESSAGE_0):
                continue
            why = by_a_program(message) if message else ""
            found.append(replace(one, why=why, explained=True) if why else one)
        return found

    def _moved(self, ref: Ref, target: Ref, address: str) -> str:
        """Return where a ticket of the source is now, by its old address; empty for anything else."""
        meant = Names({}, frozenset({address}))
        return self._store.bundles.counterparts(ref, meant, target.connection).get(address, "")

    def _said(self, ref: Ref, file: RawFile) -> str:
        """Return what a text file says; nothing if it cannot be read."""
        try:
            with self._connectors[ref.connection].open_file(file.file) as content:
                return content.read().decode("utf-8", "replace")
        except (Gone, Rejected):
            return ""

    def _read(self, ref: Ref, one: Recount, other: Recount) -> Recount:
        """Return what is there with the SHA-256 of each file that is worth reading, piece by piece."""
        wanted = {file.file.id for file in worth_reading(one.files, other.files)}
        read = (self._summed(ref, file) if file.file.id in wanted else file for file in one.files)
        return replace(one, files=tuple(read))

    def _summed(self, ref: Ref, file: RawFile) -> RawFile:
        try:
            with self._connectors[ref.connection].open_file(file.file) as content:
                return replace(file, sha256=sha256_of(content))
        except (Gone, Rejected):
            return file

    def _reasons(self, bundle: Bundle) -> dict[str, str]:
        """Return why texts and files of a ticket were left out, by what the hub recorded when it did so."""
        kept = self._store.findings.of(bundle.subject)
        quiet = self._store.decisions.quiet(bundle.subject)
        said = [(f.what, f.reason) for f in kept] + [(what, why) for _, what, why in quiet]
        return dict(said)
