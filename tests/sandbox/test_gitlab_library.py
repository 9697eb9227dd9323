"""A client of other people drives the sandbox's GitLab as it would the real one: python-gitlab, unchanged."""

from __future__ import annotations

from typing import Any

import pytest

from deskbridge.sandbox.gitlab.server import GitLab
from tests.sandbox import gitlab_kit

served, gitlab = gitlab_kit.served, gitlab_kit.gitlab

library = pytest.importorskip("gitlab", reason="python-gitlab is not in the dev group")


@pytest.fixture
def client(gitlab: GitLab) -> Any:
    """The library, signed in as the hub."""
    return library.Gitlab(gitlab.site.base_url, private_token=gitlab.secrets.hub)


@pytest.fixture
def project(client: Any) -> Any:
    """The project of the firmware."""
    return client.projects.get("harbour/firmware")


def test_every_way_of_paging_meets_every_issue(client: Any, project: Any) -> None:
    """Broken: iterators end early, or turn one page for ever."""
    for number in range(25):
        project.issues.create({"title": f"No {number}"})
    assert len(project.issues.list(get_all=False)) == 20
    for how in ({}, {"pagination": "keyset", "order_by": "created_at"}):
        rows = project.issues.list(iterator=True, per_page=7, **how)
        assert len({row.iid for row in rows}) == 25
    rows = project.issues.list(iterator=True, per_page=7)
    assert (rows.total, rows.total_pages, rows.current_page, rows.next_page) == (25, 4, 1, 2)
    assert len(client.issues.list(get_all=True, scope="all")) == 25
    assert len(client.groups.get("harbour").issues.list(get_all=True)) == 25


def test_conversations(project: Any) -> None:
    """Broken: threads, answers and emoji cannot be read one by one."""
    issue = project.issues.create({"title": "A pump", "description": "- [x] a\n- [ ] b"})
    thread = issue.discussions.create({"body": "Why?"})
    answer = thread.notes.create({"body": "Rust."})
    answer.body = "Rust, I think."
    answer.save()
    assert thread.notes.get(answer.id).body == "Rust, I think."
    plain = issue.notes.create({"body": "Seen."})
    plain.awardemojis.create({"name": "tada"})
    assert [one.name for one in issue.notes.get(plain.id).awardemojis.list(get_all=True)] == ["tada"]
    assert [len(one.attributes["notes"]) for one in issue.discussions.list(get_all=True)] == [2, 1]
    thread.notes.delete(answer.id)
    plain.delete()
    assert [one.body for one in issue.notes.list(get_all=True)] == ["Why?"]


def test_what_hangs_on_an_issue(project: Any) -> None:
    """Broken: links, time, events and people are found in the documentation only."""
    issue = project.issues.create({"title": "A pump", "labels": ["leak"]})
    other = project.issues.create({"title": "A hose"})
    issue.links.create({"target_project_id": project.id, "target_issue_iid": other.iid})
    (link,) = issue.links.list(get_all=True)
    assert (link.iid, link.link_type) == (other.iid, "relates_to")
    issue.links.delete(link.issue_link_id)
    assert issue.links.list(get_all=True) == []
    assert issue.add_spent_time("1h30m")["total_time_spent"] == 5400
    issue.state_event = "close"
    issue.save()
    assert [one.state for one in issue.resourcestateevents.list(get_all=True)] == ["closed"]
    assert [one.label["name"] for one in issue.resourcelabelevents.list(get_all=True)] == ["leak"]
    assert [one["name"] for one in issue.participants()] == ["deskbridge"]
    with pytest.raises(library.exceptions.GitlabSubscribeError):
        issue.subscribe()  # 304: who writes an issue is subscribed already


def test_what_belongs_to_a_project(project: Any) -> None:
    """Broken: a client that sets itself up stops at the first list."""
    assert {"dana", "lee", "guest"} < {one.username for one in project.users.list(get_all=True)}
    assert 50 in {one.access_level for one in project.members_all.list(get_all=True)}
    label = project.labels.create({"name": "neu & alt", "color": "#123456"})
    label.new_name = "neu"
    label.save()
    label.delete()
    stone = project.milestones.create({"title": "1.0", "due_date": "2027-01-01"})
    project.issues.create({"title": "A pump", "milestone_id": stone.id})
    assert [one.title for one in stone.issues(get_all=True)] == ["A pump"]
    sent = project.upload("a b.png", filedata=b"x")
    assert sent["markdown"] == f"![a_b]({sent['url']})"
    with pytest.raises(library.exceptions.GitlabCreateError) as refused:
        project.labels.create({"name": "a,b", "color": "#123456"})
    assert (refused.value.response_code, refused.value.error_message) == (400, {"title": ["is invalid"]})


def test_what_is_not_there_names_itself(project: Any) -> None:
    """Broken: a client is told that something is empty which nobody has made."""
    with pytest.raises(library.exceptions.GitlabListError, match="does not know GET") as told:
        project.branches.list()
    assert told.value.response_code == 501
