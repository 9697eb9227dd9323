"""A vocabulary is a lens: what was written for a word reads back as it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from enum import StrEnum
from importlib.resources import files
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.ticket import Field, Priority, Status, Unmapped
from mappings.vocabulary import (
    WORDS,
    Native,
    Vocabulary,
    VocabularyError,
    held,
    vocabularies,
    vocabulary,
)

SYSTEMS = sorted(path.name.removesuffix(".toml") for path in (files("mappings") / "tables").iterdir())
TABLES = [
    pytest.param(system, field, id=f"{system}.{field}")
    for system in SYSTEMS
    for field in vocabularies(system, {})
]
Table = Mapping[str, Mapping[str, str]]
W = TypeVar("W", bound=StrEnum)


@st.composite
def sound_tables(draw: st.DrawFn) -> Table:
    """Tables that keep the laws: some words written (and read from several natives), the others folded."""
    words = draw(st.permutations(list(Status)))
    count = draw(st.integers(1, len(words)))
    read, write = dict[str, str](), dict[str, str]()
    for number, word in enumerate(words[:count]):
        category = draw(st.booleans())
        write[word] = f"{'category:' if category else ''}n{number}"
        read[write[word]] = word
        for extra in range(draw(st.integers(0, 2))):
            read[f"n{number}-{extra}"] = word
    fold = {word.value: draw(st.sampled_from(words[:count])).value for word in words[count:]}
    return {"read": read, "write": write, "fold": fold}


def natives(table: Table) -> list[Native]:
    """Every native word that a system with this table can show, and one it cannot translate."""
    shown = [Native("unheard-of"), Native("unheard-of", "other")]
    for word in table.get("read", {}):
        category = word.removeprefix("category:")
        shown += [Native(word)] if category == word else [Native("10041", category)]
    return shown


def check_laws(table: Table, v: Vocabulary[W], words: type[W]) -> None:
    """The laws themselves, said anew."""
    for word in words:
        held_as = v.hold(word)
        assert v.hold(held_as) == held_as, "a fold ends at a word that is written"
        for present in [None, *natives(table)]:
            native = v.put(word, present)
            category = native.removeprefix("category:") if native.startswith("category:") else None
            if present is not None and native == present.word:
                category = present.category
            assert v.get(Native(native, category)) == held_as, "PutGet"
    for present in natives(table):
        value = v.get(present)
        if not isinstance(value, Unmapped):
            assert v.put(value, present) == present.word, "GetPut"
            assert v.hold(value) == value, "what is read can be told apart"


@given(sound_tables())
def test_a_table_that_loads_keeps_the_laws(table: Table) -> None:
    """A field would flap: what the hub wrote would be read as something else and be mirrored back."""
    check_laws(table, vocabulary(Status, table, "t"), Status)


@pytest.mark.parametrize(("system", "field"), TABLES)
def test_the_shipped_tables_keep_the_laws(system: str, field: Field) -> None:
    """The tables that everybody starts with must hold what is promised of any table."""
    table = tomllib.loads((files("mappings") / "tables" / f"{system}.toml").read_text("utf-8"))
    check_laws(table[field], vocabularies(system, {})[field], WORDS[field])


@given(sound_tables(), st.data())
def test_one_broken_row_is_reported_with_table_and_word(table: Table, data: st.DataObject) -> None:
    """A person who mistypes one row must be told which; a table that loads broken writes wrong words."""
    word = data.draw(st.sampled_from(sorted(table["write"])))
    broken = {part: dict(rows) for part, rows in table.items()}
    harm = data.draw(
        st.sampled_from(["not written", "both", "read differently", "not read", "fold on", "read folded"])
    )
    match harm:
        case "not written":
            del broken["write"][word]
            wanted = f"t: {word} can be neither written nor folded"
        case "both":
            broken["fold"][word] = word
            wanted = f"t: {word} is both written and folded"
        case "read differently":
            broken["read"][broken["write"][word]] = next(s for s in Status if s != word)
            wanted = f"t.write.{word}: '{broken['write'][word]}' does not read back as {word}"
        case "not read":
            del broken["read"][broken["write"][word]]
            wanted = f"t.write.{word}: '{broken['write'][word]}' does not read back as {word}"
        case "read folded":
            other = next(s for s in Status if s != word)
            broken["write"].pop(word)
            broken["fold"][word] = other
            broken["read"]["31337"] = word
            wanted = f"t.read.31337: {word} is folded, so what is read could not be written"
        case _:
            other = next(s for s in Status if s != word)
            broken["write"].pop(word)
            broken["write"].pop(other, None)
            broken["fold"] |= {word: other, other: word}
            wanted = f"t.fold.{word}: {other} is not a written word"
    with pytest.raises(VocabularyError) as caught:
        vocabulary(Status, broken, "t")
    assert wanted in caught.value.problems


def test_words_that_do_not_exist_are_reported_all_at_once() -> None:
    """A settings file is corrected in one go, not by one start per mistake."""
    table = {"read": {"1": "opne"}, "write": {"opened": "1"}, "fold": {"close": "open", "closed": "shut"}}
    with pytest.raises(VocabularyError) as caught:
        vocabulary(Status, table, "desk.status")
    problems = "\n".join(caught.value.problems)
    for where in ("read.1: 'opne'", "write: 'opened'", "fold: 'close'", "fold.closed: 'shut'"):
        assert f"desk.status.{where} is not one of open, in_progress" in problems
    assert "desk.status: open can be neither written nor folded" in problems


def test_problems_of_several_fields_are_reported_together() -> None:
    """As above, over all the fields of a connection, unknown fields included."""
    overrides = {
        "status": {"write": {"open": "99"}},
        "priority": {"write": {"urgent": "3"}},
        "colour": {"read": {"1": "red"}},
    }
    with pytest.raises(VocabularyError) as caught:
        vocabularies("freshdesk", overrides)
    assert [problem.split(":")[0] for problem in caught.value.problems] == [
        "freshdesk.colour",
        "freshdesk.status.write.open",
        "freshdesk.priority.write.urgent",
    ]


@pytest.mark.parametrize("system", SYSTEMS)
def test_urgent_is_never_high(system: str) -> None:
    """A ticket that nobody can work with would be served as one among many, and its clock run too long."""
    priority = vocabularies(system, {}).get("priority")
    if priority is not None:
        assert priority.hold(Priority.URGENT) is Priority.URGENT
        urgent, high = (priority.put(word, None) for word in (Priority.URGENT, Priority.HIGH))
        assert urgent != high
        assert (priority.get(Native(urgent)), priority.get(Native(high))) == (Priority.URGENT, Priority.HIGH)


@pytest.mark.parametrize("field", ["status", "priority"])
@pytest.mark.parametrize("system", [s for s in SYSTEMS if s != "memory"])
def test_words_are_ids_categories_or_labels(system: str, field: Field) -> None:
    """A table of names fails on the first account that speaks another language or renames a status."""
    fixed = {"opened", "closed"}  # GitLab's API says these in every language
    for word in vocabularies(system, {})[field].reads:
        assert word in fixed or re.fullmatch(r"\d+|category:[a-z_]+|[a-z]+::[a-z0-9-]+", word), word


def test_a_category_is_read_after_the_exact_word() -> None:
    """One custom status would otherwise change the meaning of all the others of its category."""
    rows = {"read": {"10041": "waiting_on_customer"}, "write": {"waiting_on_customer": "10041"}}
    lenses = vocabularies("jira", {"status": rows})
    status = lenses["status"]
    assert status.get(Native("10041", "indeterminate")) is Status.WAITING_ON_CUSTOMER
    assert status.get(Native("3", "indeterminate")) is Status.IN_PROGRESS
    assert status.get(Native("3")) == Unmapped("3")
    assert status.get(Native("3", "none")) == Unmapped("3")


def test_a_written_override_takes_its_word_out_of_the_folds() -> None:
    """One row must be enough to teach a connection a word that its system's table folds."""
    rows = {"read": {"6": "waiting_on_vendor"}, "write": {"waiting_on_vendor": "6"}}
    status = vocabularies("freshdesk", {"status": rows})["status"]
    assert status.hold(Status.WAITING_ON_VENDOR) is Status.WAITING_ON_VENDOR
    assert status.put(Status.WAITING_ON_VENDOR, Native("2")) == "6"
    assert status.hold(Status.IN_PROGRESS) is Status.OPEN


