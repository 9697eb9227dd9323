"""What can stand against working in a project, one question each; every answer says the way out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from pydantic import BaseModel

from connectors.errors import Gone
from connectors.jira import service_wire, site_wire, wire
from connectors.jira.client import Client
from connectors.jira.paths import desk
from connectors.jira.resolution import choice, named
from connectors.jira.service import request_type
from connectors.jira.side import API, SERVICE
from connectors.jira.translate import status_word
from mappings.boards import Place
from mappings.ticket import Audience, Field

M = TypeVar("M", bound=BaseModel)

Check = Callable[[Place, wire.Project], Iterable[str]]

NEEDED = (
    "BROWSE_PROJECTS",
    "CREATE_ISSUES",
    "EDIT_ISSUES",
    "SCHEDULE_ISSUES",
    "TRANSITION_ISSUES",
    "ADD_COMMENTS",
    "EDIT_OWN_COMMENTS",
    "DELETE_OWN_COMMENTS",
    "CREATE_ATTACHMENTS",
    "LINK_ISSUES",
    "WORK_ON_ISSUES",
)
"""The least that the hub needs; due dates, links and worklogs have permissions of their own."""
_PAGE = 200
"""Types, or fields of a type, that one call returns at most (jira-api 3.2)."""
_FILLED = frozenset({"project", "issuetype", "summary", "description", "reporter"})
"""What the hub, or Jira by itself, fills in on every issue that is created."""
_WRITTEN = ("summary", "description", "priority", "labels", "duedate")


class Checks:
    """The questions about one connection's projects."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def all(self) -> list[Check]:
        """Return the questions, to be asked of each place."""
        return [self.permissions, self.readers, self.kind, self.screen, self.statuses, self.request]

    def permissions(self, place: Place, project: wire.Project) -> list[str]:
        """Whether the account has the least it needs."""
        answer = self._client.jira.my_permissions(projectKey=place.key, permissions=",".join(NEEDED))
        have = self._client.parse(site_wire.Permissions, answer, "GET mypermissions").permissions
        lacking = [key for key in NEEDED if key not in have or not have[key].have]
        return [f"the account lacks {key}; grant it in the project's permission scheme" for key in lacking]

    def readers(self, place: Place, project: wire.Project) -> Iterator[str]:
        """Whether who reads the place can be what the settings say."""
        if project.type == SERVICE and request_type(place) and place.readers.audience is Audience.STAFF:
            yield "customers read what its portal shows; declare the place's readers as that customer"

    def kind(self, place: Place, project: wire.Project) -> list[str]:
        """Whether the issue type that the place names can be created."""
        types = self.types(place.key)
        if not place.kind or request_type(place) or _type(types, place.kind):
            return []
        offered = ", ".join(f"{type.name} ({type.id})" for type in types)
        return [f"no issue type {place.kind!r} can be created; there are {offered or 'none'}"]

    def screen(self, place: Place, project: wire.Project) -> Iterator[str]:
        """Whether creating an issue asks for more than the hub has, or has no room for what it writes."""
        type = _type(self.types(place.key), place.kind)
        if type is None or request_type(place):
            return
        shown, side = self._screen(place, type), self._client.side()
        for id, field in shown.items():
            if field.required and not field.has_default and id not in {*_FILLED, *side.custom.values()}:
                name = field.name or id
                yield f"{type.name} asks for {name} ({id}); make it optional or give it a default"
        for id in (*_WRITTEN, *side.custom.values()):
            if id not in shown:
                yield f"{id} is not on the create screen of {type.name}; put it there"
        yield from self._priorities(shown.get("priority"))

    def statuses(self, place: Place, project: wire.Project) -> Iterator[str]:
        """Whether every word has a status to be written as."""
        lens, there = self._client.side().lenses.get("status"), self.flow(place)
        if lens is None or not there:
            return
        means = [lens.get(status_word(status)) for status in there]
        for word in lens.writes:
            if word not in means:
                yield f"no status means {word}; add one to the workflow, or fold {word} in the vocabulary"

    def request(self, place: Place, project: wire.Project) -> Iterator[str]:
        """Whether the request type that the place names can take a ticket, and shows it on the portal."""
        if not (id := request_type(place)):
            return
        if project.type != SERVICE:
            yield f"{place.kind!r} is for service projects; name an issue type"
            return
        call = desk("servicedesk", place.key, "requesttype", id)
        try:
            type = self._client.get(service_wire.RequestType, call)
        except Gone:
            yield f"no request type {id}; see Project settings > Request types"
            return
        if not type.groups:
            yield f"request type {type.name!r} is in no group, so the portal hides it; put it into one"
        yield from self._form(self._client.get(service_wire.RequestForm, f"{call}/field").fields, type.name)

    def flow(self, place: Place) -> list[wire.Status]:
        """Return the statuses that issues of the place can have."""
        flows = self._client.get(site_wire.Workflows, f"{API}/project/{place.key}/statuses").root
        flows = [flow for flow in flows if not place.kind or place.kind in (flow.id, flow.name)] or flows
        return list({status.id: status for flow in flows for status in flow.statuses}.values())

    def priorities(self, place: Place) -> list[wire.Named]:
        """Return the priorities that an issue of the place can be created with; none if nothing tells."""
        shown = self._shown(place)
        return self._offered(shown["priority"]) if "priority" in shown else []

    def asked(self, place: Place) -> list[str]:
        """Return which fields of ours every new issue must have a value of: not every ticket has one."""
        shown, ours = self._shown(place), self._client.side().custom.values()
        asking = [one for one in shown.values() if one.required and not one.has_default and one.id in ours]
        return [f"{one.name or one.id} ({one.id})" for one in asking]

    def _kind(self, place: Place) -> str:
        """Return the issue type that a place's tickets have; a request type has one of its own."""
        if not (id := request_type(place)):
            return place.kind
        call = desk("servicedesk", place.key, "requesttype", id)
        return self._client.get(service_wire.RequestType, call).kind

    def fields(self) -> list[str]:
        """Whether the site has the configured fields, as what they are used for."""
        custom, lines = self._client.side().custom, []
        kinds = self._client.kinds() if custom else {}
        for field, id in custom.items():
            if id not in kinds:
                lines.append(f"{self._client.http.connection}: no field {id} (for {field}); see GET field")
            elif not _fits(field, kinds[id]):
                lines.append(f"{self._client.http.connection}: field {id} is no date-time field ({field})")
        return lines

    def resolution(self) -> Iterator[str]:
        """Whether the site has the resolution that the settings name."""
        if wanted := self._client.resolution:
            offered = self._client.get(site_wire.NamedList, f"{API}/resolution").root
            if named(wanted, offered) is None:
                yield f"{self._client.http.connection}: no resolution {wanted!r}; say {choice(offered)}"

    def types(self, project: str) -> list[wire.IssueType]:
        """Return the issue types that can be created in a project."""
        call = f"{API}/issue/createmeta/{project}/issuetypes"
        return self._client.get(site_wire.IssueTypes, call, {"maxResults": _PAGE}).types

    def _priorities(self, field: site_wire.CreateField | None) -> Iterator[str]:
        """Yield which written priorities the project lacks."""
        lens = self._client.side().lenses.get("priority")
        if field is None or lens is None or not field.allowed:
            return
        offered = {priority.id for priority in self._offered(field)}
        for word, native in lens.writes.items():
            if native not in offered:
                yield f"{word} is written as priority {native}, which the project lacks; change that row"

    def _shown(self, place: Place) -> dict[str, site_wire.CreateField]:
        type = _type(self.types(place.key), self._kind(place))
        return self._screen(place, type) if type else {}

    def _screen(self, place: Place, type: wire.IssueType) -> dict[str, site_wire.CreateField]:
        call = f"{API}/issue/createmeta/{place.key}/issuetypes/{type.id}"
        found = self._client.get(site_wire.CreateFields, call, {"maxResults": _PAGE}).fields
        return {field.id: field for field in found}

    def _offered(self, field: site_wire.CreateField) -> list[wire.Named]:
        return [self._client.parse(wire.Named, one, "GET createmeta priority") for one in field.allowed]

    def _form(self, form: Iterable[service_wire.RequestField], name: str) -> Iterator[str]:
        fields = {field.id: field for field in form}
        if "description" not in fields:
            yield f"request type {name!r} has no description; add the field to its form"
        for id, field in fields.items():
            given = id in ("summary", "description") or field.defaults or field.presets
            if field.required and not given:
                yield f"request type {name!r} asks for {field.name or id}; make it optional or preset it"


def _type(types: Iterable[wire.IssueType], kind: str) -> wire.IssueType | None:
    """Return the type that is created: the named one, else the first ordinary one."""
    if kind:
        return next((type for type in types if kind in (type.id, type.name)), None)
    return next((type for type in types if type.level == 0 and not type.subtask), None)


def _fits(field: Field, holds: site_wire.FieldSchema) -> bool:
    return field != "first_response_due" or holds.type == "datetime"
