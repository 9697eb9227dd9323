"""What the three fake servers' worlds have in common: the clock, the outbox, the faults, plain HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import requests

from connectors.base import ConnectionConfig, Connector
from connectors.quota import LocalBudget
from connectors.registry import connect
from deskbridge.sandbox.run import Sandbox
from mappings.ticket import Audience, Field
from mappings.vocabulary import vocabularies
from tests.contract.world import Break, Call

_TIMEOUT = 10
_FAULTS: Mapping[Break, Mapping[str, object]] = {
    Break.RESET: {"kind": "reset"},
    Break.LOST: {"kind": "lost"},
    Break.DOWN: {"kind": "answer", "status": 503, "body": "<html>upstream</html>"},
    Break.THROTTLED: {"kind": "answer", "status": 429, "headers": {"Retry-After": "60"}},
}


class SandboxWorld:
    """One fake server with its people. `wire` says by method and path what a call of the connector is."""

    system: str
    described = Audience.STAFF
    wire: Mapping[Call, tuple[str, str]]

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self.environment = sandbox.environment()
        self._http = requests.Session()
        self._http.trust_env = False

    def configuration(
        self,
        *,
        url: str,
        secret: str,
        user: str = "",
        projects: tuple[str, ...] = (),
        fields: Mapping[Field, str] | None = None,
    ) -> ConnectionConfig:
        """Return the hub's connection to this system."""
        return ConnectionConfig(
            name=f"acme_{self.system}",
            url=url,
            user=user,
            secret=secret,
            projects=projects,
            fields=fields or {},
            vocabularies=vocabularies(self.system, {}),
            budget=LocalBudget(self.now),
            now=self.now,
        )

    def connect(self, config: ConnectionConfig) -> Connector:
        return connect(self.system, config)

    def now(self) -> datetime:
        return self._sandbox.world.clock.now()

    def wait(self, seconds: float) -> None:
        self.control("POST", "clock", {"advance": seconds})

    def mailed(self) -> int:
        mails = self.control("GET", "outbox")
        return sum(mail["system"] == self.system and mail["customer"] for mail in mails)

    def calls(self) -> int:
        return int(self.control("GET", "calls")[self.system])

    def breaks(self, call: Call, how: Break, times: int = 1) -> None:
        method, path = self.wire[call]
        fault = {"system": self.system, "method": method, "path": path, "times": times, **_FAULTS[how]}
        self.control("POST", "faults", fault)

    def system_in_memory(self) -> bool:
        return False

    def mends(self) -> None:
        self.control("DELETE", "faults")

    def act(self, act: str, /, **arguments: object) -> Any:
        """Do something that people do without an API."""
        return self.control("POST", f"act/{self.system}/{act}", arguments)

    def control(self, method: str, path: str, body: object = None) -> Any:
        """Return what the sandbox's own API answers."""
        return self.ask(method, f"{self._sandbox.control_url}/{path}", json=body)

    def ask(self, method: str, url: str, **request: Any) -> Any:
        """Return the JSON of an answer that must be a good one, or None for an empty one."""
        response = self._http.request(method, url, timeout=_TIMEOUT, **request)
        assert response.ok, f"{method} {url}: {response.status_code} {response.text[:400]}"
        return response.json() if response.content else None
