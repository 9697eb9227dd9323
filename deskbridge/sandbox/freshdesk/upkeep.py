"""What a real account does in the background, computed when somebody looks at it."""

from __future__ import annotations

from datetime import timedelta

from deskbridge.sandbox.freshdesk import bulk, rules, sla
from deskbridge.sandbox.freshdesk.state import Account

_KEPT_IN_TRASH = timedelta(days=30)


def settle(account: Account) -> None:
    """Let everything happen that should have happened by now, each at its own instant."""
    _run_jobs(account)
    sla.fill_due_times(account)
    _run_sla_job(account)
    _empty_trash(account)


def _run_jobs(account: Account) -> None:
    for job in account.jobs.values():
        if not job.done and job.at <= account.now():
            with account.at(job.at):
                bulk.run(account, job)


def _run_sla_job(account: Account) -> None:
    """Run the periodic job as of its latest turn: in between nobody has looked."""
    period = account.switches.sla_job_seconds
    last = account.sla_job_ran
    if not period or last is None:
        return
    turns = int((account.now() - last).total_seconds() // period)
    if turns:
        account.sla_job_ran = last + timedelta(seconds=turns * period)
        with account.at(account.sla_job_ran):
            sla.mark_breaches(account)


def _empty_trash(account: Account) -> None:
    limit = account.now() - _KEPT_IN_TRASH
    for ticket in [account.tickets[number] for number in account.trash]:
        if ticket.trashed_at and ticket.trashed_at <= limit:
            rules.purge(account, ticket)
