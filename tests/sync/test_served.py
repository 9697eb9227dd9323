"""What is kept of tickets, promises and duty so that it can be told later, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import insert, select

from mappings.ticket import Priority, Ref, Status, TicketType
from sync.served import Counting, Served, counting, facts_json, facts_of
from sync.sla.clock import clocks
from sync.sla.cycle import Amendment, ClockState
from sync.sla.duty import Turn
from sync.sla.escalation import Key, Taken
from sync.sla.facts import Fact, FactKind
from sync.sla.policy import ClockName, Rulebook
from sync.sla.presets import three_levels
from sync.store import Store, open_store
from sync.store import schema as t
from sync.store.dialects import Address
from sync.store.editions import ALWAYS, Edition
from sync.store.inbox import Claim, LostClaim, take
from sync.store.served import Said, with_words
from sync.store.statements import Correction
from sync.store.steps import name_of
from tests.sla.stories import answer, at, message, office, status, ticket

NOW = at("2026-03-02 10:00")
STORY = ticket("2026-03-02 09:00", answer("2026-03-02 09:20", "7"), message("2026-03-02 09:40"))
RULES = Rulebook(three_levels(office("09:00-13:00", "14:00-18:00")).policies)


@pytest.fixture
def store(address: Address) -> Iterator[Store]:
    """An empty store, on either database."""
    opened = open_store(address)
    yield opened
    opened.database.close()


def kept(key: str, customer: str = "lantern") -> Served:
    """A ticket as it is kept."""
    return Served(
        ref=Ref("desk", key, f"#{key}"),
        customer=customer,
        owner="",
        type="incident",
        status="open",
        assumed=("type",),
        changed=NOW,
        facts=STORY,
    )


def running(key: str, minutes: int | None, customer: str = "lantern") -> Counting:
    """A clock that is due in some minutes; paused if there are none."""
    due = NOW + timedelta(minutes=minutes) if minutes is not None else None
    state = ClockState.PAUSED if minutes is None else ClockState.RUNNING
    return Counting(
        Ref("desk", key), customer, ClockName.UPDATE, "created", "desk", state, due, None, breached=False
    )


def claimed(store: Store, key: str = "1") -> Claim:
    """The claim of a ticket."""
    subject = f"ref:desk:{key}"
    store.inbox.put(subject, NOW, "changed")
    row = store.inbox.row(subject)
    assert row
    taken = store.inbox.claim(row, NOW)
    assert taken
    return taken[0]


def test_facts_come_back_as_they_were_kept() -> None:
    """A clock that is told from the store would say something else than the one in the tools."""
    facts = replace(STORY, tags=frozenset({"vip"}), customer="lantern", tier="gold")
    assert facts_of(facts_json(facts)) == facts
    bare = replace(facts, priority=None, type=None)
    assert facts_of(facts_json(bare)) == bare
    assert (facts.priority, facts.type) == (Priority.URGENT, TicketType.INCIDENT)


def test_many_tickets_are_read_once_each(store: Store) -> None:
    """The month of a large customer would lack tickets, or have some twice."""
    first = kept("0")
    store.served.keep(claimed(store, "0"), first, [])
    with store.database.writing() as tx:
        for table in (t.served, t.theirs):
            row = dict(tx.execute(select(table).filter_by(customer="lantern")).mappings().one())
            tx.execute(insert(table), [row | {"key": str(n)} for n in range(1, 1001)])
    month = ("lantern", NOW - timedelta(days=9), NOW)
    for found in (store.served.tickets(), store.served.tickets(within=month)):
        assert [one.ref.key for one in found] == sorted(map(str, range(1001)))


def test_only_clocks_that_count_or_pause_are_listed(store: Store) -> None:
    """What was met long ago, or waived, would stand in the list of what runs out next."""
    found = clocks(STORY, RULES)
    names = [one.clock for one in counting(Ref("desk", "1"), "lantern", found)]
    assert names == [c.name for c in found if c.state in (ClockState.RUNNING, ClockState.PAUSED)]
    assert ClockName.FIRST_RESPONSE not in names
    waived = Amendment("waived", "Ada", "agreed by phone", NOW)
    (update,) = [c for c in found if c.name is ClockName.UPDATE]
    assert update.cycle
    told = with_words(found, [Said(ClockName.UPDATE, update.cycle.fact, waived)])
    assert ClockName.UPDATE not in [c.clock for c in counting(Ref("desk", "1"), "lantern", told)]


class TestServed:
    def test_what_is_due_first_comes_first_each_customer_by_itself(self, store: Store) -> None:
        """The list would lead people to the wrong ticket, or show one customer another's."""
        for key, minutes, customer in (("1", 90, "lantern"), ("2", -5, "orbit"), ("3", None, "lantern")):
            store.served.keep(claimed(store, key), kept(key, customer), [running(key, minutes, customer)])
        assert [one.ref.key for one in store.served.next()] == ["2", "1"]
        assert [one.ref.display for one in store.served.next("lantern")] == ["#1"]
        assert [one.ref.key for one in store.served.next(most=1)] == ["2"]

    def test_a_ticket_is_kept_as_it_was_read_last(self, store: Store) -> None:
        """A clock that was stopped would run on in the list for ever."""
        claim = claimed(store)
        store.served.keep(claim, kept("1"), [running("1", 5)])
        store.served.keep(claim, replace(kept("1"), owner="Ada", status="resolved"), [])
        assert store.served.next() == []
        found = store.served.ticket(Ref("desk", "1"))
        assert found
        assert (found.owner, found.open, found.facts) == ("Ada", False, STORY)
        store.served.keep(claim, kept("1"), [running("1", 5)])
        store.served.gone(Ref("desk", "1"), "gone")
        assert store.served.next() == []
        assert store.served.ticket(Ref("desk", "1"))

    def test_where_nobody_is_served_any_more_no_clock_runs_and_nothing_is_forgotten(
        self, store: Store
    ) -> None:
        """A lead would chase promises of a tool that was left, or a request in it would vanish."""
        one, other = Ref("desk", "1", "#1"), Ref("desk", "2", "#2")
        store.served.keep(claimed(store, "1"), kept("1"), [running("1", 5)])
        store.served.keep(claimed(store, "2"), kept("2"), [])
        assert store.served.serve(["desk", "shop"]) == []
        assert len(store.served.next()) == 1
        assert store.served.serve(["shop"]) == []
        assert store.served.next() == []
        assert store.served.unserved("desk", ["1", "2", "3"]) == {"1"}
        for ref in (one, other):
            store.served.follow(ref, "resolved", NOW)
        assert [ticket.status for ticket in store.served.tickets()] == ["resolved", "open"]
        assert store.served.serve(["desk"]) == [Ref("desk", "1")]
        assert store.served.unserved("desk", ["1", "2"]) == set()
        assert store.served.serve(["desk"]) == []

    def test_who_lost_the_claim_keeps_nothing(self, store: Store) -> None:
        """A worker that slept would put back what another one has read since."""
        late = claimed(store)
        store.inbox.release(late)
        claimed(store)
        with pytest.raises(LostClaim):
            store.served.keep(late, kept("1"), [])

    def test_tickets_are_gone_through_in_batches(self, store: Store) -> None:
        """A report over many tickets would leave some out, or have them all in memory."""
        for key in range(7):
            store.served.keep(claimed(store, str(key)), kept(str(key), "orbit" if key % 2 else "lantern"), [])
        assert [one.ref.key for one in store.served.tickets("orbit")] == ["1", "3", "5"]
        assert len(list(store.served.tickets())) == 7
        assert list(store.served.tickets(since=NOW + timedelta(seconds=1))) == []

    def test_a_ticket_is_found_for_everybody_whose_it_ever_was(self, store: Store) -> None:
        """A customer's month would lose the promises of a ticket that became another customer's since."""
        moved = Fact(FactKind.CUSTOMER, "orbit", NOW, NOW)
        for key, first, now in (
            ("1", "lantern", "orbit"),
            ("2", "lan%ern", "lan%ern"),
            ("3", "orbit", "orbit"),
        ):
            facts = replace(STORY, customer=first, told=(*STORY.told, moved) if first != now else STORY.told)
            store.served.keep(claimed(store, key), replace(kept(key, now), facts=facts), [])
        when = (NOW - timedelta(days=1), NOW + timedelta(days=1))
        names = ("lantern", "orbit", "lan%ern")
        found = {n: [t.ref.key for t in store.served.tickets(within=(n, *when))] for n in names}
        assert found == {"lantern": ["1"], "orbit": ["1", "3"], "lan%ern": ["2"]}

    def test_a_month_reads_what_can_have_come_in_it(self, store: Store) -> None:
        """A statement would lose a promise that was broken by waiting, or read the whole hub."""
        done = (
            *STORY.told,
            Fact(FactKind.STATUS, "resolved", at("2026-03-02 09:50"), at("2026-03-02 09:50")),
        )
        store.served.keep(claimed(store, "1"), kept("1"), [])
        store.served.keep(claimed(store, "2"), replace(kept("2"), facts=replace(STORY, told=done)), [])

        def read(begin: str, until: str) -> list[str]:
            return [t.ref.key for t in store.served.tickets(within=("lantern", at(begin), at(until)))]

        assert read("2026-03-02 00:00", "2026-03-03 00:00") == ["1", "2"]
        assert read("2026-03-02 09:51", "2026-04-01 00:00") == ["1"]
        assert read("2026-02-01 00:00", "2026-03-02 09:00") == []

    def test_what_people_say_is_kept_beside_what_was_counted(self, store: Store) -> None:
        """A correction that is corrected would be lost, and with it who had said the first."""
        first = Said(ClockName.RESOLVE, "created", Amendment("waived", "Ada", "holiday", NOW))
        second = Said(ClockName.RESOLVE, "created", Amendment("corrected", "Bo", "no", NOW, met=False))
        for one in (first, second):
            store.served.say(Ref("desk", "1"), one)
        assert store.served.said(Ref("desk", "1")) == (first, second)
        assert store.served.all_said() == {Ref("desk", "1"): (first, second)}
        assert store.served.said(Ref("desk", "2")) == ()

    def test_what_is_kept_goes_along_when_a_ticket_is_moved(self, store: Store) -> None:
        """A waived promise would count against the desk after a move, and the clock would run twice."""
        claim, there = claimed(store), Ref("desk", "2", "#2")
        store.served.keep(claim, kept("1"), [running("1", 5)])
        store.served.keep(claimed(store, "2"), kept("2"), [running("2", 7)])
        said = Said(ClockName.UPDATE, "created", Amendment("waived", "Ada", "holiday", NOW))
        store.served.say(Ref("desk", "1"), said)
        store.bundles.moved(claim, Ref("desk", "1"), there, "", {})
        assert store.served.said(there) == (said,)
        assert [one.due for one in store.served.next()] == [NOW + timedelta(minutes=5)]
        assert store.served.ticket(Ref("desk", "1")) is None


