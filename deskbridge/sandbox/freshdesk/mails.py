"""The mails that Freshdesk sends by itself (reference 4.3, 4.5, 5.2, 6.16)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from email.utils import parseaddr

from deskbridge.sandbox.freshdesk.persons import User
from deskbridge.sandbox.freshdesk.records import Conversation, Ticket
from deskbridge.sandbox.freshdesk.state import Account
from deskbridge.sandbox.freshdesk.text import plain


def ticket_created(account: Account, ticket: Ticket, actor: str) -> None:
    """Tell the requester, who is mailed on creation by mail, portal and API alike, and those in copy."""
    subject = f"Ticket received: {ticket.subject} [#{ticket.id}]"
    if account.switches.notify_new_ticket:
        _send(account, [requester(account, ticket)], subject, plain(ticket.description), "new ticket", actor)
    if account.switches.notify_cc:
        _send(account, ticket.cc_emails, subject, plain(ticket.description), "new ticket in copy", actor)
    assigned(account, ticket, actor)


def outbound(account: Account, ticket: Ticket, actor: str) -> None:
    """Carry the first message of a ticket that an agent has begun."""
    receivers = [requester(account, ticket), *ticket.cc_emails]
    _send(account, receivers, ticket.subject or "", plain(ticket.description), "outbound email", actor)


def assigned(account: Account, ticket: Ticket, actor: str) -> None:
    """Tell an agent whom somebody else gave the ticket."""
    agent = account.agent(ticket.responder_id)
    if agent and agent.email != actor:
        _tell_agent(account, ticket, agent, f"Ticket #{ticket.id} is assigned to you", "assigned", actor)


def replied(account: Account, ticket: Ticket, reply: Conversation, actor: str) -> None:
    """Carry an agent's reply to the requester and those in copy."""
    subject = f"Re: [#{ticket.id}] {ticket.subject}"
    _send(account, _receivers(reply), subject, plain(reply.body), "reply", actor)
    watched(account, ticket, plain(reply.body), actor)


def forwarded(account: Account, ticket: Ticket, message: Conversation, actor: str) -> None:
    """Carry a forward, or the answer to one, to those it names."""
    subject = f"Fwd: [#{ticket.id}] {ticket.subject}"
    cause = "forward" if message.source == 8 else "reply to forward"
    _send(account, _receivers(message), subject, plain(message.body), cause, actor)


def _receivers(message: Conversation) -> list[str]:
    return [*(message.to_emails or []), *(message.cc_emails or []), *(message.bcc_emails or [])]


def noted(account: Account, ticket: Ticket, note: Conversation, actor: str) -> None:
    """Carry a note to those it names; a public one by an agent also to the requester."""
    subject = f"Note on [#{ticket.id}] {ticket.subject}"
    _send(account, note.to_emails or [], subject, plain(note.body), "note", actor)
    by_desk = not note.private and not note.incoming
    if by_desk and account.switches.notify_public_note:
        _send(account, [requester(account, ticket)], subject, plain(note.body), "public note", actor)


def status_set(account: Account, ticket: Ticket, actor: str) -> None:
    """Tell the requester that the ticket is resolved or closed."""
    name = account.statuses[ticket.status].label.lower()
    wanted = {4: account.switches.notify_resolved, 5: account.switches.notify_closed}
    if wanted.get(ticket.status):
        subject = f"Your ticket [#{ticket.id}] {ticket.subject} is {name}"
        _send(account, [requester(account, ticket)], subject, subject, f"ticket {name}", actor)


def watched(account: Account, ticket: Ticket, text: str, actor: str) -> None:
    """Tell those who watch the ticket (4.5)."""
    for number in account.watchers.get(ticket.id, []):
        agent = account.agent(number)
        if agent and agent.email != actor:
            _tell_agent(account, ticket, agent, text, "watched ticket", actor)


def customer_wrote(account: Account, ticket: Ticket, message: Conversation, actor: str) -> None:
    """Tell the assigned agent of a customer's message."""
    agent = account.agent(ticket.responder_id)
    if agent:
        _tell_agent(account, ticket, agent, plain(message.body), "customer replied", actor)
    watched(account, ticket, plain(message.body), actor)


def escalated(account: Account, ticket: Ticket, agent_ids: Sequence[int], level: str) -> None:
    """Tell those whom the policy names that a target is missed; -1 is the assigned agent (6.8)."""
    for number in agent_ids:
        agent = account.agent(ticket.responder_id if number == -1 else number)
        if agent:
            text = f"Ticket #{ticket.id} is overdue ({level})"
            _tell_agent(account, ticket, agent, text, "SLA missed", actor="")


def by_rule(account: Account, ticket: Ticket, to: Iterable[str | None], subject: str, text: str) -> None:
    """Send what an automation rule says."""
    _send(account, to, subject, plain(text), "automation rule", actor="")


def invited(account: Account, user: User, actor: str) -> None:
    """Ask a contact to activate the account."""
    _send(account, [user.email], "Harbour Support user activation", "Please activate.", "invitation", actor)


def to_admins(account: Account, text: str, cause: str) -> None:
    """Tell the account's admins."""
    _send(
        account, [agent.email for agent in account.agents() if account.is_admin(agent)], text, text, cause, ""
    )


def _tell_agent(account: Account, ticket: Ticket, agent: User, text: str, cause: str, actor: str) -> None:
    if account.switches.notify_agents:
        _send(account, [agent.email], f"[#{ticket.id}] {ticket.subject}", text, cause, actor)


def requester(account: Account, ticket: Ticket) -> str | None:
    """Return the address of who asked."""
    user = account.users.get(ticket.requester_id)
    return user.email if user else None


def _send(
    account: Account, receivers: Iterable[str | None], subject: str, text: str, cause: str, actor: str
) -> None:
    for receiver in dict.fromkeys(parseaddr(address or "")[1] for address in receivers):
        user = account.by_email(receiver)
        if receiver:
            account.world.mail(
                system="freshdesk",
                to=receiver,
                subject=subject,
                text=text,
                cause=cause,
                actor=actor,
                customer=user is None or user.role is None,
            )
