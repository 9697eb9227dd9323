"""What a text points at: people by ``@name``, issues by ``#1``, ``group/project#1`` or address (4.4)."""

from __future__ import annotations

import re

from deskbridge.sandbox.gitlab import access, journal, notify
from deskbridge.sandbox.gitlab.places import Project, User
from deskbridge.sandbox.gitlab.records import Issue
from deskbridge.sandbox.gitlab.site import Site

_CODE = re.compile(r"^(```|~~~).*?(?:^\1|\Z)|(`+)(?!`).*?(?<!`)\2(?!`)", re.MULTILINE | re.DOTALL)
_MENTION = re.compile(r"(?<![\w@/`.])@([A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?)", re.ASCII)
_ISSUE = re.compile(r"(?<![\w#/&`])([\w.-]+(?:/[\w.-]+)+)?#(\d{1,9})(?!\w)", re.ASCII)


def follow(site: Site, actor: User, issue: Issue, text: str | None) -> None:
    """Make the people mentioned participants, and write a line on each issue mentioned."""
    plain = _CODE.sub(" ", text) if text else ""
    if "@" in plain:
        _call_up(site, actor, issue, mentioned(site, issue.project, plain))
    for target in named(site, issue.project, plain):
        if target is not issue and access.reads(actor, target):
            _refer(site, actor, issue, target)


def _call_up(site: Site, actor: User, issue: Issue, users: list[User]) -> None:
    notify.involve(issue, users)
    for user in users:
        if user is not actor and user.kind == "human" and access.reads(user, issue):
            journal.todo(site, user, issue, actor, "mentioned")


def mentioned(site: Site, project: Project, plain: str) -> list[User]:
    """Return the users whom a text mentions; ``@all`` and ``@group`` are all members."""
    users: dict[User, None] = {}
    for name in _MENTION.findall(plain):
        if name.lower() in ("all", project.group.path.lower()):
            users |= dict.fromkeys([*project.members, *project.group.members])
        elif user := site.user_named(name):
            users[user] = None
    return list(users)


def named(site: Site, project: Project, plain: str) -> list[Issue]:
    """Return the issues that a text names, read in `project`."""
    found: dict[Issue, None] = {}
    pairs = _ISSUE.findall(plain) if "#" in plain else []
    address = rf"{re.escape(site.base_url)}/([\w.-]+/[\w.-]+)/-/(?:issues|work_items)/(\d{{1,9}})"
    pairs += re.findall(address, plain) if site.base_url in plain else []
    for path, iid in pairs:
        place = site.project_at(path) if path else project
        if place and (issue := place.issues.get(int(iid))):
            found[issue] = None
    return list(found)


def _refer(site: Site, actor: User, issue: Issue, target: Issue) -> None:
    """Write once on `target` that `issue` mentions it, which touches it."""
    if any(note.refers is issue and note.body.startswith("mentioned") for note in target.notes.values()):
        return
    text = f"mentioned in issue {issue.seen_from(target.project)}"
    journal.system_note(site, target, actor, text, refers=issue)
