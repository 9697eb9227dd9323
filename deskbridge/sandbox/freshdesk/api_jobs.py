"""Work in the background and its results; the searches (reference 3.4, 4.5, 6.1, 6.21, 6.22)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

from starlette.responses import Response

from deskbridge.sandbox.freshdesk import exports, imports, jobs, search, show, show_people
from deskbridge.sandbox.freshdesk.files import Upload
from deskbridge.sandbox.freshdesk.form import Form, Rule, invalid
from deskbridge.sandbox.freshdesk.records import Job
from deskbridge.sandbox.freshdesk.show import stamp
from deskbridge.sandbox.freshdesk.wire import Call, Endpoint, not_found
from deskbridge.sandbox.kernel import Refused, reply

_SEARCH_SIZE, _SEARCH_PAGES = 30, 10
_EXPORT = {
    "date_range": Rule("object"),
    "resources": Rule("objects", null=False, inside={"name": Rule(null=False), "include": Rule("strings")}),
    "output_format": Rule(),
}
_RANGE = {"start_date": Rule("time", null=False), "end_date": Rule("time", null=False)}
_FIELDS = {"default_fields": Rule("strings", null=False), "custom_fields": Rule("strings", null=False)}
_IMPORTS_SHOWN = 5


def bulk_update(call: Call) -> Response:
    """`POST /tickets/bulk_update`: `skip_close_notification` is the one way to close without a mail."""
    return _accepted(call, jobs.accept_update(call.account, call.body, call.agent))


def bulk_delete(call: Call) -> Response:
    """`POST /tickets/bulk_delete`."""
    return _accepted(call, jobs.accept_delete(call.account, call.body, call.agent))


def _accepted(call: Call, job: Job) -> Response:
    href = f"{call.account.base_url}/api/v2/jobs/{job.id}"
    return reply({"job_id": job.id, "href": href}, call.account.switches.bulk_status)


def export_account(call: Call) -> Response:
    """`POST /account/export`: the only bulk way to archived tickets (4.8)."""
    form = Form(call.body, _EXPORT)
    form.require("resources")
    form.end()
    form.one_of("output_format", ("json",))
    for row in form.get("resources") or []:
        if row.get("name") not in exports.INCLUDES:
            form.refuse("resources", "name should be one of: '" + ",".join(exports.INCLUDES) + "'")
        elif set(row.get("include") or []) - set(exports.INCLUDES[row["name"]]):
            form.refuse("resources", f"include of {row['name']} should be one of: "
                        f"'{','.join(exports.INCLUDES[row['name']])}'")  # fmt: skip
    form.end()
    if form.get("date_range"):
        Form(form.get("date_range"), _RANGE).end()
    job = jobs.queue(call.account, jobs.EXPORT, call.agent, form.values, numbered=True)
    href = f"{call.account.base_url}/api/v2/jobs/{job.id}"
    return reply(
        {"job": {"id": job.id, "link": {"href": href, "method": "GET"}}}, call.account.switches.bulk_status
    )


def job(call: Call) -> Response:
    """`GET /jobs/{id}`."""
    found = call.account.jobs.get(call.request.path_params["job"])
    if found is None:
        raise not_found()
    changed = stamp(found.at if found.done else found.created_at)
    shown = {
        "id": found.id,
        "name": found.kind,
        "status": "COMPLETED" if found.done else "IN PROGRESS",
        "progress": 100 if found.done else 0,
        "created_at": stamp(found.created_at),
        "updated_at": changed,
        "status_updated_at": changed,
    }
    if found.kind == jobs.EXPORT:
        url = exports.url(call.account, found.results) if found.done else None
        return reply(shown | {"download_url": url})
    return reply(shown | {"data": found.results or []})


def activities(call: Call) -> Response:
    """`GET /export/ticket_activities`: 404 until the day is over, or when the export is off (6.22)."""
    try:
        day = date.fromisoformat(call.query.get("created_at", ""))
    except ValueError:
        invalid("created_at", "It should be in the 'yyyy-mm-dd' format")
    file = exports.activities_file(call.account, day)
    if file is None:
        raise not_found()
    return reply({"export": [{"created_at": day.isoformat(), "url": exports.url(call.account, file)}]})


def _exporter(kind: str) -> Callable[[Call], Response]:
    def export(call: Call) -> Response:
        form = Form(call.body, {"fields": Rule("object", null=False)})
        form.require("fields")
        form.end()
        wanted = Form(form.get("fields"), _FIELDS)
        wanted.end()
        if any(j.kind == kind and not j.done for j in call.account.jobs.values()):
            raise Refused(409, {"code": "inconsistent_state", "message": "An export is running already."})
        made = jobs.queue(call.account, kind, call.agent, {"fields": wanted.values})
        return reply({"id": made.id})

    return export


def _export_viewer(kind: str) -> Callable[[Call], Response]:
    def export(call: Call) -> Response:
        found = call.account.jobs.get(call.request.path_params["job"])
        if found is None or found.kind != kind:
            raise not_found()
        if not found.done:
            return reply({"id": found.id, "status": "in_progress", "download_url": None})
        url = exports.url(call.account, found.results)
        return reply({"id": found.id, "status": "completed", "download_url": url})

    return export


def import_contacts(call: Call) -> Response:
    """`POST /contacts/imports`: a CSV file by multipart, `fields[name]` is a column's number."""
    form = Form(call.body, {"file": Rule("file", null=False), "fields": Rule("object", null=False)})
    columns = form.get("fields") or {}
    form.require("file", "fields")
    for name, column in columns.items():
        if name not in imports.FIELDS:
            form.problems.add(name, "invalid_field", "Unexpected/invalid field in request")
        elif not re.fullmatch(r"\d{1,3}", str(column)):
            form.refuse(name, "It should be a Positive Integer")
    form.end()
    upload: Upload = form.get("file")
    upload.file.seek(0)
    rows = imports.rows_of(upload.file.read())
    if rows is None:
        invalid("file", "It should be a CSV file in UTF-8")
    what = {"rows": rows, "fields": {name: int(column) for name, column in columns.items()}}
    return reply(_import(jobs.queue(call.account, jobs.IMPORT, call.agent, what, numbered=True)))


