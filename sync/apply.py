"""Apply: carry out a plan's writes, one by one, and record each answer at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import assert_never

from connectors.base import (
    CommentDraft,
    Connector,
    Snapshot,
    TicketDraft,
    Upload,
    WrittenComment,
    WrittenTicket,
)
from connectors.capabilities import FilePlace
from connectors.errors import Gone, HubError, Rejected, WireError
from mappings.ticket import MESSAGE_0, Attachment, Audience, Comment, Field, Raw, Ref, Value
from sync.files import names_of, sha256_of, travelling, unclaimed
from sync.operations import (
    AddComment,
    AddFile,
    AddLink,
    AddNotice,
    ChangeTags,
    CreateTicket,
    EditComment,
    Plan,
    SetFields,
    Skip,
    Write,
)
from sync.outcome import Stale, Waiting
from sync.remember import Answer
from sync.rules import Role
from sync.seen import Kind, Mirror, TextId
from sync.situation import Situation
from sync.store import Store
from sync.store.inbox import Claim
from sync.store.journal import CREATE, Intent, Wish
from sync.uncertain import REQUEST_LIFE, Intents
from sync.wording import copy_of, link_note, news_note

_FRESH = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a side of the ticket is."""

    ref: Ref
    url: str


@dataclass(slots=True)
class Applied:
    """What came of a plan."""

    answers: dict[str, Answer] = field(default_factory=dict)
    """What each side answered to the fields and tags that were written."""
    created: dict[str, WrittenTicket] = field(default_factory=dict)
    failed: dict[str, HubError] = field(default_factory=dict)
    """Why a side took no more writes; the writes to other sides went on."""
    made: list[Write] = field(default_factory=list)
    results: list[tuple[Write, str]] = field(default_factory=list)
    """What came of each write that was tried: ``written``, or why not."""
    unmade: list[Write] = field(default_factory=list)
    remarks: list[Skip] = field(default_factory=list)


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
    ) -> None:
        self._store, self._connectors, self._intents, self._now = store, connectors, intents, now
        self._claim, self._bundle, self._s = claim, bundle, situation
        self._sides = dict(situation.sides)
        self._spots = {c: Spot(side.ref, side.url) for c, side in situation.sides.items()}
        self._mirrors = situation.mirrors
        self._done = Applied()

    def apply(self, plan: Plan, found: Iterable[Mirror]) -> Applied:
        """Make the plan's writes in order; a side that fails is left alone, the others go on.

        `found` are copies whose answer nobody heard: they are recorded as if it had been heard now.
        """
        for copy in found:
            try:
                self._found_copy(copy)
            except WireError as error:
                self._done.failed[copy.target.connection] = error
        for write in plan.writes:
            if write.target in self._done.failed or self._leads_nowhere(write):
                self._done.unmade.append(write)
                continue
            try:
                self._write(write)
                self._done.made.append(write)
                self._done.results.append((write, "written"))
            except (WireError, Waiting, Stale) as error:
                self._failed(write, error)
        return self._done

    def _leads_nowhere(self, write: Write) -> bool:
        """Whether a write would show people a ticket that could not be created."""
        return isinstance(write, AddLink) and write.other not in self._spots

    def _failed(self, write: Write, error: HubError) -> None:
        kind = "refused" if isinstance(error, Rejected) else "later"
        self._done.results.append((write, f"{kind}: {error}"))
        if isinstance(error, Rejected) and isinstance(write, SetFields | ChangeTags):
            what = ", ".join(c.field for c in write.changes) if isinstance(write, SetFields) else "tags"
            self._done.remarks.append(Skip(write.target, what, f"refused: {error.text}"))
            self._refused(write)
        else:
            self._done.failed[write.target] = error
            self._done.unmade.append(write)

    def _write(self, write: Write) -> None:
        match write:
            case CreateTicket():
                self._create(write)
            case AddLink():
                self._link(write)
            case AddFile():
                self._add_file(write)
            case AddComment():
                self._copy(write)
            case EditComment():
                self._edit(write)
            case AddNotice():
                self._notice(write)
            case SetFields():
                self._set_fields(write)
            case ChangeTags():
                self._change_tags(write)
            case _:
                assert_never(write)

    # -- tickets

    def _create(self, write: CreateTicket) -> None:
        origin = self._origin(write.source, write.message.id)
        wish = Wish(CREATE, origin, write.target, write.message.revision)
        intent, connector = self._intents.note(wish), self._connectors[write.target]
        if intent.open and (found := connector.find_created(intent.token, intent.sent - REQUEST_LIFE)):
            self._found(write, intent, found)
            return
        intent = self._intents.send(wish, intent, connector.capabilities.index_lag)
        drafted = self._drafted(write.source, write.message, write.target, Audience.STAFF, intent.token)
        with self._intents.sending(intent), drafted as message:
            values = dict(write.values)
            written = connector.create(
                TicketDraft(place=write.place, values=values, message=message, token=intent.token)
            )
        self._created(write, intent, written)

    def _found(self, write: CreateTicket, intent: Intent, ref: Ref) -> None:
        """Take over a ticket that had been created though nobody heard the answer."""
        side = self._connectors[write.target].fetch(ref.key)
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
        self._store.bundles.link(self._claim, self._bundle, written.ref, written.url, self._now())
        self._intents.done(intent, key)
        self._spots[write.target] = Spot(written.ref, written.url)
        self._done.created[write.target] = written
        self._done.answers[write.target] = Answer(written.native, dict(write.values))
        stored = written.message_0
        if stored is None:
            stored = _first_revision(self._connectors[write.target].fetch(key))
        origin, target = self._origin(write.source, write.message.id), TextId(write.target, key, MESSAGE_0)
        revision = self._intents.revision(intent)
        self._record(Mirror(Kind.COMMENT, origin, target, revision, stored))

    def _link(self, write: AddLink) -> None:
        key, other = self._key(write.target), self._spots[write.other]
        origin = TextId(write.other, other.ref.key, "hub:link")
        shown = self._connectors[write.target].add_link(key, other.ref, other.url, str(other.ref))
        if shown or self._s.role(write.target) is not Role.FRONT:
            # A work side whose tool has no links of its own has one in its description.
            target = TextId(write.target, key, f"hub:link:{write.other}")
            self._record(Mirror(Kind.COMMENT, origin, target, "", ""))
        else:
            self._say(write.target, origin, lambda token: link_note(other.ref, other.url, token))

    # -- texts and files

    def _copy(self, write: AddComment) -> None:
        origin, key = self._origin(write.source, write.message.id), self._key(write.target)
        wish = Wish(Kind.COMMENT, origin, write.target, write.message.revision, key)
        intent = self._intents.send(wish, self._intents.note(wish))
        drafted = self._drafted(write.source, write.message, write.target, write.audience, intent.token)
        with self._intents.sending(intent), drafted as draft:
            written = self._connectors[write.target].add_comment(key, draft)
        self._heard(intent, wish, written, write.audience)
        for file, there in written.files.items():
            target = TextId(write.target, key, there)
            self._record(Mirror(Kind.FILE, self._origin(write.source, file), target, "", ""))

    def _edit(self, write: EditComment) -> None:
        before = _body(self._sides[write.target], write.id)
        if _body(self._unchanged(write.target), write.id) != before:
            raise Stale(f"somebody edited text {write.id} on {write.target}")
        origin, key = self._origin(write.source, write.message.id), self._key(write.target)
        signed = "" if write.id == MESSAGE_0 else key  # as it was when the ticket was created
        wish = Wish(Kind.COMMENT, origin, write.target, write.message.revision, signed)
        token = self._intents.token(wish)
        with self._drafted(write.source, write.message, write.target, write.audience, token) as draft:
            written = self._connectors[write.target].edit_comment(key, write.id, draft)
        target = TextId(write.target, key, written.id)
        self._record(Mirror(Kind.COMMENT, origin, target, wish.revision, written.revision))

    def _notice(self, write: AddNotice) -> None:
        origin = TextId(write.source, write.about.key, write.occasion)
        self._say(write.target, origin, lambda token: news_note(write.about, write.url, write.news, token))

    def _say(self, target: str, origin: TextId, text: Callable[[str], str]) -> None:
        """Write an internal note of the hub's own."""
        key = self._key(target)
        wish = Wish(Kind.COMMENT, origin, target, "", key)
        intent = self._intents.send(wish, self._intents.note(wish))
        draft = CommentDraft(markdown=text(intent.token), audience=Audience.STAFF)
        with self._intents.sending(intent):
            written = self._connectors[target].add_comment(key, draft)
        self._heard(intent, wish, written, Audience.STAFF)

    def _heard(self, intent: Intent, wish: Wish, written: WrittenComment, wanted: Audience) -> None:
        """Record an answer; a text that more people can read than it was for is deleted at once."""
        target = TextId(wish.target, wish.key, written.id)
        self._withdraw(wish.origin, target, written.audience, wanted)
        self._record(Mirror(Kind.COMMENT, wish.origin, target, wish.revision, written.revision))
        self._intents.done(intent, wish.key)

    def _found_copy(self, copy: Mirror) -> None:
        """Record a copy that was found by its marker, whether or not it is readable as it should be."""
        text = self._sides[copy.target.connection].ticket.message(copy.target.id)
        if text is not None and text.id != MESSAGE_0:
            self._withdraw(copy.origin, copy.target, text.audience, Audience.STAFF)
        self._record(copy)

    def _withdraw(self, origin: TextId, copy: TextId, audience: Audience, wanted: Audience) -> None:
        """Delete a copy that more people can read than it was for."""
        if not audience.within(wanted):
            self._connectors[copy.connection].delete_comment(copy.key, copy.id)
            text = f"it became readable for the {audience} and was deleted at once"
            self._done.remarks.append(Skip(copy.connection, f"text {origin.id} ({origin.connection})", text))

    def _add_file(self, write: AddFile) -> None:
        origin, key = self._origin(write.source, write.attachment.id), self._key(write.target)
        wish = Wish(Kind.FILE, origin, write.target, "", key)
        known = self._mirrors.names(write.source, write.target)
        name = names_of(self._sides[write.source], write.message, known)[write.attachment.id]
        intent, connector = self._intents.note(wish), self._connectors[write.target]
        if intent.open and (there := self._arrived(write, connector.fetch(key))):
            self._uploaded(intent, wish, there.id, there.name)
            return
        intent = self._intents.send(wish, intent)
        opened = self._connectors[write.source].open_file(write.attachment)
        with self._intents.sending(intent), opened as content:
            upload = Upload(write.attachment.id, name, write.attachment.content_type, content)
            written = connector.add_file(key, upload)
        self._uploaded(intent, wish, written.id, written.name)

    def _arrived(self, write: AddFile, there: Snapshot) -> Attachment | None:
        """Return the file on the target that our unheard upload made, known by its content."""
        alike = list(unclaimed(there, write.attachment.size, self._mirrors))
        if not alike:
            return None
        with self._connectors[write.source].open_file(write.attachment) as content:
            wanted = sha256_of(content)
        for file in alike:
            with self._connectors[write.target].open_file(file) as content:
                if sha256_of(content) == wanted:
                    return file
        return None

    def _uploaded(self, intent: Intent, wish: Wish, file: str, name: str) -> None:
        self._record(Mirror(Kind.FILE, wish.origin, TextId(wish.target, wish.key, file), "", "", name))
        self._intents.done(intent, wish.key)

    @contextmanager
    def _drafted(
        self, source: str, message: Comment, target: str, audience: Audience, token: str
    ) -> Iterator[CommentDraft]:
        """Give the copy of a text, with the files open that travel with it."""
        can = self._s.capabilities[target]
        with travelling(self._connectors[source], message, can) as uploads:
            yield CommentDraft(
                markdown=copy_of(self._sides[source], message, token),
                audience=audience,
                uploads=uploads,
                names=self._names(source, message, target),
            )

    def _names(self, source: str, message: Comment, target: str) -> dict[str, str]:
        """Return what a text calls the files that are on the target, or will be right after its creation."""
        can, known = self._s.capabilities[target], self._mirrors.names(source, target)
        if can.files is FilePlace.COMMENT:
            return {}
        if target in self._spots:
            return known
        coming = tuple(file for file in message.attachments if (file.size or 0) <= can.max_file)
        return names_of(self._sides[source], replace(message, attachments=coming), known)

    # -- fields

    def _set_fields(self, write: SetFields) -> None:
        present = self._unchanged(write.target)
        values: dict[Field, Value] = {change.field: change.value for change in write.changes}
        written = self._connectors[write.target].set_fields(present, values)
        before = self._done.answers.get(write.target, Answer({}, {}))
        self._answered(write.target, replace(before, native=written.native, sent={**before.sent, **values}))

    def _refused(self, write: SetFields | ChangeTags) -> None:
        """Take a refusal as an answer that changed nothing, so that the same is not sent again."""
        side = self._sides[write.target]
        before = self._done.answers.get(write.target, Answer(side.native, {}))
        if isinstance(write, SetFields):
            sent = {**before.sent, **{change.field: change.value for change in write.changes}}
            self._done.answers[write.target] = replace(before, sent=sent)
        else:
            self._done.answers[write.target] = replace(before, added=write.add, removed=write.remove)

    def _change_tags(self, write: ChangeTags) -> None:
        present = self._unchanged(write.target)
        written = self._connectors[write.target].change_tags(present, write.add, write.remove)
        before = self._done.answers.get(write.target, Answer({}, {}))
        answer = replace(before, native=written.native, added=write.add, removed=write.remove)
        self._answered(write.target, answer)

    def _answered(self, target: str, answer: Answer) -> None:
        self._done.answers[target] = answer
        side = self._sides[target]
        self._sides[target] = replace(side, native=answer.native, read_at=self._now())

    def _unchanged(self, target: str) -> Snapshot:
        """Return the side, read anew if it was read a while ago. Raises Stale if somebody changed it."""
        side = self._sides[target]
        if self._now() - side.read_at <= _FRESH:
            return side
        fresh = self._connectors[target].fetch(side.ref.key)
        if dict(fresh.native) != dict(side.native):
            raise Stale(f"{side.ref} was changed while it was being worked on")
        self._sides[target] = fresh
        return fresh

    # -- what is known

    def _origin(self, connection: str, name: str) -> TextId:
        return TextId(connection, self._spots[connection].ref.key, name)

    def _key(self, target: str) -> str:
        if target not in self._spots:
            raise Gone(target, "write", "the ticket was not created")
        return self._spots[target].ref.key

    def _record(self, copy: Mirror) -> None:
        self._store.bundles.copied(self._claim, self._bundle, [copy], self._now())
        self._mirrors = self._mirrors.plus([copy])


def _first_revision(side: Snapshot) -> str:
    message = side.ticket.message(MESSAGE_0)
    return message.revision if message else ""


def _body(side: Snapshot, id: str) -> Raw | None:
    message = side.ticket.message(id)
    return message.body if message else None
