"""Who may see and do what on the pages of a running hub."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from connectors.errors import ConfigError
from deskbridge.accounts import change, remove
from deskbridge.bootstrap import Application
from deskbridge.web.api.app import ROOT
from deskbridge.web.pages.door import FORGOTTEN, home_of
from deskbridge.web.pages.table import PAGES
from deskbridge.web.serving import Serving, Working, looking
from sync.store.accounts import Role
from tests.web.conftest import Hand, hub_in
from tests.web.looking import PASSWORD, PEOPLE, Browser, let_in, signed_in


@pytest.fixture
def hand() -> Hand:
    """The hub's clock."""
    return Hand()


@pytest.fixture
def hub(tmp_path: Path, hand: Hand) -> Iterator[Application]:
    """A hub with one account of each role."""
    made = hub_in(tmp_path, hand)
    let_in(made)
    yield made
    made.store.database.close()


@pytest.fixture
def url(hub: Application) -> Iterator[str]:
    """Where its pages are."""
    with looking(hub) as where:
        yield where


def filled(path: str) -> str:
    """Return an address that a page's path stands for."""
    values = {
        "{name}": "deskbridge.css",
        "{connection}": "desk",
        "{key:path}": "1",
        "{customer}": "lantern",
        "{month}": "2026-01",
        "{run}": "1",
        "{token}": "1-x",
        "{front}": "1",
    }
    for name, value in values.items():
        path = path.replace(name, value)
    assert "{" not in path, f"say in this test what {path} stands for"
    return path


RULES: dict[tuple[str, str], Role | None] = {
    ("GET", "/static/{name}"): None,
    ("GET", "/sign-in"): None,
    ("POST", "/sign-in"): None,
    ("POST", "/sign-out"): Role.VIEWER,
    ("GET", "/"): Role.VIEWER,
    ("GET", "/old"): Role.VIEWER,
    ("GET", "/old/{connection}/{key:path}"): Role.VIEWER,
    ("GET", "/tickets"): Role.VIEWER,
    ("GET", "/ticket/{connection}/{key:path}"): Role.VIEWER,
    ("GET", "/boards"): Role.VIEWER,
    ("GET", "/board/{customer}"): Role.VIEWER,
    ("GET", "/parked"): Role.VIEWER,
    ("GET", "/findings"): Role.VIEWER,
    ("GET", "/duty"): Role.VIEWER,
    ("GET", "/reports"): Role.VIEWER,
    ("GET", "/reports/{customer}/{month}"): Role.VIEWER,
    ("GET", "/reports/{customer}/{month}/csv"): Role.VIEWER,
    ("GET", "/runs"): Role.VIEWER,
    ("GET", "/runs/{run}"): Role.VIEWER,
    ("GET", "/figures"): Role.VIEWER,
    ("GET", "/figures.csv"): Role.VIEWER,
    ("GET", "/connections"): Role.VIEWER,
    ("GET", "/c/{token}"): None,
    ("GET", "/c/{token}/{front}/{key:path}"): None,
    ("GET", "/links"): Role.ADMIN,
    ("POST", "/links"): Role.ADMIN,
    ("POST", "/acts/revoke"): Role.ADMIN,
    ("GET", "/settings"): Role.ADMIN,
    ("GET", "/audit"): Role.ADMIN,
    ("POST", "/acts/retry"): Role.AGENT,
    ("POST", "/acts/retry-all"): Role.AGENT,
    ("POST", "/acts/dismiss"): Role.AGENT,
    ("POST", "/acts/answer"): Role.AGENT,
    ("POST", "/acts/link"): Role.AGENT,
    ("POST", "/acts/unlink"): Role.AGENT,
    ("POST", "/acts/allow"): Role.ADMIN,
}
"""What each address asks of who comes. A page that is added must be written here too."""


def test_every_address_has_its_rule() -> None:
    """Otherwise a page is added that nobody thought about, and anybody may see it."""
    assert {(page.method, page.path): page.role for page in PAGES} == RULES


@pytest.mark.timeout(120)
def test_each_role_sees_and_does_what_it_may_and_nothing_else(url: str, hub: Application) -> None:
    """Otherwise a stranger reads tickets, or a viewer has them written."""
    people: dict[Role | None, Browser] = {role: signed_in(hub, url, role) for role in Role}
    people[None] = Browser(url)
    for (method, path), needed in RULES.items():
        if path in ("/sign-in", "/sign-out"):
            continue
        for role, browser in people.items():
            if method == "POST":
                # With a form of ours, so that only the role can be what is refused.
                proof = next((f["form"] for f in browser.forms("/")), "") if role else ""
                answer = browser.post(filled(path), {"form": proof})
            else:
                answer = browser.get(filled(path))
            said = (method, path, role, answer.status_code)
            if needed is None or (role is not None and role.includes(needed)):
                assert answer.status_code not in (401, 403, 500), said
            elif role is None:
                sent_away = answer.status_code == 303 and answer.headers["Location"].startswith("/sign-in")
                assert sent_away or answer.status_code == 401, said
            else:
                assert answer.status_code == 403, said


