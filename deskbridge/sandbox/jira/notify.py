"""Whom Jira writes a mail when something happens to an issue.

A software project has no customers: everybody who is told is staff. Nobody is told of their own acts.
"""

from __future__ import annotations

from deskbridge.sandbox.jira.model import Comment, Issue, User
from deskbridge.sandbox.jira.state import Site

# Roles and groups of the site, and whether one must administer to be in them.
ROLES = {"Administrators": True, "Member": False, "Viewer": False}
GROUPS = {"jira-administrators": True, "jira-software-users": False}


def may_read(user: User, comment: Comment) -> bool:
    """Whether a comment's visibility lets somebody read it."""
    if comment.visibility is None:
        return True
    known = ROLES if comment.visibility["type"] == "role" else GROUPS
    return not known[comment.visibility["value"]] or user.project_admin or user.site_admin


def notify(
    site: Site, issue: Issue, actor: User, cause: str, text: str, comment: Comment | None = None
) -> None:
    """Tell reporter, assignee and watchers, each once, the actor never."""
    people = dict.fromkeys([issue.values.get("reporter"), issue.values.get("assignee"), *issue.watchers])
    for account in people:
        user = site.users.get(account or "")
        if user is None or user is actor or not user.active or (comment and not may_read(user, comment)):
            continue
        site.world.mail(
            system="jira",
            to=user.email,
            subject=f"[JIRA] ({issue.key}) {issue.values['summary']}",
            text=text,
            cause=cause,
            actor=actor.email,
            customer=False,
        )


def quiet(actor: User, notify_users: bool) -> bool:
    """Whether ``notifyUsers=false`` counts: Cloud ignores it from people who don't administer."""
    return not notify_users and (actor.project_admin or actor.site_admin)
