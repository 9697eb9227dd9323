"""The rotas of the settings. Pure."""

from __future__ import annotations

from deskbridge.parts import Settings
from sync.sla.duty import Rota, Turn


def rotas_of(settings: Settings) -> dict[str, Rota]:
    """Return the rotas of the settings by name."""
    return {
        name: Rota(
            name,
            duty.people,
            duty.zone,
            duty.since,
            duty.at,
            tuple(Turn(one.start, one.end, one.person, one.why or "settings") for one in duty.overrides),
        )
        for name, duty in settings.duty.items()
    }
