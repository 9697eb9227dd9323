"""What the contract suite asks of a system's world: people who work in it natively, and its wire.

Whoever plugs in a system writes one `World`. It speaks the vendor's own API with people's own
credentials, never through the connector, so that what a test sees is not the connector's opinion.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from connectors.base import ConnectionConfig, Connector
from mappings.boards import Place
from mappings.ticket import Audience, PersonRole, RelationKind


class Call(StrEnum):
    """The calls that a test can have fail, by what the connector does with them."""

    READ = "read"
    CREATE = "create"
    SET = "set"
    COMMENT = "comment"
    FILE = "file"


class Break(StrEnum):
    """The ways in which the next such call fails."""

    RESET = "reset"
    """The connection breaks before anything is done."""
    LOST = "lost"
    """All is done, and the answer never comes."""
    DOWN = "down"
    """503 before anything is done."""
    THROTTLED = "throttled"
    """429, come back in a minute."""


@dataclass(frozen=True)
class File:
    """A file that a person has."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True)
class Said:
    """A text as the system itself shows it to staff, message 0 left out."""

    id: str
    text: str
    internal: bool


class World(Protocol):
    """One system with people in it."""

    config: ConnectionConfig
    """Of a connection that works, with the hub's own credential."""
    place: Place
    """Where tickets are created."""
    nowhere: Place
    """A place that does not exist."""
    opener: PersonRole
    """What somebody who opens a ticket is to the conversation."""
    public: Audience
    """Who reads what staff answer without making it internal."""
    described: Audience
    """For whom a description can be written in the place."""
    unknown: str
    """A key that no ticket has."""
    keeps_trash: bool
    """Whether what people remove is kept and says so, rather than being gone."""

    def connect(self, config: ConnectionConfig) -> Connector:
        """Return a connector to this world, however wrong its configuration is."""

    def now(self) -> datetime:
        """Return the server's time."""

    def wait(self, seconds: float) -> None:
        """Let the server's time pass."""

    def opens(self, subject: str, text: str, picture: File | None = None, file: File | None = None) -> str:
        """Somebody who is not the hub opens a ticket, the picture inside its text; return its key."""

    def copies(self, key: str) -> str:
        """Staff make another ticket that has all of this one's text and tags; return its key."""

    def answers(self, key: str, text: str, *, internal: bool = False) -> str:
        """Staff add a text, for themselves only if `internal`; return its id."""

    def replies(self, key: str, text: str) -> str:
        """Whoever opened the ticket adds a text; return its id."""

    def edits(self, key: str, id: str, text: str) -> None:
        """Staff change a text of theirs."""

    def renames(self, key: str, subject: str) -> None:
        """Staff change a ticket's subject."""

    def tags(self, key: str, tags: frozenset[str]) -> None:
        """Staff give a ticket exactly these tags."""

    def removes(self, key: str) -> None:
        """Staff throw a ticket away."""

    def books(self, key: str, minutes: int, note: str) -> None:
        """Staff book work on a ticket."""

    def relates(self, key: str, other: str) -> RelationKind:
        """Staff tie a ticket to another one; return what it then is to the other."""

    def invites(self, key: str) -> str:
        """Staff have somebody else kept informed; return how that person is called or mailed."""

    def friend(self) -> str:
        """Return the key of a customer who takes part in no ticket; empty where nobody can be added."""

    def colleague(self) -> str:
        """Return by what name texts mention one of the staff; empty where no text can."""

    def staff(self) -> tuple[str, str]:
        """Return two of the staff whose a ticket can be, as tables of people name them."""

    def stranger(self) -> str:
        """Return by what name a table would mean somebody who is not among the staff any more."""

    def holder(self, key: str) -> str:
        """Return whose a ticket is, in the system's own words; empty if nobody's."""

    def paged(self, key: str) -> list[str]:
        """Return the names of those whom the ticket's texts, message 0 left out, really mention."""

    def groups(self, key: str) -> list[str]:
        """Staff give a ticket to a group of theirs, the hub's account in it; return the others' addresses."""

    def rates(self, key: str, remark: str) -> None:
        """Whoever opened the ticket says that they were happy with it."""

    def resolves(self, key: str) -> None:
        """Staff resolve a ticket."""

    def archives(self, key: str) -> bool:
        """Put a ticket away as the system does with old ones; False where there is no such thing."""

    def said(self, key: str) -> list[Said]:
        """Return the ticket's texts as they really are."""

    def called(self, subject: str) -> int:
        """Return how many tickets really have this subject."""

    def status(self, key: str) -> str:
        """Return the native status of a ticket, in the system's own words."""

    def opens_in_browser(self, url: str) -> bool:
        """Whether a person who follows this address sees a ticket."""

    def links(self, key: str) -> list[str]:
        """Return the addresses of the links that the ticket shows in the tool's own way."""

    def mailed(self) -> int:
        """Return how many mails went to customers so far."""

    def calls(self) -> int:
        """Return how many calls the server has had so far."""

    def breaks(self, call: Call, how: Break, times: int = 1) -> None:
        """Have the next such calls fail."""

    def system_in_memory(self) -> bool:
        """Whether there is no server that could call anybody."""

    def mends(self) -> None:
        """Take back what was not used up of `breaks`."""
