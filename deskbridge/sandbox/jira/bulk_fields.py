"""The typed shapes in which a bulk edit gives values, made into those of an ordinary edit (3.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from deskbridge.sandbox.jira import errors
from deskbridge.sandbox.jira.model import Json

Convert = Callable[[Json], Any]


def _inner(*names: str) -> Convert:
    """Return a converter that goes down through members, null where one is missing."""

    def convert(given: Json) -> Any:
        value: Any = given
        for name in names:
            value = value.get(name) if isinstance(value, dict) else None
        return value

    return convert


def _wrapped(key: str, *names: str) -> Convert:
    inner = _inner(*names)
    return lambda given: None if inner(given) is None else {key: inner(given)}


def _each(list_name: str, key: str, name: str) -> Convert:
    def convert(given: Json) -> Any:
        rows = given.get(list_name) or []
        return [{key: row.get(name)} if isinstance(row, dict) else row for row in rows]

    return convert


# Lists of inputs, each naming its field.
_MANY: dict[str, Convert] = {
    "singleLineTextFields": _inner("text"),
    "urlFields": _inner("url"),
    "richTextFields": _inner("richText", "adfValue"),
    "clearableNumberFields": _inner("value"),
    "datePickerFields": _inner("date", "formattedDate"),
    "dateTimePickerFields": _inner("dateTime", "formattedDateTime"),
    "singleSelectFields": _wrapped("id", "option", "optionId"),
    "multipleSelectFields": _each("options", "id", "optionId"),
    "singleSelectClearableUserPickerFields": _wrapped("accountId", "user", "accountId"),
    "multipleSelectClearableUserPickerFields": _each("users", "accountId", "accountId"),
    "singleVersionPickerFields": _wrapped("id", "version", "versionId"),
    "multipleVersionPickerFields": _each("versions", "id", "versionId"),
    "labelsFields": lambda given: [row.get("name") for row in given.get("labels") or []],
}
# Single inputs, with the field they are for.
_ONE: dict[str, tuple[str, Convert]] = {
    "priority": ("priority", _wrapped("id", "priorityId")),
    "issueType": ("issuetype", _wrapped("id", "issueTypeId")),
    "multiselectComponents": ("components", _each("components", "id", "componentId")),
    "originalEstimateField": ("timetracking", _wrapped("originalEstimate", "originalEstimateField")),
}
OPTIONS = ("ADD", "REMOVE", "REPLACE", "REMOVE_ALL")


def read(given: Json, selected: list[str]) -> Iterator[tuple[str, Any, str]]:
    """Yield field, value and what to do with it (``REPLACE`` for all but lists) for what was selected."""
    for name, value in given.items():
        if name in _MANY and isinstance(value, list):
            for one in value:
                if not isinstance(one, dict) or not isinstance(one.get("fieldId"), str):
                    raise errors.bulk(400, f"Each of {name} needs a fieldId.")
                yield from _chosen(one["fieldId"], one, _MANY[name], selected)
        elif name in _ONE and isinstance(value, dict):
            yield from _chosen(_ONE[name][0], value, _ONE[name][1], selected)
        else:
            raise errors.bulk(400, f"'{name}' is not supported.")


def _chosen(field: str, given: Json, convert: Convert, selected: list[str]) -> Iterator[tuple[str, Any, str]]:
    option = str(given.get("bulkEditMultiSelectFieldOption", "REPLACE"))
    if option not in OPTIONS:
        raise errors.bulk(400, f"'{option}' is no way to edit a field of many values.")
    if field in selected:
        yield field, [] if option == "REMOVE_ALL" else convert(given), option
