"""The words of a line of Jira's wiki markup: marks, links, files, pictures, people; other signs stay text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

from mappings.markup.markdown import JOINER, code, escape

NOTHING = "\ufdd0"
"""Stands where a macro was that only gives a look: what it divided is still divided."""
_ESCAPED = re.compile(r"\\([-#*_+?^~|%{}\[\]()!@])")
_LOOSE = re.compile(f"[{JOINER}{NOTHING}]")
_MARKS = {"strong": "**", "em": "*", "gone": "~~", "cited": "*", "under": "", "above": "", "below": ""}
_NEAR = r"[^\W_]|[^\x00-\x7f\xa0\u2060\ufdd0]"
"""What a mark's sign does not touch, unless it stands in braces."""
_PICTURES = {
    "/": "✅", "x": "❌", "!": "⚠️", "?": "❓", "i": "ℹ️", "y": "👍", "n": "👎", "+": "➕", "-": "➖",
    "on": "💡", "off": "💡", "*": "⭐", "*y": "⭐", "*r": "⭐", "*g": "⭐", "*b": "⭐",
    "flag": "🚩", "flagoff": "🏳️",
}  # fmt: skip
_LINK = r"\[[^\[\]\n]{1,2000}\]"


def _mark(name: str, sign: str) -> str:
    """Return the pattern of a text between two signs; a sign inside a word is none, nor one in a link."""
    s = re.escape(sign)
    inner = rf"(?:\\.|{_LINK}|\[(?!{_LINK[2:]})|[^{s[-1]}\\\n\[]|(?<=[^\W_]){s}(?=[^\W_]))"
    bare = rf"(?<!{_near()}){s}(?=[^\s{s[-1]}])(?P<{name}>{inner}+?)(?<!\s){s}(?!{s}|{_NEAR})"
    return rf"{bare}|\{{{s}\}}(?=\S)(?P<{name}_braced>{inner}+?)\{{{s}\}}"


def _near() -> str:
    return f"(?:{_NEAR})"


_INLINE = re.compile(
    r"\\(?P<escaped>[-#*_+?^~|%{}\[\]()!@])"
    r"|(?P<broken>\\\\)(?![^\s\\]{1,60}\\)"
    r"|\{\{\{\}(?P<mono_braced>[^\n]{1,500}?)\{?\}\}\}"
    r"|\{\{(?P<mono>(?:\\.|[^\n\\]){1,500}?)\}\}"
    r"|\[(?:(?P<named>(?:\\.|[^\[\]|\n\\])+)\|)?\^(?P<file>[^\[\]|\n]+)\]"
    r"|\[(?:(?P<called>(?:\\.|[^\[\]|\n\\])+)\|)?~(?P<mention>[^\[\]|\n]+)\]"
    r"|\[(?:(?P<label>(?:\\.|[^\[\]|\n\\])+)\|)?(?P<url>(?:https?://|mailto:|tel:)[^\[\]\s|]+)(?:\|[^\[\]\n]*)?\]"
    r"|\[(?P<jump>(?:\\.|[^\[\]|\n\\])+)\|#[^\[\]|\n]+\]"
    r"|\[(?P<local>(?:\\.|[^\[\]|\n\\])+)\|(?P<place>(?:file:|/)[^\[\]|\n]+)\]"
    rf"|(?<!{_near()})!(?P<picture>[^!|\s][^!|\n]*)(?:\|[^!\n]*)?!(?!{_NEAR})"
    r"|(?P<address>https?://[^\s|\[\]<>{}\"'\\\ufdd0]*[^\s|\[\]<>{}\"'\\\ufdd0.,;:!?)*_])"
    r"|(?:(?<=[\s|\ufdd0])|^)\((?P<smile>[ynix/!?+*-]|on|off|\*[rgby]|flag(?:off)?)\)(?=[\s|.,;:\ufdd0]|$)"
    rf"|{_mark('strong', '*')}|{_mark('em', '_')}|{_mark('gone', '-')}|{_mark('under', '+')}"
    rf"|{_mark('above', '^')}|{_mark('below', '~')}|{_mark('cited', '??')}"
)
_ANY = re.compile(r"[\\{\[!*_+^~?(-]|://")


