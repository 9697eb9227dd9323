"""Publishing: a person's act that makes a text of the work readable by the customer. Pure.

Only a sign at the start of a text's first wording counts, or a reply that the tool itself shows to
customers. Whatever looks like a sign and is none stays internal, and its author is told.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

from mappings.ticket import MESSAGE_0, Audience, Comment, CommentKind, PersonRole
from sync.pieces import pieces, words
from sync.rules import Publish, Role
from sync.situation import Situation

_ALIKE = 0.75
"""How much of a sign a word must have to be taken for a slip of the hand."""
_START = 300
"""Characters in which a sign is looked for."""
_WAY = "write a new text that begins with it"


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a text that bears a publish sign, or nearly so, stays internal."""

    why: str


def published(s: Situation, source: str, target: str, message: Comment) -> Refused | bool:
    """Return whether the customer may read a text of the work on the front, or why that was refused."""
    rule = s.rules.publish
    if rule is None or not _applies(s, rule, source, target, message):
        return False
    if s.before_they_met(source, target, message.created):
        return False  # whoever wrote it knew nothing of this customer
    if message.kind is CommentKind.REPLY and message.audience is Audience.CUSTOMER:
        return True
    if (slip := _slip(rule, message)) is None:
        return False
    if why := slip or _hindrance(s, target, message):
        return Refused(why)
    return True


def _applies(s: Situation, rule: Publish, source: str, target: str, message: Comment) -> bool:
    return (
        (s.role(source), s.role(target)) == (Role.WORK, Role.FRONT)
        and source in rule.connections
        and message.id != MESSAGE_0
        and message.author.role in (PersonRole.STAFF, PersonRole.UNKNOWN)
    )


def _slip(rule: Publish, message: Comment) -> str | None:
    """Return what is wrong with a text's sign: nothing (""), a slip, or None where there is no sign."""
    text = _plain(words(message)[:_START])
    first = text.split(maxsplit=1)[0] if text.split() else ""
    if first == rule.sign:
        return ""
    if SequenceMatcher(None, first.casefold(), rule.sign.casefold()).ratio() >= _ALIKE:
        return f"it begins with {first}, and the sign is {rule.sign}: {_WAY}"
    if re.search(rf"(?<!\S){re.escape(rule.sign)}(?!\S)", text):
        return f"{rule.sign} does not stand at its start: {_WAY}"
    return None


def _hindrance(s: Situation, target: str, message: Comment) -> str | None:
    if message.author.role is not PersonRole.STAFF:
        return "nobody knows whether its author is one of the staff"
    if message.edited is not None:
        return f"a sign counts in a text's first wording only: {_WAY}"
    if message.audience is Audience.RESTRICTED:
        return "fewer than staff may read it"
    if s.shared:
        return "several customers' tickets share this one: answer each on its own ticket"
    if len(pieces(message, s.capabilities[target])) != 1:
        return "it is too long to be sent in one"
    return None


def unsigned(markdown: str, sign: str) -> str:
    """Return a published text without its sign."""
    start, _, rest = markdown.partition("\n")
    first = re.match(rf"\s*{_escaped(sign)}(?!\S)[ \t]*\\?", start)
    kept = start[first.end() :] if first else start
    return f"{kept}\n{rest}".strip("\n") if rest else kept


def kept_private(s: Situation, message: Comment) -> bool:
    """Whether a person marked a text as one that stays where it was written."""
    sign = s.rules.keep_private
    if not sign or sign not in message.body.text.replace("\\", ""):
        return False
    return _plain(words(message)[:_START]).split(maxsplit=1)[:1] == [sign]


def _escaped(sign: str) -> str:
    """Return what finds a sign in Markdown, where each of its marks may stand behind a backslash."""
    return "".join(rf"\\?{re.escape(letter)}" for letter in sign)


def _plain(markdown: str) -> str:
    return re.sub(r"\\(\W)", r"\1", markdown)
