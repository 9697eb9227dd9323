"""Edits of an issue: one rule for each field, the notes, events and mails that come of it (3.3, 12)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypedDict, cast

from deskbridge.sandbox.gitlab import access, durations, journal, notify, references, replica, webhooks
from deskbridge.sandbox.gitlab.labels import exclusive, find_or_create
from deskbridge.sandbox.gitlab.places import Label, Level, Milestone, Project, Status, User
from deskbridge.sandbox.gitlab.records import Issue, Timelog
from deskbridge.sandbox.gitlab.site import Site

_SEVERITIES = {
    "unknown": "Unknown",
    "low": "Low - S4",
    "medium": "Medium - S3",
    "high": "High - S2",
    "critical": "Critical - S1",
}


class Edit(TypedDict, total=False):
    """What is to change. Labels are names: those the project lacks are made."""

    state_event: str
    status: Status
    title: str
    description: str | None
    labels: list[str]
    add_labels: list[str]
    remove_labels: list[str]
    assignees: list[User]
    milestone: Milestone | None
    due_date: date | None
    start_date: date | None
    confidential: bool
    locked: bool
    kind: str
    severity: str
    weight: int | None
    health: str | None
    time_estimate: int
    spend: int
    """Seconds to add to the time spent, or to take off it."""
    spent: tuple[datetime | None, str | None]
    """When that was, if not now, and what for."""


_METADATA = (
    *("labels", "add_labels", "remove_labels", "assignees", "milestone", "due_date", "locked", "weight"),
    *("kind", "severity", "time_estimate", "spend", "start_date", "health", "status"),
)


@dataclass(slots=True)
class Change:
    """One edit in progress."""

    site: Site
    actor: User
    issue: Issue
    at: datetime
    new: bool
    """Whether the issue is being created: then only label events tell of its fields."""
    made: bool = False
    turned: bool = False
    """Whether the state changed."""

    def note(self, text: str) -> None:
        """Write the system note of a change that was made."""
        self.made = True
        if not self.new:
            journal.system_note(self.site, self.issue, self.actor, text, at=self.at)

    def tell(self, cause: str, text: str) -> None:
        """Mail the members, unless they will hear of a new issue anyway."""
        if not self.new:
            notify.members(self.site, self.issue, self.actor, cause, text)


def permitted(actor: User, project: Project, edit: Edit, *, new: bool) -> Edit:
    """Return the edit less what the actor may not set, which is dropped without a word (3.3)."""
    if access.staff(actor, project):
        return edit
    dropped = _METADATA if new else (*_METADATA, "confidential")
    return cast(Edit, {name: value for name, value in edit.items() if name not in dropped})


def merged(edit: Edit, more: Edit) -> Edit:
    """Return both edits as one; where both set a field `more` wins, label lists are joined."""
    both = edit.copy()
    both.update(more)
    both["add_labels"] = [*edit.get("add_labels", []), *more.get("add_labels", [])]
    both["remove_labels"] = [*edit.get("remove_labels", []), *more.get("remove_labels", [])]
    return both


def apply(
    site: Site, actor: User, issue: Issue, edit: Edit, *, at: datetime | None = None, new: bool = False
) -> None:
    """Make an edit: state first, then the other fields; `at` is an owner's own `updated_at`.

    The two parts are two webhooks (3.3). Nothing changed is no webhook.
    """
    edit = permitted(actor, issue.project, edit, new=new)
    replica.keep(site, actor, issue, new=new)
    change, watch = Change(site, actor, issue, at or site.now(), new), webhooks.watch(site, issue)
    issue.time_change = 0
    if "status" in edit:
        _status(change, edit["status"])
    if "state_event" in edit:
        _state(change, edit["state_event"])
    _finish(change, watch, "close" if issue.state == "closed" else "reopen", at)
    for name, act in _ACTS.items():
        if name in edit:
            act(change, edit.get(name))
    if "spend" in edit:
        _spend(change, edit["spend"], *edit.get("spent", (None, None)))
    if {"labels", "add_labels", "remove_labels"} & set(edit):
        _label(change, edit)
    if not new and "description" in edit and change.made:
        references.follow(site, actor, issue, issue.description)
    _finish(change, watch, "update", at)
    if at is not None:
        issue.updated_at = at
    issue.mark()


def _finish(change: Change, watch: webhooks.Watch, action: str, at: datetime | None) -> None:
    """Stamp what was made and tell of it; an issue being created is told of once, by its creation."""
    if not change.made or change.new:
        return
    issue = change.issue
    issue.updated_at, issue.updated_by = change.at, change.actor
    if action in ("close", "reopen") and not change.turned:
        action = "update"
    watch.tell(change.actor, action)
    change.made = False


def status_of(site: Site, issue: Issue) -> Status:
    """Return the status of a work item: the one chosen, or the default of its state (3.8)."""
    if issue.status in site.statuses and issue.status is not None:
        return issue.status
    wanted = "to_do" if issue.state == "opened" else "canceled" if issue.duplicate_of else "done"
    fitting = [one for one in site.statuses if one.category == wanted]
    named = [one for one in fitting if one.name == "Duplicate"] if issue.duplicate_of else []
    return next(iter([*named, *fitting, *site.statuses]))


def _status(change: Change, status: Status) -> None:
    """Set the status; done and canceled ones close the item, the others open it."""
    issue = change.issue
    if status is status_of(change.site, issue):
        return
    _state(change, "close" if status.closes else "reopen")
    issue.status, change.made = status, True


def _state(change: Change, wanted: Any) -> None:
    issue = change.issue
    if wanted == "close" and issue.state == "opened":
        issue.state, issue.closed_at, issue.closed_by = "closed", change.at, change.actor
        _turned(change, "closed")
    elif wanted == "reopen" and issue.state == "closed":
        issue.state, issue.closed_at, issue.closed_by = "opened", None, None
        _turned(change, "reopened")


def _turned(change: Change, action: str) -> None:
    """Tell of a new state; closing what is closed tells nothing."""
    change.made = change.turned = True
    change.issue.status = None
    journal.event(change.site, change.issue, change.actor, action, at=change.at)
    change.tell(action, f"Issue was {action} by {change.actor.name}")


def _title(change: Change, title: Any) -> None:
    old, change.issue.title = change.issue.title, title
    if old != title:
        _edited(change)
        change.note(f"changed title from **{{-{old}-}}** to **{{+{title}+}}**")


def _edited(change: Change) -> None:
    if not change.new:
        change.issue.edited_at, change.issue.edited_by = change.at, change.actor


def _description(change: Change, text: Any) -> None:
    old, change.issue.description = change.issue.description, text
    if (old or "") != (text or ""):
        _edited(change)
        change.note("changed the description")


def _assignees(change: Change, users: Any) -> None:
    """Set the assignees: the first one only without a paid tier, none who cannot read the project."""
    issue, old = change.issue, change.issue.assignees
    wanted = [user for user in dict.fromkeys(users) if access.level(user, issue.project)]
    issue.assignees = wanted if change.site.premium else wanted[:1]
    added = [user for user in issue.assignees if user not in old]
    removed = [user for user in old if user not in issue.assignees]
    parts = [f"assigned to {_names(added)}"] * bool(added) + [f"unassigned {_names(removed)}"] * bool(removed)
    if parts:
        notify.involve(issue, added)
        for user in added:
            if user is not change.actor and user.kind == "human":
                journal.todo(change.site, user, issue, change.actor, "assigned")
        change.note(" and ".join(parts))
        change.tell("reassigned", f"{change.actor.name} {' and '.join(parts)}")


def _names(users: list[User]) -> str:
    return " and ".join(f"@{user.username}" for user in users)


def _milestone(change: Change, milestone: Any) -> None:
    old, change.issue.milestone = change.issue.milestone, milestone
    if old is milestone:
        return
    change.made = True
    for action, subject in (("remove", old), ("add", milestone)):
        if subject and not change.new:
            journal.event(change.site, change.issue, change.actor, action, subject, at=change.at)


def _due_date(change: Change, due: Any) -> None:
    old, change.issue.due_date = change.issue.due_date, due
    if old != due:
        change.note(f"changed due date to {due:%B %-d, %Y}" if due else "removed due date")


def _start_date(change: Change, start: Any) -> None:
    old, change.issue.start_date = change.issue.start_date, start
    if old != start:
        change.note(f"changed start date to {start:%B %-d, %Y}" if start else "removed start date")


def _confidential(change: Change, confidential: Any) -> None:
    old, change.issue.confidential = change.issue.confidential, confidential
    if old != confidential:
        change.note(f"made the issue {'confidential' if confidential else 'visible to everyone'}")


def _locked(change: Change, locked: Any) -> None:
    old, change.issue.locked = change.issue.locked, locked
    if bool(old) != bool(locked):
        change.note(f"{'locked' if locked else 'unlocked'} the discussion in this issue")


def _kind(change: Change, kind: Any) -> None:
    old, change.issue.kind = change.issue.kind, kind
    if old != kind:
        change.note(f"changed type from {old} to {kind}")


def _severity(change: Change, severity: Any) -> None:
    old, change.issue.severity = change.issue.severity, severity
    if old != severity:
        change.note(f"changed the severity to **{_SEVERITIES[severity]}**")


def _weight(change: Change, weight: Any) -> None:
    old, change.issue.weight = change.issue.weight, weight
    if old != weight:
        change.made = True
        if not change.new:
            journal.weighed(change.site, change.issue, change.actor, at=change.at)


def _health(change: Change, health: Any) -> None:
    old, change.issue.health = change.issue.health, health
    if old != health:
        words = (health or "").replace("_", " ")
        change.note(f"changed health status to **{words}**" if health else "removed the health status")


def _time_estimate(change: Change, seconds: Any) -> None:
    old, change.issue.time_estimate = change.issue.time_estimate, seconds
    if old != seconds:
        text = f"changed time estimate to {durations.words(seconds)}" if seconds else "removed time estimate"
        change.note(text)


def _spend(change: Change, seconds: int, at: datetime | None, summary: str | None) -> None:
    made = Timelog(change.site.next("timelog"), change.actor, seconds, at or change.at, summary)
    change.issue.timelogs = [*(change.issue.timelogs or []), made]
    change.issue.time_spent += seconds
    change.issue.time_change = seconds
    if change.issue.time_spent == 0:
        change.note("removed time spent")
    else:
        verb = "added" if seconds > 0 else "subtracted"
        change.note(f"{verb} {durations.words(abs(seconds))} of time spent")


_ACTS: dict[str, Callable[[Change, Any], None]] = {
    "title": _title,
    "description": _description,
    "assignees": _assignees,
    "milestone": _milestone,
    "due_date": _due_date,
    "start_date": _start_date,
    "confidential": _confidential,
    "locked": _locked,
    "kind": _kind,
    "severity": _severity,
    "weight": _weight,
    "health": _health,
    "time_estimate": _time_estimate,
}


def _label(change: Change, edit: Edit) -> None:
    """Set the labels. The events of one edit share their instant: first what came, then what went (3.7)."""
    issue, site, project = change.issue, change.site, change.issue.project
    old = issue.labels
    named = [find_or_create(site, project, name) for name in edit.get("labels", [])]
    wanted = named if "labels" in edit else list(old)
    added = [find_or_create(site, project, name) for name in edit.get("add_labels", [])]
    gone = set(edit.get("remove_labels", []))
    wanted = [label for label in wanted if label.name not in gone and label not in added] + added
    issue.labels = _unique(exclusive(wanted) if site.premium else wanted)
    rows = [("add", label) for label in issue.labels if label not in old]
    rows += [("remove", label) for label in old if label not in issue.labels]
    for action, label in rows:
        journal.event(site, issue, change.actor, action, label, at=change.at)
    change.made = change.made or bool(rows)


def _unique(labels: list[Label]) -> list[Label]:
    return list(dict.fromkeys(labels))


def owner_instant(user: User, project: Project, instant: datetime | None) -> datetime | None:
    """Return the instant that an owner gave; from everybody else it is dropped without a word."""
    return instant if access.level(user, project) >= Level.OWNER else None
