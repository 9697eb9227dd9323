"""The freshly set-up site: its people, a software project with its board, a service desk; no issues.

An empty one (``--empty``) has the hub's account, the project and the fields, and no example.
"""

from __future__ import annotations

import string
from random import Random

from deskbridge.sandbox.jira import catalogue, workflow
from deskbridge.sandbox.jira.desk_rules import AUTOMATION
from deskbridge.sandbox.jira.model import Board, Component, Filter, Project, User
from deskbridge.sandbox.jira.notify import default_schemes
from deskbridge.sandbox.jira.records import Desk, Organization, RequestType, Screen
from deskbridge.sandbox.jira.state import Site

PROJECT, DESK = "SUP", "HELP"
NAME = "Support development"
HUB = "hub@harbour.example"
DEVELOPER = "dana@harbour.example"
AGENT = "noor@harbour.example"
CUSTOMERS = {
    "ada@lantern.example": ("Ada Marsh", "Lantern Books"),
    "iris@lantern.example": ("Iris Quill", "Lantern Books"),
    "otto@orbit.example": ("Otto Brandt", "Orbit Cafe"),
}


def people(site: Site) -> list[User]:
    """Return the site's people; ids and tokens repeat by seed and must be drawn once only."""
    rng = site.world.rng
    hub = person(site, "deskbridge", HUB, token=api_token(rng, cloud=site.cloud))
    hub.project_admin = hub.agent = True
    if site.world.empty:
        return [hub, _robot(site)]
    agent = person(site, "Noor Visser", AGENT, token=api_token(rng, cloud=site.cloud))
    agent.agent = True
    robot = _robot(site)
    return [
        hub,
        person(site, "Dana Novak", DEVELOPER, token=api_token(rng, cloud=site.cloud)),
        person(site, "Lee Okafor", "lee@harbour.example"),
        agent,
        robot,
        *(person(site, name, email, customer=True) for email, (name, _) in CUSTOMERS.items()),
    ]


def _robot(site: Site) -> User:
    robot = person(site, "Automation for Jira", AUTOMATION)
    robot.account_type, robot.active = "app", False
    return robot


def person(site: Site, name: str, email: str, *, token: str = "", customer: bool = False) -> User:
    """Return a new person; customers have an account of their own kind and no way in but the portal."""
    if customer and site.cloud:
        account = f"qm:{site.new_uuid()}:{site.new_uuid()}"
    else:
        account = f"712020:{site.new_uuid()}"
    made = User(account, name, email, token, "customer" if customer else "atlassian")
    made.autowatch = not customer
    made.username = email if customer else email.partition("@")[0]
    made.key = f"JIRAUSER{site.next_id('person', 10100)}"
    made.password = site.world.token(8)
    return made


def api_token(rng: Random, *, cloud: bool = True) -> str:
    """Return a token that looks like one; real ones vary in length (reference, 1.1)."""
    if not cloud:
        return "".join(rng.choices(string.ascii_letters + string.digits + "+/", k=44))
    body = "".join(rng.choices(string.ascii_letters + string.digits + "-_", k=175))
    return f"ATATT3xFf{body}={rng.getrandbits(32):08X}"


def settle(site: Site, users: list[User]) -> None:
    """Furnish an empty site. The project's board is one that a template makes."""
    for user in users:
        site.add_user(user)
    site.fields = {field.id: field for field in catalogue.fresh_fields()}
    standing = [f.id for f in site.fields.values() if f.screens == catalogue.BOTH and not f.only]
    site.screens = {1: Screen(1, "Default Screen", standing, "Allows to update all system fields.")}
    site.schemes = {scheme.id: scheme for scheme in default_schemes()}
    if site.world.empty:
        del site.fields[catalogue.cf(catalogue.CUSTOMER)]  # its options are customers' names
        board_for(site, add_project(site, PROJECT, NAME, users[0].account_id), "kanban", f"{PROJECT} board")
        return
    lead = next(user.account_id for user in users if user.email == DEVELOPER)
    project = add_project(site, PROJECT, NAME, lead)
    project.components.append(Component(str(site.next_id("component")), "Firmware"))
    board_for(site, project, "kanban", f"{PROJECT} board")
    agent = next(user.account_id for user in users if user.email == AGENT)
    furnish_desk(site, add_project(site, DESK, "Help center", agent, "service_desk"))


