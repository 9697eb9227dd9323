"""What a text shows, as a multiset of facts: words, headings, items, cells, code, marks, links, quotations.

Of Markdown as markdown-it-py reads it, and of a document (ADF) by walking it: neither is a converter of ours.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from tests.mappings.bodies import FILES

Facts = Counter[tuple[str, ...]]
_MARKS = {"strong": "bold", "em": "italic", "strike": "struck", "s": "struck"}
_TASK = re.compile(r"^\[[ xX]\] ")


class _Run(NamedTuple):
    """Some text and its look; code, links and people are looks too."""

    text: str
    look: frozenset[tuple[str, str]]


def of_markdown(text: str) -> Facts:
    """The facts of a Markdown text; a file goes by its name, which is no word of the text."""
    facts: Facts = Counter()
    _blocks(SyntaxTreeNode(_reader().parse(text)), (), facts)
    return facts


def of_document(document: Any) -> Facts:
    """The facts of a document of Atlassian's; a file goes by its name there."""
    facts: Facts = Counter()
    _nodes(document, (), facts)
    return facts


@cache
def _reader() -> MarkdownIt:
    made = MarkdownIt("gfm-like", {"html": False, "linkify": True, "maxNesting": 200})
    assert made.linkify is not None
    made.linkify.set({"fuzzy_link": False, "fuzzy_email": False})
    made.validateLink = lambda url: True  # type: ignore[method-assign] # our references are links too
    made.normalizeLink = lambda url: url  # type: ignore[method-assign]
    made.normalizeLinkText = lambda link: link  # type: ignore[method-assign]
    return made


def words(text: str) -> tuple[str, ...]:
    """The words of a text, in one letter case: Jira raises the headings inside lists.

    A joiner divides none: it has no width.
    """
    return tuple(re.findall(r"[^\W_]+", text.casefold().replace("\u2060", "")))


def _told(runs: list[_Run], facts: Facts, kind: str, *more: str) -> None:
    whole = words("".join(run.text for run in runs))
    if kind and whole:
        facts[kind, *more, " ".join(whole)] += 1
    for word in whole:  # a mark may begin inside one
        facts["word", word] += 1
    for run in runs:
        for name, value in run.look:
            if name in ("bold", "italic", "struck"):
                for word in words(run.text):
                    facts[name, word] += 1
            elif name == "code":
                facts["code", run.text.strip()] += 1
            elif run.text:
                facts[name, value] = 1


def _blocks(node: SyntaxTreeNode, path: tuple[str, ...], facts: Facts) -> None:
    for child in node.children:
        match child.type:
            case "paragraph" | "heading" | "th" | "td":
                kind = {"heading": "heading", "th": "cell", "td": "cell"}.get(child.type, "")
                level = (child.tag[1],) if kind == "heading" else ()
                runs = list(_runs(child, frozenset()))
                if child.type == "th":  # Jira's headings are bold anyway
                    runs = [_Run(run.text, run.look - {("bold", "")}) for run in runs]
                if kind == "" and path and path[-1] in ("-", "1"):
                    kind, level = "item", ("".join(path),)
                if kind == "item" and runs:
                    runs[0] = _Run(_TASK.sub("", runs[0].text), runs[0].look)
                _told(runs, facts, kind, *level)
            case "fence" | "code_block":
                facts["block", "\n".join(line.strip() for line in child.content.strip().split("\n"))] += 1
            case "hr":
                facts["rule",] += 1
            case "blockquote":
                facts["quote",] += 1
                _blocks(child, (*path, ">"), facts)
            case "bullet_list" | "ordered_list":
                sign = "1" if child.type == "ordered_list" else "-"
                _blocks(child, (*path, sign), facts)
            case _:
                _blocks(child, path, facts)


