"""Pages out of templates. Everything that a template is given is escaped unless it was made safe here."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

import deskbridge
from deskbridge.bootstrap import Application
from deskbridge.web.pages.visit import Shown, Visit, token_of
from mappings.ticket import Ref
from sync.sla.ledger import spelled
from sync.store.accounts import Role

_HERE = files("deskbridge.web.pages")
_STATIC = {
    "deskbridge.css": "text/css",
    "deskbridge.js": "text/javascript",
    "deskbridge.svg": "image/svg+xml",
}

_NAVIGATION = (
    ("/", "Overview", Role.VIEWER),
    ("/tickets", "Tickets", Role.VIEWER),
    ("/boards", "Boards", Role.VIEWER),
    ("/parked", "Parked", Role.VIEWER),
    ("/findings", "Findings", Role.VIEWER),
    ("/duty", "Duty", Role.VIEWER),
    ("/reports", "Reports", Role.VIEWER),
    ("/figures", "Metrics", Role.VIEWER),
    ("/runs", "Migrations", Role.VIEWER),
    ("/connections", "Connections", Role.VIEWER),
    ("/links", "Links", Role.ADMIN),
    ("/settings", "Settings", Role.ADMIN),
    ("/audit", "Audit", Role.ADMIN),
)
_DONE = {
    "retried": "It is looked at now. Load the page again in a moment to see what came of it.",
    "dismissed": "It is off the list of what is parked, until it changes.",
    "answered": "Your answer is kept.",
    "linked": "They are linked, and looked at now. Load the page again in a moment to see what came of it.",
    "unlinked": "It is on its own now: nothing passes between it and the others any more.",
    "revoked": "The link opens nothing any more.",
}


def page(shown: Shown, visit: Visit, application: Application) -> str:
    """Return a page as HTML."""
    values = {
        "visit": visit,
        "who": visit.who,
        "at": visit.at,
        "path": visit.request.url.path,
        "agent": visit.may(Role.AGENT),
        "admin": visit.may(Role.ADMIN),
        "form": lambda: token_of(visit.who.key) if visit.who else "",
        "customers": {key: one.name for key, one in application.settings.customers.items()},
        "systems": {name: one.system for name, one in application.settings.connections.items()},
        "live": "",
        "done": _DONE.get(visit.asked("done"), ""),
        "version": deskbridge.__version__,
        "nav": [(path, name) for path, name, role in _NAVIGATION if visit.may(role)],
        **shown.values,
    }
    return _templates().get_template(shown.template).render(values)


@cache
def _templates() -> Environment:
    made = Environment(
        loader=FileSystemLoader(str(_HERE / "templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= {
        "when": when,
        "far": far,
        "span": length,
        "words": words,
        "size": size,
        "coded": coded,
        "outside": outside,
        "ticket": ticket_path,
        "count": lambda number: f"{number:,}",
    }
    made.globals |= {"static": static_path}
    return made


# -- files of ours


@cache
def static(name: str) -> tuple[bytes, str, str] | None:
    """Return a file's content, its type, and a sign that changes with it; None if there is no such file."""
    if name not in _STATIC:
        return None
    content = (_HERE / "static" / name).read_bytes()
    return content, _STATIC[name], hashlib.sha256(content).hexdigest()[:12]


def static_path(name: str) -> str:
    """Return where a file is fetched; a new version of it is fetched anew."""
    found = static(name)
    return f"/static/{name}?v={found[2] if found else ''}"


# -- how things are written


def when(at: datetime | None, zone: ZoneInfo | None = None) -> Markup:
    """Return an instant; browsers that run our script tell it on the reader's clocks."""
    if at is None:
        return Markup("")
    told = at.astimezone(zone or UTC)
    shown = f"{told:%Y-%m-%d %H:%M} {'UTC' if zone is None else told.tzname()}"
    fixed = Markup(" data-fixed") if zone else Markup("")
    return Markup('<time datetime="{}"{}>{}</time>').format(
        f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", fixed, shown
    )


def far(at: datetime | None, now: datetime) -> Markup:
    """Return how far away an instant is, with the instant itself as its title."""
    if at is None:
        return Markup("")
    told = f"in {length(at - now)}" if at > now else f"{length(now - at)} ago"
    iso, full = f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return Markup('<time datetime="{}" title="{}" data-far>{}</time>').format(iso, full, told)


def length(span: timedelta) -> str:
    """Return a length as people say it: in minutes within two days, in days beyond."""
    seconds = abs(span.total_seconds())
    if seconds < 60:
        return "less than a minute"
    if seconds < 2 * 86400:
        return spelled(timedelta(minutes=int(seconds) // 60))
    return f"{int(seconds // 86400)} days"


def words(name: str) -> str:
    """Return one of our words as people read it."""
    return name.replace("_", " ")


def coded(text: str) -> Markup:
    """Return a sentence of ours, with what stands in backticks as what is typed."""
    pieces = text.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if at % 2 else escape(piece)
        for at, piece in enumerate(pieces)
    )


def size(count: int | None) -> str:
    """Return a file's size."""
    if count is None:
        return ""
    for unit, step in (("MB", 1 << 20), ("KB", 1 << 10)):
        if count >= step:
            return f"{count / step:.1f} {unit}"
    return f"{count} bytes"


def outside(text: object, url: str) -> Markup:
    """Return a link to a tool; just the words if the address is none that a browser should open."""
    if urlsplit(url).scheme not in ("http", "https"):
        return escape(text)
    return Markup('<a href="{}" rel="noopener noreferrer" target="_blank" class="tool">{}</a>').format(
        url, text
    )


def ticket_path(ref: Ref) -> str:
    """Return where the page of a ticket is."""
    return f"/ticket/{quote(ref.connection)}/{quote(ref.key, safe='')}"


def quoted(key: str) -> str:
    """Return a key as one part of an address."""
    return quote(key, safe="")


def query(path: str, values: Mapping[str, str]) -> str:
    """Return an address with what is not empty of these."""
    said = "&".join(f"{name}={quote(value)}" for name, value in values.items() if value)
    return f"{path}?{said}" if said else path
