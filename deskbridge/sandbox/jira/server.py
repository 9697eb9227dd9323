"""The fake Jira: one site, its routes, and what can be done to it from outside."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path

from starlette.types import ASGIApp

from deskbridge.sandbox.jira import (
    api_boards,
    api_extras,
    api_files,
    api_filters,
    api_issues,
    api_marks,
    api_projects,
    api_search,
    api_site,
    fresh,
    page,
)
from deskbridge.sandbox.jira.state import Site
from deskbridge.sandbox.jira.wire import Door
from deskbridge.sandbox.jira.workflow import WORKFLOWS
from deskbridge.sandbox.kernel import build
from deskbridge.sandbox.world import World

RULES = [
    *api_site.RULES,
    *api_projects.RULES,
    *api_issues.RULES,
    *api_extras.RULES,
    *api_files.RULES,
    api_files.MEDIA,
    *api_marks.RULES,
    *api_search.RULES,
    *api_filters.RULES,
    *api_boards.RULES,
    *page.RULES,
]


class Jira:
    """A Jira Cloud site with one software project, freshly set up."""

    def __init__(self, world: World, base_url: str, files: Path) -> None:
        self._site = Site(world, base_url, files)
        self._people = fresh.people(self._site)
        self._furnish()
        self._door = Door(self._site, RULES)
        self.app: ASGIApp = build("jira", world, self._door.routes(), finish=self._door.finish)
        self.acts: Mapping[str, Callable[..., dict[str, object]]] = {
            "set_workflow": self.set_workflow,
            "set_switch": self.set_switch,
        }

    def environment(self) -> dict[str, str]:
        """Return the address and the two people's credentials."""
        hub, developer = self._people[:2]
        return {
            "JIRA_URL": self._site.base_url,
            "JIRA_EMAIL": hub.email,
            "JIRA_TOKEN": hub.token,
            "JIRA_PROJECT": fresh.PROJECT,
            "JIRA_DEV_EMAIL": developer.email,
            "JIRA_DEV_TOKEN": developer.token,
        }

    def reset(self) -> None:
        """Go back to the fresh site: same people and credentials, no issues, switches as at first."""
        self._site.clear()
        self._door.forget()
        self._furnish()

    def _furnish(self) -> None:
        fresh.settle(self._site, [dataclasses.replace(person) for person in self._people])

    def set_workflow(self, preset: str) -> dict[str, object]:
        """Switch all issues to another workflow: ``simplified`` or ``directed``."""
        if preset not in WORKFLOWS:
            raise ValueError(f"preset must be one of {', '.join(WORKFLOWS)}, not {preset!r}")
        self._site.switches.workflow = preset
        return {"workflow": preset}

    def set_switch(self, name: str, value: object) -> dict[str, object]:
        """Set one of the site's uncertain facts, e.g. ``index_lag`` to seconds."""
        known = {
            field.name: getattr(self._site.switches, field.name)
            for field in dataclasses.fields(self._site.switches)
        }
        if name == "workflow" or name not in known:
            raise ValueError(f"no switch {name!r}; there are {', '.join(sorted(set(known) - {'workflow'}))}")
        kind = type(known[name])
        if isinstance(value, bool) or not isinstance(value, (int, float) if kind is float else kind):
            raise ValueError(f"{name} takes a value like {known[name]!r}")  # noqa: TRY004 - the acts' contract
        setattr(self._site.switches, name, kind(value))
        return {name: getattr(self._site.switches, name)}
