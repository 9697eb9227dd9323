"""Who we are, and what the account says against working with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from connectors.base import Account, ConnectionConfig
from connectors.errors import ConfigError, WireError
from connectors.freshdesk import limits, wire
from connectors.freshdesk.form import NESTED, Form, slots, words
from connectors.freshdesk.people import People
from connectors.freshdesk.translate import CUSTOM
from connectors.http import Http
from mappings.boards import Place
from mappings.ticket import Field, Unmapped
from mappings.vocabulary import NOTHING, WORDS, Native

_FORM: tuple[tuple[Field, str], ...] = (
    ("status", "default_status"),
    ("priority", "default_priority"),
    ("type", "default_ticket_type"),
)
"""The words that the account's own ticket form lists, and the type of the form's field (6.5)."""
_FILLED = frozenset(
    {
        "default_requester",
        "default_subject",
        "default_description",
        "default_status",
        "default_priority",
        "default_source",
        "default_company",
    }
)
"""The types of fields that a ticket of ours always has, or that Freshdesk fills by itself (4.3)."""
_TEXTS = frozenset({"custom_text", "custom_paragraph", "custom_dropdown", NESTED})
"""The types of custom fields that hold text as it is sent."""
_CHOSEN = frozenset({"custom_dropdown", NESTED})
"""The types of custom fields that hold one of the account's own words."""
_MAILS = """\
Admin > Workflows > Email Notifications: 'New ticket created' and 'Agent adds a public note' mail customers
Admin > Workflows > Automations: rules that mail customers do so for the hub's updates too; exclude its agent
""".splitlines()
"""What mails customers and is shown by no call (freshdesk-api 4.3, 5.2)."""


def refuse_unusable(config: ConnectionConfig) -> None:
    """Raise ConfigError for names under `fields` that Freshdesk has fields of its own for, or no use."""
    where, usable = f"connections.{config.name}.fields", ", ".join(CUSTOM)
    unusable = [
        f"{where}.{name}: this cannot be a custom field; {usable} can"
        for name in config.fields
        if name not in CUSTOM
    ]
    unnamed = [
        f"{where}.{name}: name the ticket field, like cf_{name}"
        for name, native in config.fields.items()
        if not native.strip()
    ]
    if unusable or unnamed:
        raise ConfigError(unusable + unnamed)


@dataclass(frozen=True, slots=True)
class Admin:
    """Questions about the account itself."""

    config: ConnectionConfig
    http: Http
    people: People
    form: Form

    def whoami(self) -> Account:
        """Return the agent that the key belongs to. Raises Unauthorised."""
        me = self.people.whoami()
        return Account(str(me.id), me.contact.name or me.contact.email or f"#{me.id}", self.config.url)

    def problems(self, places: Iterable[Place]) -> list[str]:
        """Return what stands against working here; nothing is written."""
        try:
            self.whoami()
            form = self.form.read()
        except WireError as error:
            return [str(error)]
        places = list(places)
        found = [*self._words(form), *self._custom(form), *self._places(form, places)]
        found += self._required(form, creates=bool(places))
        return [f"{self.config.name}: {line}" for line in found]

    def remarks(self) -> list[str]:
        """Return what stands against nothing and should be known.

        That is the account's words that no row reads, what mails customers and is shown by no call, and what
        the limits are.
        """
        told = limits.in_words(self.http.call("GET", "agents/me", idempotent=True))
        spoken = f"the account allows {told}" if told else "the answers do not tell the account's limits"
        return [f"{self.config.name}: {line}" for line in (*self._unread(self.form.read()), *_MAILS, spoken)]

    def _words(self, form: list[wire.TicketField]) -> Iterator[str]:
        """Say which words of the vocabularies the account does not have."""
        for name, kind in _FORM:
            field = next((field for field in form if field.type == kind), None)
            if field is None:
                yield f"the ticket form has no {name}; the key's agent must be allowed to create tickets"
            else:
                yield from self._strange(name, words(field))

    def _strange(self, name: Field, known: dict[str, str]) -> Iterator[str]:
        """Name the words that the account lacks.

        A type that is only read may be missing: the default rows name those of a new account, and
        nobody can take a row away.
        """
        lens = self.config.vocabularies.get(name)
        ours = {*(lens.reads if name != "type" else ()), *lens.writes.values()} if lens else set()
        there, where = ", ".join(sorted(known)), self._where(name)
        for word in sorted(ours - known.keys() - {NOTHING}):
            yield f"{name} {word!r} is not one of the account's ({there}); correct {where}"

    def _unread(self, form: list[wire.TicketField]) -> Iterator[str]:
        """Name the account's words that no row reads: they are never copied."""
        for name, known in self._chosen(form):
            lens, where = self.config.vocabularies.get(name), self._where(name)
            for word, label in known.items():
                if lens and isinstance(lens.get(Native(word)), Unmapped):
                    called = repr(word) if label == word else f"{word!r} ({label})"
                    yield f"{name} {called} is read by no row; add what it means to read in {where}"

    def _chosen(self, form: list[wire.TicketField]) -> Iterator[tuple[Field, dict[str, str]]]:
        """Yield each field that is a choice of words, with the account's words."""
        types, there = {field.type: field for field in form}, slots(form)
        yield from ((name, words(types[kind])) for name, kind in _FORM if kind in types)
        for name, native in self.config.fields.items():
            if native in there and there[native][0].type in _CHOSEN:
                yield name, words(*there[native])

    def _where(self, name: Field) -> str:
        return f"[connections.{self.config.name}.vocabulary.{name}]"

    def _custom(self, form: list[wire.TicketField]) -> Iterator[str]:
        there, where = slots(form), f"[connections.{self.config.name}.fields]"
        for name, native in self.config.fields.items():
            field, level = there.get(native, (None, 1))
            if field is None:
                yield f"there is no ticket field {native!r} for {name}; create it or correct {where}"
            elif field.type not in _TEXTS:
                yield f"field {native!r} for {name} is a {field.type}; use a text or dropdown field"
            elif name in WORDS and name not in self.config.vocabularies:
                yield f"{name} has a field but no words; add {self._where(name)}"
            elif name in WORDS and field.type in _CHOSEN:
                yield from self._strange(name, words(field, level))

    def _places(self, form: list[wire.TicketField], places: list[Place]) -> Iterator[str]:
        kinds: set[str] = set()
        for field in form:
            kinds |= words(field).keys() if field.type == "default_ticket_type" else set()
        for place in places:
            if place.key:
                yield f"place {place.key!r}: Freshdesk has no projects; leave its key empty"
            if place.kind and place.kind not in kinds:
                yield f"place {place.key!r}: {place.kind!r} is not one of the account's ticket types"

    def _required(self, form: list[wire.TicketField], *, creates: bool) -> Iterator[str]:
        """Name the required fields that we leave empty: calls fail on them (freshdesk-api 7, 12)."""
        ours = set(self.config.fields.values())
        for field in form:
            if field.type in _FILLED or ours & slots([field]).keys():
                continue
            title = f"field {field.label or field.name!r} ({field.name})"
            if field.required_for_agents and creates:
                yield f"{title} must be filled to create a ticket; make it optional for agents"
            if field.required_for_closure:
                yield f"{title} must be filled to close a ticket; closing fails until an agent has filled it"
