"""The facts of GitLab that shape a client, one test a fact, over real HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import requests

from deskbridge.sandbox.gitlab.server import GitLab
from deskbridge.sandbox.world import World
from tests.sandbox import gitlab_kit
from tests.sandbox.gitlab_kit import DESK, ISSUES, PROJECT, Api, path_of, to_customers

served, gitlab, ticket = gitlab_kit.served, gitlab_kit.gitlab, gitlab_kit.ticket
caller, hub, dana = gitlab_kit.caller, gitlab_kit.hub, gitlab_kit.dana
lee, guest = gitlab_kit.lee, gitlab_kit.guest


@pytest.fixture
def world(gitlab: GitLab) -> World:
    """Return the server's world; its clock only ever went forward."""
    return gitlab.site.world


class TestAnswers:
    def test_the_path_of_a_project_is_one_encoded_part(self, hub: Api) -> None:
        """A client may name a project ``harbour%2Ffirmware`` wherever a number can stand."""
        issue = hub.issue()
        path = f"/projects/harbour%2Ffirmware/issues/{issue['iid']}"
        assert hub.get(path)["references"] == {
            "short": "#1",
            "relative": "#1",
            "full": "harbour/firmware#1",
        }

    def test_an_unknown_token_and_a_revoked_one_differ(self, gitlab: GitLab, hub: Api) -> None:
        """A client that reads only `message` finds nothing in the answer to a revoked token."""
        answer = Api(gitlab.site.base_url, "glpat-wrong")("GET", "/user")
        assert (answer.status_code, answer.json()) == (401, {"message": "401 Unauthorized"})
        gitlab.site.tokens[gitlab.secrets.hub].revoked = True
        answer = hub("GET", "/user")
        assert answer.status_code == 401
        assert answer.json()["error"] == "invalid_token"

    def test_a_bearer_token_works_too(self, gitlab: GitLab) -> None:
        headers = {"Authorization": f"Bearer {gitlab.secrets.hub}"}
        url = gitlab.site.base_url + "/api/v4/user"
        user = requests.get(url, headers=headers, timeout=10).json()
        assert user["bot"] is True
        assert user["username"].startswith("project_101_bot_")

    def test_a_token_that_may_only_read_cannot_write(self, gitlab: GitLab, hub: Api) -> None:
        """The refusal is in the OAuth form and names the scope that is wanted."""
        gitlab.site.tokens[gitlab.secrets.hub].scopes = ("read_api",)
        assert hub.get("/version")["version"] == "18.5.0-ee"
        answer = hub("POST", ISSUES, json={"title": "x"})
        assert (answer.status_code, answer.json()["error"]) == (403, "insufficient_scope")

    @pytest.mark.parametrize(
        ("method", "path", "body", "status", "error"),
        [
            ("GET", "/projects/999", None, 404, {"message": "404 Project Not Found"}),
            ("GET", f"{ISSUES}/99", None, 404, {"message": "404 Issue Not Found"}),
            ("PUT", f"{ISSUES}/99", {"title": "x"}, 404, {"message": "404 Not found"}),
            ("POST", ISSUES, {}, 400, {"error": "title is missing"}),
            ("POST", ISSUES, {"title": " "}, 400, {"message": {"title": ["can't be blank"]}}),
            (
                "PUT",
                f"{ISSUES}/1",
                {"state_event": "shut"},
                400,
                {"error": "state_event does not have a valid value"},
            ),
            ("PUT", f"{ISSUES}/1", {"confidential": ""}, 400, {"error": "confidential is empty"}),
            ("GET", f"{ISSUES}?state=open", None, 400, {"error": "state does not have a valid value"}),
            ("GET", f"{ISSUES}/one", None, 400, {"error": "issue_iid is invalid"}),
            ("POST", f"{ISSUES}/1/notes", {}, 400, {"error": "body is missing"}),
            (
                "POST",
                f"{ISSUES}/1/notes",
                {"body": " "},
                400,
                {"message": '400 Bad request - Note {:note=>["can\'t be blank"]}'},
            ),
            (
                "POST",
                "/groups/harbour/labels",
                {"name": "type::bug"},
                409,
                {"message": "Label already exists"},
            ),
        ],
    )
    def test_errors_come_in_many_shapes(
        self, hub: Api, method: str, path: str, body: object, status: int, error: object
    ) -> None:
        """A parser for one shape of `message` or `error` loses the reason of most refusals."""
        hub.issue()
        answer = hub(method, path, json=body)
        assert (answer.status_code, answer.json()) == (status, error)

    def test_an_update_of_nothing_is_refused(self, hub: Api) -> None:
        issue = hub.issue()
        answer = hub("PUT", path_of(issue), json={"nonsense": 1})
        assert answer.status_code == 400
        assert answer.json()["error"].endswith("are missing, at least one parameter must be provided")

    def test_what_a_caller_may_not_see_is_not_found(self, hub: Api, guest: Api) -> None:
        """404 is not deletion: a role too low looks exactly the same."""
        secret = hub.issue(confidential=True)
        assert guest("GET", path_of(secret)).status_code == 404
        assert guest.get(ISSUES) == []
        assert guest.get(PROJECT)["permissions"]["project_access"]["access_level"] == 10

    def test_an_unknown_call_says_so(self, hub: Api) -> None:
        answer = hub("GET", f"{PROJECT}/pipelines")
        assert answer.status_code == 501
        assert "pipelines" in answer.json()["sandbox"]

    def test_a_body_that_is_no_object_is_refused(self, hub: Api) -> None:
        for data, kind, status in (("{", "application/json", 400), ("x", "text/plain", 415)):
            answer = hub("POST", ISSUES, data=data, headers={"Content-Type": kind})
            assert answer.status_code == status

    def test_a_read_can_be_conditional(self, hub: Api) -> None:
        issue = hub.issue()
        tag = hub("GET", path_of(issue)).headers["ETag"]
        answer = hub("GET", path_of(issue), headers={"If-None-Match": tag})
        assert (answer.status_code, answer.content) == (304, b"")


