"""The decision tables of `docs/how-sync-works.md`, row by row. Nothing here is stored, sent or timed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connectors.base import NativeValue
from connectors.capabilities import QUIET, FieldAbility, FilePlace, Grain, Mails
from mappings.boards import STAFF, UNDECLARED, Place, Readers
from mappings.ticket import (
    MESSAGE_0,
    Audience,
    CommentKind,
    Field,
    PersonRole,
    Priority,
    SlaState,
    Status,
    Unmapped,
)
from sync.decide import decide
from sync.operations import (
    AddComment,
    AddFile,
    AddLink,
    AddNotice,
    Change,
    ChangeTags,
    Conflict,
    CreateTicket,
    EditComment,
    Form,
    Plan,
    SetFields,
    Skip,
    Tell,
    Withdraw,
    Withdrawal,
)
from sync.rules import HANDOVER, FieldRule, Handover, Role, When
from sync.seen import Kind, Mirror, Mirrors, Seen
from sync.situation import Promises, Situation
from tests.sync.situations import (
    AT,
    GITLAB_PLACE,
    HELD,
    JIRA_PLACE,
    LENSES,
    able,
    agreed,
    asked,
    at,
    carried_out,
    changed,
    copied,
    copy,
    described,
    file,
    linked,
    of,
    opened,
    read_by,
    ruled,
    said,
    seen_with,
    text,
    unsaid,
)

CUSTOMER, HUB = PersonRole.CUSTOMER, PersonRole.HUB


def skips(s: Situation) -> list[tuple[str, str, str]]:
    """Return target, thing and reason of everything that is not written."""
    return [(o.target, o.what, o.reason) for o in of(Skip, decide(s))]


def nothing(s: Situation) -> bool:
    """Whether there is neither anything to write nor anything to remark."""
    return decide(s) == Plan((), ())


def only_told(s: Situation, side: str) -> bool:
    """Whether nothing is written but notes on the side where a person did what is not carried on."""
    return {(type(o), o.target) for o in decide(s).writes} == {(Tell, side)}


def nothing_to_write(s: Situation) -> bool:
    """Whether a plan would be empty, whatever it remarks."""
    return decide(s).writes == ()


def changes(s: Situation, target: str) -> dict[str, tuple[object, str]]:
    """Return field -> (value, source) of what is set on a side."""
    return {
        c.field: (c.value, c.source)
        for o in of(SetFields, decide(s))
        if o.target == target
        for c in o.changes
    }


# -- fields: X on the desk, Y on Jira, compared with what was seen


@dataclass(frozen=True)
class Row:
    """One row of the table: what the sides say now, and what is done about it."""

    desk: str
    jira: str
    seen: tuple[str, str]
    written: tuple[str, str] | None
    """(target, value)."""
    conflict: tuple[tuple[str, str], ...] = ()


TABLE = {
    "as seen, alike": Row("a", "a", ("a", "a"), None),
    "as seen, though different": Row("a", "b", ("a", "b"), None),
    "desk changed": Row("c", "a", ("a", "a"), ("jira", "c")),
    "desk changed, sides differed before": Row("c", "b", ("a", "b"), ("jira", "c")),
    "jira changed": Row("a", "c", ("a", "a"), ("desk", "c")),
    "changed equally": Row("c", "c", ("a", "b"), None),
    "changed to what the other side says": Row("b", "b", ("a", "b"), None),
    "changed differently": Row("c", "d", ("a", "a"), ("jira", "c"), (("desk", "c"), ("jira", "d"))),
}


@pytest.mark.parametrize("row", TABLE.values(), ids=TABLE.keys())
def test_a_field_that_goes_both_ways(row: Row) -> None:
    """Otherwise an edit is lost, echoed, or overwrites what somebody else wrote without a word."""
    s = changed(changed(agreed("jira"), "desk", component=row.desk), "jira", component=row.jira)
    seen = {
        name: seen_with(s, name, component=value)
        for name, value in zip(("desk", "jira"), row.seen, strict=True)
    }
    plan = decide(replace(s, seen=seen))
    written = [(o.target, c.value) for o in of(SetFields, plan) for c in o.changes]
    assert written == ([row.written] if row.written else [])
    assert of(Conflict, plan) == ([Conflict("component", "desk", row.conflict)] if row.conflict else [])


def test_the_order_of_trust_decides_a_conflict() -> None:
    """Otherwise the side that a person named as the one to believe is overwritten."""
    s = changed(changed(agreed("jira"), "desk", component="c"), "jira", component="d")
    plan = decide(ruled(s, trust=("jira", "desk", "gitlab")))
    assert of(Conflict, plan) == [Conflict("component", "jira", (("jira", "d"), ("desk", "c")))]
    assert [(o.target, o.changes[0].value) for o in of(SetFields, plan)] == [("desk", "d")]


def test_of_three_sides_the_most_trusted_change_reaches_both_others() -> None:
    """Otherwise two sides that changed at once end up with two truths."""
    s = changed(changed(agreed("jira", "gitlab"), "jira", component="j"), "gitlab", component="g")
    assert changes(s, "desk") == {"component": ("j", "jira")}
    assert changes(s, "gitlab") == {"component": ("j", "jira")}
    assert changes(s, "jira") == {}


def test_a_field_that_was_never_seen_is_adopted() -> None:
    """Otherwise a field that becomes known later overwrites the other side with an old value."""
    s = changed(agreed("jira"), "desk", component="c")
    known: dict[Field, NativeValue] = dict(s.sides["desk"].native)
    del known["component"]
    assert not decide(replace(s, seen={**s.seen, "desk": Seen(known)}))


def test_a_value_that_was_emptied_travels() -> None:
    """Otherwise what an agent took out stays on the issue for ever."""
    s = agreed("jira")
    for name in ("desk", "jira"):
        s = changed(s, name, component="pump")
    s = replace(s, seen={name: Seen(there.native) for name, there in s.sides.items()})
    assert changes(changed(s, "desk", component=None), "jira") == {"component": (None, "desk")}


def test_a_change_that_the_rules_keep_is_remarked() -> None:
    """Otherwise a developer wonders why nobody sees the new subject, and nothing tells."""
    s = changed(agreed("jira"), "jira", subject="Better words")
    assert not decide(s)
    assert skips(s) == [("desk", "subject (jira)", "the rules keep this change where it was made")]


def test_a_field_that_the_target_cannot_hold_is_skipped() -> None:
    """Otherwise the write is refused by the server, or the value vanishes silently."""
    s = able(agreed("jira"), "jira", fields=dict.fromkeys(("subject", "status"), QUIET))
    s = changed(s, "desk", component="pump")
    assert only_told(s, "desk")
    assert skips(s) == [("jira", "component (desk)", "it cannot be held there")]


def test_an_unmapped_word_is_skipped_and_never_guessed() -> None:
    """Otherwise a word that nobody translated becomes some other word on the other side."""
    s = changed(agreed("jira", "gitlab"), "jira", priority=Unmapped("10099"))
    assert only_told(s, "jira")
    assert skips(s) == [("gitlab", "priority (jira)", "unmapped: 10099")]


def test_words_that_a_side_cannot_tell_apart_are_alike() -> None:
    """Otherwise a lossy vocabulary is taken for a change, and the sides rewrite each other for ever."""
    lens = LENSES["priority"]
    words = {k: v for k, v in lens.writes.items() if k != "urgent"}
    lossy = replace(lens, writes=words, folds={Priority.URGENT: Priority.HIGH})
    s = able(agreed("jira", "gitlab"), "gitlab", vocabularies={**LENSES, "priority": lossy})
    s = changed(changed(s, "gitlab", priority=Priority.HIGH), "jira", priority=Priority.URGENT)
    seen = {**s.seen, "gitlab": Seen(s.sides["gitlab"].native)}
    assert not decide(replace(s, seen=seen))


def test_the_status_of_work_sides_is_the_same() -> None:
    """Otherwise one of two developers' issues stays open when the other is done."""
    s = changed(agreed("jira", "gitlab"), "jira", status=Status.IN_PROGRESS)
    assert changes(s, "gitlab") == {"status": (Status.IN_PROGRESS, "jira")}


