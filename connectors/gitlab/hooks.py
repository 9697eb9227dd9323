"""Webhooks of projects: which there are, and making them call the hub."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from connectors.base import Hook
from connectors.errors import Rejected
from connectors.gitlab.read import Reader, pages
from connectors.gitlab.wire import HOOKS, Installed
from mappings.boards import Step

_EVENTS = ("issues_events", "confidential_issues_events", "note_events", "confidential_note_events")
"""Confidential ones have switches of their own, and Service Desk tickets are confidential (reference 0.7)."""


def plan(reader: Reader, hook: Hook) -> list[Step]:
    """Return what would make every project call the hook."""
    return [step for path in reader.projects for step, _ in _steps(reader, path, hook)]


def apply(reader: Reader, hook: Hook) -> list[Step]:
    """Make every project call the hook; return what only a person can do."""
    left: list[Step] = []
    for path in reader.projects:
        for step, installed in _steps(reader, path, hook):
            if step.manual:
                left.append(step)
            else:
                left += _install(reader, path, hook, installed)
    return left


def _steps(reader: Reader, path: str, hook: Hook) -> Iterator[tuple[Step, Installed | None]]:
    """Yield what a project lacks, with the webhook that it has already."""
    try:
        found = _installed(reader, path, hook)
    except Rejected as error:
        what = f"{path}: let the hub's account be a Maintainer, or add the webhook ({error.text})"
        yield Step(what, manual=True), None
        return
    if found is None:
        yield Step(f"{path}: call the hub for issues and notes, confidential ones too"), None
    elif found.alert_status not in (None, "executable"):
        yield Step(f"{path}: the webhook was switched off after failures; test it there", manual=True), found
    elif missing := [event for event in _EVENTS if not getattr(found, event)]:
        yield Step(f"{path}: let the webhook tell of {', '.join(missing)}"), found


def _installed(reader: Reader, path: str, hook: Hook) -> Installed | None:
    project = reader.directory.project(path)
    for rows, _ in pages(reader.http, HOOKS, f"projects/{project}/hooks", {}):
        for row in rows:
            if row.url == hook.url:
                return row
    return None


def _install(reader: Reader, path: str, hook: Hook, installed: Installed | None) -> list[Step]:
    project = reader.directory.project(path)
    sent: dict[str, Any] = {
        "url": hook.url,
        "token": hook.secret,
        "push_events": False,
        **dict.fromkeys(_EVENTS, True),
    }
    try:
        if installed is None:
            # Not sent twice unheard: the next plan finds a hook of this address, whoever made it.
            reader.http.call("POST", f"projects/{project}/hooks", json=sent, idempotent=False)
        else:
            where = f"projects/{project}/hooks/{installed.id}"
            reader.http.call("PUT", where, json=sent, idempotent=True)
    except Rejected as error:
        return [Step(f"{path}: add the webhook by hand ({error.text})", manual=True)]
    return []
