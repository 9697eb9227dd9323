"""`migrate`: history that moves to another tool, in runs that can be rehearsed, interrupted and undone."""

from __future__ import annotations

import json
import os
import sys
from typing import Annotated

import typer

from deskbridge.cli import migrate_after, migrate_before, migrate_quiet
from deskbridge.cli.options import DEFAULT_SETTINGS, AsJson, SettingsFile

app = typer.Typer(no_args_is_help=True, help="Move a desk's history to where the work goes on.")
app.command("estimate")(migrate_before.estimate)
app.command("people")(migrate_before.people)
app.command("redirects")(migrate_after.redirects)
app.command("late")(migrate_after.late)
app.command("cutover")(migrate_after.cutover)
app.add_typer(migrate_quiet.app, name="quiet")

Statuses = Annotated[list[str] | None, typer.Option("--status", help="Only tickets in this status.")]
Customers = Annotated[list[str] | None, typer.Option("--customer", metavar="KEY", help="Only theirs.")]
Created = Annotated[str, typer.Option("--created", metavar="FROM..BEFORE", help="Only of these days.")]
Updated = Annotated[str, typer.Option("--updated", metavar="FROM..BEFORE", help="Only changed then.")]
Ids = Annotated[list[str] | None, typer.Option("--id", metavar="N[,N]", help="Only these tickets.")]
Preload = Annotated[
    bool, typer.Option("--preload", help="Only what is done, oldest first: while the desk works on.")
]


