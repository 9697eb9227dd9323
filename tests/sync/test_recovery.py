"""A store that was lost, or restored from a backup: nothing is made twice, and links are found again."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from mappings.provenance import Signer
from mappings.ticket import Audience, Ref
from sync.links import Links
from sync.outcome import Later
from sync.recovery import Recovered, Recovery
from tests.sync.test_reroute import named_elsewhere
from tests.sync.world import SECRET, World

STAFF = Audience.STAFF


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A desk, two teams and a hub."""
    made = World(tmp_path)
    yield made
    made.close()


def recovery(world: World, numbered: str | None = None) -> Recovery:
    """Return what finds links again; old numbers of the desk are labels that begin so."""
    return Recovery(
        store=world.store,
        connectors=dict(world.connectors),
        rules=world.rules,
        signer=Signer(SECRET),
        now=world.now,
        numbered={"desk": numbered} if numbered else None,
    )


def recover(world: World, *, apply: bool = True) -> Recovered:
    """Have the hub find its links again."""
    return recovery(world).recover(apply=apply)


def busy(world: World) -> str:
    """Have a conversation with files on all sides, and return the ticket's key."""
    key = world.opened("dev", "firmware")
    world.desk.attach(key, "log.txt", b"some bytes" * 50)
    world.settle()
    world.wait(minutes=5)
    world.jira.comment(world.only("jira").key, "A developer's thought", audience=STAFF)
    world.jira.attach(world.only("jira").key, "patch.txt", b"other bytes" * 50)
    world.desk.comment(key, "The customer again", by="kim")
    world.settle()
    return key


def picture(world: World) -> dict[str, object]:
    """Return what stands where."""
    names = ("desk", "jira", "gitlab")
    return {
        name: (world.bodies(name, notes=True), world.files(name), len(world.servers[name].tickets))
        for name in names
    }


def without_store(world: World) -> None:
    """Lose the store."""
    world.store.database.close()
    for file in world.folder.glob("store.sqlite3*"):
        file.unlink()
    world.reopen()


def test_a_lost_store_makes_nothing_twice(world: World) -> None:
    """Otherwise every ticket gets a second issue the day the disk dies."""
    key = busy(world)
    before = picture(world)
    without_store(world)
    world.desk.tag(key, "pump")
    world.sync()
    (why,) = world.parked()
    assert "`deskbridge recover`" in str(why)
    assert picture(world) == before


def test_a_lost_store_is_found_again_in_the_tools(world: World) -> None:
    """Otherwise nobody can ever go on after the store was lost."""
    key = busy(world)
    before = picture(world)
    without_store(world)
    dry = recover(world, apply=False)
    assert sorted(str(work.connection) for _, work in dry.links) == ["gitlab", "jira"]
    assert not world.store.bundles.subjects()
    assert recover(world).problems == []
    world.settle()
    assert picture(world) == before
    world.wait(minutes=5)
    world.desk.comment(key, "And it goes on", by="kim")
    world.jira.comment(world.only("jira").key, "Here too", audience=STAFF)
    world.settle()
    for name in ("jira", "gitlab"):
        assert world.bodies(name).count("And it goes on") == 1
    assert world.bodies("desk").count("Here too") == 1


def test_what_a_run_made_is_no_live_works_after_the_store_was_lost(world: World) -> None:
    """What developers do to the cards of an archive would change the tickets of the desk that is left."""
    key = world.opened("dev")
    world.settle()
    world.jira.tag(world.only("jira").key, f"old-{key}")
    without_store(world)
    found, before = recovery(world, "old-").recover(apply=True), world.bodies("desk", notes=True)
    assert (len(found.links), found.problems) == (1, [])
    assert world.store.bundles.load(f"ref:desk:{key}").run == 0
    world.wait(minutes=5)
    world.jira.comment(world.only("jira").key, "Here too", audience=STAFF)
    world.settle()
    assert world.bodies("desk", notes=True) == before


