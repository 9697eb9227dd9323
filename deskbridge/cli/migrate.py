"""`migrate`: history that moves to another tool, in runs that can be rehearsed, interrupted and undone."""

from __future__ import annotations

import json
import os
from typing import Annotated

import typer

from deskbridge.cli import migrate_before
from deskbridge.cli.options import DEFAULT_SETTINGS, AsJson, SettingsFile

app = typer.Typer(no_args_is_help=True, help="Move a desk's history to where the work goes on.")
app.command("estimate")(migrate_before.estimate)
app.command("people")(migrate_before.people)

Statuses = Annotated[list[str] | None, typer.Option("--status", help="Only tickets in this status.")]
Customers = Annotated[list[str] | None, typer.Option("--customer", metavar="KEY", help="Only theirs.")]
Created = Annotated[str, typer.Option("--created", metavar="FROM..BEFORE", help="Only of these days.")]
Updated = Annotated[str, typer.Option("--updated", metavar="FROM..BEFORE", help="Only changed then.")]
Ids = Annotated[list[str] | None, typer.Option("--id", metavar="N[,N]", help="Only these tickets.")]
Preload = Annotated[
    bool, typer.Option("--preload", help="Only what is done, oldest first: while the desk works on.")
]


@app.command()
def run(
    status: Statuses = None,
    customer: Customers = None,
    created: Created = "",
    updated: Updated = "",
    id_: Ids = None,
    preload: Preload = False,
    as_json: AsJson = False,
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """Say what would be migrated: counts, and the first tickets with readers and mail. Nothing is written.

    Where to is said in [migration]. What people still work on comes first, the latest first.

    Example: deskbridge migrate run --customer lantern
    """
    from deskbridge.bootstrap import build  # heavy: --help does without
    from deskbridge.migration.asked import Asked
    from deskbridge.migration.building import machine_of, ready
    from deskbridge.migration.rehearsal import counted, planned, rehearsal_json, rehearsal_lines

    asked = Asked(
        statuses=tuple(status or ()),
        customers=tuple(customer or ()),
        created=created,
        updated=updated,
        ids=tuple(id_ or ()),
        preload=preload,
    )
    application = build(settings, os.environ)
    machine = ready(machine_of(application, customers=asked.customers))
    found = counted(machine, asked.which(application.settings, machine.source))
    plans = list(planned(machine, [one.key for one in found.first]))
    if as_json:
        typer.echo(json.dumps(rehearsal_json(machine, found, plans), indent=2))
    else:
        typer.echo("\n".join(rehearsal_lines(machine, found, plans)))
