"""The plain pages: an issue as GitLab's own user sees it, and the list that leads there."""

from __future__ import annotations

import re

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from deskbridge.sandbox.gitlab import text
from deskbridge.sandbox.gitlab.api_uploads import web_routes
from deskbridge.sandbox.gitlab.records import Issue, Note
from deskbridge.sandbox.gitlab.site import Site
from deskbridge.sandbox.page import Shown, table_page, ticket_page

_FILE = re.compile(r"(/uploads/[0-9a-f]{32}/([^)\s\"<>]+))")


def routes(site: Site) -> list[Route]:
    """Return the pages' routes; they need no login, so that everybody can look."""

    async def issue(request: Request) -> Response:
        given = request.path_params
        project = site.project_at(f"{given['group']}/{given['project']}")
        found = project.issues.get(given["iid"]) if project else None
        return _issue_page(site, found) if found else HTMLResponse("<h1>404</h1>Page Not Found", 404)

    async def issues(request: Request) -> Response:
        return _list_page(site)

    return [
        Route("/", issues),
        Route("/{group}/{project}/-/issues/{iid:int}", issue),
        Route("/{group}/{project}/-/work_items/{iid:int}", issue),
        *web_routes(site),
    ]


def _issue_page(site: Site, issue: Issue) -> HTMLResponse:
    audience = "customer" if issue.participants and issue.project.service_desk_enabled else "internal"
    first = Shown(
        _writer(issue.author.name, issue.reply_to or ""),
        issue.created_at,
        "description",
        "customer" if issue.reply_to else "internal",
        text.html(issue.description or "", issue.project),
        _files(issue, issue.description or ""),
    )
    notes = sorted(issue.notes.values(), key=lambda note: (note.created_at, note.id))
    messages = [first, *(_shown(note, audience) for note in notes)]
    return ticket_page("gitlab", issue.path, issue.title, _facts(issue), messages)


def _facts(issue: Issue) -> list[tuple[str, str]]:
    facts = {
        "State": issue.state,
        "Type": issue.kind,
        "Confidential": "yes" if issue.confidential else "no",
        "Author": issue.author.name,
        "Assignees": ", ".join(user.name for user in issue.assignees),
        "Labels": ", ".join(sorted(label.name for label in issue.labels)),
        "Milestone": issue.milestone.title if issue.milestone else "",
        "Due date": issue.due_date.isoformat() if issue.due_date else "",
        "Severity": issue.severity if issue.kind == "incident" else "",
        "External participants": ", ".join(issue.participants),
    }
    return [(name, value) for name, value in facts.items() if value]


def _shown(note: Note, audience: str) -> Shown:
    """Return a note; one that external participants were mailed is shown as theirs."""
    if note.system:
        badge, audience = "system note", "internal"
    elif note.internal:
        badge, audience = "internal note", "internal"
    else:
        badge = "comment, mailed to the participants" if audience == "customer" else "comment"
    body = text.html(note.body, note.issue.project)
    writer = _writer(note.author.name, note.external)
    return Shown(writer, note.created_at, badge, audience, body, _files(note.issue, note.body))


def _writer(name: str, address: str) -> str:
    return f"{name} for {address}" if address else name


def _files(issue: Issue, body: str) -> list[tuple[str, str]]:
    return [(name, f"/-/project/{issue.project.id}{path}") for path, name in _FILE.findall(body)]


def _list_page(site: Site) -> HTMLResponse:
    rows = [
        (Markup('<a href="{}">{}</a>').format(site.web_url(issue), issue.path), issue.title, issue.state)
        for issue in site.issues.values()
    ]
    return table_page("Issues", ("issue", "title", "state"), rows)
