"""What a place and a board are, whatever the tool."""

from __future__ import annotations

from dataclasses import dataclass

from mappings.ticket import Audience, Status


@dataclass(frozen=True, slots=True)
class Readers:
    """Who can read what is written to a place: staff only, or one customer too.

    A place whose readers nobody declared counts as readable by a customer nobody knows.
    """

    customer: str | None
    """The customer's key; None means that staff alone read the place; ``?`` that nobody said."""

    @property
    def audience(self) -> Audience:
        """The widest audience of an ordinary text there."""
        return Audience.STAFF if self.customer is None else Audience.CUSTOMER

    def __str__(self) -> str:
        if self.customer is None:
            return "staff"
        return "whoever may (nobody declared it)" if self.customer == "?" else f"customer {self.customer}"


STAFF = Readers(None)
UNDECLARED = Readers("?")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a ticket is put on a side: the project and the kind of issue created there."""

    connection: str
    key: str
    """The project as the tool names it (``SUP``, ``group/project``); empty where there is only one."""
    readers: Readers
    kind: str = ""
    """The native issue type to create, by id or name as the tool wants it; empty for its default."""


@dataclass(frozen=True, slots=True)
class BoardSpec:
    """A customer's board as the hub wants it; each connector makes its own kind real."""

    customer: str
    """The customer's key: the board's identity, kept in a marker on the board."""
    name: str
    project: str
    label: str
    """The label that every ticket of the customer carries on that side."""
    whole: bool = False
    """Whether every ticket of the project is the customer's, so that the board shows all of it."""
    columns: tuple[Status, ...] = ()
    """The statuses that are to have a column each, in this order; empty where the tool's own will do."""
    served: str = ""
    """The customer's name, by which a portal knows their organisation."""
    contacts: tuple[str, ...] = ()
    """Mail addresses of their people who are to see all their requests on a portal."""
    kind: str = ""
    """See `Place.kind`: the request type, where the project has a portal."""


@dataclass(frozen=True, slots=True)
class BoardView:
    """A board as the tool has it now."""

    name: str
    url: str
    """Where a person opens it; empty where no call tells."""
    shows: str
    """Which tickets are on it, in the tool's words."""
    columns: tuple[str, ...]
    """Each column with the statuses that it shows."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do so that a tool is set up as the hub wants it (a board, a webhook)."""

    what: str
    """A person's words, e.g. ``create filter 'Lantern Books'``."""
    manual: bool = False
    """Whether no public API does it, so that a person must."""
