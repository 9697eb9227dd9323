"""Where an old ticket is now: one who has its number or address is sent on, to nowhere but our own tools."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from deskbridge.bootstrap import Application
from deskbridge.migration.redirects import went
from deskbridge.web.pages.site import Site
from deskbridge.web.pages.visit import NoSuch, Shown, Visit
from mappings.ticket import Ref

_MOST = 300
"""Characters of an old number or address."""


def moved(site: Site, visit: Visit) -> Shown | Response:
    """Send on to where a ticket of a connection went; with several places, list them. Raises NoSuch."""
    source = str(visit.request.path_params.get("connection", ""))
    asked = str(visit.request.path_params.get("key", "")) or visit.asked("ticket", _MOST)
    application = site.application
    if not asked:
        return Shown("moved.html", {"asked": "", "found": []})
    found = went(
        application.store, application.connectors, application.settings, asked[:_MOST], source[:_MOST]
    )
    if not found:
        raise NoSuch(f"No ticket that was moved is called {asked[:60]!r}.")
    if len({one.new_url for one in found}) == 1 or len({one.old for one in found}) == 1:
        return RedirectResponse(found[0].new_url, 302)
    return Shown("moved.html", {"asked": asked, "found": found})


def now_at(application: Application, asked: str, source: str = "") -> Ref | None:
    """Return what became of the ticket that a tool called so which was left, or None.

    `source` is that tool's connection; the one of the last switch if it is not said.
    """
    begun = application.store.cutovers.newest()
    source = source or (begun.source if begun else "")
    if not source or source in application.settings.connections or len(asked.split()) != 1:
        return None
    where = (application.store, application.connectors, application.settings)
    found = {one.new for one in went(*where, asked[:_MOST], source)}
    return found.pop() if len(found) == 1 else None
