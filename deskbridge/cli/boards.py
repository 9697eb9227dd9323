"""`boards plan`, `boards apply` and `boards show`."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from connectors.errors import WireError
from deskbridge.cli.options import DEFAULT_SETTINGS, SettingsFile

if TYPE_CHECKING:
    from connectors.base import Connector
    from mappings.boards import BoardSpec, Step

app = typer.Typer(no_args_is_help=True, help="The customers' boards in the tools.")


@app.command()
def plan(settings: SettingsFile = DEFAULT_SETTINGS) -> None:
    """Print what would make each customer's board as the settings want it. Nothing is written.

    Example: deskbridge boards plan
    """
    _each(settings, lambda name, connector, spec: _print(name, connector.plan_board(spec)))


@app.command()
def apply(settings: SettingsFile = DEFAULT_SETTINGS) -> None:
    """Make each customer's board as the settings want it; a second time changes nothing.

    Example: deskbridge boards apply
    """
    _each(settings, _apply)


@app.command()
def show(settings: SettingsFile = DEFAULT_SETTINGS) -> None:
    """Print each customer's board as the tool has it, and what is not as the settings want it.

    Nothing is written. Ends with 0 though boards differ; with another code where a tool did not answer.

    Example: deskbridge boards show
    """
    from deskbridge.report import board_lines
    from deskbridge.settings import load

    customers = load(settings, os.environ).customers

    def shown(name: str, connector: Connector, spec: BoardSpec) -> None:
        lines = board_lines(connector.show_board(spec), connector.plan_board(spec))
        who = customers[spec.customer]
        facts = [("contacts", ", ".join(who.contacts)), *who.dris.items(), *who.links.items()]
        typer.echo(f"{name}: {who.name}")
        for line in (*lines, *(f"{what}: {text}" for what, text in facts if text)):
            typer.echo(f"  {line}")

    _each(settings, shown)


def _each(path: Path, do: Callable[[str, Connector, BoardSpec], None]) -> None:
    """Do something for each board; one that fails does not stop the others."""
    from deskbridge.bootstrap import connectors_of, system_time  # as in `check`
    from deskbridge.desk import boards_of
    from deskbridge.report import complaint
    from deskbridge.settings import load

    settings, code = load(path, os.environ), 0
    connectors = connectors_of(settings, system_time)
    for name, (connection, spec) in boards_of(settings).items():
        try:
            do(name, connectors[connection], spec)
        except WireError as error:
            typer.echo(f"deskbridge: board {name}: {complaint(error)}", err=True)
            code = max(code, error.exit_code or 1)
    raise typer.Exit(code)


def _apply(name: str, connector: Connector, spec: BoardSpec) -> None:
    for step in connector.plan_board(spec):
        if not step.manual:
            typer.echo(f"{name}: {step.what}")
    _print(name, connector.apply_board(spec))


def _print(name: str, steps: list[Step]) -> None:
    for step in steps:
        typer.echo(f"{name}: {'by hand: ' if step.manual else ''}{step.what}")
    if not steps:
        typer.echo(f"{name}: as it should be")
