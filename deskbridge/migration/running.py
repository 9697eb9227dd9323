"""Carries out a run: lists, works, lists what changed meanwhile, and says what came of it."""

from __future__ import annotations

import getpass
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

from connectors.base import Presence
from connectors.errors import ConfigError, Throttled, Transient, UnsafePlan, WireError
from deskbridge.bootstrap import Application, system_time
from deskbridge.migration.alone import refuse_beside
from deskbridge.migration.asked import Asked
from deskbridge.migration.building import Machine, machine_of, ready, working_for
from deskbridge.migration.choosing import demonstration, waiting
from deskbridge.migration.cutover import is_frozen
from deskbridge.migration.desk import source_of
from deskbridge.migration.opening import Ask, Changed, opened
from deskbridge.migration.processes import CrewOrders, Process, divided, processes_for
from deskbridge.migration.progress import Progress
from deskbridge.migration.quiet import silenced
from deskbridge.migration.run_log import RunLog
from deskbridge.migration.succeeding import succeed
from deskbridge.migration.taking import hand_over_kept, taker_of
from deskbridge.notify import notifier_of
from deskbridge.words import nearest
from sync.migrate.crew import Crew, Threads
from sync.migrate.listing import Lister
from sync.migrate.run import Loop
from sync.migrate.ties import Ties
from sync.outcome import not_before
from sync.store.outbox import Notification
from sync.store.runs import Run, RunState, State, Which

