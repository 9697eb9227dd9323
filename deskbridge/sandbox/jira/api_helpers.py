"""What clients touch on their way: pickers, suggestions for queries, limits, sessions."""

from __future__ import annotations

from collections.abc import Sized

from starlette.responses import Response

from deskbridge.sandbox.jira import comments, errors, jql_match, jql_values
from deskbridge.sandbox.jira.adds import MOST_LINKS
from deskbridge.sandbox.jira.api_files import MOST_FILES
from deskbridge.sandbox.jira.api_marks import MOST_REMOTE_LINKS
from deskbridge.sandbox.jira.jql_parse import RESERVED, JqlSyntax
from deskbridge.sandbox.jira.model import Issue, Json
from deskbridge.sandbox.jira.permissions import may
from deskbridge.sandbox.jira.searches import Search
from deskbridge.sandbox.jira.signin import SignIn
from deskbridge.sandbox.jira.wire import Call, Rule, optional
from deskbridge.sandbox.jira.worklogs import MOST_WORKLOGS
from deskbridge.sandbox.kernel import Refused, reply

_FUNCTIONS = {
    "currentUser()": "com.atlassian.jira.user.ApplicationUser",
    "membersOf()": "com.atlassian.jira.user.ApplicationUser",
    "now()": "java.util.Date",
    "startOfDay()": "java.util.Date",
    "openSprints()": "com.atlassian.greenhopper.service.sprint.Sprint",
    "issuesWithRemoteLinksByGlobalId()": "com.atlassian.jira.issue.Issue",
}


def issue_picker(call: Call) -> Response:
    """Return issues for a picker, by a part of their key or summary."""
    text = call.query("query").lower()
    rows: list[Issue] = []
    if jql := call.query("currentJQL"):
        try:
            found = jql_match.prepare(call.site, call.caller, jql)
        except JqlSyntax as error:
            raise errors.refusal(400, str(error)) from error
        search = Search(call.site, call.caller, found)
        rows = [row for row in search.rows(search.ids) if text and _matches(row, text)][:20]
    recent = [call.site.issues[id] for id in list(reversed(call.site.recent))[:200]]
    history = [row for row in recent if text and _matches(row, text) and call.site.sees(call.caller, row)][
        :20
    ]
    sections = [
        {"label": "History Search", "id": "hs", "sub": "", "issues": [_picked(call, row) for row in history]},
        {"label": "Current Search", "id": "cs", "sub": "", "issues": [_picked(call, row) for row in rows]},
    ]
    return reply({"sections": sections})


def _matches(row: Issue, text: str) -> bool:
    return text in row.key.lower() or text in row.values["summary"].lower()


def _picked(call: Call, row: Issue) -> Json:
    summary = row.values["summary"]
    image = f"/images/icons/issuetypes/{row.type}.svg"
    return {
        "id": row.id,
        "key": row.key,
        "keyHtml": row.key,
        "img": image,
        "summary": summary,
        "summaryText": summary,
    }


def autocomplete(call: Call) -> Response:
    """Return the words of which queries are made."""
    fields = [
        {
            "value": known.clauses[-1] if known.custom else known.clauses[0],
            "displayName": known.name,
            "orderable": "true",
            "searchable": "true",
            "auto": "true",
            "operators": ["=", "!=", "in", "not in", "is", "is not"],
            "types": ["java.lang.String"],
            **({"cfid": f"cf[{known.schema['customId']}]"} if known.custom else {}),
        }
        for known in call.site.fields.values()
    ]
    functions = [{"value": name, "displayName": name, "types": [kind]} for name, kind in _FUNCTIONS.items()]
    words = {"visibleFieldNames": fields, "visibleFunctionNames": functions}
    return reply({**words, "jqlReservedWords": sorted(RESERVED)})


def suggestions(call: Call) -> Response:
    """Return values for a field of a query, by their beginning."""
    known = call.site.field_named(call.query("fieldName"))
    if known is None:
        raise errors.refusal(400, f"Field '{call.query('fieldName')}' does not exist.")
    text = call.query("fieldValue").lower()
    rows = jql_values.values(call.site, call.caller, known)
    names = dict.fromkeys(names[1] for names in rows if names[1].lower().startswith(text))
    return reply({"results": [{"value": name, "displayName": name} for name in list(names)[:15]]})


