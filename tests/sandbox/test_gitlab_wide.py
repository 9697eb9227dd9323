"""The wider facts of GitLab that shape a client: people, places, tokens, lists, commands, limits."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import pytest

from deskbridge.sandbox.gitlab.server import GitLab
from deskbridge.sandbox.world import World
from tests.sandbox import gitlab_kit
from tests.sandbox.gitlab_kit import DESK, ISSUES, PROJECT, Api, path_of, to_customers

served, gitlab, ticket = gitlab_kit.served, gitlab_kit.gitlab, gitlab_kit.ticket
caller, hub, dana = gitlab_kit.caller, gitlab_kit.hub, gitlab_kit.dana
lee, guest = gitlab_kit.lee, gitlab_kit.guest

DAY = timedelta(days=1)


@pytest.fixture
def world(gitlab: GitLab) -> World:
    """Return the server's world."""
    return gitlab.site.world


def iids(rows: Any) -> list[int]:
    """Return the iids of issues."""
    return [row["iid"] for row in rows]


def in_days(gitlab: GitLab, days: int) -> str:
    """Return a date."""
    return (gitlab.site.now().date() + days * DAY).isoformat()


class TestTokens:
    def test_a_revoked_bots_words_belong_to_the_ghost(self, gitlab: GitLab, lee: Api) -> None:
        """Whoever knows its own texts by their author loses them all: rotate, never revoke."""
        body = {"name": "sync", "scopes": ["api"], "access_level": 30, "expires_at": in_days(gitlab, 30)}
        made = lee.post(f"{PROJECT}/access_tokens", **body)
        bot = Api(gitlab.site.base_url, made["token"])
        assert bot.get("/user")["username"].startswith("project_101_bot_")
        issue = bot.issue()
        note = bot.note(issue, "mine")
        assert lee("DELETE", f"{PROJECT}/access_tokens/{made['id']}").status_code == 204
        assert lee.get(path_of(issue))["author"]["username"] == "ghost"
        assert lee.get(f"{path_of(issue)}/notes/{note['id']}")["author"]["name"] == "Ghost User"
        assert bot("GET", "/user").json()["error"] == "invalid_token"

    def test_a_rotated_token_keeps_its_bot(self, gitlab: GitLab, hub: Api) -> None:
        """The old text is dead at once: an answer that is lost locks the hub out."""
        me = hub.get("/user")
        new = hub("POST", "/personal_access_tokens/self/rotate").json()
        assert hub("GET", "/user").status_code == 401
        assert Api(gitlab.site.base_url, new["token"]).get("/user")["id"] == me["id"]
        assert new["expires_at"] == in_days(gitlab, 7)

    def test_a_token_ends_at_midnight_of_its_day(self, gitlab: GitLab, hub: Api, world: World) -> None:
        token = gitlab.site.tokens[gitlab.secrets.hub]
        token.expires_at = world.clock.now().date() + DAY
        assert hub("GET", "/user").status_code == 200
        world.clock.advance(86_400)
        answer = hub("GET", "/user")
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")
        token.expires_at = world.clock.now().date() + DAY

    @pytest.mark.parametrize(
        ("scope", "path", "status"),
        [("read_user", "/user", 200), ("read_user", PROJECT, 403), ("self_rotate", "/user", 403)],
    )
    def test_scopes(self, gitlab: GitLab, hub: Api, scope: str, path: str, status: int) -> None:
        gitlab.site.tokens[gitlab.secrets.hub].scopes = (scope,)
        answer = hub("GET", path)
        refused = status == 403
        assert (answer.status_code, answer.json().get("error")) == (
            status,
            "insufficient_scope" if refused else None,
        )
        assert ("username" in answer.json()) is not refused

    def test_expiry_is_a_year_at_most(self, gitlab: GitLab, lee: Api) -> None:
        body = {"name": "x", "scopes": ["api"], "expires_at": in_days(gitlab, 400)}
        assert lee("POST", f"{PROJECT}/access_tokens", json=body).status_code == 400

    def test_service_accounts_live_without_a_token(self, gitlab: GitLab, lee: Api) -> None:
        """They are members like people, and their tokens come and go."""
        made = lee.post("/groups/harbour/service_accounts", name="Hub")
        token = lee.post(
            f"/groups/harbour/service_accounts/{made['id']}/personal_access_tokens", name="t", scopes=["api"]
        )
        lee.post(f"{PROJECT}/members", user_id=made["id"], access_level=15)
        account = Api(gitlab.site.base_url, token["token"])
        assert account.issue(labels="type::bug")["labels"] == ["type::bug"]
        gitlab.switches.tier = "free"
        assert lee("POST", "/groups/harbour/service_accounts").status_code == 403


