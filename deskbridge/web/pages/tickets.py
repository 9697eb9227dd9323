"""Finding tickets, and a customer's board."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from starlette.responses import RedirectResponse, Response

from connectors.errors import ConfigError
from deskbridge.bootstrap import Application
from deskbridge.named import ref_named
from deskbridge.sla.held import Held
from deskbridge.web.pages.clocking import Shown as Clock
from deskbridge.web.pages.clocking import shown
from deskbridge.web.pages.moved import now_at
from deskbridge.web.pages.rendering import query, ticket_path
from deskbridge.web.pages.site import Site
from deskbridge.web.pages.visit import NoSuch, Shown, Visit
from mappings.ticket import Ref, Status
from sync.store.lists import NEW, OPEN, Card, Lists, Wanted

_LINES = 50
_CARDS = 50
_NOBODY = "-"
"""What stands in an address for nobody's."""


def tickets(site: Site, visit: Visit) -> Shown | Response:
    """List the tickets that somebody looks for; a name that means one ticket leads there."""
    app, said = site.application, visit.asked("q")
    alone = said and not any(visit.asked(name) for name in ("customer", "status", "owner", "late", "page"))
    if alone and (meant := _meant(app, said)) is not None:
        return RedirectResponse(ticket_path(meant), 303)
    number = visit.page()
    wanted = _wanted(visit)
    found = app.store.lists.found(wanted, visit.at, _LINES + 1, (number - 1) * _LINES)
    asked = {name: visit.asked(name) for name in ("q", "customer", "status", "owner", "late")}
    return Shown(
        "tickets.html",
        {
            "rows": _clocked(Held(app), found[:_LINES], visit),
            "asked": asked,
            "statuses": [status.value for status in Status],
            "owners": app.store.lists.owners(wanted.customer or ""),
            "number": number,
            "before": query("/tickets", asked | {"page": str(number - 1)}) if number > 1 else "",
            "after": query("/tickets", asked | {"page": str(number + 1)}) if len(found) > _LINES else "",
        },
    )


def _meant(app: Application, said: str) -> Ref | None:
    """Return the one ticket that is or was called so: by its tool, with its connection, by its address."""
    named = app.store.bundles.called(said.removeprefix("#"))
    if len(named) == 1:
        return named[0]
    try:
        ref = ref_named(app, said)
    except ConfigError:
        return now_at(app, said)
    known = app.store.lists.cards([ref]) or app.store.bundles.load(app.store.bundles.subject(ref)).id
    return ref if known else None


def boards(site: Site, visit: Visit) -> Shown:
    """List the customers with how their tickets stand."""
    app = site.application
    standings = app.store.lists.standings(visit.at)
    said = visit.asked("q")
    rows = [
        (key, one, standings.get(key))
        for key, one in app.settings.customers.items()
        if said.lower() in f"{key} {one.name}".lower()
    ]
    return Shown("boards.html", {"rows": rows, "said": said})


def board(site: Site, visit: Visit) -> Shown:
    """Show a customer's tickets in columns by status."""
    app, customer = site.application, visit.request.path_params["customer"]
    if customer not in app.settings.customers:
        raise NoSuch(f"There is no customer {customer}.")
    held, lists = Held(app), app.store.lists
    counts, asked = lists.counts(customer), {name: visit.asked(name) for name in ("q", "owner", "late")}
    narrowed = any(asked.values())
    rows = {
        status: _clocked(held, _column(lists, visit, status, counts[status], asked), visit)
        if counts.get(status)
        else []
        for status in (*OPEN, Status.RESOLVED.value)
        if counts.get(status) or status in (Status.OPEN, Status.IN_PROGRESS, Status.RESOLVED)
    }
    columns = [
        {
            "status": status,
            "count": counts.get(status, 0),
            "rows": cards,
            "more": query("/tickets", {"customer": customer, "status": _asked_for(status), **asked}),
        }
        for status, cards in rows.items()
    ]
    # Of those on the board: to look through all of a large customer's tickets takes longer than the board.
    owners = {card.owner for cards in rows.values() for card, _ in cards} - {""}
    whose = app.settings.customers[customer]
    standing = lists.standings(visit.at, customer).get(customer)
    return Shown(
        "board.html",
        {
            "customer": customer,
            "whose": whose,
            "columns": columns,
            "standing": standing,
            "asked": asked,
            "narrowed": narrowed,
            "owners": sorted(owners, key=str.lower),
        },
    )


def _asked_for(status: str) -> str:
    """Return what the list of tickets calls a column's status: its ``open`` means all that is not done."""
    return NEW if status == Status.OPEN.value else status


def _column(lists: Lists, visit: Visit, status: str, count: int, asked: Mapping[str, str]) -> list[Card]:
    """Return the cards of a column; of a board that was narrowed those that changed last."""
    customer = visit.request.path_params["customer"]
    if not any(asked.values()):
        return lists.column(customer, status, count, _CARDS)
    wanted = replace(_wanted(visit), customer=customer, status=_asked_for(status))
    return lists.found(wanted, visit.at, _CARDS)


def _wanted(visit: Visit) -> Wanted:
    customer, owner = visit.asked("customer"), visit.asked("owner")
    return Wanted(
        text=visit.asked("q"),
        customer="" if customer == _NOBODY else customer or None,
        status=visit.asked("status"),
        owner="" if owner == _NOBODY else owner or None,
        late=visit.asked("late") == "1",
    )


def _clocked(held: Held, cards: list[Card], visit: Visit) -> list[tuple[Card, list[Clock]]]:
    return [(card, [shown(held, clock, visit.at) for clock in card.clocks]) for card in cards]
