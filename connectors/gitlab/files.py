"""Which files a text holds: GitLab's attachments are links in Markdown. Pure."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

from mappings.ticket import Attachment

ADDRESS = re.compile(r"(?P<prefix>[^?#]*)/uploads/(?P<secret>[0-9a-f]{32})/(?P<name>[^/?#]+)")
"""The address of an uploaded file, in each of its forms (reference 5)."""

_TARGET = re.compile(r"(?:\]\(\s*<?|\b(?P<html>src|href)=[\"'])(?P<url>[^\s()<>\"']+)")
"""Where a link or a picture points, in Markdown and in the HTML that GitLab allows."""
_WINDOW = 1000
"""Characters before a link's address in which its ``![`` is looked for."""


@dataclass(frozen=True, slots=True)
class Home:
    """The project that a text stands in: uploads are addressed relative to it."""

    id: int
    path: str


def attachments(url: str, home: Home, text: str) -> tuple[Attachment, ...]:
    """Return the project's uploads that a text links, which is all that attaches them (reference 5).

    `url` is the connection's. Files of other projects and hosts stay links: a text must not make our
    credential fetch them.
    """
    found: dict[str, Attachment] = {}
    for file in _uploads(url, home, text):
        known = found.get(file.id)
        found[file.id] = file if known is None or file.inline else known
    return tuple(found.values())


def is_name(name: str) -> bool:
    """Whether a file can be called so, and not another place."""
    return "/" not in name and name not in (".", "..")


def _uploads(url: str, home: Home, text: str) -> Iterator[Attachment]:
    prefixes = _own_prefixes(url, home)
    for target in _TARGET.finditer(text):
        upload = ADDRESS.fullmatch(target["url"])
        name = unquote(upload["name"]) if upload else ""
        if upload is None or upload["prefix"] not in prefixes or not is_name(name):
            continue
        yield Attachment(
            id=f"{upload['secret']}/{upload['name']}",
            name=name,
            content_type=mimetypes.guess_type(name)[0] or "application/octet-stream",
            size=None,
            inline=_is_picture(text, target),
            location=f"projects/{home.id}/uploads/{upload['secret']}/{quote(name, safe='')}",
        )


def _own_prefixes(url: str, home: Home) -> set[str]:
    roots = ("", urlsplit(url).path, url)
    return {""} | {f"{root}{path}" for root in roots for path in (f"/-/project/{home.id}", f"/{home.path}")}


def _is_picture(text: str, target: re.Match[str]) -> bool:
    """Whether an address is a picture's: its ``![`` stands after the link before it."""
    if target["html"]:
        return target["html"] == "src"
    start = max(0, target.start() - _WINDOW)
    return text.rfind("![", start, target.start()) > text.rfind("](", start, target.start())
