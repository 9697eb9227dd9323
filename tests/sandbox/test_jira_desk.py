"""Service management: who sees what, who is written to, clocks, approvals (reference, 5, 6, 8)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.sandbox import jira_kit
from tests.sandbox.jira_kit import AGILE, JSM, NO_CHECK, Running

served, site = jira_kit.served, jira_kit.site
ADA, IRIS, OTTO = "ada@lantern.example", "iris@lantern.example", "otto@orbit.example"
NOOR, DANA = "noor@harbour.example", "dana@harbour.example"
ORGANIZATIONS, TYPE, PARTICIPANTS = "customfield_10002", "customfield_10010", "customfield_10026"
APPROVERS, CLOCK = "customfield_10030", "customfield_10032"


def raised(site: Running, **more: Any) -> str:
    """Let the agent raise a request on behalf of Ada and return its key."""
    values = {"summary": "The lamp is dark", "description": "since *today*"}
    body = {"serviceDeskId": "1", "requestTypeId": "25", "requestFieldValues": values}
    body |= {"raiseOnBehalfOf": site.account(ADA)} | more
    return str(site.noor.post(f"{JSM}/request", body)["issueKey"])


def seen(site: Running, email: str, key: str) -> int:
    """Return the status of the portal's page for somebody."""
    return site.nobody.call("GET", f"/servicedesk/customer/portal/1/{key}?as={email}").status_code


def page(site: Running, email: str, key: str) -> str:
    """Return the portal's page for somebody who sees it."""
    answer = site.nobody.call("GET", f"/servicedesk/customer/portal/1/{key}?as={email}")
    assert answer.status_code == 200
    return answer.text


class TestCatalogue:
    def test_the_envelope_has_no_total(self, site: Running) -> None:
        """Pages end by ``isLastPage``; the next address is among the links."""
        shown = site.noor.get(f"{JSM}/servicedesk/1/requesttype", limit=2)
        assert (shown["size"], shown["isLastPage"], "total" in shown) == (2, False, False)
        path = shown["_links"]["next"].removeprefix(site.url)
        assert [one["name"] for one in site.noor.get(path)["values"]] == ["New account"]

    def test_a_desk_answers_to_its_projects_key(self, site: Running) -> None:
        """Desk ids are not project ids; all three work."""
        by_key = site.noor.get(f"{JSM}/servicedesk/HELP")
        assert by_key == site.noor.get(f"{JSM}/servicedesk/{by_key['projectId']}")
        assert by_key["id"] == "1"

    def test_errors_have_a_shape_of_their_own(self, site: Running) -> None:
        """A parser that looks for errorMessages finds nothing to say."""
        status, body = site.noor.refused("GET", f"{JSM}/servicedesk/99")
        assert (status, set(body)) == (404, {"errorMessage", "i18nErrorMessage"})

    def test_fields_say_what_must_be_sent(self, site: Running) -> None:
        """A form is known by its request type, not by create metadata."""
        shown = site.noor.get(f"{JSM}/servicedesk/1/requesttype/26/field")
        needed = [one["fieldId"] for one in shown["requestTypeFields"] if one["required"]]
        assert (needed, shown["canRaiseOnBehalfOf"]) == (["summary", "description"], True)
        assert site.dana.get(f"{JSM}/servicedesk/1/requesttype/26/field")["canRaiseOnBehalfOf"] is False

    def test_a_new_request_type_is_on_no_portal(self, site: Running) -> None:
        """Made by the API it has no group: 200, and no customer can pick it."""
        body = {"name": "Repair", "issueTypeId": "10010"}
        made = site.hub.post(f"{JSM}/servicedesk/1/requesttype", body, 200)
        assert made["groupIds"] == []
        assert site.noor.refused("POST", f"{JSM}/servicedesk/1/requesttype", body)[0] == 403

    def test_queues_show_their_own_fields_only(self, site: Running) -> None:
        """A queue is no way to read issues whole, and none can be made."""
        raised(site)
        rows = site.noor.get(f"{JSM}/servicedesk/1/queue/1/issue")["values"]
        assert "description" not in rows[0]["fields"]
        assert site.noor.get(f"{JSM}/servicedesk/1/queue/1", includeCount="true")["issueCount"] == 1
        assert site.noor.call("POST", f"{JSM}/servicedesk/1/queue", json={}).status_code == 405
        assert site.dana.call("GET", f"{JSM}/servicedesk/1/queue").status_code == 403


