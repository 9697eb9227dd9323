"""Service Desk: mails that become tickets, external participants, conversion (7)."""

from __future__ import annotations

from collections.abc import Iterable

from deskbridge.sandbox.gitlab import changes, journal, notes, notify, quick, references, webhooks
from deskbridge.sandbox.gitlab.addresses import is_address
from deskbridge.sandbox.gitlab.places import Project, User
from deskbridge.sandbox.gitlab.records import Issue, Note, pack
from deskbridge.sandbox.gitlab.site import Site

_A_COMMAND = 6
_AN_ISSUE = 10
"""How many addresses one command takes, and how many an issue can have (0, 18)."""
_CONVERTED = (
    "This issue has been converted to a Service Desk ticket. The email address `{email}` is the new author "
    "of this issue. GitLab didn't send a `thank_you` Service Desk email. The original author of this issue "
    "was `{author}`."
)
_REOPENED = "{who} This issue has been reopened because an external participant replied by email."


def mail_in(
    site: Site, project: Project, email: str, subject: str, text: str, cc: Iterable[str] = ()
) -> Issue:
    """Make a ticket of a customer's mail: by the Support Bot, confidential, with a thank-you mail (7.2)."""
    now = site.now()
    title, body = subject.strip()[:255] or "(no subject)", quick.redact(text)
    issue = Issue(0, 0, project, site.support_bot, title, pack(body), now, now)
    issue.confidential, issue.reply_to, issue.participants = project.desk.confidential, email, [email]
    issue.kind = "ticket" if site.switches.tickets else "issue"
    site.add_issue(issue)
    references.follow(site, issue.author, issue, issue.description)
    notify.thanks(site, issue, email)
    webhooks.opened(site, issue)
    _copied(site, issue, cc)
    return issue


def _copied(site: Site, issue: Issue, cc: Iterable[str]) -> None:
    """Make participants of those in Cc, where the project wants it (17.0)."""
    if issue.project.desk.cc and site.switches.release >= (17, 0):
        add_participants(site, site.support_bot, issue, cc)


def mail_reply(site: Site, issue: Issue, email: str, text: str, cc: Iterable[str] = ()) -> Note:
    """Make a note of a customer's reply; the other participants get it, the writer does not.

    Who was removed as a participant can still answer an old mail (7.2).
    """
    if issue.state == "closed" and issue.project.desk.reopen and site.switches.release >= (16, 7):
        _reopen(site, issue)
    note = notes.add(site, site.support_bot, issue, quick.redact(text), external=email)
    notify.note_to_customers(site, note, issue.participants)
    _copied(site, issue, cc)
    return note


def _reopen(site: Site, issue: Issue) -> None:
    """Open a ticket again; an internal note tells its assignees (7.2)."""
    changes.apply(site, site.support_bot, issue, {"state_event": "reopen"})
    who = " ".join(f"@{user.username}" for user in issue.assignees)
    notes.add(site, site.support_bot, issue, _REOPENED.format(who=who).strip(), internal=True)


def add_participants(site: Site, actor: User, issue: Issue, addresses: Iterable[str]) -> list[str]:
    """Add external participants, mail each of them, and return those that were new and valid."""
    known = {address.lower() for address in issue.participants}
    wanted = [one for one in list(addresses)[:_A_COMMAND] if is_address(one) and one.lower() not in known]
    added = list(dict.fromkeys(wanted))[: max(0, _AN_ISSUE - len(issue.participants))]
    issue.participants += added
    if added:
        journal.system_note(site, issue, actor, f"added {' and '.join(added)}")
    for address in added:
        notify.joined(site, issue, address, actor)
    return added


def remove_participants(site: Site, actor: User, issue: Issue, addresses: Iterable[str]) -> list[str]:
    """Remove external participants without a mail, and return those that were there."""
    removed = _without(issue, list(addresses)[:_A_COMMAND])
    if removed:
        journal.system_note(site, issue, actor, f"removed {' and '.join(removed)}")
    return removed


def unsubscribe(site: Site, issue: Issue, email: str) -> bool:
    """Let a participant leave by the link in a mail; return whether it was one."""
    gone = _without(issue, [email])
    if gone:
        journal.system_note(site, issue, site.support_bot, f"{gone[0]} unsubscribed")
    return bool(gone)


def _without(issue: Issue, addresses: Iterable[str]) -> list[str]:
    wanted = {address.lower() for address in addresses}
    removed = [one for one in issue.participants if one.lower() in wanted]
    issue.participants = [one for one in issue.participants if one not in removed]
    return removed


def convert(site: Site, issue: Issue, email: str) -> str:
    """Make a ticket of an issue: its author changes, it becomes confidential, nobody is mailed (7.5)."""
    if issue.reply_to is not None:
        return "Cannot convert to ticket because it is already a ticket."
    if not is_address(email):
        return "Cannot convert issue to ticket because no email was provided or the format was invalid."
    text = _CONVERTED.format(email=email, author=f"@{issue.author.username}")
    if issue.project.desk.confidential:
        changes.apply(site, site.support_bot, issue, {"confidential": True})
    issue.author, issue.reply_to = site.support_bot, email
    if email.lower() not in (one.lower() for one in issue.participants):
        issue.participants.append(email)
    issue.updated_at = site.now()
    notes.add(site, site.support_bot, issue, text, internal=True)
    return "Converted issue to Service Desk ticket."
