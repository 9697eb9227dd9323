"""People and groups: found, picked, who can be assigned (reference, 11.7)."""

from __future__ import annotations

from starlette.responses import Response

from deskbridge.sandbox.jira import errors, show, show_issue
from deskbridge.sandbox.jira.api_projects import page_bean
from deskbridge.sandbox.jira.fields import GROUPS
from deskbridge.sandbox.jira.model import Json, Project, User
from deskbridge.sandbox.jira.permissions import PERMISSIONS, may
from deskbridge.sandbox.jira.wire import Call, Rule
from deskbridge.sandbox.kernel import reply

_NOBODY = "Specified user does not exist or you do not have required permissions"


def groups_of(user: User) -> list[str]:
    """Return the names of the groups that somebody is in."""
    if user.customer:
        return []
    desk = "jira-servicemanagement-users"
    return [
        name
        for name, admins in GROUPS.items()
        if (user.site_admin if admins else user.agent if name == desk else True)
    ]


def user(call: Call) -> Response:
    """Return a person by account id, on Data Center by name or key."""
    not_by_name(call)
    words = ("accountId",) if call.site.cloud else ("username", "key")
    asked = next((call.query(word) for word in words if call.query(word)), "")
    if not asked:
        missing = "accountId', 'username' and 'key' are" if call.site.cloud else "username' or 'key' is"
        raise errors.refusal(400 if call.site.cloud else 404, f"The query parameters '{missing} missing.")
    found = call.site.named(asked)
    if found is None:
        raise errors.refusal(404, _NOBODY if call.site.cloud else f"The user named '{asked}' does not exist")
    shown = show.user(call, found.account_id) or {}
    if "groups" in call.listed("expand"):
        names = groups_of(found)
        items = [show_issue.group(call, name) for name in names]
        shown["groups"] = {"size": len(names), "items": items}
    return reply(shown)


def user_search(call: Call) -> Response:
    """Return people by the beginning of a word of their name, or of their address."""
    not_by_name(call)
    if not call.site.cloud:
        if not call.query("username"):
            raise errors.refusal(400, "The username query parameter was not provided")
        return reply(_people(call))
    if call.query("query") and call.query("accountId"):
        raise errors.refusal(400, "Only one of 'query' and 'accountId' can be given.")
    if not call.query("query") and not call.query("accountId"):
        raise errors.refusal(400, "At least one of 'query', 'accountId' or 'property' must be given.")
    return reply(_people(call))


def all_users(call: Call) -> Response:
    """Return everybody, a page at a time in a bare list."""
    start, size = call.page(most=1000)
    found = list(call.site.users.values())[start : start + size]
    return reply([show.user(call, one.account_id) for one in found])


def bulk(call: Call) -> Response:
    """Return people by their account ids; the page is ten unless more are asked for."""
    ids = call.request.query_params.getlist("accountId")
    if not 0 < len(ids) <= 200:
        raise errors.refusal(400, "Between 1 and 200 'accountId' parameters must be given.")
    start, size = call.page(default=10, most=200)
    found = [show.user(call, id) for id in ids if id in call.site.users]
    return reply(page_bean(call, found, start, size, call.url("user/bulk")))


def assignable(call: Call) -> Response:
    """Return people who can be assigned in a project or on an issue."""
    if call.query("issueKey"):
        home = call.site.projects[call.site.issue(call.caller, call.query("issueKey")).project]
    elif call.query("project"):
        home = call.site.project(call.caller, call.query("project"))
    else:
        raise errors.refusal(400, "Either the 'project' or the 'issueKey' query parameter is required.")
    return reply(_people(call, home))


def assignable_anywhere(call: Call) -> Response:
    """Return people who can be assigned in all of some projects."""
    keys = call.listed("projectKeys")
    if not keys:
        raise errors.refusal(400, "The 'projectKeys' query parameter is required.")
    homes = [call.site.project(call.caller, key) for key in keys]
    return reply(_people(call, *homes))


def with_permission(call: Call) -> Response:
    """Return people who have permissions in a project."""
    keys = call.listed("permissions")
    wrong = {key: "Unrecognized permission" for key in keys if key not in PERMISSIONS}
    if wrong or not keys:
        raise errors.refusal(400, "The 'permissions' query parameter is required.", errors=wrong)
    home = call.site.project(call.caller, call.query("projectKey")) if call.query("projectKey") else None
    found = [one for one in _meant(call) if all(may(one, key, home) for key in keys)]
    return reply(_page(call, found))


def viewers(call: Call) -> Response:
    """Return people who can see a project or an issue."""
    if call.query("issueKey"):
        call.site.issue(call.caller, call.query("issueKey"))
    found = [one for one in _meant(call) if may(one, "BROWSE_PROJECTS")]
    return reply(_page(call, found))


def _people(call: Call, *homes: Project) -> list[Json | None]:
    not_by_name(call)
    found = _meant(call)
    return _page(call, [one for one in found if all(may(one, "ASSIGNABLE_USER", home) for home in homes)])


def _meant(call: Call) -> list[User]:
    """Return the active people whom a search's words mean."""
    words = ("query",) if call.site.cloud else ("username", "query")
    text = next((call.query(word) for word in words if call.query(word)), "").lower()
    account = call.query("accountId") if call.site.cloud else ""
    if call.site.cloud and call.site.switches.query_finds_account_ids and text in call.site.users:
        account = text
    return [one for one in call.site.users.values() if one.active and _is_meant(one, text, account)]


