"""The story of some months: days on which people work, nights in which the hub's clocks run out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from tests.campaign.campaign import Campaign
from tests.desk_life.counting import FIRST
from tests.desk_life.judge import Judge
from tests.desk_life.life import CUSTOMERS, Edit, Life


@dataclass(frozen=True)
class Size:
    """Which days of the story's year are played, and with how many tickets."""

    begin: int
    days: int
    tickets: int


QUARTER = Size(0, 89, 36)
"""From the middle of February to the middle of May 2026."""
WEEK = Size(39, 8, 8)
"""From 27 March to 3 April: summer time begins in Europe, and Good Friday is an English holiday."""


_COUNTRIES = {"hudson": "US", "thames": "GB", "sumida": "JP"}
"""Whose holidays are edited late, and what their calendars say."""


@dataclass
class Told:
    """What came of it."""

    wrong: list[str]
    compared: int
    shown: int
    notes: int
    outside: int
    kills: int
    pairs: int
    looks: int
    tickets: int
    reported: int
    withdrawn: int
    parked: dict[str, str]


class Story:
    """One desk's life under way."""

    def __init__(self, campaign: Campaign, seed: int, size: Size, planted: str = "") -> None:
        self.life = Life(campaign, seed, size.begin, size.days, planted)
        self.judge = Judge(self.life)
        self._size, self._planted = size, planted
        self._down_until = 0.0

    def play(self) -> Told:
        """Let it happen; with a planted mistake, until something is wrong."""
        edits = dict(self._edits())
        end, amended = self._size.begin + self._size.days, False
        for day in range(self._size.begin, end):
            self._day(day)
            if day >= self._size.begin + self._size.days * 2 // 3 and not amended:
                broken = self._broken_lately()
                amended = bool(broken) or day == end - 1
                edits |= {day: self._was_closed(broken)} if amended else {}
            if day in edits:
                self.life.edits(edits[day])
                self.judge.looks()
            if self._planted and self.judge.wrong:
                break
        self._down_until = 0
        self._passes(self.life.minute() + 1)
        return self._told()

    def _edits(self) -> Iterator[tuple[int, Edit]]:
        """Yield the days on which an operator edits a calendar: hours, and a holiday that is to come."""
        begin, days = self._size.begin, self._size.days
        yield begin + days // 3, Edit("tevere", '"09:00-17:00"', '"08:00-16:00"')
        to_come = FIRST + timedelta(days=begin + days // 2 + 2)
        added = f'country = "IT"\nholidays = [{to_come:%Y-%m-%d}]'
        yield begin + days // 2, Edit("arno", 'country = "IT"', added)

    def _broken_lately(self) -> list[tuple[str, int]]:
        """Return (customer, day) of the promises that were broken within the last week.

        Those that ran two days before already go on by the rules with which they started.
        """
        today = int(self.life.now()) // 1440
        late = [
            (self.life.tickets[step[0]].customer, at // 1440)
            for step, at in self.life.steps.taken_at.items()
            if step[3] != "80 %" and today - 6 <= at // 1440 < today and step[2] >= (at // 1440 - 1) * 1440
        ]
        return [(customer, day) for customer, day in late if customer in _COUNTRIES]

    def _was_closed(self, broken: list[tuple[str, int]]) -> Edit:
        """Say of a day of the last week that it was a holiday: one on which a promise was broken, if any."""
        lately = int(self.life.now()) // 1440 - 2
        customer, day = max(broken, default=("hudson", lately), key=lambda one: (one[1], one[0]))
        country = f'country = "{_COUNTRIES[customer]}"'
        added = f"{country}\nholidays = [{FIRST + timedelta(days=day):%Y-%m-%d}]"
        return Edit(customer, country, added, (day - 1) * 24 * 60)

    def _day(self, day: int) -> None:
        life, chance = self.life, self.life.chance
        number, size = len(life.tickets), self._size
        if number < min(size.tickets, size.tickets * (day - size.begin + 3) // size.days):
            self._at(day, 7 * 60 + chance.randrange(500))
            life.opens(CUSTOMERS[number % 5])
            self._looks()
        for _ in range(chance.choice((1, 2, 3))):
            self._at(day, max(int(life.now()) % 1440 + chance.choice((1, 7, 61)), 5 * 60))
            for mine in chance.sample(list(life.tickets.values()), min(3, len(life.tickets))):
                life.acts(mine)
                if chance.random() < 0.6:
                    self._looks()
                life.clock.advance(60 * chance.choice((1, 13, 40)))
            self._looks()
        if chance.random() < 0.06:
            self._down_until = life.now() + chance.choice((200, 900))
        if day % 9 == 4:
            self._share()
        self._at(day, 23 * 60 + 50)

    def _share(self) -> None:
        """Two customers have one bug."""
        life = self.life
        mine = [m for m in life.tickets.values() if m.tags == ["dev"] and not m.shares]
        free = [m for m in mine if not any(other.shares == m.key for other in life.tickets.values())]
        known = {i["fields"]["summary"] for i in life.people.issues()}
        there = [m for m in free if m.subject in known]
        if there and not self._down():
            first = life.chance.choice(there)
            other = life.opens(next(c for c in CUSTOMERS if c != first.customer))
            if life.shares(first, other):
                self._looks()

    def _down(self) -> bool:
        return self.life.now() < self._down_until

    def _looks(self) -> None:
        """The hub looks at what changed, if it is up; then everything is compared."""
        if self._down():
            return
        self.life.minute()
        self.life.works()
        self._passes(int(self.life.now()) + 1)

    def _at(self, day: int, minute: int) -> None:
        """Go to a minute of a day."""
        self._passes(max(day * 1440 + minute, int(self.life.now())))

    def _passes(self, until: float) -> None:
        """Time passes; the hub wakes up when something is due, and never else."""
        life = self.life
        if self._down():
            life.clock.wind(max(life.clock.now(), life.instant(min(until, self._down_until))))
            if self._down():
                return
            life.minute()
            life.works()
        for _ in range(2000):
            due = life.ask("coming")["next"]
            minute = None if due is None else life.minutes(due)
            if minute is None or minute > until:
                break
            if minute > life.now():
                life.clock.wind(life.instant(minute))
            life.works()
            self.judge.looks()
            if self._planted and self.judge.wrong:
                return
        life.clock.wind(max(life.clock.now(), life.instant(until)))
        self.judge.looks()

    def _told(self) -> Told:
        life, judge = self.life, self.judge
        notes = judge.notes()
        outside = judge.outside(life.ask("clocks")["outbox"])
        first, last = (
            FIRST + timedelta(days=day) for day in (self._size.begin, self._size.begin + self._size.days)
        )
        months = tuple(f"2026-{month:02}" for month in range(first.month, last.month + 1))
        reported = 0 if self._planted and judge.wrong else judge.reports(months)
        if not (self._planted and judge.wrong):
            self._boards()
        return Told(
            judge.wrong[:20],
            judge.compared,
            judge.shown,
            notes,
            outside,
            life.kills,
            life.pairs,
            life.looks,
            len(life.tickets),
            reported,
            len(life.steps.withdrawn),
            life.ask("coming")["parked"],
        )

    def _boards(self) -> None:
        """Make the boards twice: the second time changes nothing."""
        first, second = self.life.ask("boards"), self.life.ask("boards")
        if not all(first["made"].values()):
            self.judge.wrong.append(f"board: nothing was made: {first['made']}")
        if any(second["made"].values()) or first["shown"] != second["shown"]:
            self.judge.wrong.append(f"board: made again: {second['made']}, {second['shown']}")
