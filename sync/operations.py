"""The closed set of things a plan can say, and the plan itself. All of it is data.

Writes are carried out by `sync.apply`, each matched exhaustively. `Skip` and `Conflict` are values
with a reason, not log lines: they become findings.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from connectors.base import Presence
from connectors.capabilities import Mails
from mappings.boards import Place, Readers
from mappings.ticket import Attachment, Audience, Comment, Field, Ref, Status, Value
from sync.seen import TextId
from sync.sla.escalation import Taken


@dataclass(frozen=True, slots=True)
class Reach:
    """Who will read what an operation writes, and whether the tool mails a customer for it."""

    readers: Readers
    mails: Mails
    tells: tuple[str, ...] = ()
    """Addresses of staff whom the tool mails it, because a rule says so."""

    def __str__(self) -> str:
        mail = {Mails.NEVER: "no mail", Mails.IF_CONFIGURED: "mail if configured", Mails.ALWAYS: "MAIL"}
        told = f", staff mail to {', '.join(self.tells)}" if self.tells else ""
        return f"read by {self.readers}, {mail[self.mails]}{told}"


@dataclass(frozen=True, slots=True)
class CreateTicket:
    """Create the ticket in `place`, with message 0 of `source` as its description."""

    target: str
    source: str
    place: Place
    values: tuple[tuple[Field, Value], ...]
    message: Comment
    reach: Reach


@dataclass(frozen=True, slots=True)
class AddLink:
    """Show staff on `target` where the side on `other` is: the tool's own link, or an internal note."""

    target: str
    other: str
    reach: Reach


@dataclass(frozen=True, slots=True)
class AddFile:
    """Copy a file that belongs to a text of `source` onto the ticket on `target`."""

    target: str
    source: str
    message: Comment
    attachment: Attachment
    reach: Reach


class Form(StrEnum):
    """In which form a text is written."""

    WHOLE = "whole"
    """As it is, converted; of a long one, a part."""
    PLAIN = "plain"
    """As plain text, with the original attached: the target refused the converted one."""
    ATTACHED = "attached"
    """A line that says so, with the whole attached: it is too long for parts, or a rule wants it so."""
    GAP = "gap"
    """A line that names what is missing: the target refused even the plain text."""
    ADDENDUM = "addendum"
    """An internal text that tells the new wording of one whose copy must not be edited."""


@dataclass(frozen=True, slots=True)
class AddComment:
    """Copy a text of `source` to `target`: the customer reads it there if its author published it."""

    target: str
    source: str
    message: Comment
    audience: Audience
    reach: Reach
    part: int = 1
    parts: int = 1
    form: Form = Form.WHOLE


@dataclass(frozen=True, slots=True)
class EditComment:
    """Bring our copy `id` on `target` to the present revision of its origin on `source`."""

    target: str
    source: str
    message: Comment
    id: str
    audience: Audience
    reach: Reach
    part: int = 1
    parts: int = 1
    form: Form = Form.WHOLE


class Withdrawal(StrEnum):
    """What is done with a copy whose original does not stand behind it any more."""

    MARK = "mark"
    """The words stay; a line says that the original was deleted."""
    DELETE = "delete"
    BLANK = "blank"
    """The words go: fewer people may read the original than can read the copy."""
    SURPLUS = "surplus"
    """The words go: the text became shorter, and this part of it is not needed any more."""


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Mark, empty or delete our copy `id` on `target`; nobody is mailed for it."""

    target: str
    origin: TextId
    id: str
    how: Withdrawal
    reach: Reach


@dataclass(frozen=True, slots=True)
class Tell:
    """Tell staff on `target`, by an internal note in the hub's own words, what became of something."""

    target: str
    occasion: TextId
    """What it is about; each occasion is told once."""
    words: str
    """Canonical Markdown, one line; it ends where a link to `url` follows."""
    about: Ref
    url: str
    reach: Reach
    field: Field | None = None
    """The field whose change it is about: that counts as seen only once people were told."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A field's new value on one side, which the rules do not write to another but tell there."""

    field: Field
    value: Value

    def __str__(self) -> str:
        return f"{self.field} {self.value if self.value is not None else 'nothing'}"


@dataclass(frozen=True, slots=True)
class AddNotice:
    """Tell staff on `target` by an internal note what became of the side `about` on `source`."""

    target: str
    source: str
    about: Ref
    url: str
    news: Status | Presence | Suggestion
    """The status that it came to, how it was lost, or what it suggests."""
    occasion: str
    """What makes this occasion different from every other, so that it is told once."""
    reach: Reach


@dataclass(frozen=True, slots=True)
class Change:
    """One field's new value and why it gets it."""

    field: Field
    value: Value
    source: str
    """The connection whose change this is; ``hub`` for the hub's own clocks and their steps."""
    shown: str = dataclasses.field(default="", compare=False)
    """What people call the value, where a tool's own word says nothing to them: a person's name."""
    asked: bool = dataclasses.field(default=False, compare=False)
    """Whether a person had the field decided again, by name and for all tickets at once: nothing changed."""


