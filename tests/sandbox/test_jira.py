"""The fake Jira: the facts that shape a client, over real HTTP."""

from __future__ import annotations

import random
import re
from pathlib import Path

import jira as library
import pytest
import requests

from deskbridge.sandbox.jira.server import Jira
from deskbridge.sandbox.jira.wiki_read import Names, document
from deskbridge.sandbox.jira.wiki_write import wiki
from deskbridge.sandbox.world import Clock, World
from tests.sandbox import jira_kit
from tests.sandbox.jira_kit import NO_CHECK, PNG, Client, Json, Running, doc

served, site = jira_kit.served, jira_kit.site


# --- who calls, and what the front door says ------------------------------------------------------


class TestFrontDoor:
    def test_wrong_token_is_401(self, site: Running) -> None:
        """A client with a wrong token must not be taken for an anonymous one."""
        wrong = Client(site.url, ("hub@harbour.example", "nope"))
        answer = wrong.call("GET", "serverInfo")
        assert answer.status_code == 401
        assert answer.json()["status-code"] == 401

    def test_lost_header_reads_as_not_found(self, site: Running) -> None:
        """A client that lost its header would think that all issues were deleted."""
        key = site.hub.issue()
        assert site.nobody.call("GET", f"issue/{key}").status_code == 404
        assert site.nobody.search("project = SUP")["issues"] == []
        assert site.nobody.call("GET", "myself").status_code == 401

    def test_missing_and_hidden_issues_answer_alike(self, site: Running) -> None:
        """A client must not conclude from the text which of the two it is."""
        key = site.hub.issue()
        hidden, missing = site.nobody.call("GET", f"issue/{key}"), site.hub.call("GET", "issue/SUP-99")
        assert hidden.json() == missing.json()
        text = "Issue does not exist or you do not have permission to see it."
        assert missing.json() == {"errorMessages": [text], "errors": {}}

    def test_support_headers_on_every_answer(self, site: Running) -> None:
        """Support asks for the ids; they stand on refusals too, and differ."""
        answers = [site.hub.call("GET", path) for path in ("myself", "issue/SUP-1", "/rest/api/3/dashboard")]
        assert all(answer.headers["Atl-Traceid"] for answer in answers)
        assert len({answer.headers["Atl-Request-Id"] for answer in answers}) == 3
        assert answers[0].headers["Content-Type"] == "application/json;charset=UTF-8"

    @pytest.mark.parametrize(
        ("method", "path", "status", "detail"),
        [
            ("GET", "/rest/api/3/nonsense", 404, "No endpoint GET /rest/api/3/nonsense."),
            ("GET", "/rest/api/3/search/approximate-count", 405, "Method 'GET' is not supported."),
            ("PUT", "/rest/agile/1.0/board/1/configuration", 405, "Method 'PUT' is not supported."),
            (
                "GET",
                "/rest/api/3/project/search?maxResults=x",
                400,
                "Failed to convert 'maxResults' with value: 'x'",
            ),
        ],
    )
    def test_problem_documents(self, site: Running, method: str, path: str, status: int, detail: str) -> None:
        """A client that reads errorMessages only would report an empty error."""
        answer = site.hub.call(method, path)
        assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")
        assert answer.json()["detail"] == detail
        assert "errorMessages" not in answer.json()

    def test_unbuilt_calls_name_themselves(self, site: Running) -> None:
        """A call that only the real Jira has must not look like one that Jira refuses."""
        answer = site.hub.call("GET", "/rest/api/3/auditing/record")
        assert answer.status_code == 501
        assert "GET /rest/api/3/auditing/record" in answer.text

    def test_body_without_json_label_is_415(self, site: Running) -> None:
        """A client that sends bytes without a Content-Type is refused before it is read."""
        assert site.hub.call("POST", "issue", data=b"{}").status_code == 415
        plain = {"Content-Type": "text/plain"}
        assert site.hub.call("PUT", "issue/SUP-1", data=b"{}", headers=plain).status_code == 415

    def test_bodyless_delete_of_remote_link_is_415(self, site: Running) -> None:
        """DELETE needs a Content-Type here although it has no body, and nowhere else."""
        key = site.hub.issue()
        link = {"globalId": "a", "object": {"url": "https://desk.example/1", "title": "1"}}
        site.hub.post(f"issue/{key}/remotelink", link)
        path = f"issue/{key}/remotelink?globalId=a"
        assert site.hub.call("DELETE", path).status_code == 415
        labelled = {"Content-Type": "application/json"}
        assert site.hub.call("DELETE", path, headers=labelled).status_code == 204

    def test_unreadable_body_has_no_errors_key(self, site: Running) -> None:
        """An error reader that indexes ['errors'] would crash."""
        labelled = {"Content-Type": "application/json"}
        answer = site.hub.call("POST", "issue", data=b"{nonsense", headers=labelled)
        assert answer.status_code == 400
        assert list(answer.json()) == ["errorMessages"]

    def test_half_a_character_is_unreadable(self, site: Running) -> None:
        """Text cut in the middle of an emoji is refused when written, not found broken when read."""
        labelled = {"Content-Type": "application/json"}
        body = b'{"fields": {"summary": "cut \\ud83d"}}'
        answer = site.hub.call("POST", "issue", data=body, headers=labelled)
        assert list(answer.json()) == ["errorMessages"]
        assert site.hub.call("GET", "attachment/\u00b2").status_code == 404

    def test_server_says_it_is_cloud(self, site: Running) -> None:
        """The library decides by deploymentType which search it may use."""
        assert site.nobody.get("serverInfo")["deploymentType"] == "Cloud"

    def test_mail_addresses_are_hidden(self, site: Running) -> None:
        """People cannot be matched by reading addresses: only one's own is shown."""
        assert site.hub.get("myself")["emailAddress"] == "hub@harbour.example"
        (dana,) = site.hub.get("user/search", query="dana@harbour.example")
        assert dana["displayName"] == "Dana Novak"
        assert "emailAddress" not in dana
        assert dana["accountId"].startswith("712020:")

    def test_unknown_permission_is_refused(self, site: Running) -> None:
        """A check for a misspelt permission must not read as "not granted"."""
        path = "mypermissions?permissions=CREATE_ISSUES,FLY"
        assert site.hub.call("GET", path).json()["errors"] == {"FLY": "Unrecognized permission"}
        granted = site.dana.get("mypermissions", permissions="DELETE_ISSUES")["permissions"]
        assert granted["DELETE_ISSUES"]["havePermission"] is False


class TestLimits:
    def test_writes_on_one_issue(self, site: Running) -> None:
        """A client that finishes one issue first is stopped after 20 writes in 2 s; others are not."""
        key, other = site.hub.issue(), site.hub.issue()
        site.world.limits = True
        for _ in range(20):
            site.hub.put(f"issue/{key}/properties/p", 1, 201 if _ == 0 else 200)
        answer = site.hub.call("PUT", f"issue/{key}/properties/p", json=1)
        assert answer.status_code == 429
        assert answer.headers["RateLimit-Reason"] == "jira-per-issue-on-write"
        assert 1 <= int(answer.headers["Retry-After"]) <= 2
        assert answer.headers["X-RateLimit-Reset"].endswith("Z")
        site.hub.put(f"issue/{other}/properties/p", 1, 201)
        site.world.clock.advance(2)
        site.hub.put(f"issue/{key}/properties/p", 1, 200)

    def test_long_run_on_one_issue(self, site: Running) -> None:
        """100 writes in 30 s is the second wall, met by those who pass the first."""
        key = site.hub.issue()
        site.world.limits = True
        for n in range(100):
            site.hub.put(f"issue/{key}/properties/p", n, 201 if n == 0 else 200)
            site.world.clock.advance(0.12)
        answer = site.hub.call("PUT", f"issue/{key}/properties/p", json=1)
        assert answer.status_code == 429
        assert int(answer.headers["Retry-After"]) > 10

    def test_burst_is_per_endpoint_and_method(self, site: Running) -> None:
        """A burst on one endpoint empties its bucket only, for everybody on the site."""
        site.world.limits = True
        answers = [site.hub.call("GET", "priority") for _ in range(3)]
        left = [int(answer.headers["X-RateLimit-Remaining"]) for answer in answers]
        assert answers[0].headers["X-RateLimit-Limit"] == "100"
        assert left[0] == 99
        assert "r=" in answers[0].headers["RateLimit"]
        assert site.hub.call("GET", "resolution").headers["X-RateLimit-Remaining"] == "99"


