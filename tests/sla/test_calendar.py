"""Working time, held against somebody who counts it minute by minute."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sync.sla.calendar import (
    Calendar,
    Elapsed,
    Frame,
    TimeBase,
    Union,
    Versions,
    around_the_clock,
)
from sync.sla.worktime import WorkingTime

ROME, NEW_YORK = ZoneInfo("Europe/Rome"), ZoneInfo("America/New_York")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")  # its summer time is half an hour
TOKYO = ZoneInfo("Asia/Tokyo")
KATHMANDU = ZoneInfo("Asia/Kathmandu")  # a quarter of an hour off the others
MINUTE = timedelta(minutes=1)


def frames(*hours: tuple[str, str]) -> tuple[Frame, ...]:
    """Frames from pairs like ``("09:00", "13:00")``."""
    return tuple(Frame(time.fromisoformat(start), time.fromisoformat(end)) for start, end in hours)


LUNCH = frames(("09:00", "13:00"), ("14:00", "18:00"))
NIGHT = frames(("22:00", "06:00"))
DAYTIME = frames(("06:00", "22:00"))
OFFICE = frames(("09:00", "17:00"))
DESK = (LUNCH,) * 5 + ((), ())


def made(
    zone: ZoneInfo,
    week: tuple[tuple[Frame, ...], ...] = DESK,
    holidays: frozenset[date] = frozenset(),
    overrides: Mapping[date, tuple[Frame, ...]] | None = None,
) -> Calendar:
    """A calendar for a test."""
    return Calendar("test", zone, week, holidays, overrides or {})


CALENDARS = {
    "Rome with lunch": made(ROME),
    "Rome with holidays": made(
        ROME,
        holidays=frozenset({date(2024, 12, 25), date(2024, 12, 26), date(2025, 1, 1), date(2024, 2, 29)}),
        overrides={
            date(2024, 12, 24): frames(("09:00", "12:30")),
            date(2024, 12, 28): frames(("10:00", "11:00")),  # a Saturday
            date(2025, 1, 1): frames(("15:00", "15:30")),  # a holiday
            date(2025, 3, 31): (),
        },
    ),
    "New York at night": made(NEW_YORK, (NIGHT,) * 7),
    "New York around the clock": made(NEW_YORK, (frames(("00:00", "00:00")),) * 7),
    "Rome on Sundays": made(ROME, ((),) * 6 + (frames(("01:00", "04:00"), ("23:00", "02:30")),)),
    "Lord Howe": made(LORD_HOWE, (frames(("00:30", "03:15"), ("09:00", "17:00")),) * 7),
    "Lord Howe around the clock": made(LORD_HOWE, (frames(("00:00", "00:00")),) * 7),
    "Kathmandu": made(KATHMANDU, (frames(("10:00", "17:00")),) * 5 + ((), frames(("10:00", "14:00")))),
    # Frames that begin and end in the hour which is skipped in spring and comes twice in autumn.
    "Rome in the odd hour": made(ROME, (frames(("01:15", "02:20"), ("02:40", "03:10")),) * 7),
    "New York in the odd hour": made(NEW_YORK, (frames(("02:30", "02:45"), ("22:00", "02:30")),) * 7),
    "Lord Howe in the odd half": made(LORD_HOWE, (frames(("01:00", "01:45"), ("02:10", "02:20")),) * 7),
    "following the sun": Union(
        "sun",
        ROME,
        (made(ROME), made(NEW_YORK, (OFFICE,) * 7), made(TOKYO, (OFFICE,) * 6 + ((),))),
    ),
    "never closed by two": Union("both", NEW_YORK, (made(ROME, (NIGHT,) * 7), made(ROME, (DAYTIME,) * 7))),
    "edited": Versions(
        "edited",
        made(ROME),
        (
            (datetime(2025, 3, 29, 9, 20, tzinfo=UTC), made(ROME, (NIGHT,) * 7)),
            (datetime(2025, 10, 26, 2, 40, tzinfo=UTC), made(NEW_YORK, (OFFICE,) * 7)),
        ),
    ),
}
AROUND = {
    "spring in Rome": datetime(2025, 3, 29, tzinfo=UTC),
    "autumn in Rome": datetime(2025, 10, 25, tzinfo=UTC),
    "spring in New York": datetime(2025, 3, 8, tzinfo=UTC),
    "autumn in New York": datetime(2025, 11, 1, tzinfo=UTC),
    "spring on Lord Howe": datetime(2025, 10, 4, tzinfo=UTC),
    "autumn on Lord Howe": datetime(2025, 4, 5, tzinfo=UTC),
    "a leap day": datetime(2024, 2, 28, tzinfo=UTC),
    "the end of a year": datetime(2024, 12, 30, tzinfo=UTC),
}
calendars = st.sampled_from(sorted(CALENDARS)).map(CALENDARS.__getitem__)
instants = st.builds(
    lambda start, minutes: start + minutes * MINUTE,
    st.sampled_from(list(AROUND.values())),
    st.integers(-600, 4 * 1440),
)
lengths = st.integers(0, 3 * 1440)


def working(base: TimeBase, instant: datetime, latest: Mapping[ZoneInfo, datetime]) -> bool:
    """Whether somebody works at an instant, by the latest that the clock on each wall has shown."""
    if isinstance(base, Elapsed):
        return True
    if isinstance(base, Union):
        return any(working(member, instant, latest) for member in base.members)
    if isinstance(base, Versions):
        held = [base.first, *(version for since, version in base.edits if since <= instant)]
        return working(held[-1], instant, latest)
    assert isinstance(base, Calendar)
    wall = latest[base.zone]
    for day in (wall.date(), wall.date() - timedelta(days=1)):
        if day in base.overrides:
            hours = base.overrides[day]
        elif day in base.holidays:
            hours = ()
        else:
            hours = base.week[day.weekday()]
        for frame in hours:
            last = day if frame.end > frame.start else day + timedelta(days=1)
            if datetime.combine(day, frame.start) <= wall < datetime.combine(last, frame.end):
                return True
    return False


def zones_of(base: TimeBase) -> set[ZoneInfo]:
    """On which walls there is a clock that somebody works by."""
    if isinstance(base, Union):
        return {zone for member in base.members for zone in zones_of(member)}
    if isinstance(base, Versions):
        return {zone for one in (base.first, *(v for _, v in base.edits)) for zone in zones_of(one)}
    return {base.zone} if isinstance(base, Calendar) else set()


def walk(base: TimeBase, start: datetime, end: datetime) -> Iterator[bool]:
    """Whether each minute between two instants is worked. A clock that is set back shows no new time."""
    zones = zones_of(base)
    latest = dict.fromkeys(zones, datetime(1, 1, 1))  # noqa: DTZ001 - on the wall
    for i in range(-120, int((end - start) / MINUTE)):
        instant = start + i * MINUTE
        for zone in zones:
            latest[zone] = max(latest[zone], instant.astimezone(zone).replace(tzinfo=None))
        if i >= 0:
            yield working(base, instant, latest)


def counted(base: TimeBase, start: datetime, end: datetime) -> int:
    """The working minutes between two instants, counted one by one."""
    return sum(walk(base, start, end))


@given(calendars, instants, lengths)
def test_between_is_what_is_counted(calendar: WorkingTime, start: datetime, length: int) -> None:
    """A clock that counts a minute too many reports a breach that was none, or hides one that was."""
    end = start + length * MINUTE
    assert calendar.between(start, end) == counted(calendar, start, end) * MINUTE


@given(calendars, instants, st.integers(0, 1200))
def test_after_is_where_the_count_is_reached(calendar: WorkingTime, start: datetime, minutes: int) -> None:
    """A due time must be the first instant at which the promised working time is used up."""
    due = calendar.after(start, minutes * MINUTE)
    assume(due - start < timedelta(days=12))
    assert counted(calendar, start, due) == minutes
    assert minutes == 0 or [*walk(calendar, due - MINUTE, due)] == [True], (
        "an earlier instant would have done"
    )


@given(calendars, instants, st.integers(0, 20_000), st.integers(0, 20_000))
def test_the_parts_make_the_whole(calendar: WorkingTime, start: datetime, one: int, two: int) -> None:
    """Time must not be counted twice, or lost, where a clock was looked at in between."""
    middle, end = start + one * MINUTE, start + (one + two) * MINUTE
    whole = calendar.between(start, end)
    assert calendar.between(start, middle) + calendar.between(middle, end) == whole
    assert timedelta(0) <= whole <= end - start


@given(calendars, instants, st.integers(0, 500_000))
def test_after_and_between_undo_each_other(calendar: WorkingTime, start: datetime, seconds: int) -> None:
    """The remaining time that a page shows and the due time beside it would contradict each other."""
    duration = timedelta(seconds=seconds)
    due = calendar.after(start, duration)
    assert due.tzinfo is UTC
    assert due >= start
    assert calendar.between(start, due) == duration
    again = calendar.after(start, calendar.between(start, due + timedelta(hours=1)))
    assert again <= due + timedelta(hours=1)


@given(calendars, instants, st.integers(0, 100_000), st.integers(0, 100_000))
def test_more_time_is_never_due_earlier(calendar: WorkingTime, start: datetime, one: int, two: int) -> None:
    """A higher priority with the shorter promise must not be due after the lower one."""
    short, long = sorted((timedelta(seconds=one), timedelta(seconds=two)))
    assert calendar.after(start, short) <= calendar.after(start, long)
    assert calendar.after(start, short) <= calendar.after(start + timedelta(seconds=one), short)


@given(calendars, instants, lengths)
def test_the_wrong_way_round_is_nothing(calendar: WorkingTime, start: datetime, length: int) -> None:
    """Facts of two servers whose clocks differ must not make negative time."""
    assert calendar.between(start, start - length * MINUTE) == timedelta(0)


@given(calendars, instants, st.integers(0, 100_000))
def test_the_zone_of_an_instant_does_not_matter(calendar: WorkingTime, start: datetime, seconds: int) -> None:
    """The same instant told by two servers in two zones is one fact."""
    duration = timedelta(seconds=seconds)
    elsewhere = start.astimezone(KATHMANDU)
    assert calendar.after(elsewhere, duration) == calendar.after(start, duration)
    assert calendar.between(elsewhere, start + duration) == calendar.between(start, start + duration)


def rome(text: str) -> datetime:
    """An instant from a wall clock in Rome."""
    return datetime.fromisoformat(text).replace(tzinfo=ROME).astimezone(UTC)


BY_HAND = [
    ("over lunch", "2025-03-03T12:30", "1:00", "2025-03-03T14:30"),
    ("used up as lunch begins", "2025-03-03T12:00", "1:00", "2025-03-03T13:00"),
    ("from before the morning", "2025-03-03T07:00", "0:30", "2025-03-03T09:30"),
    ("from within lunch", "2025-03-03T13:30", "0:30", "2025-03-03T14:30"),
    ("over a night", "2025-03-03T17:30", "1:00", "2025-03-04T09:30"),
    ("over a weekend", "2025-03-07T17:00", "2:00", "2025-03-10T10:00"),
    ("from a Sunday", "2025-03-09T11:00", "4:00", "2025-03-10T13:00"),
    ("over the change to summer time", "2025-03-28T17:00", "2:00", "2025-03-31T10:00"),
    ("over the change to winter time", "2025-10-24T17:00", "2:00", "2025-10-27T10:00"),
    ("a whole week", "2025-03-03T09:00", "40:00", "2025-03-07T18:00"),
    ("over a year's end", "2024-12-31T17:00", "2:00", "2025-01-01T10:00"),
    ("over a leap day", "2024-02-28T17:00", "10:00", "2024-03-01T10:00"),
]


@pytest.mark.parametrize(("start", "hours", "due"), [c[1:] for c in BY_HAND], ids=[c[0] for c in BY_HAND])
def test_due_times_worked_out_by_hand(start: str, hours: str, due: str) -> None:
    """Both the code and the counter could misread what people mean by nine to one and two to six."""
    whole, minutes = (int(part) for part in hours.split(":"))
    assert made(ROME).after(rome(start), timedelta(hours=whole, minutes=minutes)) == rome(due)


def test_a_holiday_removes_the_frames_that_start_on_it() -> None:
    """A night shift that began before a holiday goes on into it; the one of the holiday does not begin."""
    calendar = made(ROME, (NIGHT,) * 7, holidays=frozenset({date(2025, 4, 25)}))
    assert calendar.between(rome("2025-04-24T12:00"), rome("2025-04-25T12:00")) == timedelta(hours=8)
    assert calendar.between(rome("2025-04-25T12:00"), rome("2025-04-26T12:00")) == timedelta(0)


def test_a_night_in_which_the_clock_changes_is_as_long_as_it_was() -> None:
    """Who worked from ten to six in the night of the change worked seven hours, or nine."""
    calendar = made(ROME, (NIGHT,) * 7)
    assert calendar.between(rome("2025-03-29T12:00"), rome("2025-03-30T12:00")) == timedelta(hours=7)
    assert calendar.between(rome("2025-10-25T12:00"), rome("2025-10-26T12:00")) == timedelta(hours=9)


def test_a_calendar_without_work_has_no_due_time() -> None:
    """A due time that never comes must be an error that names the calendar, not an endless search."""
    with pytest.raises(ValueError, match="calendar test has no 1:00:00 of working time after 2025"):
        made(ROME, ((),) * 7).after(datetime(2025, 3, 3, tzinfo=UTC), timedelta(hours=1))


def test_no_time_is_due_at_once() -> None:
    """Nothing promised is used up at the start, even where the desk never works."""
    start = datetime(2025, 3, 9, 11, tzinfo=UTC)
    for calendar in (made(ROME), made(ROME, ((),) * 7)):
        assert calendar.between(start, start) == timedelta(0)
        assert calendar.after(start, timedelta(0)) == start


def test_a_year_begins_earlier_in_the_east() -> None:
    """The first hours of the year in Asia are December in Greenwich: they were not counted."""
    calendar = made(KATHMANDU, (frames(("00:00", "00:00")),) * 7)
    start = datetime(2025, 12, 31, 17, tzinfo=UTC)
    assert calendar.between(start, start + timedelta(hours=6)) == timedelta(hours=6)
    assert calendar.after(start, timedelta(hours=6)) == start + timedelta(hours=6)


def test_many_years_are_one_answer() -> None:
    """A ticket that lay for years is asked for as well; 2,087 working days make eight years."""
    calendar = made(ROME)
    start, end = rome("2017-01-02T00:00"), rome("2024-12-31T23:00")
    days = sum((date(2017, 1, 2) + timedelta(days=n)).weekday() < 5 for n in range(2921))
    assert calendar.between(start, end) == timedelta(hours=8 * days)
    assert calendar.after(start, timedelta(hours=8 * days)) == rome("2024-12-31T18:00")


@given(instants, st.integers(-100_000, 100_000))
def test_elapsed_time_passes_always(start: datetime, seconds: int) -> None:
    """A promise in elapsed hours runs at night and on holidays too."""
    duration = timedelta(seconds=seconds)
    assert Elapsed().after(start, duration) == start + duration
    assert Elapsed().between(start, start + duration) == max(duration, timedelta(0))


DAYS_BY_HAND = [
    ("from the morning", "2025-03-03T10:00", 1, "2025-03-04T18:00"),
    ("from before the morning", "2025-03-03T03:00", 1, "2025-03-04T18:00"),
    ("from the night", "2025-03-03T23:59", 1, "2025-03-04T18:00"),
    ("over a weekend", "2025-03-07T10:00", 1, "2025-03-10T18:00"),
    ("from a Saturday", "2025-03-08T10:00", 1, "2025-03-10T18:00"),
    ("over a holiday and a weekend", "2025-04-24T10:00", 1, "2025-04-28T18:00"),
    ("a week", "2025-03-03T10:00", 5, "2025-03-10T18:00"),
    ("into summer time", "2025-03-28T10:00", 1, "2025-03-31T18:00"),
    ("over a year", "2025-12-31T10:00", 1, "2026-01-01T18:00"),
    ("most of a year", "2025-01-01T10:00", 200, "2025-10-09T18:00"),
]


@pytest.mark.parametrize(
    ("start", "days", "due"), [c[1:] for c in DAYS_BY_HAND], ids=[c[0] for c in DAYS_BY_HAND]
)
def test_working_days_worked_out_by_hand(start: str, days: int, due: str) -> None:
    """What is promised in working days is due when the last of them ends, however early it was asked for."""
    calendar = made(ROME, holidays=frozenset({date(2025, 4, 25)}))
    assert calendar.closing(rome(start), days) == rome(due)


@given(calendars, instants, st.integers(1, 30))
def test_a_working_day_ends_with_its_last_frame(calendar: WorkingTime, start: datetime, days: int) -> None:
    """A due time at which nobody works any more, or after which somebody still does, is not a day's end."""
    due = calendar.closing(start, days)
    assert calendar.after(start, calendar.between(start, due)) == due
    assert days == 1 or calendar.closing(start, days - 1) < due
    assert due > start


