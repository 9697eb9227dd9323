"""What texts and files lose on their way is found before they are moved."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connectors.capabilities import Capabilities
from connectors.memory_abilities import capabilities
from mappings.ticket import Attachment, Audience, Comment, CommentKind, Person, PersonRole, Raw, TextFormat
from mappings.vocabulary import vocabularies
from sync.migrate.losses import MEANING, Loss, losses

TARGET: Capabilities = replace(
    capabilities(vocabularies("memory", {}), timedelta(0)),
    text_format=TextFormat.WIKI,
    max_text=3000,
    max_file=1000,
)
WORDS = "It happens about once an hour, mostly while the backup is running. " * 100


def said(html: str, *files: Attachment) -> Comment:
    """Return a message with this body."""
    who = Person("desk", "1", "Kim", PersonRole.CUSTOMER)
    body, at = Raw(TextFormat.HTML, html), datetime(2026, 1, 5, tzinfo=UTC)
    return Comment("7", who, at, body, Audience.CUSTOMER, CommentKind.MESSAGE, attachments=files)


def file(size: int) -> Attachment:
    """Return a file of so many bytes."""
    return Attachment("9", "log.txt", "text/plain", size, inline=False, location="https://files.example/9")


@pytest.mark.parametrize(
    ("message", "lost"),
    [
        (said("<p>Hello &amp; <b>thanks</b>: C:\\dir *a* [b] {c}</p><ul><li>one<li>two</ul>"), set()),
        (said(""), set()),
        (said("<p>Once</p>", file(1000)), set()),
        (said("<table><tr><td>1<td>2</table>"), set()),
        (said("<table><tr><td colspan=2>1<tr><td>2<td>3</table>"), {Loss.CELLS}),
        (said('<p>See</p><iframe src="https://a.example"></iframe>'), {Loss.EMBEDDED}),
        (said('<p>See <img src="cid:lost@mail"></p>'), {Loss.PICTURE}),
        (said("".join(f"<p>{WORDS[:500]}</p>" for _ in range(20))), {Loss.PARTS}),
        (said("<p>Once</p>", file(1001)), {Loss.LARGE}),
    ],
)
def test_what_is_lost_is_named_and_nothing_else(message: Comment, lost: set[Loss]) -> None:
    """Broken: an estimate hides what is lost, or warns of everything and is read by nobody."""
    assert losses(message, TARGET) == lost


def test_a_text_that_no_parts_can_hold_is_attached() -> None:
    """Broken: the estimate promises parts, and the run makes a file of it."""
    assert Loss.ATTACHED in losses(said(f"<pre>{WORDS * 40}</pre>"), replace(TARGET, max_text=200))


def test_every_loss_has_words() -> None:
    """Broken: a report breaks on the first loss that nobody described."""
    assert set(MEANING) == set(Loss)
