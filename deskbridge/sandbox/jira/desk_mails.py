"""Whom service management writes to: customers, by its own rules, whatever the notification scheme says.

Nothing goes out for an issue without a request type, and nobody hears of their own acts; but who
raises a request gets its receipt (reference, 8.3 and 11.3).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from deskbridge.sandbox.jira import show
from deskbridge.sandbox.jira.desk_show import ORGANIZATIONS, PARTICIPANTS, TYPE
from deskbridge.sandbox.jira.model import Comment, Issue, Request, User
from deskbridge.sandbox.jira.state import Site


def facts(issue: Issue) -> Request:
    """Return what service management keeps of an issue, made when there is none yet."""
    issue.request = issue.request or Request("jira")
    return issue.request


def _involved(issue: Issue) -> list[str]:
    followers = issue.request.followers if issue.request else []
    return [issue.values.get("reporter") or "", *(issue.values.get(PARTICIPANTS) or ()), *followers]


def _write(site: Site, issue: Issue, to: Iterable[str], actor: User | None, cause: str, text: str) -> None:
    if not issue.values.get(TYPE) or not site.switches.customer_mails or site.bulk is False:
        return
    muted = issue.request.muted if issue.request else []
    for account in dict.fromkeys(to):
        user = site.users.get(account)
        if user is None or not user.customer or user is actor or account in muted:
            continue
        site.world.mail(
            system="jira",
            to=user.email,
            subject=f"{issue.key} {issue.values['summary']}",
            text=text,
            cause=cause,
            actor=actor.email if actor else "",
            customer=True,
        )


def created(site: Site, issue: Issue) -> None:
    """Send the reporter the receipt, and those the request is shared with word of it."""
    text = f"We have received your request {issue.key}."
    _write(site, issue, [issue.values.get("reporter") or ""], None, "request created", text)
    changed(site, issue, site.users[issue.creator], {PARTICIPANTS: None, ORGANIZATIONS: None})


def commented(site: Site, issue: Issue, comment: Comment, actor: User, cause: str) -> None:
    """Send a public comment to the customers involved; visibility hides it from them too."""
    if not show.is_public(comment) or comment.visibility:
        return
    text = str(site.text(issue, comment.body, "2"))
    _write(site, issue, _involved(issue), actor, f"public {cause}", text)


def changed(site: Site, issue: Issue, actor: User, before: dict[str, Any]) -> None:
    """Write about those of the fields in `before` that customers are told of."""
    if "resolution" in before:
        solved = issue.values.get("resolution") is not None
        words = "resolved" if solved else "reopened"
        _write(site, issue, _involved(issue), actor, f"request {words}", f"Your request was {words}.")
    if PARTICIPANTS in before:
        new = [one for one in issue.values.get(PARTICIPANTS) or () if one not in (before[PARTICIPANTS] or ())]
        _write(site, issue, new, actor, "participant added", f"{issue.key} was shared with you.")
    if ORGANIZATIONS in before:
        ids = [
            one for one in issue.values.get(ORGANIZATIONS) or () if one not in (before[ORGANIZATIONS] or ())
        ]
        members = [account for id in ids for account in site.organizations[id].users]
        reporter = issue.values.get("reporter")
        others = [account for account in members if account != reporter]
        _write(
            site,
            issue,
            others,
            actor,
            "organization added",
            f"{issue.key} was shared with your organization.",
        )


def asked(site: Site, issue: Issue, approvers: Iterable[str]) -> None:
    """Ask for an approval."""
    _write(site, issue, approvers, None, "approval required", f"{issue.key} waits for your approval.")


def invited(site: Site, user: User, actor: User, desk: str) -> None:
    """Invite a new customer, unless the site does not."""
    if site.switches.invite_mails and site.switches.customer_mails:
        site.world.mail(
            system="jira",
            to=user.email,
            subject=f"Welcome to {desk}",
            text="You have an account at our help center.",
            cause="customer invited",
            actor=actor.email,
            customer=True,
        )
