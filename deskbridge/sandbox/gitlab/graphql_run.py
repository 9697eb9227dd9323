"""GraphQL requests checked against the types and executed: fields, connections, fragments, errors."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from deskbridge.sandbox.gitlab.graphql import Document, Operation, Selection, Variable
from deskbridge.sandbox.gitlab.places import User
from deskbridge.sandbox.gitlab.site import Site
from deskbridge.sandbox.kernel import Refused

Path = list[str | int]
_MOST = 100
NO_RESOURCE = (
    "The resource that you are attempting to access does not exist or you don't have permission to perform "
    "this action"
)
_PAGING = ("first", "last", "after", "before")
_CONNECTION = ("nodes", "edges", "pageInfo", "count")


def fitting(value: Any, kind: type, name: str) -> Any:
    """Return an argument of that kind, or nothing when it is not given; raises Failed for any other."""
    if value is not None and (not isinstance(value, kind) or (kind is int and isinstance(value, bool))):
        raise Failed(f"Argument '{name}' has an invalid value ({value!r})")
    return value


def texts(value: Any, name: str) -> list[str]:
    """Return an argument that is a list of texts; a single one counts as a list of one."""
    rows = [value] if isinstance(value, str) else fitting(value, list, name) or []
    return [str(fitting(one, str, name)) for one in rows]


class Failed(Exception):
    """A field that cannot be answered: null, and an error beside the data."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a type: what it returns, how, and the arguments it takes (those with ``!`` it needs)."""

    kind: str
    """The name of a type, "" for a scalar; behind it ``[]`` for a list, ``*`` for a connection."""
    get: Callable[[Context, Any, dict[str, Any]], Any]
    takes: tuple[str, ...] = ()

    @property
    def inner(self) -> str:
        """Return the name of the type without what stands behind it."""
        return self.kind.rstrip("[]*")

    @property
    def names(self) -> set[str]:
        """Return the names of all arguments."""
        return {name.rstrip("!") for name in self.takes} | set(_PAGING if self.kind.endswith("*") else ())


@dataclass(frozen=True, slots=True)
class Typed:
    """A value of which only the server knows which of several types it has."""

    kind: str
    value: Any


@dataclass(slots=True)
class Context:
    """One request being executed."""

    site: Site
    user: User
    types: Mapping[str, Mapping[str, Field]]
    members: Mapping[str, Sequence[str]]
    """The types behind each interface."""
    document: Document
    variables: dict[str, Any]
    errors: list[dict[str, Any]] = field(default_factory=list)

    def real(self, value: Any) -> Any:
        """Return an argument with the values of its variables."""
        if isinstance(value, Variable):
            return self.variables.get(value.name)
        if isinstance(value, list):
            return [self.real(one) for one in value]
        if isinstance(value, dict):
            known = {k: v for k, v in value.items() if not self._absent(v)}
            return {name: self.real(one) for name, one in known.items()}
        return value

    def _absent(self, value: Any) -> bool:
        return isinstance(value, Variable) and value.name not in self.variables

    def fits(self, wanted: str, kind: str) -> bool:
        """Whether a fragment on `wanted` is for a value of type `kind`."""
        return wanted in ("", kind) or kind in self.members.get(wanted, ())


def execute(context: Context, operation: Operation) -> dict[str, Any]:
    """Return the answer of a checked operation."""
    kind = "Query" if operation.kind == "query" else "Mutation"
    data = _object(context, kind, None, operation.selections, [])
    return {"data": data} | ({"errors": context.errors} if context.errors else {})


def _object(context: Context, kind: str, value: Any, selections: list[Selection], path: Path) -> Any:
    fields: dict[str, list[Selection]] = {}
    for one in _flat(context, kind, selections):
        fields.setdefault(one.alias, []).append(one)
    return {alias: _answer(context, kind, value, rows, [*path, alias]) for alias, rows in fields.items()}


def _flat(context: Context, kind: str, selections: list[Selection]) -> Iterator[Selection]:
    """Yield the fields that apply to a type, with fragments and directives resolved."""
    for one in selections:
        skip = context.real(one.directives.get("skip", {}).get("if", False))
        if skip or not context.real(one.directives.get("include", {}).get("if", True)):
            continue
        if one.spread is not None:
            on, below = context.document.fragments[one.spread]
            if context.fits(on, kind):
                yield from _flat(context, kind, below)
        elif one.on is None:
            yield one
        elif context.fits(one.on, kind):
            yield from _flat(context, kind, one.below)


