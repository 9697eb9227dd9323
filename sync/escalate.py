"""What clocks call for, as operations: steps that are taken, and steps that are taken back. Pure.

A step is recorded before anything that it does in the tools is done: a hub that is killed in between finds
it unfinished and does what is not done yet, its notes being known by their markers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256

from connectors.capabilities import Mails
from mappings.boards import STAFF
from mappings.provenance import escape
from mappings.ticket import Priority
from sync.audience import shows_staff_alone
from sync.operations import Change, Escalate, Notice, Operation, Reach, Skip
from sync.rules import Role
from sync.situation import Situation
from sync.sla.called import Called
from sync.sla.escalation import Due, Key, Taken
from sync.sla.steps import Assign, Note, Notify, Raise, addressee
from sync.telling import note
from sync.whose import assigned, unassigned

_ORDER = list(Priority)


def escalations(s: Situation) -> Iterator[Operation]:
    """Yield what is recorded and told outside the tools, then the notes inside them."""
    front, called = s.front(), s.called
    if front is None or called is None:
        return
    records = (*_fresh(s, front, called), *_withdrawn(called))
    notices = (
        *(n for due in called.round.due for n in _notices(s, front, called, due)),
        *(n for one in called.withdrawn for n in _retractions(s, front, called, one)),
    )
    missed = tuple(Taken(key, called.at, missed=True) for key in called.round.missed)
    if records or missed:
        about = s.sides[front].ref
        yield Escalate(front, about, (*records, *missed), notices, Reach(STAFF, Mails.NEVER))
    for one in _unfinished(s, front, called):
        if one.withdrawn is None:
            yield from _acts(s, front, called, one)
    yield from _taken_back(s, front, called)


def unpromised(s: Situation) -> Iterator[Operation]:
    """Yield the note that tells staff, once for each date, that it was asked for too late to be promised."""
    front, found = s.front(), s.unpromised
    if front is not None and found is not None:
        words = f"Wanted by {found.wanted}, with less than {found.notice.days} days of notice: not promised"
        yield from note(s, front, s.text(front, f"hub:wanted-{found.wanted}"), words)


def raises(s: Situation) -> Iterator[Skip | tuple[str, Change]]:
    """Yield whom steps give the ticket to, the priorities that they raise, and those that go back.

    Only a side that says what the ticket said before is raised, and only one that still says what the hub
    had set is set back. A work side that several tickets share is moved by none of them.
    """
    front, called = s.front(), s.called
    if front is None or called is None:
        return
    for one in _unfinished(s, front, called):
        for action in called.actions(one.key) if one.withdrawn is None else ():
            if isinstance(action, Assign):
                yield from assigned(s, front, action)
        if one.raised is None:
            continue
        before, after = one.raised if one.withdrawn is None else reversed(one.raised)
        for target in s.written():
            alone = s.role(target) is Role.FRONT or not s.shared
            if (
                alone
                and "priority" in s.capabilities[target].fields
                and s.alike(target, "priority", before, s.sides[target].ticket.priority)
            ):
                yield target, Change("priority", after, "hub")


def marked(s: Situation, target: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the labels that a side is to carry for its clocks, and those that it is to lose."""
    called = s.called
    if called is None or "tags" not in s.capabilities[target].fields:
        return frozenset(), frozenset()
    if not shows_staff_alone(s, target, "tags"):
        return frozenset(), frozenset()
    lens = s.capabilities[target].vocabularies.get("sla")
    # What the side shows of its clocks by itself is no tag of it.
    own = frozenset(lens.writes.values()) if lens and "sla" in s.capabilities[target].fields else frozenset()
    shared = s.shared and s.role(target) is Role.WORK
    wanted = (s.labels_of_all if shared else called.labels) - own
    present = s.sides[target].ticket.tags
    return wanted - present, (called.marks - wanted - own) & present


def _fresh(s: Situation, front: str, called: Called) -> Iterator[Taken]:
    """Yield the steps that are due now, as they are recorded."""
    before = {one.key: one.times for one in called.taken}
    for due in called.round.due:
        yield Taken(
            due.key,
            called.at,
            notified=any(isinstance(action, Notify) for action in due.actions),
            raised=_raised(s, front) if any(isinstance(a, Raise) for a in due.actions) else None,
            since=due.since,
            times=before.get(due.key, 0) + 1,
            unfinished=True,
        )


def _raised(s: Situation, front: str) -> tuple[Priority, Priority] | None:
    present = s.sides[front].ticket.priority
    if not isinstance(present, Priority) or present is _ORDER[-1]:
        return None
    return present, _ORDER[_ORDER.index(present) + 1]


