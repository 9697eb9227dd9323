"""Calendars and policies as they were edited, put together to what clocks are asked with. Pure.

An edit of the settings acts from when it is first worked by: what was counted and promised before stays. A
cycle keeps the promise with which it began; its time is counted in each version of the calendar as long as
that held.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from pydantic import TypeAdapter, ValidationError

from connectors.errors import ConfigError
from deskbridge.agreed import YEARS, Stored, calendar_of, policy_in
from deskbridge.parts import Settings
from deskbridge.promised import CalendarSettings, PolicySettings
from sync.sla.calendar import Versions
from sync.sla.holidays import holidays_of
from sync.sla.policy import Policy, Rulebook
from sync.sla.worktime import WorkingTime
from sync.store.editions import ALWAYS, Edition

_CALENDARS = TypeAdapter(dict[str, CalendarSettings])
_POLICIES = TypeAdapter(dict[str, PolicySettings])


def said_in(raw: Mapping[str, Any]) -> str:
    """Return what settings promise, as text that is the same for the same promises."""
    customers = raw.get("customers") or {}
    promised = {
        "calendars": raw.get("calendars") or {},
        "policies": raw.get("policies") or {},
        "customers": {key: _listed(c.get("policy")) for key, c in customers.items()},
    }
    return json.dumps(promised, sort_keys=True, default=str)


def _listed(policy: object) -> list[str]:
    return [policy] if isinstance(policy, str) else [str(name) for name in policy or ()]  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Promised:
    """What the settings promise as they were edited."""

    editions: tuple[Edition, ...]
    """Oldest first; the last one is what the settings say now."""
    holidays: Stored

    @cached_property
    def calendars(self) -> dict[str, WorkingTime]:
        """Every calendar that there ever was, each in all its versions."""
        versions: dict[str, list[tuple[datetime, str, WorkingTime]]] = {}
        for edition, parts in zip(self.editions, self._parts, strict=True):
            for name in parts.calendars:
                said = _needed(name, parts.raw)
                row = versions.setdefault(name, [])
                if not row or row[-1][1] != said:
                    made = calendar_of(name, parts.calendars, self.holidays)
                    row.append((edition.valid_from, said, made))
        return {
            name: row[0][2]
            if len(row) == 1
            else Versions(name, row[0][2], tuple((since, made) for since, _, made in row[1:]))
            for name, row in versions.items()
        }

    @cached_property
    def _parts(self) -> tuple[_Parts, ...]:
        return tuple(_Parts.of(edition) for edition in self.editions)

    @cached_property
    def _made(self) -> tuple[dict[str, tuple[Policy, ...]], ...]:
        """The policies of each edition; what did not change is the same object, so that nothing swaps."""
        known: dict[tuple[str, str], tuple[Policy, ...]] = {}
        found = []
        for parts in self._parts:
            made = {}
            for name, policy in parts.policies.items():
                key = name, json.dumps(parts.raw["policies"][name], sort_keys=True)
                if key not in known:
                    calendar = self.calendars[policy.calendar] if policy.calendar else None
                    known[key] = _several(policy_in(name, policy, calendar))
                made[name] = known[key]
            found.append(made)
        return tuple(found)

    def policy(self, name: str) -> Policy | Rulebook | None:
        """Return a policy of today's settings, in all its versions."""
        return self._rules([(name,) if name in made else () for made in self._made])

    def policies(self, customer: str) -> Policy | Rulebook | None:
        """Return what was promised to a customer, in all its versions; None if nothing ever was."""
        return self._rules([parts.raw["customers"].get(customer, ()) for parts in self._parts])

    def _rules(self, named: Sequence[Iterable[str]]) -> Policy | Rulebook | None:
        row: list[tuple[datetime, tuple[Policy, ...]]] = []
        for edition, made, names in zip(self.editions, self._made, named, strict=True):
            policies = tuple(one for name in names for one in made.get(name, ()))
            if not row or row[-1][1] != policies:
                row.append((edition.valid_from, policies))
        if not any(policies for _, policies in row):
            return None
        if len(row) == 1 and len(row[0][1]) == 1:
            return row[0][1][0]
        return Rulebook(row[0][1], tuple(row[1:]))


def promised(kept: Sequence[Edition], said: str, holidays: Stored, at: datetime) -> Promised:
    """Return the promises as they were edited; what differs from the newest kept edition holds from `at`."""
    since = max(at, kept[-1].valid_from) if kept else ALWAYS
    now = [] if kept and kept[-1].said == said else [Edition(since, said)]
    return Promised((*kept, *now), holidays)


def uncomputed(settings: Settings, kept: Stored) -> dict[tuple[str, str | None], frozenset[Any]]:
    """Return the holidays of countries that the settings name and that are not kept yet."""
    wanted = {
        (hours.country, hours.region)
        for calendar in settings.calendars.values()
        for hours in (calendar, *calendar.edits)
        if hours.country
    }
    return {key: holidays_of(*key, YEARS) for key in sorted(wanted - kept.keys(), key=str)}


@dataclass(frozen=True)
class _Parts:
    """One edition, read."""

    raw: Mapping[str, Any]
    calendars: Mapping[str, CalendarSettings]
    policies: Mapping[str, PolicySettings]

    @classmethod
    def of(cls, edition: Edition) -> _Parts:
        raw = json.loads(edition.said)
        try:
            return cls(
                raw, _CALENDARS.validate_python(raw["calendars"]), _POLICIES.validate_python(raw["policies"])
            )
        except ValidationError:
            since = f"{edition.valid_from:%Y-%m-%d %H:%M} UTC"
            why = f"this program cannot read the promises that held from {since} on; use the one of then"
            raise ConfigError([why]) from None


def _needed(name: str, raw: Mapping[str, Any]) -> str:
    """Return what a calendar's answers follow from: what is said of it, and of its members."""
    said = raw["calendars"].get(name)
    members = _members(said)
    return json.dumps([said, [_needed(member, raw) for member in members if member != name]])


def _members(said: Mapping[str, Any] | None) -> Iterator[str]:
    for hours in (said or {}, *((said or {}).get("edits") or ())):
        yield from hours.get("members") or ()


def _several(made: Policy | Rulebook) -> tuple[Policy, ...]:
    return (made,) if isinstance(made, Policy) else made.policies