def test_a_field_is_given_one_value_only() -> None:
    """Otherwise which of two values is written depends on chance, and the plan shows both."""
    both = {(Role.FRONT, Role.WORK): {Status.RESOLVED: Handover(Status.CLOSED, note=False)}}
    s = ruled(agreed("jira", "gitlab"), handover=both)
    s = changed(changed(s, "desk", status=Status.RESOLVED), "gitlab", status=Status.IN_PROGRESS)
    told = [c.field for o in of(SetFields, decide(s)) if o.target == "jira" for c in o.changes]
    assert told == ["status"]
    assert changes(s, "jira") == {"status": (Status.CLOSED, "desk")}


# -- creation, and what is gone


def test_a_wanted_ticket_is_created_with_what_belongs_to_it() -> None:
    """Otherwise no issue is opened, or one without the text, the priority or the tags."""
    s = opened(
        JIRA_PLACE, values={"priority": Priority.HIGH, "tags": frozenset({"dev", "pump"})},
        own_tags={"jira": frozenset({"customer-lantern"})},
    )  # fmt: skip
    (created,) = of(CreateTicket, decide(s))
    assert (created.target, created.source, created.place) == ("jira", "desk", JIRA_PLACE)
    assert created.message == s.sides["desk"].ticket.messages[0]
    values = dict(created.values)
    assert values["priority"] is Priority.HIGH
    assert values["tags"] == {"pump", "customer-lantern"}
    assert "status" not in values


def test_a_created_ticket_gets_links_files_and_the_whole_conversation() -> None:
    """Otherwise the developer sees a part of the story, or nobody finds the other side."""
    question = asked(files=(file("f1"),))
    s = said(opened(JIRA_PLACE, question=question), "desk", text("7", minutes=1, files=(file("f2"),)))
    plan = decide(s)
    kinds = [(type(o).__name__, o.target) for o in plan.writes]
    assert kinds == [
        ("CreateTicket", "jira"),
        ("AddLink", "desk"),
        ("AddLink", "jira"),
        ("AddFile", "jira"),
        ("AddFile", "jira"),
        ("AddComment", "jira"),
    ]
    assert [o.attachment.id for o in of(AddFile, plan)] == ["f1", "f2"]
    assert [o.message.id for o in of(AddComment, plan)] == ["7"]


def test_an_unmapped_value_does_not_stop_a_creation() -> None:
    """Otherwise one unknown priority keeps a ticket from the developers."""
    s = opened(JIRA_PLACE, values={"priority": Unmapped("9")})
    assert [o.target for o in of(CreateTicket, decide(s))] == ["jira"]
    assert ("jira", "priority (desk)", "unmapped: 9") in skips(s)


@pytest.mark.parametrize("readers", [Readers("orbit"), UNDECLARED])
def test_another_customers_place_gets_no_ticket(readers: Readers) -> None:
    """Otherwise one customer reads another's ticket."""
    s = opened(replace(JIRA_PLACE, readers=readers))
    assert not decide(s)
    assert skips(s) == [("jira", "the ticket", f"{readers} reads everything in SUP")]


@pytest.mark.parametrize("audience", [Audience.RESTRICTED, Audience.STAFF])
def test_what_a_customer_may_not_read_becomes_no_description_there(audience: Audience) -> None:
    """Otherwise a text for staff is the description of a ticket that the customer opens."""
    question = text(MESSAGE_0, audience=audience)
    s = opened(replace(JIRA_PLACE, readers=Readers("lantern")), question=question)
    assert not decide(s)
    assert [target for target, _, _ in skips(s)] == ["jira"]


def test_the_customers_own_words_may_open_a_ticket_that_they_read() -> None:
    """Otherwise a place that is shared with its customer can never be used."""
    s = opened(replace(JIRA_PLACE, readers=Readers("lantern")))
    (created,) = of(CreateTicket, decide(s))
    assert created.reach.readers == Readers("lantern")


def test_a_description_for_fewer_than_staff_opens_no_ticket() -> None:
    """Otherwise what a few may read is read by all who work."""
    s = opened(JIRA_PLACE, question=text(MESSAGE_0, audience=Audience.RESTRICTED))
    assert not decide(s)
    assert skips(s) == [("jira", "the ticket", "fewer than staff may read it, and no rule names them")]


def test_nothing_is_made_again_of_what_is_gone() -> None:
    """Otherwise a ticket that a person threw away comes back, and back."""
    s = agreed("jira", "gitlab")
    s = replace(s, sides={"desk": s.sides["desk"], "gitlab": s.sides["gitlab"]})
    assert nothing(s)


def test_without_a_front_side_the_work_sides_go_on() -> None:
    """Otherwise a front ticket in the trash stops two developers from reading each other."""
    s = agreed("jira", "gitlab")
    s = replace(s, sides={name: s.sides[name] for name in ("jira", "gitlab")})
    s = said(s, "jira", text("7"))
    assert [(o.target, o.message.id) for o in of(AddComment, decide(s))] == [("gitlab", "7")]


