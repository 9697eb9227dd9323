"""What people do in Freshdesk that has no API: customers' mails, an admin's switches, the hourly job."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import functools
import io
from collections.abc import Callable, Mapping, Sequence
from email.utils import formataddr
from typing import Any

from deskbridge.sandbox.freshdesk import api_time, fields, generate, rules, ruling, seed, sla, upkeep
from deskbridge.sandbox.freshdesk.files import Upload
from deskbridge.sandbox.freshdesk.persons import User
from deskbridge.sandbox.freshdesk.records import CLOSED, Attachment, Conversation, Ticket
from deskbridge.sandbox.freshdesk.setup import Status
from deskbridge.sandbox.freshdesk.show import stamp
from deskbridge.sandbox.freshdesk.state import Account
from deskbridge.sandbox.freshdesk.text import stored, with_inline

Files = Sequence[Mapping[str, str]]
_FILE_KEYS = {"name", "content_base64", "content_type", "inline_cid"}
_EMAIL, _CUSTOMER = 1, 1


def acts(account: Account) -> dict[str, Callable[..., dict[str, object]]]:
    """Return the acts of an account by name. Time goes on before each, rules run after it."""
    found = {}
    for part in (_People(account), _Admin(account), _Setup(account)):
        for name in [name for name in vars(type(part)) if not name.startswith("_")]:
            found[name] = _whole(account, getattr(part, name))
    return found


def _whole(account: Account, act: Callable[..., dict[str, object]]) -> Callable[..., dict[str, object]]:
    @functools.wraps(act)
    def done(*args: Any, **arguments: Any) -> dict[str, object]:
        upkeep.settle(account)
        result = act(*args, **arguments)
        ruling.run(account)
        return result

    return done


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
        account = self._account
        uploads = _uploads(attachments)
        user, now = rules.writer(account, _address(email), name), account.now()
        body, files = _kept(account, html, uploads, account.last_ticket + 1)
        subject = subject if subject.strip() else account.switches.no_subject
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
        """A customer's answer by mail: public, incoming, and it may open the ticket again.

        To an archived ticket it makes a new one (4.8).
        """
        if ticket in self._account.archive:
            old = self._account.archive[ticket]
            return self.customer_mail(email, f"Re: {old.subject}", html, attachments=attachments)
        found = _ticket(self._account, ticket)
        uploads = _uploads(attachments)
        user = rules.writer(self._account, _address(email))
        message = self._message(found, user, html, uploads)
        rules.add_customer_message(self._account, found, message, user.email or "")
        return {"ticket": found.id, "conversation": message.id}

    def customer_rates(self, ticket: int, rating: int = 103, feedback: str = "") -> dict[str, object]:
        """A customer's answer to the survey: 103 to -103, with words or without."""
        found = _ticket(self._account, ticket)
        survey = next(iter(self._account.shelves["surveys"]))
        given = {"default_question": rating}
        made = api_time.add_rating(self._account, found.id, given, feedback or None, survey)
        return {"ticket": found.id, "rating": made.id}

    def _message(
        self, ticket: Ticket, user: User, html: str, uploads: list[tuple[Upload, str]]
    ) -> Conversation:
        account, now = self._account, self._account.now()
        body, files = _kept(account, html, uploads, ticket.id)
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
        found = _ticket(self._account, ticket)
        rules.set_spam(self._account, found, spam=spam)
        return {"ticket": found.id, "spam": spam}

    def archive(self, ticket: int) -> dict[str, object]:
        """Archive a closed ticket now, as if 120 days had passed."""
        found = _ticket(self._account, ticket)
        if found.status != CLOSED:
            raise ValueError(f"ticket {ticket} is not closed")
        rules.archive(self._account, found)
        return {"ticket": ticket}

    def block_contact(self, contact: int, blocked: bool = True) -> dict[str, object]:
        """Block a contact, or unblock it: it takes no writes any more (6.1)."""
        user = self._account.contact(contact)
        if user is None:
            raise ValueError(f"there is no contact {contact}")
        user.blocked, user.updated_at = blocked, self._account.now()
        self._account.put_user(user)
        return {"contact": contact, "blocked": blocked}

    def switch(self, name: str, value: Any) -> dict[str, object]:
        """Turn one of the switches that `docs/sandbox-freshdesk.md` lists."""
        switches = self._account.switches
        if name not in {f.name for f in dataclasses.fields(switches)}:
            raise ValueError(f"there is no switch {name!r}")
        wanted = type(getattr(switches, name))
        takes = {bool: (bool,), str: (str,)}.get(wanted, (int, float))
        if isinstance(value, bool) != (wanted is bool) or not isinstance(value, takes):
            raise ValueError(f"the switch {name} takes a {wanted.__name__}")
        setattr(switches, name, wanted(value))
        return {name: getattr(switches, name)}

    def run_sla_job(self) -> dict[str, object]:
        """Mark the tickets that are late by now, without waiting for the job's next turn."""
        late = [
            number for number in self._account.tickets.updated("normal")[:] if sla.look(self._account, number)
        ]
        return {"escalated": sorted(late)}

    def generate(
        self, count: int, seed: int = 0, days: int = 730, comments: int = 4, archived: float = 0.1
    ) -> dict[str, object]:
        """Make many tickets as an account has them after years; see `generate.py`."""
        return generate.tickets(
            self._account, count, seed=seed, days=days, comments=comments, archived=archived
        )


