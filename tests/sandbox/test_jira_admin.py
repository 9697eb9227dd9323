"""Projects, roles, fields, screens, schemes, workflows: made and arranged by API (reference, 3.2, 4.3, 7)."""

from __future__ import annotations

import pytest

from tests.sandbox import jira_kit
from tests.sandbox.jira_kit import AGILE, Json, Running

served, site = jira_kit.served, jira_kit.site
HUB, DANA = "hub@harbour.example", "dana@harbour.example"
KANBAN = "com.pyxis.greenhopper.jira:gh-simplified-kanban-classic"
TEAM = "com.pyxis.greenhopper.jira:gh-simplified-agility-kanban"


def new_project(site: Running, **more: object) -> Json:
    """Return the body that makes a project."""
    lead = site.account(HUB)
    return {"key": "ACME", "name": "Acme", "leadAccountId": lead, "projectTemplateKey": KANBAN, **more}


class TestProjects:
    def test_a_project_comes_with_a_board(self, site: Running) -> None:
        """Its id is a number, and administrators only make one."""
        assert site.hub.refused("POST", "project", new_project(site))[0] == 403
        site.admin()
        made = site.hub.post("project", new_project(site, assigneeType="UNASSIGNED"))
        assert (made["id"], made["key"]) == (10002, "ACME")
        boards = site.hub.get(f"{AGILE}/board", projectKeyOrId="ACME")["values"]
        assert [board["location"]["projectKey"] for board in boards] == ["ACME"]
        assert site.hub.issue(project={"key": "ACME"}) == "ACME-1"

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"key": "acme"}, "projectKey"),
            ({"key": "SUP"}, "projectKey"),
            ({"key": "TOOLONGAKEY"}, "projectKey"),
            ({"name": ""}, "projectName"),
            ({"leadAccountId": "nobody"}, "leadAccountId"),
            ({"projectTemplateKey": "x:y"}, "projectTypeKey"),
            ({"projectTypeKey": "service_desk"}, "projectTypeKey"),
        ],
    )
    def test_errors_name_their_field(self, site: Running, wrong: Json, field: str) -> None:
        """Not the words of the body: ``projectKey`` for ``key``."""
        site.admin()
        assert field in site.hub.refused("POST", "project", new_project(site, **wrong))[1]["errors"]

    def test_a_team_managed_project_is_its_own_world(self, site: Running) -> None:
        """Own statuses and types, a board nobody can delete, no site-wide custom fields."""
        site.admin()
        site.hub.post("project", new_project(site, projectTemplateKey=TEAM))
        shown = site.hub.get("project/ACME")
        assert (shown["style"], shown["simplified"]) == ("next-gen", True)
        task = next(one for one in shown["issueTypes"] if one["name"] == "Task")
        assert task["scope"]["project"]["id"] == shown["id"] != "10000"
        body = {"project": {"key": "ACME"}, "issuetype": {"id": "10002"}, "summary": "s"}
        assert "issuetype" in site.hub.refused("POST", "issue", {"fields": body})[1]["errors"]
        body |= {"issuetype": {"name": "Task"}, "customfield_10040": "x"}
        assert "customfield_10040" in site.hub.refused("POST", "issue", {"fields": body})[1]["errors"]
        board = site.hub.get(f"{AGILE}/board", projectKeyOrId="ACME")["values"][0]["id"]
        assert site.hub.call("DELETE", f"{AGILE}/board/{board}").status_code == 403

    def test_a_new_key_keeps_the_old_ones(self, site: Running) -> None:
        """Issues are found by the key they had."""
        site.admin()
        key = site.hub.issue()
        site.hub.put("project/SUP", {"key": "DEV"}, 200)
        assert site.hub.get(f"issue/{key}")["key"] == "DEV-1"

    def test_deleting_takes_everything(self, site: Running) -> None:
        """Issues, board and desk go with it."""
        site.admin()
        key = site.hub.issue()
        site.hub.delete("project/SUP")
        assert site.hub.call("GET", f"issue/{key}").status_code == 404
        assert site.hub.get(f"{AGILE}/board")["values"] == []

    def test_projects_are_searched_by_type(self, site: Running) -> None:
        """Details come only when they are asked for; an unknown order is refused."""
        found = site.hub.get("project/search", typeKey="service_desk")["values"]
        assert ([one["key"] for one in found], "lead" in found[0]) == (["HELP"], False)
        assert "lead" in site.hub.get("project/search", expand="lead")["values"][0]
        assert site.hub.refused("GET", "project/search?orderBy=colour")[0] == 400


