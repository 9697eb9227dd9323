"""The GraphQL of the sandbox's GitLab: what REST does not tell, and how its errors look."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from deskbridge.sandbox.gitlab.graphql import Wrong, parse
from deskbridge.sandbox.gitlab.server import GitLab
from tests.sandbox import gitlab_kit
from tests.sandbox.gitlab_kit import DESK, Api, path_of

served, gitlab, ticket = gitlab_kit.served, gitlab_kit.gitlab, gitlab_kit.ticket
caller, hub, dana = gitlab_kit.caller, gitlab_kit.hub, gitlab_kit.dana
lee, guest = gitlab_kit.lee, gitlab_kit.guest

NO_RESOURCE = "The resource that you are attempting to access does not exist"


class Asker:
    """Sends queries with one token."""

    def __init__(self, gitlab: GitLab, who: str) -> None:
        self._url = gitlab.site.base_url + "/api/graphql"
        self._headers = {"Authorization": f"Bearer {getattr(gitlab.secrets, who)}"}

    def __call__(self, query: str, **variables: Any) -> Any:
        body = {"query": query, "variables": variables}
        answer = requests.post(self._url, json=body, headers=self._headers, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def error(self, query: str, **variables: Any) -> Any:
        (error,) = self(query, **variables)["errors"]
        return error


@pytest.fixture
def ask(gitlab: GitLab) -> Asker:
    """Return somebody who asks as the hub."""
    return Asker(gitlab, "hub")


@pytest.mark.parametrize("revoked", [False, True])
def test_a_token_that_does_not_stand_is_refused_its_own_way(gitlab: GitLab, *, revoked: bool) -> None:
    """A client that reads a refusal as REST words it finds nothing in this one."""
    token = gitlab.secrets.hub if revoked else "glpat-nobody"
    gitlab.site.tokens[gitlab.secrets.hub].revoked = revoked
    answer = requests.post(
        f"{gitlab.site.base_url}/api/graphql",
        json={"query": "{ currentUser { username } }"},
        headers={"PRIVATE-TOKEN": token},
        timeout=10,
    )
    assert (answer.status_code, answer.json()) == (401, {"errors": [{"message": "Invalid token"}]})


def nobody(gitlab: GitLab, query: str, **variables: Any) -> Any:
    """Ask without a token and return the answer."""
    url = f"{gitlab.site.base_url}/api/graphql"
    answer = requests.post(url, json={"query": query, "variables": variables}, timeout=10)
    assert answer.status_code == 200
    return answer.json()


def test_nobody_is_told_what_is_private(gitlab: GitLab, ticket: Any) -> None:
    """A client that takes 200 for signed in, or waits for a 401 that never comes, is found out here only."""
    query = """query($id: WorkItemID!) { currentUser { username } group(fullPath: "harbour") { name }
      project(fullPath: "harbour/portal") { name } workItem(id: $id) { id } __typename }"""
    told = nobody(gitlab, query, id=f"gid://gitlab/WorkItem/{ticket['id']}")
    hidden = dict.fromkeys(("currentUser", "group", "project", "workItem"))
    assert told == {"data": {**hidden, "__typename": "Query"}}


def test_nobody_changes_anything(gitlab: GitLab, ticket: Any) -> None:
    """Broken: whoever forgets the token writes all the same."""
    query = """mutation($id: WorkItemID!) {
      workItemUpdate(input: {id: $id, title: "Mine"}) { errors } }"""
    told = nobody(gitlab, query, id=f"gid://gitlab/WorkItem/{ticket['id']}")
    assert told["data"] == {"workItemUpdate": None}
    assert "you don't have permission" in told["errors"][0]["message"]
    assert gitlab.site.issues[ticket["id"]].title != "Mine"


WHO = """query Who($path: ID!, $iid: String!) {
  project(fullPath: $path) { issue(iid: $iid) { ...Facts notes { nodes { id body externalAuthor } } } }
}
fragment Facts on Issue { id externalAuthor author { username } }"""


def test_only_graphql_tells_who_wrote(gitlab: GitLab, ask: Asker, ticket: Any) -> None:
    """Over REST every customer is the Support Bot; a guest sees a masked address."""
    gitlab.acts["service_desk_reply"](project=102, iid=1, email="al@acme.example", text="me too")
    issue = ask(WHO, path="harbour/portal", iid="1")["data"]["project"]["issue"]
    assert (issue["id"], issue["externalAuthor"]) == (
        f"gid://gitlab/Issue/{ticket['id']}",
        "jane@acme.example",
    )
    assert [note["externalAuthor"] for note in issue["notes"]["nodes"]] == ["al@acme.example"]
    gitlab.site.issues[ticket["id"]].confidential = False
    masked = Asker(gitlab, "guest")(WHO, path="harbour/portal", iid="1")["data"]["project"]["issue"]
    assert masked["externalAuthor"] == "ja*****@a*****.e**"


def test_what_the_caller_cannot_see_is_null(gitlab: GitLab, ticket: Any) -> None:
    """No error tells of it: null is 'not there' and 'not for you' alike."""
    answer = Asker(gitlab, "guest")(WHO, path="harbour/portal", iid="1")
    assert answer == {"data": {"project": {"issue": None}}}


WIDGETS = """query($id: WorkItemID!) { workItem(id: $id) { state
  widgets(onlyTypes: [EMAIL_PARTICIPANTS, STATUS]) { type
    ... on WorkItemWidgetEmailParticipants { emailParticipants { nodes { email } } }
    ... on WorkItemWidgetStatus { status { id name category } } } } }"""


def test_participants_are_a_widget(hub: Api, ask: Asker, ticket: Any) -> None:
    """An issue and the work item of the same number are one row."""
    hub.note(ticket, "/add_email al@acme.example")
    item = ask(WIDGETS, id=f"gid://gitlab/Issue/{ticket['id']}")["data"]["workItem"]
    (mails, _) = item["widgets"]
    assert mails["type"] == "EMAIL_PARTICIPANTS"
    assert [one["email"] for one in mails["emailParticipants"]["nodes"]] == [
        "jane@acme.example",
        "al@acme.example",
    ]


SET = """mutation($id: WorkItemID!, $status: WorkItemsStatusesStatusID!) {
  workItemUpdate(input: {id: $id, statusWidget: {status: $status}}) { errors workItem { state } } }"""
ALLOWED = """{ namespace(fullPath: "harbour") { workItemTypes(name: ISSUE) { nodes { widgetDefinitions {
  type ... on WorkItemWidgetDefinitionStatus { allowedStatuses { id name category } } } } } } }"""


def allowed(ask: Asker) -> dict[str, str]:
    """Return the ids of the statuses by name."""
    (kind,) = ask(ALLOWED)["data"]["namespace"]["workItemTypes"]["nodes"]
    (found,) = (one["allowedStatuses"] for one in kind["widgetDefinitions"] if one["type"] == "STATUS")
    return {one["name"]: one["id"] for one in found}


def test_a_status_closes_and_opens(hub: Api, ask: Asker) -> None:
    """Done and canceled close the item, the others open it; closing picks the default status."""
    issue = hub.issue()
    id, ids = f"gid://gitlab/WorkItem/{issue['id']}", allowed(ask)
    assert list(ids) == ["To do", "In progress", "Done", "Won't do", "Duplicate"]
    answer = ask(SET, id=id, status=ids["Won't do"])["data"]["workItemUpdate"]
    assert answer == {"errors": [], "workItem": {"state": "CLOSED"}}
    assert hub.get(path_of(issue))["state"] == "closed"
    ask(SET, id=id, status=ids["In progress"])
    assert hub.get(path_of(issue))["state"] == "opened"
    hub.put(path_of(issue), state_event="close")
    (_, status) = ask(WIDGETS, id=id)["data"]["workItem"]["widgets"]
    assert (status["status"]["name"], status["status"]["category"]) == ("Done", "DONE")
    assert hub.note(issue, '/status "In progress"')["summary"] == ["Status set to In progress."]
    assert len(hub.get(f"{path_of(issue)}/resource_state_events")) == 4


def test_groups_define_statuses_of_their_own(gitlab: GitLab, hub: Api, ask: Asker) -> None:
    """Ids and names are not those that GitLab ships: learn them, never write them down."""
    rows = [{"name": "Neu", "category": "to_do"}, {"name": "Fertig", "category": "done"}]
    gitlab.acts["statuses"](rows=rows)
    assert allowed(ask) == {
        "Neu": "gid://gitlab/WorkItems::Statuses::Custom::Status/1",
        "Fertig": "gid://gitlab/WorkItems::Statuses::Custom::Status/2",
    }


@pytest.mark.parametrize("switch", [{"tier": "free"}, {"version": "18.2.0-ee"}])
def test_without_statuses_the_field_is_unknown(gitlab: GitLab, ask: Asker, switch: dict[str, str]) -> None:
    """A query with the status widget fails as a whole where there is none: ask for the tier first."""
    gitlab.acts["configure"](**switch)
    error = ask.error(WIDGETS, id="gid://gitlab/Issue/1")
    assert error["message"] == "No such type WorkItemWidgetStatus, so it can't be a fragment condition"


def test_severity_is_set_here_only(hub: Api, ask: Asker) -> None:
    """And only incidents have one: on an issue it changes nothing, without an error."""
    query = """mutation($iid: String!) { issueSetSeverity(
      input: {projectPath: "harbour/firmware", iid: $iid, severity: HIGH}) { errors issue { severity } } }"""
    hub.issue(issue_type="incident")
    hub.issue()
    assert ask(query, iid="1")["data"]["issueSetSeverity"]["issue"]["severity"] == "HIGH"
    assert ask(query, iid="2")["data"]["issueSetSeverity"]["issue"]["severity"] == "UNKNOWN"
    assert hub.get(f"{gitlab_kit.ISSUES}/1")["severity"] == "HIGH"


def test_errors_stand_in_two_places(hub: Api, ask: Asker) -> None:
    """HTTP says 200 to all: what is not there is beside the data, what is not valid inside the payload."""
    issue = hub.issue()
    query = 'mutation($id: ID!) { workItemUpdate(input: {id: $id, title: ""}) { errors } }'
    inside = ask(query, id=f"gid://gitlab/WorkItem/{issue['id']}")
    assert inside == {"data": {"workItemUpdate": {"errors": ["Title can't be blank"]}}}
    beside = ask(query, id="gid://gitlab/WorkItem/1")
    assert beside["data"] == {"workItemUpdate": None}
    assert beside["errors"][0]["message"].startswith(NO_RESOURCE)
    assert beside["errors"][0]["path"] == ["workItemUpdate"]
    assert "not represent" in ask.error(query, id="gid://gitlab/Note/1")["message"]


CHECKED = """
undefinedField | query A { project(fullPath: "a/b") { nope } } | Field 'nope' doesn't exist on type 'Project'
missingRequiredArguments | { project { id } } | Field 'project' is missing required arguments: fullPath
argumentNotAccepted | { currentUser(a: 1) { id } } | Field 'currentUser' doesn't accept argument 'a'
selectionMismatch | { currentUser } | Field must have selections
selectionMismatch | { currentUser { id { x } } } | Selections can't be made on scalars
variableNotDefined | { user(username: $x) { id } } | Variable $x is used by anonymous query but not declared
infiniteLoop | { ...F } fragment F on Query { ...F } | Fragment F contains an infinite loop
"""


@pytest.mark.parametrize("line", CHECKED.strip().splitlines())
def test_a_query_is_checked_before_it_runs(ask: Asker, line: str) -> None:
    """A field of a newer server than this one fails the whole query, not just itself."""
    code, query, message = line.split(" | ")
    answer = ask(query)
    assert "data" not in answer
    (error,) = answer["errors"]
    assert error["message"].startswith(message)
    assert (error["extensions"]["code"], "line" in error["locations"][0]) == (code, True)


def test_connections_are_paged(hub: Api, ask: Asker) -> None:
    """A hundred rows a page at most, and a cursor that only this connection understands."""
    for title in "abc":
        hub.issue(title)
    query = """query($after: String) { project(fullPath: "harbour/firmware") {
      issues(first: 2, after: $after) { count edges { cursor node { title } }
      pageInfo { hasNextPage endCursor } } } }"""
    first = ask(query)["data"]["project"]["issues"]
    assert [edge["node"]["title"] for edge in first["edges"]] == ["c", "b"]
    assert (first["count"], first["pageInfo"]["hasNextPage"]) == (3, True)
    last = ask(query, after=first["pageInfo"]["endCursor"])["data"]["project"]["issues"]
    assert ([edge["node"]["title"] for edge in last["edges"]], last["pageInfo"]["hasNextPage"]) == (
        ["a"],
        False,
    )


def test_only_graphql_tells_booked_time_entry_by_entry(hub: Api, ask: Asker) -> None:
    """REST keeps a sum: a client that books an entry twice would never see that it did."""
    issue = hub.issue()
    hub.post(f"{path_of(issue)}/add_spent_time", duration="30m", summary="by REST")
    book = """mutation($id: IssuableID!, $spent: String!) {
      timelogCreate(input: {issuableId: $id, timeSpent: $spent, spentAt: "2026-01-02", summary: "looked"}) {
        errors timelog { id timeSpent } } }"""
    id = f"gid://gitlab/Issue/{issue['id']}"
    made = ask(book, id=id, spent="1h 5m")["data"]["timelogCreate"]
    assert (made["errors"], made["timelog"]["timeSpent"]) == ([], 3900)
    for spent, why in (
        ("0m", "can't be zero"),
        ("soon", "formatted correctly"),
        ("-9h", "exceeds the total"),
    ):
        refused = ask(book, id=id, spent=spent)["data"]["timelogCreate"]
        assert (why in refused["errors"][0], refused["timelog"]) == (True, None)
    told = ask(
        """query($id: IssueID!) {
          issue(id: $id) { timelogs { nodes { spentAt summary user { username } } } } }""",
        id=id,
    )
    rows = told["data"]["issue"]["timelogs"]["nodes"]
    assert [row["summary"] for row in rows] == ["by REST", "looked"]
    assert rows[1]["spentAt"] == "2026-01-02T00:00:00Z"
    assert hub.get(f"{path_of(issue)}/time_stats")["total_time_spent"] == 5700
    assert NO_RESOURCE in ask.error(book, id="gid://gitlab/Issue/1", spent="1h")["message"]


def test_aliases_directives_and_block_strings(hub: Api, ask: Asker) -> None:
    """Ordinary clients build their queries with all of these."""
    query = '''query Q($no: Boolean = false) { a: echo(text: """x "y" \\""" z""")
      b: currentUser { name: username bot @include(if: $no) __typename } }'''
    data = ask(query)["data"]
    assert data["a"].endswith('says: x "y" """ z')
    assert set(data["b"]) == {"name", "__typename"}


def test_a_reading_token_reads_only(gitlab: GitLab, ask: Asker) -> None:
    """A query is a POST, and still a reading token may send it; a mutation not."""
    gitlab.site.tokens[gitlab.secrets.hub].scopes = ("read_api",)
    assert ask("{ currentUser { id } }")["data"]
    url = gitlab.site.base_url + "/api/graphql"
    body = {"query": 'mutation { createNote(input: {noteableId: "x", body: "y"}) { errors } }'}
    headers = {"PRIVATE-TOKEN": gitlab.secrets.hub}
    assert requests.post(url, json=body, headers=headers, timeout=10).status_code == 403


def test_notes_are_written_and_mailed_alike(gitlab: GitLab, ask: Asker, ticket: Any) -> None:
    """A public note mails the customer whichever API wrote it."""
    query = """mutation($id: NoteableID!, $internal: Boolean) { createNote(
      input: {noteableId: $id, body: "hi", internal: $internal}) { errors note { internal } } }"""
    id = f"gid://gitlab/Issue/{ticket['id']}"
    assert ask(query, id=id, internal=True)["data"]["createNote"]["note"] == {"internal": True}
    assert gitlab.site.world.outbox == []
    ask(query, id=id)
    assert [mail.to for mail in gitlab.site.world.outbox] == ["jane@acme.example"]


@pytest.mark.parametrize(
    "text", ["{", "}", "{ a(b: ) }", "query {}x", '{ a(b: "', "%", "{ ... }", "subscription { a }"]
)
def test_a_broken_query_is_named_as_one(text: str) -> None:
    """Nothing that is sent breaks the server."""
    with pytest.raises(Wrong):
        parse(text)


def test_deep_queries_are_refused(ask: Asker) -> None:
    """A query nested without end is an error, not a crash."""
    assert "max depth" in ask.error("{ a " * 80 + "}" * 80)["message"]


def test_labels_dates_and_people_over_work_items(hub: Api, ask: Asker) -> None:
    """One mutation does what REST needs several parameters for, by global ids."""
    issue = hub.issue(project=DESK)
    label = next(one for one in hub.get(f"{DESK}/labels") if one["name"] == "type::bug")
    query = """mutation($id: ID!, $label: ID!) { workItemUpdate(input: {id: $id, stateEvent: CLOSE,
      labelsWidget: {addLabelIds: [$label]}, assigneesWidget: {assigneeIds: ["gid://gitlab/User/11"]},
      startAndDueDateWidget: {dueDate: "2030-01-02"}}) { errors } }"""
    ids = {"id": f"gid://gitlab/WorkItem/{issue['id']}", "label": f"gid://gitlab/GroupLabel/{label['id']}"}
    assert ask(query, **ids)["data"]["workItemUpdate"] == {"errors": []}
    after = hub.get(path_of(issue))
    assert (after["state"], after["labels"], after["due_date"]) == ("closed", ["type::bug"], "2030-01-02")
    assert [user["username"] for user in after["assignees"]] == ["dana"]
