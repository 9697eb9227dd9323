"""How much of a Freshdesk account's quota is used where nothing is left to others, and what is refused.

The sandbox enforces the plan Pro: 400 credits in each minute of its clock. Eight threads fetch whole tickets,
as a migration does that may use everything, for BENCH_MINUTES (3) whole minutes of the server, the one in
which they begin not counted. Credits are what its answers say that they cost; the quota is the baseline.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from typing import Any

from requests.adapters import HTTPAdapter

from benchmarks.figures import Sheet, ratio_least
from benchmarks.rig import sandbox
from connectors.base import Connector
from connectors.errors import Throttled

SIZES = {"MINUTES": (3, 1)}
_QUOTA, _TICKETS, _THREADS = 400, 1_000, 8
_LEAST = 0.95
_MINUTE = 60
_REFUSED = 429


def main(sheet: Sheet) -> None:
    """Take down the credits used of a minute's, and the calls that were refused."""
    minutes = sheet.size("MINUTES")
    with sandbox("--plan", "pro") as rig, _answers() as answers:
        rig.act("freshdesk", "generate", count=_TICKETS, archived=0)
        connector, stopping, failed = rig.connector("freshdesk", headroom=0.0), threading.Event(), list[str]()
        numbers = count(1)
        threads = [
            threading.Thread(target=_fetch, args=(connector, numbers, stopping, failed), daemon=True)
            for _ in range(_THREADS)
        ]
        for thread in threads:
            thread.start()
        begin = (time.time() // _MINUTE + 1) * _MINUTE
        end = begin + minutes * _MINUTE
        stopping.wait(end - time.time())
        stopping.set()
        counted = [(status, cost) for at, status, cost in answers if begin <= at < end]
    if failed:
        raise RuntimeError(failed[0])
    sheet.add(
        f"credits used of each of {minutes} minutes, nothing left to others",
        sum(cost for _, cost in counted) / minutes,
        "credits",
        beside=_QUOTA,
        named="the quota",
        goal=ratio_least(_LEAST),
        steady=True,
    )
    sheet.count("calls refused for the quota", sum(status == _REFUSED for status, _ in counted), 0)


def _fetch(
    connector: Connector, numbers: Iterator[int], stopping: threading.Event, failed: list[str]
) -> None:
    """Fetch one ticket after the other; where the quota is spent, wait as long as is said."""
    number = next(numbers)
    while not stopping.is_set():
        try:
            connector.fetch(str(number % _TICKETS + 1))
        except Throttled as spent:
            stopping.wait(max(0.0, (spent.until - datetime.now(UTC)).total_seconds()))
        except Exception as error:  # noqa: BLE001 - told by whoever waits for the threads
            failed.append(repr(error))
            stopping.set()
        else:
            number = next(numbers)


@contextmanager
def _answers() -> Iterator[list[tuple[float, int, int]]]:
    """Give a list in which each answer's time, status and cost in credits is taken down."""
    told: list[tuple[float, int, int]] = []
    send = HTTPAdapter.send

    def noted(adapter: HTTPAdapter, request: Any, **how: Any) -> Any:
        answer = send(adapter, request, **how)
        cost = answer.headers.get("X-Ratelimit-Used-CurrentRequest", "0")
        told.append((time.time(), answer.status_code, int(cost)))
        return answer

    HTTPAdapter.send = noted  # type: ignore[method-assign,assignment]
    try:
        yield told
    finally:
        HTTPAdapter.send = send  # type: ignore[method-assign]
