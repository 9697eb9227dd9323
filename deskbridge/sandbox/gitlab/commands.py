"""Running quick actions with the rights of who wrote them (4.3)."""

from __future__ import annotations

from collections.abc import Sequence

from deskbridge.sandbox.gitlab import access, commands_fields, commands_more
from deskbridge.sandbox.gitlab.places import User
from deskbridge.sandbox.gitlab.quick import UNDONE, Command
from deskbridge.sandbox.gitlab.records import Issue
from deskbridge.sandbox.gitlab.running import Inapplicable, Run
from deskbridge.sandbox.gitlab.site import Site
from deskbridge.sandbox.kernel import Refused

_ACTS = commands_fields.ACTS | commands_more.ACTS
_FOR_READERS = ("subscribe", "unsubscribe", "react", "todo", "done")


def run(site: Site, actor: User, issue: Issue, commands: Sequence[Command], *, saved: bool) -> Run:
    """Run commands; the edits that they ask for stand in the result and are not made yet."""
    unknown = [command.name for command in commands if command.name in UNDONE]
    if unknown:
        raise Refused(501, {"sandbox": f"the gitlab sandbox does not run /{unknown[0]}"})
    runs = Run(site, actor, issue, saved)
    for command in commands:
        _one(runs, command)
    return runs


def _one(runs: Run, command: Command) -> None:
    try:
        runs.need(access.edits(runs.actor, runs.issue) or command.name in _FOR_READERS)
        runs.said.append(_ACTS[command.name](runs, command.argument))
    except Inapplicable:
        runs.failed += 1
        runs.said.append(f"Could not apply {command.name} command.")
    except Refused as refusal:  # a move or a clone that may not be
        runs.failed += 1
        body = refusal.body
        runs.said.append(str(body.get("message", "")) if isinstance(body, dict) else "")
