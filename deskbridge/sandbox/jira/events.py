"""What webhooks are told, and how it is delivered (reference, 9.2 to 9.4)."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from deskbridge.sandbox.hooks import Attempt, Delivery
from deskbridge.sandbox.jira import jql_match, show, show_issue
from deskbridge.sandbox.jira.jql_parse import JqlSyntax
from deskbridge.sandbox.jira.model import Attachment, Change, Comment, Issue, IssueLink, Json, User, Worklog
from deskbridge.sandbox.jira.records import Hook
from deskbridge.sandbox.jira.state import Site
from deskbridge.sandbox.jira.wire import View

EVENTS = frozenset(
    "jira:issue_created jira:issue_updated jira:issue_deleted comment_created comment_updated "
    "comment_deleted worklog_created worklog_updated worklog_deleted attachment_created "
    "attachment_deleted issuelink_created issuelink_deleted issue_property_set issue_property_deleted "
    "issuetype_created issuetype_updated issuetype_deleted project_created project_updated "
    "project_deleted project_soft_deleted project_restored_deleted project_archived "
    "project_restored_archived jira:version_released jira:version_unreleased jira:version_created "
    "jira:version_moved jira:version_updated jira:version_deleted jira:version_merged filter_created "
    "filter_updated filter_deleted user_created user_updated user_deleted option_voting_changed "
    "option_watching_changed option_unassigned_issues_changed option_subtasks_changed "
    "option_attachments_changed option_issuelinks_changed option_timetracking_changed sprint_created "
    "sprint_updated sprint_deleted sprint_started sprint_closed board_created board_updated "
    "board_deleted board_configuration_changed".split()
)
# Five more attempts, five to fifteen minutes apart; after half an hour of failures none.
RETRIES = (300.0, 450.0, 600.0, 750.0, 900.0)
_WEARY = timedelta(minutes=30)
_AGAIN = (0, 408, 409, 425, 429)
_LATER = 2.0
_STUB = ("summary", "issuetype", "project", "assignee", "priority", "status")


def view(site: Site) -> View:
    """Return how webhooks see the site: the second API version, nobody's zone, nobody's own address."""
    return View(site, "2", None, site.base_url)


def emit(
    site: Site,
    name: str,
    build: Callable[[View], Json],
    issue: Issue | None = None,
    *,
    secondary: bool = False,
) -> None:
    """Send an event to all webhooks that want it; the payload is built once, and only if one does."""
    payload: Json = {}
    for hook in list(site.hooks.values()):
        if not hook.enabled or name not in hook.events or not _meant(site, hook, issue):
            continue
        if not payload:
            stamp = int(site.now().timestamp() * 1000)
            payload = {"timestamp": stamp, "webhookEvent": name, **build(view(site))}
        _send(site, hook, payload, issue, secondary=secondary)


def _meant(site: Site, hook: Hook, issue: Issue | None) -> bool:
    if issue is None or not hook.jql.strip():
        return True
    try:
        found = jql_match.prepare(site, site.users.get(hook.by), hook.jql)
    except JqlSyntax:
        return False
    return not found.errors and found.test(issue)


def _send(site: Site, hook: Hook, payload: Json, issue: Issue | None, *, secondary: bool) -> None:
    modern = site.cloud or site.switches.dc_webhook_identity
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Atlassian Webhook HTTP Client",
    }
    if modern:
        headers["X-Atlassian-Webhook-Identifier"] = site.new_uuid()
        headers["X-Atlassian-Webhook-Flow"] = "Secondary" if secondary else "Primary"
    body = b"" if hook.exclude_body else json.dumps(payload, ensure_ascii=False).encode()
    delivery = Delivery(
        "jira",
        _url(hook.url, issue),
        body,
        headers,
        hook=hook.name,
        delay=_LATER if secondary else 0.0,
        retries=RETRIES if modern and not _weary(site, hook) else (),
        again=lambda status: status in _AGAIN or status >= 500,
        sign=lambda raw, number: _signed(hook, raw, number, modern=modern),
        told=lambda attempt: _told(site, hook, attempt),
        wanted=lambda: site.hooks.get(hook.id) is hook and hook.enabled,
    )
    site.world.hooks.send(delivery)


def _url(template: str, issue: Issue | None) -> str:
    known = {"issue.key": issue.key, "issue.id": str(issue.id)} if issue else {}
    if issue:
        known |= {"project.key": issue.key.rpartition("-")[0], "project.id": issue.project}
    return re.sub(r"\$\{([a-z.]+)\}", lambda match: known.get(match[1], match[0]), template)


def _signed(hook: Hook, raw: bytes, number: int, *, modern: bool) -> dict[str, str]:
    headers = {"X-Atlassian-Webhook-Retry": str(number)} if number and modern else {}
    if hook.secret and modern:
        headers["X-Hub-Signature"] = signature(hook.secret, raw)
    return headers


def signature(secret: str, raw: bytes) -> str:
    """Return the signature over the raw bytes, with its method in front."""
    return "sha256=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()


def _weary(site: Site, hook: Hook) -> bool:
    since = site.failing.get(hook.id)
    return since is not None and site.now() - since > _WEARY


def _told(site: Site, hook: Hook, attempt: Attempt) -> None:
    if 200 <= attempt.status < 300:
        site.failing.pop(hook.id, None)
    else:
        site.failing.setdefault(hook.id, site.now())


# --- issues ---------------------------------------------------------------------------------------


def whole(seen: View, issue: Issue) -> Json:
    """Return an issue as GET shows it without expansion, in the second version's form."""
    shown = show_issue.issue(seen, issue, list(seen.site.fields))
    return {name: value for name, value in shown.items() if name != "expand"}


