"""A customer's month out of BENCH_MONTHLY (50,000) tickets of ten customers: as text, CSV and HTML.

The bare baseline, in the same run, reads the customer's rows of the same store and asks their clocks, and
nothing else. Times are processor time of one core. No tool is asked: no time was booked in that month.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import insert

from benchmarks.figures import Sheet, ratio_most
from deskbridge.bootstrap import Application, build
from deskbridge.sla.issuing import Report, report
from deskbridge.sla.page import page
from deskbridge.sla.shown import report_csv, report_lines
from mappings.ticket import Priority, Status, TicketType
from sync.served import facts_json
from sync.sla.clock import clocks
from sync.sla.facts import Fact, FactKind, Facts
from sync.store import schema as t
from sync.store.derived import theirs_of

SIZES = {"MONTHLY": (50_000, 2_000)}
_CUSTOMERS = 10
_GOAL = 3.0
_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
_DAYS = 180
_SETTINGS = """
[hub]
store = "store.sqlite3"
secret = "env:DESKBRIDGE_SECRET"

[connections.desk]
system = "freshdesk"
role = "front"
url = "https://desk.example"
secret = "env:KEY"

[connections.jira]
system = "jira"
role = "work"
url = "https://jira.example"
user = "hub@example.com"
secret = "env:KEY"

[places.dev]
connection = "jira"
key = "DEV"
kind = "1"
readers = "staff"

[[routes]]
name = "all"
to = "dev"

[calendars.office]
zone = "Europe/Rome"
week = { "mon-fri" = ["09:00-13:00", "14:00-18:00"] }
country = "IT"

[policies.all]
preset = "five_levels"
calendar = "office"
"""


def main(sheet: Sheet) -> None:
    """Take down each form's time against the baseline."""
    count = sheet.size("MONTHLY")
    with tempfile.TemporaryDirectory() as folder:
        application = _application(Path(folder), count)
        bare, found = _timed(lambda: _bare(application))
        named = f"the clocks of {found:,} tickets"
        made, whole = _timed(lambda: report(application, "c3", "2026-03", issue=False, by=None))
        what = f"a customer's month of {len(whole.data['cycles']):,} promises among {count:,} tickets"
        sheet.add(f"{what}, reckoned", made, "s", beside=bare, named=named, steady=True)
        for name, form in _FORMS.items():
            took, text = _timed(partial(form, whole))
            sheet.add(
                f"{what}, as {name} of {len(text):,} characters",
                made + took,
                "s",
                beside=bare,
                named=named,
                goal=ratio_most(_GOAL),
                steady=True,
            )
        application.store.database.close()


_FORMS: dict[str, Callable[[Report], str]] = {
    "text": lambda made: "\n".join(report_lines(made)),
    "CSV": report_csv,
    "HTML": page,
}


_T = TypeVar("_T")


def _timed(do: Callable[[], _T]) -> tuple[float, _T]:
    begun = time.process_time()
    found = do()
    return time.process_time() - begun, found


def _bare(application: Application) -> int:
    """Ask the clocks of one customer's tickets, and return how many tickets there are."""
    rules = application.promised.policies("c3")
    return sum(
        1 for ticket in application.store.served.tickets("c3") if rules and clocks(ticket.facts, rules)
    )


def _application(folder: Path, count: int) -> Application:
    customers = "".join(
        f'[customers.c{n}]\nname = "Customer {n}"\nzone = "Europe/Rome"\n'
        f'domains = ["c{n}.example"]\npolicy = "all"\n'
        for n in range(_CUSTOMERS)
    )
    settings = folder / "settings.toml"
    settings.write_text(_SETTINGS + customers, "utf-8")
    secrets = {"DESKBRIDGE_SECRET": "a secret for one benchmark", "KEY": "k"}
    application = build(settings, secrets, now=lambda: _BEGIN + timedelta(days=_DAYS))
    chance = random.Random(6)  # noqa: S311 - the same tickets each time
    with application.store.database.writing() as tx:
        rows = [_ticket(number, chance) for number in range(count)]
        tx.execute(insert(t.served), rows)
        tx.execute(insert(t.theirs), [one for row in rows for one in theirs_of(row)])
    return application


def _ticket(number: int, chance: random.Random) -> dict[str, Any]:
    """Return the row of a ticket that was answered some times and solved, by chance late."""
    customer, at = f"c{number % _CUSTOMERS}", _BEGIN + timedelta(minutes=chance.randrange(_DAYS * 1440))
    created, told = at, list[Fact]()
    for text in range(chance.randrange(1, 5)):
        at += timedelta(minutes=chance.randrange(5, 3000))
        told.append(Fact(FactKind.ANSWER, f"{number}-{text}", at, at))
    at += timedelta(minutes=chance.randrange(5, 9000))
    told.append(Fact(FactKind.STATUS, Status.RESOLVED.value, at, at))
    facts = Facts(created, tuple(told), chance.choice(list(Priority)), TicketType.INCIDENT, customer)
    row: dict[str, Any] = dict.fromkeys(("display", "owner", "subject", "url", "requester", "priority"), "")
    return row | {
        "connection": "desk",
        "key": str(number),
        "customer": customer,
        "type": "incident",
        "status": "resolved",
        "assumed": [],
        "changed": _BEGIN - timedelta(days=1),  # so that no tool is asked for booked time
        "facts": facts_json(facts),
    }
