"""The facts of Freshdesk that shape a client, one test a fact, over real HTTP."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.sandbox.freshdesk_desk import KIM, Desk, failing, serving


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One server for all tests."""
    with serving(tmp_path_factory.mktemp("files")) as desk:
        yield desk


@pytest.fixture
def desk(account: Desk) -> Desk:
    """A freshly set-up account with a minute's credits of its own."""
    return account.renewed()


class TestEveryCall:
    def test_without_a_key_is_401_and_still_says_freshdesk(self, desk: Desk) -> None:
        """A client that probes a host tells a wrong key from a wrong host by the version header."""
        answer = requests.get(desk.url + "/api/v2/agents/me", auth=("wrong", "X"), timeout=10)
        assert (answer.status_code, answer.json()["code"]) == (401, "invalid_credentials")
        assert answer.headers["X-Freshdesk-Api-Version"] == "latest=v2; requested=v2"
        assert "X-Ratelimit-Total" not in answer.headers

    def test_me_is_the_owner_of_the_key(self, desk: Desk) -> None:
        """A client that guesses its own id would mirror its own notes."""
        answer = desk.sam.get(desk.url + "/api/v2/agents/me", timeout=10)
        assert answer.json()["contact"]["email"] == "sam@harbour.example"

    def test_admin_lists_are_403_for_an_agent_who_still_reads_the_fields(self, desk: Desk) -> None:
        """A client that needs /agents fails for ordinary keys; the form's choices name everybody."""
        refused = desk.sam.get(desk.url + "/api/v2/agents", timeout=10)
        assert (refused.status_code, refused.json()["code"]) == (403, "access_denied")
        fields = desk.sam.get(desk.url + "/api/v2/ticket_fields", timeout=10).json()
        assert "Noor Haddad" in next(f for f in fields if f["name"] == "agent")["choices"]

    def test_hub_admin_is_a_switch(self, desk: Desk) -> None:
        """A hub must also work with a key that is no admin's."""
        desk.act("switch", name="hub_admin", value=False)
        assert desk.call("GET", "groups").status_code == 403

    def test_unknown_id_is_404_with_an_empty_body(self, desk: Desk) -> None:
        """A client that parses every error as JSON would crash."""
        answer = desk.call("GET", "tickets/77")
        assert (answer.status_code, answer.content) == (404, b"")

    def test_unknown_query_parameter_is_refused(self, desk: Desk) -> None:
        """A client cannot pass further parameters in the hope that they are ignored."""
        assert failing(desk.call("GET", "tickets?sort=id")) == {"sort": "invalid_field"}

    @pytest.mark.parametrize(
        ("headers", "data", "status", "code"),
        [
            ({"Accept": "text/html"}, b"{}", 406, None),
            ({"Content-Type": "application/xml"}, b"<x/>", 415, "unsupported_media_type"),
            ({"Content-Type": "application/json"}, b"{", 400, "invalid_json"),
            ({"Content-Type": "application/json"}, b'{"subject": "\\ud800"}', 400, "invalid_json"),
        ],
    )
    def test_what_is_no_json_is_refused(
        self, desk: Desk, headers: dict[str, str], data: bytes, status: int, code: str | None
    ) -> None:
        """Each of these has its own status; only some have a body."""
        answer = desk.call("POST", "tickets", headers=headers, data=data)
        assert answer.status_code == status
        assert not code or answer.json()["code"] == code

    @pytest.mark.parametrize("path", ["tickets/abc", "tickets/-1", "tickets/0", "tickets/1.5/conversations"])
    def test_what_can_be_no_id_is_not_found(self, desk: Desk, path: str) -> None:
        """A wrong id in the address is a 404 without a body, whatever it looks like."""
        answer = desk.call("GET", path)
        assert (answer.status_code, answer.content) == (404, b"")
        assert requests.get(f"{desk.url}/api/v2/{path}", timeout=10).status_code == 401

    def test_unplayed_call_is_501_and_wrong_verb_405(self, desk: Desk) -> None:
        """There is no GET for one conversation; what the sandbox lacks says so instead of 404."""
        assert desk.call("GET", "solutions/categories").status_code == 501
        refused = desk.call("GET", "conversations/1")
        assert (refused.status_code, refused.headers["Allow"]) == (405, "PUT, DELETE")


