"""The ticket form: its fields, their four shapes of choices, and what they demand (reference 6.5)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from deskbridge.sandbox.freshdesk.form import Form
from deskbridge.sandbox.freshdesk.records import CLOSED, RESOLVED, TicketField
from deskbridge.sandbox.freshdesk.state import Account

PRIORITIES = {1: "Low", 2: "Medium", 3: "High", 4: "Urgent"}
SOURCES = {1: "Email", 2: "Portal", 3: "Phone", 7: "Chat", 9: "Feedback Widget", 10: "Outbound Email"}
TYPES = ("Question", "Incident", "Problem", "Feature Request", "Refund")
CUSTOM_TYPES = (
    "custom_text",
    "custom_paragraph",
    "custom_number",
    "custom_decimal",
    "custom_date",
    "custom_checkbox",
    "custom_dropdown",
    "nested_field",
)


# Name, label, type, required of agents.
_DEFAULTS = (
    ("requester", "Search a requester", "default_requester", True),
    ("company", "Company", "default_company", False),
    ("subject", "Subject", "default_subject", True),
    ("ticket_type", "Type", "default_ticket_type", False),
    ("source", "Source", "default_source", False),
    ("status", "Status", "default_status", True),
    ("priority", "Priority", "default_priority", True),
    ("group", "Group", "default_group", False),
    ("agent", "Agent", "default_agent", False),
    ("product", "Product", "default_product", False),
    ("description", "Description", "default_description", True),
)
_CUSTOM = (
    ("Product version", "custom_text", None),
    ("Urgent reason", "custom_paragraph", None),
    ("Region", "custom_dropdown", ["Europe", "Americas", "Asia Pacific"]),
)


def default_fields(new_id: Callable[[], int], now: datetime) -> list[TicketField]:
    """Return the form of the freshly set-up account."""
    fields = [
        TicketField(new_id(), name, label, kind, position, now, required_for_agents=required)
        for position, (name, label, kind, required) in enumerate(_DEFAULTS, 1)
    ]
    for label, kind, choices in _CUSTOM:
        fields.append(custom_field(new_id(), label, kind, choices, len(fields) + 1, now))
    return fields


def custom_field(id: int, label: str, kind: str, choices: Any, position: int, now: datetime) -> TicketField:
    """Return a custom field, named after its label as Freshdesk does."""
    name = "cf_" + re.sub(r"\W+", "_", label.lower()).strip("_")
    levels = [f"{name}_level_2", f"{name}_level_3"] if kind == "nested_field" else []
    return TicketField(id, name, label, kind, position, now, default=False, choices=choices, levels=levels)


def custom_names(account: Account) -> list[str]:
    """Return the keys of a ticket's `custom_fields`."""
    return [name for f in account.fields if not f.default for name in (f.name, *f.levels)]


def row(account: Account, f: TicketField) -> dict[str, Any]:
    """Return a field as `GET /ticket_fields` shows it."""
    stamp = f.created_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    shown = {
        "id": f.id,
        "name": f.name,
        "label": f.label,
        "description": f.label,
        "position": f.position,
        "required_for_closure": f.required_for_closure,
        "required_for_agents": f.required_for_agents,
        "type": f.type,
        "default": f.default,
        "customers_can_edit": False,
        "label_for_customers": f.label,
        "required_for_customers": False,
        "displayed_to_customers": f.name in ("requester", "subject", "status", "description"),
        "created_at": stamp,
        "updated_at": stamp,
    }
    if f.name == "requester":
        shown |= {"portal_cc": False, "portal_cc_to": "company"}
    choices = _choices(account, f)
    if choices is not None:
        shown["choices"] = choices
    return shown | _nested(f)


def _choices(account: Account, f: TicketField) -> Any:
    """Return the choices in the shape that the field's type has (6.5)."""
    match f.type:
        case "default_ticket_type":
            return list(TYPES)
        case "default_status":
            return {str(id): [s.label, s.customer_label] for id, s in account.statuses.items()}
        case "default_priority":
            return {label: id for id, label in PRIORITIES.items()}
        case "default_source":
            return {label: id for id, label in SOURCES.items()}
        case "default_group":
            return {group.name: group.id for group in account.groups.values()}
        case "default_agent":
            return {agent.name: agent.id for agent in account.agents()}
        case "default_product":
            return {}
        case "nested_field":
            return _nested_choices(account, f.choices)
        case _:
            return f.choices


