"""Apply: carry out a plan's writes, one by one, and record each answer at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, assert_never

from connectors.base import Connector, Snapshot, TicketDraft, WrittenTicket
from connectors.errors import Gone, HubError, Rejected, Throttled, Transient, Uncertain, WireError
from connectors.fence import fenced
from mappings.ticket import MESSAGE_0, Audience, Field, Ref, Value
from sync.apply_files import FileWriter
from sync.apply_texts import TextWriter
from sync.late import next_try
from sync.operations import (
    AddComment,
    AddFile,
    AddLink,
    AddNotice,
    ChangeTags,
    Conflict,
    CreateTicket,
    EditComment,
    Escalate,
    Form,
    Plan,
    SendReceipt,
    SetFields,
    Severity,
    Skip,
    Tell,
    Withdraw,
    Write,
)
from sync.outcome import Stale, Waiting
from sync.pieces import Piece, pieces
from sync.remember import Answer, Remembered, remember_created
from sync.rules import Role
from sync.seen import Kind, Mirror, Seen, TextId, readable
from sync.situation import Situation
from sync.store import Store
from sync.store.bundles import Said
from sync.store.decisions import WRITTEN
from sync.store.inbox import Claim
from sync.store.journal import CREATE, Intent, Wish
from sync.store.outbox import Notification
from sync.takeover import before_creating, not_yet, remember_found, told, told_of_creating
from sync.uncertain import REQUEST_LIFE, Intents, arrived, by_now
from sync.wording import link_note
from sync.writing import Applied, Spot, Writing

__all__ = ["Applied", "Applier", "Create", "RunWork", "create_alone"]

Create = Callable[[Connector, TicketDraft], WrittenTicket]
"""How a ticket is created: alone, or in one call with those of other bundles."""


@dataclass(frozen=True, slots=True)
class RunWork:
    """What is different when an engine works for a run."""

    id: int
    """The run's number; 0 for one that only looks."""
    create: Create
    takes_open: bool = True
    """Whether it takes over what live work has alone and people still work on; else only what is done."""


def create_alone(connector: Connector, draft: TicketDraft) -> WrittenTicket:
    """Create a ticket in a call of its own."""
    return connector.create(draft)


_NOTED = CreateTicket | AddFile | AddComment | AddNotice | Tell | SendReceipt
"""Writes that are noted before anything is sent; the note commits the answer to the write before as well."""


