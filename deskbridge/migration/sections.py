"""An estimate told as sections, for any way of showing it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Data = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under a head; the last `numbers` columns are numbers."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: int = 0
    bars: tuple[float, ...] = ()
    """How long each row's bar is, of 1; none if empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of a report."""

    title: str
    says: tuple[str, ...] = ()
    points: tuple[str, ...] = ()
    table: Table | None = None


def sections(data: Data) -> Iterator[Section]:
    """Yield the parts of an estimate, what is to be decided first."""
    yield Section(title="What to do", points=tuple(data["advice"]))
    yield _steps(data)
    yield _lacks(data)
    yield from (
        Section(title=f"What moving into {one['place']} means", points=tuple(one["lines"]))
        for one in data["consequences"]
    )
    yield _tickets(data)
    yield from _words(data)
    yield _years(data)
    yield _customers(data)
    yield _volume(data)
    yield _losses(data)
    yield _unmapped(data)
    yield _people(data)
    if data["know"]:
        yield Section(title="Good to know", points=tuple(data["know"]))
    yield _how(data)


def tiles(data: Data) -> list[tuple[str, str, str]]:
    """Return (what, how many, how sure) of what a manager asks first."""
    tickets, volume = data["tickets"], data["volume"]
    return [
        ("Tickets", f"{tickets['listed']:,}", f"and {spread(tickets['archived'])} archived"),
        ("Texts", spread(volume["texts"]), _sure(volume["texts"])),
        ("Files", spread(volume["files"]), _sure(volume["files"])),
        ("Size of files", size(volume["bytes"]["about"]), _sure(volume["bytes"])),
        ("Moving", length(data["hours"]), f"at {data['pace']['share']:.0%} of the quota"),
        ("The weekend", length(data["weekend_hours"]), "delta, verify, switch"),
    ]


def spread(about: Data) -> str:
    """Return a number as it may be said: as it is, or about."""
    if about["exact"]:
        return f"{about['about']:,.0f}"
    return f"about {_round(about['about']):,}"


def _sure(about: Data) -> str:
    if about["exact"]:
        return "counted"
    if about["off_percent"] is None:
        return f"at most {about['high']:,.0f}"
    return f"± {about['off_percent']:.0f} %"


def sure(about: Data) -> str:
    """Return a number with how sure it is."""
    if about["exact"]:
        return spread(about)
    return f"{spread(about)} ({_round(about['low']):,} to {_round(about['high']):,}; {_sure(about)})"


