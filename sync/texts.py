"""Which texts are copied where: by origin and revision, in the order they were made. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from mappings.provenance import foreign
from mappings.ticket import MESSAGE_0, Audience, Comment, CommentKind, PersonRole, Ref
from sync.attachments import files, follows
from sync.audience import barred
from sync.explain import edit_value, text_value
from sync.operations import AddComment, EditComment, Form, Operation, Reach, Skip, Tell, Withdraw, Withdrawal
from sync.pieces import Piece, pieces, words
from sync.publish import Refused, kept_private, published
from sync.rules import Role
from sync.seen import Kind, Mirror
from sync.situation import Situation
from sync.telling import called, tell, told_of
from sync.withdraw import deleted, narrowed_since

_NO_COPY: Mapping[str, Mirror] = {}
_TRIES = 3
"""How often a target may refuse a text in one form."""


def texts(s: Situation) -> Iterator[Operation]:
    """Yield what the conversation needs on each side, oldest text first, and what people are told of it."""
    notes: list[Tell] = []
    for made in _conversation(s):
        if isinstance(made, Tell):
            notes.append(made)
        else:
            yield made
    yield from notes


def _conversation(s: Situation) -> Iterator[Operation]:
    created = tuple(place.connection for place in s.wanting)
    made = {source: s.mirrors.made(Kind.COMMENT, source, side.ref.key) for source, side in s.sides.items()}
    receivers = {source: (*s.receivers(source), *created) for source in s.sides}
    for source, message in _originals(s):
        if s.merged and s.role(source) is not Role.FRONT:
            yield from _taken_back(s, source, message, made[source].get(message.id, _NO_COPY))
            continue
        if s.copied_from and s.role(source) is Role.FRONT and (ref := _merge_note(s, message)):
            why = f"it copies the text of {ref}, which travels by itself"
            yield from (Skip(t, called(message, source), why, quiet=True) for t in s.receivers(source))
            continue
        copies = made[source].get(message.id, _NO_COPY)
        for target in receivers[source]:
            copied = copies.get(target)
            if copied is None or not _settled(copied, message):
                yield from _copy(s, source, message, target, copied)
            elif s.rules.publish is not None:
                yield from _answered(s, source, message, target, copied)
    yield from _automatic(s)
    yield from deleted(s)


def _taken_back(
    s: Situation, source: str, message: Comment, copies: Mapping[str, Mirror]
) -> Iterator[Operation]:
    """Yield what empties copies on a merged ticket, which gets nothing else any more."""
    for target, copied in copies.items():
        if target in s.sides and s.role(target) is Role.FRONT:
            yield from narrowed_since(s, source, message, target, copied) or ()


def _originals(s: Situation) -> list[tuple[str, Comment]]:
    """Return (side, text) for every text that a person or a foreign program first wrote there."""
    copies = {side: s.copies(side) for side in s.sides}
    found = [
        (side, message)
        for side, snapshot in s.sides.items()
        for message in snapshot.ticket.messages
        if message.id not in copies[side]  # two of three texts are copies: asked first
        and message.kind is not CommentKind.AUTOMATIC
        and message.author.role is not PersonRole.MACHINE
        and (message.author.role is not PersonRole.HUB or _before_the_hub(s, side, message))
    ]
    # Of two ids that count up, the longer one is the later one.
    return sorted(found, key=lambda f: (f[1].id != MESSAGE_0, f[1].created, f[0], len(f[1].id), f[1].id))


def _before_the_hub(s: Situation, side: str, message: Comment) -> bool:
    """Whether a run meets a text that a person wrote under the account that is the hub's today."""
    return side == s.rules.source and "#db1." not in message.body.text


def _settled(copied: Mirror, message: Comment) -> bool:
    """Whether a text stands there as it is, so that nothing about it needs a second look."""
    return (
        copied.revision == message.revision
        and not message.attachments
        and copied.name in ("", message.audience, f"{message.audience}!")
    )


def _answered(
    s: Situation, source: str, message: Comment, target: str, copied: Mirror
) -> Iterator[Operation]:
    """Yield the note on a text that was not published as its author meant, if it does not stand yet.

    When the text was copied their tool may not have answered, or the hub died.
    """
    if not copied.published:
        refused = published(s, source, target, message)
        if isinstance(refused, Refused):
            yield from tell(s, source, message, f"was not published, as {refused.why}", "publish")


