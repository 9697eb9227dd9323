"""The pages of one hub: what they are made from, who may see which, and what every answer carries."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import quote, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from connectors.errors import HubError
from deskbridge.bootstrap import Application
from deskbridge.logs import note, traced
from deskbridge.web import body
from deskbridge.web.pages import rendering
from deskbridge.web.pages.door import Door
from deskbridge.web.pages.live import Glances, live
from deskbridge.web.pages.once import once
from deskbridge.web.pages.rates import Rates
from deskbridge.web.pages.visit import NoSuch, Refused, Shown, Visit, Visitor, form_of, proves, without_zeros
from sync.store.accounts import Role
from sync.store.dialects import failed
from sync.store.visits import visiting

_log = logging.getLogger(__name__)

_FORM = 64 << 10
"""Bytes of a form."""
_HEADERS = {
    # Nothing comes from elsewhere, nothing is run or styled but by our own files, nobody frames a page.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # with no-referrer browsers hide the Origin of our own forms
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True)
class Site:
    """What pages are made from."""

    application: Application
    door: Door
    wake: Callable[[], None]
    """Has the workers look into the inbox at once."""
    glances: Glances = field(default_factory=Glances)
    """What pages were like a moment ago."""
    rates: Rates = field(default_factory=Rates)
    """How often strangers asked lately."""


Answer = Callable[[Site, Visit], Shown | Response]


@dataclass(frozen=True, slots=True)
class Page:
    """One address: who may ask for it, and what answers."""

    path: str
    answer: Answer
    role: Role | None = Role.VIEWER
    """What one must be at least; None: nobody needs to be known."""
    method: str = "GET"
    live: bool = False
    """Whether our script asks for it again and again, and shows what changed."""
    stranger: bool = False
    """Whether whoever asks is a stranger here even if somebody signed in in this browser."""


def site_of(application: Application, wake: Callable[[], None]) -> Site:
    """Return the pages of an application."""
    settings = application.settings
    secret = settings.hub.secret.get_secret_value().encode()
    return Site(application, Door(application.store, settings.pages, secret), wake)


def routes_of(site: Site, pages: Iterable[Page]) -> list[Route]:
    """Return what answers at each address of the pages."""
    packed = [Middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)]
    return [
        Route(page.path, _Gate(site, page).answer, methods=[page.method], middleware=packed) for page in pages
    ]


@dataclass(frozen=True)
class _Gate:
    """Before one page: whoever may not see it is told so, and nothing of it is made."""

    site: Site
    page: Page

    async def answer(self, request: Request) -> Response:
        request.path_params.update(
            {name: without_zeros(str(part)) for name, part in request.path_params.items()}
        )
        form: Mapping[str, str] = {}
        if request.method == "POST":
            try:
                form = form_of(await body.read(request, _FORM))
            except (body.TooLarge, ValueError):
                return _headed(Response("the form is too large\n", 413, media_type="text/plain"))
            except body.CutOff:
                return _headed(Response("cut off\n", 400, media_type="text/plain"))
        with visiting():
            return await run_in_threadpool(self._answer, request, form)

    def _answer(self, request: Request, form: Mapping[str, str]) -> Response:
        visit = Visit(request=request, who=None, at=self.site.application.now(), address="", form=form)
        try:
            door = self.site.door
            visit = replace(visit, address=door.address(request), who=self._recognised(request, visit.at))
            refused = self._refused(visit)
            if refused is None and self.page.live and self.site.glances.same(visit):
                return _headed(Response(status_code=304))
            made = refused if refused is not None else self._made(visit)
            answered = self._whole(made, visit)
            if self.page.live and refused is None:
                self.site.glances.keep(visit, answered)
            return _headed(answered)
        except NoSuch as error:
            made = _told(404, "Not found", str(error))
        except Refused as error:
            made = _told(409, "Not done", str(error))
        except HubError as error:
            made = _told(409, "That does not work", str(error))
        except Exception as error:  # noqa: BLE001 - whoever looks is told that much, the log where it was
            if failed(error):
                note(_log, "the store does not answer", logging.WARNING, page=self.page.path)
                return _headed(self._whole(_silent(visit), visit))
            _log.error("%s failed: %s", self.page.path, traced(error))
            made = _told(500, "Something went wrong", "The hub noted why. Other pages may work.")
        return _headed(self._whole(made, visit))

    def _made(self, visit: Visit) -> Shown | Response:
        if visit.who is None or visit.request.method != "POST":
            return self.page.answer(self.site, visit)
        return once(self.site.application.store.forms, visit, lambda: self.page.answer(self.site, visit))

    def _recognised(self, request: Request, at: datetime) -> Visitor | None:
        return None if self.page.stranger else self.site.door.recognise(request, at)

    def _whole(self, made: Shown | Response, visit: Visit) -> Response:
        if not isinstance(made, Shown):
            return made
        if self.page.live and made.status == 200:
            return live(made, visit, self.site.application)
        return HTMLResponse(rendering.page(made, visit, self.site.application), made.status)

    def _refused(self, visit: Visit) -> Shown | Response | None:
        """Return what is answered instead of the page, or None where it may be made."""
        if self.page.role is not None:
            if visit.who is None:
                return self._stranger(visit)
            if not visit.may(self.page.role):
                return _told(403, "Not for you", f"This needs the role {self.page.role}; ask an admin.")
        if visit.request.method == "POST" and visit.who is not None:
            ours = same_origin(visit.request) and proves(visit.who.key, visit.said("form"))
            if not ours:
                why = "The form is old, or another site sent it. Go back, load the page again, and repeat it."
                return _told(403, "Nothing was done", why)
        return None

    def _stranger(self, visit: Visit) -> Shown | Response:
        if visit.request.method == "POST":
            return _told(401, "You are signed out", "Sign in, and do it again.")
        url = visit.request.url
        wanted = url.path + (f"?{url.query}" if url.query else "")
        return RedirectResponse(
            "/sign-in" + ("" if wanted == "/" else f"?next={quote(wanted, safe='')}"), 303
        )


def _told(status: int, title: str, why: str) -> Shown:
    return Shown("told.html", {"title": title, "why": why}, status)


def _silent(visit: Visit) -> Shown:
    why = "Load the page again in a moment. What the tools told the hub meanwhile is not lost."
    if visit.request.method == "POST":
        why = "Whether it was done is not known: look, once pages are there again, before you repeat it."
    return _told(503, "The store does not answer", why)


def same_origin(request: Request) -> bool:
    """Whether a form was sent by a page of ours, as far as the browser says."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


def _headed(response: Response) -> Response:
    headers = MutableHeaders(raw=response.raw_headers)
    for name, value in _HEADERS.items():
        headers.setdefault(name, value)
    response.raw_headers = headers.raw
    return response
