"""Creating and deleting issues, and the checks that their fields pass (3.3)."""

from __future__ import annotations

from datetime import datetime

from deskbridge.sandbox.gitlab import changes, commands, journal, notify, quick, references
from deskbridge.sandbox.gitlab.changes import Edit
from deskbridge.sandbox.gitlab.state import Issue, Link, Project, Site, User
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
    issue = Issue(
        0, iid or project.last_iid + 1, project, actor, edit.get("title", "").strip(), text or None, at, at
    )
    run = commands.run(site, actor, issue, found, saved=False)
    _register(site, issue)
    wanted = changes.merged(edit, run.edit)
    wanted["title"], wanted["description"] = run.edit.get("title", issue.title), issue.description
    changes.apply(site, actor, issue, wanted, new=True)
    references.follow(site, actor, issue, issue.description)
    notify.members(site, issue, actor, "new issue", issue.description or "")
    return issue


def _register(site: Site, issue: Issue) -> None:
    """Give an issue its id and its place; iids are never used twice."""
    issue.id = site.next("issue")
    issue.project.last_iid = max(issue.project.last_iid, issue.iid)
    issue.position = issue.iid * 513.0
    site.issues[issue.id] = issue.project.issues[issue.iid] = issue


def update(site: Site, actor: User, issue: Issue, edit: Edit, *, at: datetime | None = None) -> None:
    """Edit an issue; the commands in a new description run and are cut out (3.3)."""
    check(edit)
    if "description" in edit:
        text, found = quick.extract(edit["description"] or "")
        run = commands.run(site, actor, issue, found, saved=True)
        edit = changes.merged({**edit, "description": text or None}, run.edit)
    changes.apply(site, actor, issue, edit, at=at)


def delete(site: Site, issue: Issue) -> None:
    """Take an issue away with its links, leaving no trace (3.4)."""
    del site.issues[issue.id], issue.project.issues[issue.iid]
    for link in [one for one in site.links.values() if issue in (one.source, one.target)]:
        del site.links[link.id]


def link(site: Site, actor: User, source: Issue, target: Issue, kind: str) -> Link:
    """Relate two issues, with a system note on both sides; an existing relation is refused (3.5)."""
    if any({one.source, one.target} == {source, target} for one in site.links.values()):
        raise Refused(409, {"message": "Issue(s) already assigned"})
    ends = (target, source) if kind == "is_blocked_by" else (source, target)
    stored = Link(site.next("link"), "relates_to" if kind == "relates_to" else "blocks", *ends, site.now())
    site.links[stored.id] = stored
    words = {"relates_to": ("related to", "related to"), "blocks": ("blocking", "blocked by")}
    for one, other, word in zip(ends, reversed(ends), words[stored.kind], strict=True):
        text = f"marked this issue as {word} {other.seen_from(one.project)}"
        journal.system_note(site, one, actor, text, refers=other)
    return stored


def unlink(site: Site, actor: User, stored: Link) -> None:
    """Take a relation away, with a system note on both sides."""
    del site.links[stored.id]
    for one, other in ((stored.source, stored.target), (stored.target, stored.source)):
        text = f"removed the relation with {other.seen_from(one.project)}"
        journal.system_note(site, one, actor, text, refers=other)
