"""SLA engines of the tools' own, which would give a second answer beside the hub's clocks."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.errors import Gone, Rejected, Unauthorised
from connectors.quota import LocalBudget
from connectors.survey import clocks
from deskbridge.bootstrap import config_of, system_time
from deskbridge.parts import Settings
from sync.rules import Role

_WAY = "Admin > Workflows > SLA Policies: switch off its reminders and escalations"


def second_clocks(settings: Settings, name: str) -> Iterator[str]:
    """Yield a line about each SLA engine of a connection that counts beside the hub, with the way out.

    Nothing where the settings promise nothing. Raises WireError where the connection does not answer.
    """
    if not settings.policies:
        return
    system = settings.connections[name].system
    try:
        own = clocks(system, config_of(settings, name, system_time, LocalBudget(system_time), {}))
    except (Rejected, Unauthorised, Gone):
        yield f"{name}: only an administrator's key is shown the SLA policies: see that they tell nobody"
        return
    if settings.connections[name].role is Role.FRONT:
        for policy, tells in own:
            also = ", and reminds and escalates by itself" if tells else ""
            yield f"{name}: SLA policy {policy!r} counts beside the hub's clocks{also}; {_WAY}"
    for place in settings.places.values():
        if place.connection == name and place.kind.startswith("request:"):
            yield (
                f"{name}: {place.key} is a service project, whose own SLAs count beside the hub's clocks and"
                " are listed by no API; Project settings > SLAs: delete them there"
            )
