"""Many tickets at once, as an account has them after years: sizes, languages, files, odd records.

What comes out depends on the arguments, the account's people and setup, and nothing else. Nothing is
mailed, no rule runs, no webhook is sent: these tickets have been there before.
"""

from __future__ import annotations

import html
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from deskbridge.sandbox.freshdesk import searched
from deskbridge.sandbox.freshdesk.fields import types
from deskbridge.sandbox.freshdesk.persons import Company, User
from deskbridge.sandbox.freshdesk.records import (
    CLOSED,
    OPEN,
    PENDING,
    RESOLVED,
    Attachment,
    Conversation,
    Due,
    Rating,
    Stats,
    Ticket,
    TimeEntry,
)
from deskbridge.sandbox.freshdesk.state import Account

MOST = 500_000
_POOL = 3000
_SENTENCES = """The export stops at the second page and the log says nothing about it.
We have tried it on two machines, with the same result on both.
Could you please tell us when this will be fixed? Our month ends on Friday.
After the update the invoices show the wrong address & the old logo.
Steps: open the order, press "Print", wait for ten seconds, see the error <0x80>.
Das Problem tritt seit gestern früh auf, vorher lief alles fehlerfrei.
Können Sie uns bitte möglichst bald eine Rückmeldung geben?
Buongiorno, da stamattina non riusciamo più ad accedere al portale, perché chiede di nuovo la password.
Il collega è già stato avvisato; resta da capire se il dato è corretto.
Bonjour, la facture du mois dernier n'a pas été reçue à l'adresse habituelle.
Merci de nous rappeler dès que possible, c'est très gênant pour l'équipe.
Hola, el informe que pedimos ayer todavía no llega; ¿pueden revisarlo?
La réponse proposée ne change rien, voir la copie d'écran jointe.
Thanks for the quick answer, that helped with the first half of it.
I have attached the file and the console's output, as you asked.
The second question is still open: which version do we have to install?
It happens about once an hour, mostly while the backup is running.""".splitlines()
_FOREIGN = (
    "ありがとうございます。もう一度確認してください。",
    "Спасибо, мы проверим это сегодня вечером.",
    "Great 👍 – it’s “done” ✅",
)
_TAGS = "billing login export urgent vip printer,a3 follow up áccent API v2".split(" ")
_NAMES = (
    "Ada Ben Carla Dana Emil Farah Gino Hana Ivo Jana Kofi Lena Mara Nils Olga Pau Rosa Sven Tara Udo".split()
)
_SURNAMES = (
    "Abel Bianchi Costa Dupont Eriksen Fischer García Hoffmann Ito Jansen Kowalski Laurent Moreau".split()
)
_FILES = (
    ("log.txt", "text/plain"),
    ("screen shot.png", "image/png"),
    ("rechnung-März.pdf", "application/pdf"),
)


@dataclass(slots=True)
class _Made:
    account: Account
    rng: random.Random
    texts: list[str]
    contacts: list[User]
    agents: list[User]
    types: list[str]
    start: datetime
    bulk: datetime
    """The second in which somebody changed a tenth of all tickets."""
    counts: dict[str, int] = field(default_factory=dict)

    def address(self, user: int) -> str:
        """Return somebody's mail address."""
        return self.account.users[user].email or ""

    def count(self, name: str, by: int = 1) -> None:
        """Add to what is told at the end."""
        self.counts[name] = self.counts.get(name, 0) + by


def tickets(
    account: Account, count: int, *, seed: int, days: int, comments: int, archived: float
) -> dict[str, object]:
    """Make `count` tickets of the last `days` with some `comments` each; the oldest share is archived."""
    if not 1 <= count <= MOST or not 1 <= days <= 7300 or not 0 <= comments <= 100 or not 0 <= archived <= 1:
        raise ValueError(f"give a count up to {MOST}, days up to 7300, comments up to 100, archived up to 1")
    rng, now = random.Random(seed), account.now()  # noqa: S311 - chance that repeats by seed is the point
    start = now - timedelta(days=days)
    made = _Made(
        account, rng, _texts(rng), _people(account, rng, count), account.agents(), types(account), start, now
    )
    made.bulk = start + timedelta(days=days * 0.9)
    first, old = account.last_ticket + 1, int(count * archived)
    gap = timedelta(days=days) / count
    for number in range(count):
        # Every seventh is created in the second of the one before.
        created = (start + gap * (number - (number % 7 == 6))).replace(microsecond=0)
        _ticket(made, created, now, comments, old=number < old)
    return {"first": first, "last": account.last_ticket, **made.counts}


def _texts(rng: random.Random) -> list[str]:
    """Return paragraphs to make messages of: joined, three of them are about a thousand characters."""
    texts = []
    for number in range(_POOL):
        sentences = rng.choices(_SENTENCES, k=4)
        if number % 20 == 0:
            sentences.append(rng.choice(_FOREIGN))
        texts.append("<p>" + html.escape(" ".join(sentences)) + "</p>")
    return texts


