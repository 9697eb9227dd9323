"""One seed: people act, faults strike, the hub is killed and started; then it settles, and is judged."""

from __future__ import annotations

import hashlib
import logging
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from deskbridge.sandbox.run import Sandbox
from tests.campaign.acts import Crowd
from tests.campaign.clock import START, SharedClock
from tests.campaign.driver import Hub
from tests.campaign.faults import playable
from tests.campaign.hub import Job
from tests.campaign.judge import Fault, Judge, Told
from tests.campaign.ledger import Ledger
from tests.campaign.people import People
from tests.campaign.reading import Reader, World

_LEASE = 301
"""Seconds after which the claim of a hub that was killed has run out."""
_WRITE = re.compile(r"\d+ (answer|unheard) (POST|PUT|DELETE) (?P<system>\w+) (?P<path>\S+) .*")
_TOOLS = {"freshdesk": "desk"}
_SYSTEMS = {"DESK": "FRESHDESK", "JIRA": "JIRA", "GITLAB": "GITLAB"}


@dataclass(frozen=True)
class Size:
    """How much happens in a seed."""

    tickets: int = 40
    acts: int = 300
    rounds: int = 24
    kills: int = 10
    rate: float = 0.05

    @classmethod
    def of(cls, acts: int) -> Size:
        """Return a size in proportion to so many acts."""
        part = acts / cls.acts
        return cls(
            tickets=round(cls.tickets * part),
            acts=acts,
            rounds=max(4, round(cls.rounds * part)),
            kills=round(cls.kills * part),
        )


@dataclass
class Verdict:
    """What came of a seed."""

    seed: int
    faults: list[Fault]
    ledger: Ledger
    kills: int = 0
    calls: int = 0
    struck: int = 0
    told: Told = field(default_factory=Told)
    tape: str = ""
    """The digest of everything that the hub did: the same for the same seed."""


@dataclass
class _Counted:
    kills: int = 0
    jobs: int = 0
    holds: int = 0
    errors: list[str] = field(default_factory=list)


class Campaign:
    """A sandbox and a hub that serve many seeds, one after the other."""

    def __init__(self, sandbox: Sandbox, hub: Hub, clock: SharedClock, folder: Path) -> None:
        self._sandbox, self.hub, self._clock, self._folder = sandbox, hub, clock, folder
        self._environment = sandbox.environment() | {"DESKBRIDGE_SECRET": "a secret for the campaign"}
        for name, system in _SYSTEMS.items():
            self._environment[f"DESKBRIDGE_CONNECTIONS__{name}__URL"] = self._environment[f"{system}_URL"]
        self._people = People(self._environment, sandbox.gitlab.secrets.owner)
        self._kinds = {
            system: playable(kinds) for system, kinds in self._people.control("GET", "faults/kinds").items()
        }

    @classmethod
    @contextmanager
    def running(cls) -> Iterator[Campaign]:
        """Yield a campaign with its sandbox and its hub's process."""
        with (
            TemporaryDirectory(prefix="deskbridge-campaign-") as room,
            Sandbox.running(start=START, limits=False) as sandbox,
            Hub.running() as hub,
        ):
            # A connection that breaks off is what the campaign wants; the server need not say so.
            logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
            clock = SharedClock(Path(room) / "clock")
            sandbox.world.clock = clock
            yield cls(sandbox, hub, clock, Path(room))
            clock.close()

    def seed(self, number: int, size: Size, planted: str = "") -> Verdict:
        """Play a seed and judge it. What happens depends on the number and the size alone."""
        return _Seed(self, number, size, planted).play()

    def reset(self, number: int) -> Path:
        """Have everything be as on the first day, and return the folder of a hub that has done nothing."""
        self._clock.wind(START)
        self._sandbox.world.rng.seed(number)
        self._sandbox.world.chance.seed(number)
        self._people.control("POST", "reset")
        for permission in ("EDIT_ALL_COMMENTS", "DELETE_ALL_COMMENTS"):
            right = {"email": self._environment["JIRA_DEV_EMAIL"], "permission": permission}
            self._people.control("POST", "act/jira/permit", json=right)
        shutil.rmtree(room := self._folder / "hub", ignore_errors=True)
        room.mkdir()
        shutil.copy(Path(__file__).with_name("settings.toml"), room)
        return room

    def job(self, room: Path, **what: Any) -> Job:
        """Return a job for the hub in a folder."""
        return Job(
            settings=str(room / "settings.toml"),
            environment=self._environment,
            clock=str(self._folder / "clock"),
            tape=str(room / "tape"),
            **what,
        )

    def switches(self, chance: Random) -> None:
        """Have the tools' indexes lag or flicker, as they do in some places."""
        control = self._people.control
        jira = {
            "index_lag": chance.choice((0.0, 0.0, 3.0, 20.0)),
            "index_flicker": chance.choice((0.0, 0.0, 2.0)),
        }
        for name, value in jira.items():
            control("POST", "act/jira/set_switch", json={"name": name, "value": value})
        lag = chance.choice((0.0, 0.0, 0.5))
        control("POST", "act/gitlab/configure", json={"replica_lag": lag})

    def calm(self) -> None:
        """Have the tools' indexes show everything at once."""
        for name in ("index_lag", "index_flicker"):
            self._people.control("POST", "act/jira/set_switch", json={"name": name, "value": 0.0})
        self._people.control("POST", "act/gitlab/configure", json={"replica_lag": 0.0})


