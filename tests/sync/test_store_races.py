"""Several processes on one store at the same moment, on both databases: nothing twice, nothing lost."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mappings.ticket import Raw, Ref, TextFormat
from sync.operations import Severity, Skip
from sync.seen import Kind, TextId
from sync.store import Store, open_store
from sync.store.dialects import Address
from sync.store.findings import CHANNEL
from sync.store.inbox import LEASE, Claim, LostClaim, Waiting
from sync.store.journal import Wish
from sync.store.outbox import Notification

AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
ROUNDS = 40


@pytest.fixture
def store(address: Address) -> Iterator[Store]:
    """An empty store, on either database."""
    opened = open_store(address)
    yield opened
    opened.database.close()


def _in_process(work: Callable[[Store, int], Any], address: Address, number: int, results: Any) -> None:
    store = open_store(address)
    try:
        results.put((number, work(store, number)))
    finally:
        store.database.close()


def at_once(address: Address, *works: Callable[[Store, int], Any]) -> list[Any]:
    """Run each work in a process of its own at the same time; return what each came to, in order."""
    fork = multiprocessing.get_context("fork")
    results = fork.Queue()
    workers = [
        fork.Process(target=_in_process, args=(work, address, number, results))
        for number, work in enumerate(works)
    ]
    for worker in workers:
        worker.start()
    found = dict(results.get(timeout=50) for _ in workers)
    for worker in workers:
        worker.join(10)
    assert [worker.exitcode for worker in workers] == [0] * len(workers)
    return [found[number] for number in range(len(works))]


def _claims_all(store: Store, number: int) -> list[tuple[str, int]]:
    """Try to claim every subject, and return the claims that were given."""
    given = []
    for n in range(ROUNDS):
        row = Waiting(f"bundle:{n}", AT, "changed", 0, None)
        if (taken := store.inbox.claim(row, AT)) is not None:
            given.append((taken[0].subject, taken[0].token))
    return given


def test_a_ticket_is_claimed_by_one(store: Store, address: Address) -> None:
    """Otherwise two processes that look at the same row at once both write the same comment."""
    for n in range(ROUNDS):
        store.inbox.put(f"bundle:{n}", AT, "changed")
    given = [claim for claims in at_once(address, _claims_all, _claims_all) for claim in claims]
    assert Counter(given) == {(f"bundle:{n}", 1): 1 for n in range(ROUNDS)}


def _takes_over(store: Store, number: int) -> list[int]:
    """Take every ticket over as soon as its claim ran out, again and again; return the tokens."""
    tokens = []
    for n in range(ROUNDS):
        at = AT + n * LEASE
        if (taken := store.inbox.claim(Waiting("bundle:1", at, "changed", 0, None), at)) is not None:
            tokens.append(taken[0].token)
    return tokens


def test_no_token_is_given_twice(store: Store, address: Address) -> None:
    """Otherwise a late worker is taken for its successor, and overwrites what that one recorded."""
    store.inbox.put("bundle:1", AT, "changed")
    tokens = [token for given in at_once(address, _takes_over, _takes_over) for token in given]
    assert sorted(tokens) == list(range(1, len(tokens) + 1))


def _notes(store: Store, number: int) -> list[tuple[int, bool]]:
    """Note the same writes as the other process, under the same claim."""
    claim, noted = Claim("bundle:1", 1), []
    for n in range(ROUNDS):
        wish = Wish(Kind.COMMENT, TextId("desk", "1", str(n)), "jira", "r", "2")
        intent = store.journal.intend(claim, 1, wish, str, AT)
        noted.append((intent.number, intent.open))
    return noted


def test_a_write_is_noted_once(store: Store, address: Address) -> None:
    """Otherwise one of two notes is never answered, and the text is sent again."""
    from sync.store import schema as t

    with store.database.writing() as tx:
        tx.execute(t.bundles.insert().values(created=AT))
    store.inbox.put("bundle:1", AT, "changed")
    assert store.inbox.claim(store.inbox.due(AT)[0], AT)
    first, second = at_once(address, _notes, _notes)
    assert [number for number, _ in first] == [number for number, _ in second]
    assert all(mine != theirs for (_, mine), (_, theirs) in zip(first, second, strict=True))


def _records(store: Store, number: int) -> int:
    """Record under a claim until somebody else takes the ticket over; return how often that went well."""
    claim = Claim("bundle:1", 1)
    for n in range(100_000):
        try:
            store.bundles.link(claim, 1, Ref("jira", "2"), f"http://jira.test/{n}", AT)
        except LostClaim:
            return n
    return -1


def _overtakes(store: Store, number: int) -> str:
    """Take the ticket over, and return what is recorded at that moment."""
    later = AT + LEASE
    while not store.bundles.load("bundle:1").urls:
        pass
    assert store.inbox.claim(Waiting("bundle:1", later, "changed", 0, None), later)
    return store.bundles.load("bundle:1").urls[Ref("jira", "2")]


def test_nothing_is_recorded_under_a_claim_that_was_lost(store: Store, address: Address) -> None:
    """Otherwise what a worker checked a moment before its successor came is still written after it."""
    from sync.store import schema as t

    with store.database.writing() as tx:
        tx.execute(t.bundles.insert().values(created=AT))
    store.inbox.put("bundle:1", AT, "changed")
    assert store.inbox.claim(store.inbox.due(AT)[0], AT)
    times, seen = at_once(address, _records, _overtakes)
    assert times > 0
    assert store.bundles.load("bundle:1").urls[Ref("jira", "2")] == seen


def _puts_and_works(store: Store, number: int) -> int:
    """Put what both processes put, and take away what is due; return how much was done."""
    done = 0
    for n in range(ROUNDS):
        store.inbox.put(f"ref:desk:{n}", AT, "changed")
        for row in store.inbox.due(AT):
            if (taken := store.inbox.claim(row, AT)) is not None:
                store.inbox.done(taken[1])
                store.inbox.release(taken[0])
                done += 1
    return done


def _sends(store: Store, number: int) -> list[str]:
    """Send what the other processes have people told."""
    sent: list[str] = []
    for _ in range(ROUNDS * 20):
        if taken := store.outbox.take(CHANNEL, AT, most=3):
            sent += [out.notification.key for out in taken]
            store.outbox.sent(taken, AT)
            store.outbox.rest(CHANNEL, AT)
        if len(sent) == ROUNDS:
            break
    return sent


def _reads_and_finds(store: Store, number: int) -> int:
    """Keep texts, forget them, and find what people are told of."""
    for n in range(ROUNDS):
        body = Raw(TextFormat.HTML, f"text {n % 5}")
        store.texts.keep(Ref("desk", str(number)), [("7", body), ("8", Raw(TextFormat.HTML, f"{n}"))], AT)
        leak = Skip("jira", f"text {n}", "it became readable", severity=Severity.URGENT)
        store.findings.record("bundle:1", [leak], AT)
        store.outbox.put(Notification(f"told:{n}", "duty", "t", "b", AT + timedelta(days=1)))
        store.texts.erase(Ref("desk", str(number)))
    return len(store.texts.of(Ref("desk", str(number))))


def test_sync_serve_and_migrate_may_run_at_once(store: Store, address: Address) -> None:
    """Otherwise one of three processes ends with a lock, a deadlock, or has done what another did too."""
    works = (_puts_and_works, _puts_and_works, _reads_and_finds, _reads_and_finds)
    first, second, *kept = at_once(address, *works)
    assert first + second >= ROUNDS
    assert store.inbox.due(AT) == []
    assert kept == [0, 0]
    assert len(store.findings.open()) == ROUNDS
    sent = [key for keys in at_once(address, _sends, _sends) for key in keys]
    urgent = [key for key in sent if key.startswith("finding:")]
    assert len(urgent) == len(set(urgent)) == ROUNDS