class TestPeople:
    def test_members_come_change_and_go(self, hub: Api, dana: Api, lee: Api) -> None:
        lee.post("/groups/harbour/members", user_id=11, access_level=20)
        again = lee("POST", "/groups/harbour/members", json={"user_id": 11, "access_level": 20})
        assert (again.status_code, again.json()) == (409, {"message": "Member already exists"})
        assert lee.put("/groups/harbour/members/11", access_level=15)["access_level"] == 15
        assert dana("DELETE", "/groups/harbour/members/12").status_code == 403
        assert lee("DELETE", "/groups/harbour/members/11").status_code == 204
        wrong = hub("POST", f"{DESK}/members", json={"user_id": 12, "access_level": 17})
        assert wrong.json() == {"message": {"access_level": ["is not included in the list"]}}

    def test_a_project_names_its_users_without_roles(self, hub: Api) -> None:
        """Broken: a client that offers people to assign finds nobody."""
        names = {one["username"]: one for one in hub.get(f"{DESK}/users")}
        assert {"dana", "guest", "lee"} < set(names)
        assert "access_level" not in names["lee"]
        assert [one["id"] for one in hub.get(f"{DESK}/users", search="NOVAK")] == [11]
        assert 11 not in [one["id"] for one in hub.get(f"{DESK}/users", **{"skip_users[]": 11})]

    def test_nobody_gives_more_than_they_have(self, hub: Api) -> None:
        assert hub("PUT", f"{PROJECT}/members/13", json={"access_level": 50}).status_code == 403

    def test_a_role_decides_at_once_what_is_seen(self, hub: Api, guest: Api) -> None:
        """A demoted token sees confidential issues vanish: that is no deletion."""
        secret = hub.issue(confidential=True)
        hub.put(f"{PROJECT}/members/13", access_level=15)
        assert iids(guest.get(ISSUES)) == [secret["iid"]]
        hub.put(f"{PROJECT}/members/13", access_level=10)
        assert guest.get(ISSUES) == []
        assert guest("GET", path_of(secret)).status_code == 404

    def test_blocked_people(self, gitlab: GitLab, dana: Api) -> None:
        gitlab.site.users[11].state = "blocked"
        assert dana("GET", "/user").status_code == 403

    def test_to_dos(self, hub: Api, dana: Api) -> None:
        """Being assigned or mentioned makes one; a second of the kind is 304."""
        issue = hub.issue(assignee_ids=[11], description="@dana please")
        assert {row["action_name"] for row in dana.get("/todos")} == {"assigned", "mentioned"}
        assert dana("POST", f"{path_of(issue)}/todo").status_code == 201
        assert dana("POST", f"{path_of(issue)}/todo").status_code == 304
        (first, *_) = dana.get("/todos")
        assert dana.post(f"/todos/{first['id']}/mark_as_done")["state"] == "done"
        assert dana("POST", "/todos/mark_as_done").status_code == 204
        assert dana.get("/todos") == []
        assert len(dana.get("/todos", state="done")) == 3


