"""Who gets a mail: members by their part in an issue, external participants by 7.3."""

from __future__ import annotations

import re
from collections.abc import Iterable

from deskbridge.sandbox.gitlab import access
from deskbridge.sandbox.gitlab.places import User
from deskbridge.sandbox.gitlab.records import Issue, Note
from deskbridge.sandbox.gitlab.site import Site


def members(site: Site, issue: Issue, actor: User, cause: str, text: str, *, internal: bool = False) -> None:
    """Mail the author, the assignees and everybody involved, except the actor, bots and the muted."""
    if not issue.project.emails_enabled:
        return
    for user in dict.fromkeys([issue.author, *issue.assignees, *issue.involved]):
        if user is not actor and user not in (issue.muted or ()):
            _to_member(site, issue, actor, user, cause, text, internal=internal)


def _to_member(
    site: Site, issue: Issue, actor: User, user: User, cause: str, text: str, *, internal: bool
) -> None:
    reads = access.reads(user, issue)
    if internal:
        reads = reads and (access.staff(user, issue.project) or access.owns(user, issue))
    if reads and user.kind == "human" and _within(site, issue, user):
        subject = f"Re: {issue.project.name} | {issue.title} (#{issue.iid})"
        _send(site, user.email, subject, text, cause, actor, customer=False)


def involve(issue: Issue, users: Iterable[User]) -> None:
    """Count users as participants from now on."""
    for user in users:
        if user not in issue.involved and access.reads(user, issue):
            issue.involved.append(user)


def _within(site: Site, issue: Issue, user: User) -> bool:
    """Whether a member gets one more mail about a project today; what is above goes nowhere (1.3)."""
    day = (f"{site.now():%Y-%m-%d}", user.email, issue.project.full_path)
    site.mailed[day] = site.mailed.get(day, 0) + 1
    return not site.world.limits or site.mailed[day] <= site.switches.mails_a_day


def note_to_customers(site: Site, note: Note, addresses: Iterable[str]) -> None:
    """Mail a public note to external participants, its own writer excepted (7.3).

    Whether the issue is confidential does not matter; edited and internal notes send nothing.
    """
    issue = note.issue
    if note.internal or note.system:
        return
    for address in addresses:
        if address.lower() != note.external.lower():
            _to_customer(site, issue, address, "new_note", note.author, note.body)


def thanks(site: Site, issue: Issue, address: str) -> None:
    """Mail the requester of a ticket that a mail has made."""
    _to_customer(site, issue, address, "thank_you", issue.author)


def joined(site: Site, issue: Issue, address: str, actor: User) -> None:
    """Mail a new external participant (since 17.0)."""
    if site.switches.release >= (17, 0):
        _to_customer(site, issue, address, "new_participant", actor)


def _to_customer(site: Site, issue: Issue, address: str, cause: str, actor: User, text: str = "") -> None:
    """Mail by the project's template; nobody hears anything while Service Desk is off."""
    if not issue.project.service_desk_enabled:
        return
    body: str = getattr(issue.project.desk, cause)
    values = {
        "ISSUE_ID": str(issue.iid),
        "ISSUE_PATH": issue.path,
        "ISSUE_URL": site.web_url(issue),
        "ISSUE_DESCRIPTION": issue.description or "",
        "UNSUBSCRIBE_URL": f"{site.base_url}/-/sent_notifications/{issue.id}/unsubscribe",
        "NOTE_TEXT": text,
    }
    body = re.sub(r"%\{\s*([A-Z_]+)\s*\}", lambda match: values.get(match[1], ""), body)
    answer = "" if cause == "new_participant" else "Re: "
    subject = f"{answer}{issue.title} (#{issue.iid})"
    _send(site, address, subject, body, cause, actor, customer=True)


def _send(site: Site, to: str, subject: str, text: str, cause: str, actor: User, *, customer: bool) -> None:
    site.world.mail(
        system="gitlab",
        to=to,
        subject=subject,
        text=text,
        cause=cause,
        actor=actor.username,
        customer=customer,
    )
