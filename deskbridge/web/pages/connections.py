"""How each connection is, from what the service noted of it: nobody is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from deskbridge.bootstrap import Application
from sync.store.health import Pulse
from sync.store.quota import Usage, usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One connection."""

    name: str
    system: str
    role: str
    url: str
    mood: str
    """``well``, ``odd`` or ``ill``."""
    state: str
    why: str
    pulse: Pulse
    collected: datetime | None
    """Until when its changes have been collected."""
    sides: int
    usage: Usage | None
    doubted: bool

    @property
    def last(self) -> datetime | None:
        """When anything was last heard of it."""
        return max(filter(None, (self.pulse.heard, self.pulse.news, self.collected)), default=None)

    @property
    def share(self) -> int | None:
        """How much of its limit is used, in percent; None where no limit is known."""
        return round(100 * self.usage.taken / self.usage.calls) if self.usage and self.usage.calls else None


def lines(
    application: Application,
    collected: Mapping[str, datetime],
    sides: Mapping[str, int] = MappingProxyType({}),
) -> list[Line]:
    """Return every connection of the settings; `sides` are how many tickets are linked on each."""
    store, at = application.store, application.now()
    pulses, used = store.health.pulses(), usage(store.database, at)
    return [
        _line(
            application,
            name,
            pulses.get(name, Pulse()),
            used.get(name),
            collected.get(name),
            sides.get(name, 0),
        )
        for name in application.settings.connections
    ]


def _line(
    application: Application,
    name: str,
    pulse: Pulse,
    used: Usage | None,
    collected: datetime | None,
    sides: int,
) -> Line:
    said = application.settings.connections[name]
    doubted = application.store.health.doubted(name)
    mood, state, why = _state(pulse, doubted=doubted, polled=collected is not None)
    return Line(
        name=name,
        system=said.system,
        role=said.role.value,
        url=said.url,
        mood=mood,
        state=state,
        why=why,
        pulse=pulse,
        collected=collected,
        sides=sides,
        usage=used,
        doubted=doubted,
    )


def _state(pulse: Pulse, *, doubted: bool, polled: bool) -> tuple[str, str, str]:
    if pulse.paused:
        return "ill", "refuses our credential" if pulse.denied else "does not answer", pulse.why
    if doubted:
        return "ill", "lost tickets", "many vanished at once; a person must say whether they are gone"
    if pulse.silent:
        return "odd", "silent", "it has sent webhooks before and sends none now"
    return ("well", "answers", "") if polled else ("odd", "not asked yet", "")
