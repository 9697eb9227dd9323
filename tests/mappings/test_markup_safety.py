"""No text that comes from outside executes, pages people or keeps a worker busy, in any tool."""

from __future__ import annotations

import html
import json
import re
import time

import lxml.html
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskbridge.sandbox.gitlab import quick
from mappings.markup import read, write
from mappings.ticket import Raw, TextFormat
from tests.mappings.atlassian import Atlassian
from tests.mappings.bodies import FILES
from tests.mappings.readers import (
    ELEMENTS,
    FORMATS,
    NAMES,
    PIECES,
    check_wiki,
    elements,
    nodes,
    passed,
    shown,
    words,
)

COMMANDS = [
    "/close",
    "/CLOSE",
    "/label ~bug",
    "/assign @bob",
    "/shrug",
    "/add_email a@b.example",
    "/unknown x",
]
POSITIONS = [
    "{}",
    "\n\n{}\n\n",
    "words\n{}",
    "words  \n{}",
    "words\\\n{}",
    "words\r\n{}\r\nwords",
    "words\r{}",
    "- {}",
    "- words\n{}",
    "1. {}",
    "- a\n  - {}",
    "> {}",
    "> words\n{}",
    "# words\n{}",
    "words\n---\n{}",
    "    {}",
    "```\n{}\n```",
    "~~~\n{}\n~~~",
    "````\n```\n{}\n```\n````",
    "```x``` words\n\n```\n{}\n```",
    "`words\n{}\nwords`",
    "``\n{}\n``",
    "<div>\n{}\n</div>",
    "<!--\n-->{}",
    ">>>\n{}\n>>>",
    "| a |\n|---|\n| {} |",
    "words\n\n&#13;{}",
    "words&#10;{}",
    "[words\n{}](https://a.example)",
    "**words\n{}**",
    "\u2060{}",
    "\u2028{}",
    "\\{}",
    "{}\n\n[ref]: https://a.example",
    "\\\n{}",
    "![]()\n{}",
    "   {}",
    "\t{}",
]


@pytest.mark.parametrize("position", POSITIONS, ids=range(len(POSITIONS)))
def test_no_quick_action_runs(position: str) -> None:
    """A customer who begins a line with /close would close the issue; with /assign, hand it to somebody."""
    for command in COMMANDS:
        written = write(position.replace("{}", command), TextFormat.MARKDOWN, {})
        for out in (written, write(read(Raw(TextFormat.MARKDOWN, written), ()), TextFormat.MARKDOWN, {})):
            check_gitlab(out)
            assert words(command)[0] in words(out)


@pytest.mark.parametrize("position", POSITIONS, ids=range(len(POSITIONS)))
def test_no_file_is_included(position: str) -> None:
    """GitLab replaces such a line by a file of the repository before it looks for code."""
    out = write(position.replace("{}", "::include{file=secrets.md}"), TextFormat.MARKDOWN, {})
    assert not re.search("^::", out, re.MULTILINE)
    assert "file=secrets" in out


def check_gitlab(out: str) -> None:
    """No line of a GitLab text is a command, by the server's rule and by a stricter one."""
    assert "\r" not in out
    assert not re.search(r"^/[a-z]", out, re.MULTILINE | re.IGNORECASE)
    assert quick.extract(out)[1] == []


LINES = {
    TextFormat.HTML: "<div>{0}</div><p>a<br>{0}</p><ul><li>{0}</li></ul><pre>{0}\n```\n{0}\n```</pre>"
    "<h2>{0}</h2><blockquote>{0}</blockquote><table><tr><td>{0}</td></tr></table><pre>&#13;{0}</pre>",
    TextFormat.WIKI: "{0}\n\na\n{0}\n* {0}\nh2. {0}\n|{0}|\n{{code}}\n{0}\n```\n{0}\n{{code}}\n"
    "bq. {0}\n\\\\{0}",
}
"""Where a line begins only after it was read: a paragraph, a break, an item, a cell, a code block."""


@pytest.mark.parametrize("format", LINES)
@pytest.mark.parametrize("command", COMMANDS)
def test_no_quick_action_comes_out_of_a_mail(command: str, format: TextFormat) -> None:
    """As above, for the lines that a conversion makes."""
    out = write(read(Raw(format, LINES[format].format(command)), ()), TextFormat.MARKDOWN, {})
    assert words(out).count(words(command)[0]) >= 8
    check_gitlab(out)


