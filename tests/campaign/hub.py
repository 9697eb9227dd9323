"""The hub of the campaign: a process that does its jobs in a fork of itself, which can be killed anywhere.

The fork goes on from job to job, as a service does, until it is killed or told to end; the next job is
another fork's, which knows nothing but the store.

Whatever could differ from one time to the next is counted, not timed: a job names the events (a call
about to be sent, an answer that came, a commit) at which the hub is killed, or held so that people act
in between. Faults are drawn for each call by the job's own chance. Two jobs that are alike do alike.
"""

from __future__ import annotations

import gc
import http.client
import json
import logging
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from sqlalchemy import Engine as Database
from sqlalchemy import event

from connectors.errors import WireError
from connectors.registry import SYSTEMS
from deskbridge.bootstrap import Application, build
from deskbridge.hooks import install_hooks
from mappings.ticket import Ref
from sync.jobs.beats import Beats
from sync.links import NotLinked
from sync.store.workers import Worker
from tests.campaign.clock import SharedClock
from tests.campaign.commanding import COMMANDS
from tests.campaign.delivering import deliver
from tests.campaign.faults import Faults
from tests.campaign.planted import plant

READS = ("search/jql", "/graphql", "comment/list", "/expression")
"""Endings of paths that are asked with POST though they only read."""


@dataclass
class Job:
    """What a hub is to do, and where it is to be stopped."""

    settings: str
    environment: dict[str, str]
    clock: str
    tape: str
    seed: int
    what: str = "sync"
    arguments: list[str] = field(default_factory=list)
    kill_at: int | None = None
    holds: list[int] = field(default_factory=list)
    pauses: list[int] = field(default_factory=list)
    """The changes of what stands there that are held when about to be sent: the first, the second ..."""
    faults: dict[str, list[str]] = field(default_factory=dict)
    """The kinds of faults of each system; none strikes where there are none."""
    rate: float = 0.0
    planted: str = ""
    letters: list[dict[str, Any]] = field(default_factory=list)
    """The webhooks that arrive (`postbag.Letter`)."""


class Recorder:
    """Counts what happens in a hub, and stops it where the job says."""

    def __init__(self, job: Job, clock: SharedClock) -> None:
        self._job, self._clock = job, clock
        self._chance = random.Random(job.seed)
        self._faults = Faults(self._chance, job.faults, job.rate)
        self._tape = Path(job.tape).open("a", encoding="utf-8")  # noqa: SIM115 - until the process ends
        self._bases = {job.environment[f"{s.upper()}_URL"]: s for s in ("freshdesk", "jira", "gitlab")}
        self._control = urlsplit(job.environment["SANDBOX_CONTROL_URL"]).netloc
        self.events = self.writes = self.changes = 0
        self.noted = 0
        """Intents that are noted and not answered yet: a worker that sleeps there may write twice."""

    def close(self) -> None:
        """Let go of the tape."""
        self._tape.close()

    def note(self, text: str) -> None:
        """Write a line to the tape."""
        self._tape.write(f"{text}\n")
        self._tape.flush()

    def statement(self, statement: str) -> None:
        """Take a statement down that is about to be executed."""
        sent_again = statement.startswith("UPDATE intents") and "sent=" in statement and "token=" in statement
        if sent_again or statement.startswith("INSERT INTO intents"):
            self.noted += 1
        elif statement.startswith(("UPDATE intents SET target_key", "DELETE FROM intents")):
            self.noted = max(0, self.noted - 1)

    def send(self, send: Callable[[], Any], request: requests.PreparedRequest) -> Any:
        """Send a request, or have it go wrong."""
        url = urlsplit(request.url or "")
        system = self._bases.get(f"{url.scheme}://{url.netloc}", "files")
        method, call = str(request.method), f"{request.method} {system} {url.path}"
        self._clock.advance(self._chance.choice((0.01, 0.03, 0.06, 0.4)))
        reads = method == "GET" or url.path.endswith(READS)
        self.writes += not reads
        self.changes += method == "PUT"
        self.count(f"send {call}", held=method == "PUT" and self.changes in self._job.pauses)
        if kind := self._faults.draw(system, reads=reads):
            self.note(f"struck: {kind}")
            self._strike(system, kind)
        try:
            answer = send()
        except requests.RequestException as error:
            self.count(f"unheard {call} {kind} {type(error).__name__}")
            raise
        self.count(f"answer {call} {kind} {answer.status_code}")
        return answer

    def _strike(self, system: str, kind: str) -> None:
        """Have the sandbox play a fault on the next call, which is ours."""
        control = http.client.HTTPConnection(self._control)
        fault = {"system": system, "kind": kind, "seconds": 0.005, "done": self._faults.done(kind)}
        control.request("POST", "/faults", json.dumps(fault))
        assert control.getresponse().status == 200
        control.close()

    def count(self, what: str, *, held: bool = False) -> None:
        """Count an event, and be killed or held there if the job says so."""
        self.events += 1
        self.note(f"{self.events} {what}")
        if self.events == self._job.kill_at:
            self.note("killed")
            os.kill(os.getpid(), signal.SIGKILL)
        if held or self.events in self._job.holds:
            now = {"held": self.events, "noted": self.noted, "at": what}
            print(json.dumps(now), flush=True)  # noqa: T201 - the driver reads it
            sys.stdin.readline()


