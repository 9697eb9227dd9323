"""Answers of 200 that are none: a proxy's page, half of the JSON, nothing, something else altogether."""

from __future__ import annotations

from pathlib import Path

import pytest

from deskbridge.bootstrap import build
from deskbridge.demo.morning import Story
from deskbridge.demo.people import People
from deskbridge.sandbox.faults import kinds
from deskbridge.sandbox.run import Sandbox
from deskbridge.sandbox.world import Fault
from tests.sync.test_unheard import WRITES
from tests.sync.three_tools import START, answers, environment_of, goes_on, opens, settings_in, whole

GARBLED = ("html 200", "broken json", "wrong type", "no body")


def _fault(system: str, kind: str, *, done: bool, path: str = ".*", method: str = ".*") -> Fault:
    return Fault(system, method=method, path=path, done=done, **(kinds(system)[kind] | {"kind": "answer"}))


@pytest.mark.timeout(300)
@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize("kind", GARBLED)
def test_a_write_whose_answer_is_garbled_is_made_once(tmp_path: Path, kind: str, *, done: bool) -> None:
    """Otherwise a proxy that answers in a tool's place leaves two issues, or a comment that nobody writes."""
    with Sandbox.running(start=START, limits=False) as sandbox:
        environment = environment_of(sandbox)
        people, story, clock = People(environment), Story(), sandbox.world.clock
        application = build(settings_in(tmp_path), environment, now=clock.now)
        for act in (opens, answers):
            act(people, story)
            for system, paths in WRITES.items():
                sandbox.world.faults += [
                    _fault(system, kind, done=done, path=path, method="POST") for path in paths
                ]
            goes_on(application, clock, 8, 301)
        assert sum(fault.times for fault in sandbox.world.faults) <= 3, "all were played that could be"
        sandbox.world.faults.clear()
        whole(people, story, application)
        application.store.database.close()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", GARBLED)
def test_a_read_whose_answer_is_garbled_passes(tmp_path: Path, kind: str) -> None:
    """Otherwise a morning on which a proxy answers leaves tickets set aside, or people without names."""
    with Sandbox.running(start=START, limits=False) as sandbox:
        environment = environment_of(sandbox)
        people, story, clock = People(environment), Story(), sandbox.world.clock
        application = build(settings_in(tmp_path), environment, now=clock.now)
        for act in (opens, answers):
            act(people, story)
            for system in WRITES:
                fault = _fault(system, kind, done=False, method="GET")
                fault.times, fault.chance = 40, 0.2
                sandbox.world.faults.append(fault)
            goes_on(application, clock, 8, 901)
            assert sum(fault.times for fault in sandbox.world.faults) < 110, "they were played"
            sandbox.world.faults.clear()
            goes_on(application, clock, 3, 901)
        whole(people, story, application)
        application.store.database.close()
