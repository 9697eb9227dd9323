"""What mail programs write is read: which words are new, what is folded, laid out, hidden."""

# ruff: noqa: E501 -- texts stand as their programs wrote them

from __future__ import annotations

import pytest

from mappings.markup import read, write
from mappings.ticket import Attachment, Raw, TextFormat
from tests.mappings.bodies import FILES
from tests.mappings.features import Features, of_html, of_markdown
from tests.mappings.snapshots import sources

SIGNED = (
    '<div>--</div><div><b>Ann Example</b></div><div>Support | <a href="https://desk.example">desk</a></div>'
)


def html(text: str, *signatures: str) -> str:
    """The Markdown of an HTML text."""
    return read(Raw(TextFormat.HTML, text), FILES, signatures=signatures)


def written(markdown: str) -> str:
    """The HTML of a Markdown text."""
    return write(markdown, TextFormat.HTML, {})


HEADS = {
    "English": "On Mon, Mar 3, 2025 at 10:00 AM Desk &lt;a@b.example&gt; wrote:",
    "English, in three lines": "On Mon, Mar 3, 2025 at 10:00 AM Desk<br>&lt;a@b.example&gt;<br>wrote:",
    "German": "Am Mo., 3. März 2025 um 10:00 Uhr schrieb Desk &lt;a@b.example&gt;:",
    "French": "Le lun. 3 mars 2025 à 10:00, Desk &lt;a@b.example&gt; a écrit :",
    "Italian": "Il giorno lun 3 mar 2025 alle ore 10:00 Desk &lt;a@b.example&gt; ha scritto:",
    "Spanish": "El lun, 3 mar 2025 a las 10:00, Desk (&lt;a@b.example&gt;) escribió:",
    "Portuguese": "Em seg., 3 de mar. de 2025 às 10:00, Desk &lt;a@b.example&gt; escreveu:",
    "Dutch": "Op ma 3 mrt 2025 om 10:00 schreef Desk &lt;a@b.example&gt;:",
    "Japanese": "2025年3月3日(月) 10:00 Desk &lt;a@b.example&gt;:",
    "Japanese, with a verb": "2025/03/03 10:00、Desk さんが書きました:",
    "Polish": "pon., 3 mar 2025 o 10:00 Desk &lt;a@b.example&gt; napisał(a):",
    "Swedish": "Den mån 3 mars 2025 kl 10:00 skrev Desk &lt;a@b.example&gt;:",
    "Outlook": "From: Desk<br>Sent: Monday 10:00<br>To: Ann<br>Subject: RE: x",
    "Outlook in German": "<b>Von:</b> Desk<br><b>Gesendet:</b> Montag<br><b>An:</b> Ann<br><b>Betreff:</b> AW: x",
    "Outlook in French": "De : Desk<br>Envoyé : lundi<br>À : Ann<br>Objet : RE: x",
    "Outlook in Italian": "Da: Desk<br>Inviato: lunedì<br>A: Ann<br>Oggetto: R: x",
    "Outlook in Japanese": "差出人: Desk<br>送信日時: 2025年3月3日<br>宛先: Ann<br>件名: RE: x",
    "original message": "-----Original Message-----<br>from somebody",
    "German original": "-----Ursprüngliche Nachricht-----<br>von jemand",
    "Lotus": "-----Ann Example wrote: -----",
}


@pytest.mark.parametrize("name", HEADS)
@pytest.mark.parametrize(
    "quoted", ["<p>{0}</p><p>older words</p>", "{0}<br>older words", "{0}<br>&gt; older words"]
)
def test_history_is_folded_with_the_line_above_it(name: str, quoted: str) -> None:
    """A developer would read the whole thread with each reply, and not see what is new."""
    found = html(f"<div>new words</div><br>{quoted.format(HEADS[name])}")
    new, _, old = found.partition("\n\n> **Earlier messages**\n>\n")
    assert new == "new words"
    assert "older words" in old
    assert all(line.startswith(">") for line in old.split("\n"))


