"""The wire that all connectors share: one session, one retry layer, status codes into errors.

Reads and writes that are idempotent by construction are repeated on passing faults; every other write
is sent once. Redirects are never followed with a credential. Nothing here logs or prints a body, a
header or a query.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import IO, Any
from urllib.parse import SplitResult, urljoin, urlsplit

import requests
import tenacity
from requests.adapters import HTTPAdapter

from connectors.errors import Gone, Rejected, Throttled, Transient, Unauthorised, Uncertain, WireError
from connectors.quota import Budget

TIMEOUT = (5.0, 60.0)
"""Seconds to connect, and between two bytes of an answer."""
_PATIENCE = timedelta(seconds=8)
"""The longest wait that is slept through inside a call; a longer one is the caller's to schedule."""
_IN_MEMORY = 1 << 20

Explain = Callable[[requests.Response], tuple[str, Mapping[str, str]]]
"""What a system's error body says: a text for a person, and its fields with what is wrong with each."""


def session(pool: int = 16) -> requests.Session:
    """Return a session that repeats nothing by itself and reads no proxy or .netrc from the environment."""
    made = requests.Session()
    made.trust_env = False
    adapter = HTTPAdapter(pool_connections=4, pool_maxsize=pool, max_retries=0)
    made.mount("http://", adapter)
    made.mount("https://", adapter)
    return made


