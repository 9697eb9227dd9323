"""What is written beside fields and texts: booked time, ties between tickets, companies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from connectors.base import ConnectionConfig
from connectors.errors import Rejected
from connectors.freshdesk import answers, parts, translate, wire
from connectors.freshdesk.read import Reader
from connectors.http import Http
from mappings.ticket import Organisation, Relation, RelationKind, TimeEntry

RELATES = frozenset(parts.TIES.values())
"""The ties that can be made: parent and child, tracker and tracked (freshdesk-api 4.7)."""
_TRACKER = 3
_OTHER_END = {
    RelationKind.CHILD_OF: RelationKind.PARENT_OF,
    RelationKind.TRACKED_BY: RelationKind.TRACKS,
}
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Records:
    """What is kept in one account beside tickets' fields and texts."""

    config: ConnectionConfig
    http: Http
    reader: Reader

    def add_time(self, key: str, entry: TimeEntry) -> str:
        """Book work as our own account, in whole minutes, one at least (freshdesk-api 6.9)."""
        path = f"tickets/{self.reader.number(key)}/time_entries"
        if entry.spent <= timedelta(0):
            wrong = {"spent": "it must be more than nothing"}
            raise Rejected(self.config.name, f"POST {path}", "spent: it must be more than nothing", wrong)
        minutes = max(1, round(entry.spent / _MINUTE))
        body: dict[str, Any] = {
            "time_spent": f"{minutes // 60:02}:{minutes % 60:02}",
            "executed_at": translate.stamp(entry.started),
            "note": entry.note,
        }
        if entry.billable is not None:
            body["billable"] = entry.billable
        response = self.http.call("POST", path, json=body, idempotent=False)
        return str(answers.made(self.http, response, wire.TimeEntry).id)

    def add_relation(self, key: str, relation: Relation) -> None:
        """Tie two tickets unless they are. One that has another parent or tracker is refused by Freshdesk."""
        one, other, kind = self.reader.number(key), self.reader.number(relation.key), relation.kind
        if kind in _OTHER_END:
            one, other, kind = other, one, _OTHER_END[kind]
        if kind is RelationKind.PARENT_OF:
            self._adopt(one, other)
        elif kind is RelationKind.TRACKS:
            self._track(one, other)
        else:
            what = {"kind": "it is neither parent and child nor tracker and tracked"}
            raise Rejected(self.config.name, f"PUT tickets/{key}", f"no relation {kind} here", what)

    def organisations(self) -> Iterator[Organisation]:
        """Yield the account's companies; deleted ones are not listed."""
        for company in answers.pages(self.http, "companies", wire.Company, {"per_page": answers.PER_PAGE}):
            yield self._organisation(company)

    def add_organisation(self, name: str, domains: Sequence[str]) -> Organisation:
        """Return the company of this name, made if there is none.

        Names are unique (freshdesk-api 6.2), so sending twice makes one. Raises Rejected where another
        company has one of the domains.
        """
        if (known := self._looked_up(name)) is not None:
            return known
        body = {"name": name, "domains": list(domains)}
        try:
            response = self.http.call("POST", "companies", json=body, idempotent=True)
        except Rejected as error:
            made = self._listed(name) if error.text.startswith("409") else None
            if made is None:
                raise
            return made
        return self._organisation(answers.read(self.http, response, wire.Company))

    def _adopt(self, parent: int, child: int) -> None:
        ticket = self.reader.ticket(str(child))
        is_child = parts.TIES.get(ticket.association_type or 0) is RelationKind.CHILD_OF
        if not (is_child and parent in self.reader.tied(ticket)):
            self.http.call("PUT", f"tickets/{child}", json={"parent_id": parent}, idempotent=True)

    def _track(self, tracker: int, ticket: int) -> None:
        """Make a ticket tracked by another, which stays the tracker of those it has."""
        there = self.reader.ticket(str(tracker))
        tracks = parts.TIES.get(there.association_type or 0) is RelationKind.TRACKS
        tied = self.reader.tied(there) if tracks else []
        if ticket in tied:
            return
        body: dict[str, Any] = {"related_ticket_ids": [*tied, ticket]}
        try:
            # Reported to be needed on an update (freshdesk-api 4.1), and documented nowhere.
            marked = {**body, "association_type": _TRACKER}
            self.http.call("PUT", f"tickets/{tracker}", json=marked, idempotent=True)
        except Rejected as error:
            if "association_type" not in error.fields:
                raise
            self.http.call("PUT", f"tickets/{tracker}", json=body, idempotent=True)

    def _looked_up(self, name: str) -> Organisation | None:
        """Return the company of this name by the look-up that needs one call."""
        found = answers.get(self.http, "companies/autocomplete", wire.Companies, {"name": name}).companies
        same = next((company for company in found if _same(company, name)), None)
        if same is None:
            return None
        return self._organisation(answers.get(self.http, f"companies/{same.id}", wire.Company))

    def _listed(self, name: str) -> Organisation | None:
        return next(
            (found for found in self.organisations() if found.name.casefold() == name.casefold()), None
        )

    def _organisation(self, company: wire.Company) -> Organisation:
        name = company.name or f"company #{company.id}"
        return Organisation(self.config.name, str(company.id), name, tuple(company.domains))


def _same(company: wire.Company, name: str) -> bool:
    return (company.name or "").casefold() == name.casefold()
