"""Time that was booked at the source, booked on what a run made of the ticket, once each.

An entry bears a sign of the one that it stands for, so that whoever was interrupted, or was not answered,
finds what is there already.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from connectors.base import Connector
from connectors.capabilities import Part
from mappings.ticket import Ref, TimeEntry

_BILLED = {True: ", billable", False: ", not billable", None: ""}


def book(connectors: Mapping[str, Connector], source: Ref, target: Ref, entries: Iterable[TimeEntry]) -> None:
    """Book what is not booked yet, oldest first. Raises WireError.

    The author and the day stand in the entry's text: a tool names the account that books, and nobody else.
    """
    connector = connectors[target.connection]
    side = connector.fetch(target.key, frozenset({Part.TIME}))
    if Part.TIME not in side.abilities.parts:
        return
    there = "\n".join(entry.note for entry in side.ticket.time_entries or ())
    for entry in sorted(entries, key=lambda entry: (entry.started, entry.id)):
        sign = f"{source.connection} {source.key}, entry {entry.id}"
        if not any(f"({sign}{end}" in there for end in ",)"):
            note = " ".join(entry.note.split())
            told = f"{note} ({sign}{_BILLED[entry.billable]})".strip()
            connector.add_time(target.key, replace(entry, note=told))
