"""The real store, on both databases: shared by processes, and never fooled by a late worker."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connectors.base import Account, Presence, Snapshot
from mappings.ticket import Ref, Status, Ticket
from sync.seen import Kind, Mirror, Seen, TextId
from sync.sla.facts import Actor, Fact, FactKind, StatusFact
from sync.store import Store, open_store
from sync.store.dialects import Address
from sync.store.inbox import LEASE, Claim, LostClaim, Waiting
from sync.store.journal import CREATE, Wish
from tests.sync.situations import OBLIGING

AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DESK = Ref("desk", "1", "#1")
SIDE = Snapshot(
    ref=DESK,
    url="http://desk.test/1",
    place="",
    presence=Presence.PRESENT,
    version="1",
    read_at=AT,
    ticket=Ticket(subject="", created=AT, updated=AT),
    native={},
    abilities=OBLIGING,
)
ORIGIN, TARGET = TextId("desk", "1", "7"), TextId("jira", "2", "70")
WISH = Wish(Kind.COMMENT, ORIGIN, "jira", "r1", "2")


@pytest.fixture
def store(address: Address) -> Iterator[Store]:
    """An empty store, on either database."""
    opened = open_store(address)
    yield opened
    opened.database.close()


def claimed(store: Store, subject: str = "ref:desk:1", at: datetime = AT) -> tuple[Claim, Waiting]:
    """Return the claim of a subject that was put into the inbox."""
    store.inbox.put(subject, at, "changed")
    (row,) = [r for r in store.inbox.due(at) if r.subject == subject]
    taken = store.inbox.claim(row, at)
    assert taken
    return taken


def begun(store: Store) -> tuple[int, Claim]:
    """Return a bundle of one side, claimed."""
    return store.bundles.begin(claimed(store)[0], SIDE)


def test_a_store_is_the_same_after_it_was_closed(store: Store, address: Address) -> None:
    """Otherwise every restart signs as another hub, and all old markers are a stranger's."""
    store.database.identify("jira", Account("hub", "Bridge", "https://acme.test"))
    again = open_store(address)
    assert again.hub() == store.hub() != ""
    assert again.database.identity("jira") == ("https://acme.test", "hub")
    assert again.database.identity("gitlab") is None
    again.database.close()


def test_who_a_connection_was_first_counts(store: Store) -> None:
    """Otherwise two processes that meet a connection at once end in an error, or one forgets the other."""
    for key in ("hub", "other"):
        store.database.identify("jira", Account(key, "Bridge", "https://acme.test"))
    assert store.database.identity("jira") == ("https://acme.test", "hub")


# -- claims


def test_a_claimed_ticket_is_nobody_elses(store: Store) -> None:
    """Otherwise two workers write the same comment."""
    _, row = claimed(store)
    assert store.inbox.claim(row, AT + MINUTE) is None


def test_a_released_ticket_can_be_claimed(store: Store) -> None:
    """Otherwise a ticket is looked at once and then never again."""
    claim, row = claimed(store)
    store.inbox.release(claim)
    assert store.inbox.claim(row, AT) is not None


def test_a_claim_that_ran_out_is_taken_over_and_its_worker_writes_nothing(store: Store) -> None:
    """Otherwise a worker that slept overwrites what its successor has recorded."""
    store.inbox.put("ref:desk:1", AT, "changed")
    (row,) = store.inbox.due(AT)
    late = claimed(store)[0]
    bundle, claim = store.bundles.begin(late, SIDE)
    store.bundles.saw(claim, bundle, DESK, Seen({"subject": "old"}), "1", AT)
    store.inbox.put(f"bundle:{bundle}", AT, "changed")
    after = AT + LEASE + MINUTE
    (row,) = [r for r in store.inbox.due(after) if r.subject == f"bundle:{bundle}"]
    assert store.inbox.claim(row, after)
    before = store.bundles.load(f"bundle:{bundle}")
    copy = Mirror(Kind.COMMENT, ORIGIN, TARGET, "r", "a")
    intent = None
    for record in (
        lambda: store.bundles.saw(claim, bundle, DESK, Seen({"subject": "late"}), "2", after),
        lambda: store.bundles.copied(claim, bundle, [copy], after),
        lambda: store.bundles.link(claim, bundle, Ref("jira", "2"), "u", after),
        lambda: store.bundles.learned(claim, bundle, {DESK: (came(Status.OPEN, after, after),)}),
        lambda: store.journal.intend(claim, bundle, WISH, str, after),
    ):
        with pytest.raises(LostClaim):
            intent = record()
    assert intent is None
    found = store.bundles.load(f"bundle:{bundle}")
    assert (found.seen, found.refs, list(found.mirrors)) == (before.seen, before.refs, list(before.mirrors))


