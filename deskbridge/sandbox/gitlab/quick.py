"""Quick actions: which lines of a text are commands, and the text without them (4.3)."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

ALIASES = {
    "labels": "label",
    "remove_label": "unlabel",
    "due_date": "due",
    "spent": "spend",
    "spend_time": "spend",
    "estimate_time": "estimate",
    "remove_time_estimate": "remove_estimate",
    "link": "relate",
    "award": "react",
}
SUBSTITUTIONS = {"shrug": "¯\\＿(ツ)＿/¯", "tableflip": "(╯°□°)╯︵ ┻━┻"}
COMMANDS = (
    *("close", "reopen", "label", "unlabel", "relabel", "assign", "unassign", "reassign", "title", "due"),
    *("remove_due_date", "confidential", "milestone", "remove_milestone", "severity", "spend", "estimate"),
    *("remove_estimate", "remove_time_spent", "lock", "unlock", "move", "weight", "clear_weight"),
    *("subscribe", "unsubscribe", "add_email", "remove_email", "convert_to_ticket", "clone", "duplicate"),
    *("type", "promote_to", "promote_to_incident", "relate", "blocks", "blocked_by", "unlink", "react"),
    *("todo", "done", "copy_metadata", "status", "health_status", "clear_health_status"),
)
UNDONE = (
    *("promote", "epic", "remove_epic", "set_parent", "add_contacts", "remove_contacts", "zoom"),
    *("remove_zoom", "page", "timeline", "create_merge_request", "iteration", "remove_iteration"),
    *("remove_parent", "add_child", "remove_child", "checkin_reminder"),
)
"""What the real server would run and this one does not: a note that asks for it answers 501."""

_COMMAND = re.compile(r"/(?P<name>[A-Za-z_]+)(?: (?P<argument>.*))?\s*")
_TAG = re.compile(r"<[^>]+>")
_CLOSING_TAG = re.compile(r"</[^>]+>")


@dataclass(frozen=True, slots=True)
class Command:
    """One command of a text, by its canonical name."""

    name: str
    argument: str


def extract(text: str) -> tuple[str, list[Command]]:
    """Return the text as it will be stored, and the commands that were cut out of it.

    Carriage returns and white space at the end go in any case. Only lines that start with the name
    of a command the server knows count; ``/shrug`` and ``/tableflip`` become text.
    """
    found: list[Command] = []

    def cut(name: str, argument: str) -> None:
        found.append(Command(ALIASES.get(name, name), argument))

    kept = _replaced(text, {*COMMANDS, *UNDONE, *ALIASES}, cut)
    return _replaced(kept, SUBSTITUTIONS, _substituted), found


def redact(text: str) -> str:
    """Return the text with its commands as inline code, as mails of strangers are treated (4.3)."""
    return _replaced(text, {*COMMANDS, *UNDONE, *ALIASES, *SUBSTITUTIONS}, _quoted)


def _substituted(name: str, argument: str) -> str:
    return f"{argument} {SUBSTITUTIONS[name]}".lstrip()


def _quoted(name: str, argument: str) -> str:
    return f"`/{name} {argument}".rstrip() + "`"


def _replaced(text: str, names: Collection[str], change: Callable[[str, str], str | None]) -> str:
    """Return the text with `change` made of each command; the blank lines after one go with it."""
    lines = text.replace("\r", "").split("\n")
    kept: list[str] = []
    free, swallow = _free(lines), False
    for number, line in enumerate(lines):
        if swallow and not line.strip():
            continue
        match = _COMMAND.fullmatch(line) if number in free else None
        swallow = match is not None and match["name"].lower() in names
        put = change(match["name"].lower(), (match["argument"] or "").strip()) if match and swallow else line
        if put is not None:
            kept.append(put)
    return "\n".join(kept).rstrip()


def _free(lines: list[str]) -> set[int]:
    """Return the numbers of the lines that no fence, quote, HTML block or inline code shields."""
    if not any(line.startswith("/") for line in lines):
        return set()
    ends = {
        "```": _after(lines, lambda line: line == "```"),
        ">>>": _after(lines, lambda line: line == ">>>"),
        "<": _after(lines, lambda line: bool(_CLOSING_TAG.fullmatch(line))),
        "`": _after(lines, lambda line: line.endswith("`")),
    }
    return set(_unshielded(lines, ends))


def _unshielded(lines: list[str], ends: dict[str, list[int]]) -> Iterator[int]:
    number = 0
    while number < len(lines):
        shield = _shield(lines[number])
        end = ends[shield][number] if shield else 0
        if not end:
            yield number
        number = max(end, number) + 1


def _shield(line: str) -> str:
    """Return what a line opens: a fence, a ``>>>`` quote, an HTML block, inline code or nothing."""
    if line.startswith(("```", ">>>")):
        return line[:3]
    if _TAG.fullmatch(line):
        return "<"
    whole = line.endswith("`") and "`" in line[:-2]
    return "`" if "`" in line and not whole else ""


def _after(lines: list[str], test: Callable[[str], bool]) -> list[int]:
    """Return for each line the number of the next one that passes `test`, 0 for none."""
    following, nearest = [0] * len(lines), 0
    for number in range(len(lines) - 1, -1, -1):
        following[number] = nearest
        if test(lines[number]):
            nearest = number
    return following
