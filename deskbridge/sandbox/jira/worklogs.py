"""Worklogs and what they do to the estimate (reference, 3.7)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from deskbridge.sandbox.jira import comments, edit, errors, events, fields
from deskbridge.sandbox.jira.model import Issue, Json, Worklog
from deskbridge.sandbox.jira.permissions import may
from deskbridge.sandbox.jira.properties import check_room, history_item
from deskbridge.sandbox.jira.properties import of as properties_of
from deskbridge.sandbox.jira.wire import Call, optional

MOST_WORKLOGS = 10_000
_NOTHING = "Worklog must not be null."


def _wrong(text: str, field: str = "timeLogged") -> Exception:
    return errors.refusal(400, errors={field: text})


def check_tracking(call: Call, issue: Issue) -> None:
    """Refuse when time tracking is off, or the caller may not log time."""
    if not call.site.switches.time_tracking:
        raise errors.refusal(400, "Time tracking is not enabled.")
    if not may(call.user, "WORK_ON_ISSUES", call.site.projects[issue.project]):
        raise errors.refusal(400, "You do not have permission to log work on this issue.")


def draft(call: Call, body: Json) -> Worklog:
    """Return a worklog that a body makes, nowhere yet; its author is always the caller."""
    seconds = _spent(body)
    if seconds is None:
        raise _wrong(_NOTHING)
    now = call.site.now()
    text = comments.text_of(call, body["comment"]) if body.get("comment") else ""
    made = Worklog(0, 0, call.user.account_id, now, now, started(body) or now, seconds, text)
    made.visibility, made.properties = comments.visibility_of(body), properties_of(body)
    return made


def started(body: Json) -> datetime | None:
    """Return when the work began, None when the body doesn't say."""
    if body.get("started") is None:
        return None
    try:
        return datetime.strptime(body["started"], "%Y-%m-%dT%H:%M:%S.%f%z")
    except (TypeError, ValueError) as error:
        raise errors.invalid_payload() from error


def _spent(body: Json) -> int | None:
    """Return the seconds that a body logs: one of its two ways of saying so, None without any."""
    words = optional(body, "timeSpent", str)
    seconds: int | None = optional(body, "timeSpentSeconds", int)
    if words is None and seconds is None:
        return None
    if words is not None and seconds is not None:
        raise _wrong(_NOTHING)
    if words is not None:
        seconds = fields.duration(words)
    if not seconds or seconds < 60:
        raise _wrong("You must indicate the time spent working." if not seconds else _NOTHING)
    return seconds


# --- the remaining estimate -----------------------------------------------------------------------


def adjust(call: Call, issue: Issue, delta: int, ways: dict[str, str]) -> int | None:
    """Return the new remaining estimate after `delta` more seconds, as ``adjustEstimate`` says.

    `ways` are those this call takes, each with the parameter it needs; None: no estimate to move.
    """
    way = call.query("adjustEstimate", "auto")
    if way not in ways:
        raise _wrong(f"Invalid value '{way}' for adjustEstimate.", "adjustEstimate")
    left: int | None = (issue.values.get("timetracking") or {}).get("remaining")
    given = fields.duration(call.query(ways[way])) if ways[way] else 0
    if given is None:
        raise _wrong(
            f"'{ways[way]}' is required and must be like '2d' when adjustEstimate is '{way}'.", ways[way]
        )
    if way == "new":
        return given
    if left is None or way == "leave":
        return left
    if way == "manual":
        delta = given if ways[way] == "reduceBy" else -given
    return max(0, left - delta)


ADD = {"auto": "", "leave": "", "new": "newEstimate", "manual": "reduceBy"}
CHANGE = {"auto": "", "leave": "", "new": "newEstimate"}
REMOVE = {"auto": "", "leave": "", "new": "newEstimate", "manual": "increaseBy"}


def _book(call: Call, issue: Issue, before: int, left: int | None, more: list[Json]) -> None:
    """Write what a worklog changed into the changelog, and the new estimate into the issue."""
    items = [*more]
    times: dict[str, Any] = issue.values.get("timetracking") or {}
    if left != times.get("remaining"):
        items.append(edit.seconds_item("timeestimate", times.get("remaining"), left))
        issue.values["timetracking"] = {**times, "remaining": left}
    after = sum(one.seconds for one in issue.worklogs)
    items.append(edit.seconds_item("timespent", before or None, after or None))
    edit.record(call.site, issue, call.user, items, "issue_work_logged")


def add(call: Call, issue: Issue, made: Worklog, left: int | None = None) -> Worklog:
    """Put a worklog on an issue; `left` is the new estimate, the old one less its time by default."""
    check_room(len(issue.worklogs), MOST_WORKLOGS, "worklogs")
    edit.touch(call.site, issue)
    remaining = (issue.values.get("timetracking") or {}).get("remaining")
    if left is None and remaining is not None:
        left = max(0, remaining - made.seconds)
    before = sum(one.seconds for one in issue.worklogs)
    made.id, made.issue = call.site.next_id("worklog"), issue.id
    issue.worklogs.append(made)
    call.site.worklogs[made.id] = made
    _book(call, issue, before, left, [])
    events.logged(call.site, issue, made, "created")
    return made


def change(call: Call, issue: Issue, found: Worklog, body: Json) -> None:
    """Change what a body names of a worklog."""
    seconds, at = _spent(body), started(body)
    text = comments.text_of(call, body["comment"]) if body.get("comment") else found.comment
    visibility = comments.visibility_of(body) if "visibility" in body else found.visibility
    more = properties_of(body)
    delta = (seconds or found.seconds) - found.seconds
    left = adjust(call, issue, delta, CHANGE)
    before = sum(one.seconds for one in issue.worklogs)
    now = edit.touch(call.site, issue)
    found.seconds, found.started, found.comment = seconds or found.seconds, at or found.started, text
    found.visibility, found.updated, found.update_author = visibility, now, call.user.account_id
    found.properties |= more
    _book(call, issue, before, left, [])
    events.logged(call.site, issue, found, "updated")


def remove(call: Call, issue: Issue, found: Worklog, ways: dict[str, str]) -> None:
    """Take a worklog away; ``auto`` gives its time back to the estimate."""
    left = adjust(call, issue, -found.seconds, ways)
    before = sum(one.seconds for one in issue.worklogs)
    now = edit.touch(call.site, issue)
    issue.worklogs.remove(found)
    del call.site.worklogs[found.id]
    call.site.gone_worklogs[found.id] = now
    gone = (str(found.id), str(found.id))
    _book(call, issue, before, left, [history_item("WorklogId", gone, (None, None))])
    events.logged(call.site, issue, found, "deleted")
