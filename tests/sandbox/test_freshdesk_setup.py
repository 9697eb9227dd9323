"""How the fake Freshdesk is set up and read out: admin fields, shelves, exports, scale, snapshots."""

from __future__ import annotations

import dataclasses
import io
import json
import random
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from deskbridge.sandbox.freshdesk.server import Freshdesk
from deskbridge.sandbox.freshdesk.switches import Switches
from deskbridge.sandbox.snapshot import Snapshots
from deskbridge.sandbox.world import Clock, World
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


class TestAdminFields:
    def test_name_is_made_of_the_label_with_digits_when_taken(self, desk: Desk) -> None:
        """A client must read the name from the answer."""
        values = {"label": "Jira key", "label_for_customers": "Jira key", "type": "custom_text"}
        first, second = (desk.done("POST", "admin/ticket_fields", **values) for _ in range(2))
        assert first["name"] == "cf_jira_key"
        assert second["name"].startswith("cf_jira_key1")
        assert desk.ticket(custom_fields={"cf_jira_key": "X-1"})["custom_fields"]["cf_jira_key"] == "X-1"

    def test_choices_are_objects_here_and_texts_elsewhere(self, desk: Desk) -> None:
        """By id one is renamed, one removed; without an id one is added."""
        choices = [{"value": "One"}, {"value": "Two"}]
        body = {"label": "Kind", "type": "custom_dropdown", "choices": choices}
        made = desk.done("POST", "admin/ticket_fields", **body)
        one, two = (choice["id"] for choice in made["choices"])
        change = [{"id": one, "value": "Eins"}, {"id": two, "deleted": True}, {"value": "Three"}]
        desk.done("PUT", f"admin/ticket_fields/{made['id']}", choices=change)
        field = next(f for f in desk.get("ticket_fields") if f["name"] == "cf_kind")
        assert field["choices"] == ["Eins", "Three"]
        listed = next(f for f in desk.get("admin/ticket_fields") if f["name"] == "cf_kind")
        assert "choices" not in listed

    def test_dependent_field_answers_wrapped(self, desk: Desk) -> None:
        """A client that reads `id` from the top of the answer finds none."""
        choices = [{"value": "EU", "choices": [{"value": "Spain", "choices": [{"value": "Vigo"}]}]}]
        levels = [{"label": "Country", "level": 2}, {"label": "City", "level": 3}]
        body = {"label": "Area", "type": "nested_field", "choices": choices, "dependent_fields": levels}
        made = desk.done("POST", "admin/ticket_fields", **body)["ticket_field"]
        assert [level["name"] for level in made["dependent_fields"]] == ["cf_country", "cf_city"]
        field = next(f for f in desk.get("ticket_fields") if f["name"] == "cf_area")
        assert field["choices"] == {"EU": {"Spain": ["Vigo"]}}
        assert [level["level"] for level in field["nested_ticket_fields"]] == [2, 3]

    def test_deleting_a_field_destroys_its_values(self, desk: Desk) -> None:
        """On every ticket, for good; default ones stay."""
        ticket = desk.ticket(custom_fields={"cf_region": "Europe"})["id"]
        rows = {f["name"]: f["id"] for f in desk.get("admin/ticket_fields")}
        assert desk.call("DELETE", f"admin/ticket_fields/{rows['cf_region']}").status_code == 204
        assert "cf_region" not in desk.get(f"tickets/{ticket}")["custom_fields"]
        assert desk.call("DELETE", f"admin/ticket_fields/{rows['status']}").status_code == 400

    def test_label_for_customers_is_needed_where_they_see_it(self, desk: Desk) -> None:
        """Met live only; the documentation does not say so."""
        body = {"label": "x", "type": "custom_text", "displayed_to_customers": True}
        answer = desk.call("POST", "admin/ticket_fields", json=body)
        assert failing(answer) == {"label_for_customers": "missing_field"}

    def test_a_field_in_a_section_is_demanded_with_its_choice_only(self, desk: Desk) -> None:
        """What is required depends on what else was chosen."""
        rows = {f["name"]: f["id"] for f in desk.get("admin/ticket_fields")}
        region = desk.get(f"admin/ticket_fields/{rows['cf_region']}")
        path = f"admin/ticket_fields/{region['id']}/sections"
        section = desk.done("POST", path, label="EU", choice_ids=[region["choices"][0]["id"]])["sections"][0]
        mapping = [{"section_id": section["id"], "position": 1}]
        values = {"required_for_agents": True, "section_mappings": mapping}
        desk.done("PUT", f"admin/ticket_fields/{rows['cf_product_version']}", **values)
        assert desk.get(f"{path}/{section['id']}")["section"]["ticket_field_ids"] == [
            rows["cf_product_version"]
        ]
        desk.ticket(custom_fields={"cf_region": "Americas"})
        body = {"email": KIM, "subject": "s", "description": "d", "custom_fields": {"cf_region": "Europe"}}
        assert failing(desk.call("POST", "tickets", json=body)) == {"cf_product_version": "missing_field"}

    def test_forms_write_times_in_another_way(self, desk: Desk) -> None:
        """Without T and Z, in fields only; a write is not played."""
        form = desk.get("ticket-forms")[0]
        field = desk.get(f"ticket-forms/{form['id']}")["fields"][0]
        assert ("T" in form["created_at"], "T" in field["created_at"]) == (True, False)
        assert desk.call("POST", "ticket-forms", json={}).status_code == 501
        assert desk.ticket()["form_id"] == form["id"]


