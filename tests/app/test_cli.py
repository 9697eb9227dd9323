"""What people type, over real HTTP: what is printed, what is written, and how it ends."""

# ruff: noqa: E501 - messages are compared whole

from __future__ import annotations

import json
import shlex
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deskbridge.check import HEADING
from deskbridge.cli import named
from deskbridge.demo.people import Tool
from tests.app.program import Ended, Hub, wait_until
from tests.cli_page import all_commands

COMMANDS = {name: command for name, command in all_commands().items() if not command.is_group}
DEAD = "http://127.0.0.1:9"
READY = {"desk: ready", "jira: ready", "gitlab: ready"}


def told(ended: Ended) -> set[str]:
    """What was said of each connection, without who we are there."""
    return {line.partition(", as ")[0] for line in answers(ended)}


def answers(ended: Ended) -> list[str]:
    """What `check --live` said of each connection, without what is only good to know."""
    return ended.out.partition(f"\n\n{HEADING}\n")[0].splitlines()


class TestCheck:
    def test_good_settings(self, hub: Hub) -> None:
        """Somebody with good settings would be told otherwise, or a mere check would call the systems."""
        (hub.folder / "store.sqlite3").unlink()
        hub.settings.rename(hub.folder / "other.toml")
        ended = hub.end(hub.start("check", DESKBRIDGE_SETTINGS="other.toml"))
        assert (ended.code, ended.err) == (0, "")
        assert ended.out == "other.toml: all is well. `deskbridge check --live` asks the systems too.\n"
        assert set(hub.calls().values()) == {0}
        assert sorted(path.name for path in hub.folder.iterdir()) == ["other.toml"]

    def test_live(self, hub: Hub) -> None:
        """A desk that works would be called broken, or be changed by the question."""
        hub.refuse_writes()
        ended = hub.end(hub.start("check", "--live"))
        assert (ended.code, ended.err, told(ended)) == (0, "", READY)
        assert hub.writes_refused() == 0

    def test_remarks_stand_apart(self, hub: Hub) -> None:
        """What no call tells would be known by nobody, or good settings would look broken and end with 2."""
        ended = hub.end(hub.start("check", "--live"))
        assert (ended.code, told(ended)) == (0, READY)
        known = ended.out.partition(f"{HEADING}\n")[2].splitlines()
        assert {line.strip().partition(":")[0].partition(" ")[0] for line in known} == {
            "desk",
            "jira",
            "gitlab",
        }
        assert any("Email Notifications" in line for line in known)

    def test_wrong_keys(self, hub: Hub) -> None:
        """A wrong key would not be told in one message that says whose it is and what to do."""
        wrong = ("FRESHDESK_API_KEY", "JIRA_TOKEN", "GITLAB_TOKEN")
        ended = hub.run("check", "--live", **dict.fromkeys(wrong, "wrong-key-0123456789"))
        assert (ended.code, ended.err) == (3, "")
        for name, line in zip(("desk", "jira", "gitlab"), ended.lines, strict=True):
            assert line.startswith(f"{name}: GET ")
            assert ": 401 " in line
            assert line.endswith(
                f"; correct the user and secret of [connections.{name}], then `deskbridge check --live`"
            )

    def test_a_dead_server(self, hub: Hub) -> None:
        """A system that is down would hide what the others say, or end in a traceback."""
        ended = hub.run("check", "--live", DESKBRIDGE_CONNECTIONS__JIRA__URL=DEAD)
        assert (ended.code, ended.err) == (1, "")
        (line,) = [line for line in answers(ended) if "ready" not in line]
        assert line == "jira: GET api/2/myself: 127.0.0.1:9 cannot be reached; is its address right?"

    def test_places_and_fields_that_are_not_there(self, hub: Hub) -> None:
        """The first tickets would be parked for what could have been known before."""
        hub.change(
            ('kind = "10004"', 'kind = "Bugg"'),
            ("harbour/firmware", "harbour/none"),
            ("cf_product_version", "cf_nothing"),
        )
        ended = hub.run("check", "--live")
        assert (ended.code, ended.err) == (2, "")
        assert answers(ended) == [
            (
                "desk: there is no ticket field 'cf_nothing' for version; create it or correct"
                " [connections.desk.fields]"
            ),
            (
                "jira SUP: no issue type 'Bugg' can be created; there are Epic (10000), Story (10001), Task (10002),"
                " Subtask (10003), Bug (10004)"
            ),
            (
                "gitlab: project harbour/none: there is no such project, or deskbridge is not a member; add them as"
                " a Reporter"
            ),
        ]

    def test_a_project_that_is_not_there(self, hub: Hub) -> None:
        """So would they in a project that nobody made, with a field that nobody made."""
        hub.change(('key = "SUP"', 'key = "NOPE"'), ("customfield_10040", "customfield_99999"))
        ended = hub.run("check", "--live")
        assert (ended.code, ended.err) == (2, "")
        assert [line for line in answers(ended) if "ready" not in line] == [
            "jira NOPE: no such project, or the account lacks Browse Projects in it",
            "jira: no field customfield_99999 (for version); see GET field",
        ]


