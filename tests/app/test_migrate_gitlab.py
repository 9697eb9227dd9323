"""A desk's history that moves to GitLab, over real HTTP: one small move, looked at from all sides."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from connectors.capabilities import Part
from connectors.errors import Uncertain
from deskbridge.bootstrap import build
from deskbridge.demo.people import File, Tool
from deskbridge.sandbox.run import Sandbox
from mappings.ticket import Ref, TimeEntry
from tests.app.conftest import hub_before
from tests.app.program import Hub, Warm

KIM = ("kim@lantern.example", "Kim Park")
COUNT = 8
LOG = b"E42 " * 100
SHOT = b"\x89PNG\r\n" + b"0" * 100
MIGRATION = '\n[migration]\nto = "firmware"\ntrash = "take"\n'


@dataclass(frozen=True)
class Moved:
    """A desk whose history was moved, and the numbers of tickets of its own."""

    hub: Hub
    talk: int
    """With a note, a reply, files, time, a rating, and somebody in copy."""
    again: int
    """Merged into it."""
    thrown: int
    """In the trash."""
    mails: int
    """How many mails customers had got before."""

    def issues(self) -> dict[str, dict[str, Any]]:
        """Return old number -> issue, by the label that a person would search for."""
        found: dict[str, dict[str, Any]] = {}
        for issue in self.hub.people.gitlab("GET", "issues", params={"scope": "all", "per_page": 100}):
            (number,) = [one.removeprefix("desk-") for one in issue["labels"] if one.startswith("desk-")]
            assert number not in found, f"two issues stand for ticket {number}"
            found[number] = issue
        return found

    def notes(self, number: int) -> list[dict[str, Any]]:
        """Return the notes on the issue of a ticket, oldest first."""
        iid = self.issues()[str(number)]["iid"]
        rows = self.hub.people.gitlab("GET", f"issues/{iid}/notes", params={"sort": "asc"})
        return [row for row in rows if not row["system"]]


def written(hub: Hub, ticket: int) -> list[tuple[Any, ...]]:
    """Return what any write to the desk would change."""
    rows = hub.people.agent("GET", "tickets?per_page=100&order_by=created_at")
    texts = hub.people.agent("GET", f"tickets/{ticket}/conversations")
    return [*((r["id"], r["updated_at"]) for r in rows), *((t["id"], t["updated_at"]) for t in texts)]


@pytest.fixture(scope="module")
def moved(warm: Warm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moved]:
    """Move a desk's history to GitLab, once, before tools that no other test uses."""
    with Sandbox.running(limits=False) as own:
        yield _moved(hub_before(own, warm, tmp_path_factory.mktemp("moved")))


def _moved(hub: Hub) -> Moved:
    hub.settings.write_text(hub.settings.read_text("utf-8") + MIGRATION, "utf-8")
    past = {"count": COUNT, "seed": 11, "days": 200, "comments": 2, "archived": 0.2}
    assert hub.control("POST", "act/freshdesk/generate", **past)["archived"]
    people = hub.people
    files = [
        File("log.txt", LOG, "text/plain"),
        File("shot.png", SHOT, "image/png", cid="shot"),
    ]
    talk = people.mail(*KIM, "Import stops", '<p>See <img src="cid:shot"> and the <b>log</b></p>', *files)
    people.sort(talk, tags=["needs quote"], priority=4)
    people.reply(talk, "<p>Which row?</p>")
    people.note(talk, "<p>Between us</p><p>/close @all</p>")
    people.agent("POST", f"tickets/{talk}/time_entries", json={"time_spent": "00:45", "note": "looked"})
    people.sort(talk, status=4)
    hub.control("POST", "act/freshdesk/customer_rates", ticket=talk, rating=103, feedback="fine")
    again = people.mail(*KIM, "Again", "<p>Again</p>")
    people.agent("PUT", "tickets/merge", json={"primary_id": talk, "ticket_ids": [again]})
    thrown = people.mail(*KIM, "Thrown away", "<p>Help</p>", File("note.txt", b"Help", "text/plain"))
    people.agent("DELETE", f"tickets/{thrown}")
    made = Moved(hub, talk, again, thrown, hub.customers_mailed())
    before = written(hub, talk)
    done = hub.run("migrate", "run", "--apply")
    assert done.code == 0, done.out + done.err
    assert written(hub, talk) == before, "it wrote to its source"
    return made


