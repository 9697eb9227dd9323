"""Notes as they stand on an issue, and the threads they form (4.1, 4.2)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from deskbridge.sandbox.gitlab import journal, notify, references, replica, webhooks
from deskbridge.sandbox.gitlab.places import User
from deskbridge.sandbox.gitlab.records import Issue, Note, pack
from deskbridge.sandbox.gitlab.site import Site


def add(
    site: Site,
    actor: User,
    issue: Issue,
    body: str,
    *,
    internal: bool = False,
    at: datetime | None = None,
    thread: Sequence[Note] | None = None,
    external: str = "",
) -> Note:
    """Put a note on an issue as it stands; mails the members, touches the issue, tells the hooks.

    `thread` is what it answers, nothing for the first note of a thread; without one it is a plain comment.
    """
    replica.keep(site, actor, issue)
    at = at or site.now()
    note = Note(site.next("note"), issue, actor, pack(body), at, at, internal=internal, external=external)
    if thread:
        note.thread = thread[0].thread or thread[0].id
    for each in (*thread, note) if thread is not None else ():
        each.threaded = True
    issue.put(note)
    issue.touch(site.now())
    references.follow(site, actor, issue, body)
    notify.members(site, issue, actor, "note", body, internal=internal)
    if actor.kind == "human":
        notify.involve(issue, [actor])
        journal.done(site, actor, issue)
    webhooks.note(site, note, "create")
    return note


def delete(site: Site, actor: User, note: Note) -> None:
    """Take a note away: neither the issue's `updated_at` nor a hook tells of it (2.4, 8.4)."""
    replica.keep(site, actor, note.issue)
    note.issue.drop(note)


def discussions(notes: Sequence[Note]) -> list[list[Note]]:
    """Return notes by thread, oldest thread first."""
    threads: dict[int, list[Note]] = {}
    for note in sorted(notes, key=lambda one: (one.created_at, one.id)):
        threads.setdefault(note.thread or note.id, []).append(note)
    return list(threads.values())
