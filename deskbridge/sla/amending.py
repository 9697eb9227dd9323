"""What people say of clocks, and what today's rules would have said of the past."""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from connectors.errors import ConfigError
from deskbridge.bootstrap import Application
from deskbridge.sla.editions import Promised
from deskbridge.sla.held import Held, served_of
from deskbridge.words import nearest
from mappings.ticket import Ref
from sync.sla.clock import Clock
from sync.sla.compared import Answer, Changed, changed
from sync.sla.cycle import Amendment, Cycle
from sync.sla.policy import ClockName
from sync.store.editions import Edition
from sync.store.served import Said


def who_asks(name: str | None) -> str:
    """Return who says something: as they say, else the user of the machine. Raises ConfigError if unknown."""
    if name and name.strip():
        return name.strip()
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        raise ConfigError([f"nobody knows who user {os.getuid()} is; say it with --by"]) from None


def say(
    application: Application,
    ticket: str,
    clock: str,
    *,
    kind: str,
    reason: str,
    by: str | None,
    cycle: int | None,
    met: bool | None = None,
) -> str:
    """Record what a person says of one run of a clock, and return what is told of it.

    What was counted stays as it is. Raises ConfigError with all that is wrong.
    """
    problems = [] if reason.strip() else ["--reason is empty: say why, it stands in the statement"]
    names = [name.value for name in ClockName]
    if clock not in names:
        problems.append(f"no clock {clock!r}{nearest(clock, names)}; there are {', '.join(names)}")
    served = None
    try:
        served = served_of(application, ticket)
    except ConfigError as error:
        problems += error.problems
    if problems or served is None:
        raise ConfigError(problems)
    found = next((c for c in Held(application).answer(served).clocks if c.name == clock), None)
    run = _run(found, clock, cycle)
    amendment = Amendment(kind, who_asks(by), reason.strip(), application.now(), met)
    application.store.served.say(served.ref, Said(ClockName(clock), run.fact, amendment))
    subject = application.store.bundles.subject(served.ref)
    application.store.inbox.put(subject, application.now(), "a person spoke of a clock")
    told = kind if met is None else f"{kind} to {'met' if met else 'missed'}"
    began = f"{run.started:%Y-%m-%d %H:%M} UTC"
    return f"{served.ref}: {clock} since {began} is {told} by {amendment.who}; counted: {run.state}"


def _run(clock: Clock | None, name: str, number: int | None) -> Cycle:
    if clock is None or not clock.cycles:
        raise ConfigError([f"the ticket has no clock {name}: nothing was promised of it"])
    if number is None:
        return clock.cycles[-1]
    if not 1 <= number <= len(clock.cycles):
        raise ConfigError([f"--cycle {number}: there are 1 to {len(clock.cycles)}; `explain` lists them"])
    return clock.cycles[number - 1]


@dataclass(frozen=True, slots=True)
class Difference:
    """A ticket of which other rules say something else."""

    ref: Ref
    customer: str
    changes: tuple[Changed, ...]


def earlier(application: Application, since: datetime) -> Promised:
    """Return the promises as if today's settings had held from an earlier instant on."""
    now = application.promised
    before = tuple(edition for edition in now.editions if edition.valid_from < since)
    return Promised((*before, Edition(since, now.editions[-1].said)), now.holidays)


def differences(application: Application, since: datetime) -> Iterator[Difference]:
    """Yield what is answered otherwise if today's settings had held from an instant on."""
    other, held = earlier(application, since), Held(application)
    rules = {key: other.policies(key) for key in application.settings.customers}
    for ticket in application.store.served.tickets():
        if (under := rules.get(ticket.customer)) is None:
            continue
        found = tuple(changed(held.answer(ticket).clocks, held.answer(ticket, under).clocks))
        if found:
            yield Difference(ticket.ref, ticket.customer, found)


def amend(application: Application, since: datetime, differing: list[Difference]) -> None:
    """Have today's settings hold from an earlier instant on, and have what differs looked at again."""
    at = application.now()
    application.store.editions.back_to(application.promised.editions[-1].said, since, at)
    # A clock that pauses answers as before, and a step of it may not have been due all the same.
    counting = application.store.served.counting()
    for subject in {*counting, *(application.store.bundles.subject(one.ref) for one in differing)}:
        application.store.inbox.put(subject, at, "the promises were amended")


def difference_lines(one: Difference, names: str) -> list[str]:
    """Return a line for each answer that changes."""
    return [
        f"{names} ({one.customer}): {c.clock}: {_told(c.before)} -> {_told(c.after)}" for c in one.changes
    ]


def difference_json(one: Difference, names: str) -> dict[str, object]:
    """Return what changes of a ticket as data."""
    return {
        "ticket": f"{one.ref.connection}:{one.ref.key}",
        "names": names,
        "customer": one.customer,
        "changes": [
            {"clock": c.clock.value, "cycle": c.cycle, "before": _data(c.before), "after": _data(c.after)}
            for c in one.changes
        ],
    }


def _told(answer: Answer | None) -> str:
    if answer is None:
        return "nothing promised"
    due = f", due {answer.due:%Y-%m-%d %H:%M} UTC" if answer.due else ""
    broken = ", breached" if answer.breached and answer.state != "missed" else ""
    return f"{answer.state}{due}{broken}"


def _data(answer: Answer | None) -> dict[str, object] | None:
    if answer is None:
        return None
    due = answer.due.isoformat() if answer.due else None
    return {"state": answer.state.value, "due": due, "breached": answer.breached}
