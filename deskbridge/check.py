"""Ask the live systems whether the settings can work, before anything is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connectors.base import Connector
from connectors.errors import ConfigError, WireError
from deskbridge.desk import places_of
from deskbridge.parts import Settings
from deskbridge.report import complaint

HEADING = "Nothing is wrong with this, but know it:"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the systems said: a line each, or one for each problem; and what is good to know beside it."""

    lines: tuple[str, ...]
    remarks: tuple[str, ...]
    exit_code: int

    def __str__(self) -> str:
        known = ["", HEADING, *(f"  {remark}" for remark in self.remarks)] if self.remarks else []
        return "\n".join([*self.lines, *known])


def ask(settings: Settings, connectors: Mapping[str, Connector]) -> Answer:
    """Return what every connection says to the settings; one that fails does not stop the others."""
    lines: list[str] = []
    remarks: list[str] = []
    code = 0
    for name, connector in connectors.items():
        try:
            account, places = connector.whoami(), places_of(settings, name)
            if problems := connector.problems(places):
                lines += problems
                code = max(code, ConfigError.exit_code)
            else:
                lines.append(f"{name}: ready, as {account.name} on {account.instance}")
            remarks += connector.remarks(places)
        except WireError as error:
            lines.append(complaint(error))
            code = max(code, error.exit_code or 1)
    # What is down says so to each question.
    return Answer(tuple(dict.fromkeys(lines)), tuple(dict.fromkeys(remarks)), code)
