"""GitLab's Markdown, read: what only GitLab understands, and HTML in it, becomes canonical Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from urllib.parse import quote, unquote

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

from mappings.markup import gitlab_html
from mappings.markup.gitlab_lines import common
from mappings.markup.markdown import JOINER, LONGEST, NESTING, dialect, language, parser, plain
from mappings.markup.markdown_write import Writer
from mappings.markup.nodes import Node, link, picture, text, title, tree, words
from mappings.ticket import Attachment

_MENTION = re.compile(
    r"(?<![\w@/.+\-])@(?!all\b)([A-Za-z0-9_](?:[A-Za-z0-9_.\-]{0,253}[A-Za-z0-9_])?)(?![\w/])", re.ASCII
)
_UPLOAD = re.compile(r"(?:^|/)uploads/([0-9a-f]{32})/([^/?#]+)$")
_RELATIVE = re.compile(r"(\b(?:src|href)\s*=\s*[\"']?)(?=/)")
_SIZES = re.compile(r"\{(?:\s*(?:width|height)=[\"']?[\w.%]+[\"']?)+\s*\}")
_WORDS = re.compile(r"\S+[ \t]+(?![{\[]|[\w-]+=)\S")
"""Behind the ticks of a block of code: a language, and then more than what is set for it."""
_ALERT = re.compile(r"\[!(note|tip|important|caution|warning)\][ \t]*(.*)$", re.IGNORECASE)
_MATH = re.compile(r"\$`([^`\n]{1,500})`\$|\$(?=[^\s$\d])([^$\n]{0,500}[^\s\\$])\$(?![\w$])")
_FOOTNOTE = re.compile(r"\[\^[^\]\s]{1,60}\]:[ \t]+\S")


@cache
def _parser() -> MarkdownIt:
    """Return the parser of GitLab's dialect: HTML is seen, what an escape hides is no reference."""
    made = dialect(html=True, stops="$")
    made.disable("text_join")
    made.inline.ruler.before("escape", "math", _math)
    made.block.ruler.before("reference", "footnote", _footnote)
    return made


def read(source: str, files: Sequence[Attachment]) -> str:
    """Return the canonical form: uploads as ``attachment:ID``, people as ``mention:USERNAME``.

    Our own neutralising is undone. HTML that GitLab shows becomes Markdown, any other stays readable text.
    """
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    if len(source) > LONGEST:
        return plain(source.replace(JOINER, ""))
    tokens = _parser().parse(common(source))
    if max((t.level for t in tokens), default=0) >= NESTING - 2:
        return plain(source.replace(JOINER, ""))
    nodes = _Reader({f.id for f in files}).blocks(tree(tokens).children)
    if JOINER in source:
        _unjoined(Node("root", children=nodes))
    return Writer().blocks(nodes) or plain(gitlab_html.shown(source))


def _unjoined(root: Node) -> None:
    """Take the joiners out of the words, but for those that keep two marks apart, or a mark from a word."""
    edges = dict[int, tuple[str, str]]()
    for node in root.walk():
        if node.type in ("strong", "em", "s") and node.children:
            first, last = node.children[0], node.children[-1]
            edges[id(first)] = (JOINER if first.content.startswith(JOINER) else "", "")
            edges[id(last)] = (
                edges.get(id(last), ("", ""))[0],
                JOINER if last.content.endswith(JOINER) else "",
            )
        if node.content != JOINER and JOINER in node.content:
            start, end = edges.get(id(node), ("", ""))
            node.content = f"{start}{node.content.replace(JOINER, '')}{end}"


