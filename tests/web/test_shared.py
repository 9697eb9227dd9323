"""A customer's own page over HTTP: what the link opens, and everything that it must not show."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from html import escape
from pathlib import Path

import pytest
import requests
from sqlalchemy import insert

from connectors.errors import ConfigError
from deskbridge.bootstrap import Application
from deskbridge.passwords import hashed
from deskbridge.sharing import address_of, revoke, share, token_of
from deskbridge.web.serving import looking
from mappings.ticket import Audience, CommentKind, PersonRole, Ref
from sync.sla.facts import Fact, FactKind
from sync.store import schema as t
from sync.store.accounts import Role
from tests.web.conftest import Hand, hub_in
from tests.web.kept import MINUTE, Wrote, keep
from tests.web.looking import Browser, let_in, signed_in
from tests.web.seen import HOSTILE, Made

CANARIES = {
    "a note": "canary-staff-note",
    "a text for few": "canary-restricted",
    "an automatic text": "canary-automatic",
    "who answered": "Staff Secretname",
    "who has it": "Owner Secretname",
    "who of the desk asks": "Asker Secretname",
    "the issue": "SUP-4711",
    "a developer's text": "canary-developer",
    "another customer's ticket": "canary-orbit-subject",
    "another customer's text": "canary-orbit-text",
    "another customer": "Orbit",
    "what was another's": "canary-was-orbits",
    "what is in the trash": "canary-trashed",
    "nobody's": "canary-nobodys",
    "the desk's own matter": "canary-own-matter",
    "the connections": "jira",
    "the rules": "standard",
    "the program": "deskbridge 0",
}


@dataclass(frozen=True)
class World:
    """A hub with a customer's tickets, and everything around them that is not theirs to see."""

    app: Application
    url: str
    hand: Hand

    def path(self, customer: str = "lantern", days: int = 30) -> str:
        """Make a link, and return its path."""
        return f"/c/{token_of(self.app, share(self.app, customer, days=days, who='Ada'))}"

    def get(self, path: str, **headers: str) -> requests.Response:
        """Ask as somebody with nothing but an address."""
        return requests.get(self.url + path, headers=headers, timeout=30, allow_redirects=False)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One hub for all tests of this file; its clock goes on from test to test."""
    hand = Hand()
    app = hub_in(tmp_path_factory.mktemp("shared"), hand)
    let_in(app)
    keep(
        app,
        "1",
        "lantern",
        "The till is dead",
        Wrote(
            "Kim Park",
            f"Nobody can pay. {escape(HOSTILE)}",
            PersonRole.CUSTOMER,
            kind=CommentKind.DESCRIPTION,
        ),
        Wrote("Staff Secretname", "We look at it."),
        Wrote("Staff Secretname", CANARIES["a note"], audience=Audience.STAFF),
        Wrote("Staff Secretname", CANARIES["a text for few"], audience=Audience.RESTRICTED),
        Wrote("Desk", CANARIES["an automatic text"], kind=CommentKind.AUTOMATIC),
        owner=CANARIES["who has it"],
        status="waiting_on_dev",
    )
    asks = CANARIES["who of the desk asks"]
    keep(app, "2", "lantern", "Done long ago", status="resolved", asked=asks, from_customer=False)
    keep(
        app,
        "3",
        "orbit",
        CANARIES["another customer's ticket"],
        Wrote("X", CANARIES["another customer's text"]),
    )
    moved = [Fact(FactKind.CUSTOMER, whose, hand.at, hand.at) for whose in ("orbit", "lantern")]
    keep(app, "4", "lantern", CANARIES["what was another's"], told=tuple(moved))
    trashed = keep(app, "5", "lantern", CANARIES["what is in the trash"])
    app.store.served.gone(trashed, "trashed")
    keep(app, "6", "", CANARIES["nobody's"])
    keep(app, "7", "lantern", CANARIES["the desk's own matter"], readable=False)
    with app.store.database.writing() as tx:
        tx.execute(insert(t.bundles).values(id=1, created=hand.at))
        for connection, key, name in (("desk", "1", "#1"), ("desk", "3", "#3"), ("jira", "9", "SUP-4711")):
            row = {"connection": connection, "key": key, "display": name, "url": "https://jira.example"}
            tx.execute(insert(t.links).values(**row, bundle=1, created=hand.at))
    keep(app, "9", "lantern", CANARIES["a developer's text"], connection="jira")
    with looking(app) as url:
        yield World(app, url, hand)
    app.store.database.close()


def test_a_customer_sees_their_tickets_and_what_was_answered(world: World) -> None:
    """Otherwise a customer writes once more to ask whether anybody has read them."""
    path = world.path()
    page = world.get(path)
    assert page.status_code == 200
    words = Made(page.text).words
    for said in (
        "Tickets of Lantern Books",
        "The till is dead",
        "in progress",
        "Done long ago",
        "1 resolved",
    ):
        assert said in words, said
    ticket = Made(world.get(f"{path}/1/1").text)
    for said in ("Nobody can pay.", "We look at it.", "Support", "Kim Park", HOSTILE):
        assert said in ticket.words, said
    assert ticket.dangers() == []
    found = world.get(f"{path}?q=TILL&state=open").text
    assert "The till is dead" in found
    assert "Done long ago" not in found
    assert "Done long ago" in world.get(f"{path}?state=done").text


@pytest.mark.parametrize("canary", CANARIES.values(), ids=CANARIES.keys())
def test_a_customer_sees_nothing_else(world: World, canary: str) -> None:
    """Otherwise a customer reads a note, a name from inside, or that somebody else is served."""
    path = world.path()
    pages = [world.get(path + more) for more in ("", "/1/1", "/1/2", f"?q={canary}", "?page=2", "?state=x")]
    for page in pages:
        assert page.status_code == 200
        # What was asked for stands in the field of the search again.
        shown = page.text.replace(f'value="{canary}"', "").lower()
        assert canary.lower() not in shown
        assert all(canary.lower() not in value.lower() for value in page.headers.values())


def test_what_few_may_read_is_told_to_staff_without_its_words(world: World) -> None:
    """Otherwise whoever may look at the pages reads what was kept from them in the tool."""
    page = signed_in(world.app, world.url, Role.ADMIN).get("/ticket/desk/1").text
    assert CANARIES["a note"] in page
    assert "few only" in page
    assert CANARIES["a text for few"] not in page


def test_what_is_found_tells_nothing_of_what_is_hidden(world: World) -> None:
    """Otherwise a customer finds out by searching who works on their ticket, or what it is called inside."""
    path = world.path()
    for word in ("Secretname", "SUP-4711", "canary", "#3", "desk"):
        assert "No ticket is like that." in world.get(f"{path}?q={word.replace('#', '%23')}").text, word


def test_every_other_ticket_is_not_there(world: World) -> None:
    """Otherwise a number in the address leads from one customer's tickets to the next one's."""
    path, other = world.path(), world.path("orbit")
    nowhere = world.get("/nowhere")
    for key in ("3", "4", "5", "6", "7", "9", "99", "1%2F..%2F3", "%00", "1'--"):
        answer = world.get(f"{path}/1/{key}")
        assert (answer.status_code, answer.text) == (404, nowhere.text), key
    for front in ("0", "2", "x", "-1", "99999999999"):
        assert world.get(f"{path}/{front}/1").status_code == 404, front
    assert world.get(f"{other}/1/3").status_code == 200
    assert world.get(f"{other}/1/1").status_code == 404


def test_a_link_that_opens_nothing_looks_like_no_page_at_all(world: World) -> None:
    """Otherwise somebody learns whether there was such a link, or goes on looking after it was taken back."""
    nowhere = world.get("/nowhere")
    path, late, revoked = world.path(), world.path(days=1), world.path()
    assert {world.get(one).status_code for one in (path, late, revoked)} == {200}
    number = int(revoked.removeprefix("/c/").partition("-")[0])
    assert revoke(world.app, who="Ada", customer="lantern", id=number) == 1
    assert revoke(world.app, who="Ada", customer="lantern", id=number) == 0
    world.hand.move(days=1)
    id_, _, signature = path.removeprefix("/c/").partition("-")
    orbit = world.path("orbit").removeprefix("/c/")
    wrong = [
        late,
        revoked,
        f"/c/{id_}-{signature[:-1]}",
        f"/c/{id_}-{signature[:-2]}AA",
        f"/c/0{id_}-{signature}",
        f"/c/{orbit.partition('-')[0]}-{signature}",
        f"/c/{id_}-{orbit.partition('-')[2]}",
        f"/c/{id_}",
        "/c/-",
        "/c/0-x",
        "/c/99999999999999999999-x",
        "/c/²-x",
        "/c/é",
        f"/c/{'9' * 3000}",
    ]
    bodies = {(world.get(one).status_code, world.get(one).text) for one in wrong}
    assert bodies == {(404, nowhere.text)}
    assert world.get(path).status_code == 200
    world.hand.move(minutes=1)


def test_the_page_is_known_to_nobody_else(world: World) -> None:
    """Otherwise a search engine, or a page that a text leads to, has the address and with it the tickets."""
    path = world.path()
    for one in (path, f"{path}/1/1", "/c/1-x"):
        answer = world.get(one)
        assert answer.headers["Referrer-Policy"] == "no-referrer", one
        assert "noindex" in answer.headers["X-Robots-Tag"], one
        assert answer.headers["Cache-Control"] == "no-store", one
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"], one
        assert "Set-Cookie" not in answer.headers, one
        assert answer.cookies.get_dict() == {}, one
    assert 'name="robots" content="noindex' in world.get(path).text


def test_a_link_lets_nobody_in(world: World) -> None:
    """Otherwise a customer with a link reads the desk's pages, or its page shows who is signed in."""
    path = world.path()
    token = path.removeprefix("/c/")
    for asked in ("/", "/tickets", "/ticket/desk/1", f"/?token={token}"):
        answer = world.get(asked, Cookie=f"deskbridge={token}", Authorization=f"Bearer {token}")
        assert answer.status_code == 303, asked
    ada = signed_in(world.app, world.url, Role.ADMIN)
    page = ada.get(path).text
    assert "Ada" not in page
    assert "Sign out" not in page


