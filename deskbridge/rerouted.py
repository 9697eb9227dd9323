"""What `reroute` does and says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from connectors.errors import ConfigError
from deskbridge.bootstrap import Application
from deskbridge.report import described, outcome_lines, remarked
from deskbridge.words import nearest
from sync.outcome import Done
from sync.reroute import Move


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one ticket, or would."""

    lines: tuple[str, ...]
    data: dict[str, object]
    well: bool


def known(application: Application, customer: str) -> None:
    """Raise ConfigError unless the settings know a customer."""
    names = list(application.settings.customers)
    if customer not in names:
        raise ConfigError([f"no customer is called {customer!r}{nearest(customer, names)}"])


def rerouted(application: Application, customer: str, *, apply: bool) -> Iterator[Result]:
    """Yield what becomes of each ticket that is elsewhere; without `apply`, what would."""
    for move in list(application.rerouting.moves(customer)):
        done: list[str] = []
        problem, name = move.problem, " = ".join(map(str, move.refs))
        if problem is None and apply:
            problem = application.rerouting.leave(move)
            if problem is None:
                done, problem = _created(application, move)
        planned = [] if done or problem else [*move.told, *move.plan.writes]
        lines = [
            f"{name}: {_way(move)}",
            *(f"  + {described(write)}" for write in planned),
            *(f"  - {remarked(remark)}" for remark in move.plan.remarks if planned),
            *(f"  {line}" for line in done),
            *([f"  ! {problem}"] if problem else []),
        ]
        data: dict[str, object] = {
            "tickets": [str(ref) for ref in move.refs],
            "from": str(move.old or ""),
            "to": move.to.key if move.to else "",
            "writes": [described(write) for write in planned],
            "done": bool(done),
            "problem": problem,
        }
        yield Result(tuple(lines), data, problem is None)


def _way(move: Move) -> str:
    if move.old is None or move.to is None:
        return "it could not be looked at"
    return f"{move.old} -> {move.to.key} on {move.to.connection}"


def _created(application: Application, move: Move) -> tuple[list[str], str | None]:
    """Have the new side be created at once; return what was written, and what stood in the way."""
    result = application.engine.look(move.subject, allowed=True)
    if result is None:
        return ["left; the new ticket follows with the next sync"], None
    refs = application.store.bundles.load(move.subject).refs
    lines = outcome_lines(result, refs)
    return lines, None if isinstance(result.outcome, Done) else lines[0]
