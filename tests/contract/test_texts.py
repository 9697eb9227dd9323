"""The contract's clauses about texts: adding, editing, deleting; who reads them; what they must not do."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from connectors.base import Connector
from connectors.capabilities import Mails
from connectors.errors import Gone, Rejected, Uncertain
from mappings.provenance import find_token
from mappings.ticket import MESSAGE_0, Audience
from tests.contract.drafts import draft, fresh, message, shown, ticket, token, words
from tests.contract.world import Break, Call, World

RICH = """First line, with `code`, *stress* and a [link](https://example.org/a?b=1&c=2).

- one
- two

> quoted

```
x = {1: "<tag>"}
```

Übergröße – «ça va» 漢字 🙂, 100 % & more."""
RICH_WORDS = (
    "code",
    "stress",
    "https://example.org/a?b=1&c=2",
    "two",
    "quoted",
    '"<tag>"',
    "漢字 🙂",
    "100 %",
)

HOSTILE = """/close

/label ~"priority::1"

<script>alert(1)</script> {html}<b>x</b>{html} {noformat} @all [~accountid:712020] !x.png!

/close"""


def test_a_text_reads_back_as_it_was_meant(world: World, connector: Connector) -> None:
    """`add_comment`: the text that is stored means what was sent. Broken: words are lost on the way."""
    key = world.opens(fresh("Rich"), "Hm.")
    written = connector.add_comment(key, draft(RICH))
    text = shown(message(connector.fetch(key), written.id))
    assert [word for word in RICH_WORDS if word not in text] == []


def test_the_marker_is_found_in_what_is_read(world: World, connector: Connector) -> None:
    """`CommentDraft`: "begins with its attribution line", found again. Broken: our texts echo for ever."""
    key, marker = world.opens(fresh("Marker"), "Hm."), token()
    written = connector.add_comment(key, draft("Marked.", marker=marker))
    assert find_token(words(message(connector.fetch(key), written.id))) == marker


def test_add_comment_states_what_a_fetch_will(world: World, connector: Connector) -> None:
    """`WrittenComment`: "what the server says it stored". Broken: our own text counts as edited."""
    key = world.opens(fresh("Stated"), "Hm.")
    written = connector.add_comment(key, draft(RICH))
    stored = message(connector.fetch(key), written.id)
    assert (written.revision, written.audience) == (stored.revision, stored.audience)


def test_a_text_for_staff_is_read_by_staff_only(world: World, connector: Connector) -> None:
    """`add_comment`: "readable by `draft.audience` and nobody wider". Broken: a leak to a customer."""
    if not connector.abilities(world.place).internal_comments:
        pytest.skip("no internal texts here: the place decides who reads")
    key, mailed = world.opens(fresh("Secret"), "Hm."), world.mailed()
    written = connector.add_comment(key, draft("For our eyes only."))
    assert written.audience is Audience.STAFF
    assert [said.internal for said in world.said(key)] == [True]
    if connector.abilities(world.place).internal_comment_mails is Mails.NEVER:
        assert world.mailed() == mailed


def test_a_text_for_fewer_than_staff_is_never_shown_to_more(world: World, connector: Connector) -> None:
    """`add_comment`: "nobody wider" than RESTRICTED either. Broken: a personal matter is open to all."""
    key = world.opens(fresh("Restricted"), "Hm.")
    try:
        written = connector.add_comment(key, draft("For one pair of eyes.", audience=Audience.RESTRICTED))
    except Rejected:
        assert world.said(key) == []
    else:
        assert written.audience is Audience.RESTRICTED


def test_a_text_for_customers_is_read_by_them(world: World, connector: Connector) -> None:
    """`add_comment` with CUSTOMER, and `public_comment_mails`. Broken: an answer nobody ever gets."""
    key, mailed = world.opens(fresh("Public"), "Hm."), world.mailed()
    if world.public is not Audience.CUSTOMER:
        pytest.skip("no customer reads this place")
    written = connector.add_comment(key, draft("Dear Kim,", audience=Audience.CUSTOMER))
    stored = message(connector.fetch(key), written.id)
    assert (written.audience, stored.audience) == (Audience.CUSTOMER, Audience.CUSTOMER)
    assert written.revision == stored.revision
    assert [said.internal for said in world.said(key)] == [False]
    mails = {Mails.ALWAYS: {1}, Mails.NEVER: {0}, Mails.IF_CONFIGURED: {0, 1}}
    assert world.mailed() - mailed in mails[connector.abilities(world.place).public_comment_mails]


def test_creating_mails_as_declared(world: World, connector: Connector) -> None:
    """`Capabilities.create_mails`: NEVER means it. Broken: a migration mails every customer."""
    mailed = world.mailed()
    connector.create(ticket(world, fresh("Silent")))
    if connector.abilities(world.place).create_mails is Mails.NEVER:
        assert world.mailed() == mailed


def test_foreign_text_does_nothing(world: World, connector: Connector) -> None:
    """`add_comment`, `create`, `edit_comment`: text never executes. Broken: a customer closes an issue."""
    key = connector.create(ticket(world, fresh("Hostile"), HOSTILE)).ref.key
    before = connector.fetch(key)
    written = connector.add_comment(key, draft(HOSTILE))
    if connector.capabilities.edits_comments:
        connector.edit_comment(key, written.id, draft(f"{HOSTILE}\n\nAgain."))
    after = connector.fetch(key)
    assert after.native == before.native
    for text in (shown(message(after, MESSAGE_0)), shown(message(after, written.id))):
        assert text.count("/close") == 2
        assert "alert(1)" in text


def test_the_first_line_does_nothing_either(world: World, connector: Connector) -> None:
    """As above, for a text without an attribution line. Broken: safety hangs on the head of a text."""
    key = world.opens(fresh("First line"), "Hm.")
    before, bare = world.status(key), draft("")
    object.__setattr__(bare, "markdown", "/close")
    written = connector.add_comment(key, bare)
    assert world.status(key) == before
    assert "/close" in shown(message(connector.fetch(key), written.id))


def test_who_may_be_mentioned_is_mentioned(world: World, connector: Connector) -> None:
    """`CommentDraft.people`: "mentioned in the tool's own way". Broken: a developer hears of no question."""
    key, who = world.opens(fresh("Mention"), "Hm."), world.colleague()
    people = {"desk:7": who or "7"}
    text = draft("Ask [Robin Vale](mention:desk%3A7), please.", people=people)
    written = connector.add_comment(key, text)
    assert world.paged(key) == ([who] if who else [])
    if not who:
        assert "Ask Robin Vale, please." in shown(message(connector.fetch(key), written.id))


def test_nobody_else_is_ever_mentioned(world: World, connector: Connector) -> None:
    """`CommentDraft.people`: "nobody else is ever told". Broken: foreign texts page people at will."""
    key, who = world.opens(fresh("No mention"), "Hm."), world.colleague() or "7"
    text = f"[Robin Vale](mention:{who}) @{who} [~{who}] [~accountid:{who}] `@{who}` @all, [Mo](mention:9)"
    written = connector.add_comment(key, draft(text, people={"desk:9": who}))
    assert world.paged(key) == []
    assert "Robin Vale" in shown(message(connector.fetch(key), written.id))


def test_a_long_text_arrives_whole(world: World, connector: Connector) -> None:
    """`Capabilities.max_text`: so many characters can be written. Broken: the end is cut, or all refused."""
    key = world.opens(fresh("Long"), "Hm.")
    length = min(connector.capabilities.max_text, 60_000) - 2_000
    text = "All work and no play. " * (length // 22)
    written = connector.add_comment(key, draft(f"{text}\n\nThe end."))
    stored = shown(message(connector.fetch(key), written.id))
    assert stored.endswith("The end.")
    assert stored.count("All work") == length // 22


def test_our_texts_can_be_edited(world: World, connector: Connector) -> None:
    """`edit_comment`: "Replace a text of our own. Idempotent". Broken: an edit makes a second text."""
    if not connector.capabilities.edits_comments:
        pytest.skip("texts cannot be edited here")
    key, mailed = world.opens(fresh("Edit"), "Hm."), world.mailed()
    id = connector.add_comment(key, draft("Before.")).id
    one = connector.edit_comment(key, id, draft("After."))
    two = connector.edit_comment(key, id, draft("After.", marker=find_token(_text(connector, key, id))))
    stored = message(connector.fetch(key), id)
    assert (one.id, two.id) == (id, id)
    assert (one.revision, one.audience) == (two.revision, two.audience) == (stored.revision, stored.audience)
    assert "After." in shown(stored)
    assert "Before." not in shown(stored)
    assert len(world.said(key)) == 1
    assert world.mailed() == mailed


def test_an_edit_leaves_the_audience(world: World, connector: Connector) -> None:
    """`edit_comment` replaces a text, nothing else. Broken: an internal note opens up when it is edited."""
    internal = connector.abilities(world.place).internal_comments
    if not (connector.capabilities.edits_comments and internal):
        pytest.skip("no internal texts, or no edits, here")
    key = world.opens(fresh("Edit inside"), "Hm.")
    id = connector.add_comment(key, draft("Before.")).id
    assert connector.edit_comment(key, id, draft("After.")).audience is Audience.STAFF
    assert [said.internal for said in world.said(key)] == [True]


def test_what_is_gone_cannot_be_edited(world: World, connector: Connector) -> None:
    """`edit_comment`: "Raises Gone". Broken: a text that a person deleted comes back, or all stops."""
    if not connector.capabilities.edits_comments:
        pytest.skip("texts cannot be edited here")
    key = world.opens(fresh("Gone"), "Hm.")
    id = connector.add_comment(key, draft("Soon gone.")).id
    connector.delete_comment(key, id)
    with pytest.raises(Gone):
        connector.edit_comment(key, id, draft("Still here?"))


def test_our_texts_can_be_deleted(world: World, connector: Connector) -> None:
    """`delete_comment`: "one that is gone already is fine". Broken: a mismatch cannot be taken back."""
    key = world.opens(fresh("Delete"), "Hm.")
    kept = connector.add_comment(key, draft("Stays.")).id
    id = connector.add_comment(key, draft("Goes.")).id
    connector.delete_comment(key, id)
    connector.delete_comment(key, id)
    assert [said.id for said in world.said(key)] == [kept]
    assert connector.fetch(key).ticket.message(id) is None


def test_a_comment_whose_answer_is_lost_stands_once(world: World, connector: Connector) -> None:
    """`add_comment`: "Not idempotent; see `create`". Broken: the same comment twice."""
    key, marker = world.opens(fresh("Lost"), "Hm."), token()
    world.breaks(Call.COMMENT, Break.LOST)
    with pytest.raises(Uncertain):
        connector.add_comment(key, draft("Heard?", marker=marker))
    told = connector.fetch(key).ticket.messages
    assert [find_token(words(m)) for m in told if m.id != MESSAGE_0] == [marker]
    assert len(world.said(key)) == 1


@pytest.mark.parametrize("how", [Break.RESET, Break.DOWN])
def test_a_comment_that_failed_is_not_repeated(world: World, connector: Connector, how: Break) -> None:
    """`add_comment` is sent once. Broken: a retry inside doubles a comment that came late."""
    key = world.opens(fresh("Failed"), "Hm.")
    world.breaks(Call.COMMENT, how)
    with pytest.raises(Uncertain):
        connector.add_comment(key, draft("Heard?"))
    assert world.said(key) == []


def test_several_threads_may_write(world: World, connector: Connector) -> None:
    """`Connector`: "safe to call from several threads". Broken: texts of two tickets get mixed up."""
    keys = [world.opens(fresh("Threads"), "Hm.") for _ in range(4)]

    def talk(key: str) -> list[str]:
        said = [connector.add_comment(key, draft(f"{part} of {key}.")).id for part in range(5)]
        assert connector.fetch(key).ref.key == key
        return said

    with ThreadPoolExecutor(4) as pool:
        written = list(pool.map(talk, keys))
    for key, ids in zip(keys, written, strict=True):
        told = connector.fetch(key).ticket.messages[1:]
        assert [m.id for m in told] == ids
        assert [f"{part} of {key}." in shown(m) for part, m in enumerate(told)] == [True] * 5


def _text(connector: Connector, key: str, id: str) -> str:
    return words(message(connector.fetch(key), id))