def add_project(site: Site, key: str, name: str, lead: str, kind: str = "software") -> Project:
    """Put an empty company-managed project on the site."""
    made = Project(str(site.next_id("project")), key, name, lead, site.now(), kind)
    made.types = list(catalogue.TYPES_OF[kind])
    made.workflow = "service" if kind == "service_desk" else "simplified"
    site.projects[made.id] = made
    return made


def board_for(site: Site, project: Project, kind: str, name: str) -> Board:
    """Make the board that a software template makes, with its filter."""
    number = site.next_id("filter")
    jql = f"project = {project.key} ORDER BY created ASC"
    shares = [{"id": site.next_id("share"), "type": "project", "project": project.id}]
    title = f"Filter for {name}"
    site.filters[number] = Filter(number, title, project.lead, jql, shares=shares)
    made = Board(site.next_id("board", 1), name, kind, number, project.id, project.lead)
    made.kind = "next-gen" if project.style == "next-gen" else ""
    site.boards[made.id] = made
    return made


def furnish_desk(site: Site, project: Project) -> Desk:
    """Open a service desk for a project; the fresh site's has customers in two organizations."""
    desk = Desk(str(site.next_id("desk", 1)), project.id, {"1": "General", "2": "Access"})
    site.desks[desk.id] = desk
    summary, text = ("summary", True), ("description", False)
    priority, files = ("priority", False), ("attachment", False)
    approvers = (catalogue.cf(catalogue.APPROVERS), True)
    kinds = (
        ("Get help", "10010", ["1"], [summary, text, priority, files], False),
        ("Report a problem", "10011", ["1"], [summary, ("description", True), priority, files], False),
        ("New account", "10010", ["2"], [summary, text, approvers], True),
    )
    for name, issue_type, groups, fields, approved in kinds:
        number = str(site.next_id("request type", 25))
        made = RequestType(number, desk.id, name, issue_type, f"{name}.", "", groups, list(fields), approved)
        desk.request_types.append(made)
    if project.key == DESK:
        _customers(site, desk)
    return desk


def _customers(site: Site, desk: Desk) -> None:
    for email, (_, company) in CUSTOMERS.items():
        user = site.by_email(email)
        assert user is not None
        desk.customers.append(user.account_id)
        organization = next((one for one in site.organizations.values() if one.name == company), None)
        if organization is None:
            organization = add_organization(site, company)
            desk.organizations.append(organization.id)
        organization.users.append(user.account_id)


def add_organization(site: Site, name: str) -> Organization:
    """Put an empty organization on the site."""
    number = site.next_id("organization", 1)
    made = Organization(number, name, site.new_uuid(), site.now())
    site.organizations[number] = made
    return made


def own_statuses(site: Site, project: Project) -> None:
    """Give a team-managed project its own copies of the statuses and issue types (reference, 3.2)."""
    project.style = "next-gen"
    for id in (workflow.TO_DO, workflow.IN_PROGRESS, workflow.DONE):
        old, number = site.statuses[id], str(site.next_id("own status", 10200))
        site.statuses[number] = type(old)(number, old.name, old.category, old.description, project.id)
        project.own_statuses[id] = number
    types = []
    for id in project.types:
        kind, number = site.types[id], str(site.next_id("own type", 10200))
        site.types[number] = type(kind)(
            number, kind.name, kind.description, kind.subtask, kind.level, project.id
        )
        types.append(number)
    project.types = types
