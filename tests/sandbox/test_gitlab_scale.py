"""Many issues: lists stay right while they change, a past is generated, a state comes back."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from deskbridge.sandbox.gitlab.records import Issue
from deskbridge.sandbox.gitlab.server import GitLab
from tests.sandbox import gitlab_kit
from tests.sandbox.gitlab_kit import ISSUES, PROJECT, Api, path_of

served, gitlab, ticket = gitlab_kit.served, gitlab_kit.gitlab, gitlab_kit.ticket
caller, hub, dana = gitlab_kit.caller, gitlab_kit.hub, gitlab_kit.dana
lee, guest = gitlab_kit.lee, gitlab_kit.guest


def expected(gitlab: GitLab, order: str, *, down: bool, state: str) -> list[int]:
    """Return the iids of a list, sorted from nothing."""

    def key(one: Issue) -> tuple[Any, int]:
        return getattr(one, order), one.id

    rows = [one for one in gitlab.site.projects[101].issues.values() if state in ("all", one.state)]
    return [one.iid for one in sorted(rows, key=key, reverse=down)]


def test_lists_follow_every_change(gitlab: GitLab, hub: Api, lee: Api) -> None:
    """A page that is kept sorted must never differ from one that is sorted anew."""
    rng = random.Random(5)
    gitlab.acts["generate"](count=60, seed=3, notes=1)
    for turn in range(60):
        iid = rng.choice(list(gitlab.site.projects[101].issues))
        path = f"{ISSUES}/{iid}"
        match rng.randrange(5):
            case 0:
                hub.put(path, state_event=rng.choice(("close", "reopen")))
            case 1:
                gitlab.site.world.clock.advance(61)
                hub.post(f"{path}/notes", body="x")
            case 2:
                hub.issue(f"new {turn}")
            case 3:
                assert lee("DELETE", path).status_code == 204
            case _:
                lee.put(path, title=f"t{turn}", updated_at="2021-05-06T07:08:09Z")
        for order, state in (("updated_at", "all"), ("created_at", "opened"), ("title", "closed")):
            if turn % 5 and order == "title":
                continue
            down = bool(turn % 2)
            wanted = expected(gitlab, order, down=down, state=state)
            sort = "desc" if down else "asc"
            got = hub.get(ISSUES, order_by=order, sort=sort, state=state, per_page=100)
            if order != "title":  # which sorts by lower case
                assert [one["iid"] for one in got] == wanted, (turn, order)
            assert len(got) == len(wanted)


def test_a_range_is_the_same_in_any_order(gitlab: GitLab, hub: Api) -> None:
    """A poll by `updated_after` finds the same issues however it sorts them."""
    gitlab.acts["generate"](count=120, seed=1, notes=0)
    rows = sorted(gitlab.site.projects[101].issues.values(), key=lambda one: one.updated_at)
    edge = rows[40].updated_at
    wanted = {one.iid for one in rows if one.updated_at >= edge}
    for order in ("updated_at", "created_at", "title"):
        got = hub.get(ISSUES, updated_after=edge.isoformat(), order_by=order, per_page=100)
        assert {one["iid"] for one in got} == wanted, order


def test_a_cursor_walk_skips_no_issue_that_stays(gitlab: GitLab, hub: Api) -> None:
    """Issues that move to the end while walked are read again, the others once each."""
    gitlab.acts["generate"](count=50, seed=2, notes=0)
    seen: list[int] = []
    params = {"pagination": "keyset", "order_by": "updated_at", "sort": "asc", "per_page": "10"}
    answer = hub("GET", ISSUES, params=params)
    moved = {one["iid"] for one in answer.json()[:3]}
    while True:
        seen += [one["iid"] for one in answer.json()]
        for iid in moved & set(seen[:10]):
            hub.put(f"{ISSUES}/{iid}", title="moved")
        moved = set()
        if "next" not in answer.links:
            break
        answer = hub._session.get(answer.links["next"]["url"], timeout=10)
    assert set(seen) == set(gitlab.site.projects[101].issues)
    assert len(seen) == 53


def test_a_generated_past_is_like_a_real_one(gitlab: GitLab, hub: Api) -> None:
    """Importers break on what it holds: equal times, empty and huge texts, many languages."""
    first = gitlab.acts["generate"](count=300, seed=7)
    assert first == {"count": 300, "first_iid": 1, "last_iid": 300}
    rows = list(gitlab.site.projects[101].issues.values())
    texts = [one.description for one in rows]
    assert None in texts
    assert max(len(text or "") for text in texts) > 50_000
    assert len({one.created_at for one in rows}) < 0.8 * len(rows)
    assert {one.kind for one in rows} == {"issue", "incident"}
    assert {one.author.kind for one in rows} >= {"human", "ghost"}
    assert sum(one.comments for one in rows) > 900
    assert gitlab.site.uploads
    gitlab.reset()
    gitlab.acts["generate"](count=300, seed=7)
    assert [one.description for one in gitlab.site.projects[101].issues.values()][:50] == [
        one if one is None or "/uploads/" not in one else again.description
        for one, again in zip(texts[:50], gitlab.site.projects[101].issues.values(), strict=False)
    ]
    with pytest.raises(ValueError, match="at most"):
        gitlab.acts["generate"](count=1_000_000)


def test_a_state_comes_back(gitlab: GitLab, hub: Api, dana: Api, ticket: Any) -> None:
    """Everything that a call can see is as it was, and what is made later does not clash."""
    gitlab.acts["configure"](tier="free")
    gitlab.acts["generate"](count=30, seed=1)
    issue = dana.issue(labels="type::bug", assignee_ids=[11])
    other = hub.issue(description=f"see #{issue['iid']}")
    hub.post(f"{path_of(issue)}/links", target_project_id=101, target_issue_iid=other["iid"])
    hub.post(f"{path_of(issue)}/award_emoji", name="tada")
    hub.post(f"{PROJECT}/hooks", url="http://127.0.0.1:9/x", token="t")
    hub.post(f"{PROJECT}/milestones", title="v1")
    hub.post(f"{PROJECT}/boards", name="B")
    parts = ("", "/notes", "/links", "/discussions", "/award_emoji", "/resource_label_events")
    reads = [ISSUES, path_of(ticket), *(f"{path_of(issue)}{part}" for part in parts)]
    reads += [f"{PROJECT}/{part}" for part in ("hooks", "boards", "uploads", "milestones", "labels")]
    before = [hub.get(path) for path in reads]
    state = gitlab.dump()
    state = json.loads(json.dumps({**state, "rows": list(state["rows"])}))
    gitlab.acts["configure"](tier="premium")
    gitlab.reset()
    assert hub.get(ISSUES) == []
    gitlab.restore(state)
    assert gitlab.switches.tier == "free"
    assert [hub.get(path) for path in reads] == before
    assert hub.issue()["id"] > other["id"]
    with pytest.raises(ValueError, match="no state"):
        gitlab.restore({"switches": {}, "rows": [["Nothing", 0]], "roots": {}})
