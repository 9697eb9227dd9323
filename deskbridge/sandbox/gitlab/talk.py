"""Notes: written with their commands run, answered in threads, edited and deleted (4.1, 4.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from deskbridge.sandbox.gitlab import (
    access,
    changes,
    commands,
    notes,
    notify,
    quick,
    references,
    replica,
    webhooks,
)
from deskbridge.sandbox.gitlab.places import User
from deskbridge.sandbox.gitlab.records import Issue, Note
from deskbridge.sandbox.gitlab.running import Run
from deskbridge.sandbox.gitlab.site import Site
from deskbridge.sandbox.kernel import Refused

_LONGEST = 1_000_000
_MOST = 5_000


@dataclass(frozen=True, slots=True)
class Written:
    """What came of a text: a note, or none when it held only commands."""

    note: Note | None
    run: Run


def invalid(field: str, text: str) -> Refused:
    """Return the refusal of a note: a string with a Ruby hash in it (1.2)."""
    return Refused(400, {"message": f'400 Bad request - Note {{:{field}=>["{text}"]}}'})


def check(issue: Issue, body: str, *, new: bool) -> None:
    """Refuse what no note can say, and the note that is one too many."""
    if not body.strip():
        raise invalid("note", "can't be blank")
    if len(body) > _LONGEST:
        raise invalid("note", f"is too long (maximum is {_LONGEST} characters)")
    if new and issue.comments >= _MOST:
        raise invalid("base", "Maximum number of comments exceeded")


def write(
    site: Site,
    actor: User,
    issue: Issue,
    body: str,
    *,
    internal: bool = False,
    at: datetime | None = None,
    thread: Sequence[Note] | None = None,
) -> Written:
    """Run the commands of a text and keep the rest as a note; `thread` as in `notes.add`.

    Without the right to it `internal` is dropped and the note is public, silently. An answer is as
    internal as its thread.
    """
    check(issue, body, new=True)
    kept, found = quick.extract(body)
    addresses = list(issue.participants)  # those whom a command adds do not get this very note (7.3)
    run = commands.run(site, actor, issue, found, saved=True)
    note = None
    if kept:
        internal = thread[0].internal if thread else internal and access.staff(actor, issue.project)
        note = notes.add(site, actor, issue, kept, internal=internal, at=at, thread=thread)
        notify.note_to_customers(site, note, addresses)
    if run.edit:
        changes.apply(site, actor, issue, run.edit)
    return Written(note, run)


def edit(site: Site, actor: User, note: Note, body: str) -> Written:
    """Replace the text of a note, running its commands; if nothing else is left the note goes.

    No external participant is mailed about an edit (7.3).
    """
    check(note.issue, body, new=False)
    kept, found = quick.extract(body)
    run = commands.run(site, actor, note.issue, found, saved=True)
    if not kept:
        notes.delete(site, actor, note)
    elif kept != note.body:
        _replace(site, actor, note, kept)
    if run.edit:
        changes.apply(site, actor, note.issue, run.edit)
    return Written(note if kept else None, run)


def _replace(site: Site, actor: User, note: Note, body: str) -> None:
    replica.keep(site, actor, note.issue)
    note.body, note.updated_at = body, site.now()
    note.edited_at, note.edited_by = site.now(), actor
    note.issue.touch(site.now())
    references.follow(site, actor, note.issue, body)
    webhooks.note(site, note, "update")
