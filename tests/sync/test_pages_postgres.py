"""What answers over HTTP, on a PostgreSQL server: it refuses words that a file takes, and may hang."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import unquote

import psycopg
import requests
from sqlalchemy import create_engine, text

from deskbridge.sharing import share, token_of
from deskbridge.tokens import make
from deskbridge.web.api.app import ROOT
from deskbridge.web.pages.table import PAGES
from deskbridge.web.serving import looking
from sync.store.accounts import Role
from sync.store.dialects import engine_of
from tests.sync.postgres import Postgres
from tests.web.conftest import Hand, answers, hub_in
from tests.web.kept import Wrote, keep
from tests.web.looking import let_in, signed_in
from tests.web.test_hooks import wait

_ODD = ("a%00b", "9" * 18)
_FIELDS = ("subject", "reason", "why", "finding", "answer", "ticket", "other", "side", "link", "days", "name")


def test_no_address_and_no_form_has_the_database_complain(postgres: Postgres, tmp_path: Path) -> None:
    """Otherwise a stranger fills the log with failures, and past the brake on guessing customers' links."""
    store = postgres.store().render_as_string(hide_password=False)
    hub = hub_in(tmp_path, Hand(), DESKBRIDGE_HUB__STORE=store)
    let_in(hub)
    keep(hub, "1", "lantern", "The till is dead", Wrote("Kim Park", "Nobody can pay."))
    link = token_of(hub, share(hub, "lantern", days=9, who="Ada"))
    token, _ = make(hub, "Ada", role=None, days=1, purpose="")
    with looking(hub) as url:
        ada, told = signed_in(hub, url, Role.ADMIN), dict[str, int]()
        proof = next(form["form"] for form in ada.forms("/"))
        for odd in _ODD:
            asked = f"q={odd}&customer={odd}&status={odd}&owner={odd}&page={odd}&before={odd}&ticket={odd}"
            paths = [f"{page.path}?{asked}" for page in PAGES if page.method == "GET"]
            paths += [f"/ticket/desk/{odd}", f"/old/{odd}/{odd}", f"/board/{odd}", f"/runs/{odd}"]
            paths += [f"/c/{odd}-x", f"/c/{link}?{asked}", f"/c/{link}/1/{odd}", f"/c/{link}/{odd}/1"]
            told |= {path: ada.get(path).status_code for path in paths}
            words = {field: unquote(odd) for field in _FIELDS}
            for page in PAGES:
                if page.method == "POST" and page.path != "/sign-out":
                    answer = ada.post(page.path, {**words, "form": proof})
                    told[f"POST {page.path} {odd}"] = answer.status_code
            for path in (f"/runs/{odd}", f"/audit?cursor={odd}", f"/tickets/{odd}"):
                said = {"Authorization": f"Bearer {token}"}
                told[ROOT + path] = requests.get(url + ROOT + path, headers=said, timeout=30).status_code
        assert ada.get(f"/c/{link}").status_code == 200
    hub.store.database.close()
    assert {where: code for where, code in told.items() if code >= 500} == {}


def test_a_database_that_hangs_is_told_and_costs_no_webhook(postgres: Postgres, tmp_path: Path) -> None:
    """Otherwise whoever watches the hub hears nothing at all, and tools switch off webhooks that wait."""
    store = postgres.store()
    address = store.render_as_string(hide_password=False)
    with answers(hub_in(tmp_path, Hand(), DESKBRIDGE_HUB__STORE=address)) as hub:
        assert requests.get(f"{hub.url}/readyz", timeout=9).status_code == 200
        server = create_engine(store)
        with server.begin() as tx:
            tx.execute(text("LOCK TABLE pulse, inbox IN ACCESS EXCLUSIVE MODE"))
            assert requests.get(f"{hub.url}/readyz", timeout=9).status_code == 503
            assert hub.from_desk(7).elapsed.total_seconds() < 2
        server.dispose()
        assert requests.get(f"{hub.url}/readyz", timeout=9).status_code == 200
        wait(lambda: hub.application.store.inbox.row("ref:desk:7") is not None)  # and nothing was lost


