"""Which scope a call needs from a token that has scopes (reference, 1.1; the classic ones)."""

from __future__ import annotations

import re

CLASSIC = (
    "read:jira-work",
    "write:jira-work",
    "read:jira-user",
    "manage:jira-project",
    "manage:jira-configuration",
    "manage:jira-webhook",
    "read:servicedesk-request",
    "write:servicedesk-request",
    "manage:servicedesk-customer",
)
# Boards have granular scopes only.
AGILE = (
    "read:board-scope:jira-software",
    "write:board-scope:jira-software",
    "read:sprint:jira-software",
    "write:sprint:jira-software",
    "read:issue:jira-software",
    "write:issue:jira-software",
    "read:epic:jira-software",
    "write:epic:jira-software",
)
NONE = "no scope opens this"
_V = r"/rest/api/\{v\}/"
# (methods, path, scope): the first that fits decides.
_NEEDED = [
    (m, re.compile(p), scope)
    for m, p, scope in (
        ("GET", _V + r"serverInfo", ""),
        (".*", r"/rest/servicedeskapi/(organization|customer|servicedesk/\{desk\}/(customer|organization))",
         "manage:servicedesk-customer"),
        ("GET", r"/rest/servicedeskapi/", "read:servicedesk-request"),
        (".*", r"/rest/servicedeskapi/", "write:servicedesk-request"),
        ("GET", r"/rest/agile/1.0/(sprint|board/\{id\}/sprint)", "read:sprint:jira-software"),
        (".*", r"/rest/agile/1.0/sprint", "write:sprint:jira-software"),
        ("GET", r"/rest/agile/1.0/(issue|epic)", "read:issue:jira-software"),
        (".*", r"/rest/agile/1.0/(issue|epic|backlog)", "write:issue:jira-software"),
        ("GET", r"/rest/agile/1.0/", "read:board-scope:jira-software"),
        (".*", r"/rest/agile/1.0/", "write:board-scope:jira-software"),
        (".*", _V + r"webhook", "manage:jira-webhook"),
        ("GET", _V + r"(myself|user|users|group|groups|groupuserpicker)(/|$)", "read:jira-user"),
        (".*", _V + r"(screens|notificationscheme|permissionscheme|priorityscheme|workflow\w*|statuses)(/|$)",
         "manage:jira-configuration"),
        ("POST|PUT|DELETE", _V + r"(project$|field|statuses|group|user)", "manage:jira-configuration"),
        ("POST|PUT|DELETE", _V + r"(component|version|project/)", "manage:jira-project"),
        ("POST", _V + r"(search|jql|issue/bulkfetch|comment/list|worklog/list|changelog)", "read:jira-work"),
        ("POST", _V + r"issue/\{key\}/changelog", "read:jira-work"),
        ("GET", _V, "read:jira-work"),
        (".*", _V, "write:jira-work"),
        (".*", "", NONE),
    )
]  # fmt: skip


def needed(method: str, template: str) -> str:
    """Return the scope that a call needs, empty when any token will do."""
    return next(
        scope for methods, path, scope in _NEEDED if re.fullmatch(methods, method) and path.match(template)
    )
