"""What hangs on an issue and how it comes there: links, what an ``update`` adds, the end of it all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from deskbridge.sandbox.jira import catalogue, comments, edit, errors, events, worklogs
from deskbridge.sandbox.jira.model import Comment, Issue, IssueLink, Json, User, Worklog
from deskbridge.sandbox.jira.properties import check_room, history_item
from deskbridge.sandbox.jira.state import Site
from deskbridge.sandbox.jira.wire import Call

MOST_LINKS = 2_000


# --- links ----------------------------------------------------------------------------------------


def link_type(given: Any) -> str:
    """Return the id of a link type given by id or name; 404 when there is none."""
    for kind in catalogue.LINK_TYPES.values():
        if isinstance(given, dict) and (str(given.get("id")) == kind.id or given.get("name") == kind.name):
            return kind.id
    name = given.get("name", given.get("id")) if isinstance(given, dict) else given
    raise errors.refusal(404, f"No issue link type with name '{name}' found.")


def add_link(call: Call, type: str, source: Issue, target: Issue) -> None:
    """Link two issues, `source` showing the outward phrase. The same link twice is one link."""
    for link in source.links:
        if (link.type, link.source, link.target) == (type, source.id, target.id):
            return
    for issue in (source, target):
        check_room(len(issue.links), MOST_LINKS, "issue links")
    made = IssueLink(call.site.next_id("link"), type, source.id, target.id, call.site.now())
    call.site.links[made.id] = made
    for issue, other in ((source, target), (target, source)):
        edit.touch(call.site, issue)
        issue.links.append(made)
        edit.record(call.site, issue, call.user, [_link_item(made, issue, other, gone=False)])
    events.linked(call.site, source, made, "created")


def drop_link(call: Call, link: IssueLink) -> None:
    """Take a link away from both its issues."""
    site = call.site
    del site.links[link.id]
    ends = site.issues[link.source], site.issues[link.target]
    for issue, other in (ends, ends[::-1]):
        edit.touch(site, issue)
        issue.links.remove(link)
        edit.record(site, issue, call.user, [_link_item(link, issue, other, gone=True)])
    events.linked(site, ends[0], link, "deleted")


def _link_item(link: IssueLink, issue: Issue, other: Issue, *, gone: bool) -> Json:
    kind = catalogue.LINK_TYPES[link.type]
    phrase = kind.outward if issue.id == link.source else kind.inward
    text = f"This issue {phrase} {other.key}"
    old, new = ((other.key, text), (None, None)) if gone else ((None, None), (other.key, text))
    return history_item("Link", old, new)


# --- all that a body adds -------------------------------------------------------------------------


@dataclass(slots=True)
class Additions:
    """What an ``update`` adds, read and valid."""

    comments: list[Json]
    links: list[tuple[str, Issue, bool]]
    """Type, the other issue, and whether this one shows the outward phrase."""
    worklogs: list[Worklog]


def prepare(call: Call, draft: edit.Draft) -> Additions:
    """Return what a draft adds, checked before anything is written."""
    added = draft.added
    for body in added.get("comment", []):
        assert comments.text_of(call, body.get("body"))
        comments.visibility_of(body)
    return Additions(
        added.get("comment", []),
        [_draft_link(call, body) for body in added.get("issuelinks", [])],
        [worklogs.draft(call, body) for body in added.get("worklog", [])],
    )


def _draft_link(call: Call, body: Json) -> tuple[str, Issue, bool]:
    type = link_type(body.get("type"))
    outward = isinstance(body.get("outwardIssue"), dict)
    end = body.get("outwardIssue" if outward else "inwardIssue")
    if not isinstance(end, dict):
        raise errors.invalid_payload()
    return type, call.site.issue(call.caller, end.get("key", end.get("id"))), outward


def add_all(call: Call, issue: Issue, additions: Additions) -> bool:
    """Do what was prepared; return whether there was anything."""
    drafts: list[Comment] = [comments.draft(call, issue, body) for body in additions.comments]
    for comment in drafts:
        comments.add(call.site, issue, comment, call.user)
    for type, other, outward in additions.links:
        add_link(call, type, *((issue, other) if outward else (other, issue)))
    for log in additions.worklogs:
        worklogs.add(call, issue, log)
    return bool(additions.comments or additions.links or additions.worklogs)


# --- deletion -------------------------------------------------------------------------------------


def forget(site: Site, issue: Issue, actor: User) -> None:
    """Delete an issue with its comments, files, worklogs and links; its key is never used again."""
    events.deleted(site, issue, actor)
    for link in list(issue.links):
        del site.links[link.id]
        for end in (link.source, link.target):
            site.issues[end].links.remove(link)
    for comment in issue.comments:
        del site.comments[comment.id]
    for log in issue.worklogs:
        site.gone_worklogs[log.id] = site.now()
        del site.worklogs[log.id]
    for attachment in issue.attachments:
        site.file(attachment).unlink(missing_ok=True)
        del site.attachments[attachment.id]
    for remote in issue.remote_links:
        site.remote.get(remote.global_id, set()).discard(issue.id)
    edit.set_parent(site, issue, None)
    for child in list(issue.children):
        edit.set_parent(site, site.issues[child], None)
    del site.issues[issue.id], site.keys[issue.key]
    site.recent.pop(issue.id, None)
    site.noted(issue.id)
