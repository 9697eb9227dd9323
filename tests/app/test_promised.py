"""Calendars and policies in the settings: what they mean, and that everything wrong is told at once."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from connectors.errors import ConfigError
from deskbridge.desk import desk_of
from deskbridge.settings import load
from mappings.ticket import Priority, Status, TicketType
from sync.sla.calendar import Calendar, Elapsed, Union, Versions
from sync.sla.policy import ClockName, OnChange, Policy, Rulebook
from sync.sla.worktime import WorkingTime
from tests.app.settings_files import CANARIES, unplaced, written

ROME = ZoneInfo("Europe/Rome")
_BASE = '[policies.more]\ntargets = { urgent = { resolve = "48h elapsed" } }\n'


def rules(folder: Path, text: str, *names: str) -> Policy | Rulebook:
    """The policies of a customer of these names, with `text` in the settings."""
    listed = ", ".join(f'"{name}"' for name in names)
    changes = (("", text), ('label = "orbit"', f'label = "orbit"\ntier = "gold"\npolicy = [{listed}]'))
    desk = desk_of(load(written(folder, *changes), CANARIES))
    customer = next(c for c in desk.customers if c.key == "orbit")
    return desk.policies[customer.policy or ""]


def one(folder: Path, text: str) -> Policy:
    """The policy `more`."""
    found = rules(folder, text, "more")
    assert isinstance(found, Policy)
    return found


def calendar(folder: Path, text: str) -> WorkingTime:
    """The calendar `more`."""
    said = f'{text}[policies.more]\ncalendar = "more"\ntargets = {{ low = {{ resolve = "1h" }} }}\n'
    base = one(folder, said).targets[Priority.LOW][ClockName.RESOLVE].base
    assert isinstance(base, WorkingTime)
    return base


def rome(text: str) -> datetime:
    """An instant from a wall clock in Rome."""
    return datetime.fromisoformat(text).replace(tzinfo=ROME).astimezone(UTC)


def test_targets_in_every_measure(tmp_path: Path) -> None:
    """48 h has three readings; a desk that meant another one than is counted breaks its promises."""
    text = (
        '[policies.more]\ncalendar = "office"\ntargets = { urgent = { first_response = "30m", '
        'next_response = "4h working", update = "48h elapsed", resolve = "3d", estimate = "date" }, '
        'low = { resolve = "48h elapsed due working", update = "2d elapsed" } }\n'
    )
    urgent, low = (one(tmp_path, text).targets[p] for p in (Priority.URGENT, Priority.LOW))
    assert {name: t.duration for name, t in urgent.items() if not t.days} == {
        ClockName.FIRST_RESPONSE: timedelta(minutes=30),
        ClockName.NEXT_RESPONSE: timedelta(hours=4),
        ClockName.UPDATE: timedelta(hours=48),
        ClockName.ESTIMATE: timedelta(0),
    }
    assert urgent[ClockName.RESOLVE].days == 3
    assert isinstance(urgent[ClockName.NEXT_RESPONSE].base, Calendar)
    assert urgent[ClockName.UPDATE].base == Elapsed()
    assert low[ClockName.RESOLVE].due_in is not None
    assert (low[ClockName.UPDATE].duration, low[ClockName.UPDATE].due_in) == (timedelta(hours=48), None)


def test_the_rules_of_a_life(tmp_path: Path) -> None:
    """What was agreed about changes, pauses and projects would be read otherwise."""
    text = (
        '[policies.more]\ntiers = ["gold"]\npriorities = ["urgent"]\ntags = ["vip"]\nreads = "work"\n'
        'types = ["bug"]\nassume_type = "bug"\ntaking_charge = true\nnotice = "14d"\nreopen_days = 3\n'
        'pauses = { resolve = ["waiting_on_vendor"] }\ntold = ["waiting_on_vendor"]\non_change = "restart"\n'
        'on_project = ""\nenforce_from = 2026-03-01T00:00:00+01:00\n'
        'targets = { urgent = { resolve = "48h elapsed" } }\n'
    )
    found = one(tmp_path, text)
    assert (found.tiers, found.priorities, found.tags) == (
        frozenset({"gold"}),
        frozenset({Priority.URGENT}),
        frozenset({"vip"}),
    )
    assert (found.types, found.assume_type, found.reads) == (
        frozenset({TicketType.BUG}),
        TicketType.BUG,
        "work",
    )
    assert (found.taking_charge, found.reopen_days, found.notice) == (True, 3, timedelta(days=14))
    assert found.pauses == {ClockName.RESOLVE: frozenset({Status.WAITING_ON_VENDOR})}
    assert found.told == frozenset({Status.WAITING_ON_VENDOR})
    assert (found.on_change, found.on_project) == (OnChange.RESTART, "")
    assert found.enforce_from == rome("2026-03-01")


def test_what_is_closed_and_when(tmp_path: Path) -> None:
    """Tickets would be closed over their customers' heads, or never; a preset's as well."""
    said = 'calendar = "office"\nclose_after = { resolved = 5, waiting_on_customer = 10 }\n'
    found = one(tmp_path, f"[policies.more]\n{said}")
    assert {status: target.days for status, target in found.closes.items()} == {
        Status.RESOLVED: 5,
        Status.WAITING_ON_CUSTOMER: 10,
    }
    preset = rules(tmp_path, f'[policies.more]\npreset = "five_levels"\n{said}', "more")
    assert isinstance(preset, Rulebook)
    assert [policy.closes for policy in preset.policies] == [found.closes, found.closes]


def test_several_policies_in_order(tmp_path: Path) -> None:
    """A customer's own promise must stand before the general one."""
    text = '[policies.more]\ntags = ["vip"]\ntargets = { urgent = { resolve = "2h elapsed" } }\n'
    found = rules(tmp_path, text, "more", "standard")
    assert isinstance(found, Rulebook)
    assert [policy.name for policy in found.policies] == ["more", "standard"]


