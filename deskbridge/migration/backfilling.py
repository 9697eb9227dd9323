"""Carries out a backfill, or tells what one would do."""

from __future__ import annotations

import getpass
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from heapq import nsmallest

from connectors.base import Connector
from connectors.errors import ConfigError, Throttled, Transient, UnsafePlan
from connectors.quota import Budget
from deskbridge.bootstrap import Application, connectors_of
from deskbridge.migration.asked import Asked
from deskbridge.migration.choosing import meant
from deskbridge.migration.opening import refuse_two
from deskbridge.migration.progress import Progress
from deskbridge.migration.run_log import RunLog
from deskbridge.migration.running import stopped_by_signals
from deskbridge.migration.succeeding import succeed
from deskbridge.remap import FIELDS_REMAPPED
from deskbridge.rerouted import known
from deskbridge.words import nearest
from mappings.ticket import Ref, Status
from sync.migrate.backfill import Backfill, BackfillEngine, Kind
from sync.migrate.bulk import Turns
from sync.migrate.crew import Threads
from sync.migrate.filling import Filling, rows
from sync.migrate.metered import Metered
from sync.migrate.run import Loop
from sync.outcome import Planned, not_before
from sync.rules import Role
from sync.store.quota import Share, SharedBudget
from sync.store.runs import Listed, Run, RunState, State, Which

WORKERS = 4
"""Tickets that are worked on at once."""
LOOKS, EXAMPLES = 25, 5
"""How many tickets a dry run looks into, and how many of their plans it tells."""
EVERY = Which()
_DONE = frozenset(status.value for status in Status if status.done)
_IS_DONE = "it is done: --status closed and --status resolved take such ones"


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What a person wants filled in, and how."""

    asked: Backfill
    which: Which = EVERY
    share: float | None = None
    limit: int | None = None
    open_only: bool = False
    """Whether tickets that are done are left out because nobody asked for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filler:
    """All that a backfill works with."""

    application: Application
    orders: Orders
    connectors: Mapping[str, Connector]
    budgets: Mapping[str, Metered]
    digest: str
    """Of the settings: by others, a ticket that needed nothing may need something."""

    @property
    def source(self) -> str:
        """The name under which the tickets are kept."""
        return self.orders.asked.scope

    def engine(self) -> BackfillEngine:
        """Return what reconciles the tickets."""
        application = self.application
        return BackfillEngine(
            store=application.store,
            connectors=self.connectors,
            desk=application.desk,
            signer=application.signer,
            now=application.now,
            asked=self.orders.asked,
        )

    def rows(self, left_out: Counter[str] | None = None) -> Iterator[list[Listed]]:
        """Yield what may have to be done, in batches, counting what is done already. Raises WireError."""
        asked, which = self.orders.asked, self.orders.which
        front = self.connectors[asked.of] if asked.kind is Kind.TICKETS else None
        judged = f"{self.digest} {asked.route.name}" if asked.route else self.digest
        for batch in rows(self.application.store, front, asked, judged):
            yield [one for one in batch if one.skipped or meant(which, one)]
            if left_out is not None and self.orders.open_only:
                whatever = replace(which, statuses=frozenset())
                left_out[_IS_DONE] += sum(one.status in _DONE and meant(whatever, one) for one in batch)


def linked_asked(
    application: Application, kind: str, of: str, *, share: float | None, limit: int | None
) -> Orders:
    """Return what was asked about linked tickets. Raises ConfigError for a field or customer there is not."""
    if kind == Kind.BOARD:
        known(application, of)
    named = next((name for name in FIELDS_REMAPPED if name == of), None)
    if kind == Kind.FIELD and named is None:
        raise ConfigError([f"{of}: no such field{nearest(of, FIELDS_REMAPPED)}"])
    return Orders(asked=Backfill(kind=Kind(kind), of=of, field=named), share=share, limit=limit)


