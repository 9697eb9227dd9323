"""Pages: by number with counting headers, or by a cursor for the issues of a project (2.1, 2.2)."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from starlette.responses import Response

from deskbridge.sandbox.gitlab.call import Call
from deskbridge.sandbox.gitlab.params import bad
from deskbridge.sandbox.gitlab.records import Issue
from deskbridge.sandbox.gitlab.views import Key, Rows
from deskbridge.sandbox.kernel import Refused, reply

_T = TypeVar("_T")
_DEFAULT = 20
_MOST = 100
_COUNTED = 10_000
"""With more rows than this, no header tells how many there are."""
_TOO_FAR = (
    "Offset pagination has a maximum allowed offset of {limit} for requests that return objects of type "
    "Issue. Remaining records can be retrieved using keyset pagination."
)


def paged(call: Call, rows: Sequence[_T], show: Callable[[_T], Any]) -> Response:
    """Return one page of `rows`."""
    return paged_then_filtered(call, rows, show, lambda row: True)


def paged_then_filtered(
    call: Call, rows: Sequence[_T], show: Callable[[_T], Any], visible: Callable[[_T], bool]
) -> Response:
    """Return one page less what the caller cannot see: it may be short with more pages to come (2.3)."""
    page, size = max(1, call.params.number("page") or 1), _size(call)
    shown = [show(row) for row in rows[(page - 1) * size : page * size] if visible(row)]
    return reply(shown, headers=_headers(call, page, size, len(rows)))


def check_offset(call: Call) -> None:
    """Refuse a page so far on that only a cursor leads there (1.3)."""
    limit, page = call.site.switches.offset_limit, max(1, call.params.number("page") or 1)
    if limit and (page - 1) * _size(call) >= limit:
        raise Refused(405, {"error": _TOO_FAR.format(limit=limit)})


def _size(call: Call) -> int:
    size = call.params.number("per_page")
    return _DEFAULT if size is None or size < 1 else min(size, _MOST)


def _headers(call: Call, page: int, size: int, total: int) -> dict[str, str]:
    pages = max(1, -(-total // size))
    after = page + 1 if page < pages else None
    before = page - 1 if page > 1 else None
    headers = {
        "X-Next-Page": str(after or ""),
        "X-Page": str(page),
        "X-Per-Page": str(size),
        "X-Prev-Page": str(before or ""),
    }
    places = {"prev": before, "next": after, "first": 1}
    if total <= _COUNTED:
        headers |= {"X-Total": str(total), "X-Total-Pages": str(pages)}
        places["last"] = pages
    links = (
        _link(call, rel, {"page": str(number), "per_page": str(size)})
        for rel, number in places.items()
        if number is not None
    )
    return headers | {"Link": ", ".join(links)}


def _link(call: Call, rel: str, changed: dict[str, str]) -> str:
    request = call.request
    kept = [(k, v) for k, v in request.query_params.multi_items() if k not in {*changed, "private_token"}]
    query = urlencode([*kept, *changed.items()])
    return f'<{call.site.base_url}{request.url.path}?{query}>; rel="{rel}"'


def keyset(call: Call, rows: Rows, show: Callable[[Issue], Any]) -> Response:
    """Return the issues behind the cursor, and in ``Link`` where it goes on; no counts, no end marker.

    An issue that changed its place since the last page is read again or never, but no other is skipped.
    """
    page, more = rows.after(_cursor(call), _size(call))
    headers: dict[str, str] = {}
    if more is not None:
        cursor = base64.urlsafe_b64encode(json.dumps(more).encode()).decode()
        headers = {"Link": _link(call, "next", {"cursor": cursor}), "X-Next-Cursor": cursor}
    return reply([show(row) for row in page], headers=headers)


def _cursor(call: Call) -> Key | None:
    given = call.params.text("cursor")
    if not given:
        return None
    try:
        value, id = json.loads(base64.urlsafe_b64decode(given))
        titled = call.params.text("order_by") == "title"
        if not isinstance(value, str if titled else int | float):
            raise bad("cursor is invalid")
        return (value, int(id))
    except (ValueError, TypeError) as error:
        raise bad("cursor is invalid") from error
