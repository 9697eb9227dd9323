"""Agents: what may be set on one, becoming one, and becoming a contact again (reference 6.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deskbridge.sandbox.freshdesk.form import Form, Rule
from deskbridge.sandbox.freshdesk.persons import Role, User
from deskbridge.sandbox.freshdesk.state import Account
from deskbridge.sandbox.freshdesk.text import clean
from deskbridge.sandbox.freshdesk.zones import LANGUAGES, ZONES
from deskbridge.sandbox.kernel import Refused

TYPES = {1: "support_agent", 2: "field_agent", 3: "collaborator"}
_SHARED = {
    "occasional": Rule("boolean"),
    "signature": Rule(),
    "ticket_scope": Rule("integer"),
    "skill_ids": Rule("integers"),
    "group_ids": Rule("integers"),
    "role_ids": Rule("integers"),
    "focus_mode": Rule("boolean"),
}
UPDATE = _SHARED | {"email": Rule("email", null=False), "language": Rule(), "time_zone": Rule()}
CREATE = UPDATE | {
    "name": Rule(null=False),
    "phone": Rule(),
    "mobile": Rule(),
    "job_title": Rule(),
    "agent_type": Rule("integer"),
}
MAKE = _SHARED | {"type": Rule()}
_ROLE = ("occasional", "ticket_scope", "skill_ids", "group_ids", "role_ids", "focus_mode")


def checked(account: Account, body: Mapping[str, Any], rules: Mapping[str, Rule], *, new: bool) -> Form:
    """Return the checked attributes of an agent; refuses with every failing field."""
    form = Form(body, rules)
    if new:
        form.require("email", "ticket_scope")
    form.one_of("ticket_scope", (1, 2, 3))
    form.one_of("agent_type", tuple(TYPES))
    form.one_of("type", tuple(TYPES.values()))
    form.one_of("language", LANGUAGES)
    form.one_of("time_zone", tuple(ZONES))
    known: dict[str, set[int]] = {
        "group_ids": set(account.groups),
        "role_ids": set(account.role_ids.values()),
        "skill_ids": set(account.shelves["skills"]),
    }
    for name, ids in known.items():
        if missing := [number for number in form.get(name) or [] if number not in ids]:
            form.refuse(name, f"There is no {name.removesuffix('_ids')} matching {missing[0]}")
    if form.get("role_ids") == []:
        form.refuse("role_ids", "At least one role should be associated with the agent")
    kind = form.get("type") or TYPES.get(form.get("agent_type") or 1)
    if kind == "collaborator" and not account.switches.collaborators:
        raise Refused(
            403, {"code": "require_feature", "message": "The Collaborators feature is not enabled."}
        )
    form.end()
    return form


def create(account: Account, form: Form) -> User:
    """Create an agent from a checked form; an address that is in use answers 409."""
    owner = account.by_email(form.get("email"))
    if owner:
        form.problems.add(
            "email", "duplicate_value", "It should be a unique value", additional_info={"user_id": owner.id}
        )
        form.problems.end(409)
    now, email = account.now(), form.get("email")
    name = form.get("name") or email.partition("@")[0]
    user = User(account.new_id(), name, now, now, email=email, job_title=form.get("job_title"))
    user.phone, user.mobile = form.get("phone"), form.get("mobile")
    promote(account, user, form, TYPES[form.get("agent_type") or 1])
    return user


def create_each(account: Account, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Create many agents; one that fails does not stop the others."""
    results: list[dict[str, Any]] = []
    for row in rows:
        try:
            made = create(account, checked(account, row, CREATE, new=True))
            results.append({"id": made.id, "email": made.email, "success": True})
        except Refused as refusal:
            results.append({"email": row.get("email"), "success": False, "error": refusal.body})
    return results


def promote(account: Account, user: User, form: Form, kind: str) -> None:
    """Make a user an agent, if there is a seat left; further addresses get lost (6.1)."""
    if len(account.agents()) >= account.switches.seats:
        raise Refused(403, {"code": "max_agents_reached", "message": "The account has no seat left."})
    user.role = Role(admin=False, role_ids=[account.role_ids["Agent"]], type=kind, since=account.now())
    user.other_emails, user.deleted = [], False
    assign(account, user, form)


def assign(account: Account, user: User, form: Form) -> None:
    """Set what a checked form says of an agent."""
    role = user.role
    assert role is not None
    for name in _ROLE:
        if form.get(name) is not None:
            setattr(role, name, form.get(name))
    if "signature" in form:
        role.signature = clean(form.get("signature") or "") or None
    for name in ("email", "language", "time_zone"):
        if form.get(name) is not None:
            setattr(user, name, form.get(name))
    admins = {account.role_ids[name] for name in ("Account Administrator", "Administrator")}
    role.admin = bool(admins & set(role.role_ids))
    user.updated_at = account.now()
    account.put_user(user)


def demote(account: Account, user: User) -> None:
    """Turn an agent into a contact with the same id; what it wrote stays its own (6.3)."""
    user.role, user.updated_at = None, account.now()
    for number in account.tickets.updated("normal")[:]:
        ticket = account.tickets[number]
        if ticket.responder_id == user.id:
            ticket.responder_id = None
            account.reindex("tickets", number)
    account.put_user(user)
