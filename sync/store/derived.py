"""What follows from a ticket's facts and is kept beside them, so that lists and sums read few rows. Pure.

Nothing here is a counter: a ticket's rows are made anew whenever its facts differ. Whoever changes what is
derived adds a revision that derives it of all tickets again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import blake2b
from typing import Any

from sync.served import facts_of
from sync.sla.facts import Fact, FactKind, Facts

WEEK = timedelta(days=7)
_MONDAY = datetime(1970, 1, 5, tzinfo=UTC)
_LONGEST = 600
"""Characters of what a ticket is found by: an index takes no more of them."""


class Kind(StrEnum):
    """What happened to a ticket that is counted."""

    CREATED = "created"
    ANSWERED = "answered"
    """For the first time, by a person, for the customer to read."""
    RESOLVED = "resolved"
    REOPENED = "reopened"


Rows = list[dict[str, Any]]


def words_of(values: Mapping[str, Any]) -> str:
    """Return what a ticket is found by, its letters all in one case."""
    said = (str(values.get(name) or "") for name in ("key", "display", "subject", "requester", "owner"))
    return folded("\n".join(said))[:_LONGEST]


def folded(text: str) -> str:
    """Return a text as it is compared with another one: without zeros, which no database takes."""
    return text.replace("\0", "").casefold()


def sought(text: str) -> list[str]:
    """Return the words that somebody looks for, six at most."""
    return folded(text).split()[:6]


def has(words: Iterable[str], *texts: str) -> bool:
    """Whether each of the `sought` words stands in one of some texts, in capitals or not.

    Not left to the database: SQLite, and PostgreSQL in the C locale, know the capitals of ASCII alone.
    """
    known = [folded(text) for text in texts]
    return all(any(word in text for text in known) for word in words)


def week_of(at: datetime) -> int:
    """Return the number of an instant's week; weeks begin on Monday, in UTC."""
    return (at - _MONDAY) // WEEK


def about(subject: str) -> int | None:
    """Return a number that subjects share which differ in capitals and spaces at most; None for no words."""
    words = " ".join(folded(subject).split())
    return int.from_bytes(blake2b(words.encode(), digest_size=8).digest(), signed=True) if words else None


def happened_of(values: Mapping[str, Any]) -> Rows:
    """Return what happened to a ticket, out of its row: with how many seconds it took since it was open."""
    facts = facts_of(values["facts"])
    here = {name: values[name] for name in ("connection", "key", "customer", "team", "works")}
    made = {"open": facts.resolved() is None, "about": about(str(values["subject"]))}
    later = dict.fromkeys(made)
    found = {(Kind.CREATED, facts.created): (timedelta(0), True)}
    if answers := facts.of(FactKind.ANSWER):
        found[Kind.ANSWERED, answers[0].by] = (answers[0].by - facts.created, answers[0].exact)
    opened = facts.created
    known = {fact.by: fact for fact in facts.of(FactKind.STATUS)}
    for since, until in facts.done():
        found[Kind.RESOLVED, since] = (since - opened, _exact(known, since))
        if until is not None:
            found[Kind.REOPENED, until] = (timedelta(0), _exact(known, until))
            opened = until
    return [
        {
            **here,
            **(made if kind is Kind.CREATED else later),
            "kind": kind.value,
            "at": at,
            "week": week_of(at),
            "seconds": max(0, int(took.total_seconds())),
            "exact": exact,
        }
        for (kind, at), (took, exact) in found.items()
    ]


def theirs_of(values: Mapping[str, Any]) -> Rows:
    """Return whose a ticket is or was, out of its row, and until when anything can have come of it.

    No end is known while it is open: a promise may be broken by waiting.
    """
    facts = facts_of(values["facts"])
    last = None if facts.resolved() is None else max((facts.created, *(fact.by for fact in facts.told)))
    here = {"connection": values["connection"], "key": values["key"], "created": facts.created, "last": last}
    return [{**here, "customer": name} for name in sorted(_named(facts, str(values["customer"])))]


def _named(facts: Facts, now: str) -> set[str]:
    told = (fact.value for fact in facts.told if fact.kind is FactKind.CUSTOMER)
    return {now, facts.customer, *told}


def _exact(known: Mapping[datetime, Fact], at: datetime) -> bool:
    return at not in known or known[at].exact
