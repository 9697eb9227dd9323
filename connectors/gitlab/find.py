"""Finding what we wrote when the answer was lost: by its marker, among our own issues only."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from connectors.gitlab.read import Reader, pages, stamp
from connectors.gitlab.translate import key_of
from connectors.gitlab.wire import ROWS
from mappings.provenance import find_token
from mappings.ticket import Ref


def created(reader: Reader, since: datetime, until: datetime | None) -> Iterator[tuple[tuple[str, ...], Ref]]:
    """Yield the issues that we created, the last one first, with the marker that begins each description.

    Instants are by the clock that stamps issues.
    """
    me = reader.directory.me().id
    query = {"scope": "all", "state": "all", "author_id": me, "created_after": stamp(since)}
    if until is not None:
        query["created_before"] = stamp(until)
    for path in reader.projects:
        project = reader.directory.project(path)
        for rows, _ in pages(reader.http, ROWS, f"projects/{project}/issues", query):
            for row in rows:
                if mark := find_token(row.description or ""):
                    yield (mark,), Ref(reader.http.connection, key_of(row), f"{path}#{row.iid}")
