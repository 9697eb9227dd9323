"""Sprints, backlog, rank and epics (reference, 7.4)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from starlette.responses import Response

from deskbridge.sandbox.jira import (
    api_boards,
    board_pages,
    catalogue,
    edit,
    errors,
    events,
    ranks,
    show_issue,
)
from deskbridge.sandbox.jira.api_projects import page_bean
from deskbridge.sandbox.jira.jql_match import Found, prepare
from deskbridge.sandbox.jira.model import Issue, Json
from deskbridge.sandbox.jira.permissions import may
from deskbridge.sandbox.jira.records import Sprint
from deskbridge.sandbox.jira.wire import Call, Rule, View, optional, texts
from deskbridge.sandbox.kernel import reply

SPRINT, EPIC = catalogue.cf(catalogue.SPRINT), "customfield_10014"
MOST = 50
NO_SPRINTS = "The board does not support sprints"
_DATES = {"startDate": "start", "endDate": "end"}
_NEXT = {"future": ("future", "active"), "active": ("active", "closed"), "closed": ("closed",)}


# --- sprints --------------------------------------------------------------------------------------


def shown(view: View, found: Sprint) -> Json:
    """Return a sprint; its id is a number."""
    dates = {"startDate": found.start, "endDate": found.end, "completeDate": found.completed}
    return {
        "id": found.id,
        "self": view.agile(f"sprint/{found.id}"),
        "state": found.state,
        "name": found.name,
        **{name: show_issue.zulu(at) for name, at in dates.items() if at},
        "createdDate": show_issue.zulu(found.created),
        "originBoardId": found.board,
        "goal": found.goal,
    }


def _sprint(call: Call) -> Sprint:
    found = call.site.sprints.get(call.id())
    if found is None or call.caller is None:
        raise errors.refusal(404, "Sprint does not exist or you do not have permission to view it.")
    return found


def of_board(call: Call) -> Response:
    """Return a board's sprints in some states; a kanban board has none, and says so."""
    board = api_boards.board_of(call)
    if board.type != "scrum":
        raise errors.refusal(400, NO_SPRINTS)
    states = call.listed("state")
    if not set(states) <= set(_NEXT):
        raise errors.refusal(400, f"The state '{call.query('state')}' is not valid.")
    found = [one for one in call.site.sprints.values() if one.board == board.id]
    kept = [shown(call, one) for one in found if not states or one.state in states]
    start, size = call.page()
    return reply(page_bean(call, kept, start, size, ""))


def get(call: Call) -> Response:
    """Return a sprint."""
    return reply(shown(call, _sprint(call)))


def create(call: Call) -> Response:
    """Make a sprint of the future."""
    body = call.object()
    board = call.site.boards.get(optional(body, "originBoardId", int, 0))
    name = optional(body, "name", str, "").strip()
    wrong = {}
    if board is None:
        wrong["originBoardId"] = "The board does not exist."
    elif board.type != "scrum":
        wrong["originBoardId"] = NO_SPRINTS
    if not name or len(name) > 30:
        wrong["name"] = "The sprint name must be from 1 to 30 characters long."
    if wrong or board is None:
        raise errors.refusal(400, errors=wrong)
    made = Sprint(0, name, board.id, call.site.now())
    _set(made, body, whole=False)
    made.id = call.site.next_id("sprint", 1)
    call.site.sprints[made.id] = made
    events.told(call.site, ["sprint_created"], sprint=shown(call, made))
    return reply(shown(call, made), 201)


def change(call: Call) -> Response:
    """Change a sprint: by POST what is named, by PUT all of it; states go one way only."""
    found, body = _sprint(call), call.object()
    whole = call.request.method == "PUT"
    state = optional(body, "state", str, found.state)
    if state not in _NEXT[found.state]:
        raise errors.refusal(400, f"The sprint's state cannot go from {found.state} to {state}.")
    name = optional(body, "name", str, found.name)
    dates = _dates(body, found, whole=whole)
    if state == "active" and None in dates.values():
        raise errors.refusal(400, "A sprint needs a start and an end date to be started.")
    _set(found, body, whole=whole)
    found.name = name
    _enter(call, found, state)
    events.told(call.site, ["sprint_updated"], sprint=shown(call, found))
    return reply(shown(call, found))


