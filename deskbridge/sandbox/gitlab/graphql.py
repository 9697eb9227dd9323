"""GraphQL requests: read into a tree, checked against types, executed. Only what clients of it send.

Errors are worded and shaped as the Ruby library behind the real server does it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_TOKEN = re.compile(
    r'(?P<skip>[\s,\ufeff]+|#[^\n]*)|(?P<block>"""(?:[^"\\]|\\.|"(?!""))*""")|(?P<string>"(?:[^"\\\n]|\\.)*")'
    r"|(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?P<name>[A-Za-z_]\w*)|(?P<mark>\.\.\.|[!$():=@\[\]{}|&])"
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_DEEPEST = 60


class Wrong(Exception):
    """A request that cannot be executed: the whole answer is this error."""

    def __init__(self, message: str, at: tuple[int, int], **more: Any) -> None:
        super().__init__(message)
        line, column = at
        self.error = {"message": message, "locations": [{"line": line, "column": column}], **more}


@dataclass(frozen=True, slots=True)
class Variable:
    """``$name`` as a value."""

    name: str


@dataclass(slots=True)
class Selection:
    """A field, or (with `on` or `spread`) a fragment."""

    at: tuple[int, int]
    name: str = ""
    alias: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)
    directives: dict[str, dict[str, Any]] = field(default_factory=dict)
    below: list[Selection] = field(default_factory=list)
    on: str | None = None
    spread: str | None = None


@dataclass(slots=True)
class Operation:
    """A query or a mutation."""

    kind: str
    name: str
    variables: dict[str, tuple[str, Any]]
    """Their types as written, and their defaults."""
    selections: list[Selection]


@dataclass(slots=True)
class Document:
    """A whole request."""

    operations: list[Operation]
    fragments: dict[str, tuple[str, list[Selection]]]


def parse(text: str) -> Document:
    """Return the tree of a request; raises Wrong."""
    return _Reader(text).document()


class _Reader:
    """Reads tokens from left to right."""

    def __init__(self, text: str) -> None:
        self._text, self._tokens, at = text, [], 0
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None:
                raise Wrong(f"Expected a token, actual: {text[at]!r}", self._place(at))
            if match.lastgroup != "skip":
                self._tokens.append((str(match.lastgroup), match[0], at))
            at = match.end()
        self._tokens.append(("end", "", len(text)))
        self._next = self._depth = 0

    def _place(self, at: int) -> tuple[int, int]:
        return self._text.count("\n", 0, at) + 1, at - self._text.rfind("\n", 0, at)

    @property
    def _here(self) -> tuple[int, int]:
        return self._place(self._tokens[self._next][2])

    @property
    def _word(self) -> str:
        return self._tokens[self._next][1]

    def _take(self, wanted: str = "", kind: str = "") -> str:
        """Return the next token, which must be `wanted` or of `kind`."""
        found, text, at = self._tokens[self._next]
        if (wanted and text != wanted) or (kind and found != kind):
            actual = text or "end of file"
            line, column = self._place(at)
            expected = wanted or kind.upper()
            raise Wrong(f'Expected {expected}, actual: "{actual}" at [{line}, {column}]', (line, column))
        self._next += found != "end"
        return text

    def _taken(self, wanted: str) -> bool:
        """Whether `wanted` stood here; if so it is behind us now."""
        found = self._word == wanted and self._tokens[self._next][0] in ("mark", "name")
        self._next += found
        return found

    def document(self) -> Document:
        document = Document([], {})
        while self._tokens[self._next][0] != "end":
            if self._taken("fragment"):
                name = self._take(kind="name")
                self._take("on")
                document.fragments[name] = (self._take(kind="name"), self._selections())
            else:
                document.operations.append(self._operation())
        if not document.operations:
            raise Wrong("Unexpected end of document", self._here)
        return document

    def _operation(self) -> Operation:
        if self._word == "{":
            return Operation("query", "", {}, self._selections())
        kind = self._take(kind="name")
        if kind not in ("query", "mutation"):
            self._next -= 1
            self._take("query")
        name = self._take(kind="name") if self._word not in ("{", "(", "@") else ""
        variables: dict[str, tuple[str, Any]] = {}
        if self._taken("("):
            while not self._taken(")"):
                self._take("$")
                known = self._take(kind="name")
                self._take(":")
                variables[known] = (self._type(), self._value() if self._taken("=") else None)
        self._directives()
        return Operation(kind, name, variables, self._selections())

    def _type(self) -> str:
        if self._taken("["):
            inner = f"[{self._type()}]"
            self._take("]")
        else:
            inner = self._take(kind="name")
        return inner + ("!" if self._taken("!") else "")

    def _selections(self) -> list[Selection]:
        self._take("{")
        self._depth += 1
        if self._depth > _DEEPEST:
            raise Wrong("Query has depth of more than 60, which exceeds max depth of 60", self._here)
        found = []
        while not self._taken("}"):
            found.append(self._selection())
        self._depth -= 1
        return found

    def _selection(self) -> Selection:
        one = Selection(self._here)
        if self._taken("..."):
            if self._taken("on"):
                one.on = self._take(kind="name")
            elif self._tokens[self._next][0] == "name":
                one.spread = self._take(kind="name")
                one.directives = self._directives()
                return one
            else:
                one.on = ""
            one.directives = self._directives()
            one.below = self._selections()
            return one
        one.alias = one.name = self._take(kind="name")
        if self._taken(":"):
            one.name = self._take(kind="name")
        one.arguments = self._arguments()
        one.directives = self._directives()
        one.below = self._selections() if self._word == "{" else []
        return one

    def _arguments(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if self._taken("("):
            while not self._taken(")"):
                name = self._take(kind="name")
                self._take(":")
                found[name] = self._value()
        return found

    def _directives(self) -> dict[str, dict[str, Any]]:
        found = {}
        while self._taken("@"):
            name = self._take(kind="name")
            found[name] = self._arguments()
        return found

    def _value(self) -> Any:
        kind, text, _ = self._tokens[self._next]
        if self._taken("$"):
            return Variable(self._take(kind="name"))
        if self._taken("["):
            values = []
            while not self._taken("]"):
                values.append(self._value())
            return values
        if self._taken("{"):
            members = {}
            while not self._taken("}"):
                name = self._take(kind="name")
                self._take(":")
                members[name] = self._value()
            return members
        self._next += kind != "end"
        match kind:
            case "string":
                return _unescaped(text[1:-1])
            case "block":
                return text[3:-3].replace('\\"""', '"""').strip("\n")
            case "number":
                return float(text) if re.search("[.eE]", text) else int(text)
            case "name":
                return {"true": True, "false": False, "null": None}.get(text, text)
            case _:
                self._next -= kind != "end"
                return self._take(kind="value")


def _unescaped(text: str) -> str:
    def one(match: re.Match[str]) -> str:
        return chr(int(match[1][1:], 16)) if match[1][0] == "u" else _ESCAPES.get(match[1], match[1])

    return re.sub(r"\\(u[0-9a-fA-F]{4}|.)", one, text)


def given(operation: Operation, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the variables of an operation by the values that came with it; raises Wrong."""
    found = {}
    for name, (kind, default) in operation.variables.items():
        value = values.get(name, default)
        if value is None and kind.endswith("!"):
            problem = {"path": [], "explanation": "Expected value to not be null"}
            more = {"extensions": {"value": None, "problems": [problem]}}
            raise Wrong(f"Variable ${name} of type {kind} was provided invalid value", (1, 1), **more)
        found[name] = value
    return found
