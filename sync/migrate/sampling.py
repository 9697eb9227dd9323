"""What a sample tells of the whole, and how sure that is. Pure.

Shares have exact bounds: every number of hits in the whole under which the sample would not be odd
(the hypergeometric distribution, turned round). Sums of sizes have a bootstrap's: sizes of files are so
uneven that the usual formula for a mean would promise too much.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import exp, lgamma, sqrt
from operator import mul

CONFIDENCE = 0.95
"""How often the truth lies within what is told."""
_DRAWS = 500


@dataclass(frozen=True, slots=True)
class About:
    """A number that was estimated: the best guess, and between what it lies."""

    value: float
    low: float
    high: float

    @property
    def exact(self) -> bool:
        """Whether it was counted."""
        return self.low == self.high

    @property
    def off(self) -> float | None:
        """Return by which share of the guess the truth may be off; None where the guess is nothing."""
        return max(self.high - self.value, self.value - self.low) / self.value if self.value else None

    def times(self, factor: float) -> About:
        """Return it so many times."""
        return About(self.value * factor, self.low * factor, self.high * factor)

    def plus(self, other: About) -> About:
        """Return both together, at their widest."""
        return About(self.value + other.value, self.low + other.low, self.high + other.high)


def counted(value: float) -> About:
    """Return a number that is known."""
    return About(value, value, value)


def hits(found: int, asked: int, whole: int) -> About:
    """Return how many of a whole are hits when `asked` of them, drawn at random, held `found`.

    The bounds hold in at least 95 of 100 samples, however large the whole is.
    """
    if asked >= whole:
        return counted(found)
    if not asked:
        return About(0, 0, whole)
    tail = (1 - CONFIDENCE) / 2
    fewest, most = found, whole - (asked - found)
    low = _first(fewest, most, lambda many: 1 - _at_most(found - 1, many, asked, whole) > tail)
    high = _first(fewest, most, lambda many: _at_most(found, many, asked, whole) <= tail)
    last = most if high is None else high - 1
    first = most if low is None else low
    return About(min(max(found / asked * whole, first), last), first, last)


def total(sample: Sequence[float], whole: int, seed: int = 0) -> About:
    """Return the sum of a quantity over a whole of which `sample` was drawn at random.

    The bounds are those of the studentised bootstrap, narrower as the sample comes near the whole. A sample
    in which all are alike tells nothing of the others: its upper bound lets 3 in `len(sample)` be off (the
    rule of three) by as much as the largest.
    """
    many = len(sample)
    if many >= whole:
        return counted(sum(sample))
    if not many:
        return About(0, 0, float("inf"))
    mean, spread = _moments(sample)
    left = sqrt(1 - many / whole)
    if spread == 0 or many < 2:
        slack = 3 / many * whole * max(sample)
        return About(mean * whole, sum(sample), mean * whole + slack)
    error = spread / sqrt(many)
    low, high = _studentised(sample, mean, random.Random(seed))  # noqa: S311 - it repeats by its seed
    least = sum(sample)
    return About(
        mean * whole,
        max(least, whole * (mean - high * error * left)),
        whole * (mean - low * error * left),
    )


def _studentised(sample: Sequence[float], mean: float, chance: random.Random) -> tuple[float, float]:
    """Return the bounds of how far a sample's mean lies from the truth, in its own standard errors."""
    many, found = len(sample), []
    for _ in range(_DRAWS):
        again = chance.choices(sample, k=many)
        middle, spread = _moments(again)
        if spread:
            found.append((middle - mean) / (spread / sqrt(many)))
    found.sort()
    tail = (1 - CONFIDENCE) / 2
    edge = int(tail * len(found))
    # Where nearly all are alike, redraws of them are too: never narrower than a normal error.
    return min(found[edge], -1.96), max(found[-1 - edge], 1.96)


def _moments(sample: Sequence[float]) -> tuple[float, float]:
    many = len(sample)
    mean = sum(sample) / many
    if many < 2:
        return mean, 0.0
    return mean, sqrt(max(0.0, sum(map(mul, sample, sample)) - many * mean * mean) / (many - 1))


def _at_most(found: int, many: int, asked: int, whole: int) -> float:
    """Return how likely at most `found` hits are among `asked` of a whole that holds `many`."""
    least = max(0, asked - (whole - many))
    return min(1.0, sum(_exactly(hit, many, asked, whole) for hit in range(least, min(found, many) + 1)))


def _exactly(found: int, many: int, asked: int, whole: int) -> float:
    if not (0 <= found <= many and 0 <= asked - found <= whole - many):
        return 0.0
    return exp(_ways(many, found) + _ways(whole - many, asked - found) - _ways(whole, asked))


def _ways(of: int, chosen: int) -> float:
    return lgamma(of + 1) - lgamma(chosen + 1) - lgamma(of - chosen + 1)


def _first(low: int, high: int, true: Callable[[int], bool]) -> int | None:
    """Return the smallest number from `low` to `high` for which something is true that stays true."""
    if low > high or not true(high):
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if true(middle) else (middle + 1, high)
    return low
