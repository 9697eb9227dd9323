"""What an estimate found, as data that JSON has. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Any

from deskbridge.migration.estimating import Found
from deskbridge.parts import Settings
from mappings.ticket import Field, Organisation, Unmapped
from mappings.vocabulary import Native, vocabularies
from sync.migrate.estimate import Counted, archived_rows
from sync.migrate.hours import PRELOAD, USUAL
from sync.migrate.losses import MEANING
from sync.migrate.sampling import CONFIDENCE, About

Data = dict[str, Any]

_NAMED = 100
"""Customers, people and fields that are named; of more, the number is told."""
_WORDS: tuple[Field, ...] = ("status", "priority", "type")
_WAY = "correct it and ask again: `deskbridge check --live`"
"""The way out of a problem that names none itself."""


def figures(found: Found, settings: Settings) -> Data:
    """Return everything that is told of a past and of the way it would take."""
    told, counted = found.told, found.told.counted
    archive, sampled = told.archive, told.sampled
    return {
        "source": found.source,
        "target": f"{found.to.connection} {found.to.key}",
        "at": counted.now.isoformat(timespec="seconds"),
        "confidence": CONFIDENCE,
        "tickets": {
            "listed": counted.presence["present"],
            "trashed": counted.presence["trashed"],
            "archived": about(archive.tickets),
            "gone": about(
                About(
                    archive.gaps - archive.tickets.value,
                    archive.gaps - archive.tickets.high,
                    archive.gaps - archive.tickets.low,
                )
            ),
            "highest": told.highest,
            "numbers_asked": archive.asked,
            "open": counted.open,
            "changed_in_14_days": counted.recent,
        },
        "words": {name: list(_words(found, settings, name)) for name in _WORDS},
        "years": list(_years(found)),
        "customers": list(_customers(found, settings)),
        "volume": {
            "looked_into": sampled.looked,
            "texts": about(sampled.texts),
            "files": about(sampled.files),
            "bytes": about(sampled.bytes),
        },
        "losses": [
            {
                "loss": loss.value,
                "meaning": MEANING[loss],
                "tickets": about(many),
                "examples": list(sampled.examples[loss]),
            }
            for loss, many in sampled.losses.items()
            if sampled.examples[loss]
        ],
        "unmapped": list(_unmapped(found)),
        "fields": list(_fields(found, settings)),
        "people": list(_people(found, settings)),
        "former": sorted(_former(found)),
        "requesters": len(counted.requesters),
        "pace": {
            "calls_a_minute": found.pace.calls,
            "lists_a_minute": found.pace.lists,
            "plan": found.pace.plan,
            "share": USUAL,
            "preload_share": PRELOAD,
        },
        "steps": [
            {
                "on": found.source if step.on == "source" else found.to.connection,
                "step": step.name,
                "about": step.about,
                "calls": about(step.calls),
                "hours": about(step.hours),
            }
            for step in found.plan.steps
        ],
        "hours": about(found.plan.whole),
        "preload_hours": about(found.plan.preload),
        "weekend_hours": about(found.plan.weekend),
        "advice": list(found.plan.advice),
        "lacks": [
            *(_lack(line) for line in found.checked.lines if not _well(found, line)),
            *(_lack(line) for line in found.ways),
        ],
        "know": [line for line in found.checked.remarks if line not in found.ways],
        "consequences": [
            {"place": place, "lines": list(lines)} for place, lines in found.consequences.items()
        ],
        "calls": [
            {"connection": name, "at_most": most, "made": found.made[name]}
            for name, most in found.promised.items()
        ],
    }


def about(many: About) -> Data:
    """Return an estimated number."""
    off = many.off
    return {
        "about": round(many.value, 4) if many.value % 1 else int(many.value),
        "low": round(many.low, 4),
        "high": round(many.high, 4),
        "exact": many.exact,
        "off_percent": None if off is None else round(100 * off, 1),
    }


def _words(found: Found, settings: Settings, name: Field) -> Iterator[Data]:
    connection = settings.connections[found.source]
    lens = vocabularies(connection.system, connection.vocabulary).get(name)
    for word, many in found.told.counted.words.get(name, Counter()).most_common():
        means = lens.get(Native(word)) if lens else None
        yield {
            "word": word,
            "label": found.called.get(name, {}).get(word, word),
            "means": None if means is None or isinstance(means, Unmapped) or not word else means.value,
            "tickets": many,
        }


def _years(found: Found) -> Iterator[Data]:
    archive = found.told.archive
    for year in sorted({*found.told.counted.years, *archive.rows.years}):
        yield {
            "year": year,
            "tickets": found.told.counted.years[year],
            "archived": about(archived_rows(archive, partial(_of_year, year=year))),
        }


def _of_year(rows: Counted, year: int) -> int:
    return rows.years[year]


def _customers(found: Found, settings: Settings) -> Iterator[Data]:
    counted = found.told.counted.organisations
    for key, many in counted.most_common(_NAMED):
        known = found.organisations.get(key)
        yield {
            "organisation": key or None,
            "name": known.name if known else (f"organisation {key}" if key else "no organisation"),
            "customer": _customer(settings, found.source, key, known),
            "tickets": many,
        }
    if len(counted) > _NAMED:
        rest = counted.most_common()[_NAMED:]
        yield {
            "organisation": None,
            "name": f"{len(rest)} further organisations",
            "customer": None,
            "tickets": sum(many for _, many in rest),
        }


def _customer(settings: Settings, source: str, key: str, known: Organisation | None) -> str | None:
    domains = {domain.lower() for domain in known.domains} if known else set()
    for name, customer in settings.customers.items():
        if (key and key in customer.organisations.get(source, ())) or domains & customer.domains:
            return name
    return None


def _unmapped(found: Found) -> Iterator[Data]:
    for (name, word), many in found.told.counted.unmapped.most_common():
        yield {
            "field": name,
            "word": word,
            "label": found.called.get(name, {}).get(word, word),
            "tickets": many,
            "fix": f"add what it means to `read` in [connections.{found.source}.vocabulary.{name}]",
        }


def _fields(found: Found, settings: Settings) -> Iterator[Data]:
    held = set(settings.connections[found.source].fields.values())
    for name, many in found.told.counted.filled.most_common(_NAMED):
        if name not in held:
            yield {
                "field": name,
                "tickets": many,
                "fix": f"name it in [connections.{found.source}.fields], or leave it behind knowingly",
            }


def _people(found: Found, settings: Settings) -> Iterator[Data]:
    known = {
        (person.keys.get(found.source, "").casefold(), person.keys.get(found.to.connection, ""))
        for person in settings.people
    }
    placed = {key for key, there in known if there}
    for key, (name, email) in sorted(found.staff.items(), key=lambda one: one[1]):
        if not placed & {key.casefold(), email.casefold(), name.casefold()}:
            yield {
                "key": key,
                "name": name,
                "email": email,
                "tickets": found.told.counted.assignees[key],
                "fix": "`deskbridge migrate people` finds their account, or lists them for you",
            }


def _former(found: Found) -> set[str]:
    if not found.staff:
        return set()
    seen = {*found.told.counted.assignees, *found.told.sampled.authors} - {""}
    return seen - found.staff.keys() - found.told.counted.requesters


def _lack(line: str) -> Data:
    what, parted, fix = line.rpartition("; ")
    return {"what": what if parted else line, "fix": fix if parted else _WAY}


def _well(found: Found, line: str) -> bool:
    return line.partition(": ready, as ")[0] in found.checked.ready
