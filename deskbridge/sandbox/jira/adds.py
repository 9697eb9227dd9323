"""What hangs on an issue and how it comes there: comments, links, worklogs, transitions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from deskbridge.sandbox.jira import api_projects, catalogue, edit, errors, fields, notify, show, workflow
from deskbridge.sandbox.jira.model import Comment, Issue, IssueLink, Json, Text, Worklog
from deskbridge.sandbox.jira.state import Site
from deskbridge.sandbox.jira.wire import Call, optional

MOST_COMMENTS = 5_000
MOST_LINKS = 2_000
MOST_WORKLOGS = 10_000
LONGEST_PROPERTY = 32_768
LONGEST_KEY = 255


def later(instant: datetime, seconds: float) -> datetime:
    """Return the instant so many seconds later."""
    return instant + timedelta(seconds=seconds)


def check_room(have: int, most: int, what: str) -> None:
    """Refuse (413) what would go over a limit per issue (reference, 3.8)."""
    if have >= most:
        raise errors.refusal(413, f"The issue has reached the limit of {most} {what}.")


# --- properties -----------------------------------------------------------------------------------


def properties_of(body: Json) -> dict[str, Any]:
    """Return the properties that ride along in a body."""
    found: dict[str, Any] = {}
    for entry in optional(body, "properties", list, []):
        if not isinstance(entry, dict) or not isinstance(entry.get("key"), str) or "value" not in entry:
            raise errors.invalid_payload()
        check_key(entry["key"])
        found[entry["key"]] = entry["value"]
    return found


def check_key(key: str) -> None:
    """Refuse a property's key that is empty or too long."""
    if not 0 < len(key) <= LONGEST_KEY:
        raise errors.refusal(400, f"The property key must be from 1 to {LONGEST_KEY} characters long.")


# --- comments -------------------------------------------------------------------------------------


def comment_text(call: Call, body: Any) -> Text:
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
    if value not in (notify.ROLES if kind == "role" else notify.GROUPS):
        raise errors.refusal(400, errors={"commentLevel": f"{kind.capitalize()}: {value} does not exist."})
    return {"type": kind, "value": value, "identifier": given.get("identifier", value)}


def draft_comment(call: Call, body: Json) -> Comment:
    """Return a comment that a body makes, valid but nowhere yet (its ids are 0)."""
    now, me = call.site.now(), call.user.account_id
    text, visibility = comment_text(call, body.get("body")), visibility_of(body)
    return Comment(0, 0, me, me, text, now, now, visibility, properties_of(body))


def add_comment(call: Call, issue: Issue, comment: Comment) -> Comment:
    """Put a comment on an issue and tell people. There is no quiet way (reference, 5)."""
    check_room(len(issue.comments), MOST_COMMENTS, "comments")
    edit.touch(call.site, issue)
    comment.id, comment.issue = call.site.next_id("comment"), issue.id
    issue.comments.append(comment)
    call.site.comments[comment.id] = comment
    call.site.watch(issue, call.user)
    text = plain(call, issue, comment.body)
    notify.notify(call.site, issue, call.user, "issue commented", text, comment)
    return comment


def plain(call: Call, issue: Issue, text: Text) -> str:
    """Return a text as wiki, for a mail."""
    return str(call.site.text(issue, text, "2"))


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


def drop_link(call: Call, link: IssueLink) -> None:
    """Take a link away from both its issues."""
    site = call.site
    del site.links[link.id]
    ends = site.issues[link.source], site.issues[link.target]
    for issue, other in (ends, ends[::-1]):
        edit.touch(site, issue)
        issue.links.remove(link)
        edit.record(site, issue, call.user, [_link_item(link, issue, other, gone=True)])


def _link_item(link: IssueLink, issue: Issue, other: Issue, *, gone: bool) -> Json:
    kind = catalogue.LINK_TYPES[link.type]
    phrase = kind.outward if issue.id == link.source else kind.inward
    text = f"This issue {phrase} {other.key}"
    old, new = ((other.key, text), (None, None)) if gone else ((None, None), (other.key, text))
    return history_item("Link", old, new)


def history_item(name: str, old: tuple[str | None, str | None], new: tuple[str | None, str | None]) -> Json:
    """Return a changelog item of something that is no field."""
    pairs = {"from": old[0], "fromString": old[1], "to": new[0], "toString": new[1]}
    return {"field": name, "fieldtype": "jira", **pairs}


# --- worklogs -------------------------------------------------------------------------------------

_SPENT = re.compile(r"\s*" + r"\s*".join(rf"(?:(\d+(?:\.\d+)?){unit})?" for unit in "wdhm") + r"\s*")
_SECONDS = (5 * 8 * 3600, 8 * 3600, 3600, 60)


def draft_worklog(call: Call, body: Json) -> Worklog:
    """Return a worklog that a body makes, nowhere yet; its author is always the caller."""
    seconds = _spent(body)
    now = call.site.now()
    started = now
    if body.get("started") is not None:
        try:
            started = datetime.strptime(body["started"], "%Y-%m-%dT%H:%M:%S.%f%z")
        except (TypeError, ValueError) as error:
            raise errors.invalid_payload() from error
    text = comment_text(call, body["comment"]) if body.get("comment") else ""
    return Worklog(0, 0, call.user.account_id, now, now, started, seconds, text)


