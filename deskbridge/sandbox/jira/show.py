"""How the site's things look on the wire: people, issues, fields, comments (reference, 3.3, 5, 6)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from urllib.parse import quote

from deskbridge.sandbox.jira import adf, catalogue
from deskbridge.sandbox.jira.model import (
    Attachment,
    Change,
    Comment,
    Component,
    Issue,
    IssueType,
    Json,
    Named,
    Project,
    Status,
    Worklog,
)
from deskbridge.sandbox.jira.state import Site
from deskbridge.sandbox.jira.wire import View

THUMBNAILS = ("image/png", "image/jpeg", "image/gif", "image/webp")


def user(call: View, account_id: str | None) -> Json | None:
    """Return a person, as the deployment shows them.

    Cloud hides the address from everybody but themselves (reference, 11.7); Data Center has names.
    """
    person = call.site.users.get(account_id or "")
    if person is None:
        return None
    shown: Json = {
        "avatarUrls": _avatars(call.site, person.account_id),
        "displayName": person.name,
        "active": person.active,
        "timeZone": person.time_zone,
    }
    if not call.site.cloud:
        url = call.url(f"user?username={person.username}")
        head = {"self": url, "name": person.username, "key": person.key, "emailAddress": person.email}
        return head | shown
    if call.caller is person:
        shown["emailAddress"] = person.email
    url = call.url(f"user?accountId={person.account_id}")
    return {"self": url, "accountId": person.account_id, "accountType": person.account_type} | shown


def _avatars(site: Site, of: str) -> dict[str, str]:
    return {f"{n}x{n}": f"{site.base_url}/avatar/{of.rpartition(':')[2]}/{n}.png" for n in (16, 24, 32, 48)}


def category(call: View, key: str) -> Json:
    """Return a status category."""
    found = catalogue.CATEGORIES[key]
    return {
        "self": call.url(f"statuscategory/{found.id}"),
        "id": found.id,
        "key": found.key,
        "colorName": found.color,
        "name": found.name,
    }


def status(call: View, found: Status) -> Json:
    """Return a status with its category."""
    return {
        "self": call.url(f"status/{found.id}"),
        "description": found.description,
        "iconUrl": f"{call.site.base_url}/images/icons/statuses/generic.png",
        "name": found.name,
        "id": found.id,
        "statusCategory": category(call, found.category),
        **scope(found.scope),
    }


def scope(project: str) -> Json:
    """Return what marks a team-managed project's own things."""
    return {"scope": {"type": "PROJECT", "project": {"id": project}}} if project else {}


def named(call: View, kind: str, found: Named, **more: object) -> Json:
    """Return a priority or a resolution."""
    url = call.url(f"{kind}/{found.id}")
    return {"self": url, "id": found.id, "name": found.name, "description": found.description, **more}


def statuses(call: View, ids: Iterable[str]) -> list[Json]:
    """Return statuses by their ids."""
    return [status(call, call.site.statuses[id]) for id in ids]


def priority(call: View, id: str) -> Json:
    """Return a priority."""
    icon = f"{call.site.base_url}/images/icons/priorities/{id}.svg"
    return named(call, "priority", catalogue.PRIORITIES[id], iconUrl=icon, statusColor="#999999")


def issue_type(call: View, found: IssueType) -> Json:
    """Return a kind of issue."""
    shown: Json = {
        "self": call.url(f"issuetype/{found.id}"),
        "id": found.id,
        "description": found.description,
        "iconUrl": f"{call.site.base_url}/images/icons/issuetypes/{found.id}.svg",
        "name": found.name,
        "subtask": found.subtask,
    }
    if not call.site.cloud:
        return shown
    return shown | {"untranslatedName": found.name, "hierarchyLevel": found.level, **scope(found.scope)}


def project(call: View, found: Project) -> Json:
    """Return a project as issues and lists show it."""
    return {
        "self": call.url(f"project/{found.id}"),
        "id": found.id,
        "key": found.key,
        "name": found.name,
        "projectTypeKey": found.kind,
        **({"simplified": found.style == "next-gen"} if call.site.cloud else {}),
        "avatarUrls": _avatars(call.site, found.id),
    }