# -- handover between roles


@pytest.mark.parametrize("given", [Status.RESOLVED, Status.CLOSED])
def test_finished_work_gives_the_ticket_back_to_its_agent(given: Status) -> None:
    """Otherwise a fixed bug waits for days because nobody tells the customer."""
    s = changed(agreed("jira"), "desk", status=Status.WAITING_ON_DEV)
    s = replace(s, seen={**s.seen, "desk": Seen(s.sides["desk"].native)})
    s = changed(s, "jira", status=given)
    assert changes(s, "desk") == {"status": (Status.OPEN, "jira")}
    assert [(o.target, o.source, o.news) for o in of(AddNotice, decide(s))] == [("desk", "jira", given)]


def test_a_handover_is_told_once_for_each_occasion() -> None:
    """Otherwise the agent reads the same note again with every look, or no note of the second fix."""
    s = agreed("jira")
    occasions = []
    for given in (Status.RESOLVED, Status.OPEN, Status.RESOLVED):
        s = changed(s, "jira", status=given)
        plan = decide(s)
        occasions += [o.occasion for o in of(AddNotice, plan)]
        s = carried_out(s, plan)
        assert not decide(s)
    assert len(occasions) == len(set(occasions)) == 3


def test_a_told_occasion_is_not_told_again_while_the_rest_of_the_plan_waits() -> None:
    """Otherwise each retry of a failed write tells the agent the same once more."""
    s = changed(agreed("jira"), "jira", status=Status.RESOLVED)
    (notice,) = of(AddNotice, decide(s))
    told = Mirror(Kind.COMMENT, at("jira", notice.occasion), at("desk", "n1"), "", "")
    assert not of(AddNotice, decide(copied(s, told)))


@pytest.mark.parametrize("present", [Status.RESOLVED, Status.CLOSED])
def test_a_done_front_is_not_reopened_by_the_work(present: Status) -> None:
    """Otherwise closing an old issue reopens a ticket that its customer was told is done."""
    s = changed(agreed("jira"), "desk", status=present)
    s = replace(s, seen={**s.seen, "desk": Seen(s.sides["desk"].native)})
    s = changed(s, "jira", status=Status.RESOLVED)
    assert changes(s, "desk") == {}
    assert len(of(AddNotice, decide(s))) == 1


def _resolving(s: Situation) -> Situation:
    up = {**HANDOVER[Role.WORK, Role.FRONT], Status.RESOLVED: Handover(Status.RESOLVED, note=True)}
    return ruled(s, handover={**HANDOVER, (Role.WORK, Role.FRONT): up})


def test_a_handover_may_resolve_the_front_if_so_configured() -> None:
    """Otherwise the setting does nothing."""
    s = changed(_resolving(agreed("jira")), "jira", status=Status.RESOLVED, updated=AT + timedelta(hours=1))
    assert changes(s, "desk") == {"status": (Status.RESOLVED, "jira")}


def test_a_customers_later_message_wins_over_a_resolution() -> None:
    """Otherwise a customer who says that it still fails is told that it is resolved."""
    s = changed(_resolving(agreed("jira")), "jira", status=Status.RESOLVED)
    s = said(s, "desk", text("7", by=CUSTOMER, audience=Audience.CUSTOMER, minutes=5))
    assert changes(s, "desk") == {}
    assert ("desk", "status (jira)", "the customer wrote after it was resolved") in skips(s)
    assert [o.message.id for o in of(AddComment, decide(s))] == ["7"]


def test_the_fronts_own_status_moves_no_issue() -> None:
    """Otherwise waiting for the customer stops the developers."""
    s = changed(agreed("jira"), "desk", status=Status.WAITING_ON_CUSTOMER)
    assert nothing(s)


def test_an_agents_status_at_the_same_time_wins_over_the_handover() -> None:
    """Otherwise what an agent has just set is overwritten, and nothing shows it."""
    s = changed(agreed("jira"), "desk", status=Status.WAITING_ON_CUSTOMER)
    s = changed(s, "jira", status=Status.RESOLVED)
    said_both = (("desk", "waiting_on_customer"), ("jira", "resolved"))
    assert changes(s, "desk") == {}
    assert of(Conflict, decide(s)) == [Conflict("status", "desk", said_both)]
    assert len(of(AddNotice, decide(s))) == 1


def test_an_unmapped_status_is_handed_over_to_nobody() -> None:
    """Otherwise an unknown column of a board resolves a customer's ticket."""
    s = changed(agreed("jira"), "jira", status=Unmapped("QA"))
    assert only_told(s, "jira")
    assert skips(s) == [("desk", "status (jira)", "unmapped: QA")]


# -- tags


def _tagged(desk: str, jira: str, seen_desk: str = "", seen_jira: str = "") -> Situation:
    now = {"desk": desk, "jira": jira}
    before = {"desk": seen_desk, "jira": seen_jira}
    s = agreed("jira")
    for name, tags in now.items():
        s = changed(s, name, tags=frozenset(tags.split()))
    seen = {n: seen_with(s, n, tags=tuple(sorted(t.split()))) for n, t in before.items()}
    return replace(s, seen=seen)


@pytest.mark.parametrize(
    ("situation", "written"),
    {
        "added": (_tagged("a b", "a", "a", "a"), [("jira", {"b"}, set())]),
        "removed": (_tagged("", "a c", "a", "a c"), [("jira", set(), {"a"})]),
        "both sides": (_tagged("a", "b"), [("desk", {"b"}, set()), ("jira", {"a"}, set())]),
        "added and removed": (_tagged("b", "a", "a", "a"), [("jira", {"b"}, {"a"})]),
        "written otherwise": (_tagged("Big_Pump! pump", "pump big_pump", "pump", "pump"), []),
        "spelt twice": (_tagged("", "a A!", "a", "a A!"), [("jira", set(), {"a", "A!"})]),
        "both at once": (_tagged("", "a b", "a", "a"), [("desk", {"b"}, set()), ("jira", set(), {"a"})]),
        "control": (_tagged("dev DEV x", "", ""), [("jira", {"x"}, set())]),
        "differed before": (_tagged("a", "b", "a", "b"), []),
    }.values(),
)  # fmt: skip
def test_tags_merge_as_sets(situation: Situation, written: list[tuple[str, set[str], set[str]]]) -> None:
    """Otherwise tags come back that somebody removed, vanish, or steer the hub from the wrong side."""
    made = [(o.target, set(o.add), set(o.remove)) for o in of(ChangeTags, decide(situation))]
    assert made == written