class TestLimits:
    def test_too_many_notes_get_json_without_a_time(self, gitlab: GitLab, hub: Api, world: World) -> None:
        """A client that counts on Retry-After does not know how long to wait: it is a minute."""
        gitlab.switches.notes_per_minute = 2
        issue = hub.issue()
        world.clock.advance(60 - world.clock.now().second)
        hub.note(issue, "one")
        hub.post(f"{path_of(issue)}/discussions", body="two")
        answer = hub("POST", f"{path_of(issue)}/notes", json={"body": "three"})
        assert answer.status_code == 429
        assert answer.json()["message"]["error"].startswith("This endpoint has been requested too many")
        assert [name for name in ("Retry-After", "RateLimit-Reset") if name in answer.headers] == []
        world.clock.advance(60)
        assert hub.note(issue, "three")["body"] == "three"

    def test_the_throttle_answers_text_with_headers(self, gitlab: GitLab, hub: Api, world: World) -> None:
        """A client that parses every 429 as JSON breaks on this one."""
        gitlab.switches.requests_per_minute = 1
        world.clock.advance(60 - world.clock.now().second)
        assert hub("GET", "/user").headers["RateLimit-Remaining"] == "0"
        answer = hub("GET", "/user")
        assert (answer.status_code, answer.text.strip()) == (429, "Retry later")
        assert answer.headers["Content-Type"].startswith("text/plain")
        assert 0 < int(answer.headers["Retry-After"]) <= 60
        assert answer.headers["RateLimit-Name"] == "throttle_authenticated_api"

    def test_limits_can_be_switched_off_for_all(self, gitlab: GitLab, hub: Api, world: World) -> None:
        gitlab.switches.notes_per_minute, world.limits = 1, False
        issue = hub.issue()
        assert len({hub.note(issue, text)["id"] for text in "abc"}) == 3


class TestPaging:
    def test_headers_tell_where_it_goes_on(self, hub: Api) -> None:
        for number in range(3):
            hub.issue(str(number))
        first = hub("GET", ISSUES, params={"per_page": 2, "sort": "asc"})
        assert [first.headers[name] for name in ("X-Total", "X-Total-Pages", "X-Next-Page")] == [
            "3",
            "2",
            "2",
        ]
        last = requests.get(first.links["next"]["url"], headers=hub._session.headers, timeout=10)
        assert [issue["title"] for issue in last.json()] == ["2"]
        assert last.headers["X-Next-Page"] == ""
        assert hub.get(ISSUES, page=9) == []

    def test_a_page_has_a_hundred_rows_at_most(self, hub: Api) -> None:
        """A client that asks for more and takes a page of a hundred for the last one stops early."""
        answer = hub("GET", ISSUES, params={"per_page": 1000})
        assert answer.headers["X-Per-Page"] == "100"

    def test_long_lists_are_not_counted(self, gitlab: GitLab, hub: Api) -> None:
        """Above 10,000 rows there is no total and no last page."""
        gitlab.acts["generate"](count=10_001, notes=0)
        answer = hub("GET", ISSUES, params={"per_page": 1})
        assert [name for name in ("X-Total", "X-Total-Pages") if name in answer.headers] == []
        assert "last" not in answer.links
        assert answer.headers["X-Next-Page"] == "2"

    def test_cursors_have_no_counts_and_end_without_a_link(self, hub: Api) -> None:
        made = [hub.issue(title)["iid"] for title in "abc"]
        url, seen = f"{ISSUES}?pagination=keyset&order_by=updated_at&sort=asc&per_page=2", []
        while url:
            answer = hub("GET", url)
            assert "X-Total" not in answer.headers
            seen += [issue["iid"] for issue in answer.json()]
            url = answer.links.get("next", {}).get("url", "").partition("/api/v4")[2]
        assert seen == made

    def test_older_servers_have_no_cursors(self, gitlab: GitLab, hub: Api) -> None:
        gitlab.switches.version = "18.2.0-ee"
        assert hub("GET", ISSUES, params={"pagination": "keyset"}).status_code == 405

    def test_a_short_page_of_notes_is_not_the_end(self, hub: Api, guest: Api) -> None:
        """What a caller cannot read is taken out after paging: even an empty page can have a next."""
        target = hub.issue("target")
        for _ in range(2):
            hub.issue("hidden", confidential=True, description=f"see #{target['iid']}")
        hub.note(target, "hello")
        answer = guest("GET", f"{path_of(target)}/notes", params={"per_page": 2, "sort": "asc"})
        assert answer.json() == []
        assert (answer.headers["X-Next-Page"], answer.headers["X-Total"]) == ("2", "3")


class TestLists:
    def test_the_list_of_everything_is_the_callers_own(self, hub: Api, dana: Api) -> None:
        """``/issues`` without ``scope=all`` misses whatever somebody else has made."""
        dana.issue()
        assert hub.get("/issues") == []
        assert len(hub.get("/issues", scope="all")) == 1
        assert len(hub.get(ISSUES)) == 1

    def test_changes_since_an_instant_include_it(self, hub: Api, world: World) -> None:
        old = hub.issue("old")
        world.clock.advance(5)
        new = hub.issue("new")
        assert [i["iid"] for i in hub.get(ISSUES, updated_after=new["updated_at"])] == [new["iid"]]
        assert len(hub.get(ISSUES, updated_after=old["updated_at"])) == 2

    def test_filters_narrow(self, hub: Api, dana: Api) -> None:
        hub.issue("Leak", labels="type::bug,status::dev")
        other = dana.issue("Noise", confidential=True)
        hub.put(path_of(other), state_event="close")
        wanted = {
            "labels": "type::bug,status::dev",
            "state": "opened",
            "author_username": "DANA",
            "confidential": "true",
            "search": "leak",
            "iids[]": [other["iid"]],
            "not[labels]": "type::bug",
        }
        found = {name: [i["title"] for i in hub.get(ISSUES, **{name: v})] for name, v in wanted.items()}
        leak, noise = ["Leak"], ["Noise"]
        assert list(found.values()) == [leak, leak, noise, noise, leak, noise, noise]
        assert hub.get(ISSUES, labels="type::bug,nothing") == []
        assert [i["title"] for i in hub.get("/groups/31/issues", labels="None")] == noise

    def test_filters_that_exclude_each_other_are_refused(self, hub: Api) -> None:
        answer = hub("GET", ISSUES, params={"milestone": "x", "milestone_id": "Any"})
        assert answer.json() == {"error": "milestone_id, milestone are mutually exclusive"}


