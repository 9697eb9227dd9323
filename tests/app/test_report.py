"""What people are told about plans and outcomes."""

# ruff: noqa: E501 - a case is a line: what is written, and what is told about it

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any, cast, get_args

import pytest

from connectors.capabilities import Mails
from connectors.errors import Gone, Rejected, Throttled, Transient, Unauthorised
from deskbridge import report
from mappings.boards import STAFF, UNDECLARED, Place, Readers
from mappings.ticket import (
    MESSAGE_0,
    Attachment,
    Audience,
    Comment,
    CommentKind,
    Person,
    PersonRole,
    Priority,
    Raw,
    Ref,
    Status,
    TextFormat,
    Unmapped,
)
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
    Escalate,
    Form,
    Notice,
    Plan,
    Reach,
    Remark,
    SendReceipt,
    SetFields,
    Skip,
    Tell,
    Withdraw,
    Withdrawal,
    Write,
)
from sync.outcome import Done, Later, Outcome, Parked, Planned, Reconciled
from sync.seen import TextId
from sync.sla.escalation import Key, Taken
from sync.sla.policy import ClockName

NOON = datetime(2026, 1, 12, 12, 0, tzinfo=UTC)
QUIET = Reach(STAFF, Mails.NEVER)
KIM = Person("desk", "9", "Kim Park", PersonRole.CUSTOMER)
FILE = Attachment("a", "log.txt", "text/plain", 3, inline=False, location="https://secret.example/?token=x")


def text(id: str, kind: CommentKind) -> Comment:
    """A message by Kim; what it says is nobody's business here."""
    return Comment(id, KIM, NOON, Raw(TextFormat.HTML, "PRIVATE WORDS"), Audience.STAFF, kind)


FIRST, NOTE = text(MESSAGE_0, CommentKind.DESCRIPTION), text("12", CommentKind.NOTE)
PLACE = Place("jira", "SUP", STAFF, "10004")

NOTICE = Notice("step:1", "chat", "duty", "desk 1: update breached", "For duty.")
STEPS = (
    Taken(Key("desk:1", ClockName.UPDATE, "answer:1", "breach"), NOON),
    Taken(Key("desk:1", ClockName.UPDATE, "answer:1", "80 %"), NOON, missed=True),
    Taken(Key("desk:1", ClockName.UPDATE, "answer:1", "50 %"), NOON, withdrawn=NOON),
)

LINES: list[tuple[Write, str]] = [
    (
        CreateTicket(
            "jira",
            "desk",
            PLACE,
            (("subject", "It's"), ("priority", Priority.HIGH), ("tags", frozenset("ba"))),
            FIRST,
            QUIET,
        ),
        'jira: create a ticket in SUP from desk: subject "It\'s", priority high, tags a b (read by staff, no mail)',
    ),
    (
        AddLink("desk", "jira", Reach(STAFF, Mails.IF_CONFIGURED)),
        "desk: show where the ticket is on jira (read by staff, mail if configured)",
    ),
    (
        AddFile("jira", "desk", NOTE, FILE, QUIET),
        "jira: add the file log.txt of desk (read by staff, no mail)",
    ),
    (
        AddComment("jira", "desk", NOTE, Audience.STAFF, QUIET),
        "jira: add note 12 by Kim Park of desk (read by staff, no mail)",
    ),
    (
        AddComment("desk", "jira", NOTE, Audience.CUSTOMER, Reach(Readers("lantern"), Mails.ALWAYS)),
        "desk: publish note 12 by Kim Park of jira (read by customer lantern, MAIL)",
    ),
    (
        AddComment("jira", "desk", NOTE, Audience.STAFF, QUIET, 2, 3),
        "jira: add note 12 by Kim Park of desk, part 2 of 3 (read by staff, no mail)",
    ),
    (
        AddComment("jira", "desk", NOTE, Audience.STAFF, QUIET, form=Form.PLAIN),
        "jira: add note 12 by Kim Park of desk, as plain text (read by staff, no mail)",
    ),
    (
        Withdraw("jira", TextId("desk", "1", "12"), "44", Withdrawal.MARK, QUIET),
        "jira: mark as deleted text 44, the copy of text 12 of desk (read by staff, no mail)",
    ),
    (
        Tell(
            "jira", TextId("jira", "1", "hub:told-12"), "The text of Sam", Ref("jira", "1"), "http://j", QUIET
        ),
        "jira: tell staff: The text of Sam (read by staff, no mail)",
    ),
    (
        EditComment("jira", "desk", FIRST, "0", Audience.STAFF, QUIET),
        "jira: bring text 0 to the present wording of the description by Kim Park of desk (read by staff, no mail)",
    ),
    (
        SendReceipt(
            "desk",
            TextId("desk", "42", "hub:receipt"),
            "We have it.\n\nPlease quote \\#42.",
            "http://desk",
            "Support",
            "5f",
            Reach(Readers("lantern"), Mails.ALWAYS),
        ),
        "desk: tell the customer: We have it. Please quote #42. (read by customer lantern, MAIL)",
    ),
    (
        AddNotice("desk", "jira", Ref("jira", "10042", "SUP-7"), "http://jira", Status.RESOLVED, "o", QUIET),
        "desk: tell staff that jira SUP-7 is resolved (read by staff, no mail)",
    ),
    (
        SetFields(
            "desk",
            (
                Change("status", Status.OPEN, "jira"),
                Change("due", date(2026, 1, 13), "hub"),
                Change("version", None, "gitlab"),
            ),
            Reach(UNDECLARED, Mails.NEVER),
        ),
        (
            f"desk: set status to open (jira), due to 2026-01-13 (hub), version to nothing (gitlab) (read by {UNDECLARED}, no mail)"
        ),
    ),
    (
        SetFields("desk", (Change("due", NOON, "hub"),), QUIET),
        "desk: set due to 2026-01-12 12:00 UTC (hub) (read by staff, no mail)",
    ),
    (
        ChangeTags("jira", frozenset("ba"), frozenset("c"), frozenset({"desk"}), QUIET),
        "jira: change tags +a +b -c (read by staff, no mail)",
    ),
    (
        Escalate("desk", Ref("desk", "1"), STEPS, (NOTICE,), QUIET),
        "desk: take the step breach of update, note as missed the step 80 % of update, withdraw the step 50 % of update, tell duty by chat (read by staff, no mail)",
    ),
]
REMARKS: list[tuple[Remark, str]] = [
    (
        Skip("jira", "note 12", "fewer than staff may read it"),
        "jira: not note 12: fewer than staff may read it",
    ),
    (
        Conflict("priority", "desk", (("desk", "high"), ("jira", "low"))),
        "conflict in priority: desk says high, jira says low; desk is followed",
    ),
]
WHOLE = Planned(
    (Ref("desk", "1", "#1"), Ref("jira", "1001", "SUP-1")),
    Plan(tuple(write for write, _ in LINES), tuple(remark for remark, _ in REMARKS)),
    "jira: down",
)
EMPTY = Plan((), ())
DOWN = Later(NOON, Transient("jira", "GET x", "503"))


