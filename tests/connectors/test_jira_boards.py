"""Boards and portals of the Jira connector, before the sandbox, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from connectors.base import Connector
from deskbridge.sandbox.run import Sandbox
from mappings.boards import BoardSpec
from mappings.ticket import Status
from tests.contract.jira_world import JiraWorld

LANTERN = BoardSpec("lantern", "Lantern", "SUP", "customer-lantern", served="Lantern Books Ltd")
PORTAL = replace(LANTERN, project="HELP", kind="request:25", contacts=("ada@lantern.example",))


class World(JiraWorld):
    """A site, and its administrator at work."""

    def admin(self, method: str, path: str, body: Any = None) -> Any:
        """Do something as the site's administrator."""
        url = f"{self.environment['JIRA_URL']}/rest/{path}"
        return self.ask(method, url, auth=self._admin, **({"json": body} if body is not None else {}))

    def desk(self, path: str) -> list[dict[str, Any]]:
        """Return a list of Service Management."""
        rows: list[dict[str, Any]] = self.admin("GET", f"servicedeskapi/{path}?limit=50")["values"]
        return rows


@pytest.fixture
def world() -> Iterator[World]:
    """A site on a server of its own."""
    with Sandbox.running(limits=False) as sandbox:
        yield World(sandbox)


@pytest.fixture
def jira(world: World) -> Connector:
    """The hub's connection, which works in both projects."""
    return world.connect(replace(world.config, projects=("SUP", "HELP")))


def by_hand(jira: Connector, spec: BoardSpec) -> list[str]:
    """What a person must do, of a board about which nothing else is to be done."""
    steps = jira.plan_board(spec)
    assert [step for step in steps if not step.manual] == []
    return [step.what for step in steps]


class TestBoards:
    def test_it_is_shown_as_it_is(self, jira: Connector) -> None:
        """A person could not see what a customer's board shows, or would be shown what it should show."""
        assert jira.show_board(LANTERN) is None
        jira.apply_board(LANTERN)
        shown = jira.show_board(LANTERN)
        assert shown is not None
        assert (shown.name, shown.shows) == (
            "Lantern",
            'project = "SUP" AND labels = "customer-lantern" ORDER BY Rank ASC',
        )
        assert shown.url.endswith(tuple("0123456789"))
        assert any(column.startswith("To Do: ") for column in shown.columns)

    def test_a_second_time_nothing_is_written(self, world: World, jira: Connector) -> None:
        """Each night would write to the tool, and to its audit log."""
        for spec in (LANTERN, PORTAL):
            left = jira.apply_board(spec)
            fault = {"system": "jira", "kind": "answer", "method": "POST|PUT|PATCH|DELETE", "path": ".*"}
            world.control("POST", "faults", {**fault, "status": 403, "times": 99})
            assert jira.apply_board(spec) == left == jira.plan_board(spec)
            world.control("DELETE", "faults")

    def test_an_account_that_may_share_nothing_is_told_what_it_lacks(
        self, world: World, jira: Connector
    ) -> None:
        """An operator would read an error of an API, and look for the right that is missing all day."""
        taken = {"email": world.environment["JIRA_EMAIL"], "permission": "CREATE_SHARED_OBJECTS"}
        world.control("POST", "act/jira/permit", {**taken, "allowed": False})
        (step,) = jira.apply_board(LANTERN)
        assert step.manual
        assert "'Share dashboards and filters'" in step.what
        world.control("POST", "act/jira/permit", {**taken, "allowed": None})
        assert [step.manual for step in jira.apply_board(LANTERN)] == [True] * len(jira.plan_board(LANTERN))

    def test_a_project_of_the_customers_own_is_shown_whole(self, jira: Connector) -> None:
        """What people make there without the label would be missing from the customer's board."""
        jira.apply_board(LANTERN)
        whole = replace(LANTERN, whole=True)
        (step,) = [step.what for step in jira.plan_board(whole) if not step.manual]
        assert step == """repair filter 'Lantern': project = "SUP" ORDER BY Rank ASC"""
        left = jira.apply_board(whole)
        assert by_hand(jira, whole) == [step.what for step in left]

    def test_columns_are_compared_and_what_to_do_is_told(self, jira: Connector) -> None:
        """A customer's board would hide who is waited for, and nobody would know how to change that."""
        jira.apply_board(LANTERN)
        before = by_hand(jira, LANTERN)
        asked = replace(LANTERN, columns=(Status.OPEN, Status.IN_PROGRESS, Status.RESOLVED))
        told = by_hand(jira, asked)
        assert [line for line in told if line not in before] == [
            line for line in told if line.startswith(("for ", "order "))
        ]
        upside_down = replace(asked, columns=tuple(reversed(asked.columns)))
        assert any(
            line
            == "order the columns of board 'Lantern' (Board settings > Columns): resolved, in_progress, open"
            for line in by_hand(jira, upside_down)
        )