# --- issues ---------------------------------------------------------------------------------------


class TestCreate:
    def test_ids_are_strings(self, site: Running) -> None:
        """An issue's id is a string; one that compares it with a number finds nothing."""
        body = {"fields": {"project": {"id": "10000"}, "issuetype": {"name": "Task"}, "summary": "s"}}
        made = site.hub.post("issue", body)
        assert made == {"id": "10000", "key": "SUP-1", "self": f"{site.url}/rest/api/2/issue/10000"}

    def test_refusals_by_field(self, site: Running) -> None:
        """All fields that are wrong are told at once, under their ids."""
        answer = site.hub.call("POST", "issue", json={"fields": {"summary": "s"}})
        assert answer.json()["errors"] == {
            "project": "Specify a valid project ID or key",
            "issuetype": "Specify an issue type",
        }
        empty = site.hub.call("POST", "issue", json={})
        assert empty.json()["errorMessages"] == ["No Issue Create payload supplied"]
        fields = {"project": {"key": "SUP"}, "issuetype": {"id": "10004"}, "labels": ["a b"]}
        wrong = site.hub.call("POST", "issue", json={"fields": {**fields, "summary": "x" * 256, "zzz": 1}})
        assert set(wrong.json()["errors"]) == {"labels", "summary", "zzz"}
        unknown = "Field 'zzz' cannot be set. It is not on the appropriate screen, or unknown."
        assert wrong.json()["errors"]["zzz"] == unknown

    def test_one_line_summary(self, site: Running) -> None:
        """A summary with a line break is refused, not joined."""
        fields = {"project": {"key": "SUP"}, "issuetype": {"id": "10004"}, "summary": "a\nb"}
        assert "summary" in site.hub.call("POST", "issue", json={"fields": fields}).json()["errors"]

    def test_the_same_text_without_permission(self, site: Running) -> None:
        """A field that one may not set reads like one that isn't there."""
        me = site.dana.get("myself")["accountId"]
        fields = {"project": {"key": "SUP"}, "issuetype": {"id": "10004"}, "summary": "s"}
        answer = site.dana.call("POST", "issue", json={"fields": {**fields, "reporter": {"accountId": me}}})
        assert "not on the appropriate screen" in answer.json()["errors"]["reporter"]
        site.hub.issue(reporter={"accountId": me})

    def test_priority_by_default(self, site: Running) -> None:
        """A ticket without a priority gets Jira's, which must not be taken for a person's choice."""
        assert site.hub.get(f"issue/{site.hub.issue()}")["fields"]["priority"]["id"] == "3"

    def test_bulk_is_not_atomic(self, site: Running) -> None:
        """201 does not mean that all were made; the failed ones are named by place only."""
        good = {"fields": {"project": {"key": "SUP"}, "issuetype": {"id": "10004"}, "summary": "s"}}
        answer = site.hub.post("issue/bulk", {"issueUpdates": [good, {"fields": {}}, good]})
        assert [made["key"] for made in answer["issues"]] == ["SUP-1", "SUP-2"]
        assert answer["errors"][0]["failedElementNumber"] == 1
        assert "project" in answer["errors"][0]["elementErrors"]["errors"]
        site.hub.post("issue/bulk", {"issueUpdates": [{"fields": {}}]}, 400)
        site.hub.post("issue/bulk", {"issueUpdates": [good] * 51}, 400)

    def test_properties_ride_along(self, site: Running) -> None:
        """The origin's marker can be written in the create call itself."""
        fields = {"project": {"key": "SUP"}, "issuetype": {"id": "10004"}, "summary": "s"}
        body = {"fields": fields, "properties": [{"key": "hub", "value": {"n": 1}}]}
        key = site.hub.post("issue", body)["key"]
        assert site.hub.get(f"issue/{key}", properties="hub")["properties"] == {"hub": {"n": 1}}

    def test_subtask_needs_a_parent(self, site: Running) -> None:
        """A sub-task without a parent is refused; with one, the parent lists it."""
        fields = {"project": {"key": "SUP"}, "issuetype": {"id": "10003"}, "summary": "s"}
        assert "parent" in site.hub.call("POST", "issue", json={"fields": fields}).json()["errors"]
        parent = site.hub.issue()
        child = site.hub.issue(issuetype={"id": "10003"}, parent={"key": parent})
        assert site.hub.get(f"issue/{parent}")["fields"]["subtasks"][0]["key"] == child
        assert site.hub.call("DELETE", f"issue/{parent}").status_code == 400
        assert site.hub.call("DELETE", f"issue/{parent}?deleteSubtasks=true").status_code == 204
        assert site.hub.call("GET", f"issue/{child}").status_code == 404

    def test_createmeta_has_cloud_keys(self, site: Running) -> None:
        """Cloud says issueTypes and fields where Data Center says values."""
        types = site.hub.get("issue/createmeta/SUP/issuetypes")
        assert {kind["name"] for kind in types["issueTypes"]} == {"Bug", "Task", "Story", "Epic", "Subtask"}
        meta = site.hub.get("issue/createmeta/SUP/issuetypes/10004")["fields"]
        customer = next(field for field in meta if field["fieldId"] == "customfield_10041")
        assert [option["value"] for option in customer["allowedValues"]] == ["Lantern Books", "Orbit Cafe"]
        path = "issue/createmeta/SUP/issuetypes/10004?maxResults=201"
        assert site.hub.call("GET", path).status_code == 400


