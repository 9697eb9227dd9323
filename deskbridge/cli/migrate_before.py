"""`migrate`: what is done before a run: the estimate."""

from __future__ import annotations

import json
import os
from typing import Annotated

import typer

from deskbridge.cli.options import DEFAULT_SETTINGS, AsJson, SettingsFile

Source = Annotated[
    str | None, typer.Option("--from", metavar="CONNECTION", help="What is left; the only front.")
]
Sample = Annotated[
    int, typer.Option("--sample", min=1, max=20_000, help="Tickets that are looked into, two calls each.")
]
Gaps = Annotated[
    int,
    typer.Option("--gaps", min=0, max=20_000, help="Numbers no list shows that are asked for, a call each."),
]


def estimate(
    source: Source = None,
    to: Annotated[
        str | None, typer.Option("--to", metavar="PLACE", help="Where to; the first place elsewhere.")
    ] = None,
    sample: Sample = 400,
    gaps: Gaps = 400,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown.")] = False,
    as_html: Annotated[bool, typer.Option("--html", help="Print a page that needs nothing else.")] = False,
    as_json: AsJson = False,
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """Tell what moving a past would take: counts, sizes, losses, gaps, calls and hours. It only reads.

    The lists are counted whole; texts, files and archived tickets are estimated by a sample, with how sure
    that is. How many calls it makes at most is said before. Ends with 2 where something stands in the way.

    Example: deskbridge migrate estimate --html > estimate.html
    """
    from deskbridge.bootstrap import build  # heavy: --help does without
    from deskbridge.migration.estimate_page import page
    from deskbridge.migration.estimate_text import lines, markdown
    from deskbridge.migration.estimating import find
    from deskbridge.migration.figures import figures
    from deskbridge.sla.spans import one_form
    from sync.migrate.estimate import Asked

    one_form(markdown=as_markdown, html=as_html, json=as_json)
    application = build(settings, os.environ)
    asked = Asked(tickets=sample, gaps=gaps)
    found = find(application, source, to, asked, lambda text: typer.echo(text, err=True))
    data = figures(found, application.settings)
    if as_json:
        typer.echo(json.dumps(data, indent=2))
    elif as_html or as_markdown:
        typer.echo(page(data) if as_html else markdown(data), nl=False)
    else:
        typer.echo("\n".join(lines(data)))
    raise typer.Exit(found.exit_code)


def people(
    source: Source = None,
    export: Annotated[
        list[str] | None,
        typer.Option("--export", metavar="CONNECTION=FILE", help="Users that its admin exported, as CSV."),
    ] = None,
    former: Annotated[
        int, typer.Option("--former", metavar="N", min=0, help="Look into N tickets for who has left.")
    ] = 0,
    apply: Annotated[bool, typer.Option("--apply", help="Write people.csv and unmatched.csv.")] = False,
    as_json: AsJson = False,
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """Find the accounts of staff by their mail addresses, and extend the table of people by them.

    What stands in the table stays. Who cannot be found goes into unmatched.csv, with accounts of the same
    name for a person to judge. Jira hides most addresses: have an admin export its users.

    Example: deskbridge migrate people --export jira=users.csv --apply
    """
    from deskbridge.bootstrap import build  # as in `estimate`
    from deskbridge.migration.accounts import gathered
    from deskbridge.migration.estimating import source_of
    from deskbridge.migration.people_table import (
        UNMATCHED,
        extended,
        people_json,
        people_lines,
        save,
        unmatched_text,
    )

    application = build(settings, os.environ)
    home = source_of(application, source)
    accounts = gathered(
        application, home, export or [], former=former, tell=lambda text: typer.echo(text, err=True)
    )
    found = extended(settings, list(application.settings.connections), accounts)
    if apply:
        if found.changes:
            save(found.path, found.after)
        save(found.path.with_name(UNMATCHED), unmatched_text(found.unmatched))
    typer.echo(json.dumps(people_json(found), indent=2) if as_json else "\n".join(people_lines(found)))
