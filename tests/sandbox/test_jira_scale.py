"""Many issues: walked, counted, changed meanwhile, written down and read again (reference, 2.1)."""

from __future__ import annotations

import json
import time

from deskbridge.sandbox.jira.server import Jira
from tests.sandbox import jira_kit
from tests.sandbox.jira_kit import Running

served, site = jira_kit.served, jira_kit.site
served_dc, dc = jira_kit.served_dc, jira_kit.dc


def walk(site: Running, jql: str, size: int = 100) -> list[str]:
    """Return all keys that a search finds, page by page."""
    found: list[str] = []
    token = None
    while True:
        page = site.hub.search(jql, fields="key", maxResults=size, nextPageToken=token)
        found += [row["key"] for row in page["issues"]]
        token = page.get("nextPageToken")
        if token is None:
            return found


class TestGenerated:
    def test_repeats_by_seed(self, site: Running) -> None:
        """A run can be compared with another one."""
        site.act("generate", count=200, seed=3, comments=2)
        first = site.hub.get("issue/SUP-7")["fields"]["description"]
        site.server.reset()
        site.act("generate", count=200, seed=3, comments=2)
        assert site.hub.get("issue/SUP-7")["fields"]["description"] == first
        assert site.hub.get("issue/SUP-7/comment")["total"] == 2

    def test_rows_share_seconds(self, site: Running) -> None:
        """Bunches of twenty were updated in one second: more than one can tell apart by time."""
        site.act("generate", count=60, comments=0)
        rows = site.hub.search("project = SUP", fields="updated", maxResults=100)["issues"]
        assert len({row["fields"]["updated"] for row in rows}) == 3

    def test_the_latest_cost_little(self, site: Running) -> None:
        """An idle poll looks at what changed, not at everything."""
        site.act("generate", count=20_000, comments=0)
        site.hub.put("issue/SUP-5", {"fields": {"labels": ["new"]}})
        jql = "project = SUP AND updated >= -10m ORDER BY updated DESC"
        start = time.perf_counter()
        assert [site.hub.keys(jql) for _ in range(20)] == [["SUP-5"]] * 20
        assert time.perf_counter() - start < 1.0

    def test_pages_are_not_searched_anew(self, site: Running) -> None:
        """Two hundred pages take no two hundred searches."""
        site.act("generate", count=20_000, comments=0)
        start = time.perf_counter()
        assert len(set(walk(site, "project = SUP ORDER BY updated ASC"))) == 20_000
        assert time.perf_counter() - start < 8.0

    def test_a_poll_that_asks_anew_each_time_costs_its_page(self, site: Running) -> None:
        """Whoever believes first pages only, as rows move, sorts no 20,000 issues for each hundred."""
        site.act("generate", count=20_000, comments=0)
        jql, spent = 'project = SUP AND updated >= "2000-01-01"', []
        for order in ("updated ASC, key ASC", "created ASC, key ASC"):
            start = time.perf_counter()
            assert len({tuple(site.hub.keys(f"{jql} ORDER BY {order}")) for _ in range(10)}) == 1
            spent.append(time.perf_counter() - start)
        assert spent[0] < spent[1] / 2


class TestMovingRows:
    def test_rows_far_behind_the_page_move_as_well(self, site: Running) -> None:
        """What has not been looked at yet may change, leave or come: each is met where it then stands."""
        site.act("generate", count=900, comments=0)
        jql = "project = SUP AND labels = generated ORDER BY updated ASC, key ASC"
        first = site.hub.search(jql, fields="key", maxResults=50)
        everything = walk(site, jql)
        moved, left, gone = everything[700], everything[701], everything[702]
        site.hub.put(f"issue/{moved}", {"fields": {"labels": ["generated", "moved"]}})
        site.hub.put(f"issue/{left}", {"fields": {"labels": ["other"]}})
        site.hub.delete(f"issue/{gone}")
        keys, token = [row["key"] for row in first["issues"]], first["nextPageToken"]
        while token:
            page = site.hub.search(jql, fields="key", maxResults=50, nextPageToken=token)
            keys += [row["key"] for row in page["issues"]]
            token = page.get("nextPageToken")
        assert keys == [key for key in everything if key not in (moved, left, gone)] + [moved]

    def test_what_moves_on_comes_again(self, site: Running) -> None:
        """By oldest change first, a changed issue is met twice and none is missed."""
        site.act("generate", count=30, comments=0)
        jql = "project = SUP ORDER BY updated ASC"
        first = site.hub.search(jql, fields="key", maxResults=10)
        moved = first["issues"][0]["key"]
        site.hub.put(f"issue/{moved}", {"fields": {"labels": ["moved"]}})
        rest, token = [], first["nextPageToken"]
        while token:
            page = site.hub.search(jql, fields="key", maxResults=10, nextPageToken=token)
            rest += [row["key"] for row in page["issues"]]
            token = page.get("nextPageToken")
        assert (len(rest), rest[-1]) == (21, moved)

    def test_what_moves_to_the_front_is_missed(self, site: Running) -> None:
        """By newest change first, an issue not met yet slips past the walk."""
        site.act("generate", count=30, comments=0)
        jql = "project = SUP ORDER BY updated DESC"
        first = site.hub.search(jql, fields="key", maxResults=10)
        last = walk(site, jql)[-1]
        site.hub.put(f"issue/{last}", {"fields": {"labels": ["moved"]}})
        rest, token = [], first["nextPageToken"]
        while token:
            page = site.hub.search(jql, fields="key", maxResults=10, nextPageToken=token)
            rest += [row["key"] for row in page["issues"]]
            token = page.get("nextPageToken")
        assert (len(rest), last in rest) == (19, False)

    def test_a_token_can_be_used_again(self, site: Running) -> None:
        """A page whose answer was lost is asked for once more and is the same."""
        site.act("generate", count=30, comments=0)
        first = site.hub.search("project = SUP", fields="key", maxResults=10)
        asked = {"fields": "key", "maxResults": 10, "nextPageToken": first["nextPageToken"]}
        pages = [site.hub.search("project = SUP", **asked)["issues"] for _ in range(2)]
        assert pages[0] == pages[1] != first["issues"]

    def test_a_forgotten_search_goes_on(self, site: Running) -> None:
        """After many others a token still leads on from where it was."""
        site.act("generate", count=30, comments=0)
        first = site.hub.search("project = SUP", fields="key", maxResults=10)
        for _ in range(40):
            site.hub.search("project = SUP", fields="key", maxResults=1)
        more = site.hub.search(
            "project = SUP", fields="key", maxResults=30, nextPageToken=first["nextPageToken"]
        )
        assert len(more["issues"]) == 20
        assert not {row["key"] for row in more["issues"]} & {row["key"] for row in first["issues"]}

    def test_deleted_rows_shift_nothing(self, site: Running) -> None:
        """By tokens no issue is skipped when others go; by offset one is."""
        site.act("generate", count=20, comments=0)
        first = site.hub.search("project = SUP ORDER BY key ASC", fields="key", maxResults=10)
        for row in first["issues"][:3]:
            site.hub.delete(f"issue/{row['key']}")
        asked = {"fields": "key", "maxResults": 20, "nextPageToken": first["nextPageToken"]}
        assert len(site.hub.search("project = SUP ORDER BY key ASC", **asked)["issues"]) == 10

    def test_offsets_do_shift(self, dc: Running) -> None:
        """On Data Center the same walk misses three."""
        dc.act("generate", count=20, comments=0)
        query = {"jql": "project = SUP ORDER BY key ASC", "fields": "key", "maxResults": 10}
        first = dc.hub.get("search", startAt=0, **query)["issues"]
        for row in first[:3]:
            dc.hub.delete(f"issue/{row['key']}")
        assert len(dc.hub.get("search", startAt=10, **query)["issues"]) == 7