def test_a_late_release_ends_nobody_elses_claim(store: Store) -> None:
    """Otherwise a worker that wakes up gives away a ticket that its successor is working on."""
    late, row = claimed(store)
    after = AT + LEASE + MINUTE
    assert store.inbox.claim(row, after)
    store.inbox.release(late)
    assert store.inbox.claim(row, after) is None


def test_a_new_bundle_belongs_to_whoever_began_it(store: Store) -> None:
    """Otherwise another worker takes the ticket between its link and its first write."""
    bundle, _ = begun(store)
    store.inbox.put(f"bundle:{bundle}", AT, "changed")
    (row,) = [r for r in store.inbox.due(AT) if r.subject == f"bundle:{bundle}"]
    assert store.inbox.claim(row, AT) is None


# -- the inbox


def test_two_events_are_one_look(store: Store) -> None:
    """Otherwise a burst of webhooks is a burst of work."""
    for reason in ("webhook", "poll"):
        store.inbox.put("bundle:1", AT, reason)
    assert [row.subject for row in store.inbox.due(AT)] == ["bundle:1"]


def test_the_earliest_event_counts(store: Store) -> None:
    """Otherwise a timer for tonight delays what happened just now."""
    store.inbox.put("bundle:1", AT + timedelta(hours=5), "a clock")
    assert store.inbox.due(AT) == []
    store.inbox.put("bundle:1", AT, "changed")
    assert [row.reason for row in store.inbox.due(AT)] == ["changed"]
    store.inbox.put("bundle:1", AT + timedelta(hours=5), "a clock")
    assert [row.reason for row in store.inbox.due(AT)] == ["changed"]


def test_what_is_done_is_gone(store: Store) -> None:
    """Otherwise the same ticket is looked at for ever."""
    _, row = claimed(store)
    store.inbox.done(row)
    assert store.inbox.due(AT + LEASE + MINUTE) == []


@pytest.mark.parametrize("end", ["done", "later", "park"])
def test_an_event_that_comes_while_a_ticket_is_worked_on_is_not_lost(store: Store, end: str) -> None:
    """Otherwise an edit made during a reconcile waits for the next edit."""
    _, row = claimed(store)
    store.inbox.put(row.subject, AT + MINUTE, "changed meanwhile")
    match end:
        case "done":
            store.inbox.done(row)
        case "later":
            store.inbox.later(row, AT + timedelta(hours=9), "down")
        case _:
            store.inbox.park(row, "refused")
    assert [(r.subject, r.reason) for r in store.inbox.due(AT + MINUTE)] == [
        ("ref:desk:1", "changed meanwhile")
    ]
    assert store.inbox.parked() == []


def test_a_killed_workers_ticket_is_looked_at_again(store: Store) -> None:
    """Otherwise a crash in the middle of a ticket is the end of that ticket."""
    claimed(store)
    assert store.inbox.due(AT + MINUTE) == []
    assert [row.subject for row in store.inbox.due(AT + LEASE)] == ["ref:desk:1"]


def test_what_waits_comes_back_with_its_attempts(store: Store) -> None:
    """Otherwise a ticket in trouble is tried without pause, or never again."""
    _, row = claimed(store)
    store.inbox.later(row, AT + MINUTE, "down")
    (again,) = store.inbox.due(AT + MINUTE)
    assert (again.attempts, again.reason) == (1, "down")


def test_what_is_parked_shows_its_reason_and_is_tried_again_when_it_changes(store: Store) -> None:
    """Otherwise a refused ticket vanishes, or stays refused after a person has mended it."""
    _, row = claimed(store)
    store.inbox.park(row, "no such project")
    assert [(r.subject, r.parked) for r in store.inbox.parked()] == [("ref:desk:1", "no such project")]
    assert store.inbox.due(AT + timedelta(days=99)) == []
    store.inbox.put("ref:desk:1", AT, "changed")
    assert [r.parked for r in store.inbox.due(AT)] == [None]


def test_a_row_follows_its_ticket_into_a_bundle(store: Store) -> None:
    """Otherwise one ticket stands in the inbox twice, and two workers take it."""
    bundle, _ = begun(store)
    (row,) = store.inbox.due(AT + LEASE)
    renamed = store.canonical(row)
    assert renamed.subject == f"bundle:{bundle}"
    assert [r.subject for r in store.inbox.due(AT + LEASE)] == [f"bundle:{bundle}"]
    assert store.canonical(renamed) == renamed


