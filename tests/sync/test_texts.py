"""Texts on their way between servers in memory: long, refused, published, deleted later."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.capabilities import FilePlace
from connectors.memory import Fault
from mappings.provenance import Marker, Signer, tokens
from mappings.ticket import Audience
from sync.operations import Severity, Withdrawal
from sync.pieces import Long
from sync.rules import Publish
from tests.sync.world import World, internal, words

Make = Callable[..., World]
STAFF = Audience.STAFF
PUBLISH = Publish(
    sign="!public",
    sender="Harbour support",
    connections=frozenset({"jira"}),
    link="http://help.test/tickets/{key}",
)
SHORT = 6_000
"""Characters that a text may have on the other side."""


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Make worlds, and close them in the end."""
    made: list[World] = []

    def world(**differing: Any) -> World:
        made.append(World(tmp_path / str(len(made)), **differing))
        return made[-1]

    yield world
    for one in made:
        one.close()


def story(count: int) -> str:
    """Return a text of so many paragraphs, each of which says its number."""
    return "\n\n".join(f"Paragraph {n} " + "says much " * 40 for n in range(count))


def linked(world: World) -> tuple[str, str]:
    """Have a ticket and its issue, and return their keys."""
    key = world.opened()
    world.settle()
    return key, world.only("jira").key


# -- long texts


def test_a_long_text_travels_in_numbered_parts(make: Make) -> None:
    """Otherwise one long log parks its ticket, or its end is cut off."""
    world = make(differing={"jira": {"max_text": SHORT}})
    key, _ = linked(world)
    world.desk.comment(key, story(20), audience=STAFF)
    world.desk.comment(key, "and then", audience=STAFF)
    world.settle()
    *parts, last = world.bodies("jira")[1:]
    assert len(parts) > 2
    assert last == "and then"
    assert all(len(t.body.text) <= SHORT for t in world.only("jira").texts.values())
    found = [line.split()[1] for part in parts for line in part.split("\n\n")]
    assert found == [str(n) for n in range(20)]
    heads = [t.body.text.split(" in [")[0] for t in list(world.only("jira").texts.values())[1:-1]]
    assert heads == [f"**Sam Staff** (internal {n}/{len(parts)})" for n in range(1, len(parts) + 1)]


def test_a_long_text_is_edited_part_by_part(make: Make) -> None:
    """Otherwise an edit of one word rewrites everything, or leaves old and new parts side by side."""
    world = make(differing={"jira": {"max_text": SHORT}})
    key, issue = linked(world)
    said = world.desk.comment(key, story(20), audience=STAFF)
    world.settle()
    before = {id: t.body.text for id, t in world.jira.tickets[issue].texts.items()}
    world.desk.edit_comment(key, said, story(20).replace("Paragraph 19", "Paragraph nineteen"))
    world.settle()
    after = {id: t.body.text for id, t in world.jira.tickets[issue].texts.items()}
    assert [id for id in after if after[id] != before.get(id)] == [list(before)[-1]]
    world.desk.edit_comment(key, said, "Never mind.")
    world.settle()
    first, *rest = world.bodies("jira")[1:]
    assert first == "Never mind."
    assert all("not needed any more" in text for text in rest)


def test_a_long_description_goes_on_below_it(make: Make) -> None:
    """Otherwise a customer's long first mail makes no issue at all."""
    world = make(differing={"jira": {"max_text": SHORT}})
    world.opened(text=story(20))
    world.settle()
    found = [line.split()[1] for part in world.bodies("jira") for line in part.split("\n\n")]
    assert found == [str(n) for n in range(20)]


@pytest.mark.parametrize("place", FilePlace)
def test_a_long_text_is_attached_whole_by_rule(make: Make, place: FilePlace) -> None:
    """Otherwise somebody who wants no row of parts gets them all the same."""
    differing = {"jira": {"max_text": SHORT, "files": place}}
    world = make(differing=differing, rules={"long": Long.ATTACH})
    key, _ = linked(world)
    said = world.desk.comment(key, story(20), audience=STAFF)
    world.settle()
    assert world.files("jira") == [
        (f"text-{said}.txt", story(20).replace("much \n", "much\n").strip().encode())
    ]
    assert "it is attached whole" in world.bodies("jira")[1]


# -- refused texts


