"""What holds for every decision, whatever the ticket: laws on generated situations."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.capabilities import QUIET, FilePlace, Mails
from mappings.boards import STAFF, UNDECLARED, Place, Readers
from mappings.ticket import (
    MESSAGE_0,
    Audience,
    Comment,
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
    AddNotice,
    CreateTicket,
    EditComment,
    SendReceipt,
    SetFields,
    Skip,
)
from sync.rules import Publish, Receipt, Role
from sync.seen import Mirrors, Seen
from sync.situation import Promises, Situation
from tests.sync.situations import (
    AT,
    GITLAB_PLACE,
    HELD,
    JIRA_PLACE,
    OBLIGING,
    RULES,
    able,
    asked,
    at,
    capabilities,
    carried_out,
    copied,
    copy,
    described,
    file,
    linked,
    of,
    read_by,
    said,
    side,
    text,
)

LAW = settings(max_examples=30, deadline=None)
WORKS = ("jira", "gitlab")
READERS = (STAFF, STAFF, Readers("lantern"), Readers("orbit"), UNDECLARED)

PUBLISH = Publish(sign="!public", sender="Support", connections=frozenset(WORKS))
RECEIPT = Receipt(
    connections=frozenset({"desk"}), since=AT, text="Please quote {numbers}.", sender="Support", most=1
)

words = st.sampled_from(["a", "b", "c"])
tags = st.frozensets(st.sampled_from(["dev", "pump", "Pump", "valve", "customer-lantern"]), max_size=3)
values = st.fixed_dictionaries(
    {},
    optional={
        "subject": words,
        "component": st.none() | words,
        "status": st.sampled_from([*Status, Unmapped("?")]),
        "priority": st.sampled_from([*Priority, Unmapped("?")]),
        "tags": tags,
        "sla": st.sampled_from(SlaState),
    },
)


@st.composite
def comments(draw: st.DrawFn) -> Comment:
    """Return a text by anybody, for anybody."""
    number = draw(st.integers(1, 12))
    sizes = draw(st.lists(st.sampled_from([1, 2000]), max_size=2))
    return text(
        str(number),
        draw(words | st.sampled_from(["!public a", "!publc a", "a !public"])),
        by=draw(st.sampled_from(PersonRole)),
        audience=draw(st.sampled_from(Audience)),
        kind=draw(st.sampled_from([None, CommentKind.AUTOMATIC, CommentKind.FORWARD])),
        minutes=draw(st.integers(0, 3)),
        files=tuple(file(f"f{number}-{i}", size=size) for i, size in enumerate(sizes)),
    )


promises = st.builds(
    Promises,
    st.none() | st.just(AT + timedelta(hours=1)),
    st.none() | st.just(AT + timedelta(hours=5)),
    st.none() | st.just(AT + timedelta(hours=1)),
    st.sampled_from(SlaState),
    st.just(ZoneInfo("Europe/Rome")),
)


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    """Return a ticket on one to three sides, with any past and any present."""
    present = ["desk", *draw(st.lists(st.sampled_from(WORKS), unique=True))]
    absent = [place for place in (JIRA_PLACE, GITLAB_PLACE) if place.connection not in present]
    wanted = [place for place in absent if draw(st.booleans())]
    question = asked(draw(words), files=(file("q1"),) if draw(st.booleans()) else ())
    first = {name: described() if name != "desk" else question for name in present}
    sides = {name: side(name, first[name], **draw(values)) for name in present}
    past = {name: side(name, first[name], **draw(values)) for name in present}
    s = Situation(
        sides=sides,
        capabilities={name: capabilities() for name in RULES.roles},
        coming=dict.fromkeys(RULES.roles, OBLIGING),
        seen={name: Seen(past[name].native, serial=draw(st.integers(0, 2))) for name in present},
        mirrors=Mirrors(linked(*present)),
        wanting=tuple(wanted),
        own_tags=draw(st.sampled_from([{}, {"jira": frozenset({"customer-lantern"})}])),
        customer="lantern",
        promises=draw(st.none() | promises),
        rules=replace(
            RULES,
            may_mail=draw(st.frozensets(st.sampled_from(WORKS))),
            publish=draw(st.none() | st.just(PUBLISH)),
        ),
    )
    for name in RULES.roles:
        s = able(s, name, **_abilities(draw))
    for name in present:
        s = said(s, name, *draw(st.lists(comments(), max_size=3)))
    for name in present[1:]:
        s = read_by(s, name, draw(st.sampled_from(READERS)))
        s = copied(s, copy(at("desk", MESSAGE_0), at(name, MESSAGE_0), question, first[name]))
    coming = tuple(replace(place, readers=draw(st.sampled_from(READERS))) for place in wanted)
    declared = (*(p for p in s.rules.places if p.connection in present), *coming)
    return replace(s, wanting=coming, rules=replace(s.rules, places=declared))


def _abilities(draw: st.DrawFn) -> dict[str, Any]:
    shown = st.sampled_from([None, None, Audience.STAFF, Audience.CUSTOMER])
    return {
        "fields": {name: replace(QUIET, audience=draw(shown)) for name in HELD},
        "internal_comments": draw(st.booleans()),
        "edits_comments": draw(st.booleans()),
        "files": draw(st.sampled_from(FilePlace)),
        "create_mails": draw(st.sampled_from([Mails.NEVER, Mails.NEVER, Mails.IF_CONFIGURED, Mails.ALWAYS])),
        "internal_comment_mails": draw(st.sampled_from([Mails.NEVER, Mails.NEVER, Mails.IF_CONFIGURED])),
    }


@LAW
@given(situations())
def test_a_carried_out_plan_leaves_nothing_to_do(s: Situation) -> None:
    """Otherwise the sides never come to rest."""
    after = carried_out(s, decide(s))
    assert decide(after).writes == ()


@LAW
@given(situations())
def test_no_field_widens_its_readers(s: Situation) -> None:
    """Otherwise what staff alone read on one side is opened by a customer on another."""
    for write in decide(s).writes:
        fields: list[tuple[Field, str]] = []
        if isinstance(write, SetFields):
            told = [c for c in write.changes if c.value is not None]  # that a field was emptied tells nothing
            fields = [(c.field, c.source) for c in told if c.source != "hub" and c.field != "status"]
        elif isinstance(write, CreateTicket):
            hubs = ("tags", "sla", "first_response_due", "due")
            fields = [(name, write.source) for name, _ in write.values if name not in hubs]
        for name, source in fields:
            there, here = s.abilities(write.target).fields[name], s.abilities(source).fields[name]
            customers = (there.audience or s.readers(write.target).audience) is Audience.CUSTOMER
            assert not customers or (here.audience or s.readers(source).audience) is Audience.CUSTOMER


@LAW
@given(situations())
def test_what_nobody_touched_causes_nothing(s: Situation) -> None:
    """Otherwise the hub's own writes, or mere looking, cause writes."""
    settled = carried_out(s, decide(s))
    again = carried_out(settled, decide(settled))
    assert again.sides == settled.sides
    assert decide(again) == decide(settled)


