"""A desk's history that moves to Jira, over real HTTP, by the commands that a person types."""

from __future__ import annotations

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from deskbridge.demo.people import File, Tool
from tests.app.moved_in import MIGRATION, comments, issues, number_of, picture
from tests.app.program import Hub, wait_until

COUNT = 40
AUTOMATION = "automation@site.invalid"


def past(hub: Hub, count: int = COUNT, **more: Any) -> dict[str, Any]:
    """Give the desk a past, and the hub a migration of it."""
    hub.settings.write_text(hub.settings.read_text("utf-8") + MIGRATION, "utf-8")
    made = {"count": count, "seed": 11, "days": 200, "comments": 3, "archived": 0.1} | more
    return dict(hub.control("POST", "act/freshdesk/generate", **made))


def tickets(hub: Hub) -> dict[str, int]:
    """Return what became of the tickets, as `migrate status` counts it."""
    (newest, *_) = json.loads(hub.run("migrate", "status", "--json").out)
    return dict(newest["tickets"])


def promised(hub: Hub, ticket: int, priority: int) -> bool:
    """Give a ticket another priority; return whether live work writes another due time for it."""
    before = hub.people.agent("GET", f"tickets/{ticket}")["due_by"]
    hub.people.sort(ticket, priority=priority)
    assert hub.run("sync", "--once").code == 0
    return bool(hub.people.agent("GET", f"tickets/{ticket}")["due_by"] != before)


