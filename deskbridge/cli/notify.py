"""`notify list` and `notify test`."""

from __future__ import annotations

import json
import os
from typing import Annotated

import typer

from connectors.errors import ConfigError
from deskbridge.cli.options import DEFAULT_SETTINGS, AsJson, SettingsFile

app = typer.Typer(no_args_is_help=True, help="The channels by which people are told outside the tools.")


@app.command("list")
def list_(as_json: AsJson = False, settings: SettingsFile = DEFAULT_SETTINGS) -> None:
    """List the channels, what each of them is, and what waits to be sent there. No address is printed.

    Example: deskbridge notify list
    """
    from deskbridge.bootstrap import build  # heavy: --help does without
    from deskbridge.notify import standing

    application = build(settings, os.environ)
    rows = standing(application.settings, application.store.outbox)
    if as_json:
        typer.echo(json.dumps([row.as_json() for row in rows], indent=2))
        return
    typer.echo("\n".join(map(str, rows)) or "There is no channel: add [notify.NAME] to the settings.")


@app.command("test")
def try_(
    channel: Annotated[str, typer.Argument(help="The channel's name in the settings.")],
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """Send one message by a channel now, and say whether it was taken. Nothing else is sent.

    Ends with 0, or with 1 if it was not taken.

    Example: deskbridge notify test duty
    """
    from deskbridge.bootstrap import system_time
    from deskbridge.channels import channels_of
    from deskbridge.notify import trial
    from deskbridge.settings import load
    from deskbridge.words import nearest

    channels = channels_of(load(settings, os.environ))
    if channel not in channels:
        raise ConfigError([f"no channel is called {channel!r}{nearest(channel, channels)}"])
    channels[channel].send(trial(channel, system_time()))
    typer.echo(f"{channel}: {channels[channel].kind} took the message; look whether it arrived.")
