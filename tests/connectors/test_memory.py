"""The desk in memory misbehaves exactly as it is told to: property tests rely on it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from connectors.base import CommentDraft, ConnectionConfig, TicketDraft
from connectors.errors import Rejected, Throttled, Transient, Uncertain
from connectors.memory import Fault, Memory, MemoryDesk
from connectors.quota import LocalBudget
from mappings.boards import STAFF, Place
from mappings.ticket import MESSAGE_0, Audience, Priority
from mappings.vocabulary import vocabularies

NOW = datetime(2026, 3, 2, 9, 0, 0, 500_000, tzinfo=UTC)
NOTE = CommentDraft(markdown="Careful with Kim.", audience=Audience.STAFF)


@pytest.fixture
def desk() -> MemoryDesk:
    """A desk whose clock stands still."""
    return MemoryDesk(lambda: NOW)


@pytest.fixture
def side(desk: MemoryDesk) -> Memory:
    """The hub's connection to it."""
    config = ConnectionConfig(
        name="desk",
        url="https://desk.test",
        user="",
        secret=desk.secret,
        projects=(),
        fields={},
        vocabularies=vocabularies("memory", {}),
        budget=LocalBudget(lambda: NOW),
        now=lambda: NOW,
    )
    return Memory(config, desk)


@pytest.fixture
def key(desk: MemoryDesk) -> str:
    """A ticket that a customer opened."""
    return desk.open_ticket("Printer", "It smokes.")


def test_a_dropped_internal_flag_is_seen_in_the_answer(desk: MemoryDesk, side: Memory, key: str) -> None:
    """Broken: a property test about leaks finds none, because nothing leaks."""
    desk.fail("add_comment", Fault.INTERNAL_DROPPED)
    written = side.add_comment(key, NOTE)
    assert written.audience is Audience.CUSTOMER
    assert [mail.to for mail in desk.mails] == ["kim@customer.test"]
    assert side.add_comment(key, NOTE).audience is Audience.STAFF
    assert len(desk.mails) == 1


def test_dropped_tags_are_seen_in_the_answer(desk: MemoryDesk, side: Memory, key: str) -> None:
    """Broken: the finding "not taken" is never tried."""
    desk.fail("change_tags", Fault.TAGS_DROPPED)
    written = side.change_tags(side.fetch(key), frozenset({"a"}), frozenset())
    assert written.native["tags"] == ()
    desk.fail("set_fields", Fault.TAGS_DROPPED)
    values = {"tags": frozenset({"a"}), "priority": Priority.HIGH}
    assert side.set_fields(side.fetch(key), values).native["priority"] == "high"  # type: ignore[arg-type]
    assert side.fetch(key).ticket.tags == frozenset()


@pytest.mark.parametrize(
    ("fault", "error", "stands"),
    [
        (Fault.UNREACHABLE, Transient, False),
        (Fault.RESET, Uncertain, False),
        (Fault.LOST, Uncertain, True),
        (Fault.REFUSED, Rejected, False),
        (Fault.THROTTLED, Throttled, False),
    ],
)
def test_a_fault_writes_what_it_says(
    desk: MemoryDesk, side: Memory, key: str, fault: Fault, error: type[Exception], stands: bool
) -> None:
    """Broken: "exactly once" is proved against faults that do not happen."""
    desk.fail("add_comment", fault)
    with pytest.raises(error):
        side.add_comment(key, NOTE)
    assert (len(desk.tickets[key].texts) == 2) is stands


@pytest.mark.parametrize("fault", [Fault.RESET, Fault.LOST])
def test_an_idempotent_write_is_heard_as_transient(
    desk: MemoryDesk, side: Memory, key: str, fault: Fault
) -> None:
    """Broken: the engine looks for markers where it could simply go on."""
    present = side.fetch(key)
    desk.fail("set_fields", fault)
    with pytest.raises(Transient):
        side.set_fields(present, {"priority": Priority.URGENT})
    assert (side.fetch(key).ticket.priority is Priority.URGENT) is (fault is Fault.LOST)


def test_the_index_lags(side: Memory) -> None:
    """Broken: "not found" is believed at once, and a ticket is created twice."""
    clock = [NOW]
    desk = MemoryDesk(lambda: clock[0], lag=timedelta(seconds=30))
    late = Memory(side._config, desk)
    key = desk.open_ticket("Late", "Hm.")
    assert list(late.changed(NOW)) == []
    assert late.fetch(key).ref.key == key
    clock[0] += timedelta(seconds=31)
    assert [hint.key for hint in late.changed(NOW)] == [key]
    assert late.capabilities.index_lag == timedelta(seconds=30)


def test_the_server_rewrites_texts(desk: MemoryDesk, side: Memory, key: str) -> None:
    """Broken: whoever compares what was sent with what is read is never found out."""
    written = side.add_comment(key, CommentDraft(markdown="one\n\ntwo", audience=Audience.STAFF))
    assert desk.tickets[key].texts[written.id].body.text == "one\r\n\r\ntwo\r\n"


def test_changes_of_one_second_have_their_versions(desk: MemoryDesk, side: Memory, key: str) -> None:
    """Broken: a change right after another one is never looked at."""
    versions = set()
    changes: list[Callable[[], object]] = [
        lambda: desk.set(key, subject="Copier"),
        lambda: desk.tag(key, "a"),
        lambda: desk.comment(key, "Hello."),
        lambda: desk.edit_comment(key, MESSAGE_0, "It burns."),
        lambda: desk.attach(key, "a.txt", b"a"),
        lambda: desk.trash(key),
    ]
    for change in changes:
        change()
        versions.add(side.fetch(key).version)
    assert len(versions) == len(changes)
    assert side.fetch(key).ticket.updated == NOW.replace(microsecond=0)


def test_a_file_on_our_own_ticket_is_a_message_of_its_own(side: Memory, desk: MemoryDesk) -> None:
    """Otherwise property tests never meet what Jira does: a colleague's file on an issue of ours is lost."""
    place = Place("desk", "desk", STAFF)
    made = side.create(TicketDraft(place=place, values={"subject": "S"}, message=NOTE, token="t"))
    before = side.fetch(made.ref.key).ticket.messages[0].revision
    desk.attach(made.ref.key, "log.txt", b"four", by="sam")
    first, file = side.fetch(made.ref.key).ticket.messages
    assert (first.revision, first.attachments) == (before, ())
    assert (file.author.key, [a.name for a in file.attachments]) == ("sam", ["log.txt"])


def test_texts_of_one_second_stand_in_the_order_of_their_numbers(side: Memory, desk: MemoryDesk) -> None:
    """Otherwise an answer stands before its question, and is copied so, wherever ids get longer."""
    key = desk.open_ticket("S", "T")
    for id in ("10000", "9999", "9998"):
        desk.say(key, id, f"text {id}", by="sam", audience=Audience.STAFF)
    assert [m.id for m in side.fetch(key).ticket.messages] == ["0", "9998", "9999", "10000"]
