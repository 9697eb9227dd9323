"""The shared wire: a real server that misbehaves, and what becomes of it."""

from __future__ import annotations

import base64
import gzip
import ssl
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from socket import gaierror
from ssl import SSLCertVerificationError
from typing import Any

import pytest
import requests
import responses
from pydantic import TypeAdapter
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool
from urllib3.exceptions import MaxRetryError, NameResolutionError, SSLError

from connectors.bounds import Bounds
from connectors.errors import Gone, Rejected, Throttled, Transient, Unauthorised, Uncertain, WireError
from connectors.fence import fenced
from connectors.freshdesk import answers as freshdesk
from connectors.gitlab import wire as gitlab
from connectors.http import Http, Limits
from connectors.quota import TOTAL, Level, LocalBudget
from connectors.session import Session

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
BASE = "https://acme.example/api"


def explain(response: requests.Response) -> tuple[str, dict[str, str]]:
    """Say what an error is in the plainest way."""
    return response.text[:50], {}


@pytest.fixture
def waits() -> list[float]:
    """What was slept."""
    return []


@pytest.fixture
def wire(waits: list[float]) -> Http:
    """A connection that sleeps in no time."""
    now: Callable[[], datetime] = lambda: NOW  # noqa: E731 - a time that stands still
    return Http("acme", BASE, Session(), LocalBudget(now), now, explain, sleep=waits.append)


