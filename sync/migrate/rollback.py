"""Undoing a run: exactly what it created, and nothing that a person has worked on since.

The journal says what was created. A ticket is deleted only if every text and file on it is ours, and neither
its fields nor the tool's own record tell of a change that is not; both are read right before it is deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from connectors.base import Connector, Presence, Snapshot
from connectors.capabilities import FilePlace
from connectors.errors import Gone, Rejected
from mappings.ticket import MESSAGE_0, Comment, CommentKind, Field, PersonRole, Ref
from sync.fields import slug
from sync.seen import Kind, TextId
from sync.store import Store
from sync.store.bundles import Bundle
from sync.store.inbox import Claim, LostClaim
from sync.store.inbox import Waiting as Row
from sync.store.runs import Item

_TOUCHED: tuple[Field, ...] = ("subject", "status", "priority", "type", "component", "version", "tags")
"""The fields by which a person's work on a ticket is recognised."""
_UNHEARD = "`deskbridge migrate run --apply` tells whether it was created"


class Undone(StrEnum):
    """What became of one ticket in a rollback, or would."""

    DELETED = "deleted"
    POSSIBLE = "possible"
    """It can be deleted; nothing is written yet."""
    GONE = "gone"
    """Somebody deleted it already: the link alone is forgotten."""
    TOUCHED = "touched"
    """A person worked on it since: it stays."""
    REFUSED = "refused"
    BUSY = "busy"
    """Another worker is at it."""
    UNHEARD = "unheard"
    """Its creation was cut off, so it may be there and nobody knows where: a run finds it."""


@dataclass(frozen=True, slots=True)
class Result:
    """One ticket of a run."""

    source: Ref
    target: Ref
    what: Undone
    why: str = ""


class Rollback:
    """Undoes what runs created. It can be interrupted: what is left is still to be undone."""

    def __init__(
        self,
        store: Store,
        connectors: Mapping[str, Connector],
        now: Callable[[], datetime],
        *,
        run: int | None = None,
        labels: frozenset[str] = frozenset(),
    ) -> None:
        """Undo what one `run` created, or any; with `labels`, slugs, only tickets that carry one of them."""
        self._store, self._connectors, self._now = store, connectors, now
        self._run, self._labels = run, labels

    def undo(self, items: Iterator[Item], *, apply: bool) -> Iterator[Result]:
        """Yield what becomes of the tickets that runs made for these items of the source."""
        for item in items:
            bundle = self._store.bundles.load(self._store.bundles.subject(item.ref))
            if bundle.id is None or bundle.run is None or self._run not in (None, bundle.run):
                continue  # nothing of it is this run's
            yield from self._one(item, bundle, apply=apply)

    def _one(self, item: Item, bundle: Bundle, *, apply: bool) -> Iterator[Result]:
        taken = self._store.inbox.claim(Row(bundle.subject, self._now(), "rollback", 0, None), self._now())
        target = next((ref for ref in bundle.refs if ref != item.ref), item.ref)
        if taken is None:
            yield Result(item.ref, target, Undone.BUSY, "another worker holds it")
            return
        claim, _ = taken
        if unheard := self._store.journal.unheard(bundle.id or 0):
            self._store.inbox.release(claim)
            yield Result(item.ref, target, Undone.UNHEARD, f"{_UNHEARD} on {', '.join(sorted(unheard))}")
            return
        try:
            made = self._made(bundle, item.ref)
            tried = [self._deleted(item.ref, ref, bundle, apply=apply) for ref in made]
            results = [result for result in tried if result is not None]
            whole = all(result.what in (Undone.DELETED, Undone.GONE) for result in results)
            if apply and whole and len(results) == len(made):
                self._forget(claim, item.ref, bundle, made)
            yield from results
        except LostClaim:
            yield Result(item.ref, target, Undone.BUSY, "another worker took it over")
        finally:
            self._store.inbox.release(claim)

    def _forget(self, claim: Claim, source: Ref, bundle: Bundle, made: list[Ref]) -> None:
        """Forget what runs made of a ticket; one that live work had before is live work's again."""
        lent = self._store.lent.is_lent(bundle.id or 0)
        if not made and (not lent or self._labels):  # whose it is, a label tells of what was made
            return
        with self._store.together():  # whoever is killed in between would leave it as moved
            if lent:
                self._store.lent.give_back(claim, bundle.id or 0, made, self._now())
            else:
                self._store.bundles.forget(claim, bundle.id or 0)
            self._store.served.worked(source, ())
            self._store.runs.undone(source)
            self._store.runs.untied(source.connection, [source.key])

    def _made(self, bundle: Bundle, source: Ref) -> list[Ref]:
        """Return the sides that the hub created, by its journal."""
        made = self._store.journal.created(bundle.id or 0)
        return [ref for ref in bundle.refs if ref != source and (ref.connection, ref.key) in made]

    def _deleted(self, source: Ref, target: Ref, bundle: Bundle, *, apply: bool) -> Result | None:
        """Return what became of a side; None for one that was not meant."""
        connector = self._connectors[target.connection]
        try:
            side = connector.fetch(target.key)
            done = connector.handled(target.key)
        except Gone:
            return Result(source, target, Undone.GONE)
        if side.presence is not Presence.PRESENT:
            return Result(source, target, Undone.GONE, f"it is {side.presence}")
        if self._labels and not self._labels & {slug(tag) for tag in side.ticket.tags}:
            return None
        if why := touched(side, bundle, connector.capabilities.files) or done:
            return Result(source, target, Undone.TOUCHED, why)
        if not apply:
            return Result(source, target, Undone.POSSIBLE)
        try:
            connector.delete(target.key)
        except Rejected as error:
            return Result(source, target, Undone.REFUSED, error.text)
        return Result(source, target, Undone.DELETED)