def two_tickets(hub: Hub) -> None:
    """One ticket for both work sides, one for GitLab alone."""
    people = hub.people
    both = people.mail("kim@lantern.example", "Kim Park", "Import stops", "<p>At row 17.</p>")
    people.sort(both, tags=["dev", "firmware"], priority=3)
    people.note(both, "<p>Not for Kim.</p>")
    single = people.mail("giulia@orbit.example", "Giulia Conti", "Reader", "<p>E42</p>")
    people.sort(single, tags=["firmware"], priority=2)


def a_stranger(hub: Hub) -> None:
    """A ticket that is to be worked on, of a customer whom nobody knows."""
    hub.people.sort(hub.people.mail("pat@nowhere.example", "Pat", "Who?", "<p>Hi</p>"), tags=["dev"])


class TestSync:
    def test_plan_says_what_sync_writes(self, hub: Hub) -> None:
        """A plan would write, or sync would write something else, or never come to an end."""
        (hub.folder / "store.sqlite3").unlink()  # a hub's first day: `plan` makes its store
        two_tickets(hub)
        mailed = hub.customers_mailed()
        hub.refuse_writes()
        plan = hub.run("plan")
        before = hub.remembered()
        data = json.loads(hub.run("plan", "--json").out)
        assert (hub.writes_refused(), hub.remembered()) == (0, before)
        hub.control("DELETE", "faults")

        sync = hub.run("sync", "--once")
        writes = [line for line in plan.lines if line.startswith("  ")]
        assert (plan.code, plan.err, sync.code, sync.err) == (0, "", 0, "")
        assert sorted(line for line in sync.lines if line.startswith("  ")) == sorted(writes)
        assert len(writes) > 10
        assert all(line.endswith((" (read by staff, no mail)", ", no mail)")) for line in writes)
        assert [w["what"] for ticket in data for w in ticket["writes"]] == [
            line.partition(": ")[2].rpartition(" (read by ")[0] for line in writes
        ]
        assert sync.lines[-1] == f"looked at 2, written {len(writes)}, postponed 0, parked 0"
        assert "desk #1 = jira SUP-1 = gitlab harbour/firmware#" in sync.out

        again = hub.run("plan", "--all")
        assert (again.code, again.out, again.err) == (0, "Nothing to write: all sides agree.\n", "")
        assert json.loads(hub.run("sync", "--once", "--json").out)["written"] == 0
        assert hub.run("plan", "SUP-1").out == again.out
        assert hub.customers_mailed() == mailed

    def test_a_ticket_nobody_can_place_is_parked(self, hub: Hub) -> None:
        """A ticket would be dropped without a word, or a script would take that for success."""
        a_stranger(hub)
        why = "no customer is known for pat@nowhere.example; add one to the settings"
        planned = hub.run("plan")
        assert planned.lines == [
            "desk #1",
            (
                f"  + desk: tell staff: This ticket waits for a person: {why}; it is tried again whenever it "
                "changes (read by staff, no mail)"
            ),
            f"  ! desk #1: {why}",
        ]
        ended = hub.run("sync", "--once", "--json")
        assert (ended.code, ended.err) == (4, "")
        counted = {"looked_at": 1, "written": 1, "postponed": 0, "parked": 1}
        assert json.loads(ended.out) == {**counted, "parked_before": 0}

    def test_what_was_parked_before_is_no_news(self, hub: Hub) -> None:
        """A timer would raise an alarm after each run for a ticket that somebody already knows about."""
        a_stranger(hub)
        assert hub.run("sync", "--once").code == 4
        ended = hub.run("sync", "--once")
        assert (ended.code, ended.err) == (0, "")
        assert ended.lines[-2:] == [
            "looked at 1, written 0, postponed 0, parked 0",
            "1 parked by earlier runs; `deskbridge parked list` tells why",
        ]
        assert json.loads(hub.run("sync", "--once", "--json").out)["parked_before"] == 1
        assert hub.run("sync", "--once", "--strict").code == 4

    @pytest.mark.parametrize(
        ("broken", "said", "code"),
        [
            (
                {"DESKBRIDGE_CONNECTIONS__JIRA__URL": DEAD},
                "jira: GET api/2/myself: 127.0.0.1:9 cannot be reached; is its address right?",
                0,
            ),
            (
                {"JIRA_TOKEN": "wrong-key-0123456789"},
                (
                    "jira: GET api/2/myself: 401 Client must be authenticated to access this resource; correct the"
                    " user and secret of [connections.jira], then `deskbridge check --live`"
                ),
                3,
            ),
        ],
        ids=["dead", "wrong key"],
    )
    def test_one_system_fails(self, hub: Hub, broken: dict[str, str], said: str, code: int) -> None:
        """One system would stop all tickets, or what a ticket with a side there has elsewhere."""
        two_tickets(hub)
        ended = hub.run("sync", "--once", **broken)
        assert (ended.code, ended.err) == (code, f"deskbridge: {said}\n")
        assert said.partition(":")[2] not in ended.out
        (left,) = [line for line in ended.lines if "again at" in line]
        assert left.startswith("desk #1 = gitlab harbour/firmware#")
        assert " written; again at " in left
        assert left.endswith(" UTC: it waits for jira")
        assert [line for line in ended.lines if line.startswith("desk #2 = gitlab harbour/firmware#")]
        assert ended.lines[-1].endswith("postponed 1, parked 0")
        issues = hub.people.gitlab("GET", "issues", params={"scope": "all"})
        titles = {issue["title"] for issue in issues}
        assert {"Import stops", "Reader"} <= titles

    def test_nothing_is_claimed_about_a_system_that_is_silent(self, hub: Hub) -> None:
        """Somebody would read that all sides agree while one of them was not asked."""
        ended = hub.run("plan", DESKBRIDGE_CONNECTIONS__DESK__URL=DEAD)
        assert (ended.code, ended.out) == (0, "Nothing to write where somebody answered.\n")
        assert ended.err.startswith("deskbridge: desk: ")

    def test_wrong_settings_write_nothing(self, hub: Hub) -> None:
        """Half of the settings would be acted on."""
        (hub.folder / "store.sqlite3").unlink()
        hub.change(('readers = "staff"', 'readers = "stuff"'))
        ended = hub.run("sync", "--once", DESKBRIDGE_CONNECTIONS__DESK__URL="http://desk.example")
        assert (ended.code, ended.out) == (2, "")
        assert ended.err.splitlines() == [
            (
                "deskbridge: environment: DESKBRIDGE_CONNECTIONS__DESK__URL: write https: over http anybody on the way"
                " could read the credential"
            ),
            *(
                f"settings.toml: line {hub.line(f'[places.{place}]') + given}: places.{place}.readers: 'stuff' says not"
                " who reads there; write staff, or customer:KEY of the one customer who does"
                for place, given in (("support-development", 4), ("firmware", 3))
            ),
        ]
        assert set(hub.calls().values()) == {0}
        assert sorted(path.name for path in hub.folder.iterdir()) == ["settings.toml"]

    def test_another_account_is_noticed(self, hub: Hub) -> None:
        """A hub pointed at another account would take its tickets for those it knows."""
        assert hub.run("sync", "--once").code == 0
        ended = hub.run("sync", "--once", FRESHDESK_API_KEY=hub.environment["FRESHDESK_AGENT_API_KEY"])
        assert (ended.code, ended.out) == (2, "")
        assert ended.err.startswith("deskbridge: connections.desk: it was account ")
        assert ended.err.count("\n") == 1

    def test_an_unknown_ticket(self, hub: Hub) -> None:
        """A slip of the pen would end in a traceback or in `nothing to write`."""
        ended = hub.run("plan", "nowhere:1")
        assert (ended.code, ended.out) == (2, "")
        assert ended.err == (
            "deskbridge: no ticket is called 'nowhere:1'; write CONNECTION:KEY, as in desk:42; the connections are"
            " desk, jira, gitlab\n"
        )

    def test_ctrl_c(self, hub: Hub) -> None:
        """Somebody who stops a sync would be shown a traceback, or a script would take it for done."""
        two_tickets(hub)
        before = hub.calls()["gitlab"]
        hub.control("POST", "latency", seconds=0.3)  # long enough to be stopped on a busy machine too
        process = hub.start("sync", "--once")
        wait_until(lambda: hub.calls()["gitlab"] > before + 2)
        process.send_signal(signal.SIGINT)
        ended = hub.end(process)
        hub.control("POST", "latency", seconds=0)
        assert (ended.code, ended.err) == (130, "")