class TestRun:
    def test_without_apply_nothing_is_written_and_everything_is_told(self, hub: Hub) -> None:
        """A person who only looks would start a migration, or would not see who reads what it writes."""
        made = past(hub)
        assert hub.run("migrate", "run").code == 0
        before = hub.remembered()
        hub.refuse_writes()
        looked = hub.run("migrate", "run")
        assert (looked.code, hub.writes_refused()) == (0, 0)
        listed = made["normal"] + made.get("deleted", 0) + made.get("spam", 0)
        assert f"desk has {listed} tickets" in looked.out
        assert f"{made['archived']} numbers are in no list" in looked.out
        assert "create a ticket in SUP from desk" in looked.out
        assert "(read by staff, no mail)" in looked.out
        assert "say --apply" in looked.out
        hub.change(('kind = "10004"', 'kind = "99999"'))
        refused = hub.run("migrate", "run", "--id", "1,98765")
        assert "stands in the way: jira SUP: no issue type '99999' can be created" in refused.out
        assert "there is no ticket 98765" in refused.lines
        assert hub.remembered() == before
        for words in (("--notify", "nobody"), ("--created", "2025-01-01..2024-01-01")):
            assert hub.run("migrate", "run", "--apply", *words).code == 2, words

    def test_everything_arrives_once_with_author_time_and_number(self, hub: Hub) -> None:
        """The history would be lost, doubled, or nobody could find a ticket by the number they know."""
        made = past(hub)
        mail = hub.people.mail("kim@lantern.example", "Kim Park", "Import stops", "<p>At <b>row 17</b></p>")
        hub.people.note(mail, "<p>The parser again</p>")
        before = hub.people.agent("GET", f"tickets/{mail}/conversations")
        mails = hub.customers_mailed()
        done = hub.run("migrate", "run", "--apply")
        assert done.code == 0, done.out + done.err
        assert f"source {COUNT + 1} = {tickets(hub)['migrated']} migrated" in done.out
        assert "difference 0" in done.out
        found = {number_of(issue): issue for issue in issues(hub.people)}
        assert len(found) == COUNT + 1 - made.get("deleted", 0) - made.get("spam", 0)
        issue = found[str(mail)]
        assert "*Kim Park* (customer) in [desk #" in issue["fields"]["description"]
        (note,) = comments(hub.people, issue["key"])
        assert "The parser again" in note["body"]
        assert "(internal)" in note["body"]
        assert hub.people.agent("GET", f"tickets/{mail}/conversations") == before, "it wrote to its source"
        assert hub.customers_mailed() == mails

    def test_what_was_promised_goes_along(self, hub: Hub) -> None:
        """Nobody could say any more when old tickets were due, nor whether they were answered in time."""
        past(hub, archived=0)
        assert hub.run("migrate", "run", "--apply").code == 0
        desk = Tool(f"{hub.environment['FRESHDESK_URL']}/api/v2", (hub.environment["FRESHDESK_API_KEY"], "X"))
        agents = {one["id"] for one in desk("GET", "agents")} - {desk("GET", "agents/me")["id"]}
        late, labelled = set(), set()
        for issue in issues(hub.people):
            number, fields = number_of(issue), issue["fields"]
            old = hub.people.agent("GET", f"tickets/{number}?include=stats")
            assert fields["duedate"] == old["due_by"][:10], number
            said = hub.people.agent("GET", f"tickets/{number}/conversations")
            sent = [one for one in said if not (one["incoming"] or one["private"])]
            # The hub's own account answers nobody, and who is no agent any more did not surely.
            answers = [one["created_at"] for one in sent if one["user_id"] in agents]
            if (done := old["stats"]["resolved_at"]) and min(answers, default="") > old["fr_due_by"]:
                late.add(number)
            if "sla-missed" in fields["labels"]:
                labelled.add(number)
                assert done, number
                assert min(answers, default="") > old["fr_due_by"] or done > old["due_by"], number
        assert late
        assert late <= labelled, (late, labelled)

    def test_what_live_work_keeps_promises_of_is_moved_once_nobody_waits_for_them(self, hub: Hub) -> None:
        """Promises would be dropped weeks before the switch, or tickets count as moved that are nowhere."""
        past(hub, 2)
        kim, words = ("kim@lantern.example", "Kim Park"), "<p>At row 17.</p>"
        mail, done = (hub.people.mail(*kim, subject, words) for subject in ("Import stops", "Export stops"))
        # Their due times are written; the generated past has customers whom nobody knows.
        assert hub.run("sync", "--once").code == 0
        hub.people.sort(done, status=5)
        time.sleep(2.1)  # when live work reads them now, a list tells no news of them
        assert hub.run("sync", "--once").code == 0
        kept = "live work keeps its promises until the cutover is frozen"
        assert f"left out: 1: {kept}" in hub.run("migrate", "run").out
        busy = {"system": "jira", "kind": "answer", "status": 429, "headers": {"Retry-After": "1"}}
        hub.control("POST", "faults", **busy, method="POST", path=r".*/issue/\d+/transitions$")
        assert hub.run("migrate", "run", "--apply").code == 0
        found = {number_of(issue): issue["fields"]["status"]["name"] for issue in issues(hub.people)}
        assert str(mail) not in found
        assert found[str(done)] == "Done", "live work had seen its status, and a first try failed"
        assert kept in hub.run("migrate", "status").out
        hub.people.sort(done, status=2)
        assert hub.run("migrate", "run", "--apply").code == 0
        assert f"next: {done}: opened again since they were moved" in hub.run("migrate", "status").out
        time.sleep(1.1)  # or its stamp is still that of its opening, and a list tells no news
        hub.people.sort(done, status=5)
        for state in ("prepared", "frozen"):
            ended = hub.run("migrate", "cutover", state, "--by", "Noor Haddad", "--in-spite", "a rehearsal")
            assert ended.code == 0, ended.err
        assert "1 tickets were left to live work before the freeze" in hub.run("migrate", "cutover").out
        assert kept not in hub.run("migrate", "run").out
        hub.control("POST", "act/jira/require_field", field="environment", project="SUP")
        assert hub.run("migrate", "run", "--apply").code == 4
        hub.control("POST", "act/jira/require_field", field="environment", project="SUP", on=False)
        # What was taken over and could not be made is given back too.
        assert hub.run("migrate", "rollback", "--id", str(mail), "--apply").out.startswith("0 deleted")
        assert promised(hub, mail, priority=3)
        assert hub.run("migrate", "run", "--apply").code == 0
        moved = picture(hub.people)
        assert str(mail) in moved
        told = hub.run("migrate", "cutover", "back", "--by", "Noor Haddad").out
        assert "1 tickets that people work on were taken over from live work" in told

        # What is undone is live work's again, with what it had promised, and can be moved once more.
        assert hub.run("migrate", "rollback", "--id", str(mail), "--apply").out.startswith("1 deleted")
        assert promised(hub, mail, priority=4)
        assert str(mail) not in picture(hub.people)
        ended = hub.run("migrate", "cutover", "frozen", "--by", "Noor Haddad", "--in-spite", "again")
        assert (ended.code, hub.run("migrate", "run", "--apply").code) == (0, 0)
        again = picture(hub.people)
        assert again.keys() == moved.keys()
        assert again[str(mail)].replace("Highest", "High") == moved[str(mail)]

    def test_what_is_not_moved_never_counts_as_moved(self, hub: Hub) -> None:
        """Tickets would be missed after the switch that were parted, refused, or opened again meanwhile."""
        past(hub, 1, archived=0)
        kim, words = ("kim@lantern.example", "Kim Park"), "<p>At row 17.</p>"
        subjects = ("Kept", "Opened", "Parted")
        kept, opened, parted = (hub.people.mail(*kim, subject, words) for subject in subjects)
        hub.people.sort(parted, tags=["dev"])
        assert hub.run("sync", "--once").code == 0
        assert hub.run("unlink", "jira:SUP-1").code == 0
        hub.people.sort(opened, status=5)
        stranger = hub.people.mail("ada@elsewhere.example", "Ada", "Refused", words)
        time.sleep(2.1)  # when live work reads them now, a list tells no news of them
        assert hub.run("sync", "--once").code == 0
        shown = json.loads(hub.run("migrate", "run", "--demo", "9", "--json").out)["first"]
        keys = {plan["tickets"][0]["key"] for plan in shown}
        assert (str(kept) in keys, str(opened) in keys) == (False, True)

        # Somebody opens one again while the run has the list of a moment ago, and another one is refused.
        hub.control("POST", "act/jira/require_field", field="environment", project="SUP")
        slow = {"system": "jira", "kind": "slow", "method": "POST", "path": ".*/issue/bulk"}
        hub.control("POST", "faults", **slow, seconds=2, times=1)
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(hub.run, "migrate", "run", "--apply", "--workers", "1")
            wait_until(lambda: hub.writes_refused() > 0)
            hub.people.sort(opened, status=2)
            assert running.result().code == 4
        hub.control("POST", "act/jira/require_field", field="environment", project="SUP", on=False)
        told = hub.run("migrate", "status").out + hub.run("parked", "list").out
        assert promised(hub, opened, priority=3)
        assert "a person took it apart" in told
        # What was refused is not wanted any more by other rules: it is left out, not moved.
        theirs = 'name = "theirs"\nto = "support-development"\ncustomers = ["lantern"]\n'
        hub.change((MIGRATION, f"[[migration.routes]]\n{theirs}"))
        assert hub.run("parked", "retry", "--reason", "environment").code == 0
        done = hub.run("migrate", "run", "--apply", "--continue", "--id", str(stranger))
        assert (done.code, tickets(hub)["migrated"]) == (0, 0), done.err
        assert [issue["fields"]["summary"] for issue in issues(hub.people)] == ["Parted"]

    def test_a_second_run_takes_what_changed_and_reads_nothing_else(self, hub: Hub) -> None:
        """The weekend's last hour would be spent on reading all the tickets that nobody touched."""
        past(hub)
        assert hub.run("migrate", "run", "--apply").code == 0
        whole, before = picture(hub.people), hub.calls()
        assert hub.run("migrate", "run", "--apply").code == 0
        spent = {name: count - before[name] for name, count in hub.calls().items()}
        assert max(spent.values()) < COUNT / 2, spent
        assert picture(hub.people) == whole
        ticket = hub.people.mail("kim@lantern.example", "Kim", "New since", "<p>New</p>")
        (open_one, *_) = [i for i in issues(hub.people) if i["fields"]["status"]["name"] == "To Do"]
        hub.people.note(int(number_of(open_one)), "<p>Said since</p>")
        hub.people.sort(int(number_of(open_one)), status=5)
        assert hub.run("migrate", "run", "--apply").code == 0
        after = picture(hub.people)
        assert {n for n in after if after[n] != whole.get(n)} == {str(ticket), number_of(open_one)}
        (changed,) = [i for i in issues(hub.people) if i["key"] == open_one["key"]]
        assert changed["fields"]["status"]["name"] == "Done"
        assert "Said since" in comments(hub.people, open_one["key"])[-1]["body"]

    def test_a_list_after_a_run_tells_what_is_left(self, hub: Hub) -> None:
        """Before the weekend's last run an admin would read that all tickets are to be moved again."""
        past(hub, 12)
        assert hub.run("migrate", "run", "--apply").code == 0
        looked = hub.run("migrate", "run").out
        assert "0 would be migrated" in looked
        assert "it is there, and did not change since" in looked
        assert "in no list" not in looked
        hub.people.mail("kim@lantern.example", "Kim", "New since", "<p>New</p>")
        assert "1 would be migrated" in hub.run("migrate", "run").out

    def test_after_a_refused_credential_a_run_goes_on_at_once(self, hub: Hub) -> None:
        """The guide says: correct it, run again. That run would do nothing for a quarter of an hour."""
        past(hub, 6, archived=0)
        refused = {"system": "jira", "kind": "answer", "path": ".*/comment$", "status": 401, "body": "{}"}
        hub.control("POST", "faults", **refused, times=999)
        running = hub.start("migrate", "run", "--apply")
        while not json.loads(hub.run("migrate", "status", "--json").out or "[]"):
            time.sleep(0.1)
        while not (told := json.loads(hub.run("migrate", "status", "--json").out)[0])["reasons"]["waiting"]:
            assert told["state"] == "running"
            time.sleep(0.1)
        hub.run("migrate", "stop")
        hub.end(running)
        hub.control("DELETE", "faults")
        assert hub.end(hub.start("migrate", "run", "--apply")).code == 0
        assert tickets(hub)["migrated"] == 6

    def test_live_work_leaves_alone_what_a_run_made(self, hub: Hub) -> None:
        """Before the cutover every migrated ticket would get a note in the desk that agents still work in."""
        past(hub, 10)
        assert hub.run("migrate", "run", "--apply").code == 0
        (one, *_) = [i for i in issues(hub.people) if i["fields"]["status"]["name"] == "To Do"]
        hub.people.sort(int(number_of(one)), priority=4)
        hub.people.comment(one["key"], "A developer is early")
        before = hub.people.agent("GET", f"tickets/{number_of(one)}/conversations")
        assert hub.run("sync", "--once").code == 0
        assert hub.people.agent("GET", f"tickets/{number_of(one)}/conversations") == before
        assert hub.run("plan", "--all").out.startswith("Nothing to write")

    def test_what_live_work_linked_before_is_counted_and_left(self, hub: Hub) -> None:
        """A ticket with an issue would get a second one, or its notes would be rewritten by a run."""
        past(hub, 8)
        linked = hub.people.mail("kim@lantern.example", "Kim", "Has an issue", "<p>Help</p>")
        hub.people.sort(linked, tags=["dev"])
        assert hub.run("sync", "--once").code == 0
        hub.people.note(linked, "<p>Live work has not seen this yet</p>")
        done = hub.run("migrate", "run", "--apply")
        assert (done.code, "difference 0" in done.out) == (0, True), done.out
        found = [i for i in issues(hub.people) if i["fields"]["summary"] == "Has an issue"]
        assert len(found) == 1
        assert not [label for label in found[0]["fields"]["labels"] if label.startswith("desk-")]
        assert hub.run("unlink", f"desk:{linked}").code == 0
        told = hub.run("migrate", "verify", "full").out
        assert f"changed since: desk {linked}: the ticket: a person took it apart" in told, told

    def test_filters_take_what_was_asked_for_and_leave_the_rest_waiting(self, hub: Hub) -> None:
        """Somebody who asks for one customer would have everybody's tickets moved, or not all of theirs."""
        past(hub, 20, archived=0)
        mine = [
            hub.people.mail("giulia@orbit.example", "Giulia", f"Mine {n}", "<p>Help</p>") for n in range(2)
        ]
        asked = hub.run("migrate", "run", "--apply", "--customer", "orbit")
        assert asked.code == 0, asked.err
        assert {number_of(issue) for issue in issues(hub.people)} == {str(number) for number in mine}
        assert tickets(hub)["waiting"] > 10
        assert hub.run("migrate", "run", "--apply", "--id", "1,2").code == 0
        assert {number_of(i) for i in issues(hub.people)} == {"1", "2", *map(str, mine)}
        closed = hub.run("migrate", "run", "--apply", "--status", "closed", "--limit", "3")
        assert closed.code == 0
        assert tickets(hub)["migrated"] == 7

    def test_a_demonstration_shows_different_tickets_and_says_beforehand_which(self, hub: Hub) -> None:
        """A sample of alike tickets would hide what goes wrong; or others than it told of would be moved."""
        past(hub)
        assert hub.run("migrate", "run", "--limit", "2", "--apply").code == 0
        before = {number_of(issue) for issue in issues(hub.people)}
        dry = json.loads(hub.run("migrate", "run", "--demo", "6", "--json").out)
        told = [plan["tickets"][0]["key"] for plan in dry["first"]]
        shown = hub.run("migrate", "run", "--demo", "6", "--apply")
        assert shown.code == 0, shown.err
        found = [issue for issue in issues(hub.people) if number_of(issue) not in before]
        assert sorted(map(number_of, found)) == sorted(told)
        assert (len(found), sum(dry["would_migrate"].values())) == (6, 6)
        assert {issue["fields"]["status"]["name"] for issue in found} >= {"To Do", "Done"}
        assert any(issue["fields"]["attachment"] for issue in found)
        theirs = [
            str(hub.people.mail("giulia@orbit.example", "Giulia", f"{n}", "<p>?</p>")) for n in range(2)
        ]
        dry = json.loads(hub.run("migrate", "run", "--demo", "6", "--customer", "orbit", "--json").out)
        assert sorted(plan["tickets"][0]["key"] for plan in dry["first"]) == theirs, "others' are shown"
        before |= set(told)
        assert hub.run("migrate", "run", "--demo", "6", "--customer", "orbit", "--apply").code == 0
        assert sorted({number_of(issue) for issue in issues(hub.people)} - before) == theirs

    def test_trash_is_left_out_unless_a_rule_takes_it(self, hub: Hub) -> None:
        """Spam would become issues, or what was thrown away by mistake could not be taken along."""
        past(hub, 5, archived=0)
        mapped = 'fields = { version = "customfield_10040" }\n'
        hub.change((mapped, ""))
        hub.people.agent("PUT", "tickets/1", json={"custom_fields": {"cf_product_version": "2.4"}})
        gone = hub.people.mail("kim@lantern.example", "Kim", "Thrown away", "<p>Help</p>")
        hub.people.agent("DELETE", f"tickets/{gone}")
        assert hub.run("migrate", "run", "--apply").code == 0
        assert str(gone) not in {number_of(issue) for issue in issues(hub.people)}
        assert "1 x it is in the trash" in hub.run("migrate", "status").out
        hub.change(
            ("[migration]\n", '[migration]\ntrash = "take"\n'),
            ('secret = "env:JIRA_TOKEN"\n', f'secret = "env:JIRA_TOKEN"\n{mapped}'),
        )
        refused = hub.run("migrate", "run", "--apply")
        assert refused.code == 2
        assert "--remap" in refused.err
        assert hub.run("migrate", "run", "--apply", "--continue").code == 0
        assert str(gone) in {number_of(issue) for issue in issues(hub.people)}
        verified = hub.run("migrate", "verify", "full")
        assert (verified.code, "the rules did not send it when it was moved" in verified.out) == (0, True)

    def test_a_file_and_a_picture_arrive_with_the_text_they_belong_to(self, hub: Hub) -> None:
        """Screenshots, which most of support is about, would be gone with the old account."""
        past(hub, 1, archived=0)
        log = File("log.txt", b"E42 " * 100, "text/plain")
        shot = File("shot.png", b"\x89PNG\r\n" + b"0" * 100, "image/png", cid="shot")
        text = '<p>See <img src="cid:shot"> and the log</p>'
        mail = hub.people.mail("kim@lantern.example", "Kim", "With files", text, log, shot)
        assert hub.run("migrate", "run", "--apply").code == 0
        (issue,) = [i for i in issues(hub.people) if number_of(i) == str(mail)]
        names = sorted(file["filename"] for file in issue["fields"]["attachment"])
        assert [name[-4:] for name in names] == [".txt", ".png"]
        assert f"!{names[1]}" in issue["fields"]["description"]


