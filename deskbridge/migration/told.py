"""What a run has done, as lines and as data. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from deskbridge.migration.cutover import is_frozen
from deskbridge.migration.progress import progress_line
from sync.migrate.alike import grouped
from sync.store import Store
from sync.store.runs import Listing, Rank, Run, RunState, State

REASONS = 10
"""Kinds of reasons that are told in a terminal; --json tells all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a migration stands."""

    run: Run
    counts: Mapping[State, int]
    """Of all tickets of the source."""
    reasons: Mapping[State, Mapping[str, int]]
    listing: Listing
    now: datetime
    left: Mapping[str, int]
    """What did not go along of tickets that did, and why, with how often."""
    reopened: Sequence[str] = ()
    """Tickets that a run took over from live work as done and that are open again, before the freeze."""

    @property
    def state(self) -> str:
        """How the run stands, in a word."""
        silent = self.run.beat is None or (self.now - self.run.beat).total_seconds() > _SILENT
        if self.run.state is RunState.RUNNING and silent:
            return "interrupted"
        return self.run.state.value


_SHOWN = 20
"""Tickets that are named in a line."""
_SILENT = 10
"""Seconds after which a run that says nothing was killed."""


def standing_of(store: Store, run: Run, now: datetime) -> Standing:
    """Return how the migration of a run's source stands."""
    why = (State.SKIPPED, State.PARKED, State.UNREACHABLE, State.GONE, State.WAITING)
    return Standing(
        run=run,
        counts=store.runs.counts(run.source),
        reasons={
            state: {why: n for why, n in store.runs.reasons(run.source, state).items() if why}
            for state in why
        },
        listing=store.runs.listing(run.source),
        now=now,
        left=left_of(store, run.source),
        reopened=() if is_frozen(store, run.source) else store.lent.worked_on(run.source, int(Rank.UNKNOWN)),
    )


def left_of(store: Store, source: str, whats: Collection[str] | None = None) -> dict[str, int]:
    """Return what did not go along of tickets that runs moved, with how often; of some kinds, if said."""
    found: Counter[str] = Counter()
    for target, what, reason, count in store.findings.of_runs(source):
        if whats is None or what.partition(" (")[0] in whats:  # it may say from where
            found[f"{target}: {what}: {reason}"] += count
    return dict(found)


def balance(counts: Mapping[State, int]) -> str:
    """Return the accountant's line: what there is, and what became of it; the difference is what waits."""
    parts = [
        f"{counts[State.MIGRATED]} migrated",
        f"{counts[State.SKIPPED]} skipped by rule",
        f"{counts[State.UNREACHABLE]} archived unreachable",
        f"{counts[State.PARKED]} parked",
        f"{counts[State.GONE]} gone",
    ]
    return f"source {sum(counts.values())} = {' + '.join(parts)}, difference {counts[State.WAITING]}"


def standing_lines(standing: Standing) -> list[str]:
    """Return how a migration stands, as lines."""
    run = standing.run
    since = f"began {run.began:%Y-%m-%d %H:%M} UTC by {run.who}"
    lines = [f"run {run.id} of {run.source}: {standing.state}, {since}"]
    if run.why:
        lines.append(f"  why: {run.why}")
    if run.state is RunState.RUNNING and run.progress:
        lines.append(f"  {progress_line(run.progress)}")
    if standing.listing.whole is None:
        lines.append("  the lists of the source were not read to their end yet")
    lines.append(balance(standing.counts))
    for state, reasons in standing.reasons.items():
        rows = grouped(reasons.items())
        lines += [f"  {state}: {count} x {one}" for _, count, one in rows[:REASONS]]
        if len(rows) > REASONS:
            lines.append(f"  {state}: and {len(rows) - REASONS} other reasons; --json tells all")
    lines += left_lines(standing.left)
    if run.accepted is not None:
        lines.append(f"accepted by {run.accepted_by}, {run.accepted:%Y-%m-%d %H:%M} UTC")
    return [*lines, *(f"next: {step}" for step in next_steps(standing))]


def left_lines(left: Mapping[str, int]) -> list[str]:
    """Return what did not go along, as lines."""
    rows = grouped(left.items())
    lines = [f"  did not go along: {count} x {one}" for _, count, one in rows[:REASONS]]
    if len(rows) > REASONS:
        lines.append(f"  did not go along: {len(rows) - REASONS} other things; --json tells all")
    return lines


def standing_json(standing: Standing) -> dict[str, object]:
    """Return how a migration stands, as data; times as ISO 8601."""
    run = standing.run
    return {
        "run": run.id,
        "source": run.source,
        "state": standing.state,
        "why": run.why,
        "who": run.who,
        "asked": run.asked,
        "began": run.began.isoformat(),
        "ended": run.ended.isoformat() if run.ended else None,
        "progress": run.progress,
        "listed": standing.listing.whole.isoformat() if standing.listing.whole else None,
        "tickets": {state.value: count for state, count in standing.counts.items()},
        "total": sum(standing.counts.values()),
        "difference": standing.counts[State.WAITING],
        "reasons": {
            state.value: [{"reason": one, "count": n} for _, n, one in grouped(reasons.items())]
            for state, reasons in standing.reasons.items()
        },
        "reopened": list(standing.reopened),
        "left": [{"what": one, "count": n} for _, n, one in grouped(standing.left.items())],
        "verified": run.verified,
        "accepted": run.accepted.isoformat() if run.accepted else None,
        "accepted_by": run.accepted_by,
    }


def next_steps(standing: Standing) -> list[str]:
    """Return what a person may do now."""
    counts, steps = standing.counts, []
    if standing.state in ("interrupted", "stopped", "paused"):
        steps.append(f"`{standing.run.again}` goes on where it was")
    if counts[State.PARKED]:
        steps.append("`deskbridge parked list --group`, then `parked retry --reason WORDS` and run again")
    if again := standing.reopened:
        shown = ", ".join([*again[:_SHOWN], *(["..."] if len(again) > _SHOWN else [])])
        way = "`deskbridge migrate rollback --id NUMBER --apply` has live work keep them again"
        steps.append(f"{shown}: opened again since they were moved, and nobody keeps their promises; {way}")
    if standing.left:
        steps.append("`deskbridge finding list` names the tickets of which something did not go along")
    whole = standing.state == "done" and not counts[State.WAITING] and not standing.run.fills_in
    if whole and standing.run.accepted is not None:
        steps.append("`deskbridge migrate cutover` tells how far the switch is, and what comes next")
    elif whole:
        steps.append("`deskbridge migrate verify` reads both sides again; run again for what changes")
    return steps


def records(made: Mapping[str, int]) -> str:
    """Return how many accounts and organisations runs made, by kind."""
    return ", ".join(f"{count} {kind}{'s' if count > 1 else ''}" for kind, count in made.items())
