"""A customer's own page, by a signed link: their tickets and what they can read of them, and nothing else.

Whoever has no good link is told what they are told anywhere where nothing is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from starlette.responses import HTMLResponse, PlainTextResponse, Response

from deskbridge.sharing import opened
from deskbridge.web.pages import rendering
from deskbridge.web.pages.door import home_of
from deskbridge.web.pages.rendering import query
from deskbridge.web.pages.site import Site
from deskbridge.web.pages.visit import Shown, Visit, number_of
from deskbridge.web.pages.wording import html
from mappings.ticket import Ref, Status
from sync.rules import Role
from sync.store.shares import Theirs

_LINES = 50
_TEXTS = 100
_LOOKS = 120
"""Looks in a minute by one link."""
_GUESSES = 30
"""Looks in a minute from one address by links that open nothing."""
_HEADERS = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow, noarchive"}
_WORDS = {
    Status.RESOLVED.value: "resolved",
    Status.CLOSED.value: "closed",
    Status.WAITING_ON_CUSTOMER.value: "waits for you",
    Status.OPEN.value: "open",
}
"""What a customer reads; of what is done about a ticket inside, they are told that it is."""
_WORKED_ON = "in progress"


@dataclass(frozen=True, slots=True)
class _Look:
    """Somebody looks by a good link."""

    site: Site
    visit: Visit
    customer: str
    base: str
    fronts: tuple[str, ...]


def tickets(site: Site, visit: Visit) -> Response:
    """List a customer's tickets."""
    return _looked(site, visit, _tickets)


def ticket(site: Site, visit: Visit) -> Response:
    """Show one of a customer's tickets with the texts that they can read."""
    return _looked(site, visit, _ticket)


def _looked(site: Site, visit: Visit, make: Callable[[_Look], Shown | None]) -> Response:
    app, token = site.application, str(visit.request.path_params["token"])[:200]
    one = opened(app, token, visit.at)
    name, most = (f"link {one.id}", _LOOKS) if one else (f"from {home_of(visit.address)}", _GUESSES)
    if seconds := site.rates.wait(name, visit.at, most):
        return _plain("Too many requests\n", 429, {"Retry-After": str(seconds)})
    shown = None
    if one is not None:
        app.store.shares.use(one, visit.at)
        fronts = tuple(n for n, c in app.settings.connections.items() if c.role is Role.FRONT)
        shown = make(_Look(site, visit, one.customer, f"/c/{token}", fronts))
    if shown is None:
        return _plain("Not Found", 404)
    return HTMLResponse(rendering.page(shown, visit, app), headers=_HEADERS)


def _plain(text: str, status: int, more: dict[str, str] | None = None) -> Response:
    return PlainTextResponse(text, status, headers=_HEADERS | (more or {}))


def _tickets(look: _Look) -> Shown:
    visit, shares = look.visit, look.site.application.store.shares
    number = visit.page()
    said, state = visit.asked("q"), visit.asked("state", 10)
    found = shares.tickets(
        look.customer,
        look.fronts,
        text=said,
        done={"done": True, "open": False}.get(state),
        most=_LINES + 1,
        skip=(number - 1) * _LINES,
    )
    asked = {"q": said, "state": state}
    return Shown(
        "shared_tickets.html",
        {
            **_always(look),
            "rows": [(one, _state(one), _path(look, one)) for one in found[:_LINES]],
            "asked": asked,
            "counts": _counts(look),
            "number": number,
            "before": query(look.base, asked | {"page": str(number - 1)}) if number > 1 else "",
            "after": query(look.base, asked | {"page": str(number + 1)}) if len(found) > _LINES else "",
        },
    )


def _ticket(look: _Look) -> Shown | None:
    params, store = look.visit.request.path_params, look.site.application.store
    front = number_of(str(params["front"])) or 0
    if not 1 <= front <= len(look.fronts):
        return None
    one = store.shares.ticket(look.customer, Ref(look.fronts[front - 1], str(params["key"])))
    if one is None:
        return None
    texts, count = store.shares.texts(one.ref, _TEXTS)
    latest = store.texts.latest(one.ref, [text.id for text in texts])
    names = {text.id: [file.name for file in text.files if file.inline and file.name] for text in texts}
    words = {id: html(raw, names[id]) for id, raw in latest.items()}
    return Shown(
        "shared_ticket.html",
        {
            **_always(look),
            "one": one,
            "state": _state(one),
            "texts": [(text, words.get(text.id)) for text in texts],
            "earlier": count - len(texts),
        },
    )


def _always(look: _Look) -> dict[str, object]:
    return {"name": look.site.application.settings.customers[look.customer].name, "base": look.base}


def _state(one: Theirs) -> str:
    return _WORDS.get(one.status, _WORKED_ON)


def _counts(look: _Look) -> dict[str, int]:
    found: dict[str, int] = {}
    for status, count in look.site.application.store.shares.counts(look.customer, look.fronts).items():
        word = _WORDS.get(status or Status.OPEN.value, _WORKED_ON)
        found[word] = found.get(word, 0) + count
    return {word: found[word] for word in (*_ORDER, _WORKED_ON) if word in found}


_ORDER = ("waits for you", "open", _WORKED_ON, "resolved", "closed")


def _path(look: _Look, one: Theirs) -> str:
    return f"{look.base}/{look.fronts.index(one.ref.connection) + 1}/{rendering.quoted(one.ref.key)}"