def _runs(  # noqa: C901, PLR0912 -- one case per kind of piece
    node: SyntaxTreeNode, look: frozenset[tuple[str, str]]
) -> Iterator[_Run]:
    for child in node.children:
        match child.type:
            case "text":
                yield _Run(child.content, look)
            case "softbreak" | "hardbreak":
                yield _Run(" ", look)
            case "code_inline":
                yield _Run(child.content, frozenset({("code", "")}))
            case "image":
                url = _name(str(child.attrs["src"]))
                if "://" in url:  # every tool shows a link in its place
                    link = () if any(name == "link" for name, _ in look) else (("link", url),)
                    yield _Run(f"picture: {child.content}", look | {*link})
                else:
                    yield _Run(" ", frozenset({("file", url)}))
            case "link":
                url = str(child.attrs["href"])
                kind, _, key = url.partition(":")
                if kind == "mention":
                    yield _Run(" ", frozenset({(kind, unquote(key))}))
                elif kind == "attachment":
                    runs = list(_runs(child, look))
                    yield _Run(" ", frozenset({("file", _name(url))}))
                    if "".join(run.text for run in runs) != _name(url):
                        yield from runs
                else:
                    yield from _runs(child, look | {("link", url)})
            case _:
                name = _MARKS.get(child.type)
                yield from _runs(child, look | {(name, "")} if name else look)


def _name(reference: str) -> str:
    """Return the name of the file that a reference means, or the address of a picture elsewhere."""
    if "://" in reference:
        return reference
    id = unquote(reference.removeprefix("attachment:"))
    return next((file.name for file in FILES if file.id == id), id)


def _nodes(node: Any, path: tuple[str, ...], facts: Facts) -> None:  # noqa: C901 -- one case per kind of node
    for child in node.get("content", []):
        match child["type"]:
            case "paragraph" | "heading":
                runs = list(_texts(child))
                kind, level = (
                    ("heading", (str(child["attrs"]["level"]),)) if child["type"] == "heading" else ("", ())
                )
                if path and path[-1] in ("-", "1") and kind == "":
                    kind, level = "item", ("".join(path),)
                    if runs:
                        runs[0] = _Run(_TASK.sub("", runs[0].text), runs[0].look)
                _told(runs, facts, kind, *level)
            case "tableCell" | "tableHeader":
                head = child["type"] == "tableHeader"
                runs = [run for n in child["content"] for run in [*_deep(n), _Run(" ", frozenset())]]
                runs = [_Run(r.text, r.look - {("bold", "")} if head else r.look) for r in runs]
                _told(runs, facts, "cell")
            case "codeBlock":
                text = "".join(part["text"] for part in child.get("content", [])).replace("\u2060", "")
                facts["block", "\n".join(line.strip() for line in text.strip().split("\n"))] += 1
            case "rule":
                facts["rule",] += 1
            case "blockquote" | "panel":
                facts["quote",] += 1
                _nodes(child, (*path, ">"), facts)
            case "bulletList" | "orderedList":
                _nodes(child, (*path, "1" if child["type"] == "orderedList" else "-"), facts)
            case "media":
                _told(list(_deep(child)), facts, "")
            case "blockCard" | "embedCard":
                facts["link", child["attrs"]["url"]] = 1
            case _:
                _nodes(child, path, facts)


def _deep(node: Any) -> Iterator[_Run]:
    """The words of a cell, whatever blocks it holds."""
    if node["type"] == "codeBlock":
        text = " ".join("".join(part["text"] for part in node.get("content", [])).split())
        yield _Run(text, frozenset({("code", "")}))
    elif node["type"] == "media":
        url = node["attrs"].get("url") or node["attrs"]["id"]
        yield _Run(" ", frozenset({("file", url)}))
    elif node["type"] in ("paragraph", "heading"):
        yield from _texts(node)
        yield _Run(" ", frozenset())
    else:
        for child in node.get("content", []):
            yield from _deep(child)


def _texts(node: Any) -> Iterator[_Run]:
    for child in node.get("content", []):
        match child["type"]:
            case "text":
                marks = child.get("marks", [])
                look = {(_MARKS[m["type"]], "") for m in marks if m["type"] in _MARKS}
                look |= {("link", m["attrs"]["href"]) for m in marks if m["type"] == "link"}
                code = any(m["type"] == "code" for m in marks)
                yield _Run(child["text"].replace("\u2060", ""), frozenset({("code", "")} if code else look))
            case "mention":
                yield _Run(" ", frozenset({("mention", child["attrs"]["id"].removeprefix("accountid:"))}))
            case "inlineCard":
                yield _Run(child["attrs"]["url"], frozenset({("link", child["attrs"]["url"])}))
            case _:
                yield _Run(" ", frozenset())
