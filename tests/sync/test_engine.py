"""The engine between three servers in memory: what stands in the world before and after."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.capabilities import QUIET, FilePlace
from connectors.errors import ConfigError
from connectors.memory import Fault
from connectors.memory_desk import FIELDS
from mappings.boards import UNDECLARED
from mappings.ticket import MESSAGE_0, Audience, PersonRole, Ref
from sync.outcome import Done, Later, Parked
from sync.store.bundles import subject_of
from sync.store.inbox import LEASE
from sync.uncertain import REQUEST_LIFE
from tests.sync.world import World, internal, words

TICKET, COMMENT = FilePlace.TICKET, FilePlace.COMMENT
PICTURE = bytes(range(256)) * 40

Make = Callable[..., World]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Make worlds, and close them in the end."""
    made: list[World] = []

    def world(**differing: Any) -> World:
        folder = tmp_path / str(len(made))
        made.append(World(folder, **differing))
        return made[-1]

    yield world
    for one in made:
        one.close()


@pytest.fixture
def world(make: Make) -> World:
    """Three servers and a hub."""
    return make()


# -- a whole conversation


@pytest.mark.parametrize("work", [TICKET, COMMENT], ids=["files on the ticket", "files in texts"])
def test_a_whole_conversation_goes_both_ways(make: Make, work: FilePlace) -> None:
    """Otherwise somebody reads half of the story, or another story."""
    world = make(differing={"jira": {"files": work}, "gitlab": {"files": work}})
    key = world.opened("dev", "firmware", text="It does *not* start.\n\n> since Monday")
    world.desk.attach(key, "log.bin", PICTURE)
    world.wait(minutes=1)
    world.desk.comment(key, "Which model?", by="sam")
    world.wait(minutes=1)
    world.desk.comment(key, "I think it is the pump.", by="sam", audience=Audience.STAFF)
    world.sync()
    issue = world.only("jira").key
    world.wait(minutes=1)
    answer = world.jira.comment(issue, "Fixed in 2.1", by="sam", audience=Audience.STAFF)
    world.jira.attach(issue, "patch.bin", PICTURE[::-1], to=answer)
    world.sync()
    world.wait(minutes=1)
    world.desk.comment(key, "It is the blue one.", by="kim")
    world.settle()
    story = [
        "It does *not* start.\n\n> since Monday",
        "Which model?",
        "I think it is the pump.",
        "Fixed in 2.1",
        "It is the blue one.",
    ]
    for name in ("desk", "jira", "gitlab"):
        assert world.bodies(name) == story
        assert world.files(name) == [("log.bin", PICTURE), ("patch.bin", PICTURE[::-1])]
    assert internal(world.only("desk").texts)
    assert [mail.text for mail in world.desk.mails] == ["Which model?"]


def test_a_second_plan_is_empty_though_servers_rewrite_texts(world: World) -> None:
    """Otherwise the hub takes a server's own wording for a change, and writes for ever."""
    key = world.opened(subject="  It   does not\tstart ", text="Help!  \n\n\n")
    world.desk.comment(key, "trailing   \nspaces  ", by="kim")
    world.sync()
    assert world.only("jira").fields["subject"] == "It does not start"
    assert world.at_rest()
    versions = {name: server.tickets.copy() for name, server in world.servers.items()}
    before = {name: world.only(name).version for name in ("desk", "jira")}
    world.wait(hours=1)
    assert all(isinstance(r.outcome, Done) and not r.made for r in world.sync())
    assert {name: world.only(name).version for name in ("desk", "jira")} == before
    assert {name: server.tickets for name, server in world.servers.items()} == versions


def test_an_edit_and_an_attribution_reach_the_other_side(world: World) -> None:
    """Otherwise developers work from old words, or do not know whose words they are."""
    key = world.opened()
    said = world.desk.comment(key, "fist", by="sam", audience=Audience.STAFF)
    world.sync()
    world.wait(minutes=1)
    world.desk.edit_comment(key, said, "first")
    world.desk.edit_comment(key, MESSAGE_0, "Help me!")
    world.settle()
    assert world.bodies("jira") == ["Help me!", "first"]
    (copy,) = [t for t in world.only("jira").texts.values() if words(t) == "first"]
    assert copy.body.text.startswith("**Sam Staff** (internal) in [")
    assert f"http://desk.test/tickets/{key}#db1." in copy.body.text


def test_an_edit_reaches_a_description_on_whose_ticket_files_hang(world: World) -> None:
    """Otherwise our own files make a description look as if a person had edited it."""
    key = world.opened()
    world.desk.attach(key, "log.bin", PICTURE)
    world.sync()
    world.wait(minutes=1)
    world.desk.edit_comment(key, MESSAGE_0, "Help me!")
    world.settle()
    assert world.bodies("jira") == ["Help me!"]
    assert world.findings() == set()


def test_fields_tags_and_status_follow_the_rules(world: World) -> None:
    """Otherwise a developer sees an old subject, or an agent waits for news that are there."""
    key = world.opened("dev", "pump")
    world.sync()
    issue = world.only("jira")
    assert issue.fields["tags"] == ("customer-lantern", "pump")
    world.wait(minutes=1)
    world.desk.set(key, subject="Other words", component="pump", status="waiting_on_dev")
    world.jira.tag(issue.key, "regression")
    world.settle()
    assert (issue.fields["subject"], issue.fields["component"]) == ("Other words", "pump")
    assert world.only("desk").fields["tags"] == ("dev", "pump", "regression")
    world.jira.set(issue.key, status="resolved")
    world.settle()
    assert world.only("desk").fields["status"] == "open"
    notes = [t.body.text for t in world.only("desk").texts.values() if "is resolved" in t.body.text]
    assert len(notes) == 1