def part(call: View, kind: str, owner: Project, found: Component) -> Json:
    """Return a component or a version."""
    resource = "component" if kind == "components" else "version"
    shown = {
        "self": call.url(f"{resource}/{found.id}"),
        "id": found.id,
        "name": found.name,
        "description": found.description,
    }
    if kind == "components":
        lead = {"lead": user(call, found.lead)} if found.lead else {}
        return {**shown, **lead, "assigneeType": found.assignee_type, "project": owner.key}
    dates = {"startDate": found.start_date, "releaseDate": found.release_date}
    flags = {"archived": found.archived, "released": found.released, "projectId": int(owner.id)}
    return {**shown, **flags, **{name: date for name, date in dates.items() if date}}


def comment(call: View, found: Comment, *, properties: bool = False, rendered: bool = False) -> Json:
    """Return a comment; ``jsdPublic`` stands there on software projects too (reference, 5)."""
    issue = call.site.issues[found.issue]
    shown: Json = {
        "self": call.url(f"issue/{found.issue}/comment/{found.id}"),
        "id": str(found.id),
        "author": user(call, found.author),
        "body": call.site.text(issue, found.body, call.version),
        "updateAuthor": user(call, found.update_author),
        "created": call.site.stamp(found.created, call.caller),
        "updated": call.site.stamp(found.updated, call.caller),
        **({"visibility": found.visibility} if found.visibility else {}),
        **({"jsdPublic": is_public(found)} if call.site.cloud or found.properties else {}),
    }
    if rendered:
        shown["renderedBody"] = rendered_text(call.site, issue, found.body)
    if properties:
        shown["properties"] = [{"key": key, "value": value} for key, value in found.properties.items()]
    return shown


def is_public(found: Comment) -> bool:
    """Whether a comment is a reply to the customer: all are that don't say otherwise (reference, 5)."""
    flag = found.properties.get("sd.public.comment")
    return not (isinstance(flag, dict) and flag.get("internal") in (True, "true"))


def rendered_text(site: Site, issue: Issue, text: str | Json, place: str = "/secure/attachment") -> str:
    """Return a text as HTML, its pictures by the addresses that pages use."""
    urls = {a.media: f"{place}/{a.id}/{quote(a.filename)}" for a in issue.attachments}
    return str(adf.to_html(site.document(issue, text), urls.get))


def attachment(call: View, found: Attachment, *, numeric: bool = False) -> Json:
    """Return a file's metadata; its id is a number only at its own address (reference, 6)."""
    shown = {
        "self": call.url(f"attachment/{found.id}"),
        "id": found.id if numeric else str(found.id),
        "filename": found.filename,
        "author": user(call, found.author),
        "created": call.site.stamp(found.created, call.caller),
        "size": found.size,
        "mimeType": found.mime,
        "content": call.url(f"attachment/content/{found.id}"),
    }
    if not call.site.cloud:
        shown["content"] = f"{call.base}/secure/attachment/{found.id}/{quote(found.filename)}"
    if found.mime in THUMBNAILS and call.site.cloud:
        shown["thumbnail"] = call.url(f"attachment/thumbnail/{found.id}")
    elif found.mime in THUMBNAILS:
        shown["thumbnail"] = f"{call.base}/secure/thumbnail/{found.id}/_thumb_{found.id}.png"
    return shown


def worklog(call: View, found: Worklog) -> Json:
    """Return a worklog."""
    issue = call.site.issues[found.issue]
    stamp = call.site.stamp
    return {
        "self": call.url(f"issue/{found.issue}/worklog/{found.id}"),
        "id": str(found.id),
        "issueId": str(found.issue),
        "author": user(call, found.author),
        "updateAuthor": user(call, found.update_author or found.author),
        **({"comment": call.site.text(issue, found.comment, call.version)} if found.comment else {}),
        "created": stamp(found.created, call.caller),
        "updated": stamp(found.updated, call.caller),
        "started": stamp(found.started, call.caller),
        "timeSpent": spent(found.seconds),
        "timeSpentSeconds": found.seconds,
        **({"visibility": found.visibility} if found.visibility else {}),
    }


def spent(seconds: int) -> str:
    """Return a duration in Jira's words, by days of eight hours and weeks of five days."""
    parts, rest = [], seconds // 60
    for unit, minutes in (("w", 2400), ("d", 480), ("h", 60), ("m", 1)):
        count, rest = divmod(rest, minutes)
        parts += [f"{count}{unit}"] if count else []
    return " ".join(parts) or "0m"


def change(call: View, found: Change) -> Json:
    """Return an entry of the changelog."""
    return {
        "id": str(found.id),
        "author": user(call, found.author),
        "created": call.site.stamp(found.at, call.caller),
        "items": found.items,
    }


def value_text(value: object) -> str:
    """Return any stored value as words."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