def test_a_text_that_is_refused_goes_as_plain_text_then_as_a_gap_and_later_ones_go_on(make: Make) -> None:
    """Otherwise one odd sign in one mail stops a whole conversation until a person looks."""
    world = make()
    key, _ = linked(world)
    world.desk.comment(key, "An *odd* one", audience=STAFF)
    world.desk.comment(key, "A later one", audience=STAFF)
    world.jira.fail("add_comment", Fault.REFUSED, 3)
    world.settle()
    plain, later = world.bodies("jira")[1:]
    name = world.files("jira")[0][0]
    assert plain.startswith("*Shown as plain text, because this tool refused it as it is; the original is")
    assert plain.endswith(f"attached as {name}.*\n\nAn *odd* one")
    assert later == "A later one"
    world.desk.comment(key, "Another", audience=STAFF)
    world.desk.comment(key, "The last", audience=STAFF)
    world.jira.fail("add_comment", Fault.REFUSED, 4)
    world.settle()
    assert "A text is missing here" in world.bodies("jira")[3]
    assert world.bodies("jira")[4] == "The last"


def test_a_file_that_cannot_be_fetched_any_more_is_named_and_stops_nothing(make: Make) -> None:
    """Otherwise one lost file holds back its ticket for ever."""
    for place in FilePlace:
        world = make(differing={"jira": {"files": place}})
        key, _ = linked(world)
        said = world.desk.comment(key, "See the log", audience=STAFF)
        world.desk.attach(key, "log.txt", b"log", to=said)
        world.desk.comment(key, "and", audience=STAFF)
        world.desk.fail("open_file", Fault.REFUSED, 99)
        world.settle()
        assert (
            world.bodies("jira")[1] == f"See the log\n\n*Not here:* [log.txt](http://desk.test/tickets/{key})"
        )
        assert world.bodies("jira")[2] == "and"
        assert any("cannot be fetched any more" in why for _, _, why in world.findings())


# -- publishing


def test_a_publish_sign_makes_the_customer_read_it_and_nothing_of_the_work(make: Make) -> None:
    """Otherwise a developer's answer never reaches the customer, or it tells who and where they are."""
    world = make(rules={"publish": PUBLISH})
    key, issue = linked(world)
    world.jira.comment(issue, "!public Fixed in *2.1*.", audience=STAFF)
    writes = [write for planned in world.left() for write in dict.fromkeys(planned.plan.writes)]
    assert [str(write.reach) for write in dict.fromkeys(writes)] == ["read by customer lantern, MAIL"]
    world.settle()
    (copy,) = [t for t in world.only("desk").texts.values() if t.audience is Audience.CUSTOMER][1:]
    head, _, said = copy.body.text.strip().partition("\r\n\r\n")
    assert said == "Fixed in *2.1*."
    assert head.startswith(f"**[Harbour support](http://help.test/tickets/{key}#db1.")
    (mark,) = tokens(head)  # by chance, any word of few letters stands in it
    shown = copy.body.text.replace(mark, "")
    assert "jira" not in shown
    assert "Sam" not in shown
    assert len(world.desk.mails) == 1


def test_a_published_text_whose_answer_was_lost_is_neither_sent_again_nor_deleted(make: Make) -> None:
    """Otherwise the customer is mailed twice, or reads what is gone a moment later."""
    world = make(rules={"publish": PUBLISH})
    _, issue = linked(world)
    world.jira.comment(issue, "!public Fixed.", audience=STAFF)
    world.desk.fail("add_comment", Fault.LOST)
    world.settle()
    assert len(world.desk.mails) == 1
    assert world.bodies("desk")[1:] == ["Fixed."]


def test_a_published_text_is_never_edited(make: Make) -> None:
    """Otherwise what a customer has read says something else a day later."""
    world = make(rules={"publish": PUBLISH})
    _, issue = linked(world)
    said = world.jira.comment(issue, "!public Fixed in 2.1.", audience=STAFF)
    world.settle()
    world.wait(minutes=1)
    world.jira.edit_comment(issue, said, "!public Fixed in 2.2.")
    world.settle()
    assert world.bodies("desk")[1:] == ["Fixed in 2.1.", "\\!public Fixed in 2.2.".replace("\\", "")]
    last = list(world.only("desk").texts.values())[-1]
    assert last.audience is STAFF
    assert "new wording" in last.body.text
    assert any("was published" in why for _, _, why in world.findings())