class TestPlaces:
    def test_a_renamed_project_answers_301(self, hub: Api, lee: Api) -> None:
        """A library that follows turns the POST into a GET and reports success."""
        assert lee("PUT", PROJECT, json={"path": "firmware-2"}).status_code == 200
        answer = hub("POST", "/projects/harbour%2Ffirmware/issues", json={"title": "x"})
        assert answer.status_code == 301
        assert answer.headers["Location"].endswith("/api/v4/projects/101/issues")
        assert hub.get("/projects/harbour%2Ffirmware-2")["id"] == 101

    def test_an_archived_project_is_read_only(self, hub: Api, lee: Api) -> None:
        issue = hub.issue()
        assert lee("POST", f"{PROJECT}/archive").status_code == 201
        assert hub.get(path_of(issue))["title"] == issue["title"]
        for method, path in (("POST", ISSUES), ("PUT", path_of(issue)), ("POST", f"{path_of(issue)}/notes")):
            assert hub(method, path, json={"title": "x", "body": "x"}).status_code == 403
        assert hub.get("/groups/harbour/issues") == []
        assert len(hub.get("/groups/harbour/issues", non_archived="false")) == 1

    def test_issues_can_be_off(self, hub: Api) -> None:
        hub.put(PROJECT, issues_access_level="disabled")
        assert hub("GET", ISSUES).status_code == 403

    def test_projects_are_made_and_taken_away(self, lee: Api, guest: Api) -> None:
        body = {"name": "Winch Control", "namespace_id": 31}
        assert guest("POST", "/projects", json=body).status_code == 403
        made = lee.post("/projects", **body)
        assert made["path_with_namespace"] == "harbour/Winch-Control".lower()
        taken = lee("POST", "/projects", json=body)
        assert (taken.status_code, taken.json()["message"]["path"]) == (400, ["has already been taken"])
        assert lee("DELETE", f"/projects/{made['id']}").status_code == 202

    def test_labels_are_promoted_to_the_group(self, hub: Api, lee: Api) -> None:
        """One id for all projects; the issues keep their label through it."""
        hub.post(f"{PROJECT}/labels", name="acme")
        issue = hub.issue(labels="acme")
        hub.post(f"{DESK}/labels", name="acme")
        other = hub.issue(labels="acme", project=DESK)
        promoted = hub.put(f"{PROJECT}/labels/acme/promote")
        assert promoted["is_project_label"] is False
        assert [hub.get(path_of(one))["labels"] for one in (issue, other)] == [["acme"], ["acme"]]
        assert [one["id"] for one in hub.get(f"{DESK}/labels", search="acme")] == [promoted["id"]]

    def test_the_older_form_names_a_label_in_the_body(self, hub: Api) -> None:
        """python-gitlab saves labels this way."""
        hub.post(f"{PROJECT}/labels", name="a/b")
        assert hub.put(f"{PROJECT}/labels", name="a/b", new_name="c")["name"] == "c"

    def test_labels_are_counted(self, hub: Api) -> None:
        hub.put(path_of(hub.issue(labels="type::bug")), state_event="close")
        hub.issue(labels="type::bug")
        (label,) = hub.get(f"{PROJECT}/labels", with_counts="true", search="type::bug")
        assert (label["open_issues_count"], label["closed_issues_count"]) == (1, 1)

    def test_a_subscription_twice_is_304(self, hub: Api) -> None:
        path = f"{PROJECT}/labels/type::bug"
        assert [hub("POST", f"{path}/subscribe").status_code for _ in range(2)] == [201, 304]
        assert hub.get(f"{path}")["subscribed"] is True
        assert [hub("POST", f"{path}/unsubscribe").status_code for _ in range(2)] == [201, 304]

    def test_milestones_of_groups_reach_into_projects(self, gitlab: GitLab, hub: Api) -> None:
        stone = hub.post("/groups/harbour/milestones", title="Q1", due_date=in_days(gitlab, 9))
        issue = hub.issue(milestone_id=stone["id"])
        assert issue["milestone"]["group_id"] == 31
        assert iids(hub.get(f"/groups/harbour/milestones/{stone['id']}/issues")) == [issue["iid"]]
        assert hub.get(f"{PROJECT}/milestones") == []
        assert len(hub.get(f"{PROJECT}/milestones", include_ancestors="true")) == 1
        backwards = {"title": "x", "start_date": "2030-01-02", "due_date": "2030-01-01"}
        assert hub("POST", f"{PROJECT}/milestones", json=backwards).status_code == 400


