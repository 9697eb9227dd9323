"""Tickets that are served, as lists for people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, update

from mappings.ticket import Ref
from sync.served import facts_json
from sync.sla.facts import Facts
from sync.store import Store, open_store
from sync.store import schema as t
from sync.store.derived import words_of
from sync.store.dialects import Address
from sync.store.lists import Standing, Wanted

AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def store(address: Address) -> Iterator[Store]:
    """A store with nine tickets of one customer and one of nobody, on either database."""
    opened = open_store(address)
    facts = facts_json(Facts(created=AT, told=()))
    with opened.database.writing() as tx:
        for n in range(1, 11):
            here = {"connection": "desk", "key": str(n)}
            who = "Kim ØDEGÅRD" if n == 4 else "Kim"
            ticket = {"display": f"#{n}", "subject": f"50% of row {n}_x", "requester": who, "type": ""}
            state = {
                "status": "resolved" if n == 9 else "" if n == 8 else "open",
                "owner": "Bo" if n < 3 else "",
            }
            whose = {"customer": "acme" if n < 10 else "", "changed": AT + n * MINUTE}
            shown = {"from_customer": True, "readable": True}
            row: dict[str, object] = {
                **here,
                **ticket,
                **state,
                **whose,
                **shown,
                "assumed": [],
                "facts": facts,
            }
            tx.execute(insert(t.served).values(**row, words=words_of(row)))
            tx.execute(insert(t.bundles).values(id=n, created=AT))
            for connection, display in (("desk", f"#{n}"), ("jira", f"SUP-{n}")):
                link = {
                    "connection": connection,
                    "key": str(n),
                    "display": display,
                    "url": "https://x.example",
                }
                tx.execute(insert(t.links).values(**link, bundle=n, created=AT))
            if n < 6:
                due, risk = AT + (n - 3) * 10 * MINUTE, AT + (n - 4) * 10 * MINUTE
                clock = {
                    "clock": "update",
                    "cycle": "c",
                    "customer": "acme",
                    "base": "elapsed",
                    "state": "running",
                }
                tx.execute(insert(t.clocks).values(**here, **clock, due=due, at_risk=risk, breached=False))
    yield opened
    opened.database.close()


def test_what_is_broken_and_what_comes_next(store: Store) -> None:
    """Otherwise a lead looks at a promise that is kept while another one is broken."""
    assert [card.ref.key for card in store.lists.broken(AT, 9)] == ["3", "2", "1"]
    assert [card.ref.key for card in store.lists.coming(AT, 1)] == ["4"]
    assert [card.ref.key for card in store.lists.coming(AT, 9, "nobody")] == []
    assert store.lists.standings(AT) == {"": Standing(1, 0, 0), "acme": Standing(8, 3, 1)}
    assert store.lists.standings(AT, "acme") == {"acme": Standing(8, 3, 1)}


@pytest.mark.parametrize("count", [8, 5000], ids=["few", "many"])
def test_a_column_begins_with_what_is_due_first(store: Store, count: int) -> None:
    """Otherwise the card that needs somebody is the one that is left out; however many tickets there are."""
    keys = [card.ref.key for card in store.lists.column("acme", "open", count, 7)]
    assert keys == ["1", "2", "3", "4", "5", "8", "7"]
    assert [card.ref.key for card in store.lists.column("acme", "open", count, 2)] == ["1", "2"]
    assert store.lists.counts("acme") == {"open": 8, "resolved": 1}


def test_a_card_has_its_clocks_and_its_other_sides(store: Store) -> None:
    """Otherwise nobody finds from the board into the tool where the work is done."""
    [card, none] = store.lists.cards([Ref("desk", "4"), Ref("desk", "10"), Ref("desk", "99")])
    assert [side.ref.display for side in card.sides] == ["SUP-4"]
    assert [clock.due for clock in card.clocks] == [AT + 10 * MINUTE]
    assert none.clocks == ()


@pytest.mark.parametrize(
    ("wanted", "keys"),
    [
        (Wanted(text="ROW kim"), 10),
        (Wanted(text="Ødegård"), 1),
        (Wanted(text="sup-4"), 1),
        (Wanted(text="7"), 1),
        (Wanted(text="50%"), 10),
        (Wanted(text="_x"), 10),
        (Wanted(text="%%"), 0),
        (Wanted(text="r_w"), 0),
        (Wanted(customer=""), 1),
        (Wanted(customer="acme", status="resolved"), 1),
        (Wanted(status="open"), 9),
        (Wanted(owner="Bo", late=True), 2),
        (Wanted(owner="", late=True), 1),
    ],
    ids=str,
)
def test_tickets_are_found_by_what_people_know_of_them(store: Store, wanted: Wanted, keys: int) -> None:
    """Otherwise a search misses a ticket, or a sign in it means something else than itself."""
    assert len(store.lists.found(wanted, AT, 50)) == keys


def test_customers_find_their_tickets_by_what_they_know_of_them(store: Store) -> None:
    """Otherwise who writes a name in small letters finds nothing, or learns who works on a ticket."""

    def found(text: str, most: int = 50, skip: int = 0) -> list[str]:
        return [
            one.ref.key for one in store.shares.tickets("acme", ["desk"], text=text, most=most, skip=skip)
        ]

    assert found("kim ødegård") == found("ROW ØDEG #4") == ["4"]
    assert found("row", 2, 3) == ["6", "5"]
    assert found("") == found("of 50%") == ["9", "8", "7", "6", "5", "4", "3", "2", "1"]
    assert found("bo") == found("r_w") == found("row SUP-4") == []


def test_lists_are_read_in_pages(store: Store) -> None:
    """Otherwise a ticket is on two pages of a list, or on none."""
    pages = [[c.ref.key for c in store.lists.found(Wanted(), AT, 4, skip)] for skip in (0, 4, 8)]
    assert pages == [["10", "9", "8", "7"], ["6", "5", "4", "3"], ["2", "1"]]


def test_a_list_that_is_asked_on_tells_each_ticket_once(store: Store) -> None:
    """Otherwise a program that copies the list misses tickets of one moment, or has some twice."""
    with store.database.writing() as tx:
        tx.execute(update(t.served).where(t.served.c.key.in_(("3", "4", "10"))).values(changed=AT))
    whole = [card.ref.key for card in store.lists.page(Wanted(), AT, 99)]
    assert whole == ["9", "8", "7", "6", "5", "2", "1", "10", "3", "4"]
    found, after = list[str](), None
    while page := store.lists.page(Wanted(), AT, 2, after):
        found += [card.ref.key for card in page]
        after = (page[-1].changed, page[-1].ref)
    assert found == whole
    assert [card.ref.key for card in store.lists.page(Wanted(text="row 10_"), AT, 5)] == ["10"]
