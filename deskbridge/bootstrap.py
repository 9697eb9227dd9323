"""The one place that constructs things, by plain calls. The only reader of the system's time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from connectors.base import ConnectionConfig, Connector
from connectors.calls import Ear, Listener, nobody
from connectors.errors import ConfigError
from connectors.quota import Budget, LocalBudget
from connectors.registry import connect
from deskbridge.desk import desk_of, fuses_of, projects_of
from deskbridge.feeds import Feeds
from deskbridge.migration.desk import numbered_of
from deskbridge.parts import Settings
from deskbridge.settings import load, promises_in
from deskbridge.sla.editions import Promised, promised, uncomputed
from mappings.provenance import Signer
from mappings.vocabulary import vocabularies
from sync.engine import Engine
from sync.links import Links
from sync.recovery import Recovery
from sync.reroute import Rerouting
from sync.routing import Desk
from sync.store import Retention, Store, open_store
from sync.store.dialects import address_of
from sync.store.quota import SharedBudget

Now = Callable[[], datetime]


@dataclass(frozen=True)
class Application:
    """Everything that a command needs, built from one settings file."""

    settings: Settings
    connectors: Mapping[str, Connector]
    store: Store
    engine: Engine
    links: Links
    recovery: Recovery
    rerouting: Rerouting
    budgets: Mapping[str, Budget]
    """What each connection may call; shared by everything on this store."""
    signer: Signer
    now: Now
    desk: Desk
    promised: Promised
    """The promises as they were edited."""
    ear: Ear
    """Tells of every call that is made."""
    path: Path
    """The settings file; what it names without a whole path stands beside it."""
    remarks: tuple[str, ...] = ()
    """What is good to know, and stops nothing."""


def system_time() -> datetime:
    """Return the present instant."""
    return datetime.now(UTC)


def connectors_of(
    settings: Settings,
    now: Now,
    budgets: Mapping[str, Budget] | None = None,
    former: Callable[[str], Mapping[str, datetime]] = lambda connection: {},
    heard: Listener = nobody,
) -> dict[str, Connector]:
    """Return a connector for each connection of the settings; none makes a call yet.

    `former` tells a connection's earlier accounts, and until when each was ours; `heard` is told of every
    call. Raises ConfigError with
    what stands against any of them.
    """
    budgets = budgets or budgets_of(settings, now)
    made: dict[str, Connector] = {}
    problems: list[str] = []
    for name in settings.connections:
        try:
            made[name] = _connector(settings, name, now, budgets[name], former(name), heard)
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)
    return made


def budgets_of(settings: Settings, now: Now) -> dict[str, Budget]:
    """Return a budget for each connection, of which nothing is known yet."""
    return {name: LocalBudget(now) for name in settings.connections}


def build(
    path: Path, environ: Mapping[str, str], now: Now = system_time, *, fresh: bool = False
) -> Application:
    """Return the application that a settings file describes. Raises ConfigError with all problems.

    Feeds of holidays are read where nothing of them is kept yet, and with `fresh` all.
    """
    settings = load(path, environ)
    connectors_of(settings, now)  # before a store is made: what cannot work leaves no trace
    keeps = Retention(texts=settings.hub.keep_texts, decisions=settings.hub.keep_decisions)
    store = open_store(address_of(settings.hub.store.get_secret_value(), path.parent), keeps)
    budgets = {name: SharedBudget(store.database, name, now, store.turn) for name in settings.connections}
    ear = Ear()
    connectors = connectors_of(settings, now, budgets, store.database.former, ear.hear)
    said = promises_in(path, environ)
    store.editions.keep_holidays(uncomputed(settings, store.editions.holidays()))
    stale = Feeds(settings, path).keep(store.editions, now(), fresh=fresh)
    agreed = promised(store.editions.all(), said, store.editions.holidays(), now())
    desk = desk_of(settings, agreed.holidays, agreed)
    signer = Signer(settings.hub.secret.get_secret_value().encode())
    engine = Engine(
        store=store,
        connectors=connectors,
        desk=desk,
        signer=signer,
        now=now,
        since=settings.hub.since,
        digest=sha256(path.read_bytes()).hexdigest(),
        fuses=fuses_of(settings),
    )
    links = Links(store, connectors, desk.rules, now)
    recovery = Recovery(
        store=store,
        connectors=connectors,
        rules=desk.rules,
        signer=signer,
        now=now,
        numbered=numbered_of(settings),
    )
    rerouting = Rerouting(store=store, connectors=connectors, desk=desk, signer=signer, now=now)
    return Application(
        settings=settings,
        connectors=connectors,
        store=store,
        engine=engine,
        links=links,
        recovery=recovery,
        rerouting=rerouting,
        budgets=budgets,
        signer=signer,
        now=now,
        desk=desk,
        promised=agreed,
        ear=ear,
        path=path,
        remarks=tuple(stale),
    )


def _connector(
    settings: Settings,
    name: str,
    now: Now,
    budget: Budget,
    former: Mapping[str, datetime],
    heard: Listener,
) -> Connector:
    config = replace(config_of(settings, name, now, budget, former), heard=heard)
    return connect(settings.connections[name].system, config)


def config_of(
    settings: Settings, name: str, now: Now, budget: Budget, former: Mapping[str, datetime]
) -> ConnectionConfig:
    """Return what the connector of a connection is made from."""
    connection = settings.connections[name]
    return ConnectionConfig(
        name=name,
        url=connection.url,
        user=connection.user,
        secret=connection.secret.get_secret_value(),
        projects=projects_of(settings, name),
        fields=connection.fields,
        vocabularies=vocabularies(connection.system, connection.vocabulary),
        budget=budget,
        now=now,
        former=former,
        resolution=connection.resolution,
    )
