"""A form is carried out once: sent again by a reload, a double click or a line that broke, it is answered."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable

from starlette.responses import RedirectResponse, Response

from connectors.errors import HubError
from deskbridge.web.pages.visit import NoSuch, Refused, Shown, Visit
from sync.store.forms import Forms


def once(forms: Forms, visit: Visit, act: Callable[[], Shown | Response]) -> Shown | Response:
    """Carry out a form that proved to be ours, and lead its sender on; both only once.

    What was refused is no act, and may be sent again. Where nobody knows what came of it, since it is under
    way, or was when the hub ended, its sender is told to look.
    """
    sent = _sign(visit)
    before = forms.begin(sent, visit.at)
    if before:
        return RedirectResponse(before, 303)
    if before is not None:
        why = "It is being done, or was when the hub ended. Load the page again, and look whether it is done."
        return Shown("told.html", {"title": "Sent already", "why": why}, 409)
    try:
        made = act()
    except (NoSuch, Refused, HubError):
        forms.forget(sent)
        raise
    if isinstance(made, Response) and (led := made.headers.get("Location")):
        forms.end(sent, led)
    return made


def _sign(visit: Visit) -> str:
    """Return what tells one form that was sent from another; the proof in it differs from page to page."""
    sent = json.dumps([visit.request.url.path, sorted(visit.form.items())])
    return hashlib.sha256(sent.encode("utf-8", "surrogatepass")).hexdigest()