class TestMeanwhile:
    def test_what_a_person_does_while_a_ticket_is_moved_stays(self, hub: Hub) -> None:
        """A developer's move of a card would be taken back, or an automation's kept for each old ticket."""
        past(hub, 1, archived=0)
        people = hub.people
        mail = people.mail("kim@lantern.example", "Kim", "Closed long ago", "<p>Help</p>")
        people.note(mail, "<p>Seen to</p>")
        people.sort(mail, status=5)
        other = people.mail("kim@lantern.example", "Kim", "Touched by a program", "<p>Help</p>")
        people.note(other, "<p>Seen to as well</p>")
        people.sort(other, status=5)
        slow = {"system": "jira", "kind": "slow", "method": "POST", "path": r".*/issue/\d+/comment$"}
        hub.control("POST", "faults", **slow, seconds=2, times=2)
        hub.control("POST", "act/jira/set_person", email=AUTOMATION, active=True)
        way_in = hub.control("POST", "act/jira/make_token", email=AUTOMATION)
        program = Tool(f"{way_in['base']}/rest", (AUTOMATION, way_in["token"]))
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(hub.run, "migrate", "run", "--apply", "--id", f"{mail},{other}")
            while len(there := {number_of(issue): issue["key"] for issue in issues(people)}) < 2:
                time.sleep(0.05)
            people.comment(there[str(mail)], "I have begun with it")
            begun = {"transition": {"id": "21"}}
            people.jira("POST", f"api/2/issue/{there[str(mail)]}/transitions", json=begun)
            program("POST", f"api/2/issue/{there[str(other)]}/transitions", json=begun)
            done = running.result()
        assert done.code == 0, done.out + done.err
        found = {number_of(issue): issue for issue in issues(people)}
        assert found[str(other)]["fields"]["status"]["name"] == "Done"
        issue = found[str(mail)]
        assert issue["fields"]["status"]["name"] == "In Progress"
        texts = [text["body"] for text in comments(people, issue["key"])]
        assert [sum(word in text for text in texts) for word in ("Seen to", "I have begun")] == [1, 1]
        told = hub.run("explain", f"desk:{mail}").out
        assert "it stays as they left it" in told, told


