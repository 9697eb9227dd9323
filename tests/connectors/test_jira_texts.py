"""Which form Jira's texts are read and written in: documents on Cloud, wiki markup where those cannot be."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import responses

from connectors.base import Connector, TicketDraft
from connectors.errors import Uncertain
from connectors.jira.bodies import LONGEST
from connectors.jira.connector import connect
from mappings.markup import read
from mappings.provenance import find_token
from mappings.ticket import Audience, Comment, Raw, TextFormat, Value
from tests.connectors.jira_payloads import (
    FIELDS,
    HUB,
    ISSUE,
    PLACE,
    REST,
    TOKEN,
    bodies,
    comment,
    configured,
    draft,
    file,
    issue,
    query,
    serving,
)

NOTED = f"{ISSUE}/comment"
TYPES = {"issueTypes": [{"id": "1", "hierarchyLevel": 0}]}
SILENT: dict[str, Any] = {"comments": [], "total": 0}


@pytest.fixture
def server() -> Iterator[responses.RequestsMock]:
    """A Jira of which each test says what it answers; any other call is an error."""
    yield from serving()


@pytest.fixture
def jira() -> Connector:
    """Return a connector that has made no call yet."""
    return connect(configured())


def document(*nodes: Any) -> dict[str, Any]:
    """A text as version 3 has it."""
    return {"version": 1, "type": "doc", "content": list(nodes)}


def words(text: str) -> dict[str, Any]:
    """A paragraph."""
    return {"type": "paragraph", "content": [{"type": "text", "text": text}]}


def picture(id: str, **attrs: str) -> dict[str, Any]:
    """A picture by its id at the media service."""
    media = {"type": "media", "attrs": {"type": "file", "id": id, "collection": "", **attrs}}
    return {"type": "mediaSingle", "attrs": {"layout": "center"}, "content": [media]}


def versions(server: responses.RequestsMock, method: str, path: str) -> list[str]:
    """The versions of the API by which an address was called, call by call."""
    urls = [str(call.request.url).split("?")[0] for call in server.calls if call.request.method == method]
    return [url.split("/rest/api/")[1][0] for url in urls if url.endswith(path)]


def markdown(message: Comment) -> str:
    """A message in canonical words."""
    return read(message.body, message.attachments)


def test_texts_are_read_as_documents(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: mentions, panels and tasks of Cloud's editor are lost in its own conversion to wiki markup."""
    page = {"comments": [comment("77", document(words("Noted")))], "total": 1}
    server.get(ISSUE, json=issue(description=document(words("*Smoke*")), comment=page))
    first, second = jira.fetch("10042").ticket.messages
    assert (first.body.format, markdown(first)) == (TextFormat.ADF, "\\*Smoke\\*")
    assert markdown(second) == "Noted"
    assert versions(server, "GET", "/issue/10042") == ["3"]