def _spent(body: Json) -> int:
    words: str = optional(body, "timeSpent", str, "")
    seconds: int = optional(body, "timeSpentSeconds", int, 0)
    match = _SPENT.fullmatch(words) if words else None
    if match is not None:
        seconds = int(
            sum(float(part or 0) * unit for part, unit in zip(match.groups(), _SECONDS, strict=True))
        )
    if bool(words) == bool(body.get("timeSpentSeconds")) or seconds < 60:
        raise errors.refusal(400, errors={"timeLogged": "Worklog must not be null."})
    return seconds


def add_worklog(call: Call, issue: Issue, made: Worklog) -> Worklog:
    """Put a worklog on an issue."""
    check_room(len(issue.worklogs), MOST_WORKLOGS, "worklogs")
    edit.touch(call.site, issue)
    made.id, made.issue = call.site.next_id("worklog"), issue.id
    before = sum(one.seconds for one in issue.worklogs)
    issue.worklogs.append(made)
    call.site.worklogs[made.id] = made
    old = (str(before), str(before)) if before else (None, None)
    total = str(before + made.seconds)
    edit.record(call.site, issue, call.user, [history_item("timespent", old, (total, total))])
    return made


# --- all that a body adds -------------------------------------------------------------------------


@dataclass(slots=True)
class Additions:
    """What an ``update`` adds, read and valid."""

    comments: list[Comment]
    links: list[tuple[str, Issue, bool]]
    """Type, the other issue, and whether this one shows the outward phrase."""
    worklogs: list[Worklog]


def prepare(call: Call, draft: edit.Draft) -> Additions:
    """Return what a draft adds, checked before anything is written."""
    added = draft.added
    return Additions(
        [draft_comment(call, body) for body in added.get("comment", [])],
        [_draft_link(call, body) for body in added.get("issuelinks", [])],
        [draft_worklog(call, body) for body in added.get("worklog", [])],
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
    for comment in additions.comments:
        add_comment(call, issue, comment)
    for type, other, outward in additions.links:
        add_link(call, type, *((issue, other) if outward else (other, issue)))
    for log in additions.worklogs:
        add_worklog(call, issue, log)
    return bool(additions.comments or additions.links or additions.worklogs)


# --- transitions ----------------------------------------------------------------------------------


def transitions(call: Call, issue: Issue, *, screens: bool = False) -> list[Json]:
    """Return the transitions that the issue can take now."""
    return [
        _transition(call, issue, t, screens) for t in workflow.available(call.site.switches.workflow, issue)
    ]


def _transition(call: Call, issue: Issue, found: workflow.Transition, screens: bool) -> Json:
    shown: Json = {
        "id": found.id,
        "name": found.name,
        "to": show.status(call, catalogue.STATUSES[found.to]),
        "hasScreen": bool(found.screen),
        "isGlobal": not found.sources,
        "isInitial": False,
        "isAvailable": True,
        "isConditional": False,
        "isLooped": False,
    }
    if screens:
        home, kind = call.site.projects[issue.project], catalogue.ISSUE_TYPES[issue.type]
        shown["fields"] = api_projects.transition_fields(call, call.site, found, home, kind)
    return shown


def transit(call: Call, issue: Issue, body: Json) -> None:
    """Take a transition: its screen, its validator, its post-functions."""
    found = _chosen(call, issue, body)
    screen = [*found.screen, "comment"]
    draft = edit.read(call, issue.project, body, screen, issue)
    for name in found.required:
        if draft.values.get(name) is None and name not in draft.errors:
            draft.errors[name] = f"{call.site.fields[name].name} is required."
    draft.check()
    if found.assigned and not draft.values.get("assignee", issue.values.get("assignee")):
        raise errors.refusal(400, "The issue must be assigned before it can be resolved.")
    additions = prepare(call, draft)
    values = draft.values | workflow.side_effects(issue, found, draft.values)
    edit.touch(call.site, issue)
    edit.apply(call.site, issue, call.user, values, found.to)
    add_all(call, issue, additions)
    name = catalogue.STATUSES[found.to].name
    notify.notify(call.site, issue, call.user, "issue transitioned", f"status: {name}")


def _chosen(call: Call, issue: Issue, body: Json) -> workflow.Transition:
    given = body.get("transition")
    id = given.get("id") if isinstance(given, dict) else None
    if id is None:
        raise errors.refusal(400, "Missing 'transition' identifier")
    for transition in workflow.available(call.site.switches.workflow, issue):
        if transition.id == str(id):
            return transition
    raise errors.refusal(400, f"Transition id '{id}' is not valid for this issue.")


# --- deletion -------------------------------------------------------------------------------------


def forget(site: Site, issue: Issue) -> None:
    """Delete an issue with its comments, files, worklogs and links; its key is never used again."""
    for link in list(issue.links):
        del site.links[link.id]
        for end in (link.source, link.target):
            site.issues[end].links.remove(link)
    for comment in issue.comments:
        del site.comments[comment.id]
    for log in issue.worklogs:
        del site.worklogs[log.id]
    for attachment in issue.attachments:
        del site.attachments[attachment.id]
        attachment.path.unlink(missing_ok=True)
    edit.set_parent(site, issue, None)
    for child in list(issue.children):
        edit.set_parent(site, site.issues[child], None)
    del site.issues[issue.id], site.keys[issue.key]
