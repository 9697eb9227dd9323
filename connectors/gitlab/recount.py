"""Reads an issue once more for a verification: GitLab's own JSON, none of our words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, unquote

from connectors.gitlab.read import issue_path
from connectors.http import Http
from connectors.recount import RawFile, RawText, Recount
from mappings.ticket import MESSAGE_0, Attachment

_PAGE = 100
_UPLOAD = re.compile(r"/uploads/([0-9a-f]{32})/([^\s()<>\"'?#/]+)")
_PICTURES = (".jpg", ".jpeg", ".tif", ".tiff")
"""Of these GitLab takes hidden data (EXIF) out when it takes them."""


def recount(http: Http, key: str) -> Recount:
    """Return what there is of an issue; its files are those that its texts link to. Raises Gone."""
    path = issue_path(http, key)
    issue = http.call("GET", path, idempotent=True).json()
    texts, page = [RawText(MESSAGE_0, str(issue.get("description") or ""), not issue.get("confidential"))], 1
    while True:
        asked = {"per_page": _PAGE, "page": page, "order_by": "created_at", "sort": "asc"}
        rows = http.call("GET", f"{path}/notes", idempotent=True, params=asked).json()
        texts += [
            RawText(str(row["id"]), str(row.get("body") or ""), public=not row.get("internal"))
            for row in rows
            if not row.get("system")
        ]
        if len(rows) < _PAGE:
            return Recount(tuple(texts), tuple(_files(int(issue["project_id"]), texts)))
        page += 1


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
