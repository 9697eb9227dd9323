"""Whether fields, booked time and ratings of a copy are those of its original. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from connectors.recount import RawRating, RawText, RawTime, RawValue, Recount
from mappings.ticket import Field, Mood, Ref
from mappings.vocabulary import vocabularies
from sync.migrate.compare import CHANGED_FIELD, TAKEN, Difference
from sync.migrate.compare_besides import Notes, ratings_compared, times_compared
from sync.migrate.compare_values import Travelling, values_compared

DESK = Ref("desk", "7")
AT = datetime(2026, 3, 2, 10, tzinfo=UTC)
RULES = Travelling(
    fields=frozenset({"subject", "status", "priority", "type", "tags", "assignee", "version"}),
    source=vocabularies("freshdesk", {}),
    target=vocabularies("gitlab", {}),
    number="desk-7",
    kept={"customer-lantern"},
    elsewhere=lambda names: ["sam"] if "sam@harbour.example" in names else [],
    reasons=(),
)
NUMBER = RawValue(("desk-7",), edited=False)
NO_NOTES = Notes(texts=(), reason="")


def values(
    name: Field, here: str | Collection[str], there: str | Collection[str], rules: Travelling = RULES
) -> list[Difference]:
    """Compare one field, the number's label being there."""
    said = [RawValue((one,) if isinstance(one, str) else tuple(one), edited=False) for one in (here, there)]
    labels: dict[Field, RawValue] = {"tags": NUMBER} if name != "tags" else {}
    return values_compared({"tags": RawValue(()), name: said[0]}, {**labels, name: said[1]}, rules)


@pytest.mark.parametrize(
    ("name", "here", "there"),
    [
        ("status", "5", "closed"),  # solved and closed are one word there
        ("status", "2", "opened"),
        ("priority", "4", "priority::1"),
        ("type", "Incident", "type::incident"),
        ("subject", " It  stops\t\u200e now ", "It stops now"),
        ("subject", "long " * 60, f"{('long ' * 60)[:254]}…"),
        (
            "tags",
            ("Needs quote", "a, b", "customer-lantern", "sla-breached"),
            ("needs-quote", "a-b", "desk-7"),
        ),
        ("tags", (), ("more", "desk-7")),
        ("assignee", ("12", "sam@harbour.example"), ("3", "Sam")),
        ("version", (), "2.4"),  # a tool may insist on something
    ],
)
def test_what_means_the_same_is_no_difference(name: Field, here: str, there: str) -> None:
    """Otherwise every clean migration would be refused, and people would learn to accept differences."""
    assert values(name, here, there) == []


@pytest.mark.parametrize(
    ("name", "here", "there", "why"),
    [
        ("status", "2", "closed", "it should say 'open' and says 'resolved'"),
        ("priority", "4", "priority::4", "it should say 'urgent' and says 'low'"),
        ("priority", "4", (), "it should say 'urgent' and says nothing"),
        ("subject", "It stops", "It stop", "it should say 'It stops' and says 'It stop'"),
        ("version", "2.4", "2.5", "it should say '2.4' and says '2.5'"),
        ("assignee", ("12", "sam@harbour.example"), ("4", "kim"), "it should say 'sam' and says '4, kim'"),
        ("tags", ("urgent order",), ("desk-7",), "it is not there"),
        ("tags", (), (), "it is not there"),
    ],
)
def test_another_value_is_named_with_both(name: Field, here: str, there: str, why: str) -> None:
    """Otherwise urgent tickets could arrive as low ones, and be called verified."""
    (found,) = values(name, here, there)
    assert (found.why, found.explained, found.changed) == (why, False, False)


def test_a_persons_change_and_what_is_on_record_are_told_apart_from_a_fault() -> None:
    """Otherwise nobody could accept a migration after the first developer had moved a card."""
    here: dict[Field, RawValue] = {"status": RawValue(("2",)), "tags": RawValue(("odd, one",))}
    there: dict[Field, RawValue] = {"status": RawValue(("closed",), edited=True), "tags": NUMBER}
    refused = replace(RULES, reasons=[("tags", "not taken: odd, one"), ("status (desk)", "refused: no")])
    status, tag = values_compared(here, there, refused)
    assert (status.why, status.explained, status.changed) == (CHANGED_FIELD, True, True)
    assert (tag.why, tag.explained, tag.changed, tag.recorded) == ("not taken: odd, one", True, False, True)
    (status,) = values("status", "2", "closed", refused)
    assert (status.why, status.recorded) == ("refused: no", True)
    (other,) = values("tags", ("another",), ("desk-7",), refused)
    assert not other.explained, "another tag's reason is none"
    (odd,) = values("type", "Refund", ())
    assert (odd.why, odd.explained) == ("unmapped: Refund", True)
    (unsure,) = values_compared({"status": RawValue(("2",))}, {"status": RawValue(("closed",))}, RULES)
    assert unsure.unknown


