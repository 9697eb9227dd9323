"""Writing: issues, their fields and their notes. Everything sent can be sent twice, or is sent once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

import requests

from connectors.base import (
    CommentDraft,
    Snapshot,
    Stated,
    TicketDraft,
    Upload,
    WrittenComment,
    WrittenTicket,
)
from connectors.errors import Gone, Rejected, Transient, WireError
from connectors.gitlab.fields import Change, Unwritable, change, labels_of
from connectors.gitlab.files import ADDRESS, Home, is_name
from connectors.gitlab.labels import Side
from connectors.gitlab.read import Reader, issue_path, project_of
from connectors.gitlab.translate import description, key_of, ours, written
from connectors.gitlab.wire import ISSUE, NOTE, OPENED, UPLOADED, Issue, Note, User, parse
from connectors.http import Http
from mappings.markup import write
from mappings.provenance import escape
from mappings.ticket import MESSAGE_0, Audience, Field, TextFormat, Value
from mappings.vocabulary import Native


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes the issues of one connection."""

    http: Http
    side: Side
    reader: Reader

    def create(self, draft: TicketDraft) -> WrittenTicket:
        """Create an issue. Its uploads go first; files that no text links in the end do no harm."""
        project = self.reader.directory.project(draft.place.key)
        path = f"projects/{project}/issues"
        change = self._change_to(f"POST {path}", draft.values, (), Native(OPENED))
        people = self._assigned(f"POST {path}", draft.values.get("assignee"), ())
        text, files = self._text(project, draft.message)
        sent: dict[str, Any] = {**change.plain, "description": text}
        if people:
            sent["assignee_ids"] = people
        if change.add:
            sent["labels"] = ",".join(sorted(change.add))
        if draft.place.kind:
            sent["issue_type"] = draft.place.kind
        response = self.http.call("POST", path, json=sent, idempotent=False)
        issue = parse(ISSUE, self.side.connection, response, once=True)
        first = description(self.side, issue, issue.author.id)
        stored = written(self.side, self._ended(issue, change))
        return replace(stored, message_0=first.revision, files=files)

    def standing(self, key: str) -> WrittenTicket:
        """Return an issue's fields as they are now. Raises Gone."""
        return written(self.side, self.reader.issue(key))

    def set_fields(self, present: Stated, values: Mapping[Field, Value]) -> WrittenTicket:
        """Write fields in one call, whose server closes or reopens first and then does the rest."""
        key = present.ref.key
        call = f"PUT {issue_path(self.http, key)}"

        def decided(issue: Issue) -> Change:
            wanted = self._change_to(call, values, issue.labels or (), issue.status)
            if "assignee" in values:
                wanted.people = self._assigned(call, values["assignee"], issue.assignees or ())
            return wanted

        return self._update(key, decided)

    def change_tags(self, present: Snapshot, add: frozenset[str], remove: frozenset[str]) -> WrittenTicket:
        """Add and remove labels; a field's own are neither added nor taken away."""
        wanted = Change(add=set(labels_of(self.side, add)), remove={t for t in remove if self.side.is_tag(t)})
        return self._update(present.ref.key, lambda issue: wanted)

    def add_comment(self, key: str, draft: CommentDraft) -> WrittenComment:
        """Add a note, internal unless it is meant for customers.

        The connector does not know who reads a project, and `internal` can never be changed later
        (reference 0.11); so what is for staff is internal everywhere.
        """
        path = f"{issue_path(self.http, key)}/notes"
        home = self.reader.directory.home(project_of(key))
        text, files = self._text(home.id, draft)
        sent = {"body": text, "internal": draft.audience is not Audience.CUSTOMER}
        response = self.http.call("POST", path, json=sent, idempotent=False)
        return self._said(home, self._note(response, once=True), files)

    def edit_comment(self, key: str, id: str, draft: CommentDraft) -> WrittenComment:
        """Replace a note of ours, or the description of an issue of ours."""
        if id == MESSAGE_0:
            return self._edit_description(key, draft)
        path = self._note_path(key, id)
        note = self._own_note(path)
        if draft.audience is not Audience.CUSTOMER and not note.inside:
            raise Rejected(self.side.connection, f"PUT {path}", "it is not internal and cannot become so")
        home = self.reader.directory.home(project_of(key))
        text, files = self._text(home.id, draft)
        response = self.http.call("PUT", path, json={"body": text}, idempotent=True)
        return self._said(home, self._note(response, once=False), files)

    def delete_comment(self, key: str, id: str) -> None:
        """Delete a note of ours."""
        try:
            path = self._note_path(key, id)
            self._own_note(path)
            self.http.done("DELETE", path)
        except Gone:
            return

    # Issues.

    def delete(self, key: str) -> None:
        """Delete an issue; gone already is fine (gitlab-api 1.1: for owners and planners)."""
        with suppress(Gone):
            self.http.done("DELETE", issue_path(self.http, key))

    def _change_to(
        self, call: str, values: Mapping[Field, Value], labels: tuple[str, ...], status: Native
    ) -> Change:
        try:
            return change(self.side, values, labels, status)
        except Unwritable as error:
            raise self._unwritable(call, error) from None

    def _unwritable(self, call: str, error: Unwritable) -> Rejected:
        return Rejected(self.side.connection, call, error.why, {error.field: error.why})

    def _update(self, key: str, decide: Callable[[Issue], Change]) -> WrittenTicket:
        """Write what an issue lacks, decided on what it says now; nothing if it lacks nothing."""
        issue = self.reader.issue(key)
        wanted = decide(issue)
        if body := wanted.body(issue):
            issue = self._put(key, body)
        if wanted.status:
            issue = self._set_status(issue, wanted.status)
        return written(self.side, issue)

    def _assigned(self, call: str, who: Value, now: Sequence[User]) -> list[int]:
        """Return whose an issue is to be. Raises Rejected, rather than take it from some of several people.

        Somebody who may not read the project is dropped without a word (reference 3.2): the answer tells.
        """
        if not isinstance(who, str) and not now:
            return []
        found = self.reader.directory.user(who) if isinstance(who, str) else None
        why = ""
        if isinstance(who, str) and found is None:
            why = f"no user is called {who!r}"
        elif len(now) > 1:
            why = "it is several people's already; a person decides whose it is to be"
        if why:
            raise Rejected(self.side.connection, call, why, {"assignee": why})
        return [found.id] if found else []

    def _put(self, key: str, body: Mapping[str, Any]) -> Issue:
        response = self.http.call("PUT", issue_path(self.http, key), json=body, idempotent=True)
        return self.reader.whole(self._here(parse(ISSUE, self.side.connection, response)))

    def _here(self, issue: Issue) -> Issue:
        """Return an issue that was written to. Raises Transient if it was moved: the old one takes writes."""
        if issue.moved_to_id is not None:
            raise Transient(self.side.connection, "PUT issue", "it was moved to another project meanwhile")
        return issue

    def _set_status(self, issue: Issue, word: str) -> Issue:
        self.reader.statuses.put(issue, word)
        return self.reader.issue(key_of(issue))

    def _ended(self, issue: Issue, wanted: Change) -> Issue:
        """Bring an issue that was just created to its status. Where that fails its answer says so."""
        try:
            if wanted.event:
                return self._put(key_of(issue), {"state_event": wanted.event})
            if wanted.status:
                return self._set_status(issue, wanted.status)
            return self.reader.whole(issue)
        except WireError:
            return issue

    def _edit_description(self, key: str, draft: CommentDraft) -> WrittenComment:
        path, issue, me = issue_path(self.http, key), self.reader.issue(key), self.reader.directory.me()
        if issue.author.id != me.id:
            raise Rejected(self.side.connection, f"PUT {path}", "the description is not ours")
        text, files = self._text(issue.project_id, draft)
        response = self.http.call("PUT", path, json={"description": text}, idempotent=True)
        said = description(self.side, self._here(parse(ISSUE, self.side.connection, response)), me.id)
        return WrittenComment(said.id, said.revision, said.audience, files)

    # Notes.

    def _note_path(self, key: str, id: str) -> str:
        path = f"{issue_path(self.http, key)}/notes/{id}"
        if not id.isdecimal():
            raise Gone(self.side.connection, "GET note", f"{id!r} is no id of a note")
        return path

    def _own_note(self, path: str) -> Note:
        """Return a note. Raises Rejected if it is not ours: a maintainer's token may edit everybody's."""
        note = parse(NOTE, self.side.connection, self.http.call("GET", path, idempotent=True))
        if note.system or note.author.id != self.reader.directory.me().id:
            raise Rejected(self.side.connection, f"PUT {path}", "the note is not ours")
        return note

    def _note(self, response: requests.Response, *, once: bool) -> Note:
        """Return the note answered. 202 tells of a text of commands only, which `write` leaves none of."""
        if response.status_code == HTTPStatus.ACCEPTED:
            raise Rejected(self.side.connection, "note", "the text was taken as commands only")
        return parse(NOTE, self.side.connection, response, once=once)

    def _said(self, home: Home, note: Note, files: Mapping[str, str]) -> WrittenComment:
        said = ours(self.side, home, note)
        return WrittenComment(said.id, said.revision, said.audience, files)

    # Texts and files.

    def _text(self, project: int, draft: CommentDraft) -> tuple[str, dict[str, str]]:
        """Upload a text's files; return it as Markdown that links them all, and each file's id here."""
        if draft.audience is Audience.RESTRICTED:
            raise Rejected(self.side.connection, "write", "no text is for fewer than staff")
        ids = {upload.id: self._upload(project, upload) for upload in draft.uploads}
        addresses = {origin: f"/uploads/{id}" for origin, id in {**draft.names, **ids}.items()}
        text = write(draft.markdown, TextFormat.MARKDOWN, addresses, people=draft.people)
        names = {upload.id: upload.name for upload in draft.uploads}
        beside = [
            f"[{_label(names.get(origin) or address.rpartition('/')[2])}](attachment:{origin})"
            for origin, address in addresses.items()
            if address.split("/")[2] not in text  # its secret: no other address has it
        ]
        if not beside:
            return text, ids
        listed = write("\n".join(f"- {link}" for link in beside), TextFormat.MARKDOWN, addresses)
        return "\n\n".join(part for part in (text, listed) if part), ids

    def _upload(self, project: int, upload: Upload) -> str:
        """Upload a file and return its id. One that is sent twice is an orphan more (reference 5)."""
        path = f"projects/{project}/uploads"
        upload.content.seek(0)
        file = (upload.name, upload.content.read(), upload.content_type)
        response = self.http.call("POST", path, files={"file": file}, idempotent=True)
        url = parse(UPLOADED, self.side.connection, response).url
        found = ADDRESS.fullmatch(url)
        if found is None or not is_name(unquote(found["name"])):
            raise Rejected(self.side.connection, f"POST {path}", "the answer names no address of an upload")
        return f"{found['secret']}/{found['name']}"


def _label(name: str) -> str:
    """Return a file's name as a link's text that ends nowhere but at its end."""
    return escape(name.translate({ord("["): "(", ord("]"): ")"}))