class TestLimits:
    def test_includes_cost_credits(self, desk: Desk) -> None:
        """A client that counts calls instead of credits runs dry early."""
        ticket = desk.ticket()["id"]
        spent = "X-Ratelimit-Used-CurrentRequest"
        assert desk.call("GET", "tickets?include=stats,requester").headers[spent] == "5"
        assert desk.call("GET", f"tickets/{ticket}?include=company,requester").headers[spent] == "3"

    def test_list_of_tickets_has_its_own_ceiling(self, tmp_path: Path) -> None:
        """On Growth the list ends at 20 calls although 200 are allowed; the next minute goes on."""
        with serving(tmp_path, plan="growth") as desk:
            desk.later(60 - desk.world.clock.now().timestamp() % 60)
            codes = [desk.call("GET", "tickets").status_code for _ in range(21)]
            refused = desk.call("GET", "tickets")
            assert codes == [200] * 20 + [429]
            assert 0 < int(refused.headers["Retry-After"]) <= 60
            assert "X-Ratelimit-Remaining" not in refused.headers
            assert desk.call("GET", "agents/me").status_code == 200
            desk.later(60)
            assert desk.call("GET", "tickets").status_code == 200

    def test_without_limits_no_header_tells_of_any(self, desk: Desk) -> None:
        """A client that counts for itself would keep to a limit that there is not, and wait for nothing."""
        desk.world.limits = False
        told = desk.call("GET", "agents/me").headers
        assert not [name for name in told if "ratelimit" in name.lower()]


class TestCreate:
    def test_unknown_key_is_refused_even_from_its_own_answer(self, desk: Desk) -> None:
        """A client that sends back what it read gets 400: the answer has keys that no call takes."""
        codes = failing(desk.call("POST", "tickets", json=desk.ticket()))
        assert codes["created_at"] == codes["description_text"] == "invalid_field"

    def test_all_failing_fields_are_told_at_once(self, desk: Desk) -> None:
        """A client can show everything that is wrong, not the first thing only."""
        codes = failing(desk.call("POST", "tickets", json={"status": "2", "priority": 9}))
        assert codes == {
            "status": "datatype_mismatch",
            "priority": "invalid_value",
            "requester_id": "missing_field",
            "subject": "missing_field",
            "description": "missing_field",
        }

    def test_defaults_and_due_times_that_come_later(self, desk: Desk) -> None:
        """A client that reads due times from the answer of create finds none."""
        made = desk.ticket()
        assert (made["status"], made["priority"], made["source"]) == (2, 1, 2)
        assert (made["due_by"], made["fr_due_by"]) == (None, None)
        desk.later(3)
        read = desk.get(f"tickets/{made['id']}")
        assert (read["due_by"] > read["fr_due_by"] > read["created_at"], read["updated_at"]) == (
            True,
            made["updated_at"],
        )

    def test_unknown_requester_becomes_a_contact_of_the_domains_company(self, desk: Desk) -> None:
        """A client that creates tickets creates people as well."""
        made = desk.ticket(email="new@orbit.example", name="Nia Vale")
        contact = desk.get(f"contacts/{made['requester_id']}")
        assert (contact["name"], contact["company_id"]) == ("Nia Vale", made["company_id"])
        assert desk.get(f"companies/{made['company_id']}")["name"] == "Orbit Cafe"

    def test_agents_can_be_requesters_but_are_no_contacts(self, desk: Desk) -> None:
        """A client that looks every requester up in contacts meets 404."""
        made = desk.ticket(email="sam@harbour.example")
        assert desk.call("GET", f"contacts/{made['requester_id']}").status_code == 404
        assert desk.get(f"agents/{made['requester_id']}")["contact"]["name"] == "Sam Rivera"

    def test_required_fields_are_the_accounts_own(self, desk: Desk) -> None:
        """What works on an empty account fails on a real one: the form decides."""
        desk.act("require_field", name="cf_region", closure=True)
        made = desk.ticket()
        closing = desk.call("PUT", f"tickets/{made['id']}", json={"status": 5})
        assert failing(closing) == {"cf_region": "missing_field"}
        values = {"status": 5, "custom_fields": {"cf_region": "Europe"}}
        assert desk.call("PUT", f"tickets/{made['id']}", json=values).status_code == 200

    def test_custom_field_errors_name_the_field_itself(self, desk: Desk) -> None:
        """A client that maps errors by `custom_fields.x` finds nothing."""
        bad = {"cf_region": "Moon", "cf_product_version": 3, "cf_gone": "x"}
        answer = desk.call("POST", "tickets", json={"email": KIM, "subject": "s", "custom_fields": bad})
        codes = failing(answer)
        assert codes["cf_region"] == "invalid_value"
        assert codes["cf_product_version"] == "datatype_mismatch"
        assert codes["cf_gone"] == "invalid_field"

    def test_multipart_names_and_types(self, desk: Desk) -> None:
        """Files travel by multipart only, where lists end in [] and every number is text."""
        data = {
            "email": KIM,
            "subject": "s",
            "description": "d",
            "priority": "4",
            "tags[]": ["a", "b"],
            "custom_fields[cf_region]": "Europe",
        }
        files = [("attachments[]", ("näme.txt", b"hello", "text/plain"))] * 2
        made = desk.call("POST", "tickets", data=data, files=files).json()
        assert (made["priority"], made["tags"], made["custom_fields"]["cf_region"]) == (
            4,
            ["a", "b"],
            "Europe",
        )
        assert [(a["name"], a["size"]) for a in made["attachments"]] == [("näme.txt", 5)] * 2

    def test_location_names_the_new_ticket(self, desk: Desk) -> None:
        """A client may follow it."""
        body = {"email": KIM, "subject": "s", "description": "d"}
        answer = desk.call("POST", "tickets", json=body)
        assert answer.headers["Location"] == f"{desk.url}/api/v2/tickets/{answer.json()['id']}"

    def test_texts_are_cleaned_and_wrapped(self, desk: Desk) -> None:
        """What is read back is not what was written: a client must remember what it read back."""
        written = "<p>a</p><script>x()</script><!-- m --><img src=x onerror=y>"
        made = desk.ticket(description=written)
        assert made["description"].startswith("<div><p>a</p>")
        assert not any(word in made["description"] for word in ("script", "<!--", "onerror"))
        assert made["description_text"] == "a"


