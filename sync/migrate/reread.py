"""What a verification reads again besides texts and files: fields, booked time, ratings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import cast

from connectors.base import Connector
from connectors.capabilities import Part
from connectors.recount import RawRating, Recount
from mappings.ticket import Ref, Word
from mappings.vocabulary import WORDS, held
from sync.migrate.compare import CHANGED_FIELD, TAKEN, Difference
from sync.migrate.compare_besides import Notes, ratings_compared, times_compared
from sync.migrate.compare_values import Travelling, meaning, values_compared
from sync.migrate.history import HISTORY, NOTED
from sync.migrate.listing import BEGINNING
from sync.rules import Rules
from sync.seen import Kind
from sync.store import Store
from sync.store.bundles import Bundle
from sync.store.findings import State
from sync.store.journal import TIME

_OVERLAP, _STALE = timedelta(days=1), timedelta(minutes=1)
"""How far the list of ratings is read back, and how old it is at most while a run is at work."""
_RULES = "the rules did not send it when it was moved: `migrate run --apply --remap` decides it again"


@dataclass(frozen=True, slots=True)
class Compared:
    """What was compared of a ticket besides its texts and files."""

    fields: int
    times: int
    ratings: int
    differences: list[Difference]


class Reread:
    """Compares what the rules of a run carry besides texts and files."""

    def __init__(
        self,
        store: Store,
        connectors: Mapping[str, Connector],
        rules: Rules,
        *,
        changed: bool = False,
    ) -> None:
        """`changed` says that earlier runs, or parts of this one, had other rules."""
        self._store, self._connectors, self._rules, self._changed = store, connectors, rules, changed
        self._rated: defaultdict[str, dict[str, RawRating]] = defaultdict(dict)
        self._read: datetime | None = None

    def read_ratings(self, at: datetime) -> None:
        """Read the source's list of ratings, or what came since, once a minute at most. Raises WireError."""
        source = self._connectors[self._rules.source]
        if Part.RATINGS not in self._rules.parts or not source.capabilities.lists_ratings:
            return
        if self._read is None or at - self._read >= _STALE:
            since = BEGINNING if self._read is None else self._read - _OVERLAP
            for one in source.recount_ratings(since):
                self._rated[one.key][one.id] = one
            self._read = at

    def of_source(self) -> frozenset[Part]:
        """Return what must be read of a ticket of the source besides its fields and texts."""
        return self._rules.parts & {Part.TIME}

    def of_target(self, connection: str, source: Recount, *, staff_alone: bool) -> frozenset[Part]:
        """Return what must be read of its copy; `staff_alone` says that nobody else reads the place."""
        can = self._connectors[connection].capabilities
        books = self._rules.books and can.books_time and staff_alone
        return frozenset({Part.TIME}) if books and source.times else frozenset()

    def compared(self, bundle: Bundle, ref: Ref, target: Ref, here: Recount, there: Recount) -> Compared:
        """Return what of a ticket's fields, booked time and ratings is not on its copy."""
        reasons = [
            (one.what, one.reason)
            for one in self._store.findings.of(bundle.subject)
            if one.state is not State.GONE and one.target == target.connection
        ]
        rules, notes = (
            self._travelling(target.connection, ref, reasons),
            self._notes(bundle, ref, target, there, reasons),
        )
        ratings = self._rated.get(ref.key, {}).values()
        found = [
            *values_compared(here.fields, there.fields, rules),
            *times_compared(ref, here, there, notes, self._booked(bundle, ref, target)),
            *self._ratings(ref, target.connection, there, ratings, notes),
        ]
        if any(one.unknown for one in found):
            found = self._by_a_person(bundle, target, there, found)
        if self._changed and any(one.field for one in found):
            found = self._under_other_rules(bundle, target, found)
        fields = sum(name in here.fields and name in there.fields for name in rules.fields)
        return Compared(fields, len(here.times or ()), len(ratings), found)

    def _travelling(self, target: str, ref: Ref, reasons: Collection[tuple[str, str]]) -> Travelling:
        rules, can = self._rules, self._connectors[target].capabilities
        fields = (name for name in can.fields if rules.travels(name, ref.connection, target, creating=True))

        def elsewhere(names: Collection[str]) -> list[str]:
            known = {name.casefold() for name in names}
            people = (one for one in rules.people if one.get(ref.connection, "").casefold() in known)
            return [one[target] for one in people if target in one][:1]

        return Travelling(
            fields=frozenset(name for name in fields if name != "rating"),
            source=self._connectors[ref.connection].capabilities.vocabularies,
            target=can.vocabularies,
            number=f"{rules.numbered}{ref.key}" if rules.numbered and "tags" in can.fields else "",
            kept=rules.control_tags | rules.customer_labels,
            elsewhere=elsewhere,
            reasons=reasons,
        )

    def _notes(
        self, bundle: Bundle, ref: Ref, target: Ref, there: Recount, reasons: Collection[tuple[str, str]]
    ) -> Notes:
        ids = {
            m.target.id
            for m in bundle.mirrors
            if m.kind is Kind.COMMENT and m.target.ref == target
            if m.origin.ref == ref and m.origin.id.startswith(HISTORY)
        }
        return Notes(
            texts=[text for text in there.texts if text.id in ids],
            reason=next((why for what, why in reasons if what == NOTED), ""),
        )

    def _booked(self, bundle: Bundle, ref: Ref, target: Ref) -> set[str]:
        """Return the entries that the hub knows to have booked."""
        if bundle.id is None or Part.TIME not in self._rules.parts:
            return set()
        known = self._store.journal.finished(bundle.id, TIME, target)
        return {one.id for one in known if one.ref == ref}

    def _ratings(
        self, ref: Ref, target: str, there: Recount, ratings: Collection[RawRating], notes: Notes
    ) -> Iterable[Difference]:
        can = self._connectors[target].capabilities
        held_there = "rating" in can.fields
        sent = self._rules.travels("rating", ref.connection, target, creating=True)
        if not ratings or (held_there and not sent):
            return ()
        return ratings_compared(
            ratings,
            {one.id for one in self._store.ratings.of(ref)},
            there.fields.get("rating") if held_there else None,
            can.vocabularies,
            notes,
        )

    def _by_a_person(
        self, bundle: Bundle, target: Ref, there: Recount, differences: Iterable[Difference]
    ) -> list[Difference]:
        """Return the differences; what says no more what the hub wrote was changed, if anybody was at it.

        This is asked only where what was read of the ticket does not tell by whom it was changed.
        """
        if not self._connectors[target.connection].handled(target.key):
            return list(differences)
        wrote = self._store.decisions.wrote(bundle.subject)
        lenses = self._connectors[target.connection].capabilities.vocabularies

        def changed(one: Difference) -> bool:
            if one.field is None or one.field == "tags":
                return True
            said, words = wrote.get((target, one.field)), WORDS.get(one.field)
            if words is not None and said is not None and said in words.__members__.values():
                said = str(held(lenses, one.field, cast(Word, words(said))))
            return said is not None and said != meaning(lenses, one.field, there.fields[one.field])

        return [
            replace(one, why=TAKEN if one.entry else CHANGED_FIELD, explained=True, changed=True)
            if one.unknown and changed(one)
            else one
            for one in differences
        ]

    def _under_other_rules(
        self, bundle: Bundle, target: Ref, differences: Iterable[Difference]
    ) -> list[Difference]:
        """Return the differences; what the hub never wrote may not have travelled under the rules of then."""
        wrote = self._store.decisions.wrote(bundle.subject)
        return [
            replace(one, why=_RULES, explained=True)
            if one.field and not one.explained and (one.field == "tags" or (target, one.field) not in wrote)
            else one
            for one in differences
        ]