# --- limits ---------------------------------------------------------------------------------------


def limit_report(call: Call) -> Response:
    """Return which issues are near or over a limit per issue (reference, 3.8)."""
    if not may(call.user, "ADMINISTER"):
        raise errors.forbidden("Only administrators can see the report.")
    limits = {
        "comment": comments.MOST_COMMENTS,
        "worklog": MOST_WORKLOGS,
        "attachment": MOST_FILES,
        "issuelinks": MOST_LINKS,
        "remoteIssueLinks": MOST_REMOTE_LINKS,
    }
    near: dict[str, dict[str, int]] = {name: {} for name in limits}
    over: dict[str, dict[str, int]] = {name: {} for name in limits}
    for issue in call.site.issues.values():
        lists: tuple[Sized, ...] = (
            issue.comments,
            issue.worklogs,
            issue.attachments,
            issue.links,
            issue.remote_links,
        )
        for (name, most), rows in zip(limits.items(), lists, strict=True):
            if len(rows) >= most * 0.8:
                (over if len(rows) >= most else near)[name][str(issue.id)] = len(rows)
    return reply({"limits": limits, "issuesApproachingLimit": near, "issuesBreachingLimit": over})


# --- links to other products, sessions ------------------------------------------------------------


def applinks(call: Call) -> Response:
    """Return the linked products (none) to administrators; others are refused (reference, 10.3)."""
    if not may(call.caller, "ADMINISTER"):
        raise Refused(
            403, {"message": "Client must be authenticated as an administrator.", "status-code": 403}
        )
    return reply({"list": []})


def _signin(call: Call) -> SignIn:
    found: SignIn = call.request.state.signin
    return found


def login(call: Call) -> Response:
    """Begin a session with name and password (Data Center)."""
    body = call.object()
    names = (optional(body, "username", str, ""), optional(body, "password", str, ""))
    user = _signin(call).login(*names)
    value = call.site.world.token(32).upper()
    _signin(call).sessions[value] = user.account_id
    info = {"failedLoginCount": 0, "loginCount": 1, "previousLoginTime": call.stamp(call.site.now())}
    answer = reply({"session": {"name": "JSESSIONID", "value": value}, "loginInfo": info})
    answer.set_cookie("JSESSIONID", value, httponly=True)
    return answer


def session(call: Call) -> Response:
    """Return whose session it is."""
    url = call.url(f"user?username={call.user.username}")
    return reply({"self": url, "name": call.user.username, "loginInfo": {"loginCount": 1}})


def logout(call: Call) -> Response:
    """End the session."""
    _signin(call).sessions.pop(call.request.cookies.get("JSESSIONID", ""), None)
    return reply(status=204)


def avatars(call: Call) -> Response:
    """Return the avatars of a project: the one that all have."""
    call.site.project(call.caller, call.path("key"))
    shown = {"id": "10400", "isSystemAvatar": True, "isSelected": True, "isDeletable": False}
    return reply({"system": [shown], "custom": []})


_V = "/rest/api/{v}/"
RULES = [
    Rule("GET", _V + "issue/picker", issue_picker, sign_in=True),
    Rule("GET", _V + "jql/autocompletedata", autocomplete, sign_in=True),
    Rule("GET", _V + "jql/autocompletedata/suggestions", suggestions, sign_in=True),
    Rule("GET", _V + "issue/limit/report", limit_report, sign_in=True, on="cloud"),
    Rule("GET", _V + "project/{key}/avatars", avatars),
    Rule("GET", "/rest/applinks/latest/listApplicationlinks", applinks),
    Rule("POST", "/rest/auth/1/session", login, on="dc"),
    Rule("GET", "/rest/auth/1/session", session, sign_in=True, on="dc"),
    Rule("DELETE", "/rest/auth/1/session", logout, bare=True, on="dc"),
]
