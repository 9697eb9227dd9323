"""A customer's month: what was promised and kept, hours of the tier, and what is owed for it. Data only.

A cycle belongs to the month in which it was decided: when its promise was broken, or else when it was kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from connectors.capabilities import Part
from connectors.errors import ConfigError, Gone, WireError
from deskbridge.bootstrap import Application
from deskbridge.sla.drafts import draft_in
from deskbridge.sla.held import Answered, Held, customer_of
from deskbridge.sla.spans import day_of, month_of
from deskbridge.sla.told import spoken
from deskbridge.words import nearest
from mappings.ticket import Ref, TimeEntry
from sync.rules import Role
from sync.sla.cycle import ClockState, Cycle
from sync.sla.facts import FactKind, Facts
from sync.sla.policy import ClockName, Policy, Rulebook
from sync.sla.tiers import Tier, used

Data = dict[str, Any]

_WORST = 10
_NO_TIER = "the settings have no tier of the customer"
_NOT_ASKED = "booked time is in the tools, which were not asked: `deskbridge sla report` asks them"


@dataclass(frozen=True, slots=True)
class Decided:
    """A promise that was kept or broken."""

    ref: Ref
    clock: ClockName
    cycle: Cycle
    at: datetime
    kept: bool
    late: timedelta
    """How long after it was due it was kept, or not until the month's end; in the promise's own time."""

    @property
    def verdict(self) -> str:
        """What a statement says: `met`, `missed` or `waived`."""
        said = self.cycle.amendment
        if said is None or (said.kind != "waived" and said.met is None):
            return "met" if self.kept else "missed"
        return "waived" if said.kind == "waived" else "met" if said.met else "missed"


def statement(application: Application, customer: str, month: str, *, ask: bool = True) -> Data:
    """Return a customer's month as data that JSON has. Raises ConfigError for what is no month.

    The time that was booked is in the tools alone: without `ask` none is asked, and no hours are told.
    """
    held, whose = Held(application), application.settings.customers[customer]
    first, begin, end = month_of(month, whose.zone)
    until = min(end, application.now())
    tickets: Iterable[Answered] = held.ever(customer, begin, until)
    if ask:  # else each is let go as soon as it was counted
        tickets = list(tickets)
    rows = sorted(decided(tickets, customer, begin, until), key=lambda row: (row.at, row.ref.key, row.clock))
    entries, unread, shared = _hours(application, tickets, customer, begin) if ask else ([], [], [])
    tier = _tier(application, customer)
    use = used(tier, entries, first, whose.zone) if tier and ask else None
    return {
        "customer": customer,
        "name": whose.name,
        "month": month,
        "zone": whose.zone.key,
        "complete": until == end,
        "clocks": _counts(rows),
        "share_met": _share(rows),
        "cycles": [_row(row) for row in rows],
        "worst": _worst(rows),
        "hours": {
            "tier": whose.tier,
            "paying": tier.paying.value if tier else None,
            "included_minutes": _minutes(tier.hours) if tier else None,
            "spent_minutes": _minutes(sum((e.spent for e in _of_month(entries, begin, end)), timedelta(0))),
            "covered_minutes": _minutes(use.covered) if use else None,
            "over_minutes": _minutes(use.over) if use else None,
            "billable_minutes": _minutes(use.billable) if use else None,
            "unpaid_minutes": _minutes(use.unpaid) if use else None,
            "reason": use.reason if use else _NO_TIER if ask else _NOT_ASKED,
            "unread": unread,
            "shared": shared,
        },
        "penalties": _penalties(rows),
    }


def decided(
    answers: Iterable[Answered], customer: str, begin: datetime, until: datetime
) -> Iterator[Decided]:
    """Yield the promises to a customer that were kept or broken between two instants."""
    for one in answers:
        for clock, cycle in one.cycles():
            found = _decided(one.ticket.ref, clock, cycle, until)
            if found and begin <= found.at < until and _whose(one.ticket.facts, found.at) == customer:
                yield found


def compared(
    application: Application, customer: str, rules: Policy | Rulebook, begin: datetime, until: datetime
) -> Data:
    """Return what was met and missed between two instants, and what it would be under other rules."""
    held = Held(application)
    tickets = list(held.answers(customer))
    now = list(decided(tickets, customer, begin, until))
    other = list(decided((held.answer(one.ticket, rules) for one in tickets), customer, begin, until))
    return {
        "customer": customer,
        "tickets": len(tickets),
        "now": {"clocks": _counts(now), "share_met": _share(now)},
        "then": {"clocks": _counts(other), "share_met": _share(other)},
    }


def _decided(ref: Ref, clock: ClockName, cycle: Cycle, until: datetime) -> Decided | None:
    broken = cycle.breached
    running = cycle.state in (ClockState.RUNNING, ClockState.PAUSED)
    if broken is None and running and cycle.due is not None and cycle.due < until:
        broken = cycle.due
    if broken is not None:
        end = min(cycle.stopped or until, until)
        return Decided(
            ref,
            clock,
            cycle,
            broken,
            kept=False,
            late=max(-(cycle.remaining(end) or timedelta(0)), timedelta(0)),
        )
    if cycle.state is ClockState.MET and cycle.stopped is not None:
        return Decided(ref, clock, cycle, cycle.stopped, kept=True, late=timedelta(0))
    return None


def _whose(facts: Facts, at: datetime) -> str:
    """Return whose a ticket was at an instant."""
    told = [fact for fact in facts.of(FactKind.CUSTOMER) if fact.by <= at]
    return told[-1].value if told else facts.customer


def _counts(rows: Iterable[Decided]) -> list[Data]:
    counts: dict[tuple[str, str], Counter[str]] = {}
    for row in rows:
        here = counts.setdefault((row.clock.value, row.cycle.priority.value), Counter())
        here[row.verdict] += 1
        here["between"] += not row.cycle.exact
    return [
        {"clock": clock, "priority": priority, **{n: c[n] for n in ("met", "missed", "waived", "between")}}
        for (clock, priority), c in sorted(counts.items())
    ]


def _share(rows: Iterable[Decided]) -> float | None:
    """Return the share of the promises that were kept, of those that count; None if none counts."""
    verdicts = Counter(row.verdict for row in rows)
    count = verdicts["met"] + verdicts["missed"]
    return round(verdicts["met"] / count, 4) if count else None


def _row(row: Decided) -> Data:
    cycle = row.cycle
    return {
        "ticket": str(row.ref),
        "clock": row.clock.value,
        "cycle": cycle.fact,
        "priority": cycle.priority.value,
        "policy": cycle.policy,
        "started": cycle.started.isoformat(),
        "due": cycle.due.isoformat() if cycle.due else None,
        "stopped": cycle.stopped.isoformat() if cycle.stopped else None,
        "counted": "met" if row.kept else "missed",
        "verdict": row.verdict,
        "said": spoken(cycle.amendment) if cycle.amendment else None,
        "late_minutes": _minutes(row.late),
        "measured_in": cycle.target.base.name,
        "exact": cycle.exact,
        "late_by_change": cycle.late_by_change is not None,
    }


def _worst(rows: Iterable[Decided]) -> list[Data]:
    """Return the tickets whose promises were broken by most."""
    late: dict[str, timedelta] = {}
    missed: Counter[str] = Counter()
    for row in rows:
        if row.verdict == "missed":
            missed[str(row.ref)] += 1
            late[str(row.ref)] = late.get(str(row.ref), timedelta(0)) + row.late
    order = sorted(late, key=lambda name: (-late[name], name))[:_WORST]
    return [{"ticket": name, "missed": missed[name], "late_minutes": _minutes(late[name])} for name in order]


def _penalties(rows: Iterable[Decided]) -> Data:
    """Return what penalties are reckoned from: promises that were broken and not waived."""
    rows = [row for row in rows if row.verdict != "waived"]
    missed = [row for row in rows if row.verdict == "missed"]
    return {
        "promises": len(rows),
        "missed": len(missed),
        "late_minutes": _minutes(sum((row.late for row in missed), timedelta(0))),
        "rest_on_between": sum(not row.cycle.exact for row in missed),
    }


def _minutes(length: timedelta) -> int:
    return int(length.total_seconds()) // 60


def _tier(application: Application, customer: str) -> Tier | None:
    name = application.settings.customers[customer].tier
    said = application.settings.tiers.get(name)
    return Tier(name, said.paying, said.hours) if said else None


def _of_month(entries: Iterable[TimeEntry], begin: datetime, end: datetime) -> Iterator[TimeEntry]:
    return (entry for entry in entries if begin <= entry.started < end)


def _hours(
    application: Application, tickets: Iterable[Answered], customer: str, begin: datetime
) -> tuple[list[TimeEntry], list[str], list[str]]:
    """Return the time booked on a customer's tickets, which sides could not be read, and which are shared."""
    entries, unread, shared = list[TimeEntry](), list[str](), list[str]()
    for one in tickets:
        if one.ticket.customer != customer or one.ticket.changed < begin:
            continue
        for side in _booked_on(application, one.ticket.ref, shared):
            try:
                found = application.connectors[side.connection].fetch(side.key, frozenset({Part.TIME}))
            except Gone:
                continue
            except WireError as error:
                unread.append(f"{side}: {error}")
                continue
            entries += found.ticket.time_entries or ()
    return entries, unread, shared


