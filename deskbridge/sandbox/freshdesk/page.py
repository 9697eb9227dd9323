"""The pages of a Freshdesk account: a ticket as an agent sees it, and the list of tickets."""

from __future__ import annotations

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from deskbridge.sandbox.freshdesk import fields, upkeep
from deskbridge.sandbox.freshdesk.records import Attachment, Conversation, Ticket
from deskbridge.sandbox.freshdesk.state import Account
from deskbridge.sandbox.freshdesk.text import for_page
from deskbridge.sandbox.page import Shown, table_page, ticket_page

_NOTE_SOURCE = 2
_SHOWN = 500


def routes(account: Account) -> list[Route]:
    """Return the routes of the pages, which need no login."""

    async def ticket(request: Request) -> Response:
        upkeep.settle(account)
        number = request.path_params["id"]
        found = account.tickets.get(number) or account.archive.get(number)
        return _ticket(account, found) if found else HTMLResponse("no such ticket", 404)

    async def tickets(request: Request) -> Response:
        upkeep.settle(account)
        link = Markup('<a href="/a/tickets/{0}">#{0}</a>')
        rows = [
            (
                link.format(t.id),
                t.subject or "",
                account.statuses[t.status].label,
                _name(account, t.requester_id),
            )
            for t in (account.tickets[n] for n in account.tickets.created("normal").backward()[:_SHOWN])
        ]
        return table_page("Freshdesk sandbox: tickets", ("ticket", "subject", "status", "requester"), rows)

    return [Route("/a/tickets/{id:int}", ticket), Route("/a/tickets", tickets), Route("/", tickets)]


def _ticket(account: Account, ticket: Ticket) -> HTMLResponse:
    messages = [_description(account, ticket), *(_message(account, c) for c in ticket.conversations)]
    return ticket_page("Freshdesk", f"#{ticket.id}", ticket.subject or "", _facts(account, ticket), messages)


def _facts(account: Account, ticket: Ticket) -> list[tuple[str, str]]:
    company = account.companies.get(ticket.company_id or 0)
    facts = {
        "Status": account.statuses[ticket.status].label,
        "Priority": fields.PRIORITIES[ticket.priority],
        "Type": ticket.type,
        "Requester": _name(account, ticket.requester_id),
        "Company": company.name if company else None,
        "Agent": _name(account, ticket.responder_id),
        "Tags": ", ".join(ticket.tags),
        "First response due": ticket.due.fr_due_by,
        "Resolution due": ticket.due.due_by,
        "Overdue": "yes" if ticket.is_escalated else None,
        "In the trash since": ticket.trashed_at,
        "Spam": "yes" if ticket.spam else None,
    }
    custom = {f.label: ticket.custom_fields.get(f.name) for f in account.fields if not f.default}
    return [(name, str(value)) for name, value in (facts | custom).items() if value not in (None, "")]


def _name(account: Account, user_id: int | None) -> str:
    user = account.users.get(user_id or 0)
    return user.name if user else ""


def _description(account: Account, ticket: Ticket) -> Shown:
    author, html = _name(account, ticket.requester_id), for_page(ticket.description)
    files = _files(account, ticket.attachments)
    return Shown(author, ticket.created_at, "description", "customer", html, files)


def _message(account: Account, c: Conversation) -> Shown:
    note = "private note" if c.private else "public note"
    badge = note if c.source == _NOTE_SOURCE else "customer's message" if c.incoming else "reply"
    audience = "internal" if c.private else "customer"
    author = _name(account, c.user_id)
    return Shown(author, c.created_at, badge, audience, for_page(c.body), _files(account, c.attachments))


def _files(account: Account, attachments: list[Attachment]) -> list[tuple[str, str]]:
    seconds = account.switches.presign_seconds
    return [(file.name, account.files.presigned_url(file, seconds)) for file in attachments]
