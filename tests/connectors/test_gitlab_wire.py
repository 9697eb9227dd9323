"""GitLab's connector on the wire: what it sends, and single odd answers."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import requests
import responses

from connectors.base import (
    CommentDraft,
    Connector,
    TicketDraft,
    Upload,
)
from connectors.errors import Gone, Rejected, Throttled, Transient, Unauthorised, Uncertain, WireError
from connectors.gitlab.connector import GitLab, connect
from connectors.gitlab.limits import LIMITS
from connectors.quota import TOTAL, Level
from mappings.ticket import (
    MESSAGE_0,
    Attachment,
    Audience,
    Field,
    Priority,
    Ref,
    Status,
    Value,
)
from tests.connectors.gitlab_payloads import (
    API,
    ISSUE,
    ME,
    NOW,
    PLACE,
    PROJECT,
    SECRET,
    TOKEN,
    UPLOAD,
    URL,
    config,
    files,
    issue,
    note,
    told,
)


@pytest.fixture
def wire() -> Iterator[responses.RequestsMock]:
    """A server that knows us and our project, and nothing else."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.get(f"{API}/user", json=ME)
        mock.get(f"{API}/projects/acme%2Fshop", json=PROJECT)
        mock.get(f"{API}/projects/12", json=PROJECT)
        yield mock


@pytest.fixture
def gitlab() -> Connector:
    """The connector under test."""
    return connect(config())


def sent(mock: responses.RequestsMock, method: str, path: str) -> list[Any]:
    """Return the JSON bodies of the calls made to a path."""
    made = [c.request for c in mock.calls if c.request.method == method and c.request.url == f"{API}/{path}"]
    return [json.loads(request.body or "null") for request in made]


# The wire: reading.


def test_a_short_page_of_notes_is_not_the_last(wire: responses.RequestsMock, gitlab: Connector) -> None:
    """Broken: what stands behind notes that the token may not read is never mirrored."""
    wire.get(ISSUE, json=issue())
    for page, ids in enumerate(([1, 2], [], [3]), start=1):
        wire.get(
            f"{ISSUE}/notes",
            json=[note(id) for id in ids],
            headers={"x-next-page": str(page + 1) if page < 3 else ""},
            match=[
                responses.matchers.query_param_matcher(
                    {"order_by": "created_at", "sort": "asc", "per_page": 100, "page": page}
                )
            ],
        )
    assert [m.id for m in gitlab.fetch("12:7").ticket.messages] == [MESSAGE_0, "1", "2", "3"]


def test_pages_that_lead_back_are_refused(wire: responses.RequestsMock, gitlab: Connector) -> None:
    """Broken: a proxy that garbles headers keeps a worker in a loop for ever."""
    wire.get(ISSUE, json=issue())
    wire.get(f"{ISSUE}/notes", json=[], headers={"x-next-page": "1"})
    with pytest.raises(Rejected, match="page 1 names '1'"):
        gitlab.fetch("12:7")


def test_pages_are_walked_by_links_where_headers_lack(
    wire: responses.RequestsMock, gitlab: Connector
) -> None:
    """Broken: behind a proxy that drops unknown headers a long ticket is cut at 100 notes."""
    wire.get(ISSUE, json=issue())
    wire.get(f"{ISSUE}/notes", json=[note(1)], headers={"Link": f'<{ISSUE}/notes?page=2>; rel="next"'})
    wire.get(f"{ISSUE}/notes", json=[note(2)])
    assert len(gitlab.fetch("12:7").ticket.messages) == 3


@pytest.mark.parametrize("key", ["", "7", "12:x", "12:7/notes", "a/b:7", "12:7\n"])
def test_what_is_no_key_is_gone(wire: responses.RequestsMock, gitlab: Connector, key: str) -> None:
    """Broken: a damaged key reaches another address than an issue's."""
    with pytest.raises(Gone):
        gitlab.fetch(key)


