"""What a look at a side adds to its timeline. Pure.

No tool gives every history: a text has its instant, a status only the one by which it was found.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from connectors.base import Snapshot
from mappings.ticket import Audience, Comment, CommentKind, PersonRole, Status
from sync.seen import Seen
from sync.sla.facts import Actor, Fact, FactKind, StatusFact

_ACTORS = {PersonRole.STAFF: Actor.PERSON, PersonRole.HUB: Actor.HUB, PersonRole.MACHINE: Actor.MACHINE}


def new_status(side: Snapshot, known: Sequence[StatusFact]) -> StatusFact | None:
    """Return the fact that a side came to its status since it was last looked at, if it did."""
    status = side.ticket.status
    if not isinstance(status, Status) or (known and known[-1].status is status):
        return None
    if not known and not status.done:
        return StatusFact(status, side.ticket.created, side.ticket.created)
    after = known[-1].by if known else side.ticket.created
    return StatusFact(status, after, max(after, min(side.ticket.updated, side.read_at)))


def done_since(side: Snapshot, known: Sequence[StatusFact], seen: Seen | None) -> datetime | None:
    """Return the earliest instant at which a side may have become done; None for one that is not.

    No later change of the ticket moves it. It lies between the last look that found it open and the first
    that found it done.
    """
    came = new_status(side, known)
    statuses = [*known, came] if came else known
    since = None
    for fact in reversed(statuses):
        if not fact.status.done:
            break
        fresh = fact is came and seen is not None and seen.read is not None
        since = max(fact.after, seen.read) if fresh and seen and seen.read else fact.after
    return since


def new_facts(side: Snapshot, known: Sequence[Fact], seen: Seen | None) -> Iterator[Fact]:
    """Yield what a side tells that is not known of it yet; `seen` is what the hub remembers of it."""
    statuses = [StatusFact(Status(f.value), f.after, f.by) for f in known if f.kind is FactKind.STATUS]
    if (came := new_status(side, statuses)) is not None:
        # What the hub wrote stays in its memory until a read shows it: this one.
        ours = seen is not None and seen.wanted.get("status") == came.status.value
        actor = Actor.HUB if ours else Actor.PERSON
        yield Fact(FactKind.STATUS, came.status.value, came.after, came.by, actor)
    told = {(fact.kind, fact.value) for fact in known}
    for message in side.ticket.messages:
        if (kind := _kind(message)) is not None and (kind, message.id) not in told:
            actor = Actor.MACHINE if message.kind is CommentKind.AUTOMATIC else _actor(message)
            yield Fact(kind, message.id, message.created, message.created, actor)


def _kind(message: Comment) -> FactKind | None:
    if message.author.role is PersonRole.CUSTOMER:
        return FactKind.MESSAGE
    # The text that opened the ticket is what was asked, whoever wrote it down.
    opens = message.kind is CommentKind.DESCRIPTION
    written = message.author.role in _ACTORS and message.audience is Audience.CUSTOMER
    return FactKind.ANSWER if written and not opens else None


def _actor(message: Comment) -> Actor:
    return _ACTORS.get(message.author.role, Actor.PERSON)
