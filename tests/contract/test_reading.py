"""The contract's clauses about reading: `fetch`, `changed`, `open_file`."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.base import Connector, Presence
from connectors.errors import Gone
from mappings.ticket import MESSAGE_0, Audience, CommentKind, PersonRole
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
)
from tests.contract.world import World

MANY = 105
"""More texts or tickets than any system has on one page (100)."""


def test_a_ticket_is_read_with_message_0(world: World, connector: Connector) -> None:
    """`fetch`: "the ticket whole: ... message 0". Broken: what the customer first wrote stays behind."""
    subject = fresh("Printer")
    key = world.opens(subject, "It smokes since Monday.")
    snapshot = connector.fetch(key)
    first = snapshot.ticket.messages[0]
    assert (snapshot.ref.connection, snapshot.ref.key) == (connector.name, key)
    assert snapshot.presence is Presence.PRESENT
    assert snapshot.place == world.place.key
    assert snapshot.ticket.subject == subject
    assert (first.id, first.kind, first.author.role) == (MESSAGE_0, CommentKind.DESCRIPTION, world.opener)
    assert "It smokes since Monday." in shown(first)


def test_every_page_of_comments_is_read_in_order(world: World, connector: Connector) -> None:
    """`fetch`: "every page of comments"; `Ticket.messages`: by (created, id). Broken: a long one is cut."""
    key = world.opens(fresh("Long story"), "It begins.")
    ids = [world.answers(key, f"Part {number}.") for number in range(MANY)]
    told = connector.fetch(key).ticket.messages
    assert [m.id for m in told] == [MESSAGE_0, *ids]
    assert [f"Part {number}." in shown(m) for number, m in enumerate(told[1:])] == [True] * MANY
    assert [m.created for m in told[1:]] == sorted(m.created for m in told[1:])


def test_authors_have_roles(world: World, connector: Connector) -> None:
    """`PersonRole`: staff and the hub are told apart. Broken: our own texts come back as new ones."""
    key = world.opens(fresh("Roles"), "Who is who?")
    theirs = world.answers(key, "I am staff.")
    ours = connector.add_comment(key, draft("I am the bridge.")).id
    snapshot = connector.fetch(key)
    assert message(snapshot, theirs).author.role is PersonRole.STAFF
    assert message(snapshot, ours).author.role is PersonRole.HUB
    assert message(snapshot, ours).author.key == connector.whoami().key
    assert snapshot.ticket.requester is not None
    assert snapshot.ticket.requester.role is world.opener


def test_what_a_customer_writes_is_a_message(world: World, connector: Connector) -> None:
    """`CommentKind.MESSAGE`: "Written by the customer". Broken: an answer is ignored, its clock runs on."""
    key = world.opens(fresh("Reply"), "Hello?")
    public, reply = world.answers(key, "Which model?"), world.replies(key, "The red one.")
    snapshot = connector.fetch(key)
    answered, replied = message(snapshot, public), message(snapshot, reply)
    assert replied.author.role is world.opener
    assert "The red one." in shown(replied)
    if world.opener is PersonRole.CUSTOMER:
        assert (replied.kind, replied.audience) == (CommentKind.MESSAGE, Audience.CUSTOMER)
        assert answered.kind is CommentKind.REPLY


def test_internal_texts_are_read_as_staffs(world: World, connector: Connector) -> None:
    """`Audience`: an internal text is STAFF's at its origin. Broken: it may be shown to a customer."""
    if not connector.abilities(world.place).internal_comments:
        pytest.skip("no internal texts here")
    key = world.opens(fresh("Secrets"), "Hello?")
    public, internal = world.answers(key, "Dear Kim,"), world.answers(key, "Careful.", internal=True)
    snapshot = connector.fetch(key)
    assert message(snapshot, public).audience is world.public
    assert message(snapshot, internal).audience is Audience.STAFF
    assert message(snapshot, internal).kind is CommentKind.NOTE


