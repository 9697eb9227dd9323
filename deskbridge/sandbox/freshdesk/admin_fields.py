"""Ticket fields as admins see and change them: choices with ids, levels, sections (reference 6.5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from deskbridge.sandbox.freshdesk import fields
from deskbridge.sandbox.freshdesk.form import Form, Rule
from deskbridge.sandbox.freshdesk.setup import Choice, Level, Section, TicketField
from deskbridge.sandbox.freshdesk.show import stamp
from deskbridge.sandbox.freshdesk.state import Account

_FLAGS = (
    "customers_can_edit",
    "displayed_to_customers",
    "required_for_closure",
    "required_for_agents",
    "required_for_customers",
)
_CHOICE = {"id": Rule("integer"), "value": Rule(), "position": Rule("number"), "deleted": Rule("boolean")}
_THIRD = Rule("objects", inside=_CHOICE)
_SECOND = Rule("objects", inside=_CHOICE | {"choices": _THIRD})
_LEVEL = {"label": Rule(), "label_for_customers": Rule(), "level": Rule("integer"), "id": Rule("integer")}
_MAPPING = {"section_id": Rule("integer", null=False), "position": Rule("number", null=False)}
TAKES = dict.fromkeys(_FLAGS, Rule("boolean", null=False)) | {
    "label": Rule(null=False, longest=255),
    "label_for_customers": Rule(longest=255),
    "type": Rule(null=False),
    "position": Rule("integer", null=False),
    "choices": Rule("objects", inside=_CHOICE | {"choices": _SECOND}),
    "dependent_fields": Rule("objects", inside=_LEVEL),
    "section_mappings": Rule("objects", inside=_MAPPING, closed=True),
}


def row(account: Account, f: TicketField, *, whole: bool) -> dict[str, Any]:
    """Return a field; the list of them shows no choices (6.5)."""
    names = ("id", "name", "label", "label_for_customers", "position", "type", "default", *_FLAGS)
    shown: dict[str, Any] = {name: getattr(f, name) for name in names}
    shown |= {"created_at": stamp(f.created_at), "updated_at": stamp(f.updated_at)}
    if f.name == "requester":
        shown |= {"portal_cc": False, "portal_cc_to": "company"}
    if any(section.parent_ticket_field_id == f.id for section in account.sections.values()):
        shown["has_section"] = True
    if f.section_mappings:
        shown["section_mappings"] = f.section_mappings
    if whole and f.type == "default_status":
        shown["choices"] = [_status(account, number, at) for at, number in enumerate(account.statuses, 1)]
    elif whole and f.choices is not None:
        shown["choices"] = _choices(f.choices, f.id)
    if whole and f.levels:
        shown["dependent_fields"] = [_level(f, level) for level in f.levels]
    return shown


def _status(account: Account, number: int, position: int) -> dict[str, Any]:
    """Return a status as a choice; whether it stops SLA time is not told (6.5)."""
    status = account.statuses[number]
    labels = {"value": status.label, "label_for_customers": status.customer_label}
    return {"id": number, "position": position} | labels


def _choices(choices: Sequence[Choice], parent: int) -> list[dict[str, Any]]:
    return [
        {
            "id": choice.id,
            "position": position,
            "value": choice.value,
            "parent_choice_id": parent,
            "choices": _choices(choice.choices, choice.id),
        }
        for position, choice in enumerate(choices, 1)
    ]


def _level(f: TicketField, level: Level) -> dict[str, Any]:
    names = ("id", "name", "label", "label_for_customers", "level")
    times = {"created_at": stamp(f.created_at), "updated_at": stamp(f.updated_at)}
    return {name: getattr(level, name) for name in names} | {"ticket_field_id": f.id} | times


def sections(account: Account, f: TicketField) -> list[dict[str, Any]]:
    """Return the sections that hang on a field's choices."""
    own = [section for section in account.sections.values() if section.parent_ticket_field_id == f.id]
    return [section_row(account, section) for section in own]


