"""Which issues a list shows, and in which order (3.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from functools import partial

from deskbridge.sandbox.gitlab import access
from deskbridge.sandbox.gitlab.call import Call
from deskbridge.sandbox.gitlab.params import Params, bad
from deskbridge.sandbox.gitlab.places import Milestone, User
from deskbridge.sandbox.gitlab.records import Issue
from deskbridge.sandbox.gitlab.views import Test
from deskbridge.sandbox.kernel import Refused

_KINDS = ("issue", "incident", "test_case", "task")
_SCOPES = ("created-by-me", "assigned-to-me", "created_by_me", "assigned_to_me", "all")
_HEALTH = ("on_track", "needs_attention", "at_risk")
_DUE = ("any", "today", "tomorrow", "overdue", "week", "month", "next_month_and_previous_two_weeks", "0")
PAID = ("weight", "epic_id", "iteration_id", "iteration_title", "health_status")
"""Filters that the free tier does not know, and therefore ignores."""


def tests(call: Call, scope: str) -> list[Test]:
    """Return what an issue must pass; `scope` is what the list takes when the call names none (2.4)."""
    params = call.params
    params.exclusive("milestone_id", "milestone")
    params.exclusive("author_id", "author_username")
    params.exclusive("assignee_id", "assignee_username")
    wanted = [
        _state(params),
        _scope(call, scope),
        *_people(params),
        *_fields(params),
        *_paid(call, params),
        _due(call),
        _milestone(call, params),
        _search(call),
        *(_unless(test) for test in _negated(call, params.below("not")) if test),
    ]
    return [test for test in wanted if test]


def _unless(test: Test) -> Test:
    return lambda issue: not test(issue)


def _negated(call: Call, params: Params) -> list[Test | None]:
    named = set(params.words("labels"))
    labels: Test | None = (
        (lambda issue: any(label.name in named for label in issue.labels)) if named else None
    )
    iids = params.numbers("iids")
    numbered: Test | None = (lambda issue: issue.iid in iids) if iids else None
    return [
        labels,
        numbered,
        _milestone(call, params),
        *_people(params),
        *_paid(call, params),
        _reaction(call, params),
    ]


def _state(params: Params) -> Test | None:
    state = params.choice("state", ("opened", "closed", "all"), "all")
    return None if state == "all" else lambda issue: issue.state == state


def _scope(call: Call, default: str) -> Test | None:
    scope = (call.params.choice("scope", _SCOPES, default) or "").replace("-", "_")
    user = call.user
    if scope == "created_by_me":
        return lambda issue: issue.author is user
    return (lambda issue: user in issue.assignees) if scope == "assigned_to_me" else None


def _people(params: Params) -> list[Test | None]:
    return [
        _person(params, "author", lambda issue: [issue.author]),
        _person(params, "assignee", lambda issue: issue.assignees),
    ]


def _person(params: Params, role: str, people: Callable[[Issue], list[User]]) -> Test | None:
    id, names = params.text(f"{role}_id"), params.words(f"{role}_username")
    if id in ("None", "Any") and role == "assignee":
        return lambda issue: bool(people(issue)) == (id == "Any")
    number = params.number(f"{role}_id")
    if number is not None:
        return lambda issue: any(user.id == number for user in people(issue))
    lowered = {name.lower() for name in names}
    return (lambda issue: lowered <= {user.username.lower() for user in people(issue)}) if lowered else None


def _fields(params: Params) -> list[Test | None]:
    iids, confidential = params.numbers("iids"), params.flag("confidential")
    kind, closer = params.choice("issue_type", _KINDS), params.number("closed_by_id")
    numbered: Test | None = (lambda issue: issue.iid in iids) if iids else None
    hidden: Test | None = None
    if confidential is not None:
        hidden = lambda issue: issue.confidential is confidential  # noqa: E731 - one of many such tests
    typed: Test | None = (lambda issue: issue.kind == kind) if kind else None
    closed: Test | None = None
    if closer is not None:
        closed = lambda issue: issue.closed_by is not None and issue.closed_by.id == closer  # noqa: E731
    return [numbered, hidden, typed, closed, _labels(params)]


def _labels(params: Params) -> Test | None:
    """Return the test for all of the labels; ``None`` and ``Any`` are words of their own."""
    names = params.words("labels")
    if not names:
        return None
    if len(names) == 1 and names[0].lower() in ("none", "any"):
        return lambda issue: bool(issue.labels) == (names[0].lower() == "any")
    return lambda issue: set(names) <= {label.name for label in issue.labels}


def _paid(call: Call, params: Params) -> list[Test | None]:
    if not call.site.premium:
        return [_reaction(call, params)]
    health = params.choice("health_status", (*_HEALTH, "None", "Any", "none", "any"))
    nothing = [_none(params, name) for name in ("epic_id", "iteration_id", "iteration_title")]
    return [
        *nothing,
        _worded(params.text("weight"), "weight", lambda issue: issue.weight),
        _worded(health, "health_status", lambda issue: issue.health),
        _reaction(call, params),
    ]


def _worded(given: str | None, name: str, value: Callable[[Issue], object]) -> Test | None:
    if not given:
        return None
    if given.lower() in ("none", "any"):
        return lambda issue: (value(issue) is not None) == (given.lower() == "any")
    if name == "weight" and not given.isdecimal():
        raise bad("weight should be an integer, 'None', or 'Any', however got " + given)
    return lambda issue: str(value(issue)) == given


def _none(params: Params, name: str) -> Test | None:
    """Return the test for epics and iterations: there are none here."""
    given = params.text(name)
    return (lambda issue: given.lower() == "none") if given else None


def _reaction(call: Call, params: Params) -> Test | None:
    given, user = params.text("my_reaction_emoji"), call.user
    if not given:
        return None

    def own(issue: Issue) -> set[str]:
        return {award.name for award in issue.awards or () if award.user is user}

    if given.lower() in ("none", "any"):
        return lambda issue: bool(own(issue)) == (given.lower() == "any")
    return lambda issue: given in own(issue)


def _due(call: Call) -> Test | None:
    given, today = call.params.choice("due_date", _DUE), call.site.now().date()
    if given is None:
        return None
    if given in ("0", "any"):
        return lambda issue: (issue.due_date is not None) == (given == "any")
    first, last = _span(given, today)
    return lambda issue: issue.due_date is not None and first <= issue.due_date <= last


def _span(given: str, today: date) -> tuple[date, date]:
    """Return the first and the last due date that a word means."""
    day, monday = timedelta(days=1), today - timedelta(days=today.weekday())
    month = today.replace(day=1)
    ahead = (month + timedelta(days=32)).replace(day=1)
    spans = {
        "overdue": (date.min, today - day),
        "today": (today, today),
        "tomorrow": (today + day, today + day),
        "week": (monday, monday + 6 * day),
        "month": (month, ahead - day),
        "next_month_and_previous_two_weeks": (
            today - 14 * day,
            (ahead + timedelta(days=32)).replace(day=1) - day,
        ),
    }
    return spans[given]


def _milestone(call: Call, params: Params) -> Test | None:
    """Return the test for a milestone's title, or for a word; the id filter takes words only (3.1)."""
    word = params.choice("milestone_id", ("None", "Any", "Upcoming", "Started"))
    given = params.text("milestone") or word
    if not given:
        return None
    if given.lower() in ("none", "any"):
        return lambda issue: (issue.milestone is not None) == (given.lower() == "any")
    if given.lstrip("#").lower() in ("upcoming", "started"):
        meant = _timely(call, given.lstrip("#").lower())
        return lambda issue: issue.milestone in meant
    return lambda issue: issue.milestone is not None and issue.milestone.title == given


