"""`purge`."""

from __future__ import annotations

import json
import os
from typing import Annotated

import typer

from deskbridge.cli.options import DEFAULT_SETTINGS, AsJson, SettingsFile


def purge(
    person: Annotated[
        list[str], typer.Argument(help="What a person is called: an address, and every name in the tools.")
    ],
    apply: Annotated[
        bool, typer.Option("--apply", help="Erase it from the store, not only list it.")
    ] = False,
    as_json: AsJson = False,
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """List where a person's data stand, side by side, and erase what the hub keeps of them.

    The hub deletes nothing of people's in a tool: it lists each ticket, text and file with its address, and
    says what to do there. Do that first: what still stands in a tool is read again at the next look.

    Found are tickets that they opened, texts that they wrote or are named in, copies of these, and every
    other row that names them. Links stay, without names.

    Example: deskbridge purge kim@lantern.example "Kim Park"
    """
    from deskbridge.bootstrap import build  # heavy: --help does without
    from deskbridge.purge import found_in, json_of, lines_of, purged, words_of

    words = words_of(person)
    application = build(settings, os.environ)
    found = found_in(application, words)
    if as_json:
        typer.echo(json.dumps(json_of(found), indent=2))
    else:
        typer.echo("\n".join(lines_of(application, found)) or "The store holds nothing of them.")
    said = purged(application, found, words) if apply else ["Nothing is erased yet: --apply erases it."]
    typer.echo("\n".join(said), err=as_json)