def test_no_working_day_is_none() -> None:
    """A promise in no days at all would be due before it was made."""
    with pytest.raises(ValueError, match="one day at least"):
        made(ROME).closing(rome("2025-03-03T10:00"), 0)
    with pytest.raises(ValueError, match="has no 1 working days"):
        made(ROME, ((),) * 7).closing(rome("2025-03-03T10:00"), 1)
    with pytest.raises(ValueError, match="has no working time"):
        made(ROME, ((),) * 7).opening(rome("2025-03-03T10:00"))


@given(calendars, instants, lengths)
def test_the_stretches_are_what_is_counted(calendar: WorkingTime, start: datetime, length: int) -> None:
    """The ledger that a customer is shown must add up to the time that is charged."""
    end = start + length * MINUTE
    parts = list(calendar.within(start, end))
    assert sum((b - a for a, b in parts), timedelta(0)) == calendar.between(start, end)
    assert all(start <= a < b <= end for a, b in parts)
    assert all(one[1] <= other[0] for one, other in pairwise(parts))


MOVED = [
    ("within a frame", "2025-03-03T10:00", "2025-03-03T10:00", "2025-03-03T10:00"),
    ("as a frame ends", "2025-03-03T13:00", "2025-03-03T13:00", "2025-03-03T13:00"),
    ("at lunch", "2025-03-03T13:30", "2025-03-03T14:00", "2025-03-03T12:30"),
    ("at night", "2025-03-03T22:00", "2025-03-04T09:00", "2025-03-03T17:30"),
    ("on a Sunday", "2025-03-09T11:00", "2025-03-10T09:00", "2025-03-07T17:30"),
]


