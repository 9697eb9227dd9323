"""What a GitLab account has that settings can be written from (gitlab-api 3.1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import urlsplit

from pydantic import TypeAdapter

from connectors.base import ConnectionConfig
from connectors.gitlab.admin import Directory
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


_MOVED = """\
tickets are created one by one, and texts too: no call takes several
when a text was written and by whom stands in it: no call that the hub may make sets GitLab's own
issues have a title, a text and labels: type and priority become labels, the status open, closed, or a label
every text but the first is an internal note, which members from Planner on read
there are no organisations: whose a ticket is, its label tells; who asked stands in the text
ratings stand in an internal note; so does booked time, or it is booked again, of 255 characters each
to undo a run its account must be an Owner or a Planner for as long as it takes
an issue takes 5,000 comments at most
""".splitlines()
_SERVED = (
    "its Service Desk serves customers: an ordinary note is mailed to them, so what runs write is internal"
)
_SEEN = "it is {}: people who are no members read descriptions and ordinary notes"
_NOTES, _NOTES_COM, _ISSUES_COM = 300.0, 60.0, 200.0
"""How many notes, or issues, an account may make a minute (gitlab-api 1.3): by default, on GitLab.com."""


def consequences(config: ConnectionConfig, project: str) -> Iterator[str]:
    """Yield what follows from moving a past into a project (gitlab-api 1.1, 1.3, 3.6)."""
    found = Directory(http_of(config)).ask_project(project)
    yield from _MOVED
    if found.visibility in ("public", "internal"):
        yield _SEEN.format(found.visibility)
    if found.service_desk_enabled:
        yield _SERVED


def paces(config: ConnectionConfig) -> Mapping[str, float]:
    """Return how many of a kind of write one account may make a minute, where GitLab limits it.

    No answer tells these limits beforehand: they are the documented ones.
    """
    if urlsplit(config.url).hostname == "gitlab.com":
        return {"create": _ISSUES_COM, "comments": _NOTES_COM}
    return {"comments": _NOTES}


def _open(project: Project) -> str:
    if project.visibility in ("public", "internal"):
        return f"it is {project.visibility}: more than staff may read it"
    return "its Service Desk serves customers" if project.service_desk_enabled else ""
