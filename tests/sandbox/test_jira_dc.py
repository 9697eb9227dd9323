"""The fake Jira as Data Center: who one is, how one searches, what is missing (reference, 1 and 2.3)."""

from __future__ import annotations

import pytest

from tests.sandbox import jira_kit
from tests.sandbox.jira_kit import Client, Running

served_dc, dc = jira_kit.served_dc, jira_kit.dc


class TestSignIn:
    def test_a_token_is_a_bearer(self, dc: Running) -> None:
        """A client that sends a personal access token by Basic is nobody."""
        assert dc.hub.get("myself")["name"] == "hub"
        assert Client(dc.url, ("hub", dc.token)).call("GET", "myself").status_code == 401

    def test_a_password_counts_unless_it_is_switched_off(self, dc: Running) -> None:
        """A client that knows Basic only stands before a closed door on many sites."""
        person = dc.person("dana@harbour.example")
        basic = Client(dc.url, (person["username"], person["password"]))
        assert basic.get("myself")["key"] == person["key"]
        dc.switch("basic_auth", value=False)
        assert basic.call("GET", "myself").status_code == 401

    def test_login_reason_tells_why(self, dc: Running) -> None:
        """The only word on what went wrong is in a header; the body is a page."""
        assert dc.hub.call("GET", "myself").headers["X-Seraph-LoginReason"] == "OK"
        answer = Client(dc.url, ("dana", "wrong")).call("GET", "myself")
        assert answer.headers["X-Seraph-LoginReason"] == "AUTHENTICATED_FAILED"
        assert answer.headers["content-type"].startswith("text/html")

    def test_three_failures_ask_for_a_captcha(self, dc: Running) -> None:
        """A client that goes on trying is locked out even with the right password, until a person helps."""
        password = dc.person("dana@harbour.example")["password"]
        for _ in range(3):
            assert Client(dc.url, ("dana", "wrong")).call("GET", "myself").status_code == 401
        right = Client(dc.url, ("dana", password))
        denied = right.call("GET", "myself")
        assert denied.status_code == 403
        assert denied.headers["X-Authentication-Denied-Reason"].startswith("CAPTCHA_CHALLENGE; login-url=")
        dc.act("solve_captcha", username="dana")
        assert right.get("myself")["name"] == "dana"

    def test_a_session_is_a_way_in(self, dc: Running) -> None:
        """The `jira` library's ``auth=`` begins a session by cookie."""
        password = dc.person("dana@harbour.example")["password"]
        client = Client(dc.url, None)
        body = {"username": "dana", "password": password}
        assert client.post("/rest/auth/1/session", body, 200)["session"]["name"] == "JSESSIONID"
        assert client.get("/rest/auth/1/session")["name"] == "dana"
        client.delete("/rest/auth/1/session")
        assert client.call("GET", "myself").status_code == 401

    def test_nobody_is_asked_to_log_in(self, dc: Running) -> None:
        """On Cloud a lost header reads as not found, here as 401."""
        key = dc.hub.issue()
        assert dc.nobody.refused("GET", f"issue/{key}")[1]["errorMessages"][1] == "Login Required"