class TestEdit:
    def test_update_grammar(self, site: Running) -> None:
        """Labels are added and removed without reading them first."""
        key = site.hub.issue(labels=["b", "keep"])
        site.hub.put(f"issue/{key}", {"update": {"labels": [{"add": "a"}, {"remove": "b"}]}})
        assert site.hub.get(f"issue/{key}")["fields"]["labels"] == ["a", "keep"]

    def test_all_or_nothing(self, site: Running) -> None:
        """One bad field leaves the good ones unwritten, whatever was in the update."""
        key = site.hub.issue()
        body = {
            "fields": {"summary": "new", "priority": {"id": "99"}},
            "update": {"comment": [{"add": {"body": "c"}}]},
        }
        site.hub.put(f"issue/{key}", body, 400)
        after = site.hub.get(f"issue/{key}")["fields"]
        assert (after["summary"], after["comment"]["total"]) == ("Lantern flickers", 0)
        body = {"fields": {"summary": "new"}, "update": {"comment": [{"add": {"body": ""}}]}}
        site.hub.put(f"issue/{key}", body, 400)
        assert site.hub.get(f"issue/{key}")["fields"]["summary"] == "Lantern flickers"

    def test_not_in_both(self, site: Running) -> None:
        """A field in fields and update is refused."""
        key = site.hub.issue()
        body = {"fields": {"labels": []}, "update": {"labels": [{"add": "a"}]}}
        assert "labels" in site.hub.put(f"issue/{key}", body, 400)["errors"]

    def test_return_issue(self, site: Running) -> None:
        """204 and nothing to read, unless returnIssue asks."""
        key = site.hub.issue()
        shown = site.hub.put(f"issue/{key}?returnIssue=true", {"fields": {"summary": "n"}}, 200)
        assert shown["fields"]["summary"] == "n"
        assert site.hub.put(f"issue/{key}", {"fields": {"summary": "m"}}) is None

    def test_a_change_bumps_updated_and_writes_history(self, site: Running) -> None:
        """The changelog tells who and from what; the same value again changes nothing."""
        key = site.hub.issue()
        before = site.hub.get(f"issue/{key}")["fields"]["updated"]
        site.world.clock.advance(60)
        site.dana.put(f"issue/{key}", {"fields": {"priority": {"name": "High"}}})
        after = site.hub.get(f"issue/{key}")["fields"]["updated"]
        assert after > before
        site.world.clock.advance(60)
        site.dana.put(f"issue/{key}", {"fields": {"priority": {"name": "High"}}})
        assert site.hub.get(f"issue/{key}")["fields"]["updated"] == after
        log = site.hub.get(f"issue/{key}/changelog")
        assert log["total"] == 1
        assert log["isLast"] is True
        assert log["values"][0]["author"]["displayName"] == "Dana Novak"
        item = log["values"][0]["items"][0]
        assert (item["fieldId"], item["fromString"], item["to"], item["toString"]) == (
            "priority",
            "Medium",
            "2",
            "High",
        )

    def test_properties_watchers_leave_updated_alone(self, site: Running) -> None:
        """Our markers must not look like a change to be synced."""
        key = site.hub.issue()
        before = site.hub.get(f"issue/{key}")["fields"]["updated"]
        site.world.clock.advance(60)
        site.hub.put(f"issue/{key}/properties/hub", {"a": 1}, 201)
        site.hub.call("POST", f"issue/{key}/watchers", json=site.dana.get("myself")["accountId"])
        assert site.hub.get(f"issue/{key}")["fields"]["updated"] == before

    def test_custom_fields(self, site: Running) -> None:
        """A select takes its option's id or value and gives both back."""
        options = {"customfield_10041": {"value": "Orbit Cafe"}, "customfield_10042": "FD-7"}
        fields = site.hub.get(f"issue/{site.hub.issue(**options)}")["fields"]
        assert (fields["customfield_10041"]["id"], fields["customfield_10042"]) == ("10021", "FD-7")
        body = {"fields": {"customfield_10041": {"value": "Nobody"}}}
        assert "customfield_10041" in site.hub.put("issue/SUP-1", body, 400)["errors"]

    def test_delete_needs_permission(self, site: Running) -> None:
        """403, when the issue is seen but may not be deleted."""
        key = site.hub.issue()
        assert site.dana.call("DELETE", f"issue/{key}").status_code == 403
        assert site.hub.call("DELETE", f"issue/{key}").status_code == 204
        assert site.hub.issue() == "SUP-2"

    def test_bulk_fetch(self, site: Running) -> None:
        """Ascending by id whatever was asked, with the missing ones apart; 100 at most."""
        keys = [site.hub.issue() for _ in range(3)]
        body = {"issueIdsOrKeys": [keys[2], keys[0], "SUP-99"], "fields": ["summary"]}
        found = site.hub.post("issue/bulkfetch", body, 200)
        assert [issue["key"] for issue in found["issues"]] == [keys[0], keys[2]]
        assert found["issueErrors"][0]["id"] == "SUP-99"
        site.hub.post("issue/bulkfetch", {"issueIdsOrKeys": ["x"] * 101}, 400)


class TestTexts:
    def test_wiki_is_not_given_back_as_written(self, site: Running) -> None:
        """A client that compares what it wrote with what it reads sees a change that nobody made."""
        key = site.hub.issue(description="one  \r\ntwo\r\n\r\n")
        assert site.hub.get(f"issue/{key}")["fields"]["description"] == "one\ntwo"

    def test_each_version_has_its_own_kind(self, site: Running) -> None:
        """v3 takes documents, v2 wiki; each refuses the other's."""
        key = site.hub.issue()
        refused = site.hub.put(f"/rest/api/3/issue/{key}", {"fields": {"description": "plain"}}, 400)
        words = "Operation value must be an Atlassian Document (see the Atlassian Document Format)"
        assert refused["errors"]["description"] == words
        site.hub.put(f"issue/{key}", {"fields": {"description": doc("x")}}, 400)
        refused = site.hub.post(f"/rest/api/3/issue/{key}/comment", {"body": "plain"}, 400)
        assert refused == {"errorMessages": [], "errors": {"comment": "Comment body is not valid!"}}

    def test_a_document_must_keep_to_the_schema(self, site: Running) -> None:
        """A list in no item, a heading in a quote, code in bold: each is refused before all else."""
        key = site.hub.issue()
        bold = {"type": "text", "text": "x", "marks": [{"type": "strong"}, {"type": "code"}]}
        for node in (
            {"type": "bulletList", "content": [{"type": "paragraph"}]},
            {"type": "blockquote", "content": [{"type": "heading", "attrs": {"level": 1}}]},
            {"type": "paragraph", "content": [bold]},
        ):
            body = {"type": "doc", "version": 1, "content": [node]}
            refused = site.hub.post(f"/rest/api/3/issue/{key}/comment", {"body": body}, 400)
            assert refused["errors"] == {"comment": "Comment body is not valid!"}
        assert site.hub.get(f"issue/{key}/comment")["total"] == 0
        site.hub.post(f"issue/{key}/comment", {"body": doc("x")}, 400)

    def test_one_text_two_kinds(self, site: Running) -> None:
        """What is written as wiki reads as a document, and the other way round."""
        key = site.hub.issue(description="h1. Hi\n\n*bold* and [site|https://a.example]")
        kinds = [
            node["type"]
            for node in site.hub.get(f"/rest/api/3/issue/{key}")["fields"]["description"]["content"]
        ]
        assert kinds == ["heading", "paragraph"]
        site.hub.put(f"/rest/api/3/issue/{key}", {"fields": {"description": doc("a *literal* star")}})
        assert site.hub.get(f"issue/{key}")["fields"]["description"] == r"a \*literal\* star"

    def test_too_long(self, site: Running) -> None:
        """32,767 characters pass, one more is refused with these words."""
        key = site.hub.issue(description="x" * 32_767)
        text = "The entered text is too long. It exceeds the allowed limit of 32,767 characters."
        refused = site.hub.put(f"issue/{key}", {"fields": {"description": "x" * 32_768}}, 400)
        assert refused["errors"]["description"] == text
        assert site.hub.post(f"issue/{key}/comment", {"body": "x" * 32_768}, 400)["errors"]["comment"] == text

    @pytest.mark.parametrize(
        "text",
        [
            "h2. Title *strong* _em_ -gone- {{mono}}",
            "para [label|https://a.example/x?y=1] https://b.example/z.",
            "* one\n** two\n# three",
            "||head||other||\n|1|[x|https://a.example]|",
            "{code:python}\nif a: *b*\n{code}",
            "{quote}\nquoted\n\ntwice\n{quote}",
            "{quote}\nlook:\n{code:python}\nif a:\n\n* b\n{code}\nwell\n{quote}",
            "un{*}bel{*}ievable {_}so{_}, H{~}2{~}O",
            "one\ntwo\n----\n!shot.png|thumbnail! after",
            r"\*not bold\* \{x\} \[y\] a_b_c 2*3*4",
            "[~accountid:712020:x] [^shot.png] !missing.png!",
        ],
    )
    def test_wiki_survives_the_document(self, text: str) -> None:
        """A converter that isn't stable would make each read a change."""
        names = Names({"shot.png": "m1"}, {"712020:x": "Dana"})
        first = document(text, names)
        again = document(wiki(first, {"m1": "shot.png"}), names)
        assert again == first

    def test_marks_in_braces(self) -> None:
        """What Jira's own editor writes inside words would be shown with its signs."""
        (paragraph,) = document("un{*}bel{*}ievable", Names())["content"]
        shown = [
            (node["text"], [mark["type"] for mark in node.get("marks", [])]) for node in paragraph["content"]
        ]
        assert shown == [("un", []), ("bel", ["strong"]), ("ievable", [])]
        assert wiki({"content": [paragraph]}, {}) == "un{*}bel{*}ievable"

    def test_code_inside_a_quote(self) -> None:
        """Code that a customer's quoted mail holds would be read as a list or a rule."""
        (quote,) = document("{quote}\nlook:\n{code}\n* a\n----\n{code}\n{quote}", Names())["content"]
        assert [node["type"] for node in quote["content"]] == ["paragraph", "codeBlock"]
        assert quote["content"][1]["content"][0]["text"] == "* a\n----"

    @pytest.mark.parametrize(
        "text", ["a*b*", "* item", "*x*", "h1. x {code}", "|cell|", "!a.png!", "-x-", "[a|b]"]
    )
    def test_literal_text_stays_literal(self, text: str) -> None:
        """Signs in foreign text must not become markup on the way through v3 and v2."""
        words = document(wiki(doc(text), {}), Names())
        flat = "".join(node["text"] for node in words["content"][0]["content"])
        if not text.startswith("h1"):  # a heading's sign cannot be escaped in wiki
            assert flat == text