@pytest.mark.parametrize(
    ("body", "names"),
    [
        (json.dumps(issue(state="locked")).encode(), "state"),
        (json.dumps(issue(iid="7")).encode(), "iid"),
        (json.dumps(issue(created_at="yesterday")).encode(), "created_at"),
        (json.dumps(issue(created_at="2026-03-01T10:00:00")).encode(), "created_at"),
        (json.dumps(issue(author=None)).encode(), "author"),
    ],
)
def test_a_malformed_answer_names_call_and_field(
    wire: responses.RequestsMock, gitlab: Connector, body: bytes, names: str
) -> None:
    """Broken: one odd issue stops a worker, or is read as something that it does not say."""
    wire.get(ISSUE, body=body)
    with pytest.raises(Rejected) as refused:
        gitlab.fetch("12:7")
    assert "GET /api/v4/projects/12/issues/7" in str(refused.value)
    assert names in str(refused.value)


@pytest.mark.parametrize(
    ("body", "names"),
    [
        (b'{"iid": 7', "is not JSON"),
        (b"<html>Sign in</html>", "is not JSON"),
        (json.dumps([issue()]).encode(), "the whole"),
    ],
)
def test_what_a_proxy_answers_in_their_place_passes(
    wire: responses.RequestsMock, gitlab: Connector, body: bytes, names: str
) -> None:
    """Broken: each ticket that was looked at while a proxy answered is set aside until a person comes."""
    wire.get(ISSUE, body=body)
    with pytest.raises(Transient, match=names) as passing:
        gitlab.fetch("12:7")
    assert "GET /api/v4/projects/12/issues/7" in str(passing.value)


def test_a_missing_issue_is_gone_without_its_page(wire: responses.RequestsMock, gitlab: Connector) -> None:
    """Broken: a page of HTML in the log, or a 404 that counts as a fault."""
    wire.get(ISSUE, body="<html><b>404</b></html>", status=404, content_type="text/html")
    with pytest.raises(Gone) as gone:
        gitlab.fetch("12:7")
    assert "html" not in str(gone.value)


