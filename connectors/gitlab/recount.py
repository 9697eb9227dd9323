"""Reads an issue once more for a verification: GitLab's own JSON, none of our words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, unquote

from connectors.gitlab.read import issue_path
from connectors.http import Http
from connectors.recount import RawFile, RawText, Recount
from mappings.ticket import MESSAGE_0, Attachment

_PAGE = 100
_UPLOAD = re.compile(r"/uploads/([0-9a-f]{32})/([^\s()<>\"'?#/]+)")
_REWRITTEN = "changed the description"
_PICTURES = (".jpg", ".jpeg", ".tif", ".tiff")
"""Of these GitLab takes hidden data (EXIF) out when it takes them."""


def recount(http: Http, key: str) -> Recount:
    """Return what there is of an issue; its files are those that its texts link to. Raises Gone."""
    path = issue_path(http, key)
    issue = http.call("GET", path, idempotent=True).json()
    texts: list[RawText] = []
    page, described = 1, False
    while True:
        asked = {"per_page": _PAGE, "page": page, "order_by": "created_at", "sort": "asc"}
        rows = http.call("GET", f"{path}/notes", idempotent=True, params=asked).json()
        texts += [_note(row) for row in rows if not row.get("system")]
        described = described or any(_describes(row, issue) for row in rows)
        if len(rows) < _PAGE:
            said, public = str(issue.get("description") or ""), not issue.get("confidential")
            texts.insert(0, RawText(MESSAGE_0, said, public, edited=described))
            return Recount(tuple(texts), tuple(_files(int(issue["project_id"]), texts)))
        page += 1


def _note(row: Mapping[str, Any]) -> RawText:
    """Return a note. GitLab tells when it was changed last, but not by whom."""
    edited = False if row.get("updated_at") == row.get("created_at") else None
    return RawText(str(row["id"]), str(row.get("body") or ""), not row.get("internal"), edited=edited)


def _describes(row: Mapping[str, Any], issue: Mapping[str, Any]) -> bool:
    """Whether a system note tells that another one than the issue's author changed its description."""
    who, author = ((one.get("author") or {}).get("id") for one in (row, issue))
    return bool(row.get("system")) and row.get("body") == _REWRITTEN and who != author


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
