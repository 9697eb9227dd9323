"""The ways in which `sync` runs: once, again and again, and as a shadow that writes nothing."""

from __future__ import annotations

import json
import signal
import sys
import threading
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from connectors.errors import ConfigError, WireError
from deskbridge.bootstrap import Application
from deskbridge.logs import looked
from deskbridge.notify import notifier_of
from deskbridge.report import (
    complaint,
    counted_lines,
    exit_code,
    outcome_lines,
    plan_json,
    plan_lines,
    summary,
)
from deskbridge.service import Service, look_once
from deskbridge.shadow import Shadow
from deskbridge.words import say
from sync.outcome import Parked, Reconciled
from sync.store.dialects import called


def synced(application: Application, errors: Sequence[WireError], *, as_json: bool, strict: bool) -> int:
    """Reconcile what changed, print what came of it, and return the exit code.

    A ticket that waits for the same reason as before is no news, whether it was looked at again or not; it
    counts for the exit code only if `strict`.
    """
    results: list[Reconciled] = []
    before, notifier = _parked(application), notifier_of(application)
    failed = [*errors, *application.engine.collect()]
    told = {error.connection for error in failed}
    look_once(application, _both(results.append, _printer(application, told, as_json=as_json)))
    notifier.once()
    waiting = _parked(application)
    fresh = {subject: reason for subject, reason in waiting.items() if before.get(subject) != reason}
    counted = summary(results) | {"parked": len(fresh), "parked_before": len(waiting) - len(fresh)}
    say(json.dumps(counted) if as_json else "\n".join(counted_lines(counted)))
    _complain(failed)
    kept = [r.outcome for r in results if not isinstance(r.outcome, Parked)]
    return exit_code([*kept, *map(Parked, (waiting if strict else fresh).values())], failed)


def _parked(application: Application) -> dict[str, str]:
    """Return subject -> reason of what waits for a person."""
    return {row.subject: row.parked for row in application.store.inbox.parked() if row.parked}


def watched(application: Application, errors: Sequence[WireError], *, watch: bool, as_json: bool) -> int:
    """Reconcile what changes, printing what comes of it, until SIGTERM or Ctrl-C; return the exit code."""
    _complain(errors)
    run(Service(application, _printer(application, as_json=as_json), kind="sync"))
    return 0


def worked(application: Application, threads: int | None) -> None:
    """Work beside others on the same store, until SIGTERM or Ctrl-C. Raises ConfigError if it is a file."""
    may_work(application)
    run(Service(application, looked, kind="work", threads=threads))


def may_work(application: Application) -> None:
    """Say on which store this process is about to work. Raises ConfigError if it is a file."""
    address = application.store.database.address
    if isinstance(address, Path):
        way = "for several machines give hub.store the address of a PostgreSQL database (docs/deploy.md)"
        more = "in one process, `deskbridge serve` works with serve.workers threads"
        raise ConfigError(
            [f"work: the store {address} is a file, which belongs to one machine: {way}; {more}"]
        )
    _complain(application.engine.identify())
    say(f"deskbridge: working on {called(address)}")


def run(service: Service) -> None:
    """Have a service work until SIGTERM or Ctrl-C, in the main thread. Raises ConfigError, see `complain`."""
    _on_signal(service.cancel)
    service.start()
    service.wait()
    service.stop()
    service.complain()


def shadowed(application: Application, errors: Sequence[WireError], *, watch: bool, as_json: bool) -> int:
    """Print what would be written, once or until Ctrl-C, and write nothing; return the exit code."""
    _complain(errors)
    stopping = threading.Event()
    _on_signal(stopping.set)
    shadow = Shadow(application.engine, tuple(application.connectors))
    every = application.settings.serve.poll.total_seconds()
    while True:
        for planned in shadow.look(application.now()):
            lines = [json.dumps(plan_json(planned))] if as_json else plan_lines(planned)
            if lines:
                say("\n".join(lines))
        if watch:
            _complain(shadow.silent)
        if not watch or stopping.wait(every):
            return exit_code([], [*errors, *shadow.silent])


def _printer(
    application: Application, told: Collection[str] = (), *, as_json: bool
) -> Callable[[Reconciled], None]:
    def tell(result: Reconciled) -> None:
        if not as_json:
            refs = application.store.bundles.load(result.subject).refs
            say("\n".join(outcome_lines(result, refs, told)))

    return tell


def _both(first: Callable[[Reconciled], None], second: Callable[[Reconciled], None]) -> Callable[..., None]:
    def tell(result: Reconciled) -> None:
        first(result)
        second(result)

    return tell


def _on_signal(act: Callable[[], None]) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: act())


def _complain(errors: Sequence[Exception]) -> None:
    for error in errors:
        sys.stderr.write(f"deskbridge: {complaint(error)}\n")
