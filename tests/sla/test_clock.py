"""What the clocks say of a conversation, worked out by hand: nine to one and two to six, in Rome."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from connectors.capabilities import Grain
from mappings.ticket import (
    MESSAGE_0,
    Audience,
    Comment,
    CommentKind,
    Person,
    PersonRole,
    Priority,
    Raw,
    SlaState,
    Status,
    TextFormat,
    Ticket,
    TicketType,
    Unmapped,
)
from sync.situation import Promises
from sync.sla.calendar import Calendar, Elapsed, Frame
from sync.sla.clock import Clock, clocks
from sync.sla.cycle import ClockState
from sync.sla.facts import Facts, StatusFact, facts
from sync.sla.policy import ClockName, Policy, Target
from sync.sla.promise import promises

ROME = ZoneInfo("Europe/Rome")
HOURS = (Frame(time(9), time(13)), Frame(time(14), time(18)))
DESK = Calendar("desk", ROME, (HOURS,) * 5 + ((), ()), frozenset({date(2025, 4, 21), date(2025, 4, 25)}))


def hours(count: float) -> Target:
    """A target in the desk's working time."""
    return Target(timedelta(hours=count), DESK)


POLICY = Policy(
    name="three levels",
    types=frozenset({TicketType.INCIDENT, TicketType.BUG}),
    assume_type=TicketType.INCIDENT,
    assume_priority=Priority.MEDIUM,
    targets={
        Priority.URGENT: {ClockName.FIRST_RESPONSE: hours(1), ClockName.UPDATE: hours(4)},
        Priority.HIGH: {ClockName.FIRST_RESPONSE: hours(2), ClockName.UPDATE: hours(8)},
        Priority.MEDIUM: {ClockName.FIRST_RESPONSE: Target(timedelta(hours=48), Elapsed())},
    },
)
CREATED = "2025-03-03 12:30"  # a Monday
CUSTOMER, STAFF, HUB, MACHINE, UNKNOWN = (
    Person("desk", role.value, role.value, role)
    for role in (
        PersonRole.CUSTOMER,
        PersonRole.STAFF,
        PersonRole.HUB,
        PersonRole.MACHINE,
        PersonRole.UNKNOWN,
    )
)
Text = tuple[str, Person, Audience, CommentKind]
State = tuple[str, Status]


def rome(text: str) -> datetime:
    """An instant from a wall clock in Rome."""
    return datetime.fromisoformat(text).replace(tzinfo=ROME).astimezone(UTC)


def wall(instant: datetime | None) -> str | None:
    """What a wall clock in Rome shows at an instant."""
    return f"{instant.astimezone(ROME):%Y-%m-%d %H:%M}" if instant else None


def answer(at: str) -> Text:
    """Staff writes to the customer."""
    return at, STAFF, Audience.CUSTOMER, CommentKind.REPLY


def asks(at: str) -> Text:
    """The customer writes."""
    return at, CUSTOMER, Audience.CUSTOMER, CommentKind.MESSAGE


def story(
    *texts: Text,
    statuses: tuple[State, ...] = (),
    created: str = CREATED,
    priority: Priority | Unmapped | None = Priority.URGENT,
    type: TicketType | Unmapped | None = TicketType.INCIDENT,
    opened_by: Person = CUSTOMER,
) -> Facts:
    """The facts of a ticket with these texts after the first one, and these statuses after open."""
    first = (created, opened_by, Audience.CUSTOMER, CommentKind.DESCRIPTION)
    messages = tuple(
        Comment(
            id=MESSAGE_0 if number == 0 else str(number),
            author=author,
            created=rome(at),
            body=Raw(TextFormat.HTML, "words"),
            audience=audience,
            kind=kind,
        )
        for number, (at, author, audience, kind) in enumerate((first, *texts))
    )
    ticket = Ticket(
        subject="Printer",
        created=rome(created),
        updated=rome(created),
        priority=priority,
        type=type,
        messages=messages,
    )
    found = [StatusFact(status, rome(at), rome(at)) for at, status in ((created, Status.OPEN), *statuses)]
    return facts(ticket, reversed(found))


