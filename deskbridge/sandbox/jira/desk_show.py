"""How service management shows things: its own people, dates, pages and requests (reference, 8)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from deskbridge.sandbox.jira import catalogue, show
from deskbridge.sandbox.jira.model import Attachment, Comment, Issue, Json
from deskbridge.sandbox.jira.records import Desk, Organization, RequestType
from deskbridge.sandbox.jira.wire import Call, View

TYPE, ORGANIZATIONS = catalogue.cf(catalogue.REQUEST_TYPE), catalogue.cf(catalogue.ORGANIZATIONS)
PARTICIPANTS, APPROVERS = catalogue.cf(catalogue.PARTICIPANTS), catalogue.cf(catalogue.APPROVERS)


def date(view: View, at: datetime | None) -> Json | None:
    """Return an instant in the four forms that service management gives."""
    if at is None:
        return None
    stamp = str(view.stamp(at))
    return {
        "iso8601": stamp[:19] + stamp[-5:],
        "jira": stamp,
        "friendly": at.strftime("%d/%b/%y %-I:%M %p"),
        "epochMillis": int(at.timestamp() * 1000),
    }


def duration(seconds: float) -> Json:
    """Return a working time; it is negative after a breach."""
    minutes = int(abs(seconds)) // 60
    words = " ".join(f"{n}{unit}" for n, unit in ((minutes // 60, "h"), (minutes % 60, "m")) if n) or "0m"
    return {"millis": int(seconds * 1000), "friendly": f"-{words}" if seconds < 0 else words}


def page(call: Call, values: Sequence[Any], expands: Sequence[str] = (), most: int = 50) -> Json:
    """Return the page that ``start`` and ``limit`` ask for, in service management's envelope."""
    start, limit = max(0, call.number("start", 0)), call.number("limit", most)
    limit = min(limit, 100) if limit > 0 else most
    shown = list(values[start : start + limit])
    last = start + limit >= len(values)
    path = call.request.url.path
    url = call.base + path.removeprefix(f"/ex/jira/{call.site.cloud_id}")
    links = {"self": f"{url}?start={start}&limit={limit}", "base": call.base, "context": ""}
    if not last:
        links["next"] = f"{url}?limit={limit}&start={start + limit}"
    if start:
        links["prev"] = f"{url}?limit={limit}&start={max(0, start - limit)}"
    head = {"_expands": list(expands), "size": len(shown), "start": start, "limit": limit}
    return {**head, "isLastPage": last, "_links": links, "values": shown}


def person(view: View, account: str | None) -> Json | None:
    """Return a person; service management shows their address to those who ask."""
    user = view.site.users.get(account or "")
    if user is None:
        return None
    shown = show.user(view, user.account_id) or {}
    head = {"accountId": user.account_id} if view.site.cloud else {"name": user.username, "key": user.key}
    links = {"jiraRest": shown["self"], "avatarUrls": shown["avatarUrls"], "self": shown["self"]}
    facts = {"emailAddress": user.email, "displayName": user.name, "active": user.active}
    return {**head, **facts, "timeZone": user.time_zone, "_links": links}


def organization(view: View, id: int) -> Json:
    """Return an organization."""
    found: Organization = view.site.organizations[id]
    shown = {"id": str(found.id), "name": found.name, "_links": {"self": view.desk_url(f"organization/{id}")}}
    return shown | ({"uuid": found.uuid} if view.site.cloud else {})


def desk(view: View, found: Desk) -> Json:
    """Return a service desk."""
    home = view.site.projects[found.project]
    return {
        "id": found.id,
        "projectId": home.id,
        "projectName": home.name,
        "projectKey": home.key,
        "_links": {"self": view.desk_url(f"servicedesk/{found.id}")},
    }


def request_type(view: View, found: RequestType) -> Json:
    """Return a request type."""
    return {
        "_expands": ["field"],
        "id": found.id,
        "_links": {"self": view.desk_url(f"servicedesk/{found.desk}/requesttype/{found.id}")},
        "name": found.name,
        "description": found.description,
        "helpText": found.help_text,
        "issueTypeId": found.issue_type,
        "serviceDeskId": found.desk,
        "portalId": found.desk,
        "groupIds": found.groups,
        "icon": {"id": "10525", "_links": {"iconUrls": {}}},
        "canCreateRequest": True,
    }


