"""`check`."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from deskbridge.cli.options import DEFAULT_SETTINGS, SettingsFile


def check(
    live: Annotated[bool, typer.Option("--live", help="Ask every system whether it can work.")] = False,
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """List all problems of the settings at once; with --live, of the live systems too. Nothing is written.

    Ends with 0, with 1 if a system did not answer, with 2 if the settings cannot work, with 3 if a
    credential was refused.

    Example: deskbridge check --live
    """
    from deskbridge.bootstrap import connectors_of, system_time  # heavy: --help does without
    from deskbridge.check import ask
    from deskbridge.settings import load

    loaded = load(settings, os.environ)
    connectors = connectors_of(loaded, system_time)
    if not live:
        typer.echo(f"{settings}: all is well. `deskbridge check --live` asks the systems too.")
        return
    answer = ask(loaded, connectors)
    typer.echo(str(answer))
    raise typer.Exit(answer.exit_code)