class TestPeople:
    def test_people_have_names_and_keys(self, dc: Running) -> None:
        """A client that reads accountId finds nobody."""
        key = dc.hub.issue(assignee={"name": "dana"})
        shown = dc.hub.fields(key)["assignee"]
        assert {"name": "dana", "emailAddress": "dana@harbour.example"}.items() <= shown.items()
        assert "accountId" not in shown

    def test_account_ids_mean_nothing(self, dc: Running) -> None:
        """A body made for Cloud is refused by field."""
        account = dc.account("dana@harbour.example")
        key = dc.hub.issue()
        body = {"fields": {"assignee": {"accountId": account}}}
        assert "assignee" in dc.hub.refused("PUT", f"issue/{key}", body)[1]["errors"]
        dc.hub.put(f"issue/{key}/assignee", {"name": "dana"})
        assert dc.hub.fields(key)["assignee"]["name"] == "dana"

    def test_watchers_go_by_name(self, dc: Running) -> None:
        """The parameter is ``username``; ``accountId`` is ignored and thus missing."""
        key = dc.hub.issue()
        dc.hub.post(f"issue/{key}/watchers", "dana", 204)
        names = [one["name"] for one in dc.hub.get(f"issue/{key}/watchers")["watchers"]]
        assert names == ["hub", "dana"]
        dc.hub.delete(f"issue/{key}/watchers?username=dana")
        assert dc.hub.call("DELETE", f"issue/{key}/watchers?accountId=x").status_code == 400

    def test_users_are_found_by_username(self, dc: Running) -> None:
        """``query`` alone finds nobody here."""
        assert [one["name"] for one in dc.hub.get("user/search", username="da")] == ["dana"]
        assert dc.hub.call("GET", "user/search?query=da").status_code == 400
        assert dc.hub.get("user", username="dana")["key"].startswith("JIRAUSER")


class TestSearch:
    def test_pages_by_offset_with_a_total(self, dc: Running) -> None:
        """Pages of tokens don't exist; the answer has fields without being asked."""
        keys = [dc.hub.issue(summary=f"Number {n}") for n in range(5)]
        page = dc.hub.get("search", jql="project = SUP ORDER BY key ASC", startAt=3, maxResults=10)
        assert (page["startAt"], page["total"]) == (3, 5)
        assert [row["key"] for row in page["issues"]] == keys[3:]
        assert page["issues"][0]["fields"]["summary"] == "Number 3"

    def test_the_ceiling_lowers_pages_silently(self, dc: Running) -> None:
        """A client that asks for 5000 must read back how many it got."""
        dc.switch("dc_longest_page", 2)
        for _ in range(3):
            dc.hub.issue()
        page = dc.hub.post("search", {"jql": "project = SUP", "maxResults": 5000}, 200)
        assert (page["maxResults"], len(page["issues"])) == (2, 2)

    def test_unknown_names_are_refused(self, dc: Running) -> None:
        """On Cloud the same query finds nothing, silently."""
        status, body = dc.hub.refused("GET", "search?jql=colour = red")
        assert status == 400
        assert "does not exist" in body["errorMessages"][0]

    def test_post_takes_no_properties(self, dc: Running) -> None:
        """The library strips them for this reason."""
        body = {"jql": "project = SUP", "properties": ["x"]}
        assert dc.hub.call("POST", "search", json=body).status_code == 400

    def test_a_walk_sees_each_issue_once(self, dc: Running) -> None:
        """Later pages come from the same search, kept up to date."""
        keys = {dc.hub.issue() for _ in range(7)}
        seen: list[str] = []
        while True:
            page = dc.hub.get("search", jql="project = SUP ORDER BY key", startAt=len(seen), maxResults=3)
            seen += [row["key"] for row in page["issues"]]
            if not page["issues"]:
                break
        assert sorted(seen) == sorted(keys)