def _withdrawn(called: Called) -> Iterator[Taken]:
    return (replace(one, withdrawn=called.at, unfinished=True) for one in called.withdrawn)


def _unfinished(s: Situation, front: str, called: Called) -> list[Taken]:
    """Return the steps whose acts are not all done: one of each cycle, what came due later in its stead."""
    fresh = [*_fresh(s, front, called), *_withdrawn(called)]
    known = {one.key for one in fresh}
    again = {one.key[:3] for one in fresh if one.withdrawn is None}
    left = [
        one
        for one in called.taken
        if one.unfinished and one.key not in known and (one.withdrawn or one.key[:3] not in again)
    ]
    return [*left, *fresh]


def _acts(s: Situation, front: str, called: Called, one: Taken) -> Iterator[Operation]:
    """Yield a step's notes, one for whom it could not give the ticket to included."""
    for number, action in enumerate(called.actions(one.key)):
        occasion = s.text(front, f"hub:step-{_short(one)}-{number}")
        if isinstance(action, Note):
            yield from note(s, front, occasion, f"{escape(action.text)} ({_what(one)})")
        elif isinstance(action, Assign) and (skip := unassigned(s, front, action)):
            why = f"{skip.what} was not made: {skip.reason}"
            yield from note(s, front, occasion, f"{escape(why[0].upper() + why[1:])} ({_what(one)})")


def _taken_back(s: Situation, front: str, called: Called) -> Iterator[Operation]:
    """Yield one note for all that is withdrawn at a time."""
    back = [one for one in _unfinished(s, front, called) if one.withdrawn]
    if back:
        occasion = s.text(front, f"hub:withdrawn-{_short(*back)}")
        told = ", ".join(_what(one) for one in back)
        words = f"Withdrawn: {told}; by what became known later it was not due"
        yield from note(s, front, occasion, words)


def _notices(s: Situation, front: str, called: Called, due: Due) -> Iterator[Notice]:
    """Yield what is told outside the tools: which ticket, which promise, for whom; no word of its texts."""
    side, one = s.sides[front], _of(s, front, called, due.key)
    told: dict[str, Notify] = {a.channel: a for a in due.actions if isinstance(a, Notify)}
    for channel, action in told.items():
        whom = addressee(action.path, due.told, called.owner)
        who = f"{whom} ({called.duty})" if whom == "duty" and called.duty else whom
        raised = f"; the priority was raised to {one.raised[1]}" if one.raised else ""
        late = "; a change made a promise that was late already" if due.late_by_change else ""
        yield Notice(
            key=f"step:{':'.join(due.key)}:{one.times}:{channel}",
            channel=channel,
            whom=whom,
            title=f"{side.ref}: {_what(one)}",
            body=f"For {who}{raised}{late}: {side.url}",
        )


def _retractions(s: Situation, front: str, called: Called, one: Taken) -> Iterator[Notice]:
    """Yield what takes back outside the tools what was told of a step: by the same channels."""
    side = s.sides[front]
    before = sum(t.notified and t.key[:3] == one.key[:3] and t.at < one.at for t in called.taken)
    told = {a.channel: a for a in called.actions(one.key) if isinstance(a, Notify)}
    for channel, action in told.items():
        name = f"{':'.join(one.key)}:{one.times}:{channel}"
        yield Notice(
            key=f"withdrawn:{name}",
            channel=channel,
            whom=addressee(action.path, before, called.owner),
            title=f"{side.ref}: withdrawn: {_what(one)}",
            body=f"By what became known later it was not due: {side.url}",
            takes_back=f"step:{name}",
        )


def _of(s: Situation, front: str, called: Called, key: Key) -> Taken:
    return next(one for one in _fresh(s, front, called) if one.key == key)


def _what(one: Taken) -> str:
    """Return what came due, and when, in a person's words."""
    clock, step = one.key.clock.replace("_", " "), one.key.step
    when = f", {one.since:%Y-%m-%d %H:%M} UTC" if one.since else ""
    if step.endswith("%"):
        return f"{step} of {clock} used up{when}"
    return f"{clock} breached{when}" if step == "breach" else f"{clock} overdue: {step}{when}"


def _short(*taken: Taken) -> str:
    """Return a short name for steps, the same whenever it is asked for."""
    names = sorted(f"{':'.join(one.key)}#{one.times}" for one in taken)
    return sha256("\n".join(names).encode()).hexdigest()[:16]
