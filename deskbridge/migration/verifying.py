"""What `migrate verify` does and says."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from enum import StrEnum

from connectors.errors import ConfigError
from deskbridge.bootstrap import Application
from deskbridge.migration.building import Machine, machine_of
from deskbridge.migration.desk import digest_of
from deskbridge.migration.opening import CONTINUED
from deskbridge.migration.pricing import Price, priced
from deskbridge.migration.told import balance, left_lines, left_of, records
from mappings.boards import Readers
from mappings.ticket import FIELDS, Ref
from sync.migrate.alike import grouped
from sync.migrate.reread import Reread
from sync.migrate.verify import Found, Verified, Verifier
from sync.store.runs import Run, RunState, State

SAMPLE = 200
_TOLD = 20
"""Differences that are told one by one; --json tells all."""
_KEPT = 1_000
_EVERY = 1_000
"""Tickets after which it is told how far a verification is."""
_PAUSE = 2.0
"""Seconds between two looks for what a run has migrated meanwhile."""
_ALIVE = timedelta(seconds=10)
"""How long after its last word a run is waited for: it says one each second, and may just be restarted."""


class Depth(StrEnum):
    """How much is read again."""

    COUNTS = "counts"
    """The lists of both sides: a call for each hundred tickets."""
    SAMPLE = "sample"
    """And all of some tickets: about five calls each."""
    FULL = "full"
    """And all of every ticket."""


def prices(application: Application, sample: int) -> dict[Depth, Price]:
    """Return what each way to verify costs; one call of each connection is made, to hear how fast it is.

    Raises what `verified` does.
    """
    machine, _ = _ready(application)
    most: dict[Depth, int | None] = {Depth.COUNTS: 0, Depth.SAMPLE: sample, Depth.FULL: None}
    return {depth: priced(machine, tickets) for depth, tickets in most.items()}


def price_lines(told: Mapping[Depth, Price]) -> list[str]:
    """Return what each way to verify costs as lines."""
    lines = [f"{depth}: {price.tickets:,} tickets compared; {price.line()}" for depth, price in told.items()]
    return [*lines, "Nothing was read yet; without --price it is."]


def price_json(told: Mapping[Depth, Price]) -> dict[str, object]:
    """Return what each way to verify costs as data."""
    return {depth.value: asdict(price) for depth, price in told.items()}


def _ready(application: Application) -> tuple[Machine, Run]:
    machine = machine_of(application)
    run = next(iter(application.store.runs.all(machine.source)), None)
    if run is None:
        raise ConfigError(["nothing was migrated yet: `deskbridge migrate run` says what would be"])
    for error in machine.engine.identify():
        raise error
    return machine, run


def verified(
    application: Application, depth: Depth, sample: int, accept: str, *, follow: bool = False
) -> tuple[Run, Verified]:
    """Read both sides again and keep what was found; `accept` records who accepts it, if all is well.

    With `follow`, tickets are compared as a run that is at work migrates them, and the lists when it ends.
    Raises ConfigError before the first run, and what the tools answer that cannot be read.
    """
    machine, run = _ready(application)
    runs = application.store.runs
    most = {Depth.COUNTS: 0, Depth.SAMPLE: sample, Depth.FULL: None}[depth]
    sys.stderr.write(f"verify {depth}: {priced(machine, most).line()}\n")
    projects = {place.connection: place.readers for place in machine.places}
    several = {
        name
        for name in machine.targets
        if len({p.readers for p in machine.places if p.connection == name}) > 1
    }

    def readers(ref: Ref) -> Readers:
        if ref.connection not in several:
            return projects[ref.connection]
        place = machine.connectors[ref.connection].fetch(ref.key).place
        return machine.desk.rules.readers(ref.connection, place)

    verifier = Verifier(
        application.store,
        machine.connectors,
        machine.source,
        machine.targets,
        readers,
        machine.desk.rules.reads,
        Reread(application.store, machine.connectors, machine.desk.rules, changed=_changed(application, run)),
        application.now,
    )
    found, told = Verified(), 0
    if not follow:
        verifier.counts(found)
    for count in _compared(verifier, found, application, run, most, follow=follow):
        if count - told >= _EVERY:
            told = count
            sys.stderr.write(f"{count} tickets compared\n")
    if follow:
        verifier.counts(found)
    runs.verified(
        run.id, {"depth": depth.value, "at": application.now().isoformat(), **as_json(found, _KEPT)}
    )
    if accept and well(application, run, found):
        runs.accept(run.id, accept, application.now())
    return runs.get(run.id) or run, found


def _changed(application: Application, run: Run) -> bool:
    """Whether some of what was moved may have been moved by other rules than today's."""
    digests = {one.digest for one in application.store.runs.all(run.source)}
    return bool(run.asked.get(CONTINUED)) or digests != {digest_of(application.settings)}


