"""What the conversions of texts keep, and how fast they are, on the corpus of the tests.

Words and structure are counted by readers that are not ours (`tests.mappings.features`): markdown-it-py,
lxml, and Atlassian's own transformer for wiki markup where Node is installed (`make oracles`). Beside our
directions stand the libraries that people would take instead (the group `bench` of pyproject.toml).
Times are processor time of one core, the best of three.
"""

from __future__ import annotations

import importlib
import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from benchmarks.figures import Sheet, least, most
from mappings.markup import html, write
from mappings.markup.adf_read import read as read_adf
from mappings.markup.gitlab import read as read_gitlab
from mappings.markup.wiki_read import read as read_wiki
from mappings.ticket import TextFormat
from tests.mappings.atlassian import Failed, Missing, running
from tests.mappings.bodies import FILES
from tests.mappings.features import Features, of_adf, of_html, of_markdown, of_tree
from tests.mappings.readers import NAMES, shown
from tests.mappings.snapshots import LONGEST, PEOPLE, SIGNATURES, Source, sources

SIZES = {"BODIES": (1_000, 12), "LONG": (200_000, 20_000)}
"""Bodies of each group at most, and letters of the long text."""
WORDS, STRUCTURE = 0.995, 0.95
"""What every direction keeps, at least."""
RATES = {
    "html -> md, with history": 500,
    "html -> md, without": 1_500,
    "wiki -> md": 300,
    "adf -> md": 1_000,
    "md -> wiki": 250,
    "md -> adf": 1_000,
}
"""Bodies a second, at least."""
SOON = 0.5
"""Seconds that the long text takes, at most."""
FOLDED = "> **Earlier messages**"
CANNOT = {
    "wiki": ("task", "inner quote", "inner heading", "inner rule"),
    "adf": ("picture", "inner quote", "inner heading", "inner rule"),
}
"""Wiki markup has no tasks; its quotations and items hold neither headings nor quotations, as in a document,
whose pictures need ids that no API tells."""
_UPLOAD = re.compile(r"(?<![\w(<])https://gitlab\.example\.com/\S*?/uploads/[0-9a-f]{32}/([\w.-]+)")
_FRONT = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)
_ONLY_GITLAB = re.compile(r"\{width=[^}]*\}|\[\[_TOC_\]\]|\[!\w+\]")
"""What GitLab does not show, and a common reader does."""
READERS: dict[str, Callable[[str], str]] = {
    "html": lambda text: html.read(text, FILES, SIGNATURES),
    "wiki": lambda text: read_wiki(text, FILES),
    "adf": lambda text: read_adf(text, FILES),
    "gitlab": lambda text: read_gitlab(text, FILES),
}
WRITERS = {
    "html": TextFormat.HTML,
    "wiki": TextFormat.WIKI,
    "adf": TextFormat.ADF,
    "gitlab": TextFormat.MARKDOWN,
}


@dataclass
class Kept:
    """The sums of a direction."""

    words: int = 0
    words_lost: int = 0
    structure: int = 0
    structure_lost: int = 0
    kinds: Counter[str] = field(default_factory=Counter)

    def add(self, before: Features, after: Features, folder: str = "") -> None:
        """Count one body; what the target has no word for is not asked of it."""
        was, got = before.structure, after.structure
        if not folder:  # what is folded away stands in a quotation
            was, got = _outer(was), _outer(got)
        lost = was - got
        for feature in [one for one in lost if one[0] in CANNOT.get(folder, ())]:
            del lost[feature]
        self.words += before.words.total()
        self.words_lost += (before.words - after.words).total()
        self.structure += before.structure.total()
        self.structure_lost += lost.total()
        for (kind, _), count in lost.items():
            self.kinds[kind.split(" ", maxsplit=1)[0] if kind.startswith("item") else kind] += count

    def shares(self) -> tuple[float, float]:
        """Return which share of the words, and of the structure, is kept."""
        words = 1 - self.words_lost / max(1, self.words)
        return words, 1 - self.structure_lost / max(1, self.structure)

    def lost(self) -> str:
        """Return what is lost most."""
        return ", ".join(f"{count} {kind}" for kind, count in self.kinds.most_common(6))


def _outer(structure: Counter[tuple[str, str]]) -> Counter[tuple[str, str]]:
    merged: Counter[tuple[str, str]] = Counter()
    for (kind, words), count in structure.items():
        merged[kind.removeprefix("inner "), words] += count
    return merged


def main(sheet: Sheet) -> None:
    """Take down what each direction keeps, then how fast it is."""
    bodies, held = (
        _some([source for source in sources(held=held) if source.path.stat().st_size <= LONGEST], sheet)
        for held in (False, True)
    )
    canonical, unseen = ({str(s): s.canonical() for s in group} for group in (bodies, held))
    with ExitStack() as stack:
        try:
            oracle: Any = stack.enter_context(running())
        except Missing as missing:
            oracle = None
            sheet.missing = f"what wiki markup keeps ({missing})"
        for title, group, texts in (("bodies", bodies, canonical), ("bodies held out", held, unseen)):
            print(f"{len(group)} {title}: {dict(Counter(source.folder for source in group))}")
            features(sheet, title, group, texts, oracle)
    speed(sheet, bodies, canonical)


