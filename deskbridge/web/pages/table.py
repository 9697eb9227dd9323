"""Every address of the pages, and who may ask for it. What is not here does not exist."""

from __future__ import annotations

from deskbridge.web.pages import attention, desk, entrance, figures, linking, links, runs, shared, tickets
from deskbridge.web.pages.moved import moved
from deskbridge.web.pages.overview import overview
from deskbridge.web.pages.site import Page
from deskbridge.web.pages.ticket import ticket
from sync.store.accounts import Role

PAGES = (
    Page("/static/{name}", entrance.dress, role=None, stranger=True),
    Page("/sign-in", entrance.sign_in, role=None),
    Page("/sign-in", entrance.enter, role=None, method="POST"),
    Page("/sign-out", entrance.leave, method="POST"),
    Page("/", overview, live=True),
    Page("/old", moved),
    Page("/old/{connection}/{key:path}", moved),
    Page("/tickets", tickets.tickets),
    Page("/ticket/{connection}/{key:path}", ticket, live=True),
    Page("/boards", tickets.boards),
    Page("/board/{customer}", tickets.board, live=True),
    Page("/parked", attention.parked),
    Page("/findings", attention.findings),
    Page("/duty", desk.duty),
    Page("/reports", desk.reports),
    Page("/reports/{customer}/{month}", desk.report),
    Page("/reports/{customer}/{month}/csv", desk.report_table),
    Page("/runs", runs.runs),
    Page("/runs/{run}", runs.run, live=True),
    Page("/figures", figures.figures),
    Page("/figures.csv", figures.table),
    Page("/connections", desk.connections),
    Page("/c/{token}", shared.tickets, role=None, stranger=True),
    Page("/c/{token}/{front}/{key:path}", shared.ticket, role=None, stranger=True),
    Page("/links", links.links, role=Role.ADMIN),
    Page("/links", links.make, role=Role.ADMIN, method="POST"),
    Page("/acts/revoke", links.revoke, role=Role.ADMIN, method="POST"),
    Page("/settings", desk.settings, role=Role.ADMIN),
    Page("/audit", desk.audit, role=Role.ADMIN),
    Page("/acts/retry", attention.retry, role=Role.AGENT, method="POST"),
    Page("/acts/retry-all", attention.retry_all, role=Role.AGENT, method="POST"),
    Page("/acts/dismiss", attention.dismiss, role=Role.AGENT, method="POST"),
    Page("/acts/answer", attention.answer, role=Role.AGENT, method="POST"),
    Page("/acts/link", linking.link, role=Role.AGENT, method="POST"),
    Page("/acts/unlink", linking.unlink, role=Role.AGENT, method="POST"),
    Page("/acts/allow", attention.allow, role=Role.ADMIN, method="POST"),
)
