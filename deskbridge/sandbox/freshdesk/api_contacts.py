"""Contacts: list, view, create, update, trash, merge, make agent, export, import (reference 6.1)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

from starlette.responses import Response

from deskbridge.sandbox.freshdesk import agents, fieldsets, mails, rules
from deskbridge.sandbox.freshdesk.form import Form, Problems, Rule, instant, invalid
from deskbridge.sandbox.freshdesk.persons import User
from deskbridge.sandbox.freshdesk.show_people import contact_row, contact_view, made_agent
from deskbridge.sandbox.freshdesk.state import Account
from deskbridge.sandbox.freshdesk.wire import Call, Endpoint, created, denied, not_allowed, not_found, paged
from deskbridge.sandbox.freshdesk.zones import LANGUAGES, ZONES
from deskbridge.sandbox.kernel import Refused, reply

_OTHER_COMPANY = {"company_id": Rule("integer", null=False), "view_all_tickets": Rule("boolean")}
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
    "other_companies": Rule("objects", inside=_OTHER_COMPANY, closed=True),
    "address": Rule(),
    "avatar": Rule("file"),
    "description": Rule(),
    "job_title": Rule(),
    "language": Rule(null=False),
    "time_zone": Rule(null=False),
    "tags": Rule("strings"),
    "custom_fields": Rule("object"),
    "lookup_parameter": Rule(),
}
_MERGED = {
    "email": Rule("email"),
    "phone": Rule(),
    "mobile": Rule(),
    "twitter_id": Rule(),
    "unique_external_id": Rule(),
    "other_emails": Rule("emails"),
    "company_ids": Rule("integers"),
}
_MERGE = {
    "primary_contact_id": Rule("integer", null=False),
    "secondary_contact_ids": Rule("integers", null=False),
    "contact": Rule("object"),
}
_IDENTITIES = ("email", "phone", "mobile", "twitter_id", "unique_external_id")
_UNIQUE = ("email", "twitter_id", "unique_external_id")
_LISTS = ("tags", "other_emails", "other_companies")
_PAGES = ("page", "per_page")
_STATES = ("blocked", "deleted", "unverified", "verified")
_PICTURES = (".jpg", ".jpeg", ".jpe", ".png")
_LARGEST_PICTURE = 5 * 1024 * 1024
_FILTERS = (
    "email",
    "mobile",
    "phone",
    "company_id",
    "state",
    "contact_type",
    "updated_since",
    "_updated_since",
)


def listed(call: Call) -> Response:
    """`GET /contacts`: alphabetical, without the deleted and the blocked ones."""
    call.page()
    users = call.account.users
    return paged(call, _rows(call), lambda number: contact_row(call.account, users[number]))


def _rows(call: Call) -> Sequence[int]:
    state = call.query.get("state")
    if state is not None and state not in _STATES:
        invalid("state", "It should be one of these values: '" + ",".join(_STATES) + "'")
    if call.query.get("contact_type", "contact") not in ("contact", "visitor"):
        invalid("contact_type", "It should be one of these values: 'contact,visitor'")
    since = since_of(call)
    people, filters = call.account.people, {name: call.query[name] for name in _FILTERS if name in call.query}
    if not filters:
        return people.contacts()

    def chosen() -> list[int]:
        users = (call.account.users[number] for number in _candidates(call, state))
        found = [user.id for user in users if _in_state(user, state) and _matches(user, filters)]
        return [number for number in found if since is None or call.account.users[number].updated_at >= since]

    return call.account.cursors.rows(("contacts", *filters.items()), people.version, chosen)


def _candidates(call: Call, state: str | None) -> Sequence[int]:
    if state in ("deleted", "blocked"):
        rows = [user for user in call.account.users.values() if not user.role and getattr(user, state)]
        return [user.id for user in sorted(rows, key=lambda user: (user.name.lower(), user.id))]
    return call.account.people.contacts()[:]


def _in_state(user: User, state: str | None) -> bool:
    return user.active is (state == "verified") if state in ("verified", "unverified") else True


def _matches(user: User, filters: dict[str, str]) -> bool:
    wanted = {
        name: filters[name].lower() for name in ("email", "phone", "mobile", "company_id") if name in filters
    }
    same = all(str(getattr(user, name) or "").lower() == value for name, value in wanted.items())
    return same and filters.get("contact_type") != "visitor"


def since_of(call: Call) -> Any:
    """Return the asked `updated_since`; older clients write it with an underscore (3.5)."""
    text = call.query.get("updated_since") or call.query.get("_updated_since")
    if text is None:
        return None
    try:
        return instant(text)
    except ValueError:
        invalid("updated_since", "It should be in the 'combined date and time ISO8601' format")


def viewed(call: Call) -> Response:
    """`GET /contacts/{id}`: an agent is not found here."""
    return reply(contact_view(call.account, _contact(call)))


def _contact(call: Call) -> User:
    user = call.account.contact(call.id)
    if user is None:
        raise not_found()
    return user


def _present(call: Call) -> User:
    """Return the contact in the path; a deleted or blocked one takes no writes: 405 (1.2)."""
    user = _contact(call)
    if user.deleted or user.blocked:
        raise not_allowed(call.request.method)
    return user


def create(call: Call) -> Response:
    """`POST /contacts`: a duplicate answers 409 and names whose address it is."""
    form = _form(call, None)
    user = rules.new_contact(call.account, name=form.get("name"), **_first(form))
    _assign(call.account, user, form)
    return created(call, contact_view(call.account, user), f"/contacts/{user.id}")


def _first(form: Form) -> dict[str, Any]:
    """Return what decides of which company a contact is."""
    return {name: form.get(name) for name in ("email", "company_id") if form.get(name) is not None}


def update(call: Call) -> Response:
    """`PUT /contacts/{id}`: 405 on a deleted one."""
    user = _present(call)
    _assign(call.account, user, _form(call, user))
    return reply(contact_view(call.account, user))


def _assign(account: Account, user: User, form: Form) -> None:
    for name, value in form.values.items():
        if name == "custom_fields":
            user.custom_fields = user.custom_fields | (value or {})
        elif name == "avatar":
            user.avatar = account.save(value) if value else None
        elif name == "other_companies":
            user.other_companies = [{"view_all_tickets": False} | other for other in value or []]
        elif name != "lookup_parameter":
            setattr(user, name, [] if value is None and name in _LISTS else value)
    user.updated_at = account.now()
    account.put_user(user)


def _form(call: Call, user: User | None) -> Form:
    form, account = Form(call.body, _CONTACT, multipart=call.multipart), call.account
    if user is None:
        form.require("name")
    has = [form.get(name) if name in form else getattr(user, name, None) for name in _IDENTITIES]
    if not any(has):
        text = f"Please fill at least 1 of the following fields - {', '.join(_IDENTITIES)}"
        form.problems.add("email", "missing_field", text)
    form.one_of("language", LANGUAGES)
    form.one_of("time_zone", tuple(ZONES))
    _check_companies(account, form)
    _check_avatar(form)
    fieldsets.check(account, "contact_fields", form, user.custom_fields if user else {})
    form.end()
    refuse_duplicates(account, form, (user,))
    return form


def _check_companies(account: Account, form: Form) -> None:
    if form.get("company_id") is not None and form.get("company_id") not in account.companies:
        form.refuse("company_id", "There is no company matching the given company_id")
    if "other_companies" in form and not account.switches.multiple_companies:
        form.problems.add("other_companies", "invalid_field", "Unexpected/invalid field in request")
    for other in [] if form.problems.has("company_id") else form.get("other_companies") or []:
        if other.get("company_id") not in account.companies:
            form.refuse("other_companies", "There is no company matching the given company_id")


def _check_avatar(form: Form) -> None:
    picture = form.get("avatar")
    if picture and PurePath(picture.name).suffix.lower() not in _PICTURES:
        form.refuse("avatar", "It should be one of these file types: '" + ",".join(_PICTURES) + "'")
    if picture and picture.size > _LARGEST_PICTURE:
        form.refuse("avatar", "It can have a size of 5 MB at most")


def refuse_duplicates(account: Account, form: Form, own: Sequence[User | None]) -> None:
    """Refuse with 409 what somebody else has; the answer names who (1.3)."""
    problems = Problems()
    wanted = [(name, name, form.get(name)) for name in _UNIQUE]
    wanted += [("other_emails", "email", address) for address in form.get("other_emails") or []]
    for name, kind, value in wanted:
        owner = account.people.owner(kind, value)
        if owner and owner not in own:
            info = {"user_id": owner.id}
            problems.add(name, "duplicate_value", "It should be a unique value", additional_info=info)
    problems.end(409)


def delete(call: Call) -> Response:
    """`DELETE /contacts/{id}`: soft; the tickets stay."""
    user = _present(call)
    _set_deleted(call.account, user, deleted=True)
    return reply(status=204)


def _set_deleted(account: Account, user: User, *, deleted: bool) -> None:
    user.deleted, user.updated_at = deleted, account.now()
    account.put_user(user)


def hard_delete(call: Call) -> Response:
    """`DELETE /contacts/{id}/hard_delete`: takes the contact's tickets along, for good."""
    user = _contact(call)
    force = call.query.get("force", "false").lower()
    if force not in ("true", "false"):
        invalid("force", "It should be a Boolean", "datatype_mismatch")
    if not user.deleted and force != "true":
        raise Refused(400)
    for number in list(call.account.tickets.of("requester_id", user.id)):
        rules.purge(call.account, call.account.tickets[number])
    for ticket in [t for t in call.account.archive.values() if t.requester_id == user.id]:
        del call.account.archive[ticket.id]
    call.account.people.remove(user)
    call.account.index["contacts"].put(user.id, None)
    return reply(status=204)


