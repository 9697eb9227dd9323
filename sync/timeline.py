"""What a look at a side adds to its timeline. Pure.

A text has its instant. A status has one where the tool tells its history, and that was asked for; else only
the one by which it was found.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from connectors.base import Snapshot
from connectors.capabilities import Capabilities, Part
from mappings.ticket import (
    Audience,
    Comment,
    CommentKind,
    Field,
    Person,
    PersonRole,
    Priority,
    Resolution,
    Status,
    Ticket,
    Unmapped,
)
from sync.seen import Seen, shows
from sync.sla.facts import Actor, Fact, FactKind, StatusFact

_NOTHING: Mapping[FactKind, str] = {}
_FIELDS: Mapping[FactKind, Field] = {
    FactKind.PRIORITY: "priority",
    FactKind.TYPE: "type",
    FactKind.WORKAROUND: "resolution",
}
_FROM_THE_START = frozenset({FactKind.PRIORITY, FactKind.TYPE, FactKind.CUSTOMER, FactKind.TIER})
"""What a ticket is taken to have been made with when it is first met."""
_FRESH = timedelta(minutes=1)
"""Within which a ticket that was just made has no history yet."""
_DATED = (FactKind.ESTIMATE, FactKind.WANTED)
"""What a tag with a date says."""
_STATUSES = frozenset(status.value for status in Status)
_ACTORS = {PersonRole.STAFF: Actor.PERSON, PersonRole.HUB: Actor.HUB, PersonRole.MACHINE: Actor.MACHINE}


def wants_history(side: Snapshot, can: Capabilities, known: Sequence[Fact], seen: Seen | None) -> bool:
    """Whether a tool's history would tell more of a side than this look does: it is worth its calls.

    That is where something changed of which it tells, or where a ticket is met that had a life before. What
    the hub itself wrote is not asked about.
    """
    if Part.HISTORY not in side.abilities.parts or side.ticket.history is not None:
        return False
    if not known:
        return side.ticket.updated - side.ticket.created > _FRESH
    found = new_facts(side, known, seen)
    return any(f.kind.value in can.histories and not f.exact and f.actor is Actor.PERSON for f in found)


def new_statuses(side: Snapshot, known: Sequence[StatusFact]) -> list[tuple[StatusFact, Person | None]]:
    """Return the facts of a side's statuses since it was last looked at, and who did it where that is told.

    What the history leaves out, or lags behind with, is what this look found.
    """
    last = known[-1].by if known else None
    events = [h for h in side.ticket.history or () if h.name == "status"]
    found: list[tuple[StatusFact, Person | None]] = []
    if not known and events and isinstance(before := events[0].before, Status):
        found.append((StatusFact(before, side.ticket.created, side.ticket.created), None))
    for event in events:
        if isinstance(event.after, Status) and (last is None or event.at > last):
            at = max(event.at, side.ticket.created)
            found.append((StatusFact(event.after, at, at), event.actor))
    rest = new_status(side, [*known, *(fact for fact, _ in found)])
    return [*found, (rest, None)] if rest else found


def new_status(side: Snapshot, known: Sequence[StatusFact]) -> StatusFact | None:
    """Return the fact that a side came to its status since it was last looked at, if it did."""
    status = side.ticket.status
    if not isinstance(status, Status) or (known and known[-1].status is status):
        return None
    if not known and not status.done:
        return StatusFact(status, side.ticket.created, side.ticket.created)
    after = known[-1].by if known else side.ticket.created
    return StatusFact(status, after, max(after, min(side.ticket.updated, side.read_at)))


def _overwritten(side: Snapshot, known: Sequence[StatusFact], seen: Seen | None) -> StatusFact | None:
    """Return the status that the hub gave a side and that somebody changed before any read showed it."""
    wrote = seen.wanted.get("status") if seen else None
    if seen is None or seen.read is None or wrote not in _STATUSES or not known:
        return None
    changed = side.native.get("status") != seen.native.get("status")
    status, at = Status(wrote), max(known[-1].by, seen.read)
    return StatusFact(status, at, at) if changed and known[-1].status is not status else None


def done_since(side: Snapshot, known: Sequence[StatusFact], seen: Seen | None) -> datetime | None:
    """Return the earliest instant at which a side may have become done; None for one that is not.

    No later change of the ticket moves it. It lies between the last look that found it open and the first
    that found it done.
    """
    new = [fact for fact, _ in new_statuses(side, known)]
    statuses = [*known, *new]
    since = None
    for fact in reversed(statuses):
        if not fact.status.done:
            break
        fresh = fact in new and not fact.exact and seen is not None and seen.read is not None
        since = max(fact.after, seen.read) if fresh and seen and seen.read else fact.after
    return since


def new_facts(
    side: Snapshot,
    known: Sequence[Fact],
    seen: Seen | None,
    *,
    of: Mapping[FactKind, str] = _NOTHING,
    raised: Collection[Priority] = (),
    lifted: Collection[Priority] | None = None,
) -> Iterator[Fact]:
    """Yield what a side tells that is not known of it yet; `seen` is what the hub remembers of it.

    `of` is what the desk says of the ticket beside it: whose it is, in which tier. To priorities that are
    `raised` the hub was raising it when it was last heard of; of those that it set otherwise only the
    `lifted` ones are its own, the others were a person's word on another side, or a customer's table.
    """
    statuses = [StatusFact(Status(f.value), f.after, f.by) for f in known if f.kind is FactKind.STATUS]
    if not side.ticket.history and (wrote := _overwritten(side, statuses, seen)) is not None:
        yield Fact(FactKind.STATUS, wrote.status.value, wrote.after, wrote.by, Actor.HUB)
        statuses.append(wrote)
    for came, who in new_statuses(side, statuses):
        # What the hub wrote stays in its memory until a read shows it: this one.
        ours = seen is not None and seen.wanted.get("status") == came.status.value
        actor = _ACTORS.get(who.role, Actor.PERSON) if who else Actor.HUB if ours else Actor.PERSON
        name = who.name if who and actor is Actor.PERSON else ""
        yield Fact(FactKind.STATUS, came.status.value, came.after, came.by, actor, who=name)
    for kind, value in {**_held(side.ticket), **of}.items():
        ours = _wrote(side.ticket, seen, kind, value)
        if kind is FactKind.PRIORITY:
            ours = value in raised or (ours and (lifted is None or value in lifted))
        if (fact := _news(side, known, seen, kind, value)) is not None:
            yield replace(fact, actor=Actor.HUB) if ours and fact.by > side.ticket.created else fact
    told = {(fact.kind, fact.value) for fact in known}
    for message in side.ticket.messages:
        if (what := _kind(message)) is not None and (what, message.id) not in told:
            actor = Actor.MACHINE if message.kind is CommentKind.AUTOMATIC else _actor(message)
            yield Fact(what, message.id, message.created, message.created, actor)


def _held(ticket: Ticket) -> dict[FactKind, str]:
    """Return what a ticket says now that clocks depend on; a word that no vocabulary has says nothing."""
    found = {FactKind.ASSIGNMENT: ticket.assignee.key if ticket.assignee else ""}
    for kind, value in ((FactKind.PRIORITY, ticket.priority), (FactKind.TYPE, ticket.type)):
        if not isinstance(value, Unmapped):
            found[kind] = value.value if value else ""
    if ticket.resolution is Resolution.WORKAROUND:
        found[FactKind.WORKAROUND] = ticket.resolution.value
    return {**found, **_tagged(ticket.tags)}


def _tagged(tags: Iterable[str]) -> dict[FactKind, str]:
    """Return what staff say by tags, as no tool has a field for it: ``estimate-2026-03-20``, ``project``.

    Of several dates the latest counts. Taking a tag off takes nothing back: what was promised, was.
    """
    found: dict[FactKind, str] = {}
    for tag in tags:
        kind, _, rest = tag.strip().lower().partition("-")
        if tag.strip().lower() == FactKind.PROJECT:
            found[FactKind.PROJECT] = tag.strip()
        elif kind in _DATED and _is_date(rest := rest.lstrip("-:")):
            found[FactKind(kind)] = max(found.get(FactKind(kind), rest), rest)
    return found


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _news(
    side: Snapshot, known: Sequence[Fact], seen: Seen | None, kind: FactKind, value: str
) -> Fact | None:
    """Return the fact that a side says something else than it last did, if so."""
    last = next((fact for fact in reversed(known) if fact.kind is kind), None)
    if last.value == value if last else not value and kind not in _FROM_THE_START:
        return None
    created = side.ticket.created
    if last is None and kind in _FROM_THE_START:
        return Fact(kind, value, created, created)
    ours = kind in (FactKind.CUSTOMER, FactKind.TIER)  # which no ticket is stamped for
    by = max(created, side.read_at if ours else min(side.ticket.updated, side.read_at))
    after = max(last.by if last else created, (seen and seen.read) or created)
    if (exact := _told_at(side, kind, value, last)) is not None:
        return Fact(kind, value, exact, exact)
    return Fact(kind, value, min(after, by), by)


def _told_at(side: Snapshot, kind: FactKind, value: str, last: Fact | None) -> datetime | None:
    """Return when a side came to say something, if the tool keeps a history and tells."""
    told = (h.at for h in side.ticket.history or () if h.name == kind.value and str(h.after or "") == value)
    return max((at for at in told if last is None or at > last.by), default=None)


def _wrote(ticket: Ticket, seen: Seen | None, kind: FactKind, value: str) -> bool:
    # What the hub wrote stays in its memory until a read shows it: this one.
    if kind is FactKind.ASSIGNMENT:
        wanted = (seen.wanted if seen else {}).get("assignee")
        return wanted is not None and shows(ticket, "assignee", wanted)
    return seen is not None and kind in _FIELDS and seen.wanted.get(_FIELDS[kind]) == value


def as_answers(front: Ticket, published: Collection[str]) -> Ticket:
    """Return a front side whose published copies are its staff's words: the hub only carried them."""
    if not published:
        return front
    said = (
        replace(text, author=replace(text.author, role=PersonRole.STAFF)) if text.id in published else text
        for text in front.messages
    )
    return replace(front, messages=tuple(said))


def _kind(message: Comment) -> FactKind | None:
    if message.author.role is PersonRole.CUSTOMER:
        return FactKind.MESSAGE
    # The text that opened the ticket is what was asked, whoever wrote it down.
    opens = message.kind is CommentKind.DESCRIPTION
    written = message.author.role in _ACTORS and message.audience is Audience.CUSTOMER
    return FactKind.ANSWER if written and not opens else None


def _actor(message: Comment) -> Actor:
    return _ACTORS.get(message.author.role, Actor.PERSON)
