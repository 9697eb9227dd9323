"""Comments, transitions, watchers, worklogs and links between issues (reference, 3.5, 3.7, 4, 5)."""

from __future__ import annotations

from starlette.responses import Response

from deskbridge.sandbox.jira import adds, edit, errors, notify, show, show_issue
from deskbridge.sandbox.jira.model import Comment, Issue, Json, Worklog
from deskbridge.sandbox.jira.wire import Call, Rule, optional
from deskbridge.sandbox.kernel import reply

# --- comments -------------------------------------------------------------------------------------


def _readable(call: Call, issue: Issue) -> list[Comment]:
    return [comment for comment in issue.comments if notify.may_read(call.user, comment)]


def _comment(call: Call) -> tuple[Issue, Comment]:
    issue = call.issue()
    for comment in _readable(call, issue):
        if str(comment.id) == call.path("id"):
            return issue, comment
    raise errors.refusal(404, f"Can not find a comment for the id: {call.path('id')}.")


def _shown(call: Call, comment: Comment) -> Json:
    expand = call.listed("expand")
    return show.comment(call, comment, properties="properties" in expand, rendered="renderedBody" in expand)


def list_comments(call: Call) -> Response:
    """Return one page of comments; the page is 100 at most, whatever is asked (reference, 5)."""
    issue, longest = call.issue(), call.site.switches.comment_page
    order = call.query("orderBy", "created")
    if order not in ("created", "+created", "-created", " created"):
        raise errors.refusal(400, f"Ordering by {order} is not supported. Supported orderings are: created.")
    start, size = call.page(default=longest, most=longest)
    readable = sorted(_readable(call, issue), key=lambda c: (c.created, c.id), reverse=order[0] == "-")
    page = show_issue.comment_page(call, issue, [], start, size)
    page["comments"] = [_shown(call, comment) for comment in readable[start : start + size]]
    return reply({**page, "total": len(readable)})


def get_comment(call: Call) -> Response:
    """Return a comment of this issue."""
    return reply(_shown(call, _comment(call)[1]))


def add_comment(call: Call) -> Response:
    """Add a comment; people are told, there is no way not to."""
    issue = call.issue()
    comment = adds.draft_comment(call, call.object())
    return reply(_shown(call, adds.add_comment(call, issue, comment)), 201)


def put_comment(call: Call) -> Response:
    """Replace a comment's body; visibility and properties only if sent."""
    issue, comment = _comment(call)
    body = call.object()
    _own(call, comment, "edit")
    text = adds.comment_text(call, body.get("body"))
    visibility = adds.visibility_of(body) if "visibility" in body else comment.visibility
    properties = adds.properties_of(body) if "properties" in body else comment.properties
    now = edit.touch(call.site, issue)
    comment.body, comment.visibility, comment.updated = text, visibility, now
    comment.update_author, comment.properties = call.user.account_id, properties
    if not notify.quiet(call.user, call.flag("notifyUsers", default=True)):
        words = adds.plain(call, issue, text)
        notify.notify(call.site, issue, call.user, "comment edited", words, comment)
    return reply(_shown(call, comment))


def delete_comment(call: Call) -> Response:
    """Delete a comment; anonymous callers get 405 (reference, 5)."""
    if call.caller is None:
        raise errors.problem(405, "Method 'DELETE' is not supported.", call.request.url.path)
    issue, comment = _comment(call)
    _own(call, comment, "delete")
    edit.touch(call.site, issue)
    issue.comments.remove(comment)
    del call.site.comments[comment.id]
    return reply(status=204)


def _own(call: Call, comment: Comment, verb: str) -> None:
    if comment.author != call.user.account_id and not call.user.project_admin:
        text = f"You do not have the permission to {verb} this comment."
        raise errors.refusal(400, text)


def comments_by_id(call: Call) -> Response:
    """Return comments by their ids, wherever they are."""
    ids = optional(call.object(), "ids", list, [])
    if not 0 < len(ids) <= 1000:
        raise errors.refusal(400, "The number of ids must be from 1 to 1000.")
    known = [call.site.comments.get(id) for id in ids if isinstance(id, int)]
    found = [_shown(call, c) for c in known if c is not None and notify.may_read(call.user, c)]
    bean = {"maxResults": 1000, "startAt": 0, "total": len(found), "isLast": True}
    return reply({**bean, "values": found})


# --- transitions ----------------------------------------------------------------------------------


def list_transitions(call: Call) -> Response:
    """Return the transitions that the issue can take now."""
    issue = call.issue()
    wanted = call.query("transitionId")
    screens = "transitions.fields" in call.listed("expand")
    found = [t for t in adds.transitions(call, issue, screens=screens) if not wanted or t["id"] == wanted]
    return reply({"expand": "transitions", "transitions": found})


def transit(call: Call) -> Response:
    """Take a transition; 204 does not prove that the status changed (reference, 4.1)."""
    adds.transit(call, call.issue(), call.object())
    return reply(status=204)


# --- watchers -------------------------------------------------------------------------------------


def watchers(call: Call) -> Response:
    """Return who watches an issue."""
    issue = call.issue()
    people = [show.user(call, account) for account in issue.watchers]
    mine = call.user.account_id in issue.watchers
    url = call.url(f"issue/{issue.key}/watchers")
    return reply({"self": url, "isWatching": mine, "watchCount": len(people), "watchers": people})


