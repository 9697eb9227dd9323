"""`duty show` and `duty swap`."""

from __future__ import annotations

import json
import os
from typing import Annotated

import typer

from deskbridge.cli.options import DEFAULT_SETTINGS, AsJson, SettingsFile

app = typer.Typer(no_args_is_help=True, help="Who is on duty, in turns of a week.")

Named = Annotated[str | None, typer.Option("--rota", metavar="NAME", help="Which; the only one if not said.")]


@app.command()
def show(
    rota: Named = None,
    weeks: Annotated[int, typer.Option("--weeks", min=1, max=520, help="How many.")] = 8,
    ical: Annotated[bool, typer.Option("--ical", help="Print an iCalendar feed instead.")] = False,
    as_json: AsJson = False,
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """List who is on duty, from the present turn on, overrides and swaps included.

    Example: deskbridge duty show --weeks 4
    """
    from deskbridge.bootstrap import build  # heavy: --help does without
    from deskbridge.sla.duty import rota_of, turn_json, turn_line, turns
    from sync.sla.duty import calendar_text

    application = build(settings, os.environ)
    named = rota_of(application, rota)
    found, at = turns(application, named, weeks), application.now()
    if ical:
        typer.echo(calendar_text(named, found, at), nl=False)
    elif as_json:
        typer.echo(json.dumps([turn_json(named, turn) for turn in found], indent=2))
    else:
        typer.echo("\n".join(turn_line(named, turn, at) for turn in found))


@app.command()
def swap(
    day: Annotated[str, typer.Argument(help="A day of the turn, as 2026-08-10.")],
    other: Annotated[str | None, typer.Argument(help="A day of the turn that is taken for it.")] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why.")] = "",
    to: Annotated[str | None, typer.Option("--to", metavar="PERSON", help="Give the turn away.")] = None,
    rota: Named = None,
    by: Annotated[str | None, typer.Option("--by", metavar="WHO", help="Who says so.")] = None,
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """Have the people of two turns take each other's, or give one turn to somebody.

    A day is meant at its end: the day on which turns change belongs to who begins on it.

    Example: deskbridge duty swap 2026-08-10 2026-08-24 --reason "a wedding"
    """
    from deskbridge.bootstrap import build  # as in `show`
    from deskbridge.sla.duty import rota_of, turn_line
    from deskbridge.sla.duty import swap as swap_it

    application = build(settings, os.environ)
    named = rota_of(application, rota)
    made = swap_it(application, named, day, other, to=to, reason=reason, by=by)
    typer.echo("\n".join(turn_line(named, turn, application.now()) for turn in made))
