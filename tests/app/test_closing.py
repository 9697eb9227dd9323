"""What the program says of closings and receipts before any of them happens."""

from __future__ import annotations

import json

import pytest

from tests.app.program import Hub

pytestmark = pytest.mark.timeout(180)  # each is a dozen commands

_CLOSES = ("[policies.standard]\n", "[policies.standard]\nclose_after = { resolved = 5 }\n")
_SECTION = """[receipt]
connections = ["desk"]
enforce_from = 2020-01-01T00:00:00Z
sender = "Harbour support"
text = "We have it. Please quote {numbers}."

"""
_RECEIPT = ("# -- who is served", f"{_SECTION}# -- who is served")


def test_explain_says_when_a_ticket_is_closed(hub: Hub) -> None:
    """Otherwise an agent whom a customer asks how long they have must reckon holidays by hand."""
    hub.change(_CLOSES)
    ticket = hub.people.mail("kim@lantern.example", "Kim Park", "Import stops", "<p>At row 17.</p>")
    hub.people.sort(ticket, status=4)
    assert hub.run("sync", "--once").code == 0
    told = hub.run("explain", f"desk:{ticket}").out
    (line,) = [line for line in told.splitlines() if "unless the customer answers" in line]
    assert "closed on 20" in line
    assert "18:00 CE" in line, "at the end of a working day in Rome"
    assert "(5 working days)" in line
    hub.people.answer(ticket, "kim@lantern.example", "<p>It still stops.</p>")
    hub.run("sync", "--once")
    assert "unless the customer answers" not in hub.run("explain", f"desk:{ticket}").out


def test_what_nobody_can_ask_the_tool_is_said_before_it_begins(hub: Hub) -> None:
    """Otherwise each customer gets two receipts, and a mail for each ticket that is closed in the night."""
    hub.change(_CLOSES, _RECEIPT)
    remarks = json.loads(hub.run("check", "--live", "--json").out)["remarks"]
    assert "desk: no call tells whether it sends a receipt of its own: customers would get two" in remarks
    (line,) = [one for one in remarks if "closes a ticket whose customer has not answered" in one]
    assert 'add may_mail = ["desk"]' in line
    told = (
        "desk: if the hub closes a ticket whose customer has not answered, the ticket's customer can read it"
    )
    assert told in hub.run("mails").out


def test_plan_and_mails_say_whom_a_receipt_mails_before_it_does(hub: Hub) -> None:
    """Otherwise the first thing that anybody knows of it is a customer's answer."""
    assert "sends a receipt" not in hub.run("mails").out
    hub.change(_RECEIPT)
    assert "if the hub sends a receipt, the ticket's customer can read it, the customer is mailed" in (
        hub.run("mails").out
    )
    ticket = hub.people.mail("kim@lantern.example", "Kim Park", "Import stops", "<p>At row 17.</p>")
    before = hub.customers_mailed()
    said = f"tell the customer: We have it. Please quote #{ticket}. (read by customer lantern, MAIL)"
    assert said in hub.run("plan").out
    assert hub.customers_mailed() == before, "a plan mails nobody"
    assert hub.run("sync", "--once").code == 0
    assert hub.run("sync", "--once").code == 0
    assert hub.customers_mailed() == before + 1
    (kept,) = [
        d for d in json.loads(hub.run("history", f"desk:{ticket}", "--json").out) if d["kind"] == "receipt"
    ]
    assert (kept["mails"], "kim" in json.dumps(kept)) == ("always", False), "and no address is kept with it"
