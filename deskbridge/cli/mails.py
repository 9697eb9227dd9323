"""`mails`."""

from __future__ import annotations

import json
import os
from typing import Annotated

import typer

from deskbridge.cli.options import DEFAULT_SETTINGS, AsJson, SettingsFile


def mails(
    only: Annotated[bool, typer.Option("--only", help="Only what mails a customer, or might.")] = False,
    as_json: AsJson = False,
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """Say for each connection and place: if you do X in tool Y, who can read it and who is mailed.

    It follows from what each tool is known to do and from the settings' rules. Nothing is written.

    Example: deskbridge mails --only
    """
    from connectors.capabilities import Mails  # heavy: --help does without
    from deskbridge.bootstrap import connectors_of, system_time
    from deskbridge.mails import effects
    from deskbridge.report import complaint
    from deskbridge.settings import load

    loaded = load(settings, os.environ)
    found, failed = effects(loaded, connectors_of(loaded, system_time))
    shown = [effect for effect in found if not only or effect.mails is not Mails.NEVER]
    if as_json:
        names = ("connection", "place", "by", "act", "readers", "mails", "then")
        typer.echo(json.dumps([{n: str(getattr(effect, n)) for n in names} for effect in shown], indent=2))
    else:
        typer.echo("\n".join(map(str, shown)) or "Nothing mails a customer.")
    for message in dict.fromkeys(complaint(error) for error in failed):
        typer.echo(f"deskbridge: {message}", err=True)
    raise typer.Exit(max((error.exit_code or 1 for error in failed), default=0))
