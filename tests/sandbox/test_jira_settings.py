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


class TestPermissions:
    def test_checked_for_many_places_at_once(self, site: Running) -> None:
        """A client that asks before it writes would be told that the call does not exist."""
        home, key = site.hub.get("project/SUP"), site.hub.issue()
        asked = {"permissions": ["EDIT_ISSUES"], "projects": [int(home["id"]), 1]}
        asked["issues"] = [int(site.hub.get(f"issue/{key}")["id"])]
        body = {"globalPermissions": ["ADMINISTER"], "projectPermissions": [asked]}
        found = site.hub.post("permissions/check", body, 200)
        assert found["globalPermissions"] == []
        (row,) = found["projectPermissions"]
        assert row == {"permission": "EDIT_ISSUES", "projects": [int(home["id"])], "issues": asked["issues"]}
        site.hub.post("permissions/check", body | {"accountId": site.account("dana@harbour.example")}, 403)
        site.hub.post("permissions/check", {"globalPermissions": ["FLY"]}, 400)

    def test_where_something_is_allowed(self, site: Running) -> None:
        """A client could not offer only the projects in which it may write."""
        rows = site.hub.post("permissions/project", {"permissions": ["CREATE_ISSUES"]}, 200)["projects"]
        assert "SUP" in [one["key"] for one in rows]

    def test_schemes_by_their_number(self, running: Running) -> None:
        """The address that a scheme carries would lead nowhere."""
        assert running.hub.get("permissionscheme/0?expand=permissions")["permissions"]
        assert running.hub.refused("GET", "permissionscheme/7")[0] == 404
        assert running.hub.refused("GET", "project/SUP/issuesecuritylevelscheme")[0] == 404
        running.act("set_security", project="SUP")
        assert running.hub.get("project/SUP/issuesecuritylevelscheme")["levels"][0]["name"] == "Internal"


class TestMany:
    def test_watched_or_not(self, site: Running) -> None:
        """A list of issues could not show which are watched without one call each."""
        mine, other = site.hub.issue(), site.dana.issue()
        ids = [site.hub.get(f"issue/{key}")["id"] for key in (mine, other)]
        found = site.hub.post("issue/watching", {"issueIds": ids}, 200)["issuesIsWatching"]
        assert found == {ids[0]: True, ids[1]: False}

    def test_a_version_makes_way_for_another(self, site: Running) -> None:
        """Merging releases by the newer call would lose what was fixed in them."""
        old, new = (site.hub.post("version", {"project": "SUP", "name": name})["id"] for name in "ab")
        key = site.hub.issue(fixVersions=[{"id": old}])
        site.hub.post(f"version/{old}/removeAndSwap", {"moveFixIssuesTo": int(new)}, 204)
        assert [one["id"] for one in site.hub.fields(key)["fixVersions"]] == [new]
        assert site.hub.refused("GET", f"version/{old}")[0] == 404
