"""Plans that look like a mistake wait for a person, and nothing of them is lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mappings.ticket import Audience
from sync.decide import decide
from sync.fuses import STANDARD, Fuses, Lately, unsafe
from sync.outcome import Done, Parked
from sync.seen import Seen
from tests.sync.situations import agreed, asked, at, changed, copied, copy, described, said, text
from tests.sync.world import World

QUIET = Lately(fields={}, tickets={}, linked={}, since_rules=0)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A desk, two teams and a hub."""
    made = World(tmp_path)
    yield made
    made.close()


def test_an_ordinary_plan_is_carried_out() -> None:
    """Otherwise the hub asks about everything, and people learn to say yes."""
    s = changed(agreed("jira"), "desk", subject="Another subject")
    assert unsafe(decide(s), s, QUIET, STANDARD) is None


def test_a_field_that_is_written_again_and_again_is_a_fight() -> None:
    """Otherwise two programs undo each other's value for ever, and each time somebody is mailed."""
    s = changed(agreed("jira"), "desk", subject="Another subject")
    twice, thrice = (replace(QUIET, fields={("jira", "subject"): n}) for n in (2, 3))
    assert unsafe(decide(s), s, twice, STANDARD) is None
    assert "subject was written 3 times within an hour on jira" in (
        unsafe(decide(s), s, thrice, STANDARD) or ""
    )


def test_a_large_part_of_a_connection_is_asked_about() -> None:
    """Otherwise a wrong rule or a mass edit by mistake runs through every ticket of the desk."""
    s = changed(agreed("jira"), "desk", subject="Another subject")
    few = replace(QUIET, tickets={"jira": 49}, linked={"jira": 100})
    many = replace(QUIET, tickets={"jira": 50}, linked={"jira": 100})
    large = replace(QUIET, tickets={"jira": 50}, linked={"jira": 10_000})
    assert unsafe(decide(s), s, few, STANDARD) is None
    assert "50 of 100 tickets on jira" in (unsafe(decide(s), s, many, STANDARD) or "")
    assert unsafe(decide(s), s, large, STANDARD) is None


def test_new_rules_are_asked_about_before_they_write_much() -> None:
    """Otherwise a slip in the settings rewrites everything before anybody looks."""
    s = changed(agreed("jira"), "desk", subject="Another subject")
    assert unsafe(decide(s), s, replace(QUIET, since_rules=99), STANDARD) is None
    assert "since the rules changed" in (
        unsafe(decide(s), s, replace(QUIET, since_rules=100), STANDARD) or ""
    )


def test_a_text_is_not_blanked() -> None:
    """Otherwise an edit gone wrong at the origin empties what the developers had."""
    note = text("7", "A thought", minutes=1)
    there = text("70", "copy", by=described().author.role, minutes=2)
    s = copied(
        said(said(agreed("jira"), "desk", note), "jira", there),
        copy(at("desk", "7"), at("jira", "70"), note, there),
    )
    blank = said(s, "desk", replace(note, body=replace(note.body, text="  ")))
    assert "blank text 7" in (unsafe(decide(blank), blank, QUIET, STANDARD) or "")
    edited = said(s, "desk", replace(note, body=replace(note.body, text="Another thought")))
    assert unsafe(decide(edited), edited, QUIET, STANDARD) is None


def test_many_tags_are_not_removed_at_once() -> None:
    """Otherwise one empty answer takes every tag off the other side."""
    tags = tuple(f"tag-{n}" for n in range(11))
    s = changed(agreed("jira"), "jira", tags=frozenset(tags))
    s = replace(s, seen={n: Seen({**side.native, "tags": tags}) for n, side in s.sides.items()})
    assert "would remove 11 tags on jira" in (unsafe(decide(s), s, QUIET, STANDARD) or "")


def test_a_side_that_became_empty_is_doubted() -> None:
    """Otherwise a right that was taken away looks like a person who deleted every text."""
    s = agreed("jira")
    for number in "789":
        note, there = text(number, minutes=1), text(f"{number}0", by=described().author.role, minutes=2)
        s = copied(said(s, "jira", there), copy(at("desk", number), at("jira", f"{number}0"), note, there))
    s = changed(s, "desk", subject="Another subject")
    assert "all 3 texts that were copied from desk" in (unsafe(decide(s), s, QUIET, STANDARD) or "")
    assert asked().id == "0"


