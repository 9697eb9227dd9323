"""`deskbridge customer`: links to customers' pages, made on the hub's machine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from connectors.errors import ConfigError
from deskbridge.bootstrap import build
from deskbridge.cli import named
from deskbridge.sharing import opened
from tests.web.conftest import ENVIRONMENT, dead_address, settings_in


def test_a_link_is_made_listed_and_revoked(tmp_path: Path) -> None:
    """Otherwise a customer gets no page, or keeps one that nobody can take back."""
    environment = dict(ENVIRONMENT)
    for name in ("DESK", "JIRA", "GITLAB"):
        environment[f"DESKBRIDGE_CONNECTIONS__{name}__URL"] = dead_address()
    environment["DESKBRIDGE_SERVE__ADDRESS"] = "https://hub.example"
    environment["DESKBRIDGE_SETTINGS"] = str(settings_in(tmp_path))

    def run(*words: str) -> str:
        ended = CliRunner().invoke(named(["customer"]), ["customer", *words], env=environment)
        if isinstance(ended.exception, ConfigError):
            raise ended.exception
        assert ended.exit_code == 0, ended.output
        return ended.stdout

    assert run("links") == "There are no links.\n"
    address = run("link", "lantern", "--days", "5").strip()
    assert address.startswith("https://hub.example/c/1-")
    hub = build(tmp_path / "settings.toml", environment)
    token = address.rpartition("/")[2]
    found = opened(hub, token, hub.now())
    assert found is not None
    assert found.customer == "lantern"
    [row] = json.loads(run("links", "--json"))
    assert (row["customer"], row["good"], row["used"]) == ("lantern", True, None)
    listed = run("links")
    assert "never used" in listed
    assert token not in listed + json.dumps(row)
    for wrong in (("lanter",), ("lantern", "--days", "0")):
        with pytest.raises(ConfigError):
            run("link", *wrong)
    run("link", "orbit")
    assert run("link", "lantern", "--revoke") == "1 link opens nothing any more.\n"
    assert run("link", "lantern", "--revoke") == "0 links open nothing any more.\n"
    assert opened(hub, token, hub.now()) is None
    assert [one["good"] for one in json.loads(run("links", "--json"))] == [True, False]
    hub.store.database.close()
