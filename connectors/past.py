"""What an account's past is made of, told cheaply: counted by its lists, looked into by a sample. Reads only.

`Connector.walk` and `fetch` are for moving tickets; counting two hundred thousand of them that way would
cost two calls each. A list shows a hundred in one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from importlib import import_module
from typing import Protocol

from connectors.base import ConnectionConfig, NativeValue, Presence
from connectors.errors import ConfigError
from mappings.ticket import Comment, Field


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A ticket as a list shows it."""

    number: int
    created: datetime
    updated: datetime
    presence: Presence
    words: Mapping[Field, NativeValue]
    """The account's own status, priority and type."""
    tags: tuple[str, ...]
    organisation: str
    """The key of the customer's record; empty where there is none."""
    requester: str
    assignee: str
    filled: tuple[str, ...]
    """The custom fields that hold something, by their native names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One ticket's conversation, message 0 first."""

    messages: tuple[Comment, ...] = field(repr=False)
    calls: int
    """What the look has cost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast an account may be read."""

    calls: float | None
    """Calls a minute in all; None where the account does not tell."""
    lists: float | None
    """Calls a minute of lists of tickets, where they have a ceiling of their own."""
    plan: str
    """What the limits are called; empty if nothing tells."""
    rise: str
    """How more is got."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """How many calls a source takes, at least, to be moved; files come from hosts that count no calls."""

    ticket: int
    """For each ticket, whole, with its first page of conversations."""
    page: int
    """Messages on each further page of conversations, which is a call."""
    parts: int
    """For each ticket: who takes part, time, ratings, where they are read and no list tells them."""
    time: int
    """Those of `parts` that booked time takes, which a verification reads again."""
    rows: int
    """Tickets on a page of a list."""
    missing: int
    """For a number that bears no ticket any more."""
    archived: int
    """For an archived ticket, beyond what `ticket` says."""


class Past(Protocol):
    """The past of one account. Every call raises only WireErrors."""

    cost: Cost

    def pace(self) -> Pace:
        """Return the account's limits as its answers tell them; one call."""

    def highest(self) -> int:
        """Return the highest number a ticket has, 0 if there is none; one call."""

    def rows(self) -> Iterator[Row]:
        """Yield every ticket that a list shows, trash and spam too; one that changes meanwhile again."""

    def look(self, number: int, *, archived: bool = False) -> Look:
        """Return a ticket's conversation. Raises Gone."""

    def archived(self, number: int) -> Row | None:
        """Return an archived ticket; None where the number bears none. One call."""

    def staff(self) -> Mapping[str, tuple[str, str]]:
        """Return key -> (name, mail address) of everybody of staff there is now; a call for a hundred."""

    def named(self, key: str) -> tuple[str, str] | None:
        """Return (name, mail address) of somebody who has left; None if nothing of them is there. A call."""

    def called(self) -> Mapping[Field, Mapping[str, str]]:
        """Return what people call the account's own words; one call."""


def past(system: str, config: ConnectionConfig) -> Past:
    """Return the past of an account; no call is made. Raises ConfigError where a system's cannot be told."""
    try:
        module = import_module(f"connectors.{system}.past")
    except ModuleNotFoundError:
        why = f"{config.name}: what a {system} account holds cannot be estimated, only moved away from others"
        raise ConfigError([why]) from None
    found: Past = module.past(config)
    return found


def consequences(system: str, config: ConnectionConfig, project: str) -> tuple[str, ...]:
    """Return what follows from moving a past into a project there, in a person's words. Raises WireError.

    Nothing where a system has nothing to say of it.
    """
    told = getattr(import_module(f"connectors.{system}.survey"), "consequences", None)
    return tuple(told(config, project)) if told else ()


def paces(system: str, config: ConnectionConfig) -> Mapping[str, float]:
    """Return step of a move -> how many writes a minute a target takes of it at most; nothing if no limit."""
    told = getattr(import_module(f"connectors.{system}.survey"), "paces", None)
    found: Mapping[str, float] = told(config) if told else {}
    return found
