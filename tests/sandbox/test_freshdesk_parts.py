"""What hangs on a Freshdesk ticket, one test a fact that shapes a client."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.sandbox.freshdesk_desk import KIM, Desk, failing, serving

DAY = 86400


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One server for all tests."""
    with serving(tmp_path_factory.mktemp("files")) as desk:
        yield desk


@pytest.fixture
def desk(account: Desk) -> Desk:
    """A freshly set-up account."""
    return account.renewed()


class TestMerge:
    def test_leaves_no_flag_but_a_note_with_a_link(self, desk: Desk) -> None:
        """A client can tell a merged ticket from a closed one by that note only."""
        primary, second = desk.ticket()["id"], desk.ticket(email="giulia@orbit.example")["id"]
        answer = desk.call(
            "PUT",
            "tickets/merge",
            json={"primary_id": primary, "ticket_ids": [primary, second], "convert_recepients_to_cc": True},
        )
        assert (answer.status_code, answer.content) == (204, b"")
        merged = desk.get(f"tickets/{second}")
        assert (merged["status"], merged["association_type"]) == (5, None)
        note = desk.get(f"tickets/{second}/conversations")[0]
        assert (note["private"], note["source"], f"/a/tickets/{primary}" in note["body"]) == (True, 2, True)
        assert "It smokes" in desk.get(f"tickets/{primary}/conversations")[0]["body"]
        assert desk.get(f"tickets/{primary}")["cc_emails"] == ["giulia@orbit.example"]

    def test_refuses_what_is_not_there(self, desk: Desk) -> None:
        """The misspelt key is the vendor's; the right spelling is unknown."""
        body = {"primary_id": 1, "ticket_ids": [2], "convert_recipients_to_cc": True}
        codes = failing(desk.call("PUT", "tickets/merge", json=body))
        assert codes == {"convert_recipients_to_cc": "invalid_field"}
        body.pop("convert_recipients_to_cc")
        assert set(failing(desk.call("PUT", "tickets/merge", json=body))) == {"primary_id", "ticket_ids"}


class TestMessages:
    def test_forward_is_private_and_mails_people_outside(self, desk: Desk) -> None:
        """A mirror that calls every mailed message public would show the customer what was forwarded."""
        ticket = desk.ticket()["id"]
        desk.world.outbox.clear()
        made = desk.done("POST", f"tickets/{ticket}/forward", body="see", to_emails=["lab@else.example"])
        said = desk.get(f"tickets/{ticket}/conversations")[0]
        assert (said["source"], said["category"], said["private"], said["incoming"]) == (8, 2, True, False)
        assert "It smokes" in made["body"]
        assert desk.get(f"tickets/{ticket}")["fwd_emails"] == ["lab@else.example"]
        assert desk.mails() == [("forward", "lab@else.example", True)]

    def test_reply_to_forward_has_a_category_of_its_own(self, desk: Desk) -> None:
        """Its source says note, its category 6: by the source alone it would be one."""
        ticket = desk.ticket()["id"]
        desk.done("POST", f"tickets/{ticket}/reply_to_forward", body="thanks", to_emails=["lab@else.example"])
        said = desk.get(f"tickets/{ticket}/conversations")[0]
        assert (said["source"], said["category"], said["private"]) == (2, 6, True)
        missing = desk.call("POST", f"tickets/{ticket}/forward", json={"body": "x"})
        assert failing(missing) == {"to_emails": "missing_field"}

    def test_a_structured_text_may_come_with_files(self, desk: Desk) -> None:
        """In a form it is JSON in one field; the answer shows it as it came, and null where there is none."""
        ticket = desk.ticket()["id"]
        said = {"body_contents": [{"type": "text", "data": {"content": "two\nlines"}}]}
        form = {"structured_body": json.dumps(said), "private": "false"}
        files = {"attachments[]": ("a.txt", b"x")}
        made = desk.call("POST", f"tickets/{ticket}/notes", data=form, files=files)
        assert (made.status_code, made.json()["structured_body"]) == (201, said)
        assert (made.json()["body_text"], len(made.json()["attachments"])) == ("two\nlines", 1)
        assert desk.note(ticket)["structured_body"] is None
        odd = desk.call("POST", f"tickets/{ticket}/notes", data={"structured_body": "{"}, files=files)
        assert failing(odd)["structured_body"] == "datatype_mismatch"

    def test_outbound_ticket_is_closed_and_its_text_fixed(self, desk: Desk) -> None:
        """A client that opens conversations this way finds them closed, and cannot correct a typo."""
        box = desk.get("email_configs")[0]["id"]
        body = {"email": "new@else.example", "subject": "Hello", "description": "d", "email_config_id": box}
        made = desk.done("POST", "tickets/outbound_email", **body)
        assert (made["status"], made["source"], made["responder_id"]) == (5, 10, desk.get("agents/me")["id"])
        assert desk.mails() == [("outbound email", "new@else.example", True)]
        answer = desk.call("PUT", f"tickets/{made['id']}", json={"subject": "Hullo"})
        assert failing(answer) == {"subject": "incompatible_field"}
        body.pop("email_config_id")
        answer = desk.call("POST", "tickets/outbound_email", json=body)
        assert failing(answer) == {"email_config_id": "missing_field"}


