"""What the instance writes down by itself: system notes, and the rows of the event lists (3.7, 4.1)."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from deskbridge.sandbox.gitlab.state import Event, Issue, Label, Milestone, Note, Site, User


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
    note = Note(
        site.next("note"), issue, actor, body, at, at, site.world.token(40), system=True, refers=refers
    )
    issue.notes[note.id] = note
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
    kind: Literal["label", "milestone", "state"]
    match subject:
        case Label():
            kind = "label"
        case Milestone():
            kind = "milestone"
        case None:
            kind = "state"
    row = Event(site.next(f"{kind} event"), kind, actor, at or site.now(), action, subject)
    issue.events.append(row)
