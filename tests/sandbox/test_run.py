"""The sandbox as a whole: three systems and the control, started and stopped."""

from __future__ import annotations

import signal
import socket
import stat
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from deskbridge.sandbox.run import Sandbox, SandboxError, write_environment

NAMES = {
    "FRESHDESK_URL",
    "FRESHDESK_API_KEY",
    "FRESHDESK_AGENT_API_KEY",
    "JIRA_URL",
    "JIRA_EMAIL",
    "JIRA_TOKEN",
    "JIRA_PROJECT",
    "JIRA_DEV_EMAIL",
    "JIRA_DEV_TOKEN",
    "GITLAB_URL",
    "GITLAB_TOKEN",
    "GITLAB_DEV_TOKEN",
    "GITLAB_PROJECT",
    "GITLAB_PROJECT2",
    "GITLAB_GROUP",
    "SANDBOX_CONTROL_URL",
}
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
FOREGROUND = "import sys; from pathlib import Path; from deskbridge.sandbox.run import serve_forever; "


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """One sandbox for all tests that do not stop it."""
    with Sandbox.running(seed=5, start=START) as running:
        yield running


def control(sandbox: Sandbox, method: str, path: str, **more: Any) -> requests.Response:
    """Call the control API."""
    return requests.request(method, sandbox.control_url + path, timeout=10, **more)


def freshdesk(sandbox: Sandbox, path: str, method: str = "GET", **more: Any) -> requests.Response:
    """Call the fake Freshdesk with the hub's key."""
    key = sandbox.environment()["FRESHDESK_API_KEY"]
    return requests.request(
        method, f"{sandbox.urls['freshdesk']}/api/v2/{path}", auth=(key, "X"), timeout=10, **more
    )


class TestRunning:
    def test_environment_names_everything_a_hub_needs(self, sandbox: Sandbox) -> None:
        """A settings file that reads these names would miss what is not there."""
        values = sandbox.environment()
        assert set(values) == NAMES
        assert all(values.values())

    def test_all_systems_answer(self, sandbox: Sandbox) -> None:
        """Each at the address that the environment gives."""
        for name in ("FRESHDESK_URL", "JIRA_URL", "GITLAB_URL", "SANDBOX_CONTROL_URL"):
            assert requests.get(sandbox.environment()[name] + "/", timeout=10).status_code < 600

    def test_same_seed_means_same_credentials(self, sandbox: Sandbox) -> None:
        """A run can be repeated exactly."""
        ours = sandbox.environment()
        with Sandbox.running(seed=5) as again:
            theirs = again.environment()
        assert {k: v for k, v in ours.items() if "URL" not in k} == {
            k: v for k, v in theirs.items() if "URL" not in k
        }

    def test_port_in_use_is_one_clear_error(self, sandbox: Sandbox) -> None:
        """Nothing is left half started: the other ports are free again."""
        taken = int(sandbox.control_url.rpartition(":")[2])
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            free = probe.getsockname()[1]
        message = f"cannot serve control on port {taken}"
        with pytest.raises(SandboxError, match=message), Sandbox.running(control_port=taken, jira_port=free):
            pass
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", free))

    def test_empty_has_agents_but_no_customers(self) -> None:
        """For a hub that is set up from nothing."""
        with Sandbox.running(empty=True) as bare:
            assert freshdesk(bare, "contacts").json() == freshdesk(bare, "companies").json() == []
            assert len(freshdesk(bare, "agents").json()) == 3
            env = bare.environment()
            site, login = env["JIRA_URL"] + "/rest/api/2", (env["JIRA_EMAIL"], env["JIRA_TOKEN"])
            projects = requests.get(f"{site}/project", auth=login, timeout=10).json()
            assert [project["key"] for project in projects] == [env["JIRA_PROJECT"]]
            assert requests.get(f"{site}/project/SUP/components", auth=login, timeout=10).json() == []

    @pytest.mark.parametrize(
        "options",
        [{"plan": "platinum"}, {"jira_port": 99999}, {"deployment": "server"}, {"snapshot": Path("/none")}],
    )
    def test_senseless_options_are_refused(self, options: dict[str, Any]) -> None:
        """With a text that names them."""
        with (
            pytest.raises(SandboxError, match=r"platinum|65535|cloud or dc|cannot"),
            Sandbox.running(**options),
        ):
            pass