class TestShelves:
    def test_product_brings_its_mailbox(self, desk: Desk) -> None:
        """Setting the one changes the other (4.1)."""
        product = desk.act("add_product", name="Lamp", support_email="lamp@harbour.example")["product"]
        box = next(row for row in desk.get("email_configs") if row["product_id"] == product)
        made = desk.ticket(product_id=product)
        assert made["email_config_id"] == box["id"]
        field = next(f for f in desk.get("ticket_fields") if f["name"] == "product")
        assert field["choices"] == {"Lamp": product}

    def test_mailboxes_never_show_passwords(self, desk: Desk) -> None:
        """The group of a mailbox is that of its tickets."""
        group = desk.get("groups")[0]["id"]
        inside = {"mail_server": "m", "port": 993, "user_name": "u", "password": "secret"}
        body = {"support_email": "Lab@harbour.example", "mailbox_type": "custom_mailbox", "group_id": group}
        custom = {"access_type": "incoming", "incoming": inside}
        made = desk.done("POST", "email/mailboxes", **body, custom_mailbox=custom)
        assert (made["support_email"], "secret" in json.dumps(made)) == ("lab@harbour.example", False)
        assert desk.ticket(email_config_id=made["id"])["group_id"] == group
        assert desk.call("DELETE", f"email/mailboxes/{made['id']}").status_code == 204

    def test_canned_responses_have_no_delete(self, desk: Desk) -> None:
        """Folders list what is in them."""
        folder = desk.done("POST", "canned_response_folders", name="F")["id"]
        body = {"title": "Hi", "content_html": "<b>Hello</b>", "folder_id": folder, "visibility": 0}
        made = desk.done("POST", "canned_responses", **body)
        assert made["content"] == "Hello"
        assert desk.get(f"canned_response_folders/{folder}/responses")[0]["id"] == made["id"]
        assert desk.get(f"canned_response_folders/{folder}")["canned_responses"][0]["title"] == "Hi"
        assert desk.call("DELETE", f"canned_responses/{made['id']}").status_code == 405

    @pytest.mark.parametrize("path", ["roles", "products", "skills", "admin/skills", "scenario_automations"])
    def test_small_lists(self, desk: Desk, path: str) -> None:
        """They page like any other, and are no more lenient."""
        assert isinstance(desk.get(path, per_page=1), list)
        assert failing(desk.call("GET", path + "?per_page=101")) == {"per_page": "invalid_value"}

    def test_roles_say_for_which_kind_of_agent_they_are(self, desk: Desk) -> None:
        """A collaborator's role given to an agent is refused by the real thing."""
        kinds = {row["name"]: row["agent_type"] for row in desk.get("roles")}
        assert (kinds["Agent"], kinds["Ticket Collaborator"]) == (1, 3)

    def test_sources_that_no_call_sets_are_shown(self, desk: Desk) -> None:
        """Tickets come by them: a client that knows only what it may write has no name for those."""
        source = next(f for f in desk.get("ticket_fields") if f["name"] == "source")
        assert source["choices"]["Forum"] == 4
        body = {"email": "kim@lantern.example", "subject": "s", "description": "d", "source": 4}
        assert failing(desk.call("POST", "tickets", json=body)) == {"source": "invalid_value"}

    def test_what_is_not_played_is_501(self, desk: Desk) -> None:
        """It names itself, so that nobody takes it for an empty account."""
        for path in ("solutions/categories", "discussions/categories", "custom_objects/schemas"):
            assert desk.call("GET", path).status_code == 501


