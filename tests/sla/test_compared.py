"""What an edit with an earlier date changes, answer by answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from mappings.ticket import Priority, Status
from sync.sla.calendar import Versions
from sync.sla.clock import amended, clocks
from sync.sla.compared import Answer, Changed, changed
from sync.sla.cycle import Amendment, ClockState
from sync.sla.policy import ClockName, Policy, Target
from tests.sla.stories import answer, at, hours, office, status, ticket

DESK = office("09:00-13:00", "14:00-18:00")
FEAST = replace(DESK, holidays=frozenset({date(2025, 3, 4)}))
TOLD = ticket("2025-03-03 17:00", answer("2025-03-04 12:00"), status("2025-03-06 12:00", Status.RESOLVED))


def policy(desk: Versions) -> Policy:
    """Two clocks on a calendar."""
    targets = {ClockName.FIRST_RESPONSE: Target(hours(2), desk), ClockName.RESOLVE: Target(hours(40), desk)}
    return Policy("standard", frozenset(), None, Priority.LOW, {Priority.URGENT: targets})


def edited(since: str) -> Policy:
    """The policy, the feast being entered at an instant."""
    return policy(Versions("desk", DESK, ((at(since), FEAST),)))


def test_an_edit_from_an_earlier_date_lists_what_it_changes() -> None:
    """A forgotten holiday is entered for the past: whoever has to say so is told what is different now."""
    before, after = (clocks(TOLD, edited(since)) for since in ("2025-03-05 09:00", "2025-03-01 00:00"))
    found = list(changed(before, after))
    assert found[0] == Changed(
        ClockName.FIRST_RESPONSE,
        "created",
        Answer(ClockState.MISSED, at("2025-03-04 10:00"), breached=True),
        Answer(ClockState.MET, at("2025-03-05 10:00"), breached=False),
    )
    assert [one.clock for one in found] == [ClockName.FIRST_RESPONSE, ClockName.RESOLVE]
    assert list(changed(before, before)) == []


def test_a_cycle_that_is_new_or_gone_is_listed() -> None:
    """A clock that nobody had promised before is an answer that changed too."""
    (one,) = changed((), clocks(TOLD, edited("2025-03-05 09:00"))[:1])
    assert (one.before, one.after is not None) == (None, True)
    (gone,) = changed(clocks(TOLD, edited("2025-03-05 09:00"))[:1], ())
    assert gone.after is None


def test_what_a_person_said_is_no_change() -> None:
    """A waiver stands in its own column: it must not be listed as another figure."""
    found = clocks(TOLD, edited("2025-03-05 09:00"))
    waived = [
        amended(c, "created", Amendment("waived", "Kim", "agreed", at("2025-03-05 10:00"))) for c in found
    ]
    assert list(changed(found, waived)) == []
