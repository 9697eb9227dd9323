"""The people of the demo. They use the tools' own APIs with their own credentials, never the hub."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import requests


@dataclass(frozen=True, slots=True)
class File:
    """A file that somebody sends. `cid` places a picture inside the text."""

    name: str
    content: bytes
    content_type: str
    cid: str = ""

    def as_json(self) -> dict[str, str]:
        """Return the file as the sandbox's control API takes it."""
        content = base64.b64encode(self.content).decode()
        given = {"name": self.name, "content_base64": content, "content_type": self.content_type}
        return given | ({"inline_cid": self.cid} if self.cid else {})


class Tool:
    """One tool's API, used by one person."""

    def __init__(
        self, base: str, auth: tuple[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        self._base, self._session = base, requests.Session()
        self._session.trust_env = False
        self._session.auth = auth
        self._session.headers.update(headers or {})

    def __call__(self, method: str, path: str, **request: Any) -> Any:
        """Make a call and return its JSON. Raises requests.HTTPError if it is refused."""
        answer = self._session.request(method, f"{self._base}/{path}", timeout=30, **request)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def fetch(self, path: str) -> bytes:
        """Return the bytes of a file under this tool's address."""
        answer = self._session.get(f"{self._base}/{path}", timeout=30)
        answer.raise_for_status()
        return answer.content


class People:
    """Everybody around the desk: customers who mail, an agent, a developer in Jira and GitLab."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._control = Tool(env["SANDBOX_CONTROL_URL"])
        self.agent = Tool(f"{env['FRESHDESK_URL']}/api/v2", (env["FRESHDESK_AGENT_API_KEY"], "X"))
        self.jira = Tool(f"{env['JIRA_URL']}/rest", (env["JIRA_DEV_EMAIL"], env["JIRA_DEV_TOKEN"]))
        token = {"PRIVATE-TOKEN": env["GITLAB_DEV_TOKEN"]}
        self.gitlab = Tool(f"{env['GITLAB_URL']}/api/v4/projects/harbour%2Ffirmware", headers=token)

    # -- time

    def clock(self, instant: datetime) -> None:
        """Let the sandbox's time go forward to an instant."""
        self._control("POST", "clock", json={"now": instant.isoformat()})

    # -- customers

    def mail(self, sender: str, name: str, subject: str, html: str, *files: File) -> int:
        """Write to the desk as a customer; return the ticket's number."""
        letter = {"email": sender, "name": name, "subject": subject, "html": html}
        attached = [file.as_json() for file in files]
        made = self._control("POST", "act/freshdesk/customer_mail", json={**letter, "attachments": attached})
        return int(made["ticket"])

    def answer(self, ticket: int, sender: str, html: str) -> None:
        """Write to the desk again, about a ticket."""
        letter = {"ticket": ticket, "email": sender, "html": html}
        self._control("POST", "act/freshdesk/customer_reply", json=letter)

    def outbox(self) -> list[dict[str, Any]]:
        """Return every mail that the tools sent."""
        mails: list[dict[str, Any]] = self._control("GET", "outbox")
        return mails

    # -- the agent

    def sort(self, ticket: int, **fields: Any) -> None:
        """Set a ticket's fields as the agent."""
        self.agent("PUT", f"tickets/{ticket}", json=fields)

    def note(self, ticket: int, html: str) -> None:
        """Add a private note as the agent."""
        self.agent("POST", f"tickets/{ticket}/notes", json={"body": html, "private": True})

    def reply(self, ticket: int, html: str) -> None:
        """Reply to the customer as the agent."""
        self.agent("POST", f"tickets/{ticket}/reply", json={"body": html})

    # -- the developer

    def issue_of(self, subject: str) -> str:
        """Return the key of the Jira issue with this summary."""
        query = {"jql": "project = SUP", "fields": ["summary"], "maxResults": 100}
        found = self.jira("POST", "api/2/search/jql", json=query)["issues"]
        return next(str(issue["key"]) for issue in found if issue["fields"]["summary"] == subject)

    def gitlab_issue_of(self, subject: str) -> int:
        """Return the number of the GitLab issue with this title."""
        found = self.gitlab("GET", "issues", params={"scope": "all", "per_page": 100})
        return next(int(issue["iid"]) for issue in found if issue["title"] == subject)

    def comment(self, key: str, wiki: str) -> None:
        """Comment on a Jira issue as the developer."""
        self.jira("POST", f"api/2/issue/{key}/comment", json={"body": wiki})

    def attach(self, key: str, file: File) -> None:
        """Attach a file to a Jira issue as the developer."""
        part = {"file": (file.name, file.content, file.content_type)}
        self.jira(
            "POST", f"api/2/issue/{key}/attachments", files=part, headers={"X-Atlassian-Token": "no-check"}
        )

    def finish(self, key: str) -> None:
        """Move a Jira issue to Done as the developer."""
        self.jira("POST", f"api/2/issue/{key}/transitions", json={"transition": {"id": "31"}})

    def comment_in_gitlab(self, number: int, markdown: str) -> None:
        """Comment on a GitLab issue as the developer."""
        self.gitlab("POST", f"issues/{number}/notes", json={"body": markdown})

    def close_in_gitlab(self, number: int) -> None:
        """Close a GitLab issue as the developer."""
        self.gitlab("PUT", f"issues/{number}", json={"state_event": "close"})

    # -- what they read

    def fetch_from_jira(self, url: str) -> bytes:
        """Return a file of a Jira issue, by the address that its record names."""
        path = url.partition("/rest/")[2]
        return self.jira.fetch(f"{path}?redirect=false")

    def fetch_from_gitlab(self, upload: str) -> bytes:
        """Return an upload of the project, by what a text names it."""
        return self.gitlab.fetch(f"uploads/{upload}")