def walk(wire: responses.RequestsMock, rows: list[tuple[int, str]], size: int) -> list[dict[str, Any]]:
    """Answer the issue list from `rows` (iid, updated_at), which a test may change meanwhile."""
    asked: list[dict[str, Any]] = []

    def answer(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        query: dict[str, Any] = request.params  # type: ignore[attr-defined]
        asked.append(query)
        since, page = query["updated_after"].replace("Z", ""), int(query["page"])
        found = sorted((r for r in rows if r[1] >= since), key=lambda row: (row[1], row[0]))
        shown = found[(page - 1) * size : page * size]
        more = str(page + 1) if page * size < len(found) else ""
        body = [issue(iid=iid, updated_at=f"{at}Z") for iid, at in shown]
        return 200, {"x-next-page": more}, json.dumps(body)

    wire.add_callback("GET", f"{API}/projects/12/issues", callback=answer)
    return asked


def at(second: int) -> str:
    """Return an instant as a server states it, without its zone."""
    return f"2026-03-01T12:{second // 60:02}:{second % 60:02}.000"


def test_a_walk_misses_nothing_that_moves(wire: responses.RequestsMock, gitlab: Connector) -> None:
    """Broken: while the poll walks, a change of one issue hides another."""
    rows = [(iid, at(iid)) for iid in range(1, 10)]
    asked = walk(wire, rows, size=3)
    seen = []
    for hint in gitlab.changed(datetime(2026, 3, 1, 12, tzinfo=UTC)):
        seen.append(hint.key)
        if len(seen) == 3:
            rows[0], rows[1] = (1, at(60)), (2, at(61))
    assert set(seen) == {f"12:{iid}" for iid in range(1, 10)}
    assert seen.count("12:4") == 1
    assert seen[-2:] == ["12:1", "12:2"]
    assert {q["scope"] + q["state"] for q in asked} == {"allall"}


def test_a_walk_passes_many_of_one_moment(wire: responses.RequestsMock, gitlab: Connector) -> None:
    """Broken: after an import of hundreds of issues the poll turns on the spot."""
    rows = [(iid, at(5)) for iid in range(1, 9)] + [(20, at(6)), (21, at(7))]
    asked = walk(wire, rows, size=3)
    hints = list(gitlab.changed(datetime(2026, 3, 1, 12, tzinfo=UTC)))
    assert len(hints) == len(rows)
    assert len(asked) < 8
    assert [h.changed for h in hints] == sorted(h.changed for h in hints)


def test_several_projects_are_one_walk(wire: responses.RequestsMock) -> None:
    """Broken: the cursor passes what another project has not shown yet."""
    wire.get(f"{API}/projects/acme%2Fapp", json={**PROJECT, "id": 13, "path_with_namespace": "acme/app"})
    for project, stamps in ((12, (1, 4)), (13, (2, 3))):
        body = [issue(project_id=project, iid=s, updated_at=f"{at(s)}Z") for s in stamps]
        wire.get(f"{API}/projects/{project}/issues", json=body, headers={"x-next-page": ""})
    hints = connect(config(projects=("acme/shop", "acme/app"))).changed(NOW)
    assert [h.key for h in hints] == ["12:1", "13:2", "13:3", "12:4"]


def test_a_lost_project_is_not_a_lost_ticket(wire: responses.RequestsMock) -> None:
    """Broken: a typo in the settings orphans links."""
    wire.get(f"{API}/projects/acme%2Fno", status=404, json={"message": "404 Project Not Found"})
    wrong = connect(config(projects=("acme/no",)))
    with pytest.raises(Rejected, match="acme/no"):
        list(wrong.changed(NOW))


# The wire: writing.


def draft(markdown: str = "Hello.", audience: Audience = Audience.STAFF, **other: Any) -> CommentDraft:
    """Return a text to write."""
    return CommentDraft(markdown=markdown, audience=audience, **other)


def upload(id: str, name: str) -> Upload:
    """Return a file on its way."""
    return Upload(id, name, "application/octet-stream", io.BytesIO(b"bytes"))


@pytest.mark.parametrize(("audience", "internal"), [(Audience.STAFF, True), (Audience.CUSTOMER, False)])
def test_what_is_for_staff_is_internal(
    wire: responses.RequestsMock, gitlab: Connector, audience: Audience, internal: bool
) -> None:
    """Broken: GitLab mails a staff text to the customer of a Service Desk ticket."""
    wire.post(f"{ISSUE}/notes", status=201, json=note(8, author=ME, internal=internal))
    written = gitlab.add_comment("12:7", draft(audience=audience))
    assert sent(wire, "POST", "projects/12/issues/7/notes") == [{"body": "Hello.", "internal": internal}]
    assert (written.id, written.audience) == ("8", audience)


def test_an_internal_note_that_became_public_is_told(wire: responses.RequestsMock, gitlab: Connector) -> None:
    """Broken: a leak that the answer states goes unnoticed."""
    wire.post(f"{ISSUE}/notes", status=201, json=note(8, author=ME, internal=False))
    assert gitlab.add_comment("12:7", draft()).audience is Audience.CUSTOMER


def test_a_text_for_fewer_than_staff_is_not_sent(wire: responses.RequestsMock, gitlab: Connector) -> None:
    """Broken: what a group of staff may read is read by all of them."""
    with pytest.raises(Rejected):
        gitlab.add_comment("12:7", draft(audience=Audience.RESTRICTED))
    assert not [c for c in wire.calls if c.request.method == "POST"]


def test_files_go_with_the_text(wire: responses.RequestsMock, gitlab: Connector) -> None:
    """Broken: a picture is not at its place, or a file that no sentence names is lost."""
    for name, secret in (("a.png", SECRET), ("log_1_.txt", SECRET[::-1])):
        url = f"/uploads/{secret}/{name}"
        body = {"id": 5, "alt": "x", "url": url, "full_path": f"/-/project/12{url}", "markdown": "..."}
        wire.post(f"{API}/projects/12/uploads", status=201, json=body)
    wire.add_callback("POST", f"{ISSUE}/notes", callback=echoed)
    uploads = [upload("41", "a.png"), upload("42", "log [1].txt")]
    written = gitlab.add_comment("12:7", draft("See ![shot](attachment:41).", uploads=uploads))
    ids = (f"{SECRET}/a.png", f"{SECRET[::-1]}/log_1_.txt")
    assert written.files == {"41": ids[0], "42": ids[1]}
    body = sent(wire, "POST", "projects/12/issues/7/notes")[0]["body"]
    assert [(f.id, f.inline) for f in files(body)] == [(ids[0], True), (ids[1], False)]
    assert body.startswith("See ![shot](")
    assert b'name="file"; filename="a.png"' in uploaded(wire)[0]
    again = told(note(8, author=ME, body=body, internal=True)).ticket.messages[1]
    assert written.revision == again.revision


def uploaded(mock: responses.RequestsMock) -> list[bytes]:
    """Return the bodies of the uploads made."""
    made = [c.request for c in mock.calls if c.request.url == f"{API}/projects/12/uploads"]
    return [request.body for request in made if isinstance(request.body, bytes)]


def echoed(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
    """Answer with the note as it was sent."""
    body = json.loads(request.body or "{}")
    return 201, {}, json.dumps(note(8, author=ME, body=body["body"], internal=body["internal"]))


def test_an_upload_is_repeated_whole(wire: responses.RequestsMock, gitlab: Connector) -> None:
    """Broken: after a passing fault the repeated upload is an empty file."""
    wire.post(f"{API}/projects/12/uploads", status=502)
    wire.post(f"{API}/projects/12/uploads", status=201, json={"url": f"{UPLOAD}/a.txt"})
    wire.add_callback("POST", f"{ISSUE}/notes", callback=echoed)
    gitlab.add_comment("12:7", draft(uploads=[upload("41", "a.txt")]))
    assert [b"\r\n\r\nbytes\r\n" in body for body in uploaded(wire)] == [True, True]


def test_foreign_text_is_not_executed(wire: responses.RequestsMock, gitlab: Connector) -> None:
    """Broken: a customer closes an issue, or pages a team, by writing `/close` or `@all`."""
    wire.add_callback("POST", f"{ISSUE}/notes", callback=echoed)
    gitlab.add_comment("12:7", draft("Hi\n/close\n\n  /label ~x\n@all"))
    body = sent(wire, "POST", "projects/12/issues/7/notes")[0]["body"]
    assert not re.search(r"^\s*/", body, re.MULTILINE)
    assert "@all" not in body


def test_a_text_taken_as_commands_is_refused(wire: responses.RequestsMock, gitlab: Connector) -> None:
    """Broken: 202, which stores no note, counts as written."""
    wire.post(f"{ISSUE}/notes", status=202, json={"commands_changes": {}, "summary": ["Closed."]})
    with pytest.raises(Rejected, match="commands"):
        gitlab.add_comment("12:7", draft())


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 500},
        {"status": 502, "body": "<html>"},
        {"status": 201, "body": "<html>"},
        {"status": 201, "json": {"id": "x"}},
        {"body": requests.ReadTimeout()},
        {"body": requests.ConnectionError("reset")},
    ],
)
def test_a_note_whose_answer_is_lost_is_uncertain(
    wire: responses.RequestsMock, gitlab: Connector, answer: dict[str, Any]
) -> None:
    """Broken: a note that stands is sent a second time."""
    post = wire.post(f"{ISSUE}/notes", **answer)
    with pytest.raises(Uncertain):
        gitlab.add_comment("12:7", draft())
    assert post.call_count == 1


