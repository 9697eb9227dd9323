"""The little that REST does not tell, asked of GraphQL (reference 0.10, 3.8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter
from pydantic.alias_generators import to_camel

from connectors.errors import Rejected, WireError
from connectors.gitlab.wire import Issue, parse
from connectors.http import Http

_QUERY = """query($path: ID!, $iid: String!, $after: String) {
  project(fullPath: $path) { issue(iid: $iid) {
    notes(first: 100, after: $after) { nodes { id externalAuthor } pageInfo { hasNextPage endCursor } }
    emailParticipants { nodes { email } }
  } }
}"""
_LONGEST = 50
"""Pages of notes that are asked for: an issue has 5,000 at most (reference 1.3)."""
_TOLD = 300
"""Characters of errors that are told to people."""
_DIGITS = 19
"""Digits that no id has."""


class Part(BaseModel):
    """A part of an answer, whose keys are written likeThis."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True, alias_generator=to_camel)


class Failure(Part):
    """An error beside the data."""

    message: str = ""


class Reply(Part):
    """An answer; what is asked for stands in `data` of its kinds."""

    errors: tuple[Failure, ...] | None = None


R = TypeVar("R", bound=Reply)


def ask(http: Http, kind: TypeAdapter[R], query: str, variables: Mapping[str, Any]) -> R:
    """Return the answer to a query, or to a mutation that may be made twice.

    Raises Rejected: GraphQL answers 200 with `errors` where it refuses (reference 3.8).
    """
    api = Http(
        http.connection,
        http.base.removesuffix("/v4"),
        http.session,
        http.budget,
        http.now,
        http.explain,
        sleep=http.sleep,
    )
    sent = {"query": query, "variables": variables}
    answer = parse(kind, http.connection, api.call("POST", "graphql", json=sent, idempotent=True))
    if answer.errors:
        text = "; ".join(error.message for error in answer.errors)
        raise Rejected(http.connection, "POST graphql", text[:_TOLD])
    return answer


_MOVED = """query($path: ID!, $iid: String!) {
  project(fullPath: $path) { issue(iid: $iid) { movedTo { iid projectId reference(full: true) } } }
}"""


@dataclass(frozen=True, slots=True)
class Outside:
    """Who without an account takes part in a ticket."""

    authors: Mapping[int, str]
    """Note id -> address of the customer who wrote it."""
    participants: tuple[str, ...]


class _Note(Part):
    id: str
    external_author: str | None = None

    @property
    def number(self) -> int:
        """The id that REST knows; 0 for what is none."""
        number = self.id.rpartition("/")[2]
        return int(number) if number.isdecimal() and len(number) < _DIGITS else 0


class _Page(Part):
    has_next_page: bool = False
    end_cursor: str | None = None


class _Notes(Part):
    nodes: tuple[_Note, ...] | None = None
    page_info: _Page | None = None


class _Email(Part):
    email: str | None = None


class _Emails(Part):
    nodes: tuple[_Email, ...] | None = None


class Elsewhere(Part):
    """Where an issue was moved to."""

    iid: str
    project_id: int
    reference: str = ""


class _Issue(Part):
    moved_to: Elsewhere | None = None
    notes: _Notes | None = None
    email_participants: _Emails | None = None


class _Project(Part):
    issue: _Issue | None = None


class _Data(Part):
    project: _Project | None = None


class _Outsiders(Reply):
    data: _Data | None = None


_OUTSIDERS = TypeAdapter(_Outsiders)


def outsiders(http: Http, issue: Issue) -> Outside:
    """Return the outsiders of a ticket; nobody where the server does not tell: they are a courtesy."""
    authors: dict[int, str] = {}
    people: dict[str, None] = {}
    after: str | None = None
    for _ in range(_LONGEST):
        found = _outsiders(http, {"path": issue.project_path, "iid": str(issue.iid), "after": after})
        notes, emails = found.notes or _Notes(), found.email_participants or _Emails()
        authors |= {one.number: one.external_author for one in notes.nodes or () if one.external_author}
        people |= {one.email: None for one in emails.nodes or () if one.email}
        page = notes.page_info or _Page()
        after = page.end_cursor
        if not page.has_next_page or not after:
            break
    return Outside(authors, tuple(people))


def moved_to(http: Http, issue: Issue) -> Elsewhere | None:
    """Return where a moved issue lives now; None where our account may not see it.

    REST tells a global id only, which nobody but an administrator can look up (reference 3.4).
    """
    asked = {"path": issue.project_path, "iid": str(issue.iid)}
    data = ask(http, _OUTSIDERS, _MOVED, asked).data
    found = data.project.issue if data and data.project else None
    return found.moved_to if found else None


def _outsiders(http: Http, variables: Mapping[str, Any]) -> _Issue:
    try:
        data = ask(http, _OUTSIDERS, _QUERY, variables).data
    except WireError:
        return _Issue()
    project = data.project if data else None
    return (project.issue if project else None) or _Issue()
