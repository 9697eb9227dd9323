"""Boards over filters; their columns can be read only (reference, 7.1)."""

from __future__ import annotations

from collections.abc import Callable

from starlette.responses import Response

from deskbridge.sandbox.jira import (
    api_search,
    board_pages,
    catalogue,
    errors,
    events,
    jql_match,
    show,
    workflow,
)
from deskbridge.sandbox.jira.api_filters import may_see
from deskbridge.sandbox.jira.api_projects import page_bean
from deskbridge.sandbox.jira.jql_match import Found
from deskbridge.sandbox.jira.model import Board, Issue, Json
from deskbridge.sandbox.jira.permissions import may
from deskbridge.sandbox.jira.state import Site
from deskbridge.sandbox.jira.wire import Call, Rule, View, optional
from deskbridge.sandbox.kernel import reply

LONGEST_NAME = 255


def _board(call: Call) -> Board:
    found = call.site.boards.get(call.id())
    if found is None or not may_see(call.caller, call.site.filters[found.filter]):
        raise errors.refusal(404, "Board does not exist or you do not have permission to see it.")
    return found


def board_of(call: Call) -> Board:
    """Return the board that the path names, if the caller sees its filter."""
    return _board(call)


def shown_board(call: View, board: Board) -> Json:
    """Return a board."""
    shown: Json = {
        "id": board.id,
        "self": call.agile(f"board/{board.id}"),
        "name": board.name,
        "type": board.type,
    }
    if not call.site.cloud:
        return shown
    return shown | _location(call, board) | {"isPrivate": not call.site.filters[board.filter].shares}


