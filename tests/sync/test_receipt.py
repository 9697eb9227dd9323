"""A customer's request gets one receipt that names all its numbers; what a program wrote gets none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.capabilities import Mails
from connectors.memory import Fault
from mappings.boards import STAFF, Place, Readers
from mappings.ticket import Audience, CommentKind, Person, PersonRole, Priority, Ref, Status
from sync.decide import decide
from sync.operations import SendReceipt, Skip
from sync.rules import Receipt
from sync.situation import Situation
from sync.sla.calendar import Elapsed
from sync.sla.clock import clocks
from sync.sla.cycle import ClockState
from sync.sla.policy import ClockName, Policy, Target
from tests.sync.situations import (
    AT,
    JIRA_PLACE,
    agreed,
    asked,
    carried_out,
    of,
    opened,
    read_by,
    ruled,
    said,
    text,
)
from tests.sync.world import START, World, words

RULE = Receipt(
    connections=frozenset({"desk"}),
    since=AT,
    text="We have your request. Please quote {numbers}.",
    sender="Harbour support",
)
Make = Callable[..., World]


def receipt(s: Situation) -> SendReceipt | None:
    """The receipt that a plan has, if any."""
    return next(iter(of(SendReceipt, decide(s))), None)


def why(s: Situation) -> list[str]:
    """Why a plan has none."""
    plan = decide(s)
    assert of(SendReceipt, plan) == []
    return [skip.reason for skip in (*plan.quiet, *of(Skip, plan)) if skip.what == "the receipt"]


def wanted(*works: str, **rule: Any) -> Situation:
    """A request that was just asked, at a desk that sends receipts."""
    return ruled(agreed(*works), receipt=replace(RULE, **rule))


def by(s: Situation, **person: Any) -> Situation:
    """The same, asked by somebody else."""
    side = s.sides["desk"]
    who = replace(Person("desk", "7", "Kim", PersonRole.CUSTOMER, "kim@lantern.example"), **person)
    return replace(s, sides={**s.sides, "desk": replace(side, ticket=replace(side.ticket, requester=who))})


def about(s: Situation, **ticket: Any) -> Situation:
    """The same, the front's ticket being otherwise."""
    side = s.sides["desk"]
    return replace(s, sides={**s.sides, "desk": replace(side, ticket=replace(side.ticket, **ticket))})


def test_it_names_all_numbers_and_its_line_says_mail() -> None:
    """Otherwise a customer has three numbers for one matter, or is mailed though no plan said so."""
    found = receipt(wanted("jira", "gitlab"))
    assert found is not None
    assert found.words == r"We have your request. Please quote desk\-1, jira\-1, gitlab\-1."
    assert (found.reach.readers, found.reach.mails) == (Readers("lantern"), Mails.ALWAYS)
    only = receipt(wanted("jira", numbers=frozenset({"desk"})))
    assert only is not None
    assert only.words.endswith(r"quote desk\-1.")


def test_nothing_is_written_unless_a_rule_names_the_front() -> None:
    """Otherwise a desk whose tool thanks by itself thanks twice, or a hub mails by default."""
    assert receipt(agreed("jira")) is None
    assert receipt(wanted("jira", connections=frozenset({"other"}))) is None
    assert receipt(ruled(agreed("jira"), may_mail=frozenset({"desk"}))) is None


def test_it_waits_for_the_sides_that_are_to_come() -> None:
    """Otherwise the one mail that names the numbers lacks the one that the developers know."""
    s = ruled(opened(JIRA_PLACE), receipt=RULE)
    assert receipt(s) is None
    assert receipt(carried_out(s, decide(s))) is not None


def test_it_waits_an_hour_for_a_tool_that_does_not_answer() -> None:
    """Otherwise it names half of the numbers, or a customer waits for a tool that is down all day."""
    s = replace(wanted(), awaited=True)
    assert receipt(s) is None
    later = replace(s.sides["desk"], read_at=AT + timedelta(minutes=61))
    assert receipt(replace(s, sides={"desk": later})) is not None


def test_it_is_written_once() -> None:
    """Otherwise each look at a ticket mails its customer."""
    s = wanted("jira")
    assert receipt(carried_out(s, decide(s))) is None


