"""A process that takes tickets for a run of another one: see `processes`. No command of its own."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import IO, Any

from connectors.errors import HubError
from deskbridge.bootstrap import Application, build, system_time
from deskbridge.migration.asked import Asked
from deskbridge.migration.building import working_for
from deskbridge.migration.processes import CrewOrders
from deskbridge.migration.run_log import RunLog, open_log
from deskbridge.migration.running import Orders, machine_for
from deskbridge.migration.succeeding import beside
from deskbridge.migration.taking import taker_of
from deskbridge.service import settle
from mappings.ticket import Ref
from sync.migrate.crew import Threads
from sync.migrate.take import Taken
from sync.store.dialects import failed, reason_of
from sync.store.runs import Item, Rank, State

_EVERY = 2.0
"""Seconds between two signs of life."""
_DEAD = 3
"""The exit code of a process that others took for dead."""


def main() -> None:
    """Take tickets until the process that gives them says it is over, or ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is heard by the run's own process, which tells us
    said = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what anything prints is for people, not for the process that reads us
    try:
        _work(CrewOrders(**json.loads(sys.stdin.readline())), said)
    except HubError as error:
        _say(said, {"broken": str(error)})
        sys.exit(1)


def _work(orders: CrewOrders, said: IO[str]) -> None:
    ahead = timedelta(seconds=orders.ahead)
    now = (lambda: system_time() + ahead) if ahead else system_time
    application = build(Path(orders.settings), os.environ, now=now)
    open_log(application)
    asked = Asked(customers=tuple(orders.customers))
    wanted = Orders(asked=asked, share=orders.share, workers=orders.workers)
    machine = working_for(machine_for(application, wanted), orders.run)
    worker = beside(application, orders.run, machine.threads)
    _beats(application, worker.id)
    looked = RunLog(application, orders.run).looked
    taker = taker_of(machine, orders.run, orders.customers, looked, remap=orders.remap)
    turn = threading.Lock()

    def tell(told: Mapping[str, Any]) -> None:
        with turn:
            _say(said, told)

    settle()
    crew = Threads(taker.take, machine.turns, machine.threads)
    crew.start(lambda item, taken: tell(_told(item, taken)), lambda error: tell({"broken": _why(error)}))
    tell({"threads": machine.threads})
    if not _given(crew):
        os._exit(1)  # the run's own process was killed: so are we
    crew.finish()
    application.store.workers.leave(worker.id)


def _given(crew: Threads) -> bool:
    """Give the crew what comes; return whether its end was said, or False if it just stopped coming."""
    for line in sys.stdin:
        told = json.loads(line)
        if "end" in told:
            return True
        if "halt" in told:
            crew.halt()
        elif "go" in told:
            crew.go_on()
        else:
            crew.give(_item(told))
    return False


def _beats(application: Application, ours: str) -> None:
    """Give signs of life; end at once if others took us for dead: what we held is theirs by now."""

    def beat() -> None:
        while True:
            time.sleep(_EVERY)
            if not application.store.workers.beat(ours, application.now()):
                os._exit(_DEAD)

    threading.Thread(target=beat, name="beats", daemon=True).start()


def _item(told: Mapping[str, Any]) -> Item:
    return Item(
        ref=Ref(told["connection"], told["key"]),
        version="",
        presence="",
        status="",
        whose="",
        changed=None,
        created=None,
        rank=Rank(told["rank"]),
        state=State.WAITING,
        reason="",
        run=None,
    )


def _told(item: Item, taken: Taken | None) -> Mapping[str, Any]:
    return {"key": item.ref.key, "taken": asdict(taken) if taken is not None else None}


def _why(error: BaseException) -> str:
    """Return what is said of an error: of one that nobody expected its kind alone, no customer's words."""
    if isinstance(error, Exception) and failed(error):
        return f"the store: {reason_of(getattr(error, 'orig', None) or error)}"
    if isinstance(error, HubError):
        return str(error)
    return f"a process of the run failed: {type(error).__name__}"


def _say(said: IO[str], told: Mapping[str, Any]) -> None:
    said.write(json.dumps(told) + "\n")
    said.flush()


if __name__ == "__main__":
    main()
