"""Sessions by name and password on Data Center, and the products that a site is linked to."""

from __future__ import annotations

from starlette.responses import Response

from deskbridge.sandbox.jira.permissions import may
from deskbridge.sandbox.jira.signin import SignIn
from deskbridge.sandbox.jira.wire import Call, Rule, optional
from deskbridge.sandbox.kernel import Refused, reply


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


RULES = [
    Rule("GET", "/rest/applinks/latest/listApplicationlinks", applinks),
    Rule("POST", "/rest/auth/1/session", login, on="dc"),
    Rule("GET", "/rest/auth/1/session", session, sign_in=True, on="dc"),
    Rule("DELETE", "/rest/auth/1/session", logout, bare=True, on="dc"),
]
