"""Bulk updates: accepted at once, done by a job some time later (reference 4.5)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from deskbridge.sandbox.freshdesk import ticket_form, writing
from deskbridge.sandbox.freshdesk.form import Form, Rule, invalid
from deskbridge.sandbox.freshdesk.records import Job, Ticket, User
from deskbridge.sandbox.freshdesk.state import Account
from deskbridge.sandbox.kernel import Refused

_CALL = {"bulk_action": Rule("object", null=False)}
_ACTION = {
    "ids": Rule("integers", null=False),
    "properties": Rule("object", null=False),
    "reply": Rule("object", null=False),
}
_REPLY = {"body": Rule(null=False)}


def accept(account: Account, body: dict[str, Any], agent: User) -> Job:
    """Check a bulk update and return the job that will do it; refuses what no ticket could take."""
    call = Form(body, _CALL)
    call.require("bulk_action")
    call.end()
    action = Form(call.get("bulk_action"), _ACTION)
    action.require("ids")
    action.end()
    if "properties" not in action and "reply" not in action:
        invalid("properties", "Mandatory attribute missing", "missing_field")
    tickets = [account.tickets[n] for n in action.get("ids") if n in account.tickets]
    ticket_form.checked_bulk(account, action.get("properties") or {}, tickets)
    _check_reply(action.get("reply"))
    return _queued(account, action, agent)


def _check_reply(reply: dict[str, Any] | None) -> None:
    if reply is None:
        return
    for name in ("attachment_ids", "inline_attachment_ids", "cloud_files"):
        if name in reply:
            raise Refused(501, {"sandbox": f"the freshdesk sandbox does not know {name} in a bulk reply"})
    form = Form(reply, _REPLY)
    form.require("body")
    form.end()


def _queued(account: Account, action: Form, agent: User) -> Job:
    now = account.now()
    at = now + timedelta(seconds=account.switches.job_seconds)
    ids, properties = list(action.get("ids")), dict(action.get("properties") or {})
    job = Job(account.world.token(24), agent.id, at, now, ids, properties, action.get("reply"))
    account.jobs[job.id] = job
    return job


def run(account: Account, job: Job) -> None:
    """Do the job now. One ticket that cannot be changed does not stop the others."""
    agent = account.users[job.agent_id]
    job.results = [_run_one(account, job, number, agent) for number in job.ids]
    job.done = True


def _run_one(account: Account, job: Job, number: int, agent: User) -> dict[str, Any]:
    ticket = account.tickets.get(number)
    if ticket is None or ticket.trashed_at or ticket.spam:
        return {"id": number, "success": False, "error": "not found"}
    try:
        _apply(account, job, ticket, agent)
    except Refused as refusal:
        return {"id": number, "success": False, "error": refusal.body}
    return {"id": number, "success": True}


def _apply(account: Account, job: Job, ticket: Ticket, agent: User) -> None:
    if job.reply:
        form = writing.checked(account, ticket, job.reply, writing.REPLY, multipart=False)
        writing.write_reply(account, ticket, form, agent)
    form = ticket_form.checked_bulk(account, job.properties, [ticket])
    ticket_form.apply(account, ticket, form, agent)
