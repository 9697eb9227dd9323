"""Processor time of the connectors, against a bare `requests` loop that makes the same calls.

Reads BENCH_READ tickets with their conversations from each system, and writes BENCH_WRITE issues with
three comments each. The same process makes a hundred tickets' calls through the connector and then the
same calls (method, address, parameters, body, JSON read) bare, by turns, so that neither has the quieter
machine. Our process alone is timed: the sandbox has its own. Text conversion is timed where it happens
and taken off.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

from benchmarks.figures import Sheet, ratio_most
from benchmarks.rig import Bare, Recording, Rig, processor_time, sandbox
from connectors.base import CommentDraft, Connector, TicketDraft
from mappings.boards import STAFF, Place
from mappings.markup import write
from mappings.ticket import Audience

_MOST = 1.5
"""What a connector may cost, in bare loops."""
SIZES = {"READ": (10_000, 60), "WRITE": (2_000, 20)}
_TURN = 100
"""Tickets that one side handles before the other has its turn."""
_WARMING = 5
"""Tickets that are handled before the clock runs: look-ups that are made once, imports, caches."""
_MARKER = "db1.mfrgg.nfxgo"
_TEXT = "**Kim Park** in [desk \\#1](http://desk.test/1#db1.mfrgg.nfxgo)\n\nIt stops at row 17.\n\n- twice"


def main(sheet: Sheet) -> None:
    """Take down the seconds of each system and direction beside the bare loop's."""
    with sandbox() as rig:
        for system in ("freshdesk", "jira", "gitlab"):
            _reading(rig, system, sheet.size("READ"), sheet)
        for system in ("freshdesk", "jira", "gitlab"):
            _writing(rig, system, sheet.size("WRITE"), sheet)


def _reading(rig: Rig, system: str, count: int, sheet: Sheet) -> None:
    rig.act(system, "generate", count=count)
    connector = rig.connector(system)
    keys = [hint.key for hint in islice(connector.walk(), count)]
    texts = 0

    def read(key: str) -> None:
        nonlocal texts
        texts += len(connector.fetch(key).ticket.messages)

    calls, seconds = _compared(read, keys)
    _add(f"{system}: CPU of reading {len(keys):,} tickets, {texts:,} texts, {calls:,} calls", seconds, sheet)


def _writing(rig: Rig, system: str, count: int, sheet: Sheet) -> None:
    connector = rig.connector(system)
    key, kind = {
        "freshdesk": ("", "Question"),
        "jira": (rig.env["JIRA_PROJECT"], "10002"),
        "gitlab": (rig.env["GITLAB_PROJECT"], ""),
    }[system]
    place = Place(system, key, STAFF, kind)
    numbers = [str(number) for number in range(count)]
    calls, seconds = _compared(lambda number: _write(connector, place, number), numbers)
    _add(f"{system}: CPU of writing {count:,} tickets of 3 comments, {calls:,} calls", seconds, sheet)


def _write(connector: Connector, place: Place, number: str) -> None:
    text = CommentDraft(markdown=_TEXT, audience=Audience.STAFF)
    draft = TicketDraft(place=place, values={"subject": f"No {number}"}, message=text, token=_MARKER)
    made = connector.create(draft)
    for _ in range(3):
        connector.add_comment(made.ref.key, text)


def _compared(act: Callable[[str], None], keys: Sequence[str]) -> tuple[int, dict[str, float]]:
    """Do it with every key, and make the same calls bare; return how many calls, and the seconds of each."""
    recording, bare, calls = Recording(), Bare(), 0
    seconds = dict.fromkeys(("connector", "conversion", "bare"), 0.0)
    with recording.running():
        for key in keys[:_WARMING]:
            act(key)
    bare.like(recording.taken()[-1])
    for turn in range(0, len(keys), _TURN):
        with recording.running(), _conversion(seconds), processor_time(seconds, "connector"):
            for key in keys[turn : turn + _TURN]:
                act(key)
        taken = recording.taken()
        calls += len(taken)
        with processor_time(seconds, "bare"):
            bare.make(taken)
    return calls, seconds


@contextmanager
def _conversion(into: dict[str, float]) -> Iterator[None]:
    """Time the conversion of texts, where connectors call it."""
    named = [module for name, module in sys.modules.items() if name.startswith("connectors.")]
    places: list[Any] = [module for module in named if vars(module).get("write") is write]

    def timed(*given: Any, **named: Any) -> Any:
        with processor_time(into, "conversion"):
            return write(*given, **named)

    for place in places:
        place.write = timed
    try:
        yield
    finally:
        for place in places:
            place.write = write


def _add(what: str, seconds: dict[str, float], sheet: Sheet) -> None:
    ours, bare = seconds["connector"] - seconds["conversion"], seconds["bare"]
    sheet.add(what, ours, "s", beside=bare, named="bare loop", goal=ratio_most(_MOST), steady=True)
