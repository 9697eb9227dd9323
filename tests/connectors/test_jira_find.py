"""Finding issues: a search whose rows move while it is walked, on Cloud and on Data Center."""

from __future__ import annotations

import json
import re
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
import responses
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.base import Connector, Hint
from connectors.errors import Rejected
from connectors.jira.connector import connect
from mappings.ticket import Ref
from tests.connectors.jira_payloads import HUB, NOW, REST, SITE, TOKEN, configured, serving

BAGHDAD = ZoneInfo("Asia/Baghdad")
START = NOW - timedelta(hours=2)


class Index:
    """A search index of one project whose pages are cut anew at each call: the worst that tokens can be."""

    def __init__(self, server: responses.RequestsMock, *, cloud: bool = True, page: int = 3) -> None:
        self.rows: dict[int, datetime] = {}
        self.page, self.cloud, self.queries = page, cloud, list[str]()
        self.between: Callable[[], None] = lambda: None
        """What happens after each page."""
        self.zone = BAGHDAD
        deployment = {"baseUrl": SITE, "deploymentType": "Cloud" if cloud else "Server"}
        server.replace("GET", f"{REST}/serverInfo", json=deployment)
        url = f"{REST}/search/jql" if cloud else f"{REST}/search"
        server.add_callback("GET", url, callback=self._answer)

    def add(self, count: int, at: datetime, apart: timedelta = timedelta(0)) -> None:
        """Add issues, some time apart."""
        for n in range(count):
            self.rows[len(self.rows) + 1] = at + n * apart

    def remove(self, number: int) -> None:
        """Somebody deletes an issue, if it is there."""
        self.rows.pop(number, None)

    def touch(self, number: int) -> None:
        """Somebody changes an issue now."""
        self.rows[number] = NOW + timedelta(seconds=len(self.queries))

    def _answer(self, request: Any) -> tuple[int, dict[str, str], str]:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(request.url).query).items()}
        self.queries.append(asked["jql"])
        found = self._found(asked["jql"])
        start = int(asked.get("nextPageToken") or asked.get("startAt") or 0)
        issues = [self._row(number) for number in found[start : start + self.page]]
        more = start + self.page < len(found)
        answer: dict[str, Any] = {"issues": issues}
        if self.cloud:
            answer |= {"isLast": not more} | ({"nextPageToken": str(start + self.page)} if more else {})
        else:
            answer |= {"total": len(found), "startAt": start, "maxResults": self.page}
        self.between()
        return 200, {}, json.dumps(answer)

    def _found(self, jql: str) -> list[int]:
        since = datetime.min.replace(tzinfo=UTC)
        if lately := re.search(r"updated >= -(\d{1,5})([md]) ", jql):
            count = int(lately[1])
            since = NOW - (timedelta(minutes=count) if lately[2] == "m" else timedelta(days=count))
        elif at := re.search(r'updated >= "([^"]+)"', jql):
            since = datetime.strptime(at[1], "%Y-%m-%d %H:%M").replace(tzinfo=self.zone)
        found = [number for number, updated in self.rows.items() if updated >= since]
        by_key = "ORDER BY key" in jql
        return sorted(found, key=lambda n: n if by_key else (self.rows[n], n))

    def _row(self, number: int) -> dict[str, Any]:
        at = self.rows[number].astimezone(self.zone)
        stamp = f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}{at:%z}"
        return {"id": str(10_000 + number), "key": f"SUP-{number}", "fields": {"updated": stamp}}


@pytest.fixture
def server() -> Iterator[responses.RequestsMock]:
    """A Jira of which each test says what it answers; any other call is an error."""
    yield from serving()


@pytest.fixture
def jira() -> Connector:
    """Return a connector that has made no call yet."""
    return connect(configured())


def numbers(hints: Iterator[Hint]) -> list[int]:
    """Return which issues were told."""
    return [int(hint.key) - 10_000 for hint in hints]


