"""Suggestions while somebody types: issues by a few letters, the words and values of queries."""

from __future__ import annotations

from starlette.responses import Response

from deskbridge.sandbox.jira import errors, jql_match, jql_values
from deskbridge.sandbox.jira.jql_parse import RESERVED, JqlSyntax
from deskbridge.sandbox.jira.model import Issue, Json
from deskbridge.sandbox.jira.searches import Search
from deskbridge.sandbox.jira.wire import Call, Rule
from deskbridge.sandbox.kernel import reply

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


_V = "/rest/api/{v}/"
RULES = [
    Rule("GET", _V + "issue/picker", issue_picker, sign_in=True),
    Rule("GET", _V + "jql/autocompletedata", autocomplete, sign_in=True),
    Rule("POST", _V + "jql/autocompletedata", autocomplete, sign_in=True, on="cloud"),
    Rule("GET", _V + "jql/autocompletedata/suggestions", suggestions, sign_in=True),
]
