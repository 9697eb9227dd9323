"""What the store keeps for a while, and what it has people told: texts, findings, notifications, numbers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from mappings.ticket import Raw, Ref, TextFormat
from sync.operations import Conflict, Remark, Severity, Skip
from sync.store import Store, open_store
from sync.store import schema as t
from sync.store.dialects import Address
from sync.store.findings import Look, State
from sync.store.outbox import LEASE, Notification

AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
DESK, JIRA = Ref("desk", "1"), Ref("jira", "2")
HELLO, EDITED = Raw(TextFormat.HTML, "<p>Hello \U0001f642</p>"), Raw(TextFormat.HTML, "<p>Hello again</p>")
STANDS = Skip("jira", "component (desk)", "unmapped: pump")
REFUSED = Skip("jira", "tags", "refused: 400", severity=Severity.WARNING)
LEAK = Skip("jira", "text 7 (desk)", "it became readable", severity=Severity.URGENT)


@pytest.fixture
def store(address: Address) -> Iterator[Store]:
    """An empty store, on either database."""
    opened = open_store(address)
    yield opened
    opened.database.close()


def states(store: Store) -> list[tuple[str, State]]:
    """Return what each finding is about, and how it stands."""
    return [(finding.what, finding.state) for finding in store.findings.all()]


class TestTexts:
    def test_each_wording_comes_back_as_it_was_read(self, store: Store) -> None:
        """Otherwise a page shows another text than was written, or loses what it said before an edit."""
        store.texts.keep(DESK, [("7", HELLO)], AT)
        store.texts.keep(DESK, [("7", EDITED), ("8", HELLO)], AT + MINUTE)
        said = [(wording.id, wording.body) for wording in store.texts.of(DESK)]
        assert said == [("7", HELLO), ("7", EDITED), ("8", HELLO)]
        assert store.texts.text(HELLO.sha) == HELLO
        assert store.texts.of(JIRA) == []

    def test_erasing_a_side_leaves_what_another_says_too(self, store: Store) -> None:
        """Otherwise a customer's words stay after they were to be erased, or others' are lost with them."""
        store.texts.keep(DESK, [("7", HELLO), ("8", EDITED)], AT)
        store.texts.keep(JIRA, [("70", HELLO)], AT)
        assert store.texts.erase(DESK) == 2
        assert store.texts.of(DESK) == []
        assert store.texts.text(EDITED.sha) is None
        assert [wording.body for wording in store.texts.of(JIRA)] == [HELLO]
        store.texts.erase(JIRA)
        assert store.texts.text(HELLO.sha) is None

    def test_a_known_text_is_not_written_again_that_day(self, store: Store) -> None:
        """Otherwise every look at a ticket writes all its texts anew."""
        store.texts.keep(DESK, [("7", HELLO)], AT)
        store.texts.keep(DESK, [("7", HELLO)], AT + DAY / 2)
        assert [wording.read_at for wording in store.texts.of(DESK)] == [AT]
        store.texts.keep(DESK, [("7", HELLO)], AT + 2 * DAY)
        assert [wording.read_at for wording in store.texts.of(DESK)] == [AT + 2 * DAY]

    def test_what_was_not_read_for_long_is_forgotten(self, store: Store) -> None:
        """Otherwise texts of tickets that nobody looks at any more are kept for ever."""
        store.texts.keep(DESK, [("7", HELLO)], AT)
        store.texts.keep(JIRA, [("70", EDITED)], AT + 2 * DAY)
        store.prune(AT + store.keeps.texts + DAY)
        assert (store.texts.of(DESK), store.texts.text(HELLO.sha)) == ([], None)
        assert [wording.body for wording in store.texts.of(JIRA)] == [EDITED]

    def test_it_is_forgotten_once_a_day(self, store: Store) -> None:
        """Otherwise nothing is ever forgotten, or every poll looks for what to forget."""
        store.tidy(AT + store.keeps.texts)
        store.texts.keep(DESK, [("7", HELLO)], AT - DAY)
        store.tidy(AT + store.keeps.texts + MINUTE)
        assert len(store.texts.of(DESK)) == 1
        store.tidy(AT + store.keeps.texts + DAY)
        assert store.texts.of(DESK) == []


class TestFindings:
    def test_each_is_recorded_once(self, store: Store) -> None:
        """Otherwise the list of what needs a person grows with every look."""
        said: list[Remark] = [REFUSED, Conflict("subject", "desk", (("desk", "a"), ("jira", "b")))]
        assert store.findings.record("bundle:1", said, AT) == said
        assert store.findings.record("bundle:1", said, AT) == []
        store.findings.record("bundle:2", said[:1], AT)
        found = [(f.subject, f.target, f.what, f.reason, f.severity) for f in store.findings.all()]
        contradiction = "desk said a, jira said b; desk was followed"
        assert found == [
            ("bundle:1", "jira", "tags", "refused: 400", Severity.WARNING),
            ("bundle:1", "desk", "conflict in subject", contradiction, Severity.WARNING),
            ("bundle:2", "jira", "tags", "refused: 400", Severity.WARNING),
        ]

    def test_a_state_of_things_passes_when_a_look_does_not_find_it_any_more(self, store: Store) -> None:
        """Otherwise what was mended long ago stays on the list, and nobody reads the list."""
        store.findings.record("bundle:1", (), AT, Look((STANDS,), {}))
        store.findings.record("bundle:1", (), AT, Look((STANDS,), {}))
        assert states(store) == [("component (desk)", State.OPEN)]
        store.findings.record("bundle:1", [], AT)  # a look that did not reach every side says nothing
        assert len(store.findings.open()) == 1
        store.findings.record("bundle:1", (), AT, Look((), {}))
        assert states(store) == [("component (desk)", State.GONE)]
        assert store.findings.record("bundle:1", (), AT, Look((STANDS,), {})) == [STANDS]
        assert states(store) == [("component (desk)", State.OPEN)]

    def test_a_refusal_stands_until_the_field_is_written(self, store: Store) -> None:
        """Otherwise a refusal is forgotten by the next look, which sends nothing, or stays for ever."""
        store.findings.record("bundle:1", [REFUSED, LEAK], AT, Look((), {}))
        store.findings.record("bundle:1", (), AT, Look((), {"jira": frozenset({"status"})}))
        assert {f.what for f in store.findings.open()} == {"tags", "text 7 (desk)"}
        store.findings.record("bundle:1", (), AT, Look((), {"jira": frozenset({"tags", "status"})}))
        assert {f.what for f in store.findings.open()} == {"text 7 (desk)"}

    def test_what_is_answered_is_not_asked_again(self, store: Store) -> None:
        """Otherwise a person answers the same thing every day, or cannot answer at all."""
        store.findings.record("bundle:1", (), AT, Look((STANDS,), {}))
        (finding,) = store.findings.open()
        answered = store.findings.answer(finding.id, "we have no pumps", AT)
        assert answered is not None
        assert (answered.state, answered.answer) == (State.ANSWERED, "we have no pumps")
        assert store.findings.record("bundle:1", (), AT, Look((STANDS,), {})) == []
        assert store.findings.open() == []
        assert store.findings.answer(999, "what?", AT) is None
        store.prune(AT + store.keeps.decisions + DAY)
        assert states(store) == [("component (desk)", State.ANSWERED)]
        store.findings.record("bundle:1", (), AT, Look((), {}))
        store.prune(AT + store.keeps.decisions + DAY)
        assert states(store) == []

    def test_numbers_are_never_given_twice(self, store: Store) -> None:
        """Otherwise a person answers a finding that is not the one they read."""
        store.findings.record("bundle:1", (), AT, Look((STANDS,), {}))
        (first,) = store.findings.open()
        store.findings.record("bundle:1", (), AT, Look((), {}))
        store.prune(AT + store.keeps.decisions + DAY)
        store.findings.record("bundle:1", (), AT, Look((STANDS,), {}))
        (second,) = store.findings.open()
        assert second.id > first.id

    def test_people_are_told_of_an_urgent_one_once_and_without_its_words(self, store: Store) -> None:
        """Otherwise a leak is noticed when somebody looks, or told with the text that leaked."""
        for _ in range(2):
            store.findings.record("bundle:1", [LEAK, REFUSED], AT)
        (told,) = store.outbox.waiting()
        assert str(store.findings.open()[0].id) in told.title
        assert LEAK.reason not in told.title + told.body
        store.findings.answer(store.findings.open()[0].id, "seen", AT)
        store.findings.record("bundle:1", [LEAK], AT + MINUTE)
        assert len(store.outbox.waiting()) == 2


class TestOutbox:
    def test_a_key_is_one_notification(self, store: Store) -> None:
        """Otherwise an escalation is sent again by every look that finds it due."""
        notice = Notification("breach:1", "duty", "Late", "Ticket 1", AT)
        assert store.outbox.put(notice)
        store.outbox.sent(store.outbox.take("duty", AT), AT)
        store.outbox.rest("duty", AT)
        assert not store.outbox.put(notice)
        assert store.outbox.take("duty", AT + DAY) == []

    def test_who_takes_it_has_the_channel_for_a_while(self, store: Store) -> None:
        """Otherwise two senders send it, or one that died keeps it from being sent."""
        store.outbox.put(Notification("later", "duty", "t", "b", AT + DAY))
        store.outbox.put(Notification("now", "duty", "t", "b", AT))
        (out,) = store.outbox.take("duty", AT)
        assert (out.notification.key, out.attempts) == ("now", 1)
        store.outbox.put(Notification("another", "duty", "t", "b", AT))
        assert store.outbox.take("duty", AT + MINUTE) == []
        again = store.outbox.take("duty", AT + LEASE)
        assert [(o.notification.key, o.attempts) for o in again] == [("now", 2), ("another", 1)]

    def test_what_fell_due_first_goes_first_though_it_failed_before(self, store: Store) -> None:
        """Otherwise people read that a breach is over before they read of it."""
        store.outbox.put(Notification("second", "duty", "t", "b", AT + MINUTE))
        store.outbox.put(Notification("first", "duty", "t", "b", AT))
        assert [o.notification.key for o in store.outbox.take("duty", AT)] == ["first"]
        store.outbox.rest("duty", AT + MINUTE)
        taken = store.outbox.take("duty", AT + MINUTE)
        assert [o.notification.key for o in taken] == ["first", "second"]

    def test_channels_wait_for_themselves_only(self, store: Store) -> None:
        """Otherwise a chat that is down keeps the mails back too."""
        for channel in ("chat", "mail"):
            store.outbox.put(Notification(f"to {channel}", channel, "t", "b", AT))
        assert len(store.outbox.take("chat", AT)) == 1
        store.outbox.rest("chat", AT + DAY)
        assert len(store.outbox.take("mail", AT)) == 1
        store.outbox.sent(store.outbox.take("mail", AT + LEASE), AT + LEASE)
        assert [(q.channel, q.count, q.since, q.attempts) for q in store.outbox.queues()] == [
            ("chat", 1, AT, 1)
        ]

    def test_what_no_channel_takes_is_forgotten_after_the_settings_time(self, store: Store) -> None:
        """Otherwise who names a channel after years is told of everything since."""
        store.outbox.put(Notification("old", "nowhere", "t", "b", AT))
        store.prune(AT + store.keeps.decisions - DAY)
        assert len(store.outbox.waiting()) == 1
        store.prune(AT + store.keeps.decisions + DAY)
        assert store.outbox.waiting() == []


class TestNumbers:
    def test_they_go_on_above_what_is_out_there(self, store: Store) -> None:
        """Otherwise a restored store signs new texts with the numbers of older ones."""
        assert store.database.highest_number() == 0
        store.database.raise_number(70)
        store.database.raise_number(30)
        assert store.database.highest_number() == 70
        with store.database.writing() as tx:
            bundle = tx.execute(t.bundles.insert().values(created=AT).returning(t.bundles.c.id)).scalar_one()
            names = (*t.TEXT_IDS, "kind", "revision", "token")
            row = t.intents.insert().values(bundle=bundle, sent=AT, **dict.fromkeys(names, ""))
            tx.execute(row)
        with store.database.reading() as tx:
            assert tx.execute(select(t.intents.c.number)).scalar_one() == 71
        assert store.database.highest_number() == 71

    def test_recovering_is_remembered_until_it_is_over(self, store: Store, address: Address) -> None:
        """Otherwise a restart in the middle writes fields that an old copy of the store knows wrongly."""
        assert store.database.recovering() is None
        store.database.recover(AT)
        store.database.recover(AT + DAY)
        again = open_store(address)
        assert again.database.recovering() == AT
        again.database.recover(None)
        again.database.close()
        assert store.database.recovering() is None
        store.database.recover(None)
        assert store.database.recovered() == AT, "steps that came due before raise nothing twice"


class TestEditions:
    def test_an_edit_on_a_clock_that_was_set_back_is_the_last_word(self, store: Store) -> None:
        """The rules from before the edit would hold again, and each process would begin the new ones anew."""
        for said, at in (("a", AT), ("b", AT + 2 * MINUTE), ("c", AT + MINUTE)):
            store.editions.adopt(said, at)
        kept = store.editions.all()
        assert [one.said for one in kept] == ["a", "b", "c"]
        assert kept[-1].valid_from == AT + 2 * MINUTE
        assert not store.editions.adopt("c", AT + DAY), "nothing was edited since"
