"""What programs are told: the models that answers are made of. Times are instants in UTC (RFC 3339)."""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from mappings.ticket import Audience
from sync.operations import Severity
from sync.sla.cycle import ClockState
from sync.sla.policy import ClockName
from sync.store.accounts import Role
from sync.store.findings import State
from sync.store.runs import RunState
from sync.store.runs import State as Item


class Told(BaseModel):
    """An answer, or a part of one."""

    model_config = ConfigDict(frozen=True, from_attributes=True, extra="forbid")


class Page(Told):
    """A part of a list."""

    next: str | None = Field(None, description="What to ask on with, as `cursor`; null at the end.")


class Me(Told):
    """Who asks."""

    name: str
    role: Role
    token: str = Field(description="The token's id, which is no secret.")
    expires: AwareDatetime


# -- tickets


class Side(Told):
    """A ticket in one tool."""

    connection: str
    key: str
    name: str = Field(description="What people call it there.")
    url: str = ""
    gone: bool = Field(default=False, description="Whether it is not found there, or linked in name only.")


class Running(Told):
    """A clock that counts or waits."""

    clock: ClockName
    state: ClockState
    due: AwareDatetime | None
    at_risk: AwareDatetime | None
    breached: bool


class Line(Told):
    """A ticket as lists have it."""

    connection: str
    key: str
    name: str
    subject: str
    customer: str = Field(description="Empty for nobody's.")
    status: str
    priority: str
    type: str
    owner: str
    requester: str
    url: str
    changed: AwareDatetime
    clocks: list[Running]
    sides: list[Side] = Field(description="Where else it is.")


class Tickets(Page):
    """Tickets, the one that changed last first."""

    items: list[Line]


class Waits(Told):
    """When a ticket is looked at next, or why it is set aside."""

    due: AwareDatetime | None
    reason: str
    attempts: int
    parked: str | None


class File(Told):
    """A file that came with a text."""

    name: str
    size: int | None = Field(description="Bytes; null where the tool does not tell.")


class Copied(Told):
    """Where a text also stands."""

    side: str
    published: bool = Field(description="Whether its author had the customer read it there.")


class Wrote(Told):
    """A text: who wrote it where, and who can read it. Its words are in the tools."""

    at: AwareDatetime
    side: str
    id: str
    kind: str
    author: str
    role: str
    audience: Audience
    edited: AwareDatetime | None
    files: list[File]
    copies: list[Copied]
    by_hub: bool


class Change(Told):
    """What something came to be."""

    what: str
    value: str


class Happened(Told):
    """Something that happened to a ticket on a side."""

    at: AwareDatetime
    since: AwareDatetime | None = Field(
        description="The earliest it can have been, where only two looks tell."
    )
    side: str
    changes: list[Change]
    by_hub: bool


class Rated(Told):
    """What a customer thought of how a ticket was served."""

    side: str
    mood: str = Field(description="happy, neutral or unhappy.")
    native: str = Field(description="The tool's own value.")
    remark: str
    given: AwareDatetime


class Ticket(Told):
    """A ticket with all its sides, from the store."""

    ticket: Line | None = Field(description="Its front side as it is kept; null before the first look.")
    linked: bool
    sides: list[Side]
    waits: Waits | None
    texts: list[Wrote] = Field(description="The newest, oldest first.")
    earlier: int = Field(description="How many texts came before those.")
    events: list[Happened]
    ratings: list[Rated] = Field(description="What customers thought, oldest first.")


# -- why


class Cycle(Told):
    """One run of a clock, with how its figure came about."""

    started: AwareDatetime
    state: str
    due: AwareDatetime | None
    stopped: AwareDatetime | None
    breached: AwareDatetime | None
    policy: str
    priority: str
    measured_in: str
    promised_seconds: int
    elapsed_seconds: int
    ledger: str
    exact: bool = Field(description="Whether every instant that it rests on is known exactly.")
    why: list[str]
    said: str | None


class Clock(Told):
    """One target of a ticket."""

    ticket: str
    clock: ClockName
    state: ClockState
    due: AwareDatetime | None
    zone: str
    cycles: list[Cycle]


class Stands(Told):
    """A side, and what is odd about it."""

    connection: str
    key: str
    name: str
    url: str
    state: str


class _From(Told):
    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True)
    from_: str = Field("", alias="from", description="The side that said it.")


class FieldOf(_From):
    """A field of a side as it was last seen, with the hub's last write to it."""

    side: str
    field: str
    native: Any = Field(description="In the tool's own words.")
    means: str | None = None
    value: str | None = None
    written: AwareDatetime | None = None
    why: str | None = None


class Copy(_From):
    """A text or file, and its copy."""

    what: str
    origin: str
    to: str
    copy_: str = Field(alias="copy", description="What the copy is called there.")
    written: AwareDatetime | None = None
    why: str | None = None
    readers: str | None = None
    mails: str | None = None


