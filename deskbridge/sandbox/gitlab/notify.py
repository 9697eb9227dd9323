"""Who gets a mail: members by their part in an issue, external participants by 7.3."""

from __future__ import annotations

from collections.abc import Iterable

from deskbridge.sandbox.gitlab import access
from deskbridge.sandbox.gitlab.state import Issue, Note, Site, User

_THANKS = (
    "Thank you for your support request! We are tracking your request as ticket #{iid}, and will respond "
    "as soon as we can."
)
_JOINED = "You have been added as an external participant to ticket #{iid}."


def members(site: Site, issue: Issue, actor: User, cause: str, text: str, *, internal: bool = False) -> None:
    """Mail the author, the assignees and everybody involved, except the actor, bots and the muted."""
    if not issue.project.emails_enabled:
        return
    for user in dict.fromkeys([issue.author, *issue.assignees, *issue.involved]):
        if user is not actor and user not in issue.muted:
            _to_member(site, issue, actor, user, cause, text, internal=internal)


def _to_member(
    site: Site, issue: Issue, actor: User, user: User, cause: str, text: str, *, internal: bool
) -> None:
    reads = access.reads(user, issue)
    if internal:
        reads = reads and (access.staff(user, issue.project) or access.owns(user, issue))
    if reads and user.kind == "human":
        subject = f"Re: {issue.project.name} | {issue.title} (#{issue.iid})"
        _send(site, user.email, subject, text, cause, actor, customer=False)


def involve(issue: Issue, users: Iterable[User]) -> None:
    """Count users as participants from now on."""
    for user in users:
        if user not in issue.involved and access.reads(user, issue):
            issue.involved.append(user)


def note_to_customers(site: Site, note: Note, addresses: Iterable[str]) -> None:
    """Mail a public note to external participants, its own writer excepted (7.3).

    Whether the issue is confidential does not matter; edited and internal notes send nothing.
    """
    issue = note.issue
    if note.internal or note.system or not issue.project.service_desk_enabled:
        return
    for address in addresses:
        if address.lower() != note.external.lower():
            subject = f"Re: {issue.title} (#{issue.iid})"
            _send(site, address, subject, note.body, "new_note", note.author, customer=True)


def thanks(site: Site, issue: Issue, address: str) -> None:
    """Mail the requester of a ticket that a mail has made."""
    text = _THANKS.format(iid=issue.iid)
    _send(site, address, f"Re: {issue.title} (#{issue.iid})", text, "thank_you", issue.author, customer=True)


def joined(site: Site, issue: Issue, address: str, actor: User) -> None:
    """Mail a new external participant."""
    text = _JOINED.format(iid=issue.iid)
    subject = f"{issue.title} (#{issue.iid})"
    _send(site, address, subject, text, "new_participant", actor, customer=True)


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