class TestUpdate:
    def test_is_partial_and_merges_custom_fields_but_replaces_tags(self, desk: Desk) -> None:
        """A client that sends one tag removes the others."""
        made = desk.ticket(tags=["a"], custom_fields={"cf_region": "Europe"})
        change = {"tags": ["b"], "custom_fields": {"cf_product_version": "4"}}
        read = desk.call("PUT", f"tickets/{made['id']}", json=change).json()
        assert (read["tags"], read["subject"]) == (["b"], "Printer")
        assert read["custom_fields"]["cf_region"] == "Europe"

    def test_does_not_take_cc_emails(self, desk: Desk) -> None:
        """Only creation does."""
        answer = desk.call("PUT", f"tickets/{desk.ticket()['id']}", json={"cc_emails": []})
        assert failing(answer) == {"cc_emails": "invalid_field"}

    def test_answer_shows_the_old_due_times(self, desk: Desk) -> None:
        """A client that stores the answer stores a due time that is about to change."""
        made = desk.ticket()
        desk.later(3)
        before = desk.get(f"tickets/{made['id']}")["due_by"]
        answer = desk.call("PUT", f"tickets/{made['id']}", json={"priority": 4}).json()
        assert answer["due_by"] == before
        desk.later(3)
        assert desk.get(f"tickets/{made['id']}")["due_by"] < before

    def test_due_time_set_by_hand_is_kept(self, desk: Desk) -> None:
        """A hub that computes due times must not see them recomputed."""
        made = desk.ticket()
        due = (desk.world.clock.now() + timedelta(days=9)).strftime("%Y-%m-%dT%H:%M:%SZ")
        answer = desk.call("PUT", f"tickets/{made['id']}", json={"due_by": due}).json()
        desk.call("PUT", f"tickets/{made['id']}", json={"priority": 4})
        desk.later(3)
        assert answer["due_by"] == desk.get(f"tickets/{made['id']}")["due_by"] == due

    def test_due_times_are_in_order(self, desk: Desk) -> None:
        """Both after creation, the resolution after the response."""
        made = desk.ticket()
        path, now = f"tickets/{made['id']}", desk.world.clock.now()
        early = desk.call("PUT", path, json={"due_by": "2020-01-01"})
        swapped = {"fr_due_by": (now + timedelta(2)).isoformat(), "due_by": (now + timedelta(1)).isoformat()}
        assert failing(early) == failing(desk.call("PUT", path, json=swapped)) == {"due_by": "invalid_value"}

    def test_trash_and_spam_are_405_and_hidden(self, desk: Desk) -> None:
        """A trashed ticket is neither missing nor writable, and leaves the normal list unnoticed."""
        trashed, spam = desk.ticket()["id"], desk.ticket()["id"]
        assert desk.call("DELETE", f"tickets/{trashed}").status_code == 204
        desk.act("mark_spam", ticket=spam)
        for ticket in (trashed, spam):
            refused = desk.call("PUT", f"tickets/{ticket}", json={"status": 3})
            assert refused.status_code == 405
            assert refused.json()["message"].startswith("PUT method is not allowed")
        assert desk.get(f"tickets/{trashed}")["deleted"] is True
        assert desk.get("tickets") == []
        assert [row["id"] for row in desk.get("tickets", filter="deleted")] == [trashed]
        assert [row["id"] for row in desk.get("tickets", filter="spam")] == [spam]

    def test_trash_is_restored_within_30_days_only(self, desk: Desk) -> None:
        """After a month the ticket is gone for good."""
        kept, lost = desk.ticket()["id"], desk.ticket()["id"]
        for ticket in (kept, lost):
            desk.call("DELETE", f"tickets/{ticket}")
        assert desk.call("PUT", f"tickets/{kept}/restore").status_code == 204
        desk.later(30 * 86400)
        assert "deleted" not in desk.get(f"tickets/{kept}")
        assert desk.call("GET", f"tickets/{lost}").status_code == 404

    def test_what_changes_nothing_bumps_nothing(self, desk: Desk) -> None:
        """Writing the same value again is no activity."""
        made = desk.ticket()
        desk.later(5)
        assert (
            desk.call("PUT", f"tickets/{made['id']}", json={"status": 2}).json()["updated_at"]
            == made["updated_at"]
        )

    def test_stats_follow_the_status(self, desk: Desk) -> None:
        """`stats` are the only history of a status that the API gives."""
        ticket = desk.ticket()["id"]
        desk.call("PUT", f"tickets/{ticket}", json={"status": 5})
        closed = desk.get(f"tickets/{ticket}", include="stats")["stats"]
        assert closed["closed_at"]
        assert closed["resolved_at"]
        desk.call("PUT", f"tickets/{ticket}", json={"status": 2})
        opened = desk.get(f"tickets/{ticket}", include="stats")["stats"]
        assert (opened["closed_at"], opened["resolved_at"]) == (None, None)
        assert opened["reopened_at"]


