"""How issues, notes, events, links and files look on the wire."""

from __future__ import annotations

import re

from deskbridge.sandbox.gitlab import access, durations
from deskbridge.sandbox.gitlab.addresses import masked, masked_in
from deskbridge.sandbox.gitlab.entities import (
    Shape,
    day,
    instant,
    label_brief,
    label_detail,
    milestone,
    project_brief,
    user,
)
from deskbridge.sandbox.gitlab.places import Group, Label, Milestone, Project, User
from deskbridge.sandbox.gitlab.records import Award, Event, Issue, Link, Note, Todo, Upload
from deskbridge.sandbox.gitlab.site import Site

_TASK = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s+\[([ xX])\]\s", re.MULTILINE)


def issue(
    site: Site, one: Issue, caller: User, *, seen_from: Project | Group | None = None, details: bool = False
) -> Shape:
    """Return an issue as the lists show it; `seen_from` decides its relative reference."""
    assignees = [user(site, each) for each in one.assignees]
    labels = sorted(one.labels, key=lambda label: label.name)
    return {
        "id": one.id,
        "iid": one.iid,
        "project_id": one.project.id,
        "title": one.title,
        "description": one.description,
        "state": one.state,
        "created_at": instant(one.created_at),
        "updated_at": instant(one.updated_at),
        "closed_at": instant(one.closed_at),
        "closed_by": user(site, one.closed_by),
        "labels": [label_detail(each) if details else each.name for each in labels],
        "milestone": one.milestone and milestone(site, one.milestone),
        "assignees": assignees,
        "author": user(site, one.author),
        "type": one.kind.upper(),
        "assignee": assignees[0] if assignees else None,
        "user_notes_count": one.comments,
        "merge_requests_count": 0,
        "upvotes": sum(award.name == "thumbsup" for award in one.awards or ()),
        "downvotes": sum(award.name == "thumbsdown" for award in one.awards or ()),
        "due_date": day(one.due_date),
        "confidential": one.confidential,
        "discussion_locked": one.locked,
        "issue_type": one.kind,
        "web_url": site.web_url(one),
        "time_stats": time_stats(one),
        **_tasks(one),
        "blocking_issues_count": sum(
            link.kind == "blocks" and link.source is one for link in one.links or ()
        ),
        "_links": _urls(site, one),
        "references": _references(one, seen_from),
        "severity": one.severity.upper(),
        "moved_to_id": one.moved_to and one.moved_to.id,
        "imported": False,
        "imported_from": "none",
        "service_desk_reply_to": _reply_to(one, caller),
        **_paid(site, one),
    }


def issue_alone(site: Site, one: Issue, caller: User) -> Shape:
    """Return an issue as single reads and writes show it: with `subscribed`."""
    subscribed = (access.owns(caller, one) or caller in one.involved) and caller not in (one.muted or ())
    return issue(site, one, caller, seen_from=one.project) | {"subscribed": subscribed}


def time_stats(one: Issue) -> Shape:
    """Return the estimate and the time spent, in seconds and in words."""
    return {
        "time_estimate": one.time_estimate,
        "total_time_spent": one.time_spent,
        "human_time_estimate": durations.words(one.time_estimate),
        "human_total_time_spent": durations.words(one.time_spent),
    }


def _tasks(one: Issue) -> Shape:
    marks = _TASK.findall(one.description or "") if one.description and "[" in one.description else []
    done = sum(mark in "xX" for mark in marks)
    shape: Shape = {"has_tasks": bool(marks)}
    if marks:
        plural = "s" if len(marks) != 1 else ""
        shape["task_status"] = f"{done} of {len(marks)} checklist item{plural} completed"
    return shape | {"task_completion_status": {"count": len(marks), "completed_count": done}}


def _urls(site: Site, one: Issue) -> Shape:
    project = f"{site.base_url}/api/v4/projects/{one.project.id}"
    own = f"{project}/issues/{one.iid}"
    return {
        "self": own,
        "notes": f"{own}/notes",
        "award_emoji": f"{own}/award_emoji",
        "project": project,
        "closed_as_duplicate_of": one.duplicate_of
        and f"{site.base_url}/api/v4/projects/{one.duplicate_of.project.id}/issues/{one.duplicate_of.iid}",
    }


def _references(one: Issue, seen_from: Project | Group | None) -> Shape:
    full, short = one.path, f"#{one.iid}"
    if seen_from is one.project:
        relative = short
    elif seen_from is one.project.group:
        relative = f"{one.project.path}{short}"
    else:
        relative = full
    return {"short": short, "relative": relative, "full": full}


