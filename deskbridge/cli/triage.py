"""`triage`."""

from __future__ import annotations

import json
import os

import typer

from deskbridge.cli.options import DEFAULT_SETTINGS, AsJson, SettingsFile


def triage(as_json: AsJson = False, settings: SettingsFile = DEFAULT_SETTINGS) -> None:
    """List the open tickets without an owner, a type or a customer, and what was assumed of each.

    The answer comes from what was kept when each was last read. Ends with 4 if there is any.

    Example: deskbridge triage
    """
    from deskbridge.bootstrap import build  # heavy: --help does without
    from deskbridge.triage import triage_json, triage_line, unsorted

    found = unsorted(build(settings, os.environ).store.served.tickets())
    if as_json:
        typer.echo(json.dumps([triage_json(one) for one in found], indent=2))
    else:
        typer.echo(
            "\n".join(map(triage_line, found)) or "Every open ticket has an owner, a type and a customer."
        )
    raise typer.Exit(4 if found else 0)