@pytest.mark.parametrize("path", ["/", "/sign-in", "/nowhere"])
def test_nothing_of_a_page_comes_from_elsewhere_or_is_framed(url: str, hub: Application, path: str) -> None:
    """Otherwise what a customer wrote runs in an agent's browser, or another site clicks for them."""
    browser = signed_in(hub, url, Role.ADMIN)
    answer = browser.get(path) if path != "/sign-in" else Browser(url).get(path)
    if answer.status_code == 404:
        return
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "style=" not in answer.text
    assert "<script>" not in answer.text


FORGED: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "none": ({}, {}),
    "made up": ({"form": "00" * 64}, {}),
    "garbled": ({"form": "zz"}, {}),
    "another's": ({"form": "other"}, {}),
    "from elsewhere": ({"form": "ours"}, {"Origin": "https://evil.example"}),
    "from who hides": ({"form": "ours"}, {"Origin": "null"}),
    "cross-site": ({"form": "ours"}, {"Sec-Fetch-Site": "cross-site"}),
    "same-site": ({"form": "ours"}, {"Sec-Fetch-Site": "same-site"}),
}


def test_a_form_that_another_site_sends_is_refused(url: str, hub: Application) -> None:
    """Otherwise any page that an agent visits acts in their name."""
    mine, other = signed_in(hub, url, Role.ADMIN), signed_in(hub, url, Role.AGENT)
    proofs = {"ours": mine.forms("/")[0]["form"], "other": other.forms("/")[0]["form"]}
    for name, (form, headers) in FORGED.items():
        sent = {field: proofs.get(value, value) for field, value in form.items()}
        assert mine.post("/sign-out", sent, **headers).status_code == 403, name
    assert mine.get("/").status_code == 200
    assert mine.post("/sign-out", {"form": proofs["ours"]}).status_code == 303
    assert mine.get("/").status_code == 303


def test_signing_in_needs_our_own_form(url: str) -> None:
    """Otherwise another site signs somebody in as whom it likes, and reads what they do there."""
    browser = Browser(url)
    right = {"name": "Ada", "password": PASSWORD}
    refused = browser.post("/sign-in", right)
    assert refused.status_code == 403
    assert "sent no cookie" in refused.text, "who comes without https is told why"
    [form] = browser.forms("/sign-in")
    form.pop("action")
    elsewhere = browser.post("/sign-in", {**form, **right}, Origin="https://evil.example")
    assert elsewhere.status_code == 403
    assert "pass on the Host" in elsewhere.text, "who set up a proxy is told what it lacks"
    assert "too old" in browser.post("/sign-in", {**right, "form": "00" * 64}).text
    assert browser.get("/").status_code == 303
    assert browser.post("/sign-in", {**form, **right}).status_code == 303
    assert browser.get("/").status_code == 200


def test_a_session_is_a_cookie_that_only_our_server_reads(url: str, hub: Application) -> None:
    """Otherwise a script, another site or a stolen store gives somebody's session away."""
    answer = Browser(url).sign_in("ada")
    [cookie] = [c for c in answer.headers["Set-Cookie"].split(", ") if c.startswith("deskbridge=")]
    assert "httponly" in cookie.lower()
    assert "samesite=lax" in cookie.lower()
    token = cookie.partition("=")[2].partition(";")[0]
    path = hub.store.database.address
    assert isinstance(path, Path)
    kept = b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))
    assert token.encode() not in kept
    assert PASSWORD.encode() not in kept
    outside = requests.get(f"{url}/sign-in", headers={"Host": "hub.example"}, timeout=30)
    assert "secure" in outside.headers["Set-Cookie"].lower()


def test_a_session_ends_with_time_sign_out_and_changes(url: str, hub: Application, hand: Hand) -> None:
    """Otherwise who left, or was made less, goes on in an old window."""
    ada, bo, vic = (signed_in(hub, url, role) for role in (Role.ADMIN, Role.AGENT, Role.VIEWER))
    change(hub, "bo", role=Role.VIEWER)
    remove(hub, "VIC")
    assert [one.get("/").status_code for one in (ada, bo, vic)] == [200, 303, 303]
    copy = Browser(url)
    copy.session.cookies.update(ada.session.cookies)
    ada.post("/sign-out", {"form": ada.forms("/")[0]["form"]})
    assert copy.get("/").status_code == 303
    again = signed_in(hub, url, Role.ADMIN)
    hand.move(hours=11)
    assert again.get("/").status_code == 200
    hand.move(hours=13)
    assert again.get("/").status_code == 303