class TestList:
    def test_shows_30_days_unless_updated_since(self, desk: Desk) -> None:
        """A client that forgets `updated_since` silently misses everything old."""
        ticket = desk.ticket()["id"]
        desk.later(31 * 86400)
        assert desk.get("tickets") == []
        assert [row["id"] for row in desk.get("tickets", updated_since="2015-01-19")] == [ticket]

    def test_updated_since_is_inclusive(self, desk: Desk) -> None:
        """A cursor comes back with the row it came from; adding a second would lose others."""
        made = desk.ticket()
        assert len(desk.get("tickets", updated_since=made["updated_at"])) == 1

    def test_rows_lack_description_and_files(self, desk: Desk) -> None:
        """Message 0 has to be asked for."""
        desk.ticket()
        row, whole = desk.get("tickets")[0], desk.get("tickets", include="description")[0]
        assert not {"description", "attachments", "deleted"} & set(row)
        assert whole["description_text"] == "It smokes"

    def test_conversations_cannot_be_included(self, desk: Desk) -> None:
        """They can in the view of one ticket only."""
        assert failing(desk.call("GET", "tickets?include=conversations")) == {"include": "invalid_value"}

    def test_link_is_there_while_there_is_more(self, desk: Desk) -> None:
        """The link keeps the filters; on the last page there is none."""
        tickets = [desk.ticket()["id"] for _ in range(3)]
        query = "tickets?per_page=2&order_type=asc&updated_since=2015-01-19T00:00:00Z"
        first = desk.call("GET", query)
        second = desk.hub.get(first.links["next"]["url"], timeout=10)
        assert "next" not in second.links
        assert [row["id"] for row in first.json() + second.json()] == tickets

    @pytest.mark.parametrize("query", ["per_page=101", "per_page=0", "per_page=abc", "page=301", "page=0"])
    def test_walls(self, desk: Desk, query: str) -> None:
        """At most 100 a page and 300 pages: a larger account is walked by windows."""
        assert failing(desk.call("GET", f"tickets?{query}")) == {query.partition("=")[0]: "invalid_value"}

    def test_unknown_email_is_400(self, desk: Desk) -> None:
        """Not an empty list."""
        assert failing(desk.call("GET", "tickets?email=nobody@x.example")) == {"email": "invalid_value"}

    def test_search_lags_and_has_no_page_size(self, desk: Desk) -> None:
        """A client that searches for what it has just created creates it twice."""
        desk.ticket(tags=["dev"])
        query = {"query": "\"tag:'dev' AND (status:2 OR status:3)\""}
        assert desk.get("search/tickets", **query) == {"total": 0, "results": []}
        desk.later(60)
        assert desk.get("search/tickets", **query)["total"] == 1
        refused = desk.call("GET", "search/tickets", params=query | {"per_page": "100"})
        assert failing(refused) == {"per_page": "invalid_field"}
        assert failing(desk.call("GET", "search/tickets?query=status:2")) == {"query": "invalid_value"}