def _copy(
    s: Situation, source: str, message: Comment, target: str, copied: Mirror | None
) -> Iterator[Operation]:
    if target not in s.sides and message.id == MESSAGE_0:
        # It is created with the ticket: its files, and the parts that do not fit, follow.
        yield from files(s, source, message, target)
        yield from _parts(s, source, message, target, frozenset({1}))
    elif copied is not None:
        yield from _again(s, source, message, target, copied)
    elif s.older(source, target, message.created):
        yield Skip(target, called(message, source), "it was written before the sides were linked", quiet=True)
    elif kept_private(s, message):
        yield Skip(target, called(message, source), f"{s.rules.keep_private} keeps it there", quiet=True)
    elif why := _relayed(s, source, message):
        yield Skip(target, called(message, source), why)
    elif why := barred(s, target, message.audience):
        yield from told_of(s, source, message, Skip(target, called(message, source), why))
    else:
        yield from _new(s, source, message, target)


def _relayed(s: Situation, source: str, message: Comment) -> str | None:
    """Return why a copy that another hub made is not copied on, or None."""
    if "#db1." not in message.body.text or (marker := foreign(words(message), s.hub)) is None:
        return None
    if source not in s.rules.relay:
        return f"another hub copied it here from {marker.origin}, and no rule relays {source}"
    return f"{_HOPS} hubs passed it on already" if marker.hops + 1 >= _HOPS else None


_HOPS = 3
"""So many hubs may copy one text on: more is a circle."""


def _new(s: Situation, source: str, message: Comment, target: str) -> Iterator[Operation]:
    public = published(s, source, target, message)
    if isinstance(public, Refused):
        yield from tell(s, source, message, f"was not published, as {public.why}", "publish")
    yield from files(s, source, message, target, public=public is True)
    if public is True:
        yield from _public(s, source, message, target)
    else:
        yield from _parts(s, source, message, target)


def _public(s: Situation, source: str, message: Comment, target: str) -> Iterator[Operation]:
    """Yield a text that its author published: the one that may mail, as a rule said."""
    tried = s.refused.get((target, message.id, source, text_value(message)), 0)
    if tried > _TRIES:
        skip = Skip(target, called(message, source), "the tool refused it: say it there yourself")
        yield from told_of(s, source, message, skip)
        return
    form = Form.PLAIN if tried == _TRIES else Form.WHOLE
    reach = Reach(s.readers(target), s.abilities(target).public_comment_mails)
    yield AddComment(target, source, message, Audience.CUSTOMER, reach, form=form)


def _parts(
    s: Situation, source: str, message: Comment, target: str, there: frozenset[int] = frozenset()
) -> Iterator[Operation]:
    """Yield the texts that an original is written as, those that are `there` left out."""
    if 1 not in there and (form := _form(s, source, message, target)) is not Form.WHOLE:
        yield _adding(s, source, message, target, Piece(1, 1, "", ""), form)
        return
    made = pieces(message, s.capabilities[target], s.rules.long)
    if not made and 1 not in there:
        yield _adding(s, source, message, target, Piece(1, 1, "", ""), Form.ATTACHED)
    for piece in made:
        if piece.number not in there:
            yield _adding(s, source, message, target, piece, Form.WHOLE)


def _form(s: Situation, source: str, message: Comment, target: str) -> Form:
    """Return the form in which a text is tried now: each refusal takes it nearer to a line that names it."""
    tried = s.refused.get((target, message.id, source, text_value(message)), 0) % (_TRIES + 2)
    return Form.WHOLE if tried < _TRIES else Form.PLAIN if tried == _TRIES else Form.GAP


def _adding(s: Situation, source: str, message: Comment, target: str, piece: Piece, form: Form) -> AddComment:
    reach = s.announced(target)
    return AddComment(target, source, message, Audience.STAFF, reach, piece.number, piece.of, form)


# -- what stands there already


def _again(s: Situation, source: str, message: Comment, target: str, copied: Mirror) -> Iterator[Operation]:
    """Yield what a text whose copy stands there needs: its new wording, files, or fewer readers."""
    if (narrowing := narrowed_since(s, source, message, target, copied)) is not None:
        yield from narrowing
        return
    if copied.read_by is Audience.STAFF and message.audience is Audience.CUSTOMER and not copied.published:
        why = "customers can read the original now; its copy stays as it is"
        yield Skip(target, called(message, source), why)
    made = pieces(message, s.capabilities[target], s.rules.long)
    if copied.revision in (message.revision, made[0].revision if made else ""):
        # The text stands there, or will; its files or its further parts may have failed to follow.
        yield from files(s, source, message, target, public=copied.published)
        if follows(s, source, message, target):
            yield _with_its_file(s, source, message, target, copied, made)
        yield from _answered(s, source, message, target, copied)
    elif closed := barred(s, target, message.audience):
        yield Skip(target, called(message, source), closed)
        return
    else:
        yield from files(s, source, message, target)
        public = not copied.published and published(s, source, target, message)
        if public:
            late = "a sign counts in a text's first wording only"
            said = public.why if isinstance(public, Refused) else late
            yield from tell(s, source, message, f"was not published, as {said}", "publish")
    if copied.published:
        if copied.revision != message.revision:
            yield from _addendum(s, source, message, target, "it was published, and stays as it was read")
        return
    if copied.revision != message.revision:
        yield from _wordings(s, source, message, target, made or (Piece(1, 1, "", message.revision),))