@app.command()
def run(
    apply: Annotated[bool, typer.Option("--apply", help="Do it, not only say what would be done.")] = False,
    demo: Annotated[
        int | None, typer.Option("--demo", min=1, metavar="N", help="So many tickets that stand for all.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, metavar="N", help="End after so many tickets.")
    ] = None,
    status: Statuses = None,
    customer: Customers = None,
    created: Created = "",
    updated: Updated = "",
    id_: Ids = None,
    preload: Preload = False,
    share: Annotated[
        str, typer.Option("--share", metavar="PERCENT", help="How much of each quota it may use, at most.")
    ] = "",
    workers: Annotated[
        int, typer.Option("--workers", min=1, max=64, help="Tickets that are worked on at once.")
    ] = 8,
    processes: Annotated[
        int | None,
        typer.Option("--processes", min=1, max=16, help="How many share the work; a core each, if not said."),
    ] = None,
    go_on: Annotated[
        bool, typer.Option("--continue", help="The rules changed: leave what was migrated as it is.")
    ] = False,
    remap: Annotated[
        bool, typer.Option("--remap", help="Decide the fields of what was migrated again.")
    ] = False,
    notify: Annotated[
        str, typer.Option("--notify", metavar="CHANNEL", help="Say there when it stops, is late, or is done.")
    ] = "",
    hours: Annotated[
        float | None, typer.Option("--hours", help="How long it may take; --notify tells when it will not.")
    ] = None,
    as_json: AsJson = False,
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """Migrate what waits; without --apply say what would be done, and write nothing.

    Where to is said in [migration]. What people still work on comes first, the latest first. It may be
    interrupted in any way: run again, it goes on, and nothing is made twice. Run again after its end, it
    takes what changed since. It never writes to its source, and refuses where customers would be mailed.

    It pauses by itself when one in a hundred tickets is parked, or fifty in a row for one reason. Ends with
    0, with 4 if it parked tickets or paused, with 5 where customers would be mailed.

    Example: deskbridge migrate run --demo 20 --apply
    """
    from deskbridge.bootstrap import build  # heavy: --help does without
    from deskbridge.migration.asked import Asked, share_of
    from deskbridge.migration.opening import Changed
    from deskbridge.migration.rehearsal import rehearsed
    from deskbridge.migration.run_log import open_log
    from deskbridge.migration.running import Orders, migrated
    from deskbridge.migration.told import standing_json, standing_lines, standing_of
    from deskbridge.service import settle

    asked = Asked(
        statuses=tuple(status or ()),
        customers=tuple(customer or ()),
        created=created,
        updated=updated,
        ids=tuple(id_ or ()),
        preload=preload,
    )
    orders = Orders(
        asked=asked,
        limit=limit,
        demo=demo,
        share=share_of(share),
        workers=workers,
        processes=processes,
        changed=Changed.REMAP if remap else Changed.CONTINUE if go_on else Changed.ASK,
        notify=notify,
        hours=hours,
    )
    application = build(settings, os.environ)
    if not apply:
        typer.echo(rehearsed(application, orders, as_json=as_json))
        return
    open_log(application)
    settle()
    done, code = migrated(application, orders, _ask)
    standing = standing_of(application.store, done, application.now())
    shown = json.dumps(standing_json(standing), indent=2) if as_json else "\n".join(standing_lines(standing))
    typer.echo(shown)
    raise typer.Exit(code)


@app.command()
def status(
    as_json: AsJson = False,
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """Say how the migration stands: what became of each ticket, why, and what to do next. No tool is asked.

    Example: deskbridge migrate status --json
    """
    from deskbridge.bootstrap import build  # as in `run`
    from deskbridge.migration.told import standing_json, standing_lines, standing_of

    application = build(settings, os.environ)
    runs = [run for run in application.store.runs.all() if not run.fills_in]
    found = [standing_of(application.store, run, application.now()) for run in runs]
    if as_json:
        typer.echo(json.dumps([standing_json(one) for one in found], indent=2))
    else:
        typer.echo("\n".join(standing_lines(found[0])) if found else "Nothing was migrated yet.")


@app.command()
def stop(settings: SettingsFile = DEFAULT_SETTINGS) -> None:
    """Have a run, or a backfill, stop, wherever it works; what is under way is brought to its end.

    Example: deskbridge migrate stop
    """
    from deskbridge.bootstrap import build  # as in `run`
    from sync.store.runs import RunState

    application = build(settings, os.environ)
    running = [run for run in application.store.runs.all() if run.state is RunState.RUNNING]
    for run in running:
        application.store.runs.stop(run.id, application.now())
        typer.echo(f"run {run.id} stops within seconds; `{run.again}` goes on.")
    if not running:
        typer.echo("No run is at work.")


@app.command()
def verify(
    depth: Annotated[
        str, typer.Argument(metavar="counts|sample|full", help="How much of both sides is read again.")
    ] = "sample",
    sample: Annotated[
        int, typer.Option("--sample", min=1, metavar="N", help="How many tickets `sample` compares.")
    ] = 200,
    accept: Annotated[
        str, typer.Option("--accept", metavar="NAME", help="Record that NAME accepts it, if nothing differs.")
    ] = "",
    price: Annotated[
        bool, typer.Option("--price", help="Only say what each way costs, in calls and hours.")
    ] = False,
    follow: Annotated[
        bool, typer.Option("--follow", help="Go along behind a run: compare what it has done, until it ends.")
    ] = False,
    as_json: AsJson = False,
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """Read both sides again, by lists and by what the tools send, and say what is missing and why.

    `counts` costs a call for each hundred tickets, `sample` and `full` about five more for each ticket that
    they compare, and one for each file. Texts are compared by their words, files by their SHA-256, fields,
    booked time and ratings by value; a text for staff that customers read is a difference. What a person
    changed since is told apart. Ends with 0, with 4 if something differs or still waits.

    Example: deskbridge migrate verify full --accept "Dana Kim"
    """
    from deskbridge.bootstrap import build  # as in `run`
    from deskbridge.migration import verifying

    if depth not in list(verifying.Depth):
        raise typer.BadParameter("say counts, sample or full")
    if follow and depth != verifying.Depth.FULL:
        raise typer.BadParameter("--follow compares every ticket: say full")
    application = build(settings, os.environ)
    if price:
        told = verifying.prices(application, sample)
        shown = json.dumps(verifying.price_json(told), indent=2) if as_json else None
        typer.echo(shown or "\n".join(verifying.price_lines(told)))
        return
    done, found = verifying.verified(application, verifying.Depth(depth), sample, accept, follow=follow)
    shown = json.dumps(verifying.as_json(found), indent=2) if as_json else None
    typer.echo(shown or "\n".join(verifying.verified_lines(application, done, found)))
    well = verifying.well(application, done, found)
    if accept and not well:
        typer.echo(f"not accepted by {accept}: a person can accept what does not differ", err=True)
    raise typer.Exit(0 if well else 4)


@app.command()
def rollback(
    apply: Annotated[bool, typer.Option("--apply", help="Delete what can be deleted.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Prove that it is possible; the default.")] = False,
    run_: Annotated[
        int | None, typer.Option("--run", metavar="N", help="Only what this run created.")
    ] = None,
    status: Statuses = None,
    customer: Customers = None,
    created: Created = "",
    id_: Ids = None,
    as_json: AsJson = False,
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """Delete exactly what runs created, and nothing that a person has worked on since.

    Without --apply every issue is read, and what stands against it is told: rights that are missing, issues
    that people wrote on or changed. It may be interrupted: run again, it goes on. What was undone waits
    for the next `migrate run`. Ends with 0, with 4 if something stays.

    Example: deskbridge migrate rollback --run 1 --check
    """
    if apply and check:
        raise typer.BadParameter("say --check or --apply")
    from deskbridge.bootstrap import build  # as in `run`
    from deskbridge.migration.asked import Asked
    from deskbridge.migration.undoing import undoing_json, undoing_lines, undone

    asked = Asked(
        statuses=tuple(status or ()), customers=tuple(customer or ()), created=created, ids=tuple(id_ or ())
    )
    found = undone(build(settings, os.environ), asked, run_, apply=apply)
    shown = json.dumps(undoing_json(found), indent=2) if as_json else None
    typer.echo(shown or "\n".join(undoing_lines(found, apply=apply)))
    raise typer.Exit(0 if found.whole else 4)


def _ask() -> str:
    """Ask what changed rules mean for what was migrated, where there is somebody to be asked."""
    if not sys.stdin.isatty():
        return "stop"
    said = typer.prompt("The rules changed since the last run: continue, remap or stop?", default="stop")
    return str(said).strip().lower()
