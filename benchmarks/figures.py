"""What benchmarks measure: figures with what stands beside them, and the goals that they must come to.

BENCH_NAME says another size than a benchmark's own; BENCH_QUICK=1 takes the small ones. Goals are judged at
full size alone, and those of times where others leave us most of the machine. BENCH_JUDGE is `always` or
`never` instead; BENCH_STRICT makes every goal so many times harder, to see that it can be missed.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

_SECOND_AND_MORE = 10


class NotHereError(Exception):
    """What a benchmark needs is not installed; its text says what."""


class Verdict(StrEnum):
    """What came of a goal."""

    MET = "met"
    MISSED = "missed"
    NONE = ""
    """There is no goal."""


@dataclass(frozen=True)
class Goal:
    """What a figure must come to: at least or at most so much, itself or in what stands beside it."""

    bound: float
    at_least: bool
    of_ratio: bool = False

    def met(self, value: float) -> bool:
        """Whether a value comes to it."""
        return value >= self.bound if self.at_least else value <= self.bound

    def harder(self, times: int) -> Goal:
        """Return the same goal, so many times as hard."""
        bound = self.bound * times if self.at_least else self.bound / times
        return Goal(bound, self.at_least, self.of_ratio)


def least(bound: float) -> Goal:
    """The figure is at least this much."""
    return Goal(bound, at_least=True)


def most(bound: float) -> Goal:
    """The figure is at most this much."""
    return Goal(bound, at_least=False)


def ratio_least(bound: float) -> Goal:
    """The figure is at least so many times what stands beside it."""
    return Goal(bound, at_least=True, of_ratio=True)


def ratio_most(bound: float) -> Goal:
    """The figure is at most so many times what stands beside it."""
    return Goal(bound, at_least=False, of_ratio=True)


@dataclass(frozen=True)
class Figure:
    """One row of the table of all figures, as it is read."""

    what: str
    figure: str
    baseline: str = ""
    """What was measured in the same run to compare with, with its name; empty where there is nothing."""
    ratio: str = ""
    goal: str = ""
    verdict: Verdict = Verdict.NONE
    unjudged: str = ""
    """Why a missed goal does not fail the benchmark; empty where it does."""

    @property
    def failed(self) -> bool:
        """Whether the benchmark fails by it."""
        return self.verdict is Verdict.MISSED and not self.unjudged

    @property
    def outcome(self) -> str:
        """Return the verdict, with why it counts for nothing where it does not."""
        if self.verdict is Verdict.NONE:
            return ""
        return f"{self.verdict} ({self.unjudged})" if self.unjudged else str(self.verdict)

    def __str__(self) -> str:
        beside = f", {self.baseline}" if self.baseline else ""
        ratio = f", ratio {self.ratio}" if self.ratio else ""
        goal = f" ({self.goal}: {self.outcome})" if self.goal else ""
        return f"{self.what}: {self.figure}{beside}{ratio}{goal}"


@dataclass
class Sheet:
    """What one benchmark measured, in order; each figure is printed as it comes."""

    name: str
    sizes: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """How much to measure, by name: the size that figures are quoted for, and a small one."""
    quick: bool = False
    figures: list[Figure] = field(default_factory=list)
    stopped: str = ""
    """Why it did not come to its end; empty where it did."""
    missing: str = ""
    """What was not measured, as something that it needs is not installed; empty where all was."""
    seconds: float = 0.0
    """How long it took altogether."""
    load: float = field(default_factory=lambda: os.getloadavg()[0])
    """The machine's load average when it began."""

    def size(self, name: str) -> int:
        """Return how much to measure. Raises KeyError for a size that the benchmark does not name."""
        full, small = self.sizes[name]
        return int(os.environ.get(f"BENCH_{name}", small if self.quick else full))

    @property
    def small(self) -> bool:
        """Whether less is measured than figures are quoted for."""
        return any(self.size(name) < full for name, (full, _) in self.sizes.items())

    @property
    def command(self) -> str:
        """Return what measures these figures again."""
        return f"make bench ARGS={self.name}"

    @property
    def failed(self) -> bool:
        """Whether a judged goal was missed, or the benchmark ended in an error."""
        return bool(self.stopped) or any(figure.failed for figure in self.figures)

    def add(
        self,
        what: str,
        value: float,
        unit: str = "",
        *,
        beside: float | None = None,
        named: str = "",
        goal: Goal | None = None,
        steady: bool = False,
        enough: bool | None = None,
    ) -> None:
        """Take down a figure and print it.

        `beside` is the baseline in the same unit, `named` its name. `steady` figures do not depend on how
        busy the machine is; `enough` says whether the size suffices, where it is not the benchmark's own.
        """
        ratio = value / beside if beside else None
        told = Figure(
            what,
            shown(value, unit),
            f"{named} {shown(beside, unit)}".strip() if beside is not None else named,
            f"{ratio:.2f}" if ratio is not None else "",
        )
        if goal is not None:
            goal = goal.harder(int(os.environ.get("BENCH_STRICT", "1")))
            judged = ratio if goal.of_ratio else value
            met = judged is not None and goal.met(judged)
            bound = f"{goal.bound:.4g}" if goal.of_ratio else shown(goal.bound, unit)
            told = Figure(
                told.what,
                told.figure,
                told.baseline,
                told.ratio,
                f"{'ratio ' if goal.of_ratio else ''}{'at least' if goal.at_least else 'at most'} {bound}",
                Verdict.MET if met else Verdict.MISSED,
                self._unjudged(steady=steady, enough=not self.small if enough is None else enough),
            )
        self._take(told)

    def count(self, what: str, count: int, wanted: int) -> None:
        """Take down a count that must be this one, however small the size and busy the machine."""
        verdict = Verdict.MET if count == wanted else Verdict.MISSED
        self._take(Figure(what, f"{count:,}", goal=f"{wanted:,}", verdict=verdict))

    def _take(self, figure: Figure) -> None:
        self.figures.append(figure)
        print(figure, flush=True)

    def _unjudged(self, *, steady: bool, enough: bool) -> str:
        said = os.environ.get("BENCH_JUDGE", "")
        if said == "always":
            return ""
        if not enough:
            return "small"
        busy = said == "never" or self.load > 1.5 * (os.cpu_count() or 1)
        return "busy" if busy and not steady else ""


def shown(value: float, unit: str = "") -> str:
    """Return a value as it is read: `s` in milliseconds where it is short, a `share` as a percentage."""
    match unit:
        case "s" if value < 1:
            return f"{value * 1000:.{_decimals(value * 1000)}f} ms"
        case "share":
            return f"{value:.2%}"
        case "":
            return f"{value:.2f}"
        case _:
            return f"{value:,.{_decimals(value)}f}{'' if unit.startswith('/') else ' '}{unit}"


def _decimals(value: float) -> int:
    """Return how many digits after the point say something of it: none from ten on, or of a whole number."""
    return 0 if abs(value) >= _SECOND_AND_MORE or value == int(value) else 2
