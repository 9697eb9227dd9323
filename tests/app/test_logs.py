"""What a running hub writes to its log: each line belongs to something, and none holds a secret or a text."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Any

import pytest
import requests

from deskbridge.bootstrap import build
from deskbridge.hooks import hook_of
from deskbridge.logs import People, Programs, note
from tests.app.moved_in import MIGRATION
from tests.app.program import Ended, Hub

pytestmark = pytest.mark.timeout(180)
SUBJECT, BODY, NOTE, NAME = "Quince marmalade", "Twelve persimmons", "A secret sorbet", "Zora Quillfeather"
_SAID = {"errorMessages": [f"Summary '{SUBJECT}' is not allowed: {BODY}\n"], "errors": {}}
_JSON = {"content-type": "application/json"}


class Served:
    """A hub that serves, and its log when it has ended."""

    def __init__(self, hub: Hub, url: str) -> None:
        self.hub, self.url = hub, url
        self.ended: Ended | None = None

    def lines(self) -> list[dict[str, Any]]:
        """Return the lines of the log, each of which must be one object."""
        assert self.ended
        return [json.loads(line) for line in self.ended.err.splitlines()]

    def hook(self, ticket: int, token: str) -> int:
        """Call as the desk does."""
        body, headers = {"ticket_id": ticket}, {"X-Deskbridge-Token": token}
        return requests.post(f"{self.url}/hooks/desk", json=body, headers=headers, timeout=20).status_code


@contextmanager
def serving(hub: Hub, **environment: str) -> Iterator[Served]:
    """Serve within the block."""
    process = hub.start("serve", "--port", "0", DESKBRIDGE_SERVE__POLL="1h", **environment)
    assert process.stdout
    made = Served(hub, process.stdout.readline().split(" at ")[1].removesuffix("/hooks/CONNECTION\n"))
    try:
        yield made
    finally:
        process.terminate()
        made.ended = hub.end(process)


def polled(hub: Hub) -> None:
    """Wait until the desk was polled, so that only a webhook tells of what comes."""
    end = time.monotonic() + 30
    while not json.loads(hub.run("status", "--json").out)["connections"][0]["last_poll"]:
        assert time.monotonic() < end
        time.sleep(0.5)


def until(hub: Hub, ticket: str) -> list[dict[str, Any]]:
    """Wait until something was decided about a ticket, and return it."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        ended = hub.run("history", ticket, "--json")
        if ended.code == 0 and (decided := json.loads(ended.out)):
            return list(decided)
        time.sleep(0.3)
    raise AssertionError("nothing was decided")


def opened(hub: Hub) -> int:
    """Have a ticket with words that must stay in the tools."""
    ticket = hub.people.mail("kim@lantern.example", NAME, SUBJECT, f"<p>{BODY}.</p>")
    hub.people.sort(ticket, tags=["dev"], priority=3)
    hub.people.note(ticket, f"<p>{NOTE}.</p>")
    return ticket


