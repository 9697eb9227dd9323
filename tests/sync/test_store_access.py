"""Who may look at the pages, who did what there, and who wrote which text."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from mappings.ticket import (
    Attachment,
    Audience,
    Comment,
    CommentKind,
    Person,
    PersonRole,
    Raw,
    Ref,
    TextFormat,
)
from sync.store import Store, open_store
from sync.store.accounts import Expiry, Role
from sync.store.audit import Act
from sync.store.dialects import Address
from sync.store.schema import attempts

AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EXPIRY = Expiry(idle=8 * HOUR, longest=3 * DAY)
DESK = Ref("desk", "1", "#1")


@pytest.fixture
def store(address: Address) -> Iterator[Store]:
    """An empty store, on either database."""
    opened = open_store(address)
    yield opened
    opened.database.close()


def said(id: str, name: str = "Kim", minutes: int = 0, **more: object) -> Comment:
    """A text as a tool tells it."""
    made = {
        "id": id,
        "author": Person("desk", "7", name, PersonRole.CUSTOMER),
        "created": AT + timedelta(minutes=minutes),
        "body": Raw(TextFormat.HTML, f"<p>{id}</p>"),
        "audience": Audience.CUSTOMER,
        "kind": CommentKind.MESSAGE,
    }
    return Comment(**{**made, **more})  # type: ignore[arg-type] # the parts of a text, by name


@pytest.mark.parametrize(
    ("name", "other"), [("Ada", "ADA"), ("Émile", "émile"), ("ÖZLEM", "Özlem"), ("Weiß", "WEISS")]
)
def test_a_name_is_one_person_in_any_case_of_letters(store: Store, name: str, other: str) -> None:
    """Otherwise somebody is taken for another person by a capital letter, or cannot sign in for an accent."""
    assert store.accounts.add(name, Role.AGENT, "hash", AT)
    assert not store.accounts.add(other, Role.ADMIN, "other", AT)
    for written in (name, other):
        found = store.accounts.find(written)
        assert found
        assert (found.name, found.role, found.password) == (name, Role.AGENT, "hash")


def test_a_session_ends_when_it_is_idle_and_when_it_is_old(store: Store) -> None:
    """Otherwise a browser that was left open, or a token that was stolen, is good for ever."""
    store.accounts.add("Ada", Role.AGENT, "", AT)
    store.accounts.begin("idle", "Ada", AT)
    store.accounts.begin("old", "Ada", AT)
    assert store.accounts.session("idle", AT + 8 * HOUR - timedelta(seconds=1), EXPIRY)
    assert store.accounts.session("idle", AT + 17 * HOUR, EXPIRY) is None
    for hours in range(1, 72):
        assert store.accounts.session("old", AT + hours * HOUR, EXPIRY), hours
    assert store.accounts.session("old", AT + 72 * HOUR, EXPIRY) is None
    assert store.accounts.session("old", AT, EXPIRY) is None
    assert store.accounts.session("never", AT, EXPIRY) is None


@pytest.mark.parametrize("how", ["role", "password", "removed"])
def test_who_is_changed_or_removed_is_signed_out(store: Store, how: str) -> None:
    """Otherwise somebody who left goes on reading in the browser that is still open."""
    store.accounts.add("Ada", Role.ADMIN, "", AT)
    store.accounts.begin("one", "Ada", AT)
    match how:
        case "role":
            assert store.accounts.change("Ada", role=Role.VIEWER)
        case "password":
            assert store.accounts.change("Ada", password="another")
        case _:
            assert store.accounts.remove("Ada")
    assert store.accounts.session("one", AT, EXPIRY) is None


def test_tries_are_counted_and_forgotten(store: Store) -> None:
    """Otherwise passwords are guessed without end, or who mistyped once is kept out for good."""
    for count in (1, 2, 3):
        assert store.accounts.tried(["account:ada", "from:1.2.3.4"], AT, HOUR)["account:ada"] == count
    assert store.accounts.tries(["account:ada"], AT, HOUR) == {"account:ada": (3, AT)}
    assert store.accounts.tries(["account:ada"], AT + HOUR, HOUR) == {}
    assert store.accounts.tried(["account:ada"], AT + HOUR, HOUR) == {"account:ada": 1}
    store.accounts.forgive(["account:ada"])
    assert store.accounts.tries(["account:ada"], AT + HOUR, HOUR) == {}
    store.accounts.tried([f"account:{number}" for number in range(50)], AT + HOUR, HOUR)
    store.accounts.tried(["account:bo"], AT + 3 * HOUR, HOUR)
    with store.database.reading() as tx:
        kept = set(tx.execute(select(attempts.c.who)).scalars())
    assert kept == {"account:bo"}, "names that strangers make up fill no store"


def test_a_role_may_what_the_former_ones_may() -> None:
    """Otherwise a viewer retries, or an admin cannot."""
    assert Role.ADMIN.includes(Role.AGENT)
    assert Role.AGENT.includes(Role.VIEWER)
    assert not Role.VIEWER.includes(Role.AGENT)
    assert not Role.AGENT.includes(Role.ADMIN)


def test_what_people_did_is_kept_and_read_in_pages(store: Store) -> None:
    """Otherwise nobody can tell afterwards who had a ticket written."""
    for number in range(5):
        store.audit.note(Act(at=AT, who="Ada", act="retry", subject=f"bundle:{number}", place="1.2.3.4"))
    found = store.audit.newest(2)
    assert [act.subject for _, act in found] == ["bundle:4", "bundle:3"]
    assert [act.subject for _, act in store.audit.newest(9, before=found[-1][0])] == [
        "bundle:2",
        "bundle:1",
        "bundle:0",
    ]
    assert len(store.audit.newest(9, subject="bundle:3")) == 1
    store.audit.note(Act(at=AT, who="Øystein ÅS", act="retry", subject="bundle:5", detail="50%"))
    assert [act.who for _, act in store.audit.newest(9, words="øystein ås BUNDLE:5 50%")] == ["Øystein ÅS"]
    assert len(store.audit.newest(2, words="ada 1.2")) == 2
    assert store.audit.newest(9, words="ada ås") == store.audit.newest(9, words="r_try") == []
    store.prune(AT + 400 * DAY)
    assert store.audit.newest(9) == []


def test_who_wrote_what_is_kept_as_it_stands(store: Store) -> None:
    """Otherwise a page names the wrong author, or shows what was deleted in the tool."""
    file = Attachment("f1", "log.txt", "text/plain", 12, inline=False, location="secret")
    store.messages.keep(DESK, [said("1", minutes=5), said("2", attachments=(file,)), said("3")], AT)
    store.messages.keep(
        DESK, [said("1", "Kim Park", 5, edited=AT + HOUR), said("2", attachments=(file,))], AT + HOUR
    )
    found = store.messages.of(DESK)
    assert [(text.id, text.author, text.edited) for text in found] == [
        ("2", "Kim", None),
        ("1", "Kim Park", AT + HOUR),
    ]
    assert [file.name for text in found for file in text.files] == ["log.txt"]
    assert "secret" not in repr(found)


def test_who_wrote_what_is_forgotten_with_the_texts(store: Store) -> None:
    """Otherwise names of people stay for ever in a hub that forgot what they said."""
    store.messages.keep(DESK, [said("1")], AT)
    store.prune(AT + 91 * DAY)
    assert store.messages.of(DESK) == []
    store.messages.keep(DESK, [said("1")], AT)
    assert store.messages.erase(DESK) == 1


def test_what_a_person_takes_off_the_list_is_off_it(store: Store) -> None:
    """Otherwise a ticket that is fine as it is stays parked for good, whatever people say."""
    store.inbox.put("bundle:1", AT, "changed")
    [waiting] = store.inbox.due(AT)
    taken = store.inbox.claim(waiting, AT)
    assert taken
    store.inbox.park(taken[1], "a reason")
    [parked] = store.inbox.parked()
    assert parked.due_at is None
    store.dismiss(parked, "a test", AT)
    assert store.inbox.parked() == []
