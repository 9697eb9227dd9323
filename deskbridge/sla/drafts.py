"""Policies that nobody has yet: a file of their own, tried on the past before anybody is promised them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from connectors.errors import ConfigError
from deskbridge.agreed import Stored, policy_of
from deskbridge.clashes import Had, clashes
from deskbridge.lines import placed
from deskbridge.parts import Name, Settings
from deskbridge.promised import CalendarSettings, PolicySettings
from deskbridge.settings import toml_in, words_of
from deskbridge.words import nearest
from sync.sla.policy import Policy, Rulebook


class _Written(BaseModel):
    """What a draft may hold: the same sections as the settings."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    calendars: Mapping[Name, CalendarSettings] = {}
    policies: Mapping[Name, PolicySettings] = {}


@dataclass(frozen=True, slots=True)
class Draft:
    """The policies of a file, with its own calendars and those of the settings."""

    policies: Mapping[str, PolicySettings]
    calendars: Mapping[str, CalendarSettings]
    holidays: Stored

    def policy(self, name: str) -> Policy | Rulebook:
        """Return a policy of the draft, as if it had always held."""
        return policy_of(name, self.policies[name], self.calendars, self.holidays)


def draft_in(path: Path, settings: Settings, holidays: Stored) -> Draft:
    """Return the draft in a file; what it names and does not have is the settings'.

    Raises ConfigError with all problems, each with its line.
    """
    raw = toml_in(path)
    try:
        found = _Written.model_validate(raw)
    except ValidationError as error:
        raise ConfigError(placed(path, _problems(error))) from None
    calendars = {**settings.calendars, **found.calendars}
    if problems := [*_clashes(found, settings, calendars), *_feeds(found)]:
        raise ConfigError(placed(path, problems))
    return Draft(found.policies, calendars, holidays)


def _problems(error: ValidationError) -> list[str]:
    found = []
    for one in error.errors():
        loc = tuple(part for part in one["loc"] if part != "[key]")
        found.append(f"{'.'.join(map(str, loc))}: {words_of(one, loc)}")
    return found


def _clashes(found: _Written, settings: Settings, calendars: Mapping[str, CalendarSettings]) -> list[str]:
    """Return what stands against the draft's own parts, somebody having each of its policies."""
    tiers = {tier for policy in found.policies.values() for tier in policy.tiers} or {""}
    stages = frozenset(stage for customer in settings.customers.values() for stage in customer.dris)
    had = {f"{name} {tier}": Had((name,), tier, stages) for name in found.policies for tier in tiers}
    known = {
        "calendars": calendars,
        "policies": {**settings.policies, **found.policies},
        "customers": had,
        "notify": settings.notify,
        "duty": settings.duty,
    }
    lost = [
        f"policies.{name}.calendar: there is no {wanted!r} among the calendars{nearest(wanted, calendars)}"
        for name, policy in found.policies.items()
        if (wanted := policy.calendar) and wanted not in calendars
    ]
    return [*lost, *clashes(calendars, found.policies, had, known)]


def _feeds(found: _Written) -> list[str]:
    """Return which calendars name a feed: what is only tried asks nobody for anything."""
    hours = ((name, part) for name, c in found.calendars.items() for part in (c, *c.edits))
    return [f"calendars.{name}.feed: a draft reads none; write holidays" for name, part in hours if part.feed]