class TestConversations:
    def test_note_is_private_unless_told(self, desk: Desk) -> None:
        """And the description is not among the conversations."""
        ticket = desk.ticket()["id"]
        note = desk.note(ticket)
        listed = desk.get(f"tickets/{ticket}/conversations")
        assert [(c["id"], c["private"], c["incoming"], c["source"]) for c in listed] == [
            (note["id"], True, False, 2)
        ]

    def test_note_bumps_the_ticket(self, desk: Desk) -> None:
        """So `updated_since` finds new notes."""
        ticket = desk.ticket()["id"]
        desk.later(5)
        assert desk.note(ticket)["created_at"] == desk.get(f"tickets/{ticket}")["updated_at"]

    def test_include_stops_at_the_oldest_ten(self, desk: Desk) -> None:
        """Nothing says that there are more."""
        ticket = desk.ticket()["id"]
        notes = [desk.note(ticket)["id"] for _ in range(11)]
        assert [
            c["id"] for c in desk.get(f"tickets/{ticket}", include="conversations")["conversations"]
        ] == notes[:10]
        assert [c["id"] for c in desk.get(f"tickets/{ticket}/conversations")] == notes

    def test_edit_shows_in_last_edited_only(self, desk: Desk) -> None:
        """The ticket's `updated_at` does not move: edits need a sweep of their own."""
        ticket = desk.ticket()["id"]
        note = desk.note(ticket)
        before = desk.get(f"tickets/{ticket}")["updated_at"]
        desk.later(5)
        assert desk.call("PUT", f"conversations/{note['id']}", json={"body": "new"}).status_code == 200
        read = desk.get(f"tickets/{ticket}/conversations")[0]
        assert read["last_edited_at"] > note["created_at"]
        assert (read["body_text"], desk.get(f"tickets/{ticket}")["updated_at"]) == ("new", before)

    def test_replies_cannot_be_edited_but_deleted(self, desk: Desk) -> None:
        """What was mailed stays mailed."""
        ticket = desk.ticket()["id"]
        sent = desk.call("POST", f"tickets/{ticket}/reply", json={"body": "hello"}).json()
        assert desk.call("PUT", f"conversations/{sent['id']}", json={"body": "x"}).status_code == 405
        assert desk.call("DELETE", f"conversations/{sent['id']}").status_code == 204
        assert desk.get(f"tickets/{ticket}/conversations") == []

    def test_trashed_ticket_takes_no_note(self, desk: Desk) -> None:
        """405, as for any write."""
        ticket = desk.ticket()["id"]
        desk.call("DELETE", f"tickets/{ticket}")
        assert desk.call("POST", f"tickets/{ticket}/notes", json={"body": "x"}).status_code == 405

    def test_customer_reply_opens_the_ticket_again(self, desk: Desk) -> None:
        """A status may go backward without any call that says so."""
        ticket = desk.ticket()["id"]
        desk.call("PUT", f"tickets/{ticket}", json={"status": 4})
        desk.act("customer_reply", ticket=ticket, email=KIM, html="<p>No!</p>")
        said = desk.get(f"tickets/{ticket}/conversations")[0]
        assert (said["incoming"], said["private"], said["source"], said["category"]) == (True, False, 0, 1)
        assert desk.get(f"tickets/{ticket}")["status"] == 2

    def test_note_may_stand_for_a_customer(self, desk: Desk) -> None:
        """The usual way to carry a customer's words: incoming, public, by user id."""
        made = desk.ticket()
        desk.note(made["id"], incoming=True, private=False, user_id=made["requester_id"])
        said = desk.get(f"tickets/{made['id']}/conversations")[0]
        assert (said["user_id"], said["incoming"]) == (made["requester_id"], True)


