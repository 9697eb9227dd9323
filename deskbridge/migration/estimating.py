"""What moving a connection's past would take: counted, sampled, compared with the settings. Reads only."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice

from connectors.base import ConnectionConfig, Connector
from connectors.customers import customers
from connectors.errors import ConfigError, Gone, Rejected, WireError
from connectors.past import Pace, Past, consequences, paces, past
from deskbridge.bootstrap import Application, config_of, connectors_of
from deskbridge.check import Answer, ask
from deskbridge.desk import places_of
from deskbridge.words import nearest
from mappings.boards import Place
from mappings.ticket import Field, Organisation, Status
from mappings.vocabulary import Native
from sync.migrate.estimate import Asked, Tell, Told, estimate
from sync.migrate.hours import Plan, plan
from sync.migrate.metered import Metered
from sync.rules import Role

_CHECKS, _EACH_PLACE = 60, 20
"""Calls that asking a connection whether it can work takes at most, and more for each place."""
_WAYS = 60
"""Calls at most by which is learned to which statuses no way leads: two for each status of the target."""
_ORGANISATIONS = 2000
"""Organisations that are named; of more, the number is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Everything that was read."""

    source: str
    to: Place
    told: Told
    plan: Plan
    pace: Pace
    called: Mapping[Field, Mapping[str, str]]
    organisations: Mapping[str, Organisation]
    staff: Mapping[str, tuple[str, str]]
    """Everybody but the hub's own account."""
    checked: Answer
    ways: tuple[str, ...]
    """The statuses that tickets have here and cannot be given there, with the way out."""
    consequences: Mapping[str, tuple[str, ...]]
    promised: Mapping[str, int]
    made: Mapping[str, int]

    @property
    def exit_code(self) -> int:
        """Return what the command ends with: something stands in the way."""
        return max(self.checked.exit_code, ConfigError.exit_code if self.ways else 0)


def find(application: Application, source: str | None, to: str | None, asked: Asked, tell: Tell) -> Found:
    """Read a connection's past, and what its target says to it. Raises ConfigError, WireError."""
    settings = application.settings
    home, target = source_of(application, source), target_of(application, source, to)
    meters = {
        name: Metered(budget, application.now, time.sleep) for name, budget in application.budgets.items()
    }
    former = application.store.database.former
    connectors = connectors_of(settings, application.now, meters, former)
    configs = {
        name: config_of(settings, name, application.now, meters[name], former(name)) for name in connectors
    }
    behind = past(settings.connections[home].system, configs[home])
    told = estimate(
        behind,
        connectors[home].capabilities.vocabularies,
        connectors[target.connection].capabilities,
        asked,
        application.now(),
        tell,
    )
    tell("asking the target whether it can take them")
    wanted = {name: connectors[name] for name in dict.fromkeys((home, target.connection))}
    checked = ask(settings, wanted, application.now())
    me = connectors[home].whoami().key
    pace, bulk = behind.pace(), _bulk(connectors[target.connection], target)
    limits = paces(settings.connections[target.connection].system, configs[target.connection])
    return Found(
        source=home,
        to=target,
        told=told,
        plan=plan(told, behind.cost, pace, bulk, limits),
        pace=pace,
        called=behind.called(),
        organisations=_organisations(connectors[home]),
        staff={key: who for key, who in behind.staff().items() if key != me},
        checked=checked,
        ways=_ways(connectors[target.connection], target, told, checked),
        consequences=_consequences(application, configs, target.connection, told),
        promised=promised(application, behind, told, home, target.connection),
        made={name: meters[name].calls for name in wanted},
    )


def promised(application: Application, behind: Past, told: Told, home: str, target: str) -> dict[str, int]:
    """Return by connection how many calls the estimate makes at most."""
    most = {
        name: _CHECKS + _EACH_PLACE * len(places_of(application.settings, name)) for name in (home, target)
    }
    most[target] += _WAYS
    most[home] += told.calls_at_most + _ORGANISATIONS // behind.cost.rows
    return most


def source_of(application: Application, name: str | None) -> str:
    """Return whose past is meant: the named connection, else that of [migration], else the only front.

    Raises ConfigError.
    """
    connections = application.settings.connections
    if name is not None:
        if name not in connections:
            raise ConfigError([f"no connection is called {name!r}{nearest(name, connections)}"])
        return name
    if application.settings.migration.source:
        return application.settings.migration.source
    fronts = [one for one, said in connections.items() if said.role is Role.FRONT]
    if len(fronts) != 1:
        raise ConfigError([f"which connection is left? name one of {', '.join(fronts or connections)}"])
    return fronts[0]


def target_of(application: Application, source: str | None, name: str | None) -> Place:
    """Return where to: the named place, else that of [migration], else the first of another connection.

    Raises ConfigError.
    """
    settings, home = application.settings, source_of(application, source)
    moved = settings.migration
    name = name or moved.to or next((route.to for route in moved.routes), None)
    if name is not None and name not in settings.places:
        raise ConfigError([f"no place is called {name!r}{nearest(name, settings.places)}"])
    for one, said in settings.places.items():
        if said.connection != home and name in (None, one):
            return next(p for p in places_of(settings, said.connection) if p.key == said.key)
    raise ConfigError(["there is no place to move to: name one of another connection under [places]"])


def _bulk(connector: Connector, place: Place) -> int:
    try:
        return max(1, connector.abilities(place).bulk)
    except (Rejected, Gone):
        return 1


def _ways(connector: Connector, place: Place, told: Told, checked: Answer) -> tuple[str, ...]:
    """Return which statuses of the past no way leads to there; nothing where the target cannot work yet."""
    if place.connection not in checked.ready:
        return ()
    counted = (told.counted, told.archive.rows)
    found = {
        status
        for rows in counted
        if (lens := rows.lenses.get("status"))
        for word in rows.words.get("status", ())
        if isinstance(status := lens.get(Native(word)), Status)
    }
    try:
        return tuple(connector.unreachable(place, [status for status in Status if status in found]))
    except (Rejected, Gone):
        return ()


def _organisations(connector: Connector) -> dict[str, Organisation]:
    try:
        return {one.key: one for one in islice(connector.organisations(), _ORGANISATIONS)}
    except (Rejected, Gone):
        return {}


def _consequences(
    application: Application, configs: Mapping[str, ConnectionConfig], target: str, told: Told
) -> dict[str, tuple[str, ...]]:
    found = {}
    system = application.settings.connections[target].system
    reach = customers(system, configs[target])
    wanted = application.settings.migration.requesters == "accounts"
    for place in places_of(application.settings, target):
        try:
            lines = consequences(system, configs[target], place.key)
            if wanted and reach is not None and reach.has_portal(place.key):
                lines = (*lines, _admitted(told))
            found[f"{target} {place.key}"] = lines
        except WireError:
            continue  # what is wrong with the place stands among what the target lacks
    return found


def _admitted(told: Told) -> str:
    """Say what is made of customers; nobody knows yet who of them has an account there."""
    people, theirs = len(told.counted.requesters), len(told.counted.organisations)
    return (
        f"{people:,} accounts and {theirs:,} organisations will be made at most, by three calls for each, and"
        " each ticket is given to its customer by one call more; no rollback takes accounts away"
    )
