"""What no request may do, at any address of the running hub; the program itself says which there are."""

from __future__ import annotations

import pytest
import requests
from starlette.routing import BaseRoute, Mount, Route

from deskbridge.bootstrap import Application
from deskbridge.web.api.app import ENDPOINTS, ROOT, api_of
from deskbridge.web.app import Web
from deskbridge.web.letterbox import Letterbox
from deskbridge.web.metrics.counted import Metrics
from deskbridge.web.pages.table import PAGES
from deskbridge.web.serving import pages_of
from sync.store.accounts import Role
from tests.web.looking import Browser, signed_in
from tests.web.test_access import filled

pytestmark = pytest.mark.timeout(180)
FORMS = [page for page in PAGES if page.method == "POST"]
_OPEN = {("POST", "/hooks/{connection}"), ("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/metrics")}
"""What asks for no account: webhooks prove themselves by signatures, `/metrics` looks at who asks."""


@pytest.fixture(scope="module")
def ada(hub: Application, url: str) -> Browser:
    """The browser of an admin, who may do everything."""
    return signed_in(hub, url, Role.ADMIN)


def addresses(routes: list[BaseRoute]) -> set[tuple[str, str]]:
    """Return every method and address that routes answer to."""
    return {
        (method, route.path)
        for route in routes
        if isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}
    }


def test_every_address_of_the_running_hub_is_in_a_list_with_its_role(hub: Application) -> None:
    """Otherwise an address is added that nobody thought about, beside the lists that tests go through."""
    metrics = Metrics(hub)
    web = Web(
        connectors=hub.connectors,
        secrets={},
        letterbox=Letterbox(hub.store, hub.now, lambda name: False, lambda: None),
        store=hub.store,
        now=hub.now,
        ready=lambda: True,
        metrics=metrics,
        pages=pages_of(hub, lambda: None, metrics),
    )
    routes = web.app().routes
    assert addresses(routes) == _OPEN | {(page.method, page.path) for page in PAGES}
    assert [route.path for route in routes if isinstance(route, Mount)] == [ROOT]
    inside = api_of(hub, lambda: None, metrics).app.api.routes  # type: ignore[attr-defined]
    assert addresses(inside) == {("GET", "/openapi.json")} | {(one.method, one.path) for one in ENDPOINTS}


@pytest.mark.parametrize("page", FORMS, ids=lambda page: page.path)
def test_no_form_is_taken_that_is_not_ours(ada: Browser, hub: Application, page: object) -> None:
    """Otherwise any page that an agent visits acts in their name, at the one address that was forgotten."""
    path = filled(page.path)  # type: ignore[attr-defined]
    proof = next(form["form"] for form in ada.forms("/"))
    acts = len(hub.store.audit.newest(1000))
    for form, headers in (
        ({}, {}),
        ({"form": "00" * 64}, {}),
        ({"form": proof}, {"Origin": "https://evil.example"}),
        ({"form": proof}, {"Sec-Fetch-Site": "cross-site"}),
    ):
        answer = ada.post(path, {"subject": "ref:desk:1", "why": "x", "name": "x", **form}, **headers)
        assert answer.status_code == 403, (path, form, headers, answer.status_code)
    assert ada.get("/").status_code == 200, "it signed out"
    assert len(hub.store.audit.newest(1000)) == acts


@pytest.mark.parametrize("page", FORMS, ids=lambda page: page.path)
def test_no_form_breaks_the_hub_or_fills_it(ada: Browser, url: str, page: object) -> None:
    """Otherwise anybody takes the memory of the hub, or sees how it is made from how it fails."""
    path = filled(page.path)  # type: ignore[attr-defined]
    assert ada.post(path, {"form": "x" * 70_000}).status_code == 413
    assert ada.post(path, {f"f{n}": "" for n in range(60)}).status_code == 413
    for raw in (b"\xff\xfe=\x00&form=%00", b"&&&===", b"form=%ZZ", b"{" * 2000):
        answer = ada.session.post(url + path, data=raw, timeout=30, allow_redirects=False)
        assert answer.status_code in (400, 401, 403), (path, raw, answer.status_code)
        assert "Traceback" not in answer.text


_EVIL = "%0d%0aX-Evil:%201%0d%0aSet-Cookie:%20evil=1"


@pytest.mark.parametrize(
    "path",
    [
        f"/sign-in?next=/{_EVIL}",
        f"/old?ticket={_EVIL}",
        f"/old/desk/{_EVIL}",
        f"/ticket/desk/{_EVIL}",
        f"/tickets?q={_EVIL}&customer={_EVIL}&page={_EVIL}",
        "/tickets?page=123456abc",
        f"/tickets?page={'9' * 40}",
        f"/board/{_EVIL}",
        f"/reports?customer=lantern&month={_EVIL}",
        f"/reports/lantern/{_EVIL}",
        f"/figures.csv?customer={_EVIL}&weeks={_EVIL}",
        f"/runs/{_EVIL}",
        f"/c/{_EVIL}",
        f"/c/{_EVIL}/desk/1",
        f"/static/{_EVIL}",
        f"/parked?reason={_EVIL}",
        f"/audit?before={_EVIL}",
        f"/{_EVIL}",
    ],
)
def test_nothing_of_an_address_becomes_a_header(ada: Browser, url: str, path: str) -> None:
    """Otherwise a link to our own hub sets cookies there, or has it answer what its author likes."""
    for browser in (ada, Browser(url)):
        answer = browser.get(path)
        assert answer.status_code < 500, path
        assert "x-evil" not in {name.lower() for name in answer.headers}
        assert "evil=1" not in answer.headers.get("Set-Cookie", "")
        assert "Traceback" not in answer.text


def test_an_act_leads_back_to_nowhere_but_our_own_pages(ada: Browser) -> None:
    """Otherwise a form of ours takes an agent to a copy of our sign-in, or writes into the answer's head."""
    proof = next(form["form"] for form in ada.forms("/"))
    for back in ("//evil.example", "https://evil.example", "/\\evil.example", "/x\r\nX-Evil: 1"):
        form = {"form": proof, "subject": "ref:desk:1", "reason": "none", "back": back}
        answer = ada.post("/acts/retry", form)
        assert "evil" not in answer.headers.get("Location", "").lower()
        assert "x-evil" not in {name.lower() for name in answer.headers}


def test_answers_are_kept_by_nobody_and_taken_for_nothing_else(ada: Browser, url: str) -> None:
    """Otherwise a cache on the way keeps a ticket, or a browser runs a table or a text as a script."""
    for page in PAGES:
        if page.method == "GET" and "{" not in page.path:
            answer = ada.get(page.path)
            assert answer.headers["X-Content-Type-Options"] == "nosniff", page.path
            assert answer.headers["Cache-Control"] == "no-store", page.path
            assert "access-control-allow-origin" not in answer.headers, page.path
    for method in ("OPTIONS", "TRACE", "PUT", "DELETE"):
        for path in ("/", "/acts/retry", f"{ROOT}/me", "/metrics"):
            answer = requests.request(
                method, url + path, timeout=30, headers={"Origin": "https://evil.example"}
            )
            assert answer.status_code in (401, 405), (method, path)
            assert "access-control-allow-origin" not in answer.headers