@pytest.mark.parametrize(
    "text", ["!publc Fixed", "!Public Fixed", "Fixed !public", "Fixed.\n\n!public", "!public-ish Fixed"]
)
def test_a_near_miss_stays_internal_and_is_answered(make: Make, text: str) -> None:
    """Otherwise a slip of the hand mails a customer, or a developer believes that it did."""
    world = make(rules={"publish": PUBLISH})
    _, issue = linked(world)
    world.jira.comment(issue, text, audience=STAFF)
    world.settle()
    assert world.desk.mails == []
    assert internal(world.only("desk").texts)
    answers = [
        t.body.text for t in world.jira.tickets[issue].texts.values() if "not published" in t.body.text
    ]
    assert len(answers) == 1


def test_a_near_miss_is_answered_though_the_answer_could_not_be_written_at_once(make: Make) -> None:
    """Otherwise a developer whose tool did not answer for a moment believes that the customer read it."""
    world = make(rules={"publish": PUBLISH})
    _, issue = linked(world)
    world.jira.comment(issue, "!publc Fixed", audience=STAFF)
    world.jira.fail("add_comment", Fault.UNREACHABLE)
    world.settle()
    texts = world.jira.tickets[issue].texts.values()
    assert sum("not published" in text.body.text for text in texts) == 1
    assert internal(world.only("desk").texts)


def test_a_sign_that_is_added_later_publishes_nothing_and_is_answered(make: Make) -> None:
    """Otherwise old words reach a customer by an edit that nobody sees."""
    world = make(rules={"publish": PUBLISH})
    _, issue = linked(world)
    said = world.jira.comment(issue, "They are hopeless", audience=STAFF)
    world.settle()
    world.jira.edit_comment(issue, said, "!public They are hopeless")
    world.settle()
    assert world.desk.mails == []
    assert internal(world.only("desk").texts)
    assert any("first wording" in t.body.text for t in world.jira.tickets[issue].texts.values())


def test_without_the_rule_a_sign_is_a_word(make: Make) -> None:
    """Otherwise a hub that nobody told to publish mails customers."""
    world = make()
    _, issue = linked(world)
    world.jira.comment(issue, "!public Fixed", audience=STAFF)
    world.settle()
    assert world.desk.mails == []
    assert world.bodies("desk")[1:] == ["!public Fixed"]


def test_a_text_that_is_kept_private_stays_and_is_taken_back(make: Make) -> None:
    """Otherwise what an agent keeps to the desk is read by another team."""
    world = make(rules={"keep_private": "!private"})
    key, _ = linked(world)
    world.desk.comment(key, "!private about money", audience=STAFF)
    later = world.desk.comment(key, "about their temper", audience=STAFF)
    world.settle()
    assert world.bodies("jira")[1:] == ["about their temper"]
    world.desk.edit_comment(key, later, "!private about their temper")
    world.settle()
    assert world.bodies("jira")[1:] == ["*This text was withdrawn.*"]


def test_a_link_to_the_ticket_leads_to_the_side_that_is_read(make: Make) -> None:
    """Otherwise a customer is sent to an issue that they cannot open, and a developer to another tool."""
    world = make(rules={"publish": PUBLISH})
    key, issue = linked(world)
    mine, theirs = f"http://desk.test/tickets/{key}", f"http://jira.test/tickets/{issue}"
    world.desk.comment(key, f"see [the ticket]({mine})", audience=STAFF)
    world.jira.comment(issue, f"!public see [here]({theirs})", audience=STAFF)
    world.settle()
    assert world.bodies("jira")[2] == f"see [the ticket]({theirs})"
    assert world.bodies("desk")[2] == f"see [here](http://help.test/tickets/{key})"


# -- later


def test_a_copy_that_cannot_be_emptied_is_urgent_and_tried_once(make: Make) -> None:
    """Otherwise what an author took back is read on by others, and nobody is told to delete it."""
    world = make(rules={"keep_private": "!private"})
    key, _ = linked(world)
    said = world.desk.comment(key, "about their temper", audience=STAFF)
    world.settle()
    world.desk.edit_comment(key, said, "!private about their temper")
    world.jira.fail("edit_comment", Fault.REFUSED, 9)
    world.jira.fail("delete_comment", Fault.REFUSED, 9)
    world.settle()
    (finding,) = [f for f in world.store.findings.all() if "delete it by hand" in f.reason]
    assert finding.severity is Severity.URGENT
    assert world.bodies("jira")[1:] == ["about their temper"]


