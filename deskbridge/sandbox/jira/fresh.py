"""The freshly set-up site: three people, one project, its board; no issues."""

from __future__ import annotations

import string
from random import Random

from deskbridge.sandbox.jira.catalogue import fresh_fields
from deskbridge.sandbox.jira.model import Board, Component, Filter, Project, User
from deskbridge.sandbox.jira.state import Site

PROJECT = "SUP"
HUB = "hub@harbour.example"
DEVELOPER = "dana@harbour.example"


def people(site: Site) -> list[User]:
    """Return the site's people; ids and tokens repeat by seed and must be drawn once only."""
    rng = site.world.rng

    def person(name: str, email: str, token: str = "", *, admin: bool = False) -> User:
        account = f"712020:{site.new_uuid()}"
        return User(account, name, email, token, project_admin=admin)

    return [
        person("deskbridge", HUB, api_token(rng), admin=True),
        person("Dana Novak", DEVELOPER, api_token(rng)),
        person("Lee Okafor", "lee@harbour.example"),
    ]


def api_token(rng: Random) -> str:
    """Return a token that looks like one; real ones vary in length (reference, 1.1)."""
    body = "".join(rng.choices(string.ascii_letters + string.digits + "-_", k=175))
    return f"ATATT3xFf{body}={rng.getrandbits(32):08X}"


def settle(site: Site, users: list[User]) -> None:
    """Furnish an empty site. The project's board is one that a template makes."""
    site.users = {user.account_id: user for user in users}
    site.fields = {field.id: field for field in fresh_fields()}
    lead = next(user.account_id for user in users if user.email == DEVELOPER)
    project = Project("10000", PROJECT, "Support development", lead, site.now())
    project.components.append(Component(str(site.next_id("component")), "Firmware"))
    site.projects[project.id] = project
    number = site.next_id("filter")
    jql = f"project = {PROJECT} ORDER BY created ASC"
    shares = [{"id": site.next_id("share"), "type": "project", "project": project.id}]
    site.filters[number] = Filter(number, f"Filter for {PROJECT} board", lead, jql, shares=shares)
    board = site.next_id("board", 1)
    site.boards[board] = Board(board, f"{PROJECT} board", "kanban", number, project.id, lead)
