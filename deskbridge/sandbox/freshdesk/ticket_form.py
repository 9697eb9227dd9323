"""What may be written on a ticket: the checks of create and update, and what they set (reference 4)."""

from __future__ import annotations

from typing import Any

from deskbridge.sandbox.freshdesk import fields, relations, rules, sla
from deskbridge.sandbox.freshdesk.files import too_large
from deskbridge.sandbox.freshdesk.form import Form, Rule
from deskbridge.sandbox.freshdesk.persons import User
from deskbridge.sandbox.freshdesk.records import CLOSED, RESOLVED, Ticket
from deskbridge.sandbox.freshdesk.state import Account
from deskbridge.sandbox.freshdesk.text import stored

_REQUESTER = ("requester_id", "email", "phone", "twitter_id", "facebook_id", "unique_external_id")
_UPDATE = {
    "subject": Rule(longest=255),
    "description": Rule(null=False),
    "type": Rule(),
    "status": Rule("integer", null=False),
    "priority": Rule("integer", null=False),
    "source": Rule("integer", null=False),
    "requester_id": Rule("integer", null=False),
    "email": Rule("email"),
    "name": Rule(),
    "phone": Rule(),
    "twitter_id": Rule(),
    "facebook_id": Rule(),
    "unique_external_id": Rule(),
    "responder_id": Rule("integer"),
    "group_id": Rule("integer"),
    "company_id": Rule("integer"),
    "product_id": Rule("integer"),
    "email_config_id": Rule("integer"),
    "tags": Rule("strings"),
    "custom_fields": Rule("object"),
    "attachments": Rule("files"),
    "due_by": Rule("time"),
    "fr_due_by": Rule("time"),
    "lookup_parameter": Rule(),
    "parent_id": Rule("integer"),
    "related_ticket_ids": Rule("integers"),
    "internal_agent_id": Rule("integer"),
    "internal_group_id": Rule("integer"),
}
_CREATE = _UPDATE | {"cc_emails": Rule("emails")}
_CHANGE = _UPDATE | {"association_type": Rule("integer")}
_IN_BULK = """email_config_id group_id priority parent_id requester_id responder_id source status type
product_id due_by fr_due_by custom_fields tags internal_agent_id internal_group_id company_id"""
_BULK = {name: _UPDATE[name] for name in _IN_BULK.split()}
_BULK |= {"from_email": Rule("email"), "skip_close_notification": Rule("boolean")}
_OUTBOUND_KEYS = """name email subject type status priority description attachments custom_fields due_by
fr_due_by group_id tags email_config_id"""
_OUTBOUND = {name: _UPDATE[name] for name in _OUTBOUND_KEYS.split()} | {"cc_emails": Rule("emails")}
_SHARED = ("internal_agent_id", "internal_group_id")
OUTBOUND = 10
# What goes from the form to the ticket as it is.
_AS_IS = (
    "subject",
    "type",
    "status",
    "priority",
    "source",
    "responder_id",
    "group_id",
    "company_id",
    "product_id",
    "email_config_id",
    *_SHARED,
)


def checked_outbound(account: Account, body: dict[str, Any], *, multipart: bool) -> Form:
    """Return the checked attributes of a ticket that begins with the desk's own mail (4.5)."""
    form = Form(body, _OUTBOUND, multipart=multipart)
    form.require("email", "subject", "email_config_id")
    form.values = {"status": CLOSED, **form.values, "source": OUTBOUND}
    _check(account, form, None)
    form.end()
    return form


def checked_new(account: Account, body: dict[str, Any], *, multipart: bool) -> Form:
    """Return the checked attributes of a new ticket; refuses with every failing field."""
    form = Form(body, _CREATE, multipart=multipart)
    if not any(form.get(name) for name in _REQUESTER):
        text = f"Please fill at least 1 of the following fields - {', '.join(_REQUESTER)}"
        form.problems.add("requester_id", "missing_field", text)
    if form.get("phone") and not (form.get("email") or form.get("requester_id")):
        form.require("name")
    _check(account, form, None)
    form.end()
    return form


def checked_change(account: Account, ticket: Ticket, body: dict[str, Any], *, multipart: bool) -> Form:
    """Return the checked attributes of an update; refuses with every failing field."""
    form = Form(body, _CHANGE, multipart=multipart)
    _check(account, form, ticket)
    form.end()
    return form


