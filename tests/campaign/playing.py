"""Plays seeds, several at once: each process of the pool has a sandbox and a hub of its own."""

from __future__ import annotations

import atexit
import time
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from threading import Lock

from tests.campaign.campaign import Campaign, Size, Verdict
from tests.campaign.seed import play


@dataclass(frozen=True)
class Played:
    """What came of a seed, and in how many seconds."""

    verdict: Verdict
    seconds: float


@dataclass(frozen=True)
class Caught:
    """A planted mistake, the seed that fails because of it, and how long it was searched for."""

    name: str
    seed: int
    seconds: float
    checks: tuple[str, ...]
    what: str


class Players:
    """Plays seeds of one size in a pool of processes."""

    def __init__(self, pool: ProcessPoolExecutor, size: Size) -> None:
        self._pool, self._size = pool, size
        self._sound: dict[int, Future[Played]] = {}
        self._lock = Lock()

    @classmethod
    @contextmanager
    def running(cls, jobs: int, size: Size, workers: int = 1) -> Iterator[Players]:
        """Yield players that play so many seeds at once."""
        # Each process starts afresh: the threads of a sandbox do not survive a fork.
        context = get_context("spawn")
        with ProcessPoolExecutor(jobs, mp_context=context, initializer=_begin, initargs=(workers,)) as pool:
            yield cls(pool, size)

    def play(self, seed: int, planted: str = "") -> Future[Played]:
        """Have a seed be played."""
        return self._pool.submit(_play, seed, self._size, planted)

    def passes(self, seed: int) -> bool:
        """Whether a seed passes without any mistake; it is played once."""
        with self._lock:
            if seed not in self._sound:
                self._sound[seed] = self.play(seed)
        return not self._sound[seed].result().verdict.faults

    def catch(self, name: str, seeds: range) -> Caught | None:
        """Play seeds with a mistake in the hub until one fails that passes without; None if none does."""
        began = time.monotonic()
        for seed in seeds:
            faults = self.play(seed, name).result().verdict.faults
            if faults and self.passes(seed):
                checks = tuple(dict.fromkeys(fault.check for fault in faults))
                return Caught(name, seed, time.monotonic() - began, checks, faults[0].what)
        return None


class _Place:
    """Where a process of the pool keeps its campaign."""

    campaign: Campaign


def _begin(workers: int) -> None:
    stack = ExitStack()
    _Place.campaign = stack.enter_context(Campaign.running(workers))
    atexit.register(stack.close)


def _play(seed: int, size: Size, planted: str) -> Played:
    began = time.monotonic()
    verdict = play(_Place.campaign, seed, size, planted)
    return Played(verdict, time.monotonic() - began)
