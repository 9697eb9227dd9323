"""Holidays out of iCalendar feeds: read over real HTTP within limits, and kept while a feed is down."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from connectors.bounds import Bounds
from connectors.errors import ConfigError
from deskbridge.agreed import FEED
from deskbridge.bootstrap import Application, build
from deskbridge.feeds import Feeds, Unread, merged, read
from deskbridge.refreshed import EVERY, Refresh
from deskbridge.settings import load
from sync.sla.policy import ClockName, Policy
from sync.sla.worktime import WorkingTime
from sync.store import open_store
from sync.store.editions import Editions
from tests.app.settings_files import CANARIES, unplaced, written

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
CALENDAR = '[calendars.more]\nzone = "UTC"\nweek = {{ "mon-sun" = ["09:00-17:00"] }}\nfeed = "{feed}"\n'
POLICY = (
    '[policies.more]\ncalendar = "more"\n'
    'targets = {{ low = {{ resolve = "8h" }}, medium = {{ resolve = "8h" }}, high = {{ resolve = "8h" }}, '
    'urgent = {{ resolve = "8h" }} }}\n'
)
HAS = ('label = "orbit"', 'label = "orbit"\npolicy = "more"')


def feed(*days: str) -> str:
    """A feed of whole days, and one appointment."""
    events = "".join(
        f"BEGIN:VEVENT\r\nUID:{day}\r\nDTSTART;VALUE=DATE:{day.replace('-', '')}\r\nEND:VEVENT\r\n"
        for day in days
    )
    talk = "BEGIN:VEVENT\r\nUID:t\r\nDTSTART:20260304T100000Z\r\nEND:VEVENT\r\n"
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{events}{talk}END:VCALENDAR\r\n"


class Service:
    """A server of feeds, and what it was asked for."""

    def __init__(self) -> None:
        self.status, self.body, self.headers, self.asked = 200, b"", dict[str, str](), list[str]()
        self.heard, self.drips, self.over = list[str](), False, threading.Event()
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                service.asked.append(self.path)
                service.heard.append(str(self.headers))
                while service.drips and not service.over.wait(0.02):
                    with suppress(OSError):
                        self.wfile.write(b"X")
                        self.wfile.flush()
                self.send_response(service.status)
                for name, value in service.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(service.body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/days.ics"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def end(self) -> None:
        """Be down."""
        self.over.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def service() -> Iterator[Service]:
    """A server of feeds."""
    made = Service()
    yield made
    made.end()


@pytest.fixture
def editions(tmp_path: Path) -> Editions:
    """A store's editions and holidays."""
    return open_store(tmp_path / "store.sqlite3").editions


def feeds(folder: Path, where: str) -> Feeds:
    """The feeds of settings whose calendar has this one."""
    path = written(folder, ("", CALENDAR.format(feed=where)))
    return Feeds(load(path, CANARIES), path)


def test_a_file_and_an_address_are_read(tmp_path: Path, service: Service) -> None:
    """A desk would be open on its holidays; an appointment closes no desk."""
    (tmp_path / "days.ics").write_text(feed("2026-03-03", "2026-12-24"), "utf-8")
    assert read("days.ics", tmp_path) == {date(2026, 3, 3), date(2026, 12, 24)}
    service.body = feed("2026-03-03").encode()
    assert read(service.url, tmp_path) == {date(2026, 3, 3)}


def test_an_answer_is_taken_within_limits(tmp_path: Path, service: Service) -> None:
    """Whoever serves the feed could fill the hub's memory, or have it call addresses inside the house."""
    service.body = b"x" * (1024 * 1024 + 1)
    with pytest.raises(Unread, match="larger than"):
        read(service.url, tmp_path)
    service.status, service.headers, service.body = 302, {"Location": f"{service.url}/inside"}, b""
    with pytest.raises(Unread, match="answered 302; write the address that it leads to"):
        read(service.url, tmp_path)
    assert not [path for path in service.asked if "inside" in path]
    service.status, service.headers, service.body = 200, {}, b"<html>"
    with pytest.raises(Unread, match="no iCalendar feed"):
        read(service.url, tmp_path)
    service.body = b"\xff\xfe"
    with pytest.raises(Unread, match="not UTF-8"):
        read(service.url, tmp_path)
    with pytest.raises(Unread, match="cannot be read"):
        read("nothing.ics", tmp_path)


