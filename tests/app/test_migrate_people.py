"""The table of people is extended by who can be found, and by nothing else, over real HTTP."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import requests

from connectors.errors import ConfigError
from deskbridge.migration.accounts import exported
from tests.app.program import Hub

ATLASSIAN = """\
User id,User name,email,User status,Added to org,Org role
712020:noor,Noor Haddad,noor@harbour.example,Active,01 Jan 2024,User
712020:left,Sam Rivera,sam@harbour.example,Deactivated,01 Jan 2024,User
712020:other,Sam Rivera,sam.r@elsewhere.example,Active,01 Jan 2024,User
"""


def admin(hub: Hub, method: str, path: str, **request: Any) -> Any:
    """Call the desk as its administrator."""
    url = f"{hub.environment['FRESHDESK_URL']}/api/v2/{path}"
    answer = requests.request(
        method, url, auth=(hub.environment["FRESHDESK_API_KEY"], "X"), timeout=10, **request
    )
    answer.raise_for_status()
    return answer.json() if answer.content else None


def unmatched(hub: Hub) -> list[dict[str, str]]:
    """Return who was not found."""
    return list(csv.DictReader((hub.folder / "unmatched.csv").read_text("utf-8").splitlines()))


class TestPeople:
    def test_an_export_finds_whom_the_api_hides(self, hub: Hub) -> None:
        """Broken: nobody's notes are theirs after the move, because one tool hides mail addresses."""
        (hub.folder / "users.csv").write_text(ATLASSIAN, "utf-8-sig")
        hub.refuse_writes()
        words = ("migrate", "people", "--export", "jira=users.csv")
        looked = hub.run(*words)
        assert looked.code == 0
        assert "new line: Noor Haddad: desk noor@harbour.example, jira 712020:noor" in looked.lines
        assert "Deskbridge Hub" not in looked.out, "its own account is nobody's"
        assert not (hub.folder / "people.csv").exists()
        applied = hub.run(*words, "--apply")
        assert applied.code == 0
        assert hub.writes_refused() == 0
        table = (hub.folder / "people.csv").read_text("utf-8").splitlines()
        assert table[0].startswith("person,desk,jira")
        assert any(line.startswith("Noor Haddad,noor@harbour.example,712020:noor") for line in table)
        (sam,) = (
            row for row in unmatched(hub) if row["person"] == "Sam Rivera" and row["connection"] == "jira"
        )
        assert sam["perhaps"] == "712020:other"
        assert "712020:left" not in (hub.folder / "unmatched.csv").read_text("utf-8")
        hub.settings.write_text('people = "people.csv"\n' + hub.settings.read_text("utf-8"), "utf-8")
        assert hub.run("check").code == 0
        again = hub.run(*words)
        assert f"{Path('people.csv')} has everybody who can be found." in again.out

    def test_what_a_person_wrote_stays_to_the_letter(self, hub: Hub) -> None:
        """Broken: an evening's work on the table is overwritten."""
        (hub.folder / "users.csv").write_text(ATLASSIAN, "utf-8")
        lines = [
            "person , jira",
            '"Haddad, Noor",  712020:mine',
            "",
            "Somebody  Else,5b10",
            '"Sam ""the man""",',
        ]
        mine = "".join(f"{line}\r\n" for line in lines)
        (hub.folder / "people.csv").write_bytes(b"\xef\xbb\xbf" + mine.encode())
        applied = hub.run("migrate", "people", "--export", "jira=users.csv", "--apply")
        assert applied.code == 0, applied.err
        now = (hub.folder / "people.csv").read_bytes().decode("utf-8")
        after = now.split("\r\n")
        assert after[0] == "\ufeffperson,jira,desk"
        assert after[1:5] == [line + "," if line else line for line in lines[1:]]
        assert "Noor Haddad,712020:noor,noor@harbour.example" in after

    def test_a_filled_cell_is_never_changed(self, hub: Hub) -> None:
        """Broken: whom a person chose is replaced by whom a search found."""
        (hub.folder / "users.csv").write_text(ATLASSIAN, "utf-8")
        table = "person,desk,jira\nNoor,noor@harbour.example,712020:mine\n"
        (hub.folder / "people.csv").write_text(table, "utf-8")
        applied = hub.run("migrate", "people", "--export", "jira=users.csv", "--apply")
        assert (
            "left as it is: Noor Haddad: jira is 712020:mine in the table and 712020:noor there"
            in applied.out
        )
        assert "Noor,noor@harbour.example,712020:mine" in (hub.folder / "people.csv").read_text("utf-8")

    def test_who_has_left_is_told(self, hub: Hub) -> None:
        """Broken: tickets of a former agent are nobody's, and nobody knows why."""
        made = admin(
            hub,
            "POST",
            "agents",
            json={"email": "ola@harbour.example", "ticket_scope": 1, "name": "Ola Berg"},
        )
        ticket = hub.people.mail("kim@lantern.example", "Kim", "Import", "<p>It stops</p>")
        note = {"body": "Looked at it", "user_id": made["id"]}
        admin(hub, "POST", f"tickets/{ticket}/notes", json=note)
        admin(hub, "DELETE", f"agents/{made['id']}")
        told = json.loads(hub.run("migrate", "people", "--former", "5", "--json").out)
        former = [one for one in told["unmatched"] if one["former"] and one["connection"] == "jira"]
        assert [(one["person"], one["mail"]) for one in former] == [("Ola Berg", "ola@harbour.example")]

    def test_names_in_the_list_are_no_formulas(self, hub: Hub) -> None:
        """Broken: opening the list in a spreadsheet runs what a customer called themselves."""
        evil = '=HYPERLINK("https://evil.example")'
        admin(hub, "POST", "agents", json={"email": "evil@harbour.example", "ticket_scope": 1, "name": evil})
        assert hub.run("migrate", "people", "--apply").code == 0
        named = {row["person"] for row in unmatched(hub)}
        assert '\'=HYPERLINK("https://evil.example")' in named


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n1,2\n", "it needs a column 'User id' and one 'email'; it has a, b"),
        ("", "it has none"),
        ('"User id,email\n', "this is no table of people that can be read"),
    ],
)
def test_an_export_that_is_none_is_refused(tmp_path: Path, text: str, said: str) -> None:
    """Broken: a wrong file is taken for one in which nobody has an account."""
    (tmp_path / "users.csv").write_text(text, "utf-8")
    with pytest.raises(ConfigError) as refused:
        exported(tmp_path / "users.csv")
    assert said in str(refused.value)