def _with_its_file(
    s: Situation, source: str, message: Comment, target: str, copied: Mirror, made: tuple[Piece, ...]
) -> EditComment | Skip:
    """Return the edit that brings a file which could not be had when its text was copied."""
    piece = made[0] if made else Piece(1, 1, "", message.revision)
    edit = _edit(s, source, message, target, copied, piece, attached=not made and not _empty(message))
    if copied.published:
        edit = "its text was published without it"
    if isinstance(edit, str):
        return Skip(target, f"a file of {called(message, source)}", f"{edit}: attach it there by hand")
    return edit


def _wordings(
    s: Situation, source: str, message: Comment, target: str, made: tuple[Piece, ...]
) -> Iterator[Operation]:
    """Yield the edits of a text's copies, part by part; parts that are new, and those not needed any more."""
    origin = s.text(source, message.id)
    whole = not made[0].text and made[0].of == 1
    for piece in made:
        copied = s.mirrors.of(Kind.COMMENT, origin.part(piece.number), target)
        if copied is None or copied.revision == Withdrawal.DELETE:
            form = _form(s, source, message, target)
            yield _adding(s, source, message, target, piece, Form.WHOLE if form is Form.WHOLE else Form.GAP)
        elif copied.revision != piece.revision:
            made_edit = _edit(
                s, source, message, target, copied, piece, attached=whole and not _empty(message)
            )
            if isinstance(made_edit, str):
                yield from _addendum(s, source, message, target, made_edit)
                return
            yield made_edit
    number = made[-1].number + 1
    while (copied := s.mirrors.of(Kind.COMMENT, origin.part(number), target)) is not None:
        if copied.revision != Withdrawal.SURPLUS and target in s.sides and _ours(s, copied):
            how = Withdrawal.SURPLUS
            yield Withdraw(target, copied.origin, copied.target.id, how, s.internally(target))
        number += 1


def _empty(message: Comment) -> bool:
    return not message.body.text.strip()


def _edit(
    s: Situation,
    source: str,
    message: Comment,
    target: str,
    copied: Mirror,
    piece: Piece,
    *,
    attached: bool,
) -> EditComment | Skip | str:
    """Return how a copy gets its new wording, or why it cannot be edited."""
    there = s.sides[target].ticket.message(copied.target.id)
    if there is None:
        return Skip(target, f"the edit of {called(message, source)}", "somebody deleted the copy")
    if not copied.stands_in(there):
        return "somebody edited the copy, so it is theirs"
    if not s.capabilities[target].edits_comments:
        return "a text cannot be edited there"
    tried = s.refused.get((target, message.id, source, edit_value(message)), 0)
    if tried > _TRIES:
        return "the tool refused its new wording"
    form = Form.PLAIN if tried == _TRIES else Form.ATTACHED if attached else Form.WHOLE
    reach = s.internally(target)
    return EditComment(
        target, source, message, copied.target.id, Audience.STAFF, reach, piece.number, piece.of, form
    )


def _addendum(s: Situation, source: str, message: Comment, target: str, why: str) -> Iterator[Operation]:
    """Yield the text that tells staff, once, the new wording of one whose copy stays as it is."""
    told = s.text(source, message.id).addendum(message.revision)
    yield Skip(target, f"the edit of {called(message, source)}", why)
    if s.mirrors.of(Kind.COMMENT, told, target) is None and barred(s, target, message.audience) is None:
        yield _adding(s, source, message, target, Piece(1, 1, "", ""), Form.ADDENDUM)


def _ours(s: Situation, copied: Mirror) -> bool:
    there = s.sides[copied.target.connection].ticket.message(copied.target.id)
    return there is not None and copied.stands_in(there)


def _merge_note(s: Situation, message: Comment) -> Ref | None:
    """Return the merged ticket whose text a note on the front side copies, or None.

    No tool flags such a note: it is written by staff and links the merged ticket.
    """
    if message.author.role is PersonRole.CUSTOMER or message.id == MESSAGE_0:
        return None
    return next((ref for ref in s.copied_from if re.search(_named(ref), message.body.text)), None)


def _named(ref: Ref) -> str:
    return rf"(?:/tickets/|#){re.escape(ref.key)}(?!\d)"


def _automatic(s: Situation) -> Iterator[Skip]:
    """Yield what a program wrote, and why it stays where it is."""
    for side in s.trusted():
        for message in s.sides[side].ticket.messages:
            if message.kind is CommentKind.AUTOMATIC or message.author.role is PersonRole.MACHINE:
                for target in s.receivers(side):
                    yield Skip(target, called(message, side), "a program wrote it", quiet=True)
