"""Migrations: how far each run is, how fast, what it waits for, what it set aside and why."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from deskbridge.migration.told import Standing, next_steps, standing_of
from deskbridge.web.pages.site import Site
from deskbridge.web.pages.visit import NoSuch, Shown, Visit, number_of
from sync.migrate.alike import grouped
from sync.store.runs import RunState, State

_REASONS = 50
_LEFT_OUT = (State.PARKED, State.SKIPPED, State.UNREACHABLE, State.GONE)


def runs(site: Site, visit: Visit) -> Shown:
    """List the runs, newest first."""
    found = site.application.store.runs.all()
    sources, source = sorted({run.source for run in found}), visit.asked("source")
    rows = [run for run in found if not source or run.source == source]
    return Shown("runs.html", {"rows": rows[:_REASONS], "sources": sources, "source": source})


def run(site: Site, visit: Visit) -> Shown:
    """Show one run, and what became of the tickets of its source."""
    store, number = site.application.store, str(visit.request.path_params["run"])
    said = number_of(number)
    found = store.runs.get(said) if said is not None else None
    if found is None:
        raise NoSuch(f"There is no run {number[:20]}.")
    standing = standing_of(store, found, visit.at)
    counts, words = standing.counts, visit.asked("q").lower()
    total = sum(counts.values())
    done = total - counts[State.WAITING]
    return Shown(
        "run.html",
        {
            "run": found,
            "state": standing.state,
            "told": found.progress if found.state is RunState.RUNNING else {},
            "left": _left(standing),
            "counts": [(state.value, counts[state]) for state in State],
            "total": total,
            "settled": done,
            "share": round(100 * done / total) if total else 0,
            "listed": standing.listing.whole,
            "reasons": [
                (state.value, [one for one in _reasons(standing, state) if words in one[1].lower()])
                for state in _LEFT_OUT
            ],
            "words": visit.asked("q"),
            "steps": next_steps(standing),
        },
    )


def _reasons(standing: Standing, state: State) -> Iterable[tuple[int, str]]:
    return [(count, one) for _, count, one in grouped(standing.reasons[state].items())[:_REASONS]]


def _left(standing: Standing) -> timedelta | None:
    """Return how long it takes still, at the rate of the last minute; None where nobody can tell."""
    seconds = standing.run.progress.get("left_seconds") if standing.state == "running" else None
    return timedelta(seconds=int(seconds)) if seconds is not None else None
