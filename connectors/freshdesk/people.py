"""Who an id of Freshdesk's is: agents and contacts share one space of ids (freshdesk-api 7, 13 to 15)."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Any, Generic, TypeVar

from connectors.errors import Gone, Rejected
from connectors.freshdesk import answers, wire
from connectors.http import Http
from mappings.ticket import Organisation, Person, PersonRole

_MOST = 5000
"""Contacts, and companies, that are remembered, unknown ones included."""
_LIFETIME = timedelta(minutes=30)
"""How long what was read is believed."""

T = TypeVar("T")


class People:
    """The people of one account, remembered for half an hour. Safe for several threads."""

    def __init__(self, http: Http, now: Callable[[], datetime]) -> None:
        self._http, self._now, self._lock = http, now, threading.Lock()
        self._me: wire.Agent | None = None
        self._agents: dict[int, wire.Agent] = {}
        self._agents_read: datetime | None = None
        self._contacts: _Memory[wire.Contact] = _Memory(now)
        self._companies: _Memory[wire.Company] = _Memory(now)

    def whoami(self) -> wire.Agent:
        """Ask which agent the key belongs to. Raises Unauthorised."""
        self._me = answers.get(self._http, "agents/me", wire.Agent)
        return self._me

    def me(self) -> int:
        """Return our own user id, asked for once."""
        return (self._me or self.whoami()).id

    def person(self, id: int | None) -> Person | None:
        """Return who `id` is, an agent or a contact; somebody who is neither any more is a former user."""
        if id is None:
            return None
        if id == self.me() and self._me:
            return self._named(id, self._me.contact, PersonRole.HUB)
        known = None if id in self._agents else self._contacts.known(id)
        if known is None and (agent := self._agent(id)) is not None:
            return self._named(id, agent, PersonRole.STAFF)
        known = known or self._contact(id)
        return self._named(id, known, PersonRole.CUSTOMER if known else PersonRole.UNKNOWN)

    def expect(self, id: int | None) -> None:
        """Look somebody up who is a contact most likely, so that no list of agents is read for it."""
        if id is not None and id not in self._agents and id != self.me():
            self._contact(id)

    def signature(self, id: int | None) -> str:
        """Return the HTML that a person's texts end with: an agent's, once `person` has read them."""
        known = self._agents.get(id) if id is not None else None
        return (known.signature or "") if known else ""

    def addressed(self, line: str) -> Person | None:
        """Return who ``Name <address>`` in a list of copies is; None where there is no address.

        Agents are known by their address only to an admin's key (freshdesk-api 6.3).
        """
        name, address = parseaddr(line)
        if "@" not in address:
            return None
        self._agent(0)
        known = {said.contact.email.lower(): id for id, said in self._agents.items() if said.contact.email}
        if (agent := known.get(address.lower())) is not None:
            return self.person(agent)
        return Person(self._http.connection, address.lower(), name or address, PersonRole.CUSTOMER, address)

    def agents(self) -> list[wire.Profile]:
        """Return what is said of every agent; without addresses where the key's agent is no admin."""
        return [agent.contact for agent in self._read_agents().values()]

    def team(self, group: int | None) -> tuple[Person, ...]:
        """Return the agents of a group, ourselves left out; none where the key's agent is no admin (6.3)."""
        if group is None:
            return ()
        self._agent(0)
        known = [
            id for id, agent in self._agents.items() if group in agent.group_ids and not agent.deactivated
        ]
        return tuple(who for id in known if id != self.me() and (who := self.person(id)))

    def company(self, id: int | None) -> Organisation | None:
        """Return a ticket's company; one that may not be read, or is gone, has its number for a name."""
        if id is None:
            return None
        known = self._companies.get(id, lambda: self._ask(f"companies/{id}", wire.Company))
        name, domains = (known.name, tuple(known.domains)) if known else (None, ())
        return Organisation(self._http.connection, str(id), name or f"company #{id}", domains)

    def _named(self, id: int, said: wire.Profile | wire.Contact | None, role: PersonRole) -> Person:
        name = (said and (said.name or said.email)) or f"former user #{id}"
        email = said.email if said else None
        handle = email if email and role in (PersonRole.STAFF, PersonRole.HUB) else ""
        return Person(self._http.connection, str(id), name, role, email, handle)

    def agent(self, word: str) -> int | None:
        """Return the number of the agent whom a table of people means: by that number, or by mail address.

        None where there is none; nobody is found by an address where the key's agent is no admin (6.3).
        """
        if (found := self._agent_called(word)) is None:
            agents = self._read_agents()
            with self._lock:
                self._agents, self._agents_read = {**self._agents, **agents}, self._now()
            found = self._agent_called(word)
        return found

    def _agent_called(self, word: str) -> int | None:
        wanted = word.casefold()
        return next(
            (id for id, a in self._agents.items() if wanted in (str(id), (a.contact.email or "").casefold())),
            None,
        )

    def _agent(self, id: int) -> wire.Profile | None:
        """Look an agent up; one who left stays known as long as we run, because his notes stay staff's."""
        if self._agents_read is None or (id not in self._agents and self._old(self._agents_read)):
            agents = self._read_agents()
            with self._lock:
                self._agents = {**self._agents, **agents}
                self._agents_read = self._now()
        known = self._agents.get(id)
        return known.contact if known else None

    def _read_agents(self) -> Mapping[int, wire.Agent]:
        """Read all agents; an account that is no admin finds their names in the ticket form (6.3)."""
        try:
            rows = answers.pages(self._http, "agents", wire.Agent, {"per_page": answers.PER_PAGE})
            return {agent.id: agent for agent in rows}
        except Rejected:
            return self._form_agents()

    def _form_agents(self) -> Mapping[int, wire.Agent]:
        try:
            fields = answers.get(self._http, "ticket_fields", list[wire.TicketField])
        except Rejected:
            return {}
        choices: Any = next((f.choices for f in fields if f.type == "default_agent"), None)
        pairs = choices.items() if isinstance(choices, dict) else ()
        known = {id: wire.Profile(name=name) for name, id in pairs if isinstance(id, int)}
        return {id: wire.Agent(id=id, contact=profile) for id, profile in known.items()}

    def _contact(self, id: int) -> wire.Contact | None:
        return self._contacts.get(id, lambda: self._ask(f"contacts/{id}", wire.Contact))

    def _ask(self, path: str, kind: type[T]) -> T | None:
        try:
            return answers.get(self._http, path, kind)
        except (Gone, Rejected):
            return None

    def _old(self, read: datetime) -> bool:
        return self._now() - read > _LIFETIME


class _Memory(Generic[T]):
    """What was last read by id, for half an hour, the latest only; None is remembered too."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now, self._lock = now, threading.Lock()
        self._kept: OrderedDict[int, tuple[datetime, T | None]] = OrderedDict()

    def known(self, id: int) -> T | None:
        """Return what is remembered."""
        with self._lock:
            read, known = self._kept.get(id, (None, None))
        return known if read is not None and self._now() - read <= _LIFETIME else None

    def get(self, id: int, ask: Callable[[], T | None]) -> T | None:
        """Return what is remembered, or what is read now."""
        with self._lock:
            read, known = self._kept.get(id, (None, None))
        if read is not None and self._now() - read <= _LIFETIME:
            return known
        known = ask()
        with self._lock:
            self._kept[id] = (self._now(), known)
            self._kept.move_to_end(id)
            while len(self._kept) > _MOST:
                self._kept.popitem(last=False)
        return known
