"""`backfill`: what is older than the hub, than a link, than a field's mapping, or than a customer's entry."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deskbridge.cli.migrate import Created, Customers, Ids, Statuses, Updated
from deskbridge.cli.options import DEFAULT_SETTINGS, AsJson, SettingsFile

if TYPE_CHECKING:
    from deskbridge.bootstrap import Application
    from deskbridge.migration.backfilling import Orders

app = typer.Typer(no_args_is_help=True, help="Bring in what is older than the hub, a link, or the settings.")

Apply = Annotated[bool, typer.Option("--apply", help="Do it, not only say what would be done.")]
Limit = Annotated[int | None, typer.Option("--limit", min=1, metavar="N", help="End after so many tickets.")]
ShareOf = Annotated[
    str, typer.Option("--share", metavar="PERCENT", help="How much of each quota it may use, at most.")
]


@app.command()
def tickets(
    route: Annotated[str, typer.Option("--route", metavar="NAME", help="Only what this route takes.")] = "",
    front: Annotated[
        str, typer.Option("--front", help="Whose tickets; needed where there are several.")
    ] = "",
    status: Statuses = None,
    customer: Customers = None,
    created: Created = "",
    updated: Updated = "",
    id_: Ids = None,
    apply: Apply = False,
    limit: Limit = None,
    share: ShareOf = "",
    as_json: AsJson = False,
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """Link tickets that are older than the hub, as its routes say; from then on they are synced.

    Those that were created before `hub.since`, or all that are not linked where the settings do not say;
    --created and --id take others, so that a route that was written later takes older tickets too. What is
    done is left out unless --status or --id asks for it: its issue would be open. What their clocks called
    for in the past is noted as missed.

    Without --apply some are looked into, and nothing is written. It may be interrupted in any way: run
    again, it goes on. A ticket of which a write might mail a customer is left as it is, and named. Ends with
    0, with 4 if it left or parked any, or paused.

    Example: deskbridge backfill tickets --customer orbit --apply
    """
    from deskbridge.bootstrap import build  # heavy: --help does without
    from deskbridge.migration.asked import Asked, share_of
    from deskbridge.migration.backfilling import tickets_asked

    application = build(settings, os.environ)
    asked = Asked(
        statuses=tuple(status or ()),
        customers=tuple(customer or ()),
        created=created,
        updated=updated,
        ids=tuple(id_ or ()),
    )
    orders = tickets_asked(application, asked, front, route, share=share_of(share), limit=limit)
    _carried_out(application, orders, apply=apply, as_json=as_json)


@app.command()
def comments(
    apply: Apply = False,
    limit: Limit = None,
    share: ShareOf = "",
    as_json: AsJson = False,
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """Copy the texts and files that are older than a link which was made without its history, for staff.

    They stand below what was copied since, each with its author and time, and are never published. See
    `backfill tickets --help` for how it is rehearsed and interrupted, and when it leaves a ticket as it is.

    Example: deskbridge backfill comments --apply
    """
    _asked(settings, "comments", "", apply=apply, limit=limit, share=share, as_json=as_json)


@app.command("field")
def field_(
    name: Annotated[str, typer.Argument(help="The field, in the hub's word: component, version, ...")],
    apply: Apply = False,
    limit: Limit = None,
    share: ShareOf = "",
    as_json: AsJson = False,
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """Give linked tickets the value of a field that was mapped after they were linked.

    It is decided as by `plan --remap`: from the more trusted side, wherever the other one says nothing, or
    what the hub wrote. What people wrote stays. See `backfill tickets --help` for the rest.

    Example: deskbridge backfill field component --apply
    """
    _asked(settings, "field", name, apply=apply, limit=limit, share=share, as_json=as_json)


@app.command()
def board(
    customer: Annotated[str, typer.Argument(help="The customer, as the settings call them.")],
    apply: Apply = False,
    limit: Limit = None,
    share: ShareOf = "",
    as_json: AsJson = False,
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """Give a customer's linked tickets the customer's label, so that the board of one added later is full.

    Every linked ticket is read, as only that tells whose it is. See `backfill tickets --help` for the rest.

    Example: deskbridge backfill board orbit --apply
    """
    _asked(settings, "board", customer, apply=apply, limit=limit, share=share, as_json=as_json)


def _asked(
    settings: Path, kind: str, of: str, *, apply: bool, limit: int | None, share: str, as_json: bool
) -> None:
    from deskbridge.bootstrap import build  # as in `tickets`
    from deskbridge.migration.asked import share_of
    from deskbridge.migration.backfilling import linked_asked

    application = build(settings, os.environ)
    orders = linked_asked(application, kind, of, share=share_of(share), limit=limit)
    _carried_out(application, orders, apply=apply, as_json=as_json)


def _carried_out(application: Application, orders: Orders, *, apply: bool, as_json: bool) -> None:
    from deskbridge.migration.backfill_text import filled_json, filled_lines, told_json, told_lines
    from deskbridge.migration.backfilling import filled, filler_of, rehearsed
    from deskbridge.migration.run_log import open_log

    filler = filler_of(application, orders)
    if not apply:
        told = rehearsed(filler)
        shown = json.dumps(told_json(filler.source, told), indent=2) if as_json else None
        typer.echo(shown or "\n".join(told_lines(filler.source, told)))
        return
    open_log(application)
    run, code = filled(filler)
    done = (application.store, run, orders.which)
    typer.echo(json.dumps(filled_json(*done), indent=2) if as_json else "\n".join(filled_lines(*done)))
    raise typer.Exit(code)
