"""Which fields are written where: each side is compared with its own past, in its own words. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import cast

from connectors.capabilities import Mails
from mappings.ticket import FIELDS, MESSAGE_0, Field, PersonRole, SlaState, Status, Unmapped, Value, Word
from mappings.vocabulary import held
from sync.audience import barred, exposed, field_readers, shows_staff_alone
from sync.escalate import marked, raises
from sync.judged import judged
from sync.operations import (
    AddNotice,
    Change,
    ChangeTags,
    Conflict,
    Operation,
    Reach,
    SetFields,
    Skip,
    Suggestion,
)
from sync.rules import Handover, Role
from sync.seen import Kind, sent_as, shows
from sync.situation import Situation
from sync.situation import changed as changed_since
from sync.telling import told_of_field
from sync.whose import carried as words
from sync.whose import held_by, strange

OWN: tuple[Field, ...] = ("first_response_due", "due", "sla")
"""The fields that the hub's clocks decide, not a side."""
_PLAIN = tuple(f for f in FIELDS if f not in (*OWN, "tags"))
_KEPT = "the rules keep this change where it was made"
_SMALLEST_MOVE = timedelta(minutes=5)
"""A due time that moves by less is left as it is: each write is an event in the tool."""

_BEFORE = timedelta(minutes=1)
"""By how much a first response is shown as due before the rest: answered under an earlier priority it may be
due after that, and a server that takes both times refuses them then."""


def fields(s: Situation) -> Iterator[Operation]:
    """Yield conflicts, skips, notices and at last one write per side that has something to change."""
    changes: dict[str, dict[Field, Change]] = {side: {} for side in s.written()}
    steps = tuple(raises(s))
    for made in (
        *_travelling(s),
        *_remapped(s),
        *_handed_over(s),
        *_reopened(s),
        *(() if s.rules.source else _promised(s)),  # a run gives them when it creates a ticket
        *judged(s),
        *steps,
    ):
        if isinstance(made, tuple):
            target, change = made
            other = changes[target].setdefault(change.field, change)
            if s.rank(change.source) < s.rank(other.source):
                changes[target][change.field] = change
        else:
            yield made
    for target, change in _closed_in_time(s):
        changes[target].setdefault("status", change)  # what anybody does meanwhile goes before
    yield from _strangers(s)
    yield from _tags(s)
    for target, wanted in changes.items():
        yield from _write(s, target, list(wanted.values()))


def moved(s: Situation, name: Field, target: str = "") -> list[str]:
    """Return the sides whose own word for a field is not what it was, the most trusted first.

    With a `target`, since it was last reconciled with them: it may have been out of reach. While the sides
    of a ticket are being linked, it is the one that a person chose to follow.
    """
    if s.prefer is not None:
        return [s.prefer] if s.sides[s.prefer].native.get(name) is not None else []
    if target in s.held:
        return changed_since(s.sides, s.past(target), s.trusted()).get(name, [])
    return s.moved().get(name, [])


Made = Operation | tuple[str, Change]


def _travelling(s: Situation) -> Iterator[Made]:
    if not (s.prefer or s.held or s.moved()):
        return
    for name in _PLAIN:
        for target in s.written():
            if changed := moved(s, name, target):
                yield from _arriving(s, name, target, changed)
        if name != "status":
            yield from _staying(s, name, moved(s, name))


def _arriving(s: Situation, name: Field, target: str, changed: list[str]) -> Iterator[Made]:
    sources = [c for c in changed if c != target and s.travels(name, c, target)]
    if not sources:
        return
    if rivals := _rivals(s, name, changed):
        if question := _asked(s, name, tuple(rivals)):
            yield question
            if question.winner in sources:
                yield from _carried(s, name, question.winner, target, [])
        return
    yield from _carried(s, name, sources[0], target, changed)


