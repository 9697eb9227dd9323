"""Mistakes that the campaign must find: each is a small change of the hub, made in the hub's process alone.

They prove that the checks can fail, and are the one place where our own code is changed by a test. What
each of them was found by, and in which seed, stands in CONTRIBUTING.md.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from connectors import http
from connectors.base import BadSignature
from connectors.errors import Uncertain
from connectors.freshdesk.connector import Freshdesk
from connectors.gitlab.connector import GitLab
from connectors.jira.connector import Jira
from deskbridge.web import app, letterbox
from mappings import provenance
from mappings.markup import read
from mappings.provenance import Marker, Signer
from mappings.ticket import MESSAGE_0, Audience, CommentKind, PersonRole
from sync import (
    apply,
    apply_files,
    apply_texts,
    engine,
    fields,
    links,
    observe,
    poll,
    publish,
    reconcile,
    record,
    remember,
    texts,
    uncertain,
    writing,
)
from sync.operations import AddComment
from sync.rules import Role
from sync.seen import Kind, Mirror, TextId
from sync.store import journal
from sync.store.health import Tally
from tests.desk_life.planted import PLANTED as OF_CLOCKS

_APPLIER: Any = apply.Applier
_OBSERVER: Any = observe.Observer
_RECONCILER: Any = reconcile.Reconciler


def _change(place: Any, **names: Any) -> None:
    """Have names of a module or a class stand for something else."""
    for name, value in names.items():
        if not hasattr(place, name):
            raise AttributeError(f"{place} has no {name} any more: plant the mistake where it is now")
        setattr(place, name, value)


def _no_look() -> None:
    """A write whose answer was lost is not looked for by its marker before it is sent again."""
    _change(_OBSERVER, _ours=lambda self, sides, known: iter(()))
    for connector in (Freshdesk, Jira, GitLab):
        _change(connector, find_created=lambda self, token, since, after=None: None)


def _seen_from_answer() -> None:
    """Every field of *seen* is taken from the answer, not only those that were written."""

    def answered(draft: Any, side: Any, answer: Any, can: Any) -> None:
        draft.native.update(answer.native)

    _change(remember, _answered=answered)


def _no_signature() -> None:
    """A marker counts whether or not it is signed with the hub's secret."""

    def read(self: Signer, token: str) -> Marker | None:
        try:
            return Marker(*json.loads(provenance._decode(token.split(".")[1])))
        except (ValueError, TypeError, IndexError):
            return None

    _change(Signer, read=read)


def _any_author() -> None:
    """A marker counts whoever wrote the text that it stands in."""

    def recognise(self: Any, sides: Any, known: Any) -> Any:
        for side in sides:
            for message in side.ticket.messages:
                place = TextId(side.ref.connection, side.ref.key, message.id)
                marker = self._signer.find(read(message.body, message.attachments))
                if marker and marker.hub == self._hub() and not known.is_copy(Kind.COMMENT, place):
                    yield marker, message, place

    _change(_OBSERVER, _ours=recognise)


def _quoted_marker() -> None:
    """A marker counts wherever it stands in a text, a quotation included."""

    def find(text: str) -> str | None:
        found = provenance._TOKEN.findall(text)
        return found[-1] if found else None

    _change(provenance, find_token=find)


def _seen_first() -> None:
    """What the sides said counts as seen before the writes that it leads to are made."""
    apply_ = _RECONCILER._apply

    def first(self: Any, claim: Any, bundle: int, seen: Any, decided: Any, made: Any) -> Any:
        for ticket, _ in decided:
            for name, side in ticket.situation.sides.items():
                old, can = ticket.situation.seen.get(name), ticket.situation.capabilities[name]
                known = remember.remember(side, old, None, frozenset(), can).seen
                self._store.bundles.saw(claim, bundle, side.ref, known, side.version, side.read_at)
        return apply_(self, claim, bundle, seen, decided, made)

    _change(_RECONCILER, _apply=first)


def _failed_is_seen() -> None:
    """A change that did not reach the other side counts as seen all the same."""
    _change(record, _unsettled=lambda carried: {})


def _no_intent() -> None:
    """Intents are not committed before their write is sent."""
    numbers = iter(range(1_000_000, 2_000_000))

    def intend(self: Any, claim: Any, bundle: int, wish: Any, sign: Any, at: Any, **_: Any) -> journal.Intent:
        number = next(numbers)
        return journal.Intent(number, sign(number), at, open=False)

    _change(journal.Journal, intend=intend)