class TestClock:
    def test_a_note_moves_updated_at_once_a_minute(self, hub: Api, world: World) -> None:
        """A poll by `updated_after` without an overlap misses the note of 30 s after the last bump."""
        issue = hub.issue()
        world.clock.advance(30)
        hub.note(issue, "quick")
        assert hub.get(path_of(issue))["updated_at"] == issue["updated_at"]
        world.clock.advance(31)
        hub.note(issue, "late")
        assert hub.get(path_of(issue))["updated_at"] > issue["updated_at"]

    def test_deleting_a_note_moves_nothing(self, hub: Api, world: World) -> None:
        issue = hub.issue()
        note = hub.note(issue, "oops")
        world.clock.advance(90)
        assert hub("DELETE", f"{path_of(issue)}/notes/{note['id']}").status_code == 204
        after = hub.get(path_of(issue))
        assert (after["updated_at"], after["user_notes_count"]) == (issue["updated_at"], 0)

    def test_a_mention_elsewhere_moves_the_target(self, hub: Api, world: World) -> None:
        """`updated_at` changes though nobody did anything to that issue."""
        issue = hub.issue()
        world.clock.advance(90)
        hub.issue("other", project=DESK, description="like harbour/firmware#1, not `harbour/firmware#1`")
        after = hub.get(path_of(issue))
        assert after["updated_at"] > issue["updated_at"]
        notes = hub.get(f"{path_of(issue)}/notes")
        assert [(n["system"], n["body"]) for n in notes] == [(True, "mentioned in issue harbour/portal#1")]

    def test_reordering_moves_nothing(self, hub: Api, world: World) -> None:
        first, second = hub.issue("1"), hub.issue("2")
        world.clock.advance(90)
        after = hub.put(f"{path_of(first)}/reorder", move_after_id=second["id"])
        assert after["updated_at"] == first["updated_at"]
        order = hub.get(ISSUES, order_by="relative_position", sort="asc")
        assert [issue["iid"] for issue in order] == [2, 1]

    def test_an_owner_can_set_the_time_back(self, hub: Api, lee: Api) -> None:
        issue, old = hub.issue(), "2020-01-02T03:04:05.000Z"
        assert hub.put(path_of(issue), title="a", updated_at=old)["updated_at"] != old
        closed = lee.put(path_of(issue), state_event="close", updated_at=old)
        assert (closed["updated_at"], closed["closed_at"]) == (old, old)