def _people(account: Account, rng: random.Random, count: int) -> list[User]:
    """Return new contacts for so many tickets, of new companies for the most part."""
    now = account.now()
    companies = []
    for number in range(max(1, min(500, count // 200))):
        name, at = f"{rng.choice(_SURNAMES)} & Co {account.next_id}", account.new_id()
        companies.append(Company(at, name, now, now, domains=[f"c{at}-{number}.example"]))
        account.companies[at] = companies[-1]
        searched.index(account, ["companies", at])
    return [_person(account, rng, rng.choice(companies)) for _ in range(max(2, min(20_000, count // 10)))]


def _person(account: Account, rng: random.Random, company: Company) -> User:
    number, now = account.new_id(), account.now()
    name = f"{rng.choice(_NAMES)} {rng.choice(_SURNAMES)}"
    domain = company.domains[0] if rng.random() < 0.9 else "mail.example"
    user = User(number, name, now, now, email=f"u{number}@{domain}", active=rng.random() < 0.7)
    user.company_id = company.id if domain == company.domains[0] else None
    user.deleted = rng.random() < 0.01
    account.people.put(user)
    searched.index(account, ["contacts", number])
    return user


def _ticket(made: _Made, created: datetime, now: datetime, comments: int, *, old: bool) -> None:
    account, rng = made.account, made.rng
    account.last_ticket = number = account.last_ticket + 1
    requester = rng.choice(made.contacts)
    subject: str | None = f"{html.unescape(rng.choice(made.texts)[3:50]).strip()} #{number}"
    ticket = Ticket(number, subject, _body(made, number), requester.id, created, created)
    ticket.status = (
        CLOSED if old else rng.choices((OPEN, PENDING, RESOLVED, CLOSED, 6, 7), (15, 8, 17, 50, 5, 5))[0]
    )
    ticket.priority, ticket.source = (
        rng.choices((1, 2, 3, 4), (50, 30, 15, 5))[0],
        rng.choice((1, 1, 1, 2, 3, 7, 9)),
    )
    ticket.type = rng.choice([*made.types, None])
    ticket.company_id, ticket.group_id = requester.company_id, rng.choice([None, *account.groups])
    ticket.responder_id = rng.choice([None, *(agent.id for agent in made.agents)])
    ticket.tags = rng.sample(_TAGS, k=rng.choice((0, 0, 1, 2)))
    _messages(made, ticket, comments, now)
    _outcome(made, ticket, now)
    _oddities(made, ticket, old=old)
    _keep(made, ticket, old=old)


def _body(made: _Made, number: int) -> str:
    parts = made.rng.choices(made.texts, k=made.rng.choice((1, 2, 3, 3, 3, 4)))
    return f"<div>{''.join(parts)}<p>Ref {number}</p></div>"


def _messages(made: _Made, ticket: Ticket, comments: int, now: datetime) -> None:
    account, rng = made.account, made.rng
    at = ticket.created_at
    for turn in range(rng.randint(comments // 2, comments + comments // 2 + comments % 2)):
        at = min(at + timedelta(seconds=rng.choice((0, 60, 3600, 86400))), now)
        said = Conversation(account.new_id(), ticket.id, _body(made, turn), ticket.requester_id, at, at)
        kind = rng.choices(("customer", "reply", "note"), (4, 3, 3))[0]
        if kind == "customer":
            said.incoming, said.category, said.to_emails = True, 1, _SUPPORT
            said.from_email, said.cc_emails, said.bcc_emails = (
                made.address(ticket.requester_id),
                _NOBODY,
                _NOBODY,
            )
        else:
            said.user_id = rng.choice(made.agents).id
        if kind == "reply":
            said.support_email = said.from_email = account.support_email
            said.to_emails, said.cc_emails, said.bcc_emails = (
                [made.address(ticket.requester_id)],
                _NOBODY,
                _NOBODY,
            )
        if kind == "note":
            said.private, said.source, said.category, said.to_emails = True, 2, 2, []
        if rng.random() < 0.05:
            said.attachments = [_file(made, ticket, at)]
        ticket.conversations.append(said)
    made.count("conversations", len(ticket.conversations))
    ticket.updated_at = at


# Shared by all messages, to save memory: nothing ever changes the lists of a message.
_SUPPORT, _NOBODY = ["support@harbour.example"], list[str]()


def _file(made: _Made, ticket: Ticket, at: datetime) -> Attachment:
    """Return a file whose bytes are drawn when somebody asks."""
    name, kind = made.rng.choice(_FILES)
    size = min(4_000_000, int(made.rng.lognormvariate(9.5, 1.6)) + 1)
    made_up = Attachment(made.account.new_id(), name, kind, size, at, ticket_id=ticket.id, made_up=True)
    made.account.files.index[made_up.id] = made_up
    made.count("files")
    made.count("bytes", size)
    return made_up


def _outcome(made: _Made, ticket: Ticket, now: datetime) -> None:
    """Set what follows from the conversation: times, due times, what was late."""
    replies = [c.created_at for c in ticket.conversations if not (c.incoming or c.private)]
    customers = [c.created_at for c in ticket.conversations if c.incoming]
    stats = Stats(status_updated_at=ticket.updated_at)
    if replies:
        stats.first_responded_at, stats.agent_responded_at = replies[0], replies[-1]
    stats.requester_responded_at = customers[-1] if customers else None
    if ticket.status in (RESOLVED, CLOSED):
        stats.resolved_at = ticket.updated_at
        stats.closed_at = ticket.updated_at if ticket.status == CLOSED else None
    elif ticket.status == PENDING:
        stats.pending_since = ticket.updated_at
    hours = {4: (1, 4), 3: (4, 12), 2: (8, 24), 1: (24, 72)}[ticket.priority]
    first, last = (ticket.created_at + timedelta(hours=hour) for hour in hours)
    ticket.stats, ticket.due = stats, Due(due_by=last, fr_due_by=first)
    ticket.fr_escalated = first < (now if stats.first_responded_at is None else stats.first_responded_at)
    ticket.is_escalated = last < (now if stats.resolved_at is None else stats.resolved_at)
    if made.rng.random() < 0.1:
        ticket.attachments = [_file(made, ticket, ticket.created_at)]
    if made.rng.random() < 0.1 and ticket.updated_at < made.bulk:
        ticket.updated_at = made.bulk


def _oddities(made: _Made, ticket: Ticket, *, old: bool) -> None:
    """Make some tickets what clients forget that tickets may be."""
    rng = made.rng
    odd = rng.randrange(200)
    if odd < len(_ODD):
        for name, value in _ODD[odd](made).items():
            setattr(ticket, name, value)
    if odd in (12, 13, 14) and not old:
        ticket.trashed_at = max(ticket.updated_at, made.account.now() - timedelta(days=rng.randint(1, 29)))
        ticket.updated_at = ticket.trashed_at
    elif odd in (15, 16) and not old:
        ticket.spam_since = ticket.updated_at = made.account.now() - timedelta(days=rng.randint(1, 29))


_ODD: tuple[Callable[[_Made], dict[str, Any]], ...] = (
    lambda made: {"subject": None},
    lambda made: {"subject": ""},
    lambda made: {"subject": "Ü" * 255},
    lambda made: {"description": ""},
    lambda made: {"description": "<div>" + "".join(made.texts[:200]) + "</div>"},
    lambda made: {"fwd_emails": None, "reply_cc_emails": None, "to_emails": None},
    lambda made: {"cc_emails": [f"cc{n}@else.example" for n in range(30)]},
    lambda made: {"requester_id": made.agents[0].id, "company_id": None},
    lambda made: {"stats": Stats(), "due": Due()},
    lambda made: {"tags": ["two words", "Ünïcode", "x" * 32], "source": 10},
    lambda made: {"subject": '"; DROP TABLE tickets; -- <script>alert(1)</script>'},
    lambda made: {"description": '<div><img src="cid:lost@mail"> /close @all [~admin] #1 !2</div>'},
)


def _keep(made: _Made, ticket: Ticket, *, old: bool) -> None:
    account = made.account
    made.count("archived" if old else ticket.place)
    if old:
        account.archive[ticket.id] = ticket
        return
    account.tickets.add(ticket)
    searched.index(account, ["tickets", ticket.id])
    for conversation in ticket.conversations:
        account.conversations[conversation.id] = conversation
    if ticket.place != "normal":
        since = ticket.trashed_at or ticket.spam_since or ticket.updated_at
        account.plan_for(since + timedelta(days=30), "purge", ticket.id)
    if ticket.status == CLOSED and account.switches.archive_days:
        due = max(ticket.updated_at, account.now()) + timedelta(days=account.switches.archive_days)
        account.plan_for(due, "archive", ticket.id)
    _extras(made, ticket)


def _extras(made: _Made, ticket: Ticket) -> None:
    """Add time spent and opinions to some."""
    account, rng, at = made.account, made.rng, ticket.updated_at
    if rng.random() < 0.1:
        entry = TimeEntry(
            account.new_id(), ticket.id, rng.choice(made.agents).id, at, at, at, at, ticket.company_id
        )
        entry.spent, entry.note = rng.randint(1, 600) * 60, "looked into it"
        account.time_entries.add(entry)
        made.count("time_entries")
    if ticket.status in (RESOLVED, CLOSED) and rng.random() < 0.05:
        survey = next(iter(account.shelves["surveys"]))
        given = {"default_question": rng.choice((103, 102, 100, -101, -103))}
        account.ratings.add(Rating(account.new_id(), survey, ticket.requester_id, ticket.id, given, at))
        made.count("ratings")
