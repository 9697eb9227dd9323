"""Whom the tools know and the settings do not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connectors.base import Connector
from connectors.errors import Gone, Rejected
from connectors.quota import LocalBudget
from connectors.survey import projects, staff
from deskbridge.bootstrap import config_of, system_time
from deskbridge.desk import desk_of
from deskbridge.parts import Settings
from mappings.ticket import Organisation
from sync.rules import Role
from sync.sla.steps import Assign

_NAMED = 10
"""Organisations or projects that are named; of more, the number is told."""


def unmapped(settings: Settings, name: str, connector: Connector) -> Iterator[str]:
    """Yield a line about a front's organisations that are no customer's, and one about projects nobody reads.

    Raises WireError where the connection does not answer.
    """
    if settings.connections[name].role is not Role.FRONT:
        return
    yield from _projects(settings, name)
    if not settings.customers:
        return
    try:
        strangers = [found for found in connector.organisations() if not _known(settings, name, found)]
    except (Rejected, Gone) as error:
        yield f"{name}: the organisations cannot be listed ({error.text}), so nobody knows whose is missing"
        return
    if strangers:
        some = _some([f"{found.name!r} ({found.key})" for found in strangers])
        ways = f"add them to `organisations = {{ {name} = [...] }}` of a customer"
        yield (
            f"{name}: organisations that are no customer's: {some}; tickets of theirs are parked where"
            f" a route takes them; {ways}"
        )


def unheard(settings: Settings, name: str) -> Iterator[str]:
    """Yield that nobody of a group can be mailed a note, where a connection is to do that.

    Raises WireError where the connection does not answer.
    """
    connection = settings.connections[name]
    if connection.notify != "group":
        return
    if not staff(connection.system, config_of(settings, name, system_time, LocalBudget(system_time), {})):
        yield (
            f'{name}: notify = "group", but only an administrator\'s key is told who is in a group and their'
            ' addresses: use the key of one, or write notify = "assignee"'
        )


def nameless(settings: Settings, name: str) -> Iterator[str]:
    """Yield whom the hub is to give tickets to on a connection though the table of people has no name there.

    They are those whose tickets a rule of `assignee` brings there, and on a front those whom a step assigns.
    """
    desk = desk_of(settings)
    sources = {
        other
        for other in settings.connections
        if other != name and desk.rules.travels("assignee", other, name, creating=True)
    }
    known = [person for person in settings.people if sources & person.keys.keys()]
    lacking = dict.fromkeys(person.name for person in known if name not in person.keys)
    if settings.connections[name].role is Role.FRONT:
        mapped = {person.name.casefold() for person in settings.people if name in person.keys}
        lacking |= dict.fromkeys(who for who in _assigned(settings) if who.casefold() not in mapped)
    if lacking:
        yield (
            f"{name}: the table of people does not say who they are there, so no ticket is given to"
            f" {_some(list(lacking))}"
        )


def _assigned(settings: Settings) -> Iterator[str]:
    """Yield everybody to whom steps may give a ticket."""
    steps = (step for found in desk_of(settings).steps.values() for step in found)
    roles = {action.role for step in steps for action in step.actions if isinstance(action, Assign)}
    for place, duty in enumerate(settings.duty.items()):
        rota, said = duty
        if rota in roles or (place == 0 and "duty" in roles):
            yield from (*said.people, *(one.person for one in said.overrides))
    for customer in settings.customers.values():
        yield from (who for stage, who in customer.dris.items() if stage in roles)


def _projects(settings: Settings, name: str) -> Iterator[str]:
    read = {place.key.lower() for place in settings.places.values() if place.connection == name}
    config = config_of(settings, name, system_time, LocalBudget(system_time), {})
    found = projects(settings.connections[name].system, config)
    if others := [key for key, _ in found if key.lower() not in read]:
        yield f"{name}: projects that no place is in, so that nothing of them is read: {_some(others)}"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _known(settings: Settings, connection: str, found: Organisation) -> bool:
    domains = {domain.lower() for domain in found.domains}
    return any(
        found.key in customer.organisations.get(connection, ()) or domains & customer.domains
        for customer in settings.customers.values()
    )