def clock(told: Facts, name: ClockName) -> Clock:
    """One clock of a story."""
    return next(c for c in clocks(told, POLICY) if c.name is name)


def first_response(told: Facts) -> Clock:
    """The clock of the first answer."""
    return clock(told, ClockName.FIRST_RESPONSE)


def update(told: Facts) -> Clock:
    """The clock of the next word to the customer."""
    return clock(told, ClockName.UPDATE)


@pytest.mark.parametrize(
    ("created", "priority", "at_risk", "due"),
    [
        pytest.param("2025-03-03 12:30", Priority.URGENT, "2025-03-03 14:18", "2025-03-03 14:30", id="lunch"),
        pytest.param("2025-03-03 10:00", Priority.URGENT, "2025-03-03 10:48", "2025-03-03 11:00", id="plain"),
        pytest.param(
            "2025-03-03 12:00", Priority.URGENT, "2025-03-03 12:48", "2025-03-03 13:00", id="to noon"
        ),
        pytest.param("2025-03-03 22:00", Priority.URGENT, "2025-03-04 09:48", "2025-03-04 10:00", id="night"),
        pytest.param("2025-03-07 17:30", Priority.HIGH, "2025-03-10 10:06", "2025-03-10 10:30", id="weekend"),
        pytest.param(
            "2025-04-18 17:30", Priority.URGENT, "2025-04-22 09:18", "2025-04-22 09:30", id="Easter"
        ),
        pytest.param(
            "2025-04-24 17:45", Priority.URGENT, "2025-04-28 09:33", "2025-04-28 09:45", id="bridge"
        ),
        pytest.param(
            "2025-03-28 17:30", Priority.URGENT, "2025-03-31 09:18", "2025-03-31 09:30", id="summer time"
        ),
        pytest.param(
            "2025-10-24 17:30", Priority.URGENT, "2025-10-27 09:18", "2025-10-27 09:30", id="winter time"
        ),
        pytest.param(
            "2025-03-03 12:30", Priority.MEDIUM, "2025-03-05 02:54", "2025-03-05 12:30", id="elapsed"
        ),
        pytest.param(
            "2025-03-28 12:30", Priority.MEDIUM, "2025-03-30 03:54", "2025-03-30 13:30", id="elapsed over it"
        ),
        pytest.param("2025-03-03 12:30", None, "2025-03-05 02:54", "2025-03-05 12:30", id="no priority"),
    ],
)
def test_when_the_first_answer_is_due(
    created: str, priority: Priority | None, at_risk: str, due: str
) -> None:
    """The promise that every contract begins with; a wrong hour here is a penalty, or a breach unseen."""
    found = first_response(story(created=created, priority=priority))
    assert (found.state, wall(found.started)) == (ClockState.RUNNING, created)
    assert (wall(found.at_risk), wall(found.due)) == (at_risk, due)


@pytest.mark.parametrize(
    ("at", "state"),
    [
        ("2025-03-03 12:31", ClockState.MET),
        ("2025-03-03 13:30", ClockState.MET),
        ("2025-03-03 14:30", ClockState.MET),
        ("2025-03-03 14:31", ClockState.MISSED),
    ],
)
def test_the_first_answer_settles_the_promise(at: str, state: ClockState) -> None:
    """Kept until and with the minute that was promised, missed after it; later answers change nothing."""
    late = answer("2025-03-05 10:00")
    assert first_response(story(late, answer(at))).state is state
    assert wall(first_response(story(answer(at))).due) == "2025-03-03 14:30"


