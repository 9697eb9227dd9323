"""The pages of the project, read the way a person uses them: their links and the commands they show."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.cli_page import Command

FENCE = re.compile(r"^(```|~~~).*?^\1\s*$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)[^)]*\)")
HEADING = re.compile(r"^#+ +(.+?)\s*$", re.MULTILINE)
TARGET = re.compile(r"^([a-z][a-z-]*):", re.MULTILINE)
ASSIGNMENT = re.compile(r"^[A-Z_]+=\S*\s+")
ENDS_A_COMMAND = {"|", "||", "&&", ";", "&", ">", ">>", "<", "2>"}


@dataclass(frozen=True)
class Shown:
    """One command line that a page shows, as words."""

    page: str
    words: list[str]

    def __str__(self) -> str:
        return f"{self.page}: {shlex.join(self.words)}"


def repository_files(root: Path) -> list[Path]:
    """Every file that is or would be committed."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listing, cwd=root, capture_output=True, text=True, check=True).stdout
    paths = (root / name for name in sorted(set(names.split("\0"))) if name)
    return [path for path in paths if path.is_file()]


def commands_shown(page: str, text: str, program: str) -> list[Shown]:
    """The lines of code blocks, and the inline code, that call the program."""
    blocks = (line for fence in FENCE.finditer(text) for line in fence[0].splitlines()[1:-1])
    lines = [*blocks, *INLINE.findall(FENCE.sub("", text))]
    calls = (call for line in lines for call in _calls(line))
    return [Shown(page, words[1:]) for words in calls if words[:1] == [program] and words[1:]]


def unknown_targets(shown: list[Shown], makefile: str) -> list[str]:
    """What `make` is asked for on a page and has no rule for."""
    targets = set(TARGET.findall(makefile))
    return [str(one) for one in shown if not {word for word in one.words if "=" not in word} <= targets]


def unknown_commands(shown: list[Shown], commands: dict[str, Command]) -> list[str]:
    """Subcommands and options of `deskbridge` that a page shows and the program does not have."""
    return [f"{one} ({word})" for one in shown for word in _unknown_words(one.words, commands)]


def broken_links(page: Path) -> list[str]:
    """Relative links, with or without an anchor, that lead nowhere."""
    targets = LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8")))
    return [
        f"{page.name}: {target}" for target in targets if "://" not in target and not _leads(page, target)
    ]


def _calls(line: str) -> Iterator[list[str]]:
    """The commands of one shell line; a usage line's brackets and alternatives count as words."""
    line = ASSIGNMENT.sub("", line.strip().removeprefix("$ ")).replace(".venv/bin/", "")
    call: list[str] = []
    for word in _words(line):
        if word in ENDS_A_COMMAND:
            yield call
            call = []
        else:
            call += re.split(r"[\[\]|]", word)
    yield [word for word in call if word]


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line, comments=True)
    except ValueError:
        return []  # prose or output with a lone quote, not a command


def _unknown_words(words: list[str], commands: dict[str, Command]) -> Iterator[str]:
    """Walk down the groups as the program does, and check each option where it stands."""
    here = commands[""]
    for word in words:
        if here.is_group and word.isupper():
            return  # a placeholder: any command
        deeper = f"{here.name} {word}".strip()
        if word.startswith("-"):
            if word.partition("=")[0] not in here.options:
                yield word
        elif here.is_group:
            if deeper not in commands:
                yield word
                return
            here = commands[deeper]


def _leads(page: Path, target: str) -> bool:
    if target.startswith("mailto:"):
        return True
    name, _, anchor = target.partition("#")
    path = page.parent / name if name else page
    if not path.exists():
        return False
    return not anchor or anchor in {
        _slug(title) for title in HEADING.findall(path.read_text(encoding="utf-8"))
    }


def _slug(title: str) -> str:
    """A heading's anchor, as GitHub and GitLab derive it."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
