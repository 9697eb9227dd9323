"""Changes of issues, one by one or of many at once (reference, 4.4)."""

from __future__ import annotations

import base64
import binascii

from starlette.responses import Response

from deskbridge.sandbox.jira import errors, show
from deskbridge.sandbox.jira.api_projects import page_bean
from deskbridge.sandbox.jira.api_worklogs import millis
from deskbridge.sandbox.jira.model import Change, Json
from deskbridge.sandbox.jira.wire import Call, Rule, optional, required, texts
from deskbridge.sandbox.kernel import reply

MOST_ISSUES, MOST_FIELDS, MOST_ROWS = 1000, 10, 10_000


def changelog(call: Call) -> Response:
    """Return an issue's changes, oldest first, a page at a time."""
    issue = call.issue()
    start, size = call.page(default=100, most=100)
    rows = issue.history[start : start + size]
    shown = (
        [None] * start
        + [show.change(call, one) for one in rows]
        + [None] * (len(issue.history) - start - len(rows))
    )
    return reply(page_bean(call, shown, start, size, call.url(f"issue/{issue.key}/changelog")))


def changelog_list(call: Call) -> Response:
    """Return some of an issue's changes by their ids."""
    issue = call.issue()
    ids = required(call.object(), "changelogIds", list)
    found = [show.change(call, change) for change in issue.history if change.id in ids]
    head = {"startAt": 0, "maxResults": len(found), "total": len(found)}
    return reply({**head, "histories": found})


def bulk_fetch(call: Call) -> Response:
    """Return the changes of many issues by time, those of some fields if asked."""
    body = call.closed("issueIdsOrKeys", "fieldIds", "maxResults", "nextPageToken")
    names, fields = texts(body, "issueIdsOrKeys"), texts(body, "fieldIds")
    if not 0 < len(names) <= MOST_ISSUES or len(fields) > MOST_FIELDS:
        raise errors.refusal(400, f"Give from 1 to {MOST_ISSUES} issues and at most {MOST_FIELDS} fields.")
    size = optional(body, "maxResults", int, 1000)
    if not 1 <= size <= MOST_ROWS:
        raise errors.refusal(400, f"maxResults must be between 1 and {MOST_ROWS}.")
    rows = _rows(call, names, fields)
    start = _start(optional(body, "nextPageToken", str, ""))
    found: dict[int, list[Json]] = {}
    for id, change in rows[start : start + size]:
        found.setdefault(id, []).append(_shown(call, change, fields))
    shown: Json = {"issueChangeLogs": [{"issueId": str(id), "changeHistories": h} for id, h in found.items()]}
    if start + size < len(rows):
        shown["nextPageToken"] = base64.urlsafe_b64encode(f"changes:{start + size}".encode()).decode()
    return reply(shown)


def _rows(call: Call, names: list[str], fields: list[str]) -> list[tuple[int, Change]]:
    known = {issue.id: issue for name in names if (issue := call.site.find_issue(name))}
    seen = [issue for issue in known.values() if call.site.sees(call.caller, issue)]
    rows = [
        (issue.id, change)
        for issue in seen
        for change in issue.history
        if not fields or any(item.get("fieldId") in fields for item in change.items)
    ]
    return sorted(rows, key=lambda row: (row[1].at, row[0]))


def _shown(call: Call, change: Change, fields: list[str]) -> Json:
    shown = show.change(call, change)
    shown["items"] = [item for item in change.items if not fields or item.get("fieldId") in fields]
    # Here the instant is a number, other than everywhere else (reference, 4.4).
    return shown | ({"created": millis(change.at)} if call.site.switches.bulk_created_number else {})


def _start(token: str) -> int:
    if not token:
        return 0
    try:
        kind, _, start = base64.urlsafe_b64decode(token.encode()).decode().partition(":")
        if kind == "changes" and start.isdigit():
            return int(start)
    except (ValueError, binascii.Error):
        pass
    raise errors.refusal(400, "The provided next page token is invalid or expired.")


RULES = [
    Rule("GET", "/rest/api/{v}/issue/{key}/changelog", changelog, on="cloud"),
    Rule("POST", "/rest/api/{v}/issue/{key}/changelog/list", changelog_list, on="cloud"),
    Rule("POST", "/rest/api/{v}/changelog/bulkfetch", bulk_fetch, on="cloud"),
]