class TestSafety:
    def test_it_pauses_itself_when_everything_is_refused(self, hub: Hub) -> None:
        """A field that became required would park a hundred thousand tickets, one by one, over a weekend."""
        past(hub, 90, archived=0, comments=0)
        hub.control("POST", "act/jira/require_field", field="environment", project="SUP")
        what = "jira SUP: Bug asks for Environment (environment)"
        fix = "make it optional or give it a default"
        estimated = hub.run("migrate", "estimate", "--sample", "5", "--json")
        assert estimated.code == 2
        assert {"what": what, "fix": fix} in json.loads(estimated.out)["lacks"]
        looked = hub.run("migrate", "run")
        assert f"{what}; {fix}" in looked.out + looked.err
        paused = hub.run("migrate", "run", "--apply")
        assert paused.code == 4, paused.out + paused.err
        assert "paused" in paused.out
        assert "Environment is required" in paused.out
        assert tickets(hub)["waiting"] > 0
        listed = hub.run("parked", "list", "--group")
        assert listed.code == 4
        assert len(listed.lines) == 1
        hub.control("POST", "act/jira/require_field", field="environment", project="SUP", on=False)
        assert "of the migration" in hub.run("parked", "retry", "--reason", "Environment is required").out
        done = hub.run("migrate", "run", "--apply")
        assert done.code == 0, done.out
        assert "difference 0" in done.out

    def test_a_status_that_the_workflow_refuses_is_told_where_the_end_is_told(self, hub: Hub) -> None:
        """Ten thousand solved tickets would stand open in Jira, and the run be called done without a word."""
        past(hub, 6, archived=0)
        hub.people.sort(1, status=5)
        hub.control("POST", "act/jira/require_field", field="resolution", transition="31")
        done = hub.run("migrate", "run", "--apply")
        offered = '"Done" (or Won\'t Do, Duplicate, Cannot Reproduce)'
        way_out = f"say which in [connections.jira]: resolution = {offered}"
        asked = f"'Done' asks for Resolution; {way_out}"
        refused = f"jira: status: refused: no path from 'To Do' to closed; {asked}"
        assert f" x {refused}" in done.out
        assert "deskbridge finding list" in done.out
        assert f" x {refused}" in hub.run("migrate", "verify", "counts").out
        told = json.loads(hub.run("migrate", "estimate", "--sample", "2", "--json").out)
        (lack,) = (row for row in told["lacks"] if "leads to closed from To Do" in row["what"])
        assert (lack["what"].rpartition("; ")[2], lack["fix"]) == ("'Done' asks for Resolution", way_out)
        # Once a person has said what they are closed as, they have it decided again.
        hub.change(('system = "jira"', 'system = "jira"\nresolution = "duplicate"'))
        assert "'duplicate' is given, as the settings say" in hub.run("check", "--live").out
        assert hub.run("migrate", "run", "--apply", "--remap", "--limit", "1").code == 0
        mended = hub.run("migrate", "run", "--apply")
        assert "did not go along" not in mended.out, mended.out
        (closed,) = (one["fields"] for one in issues(hub.people) if number_of(one) == "1")
        assert (closed["status"]["name"], closed["resolution"]["name"]) == ("Done", "Duplicate")

    def test_where_customers_would_be_mailed_it_refuses(self, hub: Hub) -> None:
        """A hundred thousand customers would get a mail about a ticket that was closed years ago."""
        past(hub, 3)
        hub.change(
            ('key = "SUP"\nkind = "10004"\nreaders = "staff"', 'key = "HELP"\nreaders = "staff"'),
        )
        refused = hub.run("migrate", "run", "--apply")
        assert refused.code == 5, refused.out + refused.err
        assert "customers may be mailed" in refused.err

    def test_a_private_note_stays_where_staff_alone_read(self, hub: Hub) -> None:
        """A migration into a customer's project would publish what agents thought of them."""
        past(hub, 1, archived=0)
        hub.settings.write_text(f'{hub.settings.read_text("utf-8")}time = "entries"\n', "utf-8")
        mail = hub.people.mail("kim@lantern.example", "Kim", "For all to read", "<p>Help</p>")
        hub.people.note(mail, "<p>canary-for-staff</p>")
        entry = {"time_spent": "00:45", "note": "canary-for-staff"}
        hub.people.agent("POST", f"tickets/{mail}/time_entries", json=entry)
        hub.change(
            ('kind = "10004"\nreaders = "staff"', 'kind = "10004"\nreaders = "customer:lantern"'),
            ('tags = ["dev"]\nto', 'tags = ["dev"]\ncustomers = ["lantern"]\nto'),
        )
        hub.run("migrate", "run", "--apply")
        read = json.dumps([*issues(hub.people)]) + json.dumps(
            [comments(hub.people, issue["key"]) for issue in issues(hub.people)]
        )
        assert "canary-for-staff" not in read
        assert len([*issues(hub.people)]) <= 1, "another customer's ticket is in their project"
        verified = hub.run("migrate", "verify", "full")
        assert (verified.code, "and no internal text is possible" in verified.out) == (0, True), verified.out


