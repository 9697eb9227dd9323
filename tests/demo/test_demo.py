"""The demo passes its own checks, and each of the checks can fail."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from rich.console import Console

from deskbridge.demo.checks import Check, read
from deskbridge.demo.morning import BETA, CANARIES, IMPORT, PASTED, Story, morning
from deskbridge.demo.people import Tool
from deskbridge.demo.run import Demo, run, started


@pytest.fixture(scope="module")
def synced() -> Iterator[tuple[Demo, Story]]:
    """Give a demo after its first sync, with the story so far."""
    with started() as demo:
        story = morning(demo.people)
        demo.sync()
        yield demo, story


def failing(demo: Demo, story: Story) -> set[str]:
    """Return the names of the checks that fail now."""
    verdict: list[Check] = demo.verdict(read(demo.people, story), story)
    return {check.name for check in verdict if check.faults}


def test_the_demo_ends_well() -> None:
    """Broken: the main job fails on a fresh machine, or the summary does not say what was checked."""
    out = io.StringIO()
    assert run(stay=False, console=Console(file=out, width=120))
    shown = out.getvalue()
    assert "FAILED" not in shown
    assert "a second plan is empty" in shown
    assert "/browse/SUP-" in shown


def test_without_a_sync_the_checks_fail() -> None:
    """Broken: the checks would hold though the hub did nothing at all."""
    with started() as demo:
        story = morning(demo.people)
        assert failing(demo, story) >= {
            "every ticket is where the routes send it",
            "every text is on every side, once",
            "every file arrived unchanged",
            "clocks are due when they should be",
            "what cannot be placed is parked, visibly",
            "a second plan is empty",
        }


def test_a_leak_is_seen(synced: tuple[Demo, Story]) -> None:
    """Broken: a private text that became public would go unnoticed."""
    demo, story = synced
    demo.people.reply(story.tickets[BETA], f"<p>{CANARIES[0]}</p>")
    assert "private stayed private" in failing(demo, story)


def test_a_duplicate_is_seen(synced: tuple[Demo, Story]) -> None:
    """Broken: the same text twice would go unnoticed."""
    demo, story = synced
    demo.people.comment(demo.people.issue_of(IMPORT), "our order import stops at row 17")
    assert "every text is on every side, once" in failing(demo, story)


def test_a_mail_by_the_hub_is_seen(synced: tuple[Demo, Story]) -> None:
    """Broken: the hub could write to customers and the demo would not tell."""
    demo, story = synced
    env = demo.environment
    hub = Tool(f"{env['FRESHDESK_URL']}/api/v2", (env["FRESHDESK_API_KEY"], "X"))
    hub("POST", f"tickets/{story.tickets[IMPORT]}/reply", json={"body": "<p>Hello</p>"})
    assert "the hub mailed no customer" in failing(demo, story)


def test_a_text_that_executes_is_seen(synced: tuple[Demo, Story]) -> None:
    """Broken: a foreign text could close an issue and the demo would not tell."""
    demo, story = synced
    demo.people.comment_in_gitlab(demo.people.gitlab_issue_of(PASTED), "/close")
    assert "foreign text executed nothing" in failing(demo, story)
