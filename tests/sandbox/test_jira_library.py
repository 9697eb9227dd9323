"""The real `jira` library, unchanged, on both deployments."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from typing import Any

import jira as library
import pytest
from jira.exceptions import JIRAError

from tests.sandbox import jira_kit
from tests.sandbox.jira_kit import Running

served, site = jira_kit.served, jira_kit.site
served_dc, dc = jira_kit.served_dc, jira_kit.dc


@pytest.fixture(params=["cloud", "dc"])
def running(request: pytest.FixtureRequest) -> Running:
    """A fresh site of each deployment in turn."""
    found: Running = request.getfixturevalue("site" if request.param == "cloud" else "dc")
    return found


@pytest.fixture
def client(running: Running) -> Iterator[Any]:
    """The library's client as the hub, who administers."""
    running.admin()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        one = running.library()
        yield one
        one.close()


def dana(running: Running) -> str:
    """Return what the deployment calls Dana by."""
    person = running.person("dana@harbour.example")
    return str(person["username" if running.is_dc else "accountId"])


def new(client: Any, **fields: Any) -> Any:
    """Make an issue."""
    base = {"project": {"key": "SUP"}, "issuetype": {"name": "Bug"}, "summary": "Lantern flickers"}
    return client.create_issue(fields=base | fields)


class TestIssues:
    def test_made_changed_assigned_moved(self, client: Any, running: Running) -> None:
        """The everyday of an integration."""
        issue = new(client, labels=["a"])
        issue.update(summary="Lantern is dark", fields={"labels": ["b"]})
        client.assign_issue(issue, dana(running))
        client.transition_issue(issue, "In Progress")
        again = client.issue(issue.key)
        shown = again.fields
        assert (shown.summary, shown.labels, shown.status.name) == ("Lantern is dark", ["b"], "In Progress")
        assert shown.assignee.displayName == "Dana Novak"
        again.delete()
        with pytest.raises(JIRAError) as refused:
            client.issue(issue.key)
        assert refused.value.status_code == 404

    def test_found_by_search(self, client: Any, running: Running) -> None:
        """By tokens on Cloud, by offset on Data Center; the library hides which."""
        keys = {new(client).key for _ in range(3)}
        found = client.search_issues("project = SUP", maxResults=0, fields=["summary"])
        assert {issue.key for issue in found} == keys
        assert not client.search_issues("labels = nothing", fields=["summary"])

    def test_many_at_once(self, client: Any, running: Running) -> None:
        """Successes and failures by their place."""
        good = {"project": {"key": "SUP"}, "issuetype": {"name": "Task"}, "summary": "one"}
        made = client.create_issues([good, good | {"summary": ""}, good], prefetch=False)
        assert [row["status"] for row in made] == ["Success", "Error", "Success"]

    def test_what_hangs_on_it(self, client: Any, running: Running) -> None:
        """Comments, worklogs, links, remote links, watchers, votes, properties."""
        issue, other = new(client), new(client)
        comment = client.add_comment(issue, "hello")
        comment.update(body="hello again")
        client.add_worklog(issue, timeSpent="1h")
        client.create_issue_link("Blocks", issue.key, other.key)
        client.add_simple_link(issue, {"url": "https://desk.example/1", "title": "#1"})
        client.add_watcher(issue, dana(running))
        client.add_issue_property(issue, "hub", {"a": 1})
        assert [one.body for one in client.comments(issue)] == ["hello again"]
        assert client.worklogs(issue)[0].timeSpentSeconds == 3600
        assert client.issue(issue.key).fields.issuelinks[0].outwardIssue.key == other.key
        assert client.remote_links(issue)[0].object.title == "#1"
        assert client.watchers(issue).watchCount == 2
        assert client.votes(issue).votes == 0
        assert client.issue_property(issue, "hub").value.a == 1

    def test_files_there_and_back(self, client: Any, running: Running) -> None:
        """Over the media host on Cloud, with the same credentials on Data Center."""
        made = client.add_attachment(new(client), io.BytesIO(b"hello"), "a b.txt")
        assert client.attachment(made.id).get() == b"hello"
        assert client.attachment_meta()["enabled"] is True


