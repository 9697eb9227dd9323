"""How each kind of field is written: from a client's JSON to the site's own form (reference, 3.3, 3.4)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from deskbridge.sandbox.jira import adf, catalogue, errors
from deskbridge.sandbox.jira.model import FieldDef, Named, Switches, Text
from deskbridge.sandbox.jira.wire import Call

LONGEST_TEXT = 32_767
LONGEST_LINE = 255


class BadValue(Exception):
    """A value that a field refuses, with Jira's words for why."""


def parse(call: Call, project: str, field: FieldDef, value: Any) -> Any:
    """Return `value` in the site's own form; None empties the field. Raises BadValue."""
    if value is None and field.kind not in ("labels", "components", "versions", "options"):
        return _emptied(field)
    return _PARSERS[field.kind](call, project, field, value)


def _emptied(field: FieldDef) -> None:
    if field.id == "summary":
        raise BadValue("You must specify a summary of the issue.")
    if field.required:
        raise BadValue(f"{field.name} is required.")


def rich_text(value: Any, version: str, switches: Switches) -> Text:
    """Return a text as written in this API version; raises BadValue for the other's kind."""
    if version == "2":
        if not isinstance(value, str):
            raise BadValue("Operation value must be a string")
        text = normalised(value)
        length = len(text)
    else:
        if not adf.is_document(value):
            raise BadValue(
                "Operation value must be an Atlassian Document (see the Atlassian Document Format)"
            )
        text = value
        by_text = switches.adf_measure == "text"
        length = len(adf.plain_text(value) if by_text else json.dumps(value, ensure_ascii=False))
    if length > LONGEST_TEXT:
        raise BadValue(errors.TOO_LONG)
    return text


def normalised(wiki: str) -> str:
    r"""Return wiki text as the site keeps it: `\n` line ends, no blanks at the end of the text or a line."""
    lines = wiki.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(line.rstrip(" \t") for line in lines).rstrip()


def _line(call: Call, project: str, field: FieldDef, value: Any) -> str:
    text = _string(call, project, field, value).strip()
    if "\n" in text or "\r" in text:
        raise BadValue("The summary is invalid because it contains newline characters.")
    if not text:
        raise BadValue("You must specify a summary of the issue.")
    return text


def _string(call: Call, project: str, field: FieldDef, value: Any) -> str:
    if not isinstance(value, str):
        raise BadValue("Operation value must be a string")
    if len(value) > LONGEST_LINE:
        raise BadValue(f"{field.name} must be less than or equal to {LONGEST_LINE} characters.")
    return value


def _text(call: Call, project: str, field: FieldDef, value: Any) -> Text | None:
    text = rich_text(value, call.version, call.site.switches)
    return text or None


