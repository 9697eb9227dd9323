"""Writes an issue's texts and files: comments, the description, attachments."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

from connectors.base import (
    CommentDraft,
    Upload,
    WrittenComment,
    WrittenFile,
)
from connectors.errors import Gone, Rejected, Uncertain, WireError
from connectors.jira import translate, wire
from connectors.jira.bodies import body_of, wiki
from connectors.jira.client import Client
from connectors.jira.find import PROPERTY
from connectors.jira.paths import path
from connectors.jira.read import READERS, Reader
from connectors.jira.service import ServiceDesk, free_names
from connectors.jira.side import SERVICE, Service, Side
from mappings.provenance import find_token
from mappings.ticket import MESSAGE_0, Audience

_INTERNAL = {"key": "sd.public.comment", "value": {"internal": True}}
"""Without it a comment in a service project is mailed to the customer (jira-api 5)."""


class Texts:
    """Writes texts and files of one connection's issues."""

    def __init__(self, client: Client, reader: Reader, service: ServiceDesk) -> None:
        self._client, self._reader, self._service = client, reader, service

    def add(self, key: str, draft: CommentDraft) -> WrittenComment:
        """Add a comment, its marker in the same call; says who can read it by what Jira answers.

        Files that go with a text for the customer are shown to the customer; others stay with staff.
        """
        # All that is needed to read the answer is asked for before: afterwards nothing may fail.
        side = self._client.side()
        look = self._reader.looks.issue(key) if draft.audience is Audience.STAFF else None
        head = wire.head_of(look) if look else self._reader.head(key)
        properties = self._properties(head, draft, lately=look is not None)
        if draft.uploads and _is_service(head) and draft.audience is Audience.CUSTOMER:
            return self._show(head, draft)
        files = {upload.id: self.attach(key, upload) for upload in draft.uploads}
        names = {**draft.names, **{id: file.name for id, file in files.items()}}
        api, text = body_of(side, draft, names)
        body = {"body": text, "properties": properties}
        head = self._reader.head(key) if files else head
        more = READERS if _is_service(head) else {}
        stored = self._client.send(wire.Comment, path(key, "comment", api=api), json=body, params=more)
        written = self._stored(side, head, stored, api)
        return replace(written, files={id: file.id for id, file in files.items()})

    def edit(self, key: str, id: str, draft: CommentDraft) -> WrittenComment:
        """Replace a comment's text, or the description's. Nobody reads it who did not before."""
        if id == MESSAGE_0:
            return self._describe(key, draft)
        side, head = self._client.side(), self._reader.head(key)
        properties = self._properties(head, draft)
        api, text = body_of(side, draft, draft.names)
        body: dict[str, Any] = {"body": text}
        if not _is_service(head) or draft.audience is Audience.STAFF:
            # A list replaces the internal flag too; without one it stays as it is (jira-api 5).
            body["properties"] = properties
        call = path(key, "comment", id, api=api)
        more = READERS if _is_service(head) else {}
        answer = self._client.http.call("PUT", call, idempotent=True, json=body, params=more)
        stored = self._client.parse(wire.Comment, self._client.http.json(answer), f"PUT {call}")
        return self._stored(side, head, stored, api)

    def delete(self, key: str, id: str) -> None:
        """Delete a comment; the description stays as long as the issue."""
        call = path(key, "comment", id)
        if id == MESSAGE_0:
            raise Rejected(self._client.http.connection, f"DELETE {call}", "a description cannot be deleted")
        with suppress(Gone):
            self._client.http.done("DELETE", call)

    def attach(self, key: str, upload: Upload) -> WrittenFile:
        """Upload a file under a name that no other file of the issue has, so that `!name!` means it."""
        taken = {file.name for file in self._reader.lately(key).fields.files}
        [name] = free_names([upload], taken)
        call = path(key, "attachments")
        stored = self._client.upload(wire.Files, call, upload, name).root
        if not stored:
            raise Rejected(self._client.http.connection, f"POST {call}", "Jira kept no file")
        self._reader.looks.attached(key, stored[0])
        return WrittenFile(stored[0].id, stored[0].name)

    def _show(self, head: wire.Head, draft: CommentDraft) -> WrittenComment:
        names = free_names(draft.uploads, {file.name for file in head.fields.files})
        named = {u.id: name for u, name in zip(draft.uploads, names, strict=True)}
        text = wiki(self._client.side(), draft, {**draft.names, **named})
        id = self._service.show(head, text, draft.uploads, names)
        try:
            stored, now = self._reader.comment(head.id, id), self._reader.head(head.id)
        except WireError as error:
            raise Uncertain(error.connection, error.call, f"added, but {error.text}") from None
        ids = {file.name: file.id for file in now.fields.files}
        files = {origin: ids[name] for origin, name in named.items() if name in ids}
        side = self._client.side()
        return replace(self._stored(side, now, stored, side.texts), files=files)

    def _stored(self, side: Side, head: wire.Head, stored: wire.Comment, api: str) -> WrittenComment:
        """Return what Jira stored, in the revision that the next look at it will show.

        A text that was sent by one version of the API reads otherwise by another: it is read once more.
        """
        try:
            now = stored if api == side.texts else self._reader.comment(head.id, stored.id)
            rendered = self._reader.rendered(head.id, now, head.fields.files)
        except WireError as error:
            raise Uncertain(error.connection, error.call, f"written, but {error.text}") from None
        return translate.written_comment(side, head, now, rendered)

    def _describe(self, key: str, draft: CommentDraft) -> WrittenComment:
        head = self._reader.head(key)
        if not translate.described(self._client.side(), head.fields).within(draft.audience):
            raise self._refusal("the customer reads the description on the portal")
        api, text = body_of(self._client.side(), draft, draft.names)
        body = {"fields": {"description": text}}
        self._client.http.done("PUT", path(key, api=api), json=body)
        # Which files go with a description, only all the texts together tell.
        stored = self._reader.fetch(key).ticket.messages[0]
        return WrittenComment(MESSAGE_0, stored.revision, stored.audience)

    def _properties(
        self, head: wire.Head, draft: CommentDraft, *, lately: bool = False
    ) -> list[dict[str, Any]]:
        """Return a comment's properties: its marker and, in a service project, that it is internal.

        It says so elsewhere too where the issue was looked at not now but `lately`: somebody might move it
        to a service project in that second. Raises Rejected for readers that Jira cannot be told here.
        """
        service = _is_service(head)
        if draft.audience is Audience.RESTRICTED:
            raise self._refusal("a text for fewer than staff is not written to Jira")
        if draft.audience is Audience.CUSTOMER and not head.fields.project.type:
            raise self._refusal("Jira did not say whether this is a service project")
        if draft.audience is Audience.STAFF and not service and self._client.side().service is Service.ALL:
            raise self._refusal("it left the service projects, and no text is internal where it is now")
        token = find_token(draft.markdown)
        properties: list[dict[str, Any]] = [{"key": PROPERTY, "value": {"token": token}}] if token else []
        internal = (service or lately) and draft.audience is Audience.STAFF
        return [*properties, _INTERNAL] if internal else properties

    def _refusal(self, text: str) -> Rejected:
        return Rejected(self._client.http.connection, "comment", text, {"audience": text})


def _is_service(head: wire.Head) -> bool:
    """Whether a comment must say that it is internal; a project of no known type might be one."""
    return head.fields.project.type in (SERVICE, "")
