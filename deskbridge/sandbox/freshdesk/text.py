"""What Freshdesk does to the text of messages: cleaned, wrapped, and derived as plain text."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

import nh3
from markupsafe import Markup

_EVERYWHERE = {"class", "style", "dir", "title"}
_ATTRIBUTES = {tag: names | _EVERYWHERE for tag, names in nh3.ALLOWED_ATTRIBUTES.items()}
_ATTRIBUTES["*"] = set(_EVERYWHERE)
_ATTRIBUTES["img"] |= {"data-id"}
# Outlook marks the quoted mail by the id of its element.
_ATTRIBUTES["div"] = _EVERYWHERE | {"id"}
# A few references to mail parts are never resolved and stay (reference 5.5). `data:` is stripped.
_SCHEMES = {"http", "https", "mailto", "tel", "cid"}
_REPLY_STYLE = "font-size:14px; font-family:-apple-system, Segoe UI, Roboto, sans-serif"
_BREAKS = {"br", "p", "div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "table"}


def clean(body: str) -> str:
    """Return `body` without what could run or spy; comments go too."""
    return nh3.clean(body, attributes=_ATTRIBUTES, url_schemes=_SCHEMES, link_rel="noreferrer")


def stored(body: str) -> str:
    """Return what is read back of a written description or note (reference 5.6)."""
    return f"<div>{clean(body)}</div>"


def stored_reply(body: str) -> str:
    """Return what is read back of a written reply: a styled wrapping."""
    return f'<div style="{_REPLY_STYLE}">{clean(body)}</div>'


def for_page(body: str) -> Markup:
    """Return `body` fit for a page of the sandbox: no styles that could cover the page."""
    return Markup(nh3.clean(body, url_schemes={"http", "https", "mailto"}))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BREAKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _BREAKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def plain(body: str) -> str:
    """Return the text of `body`, one line per block."""
    reader = _Reader()
    reader.feed(body)
    reader.close()
    lines = (re.sub(r"[ \t\xa0]+", " ", line).strip() for line in "".join(reader.parts).splitlines())
    return "\n".join(line for line in lines if line)


def with_inline(body: str, cid: str, url: str, attachment_id: int) -> str:
    """Return `body` with references to the mail part `cid` turned into Freshdesk's own (5.5)."""
    wanted = re.compile(r"""src\s*=\s*(["'])cid:""" + re.escape(cid) + r"\1", re.IGNORECASE)
    own = f'src="{html.escape(url)}" data-id="{attachment_id}" class="fr-fil fr-dib"'
    return wanted.sub(lambda match: own, body)
