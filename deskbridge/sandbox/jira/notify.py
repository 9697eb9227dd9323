"""Whom Jira writes a mail when something happens to an issue: staff by the notification scheme.

Customers hear from service management alone (`desk_mails`). Nobody is told of their own acts.
"""

from __future__ import annotations

from deskbridge.sandbox.jira import errors
from deskbridge.sandbox.jira.fields import GROUPS
from deskbridge.sandbox.jira.model import Comment, Issue, User
from deskbridge.sandbox.jira.permissions import may
from deskbridge.sandbox.jira.records import Scheme
from deskbridge.sandbox.jira.state import Site
from deskbridge.sandbox.jira.wire import Call

# id of a role: its name, and whether one must administer to be in it.
ROLES = {
    "10002": ("Administrators", True),
    "10003": ("Member", False),
    "10004": ("Viewer", False),
    "10005": ("Service Desk Team", False),
    "10006": ("Service Desk Customers", False),
}
# id of an event: its name.
EVENTS = {
    "1": "Issue created",
    "2": "Issue updated",
    "3": "Issue assigned",
    "4": "Issue resolved",
    "5": "Issue closed",
    "6": "Issue commented",
    "7": "Issue reopened",
    "8": "Issue deleted",
    "9": "Issue moved",
    "10": "Work logged on issue",
    "13": "Generic event",
    "14": "Issue comment edited",
    "15": "Issue worklog updated",
    "16": "Issue worklog deleted",
    "17": "Issue comment deleted",
}
_EVENT_OF = {
    "issue created": "1",
    "issue updated": "2",
    "issue assigned": "3",
    "issue resolved": "4",
    "issue commented": "6",
    "issue reopened": "7",
    "issue deleted": "8",
    "work logged": "10",
    "issue transitioned": "13",
    "comment edited": "14",
    "worklog updated": "15",
    "worklog deleted": "16",
}
KINDS = ("CurrentAssignee", "Reporter", "AllWatchers")


def default_schemes() -> list[Scheme]:
    """Return the schemes of a fresh site: the default one, and one that writes to nobody."""
    everybody = {event: list(KINDS) for event in EVENTS}
    return [
        Scheme(10000, "Default Notification Scheme", "", everybody),
        Scheme(10001, "No notifications", "Nobody gets a mail."),
    ]


def may_read(user: User, comment: Comment) -> bool:
    """Whether a comment's visibility lets somebody read it."""
    if comment.visibility is None:
        return True
    value = comment.visibility["value"]
    if comment.visibility["type"] == "role":
        admins = next(admins for name, admins in ROLES.values() if name == value)
        if value == "Service Desk Team":
            return user.agent
    else:
        admins = GROUPS[value]
    return not admins or user.project_admin or user.site_admin


def notify(
    site: Site, issue: Issue, actor: User, cause: str, text: str, comment: Comment | None = None
) -> None:
    """Tell whom the project's scheme names, each once, the actor never, customers never."""
    if site.bulk is False:
        return
    scheme = site.schemes[site.projects[issue.project].notification_scheme]
    kinds = scheme.events.get(_EVENT_OF[cause], [])
    people: dict[str | None, None] = {}
    if "Reporter" in kinds:
        people[issue.values.get("reporter")] = None
    if "CurrentAssignee" in kinds:
        people[issue.values.get("assignee")] = None
    if "AllWatchers" in kinds:
        people |= dict.fromkeys(issue.watchers)
    for account in people:
        user = site.users.get(account or "")
        if user is not None and user is not actor and (comment is None or may_read(user, comment)):
            mail(site, issue, user, actor, cause, text)


def mail(site: Site, issue: Issue, user: User, actor: User, cause: str, text: str) -> None:
    """Write to a member of staff about an issue."""
    if not user.active or user.customer or not site.sees(user, issue):
        return
    site.world.mail(
        system="jira",
        to=user.email,
        subject=f"[JIRA] ({issue.key}) {issue.values['summary']}",
        text=text,
        cause=cause,
        actor=actor.email,
        customer=False,
    )


def loud(call: Call) -> bool:
    """Whether people shall hear of an edit; Data Center refuses who may not ask for quiet (3.1)."""
    wanted = call.flag("notifyUsers", default=True)
    if not call.site.cloud and not wanted and not quiet(call.user, wanted):
        text = "To discard the user notification either admin or project admin permissions are required."
        raise errors.forbidden(text)
    return not quiet(call.user, wanted)


def quiet(actor: User, notify_users: bool) -> bool:
    """Whether ``notifyUsers=false`` counts: Cloud ignores it from people who don't administer."""
    return not notify_users and may(actor, "ADMINISTER_PROJECTS")
