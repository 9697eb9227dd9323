"""A customer's board: a project board scoped to the customer's label, with a list for each status label.

Scopes need Premium; on Free a customer has a project instead, whose own board shows nobody else's
issues (reference 6.3). What the server does not take is told as a step for a person.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import requests

from connectors.errors import Rejected
from connectors.gitlab.labels import Side
from connectors.gitlab.read import Reader, pages
from connectors.gitlab.wire import BOARD, BOARDS, LABELS, Board, parse
from mappings.boards import BoardSpec, Step

_COLOUR = "#6699cc"
"""Of labels that the hub makes; anybody may change it."""


@dataclass(frozen=True, slots=True)
class Boards:
    """Plans and makes boards in the projects of one connection."""

    reader: Reader
    side: Side

    def plan(self, spec: BoardSpec) -> list[Step]:
        """Return what would make the board as specified."""
        board = self._find(spec)
        return [Step(what) for what in self._lacking(spec, board)]

    def apply(self, spec: BoardSpec) -> list[Step]:
        """Make the board as specified; return what only a person can do. Nothing is deleted."""
        try:
            labels = self._labels(spec)
            board = self._find(spec) or self._board(self._post(spec, "boards", {"name": spec.name}))
            if spec.label not in board.scope:
                board = self._scoped(spec, board)
            for name in self._missing_lists(board):
                self._post(spec, f"boards/{board.id}/lists", {"label_id": labels[name]})
        except Rejected as error:
            return [
                Step(f"make the board {spec.name!r} in {spec.project} by hand ({error.text})", manual=True)
            ]
        if spec.label in board.scope:
            return []
        what = (
            f"limit the board {spec.name!r} in {spec.project} to the label {spec.label!r} (it needs Premium)"
        )
        return [Step(what, manual=True)]

    def _lacking(self, spec: BoardSpec, board: Board | None) -> Iterator[str]:
        known = self._known(spec)
        for name in (spec.label, *self._columns()):
            if name not in known:
                yield f"make the label {name!r}"
        if board is None:
            yield f"make the board {spec.name!r} in {spec.project}"
        elif spec.label not in board.scope:
            yield f"limit the board {spec.name!r} to the label {spec.label!r}"
        for name in self._missing_lists(board):
            yield f"add a list for {name!r}"

    def _columns(self) -> list[str]:
        """Return the status labels, in the order of the canonical words."""
        status = self.side.labels.get("status")
        written = status.lens.writes if status else {}
        return [label for label in written.values() if "::" in label]

    def _missing_lists(self, board: Board | None) -> list[str]:
        shown = board.columns if board else frozenset()
        return [name for name in self._columns() if name not in shown]

    def _find(self, spec: BoardSpec) -> Board | None:
        """Return the board; names are not unique, so the one with our scope goes first."""
        same = [
            b for rows, _ in pages(self.reader.http, BOARDS, self._path(spec, "boards"), {}) for b in rows
        ]
        same = [board for board in same if board.name == spec.name]
        return next((b for b in same if spec.label in b.scope), same[0] if same else None)

    def _scoped(self, spec: BoardSpec, board: Board) -> Board:
        """Limit a board to the label; creating takes no scope, and Free ignores it (reference 6.3)."""
        path = self._path(spec, f"boards/{board.id}")
        sent = {"name": spec.name, "labels": spec.label}
        return self._board(self.reader.http.call("PUT", path, json=sent, idempotent=True))

    def _labels(self, spec: BoardSpec) -> dict[str, int]:
        """Return the id of each label that the board needs, made where it is missing."""
        known = self._known(spec)
        for name in (spec.label, *self._columns()):
            if name not in known:
                self._post(spec, "labels", {"name": name, "color": _COLOUR})
        return self._known(spec)

    def _known(self, spec: BoardSpec) -> dict[str, int]:
        found = pages(self.reader.http, LABELS, self._path(spec, "labels"), {})
        return {label.name: label.id for rows, _ in found for label in rows}

    def _post(self, spec: BoardSpec, path: str, sent: dict[str, object]) -> requests.Response:
        return self.reader.http.call("POST", self._path(spec, path), json=sent, idempotent=False)

    def _board(self, response: requests.Response) -> Board:
        return parse(BOARD, self.side.connection, response)

    def _path(self, spec: BoardSpec, path: str) -> str:
        return f"projects/{self.reader.directory.project(spec.project)}/{path}"
