"""The ticket form: its fields, the shapes of their choices, and what they demand (reference 6.5)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from deskbridge.sandbox.freshdesk.form import Form
from deskbridge.sandbox.freshdesk.records import CLOSED, RESOLVED
from deskbridge.sandbox.freshdesk.setup import Choice, Level, TicketField
from deskbridge.sandbox.freshdesk.state import Account

PRIORITIES = {1: "Low", 2: "Medium", 3: "High", 4: "Urgent"}
SOURCES = {1: "Email", 2: "Portal", 3: "Phone", 7: "Chat", 9: "Feedback Widget", 10: "Outbound Email"}
# Channels that a ticket may have come by, but no call may set.
_SHOWN_SOURCES = SOURCES | {4: "Forum", 5: "Twitter", 6: "Facebook"}
_DESCRIPTIONS = {"agent": "Agent", "product": "Select the product, the ticket belongs to."}
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
CHOOSING = ("custom_dropdown", "nested_field")

# Name, label, label for customers, required of agents, shown to customers.
_DEFAULTS = (
    ("requester", "Search a requester", "Requester", True, True),
    ("company", "Company", "Company", False, False),
    ("subject", "Subject", "Subject", True, True),
    ("ticket_type", "Type", "Type", False, False),
    ("source", "Source", "Source", False, False),
    ("status", "Status", "Status", True, True),
    ("priority", "Priority", "Priority", True, False),
    ("group", "Group", "Group", False, False),
    ("agent", "Agent", "Assigned to", False, True),
    ("product", "Product", "Product", False, False),
    ("description", "Description", "Description", True, True),
)
_CUSTOM = (
    ("Product version", "custom_text", None),
    ("Urgent reason", "custom_paragraph", None),
    ("Region", "custom_dropdown", ["Europe", "Americas", "Asia Pacific"]),
)
NewId = Callable[[], int]


def default_fields(new_id: NewId, now: datetime, *, empty: bool) -> list[TicketField]:
    """Return the form of the freshly set-up account; an empty one has no custom fields."""
    fields = []
    for position, (name, label, customers, required, shown) in enumerate(_DEFAULTS, 1):
        f = TicketField(new_id(), name, label, f"default_{name}", position, now, now)
        f.label_for_customers, f.required_for_agents, f.displayed_to_customers = customers, required, shown
        f.required_for_customers = f.customers_can_edit = name in ("requester", "subject", "description")
        if name == "ticket_type":
            f.choices = choices_of(new_id, TYPES)
        fields.append(f)
    for label, kind, choices in () if empty else _CUSTOM:
        fields.append(custom_field(new_id, fields, label, kind, choices, now))
    return fields


def custom_field(
    new_id: NewId, present: Sequence[TicketField], label: str, kind: str, choices: Any, now: datetime
) -> TicketField:
    """Return a custom field, named after its label as Freshdesk does, at the end of the form."""
    name = fresh_name(label, names_of(present))
    made = TicketField(new_id(), name, label, kind, len(present) + 1, now, now, default=False)
    made.label_for_customers = label
    made.choices = choices_of(new_id, choices or ()) if kind in CHOOSING else None
    if kind == "nested_field":
        made.levels = [_level(new_id, f"{label} level {n}", n, [*names_of(present), name]) for n in (2, 3)]
    return made


def _level(new_id: NewId, label: str, level: int, taken: Sequence[str]) -> Level:
    return Level(new_id(), fresh_name(label, taken), label, label, level)


def fresh_name(label: str, taken: Sequence[str]) -> str:
    """Return the key of a field: its label as a word, with digits where that is taken (6.5)."""
    name = "cf_" + (re.sub(r"\W+", "_", label.lower()).strip("_") or "field")
    digits = (f"{name}{number}" for number in range(100001, 200000))
    return name if name not in taken else next(n for n in digits if n not in taken)


def choices_of(new_id: NewId, given: Any) -> list[Choice]:
    """Return choices from labels, or from labels by label for a dependent field."""
    if isinstance(given, Mapping):
        return [Choice(new_id(), value, choices_of(new_id, below)) for value, below in given.items()]
    return [Choice(new_id(), value) for value in given]


def names_of(fields: Sequence[TicketField]) -> list[str]:
    """Return the names of fields, those of the levels of dependent ones included."""
    return [name for f in fields for name in (f.name, *(level.name for level in f.levels))]


def custom_fields(account: Account) -> Iterator[TicketField]:
    """Yield the fields that are not Freshdesk's own."""
    return (f for f in account.fields if not f.default)


