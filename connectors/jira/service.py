"""What only Service Management has: requests, organisations, files shown to customers (jira-api 8)."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connectors.base import Upload
from connectors.errors import Gone, Rejected, Transient, Uncertain
from connectors.jira import service_wire, wire
from connectors.jira.client import Client
from connectors.jira.files import free_name
from connectors.jira.paths import DESK, desk
from connectors.jira.side import Service
from mappings.boards import Place
from mappings.ticket import Organisation

REQUEST = "request:"
"""What a place's kind begins with where it is a request type: ``request:25``."""
_PAGE = 50


def request_type(place: Place) -> str:
    """Return the id of the request type that a place's kind names, or nothing."""
    return place.kind.removeprefix(REQUEST) if place.kind.startswith(REQUEST) else ""


class ServiceDesk:
    """Service Management of one connection's site."""

    def __init__(self, client: Client, projects: Sequence[str]) -> None:
        self._client, self._projects = client, projects
        self._lock = threading.Lock()
        self._desks: dict[str, str] = {}

    def request(self, place: Place, values: Mapping[str, Any]) -> str:
        """Make a request that the portal shows, and return the issue's id. Not idempotent."""
        body = {
            "serviceDeskId": self._desk(place.key),
            "requestTypeId": request_type(place),
            "requestFieldValues": values,
        }
        return self._client.send(service_wire.Request, desk("request"), json=body).id

    def show(self, head: wire.Head, text: str, uploads: Sequence[Upload], names: Sequence[str]) -> str:
        """Add a comment with files that the customer sees, and return its id. Not idempotent.

        A file that is attached in the ordinary way stays hidden from the portal (jira-api 6).
        """
        waiting = [self._wait(head.fields.project.key, u, n) for u, n in zip(uploads, names, strict=True)]
        body = {"temporaryAttachmentIds": waiting, "public": True, "additionalComment": {"body": text}}
        call = desk("request", head.id, "attachment")
        return self._client.send(service_wire.Shared, call, json=body).comment.id

    def organisations(self) -> Iterator[Organisation]:
        """Yield the customer organisations; none for a connection without service projects."""
        if self._client.side().service is Service.NONE:
            return
        query = {"limit": _PAGE}
        for page in self._client.pages(service_wire.OrganisationPage, desk("organization"), query, "start"):
            yield from (self._organisation(found) for found in page.values)

    def add_organisation(self, name: str) -> Organisation:
        """Return the organisation of this name, known to every service desk of the connection.

        Cloud returns the one there is; Data Center is asked first. Jira keeps no domains.
        """
        if self._client.side().service is Service.NONE:
            text = "no service project is named in the settings, and nothing else has organisations"
            raise Rejected(self._client.http.connection, "POST organization", text)
        known = () if self._client.site().cloud else self.organisations()
        found = next((one for one in known if one.name == name), None) or self.make_organisation(name)
        for project in self._projects:
            try:
                self.serve(project, found.key)
            except Gone:  # an ordinary project
                continue
        return found

    def serve(self, project: str, organisation: str) -> None:
        """Have a service desk serve an organisation. Idempotent. Raises Gone for an ordinary project."""
        call, body = desk("servicedesk", project, "organization"), {"organizationId": int(organisation)}
        self._client.http.call("POST", call, idempotent=True, json=body)

    def make_organisation(self, name: str) -> Organisation:
        """Make an organisation that no desk serves yet; Cloud returns the one that has the name already."""
        call = desk("organization")
        made = self._client.ask(service_wire.Organisation, call, {"name": name})
        return self._organisation(made)

    def _organisation(self, found: service_wire.Organisation) -> Organisation:
        return Organisation(self._client.http.connection, found.id, found.name)

    def _desk(self, project: str) -> str:
        with self._lock:
            if project not in self._desks:
                try:
                    self._desks[project] = self._client.get(wire.Made, desk("servicedesk", project)).id
                except Gone as error:  # the ticket is not gone, its place is wrong
                    fields = {"project": error.text}
                    raise Rejected(error.connection, error.call, error.text, fields) from None
            return self._desks[project]

    def _wait(self, project: str, upload: Upload, name: str) -> str:
        """Upload a file that nobody sees yet; a lost answer leaves nothing behind that lasts."""
        call = f"{DESK}/servicedesk/{project}/attachTemporaryFile"
        try:
            sent = self._client.upload(service_wire.Temporaries, call, upload, name)
        except Uncertain as error:
            raise Transient(error.connection, error.call, error.text) from None
        if not sent.files:
            raise Rejected(self._client.http.connection, f"POST {call}", "Jira kept no file")
        return sent.files[0].id


def free_names(uploads: Sequence[Upload], taken: set[str]) -> list[str]:
    """Return a name for each file that neither the issue nor another of them has."""
    names: list[str] = []
    for upload in uploads:
        names.append(free_name(upload.name, {*taken, *names}))
    return names
