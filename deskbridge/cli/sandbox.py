"""`sandbox` and `demo`. What they need is installed with the extra `web`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from connectors.errors import ConfigError, HubError

Port = Annotated[int, typer.Option(help="0 takes any free port.", min=0, max=65535)]
MISSING = "the sandbox needs more packages; install deskbridge[web]"


def sandbox(
    env_file: Annotated[Path, typer.Option(help="Where to write the addresses and credentials.")],
    freshdesk_port: Port = 0,
    jira_port: Port = 0,
    gitlab_port: Port = 0,
    control_port: Port = 0,
    plan: Annotated[str, typer.Option(help="The Freshdesk plan, which sets the rate limits.")] = "enterprise",
    seed: Annotated[int, typer.Option(help="Equal seeds give equal credentials.")] = 0,
    deployment: Annotated[str, typer.Option(help="Which Jira: cloud or dc (Data Center).")] = "cloud",
    snapshot: Annotated[Path | None, typer.Option(help="A snapshot of a sandbox to start from.")] = None,
    empty: Annotated[bool, typer.Option("--empty", help="Without customers and examples.")] = False,
    no_limits: Annotated[bool, typer.Option("--no-limits", help="Enforce no rate limits.")] = False,
) -> None:
    """Run the three fake servers until stopped, to try a configuration on.

    Example: deskbridge sandbox --env-file sandbox.env
    """
    try:
        from deskbridge.sandbox.run import SandboxError, serve_forever  # the extra may not be installed
    except ModuleNotFoundError as error:
        raise ConfigError([f"{MISSING} ({error.name} is missing)"]) from None
    try:
        serve_forever(
            env_file,
            freshdesk_port=freshdesk_port,
            jira_port=jira_port,
            gitlab_port=gitlab_port,
            control_port=control_port,
            plan=plan,
            seed=seed,
            deployment=deployment,
            snapshot=snapshot,
            empty=empty,
            limits=not no_limits,
        )
    except SandboxError as error:
        raise HubError(str(error)) from None


def demo(
    once: Annotated[bool, typer.Option("--once", help="End by itself, with 0 if all checks hold.")] = False,
) -> None:
    """Sync a seeded morning at a support desk between three sandbox servers, and look at the result.

    Example: deskbridge demo --once
    """
    try:
        from deskbridge.demo.run import run  # the extra may not be installed
    except ModuleNotFoundError as error:
        raise ConfigError([f"{MISSING} ({error.name} is missing)"]) from None
    raise typer.Exit(0 if run(stay=not once) else 1)
