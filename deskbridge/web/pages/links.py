"""Links by which customers look at their own tickets: which there are, a new one, the end of one."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from deskbridge.sharing import LONGEST, address_of, only_here, share
from deskbridge.sharing import revoke as take_back
from deskbridge.web.pages.site import Site
from deskbridge.web.pages.visit import Refused, Shown, Visit, number_of

_DAYS = 90


def links(site: Site, visit: Visit) -> Shown:
    """List the links that there are."""
    return _links(site, visit, "")


def make(site: Site, visit: Visit) -> Shown:
    """Make a link, and show it this once."""
    days = number_of(visit.said("days"))
    if days is None or visit.said("customer") not in site.application.settings.customers:
        raise Refused("Choose a customer, and say for how many days the link is good.")
    who = visit.who.name if visit.who else ""
    made = share(site.application, visit.said("customer"), days=days, who=who, place=visit.address)
    return _links(site, visit, address_of(site.application, made))


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


def _links(site: Site, visit: Visit, fresh: str) -> Shown:
    rows, customer = site.application.store.shares.all(), visit.asked("customer")
    return Shown(
        "links.html",
        {
            "rows": [one for one in rows if not customer or one.customer == customer],
            "customer": customer,
            "fresh": fresh,
            "only_here": only_here(site.application),
            "days": _DAYS,
            "longest": LONGEST,
        },
    )
