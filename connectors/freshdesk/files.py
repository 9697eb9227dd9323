"""The files of a text: those beside it, and the pictures inside it (freshdesk-api 5.4, 5.5).

Anybody who writes a mail chooses its `<img>` addresses. Only addresses of the forms that Freshdesk
gives its own pictures, on its own hosts, are files of ours; every other picture stays a foreign one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from connectors.freshdesk import wire
from mappings.ticket import Attachment

FILE_HOSTS = (
    "attachment.freshdesk.com",
    "eucattachment.freshdesk.com",
    "indattachment.freshdesk.com",
    "ausattachment.freshdesk.com",
    "cdn.freshdesk.com",
    "euc-cdn.freshdesk.com",
    "s3.amazonaws.com",
    "s3.eu-central-1.amazonaws.com",
    "s3.ap-south-1.amazonaws.com",
    "s3.ap-southeast-2.amazonaws.com",
)
"""Where Freshdesk keeps files, by region (freshdesk-api 5.4, 5.5; India's and Australia's by analogy)."""

LARGEST = 200_000_000
"""Bytes of the largest file that is fetched: ten times what a ticket may hold today (freshdesk-api 5.4)."""

_INLINE = re.compile(r"/inline/attachment$")
_STORED = re.compile(r"/data/helpdesk/attachments/production/(?P<id>[0-9]+)/[a-z]+/(?P<name>[^/]+)$")
_TYPES = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "bmp": "image/bmp",
}


def files(beside: Iterable[wire.Attachment], html: str | None, url: str) -> tuple[Attachment, ...]:
    """Return a text's files, then the pictures inside it, each once; `url` is the account's address."""
    found = {str(file.id): _file(file) for file in beside}
    for picture in _pictures(html or "", url):
        found.setdefault(picture.id, picture)
    return tuple(found.values())


def _file(file: wire.Attachment) -> Attachment:
    return Attachment(
        id=str(file.id),
        name=file.name,
        content_type=file.content_type or "application/octet-stream",
        size=file.size,
        inline=False,
        location=file.attachment_url or "",
    )


def _pictures(html: str, url: str) -> list[Attachment]:
    if "<img" not in html.lower():
        return []
    parser = _Images()
    parser.feed(html)
    parser.close()
    found = (_picture(image, url) for image in parser.images)
    return [picture for picture in found if picture is not None]


class _Images(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.images: list[dict[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self.images.append({name: value or "" for name, value in attrs})


def _picture(image: dict[str, str], url: str) -> Attachment | None:
    source = image.get("src", "")
    try:
        parts = urlsplit(urljoin(url + "/", source))
    except ValueError:
        return None
    if parts.netloc != urlsplit(url).netloc and parts.hostname not in FILE_HOSTS:
        return None
    stored = _STORED.search(parts.path)
    if not stored and not _INLINE.search(parts.path):
        return None
    given = image.get("data-id", "")
    id = given if re.fullmatch(r"[0-9]{1,20}", given) else stored["id"] if stored else _digest(source)
    name = _name(image, stored["name"] if stored else "", id)
    kind = _TYPES[name.rpartition(".")[2].lower()]
    return Attachment(id=id, name=name, content_type=kind, size=None, inline=True, location=source)


def _name(image: dict[str, str], stored: str, id: str) -> str:
    """Return the first candidate that is a picture's file name; people write anything into `alt`."""
    for candidate in (image.get("data-filename", ""), stored, image.get("alt", "")):
        name = re.split(r"[/\\]", candidate.strip())[-1]
        if name.rpartition(".")[0] and name.rpartition(".")[2].lower() in _TYPES:
            return name
    return f"picture-{id}.png"


def _digest(source: str) -> str:
    return hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()[:16]
