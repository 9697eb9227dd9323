"""Replicas that lag: everybody but the writer reads an issue as it was for some seconds (2.4)."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

from deskbridge.sandbox.gitlab.places import User
from deskbridge.sandbox.gitlab.records import Issue
from deskbridge.sandbox.gitlab.site import Site


def keep(site: Site, writer: User, issue: Issue, *, new: bool = False) -> None:
    """Remember what the replicas still hold of an issue that `writer` is about to change."""
    lag = site.switches.replica_lag
    if not lag:
        return
    known = site.older.get(issue.id)
    fresh = known is None or known[0] < site.now()
    before = (None if new else _copy(issue)) if fresh or known is None else known[2]
    site.older[issue.id] = (site.now() + timedelta(seconds=lag), writer, before)


def _copy(issue: Issue) -> Issue:
    lists = {"labels": list(issue.labels), "assignees": list(issue.assignees), "events": list(issue.events)}
    notes = {id: dataclasses.replace(note) for id, note in issue.notes.items()}
    return dataclasses.replace(issue, notes=notes, **lists)  # type: ignore[arg-type]


def seen(site: Site, reader: User, issue: Issue) -> Issue | None:
    """Return the issue as `reader` gets it from a replica; None when it is not there yet."""
    if not site.older:
        return issue
    until, writer, before = site.older.get(issue.id, (None, None, issue))
    if until is None or writer is reader:
        return issue
    if until < site.now():
        del site.older[issue.id]
        return issue
    return before
