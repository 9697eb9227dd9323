"""Quick actions: which lines of a text are commands, and the text without them (4.3)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

ALIASES = {
    "labels": "label",
    "remove_label": "unlabel",
    "due_date": "due",
    "spent": "spend",
    "spend_time": "spend",
    "estimate_time": "estimate",
    "remove_time_estimate": "remove_estimate",
}
SUBSTITUTIONS = {"shrug": "¯\\＿(ツ)＿/¯", "tableflip": "(╯°□°)╯︵ ┻━┻"}
COMMANDS = (
    *("close", "reopen", "label", "unlabel", "relabel", "assign", "unassign", "reassign", "title", "due"),
    *("remove_due_date", "confidential", "milestone", "remove_milestone", "severity", "spend", "estimate"),
    *("remove_estimate", "remove_time_spent", "lock", "unlock", "move", "weight", "clear_weight"),
    *("subscribe", "unsubscribe", "add_email", "remove_email", "convert_to_ticket"),
)
UNDONE = (
    *("status", "clone", "duplicate", "promote", "promote_to", "promote_to_incident", "epic", "set_parent"),
    *("health_status", "add_contacts", "remove_contacts", "blocks", "blocked_by", "relate", "unlink", "zoom"),
    *("remove_zoom", "page", "timeline", "create_merge_request", "react", "award", "todo", "done"),
    *("copy_metadata", "iteration", "remove_iteration", "remove_parent", "add_child", "type"),
)
"""What the real server would run and this one does not: a note that asks for it answers 501."""

# What shields commands: a fence, inline code that spans lines, an HTML block, a >>> quote.
_SHIELDS = (
    r"^```.+?\n```$",
    r"^[^\n]*`\n.+?\n?`$",
    r"^<[^>\n]+>\n.+?\n</[^>\n]+>$",
    r"^>>>.+?\n>>>$",
)
Replace = Callable[[re.Match[str]], str]
_FLAGS = re.MULTILINE | re.DOTALL | re.IGNORECASE


@dataclass(frozen=True, slots=True)
class Command:
    """One command of a text, by its canonical name."""

    name: str
    argument: str


@cache
def _pattern(names: tuple[str, ...]) -> re.Pattern[str]:
    union = "|".join(names)
    command = rf"^/(?P<name>{union})(?:[ ](?P<argument>[^\n]*))?(?:\s*\n|$)"
    return re.compile("|".join([*_SHIELDS, command]), _FLAGS)


@cache
def _candidate() -> re.Pattern[str]:
    return re.compile(r"^/[a-z_]+", _FLAGS)


def extract(text: str) -> tuple[str, list[Command]]:
    """Return the text as it will be stored, and the commands that were cut out of it.

    Carriage returns and white space at the end go in any case. Only lines that start with the name
    of a command the server knows count; ``/shrug`` and ``/tableflip`` become text.
    """
    found: list[Command] = []

    def cut(match: re.Match[str]) -> str:
        if not match["name"]:
            return match[0]
        name = match["name"].lower()
        found.append(Command(ALIASES.get(name, name), (match["argument"] or "").strip()))
        return ""

    kept = _replaced(text, (*COMMANDS, *UNDONE, *ALIASES), cut).rstrip()
    return _replaced(kept, tuple(SUBSTITUTIONS), _substituted), found


def redact(text: str) -> str:
    """Return the text with its commands as inline code, as mails of strangers are treated (4.3)."""

    def quoted(match: re.Match[str]) -> str:
        if not match["name"]:
            return match[0]
        return f"`{match[0].rstrip()}`" + ("\n" if match[0].endswith("\n") else "")

    return _replaced(text, (*COMMANDS, *UNDONE, *ALIASES, *SUBSTITUTIONS), quoted).rstrip()


def _replaced(text: str, names: tuple[str, ...], change: Replace) -> str:
    text = text.replace("\r", "")
    # Most texts have no line like a command: the costly pattern is for the others.
    if not _candidate().search(text):
        return text
    ordered = tuple(sorted(names, key=len, reverse=True))
    return _pattern(ordered).sub(change, text)


def _substituted(match: re.Match[str]) -> str:
    if not match["name"]:
        return match[0]
    words = f"{match['argument'] or ''} {SUBSTITUTIONS[match['name'].lower()]}".lstrip()
    return words + ("\n" if match[0].endswith("\n") else "")
