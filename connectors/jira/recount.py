"""Reads an issue once more for a verification: Jira's own JSON, texts as wiki markup, none of our words."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from connectors.jira.client import Client
from connectors.jira.files import place_of
from connectors.jira.paths import path
from connectors.recount import RawFile, RawText, Recount
from mappings.ticket import MESSAGE_0, Attachment

_PAGE = 100


def recount(client: Client, key: str) -> Recount:
    """Return what there is of an issue. Raises Gone."""
    asked = {"fields": "description,attachment,project,creator", "expand": "changelog"}
    issue = client.http.call("GET", path(key), idempotent=True, params=asked).json()
    fields = issue["fields"]
    served = fields["project"].get("projectTypeKey") == "service_desk"
    ours = {client.side().me, _who(fields.get("creator"))}
    theirs, whole = _changed(issue.get("changelog") or {}, ours)
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
    return Recount(tuple(texts), files, frozenset(map(str, gone)))


def _who(user: Mapping[str, Any] | None) -> str:
    """Return an account as Cloud or Data Center names it (jira-api 5)."""
    known = user or {}
    return str(known.get("accountId") or known.get("key") or known.get("name") or "")


def _changed(told: Mapping[str, Any], ours: Collection[str]) -> tuple[list[Mapping[str, Any]], bool]:
    """Return what others changed, and whether the changelog inside the issue tells all (jira-api 4.4)."""
    changes = told.get("histories") or ()
    theirs = (change for change in changes if _who(change.get("author")) not in ours)
    items = [item for change in theirs for item in change.get("items") or ()]
    return items, len(changes) >= int(told.get("total") or 0)


def _file(row: dict[str, Any], *, cloud: bool) -> RawFile:
    id, name, size = str(row["id"]), str(row["filename"]), int(row["size"])
    place = place_of(id, name, cloud=cloud)
    return RawFile(name, size, Attachment(id, name, "", size, inline=False, location=place))
