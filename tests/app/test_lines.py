"""In which line of the settings something stands."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import ConfigError
from deskbridge.lines import lines_of
from deskbridge.settings import load
from tests.app.settings_files import CANARIES
from tests.app.settings_files import written as written_file

TEXT = '''\
trust = ["desk",   # first
  "jira",
]

[hub]  # comment with = and [brackets]
store = """
[not.a.table]
x = 1
"""
"quoted.key" = 'literal # no comment'

[[routes]]
name = "one"
tags = ["a"]
[[routes]]
name = "two: with.dots"
where = { priority = ["low"], "subject has" = { deep = 1 } }
[routes.sub]
x = 1

[policies.gold.targets]
low = { update = "4h", resolve = "1d" }
[[policies.gold.steps]]
at = "80 %"
[[policies.gold.steps]]
at = "breach"
note = "it's \\"late\\" = [1]"
[policies.gold]
calendar = "office"
a.b.c = 1979-05-27 07:32:00
'''
PLACES = [
    ("trust", 1),
    ("trust.1", 2),
    ("hub", 5),
    ("hub.store", 6),
    ("hub.quoted.key", 10),
    ("hub.secret", 5),
    ("not.a.table", None),
    ("routes.0.tags", 14),
    ("routes.one.tags.0", 14),
    ("routes.one.to", 12),
    ("routes.two: with.dots.where.priority.0", 17),
    ("routes.1.where.subject has.deep", 17),
    ("routes.1.sub.x", 19),
    ("routes.three.to", None),
    ("policies.gold.targets.low.update", 22),
    ("policies.gold.targets.high", 21),
    ("policies.gold.steps.1.note", 27),
    ("policies.gold.steps.0.note", 23),
    ("policies.gold", 28),
    ("policies.gold.a.b.c", 30),
    ("customers.orbit", None),
]


@pytest.mark.parametrize(("place", "line"), PLACES, ids=[place for place, _ in PLACES])
def test_the_line_of_a_place(place: str, line: int | None) -> None:
    """Somebody would look for a mistake in the wrong line of a long file."""
    assert lines_of(TEXT).of(place) == line


def test_a_text_that_is_no_toml() -> None:
    """A file that cannot be read would have lines all the same."""
    with pytest.raises(ValueError, match="table declaration"):
        lines_of("[hub")


def keys(value: Any, place: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every place in a document."""
    if place:
        yield place
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in pairs:
        yield from keys(part, (*place, str(key)))


@pytest.mark.parametrize("file", ["settings.toml", "pyproject.toml"])
def test_every_key_of_a_real_file(file: str) -> None:
    """A key that is not found has its problem told at another one."""
    text = (Path(__file__).parents[2] / file).read_text("utf-8")
    lines = lines_of(text)
    rows = text.splitlines()
    for place in keys(tomllib.loads(text)):
        if not any(char in part for part in place for char in '.:"*/'):
            line = lines.of(".".join(place))
            assert line is not None, place
            assert place[-1].isdecimal() or place[-1] in rows[line - 1], place


_WORDS = st.text("ab'\"\\#=[]{},.\n\té ", max_size=8)
_VALUES = st.recursive(
    st.one_of(_WORDS, st.integers(), st.booleans(), st.dates()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS, inner, max_size=3),
    max_leaves=8,
)


def written(value: Any) -> str:
    """A value as TOML, on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{quoted(k)} = {written(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(written(v) for v in value) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return quoted(value) if isinstance(value, str) else str(value)


def quoted(text: str) -> str:
    """A basic string."""
    signs = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}
    return '"' + "".join(signs.get(char, char) for char in text) + '"'


@given(st.lists(_VALUES, max_size=6), st.lists(st.integers(0, 2), min_size=6, max_size=6))
def test_any_document(values: list[Any], blanks: list[int]) -> None:
    """A value that looks like something else would shift every line after it, or find no end."""
    rows = list[str]()
    wanted = dict[str, int]()
    for number, (value, gap) in enumerate(zip(values, blanks, strict=False)):
        rows += ["# x = [1"] * gap
        rows.append(f"k{number} = {written(value)}  # {{")
        wanted[f"k{number}"] = len(rows)
    text = "\n".join(rows)
    lines = lines_of(text)
    assert {key: lines.of(key) for key in tomllib.loads(text)} == wanted


BROKEN = """
[hub]
secret = "env:DESKBRIDGE_SECRET"