class TestBoards:
    def test_a_board_is_made_once(self, hub: Hub) -> None:
        """A plan would write, or applying would make a second board, or never be satisfied."""
        hub.refuse_writes()
        plan = hub.run("boards", "plan")
        assert hub.writes_refused() == 0
        hub.control("DELETE", "faults")
        first = hub.run("boards", "apply")
        assert (plan.code, first.code, plan.err + first.err) == (0, 0, "")
        assert plan.lines[0].startswith(
            "lantern: create filter 'Lantern Books': project = \"SUP\" AND labels = "
        )
        assert first.lines == [*plan.lines, "lantern: as it should be"]
        hub.refuse_writes()
        second = hub.run("boards", "apply")
        assert (second.code, second.out, second.err) == (0, "lantern: as it should be\n", "")
        assert hub.writes_refused() == 0

    def test_what_there_is_and_how_it_differs_is_shown(self, hub: Hub) -> None:
        """Drift would be seen only by who compares the tools' pages with the settings."""
        hub.change(
            (
                "[customers.orbit]",
                'contacts = ["kim@lantern.example"]\ndris = { support = "Noor" }\n[customers.orbit]',
            ),
            (
                'name = "Lantern Books"\ndomains',
                'name = "Lantern Books"\nlinks = { phone = "+39 02" }\ndomains',
            ),
        )
        hub.refuse_writes()
        before = hub.run("boards", "show")
        assert (before.code, before.err, hub.writes_refused()) == (0, "", 0)
        assert before.lines[:2] == ["lantern: Lantern Books", "  there is no board"]
        assert before.lines[-3:] == ["  contacts: kim@lantern.example", "  support: Noor", "  phone: +39 02"]
        hub.control("DELETE", "faults")
        hub.run("boards", "apply")
        shown = hub.run("boards", "show").lines
        assert shown[1].startswith("  Lantern Books http")
        assert shown[2].startswith('  shows project = "SUP" AND labels = ')
        assert "  as it should be" in shown
        env = hub.environment
        mine = Tool(f"{env['JIRA_URL']}/rest/api/2", (env["JIRA_EMAIL"], env["JIRA_TOKEN"]))
        (kept,) = mine("GET", "filter/favourite")
        mine("PUT", f"filter/{kept['id']}", json={"name": kept["name"], "jql": "project = SUP"})
        drifted = hub.run("boards", "show").lines
        assert "  shows project = SUP" in drifted
        assert [line for line in drifted if line.startswith("  differs: repair filter 'Lantern Books'")]

    def test_one_that_fails_does_not_stop_the_others(self, hub: Hub) -> None:
        """A customer would have no board because another's tool is down."""
        hub.change(
            (
                "[boards.lantern]",
                '[boards.cafe]\ncustomer = "orbit"\nplace = "firmware"\nname = "Cafe"\n[boards.lantern]',
            )
        )
        hub.change(("[boards.cafe]", "[boards.zcafe]"))
        ended = hub.run("boards", "plan", DESKBRIDGE_CONNECTIONS__JIRA__URL=DEAD)
        assert ended.code == 1
        assert ended.out.startswith("zcafe: make the label 'customer-orbit'")
        assert ended.err == (
            "deskbridge: board lantern: jira: GET api/2/project/SUP: 127.0.0.1:9 cannot be reached; is its address"
            " right?\n"
        )