class TestRoles:
    def test_people_and_groups_play_roles(self, site: Running) -> None:
        """Twice the same is refused; DELETE names one."""
        path = "project/SUP/role/10002"
        site.hub.post(path, {"user": [site.account(DANA)], "group": ["jira-software-users"]}, 200)
        shown = site.hub.get(path)["actors"]
        assert [one["type"] for one in shown] == ["atlassian-user-role-actor", "atlassian-group-role-actor"]
        assert site.hub.refused("POST", path, {"user": [site.account(DANA)]})[0] == 400
        assert site.dana.refused("POST", path, {"group": ["jira-administrators"]})[0] == 403
        site.hub.delete(f"{path}?user={site.account(DANA)}")
        assert len(site.hub.get(path)["actors"]) == 1
        assert site.hub.get("project/SUP/role")["Administrators"].endswith("/project/10000/role/10002")


class TestFields:
    def made(self, site: Running, type: str = "select") -> str:
        """Make a field as an administrator and return its id."""
        site.admin()
        key = f"com.atlassian.jira.plugin.system.customfieldtypes:{type}"
        return str(site.hub.post("field", {"name": "Region", "type": key})["id"])

    def test_a_new_field_is_on_no_screen(self, site: Running) -> None:
        """It exists, but REST cannot set it before it stands on one."""
        field = self.made(site, "textfield")
        body = {"fields": {field: "north"}}
        key = site.hub.issue()
        assert field in site.hub.refused("PUT", f"issue/{key}", body)[1]["errors"]
        site.hub.post(f"screens/addToDefault/{field}", {}, 200)
        site.hub.put(f"issue/{key}", body)
        assert site.hub.fields(key)[field] == "north"

    def test_options_belong_to_a_context(self, site: Running) -> None:
        """Added, disabled, deleted by id; a name is used once."""
        field = self.made(site)
        site.hub.post("screens/1/tabs/100/fields", {"fieldId": field}, 200)
        context = site.hub.get(f"field/{field}/context")["values"][0]["id"]
        path = f"field/{field}/context/{context}/option"
        made = site.hub.post(path, {"options": [{"value": "North"}, {"value": "South"}]}, 200)["options"]
        assert site.hub.refused("POST", path, {"options": [{"value": "North"}]})[0] == 400
        key = site.hub.issue(**{field: {"value": "South"}})
        assert site.hub.fields(key)[field]["id"] == made[1]["id"]
        site.hub.put(path, {"options": [{"id": made[0]["id"], "disabled": True}]}, 200)
        wrong = {"fields": {field: {"value": "North"}}}
        assert field in site.hub.refused("PUT", f"issue/{key}", wrong)[1]["errors"]
        assert site.hub.refused("DELETE", f"{path}/{made[1]['id']}")[0] == 400

    def test_cascading_options_nest(self, site: Running) -> None:
        """A child is named below its parent, on write and on read."""
        field = self.made(site, "cascadingselect")
        site.hub.post(f"screens/addToDefault/{field}", {}, 200)
        context = site.hub.get(f"field/{field}/context")["values"][0]["id"]
        path = f"field/{field}/context/{context}/option"
        parent = site.hub.post(path, {"options": [{"value": "EU"}]}, 200)["options"][0]["id"]
        site.hub.post(path, {"options": [{"value": "Italy", "optionId": parent}]}, 200)
        key = site.hub.issue(**{field: {"value": "EU", "child": {"value": "Italy"}}})
        shown = site.hub.fields(key)[field]
        assert (shown["value"], shown["child"]["value"]) == ("EU", "Italy")

    def test_only_known_types(self, site: Running) -> None:
        """And only administrators."""
        body = {"name": "x", "type": "com.pyxis.greenhopper.jira:gh-sprint"}
        assert site.hub.refused("POST", "field", body)[0] == 403
        site.admin()
        assert "type" in site.hub.refused("POST", "field", body)[1]["errors"]


