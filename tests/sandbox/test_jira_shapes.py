"""Answers have the attributes and types that Atlassian's OpenAPI descriptions give them."""

from __future__ import annotations

import pytest

from tests.sandbox import jira_kit
from tests.sandbox.jira_kit import AGILE, JSM, Json, Running

served, site = jira_kit.served, jira_kit.site
served_dc, dc = jira_kit.served_dc, jira_kit.dc


def scrum(running: Running) -> Json:
    """Make a scrum board over a filter."""
    hub = running.hub
    saved = hub.post("/rest/api/3/filter", {"name": "all", "jql": "project = SUP"}, 200)
    body = {"name": "Board", "type": "scrum", "filterId": int(saved["id"])}
    made: Json = hub.post(f"{AGILE}/board", body | {"location": {"type": "project", "projectKeyOrId": "SUP"}})
    return made


class TestFilters:
    def test_subscriptions_differ_by_call(self, site: Running) -> None:
        """A client with typed models could read either the one filter or the search, never both."""
        saved = site.hub.post("/rest/api/3/filter", {"name": "all", "jql": "project = SUP"}, 200)
        assert saved["subscriptions"]["items"] == []
        found = site.hub.get("/rest/api/3/filter/search?expand=subscriptions,owner,jql")["values"]
        assert [row["subscriptions"] for row in found if row["id"] == saved["id"]] == [[]]

    def test_the_search_shows_only_what_is_expanded(self, site: Running) -> None:
        """A client that forgot `expand` would work here and find no query on a real site."""
        site.hub.post("/rest/api/3/filter", {"name": "all", "jql": "project = SUP"}, 200)
        rows = site.hub.get("/rest/api/3/filter/search?filterName=all")["values"]
        assert {row["name"] for row in rows} >= {"all"}
        assert not any({"jql", "owner", "sharePermissions"} & set(row) for row in rows)

    def test_words_for_booleans_are_taken(self, site: Running) -> None:
        """A client that sends `"true"`, as one in wide use does, would fail here and work on a real site."""
        told = {"jql": "project = SUP", "favourite": "true"}
        assert site.hub.post("/rest/api/2/filter", told | {"name": "all"}, 200)["favourite"] is True
        odd = told | {"name": "some", "favourite": "maybe"}
        assert site.hub.refused("POST", "/rest/api/2/filter", odd)[0] == 400

    def test_one_share(self, site: Running) -> None:
        """A share could be listed and deleted but not looked at."""
        made = site.hub.post(
            "/rest/api/3/filter",
            {"name": "all", "jql": "project = SUP", "sharePermissions": [{"type": "authenticated"}]},
            200,
        )
        share = made["sharePermissions"][0]
        assert site.hub.get(f"/rest/api/3/filter/{made['id']}/permission/{share['id']}") == share
        assert site.hub.refused("GET", f"/rest/api/3/filter/{made['id']}/permission/1")[0] == 404


class TestBoards:
    def test_versions_have_numbers(self, site: Running) -> None:
        """The boards' API gives a version's id as a number, the platform as a string."""
        board = scrum(site)
        site.hub.post("/rest/api/3/version", {"project": "SUP", "name": "1.0"})
        (row,) = site.hub.get(f"{AGILE}/board/{board['id']}/version")["values"]
        assert (type(row["id"]), row["name"]) == (int, "1.0")

    def test_boards_of_a_filter_are_names_only(self, site: Running) -> None:
        """A client would rely on the type of a board where the real list doesn't tell it."""
        board = scrum(site)
        filter = site.hub.get(f"{AGILE}/board/{board['id']}/configuration")["filter"]["id"]
        (row,) = site.hub.get(f"{AGILE}/board/filter/{filter}")["values"]
        assert set(row) == {"id", "name", "self"}

    def test_a_configuration_names_its_place(self, site: Running) -> None:
        """The place of a board is described in other words in its configuration than in the board."""
        board = scrum(site)
        place = site.hub.get(f"{AGILE}/board/{board['id']}/configuration")["location"]
        assert (place["type"], place["key"], place["name"]) == ("project", "SUP", "Support development")
        assert place["self"].endswith(f"/project/{place['id']}")

    def test_features_by_their_constants(self, site: Running) -> None:
        """A typed client would refuse a feature outside the documented set."""
        board = scrum(site)
        (row,) = site.hub.get(f"{AGILE}/board/{board['id']}/features")["features"]
        assert (row["boardFeature"], row["state"]) == ("SPRINTS", "ENABLED")

    def test_pages_by_token(self, site: Running) -> None:
        """The lists that replace those by offset would be missing for newer clients."""
        board = scrum(site)
        keys = [site.hub.issue(summary=f"row {n}") for n in range(3)]
        path = f"/rest/software/1.0/board/{board['id']}/issue"
        first = site.hub.get(f"{path}?maxResults=2&fields=summary")
        assert first["isLast"] is False
        assert not {"total", "startAt"} & set(first)
        rest = site.hub.get(f"{path}?maxResults=2&nextPageToken={first['nextPageToken']}")
        assert rest["isLast"] is True
        assert "nextPageToken" not in rest
        assert {row["key"] for page in (first, rest) for row in page["issues"]} == set(keys)
        assert site.hub.get(f"{path}/approximate-count") == {"count": 3}
        assert site.hub.refused("GET", f"{path}?nextPageToken=nonsense")[0] == 400


