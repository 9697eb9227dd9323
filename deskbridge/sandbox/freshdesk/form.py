"""Checks of what a call brings, in the vendor's order and words (reference 1.3 and 8)."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, NoReturn

from deskbridge.sandbox.freshdesk.files import Upload
from deskbridge.sandbox.kernel import Refused

_EMAIL = re.compile(r"(?:[^<>]*<)?[^\s@<>,;\"]+@[^\s@<>,;\"]+\.[^\s@<>,;\"]+>?")
_TIME = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?(Z|([+-])(\d{2}):?(\d{2})?)?)?"
)
_KINDS: dict[str, tuple[type, str]] = {
    "string": (str, "String"),
    "email": (str, "String"),
    "time": (str, "String"),
    "integer": (int, "Positive Integer"),
    "number": (int, "Integer"),
    "decimal": (str, "Number"),
    "boolean": (bool, "Boolean"),
    "object": (dict, "key/value pair"),
    "strings": (list, "Array"),
    "emails": (list, "Array"),
    "integers": (list, "Array"),
    "files": (list, "Array"),
    "objects": (list, "Array"),
    "list": (list, "Array"),
    "file": (Upload, "valid file format"),
}
_RUBY = {
    str: "String",
    int: "Integer",
    float: "Float",
    bool: "Boolean",
    dict: "key/value pair",
    list: "Array",
}
_MEMBERS: dict[str, type] = {"strings": str, "emails": str, "integers": int, "files": Upload, "objects": dict}


@dataclass(frozen=True, slots=True)
class Rule:
    """What one attribute may be."""

    kind: str = "string"
    null: bool = True
    longest: int = 0
    inside: Mapping[str, Rule] = field(default_factory=dict)
    """What the parts of an object, or of each object of a list, may be; other parts may be anything."""
    closed: bool = False
    """Whether there may be no other parts."""


class Problems:
    """The failing fields of one call; they are all told at once."""

    def __init__(self) -> None:
        self._errors: dict[str, dict[str, Any]] = {}

    def add(self, name: str, code: str, message: str, **further: object) -> None:
        """Note a failing field; the first word on a field stands."""
        error = {"field": name, "message": message, "code": code} | further
        self._errors.setdefault(name, error)

    def has(self, name: str) -> bool:
        """Whether `name` has failed already."""
        return name in self._errors

    def end(self, status: int = 400) -> None:
        """Refuse the call if anything failed."""
        if self._errors:
            raise Refused(status, {"description": "Validation failed", "errors": list(self._errors.values())})


class Form:
    """The attributes of one call after the check of their names and types."""

    def __init__(
        self, body: Mapping[str, Any], rules: Mapping[str, Rule], *, multipart: bool = False
    ) -> None:
        _refuse_unknown(body, rules)
        self.multipart = multipart
        self.problems = Problems()
        self.values: dict[str, Any] = {}
        for name, value in body.items():
            self._take(name, _from_text(value, rules[name].kind) if multipart else value, rules[name])

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def get(self, name: str, default: Any = None) -> Any:
        """Return a checked value, or `default` when it was not sent or was of a wrong type."""
        return self.values.get(name, default)

    def require(self, *names: str) -> None:
        """Note each of `names` that was not sent or is blank."""
        for name in names:
            if self.get(name) in (None, "", []):
                self.problems.add(name, "missing_field", "Mandatory attribute missing")

    def one_of(self, name: str, allowed: Collection[object]) -> None:
        """Note `name` when its value is none of `allowed`."""
        value = self.get(name)
        if value is not None and value not in allowed:
            self.refuse(name, "It should be one of these values: '" + ",".join(map(str, allowed)) + "'")

    def refuse(self, name: str, message: str) -> None:
        """Note that the value of `name` will not do."""
        self.problems.add(name, "invalid_value", message)

    def end(self) -> None:
        """Refuse the call if anything failed."""
        self.problems.end()

    def _take(self, name: str, value: Any, rule: Rule) -> None:
        problem = None if value is None and rule.null else _type_problem(value, rule.kind)
        if problem:
            self.problems.add(name, "datatype_mismatch", problem)
            return
        self.values[name] = value
        if value is not None:
            self._check_value(name, value, rule)

    def _check_value(self, name: str, value: Any, rule: Rule) -> None:
        if rule.longest and len(value) > rule.longest:
            self.refuse(
                name, f"Has {len(value)} characters, it can have maximum of {rule.longest} characters"
            )
        if rule.kind == "time":
            self._take_time(name, value)
        for part in (value if rule.kind == "objects" else [value]) if rule.inside else ():
            self._check_inside(part, rule)
        if rule.kind == "integer" and not 0 < value < 2**63:
            self.refuse(name, "It should be a Positive Integer")
        addresses = {"email": [value], "emails": value}.get(rule.kind, [])
        if not all(_EMAIL.fullmatch(address) for address in addresses):
            self.refuse(name, "It should be in the 'valid email address' format")

    def _check_inside(self, part: Mapping[str, Any], rule: Rule) -> None:
        for name, value in part.items():
            known = rule.inside.get(name)
            if known is None and rule.closed:
                self.problems.add(name, "invalid_field", "Unexpected/invalid field in request")
            elif known and not (value is None and known.null):
                if problem := _type_problem(value, known.kind):
                    self.problems.add(name, "datatype_mismatch", problem)
                    continue
                for deeper in (value if known.kind == "objects" else [value]) if known.inside else ():
                    self._check_inside(deeper, known)

    def _take_time(self, name: str, value: str) -> None:
        try:
            self.values[name] = instant(value)
        except ValueError:
            del self.values[name]
            self.refuse(name, "It should be in the 'combined date and time ISO8601' format")


def instant(text: str) -> datetime:
    """Return the instant that `text` names: date alone, minutes, seconds, any offset.

    Raises ValueError for anything else. Nothing at the end means UTC.
    """
    match = _TIME.fullmatch(text.replace(" ", "+").strip("+"))
    if match is None:
        raise ValueError(text)
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    offset = timedelta(hours=int(match[9] or 0), minutes=int(match[10] or 0))
    zone = timezone(-offset if match[8] == "-" else offset)
    return datetime(year, month, day, hour, minute, second, tzinfo=zone).astimezone(UTC)


def invalid(name: str, message: str, code: str = "invalid_value") -> NoReturn:
    """Refuse the call because of one field."""
    raise Refused(
        400,
        {"description": "Validation failed", "errors": [{"field": name, "message": message, "code": code}]},
    )


def refuse_unknown_query(query: Mapping[str, str], known: Collection[str]) -> None:
    """Refuse query parameters that the call does not document (1.1)."""
    _refuse_unknown(query, known)


def _refuse_unknown(given: Collection[str], known: Collection[str]) -> None:
    problems = Problems()
    for name in given:
        if name not in known:
            problems.add(name, "invalid_field", "Unexpected/invalid field in request")
    problems.end()


def _type_problem(value: object, kind: str) -> str | None:
    """Return what to say about a value of a wrong type. (bool is no int here.)."""
    wanted, name = _KINDS[kind]
    if type(value) is not wanted and not (kind == "decimal" and type(value) in (int, float)):
        return f"Value set is of type {_RUBY.get(type(value), 'Null')}. It should be a/an {name}"
    member = _MEMBERS.get(kind)
    if member and any(type(part) is not member for part in value):  # type: ignore[attr-defined]
        suffix = "valid file format" if kind == "files" else _RUBY[member]
        return f"It should contain elements of type {suffix} only"
    return None


def _object_in(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _from_text(value: Any, kind: str) -> Any:
    """Return a multipart value as JSON would have brought it: all of them come as text."""
    if isinstance(value, list):
        return [_from_text(part, "number") for part in value] if kind == "integers" else value
    if not isinstance(value, str):
        return value
    if kind in ("integer", "number") and re.fullmatch(r"-?\d{1,18}", value):
        return int(value)
    if kind == "boolean" and value in ("true", "false"):
        return value == "true"
    if kind == "object" and value.startswith("{"):  # as documented for `structured_body`
        return _object_in(value)
    return None if value == "" and kind not in ("string", "email") else value
