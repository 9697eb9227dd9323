"""The *status* field of paid tiers, read and written over GraphQL, which alone knows it (reference 3.8)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from pydantic import TypeAdapter

from connectors.errors import Rejected
from connectors.gitlab.graphql import Part, Reply, ask
from connectors.gitlab.labels import CATEGORY, Side
from connectors.gitlab.wire import CLOSED, OPENED, Issue, Stated
from connectors.http import Http
from mappings.boards import Place

_READ = """query($id: WorkItemID!) { workItem(id: $id) {
  widgets(onlyTypes: [STATUS]) { ... on WorkItemWidgetStatus { status { id name category } } }
} }"""
_WRITE = """mutation($id: WorkItemID!, $status: WorkItemsStatusesStatusID!) {
  workItemUpdate(input: {id: $id, statusWidget: {status: $status}}) { errors }
}"""
_ALLOWED = """query($path: ID!, $kind: IssueType!) { namespace(fullPath: $path) {
  workItemTypes(name: $kind) { nodes { widgetDefinitions { ... on WorkItemWidgetDefinitionStatus {
    allowedStatuses { id name category } defaultOpenStatus { id name category }
    defaultClosedStatus { id name category }
  } } } }
} }"""
_WAY_OUT = "it needs Premium and 18.4; else take `status` out of the connection's fields"


class _Widget(Part):
    status: Stated | None = None


class _Item(Part):
    widgets: tuple[_Widget, ...] | None = None


class _Read(Part):
    work_item: _Item | None = None


class _ReadReply(Reply):
    data: _Read | None = None


class _Refusals(Part):
    errors: tuple[str, ...] | None = None


class _Write(Part):
    work_item_update: _Refusals | None = None


class _WriteReply(Reply):
    data: _Write | None = None


class Allowed(Part):
    """The statuses that a type of issue can have in a project; empty where it has none."""

    allowed_statuses: tuple[Stated, ...] = ()
    default_open_status: Stated | None = None
    default_closed_status: Stated | None = None

    @property
    def names(self) -> str:
        """What the statuses are called, for people."""
        return ", ".join(repr(one.name) for one in self.allowed_statuses) or "none"

    def named(self, word: str) -> Stated | None:
        """Return the status that a vocabulary's word names, by name, category, opened or closed."""
        if word in (OPENED, CLOSED):
            return self.default_open_status if word == OPENED else self.default_closed_status
        return next((one for one in self.allowed_statuses if _is_called(one, word)), None)


class _Kind(Part):
    widget_definitions: tuple[Allowed, ...] | None = None


class _Kinds(Part):
    nodes: tuple[_Kind, ...] | None = None


class _Namespace(Part):
    work_item_types: _Kinds | None = None


class _Namespaces(Part):
    namespace: _Namespace | None = None


class _AllowedReply(Reply):
    data: _Namespaces | None = None


_READS, _WRITES, _ALLOWS = TypeAdapter(_ReadReply), TypeAdapter(_WriteReply), TypeAdapter(_AllowedReply)


@dataclass(frozen=True, slots=True)
class Statuses:
    """Reads and sets the status of issues; remembers which there are."""

    http: Http
    _known: dict[tuple[str, str], Allowed] = field(default_factory=dict, repr=False)

    def stated(self, issue: Issue) -> Issue:
        """Return an issue with its status; without where its type has none. Raises Rejected."""
        data = ask(self.http, _READS, _READ, {"id": _gid(issue)}).data
        item = data.work_item if data else None
        widgets = (item.widgets if item else None) or ()
        return issue.model_copy(update={"stated": next((w.status for w in widgets if w.status), None)})

    def put(self, issue: Issue, word: str) -> None:
        """Give an issue the status that a vocabulary's word names; it closes or opens with it.

        Raises Rejected, naming the field, where there is no such status.
        """
        status = self._named(issue, word)
        data = ask(self.http, _WRITES, _WRITE, {"id": _gid(issue), "status": status.id}).data
        done = data.work_item_update if data else None
        if done is None or done.errors:
            text = "; ".join(done.errors or ()) if done else "the answer names no work item"
            raise Rejected(self.http.connection, "POST graphql", text, {"status": text})

    def ask_allowed(self, path: str, kind: str = "issue") -> Allowed:
        """Return the statuses of a project as the server states them now. Raises Rejected."""
        data = ask(self.http, _ALLOWS, _ALLOWED, {"path": path, "kind": kind.upper()}).data
        self._known[path, kind] = found = next(_definitions(data), Allowed())
        return found

    def _named(self, issue: Issue, word: str) -> Stated:
        path, kind = issue.project_path, issue.issue_type or "issue"
        known = self._known.get((path, kind))
        if known and (found := known.named(word)):
            return found
        known = self.ask_allowed(path, kind)
        if found := known.named(word):
            return found
        text = f"there is no status {word!r} in {path}; there is {known.names}"
        raise Rejected(self.http.connection, "POST graphql", text, {"status": text})


def lacking(statuses: Statuses, side: Side, places: Iterable[Place]) -> Iterator[str]:
    """Yield what stands against using the status field in these places, one line each with the way out."""
    kept = side.labels.get("status")
    words = [word for word in kept.lens.writes.values() if not kept.owns(word)] if kept else []
    for place in places:
        where = f"{statuses.http.connection}: project {place.key}"
        try:
            allowed = statuses.ask_allowed(place.key)
        except Rejected as error:
            yield f"{where}: the status field cannot be used ({error.text}); {_WAY_OUT}"
            continue
        if not allowed.allowed_statuses:
            yield f"{where}: issues have no status field here; {_WAY_OUT}"
            continue
        for word in (word for word in words if allowed.named(word) is None):
            yield f"{where}: there is no status {word!r}; there is {allowed.names}"


def _definitions(data: _Namespaces | None) -> Iterator[Allowed]:
    """Yield what the types' widgets allow; those that are no status widget allow nothing."""
    place = data.namespace if data else None
    kinds = place.work_item_types if place else None
    for kind in (kinds.nodes if kinds else None) or ():
        yield from (one for one in kind.widget_definitions or () if one.allowed_statuses)


def _is_called(status: Stated, word: str) -> bool:
    """Whether a word means a status: people write names in any case, as the server's own page does."""
    native = status.native
    return native.word.casefold() == word.casefold() or f"{CATEGORY}{native.category}" == word


def _gid(issue: Issue) -> str:
    return f"gid://gitlab/WorkItem/{issue.id}"
