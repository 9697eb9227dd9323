"""Bulk calls, their jobs, and the search for tickets (reference 3.4, 4.5, 6.21)."""

from __future__ import annotations

import re

from starlette.responses import Response

from deskbridge.sandbox.freshdesk import bulk, search, show
from deskbridge.sandbox.freshdesk.form import invalid
from deskbridge.sandbox.freshdesk.wire import Call, Endpoint, not_found, stamp
from deskbridge.sandbox.kernel import reply

_SEARCH_SIZE, _SEARCH_PAGES = 30, 10


def bulk_update(call: Call) -> Response:
    """`POST /tickets/bulk_update`: `skip_close_notification` is the one way to close without a mail."""
    job = bulk.accept(call.account, call.body, call.agent)
    href = f"{call.account.base_url}/api/v2/jobs/{job.id}"
    return reply({"job_id": job.id, "href": href}, call.account.switches.bulk_status)


def job(call: Call) -> Response:
    """`GET /jobs/{id}`."""
    found = call.account.jobs.get(call.request.path_params["job"])
    if found is None:
        raise not_found()
    changed = stamp(found.at if found.done else found.created_at)
    return reply(
        {
            "id": found.id,
            "status": "COMPLETED" if found.done else "IN PROGRESS",
            "progress": 100 if found.done else 0,
            "data": found.results,
            "created_at": stamp(found.created_at),
            "updated_at": changed,
            "status_updated_at": changed,
        }
    )


def search_tickets(call: Call) -> Response:
    """`GET /search/tickets`: thirty a page, ten pages, an index that lags."""
    page = call.query.get("page", "1")
    if not re.fullmatch(r"[1-9]|10", page):
        text = f"It should be a Positive Integer less than or equal to {_SEARCH_PAGES}"
        invalid("page", text)
    hits = search.tickets(call.account, call.query.get("query"))
    start = (int(page) - 1) * _SEARCH_SIZE
    rows = [show.ticket_row(call.account, ticket) for ticket in hits[start : start + _SEARCH_SIZE]]
    return reply({"total": len(hits), "results": rows})


ENDPOINTS = (
    Endpoint("POST", "/tickets/bulk_update", bulk_update),
    Endpoint("GET", "/jobs/{job}", job),
    Endpoint("GET", "/search/tickets", search_tickets, query=("query", "page")),
)
