"""Canonical values into what an issue is sent, the way back of `translate`. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from connectors.gitlab.labels import Side
from connectors.gitlab.wire import CLOSED, OPENED, Issue
from mappings.ticket import Field, Value
from mappings.vocabulary import NOTHING, WORDS, Native


class Unwritable(ValueError):
    """A value that no issue can hold; `field` names it."""

    def __init__(self, field: Field, why: str) -> None:
        super().__init__(why)
        self.field, self.why = field, why


@dataclass(slots=True)
class Change:
    """What an issue is to be like."""

    plain: dict[str, str] = field(default_factory=dict)
    """Fields that are not kept in labels, as they are sent."""
    add: set[str] = field(default_factory=set)
    remove: set[str] = field(default_factory=set)
    event: str = ""
    """``close``, ``reopen`` or nothing."""

    def body(self, issue: Issue) -> dict[str, str]:
        """Return only what differs from the issue: an empty update is refused (reference 1.2)."""
        labels = set(issue.labels or ())
        has = {"title": issue.title, "due_date": issue.due_date.isoformat() if issue.due_date else ""}
        wanted = {
            "add_labels": ",".join(sorted(self.add - labels)),
            "remove_labels": ",".join(sorted((self.remove - self.add) & labels)),
            "state_event": self.event,
        }
        sent = {name: value for name, value in self.plain.items() if has[name] != value}
        return sent | {name: value for name, value in wanted.items() if value}


def change(side: Side, values: Mapping[Field, Value], labels: Collection[str], state: str) -> Change:
    """Return what gives an issue with these labels and this state the values. Raises Unwritable."""
    wanted = Change()
    for name, value in values.items():
        if name in side.labels:
            _put_word(side, wanted, name, value, labels, state)
        elif name == "tags" and isinstance(value, frozenset):
            check_tags(side, value)
            wanted.add |= value
            wanted.remove |= {label for label in labels if side.is_tag(label)} - value
        else:
            wanted.plain |= _plain(name, value)
    return wanted


def check_tags(side: Side, tags: frozenset[str]) -> None:
    """Refuse tags that cannot be labels, or that would change a field. Raises Unwritable."""
    for tag in sorted(tags):
        if not tag.strip() or "," in tag:
            raise Unwritable("tags", f"{tag!r} cannot be a label")
        if not side.is_tag(tag):
            raise Unwritable("tags", f"the label {tag!r} is a field's and not a tag's")


def _plain(name: Field, value: Value) -> dict[str, str]:
    if name == "due" and (value is None or isinstance(value, date)):
        day = value.date() if isinstance(value, datetime) else value
        return {"due_date": day.isoformat() if day else ""}
    if name == "subject" and isinstance(value, str) and not isinstance(value, StrEnum):
        return {"title": value}
    raise Unwritable(name, f"an issue cannot hold {value!r} as its {name}")


def _put_word(
    side: Side, wanted: Change, name: Field, value: Value, labels: Collection[str], state: str
) -> None:
    """Set the field's label and take away its others: on Free no scope is exclusive (reference 6.1)."""
    word = _native(side, name, value, labels, state)
    wanted.remove |= {label for label in labels if side.labels[name].owns(label)} - {word}
    if word not in (OPENED, CLOSED, NOTHING):
        wanted.add.add(word)
    if name == "status" and (word == CLOSED) != (state == CLOSED):
        wanted.event = "close" if word == CLOSED else "reopen"


def _native(side: Side, name: Field, value: Value, labels: Collection[str], state: str) -> str:
    if value is None and name != "status":
        return NOTHING
    if not isinstance(value, WORDS[name]):
        raise Unwritable(name, f"{name} cannot be {value!r}")
    present = side.native(name, labels, state)
    return side.labels[name].lens.put(value, Native(present) if present else None)