@pytest.mark.parametrize(
    "text",
    [
        "On Monday Ann wrote:<br>the printer is broken",
        "From: Berlin<br>To: Rome<br>by train",
        "From: Berlin<br>To: Munich<br>Date: 3 March<br>Subject: refund of a ticket<br>please pay it back",
        "From: eva@c.example<br>Date: 2025-03-03 10:00<br>Subject: Question<br>Message: Do you ship to Norway?",
        "Von: Eva &lt;e@c.example&gt;<br>An: Shop<br>Betreff: Frage<br>Telefon: 12345<br>Nachricht: Wann?",
        "On 3 March your colleague Bob wrote:<br>We will refund you.<br>But nothing happened since then.",
        "On Monday, 3 March 2025 you wrote:</p><p>We will refund you.</p><p>But nothing happened since then.",
        "Am 3. März schrieb Ihr Kollege:</p><p>Wir erstatten es.</p><p>Aber nichts geschah.",
        "He wrote: no",
        "<blockquote>a passage from the manual</blockquote>",
        "-----<br>words",
    ],
)
def test_ordinary_words_are_not_folded(text: str) -> None:
    """What a customer says now would be hidden as if it were old."""
    assert "Earlier messages" not in html(f"<p>Hello</p><p>{text}</p>")


@pytest.mark.parametrize(
    "said",
    [
        "Please see my answers below.",
        "Antworten in rot unten",
        "comments inline",
        "Réponses en rouge ci-dessous",
    ],
)
def test_answers_among_the_old_words_are_not_folded(said: str) -> None:
    """Outlook tells answers from what they answer by their colour: folded, the customer's would be hidden."""
    found = html(
        f"<div>{said}</div><div id=divRplyFwdMsg><b>From:</b> Desk &lt;d@desk.example&gt;<br><b>Sent:</b> Monday"
        "<br><b>Subject:</b> x</div><p>Since when?</p><p style='color:red'>Since Monday.</p>"
    )
    assert "Earlier messages" not in found
    assert "> Since Monday." in found.split("\n")
    assert html(write(found, TextFormat.HTML, {})) == found


@pytest.mark.parametrize(
    "text",
    [
        (
            "<div>Hi,</div><div class=gmail_extra><div class=gmail_quote>On Mon, 3 Mar 2025 at 10:00, Desk wrote:<br>"
            "<blockquote class=gmail_quote>Which?</blockquote></div><div>The red one.</div></div>"
        ),
        "<div>Hi,</div><div id=appendonsend></div><p>The red one.</p>",
        "<div>Hi,</div><div class=moz-forward-container>---- Přeposlaná zpráva ----<p>The red one.</p></div>",
    ],
)
def test_words_inside_a_programs_box_are_not_folded(text: str) -> None:
    """Mail programs put boxes around more than what they quote: an answer below it, or a forwarded mail."""
    assert "\n\nThe red one." in f"\n\n{html(text)}"


def test_answers_between_quotations_keep_their_order() -> None:
    """An answer apart from its question says nothing."""
    found = html(
        "<div>On 3.3.25 10:00, Desk wrote:</div><blockquote type=cite>first?</blockquote>yes"
        "<blockquote type=cite>second?</blockquote>no<blockquote type=cite>regards</blockquote>"
    )
    order = ["wrote:", "> first?", "yes", "> second?", "no", "> **Earlier messages**", "> regards"]
    places = [found.index(part) for part in order]
    assert places == sorted(places)


@pytest.mark.parametrize("head", ["", "<p>On Mon, 3 Mar 2025 Desk wrote:</p>"])
def test_a_body_that_is_only_a_quotation_stays(head: str) -> None:
    """A mail of nothing but a quotation says what it quotes."""
    assert "Earlier" not in html(f"{head}<blockquote type=cite>words</blockquote>")


def test_a_forwarded_mail_is_read() -> None:
    """What is forwarded to the desk is what the ticket is about."""
    found = html(
        "<p>see below</p><p>---------- Forwarded message ---------<br>From: Kim<br>Subject: x</p><p>words</p>"
    )
    assert found.startswith("see below\n\n> \\----------")
    assert "Earlier" not in found
    assert found.endswith("> words")


def test_a_line_inside_the_quotation_says_that_it_is_history() -> None:
    """Yahoo's history, which the program marks by nothing else, would be read as what the customer says."""
    line = "<div>On Monday, March 3, 2025, 10:00, Desk<br>&lt;help@desk.example&gt; wrote:</div>"
    mail = (
        f"<div>It works</div><blockquote style='margin: 0'><div>{line}<div>Does it?</div></div></blockquote>"
    )
    assert html(mail).startswith("It works\n\n> **Earlier messages**\n>\n> On Monday")
    assert html(f"{mail}<p>Sorry, no.</p>").endswith("> Does it?\n\nSorry, no.")


