"""Pages and API on a PostgreSQL server, which refuses words and numbers that a file takes."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

import requests

from deskbridge.sharing import share, token_of
from deskbridge.tokens import make
from deskbridge.web.api.app import ROOT
from deskbridge.web.pages.table import PAGES
from deskbridge.web.serving import looking
from sync.store.accounts import Role
from tests.sync.postgres import Postgres
from tests.web.conftest import Hand, hub_in
from tests.web.kept import Wrote, keep
from tests.web.looking import let_in, signed_in

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
