"""`account token`: by which programs ask the API of `serve`."""

from __future__ import annotations

import json
import os
from typing import Annotated

import typer

from deskbridge.cli.options import DEFAULT_SETTINGS, AsJson, SettingsFile

app = typer.Typer(no_args_is_help=True, help="Tokens by which programs ask the API, in an account's name.")


@app.command()
def add(
    account: Annotated[str, typer.Argument(help="In whose name the program asks.")],
    role: Annotated[
        str | None, typer.Option("--role", help="What it may do at most; else what the account may.")
    ] = None,
    days: Annotated[int, typer.Option("--days", help="For how many days it is good, 366 at most.")] = 90,
    purpose: Annotated[str, typer.Option("--for", help="What it is for, so that others know.")] = "",
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """Make a token and print it, alone on the standard output; it is shown this once.

    Example: deskbridge account token add ada --role viewer --for "wallboard"
    """
    from deskbridge.accounts import role_named
    from deskbridge.bootstrap import build  # heavy: --help does without
    from deskbridge.tokens import make

    application, meant = build(settings, os.environ), role_named(role) if role else None
    text, kept = make(application, account, role=meant, days=days, purpose=purpose)
    typer.echo(
        f"{kept.id} asks as {kept.account} ({kept.role}) until {kept.expires:%Y-%m-%d %H:%M} UTC. Keep this:",
        err=True,
    )
    typer.echo(text)


@app.command("list")
def list_(as_json: AsJson = False, settings: SettingsFile = DEFAULT_SETTINGS) -> None:
    """List the tokens that there are, with when each was last used; never the tokens themselves.

    Example: deskbridge account token list
    """
    from deskbridge.bootstrap import build  # as in `add`

    application = build(settings, os.environ)
    rows, now = application.store.tokens.all(), application.now()
    if as_json:
        data = [
            {
                "id": one.id,
                "account": one.account,
                "role": one.role,
                "for": one.purpose,
                "created": one.created.isoformat(),
                "expires": one.expires.isoformat(),
                "used": one.used.isoformat() if one.used else None,
            }
            for one in rows
        ]
        typer.echo(json.dumps(data, indent=2))
        return
    lines = [
        f"{one.id}  {one.account}  {one.role}  {'expired' if one.expires <= now else 'until'} "
        f"{one.expires:%Y-%m-%d}  {f'last used {one.used:%Y-%m-%d %H:%M} UTC' if one.used else 'never used'}"
        f"{f'  {one.purpose}' if one.purpose else ''}"
        for one in rows
    ]
    typer.echo("\n".join(lines) or "There are no tokens.")


@app.command()
def remove(
    id_: Annotated[str, typer.Argument(metavar="ID", help="What `list` shows before the token's account.")],
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """Have a token open nothing any more, from this moment on.

    Example: deskbridge account token remove 1f0c52d9a7b3
    """
    from deskbridge.bootstrap import build  # as in `add`
    from deskbridge.tokens import remove as take_back

    gone = take_back(build(settings, os.environ), id_)
    typer.echo(f"{gone.id} of {gone.account} opens nothing any more.")
