"""The pages before BENCH_OPEN (50,000) open tickets: the server's time, the 95th percentile, and the size.

Each page is asked for over HTTP by somebody who is signed in, BENCH_LOOKS (40) times, of a server in this
process. Beside it stands a baseline of the same run: the same rows read with bare SQL and put into a trivial
page. A ticket has BENCH_TEXTS (300) comments, on two sides each. Goals: overview and board 200 ms, ticket
150 ms, 150 KB compressed. Time of a core is server and browser together, so that it can be compared where
others keep the machine busy; the times of day are told there and not judged.
"""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
import statistics
import tempfile
import zlib
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from html import escape
from importlib.resources import files
from pathlib import Path
from time import perf_counter, process_time

import requests
from sqlalchemy import Table, insert

from benchmarks.figures import Sheet, most
from deskbridge.bootstrap import Application, build
from deskbridge.service import settle
from deskbridge.web.serving import looking
from mappings.ticket import Raw, TextFormat
from sync.served import facts_json
from sync.sla.facts import Fact, FactKind, Facts
from sync.store import schema as t
from sync.store.accounts import Role
from sync.store.derived import happened_of, theirs_of, words_of

SIZES = {"OPEN": (50_000, 1_000), "TEXTS": (300, 300), "LOOKS": (40, 5)}
_NOW = datetime(2026, 3, 2, 10, 30, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)
_PAGES = {
    "overview": ("/", 0.2),
    "board": ("/board/lantern", 0.2),
    "ticket, 100 of its texts": ("/ticket/desk/1", 0.15),
    "list, first page": ("/tickets?status=open", None),
    "search": ("/tickets?q=row+4711", 0.2),
    "search that finds nothing": ("/tickets?q=nothingatall", 0.2),
    "metrics, 13 weeks": ("/figures", 0.2),
    "board of one owner": ("/board/lantern?owner=Agent+7", 0.2),
}
_LARGEST = 150
"""What a page may weigh compressed, in KB."""
_COLUMN = """SELECT display, subject, customer, owner, status FROM served
    WHERE customer = 'lantern' AND status = '{}' ORDER BY changed DESC LIMIT 50"""
_TEXTS = """SELECT m.author, m.created, x.packed FROM messages m JOIN wordings w USING (connection, key, id)
    JOIN texts x USING (sha) WHERE m.connection = 'desk' AND m.key = '1' ORDER BY m.created DESC LIMIT 100"""
_BARE = {
    "overview": (
        "SELECT customer, status, count(*) FROM served GROUP BY 1, 2",
        "SELECT customer, sum(due <= 0), count(*) FROM clocks GROUP BY 1",
        "SELECT key, due FROM clocks ORDER BY due LIMIT 24",
        "SELECT count(*) FROM links",
    ),
    "board": tuple(map(_COLUMN.format, ("open", "in_progress", "waiting_on_customer", "waiting_on_dev"))),
    "ticket, 100 of its texts": (_TEXTS,),
}
"""What each page cannot do without, as bare SQL."""


def main(sheet: Sheet) -> None:
    """Take down each page's time beside its baseline, and its size."""
    count, texts, looks = (sheet.size(name) for name in SIZES)
    with tempfile.TemporaryDirectory() as folder:
        application = _hub(Path(folder))
        path = application.store.database.address
        assert isinstance(path, Path)
        _fill(application, count, texts)
        token = secrets.token_urlsafe(32)
        application.store.accounts.add("lead", Role.AGENT, "", _NOW)
        application.store.accounts.begin(hashlib.sha256(token.encode()).hexdigest(), "lead", _NOW)
        settle()  # as `serve` does
        with looking(application) as url, closing(requests.Session()) as browser:
            browser.cookies.set("deskbridge", token)
            for name, (address, goal) in _PAGES.items():
                _measure(sheet, browser, url + address, name, goal, looks, _baseline(path, name))
        application.store.database.close()


def _measure(
    sheet: Sheet,
    browser: requests.Session,
    address: str,
    name: str,
    goal: float | None,
    looks: int,
    baseline: Callable[[], int] | None,
) -> None:
    cold, packed = _look(browser, address)
    before = process_time()
    spent = [_look(browser, address)[0] for _ in range(looks)]
    work = (process_time() - before) / looks
    p95 = statistics.quantiles(spent, n=20)[-1] if looks > 1 else max(spent)
    bare = min(_timed(baseline) for _ in range(min(looks, 10))) if baseline else None
    sheet.add(f"{name}: p95 from end to end", p95, "s", goal=most(goal) if goal else None)
    sheet.add(
        f"{name}: time of a core", work, "s", beside=bare, named="bare page of the same rows" if bare else ""
    )
    sheet.add(f"{name}: the first look", cold, "s")
    sheet.add(f"{name}: compressed", packed / 1024, "KB", goal=most(_LARGEST), steady=True, enough=True)


def _look(browser: requests.Session, address: str) -> tuple[float, int]:
    started = perf_counter()
    with browser.get(address, stream=True, timeout=60) as answer:
        body = answer.raw.read()  # as it was sent: compressed
        spent = perf_counter() - started
        assert answer.status_code == 200, answer.status_code
        assert answer.headers["Content-Encoding"] == "gzip"
    return spent, len(body)


def _timed(what: Callable[[], int]) -> float:
    started = process_time()
    assert what()
    return process_time() - started


def _baseline(path: Path, name: str) -> Callable[[], int] | None:
    """Return what reads a page's rows with bare SQL into a list; None where that says nothing."""
    queries = _BARE.get(name)
    return (lambda: _bare(path, queries)) if queries else None


