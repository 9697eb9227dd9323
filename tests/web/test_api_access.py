"""Who may ask the API what, and what is done with requests that mean no good. Every address is asked."""

from __future__ import annotations

import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from deskbridge.accounts import change
from deskbridge.bootstrap import Application
from deskbridge.tokens import make
from deskbridge.web.api.app import ENDPOINTS, ROOT
from deskbridge.web.pages.table import PAGES
from deskbridge.web.serving import looking
from sync.store.accounts import Role
from tests.web.conftest import Hand, hub_in
from tests.web.looking import PEOPLE, Browser, let_in, signed_in

pytestmark = pytest.mark.timeout(120)
RULES = {
    ("GET", "/me"): Role.VIEWER,
    ("GET", "/overview"): Role.VIEWER,
    ("GET", "/connections"): Role.VIEWER,
    ("GET", "/customers"): Role.VIEWER,
    ("GET", "/boards"): Role.VIEWER,
    ("GET", "/boards/{customer}"): Role.VIEWER,
    ("GET", "/tickets"): Role.VIEWER,
    ("GET", "/tickets/{ticket}"): Role.VIEWER,
    ("GET", "/tickets/{ticket}/explain"): Role.VIEWER,
    ("GET", "/tickets/{ticket}/history"): Role.VIEWER,
    ("GET", "/tickets/{ticket}/plan"): Role.AGENT,
    ("GET", "/parked"): Role.VIEWER,
    ("GET", "/findings"): Role.VIEWER,
    ("GET", "/reports/{customer}/{month}"): Role.VIEWER,
    ("GET", "/metrics"): Role.VIEWER,
    ("GET", "/runs"): Role.VIEWER,
    ("GET", "/runs/{run}"): Role.VIEWER,
    ("GET", "/audit"): Role.ADMIN,
    ("POST", "/tickets/{ticket}/retry"): Role.AGENT,
    ("POST", "/tickets/{ticket}/dismiss"): Role.AGENT,
    ("POST", "/tickets/{ticket}/unlink"): Role.AGENT,
    ("POST", "/findings/{finding}/answer"): Role.AGENT,
    ("POST", "/links"): Role.AGENT,
}
"""What each address asks of a token. One that is added must be written here too."""
_NAMED = {"{ticket}": "desk:1", "{customer}": "lantern", "{month}": "2026-01", "{run}": "1", "{finding}": "1"}


@pytest.fixture(scope="module")
def tokens(hub: Application) -> dict[Role, str]:
    """A token of each role."""
    return {role: make(hub, PEOPLE[role], role=None, days=9, purpose="")[0] for role in Role}


def ask(url: str, method: str, path: str, token: str | None = None, **more: object) -> requests.Response:
    """Ask as a program would, by a token or none."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    for name, value in _NAMED.items():
        path = path.replace(name, value)
    return requests.request(method, url + ROOT + path, headers=headers, timeout=30, **more)  # type: ignore[arg-type]


def test_every_address_has_its_rule() -> None:
    """Otherwise an address is added that nobody thought about, and any token opens it."""
    assert {(one.method, one.path): one.role for one in ENDPOINTS} == RULES


def test_each_role_is_told_and_does_what_it_may_and_nothing_else(url: str, tokens: dict[Role, str]) -> None:
    """Otherwise a wallboard's token has tickets written, or a stranger is told anything at all."""
    for (method, path), needed in RULES.items():
        stranger = ask(url, method, path)
        assert stranger.status_code == 401, path
        assert stranger.headers["WWW-Authenticate"] == "Bearer"
        for role, token in tokens.items():
            answer = ask(url, method, path, token, **({"json": {}} if method == "POST" else {}))
            said = (method, path, role, answer.status_code, answer.text)
            if role.includes(needed):
                assert answer.status_code not in (401, 403, 500), said
            else:
                assert answer.status_code == 403, said
                assert f"needs the role {needed}" in answer.json()["detail"]
    assert ask(url, "GET", "/nowhere").status_code == 401


