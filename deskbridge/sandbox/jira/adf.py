"""Atlassian documents (ADF): the text they hold, how they look as HTML. `adf_schema` says what is valid."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator

import nh3
from markupsafe import Markup

from deskbridge.sandbox.jira.model import Json

_BLOCKS = frozenset(
    "paragraph heading codeBlock blockquote panel rule bulletList orderedList listItem table tableRow "
    "tableHeader tableCell mediaSingle mediaGroup media expand nestedExpand taskList taskItem decisionList "
    "decisionItem layoutSection layoutColumn blockCard embedCard caption extension bodiedExtension".split()
)


def media_ids(node: Json) -> Iterator[str]:
    """Yield the ids of the files that a document shows."""
    attrs = node.get("attrs", {})
    if node.get("type") in ("media", "mediaInline") and attrs.get("type") == "file":
        yield str(attrs.get("id"))
    for inner in node.get("content", []):
        yield from media_ids(inner)


def plain_text(node: Json) -> str:
    """Return a document's words, blocks on lines of their own."""
    if node["type"] == "text":
        return str(node["text"])
    if node["type"] == "hardBreak":
        return "\n"
    attrs = node.get("attrs", {})
    own = str(attrs.get("text") or attrs.get("url") or attrs.get("alt") or "")
    inner = "".join(plain_text(child) for child in node.get("content", []))
    return own + inner + ("\n" if node["type"] in _BLOCKS else "")


def to_html(document: Json, file_url: Callable[[str], str | None]) -> Markup:
    """Return a document as clean HTML; `file_url` says where a media id's picture can be seen."""
    return Markup(nh3.clean(_children(document, file_url)))


def _children(node: Json, file_url: Callable[[str], str | None]) -> str:
    return "".join(_node(child, file_url) for child in node.get("content", []))


_TAGS = {
    "paragraph": "p",
    "blockquote": "blockquote",
    "panel": "blockquote",
    "bulletList": "ul",
    "orderedList": "ol",
    "listItem": "li",
    "table": "table",
    "tableRow": "tr",
    "tableHeader": "th",
    "tableCell": "td",
    "mediaSingle": "p",
    "mediaGroup": "p",
    "taskItem": "p",
}
_MARKS = {"strong": "b", "em": "i", "strike": "s", "code": "code", "underline": "u", "subsup": "sup"}


def _node(node: Json, file_url: Callable[[str], str | None]) -> str:
    kind, attrs = node["type"], node.get("attrs", {})
    if kind == "text":
        return _text(node)
    if kind in ("media", "mediaInline"):
        return _media(attrs, file_url)
    if kind in ("rule", "hardBreak"):
        return "<hr>" if kind == "rule" else "<br>"
    inner = _children(node, file_url)
    if kind == "codeBlock":
        return f"<pre><code>{inner}</code></pre>"
    tag = f"h{attrs.get('level', 1)}" if kind == "heading" else _TAGS.get(kind)
    if tag:
        return f"<{tag}>{inner}</{tag}>"
    return html.escape(str(attrs.get("text") or attrs.get("url") or "")) + inner


def _text(node: Json) -> str:
    out = html.escape(node["text"])
    for mark in node.get("marks", []):
        if mark["type"] == "link":
            href = html.escape(str(mark.get("attrs", {}).get("href", "")))
            out = f'<a href="{href}">{out}</a>'
        elif mark["type"] in _MARKS:
            out = f"<{_MARKS[mark['type']]}>{out}</{_MARKS[mark['type']]}>"
    return out


def _media(attrs: Json, file_url: Callable[[str], str | None]) -> str:
    name = html.escape(str(attrs.get("alt") or "file"))
    url = file_url(str(attrs.get("id", "")))
    return f'<img src="{html.escape(url)}" alt="{name}">' if url else name