def _some(bodies: Sequence[Source], sheet: Sheet) -> Sequence[Source]:
    """Return as many bodies as are asked for, from all over the corpus."""
    return bodies[:: -(-len(bodies) // sheet.size("BODIES"))]


def features(
    sheet: Sheet, title: str, bodies: Sequence[Source], canonical: dict[str, str], oracle: Any
) -> None:
    """Take down what each direction keeps, beside what the libraries keep."""
    for folder, read in READERS.items():
        found: dict[str, Kept] = {}
        for name, convert in ways(f"{folder} -> md", read).items():
            kept = found[name] = Kept()
            for source in bodies:
                before = measured(folder, source.raw.text, oracle) if source.folder == folder else None
                if before is not None:
                    kept.add(before, of_markdown(convert(source.raw.text)))
        _kept(sheet, title, f"{folder} -> md", found)
    for folder, format in WRITERS.items():
        found = {}

        def ours(text: str, format: TextFormat = format) -> str:
            return write(text, format, NAMES[format], people=PEOPLE[format])

        for name, convert in ways(f"md -> {folder}", ours).items():
            kept = found[name] = Kept()
            for text in canonical.values():
                after = measured(folder, convert(text), oracle)
                if after is not None:
                    kept.add(of_markdown(text), after, folder)
        _kept(sheet, title, f"md -> {folder}", found)


def _kept(sheet: Sheet, title: str, direction: str, found: dict[str, Kept]) -> None:
    """Take down the shares of a direction; nothing where nobody could measure."""
    ours, *others = found.values()
    if not ours.words:
        return
    named = [name for name in found if name != direction]
    for n, (what, goal) in enumerate((("words", WORDS), ("structure", STRUCTURE))):
        sheet.add(
            f"{direction}, {title}: {what} kept",
            ours.shares()[n],
            "share",
            beside=others[0].shares()[n] if others else None,
            named=named[0] if named else "",
            goal=least(goal),
            steady=True,
        )
    if ours.lost():
        print(f"  lost: {ours.lost()}")


def ways(direction: str, ours: Callable[[str], str]) -> dict[str, Callable[[str], str]]:
    """Return who can convert in a direction: we first, then the library of choice if it is installed."""
    found = {direction: ours}
    try:
        if direction == "html -> md":
            found["markdownify"] = importlib.import_module("markdownify").markdownify
        elif direction == "md -> wiki":
            renderer = importlib.import_module("mistletoe.contrib.jira_renderer").JiraRenderer
            mistletoe = importlib.import_module("mistletoe")
            found["mistletoe"] = lambda text: str(mistletoe.markdown(text, renderer))
    except ImportError as missing:
        print(f"not compared: {missing}")
    return found


def measured(folder: str, text: str, oracle: Any) -> Features | None:
    """Return the features of a tool's text; None where nobody can tell."""
    text = text.replace("\u2060", "")
    match folder:
        case "html":
            return of_html(text or "<p></p>")
        case "adf":
            return of_adf(text)
        case "gitlab":
            text = _UPLOAD.sub(r"\1", _ONLY_GITLAB.sub("", text))  # a bare address of a file is its name
            text = _FRONT.sub("```yaml\n\\1\n```\n", text)  # which GitLab shows so
            return of_tree(shown(text, raw=True))
        case _:
            pass
    try:
        return of_adf(oracle.wiki_to_adf(text), looks=False) if oracle else None
    except Failed:
        return None


def speed(sheet: Sheet, bodies: Sequence[Source], canonical: dict[str, str]) -> None:
    """Take down bodies a second, and how long a text of 200 KB takes."""
    letters = sheet.size("LONG")
    long = "\n\n".join(canonical.values())
    long = (long + "\n\n") * (letters // len(long) + 1)
    long = long[: long.rindex("\n\n", 0, letters)]
    for folder, read in READERS.items():
        texts = {str(s): s.raw.text for s in bodies if s.folder == folder}
        groups = {f"{folder} -> md": list(texts.values())}
        if folder == "html":
            folded = [t for name, t in texts.items() if FOLDED in canonical[name]]
            plain = [t for name, t in texts.items() if FOLDED not in canonical[name]]
            groups = {"html -> md, with history": folded, "html -> md, without": plain}
        written = write(long, WRITERS[folder], NAMES[WRITERS[folder]])
        for name, group in groups.items():
            if group:
                _fast(sheet, name, len(group) / best(read, group))
        what = f"{folder} -> md, one text of {len(written):,} letters"
        sheet.add(what, best(read, [written]), "s", goal=most(SOON), steady=True)
    for folder, format in WRITERS.items():

        def ours(text: str, format: TextFormat = format) -> str:
            return write(text, format, NAMES[format])

        _fast(sheet, f"md -> {folder}", len(canonical) / best(ours, list(canonical.values())))
        what = f"md -> {folder}, one text of {len(long):,} letters"
        sheet.add(what, best(ours, [long]), "s", goal=most(SOON), steady=True)


def _fast(sheet: Sheet, name: str, rate: float) -> None:
    goal = least(RATES[name]) if name in RATES else None
    sheet.add(f"{name}, bodies", rate, "/s", goal=goal, steady=True)


def best(convert: Callable[[str], str], texts: Sequence[str]) -> float:
    """Return the shortest processor time of three turns, in seconds."""
    times = []
    for _ in range(3):
        started = time.process_time()
        for text in texts:
            convert(text)
        times.append(time.process_time() - started)
    return min(times)