class _Reader:
    """Walks the tree of GitLab's dialect."""

    def __init__(self, known: set[str]) -> None:
        self._known = known

    def blocks(self, nodes: Iterable[Node]) -> list[Node]:
        """Return blocks; what stands between ``<details>`` and its end is a folded one."""
        root: list[Node] = []
        folds = [root]
        for node in nodes:
            if node.type == "html_block":
                self._html(node.content, folds)
            else:
                folds[-1].append(self._block(node))
        return root

    def _block(self, node: Node) -> Node:
        if node.type == "inline":
            node.children = self._spans(node.children)
        elif node.children:
            node.children = self.blocks(node.children)
        if node.type == "blockquote" and node.children:
            node.children[:1] = _alert(node.children[0])
        if node.info:
            if _WORDS.match(node.info):  # somebody wrote on behind the ticks: GitLab shows none of it
                node.content, node.info = f"{node.info}\n{node.content}".rstrip("\n"), ""
            node.info = language(node.info.partition(":")[0])
        return node

    def _html(self, content: str, folds: list[list[Node]]) -> None:
        for kind, piece in gitlab_html.pieces(content):
            match kind:
                case "fold" if len(folds) < gitlab_html.FOLDS:
                    quotation = Node("blockquote", children=[title(piece or "Details")])
                    folds[-1].append(quotation)
                    folds.append(quotation.children)
                case "unfold" if len(folds) > 1:
                    folds.pop()
                case "html":
                    canonical = gitlab_html.converted(_RELATIVE.sub(r"\1https://gitlab.invalid", piece))
                    folds[-1] += map(self._pointed, tree(parser().parse(canonical)).children)
                case _:
                    folds[-1] += tree(parser().parse(plain(piece))).children

    def _file(self, url: str) -> str:
        """Return the id of the upload that an address leads to; empty if it is none of ours."""
        found = _UPLOAD.search(url)
        names = [f"{found[1]}/{name}" for name in (found[2], unquote(found[2]))] if found else []
        return next((name for name in names if name in self._known), "")

    def _spans(self, nodes: Sequence[Node], *, linked: bool = False) -> list[Node]:
        spans = gitlab_html.Spans()
        picture_before = False
        for node, after in zip(nodes, [*nodes[1:], text("")], strict=False):
            match node.type:
                case "html_inline":
                    spans.tag(node.content, after.content[:1])
                case "text" | "text_special":
                    content = _SIZES.sub("", node.content, count=1) if picture_before else node.content
                    mute = linked or node.type == "text_special" or spans.inside("link", "code_inline")
                    named = "@" in content and not mute
                    spans.add(_mentions(content) if named else [text(content)])
                case "link":
                    node.children = self._spans(node.children, linked=True)
                    spans.add(node.children if gitlab_html.OURS.match(str(node.attrs["href"])) else [node])
                case "image":
                    said, source = words(Node("", children=node.children)), str(node.attrs["src"])
                    spans.add([text(said) if gitlab_html.OURS.match(source) else picture(source, said)])
                case _:
                    node.children = self._spans(node.children, linked=linked)
                    spans.add([node])
            picture_before = node.type == "image"
        return [self._pointed(node) for node in spans.done()] if self._known else spans.done()

    def _pointed(self, node: Node) -> Node:
        name = {"link": "href", "image": "src"}.get(node.type, "")
        if name and (file := self._file(str(node.attrs[name]))):
            node.attrs[name] = f"attachment:{quote(file)}"
            if node.info == "auto":
                node.info, node.children = "", [text(file.partition("/")[2])]
        for child in node.children:
            self._pointed(child)
        return node


def _mentions(content: str) -> Iterable[Node]:
    end = 0
    for found in _MENTION.finditer(content):
        yield text(content[end : found.start()])
        yield link(f"mention:{quote(found[1], safe='')}", [text(found[0])])
        end = found.end()
    yield text(content[end:])


def _alert(paragraph: Node) -> list[Node]:
    """Return the beginning of a quotation, its title apart if it is one of GitLab's alerts."""
    inline = paragraph.children[0] if paragraph.type == "paragraph" and paragraph.children else Node("")
    line = inline.children[0].content if inline.children else ""
    found = _ALERT.match(line)
    if not found:
        return [paragraph]
    inline.children = inline.children[2:]
    return [title(found[2] or found[1].capitalize()), *([paragraph] if inline.children else [])]


def _math(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 -- the library calls it so
    """Take a formula for code: its signs are no Markdown."""
    if state.src[state.pos] != "$" or (state.pos and state.src[state.pos - 1].isalnum()):
        return False
    found = _MATH.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    if not silent:
        state.push("code_inline", "code", 0).content = found[1] or found[2]
    state.pos = found.end()
    return True


def _footnote(state: StateBlock, start: int, end: int, silent: bool) -> bool:  # noqa: FBT001 -- as above
    """Take a footnote for a paragraph; the library would take some for addresses of links."""
    at = state.bMarks[start] + state.tShift[start]
    if state.is_code_block(start) or not _FOOTNOTE.match(state.src, at, state.eMarks[start]):
        return False
    if silent:
        return True
    last = start + 1
    while last < end and not state.isEmpty(last) and state.sCount[last] >= state.blkIndent:
        last += 1
    state.line = last
    state.push("paragraph_open", "p", 1).map = [start, last]
    inline = state.push("inline", "", 0)
    inline.content = state.getLines(start, last, state.blkIndent, keepLastLF=False).strip()
    inline.children = []
    state.push("paragraph_close", "p", -1)
    return True