NAMING = '@all @bob (@bob) @a-b.c_d #1 grp/prj#12 !7 grp/prj!7 &4 $3 ~bug ~"ab" %v1'.split()
PLACES = ["{}", "- {}", "a **{}** b", "> {}", "# {}", "[{}](https://a.example)", "a\\\n{}"]


@pytest.mark.parametrize("name", NAMING)
def test_nobody_is_paged_and_nothing_is_referred_to(name: str) -> None:
    """``@all`` in a customer's mail would mail everybody; ``#1`` would write on a stranger's issue."""
    for place in PLACES:
        out = write(place.format(name), TextFormat.MARKDOWN, {})
        text = str(shown(out, raw=True).text_content())
        assert not re.search(r"(?<!\w)@\w|[#!&$]\d|[~%][\w\"]", text)
        assert words(text) == words(place.replace("https://a.example", "").format(name))
        assert "\u2060" not in read(Raw(TextFormat.MARKDOWN, out), ())


BESIDE_LETTERS = "请@all ы@bob é@a-b.c ü@.team 号#12 见GL-12 gl-7 GL-7+s 第&4 修复1f3c9a2d了".split()


@pytest.mark.parametrize("name", BESIDE_LETTERS)
def test_a_name_right_after_a_letter_is_one_too(name: str) -> None:
    """GitLab takes letters of ASCII only for letters: ``请@all``, as Chinese is written, mails everybody."""
    for place in PLACES:
        out = write(place.format(name), TextFormat.MARKDOWN, {})
        text = str(shown(out, raw=True).text_content())
        assert not re.search(r"(?<!\w)@[\w.]|[#&]\d|GL-\d|[0-9a-f]{7}", text, re.ASCII | re.IGNORECASE)
        assert name in text.replace("\u2060", "")
        assert "\u2060" not in read(Raw(TextFormat.MARKDOWN, out), ())


@pytest.mark.parametrize(
    "text",
    [
        "`@all` and `#1 @x`",
        "`a\n@all b`",
        "```\n@all #1 ~x\n```",
        "    @all #1",
        "- x\n\n      @all #1",
        "> ```\n> @all\n> ```",
        "[x](https://a.example/@all#1~y%20z)",
        "<https://a.example/@all#1>",
        "https://a.example/@all?b=#1",
        "<me@a.example>",
        "me@a.example, C#, AT&T, 50 %, a & b, ~ 5, $HOME",
        "&amp; &lt;x&gt; &#35;",
    ],
)
def test_neutralising_leaves_the_rest_alone(text: str) -> None:
    """A sign put into code, an address or a mail address makes it another one: it is copied and fails."""
    assert "\u2060" not in write(text, TextFormat.MARKDOWN, {})
    assert elements(passed(text, TextFormat.MARKDOWN)) == elements(text)
    before, after = shown(text), shown(passed(text, TextFormat.MARKDOWN))
    assert [a.get("href") for a in after.iter("a")] == [a.get("href") for a in before.iter("a")]
    assert " ".join(after.text_content().split()) == " ".join(before.text_content().split())


@pytest.mark.parametrize("text", ["<{}>", "see {} please", "[the *other* one]({})", "- {}\n"])
def test_the_address_of_an_issue_stays_a_link(text: str) -> None:
    """An address that leads nowhere any more, or is code, cannot be followed: see docs/text.md."""
    address = "https://gitlab.example.com/shop/web/-/issues/4#note_12"
    out = write(text.format(address), TextFormat.MARKDOWN, {})
    assert [link.get("href") for link in shown(out, raw=True).iter("a")] == [address]
    assert not list(shown(out, raw=True).iter("code"))


REFERENCES = {
    TextFormat.HTML: '<a href="mention:bob">words</a> <img src="attachment:8"><a href="Attachment:8">y</a>',
    TextFormat.WIKI: "[words|mention:bob] [x|attachment:8] !attachment:8! [mention:bob]",
    TextFormat.MARKDOWN: "[words](mention:bob) ![x](attachment:8) [y](Attachment:8) [z]\n\n"
    "[z]: mention:bob\n\n"
    '<p><a href="mention:bob">words</a></p>\n\n**[*words*](mention:bob)**\n\n'
    'a <a href="mention:bob">words</a> <a href=" &#109;ention:bob">b</a> <a href=attachment:8>c</a>',
    TextFormat.ADF: json.dumps(
        {
            "type": "doc",
            "version": 1,
            "content": [
                {
                    "type": "paragraph",
                    "content": [
                        {"type": "text", "text": "words", "marks": [{"type": "link", "attrs": {"href": h}}]}
                        for h in ("mention:bob", "attachment:8")
                    ],
                }
            ],
        }
    ),
}