class TestSprintField:
    def test_an_object_on_cloud(self, site: Running) -> None:
        """A reader of sprints would stumble over dates in the caller's zone."""
        key = self.in_sprint(site)
        (shown,) = site.hub.fields(key)["customfield_10020"]
        assert (shown["name"], shown["state"], type(shown["id"])) == ("one", "future", int)
        assert shown["startDate"] == "2026-05-01T08:00:00.000Z"

    def test_a_text_on_data_center(self, dc: Running) -> None:
        """Data Center writes a Java object out; a client that expects fields there must be found out."""
        key = self.in_sprint(dc)
        (shown,) = dc.hub.fields(key)["customfield_10020"]
        assert shown.startswith("com.atlassian.greenhopper.service.sprint.Sprint@")
        assert "state=FUTURE,name=one," in shown

    @staticmethod
    def in_sprint(running: Running) -> str:
        """Make an issue that is in a sprint."""
        saved = running.hub.post("filter", {"name": "all", "jql": "project = SUP"}, 200)
        board = running.hub.post(
            f"{AGILE}/board", {"name": "b", "type": "scrum", "filterId": int(saved["id"])}
        )
        dates = {"startDate": "2026-05-01T10:00:00.000+02:00", "endDate": "2026-05-15T10:00:00.000+02:00"}
        made = running.hub.post(f"{AGILE}/sprint", {"name": "one", "originBoardId": board["id"], **dates})
        key = running.hub.issue()
        running.hub.post(f"{AGILE}/sprint/{made['id']}/issue", {"issues": [key]}, 204)
        return key


class TestSearch:
    @pytest.mark.parametrize("fixture", ["site", "dc"])
    def test_names_stand_once(self, request: pytest.FixtureRequest, fixture: str) -> None:
        """A page of a hundred issues would carry the names of all fields a hundred times."""
        running: Running = request.getfixturevalue(fixture)
        running.hub.issue()
        path = "search" if running.is_dc else "search/jql"
        found = running.hub.get(f"{path}?jql=project=SUP&fields=summary&expand=names,schema,changelog")
        assert found["names"] == {"summary": "Summary"}
        assert found["schema"]["summary"]["type"] == "string"
        (row,) = found["issues"]
        assert "changelog" in row
        assert not {"names", "schema"} & set(row)


class TestRequests:
    def test_expanded_lists_have_plural_names(self, site: Running) -> None:
        """`expand=comment` fills `comments`: by the wrong name a client would show no comment at all."""
        values = {"summary": "The lamp is dark", "description": "since today"}
        made = site.noor.post(
            f"{JSM}/request", {"serviceDeskId": "1", "requestTypeId": "25", "requestFieldValues": values}
        )
        site.noor.post(f"{JSM}/request/{made['issueKey']}/comment", {"body": "hello", "public": True})
        expand = "participant,status,sla,requestType,serviceDesk,attachment,action,comment"
        shown = site.noor.get(f"{JSM}/request/{made['issueKey']}?expand={expand}")
        assert [one["body"] for one in shown["comments"]["values"]] == ["hello"]
        assert {"participants", "attachments", "actions", "status", "sla"} <= set(shown)
        assert not {"participant", "attachment", "action", "comment"} & set(shown)

    def test_values_are_shown_as_in_the_issue(self, site: Running) -> None:
        """A client would print the number of a priority, and markup instead of a page's text."""
        values = {"summary": "dark", "description": "*since* today", "priority": {"name": "High"}}
        made = site.noor.post(
            f"{JSM}/request", {"serviceDeskId": "1", "requestTypeId": "25", "requestFieldValues": values}
        )
        rows = {one["fieldId"]: one for one in made["requestFieldValues"]}
        assert rows["priority"]["value"]["name"] == "High"
        assert rows["description"]["value"] == "*since* today"
        assert "<b>since</b>" in rows["description"]["renderedValue"]["html"]


