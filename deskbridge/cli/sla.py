"""`sla`: what runs out next, what people say of clocks, statements, and other rules tried on the past."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from deskbridge.cli.options import DEFAULT_SETTINGS, AsJson, SettingsFile

app = typer.Typer(no_args_is_help=True, help="What was promised to customers, and what became of it.")

Ticket = Annotated[str, typer.Argument(help="CONNECTION:KEY, or what a tool calls it (SUP-12).")]
Clock = Annotated[
    str, typer.Argument(help="first_response, next_response, update, resolve or estimate.", metavar="CLOCK")
]
Reason = Annotated[str, typer.Option("--reason", help="Why; it stands in the statement.")]
By = Annotated[
    str | None, typer.Option("--by", metavar="WHO", help="Who says so; you, as this machine knows you.")
]
Cycle = Annotated[
    int | None,
    typer.Option("--cycle", metavar="N", help="Which run of the clock, as `explain` numbers them; the last."),
]
Customer = Annotated[str | None, typer.Option("--customer", metavar="KEY", help="Only this customer's.")]


@app.command("next")
def next_(
    customer: Customer = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000, help="How many at most.")] = 20,
    as_json: AsJson = False,
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """List the clocks that run out next, those that are overdue first. No system is asked.

    Due times are told in the customer's zone; what is left, in the calendar that the promise is measured in.

    Example: deskbridge sla next --customer acme
    """
    from deskbridge.bootstrap import build  # heavy: --help does without
    from deskbridge.sla.coming import coming, coming_json, coming_lines
    from deskbridge.sla.held import customer_of

    application = build(settings, os.environ)
    rows = coming(application, customer_of(application, customer) if customer else None, limit)
    typer.echo(json.dumps(coming_json(rows), indent=2) if as_json else "\n".join(coming_lines(rows)))


@app.command()
def waive(
    ticket: Ticket,
    clock: Clock,
    reason: Reason,
    by: By = None,
    cycle: Cycle = None,
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """Record that a promise is not held against the desk. What was counted stays, in its own column.

    Example: deskbridge sla waive desk:42 first_response --reason "agreed"
    """
    from deskbridge.bootstrap import build  # as in `next`
    from deskbridge.sla.amending import say

    application = build(settings, os.environ)
    typer.echo(say(application, ticket, clock, kind="waived", reason=reason, by=by, cycle=cycle))


@app.command()
def correct(
    ticket: Ticket,
    clock: Clock,
    reason: Reason,
    met: Annotated[bool, typer.Option("--met/--missed", help="What is true.")],
    by: By = None,
    cycle: Cycle = None,
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """Record that a promise was kept, or not, in spite of what was counted, which stays beside it.

    Example: deskbridge sla correct desk:42 first_response --met --reason phoned
    """
    from deskbridge.bootstrap import build  # as in `next`
    from deskbridge.sla.amending import say

    application = build(settings, os.environ)
    typer.echo(say(application, ticket, clock, kind="corrected", reason=reason, by=by, cycle=cycle, met=met))


@app.command()
def amend(
    since: Annotated[str, typer.Option("--from", metavar="DATE", help="As 2026-03-01, begun in UTC.")],
    apply: Annotated[bool, typer.Option("--apply", help="Record it, not only list it.")] = False,
    as_json: AsJson = False,
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """List each answer that differs if today's calendars and policies had held from a date on.

    An edit of the settings acts from when it is first worked by. --apply has it act from the date instead:
    what differs is answered anew, and the tickets are looked at again with the next sync. Statements that
    were issued stay as they are; what differs is told as their corrections. Stop `serve` and `sync --watch`
    before --apply, and start them afterwards: what runs goes on by the rules with which it started.

    Example: deskbridge sla amend --from 2026-03-01
    """
    from deskbridge.bootstrap import build  # as in `next`
    from deskbridge.sla.amending import amend as apply_it
    from deskbridge.sla.amending import difference_json, difference_lines, differences
    from deskbridge.sla.held import Held
    from deskbridge.sla.spans import day_of

    application = build(settings, os.environ)
    begin = day_of("--from", since, before=application.now())
    found = list(differences(application, begin))
    names = Held(application).names(one.ref for one in found)
    if as_json:
        typer.echo(json.dumps([difference_json(one, names[one.ref]) for one in found], indent=2))
    else:
        lines = [line for one in found for line in difference_lines(one, names[one.ref])]
        typer.echo("\n".join(lines) or "Nothing would be answered otherwise.")
    if apply:
        apply_it(application, begin, found)


@app.command()
def report(
    customer: Annotated[str, typer.Option("--customer", metavar="KEY", help="Whose month.")],
    month: Annotated[str, typer.Option("--month", metavar="MONTH", help="As 2026-03, in their zone.")],
    as_csv: Annotated[bool, typer.Option("--csv", help="Print one line for each promise.")] = False,
    as_html: Annotated[bool, typer.Option("--html", help="Print a page that needs nothing else.")] = False,
    as_json: AsJson = False,
    issue: Annotated[bool, typer.Option("--issue", help="Freeze it: this is what they are told.")] = False,
    by: By = None,
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """Tell what was promised to a customer in a month and kept, missed or waived, and their tier's hours.

    Promises come from the store; the tools are asked for the time that was booked. With --issue it is frozen
    with its hash: from then on it is told as it was issued, and what is found later as dated corrections.

    Example: deskbridge sla report --customer acme --month 2026-03 --html > acme.html
    """
    from deskbridge.bootstrap import build  # as in `next`
    from deskbridge.sla.held import customer_of
    from deskbridge.sla.issuing import report as make
    from deskbridge.sla.page import page
    from deskbridge.sla.shown import report_csv, report_json, report_lines
    from deskbridge.sla.spans import one_form

    one_form(csv=as_csv, html=as_html, json=as_json)
    application = build(settings, os.environ)
    made = make(application, customer_of(application, customer), month, issue=issue, by=by)
    if as_csv:
        typer.echo(report_csv(made), nl=False)
    elif as_html:
        typer.echo(page(made))
    else:
        typer.echo(json.dumps(report_json(made), indent=2) if as_json else "\n".join(report_lines(made)))


@app.command()
def simulate(
    policy: Annotated[str, typer.Option("--policy", metavar="NAME", help="A policy of the settings.")],
    since: Annotated[str, typer.Option("--from", metavar="DATE", help="As 2026-03-01, begun in UTC.")],
    until: Annotated[str | None, typer.Option("--to", metavar="DATE", help="Until it begins; now.")] = None,
    draft: Annotated[
        Path | None,
        typer.Option("--draft", metavar="FILE", help="A file with further policies and calendars."),
    ] = None,
    customer: Customer = None,
    as_json: AsJson = False,
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """Compare what was kept in the past with what would have been under another policy. Nothing is changed.

    A policy that nobody has yet is read from a file of its own, with --draft.

    Example: deskbridge sla simulate --policy gold --from 2026-01-01
    """
    from deskbridge.bootstrap import build  # as in `next`
    from deskbridge.sla.shown import compared_lines
    from deskbridge.sla.statement import simulated

    application = build(settings, os.environ)
    found = simulated(application, policy, since, until, customer, draft)
    lines = (line for one in found for line in compared_lines(one))
    typer.echo(json.dumps(found, indent=2) if as_json else "\n".join(lines))
