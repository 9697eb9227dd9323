"""What all seeds share: the sandbox, one time, the post, the people, and the hub's processes."""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from deskbridge.sandbox.run import Sandbox
from tests.campaign.clock import START, SharedClock
from tests.campaign.driver import Hub
from tests.campaign.faults import playable
from tests.campaign.hub import Job
from tests.campaign.judge import Fault, Told
from tests.campaign.ledger import Ledger
from tests.campaign.people import People
from tests.campaign.postbag import Postbag
from tests.sync import postgres
from tests.sync.empty import empty_store
from tests.sync.postgres import Postgres

_MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - a folder of our own in it
"""Where the store is kept: SIGKILL loses nothing of what the kernel has, so no disk is waited for."""
_SYSTEMS = {"DESK": "FRESHDESK", "JIRA": "JIRA", "GITLAB": "GITLAB"}
_RIGHTS = (
    ("JIRA_DEV_EMAIL", "EDIT_ALL_COMMENTS"),
    ("JIRA_DEV_EMAIL", "DELETE_ALL_COMMENTS"),
    ("JIRA_EMAIL", "ADMINISTER"),
)
"""Rights that people, and the hub's account, need in Jira: for what they do, and for webhooks."""


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
    freed: int = 0
    """Tickets that one hub took over from another that was killed, before its claims ran out."""
    struck: int = 0
    told: Told = field(default_factory=Told)
    tape: str = ""
    """Everything that the hub did, line by line: the same for the same seed."""

    @property
    def digest(self) -> str:
        """Return what tells a tape from every other."""
        return hashlib.sha256(self.tape.encode()).hexdigest()


class Campaign:
    """A sandbox and a hub that serve many seeds, one after the other."""

    def __init__(
        self, sandbox: Sandbox, hubs: Sequence[Hub], clock: SharedClock, post: Postbag, folder: Path
    ) -> None:
        self._sandbox, self.clock, self.post, self._folder = sandbox, clock, post, folder
        self.hubs = tuple(hubs)
        self.hub, self.other = self.hubs[:2]
        self.server: Postgres | None = None
        """Where the store is if all the hubs work at once."""
        self.elsewhere: dict[str, str] = {}
        """Variables of the hub that differ since the last reset."""
        self._environment = sandbox.environment() | {"DESKBRIDGE_SECRET": "a secret for the campaign"}
        for name, system in _SYSTEMS.items():
            self._environment[f"DESKBRIDGE_CONNECTIONS__{name}__URL"] = self._environment[f"{system}_URL"]
        self.people = People(self._environment, sandbox.gitlab.secrets.owner)
        self.kinds = {
            system: playable(kinds) for system, kinds in self.people.control("GET", "faults/kinds").items()
        }

    @classmethod
    @contextmanager
    def running(cls, workers: int = 1) -> Iterator[Campaign]:
        """Yield a campaign with its sandbox and its hub; several `workers` work at once, on PostgreSQL."""
        with (
            TemporaryDirectory(prefix="deskbridge-campaign-", dir=_MEMORY) as room,
            Sandbox.running(start=START, limits=False) as sandbox,
            ExitStack() as stack,
            postgres.running() if workers > 1 else nullcontext() as database,
        ):
            hubs = [stack.enter_context(Hub.running()) for _ in range(max(workers, 2))]
            # A connection that breaks off is what the campaign wants; the server need not say so.
            logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
            for server in sandbox._servers.values():
                # A connection that the server closes while a slow machine is at something else is a fault
                # that no seed repeats.
                server.config.timeout_keep_alive = 3600
            clock = SharedClock(Path(room) / "clock")
            sandbox.world.clock = clock
            post = sandbox.world.hooks = Postbag(clock.now)
            made = cls(sandbox, hubs, clock, post, Path(room))
            made.server = database
            yield made
            clock.close()

    @property
    def environment(self) -> dict[str, str]:
        """The variables that a hub is started with."""
        return self._environment | self.elsewhere

    def reset(self, number: int) -> Path:
        """Have everything be as on the first day, and return the folder of a hub that has done nothing."""
        for hub in self.hubs:
            hub.end()
        self.elsewhere.clear()
        if self.server is not None:
            url = self.server.store().render_as_string(hide_password=False)
            self.elsewhere["DESKBRIDGE_HUB__STORE"] = url
        self.clock.wind(START)
        self._sandbox.world.rng.seed(number)
        self._sandbox.world.chance.seed(number)
        self.people.control("POST", "reset")
        for who, permission in _RIGHTS:
            right = {"email": self._environment[who], "permission": permission}
            self.people.control("POST", "act/jira/permit", json=right)
        shutil.rmtree(room := self._folder / "hub", ignore_errors=True)
        room.mkdir()
        shutil.copy(Path(__file__).with_name("settings.toml"), room)
        empty_store(room / "store.sqlite3")
        return room

    def job(self, room: Path, **what: Any) -> Job:
        """Return a job for the hub in a folder."""
        return Job(
            settings=str(room / "settings.toml"),
            environment=self.environment,
            clock=str(self._folder / "clock"),
            tape=str(room / "tape"),
            **what,
        )

    def switches(self, chance: Random) -> None:
        """Have the tools' indexes lag or flicker, as they do in some places."""
        control = self.people.control
        jira = {
            "index_lag": chance.choice((0.0, 3.0, 20.0, 20.0)),
            "index_flicker": chance.choice((0.0, 0.0, 2.0)),
        }
        for name, value in jira.items():
            control("POST", "act/jira/set_switch", json={"name": name, "value": value})
        lag = chance.choice((0.0, 0.0, 0.5))
        control("POST", "act/gitlab/configure", json={"replica_lag": lag})

    def calm(self) -> None:
        """Have the tools' indexes show everything at once."""
        for name in ("index_lag", "index_flicker"):
            self.people.control("POST", "act/jira/set_switch", json={"name": name, "value": 0.0})
        self.people.control("POST", "act/gitlab/configure", json={"replica_lag": 0.0})