def test_a_restored_store_writes_nothing_before_it_was_told(world: World) -> None:
    """Otherwise what was written since the backup is written again."""
    key = busy(world)
    kept = world.folder / "backup.sqlite3"
    world.store.database.close()
    shutil.copy(world.folder / "store.sqlite3", kept)
    world.reopen()
    world.wait(minutes=5)
    world.desk.comment(key, "Said after the backup", by="kim")
    world.desk.set(key, subject="Renamed after the backup")
    world.settle()
    later = world.opened(subject="A ticket after the backup")
    world.settle()
    world.store.database.close()
    for file in world.folder.glob("store.sqlite3*"):
        file.unlink()
    shutil.copy(kept, world.folder / "store.sqlite3")
    world.reopen()
    totals = {name: sum(len(t.texts) for t in s.tickets.values()) for name, s in world.servers.items()}
    world.wait(minutes=5)
    world.desk.tag(key, "pump")
    world.sync()
    assert world.store.database.recovering()
    world.desk.comment(later, "While recovering", by="kim")
    assert all(isinstance(outcome, Later) for outcome in world.outcomes())
    found = recover(world)
    assert [front.key for front, _ in found.links] == [later]
    assert not world.store.database.recovering()
    due = {row.subject for row in world.store.inbox.due(world.now())}
    assert due >= set(world.store.bundles.subjects()), "what had to wait waits on"
    assert world.store.database.highest_number() >= found.highest
    world.settle()
    now = {name: sum(len(t.texts) for t in s.tickets.values()) for name, s in world.servers.items()}
    assert now == {"desk": totals["desk"] + 1, "jira": totals["jira"] + 1, "gitlab": totals["gitlab"]}
    subjects = {str(ticket.fields["subject"]) for ticket in world.jira.tickets.values()}
    assert subjects == {"Renamed after the backup", "A ticket after the backup"}


def test_two_hubs_with_one_secret_are_not_mixed_up(world: World) -> None:
    """Otherwise a copied settings file makes one hub take over the other's tickets."""
    busy(world)
    without_store(world)
    world.opened(subject="Of another hub")
    world.settle()
    assert len(recover(world, apply=False).problems) == 1


@pytest.mark.parametrize("tagged", [False, True])
def test_what_a_removed_tag_ended_stays_ended_in_a_new_store(world: World, *, tagged: bool) -> None:
    """Otherwise developers read again what an agent took away from them, because a disk broke."""
    key = busy(world)
    world.desk.tag(key, remove=["dev"])
    world.settle()
    world.wait(minutes=5)
    world.desk.comment(key, "Not for the first team", by="kim")
    world.settle()
    without_store(world)
    assert recover(world).problems == []
    world.settle()
    before = picture(world)
    world.wait(minutes=5)
    if tagged:
        world.desk.tag(key, "dev")
        world.settle()
    world.wait(minutes=5)
    world.desk.comment(key, "For whom?", by="kim")
    world.settle()
    assert "Not for the first team" not in world.bodies("jira")
    assert ("For whom?" in world.bodies("jira")) is tagged
    assert "For whom?" in world.bodies("gitlab")
    if not tagged:
        assert picture(world)["jira"] == before["jira"]


def test_what_was_rerouted_stays_left_in_a_new_store(world: World) -> None:
    """Otherwise two places get everything, of which the routes name one, because a disk broke."""
    key = world.opened("dev")
    world.settle()
    rerouting = named_elsewhere(world)
    (move,) = rerouting.moves("lantern")
    assert rerouting.leave(move) is None
    world.settle()
    assert len(world.gitlab.tickets) == 1
    assert list(recovery(world).lost()) == []
    without_store(world)
    assert [work.connection for _, work in recover(world).links] == ["gitlab"]
    world.settle()
    world.wait(minutes=5)
    world.desk.comment(key, "For the second team", by="kim")
    world.settle()
    assert "For the second team" not in world.bodies("jira")
    assert "For the second team" in world.bodies("gitlab")


def test_every_ticket_of_a_shared_issue_is_found_again(world: World) -> None:
    """Otherwise of two customers with one bug, one never hears of it again, and `recover` finds nothing."""
    first = world.opened(subject="It does not start", text="The first asks")
    world.settle()
    (issue,) = world.jira.tickets
    second = world.desk.open_ticket("Will not start either", "The second asks")
    linked = Links(world.store, dict(world.connectors), world.rules, world.now)
    linked.link(Ref("desk", second), Ref("jira", issue))
    world.settle()
    world.wait(minutes=5)
    world.desk.comment(second, "The second waits", by="kim")
    world.settle()
    world.wait(minutes=5)
    world.desk.tag(first, remove=["dev"])
    world.settle()
    world.wait(minutes=5)
    world.desk.comment(second, "The second still waits", by="kim")
    world.settle()
    without_store(world)
    assert len(recover(world).links) == 2
    world.settle()
    world.wait(minutes=5)
    world.jira.comment(issue, "Fixed for who stayed", audience=STAFF)
    world.settle()
    said = {
        key: [text.body.text for text in world.desk.tickets[key].texts.values()] for key in (first, second)
    }
    assert sum("Fixed for who stayed" in text for text in said[second]) == 1
    assert not any("Fixed for who stayed" in text for text in said[first])
    assert sum("The second asks" in text for text in world.bodies("jira")) <= 1