def test_a_tag_that_one_side_removed_while_another_added_it_is_wanted() -> None:
    """Otherwise two sides swap what they say, and a tag that somebody has just set vanishes."""
    s = changed(agreed("jira", "gitlab"), "gitlab", tags=frozenset({"pump"}))
    s = replace(s, seen={**s.seen, "jira": seen_with(s, "jira", tags=("pump",))})
    made = {o.target: (set(o.add), set(o.remove)) for o in of(ChangeTags, decide(s))}
    assert made == {"desk": ({"pump"}, set()), "jira": ({"pump"}, set())}


def test_a_tag_that_is_put_back_stays_where_its_removal_had_not_arrived() -> None:
    """Otherwise a side that was out of reach loses, for good, a tag that all others have again."""
    s = changed(agreed("jira", "gitlab"), "jira", tags=frozenset({"pump"}))
    s = changed(s, "gitlab", tags=frozenset({"pump"}))
    past = {side: seen_with(s, side, tags=("pump",)) for side in ("desk", "jira", "gitlab")}
    s = replace(s, seen={**s.seen, "gitlab": past.pop("gitlab")}, held={"gitlab": past})
    made = {o.target: (set(o.add), set(o.remove)) for o in of(ChangeTags, decide(s))}
    assert made == {"desk": ({"pump"}, set())}


def test_the_hubs_own_tags_stay_and_never_travel() -> None:
    """Otherwise an issue falls off its customer's board, or a label of the hub's reaches the front."""
    s = replace(agreed("jira"), own_tags={"jira": frozenset({"customer-lantern"})})
    (write,) = of(ChangeTags, decide(s))
    assert (write.target, set(write.add), set(write.remove)) == ("jira", {"customer-lantern"}, set())
    done = carried_out(s, decide(s))
    assert not decide(done)
    off = changed(done, "jira", tags=frozenset())
    assert [(o.target, *o.add) for o in of(ChangeTags, decide(off))] == [("jira", "customer-lantern")]


# -- texts


def test_texts_are_copied_in_the_order_in_which_they_were_made() -> None:
    """Otherwise an answer stands before its question."""
    s = said(
        agreed("jira"), "desk",
        text("10", minutes=3), text("9", minutes=3), text("30", minutes=1), text("1000", minutes=3),
    )  # fmt: skip
    assert [o.message.id for o in of(AddComment, decide(s))] == ["30", "9", "10", "1000"]


def test_a_text_goes_to_every_other_side() -> None:
    """Otherwise somebody at the table hears half of the conversation."""
    s = said(agreed("jira", "gitlab"), "jira", text("7"))
    assert [(o.target, o.audience) for o in of(AddComment, decide(s))] == [
        ("desk", Audience.STAFF),
        ("gitlab", Audience.STAFF),
    ]


def _copied_once(*, there: str = "c1") -> Situation:
    """Return a ticket on whose Jira side a note of the desk has been copied."""
    note, stored = text("7", "first"), text(there, "Sam wrote: first", by=HUB, minutes=1)
    s = said(said(agreed("jira"), "desk", note), "jira", stored)
    return copied(s, copy(at("desk", "7"), at("jira", there), note, stored))


def test_an_edit_reaches_the_copy() -> None:
    """Otherwise a developer works from a text that its author has corrected."""
    s = said(_copied_once(), "desk", text("7", "second"))
    (edit,) = of(EditComment, decide(s))
    assert (edit.target, edit.source, edit.id) == ("jira", "desk", "c1")
    assert edit.message.body.text == "second"


def test_a_copy_that_our_files_joined_is_still_ours() -> None:
    """Otherwise a description is frozen as soon as the first file hangs on its ticket."""
    stored = text("c1", "Sam wrote: first", by=HUB, minutes=1, files=(file("a"), file("b")))
    s = said(said(_copied_once(), "desk", text("7", "second")), "jira", stored)
    assert [o.id for o in of(EditComment, decide(s))] == ["c1"]


def test_a_file_of_ours_does_not_come_back() -> None:
    """Otherwise a file that hangs on the other side's first text is sent back to where it came from."""
    ours = Mirror(Kind.FILE, at("jira", "f0"), at("desk", "f1"), "", "")
    s = copied(said(agreed("jira"), "desk", asked(files=(file("f1"), file("f2")))), ours)
    assert [o.attachment.id for o in of(AddFile, decide(s))] == ["f2"]


def test_an_edit_of_the_description_reaches_the_description() -> None:
    """Otherwise the first text of a ticket is frozen as it was when the issue was opened."""
    s = said(agreed("jira"), "desk", asked("It does not start at all."))
    assert [(o.target, o.id) for o in of(EditComment, decide(s))] == [("jira", MESSAGE_0)]


@pytest.mark.parametrize(
    ("then", "reason", "told"),
    [
        (lambda s: said(s, "jira", text("c1", "my", by=HUB)), "somebody edited the copy, so it is theirs", 1),
        (lambda s: unsaid(s, "jira", "c1"), "somebody deleted the copy", 0),
        (lambda s: able(s, "jira", edits_comments=False), "a text cannot be edited there", 1),
    ],
    ids=["edited", "deleted", "impossible"],
)  # fmt: skip
def test_an_edit_that_cannot_be_copied_is_an_addendum(then: Any, reason: str, told: int) -> None:
    """Otherwise a person's words are overwritten, a deleted text comes back, or an edit vanishes."""
    s = then(said(_copied_once(), "desk", text("7", "second")))
    assert [(o.target, o.form, o.audience) for o in of(AddComment, decide(s))] == [
        ("jira", Form.ADDENDUM, Audience.STAFF)
    ] * told
    assert len(decide(s).writes) == told
    assert skips(s) == [("jira", "the edit of note 7 (desk)", reason)]
    assert nothing_to_write(carried_out(s, decide(s)))


def test_a_copy_that_a_person_touched_is_left_alone() -> None:
    """Otherwise the hub fights with people over its own copies."""
    edited = said(_copied_once(), "jira", text("c1", "mine now", by=HUB))
    for s in (edited, unsaid(_copied_once(), "jira", "c1")):
        assert nothing(s)


