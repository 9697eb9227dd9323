"""`parked` and `finding`: what waits for a person."""

from __future__ import annotations

import json
import os
from typing import Annotated

import typer

from connectors.errors import ConfigError
from deskbridge.cli.options import DEFAULT_SETTINGS, AsJson, SettingsFile

parked = typer.Typer(no_args_is_help=True, help="Tickets that were set aside, each with its reason.")
finding = typer.Typer(no_args_is_help=True, help="Skips, conflicts and warnings that stand until settled.")

Ticket = Annotated[str, typer.Argument(help="CONNECTION:KEY, or what a tool calls it (SUP-12).")]


@parked.command("list")
def list_parked(
    group: Annotated[bool, typer.Option("--group", help="Count alike reasons instead.")] = False,
    as_json: AsJson = False,
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """List what is parked and why; ends with 4 if there is any.

    Example: deskbridge parked list --group
    """
    from deskbridge.aside import asides, rows_of
    from deskbridge.bootstrap import build  # heavy: --help does without

    rows = rows_of(asides(build(settings, os.environ).store), group=group)
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
    else:
        lines = [
            f"{row['tickets']} x {row['reason']}" if group else f"{row['ticket']}: {row['reason']}"
            for row in rows
        ]
        typer.echo("\n".join(lines) or "Nothing is parked.")
    raise typer.Exit(4 if rows else 0)


@parked.command("retry")
def retry(
    ticket: Annotated[str | None, typer.Argument(help="One ticket; without it, --reason or all.")] = None,
    reason: Annotated[str | None, typer.Option("--reason", help="All whose reason has these words.")] = None,
    allow: Annotated[
        bool, typer.Option("--allow", help="Carry out what a guard or fuse had stopped.")
    ] = False,
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """Have parked tickets looked at again with the next sync, those of a migration with the next run.

    Example: deskbridge parked retry --reason "no customer is known"
    """
    from deskbridge.aside import asides, one_aside, retried
    from deskbridge.bootstrap import build  # as in `list`

    application = build(settings, os.environ)
    found = one_aside(application, ticket) if ticket else asides(application.store)
    chosen = [one for one in found if reason is None or one.named_by(reason)]
    typer.echo(retried(application, chosen, allow=allow))


@parked.command("dismiss")
def dismiss(
    ticket: Ticket,
    reason: Annotated[str, typer.Option("--reason", help="Why it is fine as it is; kept in the history.")],
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """Take a ticket off the list of what is parked; it is looked at again when it changes.

    Example: deskbridge parked dismiss desk:42 --reason "a test ticket"
    """
    from deskbridge.aside import dismissed, one_aside
    from deskbridge.bootstrap import build  # as in `list`

    application = build(settings, os.environ)
    dismissed(application, one_aside(application, ticket), reason)
    typer.echo(f"{ticket} is off the list.")


@finding.command("list")
def list_findings(as_json: AsJson = False, settings: SettingsFile = DEFAULT_SETTINGS) -> None:
    """List what was not done, or was contradictory, and why.

    Example: deskbridge finding list
    """
    from deskbridge.bootstrap import build  # as in `parked list`

    store = build(settings, os.environ).store
    rows = [
        {
            "id": f.id,
            "ticket": " = ".join(str(ref) for ref in store.bundles.load(f.subject).refs)
            if f.subject.startswith(("bundle:", "ref:"))
            else f.subject,
            "target": f.target,
            "what": f.what,
            "reason": f.reason,
            "found": f.found.isoformat(),
        }
        for f in store.findings.open()
    ]
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    shown = "{id}  {ticket}: {target}: not {what}: {reason}"
    typer.echo("\n".join(shown.format(**row) for row in rows) or "There are no findings.")


@finding.command("answer")
def answer(
    id_: Annotated[int, typer.Argument(metavar="ID", help="What `finding list` shows before the finding.")],
    text: Annotated[str, typer.Argument(help="What you say to it; kept with it.")],
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """Settle a finding: you know of it. It is not asked again as long as it stands.

    Where a person is asked about a conflict, the answer is the name of the side whose value is written; any
    other answer leaves every side as it is.

    Answering that many tickets of a connection vanished at once has what is not found count as gone again.

    Example: deskbridge finding answer 7 "the project was deleted on purpose"
    """
    from deskbridge.bootstrap import build, system_time  # as in `parked list`

    store = build(settings, os.environ).store
    settled = store.answer(id_, text, system_time())
    if settled is None:
        raise ConfigError(
            [f"no open finding has the id {id_}; `deskbridge finding list` tells those that are"]
        )
    typer.echo(f"{id_} is settled: {settled.target}: {settled.what}")
