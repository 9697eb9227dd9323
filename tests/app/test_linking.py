"""Many links at once, over real HTTP: another tool's from a file, the hub's own that were lost."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from tests.app.program import Hub


def pairs(hub: Hub, count: int) -> list[tuple[int, str]]:
    """Have tickets and issues that another tool kept together: some tickets' and issues' numbers."""
    made = []
    for number in range(count):
        subject = f"An old one, {number}"
        ticket = hub.people.mail("kim@lantern.example", "Kim Park", subject, f"<p>Long ago {number}.</p>")
        fields = {"project": {"key": "SUP"}, "issuetype": {"id": "10002"}, "summary": f"Theirs {number}"}
        issue = hub.people.jira("POST", "api/2/issue", json={"fields": fields})
        made.append((ticket, str(issue["key"])))
    return made


def file(hub: Hub, text: str) -> str:
    """Write a file beside the settings and return what `--adopt` calls it."""
    (hub.folder / "links.csv").write_text(text, encoding="utf-8")
    return "csv:links.csv"


class TestAdopt:
    def test_the_links_of_another_tool(self, hub: Hub) -> None:
        """Whoever leaves another tool would type thousands of links by hand, or have every ticket twice."""
        made = pairs(hub, 2)
        rows = [*made, (made[0][0] + 900, made[1][1])]
        given = file(hub, "desk,jira\n" + "".join(f"{ticket},{issue}\n" for ticket, issue in rows))
        listed = hub.run("link", "--adopt", given)
        assert listed.code == 4
        assert listed.lines[0] == f"desk {made[0][0]} = jira {made[0][1]}"
        assert "links.csv: line 4:" in listed.lines[2]
        assert listed.lines[3] == "2 to be linked; say --apply, 1 not"
        assert hub.run("status").out.count("0 linked") == 1
        assert hub.run("link", "--adopt", given, "--apply").code == 4
        assert hub.run("sync", "--once").code == 0
        for ticket, issue in made:
            assert hub.run("explain", f"desk:{ticket}").lines[0] == f"desk #{ticket} = jira {issue}"
            found = hub.people.jira("GET", f"api/2/issue/{issue}", params={"fields": "summary"})
            assert found["fields"]["summary"].startswith("Theirs")
        hub.people.note(made[1][0], "<p>Said since</p>")
        assert hub.run("sync", "--once").code == 0
        found = hub.people.jira("GET", f"api/2/issue/{made[1][1]}/comment")
        assert [text for text in found["comments"] if "Said since" in text["body"]]
        assert "Nothing to write" in hub.run("plan", "--all").out

    def test_what_remote_links_say(self, hub: Hub) -> None:
        """The links that another tool left on the issues would have to be typed again."""
        (ticket, issue), _ = pairs(hub, 2)
        for where in (
            f"{hub.environment['FRESHDESK_URL']}/a/tickets/{ticket}",
            "https://wiki.example/a/tickets/9",
        ):
            link = {"object": {"url": where, "title": "Elsewhere"}}
            hub.people.jira("POST", f"api/2/issue/{issue}/remotelink", json=link)
        listed = hub.run("link", "--adopt", "remote-links:jira")
        assert (listed.code, len(listed.lines)) == (0, 2)
        assert listed.lines[0].endswith(f"= desk {ticket}")
        assert hub.run("link", "--adopt", "remote-links:jira", "--apply").code == 0
        assert hub.run("sync", "--once").code == 0
        assert hub.run("explain", f"desk:{ticket}").lines[0] == f"desk #{ticket} = jira {issue}"
        assert hub.run("unlink", issue).code == 0
        assert hub.run("link", "--adopt", "remote-links:jira").lines == ["0 to be linked; say --apply"]

    def test_what_a_field_says(self, hub: Hub) -> None:
        """The same for tools that keep the other ticket's number in a field of their own."""
        (ticket, issue), (other, second) = pairs(hub, 2)
        address = f"{hub.environment['JIRA_URL']}/browse/{second}"
        for number, said in ((ticket, issue), (other, address)):
            hub.people.sort(number, custom_fields={"cf_product_version": said})
        ended = hub.run("link", "--adopt", "field:desk.cf_nothing")
        assert (ended.code, ended.out) == (4, "")
        assert "tickets have no field cf_nothing; there are" in ended.err
        listed = hub.run("link", "--adopt", "field:desk.cf_product_version")
        assert set(listed.lines[:-1]) == {f"desk {ticket} = jira {issue}", f"desk {other} = jira {second}"}
        assert hub.run("link", "--adopt", "field:desk.cf_product_version", "--apply").code == 0
        assert hub.run("sync", "--once").code == 0
        assert hub.run("explain", f"desk:{other}").lines[0] == f"desk #{other} = jira {second}"

    def test_an_address_in_gitlab(self, hub: Hub) -> None:
        """An issue of GitLab would not be known by where people open it."""
        ticket = hub.people.mail("kim@lantern.example", "Kim Park", "Theirs", "<p>Long ago.</p>")
        made = hub.people.gitlab("POST", "issues", json={"title": "Theirs"})
        hub.people.sort(ticket, custom_fields={"cf_product_version": made["web_url"]})
        ended = hub.run("link", "--adopt", "field:desk.cf_product_version")
        assert ended.lines[0] == f"desk {ticket} = gitlab {made['project_id']}:{made['iid']}"

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("", ["line 1: name two connections"]),
            ("desk,jiar\n1,SUP-1\n", ["line 1: no connection is called 'jiar'; did you mean 'jira'?"]),
            ("gitlab,jira\n1,SUP-1\n", ["line 1: one must be a front and the other a work side"]),
            ("desk,jira\n1\n\n2,\n", ["line 2: write two keys", "line 4: write two keys"]),
            ("desk,jira\n1,SUP-1\n1,SUP-2\n", ["line 3: desk 1 stands in line 2 already"]),
        ],
    )
    def test_every_line_that_cannot_be_read_is_told(self, hub: Hub, text: str, said: list[str]) -> None:
        """Half a file would be linked, or a person would find its mistakes one run at a time."""
        ended = hub.run("link", "--adopt", file(hub, text), "--apply")
        assert (ended.code, ended.out) == (2, "")
        lines = ended.err.splitlines()
        assert len(lines) == len(said)
        assert all(part in line for part, line in zip(said, lines, strict=True))

    @pytest.mark.parametrize(
        "words",
        [
            (),
            ("desk:1",),
            ("--adopt", "links.csv"),
            ("--adopt", "csv:nowhere.csv"),
            ("a", "b", "--apply"),
            ("--adopt", "field:desk"),
            ("--adopt", "remote-links:jiar"),
        ],
    )
    def test_a_slip_of_the_hand(self, hub: Hub, words: tuple[str, ...]) -> None:
        """Something else would be linked than somebody meant."""
        ended = hub.run("link", *words)
        assert (ended.code, ended.out) == (2, "")


