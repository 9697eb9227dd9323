"""What must hold though something else stands in the way: urgent blanking, old texts, moves, resolutions."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connectors.memory import Fault
from mappings.boards import Readers
from mappings.ticket import Audience, PersonRole, Ref, Status
from sync.decide import decide
from sync.links import Links
from sync.operations import Withdraw, Withdrawal
from sync.rules import HANDOVER, Handover, Publish, Role
from sync.seen import TextId
from tests.sync.situations import agreed, carried_out, of, read_by, said, text
from tests.sync.world import Make, World

STAFF = Audience.STAFF
GONE = "*This text was withdrawn.*"


# -- a blanking waits for nothing


def blanked(make: Make) -> tuple[World, str, str]:
    """Return a ticket whose agent's remark was copied to the developers."""
    world = make(rules={"keep_private": "!private"})
    key = world.opened()
    world.settle()
    world.wait(minutes=1)
    remark = world.desk.comment(key, "about their temper", audience=STAFF)
    world.settle()
    assert world.bodies("jira")[1:] == ["about their temper"]
    return world, key, remark


def test_no_fuse_delays_the_blanking_that_a_narrowing_demands(make: Make) -> None:
    """Otherwise a secret stays readable because two programs fight over a subject."""
    world, key, remark = blanked(make)
    for number in range(3):
        world.wait(minutes=1)
        world.desk.set(key, subject=f"Subject {number}")
        world.sync()
    world.wait(minutes=1)
    world.desk.set(key, subject="One too many")
    world.desk.edit_comment(key, remark, "!private about their temper")
    world.sync()
    assert len(world.parked()) == 1
    assert world.bodies("jira")[1:] == [GONE]
    assert world.only("jira").fields["subject"] == "Subject 2"
    told = [d for d in world.store.decisions.of(world.store.bundles.subjects()[0]) if d.value == "blank"]
    assert [d.result for d in told] == ["written"]


def test_a_refused_text_does_not_delay_a_blanking(make: Make) -> None:
    """Otherwise what must vanish waits behind what a tool does not take."""
    world, key, remark = blanked(make)
    world.desk.comment(key, "and another thing", audience=STAFF)
    world.desk.edit_comment(key, remark, "!private about their temper")
    world.jira.fail("add_comment", Fault.REFUSED)
    world.sync()
    assert world.bodies("jira")[1:] == [GONE]


def test_a_parked_ticket_is_blanked_all_the_same(make: Make) -> None:
    """Otherwise a ticket that waits for a person keeps showing what somebody took back."""
    world, key, remark = blanked(make)
    ticket = world.desk.tickets[key]
    ticket.creator = replace(ticket.creator, email="kim@elsewhere.test")
    world.desk.tag(key, "firmware")
    world.desk.edit_comment(key, remark, "!private about their temper")
    world.sync()
    assert any("no customer is known" in (why or "") for why in world.parked())
    assert world.bodies("jira")[1:] == [GONE]


def test_a_copy_in_another_customers_place_is_blanked() -> None:
    """Otherwise a side that may get nothing any more keeps what it must not have."""
    remark = text("7", "secret", audience=STAFF)
    s = said(agreed("jira"), "desk", remark)
    s = carried_out(s, decide(s))
    s = said(s, "desk", text("7", "secret", audience=Audience.RESTRICTED))
    s = read_by(s, "jira", Readers("orbit"))
    (made,) = of(Withdraw, decide(s))
    assert (made.target, made.how) == ("jira", Withdrawal.BLANK)
    assert len(decide(s).writes) == 1


def test_a_copy_on_a_merged_ticket_is_blanked() -> None:
    """Otherwise what a developer took back stands on in the merged ticket, for everybody at the desk."""
    s = said(agreed("jira"), "jira", text("7", "their key", audience=STAFF))
    s = carried_out(s, decide(s))
    s = replace(said(s, "jira", text("7", "their key", audience=Audience.RESTRICTED)), merged=True)
    s = said(s, "jira", text("8", "said later", audience=STAFF))
    (made,) = decide(s).writes
    assert isinstance(made, Withdraw)
    assert (made.target, made.how) == ("desk", Withdrawal.BLANK)


# -- history is for staff


PUBLISH = Publish(sign="!public", sender="Support", connections=frozenset({"jira"}))