@dataclass(frozen=True, slots=True)
class SetFields:
    """Give fields of the side on `target` new values, in one write."""

    target: str
    changes: tuple[Change, ...]
    reach: Reach


@dataclass(frozen=True, slots=True)
class ChangeTags:
    """Add and remove tags on `target`, leaving all others alone."""

    target: str
    add: frozenset[str]
    remove: frozenset[str]
    sources: frozenset[str]
    reach: Reach


@dataclass(frozen=True, slots=True)
class Notice:
    """What people are told outside the tools; never a word of a ticket's texts."""

    key: str
    """What tells it from every other: the same one is told under the same key."""
    channel: str
    whom: str
    title: str
    body: str
    takes_back: str = ""
    """The key of the one that it takes back: it goes to whom that one was for, if it was sent at all."""


@dataclass(frozen=True, slots=True)
class Escalate:
    """Record steps of the front side's clocks, and put out what is told of them: both, or neither.

    Nothing is sent to `target`: what a step does there are operations of their own.
    """

    target: str
    about: Ref
    taken: tuple[Taken, ...]
    notices: tuple[Notice, ...]
    reach: Reach


@dataclass(frozen=True, slots=True)
class SendReceipt:
    """Tell the customer on `target`, once, that their request arrived and what to quote.

    The tool mails it, which is what it is for.
    """

    target: str
    occasion: TextId
    words: str
    """Canonical Markdown."""
    url: str
    """Where the customer opens the ticket."""
    sender: str
    """Whose name the customer reads: the desk's."""
    whom: str
    """What stands for who gets it."""
    reach: Reach


class Severity(StrEnum):
    """How much it matters that something was not written, or was contradictory; the least first."""

    INFO = "info"
    WARNING = "warning"
    """A person's change did not arrive as it was meant."""
    URGENT = "urgent"
    """Something went wrong that a person must know at once: they are told outside the tools too."""


@dataclass(frozen=True, slots=True)
class Skip:
    """Something that is not written, and why. A finding until its cause passes or a person answers."""

    target: str
    what: str
    reason: str
    quiet: bool = False
    """Whether nobody needs to do anything about it: it is kept for `explain` only."""
    severity: Severity = Severity.INFO


@dataclass(frozen=True, slots=True)
class Conflict:
    """A field that changed on several sides since they were last reconciled; `winner` was followed."""

    field: Field
    winner: str
    """Empty as long as a person was asked and has not answered: the field is left alone on every side."""
    values: tuple[tuple[str, str], ...]
    """(connection, what it said), in the order of trust."""
    asked: bool = False
    """Whether a person settles it. It stands until every side says what was answered."""

    @property
    def what(self) -> str:
        """What the finding is about."""
        return f"conflict in {self.field}"

    @property
    def reason(self) -> str:
        """What the sides said, and what is done about it."""
        said = ", ".join(f"{side} said {value}" for side, value in self.values)
        if not self.asked:
            return f"{said}; {self.winner} was followed"
        return f"{said}; `deskbridge finding answer` with {' or '.join(side for side, _ in self.values)}"

    @property
    def target(self) -> str:
        """The side under which the finding is listed."""
        return self.values[0][0] if self.asked else self.winner


Write = (
    CreateTicket
    | AddLink
    | AddFile
    | AddComment
    | EditComment
    | Withdraw
    | AddNotice
    | Tell
    | SetFields
    | ChangeTags
    | Escalate
    | SendReceipt
)
Remark = Skip | Conflict
Operation = Write | Remark


@dataclass(frozen=True, slots=True)
class Plan:
    """What would make the sides of one ticket agree: writes in the order they are made, and remarks."""

    writes: tuple[Write, ...]
    remarks: tuple[Remark, ...]
    quiet: tuple[Skip, ...] = ()
    """What is not written as a matter of course, and why."""

    def __bool__(self) -> bool:
        return bool(self.writes)


def undelayed(plan: Plan) -> Plan:
    """Return what of a plan nothing holds back; see `is_undelayed`."""
    return Plan(tuple(write for write in plan.writes if is_undelayed(write)), ())


def is_undelayed(write: Write) -> bool:
    """Whether nothing holds a write back, whatever the ticket waits for.

    That is one that empties a copy whose original is for fewer people now. And people are told of a promise
    that is not kept on a ticket that waits for a person too: the record of it is written to no tool.
    """
    return isinstance(write, Escalate) or (isinstance(write, Withdraw) and write.how is Withdrawal.BLANK)


def together(plans: Iterable[Plan]) -> Plan:
    """Return the plans of a bundle's tickets as one, in their order."""
    all_ = list(plans)
    return Plan(
        tuple(write for plan in all_ for write in plan.writes),
        tuple(dict.fromkeys(remark for plan in all_ for remark in plan.remarks)),
        tuple(dict.fromkeys(skip for plan in all_ for skip in plan.quiet)),
    )
