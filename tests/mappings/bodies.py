"""What people and their programs really write, with the structure that must outlive a conversion."""

# ruff: noqa: E501 -- bodies stand as their programs wrote them

from __future__ import annotations

from dataclasses import dataclass, field

from mappings.ticket import Attachment, TextFormat

SHOT = Attachment(
    "7", "shot.png", "image/png", 2048, inline=True, location="https://files.example/in?token=abc"
)
LOG = Attachment("8", "app.log", "text/plain", 512, inline=False, location="https://files.example/8")
UPLOAD = Attachment(
    "0123456789abcdef0123456789abcdef/shot.png",
    "shot.png",
    "image/png",
    None,
    inline=True,
    location="https://files.example/up",
)
FILES = (SHOT, LOG, UPLOAD)


@dataclass(frozen=True)
class Body:
    """A text as a server returns it, and how many of which elements it must become."""

    name: str
    format: TextFormat
    text: str
    elements: dict[str, int] = field(default_factory=dict)
    markup: str = ""
    """Words of the source that are markup, not text."""

    def __str__(self) -> str:
        return f"{self.format}-{self.name}"


def _html(name: str, text: str, **elements: int) -> Body:
    return Body(name, TextFormat.HTML, text, elements)


def _wiki(name: str, text: str, markup: str = "", **elements: int) -> Body:
    return Body(name, TextFormat.WIKI, text, elements, markup)


def _markdown(name: str, text: str, markup: str = "", **elements: int) -> Body:
    return Body(name, TextFormat.MARKDOWN, text, elements, markup)


