"""Which call goes wrong, and how: drawn by chance, so that a seed has the same faults every time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from random import Random

_WEIGHTS = {"reset": 30, "lost": 40, "truncated": 12, "slow": 6}
"""Of a call that nobody hears the answer to, two sides can come to think differently."""
_READS, _WRITES = 0.7, 2.2
"""One call in five or six is a write, and only there can two sides come to differ: it is struck oftener."""
_LONG = ("429 quota", "429 global", "401", "429 dc")
_NOT_PLAYED = ("answer", "403 suspended", "huge")
"""The first has no content of its own, the second is the end of the account, the last only takes long."""

_IN_BETWEEN = ("html 200", "html 502", "html 504", "broken json", "wrong type", "no body")
"""What a machine between the two may say in place of a tool that has done what it was asked for."""


def playable(kinds: Iterable[str]) -> list[str]:
    """Return the faults, of those that a system knows, which the campaign plays."""
    return sorted(kind for kind in set(kinds) if kind not in _NOT_PLAYED)


class Faults:
    """Draws a fault for a call, or none."""

    def __init__(self, chance: Random, kinds: Mapping[str, Sequence[str]], rate: float) -> None:
        """`rate` is the share of calls that are struck."""
        self._chance, self._kinds, self._rate = chance, kinds, rate

    def draw(self, system: str, *, reads: bool) -> str:
        """Return the kind of the fault that strikes a call; empty for none."""
        kinds = list(self._kinds.get(system, ()))
        if not kinds or self._chance.random() >= self._rate * (_READS if reads else _WRITES):
            return ""
        weights = [_WEIGHTS.get(kind, 0.3 if kind in _LONG else 2) for kind in kinds]
        return self._chance.choices(kinds, weights)[0]

    def done(self, kind: str) -> bool:
        """Draw whether the call is carried out before this fault strikes its answer."""
        return kind in _IN_BETWEEN and self._chance.random() < 0.5
