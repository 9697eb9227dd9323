"""Who a call speaks for (reference, 1.1).

API tokens on Cloud, those with scopes at the gateway only; tokens, passwords and sessions on Data
Center, where too many failures end in a CAPTCHA.
"""

from __future__ import annotations

import base64
from collections import Counter

from starlette.requests import Request

from deskbridge.sandbox.jira import errors, scopes
from deskbridge.sandbox.jira.model import User
from deskbridge.sandbox.jira.state import Site
from deskbridge.sandbox.kernel import Refused

MOST_FAILURES = 3
_REASON = "X-Seraph-LoginReason"


class SignIn:
    """Reads credentials for one site; remembers who failed how often."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self.failures: Counter[str] = Counter()
        """Failed logins by user name; at three a person must solve a CAPTCHA."""
        self.sessions: dict[str, str] = {}
        """Account ids by the value of a session's cookie."""

    def caller(self, request: Request, *, gateway: bool, rule: tuple[str, str]) -> User | None:
        """Return who calls, None for nobody; refused when the credentials are wrong."""
        header = request.headers.get("authorization", "")
        if self._site.cloud:
            return self._cloud(header, rule if gateway else None) if header else None
        if header:
            return self._by_header(header)
        account = self.sessions.get(request.cookies.get("JSESSIONID", ""), "")
        return self._site.users.get(account)

    # --- Cloud ---

    def _cloud(self, header: str, rule: tuple[str, str] | None) -> User:
        kind, _, value = header.partition(" ")
        email, token = _basic(value) if kind.lower() == "basic" else ("", value)
        user = self._site.holder(token)
        if user is None or (kind.lower() == "basic" and user.email.lower() != email.lower()):
            raise errors.not_signed_in()
        granted = user.scoped.get(token)
        if granted is None and (kind.lower() != "basic" or not self._classic(rule)):
            raise errors.not_signed_in()
        if granted is not None:
            _check_scope(granted, rule)
        return user

    def _classic(self, rule: tuple[str, str] | None) -> bool:
        return rule is None or self._site.switches.classic_on_gateway

    # --- Data Center ---

    def _by_header(self, header: str) -> User:
        kind, _, value = header.partition(" ")
        if kind.lower() == "bearer":
            user = self._site.holder(value)
            if user is None:
                raise _failed("AUTHENTICATED_FAILED")
            return user
        if not self._site.switches.basic_auth:
            raise _failed("AUTHENTICATION_DENIED")
        return self.login(*_basic(value))

    def login(self, username: str, password: str) -> User:
        """Return the person with this name and password; the third failure asks for a CAPTCHA."""
        if self.failures[username] >= MOST_FAILURES:
            raise self._captcha()
        user = next((u for u in self._site.users.values() if u.username == username), None)
        if user is None or not password or user.password != password:
            self.failures[username] += 1
            raise _failed("AUTHENTICATED_FAILED")
        self.failures.pop(username, None)
        return user

    def _captcha(self) -> Refused:
        url = f"{self._site.base_url}/login.jsp"
        headers = {
            _REASON: "AUTHENTICATION_DENIED",
            "X-Authentication-Denied-Reason": f"CAPTCHA_CHALLENGE; login-url={url}",
            "content-type": "text/html;charset=UTF-8",
        }
        return Refused(403, "Basic Authentication Failure - Reason : AUTHENTICATION_DENIED", headers)


def _check_scope(granted: list[str], rule: tuple[str, str] | None) -> None:
    if rule is None:  # the site's own host takes no token with scopes
        raise errors.not_signed_in()
    wanted = scopes.needed(*rule)
    if wanted and wanted not in granted:
        raise errors.scope_missing()


def _failed(reason: str) -> Refused:
    headers = {
        _REASON: reason,
        "WWW-Authenticate": 'OAuth realm="Jira"',
        "content-type": "text/html;charset=UTF-8",
    }
    return Refused(401, f"Basic Authentication Failure - Reason : {reason}", headers)


def _basic(value: str) -> tuple[str, str]:
    try:
        name, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except ValueError:
        return "", ""
    return name, secret