def test_files_and_pictures_are_read_byte_for_byte(world: World, connector: Connector) -> None:
    """`fetch`: "files"; `open_file`: "a file's bytes". Broken: a picture or a file arrives damaged."""
    key = world.opens(fresh("Files"), "See:", picture=PICTURE, file=REPORT)
    first = connector.fetch(key).ticket.messages[0]
    picture = next(a for a in first.attachments if a.inline)
    file = next(a for a in first.attachments if not a.inline)
    assert picture.id in references(first)
    assert contents(connector, picture) == PICTURE.content
    assert contents(connector, file) == REPORT.content
    assert len(attached(connector.fetch(key))) == 2
    assert file.size in (None, len(REPORT.content))
    assert file.name.endswith(".pdf")


def test_a_file_whose_address_expired_is_gone(world: World, connector: Connector) -> None:
    """`open_file`: "Gone when it expired: fetch the ticket anew". Broken: an old address is used for ever."""
    key = world.opens(fresh("Late"), "See:", picture=PICTURE, file=REPORT)
    old = attached(connector.fetch(key))
    world.wait(900)
    for attachment in old:
        try:
            contents(connector, attachment)
        except Gone:
            continue
    read = {contents(connector, attachment) for attachment in attached(connector.fetch(key))}
    assert read == {PICTURE.content, REPORT.content}


def test_an_unknown_ticket_is_gone(world: World, connector: Connector) -> None:
    """`Connector`: what is unknown raises Gone. Broken: it counts as a fault and is tried for ever."""
    known = connector.fetch(world.opens(fresh("Known"), "Here."))
    lost = replace(known, ref=replace(known.ref, key=world.unknown))
    with pytest.raises(Gone):
        connector.fetch(world.unknown)
    with pytest.raises(Gone):
        connector.set_fields(lost, {"subject": "Lost"})
    with pytest.raises(Gone):
        connector.add_comment(world.unknown, draft("Lost"))


def test_what_people_remove_says_so(world: World, connector: Connector) -> None:
    """`Connector`: "what is in the trash is a snapshot saying so", else Gone. Broken: work on the dead."""
    key = world.opens(fresh("Spam"), "Buy this.")
    world.removes(key)
    if world.keeps_trash:
        assert connector.fetch(key).presence is Presence.TRASHED
    else:
        with pytest.raises(Gone):
            connector.fetch(key)


def test_a_key_stays(world: World, connector: Connector) -> None:
    """`Connector`: "a renamed ticket is still found by it". Broken: a link is lost by a new subject."""
    key, subject = world.opens(fresh("Old name"), "Hm."), fresh("New name")
    ref = connector.fetch(key).ref
    world.renames(key, subject)
    again = connector.fetch(ref.key)
    assert (again.ref, again.ticket.subject) == (ref, subject)


def test_a_person_can_open_the_url(world: World, connector: Connector) -> None:
    """`Snapshot.url`: "where a person opens the ticket". Broken: links in texts lead nowhere."""
    snapshot = connector.fetch(world.opens(fresh("Open me"), "Please."))
    assert snapshot.url.startswith(world.config.url + "/")
    assert world.opens_in_browser(snapshot.url)


def test_native_values_are_equal_exactly_when_nothing_changed(world: World, connector: Connector) -> None:
    """`Snapshot.native`: "each field that the side can hold", comparable. Broken: changes out of nothing."""
    key = world.opens(fresh("Native"), "Values.")
    one, two = connector.fetch(key), connector.fetch(key)
    assert set(one.native) >= set(connector.capabilities.fields)
    assert (one.native, one.version) == (two.native, two.version)
    assert [m.revision for m in one.ticket.messages] == [m.revision for m in two.ticket.messages]
    world.renames(key, fresh("Another"))
    three = connector.fetch(key)
    assert {f for f in three.native if three.native[f] != one.native[f]} == {"subject"}


def test_a_revision_changes_with_the_text(world: World, connector: Connector) -> None:
    """`Comment.revision`: changes when, and only when, the text does. Broken: edits are missed, or echoed."""
    if not connector.capabilities.edits_comments:
        pytest.skip("texts cannot be edited here")
    key = world.opens(fresh("Edited"), "Hm.")
    internal = connector.abilities(world.place).internal_comments
    id = world.answers(key, "Before.", internal=internal)
    other = world.answers(key, "Untouched.", internal=internal)
    before = connector.fetch(key)
    world.edits(key, id, "After.")
    after = connector.fetch(key)
    assert message(before, id).revision != message(after, id).revision
    assert message(before, other).revision == message(after, other).revision
    assert "After." in shown(message(after, id))