def not_by_name(call: Call) -> None:
    """Refuse Cloud's callers who name people as they were named before 2019."""
    for word in ("username", "key") if call.site.cloud else ():
        if call.query(word):
            text = f"The query parameter '{word}' is not supported in GDPR strict mode."
            raise errors.refusal(400, text)


def _page(call: Call, found: list[User]) -> list[Json | None]:
    start, size = call.page(most=1000)
    return [show.user(call, one.account_id) for one in found[start : start + size]]


def _is_meant(user: User, text: str, account: str) -> bool:
    names = (user.name.lower(), *user.name.lower().split(), user.email.lower(), user.username)
    return user.account_id == account if account else any(word.startswith(text) for word in names)


def picker(call: Call) -> Response:
    """Return people for a picker: with what matched in bold."""
    text = call.query("query")
    found = [one for one in call.site.users.values() if one.active and _is_meant(one, text.lower(), "")]
    shown = [_picked(call, one, text) for one in found[: min(call.number("maxResults", 50), 1000)]]
    header = f"Showing {len(shown)} of {len(found)} matching users"
    return reply({"users": shown, "total": len(found), "header": header})


def _picked(call: Call, one: User, text: str) -> Json:
    head = {"accountId": one.account_id, "accountType": one.account_type}
    if not call.site.cloud:
        head = {"name": one.username, "key": one.key}
    return {**head, "html": _bold(one.name, text), "displayName": one.name}


def _bold(name: str, text: str) -> str:
    at = name.lower().find(text.lower())
    end = at + len(text)
    return f"{name[:at]}<strong>{name[at:end]}</strong>{name[end:]}" if at >= 0 and text else name


def groups_picker(call: Call) -> Response:
    """Return groups for a picker."""
    text = call.query("query").lower()
    found = [name for name in sorted(GROUPS) if text in name]
    shown = [
        {"name": name, "html": _bold(name, text), "labels": []}
        | ({"groupId": show_issue.group_id(name)} if call.site.cloud else {})
        for name in found
    ]
    header = f"Showing {len(shown)} of {len(found)} matching groups"
    return reply({"header": header, "total": len(found), "groups": shown})


def both_picker(call: Call) -> Response:
    """Return people and groups for one picker."""
    text = call.query("query")
    found = [one for one in call.site.users.values() if one.active and _is_meant(one, text.lower(), "")]
    users = {"users": [_picked(call, one, text) for one in found], "total": len(found), "header": ""}
    groups = [{"name": name, "html": _bold(name, text)} for name in sorted(GROUPS) if text.lower() in name]
    return reply({"users": users, "groups": {"groups": groups, "total": len(groups), "header": ""}})


def _group(call: Call) -> str:
    asked, id = call.query("groupname"), call.query("groupId")
    for name in GROUPS:
        if name == asked or (id and show_issue.group_id(name) == id):
            return name
    raise errors.refusal(404, f"The group named '{asked or id}' does not exist.")


def _members(call: Call, name: str) -> list[Json | None]:
    found = [one for one in call.site.users.values() if name in groups_of(one)]
    return [show.user(call, one.account_id) for one in found]


def group(call: Call) -> Response:
    """Return a group, with its people when they are expanded."""
    name = _group(call)
    people = _members(call, name)
    expanded = any(part.startswith("users") for part in call.listed("expand"))
    items = people[:50] if expanded else []
    users: Json = {"size": len(people), "items": items, "max-results": 50, "start-index": 0}
    users["end-index"] = len(items) - 1 if items else 0
    return reply({**show_issue.group(call, name), "users": users, "expand": "users"})


def members(call: Call) -> Response:
    """Return the people of a group, a page at a time."""
    name = _group(call)
    start, size = call.page(most=50)
    return reply(page_bean(call, _members(call, name), start, size, call.url("group/member")))


def groups_bulk(call: Call) -> Response:
    """Return all groups, a page at a time."""
    start, size = call.page()
    found = [{"name": name, "groupId": show_issue.group_id(name)} for name in sorted(GROUPS)]
    return reply(page_bean(call, found, start, size, call.url("group/bulk")))


def user_groups(call: Call) -> Response:
    """Return the groups that somebody is in."""
    found = call.site.users.get(call.query("accountId"))
    if found is None:
        raise errors.refusal(404, _NOBODY)
    return reply([show_issue.group(call, name) for name in groups_of(found)])


_V = "/rest/api/{v}/"
RULES = [
    Rule("GET", _V + "user", user, sign_in=True),
    Rule("GET", _V + "user/search", user_search, sign_in=True),
    Rule("GET", _V + "users/search", all_users, sign_in=True, on="cloud"),
    Rule("GET", _V + "users", all_users, sign_in=True, on="cloud"),
    Rule("GET", _V + "user/bulk", bulk, sign_in=True, on="cloud"),
    Rule("GET", _V + "user/groups", user_groups, sign_in=True, on="cloud"),
    Rule("GET", _V + "user/assignable/search", assignable, sign_in=True),
    Rule("GET", _V + "user/assignable/multiProjectSearch", assignable_anywhere, sign_in=True),
    Rule("GET", _V + "user/permission/search", with_permission, sign_in=True),
    Rule("GET", _V + "user/viewissue/search", viewers, sign_in=True),
    Rule("GET", _V + "user/picker", picker, sign_in=True),
    Rule("GET", _V + "groupuserpicker", both_picker, sign_in=True),
    Rule("GET", _V + "groups/picker", groups_picker, sign_in=True),
    Rule("GET", _V + "group", group, sign_in=True),
    Rule("GET", _V + "group/member", members, sign_in=True),
    Rule("GET", _V + "group/bulk", groups_bulk, sign_in=True, on="cloud"),
]