def _sync(application: Application, job: Job) -> dict[str, Any]:
    engine = application.engine
    errors = [*engine.identify(), *engine.collect()]
    results = list(engine.work())
    return {"errors": [str(e) for e in errors], "made": sum(len(r.made) for r in results)}


def _beat(application: Application, job: Job) -> dict[str, Any]:
    """Give a sign of life, as each job does; tell who gives it, who is entered, and who holds how many."""
    store = application.store
    held = "SELECT holder, count(*) FROM claims WHERE until > 0 AND holder IS NOT NULL GROUP BY holder"
    with store.database.reading() as tx:
        holding = {str(row[0]): int(row[1]) for row in tx.exec_driver_sql(held)}
    return {
        "me": store.database.holder,
        "there": [one.id for one in store.workers.all()],
        "holding": holding,
    }


def _hooks(application: Application, job: Job) -> dict[str, Any]:
    """Have every tool call the hub, as `deskbridge webhooks install --apply` does."""
    application.engine.identify()
    made = install_hooks(application, apply=True)
    return {"left": [f"{m.connection}: {m.by_hand} {m.problem}" for m in made if m.by_hand or m.problem]}


def _serve(application: Application, job: Job) -> dict[str, Any]:
    """Take webhooks in at the hub's own server, one after the other; then work, without a poll."""
    engine = application.engine
    engine.adopt_rules()
    said = deliver(application, job.letters)
    results = list(engine.work())
    return {"said": said, "made": sum(len(r.made) for r in results)}


def _plan(application: Application, job: Job) -> dict[str, Any]:
    engine, store = application.engine, application.store
    engine.identify()
    planned = list(engine.plan(list(dict.fromkeys([*store.bundles.subjects(), *engine.pending()]))))
    return {
        "planned": [f"{p.refs[0]}: {type(w).__name__} on {w.target}" for p in planned for w in p.plan.writes],
        "problems": [p.problem for p in planned if p.problem],
    }


def _state(application: Application, job: Job) -> dict[str, Any]:
    """Return what the hub says of what it did not do."""
    store = application.store

    def refs(subject: str) -> list[str]:
        if subject.startswith("connection:"):
            return []
        return [f"{ref.connection}:{ref.key}" for ref in store.bundles.load(subject).refs]

    return {
        "findings": [(refs(f.subject), f.target, f.what, f.reason) for f in store.findings.all()],
        "parked": [(refs(row.subject), row.parked) for row in store.inbox.parked()],
    }


def _retry(application: Application, job: Job) -> dict[str, Any]:
    """Have everything that is parked tried again."""
    return _look_at(application, [row.subject for row in application.store.inbox.parked()])


def _sweep(application: Application, job: Job) -> dict[str, Any]:
    """Have every ticket looked at: some edits bump nothing."""
    return _look_at(application, application.store.bundles.subjects())


def _look_at(application: Application, subjects: list[str]) -> dict[str, Any]:
    for subject in subjects:
        application.store.inbox.put(subject, application.engine._now(), "looked at")
    return {}


