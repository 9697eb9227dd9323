"""Comments: read from bodies, put on issues, and who may (reference, 5)."""

from __future__ import annotations

from typing import Any

from deskbridge.sandbox.jira import desk_mails, desk_rules, edit, errors, events, fields, notify, properties
from deskbridge.sandbox.jira.model import Comment, Issue, Json, Text, User
from deskbridge.sandbox.jira.permissions import may
from deskbridge.sandbox.jira.state import Site
from deskbridge.sandbox.jira.wire import Call, optional

MOST_COMMENTS = 5_000
PUBLIC = "sd.public.comment"


def text_of(call: Call, body: Any) -> Text:
    """Return a comment's text as written, refusing the other version's kind and an empty one."""
    if call.version == "2" and not isinstance(body, str | None):
        raise errors.invalid_payload()
    if call.version == "3" and not isinstance(body, dict | None):
        raise _bad_comment("Comment body is not valid!")
    try:
        text = fields.rich_text(body or "" if call.version == "2" else body, call.version, call.site.switches)
    except fields.BadValue as error:
        too_long = str(error) == errors.TOO_LONG
        raise _bad_comment(errors.TOO_LONG if too_long else "Comment body is not valid!") from error
    if not text or (isinstance(text, dict) and not text["content"]):
        raise _bad_comment("Comment body can not be empty!")
    return text


def _bad_comment(text: str) -> Exception:
    return errors.refusal(400, errors={"comment": text})


def visibility_of(body: Json) -> Json | None:
    """Return a comment's visibility; refused unless the role or group exists."""
    given = optional(body, "visibility", dict)
    if not given:
        return None
    kind, value = given.get("type"), given.get("value", given.get("identifier"))
    if kind not in ("role", "group") or not isinstance(value, str):
        raise errors.invalid_payload()
    roles = {name for name, _ in notify.ROLES.values()}
    if value not in (roles if kind == "role" else fields.GROUPS):
        raise errors.refusal(400, errors={"commentLevel": f"{kind.capitalize()}: {value} does not exist."})
    return {"type": kind, "value": value, "identifier": given.get("identifier", value)}


def draft(call: Call, issue: Issue, body: Json) -> Comment:
    """Return a comment that a body makes, valid but nowhere yet (its ids are 0)."""
    now, me = call.site.now(), call.user.account_id
    if not may(call.user, "ADD_COMMENTS", call.site.projects[issue.project]):
        text = f"{call.user.name}, you do not have the permission to comment on this issue."
        raise errors.refusal(400, text)
    text_, visibility = text_of(call, body.get("body")), visibility_of(body)
    return Comment(0, 0, me, me, text_, now, now, visibility, properties.of(body))


def add(site: Site, issue: Issue, comment: Comment, actor: User) -> Comment:
    """Put a comment on an issue and tell people. There is no quiet way (reference, 5)."""
    properties.check_room(len(issue.comments), MOST_COMMENTS, "comments")
    desk_rules.force_internal(site, issue, comment, actor)
    edit.touch(site, issue)
    comment.id, comment.issue = site.next_id("comment"), issue.id
    issue.comments.append(comment)
    site.comments[comment.id] = comment
    site.watch(issue, actor)
    events.commented(site, issue, comment, actor, "created")
    tell(site, issue, comment, actor, "issue commented", "comment added")
    desk_rules.after_comment(site, issue, comment, actor)
    return comment


def tell(site: Site, issue: Issue, comment: Comment, actor: User, cause: str, desk_cause: str) -> None:
    """Write about a comment to staff and, when it is public, to the customers involved."""
    notify.notify(site, issue, actor, cause, str(site.text(issue, comment.body, "2")), comment)
    desk_mails.commented(site, issue, comment, actor, desk_cause)


def drop(site: Site, issue: Issue, comment: Comment, actor: User) -> None:
    """Take a comment away."""
    edit.touch(site, issue)
    issue.comments.remove(comment)
    del site.comments[comment.id]
    site.pinned.pop(comment.id, None)
    events.commented(site, issue, comment, actor, "deleted")