@pytest.mark.timeout(180)
def test_guessing_is_slowed_down_and_mistyping_is_forgiven(url: str, hub: Application, hand: Hand) -> None:
    """Otherwise a password is found by trying, or a slip of the fingers keeps somebody out."""
    for _ in range(4):
        assert Browser(url).sign_in("Ada", "wrong password").status_code == 403
    assert Browser(url).sign_in("Ada").status_code == 303
    for _ in range(5):
        assert Browser(url).sign_in("Ada", "wrong password").status_code == 403
    refused = Browser(url).sign_in("ADA")
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 11
    assert Browser(url).sign_in("Bo").status_code == 303
    hand.move(seconds=11)
    assert Browser(url).sign_in("Ada", "wrong password").status_code == 403
    assert 11 < int(Browser(url).sign_in("Ada").headers["Retry-After"]) <= 21
    hand.move(hours=3)
    assert Browser(url).sign_in("Ada").status_code == 303
    acts = [(act.who, act.act) for _, act in hub.store.audit.newest(100)]
    assert acts.count(("Ada", "was refused")) == 10
    assert ("Ada", "signed in") in acts
    assert all(act.place == "127.0.0.1" for _, act in hub.store.audit.newest(3))


@pytest.mark.timeout(180)
def test_a_stranger_shuts_nobody_out_who_signed_in_there_before(tmp_path: Path, hand: Hand) -> None:
    """Otherwise whoever knows a colleague's name keeps them out for hours, from anywhere, by guessing."""
    hub = hub_in(tmp_path, hand, '[pages]\nproxies = ["127.0.0.1"]\n')
    let_in(hub)
    with looking(hub) as url:

        def sign_in(place: str, password: str = PASSWORD, who: str = "Ada") -> int:
            browser = Browser(url)
            browser.session.headers["X-Forwarded-For"] = place
            return browser.sign_in(who, password).status_code

        assert sign_in("198.51.100.7") == 303
        for number in range(5):
            assert sign_in(f"203.0.113.{number}", "wrong password") == 403, "the stranger has many addresses"
        assert sign_in("203.0.113.9") == sign_in("192.0.2.1") == 429, "whoever is not known there waits"
        assert sign_in("198.51.100.7") == 303
        assert sign_in("203.0.113.9") == 429, "and goes on waiting when she is in"
        for _ in range(29):
            hub.store.accounts.tried(["from:192.0.2.77"], hand(), FORGOTTEN)
        for _ in range(2):
            assert sign_in("192.0.2.77", who="Bo") == 303, "a right password is no guess, in a large office"
        assert sign_in("192.0.2.77", "wrong password", who="Vic") == 403
        assert sign_in("192.0.2.77", who="Bo") == 429, "nor does it take a guess back"
        refused = {act.place for _, act in hub.store.audit.newest(100) if act.act == "was refused"} - {
            "192.0.2.77"
        }
        assert refused == {f"203.0.113.{number}" for number in range(5)}
    hub.store.database.close()


def test_who_has_no_password_comes_in_by_none(hub: Application, url: str) -> None:
    """Otherwise an account that only a proxy may sign in is open with any password."""
    hub.store.accounts.add("Remote", Role.ADMIN, "", hub.now())
    assert Browser(url).sign_in("Remote", "").status_code == 403
    assert Browser(url).sign_in("Remote", PASSWORD).status_code == 403
    assert Browser(url).sign_in("Nobody", PASSWORD).status_code == 403


@pytest.mark.parametrize(
    "wanted", ["//evil.example", "https://evil.example", "/%5Cevil.example", "/sign-out"]
)
def test_signing_in_leads_nowhere_else(url: str, wanted: str) -> None:
    """Otherwise a link to our own sign-in takes people to a copy of it that asks again."""
    assert Browser(url).sign_in("Ada", wanted=wanted).headers["Location"] == "/"


_PROXY = '\n[pages.proxy]\nheader = "X-Remote-User"\naddresses = ["{}"]\n'


