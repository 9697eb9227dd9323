"""A quarter of a desk's life: five customers, both presets, three tools, and what people do by chance.

Every clock is compared with a counter of minutes at every moment at which anything happened, hubs are
killed on the way, and two of them work on one store. Another seed: `make desk-life SEED=n`.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest

from mappings.ticket import Audience, Person, PersonRole, Ref
from sync.engine import Engine
from sync.routing import Customer
from sync.sla.clock import Clock, clocks
from sync.sla.presets import Preset, five_levels, nine_to_five, nine_to_six, three_levels
from sync.store import open_store
from sync.store.inbox import LEASE
from tests.sync.minutes import FIVE, MINUTE, THREE, Answer, Diary, Minutes, told, utc
from tests.sync.world import World

FIRST, LAST = utc("2026-02-16 00:00"), utc("2026-06-01 00:00")
ROME, NEW_YORK, TOKYO, LONDON = (
    ZoneInfo(name) for name in ("Europe/Rome", "America/New_York", "Asia/Tokyo", "Europe/London")
)
ITALY = frozenset(date(2026, *day) for day in ((4, 6), (5, 1)))
AMERICA = frozenset({date(2026, 5, 25)})
JAPAN = frozenset(date(2026, *day) for day in ((2, 23), (3, 20), (4, 29), (5, 4), (5, 5), (5, 6)))
ENGLAND = frozenset(date(2026, *day) for day in ((4, 3), (4, 6), (5, 4), (5, 25)))
SIX, FIVE_O = ((9, 13), (14, 18)), ((9, 17),)
DESKS = {
    "arno": (THREE, ROME, SIX, ITALY),
    "thames": (THREE, LONDON, SIX, ENGLAND),
    "hudson": (FIVE, NEW_YORK, FIVE_O, AMERICA),
    "sumida": (FIVE, TOKYO, FIVE_O, JAPAN),
    "tevere": (FIVE, ROME, FIVE_O, ITALY),
}
FAST, SLOW = ("urgent", "high"), ("medium", "low")
"""Between these people change priorities: their clocks are the same ones."""


class Killed(BaseException):
    """The hub's process ends here."""


def preset(name: str) -> Preset:
    """Return what a customer was promised."""
    desk, zone, _, holidays = DESKS[name]
    if desk is THREE:
        return three_levels(nine_to_six(name, zone, holidays))
    return five_levels(nine_to_five(name, zone, holidays))


def customer(name: str) -> Customer:
    """Return a customer, known by a mail domain."""
    domains = frozenset({f"{name}.test"})
    return Customer(name, name.title(), domains, frozenset(), f"customer-{name}", DESKS[name][1], name)