class TestAssociations:
    def test_child_and_parent_name_each_other(self, desk: Desk) -> None:
        """`parent_id` is written and never read: the list on both sides is what tells."""
        parent = desk.ticket()["id"]
        child = desk.ticket(parent_id=parent)["id"]
        above, below = desk.get(f"tickets/{parent}"), desk.get(f"tickets/{child}")
        assert (above["association_type"], above["associated_tickets_list"]) == (1, [child])
        assert (below["association_type"], below["associated_tickets_list"]) == (2, [parent])
        assert "parent_id" not in below
        listed = desk.get(f"tickets/{parent}/associated_tickets")["tickets"]
        assert [row["id"] for row in listed] == [child]
        assert desk.get(f"tickets/{child}/prime_association")["id"] == parent
        assert desk.call("GET", f"tickets/{child}/associated_tickets").status_code == 404

    def test_tracker_over_related_tickets(self, desk: Desk) -> None:
        """Many customers' tickets hang on one: they can be related once only."""
        customers = [desk.ticket()["id"] for _ in range(2)]
        tracker = desk.ticket(related_ticket_ids=customers)["id"]
        assert desk.get(f"tickets/{tracker}")["association_type"] == 3
        assert desk.get(f"tickets/{customers[0]}")["association_type"] == 4
        again = desk.call("PUT", f"tickets/{desk.ticket()['id']}", json={"related_ticket_ids": customers})
        assert failing(again) == {"related_ticket_ids": "invalid_value"}


class TestWatchers:
    def test_watching_is_for_agents_and_mails_them(self, desk: Desk) -> None:
        """`filter=watching` is the caller's; `unwatch` removes nobody but the caller."""
        ticket, me = desk.ticket()["id"], desk.get("agents/me")["id"]
        sam = desk.get("agents", email="sam@harbour.example")[0]["id"]
        for user in (me, sam):
            desk.done("POST", f"tickets/{ticket}/watch", user_id=user)
        assert [row["id"] for row in desk.get("tickets", filter="watching")] == [ticket]
        desk.world.outbox.clear()
        desk.done("POST", f"tickets/{ticket}/reply", body="hi")
        assert ("watched ticket", "sam@harbour.example", False) in desk.mails()
        desk.done("PUT", f"tickets/{ticket}/unwatch")
        assert desk.get(f"tickets/{ticket}/watchers") == {"watcher_ids": [sam]}
        assert desk.get("tickets", filter="watching") == []

    def test_bulk_watch_takes_a_user_bulk_unwatch_does_not(self, desk: Desk) -> None:
        """An unknown key is refused here as anywhere."""
        tickets, me = [desk.ticket()["id"] for _ in range(2)], desk.get("agents/me")["id"]
        desk.done("PUT", "tickets/bulk_watch", ids=tickets, user_id=me)
        answer = desk.call("PUT", "tickets/bulk_unwatch", json={"ids": tickets, "user_id": me})
        assert failing(answer) == {"user_id": "invalid_field"}
        desk.done("PUT", "tickets/bulk_unwatch", ids=tickets)
        assert desk.get(f"tickets/{tickets[0]}/watchers") == {"watcher_ids": []}

    def test_bulk_watch_without_a_user_is_for_the_caller(self, desk: Desk) -> None:
        """The documentation demands the tickets only."""
        ticket, me = desk.ticket()["id"], desk.get("agents/me")["id"]
        desk.done("PUT", "tickets/bulk_watch", ids=[ticket])
        assert desk.get(f"tickets/{ticket}/watchers") == {"watcher_ids": [me]}


