"""Service projects: who reads what, requests that the portal shows, organisations, files for customers."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import responses

from connectors.base import Connector, TicketDraft, Upload
from connectors.capabilities import Mails, Part
from connectors.errors import Rejected, Transient, Uncertain
from connectors.jira.connector import connect
from mappings.boards import Place, Readers
from mappings.ticket import Audience, CommentKind, Mood, Organisation, PersonRole, Priority
from tests.connectors.jira_payloads import (
    DANA,
    FIELDS,
    HUB,
    ISSUE,
    KIM,
    PROJECT,
    REST,
    SITE,
    TOKEN,
    bodies,
    comment,
    configured,
    draft,
    file,
    issue,
    query,
    serving,
    user,
)

DESK = f"{SITE}/rest/servicedeskapi"
HELP = {"id": "10001", "key": "HELP", "name": "Help", "projectTypeKey": "service_desk"}
KINDS = {
    "customfield_10010": "vp-origin",
    "customfield_10002": "sd-customer-organizations",
    "customfield_10003": "sd-request-participants",
    "customfield_10004": "sd-request-feedback-date",
}
PORTAL = {"customfield_10010": {"requestType": {"id": "25"}}}
SILENT: dict[str, Any] = {"comments": [], "total": 0}
PLACE = Place("acme_jira", "HELP", Readers("lantern"), "request:25")


@pytest.fixture
def server() -> Iterator[responses.RequestsMock]:
    """A Jira with a service project beside the other one."""
    for mock in serving():
        mock.get(f"{REST}/project/HELP", json=HELP)
        mock.get(f"{DESK}/servicedesk/HELP/requesttype", json={"values": [], "isLastPage": True})
        desk = [
            {
                "id": id,
                "name": "?",
                "schema": {"custom": f"com.atlassian.servicedesk:{kind}"},
            }
            for id, kind in KINDS.items()
        ]
        mock.replace("GET", f"{REST}/field", json=[*FIELDS, *desk])
        yield mock


@pytest.fixture
def jira() -> Connector:
    """Return a connector to the service project alone."""
    return connect(configured(projects=("HELP",)))


def request(**fields: Any) -> dict[str, Any]:
    """Return a request as Jira shows it."""
    return issue(**{"project": HELP, "reporter": KIM, "comment": SILENT, **PORTAL, **fields})


def test_what_a_service_project_can_hold_is_learned(server: responses.RequestsMock) -> None:
    """Broken: staff's notes never reach a desk that could keep them internal, or reach one that cannot."""
    jira = connect(configured(projects=("SUP", "HELP")))
    served, plain = jira.abilities(PLACE), jira.abilities(replace(PLACE, key="SUP", kind=""))
    assert (served.internal_comments, plain.internal_comments) == (True, False)
    assert served.fields["status"].mails is Mails.IF_CONFIGURED
    assert plain.fields["status"].mails is Mails.NEVER
    assert served.parts - plain.parts == {Part.RATINGS}
    server.get(ISSUE, json=request())
    assert jira.fetch("10042").abilities == served
    server.replace("GET", ISSUE, json=issue(comment=SILENT))
    assert jira.fetch("10042").abilities == plain


