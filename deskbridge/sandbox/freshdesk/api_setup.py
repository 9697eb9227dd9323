"""How the account is set up: fields, hours, policies, products, roles, mailbox (reference 6)."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from deskbridge.sandbox.freshdesk import fields, show
from deskbridge.sandbox.freshdesk.state import Account
from deskbridge.sandbox.freshdesk.wire import Call, Endpoint, not_found, paged, stamp
from deskbridge.sandbox.kernel import reply

_PAGES = ("page", "per_page")
_WORKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")


def ticket_fields(call: Call) -> Response:
    """`GET /ticket_fields`: for every agent."""
    wanted = call.query.get("type")
    rows = [f for f in call.account.fields if wanted in (None, f.type)]
    return reply([fields.row(call.account, f) for f in rows])


def business_hours(call: Call) -> Response:
    """`GET /business_hours`: hours in the form that real accounts have, not the documented one (6.7)."""
    return paged(call, [_calendar(call.account)], dict)


def business_hour(call: Call) -> Response:
    """`GET /business_hours/{id}`."""
    if call.id != call.account.calendar_id:
        raise not_found()
    return reply(_calendar(call.account))


def _calendar(account: Account) -> dict[str, Any]:
    hours = {"start_time": "8:00 am", "end_time": "5:00 pm"}
    return {
        "id": account.calendar_id,
        "name": "Default",
        "description": "Default Business Calendar",
        "is_default": True,
        "time_zone": "UTC",
        "business_hours": dict.fromkeys(_WORKDAYS, hours),
        "created_at": stamp(account.created_at),
        "updated_at": stamp(account.created_at),
    }


def sla_policies(call: Call) -> Response:
    """`GET /sla_policies`."""
    return paged(call, call.account.policies, show.policy)


def roles(call: Call) -> Response:
    """`GET /roles`."""
    at = stamp(call.account.created_at)
    rows = [
        {"id": id, "name": name, "description": name, "default": True, "created_at": at, "updated_at": at}
        for name, id in call.account.role_ids.items()
    ]
    return paged(call, rows, dict)


def products(call: Call) -> Response:
    """`GET /products`: the account has none."""
    return paged(call, [], dict)


def email_configs(call: Call) -> Response:
    """`GET /email_configs`: the one support address."""
    account = call.account
    row = {
        "id": account.email_config_id,
        "name": "Harbour Support",
        "product_id": None,
        "to_email": account.support_email,
        "reply_email": account.support_email,
        "group_id": None,
        "primary_role": True,
        "active": True,
        "created_at": stamp(account.created_at),
        "updated_at": stamp(account.created_at),
    }
    return paged(call, [row], dict)


def account_facts(call: Call) -> Response:
    """`GET /account`: tells the plan, from which a client guesses the limits."""
    seats = {"full_time": len(call.account.agents()), "occasional": 0, "field_service": 0, "collaborators": 0}
    return reply(
        {
            "organisation_id": 1,
            "account_id": 1,
            "account_name": "Harbour Support",
            "account_domain": "harbour.freshdesk.example",
            "bundle_id": None,
            "hipaa_compliant": False,
            "total_agents": seats,
            "timezone": "UTC",
            "data_center": "US",
            "tier_type": call.account.plan.capitalize(),
            "address": None,
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
    Endpoint("GET", "/roles", roles, admin=True, query=_PAGES),
    Endpoint("GET", "/products", products, admin=True, query=_PAGES),
    Endpoint("GET", "/email_configs", email_configs, admin=True, query=_PAGES),
    Endpoint("GET", "/account", account_facts, admin=True),
    Endpoint("GET", "/settings/helpdesk", helpdesk_settings),
)