def besides(hub: Hub, ticket: int) -> list[str]:
    """Give a ticket four entries of booked time, a tag, a priority and a rating; return the entries."""
    hub.people.sort(ticket, tags=["zebra"], priority=4)
    entries = []
    for minutes in (10, 20, 30, 40):
        entry = {"time_spent": f"00:{minutes}", "note": "looked"}
        made = hub.people.agent("POST", f"tickets/{ticket}/time_entries", json=entry)
        entries.append(f"booked time {made['id']} (0:{minutes} h")
    hub.control("POST", "act/freshdesk/customer_rates", ticket=ticket, rating=103)
    return entries


def book_ourselves(hub: Hub, ticket: int) -> None:
    """Have the hub's own account book time at the desk."""
    base, key = hub.environment["FRESHDESK_URL"], hub.environment["FRESHDESK_API_KEY"]
    entry = {"time_spent": "00:05", "note": "by ourselves"}
    Tool(f"{base}/api/v2", (key, "X"))("POST", f"tickets/{ticket}/time_entries", json=entry)


def spoil(hub: Hub, admin: Tool, key: str, other: str) -> None:
    """Have the hub's own account and a person change what `besides` became, and the person another issue."""
    at, email = f"api/2/issue/{key}", hub.environment["JIRA_DEV_EMAIL"]
    for right in ("DELETE_ALL_WORKLOGS", "EDIT_ALL_WORKLOGS"):
        hub.control("POST", "act/jira/permit", email=email, permission=right, allowed=True)
    logs = [f"{at}/worklog/{log['id']}" for log in admin("GET", f"{at}/worklog")["worklogs"]]
    for who, (gone, longer) in ((admin, logs[:2]), (hub.people.jira, logs[2:])):
        who("DELETE", gone)
        who("PUT", longer, json={"timeSpentSeconds": 3600})
    without = {"priority": {"id": "4"}, "customfield_10040": None}
    admin("PUT", at, json={"fields": without, "update": {"labels": [{"remove": "zebra"}]}})
    shouted = {"summary": "LOG 2", "priority": {"id": "1"}}
    hub.people.jira("PUT", f"api/2/issue/{other}", json={"fields": shouted})


def named(ticket: int, other: int, entries: list[str]) -> list[str]:
    """Return how a verification names what `spoil` did: the person's changes are no faults."""
    differs, changed = f"differs: desk {ticket}: ", f"changed since: desk {ticket}: "
    return [
        *(f"{differs}{entry}" for entry in entries[:2]),
        *(f"{changed}{entry}" for entry in entries[2:]),
        f"{differs}priority: it should say 'urgent' and says 'low'",
        f"{differs}tag 'zebra': it is not there",
        f"{differs}rating ",
        *("it is not booked there", "1:00 h are booked there", "the field says nothing"),
        f"changed since: desk {other}: subject: somebody changed it there since",
        f"changed since: desk {other}: priority: somebody changed it there since",
    ]


