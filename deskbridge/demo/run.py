"""`deskbridge demo`: start the sandbox, let a morning happen, sync, let people act, sync, check, show."""

from __future__ import annotations

import secrets
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from rich.console import Console

from deskbridge.accounts import add
from deskbridge.bootstrap import Application, build
from deskbridge.demo.checks import Check, Tools, checks, read
from deskbridge.demo.morning import OPENING, Story, afternoon, morning
from deskbridge.demo.people import People
from deskbridge.demo.picture import Picture, lines_of, links_of, table_of, table_of_mails
from deskbridge.desk import boards_of
from deskbridge.sandbox.run import Sandbox
from deskbridge.web.serving import looking
from sync.store.accounts import Role

_SETTLED = 4.0
"""Seconds after which Freshdesk shows the due times that were written to it."""
_POLL = 2.0
_VISITOR = "visitor"
_SIDES = {"DESK": "FRESHDESK", "JIRA": "JIRA", "GITLAB": "GITLAB"}


@dataclass(frozen=True)
class Demo:
    """A sandbox with a hub before it, and the people around the desk."""

    application: Application
    people: People
    environment: dict[str, str]

    def sync(self, picture: Picture | None = None) -> int:
        """Collect and reconcile what changed; return how many writes were made."""
        engine, store, made = self.application.engine, self.application.store, 0
        for error in (*engine.identify(), *engine.collect()):
            raise error
        for result in engine.work():
            made += len(result.plan.writes)
            if picture:
                picture.looked_at(result, store.bundles.load(result.subject).refs)
        return made

    def apply_boards(self) -> list[str]:
        """Make the customers' boards real; return what a second plan of them would still do."""
        left = []
        for name, (connection, spec) in boards_of(self.application.settings).items():
            connector = self.application.connectors[connection]
            connector.apply_board(spec)
            left += [f"{name}: {step.what}" for step in connector.plan_board(spec) if not step.manual]
        return left

    def verdict(self, tools: Tools, story: Story) -> list[Check]:
        """Return the checks of what now stands in the tools."""
        store, engine = self.application.store, self.application.engine
        planned = list(engine.plan([*store.bundles.subjects(), *engine.pending()]))
        empty = not any(p.plan for p in planned)
        parked = [row.parked for row in store.inbox.parked() if row.parked]
        return checks(tools, story, plan_is_empty=empty, parked=parked)


@contextmanager
def started() -> Iterator[Demo]:
    """Give a sandbox at 8:55 on a Monday, with a hub that is set up for it and has done nothing yet."""
    with Sandbox.running(start=OPENING) as sandbox, tempfile.TemporaryDirectory(prefix="deskbridge-") as room:
        environment = sandbox.environment()
        for connection, system in _SIDES.items():
            environment[f"DESKBRIDGE_CONNECTIONS__{connection}__URL"] = environment[f"{system}_URL"]
        environment["DESKBRIDGE_SECRET"] = secrets.token_hex(16)
        settings = Path(room) / "settings.toml"
        settings.write_text((files("deskbridge.demo") / "settings.toml").read_text("utf-8"), "utf-8")
        application = build(settings, environment, now=sandbox.world.clock.now)
        try:
            yield Demo(application, People(environment), environment)
        finally:
            application.store.database.close()


def run(*, stay: bool, console: Console | None = None) -> bool:
    """Run the demo and print its summary; return whether every check holds. `stay` until Ctrl-C."""
    console = console or Console(highlight=False)
    with started() as demo:
        story, picture = Story(), Picture(console)
        with picture.showing():
            picture.stage("A Monday morning at the desk: twelve mails come in")
            story = morning(demo.people)
            picture.stage("12:40, the hub syncs for the first time")
            demo.sync(picture)
            left = demo.apply_boards()
            picture.stage("13:10, people act on all sides, and the hub syncs again")
            afternoon(demo.people, story)
            demo.sync(picture)
            picture.stage("The hub looks at its own echo")
            time.sleep(_SETTLED)
            demo.sync(picture)
        tools = read(demo.people, story)
        verdict = [*demo.verdict(tools, story), Check("the customer's board is as it should be", tuple(left))]
        _print(console, demo, story, tools, verdict)
        good = not any(check.faults for check in verdict)
        if stay:
            _stay(console, demo)
    return good


def _print(console: Console, demo: Demo, story: Story, tools: Tools, verdict: list[Check]) -> None:
    console.print(table_of(tools))
    console.print(table_of_mails(tools))
    for line in lines_of(verdict):
        console.print(line, markup=False, soft_wrap=True)
    console.print()
    for line in links_of(story.tickets, demo.environment, tools):
        console.print(line, markup=False, soft_wrap=True)


def _stay(console: Console, demo: Demo) -> None:
    password = secrets.token_urlsafe(12)
    add(demo.application, _VISITOR, Role.ADMIN, lambda: password)
    soon = threading.Event()
    with looking(demo.application, wake=soon.set) as url:
        way = f"\nThe hub's own pages: {url}/ (sign in as {_VISITOR}, password {password})"
        console.print(way, markup=False, soft_wrap=True)
        console.print("The hub keeps syncing. Ctrl-C ends the demo.")
        try:
            while True:
                soon.wait(_POLL)
                soon.clear()
                demo.sync()
        except KeyboardInterrupt:
            console.print("\nEnded.")