class TestRequests:
    def test_the_reporter_is_the_customer_the_creator_the_account(self, site: Running) -> None:
        """A hub that filters by creator loses all that it raised for customers."""
        fields = site.noor.fields(raised(site))
        assert fields["reporter"]["accountType"] == "customer"
        assert fields["creator"]["displayName"] == "Noor Visser"

    def test_only_the_forms_fields_may_be_sent(self, site: Running) -> None:
        """Labels must follow by an ordinary edit."""
        values = {"summary": "s", "labels": ["a"]}
        body = {"serviceDeskId": "1", "requestTypeId": "25", "requestFieldValues": values}
        status, answer = site.noor.refused("POST", f"{JSM}/request", body)
        assert status == 400
        assert "labels" in answer["errorMessage"]

    def test_only_agents_raise_for_others(self, site: Running) -> None:
        """A developer's token cannot act for customers, and strangers to the desk cannot be acted for."""
        body = {"serviceDeskId": "1", "requestTypeId": "25", "requestFieldValues": {"summary": "s"}}
        body["raiseOnBehalfOf"] = site.account(ADA)
        assert site.dana.refused("POST", f"{JSM}/request", body)[0] == 403
        site.admin()
        new = site.hub.post(f"{JSM}/customer", {"email": "new@else.example", "displayName": "New"})
        body["raiseOnBehalfOf"] = new["accountId"]
        assert site.noor.refused("POST", f"{JSM}/request", body)[0] == 400
        site.noor.post(f"{JSM}/servicedesk/1/customer", {"accountIds": [new["accountId"]]}, 204)
        assert site.noor.post(f"{JSM}/request", body)["reporter"]["displayName"] == "New"

    def test_dates_come_in_four_forms(self, site: Running) -> None:
        """``epochMillis`` needs no zone; the others are the caller's."""
        shown = site.noor.get(f"{JSM}/request/{raised(site)}")["createdDate"]
        at = datetime.fromtimestamp(shown["epochMillis"] / 1000, UTC)
        assert shown["jira"][:19] == at.strftime("%Y-%m-%dT%H:%M:%S")

    def test_an_issue_without_a_request_type_is_no_request(self, site: Running) -> None:
        """Made by the platform's call it is on no portal until the field is set (8.6)."""
        reporter = {"accountId": site.account(ADA)}
        key = site.hub.issue(project={"key": "HELP"}, issuetype={"id": "10010"}, reporter=reporter)
        assert site.noor.call("GET", f"{JSM}/request/{key}").status_code == 404
        assert seen(site, ADA, key) == 404
        site.hub.put(f"issue/{key}", {"fields": {TYPE: "25"}})
        assert site.noor.get(f"{JSM}/request/{key}")["requestTypeId"] == "25"
        assert seen(site, ADA, key) == 200

    def test_a_request_types_name_is_refused(self, site: Running) -> None:
        """The field wants the id as text, nothing else."""
        key = raised(site)
        for wrong in ("Get help", 25, {"id": "25"}):
            assert TYPE in site.hub.refused("PUT", f"issue/{key}", {"fields": {TYPE: wrong}})[1]["errors"]

    def test_status_history_is_newest_first(self, site: Running) -> None:
        """Unlike the platform's changes."""
        key = raised(site)
        site.noor.post(f"issue/{key}/transitions", {"transition": {"id": "31"}}, 204)
        names = [one["status"] for one in site.noor.get(f"{JSM}/request/{key}/status")["values"]]
        assert names == ["In Progress", "Waiting for support"]

    def test_customers_take_few_transitions(self, site: Running) -> None:
        """Only those shown on the portal are listed and accepted."""
        key = raised(site)
        names = [one["name"] for one in site.noor.get(f"{JSM}/request/{key}/transition")["values"]]
        assert names == ["Cancel request"]
        assert site.noor.refused("POST", f"{JSM}/request/{key}/transition", {"id": "31"})[0] == 400
        site.noor.post(f"{JSM}/request/{key}/transition", {"id": "71"}, 204)
        assert site.noor.fields(key)["status"]["name"] == "Canceled"

    def test_resolving_asks_for_a_resolution(self, site: Running) -> None:
        """The desk's workflow has a screen where the software project's has none."""
        key = raised(site)
        path, body = f"issue/{key}/transitions", {"transition": {"id": "41"}}
        assert site.noor.refused("POST", path, body)[1]["errors"] == {"resolution": "Resolution is required."}
        site.noor.post(path, body | {"fields": {"resolution": {"name": "Done"}}}, 204)
        assert site.noor.fields(key)["resolution"]["name"] == "Done"

    def test_own_requests_only(self, site: Running) -> None:
        """The list is a person's view: an integration sees nothing of others'."""
        raised(site)
        assert site.noor.get(f"{JSM}/request")["values"] == []
        mine = {"serviceDeskId": "1", "requestTypeId": "25", "requestFieldValues": {"summary": "own"}}
        key = site.noor.post(f"{JSM}/request", mine)["issueKey"]
        assert [one["issueKey"] for one in site.noor.get(f"{JSM}/request")["values"]] == [key]