class TestSandbox:
    def test_it_serves_until_it_is_stopped(self, hub: Hub) -> None:
        """A configuration could not be tried: no addresses, no sign that it is up, or no end."""
        process = hub.start("sandbox", "--env-file", "sandbox.env")
        assert process.stdout
        line = process.stdout.readline()
        written = dict(
            row.split("=", 1) for row in (hub.folder / "sandbox.env").read_text("utf-8").splitlines()
        )
        process.send_signal(signal.SIGTERM)
        ended = hub.end(process)
        assert (ended.code, ended.out, ended.err) == (0, "", "")
        assert line.startswith(f"sandbox: freshdesk {written['FRESHDESK_URL']}, jira {written['JIRA_URL']}, ")
        assert line.endswith("environment in sandbox.env\n")

    def test_a_port_in_use(self, hub: Hub) -> None:
        """A traceback would hide which port is taken."""
        port = hub.sandbox.urls["jira"].rpartition(":")[2]
        ended = hub.run("sandbox", "--env-file", "sandbox.env", "--jira-port", port)
        assert (ended.code, ended.out) == (1, "")
        assert ended.err == f"deskbridge: cannot serve jira on port {port}: Address already in use\n"

    @pytest.mark.parametrize("words", [["sandbox", "--env-file", "sandbox.env"], ["demo", "--once"]])
    def test_without_its_packages(self, tmp_path: Path, words: list[str]) -> None:
        """Somebody who installed the hub alone would see a traceback instead of what to install."""
        code = "import sys; sys.modules['starlette'] = None; from deskbridge.cli import main; main()"
        ended = subprocess.run(
            [sys.executable, "-c", code, *words], capture_output=True, text=True, cwd=tmp_path, check=False
        )
        assert (ended.returncode, ended.stdout) == (2, "")
        assert ended.stderr.startswith(
            "deskbridge: the sandbox needs more packages; install deskbridge[web] (starlette"
        )
        assert ended.stderr.count("\n") == 1


