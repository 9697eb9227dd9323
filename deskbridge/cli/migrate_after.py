"""`migrate`: what is done after a run: old numbers lead to new ones."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from deskbridge.cli.migrate_before import Source
from deskbridge.cli.options import DEFAULT_SETTINGS, AsJson, SettingsFile


def redirects(
    source: Source = None,
    to: Annotated[
        str | None, typer.Option("--to", metavar="CONNECTION", help="Only where they are there.")
    ] = None,
    as_json: AsJson = False,
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """Print where each old number and address is now, as CSV, for whatever serves the old addresses.

    `deskbridge serve` sends staff on by itself: /old/CONNECTION/NUMBER, or /old?ticket=ADDRESS.

    Example: deskbridge migrate redirects > redirects.csv
    """
    from connectors.errors import ConfigError  # heavy: --help does without
    from deskbridge.bootstrap import build
    from deskbridge.migration.estimating import source_of
    from deskbridge.migration.redirects import csv_rows, json_rows
    from deskbridge.words import nearest

    application = build(settings, os.environ)
    home, known = source_of(application, source), application.settings.connections
    if to is not None and to not in known:
        raise ConfigError([f"no connection is called {to!r}{nearest(to, known)}"])
    found = application.store.movings.all(home, to or "")
    for row in json_rows(found) if as_json else csv_rows(found):
        typer.echo(row, nl=False)
