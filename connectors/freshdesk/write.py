"""Writing tickets and notes: only what differs, by documented keys, and never a mail to a customer.

Texts are always notes: a reply mails the customer (freshdesk-api 7, 22).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from requests import Response

from connectors.base import (
    CommentDraft,
    ConnectionConfig,
    Presence,
    Snapshot,
    Stated,
    TicketDraft,
    Upload,
    WrittenComment,
    WrittenTicket,
)
from connectors.errors import Gone, Rejected, Transient, WireError
from connectors.freshdesk import answers, payload, translate, wire
from connectors.freshdesk.form import Form, whole
from connectors.freshdesk.people import People
from connectors.freshdesk.read import Reader
from connectors.http import Http
from mappings.markup import write
from mappings.ticket import MESSAGE_0, Audience, Field, Status, TextFormat, Value

_PAUSES = (0.1, 0.2, 0.4, 0.8, 1.5, 2.0, 2.0, 2.0)
"""Seconds between the looks at a bulk job."""
_RUNNING = ("IN PROGRESS", "QUEUED")
"""How a job says that it is not done; every other word means that it has ended (freshdesk-api 6.21)."""


@dataclass(frozen=True, slots=True)
class Writer:
    """What is written to one account."""

    config: ConnectionConfig
    http: Http
    reader: Reader
    people: People
    form: Form

    def create(self, draft: TicketDraft) -> WrittenTicket:
        """Create a ticket whose requester is our own account, so that no customer is mailed."""
        values = self._numbered("POST tickets", draft.values)
        body = {
            **payload.changes(self.config, "POST tickets", values, {}),
            "requester_id": self.people.me(),
            "description": _html(draft.message),
        }
        if tags := payload.tags(self.config, "POST tickets", draft.values, []):
            body["tags"] = tags
        if draft.place.kind:
            body.setdefault("type", draft.place.kind)
        self._complete("POST tickets", body, {})
        response = self._send("POST", "tickets", body, draft.message.uploads, idempotent=False)
        made = answers.made(self.http, response, wire.Ticket)
        first = translate.description(self.config, made, lambda _: None)
        return replace(translate.written(self.config, made), message_0=first.revision)

    def create_many(self, drafts: Sequence[TicketDraft]) -> list[WrittenTicket | WireError]:
        """Create tickets one by one: Freshdesk has no bulk create (freshdesk-api 4.5)."""
        return [self._tried(draft) for draft in drafts]

    def standing(self, key: str) -> WrittenTicket:
        """Return a ticket's fields as they are now. Raises Gone."""
        return translate.written(self.config, self.reader.ticket(key))

    def set_fields(self, present: Stated, values: Mapping[Field, Value]) -> WrittenTicket:
        """Write the fields that differ; resolving and closing come last, by the call that mails nobody."""
        key, call = present.ref.key, f"PUT tickets/{present.ref.key}"
        self._refuse_archived(present, call)
        values = self._numbered(call, values)
        body = payload.changes(self.config, call, values, present.native)
        self._complete(call, body, payload.customs(self.config, present.native))
        if values.keys() & {"tags", "sla"}:
            there = self.reader.ticket(key).tags
            wanted = payload.tags(self.config, call, values, there)
            body |= {"tags": wanted} if set(wanted) != set(there) else {}
        status = values.get("status")
        ending = body.pop("status", None) if isinstance(status, Status) and status.done else None
        if ending is None:
            return translate.written(self.config, self._put(key, body))
        if body:
            self._put(key, body)
        return translate.written(self.config, self._end(key, ending))

    def change_tags(self, present: Snapshot, add: frozenset[str], remove: frozenset[str]) -> WrittenTicket:
        """Replace the tags by what they are now and the change: Freshdesk has no finer call (4.1)."""
        self._refuse_archived(present, f"PUT tickets/{present.ref.key}")
        there = self.reader.ticket(present.ref.key).tags
        kept = [tag for tag in there if tag not in remove]
        wanted = kept + sorted(add - set(kept))
        ticket = self._put(present.ref.key, {"tags": wanted} if wanted != there else {})
        return translate.written(self.config, ticket)

    def add_comment(self, key: str, draft: CommentDraft) -> WrittenComment:
        """Add a note: private for staff, public for a customer."""
        path = f"tickets/{self.reader.number(key)}/notes"
        if draft.audience is Audience.RESTRICTED:
            raise Rejected(self.config.name, f"POST {path}", "a note cannot be kept from part of the staff")
        body: dict[str, Any] = {"body": _html(draft), "private": draft.audience is not Audience.CUSTOMER}
        if draft.tells and body["private"]:
            body["notify_emails"] = list(draft.tells)  # staff alone: whoever is named reads the note (5.4)
        response = self._send("POST", path, body, draft.uploads, idempotent=False)
        said = answers.made(self.http, response, wire.Conversation)
        return self._told(said, _pairs(draft.uploads, said.attachments))

    def edit_comment(self, key: str, id: str, draft: CommentDraft) -> WrittenComment:
        """Replace a note of our own, or the description of a ticket of our own."""
        if id == MESSAGE_0:
            return self._edit_description(key, draft)
        there = self._own(key, id)
        call = f"PUT conversations/{there.id}"
        if there.private is not True and draft.audience is not Audience.CUSTOMER:
            raise Rejected(self.config.name, call, "the note is public and the text is not")
        held = {(file.name, file.size): str(file.id) for file in there.attachments}
        new = [upload for upload in draft.uploads if (upload.name, _size(upload)) not in held]
        path, body = f"conversations/{there.id}", {"body": _html(draft)}
        response = self._send("PUT", path, body, new, idempotent=not new)
        said = answers.read(self.http, response, wire.Conversation)
        known = {file.id for file in there.attachments}
        files = {u.id: held[u.name, _size(u)] for u in draft.uploads if u not in new}
        files |= _pairs(new, [file for file in said.attachments if file.id not in known])
        if said.private is None:
            said = said.model_copy(update={"private": there.private})
        return self._told(said, files)

    def delete_comment(self, key: str, id: str) -> None:
        """Delete a note of our own; gone already is fine."""
        if id == MESSAGE_0:
            raise Rejected(self.config.name, "DELETE conversation", "a description cannot be deleted")
        try:
            there = self._own(key, id)
            self.http.done("DELETE", f"conversations/{there.id}")
        except Gone:
            return

    def delete(self, key: str) -> None:
        """Put a ticket into the trash (freshdesk-api 4.5); gone already is fine."""
        with suppress(Gone):
            try:
                self.http.done("DELETE", f"tickets/{self.reader.number(key)}")
            except Rejected:
                if not self.reader.ticket(key).deleted:
                    raise

    def _tried(self, draft: TicketDraft) -> WrittenTicket | WireError:
        try:
            return self.create(draft)
        except WireError as error:
            return error

    def _refuse_archived(self, present: Stated, call: str) -> None:
        if isinstance(present, Snapshot) and present.presence is Presence.ARCHIVED:
            raise Rejected(self.config.name, call, "it is archived, where nothing can be written")

    def _numbered(self, call: str, values: Mapping[Field, Value]) -> Mapping[Field, Value]:
        """Return the values with the agent's number for what people call them. Raises Rejected."""
        who = values.get("assignee")
        if not isinstance(who, str):
            return values
        if (number := self.people.agent(who)) is None:
            why = f"no agent is {who!r}; write an agent's number, or with an admin's key their mail address"
            raise Rejected(self.config.name, call, why, {"assignee": why})
        return {**values, "assignee": str(number)}

    def _complete(self, call: str, body: dict[str, Any], stated: Mapping[str, str | None]) -> None:
        """Add the levels that belong to dependent fields (freshdesk-api 4.4)."""

        def refuse(field: str, wrong: str) -> Rejected:
            return Rejected(self.config.name, call, f"{field}: {wrong}", {field: wrong})

        if custom := body.get("custom_fields"):
            body["custom_fields"] = whole(self.form.fields(), custom, stated, refuse)

    def _edit_description(self, key: str, draft: CommentDraft) -> WrittenComment:
        ticket, call = self.reader.ticket(key), f"PUT tickets/{key}"
        if ticket.requester_id != self.people.me():
            raise Rejected(self.config.name, call, "the description is not ours")
        if draft.audience is not Audience.CUSTOMER:
            raise Rejected(self.config.name, call, "customers can read descriptions")
        said = translate.description(
            self.config, self._put(key, {"description": _html(draft)}), lambda _: None
        )
        return WrittenComment(MESSAGE_0, said.revision, said.audience)

    def _own(self, key: str, id: str) -> wire.Conversation:
        """Return a conversation of ours. Raises Gone; Rejected for another's, which could be deleted too."""
        there = self.reader.conversation(key, id)
        if there.user_id != self.people.me():
            raise Rejected(self.config.name, f"conversation {id}", "it is not ours")
        return there

    def _put(self, key: str, body: Mapping[str, Any]) -> wire.Ticket:
        """Write a ticket's fields and return it; without fields, just return it."""
        if not body:
            return self.reader.ticket(key)
        path = f"tickets/{self.reader.number(key)}"
        return answers.read(self.http, self.http.call("PUT", path, json=body, idempotent=True), wire.Ticket)

    def _end(self, key: str, status: int) -> wire.Ticket:
        """Resolve or close without the mail that says so: only the bulk call can (freshdesk-api 4.5)."""
        properties = {"status": status, "skip_close_notification": True}
        body = {"bulk_action": {"ids": [self.reader.number(key)], "properties": properties}}
        response = self.http.call("POST", "tickets/bulk_update", json=body, idempotent=True)
        self._await(str(answers.read(self.http, response, wire.Accepted).job_id))
        ticket = self.reader.ticket(key)
        if ticket.status != status:
            locked = translate.presence(ticket) is not Presence.PRESENT
            why = (
                "it is in the trash or marked as spam"
                if locked
                else "a field required for closing may be empty"
            )
            text = f"the status did not become {status}: {why}"
            raise Rejected(self.config.name, "POST tickets/bulk_update", text, {"status": why})
        return ticket

    def _await(self, job: str) -> None:
        path = f"jobs/{quote(job, safe='')}"
        for pause in _PAUSES:
            try:
                said = answers.get(self.http, path, wire.Job).status
            except Gone:
                return
            if said.upper().replace("_", " ") not in _RUNNING:
                return
            self.http.sleep(pause)
        raise Transient(self.config.name, f"GET {path}", "the job is still running")

    def _send(
        self, method: str, path: str, body: Mapping[str, Any], uploads: Sequence[Upload], *, idempotent: bool
    ) -> Response:
        """Send a body as JSON, or with files as a form: the only way that takes them (freshdesk-api 5.4)."""
        if not uploads:
            return self.http.call(method, path, json=body, idempotent=idempotent)
        files = [("attachments[]", u.name, u.content, u.content_type) for u in uploads]
        return self.http.upload(method, path, payload.form(body), files)

    def _told(self, said: wire.Conversation, files: Mapping[str, str]) -> WrittenComment:
        """Return what the server stored; a note that is not said to be private may be read by anybody."""
        revision = translate.comment(self.config, said, lambda _: None).revision
        audience = Audience.STAFF if said.private is True else Audience.CUSTOMER
        return WrittenComment(str(said.id), revision, audience, files)


def _html(draft: CommentDraft) -> str:
    """Return a draft as HTML. Pictures cannot be uploaded inline (5.5): they are named at their place.

    So are people: a note's mention pages nobody by the API.
    """
    return write(draft.markdown, TextFormat.HTML, {}, people=draft.people)


def _size(upload: Upload) -> int:
    size = upload.content.seek(0, 2)
    upload.content.seek(0)
    return size


def _pairs(uploads: Sequence[Upload], got: Sequence[wire.Attachment]) -> dict[str, str]:
    """Return upload id -> attachment id: by name, which is kept as sent (5.4), else by order."""
    left, pairs = list(got), {}
    for upload in uploads:
        if (file := next((f for f in left if f.name == upload.name), None)) is not None:
            left.remove(file)
            pairs[upload.id] = str(file.id)
    others = [upload.id for upload in uploads if upload.id not in pairs]
    return pairs | {id: str(file.id) for id, file in zip(others, left, strict=False)}
