"""What integrations leave on things: properties, and remote links (reference, 3.5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from deskbridge.sandbox.jira import edit, errors, events, permissions, properties
from deskbridge.sandbox.jira.model import Issue, Json, RemoteLink, User
from deskbridge.sandbox.jira.notify import may_read
from deskbridge.sandbox.jira.wire import Call, Rule, optional, required
from deskbridge.sandbox.kernel import reply

MOST_REMOTE_LINKS = 2_000
LONGEST_GLOBAL_ID = 255

Bag = dict[str, Any]


def issue_bag(call: Call) -> Bag:
    """Return the properties of the issue that the path names."""
    return call.issue().properties


def comment_bag(call: Call) -> Bag:
    """Return the properties of the comment that the path names."""
    comment = call.site.comments.get(call.id()) if call.caller else None
    if comment is None or not may_read(call.user, comment):
        raise errors.refusal(404, f"Can not find a comment for the id: {call.path('id')}.")
    return comment.properties


def project_bag(call: Call) -> Bag:
    """Return the properties of the project that the path names."""
    home = call.site.project(call.caller, call.path("key"))
    if call.request.method != "GET":
        permissions.administer_project(call.user, home)
    return home.properties


def board_bag(call: Call) -> Bag:
    """Return the properties of the board that the path names."""
    board = call.site.boards.get(call.id()) if call.caller else None
    if board is None:
        raise errors.refusal(404, "Board does not exist or you do not have permission to see it.")
    return board.properties


def sprint_bag(call: Call) -> Bag:
    """Return the properties of the sprint that the path names."""
    sprint = call.site.sprints.get(call.id()) if call.caller else None
    if sprint is None:
        raise errors.refusal(404, "Sprint does not exist or you do not have permission to see it.")
    return sprint.properties


def worklog_bag(call: Call) -> Bag:
    """Return the properties of the worklog that the path names."""
    issue, found = call.issue(), call.site.worklogs.get(call.id())
    if found is None or found.issue != issue.id:
        raise errors.refusal(404, f"Cannot find worklog with id: '{call.path('id')}'.")
    return found.properties


def user_bag(call: Call) -> Bag:
    """Return the properties of a person: one's own, or as an administrator anybody's."""
    asked = call.query("accountId" if call.site.cloud else "username")
    found: User | None = call.site.named(asked) if asked else call.user
    if found is None:
        raise errors.refusal(404, "The user does not exist.")
    if found is not call.user:
        permissions.administer(call.user)
    return call.site.user_properties.setdefault(found.account_id, {})


def _told(call: Call, bag: Callable[[Call], Bag], key: str, value: Any, what: str) -> None:
    if bag is issue_bag:
        events.property_changed(call.site, call.issue(), key, value, what)


def property_rules(base: str, bag: Callable[[Call], Bag]) -> list[Rule]:
    """Return the four calls of a thing's properties. None of them touches ``updated``."""

    def keys(call: Call) -> Response:
        url = str(call.request.url.replace(query=""))
        return reply({"keys": [{"self": f"{url}/{key}", "key": key} for key in bag(call)]})

    def get(call: Call) -> Response:
        found, key = bag(call), call.path("property")
        if key not in found:
            raise errors.refusal(404, f"The property with key '{key}' does not exist.")
        return reply({"key": key, "value": found[key]})

    def put(call: Call) -> Response:
        found, key = bag(call), call.path("property")
        properties.check_key(key)
        if len(call.raw) > properties.LONGEST_PROPERTY:
            limit = properties.LONGEST_PROPERTY
            raise errors.refusal(400, f"The property value must not be longer than {limit} characters.")
        new = key not in found
        found[key] = call.json()
        _told(call, bag, key, found[key], "set")
        return reply(status=201 if new else 200)

    def delete(call: Call) -> Response:
        found, key = bag(call), call.path("property")
        if key not in found:
            raise errors.refusal(404, f"The property with key '{key}' does not exist.")
        _told(call, bag, key, found.pop(key), "deleted")
        return reply(status=204)

    one = base + "/{property}"
    return [
        Rule("GET", base, keys),
        Rule("GET", one, get),
        Rule("PUT", one, put),
        Rule("DELETE", one, delete, bare=True),
    ]


# --- remote links ---------------------------------------------------------------------------------


def remote_links(call: Call) -> Response:
    """Return all remote links, or with ``globalId`` the one that has it (no list)."""
    issue, wanted = call.issue(), call.query("globalId")
    if not wanted:
        return reply([_shown(call, issue, link) for link in issue.remote_links])
    link = _by_global_id(issue, wanted)
    if link is None:
        raise errors.refusal(404, f"No remote link with globalId '{wanted}' exists on this issue.")
    return reply(_shown(call, issue, link))


def _by_global_id(issue: Issue, wanted: str) -> RemoteLink | None:
    return next((link for link in issue.remote_links if link.global_id == wanted), None)


def _shown(call: Call, issue: Issue, link: RemoteLink) -> Json:
    head: Json = {"id": link.id, "self": call.url(f"issue/{issue.key}/remotelink/{link.id}")}
    return head | ({"globalId": link.global_id} if link.global_id else {}) | link.data


