"""What `deploy/` holds fits the program: its commands, its variables, its files. Nothing is built here."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from typer.testing import CliRunner

from deskbridge.cli import app
from deskbridge.parts import ServeSettings
from deskbridge.service import GRACE
from deskbridge.settings import load

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
CONTAINERFILE = (DEPLOY / "Containerfile").read_text("utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
UNITS = sorted(DEPLOY.glob("*.service"))


def commands() -> list[str]:
    """Return every command of the program that a file in the folder starts."""
    found = [
        shlex.join(service["command"]) for service in COMPOSE["services"].values() if "command" in service
    ]
    found += re.findall(
        r"^ExecStart=\S+/deskbridge (.+)$", "\n".join(u.read_text("utf-8") for u in UNITS), re.MULTILINE
    )
    found.append(" ".join(re.findall(r'"([^"]+)"', CONTAINERFILE.rpartition("CMD ")[2])))
    return found


@pytest.mark.parametrize("command", sorted(set(commands())))
def test_every_command_exists_with_its_options(command: str) -> None:
    """A service would end at once, on somebody's server, because an option was renamed."""
    name, *rest = shlex.split(command)
    told = CliRunner().invoke(app, [name, "--help"], terminal_width=200)
    assert told.exit_code == 0
    assert [word for word in rest if word.startswith("--") and word not in told.output] == []


def test_the_container_runs_as_nobody_who_may_do_anything() -> None:
    """A hole in the hub would be one in the machine, or another base would be built tomorrow."""
    last = CONTAINERFILE.rpartition("\nFROM ")[2]
    assert re.search(r"^USER [1-9]\d+:[1-9]\d+$", last, re.MULTILINE)
    assert "HEALTHCHECK" in last
    (base,) = re.findall(r"^ARG BASE=(\S+)$", CONTAINERFILE, re.MULTILINE)
    assert re.fullmatch(r"\S+/python:\d+\.\d+\.\d+-\S+", base)
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", CONTAINERFILE, re.MULTILINE)
    assert [name for line in copied for name in line.split() if not (ROOT / name).exists()] == []
    for service in ("hub", "worker"):
        one = COMPOSE["services"][service]
        assert one["read_only"]
        assert one["cap_drop"] == ["ALL"]


def test_each_container_answers_where_its_health_is_asked_for() -> None:
    """A worker that is well would be started again and again, or one that is not be left alone."""
    (asked,) = re.findall(r"http://127\.0\.0\.1:(\d+)/readyz", CONTAINERFILE)
    worker = COMPOSE["services"]["worker"]
    assert "healthcheck" not in worker
    assert worker["command"][worker["command"].index("--port") + 1] == asked
    assert "--port" not in COMPOSE["services"]["hub"]["command"]
    assert ServeSettings().port == int(asked)


def test_an_end_in_order_is_waited_for() -> None:
    """What was begun would be cut off at each restart, and looked for at the next start."""
    graces = [
        int(COMPOSE["services"][name]["stop_grace_period"].removesuffix("s")) for name in ("hub", "worker")
    ]
    graces += [
        int(n)
        for n in re.findall(r"TimeoutStopSec=(\d+)", (DEPLOY / "deskbridge.service").read_text("utf-8"))
    ]
    assert len(graces) == 3
    assert min(graces) > GRACE.total_seconds()


def test_a_night_that_was_cut_off_stops_no_later_backup() -> None:
    """A power cut between a backup and its new name would end all backups, and nobody would notice."""
    unit = (DEPLOY / "deskbridge-backup.service").read_text("utf-8")
    (made,) = re.findall(r"^ExecStart=\S+/deskbridge backup (\S+)$", unit, re.MULTILINE)
    (removed,) = re.findall(r"^ExecStartPre=-/bin/rm -f (\S+)$", unit, re.MULTILINE)
    (moved,) = re.findall(r"^ExecStartPost=/bin/sh -c 'mv (\S+) ", unit, re.MULTILINE)
    assert made == removed == moved


def test_the_example_of_the_environment_is_enough_for_the_example_of_settings(tmp_path: Path) -> None:
    """Whoever copies both would be told of a secret that no example names, or of a key that there is not."""
    lines = (DEPLOY / "deskbridge.env.example").read_text("utf-8").splitlines()
    names = [line.removesuffix("=") for line in lines if line and not line.startswith("#")]
    environment = dict.fromkeys(names, "a-secret-of-an-example")
    text = (ROOT / "settings.toml").read_text("utf-8")
    wanted = set(re.findall(r'^secret = "env:(\w+)"', text, re.MULTILINE))
    assert wanted
    assert wanted <= environment.keys()
    store = COMPOSE["services"]["hub"]["environment"]["DESKBRIDGE_HUB__STORE"]
    address = re.sub(r"\$\{(\w+)[^}]*\}", lambda found: environment[found[1]], store)
    named = dict.fromkeys(re.findall(r'^[^#\n]*"env:(\w+)"', text, re.MULTILINE), "x-secret-of-an-example")
    settings = load(ROOT / "settings.toml", named | environment | {"DESKBRIDGE_HUB__STORE": address})
    assert settings.hub.store.get_secret_value() == address
    assert address.startswith("postgresql+psycopg://deskbridge:a-secret-of-an-example@database/")
