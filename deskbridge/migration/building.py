"""Builds what a run works with: connections within its share of each quota, and an engine of its own."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from connectors.base import Connector
from connectors.capabilities import Mails, PlaceAbilities
from connectors.customers import Customers, customers
from connectors.errors import UnsafePlan
from connectors.quota import Budget
from deskbridge.bootstrap import Application, config_of, connectors_of
from deskbridge.migration.desk import desk_of_run, source_of, targets_of
from mappings.boards import Place
from sync.apply import RunWork
from sync.migrate.admissions import Admissions
from sync.migrate.bulk import Together, Turns
from sync.migrate.engine import RunEngine
from sync.routing import Desk
from sync.store.quota import Share, SharedBudget

WORKERS = 8
"""Tickets that are worked on at once, if a person does not say otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """All that a run works with."""

    application: Application
    source: str
    places: tuple[Place, ...]
    desk: Desk
    connectors: Mapping[str, Connector]
    budgets: Mapping[str, Budget]
    reach: Mapping[str, Customers]
    """The targets' customers, where those are to have accounts."""
    engine: RunEngine
    turns: Turns
    workers: int
    threads: int
    frozen: bool
    """Whether nobody works in the source any more."""

    @property
    def targets(self) -> tuple[str, ...]:
        """The connections that are written to."""
        return tuple(dict.fromkeys(place.connection for place in self.places))


def machine_of(
    application: Application,
    *,
    share: float | None = None,
    workers: int = WORKERS,
    quiet: Collection[str] = (),
    customers: Collection[str] = (),
    frozen: bool = False,
) -> Machine:
    """Return what a run works with; it can only look until it is `working_for` one.

    `share` is the part of each quota, less the head-room, that it may use; `frozen` says that nobody works
    in the source any more. Raises ConfigError.
    """
    settings, now = application.settings, application.now
    source, places = source_of(settings), targets_of(settings)
    store, most = application.store, share
    budgets = {
        name: SharedBudget(store.database, name, now, Share.MIGRATION, most=most)
        for name in settings.connections
    }
    connectors = connectors_of(settings, now, budgets, store.database.former)
    desk = desk_of_run(application.desk, settings, quiet, customers)
    turns = Turns(workers)
    reach = _reach(application, places, budgets)
    engine = _engine(application, connectors, desk, turns, reach)
    return Machine(
        application=application,
        source=source,
        places=tuple(places),
        desk=desk,
        connectors=connectors,
        budgets=budgets,
        reach=reach,
        engine=engine,
        turns=turns,
        workers=workers,
        threads=workers,
        frozen=frozen,
    )


def ready(machine: Machine, quiet: Collection[str] = ()) -> Machine:
    """Return the machine with room for as many tickets as one call creates, once everybody answers.

    Raises what a connection answers that is needed and does not work, and UnsafePlan where customers would
    be mailed and nobody proved the opposite, or the store is older than what stands in the tools.
    """
    needed = {machine.source, *machine.targets}
    for error in machine.engine.identify():
        if error.connection in needed:
            raise error
    if machine.application.store.database.recovering():
        raise UnsafePlan("the store is older than what the hub wrote: `deskbridge recover --apply` first")
    able = {place: machine.connectors[place.connection].abilities(place) for place in machine.places}
    loud = [
        f"{place.connection} {place.key}: customers may be mailed by {', '.join(found)}"
        for place, can in able.items()
        if place.connection not in quiet and (found := mailing(can))
    ]
    loud += [
        f"{place.connection} {place.key}: accounts that are made may be invited by mail; try it out with"
        " `deskbridge migrate quiet canary KEY --invite ADDRESS`"
        for place in able
        if (reach := machine.reach.get(place.connection)) and reach.has_portal(place.key)
        if not _invites_nobody(machine.application, place, quiet)
    ]
    if loud:
        way = "switch their mails off and prove it: `deskbridge migrate quiet on`; see `deskbridge mails`"
        raise UnsafePlan("; ".join([*loud, way]))
    bulk = max((can.bulk for can in able.values()), default=1)
    threads = machine.workers + (bulk if bulk > 1 else 0)
    return replace(machine, threads=threads)


def working_for(machine: Machine, run: int) -> Machine:
    """Return the machine as it works for a run of this number."""
    asked = (machine.application, machine.connectors, machine.desk, machine.turns, machine.reach)
    return replace(machine, engine=_engine(*asked, run=run, frozen=machine.frozen))


def _reach(
    application: Application, places: Iterable[Place], budgets: Mapping[str, Budget]
) -> dict[str, Customers]:
    """Return the targets' customers, where a person wants them to have accounts."""
    settings = application.settings
    if settings.migration.requesters != "accounts":
        return {}
    found = {
        name: customers(
            settings.connections[name].system, config_of(settings, name, application.now, budgets[name], {})
        )
        for name in dict.fromkeys(place.connection for place in places)
    }
    return {name: reach for name, reach in found.items() if reach is not None}


def _engine(
    application: Application,
    connectors: Mapping[str, Connector],
    desk: Desk,
    turns: Turns,
    reach: Mapping[str, Customers],
    *,
    run: int = 0,
    frozen: bool = False,
) -> RunEngine:
    known = {customer.key: customer for customer in desk.customers}
    return RunEngine(
        store=application.store,
        connectors=connectors,
        desk=desk,
        signer=application.signer,
        now=application.now,
        run=RunWork(run, Together(turns).create, takes_open=frozen or not run),  # who looks asks the lists
        admissions=Admissions(application.store, reach, known, _kinds(application), application.now)
        if reach
        else None,
    )


def _kinds(application: Application) -> dict[tuple[str, str], str]:
    """Return by which kind of request the portal of a project is to show tickets."""
    said, places = application.settings.migration.request_types, application.settings.places
    return {(places[name].connection, places[name].key): kind for name, kind in said.items()}


def _invites_nobody(application: Application, place: Place, quiet: Collection[str]) -> bool:
    """Whether it was proved that who is given an account is not mailed about it."""
    known = application.store.quiets.find(place.connection, place.key)
    return place.connection in quiet and known is not None and bool(known.invited and known.confirmed)


def mailing(can: PlaceAbilities) -> list[str]:
    """Return which of the writes of a run may mail a customer in a place."""
    writes = {
        "new tickets": can.create_mails,
        "internal texts": can.internal_comment_mails,
        **{f"the {name}": ability.mails for name, ability in can.fields.items()},
    }
    return [what for what, mails in writes.items() if mails is not Mails.NEVER]