def section_row(account: Account, section: Section) -> dict[str, Any]:
    """Return a section with the fields that are in it."""
    inside = [f.id for f in account.fields if any(m["section_id"] == section.id for m in f.section_mappings)]
    return {
        "id": section.id,
        "label": section.label,
        "parent_ticket_field_id": section.parent_ticket_field_id,
        "choice_ids": section.choice_ids,
        "ticket_field_ids": inside,
        "is_fsm": section.is_fsm,
    }


def checked(account: Account, body: dict[str, Any], own: TicketField | None) -> Form:
    """Return the checked attributes of a field; refuses with every failing one."""
    form = Form(body, TAKES)
    if own is None:
        form.require("label", "type")
        form.one_of("type", fields.CUSTOM_TYPES)
    elif form.get("type") not in (None, own.type):
        form.problems.add("type", "incompatible_field", "The type of a field cannot be changed")
    shown = form.get("displayed_to_customers", own.displayed_to_customers if own else False)
    if shown and not form.get("label_for_customers", own.label_for_customers if own else None):
        form.require("label_for_customers")
    kind = own.type if own else form.get("type")
    if own is None and kind in fields.CHOOSING:
        form.require("choices")
    if own is None and kind == "nested_field":
        form.require("dependent_fields")
    if "choices" in form and kind not in (*fields.CHOOSING, "default_ticket_type"):
        form.problems.add("choices", "invalid_field", "Unexpected/invalid field in request")
    form.end()
    for mapping in form.get("section_mappings") or []:
        if mapping.get("section_id") not in account.sections:
            form.refuse("section_mappings", "There is no section matching the given section_id")
    form.end()
    return form


def create(account: Account, form: Form) -> TicketField:
    """Create a field from a checked form."""
    made = fields.custom_field(
        account.new_id, account.fields, form.get("label"), form.get("type"), (), account.now()
    )
    made.levels, made.position = [], form.get("position") or 1
    for number, given in enumerate(form.get("dependent_fields") or [], 2):
        label = str(given.get("label") or f"{made.label} level {number}")
        taken = [*fields.names_of(account.fields), *fields.names_of([made])]
        level = Level(account.new_id(), fields.fresh_name(label, taken), label, label, number)
        level.label_for_customers = str(given.get("label_for_customers") or label)
        level.level = given.get("level") or number
        made.levels.append(level)
    account.fields.append(made)
    apply(account, made, form)
    return made


def apply(account: Account, f: TicketField, form: Form) -> None:
    """Change a field by a checked form; the others move when its position changes."""
    for name in ("label", "label_for_customers", *_FLAGS):
        if form.get(name) is not None:
            setattr(f, name, form.get(name))
    if "choices" in form:
        f.choices = _merged(account, f.choices or [], form.get("choices") or [])
    if "section_mappings" in form:
        f.section_mappings = [
            {"section_id": mapping["section_id"], "position": mapping.get("position", 1)}
            for mapping in form.get("section_mappings") or []
        ]
    f.updated_at = account.now()
    _place(account, f, form.get("position") or f.position)


def _place(account: Account, f: TicketField, position: int) -> None:
    others = sorted((other for other in account.fields if other is not f), key=lambda other: other.position)
    others.insert(position - 1, f)
    for number, other in enumerate(others, 1):
        other.position = number


def _merged(account: Account, present: list[Choice], given: list[dict[str, Any]]) -> list[Choice]:
    """Return choices after a call: an id changes one, `deleted` removes it, no id adds one."""
    kept = {choice.id: choice for choice in present}
    for part in given:
        choice = kept.get(part.get("id") or 0)
        if part.get("deleted"):
            kept.pop(part.get("id") or 0, None)
        elif choice is None and part.get("value"):
            choice = Choice(account.new_id(), str(part["value"]))
            kept[choice.id] = choice
        if choice is not None and not part.get("deleted"):
            choice.value = str(part.get("value") or choice.value)
            choice.choices = _merged(account, choice.choices, part.get("choices") or [])
    return list(kept.values())


def remove(account: Account, f: TicketField) -> None:
    """Remove a field for good, with what tickets hold in it (6.5)."""
    account.fields.remove(f)
    names = fields.names_of([f])
    for tickets in (account.tickets, account.archive):
        for ticket in tickets.values():
            for name in names:
                ticket.custom_fields.pop(name, None)