@pytest.mark.parametrize("how", [Withdrawal.MARK, Withdrawal.DELETE])
def test_the_copy_of_a_deleted_original_is_marked_or_deleted_once(how: Withdrawal) -> None:
    """Otherwise a copy vanishes by itself, or nobody learns that the original is gone."""
    s = ruled(unsaid(_copied_once(), "desk", "7"), deleted=how)
    (withdrawn,) = decide(s).writes
    assert isinstance(withdrawn, Withdraw)
    assert (withdrawn.target, withdrawn.id, withdrawn.how) == ("jira", "c1", how)
    assert nothing_to_write(carried_out(s, decide(s)))


@pytest.mark.parametrize("how", [Withdrawal.MARK, Withdrawal.DELETE])
def test_a_text_that_is_there_again_is_copied_again(how: Withdrawal) -> None:
    """Otherwise a server that loses a text for a while has its copy withdrawn for good."""
    lost = ruled(unsaid(_copied_once(), "desk", "7"), deleted=how)
    back = said(carried_out(lost, decide(lost)), "desk", text("7", "first"))
    (again,) = decide(back).writes
    assert isinstance(again, EditComment if how is Withdrawal.MARK else AddComment)
    assert nothing_to_write(carried_out(back, decide(back)))


@pytest.mark.parametrize(
    "then",
    [
        lambda s: said(s, "jira", text("c1", "mine", by=HUB)),
        lambda s: able(s, "jira", edits_comments=False),
    ],
    ids=["a person's by now", "impossible"],
)
def test_a_deletion_is_told_where_the_copy_cannot_be_marked(then: Any) -> None:
    """Otherwise a person's words are overwritten, or a deletion passes in silence."""
    s = then(unsaid(_copied_once(), "desk", "7"))
    (told,) = decide(s).writes
    assert isinstance(told, Tell)
    assert (told.target, told.about.connection) == ("jira", "desk")
    assert nothing_to_write(carried_out(s, decide(s)))


@pytest.mark.parametrize(
    "message",
    [
        text("7", by=PersonRole.HUB),
        text("7", by=PersonRole.MACHINE),
        text("7", kind=CommentKind.AUTOMATIC),
        text("7", by=CUSTOMER, kind=CommentKind.AUTOMATIC, audience=Audience.CUSTOMER),
    ],
    ids=["hub", "machine", "automatic", "out of office"],
)
def test_what_no_person_wrote_is_not_copied(message: Any) -> None:
    """Otherwise robots talk to each other, and each copy begets a copy."""
    assert decide(said(agreed("jira"), "desk", message)).writes == ()


def test_a_copy_is_not_copied_on() -> None:
    """Otherwise a text comes back to where it was written, for ever."""
    s = _copied_once()
    assert decide(s).writes == ()
    foreign = said(s, "jira", text("c1", "Sam wrote: first", minutes=1))  # the account was taken over
    assert decide(foreign).writes == ()


def test_an_unknown_author_is_a_person() -> None:
    """Otherwise what somebody wrote whom the hub cannot place is lost."""
    s = said(agreed("jira"), "desk", text("7", by=PersonRole.UNKNOWN))
    assert len(of(AddComment, decide(s))) == 1


# -- audiences


def test_a_text_for_fewer_than_staff_stays_where_it_is() -> None:
    """Otherwise what a few may read is read by many."""
    s = said(agreed("jira"), "jira", text("7", audience=Audience.RESTRICTED))
    assert not decide(s)
    assert skips(s) == [("desk", "note 7 (jira)", "fewer than staff may read it, and no rule names them")]


@pytest.mark.parametrize("audience", [Audience.STAFF, Audience.CUSTOMER])
def test_a_copy_is_for_staff_whatever_its_original_was(audience: Audience) -> None:
    """Otherwise the hub publishes, which only a person may do."""
    s = said(agreed("jira"), "jira", text("7", audience=audience))
    (added,) = of(AddComment, decide(s))
    assert (added.audience, added.reach.readers) == (Audience.STAFF, STAFF)


@pytest.mark.parametrize("readers", [Readers("lantern"), UNDECLARED])
def test_no_text_goes_where_a_customer_reads_all(readers: Readers) -> None:
    """Otherwise a note for staff is read by a customer."""
    s = able(read_by(agreed("jira"), "jira", readers), "jira", internal_comments=False)
    s = said(s, "desk", text("7"))
    (told,) = decide(s).writes
    assert isinstance(told, Tell)
    assert (told.target, told.reach.readers) == ("desk", STAFF)
    assert "was not copied to jira" in told.words
    assert [target for target, _, _ in skips(s)] == ["jira"]
    assert nothing_to_write(carried_out(s, decide(s)))
    assert not decide(ruled(s, tells=False))


def _showing(s: Situation, connection: str, audience: Audience | None, *names: Field) -> Situation:
    fields = s.abilities(connection).fields
    shown = {name: replace(fields[name], audience=audience) for name in names}
    return able(s, connection, fields={**fields, **shown})


def test_a_field_for_staff_is_not_written_where_a_customer_reads_it() -> None:
    """Otherwise what agents note of a customer in a field is opened by that customer elsewhere."""
    s = read_by(agreed("jira"), "jira", Readers("lantern"))
    s = changed(_showing(s, "jira", None, "component", "tags"), "desk", component="pump")
    s = changed(s, "desk", tags=frozenset({"angry"}))
    assert only_told(s, "desk")
    why = "staff alone read it on desk, and customer lantern would"
    assert sorted(skips(s)) == [("jira", "component (desk)", why), ("jira", "tags (desk)", why)]
    shown = _showing(s, "desk", Audience.CUSTOMER, "component", "tags")
    assert changes(shown, "jira") == {"component": ("pump", "desk")}
    assert [o.add for o in of(ChangeTags, decide(shown))] == [frozenset({"angry"})]


def test_a_field_for_staff_is_not_written_into_a_new_ticket_that_a_customer_reads() -> None:
    """Otherwise the first copy gives away what later ones would not."""
    place = replace(JIRA_PLACE, readers=Readers("lantern"))
    s = opened(place, values={"component": "pump", "tags": frozenset({"angry"})})
    s = ruled(_showing(s, "jira", None, "component", "tags"), places=(place,))
    s = replace(s, own_tags={"jira": frozenset({"customer-lantern"})})
    (made,) = of(CreateTicket, decide(s))
    values = dict(made.values)
    assert "component" not in values
    assert values["tags"] == frozenset({"customer-lantern"})
    assert {what for _, what, _ in skips(s)} >= {"component (desk)", "tags (desk)"}


