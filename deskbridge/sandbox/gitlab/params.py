"""The parameters of a call: query and body in one, read with the types that the API declares.

What does not fit is refused with the sentences of the server's own parameter layer (1.2).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request

from deskbridge.sandbox.kernel import Refused, body_of

_LARGEST_BODY = 16 * 1024 * 1024
_TRUE = (True, 1, "1", "true", "t", "on", "yes")
_FALSE = (False, 0, "0", "false", "f", "off", "no")
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def bad(text: str) -> Refused:
    """Return the refusal of a parameter."""
    return Refused(400, {"error": text})


async def read(request: Request) -> Params:
    """Return all parameters of a request; where query and body name the same, the body wins."""
    values = _nested(request.query_params.multi_items())
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in _FORMS:
        form: FormData = await request.form()
        return Params(values | _nested(form.multi_items()))
    data = await body_of(request, _LARGEST_BODY)
    if not data:
        return Params(values)
    if kind != "application/json":
        raise Refused(415, {"error": f"The provided content-type '{kind}' is not supported."})
    return Params(values | _object(data))


def _object(data: bytes) -> dict[str, Any]:
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise bad("message body does not match declared format")
    return body


def _nested(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Return ``a[]=1&a[]=2`` as a list and ``not[a]=1`` as an object."""
    values: dict[str, Any] = {}
    for key, value in pairs:
        name, *inner = re.findall(r"[^\[\]]+|\[\]", key) or [key]
        if inner and inner[0] != "[]":
            below = values.setdefault(name, {})
            values[name] = {**below, **_nested([(inner[0] + "".join(inner[1:]), value)])}
        elif inner:
            values[name] = [*values.get(name, []), value]
        else:
            values[name] = value
    return values


class Params:
    """The parameters of one call. None means: not given (or given as null)."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def below(self, name: str) -> Params:
        """Return the parameters within an object, e.g. those of ``not[...]``."""
        value = self.values.get(name) or {}
        if not isinstance(value, dict):
            raise bad(f"{name} is invalid")
        return Params(value)

    def need(self, *names: str) -> None:
        """Refuse a call that lacks one of these."""
        missing = [f"{name} is missing" for name in names if name not in self.values]
        if missing:
            raise bad(", ".join(missing))

    def need_one(self, *names: str) -> None:
        """Refuse a call that has none of these."""
        if not any(name in self.values for name in names):
            raise bad(f"{', '.join(names)} are missing, at least one parameter must be provided")

    def need_exactly_one(self, *names: str) -> None:
        """Refuse a call that has none or several of these."""
        given = [name for name in names if name in self.values]
        if not given:
            raise bad(f"{', '.join(names)} are missing, exactly one parameter must be provided")
        self.exclusive(*names)

    def exclusive(self, *names: str) -> None:
        """Refuse a call that has more than one of these."""
        given = [name for name in names if self.values.get(name) is not None]
        if len(given) > 1:
            raise bad(f"{', '.join(given)} are mutually exclusive")

    def not_blank(self, *names: str) -> None:
        """Refuse an empty value where the parameter may be left out but not be blank."""
        for name in names:
            if name in self.values and self.values[name] in ("", None):
                raise bad(f"{name} is empty")

    def text(self, name: str, default: str | None = None) -> str | None:
        """Return a string; numbers are taken as their digits."""
        value = self.values.get(name)
        if value is None:
            return default
        if isinstance(value, bool):
            return str(value).lower()
        if not isinstance(value, str | int | float):
            raise bad(f"{name} is invalid")
        return _clean(name, str(value))

    def choice(self, name: str, allowed: Sequence[str], default: str | None = None) -> str | None:
        """Return one of the allowed words."""
        value = self.text(name, default)
        if value is not None and value not in allowed:
            raise bad(f"{name} does not have a valid value")
        return value

    def number(self, name: str) -> int | None:
        """Return an integer; an empty value counts as none."""
        value = self.values.get(name)
        return None if value in (None, "") else _integer(name, value)

    def flag(self, name: str) -> bool | None:
        """Return a boolean in any of the spellings; an empty value counts as none."""
        value = self.values.get(name)
        value = value.lower() if isinstance(value, str) else value
        if value is None or value == "":
            return None
        if isinstance(value, bool | int | str) and value in _TRUE:
            return True
        if isinstance(value, bool | int | str) and value in _FALSE:
            return False
        raise bad(f"{name} is invalid")

    def instant(self, name: str) -> datetime | None:
        """Return an ISO 8601 instant; without an offset it is UTC."""
        value = self.values.get(name)
        if value in (None, ""):
            return None
        try:
            instant = datetime.fromisoformat(str(value))
            return instant.replace(tzinfo=instant.tzinfo or UTC).astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise bad(f"{name} is invalid") from error

    def day(self, name: str) -> date | None:
        """Return a date; what is none is silently no date, as the database's cast has it."""
        value = self.text(name) or ""
        try:
            return date.fromisoformat(value[:10])
        except ValueError:
            return None

    def words(self, name: str) -> list[str]:
        """Return a list of words from an array or a comma-separated string (3.3)."""
        value = self.values.get(name)
        parts = value if isinstance(value, list) else [] if value is None else [value]
        if not all(isinstance(part, str | int) for part in parts):
            raise bad(f"{name} is invalid")
        text = ",".join(_clean(name, str(part)) for part in parts)
        return [word.strip() for word in text.split(",") if word.strip()]

    def numbers(self, name: str) -> list[int]:
        """Return a list of integers from an array or a comma-separated string."""
        return [_integer(name, word) for word in self.words(name)]

    def file(self, name: str) -> UploadFile:
        """Return an uploaded file."""
        self.need(name)
        value = self.values[name]
        if not isinstance(value, UploadFile):
            raise bad(f"{name} is invalid")
        return value


def _clean(name: str, text: str) -> str:
    """Refuse what no database takes: a null byte, and half a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise bad(f"{name} includes invalid characters") from error
    if "\0" in text:
        raise bad(f"{name} includes invalid characters")
    return text


def _integer(name: str, value: object) -> int:
    if isinstance(value, bool) or not re.fullmatch(r"[+-]?\d{1,18}", str(value)):
        raise bad(f"{name} is invalid")
    return int(str(value))
