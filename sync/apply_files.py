"""Apply, the half about files: each is sent once, and one that its origin does not give stops nothing."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from io import BytesIO
from typing import IO

from connectors.base import Snapshot, Upload
from mappings.ticket import Attachment
from sync.files import Lost, Unfetched, names_of, opened, sha256_of, unclaimed
from sync.late import Late, late_of, record_of
from sync.operations import AddFile, Skip
from sync.seen import Kind, Mirror, TextId
from sync.store.decisions import WRITTEN
from sync.store.journal import Wish
from sync.writing import Writing

Open = Callable[[], AbstractContextManager[IO[bytes]]]


class FileWriter:
    """Copies files onto tickets."""

    def __init__(self, writing: Writing) -> None:
        self._w = writing

    def add(self, write: AddFile) -> str:
        """Copy a file, and return what came of it; one that is not to be had is remarked, its text names it.

        Raises Unfetched while the text is to wait for it.
        """
        w, file = self._w, write.attachment
        known = w.mirrors.names(write.source, write.target)
        name = names_of(w.sides[write.source], write.message, known)[file.id]

        def content() -> AbstractContextManager[IO[bytes]]:
            return opened(w.connectors[write.source], w.sides[write.source], write.message, file)

        origin = w.origin(write.source, file.id)
        try:
            self._send(
                write.target, origin, Upload(file.id, name, file.content_type, BytesIO()), file.size, content
            )
        except Lost as lost:
            self.lost(write.target, origin, file, lost)
        except Unfetched as error:
            self.missed(write.target, origin, file, error)
            return f"later: {error}"
        return WRITTEN

    def missed(self, target: str, origin: TextId, file: Attachment, error: Unfetched) -> None:
        """Remember that a file could not be fetched. Raises `error` while its text is to wait for it."""
        w, now = self._w, self._w.now()
        late = (late_of(w.mirrors, origin) or Late(now)).failed(now, error.text)
        w.record(record_of(origin, late))
        if late.again is None:
            raise error
        w.done.standing.append(Skip(target, f"file {file.name} ({origin.connection})", late.reason))

    def lost(self, target: str, origin: TextId, file: Attachment, error: Lost) -> None:
        """Remember that a file is not to be had any more, so that it is not asked for again."""
        self.left(target, origin, file.name, f"it cannot be fetched any more: {error.text}")

    def left(
        self,
        target: str,
        origin: TextId,
        name: str,
        why: str = "its text there takes it no more: attach it by hand",
    ) -> None:
        """Remember that a file stays where it is, and why."""
        w = self._w
        place = TextId(target, w.key(target), f"lost:{origin.id}")
        w.record(Mirror(Kind.FILE, origin, place, "", ""))
        w.done.remarks.append(Skip(target, f"file {name} ({origin.connection})", why))

    def attach(self, target: str, source: str, upload: Upload) -> None:
        """Attach what a text says to a ticket, once for each wording."""
        data = upload.content.read()
        origin = self._w.origin(source, upload.id)
        if self._w.mirrors.of(Kind.FILE, origin, target) is None:
            self._send(target, origin, upload, len(data), lambda: nullcontext(BytesIO(data)))
            self._w.intents.settle()  # what it is attached for is sent next

    def _send(self, target: str, origin: TextId, upload: Upload, size: int | None, content: Open) -> None:
        w, key = self._w, self._w.key(target)
        wish = Wish(Kind.FILE, origin, target, "", key)
        intent, connector, looked = w.intents.note(wish), w.connectors[target], w.now()
        if intent.open and (there := self._arrived(target, size, content, connector.fetch(key))):
            self._uploaded(wish, there.id, there.name)
            return
        intent = w.intents.send(wish, intent, looked=looked)
        with w.intents.sending(intent), content() as stream:
            w.intents.about_to_send(intent)
            written = connector.add_file(key, Upload(upload.id, upload.name, upload.content_type, stream))
        self._uploaded(wish, written.id, written.name)

    def _arrived(self, target: str, size: int | None, content: Open, there: Snapshot) -> Attachment | None:
        """Return the file on the target that our unheard upload made, known by its content."""
        alike = list(unclaimed(there, size, self._w.mirrors))
        if not alike:
            return None
        with content() as stream:
            wanted = sha256_of(stream)
        for file in alike:
            with self._w.connectors[target].open_file(file) as stream:
                if sha256_of(stream) == wanted:
                    return file
        return None

    def _uploaded(self, wish: Wish, file: str, name: str) -> None:
        self._w.record(Mirror(Kind.FILE, wish.origin, TextId(wish.target, wish.key, file), "", "", name))