def _number(call: Call, project: str, field: FieldDef, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadValue("Operation value must be a number")
    return float(value)


def _date(call: Call, project: str, field: FieldDef, value: Any) -> str:
    try:
        return date.fromisoformat(value).isoformat()
    except (TypeError, ValueError) as error:
        raise BadValue(f"Error parsing date string: {value}") from error


def _datetime(call: Call, project: str, field: FieldDef, value: Any) -> datetime:
    try:
        return datetime.strptime(value, "%Y-%m-%dT%H:%M:%S.%f%z")
    except (TypeError, ValueError) as error:
        raise BadValue(f"Error parsing time: {value}") from error


def pick(known: Mapping[str, Named], value: Any, what: str) -> str:
    """Return the id of one of `known`, given as ``{"id"}`` or ``{"name"}``; raises BadValue."""
    if not isinstance(value, dict) or not ("id" in value or "name" in value):
        raise BadValue(f"Specify the {what} (id or name)")
    if "id" in value:
        if str(value["id"]) in known:
            return str(value["id"])
        raise BadValue(f"{what} id '{value['id']}' is not valid")
    for named in known.values():
        if named.name == value["name"]:
            return named.id
    raise BadValue(f"{what} name '{value['name']}' is not valid")


def _priority(call: Call, project: str, field: FieldDef, value: Any) -> str:
    return pick(catalogue.PRIORITIES, value, "Priority")


def _resolution(call: Call, project: str, field: FieldDef, value: Any) -> str:
    return pick(catalogue.RESOLUTIONS, value, "Resolution")


def _option(call: Call, project: str, field: FieldDef, value: Any) -> str:
    if not isinstance(value, dict) or not ("id" in value or "value" in value):
        raise BadValue("Specify a valid 'id' or 'name' for " + field.name)
    for option in field.options:
        if str(value.get("id", option.id)) == option.id and value.get("value", option.name) == option.name:
            return option.id
    if "value" in value:
        raise BadValue(f"Option value '{value['value']}' is not valid")
    raise BadValue(f"Option id '{value['id']}' is not valid")


def listed(value: Any) -> list[Any]:
    """Return the members of a list value, null being none; raises BadValue for anything else."""
    if value is not None and not isinstance(value, list):
        raise BadValue("data was not an array")
    return list(value or ())


def _options(call: Call, project: str, field: FieldDef, value: Any) -> list[str]:
    return _once([_option(call, project, field, part) for part in listed(value)])


def _once(values: list[str]) -> list[str]:
    return list(dict.fromkeys(values))


def label(value: Any) -> str:
    """Return a label; raises BadValue for a space, an empty one or more than 255 characters."""
    if not isinstance(value, str) or not value:
        raise BadValue("Operation value must be a string")
    if re.search(r"\s", value):
        raise BadValue(f"The label '{value}' contains spaces which is invalid.")
    if len(value) > LONGEST_LINE:
        raise BadValue(f"The label '{value}' exceeds the maximum length of {LONGEST_LINE} characters.")
    return value


def _labels(call: Call, project: str, field: FieldDef, value: Any) -> list[str]:
    return sorted(_once([label(part) for part in listed(value)]))


def _part(call: Call, project: str, field: FieldDef, value: Any) -> str:
    what = "Component" if field.kind == "components" else "Version"
    parts = call.site.parts(field.kind, project)
    return pick({part.id: Named(part.id, part.name) for part in parts}, value, what)


def _parts(call: Call, project: str, field: FieldDef, value: Any) -> list[str]:
    return _once([_part(call, project, field, part) for part in listed(value)])


def _user(call: Call, project: str, field: FieldDef, value: Any) -> str:
    if not isinstance(value, dict) or not ("accountId" in value or "id" in value):
        raise BadValue("expected Object containing an accountId property")
    account = value.get("accountId", value.get("id"))
    user = call.site.users.get(account) if isinstance(account, str) else None
    if user is None or not user.active:
        raise BadValue(f"User '{account}' does not exist.")
    if field.id == "assignee" and user.account_type == "customer":
        raise BadValue(f"User '{account}' cannot be assigned issues.")
    return user.account_id


def _parent(call: Call, project: str, field: FieldDef, value: Any) -> int:
    if not isinstance(value, dict) or not ("key" in value or "id" in value):
        raise BadValue("data was not an object")
    parent = call.site.find_issue(value.get("key", value.get("id")))
    if parent is None:
        raise BadValue("Could not find issue by id or key.")
    return parent.id


def _issuetype(call: Call, project: str, field: FieldDef, value: Any) -> str:
    known = {kind.id: Named(kind.id, kind.name) for kind in catalogue.ISSUE_TYPES.values()}
    try:
        return pick(known, value, "Issue type")
    except BadValue as error:
        raise BadValue("Specify a valid issue type") from error


def _project(call: Call, project: str, field: FieldDef, value: Any) -> str:
    raise BadValue("The project of an issue cannot be changed by an edit.")


def _elsewhere(call: Call, project: str, field: FieldDef, value: Any) -> Any:
    raise BadValue(f"Field '{field.id}' cannot be set. Use the 'update' verbs or its own resource.")


_PARSERS: dict[str, Callable[[Call, str, FieldDef, Any], Any]] = {
    "line": _line,
    "string": _string,
    "text": _text,
    "number": _number,
    "date": _date,
    "datetime": _datetime,
    "priority": _priority,
    "resolution": _resolution,
    "option": _option,
    "options": _options,
    "labels": _labels,
    "components": _parts,
    "versions": _parts,
    "user": _user,
    "parent": _parent,
    "issuetype": _issuetype,
    "project": _project,
    "links": _elsewhere,
    "comments": _elsewhere,
}
