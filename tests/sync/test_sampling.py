"""What a sample tells of the whole is true as often as it says."""

from __future__ import annotations

import random
from collections.abc import Callable
from math import comb, sqrt

import pytest

from sync.migrate.sample import candidates
from sync.migrate.sampling import About, counted, hits, total

Bounds = Callable[[int, int, int], About]


def coverage(bounds: Bounds, whole: int, asked: int) -> float:
    """Return how often bounds hold the truth, at the number of hits where they do so most seldom.

    Every sample there can be is weighed by how likely it is: nothing here is left to chance.
    """
    told = [bounds(found, asked, whole) for found in range(asked + 1)]

    def holds(many: int) -> float:
        likely = (
            comb(many, found) * comb(whole - many, asked - found)
            for found in range(asked + 1)
            if told[found].low <= many <= told[found].high
        )
        return sum(likely) / comb(whole, asked)

    return min(holds(many) for many in range(whole + 1))


def usual(found: int, asked: int, whole: int) -> About:
    """Return the formula of the textbooks' first page, which is wrong where shares are small."""
    share = found / asked
    slack = 1.96 * sqrt(share * (1 - share) / asked)
    return About(share * whole, (share - slack) * whole, (share + slack) * whole)


def narrow(found: int, asked: int, whole: int) -> About:
    """Return bounds that are a twentieth too narrow on either side."""
    right = hits(found, asked, whole)
    slack = (right.high - right.low) * 0.05
    return About(right.value, right.low + slack, right.high - slack)


def off_by_one(found: int, asked: int, whole: int) -> About:
    """Return bounds of another sample than the one that was drawn."""
    return hits(min(found + 1, asked), asked, whole)


SIZES = [(40, 12), (100, 30), (60, 5), (200, 100), (7, 6)]


@pytest.mark.parametrize(("whole", "asked"), SIZES)
def test_bounds_of_a_count_hold_as_often_as_they_say(whole: int, asked: int) -> None:
    """Broken: a manager plans with a number of archived tickets that is often wrong."""
    assert coverage(hits, whole, asked) >= 0.95


@pytest.mark.parametrize("planted", [usual, narrow, off_by_one])
def test_a_mistake_in_the_bounds_is_found(planted: Bounds) -> None:
    """Broken: the check above would pass whatever the bounds are."""
    assert min(coverage(planted, whole, asked) for whole, asked in SIZES) < 0.95


def test_bounds_of_a_count_close_as_more_is_asked() -> None:
    """Broken: asking everybody would still leave a doubt, or asking nobody none."""
    assert hits(5, 40, 40) == counted(5)
    assert hits(0, 0, 40) == About(0, 0, 40)
    widths = [
        hits(asked // 4, asked, 1000).high - hits(asked // 4, asked, 1000).low for asked in (40, 200, 800)
    ]
    assert widths == sorted(widths, reverse=True)
    assert all(hits(found, 12, 40).low >= found for found in range(13))


def sizes(count: int) -> list[float]:
    """Return sizes of files as tickets have them: mostly none, few very large."""
    chance = random.Random(3)

    def one() -> float:
        return min(4e6, chance.lognormvariate(9.5, 1.6)) if chance.random() < 0.3 else 0.0

    return [one() for _ in range(count)]


def sure(bounds: Callable[[list[float], int, int], About], whole: list[float]) -> float:
    """Return how often bounds from 200 of a whole hold its sum."""
    chance, truth = random.Random(8), sum(whole)
    drawn = [bounds(chance.sample(whole, 200), len(whole), seed) for seed in range(40)]
    return sum(one.low <= truth <= one.high for one in drawn) / len(drawn)


def test_bounds_of_a_sum_hold_even_of_uneven_sizes() -> None:
    """Broken: the storage that is bought for the files is too small."""
    assert sure(total, sizes(10_000)) >= 0.9


def test_a_mistake_in_the_bounds_of_a_sum_is_found() -> None:
    """Broken: the check above would pass whatever the bounds are."""

    def halved(sample: list[float], whole: int, seed: int) -> About:
        right = total(sample, whole, seed)
        return About(right.value, (right.low + right.value) / 2, (right.high + right.value) / 2)

    assert sure(halved, sizes(10_000)) < 0.85


def test_a_sum_of_everything_is_known() -> None:
    """Broken: a small account is told about roughly, though all of it was read."""
    assert total([1, 2, 3], 3) == counted(6)
    assert total([], 0) == counted(0)
    alike = total([0] * 100, 1000)
    assert (alike.value, alike.low) == (0, 0)


def test_a_demonstration_is_drawn_alike_in_whatever_order_tickets_come() -> None:
    """Broken: a dry run, which sees them as the lists tell them, shows others than the run then moves."""
    tickets = [(str(n), f"status {n % 7}", f"customer {n % 419}") for n in range(6_000)]
    drawn = candidates(tickets, 60)
    assert len({tuple(t[1:]) for t in tickets if t[0] in drawn}) == len(set(drawn)) == 60
    assert candidates([*reversed(tickets), *tickets[:500]], 60) == drawn
    assert len(candidates(tickets[:5], 60)) == 5
