"""What Freshdesk shows of people: contacts, agents, groups, companies (reference 6.1 to 6.4)."""

from __future__ import annotations

from typing import Any

from deskbridge.sandbox.freshdesk.persons import Company, Group, User
from deskbridge.sandbox.freshdesk.show import attachments, stamp
from deskbridge.sandbox.freshdesk.state import Account


def contact_row(account: Account, user: User) -> dict[str, Any]:
    """Return a contact as lists show it: without tags, further addresses and avatar (6.1)."""
    row = {
        "id": user.id,
        "name": user.name,
        "email": user.email,
        "phone": user.phone,
        "mobile": user.mobile,
        "twitter_id": user.twitter_id,
        "unique_external_id": user.unique_external_id,
        "address": user.address,
        "description": user.description,
        "job_title": user.job_title,
        "language": user.language,
        "time_zone": user.time_zone,
        "company_id": user.company_id,
        "view_all_tickets": user.view_all_tickets,
        "custom_fields": _custom(account, "contact_fields", user.custom_fields),
        "facebook_id": None,
        "csat_rating": None,
        "preferred_source": None,
        "other_phone_numbers": [],
        "social_handler": [],
        "active": user.active,
        "contact_type": "contact",
        "created_at": stamp(user.created_at),
        "updated_at": stamp(user.updated_at),
    }
    if account.switches.multiple_companies:
        row["other_companies"] = [other["company_id"] for other in user.other_companies]
    return row | {"deleted": True} if user.deleted else row


def contact_view(account: Account, user: User) -> dict[str, Any]:
    """Return a contact as it is shown alone."""
    further: dict[str, Any] = {"other_emails": user.other_emails, "tags": user.tags, "avatar": None}
    if user.avatar:
        shown = attachments(account, [user.avatar])[0]
        further["avatar"] = {**shown, "avatar_url": shown.pop("attachment_url")}
    if account.switches.multiple_companies:
        further["other_companies"] = user.other_companies
    return contact_row(account, user) | further


def _custom(account: Account, shelf: str, values: dict[str, Any]) -> dict[str, Any]:
    names = [row["name"] for row in account.shelves[shelf].values() if not row["default"]]
    return {name: values.get(name) for name in names}


def agent_row(account: Account, user: User) -> dict[str, Any]:
    """Return an agent; `id` is the user's (6.3)."""
    role = user.role
    assert role is not None
    admin = account.is_admin(user)
    return {
        "id": user.id,
        "occasional": role.occasional,
        "signature": role.signature,
        "ticket_scope": role.ticket_scope,
        "type": role.type,
        "group_ids": role.group_ids,
        "role_ids": role.role_ids or [account.role_ids["Account Administrator" if admin else "Agent"]],
        "available": True,
        "available_since": None,
        "focus_mode": role.focus_mode,
        "deactivated": False,
        "last_active_at": None,
        "created_at": stamp(role.since or user.created_at),
        "updated_at": stamp(user.updated_at),
        "contact": _contact_of_agent(user),
    }


def _contact_of_agent(user: User) -> dict[str, Any]:
    names = "active email job_title language mobile name phone time_zone".split()
    times = {"created_at": stamp(user.created_at), "updated_at": stamp(user.updated_at)}
    return {name: getattr(user, name) for name in names} | {"last_login_at": None} | times


def agent_view(account: Account, user: User) -> dict[str, Any]:
    """Return an agent alone: with skills (6.3)."""
    assert user.role is not None
    return agent_row(account, user) | {"skill_ids": user.role.skill_ids}


def made_agent(account: Account, user: User) -> dict[str, Any]:
    """Return what becoming an agent answers: the contact, and the agent inside it (6.1)."""
    row = agent_row(account, user)
    contact = row.pop("contact")
    return {**contact, "agent": row}


def group_row(group: Group) -> dict[str, Any]:
    """Return a group as lists show it: without its agents (6.4)."""
    names = "id name description business_hour_id escalate_to unassigned_for auto_ticket_assign group_type"
    times = {"created_at": stamp(group.created_at), "updated_at": stamp(group.updated_at)}
    return {name: getattr(group, name) for name in names.split()} | times


def group_view(account: Account, group: Group) -> dict[str, Any]:
    """Return a group alone: with its agents."""
    return group_row(group) | {"agent_ids": members(account, group)}


def admin_group(account: Account, group: Group) -> dict[str, Any]:
    """Return a group as the newer calls show it: other names, always with its agents (6.4)."""
    types = {1: "round_robin", 2: "skill_based_round_robin", 3: "load_based_round_robin", 12: "omniroute"}
    kind = types.get(group.auto_ticket_assign)
    row = {name: getattr(group, name) for name in "id name description escalate_to unassigned_for".split()}
    settings = [{"channel": "ticket", "assignment_type": kind}] if kind else []
    assignment: dict[str, Any] = {"enabled": kind is not None}
    if kind:
        assignment |= {"type": "channel_specific", "settings": settings}
    return row | {
        "agent_ids": members(account, group),
        "business_calendar_id": group.business_hour_id,
        "type": group.group_type,
        "allow_agents_to_change_availability": group.allow_agents_to_change_availability,
        "automatic_agent_assignment": assignment,
        "created_at": stamp(group.created_at),
        "updated_at": stamp(group.updated_at),
    }


def members(account: Account, group: Group) -> list[int]:
    """Return the ids of a group's agents."""
    return [agent.id for agent in account.agents() if agent.role and group.id in agent.role.group_ids]


def company_row(account: Account, company: Company) -> dict[str, Any]:
    """Return a company (6.2)."""
    names = "id name description note domains health_score account_tier industry".split()
    times = {"created_at": stamp(company.created_at), "updated_at": stamp(company.updated_at)}
    custom = {"custom_fields": _custom(account, "company_fields", company.custom_fields)}
    row = {name: getattr(company, name) for name in names}
    return row | {"renewal_date": stamp(company.renewal_date)} | custom | times
