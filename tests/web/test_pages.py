"""What the pages of a desk show, over HTTP, as text: nothing that a browser would be needed for."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Text, text, update

from deskbridge.bootstrap import build
from deskbridge.demo.morning import KIM
from deskbridge.hooks import hook_of
from deskbridge.web.serving import looking
from mappings.ticket import Ref
from sync.operations import Skip
from sync.store import Store
from sync.store.accounts import Role
from sync.store.audit import Act
from sync.store.decisions import Decision
from sync.store.runs import RunState
from sync.store.schema import metadata
from tests.web.looking import Browser, signed_in
from tests.web.seen import DEAD, HOSTILE, PAGES, TAG, Desk, Made, desk

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def looked_at() -> Iterator[Desk]:
    """One desk for all tests of this file."""
    with desk() as made:
        yield made


@pytest.fixture
def ada(looked_at: Desk) -> Browser:
    """The browser of an admin."""
    return signed_in(looked_at.demo.application, looked_at.url, Role.ADMIN)


@pytest.mark.parametrize("path", PAGES)
def test_what_the_tools_hold_does_nothing_on_a_page(ada: Browser, path: str) -> None:
    """Otherwise what a customer puts into a subject, a name, a tag or a file's name acts as the agent."""
    answer = ada.get(path)
    assert answer.status_code == 200
    assert Made(answer.text).dangers() == []
    assert "49" not in re.findall(r"img src=x onerror=hit=1&gt;(\S\S)", answer.text)


def test_hostile_texts_are_shown_as_they_were_written(ada: Browser) -> None:
    """Otherwise an agent does not see what the customer wrote, or that somebody tries something."""
    page = Made(ada.get("/ticket/desk/2").text)
    for said in (f"Odd {HOSTILE}", f"{TAG}.log", "Only for us."):
        assert said in page.words, said
    assert ("a", "https://ok.example/") in [(tag, said.get("href")) for tag, said in page.elements]


def test_a_ticket_tells_each_text_once_with_who_reads_it(ada: Browser) -> None:
    """Otherwise an agent takes a note for staff for an answer, or counts a copy as somebody's word."""
    page = ada.get("/ticket/desk/2").text
    assert page.count("Only for us.") == 1
    note = page[page.index("Only for us.") - 900 : page.index("Only for us.") + 200]
    assert "staff only" in note
    assert "customer reads" not in note.rpartition("<li")[2]
    assert re.search(r"also in [^<]*jira SUP-1", note) or "also in" in note
    assert "elsewhere.example/x.png" not in [s.get("src", "") for _, s in Made(page).elements]


def test_what_a_run_or_a_remap_wrote_is_told_as_written(ada: Browser, looked_at: Desk) -> None:
    """Otherwise whatever a backfill brought in stands among what was tried and not made."""
    app = looked_at.demo.application
    made = Decision(
        at=app.now(),
        target=Ref("jira", "10001", "SUP-1"),
        kind="field",
        name="priority",
        source="desk",
        value="brought in",
        why="a rule",
        readers="staff",
        mails="never",
        result="written by a run",
    )
    both = (made, replace(made, value="decided again", result="written as a person asked"))
    app.store.decisions.record(app.store.bundles.subject(Ref("desk", "2")), both)
    page = Made(ada.get("/ticket/desk/2").text).words
    assert "Tried and not made" not in page
    assert "brought in" in page.partition("What the hub wrote")[2]
    assert "decided again" in page.partition("What the hub wrote")[2]


def test_what_waits_is_told_with_its_reason_and_breach(ada: Browser) -> None:
    """Otherwise a lead sees neither the broken promise nor why nothing moves."""
    overview = Made(ada.get("/").text).words
    assert DEAD in overview
    assert "first answer: 2 h 35 over" in overview
    ticket = Made(ada.get("/ticket/desk/1").text).words
    assert "jira: POST api/3/issue: 400" in ticket
    assert re.search(r"09:05(:00)?-12:4\d.*? = 3 h 3\d", ticket), "how the clock came to its figure"
    assert "missed" in ticket
    assert "Try again" in ticket


