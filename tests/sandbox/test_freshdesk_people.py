"""People in the fake Freshdesk: contacts, companies, agents, groups."""

from __future__ import annotations

from collections.abc import Iterator

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
    """A freshly set-up account."""
    return account.renewed()


def contact(desk: Desk, email: str) -> int:
    """The id of a contact."""
    number: int = desk.get("contacts", email=email)[0]["id"]
    return number


class TestContacts:
    def test_hard_delete_needs_a_soft_one_and_takes_the_tickets(self, desk: Desk) -> None:
        """400 with no body; afterwards the tickets are gone as well."""
        kim, ticket = contact(desk, KIM), desk.ticket()["id"]
        refused = desk.call("DELETE", f"contacts/{kim}/hard_delete")
        assert (refused.status_code, refused.content) == (400, b"")
        assert desk.call("DELETE", f"contacts/{kim}").status_code == 204
        assert desk.get(f"tickets/{ticket}")["requester_id"] == kim
        assert desk.call("DELETE", f"contacts/{kim}/hard_delete").status_code == 204
        assert desk.call("GET", f"tickets/{ticket}").status_code == 404

    def test_blocked_contacts_are_hidden_and_405(self, desk: Desk) -> None:
        """Their tickets still name them."""
        kim = contact(desk, KIM)
        desk.act("block_contact", contact=kim)
        assert desk.get("contacts", email=KIM) == []
        assert [row["id"] for row in desk.get("contacts", state="blocked")] == [kim]
        assert desk.call("PUT", f"contacts/{kim}", json={"name": "K"}).status_code == 405

    def test_merge_moves_addresses_and_tickets(self, desk: Desk) -> None:
        """The second contact lives on as a deleted one without an address."""
        kim, aiko = contact(desk, KIM), contact(desk, "aiko@lantern.example")
        ticket = desk.ticket(email="aiko@lantern.example")["id"]
        body = {"primary_contact_id": kim, "secondary_contact_ids": [aiko]}
        assert desk.call("POST", "contacts/merge", json=body).status_code == 204
        assert desk.get(f"contacts/{kim}")["other_emails"] == ["aiko@lantern.example"]
        assert desk.get(f"tickets/{ticket}")["requester_id"] == kim
        assert desk.get(f"contacts/{aiko}")["deleted"] is True

    def test_make_agent_keeps_the_id(self, desk: Desk) -> None:
        """The same number is found elsewhere from now on; there are only so many seats."""
        kim = contact(desk, KIM)
        made = desk.done("PUT", f"contacts/{kim}/make_agent")
        assert (made["email"], made["agent"]["id"]) == (KIM, kim)
        assert desk.call("GET", f"contacts/{kim}").status_code == 404
        assert desk.get(f"agents/{kim}")["contact"]["name"] == "Kim Park"
        desk.act("switch", name="seats", value=4)
        full = desk.call("PUT", f"contacts/{contact(desk, 'aiko@lantern.example')}/make_agent")
        assert (full.status_code, full.json()["code"]) == (403, "max_agents_reached")

    def test_make_agent_needs_an_address(self, desk: Desk) -> None:
        """409, with a code of its own."""
        made = desk.done("POST", "contacts", name="Phone Only", phone="123")
        refused = desk.call("PUT", f"contacts/{made['id']}/make_agent")
        assert (refused.status_code, refused.json()["code"]) == (409, "inconsistent_state")

    def test_custom_fields_have_no_prefix(self, desk: Desk) -> None:
        """Unlike those of tickets."""
        body = {"label": "Plan", "label_for_customers": "Plan", "type": "custom_dropdown"}
        made = desk.done("POST", "contact_fields", **body, choices=[{"value": "Gold"}, {"value": "Tin"}])
        assert (made["name"], made["choices"][0]["value"]) == ("plan", "Gold")
        assert next(f for f in desk.get("contact_fields") if f["name"] == "plan")["choices"] == [
            "Gold",
            "Tin",
        ]
        kim = contact(desk, KIM)
        assert desk.done("PUT", f"contacts/{kim}", custom_fields={"plan": "Tin"})["custom_fields"] == {
            "plan": "Tin"
        }
        wrong = desk.call("PUT", f"contacts/{kim}", json={"custom_fields": {"plan": "Iron", "cf_plan": "x"}})
        assert failing(wrong) == {"plan": "invalid_value", "cf_plan": "invalid_field"}

    def test_time_zones_and_languages_are_the_vendors_own(self, desk: Desk) -> None:
        """The usual name of a zone is refused."""
        kim = contact(desk, KIM)
        assert desk.done("PUT", f"contacts/{kim}", time_zone="Chennai")["time_zone"] == "Chennai"
        wrong = desk.call("PUT", f"contacts/{kim}", json={"time_zone": "Asia/Kolkata", "language": "english"})
        assert failing(wrong) == {"time_zone": "invalid_value", "language": "invalid_value"}

    def test_avatar_by_multipart(self, desk: Desk) -> None:
        """Pictures only, five megabytes at most."""
        data = {"name": "Pic", "email": "pic@else.example"}
        made = desk.call(
            "POST", "contacts", data=data, files={"avatar": ("p.png", b"png", "image/png")}
        ).json()
        assert requests.get(made["avatar"]["avatar_url"], timeout=10).content == b"png"
        files = {"avatar": ("p.exe", b"x", "image/png")}
        assert failing(desk.call("PUT", f"contacts/{made['id']}", files=files)) == {"avatar": "invalid_value"}

    def test_lists_show_other_companies_as_numbers(self, desk: Desk) -> None:
        """Alone they are objects: two shapes under one name."""
        kim, orbit = contact(desk, KIM), desk.get("companies")[1]["id"]
        desk.done("PUT", f"contacts/{kim}", other_companies=[{"company_id": orbit, "view_all_tickets": True}])
        assert desk.get("contacts", email=KIM)[0]["other_companies"] == [orbit]
        shown = desk.get(f"contacts/{kim}")["other_companies"]
        assert shown == [{"view_all_tickets": True, "company_id": orbit}]

    def test_both_spellings_of_updated_since(self, desk: Desk) -> None:
        """Older clients write an underscore in front."""
        desk.later(5)
        since = desk.world.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        desk.later(5)
        desk.done("PUT", f"contacts/{contact(desk, KIM)}", job_title="Boss")
        for name in ("updated_since", "_updated_since"):
            assert [row["email"] for row in desk.get("contacts", **{name: since})] == [KIM]

    def test_autocomplete_matches_beginnings_of_words(self, desk: Desk) -> None:
        """Contacts answer a list, companies an object."""
        assert [row["name"] for row in desk.get("contacts/autocomplete", term="PAR")] == ["Kim Park"]
        assert desk.get("contacts/autocomplete", term="ark") == []
        assert desk.get("companies/autocomplete", name="books")["companies"][0]["name"] == "Lantern Books"

    def test_search_for_people(self, desk: Desk) -> None:
        """Thirty a page, after the index has caught up; deleted ones are not in it."""
        desk.later(61)
        found = desk.get("search/contacts", query="\"email:'kim@lantern.example' AND active:true\"")
        assert [row["name"] for row in found["results"]] == ["Kim Park"]
        assert desk.get("search/companies", query="\"domain:'orbit.example'\"")["total"] == 1
        refused = desk.call("GET", "search/contacts?query=\"name:'Kim'\"")
        assert failing(refused) == {"query": "invalid_field"}


