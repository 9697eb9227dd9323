"""Links by which customers look at their own tickets: which there are, a new one, the end of one."""

from __future__ import annotations

from datetime import timedelta

from starlette.responses import RedirectResponse, Response

from deskbridge.sharing import LONGEST, address_of, only_here, share
from deskbridge.sharing import revoke as take_back
from deskbridge.web.pages.site import Site
from deskbridge.web.pages.visit import Refused, Shown, Visit, number_of
from sync.store.shares import Share

_DAYS = 90
_FRESH = timedelta(minutes=10)
"""For how long a new link is shown."""


def links(site: Site, visit: Visit) -> Shown:
    """List the links that there are; one that was made just now is shown to who made it."""
    rows, customer = site.application.store.shares.all(), visit.asked("customer")
    fresh = next((one for one in rows if str(one.id) == visit.asked("made") and _theirs(one, visit)), None)
    return Shown(
        "links.html",
        {
            "rows": [one for one in rows if not customer or one.customer == customer],
            "customer": customer,
            "fresh": address_of(site.application, fresh) if fresh else "",
            "fresh_for": _FRESH,
            "only_here": only_here(site.application),
            "days": _DAYS,
            "longest": LONGEST,
        },
    )


def make(site: Site, visit: Visit) -> Response:
    """Make a link, and lead to where it is shown."""
    days = number_of(visit.said("days"))
    if days is None or visit.said("customer") not in site.application.settings.customers:
        raise Refused("Choose a customer, and say for how many days the link is good.")
    who = visit.who.name if visit.who else ""
    made = share(site.application, visit.said("customer"), days=days, who=who, place=visit.address)
    return RedirectResponse(f"/links?made={made.id}", 303)


def revoke(site: Site, visit: Visit) -> Response:
    """Have a link open nothing any more."""
    number = number_of(visit.said("link"))
    known = site.application.store.shares.get(number) if number is not None else None
    who = visit.who.name if visit.who else ""
    whose = known.customer if known else ""
    if known is None or not take_back(
        site.application, who=who, customer=whose, id=known.id, place=visit.address
    ):
        raise Refused("It opens nothing any more: somebody else was quicker, or its time is over.")
    return RedirectResponse("/links?done=revoked", 303)


def _theirs(one: Share, visit: Visit) -> bool:
    """Whether somebody made a link just now: their browser's history shows it to nobody later."""
    mine = visit.who is not None and one.who == visit.who.name
    return mine and one.good(visit.at) and visit.at - one.made < _FRESH