SILENT = {
    "a private note": ("2025-03-03 12:40", STAFF, Audience.STAFF, CommentKind.NOTE),
    "a note for few": ("2025-03-03 12:40", STAFF, Audience.RESTRICTED, CommentKind.NOTE),
    "a forward": ("2025-03-03 12:40", STAFF, Audience.STAFF, CommentKind.FORWARD),
    "the hub's note": ("2025-03-03 12:40", HUB, Audience.STAFF, CommentKind.NOTE),
    "the hub's public words": ("2025-03-03 12:40", HUB, Audience.CUSTOMER, CommentKind.REPLY),
    "an automatic answer": ("2025-03-03 12:40", STAFF, Audience.CUSTOMER, CommentKind.AUTOMATIC),
    "a machine": ("2025-03-03 12:40", MACHINE, Audience.CUSTOMER, CommentKind.REPLY),
    "somebody unknown": ("2025-03-03 12:40", UNKNOWN, Audience.CUSTOMER, CommentKind.REPLY),
    "the customer": asks("2025-03-03 12:40"),
}


@pytest.mark.parametrize("what", SILENT)
def test_what_is_no_answer(what: str) -> None:
    """A receipt or a colleague's remark would stop the clock, and nobody would see that nobody answered."""
    assert first_response(story(SILENT[what])) == first_response(story())
    answered = story(answer("2025-03-03 12:35"), SILENT[what])
    assert update(answered) == update(story(answer("2025-03-03 12:35")))


def test_a_ticket_that_staff_opens_is_not_answered_by_it() -> None:
    """An agent who notes down a call has not answered it: its first text is what was asked."""
    assert first_response(story(opened_by=STAFF)).state is ClockState.RUNNING


def test_waiting_on_the_customer_does_not_stop_the_first_promise() -> None:
    """A ticket set to pending at once would otherwise never need an answer."""
    told = story(statuses=(("2025-03-03 12:31", Status.WAITING_ON_CUSTOMER),))
    assert first_response(told) == first_response(story())


ANSWERED = answer("2025-03-03 12:45")


@pytest.mark.parametrize(
    ("texts", "started", "at_risk", "due"),
    [
        pytest.param(
            [ANSWERED], "2025-03-03 12:45", "2025-03-03 16:57", "2025-03-03 17:45", id="from the first answer"
        ),
        pytest.param(
            [ANSWERED, answer("2025-03-03 16:00")],
            "2025-03-03 16:00",
            "2025-03-04 10:12",
            "2025-03-04 11:00",
            id="anew with each answer",
        ),
        pytest.param(
            [answer("2025-03-03 16:00"), ANSWERED],
            "2025-03-03 16:00",
            "2025-03-04 10:12",
            "2025-03-04 11:00",
            id="whatever order they were told in",
        ),
        pytest.param(
            [ANSWERED, asks("2025-03-03 15:00")],
            "2025-03-03 12:45",
            "2025-03-03 16:57",
            "2025-03-03 17:45",
            id="the customer's words change nothing",
        ),
        pytest.param(
            [answer("2025-03-07 16:00")],
            "2025-03-07 16:00",
            "2025-03-10 10:12",
            "2025-03-10 11:00",
            id="over a weekend",
        ),
        pytest.param(
            [answer("2025-03-09 20:00")],
            "2025-03-09 20:00",
            "2025-03-10 12:12",
            "2025-03-10 13:00",
            id="from a Sunday",
        ),
        pytest.param(
            [answer("2025-04-24 16:00")],
            "2025-04-24 16:00",
            "2025-04-28 10:12",
            "2025-04-28 11:00",
            id="over a holiday and a weekend",
        ),
    ],
)
def test_when_the_next_word_is_due(texts: list[Text], started: str, at_risk: str, due: str) -> None:
    """Customers of urgent matters were promised a word every four hours, and count them."""
    found = update(story(*texts))
    assert found.state is ClockState.RUNNING
    assert (wall(found.started), wall(found.at_risk), wall(found.due)) == (started, at_risk, due)


def test_the_cadence_waits_for_the_first_answer() -> None:
    """Two promises for the same silence would count one breach twice."""
    assert update(story()) == Clock(ClockName.UPDATE, ClockState.WAITING)