def restore(call: Call) -> Response:
    """`PUT /contacts/{id}/restore`."""
    user = _contact(call)
    if not user.deleted:
        raise not_found()
    _set_deleted(call.account, user, deleted=False)
    return reply(status=204)


def invite(call: Call) -> Response:
    """`PUT /contacts/{id}/send_invite`: a mail to the contact."""
    user = _present(call)
    if not user.email:
        text = "An email should be associated with the contact."
        raise Refused(409, {"code": "inconsistent_state", "message": text})
    mails.invited(call.account, user, call.agent.email or "")
    return reply(status=204)


def make_agent(call: Call) -> Response:
    """`PUT /contacts/{id}/make_agent`: the id stays the same."""
    if not call.account.is_admin(call.agent):
        raise denied()
    user = _present(call)
    if not user.email:
        text = "An email should be associated with the contact before converting the contact to an agent."
        raise Refused(409, {"code": "inconsistent_state", "message": text})
    form = agents.checked(call.account, call.body, agents.MAKE, new=False)
    agents.promote(call.account, user, form, form.get("type") or "support_agent")
    return reply(made_agent(call.account, user))


def merge(call: Call) -> Response:
    """`POST /contacts/merge`: the secondary ones' addresses, tickets and all go to the primary."""
    form, account = Form(call.body, _MERGE), call.account
    form.require("primary_contact_id", "secondary_contact_ids")
    ids = [form.get("primary_contact_id"), *(form.get("secondary_contact_ids") or [])]
    users = [user for user in (account.contact(number or 0) for number in ids) if user and not user.deleted]
    if len(users) != len(set(ids)) or len(ids) < 2:
        form.refuse("secondary_contact_ids", "There is no contact matching one of the given ids")
    form.end()
    chosen = Form(form.get("contact") or {}, _MERGED)
    _check_merged(account, chosen, users)
    _merge(account, chosen, users[0], users[1:])
    return reply(status=204)


