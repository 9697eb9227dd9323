"""One budget for all processes on a store, on both databases: no call too many, live work first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, func, select

from connectors.quota import TOTAL, Level
from sync.store import Store, open_store
from sync.store.dialects import Address
from sync.store.quota import Share, SharedBudget
from sync.store.schema import quotas
from tests.sync.test_store_races import at_once

START = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LIMIT = 200
PATIENT = timedelta(hours=1)


class Clock:
    """A time that passes only when it is told to."""

    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def store(address: Address) -> Iterator[Store]:
    """An empty store, on either database."""
    opened = open_store(address)
    yield opened
    opened.database.close()


def calls(budget: SharedBudget, most: int = LIMIT) -> int:
    """Call without waiting until it is refused; return how many calls that were."""
    now = budget.take((), timedelta(0))
    made = 1
    while made < most and budget.take((), timedelta(0)) == now:
        made += 1
    return made


def _calls_at_once(store: Store, number: int) -> int:
    """Call as often as one process of several may within one moment."""
    budget = SharedBudget(store.database, "desk", lambda: START)
    return sum(budget.take((), timedelta(0)) == START for _ in range(LIMIT))


def test_processes_share_one_limit(store: Store, address: Address) -> None:
    """Broken: `serve` and `sync` on one store call twice as often as the account may, and both are refused.

    They are real processes that call at the same moment. One tells the limit; a fifth is left to people.
    """
    SharedBudget(store.database, "desk", lambda: START).learn([Level(TOTAL, LIMIT)])
    made = at_once(address, *[_calls_at_once] * 3)
    assert sum(made) == LIMIT * 8 // 10


def test_calls_come_free_a_window_later(store: Store) -> None:
    """Broken: a process waits for ever for what another one used, or uses it again at once."""
    clock = Clock()
    one, other = (SharedBudget(store.database, "desk", clock) for _ in range(2))
    one.learn([Level(TOTAL, LIMIT)])
    assert calls(one) == LIMIT * 8 // 10 == 160
    at = other.take((), PATIENT)
    assert START + MINUTE <= at <= START + MINUTE + timedelta(seconds=2)
    clock.at = START + MINUTE + timedelta(seconds=3)
    assert 100 < calls(other) <= 160


def test_what_was_not_used_is_given_back(store: Store) -> None:
    """Broken: processes that make a call now and then use the whole limit up."""
    clock = Clock()
    idle, busy = (SharedBudget(store.database, "desk", clock) for _ in range(2))
    idle.learn([Level(TOTAL, LIMIT)])
    for _ in range(10):
        idle.take((), timedelta(0))
        clock.at += timedelta(seconds=2)
    assert calls(busy) >= 160 - 10 - LIMIT // 50, "ten calls, and the batch that is not over yet"


def test_live_work_comes_first(store: Store) -> None:
    """Broken: a migration leaves a customer's message waiting for its next minute."""
    shares = {share: SharedBudget(store.database, "desk", Clock(), share) for share in Share}
    shares[Share.LIVE].learn([Level(TOTAL, LIMIT)])
    assert calls(shares[Share.SWEEP]) == 16
    assert calls(shares[Share.MIGRATION]) == 120
    assert calls(shares[Share.LIVE]) == 160 - 120 - 16


def test_a_refusal_stops_every_process(store: Store) -> None:
    """Broken: the others go on calling while the server says no."""
    clock = Clock()
    one, other = (SharedBudget(store.database, "desk", clock) for _ in range(2))
    assert other.take(["notes"], timedelta(0)) == START
    one.block(START + MINUTE, "notes")
    assert other.blocked_until("notes") == START + MINUTE
    assert other.blocked_until() is None
    clock.at += timedelta(seconds=1)
    assert other.take(["notes"], timedelta(0)) == START + MINUTE
    assert other.take([], timedelta(0)) == clock.at