class TestIndex:
    def test_what_was_seen_may_vanish_a_while(self, site: Running) -> None:
        """The index is not monotonic: read by id, or be patient."""
        site.switch("index_lag", 10.0)
        site.switch("index_flicker", 5.0)
        key = site.hub.issue()
        seen = []
        for wait in (0.001, 11, 5, 6):
            site.world.clock.advance(wait)
            seen.append(site.hub.keys("project = SUP"))
        assert seen == [[], [key], [], [key]]
        assert site.hub.get(f"issue/{key}")["key"] == key

    def test_reconciling_sees_through_both(self, site: Running) -> None:
        """The same ids on every page."""
        site.switch("index_lag", 60.0)
        keys = [site.hub.issue() for _ in range(2)]
        asked = {"fields": "key", "maxResults": 1, "reconcileIssues": "10000,10001"}
        first = site.hub.search("project = SUP ORDER BY key", **asked)
        second = site.hub.search("project = SUP ORDER BY key", nextPageToken=first["nextPageToken"], **asked)
        assert [row["key"] for page in (first, second) for row in page["issues"]] == keys

    def test_open_searches_notice_what_the_index_learns(self, site: Running) -> None:
        """A page asked for after the lag shows what the first one could not."""
        site.act("generate", count=3, comments=0)
        site.switch("index_lag", 5.0)
        site.hub.issue()
        first = site.hub.search("project = SUP ORDER BY key ASC", fields="key", maxResults=2)
        site.world.clock.advance(6)
        asked = {"fields": "key", "maxResults": 5, "nextPageToken": first["nextPageToken"]}
        page = site.hub.search("project = SUP ORDER BY key ASC", **asked)
        assert [row["key"] for row in page["issues"]] == ["SUP-3", "SUP-4"]


class TestSnapshot:
    def test_there_and_back(self, site: Running) -> None:
        """Everything a client saw before is there afterwards, and ids go on where they were."""
        key = site.hub.issue(labels=["a"], customfield_10041={"id": "10020"})
        other = site.hub.issue()
        site.hub.post(f"issue/{key}/comment", {"body": "x", "properties": [{"key": "p", "value": 1}]})
        site.hub.upload(key, "a.txt", b"hello")
        link = {"type": {"name": "Blocks"}, "inwardIssue": {"key": key}, "outwardIssue": {"key": other}}
        site.hub.post("issueLink", link)
        remote = {"globalId": "desk=1", "object": {"url": "https://desk.example/1", "title": "#1"}}
        site.hub.post(f"issue/{key}/remotelink", remote)
        site.act("customer_request", email="ada@lantern.example", request_type="Get help", summary="s")
        before = [site.hub.get(f"issue/{one}") for one in (key, other, "HELP-1")]
        state = kept(site.server)
        folder = site.server._site.files
        saved = {path.name: path.read_bytes() for path in folder.iterdir()}
        site.server.reset()
        folder.mkdir()
        for name, data in saved.items():
            (folder / name).write_bytes(data)
        site.server.restore(json.loads(json.dumps(state)))
        assert [site.hub.get(f"issue/{one}") for one in (key, other, "HELP-1")] == before
        assert site.hub.keys('issue in issuesWithRemoteLinksByGlobalId("desk=1")') == [key]
        file = before[0]["fields"]["attachment"][0]["id"]
        assert site.hub.call("GET", f"attachment/content/{file}?redirect=false").content == b"hello"
        assert site.hub.issue() == "SUP-3"


def kept(server: Jira) -> jira_kit.Json:
    """Return a server's state with its rows read out."""
    state = server.dump()
    return {**state, "issues": list(state["issues"])}
