"""Tables of priorities in the settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.errors import ConfigError
from deskbridge.desk import desk_of
from deskbridge.settings import load
from mappings.ticket import Impact, Priority, Urgency
from sync.rules import Table, When
from tests.app.settings_files import CANARIES, unplaced, written

ROWS = (
    'person = ["low", "low", "medium"]\ndepartment = ["low", "medium", "high"]\n'
    'organisation = ["medium", "high", "urgent"]\n'
)


def has(more: str = 'priorities = "more"') -> tuple[str, str]:
    """A customer with more settings."""
    return 'label = "orbit"', f'label = "orbit"\n{more}'


def table(folder: Path, text: str, more: str = 'priorities = "more"') -> Table | None:
    """The table of a customer."""
    desk = desk_of(load(written(folder, ("", f"[priorities.more]\n{text}"), has(more)), CANARIES))
    assert next(c for c in desk.customers if c.key == "lantern").table is None
    return next(c for c in desk.customers if c.key == "orbit").table


def test_a_table_with_people_who_go_first(tmp_path: Path) -> None:
    """Tickets would have another priority than was agreed with the customer."""
    more = 'priorities = "more"\nvips = ["Boss@orbit.example"]'
    found = table(tmp_path, f'{ROWS}vip = "high"\nsets = "always"\n', more)
    assert found is not None
    assert found.when == {When.ALWAYS}
    assert found.matrix.judged(Impact.DEPARTMENT, Urgency.MEDIUM).priority is Priority.MEDIUM
    assert found.matrix.judged(Impact.ORGANISATION, Urgency.HIGH).priority is Priority.URGENT
    assert found.matrix.judged(Impact.PERSON, Urgency.LOW, "boss@orbit.example").priority is Priority.HIGH


@pytest.mark.parametrize(
    ("preset", "priority"), [("three_levels", Priority.MEDIUM), ("five_levels", Priority.LOW)]
)
def test_a_presets_table(tmp_path: Path, preset: str, priority: Priority) -> None:
    """A desk that takes a preset would have to copy its table by hand."""
    found = table(tmp_path, f'preset = "{preset}"\n')
    assert found is not None
    assert found.when == {When.CREATE, When.SUGGEST}
    assert found.matrix.judged(Impact.PERSON, Urgency.HIGH).priority is priority


REFUSED = [
    (
        'person = ["low", "low", "low"]\n',
        'priorities = "more"',
        (
            "priorities.more: nothing is said of department and organisation; write three priorities for"
            " each, or a preset"
        ),
    ),
    (
        f'{ROWS}preset = "five_levels"\n',
        'priorities = "more"',
        (
            "priorities.more.preset: five_levels has rows of its own; leave person and department and"
            " organisation out, or it"
        ),
    ),
    (ROWS, "", "priorities.more: no customer has it"),
    (
        ROWS,
        'priorities = "moer"',
        "customers.orbit.priorities: there is no 'moer' among the priorities; did you mean 'more'?",
    ),
    (
        ROWS.replace('"urgent"', '"critical"'),
        'priorities = "more"',
        "priorities.more.organisation.2: no 'critical'; there are high, low, medium, urgent",
    ),
]


@pytest.mark.parametrize(("text", "more", "expected"), REFUSED, ids=[case[2][:50] for case in REFUSED])
def test_tables_that_are_refused(tmp_path: Path, text: str, more: str, expected: str) -> None:
    """A ticket would be judged by a table that has holes, or by none."""
    path = written(tmp_path, ("", f"[priorities.more]\n{text}"), has(more))
    with pytest.raises(ConfigError) as caught:
        load(path, CANARIES)
    assert expected in unplaced(path, caught.value.problems)


def test_people_who_go_first_by_no_table(tmp_path: Path) -> None:
    """Somebody would believe that they are served first."""
    path = written(tmp_path, has('vips = ["boss@orbit.example"]'))
    with pytest.raises(ConfigError) as caught:
        load(path, CANARIES)
    assert unplaced(path, caught.value.problems) == [
        "customers.orbit.vips: by which table do they go before others? name it with priorities"
    ]
