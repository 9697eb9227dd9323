"""Processor time of the connectors, against a bare `requests` loop that makes the same calls.

Reads BENCH_READ tickets with their conversations from each system, and writes BENCH_WRITE issues with
three comments each. The same process makes a hundred tickets' calls through the connector and then the
same calls (method, address, parameters, body, JSON read) bare, by turns, so that neither has the quieter
machine. Our process alone is timed: the sandbox has its own. Text conversion is timed where it happens
and taken off. Fails when a ratio is above BENCH_LIMIT, at the sizes that figures are quoted for.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

from benchmarks.rig import Bare, Limit, Recording, Rig, limit, processor_time, sandbox, size
from connectors.base import CommentDraft, Connector, TicketDraft
from mappings.boards import STAFF, Place
from mappings.markup import write
from mappings.ticket import Audience

_MOST = 1.5
"""What a connector may cost, in bare loops."""
_READ, _WRITE = 10_000, 2_000
"""Tickets that figures are quoted for."""
_TURN = 100
"""Tickets that one side handles before the other has its turn."""
_WARMING = 5
"""Tickets that are handled before the clock runs: look-ups that are made once, imports, caches."""
_MARKER = "db1.mfrgg.nfxgo"
_TEXT = "**Kim Park** in [desk \\#1](http://desk.test/1#db1.mfrgg.nfxgo)\n\nIt stops at row 17.\n\n- twice"


def main() -> None:
    """Print a line for each system and direction: seconds, and the ratio to the bare loop; fail above 1.5."""
    most = limit(_MOST)
    read, written = Limit(most, size("ENOUGH", _READ)), Limit(most, size("ENOUGH", _WRITE))
    with sandbox() as rig:
        for system in ("freshdesk", "jira", "gitlab"):
            _reading(rig, system, size("READ", _READ), read)
        for system in ("freshdesk", "jira", "gitlab"):
            _writing(rig, system, size("WRITE", _WRITE), written)
    read.hold()
    written.hold()


def _reading(rig: Rig, system: str, count: int, limit: Limit) -> None:
    rig.act(system, "generate", count=count)
    connector = rig.connector(system)
    keys = [hint.key for hint in islice(connector.walk(), count)]
    texts = 0

    def read(key: str) -> None:
        nonlocal texts
        texts += len(connector.fetch(key).ticket.messages)

    calls, seconds = _compared(read, keys)
    _print(f"{system}: read {len(keys)} tickets, {texts} texts, {calls} calls", seconds, count, limit)


def _writing(rig: Rig, system: str, count: int, limit: Limit) -> None:
    connector = rig.connector(system)
    key, kind = {
        "freshdesk": ("", "Question"),
        "jira": (rig.env["JIRA_PROJECT"], "10002"),
        "gitlab": (rig.env["GITLAB_PROJECT"], ""),
    }[system]
    place = Place(system, key, STAFF, kind)
    numbers = [str(number) for number in range(count)]
    calls, seconds = _compared(lambda number: _write(connector, place, number), numbers)
    _print(f"{system}: wrote {count} tickets, 3 comments each, {calls} calls", seconds, count, limit)


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


def _print(what: str, seconds: dict[str, float], count: int, limit: Limit) -> None:
    ours, bare = seconds["connector"] - seconds["conversion"], seconds["bare"]
    judged = limit.judged(what.partition(" tickets")[0], ours / bare, count)
    print(f"{what}: {ours:.2f} s, bare loop {bare:.2f} s, {judged}", flush=True)