def reconciled(outcome: Outcome, plan: Plan = EMPTY, made: int | None = None) -> Reconciled:
    """A ticket that was looked at, for which all or some of the plan was written."""
    return Reconciled("bundle:1", plan, outcome, plan.writes[:made])


class TestOperations:
    @pytest.mark.parametrize(("write", "line"), LINES)
    def test_a_write_is_one_line(self, write: Write, line: str) -> None:
        """A plan would not say what is written, who reads it, or whether somebody is mailed."""
        assert report.described(write) == line

    @pytest.mark.parametrize(("remark", "line"), REMARKS)
    def test_a_remark_is_one_line(self, remark: Remark, line: str) -> None:
        """What is not written would not be explained."""
        assert report.remarked(remark) == line

    def test_none_is_missing(self) -> None:
        """An operation that joins the closed set would have no line, and nothing here would notice."""
        assert {type(write) for write, _ in LINES} == set(get_args(Write))
        assert {type(remark) for remark, _ in REMARKS} == set(get_args(Remark))

    def test_a_stranger_is_refused(self) -> None:
        """What types rule out would be printed as something else if it came about all the same."""

        class Stranger:
            target, reach = "jira", QUIET

        with pytest.raises(AssertionError):
            report.described(cast(Write, Stranger()))
        with pytest.raises(AssertionError):
            report.outcome_line(reconciled(cast(Outcome, Stranger())))

    def test_no_text_and_no_address_of_a_file_is_printed(self) -> None:
        """A log of plans would hold what customers wrote, and addresses that open their files."""
        told = "\n".join(report.plan_lines(WHOLE)) + json.dumps(report.plan_json(WHOLE))
        assert "PRIVATE WORDS" not in told
        assert "secret.example" not in told

    def test_a_native_word_is_told_as_such(self) -> None:
        """A value without a canonical word would be printed as Python."""
        write = SetFields("desk", (Change("status", Unmapped("6"), "jira"),), QUIET)
        assert report.described(write) == "desk: set status to '6' (jira) (read by staff, no mail)"