@pytest.fixture
def web() -> Iterator[responses.RequestsMock]:
    """Single odd answers."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


class Odd(BaseHTTPRequestHandler):
    """Answers by the last part of the path, each in its own bad way."""

    protocol_version = "HTTP/1.1"
    connections = 0
    heard: int = 0

    def setup(self) -> None:
        """Count connections."""
        Odd.connections += 1
        super().setup()

    def do_GET(self) -> None:
        """Answer badly."""
        getattr(self, self.path.rpartition("/")[2])()

    def do_POST(self) -> None:
        """Read a body piece by piece and count it."""
        left, Odd.heard = int(self.headers["Content-Length"]), 0
        while left > 0:
            read = len(self.rfile.read(min(left, 1 << 16)))
            left, Odd.heard = left - read, Odd.heard + read
        self.fine()

    def fine(self) -> None:
        """Answer well."""
        self.say(b"{}", {"Content-Length": "2"})

    def cut(self) -> None:
        """Promise more than there is."""
        self.say(b"{}", {"Content-Length": "100"})
        self.close_connection = True

    def endless(self) -> None:
        """Never stop."""
        self.say(b"", {})
        self.close_connection = True
        try:
            while True:
                self.wfile.write(b"x" * 65536)
        except OSError:
            return

    def drip(self) -> None:
        """Send a byte now and then."""
        self.say(b"", {"Content-Length": "1000000"})
        try:
            while True:
                self.wfile.write(b"x")
                time.sleep(0.02)
        except OSError:
            return

    def interim(self) -> None:
        """Say again and again that the answer is on its way."""
        self.pour(b"HTTP/1.1 100 Continue\r\n\r\n", 0)

    def dripping_head(self) -> None:
        """Send a header that grows."""
        self.pour(b"HTTP/1.1 200 OK\r\nX-A: ", 0.02)

    def dripping_size(self) -> None:
        """Send the size of a piece, a digit now and then."""
        self.pour(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 0.02)

    def pour(self, line: bytes, pause: float) -> None:
        """Send the line, then parts of it for ever: digits with pauses, or itself without."""
        self.close_connection = True
        try:
            self.wfile.write(line)
            while True:
                self.wfile.write(b"0" if pause else line)
                time.sleep(pause)
        except OSError:
            return

    def astray(self) -> None:
        """Redirect, and never stop."""
        self.send_response(302)
        self.send_header("Location", "/elsewhere")
        self.end_headers()
        self.close_connection = True
        try:
            while True:
                self.wfile.write(b"x" * 65536)
        except OSError:
            return

    def bomb(self) -> None:
        """Send little that becomes much."""
        packed = gzip.compress(bytes(50_000_000), 9)
        self.say(packed, {"Content-Length": str(len(packed)), "Content-Encoding": "gzip"})

    def say(self, body: bytes, headers: dict[str, str]) -> None:
        """Send an answer's beginning."""
        self.send_response(200)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def odd(wire: Http) -> Iterator[Http]:
    """A connection to a real server."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Odd)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    made = replace(wire, base=f"http://127.0.0.1:{server.server_port}/api")
    yield made
    made.session.close()
    server.shutdown()
    server.server_close()


def impatient(wire: Http) -> Http:
    """Return the same connection, which waits for no answer longer than a moment."""
    soon = Bounds(first=0.2)
    return replace(wire, session=Session(soon), bounds=soon)


def refused(act: Callable[[], object]) -> WireError:
    """Return the error that a call ends in."""
    with pytest.raises(WireError) as error:
        act()
    assert str(error.value).startswith("acme: ")
    return error.value


# Bodies


def test_connections_are_kept(odd: Http) -> None:
    """Broken: each call pays for a new connection."""
    Odd.connections = 0
    for _ in range(5):
        assert odd.get("fine") == {}
    assert Odd.connections == 1


@pytest.mark.parametrize("path", ["endless", "bomb", "astray"])
def test_an_answer_without_end_is_named(odd: Http, path: str) -> None:
    """Broken: a mad proxy fills the memory."""
    odd = replace(odd, bounds=Bounds(answer=3 << 20))
    tracemalloc.start()
    error = refused(lambda: odd.get(path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert isinstance(error, Rejected)
    assert f"GET {path}: the answer is larger than 3145728 bytes" in str(error)
    assert peak < 20 << 20 or path == "bomb"  # the server's own bytes are in this process too


@pytest.mark.parametrize("idempotent", [True, False])
def test_an_answer_that_drips_is_named(odd: Http, *, idempotent: bool) -> None:
    """Broken: a worker waits for ever, byte by byte; a write whose answer drips counts as refused."""
    odd = impatient(odd)
    error = refused(lambda: odd.call("GET", "drip", idempotent=idempotent))
    assert isinstance(error, Rejected if idempotent else Uncertain)
    assert "no end" in str(error)


@pytest.mark.parametrize("path", ["interim", "dripping_head", "dripping_size"])
def test_an_answer_that_never_begins_is_not_waited_for(odd: Http, path: str) -> None:
    """Broken: a worker hangs on a server that goes on speaking and never says anything."""
    odd = impatient(odd)
    assert isinstance(refused(lambda: odd.call("GET", path, idempotent=False)), Uncertain)
    assert isinstance(refused(lambda: odd.get(path)), Transient)


def caused_by(reason: Exception) -> requests.ConnectionError:
    """Return what `requests` raises when there is no connection."""
    return requests.ConnectionError(MaxRetryError(HTTPSConnectionPool("acme.example"), "/api", reason))


UNKNOWN_NAME = caused_by(
    NameResolutionError("acme.example", HTTPSConnection("acme.example"), gaierror("what?"))
)
BAD_CERTIFICATE = caused_by(SSLError(SSLCertVerificationError("it is of somebody else")))
BROKEN_OFF = caused_by(SSLError(ssl.SSLError("bad record mac")))


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (UNKNOWN_NAME, Transient, "acme.example cannot be reached; is its address right?"),
        (BAD_CERTIFICATE, Transient, "the TLS certificate was not accepted"),
        (BROKEN_OFF, Uncertain, "no answer"),
    ],
    ids=["unknown name", "bad certificate", "broken off"],
)
def test_what_is_known_of_a_write_without_an_answer(
    wire: Http, web: responses.RequestsMock, error: Exception, kind: type[WireError], said: str
) -> None:
    """Broken: a write that never left is searched for everywhere; one that may stand is sent again."""
    web.post(f"{BASE}/x", body=error)
    failed = refused(lambda: wire.call("POST", "x", idempotent=False, json={}))
    assert isinstance(failed, kind)
    assert said in str(failed)


def repeated(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
    """Answer with what the call said, as proxies do that explain themselves."""
    shown = [f"{name}: {value}" for name, value in request.headers.items()]
    basic = base64.b64decode(request.headers.get("Authorization", "").removeprefix("Basic ")).decode()
    return 400, {}, " ".join([*shown, basic])


@pytest.mark.parametrize(
    ("auth", "headers"),
    [(("the-secret", "X"), {}), (("me", "the-secret"), {}), (None, {"PRIVATE-TOKEN": "the-secret"})],
    ids=["key", "password", "token"],
)
def test_an_answer_that_repeats_the_credential_is_not_shown(
    wire: Http, web: responses.RequestsMock, auth: tuple[str, str] | None, headers: dict[str, str]
) -> None:
    """Broken: a proxy that shows the call it refused writes our token into the log."""
    wire.session.auth = auth
    wire.session.headers.update(headers)
    web.add_callback("GET", f"{BASE}/x", repeated)
    told = replace(wire, explain=lambda answer: (answer.text, {"body": answer.text}))
    error = refused(lambda: told.get("x"))
    encoded = base64.b64encode(":".join(auth).encode()).decode() if auth else "the-secret"
    assert isinstance(error, Rejected)
    for shown in (str(error), repr(error), str(error.fields)):
        assert "the-secret" not in shown
        assert encoded not in shown
    assert "***" in str(error)


@pytest.mark.parametrize(
    "request_", [{"json": {"weight": float("nan")}}, {"params": {"query": "\ud800"}}], ids=["number", "text"]
)
def test_what_cannot_be_written_is_not_sent(wire: Http, request_: dict[str, Any]) -> None:
    """Broken: half an emoji, or a number that is none, ends in a traceback that names no system."""
    error = refused(lambda: wire.call("POST", "x", idempotent=False, **request_))
    assert isinstance(error, Rejected)
    assert "POST x: what it should say cannot be written" in str(error)


def test_what_somebody_else_writes_by_now_is_not_sent(wire: Http, web: responses.RequestsMock) -> None:
    """Broken: a machine that stood still while it read what it needed writes what another has written."""
    web.get(f"{BASE}/one", json={})
    web.post(f"{BASE}/one", json={})

    def ask() -> None:
        raise PermissionError

    with fenced(ask):
        wire.call("GET", "one", idempotent=True)
        with pytest.raises(PermissionError):
            wire.call("POST", "one", idempotent=False)
    assert [call.request.method for call in web.calls] == ["GET"]
    wire.call("POST", "one", idempotent=False)
    assert len(web.calls) == 2


def test_letters_that_nobody_else_takes_are_told_apart_from_others(
    wire: Http, web: responses.RequestsMock
) -> None:
    """Broken: a ticket with a zero in its subject, or one cut off within an emoji, is parked for ever."""
    said = r'{"a": ["x\u0000y", "cut \ud83d", "\ud83d\ude00", "\\u0000", 1], "b": "\uDE00 back"}'
    web.get(f"{BASE}/x", body=said)
    meant = {"a": ["x\ufffdy", "cut \ufffd", "😀", "\\u0000", 1], "b": "\ufffd back"}
    answer = wire.call("GET", "x", idempotent=True)
    assert wire.json(answer) == meant
    assert freshdesk.read(wire, answer, dict[str, Any]) == meant
    assert gitlab.parse(TypeAdapter(dict[str, Any]), "acme", answer) == meant


def test_a_cut_answer_was_not_heard(odd: Http) -> None:
    """Broken: half an answer is read as a whole one."""
    assert isinstance(refused(lambda: odd.get("cut")), Transient)
    assert isinstance(refused(lambda: odd.call("GET", "cut", idempotent=False)), Uncertain)


@pytest.mark.parametrize("path", ["endless", "bomb"])
def test_a_file_has_a_largest_size(odd: Http, path: str) -> None:
    """Broken: one file fills the disk."""
    small = replace(odd, max_file=1 << 20)
    with pytest.raises(Rejected, match="larger than 1048576 bytes"), small.open(path):
        pass


def test_json_as_deep_as_the_sea_is_no_json(wire: Http, web: responses.RequestsMock) -> None:
    """Broken: brackets end in a traceback."""
    web.get(f"{BASE}/x", body="[" * 100_000)
    assert "not JSON" in str(refused(lambda: wire.get("x")))


class Zeros:
    """A large file that is nowhere."""

    def __init__(self, size: int) -> None:
        self.len = size

    def read(self, size: int | None = -1) -> bytes:
        """Return some of what is left."""
        given = min(self.len, size if size and size > 0 else self.len)
        self.len -= given
        return bytes(given)


def test_an_upload_is_streamed(odd: Http) -> None:
    """Broken: ten workers with large files run out of memory."""
    size = 40 << 20
    content: Any = Zeros(size)
    tracemalloc.start()
    answer = odd.upload("POST", "fine", [("private", "true")], [("file", "a.bin", content, "a/b")])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert answer.ok
    assert Odd.heard > size
    assert peak < size / 4


def test_a_form_is_what_servers_read(wire: Http, web: responses.RequestsMock) -> None:
    """Broken: a quote or a line break in a file's name changes the form."""
    web.post(f"{BASE}/x", json={})
    name = 'a"b\r\nContent-Type: x/y.txt'
    files = [("f[]", name, BytesIO(b"one"), "text/plain"), ("f[]", "ü.txt", BytesIO(b"two"), "text/plain")]
    wire.upload("POST", "x", [("p", "true")], files, {"X-Other": "1"})
    request = web.calls[0].request
    body: Any = request.body
    text = body.decode()
    assert request.headers["X-Other"] == "1"
    assert text.count('name="f[]"') == 2
    assert 'name="p"\r\n\r\ntrue' in text
    assert "\r\nContent-Type: x/y" not in text


