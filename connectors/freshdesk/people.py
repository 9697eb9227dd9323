"""Who an id of Freshdesk's is: agents and contacts share one space of ids (freshdesk-api 7, 13 to 15)."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from connectors.errors import Gone, Rejected
from connectors.freshdesk import answers, wire
from connectors.http import Http
from mappings.ticket import Person, PersonRole

_CONTACTS = 5000
"""Contacts that are remembered, unknown ones included."""
_LIFETIME = timedelta(minutes=30)
"""How long what was read about a person is believed."""


class People:
    """The people of one account, remembered for half an hour. Safe for several threads."""

    def __init__(self, http: Http, now: Callable[[], datetime]) -> None:
        self._http, self._now, self._lock = http, now, threading.Lock()
        self._me: wire.Agent | None = None
        self._agents: dict[int, wire.Profile] = {}
        self._agents_read: datetime | None = None
        self._contacts: OrderedDict[int, tuple[datetime, wire.Contact | None]] = OrderedDict()

    def whoami(self) -> wire.Agent:
        """Ask which agent the key belongs to. Raises Unauthorised."""
        self._me = answers.get(self._http, "agents/me", wire.Agent)
        return self._me

    def me(self) -> int:
        """Return our own user id, asked for once."""
        return (self._me or self.whoami()).id

    def person(self, id: int | None, embedded: wire.Contact | None = None) -> Person | None:
        """Return who `id` is; `embedded` is what an answer already said about somebody."""
        if id is None:
            return None
        if id == self.me() and self._me:
            return self._named(id, self._me.contact, PersonRole.HUB)
        if (agent := self._agent(id)) is not None:
            return self._named(id, agent, PersonRole.STAFF)
        known = embedded if embedded and embedded.id == id else self._contact(id)
        return self._named(id, known, PersonRole.CUSTOMER if known else PersonRole.UNKNOWN)

    def _named(self, id: int, said: wire.Profile | wire.Contact | None, role: PersonRole) -> Person:
        name = (said and (said.name or said.email)) or f"former user #{id}"
        return Person(self._http.connection, str(id), name, role, said.email if said else None)

    def _agent(self, id: int) -> wire.Profile | None:
        """Look an agent up; one who left stays known as long as we run, because his notes stay staff's."""
        if self._agents_read is None or (id not in self._agents and self._old(self._agents_read)):
            agents = self._read_agents()
            with self._lock:
                self._agents.update(agents)
                self._agents_read = self._now()
        return self._agents.get(id)

    def _read_agents(self) -> Mapping[int, wire.Profile]:
        """Read all agents; an account that is no admin finds their names in the ticket form (6.3)."""
        try:
            rows = answers.pages(self._http, "agents", wire.Agent, {"per_page": answers.PER_PAGE})
            return {agent.id: agent.contact for agent in rows}
        except Rejected:
            return self._form_agents()

    def _form_agents(self) -> Mapping[int, wire.Profile]:
        try:
            fields = answers.get(self._http, "ticket_fields", list[wire.TicketField])
        except Rejected:
            return {}
        choices: Any = next((f.choices for f in fields if f.type == "default_agent"), None)
        pairs = choices.items() if isinstance(choices, dict) else ()
        return {id: wire.Profile(name=name) for name, id in pairs if isinstance(id, int)}

    def _contact(self, id: int) -> wire.Contact | None:
        with self._lock:
            read, contact = self._contacts.get(id, (None, None))
        if read is not None and not self._old(read):
            return contact
        try:
            contact = answers.get(self._http, f"contacts/{id}", wire.Contact)
        except (Gone, Rejected):
            contact = None
        with self._lock:
            self._contacts[id] = (self._now(), contact)
            self._contacts.move_to_end(id)
            while len(self._contacts) > _CONTACTS:
                self._contacts.popitem(last=False)
        return contact

    def _old(self, read: datetime) -> bool:
        return self._now() - read > _LIFETIME
