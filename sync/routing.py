"""Whose ticket it is, and where it goes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from zoneinfo import ZoneInfo

from mappings.boards import STAFF, UNDECLARED, Place, Readers
from mappings.ticket import Audience, Field, Status, Ticket, TicketType, Value
from sync.fields import slug
from sync.rules import Role, Rules, Table
from sync.sla.duty import Rota
from sync.sla.policy import Policy, Rulebook
from sync.sla.steps import Step


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
    projects: frozenset[tuple[str, str]] = frozenset()
    """(connection, project) of projects in which every ticket is theirs."""
    components: frozenset[tuple[str, str]] = frozenset()
    """(connection, component) by which staff say that a ticket is theirs."""
    labels: frozenset[tuple[str, str]] = frozenset()
    """(connection, label) of the same, beside `label`."""
    tier: str = ""
    """By which policies choose."""
    table: Table | None = None
    """By which their tickets' priorities are judged."""
    dris: tuple[tuple[str, str], ...] = ()
    """(stage, who is directly responsible for them at it)."""


@dataclass(frozen=True, slots=True)
class Where:
    """Conditions on what a ticket says. All must hold; one that is empty holds for every ticket."""

    values: Mapping[Field, frozenset[str]] = field(default_factory=dict)
    """Field -> one of these is its value; a word that no vocabulary row reads is none of them."""
    subject_has: frozenset[str] = frozenset()
    """One of these stands in the subject, in capitals or not."""
    requesters: frozenset[str] = frozenset()
    """One of these mail addresses asked, in lower case."""
    without_tags: frozenset[str] = frozenset()
    """None of these is among the tags."""

    def holds(self, ticket: Ticket) -> bool:
        """Whether a ticket says all that."""
        subject, tags = ticket.subject.casefold(), {slug(tag) for tag in ticket.tags}
        asked = ((ticket.requester and ticket.requester.email) or "").lower()
        return (
            all(not wanted or _is(ticket.value(name), wanted) for name, wanted in self.values.items())
            and (not self.subject_has or any(part.casefold() in subject for part in self.subject_has))
            and (not self.requesters or asked in self.requesters)
            and not tags & {slug(tag) for tag in self.without_tags}
        )


def _is(value: Value, wanted: frozenset[str]) -> bool:
    """Whether a field says one of some words; texts are compared without regard to capitals."""
    return isinstance(value, str) and value.casefold() in {word.casefold() for word in wanted}


def slugs(tags: Iterable[str]) -> frozenset[str]:
    """Return what tags have in common with tags that mean the same."""
    return frozenset(slug(tag) for tag in tags)


@dataclass(frozen=True, slots=True)
class Route:
    """Which tickets get a side in a place. A condition that is empty holds for every ticket."""

    name: str
    tags: frozenset[str]
    types: frozenset[TicketType]
    customers: frozenset[str]
    place: Place
    statuses: frozenset[Status] = frozenset()
    fronts: frozenset[str] = frozenset()
    """The front connections whose tickets go this way."""
    where: Where = Where()

    def takes(self, ticket: Ticket, customer: str | None, front: str) -> bool:
        """Whether a ticket of a front connection goes this way."""
        tags = {slug(tag) for tag in ticket.tags}
        return (
            (not self.tags or bool(tags & {slug(tag) for tag in self.tags}))
            and (not self.types or ticket.type in self.types)
            and (not self.customers or customer in self.customers)
            and (not self.statuses or ticket.status in self.statuses)
            and (not self.fronts or front in self.fronts)
            and self.where.holds(ticket)
        )


def _signs(ticket: Ticket) -> frozenset[tuple[str, str]]:
    """Return by what staff said whose ticket it is: its labels and its component."""
    labels = {("label", slug(tag)) for tag in ticket.tags}
    component = {("component", ticket.component.casefold())} if ticket.component else set()
    return frozenset(labels | component)


def _claimed(customer: Customer, connection: str) -> frozenset[tuple[str, str]]:
    """Return the signs by which a customer's tickets are known on a connection."""
    labels = {customer.label, *(name for side, name in customer.labels if side == connection)}
    components = {name for side, name in customer.components if side == connection}
    return frozenset(
        {("label", slug(label)) for label in labels} | {("component", c.casefold()) for c in components}
    )


