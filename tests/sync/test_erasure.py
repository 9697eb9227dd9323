"""A person's data are found in every table, and gone after: on both databases."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import JSON, Text, select

from mappings.ticket import Raw, Ref, TextFormat
from sync.seen import Kind, Mirror, TextId
from sync.store import Store, open_store
from sync.store import schema as t
from sync.store.derived import about
from sync.store.dialects import Address
from sync.store.erasure import ERASED, KEPT, SAID, Words, erase, find
from sync.store.inbox import take
from tests.sync.filled import AT, fill, rows

KIM = Words(["Kim Canary", "kim@canary.example"])
DESK, JIRA, OTHER = Ref("desk", "1"), Ref("jira", "KIM-1"), Ref("desk", "2")


@pytest.fixture
def store(address: Address) -> Iterator[Store]:
    """An empty store, on either database."""
    opened = open_store(address)
    yield opened
    opened.database.close()


def put(store: Store, table: str, **values: object) -> None:
    """Put a row there."""
    with store.database.writing() as tx:
        tx.execute(t.metadata.tables[table].insert().values(**values))


def said(store: Store, ref: Ref, id: str, author: str, text: str) -> None:
    """Have a text stand on a side."""
    put(
        store,
        "messages",
        connection=ref.connection,
        key=ref.key,
        id=id,
        kind="reply",
        author=author,
        role="customer",
        audience="customer",
        created=AT,
        files=[["canary.pdf", 3, False]] if author == "Kim Canary" else [],
        read_at=AT,
    )
    store.texts.keep(ref, [(id, Raw(TextFormat.HTML, text))], AT)


def opened(store: Store, ref: Ref, bundle: int, requester: str, subject: str) -> None:
    """Have a ticket of the desk be known."""
    row = {"connection": ref.connection, "key": ref.key, "display": f"#{ref.key}"}
    put(store, "bundles", id=bundle, created=AT)
    put(store, "links", **row, bundle=bundle, url=f"https://desk.test/{ref.key}", created=AT)
    words = {"customer": "lantern", "owner": "", "type": "", "status": "open", "assumed": []}
    about = {"subject": subject, "requester": requester, "words": f"{subject}\n{requester}".casefold()}
    put(store, "served", **row, **words, **about, changed=AT, facts={})
    native = {"subject": subject, "status": "open"}
    seen = {"native": native, "wanted": {}, "serial": 1, "version": "1", "read_at": AT}
    put(store, "seen", connection=ref.connection, key=ref.key, bundle=bundle, **seen)


def whole(store: Store) -> str:
    """Return everything that stands in the store, texts unpacked."""
    with store.database.reading() as tx:
        shas = tx.execute(t.texts.select()).all()
    bodies = [body.text for row in shas if (body := store.texts.text(row.sha))]
    return f"{rows(store)} {bodies}".casefold()


def purge(store: Store, words: Words = KIM) -> None:
    """Find and erase."""
    with store.database.reading() as tx:
        found = find(tx, words)
    erase(store.database, found, words)


def test_every_column_that_may_hold_words_is_thought_of() -> None:
    """Otherwise a table that is added later keeps what was to be erased, and nobody notices."""
    ids = set(Path(__file__).with_name("data").joinpath("columns-of-ids.txt").read_text("utf-8").split())
    found = {
        f"{table.name}.{column.name}"
        for table in t.metadata.sorted_tables
        for column in table.c
        if isinstance(column.type, Text | JSON)
    }
    thought = {
        f"{name}.{column}" for some in (SAID, KEPT) for name, columns in some.items() for column in columns
    }
    assert found == thought | ids
    assert not thought & ids


def test_no_table_names_them_afterwards(store: Store) -> None:
    """Otherwise a request to be forgotten is answered with a promise that is not kept."""
    note = "Met KIM CANARY, mail kim@canary.example."
    fill(store, lambda table, column: note if column in SAID.get(table, ()) else "x")
    put(store, "attempts", who="kim canary", count=1, last=AT)
    put(store, "texts", sha="y", format="html", packed=zlib.compress(note.encode()))
    put(store, "wordings", connection="desk", key="9", id="1", sha="y", read_at=AT)
    purge(store)
    assert "canary" not in whole(store)
    assert ERASED in repr(rows(store)["audit"])


def test_their_ticket_is_forgotten_on_all_sides_and_others_are_not(store: Store) -> None:
    """Otherwise the copy of what they wrote stays, or other people's tickets lose their texts and links."""
    opened(store, DESK, 1, "Kim Canary", "My pump sings")
    opened(store, OTHER, 2, "Sam Lee", "Another pump")
    put(store, "links", connection="jira", key="KIM-1", display="KIM-1", bundle=1, url="", created=AT)
    said(store, DESK, "0", "Kim Canary", "It sings all night")
    said(store, JIRA, "70", "hub", "It sings all night")
    said(store, OTHER, "1", "Sam Lee", "Ask kim@canary.example about it")
    said(store, OTHER, "2", "Sam Lee", "Mine is silent")
    said(store, OTHER, "3", "Kim Canary", "So is mine")
    said(store, Ref("jira", "KIM-2"), "80", "hub", "So is mine")
    with store.database.writing() as tx:
        claim = take(tx, "bundle:2", AT, None)
    origin, target = TextId("desk", "2", "3"), TextId("jira", "KIM-2", "80")
    store.bundles.copied(claim, 2, [Mirror(Kind.COMMENT, origin, target, "r", "a")], AT)
    with store.database.reading() as tx:
        found = find(tx, KIM)
    told = {side.ref: (side.theirs, sorted(side.texts), sorted(side.named)) for side in found.sides.values()}
    assert told[DESK][0]
    assert told[JIRA][0]
    assert told[OTHER] == (False, ["3"], ["1"])
    assert told[Ref("jira", "KIM-2")] == (False, ["80"], [])
    assert found.side("desk", "1").files == {"canary.pdf"}
    erase(store.database, found, KIM)
    left = whole(store)
    for gone in ("canary", "sings", "so is mine"):
        assert gone not in left
    assert [wording.body.text for wording in store.texts.of(OTHER)] == ["Mine is silent"]
    assert store.bundles.load("bundle:1").refs == (DESK, JIRA)
    assert store.bundles.load("bundle:1").seen[DESK].native == {"status": "open"}
    assert store.bundles.load("bundle:2").seen[OTHER].native == {"subject": "Another pump", "status": "open"}


