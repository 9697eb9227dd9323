"""The query language of the ticket search (reference 3.4)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NoReturn

from deskbridge.sandbox.freshdesk.fields import custom_names
from deskbridge.sandbox.freshdesk.form import invalid
from deskbridge.sandbox.freshdesk.records import Ticket
from deskbridge.sandbox.freshdesk.state import Account

Test = Callable[[Ticket], bool]
_LONGEST = 512
_TOKEN = re.compile(r"\s*(?:([()])|(AND|OR)\b|([a-z][a-z0-9_]*):([<>]?)('[^']*'|[^\s()']+))")
_DATES: dict[str, Callable[[Ticket], datetime | None]] = {
    "due_by": lambda ticket: ticket.due.due_by,
    "fr_due_by": lambda ticket: ticket.due.fr_due_by,
    "created_at": lambda ticket: ticket.created_at,
    "updated_at": lambda ticket: ticket.updated_at,
}
_NUMBERS: dict[str, Callable[[Ticket], int | None]] = {
    "agent_id": lambda ticket: ticket.responder_id,
    "group_id": lambda ticket: ticket.group_id,
    "priority": lambda ticket: ticket.priority,
    "status": lambda ticket: ticket.status,
}


def tickets(account: Account, query: str | None) -> list[Ticket]:
    """Return what a query finds; refuses a malformed one. Trash and spam are not in the index."""
    if not query:
        invalid("query", "Mandatory attribute missing", "missing_field")
    if len(query) > _LONGEST or len(query) < 2 or query[0] != '"' or query[-1] != '"':
        invalid("query", f"It should be in double quotes and at most {_LONGEST} characters long")
    test = _Parser(account, query[1:-1]).whole()
    indexed = account.now() - timedelta(seconds=account.switches.search_delay)
    return [t for t in account.tickets.values() if _searchable(t) and t.created_at <= indexed and test(t)]


def _searchable(ticket: Ticket) -> bool:
    return not (ticket.spam or ticket.trashed_at)


class _Parser:
    """Recursive descent: `OR` binds loosest, then `AND`, then parentheses."""

    def __init__(self, account: Account, text: str) -> None:
        self._account = account
        self._tokens = self._split(text)

    @staticmethod
    def _split(text: str) -> list[tuple[str, ...]]:
        tokens, position = [], 0
        while position < len(text.rstrip()):
            match = _TOKEN.match(text, position)
            if match is None:
                _malformed()
            tokens.append(match.groups(default=""))
            position = match.end()
        return tokens

    def whole(self) -> Test:
        """Return the test that the whole text stands for."""
        test = self._either()
        if self._tokens:
            _malformed()
        return test

    def _either(self) -> Test:
        tests = [self._all()]
        while self._skip(1, "OR"):
            tests.append(self._all())
        return lambda ticket: any(test(ticket) for test in tests)

    def _all(self) -> Test:
        tests = [self._one()]
        while self._skip(1, "AND"):
            tests.append(self._one())
        return lambda ticket: all(test(ticket) for test in tests)

    def _one(self) -> Test:
        if self._skip(0, "("):
            test = self._either()
            if not self._skip(0, ")"):
                _malformed()
            return test
        if not self._tokens or not self._tokens[0][2]:
            _malformed()
        _, _, name, bound, value = self._tokens.pop(0)
        return _term(self._account, name, bound, value)

    def _skip(self, part: int, word: str) -> bool:
        if self._tokens and self._tokens[0][part] == word:
            self._tokens.pop(0)
            return True
        return False


def _term(account: Account, name: str, bound: str, value: str) -> Test:
    read = _reader(account, name)
    if value == "null":
        return lambda ticket: read(ticket) in (None, [], "")
    wanted = _wanted(name, value)
    if bound:
        return lambda ticket: _within(read(ticket), bound, wanted)
    return lambda ticket: wanted in read(ticket) if name == "tag" else read(ticket) == wanted


def _reader(account: Account, name: str) -> Callable[[Ticket], Any]:
    """Return how to read a key of a ticket; days have no time of day here."""
    if name in _NUMBERS:
        return _NUMBERS[name]
    if name in _DATES:
        return lambda ticket: _day(_DATES[name](ticket))
    if name in ("tag", "type"):
        return lambda ticket: ticket.tags if name == "tag" else ticket.type
    if name not in custom_names(account):
        invalid("query", f"Unexpected/invalid field in request: {name}", "invalid_field")
    return lambda ticket: ticket.custom_fields.get(name)


def _day(instant: datetime | None) -> str | None:
    return instant.strftime("%Y-%m-%d") if instant else None


def _wanted(name: str, value: str) -> Any:
    quoted = value.startswith("'")
    if name in _DATES and not re.fullmatch(r"'\d{4}-\d{2}-\d{2}'", value):
        invalid("query", f"{name} should be in the 'yyyy-mm-dd' format")
    if name in _NUMBERS and not re.fullmatch(r"\d+", value):
        invalid("query", f"{name} should be a Positive Integer")
    if quoted:
        return value[1:-1]
    if value in ("true", "false"):
        return value == "true"
    return int(value) if re.fullmatch(r"-?\d+", value) else value


def _within(value: Any, bound: str, wanted: Any) -> bool:
    """Both bounds are inclusive (verified live)."""
    if value is None or type(value) is not type(wanted):
        return False
    return bool(value >= wanted if bound == ">" else value <= wanted)


def _malformed() -> NoReturn:
    invalid("query", "The query is not in a valid format")