def test_a_text_does_not_point_at_a_file_that_stayed_behind(make: Make) -> None:
    """Otherwise a developer sees a broken picture, and not that there is one on the other side."""
    world = make(differing={"jira": {"max_file": 100}})
    key = world.opened()
    large = world.desk.attach(key, "large.bin", PICTURE)
    world.desk.edit_comment(key, MESSAGE_0, f"see [the log]({large})")
    world.sync()
    world.wait(minutes=1)
    said = world.desk.comment(key, "and", by="kim")
    more = world.desk.attach(key, "more.bin", PICTURE, to=said)
    world.desk.edit_comment(key, said, f"and [more]({more})")
    world.settle()
    assert not any("](large.bin)" in body or "](more.bin)" in body for body in world.bodies("jira"))
    assert world.files("jira") == []
    assert len(world.findings()) == 2


def test_both_sides_show_each_other(world: World) -> None:
    """Otherwise nobody finds the other half of a ticket."""
    key = world.opened("dev", "firmware")
    world.sync()
    assert {ref.connection for ref in world.only("jira").links} == {"desk", "gitlab"}
    assert {ref.connection for ref in world.only("gitlab").links} == {"desk", "jira"}
    notes = [text for text in world.only("desk").texts.values() if "is kept together with" in text.body.text]
    assert len(notes) == 2
    assert {note.audience for note in notes} == {Audience.STAFF}
    world.desk.comment(key, "more", by="kim")
    world.settle()
    assert len([t for t in world.only("desk").texts.values() if "kept together" in t.body.text]) == 2


def test_the_promises_are_shown_on_both_sides_and_change_by_themselves(world: World) -> None:
    """Otherwise two tools show two answers, or a clock runs out unseen because nobody touched the ticket."""
    world.opened()
    world.sync()
    due = (world.only("desk").created + timedelta(hours=48)).isoformat()
    assert world.only("desk").fields["first_response_due"] == due
    assert world.only("jira").fields["first_response_due"] == due
    assert world.only("jira").fields["sla"] == "-"
    world.wait(hours=47)
    world.sync()
    assert (world.only("desk").fields["sla"], world.only("jira").fields["sla"]) == ("at-risk", "at-risk")
    world.wait(hours=2)
    world.sync()
    assert (world.only("desk").fields["sla"], world.only("jira").fields["sla"]) == ("breached", "breached")


def test_a_ticket_without_a_route_stays_where_it_is(world: World) -> None:
    """Otherwise every ticket of the desk becomes an issue."""
    world.desk.open_ticket("Where is my order?", "Hello")
    (only,) = world.sync()
    assert only.outcome == Done()
    assert len(only.made) == 1  # its due times, which every ticket of a customer has
    assert not world.jira.tickets
    assert not world.gitlab.tickets


def test_an_issue_that_developers_opened_is_theirs(world: World) -> None:
    """Otherwise the developers' own issues turn up at the support desk."""
    world.jira.open_ticket("Refactor", "…", by="sam")
    assert world.outcomes() == []
    assert not world.desk.tickets


def test_a_second_route_adds_a_side_later(world: World) -> None:
    """Otherwise the firmware team gets a ticket without what was said before it was theirs."""
    key = world.opened("dev")
    world.sync()
    world.jira.comment(world.only("jira").key, "Not ours.", by="sam", audience=Audience.STAFF)
    world.wait(minutes=1)
    world.desk.tag(key, "firmware")
    world.settle()
    assert world.bodies("gitlab") == ["Help!", "Not ours."]


# -- what goes wrong on the way

UNHEARD = {
    "create": "create",
    "comment": "add_comment",
    "file": "add_file",
}


def _busy(world: World) -> str:
    key = world.opened("dev", "firmware")
    world.desk.attach(key, "log.bin", PICTURE)
    world.wait(minutes=1)
    said = world.desk.comment(key, "More.", by="kim")
    world.desk.attach(key, "more.bin", PICTURE[:9], to=said)
    return key


