"""What a Freshdesk account has that settings can be written from (freshdesk-api 6.5, 6.7, 6.8)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from connectors.base import ConnectionConfig
from connectors.errors import Gone, Rejected, Unauthorised
from connectors.freshdesk import answers, setup_wire
from connectors.freshdesk.connector import form_of, http_of, people_of
from connectors.freshdesk.form import STATUS, words
from connectors.freshdesk.zones import zone_of
from connectors.http import Http
from connectors.survey import HoursFound, PersonFound, PromiseFound, Survey

_TEXTS = frozenset({"custom_text", "custom_dropdown"})
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_CLOCKS = {
    "first_response": "respond_within",
    "next_response": "next_respond_within",
    "resolve": "resolve_within",
}
_MINUTE, _HOUR = 60, 3600


def survey(config: ConnectionConfig) -> Survey:
    """Return the account's statuses, custom fields, agents, business hours and SLA policies."""
    form = form_of(config).read()
    statuses = next((words(field) for field in form if field.type == STATUS), {})
    fields = [(field.name, field.label or field.name) for field in form if field.type in _TEXTS]
    http, untold = http_of(config), list[str]()
    hours, promises = tuple[HoursFound, ...](), tuple[PromiseFound, ...]()
    try:
        hours = tuple(_hours(http))
        promises = tuple(_promises(http))
    except (Rejected, Unauthorised, Gone):  # an agent's key: the account itself has answered before
        untold.append("business hours and SLA policies: only an administrator's key is shown them")
    return Survey(
        statuses=tuple(statuses.items()),
        fields=tuple(fields),
        people=tuple(staff(config)),
        hours=hours,
        promises=promises,
        untold=tuple(untold),
    )


def staff(config: ConnectionConfig) -> Iterator[PersonFound]:
    """Yield the agents who show their address: all to an administrator's key, none to others (6.3)."""
    for agent in people_of(config).agents():
        if agent.email:
            yield PersonFound(agent.email, agent.name or agent.email, agent.email)


def clocks(config: ConnectionConfig) -> Iterator[tuple[str, bool]]:
    """Yield the SLA policies in force, and whether each reminds and escalates (freshdesk-api 6.8)."""
    found = answers.pages(http_of(config), "sla_policies", setup_wire.Policy, {"per_page": answers.PER_PAGE})
    for policy in found:
        if policy.active:
            yield policy.name, any(target.escalation_enabled for target in policy.targets.values())


def _hours(http: Http) -> Iterator[HoursFound]:
    for found in answers.pages(http, "business_hours", setup_wire.Hours, {"per_page": answers.PER_PAGE}):
        read = {day[:3]: _frame(found.days[day]) for day in _DAYS if day in found.days}
        yield HoursFound(
            id=str(found.id),
            name=found.name,
            zone=zone_of(found.zone),
            native_zone=found.zone,
            week={day: frame for day, frame in read.items() if frame},
            odd=tuple(day for day, frame in read.items() if not frame),
            default=found.default,
        )


def _frame(day: setup_wire.Day) -> str:
    start, end = _clock(day.start), _clock(day.end)
    if not start or not end or start == end:
        return ""
    return f"{start}-{'24:00' if end == '00:00' else end}"


def _clock(text: str) -> str:
    """Return ``17:30`` out of ``5:30 pm`` and ``05:30:00 pm``; empty for what is no time of day."""
    found = re.fullmatch(r"(\d{1,2}):(\d\d)(?::\d\d)? *([ap]m)?", text.strip().lower())
    if not found:
        return ""
    hour, minute, half = int(found[1]), int(found[2]), found[3]
    if half and not 1 <= hour <= 12:
        return ""
    hour = hour % 12 + 12 * (half == "pm") if half else hour
    return f"{hour:02}:{minute:02}" if hour < 24 and minute < 60 else ""


def _promises(http: Http) -> Iterator[PromiseFound]:
    """Yield the policies in the order in which they are tried; the default one is the last."""
    found = answers.pages(http, "sla_policies", setup_wire.Policy, {"per_page": answers.PER_PAGE})
    for policy in sorted(found, key=lambda policy: (policy.default, policy.position, policy.id)):
        who = policy.applicable
        others = {"groups": who.groups, "sources": who.sources, "products": who.products}
        yield PromiseFound(
            name=policy.name,
            targets={
                priority.removeprefix("priority_"): _lengths(target)
                for priority, target in sorted(policy.targets.items(), reverse=True)
            },
            organisations=tuple(map(str, who.companies)),
            types=tuple(who.types),
            also=tuple(f"{kind} {', '.join(map(str, ids))}" for kind, ids in others.items() if ids),
            active=policy.active,
        )


def _lengths(target: setup_wire.Target) -> dict[str, str]:
    return {
        clock: _length(seconds) + ("" if target.business_hours else " elapsed")
        for clock, name in _CLOCKS.items()
        if (seconds := getattr(target, name))
    }


def _length(seconds: int) -> str:
    """Return so many seconds as the settings write it; up to the minute."""
    return f"{seconds // _HOUR}h" if seconds % _HOUR == 0 else f"{max(1, seconds // _MINUTE)}m"
