"""Time, votes, histories, and operations on many issues at once (reference, 3.1, 3.5, 3.7, 4.4)."""

from __future__ import annotations

import pytest

from tests.sandbox import jira_kit
from tests.sandbox.jira_kit import Json, Running

served, site = jira_kit.served, jira_kit.site
BULK = "/rest/api/3/bulk/issues"
DANA = "dana@harbour.example"


class TestWorklogs:
    def left(self, site: Running, key: str) -> tuple[int | None, int | None]:
        """Return an issue's remaining and spent seconds."""
        shown = site.hub.fields(key)["timetracking"]
        return shown.get("remainingEstimateSeconds"), shown.get("timeSpentSeconds")

    def test_logging_lowers_the_estimate(self, site: Running) -> None:
        """Automatically, unless told otherwise, and never below nothing."""
        key = site.hub.issue(timetracking={"originalEstimate": "1d"})
        path = f"issue/{key}/worklog"
        site.hub.post(path, {"timeSpent": "2h"})
        assert self.left(site, key) == (6 * 3600, 2 * 3600)
        site.hub.post(f"{path}?adjustEstimate=leave", {"timeSpentSeconds": 3600})
        assert self.left(site, key) == (6 * 3600, 3 * 3600)
        site.hub.post(f"{path}?adjustEstimate=new&newEstimate=2d", {"timeSpent": "30m"})
        site.hub.post(f"{path}?adjustEstimate=manual&reduceBy=1h", {"timeSpent": "30m"})
        assert self.left(site, key) == (15 * 3600, 4 * 3600)
        site.hub.post(path, {"timeSpent": "1w"})
        assert self.left(site, key)[0] == 0

    def test_an_adjustment_needs_its_value(self, site: Running) -> None:
        """``new`` without an estimate is refused, and nothing is logged."""
        key = site.hub.issue()
        path = f"issue/{key}/worklog?adjustEstimate=new"
        assert site.hub.refused("POST", path, {"timeSpent": "1h"})[0] == 400
        assert site.hub.get(f"issue/{key}/worklog")["total"] == 0

    def test_both_ways_of_time_are_one_too_many(self, site: Running) -> None:
        """Exactly one of the two."""
        path = f"issue/{site.hub.issue()}/worklog"
        for body in ({"timeSpent": "1h", "timeSpentSeconds": 3600}, {}, {"timeSpent": "soon"}):
            assert "timeLogged" in site.hub.refused("POST", path, body)[1]["errors"]

    def test_a_change_moves_the_estimate_back(self, site: Running) -> None:
        """By the difference; deleting gives all of it back."""
        key = site.hub.issue(timetracking={"originalEstimate": "1d"})
        id = site.hub.post(f"issue/{key}/worklog", {"timeSpent": "4h"})["id"]
        site.hub.put(f"issue/{key}/worklog/{id}", {"timeSpent": "1h"}, 200)
        assert self.left(site, key) == (7 * 3600, 3600)
        site.hub.delete(f"issue/{key}/worklog/{id}")
        assert self.left(site, key) == (8 * 3600, None)

    def test_the_feeds_leave_out_the_last_minute(self, site: Running) -> None:
        """A reader that remembers ``until`` and never looks back a minute loses nothing."""
        key = site.hub.issue()
        first = int(site.hub.post(f"issue/{key}/worklog", {"timeSpent": "1h"})["id"])
        assert site.hub.get("worklog/updated", since=0)["values"] == []
        site.world.clock.advance(61)
        feed = site.hub.get("worklog/updated", since=0)
        assert ([one["worklogId"] for one in feed["values"]], feed["lastPage"]) == ([first], True)
        site.hub.delete(f"issue/{key}/worklog/{first}")
        site.world.clock.advance(61)
        assert [one["worklogId"] for one in site.hub.get("worklog/deleted", since=0)["values"]] == [first]
        assert site.hub.get("worklog/updated", since=0)["values"] == []

    def test_many_by_their_ids(self, site: Running) -> None:
        """The feeds give ids only; this gives the rest."""
        key = site.hub.issue()
        ids = [int(site.hub.post(f"issue/{key}/worklog", {"timeSpent": "1h"})["id"]) for _ in range(2)]
        found = site.hub.post("worklog/list", {"ids": [*ids, 1]}, 200)
        assert [one["id"] for one in found] == [str(id) for id in ids]

    def test_the_day_is_free_the_author_is_not(self, site: Running) -> None:
        """Migrated time keeps its date, not its person."""
        body = {"timeSpent": "1h", "started": "2024-02-03T10:00:00.000+0000", "author": {"accountId": "x"}}
        made = site.hub.post(f"issue/{site.hub.issue()}/worklog", body)
        assert (made["started"][:10], made["author"]["displayName"]) == ("2024-02-03", "deskbridge")