def test_the_cadence_pauses_while_the_customer_is_waited_for() -> None:
    """The customer's own delay must not become the desk's breach."""
    told = story(ANSWERED, statuses=(("2025-03-03 14:00", Status.WAITING_ON_CUSTOMER),))
    found = update(told)
    assert (found.state, found.started, found.due) == (ClockState.PAUSED, None, None)
    assert found.sla(rome("2025-12-01 10:00")) is SlaState.ON_TRACK
    assert found.changes(rome("2025-03-03 14:00")) is None


@pytest.mark.parametrize(
    "halt", [Status.WAITING_ON_CUSTOMER, Status.RESOLVED, Status.CLOSED], ids=lambda status: status.value
)
@pytest.mark.parametrize("then", [Status.OPEN, Status.IN_PROGRESS, Status.WAITING_ON_DEV])
def test_going_on_starts_a_full_interval(halt: Status, then: Status) -> None:
    """What is left of the old interval may be minutes: the desk could not but miss it."""
    told = story(ANSWERED, statuses=(("2025-03-03 16:40", halt), ("2025-03-05 10:00", then)))
    found = update(told)
    assert found.state is ClockState.RUNNING
    assert (wall(found.started), wall(found.due)) == ("2025-03-05 10:00", "2025-03-05 15:00")


def test_an_answer_after_going_on_starts_anew() -> None:
    """The later of the two counts: what was said last."""
    statuses = (("2025-03-03 14:00", Status.WAITING_ON_CUSTOMER), ("2025-03-04 09:00", Status.OPEN))
    found = update(story(ANSWERED, answer("2025-03-04 10:00"), statuses=statuses))
    assert wall(found.started) == "2025-03-04 10:00"


def test_waiting_on_others_does_not_pause() -> None:
    """The customer was promised a word, whoever inside or outside the desk is at work."""
    for status in (Status.IN_PROGRESS, Status.WAITING_ON_DEV, Status.WAITING_ON_VENDOR):
        assert update(story(ANSWERED, statuses=(("2025-03-03 14:00", status),))) == update(story(ANSWERED))


@pytest.mark.parametrize("done", [Status.RESOLVED, Status.CLOSED])
def test_resolved_ends_both(done: Status) -> None:
    """A clock that runs on after the end reports breaches of matters that are settled."""
    statuses = (("2025-03-03 13:00", done),)
    assert first_response(story(statuses=statuses)).state is ClockState.ENDED
    assert update(story(statuses=statuses)).state is ClockState.ENDED
    assert first_response(story(ANSWERED, statuses=statuses)).state is ClockState.MET
    assert update(story(ANSWERED, statuses=statuses)).state is ClockState.ENDED


@pytest.mark.parametrize(
    ("at", "state", "changes"),
    [
        ("2025-03-03 12:30", SlaState.ON_TRACK, "2025-03-03 14:18"),
        ("2025-03-03 14:17", SlaState.ON_TRACK, "2025-03-03 14:18"),
        ("2025-03-03 14:18", SlaState.AT_RISK, "2025-03-03 14:30"),
        ("2025-03-03 14:29", SlaState.AT_RISK, "2025-03-03 14:30"),
        ("2025-03-03 14:30", SlaState.BREACHED, None),
        ("2025-04-01 09:00", SlaState.BREACHED, None),
    ],
)
def test_a_clock_says_when_it_will_say_something_else(at: str, state: SlaState, changes: str | None) -> None:
    """The hub sleeps until that instant: one too late and the warning comes after the breach."""
    found = first_response(story())
    assert found.sla(rome(at)) is state
    assert wall(found.changes(rome(at))) == changes


def test_the_answer_changes_nowhere_else() -> None:
    """Between the instants that a clock names it must not change its mind: nobody would look."""
    told = story(ANSWERED)
    for found in clocks(told, POLICY):
        at, end = rome("2025-03-03 12:30"), rome("2025-03-04 12:30")
        while at < end:
            following = found.changes(at) or end
            last = following - timedelta(seconds=1)
            assert found.sla(at) is found.sla(max(at, last))
            assert following == end or found.sla(following) is not found.sla(last)
            at = following


