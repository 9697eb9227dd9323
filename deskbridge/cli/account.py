"""`account`: who may sign in to the pages."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Annotated

import typer

from connectors.errors import ConfigError
from deskbridge.cli import token
from deskbridge.cli.options import DEFAULT_SETTINGS, AsJson, SettingsFile

app = typer.Typer(no_args_is_help=True, help="Who may sign in to the pages of `serve`, and what they may do.")
app.add_typer(token.app, name="token")

Name = Annotated[str, typer.Argument(help="What they sign in with; found in any case of letters.")]
RoleName = Annotated[
    str, typer.Option("--role", help="viewer reads; agent also retries and answers; admin sees settings too.")
]
Stdin = Annotated[
    bool, typer.Option("--stdin", help="Read the password from the first line of the standard input.")
]


@app.command()
def add(
    name: Name,
    role: RoleName = "viewer",
    stdin: Stdin = False,
    no_password: Annotated[
        bool, typer.Option("--no-password", help="For people whom a proxy signs in ([pages.proxy]).")
    ] = False,
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """Make an account; the password is asked for, twelve characters at least.

    Example: deskbridge account add ada --role agent
    """
    from deskbridge.accounts import add as make
    from deskbridge.accounts import role_named
    from deskbridge.bootstrap import build  # heavy: --help does without

    application = build(settings, os.environ)
    meant = role_named(role)
    made = make(application, name, meant, None if no_password else _asked(stdin))
    typer.echo(f"{made} may sign in as {meant}.")


@app.command("list")
def list_(as_json: AsJson = False, settings: SettingsFile = DEFAULT_SETTINGS) -> None:
    """List who may sign in.

    Example: deskbridge account list
    """
    from deskbridge.bootstrap import build  # as in `add`

    rows = build(settings, os.environ).store.accounts.all()
    if as_json:
        data = [
            {"name": a.name, "role": a.role, "password": bool(a.password), "created": a.created.isoformat()}
            for a in rows
        ]
        typer.echo(json.dumps(data, indent=2))
        return
    lines = [f"{a.name}  {a.role}{'' if a.password else '  by the proxy only'}" for a in rows]
    typer.echo("\n".join(lines) or "Nobody may sign in.")


@app.command()
def role(
    name: Name,
    role: Annotated[str, typer.Argument(metavar="ROLE", help="viewer, agent or admin.")],
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """Have somebody be allowed more, or less; they sign in anew.

    Example: deskbridge account role ada admin
    """
    from deskbridge.accounts import change, role_named
    from deskbridge.bootstrap import build  # as in `add`

    meant = role_named(role)
    typer.echo(f"{change(build(settings, os.environ), name, role=meant)} is {meant} now.")


@app.command()
def password(name: Name, stdin: Stdin = False, settings: SettingsFile = DEFAULT_SETTINGS) -> None:
    """Give somebody another password; whoever is signed in with the old one is signed out.

    Example: deskbridge account password ada
    """
    from deskbridge.accounts import change
    from deskbridge.bootstrap import build  # as in `add`

    application = build(settings, os.environ)
    typer.echo(f"{change(application, name, password=_asked(stdin))} has another password.")


@app.command()
def remove(name: Name, settings: SettingsFile = DEFAULT_SETTINGS) -> None:
    """Have somebody not be allowed in any more, from this moment on.

    Example: deskbridge account remove ada
    """
    from deskbridge.accounts import remove as take_away
    from deskbridge.bootstrap import build  # as in `add`

    typer.echo(f"{take_away(build(settings, os.environ), name)} may not sign in any more.")


def _asked(stdin: bool) -> Callable[[], str]:
    """Return what asks for a password when all else is well."""
    if stdin:
        return lambda: sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise ConfigError(["there is no terminal to ask for the password at; give it with --stdin"])
    return lambda: str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