def test_a_ticket_is_found_by_any_of_its_sides_names_and_words(ada: Browser, looked_at: Desk) -> None:
    """Otherwise somebody who has only the developers' number does not find the customer's ticket."""
    key = looked_at.demo.application.store.served.names([Ref("desk", "2")])[Ref("desk", "2")][-1]
    assert ada.get("/tickets?q=SUP-1").headers["Location"].startswith("/ticket/jira/")
    assert ada.get(f"/ticket/{key.connection}/{key.key.replace('/', '%2F')}").status_code == 200
    desk = looked_at.demo.environment["FRESHDESK_URL"]
    for name in ("desk:1", "desk %231", f"{desk}/a/tickets/1"):
        assert ada.get(f"/tickets?q={name}").headers["Location"] == "/ticket/desk/1", name
    assert ada.get("/tickets?q=desk:4711").status_code == 200, "what nobody knows is looked for as words"
    assert DEAD in ada.get("/tickets?q=TILL+dead").text
    assert DEAD not in ada.get("/tickets?q=till+alive").text
    assert DEAD in ada.get("/tickets?q=kim&customer=lantern&status=open&owner=-&late=1").text
    assert DEAD not in ada.get("/tickets?customer=orbit").text
    assert DEAD not in ada.get("/tickets?status=resolved").text
    for odd in ("?page=0", "?page=99999", "?page=x", "?q=%25_%5C", "?q=%00", "?status=nothing", "?owner=%27"):
        assert ada.get(f"/tickets{odd}").status_code == 200, odd


@pytest.mark.parametrize(
    "path", ["/ticket/desk/999", "/ticket/nowhere/1", "/board/nobody", "/reports/lantern/2026-13", "/x"]
)
def test_what_is_not_there_is_told_so(ada: Browser, path: str) -> None:
    """Otherwise a wrong address ends in an error that looks like the hub's."""
    answer = ada.get(path)
    assert answer.status_code == 404
    assert "Traceback" not in answer.text


def test_a_months_promise_leads_to_its_ticket(ada: Browser) -> None:
    """Otherwise a lead reads which promise was broken, and types the number to learn why."""
    made = Made(ada.get("/reports/lantern/2026-01").text)
    leads = {said["href"] for tag, said in made.elements if said.get("href", "").startswith("/tickets?q=")}
    assert "/ticket/desk/1" in {ada.get(path).headers.get("Location") for path in leads}
    assert "`" not in made.words


def test_no_page_shows_a_secret(ada: Browser, looked_at: Desk) -> None:
    """Otherwise an admin's screen, or a picture of it, gives a tool or the hub away."""
    app, environment = looked_at.demo.application, looked_at.demo.environment
    secrets = {environment["DESKBRIDGE_SECRET"], environment["FRESHDESK_API_KEY"]}
    secrets |= {environment["JIRA_TOKEN"], environment["GITLAB_TOKEN"]}
    secrets |= {hook_of(app.settings, name).secret for name in app.settings.connections}
    secrets |= {account.password for account in app.store.accounts.all()}
    for path in PAGES:
        page = ada.get(path).text
        assert [secret for secret in secrets if secret in page] == [], path
        assert "#db1." not in page, path


def test_a_viewer_is_offered_no_act(looked_at: Desk) -> None:
    """Otherwise people press what they may not, and learn only then."""
    vic = signed_in(looked_at.demo.application, looked_at.url, Role.VIEWER)
    for path in ("/parked", "/findings", "/ticket/desk/1"):
        assert [form["action"] for form in vic.forms(path)] == ["/sign-out"], path