@dataclass(frozen=True, slots=True)
class Http:
    """One connection's wire. Makes no call until asked to."""

    connection: str
    base: str
    """The address that calls are relative to, without a slash at the end."""
    session: requests.Session = field(repr=False)
    budget: Budget = field(repr=False)
    now: Callable[[], datetime] = field(repr=False)
    explain: Explain = field(repr=False)
    file_hosts: tuple[str, ...] = ()
    passing: tuple[int, ...] = ()
    """Further statuses that refuse a write only for now (Jira's 409: it met another edit)."""

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """Return the JSON answer to a GET. Raises Gone, Throttled, Transient, Unauthorised, Rejected."""
        return self.json(self.call("GET", path, params=params, idempotent=True))

    def call(self, method: str, path: str, *, idempotent: bool, **request: Any) -> requests.Response:
        """Make a call and return its 2xx answer.

        `idempotent` says that making it twice does what making it once does; only then is it repeated,
        and only then is a lost answer Transient rather than Uncertain.
        """
        attempts = tenacity.Retrying(
            retry=tenacity.retry_if_exception(self._worth_repeating),
            stop=tenacity.stop_after_attempt(3),
            wait=self._wait,
            reraise=True,
        )
        if not idempotent:
            return self._once(method, path, idempotent=False, request=request)
        return attempts(self._once, method, path, idempotent=True, request=request)

    def json(self, response: requests.Response) -> Any:
        """Return the answer's JSON. Raises Rejected, naming the call, when it is something else."""
        try:
            return response.json()
        except ValueError:
            raise Rejected(self.connection, _name(response), "the answer is not JSON") from None

    @contextmanager
    def open(self, url: str) -> Iterator[IO[bytes]]:
        """Stream a file into a seekable buffer, from our own host or the vendor's file hosts only.

        The credential goes to our own host alone, and only for addresses under `base`. Raises Rejected
        for a foreign host, Gone for a file that is not there any more.
        """
        with tempfile.SpooledTemporaryFile(_IN_MEMORY) as buffer:
            self._download(urljoin(self.base + "/", url), buffer)
            buffer.seek(0)
            yield buffer

    def refuse(self, response: requests.Response, call: str, *, idempotent: bool) -> WireError:
        """Return the error that a non-2xx answer means."""
        status, (text, fields) = response.status_code, self.explain(response)
        said = f"{status} {text}".strip()
        if status == 429:
            until = self.now() + timedelta(seconds=_seconds(response.headers.get("Retry-After")))
            self.budget.block(until)
            return Throttled(self.connection, call, said, until)
        if status == 401:
            return Unauthorised(self.connection, call, said)
        if status in (404, 410):
            return Gone(self.connection, call, said)
        if status in self.passing:
            return Transient(self.connection, call, said)
        if status in (408, 425) or status >= 500:
            kind = Transient if idempotent or status == 425 else Uncertain
            return kind(self.connection, call, said)
        if 300 <= status < 400:
            said = f"{status} it redirects to another address; check the connection's url"
        return Rejected(self.connection, call, said, fields)

    def _once(
        self, method: str, path: str, *, idempotent: bool, request: Mapping[str, Any]
    ) -> requests.Response:
        call = f"{method} {path}"
        if (until := self.budget.blocked_until()) is not None:
            raise Throttled(self.connection, call, "the quota is spent", until)
        try:
            response = self.session.request(
                method, f"{self.base}/{path}", timeout=TIMEOUT, allow_redirects=False, **request
            )
        except requests.RequestException as error:
            raise self.unheard(error, call, idempotent=idempotent) from None
        if not response.ok or response.is_redirect:
            raise self.refuse(response, call, idempotent=idempotent)
        return response

    def unheard(self, error: requests.RequestException, call: str, *, idempotent: bool) -> WireError:
        """Return the error that a missing answer means: nothing sent, or nobody knows."""
        if isinstance(error, requests.ConnectTimeout) or "NewConnectionError" in repr(error):
            host = urlsplit(self.base).netloc
            return Transient(self.connection, call, f"{host} cannot be reached; is its address right?")
        if isinstance(error, requests.exceptions.SSLError):
            return Transient(self.connection, call, "the TLS certificate was not accepted")
        kind = Transient if idempotent else Uncertain
        return kind(self.connection, call, f"no answer ({type(error).__name__})")

    def _worth_repeating(self, error: BaseException) -> bool:
        if isinstance(error, Throttled):
            return error.until - self.now() <= _PATIENCE
        return isinstance(error, Transient) and "cannot be reached" not in error.text

    def _wait(self, state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, Throttled):
            return max(0.05, (error.until - self.now()).total_seconds())
        return tenacity.wait_random_exponential(multiplier=0.2, max=2)(state)

    def _download(self, url: str, buffer: io.IOBase | tempfile.SpooledTemporaryFile[bytes]) -> None:
        for _ in range(4):
            response = self._fetch(url)
            with response:
                if response.is_redirect:
                    url = urljoin(url, response.headers["Location"])
                    continue
                if response.status_code in (401, 403):
                    raise Gone(self.connection, "GET file", "the file's address has expired")
                if not response.ok:
                    raise self.refuse(response, "GET file", idempotent=True)
                for chunk in response.iter_content(1 << 16):
                    buffer.write(chunk)
                return
        raise Rejected(self.connection, "GET file", "too many redirects")

    def _fetch(self, url: str) -> requests.Response:
        parts, own = urlsplit(url), urlsplit(self.base)
        ours = (parts.scheme, parts.netloc) == (own.scheme, own.netloc)
        vendors = parts.scheme == "https" and parts.hostname in self.file_hosts
        if not (ours or vendors or _other_name(parts, own)):
            raise Rejected(self.connection, "GET file", f"files are not fetched from {parts.hostname}")
        with_credential = ours and f"{parts.path}/".startswith(f"{own.path}/")
        source = self.session if with_credential else session()
        try:
            return source.get(url, stream=True, timeout=TIMEOUT, allow_redirects=False)
        except requests.RequestException as error:
            raise self.unheard(error, "GET file", idempotent=True) from None


def _other_name(parts: SplitResult, own: SplitResult) -> bool:
    """Whether an address is a server of this machine under its other name, as the sandbox's file host is."""
    names = {"127.0.0.1", "localhost", "::1"}
    same_server = (parts.scheme, parts.port) == (own.scheme, own.port)
    return same_server and parts.hostname in names and own.hostname in names


def _name(response: requests.Response) -> str:
    method = response.request.method or "?"
    return f"{method} {urlsplit(response.url).path}"


def _seconds(retry_after: str | None) -> float:
    """Return how long to wait; a limiter that names no time is given a minute (gitlab-api 1.3)."""
    try:
        return max(1.0, float(retry_after or 60))
    except ValueError:
        return 60.0