class TestLists:
    def test_filters(self, gitlab: GitLab, hub: Api, dana: Api) -> None:
        """Each narrows as documented; what does not exist here matches nothing, `None` everything."""
        now = hub.post(f"{PROJECT}/milestones", title="now", start_date=in_days(gitlab, -1))
        soon = hub.post(f"{PROJECT}/milestones", title="soon", due_date=in_days(gitlab, 5))
        hub.issue(due_date=in_days(gitlab, -3), weight=2, milestone_id=now["id"])
        hub.issue(due_date=in_days(gitlab, 0), milestone_id=soon["id"], labels="type::bug")
        third = dana.issue(assignee_ids=[11])
        hub.post(f"{path_of(third)}/award_emoji", name="tada")
        dana.put(path_of(third), state_event="close")
        cases: list[tuple[dict[str, Any], list[int]]] = [
            ({"due_date": "overdue"}, [1]),
            ({"due_date": "today"}, [2]),
            ({"due_date": "0"}, [3]),
            ({"due_date": "any"}, [2, 1]),
            ({"weight": 2}, [1]),
            ({"weight": "None"}, [3, 2]),
            ({"milestone_id": "Started"}, [1]),
            ({"milestone": "Upcoming"}, [2]),
            ({"milestone": "None"}, [3]),
            ({"not[milestone]": "soon"}, [3, 1]),
            ({"not[labels]": "type::bug", "not[assignee_id]": 11}, [1]),
            ({"my_reaction_emoji": "tada"}, [3]),
            ({"not[my_reaction_emoji]": "tada"}, [2, 1]),
            ({"closed_by_id": 11}, [3]),
            ({"assignee_id": "Any"}, [3]),
            ({"author_username": "dana"}, [3]),
            ({"epic_id": "None", "iteration_id": "None"}, [3, 2, 1]),
            ({"epic_id": 7}, []),
            ({"iids[]": [1, 3]}, [3, 1]),
            ({"unknown": "ignored"}, [3, 2, 1]),
        ]
        for params, wanted in cases:
            assert iids(hub.get(ISSUES, **params)) == wanted, params
        assert hub("GET", ISSUES, params={"due_date": "soon"}).status_code == 400

    def test_orders(self, gitlab: GitLab, hub: Api) -> None:
        """Those without a value come last in both directions."""
        hub.put("/groups/harbour/labels/type::bug", priority=1)
        stone = hub.post(f"{PROJECT}/milestones", title="soon", due_date=in_days(gitlab, 5))
        hub.issue("b", weight=3, labels="type::bug")
        hub.issue("a", weight=5, milestone_id=stone["id"])
        hub.issue("c", due_date="2030-01-01")
        cases = {
            "weight": ([1, 2, 3], [2, 1, 3]),
            "due_date": ([3, 1, 2], [3, 2, 1]),
            "label_priority": ([1, 2, 3], [1, 3, 2]),
            "milestone_due": ([2, 1, 3], [2, 3, 1]),
            "title": ([2, 1, 3], [3, 1, 2]),
            "relative_position": ([1, 2, 3], [3, 2, 1]),
        }
        for order, (up, down) in cases.items():
            assert iids(hub.get(ISSUES, order_by=order, sort="asc")) == up, order
            assert iids(hub.get(ISSUES, order_by=order, sort="desc")) == down, order

    def test_the_free_tier_ignores_paid_filters(self, gitlab: GitLab, hub: Api) -> None:
        gitlab.switches.tier = "free"
        issue = hub.issue(weight=2)
        assert "weight" not in issue
        assert iids(hub.get(ISSUES, weight=7)) == [issue["iid"]]
        assert hub("GET", f"{path_of(issue)}/resource_weight_events").status_code == 404

    def test_weights_are_events(self, hub: Api) -> None:
        issue = hub.issue()
        hub.put(path_of(issue), weight=2)
        hub.put(path_of(issue), weight=5)
        events = hub.get(f"{path_of(issue)}/resource_weight_events")
        assert [(event["weight"], event["issue_id"]) for event in events] == [
            (2, issue["id"]),
            (5, issue["id"]),
        ]
        assert hub.get(f"{path_of(issue)}/resource_iteration_events") == []

    def test_offsets_end_where_cursors_can_go_on(self, gitlab: GitLab, hub: Api) -> None:
        """Behind 50,000 rows there is 405, whatever `x-next-page` said before."""
        gitlab.switches.offset_limit = 4
        for title in "abcdef":
            hub.issue(title)
        assert hub("GET", ISSUES, params={"per_page": 2, "page": 2}).headers["X-Next-Page"] == "3"
        far = hub("GET", ISSUES, params={"per_page": 2, "page": 3})
        assert far.status_code == 405
        assert "keyset pagination" in far.json()["error"]
        gitlab.switches.version = "18.2.0-ee"
        assert hub("GET", ISSUES, params={"per_page": 2, "page": 3}).status_code == 200

    def test_statistics_ignore_the_state(self, hub: Api) -> None:
        hub.put(path_of(hub.issue()), state_event="close")
        hub.issue()
        counts = hub.get(f"{PROJECT}/issues_statistics", state="closed")["statistics"]["counts"]
        assert counts == {"all": 2, "closed": 1, "opened": 1}