@pytest.mark.parametrize(
    ("preset", "names"),
    [("three_levels", ["three levels"]), ("five_levels", ["five levels: requests", "five levels"])],
)
def test_presets(tmp_path: Path, preset: str, names: list[str]) -> None:
    """A desk that takes a preset has it whole, with its own calendar and days."""
    found = rules(
        tmp_path, f'[policies.more]\npreset = "{preset}"\ncalendar = "office"\nreopen_days = 5\n', "more"
    )
    assert isinstance(found, Rulebook)
    assert [policy.name for policy in found.policies] == names
    assert {policy.reopen_days for policy in found.policies} == {5}


def test_a_preset_is_for_the_tickets_that_the_settings_name(tmp_path: Path) -> None:
    """A preset for one tag would take every ticket of the customer."""
    text = (
        '[policies.more]\npreset = "five_levels"\ncalendar = "office"\ntags = ["vip"]\ntiers = ["gold"]\n'
        'reads = "work"\nassume_priority = "high"\n'
        '[policies.rest]\npreset = "three_levels"\ncalendar = "office"\n'
    )
    found = rules(tmp_path, text, "more", "rest")
    assert isinstance(found, Rulebook)
    *five, three = found.policies
    assert {(one.tags, one.tiers, one.reads) for one in five} == {
        (frozenset({"vip"}), frozenset({"gold"}), "work")
    }
    assert {one.assume_priority for one in five} == {Priority.HIGH}
    # What is not said stays the preset's.
    assert [one.on_project for one in five] == ["", None]
    assert five[1].told == {Status.WAITING_ON_VENDOR}
    assert (three.tags, three.reads, three.assume_type) == (frozenset(), "front", TicketType.INCIDENT)


