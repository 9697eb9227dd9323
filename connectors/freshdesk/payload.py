"""Canonical values in Freshdesk's keys. Pure: only what differs from what is there is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from connectors.base import ConnectionConfig, NativeValue
from connectors.errors import Rejected
from connectors.freshdesk.translate import CUSTOM, DUES, fields, sla_tags, stamp
from mappings.ticket import Field, Value
from mappings.vocabulary import NOTHING, WORDS, Native

_IDS: tuple[Field, ...] = ("status", "priority")
"""The words that travel as numbers."""
_KEYS: Mapping[Field, str] = {**DUES, "assignee": "responder_id"}
"""What Freshdesk calls the fields whose names differ."""
_LISTED: tuple[Field, ...] = ("tags", "sla")
"""The fields that are kept among the tags."""


def changes(
    config: ConnectionConfig, call: str, values: Mapping[Field, Value], stated: Mapping[Field, NativeValue]
) -> dict[str, Any]:
    """Return the keys to send for the values that differ from `stated`, tags aside.

    Raises Rejected, fields named, for a value or field that the account cannot hold.
    """
    _refuse_unknown(config, call, values)
    words = {
        field: word
        for field, value in values.items()
        if field not in _LISTED
        and (word := _word(config, call, field, value, stated.get(field))) != stated.get(field)
    }
    for field in DUES.keys() - words.keys() if words.keys() & DUES.keys() else ():
        # The two are checked against each other (4.6), and an account may hold one that we did not write.
        if (other := stated.get(field)) is not None:
            words[field] = str(other)
    body: dict[str, Any] = {
        _KEYS.get(field, field): int(word) if field in (*_IDS, "assignee") and word is not None else word
        for field, word in words.items()
        if field not in CUSTOM
    }
    if custom := {config.fields[field]: word for field, word in words.items() if field in CUSTOM}:
        body["custom_fields"] = custom
    return body


def customs(config: ConnectionConfig, stated: Mapping[Field, NativeValue]) -> dict[str, str | None]:
    """Return what the custom fields that the settings name are stated to hold."""
    held = {native: stated.get(name) for name, native in config.fields.items()}
    return {native: word if isinstance(word, str) else None for native, word in held.items()}


def tags(
    config: ConnectionConfig, call: str, values: Mapping[Field, Value], there: Sequence[str]
) -> list[str]:
    """Return the whole list of tags to write: a PUT replaces it, and the clocks' tag is one of them."""
    clocks = sla_tags(config)
    plain = [tag for tag in there if tag not in clocks]
    if "tags" in values:
        wanted = values["tags"]
        plain = sorted(wanted - clocks) if isinstance(wanted, frozenset) else []
    shown = [tag for tag in there if tag in clocks]
    if "sla" in values:
        word = _word(config, call, "sla", values["sla"], ",".join(shown) or NOTHING)
        shown = [] if word in (None, NOTHING) else [str(word)]
    return plain + shown


def form(body: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return a body as the fields of a multipart form (freshdesk-api 4.3); it has no way to say null."""
    pairs: list[tuple[str, str]] = []
    for key, value in body.items():
        if isinstance(value, Mapping):
            pairs += [(f"{key}[{name}]", str(part)) for name, part in value.items() if part is not None]
        elif isinstance(value, list):
            pairs += [(f"{key}[]", str(part)) for part in value]
        elif value is not None:
            pairs.append((key, str(value).lower() if isinstance(value, bool) else str(value)))
    return pairs


def _refuse_unknown(config: ConnectionConfig, call: str, values: Mapping[Field, Value]) -> None:
    known = fields(config)
    strange: dict[str, str] = {
        field: "Freshdesk has no such field here" for field in values if field not in known
    }
    if strange:
        raise Rejected(config.name, call, f"cannot hold {', '.join(strange)}", strange)


def _word(config: ConnectionConfig, call: str, field: Field, value: Value, stated: NativeValue) -> str | None:
    """Return the native value of `value`; the present one where it already means it. Raises Rejected."""
    lens, words = config.vocabularies.get(field), WORDS.get(field)
    if value is None and field not in _IDS:
        return None
    if lens and words and isinstance(value, words):
        word = lens.put(value, Native(stated) if isinstance(stated, str) else None)
        if field not in _IDS or word.isdecimal():
            return word
    elif field in DUES and isinstance(value, date):
        return stamp(value) if isinstance(value, datetime) else value.isoformat()
    elif isinstance(value, str) and not words and field not in DUES:
        return value
    raise Rejected(config.name, call, f"{field} cannot be {value}", {field: f"cannot be {value}"})
