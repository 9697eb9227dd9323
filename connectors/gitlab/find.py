"""Finding what we wrote when the answer was lost: by its marker, among our own issues only."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from connectors.gitlab.read import Reader, pages, stamp
from connectors.gitlab.translate import key_of
from connectors.gitlab.wire import ROWS
from connectors.sought import Found
from mappings.provenance import find_token
from mappings.ticket import Ref

_SLACK = timedelta(minutes=2)
"""For clocks that differ a little."""


def created(reader: Reader, since: datetime) -> Iterator[list[Found]]:
    """Yield pages of the issues that we created, the last one first, with the marker that begins each."""
    me = reader.directory.me().id
    after = stamp(since - _SLACK)
    query = {"scope": "all", "state": "all", "author_id": me, "created_after": after}
    for path in reader.projects:
        project = reader.directory.project(path)
        for rows, _ in pages(reader.http, ROWS, f"projects/{project}/issues", query):
            marked = [(row, find_token(row.description or "")) for row in rows]
            yield [
                Found(mark, Ref(reader.http.connection, key_of(row), f"{path}#{row.iid}"))
                for row, mark in marked
                if mark
            ]
