"""Pages that stay true while somebody looks: our script asks for them again and mostly hears: as before.

It asks every few seconds and no connection is held meanwhile. A page has a sign that changes with what it
says; a second asker within a few seconds is answered by the sign alone, and nothing is made for them.
"""

from __future__ import annotations

import hashlib
import re
import threading
from dataclasses import replace
from datetime import datetime, timedelta

from starlette.responses import HTMLResponse, Response

from deskbridge.bootstrap import Application
from deskbridge.web.pages import rendering
from deskbridge.web.pages.visit import Shown, Visit

_KNOWN = 512
"""Pages whose signs are remembered."""
_FRESH = timedelta(seconds=2)
_PLACE = "0" * 32
"""What stands for the sign until the page is made."""
_PASSES = tuple(
    re.compile(one) for one in ('value="[0-9a-f]{128}"', " data-far>[^<]*", 'class="ledger">[^<]*')
)
"""What differs each second and says nothing new: proofs of forms, how long ago it was, a clock's sum."""


def live(shown: Shown, visit: Visit, application: Application) -> Response:
    """Return a page with its sign; nothing but the sign to who has this very page."""
    if visit.asked("texts"):
        # A long conversation is read, not watched: it would be sent whole each time.
        return HTMLResponse(rendering.page(shown, visit, application))
    html = rendering.page(replace(shown, values={**shown.values, "live": _PLACE}), visit, application)
    said = html[html.index("<main") : html.index("</main>")]
    for passes in _PASSES:  # one after the other: each begins with letters that are found at once
        said = passes.sub("", said)
    sign = hashlib.sha256(said.encode()).hexdigest()[:32]
    headers = {"ETag": f'"{sign}"'}
    if visit.request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return HTMLResponse(html.replace(f'data-live="{_PLACE}"', f'data-live="{sign}"', 1), headers=headers)


class Glances:
    """The signs of pages as they were a moment ago, by address and by what their reader may do."""

    def __init__(self) -> None:
        self._lock, self._signs = threading.Lock(), dict[tuple[str, str], tuple[str, datetime]]()

    def same(self, visit: Visit) -> bool:
        """Whether whoever asks has the page as it was made a moment ago."""
        has = visit.request.headers.get("if-none-match")
        with self._lock:
            sign, until = self._signs.get(_name(visit), ("", visit.at))
        return bool(has) and has == sign and visit.at < until

    def keep(self, visit: Visit, answer: Response) -> None:
        """Remember a page's sign."""
        if sign := answer.headers.get("etag"):
            with self._lock:
                if len(self._signs) >= _KNOWN:
                    self._signs.clear()
                self._signs[_name(visit)] = sign, visit.at + _FRESH


def _name(visit: Visit) -> tuple[str, str]:
    url = visit.request.url
    return f"{url.path}?{url.query}", visit.who.role.value if visit.who else ""
