"""The plain resources of an account, each a table: who may, what it takes (reference 6.1-6.14)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import Response

from deskbridge.sandbox.freshdesk import fieldsets
from deskbridge.sandbox.freshdesk.form import Form, Rule
from deskbridge.sandbox.freshdesk.show import stamp
from deskbridge.sandbox.freshdesk.state import Account
from deskbridge.sandbox.freshdesk.text import plain, stored
from deskbridge.sandbox.freshdesk.wire import Call, Endpoint, created, not_found, paged
from deskbridge.sandbox.kernel import reply

_PAGES = ("page", "per_page")
Row = dict[str, Any]


def _as_is(account: Account, row: Row) -> Row:
    return row


def _nothing(call: Call, form: Form, row: Row | None) -> None:
    """Most resources need no check but that of types."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """One resource: `verbs` are C(reate), R(ead list), V(iew), U(pdate), D(elete)."""

    name: str
    path: str
    verbs: str = "RV"
    takes: Mapping[str, Rule] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    unique: str = ""
    starts: Callable[[Account], Row] = lambda account: {}
    """What a new row has besides what was sent."""
    check: Callable[[Call, Form, Row | None], None] = _nothing
    settle: Callable[[Account, Row], None] = lambda account, row: None
    """Called when a row is new or has changed."""
    row: Callable[[Account, Row], Row] = _as_is
    view: Callable[[Account, Row], Row] = _as_is
    query: tuple[str, ...] = ()
    """Filters by equality."""
    admin: bool = True
    reads: bool = True
    """Whether reading is for admins only as well."""


def endpoints(shelf: Shelf) -> list[Endpoint]:
    """Return the calls of a resource."""
    one, guard = shelf.path + "/{id:int}", shelf.admin and shelf.reads
    every = {
        "R": Endpoint("GET", shelf.path, _lister(shelf), admin=guard, query=(*shelf.query, *_PAGES)),
        "V": Endpoint("GET", one, _viewer(shelf), admin=guard),
        "C": Endpoint("POST", shelf.path, _creator(shelf), admin=shelf.admin),
        "U": Endpoint("PUT", one, _updater(shelf), admin=shelf.admin),
        "D": Endpoint("DELETE", one, _deleter(shelf), admin=shelf.admin),
    }
    return [every[verb] for verb in shelf.verbs]


def _found(shelf: Shelf, call: Call) -> Row:
    row = call.account.shelves[shelf.name].get(call.id)
    if row is None:
        raise not_found()
    return row


def _lister(shelf: Shelf) -> Callable[[Call], Response]:
    def listed(call: Call) -> Response:
        rows = list(call.account.shelves[shelf.name].values())
        for name in shelf.query:
            if name in call.query:
                rows = [row for row in rows if str(row.get(name)).lower() == call.query[name].lower()]
        return paged(call, rows, lambda row: shelf.row(call.account, row))

    return listed


def _viewer(shelf: Shelf) -> Callable[[Call], Response]:
    return lambda call: reply(shelf.view(call.account, _found(shelf, call)))


def _creator(shelf: Shelf) -> Callable[[Call], Response]:
    def create(call: Call) -> Response:
        account, now = call.account, stamp(call.account.now())
        form = _form(shelf, call, None)
        row = {"id": account.new_id()} | shelf.starts(account) | form.values
        row |= {"created_at": now, "updated_at": now}
        shelf.settle(account, row)
        account.shelves[shelf.name][row["id"]] = row
        return created(call, shelf.view(account, row), f"{shelf.path}/{row['id']}")

    return create


def _updater(shelf: Shelf) -> Callable[[Call], Response]:
    def update(call: Call) -> Response:
        row = _found(shelf, call)
        row |= _form(shelf, call, row).values | {"updated_at": stamp(call.account.now())}
        shelf.settle(call.account, row)
        return reply(shelf.view(call.account, row))

    return update


def _deleter(shelf: Shelf) -> Callable[[Call], Response]:
    def delete(call: Call) -> Response:
        row = _found(shelf, call)
        if row.get("default"):
            form = Form({}, {})
            form.refuse("id", "A default one cannot be deleted")
            form.end()
        del call.account.shelves[shelf.name][row["id"]]
        return reply(status=204)

    return delete


def _form(shelf: Shelf, call: Call, row: Row | None) -> Form:
    form = Form(call.body, shelf.takes, multipart=call.multipart)
    if row is None:
        form.require(*shelf.required)
    shelf.check(call, form, row)
    form.end()
    others = [other for other in call.account.shelves[shelf.name].values() if other is not row]
    wanted = str(form.get(shelf.unique) or "").lower() if shelf.unique else ""
    if wanted and any(str(other[shelf.unique]).lower() == wanted for other in others):
        form.problems.add(shelf.unique, "duplicate_value", "It should be a unique value")
        form.problems.end(409)
    return form


def _plain_content(account: Account, row: Row) -> None:
    """A canned response is written as HTML and read as both (6.13)."""
    if row.get("content_html"):
        row["content_html"] = stored(row["content_html"])
    row["content"] = plain(row.get("content_html") or "")


def _check_response(call: Call, form: Form, row: Row | None) -> None:
    form.one_of("visibility", (0, 1, 2))
    folders = call.account.shelves["canned_folders"]
    if form.get("folder_id") is not None and form.get("folder_id") not in folders:
        form.refuse("folder_id", "There is no folder matching the given folder_id")
    if form.get("visibility") == 2:
        form.require("group_ids")


def _folder(account: Account, row: Row) -> Row:
    """A folder alone names what is in it."""
    inside = [r for r in account.shelves["canned_responses"].values() if r["folder_id"] == row["id"]]
    return row | {"canned_responses": [{"id": r["id"], "title": r["title"]} for r in inside]}


def _folder_row(account: Account, row: Row) -> Row:
    return row | {"responses_count": len(_folder(account, row)["canned_responses"])}


def folder_responses(call: Call) -> Response:
    """`GET /canned_response_folders/{id}/responses`."""
    if call.id not in call.account.shelves["canned_folders"]:
        raise not_found()
    rows = [r for r in call.account.shelves["canned_responses"].values() if r["folder_id"] == call.id]
    return paged(call, rows, dict)


def _check_mailbox(call: Call, form: Form, row: Row | None) -> None:
    form.one_of("mailbox_type", ("freshdesk_mailbox", "custom_mailbox"))
    if form.get("group_id") is not None and form.get("group_id") not in call.account.groups:
        form.refuse("group_id", "There is no group matching the given group_id")
    if form.get("product_id") is not None and form.get("product_id") not in call.account.shelves["products"]:
        form.refuse("product_id", "There is no product matching the given product_id")
    if form.get("mailbox_type") == "custom_mailbox":
        form.require("custom_mailbox")


def _settle_mailbox(account: Account, row: Row) -> None:
    """One mailbox of a product is the one that replies come from; passwords are never shown (6.12)."""
    row["support_email"] = row["support_email"].lower()
    if row["default_reply_email"]:
        for other in account.mailboxes().values():
            if other is not row and other["product_id"] == row["product_id"]:
                other["default_reply_email"] = False
    for part in ("incoming", "outgoing"):
        ((row.get("custom_mailbox") or {}).get(part) or {}).pop("password", None)
    if row["mailbox_type"] == "freshdesk_mailbox":
        local, _, domain = row["support_email"].partition("@")
        forward = f"{domain.replace('.', '')}{local}@harbour.freshdesk.example"
        row["freshdesk_mailbox"] = {"forward_email": forward}


def email_config(row: Row) -> Row:
    """Return a mailbox as the older calls show it (6.12)."""
    return {
        "id": row["id"],
        "name": row["name"],
        "product_id": row["product_id"],
        "to_email": row["support_email"],
        "reply_email": row["support_email"],
        "group_id": row["group_id"],
        "primary_role": row["default_reply_email"],
        "active": row["active"],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
    }


def email_configs(call: Call) -> Response:
    """`GET /email_configs`: the mailboxes by their older name."""
    return paged(call, list(call.account.mailboxes().values()), email_config)


def one_email_config(call: Call) -> Response:
    """`GET /email_configs/{id}`."""
    if call.id not in call.account.mailboxes():
        raise not_found()
    return reply(email_config(call.account.mailboxes()[call.id]))


def _check_skill(call: Call, form: Form, row: Row | None) -> None:
    form.one_of("match_type", ("all", "any"))
    form.end()
    for agent in form.get("agents") or []:
        if not call.account.agent(agent.get("id")):
            form.refuse("agents", f"There is no agent matching {agent.get('id')}")


def _fieldset(shelf: str, path: str, further: dict[str, Rule], required: tuple[str, ...]) -> Shelf:
    """Return the resource of contact or company fields (6.1, 6.2)."""
    flags = "required_for_agents agents_can_edit displayed_for_agents quick_add_for_agent unique"
    takes = dict.fromkeys(flags.split(), Rule("boolean")) | further
    choice = {"id": Rule("integer"), "value": Rule(), "deleted": Rule("boolean"), "position": Rule("number")}
    takes |= {"label": Rule(null=False), "position": Rule("integer")}
    takes |= {"choices": Rule("objects", inside=choice)}

    def check(call: Call, form: Form, row: Row | None) -> None:
        form.one_of("type", fieldsets.TYPES)
        if row is not None and "type" in form:
            form.problems.add("type", "invalid_field", "Unexpected/invalid field in request")
        if form.get("type") == "custom_dropdown":
            form.require("choices")
        if "choices" in form and (row or {}).get("default"):
            form.values.pop("choices")
            form.problems.add("choices", "readonly_field", "Read only field cannot be altered")
        elif "choices" in form:
            form.values["choices"] = _merged_choices(call.account, form.get("choices") or [], row)

    def settle(account: Account, row: Row) -> None:
        if not row["name"]:
            row["name"] = fieldsets.fresh_name(account, shelf, row["label"])

    def starts(account: Account) -> Row:
        fresh = fieldsets.new_row(account, shelf, "", "", "", len(account.shelves[shelf]) + 1)
        return {name: value for name, value in fresh.items() if name != "id"}

    def listed(account: Account, row: Row) -> Row:
        choices = row.get("choices")
        own = isinstance(choices, list) and choices and isinstance(choices[0], dict)
        return row | {"choices": [choice["value"] for choice in choices or ()]} if own else row

    return Shelf(
        shelf, path, "RVCUD", takes | {"type": Rule(null=False)}, required, starts=starts, check=check,
        settle=settle, row=listed, reads=False,
    )  # fmt: skip


def _merged_choices(account: Account, given: list[Row], row: Row | None) -> list[Row]:
    """Return choices after a call: an id changes one, `deleted` removes it, no id adds one."""
    kept = {choice["id"]: choice for choice in (row or {}).get("choices") or []}
    for part in given:
        if part.get("deleted"):
            kept.pop(part.get("id"), None)
        elif part.get("value") is not None:
            number = part["id"] if part.get("id") in kept else account.new_id()
            kept[number] = {"id": number, "label": part["value"], "value": part["value"]}
    return [{**choice, "position": position} for position, choice in enumerate(kept.values(), 1)]


_CUSTOMERS = "editable_in_signup customers_can_edit required_for_customers displayed_for_customers"
_RESPONSE = {
    "title": Rule(null=False, longest=255),
    "content_html": Rule(null=False),
    "folder_id": Rule("integer", null=False),
    "visibility": Rule("number", null=False),
    "group_ids": Rule("integers"),
}
_MAILBOX = {
    "name": Rule(),
    "support_email": Rule("email", null=False),
    "group_id": Rule("integer"),
    "product_id": Rule("integer"),
    "default_reply_email": Rule("boolean", null=False),
    "mailbox_type": Rule(null=False),
    "custom_mailbox": Rule("object", inside={"incoming": Rule("object"), "outgoing": Rule("object")}),
}
_SKILL = {
    "name": Rule(null=False),
    "rank": Rule("integer"),
    "agents": Rule("objects", inside={"id": Rule("integer", null=False)}),
    "match_type": Rule(),
    "conditions": Rule("objects"),
}


def _new_mailbox(account: Account) -> Row:
    return {"name": None, "group_id": None, "product_id": None, "default_reply_email": False, "active": False}


def _new_skill(account: Account) -> Row:
    return {"agents": [], "match_type": "all", "conditions": [], "rank": len(account.shelves["skills"]) + 1}


SHELVES = (
    Shelf("roles", "/roles"),
    Shelf("products", "/products"),
    Shelf("scenarios", "/scenario_automations", "R", admin=False),
    Shelf(
        "canned_folders", "/canned_response_folders", "RVCU", {"name": Rule(null=False)}, ("name",), "name",
        starts=lambda account: {"personal": False}, row=_folder_row, view=_folder, admin=False,
    ),
    Shelf(
        "canned_responses", "/canned_responses", "VCU", _RESPONSE,
        ("title", "content_html", "folder_id", "visibility"), "title", check=_check_response,
        starts=lambda account: {"group_ids": [], "attachments": []}, settle=_plain_content, admin=False,
    ),
    Shelf(
        "mailboxes", "/email/mailboxes", "RVCUD", _MAILBOX, ("support_email", "mailbox_type"),
        "support_email",
        starts=_new_mailbox, check=_check_mailbox, settle=_settle_mailbox,
        query=("product_id", "group_id", "support_email", "active"),
    ),
    *(
        Shelf("skills", path, "RVCUD", _SKILL, ("name",), "name", starts=_new_skill, check=_check_skill)
        for path in ("/admin/skills", "/skills")
    ),
    _fieldset(
        "contact_fields", "/contact_fields",
        dict.fromkeys(_CUSTOMERS.split(), Rule("boolean")) | {"label_for_customers": Rule(null=False)},
        ("label", "label_for_customers", "type"),
    ),
    _fieldset("company_fields", "/company_fields", {}, ("label", "type")),
)  # fmt: skip
ENDPOINTS = (
    *(endpoint for shelf in SHELVES for endpoint in endpoints(shelf)),
    Endpoint("GET", "/canned_response_folders/{id:int}/responses", folder_responses, query=_PAGES),
    Endpoint("GET", "/email_configs", email_configs, admin=True, query=_PAGES),
    Endpoint("GET", "/email_configs/{id:int}", one_email_config, admin=True),
)