[connections.desk]
system = "freshdesk"
role = "front"
url = "https://desk.example"
secret = "env:FRESHDESK_API_KEY"

[calendars.lunch]
zone = "Europe/Rome"
week = { "mon-thu" = ["09:00-13:00", "14:00-18:00"], fri = [
  "09:00-13:00", "12:00-14:00"] }

[calendars.mars]
zone = "Mars/Olympus"
always = true

[calendars.land]
zone = "Europe/Rome"
week = { mon = ["09:00-13:00"] }
country = "QQ"

[calendars.other]
zone = "UTC"
always = true
colour = "blue"

[policies.bare]
[policies.bare.targets]
urgent = { first_response = "1h elapsed" }
low = { update = "4h", resolve = "48h elapsed" }

[policies.never]
priorities = ["high"]
targets = { low = { resolve = "4h elapsed" } }

[policies.lone]
targets = { low = { resolve = "4h elapsed" } }

[[policies.lone.steps]]
at = "80 %"
note = "soon"

[[policies.lone.steps]]
at = "breach"

[customers.acme]
name = "Acme"
zone = "Europe/Rome"
domains = ["acme.example"]
policy = ["bare", "never"]

[customers.twin]
name = "Twin"
zone = "Europe/Rome"
domains = ["other.example", "acme.example"]
"""
EXPECTED = [
    "line 13: calendars.lunch.week: the frames fri 09:00-13:00 and fri 12:00-14:00 overlap",
    "line 17: calendars.mars.zone: no time zone 'Mars/Olympus'; write it like Europe/Rome",
    "line 23: calendars.land.country: no 'QQ'; write its two letters, like IT",
    "line 28: calendars.other.colour: there is no such key; did you mean 'country'?",
    "line 33: policies.bare.targets.low.update: in which working time? name a calendar",
    "line 36: policies.never.priorities: it can never match: nothing is promised at any of these",
    "line 39: policies.lone: it can never match: no customer has it",
    "line 46: policies.lone.steps.1: it does nothing; write notify, note, assign, raise_priority or label",
    "line 53: customers.acme.policy: never can never match: bare before it takes all that it would",
    "line 58: customers.twin.domains: acme.example is also in customers.acme.domains",
]


def told(path: Path) -> list[str]:
    """What is told of a file."""
    with pytest.raises(ConfigError) as caught:
        load(path, CANARIES)
    return [line.removeprefix(f"{path}: ") for line in caught.value.problems]


def test_all_bad_input_is_told_at_once_by_line(tmp_path: Path) -> None:
    """Somebody who wrote a long file would look for each mistake by its dots, and start the hub ten times."""
    path = tmp_path / "settings.toml"
    path.write_text(BROKEN, "utf-8")
    found = told(path)
    for one, expected in zip(found, EXPECTED, strict=True):
        assert one.startswith(expected)


def test_what_a_variable_overrides_has_no_line(tmp_path: Path) -> None:
    """The file's line would be changed, and nothing would be better."""
    path = written_file(tmp_path, ("[policies.standard]", "[policies.standard]\nnotice = 3"))
    with pytest.raises(ConfigError) as caught:
        load(path, CANARIES | {"DESKBRIDGE_HUB__SINCE": "x", "DESKBRIDGE_POLICIES__STANDARD__NOTICE": "y"})
    assert [line.partition(": ")[2].partition(": ")[0] for line in caught.value.problems] == [
        "DESKBRIDGE_HUB__SINCE",
        "DESKBRIDGE_POLICIES__STANDARD__NOTICE",
    ]
