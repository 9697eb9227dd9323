"""Whether what stands on one side stands on the other, by words and bytes as the servers sent them. Pure.

Every word that a reader of the source sees must be in the copy, as often as it stands there.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from connectors.recount import RawFile, RawText, Recount
from mappings.ticket import Field
from sync.migrate.words import Wanted, addresses, plain, says_nothing, told

_FEW = 5
"""Words that are told of those that are missing."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Something of a ticket that is not on the other side, or is not as it should be."""

    what: str
    why: str
    explained: bool = False
    """Whether it was left out for a reason that was recorded then, or a person changed it since."""
    changed: bool = False
    """Whether a person changed it since: nobody can tell any more what stood there."""
    unsure: tuple[str, ...] = ()
    """Texts of the target that differ, where no record of the server tells whether a person changed them."""
    original: str = ""
    """The text of the source that has no copy, where no reason is on record."""
    field: Field | None = None
    """The field that differs."""
    entry: str = ""
    """The booked time of the source that is not there, or not as it was."""
    unknown: bool = False
    """Whether no record of the server tells if a person changed that field, or that time."""
    recorded: bool = False
    """Whether a finding tells it too, which is told with all others."""


CHANGED = "somebody changed its copy since"
TAKEN = "somebody took its copy away since"
CHANGED_FIELD = "somebody changed it there since"


def compared(
    source: Recount,
    target: Recount,
    copies: Mapping[str, Sequence[str]],
    reasons: Mapping[str, str],
    *,
    staff_alone: bool,
    read: Callable[[RawFile], str] = lambda file: "",
    moved: Callable[[str], str] = lambda address: "",
    copied: Callable[[str], str] = lambda file: "",
) -> list[Difference]:
    """Return what of a ticket is missing, or is read by more people than its original.

    `copies` says by which texts there an original is told, `reasons` why things were left out, by what they
    were called then; `staff_alone` that nobody else reads the place; `read` what a file of the target says,
    for a text that is attached because it is too long; `moved` where another ticket of the source is there,
    by its old address, to which a copy may lead instead; `copied` the id of the copy of a file.
    """
    there = _Copies(source, target, read, moved)
    found = [d for text in source.texts for d in _text(text, copies.get(text.id, ()), there, reasons)]
    if not staff_alone:
        found += [
            leak for text in source.texts for leak in _leaks(text, copies.get(text.id, ()), there.texts)
        ]
    return [*found, *_files(source, target, reasons, copied)]


class _Copies:
    """The texts of the target, and what stands there for parts of originals."""

    def __init__(
        self, source: Recount, target: Recount, read: Callable[[RawFile], str], moved: Callable[[str], str]
    ) -> None:
        originals = {file.sha256 for file in source.files if file.sha256}
        self._files = [file for file in target.files if file.sha256 not in originals]
        self._read, self._moved = read, moved
        self.texts = {text.id: text for text in target.texts}

    def lacking(self, text: RawText, copies: Sequence[RawText]) -> tuple[Counter[str], int]:
        """Return the words of a text that are not there, and how many it has."""
        wanted, said = Wanted(text.text, text.ends), sum((told(copy.text) for copy in copies), Counter[str]())
        missing = wanted.lacking(said)
        if missing and any(not wanted.lacking(whole) for whole in self._attached(text.id, copies)):
            missing = Counter()
        if missing and (led := self._led_on(text, copies)):
            for old in led:
                wanted.spare(old)
            missing = wanted.lacking(said)
        return missing, len(wanted)

    def _attached(self, text: str, copies: Sequence[RawText]) -> Iterator[Counter[str]]:
        """Yield the words of each file that stands for a text, and that its copy names."""
        end = f"-{text.rpartition('/')[2]}.txt"
        said = "\n".join(plain(copy.text) for copy in copies)
        for file in self._files:
            if file.name.endswith(end) and file.name in said:
                yield told(self._read(file))

    def _led_on(self, text: RawText, copies: Sequence[RawText]) -> list[str]:
        """Return the old addresses in place of which a copy has the new ones."""
        said = "\n".join(f"{copy.text}\n{plain(copy.text)}" for copy in copies)
        found = (old for old in addresses(text.text) if old not in said)
        return [old for old in found if (new := self._moved(old)) and new in said]


