"""Searches that stay open: evaluated and sorted once, then kept up to date by what changed since.

Pages follow keys, not offsets: an issue that moves behind the page just read comes again, one that
moves before it is missed - as with the real thing (reference, 2.1).
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from deskbridge.sandbox.jira import jql_plan
from deskbridge.sandbox.jira.jql_match import Found, indexed, sort_value
from deskbridge.sandbox.jira.model import Issue, User
from deskbridge.sandbox.jira.state import Site

MOST_OPEN = 32
Key = tuple[Any, ...]


class _Down:
    """A text that sorts the other way round."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __lt__(self, other: _Down) -> bool:
        return other.text < self.text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Down) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)


class Search:
    """The issues that one caller's query finds, in order, as the index shows them."""

    def __init__(self, site: Site, caller: User | None, found: Found, fresh: Iterable[int] = ()) -> None:
        self._site, self._caller, self._found = site, caller, found
        self.fresh = set(fresh)
        """Ids that are read from the store whatever the index says."""
        self.marks: list[Key] = []
        self._order = _order(site, found)
        self._keys: dict[int, Key] = {}
        self._journal = len(site.journal)
        self._lagging: set[int] = set()
        rows = () if found.errors else jql_plan.candidates(site, caller, found.query.where)
        self._evaluate(rows)
        self.ids = sorted(self._keys, key=self._keys.__getitem__)

    def row(self, id: int) -> Issue | None:
        """Return an issue as this search sees it, None when it doesn't (any more)."""
        issue = self._site.issues.get(id)
        if issue is None or id in self.fresh:
            return issue
        return indexed(self._site, issue)

    def _evaluate(self, ids: Iterable[int]) -> None:
        test, sees = self._found.test, self._site.sees
        for id in ids:
            row = self.row(id)
            if row is not None and not row.archived and sees(self._caller, row) and test(row):
                self._keys[id] = self._order(row)
            if (issue := self._site.issues.get(id)) is not None and issue.stale is not None:
                self._lagging.add(id)

    def refresh(self) -> None:
        """Take in what changed since the last look, in time that the changes need, not the whole."""
        changed = {*self._site.journal[self._journal :], *self._lagging, *self.fresh}
        self._journal, self._lagging = len(self._site.journal), set()
        if not changed or self._found.errors:
            return
        known = self._keys
        if not known.keys().isdisjoint(changed):
            self.ids = [id for id in self.ids if id not in changed]
        for id in changed:
            known.pop(id, None)
        self._evaluate(changed)
        for id in changed:
            if id in known:
                insort(self.ids, id, key=known.__getitem__)

    def after(self, page: int, size: int) -> tuple[list[int], bool]:
        """Return the ids behind the mark of a page (0: from the start), and whether they are the last."""
        if page > len(self.marks):
            return [], True
        start = bisect_right(self.ids, self.marks[page - 1], key=self._keys.__getitem__) if page else 0
        shown = self.ids[start : start + size]
        if shown:
            self.marks[page:] = [self._keys[shown[-1]]]
        return shown, start + size >= len(self.ids)

    def rows(self, ids: Iterable[int]) -> list[Issue]:
        """Return issues as this search sees them."""
        found = (self.row(id) for id in ids)
        return [row for row in found if row is not None]


def _order(site: Site, found: Found) -> Callable[[Issue], Key]:
    gets = [(get, down) for name, down in found.query.order if (get := sort_value(site, name))]
    if not found.query.order:
        return lambda row: (-row.id,)
    return lambda row: (*(_part(get(row), down) for get, down in gets), row.id)


def _part(value: Any, down: bool) -> Key:
    # Empty values stand at the end, whichever the direction.
    if value is None:
        return (1,)
    if isinstance(value, datetime):
        value = value.timestamp()
    if down:
        return (0, _Down(value) if isinstance(value, str) else -value)
    return (0, value)


def open_search(site: Site, name: str, make: Callable[[], Search]) -> Search:
    """Return the search that is open under a name, up to date; made when there is none."""
    open_ones: dict[str, Search] = site.searches
    search = open_ones.pop(name, None)
    if search is None:
        search = make()
    else:
        search.refresh()
    open_ones[name] = search
    while len(open_ones) > MOST_OPEN:
        open_ones.pop(next(iter(open_ones)))
    return search


def offset_page(
    site: Site, caller: User | None, name: str, found: Callable[[], Found], start: int, size: int
) -> tuple[list[Issue], int]:
    """Return a page of the old kind, by offset, and the total; later pages don't search anew."""
    key = f"{caller.account_id if caller else ''} {name}"
    if start == 0:
        site.searches.pop(key, None)
    search = open_search(site, key, lambda: Search(site, caller, found()))
    return search.rows(search.ids[start : start + size]), len(search.ids)