class TestVotesAndMails:
    def test_reporters_have_no_vote(self, site: Running) -> None:
        """Everybody else has one, their own."""
        key = site.hub.issue()
        assert site.hub.refused("POST", f"issue/{key}/votes")[0] == 404
        assert site.dana.call("POST", f"issue/{key}/votes").status_code == 204
        assert site.hub.get(f"issue/{key}")["fields"]["votes"]["votes"] == 1
        assert site.dana.get(f"issue/{key}/votes")["hasVoted"] is True
        site.dana.delete(f"issue/{key}/votes")
        assert site.hub.fields(key)["votes"]["votes"] == 0

    def test_notify_writes_to_others_only(self, site: Running) -> None:
        """The caller as the only recipient is refused."""
        key = site.hub.issue(assignee={"accountId": site.account(DANA)})
        site.world.outbox.clear()
        assert site.hub.refused("POST", f"issue/{key}/notify", {"to": {"reporter": True}})[0] == 400
        to = {"reporter": True, "assignee": True}
        site.hub.post(f"issue/{key}/notify", {"subject": "Hi", "textBody": "Look", "to": to}, 204)
        assert [(mail.to, mail.text) for mail in site.mails()] == [(DANA, "Look")]

    def test_an_empty_scheme_writes_to_nobody(self, site: Running) -> None:
        """Swapped before a bulk run and back after it."""
        key = site.hub.issue(assignee={"accountId": site.account(DANA)})
        assert site.hub.refused("PUT", "project/SUP", {"notificationScheme": 10001})[0] == 403
        site.admin()
        site.hub.put("project/SUP", {"notificationScheme": 10001}, 200)
        assert site.hub.get("project/SUP/notificationscheme")["id"] == 10001
        site.world.outbox.clear()
        site.hub.post(f"issue/{key}/comment", {"body": "x"})
        assert site.mails() == []
        site.hub.put("project/SUP", {"notificationScheme": 10000}, 200)
        site.hub.post(f"issue/{key}/comment", {"body": "x"})
        assert [mail.to for mail in site.mails()] == [DANA]


class TestHistories:
    def test_many_issues_changes_at_once(self, site: Running) -> None:
        """By field; instants are numbers here, texts elsewhere."""
        keys = [site.hub.issue() for _ in range(2)]
        for key in keys:
            site.hub.put(f"issue/{key}", {"fields": {"labels": ["a"], "priority": {"id": "1"}}})
            site.hub.post(f"issue/{key}/transitions", {"transition": {"id": "21"}}, 204)
        body = {"issueIdsOrKeys": keys, "fieldIds": ["status"], "maxResults": 1}
        first = site.hub.post("/rest/api/3/changelog/bulkfetch", body, 200)
        (log,) = first["issueChangeLogs"]
        assert isinstance(log["changeHistories"][0]["created"], int)
        assert [item["field"] for item in log["changeHistories"][0]["items"]] == ["status"]
        token = {"nextPageToken": first["nextPageToken"]}
        second = site.hub.post("/rest/api/3/changelog/bulkfetch", body | token, 200)
        assert second["issueChangeLogs"][0]["issueId"] != log["issueId"]
        assert "nextPageToken" not in second

    def test_some_changes_by_id(self, site: Running) -> None:
        """Ids are numbers in, texts out."""
        key = site.hub.issue()
        site.hub.put(f"issue/{key}", {"fields": {"labels": ["a"]}})
        all_of = site.hub.get(f"issue/{key}/changelog")["values"]
        body = {"changelogIds": [int(all_of[0]["id"]), 5]}
        assert site.hub.post(f"issue/{key}/changelog/list", body, 200)["histories"] == all_of