class TestPortal:
    def test_an_organisation_is_served_and_its_people_are_in_it(self, world: World, jira: Connector) -> None:
        """A customer would see none of their colleagues' requests."""
        steps = [step.what for step in jira.plan_board(PORTAL)]
        assert "make organisation 'Lantern Books Ltd'" in steps
        assert "have HELP serve organisation 'Lantern Books Ltd'" in steps
        jira.apply_board(PORTAL)
        (made,) = [o for o in world.desk("servicedesk/HELP/organization") if o["name"] == "Lantern Books Ltd"]
        (member,) = world.desk(f"organization/{made['id']}/user")
        assert member["emailAddress"] == "ada@lantern.example"
        calls = world.calls()
        assert jira.apply_board(PORTAL) == jira.plan_board(PORTAL)
        assert len([o for o in world.desk("organization") if o["name"] == "Lantern Books Ltd"]) == 1
        assert world.calls() > calls
        shown = jira.show_board(PORTAL)
        assert shown is not None
        assert shown.shows.startswith("requests of 1 people: ")

    def test_nobody_is_invited(self, world: World, jira: Connector) -> None:
        """A bulk command would mail a customer's whole staff."""
        mailed = world.mailed()
        spec = replace(PORTAL, contacts=("nobody@lantern.example",))
        left = jira.apply_board(spec)
        (told,) = (step.what for step in left if "nobody@" in step.what)
        assert told == (
            "add customer nobody@lantern.example to organisation 'Lantern Books Ltd' (Customers > Add"
            " customers); Jira may mail them"
        )
        assert world.mailed() == mailed

    def test_a_request_type_that_no_portal_shows(self, world: World, jira: Connector) -> None:
        """The hub would make requests that their customer never sees."""
        world.admin(
            "POST",
            "servicedeskapi/servicedesk/HELP/requesttype",
            {"issueTypeId": "10010", "name": "Hidden", "description": "d", "helpText": "h"},
        )
        (hidden,) = [t for t in world.desk("servicedesk/HELP/requesttype") if t["name"] == "Hidden"]
        for kind, said in {
            f"request:{hidden['id']}": "put request type 'Hidden' of HELP into a group of the portal",
            "request:999": "HELP has no request type 'request:999'; its portal has request:",
            "10010": "name a request type as the kind of the place, or no portal shows its issues: request:",
        }.items():
            told = [step.what for step in jira.apply_board(replace(PORTAL, kind=kind))]
            assert any(line.startswith(said) for line in told), told

    def test_nobody_is_taken_out(self, world: World, jira: Connector) -> None:
        """Settings that were cut short would lock a customer's people out."""
        jira.apply_board(PORTAL)
        assert jira.plan_board(replace(PORTAL, contacts=())) == jira.apply_board(replace(PORTAL, contacts=()))
        (made,) = [o for o in world.desk("organization") if o["name"] == "Lantern Books Ltd"]
        assert len(world.desk(f"organization/{made['id']}/user")) == 1
