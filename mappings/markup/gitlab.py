"""GitLab's Markdown, written: the canonical one, but its text executes commands and pages people."""

from __future__ import annotations

import re
from collections.abc import Mapping

from mappings.markup.gitlab_read import read
from mappings.markup.markdown import JOINER, PERSON, escape, guarded, parsed
from mappings.markup.markdown_write import Writer, indented
from mappings.markup.nodes import Node, tree

__all__ = ["read", "write"]

# gitlab-api 4.4 and GitLab's table of references: mentions page people, references write notes on what they
# name. A letter is one of ASCII to GitLab, so a mention may follow any other without a blank. A
# plain number is not taken for a commit.
_REFERENCE = re.compile(
    r"(?<![A-Za-z0-9_])@(?=\\?[A-Za-z0-9_.])"
    r"|[#!&$](?=\d)"
    r"|(?i:GL-(?=\d))"
    r"|(?<=\*)(?=iteration:)"
    r"|[~%](?=\\?[\w\"{])"
    r"|(?<=\[)(?=(?:issue|work_item|epic|vulnerability|feature_flag|contact|cadence|iteration|wiki_page):)"
    r"|(?<![A-Za-z0-9_])(?=[a-f]*\d)(?=\d*[a-f])(?P<commit>[0-9a-f]{7,40})(?![A-Za-z0-9_])"
)
_NAMING = re.compile(r"[@#!&$~%\[*]|[Gg][Ll]-|[0-9a-f]{7}")
"""What may be one of them, found faster."""
_COMMAND = re.compile(r"(?m)^(?:/[A-Za-z_]|::include)")
_LINE = re.compile(r"(?m)^(?=::include|;;;)")
_LIVE = re.compile(
    r"(?:glql|json|(?:plantuml|puml|c4plantuml|dot|graphviz|ditaa|erd|nomnoml|svgbob|vega(?:lite)?|wavedrom"
    r"|actdiag|blockdiag|nwdiag|packetdiag|rackdiag|seqdiag|bpmn|bytefield|d2|dbml|diagramsnet|excalidraw"
    r"|pikchr|structurizr|symbolator|tikz|umlet|wireviz))$",
    re.IGNORECASE,
)
"""Languages whose blocks GitLab runs (a query) or sends to a server that draws them (Kroki, PlantUML)."""
_NAME = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.-]*")


def write(markdown: str, files: Mapping[str, str], people: Mapping[str, str]) -> str:
    """Return Markdown in which no line is a quick action and no word is a reference.

    Nobody is mentioned but those in `people`.
    """
    return _Writer().blocks(tree(parsed(markdown, files, people)).children)


class _Writer(Writer):
    """Writes Markdown that does nothing on its server."""

    def text(self, text: str) -> str:
        return _inert(text)

    def guard(self, paragraph: str) -> str:
        return _LINE.sub(r"\\", guarded(paragraph))

    def code_block(self, node: Node) -> str:
        """Return code, set in by one blank if need be: GitLab looks for commands at its lines' start too."""
        node.info = "" if _LIVE.match(node.info) else node.info
        block = super().code_block(node)
        return indented(block, " ", " ") if _COMMAND.search(block) else block

    def link(self, node: Node) -> str:
        if person := node.meta.get(PERSON):
            return f"@{person}" if _NAME.fullmatch(person) else self.spans(node.children)
        return super().link(node)


def _inert(text: str) -> str:
    """Return a text that names nobody and refers to nothing."""
    text = escape(text)
    return _REFERENCE.sub(_divided, text) if _NAMING.search(text) else text


def _divided(name: re.Match[str]) -> str:
    """Return a name's beginning with a joiner behind it; of a commit not even a part is one: seven signs."""
    return JOINER.join(re.findall(".{1,6}", name[0])) if name["commit"] else name[0] + JOINER
