"""What the instance writes down by itself: system notes, rows of the event lists, to-dos (3.7, 4.1)."""

from __future__ import annotations

from datetime import datetime

from deskbridge.sandbox.gitlab.places import Label, Milestone, User
from deskbridge.sandbox.gitlab.records import Event, EventKind, Issue, Note, Todo, pack
from deskbridge.sandbox.gitlab.site import Site


def system_note(
    site: Site,
    issue: Issue,
    actor: User,
    body: str,
    *,
    at: datetime | None = None,
    refers: Issue | None = None,
) -> Note:
    """Write a system note and touch the issue; the text is prose, not an interface."""
    at = at or site.now()
    note = Note(site.next("note"), issue, actor, pack(body), at, at, system=True, refers=refers)
    issue.put(note)
    issue.touch(at)
    return note


def event(
    site: Site,
    issue: Issue,
    actor: User,
    action: str,
    subject: Label | Milestone | None = None,
    *,
    at: datetime | None = None,
) -> None:
    """Add a row to the label, milestone or (without a subject) state events of an issue."""
    kinds: dict[type, EventKind] = {Label: "label", Milestone: "milestone"}
    kind = kinds.get(type(subject), "state")
    issue.events.append(Event(site.next(f"{kind} event"), kind, actor, at or site.now(), action, subject))


def weighed(site: Site, issue: Issue, actor: User, *, at: datetime) -> None:
    """Add a row to the weight events."""
    id = site.next("weight event")
    issue.events.append(Event(id, "weight", actor, at, "", weight=issue.weight))


def todo(site: Site, user: User, issue: Issue, author: User, action: str) -> Todo | None:
    """Give a user something to do, unless one of this kind waits already."""
    waiting = site.waiting.setdefault((user.id, issue.id), [])
    if any(row.action == action for row in waiting):
        return None
    now = site.now()
    row = Todo(site.next("todo"), user, author, action, issue, now, now)
    site.todos[row.id] = row
    waiting.append(row)
    return row


def done(site: Site, user: User, issue: Issue) -> int:
    """Count what a user had to do on an issue as done; return how much it was."""
    rows = site.waiting.pop((user.id, issue.id), [])
    for row in rows:
        row.state, row.updated_at = "done", site.now()
    return len(rows)
