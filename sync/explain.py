"""Why something was written: each write as the items it touches, with the rule that called for it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from connectors.base import Presence
from mappings.ticket import MESSAGE_0, Audience, Comment, Status, Unmapped, Value
from sync.fields import OWN
from sync.operations import (
    AddComment,
    AddFile,
    AddLink,
    AddNotice,
    Change,
    ChangeTags,
    Conflict,
    CreateTicket,
    EditComment,
    Escalate,
    Form,
    Remark,
    SendReceipt,
    SetFields,
    Skip,
    Suggestion,
    Tell,
    Withdraw,
    Withdrawal,
    Write,
)
from sync.rules import FieldRule
from sync.situation import Situation
from sync.sla.escalation import Taken

HUB = "hub"
"""The source of what the hub decides itself: its clocks, labels and links."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a write touches, and why."""

    kind: str
    """``ticket``, ``given`` (a field that it was created with), ``field``, ``tag``, ``text``, ``file``,
    ``link``, ``notice``, ``step``; ``skip`` and ``conflict``."""
    target: str
    name: str
    """The field's name, the tag, or the origin's id of a text or file."""
    source: str
    value: str
    why: str
    asked: bool = False
    """Whether a person had it decided again."""


def items(write: Write, s: Situation) -> list[Item]:
    """Return what a write touches, each thing with the rule that called for it."""
    match write:
        case CreateTicket():
            return _created(write)
        case AddLink(target, other):
            return [Item("link", target, other, HUB, "", "each side shows people where the others are")]
        case AddFile(target, source, message, file):
            return [Item("file", target, file.id, source, file.name, f"it belongs to {called(message)}")]
        case AddComment(target, source, message):
            return [Item("text", target, message.id, source, text_value(message), _why_added(write))]
        case EditComment(target, source, message):
            return [Item("text", target, message.id, source, edit_value(message), "its original was edited")]
        case Withdraw(target, origin, _, how):
            return [Item("text", target, origin.id, origin.connection, how, _WITHDRAWN[how])]
        case AddNotice() | Tell() | SendReceipt():
            return [_told(write, s)]
        case SetFields() | ChangeTags():
            return _changed(write, s)
        case Escalate(target, _, taken):
            why = "the steps that were agreed"
            return [Item("step", target, step_name(one), HUB, _state(one), why) for one in taken]
        case _ as never:
            assert_never(never)


def _changed(write: SetFields | ChangeTags, s: Situation) -> list[Item]:
    if isinstance(write, ChangeTags):
        return _tagged(write)
    to = write.target
    return [
        Item("field", to, c.field, c.source, shown(c.value), _why(c, to, s), c.asked) for c in write.changes
    ]


def step_name(one: Taken) -> str:
    """Return how a plan calls a step."""
    return f"{one.key.clock} {one.key.step}"


def _state(one: Taken) -> str:
    return "withdrawn" if one.withdrawn else "missed" if one.missed else "taken"


def _told_why(s: Situation, source: str, news: Status | Presence | Suggestion) -> str:
    match news:
        case Presence():
            return "a lost side is told once"
        case Suggestion():
            return f"rule {news.field}: {s.role(source)} suggests"
        case _:
            return f"the handover of {s.role(source)} {news}"


def _told(write: AddNotice | Tell | SendReceipt, s: Situation) -> Item:
    if isinstance(write, SendReceipt):
        return Item("receipt", write.target, write.whom, HUB, write.words, "a new request gets one receipt")
    if isinstance(write, Tell):
        why, about = "people are told once", write.occasion
        return Item("notice", write.target, about.id, about.connection, write.words, why)
    why = _told_why(s, write.source, write.news)
    return Item("notice", write.target, write.occasion, write.source, str(write.news), why)