class TestEditions:
    def test_an_edit_holds_from_now_and_what_was_before_stays(self, store: Store) -> None:
        """An edited calendar would change what was promised and counted under the old one."""
        assert not store.editions.adopt("{}", NOW)
        assert not store.editions.adopt("{}", NOW + timedelta(hours=1))
        assert store.editions.adopt("{1}", NOW + timedelta(hours=2))
        later = NOW + timedelta(hours=2)
        assert store.editions.all() == [Edition(ALWAYS, "{}"), Edition(later, "{1}")]

    def test_a_person_may_have_it_hold_from_earlier(self, store: Store) -> None:
        """A holiday that was forgotten could never be made good."""
        store.editions.adopt("a", NOW)
        store.editions.adopt("b", NOW)
        store.editions.adopt("c", NOW + timedelta(hours=2))
        store.editions.back_to("c", NOW - timedelta(days=3), NOW + timedelta(days=1))
        assert store.editions.all() == [Edition(ALWAYS, "a"), Edition(NOW - timedelta(days=3), "c")]

    def test_holidays_are_computed_once(self, store: Store) -> None:
        """A newer edition of the library would move what was promised."""
        first = {("IT", None): [date(2026, 1, 6)], ("DE", "BY"): [date(2026, 8, 15)]}
        store.editions.keep_holidays(first)
        store.editions.keep_holidays({("IT", None): [date(2026, 12, 31)]})
        assert store.editions.holidays() == {key: frozenset(days) for key, days in first.items()}


