"""A hub that can be killed: reads jobs from its input, and does each in a process of its own.

One line in is a job, one line out is how it ended. Workers are forked from this process, which has
loaded everything and has one thread only, so that each start costs nothing; and it kills them itself,
before it has asked how they ended, so that it can only ever kill its own.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import requests

from connectors.registry import SYSTEMS
from deskbridge.bootstrap import build
from deskbridge.migration.asked import Asked
from deskbridge.migration.backfilling import filled, filler_of, tickets_asked
from deskbridge.migration.running import Orders, migrated


def work(
    settings: Path,
    environment: Mapping[str, str],
    *,
    run: bool = False,
    backfill: bool = False,
    workers: int = 4,
    processes: int | None = None,
) -> None:
    """Collect and reconcile, at the sandbox's time; or carry out a `backfill`.

    Or a `run` of a migration, by many `workers`, of which several `processes` have theirs.
    """
    with requests.Session() as session:
        session.trust_env = False
        clock = session.get(f"{environment['SANDBOX_CONTROL_URL']}/clock", timeout=10).json()
    ahead = datetime.fromisoformat(clock["now"]) - datetime.now(UTC)
    application = build(settings, environment, now=lambda: datetime.now(UTC) + ahead)
    if run:
        migrated(application, Orders(asked=Asked(), workers=workers, processes=processes), lambda: "stop")
        return
    if backfill:
        orders = tickets_asked(application, Asked(), "", "", share=None, limit=None)
        filled(filler_of(application, orders))
        return
    for error in (*application.engine.identify(), *application.engine.collect()):
        raise error
    for _ in application.engine.work():
        pass


def called(environment: Mapping[str, str], process: int, calls: int) -> None:
    """Wait until Jira was called so many times, or the process has ended: it stays to be waited for."""
    with requests.Session() as session:
        session.trust_env = False
        url, first = f"{environment['SANDBOX_CONTROL_URL']}/calls", None
        while not os.waitid(os.P_PID, process, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            now = session.get(url, timeout=10).json()["jira"]
            first = now if first is None else first
            if now - first >= calls:
                return
            time.sleep(0.01)


def main() -> None:
    """Do jobs until the input ends."""
    for line in sys.stdin:
        job = json.loads(line)
        process = os.fork()
        if process == 0:
            ended = 1
            try:
                asked = {"run": job.get("run", False), "backfill": job.get("backfill", False)}
                work(Path(job["settings"]), job["environment"], **asked)
                ended = 0
            except BaseException:  # noqa: BLE001 - whatever it is, this process must not go on with the jobs
                traceback.print_exc()
            os._exit(ended)
        if (calls := job.get("killed_after_calls")) is not None:
            called(job["environment"], process, calls)
            os.kill(process, signal.SIGKILL)
        elif job["killed_after"] is not None:
            time.sleep(job["killed_after"])
            os.kill(process, signal.SIGKILL)
        _, status = os.waitpid(process, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    for system in SYSTEMS:
        import_module(f"connectors.{system}.connector")
    gc.freeze()  # so that no worker walks, and thereby copies, what all of them share
    main()