@dataclass
class Life:
    """The world, what people did in it, and what was found wrong."""

    world: World
    chance: Random
    other: Engine
    minutes: dict[str, Minutes]
    diaries: dict[str, tuple[str, Diary]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    compared: int = 0
    kills: int = 0
    breached: set[tuple[str, str, int]] = field(default_factory=set)

    def now(self) -> int:
        """Return the present minute."""
        return (self.world.at - FIRST) // MINUTE

    # -- people

    def opens(self, name: str) -> None:
        """A customer opens a ticket, an agent says how urgent it is and who works on it."""
        tag = self.chance.choice(["dev", "firmware", "other"])
        key = self.world.desk.open_ticket("It stops", "Help!", by=name)
        priority = self.chance.choice([*FAST, *SLOW])
        self.world.desk.set(key, priority=priority)
        self.world.desk.tag(key, tag)
        self.diaries[key] = (name, Diary(self.now(), [(self.now(), priority)]))

    def acts(self, key: str) -> None:
        """Somebody does something to a ticket."""
        desk, diary = self.world.desk, self.diaries[key][1]
        status = diary.status()
        act = self.chance.choice(["answer", "answer", "writes", "wait", "solve", "rank", "develop"])
        if status == "resolved":
            if self.chance.random() < 0.5:
                self._status(key, "open")
        elif act == "answer":
            desk.comment(key, f"Try this, at {self.now()}")
            diary.answers.append(self.now())
        elif act == "writes":
            desk.comment(key, f"And now, at {self.now()}", by=self.diaries[key][0])
        elif act == "wait":
            self._status(key, "open" if status == "waiting_on_customer" else "waiting_on_customer")
        elif act == "solve" and self.chance.random() < 0.5:
            self._status(key, "resolved")
        elif act == "rank":
            mine = FAST if diary.priorities[-1][1] in FAST else SLOW
            word = self.chance.choice(mine)
            if desk.tickets[key].fields["priority"] != word:
                desk.set(key, priority=word)
                diary.priorities.append((self.now(), word))
        else:
            self._develops(key)

    def _status(self, key: str, status: str) -> None:
        self.world.desk.set(key, status=status)
        self.diaries[key][1].statuses.append((self.now(), status))

    def _develops(self, key: str) -> None:
        for server in (self.world.jira, self.world.gitlab):
            for issue in server.tickets.values():
                if any(ref.key == key for ref in issue.links):
                    server.comment(issue.key, f"Look at line {self.now()}", audience=Audience.STAFF)

    # -- the hub

    def works(self, *, collects: bool) -> None:
        """One hub of two works, and may be killed at any call; another goes on when its claim has run out."""
        engine = self.chance.choice([self.world.engine, self.other])
        calls = self.chance.randrange(1, 9) if self.chance.random() < 0.08 else 0
        left = [calls]

        def count(call: str) -> None:
            left[0] -= 1
            if left[0] == 0:
                raise Killed

        for server in self.world.servers.values():
            server.before = count
        try:
            if collects:
                engine.collect()
            list(engine.work())
        except Killed:
            self.kills += 1
            self.world.at += LEASE + MINUTE
            self.works(collects=True)
        for server in self.world.servers.values():
            server.before = lambda call: None

    def passes(self, until: datetime) -> None:
        """Time passes; the hub wakes up when something in its inbox is due, and never else."""
        for _ in range(5_000):
            due = self.world.store.inbox.next_due()
            if due is None or due > until:
                break
            self.world.at = max(self.world.at, due)
            self.works(collects=False)
            self._breaches()
        self.world.at = max(self.world.at, until)

    # -- what must be

    def checks(self, key: str) -> None:
        """Compare every clock of a ticket with the counter of minutes."""
        name, diary = self.diaries[key]
        served = self.world.store.served.ticket(Ref("desk", key))
        if served is None:
            self.wrong.append(f"{key}: nothing is known of it")
            return
        late, first = False, None
        for clock in clocks(served.facts, self.world.policies[name]):
            if clock.name.value in ("first_response", "update", "resolve"):
                wanted = told(diary, clock.name.value, DESKS[name][0], self.minutes[name], self.now())
                self._compare(f"{name} {key} {clock.name}, {self.world.at:%m-%d %H:%M}", clock, wanted)
                late |= wanted.breached and wanted.state in ("running", "paused")
                first = wanted.due if clock.name.value == "first_response" else first
        if diary.status() != "resolved":
            self._shown(key, first, late=late)

    def _shown(self, key: str, first: int | None, *, late: bool) -> None:
        """Compare what the tools show with what the counter of minutes says."""
        for name, server in self.world.servers.items():
            for ticket in server.tickets.values():
                if (name == "desk" and ticket.key == key) or any(ref.key == key for ref in ticket.links):
                    says = ticket.fields["sla"] == "breached", ticket.fields["first_response_due"]
                    due = None if first is None else FIRST + first * MINUTE
                    shown = datetime.fromisoformat(str(says[1])) if says[1] else None
                    near = due is None or (shown is not None and abs(due - shown) < 5 * MINUTE)
                    if says[0] is not late or not near:
                        self.wrong.append(f"{key} on {name}: {says}, by the minute {late}, {due}")

    def _compare(self, what: str, clock: Clock, wanted: Answer) -> None:
        self.compared += 1
        cycle, at = clock.cycle, self.world.at
        found: list[object] = [clock.state.value]
        must: list[object] = [wanted.state]
        if wanted.elapsed is not None and cycle is not None:
            runs = wanted.state in ("running", "paused")
            late = runs and cycle.due is not None and cycle.due <= at
            found += [clock.elapsed(at) // MINUTE, cycle.breached is not None or late]
            must += [wanted.elapsed, wanted.breached]
            if wanted.state == "running":
                found.append((cycle.due - FIRST) // MINUTE if cycle.due else None)
                must.append(wanted.due)
        if found != must:
            self.wrong.append(f"{what}: {found}, by the minute {must}")

    def _breaches(self) -> None:
        """Note which promises were broken while they ran, by the minute."""
        for key, (name, diary) in self.diaries.items():
            desk = DESKS[name][0]
            for clock in desk[diary.priorities[-1][1]]:
                answer = told(diary, clock, desk, self.minutes[name], self.now())
                if answer.state == "running" and answer.breached and answer.started is not None:
                    self.breached.add((key, clock, answer.started))


@pytest.fixture
def life(tmp_path: Path) -> Iterator[Life]:
    """A desk of five customers on the first day."""
    world = World(
        tmp_path,
        policies=False,
        customers=tuple(map(customer, DESKS)),
        agreed={name: preset(name) for name in DESKS},
    )
    world.at = FIRST
    for name in DESKS:
        world.desk.users[name] = Person("", name, name, PersonRole.CUSTOMER, f"kim@{name}.test")
    seed = int(os.environ.get("DESK_LIFE", "7"))
    minutes = {
        name: Minutes(zone, hours, holidays, FIRST, LAST)
        for name, (_, zone, hours, holidays) in DESKS.items()
    }
    other = world.hub(open_store(tmp_path / "store.sqlite3"))
    yield Life(world, Random(seed), other, minutes)
    world.close()


@pytest.mark.timeout(300)
def test_a_quarter_of_a_desks_life(life: Life) -> None:
    """Otherwise some clock, on some day, says something else than what the customer was promised."""
    names, chance = sorted(DESKS), life.chance
    for day in range(0, 89, 2):
        life.passes(FIRST + timedelta(days=day, hours=7, minutes=chance.randrange(600)))
        if day % 6 == 0:
            life.opens(names[day // 6 % 5])
        else:
            alive = [k for k, (_, d) in life.diaries.items() if d.status() != "resolved"] or list(
                life.diaries
            )
            for key in chance.sample(alive, min(3, len(alive))):
                life.acts(key)
                life.world.at += MINUTE * chance.choice([1, 7, 61])
        life.works(collects=True)
        life.passes(life.world.at + MINUTE)
        for key in life.diaries:
            life.checks(key)
    assert life.wrong == []
    assert life.compared > 500
    assert life.kills > 3
    told_of = {  # of a breach that nobody saw for an hour, a later step tells
        (ref.key, one.key.clock.value, one.key.cycle)
        for subject in life.world.store.bundles.subjects()
        for ref, row in life.world.store.bundles.load(subject).steps.items()
        for one in row
        if not (one.key.step.endswith("%") or one.missed)
    }
    taken = Counter((key, clock) for key, clock, _ in told_of)
    assert taken == Counter((key, clock) for key, clock, _ in life.breached)
    told_outside = [n.key for n in life.world.store.outbox.waiting()]
    assert len(told_outside) == len(set(told_outside)) > 20
    assert datetime(2026, 5, 15, tzinfo=UTC) < life.world.at < LAST