class TestCommands:
    def test_duplicates_close_and_point(self, hub: Api) -> None:
        original, issue = hub.issue(), hub.issue()
        summary = hub.note(issue, f"/duplicate #{original['iid']}")["summary"]
        assert summary == ["Closed this issue. Marked as related to, and a duplicate of, #1."]
        after = hub.get(path_of(issue))
        assert after["state"] == "closed"
        assert after["_links"]["closed_as_duplicate_of"].endswith("/projects/101/issues/1")
        assert hub.get(f"{path_of(original)}/notes")[0]["body"] == "marked #2 as a duplicate of this issue"

    def test_clones_moves_and_links(self, hub: Api) -> None:
        issue = hub.issue(labels="type::bug")
        hub.note(issue, "said")
        hub.note(issue, "/clone harbour/portal --with_notes")
        (copy,) = hub.get(f"{DESK}/issues")
        assert (copy["labels"], copy["user_notes_count"]) == (["type::bug"], 1)
        hub.note(issue, "/blocks harbour/portal#1")
        (link,) = hub.get(f"{path_of(issue)}/links")
        assert link["link_type"] == "blocks"
        hub.note(issue, "/unlink harbour/portal#1")
        assert hub.get(f"{path_of(issue)}/links") == []

    def test_the_rest(self, hub: Api) -> None:
        source = hub.issue(labels="type::bug,status::dev")
        issue = hub.issue()
        for line in ("/copy_metadata #1", "/promote_to_incident", "/health_status at_risk", "/react :tada:"):
            assert hub("POST", f"{path_of(issue)}/notes", json={"body": line}).status_code == 202, line
        after = hub.get(path_of(issue))
        assert (after["labels"], after["issue_type"]) == (source["labels"], "incident")
        assert after["health_status"] == "at_risk"
        assert [one["name"] for one in hub.get(f"{path_of(issue)}/award_emoji")] == ["tada"]
        assert hub("POST", f"{path_of(issue)}/notes", json={"body": "/page x"}).status_code == 501

    def test_a_move_that_may_not_be_is_in_the_summary(self, hub: Api) -> None:
        """202 also for this: the issue is where it was."""
        answer = hub.note(hub.issue(), "/move harbour/firmware")
        assert answer["summary"] == ["Cannot move issue to project it originates from!"]


