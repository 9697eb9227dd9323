"""Whether a copy is what its original is: files by their bytes, whatever they are called. Pure."""

from __future__ import annotations

import pytest

from connectors.recount import RawFile, RawText, Recount
from mappings.ticket import Attachment
from sync.migrate.compare import Difference, compared, worth_reading


def file(name: str, size: int | None = 3, sha256: str = "", *, altered: bool = False) -> RawFile:
    """Return a file as a server lists it."""
    there = Attachment(name, name, "", size, inline=False, location=name)
    return RawFile(name, size, there, altered=altered, sha256=sha256)


def differing(source: RawFile, *target: RawFile, reasons: dict[str, str] | None = None) -> list[Difference]:
    """Compare a file of the source with those of the target."""
    return compared(Recount((), (source,)), Recount((), target), {}, reasons or {}, staff_alone=True)


def test_equal_bytes_are_equal_whatever_they_are_called() -> None:
    """Otherwise every file that was renamed to fit a tool counts as lost."""
    assert differing(file("a b.txt", 3, "aa"), file("a-b.txt", None, "aa")) == []


@pytest.mark.parametrize(
    ("source", "target", "why"),
    [
        (file("l.txt", 3, "aa"), file("l.txt", 3, "bb"), "with other content"),
        (file("l.txt", 3), file("l.txt", 3, "bb"), "cannot be read on the source"),
        (file("l.txt", 3, "aa"), file("l.txt", 4, "bb"), "nothing says why"),
        (file("l.txt", 3, "aa"), file("l.txt", 3), "with other content"),
    ],
)
def test_equal_sizes_prove_nothing(source: RawFile, target: RawFile, why: str) -> None:
    """Otherwise a file that was cut, or filled with zeros on its way, is called whole."""
    (found,) = differing(source, target)
    assert (why in found.why, found.explained) == (True, False), found


def test_one_copy_stands_for_one_original() -> None:
    """Otherwise of two equal files one may be missing, and nobody hears of it."""
    two = Recount((), (file("a", 3, "aa"), file("b", 3, "aa")))
    (found,) = compared(two, Recount((), (file("a", 3, "aa"),)), {}, {}, staff_alone=True)
    assert found.what.startswith("file b")


def test_what_is_known_is_explained() -> None:
    """Otherwise nobody can ever accept a migration in which one file was too large, or a photograph."""
    (large,) = differing(file("l.txt", 3, "aa"), reasons={"file l.txt": "it is too large there"})
    assert (large.why, large.explained) == ("it is too large there", True)
    (picture,) = differing(file("a.jpg", 9, "aa"), file("a.jpg", None, "bb", altered=True))
    assert picture.explained
    (text,) = differing(file("a.txt", 9, "aa"), file("b.jpg", None, "bb", altered=True))
    assert not text.explained


def test_only_what_may_be_equal_is_read() -> None:
    """Otherwise a verification reads every large file twice that sizes tell apart already."""
    files = [file("a", 3), file("b", 4), file("c", None)]
    assert worth_reading(files, [file("x", 3)]) == [files[0], files[2]]
    assert worth_reading(files, [file("x", None)]) == files
    assert worth_reading(files, []) == []


@pytest.mark.parametrize(
    ("typed", "copied"),
    [
        ("&lt;config&gt;&lt;host name=alpha&gt;", "<config><host name=alpha>"),
        ("<p>To: &lt;support@harbour.example&gt;</p>", "To: <support@harbour.example>"),
        ("<p>C:\\temp\\new_folder</p>", "C:\\\\temp\\\\new\\_folder"),
        ("<p>so&shy;ft</p>", "soft"),
    ],
)
def test_words_that_look_like_markup_are_words(typed: str, copied: str) -> None:
    """Otherwise a customer who quotes a mail, or some XML, keeps a whole migration from being accepted."""
    source, target = (RawText("1", text, None) for text in (typed, copied))
    copies = {"1": ["1"]}
    assert compared(Recount((source,), ()), Recount((target,), ()), copies, {}, staff_alone=True) == []
    other = Recount((RawText("1", "something else", None),), ())
    assert compared(Recount((source,), ()), other, copies, {}, staff_alone=True) != []


def test_a_reason_explains_what_it_names_and_nothing_else() -> None:
    """Otherwise a text or file that got lost is called known, because something else was left out."""
    said = {"note 1030": "no copy of it is wanted", "file b.txt of text 7": "too large"}
    none = Recount((), ())
    texts = Recount((RawText("0", "Lost words", None), RawText("103", "More lost words", None)), ())
    assert [d.explained for d in compared(texts, none, {}, said, staff_alone=True)] == [False, False]
    known = Recount((RawText("1030", "Known", None),), (file("b.txt", 3, "aa"),))
    assert [d.explained for d in compared(known, none, {}, said, staff_alone=True)] == [True, True]
    assert not differing(file("txt", 3, "aa"), reasons=said)[0].explained
