"""Fields that are decided again by today's rules, over real HTTP."""

from __future__ import annotations

import json

import pytest

from tests.app.program import Hub


def urgent(hub: Hub, subject: str) -> int:
    """Have a ticket with an issue whose priority its agent raised later: developers are only told."""
    ticket = hub.people.mail("kim@lantern.example", "Kim Park", subject, "<p>At row 17.</p>")
    hub.people.sort(ticket, tags=["dev"], priority=2)
    assert hub.run("sync", "--once").code == 0
    hub.people.sort(ticket, priority=4)
    assert hub.run("sync", "--once").code == 0
    return ticket


def priority(hub: Hub, subject: str) -> str:
    """Return what an issue's priority is called."""
    found = hub.people.jira(
        "GET", f"api/2/issue/{hub.people.issue_of(subject)}", params={"fields": "priority"}
    )
    return str(found["fields"]["priority"]["name"])


class TestRemap:
    def test_a_field_follows_its_trusted_side_when_somebody_asks(self, hub: Hub) -> None:
        """Old tickets would keep for ever what former rules made of them, or change without being asked."""
        ticket = urgent(hub, "Import stops")
        before = priority(hub, "Import stops")
        assert "Nothing to write" in hub.run("plan", "--all").out
        planned = hub.run("plan", "--remap", "priority")
        assert planned.lines[-1] == "  + jira: set priority to urgent (desk) (read by staff, no mail)"
        assert hub.run("plan", f"desk:{ticket}", "--remap", "all").lines[-1] == planned.lines[-1]
        listed = hub.run("sync", "--once", "--remap", "priority")
        assert listed.code == 0
        assert planned.lines[-1] in listed.lines
        assert priority(hub, "Import stops") == before
        applied = hub.run("sync", "--once", "--remap", "priority", "--apply")
        assert (applied.code, applied.err) == (0, "")
        assert planned.lines[-1] in applied.lines
        assert priority(hub, "Import stops") == "Highest"
        assert "Nothing to write" in hub.run("plan", "--remap", "priority").out

    def test_what_a_developer_decided_is_left_and_listed(self, hub: Hub) -> None:
        """A remap would overwrite what people decided since, though the hub saw it long ago."""
        urgent(hub, "Import stops")
        key = hub.people.issue_of("Import stops")
        hub.people.jira("PUT", f"api/2/issue/{key}", json={"fields": {"priority": {"name": "Low"}}})
        hub.run("sync", "--once")
        planned = hub.run("plan", "--remap", "priority")
        assert "not priority (desk): somebody changed what the hub wrote there" in planned.out
        counted = hub.run("sync", "--once", "--remap", "priority", "--apply", "--json")
        assert json.loads(counted.out)["written"] == 0
        assert priority(hub, "Import stops") == "Low"

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (("plan", "--remap", "prioritty"), "did you mean 'priority'?"),
            (("plan", "--remap", "tags"), "no such field"),
            (("sync", "--once", "--apply"), "--apply with --remap"),
            (("sync", "--watch", "--remap", "priority"), "--remap FIELD goes with --once"),
        ],
    )
    def test_a_slip_of_the_hand_is_answered(self, hub: Hub, words: tuple[str, ...], said: str) -> None:
        """Another field, or everything, would be decided again than somebody meant."""
        ended = hub.run(*words)
        assert ended.code == 2
        assert said in " ".join(ended.err.replace("│", " ").split())