def _bare(path: Path, queries: Sequence[str]) -> int:
    with closing(sqlite3.connect(path)) as raw:
        rows = [row for query in queries for row in raw.execute(query)]
    lines = ("<li>" + " ".join(escape(_plain(value)) for value in row) + "</li>" for row in rows)
    return len(zlib.compress(f"<!doctype html><ul>{''.join(lines)}</ul>".encode(), 5))


def _plain(value: object) -> str:
    return zlib.decompress(value).decode() if isinstance(value, bytes) else str(value)


def _hub(folder: Path) -> Application:
    """Return a hub with the demo's settings, whose tools nobody asks."""
    path = folder / "settings.toml"
    said = (files("deskbridge.demo") / "settings.toml").read_text("utf-8")
    path.write_text(said.replace("http://set.by.the.demo", "https://nobody.example"), "utf-8")
    environment = dict.fromkeys(("FRESHDESK_API_KEY", "JIRA_TOKEN", "GITLAB_TOKEN"), "not-asked-here")
    environment["DESKBRIDGE_SECRET"] = secrets.token_hex(16)
    return build(path, environment, now=lambda: _NOW)


def _fill(application: Application, count: int, texts: int) -> None:
    """Have tickets of two customers be open, each with a side at work and two clocks."""
    statuses = ("open", "open", "in_progress", "waiting_on_customer", "waiting_on_dev")
    days = [_facts(_NOW - timedelta(days=day, minutes=600)) for day in range(90)]
    rows: dict[Table, list[dict[str, object]]] = {
        table: [] for table in (t.bundles, t.links, t.served, t.happened, t.theirs, t.clocks)
    }
    for n in range(1, count + 1):
        changed, customer = _NOW - n * _MINUTE / 10, ("lantern", "orbit")[n % 2]
        rows[t.bundles].append({"id": n, "created": changed})
        for connection, display in (("desk", f"#{n}"), ("jira", f"SUP-{n}")):
            url = f"https://{connection}.example/{n}"
            link = {"connection": connection, "key": str(n), "display": display, "url": url}
            rows[t.links].append({**link, "bundle": n, "created": changed})
        ticket = {"connection": "desk", "key": str(n), "display": f"#{n}", "customer": customer}
        said = {"subject": f"The import stops at row {n} of the list", "requester": f"Person {n % 997}"}
        held = {"owner": f"Agent {n % 37}" if n % 5 else "", "type": "incident", "priority": "high"}
        held |= {"status": statuses[n % len(statuses)], "url": f"https://desk.example/{n}"}
        held |= {"team": ("", "Support", "Billing")[n % 3], "works": "jira"}
        row = {**ticket, **said, **held, "assumed": [], "changed": changed, "facts": days[n % 90]}
        rows[t.served].append(row | {"words": words_of(row)})
        rows[t.happened] += happened_of(row)
        rows[t.theirs] += theirs_of(row)
        for clock, minutes in (("update", n % 4000 - 200), ("resolve", n % 9000 + 100)):
            due = _NOW + minutes * _MINUTE
            run = {"connection": "desk", "key": str(n), "clock": clock, "cycle": "created", "base": "office"}
            when = {"due": due, "at_risk": due - 60 * _MINUTE, "breached": False}
            rows[t.clocks].append({**run, **when, "customer": customer, "state": "running"})
    with application.store.database.writing() as tx:
        for table, values in rows.items():
            for start in range(0, len(values), 5000):
                tx.execute(insert(table), values[start : start + 5000])
    _write(application, texts)


def _facts(created: datetime) -> dict[str, object]:
    """Return the facts of a ticket that was answered after some hours, in each week others."""
    answered = created + (created.day % 7 + 1) * 60 * _MINUTE
    return facts_json(Facts(created=created, told=(Fact(FactKind.ANSWER, "1", answered, answered),)))


def _write(application: Application, texts: int) -> None:
    """Have the first ticket be a long conversation, each text copied to the other side, each copy noted."""
    found: dict[Table, list[dict[str, object]]] = {
        table: [] for table in (t.texts, t.wordings, t.messages, t.mirrors, t.decisions)
    }
    here = {"connection": "desk", "key": "1"}
    for n in range(texts):
        body = (
            f"<p>Hello, this is text {n}.</p><ul><li>one</li><li><b>two</b></li></ul>"
            + "<p>It stops.</p>" * 12
        )
        raw, at = Raw(TextFormat.HTML, body), _NOW - (texts - n) * _MINUTE
        found[t.texts].append({"sha": raw.sha, "format": "html", "packed": zlib.compress(body.encode())})
        found[t.wordings].append({**here, "id": str(n), "sha": raw.sha, "read_at": _NOW})
        who = {"kind": "reply", "author": f"Agent {n % 5}", "role": "staff", "audience": "customer"}
        found[t.messages].append({**here, "id": str(n), **who, "created": at, "files": [], "read_at": _NOW})
        origin = {"origin_connection": "desk", "origin_key": "1", "origin_id": str(n)}
        copy = {"target_connection": "jira", "target_key": "1", "target_id": f"9{n}"}
        kept = {"bundle": 1, "kind": "comment", "revision": "r", "answer": "a", "name": "customer"}
        found[t.mirrors].append({**kept, **origin, **copy})
        made = {"subject": "bundle:1", "at": at, "target_connection": "jira", "target_key": "1"}
        made |= {
            "target_display": "SUP-1",
            "kind": "text",
            "name": str(n),
            "source": "desk",
            "value": f"reply {n}",
        }
        made |= {"why": "texts are copied", "readers": "staff", "mails": "never", "result": "written"}
        found[t.decisions].append(made)
    with application.store.database.writing() as tx:
        for table, rows in found.items():
            tx.execute(insert(table), rows)