@LAW
@given(situations(), st.randoms(use_true_random=False))
def test_the_order_of_mappings_is_irrelevant(s: Situation, chance: Random) -> None:
    """Otherwise a plan depends on the order in which servers answered."""

    def shuffled(mapping: Any) -> Any:
        items = list(mapping.items())
        chance.shuffle(items)
        return dict(items)

    other = replace(
        s,
        sides=shuffled(s.sides),
        capabilities=shuffled(s.capabilities),
        seen=shuffled(s.seen),
        own_tags=shuffled(s.own_tags),
        rules=replace(s.rules, roles=shuffled(s.rules.roles)),
    )
    assert decide(other) == decide(s)


@LAW
@given(situations())
def test_nobody_reads_what_is_not_for_them(s: Situation) -> None:
    """Otherwise a customer reads a note for staff, or another customer's ticket."""
    for write in decide(s).writes:
        readers = s.readers(write.target)
        if s.role(write.target) is Role.WORK:
            assert readers.customer in (None, "lantern")
        match write:
            case AddComment(audience=Audience.CUSTOMER):
                assert _published(s, write)
            case AddComment(audience=audience) | EditComment(audience=audience):
                assert audience is Audience.STAFF
                assert readers == STAFF or s.abilities(write.target).internal_comments
                assert write.message.audience is not Audience.RESTRICTED
            case AddNotice():
                assert readers == STAFF or s.abilities(write.target).internal_comments
            case AddFile(message=message) | CreateTicket(message=message):
                assert readers == STAFF or message.audience is Audience.CUSTOMER
                assert message.audience is not Audience.RESTRICTED
                assert write.reach.readers == readers
            case _:
                pass


