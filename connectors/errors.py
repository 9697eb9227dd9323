"""What can go wrong with a connection, named by what can be done about it.

    HubError
    ├── ConfigError          nothing starts; every problem is listed            exit 2
    └── WireError
        ├── Unauthorised     the connection pauses, its tickets wait, alarm     exit 3
        ├── Transient        later, with backoff                                exit 0, with a note
        │   └── Throttled    later, not before `until`
        ├── Rejected         the operation is skipped or the side parked        exit 4
        ├── Gone             the ticket is no longer there
        └── Uncertain        look for it by its marker before writing again

Only `connectors.http` turns status codes into these.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime


class HubError(Exception):
    """Something that the hub knows how to deal with; its text is meant for a person."""

    exit_code = 1


class ConfigError(HubError):
    """The settings cannot work. `problems` lists all of them, one line each."""

    exit_code = 2

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class WireError(HubError):
    """A call to a connection went wrong: which connection, which call, what it answered."""

    def __init__(self, connection: str, call: str, text: str) -> None:
        super().__init__(f"{connection}: {call}: {text}")
        self.connection, self.call, self.text = connection, call, text


class Unauthorised(WireError):
    """The credential is wrong, expired, or may not do this."""

    exit_code = 3


class Transient(WireError):
    """It may work later: nothing was written, or writing it again is harmless."""

    exit_code = 0


class Throttled(Transient):
    """The quota is spent; not before `until`."""

    def __init__(self, connection: str, call: str, text: str, until: datetime) -> None:
        super().__init__(connection, call, text)
        self.until = until


class Rejected(WireError):
    """The system understood and refused. `fields` names what it minds, where it says so."""

    exit_code = 4

    def __init__(
        self, connection: str, call: str, text: str, fields: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(connection, call, text)
        self.fields = dict(fields or {})


class Gone(WireError):
    """No such ticket, comment or file, or none that this credential may see."""

    exit_code = 0


class UnsafePlan(HubError):
    """Something was refused because it looks like a mistake; the text says how to allow it."""

    exit_code = 5


class Uncertain(WireError):
    """A write that must not be repeated was sent, and nobody heard the answer."""

    exit_code = 0
