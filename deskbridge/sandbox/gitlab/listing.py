"""Lists of issues by the views that keep them sorted: no call sorts or tests the whole set again."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime

from deskbridge.sandbox.gitlab import filters
from deskbridge.sandbox.gitlab.call import Call
from deskbridge.sandbox.gitlab.places import Project, User
from deskbridge.sandbox.gitlab.records import Issue
from deskbridge.sandbox.gitlab.site import Site
from deskbridge.sandbox.gitlab.views import Rows, Test, View

_NOT_SELECTING = {
    *("page", "per_page", "pagination", "cursor", "order_by", "sort", "with_labels_details", "id"),
    *("private_token", "created_after", "created_before", "updated_after", "updated_before", "non_archived"),
}


def rows(call: Call, places: Collection[Project], *, scope: str = "all") -> Rows:
    """Return the issues of some projects that the caller sees and the parameters select, in order.

    A range of the value that they are sorted by is a slice of the view. Any other range is part of
    what makes a view, and a view of the range's own field gives its candidates.
    """
    if call.params.text("search"):
        call.limit("search_rate_limit", call.site.switches.searches_per_minute)
    name, down = filters.order(call)
    tests = filters.tests(call, scope)
    spans = {field: filters.span(call.params, field) for field in ("created", "updated")}
    own = spans.pop(name.removesuffix("_at"), (None, None)) if name.endswith("_at") else (None, None)
    given = {field: ends for field, ends in spans.items() if any(ends)}
    tests += [filters.within(_FIELDS[field], ends) for field, ends in given.items()]
    key = (_named(call, places, scope), str(given), name, down)
    view = _view(call, places, key, tests, lambda: _candidates(call.site, places, given))
    low, high = (end.timestamp() if end else None for end in own)
    return view.rows(low, high, down=down)


_FIELDS = {"created": lambda issue: issue.created_at, "updated": lambda issue: issue.stamp}


def _named(call: Call, places: Iterable[Project], scope: str) -> str:
    """Return what tells a selection from others: who asks, where, on which day and for what."""
    given = {name: value for name, value in call.params.values.items() if name not in _NOT_SELECTING}
    what = json.dumps(given, sort_keys=True, default=str)
    where = ",".join(str(place.id) for place in places)
    return f"{call.user.id} {where} {call.site.now().date()} {scope} {call.site.switches.tier} {what}"


def _view(
    call: Call,
    places: Collection[Project],
    key: tuple[str, str, str, bool],
    tests: Sequence[Test],
    candidates: Callable[[], Iterable[Issue]],
) -> View:
    _, _, name, down = key
    within = frozenset(places)
    everything = [lambda issue: issue.project in within, *tests]
    test, value = filters.readable(call.user, everything), filters.value(name, down=down)
    return call.site.views.get(key, lambda: (View(call.site.issues, test, value), candidates()))


def _candidates(
    site: Site, places: Collection[Project], given: dict[str, tuple[datetime | None, datetime | None]]
) -> Iterable[Issue]:
    """Return the issues that may pass: those in a range of ``updated``, or all of the projects."""
    if "updated" not in given:
        return (issue for place in places for issue in place.issues.values())
    low, high = (end.timestamp() if end else None for end in given["updated"])
    return by_update(site).rows(low, high)[:]


def by_update(site: Site) -> View:
    """Return the view of all issues by when they were updated."""
    value = filters.value("updated_at", down=False)
    return site.views.get(
        "updated", lambda: (View(site.issues, lambda issue: True, value), site.issues.values())
    )


def opened(site: Site, place: Project) -> int:
    """Return how many issues of a project are open."""
    test: Test = lambda issue: issue.project is place and issue.state == "opened"  # noqa: E731 - two uses
    value = filters.value("id", down=False)
    return len(
        site.views.get(
            f"open {place.id}", lambda: (View(site.issues, test, value), place.issues.values())
        ).keys
    )


def newest(site: Site, user: User, places: Collection[Project], state: str) -> Rows:
    """Return what a user can read of some projects' issues in a state (or ``all``), newest first."""
    within, value = frozenset(places), filters.value("created_at", down=True)
    tests: list[Test] = [lambda issue: issue.project in within and state in ("all", issue.state)]
    test = filters.readable(user, tests)
    key = ("newest", user.id, tuple(place.id for place in places), state)
    candidates = (issue for place in places for issue in place.issues.values())
    return site.views.get(key, lambda: (View(site.issues, test, value), candidates)).rows(down=True)
