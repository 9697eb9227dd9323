"""Service Desk: mails that become tickets, external participants, conversion (7)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from deskbridge.sandbox.gitlab import journal, notes, notify, quick, references
from deskbridge.sandbox.gitlab.state import Issue, Note, Project, Site, User

_ADDRESS = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;.]+")
_A_COMMAND = 6
_AN_ISSUE = 10
"""How many addresses one command takes, and how many an issue can have (0, 18)."""
_CONVERTED = (
    "This issue has been converted to a Service Desk ticket. The email address `{email}` is the new author "
    "of this issue. GitLab didn't send a `thank_you` Service Desk email. The original author of this issue "
    "was `{author}`."
)


def is_address(text: str) -> bool:
    """Whether a text looks like one mail address."""
    return bool(_ADDRESS.fullmatch(text))


def mail_in(site: Site, project: Project, email: str, subject: str, text: str) -> Issue:
    """Make a ticket of a customer's mail: by the Support Bot, confidential, with a thank-you mail (7.2)."""
    project.last_iid += 1
    now = site.now()
    title = subject.strip()[:255] or "(no subject)"
    issue = Issue(
        site.next("issue"),
        project.last_iid,
        project,
        site.support_bot,
        title,
        quick.redact(text),
        now,
        now,
        confidential=True,
        reply_to=email,
        participants=[email],
        position=project.last_iid * 513.0,
    )
    site.issues[issue.id] = project.issues[issue.iid] = issue
    references.follow(site, issue.author, issue, issue.description)
    notify.thanks(site, issue, email)
    return issue


def mail_reply(site: Site, issue: Issue, email: str, text: str) -> Note:
    """Make a note of a customer's reply; the other participants get it, the writer does not."""
    body = quick.redact(text)
    note = notes.add(site, site.support_bot, issue, body, external=email)
    notify.note_to_customers(site, note, issue.participants)
    return note


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
    wanted = {address.lower() for address in list(addresses)[:_A_COMMAND]}
    removed = [one for one in issue.participants if one.lower() in wanted]
    issue.participants = [one for one in issue.participants if one not in removed]
    if removed:
        journal.system_note(site, issue, actor, f"removed {' and '.join(removed)}")
    return removed


def convert(site: Site, issue: Issue, email: str) -> str:
    """Make a ticket of an issue: its author changes, it becomes confidential, nobody is mailed (7.5)."""
    if issue.reply_to is not None:
        return "Cannot convert to ticket because it is already a ticket."
    if not is_address(email):
        return "Cannot convert issue to ticket because no email was provided or the format was invalid."
    text = _CONVERTED.format(email=email, author=f"@{issue.author.username}")
    issue.author, issue.confidential, issue.reply_to = site.support_bot, True, email
    if email.lower() not in (one.lower() for one in issue.participants):
        issue.participants.append(email)
    issue.updated_at = site.now()
    notes.add(site, site.support_bot, issue, text, internal=True)
    return "Converted issue to Service Desk ticket."
