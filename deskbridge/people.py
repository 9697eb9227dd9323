"""Who is the same person in several tools: a table that people keep, one line for each of them.

The first column is the person's name, each other one is headed by a connection's name and says how that
tool's mentions name them: a Jira account id (on Data Center the user name), a GitLab user name.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator
from pathlib import Path

from deskbridge.words import nearest, unread

PERSON = "person"
"""What heads the first column."""

Row = dict[str, str]


def people_in(path: Path, connections: Collection[str]) -> tuple[list[dict[str, object]], list[str]]:
    """Return everybody in a file, and what is wrong with it, each problem with its line."""
    try:
        rows = list(csv.reader(path.read_text("utf-8-sig").splitlines(), strict=True))
    except (OSError, UnicodeDecodeError) as error:
        return [], [f"{path}: {unread(error)}"]
    except csv.Error as error:
        return [], [f"{path}: this is no table of comma-separated values ({error})"]
    head = [name.strip() for name in rows[0]] if rows else []
    problems = [f"{path}: line 1: {problem}" for problem in _headed(head, connections)]
    if problems:
        return [], problems
    people: list[dict[str, object]] = []
    first: dict[tuple[str, str], int] = {}
    for number, row in enumerate(rows[1:], start=2):
        cells = [cell.strip() for cell in row]
        if any(cells):
            found = list(_told(head, cells, number, first))
            problems += [f"{path}: line {number}: {problem}" for problem in found]
            keys = {name: key for name, key in zip(head[1:], cells[1:], strict=False) if key}
            people += [] if found else [{"name": cells[0], "keys": keys}]
    return people, problems


def _headed(head: list[str], connections: Collection[str]) -> Iterator[str]:
    """Yield what is wrong with the first line."""
    if head[:1] != [PERSON]:
        yield f"the first column is headed {PERSON!r}, the others by connections"
        return
    for name in dict.fromkeys(head[1:]):
        if name not in connections:
            yield f"no connection is called {name!r}{nearest(name, connections)}"
        elif head.count(name) > 1:
            yield f"there are two columns {name!r}"


def _told(head: list[str], cells: list[str], number: int, first: dict[tuple[str, str], int]) -> Iterator[str]:
    """Yield what is wrong with a line; `first` remembers where each name and key stood first."""
    if len(cells) != len(head):
        yield f"it has {len(cells)} cells, and the first line has {len(head)}"
        return
    if not cells[0]:
        yield "it names nobody"
    for column, cell in zip(head, cells, strict=True):
        if cell and (before := first.setdefault((column, cell.casefold()), number)) != number:
            yield f"{cell} stands in line {before} already"