class TestSecurity:
    def test_levels_hide_issues(self, site: Running) -> None:
        """Who may not see an issue finds it neither by key nor by search; the field needs a permission."""
        assert site.hub.get("project/SUP/securitylevel")["levels"] == []
        site.act("set_security", project="SUP")
        level = site.hub.get("project/SUP/securitylevel")["levels"][0]["id"]
        key = site.hub.issue(security={"id": level})
        assert site.hub.fields(key)["security"]["name"] == "Internal"
        assert site.dana.call("GET", f"issue/{key}").status_code == 404
        assert site.dana.keys("project = SUP") == []
        assert site.hub.keys("project = SUP") == [key]

    def test_permissions_are_given_and_taken(self, site: Running) -> None:
        """Reporter without Modify Reporter, watchers without Manage Watchers."""
        key, body = site.hub.issue(), {"fields": {"reporter": {"accountId": site.account(DANA)}}}
        assert "reporter" in site.dana.refused("PUT", f"issue/{key}", body)[1]["errors"]
        site.act("permit", email=DANA, permission="MODIFY_REPORTER")
        site.dana.put(f"issue/{key}", body)
        site.act("permit", email=DANA, permission="MANAGE_WATCHERS", allowed=False)
        assert site.dana.refused("POST", f"issue/{key}/watchers", site.account(HUB))[0] == 403
        site.dana.post(f"issue/{key}/watchers", site.account(DANA), 204)

    def test_without_transition_rights_the_list_is_empty(self, site: Running) -> None:
        """It looks like a workflow without ways."""
        site.act("permit", email=DANA, permission="TRANSITION_ISSUES", allowed=False)
        key = site.hub.issue()
        assert site.dana.get(f"issue/{key}/transitions")["transitions"] == []
        assert len(site.hub.get(f"issue/{key}/transitions")["transitions"]) == 3


class TestWorkflows:
    def test_the_graph_of_a_project(self, site: Running) -> None:
        """Initial, global and directed ways, with the statuses they lead from."""
        site.act("set_workflow", preset="directed")
        pair = {"projectId": "10000", "issueTypeId": "10004"}
        graph = site.hub.post("/rest/api/3/workflows", {"projectAndIssueTypes": [pair]}, 200)
        ways = graph["workflows"][0]["transitions"]
        assert [one["type"] for one in ways] == ["INITIAL", *["DIRECTED"] * 4]
        resolve = next(one for one in ways if one["name"] == "Resolve")
        assert (resolve["links"][0]["fromStatusReference"], "transitionScreen" in resolve) == ("3", True)
        assert {one["statusCategory"] for one in graph["statuses"]} == {"TODO", "IN_PROGRESS", "DONE"}

    def test_a_scheme_is_given_to_empty_projects_only(self, site: Running) -> None:
        """With issues it is refused."""
        site.admin()
        body = {"projectId": "10000", "workflowSchemeId": "10001"}
        site.hub.put("workflowscheme/project", body)
        site.hub.issue()
        assert site.hub.refused("PUT", "workflowscheme/project", body)[0] == 400

    def test_a_notification_scheme_of_ones_own(self, site: Running) -> None:
        """Made with the events it writes for; one in use cannot be deleted."""
        site.admin()
        rows = [{"event": {"id": "6"}, "notifications": [{"notificationType": "Reporter"}]}]
        made = site.hub.post("notificationscheme", {"name": "Comments", "notificationSchemeEvents": rows})
        site.hub.put("project/SUP", {"notificationScheme": int(made["id"])}, 200)
        key = site.dana.issue()
        site.hub.put(f"issue/{key}", {"fields": {"labels": ["a"]}})
        site.hub.post(f"issue/{key}/comment", {"body": "x"})
        assert [mail.cause for mail in site.mails()] == ["issue commented"]
        assert site.hub.refused("DELETE", f"notificationscheme/{made['id']}")[0] == 400


class TestParts:
    def test_a_component_is_changed_and_replaced(self, site: Running) -> None:
        """Deleting it moves its issues where one says."""
        first = site.hub.post("component", {"project": "SUP", "name": "Acme"})["id"]
        second = site.hub.post("component", {"project": "SUP", "name": "Orbit"})["id"]
        key = site.hub.issue(components=[{"id": first}])
        assert site.hub.put(f"component/{first}", {"name": "Acme Ltd"}, 200)["name"] == "Acme Ltd"
        assert site.hub.refused("PUT", f"component/{first}", {"name": "orbit"})[0] == 400
        site.hub.delete(f"component/{first}?moveIssuesTo={second}")
        assert [one["name"] for one in site.hub.fields(key)["components"]] == ["Orbit"]

    def test_versions_are_released_and_ordered(self, site: Running) -> None:
        """And unreleased ones are found by a function."""
        ids = [site.hub.post("version", {"project": "SUP", "name": name})["id"] for name in "ab"]
        key = site.hub.issue(fixVersions=[{"id": ids[0]}])
        assert site.hub.keys("fixVersion in unreleasedVersions()") == [key]
        body = {"released": True, "releaseDate": "2026-05-01"}
        assert site.hub.put(f"version/{ids[0]}", body, 200)["releaseDate"] == "2026-05-01"
        assert site.hub.keys("fixVersion in unreleasedVersions()") == []
        site.hub.post(f"version/{ids[1]}/move", {"position": "First"}, 200)
        assert [one["name"] for one in site.hub.get("project/SUP/versions")] == ["b", "a"]
        assert site.hub.get(f"version/{ids[0]}/relatedIssueCounts")["issuesFixedCount"] == 1