class TestBulk:
    def done(self, site: Running, task: Json) -> Json:
        """Return what became of a task, once it is complete."""
        path = f"/rest/api/3/bulk/queue/{task['taskId']}"
        assert site.hub.get(path)["status"] == "ENQUEUED"
        site.world.clock.advance(2)
        shown: Json = site.hub.get(path)
        assert (shown["status"], shown["progressPercent"]) == ("COMPLETE", 100)
        return shown

    def test_quiet_transitions(self, site: Running) -> None:
        """The one way to move many issues without mails; ids of what failed come with reasons."""
        keys = [site.hub.issue(assignee={"accountId": site.account(DANA)}) for _ in range(3)]
        site.world.outbox.clear()
        inputs = [{"selectedIssueIdsOrKeys": [*keys, "SUP-99"], "transitionId": "21"}]
        body = {"bulkTransitionInputs": inputs, "sendBulkNotification": False}
        shown = self.done(site, site.hub.post(f"{BULK}/transition", body))
        assert (len(shown["processedAccessibleIssues"]), shown["invalidOrInaccessibleIssueCount"]) == (3, 1)
        assert site.mails() == []
        assert site.hub.fields(keys[0])["status"]["name"] == "In Progress"

    def test_screens_stop_them(self, site: Running) -> None:
        """Transitions with required fields fail for each issue."""
        key = site.hub.issue()
        site.hub.post(f"issue/{key}/transitions", {"transition": {"id": "21"}}, 204)
        site.act("set_workflow", preset="directed")
        inputs = [{"selectedIssueIdsOrKeys": [key], "transitionId": "31"}]
        shown = self.done(site, site.hub.post(f"{BULK}/transition", {"bulkTransitionInputs": inputs}))
        assert shown["failedAccessibleIssues"] == {"10000": ["The transition has required fields."]}

    def test_fields_in_typed_shapes(self, site: Running) -> None:
        """Not the shapes of an ordinary edit; lists say whether to add."""
        keys = [site.hub.issue(labels=["old"]) for _ in range(2)]
        labels = {"fieldId": "labels", "labels": [{"name": "new"}], "bulkEditMultiSelectFieldOption": "ADD"}
        body = {
            "editedFieldsInput": {"labelsFields": [labels], "priority": {"priorityId": "1"}},
            "selectedActions": ["labels", "priority"],
            "selectedIssueIdsOrKeys": keys,
        }
        self.done(site, site.hub.post(f"{BULK}/fields", body))
        fields = site.hub.fields(keys[1])
        assert (fields["labels"], fields["priority"]["name"]) == (["new", "old"], "Highest")

    def test_errors_have_yet_another_shape(self, site: Running) -> None:
        """A list of messages under ``errors``."""
        status, body = site.hub.refused("POST", f"{BULK}/delete", {"selectedIssueIdsOrKeys": []})
        assert (status, list(body["errors"][0])) == (400, ["message"])
        site.act("permit", email="hub@harbour.example", permission="BULK_CHANGE", allowed=False)
        body = {"selectedIssueIdsOrKeys": [site.hub.issue()]}
        assert site.hub.refused("POST", f"{BULK}/watch", body)[0] == 403

    def test_moving_gives_new_keys(self, site: Running) -> None:
        """The id stays, and the old key still finds the issue."""
        key = site.hub.issue()
        id = site.hub.get(f"issue/{key}")["id"]
        mapping = {"HELP,10010": {"issueIdsOrKeys": [key], "inferFieldDefaults": True}}
        self.done(site, site.hub.post(f"{BULK}/move", {"targetToSourcesMapping": mapping}))
        moved = site.hub.get(f"issue/{key}")
        assert (moved["id"], moved["key"]) == (id, "HELP-1")
        assert moved["fields"]["status"]["name"] == "Waiting for support"

    def test_deleting_many(self, site: Running) -> None:
        """Sub-tasks go with their parents."""
        key = site.hub.issue()
        site.hub.issue(issuetype={"id": "10003"}, parent={"key": key})
        self.done(site, site.hub.post(f"{BULK}/delete", {"selectedIssueIdsOrKeys": [key]}))
        assert site.hub.keys("project = SUP") == []

    def test_properties_of_many(self, site: Running) -> None:
        """The answer points to the task, as a redirect with nothing to follow blindly."""
        keys = [site.hub.issue() for _ in range(2)]
        body = {"entitiesIds": [10000, 10001], "properties": {"hub": {"a": 1}}}
        path = "/rest/api/2/issue/properties"
        answer = site.hub.call("POST", path, json=body, allow_redirects=False)
        assert answer.status_code == 303
        task = site.hub.get(answer.headers["Location"].removeprefix(site.url))
        assert task["status"] == "ENQUEUED"
        assert site.hub.get(f"issue/{keys[1]}/properties/hub")["value"] == {"a": 1}
        lost = {"entitiesIds": [10000, 99999], "properties": {"other": 1}}
        assert site.hub.refused("POST", path, lost)[0] == 400

    def test_a_parent_from_the_same_call_is_unknown(self, site: Running) -> None:
        """Sub-tasks must be made in a second call."""
        base = {"project": {"key": "SUP"}, "summary": "s"}
        parent = {"fields": base | {"issuetype": {"id": "10004"}}}
        child = {"fields": base | {"issuetype": {"id": "10003"}, "parent": {"key": "SUP-1"}}}
        made = site.hub.post("issue/bulk", {"issueUpdates": [parent, child]})
        assert [one["key"] for one in made["issues"]] == ["SUP-1"]
        assert made["errors"][0]["failedElementNumber"] == 1
        assert "parent" in made["errors"][0]["elementErrors"]["errors"]


