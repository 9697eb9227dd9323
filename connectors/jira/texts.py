"""Writes an issue's texts and files: comments, the description, attachments."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from requests_toolbelt import MultipartEncoder  # type: ignore[import-untyped]  # ships no annotations

from connectors.base import (
    CommentDraft,
    Upload,
    WrittenComment,
    WrittenFile,
)
from connectors.errors import Gone, Rejected
from connectors.jira import translate, wire
from connectors.jira.client import Client
from connectors.jira.files import free_name
from connectors.jira.find import PROPERTY
from connectors.jira.read import Reader, path
from connectors.jira.translate import FORMAT, SERVICE
from mappings.markup import write
from mappings.provenance import find_token
from mappings.ticket import MESSAGE_0, Audience


class Texts:
    """Writes texts and files of one connection's issues."""

    def __init__(self, client: Client, reader: Reader) -> None:
        self._client, self._reader = client, reader

    def add(self, key: str, draft: CommentDraft) -> WrittenComment:
        """Add a comment, its marker in the same call; says who can read it by what Jira answers."""
        # All that is needed to read the answer is asked for before: afterwards nothing may fail.
        side, head = self._client.side(), self._reader.head(key)
        body = self._body(head, draft)
        stored = self._client.send(wire.Comment, path(key, "comment"), json=body)
        return translate.written_comment(side, head, stored)

    def edit(self, key: str, id: str, draft: CommentDraft) -> WrittenComment:
        """Replace a comment's text, or the description's."""
        if id == MESSAGE_0:
            return self._describe(key, draft)
        side, head = self._client.side(), self._reader.head(key)
        call = path(key, "comment", id)
        body = self._body(head, draft)
        answer = self._client.http.call("PUT", call, idempotent=True, json=body)
        stored = self._client.parse(wire.Comment, self._client.http.json(answer), f"PUT {call}")
        return translate.written_comment(side, head, stored)

    def delete(self, key: str, id: str) -> None:
        """Delete a comment; the description stays as long as the issue."""
        call = path(key, "comment", id)
        if id == MESSAGE_0:
            raise Rejected(self._client.http.connection, f"DELETE {call}", "a description cannot be deleted")
        with suppress(Gone):
            self._client.http.call("DELETE", call, idempotent=True)

    def attach(self, key: str, upload: Upload) -> WrittenFile:
        """Upload a file under a name that no other file of the issue has, so that `!name!` means it."""
        taken = {file.name for file in self._reader.head(key).fields.files}
        kind = upload.content_type if "/" in upload.content_type else "application/octet-stream"
        part = (free_name(upload.name, taken), upload.content, kind)
        form = MultipartEncoder({"file": part})  # streams; requests would read the file into memory
        headers = {"Content-Type": form.content_type, "X-Atlassian-Token": "no-check"}
        call = path(key, "attachments")
        stored = self._client.send(wire.Files, call, data=form, headers=headers).root
        if not stored:
            raise Rejected(self._client.http.connection, f"POST {call}", "Jira kept no file")
        return WrittenFile(stored[0].id, stored[0].name)

    def _describe(self, key: str, draft: CommentDraft) -> WrittenComment:
        body = {"fields": {"description": write(draft.markdown, FORMAT, draft.names)}}
        self._client.http.call("PUT", path(key), idempotent=True, json=body)
        # Which files go with a description, only all the texts together tell.
        stored = self._reader.fetch(key).ticket.messages[0]
        return WrittenComment(MESSAGE_0, stored.revision, stored.audience)

    def _body(self, head: wire.Head, draft: CommentDraft) -> dict[str, Any]:
        """Return a comment's body. In a service project it must say that it is internal, or it is mailed.

        Raises Rejected for readers that Jira cannot be told here.
        """
        software = head.fields.project.type not in (SERVICE, "")
        if draft.audience is Audience.RESTRICTED:
            raise self._refusal("a text for fewer than staff is not written to Jira")
        if draft.audience is Audience.CUSTOMER and not software:
            raise self._refusal("public replies in service projects are not written")
        token = find_token(draft.markdown)
        properties = [{"key": PROPERTY, "value": {"token": token}}] if token else []
        if not software:
            properties.append({"key": "sd.public.comment", "value": {"internal": True}})
        body: dict[str, Any] = {"body": write(draft.markdown, FORMAT, draft.names)}
        return body | ({"properties": properties} if properties else {})

    def _refusal(self, text: str) -> Rejected:
        return Rejected(self._client.http.connection, "comment", text, {"audience": text})
