"""Filters: saved searches, and who may see them (reference, 7.2)."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from deskbridge.sandbox.jira import errors, jql_match, show
from deskbridge.sandbox.jira.api_projects import page_bean
from deskbridge.sandbox.jira.jql_parse import JqlSyntax
from deskbridge.sandbox.jira.model import Filter, Json, User
from deskbridge.sandbox.jira.permissions import may
from deskbridge.sandbox.jira.wire import Call, Rule, optional, required
from deskbridge.sandbox.kernel import reply

_SHARES = ("project", "projectRole", "group", "user", "authenticated", "global", "loggedin")


def _filter(call: Call) -> Filter:
    found = call.site.filters.get(call.id())
    if found is None or not may_see(call.caller, found):
        raise errors.refusal(400, f"The selected filter with id '{call.path('id')}' does not exist.")
    return found


def may_see(caller: User | None, found: Filter) -> bool:
    """Whether somebody owns a filter or is in one of its shares."""
    if caller is None:
        return False
    mine = found.owner == caller.account_id
    named = any(share.get("user") == caller.account_id for share in found.shares)
    return mine or named or any(share["type"] != "user" for share in found.shares)


def _own(call: Call) -> Filter:
    found = _filter(call)
    override = call.flag("overrideSharePermissions") and may(call.user, "ADMINISTER")
    if found.owner != call.user.account_id and not override:
        raise errors.refusal(400, "Only the owner of a filter can change it.")
    return found


def _shown_filter(call: Call, found: Filter) -> Json:
    return {
        "self": call.url(f"filter/{found.id}"),
        "id": str(found.id),
        "name": found.name,
        "description": found.description,
        "owner": show.user(call, found.owner),
        "jql": found.jql,
        "viewUrl": f"{call.site.base_url}/issues/?filter={found.id}",
        "searchUrl": call.url(
            f"search/jql?jql=filter={found.id}" if call.site.cloud else f"search?jql={quote(found.jql)}"
        ),
        "favourite": found.favourite,
        "favouritedCount": int(found.favourite),
        "sharePermissions": [_shown_share(call, share) for share in found.shares],
        "editPermissions": [_shown_share(call, share) for share in found.edit_shares],
        "subscriptions": {"size": 0, "items": [], "max-results": 1000, "start-index": 0, "end-index": 0},
    }


def _shown_share(call: Call, share: Json) -> Json:
    shown: Json = {"id": share["id"], "type": share["type"]}
    if "project" in share:
        shown["project"] = show.project(call, call.site.projects[share["project"]])
    if "user" in share:
        shown["user"] = show.user(call, share["user"])
    return shown | {name: share[name] for name in ("role", "group") if name in share}


def _share(call: Call, given: Any) -> Json:
    """Return a share in the nested form that filters' bodies use."""
    if not isinstance(given, dict) or str(given.get("type")) not in _SHARES:
        raise errors.refusal(400, "The share type is invalid.")
    made: Json = {"id": call.site.next_id("share"), "type": given["type"]}
    if isinstance(project := given.get("project"), dict):
        made["project"] = call.site.project(call.caller, project.get("id", project.get("key"))).id
    if isinstance(user := given.get("user"), dict):
        if str(user.get("accountId")) not in call.site.users:
            raise errors.refusal(400, "The user of the share permission does not exist.")
        made["user"] = user["accountId"]
    if isinstance(group := given.get("group"), dict):
        made["group"] = {"name": group.get("name"), "groupId": group.get("groupId")}
    if "role" in given:
        made["role"] = given["role"]
    needed = {"project": "project", "projectRole": "project", "user": "user", "group": "group"}.get(
        made["type"]
    )
    if needed and needed not in made:
        raise errors.refusal(400, f"The share permission of type '{made['type']}' needs a {needed}.")
    return made


def _check_filter(call: Call, name: str, jql: str, but: Filter | None = None) -> None:
    """Refuse an empty or taken name (per owner), and a query with anything unknown in it."""
    wrong: dict[str, str] = {}
    if not name.strip():
        wrong["filterName"] = "You must specify a name to save this filter as."
    others = (f for f in call.site.filters.values() if f is not but and f.owner == call.user.account_id)
    if any(other.name.lower() == name.strip().lower() for other in others):
        wrong["filterName"] = "Filter with same name already exists."
    if wrong:
        raise errors.refusal(400, errors=wrong)
    try:
        found = jql_match.prepare(call.site, call.caller, jql)
    except JqlSyntax as error:
        raise errors.refusal(400, str(error)) from error
    if found.errors:
        raise errors.refusal(400, *found.errors)