class TestPlan:
    def test_lines(self) -> None:
        """A ticket's plan would not name the ticket, or leave something out."""
        assert report.plan_lines(WHOLE) == [
            "desk #1 = jira SUP-1",
            *(f"  + {line}" for _, line in LINES),
            *(f"  - {line}" for _, line in REMARKS),
            "  ! jira: down",
        ]

    def test_an_empty_plan_is_silent(self) -> None:
        """A plan of all tickets would be a list of tickets with nothing to do."""
        assert report.plan_lines(Planned(WHOLE.refs, EMPTY)) == []

    def test_json_is_complete(self) -> None:
        """A program that reads plans would know less than a person."""
        told: dict[str, Any] = json.loads(json.dumps(report.plan_json(WHOLE)))
        assert told["tickets"] == [
            {"connection": "desk", "key": "1", "name": "#1"},
            {"connection": "jira", "key": "1001", "name": "SUP-1"},
        ]
        assert [f"{w['target']}: {w['what']}" for w in told["writes"]] == [
            line.rpartition(" (read by ")[0] for _, line in LINES
        ]
        assert [w["kind"] for w in told["writes"]] == [type(write).__name__ for write, _ in LINES]
        assert {w["readers"] for w in told["writes"]} == {"staff", "customer lantern", str(UNDECLARED)}
        assert {w["mails"] for w in told["writes"]} == {"never", "if_configured", "always"}
        assert (told["remarks"], told["problem"]) == ([line for _, line in REMARKS], "jira: down")


class TestOutcomes:
    TWO = Plan(tuple(write for write, _ in LINES[:2]), (REMARKS[0][0],))

    @pytest.mark.parametrize(
        ("outcome", "plan", "made", "line"),
        [
            (Done(), EMPTY, 0, "nothing to do"),
            (Done(), TWO, 2, "2 written"),
            (Done(), TWO, 1, "1 of 2 written; `deskbridge plan` tells what is left"),
            (Done(), TWO, 0, "0 of 2 written; `deskbridge plan` tells what is left"),
            (DOWN, TWO, 0, "again at 12:00:00 UTC: jira: GET x: 503"),
            (DOWN, TWO, 1, "1 of 2 written; again at 12:00:00 UTC: jira: GET x: 503"),
            (Parked("no customer"), EMPTY, 0, "parked: no customer"),
            (Parked("refused"), TWO, 1, "1 of 2 written; parked: refused"),
        ],
    )
    def test_one_line(self, outcome: Outcome, plan: Plan, made: int, line: str) -> None:
        """Somebody would not know what came of a ticket, or which it was."""
        result = reconciled(outcome, plan, made)
        assert report.outcome_line(result) == f"bundle:1: {line}"
        assert report.outcome_line(result, WHOLE.refs) == f"desk #1 = jira SUP-1: {line}"

    def test_what_was_written_is_told_in_the_words_of_the_plan(self) -> None:
        """Nobody could check that a sync did what its plan had said."""
        planned = report.plan_lines(Planned(WHOLE.refs, self.TWO))
        assert report.outcome_lines(reconciled(Done(), self.TWO), WHOLE.refs)[1:] == planned[1:]

    @pytest.mark.parametrize("outcome", [Done(), Later(NOON, Gone("jira", "x", "y")), Parked("z")])
    def test_what_was_written_is_told_and_nothing_else(self, outcome: Outcome) -> None:
        """Writes that failed would be reported as made, or those that were made before it forgotten."""
        told = report.outcome_lines(reconciled(outcome, self.TWO, 1), ())[1:]
        assert told == [f"  + {LINES[0][1]}", f"  - {REMARKS[0][1]}"]

    def test_summary(self) -> None:
        """The numbers at the end of a sync would be wrong."""
        late = Later(NOON, Throttled("jira", "x", "y", NOON))
        results = [
            reconciled(o, self.TWO, made)
            for o, made in ((Done(), 2), (Done(), 0), (Done(), 2), (late, 1), (Parked("x"), 0))
        ]
        assert report.summary(results) == {"looked_at": 5, "written": 5, "postponed": 1, "parked": 1}
        assert report.summary([]) == {"looked_at": 0, "written": 0, "postponed": 0, "parked": 0}

    @pytest.mark.parametrize(
        ("outcomes", "errors", "code"),
        [
            ([], [], 0),
            ([Done()], [], 0),
            ([Later(NOON, Transient("jira", "x", "y"))], [Transient("jira", "x", "y")], 0),
            ([Done(), Parked("x")], [], 4),
            ([], [Unauthorised("jira", "x", "y")], 3),
            ([Later(NOON, Unauthorised("jira", "x", "y")), Parked("x")], [], 3),
        ],
    )
    def test_exit_codes(self, outcomes: list[Outcome], errors: list[Exception], code: int) -> None:
        """A script could not tell a refused credential or a parked ticket from success."""
        assert report.exit_code(outcomes, errors) == code

    def test_a_refused_credential_is_told_with_the_way_out(self) -> None:
        """Somebody would be told 401 and not what to do."""
        assert report.complaint(Unauthorised("desk", "GET agents/me", "401 Log in.")) == (
            "desk: GET agents/me: 401 Log in; correct the user and secret of [connections.desk], then"
            " `deskbridge check --live`"
        )
        assert (
            report.complaint(Rejected("desk", "PUT tickets/1", "400 no.")) == "desk: PUT tickets/1: 400 no."
        )