def custom_names(account: Account) -> list[str]:
    """Return the keys of a ticket's `custom_fields`."""
    return names_of(list(custom_fields(account)))


def types(account: Account) -> list[str]:
    """Return what a ticket's type may be."""
    return [c.value for f in account.fields if f.type == "default_ticket_type" for c in f.choices or ()]


def row(account: Account, f: TicketField) -> dict[str, Any]:
    """Return a field as `GET /ticket_fields` shows it."""
    shown = {
        "id": f.id,
        "name": f.name,
        "label": f.label,
        "description": _description(f) if f.default else "",
        "position": f.position,
        "required_for_closure": f.required_for_closure,
        "required_for_agents": f.required_for_agents,
        "type": f.type,
        "default": f.default,
        "customers_can_edit": f.customers_can_edit,
        "label_for_customers": f.label_for_customers,
        "required_for_customers": f.required_for_customers,
        "displayed_to_customers": f.displayed_to_customers,
        "created_at": _stamp(f.created_at),
        "updated_at": _stamp(f.updated_at),
    }
    if f.name == "requester":
        shown |= {"portal_cc": False, "portal_cc_to": "company"}
    choices = _choices(account, f)
    return (shown if choices is None else shown | {"choices": choices}) | _nested(f)


def _description(f: TicketField) -> str:
    words = "type" if f.name == "ticket_type" else f.name
    return _DESCRIPTIONS.get(f.name, f"Ticket {words}")


