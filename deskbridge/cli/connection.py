"""`connection adopt`."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from connectors.errors import ConfigError
from deskbridge.cli.options import DEFAULT_SETTINGS, SettingsFile

app = typer.Typer(no_args_is_help=True, help="The accounts by which the hub works in the systems.")


@app.callback()
def _group() -> None:
    """Keep `adopt` a command of its own while it is the only one."""


@app.command()
def adopt(
    name: Annotated[str, typer.Argument(help="The connection, as the settings call it.")],
    apply: Annotated[bool, typer.Option("--apply", help="Record it, not only show it.")] = False,
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """Go on with a connection that answers as another account, or at another address, than on its first use.

    Until then the hub refuses all work. What the old account wrote until now still counts as the hub's; what
    it writes later is a person's. A site that has none of our texts on the newest linked tickets is refused.
    A hub that is running is to be started anew.

    Example: deskbridge connection adopt jira --apply
    """
    from deskbridge.bootstrap import build  # heavy: --help does without
    from sync.identity import adopt as record
    from sync.identity import change_of

    application = build(settings, os.environ)
    if name not in application.connectors:
        known = ", ".join(application.connectors)
        raise ConfigError([f"no connection is called {name!r}; there are {known}"])
    change = change_of(application.store, application.connectors[name], application.signer)
    if change is None:
        typer.echo(f"{name}: nothing to adopt: it is who it was.")
        return
    typer.echo("\n".join(change.lines()))
    if apply:
        record(application.store, change, application.now)
    typer.echo("The hub goes on under it." if apply else "Nothing is recorded yet: say --apply")
