"""Whose a ticket is, between tools that know people by different names: nobody is ever guessed. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from mappings.ticket import Field, Person, Unmapped, Value
from sync.operations import Change, Skip
from sync.situation import Situation
from sync.sla.steps import Assign


def carried(s: Situation, source: str, target: str, name: Field) -> Value:
    """Return what a side says in a field, in the words that another side is written in.

    They differ in one field only: whose a ticket is. Somebody whom the table of people does not know on the
    other side is `Unmapped`, by their name.
    """
    if name != "assignee":
        return s.sides[source].ticket.value(name)
    person = s.sides[source].ticket.assignee
    return None if person is None else (s.rules.elsewhere(person, target) or Unmapped(person.name))


def held_by(s: Situation, target: str, who: Value) -> bool:
    """Whether a ticket is theirs on a side already; None is nobody."""
    person = s.sides[target].ticket.assignee
    return person.is_called(who) if person and isinstance(who, str) else person is None and who is None


def strange(s: Situation, source: str, target: str) -> Person | None:
    """Return whose a ticket is on a side, if the table of people does not say who they are on another one.

    That it is nobody's any more there says nothing about somebody whom it never was.
    """
    person = s.sides[target].ticket.assignee
    return person if person and s.rules.elsewhere(person, source) is None else None


def assigned(s: Situation, front: str, action: Assign) -> Iterator[Skip | tuple[str, Change]]:
    """Yield that a step gives the ticket to who has a role, or why it does not.

    Whom a person has just given it to keeps it.
    """
    if skip := unassigned(s, front, action):
        yield skip
    elif front in s.moved().get("assignee", ()):
        why = "a person has just said whose it is"
        yield Skip(front, f"the assignment to {action.role}", why)
    elif not held_by(s, front, who := _who(s, front, action)):
        yield front, Change("assignee", who, "hub", _named(s, action))


def unassigned(s: Situation, front: str, action: Assign) -> Skip | None:
    """Return why a step can give the ticket to nobody, if it cannot."""
    name, why = _named(s, action), ""
    if "assignee" not in s.capabilities[front].fields:
        why = "it cannot be held there"
    elif not name:
        why = "nobody has that role now"
    elif _who(s, front, action) is None:
        why = f"unmapped: the table of people does not say who {name} is on {front}"
    return Skip(front, f"the assignment to {action.role}", why) if why else None


def _named(s: Situation, action: Assign) -> str:
    return s.called.roles.get(action.role, "") if s.called else ""


def _who(s: Situation, front: str, action: Assign) -> str | None:
    return s.rules.named.get(_named(s, action).casefold(), {}).get(front)