def test_a_redirected_write_is_refused(wire: responses.RequestsMock, gitlab: Connector) -> None:
    """Broken: a POST to a renamed project becomes a GET, and the credential goes where it points."""
    wire.post(f"{ISSUE}/notes", status=301, headers={"Location": "https://elsewhere.test/"})
    with pytest.raises(Rejected, match="redirects"):
        gitlab.add_comment("12:7", draft())


def test_editing_replaces_a_note_of_ours(wire: responses.RequestsMock, gitlab: Connector) -> None:
    """Broken: an edit at the origin never reaches its copy."""
    wire.get(f"{ISSUE}/notes/8", json=note(8, author=ME, internal=True))
    wire.put(f"{ISSUE}/notes/8", json=note(8, author=ME, internal=True, body="New."))
    written = gitlab.edit_comment("12:7", "8", draft("New."))
    assert sent(wire, "PUT", "projects/12/issues/7/notes/8") == [{"body": "New."}]
    assert written.audience is Audience.STAFF


@pytest.mark.parametrize(
    "present",
    [note(8, author=ME, internal=False), note(8, internal=True), note(8, author=ME, system=True)],
)
def test_what_must_not_be_edited_is_not(
    wire: responses.RequestsMock, gitlab: Connector, present: dict[str, Any]
) -> None:
    """Broken: staff text stands in a public note, or a maintainer's token rewrites a person's words."""
    wire.get(f"{ISSUE}/notes/8", json=present)
    with pytest.raises(Rejected):
        gitlab.edit_comment("12:7", "8", draft("New."))
    if present["author"]["id"] != ME["id"] or present["system"]:
        with pytest.raises(Rejected):
            gitlab.delete_comment("12:7", "8")
    assert {c.request.method for c in wire.calls} == {"GET"}