class TestSummaryAndViewers:
    def test_summary_is_one_note_made_by_the_first_put(self, desk: Desk) -> None:
        """404 until then; a later PUT edits it."""
        ticket = desk.ticket()["id"]
        assert desk.call("GET", f"tickets/{ticket}/summary").status_code == 404
        first = desk.done("PUT", f"tickets/{ticket}/summary", body="a")
        second = desk.done("PUT", f"tickets/{ticket}/summary", body="b")
        assert (first["last_edited_at"], first["id"]) == (None, second["id"])
        assert second["last_edited_at"]
        assert desk.call("DELETE", f"tickets/{ticket}/summary").status_code == 204
        assert desk.get(f"tickets/{ticket}/conversations") == []

    def test_accesses_are_ids_or_ids_to_remove(self, desk: Desk) -> None:
        """POST takes numbers, PATCH takes objects."""
        ticket, users = desk.ticket()["id"], [row["id"] for row in desk.get("contacts")]
        path = f"tickets/{ticket}/accesses"
        assert desk.done("POST", path, user_ids=users[:2]) == {"user_ids": users[:2]}
        patch = [{"id": users[0], "deleted": True}, {"id": users[2]}]
        assert desk.done("PATCH", path, user_ids=patch) == {"user_ids": users[1:]}
        assert desk.call("DELETE", path).status_code == 204
        assert desk.get(path) == {"user_ids": []}


class TestTime:
    def test_an_entry_does_not_bump_the_ticket(self, desk: Desk) -> None:
        """`updated_since` never finds it: time entries need a poll of their own."""
        made = desk.ticket()
        desk.later(5)
        entry = desk.done("POST", f"tickets/{made['id']}/time_entries", time_spent="30:15", note="n")
        assert (entry["time_spent"], entry["time_spent_in_seconds"]) == ("30:15", 108900)
        assert (entry["timer_running"], entry["billable"]) == (False, True)
        assert desk.get(f"tickets/{made['id']}")["updated_at"] == made["updated_at"]
        assert [row["id"] for row in desk.get("time_entries", billable="true")] == [entry["id"]]
        assert desk.get("time_entries", executed_before="2020-01-01") == []

    def test_without_a_duration_a_timer_starts_and_an_agent_has_one(self, desk: Desk) -> None:
        """A client that copies an entry without its duration starts a clock."""
        ticket = desk.ticket()["id"]
        first = desk.done("POST", f"tickets/{ticket}/time_entries", note="a")
        desk.later(120)
        second = desk.done("POST", f"tickets/{ticket}/time_entries", note="b")
        rows = {row["id"]: row for row in desk.get(f"tickets/{ticket}/time_entries")}
        assert [rows[e["id"]]["timer_running"] for e in (first, second)] == [False, True]
        assert rows[first["id"]]["time_spent"] == "00:02"
        desk.later(60)
        stopped = desk.done("PUT", f"time_entries/{second['id']}/toggle_timer")
        assert (stopped["timer_running"], stopped["time_spent"]) == (False, "00:01")

    @pytest.mark.parametrize(
        ("body", "codes"),
        [
            ({"time_spent": "1h"}, {"time_spent": "invalid_value"}),
            ({"start_time": "2999-01-01"}, {"start_time": "invalid_value"}),
            ({"start_time": "2020-01-01", "timer_running": False}, {"start_time": "incompatible_field"}),
            ({"agent_id": 5}, {"agent_id": "invalid_value"}),
            ({"created_at": "2020-01-01"}, {"created_at": "invalid_field"}),
        ],
    )
    def test_rules_of_an_entry(self, desk: Desk, body: dict[str, object], codes: dict[str, str]) -> None:
        """Each is documented, each is a 400."""
        ticket = desk.ticket()["id"]
        assert failing(desk.call("POST", f"tickets/{ticket}/time_entries", json=body)) == codes

    def test_work_dates_survive_by_executed_at(self, desk: Desk) -> None:
        """The one time of an entry that a client may set."""
        ticket = desk.ticket()["id"]
        values = {"time_spent": "01:00", "executed_at": "2026-01-05T10:00:00Z"}
        made = desk.done("POST", f"tickets/{ticket}/time_entries", **values)
        assert (made["executed_at"], made["created_at"] > made["executed_at"]) == (
            values["executed_at"],
            True,
        )