ROUNDS = 5
"""How often the lists are read again for what changed meanwhile, before the rest is left to the next run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """How a person wants a run carried out."""

    asked: Asked
    limit: int | None = None
    demo: int | None = None
    share: float | None = None
    workers: int = 8
    processes: int | None = None
    """How many processes share the work; None has the run decide."""
    changed: Changed = Changed.ASK
    notify: str = ""
    hours: float | None = None


def machine_for(application: Application, orders: Orders) -> Machine:
    """Return what a run works with, ready to be used.

    Raises what `ready` raises, and ConfigError for a channel there is not.
    """
    channels = list(application.settings.notify)
    if orders.notify and orders.notify not in channels:
        hint = nearest(orders.notify, channels) or "; see [notify] of the settings"
        raise ConfigError([f"--notify: there is no channel {orders.notify!r}{hint}"])
    quiet = silenced(application)
    made = machine_of(
        application,
        share=orders.share,
        workers=orders.workers,
        quiet=quiet,
        customers=orders.asked.customers,
        frozen=is_frozen(application.store, source_of(application.settings)),
    )
    return ready(made, quiet)


def migrated(application: Application, orders: Orders, ask: Ask) -> tuple[Run, int]:
    """Work for a run until it is done, stopped or paused; return it, and the exit code."""
    asked = orders.asked
    machine = machine_for(application, orders)
    which = asked.which(application.settings, machine.source)
    refuse_beside(application, machine.source)
    run, remap = opened(application, machine.source, getpass.getuser(), _said(orders), orders.changed, ask)
    worker = succeed(application, run.id, machine.threads)
    try:
        refuse_beside(application, machine.source)  # one that began at the same moment
    except UnsafePlan as error:
        application.store.workers.leave(worker.id)
        application.store.runs.end(run.id, RunState.STOPPED, str(error), application.now())
        raise
    machine = working_for(machine, run.id)
    tell = _teller(application, orders.notify, run.id)
    log = RunLog(application, run.id)
    log.begun(machine.source, machine.threads)
    progress = Progress(
        machine, run.id, worker, which, hours=orders.hours, late=lambda why: tell("late", why)
    )
    progress.start()
    try:
        with stopped_by_signals(progress.stopping):
            state, why = _Work(machine, run.id, progress, orders, log).all(which, remap=remap)
    finally:
        progress.end()
    if progress.broken is not None:
        raise progress.broken
    application.store.workers.leave(worker.id)
    application.store.runs.end(run.id, state, why, application.now())
    log.ended(state.value)
    tell(state.value, why)
    notifier_of(application).once()
    parked = application.store.runs.counts(machine.source, run.id)[State.PARKED]
    return application.store.runs.get(run.id) or run, 4 if parked or state is RunState.PAUSED else 0


class _Work:
    """One process's work for a run."""

    def __init__(self, machine: Machine, run: int, progress: Progress, orders: Orders, log: RunLog) -> None:
        self._machine, self._run, self._progress, self._orders = machine, run, progress, orders
        self._log = log
        self._store, self._now = machine.application.store, machine.application.now
        connector, reads = machine.connectors[machine.source], machine.desk.rules.reads
        self._lister = Lister(self._store, connector, reads, machine.desk.rules.parts)
        self._archive = Presence.ARCHIVED in reads

    def all(self, which: Which, *, remap: bool) -> tuple[RunState, str]:
        """Work round by round; return how it ended, and why."""
        self._list()
        hand_over_kept(self._machine)
        settle = self._machine.connectors[self._machine.source].capabilities.settle
        self._store.runs.hurried(self._machine.source, which, settle)
        which = self._chosen(which)
        with self._crews(which, remap=remap) as crews:
            return self._rounds(which, crews)

    def _rounds(self, which: Which, crews: Sequence[Crew]) -> tuple[RunState, str]:
        for _ in range(ROUNDS):
            if self._progress.stop():
                return RunState.STOPPED, "somebody stopped it"
            loop = self._loop(crews)
            self._progress.works(loop, which)
            done = loop.work(which, self._progress.stop, limit=self._orders.limit)
            if loop.why:
                return RunState.PAUSED, loop.why
            if not done:
                return RunState.STOPPED, "somebody stopped it"
            self._tied()
            if self._orders.limit is not None or which.keys:
                break
            self._list()
            if not self._store.runs.waiting(self._machine.source, which)[0]:
                break
        return RunState.DONE, ""

    def _tied(self) -> None:
        """Make the ties of tickets of which both are there by now; what fails is made with the next run."""
        ties = Ties(self._store, self._machine.connectors, self._machine.source)
        with suppress(Transient):
            for _ in ties.make(self._progress.stop):
                pass

    def _loop(self, crews: Sequence[Crew]) -> Loop:
        machine = self._machine
        return Loop(
            store=self._store,
            breakers=machine.engine.breakers,
            connections=(machine.source, *machine.targets),
            now=self._now,
            crews=crews,
        )

    @contextmanager
    def _crews(self, which: Which, *, remap: bool) -> Iterator[list[Crew]]:
        """Give who takes the tickets: threads of this process, and others if there is much to do."""
        machine, orders, customers = self._machine, self._orders, frozenset(self._orders.asked.customers)
        waiting = self._store.runs.waiting(machine.source, which)[0]
        if orders.limit is not None:
            waiting = min(waiting, orders.limit)
        count = processes_for(machine.application, orders.processes, machine.workers, waiting)
        ours, *theirs = divided(machine.workers, count)
        machine.turns.leave(machine.workers - ours)
        taker = taker_of(machine, self._run, customers, self._log.looked, remap=remap)
        others = [
            Process(
                CrewOrders(
                    settings=str(machine.application.path),
                    run=self._run,
                    ahead=(self._now() - system_time()).total_seconds()
                    if self._now is not system_time
                    else 0,
                    workers=workers,
                    share=orders.share,
                    customers=tuple(customers),
                    remap=remap,
                )
            )
            for workers in theirs
        ]
        try:
            yield [Threads(taker.take, machine.turns, machine.threads), *others]
        finally:
            for other in others:
                other.leave()

    def _list(self) -> None:
        """Read the lists, however often the source is out of reach meanwhile."""
        while not self._progress.stop():
            try:
                for count in self._lister(self._now()):
                    self._progress.listed(count)
                    if self._progress.stop():
                        return
                if self._archive:
                    for _ in self._lister.gaps():
                        if self._progress.stop():
                            return
            except (Transient, Throttled) as error:
                self._wait(error)
            else:
                return

    def _wait(self, error: WireError) -> None:
        seconds = (not_before(error, self._now()) - self._now()).total_seconds()
        self._progress.stopping.wait(max(1.0, min(seconds, 60.0)))

    def _chosen(self, which: Which) -> Which:
        """Return which tickets are meant: of a demonstration, a few that stand for all."""
        run = self._store.runs.get(self._run)
        if self._orders.demo is None or run is None:
            return which
        keys = run.asked.get("demo") or demonstration(
            self._machine, waiting(self._machine, which), self._orders.demo, which.customers
        )
        self._store.runs.ask(self._run, {**run.asked, "demo": keys})
        return replace(which, keys=frozenset(keys))


def _said(orders: Orders) -> dict[str, object]:
    return {**orders.asked.as_json(), **({"demo": []} if orders.demo is not None else {})}


def _teller(application: Application, channel: str, run: int) -> Callable[[str, str], None]:
    def tell(what: str, why: str) -> None:
        if channel:
            title = f"deskbridge: migration run {run} is {what}"
            at = application.now()
            key = f"run:{run}:{what}:{at.isoformat()}"
            application.store.outbox.put(Notification(key, channel, title, why, at))

    return tell


@contextmanager
def stopped_by_signals(stopping: threading.Event) -> Iterator[None]:
    """Have the first Ctrl-C, or SIGTERM, end the run in order; the second one ends the process."""

    def stop(number: int, _: object) -> None:
        if stopping.is_set():
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        stopping.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
