"""What a real account does by itself, each thing at its own instant, computed when somebody looks."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from deskbridge.sandbox.freshdesk import jobs, rules, ruling, searched, sla
from deskbridge.sandbox.freshdesk.state import Account

_KEPT = timedelta(days=30)


def settle(account: Account) -> None:
    """Let everything happen that should have happened by now, in its order."""
    while account.agenda and account.agenda[0][0] <= account.now():
        at, _, what, key = heapq.heappop(account.agenda)
        with account.at(at):
            _DO[what](account, key)
            ruling.run(account)


def _purge(account: Account, number: int) -> None:
    """Remove what has been in the trash, or in spam, for thirty days without a break (4.5)."""
    ticket = account.tickets.get(number)
    since = ticket and (ticket.trashed_at or ticket.spam_since)
    if ticket and since and since + _KEPT <= account.now():
        rules.purge(account, ticket)


def _archive(account: Account, number: int) -> None:
    """Archive a closed ticket that nobody has touched for so long; look again later otherwise (4.8)."""
    ticket, days = account.tickets.get(number), account.switches.archive_days
    if ticket is None or ticket.stats.closed_at is None or ticket.place != "normal" or not days:
        return
    due = ticket.updated_at + timedelta(days=days)
    if due <= account.now():
        rules.archive(account, ticket)
    else:
        account.plan_for(due, "archive", number)


def _hourly(account: Account, key: None) -> None:
    """Run the hourly rules as of the latest hour only: in between nobody has looked."""
    ruling.run_hourly(account)
    now = account.world.clock.now().replace(microsecond=0)
    account.plan_for(now + timedelta(hours=1), "hourly", None)


_DO: dict[str, Callable[[Account, Any], object]] = {
    "archive": _archive,
    "breach": sla.look,
    "due": sla.fill,
    "hourly": _hourly,
    "index": searched.index,
    "job": jobs.run,
    "purge": _purge,
}
