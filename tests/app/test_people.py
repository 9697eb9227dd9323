"""Who is who in the tools: the table, and mentions that reach people, over real HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests

from connectors.errors import ConfigError
from deskbridge.desk import desk_of
from deskbridge.settings import load
from tests.app.program import Hub
from tests.app.settings_files import CANARIES, written

TRUST = 'trust = ["desk", "jira", "gitlab"]\n'


def ruled(folder: Path, table: str) -> list[str]:
    """Return what stands against settings with a table of people; without the folder's name."""
    (folder / "people.csv").write_text(table, encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        load(written(folder, (TRUST, f'{TRUST}people = "people.csv"\nmention = ["jira"]\n')), CANARIES)
    return [line.removeprefix(f"{folder}/people.csv: ") for line in refused.value.problems]


class TestTable:
    def test_who_is_who(self, tmp_path: Path) -> None:
        """A mention would reach somebody else, or nobody."""
        table = "person,desk,jira,gitlab\nDana Weiss,,5b10,dana\n\nOla Berg, ,77aa,\n"
        (tmp_path / "people.csv").write_text(table, encoding="utf-8-sig")
        path = written(tmp_path, (TRUST, f'{TRUST}people = "people.csv"\nmention = ["jira"]\n'))
        rules = desk_of(load(path, CANARIES)).rules
        assert rules.mentioned("gitlab", "jira") == {"dana": "5b10"}
        assert not rules.mentioned("jira", "gitlab")
        assert not rules.mentioned("desk", "jira")

    @pytest.mark.parametrize(
        ("table", "said"),
        [
            ("", ["line 1: the first column is headed 'person', the others by connections"]),
            ("name,jira\n", ["line 1: the first column is headed 'person', the others by connections"]),
            ("person,jiar,gitlab,gitlab\n", ["did you mean 'jira'?", "two columns 'gitlab'"]),
            (
                "person,jira\nA,1,2\n,3\nB\n",
                ["line 2: it has 3 cells", "line 3: it names", "line 4: it has 1"],
            ),
            ("person,jira\nA,1\nB,1\na,2\n", ["line 3: 1 stands in line 2", "line 4: a stands in line 2"]),
            ('person,jira\n"A,1\n', ["this is no table of comma-separated values"]),
        ],
    )
    def test_every_problem_is_told_with_its_line(self, tmp_path: Path, table: str, said: list[str]) -> None:
        """Somebody would be paged in another's name, or a table be mended one run at a time."""
        found = ruled(tmp_path, table)
        assert len(found) == len(said), found
        assert all(part in line for part, line in zip(said, found, strict=True))

    @pytest.mark.parametrize(
        ("lines", "said"),
        [
            ('people = "nowhere.csv"\n', "nowhere.csv: it cannot be read"),
            ("people = 7\n", 'people: name a file, like "people.csv"'),
            ('mention = ["jira"]\n', "mention: nobody is known"),
            ('mention = ["jiar"]\n', "did you mean 'jira'?"),
        ],
    )
    def test_what_cannot_work_is_refused(self, tmp_path: Path, lines: str, said: str) -> None:
        """People would wait for mentions that never come."""
        with pytest.raises(ConfigError) as refused:
            load(written(tmp_path, (TRUST, TRUST + lines)), CANARIES)
        assert any(said in problem for problem in refused.value.problems)


class TestMentions:
    def noted(self, hub: Hub, *, by_rule: bool) -> str:
        """Have a developer mention somebody in Jira, and return what the copy in GitLab says."""
        token = {"PRIVATE-TOKEN": hub.environment["GITLAB_DEV_TOKEN"]}
        me = requests.get(f"{hub.environment['GITLAB_URL']}/api/v4/user", headers=token, timeout=10).json()
        dana = hub.people.jira("GET", "api/2/myself")["accountId"]
        (hub.folder / "people.csv").write_text(f"person,jira,gitlab\nDana,{dana},{me['username']}\n", "utf-8")
        mention = '["gitlab"]' if by_rule else "[]"
        hub.change(("[hub]", f'people = "people.csv"\nmention = {mention}\n\n[hub]'))
        ticket = hub.people.mail("kim@lantern.example", "Kim Park", "Import stops", "<p>At row 17.</p>")
        hub.people.sort(ticket, tags=["dev", "firmware"])
        assert hub.run("sync", "--once").code == 0
        hub.people.comment(
            hub.people.issue_of("Import stops"), f"[~accountid:{dana}] and [~accountid:nobody] look"
        )
        assert hub.run("sync", "--once").code == 0
        assert "Nothing to write" in hub.run("plan", "--all").out
        issue = hub.people.gitlab_issue_of("Import stops")
        notes = hub.people.gitlab("GET", f"issues/{issue}/notes")
        (said,) = [note["body"] for note in notes if "look" in note["body"]]
        return str(said).replace(f"@{me['username']}", "@HER")

    def test_a_person_of_the_table_is_mentioned(self, hub: Hub) -> None:
        """A developer who is asked in one tool would never hear of it in the other."""
        said = self.noted(hub, by_rule=True)
        assert said.count("@HER") == 1
        assert "@nobody" not in said

    def test_nobody_is_mentioned_without_the_rule(self, hub: Hub) -> None:
        """People would be paged by a hub that nobody told to page them."""
        assert "@HER" not in self.noted(hub, by_rule=False)
