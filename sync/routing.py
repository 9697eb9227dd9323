"""Whose ticket it is, and where it goes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from mappings.boards import Place
from mappings.ticket import Ticket, TicketType
from sync.fields import slug
from sync.rules import Role, Rules
from sync.sla.policy import Policy


@dataclass(frozen=True, slots=True)
class Customer:
    """An organisation that is served, and how its tickets are recognised."""

    key: str
    name: str
    domains: frozenset[str]
    """Mail domains, in lower case."""
    organisations: frozenset[tuple[str, str]]
    """(connection, organisation id) of the tools' own records of it."""
    label: str
    """The label that its tickets carry on work sides: what its board is made of."""
    zone: ZoneInfo
    policy: str | None


@dataclass(frozen=True, slots=True)
class Route:
    """Which tickets get a side in a place. A condition that is empty holds for every ticket."""

    name: str
    tags: frozenset[str]
    types: frozenset[TicketType]
    customers: frozenset[str]
    place: Place

    def takes(self, ticket: Ticket, customer: str | None) -> bool:
        """Whether a ticket goes this way."""
        tags = {slug(tag) for tag in ticket.tags}
        return (
            (not self.tags or bool(tags & {slug(tag) for tag in self.tags}))
            and (not self.types or ticket.type in self.types)
            and (not self.customers or customer in self.customers)
        )


@dataclass(frozen=True)
class Desk:
    """All that was decided once, in the hub: customers, routes, promises, rules."""

    rules: Rules
    customers: tuple[Customer, ...]
    routes: tuple[Route, ...]
    policies: Mapping[str, Policy]

    def customer(self, ticket: Ticket) -> Customer | None:
        """Return whose ticket it is: by the organisation's record, else by mail domain."""
        known = ticket.organisation and (ticket.organisation.connection, ticket.organisation.key)
        domains = set(ticket.organisation.domains if ticket.organisation else ())
        if ticket.requester and ticket.requester.email:
            domains.add(ticket.requester.email.rpartition("@")[2].lower())
        by_record = (c for c in self.customers if known in c.organisations)
        by_domain = (c for c in self.customers if domains & c.domains)
        return next(by_record, next(by_domain, None))

    def labels(self, customer: Customer | None) -> dict[str, frozenset[str]]:
        """Return the tags that the hub puts on each work side of a customer's tickets."""
        work = (c for c, role in self.rules.roles.items() if role is Role.WORK)
        return {connection: frozenset({customer.label}) for connection in work} if customer else {}

    def places(self, ticket: Ticket, customer: Customer | None, present: Iterable[str]) -> tuple[Place, ...]:
        """Return where the ticket is to have a side and has none: the first route of each connection."""
        taken, wanted = set(present), []
        key = customer.key if customer else None
        for route in self.routes:
            if route.place.connection not in taken and route.takes(ticket, key):
                wanted.append(route.place)
                taken.add(route.place.connection)
        return tuple(wanted)