def booked(
    *there: RawTime, seconds: int = 2700, text: str = "looked", known: bool = False
) -> list[Difference]:
    """Compare an entry of 45 minutes with what is booked on the copy."""
    here = Recount((), (), times=(RawTime("9", seconds, text, AT, "Sam Rivera"),))
    copy = Recount((), (), times=there, unbooked=(2700,) if known else ())
    return list(times_compared(DESK, here, copy, NO_NOTES, {"9"}))


COPY = RawTime("1", 2700, "Sam Rivera: looked (desk 7, entry 9, billable)", AT, edited=False)


def test_an_hour_is_there_once_with_its_length_day_and_words() -> None:
    """Otherwise hours are billed twice, or not at all, and the migration is called whole."""
    assert booked(COPY) == []
    assert booked(replace(COPY, seconds=60), seconds=20) == [], "some tools count in minutes"
    assert booked(replace(COPY, seconds=2700), seconds=2710) == []
    wrong = [
        booked(),
        booked(COPY, replace(COPY, id="2")),
        booked(replace(COPY, seconds=2760)),
        booked(replace(COPY, seconds=2730)),
        booked(replace(COPY, at=AT.replace(day=3))),
        booked(COPY, text="looked thrice"),
        booked(replace(COPY, text="Sam Rivera: looked (desk 7, entry 99)")),
    ]
    whys = [one.why for (one,) in wrong]
    assert whys == [
        "it is not booked there",
        "it is booked 2 times there",
        "0:46 h are booked there",
        "0:45 h are booked there",
        "it is booked on 2026-03-03 there",
        "1 of 4 words are not there",
        "it is not booked there",
    ]
    assert not any(one.explained for (one,) in wrong)
    (taken,) = booked(known=True)
    assert (taken.why, taken.changed) == (TAKEN, True)
    (changed,) = booked(replace(COPY, seconds=60, edited=True))
    assert changed.changed


def rated(field: RawValue | None, *moods: Mood, note: str = "", text: str = "") -> list[str]:
    """Compare ratings of one ticket with a field and a note; return why each differs."""
    given = [RawRating("7", str(n), mood, text, AT) for n, mood in enumerate(moods)]
    notes = Notes(texts=[RawText("5", note, public=False, edited=False)] if note else (), reason="")
    known = {one.id for one in given}
    found = ratings_compared(given, known, field, vocabularies("jira", {}), notes)
    return [one.why for one in found]


def test_what_customers_said_stands_in_the_field_or_in_a_note() -> None:
    """Otherwise the unhappy are found by nobody after the switch."""
    happy, untold = RawValue(("happy",), edited=False), "no note there tells it"
    assert rated(happy, Mood.HAPPY) == []
    assert rated(None, Mood.HAPPY, note="rated happy by Kim, 2026-03-02: fine", text="fine") == []
    assert rated(happy, Mood.UNHAPPY, Mood.HAPPY, note="rated unhappy, 2026-03-02") == []
    assert rated(happy, Mood.UNHAPPY) == ["the field says 'happy'"]
    assert rated(RawValue((), edited=False), Mood.HAPPY) == ["the field says nothing"]
    assert rated(happy, Mood.UNHAPPY, Mood.HAPPY) == [untold]
    assert rated(happy, Mood.HAPPY, text="never again") == [untold]
    assert rated(None, Mood.HAPPY, note="rated unhappy by Kim") == [untold]
    new = ratings_compared([RawRating("7", "1", Mood.HAPPY, "", AT)], (), happy, {}, NO_NOTES)
    assert [one.why for one in new] == ["no run has read it yet: run again"]


def test_time_that_a_note_tells_is_looked_for_in_it() -> None:
    """Otherwise a desk that books nothing again loses its hours, and nobody is told."""
    here = Recount((), (), times=(RawTime("9", 2700, "looked", AT),))
    told = RawText("5", "0:45 h by Sam Rivera, 2026-03-02: looked", public=False, edited=False)
    there = Recount((), ())
    for text, whys in (
        (told, []),
        (replace(told, text="0:40 h by Sam Rivera: looked"), ["no note there tells it"]),
        (replace(told, text="0:45 h by Sam Rivera"), ["no note there tells it"]),
        (None, ["no note there tells it"]),
    ):
        notes = Notes(texts=[text] if text else (), reason="")
        assert [one.why for one in times_compared(DESK, here, there, notes, ())] == whys
    (left,) = times_compared(DESK, here, there, Notes(texts=(), reason="customers read it"), ())
    assert (left.why, left.explained) == ("customers read it", True)
