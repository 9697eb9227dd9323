"""The little that REST does not tell, asked of GraphQL (reference 0.10, 3.8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter
from pydantic.alias_generators import to_camel

from connectors.errors import Rejected, WireError
from connectors.gitlab.wire import Issue, parse
from connectors.http import Http

_QUERY = """query($path: ID!, $iid: String!, $after: String) {
  project(fullPath: $path) { issue(iid: $iid) {
    notes(first: 100, after: $after) { nodes { id externalAuthor } pageInfo { hasNextPage endCursor } }
  } }
}"""
_PARTICIPANTS = """query($id: WorkItemID!, $after: String) { workItem(id: $id) {
  widgets(onlyTypes: [EMAIL_PARTICIPANTS]) { ... on WorkItemWidgetEmailParticipants {
    emailParticipants(first: 100, after: $after) {
      nodes { email } pageInfo { hasNextPage endCursor } } } }
} }"""
_LONGEST = 50
"""Pages of notes that are asked for: an issue has 5,000 at most (reference 1.3)."""
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


def ask(
    http: Http, kind: TypeAdapter[R], query: str, variables: Mapping[str, Any], *, once: bool = False
) -> R:
    """Return the answer to a query, or to a mutation; `once` says of one that it must not be made twice.

    Raises Rejected: GraphQL answers 200 with `errors` where it refuses (reference 3.8).
    """
    api = replace(http, base=http.base.removesuffix("/v4"))
    sent = {"query": query, "variables": variables}
    said = api.call("POST", "graphql", json=sent, idempotent=not once)
    answer = parse(kind, http.connection, said, once=once)
    if answer.errors:
        text = "; ".join(error.message for error in answer.errors)
        raise Rejected(http.connection, "POST graphql", http.shown(text))
    return answer


_MOVED = """query($path: ID!, $iid: String!) {
  project(fullPath: $path) { issue(iid: $iid) { movedTo { iid projectId reference(full: true) } } }
}"""


class _Note(Part):
    id: str
    external_author: str | None = None

    @property
    def number(self) -> int:
        """The id that REST knows; 0 for what is none."""
        number = self.id.rpartition("/")[2]
        return int(number) if number.isdecimal() and len(number) < _DIGITS else 0


class Page(Part):
    """How a list goes on."""

    has_next_page: bool = False
    end_cursor: str | None = None


class _Notes(Part):
    nodes: tuple[_Note, ...] | None = None
    page_info: Page | None = None


class Elsewhere(Part):
    """Where an issue was moved to."""

    iid: str
    project_id: int
    reference: str = ""


class _Issue(Part):
    moved_to: Elsewhere | None = None
    notes: _Notes | None = None


class _Project(Part):
    issue: _Issue | None = None


class _Data(Part):
    project: _Project | None = None


class _Authors(Reply):
    data: _Data | None = None


class _Email(Part):
    email: str | None = None


class _Emails(Part):
    nodes: tuple[_Email, ...] | None = None
    page_info: Page | None = None


class _Widget(Part):
    email_participants: _Emails | None = None


class _Item(Part):
    widgets: tuple[_Widget, ...] | None = None


class _ItemData(Part):
    work_item: _Item | None = None


class _Participants(Reply):
    data: _ItemData | None = None


_AUTHORS = TypeAdapter(_Authors)
_TOGETHER = TypeAdapter(_Participants)


def authors(http: Http, issue: Issue) -> Mapping[int, str]:
    """Return note id -> address of the customer who wrote it, of a ticket.

    Of nobody where the server does not tell: it is a courtesy.
    """
    found: dict[int, str] = {}
    after: str | None = None
    for _ in range(_LONGEST):
        notes = _notes(http, {"path": issue.project_path, "iid": str(issue.iid), "after": after})
        found |= {one.number: one.external_author for one in notes.nodes or () if one.external_author}
        before, after = after, following(notes.page_info)
        if not after or after == before:
            break
    return found


def moved_to(http: Http, issue: Issue) -> Elsewhere | None:
    """Return where a moved issue lives now; None where our account may not see it.

    REST tells a global id only, which nobody but an administrator can look up (reference 3.4).
    """
    asked = {"path": issue.project_path, "iid": str(issue.iid)}
    data = ask(http, _AUTHORS, _MOVED, asked).data
    found = data.project.issue if data and data.project else None
    return found.moved_to if found else None


def _notes(http: Http, variables: Mapping[str, Any]) -> _Notes:
    try:
        data = ask(http, _AUTHORS, _QUERY, variables).data
    except WireError:
        return _Notes()
    project = data.project if data else None
    issue = project.issue if project else None
    return (issue.notes if issue else None) or _Notes()


def participants(http: Http, issue: Issue) -> tuple[str, ...]:
    """Return the addresses of those who take part by mail; a widget of the work item alone tells them.

    Raises Rejected where the server does not tell: before 17 or so, or to lower roles.
    """
    found: dict[str, None] = {}
    after: str | None = None
    turning = http.turning("POST graphql", "endCursor")
    while True:
        variables = {"id": f"gid://gitlab/WorkItem/{issue.id}", "after": after}
        data = ask(http, _TOGETHER, _PARTICIPANTS, variables).data
        item = data.work_item if data else None
        told = [one.email_participants for one in (item.widgets if item else None) or ()]
        emails = next((one for one in told if one), None)
        if emails is None:
            raise Rejected(http.connection, "POST graphql", "it does not tell who takes part by mail")
        found |= {one.email: None for one in emails.nodes or () if one.email}
        after = following(emails.page_info)
        if not after:
            return tuple(found)
        turning.page(after)


def following(page: Page | None) -> str | None:
    """Return where the next page begins; None where there is none."""
    return page.end_cursor if page and page.has_next_page else None
