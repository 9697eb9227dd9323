"""Freshdesk's golden answers, and a wire that gives them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import requests
import responses
from pydantic import TypeAdapter

from connectors.base import ConnectionConfig
from connectors.freshdesk import wire
from connectors.quota import LocalBudget
from mappings.ticket import Person, PersonRole
from mappings.vocabulary import vocabularies

URL = "https://acme.freshdesk.com"
API = f"{URL}/api/v2"
SECRET = "the-key-of-the-hub"
NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
ME, AGENT, KIM = 103000000001, 103000000002, 103000000011
STAMPS = {"created_at": "2026-01-05T09:00:00Z", "updated_at": "2026-01-05T09:30:00Z"}
TICKET: dict[str, Any] = {
    "id": 42,
    "subject": "Printer",
    "description": "<div>It smokes</div>",
    "status": 2,
    "priority": 3,
    "source": 1,
    "type": "Incident",
    "requester_id": KIM,
    "responder_id": AGENT,
    "company_id": 31,
    "tags": ["hw", "sla-at-risk"],
    "fwd_emails": None,
    "spam": False,
    "custom_fields": {"cf_floor": 3, "cf_part": "Drum"},
    "attachments": [
        {
            "id": 7,
            "name": "log.txt",
            "content_type": "text/plain",
            "file_size": 4,
            "attachment_url": "https://x",
        }
    ],
    "due_by": "2026-01-06T09:00:00Z",
    "fr_due_by": "2026-01-05T13:00:00Z",
    **STAMPS,
}
OURS = {"X-Freshdesk-Api-Version": "latest=v2; requested=v2"}
NOTE: dict[str, Any] = {
    "id": 501,
    "ticket_id": 42,
    "body": "<div>Unplugged it.</div>",
    "incoming": False,
    "private": True,
    "user_id": ME,
    "source": 2,
    "category": 2,
    "attachments": None,
    "created_at": "2026-01-05T09:20:00Z",
    "updated_at": "2026-01-05T09:20:00Z",
}
FORM: list[dict[str, Any]] = [
    {
        "id": 1,
        "name": "status",
        "type": "default_status",
        "choices": {str(n): ["a", "b"] for n in (2, 3, 4, 5)},
    },
    {
        "id": 2,
        "name": "priority",
        "type": "default_priority",
        "choices": {"Low": 1, "Medium": 2, "High": 3, "Urgent": 4},
    },
    {
        "id": 3,
        "name": "ticket_type",
        "type": "default_ticket_type",
        "choices": ["Question", "Incident", "Problem", "Feature Request"],
    },
    {"id": 4, "name": "agent", "type": "default_agent", "choices": {"Ana": AGENT}},
    {"id": 5, "name": "cf_part", "label": "Part", "type": "custom_text", "required_for_agents": False},
]


def configuration() -> ConnectionConfig:
    """Return a connection with one custom field, at a time that stands still."""
    return ConnectionConfig(
        name="desk",
        url=URL,
        user="",
        secret=SECRET,
        projects=(),
        fields={"component": "cf_part"},
        vocabularies=vocabularies("freshdesk", {}),
        budget=LocalBudget(lambda: NOW),
        now=lambda: NOW,
        sleep=lambda seconds: None,
    )


@contextmanager
def account() -> Iterator[responses.RequestsMock]:
    """Play an account in which people, a company and the ticket form are answered."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        me = {"id": ME, "contact": {"name": "Hub", "email": "hub@acme.example"}}
        ana = {"id": AGENT, "contact": {"name": "Ana", "email": "ana@acme.example"}}
        mock.get(f"{API}/agents/me", json=me)
        mock.get(f"{API}/agents", json=[ana])
        mock.get(f"{API}/contacts/{KIM}", json={"id": KIM, "name": "Kim", "email": "kim@example.org"})
        mock.get(f"{API}/companies/31", json={"id": 31, "name": "Lantern Books", "domains": None})
        mock.get(f"{API}/ticket_fields", json=FORM)
        yield mock


def who(id: int | None) -> Person | None:
    """Tell who an id is, where it does not matter."""
    return Person("desk", str(id), "Somebody", PersonRole.UNKNOWN)


def ticket(**changes: Any) -> wire.Ticket:
    """Return the golden ticket with some keys changed, read as an answer is."""
    return TypeAdapter(wire.Ticket).validate_json(json.dumps({**TICKET, **changes}))


def conversation(**changes: Any) -> wire.Conversation:
    """Return the golden private note with some keys changed, read as an answer is."""
    return TypeAdapter(wire.Conversation).validate_json(json.dumps({**NOTE, **changes}))


def sent(web: responses.RequestsMock, method: str) -> list[requests.PreparedRequest]:
    """Return the requests of one verb."""
    return [call.request for call in web.calls if call.request.method == method]


def body(request: requests.PreparedRequest) -> Any:
    """Return the JSON that was sent."""
    return json.loads(request.body or "null")