class TestControl:
    def test_clock_goes_forward_only(self, sandbox: Sandbox) -> None:
        """Tests wait for nothing; and time never runs back under a system's feet."""
        before = datetime.fromisoformat(control(sandbox, "GET", "/clock").json()["now"])
        after = control(sandbox, "POST", "/clock", json={"advance": 3600}).json()["now"]
        assert (datetime.fromisoformat(after) - before).total_seconds() >= 3600
        back = control(sandbox, "POST", "/clock", json={"now": before.isoformat()})
        assert (back.status_code, "forward" in back.json()["error"]) == (400, True)

    @pytest.mark.parametrize(
        "body", [{}, {"now": "x"}, {"advance": "soon"}, {"advance": 1e30}, {"now": 1, "advance": 2}]
    )
    def test_clock_refuses_nonsense(self, sandbox: Sandbox, body: dict[str, Any]) -> None:
        """400 with a text, never a traceback."""
        answer = control(sandbox, "POST", "/clock", json=body)
        assert (answer.status_code, bool(answer.json()["error"])) == (400, True)

    def test_acts_and_outbox(self, sandbox: Sandbox) -> None:
        """A customer's mail makes a ticket, and the answer to it is in the outbox."""
        mail = {"email": "kim@lantern.example", "name": "Kim Park", "subject": "Help", "html": "<p>?</p>"}
        made = control(sandbox, "POST", "/act/freshdesk/customer_mail", json=mail).json()
        assert freshdesk(sandbox, f"tickets/{made['ticket']}").json()["subject"] == "Help"
        last = control(sandbox, "GET", "/outbox").json()[-1]
        assert (last["to"], last["customer"], last["cause"]) == ("kim@lantern.example", True, "new ticket")
        assert "kim@lantern.example" in control(sandbox, "GET", "/outbox.html").text

    @pytest.mark.parametrize(
        ("path", "body"),
        [
            ("/act/freshdesk/dance", {}),
            ("/act/zendesk/customer_mail", {}),
            ("/act/freshdesk/customer_mail", {"email": "kim@lantern.example"}),
            ("/act/freshdesk/customer_mail", {"email": 5, "subject": "s", "html": "h"}),
            ("/act/freshdesk/customer_reply", {"ticket": 999, "email": "kim@lantern.example", "html": "h"}),
            ("/act/freshdesk/customer_reply", [1]),
        ],
    )
    def test_acts_refuse_bad_input(self, sandbox: Sandbox, path: str, body: Any) -> None:
        """A script with a slip in it learns which."""
        answer = control(sandbox, "POST", path, json=body)
        assert (answer.status_code, bool(answer.json()["error"])) == (400, True)

    def test_faults_are_played_as_often_as_asked(self, sandbox: Sandbox) -> None:
        """An answer instead of the call; a connection reset; an answer lost after the deed."""
        faults = [
            {"system": "freshdesk", "kind": "answer", "status": 502, "body": "<html>"},
            {"system": "freshdesk", "kind": "reset"},
            {"system": "freshdesk", "kind": "lost", "method": "POST", "path": "/api/v2/companies"},
        ]
        for fault in faults:
            assert control(sandbox, "POST", "/faults", json=fault).status_code == 200
        assert freshdesk(sandbox, "agents/me").status_code == 502
        with pytest.raises(requests.ConnectionError):
            freshdesk(sandbox, "agents/me")
        assert freshdesk(sandbox, "agents/me").status_code == 200
        with pytest.raises(requests.ConnectionError):
            freshdesk(sandbox, "companies", "POST", json={"name": "Lost and Done"})
        assert "Lost and Done" in freshdesk(sandbox, "companies").text
        assert control(sandbox, "DELETE", "/faults").json() == []

    def test_named_faults_speak_as_the_vendors_do(self, sandbox: Sandbox) -> None:
        """GitLab has two limiters whose refusals have nothing in common but the number."""
        kinds = control(sandbox, "GET", "/faults/kinds").json()
        assert {"429 throttle", "429 application", "html 502", "slow"} <= set(kinds["gitlab"])
        url = sandbox.urls["gitlab"] + "/api/v4/version"
        for kind in ("429 throttle", "429 application"):
            control(sandbox, "POST", "/faults", json={"system": "gitlab", "kind": kind})
        throttled, refused = (requests.get(url, timeout=10) for _ in range(2))
        assert (throttled.text, throttled.headers["Retry-After"]) == ("Retry later\n", "60")
        assert int(throttled.headers["RateLimit-Reset"]) > START.timestamp()
        assert "Retry-After" not in refused.headers
        assert "too many times" in refused.json()["message"]["error"]

    def test_slow_and_broken_off_answers(self, sandbox: Sandbox) -> None:
        """A client without a time-out hangs; one that trusts the length of what came parses half."""
        control(sandbox, "POST", "/faults", json={"system": "freshdesk", "kind": "slow", "seconds": 0.2})
        started = time.monotonic()
        assert freshdesk(sandbox, "agents/me").status_code == 200
        assert time.monotonic() - started >= 0.2
        control(sandbox, "POST", "/faults", json={"system": "freshdesk", "kind": "truncated"})
        with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
            freshdesk(sandbox, "agents/me")

    def test_faults_by_chance_repeat_by_seed(self, sandbox: Sandbox) -> None:
        """A campaign lets a share of the calls fail; a failing seed must fail again."""
        fault = {"system": "freshdesk", "kind": "html 503", "times": 1000, "chance": 0.3}
        control(sandbox, "POST", "/faults", json=fault)
        codes = [freshdesk(sandbox, "agents/me").status_code for _ in range(60)]
        assert {200, 503} == set(codes)
        assert codes.count(503) < 40
        control(sandbox, "DELETE", "/faults")

    def test_chances_of_webhooks(self, sandbox: Sandbox) -> None:
        """Set by system, read back, forgotten by a reset."""
        body = {"system": "jira", "lose": 0.5}
        assert control(sandbox, "POST", "/hooks", json=body).json()["chances"]["jira"]["lose"] == 0.5
        for wrong in ({"system": "jira", "lose": 2}, {"system": "jira", "eat": 1}, {"lose": 1}):
            assert control(sandbox, "POST", "/hooks", json=wrong).status_code == 400
        assert control(sandbox, "DELETE", "/hooks").json() == {"pending": 0, "chances": {}, "log": []}

    @pytest.mark.parametrize(
        "fault",
        [
            {"system": "jira"},
            {"system": "jira", "kind": "429 rack"},
            {"system": "jira", "kind": "reset", "chance": 2},
            {"system": "jira", "kind": "flood"},
            {"system": "jira", "kind": "reset", "path": "("},
            {"system": "jira", "kind": "answer", "status": 7},
            {"system": "jira", "kind": "reset", "often": 3},
        ],
    )
    def test_faults_refuse_bad_input(self, sandbox: Sandbox, fault: dict[str, Any]) -> None:
        """A fault that can never be played would make a test pass for nothing."""
        assert control(sandbox, "POST", "/faults", json=fault).status_code == 400

    def test_latency_calls_and_reset(self, sandbox: Sandbox) -> None:
        """Slow answers are counted answers; a reset forgets all of it but the credentials."""
        control(sandbox, "POST", "/latency", json={"seconds": 0.05})
        started = time.monotonic()
        freshdesk(sandbox, "agents/me")
        assert time.monotonic() - started >= 0.05
        assert control(sandbox, "GET", "/calls").json()["freshdesk"] >= 1
        assert control(sandbox, "POST", "/latency", json={"seconds": -1}).status_code == 400
        assert control(sandbox, "POST", "/reset").json() == {"reset": True}
        assert control(sandbox, "GET", "/calls").json() == {"freshdesk": 0, "jira": 0, "gitlab": 0}
        assert control(sandbox, "GET", "/outbox").json() == []
        assert freshdesk(sandbox, "agents/me").status_code == 200

    def test_a_snapshot_of_all_three_and_back(self, sandbox: Sandbox, tmp_path: Path) -> None:
        """What was set up once is the start of a run, at other addresses and with other credentials."""
        made = freshdesk(sandbox, "companies", "POST", json={"name": "Kept Ltd"}).json()
        path = {"path": str(tmp_path / "kept")}
        assert control(sandbox, "POST", "/snapshot", json=path).json() == path
        freshdesk(sandbox, f"companies/{made['id']}", "DELETE")
        now = control(sandbox, "GET", "/clock").json()["now"]
        control(sandbox, "POST", "/clock", json={"advance": 86400})
        assert control(sandbox, "POST", "/restore", json=path).status_code == 200
        assert freshdesk(sandbox, f"companies/{made['id']}").json()["name"] == "Kept Ltd"
        assert control(sandbox, "GET", "/clock").json()["now"][:10] == now[:10]
        with Sandbox.running(seed=9, snapshot=tmp_path / "kept") as other:
            assert freshdesk(other, f"companies/{made['id']}").json()["name"] == "Kept Ltd"
        assert control(sandbox, "POST", "/restore", json={"path": "/none"}).status_code == 400
        assert control(sandbox, "POST", "/snapshot", json={}).status_code == 400

    def test_foreign_host_names_are_refused(self, sandbox: Sandbox) -> None:
        """A web page whose name points at this machine must not steer the sandbox."""
        assert control(sandbox, "GET", "/outbox", headers={"Host": "evil.example"}).status_code == 400

    def test_home_links_to_everything(self, sandbox: Sandbox) -> None:
        """A person starts there."""
        page = control(sandbox, "GET", "/").text
        assert all(word in page for word in ("/outbox.html", sandbox.urls["jira"], "customer_mail"))