class TestComments:
    def test_the_platforms_comment_is_public(self, site: Running) -> None:
        """Middleware that drops ``properties`` mails internal notes to customers."""
        key = raised(site)
        site.world.outbox.clear()
        shown = site.noor.post(f"issue/{key}/comment", {"body": "for all"})
        assert shown["jsdPublic"] is True
        assert [(mail.to, mail.text) for mail in site.mails(customer=True)] == [(ADA, "for all")]

    def test_the_property_makes_it_internal(self, site: Running) -> None:
        """No mail, not on the portal, and the answer says so."""
        key = raised(site)
        site.world.outbox.clear()
        internal = [{"key": "sd.public.comment", "value": {"internal": True}}]
        shown = site.noor.post(f"issue/{key}/comment", {"body": "secret", "properties": internal})
        assert shown["jsdPublic"] is False
        assert site.mails(customer=True) == []
        assert "secret" not in page(site, ADA, key)

    def test_an_edit_without_properties_keeps_the_flag(self, site: Running) -> None:
        """Sending a list rewrites it; by switch the flag stays even then."""
        key = raised(site)
        path = f"issue/{key}/comment"
        internal = [{"key": "sd.public.comment", "value": {"internal": True}}]
        id = site.noor.post(path, {"body": "a", "properties": internal})["id"]
        assert site.noor.put(f"{path}/{id}", {"body": "b"}, 200)["jsdPublic"] is False
        site.switch("public_flag_by_put", value=False)
        assert site.noor.put(f"{path}/{id}", {"body": "c", "properties": []}, 200)["jsdPublic"] is False
        site.switch("public_flag_by_put", value=True)
        assert site.noor.put(f"{path}/{id}", {"body": "d", "properties": []}, 200)["jsdPublic"] is True

    def test_the_desks_call_must_say_public(self, site: Running) -> None:
        """Missing it is refused: nothing is public by default here."""
        path = f"{JSM}/request/{raised(site)}/comment"
        assert site.noor.refused("POST", path, {"body": "x"})[0] == 400
        made = site.noor.post(path, {"body": "x", "public": False})
        assert made["public"] is False
        assert site.noor.get(path, internal="false")["values"] == []

    def test_a_collaborator_speaks_to_staff_only(self, site: Running) -> None:
        """A developer without the licence never reaches a customer."""
        key = raised(site)
        site.world.outbox.clear()
        assert site.dana.post(f"issue/{key}/comment", {"body": "hello"})["jsdPublic"] is False
        assert site.mails(customer=True) == []

    def test_answers_move_the_request(self, site: Running) -> None:
        """The usual automation reacts to a hub's comment as to a person's."""
        key = raised(site)
        site.noor.post(f"issue/{key}/comment", {"body": "what colour?"})
        assert site.noor.fields(key)["status"]["name"] == "Waiting for customer"
        site.act("customer_comment", email=ADA, key=key, text="red")
        assert site.noor.fields(key)["status"]["name"] == "Waiting for support"
        author = site.noor.get(f"issue/{key}/comment")["comments"][-1]["author"]
        assert author["accountType"] == "customer"


