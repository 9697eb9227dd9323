"""The table of people, extended by what was found and by nothing else. Pure but for reading and writing it.

What a person wrote stays as it is, to the letter: cells that were empty are filled, lines are added at the
end, columns on the right.
"""

from __future__ import annotations

import csv
import io
import os
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from connectors.errors import ConfigError
from deskbridge.first_people import PEOPLE
from deskbridge.migration.accounts import Accounts, Person, namesakes
from deskbridge.people import PERSON, people_in

_BOM = "\ufeff"
"""How spreadsheets begin a file in UTF-8."""
UNMATCHED = "unmatched.csv"
"""Who has no account that could be found, beside the table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What the table gets."""

    person: str
    keys: Mapping[str, str]
    """By connection: what is filled in."""
    line: int | None
    """The line that is filled; None for a new one."""


@dataclass(frozen=True, slots=True)
class Unmatched:
    """Somebody without an account on a connection, as far as is known."""

    person: str
    email: str
    former: bool
    connection: str
    perhaps: tuple[str, ...]
    """Accounts of the same name: for a person to judge."""
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Extended:
    """A table as it was and as it will be."""

    path: Path
    before: str
    after: str
    changes: tuple[Change, ...]
    unmatched: tuple[Unmatched, ...]
    differs: tuple[str, ...]
    """What the table says otherwise than was found; it stays as it is."""
    named: bool
    """Whether the settings name the table."""


def extended(settings: Path, connections: Sequence[str], accounts: Accounts) -> Extended:
    """Return what the table of people would become. Raises ConfigError for a table that cannot be read."""
    path, named = _table(settings)
    before = _read(path)
    mark, lines = before[: before.startswith(_BOM)], before.removeprefix(_BOM).splitlines()
    if lines:
        _, problems = people_in(path, connections)
        if problems:
            raise ConfigError(problems)
    rows = list(csv.reader(lines))
    head = [cell.strip() for cell in rows[0]] if rows else [PERSON, accounts.source]
    wide = [*head, *(name for name in _used(accounts) if name not in head)]
    table = _Table(
        head=wide, rows=[[*map(str.strip, row), *[""] * (len(wide) - len(row))] for row in rows[1:]]
    )
    changes, unmatched, differs = _compared(table, accounts)
    after = mark + _written(lines, wide, head, table, changes, "\r\n" if "\r\n" in before else "\n")
    return Extended(
        path=path,
        before=before,
        after=before if not changes else after,
        changes=tuple(changes),
        unmatched=tuple(unmatched),
        differs=tuple(differs),
        named=named,
    )


def save(path: Path, text: str) -> None:
    """Put a text in the place of a file's, whole or not at all; who may read the file stays the same."""
    mode = path.stat().st_mode if path.exists() else 0o600
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=path.parent, delete=False, newline=""
    ) as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    made = Path(file.name)
    made.chmod(mode)
    made.replace(path)