def _retry_unsafe() -> None:
    """A write that is not safe to repeat is repeated when its answer is lost."""
    call = http.Http.call

    def twice(self: Any, method: str, path: str, *, idempotent: bool, **request: Any) -> Any:
        try:
            return call(self, method, path, idempotent=idempotent, **request)
        except Uncertain:
            return call(self, method, path, idempotent=idempotent, **request)

    _change(http.Http, call=twice)


def _no_audience() -> None:
    """A copy is written for whoever reads an ordinary text there, not for staff."""
    copy = apply_texts.TextWriter.copy

    def openly(self: Any, write: AddComment) -> None:
        copy(self, replace(write, audience=Audience.CUSTOMER))

    _change(apply_texts.TextWriter, copy=openly)


def _no_read_before_write() -> None:
    """A side is not read again before its fields, tags or texts are written."""
    _change(writing.Writing, unchanged=lambda self, target: self.sides[target])


def _order_by_text() -> None:
    """Texts of one moment are put in the order of their ids' last digits."""
    originals = texts._originals

    def ordered(s: Any) -> Any:
        return sorted(originals(s), key=lambda f: (f[1].id != MESSAGE_0, f[1].created.date(), f[1].id[::-1]))

    _change(texts, _originals=ordered)


def _canonical_compare() -> None:
    """Sides are compared with each other, not each with its own past."""

    def moved(s: Any, name: Any, target: str = "") -> list[str]:
        values = {side: s.sides[side].ticket.value(name) for side in s.trusted()}
        return [side for side, value in values.items() if any(value != v for v in values.values())]

    _change(fields, moved=moved)


def _tags_replaced() -> None:
    """Tags are replaced by those of the side that changed, not merged."""
    change = _APPLIER._change_tags

    def replaced(self: Any, write: Any) -> None:
        present = fields.travelling_tags(self._w.situation, self._w.sides[write.target].ticket.tags)
        kept = {fields.slug(t) for s in write.sources for t in self._w.situation.sides[s].ticket.tags}
        strange = {tag for slug, tag in present.items() if write.sources and slug not in kept}
        change(self, replace(write, remove=write.remove | strange - write.add))

    _change(_APPLIER, _change_tags=replaced)


def _label_kept() -> None:
    """An issue that tickets of several customers share keeps the first one's label."""
    _change(
        _OBSERVER, _own_tags=lambda self, everybody, told, **more: self._desk.labels(everybody[0].customer)
    )


def _lost_recreated() -> None:
    """A side that is gone is made again."""
    wanting = _OBSERVER._wanting

    def again(self: Any, bundle: Any, told: Any, *, leads: bool) -> Any:
        there = tuple(ref for ref in bundle.refs if ref not in bundle.lost and ref not in bundle.missing)
        return wanting(self, replace(bundle, refs=there, former=()), told, leads=leads)

    _change(_OBSERVER, _wanting=again)


def _copies_of_copies() -> None:
    """What the hub's own account wrote is copied like a person's text, unless the store knows it."""

    def originals(s: Any) -> Any:
        found = [
            (side, message)
            for side, snapshot in s.sides.items()
            for message in snapshot.ticket.messages
            if message.kind is not CommentKind.AUTOMATIC and message.author.role is not PersonRole.MACHINE
            if message.id not in s.copies(side)
        ]
        return sorted(found, key=lambda f: (f[1].id != MESSAGE_0, f[1].created, f[0], len(f[1].id), f[1].id))

    _change(texts, _originals=originals)


def _edits_theirs() -> None:
    """A copy that a person edited is written over when its original changes."""
    _change(Mirror, stands_in=lambda self, there: True)


def _no_overlap() -> None:
    """A poll begins where the last one ended, though an index shows changes late."""
    _change(poll, _OVERLAP=timedelta(0))


def _file_not_looked_for() -> None:
    """A file whose upload nobody heard the answer to is not looked for."""
    _change(apply_files.FileWriter, _arrived=lambda self, *found: None)


def _absent_at_once() -> None:
    """What is not found at the first look counts as absent, though it may still arrive or be indexed."""
    _change(uncertain, REQUEST_LIFE=timedelta(0))
    _change(uncertain.Intents, send=_send_at_once)


def _send_at_once(self: Any, wish: Any, intent: Any, lag: timedelta = timedelta(0)) -> Any:
    if not intent.open:
        return intent
    return self._store.journal.resend(self._claim, intent, wish, self._sign(wish), self._now())


