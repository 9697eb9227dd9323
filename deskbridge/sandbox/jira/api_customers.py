"""Customers and organizations (reference, 8.3)."""

from __future__ import annotations

import re
from collections.abc import Callable

from starlette.responses import Response

from deskbridge.sandbox.jira import desk_mails, desk_show, errors, fresh
from deskbridge.sandbox.jira.api_desks import agents_only, desk_of
from deskbridge.sandbox.jira.api_marks import Bag, property_rules
from deskbridge.sandbox.jira.api_request_parts import accounts_of
from deskbridge.sandbox.jira.model import User
from deskbridge.sandbox.jira.permissions import may
from deskbridge.sandbox.jira.records import Desk, Organization
from deskbridge.sandbox.jira.wire import Call, Rule, optional
from deskbridge.sandbox.kernel import reply

LONGEST_NAME = 200
_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


# --- customers ------------------------------------------------------------------------------------


def create_customer(call: Call) -> Response:
    """Make a customer; a known address is refused, without telling whose it is."""
    if not may(call.user, "ADMINISTER"):
        raise errors.desk(403, "Only Jira administrators can create customers.", "sd.permission.admin")
    body = call.object()
    email = optional(body, "email", str, "").strip()
    name = optional(body, "fullName", str, "") or optional(body, "displayName", str, "")
    if not _MAIL.fullmatch(email):
        raise errors.desk(400, "The email address is invalid.", "sd.customer.email.invalid")
    if call.site.by_email(email) is not None:
        strict = call.flag("strictConflictStatusCode")
        text = "An account already exists for this email."
        raise errors.desk(409 if strict else 400, text, "sd.customer.email.exists")
    made = call.site.add_user(fresh.person(call.site, name.strip() or email, email, customer=True))
    desk_mails.invited(call.site, made, call.user, "the help center")
    return reply(desk_show.person(call, made.account_id), 201)


def customers(call: Call) -> Response:
    """Return a desk's customers, those of its organizations included."""
    desk = desk_of(call)
    agents_only(call, desk)
    text = call.query("query").lower()
    found = [one for one in _of(call, desk) if text in one.name.lower() or text in one.email.lower()]
    return reply(desk_show.page(call, [desk_show.person(call, one.account_id) for one in found]))


def _of(call: Call, desk: Desk) -> list[User]:
    members = (one for id in desk.organizations for one in call.site.organizations[id].users)
    return [call.site.users[account] for account in dict.fromkeys([*desk.customers, *members])]


def change_customers(call: Call) -> Response:
    """Add customers to a desk or remove them; on 400 the valid ones were done all the same."""
    desk = desk_of(call)
    agents_only(call, desk)
    given = optional(call.object(), "accountIds" if call.site.cloud else "usernames", list, [])
    users = [call.site.named(one) for one in given]
    known = [user for user in users if user is not None]
    for user in known:
        if call.request.method == "POST":
            _welcome(call, desk, user)
        elif user.account_id in desk.customers:
            desk.customers.remove(user.account_id)
    if not given or len(known) < len(users):
        raise errors.desk(400, "Some of the users do not exist.", "sd.user.not.found")
    return reply(status=204)


def _welcome(call: Call, desk: Desk, user: User) -> None:
    if user.account_id not in desk.customers:
        desk.customers.append(user.account_id)


# --- organizations --------------------------------------------------------------------------------


def organization_of(call: Call) -> Organization:
    """Return the organization that the path names."""
    found = call.site.organizations.get(call.id("org"))
    if found is None:
        raise errors.desk(404, "The organization does not exist.", "sd.organization.not.found")
    return found


def _agent(call: Call) -> None:
    if not may(call.user, "SERVICEDESK_AGENT"):
        raise errors.desk(403, "You need to be an agent.", "sd.permission.agent")


def organizations(call: Call) -> Response:
    """Return the organizations there are, those of a person if asked."""
    account = call.query("accountId")
    rows = [one for one in call.site.organizations.values() if not account or account in one.users]
    if call.user.customer:
        rows = [one for one in rows if call.user.account_id in one.users]
    return reply(desk_show.page(call, [desk_show.organization(call, one.id) for one in rows]))


