"""The portal: a request as a customer sees it, if they see it at all (reference, 8.6)."""

from __future__ import annotations

from markupsafe import Markup
from starlette.responses import Response

from deskbridge.sandbox.jira import desk_rules, desk_show, errors, show
from deskbridge.sandbox.jira.model import Attachment, Issue, User
from deskbridge.sandbox.jira.wire import Call, Rule
from deskbridge.sandbox.page import Shown, table_page, ticket_page


def _visitor(call: Call, issue: Issue | None) -> User | None:
    """Return who looks: the one that ``as`` names by address or account, the reporter by default."""
    named = call.query("as") or (issue.values.get("reporter") if issue else "") or ""
    return call.site.by_email(named) or call.site.users.get(named)


def request(call: Call) -> Response:
    """Show a request with what customers read of it; 404 to whom the portal doesn't show it."""
    issue = call.site.find_issue(call.path("key"))
    visitor = _visitor(call, issue)
    desk = call.site.desk_of(issue) if issue else None
    if issue is None or visitor is None or desk is None or desk.id != call.path("portal"):
        raise errors.no_issue()
    if not desk_rules.sees(call.site, visitor, issue):
        raise errors.no_issue()
    kind = desk_show.type_of(call, issue)
    facts = [
        ("Seen by", visitor.name),
        ("Request type", kind.name if kind else ""),
        ("Status", call.site.statuses[issue.status].name),
        ("Reference", issue.key),
    ]
    return ticket_page("Jira portal", issue.key, issue.values["summary"], facts, _messages(call, issue))


def _messages(call: Call, issue: Issue) -> list[Shown]:
    site = call.site
    own = [_link(one) for one in issue.attachments if one.public and not one.comment]
    author = site.users[issue.values.get("reporter") or issue.creator].name
    text = issue.values.get("description")
    body = Markup(show.rendered_text(site, issue, text)) if text else Markup("<p>-</p>")
    shown = [Shown(author, issue.created, "request", "customer", body, own)]
    for comment in issue.comments:
        if show.is_public(comment) and not comment.visibility:
            files = [_link(one) for one in issue.attachments if one.public and one.comment == comment.id]
            html = Markup(show.rendered_text(site, issue, comment.body))
            name = site.users[comment.author].name
            shown.append(Shown(name, comment.created, "reply", "customer", html, files))
    return shown


def _link(one: Attachment) -> tuple[str, str]:
    return one.filename, f"/secure/attachment/{one.id}/{one.filename}"


def home(call: Call) -> Response:
    """List the requests that a visitor sees at a portal."""
    visitor = _visitor(call, None)
    if visitor is None:
        raise errors.refusal(404, "Say who looks: ?as=somebody@example")
    rows = [
        (
            Markup('<a href="/servicedesk/customer/portal/{0}/{1}?as={2}">{1}</a>').format(
                call.path("portal"), issue.key, visitor.account_id
            ),
            str(issue.values["summary"]),
            call.site.statuses[issue.status].name,
        )
        for issue in call.site.issues.values()
        if desk_rules.sees(call.site, visitor, issue)
    ]
    return table_page(f"Requests of {visitor.name}", ("key", "summary", "status"), rows)


RULES = [
    Rule("GET", "/servicedesk/customer/portal/{portal}", home, public=True),
    Rule("GET", "/servicedesk/customer/portal/{portal}/{key}", request, public=True),
]