def test_everything_arrives_once_and_nobody_is_mailed(moved: Moved) -> None:
    """The history would be lost, doubled, readable for the wrong people, or mailed to customers."""
    found = moved.issues()
    assert found.keys() == {str(number) for number in range(1, COUNT + 4)}
    issue = found[str(moved.talk)]
    assert "**Kim Park** (customer) in [desk " in issue["description"]
    assert "**log**" in issue["description"]
    assert {"needs quote", "customer-lantern", "priority::1"} <= set(issue["labels"])
    assert (issue["state"], found[str(moved.thrown)]["title"]) == ("closed", "Thrown away")
    notes = moved.notes(moved.talk)
    (reply,) = [note for note in notes if "Which row?" in note["body"]]
    (note,) = [note for note in notes if "Between us" in note["body"]]
    assert "(to the customer)" in reply["body"]
    assert "(internal)" in note["body"]
    (besides,) = [note["body"] for note in notes if "0:45 h" in note["body"]]
    assert "looked" in besides
    assert "fine" in besides
    assert issue["time_stats"]["total_time_spent"] == 0
    assert moved.hub.customers_mailed() == moved.mails
    assert "difference 0" in moved.hub.run("migrate", "status").out


def test_files_and_pictures_stand_in_the_text_they_belong_to(moved: Moved) -> None:
    """Screenshots, which most of support is about, would be gone with the old account."""
    said = moved.issues()[str(moved.talk)]["description"]
    addresses = [part.partition(")")[0] for part in said.split("](/uploads/")[1:]]
    assert {moved.hub.people.fetch_from_gitlab(address) for address in addresses} == {LOG, SHOT}
    assert said.count("![") == 1


def test_ties_between_tickets_become_links(moved: Moved) -> None:
    """Which ticket was whose duplicate would be gone with the account."""
    found = moved.issues()
    links = moved.hub.people.gitlab("GET", f"issues/{found[str(moved.again)]['iid']}/links")
    assert [link["iid"] for link in links] == [found[str(moved.talk)]["iid"]]


def test_an_estimate_says_what_gitlab_cannot_do(moved: Moved) -> None:
    """Somebody would promise customers, hours and a weekend that GitLab does not have."""
    told = json.loads(moved.hub.run("migrate", "estimate", "--json").out)
    (means,) = [" ".join(one["lines"]) for one in told["consequences"]]
    for word in ("one by one", "no organisations", "of 255 characters each", "an Owner or a Planner"):
        assert word in means
    steps = {step["step"]: step["about"] for step in told["steps"]}
    assert steps["create"] == "one call and three looks each"
    assert steps["comments"].endswith("300 a minute at most")


def test_old_numbers_lead_to_the_new_issues(moved: Moved) -> None:
    """Whoever opens an old address would find nothing."""
    rows = json.loads(moved.hub.run("migrate", "redirects", "--json").out)
    (row,) = [row for row in rows if row["number"] == str(moved.talk)]
    assert row["new_url"] == moved.issues()[str(moved.talk)]["web_url"]
    assert len(rows) == COUNT + 3


