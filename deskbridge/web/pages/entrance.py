"""Signing in and out, and the files that pages are dressed with."""

from __future__ import annotations

import secrets
from datetime import timedelta

from starlette.responses import RedirectResponse, Response

from deskbridge.web.pages import door, rendering
from deskbridge.web.pages.rendering import length
from deskbridge.web.pages.site import Site, same_origin
from deskbridge.web.pages.visit import NoSuch, Shown, Visit, proves, token_of

_PROOF = "deskbridge-form"
"""The cookie that proves the form of somebody who is not known yet."""


def sign_in(site: Site, visit: Visit) -> Shown | Response:
    """Show the form; whoever is signed in is sent on."""
    wanted = _within(visit.asked("next", 500))
    return RedirectResponse(wanted, 303) if visit.who else _form(site, visit, wanted)


def enter(site: Site, visit: Visit) -> Shown | Response:
    """Check name and password, and begin a session."""
    wanted = _within(visit.said("next", 500))
    proof = visit.request.cookies.get(_PROOF, "")
    if why := _stale(visit, proof):
        return _form(site, visit, wanted, why, 403)
    name, password = visit.said("name", 200), visit.form.get("password", "")
    found = site.door.enter(name, password, visit.address, visit.at) if name and password else None
    if isinstance(found, door.Wait):
        told = f"{found.seconds} seconds" if found.seconds < 120 else length(timedelta(seconds=found.seconds))
        why = f"Too many tries. Wait {told}, then try again."
        made = _form(site, visit, wanted, why, 429, name)
        made.headers["Retry-After"] = str(found.seconds)
        return made
    if found is None:
        return _form(site, visit, wanted, "Name or password is wrong.", 403, name)
    response = RedirectResponse(wanted, 303)
    door.give(response, visit.request, door.cookie_of(visit.request), found)
    door.take(response, visit.request, _PROOF)
    return response


def leave(site: Site, visit: Visit) -> Response:
    """End the session."""
    response = RedirectResponse("/sign-in", 303)
    if visit.who is not None:
        site.door.leave(visit.request, visit.who.name, visit.address, visit.at)
    door.take(response, visit.request, door.cookie_of(visit.request))
    return response


def dress(site: Site, visit: Visit) -> Response:
    """Return one of our own files; its address changes when it does."""
    found = rendering.static(visit.request.path_params["name"])
    if found is None:
        raise NoSuch("There is no such file.")
    content, kind, _ = found
    return Response(
        content, media_type=kind, headers={"Cache-Control": "public, max-age=31536000, immutable"}
    )


def _stale(visit: Visit, proof: str) -> str:
    """Return why a form is not taken, and what to do; nothing for one of ours."""
    if not same_origin(visit.request):
        return "The form came from another address than this hub's. A proxy before it must pass on the Host."
    if not proof:
        return "Your browser sent no cookie. Try again; from another machine the pages need https."
    return "" if proves(proof.encode(), visit.said("form")) else "The form was too old. Please try again."


def _form(
    site: Site, visit: Visit, wanted: str, why: str = "", status: int = 200, name: str = ""
) -> Response:
    proof = visit.request.cookies.get(_PROOF, "") or secrets.token_urlsafe(32)
    shown = Shown(
        "sign_in.html",
        {
            "wanted": wanted,
            "why": why,
            "name": name,
            "proof": token_of(proof.encode()),
            "nobody": not site.application.store.accounts.any(),
        },
    )
    response = Response(
        rendering.page(shown, visit, site.application), status, media_type="text/html; charset=utf-8"
    )
    door.give(response, visit.request, _PROOF, proof)
    return response


def _within(wanted: str) -> str:
    """Return an address of ours; the first page for what leads elsewhere."""
    ours = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable()
    return wanted if ours and not wanted.startswith("/sign-") else "/"
