"""Contacts, companies, agents and groups (reference 6.1 to 6.4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from deskbridge.sandbox.freshdesk import rules, show
from deskbridge.sandbox.freshdesk.form import Form, Problems, Rule, instant, invalid
from deskbridge.sandbox.freshdesk.records import Company, User
from deskbridge.sandbox.freshdesk.state import Account
from deskbridge.sandbox.freshdesk.wire import Call, Endpoint, created, not_allowed, not_found, paged
from deskbridge.sandbox.kernel import reply

_CONTACT = {
    "name": Rule(null=False, longest=255),
    "email": Rule("email"),
    "other_emails": Rule("emails"),
    "phone": Rule(),
    "mobile": Rule(),
    "twitter_id": Rule(),
    "unique_external_id": Rule(),
    "company_id": Rule("integer"),
    "view_all_tickets": Rule("boolean"),
    "address": Rule(),
    "description": Rule(),
    "job_title": Rule(),
    "language": Rule(null=False),
    "time_zone": Rule(null=False),
    "tags": Rule("strings"),
    "custom_fields": Rule("object"),
}
_IDENTITIES = ("email", "phone", "mobile", "twitter_id", "unique_external_id")
_UNIQUE = ("email", "twitter_id", "unique_external_id")
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
}
_PAGES = ("page", "per_page")
_STATES = ("blocked", "deleted", "unverified", "verified")


def contacts(call: Call) -> Response:
    """`GET /contacts`: alphabetical, without the deleted ones."""
    state = call.query.get("state")
    if state is not None and state not in _STATES:
        invalid("state", "It should be one of these values: '" + ",".join(_STATES) + "'")
    rows = [user for user in call.account.users.values() if not user.role and _in_state(user, state)]
    for name in ("email", "phone", "mobile", "company_id"):
        if name in call.query:
            wanted = call.query[name].lower()
            rows = [user for user in rows if str(getattr(user, name) or "").lower() == wanted]
    return paged(
        call, sorted(_since(call, rows), key=lambda user: (user.name.lower(), user.id)), show.contact_row
    )


def _in_state(user: User, state: str | None) -> bool:
    if state == "deleted":
        return user.deleted
    wanted = {None: True, "verified": user.active, "unverified": not user.active, "blocked": False}
    return wanted[state] and not user.deleted


def _since(call: Call, rows: list[Any]) -> list[Any]:
    """Keep what was updated since; older clients write the parameter with an underscore (3.5)."""
    text = call.query.get("updated_since") or call.query.get("_updated_since")
    if text is None:
        return rows
    try:
        since = instant(text)
    except ValueError:
        invalid("updated_since", "It should be in the 'combined date and time ISO8601' format")
    return [row for row in rows if row.updated_at >= since]


def contact(call: Call) -> Response:
    """`GET /contacts/{id}`: an agent is not found here."""
    return reply(show.contact_view(_contact(call)))


def _contact(call: Call) -> User:
    user = call.account.contact(call.id)
    if user is None:
        raise not_found()
    return user


def create_contact(call: Call) -> Response:
    """`POST /contacts`: a duplicate answers 409 and names whose address it is."""
    form = _contact_form(call, None)
    facts = {
        name: value for name, value in form.values.items() if value is not None and name != "custom_fields"
    }
    user = rules.new_contact(call.account, **facts)
    return created(call, show.contact_view(user), f"/contacts/{user.id}")


def update_contact(call: Call) -> Response:
    """`PUT /contacts/{id}`: 405 on a deleted one."""
    user = _contact(call)
    if user.deleted:
        raise not_allowed("PUT")
    form = _contact_form(call, user)
    _assign(user, form, call.account)
    call.account.put_user(user)
    return reply(show.contact_view(user))


def _assign(record: User | Company, form: Form, account: Account) -> None:
    for name, value in form.values.items():
        if name != "custom_fields":
            setattr(
                record, name, [] if value is None and name in ("tags", "other_emails", "domains") else value
            )
    record.updated_at = account.now()


def _contact_form(call: Call, user: User | None) -> Form:
    form = Form(call.body, _CONTACT, multipart=call.multipart)
    if user is None:
        form.require("name")
    has = {name: form.get(name) if name in form else getattr(user, name, None) for name in _IDENTITIES}
    if not any(has.values()):
        text = f"Please fill at least 1 of the following fields - {', '.join(_IDENTITIES)}"
        form.problems.add("email", "missing_field", text)
    if form.get("company_id") is not None and form.get("company_id") not in call.account.companies:
        form.refuse("company_id", "There is no company matching the given company_id")
    _no_custom_fields(form)
    form.end()
    _refuse_duplicates(call.account, form, user)
    return form


def _no_custom_fields(form: Form) -> None:
    """The account defines none, so each key is unknown."""
    for name in form.get("custom_fields") or {}:
        form.problems.add(name, "invalid_field", "Unexpected/invalid field in request")


def _refuse_duplicates(account: Account, form: Form, user: User | None) -> None:
    problems = Problems()
    for name in _UNIQUE:
        owner = _owner(account, name, form.get(name))
        if owner and owner is not user:
            problems.add(
                name, "duplicate_value", "It should be a unique value", additional_info={"user_id": owner.id}
            )
    for address in form.get("other_emails") or []:
        owner = account.by_email(address)
        if owner and owner is not user:
            info = {"user_id": owner.id}
            problems.add(
                "other_emails", "duplicate_value", "It should be a unique value", additional_info=info
            )
    problems.end(409)


def _owner(account: Account, name: str, value: str | None) -> User | None:
    if not value:
        return None
    if name == "email":
        return account.by_email(value)
    return next((user for user in account.users.values() if getattr(user, name) == value), None)


def delete_contact(call: Call) -> Response:
    """`DELETE /contacts/{id}`: soft; the tickets stay."""
    user = _contact(call)
    if user.deleted:
        raise not_allowed("DELETE")
    user.deleted, user.updated_at = True, call.account.now()
    return reply(status=204)


def restore_contact(call: Call) -> Response:
    """`PUT /contacts/{id}/restore`."""
    user = _contact(call)
    if not user.deleted:
        raise not_found()
    user.deleted, user.updated_at = False, call.account.now()
    return reply(status=204)


def companies(call: Call) -> Response:
    """`GET /companies`."""
    rows = sorted(
        _since(call, list(call.account.companies.values())), key=lambda company: company.name.lower()
    )
    return paged(call, rows, show.company_row)


def company(call: Call) -> Response:
    """`GET /companies/{id}`."""
    return reply(show.company_row(_company(call)))


def _company(call: Call) -> Company:
    found = call.account.companies.get(call.id)
    if found is None:
        raise not_found()
    return found


def create_company(call: Call) -> Response:
    """`POST /companies`."""
    form = _company_form(call, None)
    now = call.account.now()
    made = Company(call.account.new_id(), form.get("name"), now, now)
    _assign(made, form, call.account)
    call.account.companies[made.id] = made
    return created(call, show.company_row(made), f"/companies/{made.id}")


def update_company(call: Call) -> Response:
    """`PUT /companies/{id}`."""
    found = _company(call)
    _assign(found, _company_form(call, found), call.account)
    return reply(show.company_row(found))


def _company_form(call: Call, own: Company | None) -> Form:
    form = Form(call.body, _COMPANY, multipart=call.multipart)
    if own is None:
        form.require("name")
    form.one_of("health_score", ("At risk", "Doing okay", "Happy"))
    form.one_of("account_tier", ("Basic", "Premium", "Enterprise"))
    _no_custom_fields(form)
    form.end()
    if form.get("domains"):
        form.values["domains"] = [domain.lower() for domain in form.get("domains")]
    _refuse_taken(call.account, form.values, own)
    return form


def _refuse_taken(account: Account, values: Mapping[str, Any], own: Company | None) -> None:
    problems = Problems()
    for other in account.companies.values():
        if other is not own and other.name.lower() == str(values.get("name", "")).lower():
            problems.add("name", "duplicate_value", "It should be a unique value")
        if other is not own and set(other.domains) & set(values.get("domains") or []):
            problems.add("domains", "duplicate_value", "It is owned by another company")
    problems.end(409)


def me(call: Call) -> Response:
    """`GET /agents/me`: for every agent; verifies the key and tells whose it is."""
    return reply(show.agent_view(call.account, call.agent))


def agents(call: Call) -> Response:
    """`GET /agents`."""
    rows = call.account.agents()
    for name in ("email", "phone", "mobile"):
        if name in call.query:
            rows = [user for user in rows if (getattr(user, name) or "").lower() == call.query[name].lower()]
    if call.query.get("state", "fulltime") not in ("fulltime", "occasional"):
        invalid("state", "It should be one of these values: 'fulltime,occasional'")
    return paged(
        call,
        [] if call.query.get("state") == "occasional" else rows,
        lambda user: show.agent_row(call.account, user),
    )


def agent(call: Call) -> Response:
    """`GET /agents/{id}`."""
    found = call.account.agent(call.id)
    if found is None:
        raise not_found()
    return reply(show.agent_view(call.account, found))


def groups(call: Call) -> Response:
    """`GET /groups`."""
    return paged(call, list(call.account.groups.values()), show.group_row)


def group(call: Call) -> Response:
    """`GET /groups/{id}`."""
    found = call.account.groups.get(call.id)
    if found is None:
        raise not_found()
    return reply(show.group_view(call.account, found))


def autocompleted(call: Call) -> Response:
    """`GET /contacts/autocomplete`, `/agents/autocomplete`: by the beginning of a word of the name."""
    term = call.query.get("term", "").lower()
    if not term:
        invalid("term", "Mandatory attribute missing", "missing_field")
    want_agents = "/agents/" in call.request.url.path
    rows = [
        user for user in call.account.users.values() if bool(user.role) == want_agents and not user.deleted
    ]
    hits = [user for user in rows if any(word.startswith(term) for word in user.name.lower().split())]
    return reply([{"id": user.id, "name": user.name} for user in hits])


_CONTACT_QUERY = (
    "email",
    "mobile",
    "phone",
    "company_id",
    "state",
    "updated_since",
    "_updated_since",
    *_PAGES,
)

ENDPOINTS = (
    Endpoint("GET", "/contacts", contacts, bucket="contacts list", query=_CONTACT_QUERY),
    Endpoint("POST", "/contacts", create_contact),
    Endpoint("GET", "/contacts/autocomplete", autocompleted, query=("term",)),
    Endpoint("GET", "/contacts/{id:int}", contact),
    Endpoint("PUT", "/contacts/{id:int}", update_contact),
    Endpoint("DELETE", "/contacts/{id:int}", delete_contact),
    Endpoint("PUT", "/contacts/{id:int}/restore", restore_contact, bodiless=True),
    Endpoint("GET", "/companies", companies, query=("updated_since", *_PAGES)),
    Endpoint("POST", "/companies", create_company),
    Endpoint("GET", "/companies/{id:int}", company),
    Endpoint("PUT", "/companies/{id:int}", update_company),
    Endpoint("GET", "/agents/me", me),
    Endpoint("GET", "/agents/autocomplete", autocompleted, query=("term",)),
    Endpoint("GET", "/agents", agents, admin=True, query=("email", "mobile", "phone", "state", *_PAGES)),
    Endpoint("GET", "/agents/{id:int}", agent, admin=True),
    Endpoint("GET", "/groups", groups, admin=True, query=_PAGES),
    Endpoint("GET", "/groups/{id:int}", group, admin=True),
)
