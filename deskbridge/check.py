"""Ask the live systems whether the settings can work, before anything is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connectors.base import Connector
from connectors.errors import ConfigError, WireError
from deskbridge.desk import places_of
from deskbridge.parts import Settings
from deskbridge.report import complaint


@dataclass(frozen=True, slots=True)
class Answer:
    """What the systems said: a line each, or one for each problem."""

    lines: tuple[str, ...]
    exit_code: int


def ask(settings: Settings, connectors: Mapping[str, Connector]) -> Answer:
    """Return what every connection says to the settings; one that fails does not stop the others."""
    lines, code = [], 0
    for name, connector in connectors.items():
        try:
            account = connector.whoami()
            problems = connector.problems(places_of(settings, name))
        except WireError as error:
            lines.append(complaint(error))
            code = max(code, error.exit_code or 1)
            continue
        lines += problems
        if problems:
            code = max(code, ConfigError.exit_code)
        else:
            lines.append(f"{name}: ready, as {account.name} on {account.instance}")
    return Answer(tuple(lines), code)
