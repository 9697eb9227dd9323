"""Whether the fields of a copy say what the source's say, each by its tool's own words. Pure.

Words are compared by what they mean, as far as the target can tell them apart. A field of which the source
says nothing is not compared: a tool may insist on something.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from connectors.recount import RawValue
from mappings.ticket import FIELDS, Field, Unmapped, Word
from mappings.vocabulary import WORDS, Native, Vocabularies, held
from sync.migrate.compare import CHANGED_FIELD, Difference

_SHORTENED = 200
"""Characters that what a tool has shortened has at least."""
_SAID = 60
"""Characters of a value that are told."""
_UNMAPPED = "unmapped: "


@dataclass(frozen=True, slots=True, kw_only=True)
class Travelling:
    """What the rules of a run send, and what makes a value the same there."""

    fields: Collection[Field]
    source: Vocabularies
    target: Vocabularies
    number: str
    """The label by which a ticket is found again; empty for none."""
    kept: Collection[str]
    """Tags that are the hub's own, or steer it: they do not travel."""
    elsewhere: Callable[[Collection[str]], Collection[str]]
    """Tells how the target names somebody whom the source names so; nobody if no table of people says."""
    reasons: Collection[tuple[str, str]]
    """What of the ticket was left out, and why, as it was recorded and stands."""


def values_compared(
    source: Mapping[Field, RawValue], target: Mapping[Field, RawValue], rules: Travelling
) -> list[Difference]:
    """Return the fields of the target that do not say what the source does, with what is known of why."""
    found = []
    for name in (name for name in FIELDS if name in rules.fields and name in source and name in target):
        here, there = source[name], target[name]
        if name == "tags":
            found += list(_tags(here, there, rules))
        elif here.said and (why := _differs(name, here, there, rules)):
            found.append(_known(name, there, why, rules))
    return found


def meaning(lenses: Vocabularies, name: Field, value: RawValue) -> str:
    """Return what a field says in canonical words, as the side keeps them; of any other field its words."""
    lens = lenses.get(name)
    if lens is None or name not in WORDS or not value.said:
        return ", ".join(value.said)
    word = lens.get(Native(value.said[0], value.category))
    return f"{word.native!r}" if isinstance(word, Unmapped) else str(held(lenses, name, cast(Word, word)))


def _differs(name: Field, here: RawValue, there: RawValue, rules: Travelling) -> str:
    """Return what is different, in a person's words; empty where it is the same."""
    if name == "assignee":
        wanted = rules.elsewhere(here.said)
        if not wanted:
            return f"{_UNMAPPED}the table of people does not say who {here.said[-1]} is"
        same = bool({one.casefold() for one in wanted} & {one.casefold() for one in there.said})
        return "" if same else _told(wanted, there.said)
    lens = rules.source.get(name)
    if lens is not None and name in WORDS:
        word = lens.get(Native(here.said[0], here.category))
        if isinstance(word, Unmapped):
            return f"{_UNMAPPED}{word.native}"
        wanted_word, stands = (
            str(held(rules.target, name, cast(Word, word))),
            meaning(rules.target, name, there),
        )
        return "" if wanted_word == stands else _told((wanted_word,), (stands,) if stands else ())
    same = any(_same(here.said[0], one) for one in there.said)
    return "" if same or not _line(here.said[0]) else _told(here.said, there.said)


def _known(name: Field, there: RawValue, why: str, rules: Travelling) -> Difference:
    reason = next((said for what, said in rules.reasons if name in _named(what)), "")
    if why.startswith(_UNMAPPED):
        return Difference(name, reason or why, explained=True, field=name, recorded=bool(reason))
    if there.edited:
        return Difference(name, CHANGED_FIELD, explained=True, changed=True, field=name)
    if reason:
        return Difference(name, reason, explained=True, field=name, recorded=True)
    return Difference(name, why, field=name, unknown=there.edited is None)


def _tags(here: RawValue, there: RawValue, rules: Travelling) -> Iterator[Difference]:
    """Yield the tags that are not there, by letters and digits: tools spell them in their own ways."""
    clocks = rules.source.get("sla")
    own = {*clocks.reads, *clocks.writes.values()} if clocks else set()
    kept, stands = {_letters(tag) for tag in (*rules.kept, *own)}, [_letters(tag) for tag in there.said]
    wanted = [tag for tag in here.said if (word := _letters(tag)) and word not in kept]
    for tag in [*wanted, *([rules.number] if rules.number else ())]:
        word = _letters(tag)
        if word in stands or any(len(one) >= _SHORTENED and word.startswith(one) for one in stands):
            continue
        what = f"tag {tag[:_SAID]!r}"
        about = [said for about, said in rules.reasons if "tags" in _named(about)]
        reason = next((said for said in about if not said.startswith("not taken") or tag in said), "")
        if there.edited:
            yield Difference(what, CHANGED_FIELD, explained=True, changed=True, field="tags")
        elif reason:
            yield Difference(what, reason, explained=True, field="tags", recorded=True)
        else:
            yield Difference(what, "it is not there", field="tags", unknown=there.edited is None)


def _named(what: str) -> list[str]:
    """Return the fields that a remark is about: ``status (desk)``, ``priority, type``."""
    return [name.partition(" (")[0] for name in what.split(", ")]


def _told(wanted: Collection[str], stands: Collection[str]) -> str:
    here, there = (", ".join(one)[:_SAID] for one in (wanted, stands))
    return (
        f"it should say {here!r} and says {there!r}" if there else f"it should say {here!r} and says nothing"
    )


def _same(here: str, there: str) -> bool:
    """Whether two lines are the same, or one is as much of the other as a tool takes."""
    wanted, stands = _line(here), _line(there)
    cut = stands.rstrip("….").rstrip()
    return wanted == stands or (len(stands) >= _SHORTENED and wanted.startswith(cut))


def _line(text: str) -> str:
    """Return what a person reads of a line: without controls, and blanks joined."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def _letters(tag: str) -> str:
    return re.sub(r"[\W_]+", "", tag.casefold())