def test_cursors_are_kept_for_each_connection(store: Store) -> None:
    """Otherwise a restart polls from the beginning, or skips what happened meanwhile."""
    assert store.inbox.cursor("desk") is None
    store.inbox.collected("desk", AT)
    store.inbox.collected("desk", AT + MINUTE)
    store.inbox.collected("jira", AT)
    assert (store.inbox.cursor("desk"), store.inbox.cursor("jira")) == (AT + MINUTE, AT)


# -- the journal


def test_an_open_intent_is_found_again_whatever_its_revision(store: Store) -> None:
    """Otherwise an edit after a lost answer makes a second comment."""
    bundle, claim = begun(store)
    create = Wish(CREATE, ORIGIN, "jira", "r1")
    first = store.journal.intend(claim, bundle, create, lambda n: f"token-{n}", AT)
    edited = replace(create, revision="r2")
    again = store.journal.intend(claim, bundle, edited, lambda n: f"other-{n}", AT + MINUTE)
    assert not first.open
    assert again.open
    assert (again.number, again.token, again.sent) == (first.number, first.token, AT)


def test_intents_of_different_things_are_different(store: Store) -> None:
    """Otherwise the answer to one write settles another."""
    bundle, claim = begun(store)
    wishes = [
        WISH,
        Wish(CREATE, ORIGIN, "jira", "r1"),
        Wish(Kind.FILE, ORIGIN, "jira", "r1"),
        Wish(Kind.COMMENT, ORIGIN, "gitlab", "r1"),
        Wish(Kind.COMMENT, TextId("desk", "1", "8"), "jira", "r1"),
        Wish(Kind.COMMENT, TextId("desk", "2", "7"), "jira", "r1"),
        replace(WISH, key="3"),
    ]
    intents = [store.journal.intend(claim, bundle, wish, str, AT) for wish in wishes]
    assert not any(intent.open for intent in intents)
    assert len({intent.number for intent in intents}) == len(wishes)


def test_a_forgotten_intent_was_never_there_and_its_number_is_not_used_again(store: Store) -> None:
    """Otherwise a refused write is looked for, or two writes carry the same number."""
    bundle, claim = begun(store)
    first = store.journal.intend(claim, bundle, WISH, str, AT)
    store.journal.forget(claim, first)
    second = store.journal.intend(claim, bundle, WISH, str, AT)
    assert not second.open
    assert second.number > first.number


def test_a_write_that_is_sent_again_is_open_under_its_new_marker(store: Store) -> None:
    """Otherwise the second send cannot be found if its answer is lost too."""
    bundle, claim = begun(store)
    wish = Wish(CREATE, ORIGIN, "jira", "r1")
    first = store.journal.intend(claim, bundle, wish, lambda n: f"token-{n}", AT)
    sent = store.journal.resend(claim, first, wish, lambda n: f"again-{n}", AT + MINUTE)
    assert (sent.number, sent.token, sent.open) == (first.number, f"again-{first.number}", False)
    found = store.journal.intend(claim, bundle, wish, str, AT + 2 * MINUTE)
    assert (found.open, found.token, found.sent) == (True, sent.token, AT + MINUTE)


@pytest.mark.parametrize("how", ["answered", "copy found"])
def test_a_settled_intent_is_closed(store: Store, how: str) -> None:
    """Otherwise the next write of the same kind waits for an answer that was heard."""
    bundle, claim = begun(store)
    intent = store.journal.intend(claim, bundle, WISH, str, AT)
    if how == "answered":
        store.journal.done(claim, intent, "2", AT)
    else:
        store.bundles.copied(claim, bundle, [Mirror(Kind.COMMENT, ORIGIN, TARGET, "r1", "a")], AT)
    assert not store.journal.intend(claim, bundle, WISH, str, AT).open


# -- bundles


def test_a_ticket_is_found_by_each_of_its_sides(store: Store) -> None:
    """Otherwise an event on one side is taken for a new ticket."""
    bundle, claim = begun(store)
    store.bundles.link(claim, bundle, Ref("jira", "2", "SUP-2"), "http://jira.test/2", AT + MINUTE)
    store.bundles.link(claim, bundle, Ref("jira", "2", "NEW-2"), "http://jira.test/2", AT + MINUTE)
    assert store.bundles.subject(DESK) == store.bundles.subject(Ref("jira", "2")) == f"bundle:{bundle}"
    assert store.bundles.subject(Ref("jira", "1")) == "ref:jira:1"
    assert store.bundles.subjects() == [f"bundle:{bundle}"]
    loaded = store.bundles.load("ref:desk:1")
    assert [(ref.connection, ref.display) for ref in loaded.refs] == [("desk", "#1"), ("jira", "NEW-2")]
    assert loaded.subject == f"bundle:{bundle}"