# --- comments, workflow, files --------------------------------------------------------------------


class TestComments:
    def test_marker_rides_in_the_same_call(self, site: Running) -> None:
        """The origin's marker is there at once, but shown only when it is asked for."""
        key = site.hub.issue()
        body = {"body": "hi", "properties": [{"key": "hub", "value": {"id": 77}}]}
        made = site.hub.post(f"issue/{key}/comment?expand=properties", body)
        assert made["properties"] == [{"key": "hub", "value": {"id": 77}}]
        assert "properties" not in site.hub.get(f"issue/{key}/comment/{made['id']}")
        listed = site.hub.get(f"issue/{key}/comment", expand="properties")["comments"]
        assert listed[0]["properties"][0]["value"] == {"id": 77}
        assert site.hub.get(f"comment/{made['id']}/properties/hub")["value"] == {"id": 77}
        assert made["jsdPublic"] is True

    def test_pages_of_100(self, site: Running) -> None:
        """A client that doesn't page loses all but the first hundred."""
        key = site.hub.issue()
        for n in range(103):
            site.hub.post(f"issue/{key}/comment", {"body": f"c{n}"})
        first = site.hub.get(f"issue/{key}/comment", maxResults=5000)
        assert (len(first["comments"]), first["maxResults"], first["total"]) == (100, 100, 103)
        rest = site.hub.get(f"issue/{key}/comment", startAt=100)
        assert [comment["body"] for comment in rest["comments"]] == ["c100", "c101", "c102"]
        newest = site.hub.get(f"issue/{key}/comment", orderBy="-created", maxResults=1)
        assert newest["comments"][0]["body"] == "c102"
        assert site.hub.call("GET", f"issue/{key}/comment?orderBy=author").status_code == 400

    def test_not_in_the_changelog(self, site: Running) -> None:
        """Comments bump updated but leave no history: they must be polled for themselves."""
        key = site.hub.issue()
        before = site.hub.get(f"issue/{key}")["fields"]["updated"]
        site.world.clock.advance(5)
        site.hub.post(f"issue/{key}/comment", {"body": "hi"})
        assert site.hub.get(f"issue/{key}")["fields"]["updated"] > before
        assert site.hub.get(f"issue/{key}/changelog")["total"] == 0

    def test_put_keeps_what_is_not_sent(self, site: Running) -> None:
        """An edit of the body keeps visibility and properties; the editor is named."""
        key = site.hub.issue()
        body = {
            "body": "a",
            "visibility": {"type": "role", "value": "Administrators"},
            "properties": [{"key": "k", "value": 1}],
        }
        id = site.hub.post(f"issue/{key}/comment", body)["id"]
        site.world.clock.advance(1)
        changed = site.hub.put(f"issue/{key}/comment/{id}?expand=properties", {"body": "b"}, 200)
        assert (changed["body"], changed["visibility"]["value"]) == ("b", "Administrators")
        assert changed["properties"] == [{"key": "k", "value": 1}]
        assert changed["updated"] > changed["created"]

    def test_visibility_hides(self, site: Running) -> None:
        """A restricted comment is missing for others; an unknown role is refused, not ignored."""
        key = site.hub.issue()
        restricted = {"body": "a", "visibility": {"type": "role", "value": "Administrators"}}
        site.hub.post(f"issue/{key}/comment", restricted)
        assert site.dana.get(f"issue/{key}/comment")["total"] == 0
        site.hub.post(
            f"issue/{key}/comment", {"body": "a", "visibility": {"type": "role", "value": "Nope"}}, 400
        )

    def test_of_another_issue(self, site: Running) -> None:
        """A comment is found under its own issue only."""
        one, other = site.hub.issue(), site.hub.issue()
        id = site.hub.post(f"issue/{one}/comment", {"body": "hi"})["id"]
        assert site.hub.call("GET", f"issue/{other}/comment/{id}").status_code == 404

    def test_empty_is_refused(self, site: Running) -> None:
        """A comment of blanks is refused."""
        key = site.hub.issue()
        refused = site.hub.post(f"issue/{key}/comment", {"body": " \r\n"}, 400)
        assert refused["errors"]["comment"] == "Comment body can not be empty!"

    def test_only_ones_own(self, site: Running) -> None:
        """No permission is 400 with a message, not 403."""
        key = site.hub.issue()
        id = site.hub.post(f"issue/{key}/comment", {"body": "hi"})["id"]
        answer = site.dana.call("PUT", f"issue/{key}/comment/{id}", json={"body": "mine"})
        assert answer.status_code == 400
        assert answer.json()["errorMessages"]