class TestExports:
    def test_the_account_as_a_zip_with_archived_tickets(self, desk: Desk) -> None:
        """The only bulk way to what is archived; names are those of long ago."""
        ticket = desk.ticket(status=5)["id"]
        desk.note(ticket)
        desk.act("archive", ticket=ticket)
        resources = [{"name": "archive_tickets", "include": ["notes"]}, {"name": "tickets"}]
        job = desk.done("POST", "account/export", resources=resources, output_format="json")["job"]
        desk.later(1)
        done = desk.get(f"jobs/{job['id']}")
        assert (done["name"], done["status"]) == ("ACCOUNT::EXPORT", "COMPLETED")
        data = requests.get(done["download_url"], timeout=10).content
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            row = json.loads(archive.read("archive_tickets.json"))[0]["helpdesk_ticket"]
            assert json.loads(archive.read("tickets.json")) == []
        assert (row["display_id"], len(row["helpdesk_notes"])) == (ticket, 1)

    def test_activities_of_a_day_come_when_it_is_over(self, desk: Desk) -> None:
        """Labels, not numbers; 404 before, and where the admin has not switched it on."""
        day = desk.world.clock.now().date().isoformat()
        ticket = desk.ticket()["id"]
        desk.done("PUT", f"tickets/{ticket}", status=3)
        assert desk.call("GET", f"export/ticket_activities?created_at={day}").status_code == 404
        desk.later(DAY)
        url = desk.get("export/ticket_activities", created_at=day)["export"][0]["url"]
        rows = requests.get(url, timeout=10).json()["activities_data"]
        assert {"status": "Pending"} in [row["activity"] for row in rows]
        desk.act("switch", name="activities_export", value=False)
        assert desk.call("GET", f"export/ticket_activities?created_at={day}").status_code == 404


