"""What an HTML element's attributes say about its words: how they look, whether they show.

Not seen, and so not read: ``display: none``, ``visibility: hidden``, ``opacity: 0``, ``mso-hide: all``, a box
without height that shows nothing beside it, the attribute ``hidden`` (newsletters put a preview text for
lists of mails there), and pictures of at most two by two points, which only tell that a mail was opened.
A text that would be empty without them is read with them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

from lxml.etree import _Element as Element

from mappings.markup.blocks import Mark
from mappings.markup.html_inline import EM, GONE, STRONG, destination, plain
from mappings.ticket import Attachment

_WEIGHT = re.compile(r"font-weight:\s*(bold|[1-9]00|normal|lighter)")
_SLANT = re.compile(r"font-style:\s*(italic|oblique|normal)")
_LINE_THROUGH = re.compile(r"text-decoration[a-z-]*:[^;]*line-through")
_HIDDEN = re.compile(r"(?:display:\s*none|visibility:\s*hidden|mso-hide:\s*all|opacity:\s*0*\.?0+(?![\d.]))")
_FLAT = re.compile(r"(?<![\w-])(?:max-)?height:\s*0(?:px|pt|em|%)?\s*(?:[;!]|$)")
_CLIPPED = re.compile(r"overflow:\s*hidden")
_KEPT_LINES = re.compile(r"white-space:\s*(?:pre|break-spaces)")
_LEVEL = re.compile(r"mso-list:\s*\S+\s+level(\d)")
_BORDER = re.compile(r"border(?:-\w+)?:[^;]*[1-9.]\w*\s+(?:solid|dashed|dotted|double|inset|outset)|solid")
_SIZE = re.compile(r"(?<![\w-])(width|height):\s*([\d.]+)px")

_CITED = re.compile(
    r"(?:x_)?(?:yahoo_quoted\w*|freshdesk_quote|protonmail_quote|tutanota_quote|zmail_extra"
    r"|OLK_SRC_BODY_SECTION|hs_reply|quoted-mail)"
)
_ATTRIBUTION = re.compile(r"(?:x_)?(?:gmail_attr|moz-cite-prefix|moz-email-headers-table)")
_BELOW = re.compile(
    r"(?:x_)?(?:divRplyFwdMsg|mail-editor-reference-message-container|zwchr"
    r"|ms-outlook-(?:mobile|ios)-reference-message-container)"
)
_CLOSING = re.compile(
    r"(?:x_)?(?:gmail_signature|[Ss]ignature|composer_signature|moz-signature|AppleMailSignature|ms-outlook-mobile-signature)"
)
_CITED_QUOTE = re.compile(
    r"(?:x_)?(?:gmail_quote|freshdesk_quote|protonmail_quote|tutanota_quote|yahoo_quoted|moz-quote\S*|clean_bq"
    r"|iosymail|hs_reply|zmail_extra\S*)"
)

_AROUND = ("gmail_quote", "gmail_quote_container", "gmail_extra")
"""What stands around a quotation, its first line and, where somebody answers below it, the answer."""

_LINKS = ("http://", "https://", "mailto:", "tel:")
_STORED = re.compile(r"/data/helpdesk/attachments/production/(\d+)/|/helpdesk/attachments/(\d+)(?:[/?]|$)")
_TOKENED = re.compile(r"/inline/attachment\b|/attachments/production/")
_CONTROL = re.compile(r"[\x00-\x20\x7f]+")


@dataclass(frozen=True, slots=True)
class Look:
    """What a ``style`` attribute says that Markdown can say too, or that decides whether it is seen."""

    adds: int = 0
    removes: int = 0
    hidden: bool = False
    keeps_lines: bool = False
    level: int = 0
    """The level of a list's item that Word wrote as a paragraph; 0 for none."""
    is_sign: bool = False
    """Whether it is the bullet or number that Word wrote before such an item."""
    border: bool = False
    tiny: bool = False


NO_LOOK = Look()


