"""Labels: found by name, made when unknown, exclusive by scope (3.3, 6.1)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from deskbridge.sandbox.gitlab.places import Label, Owner, Project
from deskbridge.sandbox.gitlab.site import Site
from deskbridge.sandbox.kernel import Refused

_DEFAULT_COLOR = "#6699cc"
_NAMED = {
    "black": "#000000",
    "blue": "#0000ff",
    "brown": "#a52a2a",
    "gray": "#808080",
    "green": "#008000",
    "navy": "#000080",
    "orange": "#ffa500",
    "purple": "#800080",
    "red": "#ff0000",
    "silver": "#c0c0c0",
    "teal": "#008080",
    "white": "#ffffff",
    "yellow": "#ffff00",
}


def find(site: Site, owner: Owner, name: str) -> Label | None:
    """Return the label of exactly that name usable there, or None."""
    return next((label for label in site.labels_for(owner) if label.name == name), None)


def find_or_create(site: Site, project: Project, name: str) -> Label:
    """Return the label of that name; one that nobody made yet is made in the project."""
    return find(site, project, name) or create(site, project, name)


def create(
    site: Site,
    owner: Owner,
    name: str,
    color: str = _DEFAULT_COLOR,
    description: str | None = None,
    priority: int | None = None,
) -> Label:
    """Make a label that has been checked."""
    label = Label(site.next("label"), name, owner, color, description, priority, site.now())
    site.labels[label.id] = label
    return label


def color_of(given: str | None) -> str:
    """Return ``#rrggbb`` for a colour code or a CSS name; refuses what is neither."""
    color = _NAMED.get((given or _DEFAULT_COLOR).strip().lower(), given or _DEFAULT_COLOR).strip()
    if re.fullmatch(r"#[0-9a-fA-F]{3}", color):
        color = "#" + "".join(digit * 2 for digit in color[1:])
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", color):
        raise Refused(400, {"message": {"color": ["must be a valid color code"]}})
    return color


def checked_name(name: str) -> str:
    """Return a label's name without outer white space; refuses an empty one and one with a comma."""
    name = name.strip()
    if not name:
        raise Refused(400, {"message": {"title": ["can't be blank"]}})
    if "," in name:
        raise Refused(400, {"message": {"title": ["is invalid"]}})
    if len(name) > 255:
        raise Refused(400, {"message": {"title": ["is too long (maximum is 255 characters)"]}})
    return name


def exclusive(labels: Sequence[Label]) -> list[Label]:
    """Return the labels with one for each scope, the last; ``a::b::c`` is in the scope ``a::b``."""
    last = {_scope(label): label for label in labels}
    return [label for label in labels if not _scope(label) or last[_scope(label)] is label]


def _scope(label: Label) -> str:
    return label.name.rpartition("::")[0]


def delete(site: Site, label: Label) -> None:
    """Take a label away: off its issues and board lists; its events stay, with null for it."""
    del site.labels[label.id]
    _swap(site, label, None)
    for board in site.boards.values():
        board.lists = [column for column in board.lists if column.label is not label]
        board.labels = [one for one in board.labels if one is not label]


def _swap(site: Site, old: Label, new: Label | None) -> None:
    """Let the issues of one label bear another, or none; they are not touched otherwise (2.4)."""
    for issue in site.issues.values():
        if old in issue.labels:
            kept = [new if one is old else one for one in issue.labels]
            issue.labels = list(dict.fromkeys(one for one in kept if one is not None))
    site.changes.renew()


def promote(site: Site, label: Label) -> Label:
    """Make a project's label its group's, and let it take the place of its namesakes in the projects."""
    if isinstance(label.owner, Project):
        group = label.owner.group
        label.owner = group
        others = [one for one in site.labels.values() if one.name == label.name and one is not label]
        for other in others:
            if isinstance(other.owner, Project) and other.owner.group is group:
                _swap(site, other, label)
                del site.labels[other.id]
    return label


def counts(site: Site, owner: Owner) -> dict[Label, tuple[int, int]]:
    """Count the open and the closed issues of each label in one walk."""
    found: dict[Label, tuple[int, int]] = {}
    for issue in site.issues.values():
        if owner in (issue.project, issue.project.group):
            for label in issue.labels:
                opened, closed = found.get(label, (0, 0))
                is_open = issue.state == "opened"
                found[label] = (opened + is_open, closed + (not is_open))
    return found
