"""A statement as text, CSV and JSON. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from deskbridge.sla.issuing import Report
from deskbridge.sla.statement import Data
from sync.sla.ledger import spelled

COLUMNS = (
    "ticket",
    "clock",
    "priority",
    "policy",
    "started",
    "due",
    "stopped",
    "counted",
    "verdict",
    "said",
    "late_minutes",
    "measured_in",
    "exact",
    "late_by_change",
)


def report_lines(report: Report) -> Iterator[str]:
    """Yield a statement for a person to read."""
    data = report.data
    yield f"{data['name']}, {data['month']} ({data['zone']}){'' if data['complete'] else ', until now'}"
    if issued := report.issued:
        yield f"issued {issued.issued:%Y-%m-%d %H:%M} UTC by {issued.who}, SHA-256 {issued.hash}"
    yield ""
    yield f"Promises kept: {share(data)}"
    for row in data["clocks"]:
        between = f", {row['between']} rest on an instant between two looks" if row["between"] else ""
        counts = f"{row['met']} met, {row['missed']} missed, {row['waived']} waived{between}"
        yield f"  {row['clock']} {row['priority']}: {counts}"
    said = [row for row in data["cycles"] if row["said"]]
    yield from _section(
        "What people said",
        (f"{r['ticket']} {r['clock']}: {r['said']}; counted: {r['counted']}" for r in said),
    )
    worst = (f"{r['ticket']}: {r['missed']} missed, {length(r['late_minutes'])} late" for r in data["worst"])
    yield from _section("Worst tickets", worst)
    yield from _section("Hours", hours(data))
    owed = data["penalties"]
    basis = (
        f"{owed['missed']} of {owed['promises']} promises missed, {length(owed['late_minutes'])} late in all"
    )
    yield from _section("Basis of penalties", [basis])
    found = (f"{c.at:%Y-%m-%d}: {c.what}: {c.before} -> {c.after}" for c in report.corrections)
    yield from _section("Corrections since it was issued", found)


def report_json(report: Report) -> Data:
    """Return a statement as data, with its hash and corrections."""
    issued = report.issued
    return {
        **report.data,
        "issued": {"at": issued.issued.isoformat(), "by": issued.who, "sha256": issued.hash}
        if issued
        else None,
        "corrections": [
            {"at": c.at.isoformat(), "what": c.what, "before": c.before, "after": c.after}
            for c in report.corrections
        ],
    }


def report_csv(report: Report) -> str:
    """Return one line for each promise. No cell begins as a spreadsheet's formula does."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(COLUMNS)
    for row in report.data["cycles"]:
        rows.writerow([_cell(row[name]) for name in COLUMNS])
    return text.getvalue()


def share(data: Data) -> str:
    """Return the share of the promises that were kept, in percent."""
    return "none counted" if data["share_met"] is None else f"{data['share_met']:.1%}"


def length(minutes: int) -> str:
    """Return minutes as people write them."""
    return spelled(timedelta(minutes=minutes))


def wall(iso: str | None, zone: str) -> str:
    """Return an instant on the customer's clocks."""
    return f"{datetime.fromisoformat(iso).astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}" if iso else ""


def hours(data: Data) -> Iterator[str]:
    """Yield what a tier's hours came to."""
    used = data["hours"]
    yield f"tier {used['tier'] or 'none'}: {length(used['spent_minutes'])} booked"
    if used["paying"]:
        covered, over = length(used["covered_minutes"]), length(used["over_minutes"])
        yield f"covered {covered}, over {over}"
        yield f"billable {length(used['billable_minutes'])}: {used['reason']}"
        if used["unpaid_minutes"]:
            yield f"not billable, as it was booked: {length(used['unpaid_minutes'])}"
    else:
        yield str(used["reason"])
    yield from (f"not counted, several tickets share it: {name}" for name in used["shared"])
    yield from (f"not known: {why}" for why in used["unread"])


def compared_lines(data: Data) -> Iterator[str]:
    """Yield what became of the promises, and what would have become of them under other rules."""
    now, then = share(data["now"]), share(data["then"])
    yield f"{data['customer']}: {data['tickets']} tickets; kept {now}, then {then}"
    rows = {(r["clock"], r["priority"]): [r, None] for r in data["now"]["clocks"]}
    for row in data["then"]["clocks"]:
        rows.setdefault((row["clock"], row["priority"]), [None, None])[1] = row
    for (clock, priority), (before, after) in sorted(rows.items()):
        yield f"  {clock} {priority}: {_counted(before)} -> {_counted(after)}"


def _counted(row: Data | None) -> str:
    return f"{row['met']} met, {row['missed']} missed, {row['waived']} waived" if row else "nothing promised"


def _section(title: str, lines: Iterator[str] | list[str]) -> Iterator[str]:
    found = list(lines)
    if found:
        yield ""
        yield f"{title}:"
        yield from (f"  {line}" for line in found)


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
