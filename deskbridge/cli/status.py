"""`status`."""

from __future__ import annotations

import json
import os

import typer

from deskbridge.cli.options import DEFAULT_SETTINGS, AsJson, SettingsFile


def status(as_json: AsJson = False, settings: SettingsFile = DEFAULT_SETTINGS) -> None:
    """Say how it stands: the connections, what waits, what is parked, what nobody has heard the answer to.

    Each connection is asked who we are there. Ends with 0, with 3 if one refused our credential, with 4 if
    something is parked, or if nothing is written because the store was restored.

    Example: deskbridge status --json
    """
    from deskbridge.bootstrap import build, system_time  # heavy: --help does without
    from deskbridge.notify import standing as channels
    from deskbridge.standing import standing

    application = build(settings, os.environ)
    told = channels(application.settings, application.store.outbox)
    found = standing(application.connectors, application.store, application.budgets, system_time(), told)
    typer.echo(json.dumps(found.as_json(), indent=2) if as_json else "\n".join(found.lines()))
    raise typer.Exit(found.exit_code)