def _dates(body: Json, found: Sprint, *, whole: bool) -> dict[str, datetime | None]:
    """Return the dates that a body gives a sprint; what is left out stays, or with `whole` goes."""
    return {
        own: _instant(body[name]) if body.get(name) else (None if whole else getattr(found, own))
        for name, own in _DATES.items()
    }


def _instant(given: Any) -> datetime:
    try:
        at = datetime.fromisoformat(given)
    except (TypeError, ValueError) as error:
        raise errors.refusal(400, f"The date '{given}' is not valid.") from error
    return at if at.tzinfo else at.astimezone()


def _set(found: Sprint, body: Json, *, whole: bool) -> None:
    for own, at in _dates(body, found, whole=whole).items():
        setattr(found, own, at)
    found.goal = optional(body, "goal", str, "" if whole else found.goal)


def _enter(call: Call, found: Sprint, state: str) -> None:
    if state == found.state:
        return
    found.state = state
    if state == "closed":
        found.completed = call.site.now()
    name = {"active": "sprint_started", "closed": "sprint_closed"}[state]
    events.told(call.site, [name], sprint=shown(call, found))


def delete(call: Call) -> Response:
    """Delete a sprint; its issues go back to the backlog."""
    found = _sprint(call)
    for issue in _in(call, found.id):
        _put(call, issue, None)
    del call.site.sprints[found.id]
    events.told(call.site, ["sprint_deleted"], sprint=shown(call, found))
    return reply(status=204)


def _in(call: Call, sprint: int) -> list[Issue]:
    return [issue for issue in call.site.issues.values() if sprint in (issue.values.get(SPRINT) or ())]


def sprint_issues(call: Call) -> Response:
    """Return the issues of a sprint."""
    found = _sprint(call)
    name = f"sprint {found.id}"
    return _selected(call, name, lambda row: found.id in (row.values.get(SPRINT) or ()))


def _selected(call: Call, name: str, test: Callable[[Issue], bool]) -> Response:
    """Return the issues that pass a test, whatever board they are on."""

    def find() -> Found:
        query = prepare(call.site, call.caller, call.query("jql") or "ORDER BY Rank ASC")
        narrower = query.test
        query.test = lambda row: test(row) and narrower(row)
        return query

    return board_pages.answer(call, name, find)


def board_sprint_issues(call: Call) -> Response:
    """Return the issues of a sprint that are on a board."""
    board, number = api_boards.board_of(call), call.id("sprint")
    return api_boards.issues_page(
        call, board, f"sprint {number}", lambda row: number in (row.values.get(SPRINT) or ())
    )


# --- moving issues --------------------------------------------------------------------------------


def _issues(call: Call, body: Json) -> list[Issue]:
    names = texts(body, "issues")
    if not 0 < len(names) <= MOST:
        raise errors.refusal(400, f"Give from 1 to {MOST} issues.")
    return [call.site.issue(call.caller, name) for name in names]


def _put(call: Call, issue: Issue, sprint: int | None) -> None:
    """Put an issue into a sprint, or into none; closed ones it was in stay on it."""
    have = issue.values.get(SPRINT) or []
    closed = [one for one in have if call.site.sprints[one].state == "closed"]
    edit.apply(call.site, issue, call.user, {SPRINT: [*closed, *([sprint] if sprint else [])] or None})


def move_to_sprint(call: Call) -> Response:
    """Move issues to a sprint that is not over."""
    found, body = _sprint(call), call.object()
    if found.state == "closed":
        raise errors.refusal(400, "Issues can only be moved to open or active sprints.")
    issues = _issues(call, body)
    for issue in issues:
        _put(call, issue, found.id)
    return _ranked(call, issues, body)


def move_to_backlog(call: Call) -> Response:
    """Move issues to the backlog: out of all sprints that are not over."""
    body = call.object()
    issues = _issues(call, body)
    for issue in issues:
        _put(call, issue, None)
    return _ranked(call, issues, body)