def test_a_webhook_leads_to_its_look_and_the_look_to_what_was_written(hub: Hub) -> None:
    """Otherwise what became of a webhook is searched for, or a refusal's quotation stands in a log."""
    token = hook_of(build(hub.settings, hub.environment).settings, "desk").secret
    with serving(hub, DESKBRIDGE_HUB__LOG="json") as served:
        polled(hub)
        ticket = opened(hub)
        assert served.hook(ticket, "wrong") == 401
        assert served.hook(ticket, token) == 200
        decided = until(hub, f"desk:{ticket}")
        look = decided[0]["look"]
        requests.get(f"{served.url}/api/v1/{SUBJECT}?q={BODY}", timeout=20)
        fault = {"system": "jira", "kind": "answer", "method": "POST", "path": ".*/issue/?", "times": 99}
        hub.control("POST", "faults", **fault, status=400, headers=_JSON, body=json.dumps(_SAID))
        refused = opened(hub)
        assert served.hook(refused, token) == 200
        assert [one for one in until(hub, f"desk:{refused}") if "not allowed" in one["result"] + one["why"]]
    every = served.lines()
    [parked] = [line for line in every if line.get("outcome") == "parked"]
    lines = [line for line in every if line["at"] < parked["at"] and line.get("keys") != str(refused)]
    [hooked] = [line for line in lines if line["what"] == "webhook"]
    assert (hooked["connection"], hooked["keys"]) == ("desk", str(ticket))
    [looked] = [line for line in lines if line.get("why") == f"webhook {hooked['event']}"]
    assert looked["what"] == "looked"
    assert looked["look"] == look
    wrote = [line for line in lines if line["what"] == "wrote" and line["look"] == look]
    assert len(wrote) == looked["written"] >= 3
    assert {line["connection"] for line in wrote} == {"desk", "jira"}
    assert [line["level"] for line in lines if "refused" in line["what"]] == ["warning"]
    assert all({"at", "level", "from", "what"} <= set(line) for line in lines)
    assert served.ended
    for word in (SUBJECT, BODY, NOTE, NAME, "Zora", "kim@", "not allowed", token):
        assert word not in served.ended.err, word


def test_a_run_tells_of_each_look_and_in_lines_for_people_of_what_did_not_go(hub: Hub) -> None:
    """Otherwise what a weekend's run did to a ticket is nowhere, or stands among a million lines."""
    hub.settings.write_text(hub.settings.read_text("utf-8") + MIGRATION, "utf-8")
    ticket = opened(hub)
    done = hub.run("migrate", "run", "--apply", DESKBRIDGE_HUB__LOG="json")
    lines = [json.loads(line) for line in done.err.splitlines()]
    [looked] = [line for line in lines if line["what"] == "looked"]
    assert (looked["run"], looked["key"], looked["outcome"]) == (1, str(ticket), "done")
    assert looked["look"] in {one["look"] for one in until(hub, f"desk:{ticket}")}
    wrote = [line for line in lines if line["what"] == "wrote" and line["look"] == looked["look"]]
    assert len(wrote) == looked["written"] >= 2
    assert [line["what"] for line in lines if line["from"].endswith("run_log")] == [
        "run begun",
        "run at work",
        "run ended",
    ]
    fault = {"system": "jira", "kind": "answer", "method": "POST", "path": ".*/issue(/bulk)?", "times": 99}
    hub.control("POST", "faults", **fault, status=400, headers=_JSON, body=json.dumps(_SAID))
    again = opened(hub)
    hub.people.note(ticket, "<p>Said since</p>")
    told = hub.run("migrate", "run", "--apply")
    [parked] = [line for line in told.err.splitlines() if " looked " in line]
    assert f"run=2 key={again} outcome=parked" in parked, told.err
    for word in (SUBJECT, BODY, NOTE, NAME, "kim@", "not allowed"):
        assert word not in done.err + told.err, word


def test_a_line_is_one_line_whatever_is_in_it() -> None:
    """Otherwise who names a file or a folder cleverly writes lines of their own into the log."""
    log, out = logging.getLogger("deskbridge.test_of_logs"), StringIO()
    for lines in (People(), Programs()):
        handler = logging.StreamHandler(out)
        handler.setFormatter(lines)
        log.handlers, log.propagate = [handler], False
        log.setLevel(logging.INFO)
        note(log, "webhook", connection="desk", keys="1\n2026-01-01T00:00:00Z info looked")
        try:
            int(BODY)
        except ValueError:
            log.exception("it failed\nfor %s", "a\rreason")
    said = out.getvalue().splitlines()
    assert len(said) == 4
    assert 'keys="1\\n2026' in said[0]
    assert "it failed\\x0afor a\\x0dreason error=" in said[1]
    assert json.loads(said[3])["error"].startswith("ValueError at test_logs.py:")
    assert BODY not in out.getvalue()
