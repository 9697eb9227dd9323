"""Statements that are issued: frozen with a hash, and corrected by dated lines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from connectors.errors import ConfigError
from deskbridge.bootstrap import Application
from deskbridge.sla.amending import who_asks
from deskbridge.sla.spans import month_of
from deskbridge.sla.statement import Data, statement
from sync.rules import Role
from sync.store.statements import Correction, Statement


@dataclass(frozen=True)
class Report:
    """A customer's month: as it was issued if it was, else as it is known now."""

    data: Data
    issued: Statement | None
    corrections: tuple[Correction, ...]


def report(application: Application, customer: str, month: str, *, issue: bool, by: str | None) -> Report:
    """Return a customer's month; with `issue` it is frozen. What is found since is recorded with its date.

    Raises ConfigError for a month that cannot be issued, or was.
    """
    store = application.store.statements
    kept = store.of(customer, month)
    if kept is not None and issue:
        told = f"it was issued on {kept.issued:%Y-%m-%d} by {kept.who}, SHA-256 {kept.hash}"
        raise ConfigError(
            [f"{customer} {month}: {told}; what is found since is told by a report without --issue"]
        )
    now = statement(application, customer, month)
    if kept is not None:
        frozen: Data = json.loads(kept.body)
        _correct(application, kept, frozen, now)
        return Report(frozen, kept, tuple(store.corrections(customer, month)))
    if not issue:
        return Report(now, None, ())
    problems = [f"{customer} {month}: the month is not over"] if not now["complete"] else []
    problems += [f"{customer} {month}: hours are not known: {why}" for why in now["hours"]["unread"]]
    problems += [f"{customer} {month}: {why}" for why in _behind(application, customer, month)]
    if problems:
        raise ConfigError(problems)
    body = json.dumps(now, sort_keys=True)
    made = store.issue(customer, month, body, who_asks(by), application.now())
    if made is None:
        raise ConfigError([f"{customer} {month}: somebody else has just issued it"])
    return Report(now, made, ())


def _behind(application: Application, customer: str, month: str) -> Iterator[str]:
    """Yield which fronts were not read since a month ended: what was answered there would count as missed."""
    _, _, end = month_of(month, application.settings.customers[customer].zone)
    for name in application.connectors:
        if application.desk.rules.roles.get(name) is not Role.FRONT:
            continue
        read = application.store.inbox.cursor(name)
        if read is None or read < end:
            since = f"since {read:%Y-%m-%d %H:%M} UTC" if read else "yet"
            yield f"{name} was not read {since}; run `deskbridge sync --once` before"


def _correct(application: Application, kept: Statement, frozen: Data, now: Data) -> None:
    """Record what is known now to be otherwise than the statement and its corrections say."""
    store, at = application.store.statements, application.now()
    last = {one.what: one.after for one in store.corrections(kept.customer, kept.month)}
    old, new = dict(_said(frozen)), dict(_said(now))
    found = []
    for what in sorted(old.keys() | new.keys()):
        before = last.get(what, old.get(what, "nothing"))
        after = new.get(what, "nothing")
        if before != after and not _unread(what, now):
            found.append(Correction(at, what, before, after))
    store.correct(kept.customer, kept.month, found)


def _unread(what: str, now: Data) -> bool:
    """Whether a figure is not known today because a tool did not answer."""
    return what.startswith("hours") and bool(now["hours"]["unread"])


def _said(data: Data) -> Iterator[tuple[str, str]]:
    """Yield what a statement says of each promise and of the hours."""
    for row in data["cycles"]:
        late = (
            f", {row['late_minutes']} min late" if row["verdict"] == "missed" and row["late_minutes"] else ""
        )
        said = f", {row['said']}" if row["said"] else ""
        yield f"{row['ticket']} {row['clock']} since {row['started'][:19]}", f"{row['verdict']}{late}{said}"
    for name in ("covered_minutes", "over_minutes", "billable_minutes", "unpaid_minutes"):
        yield f"hours: {name.removesuffix('_minutes')}", f"{data['hours'][name]} min"