@dataclass(frozen=True)
class Desk:
    """All that was decided once, in the hub: customers, routes, promises, rules."""

    rules: Rules
    customers: tuple[Customer, ...]
    routes: tuple[Route, ...]
    policies: Mapping[str, Policy | Rulebook]
    steps: Mapping[str, tuple[Step, ...]] = field(default_factory=dict)
    """What is done as the clocks of a policy run out, by the policies' names."""
    rotas: Mapping[str, Rota] = field(default_factory=dict)
    """Who is on duty when."""
    promises: str = ""
    """What the settings promise, as text by which an edit of it is recognised."""
    strangers: bool = False
    """Whether tickets of customers whom nobody knows are placed too."""

    @cached_property
    def counted(self) -> frozenset[Role]:
        """Whose timelines clocks rest on: the fronts', and the work sides' where a policy reads those."""
        works = {Role.WORK} if any(policy.reads == "work" for policy in self._every_policy) else set()
        return frozenset({Role.FRONT, *works}) if self._every_policy else frozenset()

    @property
    def closes(self) -> bool:
        """Whether any policy has tickets closed."""
        return any(policy.closes for policy in self._every_policy)

    @cached_property
    def _every_policy(self) -> list[Policy]:
        """All policies, former editions included."""
        books = (b.policies if isinstance(b, Rulebook) else (b,) for b in self.policies.values())
        edits = (e for b in self.policies.values() if isinstance(b, Rulebook) for _, e in b.edits)
        return [policy for some in (*books, *edits) for policy in some]

    def customer(
        self, ticket: Ticket, home: Readers = UNDECLARED, place: tuple[str, str] = ("", "")
    ) -> Customer | None:
        """Return whose ticket it is that stands in a place, (connection, project), on the front.

        `home` is who reads the place: one customer's holds that customer's tickets, and so does a project
        that is said to be theirs. Else the organisation's record tells, or the mail domain; in a place that
        staff alone read also the component or the label, which staff gave it.
        """
        if home.audience is not Audience.STAFF and home != UNDECLARED:
            return next((c for c in self.customers if c.key == home.customer), None)
        known = ticket.organisation and (ticket.organisation.connection, ticket.organisation.key)
        domains = set(ticket.organisation.domains if ticket.organisation else ())
        if ticket.requester and ticket.requester.email:
            domains.add(ticket.requester.email.rpartition("@")[2].lower())
        project = (place[0], place[1].lower())
        signs = _signs(ticket) if home == STAFF else frozenset()
        by_project = (c for c in self.customers if project in {(n, p.lower()) for n, p in c.projects})
        by_record = (c for c in self.customers if known in c.organisations)
        by_domain = (c for c in self.customers if domains & c.domains)
        by_sign = (c for c in self.customers if signs & _claimed(c, place[0]))
        return next(chain(by_project, by_record, by_domain, by_sign), None)

    def goes(self, ticket: Ticket, customer: Customer | None, front: str, to: str) -> bool:
        """Whether a ticket that has a side on a connection is still to have one there.

        Of routes that are chosen by a tag the tag alone counts: what else a ticket said counted once.
        """
        key = customer.key if customer else None
        return any(
            slugs(route.tags) & slugs(ticket.tags) if route.tags else route.takes(ticket, key, front)
            for route in self._ways(front, to)
        )

    def leads(self, customer: Customer | None, front: str, to: str) -> bool:
        """Whether any route may lead a customer's tickets of a front connection to another connection."""
        key = customer.key if customer else None
        return any(not route.customers or key in route.customers for route in self._ways(front, to))

    def steering(self, front: str, to: str) -> frozenset[str]:
        """Return the tags by which routes lead from a front connection to another connection."""
        return frozenset(tag for route in self._ways(front, to) for tag in route.tags)

    def _ways(self, front: str, to: str) -> list[Route]:
        return [r for r in self.routes if r.place.connection == to and (not r.fronts or front in r.fronts)]

    def labels(self, customer: Customer | None) -> dict[str, frozenset[str]]:
        """Return the tags that the hub puts on each work side of a customer's tickets."""
        work = (c for c, role in self.rules.roles.items() if role is Role.WORK)
        return {connection: frozenset({customer.label}) for connection in work} if customer else {}

    def places(
        self, ticket: Ticket, customer: Customer | None, front: str, present: Iterable[str]
    ) -> tuple[Place, ...]:
        """Return where a ticket of a front connection is to have a side and has none.

        For each connection it is the first route that takes it.
        """
        taken, wanted = set(present), []
        key = customer.key if customer else None
        for route in self.routes:
            if route.place.connection not in taken and route.takes(ticket, key, front):
                wanted.append(route.place)
                taken.add(route.place.connection)
                if self.rules.source:  # a run moves a ticket to one place
                    break
        return tuple(wanted)