@pytest.mark.parametrize("type", [TicketType.QUESTION, TicketType.REQUEST, TicketType.TASK])
def test_other_types_have_no_clocks(type: TicketType) -> None:
    """A promise that nobody made would be escalated to people at night."""
    told = story(type=type)
    assert clocks(told, POLICY) == ()
    assert promises(told, POLICY, (), ROME, rome(CREATED)) is None


@pytest.mark.parametrize("type", [None, Unmapped("Sonstiges"), TicketType.BUG])
def test_an_untyped_ticket_is_taken_for_the_assumed_type(type: TicketType | Unmapped | None) -> None:
    """An untyped ticket would fall out of every promise without a word."""
    assert clocks(story(type=type), POLICY) == clocks(story(), POLICY)


def test_a_policy_for_all_types_takes_all() -> None:
    """An empty list means every type, not none."""
    everything = replace(POLICY, types=frozenset(), assume_type=None)
    assert len(clocks(story(type=None), everything)) == 2


@pytest.mark.parametrize("priority", [None, Unmapped("7"), Priority.MEDIUM])
def test_a_ticket_without_a_priority_has_the_assumed_one(priority: Priority | Unmapped | None) -> None:
    """As with types: what is not said must not mean that nothing is promised."""
    found = clocks(story(priority=priority), POLICY)
    assert [(c.name, wall(c.due)) for c in found] == [(ClockName.FIRST_RESPONSE, "2025-03-05 12:30")]


def test_a_priority_without_targets_has_no_clocks() -> None:
    """Low tickets were promised nothing here."""
    assert clocks(story(priority=Priority.LOW), POLICY) == ()


def promised(told: Facts, at: str = CREATED, policy: Policy = POLICY) -> Promises | None:
    """What the tools are to show of a story."""
    return promises(told, policy, clocks(told, policy), ROME, rome(at))


def test_before_the_first_answer_both_times_are_promised() -> None:
    """Freshdesk takes both times or none: the second is what it would be if the first were just kept."""
    found = promised(story())
    assert found is not None
    assert (wall(found.first_response), wall(found.due), wall(found.next)) == (
        "2025-03-03 14:30",
        "2025-03-04 09:30",
        "2025-03-03 14:30",
    )
    assert found.state is SlaState.ON_TRACK


def test_after_the_first_answer_the_next_word_is_promised() -> None:
    """What was kept is no longer what is waited for, though the tool may still show when it was due."""
    found = promised(story(ANSWERED), "2025-03-03 17:00")
    assert found is not None
    assert (wall(found.first_response), wall(found.due), wall(found.next)) == (
        "2025-03-03 14:30",
        "2025-03-03 17:45",
        "2025-03-03 17:45",
    )
    assert found.state is SlaState.AT_RISK


def test_nothing_is_promised_when_it_is_resolved() -> None:
    """A due date on a closed ticket is a reminder about nothing."""
    for texts in ((), (ANSWERED,)):
        found = promised(story(*texts, statuses=(("2025-03-03 13:00", Status.RESOLVED),)))
        assert found is not None
        assert (found.first_response, found.due, found.next) == (None, None, None)
        assert found.state is SlaState.ON_TRACK


def test_while_the_customer_is_waited_for_no_later_time_is_promised() -> None:
    """A due time that passes while the customer is asked would alarm people for nothing."""
    told = story(ANSWERED, statuses=(("2025-03-03 14:00", Status.WAITING_ON_CUSTOMER),))
    found = promised(told, "2025-06-01 12:00")
    assert found is not None
    assert (found.due, found.next, found.state) == (None, None, SlaState.ON_TRACK)


