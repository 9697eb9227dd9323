"""The first page: what runs out, what was missed, what waits for a person, and how the tools are."""

from __future__ import annotations

from collections import Counter

from deskbridge.sla.held import Held
from deskbridge.sla.rotas import rotas_of
from deskbridge.standing import STOPPED
from deskbridge.web.pages import connections
from deskbridge.web.pages.clocking import shown
from deskbridge.web.pages.site import Site
from deskbridge.web.pages.visit import Shown, Visit
from sync.store.lists import Card, Standing
from sync.store.tally import waiting

_LINES = 12


def overview(site: Site, visit: Visit) -> Shown:
    """Show how everything stands at this moment."""
    app, at = site.application, visit.at
    held, counts, lists = Held(app), waiting(app.store.database, at), app.store.lists
    standings = lists.standings(at)
    every = [standings.get(key, Standing(0, 0, 0)) for key in standings]
    rotas = rotas_of(app.settings).values()
    severities = Counter(finding.severity.value for finding in app.store.findings.open())
    return Shown(
        "overview.html",
        {
            "stopped": STOPPED if app.store.database.recovering() else "",
            "open": sum(one.open for one in every),
            "broken": sum(one.broken for one in every),
            "soon": sum(one.soon for one in every),
            "standings": {key: standings.get(key, Standing(0, 0, 0)) for key in app.settings.customers},
            "nobodys": standings.get("", Standing(0, 0, 0)),
            "late": _rows(held, lists.broken(at, _LINES), visit),
            "coming": _rows(held, lists.coming(at, _LINES), visit),
            "parked": sorted(counts.parked.items(), key=lambda one: (-one[1], one[0])),
            "findings": severities,
            "waiting": counts,
            "connections": connections.lines(app, counts.collected),
            "duty": [(rota.name, rota.on(at, app.store.swaps.of(rota.name))) for rota in rotas],
        },
    )


def _rows(held: Held, cards: list[Card], visit: Visit) -> list[tuple[Card, object]]:
    return [(card, shown(held, card.clocks[0], visit.at)) for card in cards]