def touched(side: Snapshot, bundle: Bundle, kept: FilePlace) -> str:
    """Return what a person did on a ticket since the hub made it; empty if nothing.

    `kept` says whether files belong to texts: what a text of ours shows that stands as we wrote it is ours.
    """
    name, key = side.ref.connection, side.ref.key
    copies = {m.target.id: m for m in bundle.mirrors if m.kind is Kind.COMMENT and m.target.ref == side.ref}
    us = {message.author.key for message in side.ticket.messages if message.author.role is PersonRole.HUB}
    for message in side.ticket.messages:
        if message.kind is CommentKind.AUTOMATIC and message.author.key in us:
            continue  # the tool's own remark of what a run did: that two tickets were tied
        copied = copies.get(message.id)
        if copied is None and message.id != MESSAGE_0 and not _carries_ours(side, bundle, message):
            return f"{message.author.name} wrote on it, {message.created:%Y-%m-%d %H:%M} UTC"
        if copied is not None and not copied.stands_in(message):
            return f"text {message.id} was edited"
    files = {
        file.id
        for message in side.ticket.messages
        if kept is FilePlace.TICKET or message.id not in copies
        for file in message.attachments
        if not file.inline
    }
    strange = sorted(file for file in files if not bundle.mirrors.is_copy(Kind.FILE, TextId(name, key, file)))
    if strange:
        return f"a file was attached ({', '.join(strange)})"
    seen = bundle.seen.get(side.ref)
    was = seen.native if seen else {}
    changed = [field for field in _TOUCHED if field in was and side.native.get(field) != was[field]]
    return f"{', '.join(changed)} was changed" if changed else ""


def _carries_ours(side: Snapshot, bundle: Bundle, message: Comment) -> bool:
    """Whether a text is only there for files that no text names, all of them ours."""
    name, key = side.ref.connection, side.ref.key
    files = [TextId(name, key, file.id) for file in message.attachments]
    ours = all(bundle.mirrors.is_copy(Kind.FILE, file) for file in files)
    return bool(files) and ours and message.author.role is PersonRole.HUB