class TestSite:
    def test_what_there_is(self, client: Any, running: Running) -> None:
        """The lists that clients read when they start."""
        assert {project.key for project in client.projects()} == {"SUP", "HELP"}
        assert {one.name for one in client.issue_link_types()} >= {"Blocks", "Relates"}
        assert len(client.priorities()) == 5
        assert {one.name for one in client.resolutions()} >= {"Done"}
        assert {one.name for one in client.statuses()} >= {"To Do", "Waiting for support"}
        assert [one.key for one in client.statuscategories()][1] == "new"
        assert {one["id"] for one in client.fields()} >= {"summary", "customfield_10002"}
        assert client.server_info()["deploymentType"] == ("Server" if running.is_dc else "Cloud")
        assert client.my_permissions(permissions="ADD_COMMENTS")["permissions"]["ADD_COMMENTS"][
            "havePermission"
        ]

    def test_people_and_groups(self, client: Any, running: Running) -> None:
        """Each deployment's own words for who somebody is."""
        assert client.user(dana(running)).displayName == "Dana Novak"
        search = {"user": "da"} if running.is_dc else {"query": "da"}
        assert "Dana Novak" in [one.displayName for one in client.search_users(**search)]
        assert client.groups("software") == ["jira-software-users"]
        assert client.current_user() == ("hub" if running.is_dc else running.account("hub@harbour.example"))

    def test_people_who_can_be_assigned(self, client: Any, running: Running) -> None:
        """By name, by the deployment's own id, to nobody, and to the project's default."""
        issue, who = new(client), dana(running)
        word = "username" if running.is_dc else "query"
        for more in ({"project": "SUP"}, {"issueKey": issue.key}):
            found = client.search_assignable_users_for_issues(**{word: who}, **more)
            assert [one.displayName for one in found] == ["Dana Novak"]
        client.assign_issue(issue, "dana" if running.is_dc else "Dana Novak")
        assert client.issue(issue.key).fields.assignee.displayName == "Dana Novak"
        for nobody in (None, -1):
            client.assign_issue(issue, who)
            client.assign_issue(issue, nobody)
            assert client.issue(issue.key).fields.assignee is None

    def test_how_it_is_set_up(self, client: Any, running: Running) -> None:
        """Options by their own address, dashboards, properties, schemes of a project."""
        assert client.custom_field_option("10020").value == "Lantern Books"
        assert [one.name for one in client.dashboards()] == ["Default dashboard"]
        assert client.application_properties()
        assert client.project_permissionscheme("SUP").name == "Default Permission Scheme"
        assert client.avatars("project")

    def test_rendered(self, client: Any, running: Running) -> None:
        """Texts as HTML, comments among them, and no parent where there is none."""
        issue = new(client, description="*hello*")
        client.add_comment(issue, "_well_")
        shown = client.issue(issue.key, expand="renderedFields")
        assert "<b>hello</b>" in shown.renderedFields.description
        assert "<i>well</i>" in shown.renderedFields.comment.comments[0].body
        assert not hasattr(shown.fields, "parent")

    def test_projects_and_their_parts(self, client: Any, running: Running) -> None:
        """Components, versions, roles; a project is made by five look-ups and a POST."""
        made = client.create_component("Acme", "SUP")
        made.update(description="customer")
        version = client.create_version("1.0", "SUP")
        version.update(released=True)
        assert client.version_count_related_issues(version.id)["issuesFixedCount"] == 0
        assert [one.name for one in client.project_versions("SUP")] == ["1.0"]
        assert client.project_components("SUP")[-1].description == "customer"
        role = client.project_role("SUP", "10002")
        role.add_user(dana(running))
        assert client.project_role("SUP", "10002").actors[0].displayName == "Dana Novak"
        assert client.create_project("ACME", "Acme", ptype="software")["key"] == "ACME"
        assert client.delete_project("ACME")

    def test_filters_and_boards(self, client: Any, running: Running) -> None:
        """A board over a filter, a sprint on it, issues in it, ranked."""
        saved = client.create_filter("all", jql="project = SUP ORDER BY Rank ASC")
        board = client.create_board(
            "scrum", saved.id, preset="scrum", location_type="project", location_id="SUP"
        )
        sprint = client.create_sprint("one", board.id)
        first, second = new(client), new(client)
        client.add_issues_to_sprint(sprint.id, [first.key, second.key])
        client.rank(first.key, prev_issue=second.key)
        assert [one.name for one in client.sprints(board.id)] == ["one"]
        client.move_to_backlog([first.key])
        client.update_sprint(
            sprint.id, name="two", startDate="2026-05-01", endDate="2026-05-15", state="active"
        )
        assert client.sprint(sprint.id).state == "active"
        found = client.search_issues("project = SUP ORDER BY Rank ASC", fields=["summary"])
        assert [one.key for one in found] == [second.key, first.key]


class TestDesk:
    def test_requests_for_customers(self, client: Any, running: Running) -> None:
        """The little of service management that the library knows."""
        assert client.supports_service_desk()
        desk = client.service_desks()[0]
        assert "Get help" in [one.name for one in client.request_types(desk)]
        values = {"summary": "The lamp is dark", "description": "since today"}
        body = {"serviceDeskId": desk.id, "requestTypeId": "Get help", "requestFieldValues": values}
        made = client.create_customer_request(body)
        assert made.fields.customfield_10010.requestType.name == "Get help"
        customer = client.create_customer("new@else.example", "New Customer")
        assert customer.displayName == "New Customer"
        with pytest.raises(JIRAError):
            client.create_customer("new@else.example", "New Customer")


class TestOneDeploymentOnly:
    def test_create_metadata(self, dc: Running) -> None:
        """The library reads it on Data Center only."""
        client = dc.library()
        types = client.project_issue_types("SUP")
        bug = next(one for one in types if one.name == "Bug")
        assert "summary" in [one.fieldId for one in client.project_issue_fields("SUP", bug.id)]
        client.close()

    def test_pinned_comments(self, dc: Running) -> None:
        """A boolean as the body."""
        client = dc.library()
        issue = new(client)
        comment = client.add_comment(issue, "look")
        client.pin_comment(issue.key, comment.id, pin=True)
        assert [one.comment.body for one in client.pinned_comments(issue.key)] == ["look"]
        client.pin_comment(issue.key, comment.id, pin=False)
        assert client.pinned_comments(issue.key) == []
        client.close()

    def test_a_session_by_cookie(self, dc: Running) -> None:
        """``auth=`` signs in once and keeps the cookie."""
        person = dc.person("dana@harbour.example")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            client: Any = library.JIRA(dc.url, auth=(person["username"], person["password"]), max_retries=0)
        assert client.myself()["name"] == "dana"
        client.close()

    def test_counts_on_cloud(self, site: Running) -> None:
        """The estimate that replaced totals."""
        client = site.library()
        for _ in range(3):
            new(client)
        assert client.approximate_issue_count("project = SUP") == 3
        client.close()

    def test_through_the_gateway(self, site: Running) -> None:
        """A token with scopes by its own address."""
        email = "hub@harbour.example"
        made = site.act("make_token", email=email)
        client: Any = library.JIRA(made["base"], basic_auth=(email, made["token"]), max_retries=0)
        issue = new(client)
        assert client.issue(issue.key).fields.summary == "Lantern flickers"
        client.close()
