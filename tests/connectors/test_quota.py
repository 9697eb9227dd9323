"""The budget of one process: no call too many, and none too few."""

from __future__ import annotations

import threading
from collections import deque
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.quota import TOTAL, Level, LocalBudget, number

START = datetime(2026, 1, 5, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PATIENCE = timedelta(hours=1)


class Clock:
    """A time that passes only when it is told to."""

    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at


class Account:
    """A server that counts calls in fixed minutes, of which the first is under way for `phase` seconds."""

    def __init__(self, limit: int, phase: float, others: int = 0) -> None:
        self.limit, self.begins, self.others = limit, START - timedelta(seconds=phase), others
        self.used, self.refused = others, 0

    def call(self, at: datetime) -> int:
        """Count a call and return what is left."""
        while at >= self.begins + MINUTE:
            self.begins, self.used = self.begins + MINUTE, self.others
        self.used += 1
        self.refused += self.used > self.limit
        return max(0, self.limit - self.used)


def work(budget: LocalBudget, clock: Clock, account: Account, threads: int, minutes: int) -> int:
    """Call as fast as the budget allows, `threads` calls under way at once; return how many were made."""
    made, heard = 0, deque[int]()
    while True:
        at = budget.take((), PATIENCE)
        if at > START + minutes * MINUTE:
            return made
        while at > clock.at and heard:  # a wait is long enough for every answer to arrive
            budget.learn([Level(TOTAL, account.limit, heard.popleft())])
        clock.at = max(clock.at, at) + timedelta(seconds=0.05 / threads)
        heard.append(account.call(max(clock.at, at)))
        made += 1
        if len(heard) >= threads:
            budget.learn([Level(TOTAL, account.limit, heard.popleft())])


@pytest.mark.parametrize("threads", [1, 8])
@pytest.mark.parametrize("phase", [0.0, 1.0, 31.4, 59.9])
def test_all_is_used_and_nothing_refused(threads: int, phase: float) -> None:
    """Broken: a migration takes longer than the weekend, or every other tool is refused because of it."""
    clock, account = Clock(), Account(400, phase)
    made = work(LocalBudget(clock, headroom=0), clock, account, threads, minutes=10)
    assert account.refused == 0
    assert made >= 0.95 * 400 * 10


def test_a_server_that_counts_nothing_slows_nobody() -> None:
    """Broken: a server whose limits are switched off is used as if they were on."""
    clock = Clock()
    budget = LocalBudget(clock)
    for _ in range(2000):
        assert budget.take([], timedelta(0)) == clock.at
        budget.learn([Level(TOTAL, 700, 699)])


def test_the_headroom_is_left_to_others() -> None:
    """Broken: people's own clicks are refused while the hub works."""
    clock, account = Clock(), Account(400, 20.0)
    made = work(LocalBudget(clock), clock, account, threads=4, minutes=10)
    assert account.refused == 0
    assert 0.95 * 320 * 10 <= made <= 320 * 11


def test_what_others_use_is_seen() -> None:
    """Broken: two tools on one account refuse each other all day."""
    clock, account = Clock(), Account(400, 10.0, others=200)
    made = work(LocalBudget(clock), clock, account, threads=4, minutes=10)
    assert account.refused == 0
    assert made <= 130 * 10


def test_a_narrow_limit_stops_only_its_own_calls() -> None:
    """Broken: ticket lists run into their own limit, or everything waits for them."""
    clock = Clock()
    budget = LocalBudget(clock)
    budget.learn([Level("list", 20), Level(TOTAL, 200, 200)])
    assert [budget.take(["list"], PATIENCE) for _ in range(16)] == [START] * 16
    later = budget.take(["list"], timedelta(seconds=8))
    assert later == START + MINUTE
    assert budget.take([], PATIENCE) == START
    clock.at += MINUTE
    assert budget.take(["list"], timedelta(0)) == clock.at


def test_what_was_not_booked_does_not_count() -> None:
    """Broken: callers that gave up use the quota up."""
    budget = LocalBudget(Clock(), headroom=0)
    budget.learn([Level("one", 1), Level("two", 2)])
    budget.take(["one"], PATIENCE)
    for _ in range(5):
        assert budget.take(["one", "two"], timedelta(seconds=8)) == START + MINUTE
    assert budget.take(["two"], timedelta(0)) == START


def test_callers_that_wait_are_spread() -> None:
    """Broken: all threads that waited call at once, and most are refused."""
    budget = LocalBudget(Clock(), headroom=0)
    budget.learn([Level("s", 2, window=timedelta(seconds=1))])
    slots = [budget.take(["s"], PATIENCE) for _ in range(6)]
    assert [(at - START).total_seconds() for at in slots] == [0, 0, 1, 1, 2, 2]


def test_a_refusal_shuts_its_bucket() -> None:
    """Broken: we go on calling while the server says no."""
    clock = Clock()
    budget = LocalBudget(clock)
    budget.block(START + timedelta(seconds=30), "notes")
    assert budget.blocked_until() is None
    assert budget.take(["notes"], timedelta(0)) == budget.blocked_until("notes")
    budget.block(START + timedelta(seconds=20))
    budget.block(START + timedelta(seconds=10))
    assert budget.blocked_until() == START + timedelta(seconds=20)
    assert budget.take([], timedelta(0)) == START + timedelta(seconds=20)
    clock.at += timedelta(seconds=30)
    assert (budget.blocked_until(), budget.blocked_until("notes")) == (None, None)


def test_a_reset_that_is_told_is_believed() -> None:
    """Broken: an hourly limit is tried again every minute."""
    clock = Clock()
    budget = LocalBudget(clock)
    hour = START + timedelta(hours=1)
    budget.learn([Level(TOTAL, 7200, 0, hour, timedelta(hours=1))])
    clock.at += 2 * MINUTE
    assert budget.take([], timedelta(0)) == hour


def test_buckets_of_one_ticket_each_are_forgotten() -> None:
    """Broken: a year of tickets is kept in memory."""
    clock = Clock()
    budget = LocalBudget(clock)
    for ticket in range(5000):
        name = f"ticket {ticket}"
        budget.take([name], PATIENCE)
        budget.learn([Level(name, 20, window=timedelta(seconds=2))])
        clock.at += timedelta(seconds=1)
    assert len(budget._buckets) <= 1000


def test_threads_share_it() -> None:
    """Broken: two threads take the same last call."""
    budget = LocalBudget(Clock(), headroom=0)
    budget.learn([Level("b", 100)])
    slots: list[datetime] = []
    threads = [
        threading.Thread(target=lambda: slots.extend(budget.take(["b"], PATIENCE) for _ in range(50)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(slots) == [START + n * MINUTE for n in range(4) for _ in range(100)]


@given(st.lists(st.tuples(st.integers(-5, 300), st.none() | st.integers(-5, 300), st.integers(0, 90))))
def test_whatever_a_server_says_calls_go_on(said: list[tuple[int, int | None, int]]) -> None:
    """Broken: one odd header stops a connection for good."""
    clock = Clock()
    budget = LocalBudget(clock)
    for limit, remaining, seconds in said:
        clock.at += timedelta(seconds=seconds)
        budget.learn([Level(TOTAL, limit, remaining)])
        assert budget.take([], timedelta(0)) - clock.at <= MINUTE
    clock.at += 2 * MINUTE
    assert budget.take([], timedelta(0)) == clock.at


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("400", 400),
        (" 7 ", 7),
        ("", None),
        (None, None),
        ("-1", None),
        ("4.5", None),
        ("²", None),
        ("9" * 10, None),
    ],
)
def test_numbers_in_headers(text: str | None, read: int | None) -> None:
    """Broken: a header that is no number ends in a traceback."""
    assert number(text) == read
