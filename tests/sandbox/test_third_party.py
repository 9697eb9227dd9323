"""Clients that other people wrote work against the sandbox as they are."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import gitlab
import jira
import pytest
import requests

from deskbridge.sandbox.run import Sandbox

KIM = "kim@lantern.example"


@pytest.fixture(scope="module")
def cloud() -> Iterator[Sandbox]:
    """The three tools as they are rented, with their limits."""
    with Sandbox.running(seed=11) as running:
        yield running


@pytest.fixture(scope="module")
def data_center() -> Iterator[Sandbox]:
    """The same with a Jira of one's own."""
    with Sandbox.running(seed=11, deployment="dc") as running:
        yield running


def control(sandbox: Sandbox, path: str, **body: Any) -> Any:
    """Use the sandbox's own API."""
    answer = requests.post(f"{sandbox.control_url}/{path}", json=body, timeout=10)
    assert answer.status_code == 200, answer.text
    return answer.json()


# --- the library `jira` ---------------------------------------------------------------------------


@pytest.fixture(params=["cloud", "data_center"])
def tracker(request: pytest.FixtureRequest) -> tuple[Sandbox, jira.JIRA]:
    """Jira, and the library as its documentation says to start it: a token by mail address or alone."""
    sandbox: Sandbox = request.getfixturevalue(request.param)
    control(sandbox, "reset")
    env = sandbox.environment()
    if request.param == "cloud":
        return sandbox, jira.JIRA(env["JIRA_URL"], basic_auth=(env["JIRA_EMAIL"], env["JIRA_TOKEN"]))
    return sandbox, jira.JIRA(env["JIRA_URL"], token_auth=env["JIRA_TOKEN"])


Tracker = tuple[Sandbox, jira.JIRA]


def needed_for_a_task(client: jira.JIRA) -> set[str]:
    """Return what a form for tasks must fill in; the library asks the two kinds of Jira differently."""
    if client._is_cloud:
        meta = client.createmeta("SUP", issuetypeNames="Task", expand="projects.issuetypes.fields")
        fields = meta["projects"][0]["issuetypes"][0]["fields"]
        return {name for name, field in fields.items() if field["required"]}
    kinds = {kind.name: kind.id for kind in client.project_issue_types("SUP")}
    return {field.fieldId for field in client.project_issue_fields("SUP", kinds["Task"]) if field.required}


