"""One seed: people act, faults strike, the hub is killed and started; then it settles, and is judged."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from random import Random
from typing import Any

from sync.jobs.beats import STILL
from tests.campaign.acts import Crowd
from tests.campaign.campaign import Campaign, Size, Verdict
from tests.campaign.driver import Hub
from tests.campaign.hub import Job
from tests.campaign.judge import Fault, Judge, Told
from tests.campaign.ledger import TOOLS, Bundle, Ledger, Side
from tests.campaign.operating import Operator
from tests.campaign.postbag import Letter
from tests.campaign.reading import Reader, World

_LEASE = 301
"""Seconds after which the claim of a hub that was killed has run out."""
_CALL = re.compile(r"(?:GET|POST|PUT|DELETE) (\w+) (\S+)")
_CALLED, _OVERTAKEN, _WATCHED, _STOPPED, _TAKEN_OVER = 0.35, 0.3, 0.7, 0.3, 0.7
"""How often the hub works because it is called; how often a hub that is held is overtaken by another one;
how often somebody then acts on the very ticket that it is at; how often a hub is stopped after its work; how
often one that was killed is found out by another one, before its claims run out."""
_WRITE = re.compile(r"\d+ (answer|unheard) (POST|PUT|DELETE) (?P<system>\w+) (?P<path>\S+) .*")
_TOOLS = {"freshdesk": "desk"}


def play(campaign: Campaign, number: int, size: Size, planted: str = "") -> Verdict:
    """Play a seed and judge it. What happens depends on the number and the size alone."""
    return Seed(campaign, number, size, planted).play()


@dataclass
class _Counted:
    kills: int = 0
    jobs: int = 0
    holds: int = 0
    freed: int = 0
    errors: list[str] = field(default_factory=list)


class Seed:
    """One seed under way."""

    def __init__(self, campaign: Campaign, number: int, size: Size, planted: str) -> None:
        self._campaign, self._number, self._size, self._planted = campaign, number, size, planted
        self._room = campaign.reset(number)
        self._chance, self._ledger, self._counted, self._told = Random(number), Ledger(), _Counted(), 0
        self._clock, self._people, self._hub = campaign.clock, campaign.people, campaign.hub
        self._crowd = Crowd(
            self._people, self._ledger, self._chance, self._clock, link=self._link, unlink=self._unlink
        )
        self._operator = Operator(self._ledger, self._unlink, self._allow)
        self._met: list[Fault] = []
        """What was found wrong on the way."""

    def play(self) -> Verdict:
        """Let it happen, then judge it."""
        self._campaign.switches(self._chance)
        self._met += [Fault("deaf", 0, left) for left in self._do("hooks")["left"]]
        for number in range(self._size.rounds):
            self._round(number)
        while self._counted.kills < self._size.kills:
            self._crowd.act()
            self._work(kill_at=self._chance.randint(5, 60))
        self._campaign.calm()
        faults = [*self._settled(), *self._met]
        tape = self._room / "tape"
        return Verdict(
            seed=self._number,
            faults=faults,
            ledger=self._ledger,
            kills=self._counted.kills,
            calls=(played := tape.read_text("utf-8")).count(" send "),
            told=self.said,
            freed=self._counted.freed,
            struck=played.count("struck: "),
            tape=played,
        )

    # -- while people act

    def _round(self, number: int) -> None:
        size = self._size
        wanted = size.tickets * (number + 4) // (size.rounds + 3)
        while len(list(self._ledger.tickets())) < min(wanted, size.tickets):
            self._crowd.opens()
        while self._ledger.acts < size.acts * (number + 1) // size.rounds:
            self._crowd.act()
        kill = self._counted.kills < size.kills and self._chance.random() < 0.6
        self._work(kill_at=int(self._chance.expovariate(1 / 250)) + 5 if kill else None)
        self._crowd.look()

    def _work(self, *, kill_at: int | None = None) -> None:
        """Have the hub work once, with faults; it may be killed, and people may act in between.

        It asks every tool what changed, or it is called by them and asks nobody.
        """
        holds = [self._chance.randint(3, 300) for _ in range(self._chance.choice((0, 1, 3)))]
        pauses = [self._chance.randint(1, 8) for _ in range(self._chance.choice((0, 1, 2, 4)))]
        given: dict[str, Any] = {"faults": self._campaign.kinds, "rate": self._size.rate, "pauses": pauses}
        if self._campaign.server is not None:
            self._work_at_once(given | {"pauses": []}, kill_at)
            return
        called = self._chance.random() < _CALLED
        letters = self._campaign.post.carried(self._chance) if called else []
        what = "serve" if called else "sync"
        job = self._job(what, kill_at=kill_at, holds=holds, letters=[*map(asdict, letters)], **given)
        done = self._hub.do(job, self._meanwhile)
        self._retell("works" if done else "works until it is killed")
        if done is None:
            self._counted.kills += 1
        elif called:
            self._answered(letters, done["said"])
        if self._chance.random() < _STOPPED:
            self._hub.end()
        self._clock.advance(self._chance.choice((1, 30, _LEASE, _LEASE, 1000)))

    def _work_at_once(self, given: dict[str, Any], kill_at: int | None) -> None:
        """Have all hubs work at once on what changed; one may be killed, and the others go on.

        Nobody acts meanwhile: what people may say of a moment in which several write could not be judged.
        """
        hubs = list(self._campaign.hubs)
        self._chance.shuffle(hubs)
        done = self._at_once(hubs, "sync", given, kill_at)
        self._retell(f"works, {len(hubs)} at once")
        if done[0] is None:
            self._counted.kills += 1
            if self._chance.random() < _TAKEN_OVER:
                self._take_over(hubs[1:], given)
        for hub in hubs:
            if self._chance.random() < _STOPPED:
                hub.end()
        self._clock.advance(self._chance.choice((1, 30, _LEASE, 1000)))

    def _take_over(self, living: list[Hub], given: dict[str, Any]) -> None:
        """Have hubs find out that another one was killed, and go on with its tickets.

        Its signs of life do not come. Those who give signs are not taken for dead: that is checked as well.
        """
        first = self._at_once(living, "beat", {}, None)
        mine = {said["me"] for said in first if said}
        held = first[0]["holding"] if first[0] else {}
        self._counted.freed += sum(count for name, count in held.items() if name not in mine)
        last = first
        for _ in range(STILL):
            last = self._at_once(living, "beat", {}, None)
        there = last[0]["there"] if last[0] else []
        if set(there) - mine:
            self._met.append(Fault("takeover", 0, "a hub that was killed is not found out"))
        if mine - set(there):
            self._met.append(Fault("takeover", 0, "a hub that gives signs of life is taken for dead"))
        self._at_once(living, "sync", given, None)
        self._retell("takes over from the one that was killed")

    def _at_once(
        self, hubs: list[Hub], what: str, given: dict[str, Any], kill_at: int | None
    ) -> list[dict[str, Any] | None]:
        """Have hubs do the same at once, the first until it is killed; return what came of it."""
        jobs = [self._job(what, **given, kill_at=kill_at if hub is hubs[0] else None) for hub in hubs]
        with ThreadPoolExecutor(len(hubs)) as together:
            return list(together.map(lambda hub, job: hub.do(job), hubs, jobs))

    def _answered(self, letters: list[Letter], said: list[int]) -> None:
        """Check that what does not prove where it comes from is refused, and nothing else."""
        for letter, status in zip(letters, said, strict=True):
            if status != (401 if letter.forged else 200):
                kind = "forged webhook" if letter.forged else "webhook"
                self._met.append(Fault("forged", 0, f"a {kind} to {letter.path} is answered {status}"))

    def _meanwhile(self, noted: int, at: str) -> None:
        """Do something while the hub is held in the middle of its work.

        Between two reads another hub may take its work over; a write that is under way cannot be stopped.
        """
        self._counted.holds += 1
        if not noted and " GET " in f" {at} " and self._chance.random() < _OVERTAKEN:
            self._clock.advance(_LEASE)
            self._campaign.other.do(self._job("sync"))
            self._retell("is overtaken by another hub, which works")
        side = _side_of(*found.groups()) if (found := _CALL.search(at)) else None
        bundles = self._ledger.bundles
        there = [b.sides for b in bundles if side in [(s.tool, s.key) for s in b.sides]]
        sides = there[0] if there and self._chance.random() < _WATCHED else []
        if self._chance.random() < 0.5:
            sides = [s for s in sides if (s.tool, s.key) == side]
        self._ledger.written = side if " PUT " in at else None
        self._crowd.act(linking=False, focus=sides)
        self._ledger.written = None

    def _link(self, one: str, other: str) -> bool:
        done = self._hub.do(self._job("link", arguments=[one, other]))
        return done is not None and "linked" in done

    def _unlink(self, one: str) -> bool:
        done = self._hub.do(self._job("unlink", arguments=[one]))
        return done is not None and "unlinked" in done

    def _allow(self, one: str) -> bool:
        done = self._hub.do(self._job("allow", arguments=[one]))
        return done is not None and bool(done["tried"])

    def _job(self, what: str, **more: Any) -> Job:
        self._counted.jobs += 1
        seed = self._number * 1000 + self._counted.jobs
        return self._campaign.job(self._room, what=what, seed=seed, planted=self._planted, **more)

    # -- in the end

    def _settled(self) -> Iterator[Fault]:
        """Let the hub come to rest, and yield what is wrong then."""
        yield from self._found_out()
        for attempt in range(12):
            self._clock.advance(1000)
            self._do("sweep" if attempt in (0, 4) else "retry")
            self._operator.settles([tuple(p) for p in self._do("state")["parked"]], self._clock.now())
            if self._do("sync")["writes"] == 0 and attempt > 4:
                break
        else:
            yield Fault("restless", 0, "the hub goes on writing though nobody does anything")
        self._crowd.look()
        reader = Reader(self._people)
        world = reader.read(self._ledger)
        yield from self._at_rest(reader, world)
        state = self._do("state")
        self.said = Told([tuple(f) for f in state["findings"]], [tuple(p) for p in state["parked"]])
        self.world = world
        yield from Judge(self._ledger, world, self.said).faults()
        yield from self._heard()

    def _found_out(self) -> Iterator[Fault]:
        """Check that the hub finds out by asking what was said, before it looks at every ticket."""
        for _ in range(4):
            self._clock.advance(1000)
            self._do("retry")
            self._do("sync")
            self._operator.settles([tuple(p) for p in self._do("state")["parked"]], self._clock.now())
        self._crowd.look()
        state = self._do("state")
        told = Told([tuple(f) for f in state["findings"]], [tuple(p) for p in state["parked"]])
        for fault in Judge(self._ledger, Reader(self._people).read(self._ledger), told).missed():
            yield Fault("deaf", fault.ticket, f"nothing but a look at every ticket shows it: {fault.what}")

    def _heard(self) -> Iterator[Fault]:
        """Check that a text is copied when the tools call the hub, though nobody asks them."""
        self._campaign.post.letters()
        told: list[tuple[Side, Side, str]] = []
        for tool in TOOLS:
            sides = next((b.sides for b in reversed(self._ledger.bundles) if self._plain(b, tool)), [])
            for side in sides:
                if side.tool == tool:
                    token = self._crowd.says(side)
                    told += [(side, other, token) for other in sides if other is not side]
        letters = [asdict(letter) for letter in self._campaign.post.letters()]
        self._hub.do(self._job("serve", letters=letters))
        for side, other, token in told:
            if not any(token in text for text in self._people.texts(other.tool, other.key)):
                what = f"{side.tool} told of {token}, and it does not stand on {other.tool}:{other.key}"
                yield Fault("deaf", self._number_of(side.key), what)

    def _plain(self, bundle: Bundle, tool: str) -> bool:
        """Whether nothing odd ever happened to the links of a ticket that has a side in a tool."""
        (ticket, *more), works = bundle.tickets, bundle.works.values()
        odd = more or bundle.by_hand or ticket.customer == "nobody" or self.said.set_aside(ticket.desk)
        there = ticket.desk.there and works and all(side.there for side in works)
        return bool(there and not odd and (tool == "desk" or tool in bundle.works))

    def _at_rest(self, reader: Reader, world: World) -> Iterator[Fault]:
        """Check that nothing is planned, and nothing written, now that nobody does anything."""
        plan = self._do("plan")
        for line in plan["planned"]:
            found = re.match(r"desk #(\d+)", line)
            yield Fault("restless", self._number_of(found[1] if found else ""), f"still planned: {line}")
        for problem in plan["problems"]:
            if "no customer is known" not in problem:
                yield Fault("restless", 0, f"still to be settled: {problem}")
        self._clock.advance(4000)
        if writes := self._do("sync")["writes"]:
            yield Fault("echo", 0, f"{writes} writes were made though nobody did anything")
        now = reader.versions(self._ledger)
        for name, (version, late) in world.versions().items():
            stamp, later = now.get(name, ("", late))
            if stamp != version and late == later:  # nobody but the desk's own clock made it late
                yield Fault("echo", 0, f"{name[0]}:{name[1]} changed though nobody did anything")

    def _number_of(self, key: str) -> int:
        return next((ticket.number for _, ticket in self._ledger.tickets() if ticket.desk.key == key), 0)

    def _retell(self, what: str) -> None:
        """Write into the tickets' stories what the hub wrote, as far as its addresses tell."""
        told: set[tuple[str, str]] = set()
        with (self._room / "tape").open(encoding="utf-8") as tape:
            tape.seek(self._told)
            for line in tape.read().splitlines():
                found = _WRITE.fullmatch(line)
                if found and (side := _side_of(found["system"], found["path"])):
                    if side not in told:
                        self._ledger.tell(side, f"     {self._clock.now():%d %H:%M:%S} the hub {what}")
                    told.add(side)
                    self._ledger.tell(side, f"       {line}")
            self._told = tape.tell()

    def _do(self, what: str) -> dict[str, Any]:
        done = self._hub.do(self._job(what))
        self._retell(f"does {what}")
        assert done is not None, "nobody killed it"
        return done


def _side_of(system: str, path: str) -> tuple[str, str] | None:
    """Return which ticket an address names, if any."""
    found = re.search(r"/(?:projects/(?P<project>\d+)/)?(?:tickets|issue|issues)/(?P<key>\d+)", path)
    if found is None:
        return None
    tool = _TOOLS.get(system, system)
    return (tool, f"{found['project']}:{found['key']}" if tool == "gitlab" else found["key"])
