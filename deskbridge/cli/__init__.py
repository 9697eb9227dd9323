"""The command line. One file per group; a command parses, calls and renders."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from copy import copy
from typing import Annotated

import typer

import deskbridge
from connectors.errors import HubError
from deskbridge.cli import (
    account,
    attention,
    backfill,
    backup,
    boards,
    check,
    connection,
    customer,
    duty,
    init,
    mails,
    migrate,
    notify,
    purge,
    recover,
    reroute,
    sandbox,
    serve,
    sla,
    status,
    sync,
    tickets,
    triage,
    webhooks,
)

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Keep one conversation whole across Freshdesk, Jira and GitLab issues.",
)
app.command("demo")(sandbox.demo)
app.command("init")(init.init)
app.command("check")(check.check)
app.command("plan")(sync.plan)
app.command("sync")(sync.sync)
app.command("status")(status.status)
app.command("mails")(mails.mails)
app.command("explain")(tickets.explain)
app.command("history")(tickets.history)
app.command("link")(tickets.link)
app.command("unlink")(tickets.unlink)
app.command("reroute")(reroute.reroute)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.command("recover")(recover.recover)
app.command("purge")(purge.purge)
app.add_typer(attention.parked, name="parked")
app.add_typer(attention.finding, name="finding")
app.command("serve")(serve.serve)
app.command("work")(serve.work)
app.add_typer(account.app, name="account")
app.add_typer(connection.app, name="connection")
app.add_typer(customer.app, name="customer")
app.add_typer(webhooks.app, name="webhooks")
app.add_typer(boards.app, name="boards")
app.add_typer(sla.app, name="sla")
app.add_typer(duty.app, name="duty")
app.command("triage")(triage.triage)
app.add_typer(notify.app, name="notify")
app.add_typer(migrate.app, name="migrate")
app.add_typer(backfill.app, name="backfill")
app.command("sandbox")(sandbox.sandbox)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"deskbridge {deskbridge.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Run the command that was named."""


def named(words: Sequence[str]) -> typer.Typer:
    """Return the program with the command alone that the first word names; all of it for any other word.

    To read the options of all commands takes as long as many a command runs.
    """
    name = words[0] if words else ""
    alone = copy(app)
    alone.registered_commands = [one for one in app.registered_commands if one.name == name]
    alone.registered_groups = [one for one in app.registered_groups if one.name == name]
    return alone if alone.registered_commands or alone.registered_groups else app


def main() -> None:
    """Run the command line; what the hub knows how to explain ends in one message and its exit code."""
    try:
        named(sys.argv[1:])()
    except HubError as error:
        from deskbridge.report import complaint  # as in `check`

        typer.echo(f"deskbridge: {complaint(error)}", err=True)
        sys.exit(error.exit_code or 1)
    except Exception as error:
        if (why := _store_failed(error)) is None:
            raise
        room = "see whether there is room where [hub] store points to; " if "disk" in why else ""
        again = "nothing is lost: what was under way is looked for when it is run again"
        typer.echo(f"deskbridge: the store failed ({why}); {room}{again}", err=True)
        sys.exit(1)


def _store_failed(error: Exception) -> str | None:
    """Return why the store could not go on: a full disk, a server that went away; None for anything else."""
    if "sqlalchemy.exc" not in sys.modules:
        return None
    from sync.store.dialects import failed, reason_of  # heavy: --help does without

    return reason_of(getattr(error, "orig", None) or error) if failed(error) else None