def _reply_to(one: Issue, caller: User) -> str | None:
    """Return the requester's address, masked for those below reporter (3.2)."""
    if one.reply_to is None or access.sees_addresses(caller, one.project):
        return one.reply_to
    return masked(one.reply_to)


def _paid(site: Site, one: Issue) -> Shape:
    if not site.premium:
        return {}
    shape = {"weight": one.weight, "epic_iid": None, "epic": None, "iteration": None}
    return shape | {"health_status": one.health}


def note(site: Site, one: Note, caller: User) -> Shape:
    """Return a note: without its discussion, its external author or its HTML (4.1)."""
    hidden = one.system and "@" in one.body and not access.sees_addresses(caller, one.issue.project)
    return {
        "id": one.id,
        "type": "DiscussionNote" if one.threaded else None,
        "body": masked_in(one.body) if hidden else one.body,
        "attachment": None,
        "author": user(site, one.author),
        "created_at": instant(one.created_at),
        "updated_at": instant(one.updated_at),
        "system": one.system,
        "noteable_id": one.issue.id,
        "noteable_type": "Issue",
        "project_id": one.issue.project.id,
        "resolvable": False,
        "confidential": one.internal,
        "internal": one.internal,
        "imported": False,
        "imported_from": "none",
        "noteable_iid": one.issue.iid,
        "commands_changes": {},
    }


def discussion(site: Site, notes: list[Note], caller: User) -> Shape:
    """Return a thread, or a plain comment as a thread of one."""
    first = notes[0]
    return {
        "id": first.discussion,
        "individual_note": not first.threaded,
        "notes": [note(site, each, caller) for each in notes],
    }


def event(site: Site, one: Issue, row: Event) -> Shape:
    """Return a label, state, milestone or weight event; a deleted label is null."""
    shape: Shape = {
        "id": row.id,
        "user": user(site, row.user),
        "created_at": instant(row.at),
        "resource_type": "Issue",
        "resource_id": one.id,
    }
    match row.subject:
        case Label() as label:
            kept = label.id in site.labels
            return shape | {"label": label_brief(label) if kept else None, "action": row.action}
        case Milestone() as stone:
            return shape | {"milestone": milestone(site, stone), "action": row.action}
        case None if row.kind == "weight":
            own = {"id": row.id, "user": user(site, row.user), "created_at": instant(row.at)}
            return own | {"issue_id": one.id, "weight": row.weight}
        case None:
            return shape | {"state": row.action}


def link_end(site: Site, row: Link, one: Issue, caller: User) -> Shape:
    """Return the other issue of a link, with the relation as read from `one`."""
    other = row.target if row.source is one else row.source
    return issue(site, other, caller, seen_from=one.project) | {
        "issue_link_id": row.id,
        "link_type": link_type(row, one),
        "link_created_at": instant(row.created_at),
        "link_updated_at": instant(row.created_at),
    }


def link_type(row: Link, one: Issue) -> str:
    """Return how a link reads from `one`."""
    return "is_blocked_by" if row.kind == "blocks" and row.target is one else row.kind


def link(site: Site, row: Link, one: Issue, caller: User) -> Shape:
    """Return a link with both its issues, the one that was asked first."""
    other = row.target if row.source is one else row.source
    return {
        "source_issue": issue(site, one, caller, seen_from=one.project),
        "target_issue": issue(site, other, caller, seen_from=one.project),
        "link_type": link_type(row, one),
    }


def award(site: Site, row: Award, awardable: Issue | Note) -> Shape:
    """Return an emoji."""
    return {
        "id": row.id,
        "name": row.name,
        "user": user(site, row.user),
        "created_at": instant(row.created_at),
        "updated_at": instant(row.created_at),
        "awardable_id": awardable.id,
        "awardable_type": type(awardable).__name__,
        "url": None,
    }


def upload(site: Site, row: Upload) -> Shape:
    """Return a file as the list shows it."""
    return {
        "id": row.id,
        "size": row.size,
        "filename": row.filename,
        "created_at": instant(row.created_at),
        "uploaded_by": row.uploaded_by
        and {
            "id": row.uploaded_by.id,
            "name": row.uploaded_by.name,
            "username": row.uploaded_by.username,
        },
    }


def todo(site: Site, row: Todo, caller: User) -> Shape:
    """Return a to-do with its issue."""
    return {
        "id": row.id,
        "project": project_brief(site, row.issue.project),
        "author": user(site, row.author),
        "action_name": row.action,
        "target_type": "Issue",
        "target": issue(site, row.issue, caller, seen_from=row.issue.project),
        "target_url": site.web_url(row.issue),
        "body": row.issue.title,
        "state": row.state,
        "created_at": instant(row.created_at),
        "updated_at": instant(row.updated_at),
    }