class TestIssues:
    def test_only_owners_choose_date_and_number(self, hub: Api, lee: Api) -> None:
        """From a maintainer both are dropped without a word: compare the answer with what was sent."""
        old = "2020-01-02T03:04:05.000Z"
        mine = hub.issue(iid=77, created_at=old)
        assert (mine["iid"], mine["created_at"] == old) == (1, False)
        theirs = lee.issue(iid=77, created_at=old)
        assert (theirs["iid"], theirs["created_at"], theirs["updated_at"]) == (77, old, old)
        answer = lee("POST", ISSUES, json={"title": "again", "iid": 77})
        assert (answer.status_code, answer.json()) == (409, {"message": "Duplicated issue"})
        assert hub.issue()["iid"] == 78

    def test_a_guests_labels_are_dropped(self, guest: Api) -> None:
        """201, and neither labels nor assignees nor the due date are there."""
        issue = guest.issue(labels=["type::bug"], assignee_ids=[11], due_date="2030-01-01")
        assert (issue["labels"], issue["assignees"], issue["due_date"]) == ([], [], None)

    def test_a_typo_makes_a_new_label(self, hub: Api) -> None:
        hub.issue(labels="type::bgu")
        names = {label["name"]: label["is_project_label"] for label in hub.get(f"{PROJECT}/labels")}
        assert names["type::bgu"] is True
        assert names["type::bug"] is False

    def test_labels_come_sorted_and_replace(self, hub: Api) -> None:
        issue = hub.issue(labels="zebra,ape")
        assert issue["labels"] == ["ape", "zebra"]
        assert hub.put(path_of(issue), add_labels=["cat"], remove_labels="ape")["labels"] == ["cat", "zebra"]
        assert hub.put(path_of(issue), labels="")["labels"] == []

    @pytest.mark.parametrize(("tier", "left"), [("premium", ["a::b::2", "status::dev"]), ("free", None)])
    def test_scoped_labels_exclude_each_other_on_paid_tiers(
        self, gitlab: GitLab, hub: Api, tier: Any, left: Any
    ) -> None:
        """On the free tier a client must remove the siblings itself."""
        gitlab.switches.tier = tier
        both = ["a::b::1", "a::b::2", "status::blocked", "status::dev"]
        issue = hub.issue(labels=["a::b::1", "status::blocked"])
        assert hub.put(path_of(issue), add_labels="a::b::2,status::dev")["labels"] == (left or both)

    def test_the_free_tier_keeps_one_assignee(self, gitlab: GitLab, hub: Api) -> None:
        assert len(hub.issue(assignee_ids=[11, 12])["assignees"]) == 2
        gitlab.switches.tier = "free"
        issue = hub.issue(assignee_ids=[12, 11, 999])
        assert [user["username"] for user in issue["assignees"]] == ["lee"]
        assert hub.put(path_of(issue), assignee_ids=[0])["assignees"] == []

    def test_labels_and_state_are_events_not_notes(self, hub: Api) -> None:
        """A client that reads only the notes never learns of a label, a state or a milestone."""
        stone = hub.post(f"{PROJECT}/milestones", title="v1")
        issue = hub.issue(labels="status::dev")
        hub.put(path_of(issue), labels="status::blocked", state_event="close", milestone_id=stone["id"])
        assert hub.get(f"{path_of(issue)}/notes") == []
        labels = hub.get(f"{path_of(issue)}/resource_label_events")
        told = [(event["action"], event["label"]["name"]) for event in labels]
        assert told == [("add", "status::dev"), ("add", "status::blocked"), ("remove", "status::dev")]
        assert labels[1]["created_at"] == labels[2]["created_at"]
        states = hub.get(f"{path_of(issue)}/resource_state_events")
        assert [(event["state"], event["resource_id"]) for event in states] == [("closed", issue["id"])]
        (event,) = hub.get(f"{path_of(issue)}/resource_milestone_events")
        assert (event["action"], event["milestone"]["title"]) == ("add", "v1")

    def test_closing_twice_is_one_event(self, hub: Api) -> None:
        issue = hub.issue()
        for _ in range(2):
            assert hub.put(path_of(issue), state_event="close")["state"] == "closed"
        assert len(hub.get(f"{path_of(issue)}/resource_state_events")) == 1
        assert hub.put(path_of(issue), state_event="reopen")["closed_at"] is None

    def test_other_fields_leave_a_system_note(self, hub: Api) -> None:
        issue = hub.issue()
        hub.put(path_of(issue), title="B", due_date="2030-12-31", confidential=True, assignee_ids=[11])
        notes = hub.get(f"{path_of(issue)}/notes", sort="asc", activity_filter="only_activity")
        assert [note["body"] for note in notes] == [
            "changed title from **{-A pump fails-}** to **{+B+}**",
            "assigned to @dana",
            "changed due date to December 31, 2030",
            "made the issue confidential",
        ]
        assert hub.get(path_of(issue))["user_notes_count"] == 0

    def test_deleting_is_for_owners(self, hub: Api, lee: Api) -> None:
        issue = hub.issue()
        assert hub("DELETE", path_of(issue)).status_code == 403
        past = {"If-Unmodified-Since": "Wed, 01 Jan 2020 00:00:00 GMT"}
        assert lee("DELETE", path_of(issue), headers=past).status_code == 412
        assert lee("DELETE", path_of(issue)).status_code == 204
        assert hub("GET", path_of(issue)).status_code == 404
        assert hub.issue()["iid"] == 2

    def test_a_move_makes_a_new_issue(self, hub: Api) -> None:
        """The old one stays, closed; labels go along only where the target has some of that name."""
        issue = hub.issue(labels="status::dev,only-here")
        hub.note(issue, "said")
        moved = hub.post(f"{path_of(issue)}/move", to_project_id=102)
        assert (moved["project_id"], moved["labels"], moved["state"]) == (102, ["status::dev"], "opened")
        old = hub.get(path_of(issue))
        assert (old["state"], old["moved_to_id"]) == ("closed", moved["id"])
        assert [note["body"] for note in hub.get(f"{path_of(moved)}/notes", sort="asc")] == [
            "said",
            "moved from harbour/firmware#1",
        ]
        again = hub("POST", f"{path_of(moved)}/move", json={"to_project_id": 102})
        assert again.status_code == 400

    def test_links_have_two_ends(self, hub: Api) -> None:
        one, two = hub.issue("1"), hub.issue("2", project=DESK)
        ends = {"target_project_id": 102, "target_issue_iid": two["iid"], "link_type": "blocks"}
        assert hub.post(f"{path_of(one)}/links", **ends)["link_type"] == "blocks"
        (back,) = hub.get(f"{path_of(two)}/links")
        assert (back["id"], back["link_type"]) == (one["id"], "is_blocked_by")
        assert hub("POST", f"{path_of(one)}/links", json=ends).status_code == 409
        gone = hub("DELETE", f"{path_of(one)}/links/{back['issue_link_id']}")
        assert (gone.status_code, gone.json()["target_issue"]["id"]) == (200, two["id"])

    def test_time_counts_in_working_days(self, hub: Api) -> None:
        """A day is 8 hours and a week 5 days."""
        path = path_of(hub.issue())
        assert hub.post(f"{path}/time_estimate", duration="1w 2d")["time_estimate"] == 7 * 8 * 3600
        answer = hub("POST", f"{path}/add_spent_time", json={"duration": "3h30m"})
        assert (answer.status_code, answer.json()["human_total_time_spent"]) == (201, "3h 30m")
        assert hub("POST", f"{path}/add_spent_time", json={"duration": "-1d"}).status_code == 400
        assert hub.get(f"{path}/time_stats")["total_time_spent"] == 12_600


