"""Automation rules at work: their actions on a ticket (reference 6.15)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from deskbridge.sandbox.freshdesk import automation, mails, rules, webhook
from deskbridge.sandbox.freshdesk.events import Event
from deskbridge.sandbox.freshdesk.records import Conversation, Ticket
from deskbridge.sandbox.freshdesk.setup import AutomationRule
from deskbridge.sandbox.freshdesk.state import Account
from deskbridge.sandbox.freshdesk.text import stored

Action = Mapping[str, Any]


def run(account: Account) -> None:
    """Run the rules on what happened since the last time; what rules do runs no rules."""
    saves: dict[tuple[int, int | None], list[Event]] = {}
    for number, actor, event in account.happened:
        saves.setdefault((number, actor), []).append(event)
    account.happened.clear()
    for (number, actor), events in saves.items():
        ticket = account.tickets.get(number)
        if ticket:
            user = account.users.get(actor or 0)
            for rule, event in list(automation.matching(account, ticket, events, user)):
                _act(account, ticket, rule, event)
    account.happened.clear()


def run_hourly(account: Account) -> None:
    """Run the rules of type 3 on every ticket that meets their conditions."""
    for rule in automation.by_position(account, automation.HOURLY):
        for number in account.tickets.updated("normal")[:]:
            ticket = account.tickets[number]
            if automation.meets(account, rule, ticket):
                _act(account, ticket, rule, Event("ticket_action", "hourly"))
    account.happened.clear()


def _act(account: Account, ticket: Ticket, rule: AutomationRule, event: Event) -> None:
    for action in rule.actions:
        name = action["field_name"]
        if name == "trigger_webhook":
            webhook.send(account, ticket, rule, action, event)
        else:
            ACTIONS[name](account, ticket, action)


def _set(name: str) -> Callable[[Account, Ticket, Action], None]:
    def act(account: Account, ticket: Ticket, action: Action) -> None:
        value = action.get("value")
        rules.change(account, ticket, {name: value if name == "type" or not value else int(value)}, actor="")

    return act


def _add_tag(account: Account, ticket: Ticket, action: Action) -> None:
    value = action.get("value")
    tags = value if isinstance(value, list) else str(value).split(",")
    rules.change(account, ticket, {"tags": list(dict.fromkeys([*ticket.tags, *tags]))}, actor="")


def _add_note(account: Account, ticket: Ticket, action: Action) -> None:
    now, author = account.now(), ticket.responder_id or account.agents()[0].id
    body = stored(str(action.get("note_body") or action.get("value") or ""))
    note = Conversation(
        account.new_id(), ticket.id, body, author, now, now, private=True, source=2, category=2
    )
    rules.add(account, ticket, note)


def _mail_requester(account: Account, ticket: Ticket, action: Action) -> None:
    _mail(account, ticket, action, mails.requester(account, ticket))


def _mail_agent(account: Account, ticket: Ticket, action: Action) -> None:
    wanted = action.get("email_to")
    agent = account.agent(ticket.responder_id if wanted in (None, 0) else int(wanted))
    _mail(account, ticket, action, agent.email if agent else None)


def _mail(account: Account, ticket: Ticket, action: Action, to: str | None) -> None:
    subject = str(action.get("email_subject") or ticket.subject)
    mails.by_rule(account, ticket, [to], subject, str(action.get("email_body") or ""))


ACTIONS: dict[str, Callable[[Account, Ticket, Action], None]] = {
    "status": _set("status"),
    "priority": _set("priority"),
    "ticket_type": _set("type"),
    "group_id": _set("group_id"),
    "responder_id": _set("responder_id"),
    "product_id": _set("product_id"),
    "add_tag": _add_tag,
    "add_note": _add_note,
    "send_email_to_requester": _mail_requester,
    "send_email_to_agent": _mail_agent,
}