class TestForeground:
    def _start(self, env_file: Path, options: str = "") -> subprocess.Popen[str]:
        command = FOREGROUND + f"serve_forever(Path(sys.argv[1]){options})"
        return subprocess.Popen(
            [sys.executable, "-c", command, str(env_file)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_writes_the_environment_and_stops_cleanly(self, tmp_path: Path, number: int) -> None:
        """One line when it is up, exit code 0 when asked to go, nothing on standard error."""
        env_file = tmp_path / "sandbox.env"
        process = self._start(env_file)
        assert process.stdout
        line = process.stdout.readline()
        values = dict(row.split("=", 1) for row in env_file.read_text().splitlines())
        held = requests.Session()
        assert held.get(values["SANDBOX_CONTROL_URL"], timeout=10).status_code == 200
        process.send_signal(number)
        rest, errors = process.communicate(timeout=15)
        assert (process.returncode, rest, errors) == (0, "", "")
        assert str(env_file) in line
        assert set(values) == NAMES
        assert stat.S_IMODE(env_file.stat().st_mode) == 0o600
        held.close()

    def test_unwritable_environment_ends_it(self, tmp_path: Path) -> None:
        """With the reason; the servers are gone."""
        process = self._start(tmp_path / "none" / "sandbox.env")
        _, errors = process.communicate(timeout=15)
        assert process.returncode != 0
        assert "SandboxError: cannot write the environment" in errors


def test_environment_replaces_a_readable_file(tmp_path: Path) -> None:
    """Keys never stand in a file that others may read, not even for a moment."""
    path = tmp_path / "e"
    path.write_text("old")
    path.chmod(0o644)
    write_environment(path, {"B": "2", "A": "1"})
    assert path.read_text() == "A=1\nB=2\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [p.name for p in tmp_path.iterdir()] == ["e"]


@pytest.mark.parametrize("system", ["freshdesk", "jira", "gitlab"])
def test_whoever_is_killed_while_sending_leaves_no_traceback(
    sandbox: Sandbox, system: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A hub that is killed on purpose would fill the screen with faults that are none."""
    url = urlsplit(sandbox.urls[system])
    assert url.hostname
    assert url.port
    path = {
        "freshdesk": "/api/v2/tickets",
        "jira": "/rest/api/2/issue",
        "gitlab": "/api/v4/projects/1/issues",
    }
    environment = sandbox.environment()
    who = {
        "freshdesk": (environment["FRESHDESK_API_KEY"], "X"),
        "jira": (environment["JIRA_EMAIL"], environment["JIRA_TOKEN"]),
        "gitlab": ("oauth2", environment["GITLAB_TOKEN"]),
    }[system]
    basic = b64encode(":".join(who).encode()).decode()
    head = f"POST {path} HTTP/1.1\r\nHost: {url.netloc}\r\nAuthorization: Basic {basic}\r\n"
    head += f"PRIVATE-TOKEN: {who[1]}\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n"
    before = control(sandbox, "GET", "/calls").json()[system]
    with socket.create_connection((url.hostname, url.port), timeout=10) as line:
        line.sendall(head.encode() + b"{")
        until = time.monotonic() + 10
        while control(sandbox, "GET", "/calls").json()[system] == before and time.monotonic() < until:
            time.sleep(0.01)
    assert freshdesk(sandbox, "tickets").ok
    time.sleep(0.1)  # the server hears of it in a loop of its own
    assert not [record.getMessage() for record in caplog.records if record.exc_info]
