"""The post between the tools and the hub: webhooks are kept until the campaign has them carried, or not.

The sandbox sends by its own clock, at times that no seed repeats; here the seed says what becomes of each.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from random import Random
from urllib.parse import urlsplit

from deskbridge.sandbox.hooks import Delivery, Hooks

_LOST, _TWICE, _LATE, _FORGED = 0.12, 0.12, 0.2, 0.06
_PROOFS = (
    "x-hub-signature",
    "x-gitlab-token",
    "x-gitlab-signature",
    "webhook-signature",
    "x-deskbridge-token",
)
"""The headers by which a tool proves itself."""


@dataclass(frozen=True)
class Letter:
    """A webhook on its way. `forged` ones do not prove where they come from."""

    path: str
    headers: dict[str, str]
    body: str
    forged: bool = False


class Postbag(Hooks):
    """Takes what the tools send, and hands it over when it is asked."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__(now, Random(0))
        self._sent: list[Delivery] = []

    def attach(self) -> None:
        """Send nothing by itself."""

    def send(self, delivery: Delivery) -> None:
        """Keep a webhook."""
        self._sent.append(delivery)

    def clear(self) -> None:
        """Forget everything."""
        super().clear()
        self._sent = []

    def letters(self) -> list[Letter]:
        """Return everything that was sent since the last time, in order."""
        sent, self._sent = self._sent, []
        return [_letter(delivery) for delivery in sent if delivery.wanted()]

    def carried(self, chance: Random) -> list[Letter]:
        """Return what arrives of it: some is lost, some comes twice or late, and somebody forges some."""
        arriving: list[tuple[float, Letter]] = []
        for place, letter in enumerate(self.letters()):
            if chance.random() < _LOST:
                continue
            times = 2 if chance.random() < _TWICE else 1
            for _ in range(times):
                late = chance.random() * 12 if chance.random() < _LATE else 0
                arriving.append((place + late, letter))
            if chance.random() < _FORGED:
                arriving.append((place + 0.5, _forged(letter, chance)))
        return [letter for _, letter in sorted(arriving, key=lambda found: found[0])]


def _letter(delivery: Delivery) -> Letter:
    headers = {**delivery.headers, **delivery.sign(delivery.body, 0)}
    return Letter(urlsplit(delivery.url).path, headers, delivery.body.decode())


def _forged(letter: Letter, chance: Random) -> Letter:
    """Return a letter by somebody who has seen one: without its proof, with another, or with other words."""
    proofs = [name for name in letter.headers if name.lower() in _PROOFS]
    how = chance.randrange(3)
    if how == 0:
        headers = {name: value for name, value in letter.headers.items() if name not in proofs}
        return Letter(letter.path, headers, letter.body, forged=True)
    if how == 1 or not any("signature" in name.lower() for name in proofs):
        strange = {name: _other(letter.headers[name]) for name in proofs}
        return Letter(letter.path, letter.headers | strange, letter.body, forged=True)
    return Letter(letter.path, letter.headers, f"{letter.body} ", forged=True)


def _other(proof: str) -> str:
    """Return a proof that is not this one: of thousands, one ends as any other ending does."""
    return proof[:-3] + ("abc" if not proof.endswith("abc") else "cba")
