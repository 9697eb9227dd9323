"""Reads an issue once more for a verification: GitLab's own JSON, none of our words."""

from __future__ import annotations

from connectors.gitlab.read import issue_path
from connectors.http import Http
from connectors.recount import RawText, Recount
from mappings.ticket import MESSAGE_0

_PAGE = 100


def recount(http: Http, key: str) -> Recount:
    """Return what there is of an issue; its files are only named in its texts. Raises Gone."""
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
            return Recount(tuple(texts), ())
        page += 1