def _whole(world: World) -> None:
    """Check that everything of `_busy` stands on both work sides, once."""
    for name in ("jira", "gitlab"):
        assert world.bodies(name) == ["Help!", "More."]
        assert world.files(name) == [("log.bin", PICTURE), ("more.bin", PICTURE[:9])]
    assert len([t for t in world.only("desk").texts.values() if "kept together" in t.body.text]) == 2


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.RESET, Fault.UNREACHABLE, Fault.THROTTLED])
@pytest.mark.parametrize("call", ["create", "add_comment", "add_file", "add_link", "fetch", "set_fields"])
@pytest.mark.parametrize("times", [1, 2])
def test_a_call_that_fails_makes_nothing_twice_and_loses_nothing(
    world: World, call: str, fault: Fault, times: int
) -> None:
    """Otherwise a line that breaks at the wrong moment leaves two issues, two comments, or none."""
    _busy(world)
    world.jira.fail(call, fault, times)
    world.settle()
    _whole(world)
    assert world.parked() == []


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.RESET])
def test_a_note_whose_answer_was_lost_stands_once(world: World, fault: Fault) -> None:
    """Otherwise an agent reads the same news twice, or never."""
    key = world.opened()
    world.desk.fail("add_comment", fault)
    world.settle()
    world.jira.set(world.only("jira").key, status="resolved", priority="urgent", sla="breached")
    world.desk.fail("add_comment", fault)
    world.settle()
    notes = [text.body.text for text in world.desk.tickets[key].texts.values() if text.id != MESSAGE_0]
    assert len(notes) == 2
    assert "is resolved" in notes[1]


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.RESET])
def test_an_unheard_create_is_looked_for_until_the_index_knows(make: Make, fault: Fault) -> None:
    """Otherwise an index that lags makes a second issue."""
    world = make(lag=timedelta(seconds=40))
    world.opened()
    world.wait(minutes=1)
    world.jira.fail("create", fault)
    world.sync()
    for _ in range(12):
        world.wait(seconds=15)
        world.sync()
    world.settle()
    assert len(world.jira.tickets) == 1
    assert world.bodies("jira") == ["Help!"]


def test_an_unheard_write_is_not_sent_again_while_it_may_still_arrive(world: World) -> None:
    """Otherwise a slow request arrives after its repetition."""
    world.opened()
    world.jira.fail("create", Fault.RESET)
    (first,) = world.outcomes()
    assert isinstance(first, Later)
    world.wait(seconds=REQUEST_LIFE.total_seconds() - 5)
    world.sync()
    assert not world.jira.tickets
    world.settle()
    assert len(world.jira.tickets) == 1


def test_an_edit_after_a_lost_answer_makes_no_second_comment(world: World) -> None:
    """Otherwise a comment that was corrected while the line was down stands twice."""
    key = world.opened()
    world.sync()
    world.wait(minutes=1)
    said = world.desk.comment(key, "fist", by="sam")
    world.jira.fail("add_comment", Fault.LOST)
    world.sync()
    world.wait(seconds=1)
    world.desk.edit_comment(key, said, "first")
    world.settle()
    assert world.bodies("jira") == ["Help!", "first"]


def test_a_persons_file_is_not_taken_for_our_own(world: World) -> None:
    """Otherwise a file of the same name and size stands in for one that never arrived."""
    key = world.opened()
    world.sync()
    world.wait(minutes=1)
    said = world.desk.comment(key, "see log", by="kim")
    world.desk.attach(key, "log.bin", b"ours", to=said)
    world.jira.attach(world.only("jira").key, "log.bin", b"them")
    world.jira.fail("add_file", Fault.RESET)
    world.settle()
    for server in ("jira", "desk"):  # what a colleague adds to our issue comes back as a note with its file
        assert sorted(content for _, content in world.files(server)) == [b"ours", b"them"]


def test_a_create_needs_no_look_at_what_was_created(world: World) -> None:
    """Otherwise every ticket of a migration costs a call more."""
    world.opened()
    for name in ("jira", "gitlab"):
        world.servers[name].fail("fetch", Fault.UNREACHABLE, times=50)
    (outcome,) = world.outcomes()
    assert isinstance(outcome, Done)
    assert world.bodies("jira") == ["Help!"]


def test_an_edit_after_a_lost_create_reaches_the_description(world: World) -> None:
    """Otherwise an issue that was found again keeps its first words for ever."""
    key = world.opened()
    world.jira.fail("create", Fault.LOST)
    world.sync()
    world.desk.edit_comment(key, MESSAGE_0, "Help me!")
    world.settle()
    assert world.bodies("jira") == ["Help me!"]


def test_a_throttled_side_does_not_hold_back_the_other(world: World) -> None:
    """Otherwise one busy tool stops a conversation between two others."""
    _busy(world)
    world.jira.fail("create", Fault.THROTTLED)
    (outcome,) = world.outcomes()
    assert isinstance(outcome, Later)
    assert not world.jira.tickets
    assert world.bodies("gitlab") == ["Help!", "More."]
    assert world.files("gitlab") == [("log.bin", PICTURE), ("more.bin", PICTURE[:9])]
    assert [r.connection for r in world.only("gitlab").links] == ["desk"]
    assert len([t for t in world.only("desk").texts.values() if "kept together" in t.body.text]) == 1
    world.settle()
    _whole(world)


def test_a_refused_ticket_is_parked_and_tried_again_when_it_changes(make: Make) -> None:
    """Otherwise a ticket that a tool refuses vanishes silently, or stays refused after it was mended."""
    world = make(policies=False)
    key = world.opened()
    world.wait(minutes=1)
    world.jira.fail("create", Fault.REFUSED, 2)
    (outcome,) = world.outcomes()
    assert isinstance(outcome, Parked)
    assert "refused" in outcome.reason
    assert world.parked() == [outcome.reason]
    world.wait(hours=5)
    assert {type(o) for o in world.outcomes()} == {Parked}  # the note that tells of it changed the ticket
    world.wait(hours=5)
    assert world.outcomes() == []
    assert not world.jira.tickets
    world.desk.comment(key, "Anybody?", by="kim")
    world.settle()
    assert world.bodies("jira") == ["Help!", "Anybody?"]
    assert world.parked() == []