def test_an_unlinked_ticket_is_its_reference_only(store: Store) -> None:
    """Otherwise a key with a colon in it (as one system has) is torn apart."""
    loaded = store.bundles.load("ref:gitlab:101:7")
    assert (loaded.id, loaded.refs, loaded.subject) == (None, (Ref("gitlab", "101:7"),), "ref:gitlab:101:7")


def test_what_was_seen_comes_back_as_it_was(store: Store) -> None:
    """Otherwise every tag list looks changed after a restart."""
    bundle, claim = begun(store)
    seen = Seen(
        {"subject": "ünï", "tags": ("a", "b"), "component": None, "due": ""},
        {"due": "2026", "tags": ("c",)},
        serial=3,
    )
    for version in ("1", "2"):
        store.bundles.saw(claim, bundle, DESK, seen, version, AT)
    loaded = store.bundles.load(f"bundle:{bundle}").seen[DESK]
    assert loaded == seen
    assert isinstance(loaded.native["tags"], tuple)


def test_a_copy_is_recorded_once_and_brought_up_to_date(store: Store) -> None:
    """Otherwise an edit adds a second record, and which of the two counts is chance."""
    bundle, claim = begun(store)
    first = Mirror(Kind.COMMENT, ORIGIN, TARGET, "r1", "a1")
    moved = Mirror(Kind.COMMENT, ORIGIN, TextId("jira", "2", "71"), "r2", "a2", "name")
    for copy in (first, first, moved):
        store.bundles.copied(claim, bundle, [copy], AT)
    assert list(store.bundles.load(f"bundle:{bundle}").mirrors) == [moved]


def test_two_files_that_became_one_are_both_copied(store: Store) -> None:
    """Otherwise a person who attaches the same file twice stops the whole desk."""
    bundle, claim = begun(store)
    there = TextId("jira", "2", "f")
    copies = [Mirror(Kind.FILE, TextId("desk", "1", name), there, "", "") for name in ("f1", "f2")]
    store.bundles.copied(claim, bundle, copies, AT)
    assert len(list(store.bundles.load(f"bundle:{bundle}").mirrors)) == 2


def test_a_version_is_fresh_only_when_it_was_read_after_it_settled(store: Store) -> None:
    """Otherwise a change within the second of the last look is never seen."""
    bundle, claim = begun(store)
    store.bundles.saw(claim, bundle, DESK, Seen({}), "v5", AT)
    settle = timedelta(seconds=2)
    assert store.bundles.fresh(DESK, "v5", AT - timedelta(seconds=3), settle)
    assert not store.bundles.fresh(DESK, "v5", AT - timedelta(seconds=1), settle)
    assert not store.bundles.fresh(DESK, "v6", AT - timedelta(seconds=3), settle)
    assert not store.bundles.fresh(Ref("desk", "9"), "v5", AT - timedelta(seconds=3), settle)


def came(status: Status, after: datetime, by: datetime) -> Fact:
    """Return the fact that a side came to a status."""
    return Fact(FactKind.STATUS, status.value, after, by)


def test_facts_come_back_in_order(store: Store) -> None:
    """Otherwise a clock forgets when a ticket was resolved, or counts the hub's act as a person's."""
    bundle, claim = begun(store)
    opened, resolved = came(Status.OPEN, AT, AT), came(Status.RESOLVED, AT, AT + MINUTE)
    again = came(Status.OPEN, AT + MINUTE, AT + MINUTE)
    answer = Fact(FactKind.ANSWER, "7", AT + 2 * MINUTE, AT + 2 * MINUTE, Actor.HUB)
    for facts in ((resolved,), (again, opened), (opened, answer)):
        store.bundles.learned(claim, bundle, {DESK: facts})
    found = store.bundles.load(f"bundle:{bundle}")
    assert found.timeline == {DESK: (opened, resolved, again, answer)}
    assert found.statuses(DESK) == (
        StatusFact(Status.OPEN, AT, AT),
        StatusFact(Status.RESOLVED, AT, AT + MINUTE),
        StatusFact(Status.OPEN, AT + MINUTE, AT + MINUTE),
    )


# -- several processes