def test_message_0_is_edited_as_the_description(wire: responses.RequestsMock, gitlab: Connector) -> None:
    """Broken: what the customer corrected in his first message stays wrong for developers."""
    wire.get(ISSUE, json=issue(author=ME))
    wire.put(ISSUE, json=issue(author=ME, description="New."))
    written = gitlab.edit_comment("12:7", MESSAGE_0, draft("New."))
    assert sent(wire, "PUT", "projects/12/issues/7") == [{"description": "New."}]
    assert written.revision == told(author=ME, description="New.").ticket.messages[0].revision


def test_a_persons_description_is_not_replaced(wire: responses.RequestsMock, gitlab: Connector) -> None:
    """Broken: the hub overwrites what a developer wrote."""
    wire.get(ISSUE, json=issue())
    with pytest.raises(Rejected):
        gitlab.edit_comment("12:7", MESSAGE_0, draft("New."))


def test_a_note_that_is_gone_may_be_deleted(wire: responses.RequestsMock, gitlab: Connector) -> None:
    """Broken: a repeated delete parks the ticket."""
    wire.get(f"{ISSUE}/notes/8", status=404, json={"message": "404 Note Not Found"})
    gitlab.delete_comment("12:7", "8")
    wire.upsert("GET", f"{ISSUE}/notes/8", json=note(8, author=ME))
    wire.delete(f"{ISSUE}/notes/8", status=204)
    gitlab.delete_comment("12:7", "8")
    wire.assert_call_count(f"{ISSUE}/notes/8", 3)


def test_labels_dropped_in_silence_are_seen(wire: responses.RequestsMock, gitlab: Connector) -> None:
    """Broken: with too low a role the hub believes that it set a priority (reference 3.3)."""
    wire.get(ISSUE, json=issue())
    wire.put(ISSUE, json=issue())
    written = gitlab.set_fields(told(), {"priority": Priority.HIGH})
    assert written.native["priority"] is None


def test_nothing_to_change_is_not_sent(wire: responses.RequestsMock, gitlab: Connector) -> None:
    """Broken: an empty update, which GitLab refuses, parks a ticket that is fine."""
    wire.get(ISSUE, json=issue(labels=["x"]))
    written = gitlab.change_tags(told(), frozenset({"x"}), frozenset({"y"}))
    assert written.native["tags"] == ("x",)
    gitlab.set_fields(told(), {"status": Status.OPEN, "subject": "Printer smokes"})
    assert not [c for c in wire.calls if c.request.method == "PUT"]


def test_a_tag_that_is_a_fields_label_is_left_alone(wire: responses.RequestsMock, gitlab: Connector) -> None:
    """Broken: a tag `status::dev` on a ticket moves the developers' card, or keeps the other tags away."""
    wire.get(ISSUE, json=issue(labels=["priority::1"]))
    wire.put(ISSUE, json=issue(labels=["priority::1", "a-b"]))
    written = gitlab.change_tags(told(), frozenset({"status::dev", "a,b"}), frozenset({"priority::1"}))
    assert sent(wire, "PUT", "projects/12/issues/7") == [{"add_labels": "a-b"}]
    assert written.native["tags"] == ("a-b",)


def created(values: dict[Field, Value]) -> TicketDraft:
    """Return an issue to create."""
    return TicketDraft(place=PLACE, values=values, message=draft("It smokes."), token="t")


def test_an_issue_is_created_with_documented_parameters(
    wire: responses.RequestsMock, gitlab: Connector
) -> None:
    """Broken: a field is missing in a new issue until somebody touches it."""
    wire.post(f"{API}/projects/12/issues", status=201, json=issue(author=ME))
    values: dict[Field, Value] = {
        "subject": "Printer smokes",
        "priority": Priority.URGENT,
        "due": date(2026, 3, 9),
        "tags": frozenset({"hw"}),
        "status": Status.OPEN,
    }
    written = gitlab.create(created(values))
    assert sent(wire, "POST", "projects/12/issues") == [
        {
            "title": "Printer smokes",
            "due_date": "2026-03-09",
            "description": "It smokes.",
            "labels": "hw,priority::1",
        }
    ]
    assert (written.ref.key, written.place) == ("12:7", "acme/shop")


