"""Which Atlassian documents (ADF) Jira takes: the rules of Atlassian's public schema, as a table.

A child is a node's name with the marks that it may carry there: ``paragraph+alignment``. Names that stand
twice are alternatives, each with its own marks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from deskbridge.sandbox.jira.model import Json

Check = Callable[[object], bool]
_DEEPEST = 64


def _text(value: object) -> bool:
    return isinstance(value, str)


def _words(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _flag(value: object) -> bool:
    return isinstance(value, bool)


def _anything(value: object) -> bool:
    return True


def _number(least: float = float("-inf"), most: float = float("inf")) -> Check:
    def check(value: object) -> bool:
        return isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most

    return check


def _one_of(words: str) -> Check:
    known = words.split()
    return lambda value: isinstance(value, str) and value in known


def _like(pattern: str) -> Check:
    form = re.compile(pattern)
    return lambda value: isinstance(value, str) and form.fullmatch(value) is not None


def _list_of(check: Check, least: int = 0) -> Check:
    return lambda value: isinstance(value, list) and len(value) >= least and all(map(check, value))


@dataclass(frozen=True)
class Shape:
    """The keys of an object: those that it must have and those that it may have. No other is taken."""

    needed: Mapping[str, Check] = field(default_factory=dict)
    free: Mapping[str, Check] = field(default_factory=dict)

    def fits(self, value: object) -> bool:
        """Whether an object has this shape."""
        if not isinstance(value, dict) or self.needed.keys() - value.keys():
            return False
        known = {**self.free, **self.needed}
        return all(key in known and known[key](inner) for key, inner in value.items())


@dataclass(frozen=True)
class Node:
    """The rules of a node. `children` is None where it has none; the last ones repeat for ever."""

    attrs: tuple[Shape, ...] = ()
    """Shapes that its attributes may have; none where it takes no attributes."""
    bare: bool = True
    """Whether the attributes may be missing."""
    children: str | None = None
    least: int | None = None
    """How many children there must be; None where even the list may be missing."""
    marks: bool = False
    """Whether there may be a list of marks at all; which ones, the parent says."""


_ID = {"localId": _text}
_PLAIN = Shape(free=_ID)
_HEX = _like("#[0-9a-fA-F]{6}")
_WIDE = _one_of("wide full-width center wrap-right wrap-left align-end align-start")
_MARKS: Mapping[str, Shape | None] = {
    "alignment": Shape({"align": _one_of("center end")}),
    "annotation": Shape({"id": _text, "annotationType": _one_of("inlineComment")}),
    "backgroundColor": Shape({"color": _HEX}),
    "border": Shape({"size": _number(1, 3), "color": _like("#[0-9a-fA-F]{8}|#[0-9a-fA-F]{6}")}),
    "breakout": Shape({"mode": _one_of("wide full-width")}, {"width": _number()}),
    "code": None,
    "dataConsumer": Shape({"sources": _list_of(_text, 1)}),
    "em": None,
    "fontSize": Shape({"fontSize": _one_of("small")}),
    "fragment": Shape({"localId": _words}, {"name": _text}),
    "indentation": Shape({"level": _number(1, 6)}),
    "link": Shape(
        {"href": _text}, {"title": _text, "id": _text, "collection": _text, "occurrenceKey": _text}
    ),
    "strike": None,
    "strong": None,
    "subsup": Shape({"type": _one_of("sub sup")}),
    "textColor": Shape({"color": _HEX}),
    "underline": None,
}
"""The attributes of each mark; None where it takes none."""

_FORMATTED = "text+link+em+strong+strike+subsup+underline+textColor+annotation+backgroundColor"
_SPAN = f"{_FORMATTED} text+code+link+annotation date emoji hardBreak inlineCard mention placeholder status"
_INLINE = f"{_SPAN} inlineExtension+dataConsumer+fragment mediaInline+dataConsumer+link+annotation+border"
_EXTENSION = "extension+dataConsumer+fragment"
_ENCLOSING = "bodiedExtension+dataConsumer+fragment"
_SMALL = "paragraph paragraph+fontSize"
_LISTS = "orderedList bulletList taskList decisionList"
_MEDIA = "mediaSingle+link mediaGroup codeBlock"
_MEDIUM = "media+dataConsumer+link+annotation+border"
_CARDS = "blockCard embedCard"
_PLACED = "paragraph paragraph+alignment+fontSize paragraph+indentation+fontSize"
_HEADINGS = "heading heading+alignment heading+indentation"
_BLOCKS = (
    f"{_PLACED} {_HEADINGS} {_LISTS} {_MEDIA} {_CARDS} {_EXTENSION} {_ENCLOSING}"
    " rule panel blockquote table+fragment expand"
)
_INSIDE = f"{_SMALL} heading {_LISTS} {_MEDIA} {_CARDS} {_EXTENSION} panel blockquote rule table+fragment"
_CELL = (
    f"paragraph paragraph+alignment+fontSize {_HEADINGS} {_LISTS} {_MEDIA} {_CARDS} {_EXTENSION}"
    " panel blockquote rule nestedExpand"
)
_DOCUMENT = (
    f"{_BLOCKS} codeBlock+breakout layoutSection+breakout expand+breakout syncBlock+breakout"
    " bodiedSyncBlock+breakout"
)
_SYNCED = (
    f"{_PLACED} {_HEADINGS} {_LISTS} {_MEDIA} {_CARDS} rule panel blockquote table+fragment expand"
    " layoutSection+breakout"
)
_CODE = Shape(free={"language": _text, "uniqueId": _text, "wrap": _flag, "hideLineNumbers": _flag, **_ID})
_STRETCHED = Shape(
    {"extensionKey": _words, "extensionType": _words},
    {
        "parameters": _anything,
        "text": _text,
        "layout": _one_of("wide full-width default"),
        "localId": _words,
    },
)
_TITLED = Shape(free={"title": _text, **_ID})
_CELLS = Shape(
    free={
        "colspan": _number(),
        "rowspan": _number(),
        "colwidth": _list_of(_number()),
        "background": _text,
        "valign": _one_of("top middle bottom"),
        **_ID,
    }
)
_SYNC = Shape({"resourceId": _text, "localId": _text})
_VIEW = Shape({"type": _text}, {"properties": _anything})
_SOURCE = Shape({"id": _text, "parameters": _anything, "views": _list_of(_VIEW.fits, 1)})
_URL, _DATA = Shape({"url": _text}, _ID), Shape({"data": _anything}, _ID)
_SIZE = {"width": _number(), "height": _number()}

_NODES: Mapping[str, Node] = {
    "doc": Node(children=_DOCUMENT, least=0),
    "blockCard": Node(
        (
            Shape(
                {"datasource": _SOURCE.fits},
                {"url": _text, "width": _number(), "layout": _WIDE, **_ID},
            ),
            _URL,
            _DATA,
        ),
        bare=False,
    ),
    "blockquote": Node(
        (_PLAIN,), children=f"paragraph orderedList bulletList {_MEDIA} {_EXTENSION}", least=1
    ),
    "blockTaskItem": Node(
        (Shape({"localId": _text, "state": _one_of("TODO DONE")}),),
        bare=False,
        children=f"{_SMALL} {_EXTENSION}",
        least=1,
    ),
    "bodiedExtension": Node((_STRETCHED,), bare=False, children=_INSIDE, least=1, marks=True),
    "bodiedSyncBlock": Node((_SYNC,), bare=False, children=_SYNCED, least=1, marks=True),
    "bulletList": Node((_PLAIN,), children="listItem", least=1),
    "caption": Node((_PLAIN,), children=_SPAN),
    "codeBlock": Node((_CODE,), children="text", marks=True),
    "date": Node((Shape({"timestamp": _words}, _ID),), bare=False),
    "decisionItem": Node((Shape({"localId": _text, "state": _text}),), bare=False, children=_INLINE),
    "decisionList": Node((Shape({"localId": _text}),), bare=False, children="decisionItem", least=1),
    "embedCard": Node(
        (
            Shape(
                {"url": _text, "layout": _WIDE},
                {
                    "width": _number(0, 100),
                    "originalHeight": _number(),
                    "originalWidth": _number(),
                    **_ID,
                },
            ),
        ),
        bare=False,
    ),
    "emoji": Node((Shape({"shortName": _text}, {"id": _text, "text": _text, **_ID}),), bare=False),
    "expand": Node((_TITLED,), children=f"{_INSIDE} nestedExpand", least=1, marks=True),
    "extension": Node((_STRETCHED,), bare=False, marks=True),
    "hardBreak": Node((Shape(free={"text": lambda value: value == "\n", **_ID}),)),
    "heading": Node((Shape({"level": _number(1, 6)}, _ID),), bare=False, children=_INLINE, marks=True),
    "inlineCard": Node((_URL, _DATA), bare=False),
    "inlineExtension": Node(
        (
            Shape(
                {"extensionKey": _words, "extensionType": _words},
                {"parameters": _anything, "text": _text, "localId": _words},
            ),
        ),
        bare=False,
        marks=True,
    ),
    "layoutColumn": Node(
        (Shape({"width": _number(0, 100)}, {"valign": _one_of("top middle bottom"), **_ID}),),
        bare=False,
        children=_BLOCKS,
        least=1,
    ),
    "layoutSection": Node((_PLAIN,), children="layoutColumn", least=2, marks=True),
    "listItem": Node(
        (_PLAIN,),
        children=f"{_SMALL} bulletList orderedList taskList mediaSingle+link codeBlock {_EXTENSION}",
        least=1,
    ),
    "media": Node(
        (
            Shape(
                {"type": _one_of("link file"), "id": _words, "collection": _text},
                {"alt": _text, "occurrenceKey": _words, **_SIZE, **_ID},
            ),
            Shape({"type": _one_of("external"), "url": _text}, {"alt": _text, **_SIZE, **_ID}),
        ),
        bare=False,
        marks=True,
    ),
    "mediaGroup": Node(children=_MEDIUM, least=1),
    "mediaInline": Node(
        (
            Shape(
                {"id": _words, "collection": _text},
                {
                    "type": _one_of("link file image"),
                    "alt": _text,
                    "occurrenceKey": _words,
                    "data": _anything,
                    **_SIZE,
                    **_ID,
                },
            ),
        ),
        bare=False,
        marks=True,
    ),
    "mediaSingle": Node(
        (
            Shape(
                {"layout": _WIDE},
                {"width": _number(0, 100), "widthType": _one_of("percentage"), **_ID},
            ),
            Shape({"width": _number(0), "widthType": _one_of("pixel"), "layout": _WIDE}, _ID),
        ),
        children=f"{_MEDIUM} caption",
        least=1,
        marks=True,
    ),
    "mention": Node(
        (
            Shape(
                {"id": _text},
                {
                    "text": _text,
                    "accessLevel": _text,
                    "userType": _one_of("DEFAULT SPECIAL APP"),
                    **_ID,
                },
            ),
        ),
        bare=False,
    ),
    "nestedExpand": Node(
        (_TITLED,),
        bare=False,
        children=f"{_SMALL} heading {_LISTS} {_MEDIA} {_EXTENSION} rule panel blockquote",
        least=1,
        marks=True,
    ),
    "orderedList": Node((Shape(free={"order": _number(0), **_ID}),), children="listItem", least=1),
    "panel": Node(
        (
            Shape(
                {"panelType": _one_of("info note tip warning error success custom")},
                {
                    "panelIcon": _text,
                    "panelIconId": _text,
                    "panelIconText": _text,
                    "panelColor": _text,
                    **_ID,
                },
            ),
        ),
        bare=False,
        children=f"{_SMALL} heading {_LISTS} {_MEDIA} {_EXTENSION} blockCard rule",
        least=1,
    ),
    "paragraph": Node((_PLAIN,), children=_INLINE, marks=True),
    "placeholder": Node((Shape({"text": _text}, _ID),), bare=False),
    "rule": Node((_PLAIN,)),
    "status": Node(
        (
            Shape(
                {
                    "text": _words,
                    "color": _like("neutral|purple|blue|red|yellow|green|#[0-9a-fA-F]{6}"),
                },
                {"style": _text, **_ID},
            ),
        ),
        bare=False,
    ),
    "syncBlock": Node((_SYNC,), bare=False, marks=True),
    "table": Node(
        (
            Shape(
                free={
                    "displayMode": _one_of("default fixed"),
                    "isNumberColumnEnabled": _flag,
                    "layout": _one_of("wide full-width center align-end align-start default"),
                    "localId": _words,
                    "width": _number(),
                }
            ),
        ),
        children="tableRow",
        least=1,
        marks=True,
    ),
    "tableCell": Node((_CELLS,), children=_CELL, least=1),
    "tableHeader": Node((_CELLS,), children=_CELL, least=1),
    "tableRow": Node((_PLAIN,), children="tableCell tableHeader", least=0),
    "taskItem": Node(
        (Shape({"localId": _text, "state": _one_of("TODO DONE")}),), bare=False, children=_INLINE
    ),
    "taskList": Node(
        (Shape({"localId": _text}),), bare=False, children="taskItem taskList blockTaskItem", least=1
    ),
    "text": Node(marks=True),
}


def _alternatives(children: str) -> dict[str, list[frozenset[str]]]:
    """Return the name of each child with the sets of marks that it may carry."""
    found: dict[str, list[frozenset[str]]] = {}
    for child in children.split():
        name, *marks = child.split("+")
        found.setdefault(name, []).append(frozenset(marks))
    return found


_CHILDREN = {name: _alternatives(node.children) for name, node in _NODES.items() if node.children}


def is_document(value: object) -> bool:
    """Whether Atlassian's schema takes `value` as a document."""
    if not isinstance(value, dict) or value.keys() != {"type", "version", "content"}:
        return False
    version = value["version"]
    known = value["type"] == "doc" and version == 1 and not isinstance(version, bool)
    return known and _has_children("doc", value, 0)


