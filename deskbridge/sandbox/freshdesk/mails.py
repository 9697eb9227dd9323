"""The mails that Freshdesk sends by itself (reference 4.3, 4.5, 5.2)."""

from __future__ import annotations

from collections.abc import Iterable
from email.utils import parseaddr

from deskbridge.sandbox.freshdesk.records import Conversation, Ticket, User
from deskbridge.sandbox.freshdesk.state import Account
from deskbridge.sandbox.freshdesk.text import plain


def ticket_created(account: Account, ticket: Ticket, actor: str) -> None:
    """Tell the requester, who is mailed on creation by mail, portal and API alike, and those in copy."""
    subject = f"Ticket received: {ticket.subject} [#{ticket.id}]"
    if account.switches.notify_new_ticket:
        _send(account, [_requester(account, ticket)], subject, plain(ticket.description), "new ticket", actor)
    if account.switches.notify_cc:
        _send(account, ticket.cc_emails, subject, plain(ticket.description), "new ticket in copy", actor)
    assigned(account, ticket, actor)


def assigned(account: Account, ticket: Ticket, actor: str) -> None:
    """Tell an agent whom somebody else gave the ticket."""
    agent = account.agent(ticket.responder_id)
    if agent and agent.email != actor:
        _tell_agent(account, ticket, agent, f"Ticket #{ticket.id} is assigned to you", "assigned", actor)


def replied(account: Account, ticket: Ticket, reply: Conversation, actor: str) -> None:
    """Carry an agent's reply to the requester and those in copy."""
    receivers = [*(reply.to_emails or []), *(reply.cc_emails or []), *(reply.bcc_emails or [])]
    _send(account, receivers, f"Re: [#{ticket.id}] {ticket.subject}", plain(reply.body), "reply", actor)


def noted(account: Account, ticket: Ticket, note: Conversation, actor: str) -> None:
    """Carry a note to those it names; a public one by an agent also to the requester."""
    subject = f"Note on [#{ticket.id}] {ticket.subject}"
    _send(account, note.to_emails or [], subject, plain(note.body), "note", actor)
    by_desk = not note.private and not note.incoming
    if by_desk and account.switches.notify_public_note:
        _send(account, [_requester(account, ticket)], subject, plain(note.body), "public note", actor)


def status_set(account: Account, ticket: Ticket, actor: str) -> None:
    """Tell the requester that the ticket is resolved or closed."""
    name = account.statuses[ticket.status].label.lower()
    wanted = {4: account.switches.notify_resolved, 5: account.switches.notify_closed}
    if wanted.get(ticket.status):
        subject = f"Your ticket [#{ticket.id}] {ticket.subject} is {name}"
        _send(account, [_requester(account, ticket)], subject, subject, f"ticket {name}", actor)


def customer_wrote(account: Account, ticket: Ticket, message: Conversation, actor: str) -> None:
    """Tell the assigned agent of a customer's message."""
    agent = account.agent(ticket.responder_id)
    if agent:
        _tell_agent(account, ticket, agent, plain(message.body), "customer replied", actor)


def escalated(account: Account, ticket: Ticket) -> None:
    """Tell the assigned agent that an SLA target is missed (the shipped policy's escalation, 6.8)."""
    agent = account.agent(ticket.responder_id)
    if agent:
        _tell_agent(account, ticket, agent, f"Ticket #{ticket.id} is overdue", "SLA missed", actor="")


def _tell_agent(account: Account, ticket: Ticket, agent: User, text: str, cause: str, actor: str) -> None:
    if account.switches.notify_agents:
        _send(account, [agent.email], f"[#{ticket.id}] {ticket.subject}", text, cause, actor)


def _requester(account: Account, ticket: Ticket) -> str | None:
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