class TestJira:
    def test_the_life_of_an_issue(self, tracker: Tracker) -> None:
        """A script that keeps an issue from its creation to its end would break on the sandbox alone."""
        _, client = tracker
        issue = client.create_issue(
            project="SUP", issuetype={"name": "Task"}, summary="Printer", description="It *smokes*"
        )
        assert (issue.fields.summary, issue.fields.status.name) == ("Printer", "To Do")
        assert (issue.fields.project.key, issue.fields.description) == ("SUP", "It *smokes*")

        issue.update(summary="Printer burns", labels=[{"add": "fire"}])
        issue.add_field_value("labels", "hot")
        assert (issue.fields.summary, issue.fields.labels) == ("Printer burns", ["fire", "hot"])

        comment = client.add_comment(issue, "Which model?")
        comment.update(body="Which model is it?")
        assert [one.body for one in client.comments(issue)] == ["Which model is it?"]
        assert client.comment(issue, comment.id).author.displayName == client.myself()["displayName"]

        file = client.add_attachment(issue, BytesIO(b"smoke\n"), "log.txt")
        assert client.attachment(file.id).get() == b"smoke\n"  # type: ignore[no-untyped-call]
        assert [one.filename for one in client.issue(issue.key).fields.attachment] == ["log.txt"]

        names = {one["name"] for one in client.transitions(issue)}
        assert "Done" in names
        client.transition_issue(issue, "Done")
        issue = client.issue(issue.key, expand="changelog")
        assert (issue.fields.status.name, str(issue.fields.resolution)) == ("Done", "Done")
        moves = [i for h in issue.changelog.histories for i in h.items if i.field == "status"]
        assert [(one.fromString, one.toString) for one in moves] == [("To Do", "Done")]

        comment.delete()
        assert client.comments(issue) == []
        issue.delete()  # type: ignore[no-untyped-call]
        with pytest.raises(jira.JIRAError) as gone:
            client.issue(issue.key)
        assert gone.value.status_code == 404

    def test_what_hangs_on_an_issue(self, tracker: Tracker) -> None:
        """Links, people, time and properties would be lost by a script that moves issues."""
        _, client = tracker
        one, other = (client.create_issue(project="SUP", issuetype="Task", summary=s) for s in "ab")
        client.create_issue_link("Blocks", one, other)
        (link,) = client.issue(one.key).fields.issuelinks
        assert (link.type.name, link.outwardIssue.key) == ("Blocks", other.key)
        client.add_simple_link(one.key, {"url": "https://desk.example/1", "title": "#1"})
        assert [far.object.title for far in client.remote_links(one)] == ["#1"]

        client.add_worklog(one, timeSpent="1h 30m", comment="looked")
        assert [(w.timeSpentSeconds, w.timeSpent) for w in client.worklogs(one)] == [(5400, "1h 30m")]
        me = client.myself()["displayName"]
        assert client.assign_issue(one, me)
        client.add_watcher(one.key, me)
        assert [watcher.displayName for watcher in client.watchers(one).watchers] == [me]
        assert str(client.issue(one.key).fields.assignee) == me
        client.add_issue_property(one.key, "hub", {"n": 1})
        assert client.issue_property(one.key, "hub").raw["value"] == {"n": 1}

    def test_everything_is_paged_through(self, tracker: Tracker) -> None:
        """A search would stop at its first page, or read an issue twice."""
        sandbox, client = tracker
        field = {"project": "SUP", "issuetype": {"name": "Bug"}}
        made = client.create_issues([field | {"summary": f"n{n}", "labels": ["many"]} for n in range(7)])
        keys = [row["issue"].key for row in made]
        assert [row["status"] for row in made] == ["Success"] * 7
        control(sandbox, "clock", advance=60)  # the index is behind
        jql = "labels = many ORDER BY key ASC"
        assert [i.key for i in client.search_issues(jql, maxResults=False, fields="summary")] == keys

        if client._is_cloud:
            first = client.enhanced_search_issues(jql, maxResults=4, fields=["summary"])
            rest = client.enhanced_search_issues(jql, nextPageToken=first.nextPageToken, maxResults=4)
            assert client.approximate_issue_count("labels = many") == 7
        else:
            first = client.search_issues(jql, maxResults=4)
            rest = client.search_issues(jql, startAt=4, maxResults=4)
            assert (first.total, first.isLast) == (7, False)
        assert ([i.key for i in first], [i.key for i in rest]) == (keys[:4], keys[4:])

    def test_a_look_around(self, tracker: Tracker) -> None:
        """A client that fills its menus at the start would not come up."""
        _, client = tracker
        assert client.server_info()["deploymentType"] == ("Cloud" if client._is_cloud else "Server")
        assert "SUP" in {one.key for one in client.projects()}
        assert "customfield_10040" in {one["id"] for one in client.fields()}
        assert {"High", "Low"} <= {one.name for one in client.priorities()}
        assert {"To Do", "Done"} <= {one.name for one in client.statuses()}
        assert "Blocks" in {one.name for one in client.issue_link_types()}
        assert "summary" in needed_for_a_task(client)
        part = client.create_component("Printers", "SUP")
        issue = client.create_issue(
            project="SUP", issuetype="Task", summary="s", components=[{"id": part.id}]
        )
        assert [one.name for one in issue.fields.components] == ["Printers"]
        assert part.id in {one.id for one in client.project_components("SUP")}

    def test_refusals_reach_the_caller(self, tracker: Tracker) -> None:
        """A script would go on after a refusal, or not be able to say what was wrong."""
        _, client = tracker
        with pytest.raises(jira.JIRAError, match="summary") as refused:
            client.create_issue(project="SUP", issuetype="Task", summary="")
        assert refused.value.status_code == 400
        wrong = (
            {"basic_auth": ("hub@harbour.example", "wrong")} if client._is_cloud else {"token_auth": "wrong"}
        )
        with pytest.raises(jira.JIRAError) as stranger:
            jira.JIRA(client.server_url, **wrong, max_retries=0).myself()
        assert stranger.value.status_code == 401


