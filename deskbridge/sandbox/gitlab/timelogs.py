"""Time spent, entry by entry: GraphQL's ``timelogs`` and ``timelogCreate`` (3.6, MR 92153 and 57321)."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

from deskbridge.sandbox.gitlab import access, changes, durations
from deskbridge.sandbox.gitlab.graphql_items import from_gid, gid, other, plain
from deskbridge.sandbox.gitlab.graphql_run import NO_RESOURCE, Context, Failed, fitting
from deskbridge.sandbox.gitlab.places import Level
from deskbridge.sandbox.gitlab.records import Issue

_LONGEST = 255

TIMELOG = {
    "id": plain(lambda one: gid("Timelog", one.id)),
    "timeSpent": plain(lambda one: one.seconds),
    "spentAt": plain(lambda one: one.at.strftime("%Y-%m-%dT%H:%M:%SZ")),
    "summary": plain(lambda one: one.summary),
    "user": other("UserCore", lambda one: one.user),
}


def create(context: Context, given: dict[str, Any]) -> dict[str, Any]:
    """Add an entry; what is wrong with it stands in the payload's errors."""
    issue: Issue | None = context.site.issues.get(from_gid(given.get("issuableId"), "Issue", "WorkItem"))
    if issue is None or not access.reads(context.user, issue) or issue.project.archived:
        raise Failed(NO_RESOURCE)
    if access.level(context.user, issue.project) < Level.PLANNER:
        raise Failed(NO_RESOURCE)
    seconds = durations.seconds(fitting(given.get("timeSpent"), str, "timeSpent") or "")
    summary = fitting(given.get("summary"), str, "summary") or ""
    at = _instant(given.get("spentAt")) or context.site.now()
    if seconds is None:
        return _refused("Time spent must be formatted correctly. For example: 1h 30m.")
    if seconds == 0:
        return _refused("Time spent can't be zero.")
    if at > context.site.now() + timedelta(days=1):
        return _refused("Spent at can't be a future date and time.")
    if issue.time_spent + seconds < 0:
        return _refused("Time to subtract exceeds the total time spent")
    if len(summary) > _LONGEST:
        return _refused(f"Summary is too long (maximum is {_LONGEST} characters)")
    changes.apply(context.site, context.user, issue, {"spend": seconds, "spent": (at, summary)})
    return {"timelog": (issue.timelogs or [])[-1]}


def _refused(text: str) -> dict[str, Any]:
    return {"timelog": None, "errors": [text]}


def _instant(given: object) -> datetime | None:
    if not given:
        return None
    try:
        found = datetime.fromisoformat(str(given))
    except ValueError as error:
        raise Failed("Argument 'spentAt' has an invalid value") from error
    if len(str(given)) <= len("2026-01-01"):
        return datetime.combine(found.date(), time(), UTC)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