@pytest.mark.parametrize("how", [Withdrawal.MARK, Withdrawal.DELETE])
def test_a_deletion_marks_or_deletes_the_copy(make: Make, how: Withdrawal) -> None:
    """Otherwise developers work from what its author took back."""
    world = make(rules={"deleted": how})
    key, _ = linked(world)
    said = world.desk.comment(key, "Wrong ticket", audience=STAFF)
    world.settle()
    world.desk.delete_comment(key, said)
    world.settle()
    kept = ["*This text was deleted where it was written.*\n\nWrong ticket"]
    assert world.bodies("jira")[1:] == (kept if how is Withdrawal.MARK else [])


def test_an_edit_of_a_copy_that_a_person_took_over_is_an_addendum(make: Make) -> None:
    """Otherwise a person's remark is overwritten, or the new words never arrive."""
    world = make()
    key, issue = linked(world)
    said = world.desk.comment(key, "first", audience=STAFF)
    world.settle()
    copy = list(world.jira.tickets[issue].texts)[-1]
    world.jira.edit_comment(issue, copy, "my own")
    world.desk.edit_comment(key, said, "second")
    world.settle()
    assert [words(t) for t in world.jira.tickets[issue].texts.values()][-1] == "second"


@pytest.mark.parametrize("how", ["kept private", "deleted"])
def test_what_tells_a_new_wording_goes_with_its_text(make: Make, how: str) -> None:
    """Otherwise what somebody took back stands on below the copy that a person had edited."""
    world = make(rules={"deleted": Withdrawal.DELETE, "keep_private": "!private"})
    key, issue = linked(world)
    said = world.desk.comment(key, "first", audience=STAFF)
    world.settle()
    copy = list(world.jira.tickets[issue].texts)[-1]
    world.jira.edit_comment(issue, copy, "my own")
    world.desk.edit_comment(key, said, "their password")
    world.settle()
    assert world.bodies("jira")[-1] == "their password"
    if how == "deleted":
        world.desk.delete_comment(key, said)
    else:
        world.desk.edit_comment(key, said, "!private their password")
    world.settle()
    assert not [text for text in world.bodies("jira") if "password" in text]
    kept = [text.body.text.strip() for text in world.jira.tickets[issue].texts.values()]
    assert ("my own" in kept) == (how == "deleted")


def test_another_hubs_copies_travel_by_rule_only_and_not_for_ever(make: Make) -> None:
    """Otherwise two hubs pass a text to and fro without end."""
    other = Signer(b"another hub's secret")

    def mark(hops: int) -> str:
        return other.write(Marker("other", 1, "desk", "1", "elsewhere", "9", "9", "r", hops=hops))

    for relay, expected in ((frozenset[str](), 0), (frozenset({"desk"}), 2)):
        world = make(rules={"relay": relay})
        key, _ = linked(world)
        for hops in (0, 1, 2, 3):
            text = f"**Ann** in [elsewhere](http://e.test/9#{mark(hops)})\n\nSaid {hops}"
            world.desk.comment(key, text, audience=STAFF)
        world.settle()
        assert len(world.bodies("jira")) == 1 + expected
        assert any("another hub" in why for _, _, why in world.findings()) == (not relay)


def test_an_addendum_brings_no_file_a_second_time(make: Make) -> None:
    """Otherwise a file hangs twice on a ticket where somebody had edited the copy that brought it."""
    world = make()
    key, issue = linked(world)
    said = world.jira.comment(issue, "Look.", audience=STAFF)
    world.jira.attach(issue, "log.txt", b"log", to=said)
    world.settle()
    copy = next(id for id, text in world.desk.tickets[key].texts.items() if words(text) == "Look.")
    world.desk.edit_comment(key, copy, "Mine now.")
    world.settle()
    world.jira.edit_comment(issue, said, "Look again.")
    world.jira.attach(issue, "more.txt", b"more", to=said)
    world.settle()
    assert world.bodies("desk")[-1].startswith("Look again.")
    assert world.files("desk") == [("log.txt", b"log"), ("more.txt", b"more")]
