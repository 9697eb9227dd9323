"""Atlassian's document format: valid by Atlassian's own schema, and no word or structure lost on the way."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.markup import adf_read, adf_write
from mappings.ticket import Attachment
from tests.mappings.atlassian import Atlassian
from tests.mappings.readers import PIECES, seen, words

NOTHING: dict[str, str] = {}
NESTING = [
    "> ",
    "- ",
    "1. ",
    "  ",
    "    ",
    "> **Note**\n>\n> ",
    "> **Old mail**\n>\n> ",
    "| a | b |\n|---|---|\n",
]
BLOCKS = ["# Head\n", "***\n", "```py\nx = 1\n```\n", "- [ ] todo\n", "- [x] done\n", "| 1 | `2` |\n"]
MARKDOWN = st.lists(st.sampled_from([*PIECES, *NESTING, *BLOCKS, "\n\n", "\n"]), max_size=20).map("".join)


def adf(*nodes: Any) -> str:
    """A document's JSON."""
    return json.dumps({"type": "doc", "version": 1, "content": list(nodes)})


def text(content: str, *marks: str, **attrs: str) -> dict[str, Any]:
    """A text node with marks; `attrs` are those of a link."""
    made = [{"type": mark, **({"attrs": attrs} if mark == "link" else {})} for mark in marks]
    return {"type": "text", "text": content, **({"marks": made} if made else {})}


def block(kind: str, *content: Any, **attrs: Any) -> dict[str, Any]:
    """A node with others in it."""
    return {"type": kind, "content": list(content), **({"attrs": attrs} if attrs else {})}


def picture(id: str, name: str = "") -> dict[str, Any]:
    """A picture as Jira keeps it."""
    attrs = {"type": "file", "id": id, "collection": "", **({"alt": name} if name else {})}
    return block("mediaSingle", {"type": "media", "attrs": attrs}, layout="center")


def file(id: str, name: str, *, inline: bool = True) -> Attachment:
    """A file that a text refers to."""
    kind = "image/png" if name.endswith(".png") else "application/pdf"
    return Attachment(id, name, kind, 1, inline=inline, location=f"files/{id}")


@given(MARKDOWN)
def test_what_is_written_is_valid(atlassian: Atlassian, markdown: str) -> None:
    """Jira refuses a whole comment for one node in the wrong place: that text would never arrive."""
    assert atlassian.adf_errors(json.loads(adf_write.write(markdown, NOTHING, NOTHING))) == []


@given(MARKDOWN)
def test_what_is_written_reads_the_same_ever_after(markdown: str) -> None:
    """A text that changes each time it passes is an edit each time: two sides would rewrite it for ever."""
    once = adf_read.read(adf_write.write(markdown, NOTHING, NOTHING), ())
    assert adf_read.read(adf_write.write(once, NOTHING, NOTHING), ()) == once


@given(MARKDOWN)
def test_no_word_is_lost_on_the_way(markdown: str) -> None:
    """A word that is missing on the developers' side is what the customer had wanted to say."""
    before, after = seen(markdown), seen(adf_read.read(adf_write.write(markdown, NOTHING, NOTHING), ()))
    assert not Counter("".join(before)) - Counter("".join(after))