@pytest.mark.parametrize(
    ("address", "subject"),
    [
        ("mailer-daemon@lantern.example", "No start"),
        ("MAILER-DAEMON@mx.lantern.example", "No start"),
        ("postmaster@lantern.example", "No start"),
        ("no-reply@lantern.example", "No start"),
        ("noreply+42@lantern.example", "No start"),
        ("donotreply@lantern.example", "No start"),
        ("bounces-7@lists.example", "No start"),
        ("bounce+kim=x@lists.example", "No start"),
        ("kim@lantern.example", "Automatic reply: We have your request"),
        ("kim@lantern.example", "Out of Office: back on Monday"),
        ("kim@lantern.example", "Undeliverable: We have your request"),
        ("kim@lantern.example", "Delivery Status Notification (Failure)"),
        ("kim@lantern.example", "Abwesenheitsnotiz"),
        ("kim@lantern.example", "Risposta automatica: ordine"),
        ("kim@lantern.example", "Réponse automatique"),
    ],
)
def test_what_a_program_wrote_gets_none(address: str, subject: str) -> None:
    """Otherwise two machines thank each other all night: a mail loop."""
    s = about(by(wanted(), email=address), subject=subject)
    assert any("program" in one or "automatic" in one for one in why(s)), why(s)


@pytest.mark.parametrize(
    ("address", "subject"),
    [
        ("notary@lantern.example", "No reply since Monday"),
        ("norbert@lantern.example", "Automatic door does not open"),
        ("bouncer@club.example", "Office is cold"),
        ("kim@lantern.example", "Delivery of the pump"),
    ],
)
def test_what_only_looks_alike_is_a_persons(address: str, subject: str) -> None:
    """Otherwise somebody who complains about an automatic door never hears that it was heard."""
    assert receipt(about(by(wanted(), email=address), subject=subject)) is not None


@pytest.mark.parametrize("role", [PersonRole.STAFF, PersonRole.MACHINE, PersonRole.HUB, PersonRole.UNKNOWN])
def test_only_a_customers_own_words_get_one(role: PersonRole) -> None:
    """Otherwise a ticket that an agent opened by telephone, or a monitor by itself, mails somebody."""
    first = replace(asked(), author=Person("desk", "9", "Somebody", role))
    assert why(said(wanted(), "desk", first)) == ["no customer wrote it"]


def test_an_automatic_text_gets_none() -> None:
    """Otherwise a bounce that the tool itself knows for one is answered."""
    assert why(said(wanted(), "desk", replace(asked(), kind=CommentKind.AUTOMATIC))) != []


def test_what_is_old_answered_or_done_gets_none() -> None:
    """Otherwise a backlog, or a hub that was down for long, mails what everybody knows."""
    assert why(about(wanted(), created=AT - timedelta(seconds=1))) == []
    assert receipt(about(wanted(), created=AT - timedelta(seconds=1))) is None
    late = wanted()
    late = replace(late, sides={"desk": replace(late.sides["desk"], read_at=AT + timedelta(hours=25))})
    assert why(late) == ["it came more than a day ago"]
    answer = text("9", "It is the fuse.", audience=Audience.CUSTOMER, kind=CommentKind.REPLY)
    assert why(said(wanted(), "desk", answer)) == ["somebody has answered already"]
    assert why(about(wanted(), status=Status.RESOLVED)) == ["the ticket is done"]


def test_nobody_who_is_not_known_or_not_there_is_mailed() -> None:
    """Otherwise whoever writes to the desk learns that somebody reads it, or staff get a customer's mail."""
    assert receipt(replace(wanted(), customer=None)) is None
    assert receipt(read_by(wanted(), "desk", STAFF)) is None


def test_another_customers_place_is_not_named() -> None:
    """Otherwise a receipt tells one customer what another one's project is called."""
    s = wanted("jira")
    closed = ruled(s, places=(Place("jira", JIRA_PLACE.key, Readers("orbit")),))
    found = receipt(closed)
    assert found is not None
    assert found.words.endswith(r"quote desk\-1.")


def test_an_address_that_got_several_gets_no_more() -> None:
    """Otherwise a program that nobody knew for one is answered for ever."""
    s = replace(wanted(), receipts=3)
    assert why(s) == ["3 went to the same address within a day: is it a program that answers?"]
    assert receipt(replace(s, receipts=2)) is not None


