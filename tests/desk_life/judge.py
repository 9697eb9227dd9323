"""Holds what the hub says, and what stands in the tools, against the counter of minutes.

It imports nothing of the hub's (`test_desk_life.py` holds it so).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from tests.desk_life.counting import FIRST, MINUTE, Answer
from tests.desk_life.life import Life, Mine

ZONES = {
    "arno": "Europe/Rome",
    "thames": "Europe/London",
    "hudson": "America/New_York",
    "sumida": "Asia/Tokyo",
    "tevere": "Europe/Rome",
}
_STATES = ("", "at-risk", "breached")
_NOTE = re.compile(
    r"A promise was broken \((?P<clock>[a-z ]+?) (?:breached|overdue: (?P<step>every 1h #\d)),"
    r" (?P<since>[0-9: -]+) UTC\)"
)
_TAKEN_BACK = re.compile(r"Withdrawn: (.+); by what became known later")
_NEAR = 5
"""Minutes by which a due time in a tool may differ: less is not written."""


class Judge:
    """Compares, and keeps what is wrong."""

    def __init__(self, life: Life) -> None:
        self._life = life
        self.wrong: list[str] = []
        self.compared = self.shown = 0
        self._known: set[tuple[str, str, str]] = set()
        """What was told already: it is wrong until something changes."""
        self._desk: dict[str, tuple[int, int]] = {}
        """Ticket -> the two due times that it must show."""
        self._days: dict[str, date] = {}
        """Ticket -> the day that its issue must show."""

    def looks(self) -> None:
        """Compare every clock of every ticket, and what the tools show, as they are now."""
        told = self._life.ask("clocks")
        at = int((datetime.fromisoformat(told["at"]) - FIRST) / MINUTE)
        wanted: dict[str, dict[str, Answer]] = {key: {} for key in self._life.tickets}
        for mine, clock, answer in self._life.answers():
            wanted[mine.key][clock] = answer
        for mine in self._life.tickets.values():
            found = {one["clock"]: one for one in told["clocks"].get(f"desk #{mine.key}", [])}
            for clock, answer in wanted[mine.key].items():
                self._clock(mine, clock, answer, found.get(clock))
            for clock in found.keys() - wanted[mine.key].keys() - {"estimate"}:  # no tool tells any
                if found[clock]["state"] != "ended":
                    self._fault("clock", mine, f"{clock} is {found[clock]['state']}, and is not promised")
        self._tools(wanted, at)

    def _fault(self, what: str, mine: Mine, why: str) -> None:
        at = self._life.clock.now()
        if (known := (what, mine.key, why)) in self._known:
            return
        self._known.add(known)
        self.wrong.append(f"{what}: {mine.customer} {mine.key}, {at:%m-%d %H:%M}: {why}")

    # -- what the hub says

    def _clock(self, mine: Mine, clock: str, wanted: Answer, found: Mapping[str, Any] | None) -> None:
        self.compared += 1
        if found is None:
            return self._fault("clock", mine, f"{clock} is not counted, by the minute {wanted.state}")
        cycle = found["cycles"][-1] if found["cycles"] else {}
        says: list[object] = [found["state"]]
        must: list[object] = [wanted.state]
        if wanted.elapsed is not None and cycle:
            runs = found["state"] in ("running", "paused")
            late = runs and cycle["due"] is not None and self._minute(cycle["due"]) <= self._life.now()
            says += [cycle["elapsed_seconds"] // 60, bool(cycle["breached"]) or late]
            must += [wanted.elapsed, wanted.breached]
            if wanted.state != "paused":
                says.append(self._minute(cycle["due"]) if cycle["due"] else None)
                must.append(wanted.due)
        if says != must and not (mine.smeared and _near(says, must)):
            self._fault("clock", mine, f"{clock} is {says}, by the minute {must}")
        return None

    def _minute(self, text: str) -> float:
        return (datetime.fromisoformat(text) - FIRST) / MINUTE

    # -- what the tools show

    def _tools(self, wanted: Mapping[str, Mapping[str, Answer]], at: int) -> None:
        desk = {str(t["id"]): t for t in self._tickets()}
        jira = {i["fields"]["summary"]: i["fields"] for i in self._life.people.issues()}
        gitlab = {i["title"]: i for i in self._life.people.gitlab_issues()}
        for mine in self._life.tickets.values():
            group = [m for m in self._life.tickets.values() if mine.key in (m.key, m.shares)]
            self._at_desk(mine, desk[mine.key], wanted[mine.key])
            shared = {m.key: wanted[m.key] for m in group}
            if (fields := jira.get(mine.subject)) is not None:
                labels = {name for name in fields["labels"] if name.startswith(("sla-", "late::"))}
                self._issue("jira", mine, group, shared, labels, fields["duedate"])
                self._strangers(mine, group, fields["labels"], str(fields))
            if (issue := gitlab.get(mine.subject)) is not None:
                labels = {n for n in issue["labels"] if n.startswith(("sla::", "late::"))}
                labels = {name.replace("sla::", "sla-") for name in labels}
                self._issue("gitlab", mine, group, shared, labels, issue["due_date"])
                self._strangers(mine, group, issue["labels"], str(issue))

    def _tickets(self) -> Iterator[Mapping[str, Any]]:
        for page in range(1, 20):
            params = {"per_page": 100, "page": page, "updated_since": "2026-01-01T00:00:00Z"}
            yield from (rows := self._life.people.agent("GET", "tickets", params=params))
            if len(rows) < 100:
                return

    def _at_desk(self, mine: Mine, ticket: Mapping[str, Any], wanted: Mapping[str, Answer]) -> None:
        self.shown += 1
        labels = {name for name in ticket["tags"] if name.startswith(("sla-", "late::"))}
        if labels != (must := self._labels(mine, wanted)):
            self._fault("label", mine, f"the desk shows {sorted(labels)}, by the minute {sorted(must)}")
        word = self._life.words[mine.key]
        if ("low", "medium", "high", "urgent")[ticket["priority"] - 1] != word:
            self._fault("priority", mine, f"the desk shows {ticket['priority']}, it must be {word}")
        if (dues := self._dues(mine, wanted)) is not None:
            self._desk[mine.key] = dues
        if (must_be := self._desk.get(mine.key)) is None:
            return
        for name, minute in zip(("fr_due_by", "due_by"), must_be, strict=True):
            says = ticket[name]
            if says is None or abs(self._minute(says) - minute) >= _NEAR:
                must_say = self._life.instant(minute)
                self._fault(
                    "due", mine, f"the desk shows {name} {says}, by the minute {must_say:%m-%d %H:%M}"
                )

    def _dues(self, mine: Mine, wanted: Mapping[str, Answer]) -> tuple[int, int] | None:
        """Return both due times that the desk must show; None where it keeps what it has."""
        first = wanted.get("first_response")
        if mine.diary.status() == "resolved" or first is None or first.due is None:
            return None
        dues = [a.due for n, a in wanted.items() if n != "first_response" and a.state == "running" and a.due]
        update = wanted.get("update")
        if update is not None and update.state == "waiting":
            later = self._life.after_first(mine, first.due)
            dues += [later] if later is not None else []
        return (min(first.due, min(dues) - 1), min(dues)) if dues else None  # one comes before the other

    def _labels(self, mine: Mine, wanted: Mapping[str, Answer]) -> set[str]:
        now, found = self._life.now(), set()
        live = {name: answer for name, answer in wanted.items() if answer.live}
        risky = any(
            a.state == "running" and a.risk is not None and (self._secs(a.risk) <= now) for a in live.values()
        )
        state = 2 if any(a.breached for a in live.values()) else int(risky)
        if mine.diary.status() != "resolved" and state:
            found.add(f"sla-{_STATES[state]}")
        taken = {
            step
            for key, clock, started, step in self._life.steps.taken_at
            if key == mine.key and clock in live and live[clock].started == started
        }
        if "breach" in taken:
            found.add("late::over")
        elif "80 %" in taken:
            found.add("late::near")
        return found

    def _secs(self, minute: float) -> float:
        return round(minute * 60) / 60

    def _issue(
        self,
        tool: str,
        mine: Mine,
        group: list[Mine],
        wanted: Mapping[str, Mapping[str, Answer]],
        labels: set[str],
        day: str | None,
    ) -> None:
        self.shown += 1
        must = set().union(*(self._labels(m, wanted[m.key]) for m in group))
        if "sla-breached" in must:
            must.discard("sla-at-risk")
        if labels != must:
            self._fault("label", mine, f"{tool} shows {sorted(labels)}, by the minute {sorted(must)}")
        dues = [
            (answer.due, m)
            for m in group
            if m.diary.status() != "resolved"
            for answer in wanted[m.key].values()
            if answer.state == "running" and answer.due is not None
        ]
        if dues:
            due, whose = min(dues, key=lambda one: one[0])
            self._days[mine.key] = self._life.instant(due).astimezone(ZoneInfo(ZONES[whose.customer])).date()
        if mine.key in self._days and day != self._days[mine.key].isoformat():
            self._fault("due", mine, f"{tool} shows {day}, by the minute {self._days[mine.key]}")

    def _strangers(self, mine: Mine, group: list[Mine], labels: list[str], said: str) -> None:
        """Check that an issue that customers share names none, and that no issue names another one."""
        whose = {m.customer for m in group}
        named = {name for name in labels if name.startswith("customer-")}
        must = {f"customer-{mine.customer}"} if len(group) == 1 else set()
        if named != must:
            self._fault("canary", mine, f"its issue is labelled {sorted(named)}, it must be {sorted(must)}")
        for other in self._life.tickets.values():
            if other.customer not in whose and re.search(rf"{other.canary}\b", said):
                self._fault("canary", mine, f"its issue names {other.canary}")

    # -- in the end

    def notes(self) -> int:
        """Compare the notes of escalation with the steps that were due, each once; return how many."""
        life, count = self._life, 0
        for mine in life.tickets.values():
            texts = life.people.texts("desk", mine.key)
            found, back = Counter[tuple[str, str, int]](), Counter[str]()
            for text in texts:
                for note in _NOTE.finditer(text):
                    since = datetime.fromisoformat(f"{note['since']}+00:00")
                    clock = note["clock"].replace(" ", "_")
                    found[clock, note["step"] or "breach", int((since - FIRST) / MINUTE)] += 1
                back.update(_TAKEN_BACK.findall(text))
            must = Counter(
                (clock, name, since)
                for (key, clock, _, name), row in life.steps.taken.items()
                if key == mine.key and name != "80 %"
                for since in row
            )
            count += must.total()
            if found != must and not (mine.smeared and found.total() == must.total()):
                self._fault("step", mine, f"too many {dict(found - must)}, missing {dict(must - found)}")
            withdrawn = [step for step, _ in life.steps.withdrawn if step[0] == mine.key]
            if sum(len(one.split(", 2026")) - 1 for one in back.elements()) != len(withdrawn):
                self._fault("step", mine, f"taken back {back}, it must be {withdrawn}")
        return count

    def outside(self, keys: list[str]) -> int:
        """Check that what is told outside the tools has one key for each step that stands; return how many.

        Nothing of it could be sent: what a withdrawal takes back is never said.
        """
        for key, times in Counter(keys).items():
            if times > 1:
                self.wrong.append(f"step: {key} is to be told {times} times")
        told = Counter(key.split(":")[2] for key in keys if key.startswith("step:"))
        must = Counter(
            step[0] for step, row in self._life.steps.taken.items() if step[3] != "80 %" for _ in row
        )
        must -= Counter(step[0] for step, _ in self._life.steps.withdrawn if step[3] != "80 %")
        if told != must:
            self.wrong.append(f"step: told outside {told - must}, and not {must - told}")
        return told.total()

    def reports(self, months: tuple[str, ...]) -> int:
        """Check that each customer's months name nothing of another's, and count first answers rightly."""
        count = 0
        for customer in ZONES:
            verdicts: Counter[str] = Counter()
            others = [m for m in self._life.tickets.values() if m.customer != customer]
            for month in months:
                made = self._life.ask("report", customer, month)
                count += len(made["data"]["cycles"])
                verdicts += Counter(
                    row["verdict"] for row in made["data"]["cycles"] if row["clock"] == "first_response"
                )
                for form in made["forms"]:
                    names = [
                        m for m in others if m.canary in form or re.search(rf"desk[ :#]+{m.key}\b", form)
                    ]
                    names += [
                        m for m in others if re.search(rf"\b(kim@)?{m.customer}\b", form, re.IGNORECASE)
                    ]
                    for other in names:
                        self._fault("canary", other, f"the report of {customer} for {month} names it")
            self._first_answers(customer, verdicts)
        return count

    def _first_answers(self, customer: str, verdicts: Counter[str]) -> None:
        must: Counter[str] = Counter()
        now = int(self._life.now())
        for mine in self._life.tickets.values():
            # What was opened again after long begins anew, and what was promised before stays counted.
            lives = mine.diary.lives() if mine.customer == customer else []
            ends = [*(life.created - 1 for life in lives[1:]), now]
            for life, end in zip(lives, ends, strict=False):
                answer = self._life.answer(life, customer, "first_response", end)
                if answer is not None and (answer.breached or answer.state == "met"):
                    must["missed" if answer.breached else "met"] += 1
        if verdicts != must:
            self.wrong.append(
                f"report: {customer}'s first answers {dict(verdicts)}, by the minute {dict(must)}"
            )


def _near(says: list[object], must: list[object]) -> bool:
    """Whether two answers are the same but for a minute."""
    pairs = zip(says, must, strict=True)
    return all(
        a == b or (isinstance(a, (int, float)) and isinstance(b, (int, float)) and abs(a - b) <= 1)
        for a, b in pairs
    )
