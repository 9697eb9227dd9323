"""How each kind of field is written: from a client's JSON to the site's own form (reference, 3.3, 3.4)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from deskbridge.sandbox.jira import adf, adf_schema, catalogue, errors
from deskbridge.sandbox.jira.model import FieldDef, Json, Named, Text
from deskbridge.sandbox.jira.permissions import may
from deskbridge.sandbox.jira.switches import Switches
from deskbridge.sandbox.jira.wire import Call

# Groups of the site, and whether one must administer to be in them.
GROUPS = {"jira-administrators": True, "jira-software-users": False, "jira-servicemanagement-users": False}
LONGEST_TEXT = 32_767
LONGEST_LINE = 255


class BadValue(Exception):
    """A value that a field refuses, with Jira's words for why."""


def parse(call: Call, project: str, field: FieldDef, value: Any) -> Any:
    """Return `value` in the site's own form; None empties the field. Raises BadValue."""
    if value is None and field.kind not in LISTS:
        return _emptied(field)
    return _PARSERS[field.kind](call, project, field, value)


LISTS = ("labels", "components", "versions", "versionrefs", "options", "users", "groups", "organizations")
CHILD = "\x1f"
"""Between the names of an option and of its child in a cascading field's list of options."""


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
        if not adf_schema.is_document(value):
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
        same = str(value.get("id", option.id)) == option.id and value.get("value", option.name) == option.name
        if same and option.id not in field.disabled:
            return option.id
    if "value" in value:
        raise BadValue(f"Option value '{value['value']}' is not valid")
    raise BadValue(f"Option id '{value['id']}' is not valid")


def listed(value: Any) -> list[Any]:
    """Return the members of a list value, null being none; raises BadValue for anything else."""
    if value is not None and not isinstance(value, list):
        raise BadValue("data was not an array")
    return list(value or ())


def _cascade(call: Call, project: str, field: FieldDef, value: Any) -> list[str]:
    parent = _option(call, project, field, value)
    child = value.get("child")
    if child is None:
        return [parent]
    name = next(option.name for option in field.options if option.id == parent)
    under = [o for o in field.options if o.name.startswith(name + CHILD)]
    own = FieldDef(field.id, field.name, "option", {}, (), options=[])
    own.options = [Named(o.id, o.name.rpartition(CHILD)[2]) for o in under]
    return [parent, _option(call, project, own, child)]


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
    parts = call.site.parts(field.kind if field.kind == "components" else "versions", project)
    return pick({part.id: Named(part.id, part.name) for part in parts}, value, what)


def _parts(call: Call, project: str, field: FieldDef, value: Any) -> list[str]:
    return _once([_part(call, project, field, part) for part in listed(value)])


def _user(call: Call, project: str, field: FieldDef, value: Any) -> str:
    words = ("accountId", "id") if call.site.cloud else ("name", "key")
    if not isinstance(value, dict) or not any(word in value for word in words):
        wanted = "containing an accountId property" if call.site.cloud else "containing a `name` property"
        raise BadValue(f"expected Object {wanted}")
    named = next(value[word] for word in words if word in value)
    user = call.site.named(named)
    if user is None or not user.active:
        raise BadValue(f"User '{named}' does not exist.")
    home = call.site.projects.get(project)
    if field.id == "assignee" and not may(user, "ASSIGNABLE_USER", home):
        raise BadValue(f"User '{named}' cannot be assigned issues.")
    return user.account_id


def _users(call: Call, project: str, field: FieldDef, value: Any) -> list[str]:
    return _once([_user(call, project, field, part) for part in listed(value)])


def _group(call: Call, project: str, field: FieldDef, value: Any) -> str:
    named = value.get("name") if isinstance(value, dict) else None
    if named not in GROUPS:
        raise BadValue(f"Group '{named}' does not exist.")
    return str(named)


def _groups(call: Call, project: str, field: FieldDef, value: Any) -> list[str]:
    return _once([_group(call, project, field, part) for part in listed(value)])


def _projectref(call: Call, project: str, field: FieldDef, value: Any) -> str:
    named = value.get("id", value.get("key")) if isinstance(value, dict) else None
    for known in call.site.projects.values():
        if named in (known.id, known.key):
            return known.id
    raise BadValue(f"Project '{named}' does not exist.")