# Limits


def minute(response: requests.Response) -> list[Level]:
    """Learn from two plain headers."""
    return [Level(TOTAL, int(response.headers["Limit"]), int(response.headers["Left"]))]


def test_calls_are_paced_by_what_answers_say(
    wire: Http, web: responses.RequestsMock, waits: list[float]
) -> None:
    """Broken: the limit is learned by running into it."""
    web.get(f"{BASE}/x", json={}, headers={"Limit": "10", "Left": "2"})
    paced = replace(wire, limits=Limits(learn=minute))
    paced.get("x")
    error = refused(lambda: paced.get("x"))
    assert isinstance(error, Throttled)
    assert error.until == NOW + timedelta(minutes=1)
    assert len(web.calls) == 1
    assert waits == []


def test_a_short_wait_is_slept_through(wire: Http, web: responses.RequestsMock, waits: list[float]) -> None:
    """Broken: every short pause puts a ticket off, or all who waited come at the same moment."""
    web.post(f"{BASE}/x", json={})
    wire.budget.block(NOW + timedelta(seconds=5))
    wire.call("POST", "x", idempotent=False)
    assert len(waits) == 1
    assert 5 <= waits[0] <= 5.5


def test_a_bucket_is_shut_alone(wire: Http, web: responses.RequestsMock) -> None:
    """Broken: one ticket with too many writes stops the whole connection."""
    web.post(f"{BASE}/notes", status=429, headers={"Retry-After": "30"})
    web.get(f"{BASE}/x", json={})
    limits = Limits(
        bucket_of=lambda method, path: [f"{method} {path}"], spent=lambda response: ["POST notes"]
    )
    narrow = replace(wire, limits=limits)
    for _ in range(2):
        assert isinstance(refused(lambda: narrow.call("POST", "notes", idempotent=False)), Throttled)
    assert narrow.get("x") == {}
    assert len(web.calls) == 2


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("34", 34),
        ("2.5", 2.5),
        ("0", 1),
        ("-3", 1),
        (None, 60),
        ("soon", 60),
        ("Mon, 05 Jan 2026 12:01:30 GMT", 90),
        ("Mon, 05 Jan 2026 11:00:00 GMT", 1),
        ("nan", 1),
        ("inf", 86400),
        ("9" * 400, 86400),
    ],
)
def test_how_long_a_server_wants_us_to_wait(
    wire: Http, web: responses.RequestsMock, said: str | None, seconds: float
) -> None:
    """Broken: an odd header is a traceback, a storm of calls, or a wait without end."""
    web.post(f"{BASE}/x", status=429, headers={"Retry-After": said} if said else {})
    error = refused(lambda: wire.call("POST", "x", idempotent=False))
    assert isinstance(error, Throttled)
    assert error.until == NOW + timedelta(seconds=seconds)


