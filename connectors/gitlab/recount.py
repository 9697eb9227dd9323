"""Reads an issue once more for a verification: GitLab's own JSON, none of our words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import quote, unquote

from connectors.base import ConnectionConfig
from connectors.capabilities import Part
from connectors.errors import Rejected
from connectors.gitlab.read import issue_path
from connectors.http import Http
from connectors.recount import RawFile, RawText, RawTime, RawValue, Recount
from mappings.ticket import MESSAGE_0, Attachment, Field

FURTHER: Mapping[str, int] = {Part.TIME: 1, "status": 1}
"""Calls beyond the issue and its notes; a status that is a field of its own is told by GraphQL alone."""
_PAGE = 100
_TIMES = """query($path: ID!, $iid: String!, $after: String) { project(fullPath: $path) { issue(iid: $iid) {
  timelogs(first: 100, after: $after) {
    nodes { id timeSpent spentAt summary } pageInfo { hasNextPage endCursor } }
} } }"""
_STATUS = """query($id: WorkItemID!) { workItem(id: $id) {
  widgets(onlyTypes: [STATUS]) { ... on WorkItemWidgetStatus { status { name category } } }
} }"""
_UPLOAD = re.compile(r"/uploads/([0-9a-f]{32})/([^\s()<>\"'?#/]+)")
_REWRITTEN, _RENAMED = "changed the description", "changed title from"
_PICTURES = (".jpg", ".jpeg", ".tif", ".tiff")
"""Of these GitLab takes hidden data (EXIF) out when it takes them."""


def recount(http: Http, config: ConnectionConfig, key: str, also: frozenset[Part]) -> Recount:
    """Return what there is of an issue; its files are those that its texts link to. Raises Gone."""
    path = issue_path(http, key)
    issue = http.call("GET", path, idempotent=True).json()
    texts: list[RawText] = []
    page, described, renamed = 1, False, False
    while True:
        asked = {"per_page": _PAGE, "page": page, "order_by": "created_at", "sort": "asc"}
        rows = http.call("GET", f"{path}/notes", idempotent=True, params=asked).json()
        texts += [_note(row) for row in rows if not row.get("system")]
        described = described or any(_changes(row, issue, _REWRITTEN) for row in rows)
        renamed = renamed or any(_changes(row, issue, _RENAMED) for row in rows)
        if len(rows) < _PAGE:
            said, public = str(issue.get("description") or ""), not issue.get("confidential")
            texts.insert(0, RawText(MESSAGE_0, said, public, edited=described))
            return Recount(
                tuple(texts),
                tuple(_files(int(issue["project_id"]), texts)),
                fields=dict(_fields(http, config, issue, renamed=renamed)),
                times=tuple(_times(http, issue)) if Part.TIME in also else None,
            )
        page += 1


def _fields(
    http: Http, config: ConnectionConfig, issue: Mapping[str, Any], *, renamed: bool
) -> Iterator[tuple[Field, RawValue]]:
    """Yield the title, the people, and what the labels say; by whom labels were changed they do not tell."""
    yield "subject", RawValue((str(issue.get("title") or ""),), edited=renamed or None)
    people = (str(one[name]) for one in issue.get("assignees") or () for name in ("id", "username"))
    yield "assignee", RawValue(tuple(people))
    labels, lenses = sorted(issue.get("labels") or ()), config.vocabularies
    words = {name: _labels(config, name) for name in lenses}
    known = frozenset[str]().union(*words.values())
    scopes = {word.rpartition("::")[0] for word in known if "::" in word}
    tags = (one for one in labels if one not in known and one.rpartition("::")[0] not in scopes)
    yield "tags", RawValue(tuple(tags))
    for name, lens in lenses.items():
        told = [one for one in labels if one in words[name] and one in lens.reads]
        if name == "status":
            stands = _status(http, config, issue)
            closed = issue.get("state") == "closed"
            yield name, stands if closed or not told else RawValue((told[0],))
        else:
            yield name, RawValue(tuple(told[:1]))


def _labels(config: ConnectionConfig, name: Field) -> frozenset[str]:
    """Return the labels that say something of a field, by its words."""
    lens = config.vocabularies[name]
    found = {*lens.reads, *lens.writes.values()} - {"-", "opened", "closed"}
    stated = name == "status" and _stated(config)  # then a word without a scope is a status, and no label
    return frozenset(one for one in found if not one.startswith("category:") and ("::" in one or not stated))


def _stated(config: ConnectionConfig) -> bool:
    return config.fields.get("status") == "status"


def _status(http: Http, config: ConnectionConfig, issue: Mapping[str, Any]) -> RawValue:
    """Return opened or closed, or what the status field says where the settings name it (gitlab-api 3.8)."""
    stated: Mapping[str, Any] = {}
    if _stated(config):
        told = _ask(http, _STATUS, {"id": f"gid://gitlab/WorkItem/{issue['id']}"})
        widgets = (told.get("workItem") or {}).get("widgets") or ()
        stated = next((one["status"] for one in widgets if one.get("status")), {})
    if stated:
        return RawValue((str(stated["name"]),), str(stated.get("category") or "").lower() or None)
    return RawValue((str(issue.get("state")),))


def _times(http: Http, issue: Mapping[str, Any]) -> Iterator[RawTime]:
    """Yield what was booked; what was taken off is an entry below zero, and none (gitlab-api 3.6).

    Raises Rejected where the server does not tell.
    """
    path = str(issue["references"]["full"]).rpartition("#")[0]
    asked: dict[str, Any] = {"path": path, "iid": str(issue["iid"]), "after": None}
    while True:
        told = ((_ask(http, _TIMES, asked).get("project") or {}).get("issue") or {}).get("timelogs")
        if told is None:
            raise Rejected(http.connection, "POST graphql", "it does not tell who booked which time")
        for row in told["nodes"]:
            if row["timeSpent"] > 0:
                at = datetime.fromisoformat(row.get("spentAt") or issue["created_at"])
                yield RawTime(str(row["id"]), int(row["timeSpent"]), str(row.get("summary") or ""), at)
        if not told["pageInfo"]["hasNextPage"]:
            return
        asked["after"] = told["pageInfo"]["endCursor"]


def _ask(http: Http, query: str, variables: Mapping[str, Any]) -> Mapping[str, Any]:
    api, sent = replace(http, base=http.base.removesuffix("/v4")), {"query": query, "variables": variables}
    said = api.call("POST", "graphql", json=sent, idempotent=True).json()
    found: Mapping[str, Any] = said.get("data") or {}
    return found


def _note(row: Mapping[str, Any]) -> RawText:
    """Return a note. GitLab tells when it was changed last, but not by whom."""
    edited = False if row.get("updated_at") == row.get("created_at") else None
    return RawText(str(row["id"]), str(row.get("body") or ""), not row.get("internal"), edited=edited)


def _changes(row: Mapping[str, Any], issue: Mapping[str, Any], what: str) -> bool:
    """Whether a system note tells that another one than the issue's author changed something of it."""
    who, author = ((one.get("author") or {}).get("id") for one in (row, issue))
    return bool(row.get("system")) and str(row.get("body")).startswith(what) and who != author


def _files(project: int, texts: Iterable[RawText]) -> Iterator[RawFile]:
    met: set[str] = set()
    for text in texts:
        for secret, called in _UPLOAD.findall(text.text):
            if (id := f"{secret}/{called}") in met:
                continue
            met.add(id)
            name = unquote(called)
            place = f"projects/{project}/uploads/{secret}/{quote(name, safe='')}"
            file = Attachment(id, name, "", None, inline=False, location=place)
            yield RawFile(name, None, file, altered=name.lower().endswith(_PICTURES))