def move_to_board(call: Call) -> Response:
    """Move issues from the backlog to the board, which must have a sprint to take them."""
    board, body = api_boards.board_of(call), call.object()
    issues = _issues(call, body)
    active = [one for one in call.site.sprints.values() if one.board == board.id and one.state == "active"]
    if board.type == "scrum" and not active:
        raise errors.refusal(400, "The board has no active sprint.")
    for issue in issues if active else ():
        _put(call, issue, active[0].id)
    return _ranked(call, issues, body)


def rank(call: Call) -> Response:
    """Rank issues before or after another one."""
    body = call.object()
    issues = _issues(call, body)
    if bool(body.get("rankAfterIssue")) == bool(body.get("rankBeforeIssue")):
        raise errors.refusal(400, "Exactly one of rankBeforeIssue and rankAfterIssue must be given.")
    return _ranked(call, issues, body)


def _ranked(call: Call, issues: list[Issue], body: Json) -> Response:
    after, before = body.get("rankAfterIssue"), body.get("rankBeforeIssue")
    if not after and not before:
        return reply(status=204)
    anchor = call.site.issue(call.caller, after or before)
    moved = [one for one in issues if may(call.user, "SCHEDULE_ISSUES", call.site.projects[one.project])]
    movable = [issue for issue in moved if issue is not anchor]
    if movable:
        ranks.place(call.site, movable, anchor, after=bool(after))
    if len(movable) == len(issues):
        return reply(status=204)
    entries: list[Json] = [
        {"issueId": one.id, "issueKey": one.key, "status": 200 if one in movable else 400, "errors": []}
        for one in issues
    ]
    return reply({"entries": entries}, 207)


def backlog(call: Call) -> Response:
    """Return a board's backlog: what is in no sprint that is not over, and not done."""
    board = api_boards.board_of(call)
    sprints, statuses = call.site.sprints, call.site.statuses

    def waits(row: Issue) -> bool:
        busy = any(sprints[one].state != "closed" for one in row.values.get(SPRINT) or ())
        return not busy and statuses[row.status].category != "done" and call.site.types[row.type].level == 0

    return api_boards.issues_page(call, board, "backlog", waits)


# --- epics ----------------------------------------------------------------------------------------


def _epic(call: Call) -> Issue:
    found = call.site.find_issue(call.path("epic"))
    if found is None or not call.site.sees(call.caller, found) or call.site.types[found.type].level != 1:
        raise errors.refusal(404, "The requested epic does not exist or is not visible.")
    return found


def _shown_epic(call: Call, issue: Issue) -> Json:
    done = call.site.statuses[issue.status].category == "done"
    head = {"id": issue.id, "key": issue.key, "self": call.agile(f"epic/{issue.id}")}
    return {**head, "name": "", "summary": issue.values["summary"], "color": {"key": "color_1"}, "done": done}


def epic(call: Call) -> Response:
    """Return an epic."""
    return reply(_shown_epic(call, _epic(call)))


def epics(call: Call) -> Response:
    """Return the epics of a board."""
    board = api_boards.board_of(call)
    home, done = call.site.projects.get(board.project or ""), call.query("done")
    found = [
        _shown_epic(call, issue)
        for issue in call.site.issues.values()
        if call.site.types[issue.type].level == 1 and home is not None and issue.project == home.id
    ]
    kept = [one for one in found if done == "" or str(one["done"]).lower() == done.lower()]
    start, size = call.page()
    return reply(page_bean(call, kept, start, size, ""))


def _belongs(row: Issue, found: Issue | None) -> bool:
    if found is None:
        return not row.values.get("parent") and not row.values.get(EPIC)
    return row.values.get("parent") == found.id or row.values.get(EPIC) == found.key


def epic_issues(call: Call) -> Response:
    """Return the issues of an epic, or of none; only those on a board where the path names one."""
    none = call.path("epic") == "none"
    found = None if none else _epic(call)
    name = f"epic {found.id if found else 'none'}"
    if "id" in call.params:
        return api_boards.issues_page(call, api_boards.board_of(call), name, lambda row: _belongs(row, found))
    return _selected(call, name, lambda row: _belongs(row, found))


