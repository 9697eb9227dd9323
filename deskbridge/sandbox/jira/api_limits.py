"""Which issues are near or over what one issue can hold (reference, 3.8)."""

from __future__ import annotations

from collections.abc import Sized

from starlette.responses import Response

from deskbridge.sandbox.jira import comments, errors
from deskbridge.sandbox.jira.adds import MOST_LINKS
from deskbridge.sandbox.jira.api_files import MOST_FILES
from deskbridge.sandbox.jira.api_marks import MOST_REMOTE_LINKS
from deskbridge.sandbox.jira.permissions import may
from deskbridge.sandbox.jira.wire import Call, Rule
from deskbridge.sandbox.jira.worklogs import MOST_WORKLOGS
from deskbridge.sandbox.kernel import reply


def limit_report(call: Call) -> Response:
    """Return which issues are near or over a limit per issue (reference, 3.8)."""
    if not may(call.user, "ADMINISTER"):
        raise errors.forbidden("Only administrators can see the report.")
    limits = {
        "comment": comments.MOST_COMMENTS,
        "worklog": MOST_WORKLOGS,
        "attachment": MOST_FILES,
        "issuelinks": MOST_LINKS,
        "remoteIssueLinks": MOST_REMOTE_LINKS,
    }
    near: dict[str, dict[str, int]] = {name: {} for name in limits}
    over: dict[str, dict[str, int]] = {name: {} for name in limits}
    for issue in call.site.issues.values():
        lists: tuple[Sized, ...] = (
            issue.comments,
            issue.worklogs,
            issue.attachments,
            issue.links,
            issue.remote_links,
        )
        for (name, most), rows in zip(limits.items(), lists, strict=True):
            if len(rows) >= most * 0.8:
                (over if len(rows) >= most else near)[name][str(issue.id)] = len(rows)
    return reply({"limits": limits, "issuesApproachingLimit": near, "issuesBreachingLimit": over})


RULES = [Rule("GET", "/rest/api/{v}/issue/limit/report", limit_report, sign_in=True, on="cloud")]
