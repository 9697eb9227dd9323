"""The switch from one tool to another, state by state: what each needs, what it does, and its undo.

Every state is recorded with who said so. What a state needs is looked at anew, never remembered; a person may
go on in spite of it, by a reason that is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from connectors.errors import ConfigError, Gone, Rejected, UnsafePlan
from deskbridge.bootstrap import Application
from deskbridge.migration.desk import source_of, targets_of
from deskbridge.migration.quiet import standings
from deskbridge.words import nearest
from mappings.ticket import Ref
from sync.migrate.source import KEPT
from sync.rules import Role
from sync.store import Store
from sync.store.cutovers import Taken
from sync.store.quiets import QuietState
from sync.store.runs import Rank, RunState, State


class Step(StrEnum):
    """How far a switch is."""

    PREPARED = "prepared"
    FROZEN = "frozen"
    DELTA = "delta"
    VERIFIED = "verified"
    SWITCHED = "switched"
    WATCHED = "watched"


ORDER = tuple(Step)
_NAMED = 50
"""Requests that are named; of more, the number is told."""
MEANS: Mapping[Step, str] = {
    Step.PREPARED: "rehearsed, quiet, and moved once: the weekend can begin",
    Step.FROZEN: "nobody works in the old tool any more; its mail still arrives there",
    Step.DELTA: "what changed until the freeze is moved too",
    Step.VERIFIED: "both sides were read again, somebody accepted it, and the clocks are carried over",
    Step.SWITCHED: "customers are served in the new tool; the settings say so",
    Step.WATCHED: "what came late to the old tool was found and dealt with",
}
UNDO: Mapping[Step, str] = {
    Step.PREPARED: "nothing to undo; `migrate rollback` deletes what runs created",
    Step.FROZEN: "let agents back into the old tool: nothing was changed there",
    Step.DELTA: "nothing to undo; what was moved stays until `migrate rollback`",
    Step.VERIFIED: "what was carried of the clocks is forgotten",
    Step.SWITCHED: "the old sides count again; put the former settings and mail routing back as well",
    Step.WATCHED: "watching goes on",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cutover:
    """How a switch stands."""

    source: str
    target: str
    reached: Step | None
    log: tuple[Taken, ...]

    @property
    def next(self) -> Step | None:
        """What comes next; None at the end."""
        place = 0 if self.reached is None else ORDER.index(self.reached) + 1
        return ORDER[place] if place < len(ORDER) else None

    def taken(self, step: Step) -> Taken | None:
        """Return when a state that counts was reached."""
        return next((one for one in reversed(self.log) if (one.state, one.way) == (step, "on")), None)


def cutover_of(application: Application) -> Cutover:
    """Return how the switch stands: the one that was begun, else that of [migration]. Raises ConfigError."""
    begun = application.store.cutovers.newest()
    if begun is not None:
        source, target = begun.source, str(begun.detail.get("target", ""))
    else:
        source = source_of(application.settings)
        target = next(place.connection for place in targets_of(application.settings))
    log = application.store.cutovers.of(source)
    return Cutover(source=source, target=target, reached=_reached(log), log=log)


def is_frozen(store: Store, source: str) -> bool:
    """Whether nobody works in a source any more: its cutover is frozen, or further on."""
    return _reached(store.cutovers.of(source)) not in (None, Step.PREPARED)


def _reached(log: Sequence[Taken]) -> Step | None:
    """Return the state that the last step led to, on or back."""
    if not log:
        return None
    step = Step(log[-1].state)
    return step if log[-1].way == "on" else _before(step)


def lacks(application: Application, now: Cutover, step: Step) -> list[str]:
    """Return what stands against a state, each with the way out; asks live systems where it must."""
    wanted: Mapping[Step, Any] = {
        Step.PREPARED: _prepared,
        Step.FROZEN: _nothing,
        Step.DELTA: _delta,
        Step.VERIFIED: _verified,
        Step.SWITCHED: _switched,
        Step.WATCHED: _watched,
    }
    return list(wanted[step](application, now))


def take(application: Application, name: str, who: str, why: str) -> Iterator[str]:
    """Go on to the next state, telling what was done. Raises UnsafePlan with what stands against it.

    With a reason it is done all the same, where that is a person's to say.
    """
    now, step = cutover_of(application), step_of(name)
    if step is not now.next:
        following = f"next is {now.next}" if now.next else "everything is done"
        raise UnsafePlan(f"{now.source} is {now.reached or 'not prepared'}; {following}")
    found = lacks(application, now, step)
    if found and (step is Step.SWITCHED or not why.strip()):
        more = "" if step is Step.SWITCHED else '; go on in spite of it with --in-spite "REASON"'
        raise UnsafePlan("; ".join(found) + more)
    detail: dict[str, object] = {"target": now.target, "lacked": found}
    at = application.now()
    if step is Step.VERIFIED:
        many = carry(application, now, at)
        detail["carried"] = many
        yield f"the clocks of {many:,} tickets that people still work on are carried over"
    if step is Step.SWITCHED:
        served = [new for _, new in application.store.carrying.open(now.source, now.target)]
        handed = application.store.carrying.hand_over(now.source, now.target, at)
        subjects = [application.store.bundles.subject(ref) for ref in served]
        application.store.inbox.put_many(subjects, at, "it is served here now")
        detail |= {"at": at.isoformat(), "tickets": handed.tickets}
        yield f"{handed.tickets:,} tickets are served on {now.target} now"
    _record(application, now, step, "on", who, why, at, detail)
    yield f"{now.source} -> {now.target}: {step}: {MEANS[step]}"


def back(application: Application, who: str, why: str) -> Iterator[str]:
    """Undo the last state. Raises UnsafePlan where there is none."""
    now = cutover_of(application)
    if now.reached is None:
        raise UnsafePlan("nothing was begun, so there is nothing to undo")
    step, at = now.reached, application.now()
    detail: dict[str, Any] = {"target": now.target}
    if step is Step.VERIFIED:
        application.store.carrying.drop(now.source)
    if step is Step.FROZEN:
        yield from _lent_lines(application, now)
    if step is Step.SWITCHED:
        done = now.taken(step)
        told = str(done.detail.get("at", "")) if done else ""
        many = application.store.carrying.hand_back(now.source, datetime.fromisoformat(told)) if told else 0
        served = [old for old, _ in application.store.carrying.open(now.source, now.target)]
        subjects = [application.store.bundles.subject(ref) for ref in served]
        application.store.inbox.put_many(subjects, at, "it is served here again")
        yield f"{many:,} tickets are served on {now.source} again"
        yield from _lent_lines(application, now)
        left = list(_born(application, now, datetime.fromisoformat(told))) if told else []
        detail["left"] = [str(ref) for ref in left]
        yield from _left_lines(now.target, detail["left"])
    _record(application, now, step, "back", who, why, at, detail)
    yield f"{now.source} -> {now.target}: no longer {step}: {UNDO[step]}"


def _born(application: Application, now: Cutover, since: datetime) -> Iterator[Ref]:
    """Yield the requests that came into the new tool since it served, and that somebody still works on."""
    for ticket in application.store.served.tickets(since=since):
        if ticket.ref.connection == now.target and ticket.facts.created >= since and ticket.open:
            yield ticket.ref


def _lent_lines(application: Application, now: Cutover) -> Iterator[str]:
    """Yield what to do with tickets of which live work kept promises before a run took them over."""
    if lent := application.store.lent.worked_on(now.source, int(Rank.UNKNOWN)):
        yield (
            f"{len(lent):,} tickets that people work on were taken over from live work, and nobody keeps"
            " their promises meanwhile: `deskbridge migrate rollback --id NUMBER --apply` gives one back"
        )


def _left_lines(target: str, left: Sequence[str]) -> Iterator[str]:
    """Yield what to do with the requests that the way back leaves in the new tool."""
    if left:
        shown = ", ".join([*left[:_NAMED], *(["..."] if len(left) > _NAMED else [])])
        came = "1 request" if len(left) == 1 else f"{len(left):,} requests"
        yield (
            f"{came} came into {target} since the switch, known there alone: {shown}; no clock of theirs runs"
            " under the former settings: answer there, or write them anew in the old tool"
        )


def carry(application: Application, now: Cutover, at: datetime) -> int:
    """Keep what the old tool tells of the clocks of what people still work on. Raises WireError."""
    many = 0
    for old, new in application.store.carrying.open(now.source, now.target):
        try:
            told = application.engine.facts(application.store.bundles.subject(old))
        except (Gone, Rejected):
            continue
        if old in told:
            application.store.carrying.put(new, old, told[old], at)
            many += 1
    return many


def step_of(name: str) -> Step:
    """Return the state of a name. Raises ConfigError."""
    known = [step.value for step in ORDER]
    if name not in known:
        raise ConfigError([f"there is no state {name!r}{nearest(name, [*known, 'back'])}"])
    return Step(name)


def cutover_lines(now: Cutover, missing: list[str]) -> Iterator[str]:
    """Yield how a switch stands."""
    yield f"{now.source} -> {now.target}"
    yield from (f"  {line}" for line in _left_lines(now.target, _left(now)))
    reached = -1 if now.reached is None else ORDER.index(now.reached)
    for number, step in enumerate(ORDER):
        done = now.taken(step) if number <= reached else None
        when = f"{done.at:%Y-%m-%d %H:%M} UTC by {done.who}" if done else "not yet"
        yield f"  {step:<9} {when}: {MEANS[step]}"
        if done and done.why:
            yield f"            in spite of: {done.why}"
        if number == reached:
            yield f"            undo: `migrate cutover back`: {UNDO[step]}"
    if now.next:
        yield f"next: `deskbridge migrate cutover {now.next}`"
        yield from (f"  first: {line}" for line in missing)


def _left(now: Cutover) -> Sequence[str]:
    """Return what the way back left in the new tool, until that serves again."""
    last = next((one for one in reversed(now.log) if one.state == Step.SWITCHED), None)
    return last.detail.get("left", ()) if last and last.way == "back" else ()


def cutover_json(now: Cutover, missing: list[str]) -> dict[str, object]:
    """Return the same as data."""
    return {
        "source": now.source,
        "target": now.target,
        "reached": now.reached,
        "next": now.next,
        "lacks": missing,
        "left": list(_left(now)),
        "log": [
            {"state": one.state, "way": one.way, "who": one.who, "why": one.why, "at": one.at.isoformat()}
            for one in now.log
        ],
    }


def _before(step: Step) -> Step | None:
    place = ORDER.index(step)
    return ORDER[place - 1] if place else None


def _record(
    application: Application,
    now: Cutover,
    step: Step,
    way: str,
    who: str,
    why: str,
    at: datetime,
    detail: Mapping[str, object],
) -> None:
    application.store.cutovers.add(
        Taken(source=now.source, state=step.value, way=way, who=who, why=why, at=at, detail=detail)
    )


def _nothing(application: Application, now: Cutover) -> Iterator[str]:
    yield from ()


def _prepared(application: Application, now: Cutover) -> Iterator[str]:
    if not any(run.state is RunState.DONE for run in application.store.runs.all(now.source)):
        yield f"no run over {now.source} came to its end: `deskbridge migrate run --apply`"
    for one in standings(application):
        if one.mails and not one.silent:
            yield f"{one} is not proved to be quiet: `deskbridge migrate quiet check`"


def _delta(application: Application, now: Cutover) -> Iterator[str]:
    frozen = now.taken(Step.FROZEN)
    runs = application.store.runs.all(now.source)
    since = frozen.at if frozen else None
    if since and not any(run.state is RunState.DONE and run.ended and run.ended > since for run in runs):
        yield "no run came to its end since the freeze: `deskbridge migrate run --apply`"
    counts = application.store.runs.counts(now.source)
    if counts[State.WAITING]:
        yield f"{counts[State.WAITING]} tickets still wait: `deskbridge migrate run --apply`"
    if kept := application.store.runs.reasons(now.source, State.SKIPPED).get(KEPT):  # a run from before
        yield f"{kept} tickets were left to live work before the freeze: `deskbridge migrate run --apply`"


_DIFFERS = ("differences", "new_or_changed", "missing_issues")


def _verified(application: Application, now: Cutover) -> Iterator[str]:
    frozen = now.taken(Step.FROZEN)
    runs = [run for run in application.store.runs.all(now.source) if run.state is RunState.DONE]
    newest = runs[0] if runs else None
    if newest is None or not newest.verified:
        yield "the last run was not verified: `deskbridge migrate verify`"
    elif newest.accepted is None:
        yield "nobody accepted what was verified: `deskbridge migrate verify --accept NAME`"
    elif frozen and newest.accepted < frozen.at:
        yield "it was accepted before the freeze: verify again"
    elif any(newest.verified.get(found) for found in _DIFFERS):
        yield "what was verified last differs: `deskbridge migrate verify` says in what"
    counts = application.store.runs.counts(now.source)
    if counts[State.PARKED]:
        yield f"{counts[State.PARKED]} tickets are parked: `deskbridge parked list --group`"


def _switched(application: Application, now: Cutover) -> Iterator[str]:
    connections = application.settings.connections
    there = connections.get(now.target)
    if there is None or there.role is not Role.FRONT:
        yield f'write role = "front" at [connections.{now.target}]: it serves the customers from now on'
    if now.source in connections:
        yield (
            f"take [connections.{now.source}] and what names it out of the settings, [migration] too, or it"
            " would be polled and served as before; keep a copy for the way back"
        )
    for quiet in application.store.quiets.all():
        if quiet.connection == now.target and quiet.state is not QuietState.OFF:
            yield f"{quiet.connection} {quiet.project} is still silenced: `deskbridge migrate quiet off`"


def _watched(application: Application, now: Cutover) -> Iterator[str]:
    switched = now.taken(Step.SWITCHED)
    if switched and application.now() - switched.at < timedelta(days=7):
        yield "watch for a week, late replies come in the days after: `deskbridge migrate late`"