class TestScale:
    def test_a_walk_meets_every_ticket_though_many_share_a_second(self, desk: Desk) -> None:
        """By windows of `updated_since`, ascending; rows of one second are lost by adding one to it."""
        made = desk.act("generate", count=400, seed=3)
        desk.world.limits = False
        seen: set[int] = set()
        for place in ("all_tickets", "deleted", "spam"):
            query = f"updated_since=1970-01-01&per_page=100&order_by=updated_at&order_type=asc&filter={place}"
            url: str | None = f"{desk.url}/api/v2/tickets?{query}"
            while url:
                answer = desk.hub.get(url, timeout=10)
                seen |= {row["id"] for row in answer.json()}
                url = answer.links.get("next", {}).get("url")
        assert len(seen) == 400 - int(str(made["archived"]))
        rows = desk.get("tickets", updated_since="1970-01-01", per_page=100)
        assert len({row["updated_at"] for row in rows}) < 100

    def test_the_same_seed_makes_the_same_account(self, desk: Desk) -> None:
        """A run can be compared with another by hash; files have the same bytes again."""
        desk.act("generate", count=60, seed=5)
        row = next(row for n in range(7, 61) for row in self._files(desk, n))
        first = requests.get(row["attachment_url"], timeout=10).content
        bodies = desk.get("tickets/50")["description"]
        desk.server.reset()
        desk.act("generate", count=60, seed=5)
        again = next(row for n in range(7, 61) for row in self._files(desk, n))
        assert len(first) == row["size"]
        assert requests.get(again["attachment_url"], timeout=10).content == first
        assert desk.get("tickets/50")["description"] == bodies

    def _files(self, desk: Desk, ticket: int) -> list[dict[str, Any]]:
        """The files of one ticket, wherever they are."""
        desk.world.limits = False
        rows = desk.call("GET", f"tickets/{ticket}?include=conversations")
        whole = rows.json() if rows.ok else {"attachments": [], "conversations": []}
        return [*whole["attachments"], *(f for c in whole["conversations"] for f in c["attachments"])]

    def test_search_ends_after_ten_pages(self, desk: Desk) -> None:
        """300 results, whatever the total says; ranges are inclusive; dates have no time of day."""
        desk.act("generate", count=500, seed=1, archived=0)
        query = {"query": "\"created_at:>'2000-01-01' AND (status:5 OR status:2 OR status:3 OR status:4)\""}
        first, last = desk.get("search/tickets", **query), desk.get("search/tickets", **query, page=10)
        assert (first["total"] > 300, len(first["results"]), len(last["results"])) == (True, 30, 30)
        assert failing(desk.call("GET", "search/tickets", params=query | {"page": "11"})) == {
            "page": "invalid_value"
        }
        assert desk.get("search/tickets", query='"priority:>5"')["total"] == 0
        assert desk.get("search/tickets", query='"tag:null AND priority:4"')["total"] > 0

    def test_changes_reach_the_search_late(self, desk: Desk) -> None:
        """A client that checks its own write by a search finds the old value."""
        ticket = desk.ticket(custom_fields={"cf_product_version": "X-1"})["id"]
        desk.later(61)
        desk.done("PUT", f"tickets/{ticket}", custom_fields={"cf_product_version": "X-2"})
        found = {"query": "\"cf_product_version:'X-1'\""}
        assert desk.get("search/tickets", **found)["total"] == 1
        desk.later(61)
        assert desk.get("search/tickets", **found)["total"] == 0
        assert desk.get("search/tickets", query="\"custom_string:'X-2'\"")["total"] == 1

    def test_lists_by_requester_company_and_odd_orders(self, desk: Desk) -> None:
        """Sorted once, kept for the next page, made anew when something changes."""
        tickets = [desk.ticket(priority=n)["id"] for n in (1, 4)]
        desk.ticket(email="giulia@orbit.example")
        company = desk.get(f"tickets/{tickets[0]}")["company_id"]
        desk.later(4)
        by_due = {"company_id": company, "order_by": "due_by", "order_type": "asc"}
        assert [row["id"] for row in desk.get("tickets", **by_due)] == tickets[::-1]
        desk.done("PUT", f"tickets/{tickets[0]}", priority=4)
        desk.later(4)
        assert len(desk.get("tickets", **by_due, per_page=1, page=2)) == 1
        assert [row["id"] for row in desk.get("tickets", email=KIM)] == tickets[::-1]


def test_a_snapshot_brings_everything_back(tmp_path: Path) -> None:
    """Tickets, people, rules, what is to come, files that were fetched and files that were not."""

    def made(name: str, port: int) -> tuple[Freshdesk, Snapshots]:
        folder = tmp_path / name
        (folder / "freshdesk").mkdir(parents=True)
        world, url = World(Clock(), random.Random(2)), f"http://127.0.0.1:{port}"
        server = Freshdesk(world, url, folder / "freshdesk")
        return server, Snapshots(world, {"freshdesk": server}, {"freshdesk": url}, folder)

    old, keep = made("old", 4001)
    old.acts["generate"](80, seed=2)
    old.acts["customer_mail"](email=KIM, subject="s", html="<p>x</p>")
    old.acts["mark_spam"](ticket=81)
    keep.write(tmp_path / "kept")
    new, take = made("new", 4002)
    take.read(tmp_path / "kept")
    before, after = (_plain(server.dump()) for server in (old, new))
    assert list(before) == list(after)
    assert [name for name in before if before[name] != after[name]] == []


def _plain(state: dict[str, Any]) -> dict[str, Any]:
    """A dump with its rows in one order: those of tickets come back in the order of their last change."""
    rows = {name: value for name, value in state.items() if not isinstance(value, str | int | dict)}
    return state | {name: sorted(map(json.dumps, value)) for name, value in rows.items()}


def test_its_page_names_every_switch_and_act(account: Desk) -> None:
    """What no page names nobody finds; what is gone nobody should look for."""
    page = (Path(__file__).parents[2] / "docs/sandbox-freshdesk.md").read_text("utf-8")
    switches = {field.name for field in dataclasses.fields(Switches)}
    assert {name for name in switches if f"`{name}`" not in page} == set()
    assert {act for act in account.server.acts if f"`{act}(" not in page} == set()