class TestQuickActions:
    def test_a_comment_of_commands_makes_no_note(self, hub: Api) -> None:
        """202 without an id: a client that takes it for a note stores nothing it can find again."""
        issue = hub.issue()
        answer = hub("POST", f"{path_of(issue)}/notes", json={"body": "/close\n/label ~type::bug"})
        assert answer.status_code == 202
        assert answer.json()["summary"] == ["Closed this issue. Added ~type::bug label."]
        assert answer.json()["commands_changes"]["state_event"] == "close"
        after = hub.get(path_of(issue))
        assert (after["state"], after["labels"], after["user_notes_count"]) == ("closed", ["type::bug"], 0)

    @pytest.mark.parametrize(
        "text",
        [
            "see\n/CLOSE",
            "/close",
            "- item\n\n/close\nmore",
            "a\r\n/close \r\n",
            "```\ncode\n```\n/close",
            "run `ls`\n/close",
            "```\nnever ends\n/close",
        ],
    )
    def test_a_line_of_a_foreign_text_can_close_an_issue(self, dana: Api, text: str) -> None:
        """Mirrored texts are run like typed ones, and the line is gone from what is stored."""
        issue = dana.issue()
        dana.note(issue, text)
        assert dana.get(path_of(issue))["state"] == "closed"
        assert not any("/close" in n["body"].lower() for n in dana.get(f"{path_of(issue)}/notes"))

    @pytest.mark.parametrize(
        "text",
        [
            "```\n/close\n```",
            "> /close",
            ">>>\n/close\n>>>",
            "<pre>\n/close\n</pre>",
            "`a\n/close\n`",
            "`\n/close\n`",
            "\\/close",
            " /close",
            "/closed",
            "/usr/bin/close",
            "why /close",
        ],
    )
    def test_shielded_and_unknown_lines_are_text(self, dana: Api, text: str) -> None:
        issue = dana.issue()
        note = dana.note(issue, text)
        assert note["body"] == text
        assert dana.get(path_of(issue))["state"] == "opened"

    def test_the_stored_text_is_not_the_sent_one(self, hub: Api) -> None:
        """Carriage returns, white space at the end and commands go: hash what the server answers."""
        issue = hub.issue(description="a\r\nb\n/label ~type::bug\n/title Better  ")
        assert (issue["description"], issue["title"], issue["labels"]) == ("a\nb", "Better", ["type::bug"])
        note = hub.note(issue, "x\r\n/shrug well\ny \n\n")
        assert note["body"] == "x\nwell ¯\\＿(ツ)＿/¯\ny"

    def test_an_edit_runs_commands_too(self, hub: Api) -> None:
        """And when nothing else is left the note itself is deleted."""
        issue = hub.issue()
        path = f"{path_of(issue)}/notes/{hub.note(issue, 'x')['id']}"
        assert hub.put(path, body="y\n/confidential")["body"] == "y"
        assert hub.get(path_of(issue))["confidential"] is True
        assert hub("PUT", path, json={"body": "/close"}).status_code == 202
        assert hub("GET", path).status_code == 404

    def test_commands_run_with_the_rights_of_their_writer(self, hub: Api, guest: Api) -> None:
        """202 does not say that it worked: read the summary."""
        issue = hub.issue()
        answer = guest("POST", f"{path_of(issue)}/notes", json={"body": "/close"})
        assert (answer.status_code, answer.json()["summary"]) == (202, ["Could not apply close command."])
        assert hub.get(path_of(issue))["state"] == "opened"

    def test_a_command_without_any_effect_is_refused(self, hub: Api) -> None:
        issue = hub.issue()
        answer = hub("POST", f"{path_of(issue)}/notes", json={"body": "/label ~nothing"})
        assert (answer.status_code, answer.json()) == (
            400,
            {"message": "400 Bad request - Failed to apply commands."},
        )

    def test_the_other_commands(self, hub: Api) -> None:
        hub.post(f"{PROJECT}/milestones", title="v1")
        issue = hub.issue(issue_type="incident")
        lines = (
            "/assign @dana @lee",
            "/due 2030-01-02",
            "/milestone %v1",
            "/severity high",
            "/spend 1h 30m",
            "/estimate 2d",
            "/lock",
            "/unassign @lee",
        )
        for line in lines:
            assert hub("POST", f"{path_of(issue)}/notes", json={"body": line}).status_code == 202, line
        after = hub.get(path_of(issue))
        assert [user["username"] for user in after["assignees"]] == ["dana"]
        assert (after["due_date"], after["milestone"]["title"], after["severity"]) == (
            "2030-01-02",
            "v1",
            "HIGH",
        )
        assert after["time_stats"]["human_total_time_spent"] == "1h 30m"
        assert after["discussion_locked"] is True
        hub.note(issue, "/remove_due_date\n/unlock\n/unassign\n/title New\n/reopen")
        after = hub.get(path_of(issue))
        assert (after["due_date"], after["assignees"], after["title"]) == (None, [], "New")


