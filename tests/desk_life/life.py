"""A desk's life by chance: what people do in the tools, minute by minute, and when the hub works."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

from tests.campaign.campaign import Campaign
from tests.campaign.hub import Job
from tests.desk_life.counting import CLOCKS, FIRST, MINUTE, PRESETS, Answer, Diary, Hours, told

HERE = Path(__file__).parent
_LEASE = 6 * MINUTE
"""After which the claim of a hub that was killed has run out."""
CUSTOMERS = ("arno", "thames", "hudson", "sumida", "tevere")
WORDS = ("low", "medium", "high", "urgent")
STATUSES = {
    2: "open",
    3: "waiting_on_customer",
    6: "waiting_on_customer",
    7: "waiting_on_vendor",
    4: "resolved",
}
_RANKS = ("80 %", "breach", "every 1h #1", "every 1h #2", "every 1h #3")


@dataclass
class Mine:
    """A ticket, as those know it who look at the desk."""

    key: str
    customer: str
    canary: str
    tags: list[str]
    diary: Diary
    word: str
    """Its priority when the hub last looked."""
    stamped: str = ""
    """When the tool says that it was changed, at that look."""
    asked: bool = False
    """Whether somebody has set its priority since."""
    smeared: bool = False
    """Whether a hub was killed between its read and its record, so that a minute may be the next one."""
    subject: str = ""
    shares: str = ""
    """The key of the ticket whose issue it shares."""


@dataclass(frozen=True)
class Edit:
    """What an operator changes of a calendar, from now on or amended from an earlier minute on."""

    calendar: str
    old: str
    new: str
    since: int | None = None


Step = tuple[str, str, int, str]
"""Ticket, clock, the minute in which its cycle began, the step."""


@dataclass
class Steps:
    """Which steps must have been taken, by the minute."""

    taken: dict[Step, list[int]] = field(default_factory=dict)
    """When each was due; several times if it was withdrawn in between."""
    missed: set[Step] = field(default_factory=set)
    withdrawn: list[tuple[Step, int]] = field(default_factory=list)
    taken_at: dict[Step, int] = field(default_factory=dict)
    """At which minute each that stands was taken."""
    raised: dict[Step, tuple[str, str]] = field(default_factory=dict)
    """From which priority to which one each has raised."""

    def due(self, key: str, clock: str, answer: Answer, now: float) -> tuple[Step, float] | None:
        """Return the step that is to be taken now, if any; those before it are missed for good."""
        if answer.state != "running" or answer.started is None or answer.broken_from is None:
            return None
        moments: list[tuple[str, float]] = [] if answer.risk is None else [("80 %", answer.risk)]
        moments += [(name, answer.broken_from + 60 * n) for n, name in enumerate(_RANKS[1:])]
        known = self.taken_at.keys() | self.missed
        mine = [(key, clock, answer.started, name) for name in _RANKS]
        passed = [
            (step, since)
            for step, (name, since) in zip(mine[-len(moments) :], moments, strict=True)
            if since <= now and step not in known
        ]
        if not passed:
            return None
        top, since = passed[-1]
        over = any(step in self.taken_at for step in mine[_RANKS.index(top[3]) + 1 :])
        if over or answer.halted(since):
            self.missed |= {step for step, _ in passed}
            return None
        self.missed |= {step for step, _ in passed[:-1]}
        return top, since

    def takes(self, step: Step, since: float, now: int) -> None:
        """Note that a step must have been taken."""
        self.taken.setdefault(step, []).append(int(since))
        self.taken_at[step] = now


class Life:
    """The desk, who works at it, and a hub of two processes."""

    def __init__(self, campaign: Campaign, seed: int, begin: int, days: int, planted: str = "") -> None:
        self.campaign, self.chance, self.planted = campaign, Random(seed), planted
        self.room = campaign.reset(seed)
        self.settings = self.room / "settings.toml"
        self.settings.write_text((HERE / "settings.toml").read_text("utf-8"), "utf-8")
        (self.room / "desk-url").write_text("json://127.0.0.1:9", "utf-8")
        self.people, self.clock = campaign.people, campaign.clock
        self.clock.wind(FIRST + begin * 1440 * MINUTE)
        self.tickets: dict[str, Mine] = {}
        self.steps = Steps()
        self.kills = self.pairs = self.jobs = self.looks = 0
        self.words: dict[str, str] = {}
        """Ticket -> the priority that the desk shows."""
        self.hours = {name: Hours(begin + days + 30) for name in CUSTOMERS}
        self.tables = {}
        said = self._said()
        for name in CUSTOMERS:
            self.hours[name].says(said["calendars"][name])
            self.tables[name] = PRESETS[said["policies"][name]["preset"]]

    # -- time

    def now(self) -> float:
        """Return the present minute, and what has passed of it."""
        return (self.clock.now() - FIRST) / MINUTE

    def minute(self) -> int:
        """Let the present minute end, and return the next one: what people do has whole minutes."""
        number = -int(-self.now() // 1)
        self.clock.wind(FIRST + number * MINUTE)
        return number

    def instant(self, minute: float) -> datetime:
        """Return the instant at which a minute begins."""
        return FIRST + minute * MINUTE

    def minutes(self, text: str) -> float:
        """Return the minute of an instant that is written down."""
        return (datetime.fromisoformat(text) - FIRST) / MINUTE

    # -- people

    def opens(self, customer: str) -> Mine:
        """A customer opens a ticket; an agent sorts it a little later."""
        at, number = self.minute(), len(self.tickets) + 1
        canary = f"{customer}-secret-{number}"
        letter = {
            "email": f"kim@{customer}.test",
            "name": f"Kim of {customer}",
            "subject": f"It stops: {canary}",
            "html": f"<p>Help with {canary}!</p>",
        }
        key = str(self.people.control("POST", "act/freshdesk/customer_mail", json=letter)["ticket"])
        self.clock.advance(60 * self.chance.choice((1, 2, 9)))
        self.minute()
        tags = [self.chance.choice(("dev", "firmware"))]
        priority, kind = self.chance.randrange(1, 5), self.chance.choice(("Incident", "Problem", None))
        if self.tables[customer] is PRESETS["five_levels"] and self.chance.random() < 0.2:
            kind = "Feature Request"
        self.people.agent("PUT", f"tickets/{key}", json={"tags": tags, "priority": priority, "type": kind})
        word = WORDS[priority - 1]
        diary = Diary(at, kind == "Feature Request", [(at, word)])
        mine = Mine(key, customer, canary, tags, diary, word, subject=letter["subject"])
        self.tickets[key], self.words[key] = mine, word
        return mine

    def acts(self, mine: Mine) -> None:
        """Somebody does something to a ticket."""
        word = self.status(mine)
        if word == "resolved":
            if self.chance.random() < 0.4:
                self.chance.choice((self._reopens, self._writes))(mine)
            return
        kinds = [self._answers] * 4 + [self._notes, self._writes, self._develops]
        kinds += [self._ranks] * 2 + [self._waits] * 3 + [self._solves]
        self.chance.choice(kinds)(mine)

    def status(self, mine: Mine) -> str:
        """Return the status that the desk shows."""
        return STATUSES[self.people.agent("GET", f"tickets/{mine.key}")["status"]]

    def _answers(self, mine: Mine) -> None:
        at = self.minute()
        self.people.say_at_desk(mine.key, f"<p>Try this, {mine.canary}, at {at}</p>", [], private=False)
        mine.diary.answers.append(at)

    def _notes(self, mine: Mine) -> None:
        at = self.minute()
        self.people.say_at_desk(mine.key, f"<p>Between us, {mine.canary}, at {at}</p>", [], private=True)

    def _writes(self, mine: Mine) -> None:
        at = self.minute()
        letter = {
            "ticket": int(mine.key),
            "email": f"kim@{mine.customer}.test",
            "html": f"<p>And at {at}?</p>",
        }
        self.people.control("POST", "act/freshdesk/customer_reply", json=letter)

    def _develops(self, mine: Mine) -> None:
        at = self.minute()
        for issue in self.people.issues():
            if issue["fields"]["summary"] == mine.subject:
                self.people.say_in_jira(issue["id"], f"Look at line {at}")
        for found in self.people.gitlab_issues():
            if found["title"] == mine.subject:
                self.people.say_in_gitlab(str(found["iid"]), f"Look at line {at}")

    def _sets(self, mine: Mine, **fields: Any) -> None:
        self.minute()
        self.people.agent("PUT", f"tickets/{mine.key}", json=fields)

    def _ranks(self, mine: Mine) -> None:
        word = self.chance.choice(WORDS)
        if word != self.words[mine.key]:
            self._sets(mine, priority=WORDS.index(word) + 1)
            mine.asked, self.words[mine.key] = True, word

    def _waits(self, mine: Mine) -> None:
        if self.status(mine) != "open":
            self._sets(mine, status=2)
            return
        self._sets(mine, status=self.chance.choice((3, 6, 7)))
        if self.chance.random() < 0.3:
            self.clock.advance(60 * self.chance.randrange(1, 50))
            self._answers(mine)

    def _solves(self, mine: Mine) -> None:
        self._sets(mine, status=4)

    def _reopens(self, mine: Mine) -> None:
        self._sets(mine, status=2)

    def shares(self, mine: Mine, other: Mine) -> bool:
        """Another customer has the same bug: an agent links their ticket with the issue that there is."""
        issue = next((i["id"] for i in self.people.issues() if i["fields"]["summary"] == mine.subject), None)
        if issue is None:
            return False
        self.minute()
        self.people.agent("PUT", f"tickets/{other.key}", json={"tags": []})
        other.tags, other.shares = [], mine.key
        done = self.campaign.hub.do(self.job("link", arguments=[f"desk:{other.key}", f"jira:{issue}"]))
        return done is not None and "linked" in done

    # -- settings

    def _said(self) -> Any:
        return tomllib.loads(self.settings.read_text("utf-8"))

    def edits(self, edit: Edit) -> None:
        """An operator edits a calendar."""
        calendar, since = edit.calendar, edit.since
        text = self.settings.read_text("utf-8")
        head, section, rest = text.partition(f"[calendars.{calendar}]")
        assert edit.old in rest
        self.settings.write_text(head + section + rest.replace(edit.old, edit.new, 1), "utf-8")
        at = self.minute()
        self._restarts()
        self.hours[calendar].says(self._said()["calendars"][calendar], at if since is None else since)
        self.works()
        if since is not None:
            begin = self.instant(since).isoformat()
            assert self.campaign.hub.do(self.job("amend", arguments=[begin])) is not None
            self._restarts()
            self._takes_back(calendar)
            self.works()

    def _restarts(self) -> None:
        self.campaign.hub.end()
        self.campaign.other.end()

    def _takes_back(self, calendar: str) -> None:
        """Note which steps would not have been taken if everything had been known."""
        for step, at in list(self.steps.taken_at.items()):
            mine = self.tickets[step[0]]
            if mine.customer != calendar:
                continue
            answer = self.answer(mine.diary.until(at), calendar, step[1], at)
            since = None
            if answer and answer.state == "running" and answer.started == step[2]:
                base = answer.broken_from
                number = _RANKS.index(step[3]) - 1
                since = answer.risk if number < 0 else None if base is None else base + 60 * number
            if since is None or int(since) > at:  # 80 % may fall within the minute in which it was taken
                self.steps.withdrawn.append((step, self.steps.taken[step][-1]))
                del self.steps.taken_at[step]
                before, after = self.steps.raised.pop(step, ("", ""))
                if before != after and self.words[mine.key] == after:
                    self.words[mine.key] = before

    # -- the hub

    def job(self, what: str, **more: Any) -> Job:
        """Return a job."""
        self.jobs += 1
        return self.campaign.job(self.room, what=what, seed=self.jobs, planted=self.planted, **more)

    def ask(self, what: str, *arguments: str) -> dict[str, Any]:
        """Ask the hub something."""
        found = self.campaign.hub.do(self.job(what, arguments=list(arguments)))
        assert found is not None
        return found

    def works(self) -> None:
        """The hub looks at what changed and what is due: one process, or two at once; it may be killed."""
        self.looks += 1
        self._reads()
        due = list(self._due())
        if (not due and self.chance.random() < 0.08) or self._may_be_killed(due):
            job = self.job("sync", kill_at=self.chance.randrange(2, 60))
            if self.campaign.hub.do(job) is None:
                self.kills += 1
                self.clock.wind(self.clock.now() + _LEASE)
                self.minute()
                self.works()
                return
        elif self.chance.random() < 0.1:
            self.pairs += 1
            self._both()
        else:
            self.chance.choice((self.campaign.hub, self.campaign.other)).do(self.job("sync"))
        for step, since in due:
            self.steps.takes(step, since, int(self.now()))
            if step[3] == "breach":
                before = self.words[step[0]]
                self.words[step[0]] = after = WORDS[min(WORDS.index(before) + 1, 3)]
                self.steps.raised[step] = before, after

    def _both(self) -> None:
        """Two processes work at the same time: one as `serve` does, one as `sync --watch`."""
        letters = [vars(letter) for letter in self.campaign.post.letters()]
        served = replace(self.job("serve", letters=letters), tape=str(self.room / "tape-2"))
        with ThreadPoolExecutor() as pool:
            jobs = [
                pool.submit(self.campaign.hub.do, self.job("sync")),
                pool.submit(self.campaign.other.do, served),
            ]
            assert None not in [job.result() for job in jobs]

    def _may_be_killed(self, due: list[tuple[Any, float]]) -> bool:
        """Whether a hub is killed at steps that are due, and the same ones are due when it goes on."""
        if not due or self.chance.random() > 0.12:
            return False
        now = self.now()
        later = [(since + 60) for step, since in due if step[3] != "80 %"]
        later += [a.broken_from for _, _, a in self.answers() if a.broken_from]
        return not any(now < since <= now + 15 for since in later)

    def _reads(self) -> None:
        """Read what can be known from the desk: when the status was set last, and the last change of all."""
        for mine in self.tickets.values():
            ticket = self.people.agent("GET", f"tickets/{mine.key}", params={"include": "stats"})
            fresh, mine.stamped = ticket["updated_at"] != mine.stamped, ticket["updated_at"]
            if not fresh:
                continue
            stamp = self.minutes(ticket["updated_at"])
            status, word = STATUSES[ticket["status"]], WORDS[ticket["priority"] - 1]
            if status != mine.diary.status():
                mine.diary.statuses.append((int(self.minutes(ticket["stats"]["status_updated_at"])), status))
            if word != mine.word and mine.asked:
                mine.diary.priorities.append((int(stamp), word))
                mine.smeared |= stamp != int(stamp)
            mine.word, mine.asked = word, False

    def answer(self, diary: Diary, customer: str, clock: str, now: int) -> Answer | None:
        """Return what a clock must say at a minute."""
        return told(diary, clock, self.tables[customer], self.hours[customer], now)

    def answers(self) -> Iterator[tuple[Mine, str, Answer]]:
        """Yield what every clock that is promised must say now."""
        now = int(self.now())
        for mine in self.tickets.values():
            for clock in CLOCKS:
                if (answer := self.answer(mine.diary, mine.customer, clock, now)) is not None:
                    yield mine, clock, answer

    def _due(self) -> Iterator[tuple[Any, float]]:
        now = self.now()
        for mine, clock, answer in self.answers():
            if (found := self.steps.due(mine.key, clock, answer, now)) is not None:
                yield found

    def after_first(self, mine: Mine, due: int) -> int | None:
        """Return when the next word would be due if the first one came when it is due."""
        diary = replace(mine.diary, created=due, answers=[due], statuses=[])
        diary.priorities = [(due, mine.diary.priorities[-1][1])]
        answer = self.answer(diary, mine.customer, "update", due)
        return answer.due if answer else None