class TestExports:
    def test_contacts_as_csv_one_export_at_a_time(self, desk: Desk) -> None:
        """The address comes when the job is done, and dies like any other."""
        fields = {"default_fields": ["name", "email"], "custom_fields": []}
        job = desk.done("POST", "contacts/export", fields=fields)["id"]
        assert desk.call("POST", "contacts/export", json={"fields": fields}).status_code == 409
        desk.later(1)
        done = desk.get(f"contacts/export/{job}")
        text = requests.get(done["download_url"], timeout=10).text
        assert (done["status"], text.splitlines()[1]) == ("completed", "Aiko Sato,aiko@lantern.example")

    def test_import_by_column(self, desk: Desk) -> None:
        """A row without name, or without address and number, fails and is counted."""
        rows = b"name,mail\nNia Vale,nia@else.example\n,x@else.example\nNobody,\n"
        data = {"fields[name]": "0", "fields[email]": "1"}
        job = desk.call(
            "POST", "contacts/imports", data=data, files={"file": ("c.csv", rows, "text/csv")}
        ).json()
        assert (job["status"], job["total_records"]) == ("in_progress", 3)
        desk.later(1)
        read = desk.get(f"contacts/imports/{job['id']}")
        assert (read["status"], read["failures"]["count"]) == ("completed", 2)
        assert desk.get("contacts", email="nia@else.example")[0]["name"] == "Nia Vale"


