"""Which resolution an issue gets where a screen on the way to a Done status insists on one (jira-api 4.1).

The settings name it. Else it is the site's own default, which Cloud alone tells, and which Jira fills in for
people but for no call (developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-resolutions/).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from connectors.errors import Gone, Rejected, Unauthorised
from connectors.jira import site_wire, wire
from connectors.jira.client import Client
from connectors.jira.side import API

_KEPT = timedelta(minutes=10)
"""For how long the site's default is believed; an administrator may change it while the hub runs."""
_SHOWN = 8
"""Resolutions that are listed for a person."""
_ID = "resolution"
_DONE = "done"


class Resolutions:
    """The resolution of one connection."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._named = client.resolution
        self._default: tuple[datetime, wire.Named | None] | None = None

    def wanted(
        self, way: site_wire.Transition, present: wire.Named | None = None
    ) -> Mapping[str, Mapping[str, str]]:
        """Return the fields to send along with a transition: the resolution that its screen insists on.

        `present` is the one that the issue has: somebody said it, and it stays.
        """
        given = self._given(way, present)
        return {_ID: {"id": given.id}} if given else {}

    def refusal(self, way: site_wire.Transition, present: wire.Named | None = None) -> str:
        """Return what a screen asks for and the hub lacks, with the way out; empty if it can be taken."""
        lacks = way.demands if self._given(way, present) is None else [id for id in way.demands if id != _ID]
        if not lacks:
            return ""
        names = ", ".join(way.fields[id].name or id for id in lacks)
        return f"{way.name!r} asks for {names}; {' and '.join(self._ways_out(way, lacks))}"

    def default(self) -> wire.Named | None:
        """Return the site's own default, or None where there is none, or nothing tells; a call at times."""
        now = self._client.http.now()
        if self._default is None or now - self._default[0] > _KEPT:
            self._default = now, self._ask()
        return self._default[1]

    def _given(self, way: site_wire.Transition, present: wire.Named | None) -> wire.Named | None:
        """Return what a screen that insists on a resolution is given; None if none does, or there is none."""
        if _ID not in way.required or way.to.category.key != _DONE:
            return None
        if present and (kept := named(present.id, way.resolutions)):
            return kept
        if self._named:
            return named(self._named, way.resolutions)
        default = self.default() if _ID in way.demands else None
        return named(default.id, way.resolutions) if default else None

    def _ways_out(self, way: site_wire.Transition, lacks: Sequence[str]) -> Iterator[str]:
        others = [way.fields[id].name or id for id in lacks if id != _ID or way.to.category.key != _DONE]
        if others:
            to = way.to.name or way.to.id
            yield f"make {', '.join(others)} optional there, or let a way without a screen lead to {to}"
        if len(others) < len(lacks):
            has = f"it has no {self._named!r}: " if self._named else ""
            yield f"{has}say which in [connections.{self._client.http.connection}]: {choice(way.resolutions)}"

    def _ask(self) -> wire.Named | None:
        if not self._client.site().cloud:
            return None
        with suppress(Gone, Rejected, Unauthorised):  # a scope that lacks this must not stop the connection
            found = self._client.get(
                site_wire.NamedPage, f"{API}/{_ID}/search", {"onlyDefault": "true"}
            ).found
            return found[0] if len(found) == 1 else None
        return None


def named(wanted: str, offered: Sequence[wire.Named]) -> wire.Named | None:
    """Return the resolution of this name, in whatever letters, or id; itself where the screen lists none."""
    if not offered:
        return wire.Named(id=wanted) if wanted.isdecimal() else None
    folded = wanted.casefold()
    return next((one for one in offered if one.id == wanted or one.name.casefold() == folded), None)


def choice(offered: Sequence[wire.Named]) -> str:
    """Return what a person writes into the settings, with the other choices."""
    first, *others = [one.name or one.id for one in offered] or ["Done"]
    more = f" (or {', '.join(others[: _SHOWN - 1])}{', ...' if len(others) >= _SHOWN else ''})"
    return f'resolution = "{first}"{more if others else ""}'