class TestNotes:
    def test_newest_first_and_by_change(self, hub: Api, world: World) -> None:
        """The default order is descending; an edited old note is found only by `updated_at`."""
        issue = hub.issue()
        first = hub.note(issue, "first")
        world.clock.advance(1)
        hub.note(issue, "second")
        world.clock.advance(1)
        hub.put(f"{path_of(issue)}/notes/{first['id']}", body="first, edited")
        path = f"{path_of(issue)}/notes"
        assert [n["body"] for n in hub.get(path)] == ["second", "first, edited"]
        assert [n["body"] for n in hub.get(path, order_by="updated_at")] == ["first, edited", "second"]

    def test_internal_notes_are_hidden_from_guests(self, hub: Api, guest: Api) -> None:
        issue = hub.issue()
        secret = hub.note(issue, "secret", internal=True)
        assert (secret["internal"], secret["confidential"]) == (True, True)
        assert guest.get(f"{path_of(issue)}/notes") == []
        answer = guest("GET", f"{path_of(issue)}/notes/{secret['id']}")
        assert (answer.status_code, answer.json()) == (404, {"message": "404 Note Not Found"})

    def test_a_guests_internal_note_is_public(self, hub: Api, guest: Api) -> None:
        """Without the right to it the flag is dropped silently: check the answer, or leak."""
        issue = hub.issue()
        assert guest.note(issue, "between us", internal=True)["internal"] is False

    def test_internal_is_for_ever(self, hub: Api) -> None:
        issue = hub.issue()
        note = hub.note(issue, "secret", internal=True)
        after = hub.put(f"{path_of(issue)}/notes/{note['id']}", body="still", internal=False)
        assert after["internal"] is True

    def test_notes_belong_to_their_author_and_to_maintainers(self, hub: Api, dana: Api) -> None:
        issue = hub.issue()
        mine, hers = hub.note(issue, "hub"), dana.note(issue, "dana")
        path = f"{path_of(issue)}/notes"
        assert dana("PUT", f"{path}/{mine['id']}", json={"body": "x"}).status_code == 403
        assert hub("PUT", f"{path}/{hers['id']}", json={"body": "x"}).status_code == 200
        hub.put(path_of(issue), title="Other")
        system = hub.get(path, activity_filter="only_activity")[0]
        assert hub("PUT", f"{path}/{system['id']}", json={"body": "x"}).status_code == 403

    def test_threads_stand_in_the_discussions_only(self, hub: Api) -> None:
        """A note does not tell its thread; an answer turns a plain comment into one."""
        issue = hub.issue()
        note = hub.note(issue, "plain", internal=True)
        assert "discussion_id" not in note
        (thread,) = hub.get(f"{path_of(issue)}/discussions")
        assert (thread["individual_note"], len(thread["id"])) == (True, 40)
        answer = hub.post(f"{path_of(issue)}/discussions/{thread['id']}/notes", body="answer")
        assert (answer["type"], answer["internal"]) == ("DiscussionNote", True)
        (thread,) = hub.get(f"{path_of(issue)}/discussions")
        assert [thread["individual_note"], len(thread["notes"])] == [False, 2]
        said = f"{path_of(issue)}/discussions/{thread['id']}/notes"
        assert [row["id"] for row in hub.get(said)] == [note["id"], answer["id"]]
        assert hub.get(f"{said}/{answer['id']}")["body"] == "answer"
        assert hub("GET", f"{path_of(issue)}/discussions/{'0' * 40}/notes").status_code == 404

    def test_only_owners_date_a_note(self, hub: Api, lee: Api) -> None:
        issue, old = hub.issue(), "2020-01-02T03:04:05.000Z"
        assert hub.note(issue, "x", created_at=old)["created_at"] != old
        dated = lee.note(issue, "x", created_at=old)
        assert (dated["created_at"], dated["updated_at"]) == (old, old)

    def test_five_thousand_comments_are_the_end(self, gitlab: GitLab, hub: Api) -> None:
        issue = hub.issue()
        gitlab.site.issues[issue["id"]].comments = 5000
        answer = hub("POST", f"{path_of(issue)}/notes", json={"body": "one more"})
        assert answer.status_code == 400
        assert "Maximum number of comments" in answer.json()["message"]
        hub.put(path_of(issue), title="System notes still come")

    def test_members_hear_of_notes_but_not_of_their_own(self, hub: Api, dana: Api, world: World) -> None:
        issue = dana.issue()
        dana.note(issue, "my own")
        assert world.outbox == []
        hub.note(issue, "for @lee, not `@guest`", internal=True)
        assert [(m.to.partition(".")[0], m.customer) for m in world.outbox] == [
            ("dana", False),
            ("lee", False),
        ]

    def test_one_emoji_a_person(self, hub: Api) -> None:
        issue = hub.issue()
        hub.post(f"{path_of(issue)}/award_emoji", name="thumbsup")
        assert hub("POST", f"{path_of(issue)}/award_emoji", json={"name": "thumbsup"}).status_code == 404
        assert hub.get(path_of(issue))["upvotes"] == 1


class TestServiceDesk:
    def test_a_mail_becomes_a_confidential_ticket(
        self, gitlab: GitLab, hub: Api, guest: Api, world: World
    ) -> None:
        """Its author is the Support Bot; who wrote stands in `service_desk_reply_to` only."""
        made = gitlab.acts["service_desk_mail"](
            project=102, email="jane@acme.example", name="Jane", subject="Help", text="Hello\n/close"
        )
        (mail,) = to_customers(world)
        assert (mail.to, mail.cause) == ("jane@acme.example", "thank_you")
        issue = hub.get(f"{DESK}/issues/{made['iid']}")
        assert (issue["author"]["username"], issue["confidential"]) == ("support-bot", True)
        assert issue["service_desk_reply_to"] == "jane@acme.example"
        assert (issue["description"], issue["state"]) == ("Hello\n`/close`", "opened")
        assert guest.get(f"{DESK}/issues") == []

    def test_a_public_note_is_mailed_although_the_ticket_is_confidential(
        self, hub: Api, ticket: Any, world: World
    ) -> None:
        hub.note(ticket, "Copied from elsewhere")
        (mail,) = to_customers(world)
        assert (mail.to, mail.cause, mail.text) == ("jane@acme.example", "new_note", "Copied from elsewhere")

    def test_nothing_else_is_mailed(self, hub: Api, ticket: Any, world: World) -> None:
        """Neither internal notes nor edits, states, labels, titles and people."""
        note = hub.note(ticket, "internal", internal=True)
        hub.put(f"{path_of(ticket)}/notes/{note['id']}", body="edited")
        hub.put(path_of(ticket), title="T", labels="type::bug", assignee_ids=[11], state_event="close")
        assert hub.get(path_of(ticket))["state"] == "closed"
        assert to_customers(world) == []

    def test_nothing_is_mailed_when_service_desk_is_off(self, hub: Api, ticket: Any, world: World) -> None:
        hub.put(DESK, service_desk_enabled=False)
        assert hub.note(ticket, "public")["noteable_iid"] == ticket["iid"]
        assert to_customers(world) == []

    def test_a_reply_is_a_note_of_the_support_bot(
        self, gitlab: GitLab, hub: Api, ticket: Any, world: World
    ) -> None:
        """It is not a bot to ignore: it is the customer. Their own words are not mailed to them."""
        gitlab.acts["service_desk_reply"](
            project="harbour/portal", iid=ticket["iid"], email="Jane@acme.example", text="Any news?"
        )
        (note,) = hub.get(f"{path_of(ticket)}/notes")
        assert (note["author"]["username"], note["internal"]) == ("support-bot", False)
        assert to_customers(world) == []

    def test_an_issue_is_converted_by_a_command(self, hub: Api, world: World) -> None:
        """It changes the author, hides the issue and mails nobody."""
        issue = hub.issue(project=DESK)
        assert hub.note(issue, "/convert_to_ticket jane@acme.example")["summary"] == [
            "Converted issue to Service Desk ticket."
        ]
        after = hub.get(path_of(issue))
        assert (after["author"]["username"], after["confidential"]) == ("support-bot", True)
        assert after["service_desk_reply_to"] == "jane@acme.example"
        assert to_customers(world) == []

    def test_participants_come_and_go_by_command(self, hub: Api, ticket: Any, world: World) -> None:
        """A new one is mailed that it is, but not the note that held the command; six a command."""
        hub.note(ticket, "text\n/add_email al@acme.example jane@acme.example")
        assert [(m.to.partition("@")[0], m.cause) for m in to_customers(world)] == [
            ("al", "new_participant"),
            ("jane", "new_note"),
        ]
        world.outbox.clear()
        hub.note(ticket, "/remove_email jane@acme.example al@acme.example")
        hub.note(ticket, "/add_email " + " ".join(f"p{n}@acme.example" for n in range(8)))
        assert len(to_customers(world)) == 6

    def test_a_reporter_address_is_masked_for_guests(self, hub: Api, guest: Api, ticket: Any) -> None:
        hub.put(path_of(ticket), confidential=False)
        assert guest.get(path_of(ticket))["service_desk_reply_to"] == "ja*****@a*****.e**"

    def test_mails_to_a_project_without_service_desk_bounce(self, gitlab: GitLab) -> None:
        with pytest.raises(ValueError, match="bounces"):
            gitlab.acts["service_desk_mail"](
                project="harbour/firmware", email="a@b.example", name="A", subject="s", text="t"
            )