class TestDifferences:
    @pytest.mark.parametrize(
        "path",
        ["/rest/api/3/myself", "/rest/api/2/search/jql?jql=x", "/rest/api/2/issue/{key}/changelog"],
    )
    def test_what_only_cloud_has_is_not_there(self, dc: Running, path: str) -> None:
        """The framework's own 404 is no Jira error."""
        status, body = dc.hub.refused("GET", path.format(key=dc.hub.issue()))
        assert (status, body["status-code"]) == (404, 404)
        assert body["message"].startswith("null for uri: http")

    def test_create_metadata_is_a_page_of_values(self, dc: Running) -> None:
        """On Cloud the key is ``issueTypes``, then ``fields``."""
        types = dc.hub.get("issue/createmeta/SUP/issuetypes")
        assert types["isLast"] is True
        bug = next(one["id"] for one in types["values"] if one["name"] == "Bug")
        names = [one["fieldId"] for one in dc.hub.get(f"issue/createmeta/SUP/issuetypes/{bug}")["values"]]
        assert "summary" in names
        assert dc.hub.call("GET", "issue/createmeta").status_code != 200

    def test_file_contents_need_the_same_credentials(self, dc: Running) -> None:
        """A client that drops its header for files, as on Cloud, gets a login page."""
        made = dc.hub.upload(dc.hub.issue(), "a b.txt", b"hello")
        assert made["content"] == f"{dc.url}/secure/attachment/{made['id']}/a%20b.txt"
        path = made["content"].removeprefix(dc.url)
        assert dc.hub.call("GET", path).content == b"hello"
        assert dc.nobody.call("GET", path, allow_redirects=False).status_code == 302

    def test_too_large_a_file_is_404(self, dc: Running) -> None:
        """On Cloud it is 413."""
        dc.switch("upload_limit", 10)
        path, files = f"issue/{dc.hub.issue()}/attachments", {"file": ("a.txt", b"x" * 11)}
        answer = dc.hub.call("POST", path, files=files, headers=jira_kit.NO_CHECK)
        assert answer.status_code == 404
        assert "maximum permitted size" in answer.text

    def test_quiet_edits_are_refused_to_others(self, dc: Running) -> None:
        """Cloud would mail everybody instead."""
        key = dc.hub.issue()
        body = {"fields": {"summary": "new"}}
        assert dc.dana.call("PUT", f"issue/{key}?notifyUsers=false", json=body).status_code == 403
        assert dc.hub.fields(key)["summary"] == "Lantern flickers"
        dc.hub.put(f"issue/{key}?notifyUsers=false", body)

    def test_all_comments_come_at_once(self, dc: Running) -> None:
        """The page of 100 is Cloud's."""
        key = dc.hub.issue()
        for n in range(105):
            dc.hub.post(f"issue/{key}/comment", {"body": str(n)})
        assert len(dc.hub.get(f"issue/{key}/comment")["comments"]) == 105

    def test_boards_have_no_location(self, dc: Running) -> None:
        """A board's project is known by its filter only."""
        assert "location" not in dc.hub.get(f"{jira_kit.AGILE}/board")["values"][0]

    def test_server_info(self, dc: Running) -> None:
        """Clients choose their ways by this word."""
        assert dc.hub.get("serverInfo")["deploymentType"] == "Server"

    def test_permissions_are_told_without_asking(self, dc: Running) -> None:
        """Cloud refuses the call without keys."""
        assert dc.hub.get("mypermissions")["permissions"]["BROWSE_PROJECTS"]["havePermission"] is True

    def test_request_types_are_set_by_keys(self, dc: Running) -> None:
        """Cloud wants the id, Data Center ``portal/type``."""
        fields = {"project": {"key": "HELP"}, "issuetype": {"id": "10010"}, "summary": "s"}
        wrong = dc.hub.refused("POST", "issue", {"fields": fields | {"customfield_10010": "25"}})
        assert "customfield_10010" in wrong[1]["errors"]
        key = dc.hub.issue(**fields, customfield_10010="help/get-help")
        assert dc.hub.fields(key)["customfield_10010"]["requestType"]["name"] == "Get help"


class TestLimits:
    def test_headers_stand_on_every_answer_once_limits_are_on(self, dc: Running) -> None:
        """Off by default; ``retry-after: 0`` is no reason to wait."""
        dc.world.limits = True
        assert "X-RateLimit-Limit" not in dc.hub.call("GET", "myself").headers
        dc.switch("dc_limits", value=True)
        headers = dc.hub.call("GET", "myself").headers
        assert (headers["X-RateLimit-FillRate"], headers["retry-after"]) == ("10", "0")
        answers = [dc.hub.call("GET", "myself").status_code for _ in range(40)]
        assert 429 in answers
        assert dc.dana.call("GET", "myself").status_code == 200