class TestMails:
    def test_create_reply_and_close_mail_the_customer(self, desk: Desk) -> None:
        """Each of these reaches a customer although no call mentions a mail."""
        ticket = desk.ticket()["id"]
        desk.call("POST", f"tickets/{ticket}/reply", json={"body": "a", "cc_emails": ["bo@x.example"]})
        desk.call("PUT", f"tickets/{ticket}", json={"status": 4})
        desk.call("PUT", f"tickets/{ticket}", json={"status": 5})
        assert desk.mails() == [
            ("new ticket", KIM, True),
            ("reply", KIM, True),
            ("reply", "bo@x.example", True),
            ("ticket resolved", KIM, True),
            ("ticket closed", KIM, True),
        ]

    def test_private_note_mails_only_whom_it_names(self, desk: Desk) -> None:
        """The one text of the hub that reaches no customer."""
        ticket = desk.ticket()["id"]
        desk.world.outbox.clear()
        desk.note(ticket)
        assert desk.mails() == []
        desk.note(ticket, notify_emails=["sam@harbour.example"])
        assert desk.mails() == [("note", "sam@harbour.example", False)]

    def test_public_note_mails_the_customer(self, desk: Desk) -> None:
        """A note is not harmless because it is called a note."""
        ticket = desk.ticket()["id"]
        desk.world.outbox.clear()
        desk.note(ticket, private=False)
        assert desk.mails() == [("public note", KIM, True)]

    def test_bulk_update_closes_without_a_mail(self, desk: Desk) -> None:
        """The one documented mute; it is done by a job, not in the answer."""
        ticket = desk.ticket()["id"]
        desk.world.outbox.clear()
        properties = {"status": 5, "skip_close_notification": True}
        action = {"bulk_action": {"ids": [ticket, 999], "properties": properties}}
        job = desk.call("POST", "tickets/bulk_update", json=action).json()
        assert desk.get(f"jobs/{job['job_id']}")["status"] == "IN PROGRESS"
        assert desk.get(f"tickets/{ticket}")["status"] == 2
        desk.later(1)
        done = desk.hub.get(job["href"], timeout=10).json()
        assert (done["status"], [row["success"] for row in done["data"]]) == ("COMPLETED", [True, False])
        assert desk.get(f"tickets/{ticket}")["status"] == 5
        assert desk.mails() == []

    def test_whether_the_mute_covers_resolving_is_a_switch(self, desk: Desk) -> None:
        """The documentation speaks of closing: whoever resolves by it must not promise silence."""
        for covers, mailed in ((True, []), (False, [("ticket resolved", KIM, True)])):
            desk.act("switch", name="mute_covers_resolved", value=covers)
            ticket = desk.ticket()["id"]
            desk.world.outbox.clear()
            properties = {"status": 4, "skip_close_notification": True}
            desk.done("POST", "tickets/bulk_update", bulk_action={"ids": [ticket], "properties": properties})
            desk.later(2)
            assert desk.get(f"tickets/{ticket}")["status"] == 4
            assert desk.mails() == mailed


