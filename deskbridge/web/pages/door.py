"""Who comes in: by a session that a password began, or by the word of a proxy that the settings trust."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response

from deskbridge.parts import PagesSettings
from deskbridge.passwords import fits
from deskbridge.web.pages.visit import Visitor
from sync.store import Store
from sync.store.accounts import Expiry, one_name
from sync.store.audit import Act

_FREE = {"account": 5, "from": 30}
"""Tries that cost no waiting: with one account, and from one address."""
_FIRST, _MOST = timedelta(seconds=10), timedelta(minutes=15)
"""How long the first try beyond has to wait, and any; each waits twice as long as the one before."""
FORGOTTEN = timedelta(hours=2)
"""After how long without a try all former ones are forgotten."""
_AT_HOME = timedelta(days=90)
"""For how long an address from which somebody signed in is known as theirs."""
_ENTERED = "signed in"
LIVE = "x-deskbridge-live"
"""The header of a request that a page made by itself."""
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True, slots=True)
class Wait:
    """Somebody tried too often."""

    seconds: int


class Door:
    """Knows people by the store, and trusts nothing that a browser merely says."""

    def __init__(self, store: Store, settings: PagesSettings, secret: bytes) -> None:
        self._store, self._settings, self._secret = store, settings, secret
        proxy = settings.proxy
        self._signing = tuple(ipaddress.ip_network(one) for one in proxy.addresses) if proxy else ()
        self._passing = (*self._signing, *(ipaddress.ip_network(one) for one in settings.proxies))

    def address(self, request: Request) -> str:
        """Return from where a request comes; a proxy that the settings name tells it in `X-Forwarded-For`."""
        here = _peer(request)
        told = [one for line in request.headers.getlist("x-forwarded-for") for one in line.split(",")]
        # Each proxy writes behind the others who asked it: what stands before that was said by strangers.
        while told and _within(here, self._passing) and (one := _plain(told.pop())):
            here = one
        return here

    def recognise(self, request: Request, at: datetime) -> Visitor | None:
        """Return who asks, or None."""
        token = request.cookies.get(cookie_of(request), "")
        if token:
            expiry = Expiry(self._settings.idle, self._settings.longest)
            used = LIVE not in request.headers
            account = self._store.accounts.session(_kept(token), at, expiry, used=used)
            if account is not None:
                return Visitor(account.name, account.role, token.encode())
        return self._by_proxy(request)

    def _by_proxy(self, request: Request) -> Visitor | None:
        proxy = self._settings.proxy
        if proxy is None or not _within(_peer(request), self._signing):
            return None
        said = request.headers.getlist(proxy.header)
        if len(said) != 1 or not (name := said[0].strip()) or len(name) > 200:
            return None
        account = self._store.accounts.find(name)
        role = account.role if account else proxy.role
        if role is None:
            return None
        name = account.name if account else name
        key = hmac.digest(self._secret, f"forms of {name}".encode(), hashlib.sha256)
        return Visitor(name, role, key, by_proxy=True)

    def enter(self, name: str, password: str, address: str, at: datetime) -> str | Wait | None:
        """Return the token of a new session; None if name or password is wrong, Wait if tried too often.

        A try is counted before it is made, so that many at once are no way around the waiting.
        """
        account, home = self._store.accounts.find(name), home_of(address)
        person = one_name(name)[:200]
        # Others' failures elsewhere delay nobody where they signed in before; there only those made there do.
        known = home in self._homes(account.name if account else name, at)
        whos = {"account": f"home:{home} {person}" if known else f"account:{person}", "from": f"from:{home}"}
        before = self._store.accounts.tries(list(whos.values()), at, FORGOTTEN)
        waits = [waited(kind, *before[who], at) for kind, who in whos.items() if who in before]
        if longest := max(waits, default=0):
            return Wait(longest)
        now = self._store.accounts.tried(list(whos.values()), at, FORGOTTEN)
        for kind, who in whos.items():
            expected = before.get(who, (0, at))[0] + 1
            if now[who] > _FREE[kind] and now[who] != expected:
                return Wait(int(_FIRST.total_seconds()))
        if not fits(password, account.password if account else "") or account is None:
            self._store.audit.note(Act(at=at, who=name[:200], act="was refused", place=address))
            return None
        self._store.accounts.forgive([whos["account"]])
        self._store.accounts.uncount(whos["from"])  # a large office is one address, and guesses nothing
        token = secrets.token_urlsafe(32)
        self._store.accounts.begin(_kept(token), account.name, at)
        self._store.audit.note(Act(at=at, who=account.name, act=_ENTERED, place=address))
        return token

    def _homes(self, name: str, at: datetime) -> set[str]:
        """Return from where somebody signed in lately; for a name that nobody has it takes as long to say."""
        places = self._store.audit.places(name, _ENTERED, at - _AT_HOME)
        return {home_of(place) for place in places if place}

    def leave(self, request: Request, who: str, address: str, at: datetime) -> None:
        """End the session of a request."""
        self._store.accounts.end(_kept(request.cookies.get(cookie_of(request), "")))
        self._store.audit.note(Act(at=at, who=who, act="signed out", place=address))


def home_of(address: str) -> str:
    """Return whose tries are counted together: one line has 2^64 addresses of the newer kind."""
    if ":" not in address:
        return address
    return str(ipaddress.ip_network((address.partition("%")[0], 64), strict=False))


def _peer(request: Request) -> str:
    return _plain(request.client.host) if request.client else ""


def _plain(said: str) -> str:
    """Return an address without port and brackets, however it is written; nothing for what is none."""
    said = said.strip()
    if said.startswith("["):
        said = said[1:].partition("]")[0]
    elif said.count(":") == 1:
        said = said.partition(":")[0]
    try:
        found = ipaddress.ip_address(said)
    except ValueError:
        return ""
    return str(getattr(found, "ipv4_mapped", None) or found)


def _within(address: str, networks: Iterable[_Network]) -> bool:
    return bool(address) and any(ipaddress.ip_address(address) in network for network in networks)


def _kept(token: str) -> str:
    """Return what is kept of a session's token: a store that is read gives nobody a session."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def waited(kind: str, count: int, last: datetime, at: datetime) -> int:
    """Return for how many seconds a try must wait; 0 if not at all. `kind` is whose tries are counted."""
    beyond = count - _FREE[kind]
    if beyond < 0:
        return 0
    left = last + min(_FIRST * (1 << min(beyond, 10)), _MOST) - at
    return max(0, int(left.total_seconds()) + 1 if left > timedelta(0) else 0)


# -- cookies


def secure(request: Request) -> bool:
    """Whether cookies go over TLS only: everywhere but on this machine itself."""
    host = request.headers.get("host", "")
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    return name not in _LOOPBACK


def cookie_of(request: Request) -> str:
    """Return what the session's cookie is called; browsers let no other host set the prefixed one."""
    return "__Host-deskbridge" if secure(request) else "deskbridge"


def give(response: Response, request: Request, name: str, value: str) -> None:
    """Set a cookie that scripts do not see and other sites' forms do not send."""
    response.set_cookie(name, value, path="/", secure=secure(request), httponly=True, samesite="lax")


def take(response: Response, request: Request, name: str) -> None:
    """Take a cookie back."""
    response.delete_cookie(name, path="/", secure=secure(request), httponly=True, samesite="lax")