def test_the_head_of_an_earlier_mail_stands_apart_from_its_words() -> None:
    """Outlook for Mac marks history itself: its subject and the first line below it would run together."""
    head = "<b>From:</b> Ann<br><b>Sent:</b> Monday<br><b>To:</b> Kim<br><b>Subject:</b> Lamp"
    mail = f"<p class=MsoNormal>Yes.</p><p class=MsoNormal>&nbsp;</p><div id=divRplyFwdMsg><p class=MsoNormal>{head}</p>"
    found = html(f"{mail}<p class=MsoNormal>Is it on?</p></div>")
    assert found.startswith("Yes.\n\n> **Earlier messages**\n>\n> **From:** Ann")
    assert found.endswith("> **Subject:** Lamp\n>\n> Is it on?")


def test_quoted_lines_that_are_paragraphs_are_one_quotation() -> None:
    """KMail writes each line as a paragraph: a quotation of many boxes, and a paragraph's lines apart."""
    quoted = "".join(f"<p>&gt; {line}</p>" for line in ("Hello Ann,", "", "is it on?", "Desk"))
    line = "<p>On Tuesday, 3 June 2025, 10:00 Desk wrote:</p>"
    assert html(f"{line}{quoted}<p>Yes.</p>").endswith("> Hello Ann,\n>\n> is it on?\\\n> Desk\n\nYes.")
    assert html(f"<p>Yes.</p>{line}{quoted}").startswith("Yes.\n\n> **Earlier messages**\n>\n> On Tuesday")


def test_emoji_that_are_pictures_are_letters() -> None:
    """An agent would read ``[picture]`` and an address where the customer smiled."""
    smile = '<img alt="{}" src="https://cdn.example/e/1f389.png">'
    assert html(f"<p>Done {smile.format('🎉')}{smile.format('👍🏽')}</p>") == "Done 🎉👍🏽"
    assert "https://cdn.example" in html(f"<p>Done {smile.format('chart 🎉')}</p>")


def test_a_list_in_a_cell_makes_no_table_a_layout() -> None:
    """Editors write the items of a list as paragraphs; the table's rows would fall apart."""
    rows = "<tr><td><p>Day</p></td><td><p>Work</p></td></tr>"
    rows += "<tr><td><p>Mon</p></td><td><ol><li><p>sow</p></li><li><p>reap</p></li></ol></td></tr>"
    assert html(f"<table>{rows}</table>").startswith("| Day | Work |\n| --- | --- |\n| Mon |")


def test_what_the_hub_folded_is_not_folded_again() -> None:
    """A text that travels there and back would be buried one level deeper each time."""
    for title in ("Earlier messages", "Signature"):
        once = f"new\n\n> **{title}**\n>\n> On Mon, 3 Mar 2025 Desk wrote:\n>\n> > old"
        assert html(written(once)) == once


@pytest.mark.parametrize(
    "body",
    [
        f"<p>Done.</p>{SIGNED}",
        f'<div style="font-size:14px"><div><p>Done.</p></div>{SIGNED}</div>',
        '<div>Done.<br>--<br><b>Ann Example</b><br>Support | <a href="https://desk.example">desk</a></div>',
        f"<p>Done.</p>{SIGNED.replace('</div><div>', '</div> <div>')}",
    ],
)
def test_an_agents_signature_is_folded(body: str) -> None:
    """With every reply an issue would get a card of address and disclaimer; dropped, words would be lost."""
    found = html(f'{body}<div class="freshdesk_quote"><blockquote>old</blockquote></div>', SIGNED)
    new, signature, old = found.split("\n\n")
    assert new == "Done."
    assert signature.startswith("> **Signature**\n>\n> ")
    assert "**Ann Example**" in signature
    assert old == "> **Earlier messages**\n>\n> old"


def test_only_the_very_signature_is_folded() -> None:
    """A customer called like an agent, or an agent's name in a sentence, is no signature."""
    assert html("<div>Ann</div><div>please call me</div>", "<div>Ann</div>") == "Ann\\\nplease call me"
    assert html("<p>ask Ann</p>", "<div>Ann</div>") == "ask Ann"
    assert html("<p>Hi</p><div>Ann B.</div>", "<div>Ann</div>") == "Hi\n\nAnn B."
    assert html("<p>Hi</p><div>Ann</div>", "<div>Ann</div>", "", "<br>") == "Hi\n\n> **Signature**\n>\n> Ann"


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ('<div style="display:none">preview</div><p>words</p>', "words"),
        ('<p>words<span style="mso-hide:all"> more</span></p>', "words"),
        ('<img src="https://t.example/o.gif" width="1" height="1">words', "words"),
        ('<img src="https://t.example/o.gif" style="width:1px;height:1px">words', "words"),
        ('<div style="display:none">words</div>', "words"),
        ('<img src="https://i.example/a.png" width="1" alt="chart">', "![chart](<https://i.example/a.png>)"),
    ],
)
def test_what_nobody_sees_is_not_read(text: str, markdown: str) -> None:
    """A newsletter's hidden preview would stand first; but a text of hidden words only is not empty."""
    assert html(text) == markdown