# --- python-gitlab --------------------------------------------------------------------------------


@pytest.fixture
def forge(cloud: Sandbox) -> gitlab.Gitlab:
    """The library, started as its documentation says."""
    control(cloud, "reset")
    env = cloud.environment()
    client = gitlab.Gitlab(env["GITLAB_URL"], private_token=env["GITLAB_TOKEN"])
    client.auth()
    return client


class TestGitLab:
    def test_the_life_of_an_issue(self, forge: gitlab.Gitlab, cloud: Sandbox) -> None:
        """A script that keeps an issue from its creation to its end would break on the sandbox alone."""
        project = forge.projects.get(cloud.environment()["GITLAB_PROJECT"])
        issue = project.issues.create({"title": "Printer", "description": "It smokes", "labels": ["fire"]})
        assert forge.user
        assert (issue.state, issue.labels, issue.author["id"]) == ("opened", ["fire"], forge.user.id)

        note = issue.notes.create({"body": "Which model?"})
        note.body = "Which model is it?"
        note.save()
        issue.notes.create({"body": "for us", "internal": True})
        texts = {one.body: one.internal for one in issue.notes.list(get_all=True) if not one.system}
        assert texts == {"Which model is it?": False, "for us": True}

        file = project.upload("log.txt", filedata=b"smoke\n")
        issue.description += f"\n\n{file['markdown']}"
        issue.labels = [*issue.labels, "hot"]
        issue.save()
        assert file["url"] in project.issues.get(issue.iid).description
        issue.time_estimate("2h")
        issue.add_spent_time("30m")
        assert project.issues.get(issue.iid).time_stats()["total_time_spent"] == 1800

        issue.state_event = "close"
        issue.save()
        read = project.issues.get(issue.iid)
        assert (read.state, set(read.labels)) == ("closed", {"fire", "hot"})
        assert [event.state for event in read.resourcestateevents.list(get_all=True)] == ["closed"]
        added = {event.label["name"] for event in read.resourcelabelevents.list(get_all=True)}
        assert {"fire", "hot"} <= added

        note.delete()
        assert "Which model is it?" not in {one.body for one in issue.notes.list(get_all=True)}
        with pytest.raises(gitlab.GitlabDeleteError) as refused:
            issue.delete()  # the hub is no owner
        assert refused.value.response_code == 403

    def test_what_hangs_on_an_issue(self, forge: gitlab.Gitlab, cloud: Sandbox) -> None:
        """Threads, links, emoji, people and plans would be lost by a script that moves issues."""
        env = cloud.environment()
        project, desk = (forge.projects.get(env[name]) for name in ("GITLAB_PROJECT", "GITLAB_PROJECT2"))
        issue, other = project.issues.create({"title": "a"}), desk.issues.create({"title": "b"})
        thread = issue.discussions.create({"body": "Why?"})
        thread.notes.create({"body": "Because."})
        (read,) = issue.discussions.list(get_all=True)
        assert [note["body"] for note in read.attributes["notes"]] == ["Why?", "Because."]

        issue.links.create({"target_project_id": desk.id, "target_issue_iid": other.iid})
        assert [link.title for link in issue.links.list(get_all=True)] == ["b"]
        issue.awardemojis.create({"name": "thumbsup"})
        assert [one.name for one in issue.awardemojis.list(get_all=True)] == ["thumbsup"]
        milestone = project.milestones.create({"title": "May", "due_date": "2030-05-31"})
        dana = next(m for m in project.members_all.list(get_all=True) if m.username == "dana")
        issue.milestone_id, issue.assignee_ids = milestone.id, [dana.id]
        issue.save()
        assert [one.iid for one in milestone.issues()] == [issue.iid]
        assert {"dana", issue.author["username"]} == {one["username"] for one in issue.participants()}

    def test_everything_is_paged_through(self, forge: gitlab.Gitlab, cloud: Sandbox) -> None:
        """A list would stop at its first page, or a filter would let everything through."""
        project = forge.projects.get(cloud.environment()["GITLAB_PROJECT"])
        for number in range(7):
            project.issues.create({"title": f"n{number}", "labels": "odd" if number % 2 else "even"})
        pages = project.issues.list(iterator=True, per_page=3, sort="asc", order_by="created_at")
        assert (pages.total, pages.total_pages) == (7, 3)
        assert [one.title for one in pages] == [f"n{n}" for n in range(7)]
        cursor = project.issues.list(iterator=True, pagination="keyset", order_by="created_at", per_page=3)
        assert [one.title for one in cursor] == [f"n{n}" for n in reversed(range(7))]
        assert {one.title for one in project.issues.list(get_all=True, labels=["odd"])} == {"n1", "n3", "n5"}
        assert [one.title for one in project.issues.list(get_all=True, search="n4")] == ["n4"]
        group = forge.groups.get(cloud.environment()["GITLAB_GROUP"])
        assert len(group.issues.list(get_all=True, scope="all")) == 7

    def test_a_board_is_made(self, forge: gitlab.Gitlab, cloud: Sandbox) -> None:
        """A customer's board could not be tried out before it is made for real."""
        project = forge.projects.get(cloud.environment()["GITLAB_PROJECT"])
        label = project.labels.create({"name": "customer::lantern", "color": "#0055aa"})
        board = project.boards.create({"name": "Lantern"})
        board.lists.create({"label_id": label.id})
        (column,) = project.boards.get(board.id).lists.list(get_all=True)
        assert column.label["name"] == "customer::lantern"

    def test_refusals_reach_the_caller(self, forge: gitlab.Gitlab, cloud: Sandbox) -> None:
        """A script would go on after a refusal, or not be able to say what was wrong."""
        project = forge.projects.get(cloud.environment()["GITLAB_PROJECT"])
        with pytest.raises(gitlab.GitlabCreateError, match="can't be blank"):
            project.issues.create({"title": ""})
        with pytest.raises(gitlab.GitlabGetError) as missing:
            project.issues.get(999)
        assert missing.value.response_code == 404
        with pytest.raises(gitlab.GitlabAuthenticationError):
            gitlab.Gitlab(forge.url, private_token="glpat-wrong").auth()


