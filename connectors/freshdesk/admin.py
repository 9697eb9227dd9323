"""Who we are, and what the account says against working with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from connectors.base import Account, ConnectionConfig
from connectors.errors import WireError
from connectors.freshdesk import answers, wire
from connectors.freshdesk.people import People
from connectors.freshdesk.translate import CUSTOM
from connectors.http import Http
from mappings.boards import Place
from mappings.ticket import Field
from mappings.vocabulary import NOTHING, WORDS

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
_TEXTS = frozenset({"custom_text", "custom_paragraph", "custom_dropdown"})
"""The types of custom fields that hold text as it is sent."""


@dataclass(frozen=True, slots=True)
class Admin:
    """Questions about the account itself."""

    config: ConnectionConfig
    http: Http
    people: People

    def whoami(self) -> Account:
        """Return the agent that the key belongs to. Raises Unauthorised."""
        me = self.people.whoami()
        return Account(str(me.id), me.contact.name or me.contact.email or f"#{me.id}", self.config.url)

    def problems(self, places: Iterable[Place]) -> list[str]:
        """Return what stands against working here; nothing is written."""
        try:
            self.whoami()
            form = list(answers.pages(self.http, "ticket_fields", wire.TicketField, {}))
        except WireError as error:
            return [str(error)]
        there = {field.name: field for field in form if not field.archived}
        places = list(places)
        found = [*self._words(form), *self._custom(there), *self._places(form, places)]
        found += self._required(form, creates=bool(places))
        return [f"{self.config.name}: {line}" for line in found]

    def _words(self, form: list[wire.TicketField]) -> Iterator[str]:
        """Say which words of the vocabularies the account does not have."""
        for name, kind in _FORM:
            field = next((field for field in form if field.type == kind), None)
            if field is None:
                yield f"the ticket form has no {name}; the key's agent must be allowed to create tickets"
            else:
                yield from self._strange(name, field, f"[connections.{self.config.name}.vocabulary.{name}]")

    def _strange(self, name: Field, field: wire.TicketField, where: str) -> Iterator[str]:
        """Name the words that the account lacks.

        A type that is only read may be missing: the default rows name those of a new account, and
        nobody can take a row away.
        """
        lens, known = self.config.vocabularies.get(name), choices(field)
        words = {*(lens.reads if name != "type" else ()), *lens.writes.values()} if lens else set()
        for word in sorted(words - known - {NOTHING}):
            yield f"{name} {word!r} is not one of the account's ({', '.join(sorted(known))}); correct {where}"

    def _custom(self, there: dict[str, wire.TicketField]) -> Iterator[str]:
        where = f"[connections.{self.config.name}.fields]"
        for name, native in self.config.fields.items():
            field, words = there.get(native), f"[connections.{self.config.name}.vocabulary.{name}]"
            if name not in CUSTOM:
                yield f"{name} has a field of its own; remove it from {where}"
            elif field is None:
                yield f"there is no ticket field {native!r} for {name}; create it or correct {where}"
            elif field.type not in _TEXTS:
                yield f"field {native!r} for {name} is a {field.type}; use a text or dropdown field"
            elif name in WORDS and name not in self.config.vocabularies:
                yield f"{name} has a field but no words; add {words}"
            elif name in WORDS and field.type == "custom_dropdown":
                yield from self._strange(name, field, words)

    def _places(self, form: list[wire.TicketField], places: list[Place]) -> Iterator[str]:
        kinds: set[str] = set()
        for field in form:
            kinds |= choices(field) if field.type == "default_ticket_type" else set()
        for place in places:
            if place.key:
                yield f"place {place.key!r}: Freshdesk has no projects; leave its key empty"
            if place.kind and place.kind not in kinds:
                yield f"place {place.key!r}: {place.kind!r} is not one of the account's ticket types"

    def _required(self, form: list[wire.TicketField], *, creates: bool) -> Iterator[str]:
        """Name the required fields that we leave empty: calls fail on them (freshdesk-api 7, 12)."""
        ours = set(self.config.fields.values())
        for field in form:
            if field.archived or field.type in _FILLED or field.name in ours:
                continue
            title = f"field {field.label or field.name!r} ({field.name})"
            if field.required_for_agents and creates:
                yield f"{title} must be filled to create a ticket; make it optional for agents"
            if field.required_for_closure:
                yield f"{title} must be filled to close a ticket; closing fails until an agent has filled it"


def choices(field: wire.TicketField) -> set[str]:
    """Return the native words that a field may hold; each type lists them in a shape of its own (6.5)."""
    said: Any = field.choices
    if isinstance(said, dict):
        return set(said) if field.type == "default_status" else {str(id) for id in said.values()}
    return {word for word in said if isinstance(word, str)} if isinstance(said, list) else set()
