"""Whether a copy is what its original is: files by their bytes, whatever they are called. Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from random import Random

import pytest

from connectors.recount import RawFile, RawText, Recount
from mappings.markup import read, write
from mappings.ticket import Attachment, TextFormat
from sync.migrate.compare import Difference, compared, worth_reading
from sync.migrate.words import words
from tests.mappings.snapshots import sources


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
        (
            "<p>H<sub>2</sub>O is un<u>der</u> <b>bo</b>ld <i>it</i>: x<sup>2</sup></p>",
            "H\u2082O is under {*}bo{*}ld _it_: x2",
        ),
        ("<p>One</p><p>two</p><ul><li>three<li>four</ul>", "One two three four"),
    ],
)
def test_words_that_look_like_markup_are_words(typed: str, copied: str) -> None:
    """Otherwise a customer who quotes a mail, or some XML, keeps a whole migration from being accepted."""
    source, target = (RawText("1", text, None) for text in (typed, copied))
    copies = {"1": ["1"]}
    assert compared(Recount((source,), ()), Recount((target,), ()), copies, {}, staff_alone=True) == []
    other = Recount((RawText("1", "something else", None),), ())
    assert compared(Recount((source,), ()), other, copies, {}, staff_alone=True) != []


def text(id: str, said: str, *, edited: bool | None = False) -> RawText:
    """Return a text as a server sends it."""
    return RawText(id, said, None, edited=edited)


def told(source: RawText, *target: RawText, attached: str = "", copied: bool = True) -> list[Difference]:
    """Compare a text with those of the target, the first of which is its copy unless none is on record."""
    files = (file(f"text-{source.id}.txt"),) if attached else ()
    there, copies = Recount(target, files), {source.id: [target[0].id]} if copied else {}
    return compared(Recount((source,), ()), there, copies, {}, staff_alone=True, read=lambda file: attached)


def test_a_text_without_a_copy_is_missing_whatever_else_stands_there() -> None:
    """Otherwise "Thanks, it works", lost, is called there because somebody else said it too."""
    one, other = text("7", "<p>Thanks, it works</p>"), text("90", "It works, thanks a lot")
    (found,) = told(one, other, copied=False)
    assert (found.explained, found.original) == (False, "7")
    assert told(text("7", "<p>\N{THUMBS UP SIGN}</p>"), other, copied=False), "it says something, in no word"
    assert not told(text("7", "<p>&nbsp;<br></p>"), other, copied=False), "it says nothing"


def test_a_word_that_stands_there_too_seldom_is_missing() -> None:
    """Otherwise a line that got lost is called there, whose words stand in other lines."""
    (found,) = told(text("7", "row 17 fails<br>row 18 fails"), text("90", "row 17 fails 18"))
    assert found.why.startswith("2 of 6 words")


@pytest.mark.parametrize(
    ("attached", "note", "whole"),
    [
        ("one two three four", "It is attached whole as text\\-7.txt", True),
        ("one two three", "It is attached whole as text\\-7.txt", False),
        ("one two three four", "It is attached whole", False),
        ("", "It is attached whole as text\\-7.txt", False),
    ],
)
def test_a_text_that_is_attached_is_read(attached: str, note: str, whole: bool) -> None:
    """Otherwise a text that speaks of an attachment may lose half its words on its way, or all in a file."""
    assert bool(told(text("7", "<p>one two three four</p>"), text("90", note), attached=attached)) != whole


@pytest.mark.parametrize(("edited", "changed", "unsure"), [(True, True, ()), (None, False, ("90",))])
def test_what_a_person_rewrote_is_no_fault(
    edited: bool | None, changed: bool, unsure: tuple[str, ...]
) -> None:
    """Otherwise a migration can never be accepted in whose issues a developer has put a text right."""
    (found,) = told(text("7", "Import stops"), text("90", "The parser", edited=edited))
    assert (found.explained, found.changed, found.unsure) == (changed, changed, unsure)
    assert not told(text("7", "Import stops"), text("90", "Import stops", edited=edited))


def test_an_address_of_another_ticket_may_lead_to_where_that_is_now() -> None:
    """Otherwise each text with the address of another ticket differs; or a lost address does not."""
    old, new = "http://old.example/a/tickets/3", "http://new.example/browse/SUP-2"
    source = Recount((text("7", f"<p>See {old}.</p>"),), ())

    def differs(copied: str) -> bool:
        there, known = Recount((text("90", copied),), ()), {old: new}
        moved = lambda address: known.get(address, "")  # noqa: E731 - as it is asked for
        return bool(compared(source, there, {"7": ["90"]}, {}, staff_alone=True, moved=moved))

    assert not differs(f"See {old}.")
    assert not differs(f"See [{new}].")
    assert differs("See http://new.example/browse/SUP-3.")


def test_a_picture_of_several_texts_is_there_if_it_is_there_once() -> None:
    """Otherwise every logo below a mail is missing, or one that is shown in a text is not looked for."""
    shown = replace(file("a", None, "aa"), file=replace(file("a").file, inline=True))
    twice = Recount((), (shown, shown))
    assert compared(twice, Recount((), (file("b", 3, "aa"),)), {}, {}, staff_alone=True) == []
    missing = compared(twice, Recount((), (file("b", 3, "bb"),)), {}, {}, staff_alone=True)
    assert [one.what for one in missing] == ["file a (a picture in a text)"] * 2


def test_a_reason_explains_what_it_names_and_nothing_else() -> None:
    """Otherwise a text or file that got lost is called known, because something else was left out."""
    said = {"note 1030": "no copy of it is wanted", "file b.txt of text 7": "too large"}
    none = Recount((), ())
    texts = Recount((RawText("0", "Lost words", None), RawText("103", "More lost words", None)), ())
    assert [d.explained for d in compared(texts, none, {}, said, staff_alone=True)] == [False, False]
    known = Recount((RawText("1030", "Known", None),), (file("b.txt", 3, "aa"),))
    assert [d.explained for d in compared(known, none, {}, said, staff_alone=True)] == [True, True]
    assert not differing(file("txt", 3, "aa"), reasons=said)[0].explained


_LONG, _CUT = 5_000, 0.05
"""Characters of the longest mail that is tried, and how many of its words are cut out, each alone."""


def test_mails_as_programs_write_them_are_there_and_a_lost_word_is_noticed() -> None:
    """Otherwise each Word list or newsletter differs for ever, or nobody would notice what got lost in it."""
    chance, cut, noticed = Random(1), 0, 0
    for source in sources():
        body = source.raw.text
        if source.folder != "html" or len(body) > _LONG:
            continue
        copied = write(read(source.raw, ()), TextFormat.WIKI, {})
        assert not told(text("7", body), text("90", copied)), source
        wanted = words(body)
        for lost in [one for one in re.finditer(r"[^\W_]{2,}", copied) if one[0].casefold() in wanted]:
            if chance.random() < _CUT:
                without = copied[: lost.start()] + copied[lost.end() :]
                cut, noticed = cut + 1, noticed + bool(told(text("7", body), text("90", without)))
    assert noticed > 0.9 * cut > 50, (noticed, cut)
    assert not told(text("7", "&lt;p&gt; <![[a & b]]>"), text("90", "<p> <![[a & b]]>")), "it is no markup"