class TestMails:
    def test_whom_a_request_tells(self, site: Running) -> None:
        """Raising mails the reporter and the participants; a hub that raises one mails customers."""
        raised(site, requestParticipants=[site.account(IRIS)])
        told = {(mail.to, mail.cause) for mail in site.mails(customer=True)}
        assert told == {(ADA, "request created"), (IRIS, "participant added")}

    def test_organizations_are_told_once(self, site: Running) -> None:
        """Sharing mails all members; later comments only those who follow."""
        key = raised(site)
        site.world.outbox.clear()
        site.hub.put(f"issue/{key}", {"fields": {ORGANIZATIONS: [1]}})
        site.hub.put(f"issue/{key}", {"fields": {ORGANIZATIONS: [1]}})
        assert [(mail.to, mail.cause) for mail in site.mails(customer=True)] == [(IRIS, "organization added")]
        site.world.outbox.clear()
        site.noor.post(f"issue/{key}/comment", {"body": "x"})
        assert [mail.to for mail in site.mails(customer=True)] == [ADA]

    def test_nothing_goes_out_without_a_request_type(self, site: Running) -> None:
        """The quiet order of a migration: request type last."""
        key = site.hub.issue(
            project={"key": "HELP"}, issuetype={"id": "10010"}, reporter={"accountId": site.account(ADA)}
        )
        site.hub.post(f"issue/{key}/comment", {"body": "history"})
        site.hub.put(f"issue/{key}", {"fields": {TYPE: "25"}})
        assert (site.mails(customer=True), seen(site, ADA, key)) == ([], 200)

    def test_the_notification_scheme_does_not_silence_customers(self, site: Running) -> None:
        """Swapping it quietens staff; customers' mails are switched on the web page only."""
        site.admin()
        site.hub.put("project/HELP", {"notificationScheme": 10001}, 200)
        key = raised(site)
        site.hub.post(f"issue/{key}/comment", {"body": "x"})
        assert [mail.customer for mail in site.mails()] == [True, True]
        site.switch("customer_mails", value=False)
        site.hub.post(f"issue/{key}/comment", {"body": "y"})
        assert len(site.mails()) == 2

    def test_a_resolution_is_told(self, site: Running) -> None:
        """Closing the issue closes the customer's request."""
        key = raised(site)
        site.world.outbox.clear()
        body = {"transition": {"id": "41"}, "fields": {"resolution": {"name": "Done"}}}
        site.noor.post(f"issue/{key}/transitions", body, 204)
        assert [mail.cause for mail in site.mails(customer=True)] == ["request resolved"]


