"""A backfill that is killed again and again ends as one that was left alone, between real servers."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from deskbridge.demo.people import File, People
from deskbridge.sandbox.run import Sandbox
from sync.store.inbox import LEASE
from tests.app.moved_in import comments, issues
from tests.sync.three_tools import KIM, START, environment_of, settings_in

COUNT = 6
KILLS = (12, 20, 25)
"""After how many calls of Jira it is killed: in the middle of tickets, each time some further."""
_CHOSEN_BY_A_SERVER = re.compile(
    r"#?db1\.[a-z0-9.]+|http://127\.0\.0\.1:\d+|attachment/content/\d+|\b\d{5,}\b|SUP-\d+"
)


@pytest.fixture(scope="module")
def workers() -> Iterator[subprocess.Popen[str]]:
    """A process with the hub's code in it, out of which hubs are forked."""
    command = [sys.executable, "-m", "tests.sync.hub_process"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        assert process.stdin
        process.stdin.close()


class Rig:
    """A desk that is older than its hub, which runs in processes that can be killed."""

    def __init__(self, sandbox: Sandbox, workers: subprocess.Popen[str], folder: Path) -> None:
        self.sandbox, self._workers = sandbox, workers
        self.environment, self.settings = environment_of(sandbox), settings_in(folder)
        text = self.settings.read_text("utf-8")
        self.settings.write_text(text.replace("since = 2026-01-12", "since = 2026-02-01"), "utf-8")
        self.people = People(self.environment)
        for number in range(COUNT):
            log = File("log.txt", f"row {number}".encode(), "text/plain")
            ticket = self.people.mail(KIM, "Kim", f"Stops {number}", f"<p>At row {number}</p>", log)
            self.people.sort(ticket, tags=["dev"], priority=3)
            self.people.reply(ticket, f"<p>Which one of {number}?</p>")
            self.people.note(ticket, f"<p>Between us {number}</p>")
        self.mails = len(self.people.outbox())

    def fill(self, *, killed_after_calls: int | None = None) -> bool:
        """Bring the tickets in, and return whether that ended by itself rather than by a SIGKILL."""
        assert self._workers.stdin
        assert self._workers.stdout
        job = {"settings": str(self.settings), "environment": self.environment, "backfill": True}
        job |= {"killed_after": None, "killed_after_calls": killed_after_calls}
        self._workers.stdin.write(json.dumps(job) + "\n")
        self._workers.stdin.flush()
        ended = int(self._workers.stdout.readline())
        assert ended in (0, -signal.SIGKILL), "it failed by itself"
        self._at_rest()
        # Nobody waits for a dead worker's claim, nor for a request that nobody heard the answer of.
        self.sandbox.world.clock.advance(LEASE.total_seconds() + 1)
        return ended == 0

    def _at_rest(self) -> None:
        """Wait until the servers have carried out what a killed process had sent."""
        before = None
        while (now := requests.get(f"{self.sandbox.control_url}/calls", timeout=60).json()) != before:
            before = now
            time.sleep(0.3)

    def picture(self) -> dict[str, str]:
        """Return summary -> all that stands there and on the ticket; what servers chose is left out."""
        found: dict[str, str] = {}
        for issue in issues(self.people):
            fields = issue["fields"]
            said = {
                "status": fields["status"]["name"],
                "labels": sorted(fields["labels"]),
                "texts": [fields["description"], *(c["body"] for c in comments(self.people, issue["key"]))],
                "files": sorted(f"{file['filename']} {file['size']}" for file in fields["attachment"]),
            }
            assert fields["summary"] not in found, "two issues stand for one ticket"
            found[fields["summary"]] = _CHOSEN_BY_A_SERVER.sub("", json.dumps(said, indent=1))
        for number in range(1, COUNT + 1):
            texts = self.people.agent("GET", f"tickets/{number}/conversations")
            plain = "\n".join(sorted(text["body_text"] for text in texts))
            found[f"ticket {number}"] = _CHOSEN_BY_A_SERVER.sub("", plain)
        return found


def test_a_backfill_that_is_killed_ends_as_one_that_was_not(
    workers: subprocess.Popen[str], tmp_path: Path
) -> None:
    """Otherwise a reboot in the middle leaves issues twice, half of a conversation, or a mailed customer."""
    for name in ("undisturbed", "killed"):
        (tmp_path / name).mkdir()
    with Sandbox.running(start=START, limits=False) as sandbox:
        rig = Rig(sandbox, workers, tmp_path / "undisturbed")
        assert rig.fill()
        wanted, mails = rig.picture(), len(rig.people.outbox())
        assert mails == rig.mails, "somebody was mailed"
    assert len(wanted) == 2 * COUNT
    with Sandbox.running(start=START, limits=False) as sandbox:
        rig = Rig(sandbox, workers, tmp_path / "killed")
        assert [rig.fill(killed_after_calls=calls) for calls in KILLS] == [False] * len(KILLS)
        assert rig.fill()
        found = rig.picture()
        assert found.keys() == wanted.keys()
        for name, said in wanted.items():
            assert found[name] == said, name
        assert len(rig.people.outbox()) == mails, "somebody was mailed"
