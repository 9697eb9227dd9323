"""`backup` and `restore`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from deskbridge.cli.options import DEFAULT_SETTINGS, SettingsFile


def backup(
    file: Annotated[Path, typer.Argument(help="A new file; its folder must be there.")],
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """Copy the whole store into one new file, as it is at one moment, while the hub works.

    The file is checked, only its owner may read it, and it is the same for both databases: a SQLite store.
    It holds texts and names, and not the hub's secret, without which it is of no use: keep that too.

    Example: deskbridge backup /var/backups/hub-monday.sqlite3
    """
    from deskbridge.copying import backed_up  # heavy: --help does without

    typer.echo(backed_up(settings, os.environ, file))


def restore(
    file: Annotated[Path, typer.Argument(help="What `backup` wrote.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Even if the store holds something; a file is kept beside.")
    ] = False,
    complete: Annotated[
        bool, typer.Option("--complete", help="Nothing worked since: the store only moves.")
    ] = False,
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """Make the store of the settings what a backup holds: a file or a PostgreSQL database.

    End all processes first. What the tools were told since the backup is unknown to it, so that nothing is
    written in any tool before `deskbridge recover --apply`; with --complete the hub goes on at once.

    Example: deskbridge restore hub-monday.sqlite3 --replace
    """
    from deskbridge.copying import restored  # as in `backup`

    typer.echo(restored(settings, os.environ, file, replace=replace, complete=complete))