MARKED = [
    ([text("foo"), text('"bar"', "strong"), text("baz")], 'foo**\u2060"bar"\u2060**baz'),
    ([text("a", "strong"), text("b", "em")], "**a**\u2060*b*"),
    ([text("a "), text("b ", "strong"), text("c", "em", "strong"), text(" d")], "a **b *c*** d"),
    ([text("x"), text(" y ", "strong"), text("z")], "x **y** z"),
    ([text("go", "link", href="https://a.example/b c")], "[go](<https://a.example/b%20c>)"),
    ([text("https://a.example/x", "link", href="https://a.example/x")], "<https://a.example/x>"),
    ([text("run", "link", href="javascript:alert(1)")], "run (javascript:alert(1))"),
    ([text("Bob", "link", href="mention:bob")], "Bob (mention:bob)"),
    ([text("log", "link", href="attachment:7")], "log (attachment:7)"),
    ([text("see https://a.example/x.")], "see <https://a.example/x>."),
    ([text("H"), {**text("2"), "marks": [{"type": "subsup", "attrs": {"type": "sub"}}]}, text("O")], "H2O"),
    ([text("a"), {"type": "hardBreak"}, text("- b")], "a\\\n\\- b"),
    ([text("x = 1", "code", "strong")], "**`x = 1`**"),
    ([{"type": "mention", "attrs": {"id": "5b10:a", "text": "@Ann Poe"}}], "[@Ann Poe](<mention:5b10%3Aa>)"),
    ([{"type": "mention", "attrs": {"id": "5b10:a"}}], "[@5b10:a](<mention:5b10%3Aa>)"),
    ([{"type": "date", "attrs": {"timestamp": "1767225600000"}}], "2026-01-01"),
    ([{"type": "status", "attrs": {"text": "IN PROGRESS", "color": "blue"}}], "IN PROGRESS"),
    ([{"type": "emoji", "attrs": {"shortName": ":tada:", "text": "🎉"}}], "🎉"),
    ([{"type": "inlineCard", "attrs": {"url": "https://a.example/AB-1"}}], "<https://a.example/AB-1>"),
]


@pytest.mark.parametrize(("nodes", "markdown"), MARKED, ids=[markdown for _, markdown in MARKED])
def test_a_line_shows_its_words_and_marks(nodes: list[Any], markdown: str) -> None:
    """Words that Jira shows bold, linked or as somebody's name must be so, and be no other reference."""
    assert adf_read.read(adf(block("paragraph", *nodes)), ()) == markdown


def item(*content: Any) -> dict[str, Any]:
    """An item of a list."""
    return block("listItem", *content)


def paragraph(words: str) -> dict[str, Any]:
    """A paragraph of plain words."""
    return block("paragraph", text(words))


def cell(kind: str, *content: Any, **attrs: Any) -> dict[str, Any]:
    """A cell of a table."""
    return block(kind, *content, **attrs)


TASKS = block(
    "taskList",
    block("taskItem", text("milk"), localId="a", state="DONE"),
    block("taskItem", text("eggs"), localId="b", state="TODO"),
    block("taskList", block("taskItem", text("six"), localId="c", state="TODO"), localId="d"),
    localId="e",
)
TABLE = block(
    "table",
    block("tableRow", cell("tableHeader", paragraph("a"), colspan=2), cell("tableHeader", paragraph("b"))),
    block(
        "tableRow",
        cell("tableHeader", paragraph("c"), rowspan=2),
        cell("tableCell", paragraph("x|y"), block("bulletList", item(paragraph("1")), item(paragraph("2")))),
        cell("tableCell", block("codeBlock", text("z"))),
    ),
    block("tableRow", cell("tableCell", paragraph("d")), cell("tableCell", TASKS)),
)
BLOCK = [
    (
        [block("bulletList", item(paragraph("a"), block("codeBlock", text("x\n\ny"), language="java")))],
        "- a\n\n  ```java\n  x\n\n  y\n  ```",
    ),
    (
        [block("bulletList", item(paragraph("a"), block("orderedList", item(paragraph("b")), order=3)))],
        "- a\n\n  3. b",
    ),
    ([block("bulletList", item(paragraph("a"))), block("bulletList", item(paragraph("b")))], "- a\n\n* b"),
    ([TASKS], "- [x] milk\n- [ ] eggs\n  - [ ] six"),
    (
        [block("decisionList", block("decisionItem", text("go"), localId="", state="DECIDED"), localId="")],
        "> **Decision**\n>\n> - go",
    ),
    ([block("panel", paragraph("hot"), panelType="error")], "> **Error**\n>\n> hot"),
    ([block("expand", paragraph("log"), title="Show [more]")], "> **Show \\[more\\]**\n>\n> log"),
    (
        [TABLE],
        "| a |  | b |\n| --- | --- | --- |\n| **c** | x\\|y • 1 • 2 | `z` |\n|  | d | ☑ milk ☐ eggs ☐ six |",
    ),
    ([block("rule"), block("heading", text("1. x"), level=9)], "***\n\n###### 1. x"),
    ([block("layoutSection", block("layoutColumn", paragraph("left"), width=50))], "left"),
    ([block("bodiedExtension", paragraph("in"), extensionKey="k", extensionType="t")], "in"),
    (
        [{"type": "extension", "attrs": {"extensionKey": "chart", "extensionType": "t"}}],
        "\\[extension: chart\\]",
    ),
    ([{"type": "blockCard", "attrs": {"url": "https://a.example"}}], "<https://a.example>"),
    ([block("newThing", block("other", text("words")))], "words"),
    ([{"type": "unsupportedBlock", "attrs": {"originalValue": paragraph("kept")}}], "kept"),
]