def create_filter(call: Call) -> Response:
    """Save a search; 200, not 201."""
    body = call.object()
    name, jql = optional(body, "name", str, ""), optional(body, "jql", str, "")
    _check_filter(call, name, jql)
    scope = call.site.user_properties.get(call.user.account_id, {}).get(_SCOPE, "PRIVATE")
    if "sharePermissions" not in body and scope != "PRIVATE":
        body["sharePermissions"] = [{"type": scope.lower()}]
    shares, edits = (_shares(call, body, key) for key in ("sharePermissions", "editPermissions"))
    if shares and not may(call.user, "CREATE_SHARED_OBJECTS"):
        raise errors.refusal(400, "You do not have permission to share. All shares are invalid.")
    made = Filter(
        call.site.next_id("filter"), name.strip(), call.user.account_id, jql, shares=shares, edit_shares=edits
    )
    made.description = optional(body, "description", str, "")
    made.favourite = bool(optional(body, "favourite", bool))
    call.site.filters[made.id] = made
    return reply(_shown_filter(call, made))


def _shares(call: Call, body: Json, key: str) -> list[Json]:
    return [_share(call, given) for given in optional(body, key, list, [])]


def get_filter(call: Call) -> Response:
    """Return a filter that is one's own or shared."""
    return reply(_shown_filter(call, _filter(call)))


def put_filter(call: Call) -> Response:
    """Change a filter; the name must be sent."""
    found, body = _own(call), call.object()
    name, jql = required(body, "name", str), optional(body, "jql", str, found.jql)
    _check_filter(call, name, jql, found)
    shares = _shares(call, body, "sharePermissions") if "sharePermissions" in body else found.shares
    edits = _shares(call, body, "editPermissions") if "editPermissions" in body else found.edit_shares
    description = optional(body, "description", str, found.description)
    favourite = optional(body, "favourite", bool, found.favourite)
    found.shares, found.edit_shares = shares, edits
    found.name, found.jql = name.strip(), jql
    found.description, found.favourite = description, favourite
    return reply(_shown_filter(call, found))


def delete_filter(call: Call) -> Response:
    """Delete a filter, and with it the boards that stand on it."""
    found = _own(call)
    del call.site.filters[found.id]
    for board in [board for board in call.site.boards.values() if board.filter == found.id]:
        del call.site.boards[board.id]
    return reply(status=204)


def search_filters(call: Call) -> Response:
    """Return filters by a part of their name, a page at a time; the JQL only when expanded."""
    start, size = call.page()
    order = call.query("orderBy", "name")
    keys = {"name": lambda one: one.name.lower(), "id": lambda one: one.id, "owner": lambda one: one.owner}
    if order.lstrip("+- ") not in keys:
        raise errors.refusal(400, f"The orderBy value '{order}' is not supported.")
    rows = sorted(call.site.filters.values(), key=keys[order.lstrip("+- ")], reverse=order.startswith("-"))
    found = [_found_filter(call, one) for one in rows if _is_asked(call, one) and may_see(call.caller, one)]
    return reply(page_bean(call, found, start, size, call.url("filter/search")))


def _is_asked(call: Call, one: Filter) -> bool:
    name, owner, ids = call.query("filterName").lower(), call.query("accountId"), call.listed("id")
    project = call.query("projectId")
    shared = {share.get("project") for share in one.shares}
    return (
        name in one.name.lower()
        and owner in ("", one.owner)
        and (not ids or str(one.id) in ids)
        and (not project or project in shared)
    )


def _found_filter(call: Call, found: Filter) -> Json:
    # Subscriptions are a page in the filter and a plain list here.
    shown = {**_shown_filter(call, found), "subscriptions": []}
    expand = {*call.listed("expand"), "self", "id", "name"}
    return {
        "expand": "description,owner,jql,viewUrl,searchUrl,favourite,sharePermissions,editPermissions"
    } | {name: value for name, value in shown.items() if name in expand}


def my_filters(call: Call) -> Response:
    """Return the caller's own filters."""
    mine = (f for f in call.site.filters.values() if f.owner == call.user.account_id)
    return reply([_shown_filter(call, found) for found in mine])


