"""Work in the background: accepted at once, done some time later (reference 4.5, 6.1, 6.21)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from deskbridge.sandbox.freshdesk import agents, exports, imports, rules, ticket_form, writing
from deskbridge.sandbox.freshdesk.form import Form, Rule, invalid
from deskbridge.sandbox.freshdesk.persons import User
from deskbridge.sandbox.freshdesk.records import Job, Ticket
from deskbridge.sandbox.freshdesk.state import Account
from deskbridge.sandbox.kernel import Refused

UPDATE, DELETE, AGENTS = "TICKET::BULK_UPDATE", "TICKET::BULK_DELETE", "AGENT::BULK_CREATE"
EXPORT, CONTACTS, COMPANIES = "ACCOUNT::EXPORT", "CONTACT::EXPORT", "COMPANY::EXPORT"
IMPORT = "CONTACT::IMPORT"
_CALL = {"bulk_action": Rule("object", null=False)}
_ACTION = {
    "ids": Rule("integers", null=False),
    "properties": Rule("object", null=False),
    "reply": Rule("object", null=False),
}
_REPLY = {"body": Rule(null=False)}


def queue(account: Account, kind: str, agent: User, what: dict[str, Any], *, numbered: bool = False) -> Job:
    """Take in a job; it runs after the usual delay."""
    number = str(account.new_id()) if numbered else account.world.token(24)
    job = Job(number, kind, agent.id, account.now(), account.now(), what)
    account.jobs[job.id] = job
    account.soon(account.switches.job_seconds, "job", job.id)
    return job


def accept_update(account: Account, body: dict[str, Any], agent: User) -> Job:
    """Check a bulk update and return the job that will do it; refuses what no ticket could take."""
    action = _action(body, _ACTION)
    if "properties" not in action and "reply" not in action:
        invalid("properties", "Mandatory attribute missing", "missing_field")
    tickets = [account.tickets[n] for n in action.get("ids") if n in account.tickets]
    properties = action.get("properties") or {}
    shared = {"internal_agent_id", "internal_group_id"} & set(properties)
    if shared and "status" not in properties:
        invalid("status", "Mandatory attribute missing", "missing_field")
    ticket_form.checked_bulk(account, properties, tickets)
    _check_reply(action.get("reply"))
    what = {"ids": list(action.get("ids")), "properties": dict(properties), "reply": action.get("reply")}
    return queue(account, UPDATE, agent, what)


def accept_delete(account: Account, body: dict[str, Any], agent: User) -> Job:
    """Check a bulk delete and return the job that will do it."""
    action = _action(body, {"ids": _ACTION["ids"]})
    return queue(account, DELETE, agent, {"ids": list(action.get("ids"))})


def _action(body: dict[str, Any], known: dict[str, Rule]) -> Form:
    call = Form(body, _CALL)
    call.require("bulk_action")
    call.end()
    action = Form(call.get("bulk_action"), known)
    action.require("ids")
    action.end()
    return action


def _check_reply(reply: dict[str, Any] | None) -> None:
    if reply is None:
        return
    for name in ("attachment_ids", "inline_attachment_ids", "cloud_files"):
        if name in reply:
            raise Refused(501, {"sandbox": f"the freshdesk sandbox does not know {name} in a bulk reply"})
    form = Form(reply, _REPLY)
    form.require("body")
    form.end()


def run(account: Account, number: str) -> None:
    """Do a job now."""
    job = account.jobs[number]
    if not job.cancelled:
        job.at = account.now()
        job.results = _DO[job.kind](account, job, account.users[job.agent_id])
        job.done = True


def _each(act: Callable[[Account, Job, Ticket, User], None]) -> Callable[[Account, Job, User], Any]:
    """Return a job over tickets. One ticket that cannot be changed does not stop the others."""

    def one(account: Account, job: Job, number: int, agent: User) -> dict[str, Any]:
        ticket = account.tickets.get(number)
        if ticket is None or ticket.place != "normal":
            return {"id": number, "success": False, "error": "not found"}
        try:
            act(account, job, ticket, agent)
        except Refused as refusal:
            return {"id": number, "success": False, "error": refusal.body}
        return {"id": number, "success": True}

    return lambda account, job, agent: [one(account, job, number, agent) for number in job.what["ids"]]


def _update(account: Account, job: Job, ticket: Ticket, agent: User) -> None:
    if job.what["reply"]:
        form = writing.checked(account, ticket, job.what["reply"], writing.REPLY, multipart=False)
        writing.write_reply(account, ticket, form, agent)
    form = ticket_form.checked_bulk(account, job.what["properties"], [ticket])
    ticket_form.apply(account, ticket, form, agent)


def _delete(account: Account, job: Job, ticket: Ticket, agent: User) -> None:
    rules.set_trashed(account, ticket, trashed=True)


_DO: dict[str, Callable[[Account, Job, User], Any]] = {
    UPDATE: _each(_update),
    DELETE: _each(_delete),
    AGENTS: lambda account, job, agent: agents.create_each(account, job.what["agents"]),
    EXPORT: lambda account, job, agent: exports.account_file(account, job.what),
    CONTACTS: lambda account, job, agent: exports.contacts_file(account, job.what),
    COMPANIES: lambda account, job, agent: exports.companies_file(account, job.what),
    IMPORT: lambda account, job, agent: imports.contacts(account, job.what),
}