class TestArchive:
    def test_archived_issues_are_not_found(self, site: Running) -> None:
        """They are still read by key; only administrators archive, a thousand at most."""
        key = site.hub.issue()
        assert site.hub.refused("PUT", "issue/archive", {"issueIdsOrKeys": [key]})[0] == 403
        site.admin()
        assert site.hub.put("issue/archive", {"issueIdsOrKeys": [key]}, 200)["numberOfIssuesUpdated"] == 1
        assert site.hub.keys("project = SUP") == []
        assert site.hub.get(f"issue/{key}")["key"] == key
        assert site.hub.refused("PUT", "issue/archive", {"issueIdsOrKeys": ["x"] * 1001})[0] == 412


class TestMatchAndHelpers:
    def test_match_reads_the_store(self, site: Running) -> None:
        """Where the index is behind, this tells the truth about single issues."""
        site.switch("index_lag", 60.0)
        key = site.hub.issue(labels=["a"])
        id = int(site.hub.get(f"issue/{key}")["id"])
        body = {"issueIds": [id, 5], "jqls": ["labels = a", "labels = b", "colour = red"]}
        found = site.hub.post("/rest/api/3/jql/match", body, 200)["matches"]
        assert [one["matchedIssues"] for one in found] == [[id], [], []]
        assert [bool(one["errors"]) for one in found] == [False, False, True]
        assert site.hub.keys("labels = a") == []

    @pytest.mark.parametrize(
        "path", ["user/picker?query=da", "groupuserpicker?query=da", "user/search?query=da"]
    )
    def test_pickers_find_people(self, site: Running, path: str) -> None:
        """Each in a shape of its own."""
        answer = site.hub.call("GET", path)
        assert "Dana Novak" in answer.text

    def test_names_of_the_past_are_refused(self, site: Running) -> None:
        """A client made for Data Center is told why it finds nobody."""
        for path in (
            "user/search?username=da",
            "user?key=x",
            "user/assignable/search?project=SUP&username=d",
        ):
            assert "GDPR strict mode" in site.hub.refused("GET", path)[1]["errorMessages"][0]

    def test_limits_per_issue_are_reported(self, site: Running) -> None:
        """To administrators only."""
        site.admin()
        assert site.hub.get("issue/limit/report")["limits"]["comment"] == 5000
        assert site.dana.refused("GET", "issue/limit/report")[0] == 403

    def test_applications_links_are_refused_to_others(self, site: Running) -> None:
        """The library asks for them on its way and must live with 403."""
        path = "/rest/applinks/latest/listApplicationlinks"
        assert site.hub.refused("GET", path)[0] == 403
        site.admin()
        assert site.hub.get(path) == {"list": []}