@pytest.mark.parametrize("source", REFERENCES)
def test_nobody_writes_a_reference_of_ours(source: TextFormat) -> None:
    """A link that says ``mention:`` would page whom its writer could not; ``attachment:``, show any file."""
    markdown = read(Raw(source, REFERENCES[source]), FILES)
    assert "words" in markdown
    assert not re.search(r"(?i)\]\(<?\s*(?:mention|attachment):", markdown)
    for target in FORMATS:
        out = write(markdown, target, NAMES[target], people={"bob": "bob"})
        assert not re.search(r'@bob|~bob|"mention"|\^app.log|files.example', out)


SCRIPTS = [
    "<script>alert(1)</script>words",
    "<img src=x onerror=alert(1)>words",
    '<a href="javascript:alert(1)">words</a>',
    '<a href=" JaVaScRiPt:alert(1)">words</a>',
    '<a href="java&#9;script:alert(1)">words</a>',
    '<a href="data:text/html,<script>alert(1)</script>">words</a>',
    '<a href="vbscript:x">words</a><a href="file:///etc/passwd">words</a>',
    "<svg><style>a{}</style><script>alert(1)</script></svg>words",
    "<iframe src=https://evil.example></iframe><object data=x></object><embed src=x>words",
    '<p style="background:url(javascript:alert(1))" onclick="alert(1)">words</p>',
    "<form action=https://evil.example><input value=x><button>words</button></form>",
    "<base href=https://evil.example><meta http-equiv=refresh content=0><link rel=stylesheet href=x>words",
    "&lt;script&gt;alert(1)&lt;/script&gt;words",
    "<math><mtext></mtext><script>alert(1)</script></math>words",
    "[words](javascript:alert(1))",
    "[words](<javascript:alert(1)>)",
    "[words](java&#x09;script:alert(1))",
    "[words](JAVASCRIPT&colon;alert(1))",
    "[words](data:text/html;base64,PHNjcmlwdD4=)",
    "![words](javascript:alert(1))",
    "![words](data:image/svg+xml;base64,PHN2Zz4=)",
    "<javascript:alert(1)> words",
    "[words][1]\n\n[1]: javascript:alert(1)",
    '[words](https://a.example "onmouseover=alert(1)")',
    '[words](https://a.example/"onmouseover="alert(1))',
    "`<script>alert(1)</script>` words",
    "```\n</code></pre><script>alert(1)</script>\n```\nwords",
    "[words|javascript:alert(1)]",
    "[javascript:alert(1)] words",
    "!https://evil.example/x.png|onload=alert(1)! words",
    "!shot.png|onload=alert(1),onerror=x! words",
    "{html}<script>alert(1)</script>{html} words {panel:title=<script>}words{panel}",
    "{code:javascript:alert(1)}words{code}",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>words",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=x&gt;'>words",
    "<svg></p><style><a id='</style><img src=1 onerror=alert(1)>'>words",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)></style>words",
    "<img srcset='https://evil.example/a 1x' alt=words>words",
    "<picture><source srcset=https://evil.example/p><img src=https://evil.example/q alt=x></picture>words",
    "<video poster=https://evil.example/v src=https://evil.example/w autoplay>words</video>words",
    "<table background=https://evil.example/tb><tr><td background=https://evil.example/td>words</td></tr></table>",
    "<div style='background-image:url(https://evil.example/b)'>words</div>",
    "<form><button formaction=javascript:alert(1)>words</button></form>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>words",
    "<a href='&#106;avascript:alert(1)'>words</a><a href='\x01javascript:alert(1)'>words</a>",
    "<a href='https:javascript:alert(1)'>words</a><a href='//evil.example'>words</a>",
    "<details open ontoggle=alert(1)><summary>words</summary>words</details>",
    "<xmp><script>alert(1)</script></xmp><textarea></textarea><script>alert(1)</script>words",
    "<![CDATA[<script>alert(1)</script>]]>words <!--><script>alert(1)</script>-->",
    "<a href='https://a.example\" onmouseover=\"alert(1)'>words</a>",
    "[!https://evil.example/y.png!|https://a.example] words {iframe:src=x}",
]


@pytest.mark.parametrize("source", FORMATS)
@pytest.mark.parametrize("text", SCRIPTS, ids=range(len(SCRIPTS)))
def test_nothing_executes(text: str, source: TextFormat) -> None:
    """A mail could run a script in an agent's browser, in whichever tool the agent reads it."""
    markdown = read(Raw(source, text), FILES)
    assert "words" in markdown
    written = {target: write(markdown, target, NAMES[target]) for target in FORMATS}
    check_wiki(written[TextFormat.WIKI])
    check_html(written[TextFormat.HTML])
    check_html(lxml.html.tostring(shown(written[TextFormat.MARKDOWN], raw=True), encoding="unicode"))