@pytest.mark.parametrize(("nodes", "markdown"), BLOCK, ids=[markdown for _, markdown in BLOCK])
def test_a_block_keeps_its_shape(nodes: list[Any], markdown: str) -> None:
    """A table without rows, code without its lines or a task without its box says something else."""
    assert adf_read.read(adf(*nodes), ()) == markdown


def test_pictures_are_found_by_their_names() -> None:
    """The media service's ids are told by no API: a picture that is not found is a broken one."""
    files = [file("7", "shot.png"), file("8", "terms.pdf", inline=False)]
    document = adf(picture("m-1", "shot.png"), block("mediaGroup", *picture("m-2", "terms.pdf")["content"]))
    found = "![shot.png](<attachment:7>)\n\n[terms.pdf](<attachment:8>)"
    assert adf_read.read(document, files) == found
    assert adf_read.read(document, files[1:]).startswith("\\[picture: shot.png\\]\n")


def test_pictures_without_names_are_the_remaining_ones() -> None:
    """What was pasted into the editor often has no name: its place is known by the order, or by nothing."""
    files = [file("7", "a.png"), file("8", "b.png"), file("9", "other.png", inline=False)]
    document = adf(picture("m-2"), picture("m-1", "a.png"), picture("m-2"))
    shown = "![b.png](<attachment:8>)"
    assert adf_read.read(document, files) == f"{shown}\n\n![a.png](<attachment:7>)\n\n{shown}"
    unknown = "\\[picture: without a name\\]"
    assert adf_read.read(adf(picture("m-2"), picture("m-3")), files[:1]) == f"{unknown}\n\n{unknown}"


BROKEN = [
    '{"type":"doc","content":[{"type":"paragraph","content":[{"type":"text","text":"half a w\\u00f6rd"}',
    '{"type":"doc","content":"no list","text":"half a wörd"}',
    '{"type":"doc","content":[null,3,{"type":7,"marks":"x","attrs":[],"content":[{"text":"half a wörd"}]}]}',
    "half a wörd",
    '"half a wörd"',
    '{"body":"half a wörd"}',
    '{"type":"table","content":[{"type":"tableRow","content":[{"type":"text","text":"half a wörd"}]}]}',
]


@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_document_keeps_its_words(broken: str) -> None:
    """A server's mistake must cost the looks of a text, not the text, and never stop the ticket."""
    assert {"half", "a", "wörd"} <= set(words(adf_read.read(broken, ())))


JSONS = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["type", "content", "attrs", "marks", "text", "version", "href", "title", "order"]
            ),
            inner
            | st.sampled_from(
                "doc paragraph text table tableRow bulletList listItem media heading link".split()
            ),
            max_size=6,
        )
    ),
    max_leaves=30,
)


@given(JSONS)
def test_no_document_stops_the_reader(document: Any) -> None:
    """A document of another version of the format must not stop its ticket: each becomes some Markdown."""
    markdown = adf_read.read(json.dumps(document), ())
    assert adf_read.read(adf_write.write(markdown, NOTHING, NOTHING), ()) is not None
    assert adf_read.read(json.dumps({"type": "doc", "content": [document]}), ()) is not None


