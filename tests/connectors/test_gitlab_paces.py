"""How fast GitLab lets an account write, as an estimate of hours reckons with it."""

from __future__ import annotations

from dataclasses import replace

from connectors.past import paces
from tests.connectors.gitlab_payloads import config


def test_gitlab_com_takes_a_note_a_second_and_an_own_server_five() -> None:
    """A weekend would be promised for what takes GitLab.com a month."""
    assert paces("gitlab", config()) == {"comments": 300.0}
    there = replace(config(), url="https://gitlab.com")
    assert paces("gitlab", there) == {"create": 200.0, "comments": 60.0}
    assert paces("jira", there) == {}