def test_no_number_tells_what_a_subject_was(store: Store) -> None:
    """Otherwise whoever has the file finds out by trying whether it said their name."""
    for ref, bundle, who, subject in (
        (DESK, 1, "Kim Canary", "My pump sings"),
        (OTHER, 2, "Sam Lee", "For Kim Canary"),
        (Ref("desk", "3"), 3, "Sam Lee", "Another pump"),
    ):
        opened(store, ref, bundle, who, subject)
        made = {"kind": "created", "at": AT, "customer": "", "seconds": 0, "exact": True, "week": 1}
        place = {"team": "", "works": "", "open": True, "about": about(subject)}
        put(store, "happened", connection=ref.connection, key=ref.key, **made, **place)
    purge(store)
    with store.database.reading() as tx:
        left = tx.execute(select(t.happened.c.about).order_by(t.happened.c.key)).scalars().all()
    assert left == [None, about(f"For {ERASED}"), about("Another pump")]


def test_only_whole_words_are_theirs(store: Store) -> None:
    """Otherwise the tickets of everybody whose name contains theirs are emptied too."""
    opened(store, DESK, 1, "Kimberley Lee", "About kimonos")
    with store.database.reading() as tx:
        assert find(tx, Words(["Kim"])).sides == {}
    with pytest.raises(ValueError, match="found everywhere"):
        Words(["K"])


def test_the_file_itself_has_nothing_of_them_left(tmp_path: Path) -> None:
    """Otherwise whoever copies the disk reads what was erased: SQLite only marks rows as free."""
    path = tmp_path / "store.sqlite3"
    store = open_store(path)
    opened(store, DESK, 1, "Kim Canary", "My pump sings")
    said(store, DESK, "0", "Kim Canary", "It sings all night")
    packed = next(iter(rows(store)["texts"]))[2]
    before = b"".join(file.read_bytes() for file in tmp_path.glob("store.sqlite3*"))
    assert b"Kim Canary" in before
    assert packed in before
    purge(store)
    store.database.compact()
    after = b"".join(file.read_bytes() for file in tmp_path.glob("store.sqlite3*"))
    for gone in (b"Kim Canary", b"kim canary", b"pump sings", packed):
        assert gone not in after
    store.database.close()
