"""Whom a tool tells of every change in a project: silenced for a move, and given back exactly.

A system that has such a switch has a module `connectors.SYSTEM.quiet`; where it has none, nothing of the
kind is told of.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Protocol

from connectors.base import ConnectionConfig


@dataclass(frozen=True, slots=True)
class Switch:
    """What a project's notifications are set to."""

    id: str
    name: str
    silent: bool
    """Whether nobody is told of anything by it."""


class Switches(Protocol):
    """The switches of one connection. Every call raises only WireErrors."""

    def present(self, project: str) -> Switch:
        """Return what a project is set to."""

    def silence(self) -> Switch:
        """Return a setting by which nobody is told, made if there is none. Idempotent."""

    def turn(self, project: str, id: str) -> None:
        """Set a project to a setting. Idempotent."""

    def steps(self, project: str) -> list[str]:
        """Return what a person must do by hand because our account may not; empty if nothing."""

    def beside(self, project: str) -> list[str]:
        """Return what else may tell customers there and no call turns: for a person to look at."""


def switches(system: str, config: ConnectionConfig) -> Switches | None:
    """Return the switches of a connection; None where the system has none."""
    try:
        module = import_module(f"connectors.{system}.quiet")
    except ModuleNotFoundError:
        return None
    found: Switches = module.switches(config)
    return found
