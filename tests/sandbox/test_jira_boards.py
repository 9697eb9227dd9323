"""Sprints, backlog, rank, epics, and how columns are arranged where no public call does (reference, 7)."""

from __future__ import annotations

from tests.sandbox import jira_kit
from tests.sandbox.jira_kit import AGILE, Running

served, site = jira_kit.served, jira_kit.site
SPRINT = "customfield_10020"
DATES = {"startDate": "2026-05-01T09:00:00.000Z", "endDate": "2026-05-15T09:00:00.000Z"}


def scrum(site: Running) -> int:
    """Make a scrum board over the project and return its id."""
    saved = site.hub.post("filter", {"name": "all", "jql": "project = SUP ORDER BY Rank ASC"}, 200)
    place = {"type": "project", "projectKeyOrId": "SUP"}
    body = {"name": "scrum", "type": "scrum", "filterId": int(saved["id"]), "location": place}
    return int(site.hub.post(f"{AGILE}/board", body)["id"])


def sprint(site: Running, board: int) -> int:
    """Make a sprint and return its id."""
    return int(site.hub.post(f"{AGILE}/sprint", {"name": "one", "originBoardId": board})["id"])


def on(site: Running, path: str) -> list[str]:
    """Return the keys that a list of the boards' API has."""
    return [row["key"] for row in site.hub.get(f"{AGILE}/{path}", fields="summary")["issues"]]


class TestSprints:
    def test_states_go_one_way(self, site: Running) -> None:
        """Future, active with dates, closed; nothing else, and never back."""
        id = sprint(site, scrum(site))
        path = f"{AGILE}/sprint/{id}"
        assert site.hub.refused("POST", path, {"state": "active"})[0] == 400
        assert site.hub.refused("POST", path, {"state": "closed"})[0] == 400
        assert site.hub.post(path, {"state": "active", **DATES}, 200)["state"] == "active"
        closed = site.hub.post(path, {"state": "closed"}, 200)
        assert "completeDate" in closed
        assert site.hub.refused("POST", path, {"state": "active"})[0] == 400

    def test_put_forgets_what_it_does_not_name(self, site: Running) -> None:
        """POST changes a part, PUT all of it."""
        id = sprint(site, scrum(site))
        path = f"{AGILE}/sprint/{id}"
        site.hub.post(path, {"goal": "ship", **DATES}, 200)
        assert site.hub.post(path, {"name": "two"}, 200)["goal"] == "ship"
        whole = site.hub.put(path, {"name": "three"}, 200)
        assert (whole["name"], whole["goal"], "startDate" in whole) == ("three", "", False)

    def test_a_kanban_board_has_none(self, site: Running) -> None:
        """400 with a text, no empty list."""
        status, body = site.hub.refused("GET", f"{AGILE}/board/1/sprint")
        assert (status, body["errorMessages"]) == (400, ["The board does not support sprints"])

    def test_issues_move_in_and_out(self, site: Running) -> None:
        """Written as one number, read as a list of objects; the backlog is what is in none."""
        board = scrum(site)
        id, keys = sprint(site, board), [site.hub.issue() for _ in range(3)]
        site.hub.post(f"{AGILE}/sprint/{id}/issue", {"issues": keys[:2]}, 204)
        assert site.hub.fields(keys[0])[SPRINT][0]["name"] == "one"
        assert (on(site, f"sprint/{id}/issue"), on(site, f"board/{board}/backlog")) == (keys[:2], keys[2:])
        site.hub.post(f"{AGILE}/backlog/issue", {"issues": [keys[0]]}, 204)
        assert on(site, f"board/{board}/backlog") == [keys[0], keys[2]]
        site.hub.put(f"issue/{keys[2]}", {"fields": {SPRINT: id}})
        assert site.hub.keys(f"sprint = {id} ORDER BY key") == [keys[1], keys[2]]
        assert site.hub.refused("POST", f"{AGILE}/backlog/issue", {"issues": keys * 20})[0] == 400

    def test_closed_sprints_stay_on_the_issue(self, site: Running) -> None:
        """A new sprint is added to them; nothing can be moved into a closed one."""
        board = scrum(site)
        first, key = sprint(site, board), site.hub.issue()
        site.hub.post(f"{AGILE}/sprint/{first}/issue", {"issues": [key]}, 204)
        site.hub.post(f"{AGILE}/sprint/{first}", {"state": "active", **DATES}, 200)
        site.hub.post(f"{AGILE}/sprint/{first}", {"state": "closed"}, 200)
        second = sprint(site, board)
        site.hub.put(f"issue/{key}", {"fields": {SPRINT: second}})
        assert [one["id"] for one in site.hub.fields(key)[SPRINT]] == [first, second]
        body = {"issues": [key]}
        assert site.hub.refused("POST", f"{AGILE}/sprint/{first}/issue", body)[0] == 400