def test_times_are_aware_and_utc(world: World, connector: Connector) -> None:
    """`Connector`: "Times are aware UTC". Broken: clocks are hours off."""
    key = connector.create(ticket(world, fresh("Times"))).ref.key
    world.answers(key, "Now.")
    snapshot = connector.fetch(key)
    told = snapshot.ticket
    times: list[datetime] = [
        snapshot.read_at,
        told.created,
        told.updated,
        *(m.created for m in told.messages),
    ]
    assert all(time.tzinfo is not None and time.utcoffset() == timedelta(0) for time in times)
    assert all(abs(world.now() - time) < timedelta(minutes=1) for time in times)


def test_changed_finds_many_in_one_second(world: World, connector: Connector) -> None:
    """`changed`: "every ticket ... oldest change first". Broken: the end of a page loses tickets."""
    since = world.now()
    keys = [world.opens(fresh("Many"), "One of many.") for _ in range(MANY)]
    world.wait(_lag(connector))
    hints = list(connector.changed(since))
    assert set(keys) <= {hint.key for hint in hints}
    assert [h.changed for h in hints] == sorted(h.changed for h in hints)
    assert {h.changed.tzinfo for h in hints} <= {UTC}

    # The same walk, with rows that move to its end while it is walked, in the same world to save time.
    walk = connector.changed(since)
    found = {next(walk).key}
    for key in keys[:5]:
        world.renames(key, fresh("Moved"))
    world.wait(_lag(connector))
    assert set(keys) <= found | {hint.key for hint in walk}, "a ticket that moved made another one be missed"


def test_changed_tells_of_every_kind_of_change(world: World, connector: Connector) -> None:
    """`changed`: every ticket changed at or after `since`. Broken: an answer or a rename is never seen."""
    renamed, answered, tagged = (world.opens(fresh("Change"), "Hm.") for _ in range(3))
    world.wait(90)  # past the minute in which a system may not stamp a comment (gitlab-api 2.4)
    since = world.now()
    world.renames(renamed, fresh("Renamed"))
    world.answers(answered, "An answer.")
    world.tags(tagged, frozenset({"printing"}))
    world.wait(_lag(connector))
    versions: dict[str, Any] = {hint.key: hint for hint in connector.changed(since)}
    assert {renamed, answered, tagged} <= set(versions)


def test_changed_tells_versions_that_fetch_knows(world: World, connector: Connector) -> None:
    """`Hint.version`: equal versions mean no change. Broken: all is fetched always, or changes are missed."""
    since = world.now()
    key = world.opens(fresh("Version"), "Hm.")
    world.wait(_lag(connector))
    told = {hint.key: hint.version for hint in connector.changed(since)}
    assert told[key] in (None, connector.fetch(key).version)
    world.wait(connector.capabilities.settle.total_seconds() + 1)
    world.renames(key, fresh("Version"))
    assert connector.fetch(key).version != told[key]


def test_changed_tells_of_trash(world: World, connector: Connector) -> None:
    """`changed`: "Trashed tickets are among them where the system tells". Broken: they live on elsewhere."""
    key = world.opens(fresh("Trash"), "Hm.")
    world.wait(5)
    since = world.now()
    world.removes(key)
    world.wait(_lag(connector))
    hints = {hint.key for hint in connector.changed(since)}
    assert key in hints or not world.keeps_trash


def _lag(connector: Connector) -> float:
    return connector.capabilities.index_lag.total_seconds() + 1


def test_a_recount_tells_what_the_server_sends(world: World, connector: Connector) -> None:
    """`recount`: "as the server sends them". Broken: a verification compares our word with itself."""
    key = world.opens(fresh("Counted"), "A zebra stands here.")
    counted = connector.recount(key)
    first = next(text for text in counted.texts if text.id == MESSAGE_0)
    assert "zebra" in first.text
    with pytest.raises(Gone):
        connector.recount("99999999")
