"""What a GitLab account has that settings can be written from (gitlab-api 3.1)."""

from __future__ import annotations

from pydantic import TypeAdapter

from connectors.base import ConnectionConfig
from connectors.gitlab.connector import http_of
from connectors.gitlab.read import pages
from connectors.gitlab.wire import Project
from connectors.survey import ProjectFound, Survey

_PROJECTS = TypeAdapter(list[Project])


def survey(config: ConnectionConfig) -> Survey:
    """Return the projects that the account is a member of."""
    query = {"membership": "true", "archived": "false", "with_issues_enabled": "true"}
    found = [row for rows, _ in pages(http_of(config), _PROJECTS, "projects", query) for row in rows]
    projects = (
        ProjectFound(key=one.path_with_namespace, name=one.path_with_namespace, obstacle=_open(one))
        for one in found
    )
    return Survey(projects=tuple(projects))


def _open(project: Project) -> str:
    if project.visibility in ("public", "internal"):
        return f"it is {project.visibility}: more than staff may read it"
    return "its Service Desk serves customers" if project.service_desk_enabled else ""