def _timely(call: Call, word: str) -> list[Milestone]:
    """Return the milestones that run now, or the next one due of each project or group."""
    today, active = call.site.now().date(), [m for m in call.site.milestones.values() if m.state == "active"]
    if word == "started":
        begun = (m for m in active if m.start_date and m.start_date <= today)
        return [m for m in begun if m.due_date is None or m.due_date >= today]
    due = sorted(
        ((m.due_date, m.id) for m in active if m.due_date and m.due_date > today and not _begun(m, today)),
        reverse=True,
    )
    nearest = {call.site.milestones[id].owner: call.site.milestones[id] for _, id in due}
    return list(nearest.values())


def _begun(stone: Milestone, today: date) -> bool:
    return stone.start_date is not None and stone.start_date <= today


def _search(call: Call) -> Test | None:
    """Return the test for all the words in title or description."""
    words = (call.params.text("search") or "").lower().split()
    if not words:
        return None
    places = (call.params.text("in") or "title,description").split(",")
    if not set(places) <= {"title", "description"}:
        raise bad("in does not have a valid value")

    def found(issue: Issue) -> bool:
        title = issue.title.lower() if "title" in places else ""
        rest = [word for word in words if word not in title]
        if not rest or "description" not in places:
            return not rest
        text = (issue.description or "").lower()
        return all(word in text for word in rest)

    return found


