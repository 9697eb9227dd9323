"""Lists without an end, of a real server: each ends in an error that names connection, call and field."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from connectors.base import Connector
from connectors.bounds import Bounds
from connectors.capabilities import Part
from connectors.errors import Rejected
from connectors.paging import Turning
from tests.connectors.freshdesk_payloads import NOTE, TICKET
from tests.connectors.gitlab_payloads import issue as gitlab_issue
from tests.connectors.gitlab_payloads import note
from tests.connectors.jira_payloads import PROJECT, comment, issue
from tests.connectors.odd_server import OddServer, serving

PAGES = 40
"""Pages that a list may have here, instead of thousands."""
SINCE = datetime(2026, 1, 5, tzinfo=UTC)
KEYS = {"freshdesk": "42", "jira": "10042", "gitlab": "12:7"}


def impatient(odd: OddServer, system: str) -> Connector:
    """Return a connection that loses patience soon."""
    return odd.connector(system, bounds=Bounds(pages=PAGES, walk=PAGES))


class Numbers:
    """Numbers of rows: new ones for ever, or those of two pages by turns."""

    def __init__(self, *, invents: bool) -> None:
        self._invents, self._pages = invents, count()

    def page(self, size: int) -> Iterator[int]:
        """Return the numbers of the next page."""
        page = next(self._pages)
        first = (page if self._invents else page % 2) * size + 1
        return iter(range(first, first + size))


def refused(connector: Connector, act: str) -> Rejected:
    """Return the error that reading one ticket, or all of them, ends in."""
    system = connector.capabilities.system
    acts: Mapping[str, Callable[[], object]] = {
        "fetch": lambda: connector.fetch(KEYS[system]),
        "history": lambda: connector.fetch(KEYS[system], frozenset({Part.HISTORY})),
        "time": lambda: connector.fetch(KEYS[system], frozenset({Part.TIME})),
        "walk": lambda: list(connector.walk()),
        "changed": lambda: list(connector.changed(SINCE)),
    }
    with pytest.raises(Rejected) as error:
        acts[act]()
    assert error.value.fields
    return error.value


@pytest.mark.parametrize("invents", [True, False], ids=["new rows for ever", "two pages by turns"])
def test_freshdesk_conversations(*, invents: bool) -> None:
    """Broken: a worker reads one ticket for ever, until the memory is full."""
    numbers = Numbers(invents=invents)

    def answer(path: str, params: Mapping[str, str], body: Any) -> Any:
        if path.endswith("/conversations"):
            return [{**NOTE, "id": id} for id in numbers.page(100)]
        return {**TICKET, "conversations": [NOTE] * 10}

    with serving(answer) as odd:
        error = refused(impatient(odd, "freshdesk"), "fetch")
        assert len(odd.asked) <= PAGES + 10
    assert str(error).startswith("desk: GET tickets/42/conversations: page: ")


@pytest.mark.parametrize("later", [0, 1], ids=["in one second", "ever later"])
@pytest.mark.parametrize("act", ["walk", "changed"])
def test_freshdesk_tickets(act: str, later: int) -> None:
    """Broken: a walk never ends."""
    numbers = Numbers(invents=True)

    def answer(path: str, params: Mapping[str, str], body: Any) -> Any:
        ids = list(numbers.page(100))
        at = SINCE + timedelta(seconds=later * ids[0])
        return [{"id": id, "updated_at": f"{at:%Y-%m-%dT%H:%M:%SZ}"} for id in ids]

    with serving(answer) as odd:
        error = refused(impatient(odd, "freshdesk"), act)
        assert len(odd.asked) <= 3 * PAGES + 10  # the list, the trash and spam
    assert str(error).startswith("desk: GET tickets: page: there are more than ")


@pytest.mark.parametrize("invents", [True, False], ids=["new rows for ever", "two pages by turns"])
@pytest.mark.parametrize(
    ("act", "call"), [("fetch", "comment"), ("history", "changelog"), ("time", "worklog")]
)
def test_jira_parts(act: str, call: str, *, invents: bool) -> None:
    """Broken: comments, changes or worklogs are read for ever."""
    numbers = Numbers(invents=invents)
    at = "2026-03-01T10:00:00.000+0000"

    def answer(path: str, params: Mapping[str, str], body: Any) -> Any:
        ids = map(str, numbers.page(5))
        if path.endswith("/comment"):
            return {"comments": [comment(id, "x") for id in ids], "total": 10**9}
        if path.endswith("/changelog"):
            return {"values": [{"id": id, "created": at, "items": []} for id in ids], "total": 10**9}
        if path.endswith("/worklog"):
            logs = [{"id": id, "started": at, "timeSpentSeconds": 60, "updated": at} for id in ids]
            return {"worklogs": logs, "total": 10**9}
        more = {"comment": {"comments": [], "total": 0}} if act != "fetch" else {}
        return issue(**more) | {"changelog": {"histories": [], "total": 10**9}}

    with serving(answer) as odd:
        if act == "time" and not invents:  # what is told twice adds nothing, and ends the list
            impatient(odd, "jira").fetch("10042", frozenset({Part.TIME}))
            return
        error = refused(impatient(odd, "jira"), act)
        assert len(odd.asked) <= PAGES + 10
    assert str(error).startswith("acme_jira: GET ")
    assert f"10042/{call}: startAt: " in str(error)


@pytest.mark.parametrize("cloud", [True, False], ids=["cloud", "dc"])
@pytest.mark.parametrize("invents", [True, False], ids=["new rows for ever", "two pages by turns"])
def test_jira_searches(*, cloud: bool, invents: bool) -> None:
    """Broken: a walk, or the search for what we created, never ends."""
    numbers = Numbers(invents=invents)

    def answer(path: str, params: Mapping[str, str], body: Any) -> Any:
        ids = list(numbers.page(5))
        if "/properties/" in path:
            return {"key": "deskbridge", "value": {}}
        if path.endswith("/bulkfetch"):
            return {"issues": []}
        if invents and not cloud:  # a list that has a row wherever one looks
            start = int(params.get("startAt", 0))
            ids = list(range(start + 1, start + 6))
        row = {
            "fields": {"updated": "2026-03-01T10:00:00.000+0000", "created": "2026-03-01T10:00:00.000+0000"}
        }
        rows = [{"id": str(id), "key": f"SUP-{id}", **row} for id in ids]
        return {"issues": rows, "nextPageToken": f"t{ids[0]}", "isLast": False} | (
            {} if cloud else {"total": 10**9}
        )

    with serving(answer, cloud=cloud) as odd:
        jira = impatient(odd, "jira")
        with pytest.raises(Rejected) as error:
            jira.find_created("nowhere", SINCE)
        assert ("nextPageToken: " if cloud else "startAt: ") in str(error.value)
        if cloud or invents:
            said = str(refused(jira, "walk"))
            assert ("search/jql: nextPageToken: " if cloud else "search: startAt: ") in said
        assert len(odd.asked) <= 10 * PAGES


def test_jira_settings() -> None:
    """Broken: two pages of organisations by turns keep the check of the settings busy for ever."""
    numbers = Numbers(invents=False)

    def answer(path: str, params: Mapping[str, str], body: Any) -> Any:
        rows = [{"id": str(id), "name": f"Organisation {id}"} for id in numbers.page(5)]
        return {"values": rows, "isLastPage": False, "size": 5}

    desk = {"/rest/api/3/project/SUP": PROJECT | {"projectTypeKey": "service_desk"}}
    with serving(answer, first=desk) as odd:
        jira: Any = impatient(odd, "jira")
        with pytest.raises(Rejected) as error:
            list(jira.organisations())
        assert len(odd.asked) <= PAGES
    assert "organization: start: the pages go round in circles" in str(error.value)


@pytest.mark.parametrize("invents", [True, False], ids=["new rows for ever", "two pages by turns"])
def test_gitlab_notes(*, invents: bool) -> None:
    """Broken: a worker reads one issue for ever."""
    numbers = Numbers(invents=invents)

    def answer(path: str, params: Mapping[str, str], body: Any) -> Any:
        if path.endswith("/notes"):
            return [note(id) for id in numbers.page(100)]
        return gitlab_issue()

    with serving(answer) as odd:
        error = refused(impatient(odd, "gitlab"), "fetch")
        assert len(odd.asked) <= PAGES + 10
    assert str(error).startswith("work: GET projects/12/issues/7/notes: page: ")


def test_gitlab_issues() -> None:
    """Broken: a walk never ends, because each page is a little later than the one before."""
    numbers = Numbers(invents=True)

    def answer(path: str, params: Mapping[str, str], body: Any) -> Any:
        ids = list(numbers.page(100))
        at = f"{SINCE + timedelta(seconds=ids[0]):%Y-%m-%dT%H:%M:%S.000Z}"
        return [gitlab_issue(iid=id, id=id, updated_at=at) for id in ids]

    with serving(answer) as odd:
        error = refused(impatient(odd, "gitlab"), "changed")
        assert len(odd.asked) <= PAGES + 10
    assert str(error).startswith("work: GET projects/12/issues: updated_after: ")


def test_what_ends_is_read_whole() -> None:
    """Broken: the guard sees circles where there are none."""
    turning = Turning("desk", "GET x", "page", 10)
    for sign in ("a", "b", None, None, (1, 2), (2, 1)):
        turning.page(sign)
    with pytest.raises(Rejected, match="desk: GET x: page: the pages go round in circles"):
        turning.page("b")