class TestUsage:
    def test_help_is_quick(self) -> None:
        """Somebody who asks what there is would wait for the database's and the tools' libraries."""
        code = "import sys, deskbridge.cli; print(*sys.modules)"
        loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert not {"sqlalchemy", "pydantic", "jira", "starlette"} & set(loaded.stdout.split())

    @pytest.mark.parametrize("name", COMMANDS)
    def test_help_shows_an_example_that_is_understood(self, name: str) -> None:
        """Somebody would have to guess how a command is typed, or be shown a command that is refused."""
        shown = CliRunner().invoke(named(name.split()), [*name.split(), "--help"])
        assert shown.exit_code == 0
        lines = [line.strip() for line in shown.output.splitlines()]
        examples = [line for line in lines if line.startswith("Example: ")]
        assert examples
        for example in examples:
            program, *words = shlex.split(example.removeprefix("Example: "))
            assert program == "deskbridge"
            assert " ".join(words).startswith(name)
            assert CliRunner().invoke(named(words), [*words, "--help"]).exit_code == 0

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (["sync"], "say --once"),
            (["plna"], "No such command 'plna'"),
            (["sandbox"], "Missing option '--env-file'"),
            (["sandbox", "--env-file", "x", "--jira-port", "99999"], "less than or equal to 65535"),
            (["check", "--lvie"], "No such option"),
        ],
    )
    def test_a_slip_of_the_pen(self, words: list[str], said: str) -> None:
        """A mistyped command would do something else, or end as if all were well."""
        result = CliRunner().invoke(named(words), words)
        assert (result.exit_code, said in result.output) == (2, True)


