"""`plan` and `sync`."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from deskbridge.cli.options import DEFAULT_SETTINGS, AsJson, Remap, SettingsFile

if TYPE_CHECKING:
    from deskbridge.bootstrap import Application


def plan(
    ticket: Annotated[
        str | None,
        typer.Argument(help="One ticket: CONNECTION:KEY, what a tool calls it (SUP-12), or its address."),
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="Every linked ticket, and what changed.")] = False,
    remap: Remap = None,
    as_json: AsJson = False,
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """Print exactly what `sync` would write, why, who would read it and who would be mailed.

    Without a ticket: everything that changed since the last sync. Nothing is written anywhere.

    With --remap, which may be said several times: every linked ticket, or the one that is named, with these
    fields decided again as today's rules want, from the more trusted side, wherever the other one still
    says what the hub wrote. What people changed stays theirs, and is listed. `sync --once --remap` does it.

    Example: deskbridge plan --remap priority
    """
    from deskbridge.bootstrap import build  # heavy: --help does without
    from deskbridge.remap import remappable
    from deskbridge.report import exit_code, plan_json, plan_lines
    from sync.outcome import Parked

    application = build(settings, os.environ)
    silent = application.engine.identify()
    fields = remappable(remap)
    subjects = _subjects(application, ticket, every=all_ or bool(fields))
    planned = list(application.engine.plan(subjects, remap=fields))
    if as_json:
        typer.echo(json.dumps([plan_json(p) for p in planned], indent=2))
    else:
        lines = [line for p in planned for line in plan_lines(p)]
        nothing = "Nothing to write" + (" where somebody answered." if silent else ": all sides agree.")
        typer.echo("\n".join(lines) if lines else nothing)
    _complain(silent)
    raise typer.Exit(exit_code([Parked(p.problem) for p in planned if p.problem and p.waits], silent))


def sync(
    once: Annotated[bool, typer.Option("--once", help="Reconcile what changed, then end.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Go on until Ctrl-C: poll again and again.")] = False,
    shadow: Annotated[
        bool, typer.Option("--shadow", help="Write nothing; say what would be written.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="End with 4 also if something was parked by an earlier run.")
    ] = False,
    remap: Remap = None,
    apply: Annotated[bool, typer.Option("--apply", help="With --remap: write it, not only list it.")] = False,
    as_json: AsJson = False,
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """Reconcile what changed since the last time.

    Several may run at once, beside `serve` too. Ends with 0, with 3 if a credential was refused, with 4 if
    this run parked a ticket. What was parked before is counted in one line, and ends with 4 only with
    --strict; `deskbridge status` always tells it.

    `sync --once --remap priority --apply` looks at every linked ticket with that field decided again, see
    `deskbridge plan --help`; without --apply that is only listed.

    Example: deskbridge sync --once
    """
    if once == watch or ((remap or apply) and (watch or shadow or not remap)):
        raise typer.BadParameter(
            "say --once or --watch; --remap FIELD goes with --once, --apply with --remap"
        )
    from deskbridge.bootstrap import build  # as in `check`
    from deskbridge.remap import remappable, remapped
    from deskbridge.watching import shadowed, synced, watched

    fields = remappable(remap)
    application = build(settings, os.environ)
    errors = application.engine.identify()
    if fields:
        raise typer.Exit(remapped(application, errors, fields, apply=apply, as_json=as_json))
    if once and not shadow:
        raise typer.Exit(synced(application, errors, as_json=as_json, strict=strict))
    run = shadowed if shadow else watched
    raise typer.Exit(run(application, errors, watch=watch, as_json=as_json))


def _subjects(application: Application, ticket: str | None, *, every: bool) -> list[str] | None:
    """Return the inbox names of the tickets that were asked for; None means what changed."""
    if ticket is not None:
        from deskbridge.named import subject_named

        return [subject_named(application, ticket)]
    if every:
        return list(dict.fromkeys([*application.store.bundles.subjects(), *application.engine.pending()]))
    return None


def _complain(errors: Sequence[Exception]) -> None:
    from deskbridge.report import complaint

    for error in errors:
        typer.echo(f"deskbridge: {complaint(error)}", err=True)
