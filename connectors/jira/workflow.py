"""Moves an issue through its workflow, by status and never by a transition's name (jira-api 4.1).

Only the ways out of the present status can be seen, so the rest is learned on the way: breadth first,
six hops at most, never through a status that means "done" unless it is the goal, because clocks stop and
people are told there. An answer of 204 proves nothing: the status is read again after each hop.

A screen that asks for a resolution on the way to "done" is given one (`resolution`); any other question is
for people.

What was learned of a project's issue type is kept, and gone by as long as it leads where it did: what one
issue shows may be hidden on another, so a kept way that fails is forgotten, and the ways are asked for.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Collection, Mapping
from enum import StrEnum
from functools import partial
from typing import Any

from connectors.errors import Rejected, Transient, Uncertain
from connectors.jira import site_wire, wire
from connectors.jira.client import Client
from connectors.jira.paths import path
from connectors.jira.read import Reader
from connectors.jira.resolution import Resolutions
from connectors.jira.translate import status_word

_HOPS = 6

_Ways = list[site_wire.Transition]
Means = Callable[[wire.Status], bool]
"""Whether a status is the one that is wanted."""
Asks = Callable[[site_wire.Transition], str]
"""Why a transition cannot be taken, for a person: its screen asks for what the hub lacks; empty if it can."""


class Workflow:
    """Moves issues of one connection."""

    def __init__(self, client: Client, reader: Reader) -> None:
        self._client, self._reader, self._resolutions = client, reader, Resolutions(client)
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str], dict[str, _Ways]] = {}

    def move(self, key: str, value: StrEnum, issue: wire.Issue | None = None) -> wire.Issue:
        """Bring the issue to a status that means `value`, and return it as it then is. Idempotent.

        `issue` is how it stands, where that was read just now. Raises Rejected when no path leads there; the
        issue is then brought back to where it was.
        """
        lens = self._client.side().lenses["status"]
        wanted = lens.hold(value)
        means = partial(self.means, value=value)
        issue = issue or self._reader.issue(key)
        start = issue.fields.status
        asks = partial(self._resolutions.refusal, present=issue.fields.resolution)
        walk = _Walk(lens.writes[wanted], means, asks)
        issue = self._walk(issue, walk)
        here = issue.fields.status
        if means(here):
            return issue
        if here.id != start.id:
            home = _Walk(start.id, lambda status: status.id == start.id, asks)
            self._walk(issue, home)
        text = "; ".join([f"no path from {start.name or start.id!r} to {value}", *sorted(walk.refusals)])
        raise Rejected(self._client.http.connection, "POST transitions", text, {"status": text})

    def means(self, status: wire.Status, value: StrEnum) -> bool:
        """Whether a status is one that means `value` here."""
        lens = self._client.side().lenses["status"]
        return lens.get(status_word(status)) == lens.hold(value)

    def _walk(self, issue: wire.Issue, walk: _Walk) -> wire.Issue:
        """Walk until the goal or as far as it goes, and return the issue as it then is."""
        kind = (issue.fields.project.id, issue.fields.type.id)
        issue = self._known_walk(kind, issue, walk)
        for _ in range(_HOPS):
            here = issue.fields.status
            if walk.means(here):
                return issue
            ways = self._ways(issue.id)
            self._keep(kind, here, ways)
            walk.learn(here, ways)
            if (step := walk.step(here)) is None:
                return issue
            refusal = self._take(issue, step)
            issue = self._reader.issue(issue.id)
            if issue.fields.status.id == here.id:
                walk.refuse(step, refusal)
        return issue

    def _known_walk(self, kind: tuple[str, str], issue: wire.Issue, goal: _Walk) -> wire.Issue:
        """Walk to the goal by the ways that are known, as far as they lead where they did."""
        with self._lock:
            known = dict(self._known.get(kind, {}))
        walk = goal.by(known)
        for _ in range(_HOPS):
            here = issue.fields.status
            if walk.means(here) or here.id not in known or (step := walk.sure(here)) is None:
                return issue
            self._take(issue, step)
            issue = self._reader.issue(issue.id)
            if issue.fields.status.id != step.to.id:
                with self._lock:
                    self._known.get(kind, {}).pop(here.id, None)
                return issue
        return issue

    def _keep(self, kind: tuple[str, str], here: wire.Status, ways: _Ways) -> None:
        with self._lock:
            self._known.setdefault(kind, {})[here.id] = ways

    def _take(self, issue: wire.Issue, step: site_wire.Transition) -> str:
        """Take one transition; returns the refusal, since somebody may just have taken it before us."""
        body: dict[str, Any] = {"transition": {"id": step.id}}
        if fields := self._resolutions.wanted(step, issue.fields.resolution):
            body["fields"] = fields
        call = path(issue.id, "transitions")
        try:
            self._client.http.call("POST", call, idempotent=False, json=body)
        except Rejected as error:
            return error.text
        except Uncertain as error:  # harmless to do again: it begins with reading the status
            raise Transient(error.connection, error.call, error.text) from None
        return ""

    def _ways(self, key: str) -> _Ways:
        query = {"expand": "transitions.fields"}
        return self._client.get(site_wire.Transitions, path(key, "transitions"), query).transitions


class _Walk:
    """What was learned of a workflow on the way to one status."""

    def __init__(self, exact: str, means: Means, asks: Asks) -> None:
        self.means, self._asks = means, asks
        self.refusals: set[str] = set()
        """Why ways that lead to the goal could not be taken, for a person."""
        self._exact, self._held_back = exact, False
        self._ways: dict[str, _Ways] = {}
        self._refused: set[tuple[str, str]] = set()

    def by(self, known: Mapping[str, _Ways]) -> _Walk:
        """Return a walk to the same goal that knows these ways out of each status."""
        walk = _Walk(self._exact, self.means, self._asks)
        for status, ways in known.items():
            walk._look(ways)
            walk._ways[status] = self._usable(ways, status)
        return walk

    def sure(self, here: wire.Status) -> site_wire.Transition | None:
        """Return the first step of a known path to the goal, or None."""
        return next(iter(self._leading(self._reachable(here))), None)

    def learn(self, here: wire.Status, ways: _Ways) -> None:
        """Remember the ways out of a status that can be taken; loops lead nowhere."""
        self._look(ways)
        self.refusals.update(asks for way in ways if self.means(way.to) and (asks := self._asks(way)))
        refused = {id for status, id in self._refused if status == here.id}
        self._ways[here.id] = self._usable(ways, here.id, refused)
        self._here = here.id

    def _usable(self, ways: _Ways, here: str, refused: Collection[str] = ()) -> _Ways:
        """Return the ways elsewhere that can be taken; of those to one status, those that ask nothing."""
        usable = [w for w in ways if w.to.id != here and w.id not in refused and not self._asks(w)]
        plain = {way.to.id for way in usable if not way.demands}
        return [way for way in usable if not way.demands or way.to.id not in plain]

    def _goal(self, status: wire.Status) -> bool:
        return self.means(status) and (status.id == self._exact or not self._held_back)

    def _look(self, ways: _Ways) -> None:
        """See whether the wanted status is there, and cannot be had: then its likes do not stand for it."""
        self._held_back |= any(way.to.id == self._exact and bool(self._asks(way)) for way in ways)

    def refuse(self, step: site_wire.Transition, why: str) -> None:
        """Remember that a way out of the present status led nowhere."""
        self._refused.add((self._here, step.id))
        self.refusals.add(f"{step.name!r} changed nothing" + (f": {why}" if why else ""))

    def step(self, here: wire.Status) -> site_wire.Transition | None:
        """Return the first step towards the goal, else towards the nearest status not yet seen, or None."""
        steps = self._reachable(here)
        unseen = [first for way, first in steps if way.to.id not in self._ways]
        return next(iter(self._leading(steps) or unseen), None)

    def _leading(
        self, steps: list[tuple[site_wire.Transition, site_wire.Transition]]
    ) -> list[site_wire.Transition]:
        """Return the first steps of the ways that lead to the goal, the wanted status before its likes."""
        exact = [first for way, first in steps if way.to.id == self._exact and self.means(way.to)]
        return exact or [first for way, first in steps if self._goal(way.to)]

    def _reachable(self, here: wire.Status) -> list[tuple[site_wire.Transition, site_wire.Transition]]:
        """Return the known ways, nearest first, each with the first step towards it."""
        found: list[tuple[site_wire.Transition, site_wire.Transition]] = []
        seen = {here.id}
        queue = deque((way, way) for way in self._ways[here.id])
        while queue:
            way, first = queue.popleft()
            done = way.to.category.key == "done" and not self._goal(way.to)
            if way.to.id in seen or done:
                continue
            seen.add(way.to.id)
            found.append((way, first))
            queue.extend((further, first) for further in self._ways.get(way.to.id, ()))
        return found
