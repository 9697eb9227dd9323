"""Comments of issues, found by id, and pinned on Data Center (reference, 5)."""

from __future__ import annotations

from starlette.responses import Response

from deskbridge.sandbox.jira import comments, edit, errors, events, notify, properties, show, show_issue
from deskbridge.sandbox.jira.model import Comment, Issue, Json
from deskbridge.sandbox.jira.permissions import may
from deskbridge.sandbox.jira.wire import Call, Rule, optional
from deskbridge.sandbox.kernel import reply

_ORDERS = ("created", "+created", "-created", " created")


def _readable(call: Call, issue: Issue) -> list[Comment]:
    return [comment for comment in issue.comments if notify.may_read(call.user, comment)]


def _comment(call: Call) -> tuple[Issue, Comment]:
    issue = call.issue()
    found = call.site.comments.get(call.id())
    if found is not None and found.issue == issue.id and notify.may_read(call.user, found):
        return issue, found
    raise errors.refusal(404, f"Can not find a comment for the id: {call.path('id')}.")


def _shown(call: Call, comment: Comment) -> Json:
    expand = call.listed("expand")
    return show.comment(call, comment, properties="properties" in expand, rendered="renderedBody" in expand)


def list_comments(call: Call) -> Response:
    """Return one page of comments: 100 at most on Cloud whatever is asked, all on Data Center."""
    issue = call.issue()
    order = call.query("orderBy", "created")
    if order not in _ORDERS:
        raise errors.refusal(400, f"Ordering by {order} is not supported. Supported orderings are: created.")
    longest = call.site.switches.comment_page if call.site.cloud else 1 << 20
    start, size = call.page(default=longest, most=longest)
    readable = _readable(call, issue)
    if order[0] == "-":
        readable.reverse()
    page = show_issue.comment_page(call, issue, [], start, size)
    page["comments"] = [_shown(call, comment) for comment in readable[start : start + size]]
    return reply({**page, "total": len(readable)})


def get_comment(call: Call) -> Response:
    """Return a comment of this issue."""
    return reply(_shown(call, _comment(call)[1]))


def add_comment(call: Call) -> Response:
    """Add a comment; people are told, there is no way not to."""
    issue = call.issue()
    comment = comments.draft(call, issue, call.object())
    return reply(_shown(call, comments.add(call.site, issue, comment, call.user)), 201)


def put_comment(call: Call) -> Response:
    """Replace a comment's body; visibility and properties only if sent."""
    issue, comment = _comment(call)
    body = call.object()
    _own(call, comment, "edit")
    text = comments.text_of(call, body.get("body"))
    visibility = comments.visibility_of(body) if "visibility" in body else comment.visibility
    new = properties.of(body) if "properties" in body else comment.properties
    if not call.site.switches.public_flag_by_put and comments.PUBLIC in comment.properties:
        new = {**new, comments.PUBLIC: comment.properties[comments.PUBLIC]}
    loud = notify.loud(call)
    now = edit.touch(call.site, issue)
    comment.body, comment.visibility, comment.updated = text, visibility, now
    comment.update_author, comment.properties = call.user.account_id, new
    events.commented(call.site, issue, comment, call.user, "updated")
    if loud:
        comments.tell(call.site, issue, comment, call.user, "comment edited", "comment edited")
    return reply(_shown(call, comment))


def delete_comment(call: Call) -> Response:
    """Delete a comment; anonymous callers get 405 (reference, 5)."""
    if call.caller is None:
        raise call.framework(405, "Method 'DELETE' is not supported.")
    issue, comment = _comment(call)
    _own(call, comment, "delete")
    comments.drop(call.site, issue, comment, call.user)
    return reply(status=204)


def _own(call: Call, comment: Comment, verb: str) -> None:
    project = call.site.projects[call.site.issues[comment.issue].project]
    which = "OWN" if comment.author == call.user.account_id else "ALL"
    if not may(call.user, f"{verb.upper()}_{which}_COMMENTS", project):
        text = f"You do not have the permission to {verb} this comment."
        raise errors.refusal(400, text)


def comments_by_id(call: Call) -> Response:
    """Return comments by their ids, wherever they are."""
    ids = optional(call.object(), "ids", list, [])
    if not 0 < len(ids) <= 1000:
        raise errors.refusal(400, "The number of ids must be from 1 to 1000.")
    known = [call.site.comments.get(id) for id in ids if isinstance(id, int)]
    seen = [c for c in known if c is not None and call.site.sees(call.caller, call.site.issues[c.issue])]
    found = [_shown(call, c) for c in seen if notify.may_read(call.user, c)]
    bean = {"maxResults": 1000, "startAt": 0, "total": len(found), "isLast": True}
    return reply({**bean, "values": found})


def pinned(call: Call) -> Response:
    """Return an issue's pinned comments."""
    issue = call.issue()
    known = [(comment, call.site.pinned.get(comment.id)) for comment in issue.comments]
    return reply([{"comment": show.comment(call, comment), **pin} for comment, pin in known if pin])


def pin(call: Call) -> Response:
    """Pin a comment or take its pin away; the body is a bare boolean."""
    _, comment = _comment(call)
    wanted = call.json()
    if not isinstance(wanted, bool):
        raise errors.invalid_payload()
    if wanted:
        at = call.stamp(call.site.now())
        call.site.pinned[comment.id] = {"pinnedBy": call.user.username, "pinnedDate": at}
    else:
        call.site.pinned.pop(comment.id, None)
    return reply(status=204)


_ISSUE = "/rest/api/{v}/issue/{key}"
RULES = [
    Rule("POST", "/rest/api/{v}/comment/list", comments_by_id, sign_in=True, on="cloud"),
    Rule("GET", _ISSUE + "/comment", list_comments),
    Rule("POST", _ISSUE + "/comment", add_comment),
    Rule("GET", _ISSUE + "/comment/{id}", get_comment),
    Rule("PUT", _ISSUE + "/comment/{id}", put_comment),
    Rule("DELETE", _ISSUE + "/comment/{id}", delete_comment, bare=True),
    Rule("GET", _ISSUE + "/pinned-comments", pinned, on="dc"),
    Rule("PUT", _ISSUE + "/comment/{id}/pin", pin, on="dc"),
]