@pytest.mark.parametrize(("status", "native"), [(200, "closed"), (403, "opened")])
def test_a_closed_issue_is_created_then_closed(
    wire: responses.RequestsMock, gitlab: Connector, status: int, native: str
) -> None:
    """Broken: a failed close loses the key of an issue that was created, and a second one is made."""
    wire.post(f"{API}/projects/12/issues", status=201, json=issue())
    wire.put(ISSUE, status=status, json=issue(state="closed"))
    written = gitlab.create(created({"subject": "Old", "status": Status.RESOLVED}))
    assert written.native["status"] == native


def test_a_refused_create_names_the_fields(wire: responses.RequestsMock, gitlab: Connector) -> None:
    """Broken: a person is told that something was refused, and not what."""
    wire.post(f"{API}/projects/12/issues", status=400, json={"message": {"title": ["is too long"]}})
    with pytest.raises(Rejected) as refused:
        gitlab.create(created({"subject": "x" * 300}))
    assert refused.value.fields == {"title": "is too long"}


def test_a_created_issue_is_found_by_its_first_line(wire: responses.RequestsMock, gitlab: Connector) -> None:
    """Broken: an issue that merely quotes a marker is taken for the one that was lost."""
    token = "db1.abc234.xyz567"
    quoting = issue(iid=8, description=f"Hello\n\nhttps://desk.test/1#{token}")
    ours = issue(iid=9, description=f"**Kim** in [desk](https://desk.test/1#{token}), 2026\n\nHello")
    asked = wire.get(f"{API}/projects/12/issues", json=[quoting, ours], headers={"x-next-page": ""})
    found = gitlab.find_created(token, NOW)
    assert found == Ref("work", "12:9")
    assert gitlab.find_created("db1.abc234.xyz56", NOW) is None
    # Clocks that are less than a minute apart count as the same.
    query = asked.calls[0].request.params
    assert (query["author_id"], query["created_after"]) == ("99", "2026-03-02T08:58:00.000Z")


# The wire: limits, credentials, files.


def test_a_limiter_that_names_no_time_gets_a_minute(wire: responses.RequestsMock, gitlab: Connector) -> None:
    """Broken: 60 notes a minute are met by a storm of repeated calls, or nothing is read for a minute."""
    text = {"message": {"error": "This endpoint has been requested too many times. Try again later."}}
    wire.post(f"{ISSUE}/notes", status=429, json=text)
    with pytest.raises(Throttled) as throttled:
        gitlab.add_comment("12:7", draft())
    assert NOW + timedelta(seconds=60) <= throttled.value.until < NOW + timedelta(seconds=60 + 5)
    with pytest.raises(Throttled, match="the quota is spent"):
        gitlab.add_comment("12:7", draft())
    wire.get(ISSUE, json=issue())
    wire.get(f"{ISSUE}/notes", json=[])
    assert gitlab.fetch("12:7").ref.key == "12:7"


def test_what_answers_tell_of_the_throttle_is_kept_to(
    wire: responses.RequestsMock, gitlab: Connector
) -> None:
    """Broken: the hub calls until it is refused, and people wait with it; four machines four times sooner."""
    told = {"Limit": "10", "Remaining": "9", "Name": "throttle_authenticated_api"}
    headers = {f"RateLimit-{name}": value for name, value in told.items()}
    for address, answer in ((ISSUE, issue()), (f"{ISSUE}/notes", [])):
        wire.get(address, json=answer, headers=headers)
    for _ in range(3):
        gitlab.fetch("12:7")
    with pytest.raises(Throttled, match="the quota is spent"):
        gitlab.fetch("12:7")
    assert len(wire.calls) == 8