def inline(text: str, ids: Mapping[str, str], *, linked: bool = False) -> str:
    """Return a line of wiki text as Markdown; `ids` are those of the files, by their names.

    No address is a link in what is `linked` already: Markdown has no link in a link.
    """
    if not _ANY.search(text):
        return plain(text)
    parts, words, position = list[str](), "", 0
    for found in _INLINE.finditer(text):
        words += text[position : found.start()]
        position = found.end()
        if found["escaped"]:
            words += found["escaped"]
            continue
        if linked and found["address"]:
            words += found["address"]
            continue
        made = _token(found, ids, linked=linked)
        if not words and parts and _are_one(parts[-1], made):
            made = JOINER + made
        parts += [plain(words), made]
        words = ""
    return "".join([*parts, plain(words + text[position:])])


def _are_one(mark: str, following: str) -> bool:
    """Whether two marks side by side would be read as one; beside a letter a joiner keeps them apart."""
    if following[:1] not in ("*", "~") or not mark.endswith(following[0]):
        return False
    return mark.rstrip("*~")[-1:].isalnum() and following.lstrip("*~")[:1].isalnum()


def plain(text: str) -> str:
    """Return text without markup as Markdown."""
    return escape(_LOOSE.sub("", text))


def mono(text: str) -> str:
    """Return the code that a monospaced text shows."""
    return code(_LOOSE.sub("", _ESCAPED.sub(r"\1", text)).strip(" ") or " ")


def _token(  # noqa: C901 -- one case per kind of token
    found: re.Match[str], ids: Mapping[str, str], *, linked: bool
) -> str:
    kind, value = found.lastgroup or "", found[found.lastgroup or 0]
    match kind.removesuffix("_braced"):
        case "broken":
            return "\\\n"
        case "mono":
            return mono(value)
        case "file":
            return _file(value.strip(), found["named"], found[0], ids)
        case "mention":
            key = value.strip().removeprefix("accountid:")
            label = inline(found["called"], ids, linked=True) if found["called"] else f"@{plain(key)}"
            return f"[{label}](<mention:{quote(key, safe=':@')}>)" if key else plain(found[0])
        case "url":
            return _link(value, found["label"], ids)
        case "address":
            return f"<{value}>"  # in which nothing is read as an entity
        case "jump":  # a place on the page: only the words lead anywhere else
            return inline(value, ids, linked=linked)
        case "place":
            return f"{inline(found['local'], ids, linked=linked)} ({plain(value)})"
        case "picture":
            return _picture(value, found[0], ids)
        case "smile":
            return _PICTURES[value]
        case name:
            return _marked(_MARKS[name], inline(value, ids, linked=linked), found)


def _marked(sign: str, inner: str, found: re.Match[str]) -> str:
    """Return a text in marks; Markdown sees none between a letter and a punctuation sign."""
    if not sign or not inner.strip():
        return inner
    before = found.string[found.start() - 1 : found.start()]
    after = found.string[found.end() : found.end() + 1]
    start = JOINER if before.isalnum() and not inner[0].isalnum() else ""
    end = JOINER if after.isalnum() and not inner[-1].isalnum() else ""
    return f"{sign}{start}{inner}{end}{sign}"


def _link(url: str, label: str | None, ids: Mapping[str, str]) -> str:
    if not label:
        return (
            f"[{plain(url.removeprefix('mailto:'))}]({_to(url)})"
            if url.startswith("mailto:")
            else _shown(url)
        )
    words = _LOOSE.sub("", _ESCAPED.sub(r"\1", label))
    if words == url or (":" not in words and url == f"https://{words}"):
        return _shown(url)
    return f"[{inline(label, ids, linked=True)}]({_to(url)})"


def _shown(url: str) -> str:
    """Return a link that shows its address."""
    return f"<{url.replace('<', '%3C').replace('>', '%3E')}>"


def _to(url: str) -> str:
    """Return an address as Markdown holds it, in which an entity would be read and a bracket end it."""
    return f"<{re.sub(r'&(?=#?[a-zA-Z0-9]+;)', '&amp;', url.replace('<', '%3C').replace('>', '%3E'))}>"


def _file(name: str, label: str | None, whole: str, ids: Mapping[str, str]) -> str:
    if name in ids:
        return f"[{inline(label, ids, linked=True) if label else plain(name)}](<attachment:{ids[name]}>)"
    return plain(f"[file: {name}]") if "." in name else plain(whole)


def _picture(name: str, whole: str, ids: Mapping[str, str]) -> str:
    if re.match("https?://", name):
        return f"![]({_to(name)})"
    if name in ids:
        return f"![{plain(name)}](<attachment:{ids[name]}>)"
    return plain(f"[picture: {name}]") if re.search(r"\.\w{2,5}$", name) else plain(whole)
