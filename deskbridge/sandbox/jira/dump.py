"""The whole of a site's state as JSON, and back; files are in their folder, named by their numbers."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from deskbridge.sandbox.jira.model import (
    Board,
    FieldDef,
    Filter,
    Issue,
    IssueLink,
    IssueType,
    Json,
    Project,
    Status,
    User,
)
from deskbridge.sandbox.jira.records import Desk, Hook, Organization, Scheme, Screen, Sprint, Task, Temporary
from deskbridge.sandbox.jira.state import Site
from deskbridge.sandbox.jira.switches import Switches

# What a site remembers; comments, files, worklogs and links hang on issues and are found there again.
_KEPT: dict[str, TypeAdapter[Any]] = {
    "switches": TypeAdapter(Switches),
    "users": TypeAdapter(dict[str, User]),
    "projects": TypeAdapter(dict[str, Project]),
    "statuses": TypeAdapter(dict[str, Status]),
    "types": TypeAdapter(dict[str, IssueType]),
    "fields": TypeAdapter(dict[str, FieldDef]),
    "screens": TypeAdapter(dict[int, Screen]),
    "schemes": TypeAdapter(dict[int, Scheme]),
    "links": TypeAdapter(dict[int, IssueLink]),
    "gone_worklogs": TypeAdapter(dict[int, datetime]),
    "filters": TypeAdapter(dict[int, Filter]),
    "boards": TypeAdapter(dict[int, Board]),
    "sprints": TypeAdapter(dict[int, Sprint]),
    "hooks": TypeAdapter(dict[int, Hook]),
    "tasks": TypeAdapter(dict[str, Task]),
    "desks": TypeAdapter(dict[str, Desk]),
    "organizations": TypeAdapter(dict[int, Organization]),
    "temporary": TypeAdapter(dict[str, Temporary]),
    "pinned": TypeAdapter(dict[int, Json]),
    "user_properties": TypeAdapter(dict[str, Json]),
    "keys": TypeAdapter(dict[str, int]),
    "counters": TypeAdapter(dict[str, int]),
    "default_resolution": TypeAdapter(str | None),
}
_ISSUE = TypeAdapter(Issue)
_SECRETS = {"token", "password", "scoped"}
_HIDDEN: dict[str, Any] = {"users": {"__all__": _SECRETS}}


def dump(site: Site) -> dict[str, Any]:
    """Return the state as JSON-able values, the issues one by one; credentials are not part of it."""
    state = {
        name: adapter.dump_python(getattr(site, name), mode="json", exclude=_HIDDEN.get(name))
        for name, adapter in _KEPT.items()
    }
    without = {"links", "stale"}
    issues = (_ISSUE.dump_python(one, mode="json", exclude=without) for one in site.issues.values())
    return {"deployment": site.deployment, **state, "issues": issues}


def restore(site: Site, state: dict[str, Any]) -> None:
    """Go to a dumped state; ValueError when it is none, or another deployment's."""
    if state.get("deployment") != site.deployment:
        raise ValueError(f"the snapshot is of {state.get('deployment')!r}, this site is {site.deployment!r}")
    read = {name: adapter.validate_python(state.get(name)) for name, adapter in _KEPT.items()}
    issues = [_ISSUE.validate_python(row) for row in state["issues"]]
    known = {user.email: user for user in site.users.values()}
    for name, value in read.items():
        setattr(site, name, value)
    site.issues = {issue.id: issue for issue in issues}
    site.counters = Counter(read["counters"])
    for user in site.users.values():
        if (now := known.get(user.email)) is not None:
            user.token, user.password, user.scoped = now.token, now.password, now.scoped
    site.forget_indexes()
    _index(site)


def _index(site: Site) -> None:
    """Find again what hangs on issues, and fill the indexes."""
    for user in site.users.values():
        site.add_user(user)
    instants = [field.id for field in site.fields.values() if field.kind == "datetime" and field.custom]
    site.comments = {one.id: one for issue in site.issues.values() for one in issue.comments}
    site.attachments = {one.id: one for issue in site.issues.values() for one in issue.attachments}
    site.worklogs = {one.id: one for issue in site.issues.values() for one in issue.worklogs}
    for link in site.links.values():
        for id in dict.fromkeys((link.source, link.target)):
            site.issues[id].links.append(link)
    for issue in site.issues.values():
        for name in instants:
            if isinstance(text := issue.values.get(name), str):
                issue.values[name] = datetime.fromisoformat(text)
        for remote in issue.remote_links:
            if remote.global_id:
                site.remote.setdefault(remote.global_id, set()).add(issue.id)
    for issue in sorted(site.issues.values(), key=lambda one: one.updated):
        site.recent[issue.id] = None