def _answer(context: Context, kind: str, value: Any, rows: list[Selection], path: Path) -> Any:
    one, below = rows[0], [each for row in rows for each in row.below]
    if one.name == "__typename":
        return kind
    wanted = context.types[kind][one.name]
    try:
        return _found(context, wanted, value, context.real(one.arguments), below, path)
    except Failed as error:
        place = {"line": one.at[0], "column": one.at[1]}
        context.errors.append({"message": str(error), "locations": [place], "path": path})
        return None
    except Refused as refusal:  # a rule that REST answers with a status
        body = refusal.body if isinstance(refusal.body, dict) else {}
        context.errors.append({"message": str(body.get("message", refusal.status)), "path": path})
        return None


def _found(
    context: Context, wanted: Field, value: Any, arguments: dict[str, Any], below: list[Selection], path: Path
) -> Any:
    found = wanted.get(context, value, arguments)
    if found is None or not wanted.kind:
        return found
    if wanted.kind.endswith("*"):
        return _connection(context, wanted.inner, found, arguments, below, path)
    if wanted.kind.endswith("[]"):
        return [_typed(context, wanted.inner, each, below, [*path, at]) for at, each in enumerate(found)]
    return _typed(context, wanted.inner, found, below, path)


def _typed(context: Context, kind: str, value: Any, below: list[Selection], path: Path) -> Any:
    if isinstance(value, Typed):
        kind, value = value.kind, value.value
    return _object(context, kind, value, below, path)


def _cursor(at: int) -> str:
    return base64.urlsafe_b64encode(str(at).encode()).decode().rstrip("=")