class TestFiles:
    def _attached(self, desk: Desk) -> str:
        ticket = desk.ticket()["id"]
        files = {"attachments[]": ("a.txt", b"hello", "text/plain")}
        note = desk.call("POST", f"tickets/{ticket}/notes", data={"body": "b"}, files=files).json()
        return str(note["attachments"][0]["attachment_url"])

    def test_address_dies_after_five_minutes(self, desk: Desk) -> None:
        """A client that queues downloads gets 403 and XML."""
        url = self._attached(desk)
        assert requests.get(url, timeout=10).content == b"hello"
        desk.later(301)
        late = requests.get(url, timeout=10)
        assert (late.status_code, late.headers["content-type"]) == (403, "application/xml")

    def test_address_takes_no_second_login(self, desk: Desk) -> None:
        """A client that sends its key along gets 400, and has shown its key to a stranger."""
        assert desk.hub.get(self._attached(desk), timeout=10).status_code == 400

    def test_inline_pictures_are_in_the_text_only(self, desk: Desk) -> None:
        """They are in no list, need no login and never expire."""
        picture = {
            "name": "p.png",
            "content_base64": base64.b64encode(b"png").decode(),
            "content_type": "image/png",
            "inline_cid": "p1",
        }
        made = desk.act(
            "customer_mail",
            email=KIM,
            subject="Look",
            html='<p><img src="cid:p1"></p>',
            attachments=[picture],
        )
        read = desk.get(f"tickets/{made['ticket']}")
        assert (read["attachments"], read["source"]) == ([], 1)
        assert 'class="fr-fil fr-dib"' in read["description"]
        assert "data-id=" in read["description"]
        url = read["description"].partition('src="')[2].partition('"')[0]
        desk.later(86400)
        assert requests.get(url, timeout=10).content == b"png"
        assert requests.get(url + "x", timeout=10).status_code == 404

    def test_20_mb_are_for_the_whole_ticket(self, desk: Desk) -> None:
        """What other messages carry counts as well."""
        ticket = desk.ticket()["id"]
        half = {"attachments[]": ("big.bin", b"0" * (11 * 1024 * 1024))}
        first = desk.call("POST", f"tickets/{ticket}/notes", data={"body": "b"}, files=half)
        second = desk.call("POST", f"tickets/{ticket}/notes", data={"body": "b"}, files=half)
        assert first.status_code == 201
        assert failing(second) == {"attachments": "invalid_value"}

    def test_deleted_attachment_is_gone(self, desk: Desk) -> None:
        """From the note and from the store."""
        url = self._attached(desk)
        number = url.partition("/production/")[2].partition("/")[0]
        assert desk.call("DELETE", f"attachments/{number}").status_code == 204
        assert requests.get(url, timeout=10).status_code == 404


class TestPeople:
    def test_duplicate_contact_names_its_owner(self, desk: Desk) -> None:
        """The 409 is how a client finds out that an address belongs to an agent."""
        answer = desk.call("POST", "contacts", json={"name": "S", "email": "SAM@harbour.example"})
        assert failing(answer, 409) == {"email": "duplicate_value"}
        owner = answer.json()["errors"][0]["additional_info"]["user_id"]
        assert desk.call("GET", f"contacts/{owner}").status_code == 404

    def test_contacts_are_alphabetical_and_lack_tags(self, desk: Desk) -> None:
        """A walk by page shifts while people are added."""
        rows = desk.get("contacts")
        assert [row["name"] for row in rows] == ["Aiko Sato", "Giulia Conti", "Kim Park"]
        assert "tags" not in rows[0]
        assert desk.get(f"contacts/{rows[0]['id']}")["tags"] == []

    def test_deleted_contact_takes_no_update(self, desk: Desk) -> None:
        """405 until restored."""
        kim = desk.get("contacts", email=KIM)[0]["id"]
        assert desk.call("DELETE", f"contacts/{kim}").status_code == 204
        assert desk.call("PUT", f"contacts/{kim}", json={"name": "K"}).status_code == 405
        assert [row["id"] for row in desk.get("contacts", state="deleted")] == [kim]

    def test_company_domains_and_names_are_unique(self, desk: Desk) -> None:
        """Both answer 409."""
        taken = {"name": "lantern books", "domains": ["orbit.example"]}
        codes = failing(desk.call("POST", "companies", json=taken), 409)
        assert codes == {"name": "duplicate_value", "domains": "duplicate_value"}