def _has_children(name: str, value: Json, depth: int) -> bool:
    node, content = _NODES[name], value.get("content")
    if node.children is None or content is None:
        return "content" not in value and (node.children is None or node.least is None)
    if not isinstance(content, list) or len(content) < (node.least or 0) or depth > _DEEPEST:
        return False
    if not _is_in_order(name, content):
        return False
    free = name == "blockTaskItem"  # whose third child, and all after it, no rule is about
    return all(_is_node(child, _CHILDREN[name], depth + 1) for child in (content[:2] if free else content))


def _is_in_order(name: str, content: list[object]) -> bool:
    """Whether children stand where they may: a caption after its picture, two or three columns."""
    if name == "layoutSection":
        return len(content) <= 3
    if name != "mediaSingle":
        return True
    kinds = [child.get("type") if isinstance(child, dict) else None for child in content]
    return kinds in (["media"], ["media", "caption"])


def _is_node(value: object, allowed: Mapping[str, list[frozenset[str]]], depth: int) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("type"), str) or value["type"] not in allowed:
        return False
    name = value["type"]
    node = _NODES[name]
    own = {"type", "text"} if name == "text" else {"type"}
    if name != "mediaSingle" and value.keys() - own - {"attrs", "content", "marks"}:
        return False
    if name == "text" and not _words(value.get("text")):
        return False
    return (
        _has_attrs(node, value)
        and _has_marks(node, value, allowed[name])
        and _has_children(name, value, depth)
    )


def _has_attrs(node: Node, value: Json) -> bool:
    if "attrs" not in value:
        return node.bare
    return any(shape.fits(value["attrs"]) for shape in node.attrs)


def _has_marks(node: Node, value: Json, allowed: list[frozenset[str]]) -> bool:
    if "marks" not in value:
        return True
    marks = value["marks"]
    if not node.marks or not isinstance(marks, list) or not all(_is_mark(mark) for mark in marks):
        return False
    kinds = {mark["type"] for mark in marks}
    return any(kinds <= alternative for alternative in allowed)


def _is_mark(value: object) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("type"), str) or value["type"] not in _MARKS:
        return False
    shape = _MARKS[value["type"]]
    if shape is None:
        return value.keys() == {"type"}
    return value.keys() == {"type", "attrs"} and shape.fits(value["attrs"])
