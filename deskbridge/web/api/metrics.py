"""What happened week by week, as programs are told it: the figures of the page Metrics."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from fastapi import Query
from pydantic import AwareDatetime, Field

from deskbridge.web.api import said
from deskbridge.web.api.hub import By, Of
from deskbridge.web.api.told import Told
from deskbridge.web.pages.figures import over_of
from sync.store import figures as kept
from sync.store.derived import WEEK


class Spread(Told):
    """How long something took as time passes, not in working time."""

    median_seconds: int
    p90_seconds: int = Field(description="Nine in ten took no longer.")


class Sum(Told):
    """What happened to some tickets."""

    created: int
    answered: int = Field(description="For the first time.")
    resolved: int
    reopened: int
    backlog: int = Field(description="Open at the end.")
    between: int = Field(
        description="How many of these rest on an instant that is only known to lie between two looks."
    )
    happy: int = Field(description="Ratings of that mood.")
    neutral: int
    unhappy: int
    answer: Spread | None
    resolution: Spread | None = Field(description="Since the ticket was made, or opened again.")


class Week(Sum):
    """What happened in a week."""

    begins: date = Field(description="A Monday, in UTC.")


class Part(Sum):
    """What happened to the tickets of a customer, a team, or a place of work."""

    name: str = Field(description="Empty for those of none.")


class Metrics(Told):
    """What happened over some weeks. A ticket counts as what it is now."""

    since: AwareDatetime
    until: AwareDatetime
    whole: Sum
    weeks: list[Week]
    customers: list[Part]
    teams: list[Part]
    works: list[Part] = Field(description="A ticket whose work is done in two places counts in both.")


def metrics(hub: Of, by: By, asked: Annotated[said.MetricsAsked, Query()]) -> Metrics:
    """Tell what happened week by week, the first week first, and by customer, team and place of work.

    These are the figures of the page Metrics; what a monitor asks for is at `/metrics`, beside the API.
    """
    app = hub.application
    over = over_of(app, by.at, weeks=asked.weeks, customer=asked.customer, team=asked.team, work=asked.work)
    sums = app.store.figures.sums(over)
    return Metrics(
        since=over.since,
        until=over.until,
        whole=Sum(**_sum(sums.whole)),
        weeks=[
            Week(begins=(over.since + number * WEEK).date(), **_sum(week))
            for number, week in enumerate(sums.weeks)
        ],
        customers=_parts(sums.customers),
        teams=_parts(sums.teams),
        works=_parts(sums.works),
    )


def _parts(sums: Mapping[str, kept.Sum]) -> list[Part]:
    return [Part(name=name, **_sum(one)) for name, one in sums.items()]


def _sum(one: kept.Sum) -> dict[str, Any]:
    took = {name: getattr(one, name) for name in ("answer", "resolution")}
    spreads = {
        name: Spread(median_seconds=spread.median, p90_seconds=spread.p90) if spread else None
        for name, spread in took.items()
    }
    return {name: getattr(one, name) for name in Sum.model_fields if name not in took} | spreads
