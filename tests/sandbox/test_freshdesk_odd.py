"""Odd bodies are refused by the fake Freshdesk, never broken upon."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox.freshdesk_desk import KIM, Desk, serving

ODD: tuple[Any, ...] = (
    None,
    True,
    -1,
    1.5,
    10**30,
    "",
    "x",
    [],
    {},
    [None],
    [{}],
    {"id": []},
    [{"value": {}}],
    "a" * 70_000,
)
CHOICES = [{"value": "a", "position": 1, "choices": [{"value": "b", "choices": [{"value": "c"}]}]}]
WEBHOOK = {
    "field_name": "trigger_webhook",
    "request_type": "POST",
    "url": "http://127.0.0.1:9/",
    "content_type": "JSON",
    "content_layout": "2",
    "content": {"a": "{{ticket.id}}"},
    "auth_header": {"username": "u", "password": "p"},
}
TARGET = {"respond_within": 3600, "resolve_within": 7200, "business_hours": True, "escalation_enabled": True}
BODIES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    (
        "POST",
        "tickets",
        {"email": KIM, "subject": "s", "description": "d", "custom_fields": {"cf_region": "Europe"}},
    ),
    ("PUT", "tickets/1", {"status": 3, "tags": ["b"], "due_by": "2099-01-01", "parent_id": 2}),
    (
        "POST",
        "tickets/1/notes",
        {"structured_body": {"body_contents": [{"type": "text", "data": {"content": "x"}}]}},
    ),
    (
        "PUT",
        "tickets/merge",
        {"primary_id": 1, "ticket_ids": [2], "note_in_primary": {"body": "x", "private": True}},
    ),
    (
        "POST",
        "tickets/bulk_update",
        {"bulk_action": {"ids": [1], "properties": {"status": 2}, "reply": {"body": "x"}}},
    ),
    ("POST", "tickets/1/time_entries", {"time_spent": "01:00", "executed_at": "2026-01-01"}),
    ("POST", "tickets/1/satisfaction_ratings", {"ratings": {"default_question": 103}}),
    ("PATCH", "tickets/1/accesses", {"user_ids": [{"id": 1, "deleted": True}]}),
    ("POST", "contacts", {"name": "N", "email": "n@else.example", "other_companies": [{"company_id": 1}]}),
    (
        "POST",
        "admin/ticket_fields",
        {
            "label": "L",
            "type": "nested_field",
            "choices": CHOICES,
            "dependent_fields": [{"label": "x", "level": 2}],
        },
    ),
    (
        "POST",
        "automations/4/rules",
        {
            "name": "r",
            "performer": {"type": 1, "members": []},
            "events": [{"field_name": "status", "from": "--", "to": "--"}],
            "conditions": [{"properties": [{"field_name": "priority", "operator": "in", "value": [1]}]}],
            "actions": [WEBHOOK],
        },
    ),
    (
        "POST",
        "sla_policies",
        {"name": "P", "sla_target": {"priority_4": TARGET}, "applicable_to": {"ticket_types": ["Incident"]}},
    ),
    (
        "POST",
        "email/mailboxes",
        {"support_email": "m@x.example", "custom_mailbox": {"incoming": {"password": "x"}}},
    ),
    ("POST", "account/export", {"resources": [{"name": "tickets", "include": ["notes"]}], "date_range": {}}),
)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One account for all bodies, with two tickets."""
    with serving(tmp_path_factory.mktemp("files")) as desk:
        desk.world.limits = False
        for _ in range(2):
            desk.ticket()
        yield desk


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path to every part of a body, below the whole."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in parts:
        yield (*path, name)
        yield from places(part, (*path, name))


def changed(body: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """A body with one part of it replaced."""
    made = copy.deepcopy(body)
    inside: Any = made
    for name in path[:-1]:
        inside = inside[name]
    inside[path[-1]] = value
    return made


@pytest.mark.parametrize(("method", "path", "body"), BODIES, ids=[path for _, path, _ in BODIES])
def test_each_part_of_a_body_may_be_anything(
    desk: Desk, method: str, path: str, body: dict[str, Any]
) -> None:
    """A client with a slip in it learns which field it is; a 500 would send it into retries.

    (The one 500 is the vendor's own, for an incomplete webhook.)
    """
    codes = set()
    for at in places(body):
        for value in ODD:
            answer = desk.call(method, path, data=json.dumps(changed(body, at, value)), headers=JSON)
            known = answer.status_code == 500 and answer.json()["code"] == "internal_error"
            codes.add(200 if known else answer.status_code)
    assert codes <= {200, 201, 202, 204, 400, 403, 404, 409, 501}
    assert 400 in codes


JSON = {"Content-Type": "application/json"}
