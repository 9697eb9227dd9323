"""Who we are, which projects there are, and what stands against working in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import quote

from connectors.errors import Gone, Rejected, Unauthorised
from connectors.gitlab.files import Home
from connectors.gitlab.wire import GROUP, PROJECT, USER, USERS, Project, User, parse
from connectors.http import Http
from mappings.boards import Place
from mappings.ticket import Audience

_PLANNER = 15
"""The least role whose labels are not dropped in silence and that reads internal notes (reference 1.1)."""


@dataclass(frozen=True, slots=True)
class Directory:
    """What is asked once and then remembered. Two threads may ask twice; the answer is the same."""

    http: Http
    _users: dict[str, User] = field(default_factory=dict, repr=False)
    _homes: dict[str, Home] = field(default_factory=dict, repr=False)
    _desks: dict[str, bool] = field(default_factory=dict, repr=False)

    def me(self) -> User:
        """Return our own account."""
        return self._users.get("me") or self.ask_me()

    @property
    def known_me(self) -> User | None:
        """Our own account, if it was asked for before."""
        return self._users.get("me")

    def ask_me(self) -> User:
        """Return our own account as the server states it now. Raises Unauthorised."""
        response = self.http.call("GET", "user", idempotent=True)
        self._users["me"] = me = parse(USER, self.http.connection, response)
        return me

    def user(self, name: str) -> User | None:
        """Return who has this user name, in any case; a former or blocked account is nobody."""
        query = {"username": name, "active": "true"}
        response = self.http.call("GET", "users", params=query, idempotent=True)
        found = parse(USERS, self.http.connection, response)
        return found[0] if found else None

    def ask_project(self, path: str) -> Project:
        """Return a project as the server states it now. Raises Gone where we cannot see it."""
        response = self.http.call("GET", f"projects/{quote(path, safe='')}", idempotent=True)
        found = parse(PROJECT, self.http.connection, response)
        for name in (path, str(found.id)):
            self._desks[name] = found.service_desk_enabled is True
        return found

    def board_owner(self, path: str) -> str:
        """Return the address of what has boards: a project or, if there is none, a group of this path.

        Raises Rejected where there is neither.
        """
        try:
            return f"projects/{self.project(path)}"
        except Rejected:
            query = {"with_projects": "false"}
            try:
                response = self.http.call(
                    "GET", f"groups/{quote(path, safe='')}", params=query, idempotent=True
                )
            except Gone:
                response = None
            if response is None:
                raise
        return f"groups/{parse(GROUP, self.http.connection, response).id}"

    def serves(self, name: str) -> bool:
        """Whether a project's Service Desk is on, as `ask_project` told last. Raises Rejected."""
        if name not in self._desks:
            self.project(name)
        return self._desks[name]

    def project(self, path: str) -> int:
        """Return a project's id. Raises Rejected: a lost project is not a lost ticket."""
        try:
            return self._home(path).id
        except Gone as error:
            text = f"there is no project {path!r}, or this account is not a member of it"
            raise Rejected(error.connection, error.call, text, {"place": path}) from None

    def home(self, project: int) -> Home:
        """Return where the texts of a project stand, by its id. Raises Gone."""
        return self._home(str(project))

    def _home(self, name: str) -> Home:
        if name not in self._homes:
            found = self.ask_project(name)
            self._homes[name] = Home(found.id, found.path_with_namespace)
        return self._homes[name]


def problems(directory: Directory, polled: tuple[str, ...], places: Iterable[Place]) -> list[str]:
    """Return what stands against working in these places, one line each with the way out."""
    name = directory.http.connection
    try:
        me = directory.ask_me()
    except Unauthorised as error:
        return [f"{name}: the token is not accepted ({error.text}); make a new one with the scope api"]
    lines = []
    for place in places:
        try:
            found = list(_against(directory.ask_project(place.key), me, place, polled))
        except Gone:
            found = [f"there is no such project, or {me.name} is not a member; add them as a Reporter"]
        except Rejected as error:
            found = [f"it cannot be read: {error.text}"]
        lines += [f"{name}: project {place.key}: {line}" for line in found]
    return lines


def _against(project: Project, me: User, place: Place, polled: tuple[str, ...]) -> Iterator[str]:
    if project.path_with_namespace != place.key:
        yield f"it is called {project.path_with_namespace} today; write that into the settings"
    if place.key not in polled:
        yield "it is not polled; name it as a place in the settings"
    if project.archived:
        yield "it is archived and read-only; unarchive it, or take it out of the settings"
    if project.issues_enabled is False:
        yield "issues are switched off; switch them on in the project's settings"
    if project.visibility == "public" and place.readers.audience is Audience.STAFF:
        yield "it is public, so not staff alone read it; make it private, or declare another project"
    if project.access_level < _PLANNER and not me.is_admin:
        yield (
            f"{me.name} has too low a role, so labels would be dropped and internal notes unseen;"
            " make them a Planner or a Reporter"
        )


_OWNER = 50


def undeletable(directory: Directory, places: Iterable[Place]) -> list[str]:
    """Return the projects in which our role may delete no issue: an owner may, and a planner (1.1)."""
    me, lines = directory.ask_me(), []
    for place in places:
        role = directory.ask_project(place.key).access_level
        if not (me.is_admin or role == _PLANNER or role >= _OWNER):
            why = f"{me.name}'s role may delete no issue; make them an Owner for as long as it takes"
            lines.append(f"{place.connection} {place.key}: {why}")
    return lines
