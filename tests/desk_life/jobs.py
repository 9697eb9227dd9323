"""What the story asks of a hub: what a command does, in the hub's own process, at the story's time."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from deskbridge.desk import boards_of
from deskbridge.report import board_lines
from deskbridge.sla.amending import amend, differences
from deskbridge.sla.held import Held
from deskbridge.sla.issuing import report
from deskbridge.sla.page import page
from deskbridge.sla.shown import report_csv, report_json, report_lines
from deskbridge.sla.told import clocks_json

if TYPE_CHECKING:
    from deskbridge.bootstrap import Application
    from tests.campaign.hub import Job


def coming(application: Application, job: Job) -> dict[str, Any]:
    """Return when the hub wakes up by itself, and what waits for a person."""
    due = application.store.inbox.next_due()
    parked = {row.subject: row.parked for row in application.store.inbox.parked()}
    return {"next": due.isoformat() if due else None, "parked": parked}


def clocks(application: Application, job: Job) -> dict[str, Any]:
    """Return the clocks of all tickets, as `deskbridge explain --json` tells them."""
    refs = [ticket.ref for ticket in application.store.served.tickets()]
    found = Held(application).told(refs)
    return {
        "at": application.now().isoformat(),
        "clocks": {one.name: clocks_json(one) for one in found},
        "outbox": [notification.key for notification in application.store.outbox.waiting()],
    }


def amends(application: Application, job: Job) -> dict[str, Any]:
    """Have today's rules hold from a date on, as `deskbridge sla amend --from DATE --apply`."""
    since = datetime.fromisoformat(job.arguments[0])
    found = list(differences(application, since))
    amend(application, since, found)
    return {"differing": [str(one.ref) for one in found]}


def reports(application: Application, job: Job) -> dict[str, Any]:
    """Return a customer's month in every form, as `deskbridge sla report`."""
    customer, month = job.arguments
    made = report(application, customer, month, issue=False, by=None)
    data = report_json(made)
    forms = [json.dumps(data), report_csv(made), page(made), "\n".join(report_lines(made))]
    return {"data": data, "forms": forms}


def boards(application: Application, job: Job) -> dict[str, Any]:
    """Make every customer's board, as `deskbridge boards apply`, and return what was done and what stands."""
    made, shown = dict[str, list[str]](), dict[str, list[str]]()
    for name, (connection, spec) in boards_of(application.settings).items():
        connector = application.connectors[connection]
        made[name] = [step.what for step in connector.plan_board(spec) if not step.manual]
        connector.apply_board(spec)
        shown[name] = list(board_lines(connector.show_board(spec), connector.plan_board(spec)))
    return {"made": made, "shown": shown}


ASKED = {"coming": coming, "clocks": clocks, "amend": amends, "report": reports, "boards": boards}
