"""The contract's clauses about what is read beyond the conversation, and written back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connectors.base import Connector, Presence
from connectors.capabilities import Mails, Part
from connectors.errors import Gone, Rejected, WireError
from mappings.ticket import Mood, Person, PersonRole, Relation, RelationKind, Status, TimeEntry
from mappings.vocabulary import Native
from tests.contract.drafts import fresh
from tests.contract.world import World

ALL = frozenset(Part)


def needs(world: World, connector: Connector, part: Part) -> None:
    """Skip where the side says that it cannot tell."""
    if part not in connector.abilities(world.place).parts:
        pytest.skip(f"{connector.name} cannot tell: {part}")


def booking(world: World, minutes: int, note: str) -> TimeEntry:
    """Return work to book."""
    who = Person("desk", "1", "Sam Rivera", PersonRole.STAFF)
    started = (world.now() - timedelta(hours=3)).replace(second=0, microsecond=0)
    return TimeEntry("origin", who, timedelta(minutes=minutes), started, None, note)


def test_nothing_is_read_that_was_not_asked_for(world: World, connector: Connector) -> None:
    """`fetch`: "the rest stays None". Broken: every look at a ticket costs calls that nobody needs."""
    key = world.opens(fresh("Plain"), "Just a question.")
    connector.fetch(key)  # what is learned once, is learned
    before = world.calls()
    plain = connector.fetch(key).ticket
    cheap, before = world.calls() - before, world.calls()
    connector.fetch(key, ALL)
    assert (plain.participants, plain.time_entries, plain.relations) == (None, None, None)
    assert (plain.ratings, plain.history, plain.team) == (None, None, None)
    assert cheap <= world.calls() - before


def test_what_a_side_cannot_tell_stays_none(world: World, connector: Connector) -> None:
    """`fetch`: "what the place's abilities name is read". Broken: "cannot tell" looks like "none"."""
    ticket = connector.fetch(world.opens(fresh("Whole"), "Tell me all."), ALL).ticket
    told = {
        Part.PARTICIPANTS: ticket.participants,
        Part.TIME: ticket.time_entries,
        Part.RELATIONS: ticket.relations,
        Part.RATINGS: ticket.ratings,
        Part.HISTORY: ticket.history,
        Part.TEAM: ticket.team,
    }
    assert {part for part, value in told.items() if value is not None} == connector.abilities(
        world.place
    ).parts


def test_booked_work_is_read(world: World, connector: Connector) -> None:
    """`Ticket.time_entries`. Broken: the month's report of support hours is too short."""
    needs(world, connector, Part.TIME)
    key = world.opens(fresh("Work"), "Please repair it.")
    world.books(key, 95, "Changed the roller")
    entries = connector.fetch(key, frozenset({Part.TIME})).ticket.time_entries or ()
    assert [(e.spent, e.author.role) for e in entries] == [(timedelta(minutes=95), PersonRole.STAFF)]
    assert "Changed the roller" in entries[0].note


def test_work_is_booked(world: World, connector: Connector) -> None:
    """`add_time`: "book work ... and return the entry's id". Broken: hours stay in the tool of origin."""
    if not connector.capabilities.books_time:
        pytest.skip(f"{connector.name} books no time")
    key, entry = world.opens(fresh("Hours"), "Please repair it."), booking(world, 30, "On site")
    made = connector.add_time(key, entry)
    entries = connector.fetch(key, frozenset({Part.TIME})).ticket.time_entries or ()
    assert [(e.id, e.spent) for e in entries] == [(made, entry.spent)]
    assert "On site" in entries[0].note


def test_a_tie_is_read_from_both_ends(world: World, connector: Connector) -> None:
    """`Ticket.relations`. Broken: a migration loses which ticket belongs to which."""
    needs(world, connector, Part.RELATIONS)
    one, two = world.opens(fresh("One"), "First."), world.opens(fresh("Two"), "Second.")
    kind = world.relates(one, two)
    ties = connector.fetch(one, frozenset({Part.RELATIONS})).ticket.relations
    back = connector.fetch(two, frozenset({Part.RELATIONS})).ticket.relations or ()
    assert ties == (Relation(kind, two),)
    assert [tie.key for tie in back] == [one]


def test_tickets_are_tied_once(world: World, connector: Connector) -> None:
    """`add_relation`: "Idempotent". Broken: every retry ties the same tickets again."""
    for kind in sorted(connector.capabilities.relates):
        one, two = world.opens(fresh("Tie"), "First."), world.opens(fresh("Tie"), "Second.")
        tie = Relation(kind, two)
        connector.add_relation(one, tie)
        connector.add_relation(one, tie)
        assert connector.fetch(one, frozenset({Part.RELATIONS})).ticket.relations == (tie,), kind