def _carried(s: Situation, name: Field, source: str, target: str, changed: list[str]) -> Iterator[Made]:
    value, what = words(s, source, target, name), f"{name} ({source})"
    if isinstance(value, Unmapped):
        yield from _unmapped(s, source, name, value, target)
    elif name not in s.capabilities[target].fields:
        if name == "rating":
            return  # no person at the source said it, or can do anything about it
        yield from told_of_field(s, source, name, Skip(target, what, "it cannot be held there"))
    elif _says(s, target, name, value):
        return
    elif name == "assignee" and value is None and (who := strange(s, source, target)):
        yield Skip(target, what, f"unmapped: the table of people does not say who {who.name} is on {source}")
    elif value is not None and (why := exposed(s, source, target, name)):
        yield from told_of_field(s, source, name, Skip(target, what, why))
    elif target in changed and s.travels(name, target, source):
        winner = next(c for c in s.trusted() if c in (source, target))
        if winner == source:
            yield _conflict(s, name, source, target)
            yield target, _change(s, name, value, source)
    else:
        yield target, _change(s, name, value, source)


def _unmapped(s: Situation, source: str, name: Field, value: Unmapped, target: str) -> Iterator[Operation]:
    skip = Skip(target, f"{name} ({source})", unmapped(name, value, target))
    way = "choose a word that the vocabulary has, or have this one added to it"
    if name == "assignee":
        way = "have the table of people name them"
    yield from told_of_field(s, source, name, skip, word=value.native, way=way)


def _change(s: Situation, name: Field, value: Value, source: str) -> Change:
    who = s.sides[source].ticket.assignee if name == "assignee" else None
    return Change(name, value, source, who.name if who else "")


def _strangers(s: Situation) -> Iterator[Skip]:
    """Yield whom the table of people does not know: that stands until it is mended."""
    for target in s.written():
        nobody = s.sides[target].ticket.assignee is None
        for source in s.others(target):
            value = words(s, source, target, "assignee")
            wanted = s.travels("assignee", source, target, creating=nobody)
            if wanted and isinstance(value, Unmapped):
                yield Skip(target, f"assignee ({source})", unmapped("assignee", value, target))


def unmapped(name: Field, value: Unmapped, target: str) -> str:
    """Return why a side does not get a value that has no word there."""
    if name == "assignee":
        return f"unmapped: the table of people does not say who {value.native} is on {target}"
    return f"unmapped: {value.native}"


def _says(s: Situation, target: str, name: Field, value: Value) -> bool:
    """Whether a side means a value already, that being given in its own words."""
    if name == "assignee":
        return held_by(s, target, value)
    return s.alike(target, name, value, s.sides[target].ticket.value(name))


def _conflict(s: Situation, name: Field, winner: str, loser: str) -> Conflict:
    return Conflict(name, winner, _said(s, name, (winner, loser)))