class TestFiles:
    def test_a_file_is_a_link_in_a_text(self, gitlab: GitLab, hub: Api, guest: Api) -> None:
        """The name is the server's; bytes are read by secret and name, by members only."""
        made = hub("POST", f"{PROJECT}/uploads", files={"file": ("a pic.png", b"\x89PNG")})
        assert made.status_code == 201
        answer = made.json()
        assert answer["markdown"] == f"![a_pic]({answer['url']})"
        assert answer["full_path"] == f"/-/project/101{answer['url']}"
        path = PROJECT + answer["url"]
        assert guest("GET", path).content == b"\x89PNG"
        assert guest("GET", f"{PROJECT}/uploads/{answer['id']}").status_code == 403
        (row,) = hub.get(f"{PROJECT}/uploads")
        assert (row["filename"], row["size"]) == ("a_pic.png", 4)
        web = requests.get(gitlab.site.base_url + answer["full_path"], timeout=10)
        assert (web.status_code, web.headers["Content-Type"]) == (200, "image/png")
        assert hub("DELETE", path).status_code == 204
        assert hub("GET", path).status_code == 404

    def test_older_servers_give_no_bytes(self, gitlab: GitLab, hub: Api) -> None:
        gitlab.switches.version = "17.3.0-ee"
        made = hub("POST", f"{PROJECT}/uploads", files={"file": ("x.txt", b"x")}).json()
        assert made["markdown"].startswith("[x.txt](")
        assert hub("GET", PROJECT + made["url"]).status_code == 404

    @pytest.mark.parametrize("name", ["../../etc/passwd", "..", "a/b\\c", ""])
    def test_a_hostile_name_stays_in_its_folder(self, gitlab: GitLab, hub: Api, name: str) -> None:
        boundary = (
            f'--x\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\nx\r\n--x--\r\n'
        )
        kind = {"Content-Type": "multipart/form-data; boundary=x"}
        answer = hub("POST", f"{PROJECT}/uploads", data=boundary.encode(), headers=kind)
        if answer.status_code == 201:
            (file,) = (path for path in gitlab.site.files.rglob("*") if path.is_file())
            assert file.parent.parent == gitlab.site.files
        else:
            assert answer.status_code == 400


class TestLabelsAndBoards:
    def test_project_labels_include_the_groups(self, hub: Api) -> None:
        names = [label["name"] for label in hub.get(f"{PROJECT}/labels", per_page=100)]
        assert "status::waiting-customer" in names
        assert names == sorted(names)
        assert hub.get(f"{PROJECT}/labels", include_ancestor_groups="false") == []

    def test_a_renamed_label_touches_no_issue(self, hub: Api, world: World) -> None:
        label = hub.post(f"{PROJECT}/labels", name="old", color="red")
        assert label["color"] == "#ff0000"
        issue = hub.issue(labels="old")
        world.clock.advance(90)
        hub.put(f"{PROJECT}/labels/old", new_name="new")
        after = hub.get(path_of(issue))
        assert (after["labels"], after["updated_at"]) == (["new"], issue["updated_at"])
        assert hub("DELETE", f"{PROJECT}/labels/{label['id']}").status_code == 204
        (event,) = hub.get(f"{path_of(issue)}/resource_label_events")
        assert event["label"] is None

    def test_a_board_takes_its_scope_in_a_second_call(self, hub: Api) -> None:
        label = hub.post("/groups/harbour/labels", name="customer::acme")
        board = hub.post("/groups/harbour/boards", name="Acme", labels="customer::acme")
        assert board["labels"] == []
        path = f"/groups/harbour/boards/{board['id']}"
        assert [one["id"] for one in hub.put(path, labels="customer::acme")["labels"]] == [label["id"]]

    def test_lists_are_columns_counted_from_zero(self, hub: Api, lee: Api) -> None:
        labels = {one["name"]: one["id"] for one in hub.get("/groups/harbour/labels")}
        path = f"{PROJECT}/boards/{hub.post(f'{PROJECT}/boards', name='Dev')['id']}/lists"
        dev = hub.post(path, label_id=labels["status::dev"])
        blocked = hub.post(path, label_id=labels["status::blocked"])
        assert [dev["position"], blocked["position"]] == [0, 1]
        hub.put(f"{path}/{blocked['id']}", position=0)
        assert [one["label"]["name"] for one in hub.get(path)] == ["status::blocked", "status::dev"]
        missing = hub("POST", path, json={"label_id": 1})
        assert (missing.status_code, missing.json()) == (400, {"message": {"error": "Label not found!"}})
        assert hub("POST", path, json={}).status_code == 400
        assert hub("DELETE", f"{path}/{dev['id']}").status_code == 403
        assert lee("DELETE", f"{path}/{dev['id']}").status_code == 204

    def test_a_group_board_takes_group_labels_only(self, hub: Api) -> None:
        own = hub.post(f"{PROJECT}/labels", name="own")
        board = hub.post("/groups/harbour/boards", name="G")
        answer = hub("POST", f"/groups/harbour/boards/{board['id']}/lists", json={"label_id": own["id"]})
        assert answer.status_code == 400

    def test_the_free_tier_has_one_group_board_without_scope(self, gitlab: GitLab, hub: Api) -> None:
        gitlab.switches.tier = "free"
        board = hub.post("/groups/harbour/boards", name="One")
        assert hub("POST", "/groups/harbour/boards", json={"name": "Two"}).status_code == 403
        changed = hub.put(f"/groups/harbour/boards/{board['id']}", labels="type::bug")
        assert "labels" not in changed
        assert hub.post(f"{PROJECT}/boards", name="P")["id"] != hub.post(f"{PROJECT}/boards", name="P")["id"]


