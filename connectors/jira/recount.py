"""Reads an issue once more for a verification: Jira's own JSON, texts as wiki markup, none of our words."""

from __future__ import annotations

from typing import Any

from connectors.jira.client import Client
from connectors.jira.files import place_of
from connectors.jira.paths import path
from connectors.recount import RawFile, RawText, Recount
from mappings.ticket import MESSAGE_0, Attachment

_PAGE = 100


def recount(client: Client, key: str) -> Recount:
    """Return what there is of an issue. Raises Gone."""
    asked = {"fields": "description,attachment,project"}
    fields = client.http.call("GET", path(key), idempotent=True, params=asked).json()["fields"]
    served = fields["project"].get("projectTypeKey") == "service_desk"
    texts = [RawText(MESSAGE_0, str(fields.get("description") or ""), None)]
    start = 0
    while True:
        page: dict[str, Any] = client.http.call(
            "GET", path(key, "comment"), idempotent=True, params={"startAt": start, "maxResults": _PAGE}
        ).json()
        for row in page["comments"]:
            public = bool(row.get("jsdPublic", True)) if served else None
            texts.append(RawText(str(row["id"]), str(row.get("body") or ""), public))
        start += len(page["comments"])
        if not page["comments"] or start >= int(page["total"]):
            break
    cloud = client.site().cloud
    return Recount(tuple(texts), tuple(_file(row, cloud=cloud) for row in fields.get("attachment") or ()))


def _file(row: dict[str, Any], *, cloud: bool) -> RawFile:
    id, name, size = str(row["id"]), str(row["filename"]), int(row["size"])
    place = place_of(id, name, cloud=cloud)
    return RawFile(name, size, Attachment(id, name, "", size, inline=False, location=place))