def test_the_worst_running_clock_is_shown() -> None:
    """A label that says at risk while another promise is broken already hides the breach."""
    found = promised(story(), "2025-03-03 14:30")
    assert found is not None
    assert found.state is SlaState.BREACHED
    missed = promised(story(answer("2025-03-03 15:00")), "2025-03-03 15:00")
    assert missed is not None
    assert missed.state is SlaState.ON_TRACK, "what was missed is past; the next word is not"


def test_without_a_cadence_only_the_first_answer_is_promised() -> None:
    """A policy need not promise more."""
    found = promised(story(priority=Priority.MEDIUM))
    assert found is not None
    assert (wall(found.first_response), found.due, wall(found.next)) == (
        "2025-03-05 12:30",
        None,
        "2025-03-05 12:30",
    )


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("Europe/Rome", date(2025, 3, 4)),
        ("America/New_York", date(2025, 3, 3)),
        ("Pacific/Auckland", date(2025, 3, 4)),
        ("UTC", date(2025, 3, 3)),
    ],
)
def test_a_day_is_never_later_than_the_instant(zone: str, shown: date) -> None:
    """A tool that keeps days would show the customer a due date on which the time has already passed."""
    instant = rome("2025-03-04 00:30")
    found = Promises(instant, instant, instant, SlaState.ON_TRACK, ZoneInfo(zone))
    assert found.shown(instant, Grain.DAY) == shown
    assert datetime.combine(shown, time(0), ZoneInfo(zone)) <= instant


def test_a_tool_that_keeps_minutes_is_told_the_instant() -> None:
    """Nothing is rounded where nothing must be."""
    instant = rome("2025-03-04 00:30")
    found = Promises(instant, instant, instant, SlaState.ON_TRACK, ROME)
    assert {found.shown(instant, grain) for grain in Grain if grain is not Grain.DAY} == {instant}


@pytest.mark.parametrize(
    ("statuses", "resolved", "waits"),
    [
        ((), None, []),
        ((("2025-03-04 10:00", Status.RESOLVED),), "2025-03-04 10:00", []),
        (
            (("2025-03-04 10:00", Status.RESOLVED), ("2025-03-05 10:00", Status.CLOSED)),
            "2025-03-04 10:00",
            [],
        ),
        ((("2025-03-04 10:00", Status.RESOLVED), ("2025-03-05 10:00", Status.OPEN)), None, []),
        (
            (
                ("2025-03-04 10:00", Status.WAITING_ON_CUSTOMER),
                ("2025-03-04 11:00", Status.WAITING_ON_CUSTOMER),
                ("2025-03-05 10:00", Status.OPEN),
                ("2025-03-06 10:00", Status.WAITING_ON_CUSTOMER),
            ),
            None,
            [("2025-03-04 10:00", "2025-03-05 10:00"), ("2025-03-06 10:00", None)],
        ),
        (
            (("2025-03-04 10:00", Status.WAITING_ON_CUSTOMER), ("2025-03-05 10:00", Status.CLOSED)),
            "2025-03-05 10:00",
            [("2025-03-04 10:00", "2025-03-05 10:00")],
        ),
    ],
)
def test_since_when_and_how_long(
    statuses: tuple[State, ...], resolved: str | None, waits: list[tuple[str, str | None]]
) -> None:
    """Clocks rest on these spans; one that does not end swallows every later promise."""
    told = story(statuses=statuses)
    assert wall(told.resolved()) == resolved
    assert [(wall(start), wall(end)) for start, end in told.waiting()] == waits


def test_an_instant_that_is_not_known_exactly_says_so() -> None:
    """A report must mark the clocks that rest on what was only seen between two looks."""
    early, late = rome("2025-03-03 10:00"), rome("2025-03-03 10:05")
    assert StatusFact(Status.OPEN, early, early).exact
    assert not StatusFact(Status.OPEN, early, late).exact
    assert facts(empty(), [StatusFact(Status.RESOLVED, early, late)]).resolved() == late


def empty() -> Ticket:
    """A ticket without texts."""
    return Ticket(subject="", created=rome(CREATED), updated=rome(CREATED))