class TestPortal:
    def test_three_conditions(self, site: Running) -> None:
        """Reporter, participant or shared organization; others of the company see nothing."""
        key = raised(site)
        assert [seen(site, one, key) for one in (ADA, IRIS, OTTO)] == [200, 404, 404]
        site.noor.post(f"{JSM}/request/{key}/participant", {"accountIds": [site.account(OTTO)]}, 200)
        site.hub.put(f"issue/{key}", {"fields": {ORGANIZATIONS: [1]}})
        assert [seen(site, one, key) for one in (ADA, IRIS, OTTO)] == [200, 200, 200]

    def test_a_restricted_portal_is_closed_to_others(self, site: Running) -> None:
        """Removed from the desk, the reporter sees the own request no more."""
        key = raised(site)
        site.noor.delete(f"{JSM}/servicedesk/1/customer", {"accountIds": [site.account(ADA)]})
        site.noor.delete(f"{JSM}/servicedesk/1/organization", {"organizationId": 1})
        assert seen(site, ADA, key) == 404
        site.act("open_desk")
        assert seen(site, ADA, key) == 200


class TestFiles:
    def test_a_platform_upload_is_internal(self, site: Running) -> None:
        """A customer never sees what was attached to the issue."""
        key = raised(site)
        site.noor.upload(key, "shot.png", jira_kit.PNG, "image/png")
        assert "shot.png" not in page(site, ADA, key)
        assert len(site.noor.get(f"{JSM}/request/{key}/attachment")["values"]) == 1

    def test_temporary_files_become_public_with_a_comment(self, site: Running) -> None:
        """The two steps that show a customer a file; the comment names it."""
        key = raised(site)
        id = self.temporary(site)
        body = {"temporaryAttachmentIds": [id], "public": True, "additionalComment": {"body": "see"}}
        made = site.noor.post(f"{JSM}/request/{key}/attachment", body)
        assert made["comment"]["body"] == "see\n[^a.txt]"
        assert "a.txt" in page(site, ADA, key)
        assert site.noor.refused("POST", f"{JSM}/request/{key}/attachment", body)[0] == 400

    def test_temporary_files_expire(self, site: Running) -> None:
        """A retry after an hour must upload again; missing ``public`` is refused."""
        key = raised(site)
        id = self.temporary(site)
        path = f"{JSM}/request/{key}/attachment"
        assert site.noor.refused("POST", path, {"temporaryAttachmentIds": [id]})[0] == 400
        site.world.clock.advance(3601)
        body = {"temporaryAttachmentIds": [id], "public": True}
        assert "expired" in site.noor.refused("POST", path, body)[1]["errorMessage"]

    def temporary(self, site: Running) -> str:
        path = f"{JSM}/servicedesk/1/attachTemporaryFile"
        answer = site.noor.call("POST", path, files={"file": ("a.txt", b"hello")}, headers=NO_CHECK)
        assert answer.status_code == 201
        return str(answer.json()["temporaryAttachments"][0]["temporaryAttachmentId"])


class TestCustomers:
    def test_a_known_address_is_refused_without_a_name(self, site: Running) -> None:
        """400, or 409 with the flag; the account must be looked up."""
        site.admin()
        body = {"email": ADA, "displayName": "Ada"}
        assert site.hub.refused("POST", f"{JSM}/customer", body)[0] == 400
        status, answer = site.hub.refused("POST", f"{JSM}/customer?strictConflictStatusCode=true", body)
        assert (status, site.account(ADA) in str(answer)) == (409, False)
        found = site.noor.get(f"{JSM}/servicedesk/1/customer", query=ADA)["values"]
        assert [one["accountId"] for one in found] == [site.account(ADA)]

    def test_only_administrators_make_customers(self, site: Running) -> None:
        """An agent's token cannot."""
        body = {"email": "new@else.example", "displayName": "New"}
        assert site.noor.refused("POST", f"{JSM}/customer", body)[0] == 403
        site.admin()
        made = site.hub.post(f"{JSM}/customer", body)
        assert made["accountId"].startswith("qm:")
        assert [mail.cause for mail in site.mails(customer=True)] == ["customer invited"]

    def test_the_list_of_customers_is_slow(self, site: Running) -> None:
        """Five a second, where everything else has a hundred."""
        site.world.limits = True
        path = f"{JSM}/servicedesk/1/customer"
        assert 429 in [site.noor.call("GET", path).status_code for _ in range(8)]

    def test_valid_ones_are_added_though_the_call_is_refused(self, site: Running) -> None:
        """A 400 is no reason to believe that nothing happened."""
        site.noor.delete(f"{JSM}/servicedesk/1/customer", {"accountIds": [site.account(OTTO)]})
        body = {"accountIds": [site.account(OTTO), "nobody"]}
        assert site.noor.refused("POST", f"{JSM}/servicedesk/1/customer", body)[0] == 400
        names = [one["displayName"] for one in site.noor.get(f"{JSM}/servicedesk/1/customer")["values"]]
        assert "Otto Brandt" in names

    def test_customers_cannot_be_assigned(self, site: Running) -> None:
        """They are accounts, but no staff."""
        body = {"fields": {"assignee": {"accountId": site.account(ADA)}}}
        assert "assignee" in site.hub.refused("PUT", f"issue/{raised(site)}", body)[1]["errors"]


