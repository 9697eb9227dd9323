"""How an issue looks on the wire, field by field (reference, 3.1, 3.3, 3.4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from deskbridge.sandbox.jira import catalogue, show
from deskbridge.sandbox.jira.model import (
    Comment,
    FieldDef,
    Issue,
    IssueLink,
    Json,
)
from deskbridge.sandbox.jira.state import Site, value_of
from deskbridge.sandbox.jira.wire import Call


def brief(call: Call, issue: Issue) -> Json:
    """Return an issue as links, parents and comments' events show it."""
    fields = ("summary", "status", "priority", "issuetype")
    shown = {name: field(call, issue, call.site.fields[name]) for name in fields}
    return {"id": str(issue.id), "key": issue.key, "self": call.url(f"issue/{issue.id}"), "fields": shown}


def link(call: Call, found: IssueLink, seen_from: Issue | None = None) -> Json:
    """Return a link; seen from one of its issues it shows the other one only (reference, 3.5)."""
    kind = catalogue.LINK_TYPES[found.type]
    shown: Json = {
        "id": str(found.id),
        "self": call.url(f"issueLink/{found.id}"),
        "type": {
            "id": kind.id,
            "name": kind.name,
            "inward": kind.inward,
            "outward": kind.outward,
            "self": call.url(f"issueLinkType/{kind.id}"),
        },
    }
    if seen_from is None or seen_from.id == found.target:
        shown["inwardIssue"] = brief(call, call.site.issues[found.source])
    if seen_from is None or seen_from.id == found.source:
        shown["outwardIssue"] = brief(call, call.site.issues[found.target])
    return shown


def field(call: Call, issue: Issue, definition: FieldDef) -> Any:
    """Return one field of an issue as the wire shows it, null when it is empty."""
    own = _OWN.get(definition.id)
    if own is not None:
        return own(call, issue)
    value = value_of(issue, definition.id)
    if value is None:
        return [] if definition.schema["type"] == "array" and not definition.custom else None
    return _SHOWN[definition.kind](call, issue, definition, value)


def _option(call: Call, definition: FieldDef, id: str) -> Json:
    name = next(option.name for option in definition.options if option.id == id)
    return {"self": call.url(f"customFieldOption/{id}"), "value": name, "id": id}


def _parts(call: Call, issue: Issue, definition: FieldDef, ids: list[str]) -> list[Json]:
    owner = call.site.projects[issue.project]
    return [
        show.part(call, definition.kind, owner, found)
        for found in call.site.parts(definition.kind, issue.project)
        if found.id in ids
    ]


def _parent(call: Call, id: int) -> Json | None:
    found = call.site.issues.get(id)
    return brief(call, found) if found else None


def _as_is(call: Call, issue: Issue, definition: FieldDef, value: Any) -> Any:
    return value


_SHOWN: dict[str, Callable[[Call, Issue, FieldDef, Any], Any]] = {
    "line": _as_is,
    "string": _as_is,
    "number": _as_is,
    "date": _as_is,
    "labels": _as_is,
    "text": lambda call, issue, d, v: call.site.text(issue, v, call.version),
    "datetime": lambda call, issue, d, v: call.site.stamp(v, call.caller),
    "priority": lambda call, issue, d, v: show.priority(call, v),
    "resolution": lambda call, issue, d, v: show.named(call, "resolution", catalogue.RESOLUTIONS[v]),
    "option": lambda call, issue, d, v: _option(call, d, v),
    "options": lambda call, issue, d, v: [_option(call, d, one) for one in v],
    "user": lambda call, issue, d, v: show.user(call, v),
    "components": _parts,
    "versions": _parts,
    "parent": lambda call, issue, d, v: _parent(call, v),
    "status": lambda call, issue, d, v: show.status(call, catalogue.STATUSES[v]),
    "issuetype": lambda call, issue, d, v: show.issue_type(call, catalogue.ISSUE_TYPES[v]),
    "project": lambda call, issue, d, v: show.project(call, call.site.projects[v]),
}


def comment_page(call: Call, issue: Issue, comments: list[Comment], start: int, size: int) -> Json:
    """Return one page of an issue's comments."""
    shown = comments[start : start + size]
    return {
        "startAt": start,
        "maxResults": size,
        "total": len(comments),
        "comments": [show.comment(call, one) for one in shown],
    }


def _comments(call: Call, issue: Issue) -> Json:
    # Inside an issue only the latest few stand; the resource has them all (reference, 2.1).
    shown = [show.comment(call, one) for one in issue.comments[-call.site.switches.comment_page :]]
    return {
        "comments": shown,
        "self": call.url(f"issue/{issue.id}/comment"),
        "maxResults": len(shown),
        "total": len(issue.comments),
        "startAt": 0,
    }


