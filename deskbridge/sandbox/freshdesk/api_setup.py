"""How the account is set up: fields, hours, policies, forms, the account itself (reference 6.5 to 6.8)."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from deskbridge.sandbox.freshdesk import admin_fields, fields, hours, show
from deskbridge.sandbox.freshdesk.form import Form, Rule, invalid
from deskbridge.sandbox.freshdesk.setup import Calendar, Policy, TicketField
from deskbridge.sandbox.freshdesk.show import stamp
from deskbridge.sandbox.freshdesk.state import Account
from deskbridge.sandbox.freshdesk.wire import Call, Endpoint, created, not_found, paged
from deskbridge.sandbox.kernel import reply

_PAGES = ("page", "per_page")
_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_POLICY = {
    "name": Rule(null=False),
    "description": Rule(),
    "active": Rule("boolean", null=False),
    "is_default": Rule("boolean", null=False),
    "position": Rule("integer", null=False),
    "sla_target": Rule("object", null=False),
    "applicable_to": Rule("object", null=False),
    "escalation": Rule("object"),
}
_TARGET = {
    "respond_within": Rule("integer", null=False),
    "next_respond_within": Rule("integer"),
    "resolve_within": Rule("integer", null=False),
    "business_hours": Rule("boolean", null=False),
    "escalation_enabled": Rule("boolean", null=False),
}
_APPLICABLE = {
    "company_ids": Rule("integers"),
    "group_ids": Rule("integers"),
    "sources": Rule("integers"),
    "ticket_types": Rule("strings"),
    "product_ids": Rule("integers"),
}
_PRIORITIES = ("priority_4", "priority_3", "priority_2", "priority_1")


def ticket_fields(call: Call) -> Response:
    """`GET /ticket_fields`: for every agent."""
    wanted = call.query.get("type")
    rows = [f for f in call.account.fields if wanted in (None, f.type)]
    return reply([fields.row(call.account, f) for f in sorted(rows, key=lambda f: f.position)])


def business_hours(call: Call) -> Response:
    """`GET /business_hours`."""
    return paged(call, call.account.calendars, lambda calendar: _calendar(call.account, calendar))


def business_hour(call: Call) -> Response:
    """`GET /business_hours/{id}`."""
    for calendar in call.account.calendars:
        if calendar.id == call.id:
            return reply(_calendar(call.account, calendar))
    raise not_found()


def _calendar(account: Account, calendar: Calendar) -> dict[str, Any]:
    """Return a calendar; a weekday without hours is missing, holidays are not told at all (6.7)."""
    long = account.switches.hours_as_documented
    shown = {
        _WEEK[day]: {
            "start_time": hours.clock_text(first, long=long),
            "end_time": hours.clock_text(last, long=long),
        }
        for day, (first, last) in sorted(calendar.hours.items())
    }
    return {
        "id": calendar.id,
        "name": calendar.name,
        "description": calendar.description,
        "is_default": calendar.is_default,
        "time_zone": calendar.time_zone,
        "business_hours": shown,
        "created_at": stamp(calendar.created_at),
        "updated_at": stamp(calendar.created_at),
    }


def sla_policies(call: Call) -> Response:
    """`GET /sla_policies`: in the order in which they are tried."""
    rows = sorted(call.account.policies, key=lambda policy: (policy.is_default, policy.position, policy.id))
    return paged(call, rows, show.policy)


def create_policy(call: Call) -> Response:
    """`POST /sla_policies`: all four priorities, and at least one key that narrows it."""
    form, account = _policy_form(call, None), call.account
    now, last = account.now(), max((policy.position for policy in account.policies), default=0)
    made = Policy(
        account.new_id(), form.get("name"), None, form.get("sla_target"), form.get("applicable_to"), now, now
    )
    made.position = last + 1
    account.policies.append(made)
    _assign(account, made, form)
    return created(call, show.policy(made), f"/sla_policies/{made.id}")


def update_policy(call: Call) -> Response:
    """`PUT /sla_policies/{id}`; there is no call that deletes one."""
    for policy in call.account.policies:
        if policy.id == call.id:
            _assign(call.account, policy, _policy_form(call, policy))
            return reply(show.policy(policy))
    raise not_found()


def _assign(account: Account, policy: Policy, form: Form) -> None:
    for name, value in form.values.items():
        setattr(policy, name, value or {} if name == "escalation" else value)
    policy.updated_at = account.now()


def _policy_form(call: Call, own: Policy | None) -> Form:
    form, account = Form(call.body, _POLICY), call.account
    if own is None:
        form.require("name", "sla_target")
    narrowed = form.get("applicable_to")
    if not (own and own.is_default) and not any((narrowed or {}).values()):
        form.problems.add("applicable_to", "missing_field", "Mandatory attribute missing")
    if narrowed:
        Form(narrowed, _APPLICABLE).end()
    if form.get("is_default") and not (own and own.is_default):
        form.refuse("is_default", "There is a default policy already")
    if form.get("sla_target") is not None:
        _check_targets(account, form, own)
    form.end()
    if form.get("sla_target") is not None:
        present = own.sla_target if own else {}
        form.values["sla_target"] = {n: form.get("sla_target").get(n, present.get(n)) for n in _PRIORITIES}
    return form


def _check_targets(account: Account, form: Form, own: Policy | None) -> None:
    targets, least = form.get("sla_target"), account.switches.sla_minimum
    missing = [name for name in _PRIORITIES if name not in targets and own is None]
    unknown = sorted(set(targets) - set(_PRIORITIES))
    for name in missing:
        form.problems.add(name, "missing_field", "Mandatory attribute missing")
    for name in unknown:
        form.problems.add(name, "invalid_field", "Unexpected/invalid field in request")
    for name in set(targets) - set(unknown):
        if not isinstance(targets[name], dict):
            invalid(name, "Value set should be a/an key/value pair", "datatype_mismatch")
        target = Form(targets[name], _TARGET)
        target.require("respond_within", "resolve_within")
        for part in ("business_hours", "escalation_enabled"):
            if part not in target:
                target.problems.add(part, "missing_field", "Mandatory attribute missing")
        for part in ("respond_within", "next_respond_within", "resolve_within"):
            value = target.get(part)
            if value is not None and (value % 60 or value < least):
                target.refuse(part, f"It should be a multiple of 60 and at least {least}")
        target.end()
        targets[name] = {"next_respond_within": None} | target.values


def ticket_forms(call: Call) -> Response:
    """`GET /ticket-forms`."""
    return paged(call, list(call.account.shelves["ticket_forms"].values()), dict)


def ticket_form(call: Call) -> Response:
    """`GET /ticket-forms/{id}`: with its fields."""
    row = _form_row(call)
    return reply(row | {"fields": [_form_field(call.account, f) for f in call.account.fields]})


def form_field(call: Call) -> Response:
    """`GET /ticket-forms/{id}/fields/{field}`."""
    _form_row(call)
    for f in call.account.fields:
        if f.id == int(call.request.path_params["field"]):
            return reply(_form_field(call.account, f))
    raise not_found()


def _form_row(call: Call) -> dict[str, Any]:
    row = call.account.shelves["ticket_forms"].get(call.id)
    if row is None:
        raise not_found()
    return row


def _form_field(account: Account, f: TicketField) -> dict[str, Any]:
    """Return a field as forms show it: times are written in another way here (6.6)."""
    row = admin_fields.row(account, f, whole=False) | {"archived": False}
    row |= {"hint_for_customers": None, "placeholder_for_customers": None}
    times = {name: row[name].replace("T", " ").removesuffix("Z") for name in ("created_at", "updated_at")}
    return row | times


def account_facts(call: Call) -> Response:
    """`GET /account`: tells the plan, from which a client guesses the limits."""
    staff = [agent.role for agent in call.account.agents() if agent.role]
    seats = {"full_time": sum(not role.occasional for role in staff), "occasional": 0, "field_service": 0}
    seats["occasional"] = len(staff) - seats["full_time"]
    return reply(
        {
            "organisation_id": 1,
            "organisation_name": "harbour.myfreshworks.example",
            "account_id": 1,
            "account_name": "Harbour Support",
            "account_domain": "harbour.freshdesk.example",
            "bundle_id": None,
            "hipaa_compliant": False,
            "total_agents": seats | {"collaborators": 0},
            "timezone": "UTC",
            "data_center": "US",
            "tier_type": call.account.plan.capitalize(),
            "address": {"country": None, "state": None, "city": None, "street": None, "postalcode": None},
            "contact_person": {"firstname": "Noor", "lastname": "Haddad", "email": "noor@harbour.example"},
        }
    )


def helpdesk_settings(call: Call) -> Response:
    """`GET /settings/helpdesk`."""
    return reply({"primary_language": "en", "supported_languages": [], "portal_languages": []})


ENDPOINTS = (
    Endpoint("GET", "/ticket_fields", ticket_fields, query=("type", *_PAGES)),
    Endpoint("GET", "/business_hours", business_hours, admin=True, query=_PAGES),
    Endpoint("GET", "/business_hours/{id:int}", business_hour, admin=True),
    Endpoint("GET", "/sla_policies", sla_policies, admin=True, query=_PAGES),
    Endpoint("POST", "/sla_policies", create_policy, admin=True),
    Endpoint("PUT", "/sla_policies/{id:int}", update_policy, admin=True),
    Endpoint("GET", "/ticket-forms", ticket_forms, admin=True, query=("include", *_PAGES)),
    Endpoint("GET", "/ticket-forms/{id:int}", ticket_form, admin=True),
    Endpoint("GET", "/ticket-forms/{id:int}/fields/{field:int}", form_field, admin=True),
    Endpoint("GET", "/account", account_facts, admin=True),
    Endpoint("GET", "/settings/helpdesk", helpdesk_settings),
)
