"""Memory of a walk over BENCH_WALK tickets, against one over a tenth of them; a process for each.

Each process walks twice: over the hints alone, then with every BENCH_EVERYth ticket fetched whole (its texts,
files and people).
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

from benchmarks.figures import Sheet, ratio_most
from benchmarks.rig import Rig, memory, sandbox

_MOST = 1.2
"""What ten times the tickets may take, in memory of the fewer."""
SIZES = {"WALK": (100_000, 500), "EVERY": (10, 10)}


def main(sheet: Sheet) -> None:
    """Take down the peak memory of all walks for each system, beside that of a tenth of them."""
    with sandbox() as rig:
        for system in ("freshdesk", "jira", "gitlab"):
            _walks(sheet, rig, system)


def _walks(sheet: Sheet, rig: Rig, system: str) -> None:
    most, every = sheet.size("WALK"), sheet.size("EVERY")
    few, many = _peaks(rig, system, most, every)
    kinds = ("hints", f"every {every}th ticket whole")
    for kind, (before, _), (after, fetched) in zip(kinds, few, many, strict=True):
        sheet.add(
            f"{system}: memory of a walk over {most:,} tickets, {kind} ({fetched:,} fetched)",
            after,
            "MB",
            beside=before,
            named=f"over {most // 10:,}",
            goal=ratio_most(_MOST),
            steady=True,
        )


def _peaks(rig: Rig, system: str, most: int, every: int) -> Iterator[list[tuple[float, int]]]:
    """Yield what walks over a tenth of the tickets take, then over all; see `_peak`."""
    # No list shows archived tickets: a walk does not meet them.
    told = {"archived": 0} if system == "freshdesk" else {}
    for count, more in ((most // 10, most // 10), (most, most - most // 10)):
        rig.act(system, "generate", count=more, **told)
        yield _peak(rig, system, count, every)


def _peak(rig: Rig, system: str, count: int, every: int) -> list[tuple[float, int]]:
    """Return the most memory, in MB, of a process, and what it had fetched by then.

    First after it walked over the hints of `count` tickets, then after it fetched every so-manyth too.
    """
    call = f"walk({system!r}, {json.dumps(dict(rig.env))!r}, {every})"
    code = f"from benchmarks.bench_walk_memory import walk; {call}"
    command = [sys.executable, "-c", code]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our own
    found = []
    for line, some in zip(answer.stdout.splitlines(), (0, every), strict=True):
        met, fetched, peak = line.split()
        if int(met) < count:
            raise RuntimeError(f"{system}: the walk met {met} of {count} tickets")
        if some and int(fetched) < count // some:
            raise RuntimeError(f"{system}: {fetched} tickets were fetched, of {count // some}")
        found.append((float(peak), int(fetched)))
    return found


def walk(system: str, env: str, every: int) -> None:
    """Walk over all hints, then whole tickets too; print each time what was met and the peak so far."""
    connector = Rig(json.loads(env)).connector(system)
    for some in (0, every):
        met = fetched = 0
        for hint in connector.walk():
            met += 1
            if some and met % some == 0:
                # The texts are looked at, so that a ticket which is not whole is none.
                fetched += bool(connector.fetch(hint.key).ticket.messages)
        print(met, fetched, memory("VmHWM"))
