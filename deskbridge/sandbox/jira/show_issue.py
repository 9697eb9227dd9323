"""How an issue looks on the wire, field by field (reference, 3.1, 3.3, 3.4)."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from deskbridge.sandbox.jira import catalogue, desk_show, desk_sla, show
from deskbridge.sandbox.jira.fields import CHILD
from deskbridge.sandbox.jira.model import (
    Comment,
    FieldDef,
    Issue,
    IssueLink,
    Json,
)
from deskbridge.sandbox.jira.state import Site, value_of
from deskbridge.sandbox.jira.wire import View


def brief(call: View, issue: Issue) -> Json:
    """Return an issue as links, parents and comments' events show it."""
    fields = ("summary", "status", "priority", "issuetype")
    shown = {name: field(call, issue, call.site.fields[name]) for name in fields}
    return {"id": str(issue.id), "key": issue.key, "self": call.url(f"issue/{issue.id}"), "fields": shown}


def link(call: View, found: IssueLink, seen_from: Issue | None = None) -> Json:
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


def field(call: View, issue: Issue, definition: FieldDef) -> Any:
    """Return one field of an issue as the wire shows it, null when it is empty."""
    own = _OWN.get(definition.id)
    if own is not None:
        return own(call, issue)
    if definition.kind in _COMPUTED:
        return _COMPUTED[definition.kind](call, issue, definition)
    value = value_of(issue, definition.id)
    if value is None:
        return [] if definition.schema["type"] == "array" and not definition.custom else None
    return _SHOWN[definition.kind](call, issue, definition, value)


def _option(call: View, definition: FieldDef, id: str) -> Json:
    found = next((option for option in definition.options if option.id == id), None)
    name = found.name.rpartition(CHILD)[2] if found else ""
    return {"self": call.url(f"customFieldOption/{id}"), "value": name, "id": id}


def _cascade(call: View, definition: FieldDef, ids: list[str]) -> Json:
    parent, *child = (_option(call, definition, id) for id in ids)
    return parent | ({"child": child[0]} if child else {})


def _sprint(call: View, id: int) -> Json | str:
    """Return a sprint as its field holds it: on Data Center the text of a Java object."""
    found = call.site.sprints[id]
    dates = {"startDate": found.start, "endDate": found.end, "completeDate": found.completed}
    if not call.site.cloud:
        times = {n: at.isoformat(timespec="milliseconds") if at else "<null>" for n, at in dates.items()}
        parts = {"id": found.id, "rapidViewId": found.board, "state": found.state.upper(), "name": found.name}
        parts |= {**times, "sequence": found.id, "goal": found.goal or "<null>"}
        inner = ",".join(f"{name}={value}" for name, value in parts.items())
        return f"com.atlassian.greenhopper.service.sprint.Sprint@{found.id:x}[{inner}]"
    shown = {"id": found.id, "name": found.name, "state": found.state, "boardId": found.board}
    return {**shown, "goal": found.goal, **{n: zulu(at) for n, at in dates.items() if at}}


def zulu(at: datetime) -> str:
    """Return an instant as the boards' API writes it, whatever the caller's zone."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def _parts(call: View, issue: Issue, definition: FieldDef, ids: list[str]) -> list[Json]:
    owner = call.site.projects[issue.project]
    kind = "components" if definition.kind == "components" else "versions"
    return [
        show.part(call, kind, owner, found)
        for found in call.site.parts(kind, issue.project)
        if found.id in ids
    ]


def _parent(call: View, id: int) -> Json | None:
    found = call.site.issues.get(id)
    return brief(call, found) if found else None


def _as_is(call: View, issue: Issue, definition: FieldDef, value: Any) -> Any:
    return value


_SHOWN: dict[str, Callable[[View, Issue, FieldDef, Any], Any]] = {
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
    "status": lambda call, issue, d, v: show.status(call, call.site.statuses[v]),
    "issuetype": lambda call, issue, d, v: show.issue_type(call, call.site.types[v]),
    "project": lambda call, issue, d, v: show.project(call, call.site.projects[v]),
    "projectref": lambda call, issue, d, v: show.project(call, call.site.projects[v]),
    "users": lambda call, issue, d, v: [show.user(call, one) for one in v],
    "group": lambda call, issue, d, v: group(call, v),
    "groups": lambda call, issue, d, v: [group(call, one) for one in v],
    "cascade": lambda call, issue, d, v: _cascade(call, d, v),
    "versionref": lambda call, issue, d, v: next(iter(_parts(call, issue, d, [v])), None),
    "versionrefs": _parts,
    "security": lambda call, issue, d, v: security(call, v),
    "epic": _as_is,
    "sprint": lambda call, issue, d, v: [_sprint(call, one) for one in v if one in call.site.sprints],
    "request_type": lambda call, issue, d, v: desk_show.request_field(call, issue, v),
    "organizations": lambda call, issue, d, v: [desk_show.organization(call, one) for one in v],
}


def group(call: View, name: str) -> Json:
    """Return a group; its id is on Cloud only."""
    head = {"name": name, "self": call.url(f"group?groupname={name}")}
    return head | ({"groupId": group_id(name)} if call.site.cloud else {})


def group_id(name: str) -> str:
    """Return the id of a group, the same on every site of the sandbox."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, name))