def test_no_old_text_is_published_by_a_later_link(make: Make) -> None:
    """Otherwise linking an issue mails a customer what was once meant for another one."""
    world = make(rules={"publish": PUBLISH})
    ticket = world.desk.open_ticket("Old subject here", "An old question")
    issue = world.jira.open_ticket("Old subject there", "An old analysis")
    world.wait(hours=1)
    old = world.jira.comment(issue, "!public Meant for somebody else", audience=STAFF)
    world.wait(hours=1)
    linked = Links(world.store, dict(world.connectors), world.rules, world.now)
    linked.link(Ref("desk", ticket), Ref("jira", issue), history=True)
    world.settle()
    world.wait(minutes=5)
    world.jira.edit_comment(issue, old, "!public Meant for somebody else, really")
    world.settle()
    copies = [t for t in world.only("desk").texts.values() if "Meant for" in t.body.text]
    assert {copy.audience for copy in copies} == {STAFF}
    assert len(copies) == 1
    assert world.desk.mails == []
    world.wait(minutes=5)
    world.jira.comment(issue, "!public Meant for you", audience=STAFF)
    world.settle()
    assert [mail.text for mail in world.desk.mails if "Meant for you" in mail.text]


# -- a move renames all that is named by a text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("12", "90"),
        ("12#part:2", "90#part:2"),
        ("12#edit:0123456789abcdef", "90#edit:0123456789abcdef"),
        ("hub:told-12", "hub:told-90"),
        ("hub:publish-12", "hub:publish-90"),
        ("hub:deleted-12#part:3", "hub:deleted-90#part:3"),
        ("hub:link", "hub:link"),
        ("123", "123"),
        ("hub:status-12-open", "hub:status-12-open"),
    ],
)
def test_a_move_renames_parts_addenda_and_what_was_told(before: str, after: str) -> None:
    """Otherwise a moved ticket's long texts, and the notes about its texts, are written a second time."""
    assert TextId("jira", "1", before).after_move({"12": "90"}).id == after


# -- whether the customer spoke after the resolution


def resolving(make: Make) -> tuple[World, str, str]:
    """Return a ticket whose front is resolved when its work is."""
    up = {**HANDOVER[Role.WORK, Role.FRONT], Status.RESOLVED: Handover(Status.RESOLVED, note=True)}
    world = make(rules={"handover": {(Role.WORK, Role.FRONT): up}})
    key = world.opened()
    world.settle()
    return world, key, world.only("jira").key


def test_the_customer_spoke_after_the_resolution_though_the_issue_changed_later_still(make: Make) -> None:
    """Otherwise a developer's last remark hides that the customer says it still fails."""
    world, key, issue = resolving(make)
    world.wait(minutes=1)
    world.jira.set(issue, status=Status.RESOLVED)
    world.wait(minutes=1)
    world.desk.comment(key, "It still fails", by="kim")
    world.wait(minutes=1)
    world.jira.comment(issue, "Closing words", audience=STAFF)
    world.settle()
    assert world.only("desk").fields["status"] == "open"
    assert any("the customer wrote after it was resolved" in why for _, _, why in world.findings())


def test_a_message_before_the_resolution_leaves_it_standing(make: Make) -> None:
    """Otherwise no ticket whose customer ever wrote is resolved by a fix."""
    world, key, issue = resolving(make)
    world.wait(minutes=1)
    world.desk.comment(key, "It fails", by="kim")
    world.settle()
    world.wait(minutes=1)
    world.jira.set(issue, status=Status.RESOLVED)
    world.settle()
    assert world.only("desk").fields["status"] == "resolved"


@pytest.mark.parametrize("reopens", [True, False])
def test_a_done_issue_is_moved_by_its_customer_only_where_a_rule_says_so(make: Make, reopens: bool) -> None:
    """Otherwise developers' boards move by themselves, or a customer's word is not seen on them."""
    world = make(rules={"reopen_work": reopens})
    key = world.opened()
    world.settle()
    issue = world.only("jira").key
    world.jira.set(issue, status=Status.RESOLVED)
    world.settle()
    world.wait(minutes=1)
    world.desk.comment(key, "It still fails", by="kim")
    world.settle()
    assert world.only("jira").fields["status"] == ("open" if reopens else "resolved")
    assert "It still fails" in world.bodies("jira")


# -- a defined order


def test_what_is_skipped_quietly_stands_in_a_defined_order() -> None:
    """Otherwise the same look is told in another order, and taken for another one."""
    s = agreed("jira", "gitlab")
    for number in (9, 3, 12):
        s = said(s, "desk", text(str(number), by=PersonRole.MACHINE))
        s = said(s, "gitlab", text(str(number), by=PersonRole.MACHINE))
    quiet = [(skip.target, skip.what, skip.reason) for skip in decide(s).quiet]
    assert len(quiet) == 12
    assert quiet == sorted(quiet)
