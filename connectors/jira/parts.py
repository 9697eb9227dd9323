"""What there is of an issue beyond its conversation: people, time, ties, ratings, history; read and written.

As much as possible comes with the issue itself; only what does not fit into it costs further calls.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from typing import Any

from connectors.capabilities import Part
from connectors.errors import Gone, Rejected
from connectors.jira import part_translate, service_wire, site_wire, wire
from connectors.jira.abilities import RELATES
from connectors.jira.client import Client
from connectors.jira.part_translate import LINKS
from connectors.jira.paths import desk, path
from connectors.jira.side import API, SERVICE
from connectors.jira.translate import moment
from mappings.markup import write
from mappings.provenance import escape
from mappings.ticket import Happening, Person, PersonRole, Rating, Relation, TextFormat, TimeEntry

_FIELDS: Mapping[Part, tuple[str, ...]] = {
    Part.PARTICIPANTS: ("watches",),
    Part.TIME: ("worklog",),
    Part.RELATIONS: ("issuelinks", "parent", "subtasks"),
    Part.RATINGS: ("resolutiondate",),
}
_CHANGES = 100
"""Changes on a page (jira-api 4.4)."""
_TIES = "issuelinks,parent,subtasks"
_LEAST = 60
"""Seconds that can be booked: Jira counts in minutes."""


class Parts:
    """Reads and writes parts of one connection's issues."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._statuses: dict[str, wire.Status] = {}
        self._unknown: set[str] = set()

    def fields(self, also: frozenset[Part]) -> list[str]:
        """Return the fields that must come with the issue."""
        return [name for part, names in _FIELDS.items() if part in also for name in names]

    def expand(self, also: frozenset[Part]) -> str:
        """Return what else must come with the issue."""
        return "changelog" if Part.HISTORY in also else ""

    def read(self, issue: wire.Issue, also: frozenset[Part]) -> dict[str, Any]:
        """Return the parts that were asked for, by their names in a ticket."""
        ways = {
            Part.PARTICIPANTS: ("participants", self._participants),
            Part.TIME: ("time_entries", self._times),
            Part.RELATIONS: ("relations", lambda issue: part_translate.relations(issue.fields)),
            Part.RATINGS: ("ratings", self._ratings),
            Part.HISTORY: ("history", self._history),
        }
        if issue.fields.project.type != SERVICE:
            ways.pop(Part.RATINGS)
        return {name: read(issue) for part, (name, read) in ways.items() if part in also}

    def add_time(self, key: str, entry: TimeEntry) -> str:
        """Book work as ourselves, since Jira lets nobody else be named; the text names who did it.

        The estimate stays as it is, and nobody is mailed (jira-api 3.7).
        """
        who = "" if entry.author.role is PersonRole.HUB else entry.author.name
        note = f"{escape(who)}: {entry.note}" if who else entry.note
        body = {
            "started": moment(entry.started),
            "timeSpentSeconds": max(_LEAST, round(entry.spent.total_seconds())),
            "comment": write(note, TextFormat.WIKI, {}),
        }
        query = {"adjustEstimate": "leave"} | ({"notifyUsers": "false"} if self._client.site().cloud else {})
        return self._client.send(wire.Made, path(key, "worklog"), json=body, params=query).id

    def relate(self, key: str, relation: Relation) -> None:
        """Tie two issues together unless they are. Raises Rejected for a kind that Jira has no way for."""
        if relation.kind not in RELATES:
            raise self._refusal(f"Jira has no link for {relation.kind}")
        issue = self._client.get(site_wire.Tied, path(key), {"fields": _TIES})
        if relation in part_translate.relations(issue.fields):
            return
        self._link(key, relation)

    def _link(self, key: str, relation: Relation) -> None:
        """Link two issues. The inward one *does* the outward phrase to the other (jira-api 3.5)."""
        for name, (there, back) in LINKS.items():
            if relation.kind in (there, back):
                ends = (key, relation.key) if relation.kind is there else (relation.key, key)
                body = {
                    "type": {"name": self._link_type(name, relation)},
                    "inwardIssue": {"id": ends[0]},
                    "outwardIssue": {"id": ends[1]},
                }
                self._client.http.call("POST", f"{API}/issueLink", idempotent=True, json=body)
                return

    def _link_type(self, name: str, relation: Relation) -> str:
        types = self._client.get(site_wire.LinkTypes, f"{API}/issueLinkType").types
        for type in types:
            if type.name.lower() == name:
                return type.name
        raise self._refusal(f"the site has no link type {name!r}, which {relation.kind} needs")

    def _participants(self, issue: wire.Issue) -> tuple[Person, ...]:
        """Return a request's participants; of other issues, who watches them."""
        side = self._client.side()
        if issue.fields.project.type == SERVICE:
            users = issue.fields.custom.get(side.desk.participants) if side.desk.participants else None
            found = self._client.parse(site_wire.Watchers, {"watchers": users}, "GET issue participants")
            return part_translate.participants(side, found.watchers)
        if issue.fields.watched is None or not issue.fields.watched.count:
            return ()
        watchers = self._client.get(site_wire.Watchers, path(issue.id, "watchers")).watchers
        return part_translate.participants(side, watchers)

    def _times(self, issue: wire.Issue) -> tuple[TimeEntry, ...]:
        side, page = self._client.side(), issue.fields.worklogs
        logs = {log.id: log for log in page.worklogs} if page else {}
        call = path(issue.id, "worklog", api=side.texts)
        turning = self._client.turning(f"GET {call}", "startAt")
        while page is None or len(logs) < page.total:
            query = {"startAt": len(logs), "maxResults": 5000}
            page = self._client.get(wire.WorklogPage, call, query)
            turning.page()
            fresh = [log for log in page.worklogs if log.id not in logs]
            if not fresh:
                break
            logs |= {log.id: log for log in fresh}
        return tuple(part_translate.time_entry(side, log) for log in logs.values())

    def _ratings(self, issue: wire.Issue) -> tuple[Rating, ...]:
        """Return what the customer thought; Jira keeps one rating, of requests only (jira-api 8.4)."""
        side = self._client.side()
        if issue.fields.project.type != SERVICE:
            return ()
        try:
            told = self._client.get(service_wire.Feedback, desk("request", issue.id, "feedback"))
        except Gone:  # no request, or one that nobody rated
            return ()
        return part_translate.rating(side, issue.fields, told)

    def _history(self, issue: wire.Issue) -> tuple[Happening, ...]:
        """Return the changes; on Data Center, and often on Cloud, all are inside the issue (4.4)."""
        inside = issue.changelog
        changes: Iterable[wire.Change] = inside.changes if inside else ()
        if self._client.site().cloud and (inside is None or len(inside.changes) < inside.total):
            changes = self.changes(issue.id)
        told = {v for c in changes for i in c.items if i.field == "status" for v in (i.before, i.after)}
        statuses = self._known_statuses({id for id in told if isinstance(id, str)})
        return part_translate.history(self._client.side(), changes, statuses)

    def changes(self, key: str) -> list[wire.Change]:
        """Return all that changed on an issue of Jira Cloud; Data Center has no such call. Raises Gone."""
        found: dict[str, wire.Change] = {}
        start, call = 0, path(key, "changelog")
        turning = self._client.turning(f"GET {call}", "startAt")
        while True:
            query = {"startAt": start, "maxResults": _CHANGES}
            page = self._client.get(wire.ChangePage, call, query)
            turning.page()
            if page.changes and all(change.id in found for change in page.changes):
                raise turning.circling()
            found |= {change.id: change for change in page.changes}
            start += len(page.changes)
            if start >= page.total or not page.changes:
                return list(found.values())

    def _known_statuses(self, ids: set[str]) -> Mapping[str, wire.Status]:
        """Return the site's statuses; asked for again only when there is one that was never seen."""
        with self._lock:
            if ids - set(self._statuses) - self._unknown:
                found = self._client.get(site_wire.Statuses, f"{API}/status").root
                self._statuses |= {status.id: status for status in found}
                self._unknown |= ids - set(self._statuses)
            return dict(self._statuses)

    def _refusal(self, text: str) -> Rejected:
        return Rejected(self._client.http.connection, "POST issueLink", text, {"kind": text})
