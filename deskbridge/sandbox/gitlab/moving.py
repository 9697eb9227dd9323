"""Moving an issue to another project, and cloning it (3.4)."""

from __future__ import annotations

from dataclasses import replace

from deskbridge.sandbox.gitlab import access, changes, journal, labels
from deskbridge.sandbox.gitlab.state import Issue, Note, Project, Site, User
from deskbridge.sandbox.kernel import Refused


def move(site: Site, actor: User, issue: Issue, target: Project) -> Issue:
    """Copy an issue to `target` with everything said on it, close the old one and point it there."""
    _check(actor, issue, target, "move")
    if target is issue.project:
        raise Refused(400, {"message": "Cannot move issue to project it originates from!"})
    if issue.moved_to:
        raise Refused(400, {"message": "Cannot move issue due to insufficient permissions!"})
    copy = _copy(site, issue, target)
    _copy_notes(site, issue, copy)
    journal.system_note(site, copy, actor, f"moved from {issue.seen_from(target)}")
    journal.system_note(site, issue, actor, f"moved to {copy.seen_from(issue.project)}")
    issue.moved_to = copy
    changes.apply(site, actor, issue, {"state_event": "close"})
    issue.updated_at = copy.updated_at = site.now()
    return copy


def clone(site: Site, actor: User, issue: Issue, target: Project, *, with_notes: bool) -> Issue:
    """Copy an issue to `target`; the caller is the copy's author."""
    _check(actor, issue, target, "clone")
    copy = _copy(site, issue, target)
    copy.author, copy.created_at, copy.reply_to, copy.participants = actor, site.now(), None, []
    if with_notes:
        _copy_notes(site, issue, copy)
    journal.system_note(site, copy, actor, f"cloned from {issue.seen_from(target)}")
    journal.system_note(site, issue, actor, f"cloned to {copy.seen_from(issue.project)}")
    copy.updated_at = site.now()
    return copy


def _check(actor: User, issue: Issue, target: Project, verb: str) -> None:
    if not (access.staff(actor, issue.project) and access.staff(actor, target)):
        raise Refused(400, {"message": f"Cannot {verb} issue due to insufficient permissions!"})


def _copy(site: Site, issue: Issue, target: Project) -> Issue:
    """Return the new issue: labels and the milestone only where the target has some of that name."""
    target.last_iid += 1
    found = (labels.find(site, target, label.name) for label in issue.labels)
    milestones = list(site.milestones_for(target))
    copy = replace(
        issue,
        id=site.next("issue"),
        iid=target.last_iid,
        project=target,
        state="opened",
        closed_at=None,
        closed_by=None,
        labels=[label for label in found if label],
        milestone=next((m for m in milestones if issue.milestone and m.title == issue.milestone.title), None),
        assignees=[user for user in issue.assignees if access.level(user, target)],
        participants=list(issue.participants),
        involved=list(issue.involved),
        muted=set(issue.muted),
        position=target.last_iid * 513.0,
        notes={},
        events=[],
        awards=[],
    )
    site.issues[copy.id] = target.issues[copy.iid] = copy
    return copy


def _copy_notes(site: Site, issue: Issue, copy: Issue) -> None:
    threads: dict[str, str] = {}
    for note in issue.notes.values():
        thread = threads.setdefault(note.discussion, site.world.token(40))
        new: Note = replace(note, id=site.next("note"), issue=copy, discussion=thread, awards=[])
        copy.notes[new.id] = new
