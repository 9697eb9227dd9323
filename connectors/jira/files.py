"""Which file belongs to which text. Jira's files belong to the issue; a text refers to one by its name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import PurePath
from typing import NamedTuple
from urllib.parse import quote

from connectors.jira import wire
from connectors.jira.side import API
from mappings.markup.adf_read import places
from mappings.ticket import Attachment, Raw, TextFormat

BESIDE = "secure/attachment/"
"""Where Data Center keeps files: beside the REST API, not below it (jira-api 6)."""
_UNSAFE = re.compile(r"[!|^\[\]{}\\/\x00-\x1f]")
"""Signs that would end a file's name, or begin something else, where a text refers to it."""
_SEEN = re.compile(r"/(?:attachment/(?:content|thumbnail)|secure/(?:attachment|thumbnail))/(\d+)")
"""Where a text's HTML shows a file (jira-api 6)."""


class Text(NamedTuple):
    """What tells the files of a text."""

    body: Raw
    at: datetime
    """When it was last written."""
    rendered: str = ""
    """Its HTML, which is asked for where the body has pictures that say no name."""


def sorted_out(
    files: Sequence[wire.File], texts: Mapping[str, Text], *, cloud: bool
) -> tuple[dict[str, tuple[Attachment, ...]], list[wire.File]]:
    """Return the files that each text names, and those left over."""
    by_id = {file.id: file for file in files}
    by_name: dict[str, list[wire.File]] = {}
    for file in sorted(files, key=lambda f: (f.created, f.id)):
        by_name.setdefault(file.name, []).append(file)
    named: dict[str, tuple[Attachment, ...]] = {}
    used: set[str] = set()
    for id, text in texts.items():
        how = _mentions(text.body, by_name)
        found = [(_meant(same, text.at), how[name]) for name, same in by_name.items() if name in how]
        known = {file.id for file, _ in found}
        seen = dict.fromkeys(_SEEN.findall(text.rendered))
        found += [(by_id[file], "picture") for file in seen if file in by_id and file not in known]
        named[id] = tuple(attachment(file, inline=how == "picture", cloud=cloud) for file, how in found)
        used |= {file.id for file, _ in found}
    return named, [file for same in by_name.values() for file in same if file.id not in used]


def _meant(same: Sequence[wire.File], at: datetime) -> wire.File:
    """Return which of several files of one name a text of that moment means: the newest one there was."""
    return next((file for file in reversed(same) if file.created <= at), same[0])


def nameless(body: Raw, files: Sequence[wire.File]) -> bool:
    """Whether a text has pictures of which only their HTML could tell which files they are."""
    if body.format is not TextFormat.ADF or not any(f.content_type.startswith("image/") for f in files):
        return False
    names = {file.name for file in files}
    return any(place.picture and place.name not in names for place in places(body.text))


def _mentions(body: Raw, names: Iterable[str]) -> dict[str, str]:
    """Return the files that a text names, and how."""
    if body.format is TextFormat.ADF:
        shown = {place.name: place.picture for place in places(body.text)}
        return {name: "picture" if shown[name] else "link" for name in names if name in shown}
    return {name: how for name in names if (how := _mention(body.text, name))}


def _mention(body: str, name: str) -> str:
    """Return how a wiki text names a file (jira-api 5): ``picture``, ``link``, or nothing."""
    if name not in body:
        return ""
    if re.search(rf"!{re.escape(name)}(?:\||!)", body):
        return "picture"
    return "link" if re.search(rf"\[(?:[^\]\n|]*\|)?\^{re.escape(name)}\]", body) else ""


def attachment(file: wire.File, *, inline: bool, cloud: bool) -> Attachment:
    """Return a file in canonical words; only pictures stand inside a text.

    Its address is made of its id, since Jira's own is another one where tokens have scopes (jira-api 1.1).
    """
    picture = inline and file.content_type.startswith("image/")
    return Attachment(
        file.id, file.name, file.content_type, file.size, picture, place_of(file.id, file.name, cloud=cloud)
    )


def place_of(id: str, name: str, *, cloud: bool) -> str:
    """Return where a file is fetched from."""
    id = quote(id, safe="")
    # The answer to redirect=true is a short-lived address, which is fetched without the credential.
    on_cloud = f"{API}/attachment/content/{id}?redirect=true"
    return on_cloud if cloud else f"{BESIDE}{id}/{quote(name, safe='')}"


def free_name(name: str, taken: set[str]) -> str:
    """Return the file's name as wiki markup can refer to it, with the first number that makes it unique."""
    safe = _UNSAFE.sub("_", name).strip() or "file"
    suffix = PurePath(safe).suffix[:20]
    safe = safe if len(safe) <= 200 else safe[: 200 - len(suffix)] + suffix
    number, free = 1, safe
    while free in taken:
        number += 1
        free = f"{number}-{safe}"
    return free
