"""What happened to the tickets of a desk, counted by hand and out of the store, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, inspect, select, text

from mappings.ticket import Mood, Rating, Ref
from sync.served import Served
from sync.sla.facts import Fact, FactKind, Facts
from sync.store import Store, open_store
from sync.store import schema as t
from sync.store.dialects import Address
from sync.store.figures import Over, Spread, Sum
from tests.sync.test_served import claimed, kept

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OVER = Over(since=MONDAY, until=MONDAY + 14 * DAY, works=("jira", "gitlab"))
TEAMS = {"2": "Support", "4": "Ødegård’s"}
WORKS = {"2": ("jira",), "3": ("gitlab", "jira")}


def story(created: datetime, *told: tuple[FactKind, str, float], exact: bool = True) -> Facts:
    """A ticket's facts: each so many hours after it was made."""
    facts = [
        Fact(kind, value, created + hours * HOUR - (timedelta(0) if exact else HOUR), created + hours * HOUR)
        for kind, value, hours in told
    ]
    return Facts(created=created, told=tuple(facts))


ANSWER, STATUS = FactKind.ANSWER, FactKind.STATUS
STORIES = {
    # before the first week, and open all the time
    "1": ("lantern", story(MONDAY - 3 * DAY)),
    # answered after 2 h, resolved after 10 h, opened again on Wednesday, resolved a week later
    "2": (
        "lantern",
        story(
            MONDAY + HOUR,
            (ANSWER, "7", 2),
            (ANSWER, "8", 3),
            (STATUS, "resolved", 10),
            (STATUS, "open", 48),
            (STATUS, "closed", 216),
        ),
    ),
    # answered after 4 h, not known to the minute when it was resolved
    "3": ("orbit", story(MONDAY + 2 * HOUR, (ANSWER, "9", 4), exact=True)),
    "4": ("orbit", story(MONDAY + 8 * DAY, (STATUS, "resolved", 20), exact=False)),
    # after all that is asked for
    "5": ("lantern", story(MONDAY + 15 * DAY)),
}
FIRST = Sum(
    created=2,
    answered=2,
    resolved=1,
    reopened=1,
    backlog=3,
    answer=Spread(7200, 14400),
    resolution=Spread(36000, 36000),
)
SECOND = Sum(created=1, resolved=2, backlog=2, between=1, resolution=Spread(72000, 168 * 3600))


def keep(store: Store, ticket: Served) -> None:
    """Keep a ticket as a worker does."""
    claim = claimed(store, ticket.ref.key)
    store.served.keep(claim, ticket, [])
    store.inbox.release(claim)


@pytest.fixture
def store(address: Address) -> Iterator[Store]:
    """A store with five tickets, of which two share an issue."""
    opened = open_store(address)
    for key, (customer, facts) in STORIES.items():
        subject = {"1": "Über the till", "2": " üBER the  TILL"}.get(key, f"Another {key}")
        ticket = replace(kept(key, customer), facts=facts, subject=subject)
        keep(opened, replace(ticket, team=TEAMS.get(key, ""), works=WORKS.get(key, ())))
    with opened.database.writing() as tx:
        for bundle, sides in ((1, (("desk", "2"), ("desk", "3"), ("jira", "90"))), (2, (("desk", "4"),))):
            tx.execute(insert(t.bundles).values(id=bundle, created=MONDAY))
            for connection, key in sides:
                row = {"connection": connection, "key": key, "display": f"#{key}", "url": ""}
                tx.execute(insert(t.links).values(**row, bundle=bundle, created=MONDAY))
    yield opened
    opened.database.close()


def test_weeks_are_what_a_person_counts(store: Store) -> None:
    """Otherwise a lead hires, or does not, for a backlog that nobody has."""
    sums = store.figures.sums(OVER)
    assert sums.weeks == [FIRST, SECOND]
    assert (sums.whole.created, sums.whole.resolved, sums.whole.backlog) == (3, 3, 2)
    assert sums.whole.resolution == Spread(72000, 168 * 3600)
    assert store.figures.sums(replace(OVER, customer="nobody")).weeks == [Sum(), Sum()]


def test_customers_teams_and_places_of_work_have_their_own(store: Store) -> None:
    """Otherwise one customer's bad week is told to another, or the developers' to the desk."""
    sums = store.figures.sums(OVER)
    told = {name: (one.created, one.resolved, one.backlog) for name, one in sums.customers.items()}
    assert told == {"lantern": (1, 2, 1), "orbit": (2, 1, 1)}
    told = {name: (one.created, one.resolved, one.backlog) for name, one in sums.teams.items()}
    assert told == {"": (1, 0, 2), "Support": (1, 2, 0), "Ødegård’s": (1, 1, 0)}
    works = {name: (one.created, one.backlog) for name, one in sums.works.items()}
    assert works == {"": (1, 1), "gitlab": (1, 1), "jira": (2, 1)}
    for name, one in sums.teams.items():
        assert store.figures.sums(replace(OVER, team=name)).whole == one
    for name, one in sums.works.items():
        assert store.figures.sums(replace(OVER, work=name)).whole == one
    assert store.figures.sums(replace(OVER, work="git")).whole == Sum()
    assert store.figures.sums(replace(OVER, customer="orbit", work="jira")).whole.created == 1
    assert store.figures.teams() == []
    store.served.worked(Ref("desk", "3"), ["gitlab"])
    assert store.figures.sums(OVER).works["jira"].created == 1


