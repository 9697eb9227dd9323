"""From the settings to the desk of a run: one source, one target a ticket, and nobody is told. Pure."""

from __future__ import annotations

import json
from collections.abc import Collection
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256

from connectors.base import Presence
from connectors.capabilities import Part
from connectors.errors import ConfigError
from deskbridge.desk import places_of, route_of
from deskbridge.parts import MigrationSettings, Settings
from mappings.boards import Place
from mappings.ticket import Field
from sync.routing import Desk, Route
from sync.rules import FieldRule, Role, Rules, When

_PARTS = ("places", "customers", "fields", "texts", "people", "mention", "migration")
"""The parts of the settings that decide what a run makes of a ticket."""
_OF_CONNECTIONS = {"system", "role", "fields", "vocabulary"}


def source_of(settings: Settings) -> str:
    """Return the connection that a migration reads. Raises ConfigError where nothing says which."""
    said = settings.migration
    fronts = [name for name, c in settings.connections.items() if c.role is Role.FRONT]
    if not (said.to or said.routes):
        way = 'write [migration] with to = "PLACE", the place where the tickets go'
        raise ConfigError([f"migration: the settings do not say where to; {way}"])
    if not said.source and len(fronts) != 1:
        raise ConfigError([f"migration.source: name one of {', '.join(fronts)}"])
    return said.source or fronts[0]


def desk_of_run(
    desk: Desk, settings: Settings, quiet: Collection[str] = (), customers: Collection[str] = ()
) -> Desk:
    """Return what a run decides by: the desk of live work, with the migration's routes and one direction.

    On `quiet` connections it is proven that no customer is mailed. With `customers`, only theirs are
    taken. Nothing has a clock: what is past was answered, or was not.
    """
    said, source = settings.migration, source_of(settings)
    return replace(
        desk,
        rules=_rules(desk.rules, said, source, quiet),
        customers=tuple(replace(customer, policy=None, table=None) for customer in desk.customers),
        routes=tuple(_of(customers, _routes(settings, source))),
        policies={},
        steps={},
        rotas={},
        promises="",
        strangers=said.strangers == "take",
    )


def numbered_of(settings: Settings) -> dict[str, str]:
    """Return what the label of an old number begins with, by the connection that is left; empty for none."""
    said = settings.migration
    if not (said.to or said.routes):
        return {}
    with suppress(ConfigError):  # who asks for a migration is told
        source = source_of(settings)
        return {source: _numbered(said, source)}
    return {}


def targets_of(settings: Settings) -> list[Place]:
    """Return the places that a migration writes to, each once."""
    return list(dict.fromkeys(route.place for route in _routes(settings, source_of(settings))))


def digest_of(settings: Settings) -> str:
    """Return what tells the rules of a run from others; addresses, secrets and clocks are none of them."""
    said = settings.model_dump(mode="json", include=set(_PARTS))
    said["connections"] = {
        name: connection.model_dump(mode="json", include=_OF_CONNECTIONS)
        for name, connection in settings.connections.items()
    }
    return sha256(json.dumps(_sorted(said), sort_keys=True).encode()).hexdigest()


def _sorted(value: object) -> object:
    """Return a value whose sets, which have no order, always look the same."""
    if isinstance(value, dict):
        return {key: _sorted(part) for key, part in value.items()}
    if isinstance(value, list):
        parts = [_sorted(part) for part in value]
        return sorted(map(str, parts)) if all(isinstance(part, str) for part in parts) else parts
    return value


def _rules(rules: Rules, said: MigrationSettings, source: str, quiet: Collection[str]) -> Rules:
    reads = {Presence.PRESENT}
    reads |= {Presence.ARCHIVED} if said.archived == "take" else set()
    return replace(
        rules,
        trust=(source, *(name for name in rules.trust if name != source)),
        fields=tuple(_leading(rules.fields)),
        handover={(Role.FRONT, Role.WORK): {}, (Role.WORK, Role.FRONT): {}},
        asks=frozenset(),
        control_tags=frozenset(),
        publish=None,
        reopen_work=False,
        tells=False,
        tells_assignee=frozenset(),
        tells_group=frozenset(),
        may_mail=frozenset(quiet),
        source=source,
        reads=frozenset(reads | ({Presence.TRASHED} if said.trash == "take" else set())),
        parts=frozenset(Part(name) for name in said.parts),
        books=said.time == "entries",
        numbered=_numbered(said, source),
    )


def _numbered(said: MigrationSettings, source: str) -> str:
    return said.number or f"{source}-"


def _leading(rules: tuple[FieldRule, ...]) -> list[FieldRule]:
    """Return rules by which the source leads: what went to the work once goes there until the cutover."""
    way, given = (Role.FRONT, Role.WORK), (When.CREATE, When.ALWAYS)
    passing = (rule for rule in rules if (rule.source, rule.target) == way and rule.when in given)
    down: set[Field] = {"status", *(rule.field for rule in passing)}
    return [FieldRule(name, *way, When.ALWAYS) for name in sorted(down)]


def _of(customers: Collection[str], routes: list[Route]) -> list[Route]:
    """Return the routes as far as they are for these customers; all of them if none is named."""
    if not customers:
        return routes
    asked = frozenset(customers)
    narrowed = [replace(r, customers=(r.customers & asked) if r.customers else asked) for r in routes]
    return [route for route in narrowed if route.customers]


def _routes(settings: Settings, source: str) -> list[Route]:
    said = settings.migration
    places = {name: place for c in settings.connections for name, place in _named(settings, c)}
    routes = [replace(route_of(r, places[r.to]), fronts=frozenset({source})) for r in said.routes]
    if said.to:
        rest = Route("the rest", frozenset(), frozenset(), frozenset(), places[said.to])
        routes.append(replace(rest, fronts=frozenset({source})))
    return routes


def _named(settings: Settings, connection: str) -> list[tuple[str, Place]]:
    names = [name for name, place in settings.places.items() if place.connection == connection]
    return list(zip(names, places_of(settings, connection), strict=True))
