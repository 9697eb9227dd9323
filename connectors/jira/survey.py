"""What a Jira site has that settings can be written from (jira-api 3.1, 3.2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress

from pydantic import RootModel

from connectors.base import ConnectionConfig
from connectors.errors import Gone, Rejected
from connectors.jira import wire
from connectors.jira.checks import Checks
from connectors.jira.client import Client
from connectors.jira.side import API, SERVICE
from connectors.survey import PersonFound, ProjectFound, Survey

_PORTAL = "a service project: its portal shows requests to customers"


_SOFTWARE = """\
a Software project: whoever may see it reads every text, so all of it is for staff; customers have no portal
the requester is kept as text: the reporter of an issue must be an account of the site
what a customer could read and what only staff could is told by each text's first line, no longer by the tool
clocks are the hub's; Jira itself measures none there
""".splitlines()
_DESK = """\
a Service Management project: customers get portal accounts, which cost no licence, and see their requests
an issue without a request type is on no portal: its customer sees nothing of it (request_types)
notes become internal comments, replies public ones; a file in no reply is for agents
who asked stands in the text; with requesters = "accounts" they get accounts, and are the reporters
agents need a Service Management licence each; everybody else on the site comments internally
its own SLA counts from the day of the move; switch its goals off for moved tickets, the hub keeps the past
customers are mailed about requests unless Project settings > Customer notifications is off; no call turns it
""".splitlines()
_DATES = "when a text was written and by whom stands in it: no call sets Jira's own dates and authors"
_STORAGE = (
    "files count against the site's storage: 2 GB on Free, 250 GB on Standard, no limit on Premium, as"
    " Atlassian states its plans; look at admin.atlassian.com > Storage, no call tells what is left"
)
_MOST = 1000
"""Users that one call returns at most (jira-api 11)."""


class _Users(RootModel[list[wire.User]]):
    """People with accounts; apps and customers have some too."""


class _Projects(RootModel[list[wire.Project]]):
    """All projects that the account may see."""


def survey(config: ConnectionConfig) -> Survey:
    """Return the projects, with the issue types that the account may create in each."""
    client = Client(config)
    checks = Checks(client)
    found = [
        ProjectFound(
            key=project.key,
            name=project.name,
            kinds=tuple((type.id, type.name) for type in checks.types(project.key) if not type.subtask),
            obstacle=_PORTAL if project.type == SERVICE else "",
        )
        for project in client.get(_Projects, f"{API}/project").root
    ]
    return Survey(projects=tuple(found), people=tuple(_people(client)))


def consequences(config: ConnectionConfig, project: str) -> Iterator[str]:
    """Yield what follows from moving a past into a project, by its kind (jira-api 5, 8, 11)."""
    client = Client(config)
    found = client.get(wire.Project, f"{API}/project/{project}")
    yield from _DESK if found.type == SERVICE else _SOFTWARE
    yield _DATES
    if client.site().cloud:
        yield _STORAGE


def projects(config: ConnectionConfig) -> Iterator[tuple[str, str]]:
    """Yield (key, name) of the projects that the account may see; one call."""
    for project in Client(config).get(_Projects, f"{API}/project").root:
        yield project.key, project.name


def staff(config: ConnectionConfig) -> Iterator[PersonFound]:
    """Yield the users who show their address, of the first thousand."""
    return _people(Client(config))


def people(config: ConnectionConfig, addresses: Iterable[str]) -> Iterator[PersonFound]:
    """Yield who is found by one of these addresses, and by nobody else's; one call for each.

    Jira finds people by an address that it does not show, and by how it begins (jira-api 11): where two are
    found, nobody is taken.
    """
    client = Client(config)
    name = "query" if client.site().cloud else "username"
    for address in addresses:
        found = client.get(_Users, f"{API}/user/search", {name: address}).root
        known = [user for user in found if user.type in ("", "atlassian")]
        if len(known) == 1 and (known[0].email or address).casefold() == address.casefold():
            key = known[0].id if client.site().cloud else known[0].username
            yield PersonFound(key, known[0].name, address)


def _people(client: Client) -> Iterator[PersonFound]:
    """Yield the users who show their address, of the first thousand; none where we may not list them."""
    cloud = client.site().cloud
    call = f"{API}/users/search" if cloud else f"{API}/user/search"
    query = {"maxResults": _MOST} | ({} if cloud else {"username": "."})
    with suppress(Gone, Rejected):
        for user in client.get(_Users, call, query).root:
            key = user.id if cloud else user.username
            if user.email and key and user.type in ("", "atlassian"):
                yield PersonFound(key, user.name, user.email)
