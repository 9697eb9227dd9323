"""Reads an issue once more for a verification: Jira's own JSON, texts as wiki markup, none of our words."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from connectors.capabilities import Part
from connectors.jira.client import Client
from connectors.jira.files import place_of
from connectors.jira.paths import path
from connectors.recount import RawFile, RawText, RawTime, RawValue, Recount
from mappings.ticket import MESSAGE_0, Attachment, Field

FURTHER: Mapping[str, int] = {}
"""Calls beyond the issue and its comments: fields and the first twenty worklogs come with the issue."""
_PAGE = 100
_NATIVE: Mapping[Field, str] = {
    "subject": "summary",
    "status": "status",
    "priority": "priority",
    "type": "issuetype",
    "assignee": "assignee",
    "tags": "labels",
}
_BY_ID = ("status", "priority", "issuetype")
_BESIDES = "description,attachment,project,creator"


def recount(client: Client, key: str, also: frozenset[Part]) -> Recount:
    """Return what there is of an issue. Raises Gone."""
    native = {**_NATIVE, **client.side().custom}
    names = [_BESIDES, *native.values(), *(["worklog"] if Part.TIME in also else ())]
    asked = {"fields": ",".join(names), "expand": "changelog"}
    issue = client.http.call("GET", path(key), idempotent=True, params=asked).json()
    fields = issue["fields"]
    served = fields["project"].get("projectTypeKey") == "service_desk"
    ours = {client.side().me, _who(fields.get("creator"))}
    changes, whole = _changed(issue.get("changelog") or {}, ours)
    theirs = [item for change in changes for item in change]
    described = (
        True if any(item.get("field") == "description" for item in theirs) else False if whole else None
    )
    texts = [RawText(MESSAGE_0, str(fields.get("description") or ""), None, edited=described)]
    start = 0
    while True:
        page: dict[str, Any] = client.http.call(
            "GET", path(key, "comment"), idempotent=True, params={"startAt": start, "maxResults": _PAGE}
        ).json()
        for row in page["comments"]:
            public = bool(row.get("jsdPublic", True)) if served else None
            edited = _who(row.get("updateAuthor")) not in {client.side().me, _who(row.get("author"))}
            texts.append(RawText(str(row["id"]), str(row.get("body") or ""), public, edited=edited))
        start += len(page["comments"])
        if not page["comments"] or start >= int(page["total"]):
            break
    cloud = client.site().cloud
    files = tuple(_file(row, cloud=cloud) for row in fields.get("attachment") or ())
    gone = (item["from"] for item in theirs if item.get("field") == "Attachment" and item.get("from"))
    return Recount(
        tuple(texts),
        files,
        frozenset(map(str, gone)),
        fields={
            name: RawValue(*_said(id, fields.get(id)), _edited(id, theirs, whole=whole))
            for name, id in native.items()
        },
        times=tuple(_times(client, key, fields.get("worklog"))) if Part.TIME in also else None,
        unbooked=tuple(_unbooked(changes)) if whole else None,
    )


def _said(id: str, found: Any) -> tuple[tuple[str, ...], str | None]:
    """Return a field's words and their category: ids where there are some, names of people and the rest."""
    if id in _BY_ID and found:
        return (str(found["id"]),), (found.get("statusCategory") or {}).get("key")
    if id == "assignee":
        names = ((found or {}).get(name) for name in ("accountId", "key", "name", "emailAddress"))
        return tuple(str(name) for name in names if name), None
    many = found if isinstance(found, list) else [found]
    return tuple(word for one in many if (word := _word(one))), None


def _word(found: Any) -> str:
    """Return what a value says: an option's value, a thing's name, a number without its empty decimals."""
    if isinstance(found, dict):
        return str(found.get("value") or found.get("name") or "")
    if isinstance(found, float) and found.is_integer():
        return str(int(found))
    return "" if found is None else str(found)


def _edited(id: str, theirs: Collection[Mapping[str, Any]], *, whole: bool) -> bool | None:
    """Whether others changed a field; None where that is not told: Data Center names custom fields only."""
    if any(id in (item.get("fieldId"), item.get("field")) for item in theirs):
        return True
    nameless = any(item.get("fieldtype") == "custom" and not item.get("fieldId") for item in theirs)
    return None if not whole or (nameless and id not in _NATIVE.values()) else False


def _times(client: Client, key: str, inside: Mapping[str, Any] | None) -> Iterator[RawTime]:
    page: Mapping[str, Any] = inside or {"worklogs": (), "total": 1}
    rows = list(page["worklogs"])
    while len(rows) < int(page["total"]):
        asked = {"startAt": len(rows), "maxResults": 5000}
        page = client.http.call("GET", path(key, "worklog"), idempotent=True, params=asked).json()
        if not page["worklogs"]:
            break
        rows += page["worklogs"]
    for row in rows:
        edited = _who(row.get("updateAuthor")) not in {client.side().me, _who(row.get("author"))}
        at, text = datetime.fromisoformat(row["started"]), str(row.get("comment") or "")
        yield RawTime(str(row["id"]), int(row["timeSpentSeconds"]), text, at, edited=edited)


def _unbooked(changes: Collection[Collection[Mapping[str, Any]]]) -> Iterator[int]:
    """Yield the seconds of each worklog that others took away, by what was booked before and after."""
    for items in changes:
        gone = any(i.get("field") == "WorklogId" and i.get("from") and not i.get("to") for i in items)
        for item in items if gone else ():
            if item.get("field") == "timespent":
                yield int(item.get("from") or 0) - int(item.get("to") or 0)


def _who(user: Mapping[str, Any] | None) -> str:
    """Return an account as Cloud or Data Center names it (jira-api 5)."""
    known = user or {}
    return str(known.get("accountId") or known.get("key") or known.get("name") or "")


def _changed(told: Mapping[str, Any], ours: Collection[str]) -> tuple[list[list[Mapping[str, Any]]], bool]:
    """Return what others changed each time, and whether the changelog inside tells all (jira-api 4.4)."""
    changes = told.get("histories") or ()
    theirs = (change for change in changes if _who(change.get("author")) not in ours)
    return [list(change.get("items") or ()) for change in theirs], len(changes) >= int(told.get("total") or 0)


def _file(row: dict[str, Any], *, cloud: bool) -> RawFile:
    id, name, size = str(row["id"]), str(row["filename"]), int(row["size"])
    place = place_of(id, name, cloud=cloud)
    return RawFile(name, size, Attachment(id, name, "", size, inline=False, location=place))
