"""Metrics: what happened week by week, how long answers and resolutions took, and what comes again."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from markupsafe import Markup
from starlette.responses import Response

from deskbridge.bootstrap import Application
from deskbridge.web.pages.plots import Series, plot
from deskbridge.web.pages.rendering import length, query
from deskbridge.web.pages.site import Site
from deskbridge.web.pages.visit import Shown, Visit
from sync.rules import Role
from sync.store.derived import WEEK
from sync.store.figures import Over, Spread, Sum

WEEKS = (4, 13, 26, 52)
_WEEKS = 13
_NOBODY = "-"
"""What stands in an address for nobody's, for no team and for no work side."""
_MOST = 15
_HOUR = 3600


def figures(site: Site, visit: Visit) -> Shown:
    """Show the metrics of some weeks, of a customer, a team and a work side if they are said."""
    counted, over = site.application.store.figures, _over(site, visit)
    sums = counted.sums(over)
    asked = {name: visit.asked(name) for name in ("weeks", "customer", "team", "work")}
    starts = [over.since + number * WEEK for number in range(len(sums.weeks))]
    return Shown(
        "figures.html",
        {
            "asked": asked,
            "chosen": len(sums.weeks),
            "choices": WEEKS,
            "teams": sorted({*counted.teams(), over.team or ""} - {""}, key=str.casefold),
            "works": over.works,
            "csv": query("/figures.csv", asked),
            "whole": sums.whole,
            "weeks": list(zip(starts, sums.weeks, strict=True))[::-1],
            "plots": _plots(starts, sums.weeks),
            "sums": sums,
            "shared": counted.shared(over, _MOST),
            "alike": counted.alike(over, _MOST),
            "took": _took,
        },
    )


def table(site: Site, visit: Visit) -> Response:
    """Give the weeks as CSV: lengths in seconds, weeks by their first day."""
    over, text = _over(site, visit), io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(("week", *_COLUMNS, *(f"{name}_seconds" for name in _SPREADS)))
    for number, week in enumerate(site.application.store.figures.sums(over).weeks):
        spreads = [getattr(one, of, "") for one in (week.answer, week.resolution) for of in ("median", "p90")]
        start = over.since + number * WEEK
        rows.writerow((f"{start:%Y-%m-%d}", *(getattr(week, name) for name in _COLUMNS), *spreads))
    name = f"metrics-{over.since:%Y-%m-%d}.csv"
    return Response(
        text.getvalue(),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


_COLUMNS = (
    "created",
    "answered",
    "resolved",
    "reopened",
    "backlog",
    "between",
    "happy",
    "neutral",
    "unhappy",
)
_SPREADS = ("answer_median", "answer_p90", "resolution_median", "resolution_p90")


def over_of(
    app: Application, at: datetime, *, weeks: int, customer: str | None, team: str | None, work: str | None
) -> Over:
    """Return whose tickets are counted in the weeks up to the present one; `-` means those of none."""
    today = at.replace(hour=0, minute=0, second=0, microsecond=0)
    end = today - timedelta(days=today.weekday()) + WEEK
    return Over(
        since=end - weeks * WEEK,
        until=end,
        customer=_meant(customer),
        team=_meant(team),
        work=_meant(work),
        works=_works(app),
    )


def _over(site: Site, visit: Visit) -> Over:
    app, asked = site.application, visit.asked("weeks", 3)
    weeks = int(asked) if asked.isdecimal() and int(asked) in WEEKS else _WEEKS
    customer, team, work = (visit.asked(name) for name in ("customer", "team", "work"))
    work = work if work in (_NOBODY, *_works(app)) else ""
    return over_of(app, visit.at, weeks=weeks, customer=customer, team=team, work=work)


def _works(app: Application) -> tuple[str, ...]:
    return tuple(name for name, one in app.settings.connections.items() if one.role is Role.WORK)


def _meant(said: str | None) -> str | None:
    return "" if said == _NOBODY else said or None


def _plots(starts: Sequence[datetime], weeks: Sequence[Sum]) -> list[tuple[str, Markup]]:
    labels = [f"{start:%d %b}" for start in starts]
    counts = [
        Series("created", [float(one.created) for one in weeks], "bar-1"),
        Series("resolved", [float(one.resolved) for one in weeks], "bar-2"),
        Series("open at the end", [float(one.backlog) for one in weeks], "line-1"),
    ]
    told = f"Tickets by week; {weeks[-1].backlog if weeks else 0} open at the end"
    rated = [
        Series("happy", [float(one.happy) for one in weeks], "bar-1"),
        Series("neutral", [float(one.neutral) for one in weeks], "bar-2"),
        Series("unhappy", [float(one.unhappy) for one in weeks], "line-1"),
    ]
    moods = [("Ratings", plot("Ratings by week", labels, rated))] if any(map(_rated, weeks)) else []
    return [
        ("Tickets by week", plot(told, labels, counts)),
        ("First answer", _spread("First answer by week, hours", labels, [one.answer for one in weeks])),
        ("Resolution", _spread("Resolution by week, hours", labels, [one.resolution for one in weeks])),
        *moods,
    ]


def _rated(one: Sum) -> bool:
    return one.happy + one.neutral + one.unhappy > 0


def _spread(title: str, labels: Sequence[str], found: Sequence[Spread | None]) -> Markup:
    rows: list[Any] = [
        Series("median", [one.median / _HOUR if one else None for one in found], "line-1"),
        Series("nine in ten within", [one.p90 / _HOUR if one else None for one in found], "line-2"),
    ]
    return plot(title, labels, rows, "{:g} h".format)


def _took(seconds: int) -> str:
    return length(timedelta(seconds=seconds))
