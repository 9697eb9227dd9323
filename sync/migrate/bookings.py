"""Time that was booked at the source, booked on what a run made of the ticket, once each.

The journal notes each entry before it is sent, and keeps which are booked. An entry also bears a sign of the
one that it stands for, so that whoever was interrupted, or was not answered, finds what is there already.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from connectors.base import Connector
from connectors.capabilities import Part
from mappings.boards import STAFF
from mappings.ticket import Ref, TimeEntry
from sync.rules import Rules
from sync.seen import TextId
from sync.store import Store
from sync.store.journal import TIME, Wish
from sync.uncertain import Intents

_BILLED = {True: ", billable", False: ", not billable", None: ""}


class Bookings:
    """Books the time of one ticket, whose bundle is claimed.

    It is staff's to read, as its texts are: where others read too, and no tool keeps it from them, none is.
    """

    def __init__(self, store: Store, intents: Intents, bundle: int, source: Ref, rules: Rules) -> None:
        self._store, self._intents, self._bundle, self._source = store, intents, bundle, source
        self._rules = rules

    def left(self, target: Ref, entries: Sequence[TimeEntry]) -> list[TimeEntry]:
        """Return the entries that are not known to be booked there, oldest first.

        What was booked stays as people leave it: an entry that they change or delete is not booked again.
        """
        known = self._store.journal.finished(self._bundle, TIME, target)
        fresh = (entry for entry in entries if TextId(*self._named, entry.id) not in known)
        return sorted(fresh, key=lambda entry: (entry.started, entry.id))

    def book(self, connector: Connector, target: Ref, entries: Sequence[TimeEntry]) -> None:
        """Book what is left and not there yet. Raises WireError, LostClaim, and Waiting.

        The author and the day stand in the entry's text: a tool names the account that books alone.
        """
        there = self._told(connector, target)
        if there is None:
            return
        for entry in entries:
            wish = Wish(TIME, TextId(*self._named, entry.id), target.connection, "", target.key)
            intent = self._intents.note(wish)
            if intent.open and not self._stands(entry, there):
                # Only what is read after the last moment at which it may arrive tells that it is not there.
                intent = self._intents.send(wish, intent)
                there = self._told(connector, target) or ""
            if not self._stands(entry, there):
                with self._intents.sending(intent):
                    self._intents.about_to_send(intent)
                    connector.add_time(target.key, replace(entry, note=self._note(entry)))
            self._intents.done(intent, target.key)

    @property
    def _named(self) -> tuple[str, str]:
        return self._source.connection, self._source.key

    def _sign(self, entry: TimeEntry) -> str:
        return f"{self._source.connection} {self._source.key}, entry {entry.id}"

    def _stands(self, entry: TimeEntry, there: str) -> bool:
        return any(f"({self._sign(entry)}{end}" in there for end in ",)")

    def _note(self, entry: TimeEntry) -> str:
        said = " ".join(entry.note.split())
        return f"{said} ({self._sign(entry)}{_BILLED[entry.billable]})".strip()

    def _told(self, connector: Connector, target: Ref) -> str | None:
        """Return what the entries there say, as they are right now; None where none can, or must, be."""
        side = connector.fetch(target.key, frozenset({Part.TIME}))
        if Part.TIME not in side.abilities.parts:
            return None
        if self._rules.readers(target.connection, side.place) != STAFF:
            return None
        return "\n".join(entry.note for entry in side.ticket.time_entries or ())
