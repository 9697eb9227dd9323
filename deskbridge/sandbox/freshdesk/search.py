"""The query language of the searches (reference 3.4)."""

from __future__ import annotations

import re
from typing import Any, NoReturn

from deskbridge.sandbox.freshdesk import searched
from deskbridge.sandbox.freshdesk.form import invalid
from deskbridge.sandbox.freshdesk.state import Account

_LONGEST = 512
_TOKEN = re.compile(r"\s*(?:([()])|(AND|OR)\b|([A-Za-z]\w*):([<>]?)\s?('[^']*'|[^\s()']+))")
Token = tuple[str, ...]


def found(account: Account, kind: str, query: str | None) -> list[int]:
    """Return the ids that a query finds, ascending; refuses a malformed one."""
    if not query:
        invalid("query", "Mandatory attribute missing", "missing_field")
    if len(query) > _LONGEST or len(query) < 2 or query[0] != '"' or query[-1] != '"':
        invalid("query", f"It should be in double quotes and at most {_LONGEST} characters long")
    return sorted(_Parser(account, kind, query[1:-1]).whole())


class _Parser:
    """Recursive descent: `OR` binds loosest, then `AND`, then parentheses. Each part is a set of ids."""

    def __init__(self, account: Account, kind: str, text: str) -> None:
        self._index, self._keys = account.index[kind], searched.keys(account, kind)
        self._ignore_case = account.switches.search_ignores_case
        self._tokens = self._split(text)

    @staticmethod
    def _split(text: str) -> list[Token]:
        tokens, position = [], 0
        while position < len(text.rstrip()):
            match = _TOKEN.match(text, position)
            if match is None:
                _malformed()
            tokens.append(match.groups(default=""))
            position = match.end()
        return tokens

    def whole(self) -> set[int]:
        """Return the ids that the whole text finds."""
        ids = self._either()
        if self._tokens:
            _malformed()
        return ids

    def _either(self) -> set[int]:
        ids = self._all()
        while self._skip(1, "OR"):
            ids = ids | self._all()
        return ids

    def _all(self) -> set[int]:
        ids = self._one()
        while self._skip(1, "AND"):
            ids = ids & self._one()
        return ids

    def _one(self) -> set[int]:
        if self._skip(0, "("):
            ids = self._either()
            if not self._skip(0, ")"):
                _malformed()
            return ids
        if not self._tokens or not self._tokens[0][2]:
            _malformed()
        _, _, name, bound, value = self._tokens.pop(0)
        return self._term(name, bound, value)

    def _skip(self, part: int, word: str) -> bool:
        if self._tokens and self._tokens[0][part] == word:
            self._tokens.pop(0)
            return True
        return False

    def _term(self, name: str, bound: str, value: str) -> set[int]:
        if name not in self._keys:
            invalid("query", f"Unexpected/invalid field in request: {name}", "invalid_field")
        if value == "null":
            return self._index.equal(name, None)
        wanted = _wanted(name, self._keys[name], bound, value)
        if bound:
            return self._index.where(name, lambda held: _within(held, bound, wanted))
        if self._ignore_case and isinstance(wanted, str):
            folded = wanted.lower()
            return self._index.where(name, lambda held: isinstance(held, str) and held.lower() == folded)
        return self._index.equal(name, wanted)


def _wanted(name: str, kind: str, bound: str, value: str) -> Any:
    """Return the value that a term names, which must be of the key's type."""
    bare = value[1:-1] if value.startswith("'") else value
    if kind == "date" and not re.fullmatch(r"'\d{4}-\d{2}-\d{2}'", value):
        invalid("query", f"{name} should be in the 'yyyy-mm-dd' format")
    if kind == "integer" and not re.fullmatch(r"-?\d{1,18}", value):
        invalid("query", f"{name} should be a Positive Integer")
    if kind == "boolean" and value not in ("true", "false"):
        invalid("query", f"{name} should be a Boolean")
    if bound and kind not in ("date", "integer"):
        invalid("query", f"{name} has no order")
    if kind == "boolean":
        return value == "true"
    return int(value) if kind == "integer" else bare


def _within(held: Any, bound: str, wanted: Any) -> bool:
    """Both bounds are inclusive (verified live)."""
    if type(held) is not type(wanted):
        return False
    return bool(held >= wanted if bound == ">" else held <= wanted)


def _malformed() -> NoReturn:
    invalid("query", "The query is not in a valid format")