def tickets_asked(
    application: Application,
    asked: Asked,
    front: str,
    route: str,
    *,
    share: float | None,
    limit: int | None,
) -> Orders:
    """Return what `backfill tickets` was asked. Raises ConfigError for words that mean nothing."""
    settings = application.settings
    fronts = [name for name, c in settings.connections.items() if c.role is Role.FRONT]
    if front and front not in fronts:
        raise ConfigError([f"--front: there is no front called {front!r}{nearest(front, fronts)}"])
    if not front and len(fronts) != 1:
        raise ConfigError([f"--front: name one of {', '.join(fronts)}"])
    of = front or fronts[0]
    ways = {one.name: one for one in application.desk.routes if not one.fronts or of in one.fronts}
    if route and route not in ways:
        raise ConfigError([f"--route: no route of {of} is called {route!r}{nearest(route, list(ways))}"])
    which = asked.which(settings, of)
    if not (asked.created or asked.ids) and settings.hub.since is not None:
        which = replace(which, created=(None, settings.hub.since))
    open_only = not (asked.statuses or asked.ids)
    if open_only:
        which = replace(which, statuses=frozenset(status.value for status in Status) - _DONE)
    wanted = Backfill(kind=Kind.TICKETS, of=of, route=ways.get(route), customers=frozenset(asked.customers))
    return Orders(asked=wanted, which=which, share=share, limit=limit, open_only=open_only)


def filler_of(application: Application, orders: Orders) -> Filler:
    """Return what a backfill works with, once everybody answers.

    Raises what a connection answers that does not work, and UnsafePlan where the store is older than what
    stands in the tools.
    """
    settings, now, store = application.settings, application.now, application.store
    budgets = {
        name: Metered(_budget(application, name, orders.share), now, time.sleep)
        for name in settings.connections
    }
    connectors = connectors_of(settings, now, budgets, store.database.former)
    digest = sha256(application.path.read_bytes()).hexdigest()[:16]
    made = Filler(
        application=application, orders=orders, connectors=connectors, budgets=budgets, digest=digest
    )
    for error in made.engine().identify():
        raise error
    if store.database.recovering():
        raise UnsafePlan("the store is older than what the hub wrote: `deskbridge recover --apply` first")
    return made


def _budget(application: Application, name: str, share: float | None) -> Budget:
    return SharedBudget(application.store.database, name, application.now, Share.MIGRATION, most=share)


# -- a dry run


@dataclass(slots=True)
class Told:
    """What a backfill would do, as far as a few tickets tell."""

    waiting: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    looked_at: int = 0
    calls: Counter[str] = field(default_factory=Counter)
    """Calls to look at them, by connection."""
    writes: int = 0
    would: Counter[str] = field(default_factory=Counter)
    """What would become of them."""
    plans: list[Planned] = field(default_factory=list)


def rehearsed(filler: Filler) -> Told:
    """Return what a backfill would do; nothing is written anywhere. Raises WireError."""
    told, engine = Told(), filler.engine()
    for one in nsmallest(filler.orders.limit or LOOKS, _waiting(filler, told), key=_in_turn):
        before = _calls(filler.budgets)
        weighed = engine.weigh(filler.orders.asked.ref(one.key))
        told.looked_at += 1
        told.calls.update(_calls(filler.budgets) - before)
        told.writes += len(weighed.plan.writes) if weighed.state is None else 0
        told.would[_outcome(weighed.state, weighed.reason)] += 1
        if (weighed.state is None or weighed.state is State.PARKED) and len(told.plans) < EXAMPLES:
            parked = weighed.state is State.PARKED  # it is left as it is, whatever live work would write
            plan = replace(weighed.plan, writes=()) if parked else weighed.plan
            problem = weighed.reason or None
            told.plans.append(Planned(weighed.refs, plan, problem, waits=problem is not None))
    return told