def test_a_refused_side_does_not_park_what_waits_for_another(world: World) -> None:
    """Otherwise a tool that is busy for a minute is forgotten because another one refused."""
    _busy(world)
    world.jira.fail("create", Fault.REFUSED, 3)
    world.gitlab.fail("create", Fault.THROTTLED)
    (outcome,) = world.outcomes()
    assert isinstance(outcome, Later)
    world.wait(minutes=5)
    world.sync()
    assert world.bodies("gitlab") == ["Help!", "More."]
    assert len(world.parked()) == 1


def test_a_refused_field_is_remarked_and_the_rest_goes_on(world: World) -> None:
    """Otherwise a field that a tool does not want holds back the conversation, or is tried for ever."""
    key = world.opened()
    world.sync()
    world.wait(minutes=1)
    world.desk.set(key, component="pump")
    world.desk.comment(key, "More.", by="kim")
    world.jira.fail("set_fields", Fault.REFUSED)
    world.settle()
    assert world.bodies("jira") == ["Help!", "More."]
    assert ("jira", "component", "refused: 400 refused") in world.findings()


def test_a_promise_that_a_tool_refuses_is_not_sent_with_every_look(world: World) -> None:
    """Otherwise the hub knocks on a closed door as often as it looks, and no plan is ever empty."""
    world.jira.fail("set_fields", Fault.REFUSED, 99)
    world.opened()
    world.sync()
    world.jira.set(world.only("jira").key, due=None, first_response_due=None)
    world.wait(minutes=1)
    world.sync()
    assert world.at_rest()
    assert any(reason.startswith("refused") for _, _, reason in world.findings())


def test_a_text_that_lost_its_internal_flag_is_deleted_at_once(world: World) -> None:
    """Otherwise a customer goes on reading a developer's remark, or gets it with each retry again."""
    key = world.opened()
    world.sync()
    issue = world.only("jira").key
    world.wait(minutes=1)
    world.desk.fail("add_comment", Fault.INTERNAL_DROPPED)
    said = world.jira.comment(issue, "SECRET", by="sam", audience=Audience.STAFF)
    world.sync()
    told = (
        "desk",
        f"text {said} (jira)",
        "it became readable for the customer and was deleted at once",
    )
    assert told in world.findings()
    assert not [text for text in world.desk.tickets[key].texts.values() if "SECRET" in text.body.text]
    world.settle()
    assert not [text for text in world.desk.tickets[key].texts.values() if "SECRET" in text.body.text]
    assert world.parked() == []


@pytest.mark.parametrize("how", ["deleting fails", "hub dies"])
def test_a_text_that_lost_its_internal_flag_is_deleted_in_the_end(world: World, how: str) -> None:
    """Otherwise the hub finds its own leaked text again, takes it for a good copy, and leaves it there."""
    key = world.opened()
    world.sync()
    world.wait(minutes=1)
    world.jira.comment(world.only("jira").key, "SECRET", by="sam", audience=Audience.STAFF)
    world.desk.fail("add_comment", Fault.INTERNAL_DROPPED)
    if how == "deleting fails":
        world.desk.fail("delete_comment", Fault.RESET, 2)
        world.sync()
    else:
        _dies_at(world, "delete_comment")
        world.wait(seconds=LEASE.total_seconds() + 1)
    assert [text for text in world.desk.tickets[key].texts.values() if "SECRET" in text.body.text]
    world.settle()
    assert not [text for text in world.desk.tickets[key].texts.values() if "SECRET" in text.body.text]
    assert any("readable for the customer" in reason for _, _, reason in world.findings())


def _dies_at(world: World, call: str) -> None:
    """Have the hub die just before a call to the desk, as a kill would end it."""

    def dies(made: str) -> None:
        if made == call:
            raise KeyboardInterrupt

    world.desk.before = dies
    with pytest.raises(KeyboardInterrupt):
        world.sync()
    world.desk.before = lambda made: None


def test_tags_that_a_tool_drops_are_a_finding_and_stay_at_their_origin(world: World) -> None:
    """Otherwise a role that is too low removes the agents' tags, or nobody learns why they are missing."""
    key = world.opened()
    world.sync()
    world.wait(minutes=1)
    world.jira.fail("change_tags", Fault.TAGS_DROPPED, 99)
    world.desk.tag(key, "pump")
    world.settle()
    assert ("jira", "tags", "not taken: pump") in world.findings()
    assert world.only("desk").fields["tags"] == ("dev", "pump")
    assert world.only("jira").fields["tags"] == ("customer-lantern",)


def test_tags_that_a_tool_drops_from_a_new_ticket_are_a_finding(world: World) -> None:
    """Otherwise a tag that the other tool cannot hold is lost with the first copy, and nobody is told."""
    world.jira.fail("create", Fault.TAGS_DROPPED)
    world.opened("dev", "pump")
    world.sync()
    assert ("jira", "tags", "not taken: pump") in world.findings()


def test_a_label_of_the_hubs_that_a_tool_drops_is_not_sent_with_every_look(world: World) -> None:
    """Otherwise no plan is ever empty where the hub's role is too low."""
    world.opened()
    world.sync()
    world.jira.fail("change_tags", Fault.TAGS_DROPPED, 99)
    world.jira.tag(world.only("jira").key, remove=["customer-lantern"])
    world.settle()
    assert ("jira", "tags", "not taken: customer-lantern") in world.findings()
    world.jira.mend()
    world.wait(minutes=1)
    world.jira.tag(world.only("jira").key, "more")
    world.settle()
    assert world.only("jira").fields["tags"] == ("customer-lantern", "more")


