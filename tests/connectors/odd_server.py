"""A real HTTP server that answers what a test says, and the three connectors on it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from connectors.base import ConnectionConfig, Connector
from connectors.registry import connect
from tests.connectors import freshdesk_payloads, gitlab_payloads, jira_payloads

Answer = Callable[[str, Mapping[str, str], Any], Any]
"""What is answered to a path, its parameters and its body: JSON, or bytes as they are."""
CONFIGS: Mapping[str, Callable[[], ConnectionConfig]] = {
    "freshdesk": freshdesk_payloads.configuration,
    "jira": jira_payloads.configured,
    "gitlab": gitlab_payloads.config,
}
_FIRST: Mapping[str, Any] = {
    "/api/v2/agents/me": {
        "id": freshdesk_payloads.ME,
        "contact": {"name": "Hub", "email": "hub@acme.example"},
    },
    "/api/v2/ticket_fields": freshdesk_payloads.FORM,
    "/rest/api/3/myself": jira_payloads.HUB | {"timeZone": "UTC"},
    "/rest/api/3/project/SUP": jira_payloads.PROJECT,
    "/rest/api/3/field": jira_payloads.FIELDS,
    "/api/v4/user": gitlab_payloads.ME,
    "/api/v4/projects/acme%2Fshop": gitlab_payloads.PROJECT,
    "/api/v4/projects/12": gitlab_payloads.PROJECT,
}
"""What the connectors look up before all else."""


@dataclass
class OddServer:
    """Answers the first look-ups as a sane server does, and all else with `answer`."""

    answer: Answer
    cloud: bool = True
    status: int = 200
    first: Mapping[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    url: str = ""

    def connector(self, system: str, **differing: Any) -> Connector:
        """Return a connection to it."""
        return connect(system, replace(CONFIGS[system](), url=self.url, **differing))

    def said(self, path: str, params: Mapping[str, str], body: Any) -> tuple[int, Any]:
        """Return the answer to a call."""
        if path.endswith("serverInfo"):
            return 200, {"baseUrl": self.url, "deploymentType": "Cloud" if self.cloud else "Server"}
        first = {**_FIRST, **self.first}.get(path.replace("/rest/api/2/", "/rest/api/3/"))
        if first is not None:
            return 200, first
        self.asked.append(path)
        return self.status, self.answer(path, params, body)


@contextmanager
def serving(
    answer: Answer, *, cloud: bool = True, status: int = 200, first: Mapping[str, Any] | None = None
) -> Iterator[OddServer]:
    """Run such a server; `status` is that of what `answer` returns, `first` are other look-ups than usual."""
    odd = OddServer(answer, cloud=cloud, status=status, first=first or {})

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            sent = json.loads(self.rfile.read(length)) if length else None
            status, said = odd.said(asked.path, dict(parse_qsl(asked.query)), sent)
            body = said if isinstance(said, bytes) else json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            if body != b"[]":
                self.send_header("Link", f'<{odd.url}{asked.path}?page=2>; rel="next"')
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - the name that the base class wants

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    odd.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield odd
    finally:
        server.shutdown()
        server.server_close()