class TestVerify:
    def test_both_sides_are_read_again_and_it_can_be_accepted(self, hub: Hub) -> None:
        """An administrator would switch the old account off on our word alone."""
        past(hub, 30)
        shot = File("shot.png", b"\x89PNG\r\n" + b"1" * 99, "image/png", cid="shot")
        shown = '<p>See <img src="cid:shot"></p>'
        mail = hub.people.mail("kim@lantern.example", "Kim", "Put right", shown, shot)
        hub.people.note(mail, "<p>The parser again</p>")
        hub.people.note(mail, f"<p>{'row 17 fails ' * 3_000}</p>")
        hub.settings.write_text(f'{hub.settings.read_text("utf-8")}\n[texts]\nlong = "attach"\n', "utf-8")
        assert hub.run("migrate", "run", "--apply").code == 0
        (issue,) = [one for one in issues(hub.people) if number_of(one) == str(mail)]
        note, _ = comments(hub.people, issue["key"])
        email, edited = hub.environment["JIRA_DEV_EMAIL"], f"issue/{issue['key']}/comment/{note['id']}"
        hub.control("POST", "act/jira/permit", email=email, permission="EDIT_ALL_COMMENTS", allowed=True)
        hub.people.jira("PUT", f"api/2/{edited}", json={"body": "The writer"})
        hub.control("POST", "act/jira/permit", email=email, permission="DELETE_ALL_ATTACHMENTS", allowed=True)
        (picture,) = (one for one in issue["fields"]["attachment"] if one["filename"].endswith(".png"))
        hub.people.jira("DELETE", f"api/2/attachment/{picture['id']}")
        before = hub.calls()
        dry = json.loads(hub.run("migrate", "verify", "--price", "--sample", "10", "--json").out)
        assert max(count - before[name] for name, count in hub.calls().items()) <= 4, "it only tells"
        before = hub.calls()
        told = hub.run("migrate", "verify", "full", "--accept", "Dana Kim")
        spent = {name: count - before[name] for name, count in hub.calls().items()}
        assert told.code == 0, told.out
        assert [dry[depth]["tickets"] for depth in ("counts", "sample")] == [0, 10]
        for connection, system in (("desk", "freshdesk"), ("jira", "jira")):
            assert dry["counts"]["calls"][connection] < dry["sample"]["calls"][connection]
            about = dry["full"]["calls"][connection]
            more = dry["full"]["files"] if system == "freshdesk" else 0  # from hosts that count no calls
            assert abs(spent[system] - about - more) <= 0.2 * about, (spent, dry)
        assert dry["full"]["hours"] > 0
        assert f"about {dry['full']['calls']['jira']:,} calls of jira" in told.err
        assert "All is there, or is known." in told.out
        assert told.out.count("changed since: ") == 2, told.out
        assert "somebody took its copy away since" in told.out
        assert "somebody changed its copy since" in told.out
        assert "accepted by Dana Kim" in told.out
        assert "accepted by Dana Kim" in hub.run("migrate", "status").out

    def test_what_is_missing_is_named(self, hub: Hub) -> None:
        """A verification that cannot fail proves nothing."""
        hub.change(('{ version = "custom', '{ rating = "custom'))
        past(hub, 10, archived=0)
        hub.settings.write_text(f'{hub.settings.read_text("utf-8")}time = "entries"\n', "utf-8")
        mail = hub.people.mail(
            "kim@lantern.example", "Kim", "Log", "<p>See</p>", File("l.txt", b"x" * 7, "text/plain")
        )
        hub.people.note(mail, "<p>An elephant stands in it</p>")
        entries = besides(hub, mail)
        other = hub.people.mail(
            "kim@lantern.example", "Kim", "Log 2", "<p>See</p>", File("m.txt", b"y" * 9, "text/plain")
        )
        shot = File("shot.png", b"\x89PNG\r\n" + b"0" * 100, "image/png", cid="shot")
        third = hub.people.mail("kim@lantern.example", "Kim", "Shot", '<p><img src="cid:shot"></p>', shot)
        book_ourselves(hub, third)
        assert hub.run("migrate", "run", "--apply").code == 0
        whole = hub.run("migrate", "verify", "full")
        assert (whole.code, "and 52 fields, 7 entries of booked time, 1 ratings" in whole.out) == (0, True), (
            whole.out
        )
        found = {number_of(issue): issue for issue in issues(hub.people)}
        issue = found[str(mail)]
        (note,) = comments(hub.people, issue["key"])
        admin = Tool(
            f"{hub.environment['JIRA_URL']}/rest",
            (hub.environment["JIRA_EMAIL"], hub.environment["JIRA_TOKEN"]),
        )
        twice = admin("POST", f"api/2/issue/{issue['key']}/comment", json={"body": note["body"]})["id"]
        hub.people.comment(issue["key"], f"You wrote:\n{{quote}}\n{note['body']}\n{{quote}}")
        admin("PUT", f"api/2/issue/{issue['key']}/comment/{note['id']}", json={"body": "A mouse"})
        admin("DELETE", f"api/2/attachment/{issue['fields']['attachment'][0]['id']}")
        admin("DELETE", f"api/2/attachment/{found[str(third)]['fields']['attachment'][0]['id']}")
        rewritten = {"fields": {"description": "Look"}}
        hub.people.jira("PUT", f"api/2/issue/{found[str(other)]['key']}", json=rewritten)
        changed = hub.people.jira("GET", f"api/2/issue/{found[str(other)]['key']}?fields=attachment")
        (there,) = changed["fields"]["attachment"]
        admin("DELETE", f"api/2/attachment/{there['id']}")
        part = {"file": ("m.txt", b"z" * 9, "text/plain")}
        sent = f"api/2/issue/{found[str(other)]['key']}/attachments"
        admin("POST", sent, files=part, headers={"X-Atlassian-Token": "no-check"})
        admin("DELETE", f"api/2/issue/{found['3']['key']}")
        spoil(hub, admin, issue["key"], found[str(other)]["key"])
        hub.people.note(5, "<p>Said after the run</p>")
        told = hub.run("migrate", "verify", "full")
        assert told.code == 4
        assert "elephant" in told.out
        assert f"differs: desk {mail}: text {twice} of jira: the hub wrote it" in told.out
        assert told.out.count("the hub wrote it") == 1, "who quotes it writes nothing twice"
        assert "file l.txt (7 bytes)" in told.out
        picture = rf"differs: desk {third}: file picture-\d+.png \(a picture in a text\): it is not there"
        assert re.search(picture, told.out), told.out
        assert f"changed since: desk {other}: text 0: somebody changed its copy since" in told.out
        assert "file m.txt (9 bytes): one of its size is there, with other content" in told.out
        for line in named(mail, other, entries):
            assert told.out.count(line) == 1, (line, told.out)
        assert "1 are missing" in told.out
        assert "1 are new or changed since" in told.out
        refused = hub.run("migrate", "verify", "counts", "--accept", "Dana")
        assert (refused.code, "not accepted by Dana" in refused.err) == (4, True)
        assert "1 are new or changed since" in refused.out, "hours of reading are told to nobody"

    def test_what_went_into_the_trash_after_it_was_moved_is_named(self, hub: Hub) -> None:
        """The issue of a ticket that was deleted would stay, and nobody knew."""
        past(hub, 3, archived=0)
        mail = hub.people.mail("kim@lantern.example", "Kim", "Forget me", "<p>Forget me.</p>")
        assert hub.run("migrate", "run", "--apply").code == 0
        hub.people.agent("DELETE", f"tickets/{mail}")
        assert hub.run("migrate", "run", "--apply").code == 0
        (issue,) = [i for i in issues(hub.people) if number_of(i) == str(mail)]
        told = hub.run("migrate", "verify", "counts")
        assert told.code == 0
        assert f"jira {issue['key']} was made of it before and stays" in told.out
        assert f"migrate rollback --id {mail}" in told.out
        assert hub.run("migrate", "rollback", "--id", str(mail), "--apply").code == 0
        assert "made of it before" not in hub.run("migrate", "verify", "counts").out

    def test_it_goes_along_behind_a_run(self, hub: Hub) -> None:
        """A verification of everything would begin when the weekend is over."""
        past(hub, 30, archived=0)
        slow = {"system": "jira", "kind": "slow", "method": "POST", "path": ".*/comment$", "times": 999}
        assert hub.run("migrate", "run", "--apply", "--limit", "2").code == 0
        hub.control("POST", "faults", **slow, seconds=0.3)
        running = hub.start("migrate", "run", "--apply")
        while json.loads(hub.run("migrate", "status", "--json").out)[0]["state"] != "running":
            time.sleep(0.1)
        behind = hub.run("migrate", "verify", "full", "--follow")
        assert hub.end(running).code == 0
        assert behind.code == 0, behind.out
        (line,) = [line for line in behind.lines if "tickets compared" in line]
        assert int(line.partition(" ")[0]) >= tickets(hub)["migrated"]
        assert hub.run("migrate", "verify", "full", "--follow").code == 0