def _security(call: Call, project: str, field: FieldDef, value: Any) -> str:
    if not call.site.projects[project].security:
        raise BadValue("Field 'security' cannot be set. It is not on the appropriate screen, or unknown.")
    return pick(catalogue.LEVELS, value, "Security level")


def _estimates(call: Call, project: str, field: FieldDef, value: Any) -> Json:
    if not isinstance(value, dict) or not call.site.switches.time_tracking:
        raise BadValue("Time tracking is off or its value is no object.")
    known = {"originalEstimate": "original", "remainingEstimate": "remaining"}
    times = {known[name]: duration(text) for name, text in value.items() if name in known}
    if not times or None in times.values():
        raise BadValue("Please enter an estimate in the format '3w 4d 12h'.")
    return times


_SPENT = re.compile(r"\s*" + r"\s*".join(rf"(?:(\d+(?:\.\d+)?){unit})?" for unit in "wdhm") + r"\s*")
_SECONDS = (5 * 8 * 3600, 8 * 3600, 3600, 60)


def duration(words: Any) -> int | None:
    """Return the seconds that ``1w 2d 3h 4m`` means (weeks of five days of eight hours), None for none."""
    if isinstance(words, int) and not isinstance(words, bool):
        words = f"{words}m"
    match = _SPENT.fullmatch(words) if isinstance(words, str) and words.strip() else None
    if isinstance(words, str) and words.strip().isdigit():
        return int(words) * 60
    if match is None:
        return None
    return int(sum(float(part or 0) * unit for part, unit in zip(match.groups(), _SECONDS, strict=True)))


def _request_type(call: Call, project: str, field: FieldDef, value: Any) -> str:
    """Return the id of a request type: Cloud wants it as text, Data Center ``portalKey/typeKey``."""
    desk = next((desk for desk in call.site.desks.values() if desk.project == project), None)
    types = desk.request_types if desk else []
    named = value if isinstance(value, str) else None
    if not call.site.cloud and named is not None:
        portal, _, named = named.partition("/")
        slugs = {slug(one.name): one.id for one in types}
        named = slugs.get(named) if portal == call.site.projects[project].key.lower() else None
    if any(one.id == named for one in types):
        return str(named)
    raise BadValue(f"Request type '{value}' is not valid. Use the request type's id.")


def slug(name: str) -> str:
    """Return a request type's key, as Data Center makes it of its name."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def _organizations(call: Call, project: str, field: FieldDef, value: Any) -> list[int]:
    desk = next((desk for desk in call.site.desks.values() if desk.project == project), None)
    ids = listed(value)
    for id in ids:
        if isinstance(id, bool) or not isinstance(id, int) or desk is None or id not in desk.organizations:
            raise BadValue(f"Organization '{id}' does not exist or isn't part of the project.")
    return sorted(set(ids))


def _sprint(call: Call, project: str, field: FieldDef, value: Any) -> list[int]:
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadValue("Number value expected as the Sprint id.")
    if value not in call.site.sprints or call.site.sprints[value].state == "closed":
        raise BadValue(f"Sprint with id '{value}' does not exist or is closed.")
    return [value]


def _parent(call: Call, project: str, field: FieldDef, value: Any) -> int:
    if not isinstance(value, dict) or not ("key" in value or "id" in value):
        raise BadValue("data was not an object")
    parent = call.site.find_issue(value.get("key", value.get("id")))
    if parent is None:
        raise BadValue("Could not find issue by id or key.")
    return parent.id


def _epic(call: Call, value: Any) -> str:
    found = call.site.find_issue(value) if isinstance(value, str) else None
    if found is None or call.site.types[found.type].level != 1:
        raise BadValue(f"Issue '{value}' is not an epic.")
    return found.key


def _issuetype(call: Call, project: str, field: FieldDef, value: Any) -> str:
    home = call.site.projects[project].types if project else list(call.site.types)
    known = {id: Named(id, call.site.types[id].name) for id in home}
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
    "worklogs": _elsewhere,
    "users": _users,
    "group": _group,
    "groups": _groups,
    "projectref": _projectref,
    "versionref": _part,
    "versionrefs": _parts,
    "cascade": _cascade,
    "security": _security,
    "timetracking": _estimates,
    "request_type": _request_type,
    "organizations": _organizations,
    "sprint": _sprint,
    "epic": lambda call, project, field, value: _epic(call, value),
    "rank": _elsewhere,
    "sla": _elsewhere,
}