def _location(call: View, board: Board) -> Json:
    if board.project is None:
        return {}
    home = call.site.projects[board.project]
    location = {
        "projectId": int(home.id),
        "displayName": f"{home.name} ({home.key})",
        "projectName": home.name,
        "projectKey": home.key,
        "projectTypeKey": home.kind,
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
    place = call.query("projectTypeLocation")
    return (
        call.query("name").lower() in board.name.lower()
        and (not types or board.type in types)
        and (not project or (home is not None and project.upper() in (home.key, home.id)))
        and (not place or (home is not None and home.kind in call.listed("projectTypeLocation")))
        and call.query("filterId") in ("", str(board.filter))
    )


def _board_page(call: Call, boards: list[Board]) -> Json:
    start, size = call.page()
    if call.query("orderBy").lstrip("+-") == "name":
        boards = sorted(boards, key=lambda one: one.name.lower(), reverse=call.query("orderBy")[0] == "-")
    return page_bean(call, [shown_board(call, board) for board in boards], start, size, "")


def boards_of_filter(call: Call) -> Response:
    """Return the boards that stand on a filter."""
    start, size = call.page()
    found = [
        {"id": board.id, "name": board.name, "self": call.agile(f"board/{board.id}")}
        for board in _visible(call)
        if str(board.filter) == call.path("id")
    ]
    return reply(page_bean(call, found, start, size, ""))


def create_board(call: Call) -> Response:
    """Make a board over a filter; its name need not be its own."""
    body = call.object()
    name, kind = optional(body, "name", str, ""), optional(body, "type", str, "")
    wrong: dict[str, str] = {}
    if not 0 < len(name.strip()) <= LONGEST_NAME:
        wrong["name"] = "The board name must be from 1 to 255 characters long."
    if kind not in ("kanban", "scrum"):
        wrong["type"] = "The board type must be 'kanban' or 'scrum'."
    filter = call.site.filters.get(_number(body.get("filterId")))
    if filter is None or not may_see(call.caller, filter):
        wrong["filterId"] = "The filter does not exist or you do not have permission to view it."
    if wrong or filter is None:
        raise errors.refusal(400, errors=wrong)
    home = _home(call, optional(body, "location", dict, {})) if call.site.cloud else None
    made = Board(call.site.next_id("board", 1), name, kind, filter.id, home, call.user.account_id)
    if not may(call.user, "CREATE_SHARED_OBJECTS") and filter.owner == call.user.account_id:
        filter.shares = []  # without the permission the board is made private, silently
    call.site.boards[made.id] = made
    events.told(call.site, ["board_created"], board=shown_board(call, made))
    return reply(shown_board(call, made), 201)


def _number(value: object) -> int:
    """Return an id given as a number or (as the `jira` library does) as its digits."""
    return int(value) if isinstance(value, int | str) and str(value).isdigit() else 0


def _home(call: Call, location: Json) -> str | None:
    if location.get("type") != "project":
        return None
    return call.site.project(call.caller, location.get("projectKeyOrId")).id


def get_board(call: Call) -> Response:
    """Return a board."""
    return reply(shown_board(call, _board(call)))


def delete_board(call: Call) -> Response:
    """Delete a board; its filter stays."""
    board = _board(call)
    mine = board.owner == call.user.account_id or may(call.user, "ADMINISTER_PROJECTS")
    if not mine or board.kind == "next-gen":
        raise errors.forbidden("You do not have permission to delete this board.")
    events.told(call.site, ["board_deleted"], board=shown_board(call, board))
    del call.site.boards[board.id]
    return reply(status=204)


def configuration(call: Call) -> Response:
    """Return a board's columns. No public call changes them."""
    board = _board(call)
    kinds = {"kanban": {"type": "none"}, "scrum": {"type": "field", "field": _POINTS}}
    limited = any(column.get(name) is not None for column in board.columns for name in ("min", "max"))
    return reply(
        {
            "id": board.id,
            "name": board.name,
            "type": board.type,
            "self": call.agile(f"board/{board.id}/configuration"),
            **_place(call, board),
            "filter": {"id": str(board.filter), "self": call.url(f"filter/{board.filter}")},
            **({"subQuery": {"query": board.sub_query}} if board.type == "kanban" else {}),
            "columnConfig": {
                "columns": _columns(call, board),
                "constraintType": "issueCount" if limited else "none",
            },
            "estimation": kinds.get(board.type, {"type": "none"}),
            "ranking": {"rankCustomFieldId": catalogue.RANK},
        }
    )


def _place(call: Call, board: Board) -> Json:
    """Return where a board is, in the words of its configuration."""
    if board.project is None or not call.site.cloud:
        return {}
    home = call.site.projects[board.project]
    head = {"type": "project", "key": home.key, "id": home.id}
    return {"location": {**head, "self": call.url(f"project/{home.id}"), "name": home.name}}


_POINTS = {"fieldId": "customfield_10016", "displayName": "Story point estimate"}


def mapped(site: Site, board: Board) -> list[tuple[str, list[str], Json]]:
    """Return a board's columns: name, ids of statuses, and constraints. A new one has three."""
    if board.columns:
        return [
            (
                column["name"],
                column["statuses"],
                {n: column[n] for n in ("min", "max") if column.get(n) is not None},
            )
            for column in board.columns
        ]
    home = site.projects.get(board.project or "")
    ids = workflow.statuses(site, home) if home else list(site.statuses)
    return [
        (catalogue.CATEGORIES[key].name, [id for id in ids if site.statuses[id].category == key], {})
        for key in ("new", "indeterminate", "done")
    ]


def _columns(call: Call, board: Board) -> list[Json]:
    return [
        {"name": name, "statuses": [{"id": id, "self": call.url(f"status/{id}")} for id in ids], **limits}
        for name, ids, limits in mapped(call.site, board)
    ]


def issues_page(call: Call, board: Board, name: str, test: Callable[[Issue], bool] | None = None) -> Response:
    """Return the board's issues that pass a test, with fields by default.

    Only issues whose status is in a column are on the board (reference, 7.1).
    """
    shown = {id for _, ids, _ in mapped(call.site, board) for id in ids}

    def find() -> Found:
        found = jql_match.prepare(call.site, call.caller, call.site.filters[board.filter].jql)
        tests = [found.test, lambda row: row.status in shown, *([test] if test else [])]
        if call.query("jql"):
            narrower = api_search.prepared(call.site, call.caller, call.query("jql"), bounded=False)
            found.errors += narrower.errors
            tests.append(narrower.test)
        found.test = lambda row: all(one(row) for one in tests)
        return found

    return board_pages.answer(call, f"board {board.id} {name}", find)


def board_issues(call: Call) -> Response:
    """Return the board's issues."""
    return issues_page(call, _board(call), "issue")


def board_project(call: Call) -> Response:
    """Return the projects of a board."""
    board = _board(call)
    start, size = call.page()
    home = call.site.projects.get(board.project or "")
    return reply(page_bean(call, [show.project(call, home)] if home else [], start, size, ""))


def board_versions(call: Call) -> Response:
    """Return the versions of a board's projects."""
    board = _board(call)
    start, size = call.page()
    home = call.site.projects.get(board.project or "")
    parts = [show.part(call, "versions", home, one) for one in home.versions] if home else []
    # The id is a number here, a string on the platform; a start date is not shown.
    found = [{**{n: v for n, v in one.items() if n != "startDate"}, "id": int(one["id"])} for one in parts]
    return reply(page_bean(call, found, start, size, ""))


def quick_filters(call: Call) -> Response:
    """Return a board's quick filters, which can be read only."""
    board = _board(call)
    start, size = call.page()
    found = [{**one, "boardId": board.id, "position": n} for n, one in enumerate(board.quick_filters)]
    return reply(page_bean(call, found, start, size, ""))


def quick_filter(call: Call) -> Response:
    """Return one quick filter."""
    board = _board(call)
    for number, one in enumerate(board.quick_filters):
        if str(one["id"]) == call.path("quick"):
            return reply({**one, "boardId": board.id, "position": number})
    raise errors.refusal(404, "The quick filter does not exist.")


def features(call: Call) -> Response:
    """Return what a board can do."""
    board = _board(call)
    state = "ENABLED" if board.type == "scrum" else "DISABLED"
    shown = {"boardId": board.id, "boardFeature": "SPRINTS", "featureId": "jsw.agility.sprints"}
    more = {"featureType": "BASIC", "state": state, "localisedName": "Sprints", "toggleLocked": True}
    return reply({"features": [{**shown, **more}]})


_BOARD = "/rest/agile/1.0/board"
_BY_TOKEN = board_pages.BY_TOKEN + "board/{id}/"
RULES = [
    Rule("GET", _BOARD, list_boards),
    Rule("POST", _BOARD, create_board, sign_in=True),
    Rule("GET", _BOARD + "/filter/{id}", boards_of_filter),
    Rule("GET", _BOARD + "/{id}", get_board),
    Rule("DELETE", _BOARD + "/{id}", delete_board, sign_in=True, bare=True),
    Rule("GET", _BOARD + "/{id}/configuration", configuration),
    Rule("GET", _BOARD + "/{id}/issue", board_issues),
    Rule("GET", _BOARD + "/{id}/project", board_project),
    Rule("GET", _BOARD + "/{id}/project/full", board_project, on="cloud"),
    Rule("GET", _BOARD + "/{id}/version", board_versions),
    Rule("GET", _BOARD + "/{id}/quickfilter", quick_filters),
    Rule("GET", _BOARD + "/{id}/quickfilter/{quick}", quick_filter),
    Rule("GET", _BOARD + "/{id}/features", features, on="cloud"),
    Rule("GET", _BY_TOKEN + "issue", board_issues, on="cloud"),
    Rule("GET", _BY_TOKEN + "issue/approximate-count", board_issues, on="cloud"),
]
