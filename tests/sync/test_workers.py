"""Signs of life: who stops giving them is taken over, and nobody else is; on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from deskbridge.standing import standing
from sync.jobs.beats import STILL, Beats
from sync.jobs.threads import Threads
from sync.store import Store, open_store
from sync.store.dialects import Address
from sync.store.inbox import Claim, LostClaim, Waiting, verify
from sync.store.workers import Worker
from tests.sync.test_store_races import at_once

AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


class Process:
    """A process on the store: its signs of life come when the test says so."""

    def __init__(self, address: Address, name: str) -> None:
        self.store, self.name, self.woken, self.ended = open_store(address), name, 0, 0
        self.others = 0
        self.beats = Beats(
            self.store, worker(name), lambda: AT, beside=self.count, freed=self.wake, outdated=self.end
        )
        self.store.workers.join(worker(name))
        self.store.database.holder = name

    def count(self, others: int) -> None:
        self.others = others

    def wake(self) -> None:
        self.woken += 1

    def end(self) -> None:
        self.ended += 1

    def takes(self, subject: str) -> Claim | None:
        """Claim a subject, as a look does."""
        taken = self.store.inbox.claim(Waiting(subject, AT, "changed", 0, None), AT)
        return taken[0] if taken else None


def worker(name: str) -> Worker:
    """Return a worker of that name."""
    return Worker(name, "work", "here", "0.1", 1, 4, 0, AT, AT)


@pytest.fixture
def two(address: Address) -> Iterator[tuple[Process, Process]]:
    """Two processes on one store, in which two tickets are due."""
    mine, other = Process(address, "mine"), Process(address, "other")
    mine.store.inbox.put_many(["bundle:1", "bundle:2"], AT, "changed")
    yield mine, other
    mine.store.database.close()
    other.store.database.close()


def test_what_a_dead_worker_held_is_due_at_once(two: tuple[Process, Process]) -> None:
    """Otherwise the tickets that a killed machine was at wait five minutes, until its claims run out."""
    mine, other = two
    held = other.takes("bundle:1")
    assert held is not None
    for _ in range(STILL):
        mine.beats.turn()
        assert mine.takes("bundle:1") is None
    mine.beats.turn()
    assert mine.woken == 1
    assert [ready.subject for ready in mine.store.inbox.ready(AT, 9)] == ["bundle:1", "bundle:2"]
    taken = mine.takes("bundle:1")
    assert taken is not None
    assert [one.id for one in mine.store.workers.all()] == ["mine"]


def test_one_that_was_only_slow_writes_nothing_more_and_is_entered_again(
    two: tuple[Process, Process],
) -> None:
    """Otherwise a machine that slept for a minute writes over what its successor did meanwhile."""
    mine, other = two
    held = other.takes("bundle:1")
    assert held is not None
    for _ in range(STILL + 1):
        mine.beats.turn()
    with pytest.raises(LostClaim), other.store.database.writing() as tx:
        verify(tx, held)
    other.beats.turn()
    assert {one.id for one in mine.store.workers.all()} == {"mine", "other"}
    assert other.takes("bundle:1") is not None


def test_who_gives_signs_keeps_its_tickets(two: tuple[Process, Process]) -> None:
    """Otherwise a long look of a worker that is well is done twice."""
    mine, other = two
    assert other.takes("bundle:1")
    for _ in range(3 * STILL):
        mine.beats.turn()
        other.beats.turn()
    assert mine.takes("bundle:1") is None
    assert (mine.woken, other.woken) == (0, 0)


def test_who_left_and_is_back_is_watched_from_the_beginning(two: tuple[Process, Process]) -> None:
    """Otherwise a process that has just begun again is taken for dead, and what it took is done twice."""
    mine, other = two
    for _ in range(STILL):
        mine.beats.turn()
    other.store.workers.leave(other.name)
    mine.beats.turn()
    other.store.workers.join(worker(other.name))
    assert other.takes("bundle:1")
    mine.beats.turn()
    assert mine.woken == 0
    assert {one.id for one in mine.store.workers.all()} == {"mine", "other"}


def test_what_was_given_back_or_parked_stays_as_it_is(two: tuple[Process, Process]) -> None:
    """Otherwise the end of a worker has all tickets looked at that it ever held."""
    mine, other = two
    for subject in ("bundle:1", "bundle:2"):
        held = other.takes(subject)
        row = other.store.inbox.row(subject)
        assert held
        assert row
        other.store.inbox.park(row, "nobody's", None)
        other.store.inbox.release(held)
    for _ in range(STILL + 1):
        mine.beats.turn()
    assert [one.id for one in mine.store.workers.all()] == ["mine"]
    assert mine.store.inbox.ready(AT, 9) == []


def _buries(store: Store, number: int) -> int:
    """Bury the worker as it was seen before any of the processes began."""
    return int(store.workers.bury(worker("other"), AT) is not None)


def test_one_of_many_takes_over(two: tuple[Process, Process], address: Address) -> None:
    """Otherwise a ticket is freed a second time, from the worker that has just taken it over."""
    _, other = two
    assert other.takes("bundle:1")
    other.store.database.close()
    assert sum(at_once(address, _buries, _buries, _buries)) == 1


def test_a_worker_ends_when_a_newer_program_changed_the_tables(two: tuple[Process, Process]) -> None:
    """Otherwise an older program goes on writing, in an upgrade one machine after the other."""
    mine, _ = two
    mine.beats.turn()
    assert mine.ended == 0
    with mine.store.database.writing() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    mine.beats.turn()
    assert mine.ended == 1


def test_processes_side_by_side_begin_at_different_tickets(two: tuple[Process, Process]) -> None:
    """Otherwise every process asks for the row that is due longest, and all but one ask in vain."""
    store, seen = two[0].store, list[str]()
    subjects = [f"bundle:{n:02}" for n in range(40)]
    store.inbox.put_many(subjects, AT - timedelta(minutes=1), "changed")
    jobs = Threads(store, seen.append, lambda: AT, {"desk": 1}, once=True)
    jobs.peers = 19
    jobs.start()
    assert jobs.idle(20)
    jobs.stop(timedelta(seconds=5))
    in_order = [*subjects, "bundle:1", "bundle:2"]
    assert sorted(seen) == sorted(in_order)
    assert seen != in_order
    assert in_order.index(seen[0]) < 20


def test_status_tells_who_works(two: tuple[Process, Process]) -> None:
    """Otherwise nobody sees that a machine is missing, as its work is done by the others."""
    told = standing({}, two[0].store, {}, AT)
    assert told.lines()[-1] == (
        "work works on here (1), 4 threads, last sign of life 2026-03-02 10:00 UTC (0 min ago)"
    )
    workers = told.as_json()["workers"]
    assert isinstance(workers, list)
    assert len(workers) == 2