def test_a_plan_names_who_reads_a_field() -> None:
    """Otherwise an agents' tag is said to be read by the customer, and a subject by staff alone."""
    tagged = changed(agreed("jira"), "jira", tags=frozenset({"pump"}))
    assert [o.reach.readers for o in of(ChangeTags, decide(tagged))] == [
        STAFF
    ]  # though the customer reads the desk
    shown = _showing(agreed("jira"), "jira", Audience.CUSTOMER, "subject")
    written = of(SetFields, decide(changed(_showing(shown, "desk", None, "subject"), "desk", subject="New")))
    assert [o.reach.readers for o in written] == [UNDECLARED]  # staff's by declaration; the tool shows it


def test_the_clocks_state_is_for_staff() -> None:
    """Otherwise a customer reads in a label that the desk is about to break its promise."""
    s = _showing(agreed("jira"), "jira", Audience.CUSTOMER, "sla")
    s = _promised(s, state=SlaState.AT_RISK)
    assert "sla" not in changes(s, "jira")
    assert ("jira", "sla (hub)") in {(target, what) for target, what, _ in skips(s)}


def test_an_internal_text_may_stand_where_a_customer_reads() -> None:
    """Otherwise a tool that can keep a text internal is not used."""
    s = said(read_by(agreed("jira"), "jira", Readers("lantern")), "desk", text("7"))
    assert [(o.target, o.audience) for o in of(AddComment, decide(s))] == [("jira", Audience.STAFF)]


def test_the_front_is_read_by_its_customer_until_it_can_keep_a_text_internal() -> None:
    """Otherwise a developer's remark is a public reply."""
    s = said(able(agreed("jira"), "desk", internal_comments=False), "jira", text("7"))
    s = changed(s, "jira", status=Status.RESOLVED)
    assert not of(AddComment, decide(s))
    assert not of(AddNotice, decide(s))
    assert {target for target, _, _ in skips(s)} == {"desk"}


def test_a_link_is_not_shown_where_it_would_be_public() -> None:
    """Otherwise a note about the developers' issue is a public reply."""
    s = able(opened(JIRA_PLACE), "desk", internal_comments=False)
    assert [o.target for o in of(AddLink, decide(s))] == ["jira"]


def test_no_file_of_a_text_for_staff_goes_where_a_customer_opens_files() -> None:
    """Otherwise the text is internal, and its file hangs on the ticket for the customer to open."""
    s = read_by(agreed("jira"), "jira", Readers("lantern"))
    s = said(s, "desk", text("7", files=(file("f1"),)))
    assert not of(AddFile, decide(s))
    assert len(of(AddComment, decide(s))) == 1
    assert [(target, what) for target, what, _ in skips(s)] == [("jira", "file f1.txt (desk)")]


def test_a_customers_own_file_may_hang_on_a_ticket_that_they_read() -> None:
    """Otherwise the picture of the fault is missing for no reason."""
    s = read_by(agreed("jira"), "jira", Readers("lantern"))
    s = said(s, "desk", text("7", by=CUSTOMER, audience=Audience.CUSTOMER, files=(file("f1"),)))
    (added,) = of(AddFile, decide(s))
    assert added.reach.readers == Readers("lantern")


@pytest.mark.parametrize("readers", [Readers("orbit"), UNDECLARED])
def test_a_ticket_in_another_customers_place_gets_nothing(readers: Readers) -> None:
    """Otherwise an issue that was moved shows one customer's words and files to another."""
    s = read_by(agreed("jira", "gitlab"), "jira", readers)
    s = changed(said(s, "desk", text("7")), "desk", subject="Secret plan", tags=frozenset({"merger"}))
    plan = decide(s)
    assert {o.target for o in plan.writes} == {"gitlab"}
    assert ("jira", "the ticket", f"{readers} reads everything in SUP") in skips(s)


def test_links_between_work_sides_are_shown_to_staff_only() -> None:
    """Otherwise a customer reads where else the desk works."""
    s = opened(replace(JIRA_PLACE, readers=Readers("lantern")), GITLAB_PLACE)
    shown = {(o.target, o.other) for o in of(AddLink, decide(s))}
    assert ("jira", "gitlab") not in shown
    assert {("desk", "jira"), ("desk", "gitlab"), ("jira", "desk")} <= shown


# -- files


@pytest.mark.parametrize(("place", "made"), [(FilePlace.TICKET, ["f1"]), (FilePlace.COMMENT, [])])
def test_files_travel_as_the_target_keeps_them(place: FilePlace, made: list[str]) -> None:
    """Otherwise a file is sent twice, or not at all."""
    s = said(able(agreed("jira"), "jira", files=place), "desk", text("7", files=(file("f1"),)))
    plan = decide(s)
    assert [o.attachment.id for o in of(AddFile, plan)] == made
    assert len(of(AddComment, plan)) == 1


@pytest.mark.parametrize("place", FilePlace)
def test_a_file_that_is_too_large_is_skipped_and_its_text_goes_on(place: FilePlace) -> None:
    """Otherwise one large file holds back the conversation, or is missing without a word."""
    s = said(able(agreed("jira"), "jira", files=place), "desk", text("7", files=(file("big", size=1001),)))
    assert not of(AddFile, decide(s))
    assert len(of(AddComment, decide(s))) == 1
    assert skips(s) == [("jira", "file big.txt (desk)", "larger than the 1000 bytes it takes")]


def test_a_file_that_did_not_make_it_follows_its_text() -> None:
    """Otherwise a file whose upload failed after its ticket was created is never sent."""
    question, there = asked(files=(file("f1"),)), described()
    s = replace(agreed("jira"), mirrors=Mirrors(linked("desk", "jira")))
    s = copied(said(s, "desk", question), copy(at("desk", MESSAGE_0), at("jira", MESSAGE_0), question, there))
    assert [o.attachment.id for o in of(AddFile, decide(s))] == ["f1"]
    assert len(decide(s).writes) == 1


# -- mail


@pytest.mark.parametrize("mails", [Mails.IF_CONFIGURED, Mails.ALWAYS])
def test_nothing_that_may_mail_a_customer_is_written_unless_allowed(mails: Mails) -> None:
    """Otherwise a customer gets mail from a program because a tool was set up so."""
    ability = FieldAbility(mails, {}, asynchronous=False, grain=Grain.SECOND, audience=None)
    everything: dict[str, Any] = {
        "create_mails": mails, "internal_comment_mails": mails, "fields": dict.fromkeys(HELD, ability),
    }  # fmt: skip
    s = able(opened(JIRA_PLACE, GITLAB_PLACE), "jira", **everything)
    assert {o.target for o in decide(s).writes} == {"desk", "gitlab"}
    assert ("jira", "the ticket", "creating it might mail a customer") in skips(s)
    busy = able(agreed("jira"), "jira", **everything)
    busy = changed(busy, "desk", component="pump", tags=frozenset({"x"}), status=Status.RESOLVED)
    busy = said(busy, "desk", text("7", files=(file("f1"),)))
    down = {(Role.FRONT, Role.WORK): {Status.RESOLVED: Handover(None, note=True)}}
    busy = ruled(replace(busy, own_tags={"jira": frozenset({"ours"})}), handover=down)
    assert {(type(o), o.target) for o in decide(busy).writes} == {(Tell, "desk")}
    assert {what for _, what, _ in skips(busy)} == {
        "component (desk)", "tags", "note 7 (desk)", "the note about status resolved (desk)",
    }  # fmt: skip