def test_a_session_of_the_pages_opens_nothing_here(url: str, hub: Application) -> None:
    """Otherwise any site that an agent visits has the API act in their name."""
    browser = signed_in(hub, url, Role.ADMIN)
    assert browser.get("/").status_code == 200
    assert browser.get(f"{ROOT}/me").status_code == 401
    answer = browser.session.options(
        f"{url}{ROOT}/me",
        headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"},
        timeout=30,
    )
    assert not [name for name in answer.headers if name.lower().startswith("access-control-")]


def test_a_token_opens_no_page(url: str, tokens: dict[Role, str]) -> None:
    """Otherwise a token that leaks is a session at the pages, with forms and all."""
    answer = Browser(url).get("/", Authorization=f"Bearer {tokens[Role.ADMIN]}")
    assert answer.status_code == 303


def test_a_token_ends_with_its_time_and_its_account(tmp_path: Path) -> None:
    """Otherwise who left, or was made less, goes on through a program."""
    hand = Hand()
    hub = hub_in(tmp_path, hand)
    let_in(hub)
    ada, _ = make(hub, "Ada", role=Role.AGENT, days=1, purpose="")
    bo, kept = make(hub, "Bo", role=None, days=3, purpose="")
    with looking(hub) as url:
        assert ask(url, "GET", "/me", ada).json()["role"] == "agent"
        assert ask(url, "GET", "/audit", ada).status_code == 403
        change(hub, "bo", role=Role.VIEWER)
        assert ask(url, "GET", "/me", bo).json()["role"] == "viewer"
        [used] = [one.used for one in hub.store.tokens.all() if one.id == kept.id]
        assert used == hand.at
        hand.move(hours=25)
        assert ask(url, "GET", "/me", ada).status_code == 401
        assert ask(url, "GET", "/me", bo).status_code == 200
        hub.store.accounts.remove("Bo")
        assert ask(url, "GET", "/me", bo).status_code == 401
    hub.store.database.close()


def test_wrong_tokens_are_slowed_down_and_right_ones_are_not(tmp_path: Path) -> None:
    """Otherwise somebody tries tokens for ever, or shuts a program out by sending wrong ones beside it."""
    hand = Hand()
    hub = hub_in(tmp_path, hand)
    let_in(hub)
    token, _ = make(hub, "Ada", role=None, days=9, purpose="")
    wrong = [token[:-1] + ("A" if token[-1] != "A" else "B"), "nonsense", "dbt__", f"{token}x"]
    with looking(hub) as url:
        for number in range(30):
            assert ask(url, "GET", "/me", wrong[number % 4]).status_code == 401
        refused = ask(url, "GET", "/me", wrong[0])
        assert refused.status_code == 429
        assert 0 < int(refused.headers["Retry-After"]) <= 11
        assert ask(url, "GET", "/me", token).status_code == 200
        hand.move(seconds=11)
        assert ask(url, "GET", "/me", wrong[0]).status_code == 401
        acts = [act for _, act in hub.store.audit.newest(100) if act.act == "token refused"]
        assert len(acts) == 31
        assert {act.place for act in acts} == {"127.0.0.1"}
        assert token not in repr(acts)
    hub.store.database.close()