class TestRatings:
    def test_feedback_shows_as_a_conversation_too(self, desk: Desk) -> None:
        """It would be mirrored twice by a client that reads both."""
        ticket = desk.ticket()["id"]
        path = f"tickets/{ticket}/satisfaction_ratings"
        made = desk.done("POST", path, ratings={"default_question": -103}, feedback="Slow!")
        said = desk.get(f"tickets/{ticket}/conversations")[0]
        assert (said["source"], said["incoming"], said["body_text"]) == (6, True, "Slow!")
        assert desk.get(path) == [made]
        wrong = desk.call("POST", path, json={"ratings": {"default_question": 5}})
        assert failing(wrong) == {"default_question": "invalid_value"}

    def test_the_list_shows_30_days_unless_told(self, desk: Desk) -> None:
        """And the plan may have no surveys at all."""
        desk.act("customer_rates", ticket=desk.ticket()["id"], rating=103)
        desk.later(31 * DAY)
        assert desk.get("surveys/satisfaction_ratings") == []
        assert len(desk.get("surveys/satisfaction_ratings", created_since="2020-01-01")) == 1
        desk.act("switch", name="surveys", value=False)
        refused = desk.call("GET", "surveys")
        assert (refused.status_code, refused.json()["code"]) == (403, "require_feature")


class TestEnds:
    def test_closed_and_idle_for_120_days_is_archived(self, desk: Desk) -> None:
        """Gone from lists, search and its own address; read by the other one, never written again."""
        ticket = desk.ticket()["id"]
        desk.note(ticket)
        desk.done("PUT", f"tickets/{ticket}", status=5)
        desk.later(60 * DAY)
        desk.note(ticket)
        desk.later(119 * DAY)
        assert desk.get(f"tickets/{ticket}")["status"] == 5
        desk.later(DAY)
        assert desk.call("GET", f"tickets/{ticket}").status_code == 404
        assert desk.get("tickets", updated_since="2015-01-01") == []
        read = desk.get(f"tickets/archived/{ticket}")
        assert (read["archived"], "stats" in read) == (True, False)
        assert len(desk.get(f"tickets/archived/{ticket}/conversations")) == 2
        assert desk.call("POST", f"tickets/{ticket}/notes", json={"body": "x"}).status_code == 404

    def test_late_answer_to_an_archived_ticket_is_a_new_one(self, desk: Desk) -> None:
        """An old number in a mail does not bring the ticket back."""
        ticket = desk.ticket()["id"]
        desk.done("PUT", f"tickets/{ticket}", status=5)
        desk.act("archive", ticket=ticket)
        made = desk.act("customer_reply", ticket=ticket, email=KIM, html="still!")
        assert made["ticket"] == ticket + 1

    def test_spam_is_purged_after_30_days_too(self, desk: Desk) -> None:
        """With its files and all."""
        ticket = desk.ticket()["id"]
        desk.act("mark_spam", ticket=ticket)
        desk.later(29 * DAY)
        assert desk.get(f"tickets/{ticket}")["spam"] is True
        desk.later(DAY)
        assert desk.call("GET", f"tickets/{ticket}").status_code == 404

    def test_bulk_delete_is_a_job(self, desk: Desk) -> None:
        """Nothing is deleted yet when it answers."""
        ticket = desk.ticket()["id"]
        job = desk.done("POST", "tickets/bulk_delete", bulk_action={"ids": [ticket]})
        assert "deleted" not in desk.get(f"tickets/{ticket}")
        desk.later(1)
        assert desk.get(f"jobs/{job['job_id']}")["data"] == [{"id": ticket, "success": True}]
        assert desk.get(f"tickets/{ticket}")["deleted"] is True