# -- people who act while the hub works


def _between(world: World, name: str, call: str, act: Callable[[], object]) -> None:
    """Have somebody act once, a while after the hub has read and just before it makes a call."""
    done: list[str] = []

    def before(made: str) -> None:
        if made == call and not done:
            done.append(made)
            world.wait(seconds=2)
            act()

    world.servers[name].before = before


@pytest.mark.parametrize("call", ["set_fields", "change_tags", "add_comment"])
def test_a_change_between_our_read_and_our_write_is_not_lost(world: World, call: str) -> None:
    """Otherwise what a developer types while the hub writes is overwritten, or never reaches the agent."""
    key = world.opened()
    world.sync()
    issue = world.only("jira").key
    world.wait(minutes=1)

    def acts() -> None:
        world.jira.set(issue, component="theirs")
        world.jira.tag(issue, "theirs")
        world.jira.comment(issue, "By hand.", by="sam", audience=Audience.STAFF)

    _between(world, "jira", call, acts)
    world.desk.set(key, subject="Other words")
    world.desk.tag(key, "ours")
    world.desk.comment(key, "More.", by="kim")
    world.settle()
    assert world.only("desk").fields["component"] == world.only("jira").fields["component"] == "theirs"
    assert set(world.only("desk").fields["tags"] or ()) == {"dev", "ours", "theirs"}
    assert set(world.only("jira").fields["tags"] or ()) == {"customer-lantern", "ours", "theirs"}
    assert world.only("jira").fields["subject"] == "Other words"
    assert sorted(world.bodies("jira")) == sorted(world.bodies("desk"))


def test_a_copy_that_a_person_edits_while_the_hub_works_is_theirs(world: World) -> None:
    """Otherwise a developer's remark in our copy is overwritten by the next edit of the original."""
    key = world.opened()
    said = world.desk.comment(key, "first", by="sam")
    world.sync()
    issue = world.only("jira")
    (copy,) = [id for id, text in issue.texts.items() if words(text) == "first"]
    world.wait(minutes=1)
    theirs = issue.texts[copy].body.text + "\n\nNOT TRUE"
    world.desk.edit_comment(key, said, "second")

    def between(call: str) -> None:
        if call == "open_file":
            world.wait(seconds=2)
            world.jira.edit_comment(issue.key, copy, theirs)
            world.desk.before = lambda call: None

    world.desk.attach(key, "log.bin", PICTURE, to=said)
    world.desk.before = between
    world.settle()
    assert "NOT TRUE" in issue.texts[copy].body.text
    assert ("jira", f"the edit of reply {said} (desk)", "somebody edited the copy, so it is theirs") in (
        world.findings()
    )


def test_a_copy_that_a_person_deleted_does_not_come_back(world: World) -> None:
    """Otherwise people and the hub fight over a text."""
    key = world.opened()
    said = world.desk.comment(key, "first", by="sam")
    world.sync()
    issue = world.only("jira")
    (copy,) = [id for id, text in issue.texts.items() if words(text) == "first"]
    world.jira.delete_comment(issue.key, copy)
    world.wait(minutes=1)
    world.desk.edit_comment(key, said, "second")
    world.settle()
    assert world.bodies("jira") == ["Help!"]
    assert ("jira", f"the edit of reply {said} (desk)", "somebody deleted the copy") in world.findings()


def test_a_quoted_copy_and_a_forged_marker_are_a_persons_words(world: World) -> None:
    """Otherwise a customer who quotes us, or who copies a link, is not heard."""
    key = world.opened("dev")
    world.sync()
    issue = world.only("jira")
    world.jira.comment(issue.key, "Try it now.", by="sam", audience=Audience.STAFF)
    world.settle()
    (copy,) = [t.body.text for t in world.only("desk").texts.values() if words(t) == "Try it now."]
    quoted = "\n".join(f"> {line}" for line in copy.splitlines()) + "\n\nStill broken."
    world.wait(minutes=1)
    world.desk.comment(key, quoted, by="kim")
    world.wait(minutes=1)
    world.desk.comment(key, copy, by="kim")
    world.settle()
    copies = [words(text) for text in issue.texts.values() if text.author.role is PersonRole.HUB]
    assert len([body for body in copies if body.endswith("Still broken.")]) == 1
    assert len([body for body in copies if body.endswith("Try it now.")]) == 1
    assert len(issue.texts) == 4


def test_a_marker_on_another_ticket_is_nobodys_copy(world: World) -> None:
    """Otherwise a text of ours that was moved to another ticket counts as that ticket's copy."""
    first, second = world.opened(subject="one"), world.opened(subject="two")
    said = world.desk.comment(first, "first", by="sam")
    world.settle()
    issues = {str(t.fields["subject"]): t for t in world.jira.tickets.values()}
    (copy,) = [t.body.text for t in issues["one"].texts.values() if words(t) == "first"]
    world.jira.comment(issues["two"].key, copy, by="hub", audience=Audience.STAFF)
    world.settle()
    assert said
    assert [words(t) for t in world.desk.tickets[second].texts.values() if words(t)] == ["Help!"]


