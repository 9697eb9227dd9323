"""Who we are on the site, and what stands against working there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from connectors.base import Account
from connectors.errors import Gone, Rejected, Transient, WireError
from connectors.jira import wire
from connectors.jira.client import Client
from connectors.jira.translate import API, SERVICE
from mappings.boards import Place
from mappings.ticket import Field

_NEEDED = (
    "BROWSE_PROJECTS",
    "CREATE_ISSUES",
    "EDIT_ISSUES",
    "ADD_COMMENTS",
    "TRANSITION_ISSUES",
    "CREATE_ATTACHMENTS",
)
_TYPES = 200
"""Issue types of a project that one call returns at most (jira-api 3.2)."""


class Admin:
    """Asks the site about ourselves and about the places the hub is to work in."""

    def __init__(self, client: Client, site: str) -> None:
        self._client, self._site = client, site

    def whoami(self) -> Account:
        """Return the account; the site's address tells it from accounts of the same name elsewhere."""
        me = self._client.myself()
        return Account(me.id, me.name, self._site)

    def problems(self, places: Iterable[Place]) -> list[str]:
        """Return what stands against working in these places, each with the way out."""
        try:
            self.whoami()
        except Transient:
            raise
        except WireError as error:
            return [f"{error}; check the connection's url, user and token"]
        found = [line for place in dict.fromkeys(places) for line in self._place(place)]
        return [*found, *self._fields()]

    def _place(self, place: Place) -> Iterator[str]:
        where = f"{place.connection} {place.key}"
        try:
            project = self._client.get(wire.Project, f"{API}/project/{place.key}")
        except Gone:
            yield f"{where}: no such project, or the account lacks Browse Projects in it"
            return
        if project.type == SERVICE:
            yield f"{where}: a service project; choose a Software or Business project"
        try:
            yield from (f"{where}: {line}" for line in (*self._permissions(place), *self._type(place)))
        except Rejected as error:
            yield f"{where}: {error.text}"

    def _permissions(self, place: Place) -> list[str]:
        answer = self._client.jira.my_permissions(projectKey=place.key, permissions=",".join(_NEEDED))
        have = self._client.parse(wire.Permissions, answer, "GET mypermissions").permissions
        lacking = [key for key in _NEEDED if key not in have or not have[key].have]
        return [f"the account lacks {key}; grant it in the project's permission scheme" for key in lacking]

    def _type(self, place: Place) -> list[str]:
        call = f"{API}/issue/createmeta/{place.key}/issuetypes"
        types = self._client.get(wire.IssueTypes, call, {"maxResults": _TYPES}).types
        if place.kind and not any(place.kind in (type.id, type.name) for type in types):
            offered = ", ".join(f"{type.name} ({type.id})" for type in types)
            return [f"no issue type {place.kind!r} can be created; there are {offered or 'none'}"]
        return []

    def _fields(self) -> list[str]:
        """Return which configured fields the site lacks, or holds as something else."""
        custom, lines = self._client.side().custom, []
        kinds = self._client.kinds() if custom else {}
        for field, id in custom.items():
            if id not in kinds:
                lines.append(f"{self._client.http.connection}: no field {id} (for {field}); see GET field")
            elif not _fits(field, kinds[id]):
                lines.append(f"{self._client.http.connection}: field {id} is no date-time field ({field})")
        return lines


def _fits(field: Field, holds: wire.FieldSchema) -> bool:
    return field != "first_response_due" or holds.type == "datetime"