class TestRank:
    def test_new_issues_stand_last(self, site: Running) -> None:
        """Ranked before or after another one, exactly one of the two said."""
        a, b, c = (site.hub.issue() for _ in range(3))
        site.hub.put(f"{AGILE}/issue/rank", {"issues": [c], "rankBeforeIssue": a})
        site.hub.put(f"{AGILE}/issue/rank", {"issues": [a], "rankAfterIssue": b})
        assert site.hub.keys("project = SUP ORDER BY Rank ASC") == [c, b, a]
        both = {"issues": [a], "rankAfterIssue": b, "rankBeforeIssue": c}
        assert site.hub.refused("PUT", f"{AGILE}/issue/rank", both)[0] == 400

    def test_there_is_always_room(self, site: Running) -> None:
        """However often between the same two."""
        first, last, *rest = (site.hub.issue() for _ in range(4))
        for _ in range(40):
            for key in rest:
                site.hub.put(f"{AGILE}/issue/rank", {"issues": [key], "rankAfterIssue": first})
        assert site.hub.keys("project = SUP ORDER BY Rank ASC") == [first, *rest[::-1], last]

    def test_partial_success_is_207(self, site: Running) -> None:
        """An issue that cannot be ranked is told among those that were."""
        a, b = site.hub.issue(), site.hub.issue()
        answer = site.hub.call("PUT", f"{AGILE}/issue/rank", json={"issues": [a, b], "rankAfterIssue": a})
        assert answer.status_code == 207
        assert [one["status"] for one in answer.json()["entries"]] == [400, 200]


class TestEpics:
    def test_an_epic_is_a_parent(self, site: Running) -> None:
        """On Cloud by the parent field; none takes it away."""
        epic = site.hub.issue(issuetype={"id": "10000"}, summary="Epic")
        key = site.hub.issue()
        site.hub.post(f"{AGILE}/epic/{epic}/issue", {"issues": [key]}, 204)
        assert site.hub.fields(key)["parent"]["key"] == epic
        assert on(site, f"epic/{epic}/issue") == [key]
        assert [one["key"] for one in site.hub.get(f"{AGILE}/board/1/epic")["values"]] == [epic]
        site.hub.post(f"{AGILE}/epic/none/issue", {"issues": [key]}, 204)
        assert "parent" not in site.hub.fields(key)


class TestColumns:
    def test_no_public_call_changes_them(self, site: Running) -> None:
        """The configuration is read only."""
        path = f"{AGILE}/board/1/configuration"
        assert site.hub.call("PUT", path, json={}).status_code == 405
        names = [one["name"] for one in site.hub.get(path)["columnConfig"]["columns"]]
        assert names == ["To Do", "In Progress", "Done"]

    def test_the_private_one_does_while_it_lasts(self, site: Running) -> None:
        """Unmapped statuses leave the board; by switch the address is gone."""
        key = site.hub.issue()
        body = {
            "rapidViewId": 1,
            "mappedColumns": [{"name": "Doing", "mappedStatuses": [{"id": "3"}], "max": "5"}],
        }
        path = "/rest/greenhopper/1.0/rapidviewconfig/columns"
        assert on(site, "board/1/issue") == [key]
        site.hub.put(path, body, 200)
        config = site.hub.get(f"{AGILE}/board/1/configuration")["columnConfig"]
        assert (config["constraintType"], config["columns"][0]["max"]) == ("issueCount", 5)
        assert on(site, "board/1/issue") == []
        site.switch("private_boards", value=False)
        assert site.hub.call("PUT", path, json=body).status_code == 501

    def test_without_the_right_to_share_boards_are_private(self, site: Running) -> None:
        """Silently: the answer says it, nothing refuses."""
        shares = [{"type": "project", "project": {"id": "10000"}}]
        saved = site.dana.post(
            "filter", {"name": "x", "jql": "project = SUP", "sharePermissions": shares}, 200
        )
        site.act("permit", email="dana@harbour.example", permission="CREATE_SHARED_OBJECTS", allowed=False)
        body = {"name": "x", "type": "kanban", "filterId": int(saved["id"])}
        assert site.dana.post(f"{AGILE}/board", body)["isPrivate"] is True

    def test_marks_of_our_own(self, site: Running) -> None:
        """A property on the board is the place for them."""
        path = f"{AGILE}/board/1/properties/hub"
        site.hub.put(path, {"rev": 3}, 201)
        site.hub.put(path, {"rev": 4}, 200)
        assert site.hub.get(path)["value"] == {"rev": 4}