@pytest.mark.parametrize(
    ("status", "more"),
    [
        (413, {"data": b"{" + b" " * 20_000, "headers": {"Content-Type": "application/json"}}),
        (413, {"data": iter([b"x" * 9_000, b"x" * 9_000]), "headers": {"Content-Type": "application/json"}}),
        (415, {"data": b"reason=x"}),
        (415, {"data": b"{}", "headers": {"Content-Type": "text/plain"}}),
        (400, {"data": b"{", "headers": {"Content-Type": "application/json"}}),
        (400, {"data": b"\xff\xfe", "headers": {"Content-Type": "application/json"}}),
        (422, {"json": []}),
        (422, {"json": {"reason": ""}}),
        (422, {"json": {"reason": "x", "more": 1}}),
        (422, {"json": {"reason": "x\u0000y"}}),
        (422, {"json": {"reason": "x" * 501}}),
        (422, {"json": {"reason": ["x"]}}),
    ],
)
def test_what_is_too_large_or_malformed_is_refused_by_its_place(
    url: str, tokens: dict[Role, str], status: int, more: dict[str, object]
) -> None:
    """Otherwise anybody with a token fills the hub's memory, or stores what pages and databases choke on."""
    headers = {"Authorization": f"Bearer {tokens[Role.AGENT]}", **more.pop("headers", {})}  # type: ignore[dict-item]
    path = f"{url}{ROOT}/tickets/desk:1/dismiss"
    answer = requests.post(path, headers=headers, timeout=30, **more)  # type: ignore[arg-type]
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    told = answer.json()
    assert (told["status"], told["instance"]) == (status, f"{ROOT}/tickets/desk:1/dismiss")
    assert told["way"]
    if status == 422:
        assert told["problems"][0]["place"].startswith("body")


def test_a_body_is_not_read_of_whom_nobody_knows(url: str) -> None:
    """Otherwise strangers have the hub read and hold whatever they send."""
    place = urlsplit(url)
    with socket.create_connection((str(place.hostname), place.port or 0), timeout=10) as raw:
        head = [f"POST {ROOT}/links HTTP/1.1", "Host: hub", "Content-Length: 9000", "", ""]
        raw.sendall("\r\n".join(head).encode())
        assert b" 401 " in raw.recv(200).split(b"\r\n")[0]


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("?limit=0", 422),
        ("?limit=999", 422),
        ("?limits=1", 422),
        ("?cursor=x", 422),
        (f"?q={'x' * 5000}", 414),
    ],
)
def test_what_a_query_may_not_say_is_refused(
    url: str, tokens: dict[Role, str], said: str, status: int
) -> None:
    """Otherwise a slip of the pen is answered with another list than was meant, or with all there is."""
    answer = ask(url, "GET", f"/tickets{said}", tokens[Role.VIEWER])
    assert answer.status_code == status
    assert answer.json()["way"]


def test_nothing_of_a_request_becomes_a_header_or_an_error_of_ours(url: str, tokens: dict[Role, str]) -> None:
    """Otherwise somebody writes headers of our answers, or learns how the hub is made from how it fails."""
    token = tokens[Role.ADMIN]
    for path in (
        "/tickets/x%0d%0aSet-Cookie:%20a=b",
        "/boards/%0d%0aX-Evil:%201",
        "/runs/%00",
        "/x%0d%0aX-Evil:1",
    ):
        answer = ask(url, "GET", path, token)
        assert answer.status_code in (404, 422), path
        assert not {"set-cookie", "x-evil"} & {name.lower() for name in answer.headers}
        assert "Traceback" not in answer.text
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
    twice = requests.get(
        f"{url}{ROOT}/me",
        headers={"Authorization": f"Bearer {token}, Bearer {token}"},
        timeout=30,
    )
    assert twice.status_code == 401


def test_no_secret_is_in_any_answer(url: str, hub: Application, tokens: dict[Role, str]) -> None:
    """Otherwise whoever may look may also sign texts, or act in the tools as the hub."""
    settings = hub.settings
    secrets = [
        settings.hub.secret.get_secret_value(),
        *(c.secret.get_secret_value() for c in settings.connections.values()),
    ]
    browser = signed_in(hub, url, Role.ADMIN)
    answers = [ask(url, m, p, tokens[Role.ADMIN]).text for m, p in RULES if m == "GET"]
    answers += [
        browser.get(page.path).text for page in PAGES if page.method == "GET" and "{" not in page.path
    ]
    answers.append(requests.get(f"{url}{ROOT}/openapi.json", timeout=30).text)
    for text in answers:
        assert not [secret for secret in (*secrets, *tokens.values()) if secret in text]
