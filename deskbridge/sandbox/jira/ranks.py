"""The order of issues on boards: numbers with room between them, made new when the room is gone."""

from __future__ import annotations

from deskbridge.sandbox.jira.model import Issue
from deskbridge.sandbox.jira.state import Site

GAP = 1 << 32


def place(site: Site, moved: list[Issue], anchor: Issue, *, after: bool) -> None:
    """Put issues, in their order, right before or after another one."""
    low, high = _neighbours(site, moved, anchor, after=after)
    step = (high - low) // (len(moved) + 1)
    if step < 1:
        _spread(site)
        place(site, moved, anchor, after=after)
        return
    for number, issue in enumerate(moved, start=1):
        issue.rank = low + step * number
        site.noted(issue.id)


def _neighbours(site: Site, moved: list[Issue], anchor: Issue, *, after: bool) -> tuple[int, int]:
    ids = {issue.id for issue in moved}
    others = (issue.rank for issue in site.issues.values() if issue.id not in ids)
    if after:
        above = min((rank for rank in others if rank > anchor.rank), default=anchor.rank + 2 * GAP)
        return anchor.rank, above
    below = max((rank for rank in others if rank < anchor.rank), default=0)
    return below, anchor.rank


def _spread(site: Site) -> None:
    for number, issue in enumerate(sorted(site.issues.values(), key=lambda one: one.rank), start=1):
        issue.rank = number * GAP
        site.noted(issue.id)