def check_html(text: str) -> None:
    """An HTML text has none but harmless elements and attributes, and leads to harmless addresses."""
    for element in lxml.html.fragment_fromstring(text, create_parent="div").iter():
        assert element.tag in {*ELEMENTS, "div", "span", "thead", "tbody", "th", "td"}
        assert not [name for name in element.attrib if name.startswith("on")]
        for name in ("href", "src"):
            address = element.get(name, "https:")
            assert re.match(r"(?i)https?:|mailto:|tel:|[^:]*$", address), address


MACROS = [
    "{html}x{html}",
    "{code}x{code}",
    "{noformat} open",
    "{quote}x",
    "{jira:key=A-1}",
    "{include:page}",
    "{color:red}x",
    "{panel}",
    "{*}x{*}",
    "[~admin]",
    "[~accountid:5b10]",
    "[^app.log]",
    "[x|https://a.example]",
    "[x|~admin]",
    "[x|#anchor]",
    "!shot.png!",
    "!x.png|onload=alert(1)!",
    "!https://a.example/x.png!",
    "h1. x",
    "bq. x",
    "----",
    "|a|b|",
    "||a||b||",
    "* x",
    "# x",
    "- x",
    "*x*",
    "_x_",
    "-x-",
    "+x+",
    "^x^",
    "~x~",
    "??x??",
    "{{x}}",
    "\\\\",
    "\\*x*",
    "\\{html}x{html}",
    "\\\\{html}x{html}",
    "(/) (x) (!) (on)",
]


@pytest.mark.parametrize("macro", MACROS)
def test_no_macro_runs_in_jira(macro: str, atlassian: Atlassian) -> None:
    """Text that a mail brings would become a mention, a picture, a table, or run a macro of Jira's."""
    mail = "".join(f"<{e}>{html.escape(macro)}</{e}>" for e in ("p", "li", "td", "h2", "blockquote", "b"))
    wiki = write(read(Raw(TextFormat.HTML, mail), ()), TextFormat.WIKI, NAMES[TextFormat.WIKI])
    found = nodes(atlassian.wiki_to_adf(wiki))
    assert not {n["type"] for n in found} & {*"mention media mediaInline panel codeBlock rule emoji".split()}
    texts = "".join(n["text"] for n in found if n["type"] == "text").replace("\u2060", "")
    assert texts.count(macro) == 6
    marks = {m["type"] for n in found for m in n.get("marks", [])} - {"textColor"}  # shields a cell's bar
    assert marks <= ({"strong", "link"} if "://" in macro else {"strong"})


@pytest.mark.parametrize("macro", MACROS)
def test_code_with_macros_stays_code_in_jira(macro: str, atlassian: Atlassian) -> None:
    """Code that holds ``{code}`` or ``{quote}`` would end its block: the rest of it would run."""
    code = f"<pre>a\n{html.escape(macro)}\nb</pre>"
    wiki = write(read(Raw(TextFormat.HTML, code), ()), TextFormat.WIKI, {})
    found = nodes(atlassian.wiki_to_adf(wiki))
    blocks = [n["content"][0]["text"].replace("\u2060", "") for n in found if n["type"] == "codeBlock"]
    assert blocks == [f"a\n{macro}\nb"]
    quoted = read(Raw(TextFormat.HTML, f"<blockquote>q{code}r</blockquote>"), ())
    again = shown(passed(quoted, TextFormat.WIKI))
    assert [str(block.text_content()) for block in again.iter("pre")] == [f"a\n{macro}\nb\n"]
    assert [str(quote.text_content()).split()[-1] for quote in again.iter("blockquote")] == ["r"]