def test_whoever_asks_too_often_waits(world: World) -> None:
    """Otherwise one visitor keeps the hub from its work, or tries signatures as fast as it answers."""
    path = world.path()
    codes = [world.get("/c/1-guess").status_code for _ in range(32)]
    assert codes[0] == 404
    refused = world.get("/c/1-guess")
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert world.get(path).status_code == 200, "who has a link is not kept out by who has none"
    world.hand.move(minutes=1)
    assert world.get("/c/1-guess").status_code == 404
    assert [world.get(path).status_code for _ in range(121)][-1] == 429
    world.hand.move(minutes=1)
    assert world.get(path).status_code == 200


def test_an_admin_makes_and_revokes_links_on_a_page(world: World) -> None:
    """Otherwise only whoever has a shell on the hub's machine can end what was given to a customer."""
    ada = signed_in(world.app, world.url, Role.ADMIN)
    make = next(form for form in ada.forms("/links") if form["action"] == "/links")
    form = {"form": make["form"], "customer": "orbit", "days": "7"}
    for wrong in ({"customer": "nobody"}, {"days": "0"}, {"days": "367"}, {"days": "x"}):
        assert ada.post("/links", form | wrong).status_code == 409, wrong
    before = len(world.app.store.shares.all())
    with ThreadPoolExecutor(3) as impatient:  # clicks twice, loads the page again, or loses the answer
        sent = [impatient.submit(_posted, world, ada, form) for _ in range(3)]
        assert {one.result() for one in sent} <= {303, 409}
    [newest, *_] = shares = world.app.store.shares.all()
    assert len(shares) == before + 1, "one form makes one link, however often it is sent"
    ended = form | {"days": "8"}  # as it was when the hub was killed over it
    sign = hashlib.sha256(json.dumps(["/links", sorted(ended.items())]).encode()).hexdigest()
    assert world.app.store.forms.begin(sign, world.app.now()) is None
    unknown = ada.post("/links", ended)
    assert (unknown.status_code, "Sent already" in unknown.text, "Not done" in unknown.text) == (
        409,
        True,
        False,
    )
    led = ada.post("/links", form).headers["Location"]
    made, address = ada.get(led), address_of(world.app, newest)
    assert address in made.text
    assert "where people reach it" in made.text, "nobody is sent an address of the hub's own machine unawares"
    other = Browser(world.url)
    world.app.store.accounts.add("Eve", Role.ADMIN, hashed("another horse battery"), world.app.now())
    other.sign_in("Eve", "another horse battery")
    assert (other.get(led).status_code, address in other.get(led).text) == (200, False)
    world.hand.move(minutes=11)
    assert address not in ada.get(led).text, "what a browser remembers opens nothing later"
    assert (newest.customer, newest.who, newest.until - newest.made) == ("orbit", "Ada", timedelta(days=7))
    path = address[address.index("/c/") :]
    assert "Tickets of Orbit" in world.get(path).text
    listed = ada.get("/links").text
    assert token_of(world.app, newest) not in listed
    end = next(form for form in ada.forms("/links") if form.get("link") == str(newest.id))
    assert ada.post("/acts/revoke", end).headers["Location"] == "/links?done=revoked"
    assert ada.post("/acts/revoke", end).status_code == 303
    again = next(form["form"] for form in ada.forms("/links"))
    assert ada.post("/acts/revoke", end | {"form": again}).status_code == 409
    assert world.get(path).status_code == 404
    acts = [(act.who, act.act, act.subject) for _, act in world.app.store.audit.newest(3) if act.who == "Ada"]
    assert acts == [("Ada", "link revoked", "customer:orbit"), ("Ada", "link for customer", "customer:orbit")]