def checked_bulk(account: Account, properties: dict[str, Any], tickets: list[Ticket]) -> Form:
    """Return the checked properties of a bulk update of `tickets`."""
    form = Form(properties, _BULK)
    for ticket in tickets:
        _check(account, form, ticket)
    form.end()
    return form


def new_ticket(account: Account, form: Form, actor: User) -> Ticket:
    """Create a ticket from a checked form; the requester is found or made."""
    user, now = _requester(account, form), account.now()
    defaults: dict[str, Any] = {"company_id": user.company_id, "tags": [], "description": "", "subject": None}
    values = defaults | _values(account, form, None) | {"requester_id": user.id}
    ticket = Ticket(account.last_ticket + 1, created_at=now, updated_at=now, **values)
    if ticket.source == OUTBOUND:
        ticket.responder_id = ticket.responder_id or actor.id
    ticket.cc_emails = list(form.get("cc_emails") or [])
    ticket.ticket_cc_emails = list(ticket.cc_emails)
    ticket.attachments = [account.save(upload) for upload in form.get("attachments") or []]
    _set_due(account, ticket, form)
    rules.open_ticket(account, ticket, actor.email or "")
    relations.link(account, ticket, form)
    return ticket


def apply(account: Account, ticket: Ticket, form: Form, actor: User) -> None:
    """Change a ticket by a checked form."""
    values = _values(account, form, ticket)
    if any(form.get(name) for name in _REQUESTER):
        values["requester_id"] = _requester(account, form).id
    if uploads := form.get("attachments"):
        values["attachments"] = [*ticket.attachments, *(account.save(u, ticket.id) for u in uploads)]
    if _set_due(account, ticket, form):
        account.touch(ticket)
    mute = bool(form.get("skip_close_notification"))
    rules.change(account, ticket, values, actor.email or "", mute=mute)
    relations.link(account, ticket, form)


def _values(account: Account, form: Form, ticket: Ticket | None) -> dict[str, Any]:
    values = {name: form.get(name) for name in _AS_IS if name in form}
    if "description" in form:
        values["description"] = stored(form.get("description"))
    if "tags" in form:
        values["tags"] = list(dict.fromkeys(form.get("tags") or []))
    if "custom_fields" in form:
        values["custom_fields"] = _custom(form, ticket)
    return values | _mailbox(account, values, ticket)


def _mailbox(account: Account, values: dict[str, Any], ticket: Ticket | None) -> dict[str, Any]:
    """Return what follows from mailbox and product: each other, and on creation the group (4.1)."""
    follows: dict[str, Any] = {}
    boxes, product = account.mailboxes(), values.get("product_id")
    box = boxes.get(values.get("email_config_id") or (ticket.email_config_id if ticket else 0) or 0)
    if values.get("email_config_id") and box and ticket is None:
        follows["product_id"] = box["product_id"]
    elif product and (box is None or box["product_id"] != product):
        own = [row for row in boxes.values() if row["product_id"] == product]
        box = next((row for row in own if row["default_reply_email"]), own[0] if own else None)
        follows["email_config_id"] = box["id"] if box else None
    if ticket is None and box and "group_id" not in values:
        follows["group_id"] = box["group_id"]
    return follows


def _custom(form: Form, ticket: Ticket | None) -> dict[str, Any]:
    """Return the custom values after the call: an update merges key by key (4.1)."""
    return (ticket.custom_fields if ticket else {}) | (form.get("custom_fields") or {})


def _set_due(account: Account, ticket: Ticket, form: Form) -> bool:
    given = [name for name in ("fr_due_by", "due_by") if name in form]
    for name in given:
        sla.set_by_hand(account, ticket, name, form.get(name))
    return bool(given)


def _check(account: Account, form: Form, ticket: Ticket | None) -> None:
    _check_choices(account, form)
    _check_references(account, form)
    _check_due(account, form, ticket)
    _check_files(form, ticket)
    relations.check(account, form, ticket)
    for name in ("subject", "description"):
        if ticket and ticket.source == OUTBOUND and name in form:
            form.problems.add(name, "incompatible_field", "It cannot be changed on an outbound ticket")
    merged = _merged(form, ticket)
    fields.check_custom(account, form, merged["custom_fields"])
    fields.check_required(account, form, merged, creating=ticket is None)


