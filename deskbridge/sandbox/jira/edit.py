"""Changing an issue: the ``fields`` and ``update`` grammar, all or nothing, with its changelog."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from deskbridge.sandbox.jira import adf, catalogue, desk_mails, errors, events, fields
from deskbridge.sandbox.jira.model import Change, FieldDef, Issue, Json, Project, User
from deskbridge.sandbox.jira.permissions import may
from deskbridge.sandbox.jira.state import Site, value_of
from deskbridge.sandbox.jira.wire import Call, optional

_ADDED = {"comments": "comment", "links": "issuelinks", "worklogs": "worklog"}
DEFAULTED = ("priority", "reporter")
"""What Jira fills in by itself when an issue is made."""


@dataclass(slots=True)
class Draft:
    """What a body asks for, read and valid: new values by field, and things to add."""

    values: dict[str, Any] = field(default_factory=dict)
    added: dict[str, list[Json]] = field(default_factory=dict)
    """Bodies to add, by ``comment``, ``issuelinks`` or ``worklog``."""
    errors: dict[str, str] = field(default_factory=dict)

    def miss(self, site: Site, required: Collection[str], issue: Issue | None = None) -> None:
        """Note what is required and was neither given nor is there already; a resolution is given anew."""
        for name in required:
            stands = issue.values.get(name) if issue and name != "resolution" else None
            if self.values.get(name, stands) in (None, "", []) and name not in self.errors:
                self.errors[name] = f"{site.fields[name].name} is required."

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
            _try(draft, name, partial(_parsed, call, project, definition, value, issue))
    for name, verbs in updates.items():
        if name in given:
            draft.errors[name] = f"Field '{name}' cannot be in both 'fields' and 'update'."
        elif (definition := _settable(call, draft, name, screen)) is not None:
            _update(call, project, draft, definition, verbs, issue)
    return draft


def _parsed(call: Call, project: str, known: FieldDef, value: Any, issue: Issue | None) -> Any:
    new = fields.parse(call, project, known, value)
    before = (issue.values.get(known.id) if issue else None) or {}
    if known.kind == "timetracking" and new:
        # What is not named stays; the first original estimate is what remains, too.
        merged = {**before, **new}
        return {"remaining": merged.get("original"), **merged}
    if known.kind == "sprint":
        closed = [one for one in before or () if call.site.sprints[one].state == "closed"]
        return [*closed, *(new or [])]
    return new


def not_on_screen(name: str) -> str:
    """Return the text that stands for three causes at once (reference, 3.1)."""
    return f"Field '{name}' cannot be set. It is not on the appropriate screen, or unknown."


def _settable(call: Call, draft: Draft, name: str, screen: Collection[str]) -> FieldDef | None:
    needed = {"reporter": "MODIFY_REPORTER", "security": "SET_ISSUE_SECURITY"}.get(name)
    if name in screen and (needed is None or may(call.user, needed)):
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
        elif (word == "set" and known.kind not in _ADDED) or (word, known.kind) == ("edit", "timetracking"):
            given = None if known.kind == "parent" and value == {"none": True} else value
            _try(draft, known.id, partial(_parsed, call, project, known, given, issue))
        elif word in ("add", "remove") and known.kind in fields.LISTS:
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


def screen(site: Site, name: str, project: Project) -> list[str]:
    """Return the ids of the fields on a project's create or edit screen."""
    return [
        known.id
        for known in site.fields.values()
        if name in known.screens
        and known.only in ("", project.kind)
        and known.scope in ("", project.id)
        and (known.id != "security" or project.security)
        and not (project.style == "next-gen" and known.custom and not known.scope and not known.only)
    ]


# --- applying -------------------------------------------------------------------------------------


def touch(site: Site, issue: Issue) -> datetime:
    """Mark an issue as changed now. Call it before the change: the index shows the old a while."""
    now, lag = site.now(), site.switches.index_lag
    if lag and (issue.stale is None or (now - issue.stale[0]).total_seconds() >= lag):
        old = dataclasses.replace(issue, values=dict(issue.values), stale=None)
        old.comments, old.attachments = list(issue.comments), list(issue.attachments)
        old.remote_links = list(issue.remote_links)
        issue.stale = (now, old)
    issue.updated = now
    site.moved(issue.id)
    return now


