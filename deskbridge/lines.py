"""In which line of a TOML file each key stands, so that a problem is found where it was written. Pure.

`tomllib`, which reads the settings, tells no lines. What it has accepted is walked through once more here,
for the places of keys alone; no value is taken from this.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from pathlib import Path

Keys = tuple[str | int, ...]

_GAP = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BLANKS = re.compile(r"[ \t]*")
_PART = re.compile(r"""[ \t]*("(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[A-Za-z0-9_-]+)[ \t]*""")
_VALUE = re.compile(
    r'''"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?'{3,5}|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[^,\]}\n#]+''', re.DOTALL
)


def lines_of(text: str) -> Lines:
    """Return the lines of the keys in a TOML text. Raises ValueError if it is none."""
    tomllib.loads(text)
    scan = _Scan(text)
    scan.whole()
    return Lines(scan.found, scan.named)


def placed(path: Path, problems: Iterable[str]) -> list[str]:
    """Return problems, each beginning with its place in a file, with the file's name and the line."""
    lines = lines_of(path.read_text("utf-8"))
    found = [(lines.of(problem.partition(": ")[0]), problem) for problem in problems]
    return [f"{path}: line {n}: {text}" if n else f"{path}: {text}" for n, text in found]


class Lines:
    """Where keys stand; lines are counted from one."""

    def __init__(self, found: dict[Keys, int], named: dict[tuple[Keys, str], int]) -> None:
        self._found, self._named = found, named

    def of(self, place: str) -> int | None:
        """Return the line of a place like ``policies.gold.targets``, or of what is nearest above it.

        One of a list is meant by its number or by its name. None if nothing of it stands in the file.
        """
        path, parts, line = Keys(), place.split("."), None
        while parts:
            found = next((f for n in range(len(parts), 0, -1) if (f := self._step(path, parts[:n]))), None)
            if found is None:
                # Of a list it is one that cannot be told, and the list's first line would mislead; but not
                # where it is one that is missing at the end.
                known = (*path, 0) not in self._found or parts[0].isdecimal()
                return line if known else None
            path, line = found[0], self._found[found[0]]
            parts = parts[found[1] :]
        return line

    def _step(self, path: Keys, parts: Sequence[str]) -> tuple[Keys, int] | None:
        word = ".".join(parts)
        index = int(word) if word.isdecimal() else self._named.get((path, word))
        for one in (word, index):
            if one is not None and (*path, one) in self._found:
                return (*path, one), len(parts)
        return None


class _Scan:
    """One walk through a text that is known to be TOML."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]
        self._counts: dict[Keys, int] = {}
        """How many tables each array of tables has so far."""
        self.found: dict[Keys, int] = {}
        self.named: dict[tuple[Keys, str], int] = {}
        """(list, name) -> the number of the one that has this `name`."""

    def whole(self) -> None:
        table = Keys()
        while self._after(_GAP) < len(self._text):
            if self._text.startswith("[", self._at):
                many = self._text.startswith("[[", self._at)
                table = self._header(many=many)
            else:
                self._pair(table)

    def _after(self, pattern: re.Pattern[str]) -> int:
        """Go on behind what a pattern finds here, and return where that is."""
        found = pattern.match(self._text, self._at)
        if found is None:
            raise ValueError(f"this is no TOML at {self._at}")
        self._at = found.end()
        return self._at

    def _header(self, *, many: bool) -> Keys:
        line, path = self._line(), Keys()
        self._at += 2 if many else 1
        parts = self._key()
        self._at += 2 if many else 1
        for number, part in enumerate(parts, 1):
            path = (*path, part)
            self.found.setdefault(path, line)
            if many and number == len(parts):
                self._counts[path] = self._counts.get(path, 0) + 1
            if path in self._counts:
                path = (*path, self._counts[path] - 1)
        self.found[path] = line
        return path

    def _key(self) -> list[str]:
        parts = list[str]()
        while True:
            start = self._at
            word = self._text[start : self._after(_PART)].strip(" \t")
            parts.append(_text(word) if word[0] in "\"'" else word)
            if not self._text.startswith(".", self._at):
                return parts
            self._at += 1

    def _pair(self, table: Keys) -> None:
        line, path = self._line(), table
        for part in self._key():
            path = (*path, part)
            self.found.setdefault(path, line)
        self._at += 1  # the sign =
        start = self._after(_BLANKS)
        self._value(path)
        if path[-1] == "name" and len(path) > 1 and isinstance(path[-2], int):
            written = self._text[start : self._at]
            if written[0] in "\"'":
                self.named.setdefault((path[:-2], _text(written)), path[-2])

    def _value(self, path: Keys) -> None:
        self._after(_BLANKS)
        opening = self._text[self._at]
        if opening not in "[{":
            self._after(_VALUE)
            return
        self._at += 1
        number = 0
        while self._text[self._after(_GAP)] not in "]}":
            if opening == "{":
                self._pair(path)
            else:
                self.found[*path, number] = self._line()
                self._value((*path, number))
                number += 1
            if self._text[self._after(_GAP)] == ",":
                self._at += 1
        self._at += 1

    def _line(self) -> int:
        return bisect_right(self._starts, self._at)


def _text(written: str) -> str:
    return str(tomllib.loads(f"x = {written}")["x"])
