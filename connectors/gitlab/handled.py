"""What people did to an issue: GitLab's own remarks and events name who caused them (gitlab-api 3.7, 4.1)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime

from connectors.errors import Gone
from connectors.gitlab.read import Reader, issue_path, pages
from connectors.gitlab.wire import EVENTS, LABEL_EVENTS, NOTES, STATE_EVENTS, Event

_Done = tuple[datetime, str, str]
_OTHERS = ("milestone", "weight", "iteration")
"""What GitLab keeps lists of that no remark and no field of ours tells; the last two where it is paid for."""


def handled(reader: Reader, key: str) -> str:
    """Return what others than our account did, texts and files apart. Raises Gone.

    A mention somewhere else counts: somebody relies on the issue.
    """
    me, path = reader.directory.me().id, issue_path(reader.http, key)
    done: list[_Done] = [
        (note.created_at, note.author.name, note.body or "changed it")
        for rows, _ in pages(reader.http, NOTES, f"{path}/notes", {"activity_filter": "only_activity"})
        for note in rows
        if note.system and note.author.id != me
    ]
    for labels, _ in pages(reader.http, LABEL_EVENTS, f"{path}/resource_label_events", {}):
        done += _by_others(me, ((event, f"{event.action} label") for event in labels))
    for states, _ in pages(reader.http, STATE_EVENTS, f"{path}/resource_state_events", {}):
        done += _by_others(me, ((event, event.state) for event in states))
    for kind in _OTHERS:
        with suppress(Gone):  # nobody pays for it there
            for events, _ in pages(reader.http, EVENTS, f"{path}/resource_{kind}_events", {}):
                done += _by_others(me, ((event, kind) for event in events))
    if not done:
        return ""
    at, who, what = max(done)
    return f"{who}: {' '.join(what.split())}, {at:%Y-%m-%d %H:%M} UTC"


def _by_others(me: int, events: Iterator[tuple[Event, str]]) -> Iterator[_Done]:
    """Yield when others than our account did something, who, and what."""
    for event, what in events:
        if event.user is None or event.user.id != me:
            yield event.created_at, event.user.name if event.user else "somebody", what
