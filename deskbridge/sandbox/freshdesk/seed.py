"""The freshly set-up account of "Harbour Support": people, statuses, fields, policy; no tickets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, time
from typing import Any

from deskbridge.sandbox.freshdesk import fieldsets, searched
from deskbridge.sandbox.freshdesk.fields import default_fields
from deskbridge.sandbox.freshdesk.persons import Company, Group, Role, User
from deskbridge.sandbox.freshdesk.setup import Calendar, Policy, Status
from deskbridge.sandbox.freshdesk.show import stamp
from deskbridge.sandbox.freshdesk.state import Account
from deskbridge.sandbox.freshdesk.zones import ZONES

HUB = "hub@harbour.example"
SAM = "sam@harbour.example"
NOOR = "noor@harbour.example"
SUPPORT = "support@harbour.example"

_ROLES = ("Account Administrator", "Administrator", "Supervisor", "Agent", "Ticket Collaborator")
# Name, address, admin. The hub's own agent is an admin by switch.
_AGENTS = (("Deskbridge Hub", HUB, False), ("Sam Rivera", SAM, False), ("Noor Haddad", NOOR, True))
_COMPANIES = {
    ("Lantern Books", "lantern.example"): (("Kim Park", "kim"), ("Aiko Sato", "aiko")),
    ("Orbit Cafe", "orbit.example"): (("Giulia Conti", "giulia"),),
}
_STATUSES = {
    2: Status("Open", "Being Processed", sla_timer=True),
    3: Status("Pending", "Awaiting your Reply", sla_timer=False),
    4: Status("Resolved", "This ticket has been Resolved", sla_timer=False),
    5: Status("Closed", "This ticket has been Closed", sla_timer=False),
    6: Status("Waiting on Customer", "Awaiting your Reply", sla_timer=False),
    7: Status("Waiting on Third Party", "Being Processed", sla_timer=True),
}
_HOUR = 3600
# The policy that Freshdesk ships (reference 6.8): respond, resolve.
_TARGETS = {
    4: (_HOUR, 4 * _HOUR),
    3: (4 * _HOUR, 12 * _HOUR),
    2: (8 * _HOUR, 24 * _HOUR),
    1: (24 * _HOUR, 72 * _HOUR),
}
_SHELVES = ("products", "scenarios", "canned_folders", "canned_responses", "skills")
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_ACCEPTED = (103, 102, 101, 100, -101, -102, -103)


def fill(account: Account) -> None:
    """Set up an empty account."""
    for name in _SHELVES:
        account.shelves[name] = {}
    calendar(account, "Default", "UTC", dict.fromkeys(_DAYS[:5], ("08:00", "17:00")), (), default=True)
    now = account.now()
    group = Group(
        account.new_id(), "Support", now, now, "Everybody who answers customers", unassigned_for=None
    )
    account.groups[group.id] = group
    for name in _ROLES:
        agents = 3 if name == "Ticket Collaborator" else 1
        row = shelve(account, "roles", name=name, description=name, default=True, agent_type=agents)
        account.role_ids[name] = row["id"]
    account.support_email = SUPPORT
    account.email_config_id = mailbox(account, SUPPORT, "Harbour Support")["id"]
    for name, email, admin in _AGENTS:
        _add(account, name, email, role=Role(admin, [group.id]))
    account.statuses = dict(_STATUSES)
    account.fields = default_fields(account.new_id, now, empty=account.world.empty)
    account.policies = [_policy(account)]
    for name in fieldsets.DEFAULTS:
        fieldsets.fill(account, name)
    _survey_and_form(account)
    if not account.world.empty:
        _customers(account)
    for kind in account.index:
        # The search has known of these for long.
        for key in list(account.index[kind].waiting):
            searched.index(account, list(key))


def _customers(account: Account) -> None:
    now = account.now()
    for (name, domain), people in _COMPANIES.items():
        company = Company(account.new_id(), name, now, now, domains=[domain])
        account.companies[company.id] = company
        account.reindex("companies", company.id)
        for person, local in people:
            _add(account, person, f"{local}@{domain}", company_id=company.id)


def _add(
    account: Account, name: str, email: str, role: Role | None = None, company_id: int | None = None
) -> None:
    now = account.now()
    user = User(account.new_id(), name, now, now, email=email, active=True, role=role, company_id=company_id)
    if role:
        role.signature = f"<div>{name}</div>"
    account.put_user(user)


def shelve(account: Account, shelf: str, **values: Any) -> dict[str, Any]:
    """Put a row on a shelf and return it."""
    now = stamp(account.now())
    row = {"id": account.new_id()} | values | {"created_at": now, "updated_at": now}
    account.shelves.setdefault(shelf, {})[row["id"]] = row
    return row


def mailbox(account: Account, address: str, name: str, product_id: int | None = None) -> dict[str, Any]:
    """Add a mailbox: the one that replies come from, of the account or of a product."""
    kind = {"mailbox_type": "freshdesk_mailbox", "default_reply_email": True, "active": True}
    facts = {"name": name, "support_email": address.lower(), "group_id": None, "product_id": product_id}
    return shelve(account, "mailboxes", **facts, **kind)


def calendar(
    account: Account,
    name: str,
    time_zone: str,
    hours: Mapping[str, Sequence[str]],
    holidays: Sequence[str],
    *,
    default: bool = False,
) -> Calendar:
    """Add business hours; raises ValueError for what is none."""
    if time_zone not in ZONES:
        raise ValueError(f"Freshdesk has no time zone {time_zone!r}")
    if unknown := set(hours) - set(_DAYS):
        raise ValueError(f"there is no weekday {unknown.pop()!r}")
    by_day = {_DAYS.index(day): (str(first), str(last)) for day, (first, last) in hours.items()}
    for first, last in by_day.values():
        if time.fromisoformat(first) >= time.fromisoformat(last):
            raise ValueError(f"{first} is not before {last}")
    for day in holidays:
        date.fromisoformat(day)
    text = "Default Business Calendar" if default else name
    made = Calendar(account.new_id(), name, text, time_zone, by_day, account.now(), default, list(holidays))
    account.calendars.append(made)
    return made


def _policy(account: Account) -> Policy:
    targets = {
        f"priority_{number}": {
            "respond_within": respond,
            "next_respond_within": None,
            "resolve_within": resolve,
            "business_hours": False,
            "escalation_enabled": True,
        }
        for number, (respond, resolve) in _TARGETS.items()
    }
    level = {"escalation_time": 0, "agent_ids": [-1]}
    escalation = {"response": level, "resolution": {"level_1": level}}
    now = account.now()
    made = Policy(account.new_id(), "Default SLA Policy", "default policy", targets, {}, now, now, escalation)
    made.is_default = True
    return made


def _survey_and_form(account: Account) -> None:
    question = {
        "id": "default_question",
        "label": "How would you rate your overall satisfaction for the resolution provided by the agent?",
        "accepted_ratings": list(_ACCEPTED),
        "default": True,
    }
    shelve(account, "surveys", title="Default Survey", questions=[question], active=True)
    text = "This form has all fields that customers can view or edit."
    names = {"name": "default_form", "title": "Default Form", "default": True, "description": text}
    shelve(account, "ticket_forms", **names, last_updated_by=None, portals=[])