def type_of(view: View, issue: Issue) -> RequestType | None:
    """Return the request type of an issue; without one it is on no portal (reference, 8.6)."""
    wanted, found = issue.values.get(TYPE), view.site.desk_of(issue)
    return next((one for one in found.request_types if one.id == wanted), None) if found and wanted else None


def status(view: View, issue: Issue, id: str, at: datetime) -> Json:
    """Return a status as customers see it."""
    found = view.site.statuses[id]
    category = {"new": "NEW", "indeterminate": "INDETERMINATE", "done": "DONE"}.get(
        found.category, "UNDEFINED"
    )
    return {"status": found.name, "statusCategory": category, "statusDate": date(view, at)}


def history(issue: Issue) -> list[tuple[str, datetime]]:
    """Return the statuses an issue had, newest first, each with its beginning."""
    changes = [(i, c.at) for c in issue.history for i in c.items if i.get("fieldId") == "status"]
    first = str(changes[0][0]["from"]) if changes else issue.status
    return [(first, issue.created), *((str(item["to"]), at) for item, at in changes)][::-1]


def links(view: View, issue: Issue) -> Json:
    """Return the addresses of a request."""
    found = view.site.desk_of(issue)
    return {
        "jiraRest": view.url(f"issue/{issue.id}"),
        "web": f"{view.site.base_url}/servicedesk/customer/portal/{found.id if found else ''}/{issue.key}",
        "agent": f"{view.site.base_url}/browse/{issue.key}",
        "self": view.desk_url(f"request/{issue.id}"),
    }


def request_field(view: View, issue: Issue, id: str) -> Json | None:
    """Return the Request Type field of an issue."""
    found = type_of(view, issue)
    if found is None:
        return None
    shown = {name: value for name, value in request_type(view, found).items() if name != "_expands"}
    return {
        "_links": links(view, issue),
        "requestType": shown,
        "currentStatus": status(view, issue, *history(issue)[0]),
    }


def rating_field(issue: Issue) -> Json | None:
    """Return the Satisfaction field of an issue."""
    return {"rating": issue.request.rating} if issue.request and issue.request.rating else None


def approvals(view: View, issue: Issue) -> list[Json]:
    """Return the rounds of approval of an issue, oldest first."""
    rounds = issue.request.approvals if issue.request else []
    return [
        {
            "id": str(one.id),
            "name": one.name,
            "finalDecision": one.decision,
            "canAnswerApproval": bool(
                view.caller
                and one.decision == "pending"
                and one.approvers.get(view.caller.account_id) == "pending"
            ),
            "approvers": [
                {"approver": person(view, account), "approverDecision": said}
                for account, said in one.approvers.items()
            ],
            "createdDate": date(view, one.created),
            **({"completedDate": date(view, one.completed)} if one.completed else {}),
            "_links": {"self": view.desk_url(f"request/{issue.id}/approval/{one.id}")},
        }
        for one in rounds
    ]


def comment(view: View, found: Comment, expand: Sequence[str] = ()) -> Json:
    """Return a comment; its body is wiki, always."""
    issue = view.site.issues[found.issue]
    shown: Json = {
        "_expands": ["attachment", "renderedBody"],
        "id": str(found.id),
        "body": view.site.text(issue, found.body, "2"),
        "public": show.is_public(found),
        "author": person(view, found.author),
        "created": date(view, found.created),
        "_links": {"self": view.desk_url(f"request/{issue.id}/comment/{found.id}")},
    }
    if "renderedBody" in expand:
        shown["renderedBody"] = {"html": show.rendered_text(view.site, issue, found.body)}
    if "attachment" in expand:
        files = [attachment(view, one) for one in issue.attachments if one.comment == found.id]
        head = {"_expands": [], "size": len(files), "start": 0, "limit": 50, "isLastPage": True}
        shown["attachments"] = {**head, "_links": {}, "values": files}
    return shown


def attachment(view: View, found: Attachment) -> Json:
    """Return a file of a request."""
    shown = show.attachment(view, found)
    links = {"self": shown["self"], "jiraRest": shown["self"], "content": shown["content"]}
    return {
        "filename": found.filename,
        "author": person(view, found.author),
        "created": date(view, found.created),
        "size": found.size,
        "mimeType": found.mime,
        "_links": links | ({"thumbnail": shown["thumbnail"]} if "thumbnail" in shown else {}),
    }
