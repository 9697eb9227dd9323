"""Memory of a walk over BENCH_WALK tickets, against one over a tenth of them; a process for each.

Walked twice: the hints alone, and with every BENCH_EVERYth ticket fetched whole (its texts, files and people)
in the same walk. Fails when either has grown by more than a fifth, at the size that figures are quoted for.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys

from benchmarks.rig import Limit, Rig, limit, sandbox, size

_MOST = 1.2
"""What ten times the tickets may take, in memory of the fewer."""
_WALK = 100_000
"""Tickets that figures are quoted for."""


def main() -> None:
    """Print the peak memory of all walks for each system, and their ratio; fail above 1.2."""
    most, every = size("WALK", _WALK), size("EVERY", 10)
    memory = Limit(limit(_MOST), size("ENOUGH", _WALK))
    for system in ("freshdesk", "jira", "gitlab"):
        few, many = (_peaks(system, count, every) for count in (most // 10, most))
        kinds = ("hints", f"every {every}th ticket whole")
        for kind, (before, _), (after, fetched) in zip(kinds, few, many, strict=True):
            told = f"{most // 10} tickets {before:.1f} MB, {most} tickets {after:.1f} MB"
            judged = memory.judged(f"{system}, {kind}", after / before, most)
            print(f"{system}, {kind} ({fetched} fetched): {told}, {judged}", flush=True)
    memory.hold()


def _peaks(system: str, count: int, every: int) -> list[tuple[float, int]]:
    """Return the most memory, in MB, of a process that walks over `count` tickets, and what it fetched.

    First of one that reads hints alone, then of one that fetches every so-manyth ticket.
    """
    with sandbox() as rig:
        # No list shows archived tickets: a walk does not meet them.
        told = {"archived": 0} if system == "freshdesk" else {}
        rig.act(system, "generate", count=count, **told)
        return [_peak(rig, system, count, some) for some in (0, every)]


def _peak(rig: Rig, system: str, count: int, every: int) -> tuple[float, int]:
    call = f"walk({system!r}, {json.dumps(dict(rig.env))!r}, {every})"
    code = f"from benchmarks.bench_walk_memory import walk; {call}"
    command = [sys.executable, "-c", code]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our own
    met, fetched, peak = answer.stdout.split()
    if int(met) < count:
        raise RuntimeError(f"{system}: the walk met {met} of {count} tickets")
    if every and int(fetched) < count // every:
        raise RuntimeError(f"{system}: {fetched} tickets were fetched, of {count // every}")
    return float(peak), int(fetched)


def walk(system: str, env: str, every: int) -> None:
    """Walk over everything; print how many tickets were met and fetched, and this process's peak memory."""
    connector = Rig(json.loads(env)).connector(system)
    met = fetched = 0
    for hint in connector.walk():
        met += 1
        if every and met % every == 0:
            # The texts are looked at, so that a ticket which is not whole is none.
            fetched += bool(connector.fetch(hint.key).ticket.messages)
    print(met, fetched, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