def _sign_anywhere() -> None:
    """A publish sign counts wherever it stands in a text, in any spelling, and in a later wording."""

    def slip(rule: Any, message: Any) -> str | None:
        return "" if rule.sign[:4] in message.body.text.lower() else None

    def edited(s: Any, source: str, target: str, message: Any) -> Any:
        return slip(s.rules.publish, message) is not None and s.role(target) is Role.FRONT

    _change(publish, _slip=slip, _hindrance=lambda s, target, message: None)
    _change(texts, published=edited)


def _keep_ignored() -> None:
    """The sign that keeps a text where it was written counts for nothing."""
    _change(texts, kept_private=lambda s, message: False)


def _not_narrowed() -> None:
    """A copy keeps its words when fewer people may read the original."""
    _change(texts, narrowed_since=lambda s, source, message, target, copied: None)


def _unlinked_again() -> None:
    """The routes make a side anew that somebody took out of its ticket."""
    wanting = _OBSERVER._wanting

    def again(self: Any, bundle: Any, told: Any, *, leads: bool) -> Any:
        return wanting(self, replace(bundle, former=()), told, leads=leads)

    _change(_OBSERVER, _wanting=again)


def _unlink_kept() -> None:
    """A side that somebody took out of its ticket goes on being kept the same."""
    _change(links.Links, unlink=lambda self, ref: None)


def _merge_unnoticed() -> None:
    """A ticket that was merged into another goes on as before, and nobody inherits its issues."""
    _change(observe, merged_into=lambda side: None)


def _move_not_followed() -> None:
    """An issue that was moved to another project is not followed there."""
    _change(_OBSERVER, _moves=lambda self, left, presences: iter(()))


def _move_unnumbered() -> None:
    """The texts of an issue that was moved are looked for under the ids that they had before."""
    _change(engine, renamed=lambda old, new: {})


def _any_webhook() -> None:
    """A webhook is believed whether or not it proves where it comes from."""
    heard = app.Web._heard

    async def believed(self: Any, name: str, headers: Any, raw: bytes) -> Any:
        try:
            return await heard(self, name, headers, raw)
        except BadSignature:
            return ()

    _change(app.Web, _heard=believed)


def _webhook_forgotten() -> None:
    """A webhook is answered, and what it names is not noted."""
    _change(letterbox.Letterbox, put=lambda self, connection, hints: self._new(connection, Tally(heard=1)))


def _equal_version() -> None:
    """A row of a poll is dropped if its version is the one seen, however soon after its stamp."""

    def fresh(known: Any, hint: Any, settle: timedelta) -> bool:
        return known.linked and hint.version is not None and known.version == hint.version

    _change(poll, _fresh=fresh)


def _no_fencing() -> None:
    """A worker whose claim ran out goes on, though another one took its ticket over."""
    for module in [m for name, m in sys.modules.items() if name.startswith("sync.")]:
        if hasattr(module, "verify"):
            _change(module, verify=lambda tx, claim: None)


PLANTED: dict[str, Callable[[], None]] = {
    "no-look": _no_look,
    "seen-from-answer": _seen_from_answer,
    "no-signature": _no_signature,
    "any-author": _any_author,
    "quoted-marker": _quoted_marker,
    "seen-first": _seen_first,
    "failed-is-seen": _failed_is_seen,
    "no-intent": _no_intent,
    "retry-unsafe": _retry_unsafe,
    "no-audience": _no_audience,
    "no-read-before-write": _no_read_before_write,
    "order-by-text": _order_by_text,
    "canonical-compare": _canonical_compare,
    "tags-replaced": _tags_replaced,
    "label-kept": _label_kept,
    "lost-recreated": _lost_recreated,
    "copies-of-copies": _copies_of_copies,
    "edits-theirs": _edits_theirs,
    "no-overlap": _no_overlap,
    "file-not-looked-for": _file_not_looked_for,
    "absent-at-once": _absent_at_once,
    "sign-anywhere": _sign_anywhere,
    "keep-ignored": _keep_ignored,
    "not-narrowed": _not_narrowed,
    "unlinked-again": _unlinked_again,
    "unlink-kept": _unlink_kept,
    "merge-unnoticed": _merge_unnoticed,
    "move-not-followed": _move_not_followed,
    "move-unnumbered": _move_unnumbered,
    "any-webhook": _any_webhook,
    "webhook-forgotten": _webhook_forgotten,
    "equal-version": _equal_version,
    "no-fencing": _no_fencing,
}


def plant(name: str) -> None:
    """Make a mistake in the hub of this process, by name; the empty name is none."""
    if name:
        {**PLANTED, **OF_CLOCKS}[name]()
