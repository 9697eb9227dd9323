"""Somebody with a browser: cookies, forms, and nothing that a person could not send."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser

import requests

from deskbridge.bootstrap import Application
from deskbridge.passwords import hashed
from sync.store.accounts import Role

PASSWORD = "correct horse battery"
PEOPLE = {Role.VIEWER: "Vic", Role.AGENT: "Bo", Role.ADMIN: "Ada"}


@cache
def _kept() -> str:
    """The password as it is kept; to work it out takes a while, as it must."""
    return hashed(PASSWORD)


def let_in(application: Application) -> None:
    """Make an account of each role."""
    for role, name in PEOPLE.items():
        application.store.accounts.add(name, role, _kept(), application.now())


@dataclass
class Browser:
    """One person's browser."""

    url: str
    session: requests.Session = field(default_factory=requests.Session)

    def get(self, path: str, **more: str) -> requests.Response:
        """Ask for a page, without being sent on."""
        return self.session.get(self.url + path, headers=more, timeout=30, allow_redirects=False)

    def post(self, path: str, form: dict[str, str], **headers: str) -> requests.Response:
        """Send a form, its ends of lines as browsers write them."""
        sent = {name: re.sub("\r\n|\r|\n", "\r\n", value) for name, value in form.items()}
        return self.session.post(
            self.url + path, data=sent, headers=headers, timeout=30, allow_redirects=False
        )

    def forms(self, path: str) -> list[dict[str, str]]:
        """Return the forms of a page that change something: their fields, and as `action` where they go."""
        return _Forms(self.get(path).text).found

    def sign_in(self, name: str, password: str = PASSWORD, wanted: str = "/") -> requests.Response:
        """Fill in the form, and send it."""
        [form] = self.forms(f"/sign-in?next={wanted}")
        return self.post(form.pop("action"), {**form, "name": name, "password": password})


class _Forms(HTMLParser):
    """The forms of a page that are sent with POST."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[dict[str, str]] = []
        self._inside = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take note of a form or of a field in it."""
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = said.get("method") == "post"
            if self._inside:
                self.found.append({"action": said["action"]})
        elif self._inside and tag in ("input", "button") and "name" in said:
            self.found[-1][said["name"]] = said.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        """Take note of a form's end."""
        if tag == "form":
            self._inside = False


def signed_in(application: Application, url: str, role: Role) -> Browser:
    """Return the browser of somebody who has a role and signed in; the password is not asked for again."""
    browser, token = Browser(url), secrets.token_urlsafe(32)
    kept = hashlib.sha256(token.encode()).hexdigest()
    application.store.accounts.begin(kept, PEOPLE[role], application.now())
    browser.session.cookies.set("deskbridge", token)
    return browser
