"""The reviewed conversions of the corpus: ``python -m tests.mappings.snapshots [WORD]`` writes them anew.

A body stands in ``corpus/FORMAT/NAME.EXT``. Beside it stand what it is read as, ``NAME.canonical.md``, and
what that is written as for each tool it may travel to, ``NAME.to-FORMAT.EXT``. Whoever changes a converter
reads the differences with their own eyes before they are committed.

The bodies of ``corpus/held/FORMAT`` were written before any of them was converted, and no converter is tuned
to them: what the converters keep of these is what they keep of a stranger's text.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mappings.markup import read, write
from mappings.ticket import Raw, TextFormat
from tests.mappings.bodies import FILES
from tests.mappings.readers import FORMATS, NAMES

CORPUS = Path(__file__).with_name("corpus")
HELD = "held"
FOLDERS = {
    "html": TextFormat.HTML,
    "wiki": TextFormat.WIKI,
    "adf": TextFormat.ADF,
    "gitlab": TextFormat.MARKDOWN,
}
ENDINGS = {"html": "html", "wiki": "wiki", "adf": "json", "gitlab": "md"}
TRAVELS = {
    "html": ("wiki", "adf", "gitlab"),
    "wiki": ("html", "gitlab"),
    "adf": ("html", "gitlab"),
    "gitlab": ("html", "wiki", "adf"),
}
"""Where the texts of a tool go to, so far as each journey is looked at by a person."""
PEOPLE = {
    TextFormat.HTML: {},
    TextFormat.WIKI: {"ann.example": "ann.example"},
    TextFormat.ADF: {"ann.example": "5b10ac8d82e05b22cc7d4ef5"},
    TextFormat.MARKDOWN: {"ann.example": "ann.example", "5b10ac8d82e05b22cc7d4ef5": "ann.example"},
}
"""Whom the rules let be mentioned in each tool: one person, known by name in one tool, by id in another."""
SIGNATURES = tuple(p.read_text(encoding="utf-8") for p in sorted((CORPUS / "signatures").glob("*.html")))
LONGEST = 20_000
"""Characters above which a body is measured but has no snapshot: nobody would read it."""


@dataclass(frozen=True)
class Source:
    """A body of the corpus."""

    folder: str
    path: Path

    def __str__(self) -> str:
        held = "held-" if self.path.parents[1].name == HELD else ""
        return f"{held}{self.folder}-{self.path.stem}"

    @property
    def raw(self) -> Raw:
        """The body as its server returns it."""
        return Raw(FOLDERS[self.folder], self.path.read_bytes().decode())

    def canonical(self) -> str:
        """Return what it is read as."""
        return read(self.raw, FILES, signatures=SIGNATURES)

    def snapshots(self) -> dict[Path, str]:
        """Return each snapshot's path, and what it must hold today."""
        text = self.canonical()
        made = {self._beside("canonical.md"): text}
        for folder in TRAVELS[self.folder]:
            format = FOLDERS[folder]
            if format in FORMATS:
                written = write(text, format, NAMES[format], people=PEOPLE[format])
                made[self._beside(f"to-{folder}.{ENDINGS[folder]}")] = _legible(written, format)
        return {path: f"{content}\n" for path, content in made.items()}

    def _beside(self, ending: str) -> Path:
        return self.path.with_name(f"{self.path.stem}.{ending}")


def sources(*, held: bool = False) -> list[Source]:
    """Return the bodies of the corpus that the converters are tuned to, in order, or those held out."""
    return list(_found(CORPUS / HELD if held else CORPUS))


def _found(corpus: Path) -> Iterator[Source]:
    for folder, ending in ENDINGS.items():
        for path in sorted((corpus / folder).glob(f"*.{ending}")):
            if "." not in path.stem and FOLDERS[folder] in FORMATS:
                yield Source(folder, path)


def _legible(text: str, format: TextFormat) -> str:
    if format is TextFormat.ADF:
        return json.dumps(json.loads(text), indent=1, ensure_ascii=False)
    return text


def main(word: str = "") -> None:
    """Write the snapshots of the bodies whose name has the word in it, and name those that changed."""
    for source in [*sources(), *sources(held=True)]:
        if word not in str(source) or source.path.stat().st_size > LONGEST:
            continue
        for path, content in source.snapshots().items():
            if not path.exists() or path.read_bytes() != content.encode():
                path.write_bytes(content.encode())
                sys.stdout.write(f"{path.relative_to(CORPUS)}\n")


if __name__ == "__main__":
    main(*sys.argv[1:2])