def security(call: View, id: str) -> Json:
    """Return a security level."""
    found = catalogue.LEVELS[id]
    return {
        "self": call.url(f"securitylevel/{id}"),
        "id": id,
        "name": found.name,
        "description": found.description,
    }


def comment_page(call: View, issue: Issue, comments: list[Comment], start: int, size: int) -> Json:
    """Return one page of an issue's comments."""
    shown = comments[start : start + size]
    return {
        "startAt": start,
        "maxResults": size,
        "total": len(comments),
        "comments": [show.comment(call, one) for one in shown],
    }


def _comments(call: View, issue: Issue) -> Json:
    # Inside an issue only the latest few stand; the resource has them all (reference, 2.1).
    shown = [show.comment(call, one) for one in issue.comments[-call.site.switches.comment_page :]]
    return {
        "comments": shown,
        "self": call.url(f"issue/{issue.id}/comment"),
        "maxResults": len(shown),
        "total": len(issue.comments),
        "startAt": 0,
    }


def _worklogs(call: View, issue: Issue) -> Json:
    shown = [show.worklog(call, one) for one in issue.worklogs[:20]]
    return {"startAt": 0, "maxResults": 20, "total": len(issue.worklogs), "worklogs": shown}


def _watches(call: View, issue: Issue) -> Json:
    watching = call.caller is not None and call.caller.account_id in issue.watchers
    url = call.url(f"issue/{issue.key}/watchers")
    return {"self": url, "watchCount": len(issue.watchers), "isWatching": watching}


def _votes(call: View, issue: Issue) -> Json:
    voted = call.caller is not None and call.caller.account_id in issue.votes
    return {"self": call.url(f"issue/{issue.key}/votes"), "votes": len(issue.votes), "hasVoted": voted}


def spent_seconds(issue: Issue) -> int:
    """Return the time that was logged on an issue."""
    return sum(one.seconds for one in issue.worklogs)


def _timetracking(call: View, issue: Issue) -> Json:
    known = issue.values.get("timetracking") or {}
    times = {
        "originalEstimate": known.get("original"),
        "remainingEstimate": known.get("remaining"),
        "timeSpent": spent_seconds(issue) or None,
    }
    set_ = {name: seconds for name, seconds in times.items() if seconds is not None}
    words = {name: show.spent(seconds) for name, seconds in set_.items()}
    return words | {f"{name}Seconds": seconds for name, seconds in set_.items()}


def _estimate(which: str) -> Callable[[View, Issue], Any]:
    return lambda call, issue: (issue.values.get("timetracking") or {}).get(which)


