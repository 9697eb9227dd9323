"""Moving an issue to another project: a new key, the same id; the old key still finds it (3.1, 11.14)."""

from __future__ import annotations

from deskbridge.sandbox.jira import edit, workflow
from deskbridge.sandbox.jira.model import Issue, Project, User
from deskbridge.sandbox.jira.properties import history_item
from deskbridge.sandbox.jira.state import Site


def move(site: Site, issue: Issue, home: Project, kind: str, actor: User) -> None:
    """Move an issue; what the new project doesn't have of its values is dropped."""
    old, old_key = site.projects[issue.project], issue.key
    edit.touch(site, issue)
    items = []
    if home.id != old.id:
        home.counter += 1
        issue.project, issue.key = home.id, f"{home.key}-{home.counter}"
        site.keys[issue.key] = issue.id
        items.append(history_item("project", (old.id, old.name), (home.id, home.name)))
        items.append(history_item("Key", (None, old_key), (None, issue.key)))
        for name in ("components", "versions", "fixVersions", "security"):
            issue.values.pop(name, None)
    if kind != issue.type:
        items.append(edit.item(site, issue, "issuetype", kind))
        issue.type = kind
    if issue.status not in workflow.statuses(site, home):
        new = workflow.initial(home)
        items.append(edit.item(site, issue, "status", new))
        issue.status = new
    edit.record(site, issue, actor, items, "issue_moved")
