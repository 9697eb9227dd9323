"""Which tickets take a route, and whose they are."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from mappings.boards import STAFF, UNDECLARED, Place, Readers
from mappings.ticket import Organisation, Person, PersonRole, Priority, Status, Ticket, Unmapped
from sync.routing import Customer, Desk, Route, Where
from sync.rules import Role, Rules

AT = datetime(2026, 1, 12, 9, tzinfo=UTC)
KIM = Person("desk", "9", "Kim", PersonRole.CUSTOMER, "Kim@Lantern.example")
TICKET = Ticket(
    subject="Wrong INVOICE again",
    created=AT,
    updated=AT,
    status=Status.OPEN,
    priority=Priority.URGENT,
    component="Billing",
    tags=frozenset({"dev", "Later On"}),
    requester=KIM,
)
PLACE = Place("jira", "SUP", STAFF)
ALL = Route("all", frozenset(), frozenset(), frozenset(), PLACE)


def one(*words: str) -> frozenset[str]:
    """Some words."""
    return frozenset(words)


@pytest.mark.parametrize(
    ("where", "holds"),
    [
        (Where(), True),
        (Where(values={"priority": one("urgent", "high")}), True),
        (Where(values={"priority": one("high")}), False),
        (Where(values={"component": one("billing")}), True),
        (Where(values={"version": one("2")}), False),
        (Where(values={"priority": one("urgent"), "component": one("shop")}), False),
        (Where(subject_has=one("refund", "invoice")), True),
        (Where(subject_has=one("refund")), False),
        (Where(requesters=one("kim@lantern.example")), True),
        (Where(requesters=one("lee@lantern.example")), False),
        (Where(without_tags=one("later-on")), False),
        (Where(without_tags=one("sales")), True),
    ],
    ids=lambda value: None,  # sets print in any order, and names must not change from run to run
)
def test_where(where: Where, *, holds: bool) -> None:
    """A ticket would be put where it does not belong, or reach nobody."""
    assert replace(ALL, where=where).takes(TICKET, None, "desk") is holds


def test_a_word_that_no_row_reads_is_none() -> None:
    """A word that happens to be spelled like ours would choose the place."""
    odd = replace(TICKET, priority=Unmapped("urgent"))
    assert not replace(ALL, where=Where(values={"priority": one("urgent")})).takes(odd, None, "desk")


def test_status_and_front() -> None:
    """Tickets of one desk would land where another desk's are worked on."""
    open_only = replace(ALL, statuses=frozenset({Status.OPEN}), fronts=one("desk"))
    assert open_only.takes(TICKET, None, "desk")
    assert not open_only.takes(TICKET, None, "shop")
    assert not open_only.takes(replace(TICKET, status=Status.CLOSED), None, "desk")


def customer(key: str) -> Customer:
    """An organisation with a domain, a record and a label of its own."""
    zone = ZoneInfo("Europe/Rome")
    records = frozenset({("desk", key)})
    return Customer(key, key.title(), one(f"{key}.example"), records, f"customer-{key}", zone, None)


DESK = Desk(
    Rules(roles={"desk": Role.FRONT, "jira": Role.WORK}, trust=("desk", "jira"), places=(PLACE,)),
    (customer("lantern"), customer("orbit")),
    (replace(ALL, name="first", where=Where(subject_has=one("nothing"))), ALL),
    {},
)


@pytest.mark.parametrize(
    ("home", "changes", "whose"),
    [
        (UNDECLARED, {}, "lantern"),
        (UNDECLARED, {"organisation": Organisation("desk", "orbit", "Orbit")}, "orbit"),
        (Readers("orbit"), {}, "orbit"),
        (Readers("nobody"), {}, None),
        (STAFF, {"requester": None, "tags": one("customer-orbit")}, "orbit"),
        (UNDECLARED, {"requester": None, "tags": one("customer-orbit")}, None),
    ],
)
def test_whose_ticket_it_is(home: Readers, changes: dict[str, object], whose: str | None) -> None:
    """One customer would be shown another's ticket; a label that a customer could set would do."""
    found = DESK.customer(replace(TICKET, **changes), home)  # type: ignore[arg-type]
    assert (found.key if found else None) == whose


SIGNS = replace(
    DESK,
    customers=(
        replace(customer("lantern"), projects=frozenset({("help", "shop/Lantern")})),
        replace(
            customer("orbit"),
            components=frozenset({("help", "Orbit cafe")}),
            labels=frozenset({("help", "VIP::orbit"), ("desk", "coffee")}),
        ),
    ),
)


@pytest.mark.parametrize(
    ("place", "home", "changes", "whose"),
    [
        (("help", "shop/lantern"), STAFF, {"requester": None}, "lantern"),
        (("help", "shop/lantern"), UNDECLARED, {"requester": None}, "lantern"),
        (("desk", "shop/lantern"), STAFF, {"requester": None}, None),
        (("help", "shop"), STAFF, {"requester": None, "component": "ORBIT Cafe"}, "orbit"),
        (("help", "shop"), UNDECLARED, {"requester": None, "component": "Orbit cafe"}, None),
        (("help", "shop"), STAFF, {"requester": None, "tags": one("vip::orbit")}, "orbit"),
        (("help", "shop"), STAFF, {"requester": None, "tags": one("coffee")}, None),
        (("help", "shop"), STAFF, {"component": "Orbit cafe"}, "lantern"),
    ],
    ids=lambda value: None,
)
def test_whose_ticket_it_is_by_where_it_stands(
    place: tuple[str, str], home: Readers, changes: dict[str, object], whose: str | None
) -> None:
    """Tickets of a customer with a project of their own, or of one whom staff mark, would be nobody's."""
    found = SIGNS.customer(replace(TICKET, **changes), home, place)  # type: ignore[arg-type]
    assert (found.key if found else None) == whose


def test_the_first_route_that_fits() -> None:
    """The order of the routes would not count, or a connection would get two sides."""
    assert DESK.places(TICKET, None, "desk", ()) == (PLACE,)
    assert DESK.places(TICKET, None, "desk", ("jira",)) == ()