def test_a_place_that_is_lost_is_no_lost_ticket(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: a project's wrong key counts as a ticket that is gone, and nobody hears of it."""
    server.get(f"{REST}/project/NOPE", status=404, json={"errorMessages": ["No project."]})
    with pytest.raises(Rejected):
        jira.abilities(replace(PLACE, key="NOPE"))


def test_what_a_portal_shows_its_forms_say(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: a field for agents is written where the customer opens it, or never at all."""
    types = f"{DESK}/servicedesk/HELP/requesttype"
    shown = [{"fieldId": "priority"}, {"fieldId": "labels", "visible": False}]
    listed = {"values": [{"id": "25", "name": "Help"}], "isLastPage": True}
    server.replace("GET", types, json=listed)
    server.get(f"{types}/25/field", json={"requestTypeFields": shown})
    here = jira.abilities(PLACE)
    seen = {name for name, ability in here.fields.items() if ability.audience is Audience.CUSTOMER}
    assert seen == {"subject", "status", "priority"}
    hidden = jira.abilities(replace(PLACE, kind=""))  # no request: on no portal
    assert {ability.audience for ability in hidden.fields.values()} == {None}
    bare = {"id": "25", "fields": {"requestTypeFields": []}}
    server.replace("GET", types, json=listed | {"values": [bare]})
    assert jira.abilities(PLACE) == here
    jira.problems([])
    assert jira.abilities(PLACE).fields["priority"].audience is Audience.STAFF
    server.replace("GET", types, status=403, json={"errorMessage": "No."})
    unknown = connect(configured(projects=("HELP",))).abilities(PLACE)
    assert {ability.audience for ability in unknown.fields.values()} == {Audience.CUSTOMER}


def test_who_reads_and_who_speaks(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: an internal note is told to customers, or a customer's answer counts as the desk's."""
    dana = user("d-1", "Dana")
    told = [
        comment("1", "It still smokes.", KIM, jsdPublic=True),
        comment("2", "We look.", dana, jsdPublic=True),
        comment("3", "He broke it himself.", dana, jsdPublic=False),
        comment("4", "Managers only.", dana, visibility={"type": "role", "value": "Managers"}),
    ]
    server.get(ISSUE, json=request(comment={"comments": told, "total": 4}, creator=KIM))
    messages = jira.fetch("10042").ticket.messages
    assert [(m.audience, m.kind, m.author.role) for m in messages] == [
        (Audience.CUSTOMER, CommentKind.DESCRIPTION, PersonRole.CUSTOMER),
        (Audience.CUSTOMER, CommentKind.MESSAGE, PersonRole.CUSTOMER),
        (Audience.CUSTOMER, CommentKind.REPLY, PersonRole.STAFF),
        (Audience.STAFF, CommentKind.NOTE, PersonRole.STAFF),
        (Audience.RESTRICTED, CommentKind.NOTE, PersonRole.STAFF),
    ]


def test_a_colleague_who_asks_is_the_customer(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: in a desk for employees, whose accounts are like the agents', no customer ever speaks."""
    told = [comment("1", "Please hurry.", DANA), comment("2", "Note to self.", DANA, jsdPublic=False)]
    server.get(ISSUE, json=request(reporter=DANA, comment={"comments": told, "total": 2}))
    ticket = jira.fetch("10042").ticket
    assert [m.author.role for m in ticket.messages[1:]] == [PersonRole.CUSTOMER, PersonRole.STAFF]
    assert ticket.requester is not None
    assert ticket.requester.role is PersonRole.CUSTOMER


@pytest.mark.parametrize(
    ("fields", "audience"),
    [
        ({"reporter": DANA}, Audience.CUSTOMER),
        ({"reporter": DANA, "customfield_10010": None}, Audience.STAFF),
        ({"reporter": KIM, "customfield_10010": None}, Audience.CUSTOMER),
    ],
)
def test_the_portal_shows_requests_only(
    server: responses.RequestsMock, jira: Connector, fields: dict[str, Any], audience: Audience
) -> None:
    """Broken: what an agent wrote for agents counts as read by the customer, or the other way round (8.6)."""
    server.get(ISSUE, json=request(**fields))
    assert jira.fetch("10042").ticket.messages[0].audience is audience


def test_files_of_staff_stay_hidden(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: a log that an agent attached for colleagues is mirrored to the customer (jira-api 6)."""
    files = [file("1", "smoke.png", KIM), file("2", "wiring.pdf", DANA)]
    server.get(ISSUE, json=request(creator=KIM, attachment=files))
    first, alone = jira.fetch("10042").ticket.messages
    assert [a.name for a in first.attachments] == ["smoke.png"]
    assert (alone.audience, [a.name for a in alone.attachments]) == (Audience.STAFF, ["wiring.pdf"])


def test_comments_inside_that_hide_their_readers_are_read_again(
    server: responses.RequestsMock, jira: Connector
) -> None:
    """Broken: a public reply is taken for internal because a short form left out who reads it."""
    short = comment("1", "We look.")
    del short["jsdPublic"]
    server.get(ISSUE, json=request(comment={"comments": [short], "total": 1}))
    server.get(f"{ISSUE}/comment", json={"comments": [comment("1", "We look.")], "total": 1})
    assert jira.fetch("10042").ticket.messages[1].audience is Audience.CUSTOMER


def test_an_internal_note_says_so_in_the_same_call(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: an internal note is mailed to the customer (jira-api 5)."""
    server.get(ISSUE, json=request())
    server.post(f"{ISSUE}/comment", status=201, json=comment("77", "x", HUB, jsdPublic=False))
    assert jira.add_comment("10042", draft()).audience is Audience.STAFF
    [body] = bodies(server, "POST", f"{ISSUE}/comment")
    assert {"key": "sd.public.comment", "value": {"internal": True}} in body["properties"]
    assert {"key": "deskbridge", "value": {"token": TOKEN}} in body["properties"]


def test_who_reads_is_taken_from_the_answer(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: something in between drops the flag, and nobody learns that the customer read the note."""
    server.get(ISSUE, json=request())
    server.post(f"{ISSUE}/comment", status=201, json=comment("77", "x", HUB, jsdPublic=True))
    assert jira.add_comment("10042", draft()).audience is Audience.CUSTOMER


def test_a_reply_is_public_and_no_edit_widens_a_note(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: a reply stays hidden, or an edit shows the customer what was internal."""
    server.get(ISSUE, json=request())
    server.post(f"{ISSUE}/comment", status=201, json=comment("77", "x", HUB))
    written = jira.add_comment("10042", draft(audience=Audience.CUSTOMER))
    assert written.audience is Audience.CUSTOMER
    [body] = bodies(server, "POST", f"{ISSUE}/comment")
    assert [one["key"] for one in body["properties"]] == ["deskbridge"]
    server.put(f"{ISSUE}/comment/77", json=comment("77", "y", HUB))
    jira.edit_comment("10042", "77", draft("y", Audience.CUSTOMER))
    jira.edit_comment("10042", "77", draft("z"))
    first, second = bodies(server, "PUT", f"{ISSUE}/comment/77")
    assert "properties" not in first  # a list would replace the flag too
    assert "sd.public.comment" in str(second["properties"])


def test_staff_text_goes_where_it_is_internal(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: an issue is moved out of the service project, and a note there is read by its customer."""
    server.get(ISSUE, json=issue(comment=SILENT))
    with pytest.raises(Rejected, match="no text is internal"):
        jira.add_comment("10042", draft())
    server.replace("GET", ISSUE, json=request(project={**HELP, "projectTypeKey": ""}))
    with pytest.raises(Rejected, match="service project"):
        jira.add_comment("10042", draft(audience=Audience.CUSTOMER))
    server.replace("GET", ISSUE, json=request())
    with pytest.raises(Rejected, match="portal"):
        jira.edit_comment("10042", "0", draft())
    assert not [call for call in server.calls if call.request.method in ("POST", "PUT")]


def test_a_request_is_made_as_the_portal_shows_it(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: the migrated ticket is invisible to its customer, or loses priority and marker (8.2, 8.6)."""
    server.get(f"{DESK}/servicedesk/HELP", json={"id": "10", "projectId": "10001", "projectKey": "HELP"})
    server.post(f"{DESK}/request", status=201, json={"issueId": "10042", "issueKey": "HELP-1"})
    server.put(ISSUE, status=204)
    server.get(ISSUE, json=request())
    values = {"subject": "Printer", "priority": Priority.URGENT, "tags": frozenset({"a"})}
    new = TicketDraft(
        place=PLACE,
        values=values,  # type: ignore[arg-type]
        message=draft(audience=Audience.CUSTOMER),
        token=TOKEN,
    )
    jira.create(new)
    jira.create_many([new])
    sent = bodies(server, "POST", f"{DESK}/request")[0]
    assert (sent["serviceDeskId"], sent["requestTypeId"]) == ("10", "25")
    assert sent["requestFieldValues"]["summary"] == "Printer"
    assert TOKEN in sent["requestFieldValues"]["description"].splitlines()[0]
    rest = bodies(server, "PUT", ISSUE)[0]
    assert rest["fields"] == {"priority": {"id": "1"}, "labels": ["a"]}
    assert rest["properties"] == [{"key": "deskbridge", "value": {"token": TOKEN}}]
    assert len(bodies(server, "POST", f"{DESK}/request")) == 2
    asked = [call for call in server.calls if str(call.request.url).endswith("/servicedesk/HELP")]
    assert len(asked) == 1


def test_a_request_for_staff_is_refused(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: a staff text stands on the customer's portal as a request."""
    new = TicketDraft(place=PLACE, values={}, message=draft(), token=TOKEN)
    for answer in jira.create_many([new]):
        assert isinstance(answer, Rejected)
        assert "audience" in answer.fields
    assert not bodies(server, "POST", f"{DESK}/request")


def test_a_desk_that_is_not_there_is_a_wrong_place(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: a wrong project in the settings looks as if the ticket were gone."""
    server.get(f"{DESK}/servicedesk/HELP", status=404, json={"errorMessage": "No desk."})
    new = TicketDraft(place=PLACE, values={}, message=draft(audience=Audience.CUSTOMER), token=TOKEN)
    with pytest.raises(Rejected) as refused:
        jira.create(new)
    assert "project" in refused.value.fields


def test_files_for_the_customer_are_shown(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: the customer reads "see attachment" and sees none: ordinary files are hidden (jira-api 6)."""
    before, after = request(), request(attachment=[file("9", "shot.png", HUB)])
    server.get(ISSUE, json=before)
    waiting = {"temporaryAttachments": [{"temporaryAttachmentId": "tmp.1", "fileName": "shot.png"}]}
    server.post(f"{DESK}/servicedesk/HELP/attachTemporaryFile", status=201, json=waiting)

    def shown(request: Any) -> tuple[int, dict[str, str], str]:
        server.replace("GET", ISSUE, json=after)
        return 201, {}, '{"comment": {"id": "77"}, "attachments": {"values": []}}'

    server.add_callback("POST", f"{DESK}/request/10042/attachment", callback=shown)
    server.get(f"{ISSUE}/comment/77", json=comment("77", "See !shot.png!", HUB))
    upload = Upload("o", "shot.png", "image/png", io.BytesIO(b"png"))
    text = replace(draft("See ![](attachment:o)", Audience.CUSTOMER), uploads=(upload,))
    written = jira.add_comment("10042", text)
    [body] = bodies(server, "POST", f"{DESK}/request/10042/attachment")
    assert (body["temporaryAttachmentIds"], body["public"]) == (["tmp.1"], True)
    assert "!shot.png!" in body["additionalComment"]["body"]
    assert (written.id, written.audience, dict(written.files)) == ("77", Audience.CUSTOMER, {"o": "9"})
    server.replace("GET", f"{ISSUE}/comment/77", status=404, json={})
    with pytest.raises(Uncertain, match="added, but"):
        jira.add_comment("10042", replace(text, uploads=(replace(upload, content=io.BytesIO(b"x")),)))
    server.replace("POST", f"{DESK}/servicedesk/HELP/attachTemporaryFile", status=502, body="")
    with pytest.raises(Transient):
        jira.add_comment("10042", replace(text, uploads=(replace(upload, content=io.BytesIO(b"x")),)))


def test_files_with_a_staff_text_stay_with_staff(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: a file that goes with an internal note is shown on the portal, or is lost."""
    server.get(ISSUE, json=request(attachment=[file("9", "log.pdf", HUB)]))
    server.post(f"{ISSUE}/attachments", json=[file("9", "2-log.pdf", HUB)])
    stored = comment("77", "See [^2-log.pdf]", HUB, jsdPublic=False)
    server.post(f"{ISSUE}/comment", status=201, json=stored)
    server.get(f"{ISSUE}/comment/77", json=stored)
    upload = Upload("o", "log.pdf", "application/pdf", io.BytesIO(b"pdf"))
    text = replace(draft("See [log](attachment:o)"), uploads=(upload,))
    assert dict(jira.add_comment("10042", text).files) == {"o": "9"}
    [body] = bodies(server, "POST", f"{ISSUE}/comment")
    assert "2-log.pdf" in body["body"]


def test_people_and_organisation_come_with_the_issue(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: whose ticket it is costs two more calls, or is lost."""
    acme = [{"id": "12", "name": "Acme", "_links": {}}, {"id": 13, "name": "Other"}]
    server.get(ISSUE, json=request(customfield_10002=acme, customfield_10003=[DANA, HUB]))
    ticket = jira.fetch("10042", frozenset({Part.PARTICIPANTS})).ticket
    assert ticket.organisation == Organisation("acme_jira", "12", "Acme")
    assert [person.name for person in ticket.participants or ()] == ["Dana"]
    server.replace("GET", ISSUE, json=request(customfield_10002=[{"id": {}}], customfield_10003=None))
    ticket = jira.fetch("10042", frozenset({Part.PARTICIPANTS})).ticket
    assert (ticket.organisation, ticket.participants) == (None, ())


@pytest.mark.parametrize(
    ("answer", "moods"),
    [
        ({"json": {"type": "csat", "rating": 5, "comment": {"body": "Quick"}}}, [(Mood.HAPPY, "5", "Quick")]),
        ({"json": {"type": "csat", "rating": 3}}, [(Mood.NEUTRAL, "3", "")]),
        ({"json": {"type": "csat", "rating": 1, "comment": None}}, [(Mood.UNHAPPY, "1", "")]),
        ({"json": {"type": "csat", "rating": None}}, []),
        ({"status": 404, "json": {"errorMessage": "None."}}, []),
    ],
)
def test_ratings_are_read(
    server: responses.RequestsMock,
    jira: Connector,
    answer: dict[str, Any],
    moods: list[tuple[Mood, str, str]],
) -> None:
    """Broken: what customers thought is lost with the move, or one who said nothing is unhappy."""
    server.get(ISSUE, json=request(customfield_10004="2026-03-01T10:00:00.000+0000"))
    server.get(f"{DESK}/request/10042/feedback", **answer)
    ratings = jira.fetch("10042", frozenset({Part.RATINGS})).ticket.ratings or ()
    assert [(r.mood, r.native, r.remark) for r in ratings] == moods
    assert all(r.given.hour == 10 for r in ratings)


def test_organisations_are_listed_and_made_once(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: every run makes the customers again, or their requests cannot be shared with them."""
    url = f"{DESK}/organization"
    first = {"values": [{"id": "1", "name": "Acme"}], "isLastPage": False, "size": 1}
    server.get(url, json=first, match=[query(start="0")])
    last = {"values": [{"id": "2", "name": "Lantern"}], "isLastPage": True}
    server.get(url, json=last, match=[query(start="1")])
    assert [(o.key, o.name) for o in jira.organisations()] == [("1", "Acme"), ("2", "Lantern")]
    server.post(url, status=201, json={"id": "2", "name": "Lantern"})
    server.post(f"{DESK}/servicedesk/HELP/organization", status=204)
    assert jira.add_organisation("Lantern", ("lantern.test",)).key == "2"
    assert bodies(server, "POST", f"{DESK}/servicedesk/HELP/organization") == [{"organizationId": 2}]
    plain = connect(configured())
    assert list(plain.organisations()) == []
    with pytest.raises(Rejected, match="no service project"):
        plain.add_organisation("Lantern", ())


def test_a_project_that_is_not_there_is_no_service_project(server: responses.RequestsMock) -> None:
    """Broken: one wrong key in the settings stops every read of the connection."""
    server.replace("GET", f"{REST}/project/SUP", status=404, json={"errorMessages": ["No."]})
    server.get(ISSUE, json=issue(comment=SILENT, project=PROJECT))
    jira = connect(configured())
    assert jira.fetch("10042").place == "SUP"