_WAITED = 10.0
"""Seconds within which whoever looks must hear something: five, and what a busy machine needs."""


def test_a_server_that_stands_still_is_told_to_whoever_looks(postgres: Postgres, tmp_path: Path) -> None:
    """Otherwise pages load without end, eat every thread, and take webhooks and the monitor with them."""
    address = postgres.store().render_as_string(hide_password=False)
    application = hub_in(tmp_path, Hand(), DESKBRIDGE_HUB__STORE=address)
    let_in(application)
    token, _ = make(application, "Ada", role=None, days=1, purpose="")
    known = {"Authorization": f"Bearer {token}"}
    with answers(application) as hub, ThreadPoolExecutor(60) as people:
        ada = signed_in(application, hub.url, Role.ADMIN)
        [form] = [one for one in ada.forms("/links") if one["action"] == "/links"]
        cookies = ada.session.cookies.get_dict()

        def load(path: str) -> requests.Response:
            return requests.get(hub.url + path, cookies=cookies, headers=known, timeout=30)

        asked = [people.submit(load, path) for path in ("/", "/figures", f"{ROOT}/overview", "/metrics")]
        assert [one.result().status_code for one in asked] == [200, 200, 200, 200]
        with postgres.paused():
            asked = [people.submit(load, path) for path in ("/", f"{ROOT}/overview", "/metrics")]
            asked += [people.submit(load, "/tickets") for _ in range(57)]
            assert hub.from_desk(7).elapsed.total_seconds() < 2
            page, told, figures, *reloads = [one.result() for one in asked]
            assert max(one.elapsed.total_seconds() for one in (page, told, figures, *reloads)) < _WAITED
            assert {page.status_code, told.status_code, *(one.status_code for one in reloads)} == {503}
            assert "The store does not answer" in page.text
            assert load("/static/deskbridge.css").status_code == 200, "a page without its style looks broken"
            assert told.headers["content-type"] == "application/problem+json"
            assert "the store does not answer" in told.json()["detail"]
            assert "deskbridge_store_up 0.0" in figures.text
            done = ada.post(form.pop("action"), {**form, "customer": "lantern"})
            assert (done.status_code, "before you repeat it" in done.text) == (503, True)
            assert hub.from_desk(8).elapsed.total_seconds() < 2
            assert requests.get(f"{hub.url}/healthz", timeout=9).status_code == 200
        assert (answered := load("/")).status_code == 200
        assert answered.elapsed.total_seconds() < 2
        assert load(f"{ROOT}/overview").status_code == 200
        wait(lambda: application.store.inbox.row("ref:desk:8") is not None)


def test_a_page_waits_for_no_lock_without_end(postgres: Postgres, tmp_path: Path) -> None:
    """Otherwise whoever repairs a table, or upgrades, has people in front of pages that never come."""
    store = postgres.store()
    application = hub_in(tmp_path, Hand(), DESKBRIDGE_HUB__STORE=store.render_as_string(hide_password=False))
    let_in(application)
    server = create_engine(store)
    with looking(application) as url:
        vic = signed_in(application, url, Role.VIEWER)
        with server.begin() as tx:
            tx.execute(text("LOCK TABLE inbox IN ACCESS EXCLUSIVE MODE"))
            answer = vic.get("/parked")
            assert (answer.status_code, "The store does not answer" in answer.text) == (503, True)
            assert answer.elapsed.total_seconds() < _WAITED
            assert vic.get("/duty").status_code == 200
        assert vic.get("/parked").status_code == 200
    server.dispose()
    application.store.database.close()


def test_a_server_that_vanishes_is_found_gone(postgres: Postgres) -> None:
    """Otherwise a machine whose database moved elsewhere waits two hours for the answer of the old one."""
    own = postgres.url.update_query_dict({"keepalives_idle": "60"})
    for address, idle in ((postgres.url, 10), (own, 60)):
        engine = engine_of(address)
        with engine.connect() as tx:
            driver = tx.connection.driver_connection
            assert isinstance(driver, psycopg.Connection)
            said = driver.info.get_parameters()
        engine.dispose()
        assert (said["keepalives_idle"], said["tcp_user_timeout"]) == (str(idle), "25000")
