"""All values that a field can have, by the names under which searches know them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deskbridge.sandbox.jira import catalogue
from deskbridge.sandbox.jira.model import FieldDef, User
from deskbridge.sandbox.jira.state import Site


def values(site: Site, caller: User | None, known: FieldDef) -> list[tuple[str, ...]]:
    """Return all values of a field: its id, then the names by which it is known."""
    if known.kind in ("option", "options", "cascade"):
        return [(option.id, option.name) for option in known.options]
    if known.kind in ("components", "versions", "versionref", "versionrefs"):
        kind = "components" if known.kind == "components" else "versions"
        return [(p.id, p.name) for owner in site.projects for p in site.parts(kind, owner)]
    if known.kind in ("user", "users"):
        return [(u.account_id, u.name, u.email, u.username, u.key) for u in site.users.values()]
    if known.kind in ("project", "projectref"):
        return [(p.id, p.key, p.name) for p in (site.projects.values() if caller else ())]
    if known.kind == "organizations":
        return [(str(one.id), one.name) for one in site.organizations.values()]
    if known.kind == "request_type":
        desks = site.desks.values()
        return [
            (t.id, t.name, f"{t.name} ({site.projects[d.project].key})")
            for d in desks
            for t in d.request_types
        ]
    if known.kind == "sprint":
        return [(str(one.id), one.name) for one in site.sprints.values()]
    if known.kind == "parent":
        return [(str(issue.id), issue.key) for issue in site.issues.values()]
    if known.kind == "statusCategory":
        return [(c.key, str(c.id), c.name) for c in catalogue.CATEGORIES.values()]
    named: dict[str, Mapping[str, Any]] = {
        "status": site.statuses,
        "issuetype": site.types,
        "priority": catalogue.PRIORITIES,
        "resolution": catalogue.RESOLUTIONS,
        "security": catalogue.LEVELS,
    }
    return [(id, one.name) for id, one in named.get(known.kind, {}).items()]