def test_equal_documents_have_equal_revisions(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: an object's keys in another order look like an edit, which costs an edit on each other side."""
    page = {"comments": [], "total": 0}
    server.get(ISSUE, json=issue(description={"type": "doc", "version": 1, "content": []}, comment=page))
    before = jira.fetch("10042").ticket.messages[0].revision
    server.replace("GET", ISSUE, json=issue(description=document(), comment=page))
    assert jira.fetch("10042").ticket.messages[0].revision == before


def test_a_text_is_written_as_a_document(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: foreign text has to be escaped, or runs as markup; or a marker is lost with its line."""
    server.get(ISSUE, json=issue())
    stored = comment("77", document(words("Hm.")), HUB)
    server.post(NOTED, status=201, json=stored)
    server.put(f"{NOTED}/77", json=stored)
    jira.add_comment("10042", draft("{code}"))
    jira.edit_comment("10042", "77", draft("{code}"))
    assert versions(server, "POST", "/comment") == versions(server, "PUT", "/77") == ["3"]
    [body] = bodies(server, "POST", NOTED)
    text = read(Raw(TextFormat.ADF, json.dumps(body["body"])), ())
    assert text.endswith("{code}")
    assert find_token(text) == TOKEN
    assert bodies(server, "PUT", f"{NOTED}/77")[0]["body"] == body["body"]


def test_a_text_with_pictures_is_written_as_wiki(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: the picture is missing, or the copy looks edited since it reads otherwise than it was sent."""
    shot = [file("5", "2-shot.png", HUB)]
    server.get(ISSUE, json=issue(attachment=shot))
    server.post(NOTED, status=201, json=comment("77", "See !2-shot.png!", HUB))
    stored = comment("77", document(words("See"), picture("m-1", alt="2-shot.png")), HUB)
    server.get(f"{NOTED}/77", json=stored)
    text = draft("See ![shot](attachment:9)", names={"9": "2-shot.png"})
    written = jira.add_comment("10042", text)
    assert "!2-shot.png!" in bodies(server, "POST", NOTED)[0]["body"]
    assert versions(server, "POST", "/comment") == ["2"]
    page = {"comments": [stored], "total": 1}
    server.replace("GET", ISSUE, json=issue(attachment=shot, comment=page))
    later = jira.fetch("10042").ticket.messages[1]
    assert (written.id, written.revision) == (later.id, later.revision)
    assert markdown(later) == "See\n\n![2-shot.png](<attachment:5>)"


def test_a_mention_stays_one_in_wiki(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: a question with a picture pages nobody, since Cloud's wiki markup names accounts otherwise."""
    server.get(ISSUE, json=issue(attachment=[file("5", "2-shot.png", HUB)]))
    server.post(NOTED, status=201, json=comment("77", "See !2-shot.png!", HUB))
    server.get(f"{NOTED}/77", json=comment("77", document(words("See")), HUB))
    text = draft("[Dana](mention:desk%3A7) see ![shot](attachment:9)", names={"9": "2-shot.png"})
    jira.add_comment("10042", replace(text, people={"desk:7": "712020:dana"}))
    assert "[~accountid:712020:dana] see" in bodies(server, "POST", NOTED)[0]["body"]


def test_a_text_that_cannot_be_read_back_is_uncertain(
    server: responses.RequestsMock, jira: Connector
) -> None:
    """Broken: a comment that stands there counts as refused, and is written a second time."""
    server.get(ISSUE, json=issue(attachment=[file("5", "2-shot.png", HUB)]))
    server.post(NOTED, status=201, json=comment("77", "See !2-shot.png!", HUB))
    server.get(f"{NOTED}/77", status=404, json={})
    with pytest.raises(Uncertain, match="written, but"):
        jira.add_comment("10042", draft("![shot](attachment:9)", names={"9": "2-shot.png"}))


def test_a_document_that_would_be_too_long_is_wiki(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: Jira refuses a text of 30,000 characters since each of its many cells is a node of JSON."""
    server.get(ISSUE, json=issue())
    server.post(NOTED, status=201, json=comment("77", "long", HUB))
    server.get(f"{NOTED}/77", json=comment("77", document(words("long")), HUB))
    jira.add_comment("10042", draft("- item **of** many\n" * 1200))
    [body] = bodies(server, "POST", NOTED)
    assert isinstance(body["body"], str)
    assert len(body["body"]) < LONGEST


def test_a_nameless_picture_is_found_in_the_html(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: what people paste into Jira's editor arrives as a broken picture, or not at all."""
    files = [file("5", "a.png"), file("6", "b.png"), file("7", "c.png")]
    stored = comment("77", document(picture("m-2"), picture("m-1")))
    page = {"comments": [stored], "total": 1}
    server.get(
        ISSUE,
        json={"renderedFields": {"description": '<img src="/secure/thumbnail/7/_thumb_7.png">'}},
        match=[query(expand="renderedFields")],
    )
    server.get(ISSUE, json=issue(attachment=files, comment=page, description=document(picture("m-3"))))
    html = '<img src="/rest/api/3/attachment/content/6"><a href="/x/1"><img src="/secure/attachment/5/a.png">'
    server.get(f"{NOTED}/77", json={**stored, "renderedBody": html})
    first, second = jira.fetch("10042").ticket.messages
    assert markdown(first) == "![c.png](<attachment:7>)"
    assert markdown(second) == "![b.png](<attachment:6>)\n\n![a.png](<attachment:5>)"


def test_html_is_asked_for_only_where_it_helps(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: each look at a ticket costs a call for every comment."""
    page = {"comments": [comment("77", document(picture("m-1", alt="a.png")))], "total": 1}
    server.get(ISSUE, json=issue(attachment=[file("5", "a.png")], comment=page))
    jira.fetch("10042")
    assert versions(server, "GET", "/comment/77") == []


def _new(**values: Value) -> TicketDraft:
    given: Any = {"subject": "x", **values}
    return TicketDraft(place=PLACE, values=given, message=draft(), token=TOKEN)


@pytest.mark.parametrize(("kind", "version"), [("textfield", "3"), ("textarea", "2")])
def test_a_field_of_several_lines_makes_a_create_wiki(
    server: responses.RequestsMock, jira: Connector, kind: str, version: str
) -> None:
    """Broken: the issue is refused, since version 3 takes nothing but a document for such a field."""
    custom = f"com.atlassian.jira.plugin.system.customfieldtypes:{kind}"
    held = {"id": "customfield_10050", "schema": {"type": "string", "custom": custom}}
    server.replace("GET", f"{REST}/field", json=[held, *FIELDS[1:]])
    server.post(f"{REST}/issue", status=201, json={"id": "10042", "key": "SUP-12"})
    server.get(ISSUE, json=issue())
    server.get(
        f"{REST}/issue/createmeta/SUP/issuetypes", json={"issueTypes": [{"id": "1", "hierarchyLevel": 0}]}
    )
    jira.create(_new(component="valve"))
    assert versions(server, "POST", "/issue") == [version]


def test_a_bulk_create_goes_by_both_versions(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: one text with a picture makes the other forty-nine be refused."""
    shown = replace(_new(), message=draft("![x](attachment:9)", Audience.STAFF, {"9": "x.png"}))
    server.get(
        f"{REST}/issue/createmeta/SUP/issuetypes", json={"issueTypes": [{"id": "1", "hierarchyLevel": 0}]}
    )
    server.post(
        f"{REST}/issue/bulk", status=201, json={"issues": [{"id": "10042", "key": "SUP-12"}], "errors": []}
    )
    server.post(f"{REST}/issue/bulkfetch", json={"issues": [issue()]})
    jira.create_many([_new(), shown])
    assert versions(server, "POST", "/bulk") == ["3", "2"]


def test_a_field_of_several_lines_is_read_as_words(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: a component is called ``{'type': 'doc'...`` wherever it is shown."""
    server.get(ISSUE, json=issue(comment=SILENT, customfield_10050=document(words("big"), words("pump"))))
    assert jira.fetch("10042").ticket.component == "big pump"