def test_what_one_learned_all_know(store: Store) -> None:
    """Broken: `deskbridge status` knows no limit, and a second process begins without any."""
    one, other = (SharedBudget(store.database, "desk", Clock()) for _ in range(2))
    assert other.allowance() is None
    one.learn([Level(TOTAL, 600)])
    assert other.allowance() == 10


def test_a_narrow_limit_is_shared_too(store: Store) -> None:
    """Broken: two processes list tickets twice as often as the plan allows."""
    one, other = (SharedBudget(store.database, "desk", Clock()) for _ in range(2))
    one.learn([Level("list", 20), Level(TOTAL, LIMIT)])
    made = [budget.take(["list"], timedelta(0)) for _ in range(10) for budget in (one, other)]
    assert made.count(START) == 16
    assert other.take([], timedelta(0)) == START


def test_most_calls_cost_no_transaction(store: Store) -> None:
    """Broken: each call waits for the store's one writer, and the quota becomes what slows the hub down."""
    budget, asked = SharedBudget(store.database, "desk", Clock()), list[str]()
    budget.learn([Level(TOTAL, 1000), Level("short", 1000, window=timedelta(seconds=2))])
    event.listen(store.database._engine, "commit", lambda tx: asked.append("commit"))
    for _ in range(400):
        assert budget.take(["short"], timedelta(0)) == START
        budget.learn([Level(TOTAL, 1000), Level("short", 1000, window=timedelta(seconds=2))])
    assert len(asked) <= 400 / 20 + 1


def test_a_bucket_of_each_ticket_leaves_nothing_behind(store: Store) -> None:
    """Broken: a migration of 100,000 tickets leaves as many rows in the store, and batches in memory."""
    clock = Clock()
    budget = SharedBudget(store.database, "jira", clock)
    for number in range(400):
        clock.at += timedelta(seconds=0.5)
        assert budget.take((f"issue {number}",), PATIENT) == clock.at
    with store.database.reading() as tx:
        assert tx.execute(select(func.count()).select_from(quotas)).scalar_one() == 0
    assert len(budget) < 300


def test_a_server_that_counts_nothing_slows_nobody(store: Store) -> None:
    """Broken: a server whose limits are switched off is used as if they were on."""
    clock = Clock()
    budgets = [SharedBudget(store.database, "desk", clock) for _ in range(2)]
    for _ in range(600):
        for budget in budgets:
            assert budget.take((), timedelta(0)) == clock.at
            budget.learn([Level(TOTAL, LIMIT, LIMIT - 1)])
        clock.at += timedelta(seconds=0.05)


def test_a_server_that_counts_is_never_overrun(store: Store) -> None:
    """Broken: what is forgotten because a window began is called again within that window."""
    clock, used, window = Clock(), 0, START
    budgets = [SharedBudget(store.database, "desk", clock) for _ in range(2)]
    for _ in range(1200):
        for budget in budgets:
            if clock.at >= window + MINUTE:
                used, window = 0, clock.at
            if budget.take((), timedelta(0)) == clock.at:
                used += 1
                assert used <= LIMIT
                budget.learn([Level(TOTAL, LIMIT, LIMIT - used)])
        clock.at += timedelta(seconds=0.1)


def test_a_window_that_began_is_noticed_once(store: Store) -> None:
    """Broken: each process that had not called for a while forgets what the others called since it began."""
    clock = Clock()
    one, idle, third = (SharedBudget(store.database, "desk", clock) for _ in range(3))
    one.learn([Level(TOTAL, LIMIT)])
    assert calls(one, 148) == 148
    clock.at += timedelta(seconds=2)
    assert calls(one, 1) == calls(idle, 1) == 1
    one.learn([Level(TOTAL, LIMIT, LIMIT - 150)])
    clock.at += timedelta(seconds=30)
    one.learn([Level(TOTAL, LIMIT, LIMIT - 1)])
    assert calls(one, 80) == 80
    clock.at += timedelta(seconds=2)
    idle.learn([Level(TOTAL, LIMIT, LIMIT - 81)])
    assert calls(third) <= 160 - 80
