"""Who asked for a ticket, as its customer where the new tool has a portal: said last, when all stands there.

What is found or made once is remembered: each account and each organisation costs its calls once, whatever
is interrupted, and nothing is said twice of a ticket.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime

from connectors.customers import Customers, Record
from mappings.ticket import Audience, Organisation, Person, PersonRole, Ref, Ticket
from sync.routing import Customer
from sync.store import Store
from sync.store.admitted import Admission


class Admissions:
    """Gives tickets to their customers. Several workers may ask it at once."""

    def __init__(
        self,
        store: Store,
        reach: Mapping[str, Customers],
        customers: Mapping[str, Customer],
        kinds: Mapping[tuple[str, str], str],
        now: Callable[[], datetime],
    ) -> None:
        """`reach` has the connections that have portals, `customers` those of the settings.

        `kinds` says of (connection, project) by which kind of request its portal is to show tickets.
        """
        self._known, self._reach, self._customers, self._now = store.admitted, reach, customers, now
        self._kinds = kinds
        self._lock = threading.Lock()

    def admit(self, target: Ref, front: Ticket, whose: str | None) -> None:
        """Say who asked for a ticket, where its place has customers of its own. Raises WireError.

        `front` is the ticket as its source has it. A portal shows its first text: so it shows none that
        began with a text for staff, nor one that is no known customer's.
        """
        reach = self._reach.get(target.connection)
        if reach is None or not reach.has_portal(project := reach.project(target)):
            return
        with self._lock:  # of two tickets of one customer, one asks
            account = self._account(reach, target.connection, project, front.requester)
            theirs = front.organisation
            organisation = self._organisation(reach, target.connection, project, theirs, whose)
            if account and not self._find(
                target, Admission.MEMBER, member := f"{project} {organisation} {account}"
            ):
                reach.join(project, account, organisation)
                self._note(target, Admission.MEMBER, member, "yes")
        open_to = bool(account) and front.messages[0].audience is Audience.CUSTOMER
        kind = self._kinds.get((target.connection, project), "") if open_to else ""
        wanted = f"{account} {organisation} {kind}".rstrip()
        if not wanted or self._find(target, Admission.TICKET, target.key) == wanted:
            return
        reach.give(target, account, organisation, kind)
        self._note(target, Admission.TICKET, target.key, wanted)

    def _account(self, reach: Customers, connection: str, project: str, asker: Person | None) -> str:
        """Return the account of a customer; empty for staff, and for whom no address tells."""
        mail = (asker.email or "").strip().casefold() if asker else ""
        if asker is None or "@" not in mail or asker.role is not PersonRole.CUSTOMER:
            return ""
        known = self._known.find(connection, Admission.ACCOUNT, mail)
        if known is None:
            found = reach.account(project, mail, asker.name) or Record("", made=False)
            known = found.key
            self._known.note(connection, Admission.ACCOUNT, mail, known, self._now(), made=found.made)
        return known

    def _organisation(
        self, reach: Customers, connection: str, project: str, theirs: Organisation | None, whose: str | None
    ) -> str:
        """Return the organisation of a ticket: the one that the settings name, else one of its name."""
        customer = self._customers.get(whose or "")
        named = [id for of, id in customer.organisations if of == connection] if customer else []
        name = customer.name if customer else theirs.name if theirs else ""
        if len(named) == 1:
            key = named[0]
        elif not name.strip():
            return ""
        else:
            key = self._known.find(connection, Admission.ORGANISATION, name) or ""
            if not key:
                found = reach.organisation(name)
                key, kind = found.key, Admission.ORGANISATION
                self._known.note(connection, kind, name, key, self._now(), made=found.made)
        served = f"{project} {key}"
        if not self._known.find(connection, Admission.SERVED, served):
            reach.serve(project, key)
            self._known.note(connection, Admission.SERVED, served, "yes", self._now())
        return key

    def _find(self, target: Ref, kind: Admission, name: str) -> str | None:
        return self._known.find(target.connection, kind, name)

    def _note(self, target: Ref, kind: Admission, name: str, key: str) -> None:
        self._known.note(target.connection, kind, name, key, self._now())
