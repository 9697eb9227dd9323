"""What a real server's bytes are read as, and how much of its words is passed on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from connectors.base import Connector
from connectors.errors import HubError, Rejected
from tests.connectors.freshdesk_payloads import SECRET, TICKET
from tests.connectors.gitlab_payloads import TOKEN
from tests.connectors.gitlab_payloads import issue as gitlab_issue
from tests.connectors.jira_payloads import issue
from tests.connectors.odd_server import CONFIGS, OddServer, serving

TEXT = "Größe 日本"
TICKETS: Mapping[str, dict[str, Any]] = {
    "freshdesk": {**TICKET, "subject": TEXT, "conversations": []},
    "jira": issue(summary=TEXT, comment={"comments": [], "total": 0}),
    "gitlab": gitlab_issue(title=TEXT),
}
KEYS = {"freshdesk": "42", "jira": "10042", "gitlab": "12:7"}
CALLS = {"freshdesk": "GET .*tickets/42", "jira": "GET .*issue/10042", "gitlab": "GET .*projects/12/issues/7"}
SECRETS = {"freshdesk": SECRET, "jira": CONFIGS["jira"]().secret, "gitlab": TOKEN}


_LISTS = ("/notes", "/conversations", "/agents", "/ticket_fields")


def answering(system: str, ticket: bytes) -> Any:
    """Return an answer that has `ticket` where the ticket is asked for, and lists without rows."""
    return lambda path, params, body: b"[]" if path.endswith(_LISTS) else ticket


def subject(odd: OddServer, system: str) -> str:
    """Return what the hub reads as the ticket's subject."""
    connector: Connector = odd.connector(system)
    return connector.fetch(KEYS[system]).ticket.subject


@pytest.mark.parametrize("system", KEYS)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "bom"])
def test_a_text_is_read_as_it_was_written(system: str, mark: bytes) -> None:
    """Broken: a proxy that puts a byte order mark in front parks every ticket."""
    body = mark + json.dumps(TICKETS[system], ensure_ascii=False).encode()
    with serving(answering(system, body)) as odd:
        assert subject(odd, system) == TEXT


@pytest.mark.parametrize("system", KEYS)
@pytest.mark.parametrize(
    "broken", [b"Gr\xf6\xdfe", b"\xed\xa0\x80", b"\xc0\xaf"], ids=["latin", "half", "long"]
)
def test_what_is_not_utf_8_is_refused(system: str, broken: bytes) -> None:
    """Broken: a customer's words are copied with question marks in them, and stay so on every side."""
    body = json.dumps(TICKETS[system], ensure_ascii=False).encode().replace(TEXT.encode(), broken)
    with serving(answering(system, body)) as odd, pytest.raises(Rejected, match=CALLS[system]) as error:
        subject(odd, system)
    assert "UTF-8" in str(error.value)


@pytest.mark.parametrize("system", KEYS)
@pytest.mark.parametrize("status", [400, 404])
def test_a_credential_at_the_edge_does_not_show_in_part(system: str, status: int) -> None:
    """Broken: an error that is cut through our key writes the first half of it into the log."""
    secret = SECRETS[system]
    shapes = {"freshdesk": "description", "jira": "errorMessage", "gitlab": "message"}
    for before in (*range(290, 305, 3), *range(485, 505, 3)):
        said = {shapes[system]: "x" * before + secret + "y" * 500}
        body = json.dumps(said).encode()
        with serving(answering(system, body), status=status) as odd:
            with pytest.raises(HubError) as error:
                subject(odd, system)
            shown = str(error.value)
            assert secret[:4] not in shown
            assert len(shown) < 700


def test_a_refusal_of_graphql_shows_no_credential() -> None:
    """Broken: the same of an answer that is 200 and a refusal all the same."""
    said = {"errors": [{"message": "x" * 490 + TOKEN}]}
    answers = {"/api/graphql": said, "/api/v4/projects/12/issues/7/notes": []}
    moved = gitlab_issue(moved_to_id=5)
    with (
        serving(lambda path, params, body: answers.get(path, moved)) as odd,
        pytest.raises(HubError) as error,
    ):
        subject(odd, "gitlab")
    assert "POST graphql: xxx" in str(error.value)
    assert TOKEN[:4] not in str(error.value)
