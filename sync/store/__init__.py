"""What the hub keeps: links, what was seen, whose copy is whose, what is waited for, what was decided.

Small repositories over SQLAlchemy Core; rows become frozen dataclasses here and nowhere else. No
transaction spans a network call.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta

from mappings.ticket import Ref
from sync.store.accounts import Accounts
from sync.store.admitted import Admitted
from sync.store.audit import Audit
from sync.store.bundles import Bundles
from sync.store.carried import Carrying
from sync.store.chores import Chores
from sync.store.cutovers import Cutovers
from sync.store.database import Database
from sync.store.decisions import Decision, Decisions
from sync.store.dialects import Address
from sync.store.editions import Editions
from sync.store.figures import Figures
from sync.store.findings import Finding, Findings
from sync.store.forms import Forms
from sync.store.health import Health
from sync.store.inbox import Inbox, Waiting
from sync.store.journal import Journal
from sync.store.lent import Lent
from sync.store.lists import Lists
from sync.store.looks import Looking
from sync.store.messages import Messages
from sync.store.moved import Movings
from sync.store.outbox import Outbox
from sync.store.quiets import Quiets
from sync.store.quota import Turn
from sync.store.ratings import Ratings
from sync.store.register import Register
from sync.store.runs import Runs
from sync.store.served import ServedTickets
from sync.store.shares import Shares
from sync.store.statements import Statements
from sync.store.swaps import Swaps
from sync.store.texts import Texts
from sync.store.tokens import Tokens
from sync.store.workers import Workers

_RESENT = timedelta(days=2)
"""For how long it is known that a form was sent: who reloads a page does it within the day."""


@dataclass(frozen=True, slots=True)
class Retention:
    """For how long is kept what is only there to be looked at."""

    texts: timedelta = timedelta(days=90)
    """Texts, since their ticket was last read."""
    decisions: timedelta = timedelta(days=365)
    """Decisions, settled findings and sent notifications."""


@dataclass(frozen=True, slots=True)
class Store:
    """All repositories on one database."""

    database: Database
    bundles: Bundles
    journal: Journal
    inbox: Inbox
    findings: Findings
    decisions: Decisions
    health: Health
    chores: Chores
    register: Register
    texts: Texts
    outbox: Outbox
    served: ServedTickets
    editions: Editions
    statements: Statements
    swaps: Swaps
    lists: Lists
    lent: Lent
    figures: Figures
    shares: Shares
    messages: Messages
    accounts: Accounts
    tokens: Tokens
    forms: Forms
    audit: Audit
    runs: Runs
    quiets: Quiets
    admitted: Admitted
    ratings: Ratings
    cutovers: Cutovers
    movings: Movings
    carrying: Carrying
    workers: Workers
    keeps: Retention
    turn: Turn
    """Tells the budgets on this store for which share of a quota each thread of this process calls."""
    looking: Looking
    """Tells what is decided at which look each thread of this process is."""

    def hub(self) -> str:
        """Return the id of the hub whose memory this is."""
        return self.database.hub()

    def together(self) -> AbstractContextManager[None]:
        """Commit what this thread writes within the block at its end, or nothing; read from one state before.

        See `Database`.
        """
        return self.database.together()

    def tidy(self, at: datetime) -> None:
        """Prune once a day, whoever comes first."""
        if self.chores.begin("prune", at, at + timedelta(days=1)):
            self.prune(at)

    def prune(self, at: datetime) -> None:
        """Forget what need not be kept any longer. Links, what was seen and whose copy is whose stay."""
        self.texts.prune(at - self.keeps.texts)
        self.messages.prune(at - self.keeps.texts)
        self.accounts.prune(at - self.keeps.texts)
        self.tokens.prune(at - self.keeps.texts)
        self.forms.prune(at - _RESENT)
        self.audit.prune(at - self.keeps.decisions)
        self.decisions.prune(at - self.keeps.decisions)
        self.findings.prune(at - self.keeps.decisions)
        self.outbox.prune(at - self.keeps.decisions)

    def answer(self, id: int, text: str, at: datetime) -> Finding | None:
        """Note what a person says to an open finding and return it; None if there is none of that id.

        A connection that many tickets had vanished from is trusted again. A ticket is looked at again: the
        answer may be the name of the side to follow.
        """
        settled = self.findings.answer(id, text, at)
        if settled is not None and settled.subject.startswith(("bundle:", "ref:")):
            self.inbox.put(settled.subject, at, "a person answered")
        if settled is not None and settled.subject == f"connection:{settled.target}":
            self.health.doubt(settled.target, None)
        return settled

    def dismiss(self, row: Waiting, reason: str, at: datetime) -> None:
        """Take a parked row away because a person says that all is well; the reason is kept."""
        self.inbox.done(row)
        self.decisions.record(
            row.subject,
            [
                Decision(
                    at=at,
                    target=Ref("", ""),
                    kind="dismissed",
                    name=row.parked or "",
                    source="a person",
                    value="",
                    why=reason,
                    readers="",
                    mails="",
                    result="skipped",
                )
            ],
        )

    def canonical(self, row: Waiting) -> Waiting:
        """Return an inbox row under its ticket's present name: a ticket may have been linked meanwhile."""
        if not row.subject.startswith("ref:"):
            return row
        _, connection, key = row.subject.split(":", 2)
        subject = self.bundles.subject(Ref(connection, key))
        return row if subject == row.subject else self.inbox.rename(row, subject)


def open_store(address: Address, keeps: Retention | None = None) -> Store:
    """Open, and make or migrate if needed, the store at `address`. Raises ConfigError if it cannot."""
    database, looking = Database(address), Looking()
    return Store(
        database=database,
        bundles=Bundles(database),
        journal=Journal(database),
        inbox=Inbox(database),
        findings=Findings(database),
        decisions=Decisions(database, looking),
        health=Health(database),
        chores=Chores(database),
        register=Register(database),
        texts=Texts(database),
        outbox=Outbox(database),
        served=ServedTickets(database),
        editions=Editions(database),
        statements=Statements(database),
        swaps=Swaps(database),
        lists=Lists(database),
        lent=Lent(database),
        figures=Figures(database),
        shares=Shares(database),
        messages=Messages(database),
        accounts=Accounts(database),
        tokens=Tokens(database),
        forms=Forms(database),
        audit=Audit(database),
        runs=Runs(database),
        quiets=Quiets(database),
        admitted=Admitted(database),
        ratings=Ratings(database),
        cutovers=Cutovers(database),
        movings=Movings(database),
        carrying=Carrying(database),
        workers=Workers(database),
        keeps=keeps or Retention(),
        turn=Turn(),
        looking=looking,
    )
