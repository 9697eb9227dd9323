"""What Jira answers, made up from the reference, and a connection that such answers are served to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import requests
import responses
from responses import matchers
from responses.registries import FirstMatchRegistry

from connectors.base import CommentDraft, ConnectionConfig, Snapshot
from connectors.jira import translate, wire
from connectors.jira.abilities import ordinary
from connectors.jira.side import Side
from connectors.quota import LocalBudget
from mappings.boards import STAFF, Place
from mappings.ticket import Audience, Field
from mappings.vocabulary import vocabularies

SITE = "https://acme.atlassian.net"
REST = f"{SITE}/rest/api/2"
AGILE = f"{SITE}/rest/agile/1.0"
ISSUE = f"{REST}/issue/10042"
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TOKEN = "db1.mfrgg.nfxgo"
LENSES = vocabularies(
    "jira",
    {
        "status": {"read": {"10090": "waiting_on_dev"}, "write": {"waiting_on_dev": "10090"}},
        "urgency": {
            "read": {"Slow": "low", "Soon": "medium", "Now": "high"},
            "write": {"low": "Slow", "medium": "Soon", "high": "Now"},
        },
    },
)
CUSTOM: dict[Field, str] = {
    "component": "customfield_10050",
    "urgency": "customfield_10051",
    "first_response_due": "customfield_10052",
}
SIDE = Side("acme_jira", SITE, CUSTOM, LENSES, me="hub-1")
PLACE = Place("acme_jira", "SUP", STAFF, "10001")


FIELDS: list[dict[str, Any]] = [
    {"id": "customfield_10050", "name": "Part", "schema": {"type": "string"}},
    {"id": "customfield_10051", "name": "Urgency", "schema": {"type": "option"}},
    {"id": "customfield_10052", "name": "Answer by", "schema": {"type": "datetime"}},
    {"id": "summary", "name": "Summary"},
]
PROJECT = {"id": "10000", "key": "SUP", "name": "Support", "projectTypeKey": "software"}


def user(id: str, name: str, type: str = "atlassian") -> dict[str, Any]:
    """Return an account as Jira shows it."""
    return {"accountId": id, "accountType": type, "displayName": name, "active": True}


HUB, DANA, KIM = user("hub-1", "Bridge"), user("d-1", "Dana"), user("qm:1", "Kim", "customer")


def status(id: str, category: str, name: str = "") -> dict[str, Any]:
    """Return a status as Jira shows it."""
    return {"id": id, "name": name or id, "statusCategory": {"id": 4, "key": category, "name": "?"}}


def file(id: str, name: str, author: dict[str, Any] | None = None, at: str = "09:00") -> dict[str, Any]:
    """Return a file of an issue as Jira shows it."""
    return {
        "id": id,
        "filename": name,
        "author": author or DANA,
        "created": f"2026-03-01T{at}:00.000+0000",
        "size": 3,
        "mimeType": "image/png" if name.endswith("png") else "application/pdf",
        "content": f"{REST}/attachment/content/{id}",
    }


def comment(
    id: str, body: str | dict[str, Any], author: dict[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    """Return a comment of ten o'clock UTC as Jira shows it."""
    at = "2026-03-01T13:00:00.000+0300"
    made = {"id": id, "author": author or DANA, "body": body, "created": at, "updated": at}
    return made | {"jsdPublic": True} | more


def issue(**fields: Any) -> dict[str, Any]:
    """Return an issue as Jira shows it to an account in Baghdad."""
    return {
        "id": "10042",
        "key": "SUP-12",
        "fields": {
            "summary": "Printer smokes",
            "description": "It smokes.",
            "status": status("3", "indeterminate", "In Progress"),
            "priority": {"id": "2", "name": "Hoch"},
            "issuetype": {"id": "10001", "name": "Task", "subtask": False},
            "labels": ["printing", "sla-at-risk", "Acme"],
            "duedate": "2026-03-05",
            "resolution": None,
            "attachment": [],
            "creator": HUB,
            "reporter": DANA,
            "assignee": None,
            "created": "2026-03-01T12:00:00.000+0300",
            "updated": "2026-03-01T15:30:00.500+0300",
            "project": PROJECT,
            "customfield_10050": "pump",
            "customfield_10051": {"value": "Now", "id": "10021"},
            "customfield_10052": "2026-03-02T12:30:00.000+0300",
            **fields,
        },
    }


def seen(payload: dict[str, Any], *comments: dict[str, Any]) -> Snapshot:
    """Return the snapshot that comes of Jira's answers."""
    told = [wire.Comment.model_validate(c) for c in comments]
    return translate.snapshot(
        SIDE, wire.Issue.model_validate(payload), told, NOW, ordinary(configured(), known=True)
    )


def plain(url: str | None) -> str:
    """Return an address in the API's version 2: which version a text goes by, test_jira_texts.py checks."""
    return (url or "").replace("/rest/api/3/", "/rest/api/2/", 1)


class _Versionless(FirstMatchRegistry):
    """Answers a call of either version of the API."""

    def find(self, request: requests.PreparedRequest) -> tuple[responses.BaseResponse | None, list[str]]:
        asked = request.url
        request.url = plain(asked)
        try:
            return super().find(request)
        finally:
            request.url = asked


def serving() -> Iterator[responses.RequestsMock]:
    """Yield a Jira of which each test says what it answers; any other call is an error."""
    with responses.RequestsMock(assert_all_requests_are_fired=False, registry=_Versionless) as mock:
        mock.get(f"{REST}/myself", json=HUB | {"timeZone": "Asia/Baghdad"})
        mock.get(f"{REST}/serverInfo", json={"baseUrl": SITE, "deploymentType": "Cloud"})
        mock.get(f"{REST}/project/SUP", json=PROJECT)
        mock.get(f"{REST}/field", json=FIELDS)
        yield mock


def configured(**differing: Any) -> ConnectionConfig:
    """Return the settings of a connection that works."""
    settings = ConnectionConfig(
        name="acme_jira",
        url=SITE,
        user="hub@acme.test",
        secret="s3cret-tokén",
        projects=("SUP",),
        fields=CUSTOM,
        vocabularies=LENSES,
        budget=LocalBudget(lambda: NOW),
        now=lambda: NOW,
        sleep=lambda seconds: None,
    )
    return replace(settings, **differing)


def query(**params: str) -> Any:
    """Return what matches calls that have these parameters, among others."""
    return matchers.query_param_matcher(params, strict_match=False)


def bodies(server: responses.RequestsMock, method: str, url: str) -> list[Any]:
    """Return the JSON that was sent to an address, call by call."""
    calls = [c.request for c in server.calls if c.request.method == method]
    return [json.loads(r.body or "null") for r in calls if plain(r.url).split("?")[0] == url]


def draft(
    text: str = "Hello", audience: Audience = Audience.STAFF, names: dict[str, str] | None = None
) -> CommentDraft:
    """Return a text to write, headed as the hub's texts are; `names` are the files it shows."""
    head = f"**Kim** in [desk](https://desk.test/1#{TOKEN}), 2026-03-01 09:00 UTC"
    return CommentDraft(markdown=f"{head}\n\n{text}", audience=audience, names=names or {})