def _about(issue: Issue, actor: User, kind: str, **more: Any) -> Callable[[View], Json]:
    def build(seen: View) -> Json:
        head = {"issue_event_type_name": kind, "user": show.user(seen, actor.account_id)}
        return {**head, "issue": whole(seen, issue), **more}

    return build


def created(site: Site, issue: Issue, actor: User) -> None:
    """Tell that an issue was made."""
    emit(site, "jira:issue_created", _about(issue, actor, "issue_created"), issue)


def updated(site: Site, issue: Issue, actor: User, change: Change, kind: str) -> None:
    """Tell that an issue's fields changed."""
    id = str(change.id) if site.switches.changelog_id_text else change.id
    more: Json = {"changelog": {"id": id, "items": change.items}}
    if site.bulk is not None:
        more["bulkOperationMetaData"] = {"sendMail": site.bulk}
    secondary = site.bulk is not None
    emit(site, "jira:issue_updated", _about(issue, actor, kind, **more), issue, secondary=secondary)


def deleted(site: Site, issue: Issue, actor: User) -> None:
    """Tell that an issue goes; call it while it is still there. Its comments' end is told later."""
    emit(site, "jira:issue_deleted", _about(issue, actor, "issue_deleted"), issue)
    for comment in issue.comments:
        commented(site, issue, comment, actor, "deleted", secondary=True)


# --- what hangs on issues -------------------------------------------------------------------------


def commented(
    site: Site, issue: Issue, comment: Comment, actor: User, what: str, *, secondary: bool = False
) -> None:
    """Tell of a comment: with a stub of the issue only, and without the actor (reference, 9.4)."""
    emit(site, f"comment_{what}", lambda seen: _comment(seen, issue, comment), issue, secondary=secondary)
    if what == "deleted" or (site.cloud and not site.switches.comment_updates_issue):
        return
    kind = "issue_commented" if what == "created" else "issue_comment_edited"

    def build(seen: View) -> Json:
        return _about(issue, actor, kind, comment=show.comment(seen, comment))(seen)

    emit(site, "jira:issue_updated", build, issue)


def _comment(seen: View, issue: Issue, comment: Comment) -> Json:
    fields = {name: show_issue.field(seen, issue, seen.site.fields[name]) for name in _STUB}
    # The address was seen malformed like this; nobody should follow it.
    stub = {"id": str(issue.id), "self": seen.url(str(issue.id)), "key": issue.key, "fields": fields}
    return {"comment": show.comment(seen, comment), "issue": stub}


def logged(site: Site, issue: Issue, log: Worklog, what: str) -> None:
    """Tell of a worklog; the payload has no issue, only its id."""
    emit(site, f"worklog_{what}", lambda seen: {"worklog": show.worklog(seen, log)}, issue)


def attached(site: Site, issue: Issue, file: Attachment, what: str) -> None:
    """Tell of a file; the payload doesn't say on which issue."""
    emit(site, f"attachment_{what}", lambda seen: {"attachment": show.attachment(seen, file)}, issue)


def linked(site: Site, issue: Issue, link: IssueLink, what: str) -> None:
    """Tell of a link between issues."""
    build = {
        "id": link.id,
        "sourceIssueId": link.source,
        "destinationIssueId": link.target,
        "issueLinkType": {"id": int(link.type), "isSubTaskLinkType": False, "isSystemLinkType": False},
    }
    emit(site, f"issuelink_{what}", lambda seen: {"issueLink": build}, issue)


def property_changed(site: Site, issue: Issue, key: str, value: Any, what: str) -> None:
    """Tell of an issue's property, which touches nothing else."""
    stub = {"id": str(issue.id), "key": issue.key}
    emit(
        site,
        f"issue_property_{what}",
        lambda seen: {"issue": stub, "property": {"key": key, "value": value}},
        issue,
    )


def told(site: Site, names: Iterable[str], **entities: Any) -> None:
    """Tell of something that is no issue: a sprint, a board, a version, a project."""
    for name in names:
        emit(site, name, lambda seen: dict(entities))
