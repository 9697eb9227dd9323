"""The page that says which test proves which rule tells the truth."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PAGE = TESTS.parent / "docs" / "rules-and-tests.md"
_NAMED = re.compile(r"`([\w/]+\.py)::(\w+)`")


def rows(page: str) -> list[tuple[str, str]]:
    """Return what each row of the page's tables is about, and what it says about tests."""
    cells = [line.strip("|").split(" | ") for line in page.splitlines() if line.startswith("| ")]
    return [(first.strip(), rest.strip()) for first, rest in cells if rest.strip(" |") != "test"]


def problem(said: str) -> str | None:
    """Return what is wrong with what a row says, or None."""
    named = _NAMED.findall(said)
    if not named:
        return None if re.match(r"none: \w", said) else "it names no test and does not say why"
    missing = [f"{file}::{name}" for file, name in named if name not in defined(file)]
    return f"there is no {', '.join(missing)}" if missing else None


@cache
def defined(file: str) -> frozenset[str]:
    """Return the functions that a file below `tests` defines; none if there is no such file."""
    path = TESTS / file
    if not path.is_file():
        return frozenset()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize(("about", "said"), rows(PAGE.read_text(encoding="utf-8")))
def test_every_rule_names_tests_that_exist(about: str, said: str) -> None:
    """Whoever trusts the page would trust a rule that nothing proves any more."""
    assert problem(said) is None, about


def test_the_page_has_all_its_tables() -> None:
    """A table that is not read would never be found wrong."""
    page = PAGE.read_text(encoding="utf-8")
    assert page.count("| test |") == 3
    assert len(rows(page)) == sum(line.startswith("| ") for line in page.splitlines()) - 3


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("`test_rules_and_tests.py::test_the_page_has_all_its_tables` |", None),
        ("`test_rules_and_tests.py::test_nothing` |", "there is no"),
        ("`sync/test_nowhere.py::test_nothing` |", "there is no"),
        ("none: nothing to prove |", None),
        ("none |", "names no test"),
        ("one day |", "names no test"),
    ],
)
def test_a_planted_lie_is_found(said: str, expected: str | None) -> None:
    """The check would pass whatever the page says."""
    found = problem(said)
    assert (found is None) if expected is None else (expected in (found or ""))
