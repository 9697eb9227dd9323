"""Copies whose original does not stand behind them any more: deleted, or for fewer people. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from mappings.ticket import MESSAGE_0, Audience, Comment
from sync.audience import barred
from sync.operations import Operation, Reach, Skip, Withdraw, Withdrawal
from sync.publish import kept_private
from sync.seen import Kind, Mirror
from sync.situation import Situation
from sync.telling import called, note

_WITHDRAWN = frozenset(str(how) for how in Withdrawal)


def deleted(s: Situation) -> Iterator[Operation]:
    """Yield what becomes of each copy whose original a person deleted; it is told or marked once."""
    present = {name: {m.id for m in side.ticket.messages} for name, side in s.sides.items()}
    for copy in s.mirrors:
        origin, target = copy.origin, copy.target
        if origin.id in present.get(origin.connection, ()) or origin.id.startswith("hub:"):
            continue
        if copy.kind is not Kind.COMMENT or not copy.revision or copy.revision in _WITHDRAWN:
            continue
        here, there = s.sides.get(origin.connection), s.sides.get(target.connection)
        if here is None or there is None or (here.ref.key, there.ref.key) != (origin.key, target.key):
            continue
        if origin.whole in present[origin.connection]:
            continue
        text = there.ticket.message(target.id)
        if not origin.is_addendum:
            yield from _deleted(s, copy, text)
        elif text is not None and copy.stands_in(text) and not barred(s, target.connection):
            yield Withdraw(
                target.connection, origin, target.id, s.rules.deleted, s.internally(target.connection)
            )


def _deleted(s: Situation, copy: Mirror, there: Comment | None) -> Iterator[Operation]:
    origin, target = copy.origin, copy.target.connection
    what = f"the deletion of text {origin.id} ({origin.connection})"
    if there is None:
        yield Skip(target, what, "its copy is deleted too", quiet=True)
    elif why := barred(s, target):
        yield Skip(target, what, why)
    elif copy.published or not copy.stands_in(there) or not s.capabilities[target].edits_comments:
        at = f"{there.created:%Y-%m-%d %H:%M} UTC"
        words = f"A text of {origin.connection} that was copied here at {at} was deleted there"
        yield from note(s, target, s.text(origin.connection, f"hub:deleted-{origin.id}"), words)
        yield Skip(target, what, "its copy stays as it is, and staff was told", quiet=True)
    else:
        yield Withdraw(target, origin, copy.target.id, s.rules.deleted, s.internally(target))


def narrowed_since(
    s: Situation, source: str, message: Comment, target: str, copied: Mirror
) -> Iterator[Operation] | None:
    """Return what takes a copy from people who may not read the original any more; None if all may."""
    if _needed(s, target, copied).within(message.audience) and not kept_private(s, message):
        return None
    return _blanked(s, source, message, target, copied)


def _needed(s: Situation, target: str, copied: Mirror) -> Audience:
    """Return who must be allowed to read an original, for its copy to stand as it does."""
    if copied.published:
        return copied.read_by or Audience.STAFF
    open_to_all = copied.target.id == MESSAGE_0 and s.readers(target).audience is Audience.CUSTOMER
    return Audience.CUSTOMER if open_to_all else Audience.STAFF


def _blanked(s: Situation, source: str, message: Comment, target: str, copied: Mirror) -> Iterator[Operation]:
    origin, parts = s.text(source, message.id), [copied]
    yield Skip(target, called(message, source), "fewer people may read the original now: its copy is emptied")
    while following := s.mirrors.of(Kind.COMMENT, origin.part(len(parts) + 1), target):
        parts.append(following)
    told = (m for m in s.mirrors if m.kind is Kind.COMMENT and m.target.connection == target)
    parts += [
        m for m in told if m.origin.is_addendum and m.origin.ref == origin.ref and m.origin.whole == origin.id
    ]
    for part in parts:
        if part.revision != Withdrawal.BLANK and s.sides[target].ticket.message(part.target.id) is not None:
            public = copied.published and not part.origin.is_addendum
            reach = Reach(s.readers(target), s.internally(target).mails) if public else s.internally(target)
            yield Withdraw(target, part.origin, part.target.id, Withdrawal.BLANK, reach)
