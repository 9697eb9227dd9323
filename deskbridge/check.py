"""Ask the live systems whether the settings can work, before anything is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from connectors.base import Connector
from connectors.errors import ConfigError, WireError
from deskbridge.account import neighbours, strangers, traces
from deskbridge.desk import desk_of, places_of
from deskbridge.hooks import hook_of
from deskbridge.lines import placed
from deskbridge.mails import everywhere, unproved
from deskbridge.parts import Connection, Settings
from deskbridge.report import complaint
from deskbridge.second_clocks import second_clocks
from deskbridge.unmapped import nameless, unheard, unmapped
from mappings.provenance import Signer
from mappings.ticket import Status
from sync.identity import changed
from sync.rules import Role, Rules

Identities = Mapping[str, tuple[str, str]]
"""Connection -> its instance and our account's key there."""
HEADING = "Nothing is wrong with this, but know it:"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the systems said: a line each, or one for each problem; and what is good to know beside it."""

    lines: tuple[str, ...]
    remarks: tuple[str, ...]
    exit_code: int
    ready: tuple[str, ...] = ()
    """The connections against which nothing stands."""

    def __str__(self) -> str:
        known = ["", HEADING, *(f"  {remark}" for remark in self.remarks)] if self.remarks else []
        return "\n".join([*self.lines, *known])

    def as_json(self) -> dict[str, object]:
        """Return it as data."""
        problems = [line for line in self.lines if line.partition(": ready, as ")[0] not in self.ready]
        return {"ready": list(self.ready), "problems": problems, "remarks": list(self.remarks)}


def ask(
    settings: Settings, connectors: Mapping[str, Connector], at: datetime, known: Identities | None = None
) -> Answer:
    """Return what every connection says to the settings; one that fails does not stop the others.

    `known` is who each of them was when the hub first used it.
    """
    lines = second_fronts(settings)
    remarks: list[str] = []
    ready: list[str] = []
    code = ConfigError.exit_code if lines else 0
    for name, connector in connectors.items():
        try:
            problems, told = _asked(settings, name, connector, at, (known or {}).get(name))
            if problems:
                lines += problems
                code = max(code, ConfigError.exit_code)
            else:
                account = connector.whoami()
                lines.append(f"{name}: ready, as {account.name} on {account.instance}")
                ready.append(name)
            remarks += told
        except WireError as error:
            lines.append(complaint(error))
            code = max(code, error.exit_code or 1)
    # What is down says so to each question.
    return Answer(tuple(dict.fromkeys(lines)), tuple(dict.fromkeys(remarks)), code, tuple(ready))


def refuse(path: Path, problems: list[str]) -> None:
    """Raise ConfigError if there are problems with the settings in a file."""
    if problems:
        raise ConfigError(placed(path, problems))


def second_fronts(settings: Settings) -> list[str]:
    """Return each place in which a work side would serve the customer by mail, beside the front that does."""
    return [line for name in settings.places for line in _second_front(settings, name)]


def _second_front(settings: Settings, name: str) -> Iterator[str]:
    place = settings.places[name]
    connection = settings.connections[place.connection]
    if connection.role is not Role.WORK or not place.kind.startswith(_REQUEST):
        return
    for front, served in settings.connections.items():
        routed = any(r.to == name and (not r.fronts or front in r.fronts) for r in settings.routes)
        if routed and _mails(settings, front, served):
            yield (
                f"places.{name}.kind: a request mails its customer, and so does {front}: one side of a ticket"
                " serves the customer; name an issue type, or take the tickets of a front that mails nobody"
            )


def written_statuses(rules: Rules, name: str) -> tuple[Status, ...]:
    """Return the statuses that the rules may give to tickets of a connection."""
    role, found = rules.roles[name], set[Status]()
    for other, theirs in rules.roles.items():
        if other != name and rules.travels("status", other, name, creating=True):
            found.update(Status)
        handed = rules.handover.get((theirs, role), {}).values() if theirs is not role else ()
        found.update(given.status for given in handed if given.status is not None)
    if rules.reopen_work and role is Role.WORK:
        found.add(Status.OPEN)
    return tuple(status for status in Status if status in found)


def clock(name: str, ahead: timedelta) -> list[str]:
    """Return what a person should know where this machine's clock and a tool's differ."""
    if not ahead:
        return []
    where = "ahead of" if ahead > timedelta(0) else "behind"
    apart = f"{abs(ahead).total_seconds() / 60:.0f} minutes {where}"
    why = "polls miss nothing, but due times and steps are told by it"
    return [f"{name}: this machine's clock is {apart} the tool's: {why}; set it by a time server"]


_REQUEST = "request:"
"""What a place's kind begins with where the tool shows it to its customer and mails them."""


def _mails(settings: Settings, name: str, connection: Connection) -> bool:
    """Whether a front serves customers by mail: all do but those whose places staff alone read."""
    readers = [p.readers for p in settings.places.values() if p.connection == name]
    return connection.role is Role.FRONT and (not readers or any(r != "staff" for r in readers))


def _asked(
    settings: Settings, name: str, connector: Connector, at: datetime, known: tuple[str, str] | None
) -> tuple[list[str], list[str]]:
    """Return what stands against a connection, and what is good to know of it. Raises WireError."""
    places = places_of(settings, name)
    problems = changed(name, known, connector.whoami())
    problems += connector.problems(places)
    remarks = [*clock(name, connector.ahead()), *connector.remarks(places)]
    problems += unheard(settings, name)
    if problems:
        return problems, remarks
    found = traces(connector, Signer(settings.hub.secret.get_secret_value().encode()), at)
    problems += strangers(name, found)
    remarks += neighbours(name, found)
    remarks += unmapped(settings, name, connector)
    remarks += nameless(settings, name)
    remarks += second_clocks(settings, name)
    desk = desk_of(settings)
    wanted = written_statuses(desk.rules, name)
    if desk.closes and desk.rules.roles[name] is Role.FRONT and Status.CLOSED not in wanted:
        wanted = (*wanted, Status.CLOSED)
    if desk.rules.receipt and name in desk.rules.receipt.connections:
        remarks.append(
            f"{name}: no call tells whether it sends a receipt of its own: customers would get two"
        )
    for place in places if wanted else ():
        remarks += connector.unreachable(place, wanted)
    for place in everywhere(settings, name):
        remarks += unproved(settings, place, connector.abilities(place))
    if settings.serve.address:
        steps = connector.plan_hook(hook_of(settings, name))
        remarks += [f"{name}: webhooks: {step.what}; see `deskbridge webhooks install`" for step in steps]
    return problems, remarks
