"""Quick actions that set the fields of an issue (4.3)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta

from deskbridge.sandbox.gitlab import access, desk, durations, moving
from deskbridge.sandbox.gitlab.places import Label, User
from deskbridge.sandbox.gitlab.running import Run

_SEVERITIES = {"s1": "critical", "s2": "high", "s3": "medium", "s4": "low"}


def _close(run: Run, argument: str) -> str:
    run.need(run.issue.state == "opened")
    run.edit["state_event"] = run.changes["state_event"] = "close"
    return "Closed this issue."


def _reopen(run: Run, argument: str) -> str:
    run.need(run.issue.state == "closed")
    run.edit["state_event"] = run.changes["state_event"] = "reopen"
    return "Reopened this issue."


def _label(run: Run, argument: str) -> str:
    run.need_staff()
    found = run.labels(argument)
    if not found:
        return ""
    run.edit.setdefault("add_labels", []).extend(label.name for label in found)
    run.changes.setdefault("add_label_ids", []).extend(label.id for label in found)
    return f"Added {_tildes(found)} {_plural(found)}."


def _unlabel(run: Run, argument: str) -> str:
    run.need_staff(run.issue.labels)
    found = run.labels(argument) if argument else list(run.issue.labels)
    if not found:
        return ""
    run.edit.setdefault("remove_labels", []).extend(label.name for label in found)
    run.changes.setdefault("remove_label_ids", []).extend(label.id for label in found)
    return f"Removed {_tildes(found)} {_plural(found)}." if argument else "Removed all labels."


def _relabel(run: Run, argument: str) -> str:
    run.need_staff()
    found = run.labels(argument)
    if not found:
        return ""
    run.edit["labels"] = [label.name for label in found]
    run.changes["label_ids"] = [label.id for label in found]
    return f"Replaced all labels with {_tildes(found)} {_plural(found)}."


def _tildes(found: list[Label]) -> str:
    return " ".join(f'~"{label.name}"' if " " in label.name else f"~{label.name}" for label in found)


def _plural(found: list[Label]) -> str:
    return "label" if len(found) == 1 else "labels"


def _assign(run: Run, argument: str) -> str:
    run.need_staff()
    users = run.users(argument)
    if not users:
        return "Failed to assign a user because no user was found."
    kept = [*run.issue.assignees, *users] if run.site.premium else users[:1]
    return _set_assignees(run, kept, f"Assigned {_ats(users)}.")


def _reassign(run: Run, argument: str) -> str:
    run.need_staff()
    users = run.users(argument)
    return _set_assignees(run, users, f"Changed assignees to {_ats(users)}.") if users else ""


def _unassign(run: Run, argument: str) -> str:
    run.need_staff(run.issue.assignees)
    gone = run.users(argument) if argument else list(run.issue.assignees)
    kept = [user for user in run.issue.assignees if user not in gone]
    return _set_assignees(run, kept, f"Removed assignee {_ats(gone)}.")


def _set_assignees(run: Run, users: list[User], said: str) -> str:
    run.edit["assignees"] = users
    run.changes["assignee_ids"] = [user.id for user in users]
    return said


def _ats(users: list[User]) -> str:
    return ", ".join(f"@{user.username}" for user in users)


def _title(run: Run, argument: str) -> str:
    run.need(argument)
    run.edit["title"] = run.changes["title"] = argument[:255]
    return f'Changed the title to "{argument[:255]}".'


def _due(run: Run, argument: str) -> str:
    run.need_staff()
    due = _day(run.site.now(), argument)
    if due is None:
        return "Failed to set due date because the date format is invalid."
    run.edit["due_date"], run.changes["due_date"] = due, due.isoformat()
    return f"Set the due date to {due:%b %-d, %Y}."


def _day(now: datetime, argument: str) -> date | None:
    """Return the day that a few words mean; the real server understands many more."""
    words = argument.strip().lower()
    near = {"today": 0, "tomorrow": 1, "next week": 7}
    if words in near:
        return now.date() + timedelta(days=near[words])
    if match := re.fullmatch(r"in (\d{1,3}) (day|week)s?", words):
        return now.date() + timedelta(days=int(match[1]) * (7 if match[2] == "week" else 1))
    for form in ("%Y-%m-%d", "%B %d %Y", "%b %d %Y"):
        try:
            return datetime.strptime(words.replace(",", ""), form).date()  # noqa: DTZ007 - only a day
        except ValueError:
            continue
    return None


def _remove_due_date(run: Run, argument: str) -> str:
    run.need_staff(run.issue.due_date)
    run.edit["due_date"] = run.changes["due_date"] = None
    return "Removed the due date."


def _confidential(run: Run, argument: str) -> str:
    run.need_staff(not run.issue.confidential)
    run.edit["confidential"] = run.changes["confidential"] = True
    return "Made this issue confidential."


def _milestone(run: Run, argument: str) -> str:
    run.need_staff()
    title = argument.strip().lstrip("%").strip('"')
    found = [one for one in run.site.milestones_for(run.issue.project) if one.title == title]
    if not found:
        return ""
    run.edit["milestone"], run.changes["milestone_id"] = found[0], found[0].id
    return f"Set the milestone to %{found[0].title}."


def _remove_milestone(run: Run, argument: str) -> str:
    run.need_staff(run.issue.milestone)
    old = run.issue.milestone
    run.edit["milestone"] = run.changes["milestone_id"] = None
    return f"Removed %{old.title if old else ''} milestone."


def _severity(run: Run, argument: str) -> str:
    run.need_staff(run.issue.kind == "incident")
    word = argument.strip().lower()
    severity = _SEVERITIES.get(word, word)
    if severity not in (*_SEVERITIES.values(), "unknown"):
        return ""
    run.edit["severity"] = severity
    run.changes["severity"] = severity
    return f"Set severity to {severity.capitalize()}."


def _spend(run: Run, argument: str) -> str:
    run.need_staff()
    seconds = durations.seconds(re.sub(r"\s+\d{4}-\d{2}-\d{2}$", "", argument))
    run.need(seconds and run.issue.time_spent + seconds >= 0)
    run.edit["spend"] = seconds or 0
    run.changes["spend_time"] = {"duration": seconds, "user_id": run.actor.id}
    verb = "Added" if (seconds or 0) > 0 else "Subtracted"
    return f"{verb} {durations.words(abs(seconds or 0))} spent time."


def _remove_time_spent(run: Run, argument: str) -> str:
    run.need_staff(run.issue.time_spent)
    run.edit["spend"] = -run.issue.time_spent
    run.changes["spend_time"] = {"duration": "reset", "user_id": run.actor.id}
    return "Removed spent time."


def _estimate(run: Run, argument: str) -> str:
    run.need_staff()
    seconds = durations.seconds(argument)
    run.need(seconds is not None and seconds >= 0)
    run.edit["time_estimate"] = run.changes["time_estimate"] = seconds or 0
    return f"Set time estimate to {durations.words(seconds or 0) or '0h'}."


def _remove_estimate(run: Run, argument: str) -> str:
    run.need_staff(run.issue.time_estimate)
    run.edit["time_estimate"] = run.changes["time_estimate"] = 0
    return "Removed time estimate."


def _lock(run: Run, argument: str) -> str:
    run.need_staff(not run.issue.locked)
    run.edit["locked"] = run.changes["discussion_locked"] = True
    return "Locked the discussion."


def _unlock(run: Run, argument: str) -> str:
    run.need_staff(run.issue.locked)
    run.edit["locked"] = run.changes["discussion_locked"] = False
    return "Unlocked the discussion."


def _weight(run: Run, argument: str) -> str:
    run.need_staff(run.site.premium and argument.isascii() and argument.isdigit())
    run.edit["weight"] = run.changes["weight"] = int(argument)
    return f"Set weight to {argument}."


def _clear_weight(run: Run, argument: str) -> str:
    run.need_staff(run.issue.weight is not None)
    run.edit["weight"] = run.changes["weight"] = None
    return "Cleared weight."


def _subscribe(run: Run, argument: str) -> str:
    run.issue.muted = (run.issue.muted or set()) - {run.actor}
    if run.actor not in run.issue.involved:
        run.issue.involved.append(run.actor)
    run.changes["subscription_event"] = "subscribe"
    return "Subscribed to this issue."


def _unsubscribe(run: Run, argument: str) -> str:
    run.issue.muted = (run.issue.muted or set()) | {run.actor}
    run.changes["subscription_event"] = "unsubscribe"
    return "Unsubscribed from this issue."


def _move(run: Run, argument: str) -> str:
    run.need(run.saved)
    target = run.site.project_at(argument.strip())
    if target is None or not access.level(run.actor, target):
        return "Failed to move this issue because target project doesn't exist."
    moving.move(run.site, run.actor, run.issue, target)
    return f"Moved this issue to {target.full_path}."


def _add_email(run: Run, argument: str) -> str:
    run.need_staff(run.saved and run.issue.project.service_desk_enabled)
    added = desk.add_participants(run.site, run.actor, run.issue, argument.split())
    if not added:
        return "No email participants were added. Either none were provided, or they already exist."
    return f"Added {' and '.join(added)}."


def _remove_email(run: Run, argument: str) -> str:
    run.need_staff(run.saved and run.issue.project.service_desk_enabled)
    removed = desk.remove_participants(run.site, run.actor, run.issue, argument.split())
    if not removed:
        return "No email participants were removed. Either none were provided, or they don't exist."
    return f"Removed {' and '.join(removed)}."


def _convert(run: Run, argument: str) -> str:
    run.need_staff(run.saved and run.issue.project.service_desk_enabled)
    return desk.convert(run.site, run.issue, argument.strip())


ACTS: dict[str, Callable[[Run, str], str]] = {
    "close": _close,
    "reopen": _reopen,
    "label": _label,
    "unlabel": _unlabel,
    "relabel": _relabel,
    "assign": _assign,
    "reassign": _reassign,
    "unassign": _unassign,
    "title": _title,
    "due": _due,
    "remove_due_date": _remove_due_date,
    "confidential": _confidential,
    "milestone": _milestone,
    "remove_milestone": _remove_milestone,
    "severity": _severity,
    "spend": _spend,
    "remove_time_spent": _remove_time_spent,
    "estimate": _estimate,
    "remove_estimate": _remove_estimate,
    "lock": _lock,
    "unlock": _unlock,
    "weight": _weight,
    "clear_weight": _clear_weight,
    "subscribe": _subscribe,
    "unsubscribe": _unsubscribe,
    "move": _move,
    "add_email": _add_email,
    "remove_email": _remove_email,
    "convert_to_ticket": _convert,
}
