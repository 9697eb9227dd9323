"""Linking and unlinking from a ticket's page, by the functions of `deskbridge link` and `unlink`."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from deskbridge.named import ref_named
from deskbridge.web.pages.rendering import query, ticket_path
from deskbridge.web.pages.site import Site
from deskbridge.web.pages.visit import Refused, Visit
from sync.store.audit import Act


def link(site: Site, visit: Visit) -> Response:
    """Make another ticket a side of this one. Raises Refused, NotLinked and WireError; asks both tools."""
    app, said = site.application, visit.said("other", 300)
    if not said:
        raise Refused("Say which ticket: its name in its tool, its address, or CONNECTION:KEY.")
    here, other = ref_named(app, visit.said("ticket", 300)), ref_named(app, said)
    prefer = visit.said("prefer", 100) or None
    subject = app.links.link(here, other, prefer=prefer, history=visit.said("history") == "1")
    how = f", {prefer} is followed" if prefer else ""
    _noted(site, visit, "link", subject, f"{here} = {other}{how}")
    return RedirectResponse(query(ticket_path(here), {"done": "linked"}), 303)


def unlink(site: Site, visit: Visit) -> Response:
    """Take a side out of its ticket. Raises NotLinked."""
    app = site.application
    ref = ref_named(app, visit.said("side", 300))
    subject = app.store.bundles.subject(ref)
    app.links.unlink(ref)
    _noted(site, visit, "unlink", subject, str(ref))
    return RedirectResponse(query(ticket_path(ref), {"done": "unlinked"}), 303)


def _noted(site: Site, visit: Visit, act: str, subject: str, detail: str) -> None:
    who = visit.who.name if visit.who else ""
    noted = Act(at=visit.at, who=who, act=act, subject=subject, detail=detail, place=visit.address)
    site.application.store.audit.note(noted)
    site.wake()