def test_it_is_verified_and_taken_back(moved: Moved) -> None:
    """The old account would be switched off a file short, or a mistaken move would stay for ever."""
    hub = moved.hub
    told = hub.run("migrate", "verify", "full", "--accept", "Dana Kim")
    assert told.code == 0, told.out
    assert "accepted by Dana Kim" in told.out
    assert " x gitlab: type (desk): unmapped: Refund" in told.out
    refused = hub.run("migrate", "rollback", "--apply")
    assert refused.code == 4
    assert "make them an Owner" in refused.out
    assert len(moved.issues()) == COUNT + 3
    _owns(hub)
    talk, other, weighed = (moved.issues()[str(number)] for number in (moved.talk, 3, 4))
    hub.people.comment_in_gitlab(other["iid"], "A developer works here")
    hub.people.gitlab("PUT", f"issues/{weighed['iid']}", json={"weight": 3})
    before, _, address = talk["description"].rpartition("](/uploads/")
    rewritten = f"{before}](/gone/{address}".replace("See", "Look at")
    hub.people.gitlab("PUT", f"issues/{talk['iid']}", json={"description": rewritten})
    (reply,) = [note for note in moved.notes(moved.talk) if "Which row" in note["body"]]
    us = Tool(
        f"{hub.environment['GITLAB_URL']}/api/v4/projects/{talk['project_id']}",
        headers={"PRIVATE-TOKEN": hub.environment["GITLAB_TOKEN"]},
    )
    us("PUT", f"issues/{talk['iid']}/notes/{reply['id']}", json={"body": "What?"})
    (besides,) = [note for note in moved.notes(moved.talk) if "0:45 h" in note["body"]]
    us("PUT", f"issues/{talk['iid']}/notes/{besides['id']}", json={"body": "Nothing"})
    low = {"remove_labels": "priority::1", "add_labels": "priority::4", "title": "import stops"}
    hub.people.gitlab("PUT", f"issues/{talk['iid']}", json=low)
    thrown = moved.issues()[str(moved.thrown)]
    us("PUT", f"issues/{thrown['iid']}", json={"state_event": "close", "title": "Kept"})
    differs = hub.run("migrate", "verify", "full")
    assert differs.code == 4
    assert f"changed since: desk {moved.talk}: text 0: somebody changed its copy since" in differs.out
    for what in ("subject", "priority", "booked time", "rating"):
        assert f"changed since: desk {moved.talk}: {what}" in differs.out, what
    assert differs.out.count("changed since: ") == 6, differs.out
    for line in (
        "subject: it should say 'Thrown away' and says 'Kept'",
        "status: it should say 'open' and says",
    ):
        assert f"differs: desk {moved.thrown}: {line}" in differs.out
    us("PUT", f"issues/{thrown['iid']}", json={"state_event": "reopen", "title": thrown["title"]})
    us("PUT", f"issues/{talk['iid']}/notes/{reply['id']}", json={"body": reply["body"]})
    us("PUT", f"issues/{talk['iid']}/notes/{besides['id']}", json={"body": besides["body"]})
    assert f"differs: desk {moved.talk}: file log.txt ({len(LOG)} bytes)" in differs.out
    again = {"description": talk["description"], "title": talk["title"], "labels": ",".join(talk["labels"])}
    hub.people.gitlab("PUT", f"issues/{talk['iid']}", json=again)
    undone = hub.run("migrate", "rollback", "--apply")
    assert (undone.code, undone.lines[0]) == (4, f"{COUNT} deleted")
    assert "Dana Novak wrote on it" in undone.out
    assert "Dana Novak: weight" in undone.out
    assert {issue["iid"] for issue in moved.issues().values()} == {
        one["iid"] for one in (talk, other, weighed)
    }
    assert hub.run("migrate", "run", "--apply").code == 0
    assert len(moved.issues()) == COUNT + 3


def test_gitlab_serves_the_customers_after_the_switch(hub: Hub) -> None:
    """On Monday every promise would begin anew, or nobody would be promised anything."""
    hub.settings.write_text(hub.settings.read_text("utf-8") + MIGRATION, "utf-8")
    hub.people.mail(*KIM, "Import stops", "<p>It stops</p>")
    assert hub.run("migrate", "run", "--apply").code == 0
    for name in ("prepared", "frozen", "delta", "verified"):
        assert hub.run("migrate", "cutover", name, "--in-spite", "a rehearsal").code == 0
    said = hub.settings.read_text("utf-8").replace(MIGRATION, "")
    for part in (
        r"\[connections\.desk\].*?(?=# -- where the work)",
        r"\[\[routes\]\]\nname = \"to the firm.*?\n\n",
    ):
        said = re.sub(part, "", said, flags=re.DOTALL)
    before, gitlab, after = said.replace('trust = ["desk", ', "trust = [").partition("[connections.gitlab]")
    serving = before + gitlab + after.replace('role = "work"', 'role = "front"', 1)
    hub.settings.write_text(serving, "utf-8")
    del hub.environment["DESKBRIDGE_CONNECTIONS__DESK__URL"]
    switched = hub.run("migrate", "cutover", "switched")
    assert (switched.code, switched.lines[0]) == (0, "1 tickets are served on gitlab now")
    assert hub.run("sync", "--once").code == 0
    (clock,) = [line for line in hub.run("sla", "next").lines if "first_response" in line]
    assert "on track  gitlab harbour/firmware#1 (lantern)" in clock
    (issue,) = hub.people.gitlab("GET", "issues", params={"scope": "all"})
    assert issue["due_date"] is not None