def test_pictures_by_content_id_are_found_by_name() -> None:
    """References that Freshdesk never resolved still have their file beside the text."""
    assert html('<img src="cid:SHOT.png@01DB">') == "![shot.png](<attachment:7>)"
    assert html('<img src="https://s3.example/data/helpdesk/attachments/production/7/original/x.png?1">') == (
        "![shot.png](<attachment:7>)"
    )
    spaced = Attachment("a b", "my <shot>.png", "image/png", 1, inline=True, location="x")
    assert read(Raw(TextFormat.HTML, '<img src="x">'), [spaced]) == "![my \\<shot\\>.png](<attachment:a%20b>)"


def test_an_address_with_a_token_is_never_copied() -> None:
    """Whoever reads the issue could fetch the picture without login."""
    found = html('<img src="https://attachment.freshdesk.com/inline/attachment?token=eyJ0" alt="shot">')
    assert found == "\\[picture: shot\\]"


@pytest.mark.parametrize(
    "link", ["javascript:x", "data:text/html,x", "mention:kim", "attachment:7", "file:///x", "/a/7", "#a"]
)
def test_links_that_lead_nowhere_keep_their_words(link: str) -> None:
    """A mail could mention people, point at files of other tickets or run scripts."""
    assert html(f'<a href="{link}">words</a>') == "words"


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("<div>a</div><div>b</div><div><br></div><div>c</div>", "a\\\nb\n\nc"),
        ("a<br>b<br><br><br>c", "a\\\nb\n\nc"),
        ("<p class=MsoNormal>a</p><p class=MsoNormal>&nbsp;</p><p class=MsoNormal>b</p><p class=MsoNormal>c</p>", "a\n\nb\\\nc"),
        ("<p class=MsoNormal>b</p><p class=MsoNormal>c</p>", "b\n\nc"),
        ("&nbsp;&nbsp;&nbsp;at x<br>y", "\u00a0\u00a0\u00a0at x\\\ny"),
        ("<p class=MsoListParagraph>·&nbsp;&nbsp;&nbsp; one</p><p class=MsoListParagraph>·&nbsp;&nbsp; two</p>", "- one\n- two"),
        ("<ul><li>☐ a</li><li><input type=checkbox checked> b</li></ul>", "- [ ] a\n- [x] b"),
        ("<ul><li>a</li></ul><ul><li>b</li></ul>", "- a\n\n* b"),
        ("x<li>a<li>b</li> <li>c</li>text<li>d", "x\n\n- a\n- b\n- c\n\ntext\n\n- d"),
        ("<table role=presentation><tr><td>a</td><td>b</td></tr></table>", "a\n\nb"),
        ("<table><tr><th>a</th><th>b</th></tr><tr><td><ul><li>c</li><li>d</li></ul></td><td>e<br>f</td></tr></table>",
         "| a | b |\n| --- | --- |\n| • c • d | e f |"),
        ('<pre><code class="language-python">x = 1\n</code></pre>', "```python\nx = 1\n```"),
        ("<b>「請求書」</b>の", "「**請求書**」の"),
        ("<b>a:</b>b <i>x</i><b>y</b>", "**a**:b _x_**y**"),
        ('<b style="font-weight:normal">a <span style="font-weight:700">b</span></b>', "a **b**"),
        ('<iframe src="https://v.example/1"></iframe>', "<https://v.example/1>"),
    ],
)  # fmt: skip
def test_the_look_of_mails_becomes_structure(text: str, markdown: str) -> None:
    """Lines that run together, lists that are none and tables of the layout cannot be read."""
    assert html(text) == markdown


