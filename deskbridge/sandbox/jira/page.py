"""The page of an issue, as somebody who works in Jira sees it."""

from __future__ import annotations

from markupsafe import Markup
from starlette.responses import Response

from deskbridge.sandbox.jira import catalogue, errors, show
from deskbridge.sandbox.jira.model import Issue, Text
from deskbridge.sandbox.jira.state import Site
from deskbridge.sandbox.jira.wire import Call, Rule
from deskbridge.sandbox.page import Shown, table_page, ticket_page


def browse(call: Call) -> Response:
    """Show an issue: its fields by name, its description, its comments."""
    issue = call.site.find_issue(call.path("key"))
    if issue is None:
        raise errors.no_issue()
    return ticket_page(
        "Jira", issue.key, issue.values["summary"], _facts(call.site, issue), _messages(call, issue)
    )


def home(call: Call) -> Response:
    """List all issues, newest first, with links to their pages."""
    issues = sorted(call.site.issues.values(), key=lambda issue: -issue.id)
    rows = [
        (
            Markup('<a href="/browse/{0}">{0}</a>').format(issue.key),
            str(issue.values["summary"]),
            call.site.statuses[issue.status].name,
        )
        for issue in issues[:500]
    ]
    return table_page("Jira sandbox", ("key", "summary", "status"), rows)


def _facts(site: Site, issue: Issue) -> list[tuple[str, str]]:
    values = issue.values
    facts = [
        ("Type", site.types[issue.type].name),
        ("Status", site.statuses[issue.status].name),
        ("Resolution", _name(catalogue.RESOLUTIONS.get(values.get("resolution") or ""))),
        ("Priority", _name(catalogue.PRIORITIES.get(values.get("priority") or ""))),
        ("Assignee", _name(site.users.get(values.get("assignee") or ""))),
        ("Reporter", _name(site.users.get(values.get("reporter") or ""))),
        ("Labels", ", ".join(values.get("labels") or ())),
        ("Due date", values.get("duedate") or ""),
    ]
    for kind in ("components", "fixVersions", "versions"):
        parts = site.parts("components" if kind == "components" else "versions", issue.project)
        ids = values.get(kind) or ()
        facts.append((site.fields[kind].name, ", ".join(part.name for part in parts if part.id in ids)))
    facts += [
        (link["object"]["title"], link["object"]["url"]) for link in (one.data for one in issue.remote_links)
    ]
    return [fact for fact in [*facts, *_customs(site, issue)] if fact[1]]


def _name(named: object) -> str:
    return str(getattr(named, "name", ""))


def _customs(site: Site, issue: Issue) -> list[tuple[str, str]]:
    facts = []
    for field in site.fields.values():
        value = issue.values.get(field.id)
        if not field.custom or value is None:
            continue
        options = {option.id: option.name for option in field.options}
        parts = value if isinstance(value, list) else [value]
        facts.append((field.name, ", ".join(options.get(str(part), show.value_text(part)) for part in parts)))
    return facts


def _messages(call: Call, issue: Issue) -> list[Shown]:
    site = call.site
    files = [(a.filename, f"{_place(site)}/{a.id}/{a.filename}") for a in issue.attachments]
    author = _name(site.users.get(issue.values.get("reporter") or issue.creator))
    body = _html(site, issue, issue.values.get("description"))
    first = Shown(author, issue.created, "description", "internal", body, files)
    return [first, *(_comment(site, issue, index) for index in range(len(issue.comments)))]


def _comment(site: Site, issue: Issue, index: int) -> Shown:
    comment = issue.comments[index]
    badge, audience = "comment", "internal"
    if comment.visibility:
        badge = f"comment, only {comment.visibility['value']}"
    elif site.desk_of(issue) is not None:
        public = show.is_public(comment)
        badge = "reply to customer" if public else "internal note"
        audience = "customer" if public else "internal"
    author = _name(site.users.get(comment.author))
    return Shown(author, comment.created, badge, audience, _html(site, issue, comment.body))


def _place(site: Site) -> str:
    # Data Center's own addresses of files ask who one is; pages have one that doesn't.
    return "/secure/attachment" if site.cloud else "/page/attachment"


def _html(site: Site, issue: Issue, text: Text | None) -> Markup:
    # show.rendered_text escapes every text and lets nh3 clean the whole.
    return Markup(show.rendered_text(site, issue, text, _place(site))) if text else Markup("<p>-</p>")


RULES = [
    Rule("GET", "/browse/{key}", browse, public=True),
    Rule("GET", "/", home, public=True),
]