def test_what_is_in_the_trash_is_left_there(world: World) -> None:
    """Otherwise a ticket that somebody threw away is written to, or opened again."""
    key = world.opened("dev", "firmware")
    world.sync()
    world.jira.trash(world.only("jira").key)
    world.wait(minutes=1)
    world.desk.comment(key, "More.", by="kim")
    world.settle()
    assert world.bodies("gitlab") == ["Help!", "More."]
    assert world.bodies("jira") == ["Help!"]
    assert ("jira", "the ticket", "it is trashed there") in world.findings()


def news(world: World, server: str) -> list[str]:
    """Return the notes on a server's one ticket that tell what became of another side."""
    notes = [text.body.text for text in world.only(server).texts.values()]
    return [note for note in notes if "gone" in note or "trash" in note]


def test_a_ticket_that_is_gone_leaves_the_others_going(world: World) -> None:
    """Otherwise a deleted issue stops the conversation of all others, or nobody hears that it is gone."""
    key = world.opened("dev", "firmware")
    world.sync()
    del world.jira.tickets[world.only("jira").key]
    world.wait(minutes=1)
    world.desk.comment(key, "More.", by="kim")
    world.settle()
    assert not world.jira.tickets
    assert world.bodies("gitlab") == ["Help!", "More."]
    assert ("jira", "the ticket", "it is gone there; the link is kept") in world.findings()
    for server in ("desk", "gitlab"):
        assert len(news(world, server)) == 1


def test_a_ticket_counts_as_gone_after_an_hour_only(world: World) -> None:
    """Otherwise a server that restarts makes everyone read that their ticket was deleted."""
    world.opened("dev", "firmware")
    world.sync()
    kept = world.jira.tickets.pop(world.only("jira").key)
    world.desk.tag(world.only("desk").key, "pump")
    for _ in range(3):
        world.wait(minutes=15)
        world.sync()
    assert news(world, "desk") == []
    world.jira.tickets[kept.key] = kept
    world.settle()
    world.wait(hours=2)
    world.settle()
    assert news(world, "desk") == []
    assert "pump" in str(kept.fields["tags"])


def test_a_ticket_that_comes_back_is_linked_as_before(world: World) -> None:
    """Otherwise what somebody restores from the trash stays cut off, or is created anew."""
    key = world.opened("dev", "firmware")
    world.sync()
    issue = world.only("jira")
    world.jira.trash(issue.key)
    world.desk.tag(key, "pump")
    world.settle()
    assert len(news(world, "desk")) == 1
    issue.trashed = False
    world.jira.tag(issue.key, "valve")
    world.settle()
    assert {"pump", "valve"} <= set(issue.fields["tags"] or ())
    assert {"pump", "valve"} <= set(world.only("desk").fields["tags"] or ())
    world.jira.trash(issue.key)
    world.desk.tag(key, "again")
    world.settle()
    assert len(news(world, "desk")) == 2, "a second loss is told too"


def test_many_tickets_that_vanish_at_once_are_doubted(world: World) -> None:
    """Otherwise a right that was taken away by mistake orphans every link, and tells everybody so."""
    keys = [world.opened(subject=f"Number {number}") for number in range(7)]
    world.settle()
    vanished = dict(world.jira.tickets)
    world.jira.tickets.clear()
    for key in keys:
        world.desk.tag(key, "pump")
    for _ in range(8):
        world.wait(minutes=16)
        world.sync()
    texts = [text.body.text for key in keys for text in world.desk.tickets[key].texts.values()]
    assert not any(" is gone" in text for text in texts)
    assert any("none counts as gone until a person says so" in reason for _, _, reason in world.findings())
    assert world.store.health.doubted("jira")
    world.jira.tickets.update(vanished)
    world.settle()
    assert all("pump" in str(ticket.fields["tags"]) for ticket in vanished.values())


def test_a_person_may_say_that_what_vanished_is_gone(world: World) -> None:
    """Otherwise a connection that was doubted once is doubted for ever, and nobody hears of a deletion."""
    keys = [world.opened(subject=f"Number {number}") for number in range(7)]
    world.settle()
    world.jira.tickets.clear()
    for key in keys:
        world.desk.tag(key, "pump")
    world.sync()
    (asked,) = [f for f in world.store.findings.open() if f.subject == "connection:jira"]
    assert world.store.answer(asked.id, "they were deleted", world.now())
    assert not world.store.health.doubted("jira")
    for _ in range(8):
        world.wait(minutes=16)
        world.sync()
    texts = [text.body.text for key in keys for text in world.desk.tickets[key].texts.values()]
    assert sum(" is gone" in text for text in texts) == len(keys)
    assert world.store.answer(asked.id, "again", world.now()) is None


# -- many tickets


def test_an_unknown_customers_ticket_is_parked(world: World) -> None:
    """Otherwise a stranger's ticket lands on some customer's board, or is forgotten."""
    kim = world.desk.users["kim"]
    world.desk.users["kim"] = replace(kim, email="kim@elsewhere.test")
    key = world.opened()
    (outcome,) = world.outcomes()
    assert isinstance(outcome, Parked)
    assert "kim@elsewhere.test" in outcome.reason
    assert not world.jira.tickets
    ticket = world.desk.tickets[key]
    ticket.creator = kim
    world.desk.touch(ticket)
    world.settle()
    assert world.bodies("jira") == ["Help!"]
    assert world.parked() == []


