"""What an operator has the hub do now and then: each as its command does it, in the hub's process."""

from __future__ import annotations

import io
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deskbridge.linking import Ways, link_many
from deskbridge.remap import remappable, remapped
from mappings.ticket import Ref
from sync.identity import adopt as record
from sync.identity import change_of
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


def remap(application: Application, job: Job) -> dict[str, Any]:
    """Decide fields anew, as `deskbridge sync --once --remap FIELD --apply`."""
    errors = application.engine.identify()
    with redirect_stdout(io.StringIO()):
        code = remapped(application, errors, remappable(job.arguments), apply=True, as_json=False)
    return {"code": code}


def adopt(application: Application, job: Job) -> dict[str, Any]:
    """Go on with a connection at its new address, as `deskbridge connection adopt NAME --apply`."""
    (name,) = job.arguments
    change = change_of(application.store, application.connectors[name], application.signer)
    if change is not None:
        record(application.store, change, application.now)
    return {}


def known(application: Application, job: Job) -> dict[str, Any]:
    """Return who the connections are to the store, and where it says that people open the tickets."""
    store = application.store
    bundles = [store.bundles.load(subject) for subject in store.bundles.subjects()]
    urls = {f"{ref.connection}:{ref.key}": url for bundle in bundles for ref, url in bundle.urls.items()}
    return {"who": {name: store.database.identity(name) for name in application.connectors}, "urls": urls}


COMMANDS = {
    "allow": allow,
    "remap": remap,
    "adopt": adopt,
    "known": known,
    "take_over": take_over,
    "recover": recover,
    **ASKED,
}
