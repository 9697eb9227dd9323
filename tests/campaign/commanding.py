"""What an operator has the hub do now and then: each as its command does it, in the hub's process."""

from __future__ import annotations

import io
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deskbridge.linking import Ways, link_many
from mappings.ticket import Ref
from tests.desk_life.jobs import ASKED

if TYPE_CHECKING:
    from deskbridge.bootstrap import Application
    from tests.campaign.hub import Job


def take_over(application: Application, job: Job) -> dict[str, Any]:
    """Take over the links of a file, as `deskbridge link --adopt csv:FILE --with-history --apply`."""
    ways = Ways(file=Path(job.arguments[0]))
    with redirect_stdout(io.StringIO()):
        code = link_many(application, ways, prefer=None, history=True, apply=True)
    return {"code": code}


def recover(application: Application, job: Job) -> dict[str, Any]:
    """Find the links again, as `deskbridge recover --apply`."""
    return {"problems": application.recovery.recover(apply=True).problems}


def allow(application: Application, job: Job) -> dict[str, Any]:
    """Have done what a guard had stopped, as `deskbridge parked retry --allow` of one ticket."""
    store = application.store
    subjects = {store.bundles.subject(Ref(*name.split(":", 1))) for name in job.arguments}
    now = application.engine._now()
    return {"tried": sum(store.inbox.retry(subject, now, allowed=True) for subject in sorted(subjects))}


COMMANDS = {
    "allow": allow,
    "take_over": take_over,
    "recover": recover,
    **ASKED,
}