@pytest.mark.parametrize(("at", "later", "sooner"), [c[1:] for c in MOVED], ids=[c[0] for c in MOVED])
def test_what_falls_outside_frames_is_moved_into_one(at: str, later: str, sooner: str) -> None:
    """A word that is due on Sunday is due when somebody is there to give it, and is reminded of before."""
    assert made(ROME).opening(rome(at)) == rome(later)
    assert made(ROME).ahead(rome(at), timedelta(minutes=30)) == rome(sooner)


def test_a_reminder_is_not_before_its_frame() -> None:
    """A lead of ten hours would be reminded of in a night again."""
    assert made(ROME).ahead(rome("2025-03-03T22:00"), timedelta(hours=10)) == rome("2025-03-03T14:00")


def test_one_that_never_closes_counts_every_minute() -> None:
    """Around the clock is a calendar like others; its days end at midnight, also where clocks change."""
    calendar = around_the_clock("always", ROME)
    start, end = rome("2025-03-29T12:00"), rome("2025-03-31T12:00")
    assert calendar.between(start, end) == end - start == timedelta(hours=47)
    assert calendar.closing(start, 1) == rome("2025-03-31T00:00")


def test_an_edit_moves_nothing_that_was_before_it() -> None:
    """Hours that were worked stay counted when the desk changes its hours; the new ones act from then on."""
    since = rome("2025-03-05T12:00")
    later = made(ROME, (frames(("08:00", "20:00")),) * 7)
    edited = Versions("desk", made(ROME), ((since, later),))
    start = rome("2025-03-05T09:00")
    assert edited.between(start, since) == made(ROME).between(start, since) == timedelta(hours=3)
    assert edited.after(start, timedelta(hours=8)) == rome("2025-03-05T17:00"), "no lunch any more"
    assert edited.closing(start, 1) == rome("2025-03-06T20:00")


@pytest.mark.parametrize("year", [1, 1900, 9998])
def test_an_odd_stamp_takes_no_longer(year: int) -> None:
    """A ticket of the year 1, which exports have, would take minutes and all memory; nobody worked then."""
    calendar, odd = made(ROME), datetime(year, 5, 5, tzinfo=UTC)
    assert calendar.between(odd, odd + timedelta(days=200)) == timedelta(0)
    worked = calendar.between(rome("2025-03-03T00:00"), rome("2025-03-04T00:00"))
    assert worked == timedelta(hours=8)


def test_equal_calendars_give_equal_answers() -> None:
    """Tables are shared between equal calendars: two that differ in a date must not share them."""
    other = made(ROME, overrides={date(2025, 3, 3): frames(("09:00", "10:00"))})
    start, end = rome("2025-03-03T00:00"), rome("2025-03-04T00:00")
    assert made(ROME).between(start, end) == timedelta(hours=8)
    assert other.between(start, end) == timedelta(hours=1)
    assert made(ROME).between(start, end) == timedelta(hours=8)
