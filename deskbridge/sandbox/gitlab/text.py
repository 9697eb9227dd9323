"""Markdown as the pages show it: rendered without raw HTML, then cleaned (4.5)."""

from __future__ import annotations

import re

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

from deskbridge.sandbox.gitlab.places import Project

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
_UPLOAD = re.compile(r'((?:href|src)=")(/uploads/[0-9a-f]{32}/)')


def html(text: str, project: Project | None = None) -> Markup:
    """Return a text as safe HTML; relative upload links lead to the files of `project` (5)."""
    rendered = _MARKDOWN.render(text)
    if project is not None:
        rendered = _UPLOAD.sub(rf"\g<1>/-/project/{project.id}\g<2>", rendered)
    # nh3 drops scripts, handlers and unknown schemes; what is left is safe to show as it is.
    return Markup(nh3.clean(rendered))