def _waiting(filler: Filler, told: Told) -> Iterator[Listed]:
    runs, scope = filler.application.store.runs, filler.source
    for batch in filler.rows(told.left_out):
        for one in batch:
            known = runs.item(Ref(scope, one.key))
            if known is not None and known.version == one.version and known.state in _SETTLED:
                continue
            if one.skipped:
                told.left_out[one.skipped] += 1
                continue
            told.waiting += 1
            yield one


_SETTLED = (State.MIGRATED, State.SKIPPED, State.GONE)


def _in_turn(one: Listed) -> tuple[int, float]:
    return int(one.rank), -one.changed.timestamp() if one.changed else 0.0


def _calls(budgets: Mapping[str, Metered]) -> Counter[str]:
    return Counter({name: budget.calls for name, budget in budgets.items()})


def _outcome(state: State | None, reason: str) -> str:
    if state is None:
        return "would be written to"
    return reason or "nothing to write"


# -- a run


def filled(filler: Filler) -> tuple[Run, int]:
    """Fill in what was asked until it is done, stopped or paused; return the run, and the exit code."""
    application, orders = filler.application, filler.orders
    runs, now, scope = application.store.runs, application.now, filler.source
    run = _opened(filler)
    worker = succeed(application, run.id, WORKERS)
    log = RunLog(application, run.id)
    log.begun(scope, WORKERS)
    progress = Progress(filler, run.id, worker, orders.which, hours=None, late=lambda why: None)
    progress.start()
    try:
        with stopped_by_signals(progress.stopping):
            state, why = _worked(filler, run.id, progress, log)
    finally:
        progress.end()
    if progress.broken is not None:
        raise progress.broken
    application.store.workers.leave(worker.id)
    runs.end(run.id, state, why, now())
    log.ended(state.value)
    parked = runs.counts(scope, run.id)[State.PARKED]
    return runs.get(run.id) or run, 4 if parked or state is RunState.PAUSED else 0


def _opened(filler: Filler) -> Run:
    """Return the run that was interrupted, or a new one. Raises UnsafePlan where somebody works for it."""
    application, scope = filler.application, filler.source
    runs, at = application.store.runs, application.now
    last = next(iter(runs.all(scope)), None)
    if last is not None:
        refuse_two(application, last)
        if last.state is not RunState.DONE:
            runs.go_on(last.id, filler.digest, last.asked, at())
            return runs.get(last.id) or last
    return runs.begin(scope, filler.digest, getpass.getuser(), {}, at())


def _worked(filler: Filler, run: int, progress: Progress, log: RunLog) -> tuple[RunState, str]:
    application, orders = filler.application, filler.orders
    _list(filler, progress)
    if progress.stop():
        return RunState.STOPPED, _STOPPED
    store, now, scope, engine = application.store, application.now, filler.source, filler.engine()
    taker = Filling(store=store, engine=engine, run=run, source=scope, now=now, told=log.looked)
    loop = Loop(
        store=store,
        breakers=engine.breakers,
        connections=(scope, *filler.connectors),
        now=now,
        crews=[Threads(taker.take, Turns(WORKERS), WORKERS)],
    )
    progress.works(loop, orders.which)
    done = loop.work(orders.which, progress.stop, limit=orders.limit)
    if loop.why:
        return RunState.PAUSED, loop.why
    return (RunState.DONE, "") if done else (RunState.STOPPED, _STOPPED)


_STOPPED = "somebody stopped it"


def _list(filler: Filler, progress: Progress) -> None:
    """Note what there is to do, however often the source is out of reach meanwhile."""
    count = 0
    while not progress.stop():
        try:
            for batch in filler.rows():
                filler.application.store.runs.listed(filler.source, batch, None)
                count += len(batch)
                progress.listed(count)
        except (Transient, Throttled) as error:
            at = filler.application.now()
            progress.stopping.wait(max(1.0, min((not_before(error, at) - at).total_seconds(), 60.0)))
        else:
            return
