"""Reads an issue whole: its fields, every page of its comments, its files."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import IO
from urllib.parse import quote

from connectors.base import Snapshot, WrittenTicket
from connectors.errors import Transient
from connectors.jira import translate, wire
from connectors.jira.client import Client
from connectors.jira.translate import API
from mappings.ticket import Attachment

_FIELDS = (
    "summary,description,status,priority,issuetype,labels,duedate,resolution,attachment,"
    "creator,reporter,assignee,created,updated,project"
)
_PAGE = 100
"""Cloud answers a hundred comments at most, whatever is asked for (jira-api 5)."""


class Reader:
    """Reads issues of one connection by their immutable ids."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def fetch(self, key: str) -> Snapshot:
        """Return the issue whole. Raises Gone."""
        side, issue = self._client.side(), self.issue(key)
        # Fields first: an edit in between makes the version look old, which costs a look and loses nothing.
        return translate.snapshot(side, issue, self._comments(key), self._client.http.now())

    def written(self, key: str) -> WrittenTicket:
        """Return the issue's fields as they are right now; this call never lags (jira-api 2.1)."""
        return translate.written_ticket(self._client.side(), self.issue(key))

    def issue(self, key: str) -> wire.Issue:
        """Return the fields that the hub reads, and no others."""
        fields = ",".join([_FIELDS, *self._client.side().custom.values()])
        return self._client.get(wire.Issue, path(key), {"fields": fields})

    def head(self, key: str) -> wire.Head:
        """Return what must be known before a text or a file is sent. Raises Gone."""
        return self._client.get(wire.Head, path(key), {"fields": "attachment,project"})

    def open_file(self, attachment: Attachment) -> AbstractContextManager[IO[bytes]]:
        """Stream a file; Jira redirects to a short-lived address that gets no credential."""
        return self._client.http.open(attachment.location)

    def _comments(self, key: str) -> list[wire.Comment]:
        """Return all comments. A deletion while they are paged shifts one out of sight: then once more."""
        for _ in range(3):
            found, steady = self._walk(key)
            if steady:
                return found
        raise Transient(self._client.http.connection, f"GET {path(key)}/comment", "comments keep vanishing")

    def _walk(self, key: str) -> tuple[list[wire.Comment], bool]:
        found: dict[str, wire.Comment] = {}
        start, most = 0, 0
        while True:
            query = {"startAt": start, "maxResults": _PAGE, "orderBy": "created"}
            page = self._client.get(wire.CommentPage, f"{path(key)}/comment", query)
            found |= {comment.id: comment for comment in page.comments}
            start, most = start + len(page.comments), max(most, page.total)
            if start >= page.total or not page.comments:
                return list(found.values()), page.total == most


def path(key: str, *rest: str) -> str:
    """Return the address of an issue, or of something below it."""
    return "/".join([API, "issue", *(quote(part, safe="") for part in (key, *rest))])