class TestInstance:
    def test_the_fresh_instance(self, gitlab: GitLab, hub: Api, dana: Api, guest: Api) -> None:
        wanted = ("URL", "TOKEN", "DEV_TOKEN", "PROJECT", "PROJECT2", "GROUP")
        assert set(gitlab.environment()) == {f"GITLAB_{name}" for name in wanted}
        levels = {m["username"]: m["access_level"] for m in hub.get(f"{DESK}/members/all")}
        assert (levels["lee"], levels["dana"], levels["guest"]) == (50, 30, 10)
        assert hub.get(PROJECT)["service_desk_enabled"] is False
        assert hub.get("/projects/harbour%2Fportal")["service_desk_address"].startswith("incoming+")
        assert [one["path"] for one in hub.get("/projects", membership="true")] == ["portal", "firmware"]
        assert hub.get("/groups/harbour")["id"] == 31
        assert [u["id"] for u in hub.get("/users", username="Dana")] == [dana.get("/user")["id"]]

    def test_a_reset_keeps_the_credentials(self, gitlab: GitLab, hub: Api) -> None:
        before = gitlab.environment()
        hub.issue()
        gitlab.reset()
        assert gitlab.environment() == before
        assert hub.get(ISSUES) == []
        assert hub.issue()["iid"] == 1

    def test_switches_are_checked(self, gitlab: GitLab) -> None:
        assert gitlab.acts["configure"](tier="free")["tier"] == "free"
        for wrong in ({"tier": "gold"}, {"nothing": 1}, {"notes_per_minute": "many"}):
            with pytest.raises(ValueError, match=r"cannot be|no switch"):
                gitlab.acts["configure"](**wrong)

    def test_the_page_shows_and_disarms(self, gitlab: GitLab, hub: Api, ticket: Any) -> None:
        """A page is safe whatever stands in a text, and marks what a customer cannot see."""
        picture = hub("POST", f"{DESK}/uploads", files={"file": ("p.png", b"\x89PNG")}).json()
        hub.note(
            ticket, f"**bold** <script>alert(1)</script> [x](javascript:alert(2))\n\n{picture['markdown']}"
        )
        hub.note(ticket, "for us", internal=True)
        page = requests.get(ticket["web_url"], timeout=10).text
        assert "<strong>bold</strong>" in page
        assert "internal note" in page
        assert f'src="/-/project/102{picture["url"]}"' in page
        assert "<script" not in page
        assert 'href="javascript:' not in page
        assert requests.get(gitlab.site.base_url + "/", timeout=10).text.count("Cannot log in") == 1

    def test_python_gitlab_works_unchanged(self, gitlab: GitLab) -> None:
        """The most used client library finds its way about without any special case."""
        library = pytest.importorskip("gitlab", reason="python-gitlab is not in the dev group")
        given = gitlab.environment()
        client = library.Gitlab(given["GITLAB_URL"], private_token=given["GITLAB_TOKEN"])
        client.auth()
        project = client.projects.get(given["GITLAB_PROJECT"])
        issue = project.issues.create({"title": "From the library", "labels": ["type::bug"]})
        note = issue.notes.create({"body": "hello", "internal": True})
        note.awardemojis.create({"name": "tada"})
        issue.time_estimate("1d")
        issue.todo()
        issue.state_event = "close"
        issue.save()
        assert [one.state for one in project.issues.list(iterator=True, state="closed")] == ["closed"]
        said = [one for one in issue.notes.list(get_all=True) if not one.system]
        assert [one.internal for one in said] == [True]
        assert [one.state for one in issue.resourcestateevents.list(get_all=True)] == ["closed"]
        walked = project.issues.list(iterator=True, pagination="keyset", order_by="updated_at", per_page=1)
        assert [one.iid for one in walked] == [1]

    def test_python_gitlab_administers(self, gitlab: GitLab) -> None:
        """Hooks, tokens, members, labels and boards go the ways that the library takes."""
        library = pytest.importorskip("gitlab", reason="python-gitlab is not in the dev group")
        client = library.Gitlab(gitlab.site.base_url, private_token=gitlab.secrets.owner)
        project, group = client.projects.get(101), client.groups.get("harbour")
        hook = project.hooks.create({"url": "http://127.0.0.1:9/x", "issues_events": True})
        hook.note_events = True
        hook.save()
        assert (hook.note_events, hook.push_events) == (True, True)
        with pytest.raises(library.exceptions.GitlabHookTestError):
            hook.test("issues_events")
        hook.delete()
        label = group.labels.create({"name": "customer::acme", "color": "#112233"})
        label.description = "of one customer"
        label.save()
        board = group.boards.create({"name": "Acme"})
        board.labels = "customer::acme"
        board.save()
        board.lists.create({"label_id": label.id})
        assert [one["name"] for one in group.boards.get(board.id).labels] == ["customer::acme"]
        member = project.members.get(13)
        member.access_level = 20
        member.save()
        until = (gitlab.site.now().date() + timedelta(days=30)).isoformat()
        token = project.access_tokens.create({"name": "b", "scopes": ["api"], "expires_at": until})
        token.rotate()
        assert library.Gitlab(gitlab.site.base_url, private_token=token.token).projects.get(101).id == 101
