"""The contract's clauses about files on their way to a side, and where they may be fetched from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from connectors.base import Connector
from connectors.capabilities import FilePlace
from connectors.errors import Rejected, Uncertain
from mappings.ticket import MESSAGE_0
from tests.contract.drafts import (
    PICTURE,
    REPORT,
    attached,
    contents,
    draft,
    fresh,
    message,
    references,
    shown,
    ticket,
    token,
    upload,
    with_file,
)
from tests.contract.world import Break, Call, File, World


@pytest.mark.parametrize("file", [PICTURE, REPORT], ids=["picture", "file"])
def test_a_file_arrives_byte_for_byte(world: World, connector: Connector, file: File) -> None:
    """`add_file`, `CommentDraft.uploads`: the bytes that were sent. Broken: files arrive damaged or not."""
    key = world.opens(fresh("Send"), "Hm.")
    written, id = with_file(connector, key, file, "Here it is.")
    stored = message(connector.fetch(key), written.id)
    assert [a.id for a in stored.attachments] == [id]
    assert contents(connector, stored.attachments[0]) == file.content
    assert "Here it is." in shown(stored)


def test_a_recount_reads_every_file(world: World, connector: Connector) -> None:
    """`recount`: "texts and files as the server sends them". Broken: a lost file is called verified."""
    key = world.opens(fresh("Counted"), "Hm.")
    for number, file in enumerate((PICTURE, REPORT)):
        with_file(connector, key, file, "Here it is.", id=f"origin-{number}")
    found = connector.recount(key).files
    assert sorted(contents(connector, one.file) for one in found) == sorted((PICTURE.content, REPORT.content))
    assert all(one.size in (None, len(contents(connector, one.file))) for one in found)


def test_a_text_with_a_file_states_what_a_fetch_will(world: World, connector: Connector) -> None:
    """`WrittenComment.revision` counts the files. Broken: a text with a file is edited for ever."""
    key = world.opens(fresh("Stated"), "Hm.")
    for number, file in enumerate((PICTURE, REPORT)):
        written, _ = with_file(connector, key, file, "Look.", id=f"origin-{number}")
        stored = message(connector.fetch(key), written.id)
        assert (written.revision, written.audience) == (stored.revision, stored.audience)


def test_a_text_shows_the_file_it_names(world: World, connector: Connector) -> None:
    """`CommentDraft.names`: native text points at the file. Broken: a picture is named but not seen."""
    if connector.capabilities.files is not FilePlace.TICKET:
        pytest.skip("texts do not refer to files here")
    key = world.opens(fresh("Show"), "Hm.")
    written, id = with_file(connector, key, PICTURE, "Look.")
    stored = message(connector.fetch(key), written.id)
    assert references(stored) == [id]
    assert stored.attachments[0].inline


def test_two_files_of_one_name_stay_apart(world: World, connector: Connector) -> None:
    """`WrittenFile.name`: "by which texts can refer to it". Broken: one file stands in for the other."""
    key = world.opens(fresh("Twins"), "Hm.")
    one, two = (replace(REPORT, content=content) for content in (b"one", b"two"))
    first, _ = with_file(connector, key, one, "One.", id="origin-1")
    second, _ = with_file(connector, key, two, "Two.", id="origin-2")
    snapshot = connector.fetch(key)
    assert [contents(connector, a) for a in message(snapshot, first.id).attachments] == [b"one"]
    assert [contents(connector, a) for a in message(snapshot, second.id).attachments] == [b"two"]


def test_message_0_carries_its_files(world: World, connector: Connector) -> None:
    """`TicketDraft.message`: its uploads are sent too. Broken: the screenshot of a bug stays behind."""
    if connector.capabilities.files is not FilePlace.COMMENT:
        pytest.skip("files are uploaded to a ticket that is there already")
    made = ticket(world, fresh("With a file"))
    message_0 = replace(made.message, uploads=[upload(PICTURE, "a"), upload(REPORT, "b")])
    key = connector.create(replace(made, message=message_0)).ref.key
    stored = message(connector.fetch(key), MESSAGE_0)
    assert {contents(connector, a) for a in stored.attachments} == {PICTURE.content, REPORT.content}


def test_an_edit_brings_its_files_once(world: World, connector: Connector) -> None:
    """`edit_comment`: "Idempotent", with its uploads too. Broken: each retry adds the same file again."""
    can = connector.capabilities
    if can.files is not FilePlace.COMMENT or not can.edits_comments:
        pytest.skip("an edit brings no files here")
    key, marker = world.opens(fresh("Edit"), "Hm."), token()
    id = connector.add_comment(key, draft("Before.", marker=marker)).id
    text = f"After.\n\n[{REPORT.name}](attachment:origin-1)"
    for _ in range(2):
        written = connector.edit_comment(key, id, draft(text, uploads=[upload(REPORT)], marker=marker))
        stored = message(connector.fetch(key), id)
        assert [contents(connector, a) for a in stored.attachments] == [REPORT.content]
        assert written.revision == stored.revision


def test_a_file_is_said_to_be_added(world: World, connector: Connector) -> None:
    """`WrittenFile`: the id it has from then on. Broken: the same file is uploaded again and again."""
    if connector.capabilities.files is not FilePlace.TICKET:
        with pytest.raises(Rejected):
            connector.add_file(world.opens(fresh("Refused"), "Hm."), upload(REPORT))
        return
    key = world.opens(fresh("Upload"), "Hm.")
    written = connector.add_file(key, upload(REPORT))
    text = f"[report](attachment:{'origin-1'})"
    connector.add_comment(key, draft(text, names={"origin-1": written.name}))
    files = {a.id: contents(connector, a) for a in attached(connector.fetch(key))}
    assert files == {written.id: REPORT.content}


def test_a_file_whose_answer_is_lost_is_uncertain(world: World, connector: Connector) -> None:
    """`add_file`: "Not idempotent; see `create`". Broken: the file is sent twice without a look."""
    key = world.opens(fresh("Lost"), "Hm.")
    in_tickets = connector.capabilities.files is FilePlace.TICKET
    world.breaks(Call.FILE if in_tickets else Call.COMMENT, Break.LOST)
    with pytest.raises(Uncertain):
        with_file(connector, key, REPORT, "Heard?")


def test_files_are_not_fetched_from_elsewhere(world: World, connector: Connector) -> None:
    """`open_file`: "from our own hosts or the capability record's file hosts only". Broken: SSRF."""
    key = world.opens(fresh("Elsewhere"), "See:", picture=PICTURE)
    attachment = attached(connector.fetch(key))[0]
    with _foreign_host() as (url, asked):
        for location in (f"{url}/x.png", f"{url.replace('127.0.0.1', 'localhost')}/x.png"):
            with pytest.raises(Rejected) as refused:
                contents(connector, replace(attachment, location=location))
            assert "x.png" not in str(refused.value)
    assert asked == []


def test_a_locations_secret_is_not_shown(world: World, connector: Connector) -> None:
    """`Attachment.location`: "a secret". Broken: who reads a log opens the customer's files."""
    key = world.opens(fresh("Secret"), "See:", picture=PICTURE)
    attachment = attached(connector.fetch(key))[0]
    assert attachment.location not in repr(attachment)


@contextmanager
def _foreign_host() -> Iterator[tuple[str, list[str]]]:
    """Yield the address of a server that is not the connection's, and what it is asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(f"{self.path} {self.headers}")
            self.send_response(200)
            self.end_headers()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