def watch(call: Call) -> Response:
    """Let an account watch, the caller when none is named; `updated` stays as it is."""
    issue = call.issue()
    account = call.json() if call.raw else call.user.account_id
    if not isinstance(account, str):
        raise errors.invalid_payload()
    if account not in call.site.users:
        raise errors.refusal(404, "The user was not found or you cannot see them.")
    if account not in issue.watchers:
        issue.watchers.append(account)
    return reply(status=204)


def unwatch(call: Call) -> Response:
    """Let an account no longer watch."""
    issue, account = call.issue(), call.query("accountId")
    if account not in call.site.users:
        raise errors.refusal(400 if not account else 404, "The user was not found or you cannot see them.")
    if account in issue.watchers:
        issue.watchers.remove(account)
    return reply(status=204)


# --- worklogs -------------------------------------------------------------------------------------


def worklogs(call: Call) -> Response:
    """Return an issue's worklogs, oldest first."""
    issue = call.issue()
    start, size = call.page(default=5000, most=5000)
    shown = [show.worklog(call, one) for one in issue.worklogs[start : start + size]]
    return reply({"startAt": start, "maxResults": size, "total": len(issue.worklogs), "worklogs": shown})


def _worklog(call: Call) -> tuple[Issue, Worklog]:
    issue = call.issue()
    for one in issue.worklogs:
        if str(one.id) == call.path("id"):
            return issue, one
    raise errors.refusal(404, f"Cannot find worklog with id: '{call.path('id')}'.")


def worklog(call: Call) -> Response:
    """Return one worklog."""
    return reply(show.worklog(call, _worklog(call)[1]))


def add_worklog(call: Call) -> Response:
    """Log time as the caller, whoever the body names."""
    issue = call.issue()
    made = adds.add_worklog(call, issue, adds.draft_worklog(call, call.object()))
    if not notify.quiet(call.user, call.flag("notifyUsers", default=True)):
        notify.notify(call.site, issue, call.user, "work logged", show.spent(made.seconds))
    return reply(show.worklog(call, made), 201)


def delete_worklog(call: Call) -> Response:
    """Delete a worklog."""
    issue, found = _worklog(call)
    edit.touch(call.site, issue)
    issue.worklogs.remove(found)
    del call.site.worklogs[found.id]
    gone = (str(found.id), str(found.id))
    edit.record(call.site, issue, call.user, [adds.history_item("WorklogId", gone, (None, None))])
    return reply(status=204)


# --- links between issues -------------------------------------------------------------------------


def add_link(call: Call) -> Response:
    """Link two issues; the answer is empty, and a comment is added however often one posts."""
    body = call.object()
    type = adds.link_type(body.get("type"))
    source, target = (_end(call, body.get(name)) for name in ("inwardIssue", "outwardIssue"))
    given = optional(body, "comment", dict)
    comment = adds.draft_comment(call, given) if given else None
    adds.add_link(call, type, source, target)
    if comment is not None:
        adds.add_comment(call, source, comment)
    return reply(status=201)


def _end(call: Call, given: object) -> Issue:
    if not isinstance(given, dict) or not ("key" in given or "id" in given):
        raise errors.invalid_payload()
    return call.site.issue(call.caller, given.get("key", given.get("id")))


def get_link(call: Call) -> Response:
    """Return a link with both its issues."""
    link = call.site.links.get(call.id()) if call.caller else None
    if link is None:
        raise errors.refusal(404, f"No issue link with id '{call.path('id')}' exists.")
    return reply(show_issue.link(call, link))


def delete_link(call: Call) -> Response:
    """Take a link away."""
    link = call.site.links.get(call.id()) if call.caller else None
    if link is None:
        raise errors.refusal(404, f"No issue link with id '{call.path('id')}' exists.")
    adds.drop_link(call, link)
    return reply(status=204)


_ISSUE = "/rest/api/{v}/issue/{key}"
RULES = [
    Rule("POST", "/rest/api/{v}/comment/list", comments_by_id, sign_in=True),
    Rule("GET", _ISSUE + "/comment", list_comments),
    Rule("POST", _ISSUE + "/comment", add_comment),
    Rule("GET", _ISSUE + "/comment/{id}", get_comment),
    Rule("PUT", _ISSUE + "/comment/{id}", put_comment),
    Rule("DELETE", _ISSUE + "/comment/{id}", delete_comment, bare=True),
    Rule("GET", _ISSUE + "/transitions", list_transitions),
    Rule("POST", _ISSUE + "/transitions", transit),
    Rule("GET", _ISSUE + "/watchers", watchers),
    Rule("POST", _ISSUE + "/watchers", watch, bare=True),
    Rule("DELETE", _ISSUE + "/watchers", unwatch, bare=True),
    Rule("GET", _ISSUE + "/worklog", worklogs),
    Rule("POST", _ISSUE + "/worklog", add_worklog),
    Rule("GET", _ISSUE + "/worklog/{id}", worklog),
    Rule("DELETE", _ISSUE + "/worklog/{id}", delete_worklog, bare=True),
    Rule("POST", "/rest/api/{v}/issueLink", add_link),
    Rule("GET", "/rest/api/{v}/issueLink/{id}", get_link),
    Rule("DELETE", "/rest/api/{v}/issueLink/{id}", delete_link, bare=True),
]
