"""Memory of a walk over BENCH_WALK tickets, against one over a tenth of them; a process for each."""

from __future__ import annotations

import json
import resource
import subprocess
import sys

from benchmarks.rig import Rig, sandbox, size


def main() -> None:
    """Print the peak memory of both walks for each system, and their ratio."""
    most = size("WALK", 100_000)
    for system in ("freshdesk", "jira", "gitlab"):
        few, many = (_peak(system, count) for count in (most // 10, most))
        told = f"{most // 10} tickets {few:.1f} MB, {most} tickets {many:.1f} MB"
        print(f"{system}: {told}, ratio {many / few:.2f}")


def _peak(system: str, count: int) -> float:
    """Return the most memory, in MB, that a process has which walks over `count` tickets."""
    with sandbox() as rig:
        # No list shows archived tickets: a walk does not meet them.
        told = {"archived": 0} if system == "freshdesk" else {}
        rig.act(system, "generate", count=count, **told)
        call = f"walk({system!r}, {json.dumps(dict(rig.env))!r})"
        code = f"from benchmarks.bench_walk_memory import walk; {call}"
        command = [sys.executable, "-c", code]
        answer = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our own
    met, peak = answer.stdout.split()
    if int(met) < count:
        raise RuntimeError(f"{system}: the walk met {met} of {count} tickets")
    return float(peak)


def walk(system: str, env: str) -> None:
    """Walk over everything; print how many tickets were met and the peak memory of this process."""
    met = sum(1 for _ in Rig(json.loads(env)).connector(system).walk())
    print(met, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
