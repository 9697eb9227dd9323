"""What a GitLab account has that settings can be written from (gitlab-api 3.1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pydantic import TypeAdapter

from connectors.base import ConnectionConfig
from connectors.gitlab.connector import http_of
from connectors.gitlab.read import pages
from connectors.gitlab.wire import Project, User, parse
from connectors.survey import PersonFound, ProjectFound, Survey


class _Shown(User):
    """Somebody with what they show of themselves."""

    public_email: str | None = None


_USERS, _SHOWN = TypeAdapter(list[User]), TypeAdapter(_Shown)
_PROJECTS = TypeAdapter(list[Project])


def survey(config: ConnectionConfig) -> Survey:
    """Return the projects that the account is a member of."""
    found = (
        ProjectFound(key=one.path_with_namespace, name=one.path_with_namespace, obstacle=_open(one))
        for one in _member_of(config)
    )
    return Survey(projects=tuple(found))


def projects(config: ConnectionConfig) -> Iterator[tuple[str, str]]:
    """Yield (path, name) of the projects that the account is a member of."""
    return ((one.path_with_namespace, one.path_with_namespace) for one in _member_of(config))


def _member_of(config: ConnectionConfig) -> Iterator[Project]:
    query = {"membership": "true", "archived": "false", "with_issues_enabled": "true"}
    for rows, _ in pages(http_of(config), _PROJECTS, "projects", query):
        yield from rows


def people(config: ConnectionConfig, addresses: Iterable[str]) -> Iterator[PersonFound]:
    """Yield who shows one of these addresses in public; one or two calls for each (gitlab-api 1.3)."""
    http = http_of(config)
    for address in addresses:
        query = {"search": address, "active": "true"}
        for user in parse(_USERS, http.connection, http.call("GET", "users", params=query, idempotent=True)):
            shown = http.call("GET", f"users/{user.id}", idempotent=True)
            public = parse(_SHOWN, http.connection, shown).public_email or ""
            if public.casefold() == address.casefold():
                yield PersonFound(user.username, user.name, address)


def _open(project: Project) -> str:
    if project.visibility in ("public", "internal"):
        return f"it is {project.visibility}: more than staff may read it"
    return "its Service Desk serves customers" if project.service_desk_enabled else ""