class TestLimits:
    @pytest.mark.parametrize(
        ("switch", "path"),
        [
            ("project_reads_per_minute", PROJECT),
            ("project_lists_per_10_minutes", "/projects"),
            ("group_projects_per_minute", "/groups/31/projects"),
            ("user_reads_per_10_minutes", "/users/11"),
        ],
    )
    def test_reads_have_limits_of_their_own(
        self, gitlab: GitLab, hub: Api, world: World, switch: str, path: str
    ) -> None:
        """A client that reads the project before each write runs into this one first."""
        gitlab.acts["configure"](**{switch: 1})
        world.clock.advance(600 - world.clock.now().timestamp() % 600)
        assert [hub("GET", path).status_code for _ in range(2)] == [200, 429]

    def test_gitlab_com_in_one_word(self, gitlab: GitLab) -> None:
        switches = gitlab.acts["configure"](preset="gitlab.com")
        assert (switches["notes_per_minute"], switches["issues_per_minute"]) == (60, 200)
        with pytest.raises(ValueError, match="preset"):
            gitlab.acts["configure"](preset="other")

    def test_spam_is_400_and_a_captcha_409(self, gitlab: GitLab, hub: Api) -> None:
        """409 is not always a duplicate."""
        gitlab.switches.spam = "spam"
        answer = hub("POST", ISSUES, json={"title": "x"})
        assert (answer.status_code, list(answer.json()["message"])) == (400, ["error"])
        gitlab.switches.spam = "captcha"
        answer = hub("POST", ISSUES, json={"title": "x"})
        assert (answer.status_code, answer.json()["needs_captcha_response"]) == (409, True)
        solved = {"X-GitLab-Captcha-Response": "y", "X-GitLab-Spam-Log-Id": "42"}
        assert hub("POST", ISSUES, json={"title": "x"}, headers=solved).status_code == 201

    def test_others_read_old_data_for_a_while(
        self, gitlab: GitLab, hub: Api, dana: Api, world: World
    ) -> None:
        """A webhook's row may not be there yet, or older than the hook says: look again."""
        issue = dana.issue()
        gitlab.switches.replica_lag = 5
        fresh = dana.issue("fresh")
        dana.put(path_of(issue), title="New")
        dana.note(issue, "said")
        assert dana.get(path_of(issue))["title"] == "New"
        assert hub.get(path_of(issue))["title"] == "A pump fails"
        assert hub.get(f"{path_of(issue)}/notes") == []
        assert hub("GET", path_of(fresh)).status_code == 404
        assert [one["title"] for one in hub.get(ISSUES)] == ["A pump fails"]
        world.clock.advance(6)
        assert hub.get(path_of(issue))["title"] == "New"
        assert len(hub.get(ISSUES)) == 2

    def test_notification_mails_end_silently(self, gitlab: GitLab, hub: Api, dana: Api, world: World) -> None:
        """After a noisy sync nobody is told of anything any more, and nothing says so (1.3)."""
        gitlab.switches.mails_a_day = 2
        issue = dana.issue()
        for number in range(4):
            hub.note(issue, str(number))
        assert len(world.outbox) == 2

    @pytest.mark.parametrize("status", [413, 400, 422])
    def test_files_that_are_too_large(self, gitlab: GitLab, hub: Api, status: int) -> None:
        gitlab.acts["configure"](largest_upload=3, upload_refusal=status)
        answer = hub("POST", f"{PROJECT}/uploads", files={"file": ("x.txt", b"long")})
        assert answer.status_code == status

    @pytest.mark.parametrize(
        ("version", "lacks"), [("17.3.0", "secret"), ("17.1.0", "list"), ("17.0.0", "full_path")]
    )
    def test_older_servers_and_files(self, gitlab: GitLab, hub: Api, version: str, lacks: str) -> None:
        """Before 17.4 a token gets no bytes: the file can only be linked."""
        gitlab.switches.version = version
        made = hub("POST", f"{PROJECT}/uploads", files={"file": ("x.txt", b"x")}).json()
        if lacks == "secret":
            assert hub("GET", PROJECT + made["url"]).json() == {"error": "404 Not Found"}
            assert hub("GET", f"{PROJECT}/uploads").status_code == 200
        elif lacks == "list":
            assert hub("GET", f"{PROJECT}/uploads").status_code == 404
            assert "id" not in made
        else:
            assert made["full_path"].startswith("/harbour/firmware/uploads/")

    @pytest.mark.parametrize("title", ["a\x00b", "half \ud800"])
    def test_texts_that_no_database_takes(self, hub: Api, title: str) -> None:
        answer = hub("POST", ISSUES, json={"title": title})
        assert (answer.status_code, answer.json()) == (400, {"error": "title includes invalid characters"})

    def test_an_address_can_be_too_long(self, hub: Api) -> None:
        """A description belongs into the body, never into the query."""
        assert hub("POST", ISSUES, params={"title": "x", "description": "y" * 9000}).status_code == 414