@pytest.mark.timeout(10)
@pytest.mark.parametrize("kind", ["bulletList", "blockquote", "expand", "table", "nonsense"])
def test_a_deep_document_keeps_its_words(kind: str) -> None:
    """Blocks inside blocks without end would exhaust the memory of the hub, or of whoever reads the copy."""
    inside = {"bulletList": "listItem", "table": "tableRow"}.get(kind, kind)
    document: Any = paragraph("deep")
    for _ in range(120):
        document = block(kind, block(inside, document, paragraph("word")))
    markdown = adf_read.read(adf(document), ())
    assert Counter(words(markdown)) >= Counter(["deep", *["word"] * 120])
    assert adf_read.read('{"content":[' * 100_000, ()) is not None


@pytest.mark.timeout(10)
def test_merged_cells_make_no_endless_table() -> None:
    """A few kilobytes that become gigabytes of empty cells end the hub, and every tool behind it."""
    wide = block("tableRow", cell("tableCell", paragraph("x"), colspan=100, rowspan=100))
    markdown = adf_read.read(adf(block("table", *[wide] * 2000)), ())
    assert words(markdown) == ["x"] * 2000
    assert len(markdown) < 10_000


@pytest.mark.timeout(40)
def test_an_endless_document_is_plain_words() -> None:
    """Each reader and writer has an end, with a result: the words, whole."""
    long = adf(*[block("paragraph", text("word", "strong"))] * (adf_read.LONGEST // 80))
    assert words(adf_read.read(long, ())) == ["word"] * (adf_read.LONGEST // 80)
    markdown = "**word** \n" * (adf_write.LONGEST // 9)
    assert adf_write.write(markdown, NOTHING, NOTHING).count("word") == adf_write.LONGEST // 9


FOLDS = [
    ("> **Earlier messages**\n>\n> old", "expand"),
    ("> **Warning**\n>\n> hot", "panel"),
    ("> **Decision**\n>\n> - go", "decisionList"),
    ("> just words", "blockquote"),
    ("> **only bold**", "blockquote"),
]


@pytest.mark.parametrize(("markdown", "kind"), FOLDS)
def test_a_fold_is_one_in_jira_too(markdown: str, kind: str) -> None:
    """A thread quoted for the tenth time buries the words that are new, unless it can be folded away."""
    document = adf_write.document(markdown, NOTHING, NOTHING)
    assert [node["type"] for node in document["content"]] == [kind]
    assert adf_read.read(adf_read.stored(document), ()) == markdown


def test_only_the_people_of_the_rules_are_mentioned() -> None:
    """A mention pages: a name that merely looks like one must stay text."""
    written = adf_write.write("[@Ann](<mention:a%3A1>) [@Bob](<mention:bob>) @all", NOTHING, {"a:1": "5b10"})
    assert written.count('"type":"mention"') == 1
    assert '"attrs":{"id":"5b10","text":"@Ann"}' in written
    assert " @Bob @all" in written


def test_the_same_text_is_the_same_document() -> None:
    """Ids drawn by lot would make every look at a list of tasks a change of it."""
    written = adf_write.write("- [x] milk\n- [ ] eggs", NOTHING, NOTHING)
    assert written == adf_write.write("- [x] milk\n- [ ] eggs", NOTHING, NOTHING)
    ids = [item["attrs"]["localId"] for item in json.loads(written)["content"][0]["content"]]
    assert len(set(ids)) == 2


def test_a_strangers_picture_is_a_link() -> None:
    """A live picture of a stranger's server tells it who reads the ticket, and when."""
    written = adf_write.write("![pixel](https://spy.example/p.gif)", NOTHING, NOTHING)
    assert '"media' not in written
    assert adf_read.read(written, ()) == "[picture: pixel](<https://spy.example/p.gif>)"


def test_nodes_at_another_place_are_read_by_their_words() -> None:
    """A document whose ``content`` has another name would be an empty text."""
    for text in (
        '{"type":"doc","<content":[{"type":"text","text":"some words"}]}',
        '{"type":"x","a":{"text":"some words"}}',
    ):
        assert adf_read.read(text, ()) == "some words"
    assert adf_read.read('{"type":"doc","content":[{"type":"text","text":" "}]}', ()) == ""
