"""The plain page that shows a ticket as that tool's own user would see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from jinja2 import DictLoader, Environment, StrictUndefined, select_autoescape
from markupsafe import Markup
from starlette.responses import HTMLResponse

_LAYOUT = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{{ title }}</title>
<style>
body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:56rem;padding:1rem;color:#1b1f24}
h1{font-size:1.4rem} small,dt{color:#59636e} article{border:1px solid #d1d9e0;border-radius:8px;
margin:1rem 0;padding:.2rem 1rem} article.internal{background:#fff8e1} .badge{border-radius:99px;
background:#eaeef2;padding:0 .6rem;font-size:.8rem} article.internal .badge{background:#ffe08a}
article.customer .badge{background:#c8f0d0} dl{display:grid;grid-template-columns:max-content 1fr;
gap:.1rem 1rem} dd{margin:0} img{max-width:100%} pre{overflow:auto;background:#f6f8fa;padding:.5rem}
table{border-collapse:collapse} td,th{border:1px solid #d1d9e0;padding:.2rem .6rem;text-align:left}
blockquote{border-left:3px solid #d1d9e0;margin-left:0;padding-left:1rem;color:#59636e}
</style>
<body>{% block body %}{% endblock %}</body></html>"""

_TICKET = """{% extends "layout" %}{% block body %}
<small>{{ system }} sandbox</small><h1>{{ key }} {{ title }}</h1>
<dl>{% for name, value in facts %}<dt>{{ name }}</dt><dd>{{ value }}</dd>{% endfor %}</dl>
{% for m in messages %}<article class="{{ m.audience }}">
<p><strong>{{ m.author }}</strong> <span class="badge">{{ m.badge }}</span>
<small>{{ m.at.strftime("%Y-%m-%d %H:%M") }} UTC</small></p>
<div>{{ m.html }}</div>
{% if m.files %}<p>Files: {% for name, url in m.files %}<a href="{{ url }}">{{ name }}</a> {% endfor %}</p>
{% endif %}
</article>{% endfor %}
{% endblock %}"""

_TABLE = """{% extends "layout" %}{% block body %}<h1>{{ title }}</h1>
<table><tr>{% for name in head %}<th>{{ name }}</th>{% endfor %}</tr>
{% for row in rows %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>{% endfor %}
</table>{% if not rows %}<p>Nothing.</p>{% endif %}{% endblock %}"""

_PAGES = Environment(
    loader=DictLoader({"layout": _LAYOUT, "ticket": _TICKET, "table": _TABLE}),
    autoescape=select_autoescape(default=True),
    undefined=StrictUndefined,
)


@dataclass(frozen=True, slots=True)
class Shown:
    """One message on a ticket's page. `html` must have been cleaned before."""

    author: str
    at: datetime
    badge: str
    """What that tool calls the message, e.g. ``private note``."""
    audience: str
    """``customer`` or ``internal``: who reads it in this tool."""
    html: Markup
    files: Sequence[tuple[str, str]] = field(default=())


def ticket_page(
    system: str, key: str, title: str, facts: Sequence[tuple[str, str]], messages: Sequence[Shown]
) -> HTMLResponse:
    """Return the page of one ticket: its fields, then its messages, oldest first."""
    template = _PAGES.get_template("ticket")
    return HTMLResponse(
        template.render(system=system, key=key, title=title, facts=facts, messages=messages),
        headers={"content-security-policy": "default-src 'none'; img-src *; style-src 'unsafe-inline'"},
    )


def table_page(title: str, head: Sequence[str], rows: Sequence[Sequence[str | Markup]]) -> HTMLResponse:
    """Return a page with one table, e.g. the outbox; cells are escaped unless Markup."""
    return HTMLResponse(_PAGES.get_template("table").render(title=title, head=head, rows=rows))
