"""How Jira's limits show in its answers (jira-api 1.3, 1.4).

Cloud counts each kind of call in each second, and the writes on each issue; Data Center counts all of an
account's calls. Headers that begin with ``Beta-`` are information only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit

import requests

from connectors.http import Limits
from connectors.quota import TOTAL, Level, number

_ID = re.compile(r"/(?:[0-9]+|[A-Z][A-Z0-9_]*-[0-9]+)(?=/|$)")
_ISSUE = re.compile(r"(?:^|/)(?:issue|request)/([^/?]+)")
_OF_ALL = frozenset({"bulk", "bulkfetch", "createmeta"})
"""What stands where an issue's key would, and is none."""
_SECOND = timedelta(seconds=1)
_BURST, _BY_ISSUE = "jira-burst-based", "jira-per-issue-on-write"
"""Why a call was refused; every other reason stops them all until the time that Jira names."""


def _buckets(method: str, path: str) -> Iterator[str]:
    """Yield the bucket of this kind of call and, for a write, that of its issue."""
    path = path.split("?", 1)[0]
    yield f"{method} {_ID.sub('/*', path)}"
    found = _ISSUE.search(path)
    if found and found[1] not in _OF_ALL and method != "GET":
        yield f"issue {found[1]}"


def _learn(response: requests.Response) -> Iterator[Level]:
    """Yield what an answer says of this second, or of the account's bucket on Data Center."""
    told = response.headers
    limit, left = number(told.get("X-RateLimit-Limit")), number(told.get("X-RateLimit-Remaining"))
    if limit is None or left is None:
        return
    if interval := number(told.get("X-RateLimit-Interval-Seconds")):
        yield Level(TOTAL, limit, left, None, timedelta(seconds=interval))
    else:
        yield Level(next(_asked(response)), limit, left, None, _SECOND)


def _spent(response: requests.Response) -> tuple[str, ...]:
    """Return what a refusal shuts: this kind of call, this issue, or everything."""
    kind, *issue = _asked(response)
    match response.headers.get("RateLimit-Reason", ""):
        case reason if reason == _BURST:
            return (kind,)
        case reason if reason == _BY_ISSUE and issue:
            return tuple(issue)
        case _:
            return (TOTAL,)


def _asked(response: requests.Response) -> Iterator[str]:
    path = urlsplit(response.request.url or "").path
    return _buckets(response.request.method or "GET", str(path).partition("/rest/")[2])


LIMITS = Limits(_buckets, _learn, _spent)
"""The hooks by which calls are paced; pure."""
