"""Deletes issues that the hub created, and says beforehand whether that may be done."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from connectors.errors import Gone
from connectors.jira import site_wire
from connectors.jira.client import Client
from connectors.jira.paths import path
from mappings.boards import Place

_RIGHT = "DELETE_ISSUES"


class Removal:
    """Deletes issues of one connection."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def delete(self, key: str) -> None:
        """Delete an issue; one with sub-tasks, which people made, is refused (jira-api 3.1)."""
        with suppress(Gone):
            self._client.http.done("DELETE", path(key))

    def undeletable(self, places: Iterable[Place]) -> list[str]:
        """Return where the account lacks the right to delete issues."""
        lacking = []
        for place in places:
            answer = self._client.jira.my_permissions(projectKey=place.key, permissions=_RIGHT)
            have = self._client.parse(site_wire.Permissions, answer, "GET mypermissions").permissions
            if _RIGHT not in have or not have[_RIGHT].have:
                why = f"the account lacks {_RIGHT}; grant it in the project's permission scheme"
                lacking.append(f"{place.connection} {place.key}: {why}")
        return lacking
