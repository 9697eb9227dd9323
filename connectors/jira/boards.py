"""A customer's board in Jira: a filter, owned by us, and a kanban board of it.

The filter finds the customer's label in a shared project, and everything in one of the customer's own.

The filter is found by the mark in its description, the board by a property (jira-api 7). Columns cannot
be changed by any public call, so they become steps for a person. Nothing is ever deleted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from connectors.base import ConnectionConfig
from connectors.errors import Gone, Rejected
from connectors.jira import board_wire, site_wire, wire
from connectors.jira.client import Client
from connectors.jira.find import PROPERTY
from connectors.jira.search import quoted
from connectors.jira.side import API
from connectors.jira.translate import status_word
from mappings.boards import BoardSpec, BoardView, Step

_AGILE = "agile/1.0"
_PAGE = 50


@dataclass(frozen=True, slots=True)
class _Seen:
    """What there is of a board, against its specification."""

    spec: BoardSpec
    project: wire.Project
    filter: board_wire.Filter | None
    board: board_wire.Board | None
    marked: bool
    by_hand: tuple[str, ...]
    """What only a person can do."""

    @property
    def drifted(self) -> bool:
        """Whether the filter finds something else than it should, or lost its name or mark."""
        kept = self.filter
        return kept is not None and (
            _plain(kept.jql) != query(self.spec)
            or kept.name != self.spec.name
            or _mark(self.spec) not in (kept.description or "")
        )

    @property
    def unshared(self) -> bool:
        """Whether the people of the project cannot see the filter."""
        return self.filter is not None and not any(
            share.type == "project" and share.project and share.project.id == self.project.id
            for share in self.filter.shares
        )

    def steps(self) -> Iterator[Step]:
        """Yield what is to be done."""
        name, key = repr(self.spec.name), self.project.key
        if self.filter is None:
            yield Step(f"create filter {name}: {query(self.spec)}, shared with project {key}")
        if self.drifted:
            yield Step(f"repair filter {name}: {query(self.spec)}")
        if self.unshared:
            yield Step(f"share filter {name} with project {key}")
        if self.board is None:
            yield Step(f"create kanban board {name} in project {key}")
        if not self.marked:
            yield Step(f"mark board {name} as the board of customer {self.spec.customer!r}")
        yield from (Step(what, manual=True) for what in self.by_hand)


class Boards:
    """Plans and makes the boards of one connection."""

    def __init__(self, client: Client, config: ConnectionConfig) -> None:
        self._client, self._http, self._url = client, client.http, config.url
        self._words = config.vocabularies["status"]

    def show(self, spec: BoardSpec) -> BoardView | None:
        """Return the board as it is. Nothing is written."""
        seen = self._look(spec)
        if seen.board is None or seen.filter is None:
            return None
        names = {id: status.name or id for id, status in self._statuses(spec.project).items()}
        columns = self._setup(seen.board.id).columns.columns
        return BoardView(
            name=seen.board.name,
            url=f"{self._url}/secure/RapidBoard.jspa?rapidView={seen.board.id}",
            shows=_plain(seen.filter.jql),
            columns=tuple(
                f"{column.name}: {', '.join(names.get(s.id, s.id) for s in column.statuses) or 'nothing'}"
                for column in columns
            ),
        )

    def plan(self, spec: BoardSpec) -> list[Step]:
        """Return what would make the board as specified. Nothing is written."""
        seen = self._look(spec)
        return [_team_managed(spec)] if seen.project.team_managed else list(seen.steps())

    def apply(self, spec: BoardSpec) -> list[Step]:
        """Make the board as specified, and return what a person must still do."""
        seen = self._look(spec)
        if seen.project.team_managed:
            return [_team_managed(spec)]
        if seen.filter is None:  # Data Center does not take whom it is shared with at once
            try:
                seen = replace(seen, filter=self._create_filter(seen))
            except Rejected as error:
                return [_refused(spec, error)]
        filter_id = seen.filter.id if seen.filter else ""
        if seen.drifted:
            self._http.call("PUT", f"{API}/filter/{filter_id}", idempotent=True, json=_filter(spec))
        if seen.unshared:
            share = {"type": "project", "projectId": seen.project.id}
            self._http.call("POST", f"{API}/filter/{filter_id}/permission", idempotent=True, json=share)
        board_id = seen.board.id if seen.board else self._create_board(spec, filter_id)
        if not seen.marked:
            mark = {"customer": spec.customer}
            self._http.call("PUT", _property(board_id), idempotent=True, json=mark)
        return [Step(what, manual=True) for what in self._by_hand(spec, filter_id, board_id)]

    def _look(self, spec: BoardSpec) -> _Seen:
        project = self._client.get(wire.Project, f"{API}/project/{spec.project}")
        kept = self._filter(spec)
        board, marked = self._board(spec, kept)
        by_hand = self._by_hand(spec, kept.id, board.id) if kept and board else ()
        return _Seen(spec, project, kept, board, marked, tuple(by_hand))

    def _filter(self, spec: BoardSpec) -> board_wire.Filter | None:
        """Return our filter of the customer, by its mark, else by its name where nobody's mark is on it."""
        same_name = None
        for kept in self._filters():
            description = kept.description or ""
            if _mark(spec) in description.splitlines():
                return kept
            if kept.name == spec.name and _MARK not in description:
                same_name = kept
        return same_name

    def _filters(self) -> Iterator[board_wire.Filter]:
        if not self._client.site().cloud:
            yield from self._client.get(board_wire.Filters, f"{API}/filter/favourite").root
            return
        query = {
            "accountId": self._client.side().me,
            "expand": "description,jql,sharePermissions",
            "maxResults": _PAGE,
        }
        for page in self._client.pages(board_wire.FilterPage, f"{API}/filter/search", query):
            yield from page.values

    def _board(self, spec: BoardSpec, kept: board_wire.Filter | None) -> tuple[board_wire.Board | None, bool]:
        """Return the customer's board, by its property, else by its name and filter; and if it is marked."""
        of_filter = self._boards(f"board/filter/{kept.id}", {}) if kept else []
        named = self._boards("board", {"projectKeyOrId": spec.project, "name": spec.name})
        for board in {board.id: board for board in (*of_filter, *named)}.values():
            if self._customer(board) == spec.customer:
                return board, True
        ours = (board for board in of_filter if board.name == spec.name and self._customer(board) is None)
        return next(ours, None), False

    def _boards(self, path: str, query: dict[str, Any]) -> list[board_wire.Board]:
        asked = {**query, "maxResults": _PAGE}
        pages = self._client.pages(board_wire.BoardPage, f"{_AGILE}/{path}", asked)
        return [board for page in pages for board in page.values]

    def _customer(self, board: board_wire.Board) -> object:
        try:
            value = self._client.get(wire.Property, _property(board.id)).value
        except Gone:
            return None
        return value.get("customer") if isinstance(value, dict) else None

    def _by_hand(self, spec: BoardSpec, filter_id: str, board_id: str) -> Iterator[str]:
        """Yield what is wrong with the board's own settings, which no public call changes."""
        setup, board = self._setup(board_id), f"board {spec.name!r}"
        if setup.filter.id != filter_id:
            yield f"choose filter {spec.name!r} for {board} (Board settings > General)"
        statuses, columns = self._statuses(spec.project), setup.columns.columns
        shown = {status.id for column in columns for status in column.statuses}
        for id, status in statuses.items():
            if id not in shown and self._words.get(status_word(status)) not in spec.columns:
                yield f"put status {status.name or id!r} into a column of {board} (Board settings > Columns)"
        yield from self._columns_by_hand(spec, statuses, columns)

    def _columns_by_hand(
        self, spec: BoardSpec, statuses: dict[str, wire.Status], columns: Sequence[board_wire.Column]
    ) -> Iterator[str]:
        """Yield where the columns are not one for each status of the specification, in its order."""
        places: list[int] = []
        for word in spec.columns:
            wanted = {id for id, s in statuses.items() if self._words.get(status_word(s)) == word}
            there = [n for n, c in enumerate(columns) if wanted & {s.id for s in c.statuses}]
            held = {s.id for n in there for s in columns[n].statuses} & set(statuses)
            if wanted and (len(there) != 1 or held != wanted):
                names = ", ".join(repr(statuses[id].name or id) for id in sorted(wanted))
                where = f"of board {spec.name!r} (Board settings > Columns)"
                yield f"for {word}, have one column {where} show {names} and nothing else"
            places += there[:1]
        if places != sorted(places):
            order = ", ".join(spec.columns)
            yield f"order the columns of board {spec.name!r} (Board settings > Columns): {order}"

    def _setup(self, board_id: str) -> board_wire.BoardConfiguration:
        return self._client.get(board_wire.BoardConfiguration, f"{_AGILE}/board/{board_id}/configuration")

    def _statuses(self, project: str) -> dict[str, wire.Status]:
        """Return the statuses of a project's issues by id."""
        kinds = self._client.get(site_wire.Workflows, f"{API}/project/{project}/statuses").root
        return {status.id: status for kind in kinds for status in kind.statuses}

    def _create_filter(self, seen: _Seen) -> board_wire.Filter:
        share = {"type": "project", "project": {"id": seen.project.id}}
        body = _filter(seen.spec) | {"sharePermissions": [share], "favourite": True}
        return self._client.send(board_wire.Filter, f"{API}/filter", json=body)

    def _create_board(self, spec: BoardSpec, filter_id: str) -> str:
        body: dict[str, Any] = {
            "name": spec.name,
            "type": "kanban",
            "filterId": int(filter_id),
        }
        if self._client.site().cloud:
            body["location"] = {"type": "project", "projectKeyOrId": spec.project}
        return self._client.send(wire.Made, f"{_AGILE}/board", json=body).id