def _import(job: Job) -> dict[str, Any]:
    status = "cancelled" if job.cancelled else "completed" if job.done else "in_progress"
    results = job.results or {"failed": 0}
    row = {"id": int(job.id), "created_at": stamp(job.created_at), "status": status}
    total = len(job.what["rows"])
    row |= {"total_records": total, "completed_records": total - results["failed"] if job.done else 0}
    if status == "in_progress":
        return row | {"estimated_time_remaining": "00:00:01"}
    return row | {"failures": {"count": results["failed"], "report": None}}


def contact_imports(call: Call) -> Response:
    """`GET /contacts/imports`: the five latest."""
    rows = [_import(j) for j in call.account.jobs.values() if j.kind == jobs.IMPORT][::-1]
    wanted = call.query.get("status")
    return reply([row for row in rows if wanted in (None, row["status"])][:_IMPORTS_SHOWN])


def contact_import(call: Call) -> Response:
    """`GET /contacts/imports/{id}`, and `PUT .../cancel`."""
    found = call.account.jobs.get(str(call.id))
    if found is None or found.kind != jobs.IMPORT:
        raise not_found()
    if call.request.method == "PUT" and not found.done:
        found.cancelled = True
    return reply(_import(found))


def _searcher(kind: str, show_one: Callable[[Call, int], dict[str, Any]]) -> Callable[[Call], Response]:
    def searched(call: Call) -> Response:
        page = call.query.get("page", "1")
        if not re.fullmatch(r"[1-9]|10", page):
            invalid("page", f"It should be a Positive Integer less than or equal to {_SEARCH_PAGES}")
        hits = search.found(call.account, kind, call.query.get("query"))
        start = (int(page) - 1) * _SEARCH_SIZE
        rows = [show_one(call, number) for number in hits[start : start + _SEARCH_SIZE]]
        return reply({"total": len(hits), "results": rows})

    return searched


def _ticket(call: Call, number: int) -> dict[str, Any]:
    return show.ticket_row(call.account, call.account.tickets[number], ["description"])


def _contact(call: Call, number: int) -> dict[str, Any]:
    return show_people.contact_row(call.account, call.account.users[number])


def _company(call: Call, number: int) -> dict[str, Any]:
    return show_people.company_row(call.account, call.account.companies[number])


_SEARCH = ("query", "page")
ENDPOINTS = (
    Endpoint("POST", "/tickets/bulk_update", bulk_update),
    Endpoint("POST", "/tickets/bulk_delete", bulk_delete),
    Endpoint("GET", "/jobs/{job}", job),
    Endpoint("POST", "/account/export", export_account, admin=True),
    Endpoint("GET", "/export/ticket_activities", activities, admin=True, query=("created_at",)),
    Endpoint("POST", "/contacts/export", _exporter(jobs.CONTACTS), admin=True),
    Endpoint("GET", "/contacts/export/{job}", _export_viewer(jobs.CONTACTS), admin=True),
    Endpoint("POST", "/companies/export", _exporter(jobs.COMPANIES), admin=True),
    Endpoint("GET", "/companies/export/{job}", _export_viewer(jobs.COMPANIES), admin=True),
    Endpoint("GET", "/contacts/imports", contact_imports, admin=True, query=("status",)),
    Endpoint("POST", "/contacts/imports", import_contacts, admin=True),
    Endpoint("GET", "/contacts/imports/{id:int}", contact_import, admin=True),
    Endpoint("PUT", "/contacts/imports/{id:int}/cancel", contact_import, admin=True, bodiless=True),
    Endpoint("GET", "/search/tickets", _searcher("tickets", _ticket), query=_SEARCH),
    Endpoint("GET", "/search/contacts", _searcher("contacts", _contact), query=_SEARCH),
    Endpoint("GET", "/search/companies", _searcher("companies", _company), query=_SEARCH),
)
