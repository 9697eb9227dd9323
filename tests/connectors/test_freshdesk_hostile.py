"""Answers that no documented Freshdesk gives: each ends in a named error, soon, and tells no secret."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from connectors.base import CommentDraft, Connector, TicketDraft
from connectors.bounds import Bounds
from connectors.capabilities import Part
from connectors.errors import HubError, Rejected, Uncertain
from connectors.freshdesk.connector import connect
from mappings.boards import STAFF, Place
from mappings.ticket import Audience
from tests.connectors.freshdesk_payloads import (
    API,
    NOTE,
    NOW,
    SECRET,
    TICKET,
    account,
    configuration,
)

TEXT = CommentDraft(markdown="x", audience=Audience.STAFF)
DRAFT = TicketDraft(
    place=Place("desk", "", STAFF, kind="Question"), values={"subject": "x"}, message=TEXT, token="t"
)
BODIES: list[dict[str, Any]] = [
    {"body": b""},
    {"body": b"\xff\xfe{}"},
    {"body": b"["},
    {"body": b"[" * 100_000},
    {"body": b'{"id": ' + b"9" * 6000 + b"}"},
    {"json": "x"},
    {"json": None},
    {"json": 7},
    {"json": [None]},
    {"json": [{"id": None}]},
    {"json": {"id": 42, "custom_fields": []}},
    {"json": {"results": [], "total": "x"}},
    {"body": "<html>Sign in</html>", "content_type": "text/html"},
    {"status": 204},
    {"status": 400, "body": b"[" * 100_000},
    {"status": 400, "json": {"description": ["x"], "errors": {"field": "a"}}},
    {"status": 400, "json": {"errors": [None, 7, {"field": ["x"], "message": {}}]}},
    {"status": 400, "json": {"description": "x" * 100_000}},
    {"status": 403, "json": []},
    {"status": 409, "json": {"code": []}},
    {"status": 302, "headers": {"Location": "//evil.test"}},
]


def calls(desk: Connector) -> dict[str, Callable[[], object]]:
    """Return everything that is asked of a connector, but the first look-ups, by name."""
    return {
        "fetch": lambda: desk.fetch("42"),
        "fetch with all parts": lambda: desk.fetch("42", frozenset(Part)),
        "changed": lambda: list(desk.changed(NOW)),
        "walk": lambda: list(desk.walk()),
        "create": lambda: desk.create(DRAFT),
        "add_comment": lambda: desk.add_comment("42", TEXT),
        "edit_comment": lambda: desk.edit_comment("42", "501", TEXT),
        "edit message 0": lambda: desk.edit_comment("42", "0", TEXT),
    }


@pytest.mark.parametrize("name", list(calls(connect(configuration()))))
@pytest.mark.parametrize("answer", BODIES)
def test_odd_answers_end_in_our_errors(answer: dict[str, Any], name: str) -> None:
    """Broken: a proxy's page, or a hostile server, ends in a traceback with the body or a secret in it."""
    anything = re.compile(rf"{re.escape(API)}/(tickets|conversations|search).*")
    with account() as server:
        server.assert_all_requests_are_fired = False
        for method in ("GET", "POST", "PUT", "DELETE"):
            server.add(method, anything, **answer)
        with pytest.raises(HubError) as raised:
            calls(connect(configuration()))[name]()
    said = str(raised.value)
    assert "desk" in said
    assert re.search(r"GET|POST|PUT", said)
    assert SECRET not in said
    assert len(said) < 900


@pytest.mark.parametrize("first", ["agents/me", "ticket_fields"])
@pytest.mark.parametrize("answer", [one for one in BODIES if one.get("status") != 204])
def test_odd_first_answers_are_named_too(answer: dict[str, Any], first: str) -> None:
    """Broken: what is learned once is believed whatever it is, or the check of the settings crashes."""
    with account() as server:
        server.assert_all_requests_are_fired = False
        server.upsert("GET", f"{API}/{first}", **answer)
        server.get(f"{API}/tickets/42", json=TICKET)
        server.get(f"{API}/tickets/42/conversations", json=[NOTE])
        server.post(f"{API}/tickets", json={**TICKET, "id": 43}, status=201)
        with suppress(HubError):
            connect(configuration()).create(DRAFT)
        with suppress(HubError):
            assert connect(configuration()).problems([DRAFT.place])


def test_an_endless_list_of_conversations_ends() -> None:
    """Broken: a server that always has one more page keeps a worker busy for ever."""
    with account() as server:
        server.assert_all_requests_are_fired = False
        server.get(f"{API}/tickets/42", json={**TICKET, "conversations": [NOTE] * 10})
        link = {"Link": f'<{API}/tickets/42/conversations?page=2>; rel="next"'}
        server.get(f"{API}/tickets/42/conversations", json=[NOTE] * 100, headers=link)
        with suppress(HubError):
            connect(configuration()).fetch("42")
        assert len(server.calls) < 300


def test_an_answer_that_is_too_large_is_refused() -> None:
    """Broken: a server that sends for ever fills the memory."""
    with account() as server:
        server.assert_all_requests_are_fired = False
        server.get(f"{API}/tickets/42", json={**TICKET, "description": "x" * 20_000})
        with pytest.raises(Rejected, match=r"tickets/42.*larger than 10000 bytes"):
            connect(replace(configuration(), bounds=Bounds(answer=10_000))).fetch("42")


@pytest.mark.parametrize("body", ["", "[", "null", "[]", '{"id": "x"}', '{"message": "made"}'])
def test_a_write_whose_answer_cannot_be_read_is_uncertain(body: str) -> None:
    """Broken: what was made is made again, and stands there twice."""
    with account() as server:
        server.assert_all_requests_are_fired = False
        server.get(f"{API}/tickets/42", json=TICKET)
        server.post(f"{API}/tickets", body=body, status=201)
        server.post(f"{API}/tickets/42/notes", body=body, status=201)
        desk = connect(configuration())
        for name in ("create", "add_comment"):
            with pytest.raises(Uncertain):
                calls(desk)[name]()


@pytest.mark.parametrize(
    "key", ["", "x", "42/notes", "../42", "42\n", "４２", "-1", "42?include=x", "9" * 40]
)
def test_what_is_no_key_is_gone_and_no_address(key: str) -> None:
    """Broken: a key out of a webhook becomes an address that nobody meant."""
    with account() as server:
        server.assert_all_requests_are_fired = False
        with pytest.raises(HubError):
            connect(configuration()).fetch(key)
        asked = [str(call.request.url).removeprefix(API) for call in server.calls]
        assert not [path for path in asked if path.startswith("/tickets") and "9" * 40 not in path]