def test_a_word_that_is_folded_cannot_be_read() -> None:
    """A status that a person chose would be overwritten by the one that stands for it, again and again."""
    with pytest.raises(VocabularyError) as caught:
        vocabularies("freshdesk", {"status": {"read": {"6": "waiting_on_vendor"}}})
    assert caught.value.problems == [
        "freshdesk.status.read.6: waiting_on_vendor is folded, so what is read could not be written"
    ]


def test_a_folded_override_takes_its_word_out_of_the_written() -> None:
    """The other way round: an account without a status must be able to say what stands for it."""
    status = vocabularies("gitlab", {"status": {"fold": {"waiting_on_vendor": "in_progress"}}})["status"]
    assert status.put(Status.WAITING_ON_VENDOR, None) == "status::in-progress"
    assert status.get(Native("status::blocked")) is Status.IN_PROGRESS


@given(st.sampled_from(SYSTEMS), st.sampled_from(sorted(Status)))
def test_an_override_of_one_field_changes_no_other(system: str, word: Status) -> None:
    """Settings for statuses must not move priorities."""
    before = vocabularies(system, {})
    held_as = before["status"].hold(word)
    after = vocabularies(system, {"status": {"read": {"31337": held_as.value}}})
    assert {field for field, v in after.items() if v != before[field]} == {"status"}


def test_a_field_without_a_table_is_not_translated() -> None:
    """Jira's issue types differ from site to site: nothing may be guessed of them."""
    lenses = vocabularies("jira", {})
    assert "type" not in lenses
    assert held(lenses, "type", Status.OPEN) is Status.OPEN
    assert held(lenses, "status", Status.CLOSED) is Status.RESOLVED
