"""The session that all calls go through: `requests`, without what each call would do over again.

A plain session merges its settings, cookies, proxies and sign-in anew for every call and looks for
redirects to follow. Ours has one of each and follows nothing, which makes up for what our own care costs.

It also ends answers that neither come nor stop: `requests` waits for each byte anew, so that a head which
drips, or a hundred thousand interim answers before the real one, would keep a call for ever.
"""

from __future__ import annotations

import io
import json as encoder
import re
import time
from collections.abc import Mapping
from datetime import timedelta
from http.client import HTTPResponse
from typing import Any
from urllib.parse import urlencode

import requests
from requests.adapters import HTTPAdapter
from requests.auth import HTTPBasicAuth
from requests.cookies import extract_cookies_to_jar
from requests.models import PreparedRequest
from requests.structures import CaseInsensitiveDict
from urllib3 import BaseHTTPResponse
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import ConnectionPool, HTTPConnectionPool, HTTPSConnectionPool

from connectors.bounds import BOUNDS, Bounds

_PLAIN = re.compile(r"https?://[A-Za-z0-9.:-]+(?:/[A-Za-z0-9_~-](?:[A-Za-z0-9._~-]|%[0-9A-F]{2})*)+")
"""An address that is sent as it stands: nothing in it wants quoting, and no step of it begins with a dot."""
_HOSTS = 4
_HEAD, _WHOLE = 1 << 20, 1 << 32
"""Bytes that may come before the answer itself, and in all; its reader bounds what is made of it."""


class Session(requests.Session):
    """A session of one connection. `headers` and `auth` may be set.

    It repeats nothing by itself, reads no proxy or .netrc from the environment, and follows no redirect:
    the base class would read a redirect's body, however long.
    """

    def __init__(self, bounds: Bounds = BOUNDS, pool: int = 16) -> None:
        super().__init__()
        self.trust_env = False
        self.ahead = timedelta(0)
        """How far our own clock was ahead of the server's when it last answered."""
        for scheme in ("http://", "https://"):
            self.mount(scheme, _Adapter(bounds, pool))

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Return None: where an answer points to is our own business."""
        return None

    def begin(self, method: str, url: str, timeout: tuple[float, float], **request: Any) -> requests.Response:
        """Send a call and return its answer, whose body is not read. Raises requests.RequestException.

        `request` is what `requests` takes; what most calls have (plain addresses, texts and numbers as
        parameters, JSON) is prepared the short way, to the same bytes.
        """
        if _PLAIN.fullmatch(url) and _is_short(**request):
            prepared = self._short(method, url, **request)
        else:
            prepared = self.prepare_request(requests.Request(method, url, **request))
        adapter = self.get_adapter(str(prepared.url))
        answer = adapter.send(prepared, stream=True, timeout=timeout, proxies=self.proxies)
        if "Set-Cookie" in answer.headers:  # a cluster may want its calls to come to the same node
            extract_cookies_to_jar(self.cookies, prepared, answer.raw)  # type: ignore[no-untyped-call]
        return answer

    def _short(
        self,
        method: str,
        url: str,
        params: Mapping[str, str | int] | None = None,
        json: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> PreparedRequest:
        made = PreparedRequest()
        made.method = method.upper()
        made.url = f"{url}?{urlencode(params)}" if params else url
        made.prepare_headers({**self.headers, **(headers or {})})
        made.hooks = self.hooks
        if json is not None:
            made.body = encoder.dumps(json, allow_nan=False).encode()
            made.headers.setdefault("Content-Type", "application/json")
        if made.method not in ("GET", "HEAD") or made.body:
            made.headers["Content-Length"] = str(len(made.body or b""))
        if self.cookies:
            made.prepare_cookies(self.cookies)
        auth = HTTPBasicAuth(*self.auth) if isinstance(self.auth, tuple) else self.auth
        return auth(made) if auth else made


class _Timed(io.RawIOBase):
    """What comes out of a socket, as long as it comes fast enough. Raises TimeoutError when it does not."""

    def __init__(self, source: io.RawIOBase, bounds: Bounds) -> None:
        super().__init__()
        self.at_most, self._bounds = _HEAD, bounds
        self._source, self._began, self._size = source, time.monotonic(), 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read what is there, or wait for it."""
        endless = self._bounds.endless(time.monotonic() - self._began, self._size)
        if endless or self._size > self.at_most:
            raise TimeoutError("the answer has no end")
        read: int | None = self._source.readinto(buffer)
        self._size += read or 0
        return read

    def close(self) -> None:
        """Let go of the socket."""
        self._source.close()
        super().close()


class _Answer(HTTPResponse):
    """An answer whose head, too, must come to an end."""

    bounds = BOUNDS

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._timed = _Timed(self.fp.detach(), self.bounds)
        self.fp = io.BufferedReader(self._timed)

    def begin(self) -> None:
        """Read the head, and whatever interim answers stand before it."""
        super().begin()
        self._timed.at_most = _WHOLE


def _pools(bounds: Bounds) -> dict[str, type[HTTPConnectionPool]]:
    """Return, for each scheme, the class of the pools whose answers are bounded so."""
    answer = type("_Bounded", (_Answer,), {"bounds": bounds})
    plain = type("_Plain", (HTTPConnection,), {"response_class": answer})
    secure = type("_Secure", (HTTPSConnection,), {"response_class": answer})
    return {
        "http": type("_PlainPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
        "https": type("_SecurePool", (HTTPSConnectionPool,), {"ConnectionCls": secure}),
    }


class _Adapter(HTTPAdapter):
    """An adapter that remembers which pool of connections serves a host."""

    def __init__(self, bounds: Bounds, pool: int) -> None:
        super().__init__(pool_connections=_HOSTS, pool_maxsize=pool, max_retries=0)
        self.poolmanager.pool_classes_by_scheme = _pools(bounds)
        self._pools: dict[str, ConnectionPool] = {}

    def get_connection_with_tls_context(
        self, request: PreparedRequest, *given: Any, **named: Any
    ) -> ConnectionPool:
        """Return the host's pool; a new one where the old one was closed."""
        host = "/".join(str(request.url).split("/", 3)[:3])
        pool = self._pools.get(host)
        if pool is None or getattr(pool, "pool", None) is None:
            pool = super().get_connection_with_tls_context(request, *given, **named)
            self._pools[host] = pool
        return pool

    def build_response(self, req: PreparedRequest, resp: BaseHTTPResponse) -> requests.Response:
        """Return the answer; its cookies are the session's business."""
        made = requests.Response()
        made.status_code, made.reason, made.raw = resp.status, str(resp.reason or ""), resp
        made.headers = CaseInsensitiveDict(resp.headers)
        made.encoding = requests.utils.get_encoding_from_headers(made.headers)
        made.url, made.request = str(req.url), req
        made.connection = self
        return made


def _is_short(**request: Any) -> bool:
    """Whether a call has nothing but texts and numbers as parameters, JSON, and headers that are set."""
    params, headers = request.get("params") or {}, request.get("headers") or {}
    return (
        request.keys() <= {"params", "json", "headers"}
        and isinstance(params, dict)
        and all(isinstance(value, (str, int)) for value in params.values())
        and None not in headers.values()
    )