def test_acts_are_done_once_and_noted(looked_at: Desk) -> None:
    """Otherwise nobody knows who had a ticket set aside, or a double click does it twice."""
    store = looked_at.demo.application.store
    bo = signed_in(looked_at.demo.application, looked_at.url, Role.AGENT)
    [row] = store.inbox.parked()
    form = next(form for form in bo.forms("/parked") if form["action"] == "/acts/retry")
    sent = {name: value for name, value in form.items() if name != "action"}
    assert bo.post("/acts/retry", sent).headers["Location"] == "/parked?done=retried"
    assert bo.post("/acts/retry", sent).headers["Location"] == "/parked?done=retried", (
        "it is done, as they want"
    )
    fresh = next(form["form"] for form in bo.forms("/parked"))
    assert bo.post("/acts/retry", sent | {"form": fresh}).status_code == 409
    assert bo.post("/acts/dismiss", {**sent, "why": "x"}).status_code == 409
    assert bo.post("/acts/answer", {**sent, "finding": "1;drop", "answer": "x"}).status_code == 409
    assert bo.post("/acts/answer", {**sent, "finding": "99999", "answer": "x"}).status_code == 409
    looked_at.demo.sync()
    assert bo.post("/acts/dismiss", {**sent, "why": "  "}).status_code == 409
    done = bo.post("/acts/dismiss", {**sent, "why": "a test", "back": "//evil.example"})
    assert done.headers["Location"] == "/?done=dismissed"
    assert store.inbox.parked() == []
    acts = [(act.who, act.act, act.subject) for _, act in store.audit.newest(2)]
    assert acts == [("Bo", "dismiss", row.subject), ("Bo", "retry", row.subject)]
    store.inbox.put(row.subject, looked_at.demo.application.now(), "changed")
    looked_at.demo.sync()
    assert bo.post("/acts/retry-all", {**sent, "reason": row.parked or ""}).status_code == 303
    assert bo.post("/acts/retry-all", {**sent, "reason": "another"}).status_code == 409
    looked_at.demo.sync()


def test_an_agent_unlinks_and_links_from_the_page(looked_at: Desk) -> None:
    """Otherwise whoever sees that two tickets are one has to ask somebody with a shell."""
    demo, store = looked_at.demo, looked_at.demo.application.store
    number = demo.people.mail(KIM, "Kim Park", "A matter of its own", "<p>It hums.</p>")
    fields = demo.people.agent("GET", "ticket_fields")
    groups = next(field["choices"] for field in fields if field["type"] == "default_group")
    demo.people.sort(number, tags=["firmware"], group_id=groups["Support"])
    demo.sync()
    path, here = f"/ticket/desk/{number}", Ref("desk", str(number))
    bo = signed_in(demo.application, looked_at.url, Role.AGENT)
    assert kept_of(store, here) == ("Support", ("gitlab",))
    counted = Made(bo.get("/figures?team=Support&work=gitlab").text).words
    assert "1 created" in counted
    page = bo.get(path).text
    assert "Open in GitLab" in page
    assert "Hello Kim Park," in page
    [gitlab] = [ref for ref in store.bundles.load(store.bundles.subject(here)).refs if ref != here]
    side = f"gitlab:{gitlab.key}"

    def form(action: str, **fields: str) -> dict[str, str]:
        sent = next(f for f in bo.forms(path) if f["action"] == action and fields.items() <= f.items())
        return {name: value for name, value in sent.items() if name != "action"}

    unlink = form("/acts/unlink", side=side)
    assert bo.post("/acts/unlink", {**unlink, "form": ""}).status_code == 403
    vic = signed_in(demo.application, looked_at.url, Role.VIEWER)
    assert vic.post("/acts/unlink", unlink).status_code == 403
    assert bo.post("/acts/unlink", unlink).headers["Location"].endswith("?done=unlinked")
    assert bo.post("/acts/unlink", unlink).status_code == 303
    again = {**unlink, "form": next(one["form"] for one in bo.forms("/"))}
    assert bo.post("/acts/unlink", again).status_code == 409, "it is told that it is not linked"
    assert "Open in GitLab" not in bo.get(path).text
    assert kept_of(store, here) == ("Support", ())
    link = form("/acts/link") | {"prefer": "", "history": ""}
    for wrong in ("", "nothing like this", "gitlab:99999", "desk:1", "<b>"):
        answer = bo.post("/acts/link", link | {"other": wrong})
        assert answer.status_code == 409, wrong
        assert "<b>" not in answer.text
    done = bo.post("/acts/link", link | {"other": side})
    assert done.headers["Location"] == f"{path}?done=linked"
    refs = store.bundles.load(store.bundles.subject(here)).refs
    assert {ref.connection for ref in refs} == {"desk", "gitlab"}
    acts = [(act.who, act.act) for _, act in store.audit.newest(2)]
    assert acts == [("Bo", "link"), ("Bo", "unlink")]
    demo.sync()
    assert kept_of(store, here) == ("Support", ("gitlab",))