class TestRebuild:
    def test_lost_links_are_found_by_our_own_texts(self, hub: Hub) -> None:
        """A ticket whose link was lost would get a second issue."""
        for subject in ("Import stops", "Parted"):
            ticket = hub.people.mail("kim@lantern.example", "Kim Park", subject, "<p>At row 17.</p>")
            hub.people.sort(ticket, tags=["dev"])
        assert hub.run("sync", "--once").code == 0
        assert hub.run("link", "--rebuild").out.startswith("0 to be linked")
        parted = hub.people.issue_of("Parted")
        assert hub.run("unlink", parted).code == 0
        issue = hub.people.jira("GET", f"api/2/issue/{hub.people.issue_of('Import stops')}")["id"]
        with closing(sqlite3.connect(hub.folder / "store.sqlite3")) as store:
            store.execute("DELETE FROM links WHERE connection = 'jira' AND key = ?", (issue,))
            store.execute("DELETE FROM seen WHERE connection = 'jira' AND key = ?", (issue,))
            store.execute("DELETE FROM timeline WHERE connection = 'jira' AND key = ?", (issue,))
            store.commit()
        assert hub.run("link", "--rebuild").lines == [
            f"desk 1 = jira {hub.people.issue_of('Import stops')}",
            "1 to be linked; say --apply",
        ]
        assert hub.run("link", "--rebuild", "--apply").code == 0
        assert hub.run("sync", "--once").code == 0
        assert "Nothing to write" in hub.run("plan", "--all").out
        found = hub.people.jira(
            "POST", "api/2/search/jql", json={"jql": "project = SUP", "fields": ["summary"]}
        )
        assert len(found["issues"]) == 2