class TestStatements:
    def test_a_month_is_issued_once_and_corrected_with_dates(self, store: Store) -> None:
        """A customer would be told two things about the same month, both by us."""
        issued = store.statements.issue("lantern", "2026-02", '{"met": 3}', "Ada", NOW)
        assert issued
        assert store.statements.issue("lantern", "2026-02", '{"met": 4}', "Bo", NOW) is None
        assert store.statements.of("lantern", "2026-02") == issued
        assert store.statements.of("orbit", "2026-02") is None
        found = Correction(NOW, "desk #1 update", "met", "missed")
        store.statements.correct("lantern", "2026-02", [found])
        assert store.statements.corrections("lantern", "2026-02") == [found]
        assert store.statements.corrections("orbit", "2026-02") == []


def test_swapped_turns_are_kept_with_who_said_so(store: Store) -> None:
    """Nobody would know why somebody else is called at night than the plan says."""
    turn = Turn(NOW, NOW + timedelta(days=7), "Bo")
    store.swaps.add("desk", [turn], "Ada", "a wedding", NOW)
    assert store.swaps.of("desk") == (replace(turn, why="a wedding (Ada)"),)
    assert store.swaps.of("other") == ()


def test_a_status_counts_in_the_kept_facts() -> None:
    """A kept ticket would never be resolved."""
    facts = ticket("2026-03-02 09:00", status("2026-03-02 09:30", Status.RESOLVED))
    assert facts_of(facts_json(facts)).resolved() == at("2026-03-02 09:30")


def test_who_was_told_is_not_told_again_after_a_switch(store: Store) -> None:
    """On the day of the switch everybody on duty would hear of each late ticket once more."""
    old, new = Ref("desk", "1"), Ref("jira", "10")
    with store.database.writing() as tx:
        tx.execute(insert(t.bundles).values(id=1, created=NOW, run=1))
        for ref in (old, new):
            side = {"connection": ref.connection, "key": ref.key, "display": ref.key, "url": ""}
            tx.execute(insert(t.links).values(bundle=1, created=NOW, **side))
        claim = take(tx, "bundle:1", NOW, None)
    told = Taken(Key(name_of(old), ClockName.RESOLVE, "created", "80 %"), NOW, notified=True)
    store.bundles.escalated(claim, old, [told])
    store.carrying.put(new, old, STORY, NOW)
    store.carrying.hand_over("desk", "jira", NOW)
    passed = replace(told, key=told.key._replace(ticket=name_of(new)))
    assert store.bundles.load("bundle:1").steps == {new: (passed,)}
    store.carrying.hand_back("desk", NOW)
    assert store.bundles.load("bundle:1").steps == {old: (told,)}