@lru_cache(maxsize=2000)
def look(style: str) -> Look:
    """Return what a ``style`` attribute says; remembered, because mails repeat theirs."""
    if len(style) > 4000:
        return NO_LOOK
    style = style.lower()
    weight, slant = _WEIGHT.search(style), _SLANT.search(style)
    adds = removes = 0
    if weight:
        bold = weight[1] in ("bold", "600", "700", "800", "900")
        adds, removes = (STRONG, 0) if bold else (0, STRONG)
    if slant:
        adds, removes = (adds, removes | EM) if slant[1] == "normal" else (adds | EM, removes)
    if _LINE_THROUGH.search(style):
        adds |= GONE
    level = _LEVEL.search(style)
    sizes = [
        float(found[2]) for found in _SIZE.finditer(style) if found[2].count(".") < 2 and found[2] != "."
    ]
    return Look(
        adds=adds,
        removes=removes,
        hidden=bool(_HIDDEN.search(style)) or bool(_FLAT.search(style) and _CLIPPED.search(style)),
        keeps_lines=bool(_KEPT_LINES.search(style)),
        level=int(level[1]) if level else 0,
        is_sign="mso-list:ignore" in style.replace(" ", ""),
        border=bool(_BORDER.search(style)),
        tiny=len(sizes) > 1 and max(sizes) <= 2,
    )


def mark(element: Element, tag: str) -> Mark | None:
    """Return whose words an element holds, as far as its class or id says so."""
    named = f"{element.get('class', '')} {element.get('id', '')}".split()
    if tag == "blockquote":
        cited = element.get("type") == "cite" or any(map(_CITED_QUOTE.fullmatch, named))
        return Mark.CITED if cited else None
    for name in named:
        if name.endswith(_AROUND):
            # With a quotation inside, the rest of it may be answers between the quoted lines.
            return None if next(element.iter("blockquote"), None) is not None else Mark.CITED
        for pattern, meant in (
            (_CITED, Mark.CITED),
            (_ATTRIBUTION, Mark.ATTRIBUTION),
            (_BELOW, Mark.BELOW),
            (_CLOSING, Mark.CLOSING),
        ):
            if pattern.fullmatch(name):
                return meant
    return None


def address(url: str) -> str:
    """Return where a link leads that people may follow; empty for a script, data, or no address."""
    url = _CONTROL.sub(lambda found: "%20" if found[0].strip(" ") == "" else "", url.strip())
    if url.startswith("//"):
        url = f"https:{url}"
    scheme, colon, rest = url.partition(":")
    url = f"{scheme.lower()}{colon}{rest}"
    return url if url.startswith(_LINKS) and rest.strip("/") else ""


_EMOJI = re.compile(r"[^\w\s\x00-\x7f]{1,16}")
"""What a picture shows that stands for one letter: chats and web mail write emoji so."""


class Pictures:
    """The files that a body may refer to."""

    def __init__(self, files: Sequence[Attachment]) -> None:
        self._by_id = {f.id: f for f in files}
        self._by_location = {f.location: f for f in files if f.location}
        self._by_name: Mapping[str, Attachment] = {f.name.lower(): f for f in reversed(files)}

    def file(self, url: str) -> Attachment | None:
        """Return the file that an address in a body is of."""
        if not self._by_id:
            return None
        if (file := self._by_location.get(url)) is not None:
            return file
        stored = _STORED.search(url)
        return self._by_id.get(stored[1] or stored[2]) if stored else None

    def shown(self, image: Element) -> str:
        """Return the Markdown of a picture; what nobody can fetch is named, what nobody sees is nothing."""
        source = image.get("src", "")
        alt = " ".join((image.get("alt") or "").split())
        named = unquote(source[4:].partition("@")[0]) if source.lower().startswith("cid:") else ""
        file = self._by_id.get(image.get("data-id", "")) or self.file(source)
        if file is None and named:
            file = self._by_id.get(source[4:]) or self._by_name.get(named.lower())
        if file is not None:
            return f"![{plain(alt or file.name)}](<attachment:{destination(file.id)}>)"
        if _tiny(image):
            return ""
        if _EMOJI.fullmatch(alt):
            return alt
        url = address(source)
        if url.startswith("http") and not _TOKENED.search(url):
            return f"![{plain(alt)}](<{destination(url)}>)"
        name = alt or " ".join(named.split())
        return plain(f"[picture: {name or 'without a name'}]")


def _tiny(image: Element) -> bool:
    """Whether a picture is too small to be seen."""
    sizes = [image.get(name, "").strip().removesuffix("px") for name in ("width", "height")]
    stated = [int(size) for size in sizes if size.isdecimal() and len(size) < 6]
    return (bool(stated) and max(stated) <= 2 and len(stated) == 2) or look(image.get("style", "")).tiny
