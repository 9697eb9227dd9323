"""Quick actions between issues, and on the actor's own: clones, duplicates, links, to-dos, status (4.3)."""

from __future__ import annotations

from collections.abc import Callable

from deskbridge.sandbox.gitlab import access, awards, issues_links, journal, moving
from deskbridge.sandbox.gitlab.places import Status
from deskbridge.sandbox.gitlab.records import Issue
from deskbridge.sandbox.gitlab.running import Run

_HEALTH = ("on_track", "needs_attention", "at_risk")


def _clone(run: Run, argument: str) -> str:
    run.need(run.saved)
    words = argument.split()
    with_notes = "--with_notes" in words
    path = next((word for word in words if not word.startswith("--")), run.issue.project.full_path)
    target = run.site.project_at(path)
    if target is None or not access.level(run.actor, target):
        return "Failed to clone this issue because target project doesn't exist."
    moving.clone(run.site, run.actor, run.issue, target, with_notes=with_notes)
    return f"Cloned this issue to {target.full_path}."


def _one(run: Run, argument: str) -> Issue:
    """Return the one issue that is named; the command has no effect without it."""
    found = run.issues(argument)
    run.need(found)
    return found[0]


def _duplicate(run: Run, argument: str) -> str:
    run.need_staff(run.saved)
    original, issue = _one(run, argument), run.issue
    issue.duplicate_of = original
    run.edit["state_event"] = "close"
    here, there = original.seen_from(issue.project), issue.seen_from(original.project)
    journal.system_note(
        run.site, issue, run.actor, f"marked this issue as a duplicate of {here}", refers=original
    )
    text = f"marked {there} as a duplicate of this issue"
    journal.system_note(run.site, original, run.actor, text, refers=issue)
    return f"Closed this issue. Marked as related to, and a duplicate of, {here}."


def _typed(run: Run, argument: str) -> str:
    run.need_staff()
    kind = argument.strip().lower().replace(" ", "_")
    run.need(kind in ("issue", "incident", "task", "test_case") and kind != run.issue.kind)
    run.edit["kind"] = kind
    return "Type changed successfully."


def _promote_to_incident(run: Run, argument: str) -> str:
    run.need_staff(run.issue.kind == "issue")
    run.edit["kind"] = "incident"
    return "Issue has been promoted to incident"


def _promote_to(run: Run, argument: str) -> str:
    run.need(argument.strip().lower() == "incident")
    return _promote_to_incident(run, argument)


def _linking(kind: str, words: str) -> Callable[[Run, str], str]:
    def act(run: Run, argument: str) -> str:
        run.need_staff(run.saved and (kind == "relates_to" or run.site.premium))
        found = [one for one in run.issues(argument) if not issues_links.linked(run.issue, one)]
        run.need(found)
        for one in found:
            issues_links.link(run.site, run.actor, run.issue, one, kind)
        names = " and ".join(one.seen_from(run.issue.project) for one in found)
        return f"Added {names} as a linked item {words} this issue."

    return act


def _unlink(run: Run, argument: str) -> str:
    run.need_staff(run.saved)
    link = issues_links.linked(run.issue, other := _one(run, argument))
    if link is None:
        return "No linked issue matches the provided parameter."
    issues_links.unlink(run.site, run.actor, link)
    return f"Removed linked item {other.seen_from(run.issue.project)}."


def _react(run: Run, argument: str) -> str:
    run.need(run.saved)
    name = argument.strip().strip(":")
    run.need(name)
    row = awards.given(run.actor, run.issue, name)
    if row:
        awards.take(run.site, run.issue, row)
    else:
        awards.give(run.site, run.actor, run.issue, name)
    run.changes["emoji_award"] = name
    return f"Toggled :{name}: emoji award."


def _todo(run: Run, argument: str) -> str:
    run.need(run.saved and journal.todo(run.site, run.actor, run.issue, run.actor, "marked"))
    run.changes["todo_event"] = "add"
    return "Added a to-do item."


def _done(run: Run, argument: str) -> str:
    run.need(run.saved and journal.done(run.site, run.actor, run.issue))
    run.changes["todo_event"] = "done"
    return "Marked to-do item as done."


def _copy_metadata(run: Run, argument: str) -> str:
    run.need_staff()
    source = _one(run, argument)
    run.edit.setdefault("add_labels", []).extend(label.name for label in source.labels)
    if source.milestone:
        run.edit["milestone"] = source.milestone
    return f"Copied labels and milestone from {source.seen_from(run.issue.project)}."


def _status(run: Run, argument: str) -> str:
    run.need_staff(run.site.switches.statuses)
    wanted = named(run.site.statuses, argument)
    if wanted is None:
        return f"{argument.strip()} is not a valid status for this item."
    run.edit["status"] = wanted
    return f"Status set to {wanted.name}."


def named(statuses: list[Status], name: str) -> Status | None:
    """Return the status of that name in any case, quoted or not."""
    name = name.strip().strip('"').lower()
    return next((one for one in statuses if one.name.lower() == name), None)


def _health(run: Run, argument: str) -> str:
    run.need_staff(run.site.premium)
    health = argument.strip().lower().replace(" ", "_")
    run.need(health in _HEALTH)
    run.edit["health"] = run.changes["health_status"] = health
    return f"Set health status to {health}."


def _clear_health(run: Run, argument: str) -> str:
    run.need_staff(run.issue.health)
    run.edit["health"] = run.changes["health_status"] = None
    return "Cleared health status."


ACTS: dict[str, Callable[[Run, str], str]] = {
    "clone": _clone,
    "duplicate": _duplicate,
    "type": _typed,
    "promote_to_incident": _promote_to_incident,
    "promote_to": _promote_to,
    "relate": _linking("relates_to", "related to"),
    "blocks": _linking("blocks", "blocked by"),
    "blocked_by": _linking("is_blocked_by", "blocking"),
    "unlink": _unlink,
    "react": _react,
    "todo": _todo,
    "done": _done,
    "copy_metadata": _copy_metadata,
    "status": _status,
    "health_status": _health,
    "clear_health_status": _clear_health,
}
