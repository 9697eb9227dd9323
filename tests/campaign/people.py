"""The people around the desk, each with their own credentials in the tools' own APIs. They know no hub."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deskbridge.demo.people import Tool

CUSTOMERS = {
    "lantern": ("kim@lantern.example", "Kim Park"),
    "orbit": ("giulia@orbit.example", "Giulia Conti"),
    "nobody": ("pat@nowhere.example", "Pat Unknown"),
}
_PROJECT, _OTHER = "harbour%2Ffirmware", "harbour%2Fportal"


@dataclass(frozen=True)
class Upload:
    """A file that somebody is about to send."""

    name: str
    content: bytes
    inline: bool = False

    @property
    def sha256(self) -> str:
        """Return what tells it from every other."""
        return hashlib.sha256(self.content).hexdigest()


class People:
    """Customers, an agent, a developer; and somebody who has the key of the hub's own account."""

    def __init__(self, env: Mapping[str, str], owner: str) -> None:
        """`owner` is the GitLab token of the project's owner, who may delete issues."""
        self.control = Tool(env["SANDBOX_CONTROL_URL"])
        self.agent = Tool(f"{env['FRESHDESK_URL']}/api/v2", (env["FRESHDESK_AGENT_API_KEY"], "X"))
        self.jira = Tool(f"{env['JIRA_URL']}/rest", (env["JIRA_DEV_EMAIL"], env["JIRA_DEV_TOKEN"]))
        gitlab = f"{env['GITLAB_URL']}/api/v4/projects/{_PROJECT}"
        self.gitlab = Tool(gitlab, headers={"PRIVATE-TOKEN": env["GITLAB_DEV_TOKEN"]})
        other = f"{env['GITLAB_URL']}/api/v4/projects/{_OTHER}"
        self.elsewhere = Tool(other, headers={"PRIVATE-TOKEN": env["GITLAB_DEV_TOKEN"]})
        """The project that developers move issues to."""
        self.owner = Tool(gitlab, headers={"PRIVATE-TOKEN": owner})
        self.robot_in_jira = Tool(f"{env['JIRA_URL']}/rest", (env["JIRA_EMAIL"], env["JIRA_TOKEN"]))
        self.robot_in_gitlab = Tool(gitlab, headers={"PRIVATE-TOKEN": env["GITLAB_TOKEN"]})
        self.robot_at_desk = Tool(f"{env['FRESHDESK_URL']}/api/v2", (env["FRESHDESK_API_KEY"], "X"))
        self.urls = {"desk": env["FRESHDESK_URL"], "jira": env["JIRA_URL"], "gitlab": env["GITLAB_URL"]}

    # -- at the desk

    def mail(self, customer: str, subject: str, html: str, files: Sequence[Upload]) -> str:
        """Open a ticket by mail."""
        email, name = CUSTOMERS[customer]
        letter = {"email": email, "name": name, "subject": subject, "html": html}
        return str(self._write("customer_mail", letter, files)["ticket"])

    def answer(self, key: str, customer: str, html: str, files: Sequence[Upload]) -> str:
        """Write again about a ticket, as its customer."""
        letter = {"ticket": int(key), "email": CUSTOMERS[customer][0], "html": html}
        return str(self._write("customer_reply", letter, files)["conversation"])

    def _write(self, act: str, letter: dict[str, Any], files: Sequence[Upload]) -> Any:
        sent = [
            {
                "name": file.name,
                "content_base64": base64.b64encode(file.content).decode(),
                "content_type": "image/png" if file.inline else "application/octet-stream",
                **({"inline_cid": file.name} if file.inline else {}),
            }
            for file in files
        ]
        return self.control("POST", f"act/freshdesk/{act}", json={**letter, "attachments": sent})

    def say_at_desk(self, key: str, html: str, files: Sequence[Upload], *, private: bool) -> str:
        """Add a private note, or reply to the customer."""
        kind = "notes" if private else "reply"
        if files:
            form = {"body": html, **({"private": "true"} if private else {})}
            sent = [("attachments[]", (f.name, f.content, "application/octet-stream")) for f in files]
            return str(self.agent("POST", f"tickets/{key}/{kind}", data=form, files=sent)["id"])
        note = {"body": html, **({"private": True} if private else {})}
        return str(self.agent("POST", f"tickets/{key}/{kind}", json=note)["id"])

    def conversations(self, key: str) -> list[dict[str, Any]]:
        """Return the first hundred texts of a ticket after its description."""
        found = self.agent("GET", f"tickets/{key}/conversations", params={"per_page": 100})
        return list(found)

    def texts(self, tool: str, key: str) -> list[str]:
        """Return the words of the first hundred texts of a ticket after its description."""
        read = {"desk": self.conversations, "jira": self.comments, "gitlab": self.notes}[tool]
        return [str(text["body"]) for text in read(key)]

    # -- in Jira

    def say_in_jira(self, key: str, wiki: str) -> str:
        """Comment on an issue."""
        return str(self.jira("POST", f"api/2/issue/{key}/comment", json={"body": wiki})["id"])

    def attach_in_jira(self, key: str, file: Upload) -> None:
        """Attach a file to an issue."""
        part = {"file": (file.name, file.content, "application/octet-stream")}
        no_check = {"X-Atlassian-Token": "no-check"}
        self.jira("POST", f"api/2/issue/{key}/attachments", files=part, headers=no_check)

    def comments(self, key: str) -> list[dict[str, Any]]:
        """Return the first hundred comments of an issue."""
        found = self.jira("GET", f"api/2/issue/{key}/comment", params={"maxResults": 100})
        return list(found["comments"])

    def issues(self) -> list[dict[str, Any]]:
        """Return all issues of the project that the index knows of."""
        found: list[dict[str, Any]] = []
        query: dict[str, Any] = {"jql": "project = SUP order by id", "fields": ["*all"], "maxResults": 100}
        while True:
            page = self.jira("POST", "api/2/search/jql", json=query)
            found += page["issues"]
            if not page.get("nextPageToken"):
                return found
            query["nextPageToken"] = page["nextPageToken"]

    # -- in GitLab

    def say_in_gitlab(self, key: str, markdown: str, *, private: bool = False) -> str:
        """Comment on an issue, internally or not."""
        note = {"body": markdown, "internal": private}
        return str(self.gitlab("POST", f"issues/{_iid(key)}/notes", json=note)["id"])

    def upload(self, file: Upload) -> str:
        """Upload a file, and return the Markdown that shows it."""
        part = {"file": (file.name, file.content, "application/octet-stream")}
        return str(self.gitlab("POST", "uploads", files=part)["markdown"])

    def project(self, key: str) -> Tool:
        """Return the project that an issue of GitLab's is in."""
        return self.gitlab if key.partition(":")[0] == "101" else self.elsewhere

    def move(self, key: str) -> str:
        """Move an issue to the other project, and return what it is called there."""
        there = self.elsewhere("GET", "")["id"]
        moved = self.gitlab("POST", f"issues/{_iid(key)}/move", json={"to_project_id": there})
        return f"{moved['project_id']}:{moved['iid']}"

    def merge(self, primary: str, secondary: str) -> None:
        """Merge a ticket of the desk into another, as agents do."""
        named = f"Ticket <a href='/a/tickets/{secondary}'>#{secondary}</a> goes on here"
        there = f"<a href='{self.urls['desk']}/a/tickets/{primary}'>#{primary}</a>"
        body = {
            "primary_id": int(primary),
            "ticket_ids": [int(secondary)],
            "note_in_primary": {"body": named, "private": True},
            "note_in_secondary": {
                "body": f"<p>This ticket is closed and merged into ticket {there}</p>",
                "private": True,
            },
        }
        self.agent("PUT", "tickets/merge", json=body)

    def notes(self, key: str) -> list[dict[str, Any]]:
        """Return the first hundred notes of an issue that people or programs wrote."""
        asked = {"per_page": 100, "sort": "asc", "order_by": "created_at"}
        found = self.project(key)("GET", f"issues/{_iid(key)}/notes", params=asked)
        return [note for note in found if not note["system"]]

    def gitlab_issues(self) -> list[dict[str, Any]]:
        """Return all issues of both projects, those apart that were moved away."""
        found: list[dict[str, Any]] = []
        for project in (self.gitlab, self.elsewhere):
            for page in range(1, 100):
                asked = {
                    "scope": "all",
                    "per_page": 100,
                    "page": page,
                    "order_by": "created_at",
                    "sort": "asc",
                }
                found += (rows := project("GET", "issues", params=asked))
                if len(rows) < 100:
                    break
        return [issue for issue in found if not issue["moved_to_id"]]


def _iid(key: str) -> str:
    """Return the number that GitLab's addresses know an issue of the project by."""
    return re.split(r"[^0-9]", key)[-1]
