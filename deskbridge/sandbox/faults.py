"""Misbehaviour by name: what each vendor's own limits and edges answer, word for word.

The references' numbers: Freshdesk 1.2 and 2, Jira 1.2 and 1.3, GitLab 1.3. A fault of one of these
kinds is an `answer` (see `world.Fault`) with that status, those headers and that body.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

KINDS = ("answer", "reset", "lost", "slow", "truncated")
"""What the servers play themselves; every other kind is a name from `NAMED`."""
_EDGE = (
    "<html>\r\n<head><title>{0}</title></head>\r\n<body><center><h1>{0}</h1></center></body>\r\n</html>\r\n"
)
_HTML = {"content-type": "text/html"}
_JSON = {"content-type": "application/json"}
_EDGES = {
    "html 500": "500 Internal Server Error",
    "html 502": "502 Bad Gateway",
    "html 503": "503 Service Unavailable",
    "html 504": "504 Gateway Time-out",
}


def _answer(status: int, body: object = "", **headers: str) -> dict[str, Any]:
    text = body if isinstance(body, str) else json.dumps(body)
    kind = {} if not body else {"content-type": "text/plain"} if isinstance(body, str) else _JSON
    return {"status": status, "headers": kind | _named(headers), "body": text}


def _named(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def _html(line: str) -> dict[str, Any]:
    return {"status": int(line[:3]), "headers": _HTML, "body": _EDGE.format(line)}


_EVERYWHERE: dict[str, dict[str, Any]] = {
    **{name: _html(line) for name, line in _EDGES.items()},
    "html 200": _html("200 Sign in to continue"),
    "broken json": {"status": 200, "headers": _JSON, "body": '{"id": 1, "subject": "Pri'},
    "wrong type": {"status": 200, "headers": _JSON, "body": '"nothing of what was asked for"'},
    "no body": {"status": 200, "headers": _JSON, "body": ""},
    "deep json": {"status": 200, "headers": _JSON, "body": "[" * 100_000},
    "huge": {"status": 200, "headers": _JSON, "body": '["' + "x" * 40_000_000 + '"]'},
}
_SLOW_DOWN = {"code": 429, "message": "Rate limit exceeded. Refer to the Retry-After header."}
_TOO_MANY = {"message": {"error": "This endpoint has been requested too many times. Try again later."}}
_RACK = {
    "RateLimit_Limit": "2000",
    "RateLimit_Name": "throttle_authenticated_api",
    "RateLimit_Remaining": "0",
}
NAMED: dict[str, dict[str, dict[str, Any]]] = {
    "freshdesk": {
        "429": _answer(
            429, {"message": "You have exceeded the limit of requests per minute"}, Retry_After="34"
        ),
        "429 empty": _answer(429, Retry_After="34"),
        "401": _answer(401, {"code": "invalid_credentials", "message": "You have to be logged in."}),
        "403 suspended": _answer(403, {"code": "account_suspended", "message": "Your account is suspended."}),
        "500": _answer(500, {"code": "internal_error", "message": "We're sorry, but something went wrong."}),
    },
    "jira": {
        "429 burst": _answer(429, _SLOW_DOWN, Retry_After="1", RateLimit_Reason="jira-burst-based"),
        "429 issue": _answer(429, _SLOW_DOWN, Retry_After="2", RateLimit_Reason="jira-per-issue-on-write"),
        "429 quota": _answer(429, _SLOW_DOWN, Retry_After="1847", RateLimit_Reason="jira-quota-tenant-based"),
        "429 global": _answer(
            429, _SLOW_DOWN, Retry_After="1847", RateLimit_Reason="jira-quota-global-based"
        ),
        "429 dc": _answer(
            429, {"message": "Rate limit exceeded."}, Retry_After="5", X_RateLimit_Remaining="0"
        ),
        "503 retry": _answer(503, {"errorMessages": ["Service unavailable"]}, Retry_After="3"),
        "401": _answer(401, "Client must be authenticated to access this resource."),
        "409": _answer(409, {"errorMessages": ["The issue was changed meanwhile."], "errors": {}}),
    },
    "gitlab": {
        "429 throttle": _answer(429, "Retry later\n", Retry_After="60", **_RACK),
        "429 application": _answer(429, _TOO_MANY),
        "401": _answer(401, {"error": "invalid_token", "error_description": "Token is expired."}),
        "409 lock": _answer(409, {"message": "409 Conflict: Resource lock"}),
        "500": _answer(500, {"message": "500 Internal Server Error"}),
    },
}


def kinds(system: str) -> dict[str, dict[str, Any]]:
    """Return the named faults of one system."""
    return _EVERYWHERE | NAMED.get(system, {})


def expanded(body: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Return a fault with its named kind spelled out; what the caller gives wins over the name's."""
    known = kinds(str(body.get("system")))
    name = body.get("kind")
    if not isinstance(name, str) or name not in known:
        return body
    meant = {"headers": {}} | known[name]
    if "RateLimit-Name" in meant["headers"]:
        meant = meant | {"headers": meant["headers"] | _reset(now)}
    return meant | body | {"kind": "answer"}


def _reset(now: datetime) -> dict[str, str]:
    """Return when GitLab's throttle lets calls through again: two of its headers are instants."""
    at = now.astimezone(UTC) + timedelta(seconds=60)
    return {
        "RateLimit-Reset": str(int(at.timestamp())),
        "RateLimit-ResetTime": format_datetime(at, usegmt=True),
    }