def test_a_proxy_says_who_it_is_and_nobody_else(tmp_path: Path, hand: Hand) -> None:
    """Otherwise whoever reaches the hub writes a name into a header, and is that person."""
    for folder, address, more, code in (
        ("trusted", "127.0.0.1", "", 200),
        ("elsewhere", "10.0.0.0/8", "", 303),
    ):
        (tmp_path / folder).mkdir()
        hub = hub_in(tmp_path / folder, hand, _PROXY.format(address) + more)
        let_in(hub)
        with looking(hub) as url:
            assert Browser(url).get("/", **{"X-Remote-User": "bo"}).status_code == code
            assert Browser(url).get("/", **{"X-Remote-User": "stranger"}).status_code == 303
            assert Browser(url).get("/").status_code == 303
        hub.store.database.close()


_PASSED = (
    (("203.0.113.7",), "203.0.113.7"),
    (("9.9.9.9, 203.0.113.7",), "203.0.113.7"),
    (("9.9.9.9", "203.0.113.7"), "203.0.113.7"),
    (("9.9.9.9, 203.0.113.7, 127.0.0.1",), "203.0.113.7"),
    (("203.0.113.7:4711",), "203.0.113.7"),
    (("[2001:db8::7]:4711",), "2001:db8::7"),
    (("::ffff:203.0.113.7",), "203.0.113.7"),
    (("unknown",), "127.0.0.1"),
    ((), "127.0.0.1"),
)
"""What stands in the lines of `X-Forwarded-For`, and from where the request then comes."""


def test_who_asks_through_a_proxy_is_told_apart(tmp_path: Path, hand: Hand) -> None:
    """Otherwise a stranger's wrong passwords make all others wait, or an address made up nobody."""
    for folder, more in (("named", '\n[pages]\nproxies = ["127.0.0.1"]\n'), ("unnamed", "")):
        (tmp_path / folder).mkdir()
        hub = hub_in(tmp_path / folder, hand, more)
        with looking(hub) as url:
            for lines, _ in _PASSED:
                asking = HTTPConnection(urlsplit(url).netloc, timeout=30)
                asking.putrequest("GET", f"{ROOT}/me")
                for line in ("Authorization: Bearer wrong", *(f"X-Forwarded-For: {one}" for one in lines)):
                    asking.putheader(*line.split(": "))
                asking.endheaders()
                assert asking.getresponse().status == 401
                asking.close()
        told = [act.place for _, act in reversed(hub.store.audit.newest(20))]
        assert told == [where if more else "127.0.0.1" for _, where in _PASSED], folder
        hub.store.database.close()
    assert home_of("2001:db8::7") == home_of("2001:db8::ffff:1"), "one line has 2^64 addresses"
    assert home_of("203.0.113.7") != home_of("203.0.113.8")


def test_who_has_no_account_is_what_the_settings_say(tmp_path: Path, hand: Hand) -> None:
    """Otherwise a company's people all need accounts beside those that they have, or all become admins."""
    hub = hub_in(tmp_path, hand, _PROXY.format("127.0.0.1") + 'role = "viewer"\n')
    with looking(hub) as url:
        answer = Browser(url).get("/", **{"X-Remote-User": "<b>new</b>"})
        assert answer.status_code == 200
        assert "<b>new" not in answer.text
        assert "viewer" in answer.text
    hub.store.database.close()


def test_serve_stays_on_this_machine_until_somebody_can_sign_in(tmp_path: Path, hand: Hand) -> None:
    """Otherwise a hub stands open to a network before anybody thought of who may look."""
    hub = hub_in(tmp_path, hand)
    for command, process in (("serve", Serving(hub)), ("work", Working(hub, 1))):
        with pytest.raises(ConfigError, match=f"^{command}: .* nobody can sign in"):
            process.run("0.0.0.0", 0, print)  # noqa: S104 - that is the question
    hub.store.database.close()


def test_pages_can_be_switched_off(tmp_path: Path, hand: Hand) -> None:
    """Otherwise a hub that is only there for webhooks shows more than it must."""
    hub = hub_in(tmp_path, hand, "\n[pages]\non = false\n")
    with looking(hub) as url:
        assert requests.get(f"{url}/sign-in", timeout=30).status_code == 404
    hub.store.database.close()


def test_a_form_that_is_too_large_is_not_read(url: str) -> None:
    """Otherwise anybody fills the hub's memory."""
    browser = Browser(url)
    assert browser.post("/sign-in", {"name": "x" * 100_000}).status_code == 413
    assert browser.post("/sign-in", {f"f{n}": "" for n in range(100)}).status_code == 413


def test_strangers_read_nothing_about_the_hub(url: str) -> None:
    """Otherwise the sign-in tells who is served, or with which version to begin an attack."""
    text = Browser(url).get("/sign-in").text
    assert "Lantern" not in text
    assert "freshdesk" not in text
    assert json.dumps(PEOPLE[Role.ADMIN]) not in text
