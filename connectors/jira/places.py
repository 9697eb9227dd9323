"""What is possible in each project: asked once for a project, then remembered."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from connectors.base import ConnectionConfig
from connectors.capabilities import PlaceAbilities
from connectors.errors import Gone, Rejected, Unauthorised
from connectors.jira import abilities, service_wire, translate, wire
from connectors.jira.client import Client
from connectors.jira.paths import desk
from connectors.jira.service import request_type
from connectors.jira.side import API, SERVICE
from mappings.boards import Place
from mappings.ticket import Audience

_PAGE = 50


class Places:
    """The projects of one connection's site, as far as they were met."""

    def __init__(self, client: Client, config: ConnectionConfig) -> None:
        self._client, self._config = client, config
        self._lock = threading.Lock()
        self._projects: dict[str, wire.Project] = {}
        self._forms: dict[str, frozenset[str] | None] = {}

    def at(self, place: Place) -> PlaceAbilities:
        """Return what is possible with an issue to be created in a place. Raises Rejected if it is lost."""
        if place.key not in self._projects:
            self._projects[place.key] = self._project(place.key)
        return self._in(self._projects[place.key], portal=bool(request_type(place)))

    def of(self, issue: wire.Issue) -> PlaceAbilities:
        """Return what is possible with an issue where it is now."""
        portal = translate.described(self._client.side(), issue.fields) is Audience.CUSTOMER
        return self._in(issue.fields.project, portal=portal)

    def forget(self) -> None:
        """Ask anew the next time."""
        with self._lock:
            self._projects.clear()
            self._forms.clear()

    def _project(self, key: str) -> wire.Project:
        try:
            return self._client.get(wire.Project, f"{API}/project/{key}")
        except Gone as error:  # the ticket is not gone, its place is wrong
            raise Rejected(error.connection, error.call, error.text, {"project": error.text}) from None

    def _in(self, project: wire.Project, *, portal: bool) -> PlaceAbilities:
        if project.type != SERVICE:
            return abilities.ordinary(self._config, known=bool(project.type))
        with self._lock:
            if project.key not in self._forms:
                self._forms[project.key] = self._shown(project.key)
            return abilities.service(self._config, self._forms[project.key], portal=portal)

    def _shown(self, project: str) -> frozenset[str] | None:
        """Return the fields that any request of the project shows its customer; None if nobody may know."""
        try:
            return frozenset(self._visible(project))
        except (Gone, Rejected, Unauthorised):
            return None

    def _visible(self, project: str) -> Iterator[str]:
        types = desk("servicedesk", project, "requesttype")
        query = {"limit": _PAGE, "expand": "field"}
        for page in self._client.pages(service_wire.RequestTypePage, types, query, "start"):
            for type in page.values:
                form = type.form or self._client.get(service_wire.RequestForm, f"{types}/{type.id}/field")
                yield from (field.id for field in form.fields if field.visible)