def _compared(
    verifier: Verifier, found: Verified, application: Application, run: Run, most: int | None, *, follow: bool
) -> Iterator[int]:
    def working() -> bool:
        now = application.store.runs.get(run.id)
        if now is None or now.state is not RunState.RUNNING or now.beat is None:
            return False
        return application.now() - now.beat < _ALIVE

    if follow:
        yield from verifier.behind(found, working, lambda: time.sleep(_PAUSE))
    elif most != 0:
        yield from verifier.contents(found, most)


def well(application: Application, run: Run, found: Verified) -> bool:
    """Whether all is there, or is known and named."""
    return found.well and not application.store.runs.counts(run.source)[State.WAITING]


def as_json(found: Verified, most: int | None = None) -> dict[str, object]:
    """Return what a verification found as data."""
    return {
        "listed": found.listed,
        "new_or_changed": found.new,
        "issues": found.issues,
        "missing_issues": found.missing,
        "compared": found.checked,
        "texts": found.texts,
        "files": found.files,
        "fields": found.fields,
        "booked_times": found.times,
        "ratings": found.ratings,
        "differences": sum(not one.explained for one in found.found),
        "explained": sum(one.explained for one in found.found),
        "changed_since": sum(one.changed for one in found.found),
        "found": [
            {
                "ticket": str(one.ticket),
                "what": one.what,
                "why": one.why,
                "explained": one.explained,
                "changed_since": one.changed,
            }
            for one in found.found[:most]
        ],
    }


def verified_lines(application: Application, run: Run, found: Verified) -> list[str]:
    """Return what a verification found as lines."""
    lines = [
        balance(application.store.runs.counts(run.source)),
        f"the lists of the source show {found.listed} tickets; {found.new} are new or changed since",
        f"the lists of the target show {found.issues} of what was made; {found.missing} are missing",
        f"{found.checked} tickets compared: {found.texts} texts, {found.files} files",
        f"and {found.fields} fields, {found.times} entries of booked time, {found.ratings} ratings",
    ]
    lines += _each("differs", [one for one in found.found if not one.explained])
    lines += _each("changed since", [one for one in found.found if one.changed])
    left = (one for one in found.found if one.explained and not one.changed and not one.recorded)
    known = grouped((one.why, 1) for one in left)
    lines += [f"left out: {count} x {one}" for _, count, one in known]
    lines += [one.strip() for one in left_lines(left_of(application.store, run.source, FIELDS))]
    if made := application.store.admitted.made():
        lines.append(f"made besides, and taken away by no rollback: {records(made)}")
    lines.append("All is there, or is known." if well(application, run, found) else "Not all is there.")
    if run.accepted is not None:
        late = "" if well(application, run, found) else ", before this"
        lines.append(f"accepted by {run.accepted_by}, {run.accepted:%Y-%m-%d %H:%M} UTC{late}")
    return lines


def _each(what: str, found: Sequence[Found]) -> Iterator[str]:
    """Yield a line for each of the first ones."""
    for one in found[:_TOLD]:
        yield f"{what}: {one.ticket}: {one.what}: {one.why}"
    if len(found) > _TOLD:
        yield f"{what}: and {len(found) - _TOLD} more; --json tells all"
