"""What people did to an issue, by its changelog: it names the author of every change (jira-api 4.4)."""

from __future__ import annotations

from connectors.jira import wire
from connectors.jira.client import Client
from connectors.jira.parts import Parts
from connectors.jira.paths import path

_ASKED = {"fields": "subtasks", "expand": "changelog"}


def handled(client: Client, parts: Parts, key: str) -> str:
    """Return what others than our account changed, and that there are sub-tasks. Raises Gone.

    Ties, booked time, due dates, the assignee and the site's own fields are in the changelog; a sub-task that
    somebody made is in its own alone.
    """
    answer = client.http.call("GET", path(key), idempotent=True, params=_ASKED).json()
    inside = wire.ChangePage.model_validate(answer["changelog"])
    whole = not client.site().cloud or len(inside.changes) >= inside.total
    changes = inside.changes if whole else parts.changes(key)
    me = client.side().me
    theirs = [one for one in changes if one.author is None or one.author.id != me]
    told = []
    if theirs:
        fields = sorted({item.field for one in theirs for item in one.items})
        last = max(theirs, key=lambda one: one.created)
        who = last.author.name if last.author else "somebody"
        told.append(f"{who} changed {', '.join(fields)}, {last.created:%Y-%m-%d %H:%M} UTC")
    if below := answer["fields"].get("subtasks"):
        told.append(f"it has sub-tasks ({', '.join(str(one['key']) for one in below)})")
    return "; ".join(told)