def _posted(world: World, whose: Browser, form: dict[str, str]) -> int:
    cookies = whose.session.cookies.get_dict()
    sent = requests.post(f"{world.url}/links", data=form, cookies=cookies, timeout=30, allow_redirects=False)
    return sent.status_code


def test_a_link_for_nobody_or_for_ever_is_refused(world: World) -> None:
    """Otherwise a link is made that opens nothing, or that nobody remembers in three years."""
    for customer, days in (("nobody", 30), ("lantern", 0), ("lantern", 367)):
        with pytest.raises(ConfigError):
            share(world.app, customer, days=days, who="Ada")


def test_a_customer_who_left_the_settings_is_shown_nothing(world: World, tmp_path: Path) -> None:
    """Otherwise a contract that ended leaves the door open."""
    kept = world.app.store.shares.add("gone", "salt", "Ada", world.hand.at, world.hand.at + timedelta(days=3))
    assert world.get(f"/c/{token_of(world.app, kept)}").status_code == 404


def test_a_long_conversation_is_cut_and_told_so(world: World) -> None:
    """Otherwise a page grows until a telephone cannot open it, or texts are missing without a word."""
    texts = [Wrote("Kim Park", f"text {n}.", PersonRole.CUSTOMER) for n in range(130)]
    keep(world.app, "7", "orbit", "Long " + "word" * 100, *texts, created=world.hand.at - 200 * MINUTE)
    page = world.get(f"{world.path('orbit')}/1/7").text
    assert "30 earlier texts" in page
    assert "text 129." in page
    assert "text 29." not in page
    assert world.app.store.shares.ticket("lantern", Ref("desk", "7")) is None
