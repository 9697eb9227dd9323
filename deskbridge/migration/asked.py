"""What a person asks a run for: which tickets, how many, how fast. Words of the command line in, data out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from connectors.errors import ConfigError
from deskbridge.parts import Settings
from deskbridge.words import nearest
from mappings.ticket import Status
from sync.store.runs import Which


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which tickets of the source are meant, in a person's words."""

    statuses: tuple[str, ...] = ()
    customers: tuple[str, ...] = ()
    created: str = ""
    updated: str = ""
    """``FROM..BEFORE``, days; either end may be left out."""
    ids: tuple[str, ...] = ()
    preload: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return what a run keeps of it; nothing for what was not said."""
        said = {
            "status": list(self.statuses),
            "customer": list(self.customers),
            "created": self.created,
            "updated": self.updated,
            "id": list(self.ids),
            "preload": self.preload,
        }
        return {name: value for name, value in said.items() if value}

    def which(self, settings: Settings, source: str) -> Which:
        """Return it as the store compares it. Raises ConfigError for words that mean nothing."""
        problems = [*_unknown("--status", self.statuses, [s.value for s in Status])]
        problems += _unknown("--customer", self.customers, list(settings.customers))
        if problems:
            raise ConfigError(problems)
        claimed = {
            key for name in self.customers for key in settings.customers[name].organisations.get(source, ())
        }
        return Which(
            statuses=frozenset(self.statuses),
            customers=frozenset(self.customers),
            whose=_whose(settings, source, self.customers, claimed),
            created=_range("--created", self.created),
            changed=_range("--updated", self.updated),
            keys=frozenset(one.lstrip("#") for text in self.ids for one in text.split(",") if one),
            done=self.preload,
        )


def _whose(
    settings: Settings, source: str, customers: Sequence[str], claimed: set[str]
) -> frozenset[str] | None:
    """Return the organisations of these customers; None where only reading a ticket tells whose it is."""
    by_record_alone = all(not settings.customers[name].domains for name in customers)
    return frozenset(claimed) if customers and claimed and by_record_alone else None


def _unknown(option: str, said: Sequence[str], known: Sequence[str]) -> list[str]:
    return [f"{option}: there is no {one!r}{nearest(one, known)}" for one in said if one not in known]


def _range(option: str, text: str) -> tuple[datetime | None, datetime | None]:
    if not text:
        return None, None
    since, dots, before = text.partition("..")
    if not dots:
        raise ConfigError([f"{option}: write FROM..BEFORE, like 2024-01-01..2025-01-01; one may be left out"])
    begin, end = _day(option, since), _day(option, before)
    if begin is not None and end is not None and begin >= end:
        raise ConfigError([f"{option}: nothing lies between {since} and {before}; the first day comes first"])
    return begin, end


def _day(option: str, text: str) -> datetime | None:
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError([f"{option}: {text!r} is no day; write it like 2024-01-31"]) from None
    return at.replace(tzinfo=at.tzinfo or UTC)


def share_of(text: str) -> float | None:
    """Return a share of a quota, written as ``30%`` or ``30``; None where nothing is said."""
    if not text:
        return None
    number = text.rstrip("%").strip()
    if not number.isdecimal() or not 1 <= int(number) <= 100:
        raise ConfigError([f"--share: {text!r} is no share; write it like 30%"])
    return int(number) / 100
