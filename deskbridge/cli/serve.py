"""`serve` and `work`."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from deskbridge.cli.options import DEFAULT_SETTINGS, SettingsFile


def serve(
    host: Annotated[
        str | None, typer.Option("--host", help="Where to listen, instead of serve.host.")
    ] = None,
    port: Annotated[
        int | None, typer.Option("--port", min=0, max=65535, help="The same for the port.")
    ] = None,
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """Run the hub: webhooks in, polls and the sweep beside them, workers inside; until SIGTERM or Ctrl-C.

    Several may run at once, on one store or beside `sync`. What was begun when it ends is finished, or
    found again by the next one.

    Example: deskbridge serve --port 8600
    """
    from deskbridge.bootstrap import build  # heavy: --help does without
    from deskbridge.logs import begin
    from deskbridge.report import complaint
    from deskbridge.service import settle
    from deskbridge.web.serving import Serving

    application = build(settings, os.environ, fresh=True)
    begin(application)
    for remark in application.remarks:
        typer.echo(f"deskbridge: {remark}", err=True)
    for error in application.engine.identify():
        typer.echo(f"deskbridge: {complaint(error)}", err=True)
    asked, serving = application.settings.serve, Serving(application)
    settle()
    serving.run(
        host or asked.host,
        asked.port if port is None else port,
        lambda where: typer.echo(f"deskbridge: webhooks are answered at {where}/hooks/CONNECTION"),
    )


def work(
    threads: Annotated[
        int | None,
        typer.Option("--threads", min=1, max=64, help="How many, instead of serve.workers (see there)."),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            "--port", min=0, max=65535, help="Answer /metrics, /healthz and /readyz here; else nothing is."
        ),
    ] = None,
    host: Annotated[str, typer.Option("--host", help="Where, with --port.")] = "127.0.0.1",
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """Work on a store in PostgreSQL, on any machine, beside `serve` and other workers; until SIGTERM.

    It takes part in all but webhooks and pages: tickets, polls, the sweep, notifications. A ticket is held
    by one worker at a time; what a worker that died had begun is taken over by another within 20 seconds.
    With `--port` it answers a monitor as `serve` does, under the same rules (docs/metrics.md).

    Example: deskbridge work --threads 4 --port 8601
    """
    from deskbridge.bootstrap import build  # heavy: --help does without
    from deskbridge.logs import begin
    from deskbridge.service import settle
    from deskbridge.watching import may_work, worked
    from deskbridge.web.serving import Working

    application = build(settings, os.environ)
    begin(application)
    settle()
    if port is None:
        worked(application, threads)
        return
    may_work(application)
    Working(application, threads).run(
        host, port, lambda where: typer.echo(f"deskbridge: figures are answered at {where}/metrics")
    )
