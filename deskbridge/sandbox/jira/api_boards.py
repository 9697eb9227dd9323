"""Boards over filters; their columns can be read only (reference, 7.1)."""

from __future__ import annotations

from starlette.responses import Response

from deskbridge.sandbox.jira import api_search, catalogue, errors, jql_match, show_issue
from deskbridge.sandbox.jira.api_filters import may_see
from deskbridge.sandbox.jira.api_projects import page_bean
from deskbridge.sandbox.jira.model import Board, Json
from deskbridge.sandbox.jira.wire import Call, Rule, optional
from deskbridge.sandbox.kernel import reply

LONGEST_NAME = 255


def _board(call: Call) -> Board:
    found = call.site.boards.get(call.id())
    if found is None or not may_see(call.caller, call.site.filters[found.filter]):
        raise errors.refusal(404, "Board does not exist or you do not have permission to see it.")
    return found


def _agile(call: Call, tail: str) -> str:
    return f"{call.site.base_url}/rest/agile/1.0/{tail}"


def _shown_board(call: Call, board: Board) -> Json:
    shown: Json = {
        "id": board.id,
        "self": _agile(call, f"board/{board.id}"),
        "name": board.name,
        "type": board.type,
    }
    return shown | _location(call, board) | {"isPrivate": not call.site.filters[board.filter].shares}


def _location(call: Call, board: Board) -> Json:
    if board.project is None:
        return {}
    home = call.site.projects[board.project]
    location = {
        "projectId": int(home.id),
        "displayName": f"{home.name} ({home.key})",
        "projectName": home.name,
        "projectKey": home.key,
        "projectTypeKey": "software",
        "avatarURI": f"{call.site.base_url}/avatar/{home.id}/24.png",
        "name": f"{home.name} ({home.key})",
    }
    return {"location": location}


def list_boards(call: Call) -> Response:
    """Return boards by a part of their name, type, project; a page at a time."""
    return reply(_board_page(call, [board for board in _visible(call) if _is_asked(call, board)]))


def _visible(call: Call) -> list[Board]:
    filters = call.site.filters
    return [board for board in call.site.boards.values() if may_see(call.caller, filters[board.filter])]


def _is_asked(call: Call, board: Board) -> bool:
    types, project = call.listed("type"), call.query("projectKeyOrId")
    home = call.site.projects[board.project] if board.project else None
    return (
        call.query("name").lower() in board.name.lower()
        and (not types or board.type in types)
        and (not project or (home is not None and project.upper() in (home.key, home.id)))
        and call.query("filterId") in ("", str(board.filter))
    )


def _board_page(call: Call, boards: list[Board]) -> Json:
    start, size = call.page()
    page = page_bean(call, [_shown_board(call, board) for board in boards], start, size, "")
    return {name: value for name, value in page.items() if name not in ("self", "nextPage")}


def boards_of_filter(call: Call) -> Response:
    """Return the boards that stand on a filter."""
    found = [board for board in _visible(call) if str(board.filter) == call.path("id")]
    return reply(_board_page(call, found))


def create_board(call: Call) -> Response:
    """Make a board over a filter; its name need not be its own."""
    body = call.object()
    name, kind = optional(body, "name", str, ""), optional(body, "type", str, "")
    wrong: dict[str, str] = {}
    if not 0 < len(name.strip()) <= LONGEST_NAME:
        wrong["name"] = "The board name must be from 1 to 255 characters long."
    if kind not in ("kanban", "scrum"):
        wrong["type"] = "The board type must be 'kanban' or 'scrum'."
    filter = call.site.filters.get(optional(body, "filterId", int, 0))
    if filter is None or not may_see(call.caller, filter):
        wrong["filterId"] = "The filter does not exist or you do not have permission to view it."
    if wrong or filter is None:
        raise errors.refusal(400, errors=wrong)
    home = _home(call, optional(body, "location", dict, {}))
    made = Board(call.site.next_id("board", 1), name, kind, filter.id, home, call.user.account_id)
    call.site.boards[made.id] = made
    return reply(_shown_board(call, made), 201)


def _home(call: Call, location: Json) -> str | None:
    if location.get("type") != "project":
        return None
    return call.site.project(call.caller, location.get("projectKeyOrId")).id


def get_board(call: Call) -> Response:
    """Return a board."""
    return reply(_shown_board(call, _board(call)))


def delete_board(call: Call) -> Response:
    """Delete a board; its filter stays."""
    board = _board(call)
    if board.owner != call.user.account_id and not call.user.project_admin:
        raise errors.forbidden("You do not have permission to delete this board.")
    del call.site.boards[board.id]
    return reply(status=204)


def configuration(call: Call) -> Response:
    """Return a board's columns. No public call changes them."""
    board = _board(call)
    shown = {name: value for name, value in _shown_board(call, board).items() if name != "isPrivate"}
    estimation = {"type": "none"} if board.type == "kanban" else {"type": "issueCount"}
    return reply(
        {
            **shown,
            "self": _agile(call, f"board/{board.id}/configuration"),
            "filter": {"id": str(board.filter), "self": call.url(f"filter/{board.filter}")},
            "subQuery": {"query": "fixVersion in unreleasedVersions() OR fixVersion is EMPTY"},
            "columnConfig": {"columns": _columns(call), "constraintType": "none"},
            "estimation": estimation,
            "ranking": {"rankCustomFieldId": 10019},
        }
    )


def _columns(call: Call) -> list[Json]:
    # A new board has a column for each category of status.
    columns = []
    for category in ("new", "indeterminate", "done"):
        mapped = [status.id for status in catalogue.STATUSES.values() if status.category == category]
        statuses = [{"id": id, "self": call.url(f"status/{id}")} for id in mapped]
        columns.append({"name": catalogue.CATEGORIES[category].name, "statuses": statuses})
    return columns


def board_issues(call: Call) -> Response:
    """Return the board's issues, paged the old way, with fields by default."""
    board = _board(call)
    start, size = call.page()
    jql = call.site.filters[board.filter].jql
    found = jql_match.prepare(call.site, call.caller, jql)
    rows = jql_match.select(call.site, found)
    if call.query("jql"):
        narrower = api_search.prepared(call.site, call.caller, call.query("jql"))
        rows = [row for row in rows if not narrower.errors and narrower.test(row)]
    names = show_issue.wanted(call.site, call.listed("fields"), ["*navigable"])
    shown = [show_issue.issue(call, row, names, call.listed("expand")) for row in rows[start : start + size]]
    return reply({"startAt": start, "maxResults": size, "total": len(rows), "issues": shown})


_BOARD = "/rest/agile/1.0/board"
RULES = [
    Rule("GET", _BOARD, list_boards),
    Rule("POST", _BOARD, create_board, sign_in=True),
    Rule("GET", _BOARD + "/filter/{id}", boards_of_filter),
    Rule("GET", _BOARD + "/{id}", get_board),
    Rule("DELETE", _BOARD + "/{id}", delete_board, sign_in=True, bare=True),
    Rule("GET", _BOARD + "/{id}/configuration", configuration),
    Rule("GET", _BOARD + "/{id}/issue", board_issues),
]
