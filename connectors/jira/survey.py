"""What a Jira site has that settings can be written from (jira-api 3.1, 3.2)."""

from __future__ import annotations

from pydantic import RootModel

from connectors.base import ConnectionConfig
from connectors.jira import wire
from connectors.jira.checks import Checks
from connectors.jira.client import Client
from connectors.jira.side import API, SERVICE
from connectors.survey import ProjectFound, Survey

_PORTAL = "a service project: its portal shows requests to customers"


class _Projects(RootModel[list[wire.Project]]):
    """All projects that the account may see."""


def survey(config: ConnectionConfig) -> Survey:
    """Return the projects, with the issue types that the account may create in each."""
    client = Client(config)
    checks = Checks(client)
    projects = [
        ProjectFound(
            key=project.key,
            name=project.name,
            kinds=tuple((type.id, type.name) for type in checks.types(project.key) if not type.subtask),
            obstacle=_PORTAL if project.type == SERVICE else "",
        )
        for project in client.get(_Projects, f"{API}/project").root
    ]
    return Survey(projects=tuple(projects))
