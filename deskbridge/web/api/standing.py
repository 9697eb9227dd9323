"""How everything stands: connections, customers, boards, months, runs, and who did what."""

from __future__ import annotations

import json
from collections import Counter
from typing import Annotated

from fastapi import Path, Query

import deskbridge
from connectors.errors import ConfigError
from deskbridge.sla.statement import statement
from deskbridge.web.api import figures, said, told
from deskbridge.web.api.hub import By, Hub, Of, customer, line
from deskbridge.web.api.problems import Refused
from deskbridge.web.pages import connections as health
from mappings.ticket import Status
from sync.store.lists import OPEN, Standing
from sync.store.runs import Run
from sync.store.tally import tally, waiting

_CARDS = 50
_NONE = Standing(0, 0, 0)

CustomerKey = Annotated[said.Name, Path(description="A customer's key.")]


def me(by: By) -> told.Me:
    """Tell who asks."""
    return told.Me(name=by.who, role=by.role, token=by.token, expires=by.expires)


def overview(hub: Of, by: By) -> told.Overview:
    """Tell how everything stands at this moment."""
    app = hub.application
    every, counts = app.store.lists.standings(by.at).values(), waiting(app.store.database, by.at)
    severities = Counter(finding.severity for finding in app.store.findings.open())
    return told.Overview(
        at=by.at,
        version=deskbridge.__version__,
        open=sum(one.open for one in every),
        broken=sum(one.broken for one in every),
        soon=sum(one.soon for one in every),
        recovering=app.store.database.recovering(),
        due=counts.due,
        oldest=counts.oldest,
        uncertain=counts.uncertain,
        parked=sum(counts.parked.values()),
        findings=dict(severities),
        connections=[_connection(one) for one in health.lines(app, counts.collected)],
    )


def connections(hub: Of, by: By) -> told.Connections:
    """Tell how each connection is, as the service noted it: none is asked."""
    app = hub.application
    counts = tally(app.store.database, by.at)
    lines = health.lines(app, counts.collected, counts.sides)
    return told.Connections(items=[_connection(one) for one in lines])


def _connection(one: health.Line) -> told.Connection:
    use = one.usage
    return told.Connection(
        **{name: getattr(one, name) for name in ("name", "system", "role", "url", "mood", "state", "why")},
        last=one.last,
        collected=one.collected,
        last_webhook=one.pulse.heard,
        webhooks_refused=one.pulse.refused,
        webhooks_unread=one.pulse.unread,
        tickets=one.sides,
        calls=use.calls if use else None,
        taken=use.taken if use else None,
        window_seconds=int(use.window.total_seconds()) if use else None,
    )


def customers(hub: Of, by: By) -> told.Customers:
    """List the customers with how their tickets stand."""
    found = hub.application.store.lists.standings(by.at)
    items = [
        told.Customer(
            key=key,
            name=one.name,
            zone=one.zone.key,
            policies=list(one.policies),
            tier=one.tier,
            **_counts(found.get(key, _NONE)),
        )
        for key, one in hub.application.settings.customers.items()
    ]
    return told.Customers(items=items, nobodys=told.Counts(**_counts(found.get("", _NONE))))


def boards(hub: Of, by: By) -> told.Boards:
    """List the boards: one for each customer."""
    found = hub.application.store.lists.standings(by.at)
    return told.Boards(
        items=[
            told.OneBoard(customer=key, name=one.name, **_counts(found.get(key, _NONE)))
            for key, one in hub.application.settings.customers.items()
        ]
    )


def board(hub: Of, by: By, customer_key: Annotated[said.Name, Path(alias="customer")]) -> told.Board:
    """Tell a customer's tickets in columns by status, fifty of each at most, the ones due first on top."""
    key, lists = customer(hub, customer_key), hub.application.store.lists
    counts = lists.counts(key)
    columns = [
        told.Column(
            status=status,
            count=counts[status],
            items=[line(card) for card in lists.column(key, status, counts[status], _CARDS)],
        )
        for status in (*OPEN, Status.RESOLVED.value)
        if counts.get(status)
    ]
    standing = lists.standings(by.at, key).get(key, _NONE)
    name = hub.application.settings.customers[key].name
    return told.Board(customer=key, name=name, columns=columns, **_counts(standing))


def _counts(standing: Standing) -> dict[str, int]:
    return {"open": standing.open, "broken": standing.broken, "soon": standing.soon}


def report(
    hub: Of, customer_key: Annotated[said.Name, Path(alias="customer")], month: said.Month
) -> figures.Report:
    """Tell a customer's month: as it was issued, or as the store knows it now. No tool is asked."""
    key, store = customer(hub, customer_key), hub.application.store.statements
    kept = store.of(key, month)
    if kept is None:
        try:
            data = statement(hub.application, key, month, ask=False)
        except ConfigError as error:
            raise Refused(404, str(error), "ask for a month that has begun") from None
        return figures.Report(data=figures.Month.model_validate(data), issue=None, corrections=[])
    found = [figures.Correction.model_validate(one) for one in store.corrections(key, month)]
    issue, data = figures.Issue(issued=kept.issued, who=kept.who, hash=kept.hash), json.loads(kept.body)
    return figures.Report(data=figures.Month.model_validate(data), issue=issue, corrections=found)


def runs(hub: Of) -> told.Runs:
    """List the migrations, the newest first."""
    return told.Runs(items=[_run(hub, one) for one in hub.application.store.runs.all()])


def run(hub: Of, run: said.Number) -> told.Run:
    """Tell how a migration stands."""
    found = hub.application.store.runs.get(run)
    if found is None:
        raise Refused(404, f"there is no run {run}", "GET /api/v1/runs lists them")
    return _run(hub, found)


def _run(hub: Hub, one: Run) -> told.Run:
    names = ("id", "source", "state", "why", "who", "began", "ended", "beat", "accepted", "accepted_by")
    counts = hub.application.store.runs.counts(one.source)
    return told.Run(**{name: getattr(one, name) for name in names}, tickets=counts)


def audit(hub: Of, asked: Annotated[said.ListAsked, Query()]) -> told.Acts:
    """List who did what, the newest first."""
    rows = hub.application.store.audit.newest(asked.limit + 1, asked.cursor)
    more, rows = len(rows) > asked.limit, rows[: asked.limit]
    names = ("at", "who", "act", "subject", "detail", "place")
    items = [told.Act(id=id_, **{name: getattr(act, name) for name in names}) for id_, act in rows]
    return told.Acts(items=items, next=str(rows[-1][0]) if more else None)