def test_a_throttle_of_an_hour_is_paced_by_the_minute() -> None:
    """Broken: an own server's 7,200 calls an hour count as 7,200 a minute, or as spent at once."""
    answer = requests.Response()
    answer.headers.update({"RateLimit-Limit": "120", "RateLimit-Remaining": "7100"})
    assert list(LIMITS.learn(answer)) == [Level(TOTAL, 120)]
    answer.headers["RateLimit-Name"] = "throttle_authenticated_files_api"
    assert list(LIMITS.learn(answer)) == []


def test_the_own_limits_of_gitlab_com_are_known() -> None:
    """Broken: the sixtieth note within a minute is refused, and everything waits for the next."""
    answer = requests.Response()
    answer.url = "https://gitlab.com/api/v4/projects/1/issues/1"
    answer.headers.update({"RateLimit-Limit": "2000", "RateLimit-Remaining": "1999"})
    assert list(LIMITS.learn(answer)) == [Level(TOTAL, 2000, 1999), Level("note", 60), Level("issue", 200)]
    made = [LIMITS.bucket_of("POST", f"projects/1/issues{more}") for more in ("", "/1/notes", "/1/links")]
    assert made == [("issue",), ("note",), ()]


def test_a_limiter_that_names_a_time_is_obeyed(wire: responses.RequestsMock, gitlab: Connector) -> None:
    """Broken: the hub waits too short and is refused again, or far too long."""
    headers = {"Retry-After": "17", "RateLimit-Limit": "600", "RateLimit-Remaining": "0"}
    wire.get(ISSUE, status=429, body="Retry later\n", content_type="text/plain", headers=headers)
    with pytest.raises(Throttled, match="Retry later") as throttled:
        gitlab.fetch("12:7")
    assert NOW + timedelta(seconds=17) <= throttled.value.until < NOW + timedelta(seconds=17 + 5)


@pytest.mark.parametrize(
    "act",
    [
        lambda g: g.whoami(),
        lambda g: g.fetch("12:7"),
        lambda g: g.find_created("t", NOW),
        lambda g: list(g.changed(NOW)),
        lambda g: g.create(created({"subject": "x"})),
        lambda g: g.add_comment("12:7", draft()),
    ],
    ids=["whoami", "fetch", "find_created", "changed", "create", "add_comment"],
)
def test_a_revoked_token_is_unauthorised(act: Callable[[Connector], object]) -> None:
    """Broken: an expired token looks like tickets that were deleted."""
    body = {"error": "invalid_token", "error_description": "Token was revoked."}
    with responses.RequestsMock() as mock:
        for method in ("GET", "POST"):
            mock.add(method, re.compile(f"{API}/.*"), status=401, json=body)
        mock.assert_all_requests_are_fired = False
        with pytest.raises(Unauthorised, match="Token was revoked"):
            act(connect(config()))


def test_a_dead_server_is_transient() -> None:
    """Broken: an address that cannot be reached hangs, or loses a write."""
    dead = connect(config(url="http://127.0.0.1:9"))
    with pytest.raises(Transient, match=r"127\.0\.0\.1:9 cannot be reached"):
        dead.whoami()


def test_the_token_is_sent_in_its_header_only(wire: responses.RequestsMock, gitlab: Connector) -> None:
    """Broken: the token stands in logs of addresses."""
    assert gitlab.whoami().key == "99"
    request = wire.calls[0].request
    assert request.headers["PRIVATE-TOKEN"] == TOKEN
    assert TOKEN not in (request.url or "")


def test_secrets_are_in_no_repr_and_no_error(wire: responses.RequestsMock) -> None:
    """Broken: a traceback shows the token."""
    gitlab = GitLab(config())
    wire.get(ISSUE, status=403, json={"message": "403 Forbidden"})
    with pytest.raises(WireError) as error:
        gitlab.fetch("12:7")
    shown = [repr(part) for part in (gitlab, gitlab._http, gitlab._reader, gitlab._writer, gitlab._directory)]
    assert TOKEN not in "".join([*shown, str(error.value), repr(error.value)])


def attachment(location: str) -> Attachment:
    """Return a file that is fetched from there."""
    return Attachment(f"{SECRET}/a.png", "a.png", "image/png", None, inline=True, location=location)


