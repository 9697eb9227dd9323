"""What people did to an issue: GitLab's own remarks and events name who caused them (gitlab-api 3.7, 4.1)."""

from __future__ import annotations

from connectors.gitlab.read import Reader, issue_path, pages
from connectors.gitlab.wire import LABEL_EVENTS, NOTES, STATE_EVENTS


def handled(reader: Reader, key: str) -> str:
    """Return what others than our account did, texts and files apart. Raises Gone.

    A mention somewhere else counts: somebody relies on the issue.
    """
    me, path = reader.directory.me().id, issue_path(reader.http, key)
    done = [
        (note.created_at, note.author.name, note.body or "changed it")
        for rows, _ in pages(reader.http, NOTES, f"{path}/notes", {"activity_filter": "only_activity"})
        for note in rows
        if note.system and note.author.id != me
    ]
    for rows, _ in pages(reader.http, LABEL_EVENTS, f"{path}/resource_label_events", {}):
        done += [
            (event.created_at, event.user.name if event.user else "somebody", f"{event.action} label")
            for event in rows
            if event.user is None or event.user.id != me
        ]
    for states, _ in pages(reader.http, STATE_EVENTS, f"{path}/resource_state_events", {}):
        done += [
            (event.created_at, event.user.name if event.user else "somebody", event.state)
            for event in states
            if event.user is None or event.user.id != me
        ]
    if not done:
        return ""
    at, who, what = max(done)
    return f"{who}: {' '.join(what.split())}, {at:%Y-%m-%d %H:%M} UTC"