# --- a plain importer of Freshdesk ----------------------------------------------------------------


class Importer:
    """Reads an account as a migration does: what Freshdesk's pages say, and `requests`."""

    def __init__(self, sandbox: Sandbox) -> None:
        env = sandbox.environment()
        self._sandbox, self._base = sandbox, env["FRESHDESK_URL"] + "/api/v2/"
        self._session = requests.Session()
        self._session.auth = (env["FRESHDESK_API_KEY"], "X")
        self.waited, self.windows, self.left = 0, 0, list[int]()

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        """Call, and wait as long as a refusal says; the waiting is done by the sandbox's clock."""
        while True:
            answer = self._session.request(method, self._base + path, timeout=10, **options)
            if answer.status_code != 429:
                self.left.append(int(answer.headers["X-Ratelimit-Remaining"]))
                return answer
            self.waited += 1
            control(self._sandbox, "clock", advance=int(answer.headers["Retry-After"]))

    def pages(self, path: str, **query: Any) -> Iterator[list[dict[str, Any]]]:
        """Yield pages as long as a Link says that there is another, up to the last that is allowed."""
        for page in range(1, 301):
            answer = self.call("GET", path, params=query | {"page": page})
            assert answer.status_code == 200, answer.text
            yield answer.json()
            if "next" not in answer.links:
                return

    def tickets(self, **query: Any) -> set[int]:
        """Read a list of tickets by windows of 300 pages, each of which begins where the last one ended."""
        found: set[int] = set()
        since, size = "2010-01-01T00:00:00Z", -1
        while size < len(found):
            size, self.windows = len(found), self.windows + 1
            order = {"order_by": "updated_at", "order_type": "asc", "updated_since": since}
            for rows in self.pages("tickets", **order, **query):
                found |= {row["id"] for row in rows}
                since = max([since, *(row["updated_at"] for row in rows)])
        return found