def favourites(call: Call) -> Response:
    """Return the caller's favourite filters."""
    found = (f for f in call.site.filters.values() if f.favourite and f.owner == call.user.account_id)
    return reply([_shown_filter(call, one) for one in found])


def favour(call: Call) -> Response:
    """Make a filter a favourite, or no longer one."""
    found = _filter(call)
    found.favourite = call.request.method == "PUT"
    return reply(_shown_filter(call, found))


def put_owner(call: Call) -> Response:
    """Give a filter to somebody else."""
    found = _own(call)
    new = call.site.named(required(call.object(), "accountId", str))
    if new is None:
        raise errors.refusal(400, "The user does not exist.")
    found.owner = new.account_id
    return reply(status=204)


def share_scope(call: Call) -> Response:
    """Return, or set, with whom the caller's new filters are shared when they don't say."""
    mine = call.site.user_properties.setdefault(call.user.account_id, {})
    if call.request.method == "PUT":
        scope = required(call.object(), "scope", str)
        if scope not in ("GLOBAL", "AUTHENTICATED", "PRIVATE"):
            raise errors.invalid_payload()
        mine[_SCOPE] = scope
    return reply({"scope": mine.get(_SCOPE, "PRIVATE")})


_SCOPE = "jira.filter.defaultShareScope"


def permissions(call: Call) -> Response:
    """Return with whom a filter is shared."""
    return reply([_shown_share(call, share) for share in _filter(call).shares])


def permission(call: Call) -> Response:
    """Return one share."""
    for share in _filter(call).shares:
        if str(share["id"]) == call.path("share"):
            return reply(_shown_share(call, share))
    raise errors.refusal(404, f"The share permission with id '{call.path('share')}' does not exist.")


def add_permission(call: Call) -> Response:
    """Share a filter, in the flat form; a global share takes the place of all others."""
    found, body = _own(call), call.object()
    nested: Json = {"type": required(body, "type", str)}
    if body.get("projectId"):
        nested["project"] = {"id": body["projectId"]}
    if body.get("projectRoleId"):
        nested["role"] = {"id": body["projectRoleId"]}
    if body.get("groupId") or body.get("groupname"):
        nested["group"] = {"groupId": body.get("groupId"), "name": body.get("groupname")}
    if body.get("accountId"):
        nested["user"] = {"accountId": body["accountId"]}
    made = _share(call, nested)
    found.shares = [made] if made["type"] == "global" else [*found.shares, made]
    return reply([_shown_share(call, share) for share in found.shares], 201)


def delete_permission(call: Call) -> Response:
    """Take a share away."""
    found = _own(call)
    kept = [share for share in found.shares if str(share["id"]) != call.path("share")]
    if len(kept) == len(found.shares):
        raise errors.refusal(404, f"The share permission with id '{call.path('share')}' does not exist.")
    found.shares = kept
    return reply(status=204)


_FILTER = "/rest/api/{v}/filter"
RULES = [
    Rule("POST", _FILTER, create_filter, sign_in=True),
    Rule("GET", _FILTER + "/search", search_filters, on="cloud"),
    Rule("GET", _FILTER + "/my", my_filters, sign_in=True),
    Rule("GET", _FILTER + "/favourite", favourites, sign_in=True),
    Rule("GET", _FILTER + "/defaultShareScope", share_scope, sign_in=True),
    Rule("PUT", _FILTER + "/defaultShareScope", share_scope, sign_in=True),
    Rule("PUT", _FILTER + "/{id}/favourite", favour, sign_in=True, bare=True, on="cloud"),
    Rule("DELETE", _FILTER + "/{id}/favourite", favour, sign_in=True, bare=True, on="cloud"),
    Rule("PUT", _FILTER + "/{id}/owner", put_owner, sign_in=True, on="cloud"),
    Rule("GET", _FILTER + "/{id}", get_filter),
    Rule("PUT", _FILTER + "/{id}", put_filter, sign_in=True),
    Rule("DELETE", _FILTER + "/{id}", delete_filter, sign_in=True, bare=True),
    Rule("GET", _FILTER + "/{id}/permission", permissions),
    Rule("POST", _FILTER + "/{id}/permission", add_permission, sign_in=True),
    Rule("GET", _FILTER + "/{id}/permission/{share}", permission),
    Rule("DELETE", _FILTER + "/{id}/permission/{share}", delete_permission, sign_in=True, bare=True),
]
