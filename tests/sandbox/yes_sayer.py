"""A server that agrees with everything: no fact may be believed of a test that is content with it."""

from __future__ import annotations

import json
import os
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

VARIABLE = "SANDBOX_YES_SAYER"
"""Set to one of MOODS, it puts the yes-sayer in the place of every served application."""

MOODS = ("empty", "echo")
"""How it answers: 200 and nothing in it; the last body that it was sent, with the usual codes of REST."""

calls = 0
"""How often it was asked, in this process."""

_GIVEN: dict[str, object] = {
    "id": 1,
    "iid": 1,
    "project_id": 101,
    "key": "SUP-1",
    "self": "/1",
    "total": 1,
}
"""What systems add to what they are sent."""


def mood() -> str | None:
    """Return the mood that the environment asks for; None is the real sandbox."""
    return os.environ.get(VARIABLE)


class YesSayer:
    """Answers every call with success and a plausible body, and knows nothing."""

    def __init__(self, mood: str) -> None:
        assert mood in MOODS
        self._mood = mood
        self._last: dict[str, object] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        global calls  # noqa: PLW0603 - one count for all servers of the process is what is asked for
        calls += 1
        request = Request(scope, receive)
        self._hear(await request.body())
        await self._answer(request)(scope, receive, send)

    def _hear(self, data: bytes) -> None:
        """Keep a JSON object that came, flattened by one level: Jira wraps what GitLab does not."""
        try:
            body = json.loads(data)
        except ValueError:
            return
        if isinstance(body, dict):
            inner = body.get("fields")
            self._last = body | (inner if isinstance(inner, dict) else {})

    def _answer(self, request: Request) -> Response:
        status, body = 200, self._body(request)
        if self._mood == "echo":
            status = {"POST": 201, "DELETE": 204}.get(request.method, 200)
        data = b"" if status == 204 else json.dumps(body).encode()
        return Response(data, status, _headers(request), "application/json")

    def _body(self, request: Request) -> object:
        if self._mood == "empty":
            return [] if request.method == "GET" and request.url.path.endswith("s") else {}
        return _GIVEN | self._last


def _headers(request: Request) -> dict[str, str]:
    """Return what answers of lists, of creation and of limits carry; there is a second page, no third."""
    page = parse_qs(request.url.query).get("page", ["1"])[0]
    here = str(request.url.replace(query=""))
    more = {"X-Next-Page": "2", "Link": f'<{here}?page=2>; rel="next"'} if page == "1" else {}
    return more | {
        "Location": here,
        "X-Page": page,
        "X-Per-Page": "20",
        "X-Total": "1",
        "X-Total-Pages": "1",
        "X-RateLimit-Remaining": "99",
        "ETag": '"1"',
    }
