"""The whole instance as rows of JSON and back. Tokens are left out: those of the running one stay valid.

Every row is ``[class, number, fields...]``; wherever a field holds another row it is ``{"row": number}``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from deskbridge.sandbox.gitlab import places, records
from deskbridge.sandbox.gitlab.places import Level
from deskbridge.sandbox.gitlab.site import TABLES, Site

_CLASSES: dict[str, type[Any]] = {
    kind.__name__: kind
    for kind in (
        *(
            places.User,
            places.Group,
            places.Desk,
            places.Project,
            places.Label,
            places.Milestone,
            places.Status,
        ),
        *(
            records.Award,
            records.Event,
            records.Timelog,
            records.Note,
            records.Issue,
            records.Link,
            records.Upload,
        ),
        *(records.BoardList, records.Board, records.Todo, records.Sent, records.Hook),
    )
}
_FIELDS = {
    name: tuple(field.name for field in dataclasses.fields(kind) if field.name != "changes")
    for name, kind in _CLASSES.items()
}
_AS_IT_IS = (str, int, bool, float, Level)
_KEPT = tuple(name for name in TABLES if name != "tokens")


def dump(site: Site) -> dict[str, Any]:
    """Return the state: its roots, and an iterator of all rows that can be reached from them."""
    book = _Book()
    roots = {name: book.plain(getattr(site, name)) for name in _KEPT}
    roots |= {"last": dict(site.last), "accounts": book.plain(site.accounts)}
    return {"roots": roots, "rows": book.rows()}


class _Book:
    """Numbers rows as they are met, and writes each of them once."""

    def __init__(self) -> None:
        self._numbers: dict[int, int] = {}
        self._met: list[Any] = []

    def rows(self) -> Iterator[list[Any]]:
        """Yield the rows; writing one may meet more."""
        at = 0
        while at < len(self._met):
            row = self._met[at]
            name = type(row).__name__
            yield [name, at, *(self.plain(getattr(row, field)) for field in _FIELDS[name])]
            at += 1

    def plain(self, value: Any) -> Any:
        """Return a value as JSON."""
        if value is None or type(value) in _AS_IT_IS:
            return value
        match value:
            case bytes():
                return {"text": records.unpack(value)}
            case datetime():
                return {"at": value.isoformat()}
            case date():
                return {"day": value.isoformat()}
            case list() | tuple():
                return [self.plain(one) for one in value]
            case set():
                return {"set": [self.plain(one) for one in value]}
            case dict():
                return {"map": [[self.plain(key), self.plain(one)] for key, one in value.items()]}
            case _:
                return {"row": self._number(value)}

    def _number(self, row: Any) -> int:
        number = self._numbers.setdefault(id(row), len(self._met))
        if number == len(self._met):
            self._met.append(row)
        return number


def restore(site: Site, state: dict[str, Any]) -> None:
    """Put a dumped state into the site; raises ValueError when it is none."""
    rows, roots = state.pop("rows"), state.pop("roots")
    try:
        made = [object.__new__(_CLASSES[row[0]]) for row in rows]
        while rows:
            row = rows.pop()
            _fill(made[row[1]], row, made)
        real = {name: value if name == "last" else _real(value, made) for name, value in roots.items()}
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise ValueError(f"that is no state of a GitLab: {error!r}") from error
    site.clear()
    for name, value in real.items():
        setattr(site, name, value)
    for place in site.projects.values():
        place.changes = site.changes
    for todo in site.todos.values():
        if todo.state == "pending":
            site.waiting.setdefault((todo.user.id, todo.issue.id), []).append(todo)


def _fill(target: Any, row: list[Any], made: list[Any]) -> None:
    for field, value in zip(_FIELDS[row[0]], row[2:], strict=True):
        setattr(target, field, _real(value, made))
    if isinstance(target, places.Project | places.Group):
        target.members = {user: Level(level) for user, level in target.members.items()}


def _real(value: Any, made: list[Any]) -> Any:
    if isinstance(value, list):
        return [_real(one, made) for one in value]
    if not isinstance(value, dict):
        return value
    ((kind, inner),) = value.items()
    match kind:
        case "row":
            return made[inner]
        case "text":
            return records.pack(inner)
        case "at":
            return datetime.fromisoformat(inner)
        case "day":
            return date.fromisoformat(inner)
        case "set":
            return {_real(one, made) for one in inner}
        case _:
            return {_real(key, made): _real(one, made) for key, one in inner}
