"""Who we are on the site, and what stands against working there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from connectors.base import Account
from connectors.errors import Gone, Rejected, Transient, WireError
from connectors.jira import wire
from connectors.jira.checks import Checks
from connectors.jira.client import Client
from connectors.jira.remarks import Remarks
from connectors.jira.side import API
from mappings.boards import Place


class Admin:
    """Asks the site about ourselves and about the places the hub is to work in."""

    def __init__(self, client: Client, site: str) -> None:
        self._client, self._site = client, site
        self._checks, self._remarks = Checks(client), Remarks(client)

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
        return list(dict.fromkeys([*found, *self._checks.fields(), *self._checks.resolution()]))

    def remarks(self, places: Iterable[Place]) -> list[str]:
        """Return what should be known of these places though nothing is wrong."""
        return self._remarks.all(places)

    def _place(self, place: Place) -> Iterator[str]:
        where = f"{place.connection} {place.key}"
        try:
            project = self._client.get(wire.Project, f"{API}/project/{place.key}")
        except Gone:
            yield f"{where}: no such project, or the account lacks Browse Projects in it"
            return
        if project.key != place.key:  # Jira finds it all the same, and issues say the other
            yield f"{where}: it is called {project.key}; write that into the settings"
            return
        for check in self._checks.all():
            try:
                yield from (f"{where}: {line}" for line in check(place, project))
            except (Rejected, Gone) as error:
                yield f"{where}: {error.text}"
