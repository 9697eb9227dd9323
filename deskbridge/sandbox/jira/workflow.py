"""Which status leads where, and what happens on the way (reference, 4.1)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from deskbridge.sandbox.jira.model import Issue, Project
from deskbridge.sandbox.jira.state import Site

TO_DO, IN_PROGRESS, DONE = "10000", "3", "10001"
FOR_SUPPORT, FOR_CUSTOMER, FOR_APPROVAL = "10100", "10101", "10102"
RESOLVED, CLOSED, CANCELED, DECLINED = "5", "6", "10103", "10104"


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
    portal: bool = False
    """Whether customers may take it too."""
    approval: bool = False
    """Whether only an approval's decision takes it: a condition hides it."""


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
    "service": (
        Transition("11", "Respond to customer", FOR_CUSTOMER, (FOR_SUPPORT, IN_PROGRESS)),
        Transition("21", "Respond to support", FOR_SUPPORT, (FOR_CUSTOMER,), portal=True),
        Transition("31", "Start work", IN_PROGRESS, (FOR_SUPPORT, FOR_CUSTOMER)),
        Transition(
            "41",
            "Resolve this issue",
            RESOLVED,
            (FOR_SUPPORT, FOR_CUSTOMER, IN_PROGRESS),
            ("resolution",),
            ("resolution",),
        ),
        Transition("51", "Back to support", FOR_SUPPORT, (RESOLVED,), portal=True),
        Transition("61", "Close", CLOSED, (RESOLVED,)),
        Transition("71", "Cancel request", CANCELED, (FOR_SUPPORT, FOR_CUSTOMER), portal=True),
        Transition("81", "Approve", FOR_SUPPORT, (FOR_APPROVAL,), approval=True),
        Transition("91", "Decline", DECLINED, (FOR_APPROVAL,), approval=True),
    ),
}
NAMES = {
    "simplified": "Software Simplified Workflow for Project",
    "directed": "Directed workflow for Project",
    "service": "Jira Service Management IT Support Workflow for Project",
}


def ways(project: Project) -> list[Transition]:
    """Return all transitions of a project's workflow; a team-managed one has statuses of its own."""
    return [_as_in(project, found) for found in WORKFLOWS[project.workflow]]


def _as_in(project: Project, found: Transition) -> Transition:
    """Return a transition with the project's own statuses, and what its screen asks for there."""
    own, asked = project.own_statuses, project.asked.get(found.id, [])
    if own:
        found = replace(
            found, to=own.get(found.to, found.to), sources=tuple(own.get(s, s) for s in found.sources)
        )
    if not asked and not project.required:
        return found
    screen = tuple(dict.fromkeys((*found.screen, *asked)))
    required = (*found.required, *asked, *(name for name in project.required if name in screen))
    return replace(found, screen=screen, required=tuple(dict.fromkeys(required)))


def initial(project: Project) -> str:
    """Return the status in which a project's issues begin."""
    first = FOR_SUPPORT if project.workflow == "service" else TO_DO
    return project.own_statuses.get(first, first)


def statuses(site: Site, project: Project) -> list[str]:
    """Return the ids of a project's statuses, in the site's order."""
    known = {t.to for t in ways(project)} | {initial(project)}
    if project.workflow == "service":
        known.add(FOR_APPROVAL)
    return [id for id in site.statuses if id in known]


def available(site: Site, issue: Issue, *, hidden: bool = False) -> list[Transition]:
    """Return the transitions that an issue can take from its status, those by condition only if `hidden`."""
    project = site.projects[issue.project]
    found = (t for t in ways(project) if not t.sources or issue.status in t.sources)
    return [t for t in found if hidden or not t.approval]


def is_done(site: Site, status: str) -> bool:
    """Whether a status is of the category ``done``."""
    return site.statuses[status].category == "done"


def side_effects(site: Site, issue: Issue, transition: Transition, values: dict[str, Any]) -> dict[str, Any]:
    """Return the values that the transition's post-functions set: a resolution comes and goes with done."""
    if not is_done(site, transition.to):
        return {"resolution": None}
    given = values.get("resolution") or issue.values.get("resolution")
    return {"resolution": given or "10000"}