def _link(application: Application, job: Job) -> dict[str, Any]:
    """Link two tickets, as a person does by hand."""
    one, other = (Ref(*name.split(":", 1)) for name in job.arguments)
    try:
        return {"linked": application.links.link(one, other)}
    except (NotLinked, WireError) as error:
        return {"refused": str(error)}


def _unlink(application: Application, job: Job) -> dict[str, Any]:
    """Take a side out of its ticket, as a person does by hand."""
    try:
        application.links.unlink(Ref(*job.arguments[0].split(":", 1)))
    except NotLinked as error:
        return {"refused": str(error)}
    return {"unlinked": True}


_BEATS: list[Beats] = []
"""The signs of life of this process, where several work at once."""

WORK = {
    "sync": _sync,
    "beat": _beat,
    "hooks": _hooks,
    "serve": _serve,
    "unlink": _unlink,
    "plan": _plan,
    "state": _state,
    "retry": _retry,
    "sweep": _sweep,
    "link": _link,
    **COMMANDS,
}


class Hub:
    """A hub from its start to its end: what it built, and who counts what it does now."""

    def __init__(self, job: Job) -> None:
        plant(job.planted)
        self._clock = SharedClock(Path(job.clock))
        self._recorder = Recorder(job, self._clock)
        self._attach()
        self._application = build(Path(job.settings), job.environment, now=self._clock.now)
        if not isinstance(self._application.store.database.address, Path):
            self._live()

    def _live(self) -> None:
        """Give signs of life, one with each job: so that another hub knows when this one was killed."""
        logging.getLogger("sync.jobs.beats").setLevel(logging.CRITICAL)
        store, now = self._application.store, self._clock.now
        name = f"{os.getpid()}"
        worker = Worker(name, "campaign", "here", "0", os.getpid(), 1, 0, now(), now())
        store.workers.join(worker)
        store.database.holder = name
        nothing = lambda *_: None  # noqa: E731
        _BEATS[:] = [Beats(store, worker, now, beside=nothing, freed=nothing, outdated=nothing)]

    def _attach(self) -> None:
        """Have every call, commit and wait of this process pass by the recorder."""
        send = HTTPAdapter.send
        HTTPAdapter.send = lambda adapter, request, **more: self._recorder.send(  # type: ignore[method-assign]
            lambda: send(adapter, request, **more), request
        )
        time.sleep = lambda seconds: self._clock.advance(float(seconds))
        event.listen(Database, "commit", lambda connection: self._recorder.count("commit"))
        event.listen(Database, "before_cursor_execute", self._note)

    def _note(self, connection: Any, cursor: Any, statement: str, *more: Any) -> None:
        self._recorder.statement(statement)

    def work(self, job: Job) -> dict[str, Any]:
        """Do a job."""
        random.seed(job.seed)
        self._recorder.close()
        self._recorder = recorder = Recorder(job, self._clock)
        for beats in _BEATS:
            beats.turn()
        done = WORK[job.what](self._application, job)
        return done | {"events": recorder.events, "writes": recorder.writes}


def serve(first: Job) -> None:
    """Do jobs until an empty line says that it is enough, or somebody kills this process."""
    hub, job = Hub(first), first
    while True:
        print(json.dumps({"result": hub.work(job)}), flush=True)  # noqa: T201 - that is the answer
        print(json.dumps({"ended": 0}), flush=True)  # noqa: T201 - as above
        if not (line := sys.stdin.readline().strip()):
            return
        job = Job(**json.loads(line))


def main() -> None:
    """Have hubs do jobs, one hub after the other, until the input ends."""
    gc.collect()
    gc.freeze()  # what is loaded by now is looked through by no hub
    for line in iter(sys.stdin.readline, ""):
        job = Job(**json.loads(line))
        process = os.fork()
        if process == 0:
            ended = 1
            try:
                serve(job)
                ended = 0
            except BaseException:  # noqa: BLE001 - whatever it is, this process must not go on with the jobs
                traceback.print_exc()
            os._exit(ended)
        _, status = os.waitpid(process, 0)
        print(json.dumps({"ended": os.waitstatus_to_exitcode(status)}), flush=True)  # noqa: T201 - as above


def line_of(job: Job) -> str:
    """Return a job as the process reads it."""
    return json.dumps(asdict(job)) + "\n"


if __name__ == "__main__":
    for system in SYSTEMS:
        import_module(f"connectors.{system}.connector")
    main()