BODIES = [
    _html(
        "Outlook",
        '<html><head><style>p.MsoNormal {margin:0cm}</style></head><body lang="EN-US"><div class="WordSection1">'
        '<p class="MsoNormal">Good morning,<o:p></o:p></p><p class="MsoNormal"><o:p>&nbsp;</o:p></p>'
        '<p class="MsoNormal">the <b>invoice</b> is wrong.<o:p></o:p></p><div><div style="border:none;'
        'border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p class="MsoNormal"><b>From:</b> Support '
        "&lt;help@desk.example&gt;<br><b>Sent:</b> Monday, 3 March 2025 10:00<br><b>To:</b> Ann<br><b>Subject:"
        '</b> RE: Invoice</p></div></div><p class="MsoNormal">We looked at it.</p></div></body></html>',
        strong=6,
        blockquote=1,
    ),
    _html(
        "Gmail",
        '<div dir="ltr">Thanks, it works<div><br></div><div>Ann</div></div><br><div class="gmail_quote"><div '
        'dir="ltr" class="gmail_attr">On Mon, Mar 3, 2025 at 10:00 AM Support &lt;<a href="mailto:help@desk.example"'
        '>help@desk.example</a>&gt; wrote:<br></div><blockquote class="gmail_quote" style="margin:0 0 0 .8ex">'
        "<div>Hello Ann</div><blockquote>older words</blockquote></blockquote></div>",
        a=1,
        blockquote=2,
    ),
    _html(
        "Apple Mail",
        '<html><body style="overflow-wrap: break-word;">Ciao,<div><br></div><div>perché non funziona? È già la '
        'terza volta.</div><div><br><blockquote type="cite"><div>Il giorno 3 mar 2025, alle ore 10:00, Support '
        "&lt;help@desk.example&gt; ha scritto:</div><br><div>Buongiorno</div></blockquote></div></body></html>",
        blockquote=1,
    ),
    _html(
        "Japanese",
        "<p>お世話になっております。<br>画面が<b>真っ白</b>です。🎉 至急ご確認ください。</p><p>山田 太郎</p>",
        p=2,
        br=1,
        strong=1,
    ),
    _html(
        "nested lists",
        "<ol><li>Open the app<ul><li>on Windows<ul><li>as administrator</li></ul></li><li>on a Mac</li></ul></li>"
        "<li>Click <i>Save</i></li></ol>",
        ol=1,
        ul=2,
        li=5,
        em=1,
    ),
    _html(
        "table",
        "<table><thead><tr><th>Item</th><th>Price</th></tr></thead><tbody><tr><td>Lamp | desk</td><td>10<br>net</td>"
        "</tr><tr><td><b>Total</b></td><td></td></tr></tbody></table>",
        table=1,
        tr=3,
        strong=1,
    ),
    _html(
        "stack trace",
        "<p>It says:</p><pre>Traceback (most recent call last):\n  File &quot;app.py&quot;, line 3, in run\n"
        "    total = prices[1] * rate_of_day\nKeyError: &#39;x&#39;</pre><p>in <code>app.run()</code></p>",
        pre=1,
        code=2,
    ),
    _html(
        "inline picture",
        '<div>Look:</div><div><img src="https://files.example/in?token=abc" data-id="7" class="fr-fil fr-dib"></div>'
        '<div>and <img src="cid:image001.png@01DB" alt="chart"></div>',
        img=1,
    ),
    _html(
        "links",
        '<p><a href="https://a.example/x_(y)?q=1&amp;r=%20#part">the [page]</a>, https://b.example/_a_b_?u=@me#1, '
        'mail me@c.example or <a href="tel:+39021234">+39 02 1234</a></p>',
        a=3,
    ),
    _html(
        "signs that are no markup",
        "<p>1. not a list</p><p># nor a heading</p><p>- nor this</p><p>5*3*2 a_b_c ~/.ssh C:\\new\\*.txt $PATH</p>"
        "<p>&lt;b&gt; &amp;amp; `x` | y [z](w) !v</p><p>---</p><p>+1</p>",
        p=7,
    ),
    _html(
        "headings and styles",
        "<h1>Steps</h1><p>Do <em>not</em> <strong>restart</strong> <s>now</s> <u>please</u>.</p><hr><h3>Then</h3>",
        h1=1,
        h3=1,
        em=1,
        strong=1,
        s=1,
        hr=1,
    ),
    _html("text without elements", "Printer on floor 2 &amp; 3 does not print.\nSince 9:30."),
    _wiki("line breaks", "First line\nsecond line\n\nNew paragraph\\\\broken", p=2, br=2),
    _wiki(
        "styles",
        "*bold*, _it_ and -gone-; {*}in{*}side, snake_case, 5 - 3 - 2, __init__",
        strong=2,
        em=1,
        s=1,
        markup="in side",
    ),
    _wiki(
        "lists",
        "* one\n** two\n*# three\n* four\n# five\n## six",
        ul=2,
        ol=3,
        li=6,
    ),
    _wiki(
        "table",
        "||Item||Price||\n|Lamp \\| desk|{{a|b}}|\n|[page|https://a.example/x]|10|",
        table=1,
        tr=3,
        code=1,
        a=1,
        markup="https a example x",
    ),
    _wiki("table without a heading", "|a|b|\n|c|d|e|", table=1, tr=2),
    _wiki(
        "code",
        "See:\n{code:python|title=x}\ndef f():\n    return '*x*' + \"[y]\"\n\n{code}\n{noformat}\n*raw*\n{noformat}",
        markup="code python title x code noformat noformat",
        pre=2,
    ),
    _wiki(
        "quotes",
        "bq. short\n\n{quote}\nlong\n\n* item\n{quote}\n{panel:title=Note}\ninside\n{panel}",
        markup="bq quote quote panel title Note panel",
        blockquote=3,
        li=1,
    ),
    _wiki(
        "links and people",
        "[page|https://a.example/x_y?q=1#z] https://b.example/a_b_c, [https://c.example] [~accountid:5b10a] ABC-12",
        markup="accountid https a example x y q 1 z",
        a=3,
    ),
    _wiki(
        "pictures and files",
        "Look: !shot.png|thumbnail! and [^app.log], not !missing.png!",
        markup="thumbnail",
        img=1,
        a=1,
    ),
    _wiki("headings", "h1. Steps\nDo it\nh2. Then\n----\nend", markup="h1 h2", h1=1, h2=1, hr=1, p=2),
    _wiki(
        "colours and escapes",
        "{color:#ff0000}red{color} \\*not bold\\* \\{x\\} C:\\dir\\new",
        markup="color ff0000 color",
    ),
    _wiki(
        "signs that are no markup",
        "1. no list, <b> &amp; `x` [no link] {unknown} 100% ~ $x$ \\\\srv\\share (x) :) a|b {noformat} open",
        markup="x",
        p=1,
    ),
    _markdown("breaks", "First line\\\nsecond  \nthird\nfourth\n\nNew paragraph", p=2, br=2),
    _markdown(
        "styles", "**bold**, *it*, _so_, ~~gone~~, `code`, snake_case and 2 * 3", strong=1, em=2, s=1, code=1
    ),
    _markdown(
        "lists",
        "1. one\n   - two\n     more words\n\n     para\n2. three\n\n- [ ] open\n- [x] done",
        ol=1,
        li=5,
        markup="1 2",
    ),
    _markdown(
        "table",
        "| Item | Price |\n|:-----|------:|\n| Lamp \\| desk | `a\\|b` |\n| [page](https://a.example/x) | 10 |",
        markup="https a example x",
        table=1,
        tr=3,
        code=1,
        a=1,
    ),
    _markdown(
        "code",
        "```python\n@app.route('/x')\ndef f():  # 1\n\n    return '*x*'\n```\n\nand\n\n    indented @all\n\n`` a`b ``",
        markup="python",
        pre=2,
        code=3,
    ),
    _markdown("quotes", "> one\n>\n> > two\n\nanswer\n\n> - item\n>   more", blockquote=3, li=1),
    _markdown(
        "links",
        '<https://a.example/x_y#1> https://b.example/_a_?u=@me#2 [page](https://c.example/(z) "Title") me@d.example',
        markup="https c example z Title",
        a=3,
    ),
    _markdown(
        "pictures and files",
        "![shot](/uploads/0123456789abcdef0123456789abcdef/shot.png) and "
        "[log](https://git.example/-/project/7/uploads/0123456789abcdef0123456789abcdef/shot.png)",
        markup="uploads 0123456789abcdef0123456789abcdef shot png https git example project 7 shot png uploads 0123456789abcdef0123456789abcdef",
        img=1,
        a=1,
    ),
    _markdown("headings", "# Steps\n\nDo it\n\nThen\n----\n\n***\n\nend", h1=1, h2=1, hr=1, p=2),
    _markdown(
        "mentions and references", "ping @ann and @all about #12, grp/prj!7, ~bug, %v1, $3, &4, AT&T, C#", p=1
    ),
    _markdown("commands", "Please\n\n/close\n\n- /assign @bob\n\n> /label ~x", li=1, blockquote=1),
    _markdown(
        "entities and signs",
        "&lt;b&gt; &copy; AT&amp;T 5 < 6 > 4 \\*x\\* 100% <b>raw</b>",
        markup="lt gt copy amp b b",
        p=1,
        strong=1,
    ),
]