Span = tuple[datetime | None, datetime | None]


def span(params: Params, field: str) -> Span:
    """Return the ends of a range of ``created`` or ``updated``; both are inclusive ("on or after", 2.4)."""
    return params.instant(f"{field}_after"), params.instant(f"{field}_before")


def within(value: Callable[[Issue], datetime], ends: Span) -> Test:
    """Return the test for a range."""
    after, before = ends
    return lambda issue: (
        (after is None or value(issue) >= after) and (before is None or value(issue) <= before)
    )


def readable(user: User, passed: Sequence[Test]) -> Test:
    """Return the test for everything at once: what the caller cannot read is not there."""
    return lambda issue: all(test(issue) for test in passed) and access.reads(user, issue)


_ORDERS = (
    *("created_at", "updated_at", "due_date", "label_priority", "milestone_due", "popularity", "priority"),
    *("relative_position", "title", "weight"),
)
_KEYSET_ORDERS = ("created_at", "updated_at", "title", "id", "weight", "due_date", "relative_position")


def order(call: Call) -> tuple[str, bool]:
    """Return the order asked for and whether it descends."""
    keyset = call.params.text("pagination") == "keyset"
    known = _ORDERS if call.site.premium else _ORDERS[:-1]
    name = call.params.choice("order_by", (*known, "id") if keyset else known, "created_at") or ""
    down = call.params.choice("sort", ("asc", "desc"), "desc") == "desc"
    if keyset and name not in _KEYSET_ORDERS:
        raise Refused(405, {"error": "Keyset pagination is not yet available for this type of request"})
    return name, down


def value(name: str, *, down: bool) -> Callable[[Issue], float | str]:
    """Return what to sort by; issues without a value come last in either direction."""
    return partial(_or_last, _VALUES[name], float("-inf") if down else float("inf"))


def _or_last(found: Callable[[Issue], float | str | None], last: float, issue: Issue) -> float | str:
    value = found(issue)
    return last if value is None else value


def _least(values: Iterable[int | None]) -> int | None:
    return min((value for value in values if value is not None), default=None)


def _milestone_due(issue: Issue) -> int | None:
    due = issue.milestone and issue.milestone.due_date
    return due.toordinal() if due else None


def _priority(issue: Issue) -> float | None:
    """Return the milestone's due date, and within one day the most important label."""
    due, label = _milestone_due(issue), _least(one.priority for one in issue.labels)
    if due is None and label is None:
        return None
    return (4_000_000 if due is None else due) + (0.999 if label is None else min(label, 900) / 1000)


_VALUES: dict[str, Callable[[Issue], float | str | None]] = {
    "created_at": lambda issue: issue.created_at.timestamp(),
    "updated_at": lambda issue: issue.stamp.timestamp(),
    "due_date": lambda issue: issue.due_date.toordinal() if issue.due_date else None,
    "id": lambda issue: 0,
    "label_priority": lambda issue: _least(label.priority for label in issue.labels),
    "milestone_due": _milestone_due,
    "popularity": lambda issue: sum(award.name == "thumbsup" for award in issue.awards or ()),
    "priority": _priority,
    "relative_position": lambda issue: issue.position,
    "title": lambda issue: issue.title.lower(),
    "weight": lambda issue: issue.weight,
}