class TestRollback:
    def test_what_a_run_created_is_deleted_and_what_people_touched_stays(self, hub: Hub) -> None:
        """A mistaken demonstration would stay for ever, or somebody's work on an issue would be deleted."""
        past(hub, 12, archived=0)
        before = hub.people.agent("GET", "tickets?per_page=100")
        assert hub.run("migrate", "run", "--apply").code == 0
        found = list(issues(hub.people))
        hub.people.comment(found[0]["key"], "A developer works here")
        hub.people.finish(next(i["key"] for i in found[1:] if i["fields"]["status"]["name"] == "To Do"))
        checked = hub.run("migrate", "rollback", "--check")
        assert checked.code == 4
        assert f"{len(found) - 2} can be deleted" in checked.out
        assert "wrote on it" in checked.out
        assert "status was changed" in checked.out
        assert len(list(issues(hub.people))) == len(found)
        undone = hub.run("migrate", "rollback", "--run", "1", "--apply")
        assert (undone.code, len(list(issues(hub.people)))) == (4, 2)
        assert hub.people.agent("GET", "tickets?per_page=100") == before, "it wrote to its source"
        assert tickets(hub)["waiting"] == len(found) - 2
        assert hub.run("migrate", "run", "--apply").code == 0
        assert len(list(issues(hub.people))) == len(found)

    def test_what_no_field_of_ours_tells_of_is_somebodys_work_too(self, hub: Hub) -> None:
        """An issue would be deleted that a developer took, or with the hours that they had booked on it."""
        past(hub, 7, archived=0)
        assert hub.run("migrate", "run", "--apply").code == 0
        keys = [issue["key"] for issue in issues(hub.people)]
        jira = hub.people.jira
        me = {"accountId": jira("GET", "api/2/myself")["accountId"]}
        jira("PUT", f"api/2/issue/{keys[0]}/assignee", json=me)
        jira("PUT", f"api/2/issue/{keys[1]}", json={"fields": {"duedate": "2030-12-24"}})
        ends = {"inwardIssue": {"key": keys[2]}, "outwardIssue": {"key": keys[3]}}
        jira("POST", "api/2/issueLink", json={"type": {"name": "Relates"}, **ends})
        jira("POST", f"api/2/issue/{keys[4]}/worklog", json={"timeSpent": "3h"})
        checked = hub.run("migrate", "rollback", "--check")
        assert checked.out.startswith("2 can be deleted"), checked.out
        for field in ("assignee", "duedate", "Link", "timespent"):
            assert f"{field}" in checked.out
        assert hub.run("migrate", "rollback", "--apply").code == 4
        assert [issue["key"] for issue in issues(hub.people)] == keys[:5]

    def test_a_run_and_a_rollback_are_never_at_work_at_once(self, hub: Hub) -> None:
        """What a rollback deletes would be made again at once, and its last line be untrue."""
        past(hub, 6, archived=0)
        slow = {"system": "jira", "kind": "slow", "method": "POST", "path": ".*/comment$", "times": 999}
        hub.control("POST", "faults", **slow, seconds=1)
        running = hub.start("migrate", "run", "--apply", "--workers", "1")
        while not list(issues(hub.people)):
            time.sleep(0.05)
        refused = hub.run("migrate", "rollback", "--apply")
        hub.control("DELETE", "faults")
        assert hub.end(running).code == 0
        assert (refused.code, refused.out) == (5, ""), refused
        assert "`migrate stop` ends it" in refused.err
        hub.control("POST", "faults", **slow | {"method": "DELETE", "path": r".*/issue/\d+"}, seconds=2)
        undoing = hub.start("migrate", "rollback", "--apply")
        while all(fault["times"] == 999 for fault in hub.control("GET", "faults")):
            time.sleep(0.05)
        for words in (("run", "--apply"), ("rollback", "--apply")):
            refused = hub.run("migrate", *words)
            assert (refused.code, refused.out) == (5, ""), refused
            assert "`deskbridge migrate rollback --apply` goes on later" in refused.err
        assert json.loads(hub.run("migrate", "status", "--json").out)[0]["state"] == "done"
        undoing.kill()
        undoing.communicate()
        hub.control("DELETE", "faults")
        assert hub.run("migrate", "rollback", "--apply").code == 0, "what was killed is in the way"
        assert not list(issues(hub.people))

    def test_what_nobody_knows_to_be_there_is_told(self, hub: Hub) -> None:
        """Issues of a run that was killed would stay for ever, though all was said to be undone."""
        past(hub, 2, archived=0)
        lost = {"system": "jira", "kind": "lost", "method": "POST", "path": ".*/issue/bulk", "times": 9}
        hub.control("POST", "faults", **lost)
        running = hub.start("migrate", "run", "--apply")
        wait_until(lambda: len(list(issues(hub.people))) == 2)
        running.kill()
        running.communicate()
        hub.control("DELETE", "faults")
        undone = hub.run("migrate", "rollback", "--apply")
        assert (undone.code, undone.out.count("unheard: ")) == (4, 2), undone
        assert hub.run("migrate", "run", "--apply").code == 0
        undone = hub.run("migrate", "rollback", "--apply")
        assert (undone.code, undone.out.startswith("2 deleted")) == (0, True), undone
        assert not list(issues(hub.people))

    def test_without_the_right_nothing_is_tried(self, hub: Hub) -> None:
        """A rollback would stop in its middle, for a right that could have been asked for before."""
        past(hub, 3, archived=0)
        assert hub.run("migrate", "run", "--apply").code == 0
        email = hub.environment["JIRA_EMAIL"]
        hub.control("POST", "act/jira/permit", email=email, permission="DELETE_ISSUES", allowed=False)
        refused = hub.run("migrate", "rollback", "--apply")
        assert refused.code == 4
        assert "lacks DELETE_ISSUES" in refused.out
        assert len(list(issues(hub.people))) == 3


