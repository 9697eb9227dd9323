"""The private addresses by which boards' web pages arrange columns: no contract (reference, 7.1)."""

from __future__ import annotations

from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from deskbridge.sandbox.jira import api_boards, errors
from deskbridge.sandbox.jira.model import Board, Json
from deskbridge.sandbox.jira.permissions import may
from deskbridge.sandbox.jira.wire import Call, Rule
from deskbridge.sandbox.kernel import Refused, reply


def _board(call: Call, id: Any) -> Board:
    if not call.site.switches.private_boards:
        raise HTTPException(404)
    board = call.site.boards.get(int(id)) if str(id).isdigit() else None
    if board is None:
        raise errors.refusal(404, "The requested board cannot be viewed.")
    if not may(call.user, "ADMINISTER_PROJECTS"):
        raise errors.forbidden("You are not an administrator of the board.")
    if board.kind == "next-gen" and call.request.method != "GET":
        raise Refused(500, {"message": "Internal server error", "status-code": 500})
    return board


def model(call: Call) -> Response:
    """Return what a board's settings page reads."""
    board = _board(call, call.query("rapidViewId"))
    columns = [
        {"id": n, "name": name, "mappedStatuses": [{"id": id} for id in ids], "min": "", "max": "", **limits}
        for n, (name, ids, limits) in enumerate(api_boards.mapped(call.site, board), start=1)
    ]
    head = {"id": board.id, "name": board.name, "isSprintSupportEnabled": board.type == "scrum"}
    return reply({**head, "rapidListConfig": {"mappedColumns": columns}, "canEdit": True})


def rename(call: Call) -> Response:
    """Give a board another name."""
    body = call.object()
    board = _board(call, body.get("id"))
    board.name = str(body.get("name") or board.name)
    return reply({"id": board.id, "name": board.name})


def columns(call: Call) -> Response:
    """Arrange a board's columns, all of them at once."""
    body = call.object()
    board = _board(call, body.get("rapidViewId"))
    given = body.get("mappedColumns")
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise errors.refusal(400, "mappedColumns is required.")
    board.columns = [_column(call, one) for one in given]
    return reply({"success": True})


def _column(call: Call, given: Json) -> Json:
    ids = [str(one.get("id")) for one in given.get("mappedStatuses") or () if isinstance(one, dict)]
    if not given.get("name") or not set(ids) <= set(call.site.statuses):
        raise errors.refusal(400, "A column needs a name and statuses that exist.")
    limits = {n: int(given[n]) for n in ("min", "max") if str(given.get(n) or "").isdigit()}
    return {"name": str(given["name"]), "statuses": ids, **limits}


def sub_query(call: Call) -> Response:
    """Set the sub-filter of a kanban board."""
    board = _board(call, call.path("id"))
    board.sub_query = str(call.object().get("query") or "")
    return reply({"query": board.sub_query})


def quick_filter(call: Call) -> Response:
    """Add a quick filter to a board."""
    board, body = _board(call, call.path("id")), call.object()
    made = {"id": call.site.next_id("quick filter", 1), "name": str(body.get("name") or "")}
    made |= {"jql": str(body.get("query") or ""), "description": str(body.get("description") or "")}
    board.quick_filters.append(made)
    return reply(made)


_G = "/rest/greenhopper/1.0/"
RULES = [
    Rule("GET", _G + "rapidviewconfig/editmodel.json", model, sign_in=True),
    Rule("PUT", _G + "rapidviewconfig/name", rename, sign_in=True),
    Rule("PUT", _G + "rapidviewconfig/columns", columns, sign_in=True),
    Rule("PUT", _G + "subqueries/{id}", sub_query, sign_in=True),
    Rule("POST", _G + "quickfilters/{id}", quick_filter, sign_in=True),
]