HARD = {
    "unclosed links": "[a](b" * 8000,
    "unclosed brackets": "[" * 20_000,
    "brackets": "[" * 10_000 + "]" * 10_000,
    "few brackets in many paragraphs": ("[" * 19 + "\n\n") * 500,
    "unclosed pictures": "![" * 10_000,
    "divs": "<div>" * 5000 + "words" + "</div>" * 5000,
    "quotes": "<blockquote>" * 3000 + "words",
    "unclosed elements": "<b><i><font>" * 2000,
    "pictures": "<img src=x>" * 2500,
    "braces": "{" * 20_000,
    "open monospace": "{{a" * 8000,
    "stars": "*" * 20_000,
    "stars and words": " *a" * 4000,
    "braced stars": "{*}a" * 4000,
    "underscores": "_" * 20_000,
    "dashes": " -a" * 8000,
    "bars": "|" * 20_000,
    "cells": "|[a|b" * 5000,
    "backticks": "`" * 20_000,
    "backticks of all lengths": "a".join("`" * n for n in range(200)),
    "backslashes": "\\" * 20_000,
    "blanks": "a" + " " * 100_000 + "b",
    "new lines": "a" + "\n" * 100_000 + "b",
    "quotation marks": ">" * 20_000,
    "deep quotation": "> " * 10_000 + "a",
    "deep list": "- " * 10_000 + "a",
    "macros": "{code}{quote}{noformat}" * 1500,
    "macros with options": "{quote:a}" * 4000,
    "quotes in lines": "{quote}\n" * 4000,
    "colours": "{color:red}" * 4000,
    "mentions": "[~" * 10_000,
    "files": "[^" * 8000,
    "exclamations": "!a" * 10_000,
    "addresses": "http://a!" * 2000,
    "addresses in HTML": "http://a.example/x <br>" * 1000,
    "references": "@a #1 " * 2000,
    "entities": "&amp;" * 4000,
    "angles": "<" * 20_000,
    "mail headers": "From: a\n" * 1500,
    "mail quotes": "On a wrote:\n> x\n" * 2000,
    "folds": "<details>\n\n" * 2000,
    "titles of folds": "<summary>" * 5000,
    "comments": "<!--" * 8000,
    "attributes": f"<img {'src ' * 10_000}>",
    "marks in HTML": "<b>x</b>" * 3000,
    "formulas": "$a" * 10_000,
    "footnotes": "[^1]: x\n\n" * 2000,
    "fences of two kinds": "```\n~~~\n" * 3000,
    "a long name": f"@{'a.' * 20_000}",
    "commits": "a1" * 20_000,
    "wide table": "|a" * 2000 + "|\n|" + "-|" * 2000,
}


@pytest.mark.timeout(10)
@pytest.mark.parametrize("name", HARD)
def test_no_input_takes_long(name: str) -> None:
    """One mail could keep a worker busy for hours: every input must be done in about linear time."""
    for format in FORMATS:
        read(Raw(format, HARD[name]), ())
    for format in (TextFormat.WIKI, TextFormat.MARKDOWN, TextFormat.ADF):  # HTML is made by a library
        write(HARD[name], format, {})


@pytest.mark.timeout(20)
@pytest.mark.parametrize("format", FORMATS)
def test_a_long_text_passes(format: TextFormat) -> None:
    """A log pasted into a mail, 200 KB of it, must arrive, and not hold up the others behind it."""
    text = "Some *words* with a [link](https://a.example/x#1), a_b, @all and #1.\n\n- one\n- two\n\n" * 2400
    assert words(passed(text, format)) == words(text)


@pytest.mark.parametrize(
    "text",
    ["~" * 200_000, "```x\n" * 40_000, "```\n" * 50_000, "{" * 200_000],
    ids=["tildes", "opened", "ticks", "braces"],
)
@pytest.mark.parametrize("source", [TextFormat.WIKI, TextFormat.MARKDOWN])
def test_fences_without_end_cost_no_time(source: TextFormat, text: str) -> None:
    """One hostile ticket would hold up all others: what looks for crowded texts must be quick itself."""
    started = time.process_time()
    write(read(Raw(source, text), ()), source, {})
    assert time.process_time() - started < 3


@given(st.lists(st.sampled_from(PIECES), max_size=16).map("".join), st.sampled_from(FORMATS))
def test_no_text_executes(text: str, source: TextFormat) -> None:
    """Positions that nobody thought of: no command, no mention, no macro, no script comes out of any text."""
    markdown = read(Raw(source, text), ())
    gitlab = write(markdown, TextFormat.MARKDOWN, {})
    check_gitlab(gitlab)
    tree = shown(gitlab, raw=True)
    assert not list(tree.iter("script", "b"))
    for shielded in list(tree.iter("a", "code")):
        shielded.text = "x"
        del shielded[:]
    assert not re.search(r"(?<!\w)@\w|#\d|!\d", str(tree.text_content()))
    check_wiki(re.sub(r"(?m)^\|.*\|$", "", write(markdown, TextFormat.WIKI, {})))
    assert "<script" not in write(markdown, TextFormat.HTML, {})
