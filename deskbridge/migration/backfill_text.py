"""What a backfill would do, and what it did, as lines and as data. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from deskbridge.migration.backfilling import Told
from deskbridge.migration.told import REASONS
from deskbridge.report import plan_json, plan_lines
from sync.migrate.alike import grouped
from sync.migrate.filling import WRITTEN
from sync.store import Store
from sync.store.runs import Run, RunState, State, Which

_WHY = (State.SKIPPED, State.PARKED, State.GONE)


def told_lines(scope: str, told: Told) -> list[str]:
    """Return a dry run as lines."""
    lines = [f"{scope}: {told.waiting} to look at"]
    lines += [f"left out: {count}: {why}" for why, count in sorted(told.left_out.items()) if count]
    if not told.waiting:
        return [*lines, "Nothing to do."]
    lines += [f"{told.looked_at} of them looked into:"]
    lines += [f"  {count} x {one}" for _, count, one in grouped(told.would.items())[:REASONS]]
    lines.append(f"calls: {_calls(told)}")
    for plan in told.plans:
        lines += plan_lines(plan) or [" = ".join(map(str, plan.refs))]
    return [*lines, "Nothing is written yet: say --apply. No customer is mailed by what it writes."]


def _calls(told: Told) -> str:
    """Return about how many calls it takes, by what the ones that were looked into took."""
    by_all = told.waiting / max(1, told.looked_at)
    reads = ", ".join(f"{round(n * by_all)} on {name}" for name, n in sorted(told.calls.items()) if n)
    # What is written to is read once more before, under its claim, and each write reads its side before.
    writes = round(2 * told.writes * by_all)
    return f"about {reads or 'none'} to look at all of them, and about {writes} for what is written"


def told_json(scope: str, told: Told) -> dict[str, object]:
    """Return a dry run as data."""
    return {
        "backfill": scope,
        "waiting": told.waiting,
        "left_out": dict(told.left_out),
        "looked_at": told.looked_at,
        "would": dict(told.would),
        "writes": told.writes,
        "calls": dict(told.calls),
        "first": [plan_json(plan) for plan in told.plans],
    }


def filled_lines(store: Store, run: Run, which: Which) -> list[str]:
    """Return what a backfill did, as lines."""
    counts, (waiting, _) = store.runs.counts(run.source, run.id), store.runs.waiting(run.source, which)
    lines = [f"{run.source}: {run.state}" + (f": {run.why}" if run.why else "")]
    looked_at, written = sum(counts.values()), _written(store, run)
    lines.append(
        f"looked at {looked_at}: {written} written to, {counts[State.MIGRATED] - written} needed nothing, "
        f"{counts[State.SKIPPED]} skipped, {counts[State.PARKED]} parked, {counts[State.GONE]} gone; "
        f"{waiting} wait"
    )
    for state, reasons in _reasons(store, run).items():
        rows = grouped(reasons.items())
        lines += [f"  {state}: {count} x {one}" for _, count, one in rows[:REASONS]]
    if run.state is not RunState.DONE:
        lines.append(f"next: `{run.again}` goes on where it was")
    if counts[State.PARKED]:
        lines.append("next: `deskbridge parked list --group`, then `parked retry --reason WORDS`, and again")
    return lines


def filled_json(store: Store, run: Run, which: Which) -> dict[str, object]:
    """Return what a backfill did, as data."""
    return {
        "backfill": run.source,
        "run": run.id,
        "state": run.state.value,
        "why": run.why,
        "written": _written(store, run),
        "tickets": {state.value: n for state, n in store.runs.counts(run.source, run.id).items()},
        "waiting": store.runs.waiting(run.source, which)[0],
        "reasons": {state.value: dict(reasons) for state, reasons in _reasons(store, run).items()},
    }


def _written(store: Store, run: Run) -> int:
    return store.runs.reasons(run.source, State.MIGRATED, run.id).get(WRITTEN, 0)


def _reasons(store: Store, run: Run) -> Mapping[State, Mapping[str, int]]:
    return {state: store.runs.reasons(run.source, state, run.id) for state in _WHY}