def test_an_answer_that_drips_comes_to_an_end(tmp_path: Path, service: Service) -> None:
    """A server that sends a byte a second would keep the hub from ever starting."""
    service.drips = True
    with pytest.raises(Unread, match="within reason"):
        read(service.url, tmp_path, Bounds(first=0.3, slowest=1 << 20))


def test_a_feed_is_read_without_anybody_s_credential(
    tmp_path: Path, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever serves a feed would get the password that the machine keeps for its host."""
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login hub password word", "utf-8")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    service.body = feed("2026-03-03").encode()
    read(service.url, tmp_path)
    (head,) = service.heard
    assert "Authorization" not in head


def test_what_was_read_is_kept_while_the_feed_is_down(
    tmp_path: Path, service: Service, editions: Editions
) -> None:
    """A server that is down for a morning would have every due time move."""
    service.body = feed("2026-03-01", "2026-03-03").encode()
    found = feeds(tmp_path, service.url)
    key = ("feed", service.url)
    assert found.keep(editions, NOW, fresh=False) == []
    assert editions.holidays()[key] == {date(2026, 3, 1), date(2026, 3, 3)}
    service.body = feed("2026-03-02", "2026-03-05").encode()
    assert found.keep(editions, NOW, fresh=False) == []
    assert len(service.asked) == 1
    assert found.keep(editions, NOW, fresh=True) == []
    # Days that are over, and this one, stay: what was counted is not moved.
    assert editions.holidays()[key] == {date(2026, 3, 1), date(2026, 3, 5)}
    service.status = 503
    (stale,) = found.keep(editions, NOW, fresh=True)
    assert stale == "calendars.more.feed: the server answered 503; the dates of earlier hold"
    assert editions.holidays()[key] == {date(2026, 3, 1), date(2026, 3, 5)}


def test_a_feed_of_which_nothing_is_kept_must_be_read(
    tmp_path: Path, service: Service, editions: Editions
) -> None:
    """The clocks would count holidays as working days, and nobody would know."""
    service.status = 404
    found = feeds(tmp_path, service.url)
    with pytest.raises(ConfigError) as caught:
        found.keep(editions, NOW, fresh=False)
    (told,) = caught.value.problems
    assert ": line " in told
    assert unplaced(found.path, [told]) == ["calendars.more.feed: the server answered 404"]
    assert found.problems() == ["calendars.more.feed: the server answered 404"]


def test_the_desk_is_closed_on_the_days_of_a_feed(tmp_path: Path) -> None:
    """The feed would be read, and count for nothing."""
    (tmp_path / "days.ics").write_text(feed("2026-03-03", "2026-03-04"), "utf-8")
    text = CALENDAR.format(feed="days.ics") + "works_on = [2026-03-04]\n" + POLICY.format()
    path = written(tmp_path, ("", text), HAS)
    application = build(path, CANARIES, lambda: NOW)
    rules = application.desk.policies["more"]
    assert isinstance(rules, Policy)
    base = next(iter(rules.targets.values()))[ClockName.RESOLVE].base
    assert isinstance(base, WorkingTime)
    start = datetime(2026, 3, 2, 17, tzinfo=UTC)
    assert base.between(start, start.replace(day=3)).total_seconds() == 0
    assert base.between(start.replace(day=3), start.replace(day=4)).total_seconds() == 8 * 3600


def test_dates_are_merged_from_tomorrow_on() -> None:
    """An edit acts from now: what a customer was told of yesterday stands."""
    first, second, third = (date(2026, 3, day) for day in (1, 2, 3))
    assert merged(None, {first, third}, second) == {first, third}
    assert merged({first}, {second, third}, second) == {first, third}
    assert merged({third}, set(), second) == frozenset()


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (
            "http://h.example/x",
            "write https: over http anybody on the way could give the desk a day off",
        ),
        (
            "https://kim:word@h.example",
            "an address holds no credential; put the file beside the settings",
        ),
        ("ftp://example.com/x", "this is no address; write it like https://example.com/holidays.ics"),
        ("", "name a file, or an address like https://example.com/holidays.ics"),
    ],
)
def test_addresses_that_are_refused(tmp_path: Path, address: str, expected: str) -> None:
    """A stranger on the way could close the desk, or read a password."""
    path = written(tmp_path, ("", CALENDAR.format(feed=address)))
    with pytest.raises(ConfigError) as caught:
        load(path, CANARIES)
    assert unplaced(path, caught.value.problems) == [f"calendars.more.feed: {expected}"]


def _running(folder: Path, service: Service, at: list[datetime]) -> tuple[Application, Refresh]:
    """A hub that runs, by the calendar of this feed."""
    path = written(folder, ("", CALENDAR.format(feed=service.url) + POLICY.format()), HAS)
    application = build(path, CANARIES, lambda: at[-1])
    application.engine.adopt_rules()
    return application, Refresh(application)


def _findings(application: Application) -> list[tuple[str, str]]:
    return [(found.target, found.reason) for found in application.store.findings.open()]


def test_a_running_hub_takes_new_dates(tmp_path: Path, service: Service) -> None:
    """A holiday that is announced in May is no holiday before somebody starts the hub again."""
    service.body, at = feed("2026-12-24").encode(), [NOW]
    application, refresh = _running(tmp_path, service, at)
    other = Refresh(application)
    assert refresh.turn() is False
    asked = len(service.asked)
    assert other.turn() is False
    assert len(service.asked) == asked, "one process reads it"
    service.body = feed("2026-12-24", "2026-03-03").encode()
    at.append(NOW + EVERY - timedelta(seconds=1))
    assert refresh.turn() is False, "it is not time yet"
    at.append(NOW + EVERY)
    assert refresh.turn() is True
    assert other.turn() is True, "what another process has read is taken over"
    held = application.store.editions.holidays()[FEED, service.url]
    assert held == {date(2026, 3, 3), date(2026, 12, 24)}
    assert _findings(application) == []


def test_a_feed_that_is_down_or_empty_is_a_finding_and_loses_nothing(
    tmp_path: Path, service: Service
) -> None:
    """A provider's mistake would have the desk work on all its holidays, and nobody would know why."""
    service.body, at = feed("2026-12-24").encode(), [NOW]
    application, refresh = _running(tmp_path, service, at)
    refresh.turn()
    place = "calendars.more.feed"
    for broken, why in (
        ((503, b""), "the server answered 503; the dates of earlier hold"),
        ((200, b"<html>"), "it is no iCalendar feed; the dates of earlier hold"),
        ((200, feed().encode()), "it names no day from now on, and did before; the dates of earlier hold"),
    ):
        service.status, service.body = broken
        at.append(at[-1] + EVERY)
        assert refresh.turn() is False
        ((target, said),) = _findings(application)
        assert target == place
        assert said == why or "no iCalendar feed" in said
        assert application.store.editions.holidays()[FEED, service.url] == {date(2026, 12, 24)}
    service.status, service.body = 200, feed("2026-12-24").encode()
    at.append(at[-1] + EVERY)
    refresh.turn()
    assert _findings(application) == [], "it is well again"
    at.append(datetime(2026, 12, 25, tzinfo=UTC))
    refresh.turn()
    assert _findings(application) == [(place, "it names no day from now on: is it still looked after?")]


def test_a_running_service_looks_after_its_feeds(tmp_path: Path, service: Service) -> None:
    """What nobody starts keeps nothing up to date."""
    service.body, at = feed("2026-12-24").encode(), [NOW]
    application, _ = _running(tmp_path, service, at)
    stopping = threading.Event()
    Refresh(application).start(stopping)
    assert "feeds" in {thread.name for thread in threading.enumerate()}
    stopping.set()
