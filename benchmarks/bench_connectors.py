"""Processor time of the connectors, against a bare `requests` loop that makes the same calls.

Reads BENCH_READ tickets with their conversations from each system, and writes BENCH_WRITE issues with
three comments each (text conversion is timed apart and not counted). Both run in the same process, one
after the other, against the same sandbox.
"""

from __future__ import annotations

from itertools import islice

from benchmarks.rig import Recording, Rig, processor_time, sandbox, size
from connectors.base import CommentDraft, Connector, TicketDraft
from mappings.boards import STAFF, Place
from mappings.markup import write
from mappings.ticket import Audience, TextFormat

_FORMATS = {"freshdesk": TextFormat.HTML, "jira": TextFormat.WIKI, "gitlab": TextFormat.MARKDOWN}
_MARKER = "db1.mfrgg.nfxgo"
_TEXT = "**Kim Park** in [desk \\#1](http://desk.test/1#db1.mfrgg.nfxgo)\n\nIt stops at row 17.\n\n- twice"


def main() -> None:
    """Print a line for each system and direction: seconds, and the ratio to the bare loop."""
    with sandbox() as rig:
        for system in ("freshdesk", "jira", "gitlab"):
            _reading(rig, system, size("READ", 10_000))
        for system in ("jira", "gitlab"):
            _writing(rig, system, size("WRITE", 2_000))


def _reading(rig: Rig, system: str, count: int) -> None:
    rig.act(system, "generate", count=count)
    connector, seconds, recording = rig.connector(system), dict[str, float](), Recording()
    keys = [hint.key for hint in islice(connector.walk(), count)]
    with recording.running(), processor_time(seconds, "connector"):
        texts = sum(len(connector.fetch(key).ticket.messages) for key in keys)
    with processor_time(seconds, "bare"):
        recording.again()
    _print(f"{system}: read {len(keys)} tickets, {texts} texts, {len(recording.calls)} calls", seconds)


def _writing(rig: Rig, system: str, count: int) -> None:
    connector, seconds, recording = rig.connector(system), dict[str, float](), Recording()
    key = {"jira": rig.env["JIRA_PROJECT"], "gitlab": rig.env["GITLAB_PROJECT"]}[system]
    place = Place(system, key, STAFF, "10002" if system == "jira" else "")
    with recording.running(), processor_time(seconds, "connector"):
        for number in range(count):
            _write(connector, place, number)
    with processor_time(seconds, "conversion"):
        for _ in range(count * 4):
            write(_TEXT, _FORMATS[system], {})
    with processor_time(seconds, "bare"):
        recording.again()
    seconds["connector"] -= seconds.pop("conversion")
    _print(f"{system}: wrote {count} tickets, 3 comments each, {len(recording.calls)} calls", seconds)


def _write(connector: Connector, place: Place, number: int) -> None:
    text = CommentDraft(markdown=_TEXT, audience=Audience.STAFF)
    draft = TicketDraft(place=place, values={"subject": f"No {number}"}, message=text, token=_MARKER)
    made = connector.create(draft)
    for _ in range(3):
        connector.add_comment(made.ref.key, text)


def _print(what: str, seconds: dict[str, float]) -> None:
    ratio = seconds["connector"] / seconds["bare"]
    print(f"{what}: {seconds['connector']:.2f} s, bare loop {seconds['bare']:.2f} s, ratio {ratio:.2f}")
