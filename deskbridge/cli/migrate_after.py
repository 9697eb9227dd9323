"""`migrate`: what is done after a run: old numbers lead to new ones."""

from __future__ import annotations

import json
import os
from typing import Annotated

import typer

from deskbridge.cli.migrate_before import Source
from deskbridge.cli.migrate_quiet import By
from deskbridge.cli.options import DEFAULT_SETTINGS, AsJson, SettingsFile


def redirects(
    source: Source = None,
    to: Annotated[
        str | None, typer.Option("--to", metavar="CONNECTION", help="Only where they are there.")
    ] = None,
    as_json: AsJson = False,
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """Print where each old number and address is now, as CSV, for whatever serves the old addresses.

    `deskbridge serve` sends staff on by itself: /old/CONNECTION/NUMBER, or /old?ticket=ADDRESS.

    Example: deskbridge migrate redirects > redirects.csv
    """
    from connectors.errors import ConfigError  # heavy: --help does without
    from deskbridge.bootstrap import build
    from deskbridge.migration.redirects import csv_rows, json_rows, left
    from deskbridge.words import nearest

    application = build(settings, os.environ)
    home, known = left(application, source), application.settings.connections
    if to is not None and to not in known:
        raise ConfigError([f"no connection is called {to!r}{nearest(to, known)}"])
    found = application.store.movings.all(home, to or "")
    for row in json_rows(found) if as_json else csv_rows(found):
        typer.echo(row, nl=False)


def cutover(
    state: Annotated[
        str, typer.Argument(help="prepared, frozen, delta, verified, switched, watched; back; none to look.")
    ] = "",
    in_spite: Annotated[
        str, typer.Option("--in-spite", metavar="REASON", help="Go on though something is missing.")
    ] = "",
    by: By = None,
    as_json: AsJson = False,
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """Go from one state of the switch to the next, or `back`; without a state tell how it stands.

    A state is refused with what stands against it. With `verified` the clocks of open tickets are carried
    over; with `switched`, under settings by which the new tool is the front, it serves them and they go on.

    Example: deskbridge migrate cutover frozen --by "Noor Haddad"
    """
    from deskbridge.bootstrap import build  # as in `redirects`
    from deskbridge.migration.cutover import back, cutover_json, cutover_lines, cutover_of, lacks, take
    from deskbridge.sla.amending import who_asks

    application = build(settings, os.environ)
    if state:
        who = who_asks(by)
        done = (
            back(application, who, in_spite) if state == "back" else take(application, state, who, in_spite)
        )
        for line in done:
            typer.echo(line, err=as_json)
    now = cutover_of(application)
    missing = lacks(application, now, now.next) if now.next else []
    if as_json:
        typer.echo(json.dumps(cutover_json(now, missing), indent=2))
    elif not state:
        typer.echo("\n".join(cutover_lines(now, missing)))


def late(
    since: Annotated[
        str, typer.Option("--since", metavar="DATE", help="As 2026-03-01, begun in UTC; since the freeze.")
    ] = "",
    source: Source = None,
    apply: Annotated[bool, typer.Option("--apply", help="Tie each to what it is about.")] = False,
    as_json: AsJson = False,
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """Find new tickets that name an old number or address: late replies, and what they are about.

    Without --apply they are listed; with it each is tied to the ticket that it names, where its tool can.

    Example: deskbridge migrate late --since 2026-03-01
    """
    from deskbridge.bootstrap import build  # as in `redirects`
    from deskbridge.migration.late import late_json, late_lines, replies, since_when, tie

    application = build(settings, os.environ)
    found = list(replies(application, source, since_when(application, since)))
    tied = [one for one in found if tie(application, one)] if apply else []
    if as_json:
        typer.echo(json.dumps(late_json(found, tied), indent=2))
    else:
        typer.echo("\n".join(late_lines(found, tied, apply=apply)))