def _booked_on(application: Application, ref: Ref, shared: list[str]) -> Iterator[Ref]:
    """Yield the sides whose time is this ticket's alone; time on an issue that several share is nobody's."""
    (sides,) = application.store.served.names([ref]).values()
    roles = application.desk.rules.roles
    alone = sum(roles.get(side.connection) is Role.FRONT for side in sides) == 1
    for side in sides:
        if side == ref or (alone and side.connection in application.connectors):
            yield side
        elif roles.get(side.connection) is Role.WORK:
            shared.append(str(side))


def simulated(
    application: Application,
    policy: str,
    since: str,
    until: str | None,
    customer: str | None,
    draft: Path | None = None,
) -> list[Data]:
    """Return each customer's past under another policy, compared; it may be one of a `draft`.

    Raises ConfigError with all problems.
    """
    problems, days = [], list[datetime]()
    for option, text in (("--from", since), ("--to", until)):
        try:
            days.append(day_of(option, text, before=application.now()) if text else application.now())
        except ConfigError as error:
            problems += error.problems
    if len(days) > 1 and days[0] >= days[1]:
        problems.append(f"--to {until} is not after --from {since}")
    known = dict(application.settings.policies)
    rules = application.promised.policy(policy)
    if draft:
        try:
            tried = draft_in(draft, application.settings, application.promised.holidays)
            known = {**known, **tried.policies}
            rules = tried.policy(policy) if policy in tried.policies else rules
        except ConfigError as error:
            problems += error.problems
    if policy not in known and not (draft and problems):
        problems.append(
            f"no policy {policy!r}{nearest(policy, known)}; there are {', '.join(known) or 'none'}"
        )
    whose = list[str]()
    try:
        whose = [customer_of(application, customer)] if customer else list(application.settings.customers)
    except ConfigError as error:
        problems += error.problems
    if problems or rules is None:
        raise ConfigError(problems)
    return [compared(application, key, rules, days[0], days[1]) for key in whose]
