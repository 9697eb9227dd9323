"""The admins' calls about ticket fields and their sections (reference 6.5)."""

from __future__ import annotations

from starlette.responses import Response

from deskbridge.sandbox.freshdesk import admin_fields
from deskbridge.sandbox.freshdesk.form import Form, Rule, invalid
from deskbridge.sandbox.freshdesk.setup import Section, TicketField
from deskbridge.sandbox.freshdesk.wire import Call, Endpoint, created, not_found
from deskbridge.sandbox.kernel import reply

_SECTION = {"label": Rule(null=False), "choice_ids": Rule("integers", null=False)}


def listed(call: Call) -> Response:
    """`GET /admin/ticket_fields`."""
    include = _included(call)
    rows = sorted(call.account.fields, key=lambda f: f.position)
    shown = [admin_fields.row(call.account, f, whole=False) for f in rows]
    for f, row in zip(rows, shown, strict=True):
        if include and row.get("has_section"):
            row["sections"] = admin_fields.sections(call.account, f)
    return reply(shown)


def viewed(call: Call) -> Response:
    """`GET /admin/ticket_fields/{id}`."""
    f, include = _field(call), _included(call)
    row = admin_fields.row(call.account, f, whole=True)
    if include and row.get("has_section"):
        row["sections"] = admin_fields.sections(call.account, f)
    return reply(row)


def _included(call: Call) -> bool:
    if call.query.get("include", "section") != "section":
        invalid("include", "It should be one of these values: 'section'")
    return "include" in call.query


def _field(call: Call) -> TicketField:
    for f in call.account.fields:
        if f.id == call.id:
            return f
    raise not_found()


def create(call: Call) -> Response:
    """`POST /admin/ticket_fields`: the answer for a dependent field is wrapped once more."""
    made = admin_fields.create(call.account, admin_fields.checked(call.account, call.body, None))
    row = admin_fields.row(call.account, made, whole=True) | {"archived": False}
    shown = {"ticket_field": row} if made.type == "nested_field" else row
    return created(call, shown, f"/admin/ticket_fields/{made.id}")


def update(call: Call) -> Response:
    """`PUT /admin/ticket_fields/{id}`."""
    f = _field(call)
    admin_fields.apply(call.account, f, admin_fields.checked(call.account, call.body, f))
    return reply(admin_fields.row(call.account, f, whole=True))


def delete(call: Call) -> Response:
    """`DELETE /admin/ticket_fields/{id}`: with its values."""
    f = _field(call)
    if f.default:
        invalid("id", "A default field cannot be deleted")
    admin_fields.remove(call.account, f)
    return reply(status=204)


def sections(call: Call) -> Response:
    """`GET /admin/ticket_fields/{id}/sections`."""
    return reply({"sections": admin_fields.sections(call.account, _field(call))})


def create_section(call: Call) -> Response:
    """`POST /admin/ticket_fields/{id}/sections`: answers with all of them."""
    f = _field(call)
    form = _section_form(call, f, None)
    made = Section(call.account.new_id(), form.get("label"), f.id, form.get("choice_ids"))
    call.account.sections[made.id] = made
    shown = {"sections": admin_fields.sections(call.account, f)}
    return created(call, shown, f"/admin/ticket_fields/{f.id}/sections/{made.id}")


def section(call: Call) -> Response:
    """`GET /admin/ticket_fields/{id}/sections/{section}`."""
    return reply({"section": admin_fields.section_row(call.account, _section(call))})


def update_section(call: Call) -> Response:
    """`PUT /admin/ticket_fields/{id}/sections/{section}`."""
    found = _section(call)
    form = _section_form(call, _field(call), found)
    for name, value in form.values.items():
        setattr(found, name, value)
    return section(call)


def delete_section(call: Call) -> Response:
    """`DELETE /admin/ticket_fields/{id}/sections/{section}`; its fields show always."""
    found = _section(call)
    del call.account.sections[found.id]
    for f in call.account.fields:
        f.section_mappings = [m for m in f.section_mappings if m["section_id"] != found.id]
    return reply(status=204)


def _section(call: Call) -> Section:
    found = call.account.sections.get(int(call.request.path_params["section"]))
    if found is None or found.parent_ticket_field_id != _field(call).id:
        raise not_found()
    return found


def _section_form(call: Call, f: TicketField, own: Section | None) -> Form:
    form = Form(call.body, _SECTION)
    if own is None:
        form.require("label", "choice_ids")
    known = {choice.id for choice in f.choices or ()}
    if not set(form.get("choice_ids") or []) <= known:
        form.refuse("choice_ids", "There is no choice matching one of the given ids")
    form.end()
    return form


_ALL, _ONE = "/admin/ticket_fields", "/admin/ticket_fields/{id:int}"
_SECTION_PATH = _ONE + "/sections/{section:int}"
ENDPOINTS = (
    Endpoint("GET", _ALL, listed, admin=True, query=("include",)),
    Endpoint("POST", _ALL, create, admin=True),
    Endpoint("GET", _ONE, viewed, admin=True, query=("include",)),
    Endpoint("PUT", _ONE, update, admin=True),
    Endpoint("DELETE", _ONE, delete, admin=True),
    Endpoint("GET", _ONE + "/sections", sections, admin=True),
    Endpoint("POST", _ONE + "/sections", create_section, admin=True),
    Endpoint("GET", _SECTION_PATH, section, admin=True),
    Endpoint("PUT", _SECTION_PATH, update_section, admin=True),
    Endpoint("DELETE", _SECTION_PATH, delete_section, admin=True),
)