def test_a_store_that_fails_under_the_workers_fails_the_command(hub_apart: Hub) -> None:
    """A scheduler would go on for weeks beside a broken disk, each run ending as if all were well."""
    hub = hub_apart
    assert hub.run("sync", "--once").code == 0
    ticket = hub.people.mail("kim@lantern.example", "Kim Park", "Unread", "<p>Help</p>")
    hub.people.sort(ticket, tags=["dev"])
    with closing(sqlite3.connect(next(hub.folder.rglob("store.sqlite3")))) as store:
        store.execute("ALTER TABLE amendments RENAME TO lost")
        ended = hub.run("sync", "--once")
        store.execute("ALTER TABLE lost RENAME TO amendments")
    assert (ended.code, "deskbridge: the store failed (no such table" in ended.err) == (1, True), ended
    assert "Traceback" not in ended.err
    assert hub.run("parked", "list").out == "Nothing is parked.\n", (
        "what the store could not do is nothing to ask people"
    )
    hub.control("POST", "clock", advance=400)
    assert hub.run("sync", "--once").code == 0
    found = hub.people.jira("POST", "api/2/search/jql", json={"jql": "project = SUP", "fields": ["summary"]})
    assert [issue["fields"]["summary"] for issue in found["issues"]] == ["Unread"]


def test_a_full_disk_ends_in_no_traceback_and_doubles_nothing(hub_apart: Hub) -> None:
    """An operator would be shown a traceback with a customer's words in it, or get two issues for a ticket."""
    hub = hub_apart
    assert hub.run("sync", "--once").code == 0
    for number in range(3):
        ticket = hub.people.mail(
            "kim@lantern.example", "Kim Park", f"Full {number}", f"<p>{'word ' * 4000}</p>"
        )
        hub.people.sort(ticket, tags=["dev"])
    store = hub.folder / ".deskbridge" / "store.sqlite3"
    store = store if store.exists() else next(hub.folder.rglob("store.sqlite3"))
    most = max(file.stat().st_size for file in store.parent.glob("store.sqlite3*")) + 8192
    limited = (
        f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({most}, {most}));"
        "from deskbridge.cli import main; main()"
    )
    ended = subprocess.run(
        [sys.executable, "-c", limited, "sync", "--once"],
        cwd=hub.folder,
        env=hub.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, "room where [hub] store points to" in ended.stderr) == (1, True), ended.stderr
    assert "Traceback" not in ended.stderr
    assert "word word" not in ended.stdout + ended.stderr
    with closing(sqlite3.connect(store)) as raw:  # minutes pass: on a full disk nothing can be given back
        for passed in ("claims SET until = 0", "inbox SET due_at = 0", "intents SET sent = 0"):
            raw.execute(f"UPDATE {passed}")
        raw.commit()
    for _ in range(2):
        hub.control("POST", "clock", advance=400)
        assert hub.run("sync", "--once").code == 0
    found = hub.people.jira("POST", "api/2/search/jql", json={"jql": "project = SUP", "fields": ["summary"]})
    assert sorted(issue["fields"]["summary"] for issue in found["issues"]) == ["Full 0", "Full 1", "Full 2"]