def test_addresses_of_one_mailbox_are_counted_together() -> None:
    """Another desk that answers from an address for each of its tickets would be answered for ever."""
    whom = [
        found.whom
        for email in ("desk+id41@lantern.example", "Desk+id42@lantern.example", "help@lantern.example")
        if (found := receipt(by(wanted(), email=email)))
    ]
    assert len(whom) == 3
    assert whom[0] == whom[1] != whom[2]


# -- between servers


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Make worlds whose desk sends receipts, and close them in the end."""
    made: list[World] = []

    def world(**more: Any) -> World:
        promised = {ClockName.FIRST_RESPONSE: Target(timedelta(days=2), Elapsed())}
        policy = Policy("standard", frozenset(), None, Priority.MEDIUM, dict.fromkeys(Priority, promised))
        rules = {"receipt": replace(RULE, since=START, **more)}
        made.append(World(tmp_path / str(len(made)), policy=policy, rules=rules))
        return made[-1]

    yield world
    for one in made:
        one.close()


def thanks(world: World) -> list[str]:
    """What customers read of the hub's on the desk, ticket by ticket."""
    texts = [t for ticket in world.desk.tickets.values() for t in ticket.texts.values()]
    own = [t for t in texts if t.author.role is PersonRole.HUB and t.audience is Audience.CUSTOMER]
    return [words(text) for text in own]


def mailed(world: World) -> int:
    """How often a customer was mailed that their request came."""
    return sum("We have your request" in mail.text for mail in world.desk.mails)


def test_a_request_gets_one_and_no_other_side_hears_of_it(make: Make) -> None:
    """Otherwise customers are thanked for each of their texts, and developers read each thank."""
    world = make()
    world.opened()
    world.settle()
    assert thanks(world) == ["We have your request. Please quote desk-1001."], "both are called so"
    assert mailed(world) == 1
    world.desk.comment("1001", "Thank you!", by="kim")
    world.settle()
    assert len(thanks(world)) == 1
    assert "quote" not in " ".join(world.bodies("jira", notes=True)), "it goes nowhere else"


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.UNREACHABLE, Fault.RESET], ids=str)
def test_an_answer_that_nobody_heard_mails_once(make: Make, fault: Fault) -> None:
    """Otherwise a line that breaks mails a customer twice, or not at all."""
    world = make()
    world.opened("nothing")
    world.desk.fail("add_comment", fault)
    world.settle()
    assert len(thanks(world)) == 1
    assert mailed(world) == 1


def test_a_receipt_is_no_answer(make: Make) -> None:
    """Otherwise each promise of a first answer is kept by a machine."""
    world = make()
    world.opened("nothing")
    world.settle()
    world.desk.comment("1001", "Hello?", by="kim")
    world.settle()
    served = world.store.served.ticket(Ref("desk", "1001"))
    assert served is not None
    (clock,) = clocks(served.facts, world.policies["standard"])
    assert (len(thanks(world)), clock.state) == (1, ClockState.RUNNING)
    world.desk.comment("1001", "It is the fuse")
    world.settle()
    served = world.store.served.ticket(Ref("desk", "1001"))
    assert served is not None
    (clock,) = clocks(served.facts, world.policies["standard"])
    assert clock.state is ClockState.MET


def test_a_refusal_stops_nothing_else(make: Make) -> None:
    """Otherwise a customer whose address is blocked has a ticket that nothing is copied of any more."""
    world = make()
    world.opened()
    world.sync()
    world.desk.fail("add_comment", Fault.REFUSED, times=9)
    for count in range(5):
        world.wait(minutes=2)
        world.desk.tag("1001", f"tag-{count}")
        world.sync()
    world.desk.mend()
    assert ("desk", "the receipt", "the tool refused it") in world.findings()
    assert thanks(world) == []
    assert world.parked() == []


def test_two_programs_that_thank_each_other_come_to_an_end(make: Make) -> None:
    """Otherwise each receipt is answered with a new ticket, and each ticket with a receipt, all night."""
    world = make()
    world.opened("nothing", subject="Hello")
    for _ in range(12):
        world.wait(minutes=1)
        world.sync()
        if len(thanks(world)) == len(world.desk.tickets):
            world.desk.open_ticket("Hello", "Thank you for your message")  # a new one: it threads nothing
    assert len(thanks(world)) == 3
    assert any("is it a program" in why for _, _, why in world.findings())
    world.wait(hours=25)
    world.desk.open_ticket("Another day", "It does not start")
    world.settle()
    assert len(thanks(world)) == 4
