"""Plans and outcomes as text and as JSON. Pure: nothing here reads or prints."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import assert_never

from connectors.errors import Unauthorised, WireError
from mappings.boards import BoardView, Step
from mappings.ticket import MESSAGE_0, Audience, Comment, Ref, Unmapped, Value
from sync.operations import (
    AddComment,
    AddFile,
    AddLink,
    AddNotice,
    ChangeTags,
    Conflict,
    CreateTicket,
    EditComment,
    Escalate,
    Form,
    Plan,
    Remark,
    SendReceipt,
    SetFields,
    Suggestion,
    Tell,
    Withdraw,
    Withdrawal,
    Write,
)
from sync.outcome import Done, Later, Outcome, Parked, Planned, Reconciled


def described(write: Write) -> str:
    """Return one line that says what would be written, who reads it, and whether a customer is mailed."""
    return f"{write.target}: {_what(write)} ({write.reach})"


def remarked(remark: Remark) -> str:
    """Return one line that says what is not written, or was contradictory, and why."""
    if isinstance(remark, Conflict):
        said = ", ".join(f"{side} says {value}" for side, value in remark.values)
        done = f"{remark.winner} is followed" if remark.winner else "a person is asked"
        return f"conflict in {remark.field}: {said}; {done}"
    return f"{remark.target}: not {remark.what}: {remark.reason}"


def plan_lines(planned: Planned) -> list[str]:
    """Return the plan for one ticket as lines; nothing if there is nothing to say."""
    if not (planned.plan or planned.plan.remarks or planned.problem):
        return []
    lines = [_name(planned.refs), *_operations(planned.plan)]
    return [*lines, f"  ! {planned.problem}"] if planned.problem else lines


def plan_json(planned: Planned) -> dict[str, object]:
    """Return the plan for one ticket as data."""
    return {
        "tickets": [
            {"connection": ref.connection, "key": ref.key, "name": ref.display} for ref in planned.refs
        ],
        "writes": [
            {
                "kind": type(write).__name__,
                "target": write.target,
                "what": _what(write),
                "readers": str(write.reach.readers),
                "mails": write.reach.mails.value,
            }
            for write in planned.plan.writes
        ],
        "remarks": [remarked(remark) for remark in planned.plan.remarks],
        "problem": planned.problem,
    }


def outcome_line(result: Reconciled, refs: Iterable[Ref] = (), told: Collection[str] = ()) -> str:
    """Return one line that says what came of looking at a ticket; `refs` are its sides by now.

    What ails the connections in `told` is said elsewhere, once, and not for each ticket.
    """
    name, planned = _name(refs) or result.subject, len(result.plan.writes)
    made = f"{len(result.made)} of {planned} written" if len(result.made) < planned else f"{planned} written"
    match result.outcome:
        case Done() if len(result.made) < planned:
            return f"{name}: {made}; `deskbridge plan` tells what is left"
        case Done():
            return f"{name}: {made if planned else 'nothing to do'}"
        case Later(at=at, error=error):
            so_far = f"{made}; " if result.made else ""
            silent = error.connection if isinstance(error, WireError) else None
            why = f"it waits for {silent}" if silent in told else str(error)
            return f"{name}: {so_far}again at {at:%H:%M:%S} UTC: {why}"
        case Parked(reason=reason):
            so_far = f"{made}; " if result.made else ""
            return f"{name}: {so_far}parked: {reason}"
        case _ as never:
            assert_never(never)


def outcome_lines(result: Reconciled, refs: Iterable[Ref], told: Collection[str] = ()) -> list[str]:
    """Return what came of a ticket, and what was written for it in the very words of its plan."""
    return [outcome_line(result, refs, told), *_operations(Plan(result.made, result.plan.remarks))]


def complaint(error: Exception) -> str:
    """Return an error in a person's words, with the way out where the connection's own words name none."""
    if isinstance(error, Unauthorised):
        way = f"correct the user and secret of [connections.{error.connection}]"
        return f"{str(error).rstrip('.')}; {way}, then `deskbridge check --live`"
    return str(error)


def summary(results: Iterable[Reconciled]) -> dict[str, int]:
    """Return how many tickets were looked at, written to, postponed and parked, and the writes made."""
    kinds: Counter[str] = Counter(looked_at=0, written=0, postponed=0, parked=0)
    for result in results:
        kinds["looked_at"] += 1
        kinds["written"] += len(result.made)
        kinds["postponed"] += isinstance(result.outcome, Later)
        kinds["parked"] += isinstance(result.outcome, Parked)
    return dict(kinds)


def counted_lines(counted: Mapping[str, int]) -> list[str]:
    """Return a summary as lines; what earlier runs parked has one of its own, if there is any."""
    told = [f"{name.replace('_', ' ')} {n}" for name, n in counted.items() if name != "parked_before"]
    before = counted.get("parked_before", 0)
    more = f"{before} parked by earlier runs; `deskbridge parked list` tells why"
    return [", ".join(told), more] if before else [", ".join(told)]


def exit_code(outcomes: Iterable[Outcome], errors: Iterable[Exception]) -> int:
    """Return 3 if a credential was refused, 4 if something was parked, else 0."""
    results = list(outcomes)
    late = [o.error for o in results if isinstance(o, Later)]
    if any(isinstance(error, Unauthorised) for error in (*errors, *late)):
        return Unauthorised.exit_code
    return 4 if any(isinstance(o, Parked) for o in results) else 0


def _what(write: Write) -> str:
    match write:
        case CreateTicket(place=place, values=values, source=source):
            given = ", ".join(f"{name} {_value(value)}" for name, value in values)
            return f"create a ticket in {place.key} from {source}: {given}"
        case AddLink(other=other):
            return f"show where the ticket is on {other}"
        case AddFile(attachment=file, source=source):
            return f"add the file {file.name} of {source}"
        case AddComment(message=message, source=source):
            return f"{_adds(write)} {_text(message)} of {source}{_form(write)}"
        case EditComment(message=message, source=source, id=id_):
            return f"bring text {id_} to the present wording of {_text(message)} of {source}"
        case Withdraw(origin=origin, id=id_, how=how):
            return f"{_HOW[how]} text {id_}, the copy of text {origin.id} of {origin.connection}"
        case AddNotice() | Tell() | SendReceipt():
            return _told(write)
        case SetFields() | ChangeTags():
            return _changed(write)
        case Escalate():
            return _escalated(write)
        case _ as never:
            assert_never(never)


def _changed(write: SetFields | ChangeTags) -> str:
    if isinstance(write, SetFields):
        said = (f"{c.field} to {c.shown or _value(c.value)} ({c.source})" for c in write.changes)
        return "set " + ", ".join(said)
    signs = [*(f"+{tag}" for tag in sorted(write.add)), *(f"-{tag}" for tag in sorted(write.remove))]
    return f"change tags {' '.join(signs)}"


def _escalated(write: Escalate) -> str:
    done = [
        f"{'withdraw' if one.withdrawn else 'note as missed' if one.missed else 'take'} the step "
        f"{one.key.step} of {one.key.clock}"
        for one in write.taken
    ]
    told = [f"tell {notice.whom} by {notice.channel}" for notice in write.notices]
    return ", ".join((*done, *told))


def _told(write: AddNotice | Tell | SendReceipt) -> str:
    if isinstance(write, SendReceipt):
        return "tell the customer: " + re.sub(r"\\(\W)", r"\1", " ".join(write.words.split()))
    if isinstance(write, Tell):
        return "tell staff: " + re.sub(r"\\(\W)", r"\1", write.words)
    suggests = isinstance(write.news, Suggestion)
    return f"tell staff that {write.about} {'suggests' if suggests else 'is'} {write.news}"


_HOW = {
    Withdrawal.MARK: "mark as deleted",
    Withdrawal.DELETE: "delete",
    Withdrawal.BLANK: "empty",
    Withdrawal.SURPLUS: "empty the part not needed any more,",
}
_FORMS = {
    Form.WHOLE: "",
    Form.PLAIN: ", as plain text",
    Form.ATTACHED: ", attached whole",
    Form.GAP: ", as a line that names it",
    Form.ADDENDUM: ", as an addendum",
}


def _adds(write: AddComment) -> str:
    return "publish" if write.audience is Audience.CUSTOMER else "add"


def _form(write: AddComment) -> str:
    part = f", part {write.part} of {write.parts}" if write.parts > 1 else ""
    return f"{part}{_FORMS[write.form]}"


def _name(refs: Iterable[Ref]) -> str:
    return " = ".join(str(ref) for ref in refs)


def _operations(plan: Plan) -> list[str]:
    writes = [f"  + {described(write)}" for write in plan.writes]
    return writes + [f"  - {remarked(remark)}" for remark in plan.remarks]


def _text(message: Comment) -> str:
    name = "the description" if message.id == MESSAGE_0 else f"{message.kind} {message.id}"
    return f"{name} by {message.author.name}"


def _value(value: Value) -> str:
    match value:
        case frozenset():
            return " ".join(sorted(value)) or "none"
        case datetime():
            return f"{value.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        case Unmapped(native=native):
            return repr(native)
        case None:
            return "nothing"
        case StrEnum() | date():
            return str(value)
        case str():
            return repr(value)
        case _ as never:
            assert_never(never)


def board_lines(board: BoardView | None, steps: Sequence[Step]) -> list[str]:
    """Return a board as it is, and how it differs from what the settings want."""
    lines = [f"{board.name} {board.url}".rstrip(), f"shows {board.shows}"] if board else ["there is no board"]
    lines += [f"column {column}" for column in board.columns] if board else []
    if not steps:
        return [*lines, "as it should be"]
    return [*lines, *(f"{'by hand' if step.manual else 'differs'}: {step.what}" for step in steps)]
