"""Time entries with their timers, and what customers thought (reference 6.9, 6.10)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from starlette.responses import Response

from deskbridge.sandbox.freshdesk import rules, show
from deskbridge.sandbox.freshdesk.api_tickets import found, writable
from deskbridge.sandbox.freshdesk.form import Form, Rule, instant, invalid
from deskbridge.sandbox.freshdesk.records import Conversation, Rating, TimeEntry
from deskbridge.sandbox.freshdesk.state import Account
from deskbridge.sandbox.freshdesk.text import stored
from deskbridge.sandbox.freshdesk.wire import Call, Endpoint, created, not_found, paged
from deskbridge.sandbox.kernel import Refused, reply

_ENTRY = {
    "agent_id": Rule("integer", null=False),
    "billable": Rule("boolean", null=False),
    "executed_at": Rule("time", null=False),
    "note": Rule(),
    "start_time": Rule("time", null=False),
    "time_spent": Rule(null=False),
    "timer_running": Rule("boolean", null=False),
}
_RATING = {"feedback": Rule(), "ratings": Rule("object", null=False)}
_PAGES = ("page", "per_page")
_WINDOW = timedelta(days=30)
_FEEDBACK, _FROM_FEEDBACK = 7, 6


def of_ticket(call: Call) -> Response:
    """`GET /tickets/{id}/time_entries`."""
    ticket = found(call.account, call.id)
    rows = call.account.time_entries.of(ticket.id)
    return paged(call, rows, lambda entry: show.time_entry(call.account, entry))


def listed(call: Call) -> Response:
    """`GET /time_entries`: they bump no ticket, so this is how a client learns of them (4.9)."""
    rows = list(call.account.time_entries.values())
    for name, test in _FILTERS.items():
        if name in call.query:
            wanted = _TYPES[name](call, name)
            rows = [entry for entry in rows if test(entry, wanted)]
    return paged(call, rows, lambda entry: show.time_entry(call.account, entry))


def _number(call: Call, name: str) -> int:
    if not re.fullmatch(r"\d{1,18}", call.query[name], re.ASCII):
        invalid(name, "It should be a Positive Integer", "datatype_mismatch")
    return int(call.query[name])


def _time(call: Call, name: str) -> Any:
    try:
        return instant(call.query[name])
    except ValueError:
        invalid(name, "It should be in the 'combined date and time ISO8601' format")


def _boolean(call: Call, name: str) -> bool:
    if call.query[name] not in ("true", "false"):
        invalid(name, "It should be a Boolean", "datatype_mismatch")
    return call.query[name] == "true"


_FILTERS: dict[str, Callable[[TimeEntry, Any], bool]] = {
    "company_id": lambda entry, wanted: entry.company_id == wanted,
    "agent_id": lambda entry, wanted: entry.agent_id == wanted,
    "executed_after": lambda entry, wanted: entry.executed_at >= wanted,
    "executed_before": lambda entry, wanted: entry.executed_at <= wanted,
    "billable": lambda entry, wanted: entry.billable == wanted,
}
_TYPES: dict[str, Callable[[Call, str], Any]] = {
    "company_id": _number,
    "agent_id": _number,
    "executed_after": _time,
    "executed_before": _time,
    "billable": _boolean,
}


def create(call: Call) -> Response:
    """`POST /tickets/{id}/time_entries`: without a duration a timer starts."""
    ticket, account = writable(call), call.account
    form = _checked(call, None)
    now = account.now()
    start = form.get("start_time") or now
    entry = TimeEntry(account.new_id(), ticket.id, call.agent.id, start, now, now, now, ticket.company_id)
    running = form.get("timer_running")
    if running is None:
        running = "start_time" in form or "time_spent" not in form
    _assign(entry, form)
    account.time_entries.add(entry)
    if running:
        _start(account, entry, form.get("start_time"))
    return created(call, show.time_entry(account, entry), f"/time_entries/{entry.id}")


def update(call: Call) -> Response:
    """`PUT /time_entries/{id}`."""
    entry = _entry(call)
    form = _checked(call, entry)
    _assign(entry, form)
    if form.get("timer_running") is not None:
        _toggle(call.account, entry, form.get("start_time"))
    entry.updated_at = call.account.now()
    return reply(show.time_entry(call.account, entry))


def toggle(call: Call) -> Response:
    """`PUT /time_entries/{id}/toggle_timer`."""
    entry = _entry(call)
    _toggle(call.account, entry, None)
    return reply(show.time_entry(call.account, entry))


def delete(call: Call) -> Response:
    """`DELETE /time_entries/{id}`."""
    call.account.time_entries.remove(_entry(call))
    return reply(status=204)


def _entry(call: Call) -> TimeEntry:
    entry = call.account.time_entries.get(call.id)
    if entry is None:
        raise not_found()
    return entry


def _checked(call: Call, entry: TimeEntry | None) -> Form:
    """Return the checked attributes: the rules that the documentation numbers (6.9)."""
    form = Form(call.body, _ENTRY)
    now, running = call.account.now(), entry is not None and entry.timer_running
    if form.get("agent_id") is not None and not call.account.agent(form.get("agent_id")):
        form.refuse("agent_id", "There is no agent matching the given agent_id")
    if form.get("time_spent") is not None and _seconds(form.get("time_spent")) is None:
        form.refuse("time_spent", "It should be in the 'hh:mm' format")
    if form.get("start_time") and form.get("start_time") > now:
        form.refuse("start_time", "It should be a time in the past")
    if form.get("start_time") and form.get("timer_running") is False:
        form.problems.add("start_time", "incompatible_field", "It cannot be set when the timer does not run")
    for name in ("agent_id", "start_time") if running else ():
        if name in form:
            form.problems.add(name, "incompatible_field", "It cannot be changed while the timer runs")
    if entry and not running and form.get("start_time") and form.get("timer_running") is None:
        form.problems.add("start_time", "incompatible_field", "It cannot be changed without the timer")
    if entry and form.get("timer_running") is running:
        form.refuse("timer_running", "It has this value already")
    form.end()
    return form


def _seconds(text: str) -> int | None:
    match = re.fullmatch(r"(\d{1,4}):([0-5]\d)", text, re.ASCII)
    return int(match[1]) * 3600 + int(match[2]) * 60 if match else None


def _assign(entry: TimeEntry, form: Form) -> None:
    for name in ("agent_id", "billable", "executed_at", "note"):
        if name in form:
            setattr(entry, name, form.get(name))
    if "time_spent" in form:
        entry.spent = _seconds(form.get("time_spent")) or 0


def _toggle(account: Account, entry: TimeEntry, start: Any) -> None:
    if entry.timer_running:
        _stop(account, entry)
    else:
        _start(account, entry, start)
    entry.updated_at = account.now()


def _start(account: Account, entry: TimeEntry, start: Any) -> None:
    """Start a timer; an agent has one only, so another one stops."""
    for other in account.time_entries.values():
        if other.timer_running and other.agent_id == entry.agent_id and other is not entry:
            _stop(account, other)
    entry.timer_running, entry.start_time = True, start or account.now()


def _stop(account: Account, entry: TimeEntry) -> None:
    entry.spent += int((account.now() - entry.start_time).total_seconds())
    entry.timer_running, entry.updated_at = False, account.now()


def surveys(call: Call) -> Response:
    """`GET /surveys`."""
    _need_surveys(call)
    state = call.query.get("state")
    if state not in (None, "active"):
        invalid("state", "It should be one of these values: 'active'")
    shown = [
        {k: v for k, v in row.items() if k != "active"} for row in call.account.shelves["surveys"].values()
    ]
    return paged(call, shown, dict)


def ratings(call: Call) -> Response:
    """`GET /surveys/satisfaction_ratings`: those of the last 30 days unless told since when (3.5)."""
    _need_surveys(call)
    since = _time(call, "created_since") if "created_since" in call.query else call.account.now() - _WINDOW
    rows = [r for r in call.account.ratings.values() if r.created_at >= since]
    if "user_id" in call.query:
        wanted = _number(call, "user_id")
        rows = [r for r in rows if r.user_id == wanted]
    return paged(call, rows, show.rating)


def ratings_of_ticket(call: Call) -> Response:
    """`GET /tickets/{id}/satisfaction_ratings`."""
    _need_surveys(call)
    ticket = found(call.account, call.id)
    return paged(call, call.account.ratings.of(ticket.id), show.rating)


def rate(call: Call) -> Response:
    """`POST /tickets/{id}/satisfaction_ratings`: the words show as a conversation too."""
    _need_surveys(call)
    ticket = writable(call)
    form = Form(call.body, _RATING)
    form.require("ratings")
    survey = next(iter(call.account.shelves["surveys"].values()))
    known = {question["id"]: question["accepted_ratings"] for question in survey["questions"]}
    for name, value in (form.get("ratings") or {}).items():
        if name not in known:
            form.problems.add(name, "invalid_field", "Unexpected/invalid field in request")
        elif type(value) is not int or value not in known[name]:
            form.refuse(name, "It should be one of these values: '" + ",".join(map(str, known[name])) + "'")
    if form.get("ratings") and "default_question" not in form.get("ratings"):
        form.require("default_question")
    form.end()
    made = add_rating(call.account, ticket.id, form.get("ratings"), form.get("feedback"), survey["id"])
    return created(call, show.rating(made), f"/tickets/{ticket.id}/satisfaction_ratings")


def add_rating(
    account: Account, number: int, given: dict[str, int], feedback: str | None, survey: int
) -> Rating:
    """Add a customer's rating to a ticket; feedback bumps it (4.9)."""
    ticket, now = account.tickets[number], account.now()
    made = Rating(account.new_id(), survey, ticket.requester_id, ticket.id, given, now)
    made.agent_id, made.group_id, made.feedback = ticket.responder_id, ticket.group_id, feedback
    account.ratings.add(made)
    if feedback:
        body = stored(feedback)
        said = Conversation(account.new_id(), ticket.id, body, ticket.requester_id, now, now, incoming=True)
        said.source, said.category = _FROM_FEEDBACK, _FEEDBACK
        rules.add(account, ticket, said)
    return made


def _need_surveys(call: Call) -> None:
    if not call.account.switches.surveys:
        text = "The Surveys feature is not supported in your plan."
        raise Refused(403, {"code": "require_feature", "message": text})


_TICKET = "/tickets/{id:int}"
ENDPOINTS = (
    Endpoint("GET", _TICKET + "/time_entries", of_ticket, query=_PAGES),
    Endpoint("POST", _TICKET + "/time_entries", create),
    Endpoint("GET", "/time_entries", listed, query=(*_FILTERS, *_PAGES)),
    Endpoint("PUT", "/time_entries/{id:int}", update),
    Endpoint("DELETE", "/time_entries/{id:int}", delete),
    Endpoint("PUT", "/time_entries/{id:int}/toggle_timer", toggle, bodiless=True),
    Endpoint("GET", "/surveys", surveys, query=("state", *_PAGES)),
    Endpoint("GET", "/surveys/satisfaction_ratings", ratings, query=("created_since", "user_id", *_PAGES)),
    Endpoint("GET", _TICKET + "/satisfaction_ratings", ratings_of_ticket, query=_PAGES),
    Endpoint("POST", _TICKET + "/satisfaction_ratings", rate),
)
