"""`migrate quiet`: nobody is told of what a migration writes, and that is proved."""

from __future__ import annotations

import json
import os
from typing import Annotated

import typer

from deskbridge.cli.options import DEFAULT_SETTINGS, AsJson, SettingsFile

app = typer.Typer(no_args_is_help=True, help="Nobody is told of what a migration writes.")

By = Annotated[
    str | None, typer.Option("--by", metavar="WHO", help="Who says so; you, as this machine knows you.")
]


@app.command("on")
def on(by: By = None, settings: SettingsFile = DEFAULT_SETTINGS) -> None:
    """Silence the notifications of every place that the migration writes to. What they were is kept.

    It needs an administrator's permission; without it nothing is changed, and the way by hand is told.

    Example: deskbridge migrate quiet on
    """
    from deskbridge.bootstrap import build  # heavy: --help does without
    from deskbridge.migration.quiet import turn_on
    from deskbridge.sla.amending import who_asks

    for line in turn_on(build(settings, os.environ), who_asks(by)):
        typer.echo(line)


@app.command("off")
def off(by: By = None, settings: SettingsFile = DEFAULT_SETTINGS) -> None:
    """Give the places the notifications that they had. What people changed meanwhile stays.

    Example: deskbridge migrate quiet off
    """
    from deskbridge.bootstrap import build  # as in `on`
    from deskbridge.migration.quiet import turn_off
    from deskbridge.sla.amending import who_asks

    nothing = True
    for line in turn_off(build(settings, os.environ), who_asks(by)):
        typer.echo(line)
        nothing = False
    if nothing:
        typer.echo("Nothing is quiet because of us.")


@app.command()
def canary(
    key: Annotated[str, typer.Argument(help="A request in the target, written by a customer of yours.")],
    invite: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Make an account for this mailbox of yours too.")
    ] = "",
    by: By = None,
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """Write on one customer's request what a run would write, to see whether its customer is mailed.

    Where customers are to have accounts, an address without one tells whether they would be invited.

    Example: deskbridge migrate quiet canary HELP-7 --invite me@example.com
    """
    from deskbridge.bootstrap import build  # as in `on`
    from deskbridge.migration.quiet import give_canary
    from deskbridge.sla.amending import who_asks

    for line in give_canary(build(settings, os.environ), key, who_asks(by), invite):
        typer.echo(line)


@app.command()
def confirm(by: By = None, settings: SettingsFile = DEFAULT_SETTINGS) -> None:
    """Say that nothing came into the mailbox of the canary: from now on a run may write there.

    Example: deskbridge migrate quiet confirm --by "Noor Haddad"
    """
    from deskbridge.bootstrap import build  # as in `on`
    from deskbridge.migration.quiet import confirm as record
    from deskbridge.sla.amending import who_asks

    for line in record(build(settings, os.environ), who_asks(by)):
        typer.echo(line)


@app.command()
def check(as_json: AsJson = False, settings: SettingsFile = DEFAULT_SETTINGS) -> None:
    """Tell how quiet each place is now, and what else may mail. Ends with 5 where one is not quiet.

    Example: deskbridge migrate quiet check
    """
    from deskbridge.bootstrap import build  # as in `on`
    from deskbridge.migration.quiet import standing_json, standing_lines, standings

    found = standings(build(settings, os.environ))
    typer.echo(json.dumps(standing_json(found), indent=2) if as_json else "\n".join(standing_lines(found)))
    if not all(one.silent for one in found):
        raise typer.Exit(5)
