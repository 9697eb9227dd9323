"""What is not done is said once, internally, in the tool where the person acted, with the way out."""

from __future__ import annotations

from dataclasses import replace

from connectors.capabilities import QUIET
from connectors.memory import Fault
from connectors.memory_desk import FIELDS
from mappings.ticket import Audience
from tests.sync.world import Make, World, internal

STAFF = Audience.STAFF


def told(world: World, name: str, words: str) -> list[str]:
    """Return the hub's notes on a server's one ticket that say something."""
    said = [text.body.text.replace("\\", "") for text in world.only(name).texts.values()]
    return [text for text in said if words in text]


def test_a_word_outside_the_vocabulary_is_told_once_where_it_was_chosen(make: Make) -> None:
    """Otherwise an agent chooses a word every day that no developer ever sees."""
    world = make()
    key = world.opened()
    world.settle()
    world.jira.set(world.only("jira").key, status="strange")
    for _ in range(3):
        world.settle()
        world.wait(minutes=5)
        world.desk.comment(key, "And now?", by="kim")
    (note,) = told(world, "jira", "The new status was not carried to desk")
    assert "unmapped: strange" in note
    assert "choose a word" in note
    assert told(world, "desk", "was not carried") == []


def test_a_field_that_the_other_side_cannot_hold_is_told_once(make: Make) -> None:
    """Otherwise somebody keeps a field that nobody else has, and is told at each of its values."""
    fields = {name: QUIET for name in FIELDS if name != "component"}
    world = make(differing={"jira": {"fields": fields}})
    key = world.opened()
    world.settle()
    for value in ("pump", "valve"):
        world.desk.set(key, component=value)
        world.settle()
    (note,) = told(world, "desk", "The new component was not carried to jira")
    assert "it cannot be held there" in note
    assert internal(world.only("desk").texts)
    assert told(world, "jira", "was not carried") == []


def test_a_field_is_told_of_though_the_first_try_was_not_heard(make: Make) -> None:
    """Otherwise a network's mishap is all it takes, and nobody ever learns of it."""
    world = make()
    world.opened()
    world.settle()
    world.jira.set(world.only("jira").key, status="strange")
    world.jira.fail("add_comment", Fault.UNREACHABLE)
    world.settle()
    assert len(told(world, "jira", "The new status was not carried")) == 1


def test_a_file_that_is_too_large_is_told_once_where_it_was_attached(make: Make) -> None:
    """Otherwise its author believes that the developers have it."""
    world = make(differing={"jira": {"max_file": 100}})
    key = world.opened()
    world.settle()
    world.wait(minutes=1)
    text = world.desk.comment(key, "See the log", by="sam", audience=STAFF)
    world.desk.attach(key, "log.bin", bytes(200), to=text)
    for _ in range(3):
        world.settle()
        world.wait(minutes=5)
        world.desk.comment(key, "And now?", by="kim")
    (note,) = told(world, "desk", "The file log.bin was not copied to jira")
    assert "larger than the 100 bytes" in note
    assert "a link to where it is shared" in note
    assert told(world, "jira", "was not copied to") == []
    assert internal(world.only("desk").texts)


def test_a_ticket_of_nobody_known_is_told_once_where_it_was_tagged(make: Make) -> None:
    """Otherwise an agent tags a ticket and waits for developers who never hear of it."""
    world = make()
    kim = world.desk.users["kim"]
    world.desk.users["kim"] = replace(kim, email="kim@elsewhere.test")
    key = world.opened()
    for _ in range(3):
        world.wait(minutes=5)
        world.sync()
    (note,) = told(world, "desk", "This ticket waits for a person")
    assert "no customer is known for kim@elsewhere.test" in note
    assert len(world.parked()) == 1
    world.desk.comment(key, "Hello?", by="kim")
    world.sync()
    assert len(told(world, "desk", "This ticket waits")) == 1
    ticket = world.desk.tickets[key]
    ticket.creator = kim
    world.desk.touch(ticket)
    world.settle()
    assert world.bodies("jira") == ["Help!", "Hello?"]
    assert world.parked() == []


def test_a_refused_ticket_is_told_once_where_it_was_tagged(make: Make) -> None:
    """Otherwise a required field that nobody fills keeps a customer waiting in silence."""
    world = make()
    key = world.opened()
    for _ in range(3):
        world.jira.fail("create", Fault.REFUSED)
        world.wait(minutes=5)
        world.desk.comment(key, "And now?", by="kim")
        world.sync()
        world.sync()
    (note,) = told(world, "desk", "jira refused the ticket")
    assert "tried again whenever it changes" in note
    world.settle()
    assert "And now?" in world.bodies("jira")
    assert told(world, "jira", "refused the ticket") == []


def test_nobody_is_told_where_a_customer_would_read_it(make: Make) -> None:
    """Otherwise a customer reads which of the desk's tools refused what."""
    world = make(differing={"desk": {"internal_comments": False}, "jira": {"max_file": 100}})
    key = world.opened()
    world.desk.attach(key, "log.bin", bytes(200))
    world.settle()
    assert told(world, "desk", "was not copied") == []
    assert ("jira", "file log.bin (desk)", "larger than the 100 bytes it takes") in world.findings()
