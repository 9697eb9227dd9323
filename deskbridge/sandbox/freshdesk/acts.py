"""What people do in Freshdesk that has no API: customers' mails, an admin's switches, the hourly job."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import io
from collections.abc import Callable, Mapping, Sequence
from email.utils import formataddr
from typing import Any

from deskbridge.sandbox.freshdesk import fields, rules, sla, upkeep
from deskbridge.sandbox.freshdesk.files import Upload
from deskbridge.sandbox.freshdesk.records import Attachment, Conversation, Ticket, User
from deskbridge.sandbox.freshdesk.state import Account
from deskbridge.sandbox.freshdesk.text import stored, with_inline

Files = Sequence[Mapping[str, str]]
_FILE_KEYS = {"name", "content_base64", "content_type", "inline_cid"}
_EMAIL, _CUSTOMER = 1, 1


def acts(account: Account) -> dict[str, Callable[..., dict[str, object]]]:
    """Return the acts of an account by name."""
    people = _People(account)
    admin = _Admin(account)
    return {
        "customer_mail": people.customer_mail,
        "customer_reply": people.customer_reply,
        "mark_spam": admin.mark_spam,
        "switch": admin.switch,
        "add_field": admin.add_field,
        "require_field": admin.require_field,
        "run_sla_job": admin.run_sla_job,
    }


class _People:
    """Customers, who write mails."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def customer_mail(
        self,
        email: str,
        subject: str,
        html: str,
        name: str = "",
        attachments: Files = (),
        cc: Sequence[str] = (),
    ) -> dict[str, object]:
        """A mail to the support address: a new ticket; an unknown sender becomes a contact."""
        upkeep.settle(self._account)
        account = self._account
        uploads = _uploads(attachments)
        user, now = rules.writer(account, _address(email), name), account.now()
        body, files = _kept(account, html, uploads)
        ticket = Ticket(account.last_ticket + 1, subject, stored(body), user.id, now, now, source=_EMAIL)
        ticket.company_id, ticket.email_config_id = user.company_id, account.email_config_id
        ticket.support_email, ticket.to_emails = account.support_email, [account.support_email]
        ticket.cc_emails = [_address(address) for address in cc]
        ticket.ticket_cc_emails = list(ticket.cc_emails)
        ticket.attachments = files
        rules.open_ticket(account, ticket, user.email or "")
        return {"ticket": ticket.id, "requester": user.id}

    def customer_reply(
        self, ticket: int, email: str, html: str, attachments: Files = ()
    ) -> dict[str, object]:
        """A customer's answer by mail: public, incoming, and it may open the ticket again."""
        upkeep.settle(self._account)
        found = _ticket(self._account, ticket)
        uploads = _uploads(attachments)
        user = rules.writer(self._account, _address(email))
        message = self._message(found, user, html, uploads)
        rules.add_customer_message(self._account, found, message, user.email or "")
        return {"ticket": found.id, "conversation": message.id}

    def _message(
        self, ticket: Ticket, user: User, html: str, uploads: list[tuple[Upload, str]]
    ) -> Conversation:
        account, now = self._account, self._account.now()
        body, files = _kept(account, html, uploads)
        message = Conversation(account.new_id(), ticket.id, stored(body), user.id, now, now, incoming=True)
        message.category, message.attachments = _CUSTOMER, files
        message.from_email = formataddr((user.name, user.email or ""))
        message.to_emails, message.cc_emails, message.bcc_emails = [account.support_email], [], []
        return message


class _Admin:
    """Who sets the account up, and the machinery behind it."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def mark_spam(self, ticket: int, spam: bool = True) -> dict[str, object]:
        """Mark a ticket as spam, or take the mark away: only the agents' page can."""
        upkeep.settle(self._account)
        found = _ticket(self._account, ticket)
        found.spam = spam
        rules.touch(self._account, found)
        return {"ticket": found.id, "spam": spam}

    def switch(self, name: str, value: Any) -> dict[str, object]:
        """Turn one of the switches that `docs/sandbox-freshdesk.md` lists."""
        switches = self._account.switches
        if name not in {f.name for f in dataclasses.fields(switches)}:
            raise ValueError(f"there is no switch {name!r}")
        wanted = type(getattr(switches, name))
        if isinstance(value, bool) != (wanted is bool) or not isinstance(value, int | float):
            raise ValueError(f"the switch {name} takes a {wanted.__name__}")
        setattr(switches, name, wanted(value))
        return {name: getattr(switches, name)}

    def add_field(self, label: str, type: str = "custom_text", choices: Any = None) -> dict[str, object]:
        """Add a custom field to the ticket form; a dependent one has choices by choice by choice."""
        account = self._account
        if type not in fields.CUSTOM_TYPES:
            raise ValueError(f"a field's type is one of {', '.join(fields.CUSTOM_TYPES)}")
        made = fields.custom_field(
            account.new_id(), label, type, choices, len(account.fields) + 1, account.now()
        )
        if made.name in fields.custom_names(account):
            raise ValueError(f"there is a field {made.name} already")
        account.fields.append(made)
        return {"name": made.name}

    def require_field(self, name: str, agents: bool = False, closure: bool = False) -> dict[str, object]:
        """Demand a field of agents, or for closing a ticket."""
        for f in self._account.fields:
            if f.name == name:
                f.required_for_agents, f.required_for_closure = agents, closure
                return {"name": name, "agents": agents, "closure": closure}
        raise ValueError(f"there is no field {name!r}")

    def run_sla_job(self) -> dict[str, object]:
        """Mark the tickets that are late by now, without waiting for the job's next turn."""
        upkeep.settle(self._account)
        return {"escalated": sla.mark_breaches(self._account)}


def _ticket(account: Account, number: int) -> Ticket:
    if number not in account.tickets:
        raise ValueError(f"there is no ticket {number}")
    return account.tickets[number]


def _address(text: str) -> str:
    if "@" not in text.strip("@"):
        raise ValueError(f"{text!r} is no mail address")
    return text


def _uploads(files: Files) -> list[tuple[Upload, str]]:
    """Return the files of a mail with their content ids; raises ValueError on bad ones."""
    return [(_upload(file), file.get("inline_cid", "")) for file in files]


def _upload(file: Mapping[str, str]) -> Upload:
    if unknown := set(file) - _FILE_KEYS:
        raise ValueError(f"an attachment has no {', '.join(sorted(unknown))}")
    if not file.get("name"):
        raise ValueError("an attachment needs a name")
    try:
        data = base64.b64decode(file.get("content_base64", ""), validate=True)
    except binascii.Error as error:
        raise ValueError(f"content_base64 of {file['name']} is not base64: {error}") from error
    return Upload(file["name"], file.get("content_type", "application/octet-stream"), io.BytesIO(data))


def _kept(account: Account, html: str, uploads: list[tuple[Upload, str]]) -> tuple[str, list[Attachment]]:
    """Keep a mail's files; pictures that the text refers to go into it and into no list (5.5)."""
    listed = []
    for upload, cid in uploads:
        inline = bool(cid) and f"cid:{cid}" in html
        attachment = account.save(upload, inline=inline)
        if inline:
            html = with_inline(html, cid, account.files.inline_url(attachment), attachment.id)
        else:
            listed.append(attachment)
    return html, listed