def _stamp(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def _choices(account: Account, f: TicketField) -> Any:
    """Return the choices in the shape that the field's type has (6.5)."""
    by_type: dict[str, Callable[[], Any]] = {
        "default_status": lambda: {
            str(id): [s.label, s.customer_label] for id, s in account.statuses.items()
        },
        "default_priority": lambda: {label: id for id, label in PRIORITIES.items()},
        "default_source": lambda: {label: id for id, label in sorted(_SHOWN_SOURCES.items())},
        "default_group": lambda: {group.name: group.id for group in account.groups.values()},
        "default_agent": lambda: {agent.name: agent.id for agent in account.agents()},
        "default_product": lambda: {row["name"]: row["id"] for row in account.shelves["products"].values()},
        "nested_field": lambda: _nested_choices(account, f.choices or []),
    }
    if f.type in by_type:
        return by_type[f.type]()
    return None if f.choices is None else [choice.value for choice in f.choices]


def _nested_choices(account: Account, choices: list[Choice]) -> Any:
    """Return dependent choices as real accounts show them, or as documented (6.5)."""
    pairs = [
        (one.value, [(two.value, [c.value for c in two.choices]) for two in one.choices]) for one in choices
    ]
    if account.switches.nested_choices_as_array:
        return [{one: [{two: three} for two, three in below]} for one, below in pairs]
    return {one: dict(below) for one, below in pairs}


def _nested(f: TicketField) -> dict[str, Any]:
    if not f.levels:
        return {}
    times = {"created_at": _stamp(f.created_at), "updated_at": _stamp(f.updated_at)}
    levels = [
        {
            "description": "",
            "id": level.id,
            "label": level.label,
            "label_in_portal": level.label_for_customers,
            "level": level.level,
            "name": level.name,
            "ticket_field_id": f.id,
        }
        | times
        for level in f.levels
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
    for f in custom_fields(account):
        if f.levels:
            _check_nested(form, f, given, merged)
        elif given.get(f.name) is not None:
            check_value(form, f.name, f.type, given[f.name], [c.value for c in f.choices or ()])


_TAKES = {
    "custom_number": ((int,), "Integer"),
    "custom_decimal": ((int, float, str), "Number"),
    "custom_checkbox": ((bool,), "Boolean"),
}


def check_value(form: Form, name: str, kind: str, value: Any, choices: Sequence[str]) -> None:
    """Note a value that a custom field of this kind does not take. A form's numbers come as text."""
    takes, word = _TAKES.get(kind, ((str,), "String"))
    if form.multipart and isinstance(value, str):
        value = _from_text(kind, value)
    if type(value) not in takes:
        form.problems.add(
            name, "datatype_mismatch", f"Value set is of type {_ruby(value)}. It should be a/an {word}"
        )
    elif kind == "custom_dropdown" and value not in choices:
        form.refuse(name, "It should be one of these values: '" + ",".join(choices) + "'")
    elif kind == "custom_date" and not _is_date(value):
        form.refuse(name, "It should be in the 'yyyy-mm-dd' format")
    elif kind == "custom_decimal" and not re.fullmatch(r"-?\d+(\.\d+)?", str(value)):
        form.refuse(name, "It should be a/an Number")
    form.values.get("custom_fields", {})[name] = value


def _from_text(kind: str, value: str) -> Any:
    if kind == "custom_number" and re.fullmatch(r"-?\d{1,18}", value):
        return int(value)
    return {"true": True, "false": False}.get(value, value) if kind == "custom_checkbox" else value


def _ruby(value: object) -> str:
    names = {str: "String", int: "Integer", float: "Float", bool: "Boolean", list: "Array"}
    return names.get(type(value), "key/value pair")


def _is_date(value: str) -> bool:
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return len(value) == 10


def _check_nested(form: Form, f: TicketField, given: dict[str, Any], merged: dict[str, Any]) -> None:
    """Levels must be a path through the choices, none skipped."""
    names = [f.name, *(level.name for level in f.levels)]
    if not any(name in given for name in names):
        return
    below = f.choices or []
    for name in names:
        value = merged.get(name)
        chosen = next((choice for choice in below if choice.value == value), None)
        if value is not None and chosen is None:
            form.refuse(name, "It should be one of these values: '" + ",".join(c.value for c in below) + "'")
            return
        below = chosen.choices if chosen else []


def check_required(account: Account, form: Form, merged: dict[str, Any], *, creating: bool) -> None:
    """Note the fields that the form demands: of agents, and for closing a ticket (4.3).

    An update is asked only for what it would blank, and for what its new status demands.
    """
    closing = merged["status"] in (RESOLVED, CLOSED)
    for f in account.fields:
        value = merged["custom_fields"].get(f.name) if not f.default else merged.get(f.key)
        if f.name == "requester" or value not in (None, "", [], False) or not _shown(account, f, merged):
            continue
        touched = f.key in form or f.name in (form.get("custom_fields") or {})
        if (f.required_for_agents and (creating or touched)) or (f.required_for_closure and closing):
            form.problems.add(f.key, "missing_field", "Mandatory attribute missing")


def _shown(account: Account, f: TicketField, merged: dict[str, Any]) -> bool:
    """Whether a field is on the form at all: one in sections needs one of their choices to be made."""
    wanted = {mapping["section_id"] for mapping in f.section_mappings}
    return not wanted or any(
        section.id in wanted
        and _chosen(account, section.parent_ticket_field_id, merged) in section.choice_ids
        for section in account.sections.values()
    )


def _chosen(account: Account, field_id: int, merged: dict[str, Any]) -> int | None:
    """Return the id of the choice that a ticket has made in a field."""
    for f in account.fields:
        if f.id == field_id:
            value = merged.get(f.key) if f.default else merged["custom_fields"].get(f.name)
            return next((choice.id for choice in f.choices or () if choice.value == value), None)
    return None


def shown_custom(account: Account, values: dict[str, Any]) -> dict[str, Any]:
    """Return a ticket's custom values; decimals are shown as text, unticked boxes as such (4.4)."""
    shown = dict.fromkeys(custom_names(account)) | values
    for f in custom_fields(account):
        if f.type == "custom_decimal" and shown[f.name] is not None:
            shown[f.name] = str(shown[f.name])
    return shown
