"""Moving an issue to another project, and cloning it (3.4)."""

from __future__ import annotations

from dataclasses import replace

from deskbridge.sandbox.gitlab import access, changes, journal, labels, webhooks
from deskbridge.sandbox.gitlab.places import Project, User
from deskbridge.sandbox.gitlab.records import Issue, Note
from deskbridge.sandbox.gitlab.site import Site
from deskbridge.sandbox.kernel import Refused


def move(site: Site, actor: User, issue: Issue, target: Project) -> Issue:
    """Copy an issue to `target` with everything said on it, close the old one and point it there.

    The copy is told as opened, the old one as closed with its `moved_to_id` (8.3). External
    participants stay on both and hear of both from now on.
    """
    _check(actor, issue, target, "move")
    if target is issue.project:
        raise Refused(400, {"message": "Cannot move issue to project it originates from!"})
    if issue.moved_to:
        raise Refused(400, {"message": "Cannot move issue due to insufficient permissions!"})
    copy = _copy(site, issue, target)
    _copy_notes(site, issue, copy)
    journal.system_note(site, copy, actor, f"moved from {issue.seen_from(target)}")
    journal.system_note(site, issue, actor, f"moved to {copy.seen_from(issue.project)}")
    copy.updated_at = site.now()
    webhooks.opened(site, copy, actor)
    if issue.state == "closed":
        watch = webhooks.watch(site, issue)
        issue.moved_to, issue.updated_at = copy, site.now()
        watch.tell(actor, "update")
    else:
        issue.moved_to = copy
        changes.apply(site, actor, issue, {"state_event": "close"})
    issue.updated_at = site.now()
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
    webhooks.opened(site, copy, actor)
    return copy


def _check(actor: User, issue: Issue, target: Project, verb: str) -> None:
    open_for_writing = not (target.archived or issue.project.archived)
    if not (open_for_writing and access.staff(actor, issue.project) and access.staff(actor, target)):
        raise Refused(400, {"message": f"Cannot {verb} issue due to insufficient permissions!"})


def _copy(site: Site, issue: Issue, target: Project) -> Issue:
    """Return the new issue: labels and the milestone only where the target has some of that name."""
    found = (labels.find(site, target, label.name) for label in issue.labels)
    stones = list(site.milestones_for(target))
    copy = replace(
        issue,
        id=0,
        iid=0,
        project=target,
        state="opened",
        closed_at=None,
        closed_by=None,
        labels=[label for label in found if label],
        milestone=next((m for m in stones if issue.milestone and m.title == issue.milestone.title), None),
        assignees=[user for user in issue.assignees if access.level(user, target)],
        participants=list(issue.participants),
        involved=list(issue.involved),
        muted=set(issue.muted or ()),
        moved_to=None,
        duplicate_of=None,
        comments=0,
        notes={},
        events=[],
        awards=None,
        links=None,
    )
    return site.add_issue(copy)


def _copy_notes(site: Site, issue: Issue, copy: Issue) -> None:
    """Copy the notes with new ids; those of one discussion stay together."""
    ids: dict[int, int] = {}
    for note in list(issue.notes.values()):
        ids[note.id] = site.next("note")
        new: Note = replace(note, id=ids[note.id], issue=copy, thread=ids.get(note.thread, 0), awards=None)
        copy.put(new)
