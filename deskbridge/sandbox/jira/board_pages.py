"""Pages of a board's issues: by offset as always, or by token under ``/rest/software/1.0`` (Cloud)."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable

from starlette.responses import Response

from deskbridge.sandbox.jira import errors, show_issue
from deskbridge.sandbox.jira.api_search import BAD_TOKEN
from deskbridge.sandbox.jira.jql_match import Found
from deskbridge.sandbox.jira.model import Issue, Json
from deskbridge.sandbox.jira.searches import offset_page
from deskbridge.sandbox.jira.wire import Call
from deskbridge.sandbox.kernel import reply

BY_TOKEN = "/rest/software/1.0/"  # noqa: S105 - a path


def answer(call: Call, name: str, find: Callable[[], Found]) -> Response:
    """Return a page of what `find` finds, or its count, in the form of the API that was called."""
    path, key = call.request.url.path, f"{name} {call.query('jql')}"
    if path.endswith("/approximate-count"):
        return reply({"count": offset_page(call.site, call.caller, key, find, 0, 1)[1]})
    start, size = call.page()
    if BY_TOKEN not in path:
        rows, total = offset_page(call.site, call.caller, key, find, start, size)
        head: Json = {"expand": "schema,names", "startAt": start, "maxResults": size, "total": total}
        return reply({**head, "issues": _shown(call, rows)})
    start = _read(key, call.query("nextPageToken"))
    rows, total = offset_page(call.site, call.caller, key, find, start, size)
    last = start + size >= total
    more = {} if last else {"nextPageToken": _token(key, start + size)}
    return reply({"expand": "schema,names", "issues": _shown(call, rows), "isLast": last, **more})


def _shown(call: Call, rows: list[Issue]) -> list[Json]:
    names = show_issue.wanted(call.site, call.listed("fields"), ["*navigable"])
    expand = call.listed("expand")
    return [show_issue.issue(call, row, names, expand) for row in rows]


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:16]


def _token(key: str, start: int) -> str:
    return base64.urlsafe_b64encode(json.dumps([_digest(key), start]).encode()).decode()


def _read(key: str, token: str) -> int:
    """Return where a token goes on; it belongs to its list."""
    if not token:
        return 0
    try:
        digest, start = json.loads(base64.urlsafe_b64decode(token.encode()))
        good = digest == _digest(key) and type(start) is int and start > 0
    except (ValueError, TypeError):
        good, start = False, 0
    if not good:
        raise errors.refusal(400, BAD_TOKEN)
    return int(start)