def test_holidays_of_a_country(tmp_path: Path) -> None:
    """Public holidays by law, the desk's own besides, less those on which it works, and half a day."""
    found = calendar(
        tmp_path,
        '[calendars.more]\nzone = "Europe/Rome"\nweek = { "mon-fri" = ["09:00-17:00"] }\ncountry = "DE"\n'
        'region = "BY"\nholidays = [2026-02-17]\nworks_on = [2026-06-04]\n'
        'dates = { "2026-12-24" = ["09:00-12:00"], "2026-12-28" = [] }\n',
    )
    worked = {
        day: found.between(rome(f"{day}T00:00"), rome(f"{day}T23:59"))
        for day in ("2026-05-01", "2026-02-17", "2026-06-04", "2026-12-24", "2026-12-28", "2026-05-04")
    }
    assert [span // timedelta(hours=1) for span in worked.values()] == [0, 0, 8, 3, 0, 8]


def test_holidays_that_were_stored_are_not_computed(tmp_path: Path) -> None:
    """A newer edition of the library would move what was promised."""
    text = '[calendars.more]\nzone = "Europe/Rome"\nweek = { mon = ["09:00-17:00"] }\ncountry = "IT"\n'
    text += '[policies.more]\ncalendar = "more"\ntargets = { low = { resolve = "1h" } }\n'
    changes = (("", text), ('label = "orbit"', 'label = "orbit"\npolicy = "more"'))
    desk = desk_of(load(written(tmp_path, *changes), CANARIES), {("IT", None): frozenset({date(2026, 3, 2)})})
    policy = desk.policies["more"]
    assert isinstance(policy, Policy)
    base = policy.targets[Priority.LOW][ClockName.RESOLVE].base
    assert isinstance(base, Calendar)
    assert base.holidays == frozenset({date(2026, 3, 2)})


def test_unions_versions_and_around_the_clock(tmp_path: Path) -> None:
    """Support that follows the sun, hours that were changed in March, and a desk that never closes."""
    tokyo = '[calendars.tokyo]\nzone = "Asia/Tokyo"\nweek = { "mon-fri" = ["09:00-17:00"] }\n'
    sun = calendar(
        tmp_path, f'{tokyo}[calendars.more]\nzone = "Europe/Rome"\nmembers = ["office", "tokyo"]\n'
    )
    assert isinstance(sun, Union)
    assert [member.name for member in sun.members] == ["office", "tokyo"]
    always = calendar(tmp_path, '[calendars.more]\nzone = "Europe/Rome"\nalways = true\n')
    assert always.between(rome("2026-03-28"), rome("2026-03-30")) == timedelta(hours=47)
    edited = calendar(
        tmp_path,
        '[calendars.more]\nzone = "Europe/Rome"\nweek = { mon = ["09:00-13:00"] }\n'
        "[[calendars.more.edits]]\nvalid_from = 2026-03-01T00:00:00+01:00\n"
        'zone = "Europe/Rome"\nweek = { mon = ["09:00-18:00"] }\n',
    )
    assert isinstance(edited, Versions)
    assert edited.between(rome("2026-02-23"), rome("2026-03-03")) == timedelta(hours=4 + 9)


_HOURS = '[calendars.more]\nzone = "Europe/Rome"\n'
_WEEK = _HOURS + 'week = { mon = ["09:00-17:00"] }\n'
REFUSED = [
    (
        _BASE + 'calendar = "office"\nclose_after = { open = 5 }\n',
        "policies.more.close_after.open: no 'open'; there are resolved, waiting_on_customer",
    ),
    (
        _BASE + 'calendar = "office"\nclose_after = { resolved = 0 }\n',
        "policies.more.close_after.resolved: it must be 1 at least",
    ),
    (_HOURS, "calendars.more: write one of week, always = true, members"),
    (
        _WEEK + "always = true\n",
        "calendars.more: write one of week, always = true, members; week and always are said",
    ),
    (_WEEK + 'country = "XX"\n', "calendars.more.country: no 'XX'; write its two letters, like IT"),
    (_WEEK + 'country = "it"\n', "calendars.more.country: no 'it'; did you mean 'IT'?"),
    (_WEEK + 'region = "BY"\n', "calendars.more.region: of which country?"),
    (
        _WEEK + 'dates = { "24.12." = [] }\n',
        "calendars.more.dates: no date '24.12.'; write it like 2026-12-24",
    ),
    (
        _WEEK + 'dates = { "2026-12-24" = ["09:00-12:00", "11:00-13:00"] }\n',
        (
            "calendars.more.dates: the frames 09:00-12:00 and 11:00-13:00 of 2026-12-24 overlap or are "
            "out of order"
        ),
    ),
    (
        _WEEK + 'dates = { "2026-03-01" = ["22:00-10:00"] }\n',
        (
            "calendars.more.dates: the night that begins on 2026-03-01 ends at 10:00, "
            "and the day after begins at 09:00"
        ),
    ),
    (
        _WEEK + 'holidays = ["25.12.2026"]\n',
        "calendars.more.holidays.0: no date '25.12.2026'; write it like 2026-12-24",
    ),
    (_WEEK + "holidays = 2026-12-25\n", 'calendars.more.holidays: write a list, like ["a", "b"]'),
    (
        '[calendars.more]\nzone = "rome"\nalways = true\n',
        "calendars.more.zone: no time zone 'rome'; did you mean 'Europe/Rome'?",
    ),
    (
        _HOURS + 'members = ["ofice"]\n',
        "calendars.more.members: there is no 'ofice' among the calendars; did you mean 'office'?",
    ),
    (
        _HOURS + 'members = ["more"]\n',
        "calendars.more.members: more has members itself; name calendars that have a week",
    ),
    (
        _HOURS + 'members = ["office"]\ncountry = "IT"\n',
        "calendars.more: its members have holidays and dates of their own; write them there",
    ),
    (
        _WEEK
        + '[[calendars.more.edits]]\nzone = "Mars/Olympus"\nvalid_from = 2026-03-01T00:00:00Z\n'
        + "always = true\n",
        "calendars.more.edits.0.zone: no time zone 'Mars/Olympus'; write it like Europe/Rome",
    ),
    (
        _WEEK
        + "".join(
            f'[[calendars.more.edits]]\nzone = "UTC"\nvalid_from = 2026-03-0{day}T00:00:00Z\nalways = true\n'
            for day in (2, 1)
        ),
        "calendars.more.edits.1.valid_from: it is not after the one before it; oldest first",
    ),
]


def problems(path: Path) -> list[str]:
    """What is told, without the file's name."""
    with pytest.raises(ConfigError) as caught:
        load(path, CANARIES)
    return unplaced(path, caught.value.problems)


@pytest.mark.parametrize(
    ("text", "expected"), REFUSED, ids=[f"{n} {case[1][:50]}" for n, case in enumerate(REFUSED)]
)
def test_calendars_that_are_refused(tmp_path: Path, text: str, expected: str) -> None:
    """A desk would be open on holidays, or never, and every promise would be counted wrongly."""
    assert problems(written(tmp_path, ("", text))) == [expected]


POLICIES = [
    (
        "close_after = { resolved = 5 }\n",
        "policies.more.close_after: working days of which calendar? name one",
    ),
    ("", "policies.more.targets: it promises nothing; write targets, or name a preset"),
    (
        'targets = { low = { update = "4h" } }\n',
        "policies.more.targets.low.update: in which working time? name a calendar, or write 48h elapsed",
    ),
    (
        'targets = { low = { update = "48h elapsed due working" } }\n',
        "policies.more.targets.low.update: in which working time? name a calendar, or write 48h elapsed",
    ),
    (
        'targets = { low = { update = "date" } }\n',
        "policies.more.targets.low.update: only an estimate is due by a date",
    ),
    (
        'targets = { low = { estimate = "48h elapsed" } }\n',
        'policies.more.targets.low.estimate: an estimate is due by the date that was promised; write "date"',
    ),
    (
        'priorities = ["urgent"]\ntargets = { low = { update = "4h elapsed" } }\n',
        "policies.more.priorities: it can never match: nothing is promised at any of these",
    ),
    (
        'types = ["bug"]\nassume_type = "task"\ntargets = { low = { update = "4h elapsed" } }\n',
        "policies.more.assume_type: it is not for the type task; name one of its types",
    ),
    (
        'told = ["waiting_on_vendor"]\ntargets = { low = { update = "4h elapsed" } }\n',
        "policies.more.told: no clock pauses while a ticket is waiting_on_vendor; name it in pauses too",
    ),
    (
        'on_project = "standrd"\ntargets = { low = { update = "4h elapsed" } }\n',
        "policies.more.on_project: there is no 'standrd' among the policies; did you mean 'standard'?",
    ),
    (
        'preset = "five_levels"\n',
        "policies.more.calendar: five_levels is measured in a calendar's working time; name one",
    ),
    (
        'preset = "five_levels"\ncalendar = "office"\ntargets = { low = { update = "4h" } }\n',
        "policies.more.preset: five_levels has targets and types of its own; leave them out, or it",
    ),
]


@pytest.mark.parametrize(
    ("text", "expected"), POLICIES, ids=[f"{n} {case[1][:50]}" for n, case in enumerate(POLICIES)]
)
def test_policies_that_are_refused(tmp_path: Path, text: str, expected: str) -> None:
    """A promise that nobody can keep, or that is never looked at, would be found at the first penalty."""
    changes = (("", f"[policies.more]\n{text}"), ('label = "orbit"', 'label = "orbit"\npolicy = "more"'))
    assert problems(written(tmp_path, *changes)) == [expected]


def test_policies_that_can_never_match(tmp_path: Path) -> None:
    """Who wrote it believes that something is promised, and nothing is."""
    assert problems(written(tmp_path, ("", _BASE))) == [
        "policies.more: it can never match: no customer has it"
    ]
    gold = _BASE.replace("targets", 'tiers = ["gold"]\ntargets')
    has = ('label = "orbit"', 'label = "orbit"\npolicy = "more"')
    assert problems(written(tmp_path, ("", gold), has)) == [
        "policies.more.tiers: it can never match: no customer who has it is of these tiers"
    ]
    assert (
        load(written(tmp_path, ("", gold), (has[0], f'{has[1]}\ntier = "gold"')), CANARIES)
        .customers["orbit"]
        .tier
        == "gold"
    )
    shadow = _BASE.replace("targets", 'tags = ["vip"]\ntargets')
    after = ('label = "orbit"', 'label = "orbit"\npolicy = ["all", "more"]')
    general = '[policies.all]\ntargets = { low = { update = "4h elapsed" } }\n'
    assert problems(written(tmp_path, ("", shadow + general), after)) == [
        "customers.orbit.policy: more can never match: all before it takes all that it would"
    ]


def test_everything_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    """Somebody who is told of one mistake after the other starts the hub ten times."""
    text = (
        '[calendars.a]\nzone = "Nowhere"\nweek = { mon = ["09:00-13:00", "12:00-14:00"] }\n'
        '[calendars.b]\nzone = "UTC"\nweek = { mon = ["09:00-13:00"] }\ncountry = "QQ"\n'
        '[policies.c]\ntargets = { low = { update = "4h" } }\n'
        '[policies.d]\ncalendar = "a"\ntargets = { low = { update = "soon" } }\n'
        '[customers.twin]\nname = "Twin"\nzone = "UTC"\ndomains = ["orbit.example"]\npolicy = ["c", "d"]\n'
    )
    told = problems(written(tmp_path, ("", text)))
    assert sorted(line.partition(": ")[0] for line in told) == [
        "calendars.a.week",
        "calendars.a.zone",
        "calendars.b.country",
        "customers.twin.domains",
        "policies.c.targets.low.update",
        "policies.d.targets.low.update",
    ]
