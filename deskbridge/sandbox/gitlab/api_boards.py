"""Boards of projects and groups, and their lists, by tier (6.3)."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from deskbridge.sandbox.gitlab import access, entities, labels
from deskbridge.sandbox.gitlab.access import missing
from deskbridge.sandbox.gitlab.call import Call, Router, nothing
from deskbridge.sandbox.gitlab.paging import paged
from deskbridge.sandbox.gitlab.places import Group, Level, Owner
from deskbridge.sandbox.gitlab.records import Board, BoardList
from deskbridge.sandbox.kernel import Refused, reply

_SORTS = ("label_id", "assignee_id", "milestone_id", "iteration_id")


def routes(router: Router) -> list[Route]:
    """Return the routes of this module."""
    found = []
    for owner in ("projects", "groups"):
        many = f"/{owner}/{{id}}/boards"
        one, lists = f"{many}/{{board_id}}", f"{many}/{{board_id}}/lists"
        table = (
            ("GET", many, list_boards),
            ("POST", many, create_board),
            ("GET", one, show_board),
            ("PUT", one, edit_board),
            ("DELETE", one, delete_board),
            ("GET", lists, list_lists),
            ("POST", lists, create_list),
            ("GET", f"{lists}/{{list_id}}", show_list),
            ("PUT", f"{lists}/{{list_id}}", move_list),
            ("DELETE", f"{lists}/{{list_id}}", delete_list),
        )
        found += [router.route(*row) for row in table]
    return found


def _boards(call: Call, owner: Owner) -> list[Board]:
    return [board for board in call.site.boards.values() if board.owner is owner]


def _board(call: Call, owner: Owner) -> Board:
    board = call.row(call.site.boards, "board_id", "Board Not Found")
    if board.owner is not owner:
        raise missing("Board Not Found")
    return board


def _answer(call: Call, board: Board, status: int = 200) -> Response:
    return reply(entities.board(call.site, board, call.user), status)


def list_boards(call: Call) -> Response:
    """List the boards; names need not be unique."""
    rows = _boards(call, call.owner())
    return paged(call, rows, lambda one: entities.board(call.site, one, call.user))


def show_board(call: Call) -> Response:
    """Answer a board with its lists."""
    return _answer(call, _board(call, call.owner()))


def create_board(call: Call) -> Response:
    """Make a board without a scope: that takes a second call. A second group board is paid."""
    owner = call.owner()
    call.need(owner, Level.PLANNER)
    call.params.need("name")
    if isinstance(owner, Group) and not call.site.premium and _boards(call, owner):
        raise access.forbidden()
    board = Board(call.site.next("board"), _name(call.params.text("name")), owner)
    call.site.boards[board.id] = board
    return _answer(call, board, 201)


def _name(given: str | None) -> str:
    if not (given or "").strip():
        raise Refused(400, {"message": {"name": ["can't be blank"]}})
    return (given or "").strip()


def edit_board(call: Call) -> Response:
    """Change a board; its scope only on paid tiers, elsewhere that part is ignored."""
    owner, params = call.owner(), call.params
    call.need(owner, Level.PLANNER)
    board = _board(call, owner)
    if params.text("name") is not None:
        board.name = _name(params.text("name"))
    for name in ("hide_backlog_list", "hide_closed_list"):
        value = params.flag(name)
        if value is not None:
            setattr(board, name, value)
    if call.site.premium:
        _scope(call, board)
    return _answer(call, board)


def _scope(call: Call, board: Board) -> None:
    params, site = call.params, call.site
    if "labels" in params:
        found = (labels.find(site, board.owner, name) for name in params.words("labels"))
        board.labels = [label for label in found if label]
    if "milestone_id" in params:
        usable = {one.id: one for one in site.milestones_for(board.owner)}
        board.milestone = usable.get(params.number("milestone_id") or 0)
    if "assignee_id" in params:
        board.assignee = site.users.get(params.number("assignee_id") or 0)
    if "weight" in params:
        board.weight = params.number("weight")


def delete_board(call: Call) -> Response:
    """Take a board away; on groups that is paid."""
    owner = call.owner()
    call.need(owner, Level.PLANNER)
    board = _board(call, owner)
    if isinstance(owner, Group) and not call.site.premium:
        raise access.forbidden()
    del call.site.boards[board.id]
    return nothing()


def list_lists(call: Call) -> Response:
    """List a board's columns in order, without Open and Closed."""
    board = _board(call, call.owner())
    return paged(call, board.lists, lambda one: entities.board_list(call.site, board, one))


def _list(call: Call, board: Board) -> BoardList:
    return call.row({column.id: column for column in board.lists}, "list_id", "List Not Found")


def show_list(call: Call) -> Response:
    """Answer one column."""
    board = _board(call, call.owner())
    return reply(entities.board_list(call.site, board, _list(call, board)))


def create_list(call: Call) -> Response:
    """Add a column at the end, for exactly one thing; a group's board takes only the group's labels."""
    owner = call.owner()
    call.need(owner, Level.PLANNER)
    board = _board(call, owner)
    call.params.need_exactly_one(*(_SORTS if call.site.premium else _SORTS[:1]))
    column = _column(call, board)
    held = (column.label, column.assignee, column.milestone)
    if held in [(one.label, one.assignee, one.milestone) for one in board.lists]:
        raise Refused(400, {"message": {"label_id": ["has already been taken"]}})
    column.id = call.site.next("list")
    board.lists.append(column)
    return reply(entities.board_list(call.site, board, column), 201)


def _column(call: Call, board: Board) -> BoardList:
    params, site = call.params, call.site
    if "iteration_id" in params:
        raise Refused(501, {"sandbox": "the gitlab sandbox has no iterations"})
    usable = {label.id: label for label in site.labels_for(board.owner)}
    stones = {one.id: one for one in site.milestones_for(board.owner)}
    sources = (("label", usable), ("assignee", site.users), ("milestone", stones))
    for name, rows in sources:
        wanted = params.number(f"{name}_id")
        if f"{name}_id" in params and wanted not in rows:
            raise Refused(400, {"message": {"error": f"{name.capitalize()} not found!"}})
    label, user, stone = (params.number(f"{name}_id") or 0 for name, _ in sources)
    return BoardList(0, usable.get(label), site.users.get(user), stones.get(stone))


def move_list(call: Call) -> Response:
    """Put a column at another position, counted from 0."""
    owner = call.owner()
    call.need(owner, Level.PLANNER)
    call.params.need("position")
    board = _board(call, owner)
    column = _list(call, board)
    position = (call.params.number("position") or 0) - call.site.switches.list_base
    if not 0 <= position < len(board.lists):
        raise Refused(400, {"message": {"error": "Failed to move list"}})
    board.lists.remove(column)
    board.lists.insert(position, column)
    return reply(entities.board_list(call.site, board, column))


def delete_list(call: Call) -> Response:
    """Take a column away: for owners, as documented (a switch lets everybody who edits boards)."""
    owner = call.owner()
    call.need(owner, Level.OWNER if call.site.switches.owners_delete_lists else Level.PLANNER)
    board = _board(call, owner)
    board.lists.remove(_list(call, board))
    return nothing()