def test_a_tie_that_a_side_does_not_know_is_refused(world: World, connector: Connector) -> None:
    """`add_relation`: "Raises Rejected". Broken: a duplicate becomes a loose relation, unsaid."""
    unknown = sorted(set(RelationKind) - connector.capabilities.relates)
    if not unknown:
        pytest.skip(f"{connector.name} knows all relations")
    one, two = world.opens(fresh("No tie"), "First."), world.opens(fresh("No tie"), "Second.")
    with pytest.raises(Rejected):
        connector.add_relation(one, Relation(unknown[0], two))


def test_ratings_are_read(world: World, connector: Connector) -> None:
    """`Ticket.ratings`. Broken: a migration loses what customers thought."""
    needs(world, connector, Part.RATINGS)
    key = world.opens(fresh("Rated"), "Thank you.")
    world.resolves(key)
    world.rates(key, "Very quick")
    ratings = connector.fetch(key, frozenset({Part.RATINGS})).ticket.ratings or ()
    assert [(rating.mood, rating.remark) for rating in ratings] == [(Mood.HAPPY, "Very quick")]


def test_ratings_are_listed(world: World, connector: Connector) -> None:
    """`ratings`: "given at or after `since`, each with its ticket's key". Broken: it is another ticket's."""
    since = world.now() - timedelta(days=1)
    if not connector.capabilities.lists_ratings:
        assert list(connector.ratings(since)) == []
        return
    key = world.opens(fresh("Listed"), "Thank you.")
    world.resolves(key)
    world.rates(key, "Quick again")
    told = [one for of, one in connector.ratings(since) if of == key]
    assert [(one.mood, one.remark) for one in told] == [(Mood.HAPPY, "Quick again")]
    assert key not in {of for of, _ in connector.ratings(world.now() + timedelta(days=1))}


def test_a_recount_tells_fields_time_and_ratings_too(world: World, connector: Connector) -> None:
    """`recount`, `recount_ratings`: "as the server sends them". Broken: a lost hour is called verified."""
    needs(world, connector, Part.TIME)
    subject, since = fresh("Counted"), world.now() - timedelta(days=1)
    key = world.opens(subject, "Hm.")
    world.tags(key, frozenset({"zebra"}))
    world.books(key, 95, "Changed the roller")
    assert connector.recount(key).times is None, "nobody asked for it"
    counted, side = connector.recount(key, frozenset({Part.TIME})), connector.fetch(key)
    (booked,) = counted.times or ()
    assert (booked.seconds, "Changed the roller" in booked.text) == (95 * 60, True)
    assert counted.fields["subject"].said == (subject,)
    assert counted.fields["tags"].said == ("zebra",)
    lenses = connector.capabilities.vocabularies
    for name in (name for name in connector.capabilities.fields if name in ("status", "priority")):
        said = counted.fields[name]
        word = lenses[name].get(Native(said.said[0], said.category)) if said.said else None
        assert word == side.ticket.value(name)
    if connector.capabilities.lists_ratings:
        world.resolves(key)
        world.rates(key, "Very quick")
        (rated,) = (one for one in connector.recount_ratings(since) if one.key == key)
        assert (rated.mood, rated.text) == (Mood.HAPPY, "Very quick")
    else:
        assert not list(connector.recount_ratings(since))


def test_history_tells_when_a_status_changed(world: World, connector: Connector) -> None:
    """`Ticket.history`: "oldest first". Broken: clocks of migrated tickets rest on guesses."""
    needs(world, connector, Part.HISTORY)
    key = world.opens(fresh("Past"), "It begins.")
    world.wait(2)
    world.resolves(key)
    history = connector.fetch(key, frozenset({Part.HISTORY})).ticket.history or ()
    last = [h for h in history if h.name == "status"][-1]
    assert isinstance(last.after, Status)
    assert last.after.done
    assert [h.at for h in history] == sorted(h.at for h in history)