def _text(
    text: RawText, copies: Sequence[str], there: _Copies, reasons: Mapping[str, str]
) -> list[Difference]:
    what = f"text {text.id}"
    if not copies:
        if says_nothing(text.text):
            return []
        left = _left_out(what, text.id, reasons)
        return [left if left.explained else replace(left, original=text.id)]
    if gone := [id for id in copies if id not in there.texts]:
        return [Difference(what, f"its copy {', '.join(gone)} is not there any more")]
    standing = [there.texts[id] for id in copies]
    missing, many = there.lacking(text, standing)
    if not missing:
        return []
    if any(copy.edited for copy in standing):
        return [Difference(what, CHANGED, explained=True, changed=True)]
    few = ", ".join(sorted(missing)[:_FEW])
    why = f"{missing.total()} of {many} words are not there: {few}"
    return [Difference(what, why, unsure=tuple(copy.id for copy in standing if copy.edited is None))]


def _leaks(text: RawText, copies: Sequence[str], there: Mapping[str, RawText]) -> list[Difference]:
    if text.public is not False:
        return []
    read = [id for id in copies if id in there and there[id].public is not False]
    why = "it is for staff, and customers read its copy"
    return [Difference(f"text {text.id}", f"{why} {', '.join(read)}")] if read else []


def worth_reading(files: Sequence[RawFile], others: Sequence[RawFile]) -> list[RawFile]:
    """Return those files of one side that may be the same as one of the other: their sizes do not tell."""
    sizes = {other.size for other in others}
    return [file for file in files if sizes and (file.size is None or sizes & {file.size, None})]


def _files(
    source: Recount, target: Recount, reasons: Mapping[str, str], copied: Callable[[str], str]
) -> list[Difference]:
    """Compare by SHA-256: names are made fit for a tool. What could not be read has none.

    A picture that several texts show is there if it is there once; each file beside a text is there itself.
    """
    there = Counter(file.sha256 for file in target.files if file.sha256)
    all_there, found = set(there), []
    for file in source.files:
        if file.sha256 and file.file.inline and file.sha256 in all_there:
            continue
        if file.sha256 and there[file.sha256] > 0:
            there[file.sha256] -= 1
            continue
        missing = _not_the_same(file, target, there, reasons)
        if not missing.explained and copied(file.file.id) in target.removed:
            missing = replace(missing, why=TAKEN, explained=True, changed=True)
        found.append(missing)
    return found


def _not_the_same(
    file: RawFile, target: Recount, left: Mapping[str, int], reasons: Mapping[str, str]
) -> Difference:
    size = "a picture in a text" if file.size is None else f"{file.size} bytes"
    what = f"file {file.name} ({size})"
    known = _left_out(what, file.name, reasons)
    if known.explained:
        return known
    rest = [other for other in target.files if not other.sha256 or left[other.sha256] > 0]
    if not file.sha256 and any(file.size in (None, other.size) for other in rest):
        also = "" if file.size is None else "; one of its size is there"
        return Difference(what, f"it cannot be read on the source any more{also}")
    if any(other.altered and other.name == file.name for other in rest):
        return Difference(what, "the tool takes hidden data out of pictures", explained=True)
    if any(file.size is not None and other.size == file.size for other in rest):
        return Difference(what, "one of its size is there, with other content")
    return known


def _left_out(what: str, name: str, reasons: Mapping[str, str]) -> Difference:
    """Return what is missing, with the reason that was recorded for it, if any names it."""
    named = re.compile(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])")
    why = next((why for thing, why in reasons.items() if name and named.search(thing)), "")
    return Difference(what, why or "it is not there, and nothing says why", explained=bool(why))
