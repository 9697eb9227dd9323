"""Which issues a query need look at, so that asking for the latest changes costs only those."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from deskbridge.sandbox.jira import jql_time
from deskbridge.sandbox.jira.jql_parse import Clause, Node
from deskbridge.sandbox.jira.model import User
from deskbridge.sandbox.jira.state import Site

_KEYS = ("key", "issuekey", "issue", "id")
_TIMES = ("updated", "updateddate", "created", "createddate")


def candidates(site: Site, caller: User | None, where: Node | None) -> Iterable[int]:
    """Return ids among which are all that the query can find."""
    clauses = [where] if isinstance(where, Clause) else []
    if where is not None and not isinstance(where, Clause) and where.operator == "and":
        clauses = [part for part in where.parts if isinstance(part, Clause)]
    for clause in clauses:
        found = _by_key(site, clause)
        if found is not None:
            return found
    for clause in clauses:
        if clause.field.lower() in _TIMES and clause.operator in (">", ">=", "="):
            zone = caller.time_zone if caller else "UTC"
            since = jql_time.instant(clause.values[0], site.now(), zone)
            if since is not None:
                return list(_since(site, since))
    return list(site.issues)


def _by_key(site: Site, clause: Clause) -> list[int] | None:
    if clause.field.lower() not in _KEYS or clause.operator not in ("=", "in"):
        return None
    if all(not value.function and not value.empty for value in clause.values):
        known = (site.find_issue(value.text) for value in clause.values)
        return [issue.id for issue in known if issue is not None]
    if all(value.text.lower() == "issueswithremotelinksbyglobalid" for value in clause.values):
        ids = (site.remote.get(one, set()) for value in clause.values for one in value.arguments)
        return sorted(set().union(*ids))
    return None


def _since(site: Site, since: datetime) -> Iterator[int]:
    """Yield the issues updated since an instant; what was created since was updated since."""
    for id in reversed(site.recent):
        if site.issues[id].updated < since:
            return
        yield id
