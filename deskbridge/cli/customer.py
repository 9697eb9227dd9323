"""`customer`: what customers look at by themselves."""

from __future__ import annotations

import json
import os
from typing import Annotated

import typer

from deskbridge.cli.options import DEFAULT_SETTINGS, AsJson, SettingsFile

app = typer.Typer(no_args_is_help=True, help="Pages on which customers see their own tickets.")


@app.command()
def link(
    customer: Annotated[str, typer.Argument(help="The customer's key in the settings.")],
    days: Annotated[int, typer.Option("--days", help="For how many days it is good, 366 at most.")] = 90,
    revoke: Annotated[
        bool, typer.Option("--revoke", help="Make none: have all links of this customer open nothing more.")
    ] = False,
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """Make a link to a customer's own page, and print it; whoever has it reads what the customer may read.

    Example: deskbridge customer link acme --days 30
    """
    from deskbridge.bootstrap import build  # heavy: --help does without
    from deskbridge.sharing import address_of, only_here, share
    from deskbridge.sharing import revoke as take_back
    from deskbridge.sla.amending import who_asks
    from deskbridge.sla.held import customer_of

    application = build(settings, os.environ)
    if revoke:
        count = take_back(application, who=who_asks(None), customer=customer_of(application, customer))
        typer.echo(f"{count} {'link opens' if count == 1 else 'links open'} nothing any more.")
        return
    made = share(application, customer, days=days, who=who_asks(None))
    typer.echo(f"Link {made.id} for {customer}, good until {made.until:%Y-%m-%d %H:%M} UTC:", err=True)
    typer.echo(address_of(application, made))
    if why := only_here(application):
        typer.echo(why, err=True)


@app.command()
def links(as_json: AsJson = False, settings: SettingsFile = DEFAULT_SETTINGS) -> None:
    """List the links to customers' pages, newest first; not what opens them.

    Example: deskbridge customer links
    """
    from deskbridge.bootstrap import build  # as in `link`

    application = build(settings, os.environ)
    rows, now = application.store.shares.all(), application.now()
    if as_json:
        data = [
            {
                "id": one.id,
                "customer": one.customer,
                "by": one.who,
                "made": one.made.isoformat(),
                "until": one.until.isoformat(),
                "revoked": one.revoked.isoformat() if one.revoked else None,
                "used": one.used.isoformat() if one.used else None,
                "good": one.good(now),
            }
            for one in rows
        ]
        typer.echo(json.dumps(data, indent=2))
        return
    lines = [
        f"{one.id}  {one.customer}  {one.state(now)}  made by {one.who} {one.made:%Y-%m-%d}, "
        + (f"last used {one.used:%Y-%m-%d %H:%M} UTC" if one.used else "never used")
        for one in rows
    ]
    typer.echo("\n".join(lines) or "There are no links.")
