"""Things to write that all tests of the contract share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from io import BytesIO
from itertools import count

from markdown_it.token import Token

from connectors.base import (
    CommentDraft,
    Connector,
    NativeValue,
    Snapshot,
    TicketDraft,
    Upload,
    WrittenComment,
    WrittenTicket,
)
from connectors.capabilities import FilePlace, Grain
from mappings.markup import read
from mappings.markup.markdown import parser
from mappings.provenance import Marker, Signer, headed
from mappings.ticket import MESSAGE_0, Attachment, Audience, Comment, Field, Value
from mappings.vocabulary import held
from tests.contract.world import File, World

PICTURE = File(
    "smoke.png",
    "image/png",
    bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
        "1f15c4890000000d49444154789c6360606060000000050001a5f64540"
        "0000000049454e44ae426082"
    ),
)
REPORT = File("Prüfbericht 1.pdf", "application/pdf", bytes(range(256)) * 300)

_numbers = count(1)


def fresh(word: str) -> str:
    """Return a text that no other test of this process uses."""
    return f"{word} no {next(_numbers)} of the contract"


def token(secret: bytes = b"a secret of the contract's tests") -> str:
    """Return the marker of a write that never was before."""
    number = next(_numbers)
    marker = Marker("hub1", number, "there", "", "here", "4711", MESSAGE_0, f"{number:016x}")
    return Signer(secret).write(marker)


def draft(
    text: str,
    *,
    audience: Audience = Audience.STAFF,
    uploads: Sequence[Upload] = (),
    names: Mapping[str, str] | None = None,
    people: Mapping[str, str] | None = None,
    marker: str | None = None,
) -> CommentDraft:
    """Return a text to write, headed by its attribution as the hub's texts are."""
    at = datetime.fromisoformat("2026-03-02T09:00:00+00:00")
    headline = {"author": "Kim Park", "place": "desk #4711", "url": "https://desk.test/4711"}
    markdown = headed(text, **headline, at=at, token=marker or token())
    return CommentDraft(
        markdown=markdown, audience=audience, uploads=uploads, names=names or {}, people=people or {}
    )


def ticket(
    world: World, subject: str, text: str = "It does not print.", marker: str | None = None, **values: Value
) -> TicketDraft:
    """Return a ticket to create in the world's place."""
    marker = marker or token()
    message = draft(text, marker=marker, audience=world.described)
    return TicketDraft(
        place=world.place,
        values={"subject": subject, **values},  # type: ignore[dict-item]
        message=message,
        token=marker,
    )


def upload(file: File, id: str = "origin-1") -> Upload:
    """Return a file on its way."""
    return Upload(id, file.name, file.content_type, BytesIO(file.content))


def with_file(
    connector: Connector, key: str, file: File, text: str, id: str = "origin-1"
) -> tuple[WrittenComment, str]:
    """Write a text that shows a file, in the way this side wants it; return it and the file's id there."""
    sign = "!" if file.content_type.startswith("image/") else ""
    text = f"{text}\n\n{sign}[{file.name}](attachment:{id})"
    if connector.capabilities.files is FilePlace.TICKET:
        there = connector.add_file(key, upload(file, id))
        return connector.add_comment(key, draft(text, names={id: there.name})), there.id
    written = connector.add_comment(key, draft(text, uploads=[upload(file, id)]))
    return written, written.files[id]


def message(snapshot: Snapshot, id: str) -> Comment:
    """Return a message that must be there."""
    found = snapshot.ticket.message(id)
    assert found is not None, f"{snapshot.ref} shows no message {id}"
    return found


def words(comment: Comment) -> str:
    """Return a message in canonical Markdown."""
    return read(comment.body, comment.attachments)


def shown(comment: Comment) -> str:
    """Return the characters that a reader of a message sees, markup and escapes gone; links with theirs."""
    said = (f"{token.content} {token.attrGet('href') or ''}".strip() for token in _tokens(comment))
    return "\n".join(filter(None, said))


def references(comment: Comment) -> list[str]:
    """Return the ids of the files that a message shows or names in its text."""
    targets = [str(token.attrGet("src") or token.attrGet("href")) for token in _tokens(comment)]
    return [target.removeprefix("attachment:") for target in targets if target.startswith("attachment:")]


def _tokens(comment: Comment) -> list[Token]:
    blocks = parser().parse(words(comment))
    return [token for block in blocks for token in (block.children or [block])]


def attached(snapshot: Snapshot) -> list[Attachment]:
    """Return all files of a ticket."""
    return [attachment for message in snapshot.ticket.messages for attachment in message.attachments]


def contents(connector: Connector, attachment: Attachment) -> bytes:
    """Return a file's bytes as the connector streams them."""
    with connector.open_file(attachment) as stream:
        return stream.read()


def steady(connector: Connector, written: WrittenTicket | Snapshot) -> dict[Field, NativeValue]:
    """Return the native values of the fields whose answers can be believed at once."""
    abilities = connector.fetch(written.ref.key).abilities.fields
    return {f: v for f, v in written.native.items() if f not in abilities or not abilities[f].asynchronous}


def samples(world: World, connector: Connector, turn: int) -> dict[Field, Value]:
    """Return a value for each writable field, another one for turn 1 than for turn 0."""
    return {field: _sample(world, connector, field, turn) for field in connector.capabilities.fields}


def _sample(world: World, connector: Connector, field: Field, turn: int) -> Value:
    can = connector.capabilities
    if field in can.vocabularies:
        written: list[StrEnum] = list(can.vocabularies[field].writes)
        return written[1 + turn]
    if field == "assignee":
        return world.staff()[turn]
    if field == "tags":
        return frozenset({"printing", ("hardware", "software")[turn]})
    if field in ("due", "first_response_due"):
        days = timedelta(days=(2 if field == "due" else 1) + turn)
        at = (world.now() + days).replace(minute=30, second=0, microsecond=0)
        return at.date() if connector.abilities(world.place).fields[field].grain is Grain.DAY else at
    return fresh(field)


def kept(connector: Connector, field: Field, value: Value) -> Value:
    """Return what a side is expected to say after `value` was written to it."""
    if isinstance(value, StrEnum):
        return held(connector.capabilities.vocabularies, field, value)  # type: ignore[arg-type]
    return value