def test_files_are_fetched_with_our_credential(wire: responses.RequestsMock, gitlab: Connector) -> None:
    """Broken: private files cannot be read (reference 5)."""
    (file,) = files(f"![a]({UPLOAD}/a.png)")
    asked = wire.get(f"{API}/projects/12/uploads/{SECRET}/a.png", body=b"\x89PNG")
    with gitlab.open_file(file) as content:
        assert content.read() == b"\x89PNG"
    assert asked.calls[0].request.headers["PRIVATE-TOKEN"] == TOKEN


def test_files_of_foreign_hosts_are_not_fetched(wire: responses.RequestsMock, gitlab: Connector) -> None:
    """Broken: a text makes the hub call any address inside its network."""
    with pytest.raises(Rejected, match="elsewhere"), gitlab.open_file(attachment("https://elsewhere.test/a")):
        pass
    wire.get(
        f"{API}/projects/12/uploads/{SECRET}/a.png", status=302, headers={"Location": "http://10.0.0.1/"}
    )
    with pytest.raises(Rejected), gitlab.open_file(attachment(f"projects/12/uploads/{SECRET}/a.png")):
        pass


def test_the_credential_stays_under_the_api(wire: responses.RequestsMock, gitlab: Connector) -> None:
    """Broken: the token goes to whatever else is served on the same host."""
    wire.get(f"{API}/projects/12/uploads/{SECRET}/a.png", status=302, headers={"Location": f"{URL}/files/a"})
    other = wire.get(f"{URL}/files/a", body=b"bytes")
    with gitlab.open_file(attachment(f"projects/12/uploads/{SECRET}/a.png")) as content:
        assert content.read() == b"bytes"
    assert "PRIVATE-TOKEN" not in other.calls[0].request.headers


# Checking.


def test_a_place_that_is_ready_has_no_problems(wire: responses.RequestsMock, gitlab: Connector) -> None:
    """Broken: `check --live` cries wolf, and nobody reads it any more."""
    assert gitlab.problems([PLACE]) == []


@pytest.mark.parametrize(
    ("project", "words"),
    [
        ({"archived": True}, "archived"),
        ({"issues_enabled": False}, "switched off"),
        ({"visibility": "public"}, "public"),
        ({"permissions": {"project_access": {"access_level": 10}, "group_access": None}}, "too low a role"),
        ({"permissions": None}, "too low a role"),
        ({"path_with_namespace": "acme/store"}, "acme/store today"),
    ],
)
def test_what_stands_against_a_place_is_said(
    wire: responses.RequestsMock, gitlab: Connector, project: dict[str, Any], words: str
) -> None:
    """Broken: a switch that is off is found by the first ticket that cannot be written."""
    wire.upsert("GET", f"{API}/projects/acme%2Fshop", json={**PROJECT, **project})
    (line,) = gitlab.problems([PLACE])
    assert "acme/shop" in line
    assert words in line


def test_what_is_good_to_know_is_no_problem(wire: responses.RequestsMock, gitlab: Connector) -> None:
    """Broken: a label that nobody reads, or a webhook to be made by hand, is found out months later."""
    labels = [{"id": n, "name": name} for n, name in enumerate(("status::review", "priority::1", "printing"))]
    wire.get(f"{API}/projects/12/labels", json=labels)
    role = {"project_access": {"access_level": 20}, "group_access": None}
    wire.upsert(
        "GET",
        f"{API}/projects/acme%2Fshop",
        json={**PROJECT, "permissions": role, "service_desk_enabled": True},
    )
    told = gitlab.remarks([PLACE, PLACE])
    assert len(told) == 4
    for part in ("'status::review' is read by no row", "is no Maintainer", "Service Desk mails", "own mails"):
        assert any(part in line for line in told)
    assert gitlab.problems([PLACE]) == []


def test_a_place_that_cannot_be_seen_is_named(wire: responses.RequestsMock, gitlab: Connector) -> None:
    """Broken: a typo in a project's path ends `check` with a traceback."""
    wire.get(f"{API}/projects/acme%2Fno", status=404, json={"message": "404 Project Not Found"})
    (line,) = gitlab.problems([replace(PLACE, key="acme/no")])
    assert "acme/no" in line
    wire.upsert("GET", f"{API}/user", status=401, json={"message": "401 Unauthorized"})
    (line,) = gitlab.problems([PLACE, replace(PLACE, key="acme/no")])
    assert "token" in line