def test_a_fight_parks_one_ticket_and_a_person_may_go_on(world: World) -> None:
    """Otherwise what was stopped stays stopped for ever, or stops all other tickets."""
    key = world.opened()
    other = world.opened(subject="Another")
    world.settle()
    issue = next(t for t in world.jira.tickets.values() if t.fields["subject"] == "It does not start")
    for number in range(3):
        world.wait(minutes=1)
        world.desk.set(key, subject=f"Subject {number}")
        assert {type(o) for o in world.outcomes()} == {Done}
    world.wait(minutes=1)
    world.desk.set(key, subject="One too many")
    world.desk.comment(other, "Goes on", audience=Audience.STAFF)
    outcomes = world.outcomes()
    assert {type(o) for o in outcomes} == {Done, Parked}
    (parked,) = [o for o in outcomes if isinstance(o, Parked)]
    assert "parked retry --allow" in parked.reason
    assert issue.fields["subject"] == "Subject 2"
    (planned,) = [p for p in world.engine.plan(world.store.bundles.subjects()) if p.plan]
    assert planned.waits
    (row,) = world.store.inbox.parked()
    assert world.store.inbox.retry(row.subject, world.now(), allowed=True)
    world.settle()
    assert issue.fields["subject"] == "One too many"


def test_what_a_person_had_decided_again_stops_no_live_work(world: World) -> None:
    """Otherwise a remap of two hundred tickets parks what customers and agents write within the next hour."""
    keys = [world.opened(subject=f"Matter {n}") for n in range(4)]
    world.settle()
    for key in keys:
        world.desk.set(key, priority="urgent")
    world.settle()  # by default developers are told of it, and nothing is set
    world.wait(hours=2)
    world.engine = world.hub(fuses=Fuses(least=2, share=0.01, after_rules=4))
    for digest in ("rules", "other rules"):
        world.store.database.adopt_rules(digest, world.now())
    subjects = list(world.store.bundles.subjects())
    for subject in subjects:
        assert (one := world.engine.remap(subject, frozenset({"priority"})))
        assert isinstance(one.outcome, Done)
    assert {t.fields["priority"] for t in world.jira.tickets.values()} == {"urgent"}
    (made,) = (d for d in world.store.decisions.of(subjects[0]) if (d.kind, d.name) == ("field", "priority"))
    assert made.result == "written as a person asked"
    for key in keys[:2]:
        world.desk.comment(key, "Any news?", audience=Audience.STAFF)
        assert {type(o) for o in world.outcomes()} == {Done}
    # What nobody asked for is counted and stopped as ever, also by a look that decides something again.
    world.desk.comment(keys[2], "And here?", audience=Audience.STAFF)
    world.desk.set(keys[2], priority="high")
    world.engine.collect()
    looked = [world.engine.remap(subject, frozenset({"priority"})) for subject in subjects]
    (parked,) = (one.outcome for one in looked if one and isinstance(one.outcome, Parked))
    assert "2 of 4 tickets on jira were written to within an hour" in parked.reason


def test_a_share_of_one_stops_nothing(world: World) -> None:
    """Otherwise a desk that begins anew, and says that all of it may be written, waits for a person."""
    world.engine = world.hub(fuses=Fuses(least=2, share=1))
    for number in range(5):
        world.opened(subject=f"Matter {number}")
        assert {type(outcome) for outcome in world.outcomes()} == {Done}
    assert len(world.jira.tickets) == 5


def test_a_fuse_mends_itself_with_time(world: World) -> None:
    """Otherwise a ticket that had a busy hour needs a person for ever."""
    key = world.opened()
    world.settle()
    for number in range(4):
        world.wait(minutes=1)
        world.desk.set(key, subject=f"Subject {number}")
        world.sync()
    assert len(world.parked()) == 1
    world.wait(hours=2)
    world.desk.set(key, subject="Last")
    world.settle()
    assert world.only("jira").fields["subject"] == "Last"
    assert isinstance(STANDARD, Fuses)
