"""Automation rules: list, view, create, update, delete (reference 6.15)."""

from __future__ import annotations

import dataclasses
from typing import Any

from starlette.responses import Response

from deskbridge.sandbox.freshdesk import automation, fields, ruling
from deskbridge.sandbox.freshdesk.events import EVENTS
from deskbridge.sandbox.freshdesk.form import Form, Rule
from deskbridge.sandbox.freshdesk.setup import AutomationRule
from deskbridge.sandbox.freshdesk.show import stamp
from deskbridge.sandbox.freshdesk.state import Account
from deskbridge.sandbox.freshdesk.wire import Call, Endpoint, created, not_found
from deskbridge.sandbox.kernel import Refused, reply

_PROPERTY = {"resource_type": Rule(), "field_name": Rule(), "operator": Rule()}
_CONDITION = {"name": Rule(), "match_type": Rule(), "properties": Rule("objects", inside=_PROPERTY)}
_ACTION = dict.fromkeys(("field_name", "request_type", "url", "content_type", "api_key"), Rule())
_LOGIN = {"username": Rule(null=False), "password": Rule(null=False)}
_ACTION |= {"custom_headers": Rule("object"), "auth_header": Rule("object", inside=_LOGIN)}
_TAKES = {
    "name": Rule(null=False, longest=255),
    "description": Rule(),
    "position": Rule("integer", null=False),
    "active": Rule("boolean", null=False),
    "performer": Rule("object", inside={"type": Rule("number", null=False), "members": Rule("list")}),
    "events": Rule("objects", inside={"field_name": Rule(null=False)}),
    "conditions": Rule("objects", inside=_CONDITION),
    "operator": Rule(),
    "actions": Rule("objects", null=False, inside=_ACTION),
}
_TYPES = (automation.CREATION, automation.HOURLY, automation.UPDATE)
_WEBHOOK = ("request_type", "url", "content_type", "content_layout", "content")
_VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_CONTENT_TYPES = ("JSON", "XML", "X-FORM-URLENCODED")
_EMPTY_SET = {"name": "condition_set_1", "match_type": "all", "properties": []}
_BROKEN = {"code": "internal_error", "message": "We're sorry, but something went wrong."}


def listed(call: Call) -> Response:
    """`GET /automations/{type}/rules`."""
    rows = automation.by_position(call.account, _kind(call), active=False)
    meta = {"count": len(rows), "cascading_rules": call.account.switches.all_rules}
    return reply({"rules": [_row(rule) for rule in rows], "meta": meta})


def viewed(call: Call) -> Response:
    """`GET /automations/{type}/rules/{id}`."""
    return reply(_row(_rule(call)))


def create(call: Call) -> Response:
    """`POST /automations/{type}/rules`: this is how a webhook is installed."""
    kind, account, now = _kind(call), call.account, call.account.now()
    form = _checked(call, kind, None)
    rule = AutomationRule(account.new_id(), kind, form.get("name"), form.get("actions"), [], now, now)
    rule.position = len(automation.by_position(account, kind, active=False)) + 1
    account.rules[rule.id] = rule
    _assign(call, rule, form)
    if kind == automation.HOURLY and not any(entry[2] == "hourly" for entry in account.agenda):
        account.soon(3600, "hourly", None)
    return created(call, _row(rule) | _meta(account, kind), f"/automations/{kind}/rules/{rule.id}")


def update(call: Call) -> Response:
    """`PUT /automations/{type}/rules/{id}`."""
    rule = _rule(call)
    _assign(call, rule, _checked(call, rule.automation_type_id, rule))
    return reply(_row(rule) | _meta(call.account, rule.automation_type_id))


def delete(call: Call) -> Response:
    """`DELETE /automations/{type}/rules/{id}`: retries of its webhooks end as well."""
    del call.account.rules[_rule(call).id]
    return reply(status=204)


def _kind(call: Call) -> int:
    kind = int(call.request.path_params["kind"])
    if kind not in _TYPES:
        raise not_found()
    return kind


def _rule(call: Call) -> AutomationRule:
    rule = call.account.rules.get(call.id)
    if rule is None or rule.automation_type_id != _kind(call):
        raise not_found()
    return rule


def _row(rule: AutomationRule) -> dict[str, Any]:
    """Return a rule; one without conditions shows an empty set of them."""
    row = {f.name: getattr(rule, f.name) for f in dataclasses.fields(rule)}
    row["conditions"] = rule.conditions or [_EMPTY_SET]
    if rule.automation_type_id != automation.UPDATE:
        row.pop("performer")
        row.pop("events")
    summary = {"conditions": {}, "actions": [str(action["field_name"]) for action in rule.actions]}
    times = {"created_at": stamp(rule.created_at), "updated_at": stamp(rule.updated_at)}
    return row | times | {"outdated": False, "affected_tickets_count": None, "summary": summary}


