"""The desk behind the tickets: duty, statements, connections, settings, and who did what."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from markupsafe import Markup
from starlette.responses import RedirectResponse, Response

from deskbridge.sla.issuing import Report
from deskbridge.sla.page import plot
from deskbridge.sla.rotas import rotas_of
from deskbridge.sla.shown import hours, length, report_csv, share, wall
from deskbridge.sla.statement import statement
from deskbridge.web.pages import connections as health
from deskbridge.web.pages.rendering import query
from deskbridge.web.pages.site import Site
from deskbridge.web.pages.visit import NoSuch, Shown, Visit, number_of
from sync.store.checked import checked
from sync.store.tally import tally

_WEEKS = 8
_MONTH = re.compile(r"20[0-9]{2}-(0[1-9]|1[0-2])")
_ACTS = 100
_CYCLES = 300
"""Promises of a month on its page; the table to be taken along has all of them."""


def duty(site: Site, visit: Visit) -> Shown:
    """Show who is on duty, now and in the next weeks."""
    app, at = site.application, visit.at
    person, people = visit.asked("person"), set[str]()
    rotas = []
    for rota in rotas_of(app.settings).values():
        begin, swaps = rota.week(at).start, app.store.swaps.of(rota.name)
        turns = rota.turns(begin, begin + timedelta(days=7 * _WEEKS), swaps)
        people |= {turn.person for turn in turns}
        mine = [turn for turn in turns if not person or turn.person == person]
        rotas.append((rota, [(turn, turn.start <= at < turn.end) for turn in mine]))
    return Shown("duty.html", {"rotas": rotas, "people": sorted(people), "person": person})


def reports(site: Site, visit: Visit) -> Shown | Response:
    """Show which statements there are, and ask for another month."""
    app, customer, month = site.application, visit.asked("customer"), visit.asked("month", 7)
    if customer in app.settings.customers and _MONTH.fullmatch(month):
        return RedirectResponse(f"/reports/{customer}/{month}", 303)
    issued = [one for one in app.store.statements.all() if not customer or one[0] == customer]
    return Shown("reports.html", {"issued": issued, "month": f"{visit.at:%Y-%m}", "customer": customer})


def report(site: Site, visit: Visit) -> Shown:
    """Show a customer's month: as it was issued, or as the store knows it now."""
    params = visit.request.path_params
    customer, month = params["customer"], params["month"]
    made = _report(site, customer, month)
    data = made.data
    return Shown(
        "report.html",
        {
            "report": made,
            "data": data,
            "kept": share(data),
            "rows": _missed_first(data["cycles"])[:_CYCLES],
            "csv": f"/reports/{customer}/{month}/csv",
            "plot": Markup(plot(data["clocks"])),  # noqa: S704 - it escapes what is not its own
            "hours": list(hours(data)) if made.issued else [data["hours"]["reason"]],
            "minutes": length,
            "wall": lambda iso: wall(iso, data["zone"]),
        },
    )


def report_table(site: Site, visit: Visit) -> Response:
    """Give every promise of a customer's month as CSV."""
    customer, month = (visit.request.path_params[name] for name in ("customer", "month"))
    return Response(
        report_csv(_report(site, customer, month)),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{month}.csv"'},
    )


def _missed_first(cycles: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(cycles, key=lambda row: row["verdict"] != "missed")


def _report(site: Site, customer: str, month: str) -> Report:
    app = site.application
    if customer not in app.settings.customers:
        raise NoSuch(f"There is no customer {customer}.")
    if not _MONTH.fullmatch(month):
        raise NoSuch("A month is written as 2026-03.")
    kept = app.store.statements.of(customer, month)
    if kept is not None:
        corrections = tuple(app.store.statements.corrections(customer, month))
        return Report(json.loads(kept.body), kept, corrections)
    return Report(statement(app, customer, month, ask=False), None, ())


def connections(site: Site, visit: Visit) -> Shown:
    """Show how each connection is, as the service noted it."""
    app = site.application
    counts = tally(app.store.database, visit.at)
    return Shown("connections.html", {"lines": health.lines(app, counts.collected, counts.sides)})


def settings(site: Site, visit: Visit) -> Shown:
    """Show the settings as they were read; secrets are never among them."""
    app = site.application
    data = app.settings.model_dump(mode="json", exclude_defaults=True)
    sections = [(name, list(_flat(value))) for name, value in data.items()]
    words = visit.asked("q").lower()
    if words:
        sections = [
            (name, [row for row in rows if words in f"{name}.{row[0]} = {row[1]}".lower()])
            for name, rows in sections
        ]
    return Shown(
        "settings.html",
        {
            "sections": [one for one in sections if one[1]],
            "remarks": app.remarks,
            "checked": checked(app.store.database),
            "said": visit.asked("q"),
        },
    )


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield each value with its place, as a line of the settings would say it."""
    if isinstance(value, Mapping) and value:
        for name, inner in value.items():
            yield from _flat(inner, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list) and any(isinstance(one, Mapping) for one in value):
        for number, inner in enumerate(value, 1):
            yield from _flat(inner, f"{path}[{number}]")
    else:
        yield path, json.dumps(value, ensure_ascii=False)


def audit(site: Site, visit: Visit) -> Shown:
    """Show who did what, the newest first."""
    said, after = visit.asked("q"), number_of(visit.asked("before"))
    rows = site.application.store.audit.newest(_ACTS, after, words=said)
    more = query("/audit", {"q": said, "before": str(rows[-1][0])}) if len(rows) == _ACTS else ""
    return Shown("audit.html", {"rows": rows, "said": said, "more": more})
