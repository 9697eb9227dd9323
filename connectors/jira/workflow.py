"""Moves an issue through its workflow, by status and never by a transition's name (jira-api 4.1).

Only the ways out of the present status can be seen, so the rest is learned on the way: breadth first,
six hops at most, never through a status that means "done" unless it is the goal, because clocks stop and
people are told there. An answer of 204 proves nothing: the status is read again after each hop.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from enum import StrEnum
from functools import partial

from connectors.errors import Rejected, Transient, Uncertain
from connectors.jira import site_wire, wire
from connectors.jira.client import Client
from connectors.jira.paths import path
from connectors.jira.translate import status_word

_HOPS = 6

Means = Callable[[wire.Status], bool]
"""Whether a status is the one that is wanted."""


class Workflow:
    """Moves issues of one connection."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def move(self, key: str, value: StrEnum) -> None:
        """Bring the issue to a status that means `value`; does nothing where it has one. Idempotent.

        Raises Rejected when no path leads there; the issue is then brought back to where it was.
        """
        lens = self._client.side().lenses["status"]
        wanted = lens.hold(value)
        means = partial(self.means, value=value)
        start = self._status(key)
        walk = _Walk(lens.writes[wanted], means)
        here = self._walk(key, start, walk)
        if means(here):
            return
        if here.id != start.id:
            self._walk(key, here, _Walk(start.id, lambda status: status.id == start.id))
        text = "; ".join([f"no path from {start.name or start.id!r} to {value}", *sorted(walk.refusals)])
        raise Rejected(self._client.http.connection, "POST transitions", text, {"status": text})

    def means(self, status: wire.Status, value: StrEnum) -> bool:
        """Whether a status is one that means `value` here."""
        lens = self._client.side().lenses["status"]
        return lens.get(status_word(status)) == lens.hold(value)

    def _walk(self, key: str, here: wire.Status, walk: _Walk) -> wire.Status:
        """Walk until the goal or as far as it goes, and return where the issue then is."""
        for _ in range(_HOPS):
            if walk.means(here):
                return here
            walk.learn(here, self._ways(key))
            if (step := walk.step(here)) is None:
                return here
            refusal = self._take(key, step)
            there = self._status(key)
            if there.id == here.id:
                walk.refuse(step, refusal)
            here = there
        return here

    def _take(self, key: str, step: site_wire.Transition) -> str:
        """Take one transition; returns the refusal, since somebody may just have taken it before us."""
        body = {"transition": {"id": step.id}}
        call = path(key, "transitions")
        try:
            self._client.http.call("POST", call, idempotent=False, json=body)
        except Rejected as error:
            return error.text
        except Uncertain as error:  # harmless to do again: it begins with reading the status
            raise Transient(error.connection, error.call, error.text) from None
        return ""

    def _status(self, key: str) -> wire.Status:
        return self._client.get(wire.Standing, path(key), {"fields": "status"}).fields.status

    def _ways(self, key: str) -> list[site_wire.Transition]:
        query = {"expand": "transitions.fields"}
        return self._client.get(site_wire.Transitions, path(key, "transitions"), query).transitions


class _Walk:
    """What was learned of a workflow on the way to one status."""

    def __init__(self, exact: str, means: Means) -> None:
        self.means = means
        self.refusals: set[str] = set()
        """Why ways that lead to the goal could not be taken, for a person."""
        self._exact = exact
        self._ways: dict[str, list[site_wire.Transition]] = {}
        self._refused: set[tuple[str, str]] = set()

    def learn(self, here: wire.Status, ways: list[site_wire.Transition]) -> None:
        """Remember the ways out of a status that can be taken; loops lead nowhere."""
        for way in ways:
            if self.means(way.to) and way.demands:
                self.refusals.add(f"{way.name!r} asks for {', '.join(way.demands)}")
        usable = [way for way in ways if not way.demands and way.to.id != here.id]
        refused = {id for status, id in self._refused if status == here.id}
        self._ways[here.id] = [way for way in usable if way.id not in refused]
        self._here = here.id

    def refuse(self, step: site_wire.Transition, why: str) -> None:
        """Remember that a way out of the present status led nowhere."""
        self._refused.add((self._here, step.id))
        self.refusals.add(f"{step.name!r} changed nothing" + (f": {why}" if why else ""))

    def step(self, here: wire.Status) -> site_wire.Transition | None:
        """Return the first step towards the goal, else towards the nearest status not yet seen, or None."""
        steps = self._reachable(here)
        exact = [first for way, first in steps if way.to.id == self._exact and self.means(way.to)]
        goal = [first for way, first in steps if self.means(way.to)]
        unseen = [first for way, first in steps if way.to.id not in self._ways]
        return next(iter(exact or goal or unseen), None)

    def _reachable(self, here: wire.Status) -> list[tuple[site_wire.Transition, site_wire.Transition]]:
        """Return the known ways, nearest first, each with the first step towards it."""
        found: list[tuple[site_wire.Transition, site_wire.Transition]] = []
        seen = {here.id}
        queue = deque((way, way) for way in self._ways[here.id])
        while queue:
            way, first = queue.popleft()
            done = way.to.category.key == "done" and not self.means(way.to)
            if way.to.id in seen or done:
                continue
            seen.add(way.to.id)
            found.append((way, first))
            queue.extend((further, first) for further in self._ways.get(way.to.id, ()))
        return found
