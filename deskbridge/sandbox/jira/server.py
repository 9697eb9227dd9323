"""The fake Jira: one site, its routes, and what can be done to it from outside."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp

from deskbridge.sandbox.jira import (
    api_boards,
    api_bulk,
    api_comments,
    api_customers,
    api_desks,
    api_extras,
    api_fields,
    api_files,
    api_filters,
    api_history,
    api_hooks,
    api_issues,
    api_limits,
    api_marks,
    api_parts,
    api_people,
    api_private,
    api_project_admin,
    api_projects,
    api_request_parts,
    api_requests,
    api_schemes,
    api_search,
    api_sessions,
    api_settings,
    api_site,
    api_sprints,
    api_suggest,
    api_tasks,
    api_worklogs,
    dump,
    fresh,
    page,
    portal,
)
from deskbridge.sandbox.jira.acts import Acts
from deskbridge.sandbox.jira.door import Door
from deskbridge.sandbox.jira.state import Site
from deskbridge.sandbox.kernel import build
from deskbridge.sandbox.world import World

DEPLOYMENTS = ("cloud", "dc")
_MODULES = (
    api_boards,
    api_bulk,
    api_comments,
    api_customers,
    api_desks,
    api_extras,
    api_fields,
    api_files,
    api_filters,
    api_history,
    api_hooks,
    api_issues,
    api_limits,
    api_marks,
    api_parts,
    api_people,
    api_private,
    api_project_admin,
    api_projects,
    api_request_parts,
    api_requests,
    api_schemes,
    api_search,
    api_sessions,
    api_settings,
    api_site,
    api_sprints,
    api_suggest,
    api_tasks,
    api_worklogs,
    page,
    portal,
)


class Jira:
    """A Jira site with one software project and one service desk, freshly set up.

    `deployment` is ``cloud`` or ``dc`` (Data Center); ValueError for anything else.
    """

    def __init__(self, world: World, base_url: str, files: Path, deployment: str = "cloud") -> None:
        if deployment not in DEPLOYMENTS:
            raise ValueError(f"deployment must be one of {', '.join(DEPLOYMENTS)}, not {deployment!r}")
        self._site = Site(world, base_url, files, deployment)
        self._people = fresh.people(self._site)
        self._furnish()
        self._door = Door(self._site, [rule for module in _MODULES for rule in module.RULES])
        self.app: ASGIApp = build("jira", world, [self._door], finish=self._door.finish)
        self.acts: Mapping[str, Callable[..., dict[str, object]]] = Acts(
            self._site, lambda: self._door.signin
        ).all()

    def environment(self) -> dict[str, str]:
        """Return the address and credentials, on Data Center by user name; an empty site has one."""
        hub, developer = self._people[:2]
        cloud = self._site.cloud
        found = {
            "JIRA_URL": self._site.base_url,
            "JIRA_EMAIL": hub.email if cloud else hub.username,
            "JIRA_TOKEN": hub.token,
            "JIRA_PROJECT": fresh.PROJECT,
        }
        if not self._site.world.empty:
            found["JIRA_DEV_EMAIL"] = developer.email if cloud else developer.username
            found["JIRA_DEV_TOKEN"] = developer.token
        return found

    def reset(self) -> None:
        """Go back to the fresh site: same people and credentials, no issues, switches as at first."""
        self._site.clear()
        self._door.forget()
        self._furnish()

    def dump(self) -> dict[str, Any]:
        """Return the state as JSON-able values; files are not in it, they stay in the files' folder."""
        return dump.dump(self._site)

    def restore(self, state: dict[str, Any]) -> None:
        """Go to a dumped state; raises ValueError when it is none of this deployment."""
        dump.restore(self._site, state)
        self._door.forget()

    def _furnish(self) -> None:
        fresh.settle(self._site, copy.deepcopy(self._people))