class TestSetup:
    def test_choices_have_four_shapes(self, desk: Desk) -> None:
        """A client that reads them all alike is wrong for three of four."""
        shapes = {f["name"]: f.get("choices") for f in desk.get("ticket_fields")}
        assert shapes["status"]["6"] == ["Waiting on Customer", "Awaiting your Reply"]
        assert shapes["priority"] == {"Low": 1, "Medium": 2, "High": 3, "Urgent": 4}
        assert shapes["ticket_type"][0] == "Question"
        assert shapes["cf_region"] == ["Europe", "Americas", "Asia Pacific"]
        assert shapes["subject"] is None

    def test_dependent_field_is_a_path(self, desk: Desk) -> None:
        """Three keys, and no level may be skipped."""
        tree = {"Europe": {"Spain": ["Vigo"]}}
        assert desk.act("add_field", label="Place", type="nested_field", choices=tree) == {"name": "cf_place"}
        made = desk.ticket(custom_fields={"cf_place": "Europe", "cf_place_level_2": "Spain"})
        skipped = {"cf_place": None, "cf_place_level_2": "Spain"}
        answer = desk.call("PUT", f"tickets/{made['id']}", json={"custom_fields": skipped})
        assert failing(answer) == {"cf_place_level_2": "invalid_value"}
        desk.act("switch", name="nested_choices_as_array", value=True)
        shown = next(f for f in desk.get("ticket_fields") if f["name"] == "cf_place")
        assert shown["choices"] == [{"Europe": [{"Spain": ["Vigo"]}]}]

    def test_due_times_follow_the_shipped_policy_and_pause(self, desk: Desk) -> None:
        """Pending time does not count; it is added when the ticket is open again."""
        made = desk.ticket(priority=4)
        ticket, created = made["id"], desk.world.clock.now().replace(microsecond=0)
        desk.call("PUT", f"tickets/{ticket}", json={"status": 3})
        desk.later(3600)
        desk.call("PUT", f"tickets/{ticket}", json={"status": 2})
        desk.later(3)
        due = desk.get(f"tickets/{ticket}")["due_by"]
        late = [(created + timedelta(hours=5, seconds=s)).strftime("%Y-%m-%dT%H:%M:%SZ") for s in (-1, 0, 1)]
        assert due in late

    def test_breach_is_marked_late_and_bumps(self, desk: Desk) -> None:
        """A ticket changes without anybody's doing; a client must compare fields, not times."""
        made = desk.ticket(priority=4)
        desk.later(3605)
        desk.get("agents/me")
        desk.later(300)
        read = desk.get(f"tickets/{made['id']}")
        assert (read["fr_escalated"], read["is_escalated"]) == (True, False)
        assert read["updated_at"] > made["updated_at"]


class TestMailWithoutSubject:
    def test_it_makes_a_ticket_with_an_empty_subject(self, desk: Desk) -> None:
        """Work tools want a title: whoever hands the empty one on is refused."""
        made = desk.act("customer_mail", email=KIM, subject="  ", html="<p>Help</p>")["ticket"]
        assert desk.get(f"tickets/{made}")["subject"] == ""

    def test_what_it_says_is_a_switch(self, desk: Desk) -> None:
        """Nothing tells what Freshdesk writes there, so a client must live with either."""
        desk.act("switch", name="no_subject", value="(no subject)")
        made = desk.act("customer_mail", email=KIM, subject="", html="<p>Help</p>")["ticket"]
        assert desk.get(f"tickets/{made}")["subject"] == "(no subject)"


class TestPage:
    def test_shows_a_ticket_to_people_and_runs_nothing(self, desk: Desk) -> None:
        """A hostile text must not act on the page."""
        ticket = desk.ticket(subject="<script>s</script>", description="<b onclick=x>bold</b>")["id"]
        desk.note(ticket, body="<p style='position:fixed'>mine</p>")
        page = requests.get(f"{desk.url}/a/tickets/{ticket}", timeout=10).text
        assert "<b>bold</b>" in page
        assert 'class="internal"' in page
        assert not any(word in page for word in ("<script", "onclick", "position:fixed"))

    def test_reset_forgets_tickets_and_keeps_keys(self, desk: Desk) -> None:
        """Credentials were published: they stay valid."""
        desk.ticket(email="new@orbit.example")
        desk.server.reset()
        assert desk.get("tickets") == []
        assert len(desk.get("contacts")) == 3
        assert desk.ticket()["id"] == 1


@pytest.mark.parametrize(
    ("act", "arguments"),
    [
        ("customer_reply", {"ticket": 5, "email": KIM, "html": ""}),
        ("customer_mail", {"email": "nobody", "subject": "", "html": ""}),
        (
            "customer_mail",
            {"email": KIM, "subject": "", "html": "", "attachments": [{"name": "a", "content_base64": "%"}]},
        ),
        ("switch", {"name": "hub_admin", "value": 1}),
        ("switch", {"name": "nothing", "value": 1}),
        ("require_field", {"name": "cf_none"}),
    ],
)
def test_acts_refuse_bad_input(desk: Desk, act: str, arguments: dict[str, Any]) -> None:
    """The control API turns these into a clear 400."""
    with pytest.raises(ValueError, match=r"\w"):
        desk.act(act, **arguments)