def test_history_tells_the_instant_of_what_the_capabilities_name(world: World, connector: Connector) -> None:
    """`Capabilities.histories`. Broken: a clock rests on when somebody looked instead of what happened."""
    named = connector.capabilities.histories
    assert bool(named) == (Part.HISTORY in connector.abilities(world.place).parts)
    if "status" not in named:
        pytest.skip(f"{connector.name} keeps no history of statuses")
    key = world.opens(fresh("Exact"), "It begins.")
    world.wait(120)
    before = world.now()
    world.resolves(key)
    after = world.now()
    world.wait(120)
    world.renames(key, "Exactly")
    side = connector.fetch(key, frozenset({Part.HISTORY}))
    last = [h for h in side.ticket.history or () if h.name == "status"][-1]
    assert last.after == side.ticket.status
    assert before - timedelta(seconds=1) <= last.at <= after + timedelta(seconds=1)
    assert {h.name for h in side.ticket.history or ()} <= named


def test_participants_are_read(world: World, connector: Connector) -> None:
    """`Ticket.participants`. Broken: people in copy are lost with the move."""
    needs(world, connector, Part.PARTICIPANTS)
    key = world.opens(fresh("Company"), "My colleague reads along.")
    named = world.invites(key)
    people = connector.fetch(key, frozenset({Part.PARTICIPANTS})).ticket.participants or ()
    assert named in {name for person in people for name in (person.name, person.email)}


def test_a_ticket_s_group_is_read(world: World, connector: Connector) -> None:
    """`Ticket.team`. Broken: a note that is to be mailed to a group is mailed to nobody, or to strangers."""
    needs(world, connector, Part.TEAM)
    key = world.opens(fresh("Group"), "Whose is it?")
    assert connector.fetch(key, frozenset({Part.TEAM})).ticket.team == ()
    addresses = world.groups(key)
    assert addresses
    team = connector.fetch(key, frozenset({Part.TEAM})).ticket.team or ()
    assert sorted(person.email or "" for person in team) == sorted(addresses)
    assert {person.role for person in team} == {PersonRole.STAFF}


def test_participants_are_added_once(world: World, connector: Connector) -> None:
    """`add_participants`: "Idempotent". Broken: people in copy are lost, or mailed at each attempt."""
    if (mails := connector.abilities(world.place).adds_participants) is None:
        pytest.skip(f"{connector.name} adds nobody to a ticket")
    key, friend = world.opens(fresh("Friends"), "My colleague should know."), world.friend()
    before = world.mailed()
    told = connector.add_participants(key, [friend])
    added = world.mailed() - before
    assert connector.add_participants(key, [friend, friend]) == told
    assert [person.key for person in told].count(friend) == 1
    assert connector.fetch(key, frozenset({Part.PARTICIPANTS})).ticket.participants == told
    assert added in {Mails.ALWAYS: {1}, Mails.NEVER: {0}, Mails.IF_CONFIGURED: {0, 1}}[mails]
    assert world.mailed() - before == added


def test_who_cannot_take_part_is_named(world: World, connector: Connector) -> None:
    """`add_participants`: "Raises Rejected". Broken: a migration says that somebody hears who does not."""
    key, stranger = world.opens(fresh("Strangers"), "Hm."), "nobody that is known"
    able = connector.abilities(world.place).adds_participants is not None
    mailed = world.mailed()
    with pytest.raises(Rejected) as refused:
        connector.add_participants(key, [stranger] if able else ["kim@lantern.example"])
    assert not able or stranger in refused.value.fields
    assert world.mailed() == mailed


def test_participants_belong_to_tickets_that_are(world: World, connector: Connector) -> None:
    """`add_participants` on what is unknown "raises Gone". Broken: a lost ticket looks like a lost person."""
    if connector.abilities(world.place).adds_participants is None:
        pytest.skip(f"{connector.name} adds nobody to a ticket")
    with pytest.raises(Gone):
        connector.add_participants(world.unknown, [world.friend()])


def test_an_archived_ticket_says_so(world: World, connector: Connector) -> None:
    """`fetch`: "An archived ticket is a snapshot saying so". Broken: what is archived counts as deleted."""
    key = world.opens(fresh("Old"), "From long ago.")
    if not world.archives(key):
        pytest.skip(f"{connector.name} archives nothing")
    snapshot = connector.fetch(key)
    assert snapshot.presence is Presence.ARCHIVED
    with pytest.raises(WireError):
        connector.set_fields(snapshot, {"subject": "New"})


def test_an_organisation_is_made_once(world: World, connector: Connector) -> None:
    """`add_organisation`: "Idempotent". Broken: every run makes the customers again."""
    before = list(connector.organisations())
    name = fresh("Works")
    try:
        made = connector.add_organisation(name, ())
    except Rejected:
        assert before == []  # a side that knows no organisations
        return
    assert connector.add_organisation(name, ()).key == made.key
    assert [o.key for o in connector.organisations() if o.name == name] == [made.key]