class TestWorkflow:
    def test_every_status_lists_the_same(self, site: Running) -> None:
        """In the simplified workflow 204 does not prove a change."""
        key = site.hub.issue()
        for _ in range(2):
            site.hub.post(f"issue/{key}/transitions", {"transition": {"id": "31"}}, 204)
            ids = [t["id"] for t in site.hub.get(f"issue/{key}/transitions")["transitions"]]
            assert ids == ["11", "21", "31"]
        items = [entry["items"] for entry in site.hub.get(f"issue/{key}/changelog")["values"]]
        assert len(items) == 1
        assert {item["fieldId"] for item in items[0]} == {"status", "resolution"}

    def test_resolution_comes_and_goes(self, site: Running) -> None:
        """Done sets a resolution and its date; leaving it clears both."""
        key = site.hub.issue()
        site.hub.post(f"issue/{key}/transitions", {"transition": {"id": "31"}}, 204)
        fields = site.hub.get(f"issue/{key}")["fields"]
        assert fields["resolution"]["name"] == "Done"
        assert fields["resolutiondate"]
        assert fields["status"]["statusCategory"]["key"] == "done"
        site.hub.post(f"issue/{key}/transitions", {"transition": {"id": "21"}}, 204)
        fields = site.hub.get(f"issue/{key}")["fields"]
        assert fields["resolution"] is None
        assert fields["resolutiondate"] is None

    def test_refusals(self, site: Running) -> None:
        """An id that isn't offered now reads like one that never was."""
        key = site.hub.issue()
        path = f"issue/{key}/transitions"
        assert site.hub.post(path, {}, 400)["errorMessages"] == ["Missing 'transition' identifier"]
        refused = site.hub.post(path, {"transition": {"id": "999"}}, 400)
        assert refused["errorMessages"] == ["Transition id '999' is not valid for this issue."]
        assert site.hub.get(path, transitionId="999")["transitions"] == []

    def test_directed_needs_its_steps_and_screen(self, site: Running) -> None:
        """To Do does not reach Done in one step, and Resolve wants a resolution and an assignee."""
        site.server.acts["set_workflow"](preset="directed")
        key = site.hub.issue()
        path = f"issue/{key}/transitions"
        assert [t["to"]["id"] for t in site.hub.get(path)["transitions"]] == ["3"]
        site.hub.post(path, {"transition": {"id": "31"}}, 400)
        site.hub.post(path, {"transition": {"id": "11"}}, 204)
        shown = site.hub.get(path, expand="transitions.fields", transitionId="31")["transitions"][0]
        assert (shown["hasScreen"], shown["fields"]["resolution"]["required"]) == (True, True)
        assert "resolution" in site.hub.post(path, {"transition": {"id": "31"}}, 400)["errors"]
        resolve: Json = {"transition": {"id": "31"}, "fields": {"resolution": {"name": "Won't Do"}}}
        assert "assigned" in site.hub.post(path, resolve, 400)["errorMessages"][0]
        resolve["fields"]["assignee"] = {"accountId": site.dana.get("myself")["accountId"]}
        site.hub.post(path, resolve, 204)
        assert site.hub.get(f"issue/{key}")["fields"]["resolution"]["name"] == "Won't Do"

    def test_a_field_that_is_required_is_told_and_asked_for(self, site: Running) -> None:
        """Required on a screen: metadata says so, and without it 400 names the field."""
        site.act("require_field", field="components")
        types = site.hub.get("issue/createmeta/SUP/issuetypes/10004")["fields"]
        assert [one["fieldId"] for one in types if one["required"] and one["fieldId"] == "components"]
        base = {"project": {"key": "SUP"}, "issuetype": {"id": "10004"}, "summary": "Lantern flickers"}
        refused = site.hub.post("issue", {"fields": base}, 400)["errors"]
        assert refused == {"components": "Components is required."}
        bulk = site.hub.post("issue/bulk", {"issueUpdates": [{"fields": base}]}, 400)["errors"]
        assert bulk[0]["elementErrors"]["errors"] == refused
        site.act("require_field", field="components", on=False)
        key = site.hub.issue()
        site.act("require_field", field="environment", transition="31")
        path = f"issue/{key}/transitions"
        (done,) = site.hub.get(path, expand="transitions.fields", transitionId="31")["transitions"]
        assert (done["hasScreen"], done["fields"]["environment"]["required"]) == (True, True)
        body: Json = {"transition": {"id": "31"}}
        assert site.hub.post(path, body, 400)["errors"] == {"environment": "Environment is required."}
        site.hub.post(path, body | {"fields": {"environment": "here"}}, 204)
        with pytest.raises(ValueError, match="no transition '99'"):
            site.act("require_field", field="environment", transition="99")
        with pytest.raises(ValueError, match="not on the create screen"):
            site.act("require_field", field="resolution")

    def test_one_resolution_may_be_the_default(self, site: Running) -> None:
        """An administrator's default is told to whoever asks, and none is filled in for a call."""
        path = "/rest/api/3/resolution"
        assert site.hub.get(f"{path}/search", onlyDefault="true")["values"] == []
        site.hub.put(f"{path}/default", {"id": "10002"}, 403)
        site.act("set_person", email="dana@harbour.example", site_admin=True)
        site.dana.put(f"{path}/default", {"id": "10002"})
        (told,) = site.hub.get(f"{path}/search", onlyDefault="true")["values"]
        assert (told["name"], told["isDefault"]) == ("Duplicate", True)
        assert [one["isDefault"] for one in site.hub.get(f"{path}/search")["values"]].count(True) == 1
        site.act("require_field", field="resolution", transition="31")
        issue = f"issue/{site.hub.issue()}/transitions"
        assert "resolution" in site.hub.post(issue, {"transition": {"id": "31"}}, 400)["errors"]
        site.dana.put(f"{path}/default", {"id": None})
        assert site.hub.get(f"{path}/search", onlyDefault="true")["total"] == 0

    def test_screens_of_transitions(self, site: Running) -> None:
        """A field that isn't on the transition's screen is refused."""
        key = site.hub.issue()
        body = {"transition": {"id": "21"}, "fields": {"summary": "x"}}
        assert "summary" in site.hub.post(f"issue/{key}/transitions", body, 400)["errors"]

    def test_acts_refuse_nonsense(self, site: Running) -> None:
        """The control API tells what there is instead of switching to nothing."""
        with pytest.raises(ValueError, match="simplified"):
            site.server.acts["set_workflow"](preset="x")
        with pytest.raises(ValueError, match="index_lag"):
            site.server.acts["set_switch"](name="x", value=1)


class TestFiles:
    def test_upload_answers_a_list(self, site: Running) -> None:
        """200 and a list, ids as strings there and a number at the file's own address."""
        key = site.hub.issue()
        made = site.hub.upload(key, "log.txt", b"data")
        assert (made["id"], made["mimeType"], made["size"]) == ("10000", "text/plain", 4)
        assert site.hub.get(f"attachment/{made['id']}")["id"] == 10000
        assert site.hub.get(f"issue/{key}/changelog")["values"][0]["items"][0]["field"] == "Attachment"

    def test_upload_needs_its_header(self, site: Running) -> None:
        """Without X-Atlassian-Token nothing is stored."""
        key = site.hub.issue()
        answer = site.hub.call("POST", f"issue/{key}/attachments", files={"file": ("a", b"x")})
        assert answer.status_code == 403
        assert site.hub.get(f"issue/{key}")["fields"]["attachment"] == []

    def test_content_is_behind_a_signed_address(self, site: Running) -> None:
        """303 to another host, which refuses credentials and forgets the address after a while."""
        content = site.hub.upload(site.hub.issue(), "a.txt", b"secret")["content"]
        answer = site.hub.session.get(content, allow_redirects=False, timeout=10)
        assert answer.status_code == 303
        signed = answer.headers["Location"]
        assert not signed.startswith(site.url)
        assert requests.get(signed, timeout=10).content == b"secret"
        assert requests.get(signed, auth=("a", "b"), timeout=10).status_code == 400
        assert requests.get(signed[:-2] + "00", timeout=10).status_code == 403
        site.world.clock.advance(3600)
        assert requests.get(signed, timeout=10).status_code == 403
        assert site.nobody.session.get(content, timeout=10).status_code == 404

    def test_following_the_redirect_drops_credentials(self, site: Running) -> None:
        """The usual clients arrive at the media host without the header."""
        content = site.hub.upload(site.hub.issue(), "a.txt", b"secret")["content"]
        assert site.hub.session.get(content, timeout=10).content == b"secret"

    def test_ranges_without_redirect(self, site: Running) -> None:
        """redirect=false answers the bytes, a part of them on request."""
        id = site.hub.upload(site.hub.issue(), "a.txt", b"0123456789")["id"]
        path = f"attachment/content/{id}?redirect=false"
        assert site.hub.call("GET", path).content == b"0123456789"
        part = site.hub.call("GET", path, headers={"Range": "bytes=2-4"})
        assert (part.status_code, part.content) == (206, b"234")
        assert site.hub.call("GET", path, headers={"Range": "bytes=99-"}).status_code == 416

    def test_limits(self, site: Running) -> None:
        """61 files or one too large are refused whole."""
        key = site.hub.issue()
        many = [("file", (f"{n}", b"x")) for n in range(61)]
        answer = site.hub.call("POST", f"issue/{key}/attachments", files=many, headers=NO_CHECK)
        assert answer.status_code == 413
        site.server.acts["set_switch"](name="upload_limit", value=3)
        large = {"file": ("a", b"four")}
        answer = site.hub.call("POST", f"issue/{key}/attachments", files=large, headers=NO_CHECK)
        assert answer.status_code == 413
        assert site.hub.get("attachment/meta") == {"enabled": True, "uploadLimit": 3}

    def test_same_name_twice(self, site: Running) -> None:
        """Jira keeps both: a name is no identity."""
        key = site.hub.issue()
        site.hub.upload(key, "a.txt", b"1")
        site.hub.upload(key, "a.txt", b"2")
        assert len(site.hub.get(f"issue/{key}")["fields"]["attachment"]) == 2


