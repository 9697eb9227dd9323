"""`check`."""

from __future__ import annotations

import json
import os
from typing import Annotated

import typer

from connectors.errors import ConfigError
from deskbridge.cli.options import DEFAULT_SETTINGS, AsJson, SettingsFile


def check(
    live: Annotated[bool, typer.Option("--live", help="Ask every system whether it can work.")] = False,
    as_json: AsJson = False,
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """List all problems of the settings at once; with --live, of the live systems too.

    Nothing is written there. Where the hub has a store, the last live answer is kept for the page Settings.

    Ends with 0, with 1 if a system did not answer, with 2 if the settings cannot work, with 3 if a
    credential was refused.

    Example: deskbridge check --live
    """
    from deskbridge.bootstrap import connectors_of, system_time  # heavy: --help does without
    from deskbridge.channels import channels_of
    from deskbridge.check import Answer, ask, refuse, second_fronts
    from deskbridge.feeds import Feeds
    from deskbridge.settings import load
    from sync.store.checked import keep
    from sync.store.dialects import address_of
    from sync.store.peek import identities_at

    try:
        loaded = load(settings, os.environ)
        connectors = connectors_of(loaded, system_time)
        channels_of(loaded)
        refuse(settings, Feeds(loaded, settings).problems() if live else second_fronts(loaded))
    except ConfigError as error:
        if not as_json:
            raise
        typer.echo(json.dumps(Answer(tuple(error.problems), (), error.exit_code).as_json(), indent=2))
        raise typer.Exit(error.exit_code) from None
    if not live:
        well = f"{settings}: all is well. `deskbridge check --live` asks the systems too."
        typer.echo(json.dumps(Answer((), (), 0).as_json(), indent=2) if as_json else well)
        return
    address = address_of(loaded.hub.store.get_secret_value(), settings.parent)
    answer = ask(loaded, connectors, system_time(), identities_at(address))
    keep(address, answer.as_json(), system_time())
    typer.echo(json.dumps(answer.as_json(), indent=2) if as_json else str(answer))
    raise typer.Exit(answer.exit_code)