def move_to_epic(call: Call) -> Response:
    """Put issues under an epic, or under none."""
    none = call.path("epic") == "none"
    found = None if none else _epic(call)
    for issue in _issues(call, call.object()):
        if call.site.types[issue.type].level != 0:
            raise errors.refusal(400, f"The issue {issue.key} cannot be added to an epic.")
        values: dict[str, Any] = {"parent": found.id if found else None}
        if not call.site.cloud:
            values = {EPIC: found.key if found else None}
        edit.apply(call.site, issue, call.user, values)
    return reply(status=204)


# --- issues as boards see them --------------------------------------------------------------------


def agile_issue(call: Call) -> Response:
    """Return an issue with the boards' fields: sprint, closed sprints, flagged."""
    issue = call.issue()
    wanted = show_issue.wanted(call.site, call.listed("fields"), ["*all"])
    body = show_issue.issue(call, issue, wanted, call.listed("expand"))
    sprints = [call.site.sprints[one] for one in issue.values.get(SPRINT) or ()]
    open_ones = [shown(call, one) for one in sprints if one.state != "closed"]
    body["fields"]["sprint"] = open_ones[0] if open_ones else None
    body["fields"]["closedSprints"] = [shown(call, one) for one in sprints if one.state == "closed"]
    body["fields"]["flagged"] = bool(issue.values.get("customfield_10021"))
    body["self"] = call.agile(f"issue/{issue.id}")
    return reply(body)


def estimation(call: Call) -> Response:
    """Return, or set, an issue's estimate on a scrum board."""
    issue, board = call.issue(), call.site.boards.get(call.number("boardId", 0))
    if board is None or board.type != "scrum":
        raise errors.refusal(400, "A scrum board must be given.")
    field = "customfield_10016"
    if call.request.method == "PUT":
        value = call.object().get("value")
        try:
            number = None if value is None else float(value)
        except (TypeError, ValueError) as error:
            raise errors.refusal(400, "The value must be a number.") from error
        edit.apply(call.site, issue, call.user, {field: number})
    return reply({"fieldId": field, "value": issue.values.get(field)})


_A, _B = "/rest/agile/1.0/", "/rest/agile/1.0/board/{id}/"
_BY_TOKEN = {
    "board/{id}/sprint/{sprint}/issue": board_sprint_issues,
    "board/{id}/backlog": backlog,
    "board/{id}/backlog/approximate-count": backlog,
    "board/{id}/epic/{epic}/issue": epic_issues,
    "sprint/{id}/issue": sprint_issues,
    "epic/{epic}/issue": epic_issues,
}
RULES = [
    *(Rule("GET", board_pages.BY_TOKEN + path, handler, on="cloud") for path, handler in _BY_TOKEN.items()),
    Rule("GET", _B + "sprint", of_board),
    Rule("GET", _B + "sprint/{sprint}/issue", board_sprint_issues),
    Rule("GET", _B + "backlog", backlog),
    Rule("POST", _B + "issue", move_to_board, sign_in=True),
    Rule("GET", _B + "epic", epics),
    Rule("GET", _B + "epic/{epic}/issue", epic_issues),
    Rule("POST", _A + "sprint", create, sign_in=True),
    Rule("GET", _A + "sprint/{id}", get),
    Rule("POST", _A + "sprint/{id}", change, sign_in=True),
    Rule("PUT", _A + "sprint/{id}", change, sign_in=True),
    Rule("DELETE", _A + "sprint/{id}", delete, sign_in=True, bare=True),
    Rule("GET", _A + "sprint/{id}/issue", sprint_issues),
    Rule("POST", _A + "sprint/{id}/issue", move_to_sprint, sign_in=True),
    Rule("POST", _A + "backlog/issue", move_to_backlog, sign_in=True),
    Rule("PUT", _A + "issue/rank", rank, sign_in=True),
    Rule("GET", _A + "epic/{epic}", epic),
    Rule("GET", _A + "epic/{epic}/issue", epic_issues),
    Rule("POST", _A + "epic/{epic}/issue", move_to_epic, sign_in=True),
    Rule("GET", _A + "issue/{key}", agile_issue),
    Rule("GET", _A + "issue/{key}/estimation", estimation),
    Rule("PUT", _A + "issue/{key}/estimation", estimation, sign_in=True),
]
