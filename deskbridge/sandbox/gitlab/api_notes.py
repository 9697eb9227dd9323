"""Notes, discussions and emoji (4.1, 4.2, 4.6)."""

from __future__ import annotations

import re

from starlette.responses import Response
from starlette.routing import Route

from deskbridge.sandbox.gitlab import access, awards, entities_issue, notes, talk
from deskbridge.sandbox.gitlab.access import missing
from deskbridge.sandbox.gitlab.call import Call, Router, nothing
from deskbridge.sandbox.gitlab.changes import owner_instant
from deskbridge.sandbox.gitlab.paging import paged, paged_then_filtered
from deskbridge.sandbox.gitlab.places import Level
from deskbridge.sandbox.gitlab.records import Award, Issue, Note
from deskbridge.sandbox.gitlab.talk import Written
from deskbridge.sandbox.kernel import Refused, reply


def routes(router: Router) -> list[Route]:
    """Return the routes of this module."""
    one = "/projects/{id}/issues/{issue_iid}"
    note, thread = f"{one}/notes/{{note_id}}", f"{one}/discussions/{{discussion_id}}"
    table = [
        ("GET", f"{one}/notes", list_notes),
        ("POST", f"{one}/notes", create_note),
        ("GET", note, show_note),
        ("PUT", note, edit_note),
        ("DELETE", note, delete_note),
        ("GET", f"{one}/discussions", list_discussions),
        ("POST", f"{one}/discussions", create_discussion),
        ("GET", thread, show_discussion),
        ("GET", f"{thread}/notes", list_answers),
        ("POST", f"{thread}/notes", answer_discussion),
        ("GET", f"{thread}/notes/{{note_id}}", show_note),
        ("PUT", f"{thread}/notes/{{note_id}}", edit_note),
        ("DELETE", f"{thread}/notes/{{note_id}}", delete_note),
    ]
    for path in (one, note):
        table += [
            ("GET", f"{path}/award_emoji", list_awards),
            ("POST", f"{path}/award_emoji", create_award),
            ("GET", f"{path}/award_emoji/{{award_id}}", show_award),
            ("DELETE", f"{path}/award_emoji/{{award_id}}", delete_award),
        ]
    return [router.route(*row) for row in table]


def list_notes(call: Call) -> Response:
    """List notes, newest first by default; what the caller cannot read leaves gaps in a page (2.3)."""
    issue, params = call.issue(), call.params
    order = params.choice("order_by", ("created_at", "updated_at"), "created_at")
    down = params.choice("sort", ("asc", "desc"), "desc") == "desc"
    kinds = ("all_notes", "only_comments", "only_activity")
    kind = params.choice("activity_filter", kinds, "all_notes")
    rows = [
        note
        for note in issue.notes.values()
        if kind == "all_notes" or note.system == (kind == "only_activity")
    ]
    rows.sort(key=lambda note: (getattr(note, order or ""), note.id), reverse=down)
    return paged_then_filtered(
        call,
        rows,
        lambda note: entities_issue.note(call.site, note, call.user),
        lambda note: access.reads_note(call.user, note),
    )


def _note(call: Call) -> Note:
    """Return the note in the path; one that is not there and one that is hidden answer alike in status."""
    note = call.row(call.issue().notes, "note_id")
    thread = call.request.path_params.get("discussion_id")
    if thread not in (None, note.discussion) or not access.reads_note(call.user, note):
        raise missing("Note Not Found")
    return note


def show_note(call: Call) -> Response:
    """Answer one note."""
    return reply(entities_issue.note(call.site, _note(call), call.user))


def _commentable(call: Call) -> Issue:
    """Return the issue that the caller may comment on, after counting against the limit (1.3)."""
    call.limit("notes_create", call.site.switches.notes_per_minute)
    issue = call.issue()
    call.params.need("body")
    if not access.comments(call.user, issue):
        raise access.forbidden()
    call.not_spam()
    return issue


def create_note(call: Call) -> Response:
    """Make a note: 201 with it, or 202 when the text held nothing but commands (4.1)."""
    issue, params = _commentable(call), call.params
    internal = params.flag("internal") or params.flag("confidential") or False
    at = owner_instant(call.user, issue.project, params.instant("created_at"))
    body = params.text("body") or ""
    return _written(call, talk.write(call.site, call.user, issue, body, internal=internal, at=at))


def _written(call: Call, written: Written, status: int = 201) -> Response:
    if written.note:
        shape = entities_issue.note(call.site, written.note, call.user)
        return reply(shape | {"commands_changes": written.run.changes}, status)
    return _commands_only(call, written)