def _meta(account: Account, kind: int) -> dict[str, Any]:
    counts = [len(automation.by_position(account, kind, active=active)) for active in (True, False)]
    return {"meta": {"total_active_count": counts[0], "total_count": counts[1]}}


def _assign(call: Call, rule: AutomationRule, form: Form) -> None:
    for name, value in form.values.items():
        setattr(rule, name, [] if value is None and name in ("events", "conditions") else value)
    rule.updated_at, rule.last_updated_by = call.account.now(), call.agent.id


def _checked(call: Call, kind: int, own: AutomationRule | None) -> Form:
    form = Form(call.body, _TAKES)
    form.end()
    if own is None:
        form.require("name", "actions")
        if "conditions" not in form and kind != automation.UPDATE:
            form.require("conditions")
    if kind == automation.UPDATE:
        _check_update(call.account, form, own)
    else:
        for name in ("performer", "events"):
            if name in form:
                form.problems.add(name, "invalid_field", "Unexpected/invalid field in request")
    _check_conditions(call.account, form)
    _check_actions(form)
    form.end()
    _refuse_taken(call.account, form, kind, own)
    return form


def _check_update(account: Account, form: Form, own: AutomationRule | None) -> None:
    if own is None:
        form.require("performer", "events")
    performer = form.get("performer")
    if performer is not None and performer.get("type") not in (1, 2, 3, 4):
        form.refuse("performer", "It should be one of these values: '1,2,3,4'")
    members = (performer or {}).get("members") or []
    if any(not str(member).isdigit() or not account.agent(int(member)) for member in members):
        form.refuse("performer", "There is no agent matching one of the members")
    known = EVENTS | set(fields.custom_names(account))
    for event in form.get("events") or []:
        if event.get("field_name") not in known:
            raise _not_played("the event", event.get("field_name"))


def _check_conditions(account: Account, form: Form) -> None:
    for condition in form.get("conditions") or []:
        if condition.get("match_type", "all") not in ("all", "any"):
            form.refuse("conditions", "match_type should be one of these values: 'all,any'")
        for part in condition.get("properties") or []:
            if not part.get("field_name"):
                form.refuse("conditions", "field_name is missing")
            elif part.get("operator") not in automation.OPERATORS:
                raise _not_played("the operator", part.get("operator"))


def _check_actions(form: Form) -> None:
    """Note what is wrong in the actions. An incomplete webhook is a 500 there, and here (6.15)."""
    for action in form.get("actions") or []:
        name = action.get("field_name")
        if name == "trigger_webhook":
            if any(not action.get(part) for part in _WEBHOOK):
                raise Refused(500, _BROKEN)
            _check_webhook(form, action)
        elif name is None:
            form.refuse("actions", "field_name is missing")
        elif name not in ruling.ACTIONS:
            raise _not_played("the action", name)


def _check_webhook(form: Form, action: dict[str, Any]) -> None:
    allowed = {"request_type": _VERBS, "content_type": _CONTENT_TYPES, "content_layout": ("1", "2")}
    for part, values in allowed.items():
        if str(action[part]).upper() not in values:
            form.refuse(part, "It should be one of these values: '" + ",".join(values) + "'")
    if not str(action["url"]).startswith(("http://", "https://")):
        form.refuse("url", "It should be in the 'valid url' format")


def _refuse_taken(account: Account, form: Form, kind: int, own: AutomationRule | None) -> None:
    name = str(form.get("name") or "").lower()
    others = automation.by_position(account, kind, active=False)
    if any(rule is not own and rule.name.lower() == name for rule in others):
        form.problems.add("name", "duplicate_value", "It should be a unique value")
        form.problems.end(409)


def _not_played(what: str, name: object) -> Refused:
    return Refused(501, {"sandbox": f"the freshdesk sandbox does not know {what} {name!r} of a rule"})


_ALL, _ONE = "/automations/{kind:int}/rules", "/automations/{kind:int}/rules/{id:int}"
ENDPOINTS = (
    Endpoint("GET", _ALL, listed, admin=True, query=("page", "per_page")),
    Endpoint("POST", _ALL, create, admin=True),
    Endpoint("GET", _ONE, viewed, admin=True),
    Endpoint("PUT", _ONE, update, admin=True),
    Endpoint("DELETE", _ONE, delete, admin=True),
)