def _nested_choices(account: Account, choices: dict[str, dict[str, list[str]]]) -> Any:
    if not account.switches.nested_choices_as_array:
        return choices
    return [{one: [{two: three} for two, three in below.items()]} for one, below in choices.items()]


def _nested(f: TicketField) -> dict[str, Any]:
    if not f.levels:
        return {}
    levels = [
        {
            "id": f.id + n,
            "name": name,
            "label": name,
            "label_in_portal": name,
            "level": n,
            "ticket_field_id": f.id,
        }
        for n, name in enumerate(f.levels, 2)
    ]
    return {"nested_ticket_fields": levels}


def check_custom(account: Account, form: Form, merged: dict[str, Any]) -> None:
    """Note each custom value that its field does not take; errors name the field itself (4.4).

    `merged` is what the ticket would hold after the call.
    """
    given = form.get("custom_fields") or {}
    known = set(custom_names(account))
    for name in given:
        if name not in known:
            form.problems.add(name, "invalid_field", "Unexpected/invalid field in request")
    for f in account.fields:
        if not f.default and f.levels:
            _check_nested(form, f, given, merged)
        elif not f.default and given.get(f.name) is not None:
            _check_custom_value(form, f, given[f.name])


_TAKES = {"custom_number": (int,), "custom_decimal": (int, float, str), "custom_checkbox": (bool,)}


def _check_custom_value(form: Form, f: TicketField, value: Any) -> None:
    takes = _TAKES.get(f.type, (str,))
    if type(value) not in takes:
        form.problems.add(f.name, "datatype_mismatch", f"It should be a/an {takes[0].__name__}")
    elif f.type == "custom_dropdown" and value not in f.choices:
        form.refuse(f.name, "It should be one of these values: '" + ",".join(f.choices) + "'")
    elif f.type == "custom_date" and not _is_date(value):
        form.refuse(f.name, "It should be in the 'yyyy-mm-dd' format")
    elif f.type == "custom_decimal" and not re.fullmatch(r"-?\d+(\.\d+)?", str(value)):
        form.refuse(f.name, "It should be a/an Number")


def _is_date(value: str) -> bool:
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return len(value) == 10


def _check_nested(form: Form, f: TicketField, given: dict[str, Any], merged: dict[str, Any]) -> None:
    """Levels must be a path through the choices, none skipped."""
    below: Any = f.choices
    names = (f.name, *f.levels)
    if not any(name in given for name in names):
        return
    for name in names:
        value = merged.get(name)
        if value is None:
            below = {}
        elif value not in below:
            form.refuse(name, "It should be one of these values: '" + ",".join(below) + "'")
            return
        else:
            below = below[value] if isinstance(below, dict) else {}


def check_required(account: Account, form: Form, merged: dict[str, Any], *, creating: bool) -> None:
    """Note the fields that the form demands: of agents, and for closing a ticket (4.3).

    An update is asked only for what it would blank, and for what its new status demands.
    """
    closing = merged["status"] in (RESOLVED, CLOSED)
    for f in account.fields:
        value = merged["custom_fields"].get(f.name) if not f.default else merged.get(f.key)
        if f.name == "requester" or value not in (None, "", [], False):
            continue
        touched = f.key in form or f.name in (form.get("custom_fields") or {})
        if (f.required_for_agents and (creating or touched)) or (f.required_for_closure and closing):
            form.problems.add(f.key, "missing_field", "Mandatory attribute missing")


def shown_custom(account: Account, values: dict[str, Any]) -> dict[str, Any]:
    """Return a ticket's custom values; decimals are shown as text (4.4)."""
    decimals = {f.name for f in account.fields if f.type == "custom_decimal"}
    shown = {name: values.get(name) for name in custom_names(account)}
    return {name: str(v) if name in decimals and v is not None else v for name, v in shown.items()}
