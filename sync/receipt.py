"""The receipt: the one text of the hub's own that a customer reads, with the numbers to quote. Pure.

It is written once, to a person who wrote by themselves, for a request that just came. Whatever else might
have written is not answered: two machines that thank each other never end.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import timedelta
from hashlib import sha256

from connectors.base import Snapshot
from mappings.boards import STAFF
from mappings.provenance import escape
from mappings.ticket import Audience, Comment, CommentKind, PersonRole, Status
from sync.explain import HUB
from sync.operations import Reach, SendReceipt, Skip
from sync.rules import Receipt
from sync.seen import RECEIPT, Kind
from sync.situation import Situation

LATELY = timedelta(days=1)
"""Within which a request is news, and receipts to one address are counted."""
_PATIENCE = timedelta(hours=1)
"""For how long it waits for a tool that does not answer, and may have a number to name."""
_TRIES = 3
"""How often a tool may refuse it."""
_MACHINES = re.compile(
    r"(mailer-?daemon|postmaster|bounces?|(do-?)?not?-?reply|auto-?(reply|responder?|matic)|listserv|majordomo)"
    r"([+._=-].*)?@",
    re.IGNORECASE,
)
"""Addresses that nobody reads, or by which mail comes back (RFC 2142, RFC 3834)."""
_ANSWERS = re.compile(
    r"\s*(re: *)?(auto(matic|mated)?[ -]?(reply|response|answer)|auto: |out of( the)? office|undeliver|"
    r"(mail )?delivery (status|fail|has failed)|mail delivery|returned mail|delayed mail|failure notice|"
    r"read(-| receipt): |abwesenheit|automatische antwort|unzustellbar|risposta automatica|fuori sede|"
    r"mancato recapito|r[eé]ponse automatique|absence du bureau|res(pue|po)sta autom[aá]tica)",
    re.IGNORECASE,
)
"""How subjects begin that programs write."""


def receipts(s: Situation, coming: Collection[str]) -> Iterator[SendReceipt | Skip]:
    """Yield the receipt of a ticket, or why none is written though one was agreed.

    As long as sides are `coming`, their numbers are not known: it waits for them, and for an hour at most
    for a tool that does not answer.
    """
    front, rule = s.front(), s.rules.receipt
    if front is None or rule is None or front not in rule.connections:
        return
    side, occasion = s.sides[front], s.text(front, RECEIPT)
    if s.mirrors.of(Kind.COMMENT, occasion, front) or not _wanted(s, side, rule):
        return
    if coming or (s.awaited and side.read_at - side.ticket.created <= _PATIENCE):
        return
    if why := _hindrance(s, side, rule):
        yield Skip(front, "the receipt", why, quiet=True)
        return
    numbers = ", ".join(escape(number) for number in dict.fromkeys(_numbers(s, front, rule)))
    words = rule.text.replace("{numbers}", numbers)
    whom = _whom(side)
    if s.receipts >= rule.most:
        why = f"{s.receipts} went to the same address within a day: is it a program that answers?"
        yield Skip(front, "the receipt", why)
    elif s.refused.get((front, whom, HUB, words), 0) >= _TRIES:
        yield Skip(front, "the receipt", "the tool refused it")
    else:
        url = rule.link.replace("{key}", side.ref.key) or side.url
        reach = Reach(s.readers(front), s.abilities(front).public_comment_mails)
        yield SendReceipt(front, occasion, words, url, rule.sender, whom, reach)


def _wanted(s: Situation, side: Snapshot, rule: Receipt) -> bool:
    """Whether a request is one that receipts are for: new, of a known customer who reads it there."""
    known = s.customer is not None and s.readers(side.ref.connection) != STAFF
    return known and side.ticket.created >= rule.since


def _hindrance(s: Situation, side: Snapshot, rule: Receipt) -> str | None:
    ticket = side.ticket
    if why := automatic(side):
        return why
    if isinstance(ticket.status, Status) and ticket.status.done:
        return "the ticket is done"
    if any(_answer(message) for message in ticket.messages):
        return "somebody has answered already"
    return "it came more than a day ago" if side.read_at - ticket.created > LATELY else None


def automatic(side: Snapshot) -> str | None:
    """Return why a request is taken for a program's, or None: a doubtful one gets no receipt."""
    opening = side.ticket.messages[0]
    if opening.author.role is not PersonRole.CUSTOMER:
        return "no customer wrote it"
    address = (side.ticket.requester and side.ticket.requester.email) or opening.author.email or ""
    if opening.kind is CommentKind.AUTOMATIC or _MACHINES.match(address):
        return "it looks like a program's mail, not a person's"
    return "its subject is that of an automatic answer" if _ANSWERS.match(side.ticket.subject) else None


def _answer(message: Comment) -> bool:
    public = message.audience is Audience.CUSTOMER and message.kind is not CommentKind.DESCRIPTION
    return public and message.author.role in (PersonRole.STAFF, PersonRole.UNKNOWN)


def _numbers(s: Situation, front: str, rule: Receipt) -> Iterator[str]:
    """Yield what each side is called, its customer's first; of another customer's place nothing is said."""
    for name in (front, *s.others(front)):
        mine = s.readers(name).customer in (None, s.customer)
        if mine and (not rule.numbers or name in rule.numbers):
            yield s.sides[name].ref.display or s.sides[name].ref.key


def _whom(side: Snapshot) -> str:
    """Return what stands for the person who gets it, on record: nothing that names them.

    Addresses that differ after a plus are one mailbox: desks have one such for each of their tickets.
    """
    person = side.ticket.requester or side.ticket.messages[0].author
    box, _, domain = (person.email or "").rpartition("@")
    address = f"{box.partition('+')[0]}@{domain}" if box else person.key
    return sha256(address.lower().encode()).hexdigest()[:16]