def unmatched_text(unmatched: Sequence[Unmatched]) -> str:
    """Return who has no account, as comma-separated values that a spreadsheet takes for no formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["person", "mail", "state", "connection", "why", "perhaps"])
    for one in unmatched:
        state = "former" if one.former else "agent"
        row = [one.person, one.email, state, one.connection, one.why, " ".join(one.perhaps)]
        writer.writerow([_harmless(cell) for cell in row])
    return text.getvalue()


@dataclass(slots=True)
class _Table:
    head: list[str]
    rows: list[list[str]]

    def find(self, column: str, key: str) -> int | None:
        """Return the row that holds a key in a column."""
        if column not in self.head or not key:
            return None
        place = self.head.index(column)
        return next((n for n, row in enumerate(self.rows) if row[place].casefold() == key.casefold()), None)

    def cell(self, row: int, column: str) -> str:
        return self.rows[row][self.head.index(column)]


def _compared(table: _Table, accounts: Accounts) -> tuple[list[Change], list[Unmatched], list[str]]:
    changes: list[Change] = []
    unmatched: list[Unmatched] = []
    differs: list[str] = []
    taken = {row[0].casefold() for row in table.rows if row}
    for person in accounts.people:
        found = {
            name: key
            for name, keys in accounts.theirs.items()
            if (key := keys.get(person.email.casefold())) and person.email
        }
        row = table.find(accounts.source, person.key)
        if row is None:
            row = next((r for name, key in found.items() if (r := table.find(name, key)) is not None), None)
        held = {name: table.cell(row, name) for name in table.head[1:]} if row is not None else {}
        wanted = {accounts.source: person.key, **found}
        free = {
            name: key
            for name, key in wanted.items()
            if not held.get(name) and table.find(name, key) in (None, row)
        }
        for name, key in wanted.items():
            if held.get(name) and held[name].casefold() != key.casefold():
                differs.append(
                    f"{person.name or person.key}: {name} is {held[name]} in the table and {key} there"
                )
        if row is not None and free:
            changes.append(Change(person=table.rows[row][0], keys=free, line=row + 2))
        elif row is None and found:
            called = _unique(person, taken)
            taken.add(called.casefold())
            changes.append(Change(person=called, keys=free, line=None))
        unmatched += _lacking(accounts, person, {**held, **found})
    return changes, unmatched, differs


def _lacking(accounts: Accounts, person: Person, held: Mapping[str, str]) -> Iterator[Unmatched]:
    for name in accounts.theirs:
        if not held.get(name):
            if not person.email:
                why = "no mail address is known"
            elif person.email.casefold() in accounts.twice.get(name, frozenset()):
                why = "several accounts have this address"
            else:
                why = "no account shows this address, nor is found by it"
            perhaps = tuple(namesakes(accounts, name, person))
            yield Unmatched(person.name or person.key, person.email, person.former, name, perhaps, why)


def _unique(person: Person, taken: set[str]) -> str:
    name = person.name or person.email or person.key
    return name if name.casefold() not in taken else f"{name} ({person.email or person.key})"


def _used(accounts: Accounts) -> list[str]:
    """Return the columns that are needed: the source, and where anybody was found."""
    return [accounts.source, *(name for name, keys in accounts.theirs.items() if keys)]


def _written(
    lines: list[str],
    wide: list[str],
    head: list[str],
    table: _Table,
    changes: Sequence[Change],
    ends: str,
) -> str:
    """Return the table's new text; a line that nothing is filled into stays as it is, but for new columns."""
    more = "," * (len(wide) - len(head))
    filled = {change.line: change for change in changes if change.line is not None}
    out = [_line(wide) if not lines or more else lines[0]]
    for number, line in enumerate(lines[1:], start=2):
        if number in filled:
            row = list(table.rows[number - 2])
            for name, key in filled[number].keys.items():
                row[wide.index(name)] = key
            out.append(_line(row))
        else:
            out.append(line + more if line.strip() else line)
    out += [
        _line([change.person, *(change.keys.get(name, "") for name in wide[1:])])
        for change in changes
        if change.line is None
    ]
    return ends.join(out) + ends


def _line(cells: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(cells)
    return text.getvalue()


def _table(settings: Path) -> tuple[Path, bool]:
    """Return where the table is, and whether the settings say so."""
    said = tomllib.loads(settings.read_text("utf-8")).get("people")
    return settings.parent / (said if isinstance(said, str) else PEOPLE), isinstance(said, str)


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"{path}: it cannot be read ({error})"]) from None


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def people_lines(found: Extended) -> Iterator[str]:
    """Yield what would be written, and what nobody could tell."""
    for change in found.changes:
        where = f"line {change.line}" if change.line else "new line"
        keys = ", ".join(f"{name} {key}" for name, key in change.keys.items())
        yield f"{where}: {change.person}: {keys}"
    yield from (f"left as it is: {line}" for line in found.differs)
    for one in found.unmatched:
        perhaps = f"; perhaps {' or '.join(one.perhaps)}, by name alone" if one.perhaps else ""
        who = f"{one.person} <{one.email}>" if one.email else one.person
        gone = " (has left)" if one.former else ""
        yield f"no account on {one.connection}: {who}{gone}: {one.why}{perhaps}"
    if not found.changes:
        yield f"{found.path} has everybody who can be found."
    if not found.named and (found.changes or found.before):
        yield f'the settings name no table yet: write people = "{found.path.name}" at their top'


def people_json(found: Extended) -> dict[str, object]:
    """Return the same as data."""
    return {
        "table": str(found.path),
        "changes": [{"person": c.person, "line": c.line, "keys": dict(c.keys)} for c in found.changes],
        "differs": list(found.differs),
        "unmatched": [
            {
                "person": one.person,
                "mail": one.email,
                "former": one.former,
                "connection": one.connection,
                "why": one.why,
                "perhaps": list(one.perhaps),
            }
            for one in found.unmatched
        ],
    }
