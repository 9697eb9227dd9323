"""What an account has that settings can be written from. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module

from connectors.base import ConnectionConfig
from connectors.errors import Rejected


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectFound:
    """A place where tickets could be put."""

    key: str
    name: str
    kinds: tuple[tuple[str, str], ...] = ()
    """(id, name) of the kinds of tickets that can be created there."""
    obstacle: str = ""
    """Why it should not be used without a thought: customers or the public may read it; empty if none."""


@dataclass(frozen=True, slots=True)
class PersonFound:
    """Somebody of staff with an account."""

    key: str
    """How the tool's mentions name them; where it has none, their mail address."""
    name: str
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursFound:
    """When people work, as a tool has it."""

    id: str
    name: str
    zone: str
    """The IANA zone; empty if the tool's own name for it is not known."""
    native_zone: str
    week: Mapping[str, str]
    """Day (``mon``) -> its frame (``09:00-17:00``)."""
    odd: tuple[str, ...] = ()
    """Days whose hours could not be read."""
    default: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseFound:
    """What a tool's own SLA policy promises. Those of one account stand in the order in which they count."""

    name: str
    targets: Mapping[str, Mapping[str, str]]
    """Native priority -> clock of ours -> length as the settings write it."""
    organisations: tuple[str, ...] = ()
    """The organisations it is for; all if none is named."""
    types: tuple[str, ...] = ()
    """The native types it is for; all if none is named."""
    also: tuple[str, ...] = ()
    """Conditions of other kinds, in a person's words."""
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What one account has."""

    projects: tuple[ProjectFound, ...] = ()
    statuses: tuple[tuple[str, str], ...] = ()
    """(native word, what people call it), where the words are the account's own."""
    fields: tuple[tuple[str, str], ...] = ()
    """(native name, what people call it) of custom fields that hold text."""
    hours: tuple[HoursFound, ...] = ()
    promises: tuple[PromiseFound, ...] = ()
    untold: tuple[str, ...] = ()
    """What our account is not shown, in a person's words."""
    people: tuple[PersonFound, ...] = ()
    """Staff whose mail address our account may see: some of them, where there are many or few show it."""


def people(system: str, config: ConnectionConfig, addresses: Iterable[str]) -> tuple[PersonFound, ...]:
    """Return who has one of these mail addresses, as far as a system tells it that does not list them.

    Nobody where the system has no such search, or refuses it. Raises WireError.
    """
    found = getattr(import_module(f"connectors.{system}.survey"), "people", None)
    try:
        return tuple(found(config, addresses)) if found else ()
    except Rejected:
        return ()


def staff(system: str, config: ConnectionConfig) -> tuple[PersonFound, ...]:
    """Return staff with an account whose mail address our own account may see. Raises WireError.

    A system that shows few addresses shows few people; see `people`. Nobody where it has no such list.
    """
    found = getattr(import_module(f"connectors.{system}.survey"), "staff", None)
    try:
        return tuple(found(config)) if found else ()
    except Rejected:
        return ()


def projects(system: str, config: ConnectionConfig) -> tuple[tuple[str, str], ...]:
    """Return (key, name) of the projects that an account may see; none where a system has no projects.

    Raises WireError.
    """
    found = getattr(import_module(f"connectors.{system}.survey"), "projects", None)
    return tuple(found(config)) if found else ()


def clocks(system: str, config: ConnectionConfig) -> tuple[tuple[str, bool], ...]:
    """Return (name, whether it reminds and escalates) of a tool's own SLA policies that are in force.

    None where a system tells none. Raises WireError.
    """
    found = getattr(import_module(f"connectors.{system}.survey"), "clocks", None)
    return tuple(found(config)) if found else ()


def survey(system: str, config: ConnectionConfig) -> Survey:
    """Return what an account has; a few calls. Raises WireError."""
    found: Survey = import_module(f"connectors.{system}.survey").survey(config)
    return found
