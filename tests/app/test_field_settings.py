"""Which way fields travel, as settings say it."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.errors import ConfigError
from deskbridge.desk import desk_of
from deskbridge.settings import load
from sync.rules import FIELD_RULES, Rules
from tests.app.program import Hub
from tests.app.settings_files import CANARIES, written


def ruled(folder: Path, *lines: str) -> Rules:
    """The rules of settings with more lines at their end."""
    return desk_of(load(written(folder, ("", "\n" + "\n".join(lines) + "\n")), CANARIES)).rules


def problems(folder: Path, *lines: str) -> list[str]:
    """What stands against settings with more lines at their end, without the file's name."""
    with pytest.raises(ConfigError) as refused:
        ruled(folder, *lines)
    return [line.partition(": ")[2] for line in refused.value.problems]


class TestFields:
    def test_what_is_not_said_stays(self, tmp_path: Path) -> None:
        """A person who changes one direction would lose the defaults of the others."""
        rules = ruled(tmp_path, "[fields.priority]", 'work_to_front = "always"')
        assert set(FIELD_RULES) < set(rules.fields)
        assert len(rules.fields) == len(FIELD_RULES) + 1
        assert rules.travels("priority", "jira", "desk")
        assert rules.suggests("priority", "desk", "jira")
        assert not rules.asks

    def test_what_is_said_replaces_the_default(self, tmp_path: Path) -> None:
        """A field would go on travelling a way that a person closed, or both ways at once."""
        lines = ["[fields.priority]", 'front_to_work = ["create"]', 'work_to_work = "never"']
        rules = ruled(tmp_path, *lines, "[fields.version]", 'front_to_work = "suggest"')
        assert rules.travels("priority", "desk", "jira", creating=True)
        assert not rules.suggests("priority", "desk", "jira")
        assert not rules.travels("priority", "jira", "gitlab")
        assert (rules.travels("version", "desk", "jira"), rules.suggests("version", "desk", "jira")) == (
            False,
            True,
        )
        assert rules.travels("version", "jira", "desk")

    def test_a_person_is_asked_and_work_is_opened_where_settings_say_so(self, tmp_path: Path) -> None:
        """A conflict would be decided without the person who wanted to, or done work would stay done."""
        lines = ["[handover]", "reopen_work = true", "[fields.subject]", 'conflict = "ask"']
        rules = ruled(tmp_path, *lines)
        assert (set(rules.asks), rules.reopen_work) == ({"subject"}, True)

    @pytest.mark.parametrize(
        ("lines", "said"),
        [
            (["[fields.prioritty]"], ["fields.prioritty: no 'prioritty'; did you mean 'priority'?"]),
            (["[fields.priority]", 'fornt_to_work = "always"'], ["did you mean 'front_to_work'?"]),
            (["[fields.priority]", 'front_to_work = "allways"'], ["no 'allways'; there are never, create"]),
            (
                ["[fields.priority]", 'front_to_work = ["always", "suggest"]'],
                ["no room for anything beside it"],
            ),
            (
                ["[fields.priority]", 'conflict = "aks"'],
                ["fields.priority.conflict: no 'aks'; did you mean 'ask'?"],
            ),
            (["[fields.due]", 'work_to_front = "always"'], ["fields.due: the hub's clocks decide it"]),
            (["[fields.status]", 'front_to_work = "always"'], ["a status passes by [handover]"]),
            (
                ["[fields.tags]", 'front_to_work = "create"', 'conflict = "ask"'],
                ["always or never", "so there is none"],
            ),
            (["[fields.subject]", 'front_to_work = "suggest"'], ["no tool makes an issue without one"]),
        ],
    )
    def test_what_no_rule_can_do_is_refused(self, tmp_path: Path, lines: list[str], said: list[str]) -> None:
        """A rule that nothing follows would stand in the settings, believed by whoever wrote it."""
        found = problems(tmp_path, *lines)
        assert len(found) == len(said)
        assert all(part in line for part, line in zip(said, found, strict=True))

    def test_a_rule_is_followed(self, hub: Hub) -> None:
        """Settings would be read, and nothing done by them."""
        hub.change(("[boards.lantern]", '[fields.priority]\nwork_to_front = "always"\n\n[boards.lantern]'))
        ticket = hub.people.mail("kim@lantern.example", "Kim Park", "Import stops", "<p>At row 17.</p>")
        hub.people.sort(ticket, tags=["dev"], priority=2)
        assert hub.run("sync", "--once").code == 0
        issue = hub.people.issue_of("Import stops")
        hub.people.jira("PUT", f"api/2/issue/{issue}", json={"fields": {"priority": {"name": "Highest"}}})
        assert hub.run("sync", "--once").code == 0
        assert hub.people.agent("GET", f"tickets/{ticket}")["priority"] == 4
