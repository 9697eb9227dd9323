"""What should be known of working in a project though nothing is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress

from connectors.errors import Gone, Rejected
from connectors.gitlab.admin import Directory
from connectors.gitlab.labels import Side
from connectors.gitlab.read import pages
from connectors.gitlab.wire import LABELS, Project
from mappings.boards import Place

_MAINTAINER = 40
"""The least role that may install webhooks (reference 1.1)."""
_MAILS = "people with accounts get GitLab's own mails as they have set them; no call silences those"
"""See reference 7.3."""
_DESK = "its Service Desk mails every ordinary note to the customer, so the hub writes internal ones"


def remarks(directory: Directory, side: Side, places: Iterable[Place]) -> list[str]:
    """Return a line for each thing; a place that cannot be looked at has none."""
    lines = []
    for place in dict.fromkeys(places):
        with suppress(Gone, Rejected):
            project = directory.ask_project(place.key)
            lines += [f"project {place.key}: {line}" for line in _of(directory, side, project)]
    return [f"{side.connection}: {line}" for line in dict.fromkeys([*lines, _MAILS])]


def _of(directory: Directory, side: Side, project: Project) -> Iterator[str]:
    me = directory.me()
    if project.access_level < _MAINTAINER and not me.is_admin:
        yield f"{me.name} is no Maintainer, so a person must install the webhook"
    if project.service_desk_enabled:
        yield _DESK
    query = {"include_ancestor_groups": "true"}
    for rows, _ in pages(directory.http, LABELS, f"projects/{project.id}/labels", query):
        for label in rows:
            owners = (f for f, kept in side.labels.items() if kept.owns(label.name))
            yield from (
                f"{field} {label.name!r} is read by no row; add one"
                for field in owners
                if label.name not in side.labels[field].lens.reads
            )