def test_an_idle_poll_is_one_call(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: polling a quiet site costs the quota, or asks in a time zone that may not be the account's."""
    index = Index(server)
    index.add(2, NOW - timedelta(minutes=1), timedelta(seconds=20))
    hints = list(jira.changed(NOW - timedelta(seconds=90)))
    assert [hint.key for hint in hints] == ["10001", "10002"]
    assert hints[0].version == "2026-03-02T08:59:00.000+00:00"
    assert index.queries == ['project in ("SUP") AND updated >= -4m ORDER BY updated ASC, key ASC']


@pytest.mark.parametrize("cloud", [True, False])
def test_changes_come_oldest_first_and_once(
    server: responses.RequestsMock, jira: Connector, cloud: bool
) -> None:
    """Broken: pages end the walk, or every window is told again from its beginning."""
    index = Index(server, cloud=cloud)
    index.add(20, START, timedelta(seconds=40))
    assert numbers(jira.changed(START)) == list(range(1, 21))
    assert 'updated >= "2026-03-02 10:01"' in index.queries[1]  # the account is in Baghdad


@pytest.mark.parametrize("cloud", [True, False])
def test_a_row_that_moves_hides_no_other(
    server: responses.RequestsMock, jira: Connector, cloud: bool
) -> None:
    """Broken: an issue that changes while we look pulls another one out of the next page's sight."""
    index = Index(server, cloud=cloud)
    index.add(12, START, timedelta(seconds=70))
    movers = iter(range(1, 9))
    index.between = lambda: index.touch(found) if (found := next(movers, 0)) else None
    assert set(numbers(jira.changed(START))) == set(range(1, 13))


@pytest.mark.parametrize("cloud", [True, False])
def test_many_rows_in_one_second_are_all_told(
    server: responses.RequestsMock, jira: Connector, cloud: bool
) -> None:
    """Broken: a bulk change of more than a page in a minute stops the walk, or all but a page is missed."""
    index = Index(server, cloud=cloud)
    index.add(17, START)
    index.add(3, START + timedelta(minutes=5), timedelta(minutes=1))
    movers = iter([2])
    index.between = lambda: index.touch(found) if (found := next(movers, 0)) else None
    told = numbers(jira.changed(START))
    assert set(told) == set(range(1, 21))
    assert len(told) < 30


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    gaps=st.lists(st.integers(0, 90), min_size=1, max_size=25),
    moves=st.lists(st.integers(1, 25), max_size=12),
    cloud=st.booleans(),
)
def test_no_change_is_missed(gaps: list[int], moves: list[int], cloud: bool) -> None:
    """Broken: some order of edits during the walk hides an issue until the next sweep."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as server:
        server.get(f"{REST}/myself", json=HUB | {"timeZone": "Asia/Baghdad"})
        server.get(f"{REST}/serverInfo", json={})
        index, at = Index(server, cloud=cloud), START
        for gap in gaps:
            at += timedelta(seconds=gap)
            index.add(1, at)
        movers = iter([move for move in moves if move <= len(gaps)])
        index.between = lambda: index.touch(found) if (found := next(movers, 0)) else None
        told = numbers(connect(configured()).changed(START))
    assert set(told) == set(range(1, len(gaps) + 1))


def test_the_hour_that_comes_twice_is_read_whole(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: when the clocks go back, changes of an hour are passed over."""
    index = Index(server)
    index.zone = ZoneInfo("Europe/Berlin")
    server.replace("GET", f"{REST}/myself", json=HUB | {"timeZone": "Europe/Berlin"})
    autumn = datetime(2025, 10, 26, 0, 10, tzinfo=UTC)
    index.add(30, autumn, timedelta(minutes=5))
    assert numbers(jira.changed(autumn)) == list(range(1, 31))