def create_organization(call: Call) -> Response:
    """Make an organization, or return the one that has the name already."""
    _agent(call)
    name = optional(call.object(), "name", str, "").strip()
    if not 0 < len(name) <= LONGEST_NAME:
        raise errors.desk(
            400, "The organization's name must be from 1 to 200 characters long.", "sd.organization.name"
        )
    found = next((one for one in call.site.organizations.values() if one.name == name), None)
    made = found or fresh.add_organization(call.site, name)
    return reply(desk_show.organization(call, made.id), 201)


def organization(call: Call) -> Response:
    """Return one organization."""
    return reply(desk_show.organization(call, organization_of(call).id))


def delete_organization(call: Call) -> Response:
    """Delete an organization; requests shared with it are no longer."""
    _agent(call)
    found = organization_of(call)
    del call.site.organizations[found.id]
    for desk in call.site.desks.values():
        if found.id in desk.organizations:
            desk.organizations.remove(found.id)
    for issue in call.site.issues.values():
        shared = issue.values.get(desk_show.ORGANIZATIONS)
        if shared and found.id in shared:
            issue.values[desk_show.ORGANIZATIONS] = [one for one in shared if one != found.id]
    return reply(status=204)


def members(call: Call) -> Response:
    """Return who is in an organization."""
    _agent(call)
    found = [desk_show.person(call, account) for account in organization_of(call).users]
    return reply(desk_show.page(call, found))


def change_members(call: Call) -> Response:
    """Add people to an organization, or take them out."""
    _agent(call)
    found, accounts = organization_of(call), accounts_of(call, call.object())
    if call.request.method == "POST":
        found.users += [one for one in accounts if one not in found.users]
    else:
        found.users[:] = [one for one in found.users if one not in accounts]
    return reply(status=204)


def desk_organizations(call: Call) -> Response:
    """Return the organizations of a desk."""
    account = call.query("accountId")
    found = [
        desk_show.organization(call, id)
        for id in desk_of(call).organizations
        if not account or account in call.site.organizations[id].users
    ]
    return reply(desk_show.page(call, found))


def change_desk_organizations(call: Call) -> Response:
    """Add an organization to a desk or take it away; doing it twice does no harm."""
    desk = desk_of(call)
    agents_only(call, desk)
    id = optional(call.object(), "organizationId", int, 0)
    if id not in call.site.organizations:
        raise errors.desk(404, "The organization does not exist.", "sd.organization.not.found")
    if call.request.method == "POST" and id not in desk.organizations:
        desk.organizations.append(id)
    elif call.request.method == "DELETE" and id in desk.organizations:
        desk.organizations.remove(id)
    return reply(status=204)


def organization_bag(call: Call) -> Bag:
    """Return the properties of the organization that the path names."""
    _agent(call)
    return organization_of(call).properties


_S = "/rest/servicedeskapi/"
_O = _S + "organization"


def _all(path: str, handlers: dict[str, Callable[[Call], Response]]) -> list[Rule]:
    return [Rule(m, _S + path, h, sign_in=True, bare=m == "DELETE") for m, h in handlers.items()]


RULES = [
    *_all("customer", {"POST": create_customer}),
    *_all(
        "servicedesk/{desk}/customer",
        {"GET": customers, "POST": change_customers, "DELETE": change_customers},
    ),
    *_all(
        "servicedesk/{desk}/organization",
        {
            "GET": desk_organizations,
            "POST": change_desk_organizations,
            "DELETE": change_desk_organizations,
        },
    ),
    *_all("organization", {"GET": organizations, "POST": create_organization}),
    *_all("organization/{org}", {"GET": organization, "DELETE": delete_organization}),
    *_all("organization/{org}/user", {"GET": members, "POST": change_members, "DELETE": change_members}),
    *property_rules(_O + "/{org}/property", organization_bag),
]
