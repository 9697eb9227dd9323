"""`deskbridge account`: who may sign in, made on the hub's machine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from connectors.errors import ConfigError
from deskbridge.cli import app
from deskbridge.passwords import fits
from sync.store import open_store
from tests.web.conftest import ENVIRONMENT, dead_address, settings_in

PASSWORD = "correct horse battery"


class Machine:
    """The hub's machine, and somebody who types there."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.environment = folder, dict(ENVIRONMENT)
        for name in ("DESK", "JIRA", "GITLAB"):
            self.environment[f"DESKBRIDGE_CONNECTIONS__{name}__URL"] = dead_address()
        self.environment["DESKBRIDGE_SETTINGS"] = str(settings_in(folder))

    def run(self, *words: str, typed: str = "") -> str:
        """Run a command to its end and return what it printed. Raises ConfigError as the program would."""
        ended = CliRunner().invoke(app, ["account", *words], input=typed, env=self.environment)
        if isinstance(ended.exception, ConfigError):
            raise ended.exception
        assert ended.exit_code == 0, ended.output
        return ended.output

    def refuses(self, what: str, *words: str, typed: str = "") -> None:
        """Check that a command is refused with these words."""
        with pytest.raises(ConfigError, match=what):
            self.run(*words, typed=typed)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A hub on whose machine nobody has typed anything yet."""
    return Machine(tmp_path)


def test_an_account_is_made_changed_and_removed(machine: Machine) -> None:
    """Otherwise nobody can be let in, made less, or shut out."""
    assert machine.run("list") == "Nobody may sign in.\n"
    assert machine.run("add", "Ada", "--role", "admin", "--stdin", typed=f"{PASSWORD}\n") == (
        "Ada may sign in as admin.\n"
    )
    assert machine.run("add", "Remote", "--no-password") == "Remote may sign in as viewer.\n"
    machine.run("role", "ada", "agent")
    machine.run("password", "ada", "--stdin", typed="another long password\n")
    rows = json.loads(machine.run("list", "--json"))
    assert [(row["name"], row["role"], row["password"]) for row in rows] == [
        ("Ada", "agent", True),
        ("Remote", "viewer", False),
    ]
    store = open_store(machine.folder / "store.sqlite3")
    ada = store.accounts.find("ada")
    assert ada
    assert fits("another long password", ada.password)
    assert not fits(PASSWORD, ada.password)
    machine.run("remove", "REMOTE")
    acts = [act.act for _, act in store.audit.newest(9)]
    assert acts == ["account remove", "account password", "account role", "account add", "account add"]
    assert PASSWORD not in repr(store.audit.newest(9))
    store.database.close()


def test_what_will_not_do_is_refused_in_plain_words(machine: Machine) -> None:
    """Otherwise somebody has a password that is guessed, or an account that nobody sees."""
    machine.refuses("12 at least", "add", "ada", "--stdin", typed="short\n")
    machine.refuses("easily guessed", "add", "ada", "--stdin", typed="aaaaaaaaaaaaaaa\n")
    machine.refuses("easily guessed", "add", "marigold", "--stdin", typed="xx-Marigold-2026\n")
    machine.refuses("no role 'boss'; there are", "add", "ada", "--role", "boss", "--stdin")
    machine.refuses("letters that can be seen", "add", " ", "--stdin", typed=f"{PASSWORD}\n")
    machine.refuses("no account 'ada'", "password", "ada", "--stdin", typed=f"{PASSWORD}\n")
    machine.refuses("give it with --stdin", "add", "ada")
    machine.run("add", "ada", "--no-password")
    machine.refuses("an account 'ADA' already", "add", "ADA", "--no-password")
