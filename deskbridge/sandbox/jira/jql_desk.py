"""The searches over service level clocks: ``"Time to resolution" < remaining("1h")`` (reference, 8.5)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from deskbridge.sandbox.jira import desk_sla, jql_time
from deskbridge.sandbox.jira.desk_sla import Cycle
from deskbridge.sandbox.jira.jql_parse import Clause
from deskbridge.sandbox.jira.model import FieldDef, Issue
from deskbridge.sandbox.jira.state import Site

# name of a function: what it asks of the last cycle.
_STATES: dict[str, Callable[[Site, Cycle], bool]] = {
    "running": lambda site, cycle: not cycle.stop and cycle.since is not None,
    "paused": lambda site, cycle: not cycle.stop and cycle.since is None,
    "completed": lambda site, cycle: cycle.stop is not None,
    "breached": lambda site, cycle: desk_sla.elapsed(site, cycle) > cycle.goal,
    "withincalendarhours": lambda site, cycle: desk_sla.working(site.switches.sla_calendar, site.now()),
}
_NUMBERS: dict[str, Callable[[Site, Cycle], float]] = {
    "remaining": lambda site, cycle: cycle.goal - desk_sla.elapsed(site, cycle),
    "elapsed": desk_sla.elapsed,
}
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}


def clause(
    site: Site, given: Clause, operator: str, known: FieldDef, unknown: Callable[[str], Exception]
) -> Callable[[Issue], bool]:
    """Return the test of a clause over a clock; raises `unknown` for what clocks don't know."""
    metric = desk_sla.metric_of(known.id)
    name, value = given.values[0].text.lower(), given.values[0]
    assert metric is not None

    def cycles(row: Issue) -> list[Cycle]:
        return desk_sla.cycles(site, row, metric) if site.desk_of(row) else []

    if name == "everbreached" and operator in ("=", "!="):
        breached = _STATES["breached"]
        return lambda row: any(breached(site, c) for c in cycles(row)) == (operator == "=")
    if name in _STATES and operator in ("=", "!="):
        state = _STATES[name]
        return lambda row: bool((got := cycles(row)) and state(site, got[-1]) == (operator == "="))
    span = jql_time.period((value.arguments or ("0m",))[0])
    if name in _NUMBERS and operator in _COMPARE and span is not None:
        number, compare = _NUMBERS[name], _COMPARE[operator]
        return lambda row: any(
            not c.stop and compare(number(site, c), span / timedelta(seconds=1)) for c in cycles(row)[-1:]
        )
    text = f"{value.text}({', '.join(value.arguments)})"
    raise unknown(f"The operator '{given.operator}' with '{text}' is not supported by '{given.field}'.")