class _Seed:
    """One seed under way."""

    def __init__(self, campaign: Campaign, number: int, size: Size, planted: str) -> None:
        self._campaign, self._number, self._size, self._planted = campaign, number, size, planted
        self._room = campaign.reset(number)
        self._chance, self._ledger, self._counted, self._told = Random(number), Ledger(), _Counted(), 0
        self._clock, self._people, self._hub = campaign._clock, campaign._people, campaign.hub
        self._crowd = Crowd(self._people, self._ledger, self._chance, self._clock, self._link)

    def play(self) -> Verdict:
        """Let it happen, then judge it."""
        self._campaign.switches(self._chance)
        for number in range(self._size.rounds):
            self._round(number)
        while self._counted.kills < self._size.kills:
            self._crowd.act()
            self._work(kill_at=self._chance.randint(5, 60))
        self._campaign.calm()
        faults = [*self._settled()]
        tape = self._room / "tape"
        return Verdict(
            seed=self._number,
            faults=faults,
            ledger=self._ledger,
            kills=self._counted.kills,
            calls=(played := tape.read_text("utf-8")).count(" send "),
            told=self.said,
            struck=played.count("struck: "),
            tape=hashlib.sha256(played.encode()).hexdigest(),
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
        """Have the hub work once, with faults; it may be killed, and people may act in between."""
        holds = [self._chance.randint(3, 300) for _ in range(self._chance.choice((0, 1, 3)))]
        given = {"faults": self._campaign._kinds, "rate": self._size.rate}
        job = self._job("sync", kill_at=kill_at, holds=holds, **given)
        done = self._hub.do(job, self._meanwhile)
        self._retell("works" if done else "works until it is killed")
        if done is None:
            self._counted.kills += 1
        self._clock.advance(self._chance.choice((1, 30, _LEASE, _LEASE, 1000)))

    def _meanwhile(self, noted: int) -> None:
        """Do something while the hub is held in the middle of its work."""
        self._counted.holds += 1
        self._crowd.act(linking=False)

    def _link(self, one: str, other: str) -> bool:
        done = self._hub.do(self._job("link", arguments=[one, other]))
        return done is not None and "linked" in done

    def _job(self, what: str, **more: Any) -> Job:
        self._counted.jobs += 1
        seed = self._number * 1000 + self._counted.jobs
        return self._campaign.job(self._room, what=what, seed=seed, planted=self._planted, **more)

    # -- in the end

    def _settled(self) -> Iterator[Fault]:
        """Let the hub come to rest, and yield what is wrong then."""
        for attempt in range(12):
            self._clock.advance(1000)
            self._do("sweep" if attempt in (0, 4) else "retry")
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
        for name, version in world.versions().items():
            if now.get(name) != version:
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
    found = re.search(r"/(?:tickets|issue|issues)/(\d+)", path)
    if found is None:
        return None
    tool = _TOOLS.get(system, system)
    return (tool, f"101:{found[1]}" if tool == "gitlab" else found[1])