@pytest.fixture
def importer(cloud: Sandbox) -> Importer:
    """Somebody who moves an account, with a minute's credits."""
    control(cloud, "reset")
    control(cloud, "clock", advance=60)
    return Importer(cloud)


class TestFreshdesk:
    def test_an_account_beyond_the_last_page_is_read_whole(self, importer: Importer, cloud: Sandbox) -> None:
        """An importer would lose what lies behind page 300, or give up at the first 429."""
        control(cloud, "act/freshdesk/generate", count=650, comments=0, archived=0)
        refused = importer.call("GET", "tickets", params={"page": 301})
        assert refused.status_code == 400
        found = importer.tickets(per_page=2)
        assert (importer.windows, importer.waited) >= (2, 1)
        apart = [importer.tickets(filter=name, per_page=100) for name in ("spam", "deleted")]
        assert len(found) + sum(map(len, apart)) == 650
        assert found.union(*apart) == set(range(1, 651))
        assert len(set(importer.left)) > 100  # each answer tells what is left of the minute

    def test_a_ticket_is_moved_with_everything(self, importer: Importer, cloud: Sandbox) -> None:
        """An importer could not be tried out: what it writes would not be what it reads."""
        files = [("attachments[]", ("log.txt", b"smoke\n", "text/plain"))]
        form = {
            "email": KIM,
            "subject": "Printer",
            "description": "It smokes",
            "status": "2",
            "priority": "1",
        }
        made = importer.call("POST", "tickets", data=form, files=files)
        assert made.status_code == 201
        assert made.headers["Location"].endswith(f"/tickets/{made.json()['id']}")
        path = f"tickets/{made.json()['id']}"
        for number in range(32):
            assert importer.call("POST", f"{path}/notes", json={"body": f"n{number}"}).status_code == 201
        assert importer.call("POST", f"{path}/reply", json={"body": "Which model?"}).status_code == 201

        whole = importer.call("GET", path, params={"include": "requester,stats"}).json()
        assert (whole["requester"]["email"], whole["subject"]) == (KIM, "Printer")
        (file,) = whole["attachments"]
        assert requests.get(file["attachment_url"], timeout=10).content == b"smoke\n"
        spoken = [row for rows in importer.pages(f"{path}/conversations", per_page=30) for row in rows]
        assert [row["body_text"] for row in spoken] == [*(f"n{n}" for n in range(32)), "Which model?"]
        assert [row["private"] for row in spoken] == [True] * 32 + [False]

        assert importer.call("PUT", path, json={"status": 4, "tags": ["moved"]}).json()["tags"] == ["moved"]
        control(cloud, "clock", advance=120)  # the search is behind
        query = {"query": "\"status:4 AND tag:'moved'\""}
        assert importer.call("GET", "search/tickets", params=query).json()["total"] == 1
        assert importer.call("DELETE", path).status_code == 204
        assert importer.call("GET", path).json()["deleted"] is True
        assert [row for rows in importer.pages("tickets") for row in rows] == []

    def test_people_and_form_are_read_first(self, importer: Importer) -> None:
        """An importer would not know whose tickets it moves, and what their fields are called."""
        people = {row["email"]: row for rows in importer.pages("contacts", per_page=2) for row in rows}
        assert people[KIM]["name"] == "Kim Park"
        companies = {row["id"]: row["name"] for rows in importer.pages("companies") for row in rows}
        assert people[KIM]["company_id"] in companies
        names = {row["name"] for row in importer.call("GET", "ticket_fields").json()}
        assert {"status", "priority", "subject", "requester"} <= names
        assert [row["contact"]["email"] for rows in importer.pages("agents") for row in rows]
