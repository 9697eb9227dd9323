"""`explain`, `history`, `link`, `unlink`: what concerns one ticket."""

from __future__ import annotations

import json
import os
from typing import Annotated

import typer

from deskbridge.cli.options import DEFAULT_SETTINGS, AsJson, SettingsFile

Ticket = Annotated[
    str, typer.Argument(help="CONNECTION:KEY, what a tool or the hub calls it (SUP-12), or its address.")
]


def explain(ticket: Ticket, as_json: AsJson = False, settings: SettingsFile = DEFAULT_SETTINGS) -> None:
    """Say for each field, text and file of a ticket where it came from, where it went, and what was skipped.

    Each clock is told with how its figure came about. The answer comes from what was kept when it was
    decided; no system is asked.

    Example: deskbridge explain SUP-12
    """
    from deskbridge.bootstrap import build  # heavy: --help does without
    from deskbridge.stories import story_named
    from deskbridge.story import story_json, story_lines

    story = story_named(build(settings, os.environ), ticket)
    typer.echo(json.dumps(story_json(story), indent=2) if as_json else "\n".join(story_lines(story)))


def history(ticket: Ticket, as_json: AsJson = False, settings: SettingsFile = DEFAULT_SETTINGS) -> None:
    """List everything that was written for a ticket, or was not, oldest first, each with its reason.

    Example: deskbridge history desk:42
    """
    from deskbridge.bootstrap import build  # as in `explain`
    from deskbridge.stories import story_named
    from deskbridge.story import history_json, history_lines

    decisions = story_named(build(settings, os.environ), ticket).decisions
    typer.echo(
        json.dumps(history_json(decisions), indent=2) if as_json else "\n".join(history_lines(decisions))
    )


def link(
    one: Annotated[str | None, typer.Argument(help="A front side's ticket, as CONNECTION:KEY.")] = None,
    other: Annotated[str | None, typer.Argument(help="A work side's ticket, as CONNECTION:KEY.")] = None,
    prefer: Annotated[
        str | None, typer.Option("--prefer", help="The connection whose fields are written to the other.")
    ] = None,
    with_history: Annotated[
        bool, typer.Option("--with-history", help="Have older texts travel too, for staff.")
    ] = False,
    adopt: Annotated[
        str | None,
        typer.Option("--adopt", metavar="HOW", help="Take over another tool's links, many at once."),
    ] = None,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Find links that were lost by the hub's own texts.")
    ] = False,
    apply: Annotated[
        bool, typer.Option("--apply", help="With --adopt or --rebuild: record it, not only list it.")
    ] = False,
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """Make two tickets that lived on their own sides of one; the next sync keeps them the same.

    Nothing that stands on them is rewritten, unless --prefer names the side to follow.

    --adopt takes over the links of another tool. csv:FILE: the first line names two connections (desk,jira),
    each further line the keys of two tickets (42,SUP-12). remote-links:jira follows the links on the issues
    of a connection, field:desk.cf_issue what stands in a field of its tickets. --rebuild finds the hub's own
    links by its texts on the work sides. Both only list what they would do before --apply, and end with 4
    if something cannot be linked.

    Example: deskbridge link desk:42 jira:10042
    """
    from deskbridge.bootstrap import build  # as in `explain`
    from deskbridge.linking import asked, link_many
    from deskbridge.named import ref_named

    ways = asked(one, other, adopt=adopt, rebuild=rebuild, apply=apply)
    application = build(settings, os.environ)
    if ways:
        raise typer.Exit(link_many(application, ways, prefer=prefer, history=with_history, apply=apply))
    refs = [ref_named(application, name) for name in (one or "", other or "")]
    application.links.link(refs[0], refs[1], prefer=prefer, history=with_history)
    typer.echo(f"{refs[0]} and {refs[1]} are linked; `deskbridge plan {one}` tells what that will write.")


def unlink(ticket: Ticket, settings: SettingsFile = DEFAULT_SETTINGS) -> None:
    """Take one side out: nothing passes between it and the others any more. What was written stays.

    Example: deskbridge unlink jira:10042
    """
    from deskbridge.bootstrap import build  # as in `explain`
    from deskbridge.named import ref_named

    application = build(settings, os.environ)
    ref = ref_named(application, ticket)
    application.links.unlink(ref)
    typer.echo(f"{ref} is on its own now.")
