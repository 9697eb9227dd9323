"""Which issues a list shows, and in which order (3.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from deskbridge.sandbox.gitlab import access
from deskbridge.sandbox.gitlab.call import Call
from deskbridge.sandbox.gitlab.paging import Key
from deskbridge.sandbox.gitlab.params import Params
from deskbridge.sandbox.gitlab.state import Issue, User
from deskbridge.sandbox.kernel import Refused

Test = Callable[[Issue], bool]

_KINDS = ("issue", "incident", "test_case", "task")
_SCOPES = ("created-by-me", "assigned-to-me", "created_by_me", "assigned_to_me", "all")
_ORDERS = (
    *("created_at", "updated_at", "due_date", "label_priority", "milestone_due", "popularity", "priority"),
    *("relative_position", "title", "weight"),
)
_KEYSET_ORDERS = ("created_at", "updated_at", "title", "id", "weight", "due_date", "relative_position")
_UNDONE = (
    *("due_date", "my_reaction_emoji", "closed_by_id", "epic_id", "iteration_id", "iteration_title"),
    *("health_status", "weight"),
)


def wanted(call: Call, issues: Iterable[Issue], *, scope: str = "all") -> list[Issue]:
    """Return the issues that the caller sees and the parameters select, in no order.

    `scope` is what the list takes when the call names none: only ``/issues`` has a narrow one (2.4).
    """
    tests = [test for test in _tests(call, scope) if test]
    user = call.user
    return [issue for issue in issues if all(test(issue) for test in tests) and access.reads(user, issue)]


def _tests(call: Call, scope: str) -> list[Test | None]:
    params = call.params
    for name in _UNDONE:
        if params.text(name):
            raise Refused(501, {"sandbox": f"the gitlab sandbox does not filter issues by {name}"})
    params.exclusive("milestone_id", "milestone")
    params.exclusive("author_id", "author_username")
    params.exclusive("assignee_id", "assignee_username")
    params.exclusive("author_id", "author_username")
    return [
        _state(params),
        _scope(call, scope),
        *_people(params),
        *_fields(params),
        _search(call),
        *_times(params),
        *(_unless(test) for test in _negated(params.below("not")) if test),
    ]


def _unless(test: Test) -> Test:
    return lambda issue: not test(issue)


def _negated(params: Params) -> list[Test | None]:
    named = set(params.words("labels"))
    labels: Test | None = (
        (lambda issue: any(label.name in named for label in issue.labels)) if named else None
    )
    iids = params.numbers("iids")
    numbered: Test | None = (lambda issue: issue.iid in iids) if iids else None
    return [labels, numbered, _milestone(params), *_people(params)]


def _state(params: Params) -> Test | None:
    state = params.choice("state", ("opened", "closed", "all"), "all")
    return None if state == "all" else lambda issue: issue.state == state


def _scope(call: Call, default: str) -> Test | None:
    scope = (call.params.choice("scope", _SCOPES, default) or "").replace("-", "_")
    if scope == "created_by_me":
        return lambda issue: issue.author is call.user
    return (lambda issue: call.user in issue.assignees) if scope == "assigned_to_me" else None


def _people(params: Params) -> list[Test | None]:
    return [
        _person(params, "author", lambda issue: [issue.author]),
        _person(params, "assignee", lambda issue: issue.assignees),
    ]


def _person(params: Params, role: str, people: Callable[[Issue], list[User]]) -> Test | None:
    id, names = params.text(f"{role}_id"), params.words(f"{role}_username")
    if id in ("None", "Any"):
        return lambda issue: bool(people(issue)) == (id == "Any")
    number = params.number(f"{role}_id")
    if number is not None:
        return lambda issue: any(user.id == number for user in people(issue))
    lowered = [name.lower() for name in names]
    if not lowered:
        return None
    return lambda issue: set(lowered) <= {user.username.lower() for user in people(issue)}


def _fields(params: Params) -> list[Test | None]:
    iids, confidential = params.numbers("iids"), params.flag("confidential")
    kind = params.choice("issue_type", _KINDS)
    numbered: Test | None = (lambda issue: issue.iid in iids) if iids else None
    hidden: Test | None = None
    if confidential is not None:
        hidden = lambda issue: issue.confidential is confidential  # noqa: E731 - one of many such tests
    typed: Test | None = (lambda issue: issue.kind == kind) if kind else None
    return [numbered, hidden, typed, _labels(params), _milestone(params)]


def _labels(params: Params) -> Test | None:
    """Return the test for all of the labels; ``None`` and ``Any`` are words of their own."""
    names = params.words("labels")
    if not names:
        return None
    if len(names) == 1 and names[0].lower() in ("none", "any"):
        return lambda issue: bool(issue.labels) == (names[0].lower() == "any")
    return lambda issue: set(names) <= {label.name for label in issue.labels}


def _milestone(params: Params) -> Test | None:
    title = params.text("milestone")
    word = params.choice("milestone_id", ("None", "Any", "Upcoming", "Started"))
    given = title or word
    if given in ("Upcoming", "Started", "#upcoming", "#started"):
        raise Refused(501, {"sandbox": f"the gitlab sandbox does not filter issues by milestone {given}"})
    if given in ("None", "Any"):
        return lambda issue: (issue.milestone is not None) == (given == "Any")
    return (lambda issue: issue.milestone is not None and issue.milestone.title == given) if given else None


def _search(call: Call) -> Test | None:
    """Return the test for all the words in title or description; searching has a limit of its own."""
    words = (call.params.text("search") or "").lower().split()
    if not words:
        return None
    call.limit("search_rate_limit", call.site.switches.searches_per_minute)
    places = (call.params.text("in") or "title,description").split(",")

    def found(issue: Issue) -> bool:
        text = " ".join((issue.title if place == "title" else issue.description) or "" for place in places)
        return all(word in text.lower() for word in words)

    return found


def _times(params: Params) -> list[Test | None]:
    """Return the tests for created and updated; both ends are inclusive ("on or after", 2.4)."""
    tests: list[Test | None] = []
    for field, value in (("created", lambda i: i.created_at), ("updated", lambda i: i.updated_at)):
        after, before = params.instant(f"{field}_after"), params.instant(f"{field}_before")
        tests += [_since(value, after), _until(value, before)]
    return tests


def _since(value: Callable[[Issue], datetime], edge: datetime | None) -> Test | None:
    return (lambda issue: value(issue) >= edge) if edge else None


def _until(value: Callable[[Issue], datetime], edge: datetime | None) -> Test | None:
    return (lambda issue: value(issue) <= edge) if edge else None


def ordered(call: Call, issues: list[Issue]) -> tuple[list[Issue], Callable[[Issue], Key], bool]:
    """Return the issues in the order asked for, their sorting keys, and whether these descend."""
    keyset = call.params.text("pagination") == "keyset"
    allowed = (*_ORDERS, "id") if keyset else _ORDERS
    order = call.params.choice("order_by", allowed, "created_at") or ""
    down = call.params.choice("sort", ("asc", "desc"), "desc") == "desc"
    if order in ("label_priority", "milestone_due", "priority"):
        raise Refused(501, {"sandbox": f"the gitlab sandbox does not order issues by {order}"})
    if keyset and order not in _KEYSET_ORDERS:
        raise Refused(405, {"error": "Keyset pagination is not yet available for this type of request"})
    value = _VALUES[order]
    last = float("-inf") if down else float("inf")  # issues without a value come last either way

    def key(issue: Issue) -> Key:
        found = value(issue)
        return (last if found is None else found, issue.id)

    return sorted(issues, key=key, reverse=down), key, down


_VALUES: dict[str, Callable[[Issue], float | str | None]] = {
    "created_at": lambda issue: issue.created_at.timestamp(),
    "updated_at": lambda issue: issue.updated_at.timestamp(),
    "due_date": lambda issue: issue.due_date.toordinal() if issue.due_date else None,
    "id": lambda issue: 0,
    "popularity": lambda issue: sum(award.name == "thumbsup" for award in issue.awards),
    "relative_position": lambda issue: issue.position,
    "title": lambda issue: issue.title.lower(),
    "weight": lambda issue: issue.weight,
}
