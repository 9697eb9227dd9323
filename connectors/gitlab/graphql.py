"""The little that REST does not tell: who without an account takes part in a ticket (reference 0.10)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.errors import WireError
from connectors.gitlab.wire import Issue
from connectors.http import Http

_QUERY = """query($path: ID!, $iid: String!, $after: String) {
  project(fullPath: $path) { issue(iid: $iid) {
    notes(first: 100, after: $after) { nodes { id externalAuthor } pageInfo { hasNextPage endCursor } }
    emailParticipants { nodes { email } }
  } }
}"""
_LONGEST = 50
"""Pages of notes that are asked for: an issue has 5,000 at most (reference 1.3)."""


@dataclass(frozen=True, slots=True)
class Outside:
    """Who without an account takes part in a ticket."""

    authors: Mapping[int, str]
    """Note id -> address of the customer who wrote it."""
    participants: tuple[str, ...]


def outsiders(http: Http, issue: Issue) -> Outside:
    """Return the outsiders of a ticket; nobody where the server does not tell: they are a courtesy."""
    authors: dict[int, str] = {}
    people: dict[str, None] = {}
    after: str | None = None
    for _ in range(_LONGEST):
        found = _ask(http, {"path": issue.project_path, "iid": str(issue.iid), "after": after})
        notes = found.get("notes") or {}
        authors |= _authors(notes.get("nodes") or [])
        people |= dict.fromkeys(_emails(found.get("emailParticipants") or {}))
        page = notes.get("pageInfo") or {}
        after = page.get("endCursor")
        if not page.get("hasNextPage") or not after:
            break
    return Outside(authors, tuple(people))


def _ask(http: Http, variables: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the issue of an answer; GraphQL answers 200 with `errors` where it refuses (reference 3.8)."""
    api = Http(
        http.connection,
        http.base.removesuffix("/v4"),
        http.session,
        http.budget,
        http.now,
        http.explain,
    )
    try:
        response = api.call(
            "POST", "graphql", json={"query": _QUERY, "variables": variables}, idempotent=True
        )
        answer = response.json()
    except (WireError, ValueError):
        return {}
    project = ((answer if isinstance(answer, dict) else {}).get("data") or {}).get("project") or {}
    issue = project.get("issue")
    return issue if isinstance(issue, dict) else {}


def _authors(nodes: list[Any]) -> dict[int, str]:
    found = {}
    for node in nodes:
        number = str(node.get("id", "")).rpartition("/")[2]
        if number.isdecimal() and isinstance(node.get("externalAuthor"), str):
            found[int(number)] = node["externalAuthor"]
    return found


def _emails(connection: Mapping[str, Any]) -> list[str]:
    nodes = connection.get("nodes") or []
    return [node["email"] for node in nodes if isinstance(node.get("email"), str)]