class TestLinks:
    def test_remote_link_is_an_upsert(self, site: Running) -> None:
        """The same globalId replaces (200), and forgets what is not sent again."""
        key = site.hub.issue()
        path, thing = f"issue/{key}/remotelink", {"url": "https://desk.example/1", "title": "#1"}
        first = site.hub.post(path, {"globalId": "desk=1", "relationship": "copy of", "object": thing})
        again = site.hub.post(path, {"globalId": "desk=1", "object": {**thing, "title": "#1 new"}}, 200)
        assert first["id"] == again["id"]
        one = site.hub.get(path, globalId="desk=1")
        assert (one["object"]["title"], "relationship" in one) == ("#1 new", False)
        assert len(site.hub.get(path)) == 1
        site.hub.post(path, {"object": thing})
        site.hub.post(path, {"object": thing})
        assert len(site.hub.get(path)) == 3
        site.hub.post(path, {"object": {"title": "no url"}}, 400)
        jql = 'issue in issuesWithRemoteLinksByGlobalId("desk=1")'
        assert site.hub.keys(jql) == [key]

    def test_issue_link_direction(self, site: Running) -> None:
        """The inwardIssue is the one that blocks: its entry names the other as outward."""
        one, other = site.hub.issue(), site.hub.issue()
        body = {"type": {"name": "Blocks"}, "inwardIssue": {"key": one}, "outwardIssue": {"key": other}}
        assert site.hub.post("issueLink", body) is None
        site.hub.post("issueLink", body)
        (mine,) = site.hub.get(f"issue/{one}")["fields"]["issuelinks"]
        (theirs,) = site.hub.get(f"issue/{other}")["fields"]["issuelinks"]
        assert mine["outwardIssue"]["key"] == other
        assert theirs["inwardIssue"]["key"] == one
        assert mine["id"] == theirs["id"]
        site.hub.post("issueLink", {**body, "type": {"name": "Nope"}}, 404)
        assert site.hub.call("DELETE", f"issueLink/{mine['id']}").status_code == 204
        assert site.hub.get(f"issue/{other}")["fields"]["issuelinks"] == []

    def test_property_is_replaced_whole(self, site: Running) -> None:
        """201 then 200; no merging; 404 when it isn't there."""
        path = f"issue/{site.hub.issue()}/properties/hub"
        site.hub.put(path, {"a": 1}, 201)
        site.hub.put(path, {"b": 2}, 200)
        assert site.hub.get(path) == {"key": "hub", "value": {"b": 2}}
        site.hub.put(path, "x" * 32_768, 400)
        assert site.hub.call("DELETE", path).status_code == 204
        assert site.hub.call("GET", path).status_code == 404

    def test_watchers_body_is_a_bare_string(self, site: Running) -> None:
        """The body is a JSON string, not an object."""
        key, dana = site.hub.issue(), site.dana.get("myself")["accountId"]
        path = f"issue/{key}/watchers"
        assert site.hub.call("POST", path, json={"accountId": dana}).status_code == 400
        assert site.hub.call("POST", path, json=dana).status_code == 204
        assert site.hub.get(path)["watchCount"] == 2
        assert site.hub.call("DELETE", f"{path}?accountId={dana}").status_code == 204
        assert site.hub.get(path)["watchCount"] == 1

    def test_worklog_author_is_the_caller(self, site: Running) -> None:
        """Only the time is free; the sum stands on the issue."""
        path = f"issue/{site.hub.issue()}/worklog"
        body = {
            "timeSpent": "1h 30m",
            "started": "2026-01-05T11:05:00.000+0000",
            "author": {"accountId": "x"},
        }
        made = site.dana.post(path, body)
        assert made["timeSpentSeconds"] == 5400
        assert made["author"]["displayName"] == "Dana Novak"
        assert made["started"] == "2026-01-05T11:05:00.000+0000"
        site.dana.post(path, {"timeSpent": "1h", "timeSpentSeconds": 3600}, 400)


# --- search ---------------------------------------------------------------------------------------