def kept_of(store: Store, ref: Ref) -> tuple[str, tuple[str, ...]]:
    """Return which team has a ticket and where its work is done, as the metrics count it."""
    kept = store.served.ticket(ref)
    assert kept
    return kept.team, kept.works


_KEPT = {"meta", "sessions", "accounts", "forms", "editions", "batches", "claims", "statements"}
"""Tables whose words no tool and no person says."""
_WORDS = {"connection", "key", "kind", "clock", "state", "subject", "id", "sha", "cycle", "role", "audience"}
_WORDS |= {
    "origin_id",
    "target_id",
    "origin_connection",
    "origin_key",
    "target_connection",
    "target_key",
    "severity",
    "format",
    "actor",
}


def test_whatever_stands_in_the_store_does_nothing_on_a_page(looked_at: Desk, tmp_path: Path) -> None:
    """Otherwise a field that nobody thought of, of a tool that nobody thought hostile, acts as the agent."""
    here = looked_at.demo.application.store.database.address
    assert isinstance(here, Path)
    with closing(sqlite3.connect(here)) as source, closing(sqlite3.connect(tmp_path / here.name)) as copy:
        source.backup(copy)
    shutil.copy(here.parent / "settings.toml", tmp_path)
    app = build(tmp_path / "settings.toml", looked_at.demo.environment, now=looked_at.demo.application.now)
    for subject in ("bundle:1", "ref:desk:1", "connection:jira"):
        app.store.findings.record(subject, [Skip("jira", "a text", "why")], app.now())
    app.store.audit.note(Act(at=app.now(), who="Bo", act="retry"))
    run = app.store.runs.begin("desk", "digest", "Bo", {}, app.now())
    app.store.runs.end(run.id, RunState.PAUSED, "why", app.now())
    app.store.shares.add("lantern", "salt", "Bo", app.now(), app.now() + timedelta(days=1))
    app.store.health.pause("jira", app.now(), app.now(), "why", denied=True)
    with app.store.database.writing() as tx:
        for table in metadata.sorted_tables:
            words = [c for c in table.c if isinstance(c.type, Text) and c.name not in _WORDS]
            free = [c.name for c in words if not (c.primary_key or c.unique or c.foreign_keys)]
            if table.name not in _KEPT and free:
                tx.execute(update(table).prefix_with("OR IGNORE").values(**dict.fromkeys(free, HOSTILE)))
        tx.execute(text("UPDATE served SET customer = 'lantern', status = 'open'"))
        tx.execute(text("UPDATE findings SET state = 'open', severity = 'urgent'"))
    with looking(app) as url:
        ada = signed_in(app, url, Role.ADMIN)
        for path in PAGES:
            answer = ada.get(path)
            assert answer.status_code == 200, path
            assert Made(answer.text).dangers() == [], path
            assert HOSTILE in Made(answer.text).words or path in _OWN, path
    app.store.database.close()


_OWN = {
    "/boards",
    "/duty",
    "/reports",
    "/settings",
    "/reports/lantern/2026-01",
    "/tickets?q=odd&status=open&late=1",
}
"""Pages on which nothing stands that a tool said."""
