"""Creating and deleting issues, and the checks that their fields pass (3.3)."""

from __future__ import annotations

from datetime import datetime

from deskbridge.sandbox.gitlab import (
    changes,
    commands,
    notify,
    quick,
    references,
    replica,
    webhooks,
)
from deskbridge.sandbox.gitlab.changes import Edit
from deskbridge.sandbox.gitlab.places import Project, User
from deskbridge.sandbox.gitlab.records import Issue, pack
from deskbridge.sandbox.gitlab.site import Site
from deskbridge.sandbox.kernel import Refused

_LONGEST_TITLE = 255
_LONGEST_TEXT = 1_048_576


def check(edit: Edit) -> None:
    """Refuse a title or a description that no issue can have: a map of lists (1.2)."""
    wrong: dict[str, list[str]] = {}
    title = edit.get("title")
    if title is not None and not title.strip():
        wrong["title"] = ["can't be blank"]
    elif title is not None and len(title) > _LONGEST_TITLE:
        wrong["title"] = [f"is too long (maximum is {_LONGEST_TITLE} characters)"]
    if len(edit.get("description") or "") > _LONGEST_TEXT:
        wrong["description"] = ["is too long (maximum is 1048576 characters)"]
    if wrong:
        raise Refused(400, {"message": wrong})


def create(
    site: Site,
    actor: User,
    project: Project,
    edit: Edit,
    *,
    iid: int | None = None,
    at: datetime | None = None,
) -> Issue:
    """Make an issue, with the commands of its description run and cut out."""
    check(edit)
    if iid is not None and iid in project.issues:
        raise Refused(409, {"message": "Duplicated issue"})
    at = at or site.now()
    text, found = quick.extract(edit.get("description") or "")
    packed = pack(text) if text else None
    issue = Issue(0, iid or 0, project, actor, edit.get("title", "").strip(), packed, at, at)
    run = commands.run(site, actor, issue, found, saved=False)
    site.add_issue(issue)
    wanted = changes.merged(edit, run.edit)
    wanted["title"], wanted["description"] = run.edit.get("title", issue.title), issue.description
    changes.apply(site, actor, issue, wanted, new=True)
    references.follow(site, actor, issue, issue.description)
    notify.members(site, issue, actor, "new issue", issue.description or "")
    webhooks.opened(site, issue)
    return issue


def update(site: Site, actor: User, issue: Issue, edit: Edit, *, at: datetime | None = None) -> None:
    """Edit an issue; the commands in a new description run and are cut out (3.3)."""
    check(edit)
    if "description" in edit:
        text, found = quick.extract(edit["description"] or "")
        run = commands.run(site, actor, issue, found, saved=True)
        edit = changes.merged({**edit, "description": text or None}, run.edit)
    changes.apply(site, actor, issue, edit, at=at)


def delete(site: Site, actor: User, issue: Issue) -> None:
    """Take an issue away; no webhook and no feed tells of it (8.3)."""
    replica.keep(site, actor, issue)
    site.drop_issue(issue)
