"""What stops a plan that looks like a mistake: guards look at the plan, fuses at what was written lately.

Nothing that is stopped is lost: the ticket is parked with the reason, and a person may allow it
(`deskbridge parked retry --allow`). Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import chain

from mappings.markup import read
from mappings.ticket import MESSAGE_0, Comment
from sync.fields import OWN
from sync.operations import ChangeTags, EditComment, Plan, SetFields, Write, is_undelayed
from sync.seen import Kind
from sync.situation import Situation

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fuses:
    """How much the hub may write before a person is asked."""

    field_writes: int = 3
    """Writes of one field of one ticket on one side within an hour: more is a fight with another program."""
    clock_writes: int = 12
    """The same for what the hub's own clocks write, which may move with every message."""
    share: float = 0.2
    """The part of a connection's tickets that may be written to within an hour."""
    least: int = 50
    """A connection with fewer written tickets than this is never stopped by its share."""
    after_rules: int = 100
    """Writes in the first hour after the rules changed."""
    removals: int = 10
    """Tags that one plan may remove from a side."""


STANDARD = Fuses()
"""What is used where the settings say nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lately:
    """What was written within the last hour."""

    fields: Mapping[tuple[str, str], int]
    """(connection, field) -> how often it was written on this ticket."""
    tickets: Mapping[str, int]
    """connection -> how many tickets were written to there, this one not counted."""
    linked: Mapping[str, int]
    """connection -> how many tickets are linked there."""
    since_rules: int
    """How much was written since the rules changed, if that was within the hour."""


def unsafe(plan: Plan, s: Situation, lately: Lately, fuses: Fuses) -> str | None:
    """Return why a plan should not be carried out before a person has looked at it, or None.

    What `undelayed` takes out of it is written in any case, and is no reason to ask.
    """
    plan = replace(plan, writes=tuple(write for write in plan.writes if not is_undelayed(write)))
    return next(chain(_guarded(plan, s, fuses), _blown(plan, lately, fuses)), None) if plan else None


def _guarded(plan: Plan, s: Situation, fuses: Fuses) -> Iterator[str]:
    for write in plan.writes:
        match write:
            case EditComment(target=target, source=source, message=message) if _blanks(s, write):
                yield f"it would blank {_called(message)} of {source} on {target}"
            case SetFields(target=target, changes=changes):
                if any(c.field == "subject" and not str(c.value or "").strip() for c in changes):
                    yield f"it would blank the subject on {target}"
            case ChangeTags(target=target, remove=remove) if len(remove) > fuses.removals:
                yield f"it would remove {len(remove)} tags on {target}"
    yield from _emptied(s)


def _blanks(s: Situation, write: EditComment) -> bool:
    """Whether an edit replaces words by none."""
    there = s.sides[write.target].ticket.message(write.id)
    return not _words(write.message) and not write.message.attachments and there is not None


def _emptied(s: Situation) -> Iterator[str]:
    """Yield a reason for each side from which all texts vanished that were copied: a right may be lost."""
    for name, side in s.sides.items():
        copied = {m.origin.id for m in s.mirrors if m.origin.ref == side.ref and m.kind is Kind.COMMENT}
        texts = {id for id in copied if not id.startswith("hub:") and id != MESSAGE_0}
        if len(texts) >= _SEVERAL and not texts & {m.id for m in side.ticket.messages}:
            yield f"all {len(texts)} texts that were copied from {name} are not there any more"


_SEVERAL = 3
"""Texts that do not all vanish by chance."""


def _blown(plan: Plan, lately: Lately, fuses: Fuses) -> Iterator[str]:
    for write in plan.writes:
        if isinstance(write, SetFields):
            for change in write.changes:
                most = fuses.clock_writes if change.field in OWN else fuses.field_writes
                if lately.fields.get((write.target, change.field), 0) >= most:
                    yield (
                        f"{change.field} was written {most} times within an hour on {write.target}: "
                        f"something may change it back; `deskbridge history` tells what"
                    )
    counted = [write for write in plan.writes if not _asked(write)]
    if counted and lately.since_rules + len(counted) > fuses.after_rules:
        yield f"{lately.since_rules} writes were made since the rules changed: are these as they are meant?"
    for target in dict.fromkeys(write.target for write in counted):
        done = lately.tickets.get(target, 0)
        all_ = max(lately.linked.get(target, 0), done + 1)  # this one too, which may not be linked yet
        if done >= max(fuses.least, fuses.share * all_):
            yield f"{done} of {all_} tickets on {target} were written to within an hour: is that meant?"


def _asked(write: Write) -> bool:
    """Whether all of a write is what a person had decided again: they know how many tickets it touches."""
    return isinstance(write, SetFields) and all(change.asked for change in write.changes)


def _words(message: Comment) -> str:
    return read(message.body, message.attachments).strip()


def _called(message: Comment) -> str:
    return "the description" if message.id == MESSAGE_0 else f"text {message.id}"