class TestOrganizations:
    def test_making_one_twice_gives_the_same(self, site: Running) -> None:
        """The name is the key: safe to repeat."""
        first = site.noor.post(f"{JSM}/organization", {"name": "Acme"})
        assert site.noor.post(f"{JSM}/organization", {"name": "Acme"}) == first
        assert first["id"] == "3"

    def test_members_come_and_go(self, site: Running) -> None:
        """By account ids, many at once."""
        path = f"{JSM}/organization/2/user"
        site.noor.post(path, {"accountIds": [site.account(ADA)]}, 204)
        assert [one["displayName"] for one in site.noor.get(path)["values"]] == ["Otto Brandt", "Ada Marsh"]
        site.noor.delete(path, {"accountIds": [site.account(OTTO)]})
        assert [one["displayName"] for one in site.noor.get(path)["values"]] == ["Ada Marsh"]

    def test_the_field_takes_numbers_of_the_desks_own(self, site: Running) -> None:
        """Texts, and organizations that the desk doesn't have, are refused."""
        key = raised(site)
        new = int(site.noor.post(f"{JSM}/organization", {"name": "Acme"})["id"])
        for wrong in (["1"], [new], "1"):
            body = {"fields": {ORGANIZATIONS: wrong}}
            assert ORGANIZATIONS in site.hub.refused("PUT", f"issue/{key}", body)[1]["errors"]
        site.noor.post(f"{JSM}/servicedesk/1/organization", {"organizationId": new}, 204)
        site.hub.put(f"issue/{key}", {"fields": {ORGANIZATIONS: [new]}})
        assert site.hub.fields(key)[ORGANIZATIONS][0]["name"] == "Acme"
        assert site.hub.keys("organizations = Acme") == [key]

    def test_properties(self, site: Running) -> None:
        """The hub's own mark on an organization."""
        path = f"{JSM}/organization/1/property/hub"
        site.noor.put(path, {"rev": 3}, 201)
        assert site.noor.get(path) == {"key": "hub", "value": {"rev": 3}}


