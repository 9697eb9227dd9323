"""What service management does by itself, and who sees a request on the portal (reference, 8)."""

from __future__ import annotations

from deskbridge.sandbox.jira import desk_mails, edit, notify, show, workflow
from deskbridge.sandbox.jira.desk_show import APPROVERS, ORGANIZATIONS, PARTICIPANTS, TYPE
from deskbridge.sandbox.jira.model import Approval, Comment, Issue, User
from deskbridge.sandbox.jira.permissions import may
from deskbridge.sandbox.jira.records import Desk
from deskbridge.sandbox.jira.state import Site

AUTOMATION = "automation@site.invalid"


def may_open(site: Site, user: User, desk: Desk) -> bool:
    """Whether somebody can open a portal: staff, and when it is restricted only its customers."""
    if not user.customer or desk.open or user.account_id in desk.customers:
        return True
    return any(user.account_id in site.organizations[id].users for id in desk.organizations)


def sees(site: Site, user: User, issue: Issue) -> bool:
    """Whether somebody sees a request on the portal, by the three conditions of the reference's 8.6."""
    desk = site.desk_of(issue)
    if desk is None or not issue.values.get(TYPE) or not may_open(site, user, desk):
        return False
    shared = issue.values.get(ORGANIZATIONS) or ()
    rounds = issue.request.approvals if issue.request else []
    involved = {issue.values.get("reporter"), *(issue.values.get(PARTICIPANTS) or ())}
    involved |= {account for one in rounds for account in one.approvers}
    involved |= {account for id in shared for account in site.organizations[id].users}
    return user.account_id in involved


def is_agent(site: Site, user: User, issue: Issue) -> bool:
    """Whether somebody works on a desk's requests."""
    return may(user, "SERVICEDESK_AGENT", site.projects[issue.project])


def force_internal(site: Site, issue: Issue, comment: Comment, actor: User) -> None:
    """Make a collaborator's comment internal: only agents and customers speak to customers."""
    outsider = site.desk_of(issue) is not None and not actor.customer and not is_agent(site, actor, issue)
    if outsider and not sees(site, actor, issue):
        comment.properties["sd.public.comment"] = {"internal": True}


def after_comment(site: Site, issue: Issue, comment: Comment, actor: User) -> None:
    """Move a request between waiting for support and for the customer, as the usual automation does."""
    robot = site.by_email(AUTOMATION)
    if (
        not site.switches.desk_automation
        or not show.is_public(comment)
        or comment.visibility
        or robot is None
    ):
        return
    if site.projects[issue.project].workflow != "service":
        return
    theirs = actor.customer
    source = workflow.FOR_CUSTOMER if theirs else workflow.FOR_SUPPORT
    if issue.status == source and actor is not robot:
        target = workflow.FOR_SUPPORT if theirs else workflow.FOR_CUSTOMER
        edit.apply(site, issue, robot, {}, target, "issue_generic")
        name = site.statuses[target].name
        notify.notify(site, issue, robot, "issue transitioned", f"status: {name}")


def ask_approval(site: Site, issue: Issue) -> None:
    """Open a round of approval for a request that waits for one."""
    if issue.status != workflow.FOR_APPROVAL:
        return
    approvers = issue.values.get(APPROVERS) or []
    if not approvers:
        return
    facts = desk_mails.facts(issue)
    number = site.next_id("approval", 1)
    facts.approvals.append(
        Approval(number, "Waiting for approval", site.now(), dict.fromkeys(approvers, "pending"))
    )
    desk_mails.asked(site, issue, approvers)
