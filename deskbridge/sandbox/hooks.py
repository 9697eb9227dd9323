"""Webhooks on their way out: queued on the world's clock, sent over real HTTP, tried again, logged.

A system makes a `Delivery` and gives it to `Hooks.send`, which returns at once. A task of the event
loop posts what is due on the world's clock (an advanced clock makes retries due), so no API call
waits for a receiver. The sandbox speaks to this machine only.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import heapq
import itertools
import random
import ssl
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

TIMEOUT = 10.0
"""Seconds that a receiver has for its answer (each of the three vendors counts a later one as failed)."""
_HOSTS = ("127.0.0.1", "localhost", "::1")
_AT_ONCE = 20
_LOGGED = 10_000
# An advanced clock wakes nobody: while anything waits, the clock is looked at this often.
_LOOK = 0.02


@dataclass(slots=True)
class Attempt:
    """One line of the log: what was sent, and what came of it."""

    at: datetime
    system: str
    hook: str
    number: int
    """0 is the first attempt."""
    method: str
    url: str
    headers: dict[str, str]
    body: str
    outcome: str = ""
    """``delivered``, ``failed`` (a retry follows), ``gave up``, ``lost`` (by chance) or ``refused``."""
    status: int = 0
    """The receiver's status; 0 means no answer."""
    error: str = ""
    seconds: float = 0.0


@dataclass(slots=True)
class Delivery:
    """One webhook to send, and how its system goes about it."""

    system: str
    url: str
    body: bytes
    headers: Mapping[str, str]
    hook: str = ""
    """What the system calls the hook, for the log."""
    method: str = "POST"
    delay: float = 0.0
    """Seconds until the first attempt."""
    retries: Sequence[float] = ()
    """Seconds to wait after the first, second ... failed attempt; it gives up after the last."""
    again: Callable[[int], bool] = lambda status: not 200 <= status < 300
    """Whether an answer (0: none) is a failure to be tried again. Other answers end the delivery."""
    sign: Callable[[bytes, int], Mapping[str, str]] = lambda body, number: {}
    """Gives further headers of one attempt by the raw body and the attempt's number."""
    told: Callable[[Attempt], None] = lambda attempt: None
    """Hears of each attempt that was made, e.g. to count failures and disable the hook."""
    wanted: Callable[[], bool] = lambda: True
    """Asked before each attempt: a hook deleted or disabled meanwhile gets nothing more."""
    verify: bool = True
    """Whether a TLS certificate is checked."""


@dataclass(slots=True)
class Chances:
    """How often, from 0 to 1, a delivery of one system goes astray."""

    duplicate: float = 0.0
    """Sent twice, the second time up to two seconds later."""
    reorder: float = 0.0
    """Held back up to five seconds, so that later ones overtake it."""
    lose: float = 0.0
    """Never sent, never tried again."""
    fail: float = 0.0
    """An attempt fails on its way; retries follow as after any failure."""

    def __post_init__(self) -> None:
        for name, value in dataclasses.asdict(self).items():
            if not 0 <= value <= 1:
                raise ValueError(f"{name} is a chance from 0 to 1")


@dataclass(order=True, slots=True)
class _Due:
    at: datetime
    turn: int
    number: int = field(compare=False)
    delivery: Delivery = field(compare=False)


