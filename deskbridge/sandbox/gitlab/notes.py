"""Notes as they stand on an issue, and the threads they form (4.1, 4.2)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from deskbridge.sandbox.gitlab import notify, references
from deskbridge.sandbox.gitlab.state import Issue, Note, Site, User


def add(
    site: Site,
    actor: User,
    issue: Issue,
    body: str,
    *,
    internal: bool = False,
    at: datetime | None = None,
    thread: Sequence[Note] = (),
    external: str = "",
) -> Note:
    """Put a note on an issue as it stands; mails the members, touches the issue."""
    at = at or site.now()
    discussion = thread[0].discussion if thread else site.world.token(40)
    note = Note(site.next("note"), issue, actor, body, at, at, discussion, internal=internal)
    note.external = external
    for each in (*thread, note) if thread else ():
        each.threaded = True
    issue.notes[note.id] = note
    issue.touch(site.now())
    references.follow(site, actor, issue, body)
    notify.members(site, issue, actor, "note", body, internal=internal)
    if actor.kind == "human":
        notify.involve(issue, [actor])
    return note


def delete(note: Note) -> None:
    """Take a note away: the issue's `updated_at` does not tell of it (2.4)."""
    note.issue.notes.pop(note.id, None)


def discussions(notes: Sequence[Note]) -> list[list[Note]]:
    """Return notes by thread, oldest thread first."""
    threads: dict[str, list[Note]] = {}
    for note in sorted(notes, key=lambda one: (one.created_at, one.id)):
        threads.setdefault(note.discussion, []).append(note)
    return list(threads.values())
