"""`webhooks install`, `webhooks check` and `webhooks secret`."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from connectors.errors import ConfigError
from deskbridge.cli.options import DEFAULT_SETTINGS, AsJson, SettingsFile

app = typer.Typer(no_args_is_help=True, help="The webhooks by which the systems call the hub.")


@app.command()
def install(
    apply: Annotated[
        bool, typer.Option("--apply", help="Make them; else only say what would be made.")
    ] = False,
    as_json: AsJson = False,
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """Have every system call the hub for each change, as far as its API allows; say what a person must do.

    Without --apply nothing is written. A second time changes nothing.

    Example: deskbridge webhooks install --apply
    """
    _each(settings, apply=apply, as_json=as_json, must_be_whole=False)


@app.command()
def check(as_json: AsJson = False, settings: SettingsFile = DEFAULT_SETTINGS) -> None:
    """Say what is missing of the webhooks, and which came. Nothing is written.

    Ends with 0 if every system calls the hub, else with 1.

    Example: deskbridge webhooks check
    """
    _each(settings, apply=False, as_json=as_json, must_be_whole=True)


@app.command()
def secret(
    connection: Annotated[str, typer.Argument(help="The connection whose webhooks are set up by hand.")],
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """Print a connection's webhook address and secret, for the person who sets it up by hand.

    Example: deskbridge webhooks secret desk
    """
    from deskbridge.hooks import hook_of
    from deskbridge.settings import load

    loaded = load(settings, os.environ)
    if connection not in loaded.connections:
        raise ConfigError(
            [f"no connection is called {connection!r}; there are {', '.join(loaded.connections)}"]
        )
    hook = hook_of(loaded, connection)
    typer.echo(f"{hook.url}\n{hook.secret}")


def _each(path: Path, *, apply: bool, as_json: bool, must_be_whole: bool) -> None:
    from deskbridge.bootstrap import build  # heavy: --help does without
    from deskbridge.hooks import hook_lines, install_hooks

    results = install_hooks(build(path, os.environ), apply=apply)
    if as_json:
        typer.echo(json.dumps([result.data() for result in results], indent=2))
    else:
        typer.echo("\n".join(line for result in results for line in hook_lines(result, applied=apply)))
    codes = [result.exit_code for result in results]
    whole = not any(result.would or result.by_hand for result in results)
    raise typer.Exit(max(codes, default=0) or int(must_be_whole and not whole))