class TestBesides:
    def test_time_ratings_copies_and_ties_go_along(self, hub: Hub) -> None:
        """Hours that were worked, and which ticket was whose duplicate, would be gone with the account."""
        past(hub, 1, archived=0)
        people = hub.people
        letter = {"email": "kim@lantern.example", "name": "Kim", "subject": "Copied", "html": "<p>Help</p>"}
        sent = hub.control("POST", "act/freshdesk/customer_mail", **letter, cc=["boss@lantern.example"])
        one = int(sent["ticket"])
        people.agent("POST", f"tickets/{one}/time_entries", json={"time_spent": "00:45", "note": "looked"})
        people.sort(one, status=4)
        hub.control("POST", "act/freshdesk/customer_rates", ticket=one, rating=103, feedback="fine")
        other = people.mail("kim@lantern.example", "Kim", "Again", "<p>Again</p>")
        merged = {"primary_id": one, "ticket_ids": [other]}
        people.agent("PUT", "tickets/merge", json=merged)
        assert hub.run("migrate", "run", "--apply").code == 0
        found = {number_of(issue): issue for issue in issues(people)}
        texts = "\n".join(text["body"] for text in comments(people, found[str(one)]["key"]))
        for known in ("boss@lantern.example", "0:45 h", "looked", "rated", "fine"):
            assert known in texts.replace("\\", ""), texts
        (link,) = found[str(other)]["fields"]["issuelinks"]
        assert found[str(one)]["key"] in json.dumps(link)
        whole = picture(people)
        assert hub.run("migrate", "run", "--apply").code == 0
        assert picture(people) == whole

    def test_time_and_ratings_go_where_the_tool_holds_them(self, hub: Hub) -> None:
        """Hours would be in no report of the new tool, be counted twice, or forbid that a run is undone.

        Nobody could find the unhappy by a field.
        """
        said = hub.settings.read_text("utf-8").replace('{ version = "custom', '{ rating = "custom')
        hub.settings.write_text(f'{said}{MIGRATION}time = "entries"\n', "utf-8")
        people = hub.people
        ticket = people.mail("kim@lantern.example", "Kim", "Import stops", "<p>Help</p>")
        entry = {
            "time_spent": "00:45",
            "note": "looked",
            "billable": True,
            "executed_at": "2026-03-02T10:00:00Z",
        }
        people.agent("POST", f"tickets/{ticket}/time_entries", json=entry)
        hub.control("POST", "act/freshdesk/customer_rates", ticket=ticket, rating=103)
        assert "rating happy" in hub.run("migrate", "run").out
        assert hub.run("migrate", "run", "--apply").code == 0
        (issue,) = issues(people)
        assert not comments(people, issue["key"]), "it stands in a note too"
        assert issue["fields"]["customfield_10040"] == "happy"
        hub.control("POST", "act/freshdesk/customer_rates", ticket=ticket, rating=-103)
        assert hub.run("migrate", "run", "--apply").code == 0
        (rated,) = issues(people)
        assert rated["fields"]["customfield_10040"] == "unhappy", "a rating changes no stamp of its ticket"
        people.agent("POST", f"tickets/{ticket}/time_entries", json={"time_spent": "01:30", "note": "again"})
        people.note(ticket, "<p>Said since</p>")
        assert hub.run("migrate", "run", "--apply").code == 0
        logs = people.jira("GET", f"api/2/issue/{issue['key']}/worklog")["worklogs"]
        assert [log["timeSpentSeconds"] for log in logs] == [45 * 60, 90 * 60]
        assert logs[0]["started"].startswith("2026-03-02T10:00")
        assert f"Sam Rivera: looked (desk {ticket}, entry " in logs[0]["comment"]
        assert logs[0]["comment"].endswith(", billable)")
        undone = hub.run("migrate", "rollback", "--apply")
        assert (undone.code, undone.lines[0]) == (0, "1 deleted")