class TestDesk:
    def test_templates_are_the_projects(self, gitlab: GitLab, hub: Api, world: World) -> None:
        """A new_note template without its placeholder hides the reply; the description can leak (11)."""
        gitlab.acts["service_desk_settings"](
            project=102, thank_you="Hi! %{ISSUE_PATH} %{ISSUE_DESCRIPTION}", new_note="Look: %{ISSUE_URL}"
        )
        made = gitlab.acts["service_desk_mail"](
            project=102, email="jane@acme.example", name="J", subject="s", text="secret"
        )
        hub.note({"project_id": 102, "iid": made["iid"]}, "the answer")
        thanks, note = to_customers(world)
        assert thanks.text == f"Hi! harbour/portal#{made['iid']} secret"
        assert note.text.startswith("Look: http")
        with pytest.raises(ValueError, match="there are"):
            gitlab.acts["service_desk_settings"](project=102, colour="red")

    def test_copied_people_take_part_where_that_is_on(self, gitlab: GitLab, world: World) -> None:
        mail = {"project": 102, "email": "jane@acme.example", "name": "J", "subject": "s", "text": "t"}
        gitlab.acts["service_desk_mail"](**mail, cc=["al@acme.example"])
        assert [m.cause for m in to_customers(world)] == ["thank_you"]
        gitlab.acts["service_desk_settings"](project=102, cc=True)
        gitlab.acts["service_desk_mail"](**mail, cc=["al@acme.example", "jane@acme.example"])
        told = [(m.to.partition("@")[0], m.cause) for m in to_customers(world)[1:]]
        assert told == [("jane", "thank_you"), ("al", "new_participant")]

    def test_a_reply_reopens_where_that_is_on(self, gitlab: GitLab, hub: Api, ticket: Any) -> None:
        """And an internal note of the Support Bot comes with it: that one is no customer."""
        reply = {"project": 102, "iid": 1, "email": "jane@acme.example", "text": "again!"}
        hub.put(path_of(ticket), state_event="close", assignee_ids=[11])
        gitlab.acts["service_desk_reply"](**reply)
        assert hub.get(path_of(ticket))["state"] == "closed"
        gitlab.acts["service_desk_settings"](project=102, reopen=True)
        gitlab.acts["service_desk_reply"](**reply)
        assert hub.get(path_of(ticket))["state"] == "opened"
        notes = hub.get(f"{path_of(ticket)}/notes", activity_filter="only_comments", sort="asc")
        assert [(n["internal"], n["author"]["username"]) for n in notes] == [
            (False, "support-bot"),
            (True, "support-bot"),
            (False, "support-bot"),
        ]
        assert notes[1]["body"].startswith("@dana ")

    def test_who_left_can_still_write(
        self, gitlab: GitLab, hub: Api, guest: Api, ticket: Any, world: World
    ) -> None:
        """An old mail's address stays good: a text may come from nobody on the list."""
        assert gitlab.acts["service_desk_unsubscribe"](project=102, iid=1, email="jane@acme.example")
        hub.note(ticket, "nobody hears this")
        assert to_customers(world) == []
        gitlab.acts["service_desk_reply"](project=102, iid=1, email="jane@acme.example", text="still here")
        hub.put(path_of(ticket), confidential=False)
        bodies = [n["body"] for n in guest.get(f"{path_of(ticket)}/notes", activity_filter="only_activity")]
        assert "ja*****@a*****.e** unsubscribed" in bodies

    def test_attached_files_are_uploads(self, gitlab: GitLab, hub: Api) -> None:
        content = base64.b64encode(b"\x89PNG").decode()
        made = gitlab.acts["service_desk_mail"](
            project=102,
            email="jane@acme.example",
            name="J",
            subject="s",
            text="see",
            files=[{"name": "a.png", "content": content}],
        )
        text = hub.get(f"{DESK}/issues/{made['iid']}")["description"]
        assert text.startswith("see\n\n![a](/uploads/")
        url = text.partition("(")[2].rstrip(")")
        assert hub("GET", DESK + url).content == b"\x89PNG"

    def test_automatic_answers_are_dropped(self, gitlab: GitLab, hub: Api, world: World) -> None:
        gitlab.acts["service_desk_mail"](
            project=102, email="a@b.example", name="A", subject="Out of office", text="t", auto_reply=True
        )
        assert hub("GET", f"{DESK}/issues").headers["X-Total"] == "0"
        assert world.outbox == []

    def test_tickets_need_not_be_confidential(self, gitlab: GitLab, hub: Api) -> None:
        gitlab.acts["service_desk_settings"](project=102, confidential=False)
        gitlab.acts["service_desk_mail"](project=102, email="a@b.example", name="A", subject="s", text="t")
        issue = hub.get(f"{DESK}/issues/1")
        assert (issue["title"], issue["confidential"]) == ("s", False)

    def test_a_moved_ticket_mails_from_both(self, hub: Api, ticket: Any, world: World) -> None:
        """The customer stays on both (3.4): a note on either reaches them."""
        hub.put(PROJECT, service_desk_enabled=True)
        moved = hub.post(f"{path_of(ticket)}/move", to_project_id=101)
        assert moved["service_desk_reply_to"] == "jane@acme.example"
        hub.note(ticket, "old")
        hub.note(moved, "new")
        assert [mail.text for mail in to_customers(world)] == ["old", "new"]