@LAW
@given(situations())
def test_only_what_is_allowed_may_mail(s: Situation) -> None:
    """Otherwise a program mails customers."""
    for write in decide(replace(s, rules=replace(s.rules, receipt=RECEIPT))).writes:
        public = isinstance(write, AddComment) and _published(s, write)
        public = public or (isinstance(write, SendReceipt) and write.target in RECEIPT.connections)
        assert public or s.may(write.reach.mails, write.target)


def _published(s: Situation, write: AddComment) -> bool:
    """Whether a person of the staff published a text, where a rule lets them."""
    way = (s.role(write.source), s.role(write.target)) == (Role.WORK, Role.FRONT)
    said = write.message.body.text.startswith("!public ")
    replied = (write.message.kind, write.message.audience) == (CommentKind.REPLY, Audience.CUSTOMER)
    staff = (
        write.message.author.role is PersonRole.STAFF and write.message.audience is not Audience.RESTRICTED
    )
    return s.rules.publish is not None and way and staff and (said or replied)


@LAW
@given(situations())
def test_a_field_is_written_once_and_as_a_word_that_means_something(s: Situation) -> None:
    """Otherwise which of two values stands in the end is chance, or a guess is written."""
    targets = [write.target for write in of(SetFields, decide(s))]
    assert len(targets) == len(set(targets))
    for write in of(SetFields, decide(s)):
        names = [change.field for change in write.changes]
        assert len(names) == len(set(names))
        assert not any(isinstance(change.value, Unmapped) for change in write.changes)
        assert "tags" not in names


@LAW
@given(situations())
def test_every_text_of_a_person_is_copied_or_remarked(s: Situation) -> None:
    """Otherwise something that a person wrote is on one side only, and nothing tells."""
    plan = decide(s)
    told = {(remark.target, remark.what) for remark in of(Skip, plan)}
    closed = {target for target, what in told if what == "the ticket"}
    going = {(o.target, o.source, o.message.id) for o in of(AddComment, plan)}
    for source, snapshot in s.sides.items():
        for message in snapshot.ticket.messages[1:]:
            person = message.author.role not in (PersonRole.HUB, PersonRole.MACHINE)
            if person and message.kind is not CommentKind.AUTOMATIC:
                for target in {*s.sides, *(o.target for o in of(CreateTicket, plan))} - {source} - closed:
                    what = f"{message.kind} {message.id} ({source})"
                    assert ((target, source, message.id) in going) != ((target, what) in told)


@LAW
@given(situations())
def test_a_plan_keeps_the_order_of_what_it_makes(s: Situation) -> None:
    """Otherwise a comment arrives before its ticket or its files, or after the status that it explains."""
    plan = decide(s)
    rank = {
        "CreateTicket": 0,
        "AddLink": 1,
        "AddFile": 2,
        "AddComment": 2,
        "EditComment": 2,
        "Withdraw": 2,
        "Tell": 3,
        "AddNotice": 3,
    }
    ranks = [rank.get(type(write).__name__, 4) for write in plan.writes]
    assert ranks == sorted(ranks)
    for target in s.capabilities:
        made = [(o.message.created, o.source) for o in of(AddComment, plan) if o.target == target]
        assert made == sorted(made)


def test_the_places_of_this_file_are_what_they_seem() -> None:
    """Otherwise the laws above are tried on tickets that are never created."""
    assert isinstance(JIRA_PLACE, Place)
    assert set(HELD) >= {"subject", "tags", "status"}
    empty = able(replace(_plain(), wanting=(JIRA_PLACE,)), "jira")
    assert of(CreateTicket, decide(empty))


def _plain() -> Situation:
    return Situation(
        sides={"desk": side("desk", asked())},
        capabilities=dict.fromkeys(RULES.roles, capabilities()),
        seen={},
        mirrors=Mirrors(),
        wanting=(),
        coming=dict.fromkeys(RULES.roles, OBLIGING),
        own_tags={},
        customer="lantern",
        promises=None,
        rules=RULES,
    )
