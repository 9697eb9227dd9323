"""Who else takes part in a request of a service project (jira-api 8.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from connectors.capabilities import Part
from connectors.errors import Gone, Rejected
from connectors.jira import service_wire, wire
from connectors.jira.client import Client
from connectors.jira.paths import desk
from connectors.jira.read import Reader
from connectors.jira.side import API, SERVICE
from mappings.ticket import Person

_PAGE = 50


@dataclass(frozen=True, slots=True)
class Participants:
    """Adds participants to one connection's requests."""

    client: Client
    reader: Reader

    def add(self, key: str, people: Sequence[str]) -> tuple[Person, ...]:
        """Have accounts take part in a request and return all that do, as a look afterwards tells.

        Those who do already are not told again. Raises Rejected for an issue that is no request, and for
        accounts that Jira does not know.
        """
        head = self.reader.head(key)
        call = desk("request", head.id, "participant")
        if head.fields.project.type != SERVICE:
            raise self._refusal(call, "only a service project's requests have participants", {})
        there = {user.id for user in self._there(call)}
        if new := [one for one in dict.fromkeys(people) if one not in there]:
            self._add(call, new)
        told = self.reader.fetch(key, frozenset({Part.PARTICIPANTS})).ticket.participants or ()
        if missing := set(new) - {person.key for person in told}:
            raise self._refusal(call, "Jira did not add them", dict.fromkeys(sorted(missing), "not added"))
        return told

    def _add(self, call: str, new: Sequence[str]) -> None:
        cloud = self.client.site().cloud
        body = {"accountIds": new} if cloud else {"usernames": [self._username(one) for one in new]}
        try:
            self.client.http.call("POST", call, idempotent=True, json=body)
        except Rejected as error:  # Jira does not say whom it minds
            raise self._refusal(
                call, error.text, dict.fromkeys(new, "one of them cannot take part")
            ) from None

    def _there(self, call: str) -> list[wire.User]:
        """Return who takes part. Raises Rejected where nobody can: the ticket itself is not gone."""
        pages = self.client.pages(service_wire.ParticipantPage, call, {"limit": _PAGE}, "start")
        try:
            return [user for page in pages for user in page.values]
        except Gone as error:
            raise self._refusal(call, f"it is no request that we can see ({error.text})", {}) from None

    def _username(self, key: str) -> str:
        """Return the name of somebody whom Data Center knows by a key; only the key stays the same."""
        try:
            return self.client.get(wire.User, f"{API}/user", {"key": key}).username
        except Gone as error:
            raise self._refusal(error.call, error.text, {key: "there is no such user"}) from None

    def _refusal(self, call: str, text: str, fields: dict[str, str]) -> Rejected:
        return Rejected(self.client.http.connection, f"POST {call}", text, fields)
