"""What clients look up on their way: how a site is set up."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sandbox import jira_kit
from tests.sandbox.jira_kit import JSM, Running

served, site = jira_kit.served, jira_kit.site
served_dc, dc = jira_kit.served_dc, jira_kit.dc


@pytest.fixture(params=["cloud", "dc"])
def running(request: pytest.FixtureRequest) -> Running:
    """A fresh site of each deployment in turn."""
    found: Running = request.getfixturevalue("site" if request.param == "cloud" else "dc")
    return found


class TestProjects:
    def test_types(self, running: Running) -> None:
        """`type` would be taken for the key of a project."""
        keys = {one["key"] for one in running.hub.get("project/type")}
        assert keys == {"software", "service_desk", "business"}
        assert running.hub.get("project/type/software")["formattedKey"] == "Software"
        assert running.hub.refused("GET", "project/type/garden")[0] == 404

    def test_a_key_is_checked_before_it_is_used(self, running: Running) -> None:
        """A wizard could not tell a taken key from a free one."""
        assert running.hub.get("projectvalidate/key?key=ACME") == {"errorMessages": [], "errors": {}}
        for wrong in ("SUP", "a", ""):
            assert "projectKey" in running.hub.get(f"projectvalidate/key?key={wrong}")["errors"]

    def test_a_free_key_and_name(self, site: Running) -> None:
        """A suggested key would be taken."""
        assert site.hub.get("projectvalidate/validProjectKey?key=sup") == "SUP1"
        name = site.hub.get("projectvalidate/validProjectName?name=Support development")
        assert name == "Support development 1"

    def test_roles_with_details(self, site: Running) -> None:
        """A client that shares with a role would not find its number."""
        rows = {one["name"]: one["id"] for one in site.hub.get("project/SUP/roledetails")}
        assert rows["Administrators"] == 10002


class TestWords:
    def test_statuses_by_id_and_name(self, site: Running) -> None:
        """The newer resource speaks of categories in words of its own."""
        (one,) = site.hub.get("/rest/api/3/statuses?id=3&id=999")
        assert (one["name"], one["statusCategory"]) == ("In Progress", "IN_PROGRESS")
        (same,) = site.hub.get("/rest/api/3/statuses/byNames?name=In Progress&projectId=SUP")
        assert same == one
        assert site.hub.refused("GET", "/rest/api/3/statuses")[0] == 400

    def test_an_option_by_its_id(self, running: Running) -> None:
        """The address that every option carries as `self` would lead nowhere."""
        fields = running.hub.get("issue/createmeta/SUP/issuetypes/10004?maxResults=200")
        rows = fields.get("fields") or fields["values"]
        option = next(
            one["allowedValues"][0] for one in rows if one["schema"].get("custom", "").endswith(":select")
        )
        assert running.hub.get(f"customFieldOption/{option['id']}")["value"] == option["value"]
        assert running.hub.refused("GET", "customFieldOption/1")[0] == 404


class TestSettings:
    def test_administrators_only(self, running: Running) -> None:
        """Everybody could read what a real site tells administrators alone."""
        paths = ["application-properties", "applicationrole"]
        paths += [] if running.is_dc else ["configuration/timetracking", "configuration/timetracking/options"]
        for path in paths:
            assert running.hub.refused("GET", path)[0] == 403, path
        running.admin()
        for path in paths:
            assert running.hub.get(path), path
        keys = {one["key"] for one in running.hub.get("applicationrole")}
        assert keys == {"jira-software", "jira-servicedesk"}

    def test_one_property(self, running: Running) -> None:
        """Data Center gives the one that is named, Cloud a list of one."""
        running.admin()
        found = running.hub.get("application-properties?key=jira.title")
        (one,) = [found] if running.is_dc else found
        assert one["value"] == "Jira"
        assert running.hub.refused("GET", "application-properties?key=no.such")[0] == 404

    def test_dashboards(self, running: Running) -> None:
        """A client's overview would stop at the first call."""
        shown = running.hub.get("dashboard")
        assert [one["name"] for one in shown["dashboards"]] == ["Default dashboard"]
        assert running.hub.get("dashboard/10000")["id"] == "10000"
        assert running.hub.refused("GET", "dashboard/1")[0] == 404

    def test_a_language_of_ones_own(self, site: Running) -> None:
        """Translated names could not be told from English ones."""
        assert site.hub.get("mypreferences/locale") == {"locale": "en_US"}


class TestEmpty:
    @pytest.mark.parametrize("deployment", ["cloud", "dc"])
    def test_nothing_but_the_account_a_project_and_fields(self, tmp_path: Path, deployment: str) -> None:
        """Whoever wants to try their own data would find examples among it."""
        with jira_kit.empty_site(tmp_path, deployment) as (hub, environment):
            assert set(environment) == {"JIRA_URL", "JIRA_EMAIL", "JIRA_TOKEN", "JIRA_PROJECT"}
            assert [one["key"] for one in hub.get("project")] == ["SUP"]
            assert hub.get("project/SUP/components") == []
            assert hub.get(f"{JSM}/servicedesk")["values"] == []
            assert hub.get(f"{JSM}/organization")["values"] == []
            assert hub.get("project/SUP")["lead"]["displayName"] == "deskbridge"
            names = {one["name"] for one in hub.get("field")}
            assert {"Summary", "Deskbridge id"} <= names
            assert "Customer" not in names
            assert hub.fields(hub.issue())["status"]["name"] == "To Do"
