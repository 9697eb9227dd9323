"""`init`."""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from deskbridge.cli.options import DEFAULT_SETTINGS, SettingsFile


def init(
    connection: Annotated[
        list[str] | None, typer.Option("--connection", help="NAME=SYSTEM:URL; once for each system.")
    ] = None,
    project: Annotated[
        list[str] | None, typer.Option("--project", help="NAME=KEY: in which project a connection works.")
    ] = None,
    zone: Annotated[str, typer.Option("--zone", help="The customers' time zone, like Europe/Rome.")] = "UTC",
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """Write commented settings from what the systems have; a file that is there is never overwritten.

    Secrets are read from the environment and stay there: NAME_API_KEY or FRESHDESK_API_KEY, NAME_TOKEN or
    JIRA_TOKEN (with JIRA_EMAIL), NAME_TOKEN or GITLAB_TOKEN. The first Freshdesk serves the customers, else
    the first system named. Who shows the same mail address in several systems goes into a first people.csv.

    Example: deskbridge init --connection desk=freshdesk:https://you.freshdesk.com --zone Europe/Rome
    """
    from connectors.errors import ConfigError  # heavy: --help does without
    from deskbridge.bootstrap import connectors_of, system_time
    from deskbridge.check import ask as check_live
    from deskbridge.first_people import PEOPLE, people_text, with_people
    from deskbridge.init import ask, settings_text, wanted, write
    from deskbridge.settings import load

    if settings.exists():
        raise ConfigError([f"{settings}: it is there already and is not overwritten"])
    found = ask(wanted(connection or [], os.environ), os.environ, system_time)
    chosen = {text.partition("=")[0]: text.partition("=")[2] for text in project or []}
    table = settings.parent / PEOPLE
    people = "" if table.exists() else people_text(with_people(found, os.environ, system_time))
    text = settings_text(found, zone=zone, chosen=chosen, table=bool(people))
    environment = {"DESKBRIDGE_SECRET": secrets.token_hex(16)} | dict(os.environ)
    with tempfile.TemporaryDirectory() as folder:
        trial = Path(folder) / settings.name
        trial.write_text(text, encoding="utf-8")
        if people:
            trial.with_name(PEOPLE).write_text(people, encoding="utf-8")
        loaded = load(trial, environment)
    if people:
        write(table, people)
        typer.echo(
            f"{table} is written: {people.count(chr(10)) - 1} people with one address in several systems."
        )
    write(settings, text)
    typer.echo(
        f"{settings} is written. Read it through, above all who reads each place. The systems say to it:"
    )
    answer = check_live(loaded, connectors_of(loaded, system_time), system_time())
    typer.echo(str(answer))
    if not os.environ.get("DESKBRIDGE_SECRET"):
        typer.echo("Now set DESKBRIDGE_SECRET: openssl rand -hex 16")
    raise typer.Exit(answer.exit_code)