def test_a_dead_connection_stops_only_its_own_tickets(world: World) -> None:
    """Otherwise one tool that is down stops the whole desk."""
    world.opened("dev", subject="one")
    world.opened("firmware", subject="two")
    world.jira.secret = "changed by somebody"
    assert [error.connection for error in world.engine.identify()] == ["jira"]
    world.sync()
    assert world.bodies("gitlab") == ["Help!"]
    assert not world.jira.tickets
    world.jira.secret = world.desk.secret
    assert world.engine.identify() == []
    world.settle()
    assert world.bodies("jira") == ["Help!"]


def test_a_connection_that_dies_later_stops_only_its_own_tickets(world: World) -> None:
    """Otherwise a credential that runs out at night stops everybody's tickets until the morning."""
    one, two = world.opened("dev", subject="one"), world.opened("firmware", subject="two")
    world.settle()
    world.jira.fail("fetch", Fault.UNREACHABLE, 99)
    world.wait(minutes=1)
    for key in (one, two):
        world.desk.comment(key, "More.", by="kim")
    assert sorted(type(outcome).__name__ for outcome in world.outcomes()) == ["Done", "Later"]
    assert world.bodies("gitlab") == ["Help!", "More."]
    world.jira.mend()
    world.settle()
    assert world.bodies("jira") == ["Help!", "More."]


def test_a_long_outage_is_waited_out(world: World) -> None:
    """Otherwise a tool that is down for a weekend ends the hub, or is asked every few seconds."""
    world.opened()
    world.settle()
    world.jira.fail("fetch", Fault.UNREACHABLE, 9999)
    world.desk.comment(world.only("desk").key, "More.", by="kim")
    for _ in range(50):
        world.wait(minutes=16)
        assert not [o for o in world.outcomes() if not isinstance(o, Later)]
    world.jira.mend()
    world.settle()
    assert world.bodies("jira") == ["Help!", "More."]


def test_a_target_that_stays_down_is_asked_less_and_less(world: World) -> None:
    """Otherwise the hub spends the whole quota on a tool that does not answer."""
    _busy(world)
    world.jira.fail("create", Fault.UNREACHABLE, 9999)
    tries = 0
    for _ in range(60):
        world.wait(minutes=1)
        tries += bool(world.outcomes())
    assert tries < 15


def test_one_odd_ticket_stops_no_other(world: World) -> None:
    """Otherwise one payload that nobody has thought of stops the whole desk, each time it is started."""
    odd, plain = world.opened("dev", subject="odd"), world.opened("firmware", subject="plain")
    world.desk.tickets[odd].fields["due"] = "no date at all"
    world.sync()
    assert world.bodies("gitlab") == ["Help!"]
    (reason,) = world.parked()
    assert reason
    assert "ValueError" in reason
    assert "no date at all" not in reason
    world.desk.set(odd, due=None)
    world.settle()
    assert world.bodies("jira") == ["Help!"]
    assert plain


def test_two_hubs_on_one_store_write_once(world: World) -> None:
    """Otherwise a second worker doubles what the first one writes."""
    world.opened()
    other = world.hub()
    seen: list[object] = []

    def meanwhile(call: str) -> None:
        if call in ("create", "add_comment", "set_fields"):
            seen.extend(other.work())

    world.engine.collect()
    for server in world.servers.values():
        server.before = meanwhile
    list(world.engine.work())
    assert seen == []
    for server in world.servers.values():
        server.before = lambda call: None
    world.settle()
    assert len(world.jira.tickets) == 1
    assert world.bodies("jira") == ["Help!"]


def test_a_worker_that_was_taken_over_doubles_nothing(world: World) -> None:
    """Otherwise a worker that slept for an hour and goes on writes everything a second time."""
    key = world.opened()
    world.sync()
    world.wait(minutes=1)
    world.desk.comment(key, "one", by="kim")
    world.wait(minutes=1)
    world.desk.comment(key, "two", by="kim")
    other = world.hub()
    slept: list[str] = []

    def sleeps(call: str) -> None:
        if call == "add_comment" and not slept:
            slept.append(call)
            world.wait(seconds=LEASE.total_seconds() + 1)
            other.collect()
            list(other.work())

    world.jira.before = sleeps
    world.sync()
    world.settle()
    assert slept
    assert world.bodies("jira").count("one") <= 2  # the request that was on its way when it slept
    assert world.bodies("jira").count("two") == 1


@pytest.mark.parametrize(
    "call", ["create", "add_comment", "add_file", "add_link", "set_fields", "fetch", "open_file"]
)
def test_a_hub_that_dies_goes_on_where_it_was(world: World, call: str) -> None:
    """Otherwise a crash between two writes leaves half a ticket for ever."""
    key = _busy(world)
    for name in ("desk", "jira", "gitlab"):
        server = world.servers[name]
        calls = {"n": 0}

        def dies(made: str, calls: dict[str, int] = calls) -> None:
            calls["n"] += made == call
            if made == call and calls["n"] == 1:
                raise KeyboardInterrupt

        server.before = dies
        try:
            world.sync()
        except KeyboardInterrupt:
            world.wait(seconds=LEASE.total_seconds() + 1)
        server.before = lambda made: None
    world.settle()
    _whole(world)
    assert key


# -- planning