def apply(
    site: Site,
    issue: Issue,
    actor: User,
    values: dict[str, Any],
    status: str | None = None,
    kind: str = "issue_updated",
) -> list[Json]:
    """Set values and status, write the changelog, and return its items; without a change, nothing."""
    new = {name: value for name, value in values.items() if value_of(issue, name) != value}
    if status is not None and status != issue.status:
        new["status"] = status
    items = [one for name, value in new.items() for one in _items(site, issue, name, value)]
    if items:
        before = {name: issue.values.get(name) for name in new}
        at = touch(site, issue)
        for name, value in new.items():
            _set(site, issue, name, value, at)
        record(site, issue, actor, items, kind)
        desk_mails.changed(site, issue, actor, before)
    return items


def _set(site: Site, issue: Issue, name: str, value: Any, at: datetime) -> None:
    if name == "status":
        _set_status(site, issue, value, at)
    elif name == "issuetype":
        issue.type = value
    elif name == "parent":
        set_parent(site, issue, value)
    else:
        issue.values[name] = value
        if name == "resolution":
            issue.resolved = at if value else None


def _set_status(site: Site, issue: Issue, status: str, at: datetime) -> None:
    if site.statuses[status].category != site.statuses[issue.status].category:
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


def record(site: Site, issue: Issue, actor: User, items: list[Json], kind: str = "issue_updated") -> None:
    """Write one entry of the changelog, and tell webhooks of it."""
    change = Change(site.next_id("change"), actor.account_id, site.now(), items)
    issue.history.append(change)
    changed = {item.get("fieldId") for item in items}
    if kind == "issue_updated" and changed == {"assignee"}:
        kind = "issue_assigned"
    events.updated(site, issue, actor, change, kind)


def _items(site: Site, issue: Issue, name: str, new: Any) -> list[Json]:
    if name != "timetracking":
        return [item(site, issue, name, new)]
    before = issue.values.get(name) or {}
    fields = (("timeoriginalestimate", "original"), ("timeestimate", "remaining"))
    return [
        seconds_item(field, before.get(key), (new or {}).get(key))
        for field, key in fields
        if before.get(key) != (new or {}).get(key)
    ]


def seconds_item(name: str, old: int | None, new: int | None) -> Json:
    """Return what the changelog says about a time, in seconds."""
    before, after = (None if value is None else str(value) for value in (old, new))
    pairs = {"from": before, "fromString": before, "to": after, "toString": after}
    return {"field": name, "fieldtype": "jira", "fieldId": name, **pairs}


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


def _catalogue(site: Site, kind: str) -> Mapping[Any, Any] | None:
    known: dict[str, Mapping[Any, Any]] = {
        "priority": catalogue.PRIORITIES,
        "resolution": catalogue.RESOLUTIONS,
        "status": site.statuses,
        "issuetype": site.types,
        "security": catalogue.LEVELS,
        "sprint": site.sprints,
        "organizations": site.organizations,
        "projectref": site.projects,
    }
    return known.get(kind)


def _told(site: Site, issue: Issue, known: FieldDef, value: Any) -> tuple[str | None, str | None]:
    """Return a value as the changelog's pair of id and words."""
    if value is None or value == []:
        return None, "" if known.kind == "labels" else None
    named = _catalogue(site, known.kind)
    if named is not None:
        ids = value if isinstance(value, list) else [value]
        return ",".join(map(str, ids)), ", ".join(named[one].name for one in ids if one in named)
    if known.kind in ("user", "users"):
        people = [site.users[one] for one in (value if isinstance(value, list) else [value])]
        ids = [person.account_id if site.cloud else person.key for person in people]
        return ",".join(ids), ", ".join(person.name for person in people)
    if known.kind == "labels":
        return None, " ".join(value)
    if known.kind in ("components", "versions"):
        names = (p.name for p in site.parts(known.kind, issue.project) if p.id in value)
        return ",".join(value), ", ".join(names)
    if known.kind in ("option", "options", "cascade"):
        ids = value if isinstance(value, list) else [value]
        return ",".join(ids), ", ".join(o.name for o in known.options if o.id in ids)
    if known.kind == "parent":
        return str(value), site.issues[value].key
    return None, adf.plain_text(value).strip() if isinstance(value, dict) and "type" in value else str(value)
