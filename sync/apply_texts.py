"""Apply, the half about texts: copies, their edits, and the hub's own notes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO

from connectors.base import CommentDraft, Upload, WrittenComment
from connectors.capabilities import FilePlace
from connectors.errors import Gone, Rejected
from mappings.markup import read, rewritten
from mappings.ticket import MESSAGE_0, Attachment, Audience, Comment, Raw
from sync.apply_files import FileWriter
from sync.files import Lost, Unfetched, names_of, travelling
from sync.late import late_of
from sync.operations import (
    AddComment,
    AddNotice,
    CreateTicket,
    EditComment,
    Form,
    SendReceipt,
    Severity,
    Skip,
    Tell,
    Withdraw,
    Withdrawal,
)
from sync.outcome import Stale
from sync.overheard import says
from sync.pieces import Piece, pieces, words
from sync.publish import unsigned
from sync.references import names, tells_of_others
from sync.seen import Kind, Mirror, TextId, readable
from sync.store.decisions import WRITTEN
from sync.store.journal import Wish
from sync.wording import (
    attached_note,
    copy_of,
    emptied,
    gap_note,
    left_behind,
    marked,
    news_note,
    plain,
    published_copy,
    refused_note,
    told,
)
from sync.writing import Writing

_HEAD = 3_000
"""Characters kept free for the line that says who wrote a text."""


class TextWriter:
    """Writes the texts of a plan."""

    def __init__(self, writing: Writing, files: FileWriter) -> None:
        self._w, self._files = writing, files

    def copy(self, write: AddComment) -> None:
        """Copy a text, or the part or form of it that the plan says."""
        w, key = self._w, self._w.key(write.target)
        public = write.audience is Audience.CUSTOMER
        piece, origin = self._piece(write), w.origin(write.source, write.message.id)
        place = (
            origin.addendum(write.message.revision)
            if write.form is Form.ADDENDUM
            else origin.part(write.part)
        )
        told = readable(write.message.audience, published=public)
        hops = w.situation.hops(write.source, write.message)
        wish = Wish(Kind.COMMENT, place, write.target, piece.revision, key, told, hops)
        intent = w.intents.send(wish, w.intents.note(wish), looked=w.looked(wish.target))
        with w.intents.sending(intent), self.drafted(write, piece, intent.token) as (draft, lost):
            w.intents.about_to_send(intent)
            written = w.connectors[write.target].add_comment(key, draft)
        self._heard(wish, written, write.audience)
        self.sent_along(write, written.files)
        self._remark_lost(write, lost)

    def edit(self, write: EditComment) -> str:
        """Bring a copy to its original's present wording, and return what came of it.

        Raises Stale if somebody edited it meanwhile.
        """
        w, key = self._w, self._w.key(write.target)
        self._unedited(write.target, write.id)
        piece = self._piece(write)
        origin = w.origin(write.source, write.message.id).part(write.part)
        signed = "" if write.id == MESSAGE_0 else key  # as it was when the ticket was created
        readers = readable(write.message.audience, published=False)
        hops = w.situation.hops(write.source, write.message)
        wish = Wish(Kind.COMMENT, origin, write.target, piece.revision, signed, readers, hops)
        token, known = w.intents.token(wish), w.mirrors.of(Kind.COMMENT, origin, write.target)
        with self.drafted(write, piece, token) as (draft, lost):
            if known and known.revision == wish.revision and not self._brings(write, draft):
                self._remark_lost(write, lost)
                return "later: the file it was for is still not to be had"
            with w.intents.editing(replace(wish, key=key), token, says(draft.markdown)):
                written = w.connectors[write.target].edit_comment(key, write.id, draft)
        target = TextId(write.target, key, written.id)
        w.record(Mirror(Kind.COMMENT, origin, target, wish.revision, written.revision, readers))
        self.sent_along(write, written.files)
        for upload in draft.uploads:
            if upload.id not in written.files and self._was_late(write, upload):
                self._files.left(write.target, w.origin(write.source, upload.id), upload.name)
        self._remark_lost(write, lost)
        return WRITTEN

    def _brings(self, write: EditComment, draft: CommentDraft) -> bool:
        """Whether an edit that leaves the words as they are brings a file that was missing."""
        origins = (self._w.origin(write.source, upload.id) for upload in draft.uploads)
        return any(not self._w.mirrors.of(Kind.FILE, origin, write.target) for origin in origins)

    def _was_late(self, write: EditComment, upload: Upload) -> bool:
        return late_of(self._w.mirrors, self._w.origin(write.source, upload.id)) is not None

    def sent_along(self, write: AddComment | EditComment | CreateTicket, files: Mapping[str, str]) -> None:
        """Record the files that went along with a text: origin id -> id there."""
        for file, there in files.items():
            target = TextId(write.target, self._w.key(write.target), there)
            self._w.record(Mirror(Kind.FILE, self._w.origin(write.source, file), target, "", ""))

    def withdraw(self, write: Withdraw) -> None:
        """Mark, empty or delete a copy. What cannot be done is remarked, and not tried again."""
        w, key = self._w, self._w.key(write.target)
        there = w.sides[write.target].ticket.message(write.id)
        answer = ""
        try:
            if write.how is Withdrawal.DELETE or there is None:
                w.connectors[write.target].delete_comment(key, write.id)
            else:
                if write.how is not Withdrawal.BLANK:
                    self._unedited(write.target, write.id)
                answer = self._reworded(write, there)
        except Gone:
            pass
        except Rejected as error:
            self._not_withdrawn(write, error)
        known = w.mirrors.of(Kind.COMMENT, write.origin, write.target)
        place = TextId(write.target, key, write.id)
        w.record(Mirror(Kind.COMMENT, write.origin, place, write.how, answer, known.name if known else ""))

    def _reworded(self, write: Withdraw, there: Comment) -> str:
        w = self._w
        text = read(there.body, there.attachments)
        mark = write.how is Withdrawal.MARK
        markdown = marked(text) if mark else emptied(text, surplus=write.how is Withdrawal.SURPLUS)
        names = {
            m.target.id: m.name
            for m in w.mirrors
            if m.kind is Kind.FILE and m.target.connection == write.target and m.name
        }
        draft = CommentDraft(markdown=markdown, audience=there.audience, names=names if mark else {})
        return w.connectors[write.target].edit_comment(w.key(write.target), write.id, draft).revision

    def _not_withdrawn(self, write: Withdraw, error: Rejected) -> None:
        w = self._w
        severity = Severity.WARNING
        if write.how is Withdrawal.BLANK:
            severity = Severity.URGENT
            try:
                w.connectors[write.target].delete_comment(w.key(write.target), write.id)
            except (Rejected, Gone):
                why = f"it cannot be emptied or deleted here, delete it by hand: {error.text}"
            else:
                return
        else:
            why = f"refused: {error.text}"
        what = f"the withdrawal of text {write.id}"
        w.done.remarks.append(Skip(write.target, what, why, severity=severity))

    def tell(self, write: AddNotice | Tell | SendReceipt) -> None:
        """Tell staff what became of a side, or of something on it; or the customer that it arrived."""
        if isinstance(write, SendReceipt):
            self._receipt(write)
            return
        about, url = write.about, write.url
        if isinstance(write, Tell):
            words = write.words
            self.say(
                write.target, write.occasion, lambda token: told(words, about, url, token), write.reach.tells
            )
        else:
            origin, news = TextId(write.source, about.key, write.occasion), write.news
            self.say(
                write.target, origin, lambda token: news_note(about, url, news, token), write.reach.tells
            )

    def say(
        self, target: str, origin: TextId, text: Callable[[str], str], tells: tuple[str, ...] = ()
    ) -> None:
        """Write an internal note of the hub's own, which the tool mails to some of the staff."""
        w, key = self._w, self._w.key(target)
        wish = Wish(Kind.COMMENT, origin, target, "", key)
        intent = w.intents.send(wish, w.intents.note(wish), looked=w.looked(wish.target))
        draft = CommentDraft(markdown=text(intent.token), audience=Audience.STAFF, tells=tells)
        with w.intents.sending(intent):
            w.intents.about_to_send(intent)
            written = w.connectors[target].add_comment(key, draft)
        self._heard(wish, written, Audience.STAFF)

    def _receipt(self, write: SendReceipt) -> None:
        """Tell the customer in the desk's name, in the form of what a person published."""
        w, key = self._w, self._w.key(write.target)
        told = readable(Audience.CUSTOMER, published=True)
        wish = Wish(Kind.COMMENT, write.occasion, write.target, "", key, told)
        intent = w.intents.send(wish, w.intents.note(wish), looked=w.looked(wish.target))
        text = published_copy(write.sender, write.url, intent.token, write.words)
        with w.intents.sending(intent):
            w.intents.about_to_send(intent)
            draft = CommentDraft(markdown=text, audience=Audience.CUSTOMER)
            written = w.connectors[write.target].add_comment(key, draft)
        self._heard(wish, written, Audience.CUSTOMER)

    def found(self, copy: Mirror) -> None:
        """Record a copy that was found by its marker, whether or not it is readable as it should be."""
        text = self._w.sides[copy.target.connection].ticket.message(copy.target.id)
        if text is not None and text.id != MESSAGE_0:
            wanted = Audience.CUSTOMER if copy.published else Audience.STAFF
            self._withdraw(copy.origin, copy.target, text.audience, wanted)
        self._w.record(copy)

    def _heard(self, wish: Wish, written: WrittenComment, wanted: Audience) -> None:
        """Record an answer; a text that more people can read than it was for is deleted at once."""
        target = TextId(wish.target, wish.key, written.id)
        self._withdraw(wish.origin, target, written.audience, wanted)
        if wanted is Audience.CUSTOMER and written.audience is not wanted:
            what = f"text {wish.origin.id} ({wish.origin.connection})"
            why = f"not published: the tool kept it for {written.audience}"
            self._w.done.remarks.append(Skip(wish.target, what, why))
        self._w.record(
            Mirror(Kind.COMMENT, wish.origin, target, wish.revision, written.revision, wish.readers)
        )

    def _withdraw(self, origin: TextId, copy: TextId, audience: Audience, wanted: Audience) -> None:
        """Delete a copy that more people can read than it was for."""
        if not audience.within(wanted):
            self._w.connectors[copy.connection].delete_comment(copy.key, copy.id)
            text = f"it became readable for the {audience} and was deleted at once"
            what = f"text {origin.id} ({origin.connection})"
            self._w.done.remarks.append(Skip(copy.connection, what, text, severity=Severity.URGENT))

    def _unedited(self, target: str, id: str) -> None:
        before = _body(self._w.sides[target].ticket.message(id))
        if _body(self._w.unchanged(target).ticket.message(id)) != before:
            raise Stale(f"somebody edited text {id} on {target}")

    def _remark_lost(self, write: AddComment | EditComment, lost: dict[str, Lost]) -> None:
        for file in write.message.attachments:
            if file.id in lost:
                origin = self._w.origin(write.source, file.id)
                self._files.lost(write.target, origin, file, lost[file.id])

    # -- words

    def _piece(self, write: AddComment | EditComment) -> Piece:
        """Return the part of a text that is written, or the whole of it in another form."""
        if write.form is Form.WHOLE:
            can = self._w.situation.capabilities[write.target]
            made = pieces(write.message, can, self._w.situation.rules.long)
            if len(made) == write.parts:
                return made[write.part - 1]
        revision = write.message.revision
        if write.parts > 1:
            can = self._w.situation.capabilities[write.target]
            revision = pieces(write.message, can, self._w.situation.rules.long)[write.part - 1].revision
        return Piece(write.part, write.parts, words(write.message), revision)

    @contextmanager
    def drafted(
        self, write: AddComment | EditComment, piece: Piece, token: str
    ) -> Iterator[tuple[CommentDraft, dict[str, Lost]]]:
        """Give the copy of a text, with the files open that travel with it, and those that are lost."""
        w, source, message = self._w, write.source, write.message
        side, can = w.sides[source], w.situation.capabilities[write.target]
        carried = replace(message, attachments=self._carried(write, piece))

        def missed(file: Attachment, error: Unfetched) -> None:
            self._files.missed(write.target, w.origin(source, file.id), file, error)

        with travelling(w.connectors[source], side, carried, can, missed) as (uploads, lost):
            here = {upload.id for upload in uploads}
            extra = self._attached(write, piece)
            names = self._names(source, message, write.target)
            said = self._worded(write, piece, extra.name if extra else "")
            text = rewritten(said, {**self._others(write, said), **self._links(write)})
            public = write.audience is Audience.CUSTOMER
            if write.form is not Form.ADDENDUM and piece.number == piece.of:
                text = self._with_left(write, text, here | {id for id, name in names.items() if name})
            part = f"{piece.number}/{piece.of}" if piece.of > 1 else ""
            later = write.form is Form.ADDENDUM
            if public:
                markdown = self._public(write, token, text)
            else:
                markdown = copy_of(side, message, token, text, part=part, later=later)
            if extra and can.files is FilePlace.COMMENT:
                uploads.append(extra)
            # Nobody of staff is named to a customer, nor paged by what one reads.
            people = {} if public else w.situation.rules.mentioned(source, write.target)
            yield (
                CommentDraft(
                    markdown=markdown,
                    audience=write.audience,
                    uploads=uploads,
                    names=names,
                    people=people,
                    tells=write.reach.tells,
                ),
                lost,
            )

    def _carried(self, write: AddComment | EditComment, piece: Piece) -> tuple[Attachment, ...]:
        """Return the files that go with what is written: with the first part, and none a second time.

        Beside a copy that stays as it is, what came with that one is there already.
        """
        if piece.number != 1:
            return ()
        late = {f.id: late_of(self._w.mirrors, self._w.origin(write.source, f.id)) for f in self._own(write)}
        now = self._w.now()
        files = tuple(f for f in self._own(write) if not ((one := late[f.id]) and one.rests(now)))
        if write.form is not Form.ADDENDUM:
            return files
        known = self._w.mirrors
        return tuple(
            f for f in files if not known.of(Kind.FILE, self._w.origin(write.source, f.id), write.target)
        )

    def _own(self, write: AddComment | EditComment) -> tuple[Attachment, ...]:
        """Return a text's files without our copies that it shows: somebody may quote a text of ours."""
        w = self._w
        return tuple(
            f
            for f in write.message.attachments
            if not w.mirrors.is_copy(Kind.FILE, w.origin(write.source, f.id))
        )

    def _worded(self, write: AddComment | EditComment, piece: Piece, attached: str) -> str:
        can = self._w.situation.capabilities[write.target]
        room = max(can.max_text - _HEAD, can.max_text // 2)
        match write.form:
            case Form.PLAIN:
                text = (
                    unsigned(piece.text, self._sign()) if write.audience is Audience.CUSTOMER else piece.text
                )
                shown = plain(text, room // 6)
                return (
                    shown if write.audience is Audience.CUSTOMER else f"{refused_note(attached)}\n\n{shown}"
                )
            case Form.ATTACHED:
                return attached_note(attached, len(piece.text))
            case Form.GAP:
                return gap_note()
            case Form.ADDENDUM:
                return piece.text if len(piece.text) * 6 <= room else plain(piece.text, room // 6)
            case _:
                return piece.text

    def _links(self, write: AddComment | EditComment) -> dict[str, str]:
        """Return where links to sides of this ticket lead there: to the side that is read."""
        if write.target not in self._w.spots:
            return {}
        here = self._link(write)
        others = (spot.url for name, spot in self._w.spots.items() if name != write.target)
        return {url: here for url in others if url}

    def _others(self, write: AddComment | EditComment, said: str) -> dict[str, str]:
        """Return where other tickets that a text names are on its target, for readers who may open them."""
        s, side = self._w.situation, self._w.sides[write.source]
        if not tells_of_others(s, write.target, write.message, write.audience):
            return {}
        found = names(said, side.ref)
        known = self._w.store.bundles.counterparts(side.ref, found, write.target)
        called = {name: known[full] for name, full in found.called.items() if full in known}
        return called | {url: known[url] for url in found.addresses if url in known}

    def _link(self, write: AddComment | EditComment) -> str:
        """Return where whoever reads a text opens the ticket."""
        rule, spot = self._w.situation.rules.publish, self._w.spots[write.target]
        public = write.audience is Audience.CUSTOMER and rule is not None and rule.link
        return rule.link.replace("{key}", spot.ref.key) if rule and public else spot.url

    def _sign(self) -> str:
        rule = self._w.situation.rules.publish
        return rule.sign if rule else ""

    def _public(self, write: AddComment | EditComment, token: str, text: str) -> str:
        rule = self._w.situation.rules.publish
        sender = rule.sender if rule else ""
        return published_copy(sender, self._link(write), token, unsigned(text, self._sign()))

    def _attached(self, write: AddComment | EditComment, piece: Piece) -> Upload | None:
        """Return the file that goes with a text that is not shown as it is: attached by now if it must be."""
        w, message = self._w, write.message
        if write.form not in (Form.PLAIN, Form.ATTACHED) or write.audience is Audience.CUSTOMER:
            return None
        plain_form = write.form is Form.PLAIN
        data = (message.body.text if plain_form else piece.text).encode("utf-8", "replace")
        can, readers = w.situation.capabilities[write.target], w.situation.readers(write.target)
        name = f"{'original' if plain_form else 'text'}-{message.id.rpartition('/')[2]}.txt"
        upload = Upload(f"original:{message.id}:{message.revision}", name, "text/plain", BytesIO(data))
        if len(data) > can.max_file:
            return None
        if can.files is FilePlace.COMMENT:
            return upload
        if write.target not in w.spots or not readers.audience.within(message.audience):
            return None
        self._files.attach(write.target, write.source, upload)
        return upload

    def _with_left(self, write: AddComment | EditComment, text: str, here: set[str]) -> str:
        """Return a text with a line that names the files that stay where they are."""
        w = self._w
        most = w.situation.capabilities[write.target].max_file
        left = [
            (file.name, "too big" if (file.size or 0) > most else self._awaited(write, file))
            for file in self._own(write)
            if file.id not in here
        ]
        url = "" if write.audience is Audience.CUSTOMER else w.sides[write.source].url
        return f"{text}\n\n{left_behind(left, url)}" if left else text

    def _awaited(self, write: AddComment | EditComment, file: Attachment) -> str:
        late = late_of(self._w.mirrors, self._w.origin(write.source, file.id))
        return "could not be fetched yet" if late and late.again else ""

    def _names(self, source: str, message: Comment, target: str) -> dict[str, str]:
        """Return what a text calls the files that are on the target, or will be right after its creation."""
        w = self._w
        can, known = w.situation.capabilities[target], w.mirrors.names(source, target)
        if can.files is FilePlace.COMMENT:
            return {}
        if target in w.spots:
            return known
        coming = tuple(file for file in message.attachments if (file.size or 0) <= can.max_file)
        return names_of(w.sides[source], replace(message, attachments=coming), known)


def _body(text: Comment | None) -> Raw | None:
    return text.body if text else None
