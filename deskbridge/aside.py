"""What was set aside: by live work, in the inbox, and by runs, among the tickets of their source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from connectors.errors import ConfigError
from deskbridge.bootstrap import Application
from deskbridge.named import subject_named
from mappings.ticket import Ref
from sync.migrate.alike import alike, grouped
from sync.store import Store
from sync.store.inbox import Waiting
from sync.store.runs import State


@dataclass(frozen=True, slots=True)
class Aside:
    """One ticket that waits for a person, and why; `row` in the inbox, or `item` of a run."""

    subject: str
    sides: tuple[Ref, ...]
    reason: str
    row: Waiting | None = None
    item: Ref | None = None

    def named_by(self, words: str) -> bool:
        """Whether its reason has these words, as it stands or as `parked list --group` shows it."""
        return words in self.reason or words in alike(self.reason)


@dataclass(frozen=True, slots=True)
class Line:
    """What is set aside as a list has it, which costs little however long it is."""

    place: str
    """By which the list is in order."""
    reason: str
    row: Waiting | None = None
    item: Ref | None = None

    def whole(self, store: Store) -> Aside:
        """Return it with its sides."""
        if self.row is not None:
            subject = self.row.subject
        else:
            subject = store.bundles.subject(self.item) if self.item else ""
        return Aside(subject, store.bundles.load(subject).refs, self.reason, self.row, self.item)

    def named_by(self, words: str) -> bool:
        """See `Aside`."""
        return words in self.reason or words in alike(self.reason)


def lines(store: Store) -> list[Line]:
    """Return what is set aside, in order; what runs did comes last."""
    live = [Line(f"live {row.subject}", row.parked or "", row) for row in store.inbox.parked()]
    parked = store.runs.parked()
    runs = [Line(f"run {o.ref.connection}:{o.ref.key}", o.reason, item=o.ref) for o in parked]
    return sorted((*live, *runs), key=lambda line: line.place)


def asides(store: Store) -> list[Aside]:
    """Return what is set aside, whole; what runs did comes last."""
    return [line.whole(store) for line in lines(store)]


def asides_of(store: Store, subject: str) -> list[Aside]:
    """Return what is set aside of one ticket."""
    row, refs = store.inbox.row(subject), store.bundles.load(subject).refs
    live = [Aside(subject, refs, row.parked, row)] if row and row.parked is not None else []
    items = (store.runs.item(ref) for ref in refs)
    runs = [Aside(subject, refs, i.reason, item=i.ref) for i in items if i and i.state is State.PARKED]
    return [*live, *runs]


def rows_of(found: Sequence[Aside], *, group: bool) -> list[dict[str, str]]:
    """Return what is set aside as data: ticket by ticket, or alike reasons counted."""
    if not group:
        return [{"ticket": " = ".join(map(str, one.sides)), "reason": one.reason} for one in found]
    counted = grouped((one.reason, 1) for one in found)
    return [{"reason": common if count > 1 else one, "tickets": str(count)} for common, count, one in counted]


def one_aside(application: Application, ticket: str) -> list[Aside]:
    """Return what is set aside of a ticket that a person names. Raises ConfigError if nothing is."""
    subject = subject_named(application, ticket)
    found = asides_of(application.store, subject)
    if not found:
        raise ConfigError([f"{ticket} is not parked; `deskbridge parked list` tells what is"])
    return found


def retried(application: Application, found: Sequence[Aside], *, allow: bool) -> str:
    """Have tickets looked at again, and return what is said of it."""
    store, now, live, runs = application.store, application.now(), 0, 0
    for one in found:
        if one.row is not None:
            live += store.inbox.retry(one.row.subject, now, allowed=allow)
        elif one.item is not None:
            runs += store.runs.retry(one.item)
    said = (
        [f"{live} to be looked at again; `deskbridge sync --once` does it now."] if live or not runs else []
    )
    again = "`deskbridge migrate run --apply`, or the backfill that left them, does it now"
    said += [f"{runs} of the migration or a backfill; {again}."] if runs else []
    return "\n".join(said)


def dismissed(application: Application, found: Sequence[Aside], reason: str) -> None:
    """Take tickets off the list because a person says that all is well."""
    for one in found:
        if one.row is not None:
            application.store.dismiss(one.row, reason, application.now())
        elif one.item is not None:
            application.store.runs.dismiss(one.item, reason)