def _write_much(address: Address, name: str) -> None:
    store = open_store(address)
    for number in range(60):
        at = AT + number * MINUTE
        store.inbox.put(f"ref:{name}:{number}", at, "changed")
        claim, row = claimed(store, f"ref:{name}:{number}", at)
        bundle, mine = store.bundles.begin(claim, _side(name, number))
        store.bundles.saw(mine, bundle, Ref(name, str(number)), Seen({"subject": str(number)}), "1", at)
        store.inbox.done(row)
        store.inbox.release(mine)
    store.database.close()


def _side(name: str, number: int) -> Snapshot:
    return Snapshot(
        ref=Ref(name, str(number)),
        url="",
        place="",
        presence=Presence.PRESENT,
        version="1",
        read_at=AT,
        ticket=SIDE.ticket,
        native={},
        abilities=OBLIGING,
    )


def test_two_processes_that_write_at_once_do_not_fail(address: Address) -> None:
    """Otherwise a second command ends with "database is locked" while the service runs."""
    spawn = multiprocessing.get_context("fork")
    workers = [spawn.Process(target=_write_much, args=(address, name)) for name in ("one", "two")]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert [worker.exitcode for worker in workers] == [0, 0]
    store = open_store(address)
    assert len(store.bundles.subjects()) == 120
    assert store.inbox.due(AT + timedelta(days=1)) == []
    store.database.close()


def test_what_is_written_together_is_committed_together(store: Store) -> None:
    """Broken: a kill in the middle of one record leaves half of it, or other workers see half of it."""
    other = open_store(store.database.address)
    with store.together():
        store.inbox.put("ref:desk:1", AT, "a")
        with store.together():
            store.inbox.put("ref:desk:2", AT, "b")
        assert [row.subject for row in store.inbox.due(AT)] == ["ref:desk:1", "ref:desk:2"]
        assert other.inbox.due(AT) == []
    assert [row.subject for row in other.inbox.due(AT)] == ["ref:desk:1", "ref:desk:2"]
    other.database.close()


def failing(store: Store, meanwhile: Callable[[], None] = lambda: None) -> None:
    """Write together with what fails."""
    with store.together():
        meanwhile()
        store.inbox.put("ref:desk:1", AT, "a")
        raise LostClaim("taken over")


def test_an_error_takes_back_all_that_was_written_together(store: Store) -> None:
    """Broken: half of a record stays, or everything that the thread writes afterwards is lost with it."""
    with pytest.raises(LostClaim):
        failing(store)
    assert store.inbox.due(AT) == []
    store.inbox.put("ref:desk:2", AT, "b")
    assert [row.subject for row in store.inbox.due(AT)] == ["ref:desk:2"]


def test_what_is_read_together_is_of_one_state(store: Store) -> None:
    """Broken: a ticket is decided about by its sides of now and its copies of a moment later."""
    other = open_store(store.database.address)
    with store.together():
        assert store.inbox.row("ref:desk:1") is None
        other.inbox.put("ref:desk:1", AT, "a")
        assert store.inbox.due(AT) == []
        store.inbox.put("ref:desk:2", AT, "b")
        assert [row.subject for row in store.inbox.due(AT)] == ["ref:desk:1", "ref:desk:2"]
    assert store.inbox.row("ref:desk:1") is not None
    other.database.close()


def test_many_threads_that_read_before_they_write_all_come_to_their_end(store: Store) -> None:
    """Broken: each holds what it reads in and waits for its turn to write, which nobody can begin."""
    all_have_read, count = threading.Barrier(100), 100

    def work(number: int) -> bool:
        all_have_read.wait(30)
        with store.together():
            known = store.inbox.row(f"ref:desk:{number}")
            time.sleep(0.02)
            store.inbox.put(f"ref:desk:{number}", AT, "a")
        return known is None

    begun = time.monotonic()
    with ThreadPoolExecutor(count) as pool:
        assert all(pool.map(work, range(count)))
    assert time.monotonic() - begun < 25, "a pool of connections is waited for so long at most"
    assert len(store.inbox.due(AT)) == count


def test_threads_do_not_write_into_each_others_group(store: Store) -> None:
    """Broken: one worker's writes are rolled back because another worker's failed."""
    worker = threading.Thread(target=store.inbox.put, args=("ref:desk:2", AT, "b"))

    def other() -> None:
        worker.start()
        worker.join()

    with pytest.raises(LostClaim):
        failing(store, other)
    assert [row.subject for row in store.inbox.due(AT)] == ["ref:desk:2"]