def _worklogs(call: Call, issue: Issue) -> Json:
    shown = [show.worklog(call, one) for one in issue.worklogs[:20]]
    return {"startAt": 0, "maxResults": 20, "total": len(issue.worklogs), "worklogs": shown}


def _watches(call: Call, issue: Issue) -> Json:
    watching = call.caller is not None and call.caller.account_id in issue.watchers
    url = call.url(f"issue/{issue.key}/watchers")
    return {"self": url, "watchCount": len(issue.watchers), "isWatching": watching}


def _votes(call: Call, issue: Issue) -> Json:
    return {"self": call.url(f"issue/{issue.key}/votes"), "votes": 0, "hasVoted": False}


_OWN: dict[str, Callable[[Call, Issue], Any]] = {
    "created": lambda call, issue: call.site.stamp(issue.created, call.caller),
    "updated": lambda call, issue: call.site.stamp(issue.updated, call.caller),
    "resolutiondate": lambda call, issue: call.site.stamp(issue.resolved, call.caller),
    "statuscategorychangedate": lambda call, issue: call.site.stamp(issue.status_since, call.caller),
    "statusCategory": lambda call, issue: show.category(call, catalogue.STATUSES[issue.status].category),
    "comment": _comments,
    "attachment": lambda call, issue: [show.attachment(call, one) for one in issue.attachments],
    "issuelinks": lambda call, issue: [link(call, one, issue) for one in issue.links],
    "subtasks": lambda call, issue: [brief(call, call.site.issues[one]) for one in issue.children],
    "worklog": _worklogs,
    "timespent": lambda call, issue: sum(one.seconds for one in issue.worklogs) or None,
    "watches": _watches,
    "votes": _votes,
}
# Jira's idea of a navigable field leaves out the heavy lists.
_NOT_NAVIGABLE = ("comment", "worklog", "attachment")


def wanted(site: Site, asked: Iterable[str], default: Iterable[str]) -> list[str]:
    """Return the ids of the fields that a ``fields`` parameter asks for; unknown names are ignored."""
    names = list(asked) or list(default)
    without = {name[1:] for name in names if name.startswith("-")}
    if all(name.startswith("-") for name in names):
        names.append("*navigable")
    chosen: dict[str, None] = {}
    for name in names:
        if name in ("*all", "*navigable"):
            chosen |= dict.fromkeys(f for f in site.fields if name == "*all" or f not in _NOT_NAVIGABLE)
        elif name in site.fields:
            chosen[name] = None
    return [name for name in chosen if name not in without]


def issue(
    call: Call, found: Issue, fields: list[str], expand: Iterable[str] = (), properties: Iterable[str] = ()
) -> Json:
    """Return an issue with the given fields."""
    definitions = call.site.fields
    shown: Json = {
        "expand": "renderedFields,names,schema,operations,editmeta,changelog,versionedRepresentations",
        "id": str(found.id),
        "self": call.url(f"issue/{found.id}"),
        "key": found.key,
        "fields": {name: field(call, found, definitions[name]) for name in fields},
    }
    shown |= {name: build(call, found, fields) for name, build in _EXPANDED.items() if name in expand}
    asked = list(properties)
    if asked:
        picked = (
            found.properties if "*all" in asked else {k: v for k, v in found.properties.items() if k in asked}
        )
        shown["properties"] = dict(picked)
    return shown


def names_of(site: Site, fields: Iterable[str]) -> dict[str, str]:
    """Return the shown names of fields."""
    return {name: site.fields[name].name for name in fields}


def schemas_of(site: Site, fields: Iterable[str]) -> dict[str, Json]:
    """Return the schemas of fields."""
    return {name: site.fields[name].schema for name in fields}


def _rendered(call: Call, found: Issue, fields: list[str]) -> Json:
    texts = (name for name in fields if call.site.fields[name].kind == "text")
    values = ((name, found.values.get(name)) for name in texts)
    return {name: show.rendered_text(call.site, found, value) if value else "" for name, value in values}


def _histories(call: Call, found: Issue, fields: list[str]) -> Json:
    # Inside an issue: newest first, and only so many (reference, 4.4).
    latest = [show.change(call, one) for one in reversed(found.history[-100:])]
    return {"startAt": 0, "maxResults": len(latest), "total": len(found.history), "histories": latest}


_EXPANDED: Mapping[str, Callable[[Call, Issue, list[str]], Json]] = {
    "names": lambda call, found, fields: names_of(call.site, fields),
    "schema": lambda call, found, fields: schemas_of(call.site, fields),
    "renderedFields": _rendered,
    "changelog": _histories,
}