def test_long_ago_is_asked_for_in_days(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: a first poll over years finds nothing, since Jira cannot read five million minutes (2.1)."""
    index = Index(server)
    index.add(4, NOW - timedelta(days=900), timedelta(days=1))
    assert numbers(jira.changed(NOW - timedelta(days=899))) == [2, 3, 4]
    assert "updated >= -900d" in index.queries[0]


def test_an_account_without_a_time_zone_is_asked_relatively(
    server: responses.RequestsMock, jira: Connector
) -> None:
    """Broken: a site that hides the zone cannot be polled, or is asked for the wrong hours."""
    index = Index(server)
    server.replace("GET", f"{REST}/myself", json=HUB | {"timeZone": "Nowhere/At all"})
    index.add(12, START, timedelta(seconds=50))
    assert set(numbers(jira.changed(START))) == set(range(1, 13))
    assert all('updated >= "' not in query for query in index.queries)


@pytest.mark.parametrize(
    ("row", "odd"),
    [
        ({"updated": None}, "no updated"),
        ({"updated": "2001-01-01T00:00:00.000+0000"}, "older issues"),
        ({"updated": "2031-01-01T00:00:00.000+0000"}, "from the future"),
        ({"updated": "0001-01-01T00:00:00.000+1400"}, "issues.0.fields.updated"),
    ],
)
def test_a_search_that_ignores_the_query_ends(
    server: responses.RequestsMock, jira: Connector, row: dict[str, Any], odd: str
) -> None:
    """Broken: a proxy that answers every page alike keeps a worker busy for ever."""
    page = {"issues": [{"id": "1", "key": "SUP-1", "fields": row}], "nextPageToken": "t"}
    server.get(f"{REST}/search/jql", json=page)
    with pytest.raises(Rejected, match=odd):
        list(jira.changed(NOW))


@pytest.mark.parametrize("cloud", [True, False])
def test_all_issues_are_walked_in_an_order_in_which_none_moves(
    server: responses.RequestsMock, jira: Connector, cloud: bool
) -> None:
    """Broken: an edit while everything is walked, or an issue that is removed, hides another one."""
    index = Index(server, cloud=cloud, page=5)
    index.add(40, START)
    movers = iter(range(1, 30))
    index.between = lambda: index.touch(found) if (found := next(movers, 0)) else None
    assert numbers(jira.walk()) == list(range(1, 41))
    if not cloud:  # whose offsets shift when issues before them go
        victims = iter(range(1, 7))
        index.between = lambda: index.remove(next(victims, 0))
        told = numbers(jira.walk())
        assert set(told) >= set(index.rows)
        assert len(told) == len(set(told))


def test_a_walk_goes_on_when_its_token_expired(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: a migration that takes its time over a page must begin anew, or tells all issues twice."""
    index = Index(server)
    index.add(10, START)
    walk = jira.walk()
    told = [next(walk).key for _ in range(4)]
    refusal = {"errorMessages": ["The provided next page token is invalid or expired."]}
    expired = responses.Response("GET", f"{REST}/search/jql", status=400, json=refusal)
    server.remove("GET", f"{REST}/search/jql")
    server.add(expired)
    server.add_callback("GET", f"{REST}/search/jql", callback=index._answer)
    told += [hint.key for hint in walk]
    assert told == [str(10_000 + n) for n in range(1, 11)]


def test_a_walk_since_tells_what_changed_since(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: a delta run reads everything again."""
    index = Index(server)
    index.add(5, START - timedelta(days=1))
    index.add(5, START)
    assert numbers(jira.walk(START)) == [6, 7, 8, 9, 10]


@pytest.mark.parametrize("walk", ["changed", "walk"])
def test_memory_is_flat_while_walking(server: responses.RequestsMock, walk: str) -> None:
    """Broken: a sweep over a large site holds it in memory."""
    index = Index(server, page=100)
    index.add(1500, START, timedelta(seconds=3))
    jira = connect(configured())
    hints = jira.walk() if walk == "walk" else jira.changed(START)
    next(hints)
    tracemalloc.start()
    taken = sum(1 for _ in hints)
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert taken == 1499
    assert kept < 3_000_000  # what the mock remembers of its calls included


def test_a_created_issue_is_found_by_its_marker(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: after a lost answer on Data Center a second issue is created: its search tells no property."""
    server.replace("GET", f"{REST}/serverInfo", json={"deploymentType": "Server"})
    rows = [{"id": str(n), "key": f"SUP-{n}", "fields": {"description": "edited"}} for n in (1, 2)]
    server.get(f"{REST}/search", json={"issues": rows, "total": 2})
    server.get(f"{REST}/issue/1/properties/deskbridge", status=404, json={"errorMessages": ["No."]})
    server.get(f"{REST}/issue/2/properties/deskbridge", json={"value": {"token": TOKEN}})
    assert jira.find_created(TOKEN, NOW) == Ref("acme_jira", "2")
    assert jira.find_created("db1.other.one", NOW) is None
