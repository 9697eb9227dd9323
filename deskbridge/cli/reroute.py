"""`reroute`."""

from __future__ import annotations

import json
import os
from typing import Annotated

import typer

from deskbridge.cli.options import DEFAULT_SETTINGS, AsJson, SettingsFile


def reroute(
    customer: Annotated[str, typer.Argument(help="The customer, as the settings call them.")],
    apply: Annotated[bool, typer.Option("--apply", help="Do it, not only list it.")] = False,
    as_json: AsJson = False,
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """Have a customer's tickets go on where the routes name today; by themselves old tickets stay.

    Each gets a new issue in the new place, with what may be read there. The old issue gets what was on its
    way, an internal note that says where the matter goes on, and is left as it is: nothing is closed or
    deleted. Tickets that share an issue are left to a person.

    Ends with 0, with 4 if something stays where it was.

    Example: deskbridge reroute lantern --apply
    """
    from deskbridge.bootstrap import build  # heavy: --help does without
    from deskbridge.report import complaint
    from deskbridge.rerouted import known, rerouted

    application = build(settings, os.environ)
    known(application, customer)
    errors = application.engine.identify()
    results = []
    for result in rerouted(application, customer, apply=apply):
        results.append(result)
        if not as_json:
            typer.echo("\n".join(result.lines))
    if as_json:
        typer.echo(json.dumps([result.data for result in results], indent=2))
    elif not results:
        typer.echo("Everything is where the routes name.")
    elif not apply and any(result.well for result in results):
        typer.echo("Nothing is written yet: say --apply")
    for error in errors:
        typer.echo(f"deskbridge: {complaint(error)}", err=True)
    raise typer.Exit(0 if all(result.well for result in results) else 4)
