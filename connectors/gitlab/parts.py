"""What an issue has beyond its conversation: participants, time, relations, history."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, TypeVar

from pydantic import TypeAdapter

from connectors.capabilities import Part
from connectors.errors import Rejected, WireError
from connectors.gitlab import graphql
from connectors.gitlab.read import Reader, issue_path, pages
from connectors.gitlab.times import entries
from connectors.gitlab.translate import happenings, outsider, participant, relation
from connectors.gitlab.wire import LABEL_EVENTS, LINKS, STATE_EVENTS, USERS, Link
from mappings.ticket import Happening, Person, Relation, RelationKind

T = TypeVar("T")

KINDS: Mapping[RelationKind, str] = {
    RelationKind.RELATES_TO: "relates_to",
    RelationKind.BLOCKS: "blocks",
    RelationKind.BLOCKED_BY: "is_blocked_by",
}
"""The last two are refused below Premium (reference 3.5)."""


def parts(reader: Reader, key: str, also: frozenset[Part]) -> dict[str, Any]:
    """Return the fields of `Ticket` that hold the parts asked for."""
    found: dict[str, Any] = {}
    if Part.PARTICIPANTS in also:
        found["participants"] = tuple(participants(reader, key))
    if Part.TIME in also:
        found["time_entries"] = tuple(entries(reader, key))
    if Part.RELATIONS in also:
        found["relations"] = tuple(_relations(reader, key))
    if Part.HISTORY in also:
        found["history"] = tuple(_history(reader, key))
    return found


def relate(reader: Reader, key: str, tie: Relation) -> None:
    """Tie two issues together, unless they are."""
    path = f"{issue_path(reader.http, key)}/links"
    if tie.kind not in KINDS:
        raise Rejected(
            reader.http.connection, f"POST {path}", f"issues have no {tie.kind}", {"kind": "unknown"}
        )
    if tie in _relations(reader, key):
        return
    issue_path(reader.http, tie.key)
    project, _, iid = tie.key.partition(":")
    sent = {"target_project_id": project, "target_issue_iid": iid, "link_type": KINDS[tie.kind]}
    reader.http.call("POST", path, json=sent, idempotent=True)


def _rows(reader: Reader, kind: TypeAdapter[list[T]], path: str) -> Iterator[T]:
    for rows, _ in pages(reader.http, kind, path, {}):
        yield from rows


def participants(reader: Reader, key: str) -> Iterator[Person]:
    """Yield who takes part in an issue, ourselves left out; who does by mail is told where GraphQL does."""
    me = reader.directory.me().id
    for user in _rows(reader, USERS, f"{issue_path(reader.http, key)}/participants"):
        if user.id != me:
            yield participant(reader.side, user)
    issue = reader.issue(key)
    with suppress(WireError):
        for address in graphql.participants(reader.http, issue):
            yield outsider(reader.side, address)


def _links(reader: Reader, key: str) -> Iterator[Link]:
    return _rows(reader, LINKS, f"{issue_path(reader.http, key)}/links")


def _relations(reader: Reader, key: str) -> list[Relation]:
    names = {native: kind for kind, native in KINDS.items()}
    return [relation(link, names[link.link_type]) for link in _links(reader, key) if link.link_type in names]


def _history(reader: Reader, key: str) -> Iterator[Happening]:
    """Yield changes of status, priority and type: labels and states are events, not notes (reference 3.7)."""
    path = issue_path(reader.http, key)
    labels = list(_rows(reader, LABEL_EVENTS, f"{path}/resource_label_events"))
    states = list(_rows(reader, STATE_EVENTS, f"{path}/resource_state_events"))
    return happenings(reader.side, labels, states)