def test_booked_time_becomes_entries_once_each(hub: Hub) -> None:
    """Hours would be in no report of GitLab, on the wrong day, or twice; a long text would lose its end."""
    hub.settings.write_text(f'{hub.settings.read_text("utf-8")}{MIGRATION}time = "entries"\n', "utf-8")
    ticket = hub.people.mail(*KIM, "Import stops", "<p>It stops</p>")
    for spent, note in (("00:45", "looked"), ("30:15", f"{'again ' * 60}and done")):
        entry = {"time_spent": spent, "note": note, "executed_at": "2026-03-02T10:00:00Z"}
        hub.people.agent("POST", f"tickets/{ticket}/time_entries", json=entry)
    assert hub.run("migrate", "run", "--apply").code == 0
    app = build(hub.settings, hub.environment)
    gitlab, bundles = app.connectors["gitlab"], app.store.bundles
    refs = bundles.load(bundles.subject(Ref("desk", str(ticket)))).refs
    (target,) = [ref for ref in refs if ref.connection == "gitlab"]

    def booked() -> list[TimeEntry]:
        return list(gitlab.fetch(target.key, frozenset({Part.TIME})).ticket.time_entries or ())

    first, second = booked()
    assert (first.spent, second.spent) == (timedelta(minutes=45), timedelta(hours=30, minutes=15))
    assert f"{first.started:%Y-%m-%d %H:%M}" == "2026-03-02 10:00"
    assert first.note.startswith(f"Sam Rivera: looked (desk {ticket}, entry ")
    assert second.note.endswith(", billable)")
    (issue,) = hub.people.gitlab("GET", "issues", params={"scope": "all"})
    assert issue["time_stats"]["total_time_spent"] == 31 * 3600
    notes = hub.people.gitlab("GET", f"issues/{issue['iid']}/notes")
    (besides,) = [row["body"] for row in notes if not row["system"] and "again again" in row["body"]]
    assert "and done" in besides
    assert "looked" not in besides
    hub.people.note(ticket, "<p>Said since</p>")
    assert hub.run("migrate", "run", "--apply").code == 0
    assert booked() == [first, second]
    verified = hub.run("migrate", "verify", "full")
    assert (verified.code, "2 entries of booked time" in verified.out) == (0, True), verified.out
    lost = {"system": "gitlab", "method": "POST", "path": ".*/graphql$", "times": 1, "kind": "lost"}
    hub.control("POST", "faults", **lost)
    with pytest.raises(Uncertain):
        gitlab.add_time(target.key, first)
    assert len(booked()) == 3, "what nobody heard the answer of was sent again"
    assert "(0:45 h, 2026-03-02): it is booked 2 times there" in hub.run("migrate", "verify", "full").out
    app.store.database.close()


def _owns(hub: Hub) -> None:
    """Make the hub's account an Owner, who alone may delete issues."""
    token = {"PRIVATE-TOKEN": hub.sandbox.gitlab.secrets.owner}
    owner = Tool(f"{hub.environment['GITLAB_URL']}/api/v4", headers=token)
    me = next(one for one in owner("GET", "groups/31/members") if one["name"] == "deskbridge")
    owner("PUT", f"groups/31/members/{me['id']}", json={"access_level": 50})
