"""Automation rules: which of them run when something happened to a ticket (reference 6.15, 6.16)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from deskbridge.sandbox.freshdesk.events import Event, word
from deskbridge.sandbox.freshdesk.persons import User
from deskbridge.sandbox.freshdesk.records import Ticket
from deskbridge.sandbox.freshdesk.setup import AutomationRule
from deskbridge.sandbox.freshdesk.state import Account

CREATION, HOURLY, UPDATE = 1, 3, 4
ANY = "--"


def matching(
    account: Account, ticket: Ticket, events: Sequence[Event], actor: User | None
) -> Iterator[tuple[AutomationRule, Event]]:
    """Yield the rules that run, each with the first of its events that happened."""
    created = any(event.name == "ticket_action" and event.after == "created" for event in events)
    kind = CREATION if created else UPDATE
    for rule in by_position(account, kind):
        event = events[0] if created else _first(rule, events)
        performed = created or _performed(rule, actor)
        if event and performed and meets(account, rule, ticket):
            yield rule, event
            if not account.switches.all_rules:
                return


def by_position(account: Account, kind: int, *, active: bool = True) -> list[AutomationRule]:
    """Return the rules of one type in their order."""
    rules = [rule for rule in account.rules.values() if rule.automation_type_id == kind]
    return sorted((r for r in rules if r.active or not active), key=lambda rule: (rule.position, rule.id))


def _first(rule: AutomationRule, events: Sequence[Event]) -> Event | None:
    """Return the first event of the rule's own list that happened: of several one only is told."""
    for wanted in rule.events:
        for event in events:
            if wanted["field_name"] == event.name and _is(wanted, event):
                return event
    return None


def _is(wanted: dict[str, Any], event: Event) -> bool:
    if "from" in wanted or "to" in wanted:
        pairs = ((wanted.get("from", ANY), event.before), (wanted.get("to", ANY), event.after))
        return all(want == ANY or _same(want, is_) for want, is_ in pairs)
    value = wanted.get("value", ANY)
    return value in (ANY, None) or _same(value, event.after)


def _same(wanted: object, value: object) -> bool:
    return str(wanted if wanted is not None else "") == word(value)


def _performed(rule: AutomationRule, actor: User | None) -> bool:
    """Whether somebody of the rule's kind did it: agent 1, requester 2, either 3, the system 4."""
    performer = rule.performer or {"type": 3}
    if actor is None:
        return bool(performer["type"] == 4)
    if performer["type"] == 1:
        members = [int(member) for member in performer.get("members") or []]
        return actor.role is not None and (not members or actor.id in members)
    return bool(performer["type"] == 3 or (performer["type"] == 2 and actor.role is None))


def meets(account: Account, rule: AutomationRule, ticket: Ticket) -> bool:
    """Whether a ticket meets the rule's conditions: sets joined by its operator; none at all is met."""
    sets = [condition for condition in rule.conditions if condition.get("properties")]
    if not sets:
        return True
    joined = any if "OR" in (rule.operator or "").upper() else all
    return joined(_meets(account, condition, ticket) for condition in sets)


def _meets(account: Account, condition: dict[str, Any], ticket: Ticket) -> bool:
    joined = any if condition.get("match_type") == "any" else all
    return joined(_property(account, part, ticket) for part in condition["properties"])


def _property(account: Account, part: dict[str, Any], ticket: Ticket) -> bool:
    value = _read(account, part.get("resource_type", "ticket"), part["field_name"], ticket)
    return OPERATORS[part["operator"]](value, part.get("value"))


def _read(account: Account, resource: str, name: str, ticket: Ticket) -> Any:
    if resource.startswith("contact"):
        return getattr(account.users.get(ticket.requester_id), name, None)
    if resource.startswith("compan"):
        return getattr(account.companies.get(ticket.company_id or 0), name, None)
    own = {"ticket_type": "type", "tag_names": "tags", "tag_ids": "tags"}.get(name, name)
    return ticket.custom_fields.get(name) if name.startswith("cf_") else getattr(ticket, own, None)


def _listed(value: Any) -> list[str]:
    return [word(part).lower() for part in (value if isinstance(value, list) else [value])]


def _some(value: Any, wanted: Any) -> bool:
    return bool(set(_listed(value) or [""]) & set(_listed(wanted)))


def _holds(value: Any, wanted: Any) -> bool:
    return any(word in text for text in _listed(value) for word in _listed(wanted))


OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "is": _some,
    "is_not": lambda value, wanted: not _some(value, wanted),
    "in": _some,
    "not_in": lambda value, wanted: not _some(value, wanted),
    "contains": _holds,
    "does_not_contain": lambda value, wanted: not _holds(value, wanted),
    "starts_with": lambda value, wanted: any(word(value).lower().startswith(w) for w in _listed(wanted)),
    "ends_with": lambda value, wanted: any(word(value).lower().endswith(w) for w in _listed(wanted)),
    "greater_than": lambda value, wanted: value is not None and float(value) > float(wanted),
    "less_than": lambda value, wanted: value is not None and float(value) < float(wanted),
    "selected": lambda value, wanted: bool(value),
    "not_selected": lambda value, wanted: not value,
}
