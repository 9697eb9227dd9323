"""Reads an issue whole: its fields, every page of its comments, its files, and the parts asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import IO

from connectors.base import Snapshot, WrittenTicket
from connectors.capabilities import Part
from connectors.errors import Transient
from connectors.jira import translate, wire
from connectors.jira.client import Client
from connectors.jira.files import BESIDE, nameless
from connectors.jira.looks import Looks
from connectors.jira.parts import Parts
from connectors.jira.paths import path
from connectors.jira.places import Places
from connectors.jira.side import SERVICE
from mappings.ticket import MESSAGE_0, Attachment

_FIELDS = (
    "summary,description,status,priority,issuetype,labels,duedate,resolution,attachment,"
    "creator,reporter,assignee,created,updated,project,archiveddate"
)
READERS = {"expand": "properties"}
"""What else to ask for so that a comment says who reads it: Data Center has no ``jsdPublic`` (jira-api 5)."""
_PAGE = 100
"""Cloud answers a hundred comments at most, whatever is asked for (jira-api 5)."""


class Reader:
    """Reads issues of one connection by their immutable ids."""

    def __init__(self, client: Client, parts: Parts, places: Places) -> None:
        self._client, self._parts, self._places = client, parts, places
        self.looks = Looks(client, self.fields, lambda: client.http.now().timestamp())

    def fetch(self, key: str, also: frozenset[Part] = frozenset()) -> Snapshot:
        """Return the issue whole. Raises Gone.

        One call where all is short: fields, first comments, worklogs and the newest changes come together.
        """
        side = self._client.side()
        issue = self.issue(key, "comment", *self._parts.fields(also), expand=self._parts.expand(also))
        # Fields first: an edit in between makes the version look old, which costs a look and loses nothing.
        comments, here = self._comments(issue), self._places.of(issue)
        at, rendered = self._client.http.now(), self._rendered(issue, comments)
        snapshot = translate.snapshot(side, issue, comments, at, here, rendered)
        if not also:
            return snapshot
        return replace(snapshot, ticket=replace(snapshot.ticket, **self._parts.read(issue, also)))

    def written(self, key: str) -> WrittenTicket:
        """Return the issue's fields as they are right now; this call never lags (jira-api 2.1)."""
        return translate.written_ticket(self._client.side(), self.issue(key))

    def standing(self, key: str) -> WrittenTicket:
        """Return the issue's fields; of one that was made lately as they were within the last second."""
        issue = self.looks.issue(key) or self.issue(key)
        return translate.written_ticket(self._client.side(), issue)

    def issue(self, key: str, *more: str, expand: str = "") -> wire.Issue:
        """Return the fields that the hub reads, and no others."""
        query = {"fields": ",".join([*self.fields(), *more])} | ({"expand": expand} if expand else {})
        return self._client.get(wire.Issue, path(key, api=self._client.side().texts), query)

    def fields(self) -> list[str]:
        """Return the names of the fields that the hub reads of every issue."""
        side = self._client.side()
        return [*_FIELDS.split(","), *side.custom.values(), *side.desk.all()]

    def head(self, key: str) -> wire.Head:
        """Return what must be known before a text or a file is sent. Raises Gone."""
        fields = ["attachment", "project", "reporter", *self._client.side().desk.all()]
        return self._client.get(wire.Head, path(key), {"fields": ",".join(fields)})

    def lately(self, key: str) -> wire.Head:
        """Return what `head` does; of an issue that was made lately as it was within the last second."""
        issue = self.looks.issue(key)
        return self.head(key) if issue is None else wire.head_of(issue)

    def comment(self, key: str, id: str, *, rendered: bool = False) -> wire.Comment:
        """Return one comment as it is right now, and who reads it; with its HTML, if that is wanted."""
        query = {"expand": "properties,renderedBody"} if rendered else READERS
        return self._client.get(wire.Comment, path(key, "comment", id, api=self._client.side().texts), query)

    def rendered(self, key: str, comment: wire.Comment, files: Sequence[wire.File]) -> Mapping[str, str]:
        """Return a comment's HTML by its id, where its pictures say no names (jira-api 5, 6)."""
        if not nameless(comment.body, files):
            return {}
        return {comment.id: self.comment(key, comment.id, rendered=True).rendered or ""}

    def _rendered(self, issue: wire.Issue, comments: Sequence[wire.Comment]) -> Mapping[str, str]:
        """Return the HTML of the issue's texts whose pictures say no names."""
        found: dict[str, str] = {}
        if issue.fields.description and nameless(issue.fields.description, issue.fields.files):
            query = {"fields": "description", "expand": "renderedFields"}
            call = path(issue.id, api=self._client.side().texts)
            found[MESSAGE_0] = self._client.get(wire.Rendered, call, query).fields.description or ""
        for comment in comments:
            found |= self.rendered(issue.id, comment, issue.fields.files)
        return found

    def open_file(self, attachment: Attachment) -> AbstractContextManager[IO[bytes]]:
        """Stream a file; Cloud redirects to a short-lived address that gets no credential.

        Raises Transient when it is not as long as Jira said: cut short, or a sign-in page in its place.
        """
        beside = attachment.location.startswith(BESIDE)
        http = self._client.site_files if beside else self._client.http
        return http.open(attachment.location, attachment.size)

    def _comments(self, issue: wire.Issue) -> list[wire.Comment]:
        """Return all comments. A deletion while they are paged shifts one out of sight: then once more."""
        if _whole(issue):
            return issue.fields.comments.comments if issue.fields.comments else []
        more = READERS if issue.fields.project.type == SERVICE else {}
        for _ in range(3):
            found, steady = self._walk(issue.id, more)
            if steady:
                return found
        raise Transient(
            self._client.http.connection, f"GET {path(issue.id)}/comment", "comments keep vanishing"
        )

    def _walk(self, key: str, more: Mapping[str, str]) -> tuple[list[wire.Comment], bool]:
        found: dict[str, wire.Comment] = {}
        start, most = 0, 0
        call = path(key, "comment", api=self._client.side().texts)
        turning = self._client.turning(f"GET {call}", "startAt")
        while True:
            query = {"startAt": start, "maxResults": _PAGE, "orderBy": "created", **more}
            page = self._client.get(wire.CommentPage, call, query)
            turning.page()
            if page.comments and all(comment.id in found for comment in page.comments):
                raise turning.circling()
            found |= {comment.id: comment for comment in page.comments}
            start, most = start + len(page.comments), max(most, page.total)
            if start >= page.total or not page.comments:
                return list(found.values()), page.total == most


def _whole(issue: wire.Issue) -> bool:
    """Whether the issue came with all its comments, and with who reads each where that differs."""
    inside, service = issue.fields.comments, issue.fields.project.type == SERVICE
    if inside is None or len(inside.comments) < inside.total:
        return False
    return not service or all(comment.public is not None for comment in inside.comments)