def size(many: float) -> str:
    """Return bytes as people say them."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if many < 1000 or unit == "GB":
            return f"{many:,.0f} {unit}" if many >= 100 or unit == "bytes" else f"{many:.1f} {unit}"
        many /= 1000
    return ""


def length(about: Data) -> str:
    """Return hours as people say them."""
    low, high = _hours(about["low"]), _hours(about["high"])
    return low if low == high else f"{low} to {high}"


def _hours(of: float) -> str:
    if of * 60 < 1:
        return "under a minute"
    if of < 1:
        return f"{of * 60:.0f} min"
    return f"{of:.1f} h" if of < 48 else f"{of / 24:.1f} days"


def _round(many: float) -> int:
    """Return a number without digits that nobody can vouch for."""
    whole = round(many)
    return whole if whole < 1000 else round(whole, 3 - len(str(whole)))


def _steps(data: Data) -> Section:
    pace, rows = data["pace"], data["steps"]
    plan = f" ({pace['plan']})" if pace["plan"] else ""
    told = (
        f"{pace['calls_a_minute']:.0f} calls a minute{plan}" if pace["calls_a_minute"] else "unknown limits"
    )
    lists = f", of them {pace['lists_a_minute']:.0f} lists of tickets" if pace["lists_a_minute"] else ""
    longest = max((row["hours"]["about"] for row in rows), default=0) or 1
    said = (
        f"{data['source']} allows {told}{lists}. Each step is told as if it had {pace['share']:.0%} of them"
        f" for itself; source and target work at the same time: {length(data['hours'])} in all, or"
        f" {length(data['preload_hours'])} in the background at {pace['preload_share']:.0%}."
    )
    return Section(
        title="Calls and hours, step by step",
        says=(said,),
        table=Table(
            head=("On", "Step", "What", "Calls", "Time"),
            rows=tuple(
                (r["on"], r["step"], r["about"], spread(r["calls"]), length(r["hours"])) for r in rows
            ),
            numbers=2,
            bars=tuple(row["hours"]["about"] / longest for row in rows),
        ),
    )


def _lacks(data: Data) -> Section:
    rows = tuple((row["what"], row["fix"]) for row in data["lacks"])
    if not rows:
        return Section(title="What stands in the way", says=("Nothing: every connection is ready.",))
    return Section(title="What stands in the way", table=Table(head=("What", "The way out"), rows=rows))


def _tickets(data: Data) -> Section:
    tickets = data["tickets"]
    return Section(
        title="Tickets",
        table=Table(
            head=("What", "Tickets"),
            rows=(
                ("in the lists", f"{tickets['listed']:,}"),
                ("of them open", f"{tickets['open']:,}"),
                ("changed in the last 14 days", f"{tickets['changed_in_14_days']:,}"),
                ("trash and spam", f"{tickets['trashed']:,}"),
                (f"archived, by {tickets['numbers_asked']:,} numbers asked for", sure(tickets["archived"])),
                ("numbers that bear nothing any more", sure(tickets["gone"])),
                ("highest number", f"{tickets['highest']:,}"),
            ),
            numbers=1,
        ),
    )


def _words(data: Data) -> Iterator[Section]:
    for name, rows in data["words"].items():
        yield Section(
            title=f"By {name}",
            says=_besides(data),
            table=Table(
                head=(name.capitalize(), "Means", "Tickets"),
                rows=tuple(
                    (row["label"] or "none", row["means"] or "nothing that is known", f"{row['tickets']:,}")
                    for row in rows
                ),
                numbers=1,
                bars=_bars([row["tickets"] for row in rows]),
            ),
        )


def _besides(data: Data) -> tuple[str, ...]:
    """Return what a table counts that "in the lists" does not."""
    trashed = data["tickets"]["trashed"]
    return (f"With trash and spam: {trashed:,} of them.",) if trashed else ()


def _years(data: Data) -> Section:
    rows = data["years"]
    return Section(
        title="By year",
        says=_besides(data),
        table=Table(
            head=("Created in", "Archived", "In the lists"),
            rows=tuple((str(r["year"]), sure(r["archived"]), f"{r['tickets']:,}") for r in rows),
            numbers=2,
            bars=_bars([row["tickets"] + row["archived"]["about"] for row in rows]),
        ),
    )


def _customers(data: Data) -> Section:
    rows = data["customers"]
    return Section(
        title="By customer",
        says=(*_besides(data), f"{data['requesters']:,} people have written."),
        table=Table(
            head=("Organisation", "Customer of the settings", "Tickets"),
            rows=tuple((r["name"], r["customer"] or "none", f"{r['tickets']:,}") for r in rows),
            numbers=1,
            bars=_bars([row["tickets"] for row in rows]),
        ),
    )


def _volume(data: Data) -> Section:
    volume = data["volume"]
    low, high = size(volume["bytes"]["low"]), size(volume["bytes"]["high"])
    return Section(
        title="Texts and files",
        says=(f"From {volume['looked_into']:,} tickets that were looked into, drawn at random.",),
        table=Table(
            head=("What", "How many"),
            rows=(
                ("texts, first messages included", sure(volume["texts"])),
                ("files", sure(volume["files"])),
                (
                    "size of the files",
                    f"{size(volume['bytes']['about'])} ({low} to {high}; {_sure(volume['bytes'])})",
                ),
            ),
            numbers=1,
        ),
    )


def _losses(data: Data) -> Section:
    rows = data["losses"]
    if not rows:
        return Section(title="What gets lost in conversion", says=("Nothing in what was looked into.",))
    return Section(
        title="What gets lost in conversion",
        table=Table(
            head=("Tickets that", "For example", "How many"),
            rows=tuple(
                (r["meaning"], ", ".join(f"#{n}" for n in r["examples"]), sure(r["tickets"])) for r in rows
            ),
            numbers=1,
        ),
    )


def _unmapped(data: Data) -> Section:
    rows = [
        (f"{r['field']} {r['label']!r} ({r['word']})", r["fix"], f"{r['tickets']:,}")
        for r in data["unmapped"]
    ]
    rows += [(f"field {r['field']}", r["fix"], f"{r['tickets']:,}") for r in data["fields"]]
    if not rows:
        return Section(
            title="What the settings do not know", says=("Nothing: every word and field has a row.",)
        )
    return Section(
        title="What the settings do not know",
        table=Table(head=("What", "The way out", "Tickets"), rows=tuple(rows), numbers=1),
    )


def _people(data: Data) -> Section:
    rows = [
        (p["name"] or p["email"] or p["key"], p["email"], p["fix"], f"{p['tickets']:,}")
        for p in data["people"]
    ]
    said = []
    if not rows:
        said.append("Everybody of staff who is listed has an account on the other side.")
    if data["former"]:
        many = len(data["former"])
        who = (
            "1 person who wrote or owned tickets is no agent"
            if many == 1
            else (f"{many} people who wrote or owned tickets are no agents")
        )
        said.append(f"{who} any more; the texts name them.")
    table = Table(head=("Who", "Mail", "The way out", "Tickets owned"), rows=tuple(rows), numbers=1)
    return Section(title="People without an account there", says=tuple(said), table=table if rows else None)


def _how(data: Data) -> Section:
    rows = tuple((c["connection"], f"{c['at_most']:,}", f"{c['made']:,}") for c in data["calls"])
    said = (
        f"At {data['at']}. “About” is the best guess out of an interval that holds the truth in"
        f" {data['confidence']:.0%} of all samples: at least so for counts, nearly so for sums of texts,"
        " files and sizes. Nothing was written."
    )
    return Section(
        title="How this was found",
        says=(said,),
        table=Table(head=("Connection", "Calls at most", "Calls made"), rows=rows, numbers=2),
    )


def _bars(many: list[float]) -> tuple[float, ...]:
    most = max(many, default=0) or 1
    return tuple(one / most for one in many)
