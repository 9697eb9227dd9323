"""Companies (reference 6.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from deskbridge.sandbox.freshdesk import fieldsets
from deskbridge.sandbox.freshdesk.api_contacts import begun, since_of
from deskbridge.sandbox.freshdesk.form import Form, Problems, Rule
from deskbridge.sandbox.freshdesk.persons import Company
from deskbridge.sandbox.freshdesk.show_people import company_row
from deskbridge.sandbox.freshdesk.state import Account
from deskbridge.sandbox.freshdesk.wire import Call, Endpoint, created, not_found, paged
from deskbridge.sandbox.kernel import reply

_COMPANY = {
    "name": Rule(null=False, longest=255),
    "description": Rule(),
    "note": Rule(),
    "domains": Rule("strings"),
    "health_score": Rule(),
    "account_tier": Rule(),
    "renewal_date": Rule("time"),
    "industry": Rule(),
    "custom_fields": Rule("object"),
    "lookup_parameter": Rule(),
}
_PAGES = ("page", "per_page")


def listed(call: Call) -> Response:
    """`GET /companies`: alphabetical."""
    since = since_of(call)
    rows = [c for c in call.account.companies.values() if since is None or c.updated_at >= since]
    ordered = sorted(rows, key=lambda company: (company.name.lower(), company.id))
    return paged(call, ordered, lambda company: company_row(call.account, company))


def viewed(call: Call) -> Response:
    """`GET /companies/{id}`."""
    return reply(company_row(call.account, _company(call)))


def _company(call: Call) -> Company:
    found = call.account.companies.get(call.id)
    if found is None:
        raise not_found()
    return found


def create(call: Call) -> Response:
    """`POST /companies`."""
    form = _form(call, None)
    now = call.account.now()
    made = Company(call.account.new_id(), form.get("name"), now, now)
    call.account.companies[made.id] = made
    _assign(call.account, made, form)
    return created(call, company_row(call.account, made), f"/companies/{made.id}")


def update(call: Call) -> Response:
    """`PUT /companies/{id}`."""
    found = _company(call)
    _assign(call.account, found, _form(call, found))
    return reply(company_row(call.account, found))


def delete(call: Call) -> Response:
    """`DELETE /companies/{id}`: final; its people and tickets stay, of no company."""
    company, account = _company(call), call.account
    del account.companies[company.id]
    for user in [user for user in account.users.values() if user.company_id == company.id]:
        user.company_id = None
        account.put_user(user)
    for number in list(account.tickets.of("company_id", company.id)):
        with account.tickets.moving(account.tickets[number]):
            account.tickets[number].company_id = None
    account.index["companies"].put(company.id, None)
    return reply(status=204)


def _assign(account: Account, company: Company, form: Form) -> None:
    for name, value in form.values.items():
        if name == "custom_fields":
            company.custom_fields = company.custom_fields | (value or {})
        elif name != "lookup_parameter":
            setattr(company, name, [] if value is None and name == "domains" else value)
    company.updated_at = account.now()
    account.reindex("companies", company.id)


def _form(call: Call, own: Company | None) -> Form:
    form = Form(call.body, _COMPANY, multipart=call.multipart)
    if own is None:
        form.require("name")
    form.one_of("health_score", fieldsets.HEALTH)
    form.one_of("account_tier", fieldsets.TIERS)
    form.one_of("industry", fieldsets.INDUSTRIES)
    fieldsets.check(call.account, "company_fields", form, own.custom_fields if own else {})
    form.end()
    if form.get("domains"):
        form.values["domains"] = [domain.lower() for domain in form.get("domains")]
    if form.get("renewal_date"):
        form.values["renewal_date"] = form.get("renewal_date").replace(hour=0, minute=0, second=0)
    _refuse_taken(call.account, form.values, own)
    return form


def _refuse_taken(account: Account, values: Mapping[str, Any], own: Company | None) -> None:
    problems = Problems()
    name, domains = str(values.get("name", "")).lower(), set(values.get("domains") or [])
    for other in account.companies.values():
        if other is not own and other.name.lower() == name:
            problems.add("name", "duplicate_value", "It should be a unique value")
        if other is not own and domains & set(other.domains):
            problems.add("domains", "duplicate_value", "It is owned by another company")
    problems.end(409)


def autocompleted(call: Call) -> Response:
    """`GET /companies/autocomplete`: another parameter, another shape than for contacts (3.4)."""
    rows = begun(call, "name", list(call.account.companies.values()))
    return reply({"companies": [{"id": company.id, "name": company.name} for company in rows]})


ENDPOINTS = (
    Endpoint("GET", "/companies", listed, query=("updated_since", *_PAGES)),
    Endpoint("POST", "/companies", create),
    Endpoint("GET", "/companies/autocomplete", autocompleted, query=("name",)),
    Endpoint("GET", "/companies/{id:int}", viewed),
    Endpoint("PUT", "/companies/{id:int}", update),
    Endpoint("DELETE", "/companies/{id:int}", delete),
)