def test_ratings_are_counted_by_week_customer_team_and_work(store: Store) -> None:
    """Otherwise an unhappy customer's week is another's, or what is read again counts twice."""
    moods = (
        ("2", "a", Mood.HAPPY, 0),
        ("2", "b", Mood.UNHAPPY, 8),
        ("3", "c", Mood.NEUTRAL, 1),
        ("99", "d", Mood.HAPPY, 1),
    )
    given = [(key, Rating(id, None, mood, "1", "", MONDAY + day * DAY)) for key, id, mood, day in moods]
    assert store.ratings.keep("desk", given, MONDAY) == {"2", "3", "99"}
    assert store.ratings.keep("desk", given, MONDAY) == set()
    sums = store.figures.sums(OVER)
    told = [(one.happy, one.neutral, one.unhappy) for one in sums.weeks]
    assert told == [(2, 1, 0), (0, 0, 1)]
    assert {name: (one.happy, one.neutral, one.unhappy) for name, one in sums.customers.items()} == {
        "": (1, 0, 0),
        "lantern": (1, 0, 1),
        "orbit": (0, 1, 0),
    }
    assert {name: (one.happy, one.neutral, one.unhappy) for name, one in sums.works.items()} == {
        "": (1, 0, 0),
        "gitlab": (0, 1, 0),
        "jira": (1, 1, 1),
    }
    assert store.figures.sums(replace(OVER, customer="lantern", work="jira")).whole.unhappy == 1
    assert store.figures.sums(replace(OVER, team="Support")).whole.happy == 1
    assert [one.mood for one in store.ratings.of(Ref("desk", "2"))] == [Mood.HAPPY, Mood.UNHAPPY]


def test_problems_that_come_again_are_told(store: Store) -> None:
    """Otherwise one bug is answered to one customer after the other, and nobody sees that it is one."""
    [work] = store.figures.shared(OVER, 9)
    assert (work.tickets, work.customers, work.one) == (2, 2, Ref("jira", "90"))
    assert store.figures.shared(replace(OVER, customer="orbit"), 9) == []
    early = replace(OVER, since=MONDAY - 7 * DAY)
    [one] = store.figures.alike(early, 9)
    assert (one.tickets, one.customers, one.subject.strip().lower()) == (2, 1, "über the till")
    assert store.figures.alike(OVER, 9) == []


def test_what_is_counted_follows_the_facts(store: Store) -> None:
    """Otherwise a ticket that was read again, or moved, is counted twice, or as it was before."""
    keep(store, replace(kept("5", "orbit"), facts=story(MONDAY + 2 * HOUR)))
    assert store.figures.sums(OVER).customers["orbit"].created == 3
    keep(store, replace(kept("5"), facts=story(MONDAY + 3 * HOUR, (ANSWER, "1", 1))))
    claim = claimed(store, "5")
    store.bundles.moved(claim, Ref("desk", "5"), Ref("desk", "55", "#55"), "", {})
    week = store.figures.sums(OVER).weeks[0]
    assert (week.created, week.answered) == (3, 3)
    assert store.figures.sums(OVER).customers["orbit"].created == 2
    month = ("lantern", MONDAY, MONDAY + 7 * DAY)
    assert [one.ref.key for one in store.served.tickets(within=month)] == ["1", "2", "55"]


def test_an_older_store_has_it_all_too(store: Store, address: Address) -> None:
    """Otherwise an upgrade empties the metrics, the search and the months of every ticket that rests."""
    store.served.worked(Ref("desk", "3"), ["jira"])
    # Which group has a ticket is known with the next look at it.
    tables = [select(*(c for c in table.c if c.name != "team")) for table in (t.happened, t.theirs)]
    with store.database.writing() as tx:
        before = [sorted(map(str, tx.execute(query))) for query in tables]
        words = tx.execute(select(t.served.c.words).order_by(t.served.c.key)).scalars().all()
        for statement in (
            "DROP TABLE admitted",
            "DROP TABLE forms",
            "ALTER TABLE bundles DROP COLUMN lent",
            "ALTER TABLE quiets DROP COLUMN invited",
            "ALTER TABLE seen DROP COLUMN sent",
            "DROP TABLE ratings",
            "DROP TABLE happened",
            "DROP TABLE theirs",
            "DROP TABLE shares",
            "DROP INDEX ix_served_words",
            "DROP INDEX ix_links_display",
            "ALTER TABLE served DROP COLUMN words",
            "ALTER TABLE served DROP COLUMN presence",
            "ALTER TABLE served DROP COLUMN team",
            "ALTER TABLE served DROP COLUMN works",
            "ALTER TABLE served DROP COLUMN from_customer",
            "ALTER TABLE served DROP COLUMN readable",
            "ALTER TABLE intents DROP COLUMN ahead",
            "UPDATE alembic_version SET version_num = '0018'",
        ):
            tx.execute(text(statement))
        assert not inspect(tx).has_table("happened")
    again = open_store(address)
    with again.database.reading() as tx:
        assert [sorted(map(str, tx.execute(query))) for query in tables] == before
        assert tx.execute(select(t.served.c.words).order_by(t.served.c.key)).scalars().all() == words
    assert again.figures.sums(OVER).weeks == [FIRST, SECOND]
    again.database.close()
