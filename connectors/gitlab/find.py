"""Finding what we wrote when the answer was lost: by its marker, among our own issues only."""

from __future__ import annotations

from datetime import datetime

from connectors.gitlab.read import Reader, pages, stamp
from connectors.gitlab.translate import key_of
from connectors.gitlab.wire import ROWS
from mappings.provenance import find_token
from mappings.ticket import Ref


def find_created(reader: Reader, token: str, since: datetime) -> Ref | None:
    """Return the issue that we created since then and whose description begins with this marker."""
    me = reader.directory.me().id
    query = {"scope": "all", "state": "all", "author_id": me, "created_after": stamp(since)}
    for path in reader.projects:
        project = reader.directory.project(path)
        for rows, _ in pages(reader.http, ROWS, f"projects/{project}/issues", query):
            for row in rows:
                if find_token(row.description or "") == token:
                    return Ref(reader.http.connection, key_of(row), f"{path}#{row.iid}")
    return None
