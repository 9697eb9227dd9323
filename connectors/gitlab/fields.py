"""Canonical values into what an issue is sent, the way back of `translate`. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from connectors.gitlab.labels import Side, is_closed
from connectors.gitlab.wire import CLOSED, Issue
from mappings.ticket import Field, Value
from mappings.vocabulary import NOTHING, WORDS, Native

_LONGEST = 255
"""Characters that a label's name may have."""


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
    people: list[int] | None = None
    """Whose the issue is to be; None: whose it is now."""
    add: set[str] = field(default_factory=set)
    remove: set[str] = field(default_factory=set)
    event: str = ""
    """``close``, ``reopen`` or nothing."""
    status: str = ""
    """The status to set, where the connection uses that field: a name, a category, opened or closed."""

    def body(self, issue: Issue) -> dict[str, str | list[int]]:
        """Return only what differs from the issue: an empty update is refused (reference 1.2)."""
        labels = set(issue.labels or ())
        has = {"title": issue.title, "due_date": issue.due_date.isoformat() if issue.due_date else ""}
        wanted = {
            "add_labels": ",".join(sorted(self.add - labels)),
            "remove_labels": ",".join(sorted((self.remove - self.add) & labels)),
            "state_event": self.event,
        }
        sent: dict[str, str | list[int]] = {n: value for n, value in self.plain.items() if has[n] != value}
        if self.people is not None and self.people != [user.id for user in issue.assignees or ()]:
            sent["assignee_ids"] = self.people or [0]  # which means nobody (reference 3.2)
        return sent | {name: value for name, value in wanted.items() if value}


def change(side: Side, values: Mapping[Field, Value], labels: Collection[str], status: Native) -> Change:
    """Return what gives an issue with these labels and this status the values. Raises Unwritable."""
    wanted = Change()
    for name, value in values.items():
        if name in side.labels:
            _put_word(side, wanted, name, value, labels, status)
        elif name == "tags" and isinstance(value, frozenset):
            tags = labels_of(side, value)
            wanted.add |= tags
            wanted.remove |= {label for label in labels if side.is_tag(label)} - tags
        elif name == "assignee":
            continue  # whom that means must be asked of the server
        else:
            wanted.plain |= _plain(name, value)
    return wanted


def labels_of(side: Side, tags: Iterable[str]) -> frozenset[str]:
    """Return the labels that tags are kept as.

    No label's name holds a comma (reference 3.3), so a dash stands for it. What cannot be a label, or would
    change a field, is left out: it is missing in the answer then, and the hub says that it was not taken.
    """
    labels = (re.sub(r"\s*,\s*", "-", tag).strip() for tag in tags)
    return frozenset(
        label for label in labels if label.strip("-") and len(label) <= _LONGEST and side.is_tag(label)
    )


def _plain(name: Field, value: Value) -> dict[str, str]:
    if name == "due" and (value is None or isinstance(value, date)):
        day = value.date() if isinstance(value, datetime) else value
        return {"due_date": day.isoformat() if day else ""}
    if name == "subject" and isinstance(value, str) and not isinstance(value, StrEnum):
        return {"title": value}
    raise Unwritable(name, f"an issue cannot hold {value!r} as its {name}")


def _put_word(
    side: Side, wanted: Change, name: Field, value: Value, labels: Collection[str], status: Native
) -> None:
    """Set the field's label and take away its others: on Free no scope is exclusive (reference 6.1)."""
    word = _native(side, name, value, labels, status)
    kept = side.labels[name]
    wanted.remove |= {label for label in labels if kept.owns(label)} - {word}
    if kept.owns(word):
        wanted.add.add(word)
    if name != "status":
        return
    if side.states and not kept.owns(word):
        wanted.status = "" if word == status.word else word
    elif (word == CLOSED) != is_closed(status):
        wanted.event = "close" if word == CLOSED else "reopen"


def _native(side: Side, name: Field, value: Value, labels: Collection[str], status: Native) -> str:
    if value is None and name != "status":
        return NOTHING
    if not isinstance(value, WORDS[name]):
        raise Unwritable(name, f"{name} cannot be {value!r}")
    return side.labels[name].lens.put(value, side.native(name, labels, status))
