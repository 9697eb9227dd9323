"""The wire that all connectors share: one session, one retry layer, status codes into errors.

Reads and writes that are idempotent by construction are repeated on passing faults; every other write
is sent once. Calls are paced by the connection's budget. Redirects are never followed with a credential,
and an answer that is too large or too slow ends in an error. Nothing here logs or prints a body, a
header or a query.
"""

from __future__ import annotations

import base64
import io
import json as decoder
import random
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from http import HTTPStatus
from ssl import SSLCertVerificationError
from typing import IO, Any
from urllib.parse import SplitResult, urljoin, urlsplit

import requests
import tenacity
from requests_toolbelt import MultipartEncoder
from urllib3.exceptions import HTTPError, MaxRetryError, NewConnectionError, SSLError

from connectors import letters
from connectors.bounds import BOUNDS, Bounds
from connectors.calls import Call, Listener, nobody, pause
from connectors.errors import Gone, Rejected, Throttled, Transient, Unauthorised, Uncertain, WireError
from connectors.fence import about_to_write
from connectors.paging import Turning
from connectors.quota import TOTAL, Budget, Level
from connectors.session import Session

TIMEOUT = (5.0, 60.0)
"""Seconds to connect, and between two bytes of an answer."""
_PATIENCE = timedelta(seconds=8)
"""The longest wait that is slept through inside a call; a longer one is the caller's to schedule."""
_LONGEST = timedelta(days=1)
"""The longest wait that a server is believed to mean."""
_IN_MEMORY = 1 << 20
_PIECE = 1 << 16
_SAID = 500
"""Characters of a server's message that are worth passing on, once our credentials are out of it."""
_SAME_TIME = timedelta(minutes=1)
"""Clocks that differ by less count as the same: a `Date` has no parts of a second, and answers take time."""
_BOM = b"\xef\xbb\xbf"
_PAGES = frozenset({"text/html", "application/json"})

Explain = Callable[[requests.Response], tuple[str, Mapping[str, str]]]
"""What a system's error body says, uncut: a text for a person, and what is wrong with each field."""
Form = Iterable[tuple[str, str]]
File = tuple[str, str, IO[bytes], str]
"""A file of a form: the form's field, the file's name, its content and its type."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How a system's limits show: three pure hooks. The defaults know of none but a refusal."""

    bucket_of: Callable[[str, str], Iterable[str]] = lambda method, path: ()
    """Which buckets, beside TOTAL, a call counts in, by its method and its path below `Http.base`."""
    learn: Callable[[requests.Response], Iterable[Level]] = lambda response: ()
    """What any answer says of the buckets."""
    spent: Callable[[requests.Response], Iterable[str]] = lambda response: (TOTAL,)
    """Which buckets a 429 shuts."""