_MARK = "deskbridge: board of customer "


def query(spec: BoardSpec) -> str:
    """Return the query whose issues a customer's board shows."""
    theirs = "" if spec.whole else f" AND labels = {quoted(spec.label)}"
    return f"project = {quoted(spec.project)}{theirs} ORDER BY Rank ASC"  # a key may be a word of JQL


def _team_managed(spec: BoardSpec) -> Step:
    return Step(
        f"choose a company-managed project for {spec.customer}: {spec.project} is team-managed, and the one"
        " board of its own cannot be set up by any call",
        manual=True,
    )


def _refused(spec: BoardSpec, error: Rejected) -> Step:
    """Return what a person must do where we may make no filter that others see."""
    right = "the global permission 'Share dashboards and filters'"
    what = f"give the hub's account {right}: the filter {spec.name!r} was refused ({error.text})"
    return Step(what, manual=True)


def _filter(spec: BoardSpec) -> dict[str, Any]:
    return {"name": spec.name, "jql": query(spec), "description": _mark(spec)}


def _mark(spec: BoardSpec) -> str:
    return f"{_MARK}{spec.customer}"


def _property(board_id: str) -> str:
    return f"{_AGILE}/board/{board_id}/properties/{PROPERTY}"


def _plain(jql: str) -> str:
    return " ".join(jql.split())