class TestCompanies:
    def test_delete_is_final_and_leaves_the_people(self, desk: Desk) -> None:
        """They are of no company."""
        company = next(row["id"] for row in desk.get("companies") if row["name"] == "Lantern Books")
        assert desk.call("DELETE", f"companies/{company}").status_code == 204
        assert desk.call("GET", f"companies/{company}").status_code == 404
        assert desk.get("contacts", email=KIM)[0]["company_id"] is None

    def test_renewal_date_comes_back_as_midnight(self, desk: Desk) -> None:
        """And the industry is one of a list."""
        made = desk.done("POST", "companies", name="New", renewal_date="2027-03-01", industry="Software")
        assert made["renewal_date"] == "2027-03-01T00:00:00Z"
        wrong = desk.call("PUT", f"companies/{made['id']}", json={"industry": "Robots"})
        assert failing(wrong) == {"industry": "invalid_value"}


class TestAgents:
    def test_deleted_agent_is_a_contact_with_the_same_id(self, desk: Desk) -> None:
        """What a former agent wrote names an id that answers as a contact now."""
        made = desk.done("POST", "agents", email="temp@harbour.example", name="Temp", ticket_scope=1)
        ticket = desk.ticket(responder_id=made["id"])["id"]
        note = desk.note(ticket, user_id=made["id"])
        assert desk.call("DELETE", f"agents/{made['id']}").status_code == 204
        assert desk.call("GET", f"agents/{made['id']}").status_code == 404
        assert desk.get(f"contacts/{note['user_id']}")["email"] == "temp@harbour.example"
        assert desk.get(f"tickets/{ticket}")["responder_id"] is None

    def test_what_an_agent_needs(self, desk: Desk) -> None:
        """An address that nobody has, and a scope."""
        codes = failing(desk.call("POST", "agents", json={"name": "x"}))
        assert codes == {"email": "missing_field", "ticket_scope": "missing_field"}
        taken = desk.call("POST", "agents", json={"email": KIM, "ticket_scope": 1})
        assert failing(taken, 409) == {"email": "duplicate_value"}
        renamed = desk.call("PUT", f"agents/{desk.get('agents/me')['id']}", json={"name": "x"})
        assert failing(renamed) == {"name": "invalid_field"}
        collaborator = {"email": "c@else.example", "ticket_scope": 1, "agent_type": 3}
        assert desk.call("POST", "agents", json=collaborator).json()["code"] == "require_feature"

    def test_groups_have_two_apis_with_other_names(self, desk: Desk) -> None:
        """`business_hour_id` is unknown to the newer one."""
        me, hours = desk.get("agents/me")["id"], desk.get("business_hours")[0]["id"]
        made = desk.done("POST", "admin/groups", name="Lab", business_calendar_id=hours, agent_ids=[me])
        assert desk.get(f"groups/{made['id']}")["business_hour_id"] == hours
        assert "agent_ids" not in desk.get("groups")[0]
        wrong = desk.call("PUT", f"admin/groups/{made['id']}", json={"business_hour_id": hours})
        assert failing(wrong) == {"business_hour_id": "invalid_field"}
        again = desk.call("POST", "groups", json={"name": "lab"})
        assert failing(again, 409) == {"name": "duplicate_value"}
        patched = desk.done(
            "PATCH", f"admin/groups/{made['id']}/agents", agents=[{"id": me, "deleted": True}]
        )
        assert patched["agent_ids"] == []
        assert desk.call("DELETE", f"groups/{made['id']}").status_code == 204

    def test_bulk_creation_is_a_job(self, desk: Desk) -> None:
        """One that fails does not stop the others."""
        rows = [{"email": "a@harbour.example", "ticket_scope": 1}, {"email": KIM, "ticket_scope": 1}]
        job = desk.done("POST", "agents/bulk", agents=rows)
        desk.later(1)
        assert [row["success"] for row in desk.get(f"jobs/{job['job_id']}")["data"]] == [True, False]
