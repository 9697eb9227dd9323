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
_AT_LEAST = 200
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
        self._ids: list[int] = []
        self._journal = len(site.journal)
        self._lagging: set[int] = set()
        self._waiting: list[tuple[float, int]] = []
        """What nobody has looked at yet, the longest unchanged last: a first page needs only the oldest."""
        rows = () if found.errors else jql_plan.candidates(site, caller, found.query.where)
        if _oldest_change_first(site, found):
            self._waiting = _by_change(site, rows)
        else:
            self._evaluate(rows)
            self._ids = sorted(self._keys, key=self._keys.__getitem__)

    @property
    def ids(self) -> list[int]:
        """Return all that the query finds."""
        self._look_at(len(self._waiting))
        return self._ids

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
            self._ids = [id for id in self._ids if id not in changed]
        for id in changed:
            known.pop(id, None)
        self._evaluate(changed)
        for id in changed:
            if id in known:
                insort(self._ids, id, key=known.__getitem__)

    def after(self, page: int, size: int) -> tuple[list[int], bool]:
        """Return the ids behind the mark of a page (0: from the start), and whether they are the last."""
        if page > len(self.marks):
            return [], True
        start = bisect_right(self._ids, self.marks[page - 1], key=self._keys.__getitem__) if page else 0
        while self._waiting and not self._known_to(start + size):
            self._look_at(max(_AT_LEAST, len(self._ids)))
        shown = self._ids[start : start + size]
        if shown:
            self.marks[page:] = [self._keys[shown[-1]]]
        return shown, start + size >= len(self._ids)

    def _known_to(self, place: int) -> bool:
        """Whether nothing that waits could stand before what is at a place of the list."""
        return place < len(self._ids) and self._keys[self._ids[place]][0] < (0, self._waiting[-1][0])

    def _look_at(self, count: int) -> None:
        """Evaluate so many of those that wait; one that changed meanwhile may have been already."""
        if not count:
            return
        taken = [id for _, id in reversed(self._waiting[-count:]) if id not in self._keys]
        del self._waiting[-count:]
        self._evaluate(taken)
        self._ids += [id for id in taken if id in self._keys]
        self._ids.sort(key=self._keys.__getitem__)

    def rows(self, ids: Iterable[int]) -> list[Issue]:
        """Return issues as this search sees them."""
        found = (self.row(id) for id in ids)
        return [row for row in found if row is not None]


def _oldest_change_first(site: Site, found: Found) -> bool:
    """Whether a query asks for what polls ask for, of an index that is up to date."""
    order, late = found.query.order, site.switches.index_lag or site.switches.index_flicker
    return bool(order) and order[0][0].lower() == "updated" and not order[0][1] and not late


def _by_change(site: Site, rows: Iterable[int]) -> list[tuple[float, int]]:
    wanted, issues = set(rows), site.issues
    return [(issues[id].updated.timestamp(), id) for id in reversed(site.recent) if id in wanted]


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
