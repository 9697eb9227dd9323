"""A project's notification scheme, swapped for one that tells nobody (jira-api 11.3).

Schemes are read by whoever administers the project; to change a project's, or to make one, takes the global
permission Administer Jira. What service projects mail to customers is a switch of the user interface alone.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from connectors.base import ConnectionConfig
from connectors.errors import Gone, Rejected, Uncertain
from connectors.jira import site_wire, wire
from connectors.jira.client import Client
from connectors.jira.side import API, SERVICE
from connectors.quiet import Switch

NAME = "deskbridge: nobody is told"
_WHAT = "Made by deskbridge for a migration; nobody is told of anything by it."
_PAGE = 50
_STEPS = (
    "Project settings > Notifications > Actions > Use a different scheme: choose one without any"
    " notification (Jira settings > Work items > Notification schemes > Add, without any event), and the"
    " former one afterwards"
)
_CUSTOMERS = (
    "Project settings > Customer notifications: switch every rule off before the run, and on again afterwards"
)
_AUTOMATION = "Project settings > Automation: switch off rules that send mail, or exclude the hub's account"


class _Scheme(wire.Payload):
    """A notification scheme."""

    id: int
    name: str = ""
    events: list[dict[str, Any]] | None = Field(None, alias="notificationSchemeEvents")


class _Schemes(wire.ValuePage):
    """A page of them."""

    values: list[_Scheme]


class _Made(wire.Payload):
    """The answer to making one."""

    id: wire.Id


def switches(config: ConnectionConfig) -> Switches:
    """Return the switches of a site; no call is made."""
    return Switches(Client(config))


@dataclass(frozen=True, slots=True)
class Switches:
    """The notification schemes of one site; the contract is `connectors.quiet.Switches`'s."""

    client: Client

    def present(self, project: str) -> Switch:
        """Return a project's scheme."""
        asked = {"expand": "notificationSchemeEvents"}
        return _switch(self.client.get(_Scheme, f"{API}/project/{project}/notificationscheme", asked))

    def silence(self) -> Switch:
        """Return a scheme without any notification: ours, else any, else a new one."""
        known = [one for one in self._all() if one.silent]
        ours = [one for one in known if one.name == NAME]
        for one in (*ours, *known):
            return one
        with suppress(Uncertain):  # names are unique: if it was made, it is found now
            self.client.send(_Made, f"{API}/notificationscheme", json={"name": NAME, "description": _WHAT})
        for one in self._all():
            if one.name == NAME and one.silent:
                return one
        raise Rejected(self.client.http.connection, "POST notificationscheme", _STEPS, {})

    def turn(self, project: str, id: str) -> None:
        """Set a project's scheme; its other schemes stay (PUT changes what is named)."""
        path = f"{API}/project/{project}"
        self.client.http.call("PUT", path, idempotent=True, json={"notificationScheme": int(id)})

    def steps(self, project: str) -> list[str]:
        """Return the way by hand where our account does not administer the site."""
        asked = "ADMINISTER,ADMINISTER_PROJECTS"
        answer = self.client.jira.my_permissions(projectKey=project, permissions=asked)
        have = self.client.parse(site_wire.Permissions, answer, "GET mypermissions").permissions
        lacking = [name for name in asked.split(",") if name not in have or not have[name].have]
        if "ADMINISTER" not in lacking:
            return []
        return [f"the account lacks {' and '.join(lacking)}: grant it for the move, or by hand: {_STEPS}"]

    def beside(self, project: str) -> list[str]:
        """Return the switches of the user interface."""
        try:
            found = self.client.get(wire.Project, f"{API}/project/{project}")
        except Gone:
            return []
        return [_CUSTOMERS, _AUTOMATION] if found.type == SERVICE else [_AUTOMATION]

    def _all(self) -> list[Switch]:
        asked = {"expand": "notificationSchemeEvents", "maxResults": _PAGE}
        pages = self.client.pages(_Schemes, f"{API}/notificationscheme", asked)
        return [_switch(one) for page in pages for one in page.values]


def _switch(scheme: _Scheme) -> Switch:
    """Return a scheme as a switch; where nothing tells its events, only our own is taken for a silent one."""
    told = scheme.events
    loud = told is None and scheme.name != NAME
    silent = not loud and not any(event.get("notifications") for event in told or ())
    return Switch(str(scheme.id), scheme.name, silent)
