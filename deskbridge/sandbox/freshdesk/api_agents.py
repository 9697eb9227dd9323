"""Agents and groups, the latter under their old and their new paths (reference 6.3, 6.4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from deskbridge.sandbox.freshdesk import agents, jobs
from deskbridge.sandbox.freshdesk.api_contacts import begun, refuse_duplicates
from deskbridge.sandbox.freshdesk.form import Form, Rule, invalid
from deskbridge.sandbox.freshdesk.persons import Group, User
from deskbridge.sandbox.freshdesk.show_people import admin_group, agent_row, agent_view, group_row, group_view
from deskbridge.sandbox.freshdesk.state import Account
from deskbridge.sandbox.freshdesk.wire import Call, Endpoint, created, not_found, paged
from deskbridge.sandbox.kernel import Refused, reply

_PAGES = ("page", "per_page")
_UNASSIGNED = ("30m", "1h", "2h", "4h", "8h", "12h", "1d", "2d", "3d")
_GROUP_TYPES = ("support_agent_group", "field_agent_group")
_GROUP = {
    "name": Rule(null=False, longest=255),
    "description": Rule(),
    "agent_ids": Rule("integers"),
    "escalate_to": Rule("integer"),
    "unassigned_for": Rule(),
}
_SETTING = {"channel": Rule(), "assignment_type": Rule(), "assignment_type_settings": Rule("object")}
_ASSIGNMENT = {"enabled": Rule("boolean"), "type": Rule(), "settings": Rule("objects", inside=_SETTING)}
_MEMBER = {"id": Rule("integer", null=False), "deleted": Rule("boolean")}
_OLD = _GROUP | {
    "auto_ticket_assign": Rule("number"),
    "business_hour_id": Rule("integer"),
    "group_type": Rule(),
}
_NEW = _GROUP | {
    "type": Rule(),
    "business_calendar_id": Rule("integer"),
    "allow_agents_to_change_availability": Rule("boolean"),
    "automatic_agent_assignment": Rule("object", inside=_ASSIGNMENT),
}
_ASSIGNMENTS = {"round_robin": 1, "skill_based_round_robin": 2, "load_based_round_robin": 3, "omniroute": 12}


def me(call: Call) -> Response:
    """`GET /agents/me`: for every agent; verifies the key and tells whose it is."""
    return reply(agent_view(call.account, call.agent))


def listed(call: Call) -> Response:
    """`GET /agents`: alphabetical."""
    if "only" in call.query:
        raise Refused(501, {"sandbox": "the freshdesk sandbox does not know the availability of agents"})
    rows = sorted(call.account.agents(), key=lambda user: (user.name.lower(), user.id))
    for name in ("email", "phone", "mobile"):
        if name in call.query:
            rows = [user for user in rows if (getattr(user, name) or "").lower() == call.query[name].lower()]
    state = call.query.get("state")
    if state not in (None, "fulltime", "occasional"):
        invalid("state", "It should be one of these values: 'fulltime,occasional'")
    if state:
        rows = [user for user in rows if user.role and user.role.occasional is (state == "occasional")]
    return paged(call, rows, lambda user: agent_row(call.account, user))


def viewed(call: Call) -> Response:
    """`GET /agents/{id}`."""
    return reply(agent_view(call.account, _agent(call)))


def _agent(call: Call) -> User:
    found = call.account.agent(call.id)
    if found is None:
        raise not_found()
    return found


def create(call: Call) -> Response:
    """`POST /agents`."""
    form = agents.checked(call.account, call.body, agents.CREATE, new=True)
    made = agents.create(call.account, form)
    return created(call, agent_view(call.account, made), f"/agents/{made.id}")


def create_many(call: Call) -> Response:
    """`POST /agents/bulk`: by a job."""
    form = Form(call.body, {"agents": Rule("objects", null=False)})
    form.require("agents")
    form.end()
    job = jobs.queue(call.account, jobs.AGENTS, call.agent, {"agents": form.get("agents")}, numbered=True)
    href = f"{call.account.base_url}/api/v2/jobs/{job.id}"
    return reply({"job_id": job.id, "href": href}, call.account.switches.bulk_status)


def update(call: Call) -> Response:
    """`PUT /agents/{id}`: not the name; nobody changes the own scope and roles."""
    user = _agent(call)
    form = agents.checked(call.account, call.body, agents.UPDATE, new=False)
    for name in ("ticket_scope", "role_ids"):
        if user is call.agent and name in form:
            form.problems.add(name, "inaccessible_field", "You cannot change it of yourself")
    form.end()
    refuse_duplicates(call.account, form, (user,))
    agents.assign(call.account, user, form)
    return reply(agent_view(call.account, user))


def delete(call: Call) -> Response:
    """`DELETE /agents/{id}`: makes the agent a contact with the same id."""
    user = _agent(call)
    if user is call.agent:
        raise Refused(403, {"code": "access_denied", "message": "You cannot delete yourself."})
    agents.demote(call.account, user)
    return reply(status=204)


def autocompleted(call: Call) -> Response:
    """`GET /agents/autocomplete`: by the beginning of a word of the name."""
    rows = begun(call, "term", call.account.agents())
    return reply([{"id": user.id, "name": user.name, "email": user.email, "avatar": None} for user in rows])


def groups(call: Call) -> Response:
    """`GET /groups`."""
    return paged(call, list(call.account.groups.values()), group_row)


def admin_groups(call: Call) -> Response:
    """`GET /admin/groups`."""
    return paged(call, list(call.account.groups.values()), lambda group: admin_group(call.account, group))


def _group(call: Call) -> Group:
    found = call.account.groups.get(call.id)
    if found is None:
        raise not_found()
    return found


def _checked(call: Call, known: dict[str, Rule], own: Group | None) -> Form:
    form, account = Form(call.body, known), call.account
    if own is None:
        form.require("name")
    form.one_of("unassigned_for", _UNASSIGNED)
    for name in ("type", "group_type"):
        form.one_of(name, _GROUP_TYPES)
    if "auto_ticket_assign" in form:
        form.one_of("auto_ticket_assign", (0, 1))
    for name in ("business_hour_id", "business_calendar_id"):
        form.one_of(name, [calendar.id for calendar in account.calendars])
    wanted = [("agent_ids", number) for number in form.get("agent_ids") or []]
    for name, number in [*wanted, ("escalate_to", form.get("escalate_to"))]:
        if number is not None and not account.agent(number):
            form.refuse(name, f"There is no agent matching {number}")
    form.end()
    _refuse_taken(account, form, own)
    return form


def _refuse_taken(account: Account, form: Form, own: Group | None) -> None:
    name = str(form.get("name") or "").lower()
    if any(group is not own and group.name.lower() == name for group in account.groups.values()):
        form.problems.add("name", "duplicate_value", "It should be a unique value")
        form.problems.end(409)


def _assign(account: Account, group: Group, form: Form) -> None:
    names = {"type": "group_type", "business_calendar_id": "business_hour_id"}
    for name, value in form.values.items():
        if name == "automatic_agent_assignment":
            group.auto_ticket_assign = _assignment(value or {})
        elif name != "agent_ids":
            setattr(group, names.get(name, name), value)
    if "agent_ids" in form:
        set_members(account, group, form.get("agent_ids") or [])
    group.updated_at = account.now()


def _assignment(value: dict[str, Any]) -> int:
    settings = value.get("settings") or [{}]
    kinds = [
        str(part.get("assignment_type")) for part in settings if part.get("channel", "ticket") == "ticket"
    ]
    return _ASSIGNMENTS.get(kinds[0], 0) if value.get("enabled") and kinds else 0


def set_members(account: Account, group: Group, ids: list[int]) -> None:
    """Make exactly these agents members of a group."""
    for agent in account.agents():
        assert agent.role is not None
        others = [number for number in agent.role.group_ids if number != group.id]
        agent.role.group_ids = [*others, group.id] if agent.id in ids else others


Shown = Callable[[Account, Group], dict[str, Any]]


def _viewer(shown: Shown) -> Callable[[Call], Response]:
    return lambda call: reply(shown(call.account, _group(call)))


def _creator(known: dict[str, Rule], shown: Shown, path: str) -> Callable[[Call], Response]:
    def create_group(call: Call) -> Response:
        form = _checked(call, known, None)
        now = call.account.now()
        group = Group(call.account.new_id(), form.get("name"), now, now)
        call.account.groups[group.id] = group
        _assign(call.account, group, form)
        return created(call, shown(call.account, group), f"{path}/{group.id}")

    return create_group


def _updater(known: dict[str, Rule], shown: Shown) -> Callable[[Call], Response]:
    def update_group(call: Call) -> Response:
        group = _group(call)
        _assign(call.account, group, _checked(call, known, group))
        return reply(shown(call.account, group))

    return update_group


def delete_group(call: Call) -> Response:
    """`DELETE /groups/{id}`: disbands it; its tickets are of no group."""
    group, account = _group(call), call.account
    set_members(account, group, [])
    del account.groups[group.id]
    for number in list(account.tickets):
        if account.tickets[number].group_id == group.id:
            account.tickets[number].group_id = None
            account.reindex("tickets", number)
    return reply(status=204)


def group_agents(call: Call) -> Response:
    """`GET /admin/groups/{id}/agents`."""
    group = _group(call)
    rows = [user for user in call.account.agents() if user.role and group.id in user.role.group_ids]
    return paged(call, rows, lambda user: agent_row(call.account, user))


def change_group_agents(call: Call) -> Response:
    """`PATCH /admin/groups/{id}/agents`: `agents` with `id`, some `deleted`."""
    group = _group(call)
    form = Form(call.body, {"agents": Rule("objects", null=False, inside=_MEMBER)})
    form.require("agents")
    form.end()
    ids = set(group_view(call.account, group)["agent_ids"])
    for row in form.get("agents"):
        if not call.account.agent(row.get("id")):
            invalid("agents", f"There is no agent matching {row.get('id')}")
        (ids.discard if row.get("deleted") else ids.add)(row["id"])
    set_members(call.account, group, sorted(ids))
    return reply(admin_group(call.account, group))


_QUERY = ("email", "mobile", "phone", "state", "only", *_PAGES)
ENDPOINTS = (
    Endpoint("GET", "/agents/me", me),
    Endpoint("GET", "/agents/autocomplete", autocompleted, query=("term",)),
    Endpoint("POST", "/agents/bulk", create_many, admin=True),
    Endpoint("GET", "/agents", listed, admin=True, query=_QUERY),
    Endpoint("POST", "/agents", create, admin=True),
    Endpoint("GET", "/agents/{id:int}", viewed, admin=True),
    Endpoint("PUT", "/agents/{id:int}", update, admin=True),
    Endpoint("DELETE", "/agents/{id:int}", delete, admin=True),
    Endpoint("GET", "/groups", groups, admin=True, query=_PAGES),
    Endpoint("POST", "/groups", _creator(_OLD, group_view, "/groups"), admin=True),
    Endpoint("GET", "/groups/{id:int}", _viewer(group_view), admin=True),
    Endpoint("PUT", "/groups/{id:int}", _updater(_OLD, group_view), admin=True),
    Endpoint("DELETE", "/groups/{id:int}", delete_group, admin=True),
    Endpoint("GET", "/admin/groups", admin_groups, admin=True, query=_PAGES),
    Endpoint("POST", "/admin/groups", _creator(_NEW, admin_group, "/admin/groups"), admin=True),
    Endpoint("GET", "/admin/groups/{id:int}", _viewer(admin_group), admin=True),
    Endpoint("PUT", "/admin/groups/{id:int}", _updater(_NEW, admin_group), admin=True),
    Endpoint("DELETE", "/admin/groups/{id:int}", delete_group, admin=True),
    Endpoint("GET", "/admin/groups/{id:int}/agents", group_agents, admin=True, query=_PAGES),
    Endpoint("PATCH", "/admin/groups/{id:int}/agents", change_group_agents, admin=True),
)