def test_what_may_mail_is_written_where_a_rule_allows_it() -> None:
    """Otherwise a rule that a person made does nothing."""
    s = able(opened(JIRA_PLACE), "jira", create_mails=Mails.IF_CONFIGURED)
    (created,) = of(CreateTicket, decide(ruled(s, may_mail=frozenset({"jira"}))))
    assert created.reach.mails is Mails.IF_CONFIGURED
    always = able(s, "jira", create_mails=Mails.ALWAYS)
    assert not of(CreateTicket, decide(ruled(always, may_mail=frozenset({"jira"}))))


def test_a_value_that_may_mail_leaves_the_other_values_alone() -> None:
    """Otherwise a resolution that may mail holds back a harmless subject."""
    status = replace(QUIET, mails_for={"resolved": Mails.IF_CONFIGURED})
    s = able(agreed("jira", "gitlab"), "gitlab", fields={**dict.fromkeys(HELD, QUIET), "status": status})
    s = changed(changed(s, "jira", status=Status.RESOLVED), "desk", subject="Other words")
    assert changes(s, "gitlab") == {"subject": ("Other words", "desk")}
    assert ("gitlab", "status (jira)", "writing it might mail a customer") in skips(s)


# -- promises

FIRST, DUE, NEXT = (AT + timedelta(hours=h) for h in (1, 5, 1))


def _promised(s: Situation, **differing: Any) -> Situation:
    usual = Promises(FIRST, DUE, NEXT, SlaState.ON_TRACK, ZoneInfo("Europe/Rome"))
    return replace(s, promises=replace(usual, **differing))


def test_the_hubs_promises_are_written_to_every_side() -> None:
    """Otherwise two tools show two SLA answers."""
    s = _promised(agreed("jira"), state=SlaState.AT_RISK)
    wanted = {
        "first_response_due": (FIRST, "hub"),
        "due": (DUE, "hub"),
        "sla": (SlaState.AT_RISK, "hub"),
    }
    assert changes(s, "desk") == changes(s, "jira") == wanted
    assert not decide(carried_out(s, decide(s)))


def test_a_side_with_one_due_time_shows_the_next() -> None:
    """Otherwise a developer sees the later of two promises."""
    fields = {name: QUIET for name in HELD if name != "first_response_due"}
    s = _promised(able(agreed("jira"), "jira", fields=fields))
    assert changes(s, "jira") == {"due": (NEXT, "hub")}


@pytest.mark.parametrize("missing", ["first_response", "due"])
def test_due_times_that_belong_together_are_written_both_or_not_at_all(missing: str) -> None:
    """Otherwise the server refuses the write, each time."""
    s = _promised(able(agreed(), "desk", dues_together=True), **{missing: None})
    assert changes(s, "desk") == {}


def test_due_times_that_belong_together_are_sent_together() -> None:
    """Otherwise moving one of two due times is refused."""
    s = able(agreed(), "desk", dues_together=True)
    s = changed(s, "desk", first_response_due=FIRST, due=DUE)
    later = _promised(s, due=DUE + timedelta(hours=1))
    assert changes(later, "desk") == {
        "first_response_due": (FIRST, "hub"),
        "due": (DUE + timedelta(hours=1), "hub"),
    }


def test_a_first_response_is_never_shown_as_due_after_the_next_promise() -> None:
    """Otherwise a ticket that was made urgent after its first answer is refused all it is to show."""
    s = _promised(able(agreed(), "desk", dues_together=True), first_response=DUE + timedelta(days=1))
    assert changes(s, "desk")["first_response_due"] == (DUE - timedelta(minutes=1), "hub")
    assert not decide(carried_out(s, decide(s)))


@pytest.mark.parametrize(("minutes", "written"), [(4, False), (-4, False), (5, True), (-6, True)])
def test_a_due_time_that_hardly_moved_is_left(minutes: int, written: bool) -> None:
    """Otherwise each look writes a minute's difference into the ticket's history."""
    s = changed(agreed(), "desk", first_response_due=FIRST, due=DUE + timedelta(minutes=minutes))
    assert ("due" in changes(_promised(s), "desk")) == written


def test_a_side_with_days_gets_the_day_in_the_customers_zone() -> None:
    """Otherwise a promise for tonight is shown as tomorrow's, or rewritten with every look."""
    day = FieldAbility(Mails.NEVER, {}, asynchronous=False, grain=Grain.DAY, audience=None)
    s = able(agreed("jira"), "jira", fields={"due": day})
    late = datetime.fromisoformat("2026-03-02T23:30:00+00:00")
    assert changes(_promised(s, next=late), "jira") == {"due": (date(2026, 3, 3), "hub")}
    shown = changed(s, "jira", due=date(2026, 3, 3))
    assert changes(_promised(shown, next=late), "jira") == {}


@pytest.mark.parametrize("asynchronous", [True, False])
def test_a_value_that_was_written_and_is_not_shown_yet_is_not_written_again(asynchronous: bool) -> None:
    """Otherwise each look repeats a write that is applied later, or that the server will never take."""
    slow = FieldAbility(Mails.NEVER, {}, asynchronous=asynchronous, grain=Grain.SECOND, audience=None)
    s = able(agreed(), "desk", fields={"due": slow})
    seen = Seen(s.sides["desk"].native, {"due": str(NEXT)})
    assert changes(_promised(replace(s, seen={"desk": seen})), "desk") == {}
    moved = _promised(replace(s, seen={"desk": seen}), next=NEXT + timedelta(hours=1))
    assert set(changes(moved, "desk")) == {"due"}
    other = changed(replace(s, seen={"desk": seen}), "desk", due=AT)
    assert set(changes(_promised(other), "desk")) == {"due"}


