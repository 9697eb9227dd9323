"""A text's quick actions while they run: what they ask for, what they say, who writes (4.3)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from deskbridge.sandbox.gitlab import access, labels, references
from deskbridge.sandbox.gitlab.changes import Edit
from deskbridge.sandbox.gitlab.places import Label, User
from deskbridge.sandbox.gitlab.records import Issue
from deskbridge.sandbox.gitlab.site import Site


class Inapplicable(Exception):
    """A command that has no effect here; the server says only that it could not apply it."""


@dataclass(slots=True)
class Run:
    """The commands of one text being run: edits are collected, the rest is done at once."""

    site: Site
    actor: User
    issue: Issue
    saved: bool
    """Whether the issue exists already; in the text of a new one some commands do not work."""
    edit: Edit = field(default_factory=Edit)
    changes: dict[str, Any] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    failed: int = 0

    @property
    def summary(self) -> list[str]:
        """Return what the server answers: all sentences in one text."""
        text = " ".join(sentence for sentence in self.said if sentence)
        return [text] if text else []

    def need(self, possible: object) -> None:
        """Raise Inapplicable unless `possible`."""
        if not possible:
            raise Inapplicable

    def need_staff(self, possible: object = True) -> None:
        """Raise Inapplicable unless the actor may set metadata, and `possible`."""
        self.need(access.staff(self.actor, self.issue.project) and possible)

    def labels(self, argument: str) -> list[Label]:
        """Return the labels named: ``~name``, ``~"two words"`` or bare words; unknown ones are skipped."""
        names = [quoted or word for quoted, word in re.findall(r'~"([^"]+)"|~?([^\s~"]+)', argument)]
        found = (labels.find(self.site, self.issue.project, name) for name in names)
        return [label for label in found if label]

    def users(self, argument: str) -> list[User]:
        """Return the users named, with or without ``@``; ``me`` is the actor."""
        names = [word.strip("@,") for word in argument.split()]
        found = (self.actor if name == "me" else self.site.user_named(name) for name in names)
        return [user for user in found if user]

    def issues(self, argument: str) -> list[Issue]:
        """Return the issues named, as ``#1``, ``group/project#1`` or address, that the actor can read."""
        found = references.named(self.site, self.issue.project, argument)
        return [one for one in found if one is not self.issue and access.reads(self.actor, one)]
