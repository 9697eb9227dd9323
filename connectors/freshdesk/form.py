"""The account's ticket form: which words its fields take (freshdesk-api 6.5). Pure but for `Form`.

A dependent field is a tree of words; each of its levels is a field of its own, and a ticket must hold a
whole path of the tree (freshdesk-api 4.4).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from connectors.errors import Gone, Rejected
from connectors.freshdesk import answers, wire
from connectors.http import Http

STATUS, NESTED, _GROUP = "default_status", "nested_field", "default_group"
_LIFETIME = timedelta(minutes=30)
"""How long a form is believed."""
_LEVELS = 3

Path = tuple[str, ...]


class Form:
    """The ticket form of one account, remembered for half an hour. Two threads may both read it."""

    def __init__(self, http: Http, now: Callable[[], datetime]) -> None:
        self._http, self._now = http, now
        self._read: tuple[datetime, list[wire.TicketField]] | None = None

    def read(self) -> list[wire.TicketField]:
        """Return the form's fields, asked for anew; archived ones are not on it."""
        found = answers.pages(self._http, "ticket_fields", wire.TicketField, {})
        fields = [field for field in found if not field.archived]
        self._read = (self._now(), fields)
        return fields

    def fields(self) -> list[wire.TicketField]:
        """Return the form's fields."""
        if self._read is None or self._now() - self._read[0] > _LIFETIME:
            return self.read()
        return self._read[1]

    def told(self) -> list[wire.TicketField]:
        """Return the form's fields; none where the key may not see them."""
        try:
            return self.fields()
        except (Gone, Rejected):
            return []

    def group(self, id: int | None) -> str:
        """Return what people call a group; empty for none, its number where the form does not tell.

        Groups themselves are told to an admin's key only, their names on the form to any (freshdesk-api 6.3).
        """
        if id is None:
            return ""
        names = next((words(field) for field in self.told() if field.type == _GROUP), {})
        return names.get(str(id)) or f"group #{id}"


def words(field: wire.TicketField, level: int = 1) -> dict[str, str]:
    """Return the words that a field may hold natively, each with what people call it.

    Each type lists them in a shape of its own; `level` is that of a dependent field.
    """
    said: Any = field.choices
    if field.type == NESTED:
        found = (path[level - 1] for path in paths(said) if len(path) >= level)
        return {word: word for word in found}
    if isinstance(said, dict):
        pairs = said.items() if field.type == STATUS else ((id, label) for label, id in said.items())
        return {str(id): _label(label) for id, label in pairs}
    return {word: word for word in said if isinstance(word, str)} if isinstance(said, list) else {}


def slots(fields: Iterable[wire.TicketField]) -> dict[str, tuple[wire.TicketField, int]]:
    """Return each name that tickets know, with its field and, in a dependent field, its level."""
    found = {}
    for field in fields:
        found[field.name] = (field, 1)
        for lower in field.nested_ticket_fields:
            found[lower.name] = (field, lower.level)
    return found


def whole(
    fields: Iterable[wire.TicketField],
    wanted: Mapping[str, str | None],
    stated: Mapping[str, str | None],
    refuse: Callable[[str, str], Rejected],
) -> dict[str, str | None]:
    """Return the custom fields to send: with a level of a dependent field go all that belong to it.

    `stated` is what the ticket holds, as far as it is known. Raises what `refuse` makes of a field and
    what is wrong with it: a word that no path has, or that several have.
    """
    sent = dict(wanted)
    for field in fields:
        levels = [field.name, *(lower.name for lower in sorted(field.nested_ticket_fields, key=_depth))]
        if field.type == NESTED and sent.keys() & set(levels):
            sent |= _levels(field, levels, wanted, stated, refuse)
    return sent


def _levels(
    field: wire.TicketField,
    levels: list[str],
    wanted: Mapping[str, str | None],
    stated: Mapping[str, str | None],
    refuse: Callable[[str, str], Rejected],
) -> dict[str, str | None]:
    given = {depth: word for depth, name in enumerate(levels) if (word := wanted.get(name)) is not None}
    if not given:
        emptied = min(depth for depth, name in enumerate(levels) if name in wanted)
        return dict.fromkeys(levels[emptied:])
    deepest = max(given)
    found = {path for path in paths(field.choices) if len(path) == deepest + 1}
    found = {path for path in found if all(path[depth] == word for depth, word in given.items())}
    if len(found) > 1:
        known = {depth: stated.get(name) for depth, name in enumerate(levels[:deepest])}
        found = {path for path in found if all(path[d] == word for d, word in known.items() if word)}
    if len(found) != 1:
        wrong = "no such choice" if not found else "several choices have this word"
        raise refuse(levels[deepest], wrong)
    path: list[str | None] = [*found.pop(), *[None] * (len(levels) - deepest - 1)]
    return dict(zip(levels, path, strict=True))


def paths(choices: object, depth: int = _LEVELS) -> Iterator[Path]:
    """Yield every path of a tree of words, in either of the shapes that trees have."""
    if depth and isinstance(choices, dict):
        for word, below in choices.items():
            yield (str(word),)
            yield from ((str(word), *rest) for rest in paths(below, depth - 1))
    elif depth and isinstance(choices, list):
        for part in choices:
            if isinstance(part, str):
                yield (part,)
            else:
                yield from paths(part, depth)


def _depth(lower: wire.Level) -> int:
    return lower.level


def _label(label: object) -> str:
    return str(label[0]) if isinstance(label, list) and label else str(label)
