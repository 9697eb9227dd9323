"""Which status leads where, and what happens on the way (reference, 4.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from deskbridge.sandbox.jira import catalogue
from deskbridge.sandbox.jira.model import Issue

TO_DO, IN_PROGRESS, DONE = "10000", "3", "10001"
INITIAL = TO_DO


@dataclass(frozen=True, slots=True)
class Transition:
    """A way to a status: from anywhere when `sources` is empty."""

    id: str
    name: str
    to: str
    sources: tuple[str, ...] = ()
    screen: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    assigned: bool = False
    """Whether its validator wants an assignee."""


WORKFLOWS = {
    # Every status reaches every status, itself included: a 204 proves no change.
    "simplified": (
        Transition("11", "To Do", TO_DO),
        Transition("21", "In Progress", IN_PROGRESS),
        Transition("31", "Done", DONE),
    ),
    "directed": (
        Transition("11", "Start progress", IN_PROGRESS, (TO_DO,)),
        Transition("21", "Stop progress", TO_DO, (IN_PROGRESS,)),
        Transition(
            "31", "Resolve", DONE, (IN_PROGRESS,), ("resolution", "assignee"), ("resolution",), assigned=True
        ),
        Transition("41", "Reopen", TO_DO, (DONE,)),
    ),
}


def available(workflow: str, issue: Issue) -> list[Transition]:
    """Return the transitions that an issue can take from its status."""
    return [t for t in WORKFLOWS[workflow] if not t.sources or issue.status in t.sources]


def is_done(status: str) -> bool:
    """Whether a status is of the category ``done``."""
    return catalogue.STATUSES[status].category == "done"


def side_effects(issue: Issue, transition: Transition, values: dict[str, Any]) -> dict[str, Any]:
    """Return the values that the transition's post-functions set: a resolution comes and goes with done."""
    if not is_done(transition.to):
        return {"resolution": None}
    given = values.get("resolution") or issue.values.get("resolution")
    return {"resolution": given or "10000"}