class Applier:
    """Carries out the plan of one claimed bundle."""

    def __init__(
        self,
        *,
        store: Store,
        connectors: Mapping[str, Connector],
        intents: Intents,
        now: Callable[[], datetime],
        claim: Claim,
        bundle: int,
        situation: Situation,
        create: Create = create_alone,
    ) -> None:
        self._create_ticket = create
        self._w = Writing(
            store=store,
            connectors=connectors,
            intents=intents,
            now=now,
            claim=claim,
            bundle=bundle,
            situation=situation,
            sides=dict(situation.sides),
            spots={c: Spot(side.ref, side.url) for c, side in situation.sides.items()},
            mirrors=situation.mirrors,
        )
        self._files = FileWriter(self._w)
        self._texts = TextWriter(self._w, self._files)

    def apply(self, plan: Plan, found: Iterable[Mirror]) -> Applied:
        """Make the plan's writes in order; a side that fails is left alone, the others go on.

        `found` are copies whose answer nobody heard: they are recorded as if it had been heard now. The
        last answers are left to the intents to settle.
        """
        for copy in found:
            try:
                self._texts.found(copy)
            except WireError as error:
                self._w.done.failed[copy.target.connection] = error
        open_conflicts = (r for r in plan.remarks if isinstance(r, Conflict) and r.asked and not r.winner)
        self._w.done.frozen += [(side, r.field) for r in open_conflicts for side, _ in r.values]
        for write in plan.writes:
            self._try(write)
        self._w.done.tries = next_try(self._w.mirrors, self._w.now())
        return self._w.done

    def _try(self, write: Write) -> None:
        if write.target in self._w.done.failed or self._leads_nowhere(write):
            self._w.done.unmade.append(write)
            return
        if not isinstance(write, _NOTED):
            self._w.intents.settle()
            self._w.intents.still_ours()
        try:
            with fenced(self._w.intents.still_ours):
                result = self._write(write)
            if result == WRITTEN:
                self._w.done.made.append(write)
            self._w.done.results.append((write, result))
        except (WireError, Waiting, Stale) as error:
            self._failed(write, error)

    def _leads_nowhere(self, write: Write) -> bool:
        """Whether a write would show people a ticket that could not be created."""
        return isinstance(write, AddLink) and write.other not in self._w.spots

    def _failed(self, write: Write, error: HubError) -> None:
        kind = "refused" if isinstance(error, Rejected) else "later"
        self._w.done.results.append((write, f"{kind}: {error}"))
        if isinstance(error, Rejected) and isinstance(write, SetFields | ChangeTags):
            what = ", ".join(c.field for c in write.changes) if isinstance(write, SetFields) else "tags"
            why = f"refused: {error.text}"
            self._w.done.remarks.append(Skip(write.target, what, why, severity=Severity.WARNING))
            self._refused(write)
        elif isinstance(error, Rejected) and isinstance(write, SendReceipt):
            what = f"refused: {error.text}"
            self._w.done.remarks.append(Skip(write.target, "the receipt", what, severity=Severity.WARNING))
        else:
            self._w.done.failed[write.target] = _again(write, error)
            self._w.done.unmade.append(write)
            if isinstance(error, Transient | Uncertain) and not isinstance(error, Throttled):
                self._w.done.unheard.append(write)

    def _write(self, write: Write) -> str:
        """Make a write, and return what came of it."""
        match write:
            case CreateTicket():
                self._create(write)
            case AddLink():
                self._link(write)
            case AddFile():
                return self._files.add(write)
            case AddComment():
                self._texts.copy(write)
            case EditComment():
                return self._texts.edit(write)
            case AddNotice() | Tell() | SendReceipt():
                self._texts.tell(write)
            case Withdraw():
                self._texts.withdraw(write)
            case SetFields() | ChangeTags():
                self._change(write)
            case Escalate():
                self._escalate(write)
            case _:
                assert_never(write)
        return WRITTEN

    # -- tickets

    def _create(self, write: CreateTicket) -> None:
        origin = self._w.origin(write.source, write.message.id)
        first = self._first(write)
        revision, connector = first.revision, self._w.connectors[write.target]
        wish = Wish(
            CREATE,
            origin,
            write.target,
            revision,
            readers=readable(write.message.audience, published=False),
            told=self._told(write),
            ahead=connector.ahead(),
        )
        intent = by_now(self._w.intents.note(wish), wish.ahead)
        lag = connector.capabilities.index_lag
        looked = self._w.now()
        if intent.open and (found := self._sought(intent, connector, sure=looked >= arrived(intent, lag))):
            self._found(write, intent, found)
            return
        intent = self._w.intents.send(wish, intent, lag, looked)
        form = Form.WHOLE if first.text else Form.ATTACHED
        text = AddComment(
            write.target, write.source, write.message, Audience.STAFF, write.reach, 1, first.of, form
        )
        drafted = self._texts.drafted(text, first, intent.token)
        with self._w.intents.sending(intent), drafted as (message, _):
            values = dict(write.values)
            self._w.intents.about_to_send(intent)
            draft = TicketDraft(place=write.place, values=values, message=message, token=intent.token)
            written = self._made(write, draft)
        self._created(write, intent, written)

    def _sought(self, intent: Intent, connector: Connector, *, sure: bool) -> Ref | None:
        """Return the ticket that was created though nobody heard the answer; `sure` if None is to count."""
        since = intent.sent - connector.ahead() - REQUEST_LIFE  # by the clock that stamps tickets
        after = arrived(intent, connector.capabilities.index_lag) if sure else intent.sent
        return connector.find_created(intent.token, since, after)

    def _made(self, write: CreateTicket, draft: TicketDraft) -> WrittenTicket:
        """Create a ticket; as nobody's where the tool does not take the person whose it was to be."""
        connector = self._w.connectors[write.target]
        try:
            return self._create_ticket(connector, draft)
        except Rejected as error:
            if set(error.fields) != {"assignee"} or "assignee" not in draft.values:
                raise
            why = f"refused: {error.text}"
            self._w.done.remarks.append(Skip(write.target, "assignee", why, severity=Severity.WARNING))
        rest: dict[Field, Value] = {n: value for n, value in draft.values.items() if n != "assignee"}
        for upload in draft.message.uploads:
            upload.content.seek(0)
        return self._create_ticket(connector, replace(draft, values=rest))

    def _told(self, write: CreateTicket) -> dict[str, Any]:
        s = self._w.situation
        sent = told_of_creating(dict(write.values), s.capabilities[write.target], s.sides)
        # A run gives the status last: until then it counts as one that was not seen before.
        return (not_yet(sent, s.rules.source, "status") if s.rules.source else sent).kept()

    def _first(self, write: CreateTicket) -> Piece:
        """Return what of a text the description holds: all of it, or its first part."""
        s = self._w.situation
        made = pieces(write.message, s.capabilities[write.target], s.rules.long)
        return made[0] if made else Piece(1, 1, "", write.message.revision)

    def _found(self, write: CreateTicket, intent: Intent, ref: Ref) -> None:
        """Take over a ticket that had been created though nobody heard the answer."""
        side = self._w.connectors[write.target].fetch(ref.key)
        if side.moved_to is not None:
            with suppress(Gone):  # where nobody can follow it, it is lost like any other
                side = self._w.connectors[write.target].fetch(side.moved_to.key)
        if intent.told is not None:
            self._w.done.found[write.target] = (side, told(intent.told))
        self._created(
            write,
            intent,
            WrittenTicket(
                ref=side.ref,
                url=side.url,
                place=side.place,
                version=side.version,
                native=side.native,
                message_0=_first_revision(side),
            ),
        )

    def _created(self, write: CreateTicket, intent: Intent, written: WrittenTicket) -> None:
        key = written.ref.key
        said = self._said_by_then(write, intent, written)
        w = self._w
        w.store.bundles.created(w.claim, w.bundle, written.ref, written.url, w.now(), said)
        self._w.intents.done(intent, key)
        self._w.spots[write.target] = Spot(written.ref, written.url)
        self._w.done.created[write.target] = written
        self._w.done.answers[write.target] = Answer(written.native, dict(write.values))
        stored = written.message_0
        if stored is None:
            stored = _first_revision(self._w.connectors[write.target].fetch(key))
        origin, target = self._w.origin(write.source, write.message.id), TextId(write.target, key, MESSAGE_0)
        revision = self._w.intents.revision(intent)
        readers = readable(write.message.audience, published=False)
        self._w.record(Mirror(Kind.COMMENT, origin, target, revision, stored, readers))
        self._texts.sent_along(write, written.files)

    def _said_by_then(self, write: CreateTicket, intent: Intent, written: WrittenTicket) -> dict[Ref, Said]:
        """Return what counts as seen once a created side is linked, should the hub be killed right then."""
        w, s = self._w, self._w.situation
        can, found = s.capabilities[write.target], w.done.found.get(write.target)
        made = remember_found(*found, can) if found else remember_created(written, dict(write.values), can)
        said = {written.ref: Said(made.seen, written.version, w.now())}
        for name, native in (told(intent.told).sides if intent.told else {}).items():
            old = s.seen.get(name)
            if name in s.sides and (found or old is None):
                side, past = s.sides[name], Remembered(old or Seen(native))
                said[side.ref] = Said(before_creating(past, native).seen, side.version, side.read_at)
        return said

    def _link(self, write: AddLink) -> None:
        key, other = self._w.key(write.target), self._w.spots[write.other]
        origin = TextId(write.other, other.ref.key, "hub:link")
        shown = self._w.connectors[write.target].add_link(key, other.ref, other.url, str(other.ref))
        if shown or self._w.situation.role(write.target) is not Role.FRONT:
            # A work side whose tool has no links of its own has one in its description.
            target = TextId(write.target, key, f"hub:link:{write.other}")
            self._w.record(Mirror(Kind.COMMENT, origin, target, "", ""))
        else:
            self._texts.say(write.target, origin, lambda token: link_note(other.ref, other.url, token))

    def _escalate(self, write: Escalate) -> None:
        w = self._w
        told = [
            (Notification(n.key, n.channel, n.title, n.body, w.now(), n.whom), n.takes_back)
            for n in write.notices
        ]
        w.store.bundles.escalated(w.claim, write.about, write.taken, told)
        w.done.steps += [one for one in write.taken if one.unfinished]

    # -- fields

    def _change(self, write: SetFields | ChangeTags) -> None:
        if isinstance(write, SetFields):
            self._set_fields(write)
        else:
            self._change_tags(write)

    def _set_fields(self, write: SetFields) -> None:
        values: dict[Field, Value] = {change.field: change.value for change in write.changes}
        present = self._w.stated(write.target, values)
        written = self._w.connectors[write.target].set_fields(present, values)
        before = self._w.done.answers.get(write.target, Answer({}, {}))
        if write.target in self._w.done.created:
            self._w.done.created[write.target] = written
        self._answered(write.target, replace(before, native=written.native, sent={**before.sent, **values}))

    def _refused(self, write: SetFields | ChangeTags) -> None:
        """Take a refusal as an answer that changed nothing, so that the same is not sent again."""
        before = self._w.done.answers.get(write.target)
        if before is None:
            before = Answer(self._w.sides[write.target].native, {})
        if isinstance(write, SetFields):
            sent = {**before.sent, **{change.field: change.value for change in write.changes}}
            self._w.done.answers[write.target] = replace(before, sent=sent)
        else:
            self._w.done.answers[write.target] = replace(before, added=write.add, removed=write.remove)

    def _change_tags(self, write: ChangeTags) -> None:
        present = self._w.unchanged(write.target)
        written = self._w.connectors[write.target].change_tags(present, write.add, write.remove)
        before = self._w.done.answers.get(write.target, Answer({}, {}))
        answer = replace(before, native=written.native, added=write.add, removed=write.remove)
        self._answered(write.target, answer)

    def _answered(self, target: str, answer: Answer) -> None:
        self._w.done.answers[target] = answer
        if side := self._w.sides.get(target):
            self._w.sides[target] = replace(side, native=answer.native, read_at=self._w.now())


def _first_revision(side: Snapshot) -> str:
    message = side.ticket.message(MESSAGE_0)
    return message.revision if message else ""


def _again(write: Write, error: HubError) -> HubError:
    """Return what is to be done about a failure: a refused text is tried again, in another form at last."""
    text = isinstance(write, AddComment | EditComment) and write.form not in (Form.GAP, Form.ADDENDUM)
    if text and isinstance(error, Rejected) and error.connection == write.target:
        return Transient(error.connection, error.call, error.text)
    return error
