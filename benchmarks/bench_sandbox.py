"""Memory of the sandbox with BENCH_TICKETS tickets in each of its three systems, and how long a GET takes.

All three states are in the one process that `deskbridge sandbox` is; each ticket has about four comments of a
kilobyte. A GET is timed over one kept connection, right after the same of a server that does nothing.
"""

from __future__ import annotations

import base64
import http.client
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from statistics import median
from time import perf_counter, sleep
from urllib.parse import urlsplit

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from benchmarks.figures import Sheet, most
from benchmarks.rig import Rig, memory, sandbox

SIZES = {"TICKETS": (100_000, 500), "GETS": (1_000, 50)}
LIMIT = 2048
"""What the three states together may take at 100,000 tickets each, in MB."""
_SYSTEMS = ("freshdesk", "jira", "gitlab")


def main(sheet: Sheet) -> None:
    """Take down memory as each system fills, then the time of each call."""
    count, calls = sheet.size("TICKETS"), sheet.size("GETS")
    with sandbox() as rig, _plain() as plain:
        used = empty = memory("VmRSS", rig.pid)
        for system in _SYSTEMS:
            rig.act(system, "generate", count=count)
            before, used = used, memory("VmRSS", rig.pid)
            print(f"{system}: {count} tickets take {used - before:.0f} MB")
        what = f"memory with {count:,} tickets in each of three systems"
        sheet.add(what, used, "MB", beside=empty, named="empty", goal=most(LIMIT), steady=True)
        for name, url, headers in _calls(rig, count):
            nothing, taken = _seconds(plain, {}, calls), _seconds(url, headers, calls)
            sheet.add(f"GET {name}, median", taken, "s", beside=nothing, named="a server that does nothing")


def _calls(rig: Rig, count: int) -> Iterator[tuple[str, str, Mapping[str, str]]]:
    """Yield name, address and headers of the calls to time: a ticket in the middle, and its comments."""
    env, number = rig.env, count // 2
    desk, login = env["FRESHDESK_URL"], _basic(env["FRESHDESK_API_KEY"], "X")
    yield "freshdesk ticket", f"{desk}/api/v2/tickets/{number}", login
    yield "freshdesk conversations", f"{desk}/api/v2/tickets/{number}/conversations", login
    jira, login = env["JIRA_URL"], _basic(env["JIRA_EMAIL"], env["JIRA_TOKEN"])
    issue = f"{jira}/rest/api/2/issue/{env['JIRA_PROJECT']}-{number}"
    yield "jira issue", issue, login
    yield "jira comments", f"{issue}/comment", login
    project = f"{env['GITLAB_URL']}/api/v4/projects/101"
    login = {"PRIVATE-TOKEN": env["GITLAB_TOKEN"]}
    yield "gitlab issue", f"{project}/issues/{number}", login
    yield "gitlab notes", f"{project}/issues/{number}/notes", login


def _basic(user: str, word: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{word}".encode()).decode()}


def _seconds(url: str, headers: Mapping[str, str], calls: int) -> float:
    """Return the median time of a GET; raises RuntimeError for an answer that is none."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=60)
    taken = []
    for _ in range(calls):
        started = perf_counter()
        connection.request("GET", parts.path, headers=dict(headers))
        answer = connection.getresponse()
        answer.read()
        taken.append(perf_counter() - started)
        if answer.status != 200:
            raise RuntimeError(f"GET {parts.path} answered {answer.status}")
    connection.close()
    return median(taken)


@contextmanager
def _plain() -> Iterator[str]:
    """Run a server that answers the same few bytes to everything; yield its address."""
    command = [sys.executable, "-c", "from benchmarks.bench_sandbox import serve; serve()"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own
        try:
            told = (process.stdout or sys.stdin).readline().strip()
            if not told:
                raise RuntimeError("the server that does nothing ended while it started")
            sleep(0.2)
            yield told
        finally:
            process.terminate()


def serve() -> None:
    """Answer a small JSON text to every GET until terminated; print the address first."""

    async def nothing(request: Request) -> JSONResponse:
        return JSONResponse({"path": request.url.path})

    app = Starlette(routes=[Route("/{rest:path}", nothing)])
    # The protocol is named because asyncio turns TCP_NODELAY on only where it is.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    print(f"http://127.0.0.1:{listener.getsockname()[1]}/nothing", flush=True)
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off")
    uvicorn.Server(config).run(sockets=[listener])
