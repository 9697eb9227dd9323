"""Lists of issues that stay selected and sorted: a page of 100,000 issues must not sort them all.

A view is made by the first call that asks for its selection and order. Later calls bring it up to
date with the issues that changed meanwhile and take a slice.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Sequence
from typing import overload

from deskbridge.sandbox.gitlab.records import Issue

Key = tuple[float | str, int]
"""What an issue is sorted by: a value, and among equal ones its id."""
Test = Callable[[Issue], bool]
_REMEMBERED = 20_000
_HELD = 400_000


class Changes:
    """The issues that changed, in order. Views read on from where they were."""

    def __init__(self) -> None:
        self.epoch = 0
        self._rows: list[Issue] = []
        self._first = 0

    @property
    def now(self) -> int:
        """Return the place behind the last change."""
        return self._first + len(self._rows)

    def note(self, issue: Issue) -> None:
        """Remember that an issue was made, changed or deleted."""
        self._rows.append(issue)
        if len(self._rows) > 2 * _REMEMBERED:
            del self._rows[:_REMEMBERED]
            self._first += _REMEMBERED

    def renew(self) -> None:
        """Make all views void: something changed that they cannot follow, e.g. a label's name."""
        self.epoch += 1

    def since(self, place: int) -> list[Issue] | None:
        """Return the issues that changed since, or None when that is too long ago."""
        return self._rows[place - self._first :] if place >= self._first else None


class View:
    """The issues that pass a test, by their sorting key ascending."""

    def __init__(self, issues: dict[int, Issue], test: Test, value: Callable[[Issue], float | str]) -> None:
        self._issues, self._test, self._value = issues, test, value
        self.keys: list[Key] = []
        self._at: dict[int, Key] = {}

    def fill(self, issues: Iterable[Issue]) -> None:
        """Take in those of `issues` that belong here."""
        value = self._value
        self._at = {issue.id: (value(issue), issue.id) for issue in issues if self._test(issue)}
        self.keys = sorted(self._at.values())

    def follow(self, issue: Issue) -> None:
        """Put a changed issue where it belongs now, if anywhere."""
        old = self._at.pop(issue.id, None)
        if old is not None:
            del self.keys[bisect_left(self.keys, old)]
        if issue.id in self._issues and self._test(issue):
            key = self._at[issue.id] = (self._value(issue), issue.id)
            insort(self.keys, key)

    def rows(self, low: float | None = None, high: float | None = None, *, down: bool = False) -> Rows:
        """Return the issues with values from `low` to `high`, both inclusive, in either direction."""
        first = 0 if low is None else bisect_left(self.keys, (low, -1))
        last = len(self.keys) if high is None else bisect_right(self.keys, (high, 1 << 62))
        return Rows(self._issues, self.keys, first, max(first, last), down=down)


class Rows(Sequence[Issue]):
    """A part of a view, read like a list."""

    def __init__(
        self, issues: dict[int, Issue], keys: list[Key], first: int, last: int, *, down: bool
    ) -> None:
        self._issues, self._keys, self._first, self._last, self._down = issues, keys, first, last, down

    def __len__(self) -> int:
        return self._last - self._first

    @overload
    def __getitem__(self, at: int) -> Issue: ...
    @overload
    def __getitem__(self, at: slice) -> list[Issue]: ...
    def __getitem__(self, at: int | slice) -> Issue | list[Issue]:
        if isinstance(at, int):
            return self[at : at + 1][0]
        start, stop, _ = at.indices(len(self))
        return [self._issues[key[1]] for key in self._cut(start, max(start, stop))]

    def _cut(self, start: int, stop: int) -> list[Key]:
        if not self._down:
            return self._keys[self._first + start : self._first + stop]
        return self._keys[self._last - stop : self._last - start][::-1]

    def after(self, key: Key | None, size: int) -> tuple[list[Issue], Key | None]:
        """Return up to `size` issues behind a key, and the key to go on behind, if there are more."""
        start = 0 if key is None else self._behind(key)
        found = self._cut(start, min(len(self), start + size))
        more = bool(found) and start + size < len(self)
        return [self._issues[id] for _, id in found], found[-1] if more else None

    def _behind(self, key: Key) -> int:
        if self._down:
            return self._last - min(max(bisect_left(self._keys, key), self._first), self._last)
        return min(max(bisect_right(self._keys, key), self._first), self._last) - self._first


class Views:
    """The views that calls have asked for lately; the oldest go when they hold too much."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._known: dict[object, tuple[View, int, int]] = {}

    def get(self, name: object, make: Callable[[], tuple[View, Iterable[Issue]]]) -> View:
        """Return the view of that name up to date; `make` gives an empty one and its candidates."""
        view, place, epoch = self._known.pop(name, (None, 0, -1))
        changed = self._changes.since(place) if epoch == self._changes.epoch else None
        if view is None or changed is None:
            view, candidates = make()
            view.fill(candidates)
        else:
            for issue in dict.fromkeys(changed):
                view.follow(issue)
        self._known[name] = (view, self._changes.now, self._changes.epoch)
        self._forget()
        return view

    def _forget(self) -> None:
        held = sum(len(view.keys) for view, _, _ in self._known.values())
        while len(self._known) > 1 and (held > _HELD or len(self._known) > 64):
            view, _, _ = self._known.pop(next(iter(self._known)))
            held -= len(view.keys)