class TestSearch:
    def test_only_ids_by_default(self, site: Running) -> None:
        """A client that doesn't name its fields gets ids, not even keys."""
        site.hub.issue()
        found = site.hub.search("project = SUP")
        assert found == {"issues": [{"id": "10000"}], "isLast": True}

    def test_tokens(self, site: Running) -> None:
        """No total, no startAt: a page leads to the next, the last has no token."""
        keys = [site.hub.issue() for _ in range(5)]
        seen, token = [], None
        while True:
            more: Json = {"nextPageToken": token} if token else {}
            jql = "project = SUP ORDER BY key ASC"
            page = site.hub.search(jql, maxResults=2, fields="key", **more)
            assert not {"total", "startAt", "maxResults"} & set(page)
            seen += [issue["key"] for issue in page["issues"]]
            token = page.get("nextPageToken")
            assert page["isLast"] is (token is None)
            if token is None:
                break
            last = token
        assert seen == keys
        other = site.hub.call(
            "GET", "/rest/api/3/search/jql", params={"jql": "key = SUP-1", "nextPageToken": last}
        )
        assert other.status_code == 400
        assert other.json()["errorMessages"] == ["The provided next page token is invalid or expired."]

    def test_hundred_with_fields(self, site: Running) -> None:
        """5000 only when nothing but ids is asked for."""
        body = {"fields": {"project": {"key": "SUP"}, "issuetype": {"id": "10004"}, "summary": "s"}}
        for _ in range(3):
            site.hub.post("issue/bulk", {"issueUpdates": [body] * 40})
        assert len(site.hub.search("project = SUP", maxResults=5000)["issues"]) == 120
        with_fields = site.hub.search("project = SUP", maxResults=5000, fields="summary")
        assert len(with_fields["issues"]) == 100
        path = "/rest/api/3/search/jql?jql=project=SUP&maxResults="
        assert site.hub.call("GET", path + "5001").status_code == 400
        assert site.hub.call("GET", path + "0").status_code == 400

    @pytest.mark.parametrize("jql", ["", "ORDER BY created"])
    def test_unbounded(self, site: Running, jql: str) -> None:
        """A walk over everything needs a restriction."""
        answer = site.hub.call("GET", "/rest/api/3/search/jql", params={"jql": jql})
        assert answer.status_code == 400
        assert "Unbounded JQL" in answer.json()["errorMessages"][0]

    def test_closed_body(self, site: Running) -> None:
        """startAt, once usual, refuses the whole body."""
        body = {"jql": "project = SUP", "startAt": 0}
        refused = site.hub.post("/rest/api/3/search/jql", body, 400)
        assert "errors" not in refused
        found = site.hub.post("/rest/api/3/search/jql", {"jql": "project = SUP", "fields": ["key"]}, 200)
        assert found["issues"] == []

    def test_old_search_is_gone(self, site: Running) -> None:
        """410 names the new one."""
        for path in ("search?jql=project=SUP", "/rest/api/3/search"):
            answer = site.hub.call("GET", path)
            assert answer.status_code == 410
            assert "/rest/api/3/search/jql" in answer.json()["errorMessages"][0]

    @pytest.mark.parametrize(
        "jql",
        [
            "nofield = 1",
            "project = NOPE",
            "key = SUP-99",
            'status = "Nope"',
            'updated > "yesterday"',
            "summary = x",
        ],
    )
    def test_silent_empty(self, site: Running, jql: str) -> None:
        """A misspelt query finds nothing and says nothing; only jql/parse tells."""
        site.hub.issue()
        assert site.hub.search(jql)["issues"] == []
        parsed = site.hub.post("/rest/api/3/jql/parse?validation=strict", {"queries": [jql]}, 200)
        assert parsed["queries"][0]["errors"]
        site.server.acts["set_switch"](name="unknown_jql", value="refuse")
        assert site.hub.call("GET", "/rest/api/3/search/jql", params={"jql": jql}).status_code == 400

    @pytest.mark.parametrize(
        ("jql", "message"),
        [
            ("project = SUP x", "Expecting either 'OR' or 'AND' but got 'x'. (line 1, character 15)"),
            ("project = 'SUP", "The quoted string 'SUP' has not been completed. (line 1, character 11)"),
            ("labels = fd#1", "The character '#' is a reserved JQL character."),
            ("project in SUP", "Expecting '('"),
            ("labels = select", "'select' is a reserved JQL word."),
            ("(project = SUP", "Expecting ')' but got the end of the query."),
        ],
    )
    def test_syntax_errors(self, site: Running, jql: str, message: str) -> None:
        """Only these are 400, with the place of the mistake."""
        answer = site.hub.call("GET", "/rest/api/3/search/jql", params={"jql": jql})
        assert answer.status_code == 400
        assert message in answer.json()["errorMessages"][0]

    def test_language(self, site: Running) -> None:
        """What a hub asks: ids, labels, statuses, texts, empties, orders."""
        one = site.hub.issue(
            summary="Lantern FD-123 flickers", labels=["fd-1", "Dev"], customfield_10042="FD-123"
        )
        two = site.hub.issue(summary="Orbit coffee is cold", customfield_10041={"value": "Orbit Cafe"})
        site.hub.post(f"issue/{two}/transitions", {"transition": {"id": "31"}}, 204)
        site.hub.post(f"issue/{two}/comment", {"body": "needs a new kettle"})
        expected = {
            "labels = dev": [one],
            "labels != dev": [],
            "labels is EMPTY": [two],
            "labels in (x, fd-1)": [one],
            'cf[10042] ~ "\\"FD-123\\""': [one],
            '"Deskbridge id" ~ "FD-124"': [],
            'Customer = "Orbit Cafe"': [two],
            "cf[10041] is empty": [one],
            "statusCategory != Done": [one],
            "status = Done AND resolution = Done": [two],
            "resolution = Unresolved": [one],
            f"key in ({one}, {two}) ORDER BY key DESC": [two, one],
            "summary ~ lantern OR summary ~ coffee ORDER BY summary": [one, two],
            "NOT (labels = dev OR statusCategory = Done)": [],
            "text ~ kettle": [two],
            "coffee": [two],
            "reporter = currentUser() AND id = 10001": [two],
            "created >= -5m AND nosort is EMPTY": [],
            "created >= -5m ORDER BY nosort, key ASC": [one, two],
            "priority in (Medium) AND project not in (10000)": [],
        }
        for jql, keys in expected.items():
            assert site.hub.keys(jql) == keys, jql

    def test_minutes_and_zones(self, site: Running) -> None:
        """Times are minutes in the caller's zone; a client in another one misses changes."""
        key = site.hub.issue()
        site.world.clock.advance(300)
        assert site.hub.keys("updated >= -4m") == []
        assert site.hub.keys("updated >= -6m") == [key]
        minute = site.hub.get(f"issue/{key}")["fields"]["updated"][:16].replace("T", " ")
        assert site.hub.keys(f'updated >= "{minute}"') == [key]
        assert site.hub.keys(f'updated < "{minute.replace("-", "/")}"') == []
        me = site.server._site.users[site.dana.get("myself")["accountId"]]
        me.time_zone = "Asia/Tokyo"
        assert site.dana.keys(f'updated > "{minute}"') == [key]
        assert site.dana.get(f"issue/{key}")["fields"]["updated"].endswith("+0900")

    def test_index_lags(self, site: Running) -> None:
        """Search is late where reading by key is not; reconcileIssues brings it up."""
        site.server.acts["set_switch"](name="index_lag", value=30)
        key = site.hub.issue()
        assert site.hub.keys("project = SUP") == []
        assert site.hub.get(f"issue/{key}")["key"] == key
        assert site.hub.search("project = SUP", reconcileIssues="10000")["issues"] == [{"id": "10000"}]
        site.world.clock.advance(31)
        assert site.hub.keys("project = SUP") == [key]
        site.hub.put(f"issue/{key}", {"fields": {"summary": "changed"}})
        assert site.hub.keys("summary ~ changed") == []
        site.world.clock.advance(31)
        assert site.hub.keys("summary ~ changed") == [key]

    def test_count(self, site: Running) -> None:
        """The only number that search still gives."""
        site.hub.issue()
        body = {"jql": "project = SUP"}
        assert site.hub.post("/rest/api/3/search/approximate-count", body, 200) == {"count": 1}

    def test_structure(self, site: Running) -> None:
        """A good query is taken apart."""
        queries = ["project = SUP AND labels in (a, b) ORDER BY updated DESC"]
        (parsed,) = site.hub.post("/rest/api/3/jql/parse", {"queries": queries}, 200)["queries"]
        clause = parsed["structure"]["where"]["clauses"][1]
        assert clause["operand"] == {"values": [{"value": "a"}, {"value": "b"}]}
        assert parsed["structure"]["orderBy"]["fields"][0]["direction"] == "desc"


# --- filters, boards, mails, pages ----------------------------------------------------------------


class TestBoards:
    def test_filters(self, site: Running) -> None:
        """200 on creation; unique by owner; the query is checked to the last name."""
        body = {"name": "hub: Orbit", "jql": "Customer = 'Orbit Cafe'"}
        made = site.hub.post(
            "filter", {**body, "sharePermissions": [{"type": "project", "project": {"id": "10000"}}]}, 200
        )
        assert isinstance(made["id"], str)
        assert made["sharePermissions"][0]["project"]["key"] == "SUP"
        assert "filterName" in site.hub.post("filter", body, 400)["errors"]
        private = site.dana.post("filter", body, 200)["id"]
        assert site.hub.call("GET", f"filter/{private}").status_code == 400
        site.hub.post("filter", {"name": "x", "jql": "nofield = 1"}, 400)
        site.hub.put(f"filter/{made['id']}", {"name": "n", "jql": "project = SUP"}, 200)
        site.dana.put(f"filter/{made['id']}", {"name": "n"}, 400)
        found = site.hub.get("filter/search", filterName="n", expand="jql")["values"]
        assert [(one["id"], one["jql"]) for one in found if one["id"] == made["id"]] == [
            (made["id"], "project = SUP")
        ]

    def test_shares_are_flat_here(self, site: Running) -> None:
        """The permission resource has another shape than the filter's body, and global replaces."""
        id = site.hub.post("filter", {"name": "x", "jql": "project = SUP"}, 200)["id"]
        path = f"filter/{id}/permission"
        site.hub.post(path, {"type": "project", "projectId": "10000"})
        assert len(site.hub.get(path)) == 1
        shares = site.hub.post(path, {"type": "global"})
        assert [share["type"] for share in shares] == ["global"]

    def test_board_lives_on_its_filter(self, site: Running) -> None:
        """Numbers for ids, a columned configuration that only reads, issues the old way."""
        key = site.hub.issue(customfield_10041={"value": "Orbit Cafe"})
        site.hub.issue()
        filter = site.hub.post("filter", {"name": "x", "jql": "Customer = 'Orbit Cafe'"}, 200)["id"]
        location = {"type": "project", "projectKeyOrId": "SUP"}
        body = {"name": "Orbit", "type": "kanban", "filterId": int(filter), "location": location}
        board = site.hub.post("/rest/agile/1.0/board", body)
        assert isinstance(board["id"], int)
        path = f"/rest/agile/1.0/board/{board['id']}"
        columns = site.hub.get(f"{path}/configuration")["columnConfig"]["columns"]
        assert [[status["id"] for status in column["statuses"]] for column in columns] == [
            ["10000"],
            ["3"],
            ["10001"],
        ]
        issues = site.hub.get(f"{path}/issue", fields="summary")
        assert (issues["total"], issues["issues"][0]["key"]) == (1, key)
        listed = site.hub.get(f"/rest/agile/1.0/board/filter/{filter}")["values"]
        assert [one["id"] for one in listed] == [board["id"]]
        site.hub.put(f"{path}/properties/hub", {"rev": 1}, 201)
        assert site.hub.call("DELETE", path).status_code == 204
        assert site.hub.call("GET", path).status_code == 404
        refused = site.hub.post("/rest/agile/1.0/board", {"name": "x"}, 400)
        assert set(refused["errors"]) == {"type", "filterId"}

    def test_component(self, site: Running) -> None:
        """Made by those who administer, once a name."""
        site.hub.post("component", {"project": "SUP", "name": "Acme"})
        site.hub.post("component", {"project": "SUP", "name": "acme"}, 400)
        site.dana.post("component", {"project": "SUP", "name": "Other"}, 403)
        names = [component["name"] for component in site.hub.get("project/SUP/components")]
        assert names == ["Firmware", "Acme"]


