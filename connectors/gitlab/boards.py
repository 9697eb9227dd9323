"""A customer's board in a project or a group, limited to the customer's label, a list for each status label.

What a tier allows is told by the boards that there are (reference 6.3): Premium limits boards to labels and
gives a group many; Free does neither, and a project for each customer serves there, whose own board shows
nobody else's issues. What is left to do is told as a step for a person, and nothing is deleted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import requests

from connectors.errors import Rejected
from connectors.gitlab.labels import Side
from connectors.gitlab.read import Reader, pages
from connectors.gitlab.wire import BOARD, BOARDS, LABELS, Board, parse
from mappings.boards import BoardSpec, BoardView, Step
from mappings.ticket import Status

_COLOUR = "#6699cc"
"""Of labels that the hub makes; anybody may change it."""


@dataclass(frozen=True, slots=True)
class Boards:
    """Plans and makes boards in the projects and groups of one connection."""

    reader: Reader
    side: Side

    def show(self, spec: BoardSpec, url: str) -> BoardView | None:
        """Return the board as it is; `url` is where people open GitLab."""
        owner = self.reader.directory.board_owner(spec.project)
        board = _ours(spec, self._boards(owner))
        if board is None:
            return None
        folder = f"groups/{spec.project}" if owner.startswith("groups/") else spec.project
        limits = ", ".join(sorted(board.scope))
        return BoardView(
            name=board.name,
            url=f"{url}/{folder}/-/boards/{board.id}",
            shows=f"issues with the label {limits}" if limits else f"all issues of {spec.project}",
            columns=tuple(column.label.name for column in board.lists or () if column.label),
        )

    def plan(self, spec: BoardSpec) -> list[Step]:
        """Return what would make the board as specified; what Free does not take is a person's to do."""
        owner = self.reader.directory.board_owner(spec.project)
        there = self._boards(owner)
        board = _ours(spec, there)
        if full := _full(spec, owner, there) or _taken(spec, there):
            return [full]
        steps = [Step(what) for what in self._lacking(spec, owner, board)]
        if spec.whole or (board and spec.label in board.scope):
            return steps
        limit = Step(f"limit the board {spec.name!r} to the label {spec.label!r}")
        return [*steps, limit if all(one.limits for one in there) else _by_hand(spec)]

    def apply(self, spec: BoardSpec) -> list[Step]:
        """Make the board as specified; return what only a person can do. Nothing is deleted."""
        try:
            owner = self.reader.directory.board_owner(spec.project)
            there = self._boards(owner)
            if full := _full(spec, owner, there) or _taken(spec, there):
                return [full]
            labels = self._labels(spec, owner)
            board = _ours(spec, there) or self._board(self._post(f"{owner}/boards", {"name": spec.name}))
            if board.limits and not spec.whole and spec.label not in board.scope:
                board = self._scoped(spec, owner, board)
            for name in self._missing_lists(spec, board):
                self._post(f"{owner}/boards/{board.id}/lists", {"label_id": labels[name]})
        except Rejected as error:
            return [
                Step(f"make the board {spec.name!r} in {spec.project} by hand ({error.text})", manual=True)
            ]
        return [] if spec.whole or spec.label in board.scope else [_by_hand(spec)]

    def _lacking(self, spec: BoardSpec, owner: str, board: Board | None) -> Iterator[str]:
        known = self._known(owner)
        for name in self._needed(spec):
            if name not in known:
                yield f"make the label {name!r}"
        if board is None:
            yield f"make the board {spec.name!r} in {spec.project}"
        for name in self._missing_lists(spec, board):
            yield f"add a list for {name!r}"

    def _columns(self, spec: BoardSpec) -> list[str]:
        """Return the status labels that are to have a list: those asked for, or all in our words' order."""
        status = self.side.labels.get("status")
        written = status.lens.writes if status else {}
        words = [*spec.columns] or [*map(Status, written)]
        return [written[word] for word in words if "::" in written.get(word, "")]

    def _needed(self, spec: BoardSpec) -> list[str]:
        """Return the labels that a board is made of."""
        return [*([] if spec.whole else [spec.label]), *self._columns(spec)]

    def _missing_lists(self, spec: BoardSpec, board: Board | None) -> list[str]:
        shown = board.columns if board else frozenset()
        return [name for name in self._columns(spec) if name not in shown]

    def _boards(self, owner: str) -> list[Board]:
        return [board for rows, _ in pages(self.reader.http, BOARDS, f"{owner}/boards", {}) for board in rows]

    def _scoped(self, spec: BoardSpec, owner: str, board: Board) -> Board:
        """Limit a board to the label; creating takes no scope (reference 6.3)."""
        sent = {"name": spec.name, "labels": spec.label}
        path = f"{owner}/boards/{board.id}"
        return self._board(self.reader.http.call("PUT", path, json=sent, idempotent=True))

    def _labels(self, spec: BoardSpec, owner: str) -> dict[str, int]:
        """Return the id of each label that the board needs, made where it is missing."""
        known = self._known(owner)
        for name in self._needed(spec):
            if name not in known:
                self._post(f"{owner}/labels", {"name": name, "color": _COLOUR})
        return self._known(owner)

    def _known(self, owner: str) -> dict[str, int]:
        found = pages(self.reader.http, LABELS, f"{owner}/labels", {})
        return {label.name: label.id for rows, _ in found for label in rows}

    def _post(self, path: str, sent: dict[str, object]) -> requests.Response:
        return self.reader.http.call("POST", path, json=sent, idempotent=False)

    def _board(self, response: requests.Response) -> Board:
        return parse(BOARD, self.side.connection, response, once=response.request.method == "POST")


def _ours(spec: BoardSpec, there: list[Board]) -> Board | None:
    """Return the board; names are not unique, so the one with our scope goes first."""
    same = [board for board in there if board.name == spec.name]
    return next((board for board in same if spec.label in board.scope), same[0] if same else None)


def _full(spec: BoardSpec, owner: str, there: list[Board]) -> Step | None:
    """Return what a person must do where a group has its one board already, which is all that Free gives."""
    if not owner.startswith("groups/") or _ours(spec, there) or not there or all(b.limits for b in there):
        return None
    return Step(
        f"give {spec.customer} a project of their own and name it as the board's project: on Free a group"
        f" has one board, and that of {spec.project} is {there[0].name!r}",
        manual=True,
    )


def _taken(spec: BoardSpec, there: list[Board]) -> Step | None:
    """Return what a person must do where a board of that name is limited to something else already.

    Nothing tells whether it is somebody's own board, or ours whose label was renamed.
    """
    board = _ours(spec, there)
    if spec.whole or board is None or not board.scope or spec.label in board.scope:
        return None
    limits = ", ".join(repr(name) for name in sorted(board.scope))
    return Step(
        f"the board {spec.name!r} in {spec.project} is limited to {limits}: if it is {spec.customer}'s, limit"
        f" it to the label {spec.label!r}, or give the label back its name; else give one of the two boards"
        " another name",
        manual=True,
    )


def _by_hand(spec: BoardSpec) -> Step:
    return Step(
        f"limit the board {spec.name!r} in {spec.project} to the label {spec.label!r} (it needs Premium; on"
        " Free, give them a project of their own and name it in their `projects`)",
        manual=True,
    )