def post_remote_link(call: Call) -> Response:
    """Make a link, or replace the one with the same ``globalId``: Jira's only upsert."""
    issue, body = call.issue(), call.object()
    data, global_id = _link_data(body), optional(body, "globalId", str, "")
    if len(global_id) > LONGEST_GLOBAL_ID:
        raise errors.refusal(400, errors={"globalId": "The globalId must be at most 255 characters long."})
    known = _by_global_id(issue, global_id) if global_id else None
    if known is None:
        properties.check_room(len(issue.remote_links), MOST_REMOTE_LINKS, "remote links")
    link = known or RemoteLink(call.site.next_id("remote"), global_id, {})
    edit.touch(call.site, issue)
    link.data = data
    if known is None:
        issue.remote_links.append(link)
        _index(call, issue, link)
        _recorded(call, issue, (None, None), _text(link))
    url = call.url(f"issue/{issue.key}/remotelink/{link.id}")
    return reply({"id": link.id, "self": url}, 200 if known else 201)


def _index(call: Call, issue: Issue, link: RemoteLink) -> None:
    if link.global_id:
        call.site.remote.setdefault(link.global_id, set()).add(issue.id)


def _text(link: RemoteLink) -> tuple[str, str]:
    return str(link.id), f'This issue links to "{link.data["object"]["title"]}"'


def _recorded(call: Call, issue: Issue, old: tuple[str | None, str | None], new: Any) -> None:
    item = properties.history_item("RemoteIssueLink", old, new)
    edit.record(call.site, issue, call.user, [item])


def put_remote_link(call: Call) -> Response:
    """Replace a link by its number; what the body leaves out is gone."""
    issue, body = call.issue(), call.object()
    link, data = _by_number(call, issue), _link_data(body)
    edit.touch(call.site, issue)
    call.site.remote.get(link.global_id, set()).discard(issue.id)
    link.data, link.global_id = data, optional(body, "globalId", str, "")
    _index(call, issue, link)
    return reply(status=204)


def _link_data(body: Json) -> Json:
    thing = required(body, "object", dict)
    missing = [name for name in ("url", "title") if not isinstance(thing.get(name), str) or not thing[name]]
    if missing:
        wrong = {name: f"'{name}' is required." for name in missing}
        raise errors.refusal(400, errors=wrong)
    data = {"application": optional(body, "application", dict, {}), "object": thing}
    relationship = optional(body, "relationship", str)
    return data | ({"relationship": relationship} if relationship else {})


def get_remote_link(call: Call) -> Response:
    """Return one remote link by its number."""
    issue = call.issue()
    return reply(_shown(call, issue, _by_number(call, issue)))


def _by_number(call: Call, issue: Issue) -> RemoteLink:
    for link in issue.remote_links:
        if str(link.id) == call.path("id"):
            return link
    text = f"No remote link with id '{call.path('id')}' exists on this issue."
    # A number that is none, or is another issue's link, is a bad request (reference, 3.5).
    elsewhere = call.id() and any(
        call.id() == one.id for i in call.site.issues.values() for one in i.remote_links
    )
    raise errors.refusal(404 if call.id() and not elsewhere else 400, text)


def delete_remote_link(call: Call) -> Response:
    """Delete a link by its number. Without a Content-Type Cloud answers 415 (reference, 1.2)."""
    issue = call.issue()
    return _drop(call, issue, _by_number(call, issue))


def delete_by_global_id(call: Call) -> Response:
    """Delete the link with this ``globalId``."""
    issue, wanted = call.issue(), call.query("globalId")
    link = _by_global_id(issue, wanted) if wanted else None
    if link is None:
        raise errors.refusal(404 if wanted else 400, f"No remote link with globalId '{wanted}' exists.")
    return _drop(call, issue, link)


def _drop(call: Call, issue: Issue, link: RemoteLink) -> Response:
    edit.touch(call.site, issue)
    issue.remote_links.remove(link)
    call.site.remote.get(link.global_id, set()).discard(issue.id)
    _recorded(call, issue, _text(link), (None, None))
    return reply(status=204)


_LINKS = "/rest/api/{v}/issue/{key}/remotelink"
RULES = [
    *property_rules("/rest/api/{v}/issue/{key}/properties", issue_bag),
    *property_rules("/rest/api/{v}/comment/{id}/properties", comment_bag),
    *property_rules("/rest/api/{v}/project/{key}/properties", project_bag),
    *property_rules("/rest/agile/1.0/board/{id}/properties", board_bag),
    *property_rules("/rest/agile/1.0/sprint/{id}/properties", sprint_bag),
    *property_rules("/rest/api/{v}/issue/{key}/worklog/{id}/properties", worklog_bag),
    *property_rules("/rest/api/{v}/user/properties", user_bag),
    Rule("GET", _LINKS, remote_links),
    Rule("POST", _LINKS, post_remote_link),
    Rule("DELETE", _LINKS, delete_by_global_id),
    Rule("GET", _LINKS + "/{id}", get_remote_link),
    Rule("PUT", _LINKS + "/{id}", put_remote_link),
    Rule("DELETE", _LINKS + "/{id}", delete_remote_link),
]
