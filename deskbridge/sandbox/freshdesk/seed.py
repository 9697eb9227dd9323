"""The freshly set-up account of "Harbour Support": people, statuses, fields, policy; no tickets."""

from __future__ import annotations

from deskbridge.sandbox.freshdesk.fields import default_fields
from deskbridge.sandbox.freshdesk.records import Company, Group, Policy, Role, Status, User
from deskbridge.sandbox.freshdesk.state import Account

HUB = "hub@harbour.example"
SAM = "sam@harbour.example"
NOOR = "noor@harbour.example"
SUPPORT = "support@harbour.example"

_ROLES = ("Account Administrator", "Administrator", "Supervisor", "Agent")
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


def fill(account: Account) -> None:
    """Set up an empty account."""
    now = account.now()
    group = Group(account.new_id(), "Support", "Everybody who answers customers", now, now)
    account.groups[group.id] = group
    account.support_email, account.email_config_id = SUPPORT, account.new_id()
    account.calendar_id = account.new_id()
    account.role_ids = {name: account.new_id() for name in _ROLES}
    for name, email, admin in _AGENTS:
        _add(account, name, email, role=Role(admin, [group.id]))
    for (name, domain), people in _COMPANIES.items():
        company = Company(account.new_id(), name, now, now, domains=[domain])
        account.companies[company.id] = company
        for person, local in people:
            _add(account, person, f"{local}@{domain}", company_id=company.id)
    account.statuses = dict(_STATUSES)
    account.fields = default_fields(account.new_id, now)
    account.policies = [_policy(account)]
    account.sla_job_ran = now


def _add(
    account: Account, name: str, email: str, role: Role | None = None, company_id: int | None = None
) -> None:
    now = account.now()
    user = User(account.new_id(), name, now, now, email=email, active=True, role=role, company_id=company_id)
    account.put_user(user)


def _policy(account: Account) -> Policy:
    text = "default policy"
    return Policy(
        account.new_id(), "Default SLA Policy", text, dict(_TARGETS), {}, account.now(), is_default=True
    )
