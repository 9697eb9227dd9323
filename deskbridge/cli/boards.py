"""`boards plan` and `boards apply`."""

from __future__ import annotations

import os

import typer

from connectors.base import Connector
from deskbridge.bootstrap import connectors_of, system_time
from deskbridge.cli.options import DEFAULT_SETTINGS, SettingsFile
from deskbridge.desk import boards_of
from deskbridge.settings import load
from mappings.boards import BoardSpec, Step

app = typer.Typer(no_args_is_help=True, help="The customers' boards in the tools.")


@app.command()
def plan(settings: SettingsFile = DEFAULT_SETTINGS) -> None:
    """Print what would make each customer's board as the settings want it. Nothing is written.

    Example: deskbridge boards plan
    """
    for name, connector, spec in _boards(settings):
        _print(name, connector.plan_board(spec))


@app.command()
def apply(settings: SettingsFile = DEFAULT_SETTINGS) -> None:
    """Make each customer's board as the settings want it; a second time changes nothing.

    Example: deskbridge boards apply
    """
    for name, connector, spec in _boards(settings):
        for step in connector.plan_board(spec):
            if not step.manual:
                typer.echo(f"{name}: {step.what}")
        _print(name, connector.apply_board(spec))


def _boards(path: SettingsFile) -> list[tuple[str, Connector, BoardSpec]]:
    settings = load(path, os.environ)
    connectors = connectors_of(settings, system_time)
    return [(name, connectors[c], spec) for name, (c, spec) in boards_of(settings).items()]


def _print(name: str, steps: list[Step]) -> None:
    for step in steps:
        typer.echo(f"{name}: {'by hand: ' if step.manual else ''}{step.what}")
    if not steps:
        typer.echo(f"{name}: as it should be")