_WITHDRAWN = {
    Withdrawal.MARK: "its original was deleted",
    Withdrawal.DELETE: "its original was deleted, and a rule deletes its copies",
    Withdrawal.BLANK: "fewer people may read its original than could read it",
    Withdrawal.SURPLUS: "its original became shorter",
}
_FORMS = {
    Form.WHOLE: "texts are copied to every side where staff can read them",
    Form.PLAIN: "it was refused three times, so it goes as plain text",
    Form.ATTACHED: "it is too long, so it is attached whole",
    Form.GAP: "it was refused even as plain text, so a line names it",
    Form.ADDENDUM: "its original was edited, and its copy must not be",
}


def _why_added(write: AddComment) -> str:
    public = write.audience is Audience.CUSTOMER
    return "its author published it" if public else _FORMS[write.form]


def text_value(message: Comment) -> str:
    """Return what the record of a text's copying calls it."""
    return called(message)


def edit_value(message: Comment) -> str:
    """Return what the record of an edit calls the new wording."""
    return f"{called(message)}, revision {message.revision}"


def _created(write: CreateTicket) -> list[Item]:
    target, source, place, message = write.target, write.source, write.place, write.message
    ticket = Item("ticket", target, place.key, source, "", f"a route sends it to {place.key}")
    text = Item("text", target, message.id, source, called(message), "it is what the ticket is about")
    fields = [
        Item("given", target, name, HUB, shown(value), "the customer's promises")
        if name in OWN
        else Item("given", target, name, source, shown(value), "it goes into a ticket that is created")
        for name, value in write.values
    ]
    return [ticket, text, *fields]


def _tagged(write: ChangeTags) -> list[Item]:
    source = ", ".join(sorted(write.sources)) or HUB
    why = "tags of all sides are kept the same" if write.sources else "the hub's own labels"
    return [
        Item("tag", write.target, tag, source, sign, why)
        for sign, tags in (("+", write.add), ("-", write.remove))
        for tag in sorted(tags)
    ]


def remark_item(remark: Remark) -> Item:
    """Return what a decision remarked as an item: what was not written, or was contradictory, and why."""
    match remark:
        case Skip(target, what, reason):
            return Item("skip", target, what, "", "", reason)
        case Conflict(field, winner, values, asked):
            said = "; ".join(f"{side} said {value}" for side, value in values)
            why = f"{winner} is trusted more"
            if asked:
                why = f"a person chose {winner}" if winner else "a person is asked, and has not answered"
            return Item("conflict", remark.target, field, winner, said, why)
        case _ as never:
            assert_never(never)


def called(message: Comment) -> str:
    """Return how a text is called: what it is and who wrote it."""
    kind = "the description" if message.id == MESSAGE_0 else f"{message.kind} {message.id}"
    return f"{kind} by {message.author.name}"


def shown(value: Value) -> str:
    """Return a value as people read it."""
    match value:
        case None:
            return "nothing"
        case frozenset():
            return " ".join(sorted(value))
        case Unmapped(native=native):
            return native
        case datetime():
            return f"{value:%Y-%m-%d %H:%M} UTC"
        case _:
            return str(value)


def _why(change: Change, target: str, s: Situation) -> str:
    if change.source == HUB:
        if change.field == "status" and s.closes:
            return f"{s.closes.status} for {s.closes.days} working days, and the customer has not answered"
        return (
            "a step of escalation" if change.field in ("priority", "assignee") else "the customer's promises"
        )
    if s.prefer == change.source:
        return f"a person chose to follow {s.prefer} when linking"
    roles = s.role(change.source), s.role(target)
    if change.field == "status" and roles[0] is not roles[1]:
        status = shown(s.sides[change.source].ticket.status)
        return f"handover {roles[0]} {status} -> {roles[1]} {shown(change.value)}"
    found = (r for r in s.rules.fields if (r.field, r.source, r.target) == (change.field, *roles))
    return _rule(next(found, None))


def _rule(rule: FieldRule | None) -> str:
    return f"rule {rule.field}: {rule.source} -> {rule.target}, {rule.when}" if rule else "no rule any more"