def _said(s: Situation, name: Field, sides: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    return tuple((side, str(s.sides[side].ticket.value(name))) for side in sides)


def _rivals(s: Situation, name: Field, changed: list[str]) -> list[str]:
    """Return the sides between which a person must choose, or has chosen, the most trusted first."""
    if name not in s.rules.asks:
        return []
    return [
        one
        for one in changed
        if any(
            s.travels(name, one, other) and s.travels(name, other, one) and not _agreed(s, name, one, other)
            for other in changed
            if other != one
        )
    ]


def _asked(s: Situation, name: Field, sides: tuple[str, ...]) -> Conflict | None:
    """Return the conflict about which a person is asked, its winner being what they answered.

    None if they answered something else: each side keeps what it says.
    """
    question = Conflict(name, "", _said(s, name, sides), asked=True)
    answer = s.answers.get((question.target, question.what, question.reason), "")
    if answer and answer not in sides:
        return None
    return replace(question, winner=answer)


def _staying(s: Situation, name: Field, changed: list[str]) -> Iterator[AddNotice | Skip]:
    """Yield a remark for each change that the rules send nowhere, so that nobody wonders."""
    if name == "assignee" and all(rule.field != name for rule in s.rules.fields):
        return  # whose it is changes all day, and nobody asked for it to be anywhere else
    for source in changed:
        holders = [t for t in s.receivers(source) if name in s.capabilities[t].fields]
        told = [t for t in holders if s.rules.suggests(name, source, t)]
        yield from (_suggested(s, name, source, t) for t in told if not _agreed(s, name, source, t))
        if holders and not told and not any(s.travels(name, source, t) for t in holders):
            led = s.shared and any(s.rules.travels(name, source, t) for t in holders)
            why = "several tickets share it, and it leads" if led else _KEPT
            yield Skip(", ".join(holders), f"{name} ({source})", why)


def _agreed(s: Situation, name: Field, source: str, target: str) -> bool:
    return _says(s, target, name, words(s, source, target, name))


def _suggested(s: Situation, name: Field, source: str, target: str) -> AddNotice | Skip:
    """Return what tells staff on a side of a change elsewhere that no rule writes there, once."""
    side, value = s.sides[source], s.sides[source].ticket.value(name)
    if name == "assignee" and side.ticket.assignee:
        value = side.ticket.assignee.name
    what = f"{name} ({source})"
    if isinstance(value, Unmapped):
        return Skip(target, what, f"unmapped: {value.native}")
    occasion = f"hub:suggest-{name}-{side.native.get(name)}"
    if s.mirrors.of(Kind.COMMENT, s.text(source, occasion), target):
        return Skip(target, what, "it was suggested before", quiet=True)
    if why := barred(s, target):
        return Skip(target, f"the suggestion of {what}", why)
    return AddNotice(
        target, source, side.ref, side.url, Suggestion(name, value), occasion, s.announced(target)
    )


def _remapped(s: Situation) -> Iterator[Skip | tuple[str, Change]]:
    """Yield what trusted sides say where another one still says what the hub wrote, or nothing."""
    for name in (f for f in _PLAIN if f in s.remap):
        for target in () if _rivals(s, name, moved(s, name)) else s.written():
            sources = (c for c in s.trusted() if c != target and s.travels(name, c, target, creating=True))
            if (source := next(sources, None)) is None or target in moved(s, name):
                continue
            value = words(s, source, target, name)
            held_there = name in s.capabilities[target].fields and not isinstance(value, Unmapped)
            differs = held_there and not _agreed(s, name, source, target)
            if not differs or (value is not None and exposed(s, source, target, name)):
                continue
            if why := _theirs(s, target, name):
                yield Skip(target, f"{name} ({source})", why)
            else:
                yield target, replace(_change(s, name, value, source), asked=True)


def _theirs(s: Situation, target: str, name: Field) -> str:
    """Return why a field is not the hub's to decide again: what stands there is not what it wrote."""
    side = s.sides[target]
    present, wrote = side.ticket.value(name), s.wrote.get((side.ref, name))
    if wrote is None:
        given = name == "status" and s.rules.source and (seen := s.seen.get(target)) and not seen.serial
        # A run gives the status last: where that was refused, the tool's first one stands, and is nobody's.
        return "" if present is None or given else "the hub never wrote what stands there"
    if name == "subject":  # tools shorten it, and join its blanks
        shown, sent = (" ".join(str(text).split()) for text in (present or "", wrote))
        ours = bool(shown) and sent.startswith(shown.rstrip("….").rstrip())
    elif name == "assignee":
        ours = shows(side.ticket, name, wrote)
    else:
        lenses = s.capabilities[target].vocabularies
        ours = str(present) == str(held(lenses, name, cast(Word, wrote)))
    return "" if ours else "somebody changed what the hub wrote there"


def _reopened(s: Situation) -> Iterator[tuple[str, Change]]:
    """Yield that work is open again where its customer wrote after it was done, if the rules want that."""
    front = s.front()
    if front is None or s.shared or not s.rules.reopen_work:
        return
    for target in (c for c in s.written() if s.role(c) is Role.WORK):
        status = s.sides[target].ticket.status
        if isinstance(status, Status) and status.done and _customer_wrote(s, front, target):
            yield target, Change("status", Status.OPEN, front)


def _customer_wrote(s: Situation, front: str, target: str) -> bool:
    """Whether the customer wrote something that has not reached a side yet."""
    return any(
        message.author.role is PersonRole.CUSTOMER
        and message.id != MESSAGE_0
        and not s.older(front, target, message.created)
        and not s.mirrors.of(Kind.COMMENT, s.text(front, message.id), target)
        for message in s.sides[front].ticket.messages
    )


def _closed_in_time(s: Situation) -> Iterator[tuple[str, Change]]:
    """Yield that a ticket is closed whose customer has not answered for as long as was agreed."""
    front = s.front()
    if front is None or s.closes is None or not s.closes.due:
        return
    change, here = Change("status", Status.CLOSED, "hub"), s.sides[front].ticket.status is s.closes.status
    if here and "status" in s.capabilities[front].fields and not _as_wanted(s, front, change):
        yield front, change


def _handed_over(s: Situation) -> Iterator[Made]:
    for source in s.trusted():
        status = s.sides[source].ticket.status
        for target in s.receivers(source):
            if source not in moved(s, "status", target):
                continue
            way = (s.role(source), s.role(target))
            if way[0] is way[1] or (s.shared and way[1] is Role.WORK):
                continue
            if isinstance(status, Unmapped):
                yield from _unmapped(s, source, "status", status, target)
            elif status is not None and (given := s.rules.handover.get(way, {}).get(status)):
                yield from _hand_over(s, source, target, status, given)


def _hand_over(s: Situation, source: str, target: str, status: Status, given: Handover) -> Iterator[Made]:
    present = s.sides[target].ticket.status
    open_there = isinstance(present, Status) and not present.done
    if given.status and open_there and not s.alike(target, "status", given.status, present):
        if given.status.done and _customer_spoke_later(s, source, target):
            yield Skip(target, f"status ({source})", "the customer wrote after it was resolved")
        else:
            yield from _given(s, Change("status", given.status, source), target)
    past = s.past(target)
    serial = past[source].serial if source in past else 0
    occasion = f"hub:status-{serial}-{status}"
    if given.note and not s.mirrors.of(Kind.COMMENT, s.text(source, occasion), target):
        if why := barred(s, target):
            yield Skip(target, f"the note about status {status} ({source})", why)
        else:
            yield _notice(s, source, target, status, occasion)


def _notice(s: Situation, source: str, target: str, status: Status, occasion: str) -> AddNotice:
    side = s.sides[source]
    return AddNotice(target, source, side.ref, side.url, status, occasion, s.announced(target))


def _given(s: Situation, change: Change, target: str) -> Iterator[Made]:
    """Yield a status for a side, unless somebody gave a more trusted one another status meanwhile."""
    source = change.source
    if target in moved(s, "status"):
        first, second = sorted((source, target), key=s.rank)
        asks = "status" in s.rules.asks
        conflict = _asked(s, "status", (first, second)) if asks else _conflict(s, "status", first, second)
        if conflict is not None:
            yield conflict
        if conflict is None or conflict.winner != source:
            return
    yield target, change


def _customer_spoke_later(s: Situation, source: str, target: str) -> bool:
    written = [m.created for m in s.sides[target].ticket.messages if m.author.role is PersonRole.CUSTOMER]
    # Where nobody knows which was first, the agent looks: a message that nobody reads is the worse mistake.
    return bool(written) and max(written) > s.done_since.get(source, s.sides[source].ticket.updated)


@lru_cache(maxsize=4096)  # a desk has few tags, and every look at a ticket asks for its own again
def slug(tag: str) -> str:
    """Return what two tags have in common that mean the same in different tools."""
    return re.sub(r"[^\w]+", "-", tag.strip().lower()).strip("-")


def travelling_tags(s: Situation, tags: frozenset[str]) -> dict[str, str]:
    """Return slug -> tag of the tags that are not the hub's own and steer nothing."""
    own = {slug(t) for tags_there in s.own_tags.values() for t in tags_there}
    own |= {slug(t) for t in s.called.marks} if s.called else set()
    kept = own | {slug(t) for t in (*s.rules.control_tags, *s.rules.customer_labels)}
    return {slug(t): t for t in sorted(tags) if slug(t) not in kept and slug(t)}


def _tags(s: Situation) -> Iterator[ChangeTags | Skip]:
    now = {side: travelling_tags(s, s.sides[side].ticket.tags) for side in s.trusted()}
    for target in s.written():
        if "tags" not in s.capabilities[target].fields:
            continue
        before = {side: _tags_before(s, side, target) for side in _retagged(s, target)}
        fresh_there = {side: _tags_added(s, side, now[side], old) for side, old in before.items()}
        wanted = {k for added in fresh_there.values() for k in added}
        sources = [c for c in before if c != target and s.travels("tags", c, target)]
        add: dict[str, str] = {}
        remove: set[str] = set()
        for source in sources:
            old = before[source]
            fresh = {k: v for k, v in fresh_there[source].items() if k not in now[target]}
            if fresh and (why := exposed(s, source, target, "tags")):
                yield Skip(target, f"tags ({source})", why)
                continue
            add |= fresh
            # What one side removed while another added it is wanted.
            gone = old.keys() - now[source].keys() - wanted
            remove |= {
                tag for tag in s.sides[target].ticket.tags if slug(tag) in gone and slug(tag) in now[target]
            }
        reached, over = marked(s, target)
        remove |= _strange_labels(s, target) | over
        missing = s.own_tags.get(target, frozenset()) - s.sides[target].ticket.tags
        mine = {tag for tag in missing if slug(tag) not in _untaken(s, target)}
        mine |= {tag for tag in reached if slug(tag) not in _untaken(s, target)}
        added = frozenset(add.values()) | mine
        if added or remove:
            yield _tagging(s, target, added, frozenset(remove) - added, frozenset(sources))


def _retagged(s: Situation, target: str) -> list[str]:
    """Return the sides whose tags changed since a side was last reconciled with them, or since the last look.

    A side that was out of reach may have missed that a tag was removed, which somebody has just put back.
    """
    since = moved(s, "tags", target)
    return since if target not in s.held else [c for c in s.trusted() if c in {*since, *moved(s, "tags")}]


def _tags_added(s: Situation, side: str, now: dict[str, str], old: dict[str, str]) -> dict[str, str]:
    """Return the tags that a side has and had not: when a target last knew it, or when it was last seen."""
    known = old.keys() & _tags_before(s, side, "").keys() if side in s.seen else old.keys()
    return {k: v for k, v in now.items() if k not in known}


def _tags_before(s: Situation, side: str, target: str) -> dict[str, str]:
    """Return the travelling tags that a side had when `target` was last reconciled with it."""
    past = s.past(target)
    return travelling_tags(s, frozenset(past[side].native.get("tags") or ()) if side in past else frozenset())


def _strange_labels(s: Situation, target: str) -> set[str]:
    """Return the labels of other customers on a side: a ticket that changed hands leaves their boards."""
    if target not in s.own_tags:
        return set()
    strange = {slug(t) for t in s.rules.customer_labels - s.own_tags[target]}
    return {tag for tag in s.sides[target].ticket.tags if slug(tag) in strange}


def _untaken(s: Situation, target: str) -> frozenset[str]:
    """Return the slugs of tags that a side did not take, unless somebody has changed its tags since."""
    if target not in s.seen or target in moved(s, "tags"):
        return frozenset()
    return frozenset(s.seen[target].wanted.get("tags") or ())


def _tagging(
    s: Situation, target: str, add: frozenset[str], remove: frozenset[str], sources: frozenset[str]
) -> ChangeTags | Skip:
    mails = s.abilities(target).fields["tags"].mails
    if not s.may(mails, target):
        return Skip(target, "tags", "writing them might mail a customer")
    return ChangeTags(target, add, remove, sources, Reach(field_readers(s, target, ["tags"]), mails))


def _promised(s: Situation) -> Iterator[Made]:
    for target in s.written():
        if (
            "sla" in s.capabilities[target].fields
            and s.promised(target)
            and not shows_staff_alone(s, target, "sla")
        ):
            readers = field_readers(s, target, ["sla"])
            yield Skip(target, "sla (hub)", f"it is for staff, and {readers} would read it")
        for change in promised(s, target):
            if not _as_wanted(s, target, change):
                yield target, change


def promised(s: Situation, target: str) -> list[Change]:
    """Return the values that a side's due times and clock label are to have; the label is for staff."""
    can, here, p = s.capabilities[target], s.abilities(target).fields, s.promised(target)
    if p is None:
        return []
    single = "first_response_due" not in can.fields
    first = p.first_response
    if can.dues_together and first is not None and p.due is not None:
        first = min(first, p.due - _BEFORE)
    wanted: dict[Field, datetime | None] = {
        "first_response_due": first,
        "due": p.next if single else p.due,
    }
    changes: list[Change] = [
        Change(name, p.shown(instant, here[name].grain), "hub")
        for name, instant in wanted.items()
        if name in can.fields and instant is not None
    ]
    if can.dues_together and len(changes) < 2:
        changes = []
    # Of a ticket that is done only a label that it still has is taken away.
    over = p.state is SlaState.ON_TRACK and p.next is None and p.first_response is None
    silent = over and (target not in s.sides or s.sides[target].ticket.sla is None)
    if "sla" in can.fields and not s.rules.source and shows_staff_alone(s, target, "sla") and not silent:
        changes.append(Change("sla", p.state, "hub"))
    return changes


def _as_wanted(s: Situation, target: str, change: Change) -> bool:
    """Whether a side shows the hub's value, or all that came of writing just that to it."""
    name, value = change.field, change.value
    present = s.sides[target].ticket.value(name)
    if s.alike(target, name, value, present):
        return True
    if target in s.seen and s.sides[target].native.get(name) == s.seen[target].native.get(name):
        written = s.seen[target].wanted.get(name)
        if written == sent_as(s.capabilities[target], name, value):
            return True
    near = isinstance(present, datetime) and isinstance(value, datetime)
    return near and abs(cast(datetime, present) - cast(datetime, value)) < _SMALLEST_MOVE


def _write(s: Situation, target: str, wanted: list[Change]) -> Iterator[Operation]:
    can, allowed, mails = s.capabilities[target], [], Mails.NEVER
    if can.dues_together and any(c.field in ("first_response_due", "due") for c in wanted):
        wanted = [c for c in wanted if c.field not in ("first_response_due", "due")]
        wanted += [c for c in promised(s, target) if c.field != "sla"]
    for change in wanted:
        mail = s.abilities(target).fields[change.field].mails_when(change.value)
        if not s.may(mail, target):
            skip = Skip(target, f"{change.field} ({change.source})", "writing it might mail a customer")
            person = change.source in s.sides  # not the hub's own clocks
            yield from told_of_field(s, change.source, change.field, skip) if person else [skip]
            continue
        allowed.append(change)
        mails = mail if mail is not Mails.NEVER else mails
    # A tool refuses a person easily (gone, without the right): nothing else is to be refused along with them.
    for person in True, False:
        if sent := tuple(change for change in allowed if (change.field == "assignee") is person):
            readers = field_readers(s, target, [change.field for change in sent])
            yield SetFields(target, sent, Reach(readers, mails))