class _Setup:
    """What an admin sets up where the API has no call for it, or none that is short."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def add_field(self, label: str, type: str = "custom_text", choices: Any = None) -> dict[str, object]:
        """Add a custom field to the ticket form; a dependent one has choices by choice by choice."""
        account = self._account
        if type not in fields.CUSTOM_TYPES:
            raise ValueError(f"a field's type is one of {', '.join(fields.CUSTOM_TYPES)}")
        made = fields.custom_field(account.new_id, account.fields, label, type, choices, account.now())
        account.fields.append(made)
        return {"name": made.name}

    def require_field(self, name: str, agents: bool = False, closure: bool = False) -> dict[str, object]:
        """Demand a field of agents, or for closing a ticket."""
        for f in self._account.fields:
            if f.name == name:
                f.required_for_agents, f.required_for_closure = agents, closure
                return {"name": name, "agents": agents, "closure": closure}
        raise ValueError(f"there is no field {name!r}")

    def add_status(
        self, label: str, customer_label: str = "", sla_timer: bool = True, number: int = 0
    ) -> dict[str, object]:
        """Add a status of the account's own; its number is any that is free (4.2)."""
        statuses = self._account.statuses
        number = number or max(8, *(known + 1 for known in statuses))
        if number in statuses or number < 2:
            raise ValueError(f"the number {number} is taken")
        statuses[number] = Status(label, customer_label or label, sla_timer)
        return {"status": number}

    def set_sla_timer(self, status: int, runs: bool) -> dict[str, object]:
        """Say whether SLA time passes in a status; of use for tickets that enter or leave it later."""
        if status not in self._account.statuses:
            raise ValueError(f"there is no status {status}")
        known = self._account.statuses[status]
        self._account.statuses[status] = dataclasses.replace(known, sla_timer=runs)
        return {"status": status, "runs": runs}

    def add_product(self, name: str, support_email: str = "") -> dict[str, object]:
        """Add a product, with a mailbox of its own if an address is given."""
        row = seed.shelve(self._account, "products", name=name, description=name)
        if support_email:
            seed.mailbox(self._account, support_email, name, product_id=row["id"])
        return {"product": row["id"]}

    def add_calendar(
        self, name: str, time_zone: str, hours: Mapping[str, Sequence[str]], holidays: Sequence[str] = ()
    ) -> dict[str, object]:
        """Add business hours: "HH:MM" from and to by weekday; a group may follow them."""
        made = seed.calendar(self._account, name, time_zone, hours, holidays)
        return {"calendar": made.id}

    def set_holidays(self, calendar: int, holidays: Sequence[str]) -> dict[str, object]:
        """Set the days without work, as "2026-12-25": no call of the API tells them (6.7)."""
        for known in self._account.calendars:
            if known.id == calendar:
                known.holidays = list(holidays)
                return {"calendar": calendar, "holidays": known.holidays}
        raise ValueError(f"there is no calendar {calendar}")

    def add_scenario(self, name: str, actions: Sequence[Mapping[str, Any]] = ()) -> dict[str, object]:
        """Add a scenario automation, which the API only lists (6.14)."""
        row = seed.shelve(
            self._account, "scenarios", name=name, description=name, actions=list(actions), private=False
        )
        return {"scenario": row["id"], "created_at": stamp(self._account.now())}


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


def _kept(
    account: Account, html: str, uploads: list[tuple[Upload, str]], ticket: int
) -> tuple[str, list[Attachment]]:
    """Keep a mail's files; pictures that the text refers to go into it and into no list (5.5)."""
    listed = []
    for upload, cid in uploads:
        inline = bool(cid) and f"cid:{cid}" in html
        attachment = account.save(upload, ticket, inline=inline)
        if inline:
            html = with_inline(html, cid, account.files.inline_url(attachment), attachment.id)
        else:
            listed.append(attachment)
    return html, listed