def _check_choices(account: Account, form: Form) -> None:
    form.one_of("status", list(account.statuses))
    form.one_of("priority", list(fields.PRIORITIES))
    form.one_of("source", list(fields.SOURCES))
    form.one_of("type", fields.types(account))
    form.one_of("lookup_parameter", ("display_id", "primary_field_value"))
    if any(len(tag) > 32 for tag in form.get("tags") or []):
        form.refuse("tags", "It should contain elements that have maximum of 32 characters")


def _check_references(account: Account, form: Form) -> None:
    requester = account.users.get(form.get("requester_id") or 0)
    known = {
        "responder_id": account.agent(form.get("responder_id")),
        "requester_id": requester and not requester.deleted,
        "group_id": form.get("group_id") in account.groups,
        "company_id": form.get("company_id") in account.companies,
        "product_id": form.get("product_id") in account.shelves["products"],
        "email_config_id": form.get("email_config_id") in account.mailboxes(),
        "facebook_id": None,
        "internal_agent_id": account.agent(form.get("internal_agent_id")),
        "internal_group_id": form.get("internal_group_id") in account.groups,
    }
    for name, found in known.items():
        if form.get(name) is not None and not found:
            form.refuse(name, f"There is no {name.removesuffix('_id')} matching the given {name}")
    missing = {"company_id": account.switches.multiple_companies}
    missing |= dict.fromkeys(_SHARED, account.switches.shared_ownership)
    for name, enabled in missing.items():
        if name in form and not enabled:
            form.problems.add(name, "invalid_field", "Unexpected/invalid field in request")


def _check_due(account: Account, form: Form, ticket: Ticket | None) -> None:
    """Due times are later than the creation, and the resolution's later than the response's (4.6)."""
    start = ticket.created_at if ticket else account.now()
    shown = {name: getattr(ticket.due, name) if ticket else None for name in ("fr_due_by", "due_by")}
    wanted = {name: form.get(name) if name in form else shown[name] for name in shown}
    for name in shown:
        if form.get(name) and form.get(name) <= start:
            form.refuse(name, "It should be a time after the ticket's creation")
    ended = (form.get("status") or (ticket.status if ticket else 2)) in (RESOLVED, CLOSED)
    for name in shown:
        if form.get(name) and ended and not account.switches.due_after_end:
            form.problems.add(name, "incompatible_field", "It cannot be set on a ticket that has ended")
    first, last = wanted["fr_due_by"], wanted["due_by"]
    if first and last and last <= first and (form.get("due_by") or form.get("fr_due_by")):
        form.refuse("due_by" if form.get("due_by") else "fr_due_by", "due_by should be later than fr_due_by")


def _check_files(form: Form, ticket: Ticket | None) -> None:
    present = rules.all_attachments(ticket) if ticket else []
    if too_large(form.get("attachments") or [], present):
        form.refuse("attachments", "The attachments of a ticket may have 20 MB together")


def _merged(form: Form, ticket: Ticket | None) -> dict[str, Any]:
    """Return what the ticket would hold after the call, as far as the form of the account asks."""
    names = (*_AS_IS, "description")
    defaults = {"status": 2, "priority": 1, "source": 2}
    before = {name: getattr(ticket, name) if ticket else defaults.get(name) for name in names}
    after = {name: form.get(name) if name in form else before[name] for name in names}
    return after | {"custom_fields": _custom(form, ticket)}


def _requester(account: Account, form: Form) -> User:
    """Return whom the form names; unknown people become contacts (4.3)."""
    if form.get("requester_id"):
        return account.users[form.get("requester_id")]
    found = account.by_email(form.get("email")) if form.get("email") else _by_other_id(account, form)
    if found:
        return found
    facts = {name: form.get(name) for name in _REQUESTER[1:] if name != "facebook_id" and form.get(name)}
    name = form.get("name") or next(iter(facts.values())).partition("@")[0]
    return rules.new_contact(account, name=name, **facts)


def _by_other_id(account: Account, form: Form) -> User | None:
    for kind in ("phone", "twitter_id", "unique_external_id"):
        if found := account.people.owner(kind, form.get(kind)):
            return found
    return None
