"""Where the systems call the hub, and making them do so."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from connectors.base import Hook
from connectors.errors import ConfigError, WireError
from deskbridge.bootstrap import Application
from deskbridge.parts import Settings
from deskbridge.report import complaint
from sync.store.health import Pulse


def hook_of(settings: Settings, connection: str) -> Hook:
    """Return where a connection calls the hub, and the secret by which it proves itself.

    The secret is made from the hub's, so there is no other one to keep; it says nothing about that one.
    """
    key = settings.hub.secret.get_secret_value().encode()
    secret = hmac.new(key, f"webhook of {connection}".encode(), sha256).hexdigest()[:40]
    return Hook(f"{settings.serve.address}/hooks/{connection}", secret)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooked:
    """What came of one connection's webhooks."""

    connection: str
    would: tuple[str, ...] = ()
    """What would be made, or was made."""
    by_hand: tuple[str, ...] = ()
    """What a person must do."""
    problem: str = ""
    exit_code: int = 0
    heard: datetime | None = None
    """When a webhook of it was last believed."""
    refused: int = 0
    """How many came with a wrong signature."""

    def data(self) -> dict[str, object]:
        """Return it as JSON data."""
        return {
            "connection": self.connection,
            "steps": list(self.would),
            "by_hand": list(self.by_hand),
            "problem": self.problem or None,
            "last_heard": self.heard.isoformat() if self.heard else None,
            "refused": self.refused,
        }


def install_hooks(application: Application, *, apply: bool) -> list[Hooked]:
    """Plan, or make, the webhooks of every connection; one that fails does not stop the others.

    Raises ConfigError if the settings do not say where the hub is reached.
    """
    if not application.settings.serve.address:
        way = "say where the systems reach the hub from outside, like https://hub.example"
        raise ConfigError([f"serve.address: {way}"])
    pulses = application.store.health.pulses()
    names = application.settings.connections
    return [_one(application, name, pulses.get(name, Pulse()), apply=apply) for name in names]


def hook_lines(result: Hooked, *, applied: bool) -> Iterator[str]:
    """Yield what a person reads of one connection's webhooks."""
    heard = f"last webhook {result.heard:%Y-%m-%d %H:%M} UTC" if result.heard else "no webhook yet"
    refused = f", {result.refused} refused for a wrong signature" if result.refused else ""
    steps = result.would or result.by_hand or result.problem
    yield f"{result.connection}: {'' if steps else 'set up; '}{heard}{refused}"
    yield from (f"  {'done:' if applied else '+'} {step}" for step in result.would)
    yield from (f"  by hand: {step}" for step in result.by_hand)
    if result.by_hand:
        yield f"  address and secret: deskbridge webhooks secret {result.connection}"
    if result.problem:
        yield f"  ! {result.problem}"


def _one(application: Application, name: str, pulse: Pulse, *, apply: bool) -> Hooked:
    connector, hook = application.connectors[name], hook_of(application.settings, name)
    try:
        steps = connector.plan_hook(hook)
        by_hand = [step for step in steps if step.manual]
        if apply:
            by_hand = connector.apply_hook(hook)
    except WireError as error:
        code = error.exit_code or 1
        return Hooked(
            connection=name,
            problem=complaint(error),
            exit_code=code,
            heard=pulse.heard,
            refused=pulse.refused,
        )
    would = tuple(step.what for step in steps if not step.manual)
    manual = tuple(step.what for step in by_hand)
    return Hooked(connection=name, would=would, by_hand=manual, heard=pulse.heard, refused=pulse.refused)
