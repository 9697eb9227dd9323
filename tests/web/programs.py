"""Programs that ask the hub by a token, over HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import requests

from deskbridge.tokens import make
from deskbridge.web.api.app import ROOT
from sync.store.accounts import Role
from tests.web.looking import PEOPLE
from tests.web.seen import Desk


@dataclass(frozen=True)
class Program:
    """A program that asks by a token."""

    url: str
    token: str

    def get(self, path: str, **asked: str) -> requests.Response:
        """Ask."""
        return requests.get(self.url + ROOT + path, params=asked, headers=self.headers(), timeout=30)

    def post(self, path: str, order: Any) -> requests.Response:
        """Have something done."""
        return requests.post(self.url + ROOT + path, json=order, headers=self.headers(), timeout=30)

    def told(self, path: str, **asked: str) -> Any:
        """Return an answer that must be well."""
        answer = self.get(path, **asked)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def headers(self) -> dict[str, str]:
        """Say who asks."""
        return {"Authorization": f"Bearer {self.token}"}


def program(of: Desk, role: Role) -> Program:
    """Let a program in."""
    text, _ = make(of.demo.application, PEOPLE[role], role=None, days=1, purpose="a test")
    return Program(of.url, text)
