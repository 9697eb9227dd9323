"""Whom the tools know and the settings do not."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.base import Connector
from connectors.errors import Gone, Rejected
from deskbridge.parts import Settings
from mappings.ticket import Organisation
from sync.rules import Role

_NAMED = 10
"""Organisations that are named; of more, the number is told."""


def unmapped(settings: Settings, name: str, connector: Connector) -> Iterator[str]:
    """Yield a line about the organisations of a front that are no customer of the settings, if there are any.

    Raises WireError where the connection does not answer.
    """
    if settings.connections[name].role is not Role.FRONT or not settings.customers:
        return
    try:
        strangers = [found for found in connector.organisations() if not _known(settings, name, found)]
    except (Rejected, Gone) as error:
        yield f"{name}: the organisations cannot be listed ({error.text}), so nobody knows whose is missing"
        return
    if strangers:
        some = ", ".join(f"{found.name!r} ({found.key})" for found in strangers[:_NAMED])
        more = f" and {len(strangers) - _NAMED} more" if len(strangers) > _NAMED else ""
        ways = f"add them to `organisations = {{ {name} = [...] }}` of a customer"
        yield (
            f"{name}: organisations that are no customer's: {some}{more}; tickets of theirs are parked where"
            f" a route takes them; {ways}"
        )


def _known(settings: Settings, connection: str, found: Organisation) -> bool:
    domains = {domain.lower() for domain in found.domains}
    return any(
        found.key in customer.organisations.get(connection, ()) or domains & customer.domains
        for customer in settings.customers.values()
    )
