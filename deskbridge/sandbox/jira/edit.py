"""Changing an issue: the ``fields`` and ``update`` grammar, all or nothing, with its changelog."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from deskbridge.sandbox.jira import adf, catalogue, errors, fields
from deskbridge.sandbox.jira.model import Change, FieldDef, Issue, Json, User
from deskbridge.sandbox.jira.state import Site, value_of
from deskbridge.sandbox.jira.wire import Call, optional

_LISTS = ("labels", "components", "versions", "options")
_ADDED = {"comments": "comment", "links": "issuelinks", "worklogs": "worklog"}


@dataclass(slots=True)
class Draft:
    """What a body asks for, read and valid: new values by field, and things to add."""

    values: dict[str, Any] = field(default_factory=dict)
    added: dict[str, list[Json]] = field(default_factory=dict)
    """Bodies to add, by ``comment``, ``issuelinks`` or ``worklog``."""
    errors: dict[str, str] = field(default_factory=dict)

    def check(self) -> None:
        """Refuse the whole when any part of it was wrong."""
        if self.errors:
            raise errors.refusal(400, errors=self.errors)


def read(call: Call, project: str, body: Json, screen: Collection[str], issue: Issue | None = None) -> Draft:
    """Return the draft that a body's ``fields`` and ``update`` make; its errors are not raised yet."""
    draft = Draft()
    given, updates = optional(body, "fields", dict, {}), optional(body, "update", dict, {})
    for name, value in given.items():
        definition = _settable(call, draft, name, screen)
        if definition is not None and definition.kind in _ADDED:
            draft.errors[name] = not_on_screen(name)
        elif definition is not None:
            _try(draft, name, partial(fields.parse, call, project, definition, value))
    for name, verbs in updates.items():
        if name in given:
            draft.errors[name] = f"Field '{name}' cannot be in both 'fields' and 'update'."
        elif (definition := _settable(call, draft, name, screen)) is not None:
            _update(call, project, draft, definition, verbs, issue)
    return draft


def not_on_screen(name: str) -> str:
    """Return the text that stands for three causes at once (reference, 3.1)."""
    return f"Field '{name}' cannot be set. It is not on the appropriate screen, or unknown."


def _settable(call: Call, draft: Draft, name: str, screen: Collection[str]) -> FieldDef | None:
    may = name != "reporter" or call.user.project_admin
    if name in screen and may:
        return call.site.fields[name]
    draft.errors[name] = not_on_screen(name)
    return None


def _try(draft: Draft, name: str, parse: Callable[[], Any]) -> None:
    try:
        draft.values[name] = parse()
    except fields.BadValue as error:
        draft.errors[name] = str(error)


def _update(call: Call, project: str, draft: Draft, known: FieldDef, verbs: Any, issue: Issue | None) -> None:
    if not isinstance(verbs, list) or not all(isinstance(verb, dict) and len(verb) == 1 for verb in verbs):
        raise errors.invalid_payload()
    for verb in verbs:
        ((word, value),) = verb.items()
        if known.kind in _ADDED and word == "add" and isinstance(value, dict):
            draft.added.setdefault(_ADDED[known.kind], []).append(value)
        elif word == "set" and known.kind not in _ADDED:
            given = None if known.kind == "parent" and value == {"none": True} else value
            _try(draft, known.id, partial(fields.parse, call, project, known, given))
        elif word in ("add", "remove") and known.kind in _LISTS:
            before = draft.values.get(known.id, (issue and issue.values.get(known.id)) or [])
            _try(draft, known.id, partial(_moved, call, project, known, before, word, value))
        else:
            draft.errors[known.id] = f"Field '{known.id}' does not support update '{word}'"


def _moved(call: Call, project: str, known: FieldDef, before: list[str], word: str, value: Any) -> list[str]:
    (one,) = fields.parse(call, project, known, [value])
    if word == "remove":
        return [value for value in before if value != one]
    after = list(dict.fromkeys([*before, one]))
    return sorted(after) if known.kind == "labels" else after


def screen(site: Site, name: str) -> list[str]:
    """Return the ids of the fields on the create or the edit screen."""
    return [known.id for known in site.fields.values() if name in known.screens]