def test_a_state_that_a_side_cannot_tell_apart_is_not_rewritten() -> None:
    """Otherwise a tool with one word for two states is written to with every look."""
    lens = LENSES["sla"]
    words = {k: v for k, v in lens.writes.items() if k != "at_risk"}
    lossy = replace(lens, writes=words, folds={SlaState.AT_RISK: SlaState.BREACHED})
    s = able(
        agreed(),
        "desk",
        fields={"sla": replace(QUIET, audience=Audience.STAFF)},
        vocabularies={**LENSES, "sla": lossy},
    )
    s = changed(s, "desk", sla=SlaState.BREACHED)
    assert changes(_promised(s, state=SlaState.AT_RISK), "desk") == {}


def test_without_promises_nothing_is_shown() -> None:
    """Otherwise a resolved ticket's due times jump about."""
    assert decide(changed(agreed("jira"), "desk", due=DUE, sla=SlaState.BREACHED)).writes == ()


# -- every operation


def test_every_write_says_who_reads_it_and_whether_it_mails() -> None:
    """Otherwise a plan cannot be judged before it is applied."""
    s = said(opened(JIRA_PLACE, GITLAB_PLACE), "desk", text("7", files=(file("f1"),)))
    s = _promised(replace(s, own_tags={"jira": frozenset({"ours"})}))
    lines = [str(o.reach) for o in decide(s).writes]
    assert set(lines) == {"read by staff, no mail", "read by customer lantern, no mail"}


def test_links_are_shown_once() -> None:
    """Otherwise each look adds a note about the other side."""
    s = agreed("jira")
    assert decide(s).writes == ()
    bare = replace(s, mirrors=Mirrors(m for m in s.mirrors if m.origin.id == MESSAGE_0))
    assert {(o.target, o.other) for o in of(AddLink, decide(bare))} == {("desk", "jira"), ("jira", "desk")}


def test_a_rule_for_creation_moves_nothing_later() -> None:
    """Otherwise an agent's priority overrules the developers' own planning every time."""
    assert not of(SetFields, decide(changed(agreed("jira"), "desk", priority=Priority.URGENT)))
    always = FieldRule("priority", Role.FRONT, Role.WORK, When.ALWAYS)
    s = ruled(agreed("jira"), fields=(always,))
    assert changes(changed(s, "desk", priority=Priority.URGENT), "jira") == {
        "priority": (Priority.URGENT, "desk")
    }


def test_a_change_names_its_source() -> None:
    """Otherwise nobody can say why a field has its value."""
    s = changed(agreed("jira"), "desk", subject="Other words")
    (write,) = of(SetFields, decide(s))
    assert write.changes == (Change("subject", "Other words", "desk"),)


def test_the_records_of_a_ticket_in_a_customers_place_stay_a_place() -> None:
    """Otherwise a place that is named twice is read by whom its first mention says, unnoticed."""
    s = agreed("jira")
    assert s.rules.readers("jira", "SUP") == STAFF
    assert s.rules.readers("jira", "ELSEWHERE") == UNDECLARED
    assert Place("jira", "SUP", STAFF) in s.rules.places


# -- suggestions, remapping, reopening


def test_a_changed_priority_is_suggested_to_developers_once() -> None:
    """Otherwise developers never learn that a matter became urgent, or read of it with every look."""
    s = changed(agreed("jira"), "desk", priority=Priority.URGENT)
    plan = decide(s)
    (notice,) = of(AddNotice, plan)
    assert (notice.target, notice.source, str(notice.news)) == ("jira", "desk", "priority urgent")
    assert not of(SetFields, plan)
    told = Mirror(Kind.COMMENT, at("desk", notice.occasion), at("jira", "77"), "", "")
    assert not decide(copied(s, told))


def test_a_priority_that_agrees_already_is_not_suggested() -> None:
    """Otherwise developers are told what their own issue says."""
    s = changed(changed(agreed("jira"), "desk", priority=Priority.URGENT), "jira", priority=Priority.URGENT)
    assert not of(AddNotice, decide(s))


def test_remapping_follows_the_trusted_side_where_nobody_touched_the_other() -> None:
    """Otherwise new rules never reach old tickets, or overwrite what people decided since."""
    s = changed(agreed("jira"), "desk", priority=Priority.URGENT)
    s = replace(s, seen={n: Seen(side.native) for n, side in s.sides.items()})
    issue = s.sides["jira"].ref
    priority: Field = "priority"
    wrote = {(issue, priority): str(s.sides["jira"].ticket.priority)}
    again = replace(s, remap=frozenset({"priority"}), wrote=wrote)
    assert not changes(s, "jira")
    assert changes(again, "jira") == {"priority": (Priority.URGENT, "desk")}
    theirs = changed(again, "jira", priority=Priority.LOW)
    assert not changes(theirs, "jira")
    # What people changed stays theirs, also when that was seen long ago.
    seen = {n: Seen(side.native) for n, side in theirs.sides.items()}
    for left, why in ((wrote, "somebody changed what the hub wrote there"), ({}, "the hub never wrote")):
        old = replace(theirs, seen=seen, wrote=left)
        assert not changes(old, "jira")
        assert any(why in skip.reason for skip in of(Skip, decide(old)))


@pytest.mark.parametrize("wanted", [True, False])
def test_work_that_is_done_is_opened_by_its_customer_only_where_rules_say_so(wanted: bool) -> None:
    """Otherwise a customer's thanks opens every issue again, or a complaint never does."""
    s = changed(agreed("jira"), "jira", status=Status.RESOLVED)
    s = replace(s, seen={n: Seen(side.native) for n, side in s.sides.items()})
    s = ruled(
        said(s, "desk", text("9", "Again!", by=PersonRole.CUSTOMER, audience=Audience.CUSTOMER)),
        reopen_work=wanted,
    )
    assert changes(s, "jira") == ({"status": (Status.OPEN, "desk")} if wanted else {})
    answered = said(s, "desk", text("10", "We know", audience=Audience.CUSTOMER, minutes=1))
    assert ("status" in changes(answered, "jira")) is wanted


def test_what_was_written_within_the_second_of_a_link_is_not_older_than_it() -> None:
    """Otherwise what somebody writes just after a link stays behind for good: Freshdesk tells no parts."""
    linked_at = AT.replace(second=5, microsecond=300_000)
    s = agreed("jira", adopted={"jira": linked_at})
    whole = linked_at.replace(microsecond=0)
    for written, older in (
        (whole, False),
        (whole - timedelta(seconds=1), True),
        (linked_at - timedelta(milliseconds=1), True),
        (linked_at + timedelta(milliseconds=1), False),
    ):
        assert s.older("desk", "jira", written) is older, written