@pytest.mark.parametrize(
    "text",
    [
        "<ul>one<li>two</li>three<b>four</b></ul>",
        "<table>one<tr>two<td>three</td>four</tr>five</table>",
        "<table border=1>one<tr><th>two<th>three</tr>four<tr><td>five</table>",
        "<table><tr><th>one<th>two<tr><td><table><tr><td><table><tr><td>three</table>four</table><td>five</table>",
        "<table><tr><th>one<th>two<tr><td><ul>three<li>four</ul><td>five</table>",
    ],
)
def test_words_between_items_and_cells_are_read_once(text: str) -> None:
    """Broken HTML has words where none belong; they were written all the same."""
    found = html(text)
    expected = [word for word in ("one", "two", "three", "four", "five") if word in text]
    assert sorted(word for word in expected for _ in range(found.count(word))) == sorted(expected)


def test_tasks_are_shown_and_not_ticked() -> None:
    """A box in Freshdesk would be ticked by an agent, and nobody would hear of it."""
    out = written("- [ ] a\n- [x] b")
    assert "☐ a" in out
    assert "☑ b" in out
    assert "<input" not in out
    assert html(out) == "- [ ] a\n- [x] b"


def test_tables_have_lines() -> None:
    """Freshdesk's own page draws none, so that cells would run together."""
    out = written("| a | b |\n|:--|--:|\n| 1 | 2 |")
    assert '<table border="1"' in out
    assert out.count("border:1px solid") + out.count("border: 1px solid") == 4
    assert html(out) == "| a | b |\n| --- | --- |\n| 1 | 2 |"


def test_a_picture_elsewhere_is_a_link() -> None:
    """Shown, it would tell its server who reads the ticket, and when."""
    out = written("![chart](https://t.example/x.png) [![a](https://t.example/y.png)](https://b.example)")
    assert "<img" not in out
    assert 'href="https://t.example/x.png"' in out
    assert 'href="https://b.example"' in out


@pytest.mark.parametrize(
    "address", ["/logout", "//evil.example/x", "\\\\\\\\evil\\x", "../admin?a=b", "#top", "https:a"]
)
def test_a_link_without_a_server_is_words(address: str) -> None:
    """It would lead into the help desk: a customer could have an agent's click sign out or change something."""
    out = write(f"see [the **page**]({address}) now", TextFormat.HTML, {})
    assert "<a" not in out
    assert out.startswith("<p>see the <strong>page</strong> ")
    assert "evil" not in address or "evil" in out
    assert "#" not in out
    assert write("[f](attachment:7)", TextFormat.HTML, {"7": "/data/7"}).count("<a href") == 1


def test_a_marker_is_still_found() -> None:
    """A copy whose marker is lost is taken for a person's words and sent back."""
    text = "**Kim** in [desk \\#7](https://desk.example/a/tickets/7#db1.abc2.def3), 2025-03-03 10:00 UTC\n\nwords"
    assert "#db1.abc2.def3" in html(f"<div>{written(text)}</div>").split("\n")[0]


SLOW = {
    "tags that nobody closes": "<b>x</i>" * 12_000,
    "nested quotations": "<blockquote>" * 5000 + "words",
    "nested tables": "<table><tr><td>x" * 5000,
    "a long attribute": f'<p style="{"font-weight:bold;" * 10_000}">x',
    "lines of history": "On Mon 3 Ann &lt;a@b&gt; wrote:<br>" * 5000,
    "quoted lines": "&gt; &gt; x<br>" * 15_000,
    "heads": "<p>From: a</p><p>To: b</p>" * 5000,
    "signatures": "<div>--</div><div>Ann</div>" * 6000,
    "a swallowed body": "<svg><style>" + "x " * 50_000,
    "comments": "<!--x" * 30_000,
    "wide cells": "<table border=1>" + "<tr><td colspan=60>x<td rowspan=999>y" * 4000,
    "Word": "MsoNormal> <b" * 12_000,
    "paragraphs": "<p>x" * 30_000,
}


@pytest.mark.timeout(10)
@pytest.mark.parametrize("name", SLOW)
def test_no_mail_keeps_a_worker_busy(name: str) -> None:
    """One hostile mail would hold up all the others; its words are there all the same."""
    assert html(SLOW[name], "<div>--</div><div>Ann</div>").strip()


def test_the_corpus_keeps_its_words_and_structure() -> None:
    """A change that helps one program's mails could cost the others' lists or tables."""
    before, after = Features(), Features()
    for source in sources():
        if source.folder == "html":
            had, has = of_html(source.raw.text), of_markdown(html(source.raw.text))
            before.words, before.structure = before.words + had.words, before.structure + had.structure
            after.words += had.words & has.words
            after.structure += had.structure & has.structure
    words, structure = before.kept(after)
    assert words >= 0.995
    assert structure >= 0.95