# --- applying -------------------------------------------------------------------------------------


def touch(site: Site, issue: Issue) -> datetime:
    """Mark an issue as changed now. Call it before the change: the index shows the old a while."""
    now, lag = site.now(), site.switches.index_lag
    if lag and (issue.stale is None or issue.stale[0] <= now):
        old = dataclasses.replace(issue, values=dict(issue.values), stale=None)
        old.comments, old.attachments = list(issue.comments), list(issue.attachments)
        issue.stale = (now + timedelta(seconds=lag), old)
    issue.updated = now
    return now


def apply(
    site: Site, issue: Issue, actor: User, values: dict[str, Any], status: str | None = None
) -> list[Json]:
    """Set values and status, write the changelog, and return its items; without a change, nothing."""
    new = {name: value for name, value in values.items() if value_of(issue, name) != value}
    if status is not None and status != issue.status:
        new["status"] = status
    items = [item(site, issue, name, value) for name, value in new.items()]
    if items:
        at = touch(site, issue)
        for name, value in new.items():
            _set(site, issue, name, value, at)
        record(site, issue, actor, items)
    return items


def _set(site: Site, issue: Issue, name: str, value: Any, at: datetime) -> None:
    if name == "status":
        _set_status(issue, value, at)
    elif name == "issuetype":
        issue.type = value
    elif name == "parent":
        set_parent(site, issue, value)
    else:
        issue.values[name] = value
        if name == "resolution":
            issue.resolved = at if value else None


def _set_status(issue: Issue, status: str, at: datetime) -> None:
    if catalogue.STATUSES[status].category != catalogue.STATUSES[issue.status].category:
        issue.status_since = at
    issue.status = status


def set_parent(site: Site, issue: Issue, parent: int | None) -> None:
    """Hang an issue below another one, or below none."""
    before = site.issues.get(issue.values.get("parent") or 0)
    if before is not None and issue.id in before.children:
        before.children.remove(issue.id)
    issue.values["parent"] = parent
    if parent is not None:
        site.issues[parent].children.append(issue.id)


def record(site: Site, issue: Issue, actor: User, items: list[Json]) -> None:
    """Write one entry of the changelog."""
    issue.history.append(Change(site.next_id("change"), actor.account_id, site.now(), items))


def item(site: Site, issue: Issue, name: str, new: Any) -> Json:
    """Return what the changelog says about one field's change (reference, 4.4)."""
    known = site.fields[name]
    old_id, old_text = _told(site, issue, known, value_of(issue, name))
    new_id, new_text = _told(site, issue, known, new)
    return {
        "field": known.name if known.custom else _HISTORY_NAMES.get(name, name),
        "fieldtype": "custom" if known.custom else "jira",
        "fieldId": name,
        "from": old_id,
        "fromString": old_text,
        "to": new_id,
        "toString": new_text,
    }


_HISTORY_NAMES = {"components": "Component", "versions": "Version", "fixVersions": "Fix Version"}
_CATALOGUES: dict[str, Any] = {
    "priority": catalogue.PRIORITIES,
    "resolution": catalogue.RESOLUTIONS,
    "status": catalogue.STATUSES,
    "issuetype": catalogue.ISSUE_TYPES,
}


def _told(site: Site, issue: Issue, known: FieldDef, value: Any) -> tuple[str | None, str | None]:
    """Return a value as the changelog's pair of id and words."""
    if value is None or value == []:
        return None, "" if known.kind == "labels" else None
    if known.kind in _CATALOGUES:
        return value, _CATALOGUES[known.kind][value].name
    if known.kind == "user":
        return value, site.users[value].name
    if known.kind == "labels":
        return None, " ".join(value)
    if known.kind in ("components", "versions"):
        return ",".join(value), ", ".join(
            p.name for p in site.parts(known.kind, issue.project) if p.id in value
        )
    if known.kind in ("option", "options"):
        ids = [value] if known.kind == "option" else value
        return ",".join(ids), ", ".join(o.name for o in known.options if o.id in ids)
    if known.kind == "parent":
        return str(value), site.issues[value].key
    return None, adf.plain_text(value).strip() if isinstance(value, dict) else str(value)