def _progress(call: View, issue: Issue) -> Json:
    done = spent_seconds(issue)
    total = done + ((issue.values.get("timetracking") or {}).get("remaining") or 0)
    percent = {"percent": done * 100 // total} if total else {}
    return {"progress": done, "total": total, **percent}


def _workratio(call: View, issue: Issue) -> int:
    original = (issue.values.get("timetracking") or {}).get("original")
    return spent_seconds(issue) * 100 // original if original else -1


def _spent(call: View, issue: Issue) -> int | None:
    return spent_seconds(issue) or None


def lexo(rank: int) -> str:
    """Return a rank as the opaque text that Jira shows."""
    digits, text = "0123456789abcdefghijklmnopqrstuvwxyz", ""
    while rank:
        rank, rest = divmod(rank, 36)
        text = digits[rest] + text
    return f"0|{text.rjust(14, '0')}:"


_OWN: dict[str, Callable[[View, Issue], Any]] = {
    "created": lambda call, issue: call.site.stamp(issue.created, call.caller),
    "updated": lambda call, issue: call.site.stamp(issue.updated, call.caller),
    "resolutiondate": lambda call, issue: call.site.stamp(issue.resolved, call.caller),
    "statuscategorychangedate": lambda call, issue: call.site.stamp(issue.status_since, call.caller),
    "statusCategory": lambda call, issue: show.category(call, call.site.statuses[issue.status].category),
    "comment": _comments,
    "attachment": lambda call, issue: [show.attachment(call, one) for one in issue.attachments],
    "issuelinks": lambda call, issue: [link(call, one, issue) for one in issue.links],
    "subtasks": lambda call, issue: [brief(call, call.site.issues[one]) for one in issue.children],
    "worklog": _worklogs,
    "timespent": _spent,
    "aggregatetimespent": _spent,
    "timeestimate": _estimate("remaining"),
    "aggregatetimeestimate": _estimate("remaining"),
    "timeoriginalestimate": _estimate("original"),
    "aggregatetimeoriginalestimate": _estimate("original"),
    "timetracking": _timetracking,
    "progress": _progress,
    "aggregateprogress": _progress,
    "workratio": _workratio,
    "lastViewed": lambda call, issue: None,
    f"customfield_{catalogue.RANK}": lambda call, issue: lexo(issue.rank),
    "watches": _watches,
    "votes": _votes,
}
_COMPUTED: dict[str, Callable[[View, Issue, FieldDef], Any]] = {
    "sla": lambda call, issue, d: desk_sla.field(call, issue, d.id),
    "feedback": lambda call, issue, d: desk_show.rating_field(issue),
    "approvals": lambda call, issue, d: desk_show.approvals(call, issue) or None,
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
    call: View, found: Issue, fields: list[str], expand: Iterable[str] = (), properties: Iterable[str] = ()
) -> Json:
    """Return an issue with the given fields."""
    definitions = call.site.fields
    shown: Json = {
        "expand": "renderedFields,names,schema,operations,editmeta,changelog,versionedRepresentations",
        "id": str(found.id),
        "self": call.url(f"issue/{found.id}"),
        "key": found.key,
        # An issue without a parent has no such field at all; other empty fields are null.
        "fields": {
            name: field(call, found, definitions[name])
            for name in fields
            if name != "parent" or found.values.get("parent") is not None
        },
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


def _rendered(call: View, found: Issue, fields: list[str]) -> Json:
    return {name: _rendered_field(call, found, call.site.fields[name]) for name in fields}


def _rendered_field(call: View, found: Issue, definition: FieldDef) -> Any:
    """Return a field as pages show it; null where that is no different from the field itself."""
    if definition.kind == "text":
        value = found.values.get(definition.id)
        return show.rendered_text(call.site, found, value) if value else ""
    if definition.id == "comment":
        shown = _comments(call, found)
        ids = {str(one.id): one.body for one in found.comments}
        rows = [
            {**row, "body": show.rendered_text(call.site, found, ids[row["id"]]), **_pretty(call, row)}
            for row in shown["comments"]
        ]
        return {**shown, "comments": rows}
    if definition.id in ("attachment", "worklog"):
        shown = field(call, found, definition)
        rows = shown if isinstance(shown, list) else shown["worklogs"]
        pretty = [{**row, **_pretty(call, row)} for row in rows]
        return pretty if isinstance(shown, list) else {**shown, "worklogs": pretty}
    if definition.kind in ("datetime", "date"):
        value = field(call, found, definition)
        return None if value is None else _day(value, with_time=definition.kind == "datetime")
    return None


def _pretty(call: View, row: Json) -> Json:
    return {
        name: _day(row[name], with_time=True) for name in ("created", "updated", "started") if name in row
    }


def _day(stamp: str, *, with_time: bool) -> str:
    """Return an instant or a day in the words of an English page, ``05/Jan/26 11:05 AM``."""
    at = datetime.fromisoformat(stamp)
    return at.strftime("%d/%b/%y %-I:%M %p" if with_time else "%d/%b/%y")


def _histories(call: View, found: Issue, fields: list[str]) -> Json:
    # Inside an issue: newest first, and only so many (reference, 4.4).
    most = call.site.switches.changelog_inline
    latest = [show.change(call, one) for one in reversed(found.history[-most:])]
    return {"startAt": 0, "maxResults": len(latest), "total": len(found.history), "histories": latest}


_EXPANDED: Mapping[str, Callable[[View, Issue, list[str]], Json]] = {
    "names": lambda call, found, fields: names_of(call.site, fields),
    "schema": lambda call, found, fields: schemas_of(call.site, fields),
    "renderedFields": _rendered,
    "changelog": _histories,
}