def test_a_plan_writes_nothing(world: World) -> None:
    """Otherwise looking first is no safer than doing."""
    _busy(world)
    world.sync()
    world.desk.comment(world.only("desk").key, "More still.", by="kim")
    world.jira.set(world.only("jira").key, status="resolved")
    key = world.opened(subject="another")
    store = world.dump()
    versions = {n: {k: t.version for k, t in s.tickets.items()} for n, s in world.servers.items()}
    planned = list(world.engine.plan())
    assert sum(len(one.plan.writes) for one in planned) > 5
    assert Ref("desk", key) in {ref for one in planned for ref in one.refs}
    assert world.dump() == store
    assert {n: {k: t.version for k, t in s.tickets.items()} for n, s in world.servers.items()} == versions


def test_a_plan_is_what_is_done(world: World) -> None:
    """Otherwise what a person approved is not what happens."""
    _busy(world)
    (planned,) = world.engine.plan()
    (done,) = world.sync()
    assert done.plan == planned.plan
    assert (done.outcome, done.made) == (Done(), planned.plan.writes)


def test_a_ticket_is_planned_once(world: World) -> None:
    """Otherwise a ticket that waits under its first name is shown, and counted, twice."""
    key = world.opened()
    world.jira.fail("create", Fault.THROTTLED)
    world.sync()
    world.wait(minutes=1)
    world.desk.comment(key, "More.", by="kim")
    assert len(list(world.engine.plan())) == 1


def test_a_plan_tells_what_stands_in_the_way(world: World) -> None:
    """Otherwise an empty plan looks like agreement when a tool did not answer."""
    world.opened()
    world.settle()
    world.desk.comment(world.only("desk").key, "More.", by="kim")
    world.jira.fail("fetch", Fault.UNREACHABLE, 9)
    (planned,) = world.engine.plan()
    assert planned.problem
    assert "jira" in planned.problem


def test_what_is_never_written_is_found_though_nothing_was_linked(make: Make) -> None:
    """Otherwise a ticket that may not go where a route wants it waits, and nobody learns why."""
    world = make(differing={"jira": {"fields": {"subject": QUIET}}})
    route = world.routes[0]
    world.routes = (replace(route, place=replace(route.place, readers=UNDECLARED)), world.routes[1])
    world.engine = world.hub()
    world.opened()
    assert world.outcomes() == [Done()]
    assert [target for target, what, _ in world.findings() if what == "the ticket"] == ["jira"]


def test_a_tool_without_a_field_gets_the_rest(make: Make) -> None:
    """Otherwise a tool that cannot hold a due time gets no ticket."""
    few: tuple[Any, ...] = tuple(name for name in FIELDS if name in ("subject", "status", "tags"))
    world = make(differing={"jira": {"fields": dict.fromkeys(few, QUIET)}})
    world.opened()
    world.settle()
    assert world.bodies("jira") == ["Help!"]


# -- identity


def test_a_connection_that_became_another_account_is_refused(world: World) -> None:
    """Otherwise a changed setting lets the hub write one company's tickets into another's tool."""
    world.opened()
    world.sync()
    before = world.dump()
    config = replace(world.connectors["jira"]._config, url="http://other.test")
    world.connectors["jira"] = type(world.connectors["jira"])(config, world.jira)
    with pytest.raises(ConfigError) as refused:
        world.hub().identify()
    (line,) = refused.value.problems
    assert line.startswith("connections.jira: ")
    assert "http://other.test" in line
    assert world.dump() == before


def test_the_same_account_is_welcome_again(world: World) -> None:
    """Otherwise no hub ever starts twice."""
    world.opened()
    world.sync()
    assert world.hub().identify() == []


def test_names_in_the_inbox_tell_bundles_from_tickets() -> None:
    """Otherwise an inbox row of a system whose keys have colons is mistaken."""
    assert subject_of(3, Ref("desk", "1")) == "bundle:3"
    assert subject_of(None, Ref("gitlab", "101:7")) == "ref:gitlab:101:7"


def test_what_changes_while_another_issue_is_made_reaches_that_too(world: World) -> None:
    """Otherwise a developer's tag or title of that very minute is missing on the new issue for ever."""
    ticket = world.opened("firmware")
    world.settle()
    (issue,) = world.gitlab.tickets
    world.gitlab.tag(issue, "pump")
    world.gitlab.set(issue, subject="The pump")
    world.desk.tag(ticket, "dev")
    world.settle()
    (made,) = world.jira.tickets.values()
    assert "pump" in (made.fields["tags"] or ())
    assert made.fields["subject"] == world.desk.tickets[ticket].fields["subject"]


def test_a_tag_that_is_removed_right_after_another_issue_was_made_with_it_is_removed_there_too(
    world: World,
) -> None:
    """Otherwise the new issue keeps a tag for ever that a developer took off the other one."""
    key = world.opened("dev", "firmware")
    world.jira.fail("create", Fault.RESET)
    world.sync()
    (issue,) = world.gitlab.tickets
    world.gitlab.tag(issue, "hardware")
    world.desk.tag(key, "beta")
    world.wait(minutes=16)

    def takes_off(call: str) -> None:
        """Take the tag off as soon as it is there: the other issue was made just before."""
        if call == "fetch" and "beta" in (world.gitlab.tickets[issue].fields["tags"] or ()):
            world.gitlab.before = lambda call: None
            world.gitlab.tag(issue, remove=("beta",))

    world.gitlab.before = takes_off
    world.settle()
    for name in ("desk", "jira", "gitlab"):
        tags = set(world.only(name).fields["tags"] or ())
        assert tags & {"beta", "hardware"} == {"hardware"}, name