class TestClocks:
    @pytest.fixture(autouse=True)
    def _monday(self, site: Running) -> None:
        now = site.world.clock.now()
        days = (7 - now.weekday()) % 7 or 7
        site.world.clock.advance(days * 86400 - now.hour * 3600 - now.minute * 60 - now.second + 10 * 3600)

    def test_the_clock_runs_in_working_hours(self, site: Running) -> None:
        """Sixteen hours of a normal priority are two working days; the night is none."""
        key = raised(site)
        site.world.clock.advance(24 * 3600)
        shown = site.noor.get(f"{JSM}/request/{key}/sla/2")["ongoingCycle"]
        assert shown["goalDuration"] == {"millis": 57_600_000, "friendly": "16h"}
        assert shown["elapsedTime"]["millis"] // 60_000 in (479, 480)
        assert (shown["breached"], shown["withinCalendarHours"]) == (False, True)

    def test_waiting_for_the_customer_pauses(self, site: Running) -> None:
        """No breach time then; the first response is complete."""
        key = raised(site)
        site.noor.post(f"issue/{key}/comment", {"body": "what colour?"})
        site.world.clock.advance(3600)
        first, second = site.noor.get(f"{JSM}/request/{key}/sla")["values"]
        assert ("ongoingCycle" in first, len(first["completedCycles"])) == (False, 1)
        assert (second["ongoingCycle"]["paused"], "breachTime" in second["ongoingCycle"]) == (True, False)

    def test_remaining_time_is_negative_after_a_breach(self, site: Running) -> None:
        """And JQL finds what was breached."""
        key = raised(site)
        other = raised(site)
        site.noor.post(
            f"issue/{other}/transitions",
            {"transition": {"id": "41"}, "fields": {"resolution": {"name": "Done"}}},
            204,
        )
        site.world.clock.advance(4 * 86400)
        shown = site.noor.get(f"{JSM}/request/{key}/sla/2")["ongoingCycle"]
        assert shown["remainingTime"]["millis"] < 0
        assert site.noor.keys('"Time to resolution" = breached()') == [key]
        assert site.noor.keys('"Time to resolution" = completed()') == [other]

    def test_the_same_object_is_a_field(self, site: Running) -> None:
        """One search gives the clocks of a hundred issues."""
        key = raised(site)
        row = site.noor.search(f"key = {key}", fields=CLOCK)["issues"][0]
        assert row["fields"][CLOCK]["ongoingCycle"]["breached"] is False
        assert site.dana.call("GET", f"{JSM}/request/{key}/sla").status_code == 403


class TestApprovalsAndRatings:
    def test_an_approval_gates_the_request(self, site: Running) -> None:
        """Only approvers answer, once; the transition itself is hidden."""
        values = {"summary": "s", APPROVERS: [{"accountId": site.account(NOOR)}]}
        body = {"serviceDeskId": "1", "requestTypeId": "27", "requestFieldValues": values}
        key = site.noor.post(f"{JSM}/request", body)["issueKey"]
        assert site.noor.fields(key)["status"]["name"] == "Waiting for approval"
        assert site.noor.get(f"issue/{key}/transitions")["transitions"] == []
        found = site.noor.get(f"{JSM}/request/{key}/approval")["values"][0]
        path = f"{JSM}/request/{key}/approval/{found['id']}"
        assert site.hub.refused("POST", path, {"decision": "approve"})[0] == 403
        assert site.noor.post(path, {"decision": "approve"}, 200)["finalDecision"] == "approved"
        assert site.noor.fields(key)["status"]["name"] == "Waiting for support"
        assert site.noor.refused("POST", path, {"decision": "approve"})[0] == 409

    def test_only_the_reporter_rates(self, site: Running) -> None:
        """A hub cannot bring ratings along."""
        key = raised(site)
        path = f"{JSM}/request/{key}/feedback"
        assert site.noor.refused("POST", path, {"type": "csat", "rating": 5})[0] == 403
        site.act("customer_rate", email=ADA, key=key, rating=4, comment="fine")
        shown = site.noor.get(path)
        assert (shown["rating"], shown["comment"]) == (4, {"body": "fine"})
        assert site.noor.fields(key)["customfield_10027"] == {"rating": 4}


def test_a_board_of_the_desk_has_its_statuses(site: Running) -> None:
    """Each project's workflow gives its boards' columns."""
    made = site.hub.post("filter", {"name": "desk", "jql": "project = HELP"}, 200)
    place = {"type": "project", "projectKeyOrId": "HELP"}
    body = {"name": "desk", "type": "kanban", "filterId": int(made["id"]), "location": place}
    board = site.hub.post(f"{AGILE}/board", body)
    columns = site.hub.get(f"{AGILE}/board/{board['id']}/configuration")["columnConfig"]["columns"]
    assert {one["id"] for one in columns[1]["statuses"]} == {"3", "10100", "10101", "10102"}
