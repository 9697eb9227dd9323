"""The parts of the settings that say when a desk works and what it promises, each by itself.

What is wrong between them is found by `deskbridge.clashes`; `deskbridge.agreed` makes of them what the clocks
are asked with. Making these reads nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from deskbridge.written import Span, days, feed, frames_of_dates, mark, moment, span, ways, week, zone
from mappings.ticket import Priority, Status, TicketType
from sync.rules import When
from sync.sla.calendar import Frame
from sync.sla.policy import OnChange

Frames = tuple[Frame, ...]
Week = Annotated[tuple[Frames, ...], BeforeValidator(week)]
Dates = Annotated[Mapping[date, Frames], BeforeValidator(frames_of_dates)]
Zone = Annotated[ZoneInfo, BeforeValidator(zone)]
Length = Annotated[Span, BeforeValidator(span)]
Notice = Annotated[timedelta, BeforeValidator(days)]
Instant = Annotated[AwareDatetime, AfterValidator(lambda at: at.astimezone(UTC))]
Feed = Annotated[str, AfterValidator(feed)]
Moment = Annotated[str, BeforeValidator(moment)]
Text = Annotated[str, Field(min_length=1)]
Mark = Annotated[str, AfterValidator(mark)]
Row = tuple[Priority, Priority, Priority]
Ways = Annotated[frozenset[When], BeforeValidator(ways)]
Waiting = Literal["resolved", "waiting_on_customer"]
"""In which nobody but the customer is expected to say something."""
Workdays = Annotated[int, Field(ge=1, le=366)]
Clock = Literal["first_response", "next_response", "update", "resolve", "estimate"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class HoursSettings(_Part):
    """When people work, in one of three forms, and on which dates otherwise."""

    zone: Zone
    week: Week | None = None
    always: bool = False
    """It never closes."""
    members: tuple[str, ...] = ()
    """Calendars of which one at least is open: support that follows the sun."""
    country: str | None = None
    """Two letters: the public holidays of a country."""
    region: str | None = None
    holidays: frozenset[date] = frozenset()
    """Days on which no frame begins, besides; a frame that began the evening before runs to its end."""
    works_on: frozenset[date] = frozenset()
    """Public holidays on which it works all the same."""
    feed: Feed | None = None
    """An iCalendar feed whose whole days are holidays: an address, or a file beside the settings."""
    dates: Dates = {}
    """Dates with frames of their own, holidays or not."""


class HoursEdit(HoursSettings):
    """How a calendar is from an instant on."""

    valid_from: Instant


class CalendarSettings(HoursSettings):
    """When a desk works, as it was edited."""

    edits: tuple[HoursEdit, ...] = ()
    """What holds instead from when on, oldest first: what was before it is counted as it was."""


class StepSettings(_Part):
    """What is done at a moment of a clock: tell somebody, write, raise or mark something."""

    at: Moment
    clocks: frozenset[Clock] = frozenset()
    """The clocks it is for; all if not said."""
    notify: str | tuple[str, ...] = ()
    """The channels by which somebody is told outside the tools."""
    path: tuple[Text, ...] = Field(default=("duty",), min_length=1)
    """The roles of which the next one is told each time, until the ticket is somebody's."""
    note: Text | None = None
    """An internal comment."""
    assign: Text | None = None
    """The role whose the ticket is to be."""
    raise_priority: bool = False
    """By one, once in a cycle."""
    label: Mark | None = None

    @property
    def channels(self) -> tuple[str, ...]:
        """The names of the channels, in order."""
        return (self.notify,) if isinstance(self.notify, str) else self.notify


class PrioritiesSettings(_Part):
    """A priority for each impact, from low to high urgency."""

    preset: Literal["three_levels", "five_levels"] | None = None
    """The table of a preset instead of rows."""
    person: Row | None = None
    department: Row | None = None
    organisation: Row | None = None
    vip: Priority = Priority.MEDIUM
    """What the matters of the customers' `vips` are at least."""
    sets: Ways = frozenset({When.CREATE, When.SUGGEST})


class PolicySettings(_Part):
    """What is promised."""

    preset: Literal["three_levels", "five_levels"] | None = None
    """A whole desk's rules instead of `targets` and `types`."""
    calendar: str | None = None
    """Whose working time the targets are measured in; not needed where all of them are elapsed."""
    types: frozenset[TicketType] = frozenset()
    tiers: frozenset[str] = frozenset()
    priorities: frozenset[Priority] = frozenset()
    tags: frozenset[str] = frozenset()
    assume_type: TicketType | None = None
    assume_priority: Priority = Priority.MEDIUM
    targets: Mapping[Priority, Mapping[Clock, Length]] = {}
    reads: Literal["front", "work"] = "front"
    taking_charge: bool = False
    """Whether a ticket that is in progress and somebody's counts as answered."""
    pauses: Mapping[Clock, frozenset[Status]] | None = None
    """In which statuses a clock pauses; by default next_response and update wait for the customer."""
    told: frozenset[Status] = frozenset()
    """Statuses that pause only from when the customer was told of it."""
    on_change: OnChange | None = None
    reopen_days: int | None = Field(default=None, ge=0, le=3660)
    on_project: str | None = None
    """The policy of what became a project; empty for none."""
    notice: Notice | None = None
    enforce_from: Instant | None = None
    close_after: Mapping[Waiting, Workdays] = {}
    """Status -> after how many working days without an answer of the customer a ticket is closed."""
    steps: tuple[StepSettings, ...] | None = None
    """What is done as its clocks run out; a preset's own if not said, else nothing."""