class TestSite:
    @pytest.mark.parametrize("fixture", ["site", "dc"])
    def test_no_parent_no_field(self, request: pytest.FixtureRequest, fixture: str) -> None:
        """Scripts ask `hasattr(issue.fields, "parent")`: every issue would look like a sub-task."""
        running: Running = request.getfixturevalue(fixture)
        key = running.hub.issue()
        fields = running.hub.fields(key)
        assert fields["status"]["name"] == "To Do"
        assert "parent" not in fields
        child = running.hub.issue(issuetype={"name": "Subtask"}, parent={"key": key})
        shown = running.hub.fields(child)["parent"]
        assert (shown["key"], shown["fields"]["summary"]) == (key, "Lantern flickers")

    def test_which_features_are_on(self, site: Running) -> None:
        """A client that reads whether issues may be unassigned would find nothing."""
        shown = site.hub.get("/rest/api/3/configuration")
        assert shown["unassignedIssuesAllowed"] is True
        assert "unassignedIssuesEnabled" not in shown

    def test_a_scheme_without_default_has_no_default(self, site: Running) -> None:
        """A null where a number is promised stops typed clients."""
        site.admin()
        (scheme,) = site.hub.get("/rest/api/3/issuesecurityschemes")["issueSecuritySchemes"]
        assert scheme["name"] == "Default"
        assert "defaultSecurityLevelId" not in scheme

    def test_components_of_many_projects(self, site: Running) -> None:
        """The one call that finds components across projects would be refused."""
        found = site.hub.get("/rest/api/3/component?projectIdsOrKeys=SUP")
        assert [one["name"] for one in found["values"]] == ["Firmware"]

    @pytest.mark.parametrize(
        "path",
        [
            "/rest/api/3/uiModifications",
            "/rest/atlassian-connect/1/addons/x/properties",
            "/rest/builds/0.1/pipelines/1/builds/1",
        ],
    )
    def test_what_is_not_played_names_itself(self, site: Running, path: str) -> None:
        """A call that the real Jira has would look like one that exists nowhere."""
        status, body = site.hub.refused("GET", path)
        assert status == 501
        assert path in str(body)

    def test_what_only_data_center_has(self, dc: Running, site: Running) -> None:
        """A call of Data Center alone would look like none on either, or like one on both."""
        status, body = dc.hub.refused("GET", "cluster/nodes")
        assert (status, "cluster/nodes" in str(body)) == (501, True)
        assert site.hub.refused("GET", "cluster/nodes")[0] == 404

    def test_rendered_fields(self, site: Running) -> None:
        """A script that prints `renderedFields` would find texts only, and none in the comments."""
        key = site.hub.issue(description="*hello*")
        site.hub.post(f"issue/{key}/comment", {"body": "_well_"})
        shown = site.hub.get(f"issue/{key}?expand=renderedFields")
        rendered = shown["renderedFields"]
        assert "<b>hello</b>" in rendered["description"]
        assert "<i>well</i>" in rendered["comment"]["comments"][0]["body"]
        assert rendered["summary"] is None
        assert rendered["created"] not in (None, shown["fields"]["created"])


class TestAssignee:
    @pytest.mark.parametrize("given", ["-1", -1], ids=["text", "number"])
    @pytest.mark.parametrize("fixture", ["site", "dc"])
    def test_the_default_by_minus_one(
        self, request: pytest.FixtureRequest, fixture: str, given: object
    ) -> None:
        """The `jira` library sends a number: "automatic" would be refused as an unknown person."""
        running: Running = request.getfixturevalue(fixture)
        word = "name" if running.is_dc else "accountId"
        key = running.hub.issue()
        running.hub.put(f"issue/{key}/assignee", {word: given})
        assert running.hub.fields(key)["assignee"] is None
