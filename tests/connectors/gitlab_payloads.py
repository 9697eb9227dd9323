"""What GitLab answers, made up from the reference, and a connection to read it with."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from connectors.base import ConnectionConfig
from connectors.gitlab.files import Home, attachments
from connectors.gitlab.labels import Side
from connectors.gitlab.translate import snapshot
from connectors.gitlab.wire import Issue, Note
from connectors.quota import LocalBudget
from mappings.boards import STAFF, Place
from mappings.ticket import (
    Attachment,
)
from mappings.vocabulary import vocabularies

URL = "https://gitlab.acme.test"
API = f"{URL}/api/v4"
ISSUE = f"{API}/projects/12/issues/7"
TOKEN = "glpat-not-to-be-seen"
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SECRET = "0123456789abcdef0123456789abcdef"
ME: dict[str, Any] = {"id": 99, "username": "deskbridge", "name": "Bridge", "state": "active"}
DEV: dict[str, Any] = {"id": 5, "username": "dana", "name": "Dana Dev"}
BOT: dict[str, Any] = {"id": 3, "username": "support-bot", "name": "GitLab Support Bot"}
PROJECT: dict[str, Any] = {
    "id": 12,
    "path_with_namespace": "acme/shop",
    "archived": False,
    "issues_enabled": True,
    "permissions": {"project_access": {"access_level": 20}, "group_access": None},
}
PLACE = Place("work", "acme/shop", STAFF)


def issue(**other: Any) -> dict[str, Any]:
    """Return an issue as the server answers it (reference 3.2)."""
    return {
        "id": 90001,
        "iid": 7,
        "project_id": 12,
        "title": "Printer smokes",
        "description": "It smokes.",
        "state": "opened",
        "created_at": "2026-03-01T10:00:00.000+01:00",
        "updated_at": "2026-03-01T12:00:00.500Z",
        "author": DEV,
        "assignees": [],
        "labels": [],
        "due_date": None,
        "user_notes_count": 0,
        "references": {"short": "#7", "relative": "#7", "full": "acme/shop#7"},
        "web_url": f"{URL}/acme/shop/-/issues/7",
        "moved_to_id": None,
        "service_desk_reply_to": None,
        "weight": None,
        **other,
    }


def note(id: int = 501, **other: Any) -> dict[str, Any]:
    """Return a note as the server answers it (reference 4.1)."""
    return {
        "id": id,
        "type": None,
        "body": "Looking into it.",
        "author": DEV,
        "created_at": "2026-03-01T11:00:00.000Z",
        "updated_at": "2026-03-01T11:00:00.000Z",
        "system": False,
        "internal": False,
        "confidential": False,
        **other,
    }


def config(**other: Any) -> ConnectionConfig:
    """Return the settings of a connection."""
    made = ConnectionConfig(
        name="work",
        url=URL,
        user="",
        secret=TOKEN,
        projects=("acme/shop",),
        fields={},
        vocabularies=vocabularies("gitlab", {}),
        budget=LocalBudget(lambda: NOW),
        now=lambda: NOW,
        sleep=lambda seconds: None,
    )
    return replace(made, **other)


SIDE = Side.of(config())


def parsed(**other: Any) -> Issue:
    """Return an issue as it is read."""
    return Issue.model_validate_json(json.dumps(issue(**other)))


def told(*notes: dict[str, Any], **other: Any) -> Any:
    """Return the snapshot of an issue with these notes."""
    texts = [Note.model_validate_json(json.dumps(n)) for n in notes]
    return snapshot(SIDE, parsed(**other), texts, 99, NOW)


UPLOAD = f"/uploads/{SECRET}"


def files(text: str) -> tuple[Attachment, ...]:
    """Return the files of a text in our project."""
    return attachments(URL, Home(12, "acme/shop"), text)