class TestMails:
    def test_who_is_told(self, site: Running) -> None:
        """Assignee, reporter and watchers, never the actor, and never a customer."""
        dana = site.dana.get("myself")["accountId"]
        key = site.hub.issue(assignee={"accountId": dana})
        site.hub.post(f"issue/{key}/comment", {"body": "hi"})
        site.dana.post(f"issue/{key}/comment", {"body": "on it"})
        site.hub.put(f"issue/{key}", {"fields": {"priority": {"id": "1"}}})
        site.dana.post(f"issue/{key}/transitions", {"transition": {"id": "21"}}, 204)
        told = [(mail.to.split("@")[0], mail.cause) for mail in site.world.outbox]
        assert told == [
            ("dana", "issue created"),
            ("dana", "issue commented"),
            ("hub", "issue commented"),
            ("dana", "issue updated"),
            ("hub", "issue transitioned"),
        ]
        assert not any(mail.customer for mail in site.world.outbox)

    def test_quiet_only_for_those_who_administer(self, site: Running) -> None:
        """Cloud ignores notifyUsers=false from others and mails everybody."""
        key = site.hub.issue(assignee={"accountId": site.dana.get("myself")["accountId"]})
        site.world.outbox.clear()
        site.hub.put(f"issue/{key}?notifyUsers=false", {"fields": {"summary": "a"}})
        assert site.world.outbox == []
        site.dana.put(f"issue/{key}?notifyUsers=false", {"fields": {"summary": "b"}})
        assert [mail.to for mail in site.world.outbox] == ["hub@harbour.example"]


class TestPage:
    def test_issue_as_people_see_it(self, site: Running) -> None:
        """The page shows names, rendered texts and pictures, to whoever looks."""
        key = site.hub.issue(description="*bold* !shot.png|thumbnail!")
        site.hub.upload(key, "shot.png", PNG, "image/png")
        site.hub.post(f"issue/{key}/comment", {"body": "{quote}\nsaid\n{quote}"})
        html = site.nobody.call("GET", f"/browse/{key}").text
        assert "To Do" in html
        assert "<b>bold</b>" in html
        assert "<blockquote>" in html
        source = re.search(r'<img src="([^"]+)"', html)
        assert source is not None
        assert site.nobody.call("GET", source[1]).content == PNG

    def test_hostile_texts(self, site: Running) -> None:
        """Nothing that a reporter writes may run in a reader's browser."""
        hostile = (
            '<script>alert(1)</script> [x|javascript:alert(1)] !"onerror="x.png! {{<img src=x onerror=y>}}'
        )
        key = site.hub.issue(summary="<script>s</script>", description=hostile)
        mark = {"type": "link", "attrs": {"href": "javascript:alert(1)"}}
        text = {"type": "text", "text": "x", "marks": [mark]}
        body = {"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": [text]}]}
        site.hub.post(f"/rest/api/3/issue/{key}/comment", {"body": body})
        html = site.nobody.call("GET", f"/browse/{key}").text
        assert "&lt;script&gt;" in html
        assert "<script>" not in html
        assert 'href="javascript' not in html
        assert "<img" not in html

    def test_files_are_no_pages(self, site: Running) -> None:
        """An attached page is downloaded, not run on the site's own address."""
        file = site.hub.upload(site.hub.issue(), "a.html", b"<script>1</script>", "text/html")
        answer = site.nobody.call("GET", f"/secure/attachment/{file['id']}/a.html")
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert "sandbox" in answer.headers["Content-Security-Policy"]


# --- as a whole -----------------------------------------------------------------------------------


def test_reset_keeps_credentials(site: Running) -> None:
    """People's tokens survive a reset, what they made does not."""
    site.hub.upload(site.hub.issue(), "a.txt", b"x")
    before = site.server.environment()
    site.server.reset()
    assert site.server.environment() == before
    assert site.hub.call("GET", "issue/SUP-1").status_code == 404
    assert site.hub.issue() == "SUP-1"


def test_the_constructor_touches_nothing(tmp_path: Path) -> None:
    """A server that is made but not used leaves no files behind."""
    Jira(World(Clock(), random.Random(1)), "http://127.0.0.1:1", tmp_path / "files")
    assert list(tmp_path.iterdir()) == []


def test_environment(site: Running) -> None:
    """The names that settings refer to; tokens are long, as real ones are."""
    env = site.server.environment()
    names = {"JIRA_URL", "JIRA_EMAIL", "JIRA_TOKEN", "JIRA_PROJECT", "JIRA_DEV_EMAIL", "JIRA_DEV_TOKEN"}
    assert set(env) == names
    assert 180 < len(env["JIRA_TOKEN"]) < 200


class TestLibrary:
    """The real client library, unchanged."""

    def test_a_ticket_s_life(self, site: Running) -> None:
        """Create, comment, attach, move and find: what a hub does through the library."""
        client = site.library()
        fields = {
            "project": {"key": "SUP"},
            "issuetype": {"id": "10004"},
            "summary": "by library",
            "labels": ["fd-1"],
        }
        issue = client.create_issue(fields=fields)
        assert client.add_comment(issue, "first").body == "first"
        assert [comment.body for comment in client.comments(issue)] == ["first"]
        with Path(__file__).open("rb") as file:
            attached = client.add_attachment(issue, file, filename="test.py")
        assert attached.get() == Path(__file__).read_bytes()
        assert [t["id"] for t in client.transitions(issue)] == ["11", "21", "31"]
        client.transition_issue(issue, "31", comment="done now")
        assert client.issue(issue.key).fields.status.name == "Done"
        issue.update(fields={"summary": "changed"}, notify=False)
        assert issue.fields.summary == "changed"
        found = client.enhanced_search_issues("labels = fd-1", fields=["summary"])
        assert [one.fields.summary for one in found] == ["changed"]
        assert client.approximate_issue_count("project = SUP") == 1

    def test_boards_and_links(self, site: Running) -> None:
        """What plans boards and relations through the library."""
        client = site.library()
        one, other = (client.create_issue(project="SUP", issuetype="Task", summary=name) for name in "ab")
        client.create_issue_link("Blocks", one, other)
        assert client.issue(one.key).fields.issuelinks[0].outwardIssue.key == other.key
        client.add_simple_link(one.key, {"url": "https://desk.example/1", "title": "desk"})
        assert client.remote_links(one)[0].object.title == "desk"
        saved = client.create_filter("f", jql="project = SUP", favourite=True)
        assert client.filter(saved.id).jql == "project = SUP"
        assert client.boards()[0].name == "SUP board"
        client.create_component("Acme", "SUP")
        assert {part.name for part in client.project_components("SUP")} == {"Acme", "Firmware"}
        assert client.myself()["displayName"] == "deskbridge"

    def test_errors_carry_jira_s_words(self, site: Running) -> None:
        """The library reads the message out of the body."""
        with pytest.raises(library.JIRAError, match="does not exist") as caught:
            site.library().issue("SUP-99")
        assert caught.value.status_code == 404