@dataclass(frozen=True, slots=True)
class Http:
    """One connection's wire. Makes no call until asked to."""

    connection: str
    base: str
    """The address that calls are relative to, without a slash at the end."""
    session: Session = field(repr=False)
    budget: Budget = field(repr=False)
    now: Callable[[], datetime] = field(repr=False)
    explain: Explain = field(repr=False)
    file_hosts: tuple[str, ...] = ()
    passing: Callable[[int, str], bool] = field(default=lambda status, said: False, repr=False)
    """Whether a further status and its message refuse a write only for now: it met another edit."""
    limits: Limits = field(default=Limits(), repr=False)
    denies: Callable[[requests.Response], bool] = field(default=lambda response: False, repr=False)
    """Whether a 403 means the credential rather than the thing that was asked for (a scope is missing)."""
    genuine: Callable[[requests.Response], bool] = field(default=lambda response: True, repr=False)
    """Whether a 404 is the system's own, and not that of a proxy before it: only then is a thing gone."""
    max_file: int = 2 << 30
    """Bytes that a file which is fetched may have."""
    bounds: Bounds = BOUNDS
    sleep: Callable[[float], None] = field(default=pause, repr=False)
    heard: Listener = field(default=nobody, repr=False)
    """Is told of each call when it has come to its end."""

    def turning(self, call: str, by: str, *, walk: bool = False) -> Turning:
        """Return what ends a list that would have no end; a `walk` is over all tickets."""
        return Turning(self.connection, call, by, self.bounds.walk if walk else self.bounds.pages)

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """Return the JSON answer to a GET. Raises Gone, Throttled, Transient, Unauthorised, Rejected."""
        return self.json(self.call("GET", path, params=params, idempotent=True))

    def call(self, method: str, path: str, *, idempotent: bool, **request: Any) -> requests.Response:
        """Make a call and return its 2xx answer, read whole.

        `idempotent` says that making it twice does what making it once does; only then is it repeated,
        and only then is a lost answer Transient rather than Uncertain.
        """
        try:
            return self._once(method, path, idempotent=idempotent, request=request)
        except WireError as error:
            if not idempotent:
                raise
            return self._repeated(error, method, path, request)

    def done(self, method: str, path: str, **request: Any) -> None:
        """Make an idempotent call that is answered with nothing: 204.

        Raises Transient where anything else comes in its place: nobody knows then whether it was done.
        """
        response = self.call(method, path, idempotent=True, **request)
        if response.status_code != HTTPStatus.NO_CONTENT:
            raise unreadable(self.connection, _name(response), f"{response.status_code} came instead of 204")

    def upload(
        self,
        method: str,
        path: str,
        form: Form,
        files: Iterable[File],
        headers: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Send a form with files, streamed, once; the files are at their beginning. See `call`."""
        parts = [(field, (name, content, kind)) for field, name, content, kind in files]
        body = MultipartEncoder([*form, *parts])
        told = {**(headers or {}), "Content-Type": body.content_type}
        return self.call(method, path, data=body, headers=told, idempotent=False)

    def json(self, response: requests.Response, *, once: bool = False) -> Any:
        """Return the answer's JSON. Where it is none, raises Transient, or Uncertain of a write made `once`.

        JSON is UTF-8 whatever a header says (RFC 8259, 8.1); what is not is refused, never read as U+FFFD;
        letters that it can name and nobody else takes are (`letters`).
        """
        try:
            return decoder.loads(letters.taken(response.content).decode())
        except (ValueError, RecursionError):
            why, whole = no_json(response), passes(response)
            raise unreadable(self.connection, _name(response), why, once=once, whole=whole) from None

    @contextmanager
    def open(self, url: str, size: int | None = None) -> Iterator[IO[bytes]]:
        """Stream a file into a seekable buffer, from our own host or the vendor's file hosts only.

        The credential goes to our own host alone, and only for addresses under `base`. Raises Rejected
        for a foreign host or a file larger than `max_file`, Gone for one that is not there any more; and
        for what is not the file: Transient where it has not the `size` that the tool told, Rejected where
        the tool told none and a page comes in its place.
        """
        with tempfile.SpooledTemporaryFile(_IN_MEMORY) as buffer:
            self._download(_joined(self.connection, self.base + "/", url), buffer, pages=size is not None)
            length = buffer.tell()
            if size not in (None, length):
                raise Transient(self.connection, "GET file", f"{length} bytes came of {size}")
            buffer.seek(0)
            yield buffer

    def ahead(self) -> timedelta:
        """Return how far our clock is ahead of the server's, by its last answer; see `Connector.ahead`."""
        return self.session.ahead if abs(self.session.ahead) > _SAME_TIME else timedelta(0)

    def refuse(self, response: requests.Response, call: str, *, idempotent: bool) -> WireError:
        """Return the error that a non-2xx answer means."""
        if response.encoding is None:  # or `requests` guesses, which takes minutes for a long body
            response.encoding = "utf-8"
        status, (text, told) = response.status_code, self.explain(response)
        show = partial(shown, response.request)
        fields = {show(name): show(words) for name, words in told.items()}
        said = f"{status} {show(text)}".strip()
        if status == 429:
            return self._throttled(response, call, said)
        if status == 401 or (status == 403 and self.denies(response)):
            return Unauthorised(self.connection, call, said)
        if status in (404, 410):
            return (Gone if self.genuine(response) else Transient)(self.connection, call, said)
        if self.passing(status, text):
            return Transient(self.connection, call, said)
        if status in (408, 425) or status >= 500:
            kind = Transient if idempotent or status == 425 else Uncertain
            return kind(self.connection, call, said)
        if 300 <= status < 400:
            said = f"{status} it redirects to another address; check the connection's url"
        return Rejected(self.connection, call, said, fields)

    def shown(self, text: str) -> str:
        """Return as much of a text out of an answer as is passed on, without this connection's credential."""
        return shown(self.session.prepare_request(requests.Request("GET", self.base)), text)

    def unheard(self, error: Exception, call: str, *, idempotent: bool) -> WireError:
        """Return the error that a missing answer means: nothing sent, or nobody knows."""
        cause = _cause(error)
        if isinstance(error, requests.ConnectTimeout) or isinstance(cause, NewConnectionError):
            host = urlsplit(self.base).netloc
            return Transient(self.connection, call, f"{host} cannot be reached; is its address right?")
        if isinstance(cause, SSLCertVerificationError):
            return Transient(self.connection, call, "the TLS certificate was not accepted")
        kind = Transient if idempotent else Uncertain
        return kind(self.connection, call, f"no answer ({type(error).__name__})")

    def _once(
        self, method: str, path: str, *, idempotent: bool, request: Mapping[str, Any]
    ) -> requests.Response:
        call = f"{method} {path}"
        self._pace(call, self.limits.bucket_of(method, path))
        began, status = time.monotonic(), 0
        try:
            response = self._exchanged(method, path, call, idempotent=idempotent, request=request)
            status = response.status_code
        finally:
            self.heard(Call(self.connection, method, status, time.monotonic() - began))
        self.budget.learn(self.limits.learn(response))
        if not response.ok or response.is_redirect:
            raise self.refuse(response, call, idempotent=idempotent)
        return response

    def _exchanged(
        self, method: str, path: str, call: str, *, idempotent: bool, request: Mapping[str, Any]
    ) -> requests.Response:
        """Send a call and return its answer, whatever it says, read whole."""
        if method != "GET":
            about_to_write()
        try:
            response = self.session.begin(method, f"{self.base}/{path}", TIMEOUT, **request)
        except requests.RequestException as error:
            raise self.unheard(error, call, idempotent=idempotent) from None
        except ValueError:  # not a number, half of a character: nothing was sent
            raise Rejected(self.connection, call, "what it should say cannot be written") from None
        self._compare(response)
        with response:
            pieces = self._pieces(response, call, self.bounds.answer, idempotent=idempotent)
            body = b"".join(pieces)
            # requests itself reads without any end; a BOM says nothing and may be ignored (RFC 8259, 8.1).
            response._content = body.removeprefix(_BOM)  # noqa: SLF001
        return response

    def _compare(self, response: requests.Response) -> None:
        """Learn from the head of an answer what the server's clock says (RFC 9110, 6.6.1)."""
        said = _date(response.headers.get("Date", ""))
        if said is not None:
            self.session.ahead = self.now() - said

    def _repeated(
        self, failed: WireError, method: str, path: str, request: Mapping[str, Any]
    ) -> requests.Response:
        """Make a call again that failed once, where that is worth it; raise its last error."""
        failures = [failed]

        def attempt() -> requests.Response:
            if failures:
                raise failures.pop()
            return self._once(method, path, idempotent=True, request=request)

        attempts = tenacity.Retrying(
            retry=tenacity.retry_if_exception(self._worth_repeating),
            stop=tenacity.stop_after_attempt(3),
            wait=self._wait,
            sleep=self.sleep,
            reraise=True,
        )
        return attempts(attempt)

    def _pace(self, call: str, buckets: Iterable[str]) -> None:
        """Wait for the call's turn. Raises Throttled, having waited for nothing, when that takes long."""
        at = self.budget.take(buckets, _PATIENCE)
        wait = at - self.now()
        if wait > _PATIENCE:
            raise Throttled(self.connection, call, "the quota is spent", at)
        if wait > timedelta(0):
            self.sleep(_jittered(wait.total_seconds()))

    def _pieces(
        self, response: requests.Response, call: str, at_most: int, *, idempotent: bool
    ) -> Iterator[bytes]:
        """Yield a body as it arrives. Raises an error for one that is too large, too slow or cut off."""
        began, size = time.monotonic(), 0
        unread = Rejected if idempotent else Uncertain
        try:
            while piece := response.raw.read1(_PIECE, decode_content=True):
                size += len(piece)
                if size > at_most:
                    raise unread(self.connection, call, f"the answer is larger than {at_most} bytes")
                if self.bounds.endless(time.monotonic() - began, size):
                    raise unread(self.connection, call, "the answer has no end")
                yield piece
        except (HTTPError, OSError) as error:
            raise self.unheard(error, call, idempotent=idempotent) from None

    def _throttled(self, response: requests.Response, call: str, said: str) -> Throttled:
        now = self.now()
        until = now + _named(response.headers.get("Retry-After"), now)
        for bucket in self.limits.spent(response):
            self.budget.block(until, bucket)
        return Throttled(self.connection, call, said, until)

    def _worth_repeating(self, error: BaseException) -> bool:
        if isinstance(error, Throttled):
            return error.until - self.now() <= _PATIENCE
        return isinstance(error, Transient) and "cannot be reached" not in error.text

    def _wait(self, state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, Throttled):
            return _jittered(max(0.05, (error.until - self.now()).total_seconds()))
        return tenacity.wait_random_exponential(multiplier=0.2, max=2)(state)

    def _download(
        self, url: str, buffer: io.IOBase | tempfile.SpooledTemporaryFile[bytes], *, pages: bool
    ) -> None:
        """Write a file into a buffer; without `pages` no HTML or JSON that does not say it is a file."""
        call = "GET file"
        for _ in range(4):
            with self._fetch(url) as response:
                if response.is_redirect:
                    url = _joined(self.connection, url, response.headers["Location"])
                    continue
                if response.status_code in (401, 403, 404, 410):
                    raise Gone(self.connection, call, "the file is gone, or its address has expired")
                pieces = self._pieces(response, call, self.max_file, idempotent=True)
                if not response.ok:
                    response._content = next(pieces, b"")  # noqa: SLF001 - the beginning says why
                    raise self.refuse(response, call, idempotent=True)
                if not pages and (kind := _page(response)):
                    raise Rejected(self.connection, call, f"{kind} came in place of the file")
                for piece in pieces:
                    buffer.write(piece)
                return
        raise Rejected(self.connection, call, "too many redirects")

    def _fetch(self, url: str) -> requests.Response:
        parts, own = urlsplit(url), urlsplit(self.base)
        ours = (parts.scheme, parts.netloc) == (own.scheme, own.netloc)
        vendors = parts.scheme == "https" and parts.hostname in self.file_hosts
        if not (ours or vendors or _other_name(parts, own)):
            raise Rejected(self.connection, "GET file", f"files are not fetched from {parts.hostname}")
        with_credential = ours and f"{parts.path}/".startswith(f"{own.path}/")
        if with_credential:
            path = parts.path.removeprefix(f"{own.path}/")
            self._pace("GET file", self.limits.bucket_of("GET", path))
        source = self.session if with_credential else Session(self.bounds, pool=1)
        began, status = time.monotonic(), 0
        try:
            response = source.get(url, stream=True, timeout=TIMEOUT, allow_redirects=False)
            status = response.status_code
        except requests.RequestException as error:
            raise self.unheard(error, "GET file", idempotent=True) from None
        finally:
            self.heard(Call(self.connection, "GET", status, time.monotonic() - began))
        if with_credential:
            self.budget.learn(self.limits.learn(response))
        return response


def _page(response: requests.Response) -> str:
    """Return the type of an answer that is a page for a person or a program, not a file; empty for a file.

    Where people upload such files, GitLab sends them with a Content-Disposition, so that no browser runs
    them; a proxy or a sign-in page sends none.
    """
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return "" if "Content-Disposition" in response.headers or kind not in _PAGES else kind


def _credentials(request: requests.PreparedRequest) -> list[str]:
    """Return what signed a call in, in each form in which an answer that repeats the call may show it."""
    sent: Mapping[str, Any] = request.headers or {}
    found = [str(sent.get("PRIVATE-TOKEN", ""))]
    scheme, _, credential = str(sent.get("Authorization", "")).partition(" ")
    found.append(credential)
    if scheme == "Basic":
        with suppress(ValueError):
            signed = base64.b64decode(credential)
            for encoding in ("latin-1", "utf-8"):  # of which the connectors use the latter
                user, _, word = signed.decode(encoding).partition(":")
                found += [user, word] if len(word) <= 1 else [word]
    return [one for one in found if len(one) > 1]


def unreadable(connection: str, call: str, text: str, *, once: bool = False, whole: bool = True) -> WireError:
    """Return the error that a 2xx answer means which is not what was asked for.

    One that is no such thing as a `whole` comes from a proxy, or was cut: a page to sign in, half of the
    JSON. That passes. One odd value within it stays, and concerns that record alone. Of a write that must be
    made `once` either is as good as no answer.
    """
    kind = Uncertain if once else Transient if whole else Rejected
    return kind(connection, call, text)


def passes(response: requests.Response) -> bool:
    """Whether an answer that is not JSON may be one next time; a record that is not UTF-8 stays so."""
    try:
        response.content.decode()
    except UnicodeDecodeError:
        return not response.content.lstrip().startswith((b"{", b"["))
    return True


def no_json(response: requests.Response) -> str:
    """Return why an answer is not JSON."""
    try:
        response.content.decode()
    except UnicodeDecodeError:
        return "the answer is not UTF-8"
    return "the answer is not JSON"


def shown(request: requests.PreparedRequest, text: str) -> str:
    """Return as much of a server's text as is passed on, without what signed the call in.

    Hidden first, cut afterwards: of a credential that the cut went through, a part would show.
    """
    for secret in _credentials(request):
        text = text.replace(secret, "***")
    return text[:_SAID].strip()


def _cause(error: Exception) -> BaseException | None:
    """Return why there is no connection, below what `requests` and `urllib3` wrap it in."""
    cause: object = error
    while isinstance(cause, (requests.RequestException, MaxRetryError, SSLError)):
        cause = cause.reason if isinstance(cause, MaxRetryError) else next(iter(cause.args), None)
    return cause if isinstance(cause, BaseException) else None


def _joined(connection: str, base: str, url: str) -> str:
    """Return a file's address. Raises Rejected for what is none."""
    try:
        joined = urljoin(base, url)
        _ = urlsplit(joined).port, urlsplit(joined).hostname
    except ValueError:
        raise Rejected(connection, "GET file", "the file's address is none") from None
    return joined


def _other_name(parts: SplitResult, own: SplitResult) -> bool:
    """Whether an address is a server of this machine under its other name, as the sandbox's file host is."""
    names = {"127.0.0.1", "localhost", "::1"}
    same_server = (parts.scheme, parts.port) == (own.scheme, own.port)
    return same_server and parts.hostname in names and own.hostname in names


def _name(response: requests.Response) -> str:
    method = response.request.method or "?"
    return f"{method} {urlsplit(response.url).path}"


def _jittered(seconds: float) -> float:
    """Return a somewhat longer wait: who was refused together should not come back together."""
    return seconds * random.uniform(1.0, 1.1)  # noqa: S311 - for variety, not for secrecy


def _named(retry_after: str | None, now: datetime) -> timedelta:
    """Return how long to wait; a limiter that names no time is given a minute (gitlab-api 1.3)."""
    try:
        seconds = float(retry_after or 60)
    except ValueError:
        seconds = _until(retry_after or "", now)
    return timedelta(seconds=min(max(1.0, seconds), _LONGEST.total_seconds()))


def _until(date: str, now: datetime) -> float:
    """Return the seconds until a date as headers state it; a minute for what is none."""
    at = _date(date)
    return 60.0 if at is None else (at - now).total_seconds()


def _date(text: str) -> datetime | None:
    """Return a date as headers state it, or None for what is none."""
    try:
        at = parsedate_to_datetime(text)
        return at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