class Hooks:
    """The deliveries of one world. Any thread may `send`; `attach` names the loop that delivers."""

    def __init__(self, now: Callable[[], datetime], rng: random.Random) -> None:
        self.chances: dict[str, Chances] = {}
        self.log: deque[Attempt] = deque(maxlen=_LOGGED)
        self._now, self._rng = now, rng
        self._queue: list[_Due] = []
        self._lock = threading.Lock()
        self._turns = itertools.count()
        self._running: set[asyncio.Task[Attempt]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()

    @property
    def pending(self) -> int:
        """Return how many deliveries wait for their (next) attempt or are under way."""
        return len(self._queue) + len(self._running)

    def attach(self) -> None:
        """Deliver from the running event loop from now on. Cheap enough for every request."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop, self._wake, self._running = loop, asyncio.Event(), set()
            # The attribute keeps the task alive: a loop holds its tasks weakly.
            self._pump = loop.create_task(self._deliver())

    def send(self, delivery: Delivery) -> None:
        """Queue a delivery, or what the chances of its system make of it."""
        chances, chance = self.chances.get(delivery.system, Chances()), self._rng.random
        if chance() < chances.lose:
            self.log.append(self._attempt(delivery, 0, outcome="lost"))
            return
        late = chance() * 5 if chance() < chances.reorder else 0
        self._put(delivery, delivery.delay + late, 0)
        if chance() < chances.duplicate:
            self._put(delivery, delivery.delay + late + chance() * 2, 0)

    async def send_now(self, delivery: Delivery) -> Attempt:
        """Make one attempt, whatever the chances, and return what came of it (a hook's test button)."""
        return await self._try(delivery, 0, chances=Chances(), retries=())

    def clear(self) -> None:
        """Forget the log, the chances and all that waits; what is under way arrives."""
        with self._lock:
            self._queue.clear()
        self.log.clear()
        self.chances.clear()

    def _put(self, delivery: Delivery, seconds: float, number: int) -> None:
        due = _Due(self._now() + timedelta(seconds=seconds), next(self._turns), number, delivery)
        with self._lock:
            heapq.heappush(self._queue, due)
        if self._loop and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake.set)

    async def _deliver(self) -> None:
        while True:
            while len(self._running) < _AT_ONCE and (due := self._next()):
                self._start(due)
            self._wake.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), _LOOK if self._queue else None)

    def _next(self) -> _Due | None:
        with self._lock:
            ready = self._queue and self._queue[0].at <= self._now()
            return heapq.heappop(self._queue) if ready else None

    def _start(self, due: _Due) -> None:
        delivery = due.delivery
        if not delivery.wanted():
            return
        chances = self.chances.get(delivery.system, Chances())
        task = asyncio.create_task(self._try(delivery, due.number, chances, delivery.retries))
        self._running.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[Attempt]) -> None:
        self._running.discard(task)
        self._wake.set()

    async def _try(
        self, delivery: Delivery, number: int, chances: Chances, retries: Sequence[float]
    ) -> Attempt:
        attempt = self._attempt(delivery, number)
        started = asyncio.get_running_loop().time()
        if problem := refusal(delivery.url):
            attempt.outcome, attempt.error = "refused", problem
        elif self._rng.random() < chances.fail:
            attempt.error = "the sandbox let this attempt fail"
        else:
            await _exchange(delivery, attempt)
        attempt.seconds = round(asyncio.get_running_loop().time() - started, 3)
        if not attempt.outcome:
            self._judge(delivery, attempt, retries)
        self.log.append(attempt)
        delivery.told(attempt)
        return attempt

    def _judge(self, delivery: Delivery, attempt: Attempt, retries: Sequence[float]) -> None:
        if 200 <= attempt.status < 300:
            attempt.outcome = "delivered"
        elif delivery.again(attempt.status) and attempt.number < len(retries):
            attempt.outcome = "failed"
            self._put(delivery, retries[attempt.number], attempt.number + 1)
        else:
            attempt.outcome = "gave up"

    def _attempt(self, delivery: Delivery, number: int, outcome: str = "") -> Attempt:
        headers = {**delivery.headers, **delivery.sign(delivery.body, number)}
        text = delivery.body.decode(errors="replace")
        names = (delivery.system, delivery.hook, number, delivery.method, delivery.url)
        return Attempt(self._now(), *names, headers, text, outcome)


def refusal(url: str) -> str:
    """Return why the sandbox does not call `url`, or nothing: it reaches this machine only."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        return f"{url!r} is no address: {error}"
    if parts.scheme not in ("http", "https") or port == 0:
        return f"{url!r} is no http or https address"
    if host not in _HOSTS:
        return f"the sandbox sends webhooks to this machine only, not to {host}"
    return ""


async def _exchange(delivery: Delivery, attempt: Attempt) -> None:
    try:
        async with asyncio.timeout(TIMEOUT):
            attempt.status = await _post(delivery, attempt)
    except TimeoutError:
        attempt.error = f"no answer within {TIMEOUT:g} seconds"
    except (OSError, ValueError, asyncio.LimitOverrunError) as error:
        attempt.error = f"{type(error).__name__}: {error}"


async def _post(delivery: Delivery, attempt: Attempt) -> int:
    """Send the request and return the status of its answer, read to its end. Redirects are not followed."""
    parts = urlsplit(delivery.url)
    tls = _tls(verify=delivery.verify) if parts.scheme == "https" else None
    port = parts.port or (443 if tls else 80)
    reader, writer = await asyncio.open_connection(parts.hostname, port, ssl=tls)
    try:
        writer.write(_head(delivery, attempt) + delivery.body)
        await writer.drain()
        version, status = (await reader.readline()).split(maxsplit=2)[:2]
        if not version.startswith(b"HTTP/"):
            raise ValueError("the answer is no HTTP")
        while await reader.read(65536):
            pass
        return int(status)
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


def _head(delivery: Delivery, attempt: Attempt) -> bytes:
    parts = urlsplit(delivery.url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    fixed = {"Host": parts.netloc.rpartition("@")[2], "Connection": "close"}
    headers = fixed | attempt.headers | {"Content-Length": str(len(delivery.body))}
    lines = [f"{delivery.method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    if any("\r" in line or "\n" in line for line in lines):
        raise ValueError("a line break in the address or a header")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _tls(*, verify: bool) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context
