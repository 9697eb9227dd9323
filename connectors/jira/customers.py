"""Customers of service projects: accounts, organisations, and whose a request is (jira-api 8.3).

To make an account takes Administer Jira, to name a reporter Modify Reporter. A known mail address is refused
without a word of whose it is, so it is looked for; whoever is not surely found by it is taken for nobody.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from connectors.base import ConnectionConfig
from connectors.customers import Record
from connectors.errors import Gone, Rejected
from connectors.jira import service_wire, wire
from connectors.jira.client import Client
from connectors.jira.paths import desk, path
from connectors.jira.side import API, SERVICE
from mappings.ticket import Ref

_PAGE, _NAME = 50, 200
"""Organisations a call, and characters of a name."""


def customers(config: ConnectionConfig) -> Customers:
    """Return the customers of a site; no call is made."""
    return Customers(Client(config))


class Customers:
    """The customers of one site; the contract is `connectors.customers.Customers`'s."""

    def __init__(self, client: Client) -> None:
        self._client, self._lock = client, threading.Lock()
        self._portals: dict[str, bool] = {}
        self._organisations: dict[str, str] | None = None

    def has_portal(self, project: str) -> bool:
        """Whether it is a service project."""
        with self._lock:
            if project not in self._portals:
                try:
                    found = self._client.get(wire.Project, f"{API}/project/{project}").type == SERVICE
                except Gone:
                    found = False
                self._portals[project] = found
            return self._portals[project]

    def project(self, ref: Ref) -> str:
        """Return what its key begins with."""
        return ref.display.rpartition("-")[0]

    def account(self, project: str, mail: str, name: str) -> Record | None:
        """Make an account; one that is there already is looked for by its address."""
        named = "displayName" if self._client.site().cloud else "fullName"
        try:
            made = self._client.ask(wire.User, desk("customer"), {"email": mail, named: name or mail})
        except Rejected as error:
            if not error.text.startswith("400"):
                raise
            known = self._listed(project, mail) or self._found(project, mail)
            return Record(known, made=False) if known else None
        return Record(self._key(made), made=True)

    def organisation(self, name: str) -> Record:
        """Make an organisation, unless the site has one of that name; Jira makes none twice."""
        wanted = name.strip()[:_NAME]
        with self._lock:
            if self._organisations is None:
                self._organisations = {one.name: one.id for one in self._all()}
            if (known := self._organisations.get(wanted)) is not None:
                return Record(known, made=False)
            body = {"name": wanted}
            made = self._client.ask(service_wire.Organisation, desk("organization"), body)
            self._organisations[wanted] = made.id
            return Record(made.id, made=True)

    def serve(self, project: str, organisation: str) -> None:
        """Have a service desk serve an organisation."""
        self._post(desk("servicedesk", project, "organization"), {"organizationId": int(organisation)})

    def join(self, project: str, account: str, organisation: str) -> None:
        """Put somebody into an organisation, or among the desk's customers."""
        call = desk("organization", organisation, "user")
        if not organisation:
            call = desk("servicedesk", project, "customer")
        self._post(call, {self._many: [account]})

    def give(self, ref: Ref, account: str, organisation: str, kind: str) -> None:
        """Set request type, reporter and organisation by one edit, of which Jira's users are told nothing."""
        fields: dict[str, Any] = {}
        if account:
            fields["reporter"] = {"accountId" if self._client.site().cloud else "name": account}
        held = self._client.side().desk
        if organisation and held.organisations:
            fields[held.organisations] = [int(organisation)]
        if kind and held.request_type:
            fields[held.request_type] = kind
        call = self._client.http.call
        call("PUT", path(ref.key), idempotent=True, params={"notifyUsers": "false"}, json={"fields": fields})

    def _listed(self, project: str, mail: str) -> str:
        """Return the account that a desk shows with this very address; it shows those of its customers."""
        call, query = desk("servicedesk", project, "customer"), {"query": mail, "limit": _PAGE}
        try:
            pages = self._client.pages(service_wire.ParticipantPage, call, query, "start")
            return self._exact([user for page in pages for user in page.values], mail)
        except Gone:  # Data Center's older versions have no such list
            return ""

    def _found(self, project: str, mail: str) -> str:
        """Return the account that a search finds by an address; empty unless it is surely that one's.

        The search finds accounts by how their address begins, and may show none (jira-api 11.7). A desk
        shows its customers' addresses: so the one that is found becomes a customer of it, who sees nothing by
        that, and is let go again if it is somebody else.
        """
        by = "query" if self._client.site().cloud else "username"
        found = self._client.get(wire.Users, f"{API}/user/search", {by: mail}).root
        if exact := self._exact(found, mail):
            return exact
        if len(found) != 1 or found[0].email:
            return ""
        account = self._key(found[0])
        self.join(project, account, "")
        if sure := self._listed(project, mail):
            return sure
        body, call = {self._many: [account]}, desk("servicedesk", project, "customer")
        self._client.http.call("DELETE", call, idempotent=True, json=body)
        return ""

    def _exact(self, found: Sequence[wire.User], mail: str) -> str:
        exact = [user for user in found if (user.email or "").casefold() == mail.casefold()]
        return self._key(exact[0]) if len(exact) == 1 else ""

    @property
    def _many(self) -> str:
        return "accountIds" if self._client.site().cloud else "usernames"

    def _key(self, user: wire.User) -> str:
        return user.id if self._client.site().cloud else user.username

    def _all(self) -> list[service_wire.Organisation]:
        query = {"limit": _PAGE}
        pages = self._client.pages(service_wire.OrganisationPage, desk("organization"), query, "start")
        return [one for page in pages for one in page.values]

    def _post(self, call: str, body: object) -> None:
        try:
            self._client.http.call("POST", call, idempotent=True, json=body)
        except Gone as error:  # what is gone is not the ticket
            raise Rejected(error.connection, error.call, error.text) from None
