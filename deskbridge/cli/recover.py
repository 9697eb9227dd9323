"""`recover`."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from deskbridge.cli.options import DEFAULT_SETTINGS, SettingsFile


def recover(
    apply: Annotated[bool, typer.Option("--apply", help="Record the links, not only list them.")] = False,
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """Find the links again after the store was lost, or restored from a backup. No tool is written to.

    Every ticket of the work sides is read. What each side says then counts as seen; what stands on several
    sides already is not copied again.

    Ends with 0, with 1 if something could not be linked again.

    Example: deskbridge recover --apply
    """
    from deskbridge.bootstrap import build  # heavy: --help does without

    application = build(settings, os.environ)
    found = application.recovery.recover(apply=apply)
    verb = "linked again" if apply else "to be linked again"
    for front, work in found.links:
        typer.echo(f"{front} = {work}")
    if apply or found.links or found.problems or application.store.database.recovering():
        way = "" if apply else "; `deskbridge recover --apply` records them"
        typer.echo(f"{len(found.links)} {verb}{way}")
    else:
        typer.echo("No link is lost: the store knows every ticket that this hub created.")
    for problem in found.problems:
        typer.echo(f"deskbridge: {problem}", err=True)
    raise typer.Exit(1 if found.problems else 0)