def _place(cursor: object) -> int:
    text = str(cursor)
    try:
        return int(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError as error:
        raise Failed("Please provide a valid cursor") from error


def _cut(rows: Sequence[Any], arguments: dict[str, Any]) -> tuple[int, int]:
    """Return which rows a page has."""
    start = _place(arguments["after"]) + 1 if arguments.get("after") else 0
    end = _place(arguments["before"]) if arguments.get("before") else len(rows)
    if arguments.get("last") is not None:
        return max(start, end - _size(arguments["last"])), end
    return start, min(end, start + _size(arguments.get("first")))


def _size(given: object) -> int:
    size = fitting(given, int, "first")
    return _MOST if size is None else min(max(0, size), _MOST)


def _connection(
    context: Context,
    kind: str,
    rows: Sequence[Any],
    arguments: dict[str, Any],
    selections: list[Selection],
    path: Path,
) -> dict[str, Any]:
    start, end = _cut(rows, arguments)
    page = rows[start:end]
    answer: dict[str, Any] = {}
    for one in _flat(context, f"{kind}Connection", selections):
        place = [*path, one.alias]
        match one.name:
            case "nodes":
                answer[one.alias] = [
                    _typed(context, kind, row, one.below, [*place, at]) for at, row in enumerate(page)
                ]
            case "edges":
                answer[one.alias] = [
                    _edge(context, kind, row, one, [*place, at], start + at) for at, row in enumerate(page)
                ]
            case "pageInfo":
                ends = {
                    "hasNextPage": end < len(rows),
                    "hasPreviousPage": start > 0,
                    "startCursor": _cursor(start) if page else None,
                    "endCursor": _cursor(end - 1) if page else None,
                    "__typename": "PageInfo",
                }
                answer[one.alias] = {
                    each.alias: ends[each.name] for each in _flat(context, "PageInfo", one.below)
                }
            case "count":
                answer[one.alias] = len(rows)
            case _:
                answer[one.alias] = f"{kind}Connection"
    return answer


def _edge(context: Context, kind: str, row: Any, one: Selection, path: Path, at: int) -> dict[str, Any]:
    answer = {}
    for each in _flat(context, f"{kind}Edge", one.below):
        match each.name:
            case "node":
                answer[each.alias] = _typed(context, kind, row, each.below, [*path, each.alias])
            case "cursor":
                answer[each.alias] = _cursor(at)
            case _:
                answer[each.alias] = f"{kind}Edge"
    return answer


def problems(context: Context, operation: Operation) -> list[dict[str, Any]]:
    """Return what is wrong with an operation before anything is executed."""
    checker = _Checker(context, operation)
    name = f"{operation.kind} {operation.name}".strip()
    checker.walk("Query" if operation.kind == "query" else "Mutation", operation.selections, [name], ())
    return checker.found


class _Checker:
    """Walks an operation by the types."""

    def __init__(self, context: Context, operation: Operation) -> None:
        self._context, self._operation = context, operation
        self.found: list[dict[str, Any]] = []

    def _tell(self, one: Selection, path: Path, message: str, code: str, **more: Any) -> None:
        place = {"line": one.at[0], "column": one.at[1]}
        extensions = {"code": code, **more}
        self.found.append({"message": message, "locations": [place], "path": path, "extensions": extensions})

    def walk(self, kind: str, selections: list[Selection], path: Path, inside: tuple[str, ...]) -> None:
        for one in selections:
            if one.spread is not None:
                self._spread(one, path, inside)
            elif one.on is not None:
                on = one.on or kind
                self._fragment(one, on, one.below, [*path, f"... on {on}"], inside)
            elif one.name != "__typename":
                self._field(kind, one, [*path, one.alias], inside)

    def _spread(self, one: Selection, path: Path, inside: tuple[str, ...]) -> None:
        name = one.spread or ""
        if name in inside:
            self._tell(
                one, path, f"Fragment {name} contains an infinite loop", "infiniteLoop", fragmentName=name
            )
        elif name not in self._context.document.fragments:
            text = f"Fragment {name} was used, but not defined"
            self._tell(one, path, text, "useAndDefineFragment", fragmentName=name)
        else:
            on, below = self._context.document.fragments[name]
            self._fragment(one, on, below, [f"fragment {name}"], (*inside, name))

    def _fragment(
        self, one: Selection, on: str, below: list[Selection], path: Path, inside: tuple[str, ...]
    ) -> None:
        if on not in self._context.types and not on.endswith(("Connection", "Edge")):
            text = f"No such type {on}, so it can't be a fragment condition"
            self._tell(one, path, text, "undefinedType", typeName=on)
        else:
            self.walk(on, below, path, inside)

    def _field(self, kind: str, one: Selection, path: Path, inside: tuple[str, ...]) -> None:
        if kind.endswith("Connection") and one.name in _CONNECTION:
            self._of_connection(kind.removesuffix("Connection"), one, path, inside)
            return
        if kind.endswith("Edge") and one.name in ("node", "cursor"):
            self.walk(kind.removesuffix("Edge"), one.below, path, inside)
            return
        wanted = self._context.types.get(kind, {}).get(one.name)
        if wanted is None:
            text = f"Field '{one.name}' doesn't exist on type '{kind}'"
            self._tell(one, path, text, "undefinedField", typeName=kind, fieldName=one.name)
            return
        self._arguments(wanted, one, path)
        inner = wanted.inner + ("Connection" if wanted.kind.endswith("*") else "")
        if inner and not one.below:
            text = (
                f"Field must have selections (field '{one.name}' returns {inner} but has no selections. "
                f"Did you mean '{one.name} {{ ... }}'?)"
            )
            self._tell(one, path, text, "selectionMismatch", nodeName=f"field '{one.name}'", typeName=inner)
        elif one.below and not inner:
            names = ", ".join(each.name for each in one.below)
            text = (
                f"Selections can't be made on scalars (field '{one.name}' returns String but has "
                f"selections [{names}])"
            )
            self._tell(
                one, path, text, "selectionMismatch", nodeName=f"field '{one.name}'", typeName="String"
            )
        elif inner:
            self.walk(inner, one.below, path, inside)

    def _of_connection(self, kind: str, one: Selection, path: Path, inside: tuple[str, ...]) -> None:
        below = {"nodes": kind, "edges": f"{kind}Edge", "pageInfo": "PageInfo"}.get(one.name)
        if below:
            self.walk(below, one.below, path, inside)

    def _arguments(self, wanted: Field, one: Selection, path: Path) -> None:
        for name, value in one.arguments.items():
            if name not in wanted.names:
                text = f"Field '{one.name}' doesn't accept argument '{name}'"
                more = {"name": one.name, "typeName": "Field", "argumentName": name}
                self._tell(one, [*path, name], text, "argumentNotAccepted", **more)
            self._variables(value, one, path)
        missing = [
            n.rstrip("!") for n in wanted.takes if n.endswith("!") and n.rstrip("!") not in one.arguments
        ]
        if missing:
            text = f"Field '{one.name}' is missing required arguments: {', '.join(missing)}"
            more = {"className": "Field", "name": one.name, "arguments": ", ".join(missing)}
            self._tell(one, path, text, "missingRequiredArguments", **more)

    def _variables(self, value: Any, one: Selection, path: Path) -> None:
        if isinstance(value, Variable) and value.name not in self._operation.variables:
            name = self._operation.name or f"anonymous {self._operation.kind}"
            text = f"Variable ${value.name} is used by {name} but not declared"
            self._tell(one, path, text, "variableNotDefined", variableName=value.name)
        for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            self._variables(inner, one, path)