# What answers mean


def test_a_proxys_404_takes_nothing_away(wire: Http, web: responses.RequestsMock) -> None:
    """Broken: a proxy that lost its way orphans every ticket."""
    web.get(f"{BASE}/x", status=404, body="<html>nginx</html>")
    web.get(f"{BASE}/y", status=404, headers={"X-Ours": "1"})
    marked = replace(wire, genuine=lambda response: "X-Ours" in response.headers)
    assert isinstance(refused(lambda: marked.get("x")), Transient)
    assert isinstance(refused(lambda: marked.get("y")), Gone)


def test_a_scope_that_is_missing_is_the_credentials_fault(wire: Http, web: responses.RequestsMock) -> None:
    """Broken: with a token that lacks a scope each ticket is parked by itself."""
    web.get(f"{BASE}/x", status=403, body="insufficient_scope")
    web.get(f"{BASE}/y", status=403, body="not yours")
    strict = replace(wire, denies=lambda response: "scope" in response.text)
    assert isinstance(refused(lambda: strict.get("x")), Unauthorised)
    assert isinstance(refused(lambda: strict.get("y")), Rejected)


@pytest.mark.parametrize(
    "address",
    ["http://[::1", "https://acme.example:port/x", "//[evil", "https://evil.example/x", "file:///etc/passwd"],
)
def test_an_address_that_is_none_is_refused(wire: Http, web: responses.RequestsMock, address: str) -> None:
    """Broken: a hostile address ends in a traceback, or in a call to somewhere else."""
    assert isinstance(refused(lambda: wire.open(address).__enter__()), Rejected)
    web.get(f"{BASE}/file", status=302, headers={"Location": address})
    assert isinstance(refused(lambda: wire.open("file").__enter__()), Rejected)
    assert {call.request.url for call in web.calls} == {f"{BASE}/file"}


@pytest.mark.parametrize(
    "address",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://127.0.0.1:8600/healthz",
        "http://localhost/x",
        "http://[::1]/x",
        "http://2130706433/x",
        "https://files.test@evil.test/x",
        "https://evil.test/api/x",
        "file:///etc/passwd",
        "//evil.test/x",
    ],
)
@pytest.mark.parametrize("redirected", [True, False])
def test_no_file_is_fetched_from_a_place_that_somebody_names(
    wire: Http, web: responses.RequestsMock, address: str, *, redirected: bool
) -> None:
    """Broken: a mail has the hub read this machine's own services, or hand its credential to anybody."""
    if redirected:
        web.get(f"{BASE}/file", status=302, headers={"Location": address})
    with pytest.raises(Rejected), wire.open(f"{BASE}/file" if redirected else address):
        raise AssertionError("something was fetched")
    assert len(web.calls) == int(redirected)
