"""What was promised about a ticket, from what is kept of it: no system is asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from connectors.errors import ConfigError
from deskbridge.bootstrap import Application
from deskbridge.named import ref_named
from deskbridge.sla.told import Clocks
from deskbridge.words import nearest
from mappings.ticket import Ref, Status
from sync.rules import Role
from sync.served import Served
from sync.sla.calendar import Elapsed, TimeBase
from sync.sla.clock import Clock, clocks
from sync.sla.closure import closure
from sync.sla.cycle import Cycle
from sync.sla.policy import ClockName, Policy, Rulebook
from sync.store.served import Said, with_words


@dataclass(frozen=True)
class Answered:
    """A ticket that is served, with what its clocks say."""

    ticket: Served
    clocks: tuple[Clock, ...]

    def cycles(self) -> Iterator[tuple[ClockName, Cycle]]:
        """Yield every run of every clock."""
        for clock in self.clocks:
            for cycle in clock.cycles:
                yield clock.name, cycle


class Held:
    """The promises of one application, asked with the facts in its store."""

    def __init__(self, application: Application) -> None:
        self._app = application
        self._zones = {key: c.zone for key, c in application.settings.customers.items()}

    def zone(self, customer: str) -> ZoneInfo:
        """Return the zone in which a customer reads times; UTC for nobody's."""
        return self._zones.get(customer, ZoneInfo("UTC"))

    def rules(self, customer: str) -> Policy | Rulebook | None:
        """Return what was promised to a customer, as it was edited; None if nothing was."""
        whose = next((one for one in self._app.desk.customers if one.key == customer), None)
        return self._app.desk.policies.get(whose.policy or "") if whose else None

    def base(self, name: str) -> TimeBase:
        """Return the calendar of a name; time as it passes for ``elapsed``, and for one that left."""
        return self._app.promised.calendars.get(name) or Elapsed()

    def answer(self, ticket: Served, rules: Policy | Rulebook | None = None) -> Answered:
        """Return what a ticket's clocks say, under other rules if they are given."""
        return self._answered(ticket, rules, self._app.store.served.said(ticket.ref))

    def _answered(self, ticket: Served, rules: Policy | Rulebook | None, said: Iterable[Said]) -> Answered:
        rules = rules or self.rules(ticket.customer)
        return Answered(ticket, with_words(clocks(ticket.facts, rules) if rules else (), said))

    def answers(
        self,
        customer: str | None = None,
        since: datetime | None = None,
        rules: Policy | Rulebook | None = None,
    ) -> Iterator[Answered]:
        """Yield the tickets that changed since an instant, with what their clocks say."""
        said = self._app.store.served.all_said()
        for ticket in self._app.store.served.tickets(customer, since):
            yield self._answered(ticket, rules, said.get(ticket.ref, ()))

    def ever(self, customer: str, begin: datetime, until: datetime) -> Iterator[Answered]:
        """Yield the tickets that are, or ever were, a customer's, with what their clocks say.

        Those of which nothing can have come between two instants are left out: see `ServedTickets.tickets`.
        """
        said = self._app.store.served.all_said()
        for ticket in self._app.store.served.tickets(within=(customer, begin, until)):
            yield self._answered(ticket, None, said.get(ticket.ref, ()))

    def told(self, refs: Iterable[Ref]) -> list[Clocks]:
        """Return the clocks of each of some sides that has any and serves a customer, as they are now."""
        kept = (self._app.store.served.ticket(ref) for ref in refs)
        roles = self._app.desk.rules.roles  # on what is no front any more nothing runs
        found = [self._told(one) for one in kept if one and roles.get(one.ref.connection) is Role.FRONT]
        return [told for told in found if told.asked or told.closes]

    def _told(self, ticket: Served) -> Clocks:
        now, rules = self._app.now(), self.rules(ticket.customer)
        closes = closure(ticket.facts, rules, now) if rules and ticket.status != Status.CLOSED else None
        return Clocks(str(ticket.ref), self.answer(ticket).clocks, self.zone(ticket.customer), now, closes)

    def left(self, base: str, due: datetime, at: datetime) -> timedelta:
        """Return what is left until an instant in a measure of time; less than nothing once it has passed."""
        measure = self.base(base)
        return measure.between(at, due) if due >= at else -measure.between(due, at)

    def names(self, refs: Iterable[Ref]) -> dict[Ref, str]:
        """Return what people call each of some tickets in all its tools."""
        found = self._app.store.served.names(refs)
        return {ref: self._name(ref, sides) for ref, sides in found.items()}

    def _name(self, ref: Ref, sides: Iterable[Ref]) -> str:
        # A shared issue has other customers' tickets beside this one.
        roles = self._app.desk.rules.roles
        mine = [side for side in sides if side == ref or roles.get(side.connection) is not Role.FRONT]
        return " = ".join(str(side) for side in mine)


def customer_of(application: Application, name: str) -> str:
    """Return the key of a customer. Raises ConfigError for one that nobody has."""
    known = application.settings.customers
    if name not in known:
        listed = ", ".join(known) or "none"
        raise ConfigError(
            [f"no customer {name!r}{nearest(name, known)}; the customers of the settings are {listed}"]
        )
    return name


def served_of(application: Application, name: str) -> Served:
    """Return the ticket that a person named by any of its sides. Raises ConfigError if it is not kept."""
    store = application.store
    meant = ref_named(application, name)
    refs = store.bundles.load(store.bundles.subject(meant)).refs
    found = [ticket for ref in refs if (ticket := store.served.ticket(ref)) is not None]
    if len(found) == 1:
        return found[0]
    if not found:
        raise ConfigError([f"nothing is kept of a ticket {name!r} yet: the next sync looks at what changed"])
    if exact := [one for one in found if one.ref == meant]:
        return exact[0]
    listed = ", ".join(f"{one.ref.connection}:{one.ref.key}" for one in found)
    raise ConfigError([f"{name!r} is shared by several tickets; name one of them: {listed}"])