def _commands_only(call: Call, written: Written) -> Response:
    """Answer for a text of commands: 202 says that they were heard, the summary what came of them."""
    run, strict = written.run, call.site.switches.refuse_failed_commands
    if not run.summary or (strict and run.failed):
        text = ", ".join(run.summary) or "Failed to apply commands."
        raise Refused(400, {"message": f"400 Bad request - {text}"})
    return reply({"commands_changes": run.changes, "summary": run.summary}, 202)


def edit_note(call: Call) -> Response:
    """Change a note's text: for its author and maintainers; system notes are nobody's."""
    note = _own_note(call)
    call.params.not_blank("body")
    if "body" not in call.params:
        return reply(entities_issue.note(call.site, note, call.user))
    body = call.params.text("body") or ""
    return _written(call, talk.edit(call.site, call.user, note, body), 200)


def _own_note(call: Call) -> Note:
    note = _note(call)
    mine = note.author is call.user or access.level(call.user, note.issue.project) >= Level.MAINTAINER
    if note.system or not mine:
        raise access.forbidden()
    return note


def delete_note(call: Call) -> Response:
    """Take a note away; nothing tells of it afterwards."""
    note = _own_note(call)
    call.unmodified(note.updated_at)
    notes.delete(call.site, call.user, note)
    return nothing()


def _threads(call: Call, issue: Issue) -> list[list[Note]]:
    readable = [note for note in issue.notes.values() if access.reads_note(call.user, note)]
    return notes.discussions(readable)


def list_discussions(call: Call) -> Response:
    """List threads, oldest first."""
    rows = _threads(call, call.issue())
    return paged(call, rows, lambda thread: entities_issue.discussion(call.site, thread, call.user))


def _thread(call: Call, issue: Issue) -> list[Note]:
    wanted = call.path("discussion_id")
    for thread in _threads(call, issue):
        if thread[0].discussion == wanted:
            return thread
    raise missing("Discussion Not Found")


def show_discussion(call: Call) -> Response:
    """Answer one thread."""
    return reply(entities_issue.discussion(call.site, _thread(call, call.issue()), call.user))


def list_answers(call: Call) -> Response:
    """Answer all notes of a thread, in one piece."""
    rows = _thread(call, call.issue())
    return reply([entities_issue.note(call.site, note, call.user) for note in rows])


def create_discussion(call: Call) -> Response:
    """Start a thread; it cannot be internal (4.2)."""
    issue = _commentable(call)
    at = owner_instant(call.user, issue.project, call.params.instant("created_at"))
    body = call.params.text("body") or ""
    written = talk.write(call.site, call.user, issue, body, at=at, thread=())
    if written.note is None:
        return _commands_only(call, written)
    return reply(entities_issue.discussion(call.site, [written.note], call.user), 201)


def answer_discussion(call: Call) -> Response:
    """Answer in a thread; a plain comment becomes one. The answer is as internal as the thread."""
    issue = _commentable(call)
    thread = _thread(call, issue)
    if thread[0].system:
        raise Refused(400, {"message": "400 Bad request - Discussion can not be replied to"})
    if thread[0].internal and not access.staff(call.user, issue.project):
        raise missing("Discussion Not Found")
    at = owner_instant(call.user, issue.project, call.params.instant("created_at"))
    body = call.params.text("body") or ""
    return _written(call, talk.write(call.site, call.user, issue, body, at=at, thread=thread))


def _awardable(call: Call) -> Issue | Note:
    return _note(call) if "note_id" in call.request.path_params else call.issue()


def list_awards(call: Call) -> Response:
    """List emoji."""
    thing = _awardable(call)
    return paged(call, thing.awards or [], lambda row: entities_issue.award(call.site, row, thing))


def create_award(call: Call) -> Response:
    """Give an emoji; the same one a second time answers 404 (4.6)."""
    thing = _awardable(call)
    call.params.need("name")
    name = (call.params.text("name") or "").strip(":")
    if not re.fullmatch(r"[\w+-]{1,64}", name):
        raise missing("Award Emoji Name is not a valid emoji name Not Found")
    if awards.given(call.user, thing, name):
        raise missing("Award Emoji Name has already been taken Not Found")
    row = awards.give(call.site, call.user, thing, name)
    return reply(entities_issue.award(call.site, row, thing), 201)


def _award(call: Call, thing: Issue | Note) -> Award:
    return call.row({row.id: row for row in thing.awards or ()}, "award_id", "Award Emoji Not Found")


def show_award(call: Call) -> Response:
    """Answer one emoji."""
    thing = _awardable(call)
    return reply(entities_issue.award(call.site, _award(call, thing), thing))


def delete_award(call: Call) -> Response:
    """Take back the caller's own emoji."""
    thing = _awardable(call)
    row = _award(call, thing)
    if row.user is not call.user:
        raise access.forbidden()
    awards.take(call.site, thing, row)
    return nothing()
