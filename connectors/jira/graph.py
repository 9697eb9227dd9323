"""Which statuses lead to which, learned from issues that stand there: only an administrator could ask.

The ways out of a status are what one issue in it shows to our account, so a condition of the workflow may
hide some from us, or show us more than another issue has (jira-api 4.1).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Mapping

from connectors.jira import site_wire, wire
from connectors.jira.checks import Checks
from connectors.jira.client import Client
from connectors.jira.paths import path
from connectors.jira.resolution import Resolutions
from connectors.jira.search import Search, quoted
from connectors.jira.service import request_type
from connectors.jira.translate import status_word
from mappings.boards import Place
from mappings.ticket import Status

Ways = Mapping[str, list[wire.Status]]
"""Status id -> where issues in it can go; absent where no issue stands."""


class Graph:
    """The ways through the workflows of one connection's projects."""

    def __init__(self, client: Client) -> None:
        self._client, self._checks, self._search = client, Checks(client), Search(client)
        self._resolutions = Resolutions(client)

    def unreachable(self, place: Place, statuses: Collection[Status]) -> Iterator[str]:
        """Yield a line for each of these statuses that has no way from where issues of the place stand.

        A way that asks for more than the hub can fill in is none, and is told. What lies behind a status in
        which no issue stands is not known, and counts as a way. One call for each status of the place, and
        one for each in which an issue stands.
        """
        flow = self._checks.flow(place)
        found = {status.id: self._ways(place, status) for status in flow}
        asks, ways = set[tuple[str, str]](), dict[str, list[wire.Status]]()
        for id, each in found.items():
            if each is not None:
                refused = [(way.to, self._resolutions.refusal(way)) for way in each]
                asks |= {(to.id, why) for to, why in refused if why}
                ways[id] = [to for to, why in refused if not why]
        lens = self._client.side().lenses.get("status")
        for value in statuses if lens else ():
            means = {one.id for one in flow if lens and lens.get(status_word(one)) == lens.hold(value)}
            if not means:  # `Checks.statuses` says that
                continue
            stuck = [one.name for one in flow if one.id in ways and not _leads(one.id, ways, means)]
            if stuck:
                why = sorted({text for id, text in asks if id in means})
                told = f"no way leads to {value} from {', '.join(stuck)}: a change to it is skipped there"
                yield "; ".join([told, *why])

    def _ways(self, place: Place, status: wire.Status) -> list[site_wire.Transition] | None:
        """Return the ways out that an issue of a status has; None if no issue stands there."""
        jql = f"project = {quoted(place.key)} AND status = {status.id}"
        if place.kind and not request_type(place):
            jql += f" AND issuetype = {quoted(place.kind)}"
        rows, _ = self._search.first(f"{jql} ORDER BY key DESC", ["status"])
        if not rows:
            return None
        query = {"expand": "transitions.fields"}
        return self._client.get(site_wire.Transitions, path(rows[0].id, "transitions"), query).transitions


def _leads(start: str, ways: Ways, goals: Collection[str]) -> bool:
    """Whether a goal can be reached, never through a status that means done, as `workflow` walks."""
    seen, queue = {start}, deque([start])
    while queue:
        here = queue.popleft()
        if here in goals or here not in ways:
            return True
        for there in ways[here]:
            passable = there.id in goals or there.category.key != "done"
            if there.id not in seen and passable:
                seen.add(there.id)
                queue.append(there.id)
    return False
