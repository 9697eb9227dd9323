"""`deskbridge account`: who may sign in, made on the hub's machine."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from connectors.errors import ConfigError
from deskbridge.cli import named
from deskbridge.passwords import fits
from deskbridge.tokens import recognise
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
        """Run `account` to its end and return what it printed. Raises ConfigError as the program would."""
        return self.typed("account", *words, typed=typed)

    def typed(self, *words: str, typed: str = "") -> str:
        """Run a command to its end, see `run`."""
        ended = CliRunner().invoke(named(words), words, input=typed, env=self.environment)
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


def test_a_token_is_shown_once_and_taken_back(machine: Machine) -> None:
    """Otherwise a program cannot be let in or shut out, or whoever reads the store asks in its name."""
    machine.run("add", "Ada", "--role", "admin", "--no-password")
    said = machine.run("token", "add", "ada", "--role", "viewer", "--days", "7", "--for", "wallboard")
    token = said.splitlines()[-1]
    id_ = token.split("_")[1]
    [row] = json.loads(machine.run("token", "list", "--json"))
    assert (row["id"], row["account"], row["role"], row["for"]) == (id_, "Ada", "viewer", "wallboard")
    assert row["used"] is None
    assert f"{id_}  Ada  viewer  until" in machine.run("token", "list")
    store = open_store(machine.folder / "store.sqlite3")
    bearer = recognise(store, token, store.tokens.all()[0].created)
    assert bearer
    assert (bearer.name, bearer.role) == ("Ada", "viewer")
    expires = store.tokens.all()[0].expires
    assert expires - store.tokens.all()[0].created == timedelta(days=7)
    assert recognise(store, token, expires) is None
    assert recognise(store, token[:-1], store.tokens.all()[0].created) is None
    assert recognise(store, f"dbt_{id_}_", store.tokens.all()[0].created) is None
    assert token not in repr(store.audit.newest(9))
    store.database.close()
    kept = b"".join(file.read_bytes() for file in machine.folder.glob("store.sqlite3*"))
    assert token.rpartition("_")[2].encode() not in kept
    machine.run("token", "remove", id_)
    assert machine.run("token", "list") == "There are no tokens.\n"


def test_a_token_has_no_more_rights_than_its_account(machine: Machine) -> None:
    """Otherwise a token makes a viewer an admin, or outlives who it was made for."""
    machine.run("add", "vic", "--no-password")
    machine.refuses("vic is viewer and cannot have", "token", "add", "vic", "--role", "admin")
    machine.refuses("1 to 366 days", "token", "add", "vic", "--days", "0")
    machine.refuses("no account 'vik'; did you mean 'vic'", "token", "add", "vik")
    machine.refuses("no token 'x'", "token", "remove", "x")
    machine.run("role", "vic", "admin")
    token = machine.run("token", "add", "vic").splitlines()[-1]
    machine.run("role", "vic", "agent")
    store = open_store(machine.folder / "store.sqlite3")
    bearer = recognise(store, token, store.tokens.all()[0].created)
    assert bearer
    assert bearer.role == "agent"
    machine.run("remove", "vic")
    assert store.tokens.all() == []
    store.database.close()
