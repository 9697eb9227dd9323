"""What a running hub writes to its log: each line belongs to something, and none holds a secret or a text."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests

from deskbridge.bootstrap import build
from deskbridge.hooks import hook_of
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
    """Otherwise somebody who asks what became of a webhook searches three places by the clock."""
    token = hook_of(build(hub.settings, hub.environment).settings, "desk").secret
    with serving(hub, DESKBRIDGE_HUB__LOG="json") as served:
        polled(hub)
        ticket = opened(hub)
        assert served.hook(ticket, "wrong") == 401
        assert served.hook(ticket, token) == 200
        decided = until(hub, f"desk:{ticket}")
        look = decided[0]["look"]
        requests.get(f"{served.url}/api/v1/{SUBJECT}?q={BODY}", timeout=20)
    lines = served.lines()
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
    for word in (SUBJECT, BODY, NOTE, NAME, "Zora", "kim@", token):
        assert word not in served.ended.err, word


def test_what_a_tool_says_of_a_text_is_not_written_down(hub: Hub) -> None:
    """Otherwise a refusal that quotes a customer, or a break in a line, stands in the log of the machine."""
    fault = {"system": "jira", "kind": "answer", "method": "POST", "path": ".*/issue/?", "times": 99}
    hub.control("POST", "faults", **fault, status=400, headers=_JSON, body=json.dumps(_SAID))
    token = hook_of(build(hub.settings, hub.environment).settings, "desk").secret
    with serving(hub) as served:
        polled(hub)
        ticket = opened(hub)
        assert served.hook(ticket, token) == 200
        end = time.monotonic() + 30
        while "not allowed" not in hub.run("parked", "list").out + hub.run("history", f"desk:{ticket}").out:
            assert time.monotonic() < end
            time.sleep(0.3)
    assert served.ended
    assert "outcome=parked" in served.ended.err
    assert all(line[:4].isdigit() for line in served.ended.err.splitlines())
    for word in (SUBJECT, BODY, NOTE, NAME, "not allowed"):
        assert word not in served.ended.err, word