def _check_merged(account: Account, chosen: Form, users: Sequence[User]) -> None:
    """What two of them have has to be decided by the caller."""
    for name in ("phone", "mobile", "twitter_id", "unique_external_id"):
        if len({getattr(user, name) for user in users} - {None}) > 1:
            chosen.require(name)
    for number in chosen.get("company_ids") or []:
        if number not in account.companies:
            chosen.refuse("company_ids", f"There is no company matching {number}")
    chosen.end()
    refuse_duplicates(account, chosen, users)


def _merge(account: Account, chosen: Form, primary: User, others: Sequence[User]) -> None:
    addresses = [a for user in (primary, *others) for a in (user.email, *user.other_emails) if a]
    for other in others:
        other.email, other.other_emails = None, []
        for number in list(account.tickets.of("requester_id", other.id)):
            ticket = account.tickets[number]
            with account.tickets.moving(ticket):
                ticket.requester_id = primary.id
        for name in ("phone", "mobile", "twitter_id", "unique_external_id"):
            setattr(primary, name, getattr(primary, name) or getattr(other, name))
            setattr(other, name, None)
        _set_deleted(account, other, deleted=True)
    primary.email = chosen.get("email") or primary.email or next(iter(addresses), None)
    kept = chosen.get("other_emails") or [address for address in addresses if address != primary.email]
    primary.other_emails = list(dict.fromkeys(kept))
    for name in ("phone", "mobile", "twitter_id", "unique_external_id"):
        if chosen.get(name):
            setattr(primary, name, chosen.get(name))
    if companies := chosen.get("company_ids"):
        primary.company_id = companies[0]
        primary.other_companies = [{"company_id": n, "view_all_tickets": False} for n in companies[1:]]
    primary.updated_at = account.now()
    account.put_user(primary)


def autocompleted(call: Call) -> Response:
    """`GET /contacts/autocomplete`: by the beginning of a word of the name."""
    rows = [call.account.users[number] for number in call.account.people.contacts()[:]]
    return reply([{"id": user.id, "name": user.name} for user in begun(call, "term", rows)])


def begun(call: Call, name: str, rows: Sequence[Any]) -> list[Any]:
    """Return those of `rows` in whose name a word begins with what the query asks for (3.4)."""
    term = call.query.get(name, "").lower()
    if not term:
        invalid(name, "Mandatory attribute missing", "missing_field")
    return [row for row in rows if any(word.startswith(term) for word in row.name.lower().split())]


_ONE = "/contacts/{id:int}"
ENDPOINTS = (
    Endpoint("GET", "/contacts", listed, bucket="contacts list", query=(*_FILTERS, *_PAGES)),
    Endpoint("POST", "/contacts", create),
    Endpoint("POST", "/contacts/merge", merge),
    Endpoint("GET", "/contacts/autocomplete", autocompleted, query=("term",)),
    Endpoint("GET", _ONE, viewed),
    Endpoint("PUT", _ONE, update),
    Endpoint("DELETE", _ONE, delete),
    Endpoint("DELETE", _ONE + "/hard_delete", hard_delete, query=("force",)),
    Endpoint("PUT", _ONE + "/restore", restore, bodiless=True),
    Endpoint("PUT", _ONE + "/send_invite", invite, bodiless=True),
    Endpoint("PUT", _ONE + "/make_agent", make_agent),
)