class NotDone(Told):
    """What was not written, and why."""

    target: str
    what: str
    why: str
    at: AwareDatetime
    look: str


class Failed(Told):
    """What was tried and not made."""

    target: str
    what: str
    result: str
    at: AwareDatetime
    look: str


class Explained(Told):
    """Where each field, text and file of a ticket came from and went; what was not done, and why."""

    sides: list[Stands]
    former: list[str]
    next: str
    fields: list[FieldOf]
    texts: list[Copy]
    files: list[Copy]
    clocks: list[Clock]
    not_done: list[NotDone]
    failed: list[Failed]


class Decided(Told):
    """One thing that was decided about a ticket, and what came of it."""

    at: AwareDatetime
    connection: str
    key: str
    kind: str
    name: str
    source: str
    value: str
    why: str
    readers: str
    mails: str
    result: str
    look: str = Field(description="Which look it was, as the log names it.")


class History(Told):
    """All that was decided about a ticket, oldest first."""

    items: list[Decided]


class Writing(Told):
    """Something that would be written."""

    kind: str
    target: str
    what: str
    readers: str
    mails: str


class Planned(Told):
    """What the next sync would write for a ticket. The tools are asked for it."""

    tickets: list[Side]
    writes: list[Writing]
    remarks: list[str]
    problem: str | None


# -- what waits for a person


class Aside(Told):
    """A ticket that was set aside."""

    ticket: str
    sides: list[Side]
    reason: str
    by_a_run: bool


class Parked(Page):
    """Tickets that were set aside."""

    count: int = Field(description="How many there are in all that were asked for.")
    items: list[Aside]


class Finding(Told):
    """Something that was not done, or was contradictory, until it passes or a person answers."""

    id: int
    subject: str
    sides: list[Side]
    target: str
    what: str
    reason: str
    found: AwareDatetime
    severity: Severity
    state: State
    answer: str | None


class Findings(Page):
    """Findings, oldest first."""

    items: list[Finding]


# -- how it stands


class Connection(Told):
    """How a connection is, as the service noted it: it is not asked."""

    name: str
    system: str
    role: str
    url: str
    mood: str = Field(description="`well`, `odd` or `ill`.")
    state: str
    why: str
    last: AwareDatetime | None = Field(description="When anything was last heard of it.")
    collected: AwareDatetime | None = Field(description="Until when its changes have been collected.")
    last_webhook: AwareDatetime | None
    webhooks_refused: int
    webhooks_unread: int
    tickets: int
    calls: int | None = Field(description="Calls that it allows in each window.")
    taken: int | None = Field(description="Calls that were made in the last one.")
    window_seconds: int | None


class Connections(Told):
    """Every connection of the settings."""

    items: list[Connection]


class Counts(Told):
    """How tickets stand."""

    open: int
    broken: int = Field(description="Promises that were broken and whose clocks still run.")
    soon: int = Field(description="Promises that will be broken soon.")


class Customer(Counts):
    """An organisation that is served."""

    key: str
    name: str
    zone: str
    policies: list[str]
    tier: str


class Customers(Told):
    """Every customer of the settings."""

    items: list[Customer]
    nobodys: Counts = Field(description="Tickets whose customer is unknown.")


class Overview(Counts):
    """How everything stands at this moment."""

    at: AwareDatetime
    version: str
    recovering: AwareDatetime | None = Field(
        description="Since when nothing is written, as the store was restored and not recovered yet."
    )
    due: int = Field(description="Tickets that are to be looked at now.")
    oldest: AwareDatetime | None = Field(description="Since when the longest due has been waiting.")
    uncertain: int = Field(description="Writes whose answer nobody has heard.")
    parked: int
    findings: dict[Severity, int]
    connections: list[Connection]


class Column(Told):
    """The tickets of one status: the ones that are due first."""

    status: str
    count: int
    items: list[Line]


class Board(Counts):
    """A customer's tickets in columns by status."""

    customer: str
    name: str
    columns: list[Column]


class OneBoard(Counts):
    """A board among others."""

    customer: str
    name: str


class Boards(Told):
    """A board for each customer."""

    items: list[OneBoard]


# -- runs


class Run(Told):
    """A migration: how it stands, and what became of the tickets of its source."""

    id: int
    source: str
    state: RunState
    why: str
    who: str
    began: AwareDatetime
    ended: AwareDatetime | None
    beat: AwareDatetime | None = Field(description="When it last said how far it is.")
    accepted: AwareDatetime | None
    accepted_by: str
    tickets: dict[Item, int] = Field(description="Of its source, by what became of them.")


class Runs(Told):
    """Migrations, the newest first."""

    items: list[Run]


# -- acts


class Act(Told):
    """What somebody did."""

    id: int
    at: AwareDatetime
    who: str
    act: str
    subject: str
    detail: str
    place: str


class Acts(Page):
    """What people and programs did, the newest first."""

    items: list[Act]


class Done(Told):
    """What came of an act. The same act again changes nothing, and says so."""

    changed: bool
    said: str
